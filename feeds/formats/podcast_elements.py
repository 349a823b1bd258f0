"""What RSS says of podcasts and their episodes, beside what feedgen's extension writes.

Apple's tags (its guide to RSS for podcasters), and those of the podcast namespace, which is called
Podcasting 2.0 (https://podcastindex.org/namespace/1.0).
"""

from __future__ import annotations

from collections.abc import Iterator

import lxml.etree as etree

from feeds.model.article import Article, Episode, Image
from feeds.model.podcast import ARTWORK_TYPES, MAX_ARTWORK, MIN_ARTWORK, Podcast

_ITUNES_NS = "http://www.itunes.com/dtds/podcast-1.0.dtd"
_PODCAST_NS = "https://podcastindex.org/namespace/1.0"
#: For a document that has episodes: some readers take whatever declares these for a podcast.
EPISODE_NAMESPACES = {"itunes": _ITUNES_NS, "podcast": _PODCAST_NS}


def show_elements(podcast: Podcast) -> Iterator[etree._Element]:
    """What feedgen lacks of a channel."""
    if podcast.image:
        # Its own takes no .jpeg and no query.
        yield _element(_ITUNES_NS, "image", href=podcast.image)
    yield _explicit(podcast.explicit)


def episode_elements(article: Article, episode: Episode) -> Iterator[etree._Element]:
    """What feedgen lacks of an item."""
    if episode.explicit is not None:
        yield _explicit(episode.explicit)
    if artwork := next(filter(_is_artwork, article.images), None):
        yield _element(_ITUNES_NS, "image", href=artwork.url)
    if episode.season:
        yield _element(_PODCAST_NS, "season", str(episode.season))
    if episode.number:
        yield _element(_PODCAST_NS, "episode", str(episode.number))
    for each in episode.transcripts:
        yield _element(
            _PODCAST_NS, "transcript", url=each.url, type=each.media_type, language=each.language
        )
    if episode.chapters:
        media_type = "application/json+chapters"
        yield _element(_PODCAST_NS, "chapters", url=episode.chapters, type=media_type)
    for person in episode.people:
        yield _element(
            _PODCAST_NS, "person", person.name, role=person.role, group=person.group,
            img=person.image, href=person.url,
        )  # fmt: skip


def _explicit(explicit: bool) -> etree._Element:
    # feedgen knows the yes, no and clean of before 2019 alone.
    return _element(_ITUNES_NS, "explicit", "true" if explicit else "false")


def _element(namespace: str, name: str, text: str = "", **attributes: str) -> etree._Element:
    element = etree.Element(f"{{{namespace}}}{name}", nsmap=EPISODE_NAMESPACES)
    element.text = text or None
    for key, value in attributes.items():
        if value:
            element.set(key, value)
    return element


def _is_artwork(image: Image) -> bool:
    """Whether a picture may be what Apple takes for an episode's artwork: a large square."""
    width = image.width or image.height or MIN_ARTWORK
    height = image.height or width
    is_square = width == height and MIN_ARTWORK <= width <= MAX_ARTWORK
    return is_square and image.media_type in ARTWORK_TYPES
