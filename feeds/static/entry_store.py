"""The entries of a large build, each rendered once and kept in files until the build ends.

An article is in several feeds, which several processes put together. The entries are on disk, so
that the memory of a build does not grow with its output.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, TypeAlias

from msgspec import msgpack

from feeds.formats import PARTS
from feeds.model.feed import Entry
from feeds.publication.publication import EntryKey, Publication

#: An entry's key, its file, and where it begins and ends there.
EntryLocation: TypeAlias = tuple[EntryKey, str, int, int]


@dataclass(frozen=True)
class EntryStore:
    """Entries by their keys, in the files of a folder."""

    folder: Path

    def __reduce__(self) -> tuple[object, ...]:
        return EntryStore, (self.folder,)

    def write(self, publication: Publication, keys: Sequence[EntryKey]) -> list[EntryLocation]:
        """Render entries into a new file; return their locations, for write_index()."""
        name = uuid.uuid4().hex
        locations = []
        start = 0
        with open(self.folder / name, "wb") as file:
            for key, entry in publication.entries(keys):
                parts = [entry.part(part) for part in PARTS]
                end = start + file.write(msgpack.encode((entry.id, entry.updated, parts)))
                locations.append((key, name, start, end))
                start = end
        return locations

    def write_index(self, locations: list[EntryLocation]) -> None:
        """Let entry() find these entries, in every process from now on."""
        (self.folder / "index").write_bytes(msgpack.encode(locations))

    def entry(self, key: EntryKey) -> Entry | None:
        """Return the entry of a key; None if it was not written."""
        if not (location := self._locations.get(key)):
            return None
        _key, name, start, end = location
        if not (file := self._open_files.get(name)):
            file = self._open_files[name] = open(self.folder / name, "rb")  # noqa: SIM115  # until close()
        file.seek(start)
        entry = msgpack.decode(file.read(end - start), type=tuple[str, datetime, list[bytes]])
        id, updated, parts = entry
        return Entry(id, updated, dict(zip(PARTS, parts, strict=True)).__getitem__)

    @cached_property
    def _locations(self) -> dict[EntryKey, EntryLocation]:
        data = (self.folder / "index").read_bytes()
        return {entry[0]: entry for entry in msgpack.decode(data, type=list[EntryLocation])}

    @cached_property
    def _open_files(self) -> dict[str, BinaryIO]:
        return {}

    def close(self) -> None:
        """Close the files."""
        for file in self._open_files.values():
            file.close()
        self._open_files.clear()
