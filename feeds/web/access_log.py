"""Prints a line for each request, in the combined log format.

It has the User-Agent, in which hosted readers say how many people subscribed to a feed.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: Characters of a client's text that are printed: several processes share the output.
_MAX_CHARS = 1_000
#: Characters that a path may have unescaped (RFC 3986 §3.3).
_PATH_CHARS = "/:@!$&'()*+,;=~"
#: Characters with which a client could forge a field or a line.
_UNSAFE = re.compile(r"[^ !#-\[\]-~]")
_UNSAFE_IN_ADDRESS = re.compile(r"[^0-9A-Za-z.:_-]")


def log_requests(
    app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Call the app, and print a line about the request and the response."""

    def log_and_start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        log_response(environ, status, headers)
        return start_response(status, headers, *error)

    return app(environ, log_and_start)


def log_response(environ: WSGIEnvironment, status: str, headers: list[tuple[str, str]]) -> None:
    """Print a line about a request and its response."""
    moment = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    path = quote(environ["PATH_INFO"].encode("latin-1")[:_MAX_CHARS], safe=_PATH_CHARS)
    query = quote(environ.get("QUERY_STRING", "")[:_MAX_CHARS], safe=f"{_PATH_CHARS}?%")
    request = (
        f"{_escape(environ['REQUEST_METHOD'])} {path}{query and '?'}{query}"
        f" {environ.get('SERVER_PROTOCOL', '-')}"
    )
    has_body = environ["REQUEST_METHOD"] != "HEAD"
    length = dict(headers).get("Content-Length", "-") if has_body else "-"
    referrer, user_agent = (
        _escape(environ.get(name) or "-") for name in ("HTTP_REFERER", "HTTP_USER_AGENT")
    )
    address = _escape(environ.get("REMOTE_ADDR") or "-", _UNSAFE_IN_ADDRESS)
    sys.stdout.write(
        f'{address} - - [{moment}] "{request}" {status[:3]} {length} "{referrer}" "{user_agent}"\n'
    )
    sys.stdout.flush()


def _escape(text: str, unsafe: re.Pattern[str] = _UNSAFE) -> str:
    r"""Write characters as nginx does: a quotation mark as \x22."""

    def escaped(match: re.Match[str]) -> str:
        # A string of WSGI has a character for each byte.
        return "".join(f"\\x{byte:02X}" for byte in match[0].encode("latin-1", "replace"))

    return unsafe.sub(escaped, text[:_MAX_CHARS])
