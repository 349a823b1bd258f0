"""The tables of the index: what is read from the files, and can be read from them again.

They are dropped and made anew whenever the code that fills them changes.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from feeds import __version__
from feeds.catalog.database import DamagedRowError
from feeds.errors import CatalogError, Problem, Severity
from feeds.model.article import Article

#: The libraries that show in what is published.
_LIBRARIES = (
    "cmarkgfm", "feedgen", "ftfy", "jinja2", "lxml", "msgspec", "nh3", "PyYAML",
)  # fmt: skip
METADATA = sa.MetaData()
# In the order of its characters' numbers, as SQLite and Python have it: no server's language may
# change which of two articles comes first.
Text = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def key(name: str) -> sa.Column[str]:
    """A text column of the primary key."""
    return sa.Column(name, Text, primary_key=True)


def columns(kind: type[TypeEngine[Any]] | TypeEngine[Any], *names: str) -> list[sa.Column[Any]]:
    """Columns of one type that are never null."""
    return [sa.Column(name, kind, nullable=False) for name in names]


#: "fingerprint" of the code, "revision", "complete" once a sync has ended, "partial" while only a
#: part of one is written, "searched" with the revision whose words are all indexed.
META = sa.Table("meta", METADATA, key("key"), *columns(Text, "value"))
SOURCE = sa.Table(
    "source",
    METADATA,
    key("path"),
    *columns(sa.BigInteger, "size", "mtime_ns", "checked_ns"),
    *columns(Text, "digest"),
)
PROBLEM = sa.Table(
    "problem",
    METADATA,
    *columns(Text, "path", "code", "message", "hint", "severity"),
    *columns(sa.Integer, "line"),
)
sa.Index("problem_path", PROBLEM.c.path)
# Dates are microseconds since 1970: every engine compares them alike.
ARTICLE = sa.Table(
    "article",
    METADATA,
    key("path"),
    *columns(Text, "id", "type", "category", "provider", "domain"),
    *columns(sa.BigInteger, "published", "updated"),
    sa.Column("quality", sa.Float),
    sa.Column("heat", sa.Float),
    *columns(sa.Boolean, "recorded", "draft", "removed", "has_duplicate_id"),
    *columns(sa.LargeBinary, "data"),
)
sa.Index("article_id", ARTICLE.c.id)
# Covers all that decides whether an article is published: its row, which is long, need not be read.
_due = ("published", "removed", "draft", "has_duplicate_id", "path")
sa.Index("article_due", *(ARTICLE.c[name] for name in _due))
TAGGING = sa.Table("tagging", METADATA, key("topic"), key("path"), *columns(Text, "name"))
sa.Index("tagging_named", TAGGING.c.path, TAGGING.c.name)
#: The site's own files that an article shows or offers, by relative URLs, with their lengths in
#: bytes; its other enclosures by absolute URLs, whose lengths are state.
MEDIA = sa.Table("media", METADATA, key("url"), key("path"), sa.Column("length", sa.BigInteger))
sa.Index("media_path", MEDIA.c.path)
OWN_MEDIA = MEDIA.c.url.startswith("/")


class Lexemes(sa.types.UserDefinedType[str]):
    """PostgreSQL's tsvector; SQLAlchemy's own brings all its dialects of PostgreSQL along."""

    cache_ok = True

    def get_col_spec(self, **_keywords: object) -> str:
        """The type's name in the table's definition."""
        return "TSVECTOR"


#: The words of articles: filled by the first search.
SEARCHED = sa.Table(
    "searched",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("path", Text, nullable=False, unique=True),
    # The digest is that of the source when it was indexed.
    *columns(Text, "digest", "words"),
    #: For a server's index. An SQLite file has a table of FTS5 instead.
    sa.Column("lexemes", Lexemes().with_variant(sa.String(), "sqlite"), nullable=True),
)
SEARCH_TABLE = "searched_words"
sa.event.listen(
    SEARCHED,
    "after_create",
    sa.DDL(  # type: ignore[no-untyped-call]
        "CREATE INDEX searched_by_lexeme ON searched USING gin (lexemes)"
    ).execute_if(dialect="postgresql"),
)
#: The tables whose rows belong to one file, by its path.
OF_A_FILE = (SOURCE, PROBLEM, ARTICLE, TAGGING, MEDIA, SEARCHED)
#: Tables of state that earlier versions kept in the file of the index (see state.prepare_state).
_FORMER_TABLES = ("length", "announced", "document", "built")

#: SQLite allows 32,766 variables in one statement.
_ROWS_PER_STATEMENT = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_decoder = msgspec.json.Decoder(Article)


@cache
def code_fingerprint() -> str:
    """Digest of our code and the libraries that decide how files become articles and documents."""
    digest = hashlib.sha256(__version__.encode())
    package = Path(__file__).parents[1]
    for pattern in ("**/*.py", "formats/templates/*"):
        for file in sorted(package.glob(pattern)):
            digest.update(file.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {importlib.metadata.version(library)}\n".encode())
    return digest.hexdigest()


def prepare_index(connection: sa.Connection, *, anew: bool = False) -> None:
    """Make the tables anew unless this version of the code made them, and they are all there."""
    tables = sa.inspect(connection).get_table_names()
    meta = read_meta(connection) if META.name in tables else {}
    revision = meta.get("revision", "")
    is_current = meta.get("fingerprint") == code_fingerprint() and revision.isdecimal()
    if is_current and not anew and METADATA.tables.keys() <= set(tables):
        return
    if connection.dialect.name == "sqlite":
        for name in (SEARCH_TABLE, *_FORMER_TABLES):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    METADATA.drop_all(connection)
    METADATA.create_all(connection)
    # It goes on from where it was, so that other processes see a change.
    number = int(revision) if revision.isdecimal() else time.time_ns()
    values = {"fingerprint": code_fingerprint(), "revision": str(number + 1)}
    set_meta(connection, **values)


def read_meta(connection: sa.Connection) -> dict[str, str]:
    """The rows of META."""
    return {row.key: row.value for row in connection.execute(sa.select(META))}


def set_meta(connection: sa.Connection, **values: str) -> None:
    """Replace rows of META."""
    rows = [{"key": key, "value": value} for key, value in values.items()]
    replace_rows(connection, META.c.key, rows)


def check_version(meta: dict[str, str], name: str) -> None:
    """Raise CatalogError where another version of the code made the index of this name."""
    if meta.get("fingerprint") != code_fingerprint():
        hint = "restart, with the same version everywhere"
        raise CatalogError(f"{name}: another version of feeds keeps it; {hint}")


def raise_revision(connection: sa.Connection, by: int = 1) -> None:
    """Count a change of the index. As a transaction's first statement, takes the write lock."""
    revision = sa.cast(META.c.value, sa.BigInteger) + by
    update = sa.update(META).where(META.c.key == "revision")
    if not connection.execute(update.values(value=sa.cast(revision, sa.String))).rowcount:
        raise DamagedRowError("no revision")


