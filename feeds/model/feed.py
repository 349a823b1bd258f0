"""The neutral feed that every format is put together from, and the listing of a site's feeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from feeds.model.podcast import Podcast
from feeds.model.site import Author

#: When an empty feed last changed: a clock would change its bytes, and W3C's validator takes a date
#: before 1990 for a mistake.
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


_NO_PODCAST = Podcast()


@dataclass(frozen=True, slots=True)
class Context:
    """What of its site shows in an entry, whatever feed it is in."""

    #: Where the site is published.
    site_url: str
    #: Whether RSS items carry atom:link elements for related coverage.
    related_in_rss: bool
    #: The folder of the topic with a name, from the site's root.
    folder_of_topic: Callable[[str], str]
    #: How much of an article is told: "full", "summary" or "title".
    content: str = "full"
    #: Who wrote what names nobody.
    author: Author | None = None
    #: The scheme of the categories that are topics.
    topics_url: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as it stands in every feed of its site."""

    id: str
    updated: datetime
    #: Return its bytes in a format, by the format's name.
    part: Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class History:
    """Where a document stands in its feed's history (RFC 5005); others are named by their folders.

    The newest articles come first, and may stand in the archive's newest document too.
    """

    #: Whether it holds a closed or the open period of the archive, and not the newest articles.
    is_archive: bool = False
    #: Whether it holds every article that the feed has (§2).
    is_complete: bool = False
    #: The archive's next older and next newer document (§4); empty where there is none.
    previous: str = ""
    next: str = ""
    #: All periods of the archive, the newest first: their names, and their folders from the feed's.
    periods: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed, or a period of its archive, ready to be put together."""

    #: What readers know it by (RFC 4287 §4.2.6), wherever it lies.
    id: str
    title: str
    description: str
    #: The page that shows it, in its folder.
    url: str
    #: The folder in which its documents lie: the page's, except for the archive's and where a topic
    #: has moved.
    base: str
    author: Author
    language: str
    #: Newest first.
    entries: Sequence[Entry]
    history: History = History()
    #: URLs of a small square picture and of a larger one; empty where there is none.
    icon: str = ""
    logo: str = ""
    rights: str = ""
    #: The URL of a WebSub hub; empty where there is none.
    hub: str = ""
    #: What its RSS says of itself where it has episodes.
    podcast: Podcast = _NO_PODCAST
    #: Whether all of them are, and it wants to be taken for a podcast.
    is_podcast: bool = False
    #: The site's root as seen from its documents: "../../".
    root: str = ""
    #: What follows the names of its documents: the query of a feed that is made for one.
    query: str = ""

    @property
    def updated(self) -> datetime:
        """When the newest change of its articles was."""
        return max((entry.updated for entry in self.entries), default=NEVER)


@dataclass(frozen=True, slots=True)
class FeedSummary:
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
    #: The folder of the topic that this one is below; empty where there is none.
    parent: str = ""
