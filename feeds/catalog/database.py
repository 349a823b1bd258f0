"""Connections to one database: an SQLite file, or a server that many machines share.

It has the tables prepared by those who know what they hold (see schema and state), and moves a
damaged file aside. It never drops or deletes anything.
"""

import itertools
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from feeds.catalog.folder import INDEX_DIR
from feeds.errors import CatalogError

LOCK_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS = 60, 5
#: The advisory lock on a server under which tables are made; any number will do.
_PREPARE_LOCK = 4287_2050
_DAMAGED_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
#: Of a missing table or column. SQLite has no code of its own for it.
_MISSING_CODES = (sqlite3.SQLITE_ERROR, "42P01", "42703")

_log = logging.getLogger(__name__)


class DamagedRowError(Exception):
    """A row of the index cannot be decoded."""


class DamagedFileError(Exception):
    """A check of an SQLite file found damage."""


class MovedAsideError(CatalogError):
    """The SQLite file was damaged and moved aside; the next transaction makes a new one."""


class Database:
    """Connections to one database. Safe to use from many threads and processes."""

    def __init__(
        self, place: str, prepare: Callable[[sa.Connection, bool], None], *, makes: bool = True
    ) -> None:
        """Take the path of an SQLite file, or a URL as SQLAlchemy has them.

        The tables are made or migrated by prepare(), where True asks to recreate those of the
        index; without `makes`, by another process. Raises CatalogError where there is no driver.
        """
        self.place = place
        #: The place for people to read: a URL without its password.
        self.name = place
        self._prepare = prepare
        self._makes = makes
        #: The inode of the SQLite file whose tables are ready; 1 for a server; 0 before that.
        self._ready = 0
        self._process = os.getpid()
        try:
            # A path may contain characters that a URL must escape.
            url = sa.make_url(place) if "://" in place else sa.URL.create("sqlite", database=place)
            is_sqlite = url.get_backend_name() == "sqlite"
            self.file = Path(url.database) if is_sqlite and url.database else None
            self.name = str(self.file) if self.file else url.render_as_string()
            self._engine = _engine(url)
        except SQLAlchemyError as error:
            raise CatalogError(f"{self.name}: {_reason(error)}") from error
        except ModuleNotFoundError as error:
            package = "feeds[postgresql]" if error.name == "psycopg" else error.name
            message = f"{self.name}: {error.name} is not installed; install {package}"
            raise CatalogError(message) from error

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def connection(self, *, ensure: bool = True) -> Iterator[sa.Connection]:
        """Yield a connection in a transaction. Raises CatalogError for the database's own errors.

        Without `ensure`, a file that was deleted since the last transaction is still written to:
        what takes several transactions must not end in another file than it began in.
        """
        if ensure:
            self.ensure()
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
        if self._makes:
            try:
                self._make_tables()
            except MovedAsideError:
                self._make_tables()
        self._ready = self._inode()

    def _make_tables(self, *, anew: bool = False) -> None:
        if self.file:
            try:
                # A site's folder that was moved away must not come back as an empty one.
                in_site = self.file.parent.name == INDEX_DIR
                self.file.parent.mkdir(parents=not in_site, exist_ok=True)
            except OSError as error:
                raise CatalogError(f"{self.name}: {error.strerror}") from error
        with self._transaction(self._inode()) as connection:
            # Processes that start together make the tables one after the other.
            if self.file:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            elif self._engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_PREPARE_LOCK)))
            self._prepare(connection, anew)

    @contextmanager
    def _transaction(self, inode: int) -> Iterator[sa.Connection]:
        """Raise errors of the database as CatalogError; the inode is that of the file in use."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except DamagedRowError as error:
            if self._makes:
                # The error's traceback still holds a cursor, which would lock the tables.
                self._engine.dispose()
                self._make_tables(anew=True)
            raise CatalogError(f"{self.name}: damaged ({error}); made again") from error
        except (SQLAlchemyError, DamagedFileError) as error:
            code, message = _code(error), f"{self.name}: {_reason(error)}"
            if code in _DAMAGED_CODES and self._makes and self.file:
                self._move_aside(self.file, inode)
                raise MovedAsideError(message) from error
            if code in _MISSING_CODES:
                self._ready = 0
                message = message if self._makes else f"{self.name}: not synced yet"
            raise CatalogError(message) from error

    def _inode(self) -> int:
        with suppress(OSError):
            return self.file.stat().st_ino if self.file else 1
        return 0

    def _move_aside(self, file: Path, inode: int) -> None:
        self._ready = 0
        self._engine.dispose()
        if self._inode() != inode:  # another thread or process has done so
            return
        names = (f"{file}.damaged-{number}" for number in itertools.count(1))
        aside = next(name for name in names if not os.path.exists(name))
        try:
            # The file itself last: a new one must not lose its own log.
            for ending in ("-wal", "-shm", ""):
                with suppress(FileNotFoundError):
                    os.rename(f"{file}{ending}", f"{aside}{ending}")
        except OSError as error:
            message = f"{file}: damaged, and cannot be moved aside: {error.strerror}"
            raise CatalogError(message) from error
        # Without a handler of the application's own, this is a line on stderr.
        _log.warning("%s: damaged; moved to %s, and made again", file, os.path.basename(aside))


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        is_psycopg = url.get_driver_name() == "psycopg"
        limits = {"connect_timeout": CONNECT_TIMEOUT_SECONDS} if is_psycopg else {}
        # A server may have been restarted since a connection was last used.
        return sa.create_engine(url, pool_pre_ping=True, connect_args=limits)
    engine = sa.create_engine(url, connect_args={"timeout": LOCK_TIMEOUT_SECONDS})
    sa.event.listen(engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    # Readers never wait for a sync; a machine that loses power may lose the last transaction.
    # SQLite's own timeout does not hold for the change to WAL: it fails at once where another
    # process is about to make the same change.
    end = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous=NORMAL")


def _code(error: Exception) -> int | str | None:
    """SQLite's primary result code, or PostgreSQL's SQLSTATE."""
    cause = getattr(error, "orig", None)
    if code := getattr(cause, "sqlite_errorcode", None):
        return int(code) & 0xFF
    # Python's own error for a text that is not UTF-8 is the only one of its class without a code.
    if isinstance(error, DamagedFileError) or isinstance(cause, sqlite3.OperationalError):
        return sqlite3.SQLITE_CORRUPT
    return getattr(cause, "sqlstate", None)


def _reason(error: Exception) -> str:
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__