def revision_of(meta: dict[str, str]) -> int:
    """The number of changes of the index. Raises DamagedRowError."""
    revision = meta.get("revision", "")
    if not revision.isdecimal():
        raise DamagedRowError(f"revision {revision!r}")
    return int(revision)


def batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The items in parts that one statement can name."""
    size = _ROWS_PER_STATEMENT
    return (items[start : start + size] for start in range(0, len(items), size))


def replace_rows(
    connection: sa.Connection, key: sa.Column[Any], rows: Sequence[dict[str, Any]]
) -> None:
    """Insert rows in place of those that have the same keys."""
    for batch in batches(rows):
        keys = [row[key.name] for row in batch]
        connection.execute(sa.delete(key.table).where(key.in_(keys)))
        connection.execute(sa.insert(key.table), batch)


def micros(date: datetime) -> int:
    """Microseconds since 1970."""
    return (date - EPOCH) // timedelta(microseconds=1)


def date_of(count: int | None) -> datetime | None:
    """The date, in UTC, of microseconds since 1970."""
    return None if count is None else EPOCH + timedelta(microseconds=count)


def pack(article: Article) -> bytes:
    """An article as the column `data` holds it."""
    return msgspec.json.encode(article)


def unpack(data: bytes) -> Article:
    """The article that was packed. Raises DamagedRowError."""
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, ValueError) as error:  # ValueError: no UTF-8
        raise DamagedRowError(error) from error


def as_problem(row: Any) -> Problem:
    """The problem in a row of PROBLEM. Raises DamagedRowError."""
    try:
        severity = Severity(row.severity)
    except ValueError as error:
        raise DamagedRowError(error) from error
    return Problem(row.path, row.line, row.code, row.message, row.hint, severity)
