"""The feeds of a site, and the neutral feed that every format renders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from feeds.model.selection import Selection
from feeds.model.site import Author, Podcast

#: When an empty feed last changed: a clock would change its bytes, and W3C's validator takes a date
#: before 1990 for a mistake.
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
_NO_PODCAST = Podcast()


@dataclass(frozen=True, slots=True)
class Channel:
    """One feed of the site, without its articles."""

    #: "site", "feed" (one that feeds.yaml names), "topic" or "custom".
    kind: str
    #: From the site's root: "", "topics/ai/", "feeds/top/".
    folder: str
    #: The title without the site's.
    name: str
    title: str
    description: str
    selection: Selection
    #: One of CONTENTS: how much of an article an entry holds.
    content: str
    #: Folder of the parent topic's feed; empty if there is none.
    parent: str = ""
    podcast: Podcast | None = None
    #: Query of a custom feed's URL, with a question mark.
    query: str = ""


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """One feed in a list of feeds."""

    channel: Channel
    url: str
    #: Number of articles, and publication date of the newest.
    count: int
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Context:
    """The site's settings that decide an entry's bytes, whatever feed it is in."""

    site_url: str
    #: True if RSS items carry atom:link elements for related coverage.
    related_in_rss: bool
    #: Return the folder of the topic with a name, from the site's root.
    folder_of_topic: Callable[[str], str]
    content: str = "full"
    #: Author of articles that name none.
    author: Author | None = None
    #: Scheme of the categories that are topics.
    topics_url: str = ""
    #: Zone of the days that pages show; empty for UTC.
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as every feed of its site contains it."""

    published: datetime
    updated: datetime
    #: Return its bytes in the format with a name.
    part: Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class History:
    """The position of a document in its feed's history (RFC 5005)."""

    #: True for a period of the archive, False for the newest articles.
    is_archive: bool = False
    #: True if the document has every article of the feed (§2).
    is_complete: bool = False
    #: URLs of the next older and next newer period's folder (§4); empty if there is none.
    previous: str = ""
    next: str = ""
    #: Names of all periods, newest first, and their folders from the feed's.
    periods: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed, or a period of its archive, ready to be rendered."""

    #: Any text. Permanent, wherever the feed is published (RFC 4287 §4.2.6).
    id: str
    title: str
    description: str
    #: The feed's page.
    url: str
    #: URL of the documents' folder: the page's, except in an archive.
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
    #: For RSS that contains an episode.
    podcast: Podcast = _NO_PODCAST
    #: True if every article is an episode.
    is_podcast: bool = False
    #: The site's root relative to the documents: "../../".
    root: str = ""
    #: True for a copy at a former address; all its URLs are current ones.
    has_moved: bool = False
    #: Query of a custom feed's URL, with a question mark.
    query: str = ""

    @property
    def published(self) -> datetime:
        """The date of the newest article."""
        return max((entry.published for entry in self.entries), default=NEVER)

    @property
    def updated(self) -> datetime:
        """The date of the newest change."""
        return max((entry.updated for entry in self.entries), default=NEVER)
