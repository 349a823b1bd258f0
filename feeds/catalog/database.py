"""Connections to one database: an SQLite file, or a server that many machines share.

It has the tables prepared by those who know what they hold (see schema and state), refuses a file
that is not ours, and moves a damaged one aside. It never drops or deletes anything.
"""

import itertools
import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from feeds.catalog.ownership import (
    APPLICATION_ID,
    LOGS,
    fault_of,
    is_damaged,
    is_marked_as_undamaged,
    mark_as_undamaged,
)
from feeds.catalog.place import INDEX_DIR, is_chosen_place
from feeds.errors import CatalogError, CatalogRemadeError, FeedsError

#: Time that a build waits for a lock, or for a server's answer.
PATIENCE_SECONDS = 60.0
_is_patient = ContextVar("is_patient", default=False)
#: On the monotonic clock.
_deadline = ContextVar("deadline", default=math.inf)
#: Patience once the deadline has passed: something else may have used up the time, and a server
#: that works answers within this.
LEAST_PATIENCE_SECONDS = 0.25
#: Time that another process may take to make a file: it is empty until the first commit.
MAKING_SECONDS = 5.0
_URL_HINT = "write a file's path, or one such as postgresql+psycopg://user@host:5432/database"
#: The advisory lock on a server under which tables are made; any number will do.
_PREPARE_LOCK = 4287_2050
#: Of a damaged file, or of one whose log another process has damaged, which is whole afterwards.
#: Not of an error in writing: what is open can still be read on a full disk.
_DISTRUSTED_CODES = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_IOERR_READ,
    sqlite3.SQLITE_IOERR_SHORT_READ,
)
_UNDECODABLE = "not UTF-8"
#: Of a missing table or column. SQLite has no code of its own for it.
_MISSING_CODES = (sqlite3.SQLITE_ERROR, "42P01", "42703")

_log = logging.getLogger(__name__)
#: Held while a thread of this process moves a damaged file aside.
_moving = threading.Lock()


class DamagedRowError(Exception):
    """A row of the index cannot be decoded."""


class DamagedFileError(Exception):
    """The tables of an SQLite file hold what nobody can have written."""


@contextmanager
def patiently() -> Iterator[None]:
    """Wait for every database as a build does, whatever its own patience."""
    token = _is_patient.set(True)
    try:
        yield
    finally:
        _is_patient.reset(token)


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Limit the time of all waits for databases together, except those in patiently()."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


