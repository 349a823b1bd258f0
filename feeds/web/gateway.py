"""Serves the WSGI application over RSGI, an interface of granian with which no thread has to send.

A document in memory is sent at once, whatever other requests wait for. The rest is made in a few
threads, and granian itself sends files: a slow client takes memory alone.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from feeds.model.document import COMMON_HEADERS
from feeds.web.live_site import LiveSite
from feeds.web.media import FileRange
from feeds.web.responses import CachedDocument

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from granian._granian import RSGIHTTPProtocol
    from granian.rsgi import Scope

#: Rendering holds Python's lock: more threads would only help those who wait for the index.
THREADS = 16
#: Requests that may wait for a thread, those of clients that have left among them.
MAX_WAITING = 1_000
#: Reading a longer query takes time, in which nothing else is sent.
MAX_QUERY_CHARS = 1_000

#: Status, headers and body.
_Response = tuple[int, list[tuple[str, str]], bytes | FileRange]
_BUSY_HEADERS = [("Retry-After", "1"), ("Content-Type", "text/plain"), *COMMON_HEADERS.items()]


class Gateway:
    """An RSGI application around the WSGI application of a site.

    Another application responds to requests that no thread has time for.
    """

    def __init__(
        self, site: LiveSite, app: WSGIApplication, busy: WSGIApplication, *, logs_requests: bool
    ) -> None:
        self._site = site
        self._app = app
        self._busy = busy
        self._logs_requests = logs_requests
        self._threads = ThreadPoolExecutor(THREADS, "feeds-request")
        self._waiting = 0

    async def respond(self, scope: Scope, protocol: RSGIHTTPProtocol) -> None:
        """Respond to one request."""
        environ = _conditions(scope)
        cached = self._at_hand(scope, environ)
        if cached and not self._logs_requests:
            line, headers, body = cached.respond(environ)
            _send(protocol, (int(line[:3]), headers, body))
            return
        environ |= _request(scope)
        if cached:
            _send(protocol, _call(self._app, environ))
        elif self._waiting >= MAX_WAITING:
            _send(protocol, _call(self._busy, environ))
        else:
            self._waiting += 1
            try:
                loop = asyncio.get_running_loop()
                called = loop.run_in_executor(self._threads, _call, self._app, environ)
                _send(protocol, await called)
            finally:
                self._waiting -= 1

    def _at_hand(self, scope: Scope, environ: WSGIEnvironment) -> CachedDocument | None:
        """Return a document in memory in the encoding that is asked for."""
        query = scope.query_string
        if scope.method not in ("GET", "HEAD") or len(query) > MAX_QUERY_CHARS:
            return None
        cached = self._site.cached(scope.path, query)
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        return cached if cached and cached.is_encoded_for(accepted) else None


def respond_busy(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Ask the client of a request to try again, as a WSGI application."""
    start_response("503 Service Unavailable", _BUSY_HEADERS)
    return [b"Too many requests; try again\n"]


def _call(app: WSGIApplication, environ: WSGIEnvironment) -> _Response:
    started: list[Any] = []

    def start_response(*response: Any) -> Any:
        started.append(response)

    body = app(environ, start_response)
    line, headers, *_error = started[-1]
    if isinstance(body, FileRange):
        return int(line[:3]), headers, body
    try:
        return int(line[:3]), headers, b"".join(body)
    finally:
        if close := getattr(body, "close", None):
            close()


def _send(protocol: RSGIHTTPProtocol, response: _Response) -> None:
    status, headers, body = response
    if isinstance(body, FileRange):
        body.close()  # granian opens it again
        protocol.response_file_range(status, headers, str(body.path), body.start, body.end)
    elif body:
        protocol.response_bytes(status, headers, body)
    else:
        protocol.response_empty(status, headers)


def _conditions(scope: Scope) -> WSGIEnvironment:
    """Return the method and the header of a request as WSGI has them."""
    environ: WSGIEnvironment = {"REQUEST_METHOD": scope.method}
    for name, value in scope.headers.items():
        # X_Forwarded_For would become the same key as the X-Forwarded-For that a proxy sets.
        if "_" in name:
            continue
        key = _key(name)
        # Lines of one name are one list (RFC 9110 §5.2).
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


@lru_cache(maxsize=256)
def _key(name: str) -> str:
    return f"HTTP_{name.upper().replace('-', '_')}"


def _request(scope: Scope) -> WSGIEnvironment:
    """Return the rest of a request as WSGI has it, without its body: nothing here needs one."""
    host, _, port = scope.server.rpartition(":")
    return {
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
