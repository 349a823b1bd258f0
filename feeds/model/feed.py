"""The format-independent feed that every format renders, with its entries and its summary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from feeds.model.podcast import Podcast
from feeds.model.site import Author

#: `updated` of an empty feed. A clock would change its bytes, and W3C's validator reports dates
#: before 1990.
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
_NO_PODCAST = Podcast()


@dataclass(frozen=True, slots=True)
class Context:
    """The site's settings that an entry's rendering depends on."""

    site_url: str
    #: Add atom:link elements for related stories to RSS items.
    related_in_rss: bool
    #: Return the folder of the topic with a name, from the site's root.
    folder_of_topic: Callable[[str], str]
    #: One of CONTENTS.
    content: str = "full"
    #: Author of articles that name none.
    author: Author | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An article, rendered for every feed of its site."""

    id: str
    updated: datetime
    #: Return its bytes in a format, by the format's name, or "page" for the HTML page.
    part: Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class History:
    """A document's position in its feed's history (RFC 5005), with other documents' folders."""

    #: True for a period of the archive, False for the newest articles.
    is_archive: bool = False
    #: True if it has every article of the feed (§2).
    is_complete: bool = False
    #: The next older and the next newer document of the archive (§4); empty if there is none.
    previous: str = ""
    next: str = ""
    #: Names of the archive's periods, newest first.
    periods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed, or a period of its archive."""

    #: Permanent identifier (RFC 4287 §4.2.6), wherever the feed is published.
    id: str
    title: str
    description: str
    #: Its HTML page.
    url: str
    #: URL of the folder of its documents: the page's, except for the archive and a moved topic.
    base: str
    author: Author
    language: str
    #: Newest first.
    entries: Sequence[Entry]
    history: History = History()
    #: URLs of a small square picture and of a larger one; empty if there is none.
    icon: str = ""
    logo: str = ""
    rights: str = ""
    #: URL of the WebSub hub; empty if there is none.
    hub: str = ""
    #: Metadata for its RSS if it has episodes.
    podcast: Podcast = _NO_PODCAST
    #: True if it is configured as a podcast: every entry is an episode.
    is_podcast: bool = False
    #: Relative path from its documents to the site's root: "../../".
    root: str = ""
    #: Query of a custom feed, with the question mark.
    query: str = ""

    @property
    def updated(self) -> datetime:
        """Date of the newest change of its articles."""
        return max((entry.updated for entry in self.entries), default=NEVER)


@dataclass(frozen=True, slots=True)
class FeedSummary:
    """A feed in a list of feeds."""

    #: "site", "topic" or "feed" (configured in feeds.yaml).
    kind: str
    title: str
    #: Title without the site's name.
    name: str
    description: str
    #: From the site's root: "", "topics/ai/", "feeds/top/".
    folder: str
    url: str
    count: int
    #: Newest publication date of its articles.
    newest: datetime | None
    #: Folder of the parent topic; empty if there is none.
    parent: str = ""
