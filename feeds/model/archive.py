"""How a feed's history is cut into documents (RFC 5005 §4): along the calendar.

The bounds follow from the dates of the articles alone. So a new article touches the newest document
only, and one that is removed, corrected or backdated only that of its own period.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

#: Articles in one document, as a multiple of those in a feed's newest one.
_TIMES = 4
#: A name of a year, a month and a day, as cut() gives them.
PERIOD_NAME = r"\d{4}(?:-\d\d){0,2}"


@dataclass(frozen=True, slots=True)
class Period:
    """A year, a month or a day of UTC."""

    #: Such as 2026, 2026-05 and 2026-05-17.
    name: str
    #: Its first and its last day, as date.toordinal() counts them.
    first: int
    last: int


def cut(days: Mapping[int, int], limit: int) -> tuple[Period, ...]:
    """The periods of a feed, oldest first: years, and months or days where those hold too much.

    Takes the number of articles on each day (as date.toordinal() counts them), and how many the
    feed's newest document holds: a feed that has no more needs no archive.
    """
    if sum(days.values()) <= limit:
        return ()
    return tuple(_cut(days, limit * _TIMES, len("2026")))


def _cut(days: Mapping[int, int], size: int, length: int) -> Iterator[Period]:
    """The periods of these days, of which no name is shorter than the length."""
    parts: dict[str, dict[int, int]] = {}
    for day in sorted(days):
        # A period's name is how the names of its days begin.
        parts.setdefault(date.fromordinal(day).isoformat()[:length], {})[day] = days[day]
    for name, part in parts.items():
        if sum(part.values()) > size and length < len("2026-05-17"):
            yield from _cut(part, size, length + len("-05"))
        else:
            yield Period(name, *_bounds(name))


def _bounds(name: str) -> tuple[int, int]:
    year, month, day = (*map(int, name.split("-")), 0, 0)[:3]
    first = date(year, month or 1, day or 1)
    if day:
        last = first
    elif month == 12 or not month:
        last = date(year, 12, 31)
    else:
        last = date.fromordinal(date(year, month + 1, 1).toordinal() - 1)
    return first.toordinal(), last.toordinal()
