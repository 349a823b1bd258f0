"""feedgen as RSS and Atom use it for feeds, with the faults of release 1.0.0 worked around.

It writes dates under setlocale(), uses the current time for any date that isn't set, and has no
elements for RFC 5005. An entry is written as text (feeds.formats.entry_xml), once for every feed
that it is in; insert_entries() puts entries into a feed that feedgen wrote without any.
"""

from collections.abc import Iterable, Iterator
from email.utils import format_datetime
from functools import partial

import lxml.etree as etree  # before feedgen.util, which fails without it
from feedgen import feed as feedgen_feed
from feedgen.ext.base import BaseExtension
from feedgen.ext.podcast import PodcastExtension
from feedgen.feed import FeedGenerator

from feeds.formats import STYLE, Format
from feeds.model.feed import Feed

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "fh": "http://purl.org/syndication/history/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
}
_Value = str | int | None

# setlocale() is for the whole process: with two threads, feedgen changed the locale for good.
feedgen_feed.formatRFC2822 = format_datetime


class Elements(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """An extension of feedgen that appends elements to a feed, item or entry."""

    def __init__(self, *prefixes: str) -> None:
        self.elements: list[etree._Element] = []
        #: Of the namespaces that the root of a feed declares.
        self.prefixes = prefixes

    def add(self, name: str, text: _Value = "", /, **attributes: _Value) -> None:
        """Add an element if it has a text or an attribute."""
        if text or any(attributes.values()):
            self.elements.append(element(name, text, **attributes))

    def extend_ns(self) -> dict[str, str]:
        return {prefix: NAMESPACES[prefix] for prefix in self.prefixes}

    def extend_atom(self, element: etree._Element) -> etree._Element:
        element.extend(self.elements)
        return element

    def extend_rss(self, element: etree._Element) -> etree._Element:
        # An item, or the root element around the channel.
        return self.extend_atom(element[0] if element.tag == "rss" else element)


def new_feed(feed: Feed, format: Format, *prefixes: str) -> FeedGenerator:
    """Return a feed without entries, as far as it is the same in both formats.

    Its extension `extra` (Elements) declares these prefixes and those of the elements that it
    begins with: an archive or a complete feed (RFC 5005 §2 and §4).
    """
    history = {"complete": feed.history.is_complete, "archive": feed.history.is_archive}
    elements = [element(f"fh:{name}") for name, applies in history.items() if applies]
    generator = FeedGenerator()
    extra = partial(Elements, *prefixes, "media", *(("fh",) if elements else ()))
    generator.register_extension("extra", extra)
    generator.extra.elements += elements
    generator.title(feed.title)
    generator.subtitle(feed.description)
    generator.updated(feed.updated)
    generator.generator("Feeds")
    generator.link(href=format.url(feed), rel="self", type=format.media_type)
    # The page is the only alternate: of several, newsboat takes the last, rss-parser the first.
    # feedgen writes the last link as the channel's, whatever its rel.
    generator.link(href=feed.url, rel="alternate", type="text/html")
    generator.language(feed.language)
    generator.rights(feed.rights)
    # feedgen leaves out empty values, except for this one.
    generator.logo(feed.logo or feed.icon or None)
    return generator


def register_podcast(generator: FeedGenerator) -> None:
    """Give a channel the extensions `podcast` (feedgen's) and `show` (Elements)."""
    generator.register_extension("podcast", PodcastExtension, atom=False)
    # Declared only with episodes: some readers take every feed that declares these for a podcast.
    show = partial(Elements, "itunes", "podcast")
    generator.register_extension("show", show, atom=False)


def element(name: str, text: _Value = "", /, **attributes: _Value) -> etree._Element:
    """Return an element, whose name may have a prefix, without the attributes that are empty."""
    prefix, _, local_name = name.rpartition(":")
    given = {key: str(value) for key, value in attributes.items() if value}
    element = etree.Element(f"{{{NAMESPACES[prefix]}}}{local_name}" if prefix else name, given)
    element.text = str(text) if text else None
    return element


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


def insert_entries(document: bytes, entries: Iterable[bytes], end: bytes, root: str) -> bytes:
    """Return the document with entries before its end tags, and with a style sheet for browsers.

    The root is the site's, relative to the document (https://www.w3.org/TR/xml-stylesheet/).
    """
    declaration, newline, head = document.removesuffix(end).partition(b"\n")
    style = f'<?xml-stylesheet type="{STYLE.media_type}" href="{root}{STYLE.file_name}"?>'.encode()
    return b"".join((declaration, newline, style, newline, head, *entries, end, newline))
