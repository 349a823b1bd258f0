"""Tells the site's hub about new publications, in a thread of its own."""

import threading
import time
from collections.abc import Callable

from feeds.publication.publication import Publication

#: Pause before a change is announced. The hub fetches the feed at once, and any process of the app
#: may answer.
SETTLE_SECONDS = 2.0
#: Pause before feeds that the hub did not accept are announced again.
RETRY_SECONDS = 60.0


def announce_changes(
    newest: Callable[[], Publication], stopped: threading.Event, log: Callable[[str], None]
) -> None:
    """Announce the newest publication whenever it is another one, until the event is set."""
    last, retry_at = None, float("inf")
    while not stopped.wait(SETTLE_SECONDS):
        if newest() is last and time.monotonic() < retry_at:
            continue
        if stopped.wait(SETTLE_SECONDS):
            return
        last = newest()
        is_done = not last.hub or _announce(last, log)
        retry_at = float("inf") if is_done else time.monotonic() + RETRY_SECONDS


def _announce(publication: Publication, log: Callable[[str], None]) -> bool:
    """Return False if there are feeds to announce again."""
    try:
        # Imported late: most sites have no hub.
        from feeds.remote.websub import announce

        announced = announce(publication)
    except Exception as error:  # a broken hub or index must not end the thread
        log(f"cannot announce: {error!r}")
        return False
    if announced.told or announced.failed:
        log(f"{announced} ({publication.hub})")
    return not (announced.failed or announced.claimed)
