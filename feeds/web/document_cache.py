"""Keeps rendered documents in memory, up to a number of bytes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from cachetools import LRUCache

from feeds.web.responses import CachedDocument

#: What an entry takes in memory apart from its key and its bodies: headers, tables, objects.
ENTRY_OVERHEAD_BYTES = 3_000


class _Entry(NamedTuple):
    document: CachedDocument
    size: int


@dataclass(slots=True)
class _Flight:
    lock: threading.Lock = field(default_factory=threading.Lock)
    #: Threads inside, or waiting for the lock.
    threads: int = 0


class DocumentCache:
    """The documents used last, by key. Safe to use from many threads."""

    def __init__(self, max_bytes: int) -> None:
        self._entries: LRUCache[str, _Entry] = LRUCache(max_bytes, getsizeof=attrgetter("size"))
        self._flights: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes held, an estimate."""
        return int(self._entries.currsize)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> CachedDocument | None:
        """Return a document if it is here."""
        with self._lock:
            entry = self._entries.get(key)
            return entry.document if entry else None

    def put(self, key: str, document: CachedDocument) -> None:
        """Keep a document, unless it is larger than the whole cache."""

        def resize() -> None:
            with self._lock:
                entry = self._entries.get(key)
                if entry and entry.document is document:
                    self._store(key, document)

        document.on_growth = resize
        with self._lock:
            self._store(key, document)

    def _store(self, key: str, document: CachedDocument) -> None:
        # A key is as long as a client's query.
        size = ENTRY_OVERHEAD_BYTES + len(key) + document.size
        self._entries.pop(key, None)
        with suppress(ValueError):  # larger than the whole cache
            self._entries[key] = _Entry(document, size)

    @contextmanager
    def single_flight(self, key: str) -> Iterator[None]:
        """Let one thread at a time in for a key, so that a document is rendered once."""
        with self._lock:
            flight = self._flights.setdefault(key, _Flight())
            flight.threads += 1
        try:
            with flight.lock:
                yield
        finally:
            with self._lock:
                flight.threads -= 1
                # Not earlier: a newcomer would make a second lock while others wait for this one.
                if not flight.threads:
                    del self._flights[key]
