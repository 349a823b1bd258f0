"""Tells a hub which feeds have changed (WebSub, https://www.w3.org/TR/websub/).

A feed is announced once for each change of its bytes, whoever asks for it: what was announced is
kept in the catalog.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from feeds import __version__
from feeds.model.document import Document
from feeds.publication.publication import Publication
from feeds.remote.probe import reason_of

#: In seconds: for all of them, and for one attempt.
LIMIT, _PATIENCE = 30.0, 10.0
#: Requests under way at once, and attempts at each.
_AT_ONCE, _ATTEMPTS = 4, 3
#: In seconds: before the third attempt, and twice as long before each that follows.
_BACKOFF = 1.0
#: What may pass if it is tried again.
_PASSING = (429, 500, 502, 503, 504)
_HEADERS = {"User-Agent": f"Feeds/{__version__}"}


@dataclass(slots=True)
class Announced:
    """What came of an announcement, in URLs of feeds."""

    told: list[str] = field(default_factory=list)
    #: Why the hub did not take the others; they are announced again the next time.
    failed: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """In one line."""
        told = f"{len(self.told):,} feed{'' if len(self.told) == 1 else 's'} announced"
        if not self.failed:
            return told
        return f"{told}, {len(self.failed):,} not: {next(iter(self.failed.values()))}"


def announce(publication: Publication, *, limit: float = LIMIT) -> Announced:
    """Tells the site's hub of the feeds whose bytes changed since they were last announced.

    Takes no more than so many seconds for the hub. Raises CatalogError.
    """
    catalog = publication.catalog
    known = catalog.announced()
    before: dict[str, str | None] = {}
    for path, url in publication.newest_documents():
        fingerprint = publication.fingerprint(path)
        last = known.get(url)
        if last and last.fingerprint == fingerprint:
            continue
        document = publication.document(path)
        if not isinstance(document, Document):
            continue
        old = last.digest if last else None
        # Who claims a change tells of it: another process may have seen it too.
        if catalog.claim(url, old, document.digest, fingerprint) and old != document.digest:
            before[url] = old
    failed = _tell(publication.hub, before, limit) if before else {}
    catalog.release_announcement({url: before[url] for url in failed})
    return Announced([url for url in before if url not in failed], failed)


def _tell(hub: str, urls: Iterable[str], limit: float) -> dict[str, str]:
    """Why the hub did not take them, for each of these URLs that it did not take."""
    import urllib3

    deadline = time.monotonic() + limit
    retry = urllib3.Retry(
        _ATTEMPTS - 1, redirect=False, backoff_factor=_BACKOFF / 2, status_forcelist=_PASSING,
        allowed_methods=None, raise_on_status=False, respect_retry_after_header=False,
    )  # fmt: skip
    pool = urllib3.PoolManager(maxsize=_AT_ONCE, headers=_HEADERS, retries=retry)
    left: SimpleQueue[str] = SimpleQueue()
    done: SimpleQueue[tuple[str, str]] = SimpleQueue()
    failed = dict.fromkeys(urls, "no time left")
    for url in failed:
        left.put(url)

    def tell_one(url: str) -> str:
        # Hubs differ in which of the two names they look at.
        form = {"hub.mode": "publish", "hub.url": url, "hub.topic": url}
        timeout = urllib3.Timeout(min(_PATIENCE, max(0.1, deadline - time.monotonic())))
        try:
            response = pool.request("POST", hub, fields=form, encode_multipart=False,
                                    timeout=timeout)  # fmt: skip
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return reason_of(error)
        if 300 <= response.status < 400:
            where = response.headers.get("Location", "elsewhere")
            return f"HTTP {response.status}: the hub has moved to {where[:200]!r}"
        return "" if response.status < 300 else f"HTTP {response.status}"

    def work() -> None:
        with suppress(Empty):
            while time.monotonic() < deadline:
                url = left.get_nowait()
                done.put((url, tell_one(url)))

    # Not waited for: a host name that is looked up knows no time limit.
    for _number in range(min(_AT_ONCE, len(failed))):
        threading.Thread(target=work, name="feeds-websub", daemon=True).start()
    with suppress(Empty):
        for _number in range(len(failed)):
            url, reason = done.get(timeout=max(0, deadline - time.monotonic()))
            if reason:
                failed[url] = reason
            else:
                del failed[url]
    return failed
