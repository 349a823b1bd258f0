"""The live app: a path is looked up, and what is found becomes a response. HTTP only.

Which site it serves comes from FEEDS_SITE, else the working folder; FEEDS_URL says where it is
published, FEEDS_UNPUBLISHED=1 shows drafts, FEEDS_CATALOG names the database of the index, and with
FEEDS_SYNC=0 it answers from what another process puts there. FEEDS_PROXIES is the number of proxies
in front of it whose X-Forwarded headers are to be believed; with FEEDS_ACCESS_LOG=1 it prints a
line for each request.
"""

from __future__ import annotations

import os
import posixpath
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from flask import Flask, Response, redirect, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.utils import send_file
from werkzeug.wsgi import ClosingIterator

from feeds.errors import ConfigurationError, FeedsError, NotReadyError
from feeds.model.document import MEDIA_AGE, SVG_POLICY, BadRequest, MediaFile, Redirect
from feeds.parsing.site_config import read_site_url
from feeds.web.refresher import Live
from feeds.web.responses import CachedDocument, preconditions_met

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: In seconds: how long the way to where something has moved may be kept.
_MOVED_AGE = 3600
#: In bytes, of a request: nothing here takes any.
_LONGEST_BODY = 16 * 1024
#: Files that are sent at the same time, by one process.
_MEDIA_AT_ONCE = 12
_PRECONDITIONS = ("HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE")
#: What stands in a path as it is (RFC 3986 §3.3).
_OF_A_PATH = "/:@!$&'()*+,;=~"
_CONDITIONS = "If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since"


