"""The site's folder on disk: its feeds.yaml, its articles' files, and the media beside them.

Nothing outside the site's folder and the folders that feeds.yaml names is ever read: hidden files
are passed over, and a link that leads out is named.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import platformdirs

from feeds.catalog.links import Links
from feeds.errors import CatalogError, ConfigurationError, Problem, Severity
from feeds.formats import LIST
from feeds.model.article import Article
from feeds.model.site import Site
from feeds.parsing.article import ENDINGS, is_html, line_of, read_article
from feeds.parsing.fields import Report
from feeds.parsing.site_config import read_site
from feeds.text.media_types import type_of_name
from feeds.text.repair import plain_line, shown

CONFIGURATION = "feeds.yaml"
#: A file in every tree that Feeds writes: the pages that it names are no articles.
MANIFEST = ".feeds-manifest.json"
#: The names of some millions of files.
MAX_MANIFEST_BYTES = 1 << 28
#: The folder beside feeds.yaml that holds the catalog.
INDEX_DIR = ".feeds"
_INDEX_FILE = "catalog.sqlite"
#: A longer file is hardly an article, and must not fill the memory.
MAX_FILE_BYTES = 8 * 1024 * 1024
#: Most files are shorter; Python would set memory aside for all that it is asked to read.
_FIRST_READ_BYTES = 64 * 1024
#: Opens a pipe that nobody writes into at once; regular files are read as ever.
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)
_MAX_PLACE_CHARS = 200
#: Found in a text that only a guess could make the path of a file.
_NO_PATH = re.compile(
    r"""
    ^~ | \$[\w{(] | %\w+%        # a home or a variable that no shell has replaced
    | ^: | ^[a-z][a-z0-9+.-]+:   # SQLite's :memory:, a scheme; one letter is a drive
    | (^|[/\\])\.{0,2}$          # a folder
    | ^\s | \s$ | [\0-\x1f\x7f]  # blanks around it, characters that no line can show
    """,
    re.VERBOSE | re.IGNORECASE,
)


class Stat(NamedTuple):
    """The size of a file in bytes, and when it changed: a change of either is one of the file."""

    size: int
    mtime_ns: int


#: The Stat of a folder that cannot be listed, and of a file that could not be read.
UNREADABLE = Stat(-1, -1)
#: The path of the site's own folder, relative to itself.
HERE = "./"
#: The code of the problem of a linked folder that is not followed.
LINKED = "linked-folder"


@dataclass(frozen=True, slots=True)
class Folder:
    """A site's folder, with the configuration of its feeds.yaml and the problems in it."""

    root: Path
    site: Site
    problems: tuple[Problem, ...]
    #: The name of its feeds.yaml; empty where there is none.
    configuration: str = ""

    @classmethod
    def open(cls, target: Path) -> Folder:
        """Open the site of a folder or of a feeds.yaml. Raises ConfigurationError."""
        target = target.absolute()
        file = configuration_file(target)
        if file.suffix.lower() not in (".yaml", ".yml"):
            raise ConfigurationError(f"{target}: not a site; name a folder or its {CONFIGURATION}")
        root = file.parent
        if not root.is_dir():
            raise ConfigurationError(f"{target}: no such folder; name a folder of articles")
        default_title = plain_line(root.resolve().name) or "Feeds"
        if not os.path.lexists(file):
            return cls(root, Site(title=default_title), ())
        source = _read(file, file.name)
        if isinstance(source, Problem):
            raise ConfigurationError(str(source))
        site, problems = read_site(source, file.name, default_title)
        return cls(root, site, tuple(problems), file.name)

    @classmethod
    def of_article(cls, file: Path) -> tuple[Folder, str]:
        """Return the site that an article belongs to, and the article's path in it.

        It is the nearest one above the file whose folders of articles contain it, else the file's
        own folder. Raises ConfigurationError if a feeds.yaml on the way up cannot be used.
        """
        file = Path(os.path.abspath(file))
        for root in file.parents:
            if (root / CONFIGURATION).is_file():
                folder = cls.open(root)
                if any(file.is_relative_to(articles) for articles in folder.article_folders):
                    return folder, file.relative_to(root).as_posix()
        return cls(file.parent, Site(title=file.parent.name), ()), file.name

    @property
    def configured(self) -> bool:
        """True if the site has a feeds.yaml."""
        return bool(self.configuration)

    @property
    def article_folders(self) -> tuple[Path, ...]:
        """The folders that hold the articles."""
        return tuple(Path(os.path.normpath(self.root / name)) for name in self.site.articles)

    def missing_folders(self) -> list[Problem]:
        """Return a problem for each folder of articles that does not exist."""
        hint = "articles: names a folder that is there; what was known of this one stays"
        at = self.configuration, self.site.articles_line
        return [
            Problem(*at, "no-folder", f"no folder {shown(name)}", hint)
            for name, path in zip(self.site.articles, self.article_folders, strict=True)
            if not os.path.isdir(path)  # a Path raises for a name that is too long
        ]

    def out_of_reach(self, files: Mapping[str, Stat]) -> tuple[str, ...]:
        """Return the prefixes of paths that files() cannot list, though files may be there."""
        gone = (folder for folder in self.article_folders if not os.path.isdir(folder))
        unlisted = (path.removeprefix(HERE) for path in files if path.endswith("/"))
        return (*map(self._prefix, gone), *unlisted)

    def _prefix(self, folder: Path) -> str:
        prefix = os.path.relpath(folder, self.root)
        return "" if prefix == os.curdir else prefix.replace(os.sep, "/") + "/"

    def files(self) -> dict[str, Stat]:
        """Return the files that may be articles, by their paths relative to the site.

        What cannot be read is among them, a folder with a slash at its end: read() says why.
        """
        files: dict[str, Stat] = {}
        links = Links(self.root, self.article_folders)
        # Its problem shows the line for feeds.yaml, so it is read again when that changes.
        linked = Stat(-2, zlib.crc32(repr(self.site.articles).encode()))
        for folder in filter(os.path.isdir, self.article_folders):
            if (real := links.top(folder)) is None:
                continue
            prefix = self._prefix(folder)
            for name, stat in _walk(str(folder), real, links):
                files.setdefault((prefix + name) or HERE, stat or linked)
        return files

    def endings(self) -> Counter[str]:
        """Count the files in the folders of articles, hidden ones apart, by the ends of names."""
        counts = Counter[str]()
        for top in self.article_folders:
            for _folder, folders, names in os.walk(top):
                folders[:] = [name for name in folders if not name.startswith(".")]
                shown = (name for name in names if not name.startswith("."))
                counts.update(os.path.splitext(name)[1].lower() for name in shown)
        return counts

    def read(self, path: str) -> str | Problem:
        """Return the text of one of files(), or the problem why it cannot be read."""
        file = f"{self.root}{os.sep}{path}"  # a Path would take as long as reading it
        if path.endswith("/"):
            reason, hint = (
                "its files are out of reach",
                "what was known of it stays; let it be read",
            )
            try:
                if MANIFEST in os.listdir(file):
                    reason = f"its {MANIFEST} says that feeds build wrote it"
                    hint = "what was known of it stays; remove that file if it holds articles"
            except OSError as error:
                reason = error.strerror or "unreadable"
            return Problem(path, 1, "unreadable", f"the folder cannot be read: {reason}", hint)
        if "\\" in path and not os.path.lexists(file):
            return Problem(path, 1, "bad-name", "the file's name is not plain text", "rename it")
        if os.path.islink(file):
            if os.path.isdir(file):
                return self._linked_folder(file, path)
            if Links(self.root, self.article_folders).target(file, is_folder=False) is None:
                message = "cannot be read: a link that leads out of the site"
                hint = "put the file there, or name its folder in articles:"
                return Problem(path, 1, "unreadable", message, hint)
        return _read(file, path)

    def _linked_folder(self, link: str, path: str) -> Problem:
        names = (
            name if re.fullmatch(r"[\w./-]+", name) else json.dumps(name, ensure_ascii=False)
            for name in (*self.site.articles, path)
        )
        message = f"a link to the folder {shown(os.readlink(link))}, from which nothing is read"
        where = "" if self.configured else f"a {CONFIGURATION} with title:, url: and "
        hint = f"if it holds articles, write {where}articles: [{', '.join(names)}]"
        return Problem(path, 1, LINKED, message, hint, Severity.WARNING)

    def check_article(self, path: str, now: datetime) -> list[Problem]:
        """Return the problems of one article, except those that other articles cause."""
        text = self.read(path)
        if isinstance(text, Problem):
            return [text]
        article, problems = read_article(text, path, self.site.article_defaults)
        urls = article.local_files() if article else ()
        missing = {url: 1 for url in urls if not self.media_file(url)}
        may_show = article and not article.removed and (self.site.unpublished or not article.draft)
        early = self.early(path, article, now) if article and may_show else ()
        return sorted((*problems, *self.no_files(path, missing), *early))

    def early(self, path: str, article: Article, now: datetime) -> Iterator[Problem]:
        """Yield a warning for an update in the future, or a publication in more than a year."""
        is_published = self.site.future or article.published <= now
        if is_published and article.updated > max(article.published, now):
            key, date, until = "updatedDateTime", article.updated, "publishedDateTime is used"
        elif not is_published and article.published - timedelta(days=366) > now:
            key, date, until = "publishedDateTime", article.published, "the article is held back"
        else:
            return
        line = line_of(self.text_or_empty(path), key)
        message = f"{key} is in the future: {until} until {date:%Y-%m-%d}"
        hint = "correct it if it is wrong"
        yield Problem(path, line, "early-date", message, hint, Severity.WARNING)

    def no_files(self, path: str, missing: Mapping[str, int]) -> list[Problem]:
        """Return the problem of an article that names missing files; each with its uses in all."""
        report, text = Report(path, Severity.WARNING), self.text_or_empty(path) if missing else ""
        for url, uses in missing.items():
            others = f" (named by {uses:,} articles)" if uses > 1 else ""
            message = f"the site has no file {shown(url)} to publish{others}"
            hint = "put it there, or write its whole URL"
            report.add(line_with(text, url), "no-file", message, hint, name=shown(url))
        return report.problems

    def text_or_empty(self, path: str) -> str:
        """Return the text of one of files(); empty if it is gone or broken since."""
        text = self.read(path)
        return text if isinstance(text, str) else ""

    def media_length(self, url: str, known: int | None = None) -> int | None:
        """Return the length in bytes of media_file(); None where there is none.

        A file of the length that is known is not checked again, which takes longer.
        """
        try:
            length = os.stat(f"{self.root}{unquote(urlsplit(url).path)}").st_size
        except (OSError, ValueError):
            return None
        return length if length == known or self.media_file(url) else None

    def media_file(self, url: str) -> Path | None:
        """Return the file of a relative URL, if it is in the site and may be published."""
        try:
            path = unquote(urlsplit(url).path)
        except ValueError:
            return None
        # Not paths, which take three times as long: a build asks this of every picture.
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if any(part.startswith(".") or "\\" in part or not part.isprintable() for part in parts):
            return None
        if path.endswith("/") or not parts or not type_of_name(parts[-1], ""):
            return None
        root = os.path.realpath(self.root)
        file = os.path.realpath(os.path.join(root, *parts))
        inside = os.path.join(root, "")
        if not file.startswith(inside) or not os.path.isfile(file):
            return None
        # A link may lead to what is hidden.
        hidden = any(part.startswith(".") for part in file.removeprefix(inside).split(os.sep))
        return None if hidden else Path(file)


def line_with(source: str, text: str) -> int:
    """Return the first line of an article's source that has a text in it, say a URL, else 1."""
    at = max(source.find(text), source.find(unquote(text)), 0)
    return source.count("\n", 0, at) + 1


def configuration_file(target: Path) -> Path:
    """Return the feeds.yaml of a folder, or the file that is named instead of a folder."""
    return target if target.is_file() else target / CONFIGURATION


def catalog_place(folder: Folder) -> str:
    """Return the place of a site's catalog: a URL, or the path of the index's file.

    FEEDS_CATALOG comes first, then feeds.yaml, a file beside it, and one in the user's cache
    folder. A relative path is relative to the working directory, in feeds.yaml to its folder; ~ is
    the user's home. Makes the folders of files. Raises CatalogError where none can be written.
    """
    if place := os.environ.get("FEEDS_CATALOG"):
        return _named_place(place, Path.cwd())
    if place := folder.site.catalog:
        return _named_place(place, folder.root)
    if folder.configured:
        parent = folder.root / INDEX_DIR
        with suppress(OSError):
            parent.mkdir(exist_ok=True)
            ignore = parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            index = parent / _INDEX_FILE
            # SQLite would wait for ever at a pipe in the place of one of its own files.
            ends = ("", "-journal", "-shm", "-wal")
            names = (f"{file}{end}" for file in (index, state_file(index)) for end in ends)
            files = filter(os.path.exists, names)
            is_usable = all(os.path.isfile(file) and os.access(file, os.W_OK) for file in files)
            if is_usable and os.access(parent, os.W_OK):
                return str(index)
    name = hashlib.sha256(os.fsencode(folder.root.resolve())).hexdigest()[:20]
    cached = _cache_folder() / name
    try:
        cached.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(f"{cached}: {error.strerror}; set XDG_CACHE_HOME") from error
    return str(cached / _INDEX_FILE)


def is_chosen_place(file: Path) -> bool:
    """Return whether a file of the catalog is where catalog_place() puts it if nobody names one."""
    index = file.with_name(_INDEX_FILE)
    is_ours = file.parent.name == INDEX_DIR or file.parent.parent == _cache_folder()
    return is_ours and file in (index, state_file(index))


def _cache_folder() -> Path:
    return Path(platformdirs.user_cache_dir("feeds", appauthor=False))


def _named_place(place: str, base: Path) -> str:
    """Return the absolute path of a file, or the URL of a server, that the user names.

    Raises CatalogError for a text that nothing but a guess could make a path of.
    """
    scheme, separator, path = place.partition("://")
    if not separator:
        path = place
    elif scheme not in ("sqlite", "sqlite+pysqlite"):
        return place  # a server's, judged where it is opened
    else:  # SQLite has neither a host nor options
        path = path[1:] if path.startswith("/") and "?" not in path else ""
    path = os.path.expanduser(path)
    if _NO_PATH.search(path):
        # Nothing of a URL is shown: it may hold a password.
        name = re.sub(r"^([^/:]+:/*).*", r"\1…", place[:_MAX_PLACE_CHARS], flags=re.DOTALL)
        hint = "write its path, such as /srv/feeds/index.sqlite"
        raise CatalogError(f"the catalog {name!r}: names no file; {hint}")
    return str(base / path)


def state_file(index: Path) -> Path:
    """Return the SQLite file of the state, beside that of the index."""
    return index.with_name(f"{index.stem}-state{index.suffix}")


def _pages_of_tree(entries: Mapping[str, os.DirEntry[str]]) -> list[str] | None:
    """Return the pages that a folder's manifest names; None where the folder is no tree."""
    if LIST.file_name not in entries:
        return None
    try:
        with open(entries[MANIFEST].path, "rb", opener=regular_only) as file:
            names = json.loads(file.read(MAX_MANIFEST_BYTES))["files"]
            # A tree holds no Markdown, whatever a manifest says that came from elsewhere.
            return [name for name in names if is_html(name)] if LIST.file_name in names else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _walk(top: str, real: str, links: Links) -> Iterator[tuple[str, Stat | None]]:
    """Yield what may be an article; None for a link to a folder that is not followed."""
    # No recursion: folders may nest deeper than Python's calls. The real path is known of what was
    # reached by way of a link.
    waiting: list[tuple[str, os.DirEntry[str] | None, str]] = [("", None, real)]
    pages = set[str]()
    while waiting:
        name, entry, real = waiting.pop()
        prefix = name[: -len(entry.name)] if entry else ""
        try:
            is_link = entry is not None and entry.is_symlink()
            # Of a link in a circle, os.DirEntry raises.
            is_folder = entry is None or (os.path.isdir(entry.path) if is_link else entry.is_dir())
            is_article = not is_folder and name.lower().endswith(ENDINGS) and name not in pages
            is_file = entry and (os.path.isfile(entry.path) if is_link else entry.is_file())
            if entry and is_link and (is_folder or (is_article and is_file)):
                target = links.target(entry.path, is_folder=is_folder)
                if target is None:
                    yield _printable(name), None if is_folder else UNREADABLE
                real = target or ""
                if not real:
                    continue
            if real and not links.enter(real):
                continue
            if is_folder:
                prefix = f"{name}/" if entry else ""
                with os.scandir(entry or top) as iterator:
                    entries = {found.name: found for found in iterator}
                if MANIFEST in entries:
                    if (found_pages := _pages_of_tree(entries)) is None:
                        yield _printable(prefix), UNREADABLE
                        continue
                    pages.update(prefix + page for page in found_pages)
                names = sorted((name for name in entries if name[0] != "."), reverse=True)
                waiting += (
                    (prefix + name, entries[name], real and os.path.join(real, name))
                    for name in names
                )
            elif entry and is_article:
                # Not a link to nowhere, nor a pipe, a socket or a device.
                stat = entry.stat() if is_file else None
                yield _printable(name), Stat(stat.st_size, stat.st_mtime_ns) if stat else UNREADABLE
        except (FileNotFoundError, NotADirectoryError):  # gone since, or one of missing_folders()
            continue
        except OSError:  # the folder cannot be listed, or not entered
            yield _printable(prefix), UNREADABLE


def _printable(name: str) -> str:
    """A name in one line of text; with escapes in it, it is no file's any more."""
    chars = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    return name if name.isprintable() else "".join(chars)


def regular_only(name: str, flags: int) -> int:
    """Opener of open(). Raises OSError for a pipe or a device, which might never end.

    Opening one is a message to its other end: it is done only where the file is replaced meanwhile.
    """
    if _is_regular(os.stat(name).st_mode):
        descriptor = os.open(name, flags | _NO_WAITING)
        if _is_regular(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file")


def _is_regular(mode: int) -> bool:
    return S_ISREG(mode) or S_ISDIR(mode)  # open() itself refuses a folder


def _read(file: Path | str, path: str) -> str | Problem:
    try:
        with open(file, "rb", opener=regular_only) as stream:
            data = stream.read(_FIRST_READ_BYTES)
            if len(data) == _FIRST_READ_BYTES:
                data += stream.read(MAX_FILE_BYTES + 1 - _FIRST_READ_BYTES)
    except OSError as error:
        reason = error.strerror or "unreadable"
        return Problem(path, 1, "unreadable", f"cannot be read: {reason}")
    if len(data) > MAX_FILE_BYTES:
        return Problem(path, 1, "too-large", f"larger than {MAX_FILE_BYTES >> 20} MiB", "split it")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"the byte 0x{data[error.start]:02X} is not UTF-8"
        return Problem(path, line, "not-utf8", message, "save the file as UTF-8")
