"""The article, as every format sees it: plain, frozen values.

Text in here is already repaired (feeds.text), URLs are http(s) or relative to the site, and HTML is
already sanitised, so that nothing downstream needs a defence of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from types import MappingProxyType
from typing import TypeVar

from feeds.text.urls import absolute, is_absolute

#: Where no file's length is known.
_UNKNOWN: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Image:
    """A picture. Width and height are in pixels."""

    url: str
    media_type: str
    width: int | None = None
    height: int | None = None
    title: str = ""
    #: Who is to be credited.
    attribution: str = ""
    #: In bytes; None where it is not known, as before the article is published.
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A file to fetch with the article: audio, video, or anything else."""

    url: str
    media_type: str
    title: str = ""
    #: In bytes; None where it is not known, as before the article is published.
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """Who wrote the article: an organisation, and perhaps its people."""

    name: str
    domain: str = ""
    #: The people's names.
    authors: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()

    @property
    def url(self) -> str:
        """The provider's home page, or an empty string."""
        return f"https://{self.domain}/" if self.domain else ""


@dataclass(frozen=True, slots=True)
class Player:
    """An embedded player. Width and height are in pixels."""

    #: A page of a known host, for an iframe, or an audio or video file.
    url: str
    #: The file's, and empty for a page.
    media_type: str = ""
    width: int | None = None
    height: int | None = None
    #: The file's, in bytes; None where it is not known, as before the article is published.
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is said in a recording, as a file."""

    url: str
    media_type: str
    #: Empty: that of the feed.
    language: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is heard in a recording, or made it."""

    name: str
    #: Of the Podcast Taxonomy, in small letters: "host", "guest", …
    role: str = ""
    #: Likewise: "cast", "audio production", …
    group: str = ""
    image: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """What is told of an article's recording, as of an episode of a podcast."""

    #: In seconds.
    duration: int | None = None
    #: Whether it is for adults alone; None where nothing is said.
    explicit: bool | None = None
    season: int | None = None
    number: int | None = None
    #: "full", "trailer", "bonus", or empty.
    type: str = ""
    transcripts: tuple[Transcript, ...] = ()
    #: The URL of a file of chapters, as JSON.
    chapters: str = ""
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """Other coverage of the same story."""

    title: str
    url: str
    excerpt: str = ""
    published: datetime | None = None
    provider: Provider | None = None
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """One article. Dates are aware and in UTC."""

    #: What every reader knows the article by; it must outlive a change of topic, file and site.
    id: str
    #: The page to open.
    url: str
    title: str
    published: datetime
    #: The publication date, where the article was never updated.
    updated: datetime
    #: Plain text, on one line.
    excerpt: str = ""
    #: Sanitised HTML with absolute links.
    body: str = ""
    player: Player | None = None
    #: Where the article was first published, if that is another page.
    original_url: str = ""
    amp_url: str = ""
    provider: Provider | None = None
    topics: tuple[str, ...] = ()
    category: str = ""
    type: str = ""
    images: tuple[Image, ...] = ()
    downloads: tuple[Download, ...] = ()
    related: tuple[Related, ...] = ()
    #: None for most articles.
    episode: Episode | None = None
    #: For selection and order; never written out.
    quality: float | None = None
    #: For order; never written out.
    heat: float | None = None
    #: Held back until it is ready.
    draft: bool = False
    #: Taken back: never published again.
    removed: bool = False

    @property
    def enclosures(self) -> tuple[Download | Image, ...]:
        """Every file that comes with the article, what is to be fetched before what is shown."""
        return (*self.files, *self.images)

    @property
    def files(self) -> tuple[Download, ...]:
        """What is to be played or fetched: the player's file, if it is one, and the downloads."""
        player = self.player
        if not player or not player.media_type:
            return self.downloads
        if any(each.url == player.url for each in self.downloads):
            return self.downloads
        return (Download(player.url, player.media_type, length=player.length), *self.downloads)

    @property
    def recording(self) -> Download | None:
        """The first of the files to be listened to or watched."""
        plays = (each for each in self.files if each.media_type.startswith(("audio/", "video/")))
        return next(plays, None)

    @property
    def duration(self) -> int | None:
        """How long its recording, or else what its player plays, takes, in seconds."""
        return self.episode.duration if self.episode else None

    def local_files(self) -> tuple[str, ...]:
        """The files of the site that the article shows or offers, by their relative URLs."""
        return tuple(sorted({url for url in self._urls() if url and not is_absolute(url)}))

    def published_at(
        self, site_url: str, topics: tuple[str, ...], lengths: Mapping[str, int] = _UNKNOWN
    ) -> Article:
        """The article with its relative URLs resolved and its topics under their own names.

        The lengths, in bytes, are those of its files that are known, by their URLs as it has them.
        """
        provider = self.provider and replace(
            self.provider, images=_resolve(self.provider.images, site_url)
        )
        related = tuple(
            replace(other, images=_resolve(other.images, site_url)) if other.images else other
            for other in self.related
        )
        return replace(
            self,
            topics=topics,
            player=self.player and _resolve((self.player,), site_url, lengths)[0],
            images=_resolve(self.images, site_url, lengths),
            downloads=_resolve(self.downloads, site_url, lengths),
            related=related,
            provider=provider,
            episode=self.episode and _resolve_episode(self.episode, site_url),
        )

    def _urls(self) -> Iterator[str]:
        images = [self.images, *(other.images for other in self.related)]
        if self.provider:
            images.append(self.provider.images)
        yield from (image.url for image in chain.from_iterable(images))
        yield from (download.url for download in self.downloads)
        if self.player:
            yield self.player.url
        if self.episode:
            yield self.episode.chapters
            yield from (each.url for each in self.episode.transcripts)
            yield from (each.image for each in self.episode.people)


def _resolve_episode(episode: Episode, base: str) -> Episode:
    return replace(
        episode,
        chapters=absolute(episode.chapters, base),
        transcripts=tuple(
            replace(each, url=absolute(each.url, base)) for each in episode.transcripts
        ),
        people=tuple(replace(each, image=absolute(each.image, base)) for each in episode.people),
    )


_Media = TypeVar("_Media", Image, Download, Player)


def _resolve(
    media: tuple[_Media, ...], base: str, lengths: Mapping[str, int] = _UNKNOWN
) -> tuple[_Media, ...]:
    resolved = []
    for item in media:
        length = lengths.get(item.url)
        if not is_absolute(item.url):
            item = replace(item, url=absolute(item.url, base), length=length)
        elif length is not None:
            item = replace(item, length=length)
        resolved.append(item)
    return tuple(resolved)
