"""Follows the folder, the index and the clock: publishes the site again when one of them changes.

It reports problems as they arise. It answers no request.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import starmap
from pathlib import Path
from typing import BinaryIO

from feeds.catalog.catalog import Catalog
from feeds.catalog.database import patiently
from feeds.catalog.folder import CONFIGURATION, SiteFolder, configuration_file
from feeds.catalog.place import INDEX_DIR, catalog_place
from feeds.errors import (
    CatalogRemadeError,
    ConfigurationError,
    FeedsError,
    Problem,
    problem_lines,
)
from feeds.publication.publication import Publication
from feeds.web.settings import Settings

#: Pause between looks at feeds.yaml and at the index, which another process may have changed.
POLL_SECONDS = 1.0
#: Time that a request waits for the index, where it is locked or its server silent.
PATIENCE_SECONDS = 1.0


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
        self._folder = self._open()
        self.catalog = Catalog(
            catalog_place(self._folder), syncs=settings.syncs, patience_seconds=PATIENCE_SECONDS
        )
        self._reported: set[Problem] = set()
        self._report_lock: BinaryIO | None = None
        #: On the monotonic clock, as is the time of the next walk over the folders.
        self.refreshed_at = time.monotonic()
        self._next_walk_at = 0.0
        self._refreshing = threading.Lock()
        self.stopped = threading.Event()
        #: True from a change of feeds.yaml, and from the start, until a refresh has published.
        self._has_news = True
        try:
            if settings.starts_indexed and self.catalog.is_complete():
                with patiently():
                    self._publish()
            else:
                self.refresh()
        except FeedsError:
            self.catalog.close()
            raise

    def start(self) -> None:
        """Start the thread that follows the site."""
        threading.Thread(target=self._run, name="feeds-refresher", daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self.stopped.set()
        if self._report_lock:
            self._report_lock.close()

    def is_current(self, publication: Publication) -> bool:
        """True if no process can have published anything newer. Raises CatalogError."""
        return self._configuration_stat() == self._configuration and publication.is_current()

    def refresh(self) -> None:
        """Sync with the folder, and publish if anything has changed. Raises FeedsError."""
        with self._refreshing, patiently():
            started_at = time.monotonic()
            try:
                try:
                    self._follow()
                except CatalogRemadeError:
                    self._has_news = True
                    self._follow()
                self.refreshed_at = time.monotonic()
            finally:
                # Walks over a huge folder take at most a tenth of a processor.
                ended_at = time.monotonic()
                pause = max(self._settings.walk_seconds, 10 * (ended_at - started_at))
                self._next_walk_at = ended_at + pause

    def _follow(self) -> None:
        self._follow_configuration()
        if self._settings.syncs:
            self.catalog.sync(self._folder)
        if self._has_news or self._is_outdated():
            self._publish()
            self._report()
            self._has_news = False

    def _follow_configuration(self) -> None:
        """Open the folder by a configuration that has changed, unless that is only half written.

        A broken feeds.yaml is reported once, and leaves the last good one in force.
        """
        stat = self._configuration_stat()
        has_changed = stat != self._configuration
        self._configuration = stat
        # Each time: the configuration of a generator may be in many files, and new at any time.
        try:
            folder = self._open()
            self._refuse_if_broken(folder)
        except ConfigurationError:
            if has_changed:
                raise
            return
        if has_changed or folder != self._folder:
            self._folder = folder
            self._has_news = True

    def _refuse_if_broken(self, folder: SiteFolder) -> None:
        """Raise a ConfigurationError for a feeds.yaml that is gone, or lacks what it needs."""
        if not self._folder.configured:
            return
        if not folder.configured:
            raise ConfigurationError(f"{CONFIGURATION}: gone; its last content stays in force")
        for problem in folder.problems:
            if problem.code in ("missing-title", "missing-url"):
                raise ConfigurationError(f"{problem}; its last content stays in force")

    def _open(self) -> SiteFolder:
        folder = SiteFolder.open(self._settings.site)
        return folder.published_at(self._settings.url_of(folder))

    def _publish(self) -> None:
        site, settings = self._folder.site, self._settings
        search = self.catalog.search
        if search.is_used() or any(feed.selection.q for feed in site.feeds):
            # Before the next request: a site that was searched once will be searched again.
            search.fill(self.stopped.is_set)
        #: The publication's time, and the next date of an article after it.
        self._published_at = self._clock()
        publication = Publication(
            self._folder,
            self.catalog,
            url=settings.url_of(self._folder),
            now=self._published_at,
            unpublished=settings.unpublished,
        )
        self._due = publication.articles.next_due()
        self._publication = publication
        self._on_publish(publication)

    def _is_outdated(self) -> bool:
        now = self._clock()
        # A clock that was set back may take articles back.
        is_due = now < self._published_at or (self._due is not None and now >= self._due)
        return is_due or not self.is_current(self._publication)

    def _configuration_stat(self) -> tuple[int, int] | None:
        with suppress(OSError):
            stat = configuration_file(self._settings.site).stat()
            return stat.st_size, stat.st_mtime_ns
        return None

    def _report(self) -> None:
        """Log the problems that were not logged before."""
        problems = self._publication.problems()
        news = [each for each in problems if each not in self._reported]
        for line in problem_lines(news) if self._is_reporter() else ():
            self._log(line)
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

    def _run(self) -> None:
        for has_changed in self._changes():
            try:
                is_walk_due = time.monotonic() >= self._next_walk_at
                if has_changed or is_walk_due or self._is_outdated():
                    self.refresh()
            except FeedsError as error:
                self._log(str(error))
            except Exception as error:  # a broken file system must not end the thread
                self._log(f"cannot refresh: {error!r}")

    def _changes(self) -> Iterator[bool]:
        """Yield True after a change in a folder, else False every POLL_SECONDS, until stop()."""
        try:
            import watchfiles

            is_article = watchfiles.DefaultFilter(ignore_dirs=(INDEX_DIR, ".git"))
            while True:
                # Gone or closed since, and watched when it is back.
                with suppress(FileNotFoundError, PermissionError):
                    watched = self._watchable()
                    # Unfiltered: a folder with nothing but ignored changes would never time out.
                    for changes in watchfiles.watch(
                        *watched, watch_filter=None, stop_event=self.stopped, raise_interrupt=False,
                        rust_timeout=int(POLL_SECONDS * 1000), yield_on_timeout=True,
                        ignore_permission_denied=True,
                    ):  # fmt: skip
                        yield any(starmap(is_article, changes))
                        if self._watchable() != watched:
                            break
                if self.stopped.wait(POLL_SECONDS):
                    return
                yield False
                # A walk finds what changes until the folders are watched again.
                self._next_walk_at = 0.0
        except Exception as error:  # no watches left, or none on this system
            self._log(f"cannot watch for changes ({error}); checking every few seconds")
        while not self.stopped.wait(POLL_SECONDS):
            yield False

    def _watchable(self) -> dict[Path, int]:
        """Return the folders of articles that exist, with their inodes: one may be replaced."""
        folders = filter(Path.is_dir, self._folder.article_folders)
        return {folder: folder.stat().st_ino for folder in folders}
