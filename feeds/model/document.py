"""The response at a path: a document, a media file, a redirect or an error."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: max-age of a closed archive document, in seconds: only a correction or withdrawal changes it.
_CLOSED_AGE = 7 * 24 * 60 * 60
#: max-age of media files, in seconds.
MEDIA_AGE = 60
#: Content-Security-Policy of SVG files, whose scripts must not run on the site's origin.
SVG_POLICY = "sandbox; default-src 'none'"


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes published at a path, with their headers."""

    body: bytes
    #: Value of the Content-Type header.
    media_type: str
    #: True for an archive document of a closed period.
    is_closed: bool = False
    #: URLs and relations of the Link header (RFC 8288).
    links: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 prefix of the body; the base of its ETag."""
        return hashlib.sha256(self.body).hexdigest()[:32]

    def cache_control(self, age: int, stale: int) -> str:
        """Return the Cache-Control header (RFC 9111 §5.2.2).

        `age` and `stale` are a feed's max-age and stale-while-revalidate, in seconds.
        """
        if self.is_closed:
            return f"max-age={_CLOSED_AGE}"
        if self.media_type.startswith("text/html"):
            return "no-cache"
        return f"max-age={age}" + (f", stale-while-revalidate={stale}" if stale else "")


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file of the site that is published unchanged."""

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
    """An invalid query; the document explains it."""

    document: Document
