"""A podcast's metadata beyond the feed's title, description and language."""

from __future__ import annotations

from dataclasses import dataclass, field

ARTWORK_TYPES = ("image/jpeg", "image/png")
#: Width and height, in pixels.
MIN_ARTWORK, MAX_ARTWORK = 1400, 3000


@dataclass(frozen=True, slots=True)
class Podcast:
    """Metadata of one podcast."""

    #: URL of the artwork, or its path in the site.
    image: str = ""
    #: Pairs of a category and its subcategory, which may be empty.
    categories: tuple[tuple[str, str], ...] = ()
    explicit: bool = False
    #: Author, and contact for directories; empty for the site's author.
    author: str = ""
    owner_name: str = ""
    owner_email: str = ""
    #: "serial" (listened to in order), "episodic", or empty.
    type: str = ""
    copyright: str = ""
    #: Of the site's own podcast: the feed of all articles is a podcast too.
    everything: bool = False
    #: In feeds.yaml, for problems; not part of its identity.
    line: int = field(default=1, repr=False, compare=False)
