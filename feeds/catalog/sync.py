"""Every article, indexed in SQL and synced with the folder; feeds.view asks it for articles.

An index, not a store: it may be deleted at any time and is made again from the files. It knows
nothing of feeds.yaml: a change there makes it read no article.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from feeds.catalog.database import OTHER_VERSION, Database, code_fingerprint
from feeds.catalog.folder import Folder, Stat, UnreadableError
from feeds.catalog.schema import (
    ANNOUNCED,
    ARTICLE,
    BUILT,
    DOCUMENT,
    IS_COMPLETE,
    LENGTH,
    MEDIA,
    META,
    OF_A_FILE,
    OWN_LENGTH,
    OWN_MEDIA,
    PROBLEM,
    SOURCE,
    TAGGING,
    batches,
    micros,
    pack,
)
from feeds.catalog.search import Search
from feeds.catalog.state import ProbeResult
from feeds.errors import CatalogError, Problem, Severity
from feeds.model.article import Article
from feeds.parallel import parallel_map
from feeds.parsing.article import is_html, read_article
from feeds.text.slugs import fold

#: A file that changed within this time of being read may change again under the same mtime.
_RACY_NS = 2_000_000_000
#: Files whose rows are written at once: less than this, and a sync is seen whole or not at all.
_AT_ONCE = 5_000
#: Of a file that the next sync looks at again in any case.
_NEVER = Stat(-1, -1)
#: In characters; PostgreSQL indexes 2,700 bytes.
_LONGEST_URL = 2000
#: The mark of an index that only a part of a sync has come into.
_UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did, in files."""

    read: int = 0
    unchanged: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Built:
    """A file as a build left it: what its bytes follow from, and its state on disk."""

    fingerprint: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Told:
    """A feed as a hub was told of it: what its bytes follow from, and what tells them apart."""

    fingerprint: str
    digest: str


