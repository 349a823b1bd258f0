"""A site, as feeds.yaml configures it.

A `line` is that in feeds.yaml, for problems, and no part of a value's identity.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from feeds.model.selection import Selection

#: Values of `content`: how much of each article a feed publishes. Empty stands for the site's.
CONTENTS = ("full", "summary", "title")
DEFAULT_URL = "http://127.0.0.1:8000/"
#: Value of `articles` for all of the site's folder.
WHOLE_FOLDER = (".",)
#: The names of feed formats in feeds.yaml.
FORMAT_NAMES = ("rss", "atom", "json")
ARTWORK_TYPES = ("image/jpeg", "image/png")
#: Width and height, in pixels.
MIN_ARTWORK, MAX_ARTWORK = 1400, 3000


@dataclass(frozen=True, slots=True)
class Author:
    """Publisher of the site."""

    name: str
    uri: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Podcast:
    """Metadata of a podcast, beyond its feed's title, description and language."""

    #: URL of the artwork, or its path in the site.
    image: str = ""
    #: Pairs of a category and its subcategory, which may be empty.
    categories: tuple[tuple[str, str], ...] = ()
    explicit: bool = False
    #: Author, and contact for directories; empty for the site's author.
    author: str = ""
    owner_name: str = ""
    owner_email: str = ""
    #: "serial" (listened to in order), "episodic", or empty.
    type: str = ""
    copyright: str = ""
    #: Of the site's own podcast: the feed of all articles is a podcast too.
    everything: bool = False
    line: int = field(default=1, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """Configuration of a topic."""

    name: str
    slug: str = ""
    aliases: tuple[str, ...] = ()
    #: Slugs.
    formerly: tuple[str, ...] = ()
    parent: str = ""
    description: str = ""
    content: str = ""
    podcast: Podcast | None = None
    line: int = field(default=1, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Configuration of a feed across topics."""

    name: str
    title: str
    description: str
    selection: Selection
    content: str = ""
    podcast: Podcast | None = None
    line: int = field(default=1, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class FormerPath:
    """A path at which subscribers know the feed of all articles."""

    #: From the site's root, decoded; a folder ends with a slash.
    path: str
    #: One of FORMAT_NAMES.
    format: str
    line: int = field(default=1, repr=False, compare=False)


class ArticleDefaults(NamedTuple):
    """The settings with which articles are read that do not say otherwise."""

    timezone: str = ""
    math: bool | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """Configuration of a site."""

    title: str
    #: Address of the published tree; ends with a slash.
    url: str = DEFAULT_URL
    description: str = ""
    language: str = ""
    #: Base of its feeds' ids, wherever they are published; empty for the URL.
    id: str = ""
    author: Author | None = None
    #: URLs, or paths in the site, of a small square picture and a larger one.
    icon: str = ""
    logo: str = ""
    rights: str = ""
    #: In seconds, as in Cache-Control (RFC 9111 §5.2.2, RFC 5861 §3).
    max_age: int = 60
    stale_while_revalidate: int = 600
    hub: str = ""
    formerly: tuple[FormerPath, ...] = ()
    #: Folders, relative to the site's own.
    articles: tuple[str, ...] = WHOLE_FOLDER
    articles_line: int = field(default=1, repr=False, compare=False)
    #: Number of articles in a feed's newest document.
    limit: int = 50
    content: str = "full"
    unpublished: bool = False
    #: Zone of the IANA database in which dates without an offset are; empty for UTC.
    timezone: str = ""
    #: True if all between the signs of a formula in Markdown is TeX; None if what looks like it is.
    math: bool | None = None
    #: Publish articles dated in the future at once.
    future: bool = False
    #: The generator whose form the articles have; empty for the one that the folder is of.
    dialect: str = ""
    #: Template of the articles' paths on the generator's site; empty for the generator's own.
    permalink: str = ""
    related_in_rss: bool = True
    #: Defaults of all podcasts.
    podcast: Podcast | None = None
    #: Database URL of a shared index; may contain a password.
    catalog: str = field(default="", repr=False, compare=False)
    topics: tuple[TopicSettings, ...] = ()
    feeds: tuple[FeedSettings, ...] = ()

    @property
    def article_defaults(self) -> ArticleDefaults:
        """Return the settings that decide how articles are read."""
        return ArticleDefaults(self.timezone, self.math)
