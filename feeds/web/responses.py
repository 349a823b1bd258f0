"""What a client is answered of a document: its encodings, validators and headers (RFC 9110).

It knows of no framework, so that a hot document can be answered in front of one. A document is
encoded once for each encoding, whoever asks for it.
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

from feeds.compression import ENCODINGS, MIN_SIZE, encode
from feeds.model.document import Document

#: A status line, headers and a body, as WSGI has them.
WSGIResponse: TypeAlias = tuple[str, list[tuple[str, str]], bytes]
#: In characters: what is longer is no browser's.
_LONGEST_ACCEPT = 200


@dataclass(slots=True)
class CachedDocument:
    """A document, and when its bytes last changed, in seconds since 1970."""

    document: Document
    #: None where that is not known.
    changed: int | None
    #: As the Cache-Control header has it.
    cache_control: str = field(default="no-cache", compare=False)
    #: Is told by how many bytes it grows.
    on_size_change: Callable[[int], None] = field(
        default=lambda _size: None, compare=False, repr=False
    )
    _encoded: dict[str, _Representation] = field(default_factory=dict, compare=False, repr=False)
    _lock: Any = field(default_factory=threading.Lock, compare=False, repr=False)

    def answer(self, environ: Mapping[str, Any]) -> WSGIResponse:
        """The answer to a GET or HEAD request, whose conditions are looked at."""
        chosen = self._chosen(environ.get("HTTP_ACCEPT_ENCODING", ""))
        told = self.changed
        # A date that lies ahead tells two changes within one second apart; it is told once it has
        # come (RFC 9110 §8.8.2.1).
        if told is not None and told > time.time():
            told = None
        status = _status(environ, chosen.etag, told)
        headers = chosen.headers[status == _OK, told is not None]
        # Chromium shows what has a feed's own type as text, tags and all, and not with its style.
        if environ.get("HTTP_SEC_FETCH_DEST") == "document" and _is_xml(self.document):
            headers = [(name, _SHOWN if name == "Content-Type" else it) for name, it in headers]
        is_whole = status == _OK and environ["REQUEST_METHOD"] != "HEAD"
        return status, headers, chosen.body if is_whole else b""

    def _chosen(self, accepted: str) -> _Representation:
        """The representation that the client likes best (RFC 9110 §12.5.3)."""
        body = self.document.body
        liked = _accepted(accepted) if accepted and len(body) >= MIN_SIZE else ()
        encoding = liked[0] if liked else ""
        if found := self._encoded.get(encoding):
            return found
        with self._lock:
            if encoding not in self._encoded:
                encoded = encode(body, encoding) if encoding else body
                self._encoded[encoding] = _represent(self, encoding, encoded)
                if encoding:
                    self.on_size_change(len(encoded))
            return self._encoded[encoding]


@dataclass(frozen=True, slots=True)
class _Representation:
    body: bytes
    etag: str
    #: By whether the answer has the body, and by whether it tells when that last changed.
    headers: dict[tuple[bool, bool], list[tuple[str, str]]]


def _represent(cached: CachedDocument, encoding: str, body: bytes) -> _Representation:
    document = cached.document
    # Each representation has a strong validator of its own (RFC 9110 §8.8.3).
    etag = f'"{document.digest}{encoding and "-"}{encoding}"'
    is_page = document.media_type.startswith("text/html")
    vary = "Accept-Encoding"
    vary += ", Sec-Fetch-Dest" if _is_xml(document) else ""
    about = [("ETag", etag), ("Cache-Control", cached.cache_control), ("Vary", vary)]
    about += (("Link", f'<{url}>; rel="{rel}"') for url, rel in document.links)
    about += _PROTECTING
    if not is_page:
        # Feeds are for everybody's scripts too.
        about.append(("Access-Control-Allow-Origin", "*"))
        about.append(("Access-Control-Expose-Headers", "ETag, Link"))
    whole = [("Content-Type", document.media_type), ("Content-Length", str(len(body))), *about]
    if encoding:
        whole.append(("Content-Encoding", encoding))
    date = ("Last-Modified", formatdate(cached.changed, usegmt=True))
    headers = {(True, False): whole, (False, False): about}
    headers |= {(is_whole, True): [*each, date] for (is_whole, _), each in headers.items()}
    return _Representation(body, etag, headers)


def _is_xml(document: Document) -> bool:
    return "+xml" in document.media_type


#: What a feed is to a browser that is to show it.
_SHOWN = "application/xml; charset=utf-8"
_OK, _NOT_MODIFIED, _FAILED = "200 OK", "304 Not Modified", "412 Precondition Failed"
_PROTECTING = [("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer")]


def preconditions_met(environ: Mapping[str, Any], etag: str, changed: int | None) -> bool:
    """Whether what a request wants to be so is so (RFC 9110 §13.1.1, §13.1.4)."""
    if match := environ.get("HTTP_IF_MATCH"):
        return parse_etags(match).contains(etag.strip('"'))
    if (since := environ.get("HTTP_IF_UNMODIFIED_SINCE")) and changed is not None:
        date = parse_date(since)
        return not date or date.timestamp() >= changed
    return True


def _status(environ: Mapping[str, Any], etag: str, changed: int | None) -> str:
    """What the request's conditions come to, in the order of RFC 9110 §13.2.2."""
    bare = etag.strip('"')
    if not preconditions_met(environ, etag, changed):
        return _FAILED
    if none_match := environ.get("HTTP_IF_NONE_MATCH"):
        is_known = none_match == etag or parse_etags(none_match).contains_weak(bare)
        return _NOT_MODIFIED if is_known else _OK
    if (since := environ.get("HTTP_IF_MODIFIED_SINCE")) and changed is not None:
        date = parse_date(since)
        if date and date.timestamp() >= changed:
            return _NOT_MODIFIED
    return _OK


def _accepted(header: str) -> tuple[str, ...]:
    """The encodings that a client likes better than none, the best first."""
    return _parsed(header) if len(header) <= _LONGEST_ACCEPT else ()


@lru_cache(maxsize=256)
def _parsed(header: str) -> tuple[str, ...]:
    accept = parse_accept_header(header, Accept)
    # Whoever does not say how well it likes the plain document likes any encoding better.
    plain = accept.quality("identity") if "identity" in header.lower() else 0
    liked = [each for each in ENCODINGS if 0 < accept.quality(each) >= plain]
    # Of those liked alike, the order of ENCODINGS stays.
    return tuple(sorted(liked, key=lambda each: -accept.quality(each)))
