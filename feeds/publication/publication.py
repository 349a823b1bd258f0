"""The documents of a site by published path.

    publication.paths()             every path of the static tree, in a stable order
    publication.document(path)      the document, file or redirect at a path
    publication.fingerprint(path)   tells if the document has changed, without rendering it

The static writer writes these documents and the live app serves them, so the two cannot disagree.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import cached_property, lru_cache, partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import NamedTuple, TypeAlias
from urllib.parse import unquote, urlsplit

from feeds.catalog.articles import PublishedArticles
from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.catalog.schema import code_fingerprint
from feeds.errors import Problem
from feeds.formats import LIST, PAGE, STYLE, Format, as_entry, render, render_style
from feeds.model.archive import Period
from feeds.model.article import Article
from feeds.model.document import Document, MediaFile, Redirect
from feeds.model.feed import Channel, Context, Entry, Feed, ListedFeed
from feeds.model.selection import Selection
from feeds.model.site import DEFAULT_URL, Author, Podcast
from feeds.parsing.feed_query import directory_search
from feeds.publication.checks import PublishedPodcast, find_problems
from feeds.publication.routes import BY_FILE_NAME, CONTENT_TYPES, Route, Routes
from feeds.text.media_types import DEFAULT_DOWNLOAD, type_of_name
from feeds.text.urls import absolute, is_absolute

#: A result of looking up a path.
Resource: TypeAlias = Document | MediaFile | Redirect
#: An entry's content (one of CONTENTS) and its article's file.
EntryKey: TypeAlias = tuple[str, str]
#: All of a route that decides the feed in its document, which may be that of others too.
_FeedKey: TypeAlias = tuple[Channel, Period | None, str, bool]


class Unrendered(NamedTuple):
    """A feed's document before its entries are in it, for another process to render."""

    #: Without entries; it and the keys are the same objects for all documents of a folder.
    feed: Feed
    format: Format
    #: Of the entries that belong in it.
    keys: Sequence[EntryKey]


