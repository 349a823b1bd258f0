"""Queries of the index: the articles that are published at one moment, by selection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import Folder
from feeds.catalog.schema import (
    ARTICLE,
    EPOCH,
    MEDIA,
    OWN_MEDIA,
    SOURCE,
    TAGGING,
    batches,
    date_of,
    micros,
)
from feeds.errors import Problem, Severity
from feeds.model.archive import Period
from feeds.model.article import Article
from feeds.model.selection import Selection
from feeds.model.topics import TopicName
from feeds.parsing.front_matter import line_of
from feeds.text.slugs import fold

#: The folded names of a topic and of those below it, by the topic's name.
Family: TypeAlias = Callable[[str], frozenset[str]]

_NEWEST_FIRST = (
    ARTICLE.c.published.desc(),
    sa.func.coalesce(ARTICLE.c.quality, 0).desc(),
    sa.func.coalesce(ARTICLE.c.heat, 0).desc(),
    ARTICLE.c.id,
)
_MICROS_PER_DAY = 24 * 60 * 60 * 1_000_000
#: The day when an article was published, as date.toordinal() counts days. From the first day of
#: the calendar: engines do not agree how to divide what is below 0.
_DAY = (ARTICLE.c.published + EPOCH.toordinal() * _MICROS_PER_DAY) // _MICROS_PER_DAY


class File(NamedTuple):
    """An article's file: the digest of its text, and the article's day (see date.toordinal())."""

    digest: str
    day: int


class PublishedArticles:
    """The articles that are published at one moment; the newest of those that share an id."""

    def __init__(
        self, catalog: Catalog, *, now: datetime, unpublished: bool = False, future: bool = False
    ) -> None:
        self._catalog = catalog
        self._now = micros(now)
        self._unpublished = unpublished
        self._future = future

    def articles(
        self,
        selection: Selection,
        family: Family,
        limit: int | None = None,
        period: Period | None = None,
    ) -> tuple[Article, ...]:
        """The newest articles of a selection."""
        query = self._select(selection, family, ARTICLE.c.data)
        if period:
            query = query.where(_DAY.between(period.first, period.last))
        rows = self._rows(query.order_by(*_NEWEST_FIRST).limit(limit))
        return tuple(article for (article,) in rows)

    def paths(self, selection: Selection, family: Family) -> list[str]:
        """The files of articles()."""
        query = self._select(selection, family, ARTICLE.c.path).order_by(*_NEWEST_FIRST)
        return [path for (path,) in self._rows(query)]

    def days(self, selection: Selection, family: Family) -> dict[int, int]:
        """The number of a selection's articles of each day, as date.toordinal() counts days."""
        query = self._select(selection, family, _DAY, sa.func.count()).group_by(_DAY)
        return dict(map(tuple, self._rows(query)))

    def count(self, selection: Selection, family: Family) -> tuple[int, datetime | None]:
        """The number of a selection's articles, and the date of the newest."""
        query = self._select(selection, family, sa.func.count(), sa.func.max(ARTICLE.c.published))
        ((count, newest),) = self._rows(query)
        return count, date_of(newest)

    def at(self, paths: Sequence[str]) -> dict[str, Article]:
        """The articles of these files, published or not, by path."""
        articles: dict[str, Article] = {}
        for batch in batches(paths):
            query = sa.select(ARTICLE.c.path, ARTICLE.c.data).where(ARTICLE.c.path.in_(batch))
            articles |= dict(map(tuple, self._rows(query)))
        return articles

    def files(self) -> dict[str, File]:
        """The files of all published articles by path, newest first."""
        query = self._published(SOURCE, ARTICLE.c.path, SOURCE.c.digest, _DAY)
        rows = self._rows(query.order_by(*_NEWEST_FIRST))
        return {path: File(digest, day) for path, digest, day in rows}

    def taggings(self) -> Sequence[Sequence[str]]:
        """Each folded topic name, a file of an article with it, and the name as written there."""
        columns = TAGGING.c.topic, TAGGING.c.path, TAGGING.c.name
        return self._rows(sa.select(*columns).order_by(*columns))

    def lengths(self) -> list[tuple[str, str, int]]:
        """Each file of an article, a URL in it and the length of what is there, where known."""
        lengths = self._catalog.lengths()
        query = sa.select(MEDIA.c.path, MEDIA.c.url).order_by(MEDIA.c.path, MEDIA.c.url)
        rows = self._rows(query) if lengths else ()
        return [(path, url, lengths[url]) for path, url in rows if url in lengths]

    def topic_names(self) -> list[TopicName]:
        """The names that articles use for their topics."""
        rows = self._tagged(TAGGING.c.name, sa.func.min(ARTICLE.c.published))
        return [
            TopicName(name, uses, EPOCH + timedelta(microseconds=first))
            for name, uses, first in rows
        ]

    def topic_counts(self) -> dict[str, tuple[int, datetime | None]]:
        """The number of articles and the newest date of each folded topic name."""
        rows = self._tagged(TAGGING.c.topic, sa.func.max(ARTICLE.c.published))
        return {topic: (count, date_of(newest)) for topic, count, newest in rows}

    def _tagged(self, name: sa.Column[str], date: sa.ColumnElement[int]) -> Sequence[Sequence[Any]]:
        return self._rows(self._published(TAGGING, name, sa.func.count(), date).group_by(name))

    def media(self) -> list[str]:
        """The relative URLs of the site's files that articles show or offer."""
        return [url for url, _path, _uses in self._media()]

    def _media(self) -> Sequence[Sequence[Any]]:
        """Each such URL, an article's file that has it, and the number of articles."""
        columns = MEDIA.c.url, sa.func.min(MEDIA.c.path), sa.func.count()
        query = self._published(MEDIA, *columns).where(OWN_MEDIA).group_by(MEDIA.c.url)
        return self._rows(query.order_by(MEDIA.c.url))

    def held_back(self) -> dict[str, int]:
        """The numbers of articles that are not published, by reason."""
        removed, none = ARTICLE.c.removed, sa.false()
        draft = none if self._unpublished else ~removed & ARTICLE.c.draft
        is_early = ARTICLE.c.published > self._now
        with_older, without = (self._is_published(dedupe=dedupe) for dedupe in (False, True))
        reasons = {
            "unpublished": draft,
            "removed": removed,
            "dated in the future": none if self._future else ~removed & ~draft & is_early,
            "older with the same id": sa.and_(*with_older) & ~sa.and_(*without),
        }
        counts = [sa.func.sum(sa.case((reason, 1), else_=0)) for reason in reasons.values()]
        (row,) = self._rows(sa.select(*counts).select_from(ARTICLE))
        return {reason: count for reason, count in zip(reasons, row, strict=True) if count}

    def next_due(self) -> datetime | None:
        """The date of the next article that is dated in the future."""
        query = sa.select(sa.func.min(ARTICLE.c.published)).where(ARTICLE.c.published > self._now)
        ((date,),) = self._rows(query)
        return date_of(date)

    def missing_media(self, folder: Folder) -> list[Problem]:
        """A warning for each file of the site that an article names and that is not there."""
        return [
            folder.no_file(path, url, uses)
            for url, path, uses in self._media()
            if not folder.media_file(url)
        ]

    def conflicts(self, folder: Folder) -> list[Problem]:
        """A warning for each file whose id a newer file has too."""
        query = sa.select(ARTICLE.c.path, ARTICLE.c.data).where(
            *self._is_due(ARTICLE), ARTICLE.c.has_duplicate_id
        )
        newest_first = query.order_by(*(column.desc() for column in _rank(ARTICLE)))
        newest: dict[str, tuple[str, Article]] = {}
        problems = []
        for path, article in self._rows(newest_first):
            newer_path, newer = newest.setdefault(article.id, (path, article))
            if path != newer_path and not article.removed:
                problems.append(_same_id(folder, path, article, newer_path, newer))
        return sorted(problems)

    def _rows(self, query: sa.Executable) -> Sequence[Sequence[Any]]:
        with self._catalog.reading() as connection:
            return connection.execute(query).all()

    def _published(self, table: sa.Table, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        """The query of columns for the rows that published articles have in a table."""
        query = sa.select(*columns).select_from(table)
        return query.join(ARTICLE, ARTICLE.c.path == table.c.path).where(*self._is_published())

    def _select(
        self, selection: Selection, family: Family, *columns: sa.ColumnElement[Any]
    ) -> sa.Select[Any]:
        """The query of columns for the articles of a selection."""
        if selection.q:
            # In transactions of its own, before the one of this query begins.
            self._catalog.search.fill()
        return sa.select(*columns).where(*self._is_selected(selection, family))

    def _is_selected(
        self, selection: Selection, family: Family
    ) -> Iterator[sa.ColumnElement[bool]]:
        def has_topic(names: Iterable[str]) -> sa.ColumnElement[bool]:
            keys = set().union(*map(family, names))
            paths = sa.select(TAGGING.c.path).where(TAGGING.c.topic.in_(keys))
            return ARTICLE.c.path.in_(paths)

        yield from self._is_published()
        if selection.any:
            yield has_topic(selection.any)
        for name in selection.all:
            yield has_topic((name,))
        if selection.none:
            yield ~has_topic(selection.none)
        if selection.provider:
            names = list(map(fold, selection.provider))
            yield ARTICLE.c.provider.in_(names) | ARTICLE.c.domain.in_(names)
        if selection.type:
            yield ARTICLE.c.type.in_(map(fold, selection.type))
        if selection.category:
            yield ARTICLE.c.category.in_(map(fold, selection.category))
        if selection.recorded:
            yield ARTICLE.c.recorded
        if selection.min_quality is not None:
            yield ARTICLE.c.quality >= selection.min_quality
        if selection.since is not None:
            newest = sa.select(sa.func.max(ARTICLE.c.published)).where(*self._is_published())
            duration = selection.since // timedelta(microseconds=1)
            yield ARTICLE.c.published >= newest.scalar_subquery() - duration
        if selection.q:
            yield self._catalog.search.matching(selection.q)

    def _is_published(self, *, dedupe: bool = True) -> Iterator[sa.ColumnElement[bool]]:
        yield ~ARTICLE.c.removed
        yield from self._is_due(ARTICLE)
        if dedupe:
            other = ARTICLE.alias("other")
            is_later = sa.tuple_(*_rank(other)) > sa.tuple_(*_rank(ARTICLE))
            # A newer article that is removed also removes the older ones.
            is_older = sa.exists().where(other.c.id == ARTICLE.c.id, is_later, *self._is_due(other))
            yield ~ARTICLE.c.has_duplicate_id | ~is_older

    def _is_due(self, table: sa.FromClause) -> Iterator[sa.ColumnElement[bool]]:
        if not self._unpublished:
            yield ~table.c.draft
        if not self._future:
            yield table.c.published <= self._now


def _rank(table: sa.FromClause) -> tuple[sa.ColumnElement[Any], ...]:
    """The order of the files that share an id: the last is published."""
    return table.c.updated, table.c.published, table.c.path


def _same_id(
    folder: Folder, path: str, article: Article, newer_path: str, newer: Article
) -> Problem:
    is_url = article.url == newer.url and article.id == article.url
    name, keys = ("URL", []) if is_url else ("id", ["id", "formerly"])
    line = line_of(folder.text_or_empty(path), *keys, "webUrl", "originalUrl")
    instead = "takes it back" if newer.removed else "is published instead"
    message = f"{newer_path} has the same {name}, is newer and {instead}"
    hint = f"an article's {name} is its own"
    return Problem(path, line, "same-id", message, hint, Severity.WARNING)
