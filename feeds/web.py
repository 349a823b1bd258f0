"""The live app: a path is looked up, and what is found becomes a response. HTTP only.

Which site it serves comes from FEEDS_SITE, else the working folder; FEEDS_URL says where it is
published, FEEDS_UNPUBLISHED=1 shows drafts, FEEDS_CATALOG names the database of the index, and with
FEEDS_SYNC=0 it answers from what another process puts there.
"""

from __future__ import annotations

import os
import posixpath
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from flask import Flask, Response, redirect, request
from werkzeug.utils import send_file

from feeds.errors import FeedsError, NotReadyError
from feeds.live import Dated, Live
from feeds.publication import MediaFile, Redirect, Refusal
from feeds.site import read_site_url

# In seconds. Readers poll by the hour; a proxy in between may answer for a minute.
_FEED_AGE = 60
# What was closed changes only where an article is corrected or taken back: a week, at worst.
_CLOSED_AGE = 7 * 24 * 60 * 60


def create_app(
    site: str | os.PathLike[str] | None = None, *, url: str = "", unpublished: bool = False
) -> Flask:
    """The WSGI application of a site: a folder, or a feeds.yaml.

    What is not given comes from the environment. Raises FeedsError where there is no such site.
    """

    def log(line: str) -> None:
        sys.stderr.write(f"{line}\n")

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
    app.extensions["feeds"] = live

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    def published(path: str) -> Response:
        found = live.find(f"/{path}", request.query_string.decode("utf-8", "replace"))
        if isinstance(found, Dated):
            return _respond(found)
        if isinstance(found, MediaFile):
            with suppress(OSError):  # gone, or out of reach since
                return _send(found)
        if isinstance(found, Redirect):
            return app.make_response(redirect(_relative(found.to, request.path), 301))
        if isinstance(found, Refusal):
            return Response(found.document.body, 400, content_type=found.document.media_type)
        return Response(f"Nothing is published at /{path}\n", 404, mimetype="text/plain")

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
        return response

    return app


def _respond(found: Dated) -> Response:
    response = Response(found.document.body, content_type=found.document.media_type)
    response.set_etag(found.document.digest)
    # A date that lies ahead tells two changes within one second apart; it is told once it has come
    # (RFC 9110 §8.8.2.1).
    if found.changed is not None and found.changed <= datetime.now(UTC).timestamp():
        response.last_modified = datetime.fromtimestamp(found.changed, UTC)
    response.cache_control.public = True
    if found.document.media_type.startswith("text/html"):
        response.cache_control.no_cache = True
    else:
        response.cache_control.max_age = _CLOSED_AGE if found.document.is_closed else _FEED_AGE
    response.make_conditional(request)
    if response.status_code == 412:
        response.set_data(b"")
    return response


def _send(found: MediaFile) -> Response:
    environ = dict(request.environ)
    # A range that is none, or several at once, may be answered with the whole (RFC 9110 §14.2).
    asked = request.range
    if not asked or asked.units != "bytes" or len(asked.ranges) > 1:
        environ.pop("HTTP_RANGE", None)
    sent = send_file(
        found.file, environ, found.media_type, max_age=_FEED_AGE, response_class=Response
    )
    response = cast(Response, sent)
    response.cache_control.public = True
    if found.media_type == "image/svg+xml":
        # A drawing may hold a script, which must not run as this site's own.
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _relative(to: str, path: str) -> str:
    """A path of the app, as seen from another: a proxy may have put both wherever it likes."""
    to, mark, query = to.partition("?")
    relative = posixpath.relpath(to, posixpath.dirname(path))
    return f"{relative}{'/' if to.endswith('/') else ''}{mark}{query}"
