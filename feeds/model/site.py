"""A site as feeds.yaml describes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from feeds.model.podcast import Podcast
from feeds.model.selection import Selection

#: How much of an article a feed may tell.
CONTENTS = ("full", "summary", "title")
DEFAULT_URL = "http://127.0.0.1:8000/"


@dataclass(frozen=True, slots=True)
class Author:
    """Who publishes the site."""

    name: str
    uri: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """What a topic's name alone does not say."""

    name: str
    slug: str = ""
    #: Other names of the same topic.
    aliases: tuple[str, ...] = ()
    #: Slugs that it had before, some of them from the names that it had.
    formerly: tuple[str, ...] = ()
    parent: str = ""
    description: str = ""
    #: One of CONTENTS; empty for the site's.
    content: str = ""
    #: What its feed says of itself, if it is a podcast.
    podcast: Podcast | None = None
    #: In feeds.yaml. What is published does not follow from it.
    line: int = field(default=1, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """A feed across topics."""

    name: str
    title: str
    description: str
    selection: Selection
    #: One of CONTENTS; empty for the site's.
    content: str = ""
    #: What it says of itself, if it is a podcast.
    podcast: Podcast | None = None
    #: In feeds.yaml. What is published does not follow from it.
    line: int = field(default=1, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Site:
    """A publication: where it is published, and how."""

    title: str
    #: Where the tree is published; ends with a slash.
    url: str = DEFAULT_URL
    description: str = ""
    language: str = ""
    #: What readers know its feeds by, wherever they are published; else the URL does it.
    id: str = ""
    author: Author | None = None
    #: A small square picture and a larger one; relative to the site's root, or whole URLs.
    icon: str = ""
    logo: str = ""
    rights: str = ""
    #: In seconds: how long a feed may be kept, and how long after that while a new one is fetched.
    max_age: int = 60
    stale_while_revalidate: int = 600
    #: The URL of a WebSub hub that passes changes on.
    hub: str = ""
    #: Folders, relative to the site's own.
    articles: tuple[str, ...] = (".",)
    #: Articles in a feed's newest document.
    limit: int = 50
    #: One of CONTENTS, for the feeds that do not say it themselves.
    content: str = "full"
    unpublished: bool = False
    #: Articles dated in the future are published at once.
    future: bool = False
    related_in_rss: bool = True
    #: What its podcasts say of themselves.
    podcast: Podcast | None = None
    #: A URL of the database of the index, if it is to be shared. May hold a password.
    catalog: str = field(default="", repr=False, compare=False)
    topics: tuple[TopicSettings, ...] = ()
    feeds: tuple[FeedSettings, ...] = ()
