"""Every article, indexed in SQL: synced with the folder, and asked for what a feed takes.

The one importer of SQLAlchemy. An index, not a store: it may be deleted at any time and is made
again from the files. It knows nothing of feeds.yaml: a change there makes it read no article.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import platformdirs
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from feeds import __version__
from feeds import text as texts
from feeds.article import Article
from feeds.errors import CatalogError, Problem, Severity
from feeds.folder import Folder, Stat, UnreadableError
from feeds.frontmatter import line_of, read_article
from feeds.selection import Selection
from feeds.site import TopicName

_metadata = sa.MetaData()
_meta = sa.Table(
    "meta",
    _metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)
_source = sa.Table(
    "source",
    _metadata,
    sa.Column("path", sa.String, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("checked_ns", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
)
_problem = sa.Table(
    "problem",
    _metadata,
    sa.Column("path", sa.String, nullable=False, index=True),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("code", sa.String, nullable=False),
    sa.Column("message", sa.String, nullable=False),
    sa.Column("hint", sa.String, nullable=False),
    sa.Column("severity", sa.String, nullable=False),
)
# Dates are microseconds since 1970: every engine compares them alike.
_article = sa.Table(
    "article",
    _metadata,
    sa.Column("path", sa.String, primary_key=True),
    sa.Column("id", sa.String, nullable=False, index=True),
    sa.Column("published", sa.BigInteger, nullable=False, index=True),
    sa.Column("updated", sa.BigInteger, nullable=False),
    sa.Column("quality", sa.Float, nullable=True),
    sa.Column("heat", sa.Float, nullable=True),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("category", sa.String, nullable=False),
    sa.Column("provider", sa.String, nullable=False),
    sa.Column("domain", sa.String, nullable=False),
    sa.Column("draft", sa.Boolean, nullable=False),
    sa.Column("removed", sa.Boolean, nullable=False),
    #: Whether another file claims the same id.
    sa.Column("contested", sa.Boolean, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
_tagging = sa.Table(
    "tagging",
    _metadata,
    sa.Column("topic", sa.String, primary_key=True),
    sa.Column("path", sa.String, primary_key=True, index=True),
    sa.Column("name", sa.String, nullable=False),
)
_media = sa.Table(
    "media",
    _metadata,
    sa.Column("url", sa.String, primary_key=True),
    sa.Column("path", sa.String, primary_key=True, index=True),
)
_document = sa.Table(
    "document",
    _metadata,
    sa.Column("address", sa.String, primary_key=True),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
)
_is_complete = sa.select(_meta.c.value).where(_meta.c.key == "complete")
_OF_A_FILE = (_source, _problem, _article, _tagging, _media)

#: A file that changed within this time of being read may change again under the same mtime.
_RACY_NS = 2_000_000_000
#: Rows in one statement; SQLite allows 32,766 variables in one.
_BATCH = 500

_decode = msgspec.json.Decoder(Article).decode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did, in files."""

    read: int = 0
    unchanged: int = 0
    removed: int = 0


