"""The formats of a feed, and the functions that render them.

    as_entry(article, context) → Entry  an article's part of each document, rendered when asked for
    render(feed, format) → bytes        a document, put together from its entries' parts

An article stands in many feeds with the same bytes, so whoever renders many feeds keeps its entry.
A renderer knows nothing of any other renderer, of paths or of files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from feeds.model.article import Article
from feeds.model.feed import Context, Entry, Feed


@dataclass(frozen=True, slots=True)
class Format:
    """A format of a feed: what it is called, and what its documents are."""

    #: As people know it.
    name: str
    file_name: str
    #: As a feed's own links write it (RFC 4287 §4.2.7.3): without parameters.
    media_type: str
    #: The functions that render a document and an entry's part of it, by their modules: imported
    #: when they are first needed.
    document: tuple[str, str]
    part: tuple[str, str]

    @property
    def content_type(self) -> str:
        """As the Content-Type header has it."""
        # JSON is UTF-8 by definition (RFC 8259 §8.1); XML may be told otherwise.
        return self.media_type + ("" if self.media_type.endswith("json") else "; charset=utf-8")


_XML, _JSON = "feeds.formats.syndication", "feeds.formats.json_feed"
RSS = Format("RSS", "rss.xml", "application/rss+xml", (_XML, "render_rss"), (_XML, "rss_item"))
ATOM = Format(
    "Atom", "atom.xml", "application/atom+xml", (_XML, "render_atom"), (_XML, "atom_entry")
)
JSON = Format(
    "JSON Feed", "feed.json", "application/feed+json", (_JSON, "render_json"), (_JSON, "json_item")
)
FORMATS = (RSS, ATOM, JSON)
#: What pages and lists of feeds are, as the Content-Type header has it.
PAGE_TYPE, LIST_TYPE = "text/html; charset=utf-8", "text/x-opml; charset=utf-8"
#: The list of all feeds, from the site's root.
SUBSCRIPTIONS = "subscriptions.opml"
#: The style sheet of XML documents, from the site's root.
STYLE, STYLE_TYPE = "feed.css", "text/css; charset=utf-8"

_PARTS = {format.name: format.part for format in FORMATS}
_PARTS["page"] = ("feeds.formats.pages", "story")
#: What the parts of an entry are called.
PARTS = tuple(_PARTS)


def as_entry(article: Article, context: Context) -> Entry:
    """An article, with absolute URLs, as an entry of its site's feeds."""

    @cache
    def part(name: str) -> bytes:
        found: bytes = _imported(_PARTS[name])(article, context)
        return found

    return Entry(article.id, article.updated, part)


def render(feed: Feed, format: Format) -> bytes:
    """The feed's document in a format, in UTF-8. The same feed always gives the same bytes."""
    document: bytes = _imported(format.document)(feed, feed.base + format.file_name + feed.query)
    return document


def render_style() -> bytes:
    """What makes a feed readable that is opened in a browser."""
    return files(__package__).joinpath("templates", STYLE).read_bytes()


def _imported(place: tuple[str, str]) -> Callable[..., Any]:
    module, name = place
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function
