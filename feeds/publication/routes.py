"""The feeds of a site by their published paths; no other module spells a path.

Renders nothing and reads no article.
"""

import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import replace
from typing import NamedTuple

from feeds.formats import FORMATS, LIST, PAGE, STYLE
from feeds.model.archive import PERIOD_NAME, Period
from feeds.model.feed import Channel, History
from feeds.model.selection import Selection
from feeds.model.site import FORMAT_NAMES, FormerPath, Site
from feeds.model.topics import Topics

BY_FILE_NAME = {format.file_name: format for format in FORMATS}
#: By the names of formats in feeds.yaml.
_FILE_NAMES = dict(zip(FORMAT_NAMES, BY_FILE_NAME, strict=True))
#: Documents of the site, in its root, that belong to no feed.
SITE_DOCUMENTS = {format.file_name: format.content_type for format in (LIST, STYLE)}
#: By the name of a document; empty for a page.
CONTENT_TYPES = {name: format.content_type for name, format in BY_FILE_NAME.items()}
CONTENT_TYPES |= SITE_DOCUMENTS | {"": PAGE.content_type}
#: The page of a folder, and its documents.
_IN_FOLDER = ("", *BY_FILE_NAME)
#: Folders from the site's root: of topics, of the feeds in feeds.yaml, of feeds made for a query.
_TOPICS, _FEEDS, CUSTOM = "topics/", "feeds/", "custom/"
PAGE_FILE = "index.html"
#: Names that no file of the site is published with, nor a folder on its way.
_RESERVED = {*CONTENT_TYPES, PAGE_FILE, ".", ".."}
#: The folder of a period: its feed's folder and the period's name.
IN_ARCHIVE = re.compile(rf"(.*/)?archive/({PERIOD_NAME})/")
_ARCHIVE_END = re.compile(rf"/archive/(?:{PERIOD_NAME}/)?$")
#: The file names of custom feeds by path; empty for their page.
CUSTOM_FILE_NAMES = {f"/{CUSTOM}{name}": name for name in _IN_FOLDER}
CUSTOM_FILE_NAMES |= {f"/{CUSTOM}"[:-1]: "", f"/{CUSTOM}{PAGE_FILE}": ""}


def file_name(path: str) -> str:
    """Return the name, relative to the site's root, of the file for a published path."""
    return f"{path}{PAGE_FILE}"[1:] if path.endswith("/") else path[1:]


def topic_folder(slug: str) -> str:
    """The folder of a topic's feed, from the site's root."""
    return f"{_TOPICS}{slug}/"


def archive_folder(period: Period | None) -> str:
    """The folder of a period, from its feed's; empty for the newest articles."""
    return f"archive/{period.name}/" if period else ""


class Route(NamedTuple):
    """A page or a document, at its path or at a former one."""

    path: str
    channel: Channel
    #: A period of the feed's archive; None for the newest articles.
    period: Period | None
    #: The document's file name; empty for the page.
    name: str

    @property
    def folder(self) -> str:
        """The folder in which it is published now, from the site's root."""
        return self.channel.folder + archive_folder(self.period)

    @property
    def current_path(self) -> str:
        """The path at which it is published now."""
        return f"/{self.folder}{self.name}"

    @property
    def has_moved(self) -> bool:
        """True if the path is a former one."""
        return self.path != self.current_path

    @property
    def root(self) -> str:
        """The site's root relative to the path: "../../"."""
        return "../" * (self.path.count("/") - 1)


