"""What a podcast says of itself beside its feed's title, description and language."""

from __future__ import annotations

from dataclasses import dataclass, field

#: What artwork may be; its sides in pixels.
ARTWORK_TYPES = ("image/jpeg", "image/png")
MIN_ARTWORK, MAX_ARTWORK = 1400, 3000


@dataclass(frozen=True, slots=True)
class Podcast:
    """What a podcast says of itself, beside its feed's title, description and language."""

    #: The artwork; a relative URL belongs to the site.
    image: str = ""
    #: Each with its subcategory, or an empty string.
    categories: tuple[tuple[str, str], ...] = ()
    explicit: bool = False
    #: Who makes it; empty: the site's author.
    author: str = ""
    #: Whom a directory writes to; empty: the site's author.
    owner_name: str = ""
    owner_email: str = ""
    #: "serial" where episodes are heard in their order, else "episodic", or empty.
    type: str = ""
    copyright: str = ""
    #: Whether the feed of everything is a podcast; said of the site's own alone.
    everything: bool = False
    #: In feeds.yaml. What is published does not follow from it.
    line: int = field(default=1, repr=False, compare=False)
