"""The entries of a build, each rendered once and kept in files until the build ends.

An article is in several feeds, which several processes put together. The entries are on disk, so
that the memory of a build does not grow with its output.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TypeAlias

from msgspec import msgpack

from feeds.formats import PARTS
from feeds.model.feed import Entry
from feeds.publication.publication import EntryKey, Publication

#: An entry's key, its file, and where it begins and ends there.
_Location: TypeAlias = tuple[EntryKey, str, int, int]


@dataclass(frozen=True)
class EntryStore:
    """Entries by their keys, in the files of a folder."""

    folder: Path
    _files: dict[str, mmap] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __reduce__(self) -> tuple[object, ...]:
        return EntryStore, (self.folder,)

    def write(self, publication: Publication, keys: Sequence[EntryKey]) -> list[_Location]:
        """Render entries into this process's file; return their locations, for write_index()."""
        locations = []
        with open(self.folder / f"entries-{os.getpid()}", "ab") as file:
            for key, entry in publication.entries(keys):
                start, parts = file.tell(), [entry.part(part) for part in PARTS]
                file.write(msgpack.encode((entry.published, entry.updated, parts)))
                locations.append((key, file.name, start, file.tell()))
        return locations

    def write_index(self, locations: Iterable[_Location]) -> None:
        """Let entry() find these entries, in every process from now on."""
        (self.folder / "index").write_bytes(msgpack.encode([*locations]))

    def entry(self, key: EntryKey) -> Entry | None:
        """Return the entry of a key; None if it was not written."""
        if not (location := self._locations.get(key)):
            return None
        _key, name, start, end = location
        if name not in self._files:
            with open(name, "rb") as file:
                self._files[name] = mmap(file.fileno(), 0, access=ACCESS_READ)
        data = self._files[name][start:end]
        types = tuple[datetime, datetime, list[bytes]]
        published, updated, parts = msgpack.decode(data, type=types)
        return Entry(published, updated, dict(zip(PARTS, parts, strict=True)).__getitem__)

    @cached_property
    def _locations(self) -> dict[EntryKey, _Location]:
        data = (self.folder / "index").read_bytes()
        return {entry[0]: entry for entry in msgpack.decode(data, type=list[_Location])}
