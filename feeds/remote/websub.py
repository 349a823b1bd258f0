"""Tells a hub which feeds have changed (WebSub, https://www.w3.org/TR/websub/).

A feed is announced once for each change of its bytes, whichever process announces it: the catalog
keeps what the hub was told, and what a process is about to tell.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from feeds import __version__
from feeds.catalog.state import Announcement
from feeds.model.document import Document, Redirect
from feeds.publication.publication import Publication
from feeds.remote.pool import results_before
from feeds.remote.probe import reason_of

LIMIT_SECONDS, REQUEST_TIMEOUT_SECONDS = 30.0, 10.0
MAX_REQUESTS, MAX_ATTEMPTS = 4, 3
#: Before the third attempt.
BACKOFF_SECONDS = 1.0
_RETRIED_STATUSES = (429, 500, 502, 503, 504)
#: Nobody reads an answer; the connection of a longer one is not used again.
_MAX_ANSWER_BYTES = 64 * 1024


class Announced(NamedTuple):
    """The outcome of an announcement, by the URLs of feeds."""

    told: list[str]
    #: The reasons why the hub did not take the others; they are announced again the next time.
    failed: dict[str, str]
    #: Feeds that another process is announcing, or was when it was killed.
    claimed: list[str]

    def __str__(self) -> str:
        text = f"{len(self.told):,} feed{'' if len(self.told) == 1 else 's'} announced"
        if self.failed:
            text += f", {len(self.failed):,} not: {next(iter(self.failed.values()))}"
        if self.claimed:
            text += f"; {len(self.claimed):,} left to another process; if it was killed, try again"
            text += " in a minute"
        return text


def announce(
    publication: Publication,
    *,
    limit: float = LIMIT_SECONDS,
    clock: Callable[[], float] = time.time,
) -> Announced:
    """Tell the site's hub of the feeds whose bytes changed since they were last announced.

    Waits no longer than so many seconds for the hub. The clock gives seconds since 1970. Raises
    CatalogError.
    """
    state = publication.catalog.state
    changed: dict[str, Announcement] = {}
    unchanged: dict[str, Announcement] = {}
    announced = state.announced()
    # Subscriptions at a former address outlive the move, if the hub was told of that address.
    former = (known for known in publication.routes.former_documents() if known[1] in announced)
    for path, url in (*publication.routes.newest_documents(), *former):
        fingerprint = publication.fingerprint(path)
        last = announced.get(url)
        if last and last.fingerprint == fingerprint:
            continue
        document = publication.document(path)
        if isinstance(document, Redirect):
            document = document.stand_in
        if isinstance(document, Document):
            is_same = last and last.digest == document.digest
            (unchanged if is_same else changed)[url] = Announcement(fingerprint, document.digest)
    state.release((), unchanged)
    # A killed process never releases its claims: they expire after twice the time limit.
    ours = state.claim(changed, clock(), 2 * limit)
    reasons = {url: "no time left" for url in changed if url in ours}
    try:
        # One by one: an interruption keeps those that came before it.
        reasons.update(_tell(publication.hub, list(reasons), limit))
    finally:
        told = [url for url, reason in reasons.items() if not reason]
        state.release(ours, {url: changed[url] for url in told})
    failed = {url: reason for url, reason in reasons.items() if reason}
    return Announced(told, failed, [url for url in changed if url not in ours])


def _tell(hub: str, urls: Sequence[str], limit: float) -> Iterator[tuple[str, str]]:
    """Yield each URL once the hub has answered, with the reason why it did not take it, or ""."""
    deadline = time.monotonic() + limit
    headers = {"User-Agent": f"Feeds/{__version__}"}
    pool = PoolManager(maxsize=MAX_REQUESTS, headers=headers)

    def tell(url: str) -> tuple[str, str]:
        # Hubs differ in which of the two names they look at.
        form = {"hub.mode": "publish", "hub.url": url, "hub.topic": url}
        reason = ""
        for attempt in range(MAX_ATTEMPTS):
            if attempt > 1:
                time.sleep(BACKOFF_SECONDS)
            left = max(0.1, deadline - time.monotonic())
            try:
                with pool.request(
                    "POST", hub, fields=form, encode_multipart=False, redirect=False, retries=False,
                    preload_content=False, timeout=Timeout(min(REQUEST_TIMEOUT_SECONDS, left)),
                ) as response:  # fmt: skip
                    response.read(_MAX_ANSWER_BYTES, decode_content=False)
            except (HTTPError, OSError, ValueError) as error:
                reason = reason_of(error)
                continue
            if response.status < 300:
                return url, ""
            reason = f"HTTP {response.status}"
            if response.status < 400:
                target = response.headers.get("Location", "elsewhere")
                reason += f": the hub has moved to {target[:200]!r}"
            if response.status not in _RETRIED_STATUSES:
                break
        return url, reason

    return results_before(deadline, tell, partial(next, iter(urls), None), threads=MAX_REQUESTS)