class Database:
    """Connections to one database. Safe to use from many threads and processes."""

    def __init__(
        self, place: str, prepare: Callable[[sa.Connection, bool], None], mark: str, *,
        makes: bool = True, patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:  # fmt: skip
        """Take the path of an SQLite file, or a URL as SQLAlchemy has them.

        The tables, of which `mark` is one, are made or migrated by prepare(), where True asks to
        recreate those of the index; without `makes`, by another process. Locks and answers are
        waited for with patience. Raises CatalogError for a URL that cannot be used.
        """
        self.place = place
        self._prepare = prepare
        self._mark = mark
        self._makes = makes
        self._patience_seconds = patience_seconds
        #: The inode of the SQLite file whose tables are ready; 1 for a server; 0 before that.
        self._ready = 0
        self._process = os.getpid()
        url = _url_of(place)
        is_file = url.get_backend_name() == "sqlite"
        self.file = Path(url.database or "") if is_file else None
        #: The place for people to read: a URL without its password, which its query may hold too.
        self.name = str(self.file or url.set(query={}).render_as_string())
        try:
            self._engine = _engine(url, self._patience)
        except NoSuchModuleError as error:
            raise CatalogError(f"{self.name}: no such driver; {_URL_HINT}") from error
        except SQLAlchemyError as error:
            raise CatalogError(f"{self.name}: {_reason(error)}") from error
        except ModuleNotFoundError as error:
            package = "feeds[postgresql]" if error.name == "psycopg" else error.name
            message = f"{self.name}: {error.name} is not installed; install {package}"
            raise CatalogError(message) from error

    def _patience(self) -> float:
        if _is_patient.get():
            return PATIENCE_SECONDS
        left = _deadline.get() - time.monotonic()
        return min(self._patience_seconds, max(left, LEAST_PATIENCE_SECONDS))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        # An error that made the file suspect has cleared _ready.
        if self.file and self._makes and self._ready and self._ready == self._inode():
            mark_as_undamaged(self.file)

    @contextmanager
    def connection(self, *, ensure: bool = True) -> Iterator[sa.Connection]:
        """Yield a connection in a transaction. Raises CatalogError for the database's own errors.

        Without `ensure`, a file that was deleted since the last transaction is still written to:
        what takes several transactions must not end in another file than it began in.
        """
        if ensure:
            self.ensure()
        if not self._makes and self.file and _is_empty(self.file):
            raise CatalogError(f"{self.name}: not synced yet")
        with self._transaction(self._ready) as connection:
            yield connection

    def ensure(self) -> None:
        """Have the tables prepared, unless they are known to be; raises CatalogError."""
        if self._process != os.getpid():
            # After a fork, connections stay with the process that made them.
            self._process = os.getpid()
            self._engine.dispose(close=False)
        inode = self._inode()
        if inode and inode == self._ready:
            return
        self._engine.dispose()
        self.check_file()
        if self._makes:
            try:
                self._make_tables()
            except CatalogRemadeError:
                self._make_tables()
        self._ready = self._inode()

    def check_file(self) -> None:
        """Raise CatalogError for an SQLite file that is not ours.

        At the place that we choose ourselves, it counts as damaged.
        """
        fault = fault_of(self.file, self._mark) if self.file else ""
        is_ours = self._makes and self.file and self.file.is_file() and is_chosen_place(self.file)
        if fault and not is_ours:
            raise CatalogError(f"{self.name}: {fault}")

    def _make_tables(self, *, recreate: bool = False) -> None:
        if self.file:
            inode = self._inode()
            if not _is_empty(self.file) and (
                fault_of(self.file, self._mark)
                or (not is_marked_as_undamaged(self.file) and is_damaged(self.file))
            ):
                self._move_aside(self.file, inode)
            try:
                # A site's folder that was moved away must not come back as an empty one.
                in_site = self.file.parent.name == INDEX_DIR
                self.file.parent.mkdir(parents=not in_site, exist_ok=True)
                self._clear_logs(self.file)
            except OSError as error:
                raise CatalogError(f"{self.name}: {error.strerror}") from error
        with self._transaction(self._inode(), is_preparing=True) as connection:
            # Processes that start together make the tables one after the other.
            if self.file:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            elif self._engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_PREPARE_LOCK)))
            self._prepare(connection, recreate)

    @contextmanager
    def _transaction(self, inode: int, *, is_preparing: bool = False) -> Iterator[sa.Connection]:
        """Raise errors of the database as CatalogError; the inode is that of the file in use."""
        try:
            with self._engine.begin() as connection:
                if self.file:
                    milliseconds = int(self._patience() * 1000)
                    connection.exec_driver_sql(f"PRAGMA busy_timeout={milliseconds}")
                yield connection
        except FeedsError:
            raise
        except Exception as error:
            self._mend(error, inode, is_preparing=is_preparing)
            if not isinstance(error, SQLAlchemyError | DamagedFileError):
                raise
            message = f"{self.name}: {_reason(error)}"
            if _code(error) in _MISSING_CODES:
                self._ready = 0
                message = message if self._makes else f"{self.name}: not synced yet"
            raise CatalogError(message) from error

    def _mend(self, error: Exception, inode: int, *, is_preparing: bool) -> None:
        """Make again what an error shows to be damaged; then raise CatalogRemadeError.

        An error of any code may come of damage. It takes a check of the file to prove it: one that
        is opened again, without a log that another process has overwritten, may be whole.
        """
        code, message = _code(error), f"{self.name}: {_reason(error)}"
        if isinstance(error, DamagedRowError) or code == _UNDECODABLE:
            if self._makes:
                # The error's traceback still holds a cursor, which would lock the tables.
                self._engine.dispose()
                self._make_tables(recreate=True)
            message = f"{self.name}: damaged ({_reason(error)}); made again"
            raise CatalogRemadeError(message) from error
        if not self.file:
            return
        # Preparing runs sound statements: it is the file that has other tables than it says.
        is_proven = isinstance(error, DamagedFileError) or (
            is_preparing and code == sqlite3.SQLITE_ERROR
        )
        if not is_proven and isinstance(error, SQLAlchemyError) and code not in _DISTRUSTED_CODES:
            return
        self._ready = 0
        self._engine.dispose()
        if self._makes and (is_proven or is_damaged(self.file)):
            self._move_aside(self.file, inode)
            raise CatalogRemadeError(message) from error

    def _inode(self) -> int:
        with suppress(OSError):
            return self.file.stat().st_ino if self.file else 1
        return 0

    def _clear_logs(self, file: Path) -> None:
        """Move aside logs that lie where a file is made: SQLite would take them for its own.

        Raises CatalogError and OSError.
        """
        end = time.monotonic() + min(self._patience(), MAKING_SECONDS)
        while logs := [ending for ending in LOGS if os.path.lexists(f"{file}{ending}")]:
            if not file.exists():  # checked last: our own logs come after their file
                aside = _rename_aside(file, logs)
                for ending in logs:
                    line = "%s%s: a log without its file; moved to %s%s"
                    _log.warning(line, file, ending, aside, ending)
            elif not _is_empty(file):
                return
            elif time.monotonic() < end:
                time.sleep(0.01)  # another process may be making the file
            elif is_chosen_place(file):
                self._move_aside(file, self._inode())
            else:
                hint = "remove one of them, or name another file"
                raise CatalogError(f"{file}{logs[0]}: lies beside an empty file; {hint}")

    def _move_aside(self, file: Path, inode: int) -> None:
        self._ready = 0
        self._engine.dispose()
        # Between a look and a move, another thread may have put a new file there.
        with _moving:
            if self._inode() != inode:  # another thread or process has done so
                return
            try:
                # The file itself last: a new one must not lose its own log.
                aside = _rename_aside(file, (*LOGS, ""))
            except OSError as error:
                message = f"{file}: damaged, and cannot be moved aside: {error.strerror}"
                raise CatalogError(message) from error
        # Without a handler of the application's own, this is a line on stderr.
        _log.warning("%s: damaged; moved to %s, and made again", file, aside)


