"""The catalog's tables: what is indexed of each file, and how dates are kept in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from feeds.model.article import Article

METADATA = sa.MetaData()
# In the order of its characters' numbers, as SQLite and Python have it: no server's language may
# change which of two articles comes first.
Text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
META = sa.Table(
    "meta",
    METADATA,
    sa.Column("key", Text, primary_key=True),
    sa.Column("value", Text, nullable=False),
)
SOURCE = sa.Table(
    "source",
    METADATA,
    sa.Column("path", Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("checked_ns", sa.BigInteger, nullable=False),
    sa.Column("digest", Text, nullable=False),
)
PROBLEM = sa.Table(
    "problem",
    METADATA,
    sa.Column("path", Text, nullable=False, index=True),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("code", Text, nullable=False),
    sa.Column("message", Text, nullable=False),
    sa.Column("hint", Text, nullable=False),
    sa.Column("severity", Text, nullable=False),
)
# Dates are microseconds since 1970: every engine compares them alike.
ARTICLE = sa.Table(
    "article",
    METADATA,
    sa.Column("path", Text, primary_key=True),
    sa.Column("id", Text, nullable=False, index=True),
    sa.Column("published", sa.BigInteger, nullable=False),
    sa.Column("updated", sa.BigInteger, nullable=False),
    sa.Column("quality", sa.Float, nullable=True),
    sa.Column("heat", sa.Float, nullable=True),
    sa.Column("type", Text, nullable=False),
    sa.Column("category", Text, nullable=False),
    sa.Column("provider", Text, nullable=False),
    sa.Column("domain", Text, nullable=False),
    sa.Column("recorded", sa.Boolean, nullable=False),
    sa.Column("draft", sa.Boolean, nullable=False),
    sa.Column("removed", sa.Boolean, nullable=False),
    #: Whether another file claims the same id.
    sa.Column("has_duplicate_id", sa.Boolean, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
# With all that decides whether an article is published: its row, which is long, need not be read.
_due = ("published", "removed", "draft", "has_duplicate_id", "path")
sa.Index("article_due", *(ARTICLE.c[name] for name in _due))
TAGGING = sa.Table(
    "tagging",
    METADATA,
    sa.Column("topic", Text, primary_key=True),
    sa.Column("path", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
)
sa.Index("tagging_named", TAGGING.c.path, TAGGING.c.name)
# The files of the site that an article shows or offers, by relative URLs; its other enclosures, by
# absolute ones.
MEDIA = sa.Table(
    "media",
    METADATA,
    sa.Column("url", Text, primary_key=True),
    sa.Column("path", Text, primary_key=True, index=True),
)
# How long files are, in bytes: of the site's own as the last sync found them, of others as their
# servers said. Null where a server was asked in vain.
LENGTH = sa.Table(
    "length",
    METADATA,
    sa.Column("url", Text, primary_key=True),
    sa.Column("length", sa.BigInteger, nullable=True),
    #: When a server was asked, in seconds since 1970; 0 for the site's own.
    sa.Column("asked", sa.BigInteger, nullable=False),
    #: Why there was no answer.
    sa.Column("reason", Text, nullable=False),
)
# What a hub was told of, by the URLs of feeds.
ANNOUNCED = sa.Table(
    "announced",
    METADATA,
    sa.Column("url", Text, primary_key=True),
    sa.Column("fingerprint", Text, nullable=False),
    sa.Column("digest", Text, nullable=False),
)
DOCUMENT = sa.Table(
    "document",
    METADATA,
    sa.Column("address", Text, primary_key=True),
    sa.Column("digest", Text, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
)
# What builds wrote, so that a file whose articles did not change need not be made to be compared.
BUILT = sa.Table(
    "built",
    METADATA,
    sa.Column("tree", Text, primary_key=True),
    sa.Column("name", Text, primary_key=True),
    sa.Column("fingerprint", Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
)


class Lexemes(sa.types.UserDefinedType[str]):
    """PostgreSQL's tsvector; SQLAlchemy's own brings all its dialects of PostgreSQL along."""

    cache_ok = True

    def get_col_spec(self, **_keywords: object) -> str:
        """As the table's definition has it."""
        return "TSVECTOR"


# The words of articles: filled when a search is first asked for (feeds.search).
SEARCHED = sa.Table(
    "searched",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("path", Text, nullable=False, unique=True),
    #: The source's, when it was indexed.
    sa.Column("digest", Text, nullable=False),
    sa.Column("words", Text, nullable=False),
    #: The same for a server's index. An SQLite file has a table of FTS5 beside this one.
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
#: Which rows of MEDIA and LENGTH are of the site's own files.
OWN_MEDIA = MEDIA.c.url.startswith("/")
OWN_LENGTH = LENGTH.c.url.startswith("/")
IS_COMPLETE = sa.select(META.c.value).where(META.c.key == "complete")
OF_A_FILE = (SOURCE, PROBLEM, ARTICLE, TAGGING, MEDIA, SEARCHED)


#: Rows in one statement; SQLite allows 32,766 variables in one.
_BATCH = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: What comes of rows whose bytes are no longer those that were written.
NONSENSE = (msgspec.MsgspecError, AttributeError, LookupError, TypeError, ValueError)
_decoder = msgspec.json.Decoder(Article)


def batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The items in parts that one statement can name."""
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def micros(date: datetime) -> int:
    """Microseconds since 1970."""
    return (date - EPOCH) // timedelta(microseconds=1)


def date_of(count: int | None) -> datetime | None:
    """The date, in UTC, of microseconds since 1970."""
    return None if count is None else EPOCH + timedelta(microseconds=count)


def pack(article: Article) -> bytes:
    """An article as it is kept."""
    return msgspec.json.encode(article)


def unpack(data: bytes) -> Article:
    """The article that was packed."""
    return _decoder.decode(data)
