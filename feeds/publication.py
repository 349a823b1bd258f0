"""What exists at which path: the one place that knows.

    publication.paths()          every path, in a stable order
    publication.document(path)   what lies there: a Document, a MediaFile, a Redirect or nothing

The static writer writes what this gives and the live app serves it, so the two cannot disagree.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from feeds import text as texts
from feeds.archive import PERIOD_NAME, Period, cut
from feeds.article import Article, is_absolute
from feeds.catalog import Catalog
from feeds.database import code_fingerprint
from feeds.errors import NotReadyError, Problem
from feeds.feed import Context, Entry, Feed, History, Listed
from feeds.folder import CONFIGURATION, Folder
from feeds.formats import FORMATS, Format, as_entry, render
from feeds.query import Asked, read_query
from feeds.rendered import EntryKey, Rendered
from feeds.selection import Selection
from feeds.site import CONTENTS, DEFAULT_URL, Author, Topic, Topics
from feeds.view import View
from feeds.windows import Windows

_SUBSCRIPTIONS = "/subscriptions.opml"
#: Where the feeds lie that are made for the query of a URL, and the page that makes such URLs.
_CUSTOM = "/custom/"
#: Where the periods of a feed's archive lie, from its folder.
_ARCHIVE = "archive/"
_OF_ARCHIVE = re.compile(rf"/archive(/{PERIOD_NAME})?$")
_IN_ARCHIVE = re.compile(rf"(.*/)?{_ARCHIVE}({PERIOD_NAME})/")
_BY_FILE_NAME = {format.file_name: format for format in FORMATS}
#: What a page is called as a file.
_INDEX = "index.html"
_FILES = {*_BY_FILE_NAME, _INDEX, _SUBSCRIPTIONS.removeprefix("/")}


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes that are published at a path."""

    body: bytes
    #: As the Content-Type header has it.
    media_type: str
    #: Whether it is of a closed period: only a correction could change it.
    is_closed: bool = False

    @property
    def digest(self) -> str:
        """What tells these bytes from any others."""
        return hashlib.sha256(self.body).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file of the site that is published as it is."""

    file: Path
    media_type: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """A path that leads to another for good."""

    #: The other path.
    to: str
    #: What a host that cannot redirect gives instead.
    stand_in: Document


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is wrong with what was asked for."""

    document: Document


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


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a document of a feed lies."""

    channel: Channel
    #: The channel's, or the one that its topic had.
    folder: str
    #: Of the feed's archive; None for the newest articles.
    period: Period | None
    #: The file's name; empty for the page.
    name: str

    @property
    def within(self) -> str:
        """The folder of the path, from the feed's."""
        return f"{_ARCHIVE}{self.period.name}/" if self.period else ""


