"""The podcast elements of RSS: Apple's, and those of Podcasting 2.0.

See Apple's "A Podcaster's Guide to RSS" and https://podcastindex.org/namespace/1.0.
"""

from __future__ import annotations

from collections.abc import Iterator

import lxml.etree as etree
from feedgen.entry import FeedEntry
from feedgen.ext.podcast import PodcastExtension
from feedgen.ext.podcast_entry import PodcastEntryExtension
from feedgen.feed import FeedGenerator

from feeds.formats.feedgen_adapter import Elements, element
from feeds.model.article import Article, Episode, Image
from feeds.model.site import ARTWORK_TYPES, MAX_ARTWORK, MIN_ARTWORK, Podcast

_ITUNES_NS = "http://www.itunes.com/dtds/podcast-1.0.dtd"
_PODCAST_NS = "https://podcastindex.org/namespace/1.0"
#: Declared only with episodes: some readers take every feed that declares these for a podcast.
PODCAST_NAMESPACES = {"itunes": _ITUNES_NS, "podcast": _PODCAST_NS}


def add_show(generator: FeedGenerator, podcast: Podcast) -> None:
    """Make a channel a podcast."""
    generator.register_extension("podcast", PodcastExtension, atom=False)
    itunes = generator.podcast
    itunes.itunes_author(podcast.author)
    itunes.itunes_category([{"cat": name, "sub": below} for name, below in podcast.categories])
    if podcast.owner_email:
        itunes.itunes_owner(podcast.owner_name, podcast.owner_email)
    itunes.itunes_type(podcast.type or None)
    if podcast.copyright:
        generator.copyright(podcast.copyright)
    generator.register_extension("show", Elements, atom=False)
    generator.show.namespaces = PODCAST_NAMESPACES
    if podcast.image:
        # feedgen refuses .jpeg and a URL with a query.
        generator.show.elements.append(element(_ITUNES_NS, "image", href=podcast.image))
    generator.show.elements.append(_explicit(podcast.explicit))


def add_episode(item: FeedEntry, article: Article, episode: Episode) -> None:
    """Make an item an episode."""
    item.register_extension("podcast", PodcastEntryExtension, atom=False)
    # feedgen ignores None.
    item.podcast.itunes_duration(episode.duration)
    item.podcast.itunes_season(episode.season)
    item.podcast.itunes_episode(episode.number)
    item.podcast.itunes_episode_type(episode.type or None)
    item.extra.elements += _episode_elements(article, episode)


def _episode_elements(article: Article, episode: Episode) -> Iterator[etree._Element]:
    if episode.explicit is not None:
        yield _explicit(episode.explicit)
    if artwork := next(filter(_is_artwork, article.images), None):
        yield element(_ITUNES_NS, "image", href=artwork.url)
    if episode.season:
        yield element(_PODCAST_NS, "season", str(episode.season))
    if episode.number:
        yield element(_PODCAST_NS, "episode", str(episode.number))
    for transcript in episode.transcripts:
        yield element(
            _PODCAST_NS, "transcript", url=transcript.url, type=transcript.media_type,
            language=transcript.language,
        )  # fmt: skip
    if episode.chapters:
        chapters_type = "application/json+chapters"
        yield element(_PODCAST_NS, "chapters", url=episode.chapters, type=chapters_type)
    for person in episode.people:
        yield element(
            _PODCAST_NS, "person", person.name, role=person.role, group=person.group,
            img=person.image, href=person.url,
        )  # fmt: skip


def _explicit(explicit: bool) -> etree._Element:
    # feedgen writes only yes, no and clean, Apple's values until 2019.
    return element(_ITUNES_NS, "explicit", "true" if explicit else "false")


def _is_artwork(image: Image) -> bool:
    """Return True for an image that Apple accepts as artwork, or may: its size can be unknown."""
    width = image.width or image.height or MIN_ARTWORK
    height = image.height or width
    is_square = width == height and MIN_ARTWORK <= width <= MAX_ARTWORK
    return is_square and image.media_type in ARTWORK_TYPES
