"""Templates of URLs: /:year/:month/:title/ or {date}/{slug}, with the tokens of each generator."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache

#: Tokens as Jekyll and Hexo write them.
COLON = ":([a-z_]+)"
#: Tokens as Pelican and MkDocs write them, maybe with a format: {date:%Y}.
BRACES = r"\{(\w+(?::[^{}]*)?)\}"

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


def values_of(texts: Mapping[str, str], date: datetime) -> Callable[[str], str | None]:
    """Return a function for expand(): the values of these tokens, and of a date's."""

    def value(name: str) -> str | None:
        found = texts.get(name)
        return date_token(name, date) if found is None else found

    return value


def expand_dated(template: str, value: Callable[[str], str | None], date: datetime) -> str:
    """Replace the tokens of a template in braces, or those after colons where it has no braces.

    The latter are of feeds.yaml, and may be those of a date.
    """
    if "{" in template:
        return expand(template, value, BRACES)
    return expand(template, lambda name: date_token(name, date) or value(name))


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


def format_date(format: str, date: datetime) -> str:
    """Return a date in a format of strftime, with English names; what is unknown stays."""

    def replace(found: re.Match[str]) -> str:
        token = _STRFTIME.get(found[2])
        value = date_token(token, date) if token else None
        if value is None:
            return found[0]
        return (value.lstrip("0") or "0") if found[1] else value

    return re.sub("%(-?)([a-zA-Z])", replace, format).replace("%%", "%")


_STRFTIME = {
    "Y": "year", "y": "short_year", "m": "month", "b": "short_month", "B": "long_month",
    "d": "day", "e": "i_day", "j": "y_day", "G": "w_year", "V": "week", "u": "w_day",
    "a": "short_day", "A": "long_day", "H": "hour", "M": "minute", "S": "second",
}  # fmt: skip


def format_babel(format: str, date: datetime) -> str:
    """Return a date in a format of Unicode's LDML, such as yyyy/MM/dd, with English names."""

    def replace(found: re.Match[str]) -> str:
        if found[0][0] == "'":
            return found[0][1:-1] or "'"
        token = _LDML.get(found[0])
        return (date_token(token, date) if token else None) or found[0]

    return re.sub(r"'[^']*'|([A-Za-z])\1*", replace, format)


_LDML = {
    "y": "year", "yyyy": "year", "yy": "short_year", "M": "i_month", "MM": "month",
    "MMM": "short_month", "MMMM": "long_month", "LLL": "short_month", "LLLL": "long_month",
    "L": "i_month", "LL": "month", "d": "i_day", "dd": "day", "D": "y_day", "Y": "w_year",
    "YYYY": "w_year", "ww": "week", "w": "week", "EEE": "short_day", "E": "short_day",
    "EEEE": "long_day", "HH": "hour", "mm": "minute", "ss": "second",
}  # fmt: skip
