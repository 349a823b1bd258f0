"""Turns a document into a response: encoding, validators, conditions, headers (RFC 9110).

It knows no framework, so that a cached document is sent without one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_date, parse_etags

from feeds.compression import ENCODINGS, MIN_BYTES, encode
from feeds.model.document import COMMON_HEADERS, Document

#: A status line, headers and a body, as WSGI has them.
WSGIResponse: TypeAlias = tuple[str, list[tuple[str, str]], bytes]
#: Longest Accept-Encoding header we parse.
MAX_ACCEPT_ENCODING_CHARS = 200
#: Longest date of a header that we parse.
MAX_DATE_CHARS = 100
#: Media type sent to browsers, so that they display the feed.
_DISPLAYED_TYPE = "application/xml; charset=utf-8"
OK = "200 OK"


@dataclass(slots=True)
class CachedDocument:
    """A document and its representations: each encoding is made when it is first requested."""

    document: Document
    #: Time of the last change, in Unix seconds; None sends no Last-Modified.
    last_modified: int | None
    #: The value of the Cache-Control header.
    cache_control: str = field(default="no-cache", compare=False)
    #: Called after a new representation was made.
    on_growth: Callable[[], None] = field(default=lambda: None, compare=False, repr=False)
    _by_encoding: dict[str, _Representation] = field(init=False, compare=False, repr=False)
    _lock: Any = field(default_factory=threading.Lock, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._by_encoding = {"": self._represent("", self.document.body)}

    @property
    def size(self) -> int:
        """Bytes of the body and of its encoded representations."""
        return sum(len(representation.body) for representation in self._by_encoding.values())

    def respond(self, environ: Mapping[str, Any]) -> WSGIResponse:
        """Return the response to a GET or HEAD request, conditional or not."""
        representation = self._negotiate(environ.get("HTTP_ACCEPT_ENCODING", ""))
        changed = self.last_modified
        # Two changes within one second get dates a second apart. A date in the future must not be
        # sent (RFC 9110 §8.8.2.1).
        if changed is not None and changed > time.time():
            changed = None
        status = evaluate_conditions(environ, representation.etag, changed)
        headers = representation.headers if status == OK else representation.headers_without_body
        if changed != self.last_modified:
            headers = [(name, value) for name, value in headers if name != "Last-Modified"]
        # Chromium shows application/rss+xml as plain text, without its style.
        if environ.get("HTTP_SEC_FETCH_DEST") == "document" and _is_xml(self.document):
            shown = ("Content-Type", _DISPLAYED_TYPE)
            headers = [shown if header[0] == shown[0] else header for header in headers]
        has_body = status == OK and environ["REQUEST_METHOD"] != "HEAD"
        return status, headers, representation.body if has_body else b""

    def is_encoded_for(self, accepted: str) -> bool:
        """True if the representation for an Accept-Encoding header has been made."""
        return self._encoding_for(accepted) in self._by_encoding

    def _encoding_for(self, accepted: str) -> str:
        is_long = len(self.document.body) >= MIN_BYTES
        is_encoded = is_long and 0 < len(accepted) <= MAX_ACCEPT_ENCODING_CHARS
        return _preferred_encoding(accepted) if is_encoded else ""

    def _negotiate(self, accepted: str) -> _Representation:
        """Return the representation that the client prefers (RFC 9110 §12.5.3)."""
        encoding, body = self._encoding_for(accepted), self.document.body
        if encoding not in self._by_encoding:
            with self._lock:
                if encoding not in self._by_encoding:
                    self._by_encoding[encoding] = self._represent(encoding, encode(body, encoding))
                    self.on_growth()
        return self._by_encoding[encoding]

    def _represent(self, encoding: str, body: bytes) -> _Representation:
        document = self.document
        # Each representation has its own strong validator (RFC 9110 §8.8.3).
        etag = f'"{document.digest}{encoding and "-"}{encoding}"'
        vary = "Accept-Encoding, Sec-Fetch-Dest" if _is_xml(document) else "Accept-Encoding"
        headers = [("ETag", etag), ("Cache-Control", self.cache_control), ("Vary", vary)]
        headers += (("Link", f'<{url}>; rel="{rel}"') for url, rel in document.links)
        headers += {**COMMON_HEADERS, **document.headers}.items()
        if self.last_modified is not None:
            headers.append(("Last-Modified", formatdate(self.last_modified, usegmt=True)))
        of_body = [("Content-Type", document.media_type), ("Content-Length", str(len(body)))]
        if encoding:
            of_body.append(("Content-Encoding", encoding))
        return _Representation(body, etag, [*of_body, *headers], headers)


class _Representation(NamedTuple):
    body: bytes
    etag: str
    headers: list[tuple[str, str]]
    headers_without_body: list[tuple[str, str]]


def _is_xml(document: Document) -> bool:
    return "+xml" in document.media_type


def evaluate_conditions(environ: Mapping[str, Any], etag: str, changed: int | None) -> str:
    """Return the status for a request's conditions, in the order of RFC 9110 §13.2.2."""
    if match := environ.get("HTTP_IF_MATCH"):
        is_expected = parse_etags(match).contains(etag.strip('"'))
    else:
        since = read_date(environ.get("HTTP_IF_UNMODIFIED_SINCE"))
        is_expected = since is None or changed is None or since >= changed
    if not is_expected:
        return "412 Precondition Failed"
    if none_match := environ.get("HTTP_IF_NONE_MATCH"):
        is_same = none_match == etag or parse_etags(none_match).contains_weak(etag.strip('"'))
    else:
        since = read_date(environ.get("HTTP_IF_MODIFIED_SINCE"))
        if since is None or changed is None:
            return OK
        # A date ahead of the clock is no date of ours, or was when the clock was wrong.
        is_same = changed <= since <= time.time()
    return "304 Not Modified" if is_same else OK


def read_date(value: str | None) -> float | None:
    """Return a date of a header in Unix seconds, or None: one that is no date is ignored."""
    if not value or len(value) > MAX_DATE_CHARS:
        return None
    with suppress(ValueError, OverflowError):
        date = parse_date(value)
        return date.timestamp() if date else None
    return None


@lru_cache(maxsize=256)
def _preferred_encoding(accepted: str) -> str:
    accept = parse_accept_header(accepted, Accept)
    # A client that does not mention identity prefers any encoding to it.
    identity = accept.quality("identity") if "identity" in accepted.lower() else 0
    acceptable = [name for name in ENCODINGS.values() if 0 < accept.quality(name) >= identity]
    # The first of equal qualities: the order of ENCODINGS decides.
    return max(acceptable, key=accept.quality, default="")
