"""The live app: each path of the publication becomes an HTTP response.

FEEDS_SITE names the site, else it is the working folder; FEEDS_URL says where it is published,
FEEDS_UNPUBLISHED=1 shows drafts, FEEDS_CATALOG names the database of the index, FEEDS_SYNC=0 serves
the index that another process updates, and FEEDS_PROXIES is the number of proxies in front whose
X-Forwarded headers are trusted.
"""

from __future__ import annotations

import os
import posixpath
import sys
import threading
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from flask import Flask, Response, redirect, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.utils import send_file
from werkzeug.wsgi import ClosingIterator

from feeds.errors import FeedsError, NotReadyError
from feeds.model.document import MEDIA_AGE, SECURITY_HEADERS, BadRequest, MediaFile, Redirect
from feeds.web.live_site import LiveSite
from feeds.web.responses import CachedDocument, preconditions_met
from feeds.web.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: Time for which a client may cache a redirect.
REDIRECT_AGE_SECONDS = 3600
#: No request here needs a body.
MAX_BODY_BYTES = 16 * 1024
#: A slow client occupies a thread while it downloads a file: some are left for other requests.
MAX_DOWNLOADS = 12
_PRECONDITIONS = ("HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE")
_CONDITIONS = "If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since"
#: Characters that a path may have unescaped (RFC 3986 §3.3).
_PATH_CHARS = "/:@!$&'()*+,;=~"


def create_app(
    site: str | os.PathLike[str] | None = None, *, url: str = "", unpublished: bool = False
) -> Flask:
    """Return the WSGI application of a site: a folder, or a feeds.yaml.

    Arguments left out come from the environment. Raises FeedsError.
    """
    return build_app(Settings.from_environment(site, url=url, unpublished=unpublished))


