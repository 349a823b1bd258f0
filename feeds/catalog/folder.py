"""The site's folder on disk: its feeds.yaml, its articles' files, and the media beside them.

Nothing outside the site's folder and the folders that feeds.yaml names is ever read: hidden files
are passed over, and a link that leads out is named.
"""

from __future__ import annotations

import json
import os
import re
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from feeds.catalog.own_form import has_own_form
from feeds.catalog.walk import MANIFEST, Links, Stat, walk
from feeds.dialects import DIALECTS, NONE, find_dialect
from feeds.dialects.configuration import Files
from feeds.errors import ConfigurationError, Problem, Severity
from feeds.files import regular_only
from feeds.model.article import Article
from feeds.model.site import WHOLE_FOLDER, Author, Site
from feeds.parsing.fields import parse_language
from feeds.parsing.file_names import ENDINGS
from feeds.parsing.report import Report
from feeds.parsing.site_config import read_site
from feeds.parsing.time_zones import in_zone, zone_name
from feeds.text.media_types import type_of_name
from feeds.text.repair import plain_line, shown

if TYPE_CHECKING:
    from feeds.catalog.links import Links as ArticleLinks
    from feeds.dialects.dialect import Dialect
    from feeds.parsing.article import Outline

CONFIGURATION = "feeds.yaml"
#: A longer file is hardly an article, and must not fill the memory.
MAX_FILE_BYTES = 8 * 1024 * 1024
#: Most files are shorter; Python would set memory aside for all that it is asked to read.
_FIRST_READ_BYTES = 64 * 1024
#: Folders above a site that are searched for the generator that it is a part of.
_MAX_LEVELS_UP = 8
#: Folders below one without articles that are searched for a generator's site.
_MAX_FOLDERS_BELOW = 100
#: The path of the site's own folder, relative to itself.
HERE = "./"
#: The code of the problem of a linked folder that is not followed.
LINKED = "linked-folder"


