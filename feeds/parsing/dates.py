"""Reads dates in the forms that people and programs write, and never guesses.

A date with a part that is not understood, such as an unknown zone, is rejected: a moment that is
hours off is worse than none. Names are English, whatever the machine's language.
"""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from feeds.parsing.time_zones import find_zone

_MAX_CHARS = 100
_EXPECTED = "a date such as 2026-05-01T09:30:00Z"
_MIDNIGHT = time()

_MONTHS = (
    "jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?",
    "aug(?:ust)?", "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?",
)  # fmt: skip
_MONTH_NUMBERS = {name[:3]: number for number, name in enumerate(_MONTHS, 1)}
_MONTH = rf"(?P<name>{'|'.join(_MONTHS)})"
_DAY = r"(?P<day>\d\d?)"
_YEAR = r"(?P<year>\d{4})"
_WEEKDAY = re.compile(
    r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?(?:, ?| )"
)
#: The forms of a date without a time.
_DAY_FORMS = tuple(
    re.compile(form + r"(?!\d)", re.ASCII)
    for form in (
        # ISO 8601, also with slashes or dots.
        rf"{_YEAR}(?P<mark>[-/.])(?P<month>\d\d?)(?P=mark){_DAY}",
        rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)",
        rf"{_YEAR}[ -]{_MONTH}\.?[ -]{_DAY}",
        rf"{_YEAR}-?w(?P<week>\d\d)-?(?P<weekday>[1-7])",
        rf"{_YEAR}-(?P<day_of_year>\d{{3}})",
        rf"{_MONTH}\.?[ -]{_DAY}(?:st|nd|rd|th)?(?:, ?|[ -]){_YEAR}",
        # RFC 5322; §4.3 still allows years of two digits.
        rf"{_DAY}(?:st|nd|rd|th)?(?: of)?(?:\. ?|[ -]){_MONTH}(?:\. ?|, ?|[ -])"
        r"(?P<year>\d{4}|\d\d)(?!:)",
        # Countries that write dots put the day first.
        rf"{_DAY}\. ?(?P<month>\d\d?)\. ?{_YEAR}",
        rf"(?P<first>\d\d?)(?P<mark>[/-])(?P<second>\d\d?)(?P=mark){_YEAR}",
    )
)
# The form of ctime(), date, git and Java's Date, with the year after the time.
_YEAR_LAST = re.compile(
    rf"({'|'.join(_MONTHS)}) (\d\d?) (\d\d?:\d\d:\d\d)((?: [a-z+-][a-z0-9:+]*)?) (\d{{4}})(?= |$)"
)
# The commonest form, which Python itself reads fastest.
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_COMPACT = re.compile(r"((?:19|20)\d{6})(\d{4}|\d{6})", re.ASCII)
# From 2001 to 2033: no date in digits, such as 20260501, begins with 1.
_UNIX_TIME = re.compile(r"(1\d{9})(\d{3}|\.\d+)?", re.ASCII)
_TIME = re.compile(
    r"(?P<mark>t ?|,? at |, ?| )(?P<hour>\d\d?)"
    r"(?:(?P<colon>:?)(?P<minute>\d\d)(?:(?P=colon)(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?)?"
    r"(?: ?(?P<half>[ap])(?:m\b|\.m\.))?(?![\d:.,])",
    re.ASCII,
)
# A name or a comment after an offset adds nothing.
_ZONE = re.compile(
    r" ?(?:(?:utc|gmt|ut)? ?(?P<offset>[+-]\d\d?(?::?\d\d){0,2})(?: (?:[a-z]{1,5}|(?P=offset)))?"
    r"|(?P<name>[a-z]{1,5}(?![a-z_/])))?"
    r" ?(?:(?P<bracket>\[!?)?(?P<place>[a-z_]+/[a-z0-9_+/-]+)(?(bracket)\]))?(?: ?\([^()]*\))?",
    re.ASCII,
)
#: Abbreviations that mean one offset wherever they are used; RFC 5322 §4.3 defines the American
#: ones. BST, IST, AST, MSK and others have several meanings, or had others in other years.
_OFFSET_HOURS = {
    name: hours
    for hours, names in {
        -10: "HST", -9: "AKST", -8: "AKDT PST", -7: "PDT MST", -6: "MDT CST", -5: "CDT EST",
        -4: "EDT", -3: "BRT", 0: "UTC UT GMT Z WET", 1: "WEST CET MEZ", 2: "CEST MESZ EET SAST",
        3: "EEST EAT", 5: "PKT", 7: "WIB", 8: "AWST HKT SGT WITA", 9: "JST KST WIT", 9.5: "ACST",
        10: "AEST", 10.5: "ACDT", 11: "AEDT", 12: "NZST", 13: "NZDT",
    }.items()
    for name in names.split()
}  # fmt: skip
#: Abbreviations of zones whose offset depends on the day.
_ZONE_OF_NAME = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}


class DateError(ValueError):
    """A text is not a date; the message says what would be one."""


def read_date(text: str, zone: tzinfo = UTC) -> datetime:
    """Parse a date into UTC, as read_moment() does. Raises DateError."""
    return read_moment(text, zone).astimezone(UTC)