def create_app(
    site: str | os.PathLike[str] | None = None, *, url: str = "", unpublished: bool = False
) -> Flask:
    """The WSGI application of a site: a folder, or a feeds.yaml.

    What is not given comes from the environment. Raises FeedsError where there is no such site.
    """

    def log(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    proxies = number_of_proxies()
    target = Path(site or os.environ.get("FEEDS_SITE") or os.curdir)
    live = Live(
        target,
        url=read_site_url(url or os.environ.get("FEEDS_URL", "")),
        address=os.environ.get("FEEDS_ADDRESS", ""),
        unpublished=unpublished or os.environ.get("FEEDS_UNPUBLISHED") == "1",
        syncs=os.environ.get("FEEDS_SYNC") != "0",
        indexed=os.environ.get("FEEDS_INDEXED") == "1",
        reported=os.environ.get("FEEDS_REPORTED") == "1",
        log=log,
    )
    # No static folder: every path belongs to the publication.
    app = Flask("feeds", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LONGEST_BODY
    app.extensions["feeds"] = live
    front: WSGIApplication = _Front(app.wsgi_app, live)
    if os.environ.get("FEEDS_ACCESS_LOG") == "1":
        front = partial(_logged, front)
    if proxies:
        front = ProxyFix(front, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=proxies)
    app.wsgi_app = front  # type: ignore[assignment, method-assign]  # as Flask's own documents do it

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    def published(path: str) -> Response:
        found = live.find(f"/{path}", request.query_string.decode("utf-8", "replace"))
        if isinstance(found, CachedDocument):
            # Flask takes the body of an answer to HEAD away by itself, and keeps its length.
            status, headers, body = found.answer(request.environ | {"REQUEST_METHOD": "GET"})
            return Response(body, status, headers)
        if isinstance(found, MediaFile):
            with suppress(OSError):  # gone, or out of reach since
                return _send(found)
        if isinstance(found, Redirect):
            moved = app.make_response(redirect(_relative(found.to, request.path), 301))
            moved.cache_control.max_age = _MOVED_AGE
            return moved
        if isinstance(found, BadRequest):
            return Response(found.document.body, 400, content_type=found.document.media_type)
        if live.was_published(f"/{path}"):
            return Response(f"/{path} is gone\n", 410, mimetype="text/plain")
        return Response(f"Nothing is published at /{path}\n", 404, mimetype="text/plain")

    @app.get("/healthz")
    def health() -> Response:
        age = live.age()
        response = Response(
            f'{{"status":"ok","synced_seconds_ago":{age:.1f}}}\n', mimetype="application/json"
        )
        response.cache_control.no_store = True
        return response

    @app.errorhandler(NotReadyError)
    def not_ready(error: NotReadyError) -> Response:
        headers = {"Retry-After": "2"}
        return Response(f"Not now: {error}\n", 503, headers, mimetype="text/plain")

    @app.errorhandler(FeedsError)
    def unavailable(error: FeedsError) -> Response:
        log(str(error))
        response = Response("The index of the articles cannot be read; try again\n", 503)
        response.headers["Retry-After"] = "5"
        response.mimetype = "text/plain"
        return response

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        if "Access-Control-Request-Method" in request.headers:
            # A script of any page may ask what has changed; nothing here knows who asks.
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
            response.headers["Access-Control-Allow-Headers"] = _CONDITIONS
            response.headers["Access-Control-Max-Age"] = "86400"
        return response

    return app


def number_of_proxies() -> int:
    """How many proxies in front of the app are believed. Raises ConfigurationError."""
    told = os.environ.get("FEEDS_PROXIES") or "0"
    if not told.isdecimal():
        raise ConfigurationError(f"FEEDS_PROXIES is {told!r}; it takes a number, such as 1")
    return int(told)


def _logged(
    app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """The app's answer, and a line about it in the common log format.

    What a client sends is written as a URL has it: no line of the log is a client's own.
    """

    def started(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        _weekday, day, month, year, clock, _zone = formatdate(usegmt=True).split()
        path = quote(environ["PATH_INFO"].encode("latin-1"), safe=_OF_A_PATH)
        query = quote(environ.get("QUERY_STRING", ""), safe=f"{_OF_A_PATH}?%")
        asked = f"{environ['REQUEST_METHOD']} {path}{'?' if query else ''}{query}"
        length = next((it for name, it in headers if name.lower() == "content-length"), "-")
        sys.stdout.write(
            f"{environ.get('REMOTE_ADDR') or '-'} - - [{day}/{month}/{year}:{clock} +0000]"
            f' "{asked} {environ.get("SERVER_PROTOCOL", "-")}" {status[:3]} {length}\n'
        )
        sys.stdout.flush()
        return start_response(status, headers, *error)

    return app(environ, started)


class _Front:
    """Answers what lies ready before Flask hears of it: most requests, and many times as fast."""

    def __init__(self, app: WSGIApplication, live: Live) -> None:
        self._app = app
        self._live = live

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        plain = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        if plain and (
            cached := self._live.cached(environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
        ):
            status, headers, body = cached.answer(environ)
            start_response(status, headers)
            # A list: granian sends its bytes as they are, and goes through all else piece by piece.
            return [body]
        return self._app(environ, start_response)


#: A slow client holds on to a thread for as long as it reads a file: some are left for the others.
_sending = threading.BoundedSemaphore(_MEDIA_AT_ONCE)


def _send(found: MediaFile) -> Response:
    environ = dict(request.environ)
    # A range that is none, or several at once, may be answered with the whole, and so is one of
    # more than there is (RFC 9110 §14.2, §14.1.2).
    asked = request.range
    if (
        not asked
        or asked.units != "bytes"
        or len(asked.ranges) > 1
        or request.method == "HEAD"
        or -(asked.ranges[0][0] or 0) > found.file.stat().st_size
    ):
        environ.pop("HTTP_RANGE", None)
    preconditions = {name: environ.pop(name, "") for name in _PRECONDITIONS}
    sent = send_file(
        found.file, environ, found.media_type, max_age=MEDIA_AGE, response_class=Response
    )
    response = cast(Response, sent)
    changed = int(found.file.stat().st_mtime)
    if not preconditions_met(preconditions, response.headers["ETag"], changed):
        response.close()
        return Response(status=412)
    if request.method == "HEAD":
        response.close()
    elif response.status_code in (200, 206):
        if not _sending.acquire(blocking=False):
            response.close()
            return Response("Too many downloads; try again\n", 503, {"Retry-After": "5"})
        # Of what is passed through, the server closes the pieces, and not the response.
        pieces = cast(Iterable[bytes], response.response)
        response.response = ClosingIterator(pieces, _sending.release)
    response.cache_control.public = False
    if found.media_type == "image/svg+xml":
        response.headers["Content-Security-Policy"] = SVG_POLICY
    return response


def _relative(to: str, path: str) -> str:
    """A path of the app, as seen from another: a proxy may have put both wherever it likes."""
    to, mark, query = to.partition("?")
    relative = posixpath.relpath(to, posixpath.dirname(path))
    return f"{relative}{'/' if to.endswith('/') else ''}{mark}{query}"
