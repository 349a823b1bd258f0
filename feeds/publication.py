"""What exists at which path: the one place that knows.

    publication.paths()          every path, in a stable order
    publication.document(path)   what lies there: a Document, a MediaFile, a Redirect or nothing

The static writer writes what this gives and the live app serves it, so the two cannot disagree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from urllib.parse import unquote, urlsplit

from feeds import text as texts
from feeds.article import Article, absolute, is_absolute
from feeds.catalog import Catalog
from feeds.database import code_fingerprint
from feeds.errors import Problem
from feeds.feed import Context, Entry, Feed, Listed
from feeds.folder import CONFIGURATION, PROBED, Folder
from feeds.formats import FORMATS, Format, as_entry, render
from feeds.podcast import Podcast
from feeds.probe import Answer
from feeds.rendered import Rendered
from feeds.requirements import unmet
from feeds.selection import Selection
from feeds.site import Author, Topic, Topics
from feeds.view import View

_SUBSCRIPTIONS = "/subscriptions.opml"
_BY_FILE_NAME = {format.file_name: format for format in FORMATS}


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes that are published at a path."""

    body: bytes
    #: As the Content-Type header has it.
    media_type: str

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
class Channel:
    """One feed of the site: what it is called, where it lies, which articles it takes."""

    kind: str
    #: From the site's root: "", "topics/ai/", "feeds/top/".
    folder: str
    name: str
    title: str
    description: str
    selection: Selection
    #: What it says of itself, if it is a podcast.
    podcast: Podcast | None = None


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
        self._context = Context(self.url, self._site.related_in_rss, self._folder_of_topic)
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
                self._feed(channel, channel.folder),
                channel.podcast,
                self._view.at(self._windows.paths(channel)),
                self._lengths,
            )
        }

    @cached_property
    def listed(self) -> tuple[Listed, ...]:
        """Every feed, with the number of its articles: the site's, the named ones, the topics."""
        counts = self._view.topic_counts()

        def count(channel: Channel) -> tuple[int, datetime | None]:
            family = [self._topics.family(name) for name in channel.selection.any]
            if channel.kind == "topic" and len(family[0]) == 1 and not channel.podcast:
                return counts.get(next(iter(family[0])), (0, None))
            return self._view.count(channel.selection, self._topics.family)

        return tuple(
            Listed(
                channel.kind, channel.title, channel.name, channel.description, channel.folder,
                self.url + channel.folder, *count(channel),
            )
            for channel in self._channels.values()
        )  # fmt: skip

    def paths(self) -> Iterator[str]:
        """Every path at which something lies, folders with a slash at their end."""
        yield _SUBSCRIPTIONS
        for folder in self._channels:
            yield from _paths(folder)
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
        folder, name = _split(path)
        if name and name not in _BY_FILE_NAME:
            return self._other(path)
        if channel := self._channels.get(folder):
            return self._rendered(channel, folder, name)
        if moved := self._moved_from(folder):
            now_at = f"topics/{moved.slug}/"
            channel = self._channels[now_at]
            if name:
                return Redirect(f"/{now_at}{name}", self._rendered(channel, folder, name))
            return _moved(f"/{now_at}", channel.title, f"../{moved.slug}/", self.url + now_at)
        return self._other(path)

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
        channel = self._channel_at(path)
        if not channel:
            return ""
        folder, name = _split(path)
        listing = self._listing if path == "/" else ""
        return f"{name} {self._windows.fingerprint(channel)} {folder} {listing}"

    def _channel_at(self, path: str) -> Channel | None:
        """The feed whose document lies at a path."""
        folder, name = _split(path)
        channel = self._channels.get(folder)
        if not channel and (moved := self._moved_from(folder)):
            channel = self._channels[f"topics/{moved.slug}/"] if name else None
        return channel if not name or name in _BY_FILE_NAME else None

    @cached_property
    def _listing(self) -> str:
        """What decides what the lists of all feeds hold."""
        return hashlib.sha256(f"{code_fingerprint()} {self.listed!r}".encode()).hexdigest()

    @cached_property
    def _windows(self) -> _Windows:
        return _Windows(self._view, self._topics, f"{self.url} {self._site!r}", self._site.limit)

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

    def _rendered(self, channel: Channel, folder: str, name: str) -> Document:
        if name:
            format = _BY_FILE_NAME[name]
            return Document(render(self._feed(channel, folder), format), _content_type(format))
        # Imported late, as every renderer is: most of what is published need not be made again.
        from feeds.formats import page

        if not folder:
            # No more than the feed has: its articles decide what is made anew.
            newest = self._articles(channel, min(page.ON_DIRECTORY, self._site.limit))
            body = page.render_directory(self._feed(channel, folder), self.listed, newest)
        else:
            body = page.render_feed(self._feed(channel, folder))
        return Document(body, page.MEDIA_TYPE)

    def _feed(self, channel: Channel, folder: str) -> Feed:
        # A feed's documents are asked for one after the other: its articles are fetched once.
        if (last := self._last_feed) and last[0] == folder:
            return last[1]
        site = self._site
        feed = Feed(
            title=channel.title,
            description=channel.description or channel.title,
            url=self.url + channel.folder,
            base=self.url + folder,
            author=site.author or Author(site.title),
            language=site.language,
            entries=self._entries(channel),
            podcast=self._podcast(channel),
            is_podcast=channel.podcast is not None,
        )
        self._last_feed = folder, feed
        return feed

    def _podcast(self, channel: Channel) -> Podcast:
        podcast = channel.podcast or self._site.podcast or Podcast()
        author = self._site.author or Author(self._site.title)
        return replace(
            podcast,
            image=absolute(podcast.image, self.url),
            author=podcast.author or author.name,
            owner_name=podcast.owner_name or author.name,
            owner_email=podcast.owner_email or author.email,
        )

    def _entries(self, channel: Channel) -> list[Entry]:
        if self.rendered:
            files = self._windows.paths(channel)
            entries = [each for file in files if (each := self.rendered.entry(file))]
            # Some are missing where another process has synced since they were rendered.
            if len(entries) == len(files):
                return entries
        return [as_entry(each, self._context) for each in self._articles(channel, self._site.limit)]

    def _articles(self, channel: Channel, limit: int) -> list[Article]:
        found = self._view.articles(channel.selection, self._topics.family, limit)
        return list(map(self._as_published, found))

    def _as_published(self, article: Article) -> Article:
        topics = self._topics.canonical(article.topics)
        return article.published_at(self.url, topics, self._lengths)

    @cached_property
    def _lengths(self) -> dict[str, int]:
        return self.catalog.lengths()

    def sources(self) -> tuple[list[Path], list[Path], datetime | None]:
        """The folders and the other files that it is made of, and when it changes by itself."""
        folder = self._folder
        files = [folder.root / path.lstrip("/") for path in self._media]
        files += folder.root / PROBED, folder.root / CONFIGURATION
        due = None if self._site.future else self._view.next_due()
        return list(folder.article_folders), files, due

    def unmeasured(self) -> list[str]:
        """The URLs of the enclosures that are published and whose servers have told no length."""
        return self.catalog.unmeasured(self.entries_of(self.paths()))

    def learn(self, answers: Sequence[Answer], now: datetime) -> None:
        """Keeps what servers told, for every publication from now on."""
        self.catalog.learn(answers, int(now.timestamp()))
        if any(each.length is not None for each in answers):
            with suppress(OSError):  # without the folder, no build ends before it begins
                (self._folder.root / PROBED).touch()

    def entries_of(self, paths: Iterable[str]) -> list[str]:
        """The files of the articles in the documents at these paths, each once."""
        channels = dict.fromkeys(self._channel_at(path) for path in paths)
        windows = (self._windows.paths(channel) for channel in channels if channel)
        return list(dict.fromkeys(chain.from_iterable(windows)))

    def entries_at(self, files: Sequence[str]) -> Iterator[tuple[str, Entry]]:
        """The entries of these files."""
        for file, article in self._view.at(files).items():
            yield file, as_entry(self._as_published(article), self._context)

    def _all_channels(self) -> Iterator[Channel]:
        site = self._site
        podcast = site.podcast if site.podcast and site.podcast.everything else None
        selection = Selection(recorded=podcast is not None)
        yield Channel("site", "", site.title, site.title, site.description, selection, podcast)
        for each in site.feeds:
            folder = f"feeds/{each.name}/"
            selection = replace(each.selection, recorded=each.podcast is not None)
            yield Channel(
                "feed", folder, each.title, each.title, each.description, selection, each.podcast
            )
        for topic in self._topics:
            title = f"{topic.name} · {site.title}"
            selection = Selection(any=(topic.name,), recorded=topic.podcast is not None)
            folder = f"topics/{topic.slug}/"
            yield Channel(
                "topic", folder, topic.name, title, topic.description, selection, topic.podcast
            )

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
        podcasts = (self._site.podcast, *(each.podcast for each in self._channels.values()))
        artwork = {each.image for each in podcasts if each}
        own = sorted(url for url in artwork if not is_absolute(url))
        urls = {unquote(urlsplit(url).path): url for url in (*self._view.media(), *own)}
        # Where a feed lies, no file can.
        folders = {f"/{folder.removesuffix('/')}" for folder in self._channels}
        folders |= {folder.rpartition("/")[0] for folder in folders}
        return {path: url for path, url in urls.items() if path not in folders}


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


