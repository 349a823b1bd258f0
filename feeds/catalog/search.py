"""The index of the articles' words, beside the catalog: made when somebody first searches.

Whoever is asked first makes it, from the articles that the catalog holds; a build that searches for
nothing never pays for it. From then on a sync keeps it with them, but through a large change: what
is missing after one is told by the digests of the files' texts. Nothing is answered from a part of
it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from feeds.catalog.database import Database
from feeds.catalog.schema import ARTICLE, META, SEARCH_TABLE, SEARCHED, SOURCE, Text, unpack
from feeds.parsing.body.clean import plain_text
from feeds.text import search_terms as words

#: Articles that are indexed at once: a sync never waits longer than for these.
_AT_ONCE = 200
#: Of META: the revision whose articles are all indexed.
_REVISION, _SEARCHED = "revision", "searched"
# Of words that feeds.words has made: the tokenizer has only to part them at the spaces.
_MAKE_TABLE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS searched_words USING"
    " fts5(words, content='searched', content_rowid='number', tokenize='ascii')",
    "CREATE TRIGGER IF NOT EXISTS searched_in AFTER INSERT ON searched BEGIN"
    " INSERT INTO searched_words(rowid, words) VALUES (new.number, new.words); END",
    "CREATE TRIGGER IF NOT EXISTS searched_out AFTER DELETE ON searched BEGIN"
    " INSERT INTO searched_words(searched_words, rowid, words)"
    " VALUES ('delete', old.number, old.words); END",
)
_FTS = sa.table(SEARCH_TABLE, sa.column("rowid", sa.Integer), sa.column("words", sa.String))


class Search:
    """The words of one catalog's articles. Safe to use from many threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_ready(self) -> bool:
        """Whether every article is indexed as it is now."""
        marks = self._marks()
        return _SEARCHED in marks and marks[_SEARCHED] == marks.get(_REVISION)

    def is_used(self) -> bool:
        """Whether anybody has searched since the catalog was made."""
        return _SEARCHED in self._marks()

    def fill(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Indexes every article that is not; ends early once it is over. Raises CatalogError."""
        while not self.is_ready() and not is_over():
            with self._database.connection() as connection:
                missing = list(connection.execute(_missing(SOURCE.c.path)).scalars())
            for start in range(0, len(missing), _AT_ONCE):
                if is_over():
                    return
                self._index(missing[start : start + _AT_ONCE])
            with self._database.connection() as connection:
                marks = self._locked(connection)
                if connection.execute(_missing(SOURCE.c.path).limit(1)).first():
                    continue  # another process has synced meanwhile
                connection.execute(sa.delete(META).where(META.c.key == _SEARCHED))
                row = {"key": _SEARCHED, "value": marks[_REVISION]}
                connection.execute(sa.insert(META), row)

    def follow(self, connection: sa.Connection, changed: Sequence[str], raised: int) -> None:
        """Keeps the index ready through a small change, in the transaction that makes it.

        Takes the files whose rows are new or gone, and by how much the revision was raised.
        """
        marks = _marks(connection)
        was_ready = marks.get(_SEARCHED) == str(int(marks[_REVISION]) - raised)
        if not was_ready or len(changed) > _AT_ONCE:
            return
        query = _missing(SOURCE.c.path, SOURCE.c.digest, ARTICLE.c.data)
        found = connection.execute(query.where(SOURCE.c.path.in_(changed))) if changed else ()
        self._insert(connection, [_row(each) for each in found])
        of_it = META.c.key == _SEARCHED
        connection.execute(sa.update(META).where(of_it).values(value=marks[_REVISION]))

    def matching(self, search: str) -> sa.ColumnElement[bool]:
        """What is true of the articles that have the words of a search."""
        terms = words.terms(search)
        having = _in_file if self._database.is_file else _on_server
        paths = ((term.excluded, sa.select(SEARCHED.c.path).where(having(term))) for term in terms)
        return sa.and_(
            *(
                ARTICLE.c.path.not_in(those) if excluded else ARTICLE.c.path.in_(those)
                for excluded, those in paths
            )
        )

    def _index(self, paths: list[str]) -> None:
        """Indexes those of these files that nobody else has indexed yet."""
        some = SOURCE.c.path.in_(paths)
        with self._database.connection() as connection:
            query = _missing(SOURCE.c.path, SOURCE.c.digest, ARTICLE.c.data).where(some)
            rows = {row.path: _row(row) for row in connection.execute(query)}
        with self._database.connection() as connection:
            self._locked(connection)
            still = _missing(SOURCE.c.path, SOURCE.c.digest).where(some)
            now = {
                row.path for row in connection.execute(still)
                if row.path in rows and rows[row.path]["digest"] == row.digest
            }  # fmt: skip
            connection.execute(sa.delete(SEARCHED).where(SEARCHED.c.path.in_(now)))
            self._insert(connection, [rows[path] for path in sorted(now)])

    def _insert(self, connection: sa.Connection, rows: Sequence[dict[str, str]]) -> None:
        if not rows:
            return
        text = sa.bindparam("text", type_=Text)
        insert = sa.insert(SEARCHED).values(words=text)
        if not self._database.is_file:
            # Made of the words as they are, by none of the server's parsers.
            lexemes = sa.func.array_to_tsvector(sa.func.string_to_array(text, " "))
            insert = insert.values(lexemes=lexemes)
        connection.execute(insert, rows)

    def _locked(self, connection: sa.Connection) -> dict[str, str]:
        """The marks, which nobody else changes before the transaction ends: no sync writes.

        With the tables made that words are written into, be there any or not.
        """
        same = {"value": META.c.value}
        connection.execute(sa.update(META).where(META.c.key == _REVISION).values(same))
        for statement in _MAKE_TABLE if self._database.is_file else ():
            connection.exec_driver_sql(statement)
        return _marks(connection)

    def _marks(self) -> dict[str, str]:
        self._database.ensure()
        with self._database.connection() as connection:
            return _marks(connection)


def _marks(connection: sa.Connection) -> dict[str, str]:
    query = sa.select(META).where(META.c.key.in_((_REVISION, _SEARCHED)))
    return {row.key: row.value for row in connection.execute(query)}


def _missing(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Of every article whose words are not indexed as they are now."""
    as_it_is = (SEARCHED.c.path == SOURCE.c.path) & (SEARCHED.c.digest == SOURCE.c.digest)
    return (
        sa.select(*columns)
        .join(ARTICLE, ARTICLE.c.path == SOURCE.c.path)
        .outerjoin(SEARCHED, as_it_is)
        .where(SEARCHED.c.path.is_(None))
    )


def _row(found: Any) -> dict[str, str]:
    article = unpack(found.data)
    text = words.joined(article.title, article.excerpt, plain_text(article.body))
    return {"path": found.path, "digest": found.digest, "text": text}


def _in_file(term: words.Term) -> sa.ColumnElement[bool]:
    # Between quotes FTS5 sees words only; none holds a quote.
    rows = sa.select(_FTS.c.rowid).where(_FTS.c.words.match(f'"{" ".join(term.words)}"'))
    return SEARCHED.c.number.in_(rows)


def _on_server(term: words.Term) -> sa.ColumnElement[bool]:
    # The words of feeds.words hold letters and digits alone, so they need no escape. The index
    # knows no places: a phrase, which few articles are left for, is looked up in the text.
    asked = sa.literal(" & ".join(f"'{word}'" for word in term.words)).op("::")(sa.text("tsquery"))
    has_words = SEARCHED.c.lexemes.op("@@", is_comparison=True)(asked)
    if len(term.words) == 1:
        return has_words
    whole = sa.literal(" ").concat(SEARCHED.c.words).concat(" ")
    return has_words & (sa.func.strpos(whole, f" {' '.join(term.words)} ") > 0)
