"""The table of formats.

To add one: write its module (see Renderer), a Format below, its place in FORMATS, and its row in
_renderer(). A new ending of files also belongs in feeds.compression.TEXT_ENDINGS.

An article's part of a document is the same in every feed of its site, and is rendered when asked
for. No renderer imports another, or knows where a document is published.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Protocol

from feeds.model.article import Article
from feeds.model.feed import Context, Entry, Feed


@dataclass(frozen=True, slots=True, eq=False)
class EntrySource:
    """An article to render, and the text that several formats share."""

    article: Article
    context: Context
    _shared: dict[Callable[[Article], str], str] = field(default_factory=dict, init=False)

    def shared(self, make: Callable[[Article], str]) -> str:
        """Return the function's result for the article, for which it is called once."""
        if make not in self._shared:
            self._shared[make] = make(self.article)
        return self._shared[make]


class Renderer(Protocol):
    """The two functions of a format's module."""

    def render_document(self, feed: Feed, /) -> bytes:
        """Return the feed in UTF-8."""

    def render_entry(self, source: EntrySource, /) -> bytes:
        """Return an article's part of every document that contains it."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of published documents."""

    #: For people; also the name of an entry's part.
    name: str
    #: Empty if the document is its folder's index.
    file_name: str
    #: For links (RFC 4287 §4.2.7.3): without parameters.
    media_type: str

    @property
    def content_type(self) -> str:
        """Value of the Content-Type header."""
        # JSON is UTF-8 by definition (RFC 8259 §8.1).
        return self.media_type + ("" if self.media_type.endswith("json") else "; charset=utf-8")

    def url(self, feed: Feed) -> str:
        """Return the URL of the feed's document in the format."""
        return feed.base + self.file_name + feed.query


RSS = Format("RSS", "rss.xml", "application/rss+xml")
ATOM = Format("Atom", "atom.xml", "application/atom+xml")
JSON = Format("JSON Feed", "feed.json", "application/feed+json")
PAGE = Format("HTML", "", "text/html")
#: The formats that feed readers subscribe to.
FORMATS = (RSS, ATOM, JSON)
#: The names of an entry's parts.
PARTS = tuple(format.name for format in (*FORMATS, PAGE))
#: Documents of the whole site, at its root: the list of feeds, and the style sheet of XML.
LIST = Format("OPML", "subscriptions.opml", "text/x-opml")
STYLE = Format("CSS", "feed.css", "text/css")


def as_entry(article: Article, context: Context) -> Entry:
    """Return an article with absolute URLs as an entry of its site's feeds."""
    source = EntrySource(article, context)

    @cache
    def part(name: str) -> bytes:
        return _renderer(name).render_entry(source)

    return Entry(article.published, article.updated, part)


def render(feed: Feed, format: Format) -> bytes:
    """Return the feed's document in UTF-8. The same feed always gives the same bytes."""
    return _renderer(format.name).render_document(feed)


def render_style() -> bytes:
    """Return the style sheet that makes an XML feed readable in a browser."""
    return files(__package__).joinpath("assets", STYLE.file_name).read_bytes()


@cache
def _renderer(name: str) -> Renderer:
    # Imported late: --help and a build that renders nothing need no libraries.
    from feeds.formats import atom, json_feed, pages, rss

    renderers: dict[str, Renderer] = {
        RSS.name: rss, ATOM.name: atom, JSON.name: json_feed, PAGE.name: pages,
    }  # fmt: skip
    return renderers[name]
