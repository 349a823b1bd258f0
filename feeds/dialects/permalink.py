"""Templates of URLs: /:year/:month/:title/ or {date}/{slug}, with the tokens of each generator."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache

#: Tokens as Jekyll and Hexo write them.
COLON = ":([a-z_]+)"
#: Tokens as MkDocs writes them.
BRACES = r"\{([a-z_]+)\}"

_MAX_CHARS = 1_000

MONTHS = (
    "January February March April May June July August September October November December".split()
)
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def expand(template: str, value: Callable[[str], str | None], tokens: str = COLON) -> str:
    """Replace the tokens of a template; one whose value is None stays as it is written.

    `tokens` is the regular expression of a token, whose first group is its name. A very long
    template is none.
    """
    if len(template) > _MAX_CHARS:
        return template

    def replace(token: re.Match[str]) -> str:
        found = value(token[1])
        return token[0] if found is None else found[:_MAX_CHARS]

    return _compiled(tokens).sub(replace, template)


@cache
def _compiled(tokens: str) -> re.Pattern[str]:
    return re.compile(tokens)


def date_token(name: str, date: datetime) -> str | None:
    """Return the value of a token of a date, in its own zone; None for another token."""
    format = _DATE_TOKENS.get(name)
    return format(date) if format else None


_DATE_TOKENS: dict[str, Callable[[datetime], str]] = {
    "year": lambda date: f"{date.year:04}",
    "short_year": lambda date: f"{date.year % 100:02}",
    "month": lambda date: f"{date.month:02}",
    "i_month": lambda date: str(date.month),
    "short_month": lambda date: MONTHS[date.month - 1][:3],
    "long_month": lambda date: MONTHS[date.month - 1],
    "day": lambda date: f"{date.day:02}",
    "i_day": lambda date: str(date.day),
    "y_day": lambda date: f"{date.timetuple().tm_yday:03}",
    "w_year": lambda date: f"{date.isocalendar().year:04}",
    "week": lambda date: f"{date.isocalendar().week:02}",
    "w_day": lambda date: str(date.isoweekday()),
    "short_day": lambda date: WEEKDAYS[date.weekday()][:3],
    "long_day": lambda date: WEEKDAYS[date.weekday()],
    "hour": lambda date: f"{date.hour:02}",
    "minute": lambda date: f"{date.minute:02}",
    "second": lambda date: f"{date.second:02}",
}
