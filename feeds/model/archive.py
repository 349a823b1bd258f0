"""Splits a feed's history into archive documents (RFC 5005 §4), by calendar period.

Periods depend on the articles' dates alone: a new article changes the newest document only, and one
that is removed, corrected or backdated only the document of its own period.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

#: Most articles in an archive document, as a multiple of the feed's limit.
_LIMIT_FACTOR = 4
#: Matches Period.name.
PERIOD_NAME = r"\d{4}(?:-\d\d){0,2}"


@dataclass(frozen=True, slots=True)
class Period:
    """A year, a month or a day in UTC."""

    #: "2026", "2026-05" or "2026-05-17".
    name: str
    #: First and last day, as date.toordinal() counts.
    first: int
    last: int


def cut(days: Mapping[int, int], limit: int) -> tuple[Period, ...]:
    """Return a feed's periods, oldest first: years, split into months or days if too large.

    `days` has the number of articles by day, as date.toordinal() counts; a feed with at most
    `limit` articles has no archive.
    """
    if sum(days.values()) <= limit:
        return ()
    return tuple(_cut(days, limit * _LIMIT_FACTOR, len("2026")))


def _cut(days: Mapping[int, int], size: int, length: int) -> Iterator[Period]:
    """Yield the periods of these days whose names have at least `length` characters."""
    parts: dict[str, dict[int, int]] = {}
    for day in sorted(days):
        # A period's name is a prefix of its days' names.
        parts.setdefault(date.fromordinal(day).isoformat()[:length], {})[day] = days[day]
    for name, part in parts.items():
        if sum(part.values()) > size and length < len("2026-05-17"):
            yield from _cut(part, size, length + len("-05"))
        else:
            yield Period(name, *_bounds(name))


def _bounds(name: str) -> tuple[int, int]:
    year, month, day = (*map(int, name.split("-")), 0, 0)[:3]
    last_month = month or 12
    last_day = day or monthrange(year, last_month)[1]
    first, last = date(year, month or 1, day or 1), date(year, last_month, last_day)
    return first.toordinal(), last.toordinal()
