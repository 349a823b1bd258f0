"""An article as frozen values.

Text is repaired, URLs are canonical http(s) URLs or paths in the site, and HTML is sanitised, so
that formats need no checks of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from types import MappingProxyType
from typing import TypeVar

from feeds.text.urls import absolute, is_absolute

_NO_LENGTHS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Image:
    """A picture. Width and height are in pixels."""

    url: str
    media_type: str
    width: int | None = None
    height: int | None = None
    title: str = ""
    #: Credit line.
    attribution: str = ""
    #: In bytes; None if unknown, as it is until published_at() fills it in.
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A file that comes with the article: audio, video, or any other."""

    url: str
    media_type: str
    title: str = ""
    #: In bytes; None if unknown.
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """The organisation that published the article, and its authors' names."""

    name: str
    domain: str = ""
    authors: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()

    @property
    def url(self) -> str:
        """Home page; empty if the domain is unknown."""
        return f"https://{self.domain}/" if self.domain else ""


@dataclass(frozen=True, slots=True)
class Player:
    """An embedded player. Width and height are in pixels."""

    #: A page of a known host, for an iframe, or an audio or video file.
    url: str
    #: Of the file; empty for a page.
    media_type: str = ""
    width: int | None = None
    height: int | None = None
    #: Of the file, in bytes; None if unknown.
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A file with the text of a recording."""

    url: str
    media_type: str
    #: Empty for the feed's language.
    language: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A person who is heard in a recording or worked on it."""

    name: str
    #: Of the Podcast Taxonomy, in lower case: "host", "guest", …
    role: str = ""
    #: Likewise: "cast", "audio production", …
    group: str = ""
    image: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """The keys of an article that make its recording an episode of a podcast."""

    #: In seconds.
    duration: int | None = None
    #: None if not stated.
    explicit: bool | None = None
    season: int | None = None
    number: int | None = None
    #: "full", "trailer", "bonus", or empty.
    type: str = ""
    transcripts: tuple[Transcript, ...] = ()
    #: URL of a JSON file of chapters.
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

    #: Readers recognize the article by it, so it survives a change of topic, file and site URL.
    id: str
    #: The page to open.
    url: str
    title: str
    published: datetime
    #: The publication date if the article was never updated.
    updated: datetime
    #: Plain text, on one line.
    excerpt: str = ""
    #: Sanitised HTML with absolute links.
    body: str = ""
    player: Player | None = None
    #: The page that first published the article, if it is another one.
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
    #: Not published unless asked for.
    draft: bool = False
    #: Withdrawn: never published again.
    removed: bool = False

    @property
    def enclosures(self) -> tuple[Download | Image, ...]:
        """All files of the article: downloads, then images."""
        return (*self.files, *self.images)

    @property
    def files(self) -> tuple[Download, ...]:
        """The player's file, if it plays one, and the downloads."""
        player = self.player
        if not player or not player.media_type:
            return self.downloads
        if any(download.url == player.url for download in self.downloads):
            return self.downloads
        return (Download(player.url, player.media_type, length=player.length), *self.downloads)

    @property
    def recording(self) -> Download | None:
        """The first audio or video file."""
        playable = (file for file in self.files if file.media_type.startswith(("audio/", "video/")))
        return next(playable, None)

    @property
    def duration(self) -> int | None:
        """Duration of the recording, or of the player's content, in seconds."""
        return self.episode.duration if self.episode else None

    def local_files(self) -> tuple[str, ...]:
        """Return the relative URLs of the article's files that are in the site."""
        return tuple(sorted({url for url in self._urls() if url and not is_absolute(url)}))

    def published_at(
        self, site_url: str, topics: tuple[str, ...], lengths: Mapping[str, int] = _NO_LENGTHS
    ) -> Article:
        """Return the article with its relative URLs resolved, and with these topics and lengths.

        Lengths are in bytes, by the URLs of files as this article has them.
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
            yield from (transcript.url for transcript in self.episode.transcripts)
            yield from (person.image for person in self.episode.people)


def _resolve_episode(episode: Episode, base: str) -> Episode:
    return replace(
        episode,
        chapters=absolute(episode.chapters, base),
        transcripts=tuple(
            replace(transcript, url=absolute(transcript.url, base))
            for transcript in episode.transcripts
        ),
        people=tuple(
            replace(person, image=absolute(person.image, base)) for person in episode.people
        ),
    )


_Media = TypeVar("_Media", Image, Download, Player)


def _resolve(
    media: tuple[_Media, ...], base: str, lengths: Mapping[str, int] = _NO_LENGTHS
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
