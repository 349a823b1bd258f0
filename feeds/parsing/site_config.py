"""What a publisher says in feeds.yaml, and the topics that the site has with it."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime

from feeds.errors import ConfigurationError, Problem, Severity
from feeds.model.podcast import Podcast, read_podcast
from feeds.model.selection import KEYS as SELECTION_KEYS
from feeds.model.selection import Selection
from feeds.parsing import yaml_text as tree
from feeds.parsing.fields import Fields, Report
from feeds.text import repair as texts

#: How much of an article a feed may tell.
CONTENTS = ("full", "summary", "title")
DEFAULT_URL = "http://127.0.0.1:8000/"


@dataclass(frozen=True, slots=True)
class Author:
    """Who publishes the site."""

    name: str
    uri: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """What a topic's name alone does not say."""

    name: str
    slug: str = ""
    #: Other names of the same topic.
    aliases: tuple[str, ...] = ()
    #: Slugs that it had before, some of them from the names that it had.
    formerly: tuple[str, ...] = ()
    parent: str = ""
    description: str = ""
    #: One of CONTENTS; empty for the site's.
    content: str = ""
    #: What its feed says of itself, if it is a podcast.
    podcast: Podcast | None = None
    #: In feeds.yaml. What is published does not follow from it.
    line: int = field(default=1, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """A feed across topics."""

    name: str
    title: str
    description: str
    selection: Selection
    #: One of CONTENTS; empty for the site's.
    content: str = ""
    #: What it says of itself, if it is a podcast.
    podcast: Podcast | None = None
    #: In feeds.yaml. What is published does not follow from it.
    line: int = field(default=1, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Site:
    """A publication: where it is published, and how."""

    title: str
    #: Where the tree is published; ends with a slash.
    url: str = DEFAULT_URL
    description: str = ""
    language: str = ""
    #: What readers know its feeds by, wherever they are published; else the URL does it.
    id: str = ""
    author: Author | None = None
    #: A small square picture and a larger one; relative to the site's root, or whole URLs.
    icon: str = ""
    logo: str = ""
    rights: str = ""
    #: In seconds: how long a feed may be kept, and how long after that while a new one is fetched.
    max_age: int = 60
    stale_while_revalidate: int = 600
    #: The URL of a WebSub hub that passes changes on.
    hub: str = ""
    #: Folders, relative to the site's own.
    articles: tuple[str, ...] = (".",)
    #: Articles in a feed's newest document.
    limit: int = 50
    #: One of CONTENTS, for the feeds that do not say it themselves.
    content: str = "full"
    unpublished: bool = False
    #: Articles dated in the future are published at once.
    future: bool = False
    related_in_rss: bool = True
    #: What its podcasts say of themselves.
    podcast: Podcast | None = None
    #: A URL of the database of the index, if it is to be shared. May hold a password.
    catalog: str = field(default="", repr=False, compare=False)
    topics: tuple[TopicSettings, ...] = ()
    feeds: tuple[FeedSettings, ...] = ()


_DEFAULTS = Site(title="")
# A language tag of RFC 5646 §2.1, as far as it is worth checking.
_LANGUAGE = re.compile(r"[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*")
_SLUG = re.compile(r"(?=.{1,80}$)[a-z0-9]+(-[a-z0-9]+)*")
_FEED_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_SITE_KEYS = tuple(each.name for each in fields(Site))
_TOPIC_KEYS = tuple(each.name for each in fields(TopicSettings) if each.name != "line")
_FEED_KEYS = ("name", "title", "description", "content", "podcast", *SELECTION_KEYS)


def read_site(text: str, path: str, default_title: str) -> tuple[Site, list[Problem]]:
    """The site that feeds.yaml describes, and what is wrong in it.

    A key that is wrong is left out; a feed whose selection is wrong is left out whole, lest it
    publish what was meant to stay back. Raises ConfigurationError where the text is no YAML, is
    empty (as a file is that is just being written), or does not say where the articles are.
    """
    text = text.removeprefix("\ufeff")
    report = Report(path, text, 1, Severity.ERROR)
    try:
        values, duplicates = tree.load(text)
    except tree.TreeError as error:
        raise ConfigurationError(f"{path}:{error.line}: {error.message}; {error.hint}") from error
    if values is None:
        raise ConfigurationError(f"{path}:1: nothing is in it; write title: and url:")
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path}:1: not a mapping; write key: value, one a line")
    for line, key in duplicates:
        report.add_line(
            line, "duplicate-key", f"{texts.plain(key)} is there twice", "the last one counts"
        )
    found = Fields(values, report)
    found.only(_SITE_KEYS)
    for key in ("title", "url"):
        if key not in found:
            why = "where the feeds are published" if key == "url" else "what the site is called"
            found.problem(key, f"missing-{key}", f"no {key}", f"a {key} is needed: {why}")
    podcast = read_podcast(found)
    site = Site(
        title=found.text("title") or default_title,
        url=_url(found) or DEFAULT_URL,
        description=found.text("description"),
        language=_language(found),
        id=found.identifier("id"),
        author=_author(found),
        icon=found.url("icon", relative=True),
        logo=found.url("logo", relative=True),
        rights=found.text("rights"),
        max_age=found.seconds("max_age", _DEFAULTS.max_age),
        stale_while_revalidate=found.seconds(
            "stale_while_revalidate", _DEFAULTS.stale_while_revalidate
        ),
        hub=found.url("hub"),
        articles=_article_folders(found, path),
        limit=found.count("limit") or _DEFAULTS.limit,
        content=found.choice("content", CONTENTS) or _DEFAULTS.content,
        unpublished=found.flag("unpublished", _DEFAULTS.unpublished),
        future=found.flag("future", _DEFAULTS.future),
        related_in_rss=found.flag("related_in_rss", _DEFAULTS.related_in_rss),
        podcast=podcast,
        catalog=_catalog(found),
        topics=tuple(_topics(found, podcast or Podcast())),
        feeds=tuple(_feeds(found, report, podcast or Podcast())),
    )
    return site, report.problems


def read_site_url(text: str) -> str:
    """The URL of a site as somebody wrote it; empty where nothing is written.

    Raises ConfigurationError where it is no URL.
    """
    if not text:
        return ""
    if not (url := texts.url(text)):
        raise ConfigurationError(f"{text!r} is no http or https URL, such as https://example.org/")
    return site_url(url)


def site_url(url: str) -> str:
    """A URL as the base of a tree: without query and fragment, with a slash at the end."""
    url = re.split("[?#]", url, maxsplit=1)[0]
    return url if not url or url.endswith("/") else f"{url}/"


def _url(found: Fields) -> str:
    url = found.url("url")
    if "?" in url or "#" in url:
        hint = f"{site_url(url)} is taken"
        found.problem("url", "bad-url", "url has a query or a fragment", hint, Severity.WARNING)
    return site_url(url)


def _article_folders(found: Fields, path: str) -> tuple[str, ...]:
    names = found.texts("articles")
    if not names and (written := found.spelling("articles")):
        # Never a guess: what lies elsewhere in the site's folder may not be meant for the public.
        what = f"{written}: names no folder of articles"
        hint = "write articles: and a folder, or leave it out for the folder of this file"
        raise ConfigurationError(f"{path}:{found.line_of(written)}: {what}; {hint}")
    return names or _DEFAULTS.articles


def _catalog(found: Fields) -> str:
    catalog = found.text("catalog")
    if catalog and not re.match(r"[a-z0-9+]+://", catalog):
        hint = "such as postgresql+psycopg://user@host/database"
        found.problem("catalog", "bad-catalog", "catalog is no database's URL", hint)
        return ""
    return catalog


def _language(found: Fields) -> str:
    language = found.text("language")
    if language and not _LANGUAGE.fullmatch(language):
        found.problem("language", "bad-language", f"language is {language!r}", "write en or pt-BR")
        return ""
    return language


def _author(found: Fields) -> Author | None:
    author = found.mapping("author", short="name")
    if not author:
        return None
    author.only(("name", "uri", "email"))
    email = author.email("email")
    name = author.text("name")
    if not name:
        author.problem("name", "missing-name", "the author has no name", "name it")
        return None
    return Author(name, author.url("uri"), email)


def _topics(found: Fields, podcast: Podcast) -> Iterator[TopicSettings]:
    taken: dict[str, str] = {}
    slugs: set[str] = set()
    for item in found.mappings("topics", short="name"):
        item.only(_TOPIC_KEYS)
        name = item.text("name")
        if not name:
            item.problem("name", "missing-name", "a topic without a name", "name it")
            continue
        slug = item.text("slug")
        if slug and not _SLUG.fullmatch(slug):
            hint = f"such as {texts.slug(slug)}: small letters, digits and hyphens"
            item.problem("slug", "bad-slug", f"slug is {slug!r}", hint)
            slug = ""
        names = (name, *item.texts("aliases"))
        clash = next((n for n in names if taken.get(texts.fold(n), name) != name), None)
        if clash or texts.fold(name) in taken:
            other = taken[texts.fold(clash or name)]
            item.problem("name", "duplicate-topic", f"{clash or name} belongs to {other} already")
            continue
        if slug and slug in slugs:
            item.problem("slug", "duplicate-slug", f"a second topic has the slug {slug}")
            slug = ""
        taken |= dict.fromkeys(map(texts.fold, names), name)
        slugs.add(slug)
        yield TopicSettings(
            name=name,
            slug=slug,
            aliases=names[1:],
            formerly=tuple(
                each if _SLUG.fullmatch(each) else texts.slug(each)
                for each in item.texts("formerly")
            ),
            parent=item.text("parent"),
            description=item.text("description"),
            content=item.choice("content", CONTENTS),
            podcast=read_podcast(item, podcast),
            line=item.line,
        )


def _feeds(found: Fields, report: Report, podcast: Podcast) -> Iterator[FeedSettings]:
    taken: set[str] = set()
    for item in found.mappings("feeds"):
        # What is wrong in it is no reason to leave the feed out.
        show = read_podcast(item, podcast)
        before = len(report.problems)
        item.only(_FEED_KEYS)
        name = item.text("name")
        if not _FEED_NAME.fullmatch(name):
            hint = "small letters and digits, joined by hyphens"
            item.problem("name", "bad-name", f"a feed's name is {name!r}", hint)
        elif name in taken:
            item.problem("name", "duplicate-feed", f"a second feed is named {name}", "rename one")
        settings = FeedSettings(
            name=name,
            title=item.text("title") or name,
            description=item.text("description"),
            selection=Selection.read(item),
            content=item.choice("content", CONTENTS),
            podcast=show,
            line=item.line,
        )
        if all(each.severity is Severity.WARNING for each in report.problems[before:]):
            taken.add(name)
            yield settings


@dataclass(frozen=True, slots=True, order=True)
class TopicName:
    """A name that articles use for a topic."""

    name: str
    #: How many articles use it.
    uses: int
    #: When the first of them was published.
    first: datetime


@dataclass(slots=True)
class Topic:
    """A topic of the site. It is not changed once Topics has made it."""

    name: str
    slug: str = ""
    description: str = ""
    #: One of CONTENTS; empty for the site's.
    content: str = ""
    podcast: Podcast | None = None
    #: The folded names that mean this topic: its own and its aliases.
    keys: set[str] = field(default_factory=set)
    #: The keys of this topic and of every topic below it: what its feed takes.
    family: frozenset[str] = frozenset()
    parent: Topic | None = None


class Topics:
    """Every topic of a site: those that feeds.yaml names, and those that articles have.

    Which topic gets a readable slug that several could have follows from the configuration and the
    articles alone: first those configured, then the one whose first article is the oldest.
    """

    def __init__(self, settings: Iterable[TopicSettings], names: Iterable[TopicName]) -> None:
        self._settings = settings = tuple(settings)
        self._mistakes: list[tuple[int, str, str, str]] = []
        self._by_key: dict[str, Topic] = {}
        #: By slug, in the order of names.
        self.by_slug: dict[str, Topic] = {}
        # A slug that was asked for comes before all that are made of names.
        for each in sorted(settings, key=lambda each: not each.slug):
            topic = self._add(each.name, each.slug)
            topic.description, topic.content = each.description, each.content
            topic.podcast = each.podcast
            topic.keys |= set(map(texts.fold, each.aliases))
            self._by_key |= dict.fromkeys(topic.keys, topic)
        self._known = set(self._by_key)
        for each in settings:
            if each.parent and texts.fold(each.parent) not in self._by_key:
                self._add(each.parent)
        spellings: dict[str, list[TopicName]] = {}
        for each_name in names:
            spellings.setdefault(texts.fold(each_name.name), []).append(each_name)
        self._known.update(spellings)
        for _first, key, used in sorted(
            (min(each.first for each in used), key, used) for key, used in spellings.items()
        ):
            if key not in self._by_key:
                # The most used spelling is the one shown.
                self._add(max(used, key=lambda each: (each.uses, each.name)).name)
        for each in settings:
            if each.parent:
                child = self._by_key[texts.fold(each.name)]
                parent = self._by_key[texts.fold(each.parent)]
                if child not in _line(parent):
                    child.parent = parent
                else:
                    message = f"the parent {each.parent} is {each.name} itself or below it"
                    self._mistakes.append((each.line, "parent-cycle", message, "leave it out"))
        self._set_families()
        self.by_slug = dict(
            sorted(self.by_slug.items(), key=lambda item: (texts.fold(item[1].name), item[0]))
        )
        #: Slugs that lead to a topic's own: those it had, and those of its aliases.
        self.former: dict[str, Topic] = {}
        for each in settings:
            topic = self._by_key[texts.fold(each.name)]
            for slug in (*each.formerly, *map(texts.slug, each.aliases)):
                there = self.by_slug.get(slug) or self.former.setdefault(slug, topic)
                if there is not topic and slug in each.formerly:
                    message = f"formerly: {slug} leads to {there.name}, not to {each.name}"
                    hint = "a slug leads to one topic"
                    self._mistakes.append((each.line, "former-slug", message, hint))

    def __iter__(self) -> Iterator[Topic]:
        return iter(self.by_slug.values())

    def named(self, name: str) -> Topic | None:
        """The topic that a name, in any case or an alias, means."""
        return self._by_key.get(texts.fold(name))

    def found(self, name: str) -> Topic | None:
        """The topic with a slug, a name, an alias or a slug that it had."""
        return self.by_slug.get(name) or self.named(name) or self.former.get(name)

    def nearest(self, name: str, most: int) -> str:
        """The name that is most like a misspelt one, of at most so many; empty where none is."""
        known = {key: topic.name for key, topic in itertools.islice(self._by_key.items(), most)}
        near = difflib.get_close_matches(texts.fold(name), known, 1)
        return known[near[0]] if near else ""

    def family(self, name: str) -> frozenset[str]:
        """The folded names of the articles' topics that a topic takes in."""
        topic = self.named(name)
        return topic.family if topic else frozenset((texts.fold(name),))

    def problems(self, path: str, feeds: Iterable[FeedSettings]) -> list[Problem]:
        """What is wrong with the topics, and with the names of topics in the feeds of a file.

        A name that no topic has may get one tomorrow: it is a mistake where it nearly is another.
        """
        known = {key: topic.name for key, topic in self._by_key.items() if key in self._known}
        mistakes = list(self._mistakes)
        named = [(each.line, each.parent) for each in self._settings if each.parent]
        for each in feeds:
            selection = each.selection
            names = (*selection.any, *selection.all, *selection.none)
            named += ((each.line, name) for name in names)
        for line, name in named:
            near = difflib.get_close_matches(texts.fold(name), known, 1, 0.8)
            if texts.fold(name) not in known and near:
                hint = f"did you mean {known[near[0]]}?"
                mistakes.append((line, "unknown-topic", f"no article is about {name}", hint))
        return [
            Problem(path, line, code, message, hint, Severity.WARNING)
            for line, code, message, hint in mistakes
        ]

    def canonical(self, names: Iterable[str]) -> tuple[str, ...]:
        """The topics' own names for an article's names for them, each once."""
        return tuple(
            dict.fromkeys(topic.name if (topic := self.named(name)) else name for name in names)
        )

    def _add(self, name: str, slug: str = "") -> Topic:
        slug = slug or texts.slug(name)
        attempts = itertools.count()
        while slug in self.by_slug:
            slug = texts.distinct_slug(name, next(attempts))
        topic = Topic(name, slug, keys={texts.fold(name)})
        self.by_slug[slug] = self._by_key[texts.fold(name)] = topic
        return topic

    def _set_families(self) -> None:
        families: dict[str, set[str]] = {}
        for topic in self:
            for ancestor in _line(topic):
                families.setdefault(ancestor.slug, set()).update(topic.keys)
        for slug, keys in families.items():
            self.by_slug[slug].family = frozenset(keys)


def _line(topic: Topic | None) -> list[Topic]:
    """A topic, its parent, and so on up."""
    found: list[Topic] = []
    while topic:
        found.append(topic)
        topic = topic.parent
    return found