class Catalog:
    """The index of one site's articles. Safe to use from many threads and processes."""

    def __init__(self, file: Path) -> None:
        """Opens or makes the index. Raises CatalogError where neither can be done."""
        self._file = file
        self._inode = 0
        self._engine = sa.create_engine(
            f"sqlite:///{file}", connect_args={"timeout": 60, "check_same_thread": False}
        )
        sa.event.listen(self._engine, "connect", _set_pragmas)
        self._ensure()

    def close(self) -> None:
        """Lets go of the file."""
        self._engine.dispose()

    def sync(self, folder: Folder, progress: Callable[[int, int], None] | None = None) -> Synced:
        """Reads what changed in the folder since the last sync, and forgets what is gone.

        The progress is called with the number of files read and to read. Raises CatalogError.
        """
        self._ensure()
        found = folder.files()
        with self._connection() as connection:
            rows = connection.execute(sa.select(_source)).all()
            complete = connection.execute(_is_complete).scalar_one_or_none() is not None
        known = {row.path: row for row in rows}
        gone = [path for path in known if path not in found]
        rows_by_table: dict[sa.Table, list[dict[str, Any]]] = {table: [] for table in _OF_A_FILE}
        touched: list[dict[str, Any]] = []
        suspects = [path for path, stat in found.items() if _suspect(stat, known.get(path))]
        read = []
        for path in suspects:
            stat = found[path]
            # Taken before the file is read: a change from now on is seen by the next sync.
            checked = time.time_ns()
            text, problems = _text_of(folder, path)
            digest = _digest(text, problems)
            source = {
                "path": path, "size": stat.size, "mtime_ns": stat.mtime_ns,
                "checked_ns": checked, "digest": digest,
            }  # fmt: skip
            if path in known and known[path].digest == digest:
                touched.append(source)
                continue
            read.append(path)
            rows_by_table[_source].append(source)
            article = None
            if text is not None:
                article, problems = read_article(text, path)
            _index(path, article, problems, rows_by_table)
            if progress:
                progress(len(read), len(suspects))
        if gone or read or touched or not complete:
            self._write(gone + read, rows_by_table, touched)
        return Synced(len(read), len(found) - len(read), len(gone))

    def revision(self) -> str:
        """What changes whenever any answer may have changed, whichever process synced."""
        with self.reading() as connection:
            query = sa.select(_meta.c.value).where(_meta.c.key == "revision")
            return str(connection.execute(query).scalar_one())

    def view(self, *, now: datetime, unpublished: bool = False, future: bool = False) -> View:
        """The articles that may be published at this moment."""
        return View(self, now, unpublished, future)

    def problems(self) -> list[Problem]:
        """What is wrong with the files, in their order."""
        with self.reading() as connection:
            rows = connection.execute(sa.select(_problem)).all()
        return sorted(
            Problem(row.path, row.line, row.code, row.message, row.hint, Severity(row.severity))
            for row in rows
        )

    def changed(self, address: str, digest: str, now: int) -> int:
        """When the document at an address last became the bytes with this digest.

        In seconds since 1970. Two different sets of bytes never share a second, so the answer may
        lie a moment ahead of the clock.
        """
        query = sa.select(_document).where(_document.c.address == address)
        self._ensure()
        with self._connection() as connection:
            row = connection.execute(query).one_or_none()
            if row and row.digest == digest:
                return int(row.changed)
            changed = max(now, row.changed + 1 if row else now)
            values = {"address": address, "digest": digest, "changed": changed}
            connection.execute(sa.delete(_document).where(_document.c.address == address))
            connection.execute(sa.insert(_document).prefix_with("OR REPLACE"), values)
            return int(changed)

    def _write(
        self,
        stale: Sequence[str],
        rows_by_table: dict[sa.Table, list[dict[str, Any]]],
        touched: Iterable[dict[str, Any]],
    ) -> None:
        with self._connection() as connection:
            # The first statement takes the write lock, so two syncs come one after the other.
            revision = sa.cast(_meta.c.value, sa.BigInteger) + int(bool(stale))
            update = sa.update(_meta).where(_meta.c.key == "revision")
            connection.execute(update.values(value=sa.cast(revision, sa.String)))
            connection.execute(sa.delete(_meta).where(_meta.c.key == "complete"))
            connection.execute(sa.insert(_meta), {"key": "complete", "value": "1"})
            for table in _OF_A_FILE:
                for batch in _batches(stale):
                    connection.execute(sa.delete(table).where(table.c.path.in_(batch)))
                for rows in _batches(rows_by_table[table]):
                    connection.execute(sa.insert(table), rows)
            for row in touched:
                update = sa.update(_source).where(_source.c.path == row["path"])
                connection.execute(update.values(row))
            if stale:
                twice = sa.select(_article.c.id).group_by(_article.c.id).having(sa.func.count() > 1)
                contested = _article.c.id.in_(twice)
                connection.execute(
                    sa.update(_article)
                    .where(_article.c.contested != contested)
                    .values(contested=contested)
                )

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for questions.

        Raises CatalogError where nothing has been synced yet, be it because the index was deleted
        since: an answer from an empty index would take every article back.
        """
        self._ensure()
        with self._connection() as connection:
            if connection.execute(_is_complete).scalar_one_or_none() is None:
                raise CatalogError(f"{self._file}: not synced yet")
            yield connection

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise CatalogError(f"{self._file}: {_reason(error)}") from error

    def _ensure(self) -> None:
        """Makes the tables where the file is new, deleted since, broken, or of another version."""
        try:
            if self._inode and self._inode == self._file.stat().st_ino:
                return
        except OSError:
            pass
        self._engine.dispose()
        try:
            self._make()
        except DatabaseError as error:
            if not _is_broken(error):
                raise CatalogError(f"{self._file}: {_reason(error)}") from error
            self._engine.dispose()
            for ending in ("", "-wal", "-shm"):
                with suppress(OSError):
                    os.unlink(f"{self._file}{ending}")
            try:
                self._make()
            except SQLAlchemyError as again:
                raise CatalogError(f"{self._file}: {_reason(again)}") from again
        self._inode = self._file.stat().st_ino

    def _make(self) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _meta.create(connection, checkfirst=True)
            query = sa.select(_meta.c.value).where(_meta.c.key == "fingerprint")
            if connection.execute(query).scalar_one_or_none() == fingerprint():
                return
            # When documents last changed outlives a new version; what files hold does not.
            query = sa.select(_meta.c.value).where(_meta.c.key == "revision")
            revision = int(connection.execute(query).scalar_one_or_none() or time.time_ns())
            _metadata.drop_all(connection, tables=[*_OF_A_FILE, _meta])
            _metadata.create_all(connection)
            values = {"fingerprint": fingerprint(), "revision": str(revision + 1)}
            rows = [{"key": key, "value": value} for key, value in values.items()]
            connection.execute(sa.insert(_meta), rows)


class View:
    """The articles that may be published at one moment; the newest of those that share an id."""

    def __init__(self, catalog: Catalog, now: datetime, unpublished: bool, future: bool) -> None:
        self._reading = catalog.reading
        self._now = _micros(now)
        self._unpublished = unpublished
        self._future = future

    def articles(
        self, selection: Selection, family: Callable[[str], frozenset[str]], limit: int
    ) -> tuple[Article, ...]:
        """The newest articles of a selection; the family of a topic's name is its folded names."""
        order = (
            _article.c.published.desc(),
            sa.func.coalesce(_article.c.quality, 0).desc(),
            sa.func.coalesce(_article.c.heat, 0).desc(),
            _article.c.id,
        )
        query = sa.select(_article.c.data).where(*self._selected(selection, family))
        with self._reading() as connection:
            rows = connection.execute(query.order_by(*order).limit(limit)).scalars()
            return tuple(map(_decode, rows))

    def count(
        self, selection: Selection, family: Callable[[str], frozenset[str]]
    ) -> tuple[int, datetime | None]:
        """How many articles a selection takes, and when the newest of them was published."""
        query = sa.select(sa.func.count(), sa.func.max(_article.c.published))
        with self._reading() as connection:
            count, newest = connection.execute(
                query.where(*self._selected(selection, family))
            ).one()
        return count, _date(newest)

    def topic_names(self) -> list[TopicName]:
        """The names that articles use for their topics."""
        query = (
            sa.select(_tagging.c.name, sa.func.count(), sa.func.min(_article.c.published))
            .join(_article, _article.c.path == _tagging.c.path)
            .where(*self._eligible())
            .group_by(_tagging.c.name)
        )
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return [TopicName(name, uses, _date(first) or _EPOCH) for name, uses, first in rows]

    def topic_counts(self) -> dict[str, tuple[int, datetime | None]]:
        """The number of articles and the newest date of every folded topic name."""
        query = (
            sa.select(_tagging.c.topic, sa.func.count(), sa.func.max(_article.c.published))
            .join(_article, _article.c.path == _tagging.c.path)
            .where(*self._eligible())
            .group_by(_tagging.c.topic)
        )
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return {topic: (count, _date(newest)) for topic, count, newest in rows}

    def media(self) -> list[str]:
        """The relative URLs of the site's files that articles show or offer."""
        query = (
            sa.select(_media.c.url)
            .join(_article, _article.c.path == _media.c.path)
            .where(*self._eligible())
            .distinct()
            .order_by(_media.c.url)
        )
        with self._reading() as connection:
            return list(connection.execute(query).scalars())

    def held_back(self) -> dict[str, int]:
        """How many articles are not published, by the reason why."""
        removed = _article.c.removed
        draft = sa.and_(~removed, _article.c.draft) if not self._unpublished else sa.false()
        due = _article.c.published <= self._now
        early = sa.false() if self._future else sa.and_(~removed, ~draft, ~due)
        reasons = {"unpublished": draft, "removed": removed, "dated in the future": early}
        counts = [sa.func.sum(sa.case((reason, 1), else_=0)) for reason in reasons.values()]
        rivals = sa.select(sa.func.count()).where(
            *self._eligible(rivals=False), ~sa.and_(*self._eligible())
        )
        with self._reading() as connection:
            row = connection.execute(sa.select(*counts).select_from(_article)).one()
            beaten = connection.execute(rivals).scalar_one()
        found = dict(zip(reasons, (count or 0 for count in row), strict=True))
        return {reason: n for reason, n in {**found, "older with the same id": beaten}.items() if n}

    def next_due(self) -> datetime | None:
        """When the next article that is dated in the future comes due."""
        query = sa.select(sa.func.min(_article.c.published)).where(_article.c.published > self._now)
        with self._reading() as connection:
            return _date(connection.execute(query).scalar_one())

    def conflicts(self, folder: Folder) -> list[Problem]:
        """A warning for every file whose id a newer file claims too."""
        columns = (_article.c.id, _article.c.path, _article.c.updated, _article.c.published)
        query = sa.select(*columns).where(*self._eligible(rivals=False), _article.c.contested)
        with self._reading() as connection:
            rows = sorted(connection.execute(query).all(), key=lambda row: (row[0], *_rank(row)))
        problems = []
        newest = {row.id: row.path for row in rows}
        for row in rows:
            if row.path != newest[row.id]:
                text, _ = _text_of(folder, row.path)
                line = line_of(text, "webUrl", "originalUrl") if text is not None else 1
                message = f"{newest[row.id]} has the same URL, is newer and is published instead"
                hint = "an article's URL is its own"
                problem = Problem(row.path, line, "same-id", message, hint, Severity.WARNING)
                problems.append(problem)
        return sorted(problems)

    def _selected(
        self, selection: Selection, family: Callable[[str], frozenset[str]]
    ) -> Iterator[sa.ColumnElement[bool]]:
        def about(names: Iterable[str]) -> sa.ColumnElement[bool]:
            keys = set().union(*map(family, names))
            paths = sa.select(_tagging.c.path).where(_tagging.c.topic.in_(keys))
            return _article.c.path.in_(paths)

        yield from self._eligible()
        if selection.any:
            yield about(selection.any)
        for name in selection.all:
            yield about((name,))
        if selection.none:
            yield ~about(selection.none)
        if selection.provider:
            names = list(map(texts.fold, selection.provider))
            yield _article.c.provider.in_(names) | _article.c.domain.in_(names)
        if selection.type:
            yield _article.c.type.in_(map(texts.fold, selection.type))
        if selection.category:
            yield _article.c.category.in_(map(texts.fold, selection.category))
        if selection.min_quality is not None:
            yield _article.c.quality >= selection.min_quality
        if selection.since is not None:
            newest = sa.select(sa.func.max(_article.c.published)).where(*self._eligible())
            micros = selection.since // timedelta(microseconds=1)
            yield _article.c.published >= newest.scalar_subquery() - micros

    def _eligible(self, *, rivals: bool = True) -> Iterator[sa.ColumnElement[bool]]:
        yield from self._publishable(_article)
        if rivals:
            other = _article.alias("rival")
            later = sa.tuple_(other.c.updated, other.c.published, other.c.path) > sa.tuple_(
                _article.c.updated, _article.c.published, _article.c.path
            )
            beaten = sa.exists().where(
                other.c.id == _article.c.id, later, *self._publishable(other)
            )
            yield ~_article.c.contested | ~beaten

    def _publishable(self, table: sa.FromClause) -> Iterator[sa.ColumnElement[bool]]:
        yield ~table.c.removed
        if not self._unpublished:
            yield ~table.c.draft
        if not self._future:
            yield table.c.published <= self._now


