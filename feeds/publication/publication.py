"""What exists at which path: the one place that knows.

    publication.paths()          every path, in a stable order
    publication.document(path)   what lies there: a Document, a MediaFile, a Redirect or nothing

The static writer writes what this gives and the live app serves it, so the two cannot disagree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Protocol, TypeAlias

from feeds.catalog.articles import PublishedArticles
from feeds.catalog.database import code_fingerprint
from feeds.catalog.folder import Folder
from feeds.catalog.membership import FeedMembership
from feeds.catalog.state import ProbeResult
from feeds.catalog.sync import Catalog
from feeds.errors import Problem
from feeds.formats import (
    LIST_TYPE,
    PAGE_TYPE,
    STYLE,
    STYLE_TYPE,
    as_entry,
    render_style,
)
from feeds.model.archive import Period, cut
from feeds.model.article import Article
from feeds.model.document import BadRequest, Document, MediaFile, Redirect
from feeds.model.feed import Context, Entry, Feed, FeedSummary, History
from feeds.model.selection import Selection
from feeds.model.site import CONTENTS
from feeds.model.topics import Topic, Topics
from feeds.parsing.feed_query import feed_search
from feeds.publication.assets import Media
from feeds.publication.checks import unmet
from feeds.publication.custom import Custom
from feeds.publication.routes import (
    ARCHIVE,
    BY_FILE_NAME,
    IN_ARCHIVE,
    Channel,
    Route,
    channels_of,
    documents_in,
    feed_document,
    feed_header,
    paths_in,
    root_from,
    split,
)
from feeds.text.media_types import DEFAULT_DOWNLOAD, type_of_name

_SUBSCRIPTIONS, _STYLE = "/subscriptions.opml", f"/{STYLE}"
#: Those that are of no feed.
_LONE = {_SUBSCRIPTIONS: LIST_TYPE, _STYLE: STYLE_TYPE}
#: What a page is called as a file.
_INDEX = "index.html"
_FILES = {*BY_FILE_NAME, _INDEX, _SUBSCRIPTIONS.removeprefix("/"), STYLE}


#: How much of an article is told, and the article's file.
EntryKey: TypeAlias = tuple[str, str]


class RenderedEntries(Protocol):
    """Entries that were rendered already. Picklable, so that other processes find them too."""

    def entry(self, key: EntryKey) -> Entry | None:
        """The entry with a key, if it is there."""

    def close(self) -> None:
        """Lets go of what it holds open."""


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
        self._view = PublishedArticles(
            catalog,
            now=now,
            unpublished=unpublished or folder.site.unpublished,
            future=folder.site.future,
        )
        #: The index behind it.
        self.catalog = catalog
        self._topics = Topics(self._site.topics, self._view.topic_names())
        self._channels = {each.folder: each for each in channels_of(self._site, self._topics)}
        self._last_feed: tuple[str, Feed] | None = None
        self._periods: dict[str, tuple[Period, ...]] = {}
        self._histories: dict[str, dict[Period | None, History]] = {}
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
        self.rendered: RenderedEntries | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """Another process opens the same catalog anew."""
        moment, unpublished = self._moment
        return _reopened, (
            self._folder, self.catalog.place, self.url, moment, unpublished, self.rendered,
        )  # fmt: skip

    @property
    def view(self) -> PublishedArticles:
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
                    *self._unmet(),
                ]
            ),
        ]

    def _unmet(self) -> set[Problem]:
        """What directories require of the podcasts, and these miss."""
        return {
            problem
            for channel in self._channels.values()
            if channel.podcast
            for problem in unmet(
                self._folder,
                self._feed(Route(channel, channel.folder, None, "")),
                channel.podcast,
                self._view.at(self._newest(channel)),
                self._lengths,
            )
        }

    def _newest(self, channel: Channel) -> list[str]:
        """The files of a feed's newest articles."""
        found = self._view.paths(channel.selection, self._topics.family)
        return found[: self._site.limit]

    @cached_property
    def listed(self) -> tuple[FeedSummary, ...]:
        """Every feed, with the number of its articles: the site's, the named ones, the topics."""
        counts = self._view.topic_counts()

        def count(channel: Channel) -> tuple[int, datetime | None]:
            family = [self._topics.family(name) for name in channel.selection.any]
            if channel.kind == "topic" and len(family[0]) == 1 and not channel.podcast:
                return counts.get(next(iter(family[0])), (0, None))
            return self._view.count(channel.selection, self._topics.family)

        return tuple(
            FeedSummary(
                channel.kind, channel.title, channel.name, channel.description, channel.folder,
                self.url + channel.folder, *count(channel), channel.parent,
            )
            for channel in self._channels.values()
        )  # fmt: skip

    def paths(self) -> Iterator[str]:
        """Every path at which something lies, folders with a slash at their end."""
        yield _SUBSCRIPTIONS
        yield _STYLE
        for folder, channel in self._channels.items():
            yield from paths_in(folder)
            for period in self._membership.periods(channel.selection):
                yield from paths_in(f"{folder}{ARCHIVE}{period.name}/")
        for slug in self._topics.former:
            yield from paths_in(f"topics/{slug}/")
        yield from filter(self._media.file, self._media)

    def document(self, path: str) -> Document | MediaFile | Redirect | None:
        """What lies at a path, or None."""
        if path == _SUBSCRIPTIONS:
            from feeds.formats import opml

            return Document(opml.render_opml(self._site.title, self.listed), opml.MEDIA_TYPE)
        if path == _STYLE:
            return Document(render_style(), STYLE_TYPE)
        route = self._route(path)
        if not route:
            return self._other(path)
        channel = route.channel
        if route.folder == channel.folder:
            return self._rendered(route)
        now_at = f"/{channel.folder}{route.archive_path}{route.name}"
        if route.name:
            return Redirect(now_at, self._rendered(route))
        beside = channel.folder.removeprefix("topics/")
        return _moved(now_at, channel.title, f"../{beside}", self.url + channel.folder)

    def custom(self, path: str, query: str) -> Document | Redirect | BadRequest | None:
        """What an app alone makes at a path for a query, where custom.is_query_page() says so."""
        if path == "/":
            home = Route(self._channels[""], "", None, "")
            return self._rendered(home, query=feed_search(query))
        return self._custom.document(path, query)

    def outline(self, path: str) -> Document | MediaFile | Redirect | None:
        """What lies at a path, without the bytes of documents."""
        if path in _LONE:
            return Document(b"", _LONE[path])
        if not (route := self._route(path)):
            return self._other(path)
        type = BY_FILE_NAME[route.name].content_type if route.name else PAGE_TYPE
        is_closed = bool(self._history(route.channel, route.period).next)
        found = Document(b"", type, is_closed)
        home = route.channel.folder
        return (
            found
            if route.folder == home
            else Redirect(f"/{home}{route.archive_path}{route.name}", found)
        )

    def cache_control(self, document: Document) -> str:
        """How long a document may be kept, as the Cache-Control header has it."""
        return document.cache_control(self._site.max_age, self._site.stale_while_revalidate)

    @property
    def hub(self) -> str:
        """The URL of the hub that is told of changes; empty where there is none."""
        return self._site.hub

    def newest_documents(self) -> Iterator[tuple[str, str]]:
        """The path and the URL of every document that a subscriber asks for."""
        for folder in self._channels:
            for path in documents_in(folder):
                yield path, self.url + path.removeprefix("/")

    def fingerprint(self, path: str) -> str:
        """Labelled digests of all that decides the bytes at a path; empty where that is unknown.

        Two documents of one fingerprint have the same bytes. The labels, as in "site:… feed:…",
        tell why two differ: site (the configuration and our code), feed (its own settings and
        place), articles, history (the list of archive periods), feeds (the list of feeds) or file.
        """
        if file := self._media.file(path):
            try:
                stat = file.stat()
            except OSError:  # deleted or unreadable since
                return ""
            return f"file:{_short_digest(f'{file} {stat.st_size} {stat.st_mtime_ns}')}"
        if path == _SUBSCRIPTIONS:
            return f"{self._site_fingerprint} {self._list_fingerprint}"
        if path == _STYLE:
            return self._site_fingerprint
        route = self._route(path)
        if not route:
            return ""
        own = f"{self._site_fingerprint} feed:{_short_digest(repr(route))}"
        if route.folder != route.channel.folder and not route.name:  # a page that leads elsewhere
            return own
        articles = self._membership.fingerprint(route.channel.selection, route.period)
        history = _short_digest(repr(self._history(route.channel, route.period)))
        feeds = f" {self._list_fingerprint}" if path == "/" else ""
        return f"{own} articles:{articles} history:{history}{feeds}"

    def _route(self, path: str) -> Route | None:
        """What document of which feed is meant by a path."""
        folder, name = split(path)
        if name and name not in BY_FILE_NAME:
            return None
        in_archive = IN_ARCHIVE.fullmatch(folder)
        if in_archive:
            folder = in_archive[1] or ""
        channel = self._channels.get(folder)
        if not channel and (moved := self._moved_from(folder)):
            channel = self._channels[f"topics/{moved.slug}/"]
        if not channel or not in_archive:
            return Route(channel, folder, None, name) if channel else None
        for period in self._periods_of(channel):
            if period.name == in_archive[2]:
                return Route(channel, folder, period, name)
        return None

    def _periods_of(self, channel: Channel) -> tuple[Period, ...]:
        """The periods of a feed's archive, oldest first."""
        if "_membership" in self.__dict__:
            return self._membership.periods(channel.selection)
        if channel.folder not in self._periods:
            days = self._view.days(channel.selection, self._topics.family)
            self._periods[channel.folder] = cut(days, self._site.limit)
        return self._periods[channel.folder]

    def _history(self, channel: Channel, period: Period | None) -> History:
        """Where a document stands among those of its feed."""
        if channel.folder not in self._histories:
            self._histories[channel.folder] = dict(self._histories_of(channel))
        return self._histories[channel.folder][period]

    def _histories_of(self, channel: Channel) -> Iterator[tuple[Period | None, History]]:
        periods = self._periods_of(channel)
        folders = [f"{self.url}{channel.folder}{ARCHIVE}{each.name}/" for each in periods]
        yield (
            None,
            History(
                is_complete=not periods,
                previous=folders[-1] if folders else "",
                periods=tuple(each.name for each in reversed(periods)),
            ),
        )
        around = zip(periods, ("", *folders), (*folders[1:], ""), strict=False)
        for period, previous, newer in around:
            # One that leads nowhere says that this is all, as W3C's validator wants it.
            alone = not (previous or newer)
            yield period, History(True, is_complete=alone, previous=previous, next=newer)

    @cached_property
    def _site_fingerprint(self) -> str:
        return f"site:{_short_digest(f'{code_fingerprint()} {self.url} {self._site!r}')}"

    @cached_property
    def _list_fingerprint(self) -> str:
        return f"feeds:{_short_digest(repr(self.listed))}"

    @cached_property
    def _membership(self) -> FeedMembership:
        return FeedMembership(self._view, self._topics, self._site.limit)

    @cached_property
    def _custom(self) -> Custom:
        return Custom(
            self._site, self._topics, self._channels, self._contexts[self._site.content],
            self._head, self._articles, self.catalog.search.is_ready,
        )  # fmt: skip

    @cached_property
    def _media(self) -> Media:
        site = self._site
        podcasts = (site.podcast, *(each.podcast for each in self._channels.values()))
        own = {site.icon, site.logo, *(each.image for each in podcasts if each)}
        return Media(self._folder, (*self._view.media(), *own), self._channels, _FILES)

    def _other(self, path: str) -> MediaFile | Redirect | None:
        if file := self._media.file(path):
            return MediaFile(file, type_of_name(file.name, DEFAULT_DOWNLOAD))
        slashed = f"{path.removesuffix('/index.html').rstrip('/')}/"
        folder = slashed.removeprefix("/")
        if slashed == path:
            return None
        if moved := self._moved_from(folder):
            slashed = f"/topics/{moved.slug}/"
            folder = slashed.removeprefix("/")
        if folder not in self._channels and not self._route(slashed):
            return None
        return _moved(slashed, self._site.title, self.url + folder, self.url + folder)

    def _moved_from(self, folder: str) -> Topic | None:
        """The topic that had this folder."""
        kind, _slash, slug = folder.removesuffix("/").partition("/")
        return self._topics.former.get(slug) if kind == "topics" else None

    def _rendered(self, route: Route, query: str = "") -> Document:
        if route.name:
            return feed_document(self._feed(route), BY_FILE_NAME[route.name])
        # Imported late, as every renderer is: most of what is published need not be made again.
        from feeds.formats import pages as page

        if route.period:
            body = page.render_period(self._feed(route), route.period.name)
        elif not route.folder:
            # No more than the feed has: its articles decide what is made anew.
            most = 0 if query else min(page.ON_DIRECTORY, self._site.limit)
            newest = self._articles(route.channel.selection, most)
            body = page.render_directory(self._feed(route), self.listed, newest, query)
        else:
            body = page.render_feed(self._feed(route))
        is_closed = bool(self._history(route.channel, route.period).next)
        return Document(body, page.MEDIA_TYPE, is_closed)

    def _feed(self, route: Route) -> Feed:
        base = f"{self.url}{route.folder}{route.archive_path}"
        # A feed's documents are asked for one after the other: its articles are fetched once.
        if (last := self._last_feed) and last[0] == base:
            return last[1]
        feed = replace(
            self._head(route.channel),
            base=base,
            root=root_from(route.folder + route.archive_path),
            # Nobody has to be told at once of what is old.
            hub="" if route.period else self._site.hub,
            entries=self._entries(route),
            history=self._history(route.channel, route.period),
        )
        self._last_feed = base, feed
        return feed

    def _head(self, channel: Channel) -> Feed:
        return feed_header(channel, self._site, self.url)

    def _entries(self, route: Route) -> list[Entry]:
        content = route.channel.content
        if self.rendered:
            files = self._membership.paths(route.channel.selection, route.period)
            entries = [each for file in files if (each := self.rendered.entry((content, file)))]
            # Some are missing where another process has synced since they were rendered.
            if len(entries) == len(files):
                return entries
        limit = None if route.period else self._site.limit
        context = self._contexts[content]
        articles = self._articles(route.channel.selection, limit, route.period)
        return [as_entry(each, context) for each in articles]

    def _articles(
        self, selection: Selection, limit: int | None, period: Period | None = None
    ) -> list[Article]:
        found = self._view.articles(selection, self._topics.family, limit, period)
        return list(map(self._as_published, found))

    def _as_published(self, article: Article) -> Article:
        topics = self._topics.canonical(article.topics)
        return article.published_at(self.url, topics, self._lengths)

    @cached_property
    def _lengths(self) -> dict[str, int]:
        return self.catalog.lengths()

    def unmeasured(self) -> list[str]:
        """The URLs of the enclosures that are published and whose servers have told no length."""
        files = {file for _content, file in self.entries_of(self.paths())}
        return self.catalog.unmeasured(sorted(files))

    def record_file_sizes(self, answers: Sequence[ProbeResult], now: datetime) -> None:
        """Keeps what servers told, for every publication from now on."""
        self.catalog.record_file_sizes(answers, int(now.timestamp()))

    def entries_of(self, paths: Iterable[str]) -> list[EntryKey]:
        """The entries in the documents at these paths, each once."""
        found: dict[EntryKey, None] = {}
        routes = ((route.channel, route.period) for path in paths if (route := self._route(path)))
        for channel, period in dict.fromkeys(routes):
            files = self._membership.paths(channel.selection, period)
            found |= dict.fromkeys((channel.content, file) for file in files)
        return list(found)

    def entries_at(self, keys: Sequence[EntryKey]) -> Iterator[tuple[EntryKey, Entry]]:
        """The entries of these keys."""
        articles = self._view.at([file for _content, file in keys])
        for key in keys:
            content, file = key
            if article := articles.get(file):
                yield key, as_entry(self._as_published(article), self._contexts[content])

    def _folder_of_topic(self, name: str) -> str:
        topic = self._topics.named(name)
        return f"topics/{topic.slug}/" if topic else ""


def _short_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _moved(to: str, title: str, target: str, url: str) -> Redirect:
    from feeds.formats import pages as page

    return Redirect(to, Document(page.render_moved(title, target, url), page.MEDIA_TYPE))


@lru_cache(maxsize=1)
def _reopened(
    folder: Folder,
    place: str,
    url: str,
    now: datetime,
    unpublished: bool,
    rendered: RenderedEntries | None,
) -> Publication:
    found = Publication(folder, Catalog(place), url=url, now=now, unpublished=unpublished)
    found.rendered = rendered
    return found
