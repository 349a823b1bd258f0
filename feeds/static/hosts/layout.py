"""The facts of a tree that its host has to know; no host's own syntax."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from feeds.model.document import MEDIA_AGE, Document, MediaFile, Redirect
from feeds.publication.publication import Publication
from feeds.publication.routes import IN_ARCHIVE
from feeds.static.plan import PAGE_FILE, file_name

#: The headers of every response, as the live app sends them.
ALL_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
#: Other sites' scripts may read feeds.
FEED_HEADERS = {"Access-Control-Allow-Origin": "*"}
MEDIA_CACHE = f"max-age={MEDIA_AGE}"
#: nginx allows a word of 4,095 bytes at most.
_FOLDERS_IN_A_PATTERN = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """The documents that have the same file name, in any folder."""

    name: str
    content_type: str
    #: The Cache-Control header, but for closed periods.
    cache_control: str
    #: False where the site alone has one.
    is_in_every_feed: bool

    @property
    def is_page(self) -> bool:
        """True for HTML pages."""
        return self.name == PAGE_FILE

    @property
    def headers(self) -> dict[str, str]:
        """All headers of their own but Cache-Control."""
        return {"Content-Type": self.content_type} | ({} if self.is_page else FEED_HEADERS)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the tree."""

    name: str
    content_type: str
    cache_control: str
    #: The path of a permanent redirect; empty where there is none.
    redirect: str = ""


@dataclass(frozen=True, slots=True)
class TreeLayout:
    """The facts of a tree that its host has to know."""

    #: The path of its URL: "/" or "/blog/feeds/".
    root: str
    kinds: tuple[Kind, ...]
    #: The folders of feeds, with * for a name: "", "topics/*/".
    folders: tuple[str, ...]
    #: The archive folders that are closed periods in every feed that has them: "archive/2021/".
    closed: tuple[str, ...]
    #: The Cache-Control header of closed periods.
    closed_cache: str
    #: The folders that moved, and their new ones: ("topics/old/", "topics/new/").
    moved: tuple[tuple[str, str], ...]
    #: The types of media files by the endings of their names.
    types: dict[str, str]
    files: tuple[File, ...] = field(repr=False)
    #: The files that must not be served.
    hidden: tuple[str, ...]
    #: The endings of names of files that may have compressed ones; empty where none have.
    compressed: tuple[str, ...]

    def closed_patterns(self) -> Iterator[str]:
        """Yield regular expressions for the paths of closed periods."""
        for start in range(0, len(self.closed), _FOLDERS_IN_A_PATTERN):
            folders = "|".join(self.closed[start : start + _FOLDERS_IN_A_PATTERN])
            yield f"^{re.escape(unquote(self.root))}(?:.+/)?(?:{folders})[^/]*$"


def tree_layout(
    publication: Publication, *, hidden: tuple[str, ...], compressed: tuple[str, ...]
) -> TreeLayout:
    """Return the layout of a publication's tree."""
    cache = publication.cache_control
    outlines = {
        path: outline for path in publication.paths() if (outline := publication.outline(path))
    }
    documents = {
        path: outline for path, outline in outlines.items() if isinstance(outline, Document)
    }
    pages = (path for path in documents if path.endswith("/"))
    homes = {path for path in pages if not IN_ARCHIVE.fullmatch(path[1:])}
    kinds: dict[str, Kind] = {}
    closed: dict[str, bool] = {}
    for path, document in documents.items():
        name = file_name(path).rpartition("/")[2]
        folder = path[: path.rindex("/") + 1]
        home = next(parent for parent in _upwards(folder) if parent in homes)
        if not document.is_closed:
            is_in_every_feed = folder != "/" or (name in kinds and kinds[name].is_in_every_feed)
            kinds[name] = Kind(name, document.media_type, cache(document), is_in_every_feed)
        period = folder.removeprefix(home)
        # A period that is closed in one feed may be the newest of another.
        closed[period] = closed.get(period, True) and document.is_closed
    return TreeLayout(
        root=quote(urlsplit(publication.url).path or "/", safe="/%"),
        kinds=tuple(sorted(kinds.values(), key=lambda kind: kind.name)),
        folders=tuple(sorted({re.sub("[^/]+/$", "*/", home[1:]) for home in homes})),
        # The shortest names first: where a host has no room for all, years hold the most.
        closed=tuple(
            sorted((period for period in closed if closed[period]), key=lambda p: (len(p), p))
        ),
        closed_cache=cache(Document(b"", "", is_closed=True)),
        moved=tuple(
            (path[1:], outline.to[1:])
            for path, outline in outlines.items()
            if isinstance(outline, Redirect) and path.endswith("/")
        ),
        types={
            path.rpartition(".")[2].lower(): _with_charset(outline.media_type)
            for path, outline in outlines.items()
            if isinstance(outline, MediaFile) and "." in path.rpartition("/")[2]
        },
        files=tuple(_files(outlines, cache)),
        hidden=hidden,
        compressed=compressed,
    )


def _files(
    outlines: Mapping[str, Document | MediaFile | Redirect], cache: Callable[[Document], str]
) -> Iterator[File]:
    for path, outline in outlines.items():
        name = file_name(path)
        if isinstance(outline, MediaFile):
            yield File(name, _with_charset(outline.media_type), MEDIA_CACHE)
        elif isinstance(outline, Redirect):
            yield File(name, outline.stand_in.media_type, cache(outline.stand_in), outline.to)
        else:
            yield File(name, outline.media_type, cache(outline))


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    for parent in PurePosixPath(folder).parents:
        yield f"{parent}/".replace("//", "/")


def _with_charset(media_type: str) -> str:
    """Return a media type as the live app sends it."""
    is_text = media_type.startswith("text/") or media_type.endswith("+xml")
    return media_type + ("; charset=utf-8" if is_text else "")


def lines(text: Iterable[str]) -> str:
    """Return a text of these lines."""
    return "".join(f"{line}\n" for line in text)
