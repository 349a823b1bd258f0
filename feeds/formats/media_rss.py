"""Media RSS 1.5.1 (https://www.rssboard.org/media-rss)."""

from __future__ import annotations

from collections.abc import Iterator

import lxml.etree as etree

from feeds.model.article import Article, Download, Image

MEDIA_NS = "http://search.yahoo.com/mrss/"


def media_elements(article: Article) -> Iterator[etree._Element]:
    """media:content for every picture, file and embedded player; media:thumbnail for the first."""
    for image in article.images:
        content = _content(image, "image")
        _set(content, width=image.width, height=image.height)
        if image.attribution:
            etree.SubElement(content, f"{{{MEDIA_NS}}}credit").text = image.attribution
        yield content
    recording, player = article.recording, article.player
    for file in article.files:
        content = _content(file, _medium(file.media_type))
        if file == recording:
            _set(content, duration=article.duration)
        if player and player.url == file.url:
            _set(content, width=player.width, height=player.height)
        yield content
    if player and not player.media_type:
        content = etree.Element(f"{{{MEDIA_NS}}}content", medium="video")
        _set(content, duration=None if recording else article.duration)
        embedded = etree.SubElement(content, f"{{{MEDIA_NS}}}player", url=player.url)
        _set(embedded, width=player.width, height=player.height)
        yield content
    for image in article.images[:1]:
        thumbnail = etree.Element(f"{{{MEDIA_NS}}}thumbnail", url=image.url)
        _set(thumbnail, width=image.width, height=image.height)
        yield thumbnail


def _content(file: Image | Download, medium: str) -> etree._Element:
    content = etree.Element(f"{{{MEDIA_NS}}}content", url=file.url, type=file.media_type)
    content.set("medium", medium)
    _set(content, fileSize=file.length)
    if file.title:
        etree.SubElement(content, f"{{{MEDIA_NS}}}title", type="plain").text = file.title
    return content


def _medium(media_type: str) -> str:
    family = media_type.partition("/")[0]
    return family if family in ("audio", "video", "image") else "document"


def _set(element: etree._Element, **numbers: int | None) -> None:
    for name, number in numbers.items():
        if number:
            element.set(name, str(number))
