"""feedgen as RSS and Atom use it, with the faults of release 1.0.0 worked around.

It writes dates under setlocale(), uses the current time for any date that isn't set, drops the
attributes of an entry's links (its issue 135), and has no elements for related links, Media RSS or
RFC 5005. An entry is serialized alone, for every feed that it is in; insert_entries() puts entries
into a feed that feedgen wrote without any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from email.utils import format_datetime
from functools import partial

import lxml.etree as etree  # before feedgen.util, which fails without it
from feedgen import entry as feedgen_entry
from feedgen import feed as feedgen_feed
from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseExtension
from feedgen.ext.dc import DcEntryExtension, DcExtension
from feedgen.feed import FeedGenerator

from feeds.formats import STYLE, Format
from feeds.model.article import Article, Download, Image, Player
from feeds.model.feed import Feed

ATOM_NS = "http://www.w3.org/2005/Atom"
MEDIA_NS = "http://search.yahoo.com/mrss/"
_HISTORY_NS = "http://purl.org/syndication/history/1.0"

# setlocale() is for the whole process: with two threads, feedgen changed the locale for good.
feedgen_feed.formatRFC2822 = feedgen_entry.formatRFC2822 = format_datetime


class Elements(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """An extension of feedgen that appends elements to a feed, item or entry."""

    def __init__(self) -> None:
        self.elements: list[etree._Element] = []
        #: Declared on the root of a feed.
        self.namespaces: dict[str, str] = {}

    def extend_ns(self) -> dict[str, str]:
        return self.namespaces

    def extend_atom(self, element: etree._Element) -> etree._Element:
        element.extend(self.elements)
        return element

    def extend_rss(self, element: etree._Element) -> etree._Element:
        # An item, or the root element around the channel.
        (element[0] if element.tag == "rss" else element).extend(self.elements)
        return element


def new_feed(feed: Feed, format: Format) -> FeedGenerator:
    """Return a feed without entries, with the extensions `dc` (for RSS) and `extra` (Elements)."""
    generator = FeedGenerator()
    generator.register_extension("dc", DcExtension, atom=False)
    generator.register_extension("extra", Elements)
    generator.extra.namespaces = {"media": MEDIA_NS}
    if feed.history.is_archive or feed.history.is_complete:
        generator.extra.namespaces["fh"] = _HISTORY_NS
    generator.id(feed.id)
    generator.title(feed.title)
    generator.subtitle(feed.description)
    generator.updated(feed.updated)
    generator.lastBuildDate(feed.updated)
    generator.generator("Feeds")
    generator.link(href=format.url(feed), rel="self", type=format.media_type)
    generator.author(asdict(feed.author))
    # feedgen leaves out empty values, except for the logo.
    generator.language(feed.language)
    generator.icon(feed.icon)
    generator.rights(feed.rights)
    if logo := feed.logo or feed.icon:
        generator.logo(logo)
    return generator


def new_entry() -> FeedEntry:
    """Return an item or entry, with the extensions `dc` (for RSS) and `extra` (Elements)."""
    entry = FeedEntry()
    # load_extension() would search for a module each time.
    entry.register_extension("dc", DcEntryExtension, atom=False)
    entry.register_extension("extra", Elements)
    return entry


def element(
    namespace: str, name: str, text: str = "", /, **attributes: str | int | None
) -> etree._Element:
    """Return an element without the attributes that are empty."""
    given = {key: str(value) for key, value in attributes.items() if value}
    element = etree.Element(f"{{{namespace}}}{name}" if namespace else name, given)
    element.text = text or None
    return element


def related_links(namespace: str, article: Article) -> Iterator[etree._Element]:
    """Yield a link (RFC 4287 §4.2.7) to each piece of related coverage."""
    link = partial(element, namespace, "link", rel="related", type="text/html")
    return (link(title=other.title, href=other.url) for other in article.related)


def media_elements(article: Article) -> Iterator[etree._Element]:
    """Yield the elements of Media RSS 1.5.1 (https://www.rssboard.org/media-rss).

    They are a media:content for each picture, file and embedded player, and a media:thumbnail for
    the first picture.
    """
    for image in article.images:
        content = _media_content(image, "image", **_media_size(image))
        if image.attribution:
            content.append(element(MEDIA_NS, "credit", image.attribution))
        yield content
    recording, player = article.recording, article.player
    for file in article.files:
        shown = player if player and player.url == file.url else None
        yield _media_content(
            file, _medium(file.media_type),
            duration=article.duration if file == recording else None,
            **_media_size(shown),
        )  # fmt: skip
    if player and not player.media_type:
        duration = None if recording else article.duration
        content = element(MEDIA_NS, "content", medium="video", duration=duration)
        content.append(element(MEDIA_NS, "player", url=player.url, **_media_size(player)))
        yield content
    for image in article.images[:1]:
        yield element(MEDIA_NS, "thumbnail", url=image.url, **_media_size(image))


def _media_content(file: Image | Download, medium: str, **numbers: int | None) -> etree._Element:
    content = element(
        MEDIA_NS, "content", url=file.url, type=file.media_type, medium=medium,
        fileSize=file.length, **numbers,
    )  # fmt: skip
    if file.title:
        content.append(element(MEDIA_NS, "title", file.title, type="plain"))
    return content


def _media_size(item: Image | Player | None) -> dict[str, int | None]:
    return {"width": item.width, "height": item.height} if item else {}


def _medium(media_type: str) -> str:
    family = media_type.partition("/")[0]
    return family if family in ("audio", "video", "image") else "document"


def feed_links(feed: Feed, format: Format) -> Iterator[dict[str, str]]:
    """Yield the links to the hub (WebSub §4) and other documents of the feed (RFC 5005 §4)."""
    if feed.hub:
        yield {"rel": "hub", "href": feed.hub}
    history = feed.history
    # W3C's validator takes a complete document for its own current one.
    current = feed.url if history.is_archive and not history.is_complete else ""
    folders = {"current": current, "prev-archive": history.previous, "next-archive": history.next}
    for rel, folder in folders.items():
        if folder:
            yield {"rel": rel, "href": folder + format.file_name, "type": format.media_type}


def history_elements(feed: Feed) -> Iterator[etree._Element]:
    """Yield the elements that declare an archive or a complete feed (RFC 5005 §2 and §4)."""
    if feed.history.is_complete:
        yield element(_HISTORY_NS, "complete")
    if feed.history.is_archive:
        yield element(_HISTORY_NS, "archive")


def entry_bytes(element: etree._Element, namespaces: dict[str, str]) -> bytes:
    """Return the bytes of an entry in a document whose root declares the namespaces."""
    root = etree.Element("root", nsmap=namespaces)
    root.append(element)
    document: bytes = etree.tostring(root, encoding="UTF-8")
    return document[document.index(b">") + 1 : -len(b"</root>")]


def insert_entries(document: bytes, entries: Iterable[bytes], end: bytes, root: str) -> bytes:
    """Return the document with entries before its end tags, and with a style sheet for browsers.

    The root is the site's, relative to the document (https://www.w3.org/TR/xml-stylesheet/).
    """
    declaration, newline, head = document.removesuffix(end).partition(b"\n")
    style = f'<?xml-stylesheet type="text/css" href="{root}{STYLE}"?>'.encode()
    return b"".join((declaration, newline, style, newline, head, *entries, end, newline))
