"""The criteria by which a feed selects articles."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Selection:
    """Criteria that an article must all meet; an empty field is no criterion.

    Topics are in any spelling; PublishedArticles resolves them.
    """

    #: The article has at least one, every one, and none of these topics.
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    #: A provider's name or domain.
    provider: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    #: An article without a quality does not meet it.
    min_quality: float | None = None
    #: Back from the newest article of the site, not from the clock.
    since: timedelta | None = None
    #: A search of title, excerpt and body, as search_terms.canonical() returns it.
    q: str = ""
    #: Only articles with an audio or video file.
    has_recording: bool = False
