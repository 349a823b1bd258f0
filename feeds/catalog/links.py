"""Finds the articles to which the bodies of other articles link, and their URLs.

Each process lists the folder at most once for a sync, and reads an article to which others link
once.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from posixpath import dirname, join, normpath, splitext
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from feeds.dialects.dialect import Dialect
from feeds.model.article import Article
from feeds.parsing.article import Outline, read_outline
from feeds.parsing.body.references import Target
from feeds.text.media_types import type_of_name
from feeds.text.slugs import fold
from feeds.text.urls import canonical_url

if TYPE_CHECKING:
    from feeds.catalog.folder import SiteFolder

#: A longer text is hardly a link.
_MAX_CHARS = 300
#: More are not kept in memory.
_MAX_OUTLINES, _MAX_FILES = 20_000, 200_000
_LANGUAGE = re.compile(r"\.([a-z]{2,3}(?:-[A-Za-z]{2,8})?)\.\w+$")


class Link(NamedTuple):
    """The target of a link as its article writes it, and what may make it lead elsewhere."""

    #: A name of the article's file, folded; or a path or name of another file.
    target: str
    #: The path of the file that is no article; empty if there is none, None for an article.
    file: str | None = None
    #: When the article to which it leads is published, or expires; None if that is over.
    due: datetime | None = None


class Links:
    """The links of one article: a parsing.body.references.Resolve that keeps what it was asked."""

    def __init__(self, folder: SiteFolder, dialect: Dialect, path: str) -> None:
        self._folder, self._dialect, self._path = folder, dialect, path
        self._found: dict[str, Link] = {}
        self._answers = hashlib.sha256()

    @property
    def digest(self) -> str:
        """Digest of where the links lead; empty where none was asked for."""
        return self._answers.hexdigest() if self._found else ""

    def found(self) -> list[Link]:
        """Return what was asked for, each once."""
        return list(self._found.values())

    def __call__(self, target: str, by_name: bool) -> Target | None:
        """Return the article or file that a link leads to; None if there is none.

        The target is a path, or a name where links are by name.
        """
        found = self._find(target, by_name)
        self._answers.update(f"{target}\0{found}\0".encode("utf-8", "surrogatepass"))
        return found

    def _find(self, target: str, by_name: bool) -> Target | None:
        written, mark, part = target.partition("#")
        path = unquote(written.partition("?")[0]).strip().removesuffix("/")
        if not path or len(path) > _MAX_CHARS or "://" in path or not path.isprintable():
            return None
        if self._is_file(path):
            return self._find_file(path)
        names = _names_of(self._folder, self._dialect)
        key = self._key(path)
        known = self._found.setdefault(key, Link(key))
        found = names.find(path, self._path, by_name=by_name)
        outline = self._outline(names, found) if found else None
        if not outline:
            return self._find_file(path) if path.lower().endswith(self._dialect.endings) else None
        # Where a page without a date lies, not every dialect knows.
        if outline.url == self._dialect.base:
            return None
        due, is_published = self._folder.when_shown(outline)
        if due and not (known.due and known.due < due):
            self._found[key] = Link(key, due=due)
        url = outline.url + mark + _part(part) if is_published else ""
        return Target(url, outline.title[:_MAX_CHARS])

    def remember(self, article: Article) -> None:
        """Keep what others link to of the article itself, which was read with these links."""
        held = article.draft or article.removed
        outline = Outline(article.url, article.title, article.published, article.expires, held)
        if names := _LAST.get(_key_of(self._folder)):
            names.keep(self._path, outline)

    def file_of(self, path: str) -> str:
        """Return the path of the file that a link names, though it is no article; else empty."""
        for candidate in _candidates(path, self._path, self._dialect):
            if self._folder.has_file(candidate):
                return candidate
        return _names_of(self._folder, self._dialect).find_file(path)

    def _is_file(self, path: str) -> bool:
        is_article = path.lower().endswith(self._dialect.endings)
        return not is_article and bool(type_of_name(path.rpartition("/")[2], ""))

    def _find_file(self, path: str) -> Target | None:
        file = self.file_of(path)
        self._found[path] = Link(path, file)
        url = canonical_url(self._dialect.file_url(file)) if file else None
        return Target(url) if url else None

    def _key(self, path: str) -> str:
        """Return the folded name that a path in a link has, or would have."""
        place = path if path.startswith("/") else normpath(join(dirname(self._path), path))
        name = place.strip("/")
        is_article = name.lower().endswith(self._dialect.endings)
        return fold(self._dialect.link_names(name if is_article else f"{name}.md")[0])

    def _outline(self, names: _Names, path: str) -> Outline | None:
        if path not in names.outlines:
            text = self._folder.text_or_empty(path)
            defaults = self._folder.site.article_defaults
            names.keep(path, read_outline(text, path, defaults, self._dialect))
        return names.outlines[path]


class _Names:
    """The names of a folder's articles, and of the files beside them."""

    def __init__(self, folder: SiteFolder, dialect: Dialect) -> None:
        self._folder, self._dialect = folder, dialect
        #: None where the file is no article.
        self.outlines: dict[str, Outline | None] = {}
        self._paths = {path for path in folder.files() if not path.endswith("/")}
        self._by_name: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for path in sorted(self._paths):
            for rank, name in enumerate(dialect.link_names(path)):
                self._by_name[fold(name)].append((rank, path))
        self._files: dict[str, list[str]] | None = None

    def keep(self, path: str, outline: Outline | None) -> None:
        """Keep what links need to know of an article."""
        if len(self.outlines) >= _MAX_OUTLINES:
            self.outlines.clear()
        self.outlines[path] = outline

    def find(self, target: str, source: str, *, by_name: bool) -> str:
        """Return the path of the article that a target names in another one; else empty."""
        language = _LANGUAGE.search(source) if self._dialect.links_within_language else None
        endings = self._dialect.endings
        for path in _candidates(target, source, self._dialect):
            stem, ending = splitext(path) if path.lower().endswith(endings) else (path, "")
            if language and (found := self._first([f"{stem}.{language[1]}"], endings)):
                return found
            if ending and path in self._paths:
                return path
            if not ending and (found := self._first([path, f"{path}/index"], endings)):
                return found
        return self._by_path_end(target) if by_name else ""

    def _first(self, stems: Iterable[str], endings: Iterable[str]) -> str:
        paths = (stem + ending for stem in stems for ending in endings)
        return next(filter(self._paths.__contains__, paths), "")

    def _by_path_end(self, target: str) -> str:
        """Return the only path of such a name, below folders of such names; else empty."""
        names = [name for name in target.split("/") if name not in ("", ".", "..")]
        if not names:
            return ""
        name = names[-1]
        if name.lower().endswith(self._dialect.endings):
            name = splitext(name)[0]
        if name in ("index", "_index") and len(names) > 1:
            names.pop()
            name = names[-1]
        above = "".join(f"/{fold(each)}" for each in names[:-1]) + "/"
        found = [
            (rank, path)
            for rank, path in self._by_name.get(fold(name), ())
            if above == "/" or above in fold(f"/{path}")
        ]
        best_rank = min(found, default=(0, ""))[0]
        best = [path for rank, path in found if rank == best_rank]
        return best[0] if len(best) == 1 else ""

    def find_file(self, target: str) -> str:
        """Return the only file, other than an article, whose path ends so; else empty."""
        if self._files is None:
            self._files = defaultdict(list)
            for path in _other_files(self._folder):
                self._files[fold(path.rpartition("/")[2])].append(path)
        end = fold("/" + target.strip("/"))
        named = self._files.get(end.rpartition("/")[2], ())
        found = [path for path in named if fold(f"/{path}").endswith(end)]
        return found[0] if len(found) == 1 else ""


