"""The formats of a feed, and the one function that renders them.

    render(feed, format) → bytes

A renderer knows the neutral Feed and nothing of any other renderer, of paths or of files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from feeds.feed import Feed


@dataclass(frozen=True, slots=True)
class Format:
    """A format of a feed: what it is called, and what its documents are."""

    #: As people know it.
    name: str
    file_name: str
    #: As a feed's own links write it (RFC 4287 §4.2.7.3): without parameters.
    media_type: str
    #: The module and the function in it that renders a feed: imported when it is first needed.
    renderer: tuple[str, str]


RSS = Format("RSS", "rss.xml", "application/rss+xml", ("feeds.formats.syndication", "render_rss"))
ATOM = Format(
    "Atom", "atom.xml", "application/atom+xml", ("feeds.formats.syndication", "render_atom")
)
JSON = Format(
    "JSON Feed", "feed.json", "application/feed+json", ("feeds.formats.json_feed", "render_json")
)
FORMATS = (RSS, ATOM, JSON)


def render(feed: Feed, format: Format) -> bytes:
    """The feed's document in a format, in UTF-8. The same feed always gives the same bytes."""
    module, function = format.renderer
    renderer: Callable[[Feed, str], bytes] = getattr(import_module(module), function)
    return renderer(feed, feed.base + format.file_name)
