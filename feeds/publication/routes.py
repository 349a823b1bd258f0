"""Every feed of a site: what it is called, where it lies, which articles it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from feeds.formats import FORMATS, Format, render
from feeds.model.archive import PERIOD_NAME, Period
from feeds.model.document import Document
from feeds.model.feed import Feed
from feeds.model.podcast import Podcast
from feeds.model.selection import Selection
from feeds.model.site import DEFAULT_URL, Author, Site
from feeds.model.topics import Topics
from feeds.text.urls import absolute

BY_FILE_NAME = {format.file_name: format for format in FORMATS}
#: Where the periods of a feed's archive lie, from its folder.
ARCHIVE = "archive/"
IN_ARCHIVE = re.compile(rf"(.*/)?{ARCHIVE}({PERIOD_NAME})/")


@dataclass(frozen=True, slots=True)
class Channel:
    """One feed of the site: what it is called, where it lies, which articles it takes."""

    kind: str
    #: From the site's root: "", "topics/ai/", "feeds/top/".
    folder: str
    name: str
    title: str
    description: str
    selection: Selection
    #: How much of an article it tells: "full", "summary" or "title".
    content: str
    #: The folder of the topic that this one is below; empty where there is none.
    parent: str = ""
    #: What it says of itself, if it is a podcast.
    podcast: Podcast | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Where a document of a feed lies."""

    channel: Channel
    #: The channel's, or the one that its topic had.
    folder: str
    #: Of the feed's archive; None for the newest articles.
    period: Period | None
    #: The file's name; empty for the page.
    name: str

    @property
    def archive_path(self) -> str:
        """The folder of the path, from the feed's."""
        return f"{ARCHIVE}{self.period.name}/" if self.period else ""


def channels_of(site: Site, topics: Topics) -> Iterator[Channel]:
    """The feed of everything, those that feeds.yaml names, and one for each topic."""
    podcast = site.podcast if site.podcast and site.podcast.everything else None
    selection = Selection(recorded=podcast is not None)
    yield Channel(
        "site", "", site.title, site.title, site.description, selection, site.content,
        podcast=podcast,
    )  # fmt: skip
    for each in site.feeds:
        selection = replace(each.selection, recorded=each.podcast is not None)
        yield Channel(
            "feed", f"feeds/{each.name}/", each.title, each.title, each.description, selection,
            each.content or site.content, podcast=each.podcast,
        )  # fmt: skip
    for topic in topics:
        title = f"{topic.name} · {site.title}"
        selection = Selection(any=(topic.name,), recorded=topic.podcast is not None)
        yield Channel(
            "topic", f"topics/{topic.slug}/", topic.name, title, topic.description, selection,
            topic.content or site.content,
            f"topics/{topic.parent.slug}/" if topic.parent else "", topic.podcast,
        )  # fmt: skip


def podcast_metadata(channel: Channel, site: Site) -> Podcast:
    """What a feed with episodes says of itself: what nothing is said of comes from the site."""
    podcast = channel.podcast or site.podcast or Podcast()
    author = site.author or Author(site.title)
    return replace(
        podcast,
        author=podcast.author or author.name,
        owner_name=podcast.owner_name or author.name,
        owner_email=podcast.owner_email or author.email,
    )


def split(path: str) -> tuple[str, str]:
    """The folder of a path, as channels have it, and the name in it."""
    folder, _slash, name = path.removeprefix("/").rpartition("/")
    return (f"{folder}/" if folder else ""), name


def root_from(folder: str) -> str:
    """The site's root as seen from a folder."""
    return "../" * folder.count("/")


def paths_in(folder: str) -> Iterator[str]:
    """The paths of a feed's folder: its page and its documents."""
    yield f"/{folder}"
    yield from documents_in(folder)


def documents_in(folder: str) -> Iterator[str]:
    """The paths of a folder's feed documents."""
    for format in FORMATS:
        yield f"/{folder}{format.file_name}"


def feed_header(channel: Channel, site: Site, url: str) -> Feed:
    """A feed without its entries, of a site that is published at a URL."""
    # The same under whatever URL it is published.
    identity = site.id or (site.url if site.url != DEFAULT_URL else url)
    identity = identity if identity.endswith(("/", ":")) else f"{identity}/"
    show = podcast_metadata(channel, site)
    return Feed(
        id=identity + channel.folder,
        title=channel.title,
        description=channel.description or channel.title,
        url=url + channel.folder,
        base=url + channel.folder,
        root=root_from(channel.folder),
        author=site.author or Author(site.title),
        language=site.language,
        icon=absolute(site.icon, url),
        logo=absolute(site.logo, url),
        rights=site.rights,
        entries=(),
        podcast=replace(show, image=absolute(show.image, url)),
        is_podcast=channel.podcast is not None,
    )


def feed_document(feed: Feed, format: Format) -> Document:
    """The feed in a format, with what is told of it in the headers."""
    links = ((feed.hub, "hub"), (feed.base + format.file_name, "self")) if feed.hub else ()
    is_closed = bool(feed.history.next)
    return Document(render(feed, format), format.content_type, is_closed, links)
