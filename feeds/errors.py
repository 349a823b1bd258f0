"""What can be wrong: problems, which are reported and passed over, and errors, which stop.

A Problem is a fact about one line of the publisher's input; it never stops the rest from being
published. An Error ends the command with one line:

    FeedsError
    ├── ConfigurationError   feeds.yaml, or the command's own arguments, cannot be used
    ├── CatalogError         the index of the articles cannot be opened or written
    ├── NotReadyError        what is asked for is being made; it can be asked for again
    └── OutputError          the published tree cannot be written
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """ERROR: something that was written is not published. WARNING: it is, but look at it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in the input: where, what, and what would be right."""

    #: The file, relative to the site's folder, with forward slashes.
    path: str
    #: Counted from 1.
    line: int
    #: A short stable name for the kind of problem: "missing-title", "bad-url", …
    code: str
    #: What is wrong, and what was found.
    message: str
    #: What would be right.
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        kind = "warning: " if self.severity is Severity.WARNING else ""
        return f"{self.path}:{self.line}: {kind}{self.message}{hint}"


class FeedsError(Exception):
    """The base of every error that Feeds raises on purpose."""


class ConfigurationError(FeedsError):
    """The site cannot be read at all."""


class CatalogError(FeedsError):
    """The index of the articles cannot be opened or written."""


class NotReadyError(FeedsError):
    """What is asked for is being made: it is there in a moment."""


class OutputError(FeedsError):
    """The published tree cannot be written."""
