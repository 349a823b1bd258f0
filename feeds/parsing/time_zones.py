"""Time zones of the IANA database, as the package tzdata has them.

The system's own differ from machine to machine, or are missing.
"""

import difflib
from contextlib import suppress
from datetime import datetime, tzinfo
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo


def zone_name(name: str) -> str:
    """Return the name of a zone of the IANA database as written there; empty for any other."""
    return _zone_names().get(name.lower(), "")


def find_zone(name: str) -> tzinfo | None:
    """Return a zone of the IANA database, by its name in any case; None for any other name."""
    return _load_zone(exact) if name and (exact := zone_name(name)) else None


def in_zone(date: datetime, name: str) -> datetime:
    """Return a date in UTC in a zone; unchanged without one, and at the ends of the calendar."""
    zone = find_zone(name)
    with suppress(OverflowError):
        return date.astimezone(zone) if zone else date
    return date


def nearest_zone(name: str) -> str:
    """Return the zone whose name, or city, is or misspells a name; empty if none does."""
    cities = {lower.rpartition("/")[2]: exact for lower, exact in _zone_names().items()}
    names = cities | _zone_names()
    near = difflib.get_close_matches(name.lower(), names, 1, 0.75)
    return names[near[0]] if near else ""


@cache
def _zone_names() -> dict[str, str]:
    names = resources.files("tzdata").joinpath("zones").read_text("ascii").split()
    return {name.lower(): name for name in names}


@cache
def _load_zone(name: str) -> tzinfo:
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
