"""What is asked of the catalog: the articles that may be published at one moment, by selection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from feeds.catalog.folder import Folder, UnreadableError
from feeds.catalog.schema import (
    ARTICLE,
    EPOCH,
    LENGTH,
    MEDIA,
    OWN_MEDIA,
    SOURCE,
    TAGGING,
    batches,
    date_of,
    micros,
    unpack,
)
from feeds.catalog.sync import Catalog
from feeds.errors import Problem, Severity
from feeds.model.archive import Period
from feeds.model.article import Article
from feeds.model.selection import Selection
from feeds.model.topics import TopicName
from feeds.parsing.front_matter import line_of
from feeds.text.slugs import fold

_NEWEST_FIRST = (
    ARTICLE.c.published.desc(),
    sa.func.coalesce(ARTICLE.c.quality, 0).desc(),
    sa.func.coalesce(ARTICLE.c.heat, 0).desc(),
    ARTICLE.c.id,
)


_MICROS_A_DAY = 24 * 60 * 60 * 1_000_000
#: The first day of the calendar, in microseconds since 1970.
_FIRST_DAY = (1 - EPOCH.toordinal()) * _MICROS_A_DAY


class File(NamedTuple):
    """What is known of an article's file."""

    #: Of its text.
    digest: str
    #: In microseconds since 1970.
    published: int


def day_of(published: int) -> int:
    """The day of a date, as date.toordinal() counts days."""
    return (published - _FIRST_DAY) // _MICROS_A_DAY + 1


def bounds(period: Period) -> tuple[int, int]:
    """When a period begins, and when the next one does."""
    begins, ends = period.first - 1, period.last
    return _FIRST_DAY + begins * _MICROS_A_DAY, _FIRST_DAY + ends * _MICROS_A_DAY


