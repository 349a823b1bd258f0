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
from typing import Any, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from feeds import __version__
from feeds.catalog.database import DamagedRowError
from feeds.errors import CatalogError, Problem
from feeds.model.article import Article

#: The libraries that show in what is published.
_LIBRARIES = ("cmarkgfm", "feedgen", "ftfy", "jinja2", "lxml", "msgspec", "nh3", "PyYAML")
#: Tables of state that earlier versions kept in the file of the index (see state.prepare_state).
_FORMER_TABLES = ("length", "announced", "document", "built")
#: SQLite allows 32,766 variables in one statement.
_ROWS_PER_STATEMENT = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# In the order of its characters' numbers, as SQLite and Python have it: no server's language may
# change which of two articles comes first.
Text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
Integer = sa.BigInteger()
_Boolean = sa.Boolean()
_Kind: TypeAlias = TypeEngine[Any]


class _Json(sa.types.TypeDecorator[Any]):
    """A value as JSON. Raises DamagedRowError where it cannot be decoded."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, kind: type) -> None:
        super().__init__()
        self.kind = kind
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)

    def process_bind_param(self, value: object, _dialect: sa.Dialect) -> bytes:
        return msgspec.json.encode(value)

    def process_result_value(self, value: Any, _dialect: sa.Dialect) -> Any:
        try:
            return self._decoder.decode(value)
        except (msgspec.MsgspecError, ValueError) as error:  # ValueError: no UTF-8
            raise DamagedRowError(error) from error


def table(
    metadata: sa.MetaData, name: str, keys: str, /, *nullable: sa.Column[Any], **kinds: _Kind
) -> sa.Table:
    """A table whose primary key has these columns of text, separated by spaces."""
    primary = (sa.Column(key, Text, primary_key=True) for key in keys.split())
    others = (sa.Column(column, kind, nullable=False) for column, kind in kinds.items())
    return sa.Table(name, metadata, *primary, *others, *nullable)


METADATA = sa.MetaData()
#: "fingerprint" of the code, "revision", "complete" once a sync has ended, "partial" while only a
#: part of one is written, "searched" with the revision whose words are all indexed.
META = table(METADATA, "meta", "key", value=Text)
SOURCE = table(
    METADATA, "source", "path", size=Integer, mtime_ns=Integer, checked_ns=Integer, digest=Text
)
PROBLEM = table(METADATA, "problem", "", path=Text, data=_Json(Problem))
sa.Index("problem_path", PROBLEM.c.path)
# Dates are microseconds since 1970: every engine compares them alike.
ARTICLE = table(
    METADATA, "article", "path", sa.Column("quality", sa.Float), sa.Column("heat", sa.Float),
    id=Text, type=Text, category=Text, provider=Text, domain=Text,
    published=Integer, updated=Integer,
    recorded=_Boolean, draft=_Boolean, removed=_Boolean, has_duplicate_id=_Boolean,
    data=_Json(Article),
)  # fmt: skip
sa.Index("article_id", ARTICLE.c.id)
# Covers all that decides whether an article is published: its row, which is long, need not be read.
_due = ("published", "removed", "draft", "has_duplicate_id", "path")
sa.Index("article_due", *(ARTICLE.c[name] for name in _due))
TAGGING = table(METADATA, "tagging", "topic path", name=Text)
sa.Index("tagging_named", TAGGING.c.path, TAGGING.c.name)
#: The site's own files that an article shows or offers, by relative URLs, with their lengths in
#: bytes; its other enclosures by absolute URLs, whose lengths are state.
MEDIA = table(METADATA, "media", "url path", sa.Column("length", Integer))
sa.Index("media_path", MEDIA.c.path)
OWN_MEDIA = MEDIA.c.url.startswith("/")
#: The words of articles, filled by the first search, and the digests of the texts they are from.
SEARCHED = table(
    METADATA, "searched", "", sa.Column("number", sa.Integer, primary_key=True),
    path=Text, digest=Text, words=Text,
)  # fmt: skip
sa.Index("searched_path", SEARCHED.c.path, unique=True)
#: The words again, in an index: a column of a server's table, or an SQLite file's table of FTS5.
LEXEMES: sa.ColumnElement[str] = sa.literal_column("searched.lexemes")
SEARCH_TABLE = "searched_words"
for _statement in (
    # The words as they are, without the server's parsers.
    "ALTER TABLE searched ADD lexemes tsvector"
    " GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED",
    "CREATE INDEX searched_by_lexeme ON searched USING gin (lexemes)",
):
    _on_server = sa.DDL(_statement).execute_if(dialect="postgresql")  # type: ignore[no-untyped-call]
    sa.event.listen(SEARCHED, "after_create", _on_server)
#: The tables whose rows belong to one file, by its path.
OF_A_FILE = (SOURCE, PROBLEM, ARTICLE, TAGGING, MEDIA, SEARCHED)


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


def prepare_index(connection: sa.Connection, anew: bool) -> None:
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
    set_meta(connection, fingerprint=code_fingerprint(), revision=str(number + 1))


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
    connection: sa.Connection,
    key: sa.Column[Any],
    rows: Sequence[dict[str, Any]],
    keys: Sequence[str] | None = None,
    *conditions: sa.ColumnElement[bool],
) -> None:
    """Insert rows, and delete those with these keys before; without keys, those that they replace.

    Conditions limit what is deleted.
    """
    for batch in batches([row[key.name] for row in rows] if keys is None else keys):
        connection.execute(sa.delete(key.table).where(key.in_(batch), *conditions))
    for inserted in batches(rows):
        connection.execute(sa.insert(key.table), inserted)


def micros(date: datetime) -> int:
    """Microseconds since 1970."""
    return (date - EPOCH) // timedelta(microseconds=1)


def date_of(count: int | None) -> datetime | None:
    """The date, in UTC, of microseconds since 1970."""
    return None if count is None else EPOCH + timedelta(microseconds=count)
