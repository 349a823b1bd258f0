"""What lies at a path: bytes, a file of the site, the way to another path, or what is wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: In seconds. What was closed changes only where an article is corrected or taken back: a week.
_CLOSED_AGE = 7 * 24 * 60 * 60
#: In seconds: how long a picture may be kept.
MEDIA_AGE = 60
#: The Content-Security-Policy of a drawing: it may hold a script, which must not run as this
#: site's own.
SVG_POLICY = "sandbox; default-src 'none'"


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes that are published at a path."""

    body: bytes
    #: As the Content-Type header has it.
    media_type: str
    #: Whether it is of a closed period: only a correction could change it.
    is_closed: bool = False
    #: What the Link header leads to (RFC 8288): URLs and their relations.
    links: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """What tells these bytes from any others."""
        return hashlib.sha256(self.body).hexdigest()[:32]

    def cache_control(self, age: int, stale: int) -> str:
        """How long it may be kept, as the Cache-Control header has it (RFC 9111 §5.2.2).

        Takes for how many seconds a feed may be, and for how many more while a new one is fetched.
        """
        if self.is_closed:
            return f"max-age={_CLOSED_AGE}"
        if self.media_type.startswith("text/html"):
            return "no-cache"
        return f"max-age={age}" + (f", stale-while-revalidate={stale}" if stale else "")


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file of the site that is published as it is."""

    file: Path
    media_type: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """A path that leads to another for good."""

    #: The other path.
    to: str
    #: Renders the stand-in.
    render: Callable[[], Document] = field(compare=False, repr=False)

    @property
    def stand_in(self) -> Document:
        """The document that a host publishes here if it cannot redirect."""
        return self.render()


@dataclass(frozen=True, slots=True)
class BadRequest:
    """What is wrong with what was asked for."""

    document: Document
