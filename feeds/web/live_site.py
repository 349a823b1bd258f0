"""A site that changes while it is served: answers each path from the newest publication."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

from feeds.catalog.state import State
from feeds.errors import CatalogError, NotReadyError
from feeds.model.document import BadRequest, Document, MediaFile, Redirect
from feeds.publication.custom import custom_document, depends_on_query
from feeds.publication.publication import Publication
from feeds.web.announcer import announce_changes
from feeds.web.background import Background
from feeds.web.document_cache import DocumentCache
from feeds.web.refresher import Refresher
from feeds.web.responses import CachedDocument
from feeds.web.settings import Settings

#: Memory for the site's own documents.
CACHE_BYTES = 64 * 1024 * 1024
#: Memory for documents made for a query. Clients can request any number of those, and they must not
#: push out the site's own.
CUSTOM_CACHE_BYTES = 16 * 1024 * 1024
#: Time that a request waits for the index, or for its words, before it gets a 503.
INDEX_WAIT_SECONDS = 1.0
#: Time for which the index is left alone after it has failed.
INDEX_PAUSE_SECONDS = 1.0
#: Time for which a document has to be gone before it is gone for good: readers that are told so
#: never ask again.
GONE_SECONDS = 30 * 24 * 60 * 60
#: Stands for the paths of all documents that are made for a query.
_CUSTOM = "custom"

Resource: TypeAlias = CachedDocument | MediaFile | Redirect | BadRequest | None


class _Published(NamedTuple):
    """A publication with its caches: a document of an older one is never served for a newer."""

    publication: Publication
    documents: DocumentCache
    custom: DocumentCache


class LiveSite:
    """Finds documents and keeps them current. Safe to use from many threads."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        log: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Open a site and publish it. Raises FeedsError."""
        self._settings = settings
        self._clock = clock
        self._log = log
        self._started_in = 0
        self._starting = threading.Lock()
        #: On the monotonic clock.
        self._paused_until = self._state_paused_until = 0.0
        self._refresher = Refresher(settings, self._publish, clock=clock, log=log)
        self._catalog = self._refresher.catalog
        self._refreshing = Background(self.refresh, log)
        is_stopped = self._refresher.stopped.is_set
        self._indexing = Background(lambda: self._catalog.search.fill(is_stopped), log)
        if settings.starts_indexed:
            self._start()

    def _publish(self, publication: Publication) -> None:
        documents, custom = DocumentCache(CACHE_BYTES), DocumentCache(CUSTOM_CACHE_BYTES)
        self._published = _Published(publication, documents, custom)
        self._forget_returned(publication)

    def _start(self) -> None:
        # In the process that answers, at its first request: some servers load the app and then
        # fork, and threads do not survive that.
        with self._starting:
            if self._started_in == os.getpid():
                return
            self._started_in = os.getpid()
            self._refresher.start()
            if self._settings.syncs:
                following = (lambda: self.publication), self._refresher.stopped, self._log
                threading.Thread(target=announce_changes, args=following, daemon=True).start()

    @property
    def publication(self) -> Publication:
        """The newest publication."""
        return self._published.publication

    def cached(self, path: str, query: str = "") -> CachedDocument | None:
        """Return the document at a path, or made there for a query, if it is in memory."""
        cache, key = self._cache_of(self._published, path, query)
        return cache.get(key)

    def find(self, path: str, query: str = "") -> Resource:
        """Return what is published at a path, or made there for a query (without its "?").

        Raises NotReadyError if a search came before the index of words was ready, or the index has
        just failed; CatalogError if it fails.
        """
        self._start()
        if cached := self.cached(path, query):
            return cached
        until = time.monotonic() + INDEX_WAIT_SECONDS
        with self._pausing():
            try:
                return self._render(path, query)
            except NotReadyError:
                self._indexing.wait(until)
            except CatalogError:  # deleted, which shows at once: it is built again
                if time.monotonic() >= until or not self._refreshing.wait(until):
                    raise
            return self._render(path, query)

    @contextmanager
    def _pausing(self) -> Iterator[None]:
        """Leave the index alone for a while once it failed slowly: no other thread waits for it."""
        self._check_pause()
        started_at = time.monotonic()
        try:
            yield
        except CatalogError:
            ended_at = time.monotonic()
            if ended_at - started_at > INDEX_WAIT_SECONDS / 2:
                self._paused_until = ended_at + INDEX_PAUSE_SECONDS
            raise

    def _check_pause(self) -> None:
        if time.monotonic() < self._paused_until:
            raise NotReadyError("the index of the articles is unavailable")

    def _render(self, path: str, query: str) -> Resource:
        published = self._published
        publication = published.publication
        cache, key = self._cache_of(published, path, query)
        is_custom = cache is published.custom
        with cache.single_flight(key):
            if cached := cache.get(key):
                return cached
            self._check_pause()  # this thread has waited for one that failed
            resource = (
                custom_document(publication, path, query)
                if is_custom
                else publication.document(path)
            )
            if not isinstance(resource, Document):
                return resource
            # Clients can request any number of custom documents, too many to record: all of them
            # have the date of the publication.
            dated = (_CUSTOM, publication.digest) if is_custom else (path, resource.digest)
            changed = self._last_modified(publication, *dated)
            cached = CachedDocument(resource, changed, publication.cache_control(resource))
            if is_custom or changed is not None:
                cache.put(key, cached)
            return cached

    @staticmethod
    def _cache_of(published: _Published, path: str, query: str) -> tuple[DocumentCache, str]:
        if depends_on_query(path, query):
            return published.custom, f"{path}?{query}"
        return published.documents, path

    def _last_modified(self, publication: Publication, path: str, digest: str) -> int | None:
        now, address = int(self._clock().timestamp()), self._address(publication, path)

        def touch(state: State) -> int | None:
            # Only the newest publication may set the date: another process may have a newer one.
            is_current = self._refresher.is_current(publication)
            return state.touch_last_modified(address, digest, now) if is_current else None

        return self._ask_state(touch)

    def is_gone_for_good(self, path: str) -> bool:
        """True if a document was served at a path, and has been gone for GONE_SECONDS."""
        now, address = int(self._clock().timestamp()), self._address(self.publication, path)
        since = self._ask_state(lambda state: state.gone_since(address, now))
        return since is not None and now - since >= GONE_SECONDS

    def _ask_state(self, ask: Callable[[State], int | None]) -> int | None:
        """Return a time; None if the state fails, or has just failed: a response can do without."""
        if time.monotonic() < self._state_paused_until:
            return None
        try:
            return ask(self._catalog.state)
        except CatalogError as error:  # locked, or a full disk
            self._state_paused_until = time.monotonic() + INDEX_PAUSE_SECONDS
            self._log(str(error))
            return None

    def _forget_returned(self, publication: Publication) -> None:
        """Forget since when documents were gone that are published again."""
        state, site = publication.catalog.state, self._address(publication, "")
        with suppress(CatalogError):  # locked, or a full disk: the next publication does it
            gone = (address for address in state.gone() if address.startswith(site))
            state.forget_gone(
                [each for each in gone if publication.routes.route(each.removeprefix(site))]
            )

    def _address(self, publication: Publication, path: str) -> str:
        drafts = "drafts of " if self._settings.unpublished else ""
        return f"{drafts}{publication.url} {path}"

    def age(self) -> float:
        """Seconds since the last sync, here or in the process that syncs. Raises CatalogError."""
        self._start()
        self._catalog.revision()
        return time.monotonic() - self._refresher.refreshed_at

    def refresh(self) -> None:
        """Sync with the folder, and publish if anything has changed. Raises FeedsError."""
        self._refresher.refresh()

    def close(self) -> None:
        """End the threads and close the catalog."""
        self._refresher.stop()
        self._indexing.close()
        self._refreshing.close()
        self._catalog.close()
