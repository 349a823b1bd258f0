"""The entries of a build, each rendered once and kept in files until the build ends.

An article is in several feeds, which several processes put together. The entries are on disk, so
that the memory of a build does not grow with its output.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TypeAlias

from msgspec import msgpack

from feeds.formats import PARTS
from feeds.model.feed import Entry
from feeds.publication.publication import EntryKey, Publication

#: The process that wrote an entry, and where it begins and ends in the file of that process.
Place: TypeAlias = tuple[int, int, int]

_decoder = msgpack.Decoder(tuple[datetime, datetime, list[bytes]])


@dataclass(frozen=True)
class EntryStore:
    """Entries by their places, in the files of a folder."""

    folder: Path
    _files: dict[int, mmap] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __reduce__(self) -> tuple[object, ...]:
        return EntryStore, (self.folder,)

    def write(
        self, publication: Publication, keys: Sequence[EntryKey]
    ) -> list[tuple[EntryKey, Place]]:
        """Render entries into this process's file; return their places for entry()."""
        places, process = [], os.getpid()
        with open(self._file(process), "ab") as file:
            start = file.tell()
            for key, entry in publication.entries(keys):
                parts = [entry.part(part) for part in PARTS]
                size = file.write(msgpack.encode((entry.published, entry.updated, parts)))
                places.append((key, (process, start, start + size)))
                start += size
        return places

    def entry(self, place: Place) -> Entry:
        """Return the entry at a place, in whichever process it was written."""
        process, start, end = place
        if process not in self._files:
            with open(self._file(process), "rb") as file:
                self._files[process] = mmap(file.fileno(), 0, access=ACCESS_READ)
        published, updated, parts = _decoder.decode(self._files[process][start:end])
        return Entry(published, updated, dict(zip(PARTS, parts, strict=True)).__getitem__)

    def _file(self, process: int) -> Path:
        return self.folder / f"entries-{process}"
