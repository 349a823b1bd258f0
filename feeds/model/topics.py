"""The topics of a site: those that feeds.yaml configures, and those that articles name."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from feeds.errors import Problem, Severity
from feeds.model.podcast import Podcast
from feeds.model.site import Site, TopicSettings
from feeds.text.slugs import distinct_slug, fold, slugify

#: Line in feeds.yaml, code, message and hint of a problem.
_Mistake = tuple[int, str, str, str]


@dataclass(frozen=True, slots=True, order=True)
class TopicName:
    """A name that articles use for a topic, in one spelling."""

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
    #: One of CONTENTS; empty for the site's.
    content: str = ""
    podcast: Podcast | None = None
    parent: Topic | None = None


@dataclass(frozen=True, slots=True)
class Topics:
    """Every topic of a site, as build_topics() makes them."""

    #: By slug, in the order of names.
    by_slug: Mapping[str, Topic]
    #: By former slug, and by the slugs of aliases; never a slug that a topic has now.
    former: Mapping[str, Topic]
    #: By folded name and alias.
    by_key: Mapping[str, Topic]
    #: The folded names that articles or the topics' own configuration use.
    known: frozenset[str]
    #: Problems of the topics' configuration.
    mistakes: tuple[_Mistake, ...] = ()

    def __iter__(self) -> Iterator[Topic]:
        return iter(self.by_slug.values())

    def named(self, name: str) -> Topic | None:
        """Return the topic with a name or an alias, in any case."""
        return self.by_key.get(fold(name))

    def find(self, name: str) -> Topic | None:
        """Return the topic with a slug, a name, an alias or a former slug."""
        return self.by_slug.get(name) or self.named(name) or self.former.get(name)

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
        return tuple(
            dict.fromkeys(topic.name if (topic := self.named(name)) else name for name in names)
        )

    def problems(self, path: str, site: Site) -> list[Problem]:
        """Return the problems of the topics that a feeds.yaml configures or its feeds name.

        A name that no topic has may get one tomorrow: it is reported only if it resembles another.
        """
        mistakes = list(self.mistakes)
        named = [(topic.line, topic.parent) for topic in site.topics if topic.parent]
        for feed in site.feeds:
            selection = feed.selection
            names = (*selection.any, *selection.all, *selection.none)
            named += ((feed.line, name) for name in names)
        known = [key for key in self.by_key if key in self.known]
        for line, name in named:
            near = difflib.get_close_matches(fold(name), known, 1, 0.8)
            if near and fold(name) not in self.known:
                hint = f"did you mean {self.by_key[near[0]].name}?"
                mistakes.append((line, "unknown-topic", f"no article has the topic {name}", hint))
        return [
            Problem(path, line, code, message, hint, Severity.WARNING)
            for line, code, message, hint in mistakes
        ]


def build_topics(settings: Iterable[TopicSettings], names: Iterable[TopicName]) -> Topics:
    """Build the topics that are configured, their parents, and those that articles name.

    Of topics that could have the same slug, the first gets it: those that ask for it, then the
    other configured ones, their parents, then the topic whose first article is the oldest. So
    slugs depend on the configuration and the articles alone.
    """
    settings = tuple(settings)
    ordered = sorted(settings, key=lambda topic: not topic.slug)
    configured = {fold(topic.name): topic for topic in ordered}
    # A topic's key is its folded name; key_of has it by every folded name and alias.
    key_of: dict[str, str] = {}
    for key, topic in configured.items():
        key_of |= dict.fromkeys((key, *map(fold, topic.aliases)), key)
    spellings: dict[str, list[TopicName]] = {}
    for name in names:
        spellings.setdefault(fold(name.name), []).append(name)
    known = frozenset((*key_of, *spellings))

    shown = {key: topic.name for key, topic in configured.items()}
    parent_names = (topic.parent for topic in settings if topic.parent)
    by_age = sorted(spellings.values(), key=_first_article)
    most_used = (max(used, key=lambda name: (name.uses, name.name)).name for used in by_age)
    for new_name in (*parent_names, *most_used):
        if key_of.setdefault(fold(new_name), fold(new_name)) not in shown:
            shown[fold(new_name)] = new_name

    slugs = _slugs(shown, configured)
    parents, cycles = _parents(settings, key_of)
    families: dict[str, set[str]] = {key: set() for key in shown}
    for folded, key in key_of.items():
        for ancestor in _line(key, parents):
            families[ancestor].add(folded)

    topics: dict[str, Topic] = {}
    for key in sorted(shown, key=lambda key: len(_line(key, parents))):  # parents first
        own = configured.get(key, TopicSettings(shown[key]))
        topics[key] = Topic(
            name=shown[key],
            slug=slugs[key],
            family=frozenset(families[key]),
            description=own.description,
            content=own.content,
            podcast=own.podcast,
            parent=topics[parents[key]] if key in parents else None,
        )
    by_slug = {topics[key].slug: topics[key] for key in sorted(topics)}
    by_key = {folded: topics[key] for folded, key in key_of.items()}
    former, conflicts = _former(settings, by_slug, by_key)
    return Topics(by_slug, former, by_key, known, (*cycles, *conflicts))


def _first_article(used: Sequence[TopicName]) -> tuple[datetime, str]:
    return min(name.first for name in used), fold(used[0].name)


def _slugs(shown: Mapping[str, str], configured: Mapping[str, TopicSettings]) -> dict[str, str]:
    """Give each topic, in order, the slug it asks for or one made of its name."""
    keys: dict[str, str] = {}  # by slug
    for key, name in shown.items():
        slug = (configured[key].slug if key in configured else "") or slugify(name)
        attempts = itertools.count()
        while slug in keys:
            slug = distinct_slug(name, next(attempts))
        keys[slug] = key
    return {key: slug for slug, key in keys.items()}


def _parents(
    settings: Iterable[TopicSettings], key_of: Mapping[str, str]
) -> tuple[dict[str, str], list[_Mistake]]:
    """Return the keys of topics' parents; a parent that would make a cycle is left out."""
    parents: dict[str, str] = {}
    mistakes: list[_Mistake] = []
    for topic in settings:
        if topic.parent:
            child, parent = key_of[fold(topic.name)], key_of[fold(topic.parent)]
            if child in _line(parent, parents):
                message = f"the parent {topic.parent} is {topic.name} itself or below it"
                mistakes.append((topic.line, "parent-cycle", message, "leave it out"))
            else:
                parents[child] = parent
    return parents, mistakes


def _line(key: str, parents: Mapping[str, str]) -> list[str]:
    """Return the key of a topic, of its parent, and so on up."""
    line = [key]
    while line[-1] in parents:
        line.append(parents[line[-1]])
    return line


def _former(
    settings: Iterable[TopicSettings], by_slug: Mapping[str, Topic], by_key: Mapping[str, Topic]
) -> tuple[dict[str, Topic], list[_Mistake]]:
    """Return the topics by former slugs and slugs of aliases, unless another topic has the slug."""
    former: dict[str, Topic] = {}
    mistakes: list[_Mistake] = []
    for configured in settings:
        topic = by_key[fold(configured.name)]
        for slug in (*configured.formerly, *map(slugify, configured.aliases)):
            owner = by_slug.get(slug) or former.setdefault(slug, topic)
            if owner is not topic and slug in configured.formerly:
                message = f"formerly: {slug} leads to {owner.name}, not to {configured.name}"
                hint = "a slug leads to one topic"
                mistakes.append((configured.line, "former-slug", message, hint))
    return former, mistakes
