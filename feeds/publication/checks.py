"""What podcast directories require, and what of it a site's podcasts and their episodes miss.

Apple's requirements (https://podcasters.apple.com/support/823-podcast-requirements), which others
follow: a feed that misses one is published all the same, but no directory takes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from feeds.catalog.folder import Folder
from feeds.errors import Problem, Severity
from feeds.model.article import Article
from feeds.model.feed import Feed
from feeds.model.podcast import ARTWORK_TYPES, MAX_ARTWORK, MIN_ARTWORK, Podcast
from feeds.text.media_types import type_of_url
from feeds.text.urls import is_absolute

#: The types of episodes; the URL has to tell them by its ending.
_EPISODE_TYPES = (
    "audio/x-m4a", "audio/mpeg", "video/quicktime", "video/mp4", "video/x-m4v", "application/pdf",
)  # fmt: skip
_ENDINGS = ".m4a, .mp3, .mov, .mp4, .m4v or .pdf"
#: In bytes.
_LONGEST_DESCRIPTION = 4000
_ARTWORK = f"a square .jpg or .png of {MIN_ARTWORK} to {MAX_ARTWORK} pixels"
_BEGINNINGS = dict(zip(ARTWORK_TYPES, (b"\xff\xd8", b"\x89PNG"), strict=True))


def unmet(
    folder: Folder,
    feed: Feed,
    podcast: Podcast,
    articles: Mapping[str, Article],
    lengths: Mapping[str, int],
) -> Iterator[Problem]:
    """What is missing, each at its line: of the podcast in feeds.yaml, of an episode in its file.

    The feed is as it is published; the podcast, the articles of the feed's window by their files,
    and the lengths of the files that are known have the URLs that were written.
    """
    for code, message, hint in _of_show(folder, feed, podcast):
        where = folder.configuration, podcast.line
        yield Problem(*where, code, f"the podcast {feed.title} {message}", hint, Severity.WARNING)
    for path, article in articles.items():
        for written, code, message, hint in _of_episode(podcast, article, lengths):
            line = folder.line_of(path, written)
            yield Problem(path, line, code, message, hint, Severity.WARNING)


def _of_show(folder: Folder, feed: Feed, podcast: Podcast) -> Iterator[tuple[str, str, str]]:
    if not podcast.image:
        yield "no-artwork", "has no artwork", f"image: in podcast: names {_ARTWORK}"
    elif wrong := _wrong_artwork(folder, podcast.image):
        yield "bad-artwork", f"has no artwork that can be used: {wrong}", _ARTWORK
    if not podcast.categories:
        yield "no-category", "has no category", "category: in podcast: names one of Apple's"
    if not feed.language:
        yield "no-language", "has no language", "language: en, say, in feeds.yaml"
    if not feed.podcast.owner_email:
        hint = "owner: {name: …, email: …} in podcast:, or the author's email"
        yield "no-owner", "has no owner with an email", hint
    if (size := len(feed.description.encode())) > _LONGEST_DESCRIPTION:
        hint = f"{_LONGEST_DESCRIPTION:,} at most"
        yield "long-description", f"has a description of {size:,} bytes", hint


def _wrong_artwork(folder: Folder, url: str) -> str:
    """What is wrong with a picture; empty where nothing is, or it lies elsewhere."""
    import imagesize

    if is_absolute(url):
        return ""
    if not (file := folder.media(url)):
        return f"the site has no file {url}"
    try:
        with open(file, "rb") as stream:
            is_as_named = stream.read(4).startswith(_BEGINNINGS[type_of_url(url, "")])
        width, height = imagesize.get(file) if is_as_named else (-1, -1)
    except (OSError, ValueError):
        width = -1
    if width < 0:
        return f"{url} is not the kind of picture that its name says"
    if width != height or not MIN_ARTWORK <= width <= MAX_ARTWORK:
        return f"{url} has {width:,} × {height:,} pixels"
    return ""


def _of_episode(
    podcast: Podcast, article: Article, lengths: Mapping[str, int]
) -> Iterator[tuple[str, str, str, str]]:
    recording = article.recording
    if not recording:
        return
    url = recording.url
    if type_of_url(url, "") not in _EPISODE_TYPES:
        message = f"podcast directories take no {recording.media_type} from {url}"
        yield url, "bad-episode", message, f"a file whose URL ends in {_ENDINGS}"
    # One of the site that is missing is named already.
    if url not in lengths and is_absolute(url):
        message = f"how long {url} is, in bytes, is not known"
        yield url, "no-length", message, "feeds build --probe asks its server"
    if podcast.type == "serial" and not (article.episode and article.episode.number):
        hint = "a serial podcast numbers its episodes: episode: 1"
        yield url, "no-number", "an episode without a number", hint
    # What describes an item without an excerpt is its content.
    size = len((article.excerpt or article.body).encode())
    if size > _LONGEST_DESCRIPTION:
        hint = f"an excerpt of {_LONGEST_DESCRIPTION:,} at most"
        yield "excerpt:", "long-description", f"an episode described in {size:,} bytes", hint