class Publication:
    """A site as it is published at one moment."""

    def __init__(
        self, folder: SiteFolder, catalog: Catalog, *, url: str, now: datetime, unpublished: bool
    ) -> None:
        self.url = url
        self.site = folder.site
        #: The URL of the WebSub hub; empty where there is none.
        self.hub = self.site.hub
        self.catalog = catalog
        #: The catalog's, from before anything was read.
        self.revision = catalog.revision()
        self.articles = PublishedArticles(catalog, self.site, now=now, unpublished=unpublished)
        self.routes = Routes(self.site, self.articles.topics, url, self.articles.periods)
        self._site_folder = folder
        self._arguments = url, now, unpublished
        #: The feed that was read last, and the one that was to be rendered elsewhere: callers ask
        #: for all documents of a folder in a row.
        self._last_feed: tuple[_FeedKey, Feed] | None = None
        self._last_unrendered: tuple[_FeedKey, Feed, list[EntryKey]] | None = None
        #: The channel and the period whose fingerprints were taken last, and those.
        self._last_contents: tuple[tuple[Channel, Period | None] | None, str, str] = None, "", ""

    def __reduce__(self) -> tuple[object, ...]:
        """Another process opens the same catalog again."""
        return _reopened, (self._site_folder, self.catalog.place, self._arguments)

    def is_current(self) -> bool:
        """True as long as no process has synced since this was made."""
        return self.catalog.revision() == self.revision

    def problems(self) -> list[Problem]:
        """Every problem of the configuration and the articles."""
        podcasts = []
        for channel in self.routes.channels.values():
            if channel.podcast:
                episodes = self.articles.select(channel.selection, self.site.limit)
                left_out = self.articles.left_out(channel.selection)
                feed = self.feed_without_entries(channel)
                podcasts.append(PublishedPodcast(feed, channel.podcast, episodes, left_out))
        return find_problems(self._site_folder, self.catalog, self.articles, podcasts, self.routes)

    @cached_property
    def listed(self) -> tuple[ListedFeed, ...]:
        """Every feed with the number of its articles: the site's, the named ones, the topics'."""
        return tuple(
            ListedFeed(channel, self.url + channel.folder, *self.articles.count(channel.selection))
            for channel in self.routes.channels.values()
        )

    def paths(self) -> Iterator[str]:
        """Every path at which something is published; a page's ends with a slash."""
        self.articles.load()
        yield from self.routes.paths()
        yield from filter(self._file, self._media_urls)

    def document(self, path: str) -> Resource | None:
        """The document, file or redirect at a path; None if nothing is published there."""
        return self._find(path, self._render)

    def outline(self, path: str) -> Resource | None:
        """The same as document(), without rendering: documents have no bytes."""
        return self._find(path, self._outline)

    def unrendered(self, path: str) -> Unrendered | None:
        """A feed's document before its entries are in it; None for everything else."""
        route = self.routes.route(path)
        is_page = route and not route.name and route.folder and not route.has_moved
        if not route or not (is_page or route.name in BY_FILE_NAME):
            return None
        key, last = _key_of_feed(route), self._last_unrendered
        if not last or last[0] != key:
            content, selection = route.channel.content, route.channel.selection
            keys = [(content, file) for file in self.articles.paths(selection, route.period)]
            self._last_unrendered = last = key, self._header(route), keys
        return Unrendered(last[1], BY_FILE_NAME.get(route.name, PAGE), last[2])

    def cache_control(self, document: Document) -> str:
        """A document's Cache-Control header."""
        return document.cache_control(self.site.max_age, self.site.stale_while_revalidate)

    def fingerprint(self, path: str) -> str:
        """Labelled digests of all that decides the bytes at a path; empty where that is unknown.

        Two documents of one fingerprint have the same bytes. The labels, as in "code:… feed:…",
        tell why two differ: code (ours and the libraries'), configuration (feeds.yaml and the URL),
        feed (its own settings and place), articles, history (the archive's periods), feeds (the
        list of feeds) or file.
        """
        if file := self._file(path):
            try:
                stat = file.stat()
            except OSError:  # deleted or unreadable since
                return ""
            # The time of modification may be set; the other one is the system's.
            state = f"{file} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}"
            return f"file:{_short_digest(state)}"
        route = self.routes.route(path)
        if not route:
            return ""
        if route.name == STYLE.file_name:
            return self._common_fingerprint
        if route.name == LIST.file_name:
            return f"{self._common_fingerprint} {self._list_fingerprint}"
        settings, contents = self._fingerprints_of_folder(route)
        own = f"{self._common_fingerprint} feed:{_short_digest(f'{path} {settings}')}"
        if route.has_moved and not route.name:  # a page that leads elsewhere
            return own
        feeds = f" {self._list_fingerprint}" if path == "/" else ""
        return f"{own} {contents}{feeds}"

    def _fingerprints_of_folder(self, route: Route) -> tuple[str, str]:
        """Digest of a folder's settings, and the labelled ones of what its documents contain."""
        key = channel, period = route.channel, route.period
        last = self._last_contents
        if last[0] != key:
            articles = self.articles.fingerprint(channel.selection, period)
            history = _short_digest(repr(self.routes.history(route)))
            settings = _short_digest(repr(key))
            last = key, settings, f"articles:{articles} history:{history}"
            self._last_contents = last
        return last[1:]

    @cached_property
    def digest(self) -> str:
        """Digest of all that decides any document: two publications of one digest are the same."""
        due = self.articles.next_due()
        return _short_digest(f"{self._common_fingerprint} {self.revision} {due}")

    def unmeasured(self) -> list[str]:
        """The URLs of published enclosures whose length is unknown."""
        files = {file for _content, file in self.entry_keys(self.paths())}
        return self.catalog.unmeasured(files)

    def entry_keys(self, paths: Iterable[str]) -> list[EntryKey]:
        """The keys of all entries in the documents at these paths, each once."""
        routes = filter(None, map(self.routes.route, paths))
        keys: dict[EntryKey, None] = {}
        for channel, period in dict.fromkeys((route.channel, route.period) for route in routes):
            files = self.articles.paths(channel.selection, period)
            keys |= dict.fromkeys((channel.content, file) for file in files)
        return list(keys)

    def entries(self, keys: Sequence[EntryKey]) -> Iterator[tuple[EntryKey, Entry]]:
        """The entries with these keys, without those whose article is gone since."""
        articles = self.articles.by_file([file for _content, file in keys])
        for content, file in keys:
            if article := articles.get(file):
                entry = as_entry(self._as_published(article), self.context(content))
                yield (content, file), entry

    def select(
        self, selection: Selection, limit: int | None, period: Period | None = None
    ) -> list[Article]:
        """The newest articles of a selection as they are published: with absolute URLs."""
        articles = self.articles.select(selection, limit, period)
        return list(map(self._as_published, articles.values()))

    def context(self, content: str) -> Context:
        """The context of entries with this content (one of CONTENTS)."""
        site, routes = self.site, self.routes
        return Context(
            self.url, site.related_in_rss, routes.folder_of_topic, content, site.author,
            routes.topics_url, site.timezone,
        )  # fmt: skip

    def feed_without_entries(self, channel: Channel, route: Route | None = None) -> Feed:
        """A channel's feed without entries, at a route (by default in its own folder)."""
        site, route = self.site, route or Route(f"/{channel.folder}", channel, None, "")
        # An id must not change when the site is published under another URL.
        identity = site.id or (site.url if site.url != DEFAULT_URL else self.url)
        identity = identity if identity.endswith(("/", ":")) else f"{identity}/"
        author = site.author or Author(site.title)
        podcast = channel.podcast or site.podcast or Podcast()
        return Feed(
            id=f"{identity}{channel.folder}{channel.query}",
            title=channel.title,
            description=channel.description or channel.title,
            url=f"{self.url}{channel.folder}{channel.query}",
            base=self.url + route.folder,
            root=route.root,
            has_moved=route.has_moved,
            query=channel.query,
            author=author,
            language=site.language,
            icon=absolute(site.icon, self.url),
            logo=absolute(site.logo, self.url),
            rights=site.rights,
            entries=(),
            podcast=replace(
                podcast,
                image=absolute(podcast.image, self.url),
                author=podcast.author or author.name,
                owner_name=podcast.owner_name or author.name,
                owner_email=podcast.owner_email or author.email,
            ),
            is_podcast=channel.podcast is not None,
        )

    def directory(self, query: str = "") -> Document:
        """The page of all feeds, or of those that a query searches for."""
        from feeds.formats import pages

        words, channel = directory_search(query), self.routes.channels[""]
        # No more than the feed holds: the fingerprint covers no other article.
        limit = 0 if words else min(pages.ON_DIRECTORY, self.site.limit)
        newest = self.select(channel.selection, limit)
        feed = self._feed(Route("/", channel, None, ""))
        body = pages.render_directory(feed, self.listed, newest, words, self.site.timezone)
        return Document(body, PAGE.content_type)

    @cached_property
    def _common_fingerprint(self) -> str:
        configuration = _short_digest(f"{self.url} {self.site!r}")
        return f"code:{code_fingerprint()[:32]} configuration:{configuration}"

    @cached_property
    def _list_fingerprint(self) -> str:
        return f"feeds:{_short_digest(repr(self.listed))}"

    @cached_property
    def _media_urls(self) -> dict[str, str]:
        """The URLs of the site's own files as written, by their published paths, sorted."""
        site = self.site
        podcasts = (site.podcast, *(channel.podcast for channel in self.routes.channels.values()))
        own = {site.icon, site.logo, *(podcast.image for podcast in podcasts if podcast)}
        in_articles = (url for url, _path, _uses in self.articles.media())
        urls = (url for url in (*in_articles, *own) if url and not is_absolute(url))
        # Decoded, as file names and WSGI have paths.
        by_path = {unquote(urlsplit(url).path): url for url in urls}
        return {path: by_path[path] for path in sorted(by_path) if self.routes.is_free(path)}

    def _file(self, path: str) -> Path | None:
        """Look for the file at a path: it may come or go at any time."""
        url = self._media_urls.get(path)
        return self._site_folder.media_file(url) if url else None

    @cached_property
    def _lengths(self) -> dict[str, int]:
        return self.catalog.lengths()

    def _find(self, path: str, render: Callable[[Route], Document]) -> Resource | None:
        if route := self.routes.route(path):
            if route.has_moved:
                return Redirect(route.current_path, partial(render, route))
            return render(route)
        if file := self._file(path):
            return MediaFile(file, type_of_name(file.name, DEFAULT_DOWNLOAD))
        page = self.routes.page_of(path)
        return Redirect(page) if page else None

    def _outline(self, route: Route) -> Document:
        return Document(b"", CONTENT_TYPES[route.name], bool(self.routes.history(route).next))

    def _render(self, route: Route) -> Document:
        # Imported late, as every renderer: most builds have to render little.
        from feeds.formats import opml, pages

        if route.name == STYLE.file_name:
            body = render_style()
        elif route.name == LIST.file_name:
            body = opml.render_opml(self.site.title, self.listed)
        elif route.name:
            return feed_document(self._feed(route), route.name)
        elif route.has_moved:
            target = f"{posixpath.relpath(route.current_path, posixpath.dirname(route.path))}/"
            body = pages.render_moved(route.channel.title, target, self.url + route.folder)
        elif route.folder:
            body = render(self._feed(route), PAGE)
        else:
            return self.directory()
        return replace(self._outline(route), body=body)

    def _header(self, route: Route) -> Feed:
        """The feed without entries."""
        return replace(
            self.feed_without_entries(route.channel, route),
            # Subscribers poll the newest document alone, and nobody subscribes to a copy.
            hub="" if route.period or route.has_moved else self.hub,
            history=self.routes.history(route),
        )

    def _feed(self, route: Route) -> Feed:
        key, last = _key_of_feed(route), self._last_feed
        if not last or last[0] != key:
            limit = None if route.period else self.site.limit
            articles = self.select(route.channel.selection, limit, route.period)
            context = self.context(route.channel.content)
            entries = [as_entry(article, context) for article in articles]
            self._last_feed = last = key, replace(self._header(route), entries=entries)
        return last[1]

    def _as_published(self, article: Article) -> Article:
        topics = self.articles.topics.canonical(article.topics)
        return article.as_published(self.url, topics, self._lengths)


def _key_of_feed(route: Route) -> _FeedKey:
    return route.channel, route.period, route.root, route.has_moved


def feed_document(feed: Feed, file_name: str) -> Document:
    """The feed in the format of a file name, with the Link header of its response (WebSub §4)."""
    format = BY_FILE_NAME[file_name]
    links = ((feed.hub, "hub"), (feed.base + file_name, "self")) if feed.hub else ()
    return Document(render(feed, format), format.content_type, bool(feed.history.next), links)


def _short_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


# A process of a pool receives its publication again with each chunk of work, and opens it once.
@lru_cache(maxsize=1)
def _reopened(folder: SiteFolder, place: str, arguments: tuple[str, datetime, bool]) -> Publication:
    url, now, unpublished = arguments
    with ExitStack() as stack:
        catalog = Catalog(place)
        stack.callback(catalog.close)
        publication = Publication(folder, catalog, url=url, now=now, unpublished=unpublished)
        # At the latest when the process ends. A process of a pool skips atexit, and with it
        # weakref.finalize.
        Finalize(publication, stack.pop_all().close, exitpriority=0)
    return publication
