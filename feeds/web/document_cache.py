"""Keeps rendered documents in memory, up to a number of bytes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cachetools import LRUCache

from feeds.web.responses import CachedDocument

#: Memory of an entry apart from its bodies: headers, tables, objects.
ENTRY_OVERHEAD_BYTES = 3_000


class DocumentCache:
    """The documents used last, by key. Safe to use from many threads."""

    def __init__(self, max_bytes: int) -> None:
        self._documents: LRUCache[str, CachedDocument] = LRUCache(
            max_bytes, getsizeof=lambda document: ENTRY_OVERHEAD_BYTES + document.size
        )
        self._lock = threading.Lock()
        self._flights: dict[str, threading.Lock] = {}
        #: Threads inside a flight, or waiting for its lock.
        self._passengers: Counter[str] = Counter()

    @property
    def size(self) -> int:
        """Bytes held, an estimate."""
        return int(self._documents.currsize)

    def get(self, key: str) -> CachedDocument | None:
        """Return a document if it is here."""
        with self._lock:
            return self._documents.get(key)

    def put(self, key: str, document: CachedDocument) -> None:
        """Keep a document, unless it is larger than the whole cache."""

        def resize() -> None:
            with self._lock:
                if self._documents.pop(key, None) is document:
                    self._store(key, document)

        document.on_growth = resize
        with self._lock:
            self._store(key, document)

    def _store(self, key: str, document: CachedDocument) -> None:
        with suppress(ValueError):  # larger than the whole cache
            self._documents[key] = document

    @contextmanager
    def single_flight(self, key: str) -> Iterator[None]:
        """Let one thread at a time in for a key, so that a document is rendered once."""
        with self._lock:
            flight = self._flights.setdefault(key, threading.Lock())
            self._passengers[key] += 1
        try:
            with flight:
                yield
        finally:
            with self._lock:
                self._passengers[key] -= 1
                # Not earlier: a newcomer would make a second lock while others wait for this one.
                if not self._passengers[key]:
                    del self._flights[key], self._passengers[key]
