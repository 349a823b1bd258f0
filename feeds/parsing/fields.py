"""The typed values of a YAML mapping: names, dates, URLs, numbers, flags, lists.

YAML is read as text, so the caller asks for each key by the type it expects. A value of another
type is reported once, with its line, and treated as missing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import TypeVar

from feeds.errors import Severity
from feeds.parsing import yaml_text
from feeds.parsing.dates import DateError, read_date
from feeds.parsing.report import Report
from feeds.parsing.yaml_text import YAMLList, YAMLMapping, YAMLTextError, YAMLValue
from feeds.text.media_types import parse_media_type
from feeds.text.repair import find_forbidden, plain_line, remove_forbidden, shown
from feeds.text.urls import canonical_url

_Value = TypeVar("_Value")
_Missing = TypeVar("_Missing", str, None)
_Default = TypeVar("_Default", bound=bool | None)

#: Of a topic and other names in lists.
_MAX_ITEM_CHARS = 1000

_CLOCK = re.compile(r"(?:(\d{1,4}):(?=\d\d:))?(\d{1,4}):([0-5]\d)")
# The part of ISO 8601 durations that recordings use.
_ISO_DURATION = re.compile(r"PT(?=\d)(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})(?:\.\d+)?S)?")


def parse_duration(text: str) -> int | None:
    """Parse 3723, 62:03, 1:02:03 or PT1H2M3S into seconds; None if zero or not a duration."""
    text = text.strip()
    if re.fullmatch("[0-9]{1,7}", text):
        return int(text) or None
    parts = _CLOCK.fullmatch(text) or _ISO_DURATION.fullmatch(text.upper())
    if not parts or not text.isascii():
        return None
    hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return hours * 3600 + minutes * 60 + seconds or None


#: In ascending order.
TIME_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def _parser(pattern: str, convert: Callable[[str], _Value]) -> Callable[[str], _Value | None]:
    compiled = re.compile(pattern)
    return lambda text: convert(text) if compiled.fullmatch(text) else None


_parse_count = _parser(r"\+?(?=0*[1-9])[0-9]{1,15}(\.0{1,15})?", lambda text: int(float(text)))
_parse_time_span = _parser(
    r"[1-9][0-9]{0,4}\s*[hdw]", lambda text: int(text[:-1]) * TIME_UNITS[text[-1]]
)
#: Of RFC 5646 §2.1, as far as it is worth checking.
parse_language = _parser("[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*", str)
_URL = ("bad-url", "an http or https URL")
#: YAML's words for true and false, in lower case.
FLAGS = dict.fromkeys("true yes on y 1".split(), True) | dict.fromkeys(
    "false no off n 0".split(), False
)


def _reader(
    missing: _Missing, parse: Callable[[str], _Value | None], code: str, expected: str
) -> Callable[[Fields, str], _Value | _Missing]:
    """Make a method of Fields that converts the text of a key."""

    def read(self: Fields, key: str) -> _Value | _Missing:
        value = self._convert(key, parse, code, expected)
        return missing if value is None else value

    return read


def report_duplicates(duplicates: Iterable[tuple[int, str]], report: Report) -> None:
    """Report duplicate keys, given as (line, key)."""
    for line, key in duplicates:
        message, hint = f"duplicate key {shown(key)}", "the last value is used"
        report.add(line, "duplicate-key", message, hint, name=shown(key))


class Fields:
    """A mapping whose values are read by type; a missing value is empty, None or the default."""

    def __init__(
        self, values: YAMLMapping, report: Report, line: int = 1,
        names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self._values = values
        self._report = report
        self._names = names
        #: Line on which the mapping begins.
        self.line = line

    @classmethod
    def load(
        cls, source: str, report: Report, *, empty: tuple[str, str], first_line: int = 1
    ) -> Fields:
        """Parse a file, or a part of it that begins on a line. Duplicate keys are reported.

        Raises YAMLTextError if it is not a YAML mapping, with the message and hint of `empty` if
        it has no value.
        """
        values, duplicates = yaml_text.load(source, first_line)
        if values is None:
            raise YAMLTextError(first_line, *empty)
        if not isinstance(values, YAMLMapping):
            raise YAMLTextError(first_line, "not a mapping", "write key: value, one per line")
        report_duplicates(duplicates, report)
        return cls(values, report, first_line)

    def __contains__(self, key: str) -> bool:
        """Return True if the key has a value that is not empty."""
        value = self._values.get(key)
        return bool(value.strip()) if isinstance(value, str) else value is not None

    def has_any(self, keys: Collection[str]) -> bool:
        """Return True if one of the keys has a value that is not empty."""
        return not self._values.keys().isdisjoint(keys) and any(map(self.__contains__, keys))

    def items(self) -> Iterable[tuple[str, YAMLValue]]:
        """Return all keys with their values as written."""
        return self._values.items()

    @property
    def zone(self) -> tzinfo:
        """The zone of dates without an offset."""
        return self._report.zone

    def line_of(self, key: str) -> int:
        """Line of a key, or of the mapping if it has no such key."""
        return self._values.lines.get(key, self.line)

    def name_of(self, key: str) -> str:
        """Return the key that the author wrote, or could write, for one of ours."""
        return self._names.get(key, key)

    def nearest_key(self, name: str) -> str:
        """Return the key of this mapping that is, or misspells, a name; empty if none does."""
        return next(iter(difflib.get_close_matches(name, self._values, 1, 0.75)), "")

    def text(self, key: str) -> str:
        """One line of plain text."""
        value = self.markup(key)
        if not value:
            return ""
        self._report_forbidden(key, value)
        line = plain_line(value)
        if "&#" in value and "\ufffd" in line:
            message = f"{self.name_of(key)} has a character reference that is no character's"
            self.problem(key, "bad-reference", message, "it is U+FFFD", Severity.WARNING)
        return line

    def identifier(self, key: str) -> str:
        """Any text, exactly as written: readers compare it character by character."""
        value = self.markup(key)
        self._report_forbidden(key, value)
        value = remove_forbidden(value)
        return value if value.strip() else ""

    def markup(self, key: str) -> str:
        """Text exactly as written, for HTML and Markdown."""
        return self._scalar(key, "text")

    url = _reader("", canonical_url, *_URL)
    # Or a path in the site.
    url_or_path = _reader("", partial(canonical_url, relative=True), *_URL)
    number = _reader(
        None, _parser(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", float), "bad-number", "a number"
    )
    count = _reader(None, _parse_count, "bad-number", "a whole number above zero")
    # Zero included.
    seconds = _reader(None, _parser(r"[0-9]{1,9}", int), "bad-number", "a number of seconds")
    # In seconds, above zero.
    duration = _reader(None, parse_duration, "bad-duration", "seconds, or such as 1:02:03")
    time_span = _reader(None, _parse_time_span, "bad-period", "a period such as 12h, 30d or 2w")
    # In bytes; zero stands for unknown, as in RSS.
    length = _reader(None, _parser(r"[0-9]{1,15}", int), "bad-number", "a number of bytes")
    media_type = _reader("", parse_media_type, "bad-type", "a media type such as audio/mpeg")
    email = _reader("", _parser(r"[^@\s<>\"]+@[A-Za-z0-9.-]+", str), "bad-email", "name@host")
    language = _reader("", parse_language, "bad-language", "a language tag such as en or pt-BR")

    def date(self, key: str) -> datetime | None:
        """Moment in UTC."""
        value = self._scalar(key, "a date").strip()
        try:
            return read_date(value, self._report.zone) if value else None
        except DateError as error:
            message = f"{self.name_of(key)} is {shown(value)!r}"
            self.problem(key, "bad-date", message, f"it should be {error}", about=key)
            return None

    def flag(self, key: str, default: _Default) -> bool | _Default:
        """Boolean, in any of YAML's words."""
        value = self._convert(
            key, lambda text: FLAGS.get(text.lower()), "bad-flag", "true or false"
        )
        return default if value is None else value

    def choice(self, key: str, names: Sequence[str]) -> str:
        """One of these lower-case names, written in any case."""
        parse = {name: name for name in names}.get
        expected = f"{', '.join(names[:-1])} or {names[-1]}"
        return self._convert(key, lambda text: parse(text.lower()), "bad-choice", expected) or ""

    def texts(self, key: str) -> tuple[str, ...]:
        """List of distinct names; a single name is a list of one."""
        return self._list(key, plain_line, "a list of names")

    def urls(self, key: str) -> tuple[str, ...]:
        """List of distinct canonical http(s) URLs; a single URL is a list of one."""
        return self._list(key, canonical_url, "a list of http or https URLs")

    def mapping_or_flag(self, key: str) -> Fields | bool:
        """Mapping, or a boolean in its place; False if missing."""
        if isinstance(self._values.get(key), YAMLMapping):
            return self.mapping(key) or False
        return self.flag(key, default=False)

    def mapping(self, key: str, *, short: str = "") -> Fields | None:
        """Nested mapping; text alone stands for its key `short`."""
        return self._nested(key, self.line_of(key), self._value(key), short, "a mapping")

    def mappings(self, key: str, *, short: str = "") -> Iterator[Fields]:
        """List of mappings, or a single one; text alone stands for the key `short`."""
        for line, item in self._items(key):
            if nested := self._nested(key, line, item, short, "a list of mappings"):
                yield nested

    def keyed(self, key: str) -> Iterator[tuple[Fields, str]]:
        """List of texts or of `text: value`: each text, with the mapping to read its value from."""
        for line, item in self._items(key):
            item = YAMLMapping([(item, "")]) if isinstance(item, str) else item
            if nested := self._nested(key, line, item, "", "a list of texts"):
                yield from ((nested, text) for text in nested._values)

    def reject_unknown_keys(self, known: Iterable[str]) -> None:
        """Report every key that is not known, with the nearest known one."""
        known = sorted(known)
        unknown = [key for key in self._values if key not in known]
        near = difflib.get_close_matches(unknown[0], known, 1, 0.5) if unknown else ()
        hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
        for key in unknown:
            line, message = self.line_of(key), f"unknown key {shown(key)}"
            self._report.add(line, "unknown-key", message, hint, name=shown(key))

    def problem(
        self, key: str, code: str, message: str, hint: str, severity: Severity | None = None, *,
        about: str = "", name: str = "", missing: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Report a problem on the line of a key."""
        line = self.line_of(key)
        self._report.add(
            line, code, message, hint, severity, about=about, name=name, missing=missing
        )

    def _value(self, key: str) -> YAMLValue:
        value = self._values.get(key)
        if value is not None:
            self._report.line = self._values.lines.get(key, self.line)
        return value

    def _scalar(self, key: str, expected: str) -> str:
        value = self._values.get(key)
        if value is None:  # as most keys are
            return ""
        report = self._report
        report.line = self._values.lines.get(key, self.line)
        if not isinstance(value, str):
            self._report_type(key, report.line, value, expected)
            return ""
        limit = report.limits.chars_of.get(key)
        if limit is None:
            limit = report.limits.chars
            report.chars += len(value)
        return value if self._fits(key, report.line, value, limit) else ""

    def _report_forbidden(self, key: str, value: str) -> None:
        if forbidden := find_forbidden(value):
            name, character = self.name_of(key), f"U+{ord(forbidden[0]):04X}"
            message = f"{name} contains {character}, which is not allowed in feeds"
            hint = "it is repaired or removed"
            self.problem(key, "control-character", message, hint, Severity.WARNING)

    def _convert(
        self, key: str, parse: Callable[[str], _Value | None], code: str, expected: str
    ) -> _Value | None:
        value = self._scalar(key, expected).strip()
        if not value:
            return None
        result = parse(value)
        if result is None:
            message, hint = f"{self.name_of(key)} is {shown(value)!r}", f"it should be {expected}"
            self.problem(key, code, message, hint, about=key)
        return result

    def _fits(self, key: str, line: int, text: str, limit: int) -> bool:
        """Return True if a text, and all texts so far, are within their limits; else report it."""
        report = self._report
        if len(text) > limit:
            message, about = f"{self.name_of(key)} is {len(text):,} characters long", key
        elif report.chars > report.limits.all_chars:
            limit, about = report.limits.all_chars, "all"
            name = self.name_of(key)
            message = f"{name} and the texts read before it are {report.chars:,} characters long"
        else:
            return True
        report.add(line, "too-long", message, f"at most {limit:,} are allowed", about=about)
        return False

    def _items(self, key: str) -> Iterable[tuple[int, YAMLValue]]:
        value = self._value(key)
        if value is None:
            return ()
        if isinstance(value, YAMLList):
            count = self._report.take(key, value.lines)
            return islice(zip(value.lines, value, strict=True), count)
        return ((self.line_of(key), value),)

    def _list(self, key: str, parse: Callable[[str], str | None], expected: str) -> tuple[str, ...]:
        values: dict[str, None] = {}
        for line, item in self._items(key):
            value = None
            if isinstance(item, str):
                self._report.chars += len(item)
                if not self._fits(key, line, item, _MAX_ITEM_CHARS):
                    continue
                value = parse(item)
            if value:
                values[value] = None
            elif value is None and item is not None:
                self._report_type(key, line, item, expected)
        return tuple(values)

    def _nested(
        self, key: str, line: int, value: YAMLValue, short: str, expected: str
    ) -> Fields | None:
        if isinstance(value, str) and short:
            value = YAMLMapping([(short, value)])
        if isinstance(value, YAMLMapping):
            return Fields(value, self._report, line)
        if value is not None:
            self._report_type(key, line, value, expected)
        return None

    def _report_type(self, key: str, line: int, value: YAMLValue, expected: str) -> None:
        kind = "text" if isinstance(value, str) else "a list"
        kind = "a mapping" if isinstance(value, YAMLMapping) else kind
        message, hint = f"{self.name_of(key)} is {kind}", f"it should be {expected}"
        self._report.add(line, "wrong-type", message, hint, about=key)