@dataclass(frozen=True, slots=True)
class SiteFolder:
    """A site's folder, with the configuration of its feeds.yaml and the problems in it."""

    root: Path
    site: Site
    problems: tuple[Problem, ...]
    #: The name of its feeds.yaml; empty where there is none.
    configuration: str = ""
    #: The generator whose form the articles have; None for our own.
    dialect: Dialect | None = field(default=None, hash=False)
    #: The time, in ns since 1970, for which links between articles are followed: what they lead to
    #: is read once for each.
    opened: int = field(default_factory=time.time_ns, compare=False)

    @classmethod
    def open(cls, target: Path) -> SiteFolder:
        """Open the site of a folder or of a feeds.yaml. Raises ConfigurationError."""
        target = target.absolute()
        file = configuration_file(target)
        if file.suffix.lower() not in (".yaml", ".yml"):
            raise ConfigurationError(f"{target}: not a site; name a folder or its {CONFIGURATION}")
        root = file.parent
        if not root.is_dir():
            raise ConfigurationError(f"{target}: no such folder; name a folder of articles")
        default_title = plain_line(root.resolve().name) or "Feeds"
        site, problems, source = Site(title=default_title), list[Problem](), ""
        if is_configured := os.path.lexists(file):
            text = _read(file, file.name)
            if isinstance(text, Problem):
                raise ConfigurationError(str(text))
            source = text
            site, problems = read_site(source, file.name, site)
        dialect = _find_dialect(root, site, file.name)
        # A configuration that lies beside articles of our own changes nothing about them.
        is_named = site.dialect or site.permalink
        if (
            dialect
            and not is_named
            and has_own_form(os.path.join(root, each) for each in site.articles)
        ):
            dialect = None
        if dialect:
            site = _site_of(dialect, default_title)
            if is_configured:
                # Articles of our own form may be anywhere.
                defaults = replace(site, articles=WHOLE_FOLDER)
                site, problems = read_site(source, file.name, defaults)
            dialect = replace(dialect, base=dialect.site.url or site.url)
        return cls(root, site, tuple(problems), file.name if is_configured else "", dialect)

    def published_at(self, url: str) -> SiteFolder:
        """Return the folder with the URL of its feeds, for articles whose site has no other."""
        if not self.dialect or self.dialect.site.url:
            return self
        return replace(self, dialect=replace(self.dialect, base=url))

    def reopened(self) -> SiteFolder:
        """Return the folder as of now, for links to be followed anew."""
        return replace(self, opened=time.time_ns())

    @classmethod
    def of_article(cls, file: Path) -> tuple[SiteFolder, str]:
        """Return the site that an article belongs to, and the article's path in it.

        It is the nearest one above the file whose folders of articles contain it, else the file's
        own folder. Raises ConfigurationError if a feeds.yaml on the way up cannot be used.
        """
        file = Path(os.path.abspath(file))
        for root in file.parents:
            is_site = (root / CONFIGURATION).is_file() or find_dialect(_files_of(root))
            if is_site:
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
        if self.dialect and not self.configured:
            hint = f"{self.dialect.label} has its articles there; what was known of them stays"
        at = self.configuration or HERE, self.site.articles_line
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

        They include what cannot be read, folders with a slash at the end: read() says why.
        """
        files: dict[str, Stat] = {}
        endings = self.dialect.endings if self.dialect else ENDINGS
        if self.configured:
            endings += ENDINGS
        links = Links(self.root, self.article_folders, endings)
        # The problem of a linked folder quotes `articles`, so it is made again when that changes.
        linked = Stat(-2, zlib.crc32(repr(self.site.articles).encode()))
        for folder in filter(os.path.isdir, self.article_folders):
            if (real := links.real_path_of_top(folder)) is None:
                continue
            prefix = self._prefix(folder)
            for name, stat in walk(str(folder), real, links):
                path = (prefix + name) or HERE
                if self.configured or path.endswith("/") or not self.is_beside_articles(path):
                    files.setdefault(path, stat or linked)
        return files

    def generators_site(self) -> tuple[Path, Dialect] | None:
        """Return the site of a generator that this folder is a part of, or else contains.

        None if there is none, or this folder is one itself.
        """
        if self.dialect or self.site.dialect:
            return None
        for root in islice(self.root.parents, _MAX_LEVELS_UP):
            if (dialect := find_dialect(_files_of(root))) and any(
                self.root.is_relative_to(folder) or folder.is_relative_to(self.root)
                for folder in (Path(os.path.normpath(root / name)) for name in dialect.folders)
            ):
                return root, dialect
        for root in islice(_folders_below(self.root), _MAX_FOLDERS_BELOW):
            if dialect := find_dialect(_files_of(root)):
                return root, dialect
        return None

    def dialect_of(self, path: str) -> Dialect | None:
        """Return the dialect if one of files() is an article of it; None for our own form."""
        return self.dialect if self.dialect and self.dialect.is_article(path) else None

    def is_beside_articles(self, path: str) -> bool:
        """Return True for a file of a generator's folder that is an article only with our keys."""
        return self.dialect is not None and not self.dialect.is_article(path)

    def settings_of(self, path: str) -> str:
        """Return the settings that decide how one of files() is read, as text for a digest."""
        own = repr(tuple(self.site.article_defaults))
        if dialect := self.dialect_of(path):
            return f"{own} {dialect.digest} {dialect.data_of(path)}"
        return f"{own} {self.site.articles}" if self.dialect else own

    @property
    def settings(self) -> str:
        """The settings that decide how articles are read, as text for a digest."""
        own = repr(tuple(self.site.article_defaults))
        return f"{own} {self.site.articles} {self.dialect.data_digest}" if self.dialect else own

    def links_of(self, path: str) -> ArticleLinks | None:
        """Return what follows the links of one of files(); None for our own form, which has none.

        Its found() are those of the articles that were read with it.
        """
        # Imported late, as all that parses articles: most builds have none to read.
        from feeds.catalog.links import Links

        dialect = self.dialect_of(path)
        return Links(self, dialect, path) if dialect else None

    def read_article(
        self, text: str, path: str, links: ArticleLinks | None = None
    ) -> tuple[Article | None, list[Problem]]:
        """Read an article from the text of one of files(), with its links_of()."""
        from feeds.parsing.article import read_article

        dialect, defaults = self.dialect_of(path), self.site.article_defaults
        links = links or self.links_of(path)
        if not links:
            return read_article(text, path, defaults, dialect)
        article, problems = read_article(text, path, defaults, dialect, links)
        if article:
            links.remember(article)
        return article, problems

    def when_shown(self, outline: Outline) -> tuple[datetime | None, bool]:
        """Return when an article begins or ceases to be shown, and True if it is shown now."""
        now = datetime.fromtimestamp(self.opened / 1e9, UTC)
        begins = None if self.site.future else outline.published
        dates = [date for date in (begins, outline.expires) if date and date > now]
        has_begun = not begins or begins <= now
        has_expired = outline.expires is not None and outline.expires <= now
        is_held_back = outline.is_held_back and not self.site.unpublished
        return min(dates, default=None), has_begun and not has_expired and not is_held_back

    def line_of(self, path: str, *keys: str) -> int:
        """Return the line of the first of these keys that an article's file has, else 1."""
        from feeds.parsing.article import line_of

        return line_of(self.text_or_empty(path), path, *keys, dialect=self.dialect_of(path))

    def endings(self) -> Counter[str]:
        """Return the number of files in the folders of articles, without hidden ones, by ending."""
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
            reason = "its files are out of reach"
            hint = "what was known of it stays; let it be read"
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
            links = Links(self.root, self.article_folders, ENDINGS)
            if links.target(file, is_folder=False) is None:
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
        article, problems = self.read_article(text, path)
        urls = article.local_files() if article else ()
        missing = {url: 1 for url in urls if not self.media_file(url)}
        may_show = article and not article.removed and (self.site.unpublished or not article.draft)
        early = self.future_dates(path, article, now) if article and may_show else ()
        return sorted((*problems, *self.no_files(path, missing), *early))

    def future_dates(self, path: str, article: Article, now: datetime) -> Iterator[Problem]:
        """Yield a warning for an update in the future, or a publication more than a year ahead."""
        is_published = self.site.future or article.published <= now
        if is_published and article.updated > max(article.published, now):
            key, date = "updatedDateTime", article.updated
            what = f"{key} is in the future: publishedDateTime is used"
        elif not is_published and article.published - timedelta(days=366) > now:
            # Another key may have set it, such as embargo.
            key, date = "publishedDateTime", article.published
            what = "its date is in the future: the article is held back"
        else:
            return
        line = self.line_of(path, key)
        message = f"{what} until {in_zone(date, self.site.timezone).date()}"
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

    def has_file(self, path: str) -> bool:
        """Return True if a file is in the site, and neither it nor a folder of it is hidden."""
        root = os.path.realpath(self.root)
        file = os.path.realpath(os.path.join(root, path))
        names = file.removeprefix(os.path.join(root, "")).split(os.sep)
        is_hidden = any(name.startswith(".") for name in (*names, *path.split("/")))
        return file.startswith(os.path.join(root, "")) and not is_hidden and os.path.isfile(file)

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


