"""Asks servers for the lengths of files, politely, within a time limit, and for headers alone.

Authors name the files, and lengths are published: no server is asked that the public internet does
not reach, whatever its name resolves to. No proxy is used, which would resolve names by itself.
"""

import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from urllib.parse import urljoin, urlsplit

from urllib3 import BaseHTTPResponse, PoolManager, Timeout, exceptions
from urllib3.util import parse_url

from feeds import __version__
from feeds.catalog.state import ProbeResult
from feeds.remote.addresses import is_public
from feeds.remote.pool import results_before
from feeds.text.urls import canonical_url

LIMIT_SECONDS, REQUEST_TIMEOUT_SECONDS = 30.0, 10.0
#: A file that takes longer, by redirects or a server that trickles, no longer keeps others waiting.
PATIENCE_SECONDS = 10.0
MAX_REQUESTS, MAX_REQUESTS_PER_HOST = 8, 2
MAX_REDIRECTS = 5
_HEADERS = {"User-Agent": f"Feeds/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
_LENGTH = re.compile("([0-9]{1,18})")
_TOTAL = re.compile(r"bytes\s+(?:\d+-\d+|\*)/(\d{1,18})", re.IGNORECASE)
_NO_SUCH_HOST = "no such host"
#: Some are subclasses of others: the first one counts.
_REASONS = {
    exceptions.NameResolutionError: _NO_SUCH_HOST,
    exceptions.NewConnectionError: "no connection",
    exceptions.TimeoutError: "no answer in time",
    exceptions.SSLError: "certificate verification failed",
    exceptions.ProtocolError: "the connection broke",
    Exception: "not an HTTP response",
}


def ask(
    urls: Iterable[str],
    *,
    limit: float = LIMIT_SECONDS,
    progress: Callable[[int, int], None] | None = None,
    may_connect: Callable[[str], bool] = is_public,
) -> list[ProbeResult]:
    """Return the results that came within so many seconds, in the order of the URLs.

    A URL without a result was skipped for lack of time, or because its server wants a pause: ask
    again another time. The progress is called with the number of URLs done and to do. No connection
    is made but to IP addresses for which may_connect() is true.
    """
    results: dict[str, ProbeResult | None] = dict.fromkeys(urls)
    probe = _Probe(results, time.monotonic() + limit, may_connect)
    answers = results_before(
        probe.deadline, probe.answer, probe.next_url,
        threads=MAX_REQUESTS, patience=PATIENCE_SECONDS,
    )  # fmt: skip
    for done, (url, result) in enumerate(answers, 1):
        results[url] = result
        if progress:
            progress(done, len(results))
    return [result for result in results.values() if result]


class _NoLengthError(Exception):
    """A server gave no length; says why."""


class _PausedError(Exception):
    """The server wants a pause, or there is no time left."""


class _Probe:
    """One round of requests, host by host in turn."""

    def __init__(
        self, urls: Iterable[str], deadline: float, may_connect: Callable[[str], bool]
    ) -> None:
        self.deadline = deadline
        self._may_connect = may_connect
        self._urls: dict[str, deque[str]] = {}
        for url in urls:
            self._urls.setdefault(urlsplit(url).netloc, deque()).append(url)
        # Each host has as many turns as requests at once; a turn comes back when its request ends.
        self._turns = deque([*self._urls] * MAX_REQUESTS_PER_HOST)
        self._paused: set[str] = set()
        # Redirects lead many hosts to one.
        self._semaphores: dict[str, threading.Semaphore] = {}
        self._pool = PoolManager(num_pools=64, maxsize=MAX_REQUESTS_PER_HOST)

    def next_url(self) -> str | None:
        # None while requests hold all turns.
        while self._turns:
            host = self._turns.popleft()
            if self._urls[host]:
                return self._urls[host].popleft()
        return None

    def answer(self, url: str) -> tuple[str, ProbeResult | None]:
        try:
            return url, ProbeResult(url, self._length(url))
        except _PausedError:
            return url, None
        except _NoLengthError as error:
            return url, ProbeResult(url, None, str(error))
        except (exceptions.HTTPError, OSError, ValueError) as error:
            return url, ProbeResult(url, None, reason_of(error))
        finally:
            self._turns.append(urlsplit(url).netloc)

    def _length(self, url: str) -> int:
        for _redirect in range(MAX_REDIRECTS + 1):
            response = self._request("HEAD", url)
            # Some refuse HEAD, and some leave out the length.
            is_refused = response.status in (405, 501)
            if is_refused or (response.status < 300 and not _length_of(response)):
                response = self._request("GET", url)
            location = response.headers.get("Location", "")
            if not (300 <= response.status < 400 and location):
                break
            if not (target := canonical_url(urljoin(url, location))):
                raise _NoLengthError("redirects to a URL that is not http")
            url = target
        else:
            raise _NoLengthError("too many redirects")
        if response.status >= 300:
            raise _NoLengthError(f"HTTP {response.status}")
        if not (length := _length_of(response)):
            raise _NoLengthError("no length in the response")
        return length

    def _request(self, method: str, url: str) -> BaseHTTPResponse:
        host = urlsplit(url).netloc
        with self._semaphores.setdefault(host, threading.Semaphore(MAX_REQUESTS_PER_HOST)):
            left = self.deadline - time.monotonic()
            if host in self._paused or left <= 0:
                raise _PausedError
            response = self._response(method, url, min(left, REQUEST_TIMEOUT_SECONDS))
        if response.status == 429 or (response.status >= 400 and "Retry-After" in response.headers):
            self._paused.add(host)
            raise _NoLengthError(f"HTTP {response.status}: the server wants a pause")
        return response

    def _response(self, method: str, url: str, seconds: float) -> BaseHTTPResponse:
        """Return the response of the first address that takes the connection."""
        parsed = parse_url(url)
        scheme, host = parsed.scheme or "http", (parsed.host or "").strip("[]")
        # The first byte is enough: the headers give the whole length (RFC 9110 §14.4).
        headers = {**_HEADERS, "Host": parsed.netloc or ""}
        headers |= {} if method == "HEAD" else {"Range": "bytes=0-0"}
        error: Exception = _NoLengthError("its host is not on the public internet")
        # An address that was checked is connected to, and not the name again, which may have got
        # another one since.
        for address in filter(self._may_connect, _addresses(host)):
            tls = {"server_hostname": host}
            pool = self._pool.connection_from_host(address, parsed.port, scheme, tls)
            try:
                response = pool.urlopen(
                    method, parsed.request_uri, headers=headers, redirect=False, retries=False,
                    preload_content=method == "HEAD", timeout=Timeout(seconds),
                )  # fmt: skip
            except (exceptions.NewConnectionError, exceptions.ConnectTimeoutError) as refused:
                error = refused
                continue
            if method == "GET":
                response.close()
            return response
        raise error


def _addresses(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise _NoLengthError(_NO_SUCH_HOST) from error
    return [str(address) for *_rest, (address, *_port) in found]


def _length_of(response: BaseHTTPResponse) -> int:
    """The length of the whole file; 0 if the response has none."""
    headers = response.headers
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        return 0
    is_partial = response.status == 206
    value = headers.get("Content-Range" if is_partial else "Content-Length", "").strip()
    length = (_TOTAL if is_partial else _LENGTH).fullmatch(value)
    return int(length[1]) if length else 0


def reason_of(error: Exception) -> str:
    """Return the reason, for people, why a request failed."""
    return next(reason for kind, reason in _REASONS.items() if isinstance(error, kind))
