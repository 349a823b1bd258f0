"""Follows the folder, the index and the clock, and republishes the site when one of them changes.

It reports problems as they arise. It answers no request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import CONFIGURATION, INDEX_DIR, Folder, catalog_place, configuration_file
from feeds.catalog.sync import Synced
from feeds.errors import CatalogError, ConfigurationError, FeedsError, Problem
from feeds.publication.publication import Publication
from feeds.web.settings import Settings

#: Pause between looks at feeds.yaml and at the index, which another process may have changed.
POLL_SECONDS = 1.0


class Refresher:
    """Keeps a publication current. Safe to use from many threads."""

    def __init__(
        self,
        settings: Settings,
        on_publish: Callable[[Publication], None],
        *,
        clock: Callable[[], datetime],
        log: Callable[[str], None],
    ) -> None:
        """Open the site, sync it unless an earlier index will do, and publish it.

        Each publication is passed to on_publish. Raises FeedsError.
        """
        self._settings = settings
        self._on_publish = on_publish
        self._clock = clock
        self._log = log
        self._configuration = self._configuration_stat()
        #: True from a change of feeds.yaml until the site was published with it.
        self._is_reconfigured = False
        self._folder = Folder.open(settings.site)
        self.catalog = Catalog(catalog_place(self._folder), syncs=settings.syncs)
        #: None until the problems that were printed elsewhere are known.
        self._reported: set[Problem] | None = None if settings.reported else set()
        self._report_lock: BinaryIO | None = None
        #: On the monotonic clock.
        self.refreshed_at = time.monotonic()
        self._refreshing = threading.Lock()
        self.stopped = threading.Event()
        #: The folders under watch, and the event that ends the watch of them.
        self._watched: tuple[Path, ...] | None = None
        self._unwatch = threading.Event()
        try:
            #: True until the first refresh, if the index is of an earlier run.
            self._is_stale = settings.starts_indexed and self.catalog.is_complete()
            if settings.syncs and not self._is_stale:
                self.catalog.sync(self._folder)
            self._publish()
            if not (self._is_stale or settings.reported):
                self._report()
        except FeedsError:
            self.catalog.close()
            raise

    def start(self) -> None:
        """Start the threads that follow the site."""
        for target in (self._watch, self._poll):
            threading.Thread(target=target, name="feeds-refresher", daemon=True).start()

    def stop(self) -> None:
        """End the threads."""
        self.stopped.set()
        self._unwatch.set()
        if self._report_lock:
            self._report_lock.close()

    def is_current(self, publication: Publication) -> bool:
        """True if no process can have published anything newer. Raises CatalogError."""
        return self._configuration_stat() == self._configuration and publication.is_current()

    def refresh(self) -> None:
        """Sync with the folder, and publish if anything has changed. Raises FeedsError."""
        with self._refreshing:
            if self._reported is None:
                with suppress(CatalogError):  # the sync repairs the index
                    self._report()
            stat = self._configuration_stat()
            if stat != self._configuration:
                # A broken feeds.yaml leaves the last good one in force.
                self._configuration = stat
                self._folder = self._reopened()
                self._is_reconfigured = True
            synced = self.catalog.sync(self._folder) if self._settings.syncs else Synced()
            has_news = self._is_reconfigured or self._is_stale
            has_news |= bool(synced.read or synced.removed)
            if self._is_reconfigured or self._is_outdated():
                self._publish()
                self._is_reconfigured = False
                # Another worker may have done the sync, and it may be this one that reports.
                has_news |= self._settings.report_lock is not None
            if has_news:
                self._report()
                self._is_stale = False
            if self._watched not in (None, self._watchable()):
                self._unwatch.set()
            self.refreshed_at = time.monotonic()

    def _reopened(self) -> Folder:
        """Open the folder by a feeds.yaml that has changed, unless that is only half written."""
        folder = Folder.open(self._settings.site)
        if self._folder.configured:
            if not folder.configured:
                raise ConfigurationError(f"{CONFIGURATION}: gone; its last content stays in force")
            for problem in folder.problems:
                if problem.code in ("missing-title", "missing-url"):
                    raise ConfigurationError(f"{problem}; its last content stays in force")
        return folder

    def _publish(self) -> None:
        site, settings = self._folder.site, self._settings
        now = self._clock()
        search = self.catalog.search
        if search.is_used() or any(feed.selection.q for feed in site.feeds):
            # Before the next request: a site that was searched once will be searched again.
            search.fill(self.stopped.is_set)
        default = site.url if self._folder.configured else settings.address or site.url
        publication = Publication(
            self._folder,
            self.catalog,
            url=settings.url or default,
            now=now,
            unpublished=settings.unpublished,
        )
        #: Publication date of the next future article.
        self._due = None if site.future else publication.view.next_due()
        self._publication = publication
        self._on_publish(publication)

    def _is_outdated(self) -> bool:
        if self._due is not None and self._clock() >= self._due:
            return True
        return not self._publication.is_current()

    def _configuration_stat(self) -> tuple[int, int] | None:
        try:
            stat = configuration_file(self._settings.site).stat()
        except OSError:
            return None
        return stat.st_size, stat.st_mtime_ns

    def _report(self) -> None:
        """Log the problems that were not logged before."""
        problems = self._publication.problems()
        if self._reported is not None and self._is_reporter():
            for problem in problems:
                if problem not in self._reported:
                    self._log(str(problem))
        self._reported = set(problems)

    def _is_reporter(self) -> bool:
        """True in one process of a server at a time: another takes over when that one ends."""
        if not (path := self._settings.report_lock):
            return True
        import fcntl  # not on Windows, where granian has one worker and there is no lock

        with suppress(OSError, ValueError):  # another holds it, or it was closed by stop()
            self._report_lock = self._report_lock or path.open("rb")
            fcntl.flock(self._report_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def _poll(self) -> None:
        pause = self._settings.walk_seconds
        walked_at = -pause if self._is_stale else time.monotonic()
        while not self.stopped.wait(POLL_SECONDS):
            try:
                is_reconfigured = self._configuration_stat() != self._configuration
                if is_reconfigured or time.monotonic() - walked_at >= pause:
                    started_at = time.monotonic()
                    self._refresh_or_log()
                    walked_at = time.monotonic()
                    # Walks over a huge folder take at most a tenth of a processor.
                    pause = max(self._settings.walk_seconds, 10 * (walked_at - started_at))
                elif self._is_outdated():
                    self._refresh_or_log()
                elif not self._settings.syncs:
                    self.refreshed_at = time.monotonic()
            except FeedsError as error:
                self._log(str(error))

    def _refresh_or_log(self) -> None:
        try:
            self.refresh()
        except FeedsError as error:
            self._log(str(error))
        except Exception as error:  # a broken file system must not end the thread
            self._log(f"cannot refresh: {error!r}")

    def _watchable(self) -> tuple[Path, ...]:
        return tuple(filter(Path.is_dir, self._folder.article_folders))

    def _watch(self) -> None:
        """Refresh when the system announces a change in a folder of articles."""
        import watchfiles

        while True:
            self._unwatch.clear()
            if self.stopped.is_set():
                return
            self._watched = self._watchable()
            if not self._watched:
                self._unwatch.wait()
                continue
            try:
                for _changes in watchfiles.watch(
                    *self._watched,
                    watch_filter=watchfiles.DefaultFilter(ignore_dirs=(INDEX_DIR, ".git")),
                    stop_event=self._unwatch,
                    raise_interrupt=False,
                    ignore_permission_denied=True,
                ):
                    self._refresh_or_log()
            except Exception as error:  # no watches left, or none on this system
                self._log(f"cannot watch for changes ({error}); checking every few seconds")
                return
