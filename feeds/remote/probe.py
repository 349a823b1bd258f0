"""Asks servers how long files are, politely and within a time. Nothing is fetched but headers.

    ask(urls) → answers

What is done with the answers is the caller's business. A URL without an answer was not asked for
want of time, or since its server wants a pause: it may be asked another time.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from feeds import __version__
from feeds.catalog.state import ProbeResult
from feeds.text.urls import canonical_url

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

#: In seconds: for all answers, and for one.
LIMIT, _PATIENCE = 30.0, 10.0
#: Requests under way at once.
_IN_ALL, _A_HOST = 8, 2
_REDIRECTS = 5
_HEADERS = {"User-Agent": f"Feeds/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
_TOTAL = re.compile(r"bytes\s+(?:\d+-\d+|\*)/(\d{1,18})", re.IGNORECASE)


def ask(
    urls: Iterable[str],
    *,
    limit: float = LIMIT,
    progress: Callable[[int, int], None] | None = None,
) -> list[ProbeResult]:
    """The answers that came within so many seconds, in the order of the URLs.

    The progress is called with the number of URLs done and to do.
    """
    asking = _Asking(dict.fromkeys(urls), time.monotonic() + limit)
    return asking.answers(progress)


class _FailedError(Exception):
    """A server gave no length: why."""


class _PausedError(Exception):
    """A server wants a pause, or the time is over."""


class _Asking:
    """One round of questions, each host's turn by turn."""

    def __init__(self, urls: Iterable[str], deadline: float) -> None:
        import urllib3

        self._urls = list(urls)
        self._deadline = deadline
        self._left: dict[str, deque[str]] = {}
        for url in self._urls:
            self._left.setdefault(urlsplit(url).netloc, deque()).append(url)
        # As many turns as a host may have requests at once: one comes back when its request ends.
        self._turns: SimpleQueue[str] = SimpleQueue()
        for _turn in range(_A_HOST):
            for host in self._left:
                self._turns.put(host)
        self._done: SimpleQueue[ProbeResult | None] = SimpleQueue()
        self._paused: set[str] = set()
        # Redirects lead many hosts to one.
        self._slots: dict[str, threading.Semaphore] = {}
        self._pool = urllib3.PoolManager(num_pools=64, maxsize=_A_HOST, headers=_HEADERS)

    def answers(self, progress: Callable[[int, int], None] | None) -> list[ProbeResult]:
        # Not a pool of threads that is waited for: no time limit reaches a host name that is looked
        # up, nor a server that sends a byte now and then.
        for _number in range(min(_IN_ALL, len(self._urls))):
            threading.Thread(target=self._work, name="feeds-probe", daemon=True).start()
        found: dict[str, ProbeResult] = {}
        with suppress(Empty):
            for done in range(1, len(self._urls) + 1):
                if answer := self._done.get(timeout=max(0, self._deadline - time.monotonic())):
                    found[answer.url] = answer
                if progress:
                    progress(done, len(self._urls))
        return [found[url] for url in self._urls if url in found]

    def _work(self) -> None:
        while time.monotonic() < self._deadline:
            try:
                host = self._turns.get_nowait()
            except Empty:  # those under way take the turns that are left
                return
            if self._left[host]:
                with suppress(IndexError):  # its other turn was faster
                    self._done.put(self._answer(self._left[host].popleft()))
                self._turns.put(host)

    def _answer(self, url: str) -> ProbeResult | None:
        from urllib3.exceptions import HTTPError

        try:
            return ProbeResult(url, self._length(url))
        except _PausedError:
            return None
        except _FailedError as error:
            return ProbeResult(url, None, str(error))
        except (HTTPError, OSError, ValueError) as error:
            return ProbeResult(url, None, reason_of(error))

    def _length(self, url: str) -> int:
        for _redirect in range(_REDIRECTS + 1):
            response = self._request("HEAD", url)
            # Some refuse the question, and some forget what it is about.
            if response.status in (405, 501) or (response.status < 300 and not _length(response)):
                response = self._request("GET", url)
            location = response.headers.get("Location", "")
            if not (300 <= response.status < 400 and location):
                break
            target = canonical_url(urljoin(url, location))
            if not target:
                raise _FailedError("it leads to what is no http or https URL")
            url = target
        else:
            raise _FailedError("it leads on and on")
        if response.status >= 300:
            raise _FailedError(f"HTTP {response.status}")
        if not (length := _length(response)):
            raise _FailedError("the server does not tell")
        return length

    def _request(self, method: str, url: str) -> BaseHTTPResponse:
        import urllib3

        host = urlsplit(url).netloc
        with self._slots.setdefault(host, threading.Semaphore(_A_HOST)):
            left = self._deadline - time.monotonic()
            if host in self._paused or left <= 0:
                raise _PausedError
            # The first byte is enough: the headers say how many there are (RFC 9110 §14.4).
            headers = {**_HEADERS, **({"Range": "bytes=0-0"} if method == "GET" else {})}
            response = self._pool.request(
                method, url, headers=headers, redirect=False, retries=False,
                preload_content=method == "HEAD", timeout=urllib3.Timeout(min(left, _PATIENCE)),
            )  # fmt: skip
            if method == "GET":
                response.close()
        if response.status == 429 or (response.status >= 400 and "Retry-After" in response.headers):
            self._paused.add(host)
            raise _FailedError(f"HTTP {response.status}: the server wants a pause")
        return response


def _length(response: BaseHTTPResponse) -> int:
    """The length of the whole file, and 0 where the response does not tell."""
    headers = response.headers
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        return 0
    if response.status == 206:
        total = _TOTAL.fullmatch(headers.get("Content-Range", "").strip())
        return int(total[1]) if total else 0
    length = headers.get("Content-Length", "").strip()
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else 0


def reason_of(error: Exception) -> str:
    """Why there was no answer, for people."""
    from urllib3 import exceptions as kinds

    reasons = {
        kinds.NameResolutionError: "no such host",
        kinds.NewConnectionError: "no connection",
        kinds.TimeoutError: "no answer in time",
        kinds.SSLError: "no trust in its certificate",
        kinds.ProtocolError: "the connection broke",
    }
    if isinstance(error, kinds.MaxRetryError) and error.reason:
        error = error.reason
    # Some are a special kind of another: the earlier line counts.
    return next((why for kind, why in reasons.items() if isinstance(error, kind)), "no http answer")