class PublishedArticles:
    """The articles that may be published at one moment; the newest of those that share an id."""

    def __init__(
        self, catalog: Catalog, *, now: datetime, unpublished: bool = False, future: bool = False
    ) -> None:
        self._reading = catalog.reading
        self._search = catalog.search
        self._now = micros(now)
        self._unpublished = unpublished
        self._future = future

    def articles(
        self,
        selection: Selection,
        family: Callable[[str], frozenset[str]],
        limit: int | None = None,
        period: Period | None = None,
    ) -> tuple[Article, ...]:
        """The newest articles of a selection; the family of a topic's name is its folded names."""
        query = sa.select(ARTICLE.c.data).where(*self._selected(selection, family))
        if period:
            begins, ends = bounds(period)
            query = query.where(ARTICLE.c.published >= begins, ARTICLE.c.published < ends)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(*_NEWEST_FIRST).limit(limit)).scalars()
            return tuple(map(unpack, rows))

    def days(self, selection: Selection, family: Callable[[str], frozenset[str]]) -> dict[int, int]:
        """How many articles of a selection each day has, as date.toordinal() counts days."""
        # From the first day of the calendar: engines do not agree how to divide what is below 0.
        day = (ARTICLE.c.published - _FIRST_DAY) // _MICROS_A_DAY
        query = sa.select(day, sa.func.count()).where(*self._selected(selection, family))
        with self._reading() as connection:
            return {day + 1: count for day, count in connection.execute(query.group_by(day))}

    def at(self, paths: Sequence[str]) -> dict[str, Article]:
        """The articles of these files."""
        found: dict[str, Article] = {}
        for batch in batches(paths):
            query = sa.select(ARTICLE.c.path, ARTICLE.c.data).where(ARTICLE.c.path.in_(batch))
            with self._reading() as connection:
                found |= {path: unpack(data) for path, data in connection.execute(query)}
        return found

    def paths(self, selection: Selection, family: Callable[[str], frozenset[str]]) -> list[str]:
        """The files of articles()."""
        query = sa.select(ARTICLE.c.path).where(*self._selected(selection, family))
        with self._reading() as connection:
            return list(connection.execute(query.order_by(*_NEWEST_FIRST)).scalars())

    def files(self) -> dict[str, File]:
        """Every file with an article that may be published, newest first."""
        query = (
            sa.select(ARTICLE.c.path, SOURCE.c.digest, ARTICLE.c.published)
            .join(SOURCE, SOURCE.c.path == ARTICLE.c.path)
            .where(*self._eligible())
            .order_by(*_NEWEST_FIRST)
        )
        with self._reading() as connection:
            return {path: File(*of_it) for path, *of_it in connection.execute(query)}

    def taggings(self) -> list[tuple[str, str, str]]:
        """Every folded topic name, a file of an article with it, and how it is written there."""
        query = sa.select(TAGGING.c.topic, TAGGING.c.path, TAGGING.c.name)
        query = query.order_by(TAGGING.c.topic, TAGGING.c.path)
        with self._reading() as connection:
            return [(topic, path, name) for topic, path, name in connection.execute(query)]

    def lengths(self) -> list[tuple[str, str, int]]:
        """The files of articles, URLs in them, and the lengths that are known of what is there."""
        query = sa.select(MEDIA.c.path, MEDIA.c.url, LENGTH.c.length)
        query = query.join(LENGTH, LENGTH.c.url == MEDIA.c.url)
        query = query.where(LENGTH.c.length.is_not(None)).order_by(MEDIA.c.path, MEDIA.c.url)
        with self._reading() as connection:
            return [(path, url, length) for path, url, length in connection.execute(query)]

    def count(
        self, selection: Selection, family: Callable[[str], frozenset[str]]
    ) -> tuple[int, datetime | None]:
        """How many articles a selection takes, and when the newest of them was published."""
        query = sa.select(sa.func.count(), sa.func.max(ARTICLE.c.published))
        with self._reading() as connection:
            count, newest = connection.execute(
                query.where(*self._selected(selection, family))
            ).one()
        return count, date_of(newest)

    def topic_names(self) -> list[TopicName]:
        """The names that articles use for their topics."""
        query = (
            sa.select(TAGGING.c.name, sa.func.count(), sa.func.min(ARTICLE.c.published))
            .join(ARTICLE, ARTICLE.c.path == TAGGING.c.path)
            .where(*self._eligible())
            .group_by(TAGGING.c.name)
        )
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return [
            TopicName(name, uses, EPOCH + timedelta(microseconds=first))
            for name, uses, first in rows
        ]

    def topic_counts(self) -> dict[str, tuple[int, datetime | None]]:
        """The number of articles and the newest date of every folded topic name."""
        query = (
            sa.select(TAGGING.c.topic, sa.func.count(), sa.func.max(ARTICLE.c.published))
            .join(ARTICLE, ARTICLE.c.path == TAGGING.c.path)
            .where(*self._eligible())
            .group_by(TAGGING.c.topic)
        )
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return {topic: (count, date_of(newest)) for topic, count, newest in rows}

    def media(self) -> list[str]:
        """The relative URLs of the site's files that articles show or offer."""
        query = (
            sa.select(MEDIA.c.url)
            .join(ARTICLE, ARTICLE.c.path == MEDIA.c.path)
            .where(*self._eligible(), OWN_MEDIA)
            .distinct()
            .order_by(MEDIA.c.url)
        )
        with self._reading() as connection:
            return list(connection.execute(query).scalars())

    def held_back(self) -> dict[str, int]:
        """How many articles are not published, by the reason why."""
        removed = ARTICLE.c.removed
        draft = sa.and_(~removed, ARTICLE.c.draft) if not self._unpublished else sa.false()
        due = ARTICLE.c.published <= self._now
        early = sa.false() if self._future else sa.and_(~removed, ~draft, ~due)
        reasons = {"unpublished": draft, "removed": removed, "dated in the future": early}
        counts = [sa.func.sum(sa.case((reason, 1), else_=0)) for reason in reasons.values()]
        rivals = sa.select(sa.func.count()).where(
            *self._eligible(rivals=False), ~sa.and_(*self._eligible())
        )
        with self._reading() as connection:
            row = connection.execute(sa.select(*counts).select_from(ARTICLE)).one()
            beaten = connection.execute(rivals).scalar_one()
        found = dict(zip(reasons, (count or 0 for count in row), strict=True))
        return {reason: n for reason, n in {**found, "older with the same id": beaten}.items() if n}

    def next_due(self) -> datetime | None:
        """When the next article that is dated in the future comes due."""
        query = sa.select(sa.func.min(ARTICLE.c.published)).where(ARTICLE.c.published > self._now)
        with self._reading() as connection:
            return date_of(connection.execute(query).scalar_one())

    def missing_media(self, folder: Folder) -> list[Problem]:
        """A warning for every file of the site that an article names and that is not there."""
        missing = [url for url in self.media() if not folder.media(url)]
        first, count = sa.func.min(MEDIA.c.path).label("path"), sa.func.count().label("count")
        query = sa.select(MEDIA.c.url, first, count).join(ARTICLE, ARTICLE.c.path == MEDIA.c.path)
        query = query.where(*self._eligible()).group_by(MEDIA.c.url)
        problems = []
        for batch in batches(missing):
            with self._reading() as connection:
                rows = connection.execute(query.where(MEDIA.c.url.in_(batch))).all()
            for url, path, uses in rows:
                problems.append(folder.missing_file(path, url, uses))
        return problems

    def conflicts(self, folder: Folder) -> list[Problem]:
        """A warning for every file whose id a newer file claims too."""
        columns = (
            ARTICLE.c.id, ARTICLE.c.path, ARTICLE.c.updated, ARTICLE.c.published, ARTICLE.c.removed,
        )  # fmt: skip
        query = sa.select(*columns).where(*self._due(ARTICLE), ARTICLE.c.has_duplicate_id)
        with self._reading() as connection:
            rows = sorted(connection.execute(query).all(), key=lambda row: (row[0], *_rank(row)))
        problems = []
        newest = {row.id: row for row in rows}
        for row in rows:
            newer = newest[row.id]
            if row.path != newer.path and not row.removed:
                line = _line_of_url(folder, row.path)
                instead = "takes it back" if newer.removed else "is published instead"
                message = f"{newer.path} has the same URL, is newer and {instead}"
                hint = "an article's URL is its own"
                problem = Problem(row.path, line, "same-id", message, hint, Severity.WARNING)
                problems.append(problem)
        return sorted(problems)

    def _selected(
        self, selection: Selection, family: Callable[[str], frozenset[str]]
    ) -> Iterator[sa.ColumnElement[bool]]:
        def about(names: Iterable[str]) -> sa.ColumnElement[bool]:
            keys = set().union(*map(family, names))
            paths = sa.select(TAGGING.c.path).where(TAGGING.c.topic.in_(keys))
            return ARTICLE.c.path.in_(paths)

        yield from self._eligible()
        if selection.any:
            yield about(selection.any)
        for name in selection.all:
            yield about((name,))
        if selection.none:
            yield ~about(selection.none)
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
            newest = sa.select(sa.func.max(ARTICLE.c.published)).where(*self._eligible())
            micros = selection.since // timedelta(microseconds=1)
            yield ARTICLE.c.published >= newest.scalar_subquery() - micros
        if selection.q:
            self._search.fill()
            yield self._search.matching(selection.q)

    def _eligible(self, *, rivals: bool = True) -> Iterator[sa.ColumnElement[bool]]:
        yield from self._publishable(ARTICLE)
        if rivals:
            other = ARTICLE.alias("rival")
            later = sa.tuple_(other.c.updated, other.c.published, other.c.path) > sa.tuple_(
                ARTICLE.c.updated, ARTICLE.c.published, ARTICLE.c.path
            )
            # One that was taken back takes the older ones with it.
            beaten = sa.exists().where(other.c.id == ARTICLE.c.id, later, *self._due(other))
            yield ~ARTICLE.c.has_duplicate_id | ~beaten

    def _publishable(self, table: sa.FromClause) -> Iterator[sa.ColumnElement[bool]]:
        yield ~table.c.removed
        yield from self._due(table)

    def _due(self, table: sa.FromClause) -> Iterator[sa.ColumnElement[bool]]:
        if not self._unpublished:
            yield ~table.c.draft
        if not self._future:
            yield table.c.published <= self._now


def _rank(row: Any) -> tuple[int, int, str]:
    """The order of the files that claim one id: the last is published (as _eligible says it)."""
    return row.updated, row.published, row.path


def _line_of_url(folder: Folder, path: str) -> int:
    try:
        return line_of(folder.read(path), "webUrl", "originalUrl")
    except UnreadableError:  # gone since
        return 1
