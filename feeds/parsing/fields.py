"""What the text in a YAML mapping means: names, dates, URLs, numbers, flags, lists.

Each key is asked for by the kind of value that it should hold. A value of another kind is reported
once, with its line, and left out: the rest of the mapping is still good.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

from feeds.errors import Problem, Severity
from feeds.parsing import yaml_text as tree
from feeds.parsing.yaml_text import KeyPath, YAMLValue
from feeds.text.repair import find_forbidden, plain_line, shorten
from feeds.text.urls import canonical_url

_Value = TypeVar("_Value")
_EMAIL = re.compile(r"[^@\s<>\"]+@[A-Za-z0-9.-]+")


class Report:
    """The problems of one text, which are given the lines of the values that they speak of."""

    def __init__(self, path: str, source: str, first_line: int, severity: Severity) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._source = source
        self._first_line = first_line
        self._severity = severity
        self._lines: Mapping[KeyPath, int] | None = None

    def add(
        self,
        place: KeyPath,
        code: str,
        message: str,
        hint: str = "",
        severity: Severity | None = None,
    ) -> None:
        """Reports what is wrong at a place, or at the nearest place around it that has a line."""
        self.add_line(self.line(place), code, message, hint, severity)

    def add_line(
        self, line: int, code: str, message: str, hint: str = "", severity: Severity | None = None
    ) -> None:
        """Reports what is wrong in a line of the text, counted from 1."""
        line += self._first_line - 1
        severity = severity or self._severity
        self.problems.append(Problem(self._path, line, code, message, hint, severity))

    def line(self, place: KeyPath) -> int:
        """The line, counted from 1, of a place or of the nearest one around it."""
        # Lines cost a second parse, and few texts have a problem.
        if self._lines is None:
            self._lines = tree.lines(self._source)
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)


class Fields:
    """A mapping whose values are asked for by kind."""

    def __init__(
        self, values: Mapping[str, YAMLValue], report: Report, place: KeyPath = ()
    ) -> None:
        self._values = values
        self._report = report
        self._place = place

    def __contains__(self, key: str) -> bool:
        """Whether a key has a value."""
        value = self._values.get(key)
        return bool(value.strip()) if isinstance(value, str) else value is not None

    @property
    def line(self) -> int:
        """The line on which the mapping begins."""
        return self._report.line(self._place)

    def line_of(self, key: str) -> int:
        """The line of a key."""
        return self._report.line((*self._place, key))

    def spelling(self, key: str) -> str:
        """How a key is written here, be it without a value or misspelt; empty where it is not."""
        return next(iter(difflib.get_close_matches(key, self._values, 1, 0.75)), "")

    def text(self, key: str) -> str:
        """One line of plain text; a missing one is empty."""
        value = self._scalar(key, "text")
        if forbidden := find_forbidden(value):
            self.problem(
                key,
                "control-character",
                f"{key} holds U+{ord(forbidden[0]):04X}, which no feed may",
                "it is repaired or taken out",
                Severity.WARNING,
            )
        return plain_line(value)

    def markup(self, key: str) -> str:
        """Text as it was written, for HTML and Markdown; a missing one is empty."""
        return self._scalar(key, "text")

    def url(self, key: str, *, relative: bool = False) -> str:
        """An http(s) URL in canonical form; a missing one is empty."""
        return (
            self._convert(
                key,
                lambda value: canonical_url(value, relative=relative),
                "bad-url",
                "an http or https URL",
            )
            or ""
        )

    def identifier(self, key: str) -> str:
        """What something is known by for good: a URI (RFC 4287 §4.2.6); a missing one is empty."""
        wanted = "a URL, or a tag: or urn: URI"
        return self._convert(key, _parse_identifier, "bad-id", wanted) or ""

    def date(self, key: str) -> datetime | None:
        """A date in UTC. One without an offset is UTC already, one without a time is midnight."""
        return self._convert(key, parse_date, "bad-date", "a date such as 2026-05-01T09:30:00Z")

    def number(self, key: str) -> float | None:
        """A finite number."""
        return self._convert(key, _parse_number, "bad-number", "a number")

    def count(self, key: str) -> int | None:
        """A whole number of at least one."""
        return self._convert(key, _parse_count, "bad-number", "a whole number above zero")

    def seconds(self, key: str, default: int) -> int:
        """A number of seconds, which may be none; a missing one is the default."""
        wanted = "a number of seconds"
        value = self._convert(
            key, lambda text: int(text) if re.fullmatch("[0-9]{1,9}", text) else None,
            "bad-number", wanted,
        )  # fmt: skip
        return default if value is None else value

    def flag(self, key: str, default: bool) -> bool:
        """Yes or no, in any of YAML's words for them."""
        value = self._convert(key, _parse_flag, "bad-flag", "true or false")
        return default if value is None else value

    def duration(self, key: str) -> int | None:
        """How long something takes, in seconds above zero."""
        return self._convert(key, parse_duration, "bad-duration", "seconds, or such as 1:02:03")

    def choice(self, key: str, names: Sequence[str]) -> str:
        """One of these names, in any case; a missing one is empty."""
        wanted = f"{', '.join(names[:-1])} or {names[-1]}"
        return (
            self._convert(
                key,
                lambda value: value.lower() if value.lower() in names else None,
                "bad-choice",
                wanted,
            )
            or ""
        )

    def email(self, key: str) -> str:
        """An address for letters; a missing one is empty."""
        return (
            self._convert(
                key, lambda text: text if _EMAIL.fullmatch(text) else None, "bad-email", "name@host"
            )
            or ""
        )

    def mapping_or_flag(self, key: str) -> Fields | bool:
        """The mapping under a key, or yes or no in its place; a missing one is no."""
        if isinstance(self._values.get(key), dict):
            return self.mapping(key) or False
        return self.flag(key, default=False)

    def period(self, key: str) -> timedelta | None:
        """A span of time: 12h, 30d, 2w."""
        return self._convert(key, _parse_period, "bad-period", "a period such as 12h, 30d or 2w")

    def urls(self, key: str) -> tuple[str, ...]:
        """A list of http(s) URLs in canonical form, each once; a URL alone is a list of one."""
        found = []
        for place, item in self._items(key):
            url = canonical_url(item.strip()) if isinstance(item, str) else None
            if url:
                found.append(url)
            elif item is not None:
                self._wrong(place, key, item, "a list of http or https URLs")
        return tuple(dict.fromkeys(found))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of names, each once; a name alone is a list of one."""
        names = []
        for place, item in self._items(key):
            if isinstance(item, str):
                name = plain_line(item)
                if name and name not in names:
                    names.append(name)
            elif item is not None:
                self._wrong(place, key, item, "a list of names")
        return tuple(names)

    def mapping(self, key: str, *, short: str = "") -> Fields | None:
        """The mapping under a key; text alone stands for its key `short`."""
        return next(self.mappings(key, short=short, many=False), None)

    def mappings(self, key: str, *, short: str = "", many: bool = True) -> Iterator[Fields]:
        """The mappings of a list, or the mapping that stands alone; text stands for `short`."""
        for place, item in self._items(key, many):
            if isinstance(item, dict):
                yield Fields(item, self._report, place)
            elif isinstance(item, str) and short:
                yield Fields({short: item}, self._report, place)
            elif item is not None:
                self._wrong(place, key, item, "a list of mappings" if many else "a mapping")

    def reject_unknown_keys(self, known: Iterable[str]) -> None:
        """Reports every key that is not known, with the nearest that is."""
        known = sorted(known)
        for key in self._values:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1, 0.5)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
                self.problem(key, "unknown-key", f"{key} is not a key that is known here", hint)

    def problem(
        self, key: str, code: str, message: str, hint: str = "", severity: Severity | None = None
    ) -> None:
        """Reports what is wrong with the value of a key, on its line."""
        self._report.add((*self._place, key), code, message, hint, severity)

    def _scalar(self, key: str, wanted: str) -> str:
        value = self._values.get(key)
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        self._wrong((*self._place, key), key, value, wanted)
        return ""

    def _convert(
        self, key: str, parse: Callable[[str], _Value | None], code: str, wanted: str
    ) -> _Value | None:
        value = self._scalar(key, wanted).strip()
        if not value:
            return None
        result = parse(value)
        if result is None:
            shown = shorten(plain_line(value), 60)
            self.problem(key, code, f"{key} is {shown!r}", f"it should be {wanted}")
        return result

    def _items(self, key: str, many: bool = True) -> Iterator[tuple[KeyPath, YAMLValue]]:
        value = self._values.get(key)
        place = (*self._place, key)
        if isinstance(value, list) and many:
            yield from (((*place, index), item) for index, item in enumerate(value))
        else:
            yield place, value

    def _wrong(self, place: KeyPath, key: str, value: YAMLValue, wanted: str) -> None:
        found = "a mapping" if isinstance(value, dict) else "a list"
        found = "text" if isinstance(value, str) else found
        self._report.add(place, "wrong-type", f"{key} is {found}", f"it should be {wanted}")


# Jekyll writes a blank before the offset, and so do git and many hands.
_OFFSET = re.compile(r"\s+(?=[+-]\d\d:?\d\d$|Z$)")
_DAY_AND_OFFSET = re.compile(r"^(\d{4}-\d\d-\d\d)([+-]\d\d:?\d\d|Z)$")
_LONGEST_DATE = 60
# YAML's own timestamps need no leading zeros, and no minutes in an offset.
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ]\s*(\d\d?)(:\d\d:\d\d(?:\.\d{1,6})?)(?:\s*(Z|[+-])(\d\d?)?)?)?"
)
_ZONE_NAME = re.compile(r"\s*(?:UTC|GMT)$")


def parse_date(text: str) -> datetime | None:
    """A date of ISO 8601, RFC 3339, YAML or RFC 5322, in UTC; None where the text is none."""
    if len(text) > _LONGEST_DATE:
        return None
    iso = _ZONE_NAME.sub("Z", _OFFSET.sub("", text.upper()))
    if timestamp := _TIMESTAMP.fullmatch(iso):
        iso = _padded(timestamp)
    try:
        # Python takes the sign of an offset that follows a day for what parts day and time.
        date = datetime.fromisoformat(_DAY_AND_OFFSET.sub(r"\1T00:00\2", iso))
    except ValueError:
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
    if date.tzinfo is None:
        return date.replace(tzinfo=UTC)
    try:
        return date.astimezone(UTC)
    except OverflowError:  # the first or the last day of the calendar, and an offset
        return None


def _padded(timestamp: re.Match[str]) -> str:
    year, month, day, hour, rest, sign, offset = timestamp.groups()
    date = f"{year}-{month:0>2}-{day:0>2}"
    zone = f"{sign}{offset:0>2}:00" if offset else sign or ""
    return f"{date}T{hour:0>2}{rest}{zone}" if hour else date


_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")


def _parse_number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) and text.isascii() else None


def _parse_count(text: str) -> int | None:
    number = _parse_number(text)
    return int(number) if number and number >= 1 and number == int(number) else None


_NAME = re.compile(
    r"(?:urn:[a-z0-9][a-z0-9-]{1,31}|tag:[a-z0-9.@_-]+,\d{4}(?:-\d\d){0,2}):[!-~]+", re.IGNORECASE
)


def _parse_identifier(text: str) -> str | None:
    # Neither is resolved, so nothing in it is put into canonical form (RFC 8141 §3, RFC 4151 §2.4).
    is_name = _NAME.fullmatch(text) and not re.search('[<>"\\\\^`{|}]', text)
    return text if is_name else canonical_url(text)


_FLAGS = dict.fromkeys(("true", "yes", "on", "y", "1"), True) | dict.fromkeys(
    ("false", "no", "off", "n", "0"), False
)


def _parse_flag(text: str) -> bool | None:
    return _FLAGS.get(text.lower())


_CLOCK = re.compile(r"(?:(\d{1,4}):(?=\d\d:))?(\d{1,4}):([0-5]\d)")
# Of ISO 8601, what recordings have.
_ISO_DURATION = re.compile(r"PT(?=\d)(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})(?:\.\d+)?S)?")


def parse_duration(text: str) -> int | None:
    """Seconds of 3723, 62:03, 1:02:03 or PT1H2M3S; None where the text is none, or nothing."""
    text = text.strip()
    if re.fullmatch("[0-9]{1,7}", text):
        return int(text) or None
    parts = _CLOCK.fullmatch(text) or _ISO_DURATION.fullmatch(text.upper())
    if not parts or not text.isascii():
        return None
    hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return hours * 3600 + minutes * 60 + seconds or None


_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def _parse_period(text: str) -> timedelta | None:
    match = re.fullmatch(r"([1-9][0-9]{0,4})\s*([hdw])", text)
    return int(match[1]) * _UNITS[match[2]] if match else None
