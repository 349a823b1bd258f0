"""Problems, which are reported, and errors, which are raised.

A Problem is about one line of the publisher's input; the rest is still published. An error ends
the command with one line.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

#: As many problems that differ in their files alone are all shown; of more, the first few.
_MAX_EQUAL, _SHOWN_EQUAL = 10, 3
#: The parts of a message that differ from file to file: the number of other places, and the
#: arguments of a tag.
_DETAIL = re.compile(
    r" \(and [\d,]+ more\)|(?<=\{[{%<]) *([\w./-]+).*?(?= is (?:left out|published))"
)


class Severity(StrEnum):
    """ERROR: `feeds check` exits 1. WARNING: it does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in the input, shown as `path:line: message; hint`."""

    #: Relative to the site's folder, with forward slashes.
    path: str
    #: Counted from 1.
    line: int
    #: Short stable name of the kind of problem: "missing-title", "bad-url", …
    code: str
    #: The mistake, and the value found.
    message: str
    #: The remedy, or an example of a valid value.
    hint: str = ""
    severity: Severity = Severity.ERROR
    #: The required values that an article lacks: "title", "URL", "date".
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        kind = "warning: " if self.severity is Severity.WARNING else ""
        return f"{self.path}:{self.line}: {kind}{self.message}{hint}"


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """Yield a line for each problem, but one for all the rest where very many files have the same.

    A whole folder may lack a key, or use a tag of its generator on every page.
    """
    problems = list(problems)
    totals, seen = Counter(map(_kind, problems)), Counter[str]()
    for problem in problems:
        kind = _kind(problem)
        seen[kind] += 1
        rest = totals[kind] - _SHOWN_EQUAL
        if totals[kind] <= _MAX_EQUAL or seen[kind] <= _SHOWN_EQUAL:
            yield str(problem)
        elif seen[kind] == _SHOWN_EQUAL + 1:
            yield f"… and {rest:,} more like {problem.path}:{problem.line}: {kind}"


def _kind(problem: Problem) -> str:
    """Return what a problem has in common with those of other files."""
    shown = str(problem).removeprefix(f"{problem.path}:{problem.line}: ")
    return _DETAIL.sub(lambda detail: f" {detail[1]} …" if detail[1] else "", shown)


class FeedsError(Exception):
    """Base of the errors that Feeds raises on purpose."""


class ConfigurationError(FeedsError):
    """The feeds.yaml or the command's arguments cannot be used."""


class CatalogError(FeedsError):
    """The index of the articles cannot be opened or written."""


class CatalogRemadeError(CatalogError):
    """The index was damaged and has been made again: the work that met it has to start over."""


class NotReadyError(FeedsError):
    """The document is still being made; try again in a moment."""


class OutputError(FeedsError):
    """The published tree cannot be written."""
