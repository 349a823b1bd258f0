"""The tables of the index: what is read from the files, and can be read from them again.

They are dropped and made again whenever the code that fills them changes.
"""

import hashlib
import importlib.metadata
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from feeds import __version__
from feeds.catalog.database import DamagedRowError
from feeds.errors import CatalogError, Problem
from feeds.model.article import Article

#: The libraries that show in what is published.
LIBRARIES = ("cmarkgfm", "feedgen", "ftfy", "lxml", "msgspec", "nh3", "PyYAML", "tzdata")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# In the order of its characters' numbers, as SQLite and Python have it: no server's language may
# change which of two articles comes first.
Text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
Integer = sa.BigInteger()


class _Json(sa.types.TypeDecorator[Any]):
    """A value, in rows to insert as JSON. Raises DamagedRowError where it cannot be decoded."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, kind: type) -> None:
        super().__init__()
        self.kind = kind
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)

    def process_result_value(self, value: Any, _dialect: sa.Dialect) -> Any:
        try:
            return self._decoder.decode(value)
        except (msgspec.MsgspecError, ValueError) as error:  # ValueError: no UTF-8
            raise DamagedRowError(error) from error


def keys(*names: str) -> Iterator[sa.Column[Any]]:
    """Yield columns of text that are the primary key together."""
    return (sa.Column(name, Text, primary_key=True) for name in names)


def columns(kind: TypeEngine[Any], *names: str) -> Iterator[sa.Column[Any]]:
    """Yield columns of one type that are not null."""
    return (sa.Column(name, kind, nullable=False) for name in names)


# No other program on a server has tables, or indexes, with this prefix.
METADATA = sa.MetaData()
_MAX_REVISION_DIGITS = 30
META = sa.Table("feeds_meta", METADATA, *keys("key"), *columns(Text, "value"))
#: The keys of META. A value is empty if there is none.
_META_KEYS = (
    "fingerprint",  # of the code
    "owner",  # the machine that made the tables (see ownership.owner_of)
    "revision",  # the number of changes
    "complete",  # "1" once a sync has ended
    "partial",  # "1" while only a part of a sync is written
    "searched",  # the revision whose words are all indexed
    "defaults",  # the settings of the site with which articles were read
)
SOURCE = sa.Table(
    "feeds_source", METADATA, *keys("path"), *columns(Text, "digest"),
    *columns(Integer, "size", "mtime_ns", "checked_ns"),
)  # fmt: skip
PROBLEM = sa.Table(
    "feeds_problem", METADATA, *columns(Text, "path"), *columns(_Json(Problem), "data"),
    sa.Index("feeds_problem_path", "path"),
)  # fmt: skip
ARTICLE = sa.Table(
    "feeds_article", METADATA, *keys("path"),
    *columns(Text, "id", "type", "category", "provider", "domain"),
    # Dates are microseconds since 1970: every engine compares them alike.
    *columns(Integer, "published", "updated"),
    *columns(sa.Boolean(), "recorded", "has_unknown_file", "draft", "removed", "has_duplicate_id"),
    sa.Column("expires", Integer), sa.Column("quality", sa.Float), sa.Column("heat", sa.Float),
    *columns(_Json(Article), "data"),
    sa.Index("feeds_article_id", "id", "draft", "updated", "published", "path"),
    # All that decides whether and in which order articles are published: their rows, which are
    # long, need not be read.
    sa.Index(
        "feeds_article_due",
        "published", "removed", "draft", "has_duplicate_id", "path", "updated", "expires",
        "quality", "heat", "id",
    ),
)  # fmt: skip
TAGGING = sa.Table(
    "feeds_tagging", METADATA, *keys("topic", "path"), *columns(Text, "name"),
    sa.Index("feeds_tagging_named", "path", "name"),
)  # fmt: skip
#: The site's own files that an article shows or offers, by relative URLs, with their lengths in
#: bytes; its other enclosures by absolute URLs, whose lengths are state.
MEDIA = sa.Table(
    "feeds_media", METADATA, *keys("url", "path"), sa.Column("length", Integer),
    sa.Index("feeds_media_path", "path"),
)  # fmt: skip
OWN_MEDIA = MEDIA.c.url.startswith("/")
#: The names in the links of a dialect's article (see links.Link): where they lead is decided by
#: other files, which when they change have it read again.
LINK = sa.Table(
    "feeds_link", METADATA, *keys("path", "target"), sa.Column("file", Text),
    sa.Column("due", Integer),
)  # fmt: skip
#: The words again, in an index: an SQLite file's table of FTS5, or an expression that a server
#: indexes, without its parsers.
SEARCH_TABLE = "searched_words"
LEXEMES = sa.literal_column("array_to_tsvector(string_to_array(words, ' '))", sa.String)
#: The words of articles, filled by the first search, and the digests of the texts they are from.
SEARCHED = sa.Table(
    "feeds_searched",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    *columns(Text, "path", "digest", "words"),
    sa.Index("feeds_searched_path", "path", unique=True),
)
# Not an sa.Index: it would have every command import all that SQLAlchemy has for PostgreSQL.
_LEXEME_INDEX = sa.DDL(  # type: ignore[no-untyped-call]
    f"CREATE INDEX feeds_searched_lexeme ON {SEARCHED.name} USING gin ({LEXEMES})"
)
sa.event.listen(SEARCHED, "after_create", _LEXEME_INDEX.execute_if(dialect="postgresql"))
#: The tables whose rows belong to one file, by its path.
OF_A_FILE = (SOURCE, PROBLEM, ARTICLE, TAGGING, MEDIA, LINK, SEARCHED)


@cache
def code_fingerprint() -> str:
    """Digest of our code and the libraries that decide how files become articles and documents."""
    digest = hashlib.sha256(__version__.encode())
    for pattern in ("**/*.py", "formats/templates/*"):
        for file in sorted(Path(__file__).parents[1].glob(pattern)):
            digest.update(file.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library} {importlib.metadata.version(library)}\n".encode())
    return digest.hexdigest()


def prepare_index(connection: sa.Connection, recreate: bool, *, owner: str) -> None:
    """Drop and make the tables unless they are complete, and this version of the code made them.

    If an owner is given, it must be the one that made them.
    """
    tables = set(sa.inspect(connection).get_table_names())
    check_tables(METADATA, META, tables)
    meta: dict[str, str] = {}
    with suppress(DamagedRowError):
        meta = read_meta(connection) if META.name in tables and not recreate else {}
    is_current = meta.get("fingerprint") == code_fingerprint() and owner in ("", meta["owner"])
    if is_current and not recreate and METADATA.tables.keys() <= tables:
        return
    clear(connection, METADATA)
    METADATA.create_all(connection)
    # It goes on from where it was, so that other processes see a change.
    revision = str(int(meta.get("revision", time.time_ns())) + 1)
    values = dict.fromkeys(_META_KEYS, "")
    values |= {"fingerprint": code_fingerprint(), "owner": owner, "revision": revision}
    connection.execute(sa.insert(META), [{"key": key, "value": values[key]} for key in values])


def check_tables(metadata: sa.MetaData, mark: sa.Table, present: set[str]) -> None:
    """Raise CatalogError if tables with our names are there, but not the one that marks them."""
    taken = metadata.tables.keys() & present
    if taken and mark.name not in present:
        raise CatalogError(f"the table {min(taken)} is not one of feeds; use a schema of its own")


def clear(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Drop our tables; in an SQLite file, which is ours alone, whatever it holds."""
    if connection.dialect.name != "sqlite":
        metadata.drop_all(connection)
        return
    # Virtual tables take their own with them. A view or a trigger would change what is written.
    query = (
        "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view')"
        " AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY sql NOT LIKE 'CREATE VIRTUAL%'"
    )
    quote = connection.dialect.identifier_preparer.quote_identifier
    for kind, name in connection.exec_driver_sql(query).all():
        connection.exec_driver_sql(f"DROP {kind} IF EXISTS {quote(name)}")


