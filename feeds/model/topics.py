"""The topics of a site: those that feeds.yaml configures, and those that articles name."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from operator import attrgetter

from feeds.errors import Problem, Severity
from feeds.model.site import Podcast, Site, TopicSettings
from feeds.text.repair import shown
from feeds.text.slugs import distinct_slug, fold, slugify

#: Unknown names in feeds.yaml for which a similar one is looked for, and pairs of names that are
#: compared for all of them: a hundred thousand take a quarter of a second.
_MAX_COMPARED, _MAX_PAIRS = 100, 100_000
#: Further problems of a kind that the first one names.
_MAX_PLACES = 5


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

    def problems(self, path: str, site: Site) -> Iterator[Problem]:
        """Yield the problems of the topics that the feeds.yaml at a path configures or selects.

        A name that no topic has may get one tomorrow: it is reported only if it resembles another.
        """
        warning = partial(Problem, path, severity=Severity.WARNING)
        named = [(topic.line, topic.parent) for topic in site.topics if topic.parent]
        for feed in site.feeds:
            wanted = feed.selection
            named += ((feed.line, name) for name in (*wanted.any, *wanted.all, *wanted.none))
        cycles: list[tuple[Problem, str]] = []
        former: list[tuple[Problem, str]] = []
        for settings in site.topics:
            topic, line = self.by_key[fold(settings.name)], settings.line
            if settings.parent and topic.parent is not self.named(settings.parent):
                message = (
                    f"the parent {shown(settings.parent)} is {shown(topic.name)} itself or below it"
                )
                problem = warning(line, "parent-cycle", message, "leave it out")
                cycles.append((problem, shown(topic.name)))
            for slug in settings.formerly:
                owner = self.by_slug.get(slug) or self.by_former_slug[slug]
                if owner is not topic:
                    target = f"{shown(owner.name)}, not to {shown(topic.name)}"
                    message = f"formerly: {shown(slug)} leads to {target}"
                    problem = warning(line, "former-slug", message, "a slug leads to one topic")
                    former.append((problem, shown(slug)))
        yield from _told_once(cycles)
        yield from _told_once(former)
        known = [key for key in self.by_key if key in self.known][:_MAX_PAIRS]
        unknown = ((line, name) for line, name in named if fold(name) not in self.known)
        most = min(_MAX_COMPARED, _MAX_PAIRS // max(1, len(known)))
        for line, name in itertools.islice(unknown, most):
            if near := difflib.get_close_matches(fold(name), known, 1, 0.8):
                hint = f"did you mean {shown(self.by_key[near[0]].name)}?"
                yield warning(
                    line, "unknown-topic", f"no article has the topic {shown(name)}", hint
                )


def _told_once(problems: list[tuple[Problem, str]]) -> Iterator[Problem]:
    """Yield the first of problems of one kind, with the number and the names of the others."""
    for first, _name in problems[:1]:
        others = problems[1:]
        places = ", ".join(f"{name} on line {other.line}" for other, name in others[:_MAX_PLACES])
        places += ", …" * (len(others) > _MAX_PLACES)
        more = f" (and {len(others):,} more: {places})" if others else ""
        yield replace(first, message=first.message + more)


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
