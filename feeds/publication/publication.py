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
from typing import Protocol, TypeAlias
from urllib.parse import unquote, urlsplit

from feeds.catalog.articles import PublishedArticles
from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import Folder
from feeds.catalog.membership import FeedMembership
from feeds.catalog.schema import code_fingerprint
from feeds.errors import Problem
from feeds.formats import LIST_TYPE, PAGE, PAGE_TYPE, STYLE_TYPE, as_entry, render, render_style
from feeds.model.archive import Period, cut
from feeds.model.article import Article
from feeds.model.document import BadRequest, Document, MediaFile, Redirect
from feeds.model.feed import Context, Entry, Feed, FeedSummary
from feeds.model.selection import Selection
from feeds.model.topics import build_topics
from feeds.parsing.feed_query import feed_search
from feeds.publication.channels import Channel, channels_of, feed_document, feed_header
from feeds.publication.checks import find_problems
from feeds.publication.custom import CustomFeeds
from feeds.publication.routes import BY_FILE_NAME, OPML_PATH, STYLE_PATH, Route, Routes
from feeds.text.media_types import DEFAULT_DOWNLOAD, type_of_name
from feeds.text.urls import is_absolute

#: A result of looking up a path.
Resource: TypeAlias = Document | MediaFile | Redirect
#: An entry's content (one of CONTENTS) and its article's file.
EntryKey: TypeAlias = tuple[str, str]


class RenderedEntries(Protocol):
    """Entries that were rendered before. Picklable, for other processes to read them too."""

    def entry(self, key: EntryKey) -> Entry | None:
        """The entry with a key; None if it was not rendered."""

    def close(self) -> None:
        """Close the files behind them."""


