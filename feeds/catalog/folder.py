"""The site's folder on disk: its feeds.yaml, its articles' files, and the media beside them.

Nothing outside the site's folder and the folders that feeds.yaml names is ever read: hidden files
and links that lead out are passed over.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import platformdirs

from feeds.errors import CatalogError, ConfigurationError, Problem, Severity
from feeds.model.site import Site
from feeds.parsing import yaml_text
from feeds.parsing.article import ENDINGS, read_article
from feeds.parsing.site_config import read_site
from feeds.text.media_types import type_of_name
from feeds.text.repair import plain_line, shorten

CONFIGURATION = "feeds.yaml"
_CONFIGURATION_ENDINGS = (".yaml", ".yml")
#: In every tree that Feeds writes; a folder that has it holds no articles.
MANIFEST = ".feeds-manifest.json"
#: The folder beside feeds.yaml that holds the index.
INDEX_DIR = ".feeds"
_CATALOG = "catalog.sqlite"
#: In bytes. A longer file is hardly an article, and must not fill the memory.
MAX_FILE = 8 * 1024 * 1024
#: In bytes. Most files are shorter; asking for more would take memory for more, every time.
_MOST = 64 * 1024


class UnreadableError(Exception):
    """A file cannot be read as text: what is wrong, and in which line."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Stat:
    """What tells that a file has changed: bytes, and nanoseconds since 1970."""

    size: int
    mtime_ns: int


#: Of what the file system does not tell.
_UNKNOWN = Stat(-1, 0)
#: The site's own folder, as a path in itself.
_HERE = "./"


@dataclass(frozen=True, slots=True)
class Folder:
    """A site's folder, with the site that it holds and what is wrong with its feeds.yaml."""

    root: Path
    site: Site
    problems: tuple[Problem, ...]
    #: The name of its feeds.yaml; empty where there is none.
    configuration: str = ""
    #: The line in it that names the folders of articles.
    articles_line: int = 1

    @classmethod
    def open(cls, target: Path) -> Folder:
        """The site in a folder, or of a feeds.yaml.

        Raises ConfigurationError where there is none, or where it cannot be used at all.
        """
        target = target.absolute()
        file = target if target.is_file() else target / CONFIGURATION
        if file.suffix.lower() not in _CONFIGURATION_ENDINGS:
            raise ConfigurationError(f"{target}: not a site; name a folder or its {CONFIGURATION}")
        root = file.parent
        if not root.is_dir():
            raise ConfigurationError(f"{target}: no such folder; name a folder of articles")
        default_title = plain_line(root.resolve().name) or "Feeds"
        if not os.path.lexists(file):
            return cls(root, Site(title=default_title), ())
        try:
            source = _read(file, file.name)
        except UnreadableError as error:
            raise ConfigurationError(str(error)) from error
        site, problems = read_site(source, file.name, default_title)
        line = yaml_text.lines(source).get(("articles",), 1)
        return cls(root, site, tuple(problems), file.name, line)

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
        """Whether there is a feeds.yaml."""
        return bool(self.configuration)

    @property
    def article_folders(self) -> tuple[Path, ...]:
        """The folders that hold the articles."""
        return tuple(Path(os.path.normpath(self.root / each)) for each in self.site.articles)

    def missing(self) -> list[Problem]:
        """The folders of articles that feeds.yaml names and that are not there."""
        where = self.configuration
        hint = "articles: names a folder that is there; what was known of this one stays"
        return [
            Problem(where, self.articles_line, "no-folder", f"no folder {name}", hint)
            for name, path in zip(self.site.articles, self.article_folders, strict=True)
            if not path.is_dir()
        ]

    def out_of_reach(self, files: Mapping[str, Stat]) -> tuple[str, ...]:
        """How the paths begin of which files() cannot say whether they are there."""
        gone = (folder for folder in self.article_folders if not folder.is_dir())
        unlisted = (path.removeprefix(_HERE) for path in files if path.endswith("/"))
        return (*map(self._prefix, gone), *unlisted)

    def _prefix(self, folder: Path) -> str:
        prefix = os.path.relpath(folder, self.root)
        return "" if prefix == os.curdir else prefix.replace(os.sep, "/") + "/"

    def files(self) -> dict[str, Stat]:
        """Every file that may be an article, by its path relative to the site.

        A folder that cannot be listed is among them, with a slash at its end: read() says why.
        """
        found: dict[str, Stat] = {}
        for folder in self.article_folders:
            prefix = self._prefix(folder)
            for name, stat in _walk(str(folder), os.path.realpath(folder), ""):
                found.setdefault((prefix + name) or _HERE, stat)
        return found

    def read(self, path: str) -> str:
        """The text of one of files(). Raises UnreadableError."""
        file = f"{self.root}{os.sep}{path}"  # a Path would take as long as reading it
        if path.endswith("/"):
            reason = _why_unlisted(file)
            hint = "what was known of it stays; let it be read"
            message = f"the folder cannot be read: {reason}"
            raise UnreadableError(Problem(path, 1, "unreadable", message, hint))
        if "\\" in path and not os.path.exists(file):
            problem = Problem(path, 1, "bad-name", "the file's name is not plain text", "rename it")
            raise UnreadableError(problem)
        return _read(file, path)

    def check_article(self, path: str) -> list[Problem]:
        """Return the problems of one article, except those that other articles cause."""
        try:
            article, problems = read_article(self.read(path), path)
        except UnreadableError as error:
            return [error.problem]
        for url in article.local_files() if article else ():
            if not self.media(url):
                problems.append(self.missing_file(path, url))
        return sorted(problems)

    def missing_file(self, path: str, url: str, uses: int = 1) -> Problem:
        """Return the problem of a file that an article, and perhaps others, names in vain."""
        others = f" (named by {uses:,} articles)" if uses > 1 else ""
        message = f"the site has no file {shorten(url, 80)} to publish{others}"
        hint = "put it there, or write its whole URL"
        line = self.line_of(path, url)
        return Problem(path, line, "no-file", message, hint, Severity.WARNING)

    def line_of(self, path: str, text: str) -> int:
        """The line of one of files() in which a text, say a URL, is first found, else 1."""
        try:
            source = self.read(path)
        except UnreadableError:  # gone since
            return 1
        found = max(source.find(text), source.find(unquote(text)))
        return source.count("\n", 0, found) + 1 if found >= 0 else 1

    def length(self, url: str, known: int | None) -> int | None:
        """How long the file of a relative URL is, in bytes; None where media() gives none.

        The length that was known spares looking whether the file may be published.
        """
        try:
            length = os.stat(f"{self.root}{unquote(urlsplit(url).path)}").st_size
        except (OSError, ValueError):
            return None
        return length if length == known or self.media(url) else None

    def media(self, url: str) -> Path | None:
        """The file that a relative URL names, if it lies in the site and may be published."""
        try:
            path = unquote(urlsplit(url).path)
        except ValueError:
            return None
        # Strings and not paths: a build asks this of every picture, and paths take thrice the time.
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if path.endswith("/") or not parts:
            return None
        if any(part.startswith(".") or "\\" in part or not part.isprintable() for part in parts):
            return None
        if not type_of_name(parts[-1], ""):
            return None
        root = os.path.realpath(self.root)
        file = os.path.realpath(os.path.join(root, *parts))
        inside = os.path.join(root, "")
        if not file.startswith(inside) or not os.path.isfile(file):
            return None
        # A link may lead to what is hidden.
        hidden = any(part.startswith(".") for part in file.removeprefix(inside).split(os.sep))
        return None if hidden else Path(file)


