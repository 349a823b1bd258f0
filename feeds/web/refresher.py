"""Keeps a publication current: follows the folder, the catalog and the clock while an app runs.

Threads look after them; requests only ever take the publication that is ready, and find
its documents in memory once they were rendered.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import CONFIGURATION, INDEX_DIR, Folder, locate
from feeds.catalog.sync import Synced
from feeds.errors import CatalogError, ConfigurationError, FeedsError, NotReadyError, Problem
from feeds.model.document import BadRequest, Document, MediaFile, Redirect
from feeds.publication.custom import is_query_page
from feeds.publication.publication import Publication
from feeds.web.responses import CachedDocument

#: In seconds: how often the catalog is asked whether another process has synced.
_POLL = 1.0
#: In seconds: how often the folder is walked where no change was announced, unless that takes long.
_WALK = 3.0
#: In seconds: how long a change has been there before a hub is told, and how soon it is told again
#: of what it did not take.
_SETTLED, _AGAIN = 2.0, 60.0
#: In bytes: how much is kept of what was rendered.
_CACHE = 64 * 1024 * 1024
#: The same of custom feeds, apart: whatever clients think of, the site's own feeds stay there.
_CUSTOM_CACHE = 16 * 1024 * 1024
#: In bytes: what a document takes in memory beside its body, with its headers and their table.
_OVERHEAD = 3_000
#: In seconds: how long a search waits for the words to be indexed, before it is put off.
_MOMENT = 1.0
#: Searches that wait: the threads that answer have more to do.
_WAITING = 8


class Live:
    """A site that changes while it is served. Safe to use from many threads."""

    def __init__(
        self,
        target: Path,
        *,
        url: str = "",
        address: str = "",
        unpublished: bool = False,
        reported: bool = False,
        syncs: bool = True,
        indexed: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        log: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Opens a site and syncs it once. Raises FeedsError where that cannot be done.

        The address is where a folder without a feeds.yaml is published, unless a URL is given.
        One that does not sync answers from a catalog that another process keeps; one that is
        indexed answers at once from what was synced before, and follows at once. Problems are
        logged, one line each, when they arise; at first, all but those reported already.
        """
        self._target = target
        self._url = url
        self._address = address
        self._unpublished = unpublished
        self._clock = clock
        self._log = log
        self._configuration = self._configuration_stat()
        #: Whether feeds.yaml has changed since anything was published.
        self._is_renewed = False
        self._folder = Folder.open(target)
        self._catalog = Catalog(locate(self._folder), syncs=syncs)
        self._syncs = syncs
        #: None until it is known what somebody else has reported.
        self._reported: set[Problem] | None = None if reported else set()
        self._looked = time.monotonic()
        self._making: dict[str, threading.Lock] = {}
        self._starting = threading.Lock()
        self._refreshing = threading.Lock()
        self._followed_in = 0
        #: Whether a hub may have to be told.
        self._news = threading.Event()
        self._stop = threading.Event()
        #: Makes the index of words, when a search is first asked for.
        self._indexing: threading.Thread | None = None
        self._waiting = threading.Semaphore(_WAITING)
        try:
            self._is_synced = syncs and not (indexed and self._catalog.is_complete())
            if self._is_synced:
                self._catalog.sync(self._folder)
            self._publish()
            if not reported:
                self._report()
        except FeedsError:
            self._catalog.close()
            raise
        if indexed:
            self._follow()

    def find(
        self, path: str, query: str = ""
    ) -> CachedDocument | MediaFile | Redirect | BadRequest | None:
        """What is published at a path, or made there for a query (without its question mark).

        Raises NotReadyError where the words of the articles are not indexed yet.
        """
        self._follow()
        if cached := self.cached(path, query):
            return cached
        if not is_query_page(path, query):
            with self._single_flight(path):
                return self.cached(path) or self._found(path)
        try:
            return self._custom(path, query)
        except NotReadyError:
            self._index_words()
        except CatalogError:  # the index was deleted: it is made again
            self.refresh()
        return self._custom(path, query)

    @contextmanager
    def _single_flight(self, key: str) -> Iterator[None]:
        """One at a time: what many ask for and is not there yet is made once."""
        with self._making.setdefault(key, threading.Lock()):
            try:
                yield
            finally:
                self._making.pop(key, None)

    def cached(self, path: str, query: str = "") -> CachedDocument | None:
        """The document at a path, or made there for a query, if it lies ready."""
        _publication, cache, custom = self._current
        return custom.get(f"{path}?{query}") if is_query_page(path, query) else cache.get(path)

    def _found(self, path: str) -> CachedDocument | MediaFile | Redirect | None:
        publication, cache, _custom = self._current
        try:
            found = publication.document(path)
        except CatalogError:  # the index was deleted: it is made again
            self.refresh()
            publication, cache, _custom = self._current
            found = publication.document(path)
        if not isinstance(found, Document):
            return found
        changed = self._changed(publication, path, found)
        cached = CachedDocument(found, changed, publication.cache_control(found))
        if cached.changed is not None:
            cache.put(path, cached)
        return cached

    def _custom(self, path: str, query: str) -> CachedDocument | Redirect | BadRequest | None:
        """What is made for a query: kept in memory alone, since clients may think of any number."""
        key = f"{path}?{query}"
        with self._single_flight(key):
            publication, _cache, cache = self._current
            if cached := cache.get(key):
                return cached
            found = publication.custom(path, query)
            if not isinstance(found, Document):
                return found
            cached = CachedDocument(found, None, publication.cache_control(found))
            cache.put(key, cached)
            return cached

    def _index_words(self) -> None:
        """Has the words indexed, and waits a moment for it."""
        with self._starting:
            if not (self._indexing and self._indexing.is_alive()):
                self._indexing = threading.Thread(target=self._fill_or_log, daemon=True)
                self._indexing.start()
            indexing = self._indexing
        if self._waiting.acquire(blocking=False):
            try:
                indexing.join(_MOMENT)
            finally:
                self._waiting.release()

    def _fill_or_log(self) -> None:
        try:
            self._catalog.search.fill(self._stop.is_set)
        except FeedsError as error:
            self._log(str(error))

    def was_published(self, path: str) -> bool:
        """Whether a document was served at a path once."""
        return self._catalog.state.was_served(self._address_of(self._current[0], path))

    def age(self) -> float:
        """The seconds since the folder, or who syncs with it, was last looked at.

        Raises FeedsError where the index does not answer.
        """
        self._follow()
        self._catalog.revision()
        return time.monotonic() - self._looked

    def refresh(self) -> None:
        """Syncs with the folder, and publishes what has changed. Raises FeedsError."""
        with self._refreshing:
            if self._reported is None:
                # Whatever is wrong with the index, the sync mends it.
                with suppress(CatalogError):
                    self._report()
            stat = self._configuration_stat()
            if stat != self._configuration:
                # A broken feeds.yaml leaves the last good one in force.
                self._configuration = stat
                self._folder = self._reopened()
                self._is_renewed = True
            synced = self._catalog.sync(self._folder) if self._syncs else Synced()
            renewed = self._is_renewed
            if renewed or self._is_outdated():
                self._publish()
                self._is_renewed = False
            if renewed or synced.read or synced.removed:
                self._report()
            self._looked = time.monotonic()

    def _reopened(self) -> Folder:
        """The folder with a feeds.yaml that has changed; one on its way out or in is no change."""
        folder = Folder.open(self._target)
        if self._folder.configured:
            lost = [
                each for each in folder.problems if each.code in ("missing-title", "missing-url")
            ]
            if not folder.configured:
                raise ConfigurationError(f"{CONFIGURATION}: gone; what it said stays in force")
            if lost:
                raise ConfigurationError(f"{lost[0]}; what was there before stays in force")
        return folder

    def _report(self) -> None:
        problems = self._current[0].problems()
        known = problems if self._reported is None else self._reported
        for each in problems:
            if each not in known:
                self._log(str(each))
        self._reported = set(problems)

    def close(self) -> None:
        """Ends the threads and lets go of the catalog."""
        self._stop.set()
        self._news.set()
        if self._indexing:
            self._indexing.join()
        self._catalog.close()

    def _changed(self, publication: Publication, path: str, document: Document) -> int | None:
        now = int(self._clock().timestamp())
        try:
            # Another process may have published newer bytes already: those have the later date.
            moved = self._configuration_stat() != self._configuration
            if moved or self._catalog.revision() != publication.revision:
                return None
            address = self._address_of(publication, path)
            return self._catalog.state.touch_last_modified(address, document.digest, now)
        except CatalogError as error:  # a full disk: the document is still good
            self._log(str(error))
            return None

    def _address_of(self, publication: Publication, path: str) -> str:
        drafts = "drafts of " if self._unpublished else ""
        return f"{drafts}{publication.url} {path}"

    def _publish(self) -> None:
        now = self._clock()
        site = self._folder.site
        search = self._catalog.search
        if search.is_used() or any(each.selection.q for each in site.feeds):
            # Before anybody asks: whoever has searched once will search again.
            search.fill(self._stop.is_set)
        default = site.url if self._folder.configured else self._address or site.url
        publication = Publication(
            self._folder,
            self._catalog,
            url=self._url or default,
            now=now,
            unpublished=self._unpublished,
        )
        due = None if site.future else publication.view.next_due()
        # What could not be published whole is published by the next look.
        self._due, self._revision = due, publication.revision
        # The cache goes with its publication: what was rendered from older articles, even while
        # this ran, never answers for newer ones.
        self._current = publication, _Cache(_CACHE), _Cache(_CUSTOM_CACHE)
        if publication.hub and self._syncs:
            self._news.set()

    def _is_outdated(self) -> bool:
        due = self._due is not None and self._clock() >= self._due
        return due or self._catalog.revision() != self._revision

    def _configuration_stat(self) -> tuple[int, int] | None:
        file = self._target if self._target.is_file() else self._target / CONFIGURATION
        try:
            stat = file.stat()
        except OSError:
            return None
        return stat.st_size, stat.st_mtime_ns

    def _follow(self) -> None:
        # Started by the first request, in the process that answers it: a server that loads the app
        # and forks then would leave the thread behind.
        if self._followed_in == os.getpid():
            return
        with self._starting:
            if self._followed_in != os.getpid():
                self._followed_in = os.getpid()
                for target in (self._watch, self._poll, self._announce):
                    threading.Thread(target=target, name="feeds", daemon=True).start()

    def _poll(self) -> None:
        walked = time.monotonic() if self._is_synced else -_WALK
        pause = _WALK
        while not self._stop.wait(_POLL):
            try:
                renewed = self._configuration_stat() != self._configuration
                if renewed or time.monotonic() - walked >= pause:
                    started = time.monotonic()
                    self._refresh_or_log()
                    walked = time.monotonic()
                    # A walk over a huge folder must not take more than a tenth of a processor.
                    pause = max(_WALK, 10 * (walked - started))
                elif self._is_outdated():
                    self._refresh_or_log()
                elif not self._syncs:
                    self._looked = time.monotonic()
            except FeedsError as error:
                self._log(str(error))

    def _refresh_or_log(self) -> None:
        try:
            self.refresh()
        except FeedsError as error:
            self._log(str(error))
        except Exception as error:  # a sick file system must not end the following for good
            self._log(f"cannot refresh: {error!r}")

    def _announce(self) -> None:
        again = None
        while not self._stop.is_set():
            self._news.wait(again)
            # A hub asks for the feed at once, and any process of this app may answer.
            if self._stop.wait(_SETTLED):
                break
            self._news.clear()
            again = None
            try:
                if (publication := self._current[0]).hub:
                    # Imported late: most sites have no hub.
                    from feeds.remote.websub import announce

                    announced = announce(publication)
                    again = _AGAIN if announced.failed or announced.claimed else None
                    if announced.told or announced.failed:
                        self._log(f"{announced} ({publication.hub})")
            except Exception as error:  # a sick hub or index must not end the announcing for good
                self._log(f"cannot announce: {error!r}")
                again = _AGAIN

    def _watch(self) -> None:
        import watchfiles

        try:
            for _changes in watchfiles.watch(
                *filter(Path.is_dir, self._folder.article_folders),
                watch_filter=watchfiles.DefaultFilter(ignore_dirs=(INDEX_DIR, ".git")),
                stop_event=self._stop,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                self._refresh_or_log()
        except Exception as error:  # no watches left, no such facility: walking remains
            self._log(f"changes are not announced ({error}); looking every few seconds")


class _Cache:
    """The documents used last, up to a number of bytes."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._kept: OrderedDict[str, tuple[CachedDocument, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: str) -> CachedDocument | None:
        with self._lock:
            if not (kept := self._kept.get(path)):
                return None
            self._kept.move_to_end(path)
            return kept[0]

    def put(self, path: str, cached: CachedDocument) -> None:
        with self._lock:
            if path not in self._kept:
                # A path may be as long as the query of a client.
                size = _OVERHEAD + len(path) + len(cached.document.body)
                self._kept[path] = cached, size
                self._left -= size
                cached.on_size_change = partial(self._grow, path)
            self._drop()

    def _grow(self, path: str, size: int) -> None:
        with self._lock:
            if path in self._kept:
                cached, before = self._kept[path]
                self._kept[path] = cached, before + size
                self._left -= size
            self._drop()

    def _drop(self) -> None:
        while self._left < 0:
            _path, (_dropped, size) = self._kept.popitem(last=False)
            self._left += size
