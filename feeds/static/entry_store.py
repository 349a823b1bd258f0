"""The entries of a large build, each rendered once and kept in files until the build ends.

An article is in several feeds, which several processes put together. The entries are on disk, so
that the memory of a build does not grow with its output.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec

from feeds.formats import PARTS
from feeds.model.feed import Entry
from feeds.publication.publication import EntryKey

#: An entry's key, id and time of update, the file of its parts, and their offsets there.
EntryLocation: TypeAlias = tuple[EntryKey, str, datetime, str, tuple[int, ...]]


class EntryStore:
    """Entries by their keys, in the files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open_files: dict[str, BinaryIO] = {}

    def __reduce__(self) -> tuple[object, ...]:
        return EntryStore, (self._folder,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EntryStore) and self._folder == other._folder

    def __hash__(self) -> int:
        return hash(self._folder)

    def write(self, entries: Iterable[tuple[EntryKey, Entry]]) -> list[EntryLocation]:
        """Render entries into a new file; return their locations, for write_index()."""
        name = uuid.uuid4().hex
        locations = []
        end = 0
        with open(self._folder / name, "wb") as file:
            for key, entry in entries:
                offsets = [end]
                for part in PARTS:
                    end += file.write(entry.part(part))
                    offsets.append(end)
                locations.append((key, entry.id, entry.updated, name, tuple(offsets)))
        return locations

    def write_index(self, locations: list[EntryLocation]) -> None:
        """Let entry() find these entries, in every process from now on."""
        (self._folder / "index").write_bytes(msgspec.msgpack.encode(locations))

    def entry(self, key: EntryKey) -> Entry | None:
        """Return the entry of a key; None if it was not written."""
        if not (location := self._locations.get(key)):
            return None
        _key, id, updated, name, offsets = location
        start = offsets[0]
        file = self._file(name)
        file.seek(start)
        data = file.read(offsets[-1] - start)
        parts = {
            part: data[begin - start : end - start]
            for part, begin, end in zip(PARTS, offsets, offsets[1:], strict=False)
        }
        return Entry(id, updated, parts.__getitem__)

    @cached_property
    def _locations(self) -> dict[EntryKey, EntryLocation]:
        data = (self._folder / "index").read_bytes()
        locations = msgspec.msgpack.decode(data, type=list[EntryLocation])
        return {location[0]: location for location in locations}

    def _file(self, name: str) -> BinaryIO:
        if name not in self._open_files:
            self._open_files[name] = open(self._folder / name, "rb")  # noqa: SIM115  # until close()
        return self._open_files[name]

    def close(self) -> None:
        """Close the files."""
        for file in self._open_files.values():
            file.close()
        self._open_files.clear()
