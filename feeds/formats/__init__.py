"""The table of formats. To add one, write its module and its row here.

    as_entry(article, context) → Entry  an article's part of each document, rendered when asked for
    render(feed, format) → bytes        a document, assembled from the parts of its entries

An article's part is the same in every feed of its site. No renderer imports another, or knows where
a document is published.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Protocol

from feeds.model.article import Article
from feeds.model.feed import Context, Entry, Feed


class Renderer(Protocol):
    """The two functions of a format's module."""

    def render_document(self, feed: Feed, url: str, /) -> bytes:
        """The feed in UTF-8; the URL is the document's own."""

    def render_entry(self, article: Article, context: Context, /) -> bytes:
        """An article's part of every document that it is in."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format that feeds are published in."""

    #: For people; also the name of an entry's part.
    name: str
    #: Empty where a document is its folder's index.
    file_name: str
    #: For links (RFC 4287 §4.2.7.3): without parameters.
    media_type: str
    #: Imports the format's module: --help and a build that renders nothing need no libraries.
    renderer: Callable[[], Renderer]

    @property
    def content_type(self) -> str:
        """For the Content-Type header."""
        # JSON is UTF-8 by definition (RFC 8259 §8.1).
        return self.media_type + ("" if self.media_type.endswith("json") else "; charset=utf-8")


def _rss() -> Renderer:
    from feeds.formats import rss

    return rss


def _atom() -> Renderer:
    from feeds.formats import atom

    return atom


def _json_feed() -> Renderer:
    from feeds.formats import json_feed

    return json_feed


def _pages() -> Renderer:
    from feeds.formats import pages

    return pages


RSS = Format("RSS", "rss.xml", "application/rss+xml", _rss)
ATOM = Format("Atom", "atom.xml", "application/atom+xml", _atom)
JSON = Format("JSON Feed", "feed.json", "application/feed+json", _json_feed)
PAGE = Format("HTML", "", "text/html", _pages)
#: The formats that feed readers subscribe to.
FORMATS = (RSS, ATOM, JSON)
_BY_NAME = {format.name: format for format in (*FORMATS, PAGE)}
#: The names of an entry's parts.
PARTS = tuple(_BY_NAME)

#: Content types of pages and of the list of feeds.
PAGE_TYPE, LIST_TYPE = PAGE.content_type, "text/x-opml; charset=utf-8"
#: The list of all feeds, at the site's root.
SUBSCRIPTIONS = "subscriptions.opml"
#: The style sheet of XML documents, at the site's root.
STYLE, STYLE_TYPE = "feed.css", "text/css; charset=utf-8"


def as_entry(article: Article, context: Context) -> Entry:
    """An article with absolute URLs, as an entry of its site's feeds."""

    @cache
    def part(name: str) -> bytes:
        return _BY_NAME[name].renderer().render_entry(article, context)

    return Entry(article.id, article.updated, part)


def render(feed: Feed, format: Format) -> bytes:
    """The feed's document in UTF-8. The same feed always gives the same bytes."""
    url = feed.base + format.file_name + feed.query
    return format.renderer().render_document(feed, url)


def render_style() -> bytes:
    """The style sheet that makes an XML feed readable in a browser."""
    return files(__package__).joinpath("templates", STYLE).read_bytes()