def read_meta(connection: sa.Connection) -> dict[str, str]:
    """Return the rows of META. Raises DamagedRowError."""
    meta = dict.fromkeys(_META_KEYS, "")
    meta |= {row.key: row.value for row in connection.execute(sa.select(META))}
    revision = str(meta["revision"])  # a file from elsewhere may hold anything
    if not revision.isdecimal() or len(revision) > _MAX_REVISION_DIGITS:
        raise DamagedRowError("no revision")
    return meta


def set_meta(connection: sa.Connection, **values: Any) -> None:
    """Change rows of META, in place: those that wait in lock() would not get a new row."""
    for key, value in values.items():
        connection.execute(sa.update(META).where(META.c.key == key).values(value=value))


def lock(connection: sa.Connection) -> dict[str, str]:
    """Let one process at a time write, until the transaction ends; return the rows of META."""
    set_meta(connection, revision=META.c.value)
    return read_meta(connection)


def check_version(meta: dict[str, str], name: str) -> None:
    """Raise CatalogError where another version of the code made the index of this name."""
    if meta["fingerprint"] != code_fingerprint():
        hint = "restart, with the same version everywhere"
        raise CatalogError(f"{name}: another version of feeds keeps it; {hint}")


def batches(items: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    """Yield the items in parts that one statement can name; SQLite allows 32,766 variables."""
    return (items[start : start + size] for start in range(0, len(items), size))


def replace_rows(
    connection: sa.Connection,
    key: sa.Column[Any],
    rows: Sequence[dict[str, Any]],
    removed: Iterable[str] = (),
    *conditions: sa.ColumnElement[bool],
) -> None:
    """Insert rows in place of those with their keys, and remove those with the other keys.

    Conditions limit the rows that are replaced or removed.
    """
    replaced = dict.fromkeys(row[key.name] for row in rows)
    for batch in batches([*(replaced | dict.fromkeys(removed))]):
        connection.execute(sa.delete(key.table).where(key.in_(batch), *conditions))
    if rows:
        # The driver gets whole rows: SQLAlchemy would take as long for each as its insertion.
        insert = sa.insert(key.table).inline()
        compiled = insert.compile(dialect=connection.dialect, column_keys=list(rows[0]))
        names = compiled.positiontup
        values = [tuple(map(row.__getitem__, names)) for row in rows] if names else rows
        connection.exec_driver_sql(compiled.string, values)


def micros(date: datetime) -> int:
    """Return the microseconds since 1970."""
    return (date - EPOCH) // timedelta(microseconds=1)


def date_of(count: int | None) -> datetime | None:
    """Return the date, in UTC, of microseconds since 1970."""
    return None if count is None else EPOCH + timedelta(microseconds=count)