def read_moment(text: str, zone: tzinfo = UTC) -> datetime:
    """Parse a date, with its own offset; it is in the zone without one, at midnight without a time.

    A local time that a zone has twice is the first of the two; one that it skips is moved forward
    by the gap. Raises DateError.
    """
    if len(text) > _MAX_CHARS:
        raise DateError(_EXPECTED)
    if _RFC_3339.fullmatch(text):
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(text)
            moment.astimezone(UTC)  # raises at the ends of the calendar
            return moment
    # ISO 8601 has a minus sign where others have a hyphen.
    text = " ".join(text.replace("\u2212", "-").split()).lower()
    try:
        if count := _UNIX_TIME.fullmatch(text):
            return datetime.fromtimestamp(int(count[1]), UTC) + _fraction(count[2])
        if text[:1].isalpha():
            text = _YEAR_LAST.sub(r"\1 \2 \5 \3\4", _WEEKDAY.sub("", text, 1), 1)
        elif compact := _COMPACT.fullmatch(text):
            text = "t".join(compact.groups())
        day, rest = _read_day(text)
        clock = _TIME.match(rest)
        local = datetime.combine(day, _MIDNIGHT) + (_read_time(clock) if clock else timedelta())
        return _in_zone(local, rest[clock.end() :] if clock else rest, zone, is_day=not clock)
    except DateError:
        raise
    except (ValueError, OverflowError) as error:  # no such day, or outside the calendar
        raise DateError(_EXPECTED) from error


def _read_day(text: str) -> tuple[date, str]:
    """Return the date at the beginning of a text, and the rest of the text."""
    for form in _DAY_FORMS:
        if found := form.match(text):
            break
    else:
        raise DateError(_EXPECTED)
    parts, rest = found.groupdict(), text[found.end() :]
    year = int(parts["year"])
    if len(parts["year"]) == 2:
        year += 2000 if year < 50 else 1900
    if "week" in parts:
        return date.fromisocalendar(year, int(parts["week"]), int(parts["weekday"])), rest
    if "day_of_year" in parts:
        day = date(year, 1, 1) + timedelta(int(parts["day_of_year"]) - 1)
        if day.year != year:
            raise DateError(_EXPECTED)
        return day, rest
    if "first" in parts:
        first, second = int(parts["first"]), int(parts["second"])
        if first != second and max(first, second) <= 12:
            either = f"{year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}"
            raise DateError(f"{either}, since it can mean both")
        return date(year, *sorted((first, second))), rest
    month = _MONTH_NUMBERS[parts["name"][:3]] if "name" in parts else int(parts["month"])
    return date(year, month, int(parts["day"])), rest


def _read_time(found: re.Match[str]) -> timedelta:
    """Return the time of day, as the time since midnight."""
    parts = found.groupdict()
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    is_hour_alone = not (parts["minute"] or parts["half"] or parts["mark"].startswith("t"))
    is_short = parts["colon"] == "" and (len(parts["hour"]) == 1 or parts["half"])
    # ISO 8601 has 24:00:00 for the end of a day.
    is_late = hour > 23 and (hour, minute, second, int(parts["fraction"] or 0)) != (24, 0, 0, 0)
    if is_hour_alone or is_short or is_late or minute > 59 or second > 60:
        raise DateError(f"{_EXPECTED}, with a time such as 21:30")
    if parts["half"]:
        if not 1 <= hour <= 12:
            raise DateError(f"{_EXPECTED}, with a time such as 9:30 PM or 21:30")
        hour = hour % 12 + 12 * (parts["half"] == "p")
    # Clocks that stand still for a leap second read :59 twice (RFC 3339 appendix D).
    whole = timedelta(hours=hour, minutes=minute, seconds=min(second, 59))
    return whole + _fraction(parts["fraction"])


def _fraction(digits: str | None) -> timedelta:
    digits = (digits or "").lstrip(".")
    return timedelta(microseconds=int(f"{digits:0<6.6}"))


def _in_zone(local: datetime, written: str, zone: tzinfo, *, is_day: bool) -> datetime:
    """Return a local time in the zone written after it, else in the given zone."""
    found = _ZONE.fullmatch(written)
    offset, name, place = found.group("offset", "name", "place") if found else ("", "", "")
    if written and not (offset or name or place):
        raise DateError(f"{_EXPECTED}, with an offset such as +02:00")
    if is_day and (name not in (None, "z") or (offset and len(offset) < len("+0200"))):
        raise DateError(_EXPECTED)  # 2026-05-01-02 is not a date with an offset
    if place:
        if not (there := find_zone(place)):
            raise DateError(f"{_EXPECTED}, with an offset instead of {place}")
        zone = there
    if name:
        zone = _zone_named(name.upper(), local, zone)
    moment = local.replace(tzinfo=_parse_offset(offset) if offset else zone)
    if place and moment.astimezone(zone).replace(tzinfo=None) != local:
        raise DateError(f"{_EXPECTED}, with the offset that its zone has then")
    moment.astimezone(UTC)  # raises at the ends of the calendar
    return moment


def _parse_offset(offset: str) -> tzinfo:
    digits = offset[1:].replace(":", "")
    digits = digits.zfill(len(digits) + len(digits) % 2)
    hours, minutes, seconds = (int(digits[at : at + 2] or 0) for at in (0, 2, 4))
    if minutes > 59 or seconds > 59:
        raise DateError(f"{_EXPECTED}, with an offset such as +02:00")
    size = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(-size if offset[0] == "-" else size)


def _zone_named(name: str, local: datetime, zone: tzinfo) -> tzinfo:
    """Return the zone that a name means at a local time; the names of `zone` come first."""
    for fold in (0, 1):
        moment = local.replace(tzinfo=zone, fold=fold)
        if moment.tzname() == name and (offset := moment.utcoffset()) is not None:
            return timezone(offset)
    if (hours := _OFFSET_HOURS.get(name)) is not None:
        return timezone(timedelta(hours=hours))
    if there := find_zone(_ZONE_OF_NAME.get(name, "")):
        return there
    raise DateError(f"{_EXPECTED}, with an offset such as +02:00 instead of {name}")
