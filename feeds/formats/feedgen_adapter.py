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

import lxml.etree as etree  # before feedgen.util, which fails without it
from feedgen import entry as feedgen_entry
from feedgen import feed as feedgen_feed
from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseExtension
from feedgen.ext.dc import DcEntryExtension, DcExtension
from feedgen.feed import FeedGenerator

from feeds.formats import STYLE, Format
from feeds.model.article import Article
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


def new_feed(feed: Feed, url: str, format: Format) -> FeedGenerator:
    """A feed without entries, with the extensions `dc` (for RSS) and `extra` (Elements)."""
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
    generator.link(href=url, rel="self", type=format.media_type)
    generator.author(asdict(feed.author))
    # feedgen leaves out empty values, except for the logo.
    generator.language(feed.language)
    generator.icon(feed.icon)
    generator.rights(feed.rights)
    if logo := feed.logo or feed.icon:
        generator.logo(logo)
    return generator


def new_entry() -> FeedEntry:
    """An item or entry, with the extensions `dc` (for RSS) and `extra` (Elements)."""
    entry = FeedEntry()
    # load_extension() would search for a module each time.
    entry.register_extension("dc", DcEntryExtension, atom=False)
    entry.register_extension("extra", Elements)
    return entry


def element(
    namespace: str, name: str, text: str = "", /, **attributes: str | int | None
) -> etree._Element:
    """An element, without the attributes that are empty."""
    element = etree.Element(f"{{{namespace}}}{name}" if namespace else name)
    element.text = text or None
    for key, value in attributes.items():
        if value:
            element.set(key, str(value))
    return element


def related_links(namespace: str, article: Article) -> Iterator[etree._Element]:
    """A link (RFC 4287 §4.2.7) to each piece of related coverage."""
    for other in article.related:
        yield element(
            namespace, "link", rel="related", type="text/html", title=other.title, href=other.url
        )


def feed_links(feed: Feed, format: Format) -> Iterator[dict[str, str]]:
    """Links to the hub (WebSub §4) and to other documents of the feed (RFC 5005 §4)."""
    if feed.hub:
        yield {"rel": "hub", "href": feed.hub}
    history = feed.history
    folders = {
        # W3C's validator takes a complete document for its own current one.
        "current": feed.url if history.is_archive and not history.is_complete else "",
        "prev-archive": history.previous,
        "next-archive": history.next,
    }
    for rel, folder in folders.items():
        if folder:
            yield {"rel": rel, "href": folder + format.file_name, "type": format.media_type}


def history_elements(feed: Feed) -> Iterator[etree._Element]:
    """The elements that declare an archive or a complete feed (RFC 5005 §2 and §4)."""
    flags = {"complete": feed.history.is_complete, "archive": feed.history.is_archive}
    for name, is_set in flags.items():
        if is_set:
            yield element(_HISTORY_NS, name)


def entry_bytes(element: etree._Element, namespaces: dict[str, str]) -> bytes:
    """The bytes of an entry in a document whose root declares the namespaces."""
    root = etree.Element("root", nsmap=namespaces)
    root.append(element)
    document: bytes = etree.tostring(root, encoding="UTF-8")
    return document[document.index(b">") + 1 : -len(b"</root>")]


def insert_entries(document: bytes, entries: Iterable[bytes], end: bytes, root: str) -> bytes:
    """The document with entries before its end tags, and with a style sheet for browsers.

    The root is the site's, relative to the document (https://www.w3.org/TR/xml-stylesheet/).
    """
    declaration, newline, head = document.removesuffix(end).partition(b"\n")
    style = f'<?xml-stylesheet type="text/css" href="{root}{STYLE}"?>'.encode()
    return b"".join((declaration, newline, style, newline, head, *entries, end, newline))
