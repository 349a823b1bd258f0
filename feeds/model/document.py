"""Results of looking up a path: a document, a file of the site, a redirect or a bad request."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: A closed period changes only when an article is corrected or withdrawn.
_CLOSED_MAX_AGE_SECONDS = 7 * 24 * 60 * 60
#: In seconds: max-age of the site's own files.
MEDIA_AGE = 60
#: The headers of every response. Scripts of any site may read it: none depends on the user.
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Access-Control-Allow-Origin": "*",
    # Besides those that scripts may always read, such as Last-Modified (Fetch, "CORS-safelisted").
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Range, ETag, Link, Retry-After",
}
#: Of a response to OPTIONS: scripts may send conditions, and ask for parts of a file.
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-Match, If-Modified-Since, If-None-Match, If-Range,"
    " If-Unmodified-Since, Range",
    "Access-Control-Max-Age": "86400",
}
#: No other site may frame a page.
_PAGE_HEADERS = {"X-Frame-Options": "DENY", "Content-Security-Policy": "frame-ancestors 'none'"}


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes that are published at a path."""

    body: bytes
    #: For the Content-Type header.
    media_type: str
    #: True for a closed period of an archive.
    is_closed: bool = False
    #: URLs and relations, for the Link header (RFC 8288).
    links: tuple[tuple[str, str], ...] = ()

    @property
    def is_page(self) -> bool:
        """True for HTML."""
        return self.media_type.startswith("text/html")

    @property
    def headers(self) -> dict[str, str]:
        """Its headers besides COMMON_HEADERS."""
        return _PAGE_HEADERS if self.is_page else {}

    @property
    def digest(self) -> str:
        """SHA-256 prefix of the body; the base of its ETag."""
        return hashlib.sha256(self.body).hexdigest()[:32]

    def cache_control(self, max_age: int, stale_while_revalidate: int) -> str:
        """The Cache-Control header (RFC 9111 §5.2.2); takes the seconds that apply to feeds."""
        if self.is_closed:
            return f"max-age={_CLOSED_MAX_AGE_SECONDS}"
        if self.is_page:
            return "no-cache"
        stale = f", stale-while-revalidate={stale_while_revalidate}"
        return f"max-age={max_age}" + (stale if stale_while_revalidate else "")


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file of the site that is published as it is."""

    file: Path
    media_type: str

    @property
    def content_type(self) -> str:
        """For the Content-Type header."""
        is_text = self.media_type.startswith("text/") or self.media_type.endswith("+xml")
        return self.media_type + ("; charset=utf-8" if is_text else "")

    @property
    def headers(self) -> dict[str, str]:
        """Its headers besides COMMON_HEADERS."""
        # A script in an image must not run as the site's own.
        policy = {"Content-Security-Policy": "sandbox; default-src 'none'"}
        return policy if self.media_type == "image/svg+xml" else {}


@dataclass(frozen=True)
class Redirect:
    """A permanent redirect."""

    #: The path to redirect to.
    to: str
    #: Makes the stand-in; left out where only the live app redirects.
    render: Callable[[], Document] = field(
        default=lambda: Document(b"", "text/plain"), repr=False, compare=False
    )

    @cached_property
    def stand_in(self) -> Document:
        """The document for hosts that cannot redirect, rendered when it is first read."""
        return self.render()


@dataclass(frozen=True, slots=True)
class BadRequest:
    """A query that cannot be answered, with the reason in the document."""

    document: Document