def locate(folder: Folder) -> Path:
    """Where the catalog of a folder lies: beside feeds.yaml, else in the user's cache folder.

    Makes the folders on the way. Raises CatalogError where none can be written.
    """
    if folder.configured:
        beside = folder.root / ".feeds"
        with suppress(OSError):
            beside.mkdir(exist_ok=True)
            ignore = beside / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            if os.access(beside, os.W_OK):
                return beside / "catalog.sqlite"
    name = hashlib.sha256(os.fsencode(folder.root.resolve())).hexdigest()[:20]
    cached = Path(platformdirs.user_cache_dir("feeds", appauthor=False)) / name
    try:
        cached.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(f"{cached}: {error.strerror}; set XDG_CACHE_HOME") from error
    return cached / "catalog.sqlite"


@cache
def fingerprint() -> str:
    """What decides how a file becomes an article: our own modules and the libraries under them."""
    found = hashlib.sha256(__version__.encode())
    package = Path(__file__).parent
    modules = ("article.py", "catalog.py", "fields.py", "folder.py", "text.py", "tree.py")
    for file in (*map(package.joinpath, modules), *sorted(package.glob("frontmatter/*.py"))):
        found.update(file.read_bytes())
    for library in ("ftfy", "markdown-it-py", "mdit-py-plugins", "msgspec", "nh3", "PyYAML"):
        found.update(f"{library} {importlib.metadata.version(library)}\n".encode())
    return found.hexdigest()


