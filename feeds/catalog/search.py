"""Full-text search: the words of the articles, indexed when somebody first searches.

A build that searches for nothing never pays for it. From then on a sync keeps the words up to date;
after one that changed many files, fill() has to index them. Nothing is answered from a part of the
articles.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from feeds.catalog import schema
from feeds.catalog.database import Database, patiently
from feeds.catalog.schema import ARTICLE, SEARCHED, SOURCE
from feeds.text import search_terms

#: Articles indexed in one transaction: a sync never waits longer than for these.
ARTICLES_PER_TRANSACTION = 200
# The words are made by search_terms: the tokenizer only splits them at spaces.
_MAKE_TABLE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS searched_words USING"
    " fts5(words, content='feeds_searched', content_rowid='number', tokenize='ascii')",
    "CREATE TRIGGER IF NOT EXISTS searched_in AFTER INSERT ON feeds_searched BEGIN"
    " INSERT INTO searched_words(rowid, words) VALUES (new.number, new.words); END",
    "CREATE TRIGGER IF NOT EXISTS searched_out AFTER DELETE ON feeds_searched BEGIN"
    " INSERT INTO searched_words(searched_words, rowid, words)"
    " VALUES ('delete', old.number, old.words); END",
)
_FTS = sa.table(schema.SEARCH_TABLE, sa.column("rowid", sa.Integer), sa.column("words", sa.String))


class Search:
    """The words of one catalog's articles. Safe to use from many threads and processes."""

    def __init__(self, index: Database) -> None:
        self._index = index

    def is_ready(self) -> bool:
        """Return whether the words of every article are indexed."""
        with self._index.connection() as connection:
            return _is_ready(schema.read_meta(connection))

    def is_used(self) -> bool:
        """Return whether anybody has searched since the index was made."""
        with self._index.connection() as connection:
            return bool(schema.read_meta(connection)["searched"])

    def fill(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Index the words that are missing; end early once it is over. Raises CatalogError."""
        last = ""
        while not (is_over() or self.is_ready()):
            with patiently(), self._index.connection() as connection:
                last = self._index_some(connection, last)

    def _index_some(self, connection: sa.Connection, after: str) -> str:
        """Index the first words missing after a path; return the last path, empty at the end."""
        missing = _missing(SOURCE.c.path, SOURCE.c.digest)
        some = missing.add_columns(ARTICLE.c.data).where(SOURCE.c.path > after)
        some = some.order_by(SOURCE.c.path).limit(ARTICLES_PER_TRANSACTION)
        # Outside of the lock: parsing takes its time.
        rows = {row.path: _words_row(row) for row in connection.execute(some)}
        meta = schema.lock(connection)
        for statement in _MAKE_TABLE if self._index.file else ():
            connection.exec_driver_sql(statement)
        # Another process may have indexed the same words, or synced.
        still = connection.execute(missing.where(SOURCE.c.path.in_(rows))).all()
        current = [rows[path] for path, digest in still if rows[path]["digest"] == digest]
        schema.replace_rows(connection, SEARCHED.c.path, current)
        if len(rows) == ARTICLES_PER_TRANSACTION:
            return str(next(reversed(rows)))
        if not connection.execute(missing.limit(1)).first():
            schema.set_meta(connection, searched=meta["revision"])
        return ""

    def matching(self, search: str) -> sa.ColumnElement[bool]:
        """Return the condition that an article has the words of a search, after fill()."""
        has_term = _has_term_in_file if self._index.file else _has_term_on_server
        conditions = []
        for term in search_terms.terms(search):
            matches = ARTICLE.c.path.in_(sa.select(SEARCHED.c.path).where(has_term(term)))
            conditions.append(~matches if term.excluded else matches)
        return sa.and_(*conditions)


def raise_revision(connection: sa.Connection, changed: Sequence[str]) -> None:
    """Count a change of the rows of these files, in the transaction that makes it.

    Words that are ready stay so through a small change.
    """
    meta = schema.lock(connection)
    revision = str(int(meta["revision"]) + 1)
    schema.set_meta(connection, revision=revision)
    if _is_ready(meta) and len(changed) <= ARTICLES_PER_TRANSACTION:
        query = _missing(SOURCE.c.path, SOURCE.c.digest, ARTICLE.c.data)
        rows = connection.execute(query.where(SOURCE.c.path.in_(changed)))
        schema.replace_rows(connection, SEARCHED.c.path, list(map(_words_row, rows)))
        schema.set_meta(connection, searched=revision)


def _is_ready(meta: dict[str, str]) -> bool:
    return meta["searched"] == meta["revision"]


def _missing(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """The columns of every article whose words are not indexed as they are now."""
    is_indexed = (SEARCHED.c.path == SOURCE.c.path) & (SEARCHED.c.digest == SOURCE.c.digest)
    return (
        sa.select(*columns)
        .join(ARTICLE, ARTICLE.c.path == SOURCE.c.path)
        .outerjoin(SEARCHED, is_indexed)
        .where(SEARCHED.c.path.is_(None))
    )


def _words_row(row: Any) -> dict[str, str]:
    # Imported late, as all that parses articles.
    from feeds.parsing.body.clean import plain_text

    article = row.data
    words = search_terms.joined(article.title, article.excerpt, plain_text(article.body))
    return {"path": row.path, "digest": row.digest, "words": words}


def _has_term_in_file(term: search_terms.Term) -> sa.ColumnElement[bool]:
    # Between quotes FTS5 sees words only; none holds a quote.
    rows = sa.select(_FTS.c.rowid).where(_FTS.c.words.match(f'"{" ".join(term.words)}"'))
    return SEARCHED.c.number.in_(rows)


def _has_term_on_server(term: search_terms.Term) -> sa.ColumnElement[bool]:
    # Words hold letters and digits alone, so they need no escape. The lexemes have no positions: a
    # phrase is then looked up in the text of the few articles that have all its words.
    words = " & ".join(f"'{word}'" for word in term.words)
    query = sa.literal(words).op("::")(sa.text("tsquery"))
    has_words = schema.LEXEMES.op("@@", is_comparison=True)(query)
    if len(term.words) == 1:
        return has_words
    text = sa.literal(" ").concat(SEARCHED.c.words).concat(" ")
    return has_words & (sa.func.strpos(text, f" {' '.join(term.words)} ") > 0)