class Catalog:
    """The index of one site's articles. Safe to use from many threads and processes."""

    def __init__(self, place: str | os.PathLike[str], *, syncs: bool = True) -> None:
        """Opens or makes the index: the path of an SQLite file, or a URL as SQLAlchemy has them.

        Who does not sync leaves the making to those who do. Raises CatalogError where neither can
        be done.
        """
        self._database = Database(place, makes=syncs)
        #: The words of its articles.
        self.search = Search(self._database)

    @property
    def place(self) -> str:
        """Where it lies, for another process to open it."""
        return self._database.place

    def close(self) -> None:
        """Lets go of its connections."""
        self._database.close()

    def sync(
        self,
        folder: Folder,
        progress: Callable[[int, int], None] | None = None,
        *,
        processes: int = 1,
    ) -> Synced:
        """Reads what changed in the folder since the last sync, and forgets what is gone.

        The progress is called with the number of files read and to read; with several processes
        (see feeds.workers) much is read at once. Raises CatalogError.
        """
        self._database.ensure()
        found = folder.files()
        number = len(found)
        # A disk that is not mounted, or cannot be listed, has deleted no article.
        out_of_reach = folder.out_of_reach(found)
        gone, suspects = [], []
        with self._database.connection() as connection:
            marks = set(connection.execute(sa.select(META.c.key)).scalars())
            for row in connection.execute(sa.select(SOURCE).execution_options(yield_per=1000)):
                stat = found.pop(row.path, None)
                if stat and _is_suspect(stat, row):
                    suspects.append(_Suspect(row.path, stat, row.digest))
                elif not stat and not row.path.startswith(out_of_reach):
                    gone.append(row.path)
        settled = "complete" in marks and _UNSETTLED not in marks
        suspects += (_Suspect(path, stat, "") for path, stat in found.items())
        changes = _Changes(gone)
        read = 0
        read_some = partial(_read, folder)
        reading = parallel_map(read_some, suspects, processes=processes, worthwhile=1500, chunk=100)
        for done, file_rows in enumerate(reading, 1):
            read += changes.add(file_rows)
            if len(changes.stale) >= _AT_ONCE:
                self._write(changes, is_last=False)
                changes, settled = _Changes([]), False
            if progress:
                progress(done, len(suspects))
        if changes.stale or changes.touched or not settled:
            self._write(changes, is_last=True, settled=settled)
        self._measure(folder, everything=not out_of_reach)
        return Synced(read, number - read, len(gone))

    def _measure(self, folder: Folder, *, everything: bool) -> None:
        """Keeps how long the site's own files are, and forgets those that are gone.

        Without everything in reach, what is gone stays known.
        """
        with self._database.connection() as connection:
            query = sa.select(LENGTH.c.url, LENGTH.c.length).where(OWN_LENGTH)
            known = dict(map(tuple, connection.execute(query)))
            urls = connection.execute(sa.select(MEDIA.c.url).where(OWN_MEDIA).distinct()).scalars()
            found = {url: folder.length(url, known.get(url)) for url in urls}
        there = {url: length for url, length in found.items() if length is not None}
        if there.items() - known.items() or (everything and known.keys() - there.keys()):
            rows = [{"url": url, "length": length} for url, length in there.items()]
            gone = known.keys() - there.keys() if everything else set()
            self._write_lengths([{**row, "asked": 0, "reason": ""} for row in rows], gone)

    def unmeasured(self, files: Sequence[str]) -> list[str]:
        """The URLs of what articles in these files enclose and of which no length is known.

        Those on other servers alone, in their order; the site's own are measured by a sync.
        """
        found: set[str] = set()
        known = sa.select(LENGTH.c.url).where(LENGTH.c.length.is_not(None))
        query = sa.select(MEDIA.c.url).where(~OWN_MEDIA, MEDIA.c.url.not_in(known))
        with self.reading() as connection:
            for batch in batches(files):
                found.update(connection.execute(query.where(MEDIA.c.path.in_(batch))).scalars())
        return sorted(found)

    def record_file_sizes(self, answers: Iterable[ProbeResult], now: int) -> None:
        """Keeps what servers said at a time, in seconds since 1970; a new version keeps it too."""
        rows = [
            {"url": each.url, "length": each.length, "asked": now, "reason": each.reason}
            for each in answers
        ]
        if rows:
            self._write_lengths(rows, tells=any(row["length"] is not None for row in rows))

    def _write_lengths(
        self, rows: Sequence[_Row], gone: Iterable[str] = (), *, tells: bool = True
    ) -> None:
        with self._database.connection() as connection:
            # First, as in _write: it takes the lock.
            _raise_revision(connection, int(tells))
            for urls in batches([*(row["url"] for row in rows), *gone]):
                connection.execute(sa.delete(LENGTH).where(LENGTH.c.url.in_(urls)))
            for batch in batches(rows):
                connection.execute(sa.insert(LENGTH), batch)
            self.search.follow(connection, (), int(tells))

    def lengths(self) -> dict[str, int]:
        """How long files are, in bytes, as far as that is known, by the URLs that articles have."""
        query = sa.select(LENGTH.c.url, LENGTH.c.length).where(LENGTH.c.length.is_not(None))
        with self.reading() as connection:
            return dict(map(tuple, connection.execute(query)))

    def is_complete(self) -> bool:
        """Whether a sync has ended: else there is nothing to answer from."""
        self._database.ensure()
        with self._database.connection() as connection:
            return connection.execute(IS_COMPLETE).scalar_one_or_none() is not None

    def revision(self) -> str:
        """What changes whenever any answer may have changed, whichever process synced."""
        with self.reading() as connection:
            query = sa.select(META.c.value).where(META.c.key == "revision")
            return str(connection.execute(query).scalar_one())

    def problems(self) -> list[Problem]:
        """What is wrong with the files, in their order."""
        with self.reading() as connection:
            rows = connection.execute(sa.select(PROBLEM)).all()
        return sorted(
            Problem(row.path, row.line, row.code, row.message, row.hint, Severity(row.severity))
            for row in rows
        )

    def touch_last_modified(self, address: str, digest: str, now: int) -> int:
        """When the document at an address last became the bytes with this digest.

        In seconds since 1970. Two different sets of bytes never share a second, so the answer may
        lie a moment ahead of the clock.
        """
        of_it = DOCUMENT.c.address == address
        self._database.ensure()
        with self._database.connection() as connection:
            row = connection.execute(sa.select(DOCUMENT).where(of_it)).one_or_none()
            if row and row.digest == digest:
                return int(row.changed)
            changed = max(now, row.changed + 1 if row else now)
            values = {"digest": digest, "changed": changed}
            if not connection.execute(sa.update(DOCUMENT).where(of_it).values(values)).rowcount:
                # Another process may be first, with the same bytes: its date is as good.
                with suppress(IntegrityError), connection.begin_nested():
                    connection.execute(sa.insert(DOCUMENT), {"address": address, **values})
            return int(changed)

    def was_served(self, address: str) -> bool:
        """Whether changed() was ever asked about an address."""
        if "\0" in address:  # which no server takes
            return False
        query = sa.select(DOCUMENT.c.changed).where(DOCUMENT.c.address == address)
        with self.reading() as connection:
            return connection.execute(query).scalar_one_or_none() is not None

    def announced(self) -> dict[str, Told]:
        """What a hub was told of, by the URLs of feeds."""
        with self.reading() as connection:
            rows = connection.execute(sa.select(ANNOUNCED)).all()
        return {row.url: Told(row.fingerprint, row.digest) for row in rows}

    def claim(self, url: str, before: str | None, digest: str, fingerprint: str) -> bool:
        """Whether it is the caller who has to tell a hub that a feed's digest is another one now.

        The digest before is None where nothing was ever told.
        """
        values = {"digest": digest, "fingerprint": fingerprint}
        with self._database.connection() as connection:
            if before is not None:
                of_it = (ANNOUNCED.c.url == url) & (ANNOUNCED.c.digest == before)
                update = sa.update(ANNOUNCED).where(of_it).values(values)
                return bool(connection.execute(update).rowcount)
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(sa.insert(ANNOUNCED), {"url": url, **values})
                return True
            return False

    def release_announcement(self, digests: Mapping[str, str | None]) -> None:
        """Takes back claims: what a hub was told before, by the URLs of feeds."""
        with self._database.connection() as connection:
            for url, digest in digests.items():
                connection.execute(sa.delete(ANNOUNCED).where(ANNOUNCED.c.url == url))
                if digest is not None:
                    row = {"url": url, "digest": digest, "fingerprint": ""}
                    connection.execute(sa.insert(ANNOUNCED), row)

    def built(self, tree: str) -> dict[str, Built]:
        """What is known of the files that builds wrote into a tree, by their names."""
        query = sa.select(BUILT).where(BUILT.c.tree == tree)
        with self.reading() as connection:
            rows = connection.execute(query).all()
        return {row.name: Built(row.fingerprint, row.size, row.mtime_ns) for row in rows}

    def remember_built(self, tree: str, files: Mapping[str, Built | None]) -> None:
        """Keeps what is known of these files from now on; None forgets one."""
        kept = [
            {
                "tree": tree, "name": name, "fingerprint": each.fingerprint,
                "size": each.size, "mtime_ns": each.mtime_ns,
            }
            for name, each in files.items()
            if each
        ]  # fmt: skip
        with self._database.connection() as connection:
            for batch in batches(list(files)):
                of_these = (BUILT.c.tree == tree) & BUILT.c.name.in_(batch)
                connection.execute(sa.delete(BUILT).where(of_these))
            for rows in batches(kept):
                connection.execute(sa.insert(BUILT), rows)

    def _write(self, changes: _Changes, *, is_last: bool, settled: bool = True) -> None:
        """Writes a part of what a sync found; until the last part, the index is not settled."""
        stale = changes.stale
        with self._database.connection() as connection:
            # The first statement takes the write lock, so two syncs come one after the other.
            _raise_revision(connection, int(bool(stale) or not settled))
            marks = {row.key: row.value for row in connection.execute(sa.select(META))}
            if marks.get("fingerprint") != code_fingerprint():
                raise CatalogError(f"{self._database.name}: {OTHER_VERSION}")
            for table in OF_A_FILE:
                for batch in batches(stale):
                    connection.execute(sa.delete(table).where(table.c.path.in_(batch)))
                for rows in batches(changes.rows[table.name]):
                    connection.execute(sa.insert(table), rows)
            if changes.touched:
                update = sa.update(SOURCE).where(SOURCE.c.path == sa.bindparam("file"))
                columns = ("size", "mtime_ns", "checked_ns")
                update = update.values({name: sa.bindparam(f"new_{name}") for name in columns})
                rows = [
                    {"file": row["path"], **{f"new_{name}": row[name] for name in columns}}
                    for row in changes.touched
                ]
                connection.execute(update, rows)
            self.search.follow(connection, stale, int(bool(stale) or not settled))
            if is_last and (stale or _UNSETTLED in marks):
                twice = sa.select(ARTICLE.c.id).group_by(ARTICLE.c.id).having(sa.func.count() > 1)
                has_duplicate_id = ARTICLE.c.id.in_(twice)
                connection.execute(
                    sa.update(ARTICLE)
                    .where(ARTICLE.c.has_duplicate_id != has_duplicate_id)
                    .values(has_duplicate_id=has_duplicate_id)
                )
            connection.execute(sa.delete(META).where(META.c.key == _UNSETTLED))
            if not is_last:
                connection.execute(sa.insert(META), {"key": _UNSETTLED, "value": "1"})
            elif "complete" not in marks:
                connection.execute(sa.insert(META), {"key": "complete", "value": "1"})

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for questions.

        Raises CatalogError where nothing has been synced yet, be it because the index was deleted
        since: an answer from an empty index would take every article back.
        """
        self._database.ensure()
        with self._database.connection() as connection:
            marks = {row.key: row.value for row in connection.execute(sa.select(META))}
            if marks.get("fingerprint") != code_fingerprint():
                raise CatalogError(f"{self._database.name}: {OTHER_VERSION}")
            if "complete" not in marks:
                raise CatalogError(f"{self._database.name}: not synced yet")
            yield connection


def _raise_revision(connection: sa.Connection, by: int = 1) -> None:
    revision = sa.cast(META.c.value, sa.BigInteger) + by
    update = sa.update(META).where(META.c.key == "revision")
    connection.execute(update.values(value=sa.cast(revision, sa.String)))


class _Suspect(NamedTuple):
    """A file that may have changed, with the digest of the text that is known of it."""

    path: str
    stat: Stat
    digest: str


_Row: TypeAlias = dict[str, Any]
#: A file's row in the table of sources, and its rows in the others unless its text is the same.
_FileRows: TypeAlias = tuple[_Row, dict[str, list[_Row]] | None]


class _Changes:
    """What a sync found, until it is written."""

    def __init__(self, gone: Sequence[str]) -> None:
        #: The files whose rows are no longer true.
        self.stale = list(gone)
        self.rows: dict[str, list[_Row]] = {table.name: [] for table in OF_A_FILE}
        #: The rows of sources whose text is the same.
        self.touched: list[_Row] = []

    def add(self, rows: _FileRows) -> bool:
        """Takes in a file that was read; whether its text has changed."""
        source, others = rows
        if others is None:
            self.touched.append(source)
            return False
        self.stale.append(source["path"])
        self.rows[SOURCE.name].append(source)
        for name, of_table in others.items():
            self.rows[name] += of_table
        return True


def _read(folder: Folder, suspects: Sequence[_Suspect]) -> list[_FileRows]:
    found: list[_FileRows] = []
    for path, stat, known in suspects:
        # Taken before the file is read: a change from now on is seen by the next sync.
        checked = time.time_ns()
        text, problems = _text_of(folder, path)
        digest = _digest(path, text, problems)
        if any(each.code == "unreadable" for each in problems):
            # It may be read again without a sign of it: permissions leave no trace in these two.
            stat = _NEVER
        source = {
            "path": path, "size": stat.size, "mtime_ns": stat.mtime_ns,
            "checked_ns": checked, "digest": digest,
        }  # fmt: skip
        if digest == known:
            found.append((source, None))
            continue
        article = None
        if text is not None:
            article, problems = read_article(text, path)
        rows = {
            PROBLEM.name: [_problem_row(path, each) for each in problems],
            ARTICLE.name: [_article_row(path, article)] if article else [],
            TAGGING.name: _tagging_rows(path, article) if article else [],
            MEDIA.name: _media_rows(path, article) if article else [],
        }
        found.append((source, rows))
    return found


def _problem_row(path: str, problem: Problem) -> _Row:
    return {
        "path": path, "line": problem.line, "code": problem.code, "message": problem.message,
        "hint": problem.hint, "severity": str(problem.severity),
    }  # fmt: skip


def _article_row(path: str, article: Article) -> _Row:
    return {
        "path": path,
        "id": article.id,
        "published": micros(article.published),
        "updated": micros(article.updated),
        "quality": article.quality,
        "heat": article.heat,
        "type": fold(article.type),
        "category": fold(article.category),
        "provider": fold(article.provider.name) if article.provider else "",
        "domain": article.provider.domain if article.provider else "",
        "recorded": article.recording is not None,
        "draft": article.draft,
        "removed": article.removed,
        "has_duplicate_id": False,
        "data": pack(article),
    }


def _tagging_rows(path: str, article: Article) -> list[_Row]:
    names = {fold(name): name for name in article.topics}
    return [{"topic": key, "path": path, "name": name} for key, name in names.items()]


def _media_rows(path: str, article: Article) -> list[_Row]:
    urls = {*article.local_files(), *(each.url for each in article.enclosures)}
    # A longer one is none that a server's index could hold: its length is never asked for.
    return [{"url": url, "path": path} for url in sorted(urls) if len(url) <= _LONGEST_URL]


def _is_suspect(stat: Stat, known: Any) -> bool:
    """Whether a file may have changed since it was read."""
    return (stat.size, stat.mtime_ns) != (
        known.size,
        known.mtime_ns,
    ) or stat.mtime_ns >= known.checked_ns - _RACY_NS


def _text_of(folder: Folder, path: str) -> tuple[str | None, list[Problem]]:
    try:
        return folder.read(path), []
    except UnreadableError as error:
        return None, [error.problem]


def _digest(path: str, text: str | None, problems: Sequence[Problem]) -> str:
    source = text if text is not None else f"\0{problems}"
    # The same text means another article under another ending.
    source = f"{is_html(path)}\0{source}"
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
