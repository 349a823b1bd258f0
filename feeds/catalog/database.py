"""The database that a catalog lies in: an SQLite file, or a server that many machines share.

It holds nothing that cannot be read from the files again. So it is made where it is new, and made
anew where it is damaged, was deleted, or was written by another version of the code.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from feeds import __version__
from feeds.catalog.folder import INDEX_DIR
from feeds.catalog.schema import META, METADATA, NONSENSE, OF_A_FILE, SEARCH_TABLE
from feeds.errors import CatalogError

# Those whose version shows in what is published.
_LIBRARIES = (
    "cmarkgfm", "feedgen", "ftfy", "jinja2", "lxml", "msgspec", "nh3", "PyYAML",
)  # fmt: skip
#: In seconds: how long to wait for a lock that another process holds, and for a server to answer.
_PATIENCE, _CONNECTING = 60, 5
OTHER_VERSION = "another version of feeds keeps it; restart, with the same version everywhere"
#: Any number: who makes the tables on a server holds the lock of this name.
_MAKING = 4287_2050


class Database:
    """Connections to the tables of a catalog. Safe to use from many threads and processes."""

    def __init__(self, place: str | os.PathLike[str], *, makes: bool = True) -> None:
        """Opens or makes it: the path of an SQLite file, or a URL as SQLAlchemy has them.

        One that makes nothing takes what somebody else has made, once it is there. Raises
        CatalogError where neither can be done.
        """
        self.place = os.fspath(place)
        self._makes = makes
        #: What people may see of the place: a URL without its password.
        self.name = self.place
        #: The inode of an SQLite file; for a server, whether its tables are there.
        self._known = 0
        self._process = os.getpid()
        try:
            # A path is no URL: it may hold what a URL has to escape.
            url = (
                sa.make_url(self.place)
                if "://" in self.place
                else sa.URL.create("sqlite", database=self.place)
            )
            is_file = url.get_backend_name() == "sqlite"
            self._file = Path(url.database) if is_file and url.database else None
            self.name = str(self._file) if self._file else url.render_as_string()
            self._engine = _engine(url)
        except SQLAlchemyError as error:
            raise CatalogError(f"{self.name}: {_reason(error)}") from error
        except ModuleNotFoundError as error:
            hint = (
                "install feeds[postgresql]" if error.name == "psycopg" else f"install {error.name}"
            )
            raise CatalogError(f"{self.name}: {error.name} is not installed; {hint}") from error
        self.ensure()

    @property
    def is_file(self) -> bool:
        """Whether it is an SQLite file, and not on a server."""
        return self._file is not None

    def close(self) -> None:
        """Lets go of every connection."""
        self._engine.dispose()

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        """A connection in a transaction. Raises CatalogError for all that goes wrong in it."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            if isinstance(error, DatabaseError) and _is_broken(error):
                if not self._makes:
                    raise CatalogError(f"{self.name}: not synced yet") from error
                self._discard()
            raise CatalogError(f"{self.name}: {_reason(error)}") from error
        except NONSENSE as error:
            if self._makes:
                self._discard()
            why = f"damaged ({error!r}); it is made again"
            raise CatalogError(f"{self.name}: {why}") from error

    def ensure(self) -> None:
        """Makes the tables where they are new, deleted since, broken, or of another version."""
        if self._process != os.getpid():
            # A server loaded the app and forked: connections stay with the process that made them.
            self._process = os.getpid()
            self._engine.dispose(close=False)
        inode = self._inode()
        if inode and self._known == inode:
            return
        self._engine.dispose()
        if not self._makes:
            self._known = inode
            return
        try:
            if self._file:
                # A site's folder that was moved away must not come back as an empty one.
                is_of_site = self._file.parent.name == INDEX_DIR
                self._file.parent.mkdir(parents=not is_of_site, exist_ok=True)
            self._make()
            self._known = self._inode()
        except OSError as error:
            raise CatalogError(f"{self.name}: {error.strerror}") from error
        except SQLAlchemyError as error:
            if not (self._file and isinstance(error, DatabaseError) and _is_broken(error)):
                raise CatalogError(f"{self.name}: {_reason(error)}") from error
            self._discard()
            try:
                self._make()
                self._known = self._inode()
            except SQLAlchemyError as again:
                raise CatalogError(f"{self.name}: {_reason(again)}") from again

    def _inode(self) -> int:
        if not self._file:
            return 1
        try:
            return self._file.stat().st_ino
        except OSError:
            return 0

    def _discard(self) -> None:
        self._known = 0
        self._engine.dispose()
        for ending in ("", "-wal", "-shm") if self._file else ():
            with suppress(OSError):
                os.unlink(f"{self._file}{ending}")

    def _make(self) -> None:
        with self._engine.begin() as connection:
            # Processes that start together make the tables one after the other.
            if self._file:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            elif self._engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING)))
            META.create(connection, checkfirst=True)
            marks = {row.key: row.value for row in connection.execute(sa.select(META))}
            if marks.get("fingerprint") == code_fingerprint() and "revision" in marks:
                return
            # When documents last changed outlives a new version; what files hold does not.
            known = marks.get("revision", "")
            revision = int(known) if known.isdecimal() else time.time_ns()
            if self._file:
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {SEARCH_TABLE}")
            METADATA.drop_all(connection, tables=[*OF_A_FILE, META])
            METADATA.create_all(connection)
            values = {"fingerprint": code_fingerprint(), "revision": str(revision + 1)}
            rows = [{"key": key, "value": value} for key, value in values.items()]
            connection.execute(sa.insert(META), rows)


@cache
def code_fingerprint() -> str:
    """What decides how files become articles and documents: our code and the libraries under it."""
    found = hashlib.sha256(__version__.encode())
    package = Path(__file__).parents[1]
    for pattern in ("**/*.py", "formats/templates/*"):
        for file in sorted(package.glob(pattern)):
            found.update(file.read_bytes())
    for library in _LIBRARIES:
        found.update(f"{library} {importlib.metadata.version(library)}\n".encode())
    return found.hexdigest()


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        # A server may have been restarted since a connection was last used.
        limits = {"connect_timeout": _CONNECTING} if url.get_driver_name() == "psycopg" else {}
        return sa.create_engine(url, pool_pre_ping=True, connect_args=limits)
    options = {"timeout": _PATIENCE, "check_same_thread": False}
    engine = sa.create_engine(url, connect_args=options)
    sa.event.listen(engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    # Readers never wait for a sync; a lost machine may cost the last sync, which is done again.
    # SQLite's own patience does not reach the change to WAL: it fails at once where another
    # process is about to make the same change.
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous=NORMAL")


def _is_broken(error: DatabaseError) -> bool:
    signs = (
        "not a database", "malformed", "no such table", "no such column", "does not exist",
        "not decode",
    )  # fmt: skip
    return any(sign in str(error.orig) for sign in signs)


def _reason(error: SQLAlchemyError) -> str:
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__
