"""Reads feeds.yaml: what the publisher says of the site, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields

from feeds.errors import ConfigurationError, Problem, Severity
from feeds.model.podcast import Podcast
from feeds.model.site import CONTENTS, DEFAULT_URL, Author, FeedSettings, Site, TopicSettings
from feeds.parsing import yaml_text as tree
from feeds.parsing.fields import Fields, Report
from feeds.parsing.podcast import read_podcast
from feeds.parsing.selection import KEYS as SELECTION_KEYS
from feeds.parsing.selection import read_selection
from feeds.text.repair import plain_line
from feeds.text.slugs import fold, slugify
from feeds.text.urls import canonical_url

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
    except tree.YAMLTextError as error:
        raise ConfigurationError(f"{path}:{error.line}: {error.message}; {error.hint}") from error
    if values is None:
        raise ConfigurationError(f"{path}:1: nothing is in it; write title: and url:")
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path}:1: not a mapping; write key: value, one a line")
    for line, key in duplicates:
        report.add_line(
            line, "duplicate-key", f"{plain_line(key)} is there twice", "the last one counts"
        )
    found = Fields(values, report)
    found.reject_unknown_keys(_SITE_KEYS)
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
    if not (url := canonical_url(text)):
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
    author.reject_unknown_keys(("name", "uri", "email"))
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
        item.reject_unknown_keys(_TOPIC_KEYS)
        name = item.text("name")
        if not name:
            item.problem("name", "missing-name", "a topic without a name", "name it")
            continue
        slug = item.text("slug")
        if slug and not _SLUG.fullmatch(slug):
            hint = f"such as {slugify(slug)}: small letters, digits and hyphens"
            item.problem("slug", "bad-slug", f"slug is {slug!r}", hint)
            slug = ""
        names = (name, *item.texts("aliases"))
        clash = next((n for n in names if taken.get(fold(n), name) != name), None)
        if clash or fold(name) in taken:
            other = taken[fold(clash or name)]
            item.problem("name", "duplicate-topic", f"{clash or name} belongs to {other} already")
            continue
        if slug and slug in slugs:
            item.problem("slug", "duplicate-slug", f"a second topic has the slug {slug}")
            slug = ""
        taken |= dict.fromkeys(map(fold, names), name)
        slugs.add(slug)
        yield TopicSettings(
            name=name,
            slug=slug,
            aliases=names[1:],
            formerly=tuple(
                each if _SLUG.fullmatch(each) else slugify(each) for each in item.texts("formerly")
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
        item.reject_unknown_keys(_FEED_KEYS)
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
            selection=read_selection(item),
            content=item.choice("content", CONTENTS),
            podcast=show,
            line=item.line,
        )
        if all(each.severity is Severity.WARNING for each in report.problems[before:]):
            taken.add(name)
            yield settings
