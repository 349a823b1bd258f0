"""The entries of a build, each rendered once and kept in a file until the build ends.

An article is in several feeds, which several processes put together. The entries are on disk, so
that the memory of a build does not grow with its output.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from msgspec import msgpack

from feeds.formats import PARTS
from feeds.model.feed import Entry
from feeds.publication.publication import EntryKey, Publication


@dataclass(frozen=True)
class EntryStore:
    """Entries by their keys, in the files of a folder."""

    folder: Path

    def write(self, publication: Publication, keys: Sequence[EntryKey]) -> list[EntryKey]:
        """Render entries; return their keys."""
        for key, entry in publication.entries_at(keys):
            parts = [entry.part(part) for part in PARTS]
            with open(self._file(key), "wb") as file:
                file.write(msgpack.encode((entry.id, entry.updated, parts)))
        return list(keys)

    def entry(self, key: EntryKey) -> Entry | None:
        """Return the entry of a key; None if it was not written."""
        try:
            with open(self._file(key), "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return None
        id, updated, parts = msgpack.decode(data, type=tuple[str, datetime, list[bytes]])
        return Entry(id, updated, dict(zip(PARTS, parts, strict=True)).__getitem__)

    def _file(self, key: EntryKey) -> str:
        name = hashlib.sha256("\0".join(key).encode("utf-8", "surrogatepass")).hexdigest()
        return f"{self.folder}/{name}"
