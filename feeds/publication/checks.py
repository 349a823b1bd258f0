"""Everything wrong with a site: its configuration, its articles, and its podcasts.

Apple's requirements for podcasts (https://podcasters.apple.com/support/823-podcast-requirements)
are what other directories follow. A feed that fails one is published, but no directory accepts it.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from urllib.parse import unquote, urlsplit

from feeds.catalog.articles import PublishedArticles
from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder, line_with
from feeds.errors import Problem, Severity
from feeds.model.article import Article
from feeds.model.feed import Feed
from feeds.model.site import ARTWORK_TYPES, MAX_ARTWORK, MIN_ARTWORK, Podcast, Site
from feeds.model.topics import Topics
from feeds.parsing.report import Report
from feeds.publication.empty_site import empty_site_problems
from feeds.publication.routes import Routes
from feeds.text.media_types import TYPE_HINT, type_of_url
from feeds.text.repair import shown
from feeds.text.slugs import fold
from feeds.text.urls import is_absolute

#: Unknown names in feeds.yaml for which a similar one is looked for, and pairs of names that are
#: compared for all of them: a hundred thousand take a quarter of a second.
_MAX_COMPARED, _MAX_PAIRS = 100, 100_000
#: Endings of the URLs of episodes that Apple accepts.
_EPISODE_ENDINGS = (".m4a", ".mp3", ".mov", ".mp4", ".m4v", ".pdf")
_MAX_DESCRIPTION_BYTES = 4000
_ARTWORK = f"a square .jpg or .png of {MIN_ARTWORK} to {MAX_ARTWORK} pixels"
_SIGNATURES = dict(zip(ARTWORK_TYPES, (b"\xff\xd8", b"\x89PNG"), strict=True))


@dataclass(frozen=True, slots=True)
class PublishedPodcast:
    """A podcast and its articles by file, with URLs as written."""

    #: With its URLs as published.
    feed: Feed
    settings: Podcast
    #: The newest articles with a recording.
    episodes: Mapping[str, Article]
    #: Articles that may have one: the type of a file is unknown.
    left_out: Mapping[str, Article]


def find_problems(
    folder: SiteFolder,
    catalog: Catalog,
    articles: PublishedArticles,
    podcasts: Iterable[PublishedPodcast],
    routes: Routes,
) -> list[Problem]:
    """Every problem: those of feeds.yaml, then those of files by their lines."""
    lengths = catalog.lengths()
    # An episode of several podcasts is reported once.
    of_podcasts = {problem for each in podcasts for problem in _of_podcast(folder, each, lengths)}
    missing: dict[str, dict[str, int]] = {}
    not_free: list[Problem] = []
    for url, path, uses in articles.media():
        if not folder.media_file(url):
            missing.setdefault(path, {})[url] = uses
        if not routes.is_free(unquote(urlsplit(url).path)):
            not_free.append(_no_free_path(folder, path, url))
    missing_media = chain.from_iterable(folder.no_files(*each) for each in missing.items())
    of_catalog = *catalog.problems(), *articles.shared_ids(folder), *articles.future_dates(folder)
    return [
        *folder.problems,
        *topic_problems(folder.configuration, folder.site, articles.topics),
        *_taken_paths(folder, routes),
        *folder.missing_folders(),
        *empty_site_problems(folder, catalog, articles),
        *sorted((*of_catalog, *missing_media, *not_free, *of_podcasts)),
    ]


def topic_problems(path: str, site: Site, topics: Topics) -> Iterator[Problem]:
    """Yield the problems of the topics that the feeds.yaml at a path configures or selects.

    A name that no topic has may get one tomorrow: it is reported only if it resembles another.
    """
    report = Report(path, Severity.WARNING)
    for settings in site.topics:
        topic = topics.by_key[fold(settings.name)]
        if settings.parent and topic.parent is not topics.named(settings.parent):
            name = shown(topic.name)
            message = f"the parent {shown(settings.parent)} is {name} itself or below it"
            report.add(settings.line, "parent-cycle", message, "leave it out", name=name)
    for settings in site.topics:
        topic = topics.by_key[fold(settings.name)]
        for slug in settings.formerly:
            owner = topics.by_slug.get(slug) or topics.by_former_slug[slug]
            if owner is not topic:
                target = f"{shown(owner.name)}, not to {shown(topic.name)}"
                message = f"formerly: {shown(slug)} leads to {target}"
                hint = "a slug leads to one topic"
                report.add(settings.line, "former-slug", message, hint, name=shown(slug))
    yield from report.problems
    named = [(topic.line, topic.parent) for topic in site.topics if topic.parent]
    for feed in site.feeds:
        wanted = feed.selection
        named += ((feed.line, name) for name in (*wanted.any, *wanted.all, *wanted.none))
    known = [key for key in topics.by_key if key in topics.known][:_MAX_PAIRS]
    unknown = ((line, name) for line, name in named if fold(name) not in topics.known)
    for line, name in islice(unknown, min(_MAX_COMPARED, _MAX_PAIRS // max(1, len(known)))):
        if near := difflib.get_close_matches(fold(name), known, 1, 0.8):
            message = f"no article has the topic {shown(name)}"
            hint = f"did you mean {shown(topics.by_key[near[0]].name)}?"
            yield Problem(path, line, "unknown-topic", message, hint, Severity.WARNING)


def _taken_paths(folder: SiteFolder, routes: Routes) -> Iterator[Problem]:
    for former in routes.taken:
        message = f"formerly: {shown(former.path)} clashes with another published path"
        at = folder.configuration, former.line, "taken-path"
        yield Problem(*at, message, "leave it out", Severity.WARNING)


def _no_free_path(folder: SiteFolder, path: str, url: str) -> Problem:
    line = line_with(folder.text_or_empty(path), url)
    message, hint = f"a feed is at {shown(url)}, so no file is", "give the file another name"
    return Problem(path, line, "no-free-path", message, hint, Severity.WARNING)


def _of_podcast(
    folder: SiteFolder, published: PublishedPodcast, lengths: Mapping[str, int]
) -> Iterator[Problem]:
    feed, podcast = published.feed, published.settings
    for code, message, hint in _of_header(folder, feed, podcast):
        message = f"the podcast {shown(feed.title)} {message}"
        yield Problem(folder.configuration, podcast.line, code, message, hint, Severity.WARNING)
    articles = (*published.episodes.items(), *published.left_out.items())
    for path, article in articles:
        problems = list(_of_episode(podcast, article, lengths))
        source = folder.text_or_empty(path) if problems else ""
        for text, code, message, hint in problems:
            line = line_with(source, text)
            yield Problem(path, line, code, message, hint, Severity.WARNING)


def _of_header(folder: SiteFolder, feed: Feed, podcast: Podcast) -> Iterator[tuple[str, str, str]]:
    """The codes, messages and hints of a podcast's problems."""
    if not podcast.image:
        yield "no-artwork", "has no artwork", f"image: in podcast: names {_ARTWORK}"
    elif reason := _artwork_error(folder, podcast.image):
        yield "bad-artwork", f"has unusable artwork: {reason}", _ARTWORK
    if not podcast.categories:
        yield "no-category", "has no category", "category: in podcast: names one of Apple's"
    if not feed.language:
        yield "no-language", "has no language", "set language: in feeds.yaml, such as en"
    if not feed.podcast.owner_email:
        hint = "owner: {name: …, email: …} in podcast:, or the author's email"
        yield "no-owner", "has no owner with an email address", hint
    if (size := len(feed.description.encode())) > _MAX_DESCRIPTION_BYTES:
        hint = f"at most {_MAX_DESCRIPTION_BYTES:,}"
        yield "long-description", f"has a description of {size:,} bytes", hint


