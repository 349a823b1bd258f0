"""The facts of a tree that its host has to know; no host's own syntax."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from feeds.model.document import MEDIA_AGE, Document, MediaFile, Redirect
from feeds.publication.publication import Publication, Resource
from feeds.publication.routes import IN_ARCHIVE, PAGE_FILE, file_name

#: The headers of every response, as the live app sends them.
ALL_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_FEED_HEADERS = {"Access-Control-Allow-Origin": "*"}  # other sites' scripts may read feeds
MEDIA_CACHE = f"max-age={MEDIA_AGE}"
#: nginx allows a word of 4,095 bytes at most.
_FOLDERS_IN_A_PATTERN = 200


class Kind(NamedTuple):
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
        """Their headers but Content-Type, Cache-Control and those of every response."""
        return {} if self.is_page else _FEED_HEADERS


class File(NamedTuple):
    """A file of the tree."""

    name: str
    content_type: str
    cache_control: str
    #: The path of a permanent redirect; empty where there is none.
    redirect: str = ""


class TreeLayout(NamedTuple):
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
    files: tuple[File, ...]
    #: True if files have compressed ones beside them.
    compressed: bool

    def closed_patterns(self) -> Iterator[str]:
        """Yield regular expressions for the paths of closed periods."""
        for start in range(0, len(self.closed), _FOLDERS_IN_A_PATTERN):
            folders = "|".join(self.closed[start : start + _FOLDERS_IN_A_PATTERN])
            yield f"^{re.escape(unquote(self.root))}(?:.+/)?(?:{folders})[^/]*$"


def tree_layout(publication: Publication, *, compressed: bool) -> TreeLayout:
    """Return the layout of a publication's tree."""
    cache = publication.cache_control
    outlines = {
        path: outline for path in publication.paths() if (outline := publication.outline(path))
    }
    kinds: dict[str, Kind] = {}
    homes: set[str] = set()
    closed: dict[str, bool] = {}
    for path, document in outlines.items():
        if not isinstance(document, Document):
            continue
        folder, slash, name = file_name(path).rpartition("/")
        folder += slash
        archived = IN_ARCHIVE.fullmatch(folder)
        home = (archived[1] or "") if archived else folder
        homes.add(home)
        if not document.is_closed:
            is_in_every_feed = folder != "" or (name in kinds and kinds[name].is_in_every_feed)
            kinds[name] = Kind(name, document.media_type, cache(document), is_in_every_feed)
        period = folder.removeprefix(home)
        # A period that is closed in one feed may be the newest of another.
        closed[period] = closed.get(period, True) and document.is_closed
    return TreeLayout(
        root=quote(urlsplit(publication.url).path or "/", safe="/%"),
        kinds=tuple(sorted(kinds.values(), key=lambda kind: kind.name)),
        folders=tuple(sorted({re.sub("[^/]+/$", "*/", home) for home in homes})),
        # The shortest names first: where a host has no room for all, years hold the most.
        closed=tuple(sorted(filter(closed.get, closed), key=lambda period: (len(period), period))),
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
        files=tuple(_file(file_name(path), outlines[path], cache) for path in outlines),
        compressed=compressed,
    )


def _file(name: str, outline: Resource, cache: Callable[[Document], str]) -> File:
    if isinstance(outline, MediaFile):
        return File(name, _with_charset(outline.media_type), MEDIA_CACHE)
    target = outline.to if isinstance(outline, Redirect) else ""
    document = outline.stand_in if isinstance(outline, Redirect) else outline
    return File(name, document.media_type, cache(document), target)


def _with_charset(media_type: str) -> str:
    """Return a media type as the live app sends it."""
    is_text = media_type.startswith("text/") or media_type.endswith("+xml")
    return media_type + ("; charset=utf-8" if is_text else "")


def lines(text: Iterable[str]) -> str:
    """Return a text of these lines."""
    return "".join(f"{line}\n" for line in text)
