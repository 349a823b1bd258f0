"""An article as frozen values.

Text is repaired, URLs are canonical http(s) URLs or paths in the site, and HTML is sanitised, so
that formats need no checks of their own. Widths and heights are in pixels, lengths in bytes and
durations in seconds; None is unknown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from feeds.model.site import ARTWORK_TYPES, MAX_ARTWORK, MIN_ARTWORK
from feeds.text.identifiers import as_iri
from feeds.text.media_types import is_playable
from feeds.text.urls import absolute, is_absolute


@dataclass(frozen=True, slots=True)
class Image:
    """A picture."""

    url: str
    media_type: str
    width: int | None = None
    height: int | None = None
    title: str = ""
    attribution: str = ""
    length: int | None = None

    @property
    def may_be_artwork(self) -> bool:
        """True if directories of podcasts accept it as artwork; its size may be unknown."""
        width = self.width or self.height or MIN_ARTWORK
        is_square = width == (self.height or width)
        is_large = MIN_ARTWORK <= width <= MAX_ARTWORK
        return is_square and is_large and self.media_type in ARTWORK_TYPES


@dataclass(frozen=True, slots=True)
class Download:
    """A file that comes with the article: audio, video, or any other."""

    url: str
    media_type: str
    title: str = ""
    length: int | None = None
    #: False if the media type is a default.
    is_typed: bool = True


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
    """An embedded player."""

    #: A page of a known host, for an iframe, or an audio or video file.
    url: str
    #: Of the file; empty for a page.
    media_type: str = ""
    width: int | None = None
    height: int | None = None
    length: int | None = None


_File = TypeVar("_File", Image, Download, Player)


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
    #: Role and group of the Podcast Taxonomy, in lower case: "host" of the "cast".
    role: str = ""
    group: str = ""
    image: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """The keys of an article that make its recording an episode of a podcast."""

    duration: int | None = None
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

    #: Any text. Readers recognize the article by it, so it survives a change of topic, file and
    #: site URL.
    id: str
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
    episode: Episode | None = None
    #: Quality is for selection, both are for order; neither is ever written out.
    quality: float | None = None
    heat: float | None = None
    #: The date from which on it is no longer published.
    expires: datetime | None = None
    #: Not published unless asked for.
    draft: bool = False
    #: Withdrawn: never published again.
    removed: bool = False

    @property
    def iri(self) -> str:
        """The id as an IRI."""
        return as_iri(self.id)

    @property
    def enclosures(self) -> tuple[Download | Image, ...]:
        """All files of the article: downloads, then images."""
        return (*self.files, *self.images)

    @property
    def files(self) -> tuple[Download, ...]:
        """The player's file, if it plays one, and the downloads."""
        player, downloads = self.player, self.downloads
        if not player or not player.media_type or player.url in {file.url for file in downloads}:
            return downloads
        return (Download(player.url, player.media_type, length=player.length), *downloads)

    @property
    def recording(self) -> Download | None:
        """The first audio or video file."""
        return next((file for file in self.files if is_playable(file.media_type)), None)

    @property
    def has_unknown_file(self) -> bool:
        """True if no file is known to be a recording, but one may be."""
        return not self.recording and not all(file.is_typed for file in self.downloads)

    @property
    def artwork(self) -> Image | None:
        """The picture of an episode."""
        if not (self.episode and self.recording):
            return None
        return next((image for image in self.images if image.may_be_artwork), None)

    @property
    def duration(self) -> int | None:
        """Duration of the recording, or of the player's content."""
        return self.episode.duration if self.episode else None

    def local_files(self) -> tuple[str, ...]:
        """Return the relative URLs of the article's files that are in the site."""
        images = [*self.images, *(image for other in self.related for image in other.images)]
        images += self.provider.images if self.provider else ()
        players = (self.player,) if self.player else ()
        urls = {file.url for file in (*images, *self.downloads, *players)}
        if episode := self.episode:
            urls |= {episode.chapters, *(transcript.url for transcript in episode.transcripts)}
            urls |= {person.image for person in episode.people}
        return tuple(sorted(url for url in urls if not is_absolute(url)))

    def as_published(
        self, site_url: str, topics: tuple[str, ...], lengths: Mapping[str, int]
    ) -> Article:
        """Return the article with its relative URLs resolved, and with these topics and lengths.

        Lengths are by the URLs of files as this article has them; one of its own comes first. Its
        dates get a fraction of the second that follows from its id alone: W3C's validator and some
        readers take entries of one date for the same one.
        """
        resolve = partial(absolute, site_url=site_url)
        digest = hashlib.sha256(self.id.encode()).digest()
        microsecond = 1 + int.from_bytes(digest[:8], "big") % 999_999

        def publish(file: _File) -> _File:
            length = file.length or lengths.get(file.url)
            return replace(file, url=resolve(file.url), length=length)

        def publish_all(files: tuple[_File, ...]) -> tuple[_File, ...]:
            return tuple(map(publish, files))

        provider, episode = self.provider, self.episode
        if provider:
            provider = replace(provider, images=publish_all(provider.images))
        if episode:
            episode = replace(
                episode,
                chapters=resolve(episode.chapters),
                transcripts=tuple(
                    replace(file, url=resolve(file.url)) for file in episode.transcripts
                ),
                people=tuple(replace(who, image=resolve(who.image)) for who in episode.people),
            )
        return replace(
            self,
            published=self.published.replace(microsecond=microsecond),
            updated=self.updated.replace(microsecond=microsecond),
            topics=topics,
            player=self.player and publish(self.player),
            images=publish_all(self.images),
            downloads=publish_all(self.downloads),
            related=tuple(
                replace(other, images=publish_all(other.images)) for other in self.related
            ),
            provider=provider,
            episode=episode,
        )