def _artwork_error(folder: SiteFolder, url: str) -> str:
    """The reason why a picture cannot be artwork; empty for a good one and one of another site."""
    import imagesize

    if is_absolute(url):
        return ""
    if not (file := folder.media_file(url)):
        return f"the site has no file {shown(url)}"
    try:
        with open(file, "rb") as stream:
            is_of_type = stream.read(4).startswith(_SIGNATURES[type_of_url(url, "")])
        width, height = imagesize.get(file) if is_of_type else (-1, -1)
    except (OSError, ValueError):
        width = -1
    if width < 0:
        return f"{shown(url)} is not an image of the type that its name says"
    if width != height or not MIN_ARTWORK <= width <= MAX_ARTWORK:
        return f"{shown(url)} has {width:,} × {height:,} pixels"
    return ""


def _of_episode(
    podcast: Podcast, article: Article, lengths: Mapping[str, int]
) -> Iterator[tuple[str, str, str, str]]:
    """The texts to find the lines by, codes, messages and hints of an episode's problems."""
    recording = article.recording
    if not recording:
        unknown = (file for file in article.downloads if not file.is_typed)
        # If the article has keys of an episode, read_article() has reported this.
        is_known = article.episode and not article.player
        if (file := next(unknown, None)) and not is_known:
            message = f"the media type of {shown(file.url)} is unknown, so no podcast has it"
            yield file.url, "unknown-type", message, TYPE_HINT
        return
    url = recording.url
    if not urlsplit(url).path.lower().endswith(_EPISODE_ENDINGS):
        message = f"podcast directories do not accept the ending of {shown(url)}"
        *endings, last = _EPISODE_ENDINGS
        hint = f"use a file whose URL ends in {', '.join(endings)} or {last}"
        yield url, "bad-episode", message, hint
    # A missing file of the site is a problem of its own.
    if not recording.length and url not in lengths and is_absolute(url):
        message = f"the length of {shown(url)} in bytes is unknown"
        hint = "write length: beside url, or feeds build --probe asks its server"
        yield url, "no-length", message, hint
    if podcast.type == "serial" and not (article.episode and article.episode.number):
        hint = "a serial podcast numbers its episodes: episode: 1"
        yield url, "no-number", "an episode without a number", hint
    # Without an excerpt, the content becomes the item's description.
    if (size := len((article.excerpt or article.body).encode())) > _MAX_DESCRIPTION_BYTES:
        hint = f"write an excerpt of at most {_MAX_DESCRIPTION_BYTES:,}"
        message = f"an episode with a description of {size:,} bytes"
        yield "excerpt:", "long-description", message, hint
