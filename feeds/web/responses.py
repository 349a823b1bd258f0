"""Turns a document into a response: content coding, validators, conditions, headers (RFC 9110).

It knows no framework, so that a cached document is sent without one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from typing import Any, TypeAlias

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_date, parse_etags

from feeds.compression import ENCODINGS, MIN_BYTES, encode
from feeds.model.document import SECURITY_HEADERS, Document

#: A status line, headers and a body, as WSGI has them.
WSGIResponse: TypeAlias = tuple[str, list[tuple[str, str]], bytes]
#: Longest Accept-Encoding header we parse.
MAX_ACCEPT_ENCODING_CHARS = 200
#: Media type sent to browsers, so that they display the feed.
_DISPLAYED_TYPE = "application/xml; charset=utf-8"
_OK, _NOT_MODIFIED, _PRECONDITION_FAILED = "200 OK", "304 Not Modified", "412 Precondition Failed"


@dataclass(slots=True)
class CachedDocument:
    """A document and its representations: each coding is made when it is first requested."""

    document: Document
    #: Time of the last change, in Unix seconds; None sends no Last-Modified.
    last_modified: int | None
    #: The value of the Cache-Control header.
    cache_control: str = field(default="no-cache", compare=False)
    #: Called after a new representation was made.
    on_growth: Callable[[], None] = field(default=lambda: None, compare=False, repr=False)
    _representations: dict[str, _Representation] = field(
        default_factory=dict, compare=False, repr=False
    )
    _lock: Any = field(default_factory=threading.Lock, compare=False, repr=False)

    @property
    def size(self) -> int:
        """Bytes of the body and of its encoded representations."""
        encoded = (len(kept.body) for coding, kept in self._representations.items() if coding)
        return len(self.document.body) + sum(encoded)

    def respond(self, environ: Mapping[str, Any]) -> WSGIResponse:
        """Return the response to a GET or HEAD request, conditional or not."""
        representation = self._negotiate(environ.get("HTTP_ACCEPT_ENCODING", ""))
        changed = self.last_modified
        # Two changes within one second get dates a second apart. A date in the future must not be
        # sent (RFC 9110 §8.8.2.1).
        if changed is not None and changed > time.time():
            changed = None
        status = _status(environ, representation.etag, changed)
        headers = representation.headers[status == _OK, changed is not None]
        # Chromium shows application/rss+xml as plain text, without its style.
        if environ.get("HTTP_SEC_FETCH_DEST") == "document" and _is_xml(self.document):
            type = self.document.media_type
            headers = [
                (name, _DISPLAYED_TYPE if field == type else field) for name, field in headers
            ]
        has_body = status == _OK and environ["REQUEST_METHOD"] != "HEAD"
        return status, headers, representation.body if has_body else b""

    def _negotiate(self, accept: str) -> _Representation:
        """Return the representation that the client prefers (RFC 9110 §12.5.3)."""
        body = self.document.body
        codings = _acceptable(accept) if accept and len(body) >= MIN_BYTES else ()
        coding = codings[0] if codings else ""
        if ready := self._representations.get(coding):
            return ready
        with self._lock:
            if coding not in self._representations:
                encoded = encode(body, coding) if coding else body
                self._representations[coding] = _represent(self, coding, encoded)
                if coding:
                    self.on_growth()
            return self._representations[coding]


@dataclass(frozen=True, slots=True)
class _Representation:
    body: bytes
    etag: str
    #: The headers, by (the response has the body, it has a Last-Modified).
    headers: dict[tuple[bool, bool], list[tuple[str, str]]]


def _represent(cached: CachedDocument, coding: str, body: bytes) -> _Representation:
    document = cached.document
    # Each representation has its own strong validator (RFC 9110 §8.8.3).
    etag = f'"{document.digest}{coding and "-"}{coding}"'
    vary = "Accept-Encoding, Sec-Fetch-Dest" if _is_xml(document) else "Accept-Encoding"
    without_body = [("ETag", etag), ("Cache-Control", cached.cache_control), ("Vary", vary)]
    without_body += (("Link", f'<{url}>; rel="{rel}"') for url, rel in document.links)
    without_body += SECURITY_HEADERS.items()
    if not document.media_type.startswith("text/html"):
        # Scripts of any site may read feeds.
        without_body.append(("Access-Control-Allow-Origin", "*"))
        without_body.append(("Access-Control-Expose-Headers", "ETag, Link"))
    whole = [("Content-Type", document.media_type), ("Content-Length", str(len(body)))]
    whole += without_body
    if coding:
        whole.append(("Content-Encoding", coding))
    dated = ("Last-Modified", formatdate(cached.last_modified, usegmt=True))
    headers = {(True, False): whole, (False, False): without_body}
    headers |= {(is_whole, True): [*fields, dated] for (is_whole, _), fields in headers.items()}
    return _Representation(body, etag, headers)


def _is_xml(document: Document) -> bool:
    return "+xml" in document.media_type


def preconditions_met(environ: Mapping[str, Any], etag: str, changed: int | None) -> bool:
    """Check If-Match and If-Unmodified-Since (RFC 9110 §13.1.1, §13.1.4)."""
    if match := environ.get("HTTP_IF_MATCH"):
        return parse_etags(match).contains(etag.strip('"'))
    if (since := environ.get("HTTP_IF_UNMODIFIED_SINCE")) and changed is not None:
        date = parse_date(since)
        return not date or date.timestamp() >= changed
    return True


def _status(environ: Mapping[str, Any], etag: str, changed: int | None) -> str:
    """Evaluate a request's conditions, in the order of RFC 9110 §13.2.2."""
    if not preconditions_met(environ, etag, changed):
        return _PRECONDITION_FAILED
    if none_match := environ.get("HTTP_IF_NONE_MATCH"):
        matches = none_match == etag or parse_etags(none_match).contains_weak(etag.strip('"'))
        return _NOT_MODIFIED if matches else _OK
    if (since := environ.get("HTTP_IF_MODIFIED_SINCE")) and changed is not None:
        date = parse_date(since)
        if date and date.timestamp() >= changed:
            return _NOT_MODIFIED
    return _OK


def _acceptable(header: str) -> tuple[str, ...]:
    """Return the content codings that the client prefers to none, best first."""
    return _parse_accept(header) if len(header) <= MAX_ACCEPT_ENCODING_CHARS else ()


@lru_cache(maxsize=256)
def _parse_accept(header: str) -> tuple[str, ...]:
    accept = parse_accept_header(header, Accept)
    # A client that does not mention identity prefers any coding to it.
    identity = accept.quality("identity") if "identity" in header.lower() else 0
    acceptable = [coding for coding in ENCODINGS.values() if 0 < accept.quality(coding) >= identity]
    # The sort is stable: ENCODINGS' order decides between equal qualities.
    return tuple(sorted(acceptable, key=lambda coding: -accept.quality(coding)))