def locate(folder: Folder) -> str:
    """Where the index of a folder's articles lies: a URL, or the path of a file.

    It is what FEEDS_CATALOG or feeds.yaml says, else a file beside feeds.yaml, else one in the
    user's cache folder. Makes the folders on the way. Raises CatalogError where none can be
    written.
    """
    if told := os.environ.get("FEEDS_CATALOG") or folder.site.catalog:
        return told
    if folder.configured:
        beside = folder.root / INDEX_DIR
        with suppress(OSError):
            beside.mkdir(exist_ok=True)
            ignore = beside / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            file = beside / _CATALOG
            if os.access(beside, os.W_OK) and all(
                not each.exists() or (each.is_file() and os.access(each, os.W_OK))
                for each in (file, state_file(file))
            ):
                return str(file)
    name = hashlib.sha256(os.fsencode(folder.root.resolve())).hexdigest()[:20]
    cached = Path(platformdirs.user_cache_dir("feeds", appauthor=False)) / name
    try:
        cached.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(f"{cached}: {error.strerror}; set XDG_CACHE_HOME") from error
    return str(cached / _CATALOG)


def state_file(index: Path) -> Path:
    """The SQLite file of the state, beside that of the index."""
    return index.with_name(f"{index.stem}-state{index.suffix}")


def _walk(folder: str, top: str, prefix: str) -> Iterator[tuple[str, Stat]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):  # gone since, or missing()
        return
    except OSError:
        yield _printable(prefix), _UNKNOWN
        return
    if any(entry.name == MANIFEST for entry in found):
        return
    for entry in found:
        name = prefix + entry.name
        if entry.name.startswith("."):
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, top, f"{name}/")
            elif entry.name.lower().endswith(ENDINGS) and entry.is_file():
                if entry.is_symlink() and not os.path.realpath(entry.path).startswith(top + os.sep):
                    continue
                stat = entry.stat()
                yield _printable(name), Stat(stat.st_size, stat.st_mtime_ns)
        except OSError as error:
            # Else it is gone since, or a link to nowhere.
            if not isinstance(error, FileNotFoundError) and not entry.is_symlink():
                yield _printable(prefix), _UNKNOWN  # the folder may be listed, but not entered


def _why_unlisted(folder: str) -> str:
    try:
        os.listdir(folder)
    except OSError as error:
        return error.strerror or "unreadable"
    return "its files are out of reach"


def _printable(name: str) -> str:
    """A name that fits into one line of text: what does not is escaped, and names no file then."""
    if name.isprintable():
        return name
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in name
    )


def _read(file: Path | str, path: str) -> str:
    def unreadable(line: int, code: str, message: str, hint: str) -> UnreadableError:
        return UnreadableError(Problem(path, line, code, message, hint, Severity.ERROR))

    try:
        with open(file, "rb") as stream:
            data = stream.read(_MOST)
            if len(data) == _MOST:
                data += stream.read(MAX_FILE + 1 - _MOST)
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise unreadable(1, "unreadable", f"cannot be read: {reason}", "") from error
    if len(data) > MAX_FILE:
        raise unreadable(1, "too-large", f"larger than {MAX_FILE >> 20} MiB", "split it")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"the byte 0x{data[error.start]:02X} is not UTF-8"
        raise unreadable(line, "not-utf8", byte, "save the file as UTF-8") from error
