"""Which articles a feed takes: made alike from feeds.yaml and from anything else with fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Selection:
    """What an article must be; a field that is empty asks for nothing.

    Topics are named as people name them; Topics.family() knows what each name takes in.
    """

    #: At least one of these topics.
    any: tuple[str, ...] = ()
    #: Every one of these topics.
    all: tuple[str, ...] = ()
    #: None of these topics.
    none: tuple[str, ...] = ()
    #: A provider's name or domain.
    provider: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    #: An article without a quality has none.
    min_quality: float | None = None
    #: Back from the newest article of the site, not from the clock.
    since: timedelta | None = None
    #: Words in the title, the excerpt or the body, as words.canonical() writes them.
    q: str = ""
    #: Whether it takes nothing but what is to be listened to or watched.
    recorded: bool = False