def _candidates(target: str, source: str, dialect: Dialect) -> Iterator[str]:
    """Yield the paths that a target may be, in the article that names it and from the roots."""
    here = () if target.startswith("/") else (dirname(source),)
    for folder in (*here, *dialect.link_roots()):
        path = normpath(join(folder, target.lstrip("/")))
        if not path.startswith(".."):
            yield path


def _other_files(folder: SiteFolder) -> Iterator[str]:
    count = 0
    for top in folder.article_folders:
        for where, folders, names in os.walk(top):
            folders[:] = sorted(
                each for each in folders if each[0] != "." and each != "node_modules"
            )
            for name in sorted(names):
                if name[0] != "." and type_of_name(name, ""):
                    path = os.path.relpath(os.path.join(where, name), folder.root)
                    yield path.replace(os.sep, "/")
            count += len(names)
            if count > _MAX_FILES:
                return


def _part(part: str) -> str:
    return quote(unquote(part), safe="!$&'()*+,;=:@-._~/?")


#: The names of the folder that this process read last.
_LAST: dict[tuple[str, int], _Names] = {}


def _key_of(folder: SiteFolder) -> tuple[str, int]:
    return str(folder.root), folder.opened


def _names_of(folder: SiteFolder, dialect: Dialect) -> _Names:
    key = _key_of(folder)
    names = _LAST.get(key)
    if not names:
        names = _Names(folder, dialect)
        _LAST.clear()
        _LAST[key] = names
    return names
