"""Tells which SQLite files are ours to write, which were closed undamaged, and which we made here.

It changes nothing inside a file.
"""

import hashlib
import hmac
import os
import secrets
import sqlite3
import stat
import tempfile
import zlib
from contextlib import closing, suppress
from pathlib import Path

import platformdirs

from feeds.files import open_file as open_regular_file

#: The mark in the header of our files, "feed" in ASCII.
APPLICATION_ID = 0x66656564
#: The endings of the files in which SQLite logs what is not yet in the file itself.
LOGS = ("-wal", "-shm", "-journal")
_HEADER_BYTES = 72
_LEAST_BYTES = 512
#: The prefix of the names of our tables, which earlier versions made without it.
PREFIX = "feeds_"
#: The tables of those versions, whose files have no mark: the columns that they all have, and
#: those that some have.
_FORMER_TABLES = {
    "meta": ("key value", ""),
    "state": ("key value", ""),
    "source": ("path size mtime_ns checked_ns digest", ""),
    "problem": ("path", "data line code message hint severity"),
    "article": (
        "path id published updated quality heat type category provider domain draft removed data",
        "contested has_duplicate_id recorded",
    ),
    "tagging": ("topic path name", ""),
    "media": ("url path", "length"),
    "searched": ("number path digest words", "lexemes"),
    "document": ("address digest changed", ""),
    "announced": ("url fingerprint digest", ""),
    "claim": ("url digest expires", ""),
    "length": ("url length asked reason", ""),
    "built": ("tree name fingerprint size mtime_ns", ""),
}
#: By our mark without its prefix: a key that the table has, and tables that stood beside it. Many a
#: program has a table of keys and values.
_FORMER_SIGNS = {
    "meta": ("fingerprint", {"source", "problem", "article", "tagging"}),
    "state": ("version", {"document", "length"}),
}
#: FTS5 keeps its index in tables with this prefix.
_FTS_PREFIX = "searched_words"
_LOCKED_SECONDS = 1.0
_KEY_BYTES = 32


def fault_of(file: Path, mark: str) -> str:
    """Return the reason why a file must not be written, if it exists; empty if it may be.

    The mark is a table that our file has. One whose pages cannot be read is ours by its header.
    """
    try:
        status = file.stat()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or "not the name of a file"
    if not stat.S_ISREG(status.st_mode):
        return "not a file"
    if not status.st_size:
        return ""
    try:
        # SQLite takes a shorter text for an empty database.
        is_ours = status.st_size >= _LEAST_BYTES and _has_our_tables(file, mark)
    except (sqlite3.Error, UnicodeDecodeError):  # the latter of a message with a damaged name
        try:
            # Not before: closing a file ends the locks of this process's connections to it.
            with file.open("rb") as stream:
                header = stream.read(_HEADER_BYTES)
        except OSError as error:
            return error.strerror or "unreadable"
        is_ours = header.endswith(APPLICATION_ID.to_bytes(4, "big"))
    return "" if is_ours else "not a file of feeds; name another one"


def is_damaged(file: Path) -> bool:
    """Return True if SQLite finds damage in a file, of which it reads every page."""
    try:
        with closing(open_file(file, "mode=rw")) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except UnicodeDecodeError:
        return True
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def mark_as_undamaged(file: Path) -> None:
    """Mark a file that was closed without an error, so that is_damaged() need not read all of it.

    The mark is the time of its last change, with a fraction of a second that depends on inode and
    size: the next write by anybody ends it, and a copy does not have it. A mark inside the file
    would outlive both.
    """
    with suppress(OSError):  # another user's, or gone
        status = file.stat()
        os.utime(file, ns=(status.st_atime_ns, _marked_time(status)))


def is_marked_as_undamaged(file: Path) -> bool:
    """Return True if nobody has changed a file since mark_as_undamaged()."""
    with suppress(OSError):
        status = file.stat()
        return status.st_mtime_ns == _marked_time(status)
    return False


def _marked_time(status: os.stat_result) -> int:
    # NTFS keeps seven digits of the fraction. On a file system that keeps none, no file is ever
    # marked, and every file is checked.
    fraction = zlib.crc32(f"{status.st_ino} {status.st_size}".encode()) % 10**7
    return status.st_mtime_ns // 10**9 * 10**9 + fraction * 100


def open_file(file: Path, mode: str) -> sqlite3.Connection:
    """Open an SQLite file that exists, with the options of a URI: "mode=ro" to read it."""
    uri = f"{file.absolute().as_uri()}?{mode}"
    return sqlite3.connect(uri, uri=True, timeout=_LOCKED_SECONDS)


def _has_our_tables(file: Path, mark: str) -> bool:
    logs = (file.with_name(f"{file.name}{ending}") for ending in ("-wal", "-journal"))
    # A log stays as it is. Without one, SQLite makes files that only a writer removes again.
    mode = "ro" if any(log.exists() for log in logs) else "rw"
    with closing(open_file(file, f"mode={mode}")) as connection:
        return _is_ours(connection, mark)


def _is_ours(connection: sqlite3.Connection, mark: str) -> bool:
    objects = connection.execute("SELECT name, type FROM sqlite_master").fetchall()
    names = {name for name, kind in objects if kind == "table" and not name.startswith("sqlite_")}
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if application_id == APPLICATION_ID and (mark in names or not objects):
        return True
    if application_id or not objects:
        return not application_id
    if {kind for _name, kind in objects} - {"table", "index"}:
        return False
    query = "SELECT name FROM pragma_table_info(?)"
    tables = {
        name: {column for (column,) in connection.execute(query, (name,))}
        for name in names
        if not name.startswith(_FTS_PREFIX)
    }
    former_mark = mark.removeprefix(PREFIX)
    key, others = _FORMER_SIGNS[former_mark]
    if not {former_mark, *others} <= tables.keys() or not all(
        is_former_table(name, columns) for name, columns in tables.items()
    ):
        return False
    query = f"SELECT 1 FROM {former_mark} WHERE key = ?"  # noqa: S608  # one of _FORMER_SIGNS
    return connection.execute(query, (key,)).fetchone() is not None


def is_former_table(name: str, columns: set[str]) -> bool:
    """Return True if a table has the columns that an earlier version of Feeds gave it."""
    required, optional = (set(names.split()) for names in _FORMER_TABLES.get(name, ("-", "")))
    return required <= columns <= required | optional


def owner_of(file: Path) -> str:
    """Return the signature of this user on this machine for a file, in decimal digits.

    It signs the inode with a key of the user: neither a copy of the file nor one that came from
    elsewhere has the same. Where no key can be kept, the key is empty.
    """
    digest = hmac.new(_user_key(), str(file.stat().st_ino).encode(), hashlib.sha256).hexdigest()
    return str(int(digest[:15], 16))


def _user_key() -> bytes:
    file = Path(platformdirs.user_state_dir("feeds", appauthor=False)) / "key"
    with suppress(OSError):
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=file.parent) as new, suppress(FileExistsError):
                new.write(secrets.token_bytes(_KEY_BYTES))
                new.flush()
                # Whole or not at all: several processes may start at once.
                os.link(new.name, file)
        with open_regular_file(str(file.resolve())) as stream:
            return stream.read(_KEY_BYTES)
    return b""
