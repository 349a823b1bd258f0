"""Collects the problems of one file, within limits of what is read from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo

from feeds.errors import Problem, Severity

_MAX_PLACES = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a file's values, so that no article makes the feeds that contain it large."""

    #: Items of all lists of a key together, or of each list; with the keys that have another limit.
    items: int = 200
    items_of: Mapping[str, int] = field(default_factory=dict)
    of_each_list: bool = False
    #: Characters of a text, by default as many as a file; with the keys that have another limit.
    chars: int = 8 * 1024 * 1024
    chars_of: Mapping[str, int] = field(default_factory=dict)
    #: Characters of all texts together, except those of `chars_of`; each use of an alias counts.
    all_chars: int = 8 * 1024 * 1024


@dataclass(slots=True)
class Report:
    """Collects the problems of one file, of one severity unless they have their own.

    Problems of one kind, with the same code and subject, become one that counts the others.
    """

    path: str
    severity: Severity
    limits: Limits = field(default_factory=Limits)
    #: The zone of dates without an offset.
    zone: tzinfo = UTC
    #: The number of problems of severity ERROR.
    errors: int = 0
    #: Line of the value that was read last.
    line: int = 1
    #: Characters of the texts that were read.
    chars: int = 0
    problems: list[Problem] = field(default_factory=list)
    _taken: Counter[str] = field(default_factory=Counter)
    #: By kind: the index of its problem, the first one of the kind, and the places of the others.
    _kinds: dict[tuple[str, str], tuple[int, Problem, list[str]]] = field(default_factory=dict)

    def add(
        self, line: int, code: str, message: str, hint: str, severity: Severity | None = None, *,
        about: str = "", name: str = "", missing: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Report a problem about a subject; the name tells it from others of its kind."""
        severity = severity or self.severity
        self.errors += severity is Severity.ERROR
        problem = Problem(self.path, line, code, message, hint, severity, missing)
        index, first, others = self._kinds.setdefault(
            (code, about), (len(self.problems), problem, [])
        )
        if first is problem:
            self.problems.append(problem)
            return
        place = f"line {line}" if self.path else ""
        others.append(f"{name} on {place}" if name and place else name or place)
        places = ", ".join(dict.fromkeys(others[:_MAX_PLACES]))
        places += ", …" * (len(others) > _MAX_PLACES)
        message = f"{first.message} (and {len(others):,} more: {places})"
        self.problems[index] = replace(first, message=message)

    def take(self, key: str, lines: Sequence[int]) -> int:
        """Return how many items of a list its key may have, and report the others."""
        limits = self.limits
        limit = limits.items_of.get(key, limits.items)
        taken = 0 if limits.of_each_list else self._taken.get(key, 0)
        self._taken[key] = taken + len(lines)
        free = max(0, limit - taken)
        if free < len(lines):
            message = f"{key}: {len(lines) - free:,} too many, left out"
            self.add(lines[free], "too-many", message, f"at most {limit:,}", about=key)
        return free
