"""The neutral feed that every format is rendered from, and the listing of a site's feeds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from feeds.article import Article
from feeds.site import Author

#: An empty feed was last changed before anything was published; a clock would change its bytes.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed, ready to be rendered: its articles' URLs are absolute."""

    title: str
    description: str
    #: The page that shows it, in its folder; also what Atom knows it by (RFC 4287 §4.2.6).
    url: str
    #: The folder in which its documents lie: the page's, except where a topic has moved.
    base: str
    #: Where the site is published.
    site_url: str
    author: Author
    language: str
    #: Newest first.
    articles: tuple[Article, ...]
    #: Whether RSS items carry atom:link elements for related coverage.
    related_in_rss: bool = True

    @property
    def updated(self) -> datetime:
        """When the newest change of its articles was."""
        return max((article.updated for article in self.articles), default=NEVER)


@dataclass(frozen=True, slots=True)
class Listed:
    """One feed in a list of feeds."""

    #: "site", "topic" or "feed" (one that feeds.yaml names).
    kind: str
    title: str
    #: Its own name, without the site's.
    name: str
    description: str
    #: From the site's root: "", "topics/ai/", "feeds/top/".
    folder: str
    url: str
    count: int
    #: The newest publication date of its articles.
    newest: datetime | None