class Routes:
    """The present and former paths of a site's feeds and of their archives."""

    def __init__(
        self,
        site: Site,
        topics: Topics,
        site_url: str,
        periods: Callable[[Selection], Sequence[Period]],
    ) -> None:
        """Take a function that returns the periods of a selection's archive, oldest first."""
        #: By folder.
        self.channels = {channel.folder: channel for channel in _channels(site, topics)}
        #: The feeds of topics by their former folders.
        self._moved = {
            topic_folder(slug): self.channels[topic_folder(topic.slug)]
            for slug, topic in topics.by_former_slug.items()
        }
        #: The folder of all topics, and the scheme of categories that are topics.
        self.topics_url = site_url + _TOPICS
        self._topics = topics
        self._site_url = site_url
        self._periods = periods
        self._archives: dict[str, dict[Period | None, History]] = {}
        #: The folders in which pages and documents are or were, and those above.
        self._folders = {
            above
            for folder in (*self.channels, *self._moved, CUSTOM)
            for above in _folders_above(folder)
        }
        #: The documents of the site's own feed by their former paths.
        self.former: dict[str, Route] = {}
        #: The former paths of feeds.yaml at which something else is published.
        self.taken: list[FormerPath] = []
        #: The names of their files, and those of the folders above, case-folded.
        self._former_files: set[str] = set()
        self._former_folders: set[str] = set()
        if site.formerly:
            self._add_former(site.formerly)

    def _add_former(self, paths: Sequence[FormerPath]) -> None:
        folders = (*self.channels, *self._moved, CUSTOM)
        files = {f"{folder}{name or PAGE_FILE}" for folder in folders for name in _IN_FOLDER}
        files |= SITE_DOCUMENTS.keys()
        for former in paths:
            if former.path == _FILE_NAMES[former.format]:
                continue  # the feed still lies there
            path = f"/{former.path}"
            name = file_name(path).casefold()
            folder, slash, base = name.rpartition("/")
            # Any feed may get any period of an archive: they come and go with articles.
            archived = IN_ARCHIVE.fullmatch(folder + slash)
            document = f"{archived[1] or ''}{base}" if archived else name
            is_beside = _clashes(name, self._former_files, self._former_folders)
            is_taken = self._is_folder(name) or _clashes(document, files, self._folders)
            if is_beside or is_taken:
                self.taken.append(former)
                continue
            self.former[path] = Route(path, self.channels[""], None, _FILE_NAMES[former.format])
            self._former_files.add(name)
            self._former_folders.update(_folders_above(name))

    def paths(self) -> Iterator[str]:
        """Every page and document."""
        yield from (f"/{name}" for name in SITE_DOCUMENTS)
        for folder, channel in self.channels.items():
            for period in self._archive(channel):
                yield from (f"/{folder}{archive_folder(period)}{name}" for name in _IN_FOLDER)
        yield from (f"/{folder}{name}" for folder in self._moved for name in _IN_FOLDER)
        yield from self.former

    def newest_documents(self) -> Iterator[tuple[str, str]]:
        """The path and the URL of each document that subscribers poll."""
        names = (f"{folder}{name}" for folder in self.channels for name in BY_FILE_NAME)
        return ((f"/{name}", self._site_url + name) for name in names)

    def former_documents(self) -> Iterator[tuple[str, str]]:
        """The path and the URL of each document that has moved."""
        names = [f"{folder}{name}" for folder in self._moved for name in BY_FILE_NAME]
        names += (path[1:] for path in self.former)
        return ((f"/{name}", self._site_url + name) for name in names)

    def route(self, path: str) -> Route | None:
        """The page or the document at a path; None if there is none."""
        if path in self.former:
            return self.former[path]
        folder, slash, name = path.removeprefix("/").rpartition("/")
        folder += slash
        if name not in (CONTENT_TYPES if not folder else _IN_FOLDER):
            return None
        if channel := self._channel(folder):
            return Route(path, channel, None, name)
        archived = IN_ARCHIVE.fullmatch(folder)
        if archived and (channel := self._channel(archived[1] or "")):
            for period in self._archive(channel):
                if period and period.name == archived[2]:
                    return Route(path, channel, period, name)
        return None

    def _channel(self, folder: str) -> Channel | None:
        """The feed whose present or former folder this is."""
        return self.channels.get(folder) or self._moved.get(folder)

    def page_of(self, path: str) -> str:
        """The page that is meant by a path without its slash or with index.html; else empty."""
        page = f"{path.removesuffix(f'/{PAGE_FILE}')}/"
        route = self.route(page) if page != path else None
        return route.current_path if route else ""

    def is_free(self, path: str) -> bool:
        """True if a file can be published at a path: no document is at it, below it or above it.

        Many disks and some hosts take two names that differ by case for one.
        """
        name = path.removeprefix("/").casefold()
        return (
            _RESERVED.isdisjoint(name.split("/"))
            and not _clashes(name, self._former_files, self._former_folders)
            and not self._is_folder(name)
        )

    def _is_folder(self, name: str) -> bool:
        """True if a file's name is that of a feed's folder, of one above it or in its archive."""
        return _ARCHIVE_END.sub("/", f"/{name}/").strip("/") in self._folders

    def folder_of_topic(self, name: str) -> str:
        """The folder of the topic with a name; empty where there is none."""
        topic = self._topics.named(name)
        return topic_folder(topic.slug) if topic else ""

    def history(self, route: Route) -> History:
        """The place of a document among those of its feed's archive."""
        return self._archive(route.channel)[route.period]

    def _archive(self, channel: Channel) -> dict[Period | None, History]:
        """The place of each period's document, oldest first, after that of the newest articles."""
        if channel.folder not in self._archives:
            periods = self._periods(channel.selection)
            folders = [archive_folder(period) for period in periods]
            urls = ["", *(f"{self._site_url}{channel.folder}{folder}" for folder in folders), ""]
            named = tuple((period.name, archive_folder(period)) for period in reversed(periods))
            archive: dict[Period | None, History] = {
                None: History(is_complete=not periods, previous=urls[-2], periods=named)
            }
            for period, older, newer in zip(periods, urls, urls[2:], strict=False):
                # W3C's validator wants a document without neighbours to say that it is complete.
                archive[period] = History(True, not (older or newer), older, newer)
            self._archives[channel.folder] = archive
        return self._archives[channel.folder]


def _folders_above(name: str) -> Iterator[str]:
    """Yield the folders on the way to a file, from the site's root, which is empty."""
    while name:
        name = name.rpartition("/")[0]
        yield name


def _clashes(name: str, files: Set[str], folders: Set[str]) -> bool:
    """Return True if a file has the name of one of these files or folders, or lies below a file."""
    return name in files or name in folders or not files.isdisjoint(_folders_above(name))


def _channels(site: Site, topics: Topics) -> Iterator[Channel]:
    """The feed of everything, the feeds that feeds.yaml names, and one feed for each topic."""
    podcast = site.podcast if site.podcast and site.podcast.everything else None
    selection = Selection(has_recording=podcast is not None)
    yield Channel(
        kind="site",
        folder="",
        name=site.title,
        title=site.title,
        description=site.description,
        selection=selection,
        content=site.content,
        podcast=podcast,
    )
    for feed in site.feeds:
        selection = replace(feed.selection, has_recording=feed.podcast is not None)
        yield Channel(
            kind="feed",
            folder=f"{_FEEDS}{feed.name}/",
            name=feed.title,
            title=feed.title,
            description=feed.description,
            selection=selection,
            content=feed.content or site.content,
            podcast=feed.podcast,
        )
    for topic in topics:
        title = f"{topic.name} · {site.title}"
        selection = Selection(any=(topic.name,), has_recording=topic.podcast is not None)
        yield Channel(
            kind="topic",
            folder=topic_folder(topic.slug),
            name=topic.name,
            title=title,
            description=topic.description,
            selection=selection,
            content=topic.content or site.content,
            parent=topic_folder(topic.parent.slug) if topic.parent else "",
            podcast=topic.podcast,
        )