def _folders_below(root: Path) -> Iterator[Path]:
    """Yield the folders in a folder, then those in them, without hidden ones and links."""
    waiting, levels = [root], 2
    while levels:
        found = []
        for folder in waiting:
            with suppress(OSError), os.scandir(folder) as entries:
                found += sorted(
                    folder / each.name
                    for each in entries
                    if each.name[0] != "." and each.is_dir(follow_symlinks=False)
                )
        yield from found
        waiting, levels = [each for each in found if each.name != "node_modules"], levels - 1


def _find_dialect(root: Path, site: Site, configuration: str) -> Dialect | None:
    """Return the dialect of a folder. Raises ConfigurationError where feeds.yaml names another."""
    name = site.dialect
    if name and name != NONE and name not in (known := [kind.name for kind in DIALECTS]):
        hint = f"it is one of {', '.join(known)} or {NONE}"
        raise ConfigurationError(f"{configuration}: dialect: {shown(name)} is not known; {hint}")
    dialect = find_dialect(_files_of(root), name, site.permalink)
    if not dialect and name not in ("", NONE):
        hint = "its configuration has to be beside this file"
        raise ConfigurationError(f"{configuration}: no folder of {name}; {hint}")
    return dialect


def _files_of(root: Path) -> Files:
    """Return the files of a folder; a configuration may name others, and links lead to them."""
    inside = os.path.join(os.path.realpath(root), "")
    #: Folders that are known to be inside, with a slash at the end.
    known = {""}

    def is_inside(path: str) -> bool:
        try:
            return os.path.join(os.path.realpath(root / path), "").startswith(inside)
        except ValueError:  # a null character
            return False

    def read(path: str) -> str:
        text = _read(root / path, path) if is_inside(path) else ""
        return text if isinstance(text, str) else ""

    def names(folder: str) -> tuple[str, ...]:
        prefix = f"{folder.rstrip('/')}/" if folder else ""
        if prefix not in known and not is_inside(folder):
            return ()
        with suppress(OSError), os.scandir(f"{root}{os.sep}{folder}") as entries:
            # Folders that are links may go in circles.
            found = [
                f"{prefix}{each.name}{'/' * each.is_dir(follow_symlinks=False)}" for each in entries
            ]
            known.update(path for path in found if path.endswith("/"))
            return tuple(sorted(found))
        return ()

    return Files(read, cache(names))


def _site_of(dialect: Dialect, title: str) -> Site:
    """Return the site that a generator's configuration describes."""
    said = dialect.site
    zone = zone_name(said.timezone)
    return Site(
        title=plain_line(said.title) or title,
        description=plain_line(said.description),
        language=parse_language(said.language) or "",
        timezone=zone,
        author=Author(plain_line(said.author)) if plain_line(said.author) else None,
        future=said.future,
        math=said.math,
        articles=dialect.folders,
    )


def line_with(source: str, text: str) -> int:
    """Return the first line of an article's source that has a text in it, say a URL, else 1."""
    at = max(source.find(text), source.find(unquote(text)), 0)
    return source.count("\n", 0, at) + 1


def configuration_file(target: Path) -> Path:
    """Return the feeds.yaml of a folder, or the file that is named instead of a folder."""
    return target if target.is_file() else target / CONFIGURATION


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
