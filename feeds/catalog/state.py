"""The catalog's state: what cannot be made again from the files.

Its tables have a version of their own; they are migrated and never dropped.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from feeds.catalog.database import DamagedFileError, Database
from feeds.catalog.ownership import PREFIX, is_former_table, open_file
from feeds.catalog.schema import Integer, Text, check_tables, clear, columns, keys, replace_rows
from feeds.errors import CatalogError

METADATA = sa.MetaData()
#: "version" of these tables; "owner", the machine that made them (see ownership.owner_of);
#: "revision", raised when lengths change.
STATE = sa.Table("feeds_state", METADATA, *keys("key"), *columns(Integer, "value"))
#: Time of the last change of each document, in seconds since 1970.
DOCUMENT = sa.Table(
    "feeds_document", METADATA, *keys("address"), *columns(Text, "digest"),
    *columns(Integer, "changed"),
)  # fmt: skip
#: When a document that is gone was first requested, in seconds since 1970.
GONE = sa.Table("feeds_gone", METADATA, *keys("address"), *columns(Integer, "since"))
#: The last announcement of each feed.
ANNOUNCED = sa.Table(
    "feeds_announced", METADATA, *keys("url"), *columns(Text, "fingerprint", "digest")
)
#: The feeds that a process is announcing; one that was killed holds its claims until they expire,
#: in seconds since 1970.
CLAIM = sa.Table(
    "feeds_claim", METADATA, *keys("url"), *columns(Text, "digest"), *columns(Integer, "expires")
)
#: The lengths of files on other servers, in bytes, and when they were asked, in seconds since 1970.
LENGTH = sa.Table(
    "feeds_length", METADATA, *keys("url"), sa.Column("length", Integer), *columns(Text, "reason"),
    *columns(Integer, "asked"),
)  # fmt: skip
#: The files that builds wrote: one whose fingerprint is the same need not be made to be compared.
BUILT = sa.Table(
    "feeds_built", METADATA, *keys("tree", "name"), *columns(Text, "fingerprint"),
    *columns(Integer, "size", "mtime_ns"),
)  # fmt: skip
_VERSION = 2
#: The largest number that may come from elsewhere, and for a time how far it may lie ahead.
_MAX_NUMBER, _MAX_AHEAD_SECONDS = 2**53, 24 * 60 * 60


class ProbeResult(NamedTuple):
    """A server's answer when it was asked for the length of a file."""

    url: str
    #: In bytes; None if the server gave none.
    length: int | None
    #: Reason for a missing length.
    reason: str = ""


class Built(NamedTuple):
    """A file as a build left it: the fingerprint of its content, and its state on disk."""

    fingerprint: str
    size: int
    mtime_ns: int


class Announcement(NamedTuple):
    """A feed's document as a hub is told of it: the fingerprint and the digest of its bytes."""

    fingerprint: str
    digest: str


def prepare_state(
    connection: sa.Connection, recreate: bool = False, *, owner: str, former: Path | None = None
) -> None:
    """Make the tables, or migrate them to this version.

    Version 1 had other table names. Version 0 was kept with the index: on a server in tables of the
    same names, else in the file `former`. If another owner made the tables, the rows that a build
    trusts without looking at the disk are dropped.
    """
    present = set(sa.inspect(connection).get_table_names())
    check_tables(METADATA, STATE, present)
    state: dict[str, Any] = {}
    if STATE.name in present and not recreate:
        state = {row.key: row.value for row in connection.execute(sa.select(STATE))}
        version = state.get("version", 0)
        if not isinstance(version, int):
            raise DamagedFileError(f"the version is {version!r}")
        if version > _VERSION:
            raise CatalogError("the state is of a newer version of feeds; use that version")
    is_own = owner in ("", str(state.get("owner")))
    if state.get("version") == _VERSION and is_own:
        METADATA.create_all(connection)
        return
    kept = (DOCUMENT, GONE, ANNOUNCED, LENGTH, *((BUILT,) if is_own else ()))
    rows = {each: _rows_of(each, connection) for each in kept}
    # SQLite removes the log of an empty file, which may be another's.
    if former and former.exists() and former.stat().st_size:
        # A damaged file is reported and moved aside when the index is opened.
        engine = sa.create_engine("sqlite://", creator=lambda: open_file(former, "mode=ro"))
        with suppress(SQLAlchemyError, UnicodeDecodeError), engine.connect() as reading:
            rows = {each: rows[each] or _rows_of(each, reading) for each in kept}
        engine.dispose()
    if connection.dialect.name == "sqlite":
        clear(connection, METADATA)
    METADATA.create_all(connection)
    for each, found in rows.items():
        replace_rows(connection, next(iter(each.primary_key)), found)
    values = {"version": _VERSION, "revision": int(time.time()), "owner": int(owner or 0)}
    replace_rows(connection, STATE.c.key, [{"key": key, "value": values[key]} for key in values])


