"""The topics of a site: those that feeds.yaml configures, and those that articles name."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from feeds.model.site import Podcast, TopicSettings
from feeds.text.slugs import distinct_slug, fold, slugify


@dataclass(frozen=True, slots=True, order=True)
class TopicName:
    """One spelling of a topic's name in articles."""

    name: str
    #: Number of articles that use it.
    uses: int
    #: Publication date of the first of them.
    first: datetime


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of the site."""

    name: str
    slug: str
    #: Folded names and aliases of this topic and of every topic below it: its feed's articles have
    #: one of them.
    family: frozenset[str]
    description: str = ""
    content: str = ""
    podcast: Podcast | None = None
    parent: Topic | None = None


@dataclass(frozen=True, slots=True)
class Topics:
    """Every topic of a site, as build_topics() makes them."""

    #: In the order of names.
    by_slug: Mapping[str, Topic]
    #: By former slug, and by the slugs of aliases; never a slug that a topic has now.
    by_former_slug: Mapping[str, Topic]
    #: By folded name and alias.
    by_key: Mapping[str, Topic]
    #: The folded names that articles or the topics' own configuration use.
    known: frozenset[str]

    def __iter__(self) -> Iterator[Topic]:
        return iter(self.by_slug.values())

    def named(self, name: str) -> Topic | None:
        """Return the topic with a name or an alias, in any case."""
        return self.by_key.get(fold(name))

    def find(self, name: str) -> Topic | None:
        """Return the topic with a slug, a name, an alias or a former slug."""
        return self.by_slug.get(name) or self.named(name) or self.by_former_slug.get(name)

    def nearest(self, name: str, limit: int) -> str:
        """Return the topic name most like a misspelt one; empty if none is.

        Compares with at most `limit` names.
        """
        keys = itertools.islice(self.by_key, limit)
        near = difflib.get_close_matches(fold(name), keys, 1)
        return self.by_key[near[0]].name if near else ""

    def family(self, name: str) -> frozenset[str]:
        """Return the folded names of articles' topics that the feed of a topic takes."""
        topic = self.named(name)
        return topic.family if topic else frozenset((fold(name),))

    def canonical(self, names: Iterable[str]) -> tuple[str, ...]:
        """Replace an article's names for topics by the topics' own, without repetition."""
        topics = ((name, self.named(name)) for name in names)
        return tuple(dict.fromkeys(topic.name if topic else name for name, topic in topics))


def build_topics(settings: Iterable[TopicSettings], names: Iterable[TopicName]) -> Topics:
    """Build the topics that are configured, their parents, and those that articles name.

    Of topics that could have the same slug, the first gets it: those that ask for it, then the
    other configured ones, their parents, then the topic whose first article is the oldest. So
    slugs depend on the configuration and the articles alone. A parent that would make a cycle is
    left out.
    """
    settings = tuple(settings)
    ordered = sorted(settings, key=lambda topic: not topic.slug)
    # In the order in which topics get their slugs. A topic is known by its folded name, its key;
    # key_of has the key by each folded name and alias.
    settings_of = {fold(topic.name): topic for topic in ordered}
    key_of = {
        fold(name): key for key, topic in settings_of.items() for name in (key, *topic.aliases)
    }
    spellings: dict[str, list[TopicName]] = {}
    for name in names:
        spellings.setdefault(fold(name.name), []).append(name)
    known = frozenset((*key_of, *spellings))

    parent_names = (topic.parent for topic in settings if topic.parent)
    by_age = sorted((min(name.first for name in used), key) for key, used in spellings.items())
    most_used = (max(spellings[key], key=attrgetter("uses", "name")).name for _, key in by_age)
    for new_name in (*parent_names, *most_used):
        if key_of.setdefault(fold(new_name), fold(new_name)) not in settings_of:
            settings_of[fold(new_name)] = TopicSettings(new_name)

    slugs = _slugs(settings_of)
    parents = _parents(settings, key_of)
    families: dict[str, set[str]] = {key: set() for key in settings_of}
    for folded, key in key_of.items():
        for ancestor in _ancestry(key, parents):
            families[ancestor].add(folded)

    topics: dict[str, Topic] = {}
    for key in sorted(settings_of, key=lambda key: len(_ancestry(key, parents))):  # parents first
        topic = settings_of[key]
        parent = topics[parents[key]] if key in parents else None
        topics[key] = Topic(
            topic.name, slugs[key], frozenset(families[key]), topic.description, topic.content,
            topic.podcast, parent,
        )  # fmt: skip
    by_slug = {topics[key].slug: topics[key] for key in sorted(topics)}
    by_key = {folded: topics[key] for folded, key in key_of.items()}
    by_former_slug: dict[str, Topic] = {}
    for topic in settings:
        for slug in (*topic.formerly, *map(slugify, topic.aliases)):
            if slug not in by_slug:
                by_former_slug.setdefault(slug, by_key[fold(topic.name)])
    return Topics(by_slug, by_former_slug, by_key, known)


def _slugs(settings_of: Mapping[str, TopicSettings]) -> dict[str, str]:
    """Give each topic, in order, the slug it asks for or one made of its name."""
    keys: dict[str, str] = {}  # by slug
    for key, topic in settings_of.items():
        slug = topic.slug or slugify(topic.name)
        attempts = itertools.count()
        while slug in keys:
            slug = distinct_slug(topic.name, next(attempts))
        keys[slug] = key
    return {key: slug for slug, key in keys.items()}


def _parents(settings: Iterable[TopicSettings], key_of: Mapping[str, str]) -> dict[str, str]:
    parents: dict[str, str] = {}
    for topic in settings:
        if topic.parent:
            child, parent = key_of[fold(topic.name)], key_of[fold(topic.parent)]
            if child not in _ancestry(parent, parents):
                parents[child] = parent
    return parents


def _ancestry(key: str, parents: Mapping[str, str]) -> list[str]:
    """Return the key of a topic, of its parent, and so on up."""
    keys = [key]
    while keys[-1] in parents:
        keys.append(parents[keys[-1]])
    return keys