class _Windows:
    """The articles of every feed's newest documents, known by their files alone."""

    def __init__(self, view: View, topics: Topics, site: str, limit: int) -> None:
        self._view = view
        self._topics = topics
        self._site = f"{code_fingerprint()} {site}"
        self._limit = limit
        self._digests = view.files()
        self._names: dict[str, list[str]] = {}
        self._members: dict[str, set[str]] = {}
        for key, path, name in view.taggings():
            if path in self._digests:
                self._names.setdefault(path, []).append(name)
                self._members.setdefault(key, set()).add(path)
        self._lengths: dict[str, list[str]] = {}
        for path, url, length in view.lengths():
            self._lengths.setdefault(path, []).append(f"{url} {length}")
        self._found: dict[str, str] = {}
        self._marks: dict[str, str] = {}
        self._order = {path: place for place, path in enumerate(self._digests)}
        self._chosen: dict[str, list[str]] = {}

    def paths(self, channel: Channel) -> list[str]:
        """The files of a feed's newest articles."""
        if channel.folder not in self._chosen:
            self._chosen[channel.folder] = self._choose(channel)
        return self._chosen[channel.folder]

    def fingerprint(self, channel: Channel) -> str:
        """What decides what a feed's documents hold."""
        if channel.folder not in self._found:
            parts = [self._site, repr(channel), *map(self._mark, self.paths(channel))]
            digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
            self._found[channel.folder] = digest.hexdigest()
        return self._found[channel.folder]

    def _mark(self, path: str) -> str:
        """An article's text, the lengths of its files, its topics' names and where they lie."""
        if path not in self._marks:
            named = map(self._topics.named, self._names.get(path, ()))
            topics = (f"{topic.name}\0{topic.slug}" for topic in named if topic)
            lengths = self._lengths.get(path, ())
            self._marks[path] = "\0".join((self._digests[path], *lengths, "", *topics))
        return self._marks[path]

    def _choose(self, channel: Channel) -> list[str]:
        if channel.kind != "topic" or channel.podcast:
            return self._view.paths(channel.selection, self._topics.family, self._limit)
        keys = self._topics.family(channel.name)
        members = set().union(*(self._members.get(key, ()) for key in keys))
        return sorted(members, key=self._order.__getitem__)[: self._limit]


def _split(path: str) -> tuple[str, str]:
    """The folder of a path, as channels have it, and the name in it."""
    folder, _slash, name = path.removeprefix("/").rpartition("/")
    return (f"{folder}/" if folder else ""), name


def _paths(folder: str) -> Iterator[str]:
    yield f"/{folder}"
    for format in FORMATS:
        yield f"/{folder}{format.file_name}"


def _content_type(format: Format) -> str:
    # JSON is UTF-8 by definition (RFC 8259 §8.1); XML may be told otherwise.
    charset = "" if format.media_type.endswith("json") else "; charset=utf-8"
    return format.media_type + charset
