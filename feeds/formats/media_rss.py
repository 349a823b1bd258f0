"""Media RSS 1.5.1 (https://www.rssboard.org/media-rss)."""

from __future__ import annotations

from collections.abc import Iterator

import lxml.etree as etree

from feeds.formats.feedgen_adapter import MEDIA_NS, element
from feeds.model.article import Article, Download, Image, Player


def media_elements(article: Article) -> Iterator[etree._Element]:
    """media:content for every picture, file and embedded player; media:thumbnail for the first."""
    for image in article.images:
        content = _content(image, "image", **_size(image))
        if image.attribution:
            content.append(element(MEDIA_NS, "credit", image.attribution))
        yield content
    recording, player = article.recording, article.player
    for file in article.files:
        shown = player if player and player.url == file.url else None
        yield _content(
            file, _medium(file.media_type),
            duration=article.duration if file == recording else None,
            **_size(shown),
        )  # fmt: skip
    if player and not player.media_type:
        duration = None if recording else article.duration
        content = element(MEDIA_NS, "content", medium="video", duration=duration)
        content.append(element(MEDIA_NS, "player", url=player.url, **_size(player)))
        yield content
    for image in article.images[:1]:
        yield element(MEDIA_NS, "thumbnail", url=image.url, **_size(image))


def _content(file: Image | Download, medium: str, **numbers: int | None) -> etree._Element:
    content = element(
        MEDIA_NS, "content", url=file.url, type=file.media_type, medium=medium,
        fileSize=file.length, **numbers,
    )  # fmt: skip
    if file.title:
        content.append(element(MEDIA_NS, "title", file.title, type="plain"))
    return content


def _size(item: Image | Player | None) -> dict[str, int | None]:
    return {"width": item.width, "height": item.height} if item else {}


def _medium(media_type: str) -> str:
    family = media_type.partition("/")[0]
    return family if family in ("audio", "video", "image") else "document"