def _is_empty(file: Path) -> bool:
    """Return True if a file is missing or empty: SQLite would make a new database of it."""
    try:
        return not file.stat().st_size
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False


def _rename_aside(file: Path, endings: Iterable[str]) -> str:
    """Rename the files with these endings to names that are free; return what those begin with."""
    for number in itertools.count(1):
        aside = f"{file}.damaged-{number}"
        if not any(os.path.lexists(f"{aside}{ending}") for ending in ("", *LOGS)):
            break
    for ending in endings:
        with suppress(FileNotFoundError):
            os.rename(f"{file}{ending}", f"{aside}{ending}")
    return os.path.basename(aside)


def _url_of(place: str) -> sa.URL:
    """Return the URL of a place. Raises CatalogError for a URL that is not a database's."""
    # A path may contain characters that a URL must escape.
    if "://" not in place:
        return sa.URL.create("sqlite", database=place)
    scheme = place.partition("://")[0]
    try:
        url = sa.make_url(place)
    except (SQLAlchemyError, ValueError):
        url = None
    # A URL that cannot be parsed is not shown: its password could be anywhere in it.
    if not url or "@" in (url.host or "") or not url.drivername:
        raise CatalogError(f"{scheme}://…: not a database URL; {_URL_HINT}")
    if url.drivername in ("postgres", "postgresql"):  # as PostgreSQL's own tools write them
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() != "postgresql":
        raise CatalogError(f"{url.set(query={}).render_as_string()}: cannot be used; {_URL_HINT}")
    return url


def _engine(url: sa.URL, patience: Callable[[], float]) -> sa.Engine:
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, pool_timeout=patience())
        sa.event.listen(engine, "connect", partial(_set_pragmas, patience))
        return engine
    # A server may have been restarted since a connection was last used.
    engine = sa.create_engine(url, pool_pre_ping=True, pool_timeout=patience())
    if url.get_driver_name() == "psycopg":
        from feeds.catalog.postgresql import connector

        sa.event.listen(engine, "do_connect", connector(patience, most_seconds=PATIENCE_SECONDS))
    return engine


def _set_pragmas(patience: Callable[[], float], connection: Any, _record: Any) -> None:
    # Readers never wait for a sync; a machine that loses power may lose the last transaction.
    # SQLite's own timeout does not hold for the change to WAL: it fails at once where another
    # process is about to make the same change.
    end = time.monotonic() + patience()
    connection.execute(f"PRAGMA busy_timeout={int(patience() * 1000)}")
    while True:
        try:
            if connection.execute("PRAGMA application_id").fetchone() == (0,):
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous=NORMAL")


def _code(error: Exception) -> int | str | None:
    """SQLite's result code, the extended one of input and output, or PostgreSQL's SQLSTATE."""
    cause = getattr(error, "orig", None)
    if code := getattr(cause, "sqlite_errorcode", None):
        return int(code) if code & 0xFF == sqlite3.SQLITE_IOERR else int(code) & 0xFF
    # Python's own error for a text that is not UTF-8 is the only one of its class without a code.
    return (
        _UNDECODABLE
        if isinstance(cause, sqlite3.OperationalError)
        else getattr(cause, "sqlstate", None)
    )


def _reason(error: Exception) -> str:
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__