def _index(
    path: str,
    article: Article | None,
    problems: Iterable[Problem],
    rows: dict[sa.Table, list[dict[str, Any]]],
) -> None:
    """Adds to the rows of each table what one file gives."""
    rows[_problem] += (
        {
            "path": path, "line": each.line, "code": each.code, "message": each.message,
            "hint": each.hint, "severity": str(each.severity),
        }
        for each in problems
    )  # fmt: skip
    if not article:
        return
    rows[_article].append(
        {
            "path": path,
            "id": article.id,
            "published": _micros(article.published),
            "updated": _micros(article.updated),
            "quality": article.quality,
            "heat": article.heat,
            "type": texts.fold(article.type),
            "category": texts.fold(article.category),
            "provider": texts.fold(article.provider.name) if article.provider else "",
            "domain": article.provider.domain if article.provider else "",
            "draft": article.draft,
            "removed": article.removed,
            "contested": False,
            "data": msgspec.json.encode(article),
        }
    )
    names = {texts.fold(name): name for name in article.topics}
    rows[_tagging] += ({"topic": key, "path": path, "name": name} for key, name in names.items())
    rows[_media] += ({"url": url, "path": path} for url in article.local_files())


def _suspect(stat: Stat, known: Any) -> bool:
    """Whether a file may have changed since it was read."""
    return (
        known is None
        or (stat.size, stat.mtime_ns) != (known.size, known.mtime_ns)
        or stat.mtime_ns >= known.checked_ns - _RACY_NS
    )


def _text_of(folder: Folder, path: str) -> tuple[str | None, list[Problem]]:
    try:
        return folder.read(path), []
    except UnreadableError as error:
        return None, [error.problem]


def _digest(text: str | None, problems: Sequence[Problem]) -> str:
    source = text if text is not None else f"\0{problems}"
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def _rank(row: Any) -> tuple[int, int, str]:
    """The order of the files that claim one id: the last is published (as _eligible says it)."""
    return row.updated, row.published, row.path


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def _micros(date: datetime) -> int:
    return (date - _EPOCH) // timedelta(microseconds=1)


def _date(micros: int | None) -> datetime | None:
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)


def _set_pragmas(connection: Any, _record: Any) -> None:
    # Readers never wait for a sync; a lost machine may cost the last sync, which is done again.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _is_broken(error: DatabaseError) -> bool:
    signs = ("not a database", "malformed", "no such table", "no such column")
    return any(sign in str(error.orig) for sign in signs)


def _reason(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
