"""Splits a feed's history into archive documents (RFC 5005 §4), by calendar period.

Periods depend on the articles' dates alone: a new article changes the newest document only, and one
that is removed, corrected or backdated only the document of its own period.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
    #: The first and the last day with an article, as date.toordinal() counts.
    first: int = field(repr=False)
    last: int = field(repr=False)


def cut(days: Mapping[int, int], limit: int) -> tuple[Period, ...]:
    """Return a feed's periods, oldest first: years, split into months or days if too large.

    `days` has the number of articles by day, as date.toordinal() counts; a feed with at most
    `limit` articles has no archive.
    """
    if sum(days.values()) <= limit:
        return ()
    return tuple(_cut(days, limit * _LIMIT_FACTOR, len("2026")))


def _cut(days: Mapping[int, int], most: int, name_length: int) -> Iterator[Period]:
    """Yield the periods of these days whose names have at least so many characters."""
    parts: dict[str, dict[int, int]] = {}
    for day in sorted(days):
        # A period's name is a prefix of its days' names.
        name = date.fromordinal(day).isoformat()[:name_length]
        parts.setdefault(name, {})[day] = days[day]
    for name, part in parts.items():
        if sum(part.values()) > most and name_length < len("2026-05-17"):
            yield from _cut(part, most, name_length + len("-05"))
        else:
            yield Period(name, min(part), max(part))