class Publication:
    """A site as it is published at one moment."""

    def __init__(
        self, folder: Folder, catalog: Catalog, *, url: str, now: datetime, unpublished: bool
    ) -> None:
        self.url = url
        #: The URL of the WebSub hub; empty where there is none.
        self.hub = folder.site.hub
        self.catalog = catalog
        #: The catalog's, from before anything was read.
        self.revision = catalog.revision()
        drafts, future = unpublished or folder.site.unpublished, folder.site.future
        self.view = PublishedArticles(catalog, now=now, unpublished=drafts, future=future)
        self._rendered: RenderedEntries | None = None
        self._folder = folder
        self._site = folder.site
        self._reopen_arguments = folder, catalog.place, url, now, unpublished
        self._topics = build_topics(self._site.topics, self.view.topic_names())
        channels = channels_of(self._site, self._topics)
        self._routes = Routes(channels, self._topics, url, self._periods)
        self._loaded_membership: FeedMembership | None = None
        #: Callers ask for the documents of a folder in a row: its articles are read once.
        self._last_feed: Feed | None = None

    def with_rendered(self, entries: RenderedEntries) -> Publication:
        """The same publication with these entries, which the caller closes, in place of its own."""
        publication = object.__new__(Publication)
        publication.__dict__ |= self.__dict__ | {"_rendered": entries}
        return publication

    def __reduce__(self) -> tuple[object, ...]:
        """Another process opens the same catalog again."""
        return _reopened, (*self._reopen_arguments, self._rendered)

    def is_current(self) -> bool:
        """True as long as no process has synced since this was made."""
        return self.catalog.revision() == self.revision

    def problems(self) -> list[Problem]:
        """Every problem of the configuration and the articles."""
        limit, family = self._site.limit, self._topics.family
        podcasts = []
        for folder, channel in self._routes.channels.items():
            if channel.podcast:
                files = self.view.paths(channel.selection, family)[:limit]
                header = feed_header(channel, folder, self._site, self.url)
                podcasts.append((header, channel.podcast, self.view.at(files)))
        return find_problems(self._folder, self._topics, self.catalog, self.view, podcasts)

    @cached_property
    def listed(self) -> tuple[FeedSummary, ...]:
        """Every feed with the number of its articles: the site's, the named ones, the topics'."""
        counts = self.view.topic_counts()

        def count(channel: Channel) -> tuple[int, datetime | None]:
            family = [self._topics.family(name) for name in channel.selection.any]
            if channel.kind == "topic" and len(family[0]) == 1 and not channel.podcast:
                return counts.get(next(iter(family[0])), (0, None))
            return self.view.count(channel.selection, self._topics.family)

        return tuple(
            FeedSummary(
                channel.kind, channel.title, channel.name, channel.description, channel.folder,
                self.url + channel.folder, *count(channel), channel.parent,
            )
            for channel in self._routes.channels.values()
        )  # fmt: skip

    def paths(self) -> Iterator[str]:
        """Every path at which something is published; a page's ends with a slash."""
        yield from self._routes.paths(self._membership.periods)
        yield from filter(self._file, self._media_urls)

    def document(self, path: str) -> Resource | None:
        """The document, file or redirect at a path; None if nothing is published there."""
        if path == OPML_PATH:
            from feeds.formats import opml

            return Document(opml.render_opml(self._site.title, self.listed), LIST_TYPE)
        if path == STYLE_PATH:
            return Document(render_style(), STYLE_TYPE)
        return self._find(path, self._render)

    def outline(self, path: str) -> Resource | None:
        """The same as document(), without rendering: documents have no bytes."""
        if path in (OPML_PATH, STYLE_PATH):
            return Document(b"", LIST_TYPE if path == OPML_PATH else STYLE_TYPE)
        return self._find(path, self._outline)

    def custom(self, path: str, query: str) -> Document | Redirect | BadRequest:
        """The live app's response where is_query_page() is true. Raises NotReadyError."""
        if path == "/":
            return self._render_page(Route(self._routes.channels[""], "", None, ""), query)
        custom = CustomFeeds(
            self._site, self._topics, self._routes, self._context(self._site.content),
            self._articles, self.catalog.search.is_ready,
        )  # fmt: skip
        return custom.document(path, query)

    def cache_control(self, document: Document) -> str:
        """A document's Cache-Control header."""
        return document.cache_control(self._site.max_age, self._site.stale_while_revalidate)

    def newest_documents(self) -> Iterator[tuple[str, str]]:
        """The path and the URL of each document that a subscriber polls."""
        for path in self._routes.newest_documents():
            yield path, self.url + path.removeprefix("/")

    def fingerprint(self, path: str) -> str:
        """Labelled digests of all that decides the bytes at a path; empty where that is unknown.

        Two documents of one fingerprint have the same bytes. The labels, as in "site:… feed:…",
        tell why two differ: code (ours and the libraries'), site (the configuration), feed (its own
        settings and place), articles, history (the archive's periods), feeds (the list of feeds) or
        file.
        """
        if file := self._file(path):
            try:
                stat = file.stat()
            except OSError:  # deleted or unreadable since
                return ""
            return f"file:{_short_digest(f'{file} {stat.st_size} {stat.st_mtime_ns}')}"
        if path == OPML_PATH:
            return f"{self._site_fingerprint} {self._list_fingerprint}"
        if path == STYLE_PATH:
            return self._site_fingerprint
        route = self._routes.route(path)
        if not route:
            return ""
        own = f"{self._site_fingerprint} feed:{_short_digest(repr(route))}"
        if route.has_moved and not route.name:  # a page that leads elsewhere
            return own
        articles = self._membership.fingerprint(route.channel.selection, route.period)
        history = _short_digest(repr(self._routes.history(route)))
        feeds = f" {self._list_fingerprint}" if path == "/" else ""
        return f"{own} articles:{articles} history:{history}{feeds}"

    def unmeasured(self) -> list[str]:
        """The URLs of published enclosures whose length is unknown."""
        files = {file for _content, file in self.entries_of(self.paths())}
        return self.catalog.unmeasured(sorted(files))

    def entries_of(self, paths: Iterable[str]) -> list[EntryKey]:
        """The keys of all entries in the documents at these paths, each once."""
        routes = filter(None, map(self._routes.route, paths))
        keys: dict[EntryKey, None] = {}
        for channel, period in dict.fromkeys((route.channel, route.period) for route in routes):
            files = self._membership.paths(channel.selection, period)
            keys |= dict.fromkeys((channel.content, file) for file in files)
        return list(keys)

    def entries_at(self, keys: Sequence[EntryKey]) -> Iterator[tuple[EntryKey, Entry]]:
        """The entries with these keys, without those whose article is gone since."""
        articles = self.view.at([file for _content, file in keys])
        for content, file in keys:
            if article := articles.get(file):
                entry = as_entry(self._as_published(article), self._context(content))
                yield (content, file), entry

    @cached_property
    def _site_fingerprint(self) -> str:
        site = _short_digest(f"{self.url} {self._site!r}")
        return f"code:{code_fingerprint()[:32]} site:{site}"

    @cached_property
    def _list_fingerprint(self) -> str:
        return f"feeds:{_short_digest(repr(self.listed))}"

    @property
    def _membership(self) -> FeedMembership:
        if not self._loaded_membership:
            site = self._site
            self._loaded_membership = FeedMembership(self.view, self._topics, site.limit)
        return self._loaded_membership

    def _periods(self, selection: Selection) -> tuple[Period, ...]:
        if self._loaded_membership:
            return self._loaded_membership.periods(selection)
        # A live app renders few feeds: a query for each costs less than loading the membership.
        return cut(self.view.days(selection, self._topics.family), self._site.limit)

    @cached_property
    def _media_urls(self) -> dict[str, str]:
        """The URLs of the site's own files as written, by their published paths, sorted."""
        site = self._site
        podcasts = (site.podcast, *(channel.podcast for channel in self._routes.channels.values()))
        own = {site.icon, site.logo, *(podcast.image for podcast in podcasts if podcast)}
        urls = (url for url in (*self.view.media(), *own) if url and not is_absolute(url))
        # Decoded, as file names and WSGI have paths.
        by_path = {unquote(urlsplit(url).path): url for url in urls}
        return {path: by_path[path] for path in sorted(by_path) if self._routes.is_free(path)}

    def _file(self, path: str) -> Path | None:
        """Look for the file at a path: it may come or go at any time."""
        url = self._media_urls.get(path)
        return self._folder.media_file(url) if url else None

    @cached_property
    def _lengths(self) -> dict[str, int]:
        return self.catalog.lengths()

    def _find(self, path: str, render: Callable[[Route], Document]) -> Resource | None:
        if route := self._routes.route(path):
            if route.has_moved:
                return Redirect(route.home, partial(render, route))
            return render(route)
        if file := self._file(path):
            return MediaFile(file, type_of_name(file.name, DEFAULT_DOWNLOAD))
        if page := self._routes.page_of(path):
            url = self.url + page.removeprefix("/")
            return Redirect(page, partial(_moved_page, self._site.title, url, url))
        return None

    def _outline(self, route: Route) -> Document:
        media_type = BY_FILE_NAME[route.name].content_type if route.name else PAGE_TYPE
        return Document(b"", media_type, bool(self._routes.history(route).next))

    def _render(self, route: Route) -> Document:
        if route.name:
            return feed_document(self._feed(route), route.name)
        if route.has_moved:
            target = f"{posixpath.relpath(route.home, f'/{route.base}')}/"
            return _moved_page(route.channel.title, target, self.url + route.channel.folder)
        return self._render_page(route)

    def _render_page(self, route: Route, query: str = "") -> Document:
        # Imported late, as every renderer: most builds have to render little.
        from feeds.formats import pages

        if route.period:
            body = pages.render_period(self._feed(route), route.period.name)
        elif route.folder:
            body = render(self._feed(route), PAGE)
        else:
            words = feed_search(query)
            # No more than the feed holds: the fingerprint covers no other article.
            limit = 0 if words else min(pages.ON_DIRECTORY, self._site.limit)
            newest = self._articles(route.channel.selection, limit)
            body = pages.render_directory(self._feed(route), self.listed, newest, words)
        return Document(body, PAGE_TYPE, bool(self._routes.history(route).next))

    def _feed(self, route: Route) -> Feed:
        feed = self._last_feed
        if not feed or feed.base != self.url + route.base:
            self._last_feed = feed = replace(
                feed_header(route.channel, route.base, self._site, self.url),
                # Subscribers poll the newest document alone.
                hub="" if route.period else self.hub,
                entries=self._entries(route),
                history=self._routes.history(route),
            )
        return feed

    def _entries(self, route: Route) -> list[Entry]:
        content, selection = route.channel.content, route.channel.selection
        if self._rendered:
            files = self._membership.paths(selection, route.period)
            entries = [entry for file in files if (entry := self._rendered.entry((content, file)))]
            # Some are missing if another process has synced since they were rendered.
            if len(entries) == len(files):
                return entries
        limit = None if route.period else self._site.limit
        context = self._context(content)
        articles = self._articles(selection, limit, route.period)
        return [as_entry(article, context) for article in articles]

    def _articles(
        self, selection: Selection, limit: int | None, period: Period | None = None
    ) -> list[Article]:
        articles = self.view.articles(selection, self._topics.family, limit, period)
        return list(map(self._as_published, articles))

    def _as_published(self, article: Article) -> Article:
        topics = self._topics.canonical(article.topics)
        return article.published_at(self.url, topics, self._lengths)

    def _context(self, content: str) -> Context:
        site, routes = self._site, self._routes
        return Context(
            self.url, site.related_in_rss, routes.folder_of_topic, content, site.author,
            routes.topics_url,
        )  # fmt: skip


def _short_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _moved_page(title: str, target: str, url: str) -> Document:
    from feeds.formats import pages

    return Document(pages.render_moved(title, target, url), PAGE_TYPE)


# A process of a pool receives its publication again with each chunk of work, and opens it once.
@lru_cache(maxsize=1)
def _reopened(
    folder: Folder,
    place: str,
    url: str,
    now: datetime,
    unpublished: bool,
    rendered: RenderedEntries | None,
) -> Publication:
    with ExitStack() as stack:
        catalog = Catalog(place)
        stack.callback(catalog.close)
        if rendered:
            stack.callback(rendered.close)
        publication = Publication(folder, catalog, url=url, now=now, unpublished=unpublished)
        publication._rendered = rendered
        # At the latest when the process ends. A process of a pool skips atexit, and with it
        # weakref.finalize.
        Finalize(publication, stack.pop_all().close, exitpriority=0)
    return publication
