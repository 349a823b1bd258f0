"""Tells a hub which feeds have changed (WebSub, https://www.w3.org/TR/websub/).

A feed is announced once for each change of its bytes, whichever process announces it: the catalog
keeps what the hub was told, and what a process is about to tell.
"""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from feeds import __version__
from feeds.catalog.state import Announcement
from feeds.model.document import Document
from feeds.publication.publication import Publication
from feeds.remote.pool import results_before
from feeds.remote.probe import reason_of

LIMIT_SECONDS, REQUEST_TIMEOUT_SECONDS = 30.0, 10.0
MAX_REQUESTS, MAX_ATTEMPTS = 4, 3
#: Before the third attempt; twice as long before each that follows.
BACKOFF_SECONDS = 1.0
_RETRIED_STATUSES = (429, 500, 502, 503, 504)


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


def announce(publication: Publication, *, limit: float = LIMIT_SECONDS) -> Announced:
    """Tell the site's hub of the feeds whose bytes changed since they were last announced.

    Waits no longer than so many seconds for the hub. Raises CatalogError.
    """
    state = publication.catalog.state
    changed: dict[str, Announcement] = {}
    unchanged: dict[str, Announcement] = {}
    announced = state.announced()
    for path, url in publication.routes.newest_documents():
        fingerprint = publication.fingerprint(path)
        last = announced.get(url)
        if last and last.fingerprint == fingerprint:
            continue
        document = publication.document(path)
        if isinstance(document, Document):
            is_same = last and last.digest == document.digest
            (unchanged if is_same else changed)[url] = Announcement(fingerprint, document.digest)
    state.release((), unchanged)
    # A killed process never releases its claims: they expire after twice the time limit.
    ours = state.claim(changed, time.time(), 2 * limit)
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
    retry = Retry(
        MAX_ATTEMPTS - 1, redirect=False, backoff_factor=BACKOFF_SECONDS / 2,
        status_forcelist=_RETRIED_STATUSES, allowed_methods=None, raise_on_status=False,
        respect_retry_after_header=False,
    )  # fmt: skip
    headers = {"User-Agent": f"Feeds/{__version__}"}
    pool = PoolManager(maxsize=MAX_REQUESTS, headers=headers, retries=retry)

    def tell(url: str) -> tuple[str, str]:
        # Hubs differ in which of the two names they look at.
        form = {"hub.mode": "publish", "hub.url": url, "hub.topic": url}
        left = max(0.1, deadline - time.monotonic())
        timeout = Timeout(min(REQUEST_TIMEOUT_SECONDS, left))
        try:
            response = pool.request(
                "POST", hub, fields=form, encode_multipart=False, timeout=timeout
            )
        except (HTTPError, OSError, ValueError) as error:
            return url, reason_of(error)
        if 300 <= response.status < 400:
            target = response.headers.get("Location", "elsewhere")
            return url, f"HTTP {response.status}: the hub has moved to {target[:200]!r}"
        return url, "" if response.status < 300 else f"HTTP {response.status}"

    return results_before(deadline, tell, partial(next, iter(urls), None), threads=MAX_REQUESTS)
