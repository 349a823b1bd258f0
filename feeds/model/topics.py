"""The topics of a site: those that feeds.yaml names, and those that articles have."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from feeds.errors import Problem, Severity
from feeds.model.podcast import Podcast
from feeds.model.site import FeedSettings, TopicSettings
from feeds.text.slugs import distinct_slug, fold, slugify


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
            topic.keys |= set(map(fold, each.aliases))
            self._by_key |= dict.fromkeys(topic.keys, topic)
        self._known = set(self._by_key)
        for each in settings:
            if each.parent and fold(each.parent) not in self._by_key:
                self._add(each.parent)
        spellings: dict[str, list[TopicName]] = {}
        for each_name in names:
            spellings.setdefault(fold(each_name.name), []).append(each_name)
        self._known.update(spellings)
        for _first, key, used in sorted(
            (min(each.first for each in used), key, used) for key, used in spellings.items()
        ):
            if key not in self._by_key:
                # The most used spelling is the one shown.
                self._add(max(used, key=lambda each: (each.uses, each.name)).name)
        for each in settings:
            if each.parent:
                child = self._by_key[fold(each.name)]
                parent = self._by_key[fold(each.parent)]
                if child not in _line(parent):
                    child.parent = parent
                else:
                    message = f"the parent {each.parent} is {each.name} itself or below it"
                    self._mistakes.append((each.line, "parent-cycle", message, "leave it out"))
        self._set_families()
        self.by_slug = dict(
            sorted(self.by_slug.items(), key=lambda item: (fold(item[1].name), item[0]))
        )
        #: Slugs that lead to a topic's own: those it had, and those of its aliases.
        self.former: dict[str, Topic] = {}
        for each in settings:
            topic = self._by_key[fold(each.name)]
            for slug in (*each.formerly, *map(slugify, each.aliases)):
                there = self.by_slug.get(slug) or self.former.setdefault(slug, topic)
                if there is not topic and slug in each.formerly:
                    message = f"formerly: {slug} leads to {there.name}, not to {each.name}"
                    hint = "a slug leads to one topic"
                    self._mistakes.append((each.line, "former-slug", message, hint))

    def __iter__(self) -> Iterator[Topic]:
        return iter(self.by_slug.values())

    def named(self, name: str) -> Topic | None:
        """The topic that a name, in any case or an alias, means."""
        return self._by_key.get(fold(name))

    def found(self, name: str) -> Topic | None:
        """The topic with a slug, a name, an alias or a slug that it had."""
        return self.by_slug.get(name) or self.named(name) or self.former.get(name)

    def nearest(self, name: str, most: int) -> str:
        """The name that is most like a misspelt one, of at most so many; empty where none is."""
        known = {key: topic.name for key, topic in itertools.islice(self._by_key.items(), most)}
        near = difflib.get_close_matches(fold(name), known, 1)
        return known[near[0]] if near else ""

    def family(self, name: str) -> frozenset[str]:
        """The folded names of the articles' topics that a topic takes in."""
        topic = self.named(name)
        return topic.family if topic else frozenset((fold(name),))

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
            near = difflib.get_close_matches(fold(name), known, 1, 0.8)
            if fold(name) not in known and near:
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
        slug = slug or slugify(name)
        attempts = itertools.count()
        while slug in self.by_slug:
            slug = distinct_slug(name, next(attempts))
        topic = Topic(name, slug, keys={fold(name)})
        self.by_slug[slug] = self._by_key[fold(name)] = topic
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
