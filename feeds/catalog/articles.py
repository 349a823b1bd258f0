"""The published articles of a site, by the selections of its feeds: queries of the index."""

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
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
from feeds.model.archive import Period, cut
from feeds.model.article import Article
from feeds.model.selection import Selection
from feeds.model.site import Site
from feeds.model.topics import TopicName, Topics, build_topics
from feeds.text.slugs import fold

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


class _Files(NamedTuple):
    """The files of all published articles in memory, by rank: that of the newest is 0."""

    ranks: dict[str, int]
    paths: list[str]
    #: The days of publication, as date.toordinal() counts.
    days: list[int]
    #: Of the text, the topics and the lengths of enclosures: all that decides an entry's bytes.
    digests: list[bytes]
    #: The ranks of the files with each folded topic name.
    by_topic: dict[str, list[int]]


class PublishedArticles:
    """The articles that are published at one moment; the newest of those that share an id."""

    def __init__(
        self, catalog: Catalog, site: Site, *, now: datetime, unpublished: bool = False
    ) -> None:
        self._catalog = catalog
        self._site = site
        self._now = micros(now)
        self._unpublished = unpublished or site.unpublished
        self._feeds: dict[Selection, tuple[Sequence[int], tuple[Period, ...]]] = {}

    @cached_property
    def topics(self) -> Topics:
        """The site's topics."""
        return build_topics(self._site.topics, self.topic_names())

    def select(
        self, selection: Selection, limit: int | None = None, period: Period | None = None
    ) -> dict[str, Article]:
        """The newest articles of a selection by file, newest first."""
        query = self._select(selection, ARTICLE.c.path, ARTICLE.c.data)
        if period:
            query = query.where(_DAY.between(period.first, period.last))
        return self._articles(query.order_by(*_NEWEST_FIRST).limit(limit))

    def left_out(self, selection: Selection) -> dict[str, Article]:
        """The articles that a podcast lacks since their files' types are unknown, by file."""
        without = replace(selection, has_recording=False)
        query = self._select(without, ARTICLE.c.path, ARTICLE.c.data)
        return self._articles(query.where(ARTICLE.c.has_unknown_file).order_by(ARTICLE.c.path))

    def by_file(self, paths: Sequence[str]) -> dict[str, Article]:
        """The articles of these files, published or not."""
        articles: dict[str, Article] = {}
        for batch in batches(paths):
            query = sa.select(ARTICLE.c.path, ARTICLE.c.data).where(ARTICLE.c.path.in_(batch))
            articles |= self._articles(query)
        return articles

    def count(self, selection: Selection) -> tuple[int, datetime | None]:
        """The number of a selection's articles, and the date of the newest."""
        if _is_one_topic(selection):
            key, *others = self.topics.family(selection.any[0])
            if not others:
                return self._counts_of_topics.get(key, (0, None))
        query = self._select(selection, sa.func.count(), sa.func.max(ARTICLE.c.published))
        ((number, newest),) = self._rows(query)
        return number, date_of(newest)

    def load(self) -> None:
        """Answer paths(), periods() and fingerprint() from memory from now on.

        A query for each feed would take a large build long.
        """
        _ = self._files

    @cached_property
    def _files(self) -> _Files:
        paths: list[str] = []
        days: list[int] = []
        texts: list[str] = []
        columns = ARTICLE.c.path, SOURCE.c.digest, _DAY, ARTICLE.c.updated
        query = self._published(SOURCE, *columns).order_by(*_NEWEST_FIRST)
        for path, digest, day, updated in self._streamed(query):
            paths.append(path)
            days.append(day)
            texts.append(digest if updated <= self._now else f"{digest}\0early")
        ranks = {path: rank for rank, path in enumerate(paths)}
        if lengths := self._catalog.lengths():
            query = sa.select(MEDIA.c.path, MEDIA.c.url).order_by(MEDIA.c.path, MEDIA.c.url)
            for path, url in self._rows(query):
                if path in ranks and url in lengths:
                    texts[ranks[path]] += f"\0length {lengths[url]} {url}"
        by_topic: dict[str, list[int]] = {}
        named = {
            key: f"\0topic {topic.slug} {topic.name}" for key, topic in self.topics.by_key.items()
        }
        query = sa.select(TAGGING.c.topic, TAGGING.c.path)
        for key, path in self._streamed(query.order_by(TAGGING.c.topic, TAGGING.c.path)):
            if (rank := ranks.get(path)) is not None:
                by_topic.setdefault(key, []).append(rank)
                texts[rank] += named.get(key, "")
        return _Files(ranks, paths, days, list(map(_digest, texts)), by_topic)

    def paths(self, selection: Selection, period: Period | None) -> Sequence[str]:
        """The files of a feed's newest articles, or of those of a period, newest first."""
        return [self._files.paths[rank] for rank in self._ranks(selection, period)]

    def periods(self, selection: Selection) -> tuple[Period, ...]:
        """The periods of a feed's archive, oldest first."""
        if "_files" in self.__dict__:
            return self._feed(selection)[1]
        # A live app renders few feeds: a query for each costs less than load().
        query = self._select(selection, _DAY, sa.func.count()).group_by(_DAY)
        return cut(dict(map(tuple, self._rows(query))), self._site.limit)

    def fingerprint(self, selection: Selection, period: Period | None) -> str:
        """Digest of all that decides the entries of paths()."""
        digests = self._files.digests
        return _digest(b"".join(digests[rank] for rank in self._ranks(selection, period))).hex()

    def _ranks(self, selection: Selection, period: Period | None) -> Sequence[int]:
        ranks, _periods = self._feed(selection)
        if not period:
            return ranks[: self._site.limit]

        def descending(rank: int) -> int:
            return -self._files.days[rank]

        first = bisect_left(ranks, -period.last, key=descending)
        return ranks[first : bisect_right(ranks, -period.first, key=descending)]

    def _feed(self, selection: Selection) -> tuple[Sequence[int], tuple[Period, ...]]:
        """The ranks of all articles of a feed, newest first, and the periods of its archive."""
        if selection not in self._feeds:
            files = self._files
            ranks: Sequence[int]
            if selection == Selection():
                ranks = range(len(files.paths))
            elif _is_one_topic(selection):
                keys = self.topics.family(selection.any[0])
                ranks = sorted(set().union(*(files.by_topic.get(key, ()) for key in keys)))
            else:
                query = self._select(selection, ARTICLE.c.path).order_by(*_NEWEST_FIRST)
                # Without those that another process has added since.
                ranks = [files.ranks[path] for (path,) in self._rows(query) if path in files.ranks]
            days = Counter(map(files.days.__getitem__, ranks))
            self._feeds[selection] = ranks, cut(days, self._site.limit)
        return self._feeds[selection]

    def topic_names(self) -> list[TopicName]:
        """The names that articles use for their topics."""
        return [
            TopicName(name, uses, EPOCH + timedelta(microseconds=first))
            for name, uses, first, _last in self._uses_of_names
        ]

    @cached_property
    def _uses_of_names(self) -> Sequence[Sequence[Any]]:
        """The names of topics, each with its number of articles, and the first and last date."""
        name, published = TAGGING.c.name, ARTICLE.c.published
        columns = name, sa.func.count(), sa.func.min(published), sa.func.max(published)
        return self._rows(self._published(TAGGING, *columns).group_by(name))

    @cached_property
    def _counts_of_topics(self) -> dict[str, tuple[int, datetime | None]]:
        """The number of articles and the newest date of each folded topic name."""
        counts: dict[str, tuple[int, datetime | None]] = {}
        uses_of_names = sorted(self._uses_of_names, key=itemgetter(3))
        for name, uses, _first, last in uses_of_names:
            key = fold(name)
            before, _date = counts.get(key, (0, None))
            counts[key] = before + uses, date_of(last)
        return counts

    def media(self) -> Sequence[Sequence[Any]]:
        """Each relative URL of a file, an article with it, and the number of such articles."""
        columns = MEDIA.c.url, sa.func.min(MEDIA.c.path), sa.func.count()
        query = self._published(MEDIA, *columns).where(OWN_MEDIA).group_by(MEDIA.c.url)
        return self._rows(query.order_by(MEDIA.c.url))

    def held_back(self) -> dict[str, int]:
        """The numbers of articles that are not published, by reason."""
        removed, never = ARTICLE.c.removed, sa.false()
        # The first that holds is counted.
        reasons = {
            "unpublished": never if self._unpublished else ~removed & ARTICLE.c.draft,
            "removed": removed,
            "dated in the future": never if self._site.future else ARTICLE.c.published > self._now,
            "expired": self._is_expired(),
            "older with the same id": ~sa.and_(*self._is_published()),
        }
        reason = sa.case(*((holds, each) for each, holds in reasons.items())).label("reason")
        counts = dict(map(tuple, self._rows(sa.select(reason, sa.func.count()).group_by(reason))))
        return {each: counts[each] for each in reasons if each in counts}

    def next_due(self) -> datetime | None:
        """The next date at which an article is published, counts as updated, or expires."""
        dates = [ARTICLE.c.updated, ARTICLE.c.expires]
        dates += [] if self._site.future else [ARTICLE.c.published]
        next_ones = (sa.select(sa.func.min(date)).where(date > self._now) for date in dates)
        found = [date for query in next_ones for (date,) in self._rows(query) if date is not None]
        return date_of(min(found, default=None))

    def future_dates(self, folder: SiteFolder) -> Iterator[Problem]:
        """A warning for each update in the future, and each publication more than a year ahead."""
        draft = sa.false() if self._unpublished else ARTICLE.c.draft
        early = ARTICLE.c.updated > self._now, ~ARTICLE.c.removed, ~draft
        # An index has all that this asks for, so that no other article's row is read.
        paths = sa.select(ARTICLE.c.path).where(*early)
        query = sa.select(ARTICLE.c.path, ARTICLE.c.data).where(ARTICLE.c.path.in_(paths))
        now = EPOCH + timedelta(microseconds=self._now)
        for path, article in self._rows(query.order_by(ARTICLE.c.path)):
            yield from folder.future_dates(path, article, now)

    def shared_ids(self, folder: SiteFolder) -> Iterator[Problem]:
        """A warning for each file whose id a newer file has too."""
        columns = ARTICLE.c.path, ARTICLE.c.data
        query = sa.select(*columns).where(*self._is_due(ARTICLE), ARTICLE.c.has_duplicate_id)
        newest: dict[str, tuple[str, Article]] = {}
        now = EPOCH + timedelta(microseconds=self._now)
        for path, article in self._rows(query.order_by(*map(sa.desc, self._rank(ARTICLE)))):
            newer_path, newer = newest.setdefault(article.iri, (path, article))
            if path == newer_path or article.removed:
                continue
            is_url = article.url == newer.url and article.id == article.url
            name, keys = ("URL", []) if is_url else ("id", ["id", "formerly"])
            line = folder.line_of(path, *keys, "webUrl", "originalUrl")
            has_ended = newer.removed or (newer.expires is not None and newer.expires <= now)
            instead = "takes it back" if has_ended else "is published instead"
            message = f"{newer_path} has the same {name}, is newer and {instead}"
            hint = f"an article's {name} is its own"
            yield Problem(path, line, "same-id", message, hint, Severity.WARNING)

    def _articles(self, query: sa.Executable) -> dict[str, Article]:
        """The articles by file, without updates that are dated in the future."""
        now = EPOCH + timedelta(microseconds=self._now)
        return {
            path: article if article.updated <= now else replace(article, updated=article.published)
            for path, article in self._rows(query)
        }

    def _rows(self, query: sa.Executable) -> Sequence[Sequence[Any]]:
        with self._catalog.reading() as connection:
            return connection.execute(query).all()

    def _streamed(self, query: sa.Executable) -> Iterator[Sequence[Any]]:
        """Yield the rows of a query, without all of them in memory."""
        with self._catalog.reading() as connection:
            yield from connection.execute(query, execution_options={"yield_per": 1000})

    def _published(self, table: sa.Table, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        """The query of columns for the rows that published articles have in a table."""
        query = sa.select(*columns).select_from(table)
        return query.join(ARTICLE, ARTICLE.c.path == table.c.path).where(*self._is_published())

    def _select(self, selection: Selection, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        """The query of columns for the articles of a selection."""
        if selection.q:
            # In transactions of its own, before the one of this query begins.
            self._catalog.search.fill()
        return sa.select(*columns).where(*self._is_selected(selection))

    def _is_selected(self, selection: Selection) -> Iterator[sa.ColumnElement[bool]]:
        def has_topic(names: Iterable[str]) -> sa.ColumnElement[bool]:
            keys = set().union(*map(self.topics.family, names))
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
        if selection.has_recording:
            yield ARTICLE.c.recorded
        if selection.min_quality is not None:
            yield ARTICLE.c.quality >= selection.min_quality
        if selection.since is not None:
            newest = sa.select(sa.func.max(ARTICLE.c.published)).where(*self._is_published())
            duration = selection.since // timedelta(microseconds=1)
            yield ARTICLE.c.published >= newest.scalar_subquery() - duration
        if selection.q:
            yield self._catalog.search.matching(selection.q)

    def _is_published(self) -> Iterator[sa.ColumnElement[bool]]:
        yield ~ARTICLE.c.removed
        yield ~self._is_expired()
        yield from self._is_due(ARTICLE)
        other, rank = ARTICLE.alias("other"), sa.tuple_(*self._rank(ARTICLE))
        others = other.c.id == ARTICLE.c.id, *self._is_due(other)
        # A newer article that is removed, or expired, also removes the older ones. The index has
        # the newest at its end, but for updates in the future.
        columns = other.c.updated, other.c.published, other.c.path
        newest = sa.select(*columns).where(*others, other.c.updated <= self._now)
        newest = newest.order_by(*map(sa.desc, columns)).limit(1)
        is_early = other.c.updated > self._now
        is_older = (rank < newest.scalar_subquery()).is_(sa.true()) | sa.exists().where(
            *others, is_early, sa.tuple_(*self._rank(other)) > rank
        )
        yield ~ARTICLE.c.has_duplicate_id | ~is_older

    def _is_expired(self) -> sa.ColumnElement[bool]:
        return ARTICLE.c.expires.is_not(None) & (ARTICLE.c.expires <= self._now)

    def _is_due(self, table: sa.FromClause) -> Iterator[sa.ColumnElement[bool]]:
        if not self._unpublished:
            yield ~table.c.draft
        if not self._site.future:
            yield table.c.published <= self._now

    def _rank(self, table: sa.FromClause) -> tuple[sa.ColumnElement[Any], ...]:
        """The order of the files that share an id: the last is published."""
        is_early = table.c.updated > self._now
        updated = sa.case((is_early, table.c.published), else_=table.c.updated)
        return updated, table.c.published, table.c.path


def _digest(content: str | bytes) -> bytes:
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(data).digest()[:16]


def _is_one_topic(selection: Selection) -> bool:
    return len(selection.any) == 1 and selection == Selection(any=selection.any)
