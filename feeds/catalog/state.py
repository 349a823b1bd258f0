"""What cannot be made again from the files, and is kept whatever becomes of the index."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a server said of a file."""

    url: str
    #: In bytes; None where it was asked in vain.
    length: int | None
    #: Why it was in vain.
    reason: str = ""