class Publication:
    """A site as it is to be published at one moment."""

    def __init__(
        self, folder: Folder, catalog: Catalog, *, url: str, now: datetime, unpublished: bool
    ) -> None:
        self.url = url
        self._folder = folder
        self._site = folder.site
        self._moment = now, unpublished
        #: The catalog's, before anything was asked of it.
        self.revision = catalog.revision()
        self._view = View(
            catalog,
            now=now,
            unpublished=unpublished or folder.site.unpublished,
            future=folder.site.future,
        )
        #: The index behind it.
        self.catalog = catalog
        self._topics = Topics(self._site.topics, self._view.topic_names())
        self._channels = {channel.folder: channel for channel in self._all_channels()}
        self._last_feed: tuple[str, Feed] | None = None
        self._periods: dict[str, tuple[Period, ...]] = {}
        self._contexts = {
            content: Context(
                self.url,
                self._site.related_in_rss,
                self._folder_of_topic,
                content,
                self._site.author,
            )
            for content in CONTENTS
        }
        #: Where the entries of a large build lie, once they are rendered.
        self.rendered: Rendered | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """Another process opens the same catalog anew."""
        moment, unpublished = self._moment
        return _reopened, (
            self._folder, self.catalog.place, self.url, moment, unpublished, self.rendered,
        )  # fmt: skip

    @property
    def view(self) -> View:
        """The articles behind it."""
        return self._view

    def is_current(self) -> bool:
        """Whether nobody has synced since it was made."""
        return self.catalog.revision() == self.revision

    def problems(self) -> list[Problem]:
        """Everything that is wrong with the configuration and the articles."""
        folder = self._folder
        return [
            *folder.problems,
            *self._topics.problems(folder.configuration, self._site.feeds),
            *folder.missing(),
            *sorted(
                [
                    *self.catalog.problems(),
                    *self._view.conflicts(folder),
                    *self._view.missing_media(folder),
                ]
            ),
        ]

    @cached_property
    def listed(self) -> tuple[Listed, ...]:
        """Every feed, with the number of its articles: the site's, the named ones, the topics."""
        counts = self._view.topic_counts()

        def count(channel: Channel) -> tuple[int, datetime | None]:
            family = [self._topics.family(name) for name in channel.selection.any]
            if channel.kind == "topic" and len(family[0]) == 1:
                return counts.get(next(iter(family[0])), (0, None))
            return self._view.count(channel.selection, self._topics.family)

        return tuple(
            Listed(
                channel.kind, channel.title, channel.name, channel.description, channel.folder,
                self.url + channel.folder, *count(channel), channel.parent,
            )
            for channel in self._channels.values()
        )  # fmt: skip

    def paths(self) -> Iterator[str]:
        """Every path at which something lies, folders with a slash at their end."""
        yield _SUBSCRIPTIONS
        for folder, channel in self._channels.items():
            yield from _paths(folder)
            for period in self._windows.periods(channel.selection):
                yield from _documents(f"{folder}{_ARCHIVE}{period.name}/")
        for slug in self._topics.former:
            yield from _paths(f"topics/{slug}/")
        for path in sorted(self._media):
            if self._media_file(path):
                yield path

    def document(self, path: str) -> Document | MediaFile | Redirect | None:
        """What lies at a path, or None."""
        if path == _SUBSCRIPTIONS:
            from feeds.formats import opml

            return Document(opml.render_opml(self._site.title, self.listed), opml.MEDIA_TYPE)
        spot = self._spot(path)
        if not spot:
            return self._other(path)
        channel = spot.channel
        if spot.folder == channel.folder:
            return self._rendered(spot)
        now_at = f"/{channel.folder}{spot.within}{spot.name}"
        if spot.name:
            return Redirect(now_at, self._rendered(spot))
        beside = channel.folder.removeprefix("topics/")
        return _moved(now_at, channel.title, f"../{beside}", self.url + channel.folder)

    def custom(self, path: str, query: str) -> Document | Redirect | Refusal | None:
        """What is made for a query (as a URL has it, without its question mark) at a path, or None.

        Of this only an app can publish: it is the same with every query that asks for the same, and
        all but one of them lead there. Raises NotReadyError where the words that it searches for
        are not indexed yet.
        """
        folder, name = _split(path)
        if path.removesuffix(_INDEX).removesuffix("/") == _CUSTOM.removesuffix("/"):
            name = ""
        elif f"/{folder}" != _CUSTOM or name not in _BY_FILE_NAME:
            return None
        asked = read_query(query, self._topics, of_form=not name)
        if asked.problems and name:
            body = "".join(f"{each}\n" for each in asked.problems)
            return Refusal(Document(body.encode(), "text/plain; charset=utf-8"))
        if asked.problems:
            return Refusal(self._custom_page(asked, ()))
        lies_in = self._folder_of(asked) if name else _CUSTOM.removeprefix("/")
        to = f"/{lies_in}{name}"
        if asked.query and lies_in == _CUSTOM.removeprefix("/"):
            to += f"?{asked.query}"
        if to != (f"{path}?{query}" if query else path):
            moved = f"{self.url}{to.removeprefix('/')}"
            return _moved(to, asked.name, moved, moved)
        if asked.selection.q and not self.catalog.search.is_ready():
            raise NotReadyError("the words of the articles are being indexed")
        # One more tells whether these are all.
        most = self._site.limit
        found = self._view.articles(asked.selection, self._topics.family, most + 1)
        articles = list(map(self._as_published, found[:most]))
        if not name:
            return self._custom_page(asked, articles)
        context = self._contexts[self._site.content]
        feed = self._custom_feed(asked, [as_entry(each, context) for each in articles])
        feed = replace(feed, history=History(is_complete=len(found) <= most))
        format = _BY_FILE_NAME[name]
        return Document(render(feed, format), _content_type(format))

    def _folder_of(self, asked: Asked) -> str:
        """The folder of the feed that a query asks for."""
        if asked.topic:
            return f"topics/{asked.topic.slug}/"
        return _CUSTOM.removeprefix("/") if asked.query else ""

    def _custom_feed(self, asked: Asked, entries: Sequence[Entry]) -> Feed:
        site = self._site
        folder = _CUSTOM.removeprefix("/")
        query = f"?{asked.query}" if asked.query else ""
        return self._headed(
            id=f"{self._identity}{folder}{query}",
            title=f"{asked.name} · {site.title}",
            description=f"Articles of {site.title}: {asked.name}",
            url=f"{self.url}{folder}{query}",
            base=self.url + folder,
            query=query,
            entries=entries,
        )

    def _custom_page(self, asked: Asked, articles: Sequence[Article]) -> Document:
        from feeds.formats import page

        folder = self._folder_of(asked)
        is_custom = f"/{folder}" == _CUSTOM
        body = page.render_custom(
            self._custom_feed(asked, ()),
            asked,
            list(self._topics),
            articles,
            folder="" if is_custom else f"../{folder}",
            documents=self.url + folder,
            folder_of_topic=self._folder_of_topic,
        )
        return Document(body, page.MEDIA_TYPE)

    def fingerprint(self, path: str) -> str:
        """What the bytes of a feed's document follow from; empty where that is not known.

        Two documents of one fingerprint are the same, so one that exists need not be made again.
        """
        if file := self._media_file(path):
            try:
                stat = file.stat()
            except OSError:  # gone, or out of reach since
                return ""
            return f"{file} {stat.st_size} {stat.st_mtime_ns}"
        if path == _SUBSCRIPTIONS:
            return self._listing
        spot = self._spot(path)
        if not spot or (spot.folder != spot.channel.folder and not spot.name):
            return ""
        parts = (
            self._whole,
            spot,
            self._history(spot.channel, spot.period),
            self._windows.fingerprint(spot.channel.selection, spot.period),
            self._listing if path == "/" else "",
        )
        return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def _spot(self, path: str) -> _Spot | None:
        """What document of which feed is meant by a path."""
        folder, name = _split(path)
        if name and name not in _BY_FILE_NAME:
            return None
        in_archive = _IN_ARCHIVE.fullmatch(folder) if name else None
        if in_archive:
            folder = in_archive[1] or ""
        channel = self._channels.get(folder)
        if not channel and (moved := self._moved_from(folder)):
            channel = self._channels[f"topics/{moved.slug}/"]
        if not channel or not in_archive:
            return _Spot(channel, folder, None, name) if channel else None
        for period in self._periods_of(channel):
            if period.name == in_archive[2]:
                return _Spot(channel, folder, period, name)
        return None

    def _periods_of(self, channel: Channel) -> tuple[Period, ...]:
        """The periods of a feed's archive, oldest first."""
        if "_windows" in self.__dict__:
            return self._windows.periods(channel.selection)
        if channel.folder not in self._periods:
            days = self._view.days(channel.selection, self._topics.family)
            self._periods[channel.folder] = cut(days, self._site.limit)
        return self._periods[channel.folder]

    def _history(self, channel: Channel, period: Period | None) -> History:
        """Where a document stands among those of its feed."""
        periods = self._periods_of(channel)
        folders = ["", *(f"{self.url}{channel.folder}{_ARCHIVE}{each.name}/" for each in periods)]
        if not period:
            return History(is_complete=not periods, previous=folders[-1])
        place = periods.index(period) + 1
        newer = folders[place + 1 :]
        return History(is_archive=True, previous=folders[place - 1], next=newer[0] if newer else "")

    @cached_property
    def _whole(self) -> str:
        """What decides what every document of the site holds."""
        return f"{code_fingerprint()} {self.url} {self._site!r}"

    @cached_property
    def _listing(self) -> str:
        """What decides what the lists of all feeds hold."""
        return hashlib.sha256(f"{code_fingerprint()} {self.listed!r}".encode()).hexdigest()

    @cached_property
    def _windows(self) -> Windows:
        return Windows(self._view, self._topics, self._site.limit)

    def _other(self, path: str) -> MediaFile | Redirect | None:
        if file := self._media_file(path):
            return MediaFile(file, texts.file_type(file.name, texts.DEFAULT_DOWNLOAD))
        slashed = f"{path.removesuffix('/index.html').rstrip('/')}/"
        folder = slashed.removeprefix("/")
        if slashed == path:
            return None
        if moved := self._moved_from(folder):
            slashed = f"/topics/{moved.slug}/"
            folder = slashed.removeprefix("/")
        if folder not in self._channels:
            return None
        return _moved(slashed, self._site.title, self.url + folder, self.url + folder)

    def _moved_from(self, folder: str) -> Topic | None:
        """The topic that had this folder."""
        kind, _slash, slug = folder.removesuffix("/").partition("/")
        return self._topics.former.get(slug) if kind == "topics" else None

    def _rendered(self, spot: _Spot) -> Document:
        if spot.name:
            format = _BY_FILE_NAME[spot.name]
            feed = self._feed(spot)
            is_closed = bool(feed.history.next)
            return Document(render(feed, format), _content_type(format), is_closed)
        # Imported late, as every renderer is: most of what is published need not be made again.
        from feeds.formats import page

        if not spot.folder:
            # No more than the feed has: its articles decide what is made anew.
            newest = self._articles(spot, min(page.ON_DIRECTORY, self._site.limit))
            body = page.render_directory(self._feed(spot), self.listed, newest)
        else:
            body = page.render_feed(self._feed(spot))
        return Document(body, page.MEDIA_TYPE)

    def _feed(self, spot: _Spot) -> Feed:
        base = f"{self.url}{spot.folder}{spot.within}"
        # A feed's documents are asked for one after the other: its articles are fetched once.
        if (last := self._last_feed) and last[0] == base:
            return last[1]
        channel = spot.channel
        feed = self._headed(
            id=self._identity + channel.folder,
            title=channel.title,
            description=channel.description or channel.title,
            url=self.url + channel.folder,
            base=base,
            entries=self._entries(spot),
            history=self._history(channel, spot.period),
        )
        self._last_feed = base, feed
        return feed

    def _headed(self, **values: Any) -> Feed:
        """A feed of this site: these values, and what all of its feeds say."""
        site = self._site
        icon, logo = (self._at_home(url) for url in (site.icon, site.logo))
        return Feed(
            author=site.author or Author(site.title),
            language=site.language,
            icon=icon,
            logo=logo,
            rights=site.rights,
            **values,
        )

    @cached_property
    def _identity(self) -> str:
        """What the ids of feeds begin with: the same under whatever URL they are published."""
        site = self._site
        begin = site.id or (site.url if site.url != DEFAULT_URL else self.url)
        return begin if begin.endswith(("/", ":")) else f"{begin}/"

    def _at_home(self, url: str) -> str:
        """A URL of feeds.yaml, absolute."""
        return url if is_absolute(url) else self.url + url.lstrip("/")

    def _entries(self, spot: _Spot) -> list[Entry]:
        content = spot.channel.content
        if self.rendered:
            files = self._windows.paths(spot.channel.selection, spot.period)
            entries = [each for file in files if (each := self.rendered.entry((content, file)))]
            # Some are missing where another process has synced since they were rendered.
            if len(entries) == len(files):
                return entries
        limit = None if spot.period else self._site.limit
        context = self._contexts[content]
        return [as_entry(each, context) for each in self._articles(spot, limit)]

    def _articles(self, spot: _Spot, limit: int | None) -> list[Article]:
        found = self._view.articles(spot.channel.selection, self._topics.family, limit, spot.period)
        return list(map(self._as_published, found))

    def _as_published(self, article: Article) -> Article:
        return article.published_at(self.url, self._topics.canonical(article.topics))

    def sources(self) -> tuple[list[Path], list[Path], datetime | None]:
        """The folders and the other files that it is made of, and when it changes by itself."""
        folder = self._folder
        files = [folder.root / path.lstrip("/") for path in self._media]
        due = None if self._site.future else self._view.next_due()
        configuration = folder.root / (folder.configuration or CONFIGURATION)
        return list(folder.article_folders), [*files, configuration], due

    def entries_of(self, paths: Iterable[str]) -> list[EntryKey]:
        """The entries in the documents at these paths, each once."""
        found: dict[EntryKey, None] = {}
        spots = ((spot.channel, spot.period) for path in paths if (spot := self._spot(path)))
        for channel, period in dict.fromkeys(spots):
            files = self._windows.paths(channel.selection, period)
            found |= dict.fromkeys((channel.content, file) for file in files)
        return list(found)

    def entries_at(self, keys: Sequence[EntryKey]) -> Iterator[tuple[EntryKey, Entry]]:
        """The entries of these keys."""
        articles = self._view.at([file for _content, file in keys])
        for key in keys:
            content, file = key
            if article := articles.get(file):
                yield key, as_entry(self._as_published(article), self._contexts[content])

    def _all_channels(self) -> Iterator[Channel]:
        site = self._site
        about = site.description
        yield Channel("site", "", site.title, site.title, about, Selection(), site.content)
        for each in site.feeds:
            yield Channel(
                "feed", f"feeds/{each.name}/", each.title, each.title, each.description,
                each.selection, each.content or site.content,
            )  # fmt: skip
        for topic in self._topics:
            title = f"{topic.name} · {site.title}"
            selection = Selection(any=(topic.name,))
            yield Channel(
                "topic", f"topics/{topic.slug}/", topic.name, title, topic.description, selection,
                topic.content or site.content,
                f"topics/{topic.parent.slug}/" if topic.parent else "",
            )  # fmt: skip

    def _folder_of_topic(self, name: str) -> str:
        topic = self._topics.named(name)
        return f"topics/{topic.slug}/" if topic else ""

    def _media_file(self, path: str) -> Path | None:
        """The file that lies at a path now: a picture may arrive after its article, or leave."""
        url = self._media.get(path)
        return self._folder.media(url) if url else None

    @cached_property
    def _media(self) -> dict[str, str]:
        """The relative URLs of what articles show or offer, by their published paths."""
        # Paths are as they are after decoding: as a file's name, and as WSGI gives them.
        own = (url for url in (self._site.icon, self._site.logo) if url and not is_absolute(url))
        urls = {unquote(urlsplit(url).path): url for url in (*self._view.media(), *own)}
        # Where a feed lies, or its archive may, no file can.
        folders = {f"/{folder.removesuffix('/')}" for folder in self._channels}
        folders |= {folder.rpartition("/")[0] for folder in folders}
        return {
            path: url
            for path, url in urls.items()
            if path not in folders
            and _OF_ARCHIVE.sub("/", path).lstrip("/") not in self._channels
            and _can_lie(path)
        }


