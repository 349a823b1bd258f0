"""Feed documents, and those with the entries alone that a client does not have yet (RFC 3229)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from feeds.document import Document
from feeds.feed import Entry, Feed
from feeds.formats import Format, render


def feed_document(feed: Feed, format: Format) -> Document:
    """The feed in a format, with what is told of it in the headers."""
    links = ((feed.hub, "hub"), (feed.base + format.file_name, "self")) if feed.hub else ()
    is_closed = bool(feed.history.next)
    return Document(render(feed, format), format.content_type, is_closed, links)


def marks(feed: Feed, format: Format) -> frozenset[bytes]:
    """What tells the feed's entries apart, and each of them from what it was."""
    return frozenset(_mark(entry, format) for entry in feed.entries)


def newer(feed: Feed, format: Format, known: frozenset[bytes]) -> Document | None:
    """The document with the entries alone whose marks are not known; None where there are none."""
    entries = [entry for entry in feed.entries if _mark(entry, format) not in known]
    if not entries:
        return None
    # These are not all that there are.
    history = replace(feed.history, is_complete=False)
    return feed_document(replace(feed, entries=entries, history=history), format)


def _mark(entry: Entry, format: Format) -> bytes:
    return hashlib.sha256(entry.part(format.name)).digest()[:12]
