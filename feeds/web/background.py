"""Work that requests need done, in a thread of its own: they wait for it only a moment."""

import threading
import time
from collections.abc import Callable

from feeds.errors import FeedsError

#: Requests that may wait at once: others need threads too.
MAX_WAITING = 8
_waiting_slots = threading.Semaphore(MAX_WAITING)


class Background:
    """One kind of work, done by one thread at a time. Safe to use from many threads."""

    def __init__(self, work: Callable[[], object], log: Callable[[str], None]) -> None:
        self._work = work
        self._log = log
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def wait(self, until: float) -> bool:
        """Start the work unless it is under way; return True if it has ended by that time."""
        with self._starting:
            if not (self._thread and self._thread.is_alive()):
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            thread = self._thread
        if _waiting_slots.acquire(blocking=False):
            thread.join(max(until - time.monotonic(), 0))
            _waiting_slots.release()
        return not thread.is_alive()

    def close(self) -> None:
        """Wait until work under way has ended."""
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._work()
        except FeedsError as error:
            self._log(str(error))