def _rows_of(of: sa.Table, connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the sound rows of one of our tables, under its name or that of an earlier version."""
    former = sa.Table(of.name.removeprefix(PREFIX), sa.MetaData(), *(c._copy() for c in of.columns))
    inspector = sa.inspect(connection)
    for found in (of, former):
        if not inspector.has_table(found.name):
            continue
        names = {column["name"] for column in inspector.get_columns(found.name)}
        if found is of or is_former_table(found.name, names):
            with suppress(SQLAlchemyError, UnicodeDecodeError):
                return [
                    dict(row)
                    for row in connection.execute(sa.select(found)).mappings()
                    if _is_sound(of, row)
                ]
    return []


def _is_sound(of: sa.Table, row: Mapping[Any, Any]) -> bool:
    latest = time.time() + _MAX_AHEAD_SECONDS
    for column in of.columns:
        value, is_time = row[column.name], column.name in ("changed", "since", "asked")
        if value is None:
            is_sound = bool(column.nullable)
        elif isinstance(column.type, sa.String):
            is_sound = isinstance(value, str)
        else:
            is_sound = type(value) is int and 0 <= value <= (latest if is_time else _MAX_NUMBER)
        if not is_sound:
            return False
    # The lengths of the site's own files are in the index now.
    return not (of is LENGTH and row["url"].startswith("/"))


class State:
    """The state of one site. Safe to use from many threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def revision(self) -> int:
        """Return a number that changes whenever lengths() does."""
        ((revision,),) = self._rows(sa.select(STATE.c.value).where(STATE.c.key == "revision"))
        return int(revision)

    def touch_last_modified(self, address: str, digest: str, now: int) -> int:
        """Return when the document at an address last became the bytes with this digest.

        In seconds since 1970. Two different sets of bytes never share a second, so the result may
        lie a moment ahead of the clock. A date that lies a day ahead is from a clock that was
        wrong, and is replaced.
        """
        is_past = DOCUMENT.c.changed < now + _MAX_AHEAD_SECONDS
        query = sa.select(DOCUMENT).where(DOCUMENT.c.address == address, is_past)
        with self._database.connection() as connection:
            row = connection.execute(query).one_or_none()
            if not row or row.digest != digest:
                _lock(connection)
                # Again: another thread or process may have been first.
                row = connection.execute(query).one_or_none()
            if row and row.digest == digest:
                return int(row.changed)
            changed = max(now, row.changed + 1) if row else now
            values = {"address": address, "digest": digest, "changed": changed}
            replace_rows(connection, DOCUMENT.c.address, [values])
            return int(changed)

    def gone_since(self, address: str, now: int) -> int | None:
        """Return since when a document is known to be gone; None if it was never served.

        In seconds since 1970: the time of the first call since it was served or forget_gone() was
        called. A time that lies ahead is from a clock that was wrong, and is replaced.
        """
        if "\0" in address:  # PostgreSQL takes no such text
            return None
        recorded = DOCUMENT.outerjoin(GONE, GONE.c.address == DOCUMENT.c.address)
        query = sa.select(GONE.c.since).select_from(recorded).where(DOCUMENT.c.address == address)
        rows = self._rows(query)
        if not rows:
            return None
        ((since,),) = rows
        if since is not None and since <= now:
            return int(since)
        with self._database.connection() as connection:
            _lock(connection)
            replace_rows(connection, GONE.c.address, [{"address": address, "since": now}])
        return now

    def gone(self) -> set[str]:
        """Return the addresses of all documents that are known to be gone."""
        return {row.address for row in self._rows(sa.select(GONE.c.address))}

    def forget_gone(self, addresses: Collection[str]) -> None:
        """Forget that documents were gone: they are back."""
        if addresses:
            with self._database.connection() as connection:
                replace_rows(connection, GONE.c.address, (), addresses)

    def announced(self) -> dict[str, Announcement]:
        """Return the last announcement of each feed that the hub has taken, by the feed's URL."""
        rows = self._rows(sa.select(ANNOUNCED))
        return {row.url: Announcement(row.fingerprint, row.digest) for row in rows}

    def claim(self, changed: Mapping[str, Announcement], now: float, seconds: float) -> set[str]:
        """Claim announcements, for so many seconds from now; return the URLs that are the caller's.

        The others are announced already, or claimed by another process.
        """
        if not changed:
            return set()
        # A claim that would last for longer was made under a clock that was ahead.
        has_ended = ~CLAIM.c.expires.between(int(now) + 1, int(now + 2 * seconds))
        with self._database.connection() as connection:
            _lock(connection)
            connection.execute(sa.delete(CLAIM).where(has_ended))
            taken = {
                (row.url, row.digest)
                for table in (ANNOUNCED, CLAIM)
                for row in connection.execute(sa.select(table.c.url, table.c.digest))
            }
            ours = {url for url, news in changed.items() if (url, news.digest) not in taken}
            expires = int(now + seconds) + 1
            rows = [{"url": url, "digest": changed[url].digest, "expires": expires} for url in ours]
            replace_rows(connection, CLAIM.c.url, rows)
            return ours

    def release(self, claimed: Collection[str], announced: Mapping[str, Announcement]) -> None:
        """End claims, and keep the announcements that the hub has taken."""
        if not (claimed or announced):
            return
        with self._database.connection() as connection:
            _lock(connection)
            rows = [{"url": url, **news._asdict()} for url, news in announced.items()]
            replace_rows(connection, ANNOUNCED.c.url, rows)
            replace_rows(connection, CLAIM.c.url, (), claimed)

    def lengths(self) -> dict[str, int]:
        """Return the lengths of files on other servers, in bytes, by URL."""
        query = sa.select(LENGTH.c.url, LENGTH.c.length).where(LENGTH.c.length.is_not(None))
        return dict(map(tuple, self._rows(query)))

    def record_file_sizes(self, results: Sequence[ProbeResult], now: int) -> None:
        """Keep the results of a probe, made at a time in seconds since 1970."""
        rows = [{"asked": now, **result._asdict()} for result in results]
        with self._database.connection() as connection:
            _lock(connection, int(any(row["length"] is not None for row in rows)))
            replace_rows(connection, LENGTH.c.url, rows)

    def built(self, tree: str) -> dict[str, Built]:
        """Return the files that builds wrote into a tree, by name."""
        columns = BUILT.c.name, BUILT.c.fingerprint, BUILT.c.size, BUILT.c.mtime_ns
        rows: Sequence[Sequence[Any]] = self._rows(sa.select(*columns).where(BUILT.c.tree == tree))
        return {
            name: Built(fingerprint, size, mtime_ns) for name, fingerprint, size, mtime_ns in rows
        }

    def remember_built(self, tree: str, files: Mapping[str, Built | None]) -> None:
        """Keep these files of a tree, and forget those that are None."""
        kept = {name: built._asdict() for name, built in files.items() if built}
        rows = [{"tree": tree, "name": name, **built} for name, built in kept.items()]
        with self._database.connection() as connection:
            replace_rows(connection, BUILT.c.name, rows, files, BUILT.c.tree == tree)

    def _rows(self, query: sa.Executable) -> Sequence[sa.Row[Any]]:
        with self._database.connection() as connection:
            return connection.execute(query).all()


def _lock(connection: sa.Connection, raise_by: int = 0) -> None:
    """Let one process at a time go on, and raise the revision."""
    values = {"value": STATE.c.value + raise_by}
    connection.execute(sa.update(STATE).where(STATE.c.key == "revision").values(values))