def _moved(to: str, title: str, target: str, url: str) -> Redirect:
    from feeds.formats import page

    return Redirect(to, Document(page.render_moved(title, target, url), page.MEDIA_TYPE))


@lru_cache(maxsize=1)
def _reopened(
    folder: Folder,
    place: str,
    url: str,
    now: datetime,
    unpublished: bool,
    rendered: Rendered | None,
) -> Publication:
    found = Publication(folder, Catalog(place), url=url, now=now, unpublished=unpublished)
    found.rendered = rendered
    return found


def _can_lie(path: str) -> bool:
    """Whether a file may lie at a path: within the tree, and below no document."""
    *folders, name = path.removeprefix("/").split("/")
    return not {"", ".", ".."} & {*folders, name} and not _FILES & {*folders} and name != _INDEX


def _split(path: str) -> tuple[str, str]:
    """The folder of a path, as channels have it, and the name in it."""
    folder, _slash, name = path.removeprefix("/").rpartition("/")
    return (f"{folder}/" if folder else ""), name


def _paths(folder: str) -> Iterator[str]:
    yield f"/{folder}"
    yield from _documents(folder)


def _documents(folder: str) -> Iterator[str]:
    for format in FORMATS:
        yield f"/{folder}{format.file_name}"


def _content_type(format: Format) -> str:
    # JSON is UTF-8 by definition (RFC 8259 §8.1); XML may be told otherwise.
    charset = "" if format.media_type.endswith("json") else "; charset=utf-8"
    return format.media_type + charset
