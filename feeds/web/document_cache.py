"""Keeps rendered documents in memory, up to a number of bytes."""

import threading
from contextlib import suppress
from functools import partial

from cachetools import LRUCache

from feeds.web.responses import CachedDocument

#: Memory of an entry apart from its bodies: headers, tables, objects.
ENTRY_OVERHEAD_BYTES = 3_000
#: More than the threads of a process, so that two documents seldom wait for each other.
RENDERING_LOCKS = 256


class DocumentCache:
    """The documents used last, by key. Safe to use from many threads."""

    def __init__(self, max_bytes: int) -> None:
        self._documents: LRUCache[str, CachedDocument] = LRUCache(
            max_bytes, getsizeof=lambda document: ENTRY_OVERHEAD_BYTES + document.size
        )
        self._lock = threading.Lock()
        self._rendering = [threading.Lock() for _number in range(RENDERING_LOCKS)]

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
        document.on_growth = partial(self._resize, key, document)
        with self._lock, suppress(ValueError):  # larger than the whole cache
            self._documents[key] = document

    def _resize(self, key: str, document: CachedDocument) -> None:
        with self._lock, suppress(ValueError):
            if self._documents.get(key) is document:
                del self._documents[key]
                self._documents[key] = document

    def single_flight(self, key: str) -> threading.Lock:
        """Return the lock to hold while rendering a document, so that it is rendered once."""
        return self._rendering[hash(key) % RENDERING_LOCKS]
