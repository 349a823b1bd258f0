"""The entries of a large build, each rendered once and kept in files until the build ends.

An article stands in several feeds, and several processes put these together: what they share lies
on disk, so that the memory that a build takes does not grow with what it writes.
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

#: An entry's key, its id, its update, the file of its parts, and where they begin and end there.
EntryLocation: TypeAlias = tuple[EntryKey, str, datetime, str, tuple[int, ...]]


class EntryStore:
    """Entries in the files of a folder, by their keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, BinaryIO] = {}

    def __reduce__(self) -> tuple[object, ...]:
        return EntryStore, (self._folder,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EntryStore) and self._folder == other._folder

    def __hash__(self) -> int:
        return hash(self._folder)

    def write(self, entries: Iterable[tuple[EntryKey, Entry]]) -> list[EntryLocation]:
        """Renders entries into a new file. Where they are has to be kept by keep()."""
        name = uuid.uuid4().hex
        places = []
        end = 0
        with open(self._folder / name, "wb") as file:
            for key, entry in entries:
                ends = [end]
                for part in PARTS:
                    end += file.write(entry.part(part))
                    ends.append(end)
                places.append((key, entry.id, entry.updated, name, tuple(ends)))
        return places

    def write_index(self, places: list[EntryLocation]) -> None:
        """Lets entry() find all that was written, in this process and in those to come."""
        (self._folder / "index").write_bytes(msgspec.msgpack.encode(places))

    def entry(self, key: EntryKey) -> Entry | None:
        """The entry with a key, if it was written."""
        if not (place := self._places.get(key)):
            return None
        _key, id, updated, name, ends = place
        start = ends[0]
        file = self._file(name)
        file.seek(start)
        data = file.read(ends[-1] - start)
        parts = {
            part: data[begin - start : end - start]
            for part, begin, end in zip(PARTS, ends, ends[1:], strict=False)
        }
        return Entry(id, updated, parts.__getitem__)

    @cached_property
    def _places(self) -> dict[EntryKey, EntryLocation]:
        data = (self._folder / "index").read_bytes()
        return {place[0]: place for place in msgspec.msgpack.decode(data, type=list[EntryLocation])}

    def _file(self, name: str) -> BinaryIO:
        if name not in self._open:
            self._open[name] = open(self._folder / name, "rb")  # noqa: SIM115  # until close()
        return self._open[name]

    def close(self) -> None:
        """Lets go of the files."""
        for file in self._open.values():
            file.close()
        self._open.clear()
