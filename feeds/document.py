"""What lies at a path: bytes, a file of the site, the way to another path, or what is wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


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
    #: What a host that cannot redirect gives instead.
    stand_in: Document


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is wrong with what was asked for."""

    document: Document
