"""Tells the site's hub about new publications, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from feeds.publication.publication import Publication

#: Pause before a change is announced. The hub fetches the feed at once, and any process of the app
#: may answer.
SETTLE_SECONDS = 2.0
#: Pause before feeds that the hub did not accept are announced again.
RETRY_SECONDS = 60.0


class Announcer:
    """Announces the newest publication. What was announced is recorded in the catalog."""

    def __init__(self, newest: Callable[[], Publication], log: Callable[[str], None]) -> None:
        self._newest = newest
        self._log = log
        self._news = threading.Event()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="feeds-announcer", daemon=True).start()

    def notify(self) -> None:
        """Have the newest publication announced, if its site has a hub."""
        self._news.set()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._news.set()

    def _run(self) -> None:
        retry: float | None = None
        while True:
            self._news.wait(retry)
            if self._stopped.wait(SETTLE_SECONDS):
                return
            self._news.clear()
            retry = None if self._announce() else RETRY_SECONDS

    def _announce(self) -> bool:
        """Return False if there are feeds to announce again."""
        try:
            publication = self._newest()
            if not publication.hub:
                return True
            # Imported late: most sites have no hub.
            from feeds.remote.websub import announce

            announced = announce(publication)
        except Exception as error:  # a broken hub or index must not end the thread
            self._log(f"cannot announce: {error!r}")
            return False
        if announced.told or announced.failed:
            self._log(f"{announced} ({publication.hub})")
        return not (announced.failed or announced.claimed)
