"""The live app: each path of the publication becomes an HTTP response."""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask, Response, redirect, request
from werkzeug.middleware.proxy_fix import ProxyFix

from feeds.catalog.database import waiting_at_most
from feeds.errors import FeedsError, NotReadyError
from feeds.model.document import COMMON_HEADERS, PREFLIGHT_HEADERS, BadRequest, MediaFile, Redirect
from feeds.text.repair import shown
from feeds.web.access_log import log_requests
from feeds.web.gateway import Gateway, respond_busy
from feeds.web.live_site import INDEX_WAIT_SECONDS, LiveSite
from feeds.web.media import respond_with_file
from feeds.web.responses import CachedDocument
from feeds.web.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: Time for which a client may cache a redirect.
REDIRECT_AGE_SECONDS = 3600
#: Time for which a client may take a document to be gone for good.
GONE_AGE_SECONDS = 24 * 60 * 60
#: No request here needs a body.
MAX_BODY_BYTES = 16 * 1024


def create_app(
    site: str | os.PathLike[str] | None = None, *, url: str = "", unpublished: bool = False
) -> Flask:
    """Return the WSGI application of a site: a folder, or a feeds.yaml.

    Arguments left out come from the environment. Raises FeedsError.
    """
    return build_app(Settings.from_environment(site, url=url, unpublished=unpublished))


def build_gateway(settings: Settings) -> Gateway:
    """Return the RSGI application for these settings. Raises FeedsError."""
    app = build_app(settings)
    busy = _wrap(respond_busy, settings)
    return Gateway(app.extensions["feeds"], app.wsgi_app, busy, logs_requests=settings.access_log)


def build_app(settings: Settings) -> Flask:
    """Return the WSGI application for these settings. Raises FeedsError."""

    def log(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    site = LiveSite(settings, log=log)
    # No static folder: every path belongs to the publication.
    app = Flask("feeds", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions["feeds"] = site
    outermost = _wrap(partial(_respond_from_cache, site, app.wsgi_app), settings)
    app.wsgi_app = outermost  # type: ignore[assignment, method-assign]  # as Flask's own documents do it

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
                status, headers, file = respond_with_file(resource, request.environ)
                return Response(file, status, headers, direct_passthrough=True)
        if isinstance(resource, Redirect):
            response = app.make_response(redirect(_relative(resource.to, request.path), 301))
            response.cache_control.max_age = REDIRECT_AGE_SECONDS
            return response
        if isinstance(resource, BadRequest):
            document = resource.document
            return Response(document.body, 400, document.headers, content_type=document.media_type)
        if site.is_gone_for_good(f"/{path}"):
            response = Response(f"/{shown(path)} is gone\n", 410, mimetype="text/plain")
            response.cache_control.max_age = GONE_AGE_SECONDS
            return response
        # Something may be published there at any moment.
        kept = {"Cache-Control": "no-cache"}
        text = f"Nothing is published at /{shown(path)}\n"
        return Response(text, 404, kept, mimetype="text/plain")

    @app.get("/healthz")
    def health() -> tuple[dict[str, object], dict[str, str]]:
        seconds = round(site.age(), 1)
        return {"status": "ok", "synced_seconds_ago": seconds}, {"Cache-Control": "no-store"}

    @app.errorhandler(FeedsError)
    def unavailable(error: FeedsError) -> Response:
        body, pause = f"Not ready: {error}\n", "2"
        if not isinstance(error, NotReadyError):
            log(str(error))
            body, pause = "The index of the articles is unavailable; try again\n", "5"
        return Response(body, 503, {"Retry-After": pause}, mimetype="text/plain")

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in COMMON_HEADERS.items():
            response.headers.setdefault(name, value)
        if "Access-Control-Request-Method" in request.headers:
            response.headers.update(PREFLIGHT_HEADERS)
        return response

    return app


def _wrap(app: WSGIApplication, settings: Settings) -> WSGIApplication:
    """Log an app's requests if the settings say so, by the clients' addresses behind proxies."""
    if settings.access_log:
        app = partial(log_requests, app)
    if count := settings.proxies:
        app = ProxyFix(app, x_for=count, x_proto=count, x_host=count, x_prefix=count)
    return app


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
    with waiting_at_most(INDEX_WAIT_SECONDS):
        return app(environ, start_response)


def _relative(to: str, path: str) -> str:
    """Return a path relative to another: a proxy may have mounted the app under any prefix."""
    to, question_mark, query = to.partition("?")
    relative = posixpath.relpath(to, posixpath.dirname(path))
    return f"{relative}{'/' if to.endswith('/') else ''}{question_mark}{query}"