def build_app(settings: Settings) -> Flask:
    """Return the WSGI application for these settings. Raises FeedsError."""

    def log(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    site = LiveSite(settings, log=log)
    downloads = threading.BoundedSemaphore(MAX_DOWNLOADS)
    # No static folder: every path belongs to the publication.
    app = Flask("feeds", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions["feeds"] = site
    outer: WSGIApplication = partial(_respond_from_cache, site, app.wsgi_app)
    if settings.access_log:
        outer = partial(_log_requests, outer)
    if count := settings.proxies:
        outer = ProxyFix(outer, x_for=count, x_proto=count, x_host=count, x_prefix=count)
    app.wsgi_app = outer  # type: ignore[assignment, method-assign]  # as Flask's own documents do it

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    def published(path: str) -> Response:
        resource = site.find(f"/{path}", request.query_string.decode("utf-8", "replace"))
        if isinstance(resource, CachedDocument):
            # Flask itself drops the body of a response to HEAD, and keeps its length.
            status, headers, body = resource.respond(request.environ | {"REQUEST_METHOD": "GET"})
            return Response(body, status, headers)
        if isinstance(resource, MediaFile):
            with suppress(OSError):  # deleted or unreadable by now
                return _send_media(resource, downloads)
        if isinstance(resource, Redirect):
            response = app.make_response(redirect(_relative(resource.to, request.path), 301))
            response.cache_control.max_age = REDIRECT_AGE_SECONDS
            return response
        if isinstance(resource, BadRequest):
            return Response(resource.document.body, 400, content_type=resource.document.media_type)
        if site.was_published(f"/{path}"):
            return Response(f"/{path} is gone\n", 410, mimetype="text/plain")
        return Response(f"Nothing is published at /{path}\n", 404, mimetype="text/plain")

    @app.get("/healthz")
    def health() -> Response:
        body = f'{{"status":"ok","synced_seconds_ago":{site.age():.1f}}}\n'
        response = Response(body, mimetype="application/json")
        response.cache_control.no_store = True
        return response

    @app.errorhandler(NotReadyError)
    def not_ready(error: NotReadyError) -> Response:
        headers = {"Retry-After": "2"}
        return Response(f"Not ready: {error}\n", 503, headers, mimetype="text/plain")

    @app.errorhandler(FeedsError)
    def unavailable(error: FeedsError) -> Response:
        log(str(error))
        body = "The index of the articles is unavailable; try again\n"
        return Response(body, 503, {"Retry-After": "5"}, mimetype="text/plain")

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(SECURITY_HEADERS)
        if "Access-Control-Request-Method" in request.headers:
            # Scripts of any site may send conditional requests: no response depends on the user.
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
            response.headers["Access-Control-Allow-Headers"] = _CONDITIONS
            response.headers["Access-Control-Max-Age"] = "86400"
        return response

    return app


def _log_requests(
    app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Call the app, and print a line in the common log format.

    Text of the client is percent-encoded, so that it cannot forge a line.
    """

    def log_and_start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        _weekday, day, month, year, clock, _zone = formatdate(usegmt=True).split()
        path = quote(environ["PATH_INFO"].encode("latin-1"), safe=_PATH_CHARS)
        query = quote(environ.get("QUERY_STRING", ""), safe=f"{_PATH_CHARS}?%")
        target = f"{environ['REQUEST_METHOD']} {path}{'?' if query else ''}{query}"
        lengths = (value for name, value in headers if name.lower() == "content-length")
        sys.stdout.write(
            f"{environ.get('REMOTE_ADDR') or '-'} - - [{day}/{month}/{year}:{clock} +0000]"
            f' "{target} {environ.get("SERVER_PROTOCOL", "-")}" {status[:3]} {next(lengths, "-")}\n'
        )
        sys.stdout.flush()
        return start_response(status, headers, *error)

    return app(environ, log_and_start)


def _respond_from_cache(
    site: LiveSite, app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Send a cached document without Flask, many times as fast; else call the app."""
    if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        cached = site.cached(environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
        if cached:
            status, headers, body = cached.respond(environ)
            start_response(status, headers)
            # A list: granian sends its bytes as they are, and iterates over anything else.
            return [body]
    return app(environ, start_response)


def _send_media(media: MediaFile, downloads: threading.BoundedSemaphore) -> Response:
    environ = dict(request.environ)
    # A Range that is invalid or has several parts may be ignored, and so may a suffix longer than
    # the file (RFC 9110 §14.2, §14.1.2).
    if (
        not (requested := request.range)
        or requested.units != "bytes"
        or len(requested.ranges) > 1
        or request.method == "HEAD"
        or -(requested.ranges[0][0] or 0) > media.file.stat().st_size
    ):
        environ.pop("HTTP_RANGE", None)
    preconditions = {name: environ.pop(name, "") for name in _PRECONDITIONS}
    sent = send_file(
        media.file, environ, media.media_type, max_age=MEDIA_AGE, response_class=Response
    )
    response = cast(Response, sent)
    changed = int(media.file.stat().st_mtime)
    if not preconditions_met(preconditions, response.headers["ETag"], changed):
        response.close()
        return Response(status=412)
    if request.method == "HEAD":
        response.close()
    elif response.status_code in (200, 206):
        if not downloads.acquire(blocking=False):
            response.close()
            return Response("Too many downloads; try again\n", 503, {"Retry-After": "5"})
        # A stack releases once, however often the server closes the body. It is the body that
        # servers close here: the response is in direct passthrough.
        release = ExitStack()
        release.callback(downloads.release)
        body = cast(Iterable[bytes], response.response)
        response.response = ClosingIterator(body, release.close)
    response.cache_control.public = False
    response.headers.update(media.headers)
    return response


def _relative(to: str, path: str) -> str:
    """Return a path relative to another: a proxy may have mounted the app under any prefix."""
    to, question_mark, query = to.partition("?")
    relative = posixpath.relpath(to, posixpath.dirname(path))
    return f"{relative}{'/' if to.endswith('/') else ''}{question_mark}{query}"
