"""Entries by feedgen: the reference of those that the package writes as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import lxml.etree as etree  # before feedgen.util, which fails without it
from feedgen.entry import FeedEntry
from feedgen.ext.dc import DcEntryExtension
from feedgen.ext.podcast_entry import PodcastEntryExtension

from feeds.formats.entry_html import content_html, summary_text
from feeds.formats.feedgen_adapter import NAMESPACES, Elements, element
from feeds.model.article import Article, Download, Episode, Image, Player
from feeds.model.feed import Context
from feeds.text.media_types import medium_of
from feeds.text.repair import escape_html


def item_bytes(article: Article, context: Context) -> bytes:
    """An item's bytes in a document whose root declares its namespaces."""
    return _serialized(feedgen_item(article, context).rss_entry())


def entry_bytes(article: Article, context: Context) -> bytes:
    """An entry's bytes in a document whose root declares its namespaces."""
    return _serialized(feedgen_entry(article, context).atom_entry())


def feedgen_item(article: Article, context: Context) -> FeedEntry:
    """feedgen's object for the article."""
    item = _new_entry(article, context)
    item.guid(article.id, permalink=article.id == article.url)
    item.link(href=article.url)
    item.category([{"term": name} for name in article.topics])
    if summary := summary_text(article, context.content):
        item.description(escape_html(summary), isSummary=True)
    if article.provider:
        item.dc.dc_creator([article.provider.name, *article.provider.authors])
    elif context.author:
        item.dc.dc_creator(context.author.name)
    if enclosure := article.recording or next(iter(article.enclosures), None):
        item.enclosure(enclosure.url, str(enclosure.length or 0), enclosure.media_type)
    if article.original_url:
        item.extra.add("atom:link", rel="via", href=article.original_url)
    for other in article.related if context.related_in_rss else ():
        attributes = {"type": "text/html", "title": other.title, "href": other.url}
        item.extra.add("atom:link", rel="related", **attributes)
    if article.updated != article.published:
        item.extra.add("atom:updated", article.updated.isoformat())
    item.extra.elements += _media_elements(article)
    if article.episode and article.recording:
        _add_episode(item, article, article.episode)
    return item


def feedgen_entry(article: Article, context: Context) -> FeedEntry:
    """feedgen's object for the article."""
    entry = _new_entry(article, context)
    entry.id(article.iri)
    # feedgen writes xmlns as an attribute of the root, so these need names without a namespace.
    add = entry.extra.add
    summary = summary_text(article, context.content)
    if context.content == "full":
        add("link", rel="alternate", type="text/html", href=article.url)
    else:
        summary = summary or article.title
        # Of its own links, feedgen writes the URL alone; without content it requires one.
        entry.link(href=article.url)
    if summary:
        is_ambiguous = "<" in summary or "&" in summary
        text, type = (escape_html(summary), "html") if is_ambiguous else (summary, None)
        entry.summary(text, type)
    if article.provider:
        entry.author({"name": article.provider.name, "uri": article.provider.url})
        entry.author([{"name": name} for name in article.provider.authors])
    elif context.author:
        entry.author(asdict(context.author))
    categories = {
        context.topics_url: article.topics,
        f"{context.site_url}#category": (article.category,),
        f"{context.site_url}#type": (article.type,),
    }
    for scheme, names in categories.items():
        entry.category([{"term": name, "scheme": scheme, "label": name} for name in names if name])
    if article.original_url:
        add("link", rel="via", href=article.original_url)
    for file in article.enclosures:
        attributes = {"length": file.length, "title": file.title, "href": file.url}
        add("link", rel="enclosure", type=file.media_type, **attributes)
    for other in article.related:
        add("link", rel="related", type="text/html", title=other.title, href=other.url)
    entry.extra.elements += _media_elements(article)
    return entry


def _new_entry(article: Article, context: Context) -> FeedEntry:
    entry = FeedEntry()
    entry.register_extension("dc", DcEntryExtension, atom=False)
    entry.register_extension("extra", Elements)
    entry.title(article.title)
    entry.published(article.published)
    entry.updated(article.updated)
    if context.content == "full":
        entry.content(content_html(article, frame=False), type="html")
    return entry


def _media_elements(article: Article) -> Iterator[etree._Element]:
    recording, player = article.recording, article.player
    files: tuple[Image | Download, ...] = (*article.images, *article.files)
    for file in files:
        image = file if isinstance(file, Image) else None
        shown = image or (player if player and player.url == file.url else None)
        content = element(
            "media:content", url=file.url, type=file.media_type, medium=medium_of(file.media_type),
            fileSize=file.length, duration=article.duration if file == recording else None,
            **_media_size(shown),
        )  # fmt: skip
        if file.title:
            content.append(element("media:title", file.title, type="plain"))
        if image and image.attribution:
            content.append(element("media:credit", image.attribution))
        yield content
    if player and not player.media_type:
        duration = None if recording else article.duration
        content = element("media:content", medium="video", duration=duration)
        content.append(element("media:player", url=player.url, **_media_size(player)))
        yield content
    if thumbnail := article.artwork or next(iter(article.images), None):
        yield element("media:thumbnail", url=thumbnail.url, **_media_size(thumbnail))


def _media_size(shown: Image | Player | None) -> dict[str, int | None]:
    return {"width": shown.width, "height": shown.height} if shown else {}


def _add_episode(item: FeedEntry, article: Article, episode: Episode) -> None:
    item.register_extension("podcast", PodcastEntryExtension, atom=False)
    # feedgen ignores None.
    item.podcast.itunes_duration(episode.duration)
    item.podcast.itunes_season(episode.season)
    item.podcast.itunes_episode(episode.number)
    item.podcast.itunes_episode_type(episode.type or None)
    add = item.extra.add
    add("itunes:explicit", str(episode.explicit).lower() if episode.explicit is not None else "")
    add("itunes:image", href=article.artwork and article.artwork.url)
    add("podcast:season", episode.season)
    add("podcast:episode", episode.number)
    for file in episode.transcripts:
        add("podcast:transcript", url=file.url, type=file.media_type, language=file.language)
    if episode.chapters:
        add("podcast:chapters", url=episode.chapters, type="application/json+chapters")
    for person in episode.people:
        attributes = {"group": person.group, "img": person.image, "href": person.url}
        add("podcast:person", person.name, role=person.role, **attributes)


def _serialized(element: etree._Element) -> bytes:
    root = etree.Element("root", nsmap=NAMESPACES)
    root.append(element)
    document: bytes = etree.tostring(root, encoding="UTF-8")
    return document[document.index(b">") + 1 : -len(b"</root>")]
