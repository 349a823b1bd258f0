"""Reads feeds.yaml into a Site, and reports its problems by line."""

import dataclasses
import difflib
import re
from collections.abc import Iterator
from urllib.parse import unquote

from feeds.errors import ConfigurationError, Problem, Severity
from feeds.model.site import (
    ARTWORK_TYPES,
    CONTENTS,
    DEFAULT_URL,
    FORMAT_NAMES,
    Author,
    FeedSettings,
    FormerPath,
    Podcast,
    Site,
    TopicSettings,
)
from feeds.parsing.feed_query import SELECTION_KEYS, read_selection
from feeds.parsing.fields import Fields
from feeds.parsing.report import Limits, Report
from feeds.parsing.time_zones import nearest_zone, zone_name
from feeds.parsing.yaml_text import YAMLTextError
from feeds.text.media_types import type_of_url
from feeds.text.repair import shown
from feeds.text.slugs import fold, slugify
from feeds.text.urls import canonical_url

_DEFAULTS = Site(title="")
#: Its texts and URLs go into each document or entry.
_LIMITS = Limits(items=2000, of_each_list=True, chars=500, chars_of={"description": 10_000})
_SLUG = re.compile(r"(?=.{1,80}$)[a-z0-9]+(-[a-z0-9]+)*")
#: A page, or a program that many servers run, also by an ending before the last.
_MARKUP_PATH = re.compile(
    r"(?:/|\.[sx]?html?|\.(?:php\d?|phtml|phar|aspx?|jsp|cgi|pl|py)(?:\.[^/]*)?)$",
    re.IGNORECASE,
)
#: Files in which hosts look for redirects, headers and code.
_HOSTS_FILES = ("_headers", "_redirects", "_worker.js", "nginx.conf", "s3.json")
#: A name in a former path: not hidden, and in no need of escapes in any host's file.
_PATH_NAME = re.compile(r"(?!\.)[\w.~-]+")
_FEED_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_SITE_KEYS, _TOPIC_KEYS = (
    [field.name for field in dataclasses.fields(model) if not field.name.endswith("line")]
    for model in (Site, TopicSettings)
)
_PODCAST_KEYS = ("image", "category", "explicit", "author", "owner", "type", "copyright")
_FEED_KEYS = ("name", "title", "description", "content", "podcast", *SELECTION_KEYS)


def read_site(text: str, path: str, defaults: Site) -> tuple[Site, list[Problem]]:
    """Parse feeds.yaml into a site and its problems; the defaults are those of absent keys.

    An invalid key is ignored. A feed with an invalid key is left out whole, because it could
    publish articles that were meant to be excluded. Raises ConfigurationError for a text that is
    not a YAML mapping, is empty (it may be about to be written) or names no folder of articles.
    """
    report = Report(path, Severity.ERROR, _LIMITS)
    try:
        return _read(text, report, defaults), report.problems
    except YAMLTextError as error:
        raise ConfigurationError(f"{path}:{error.line}: {error}") from error
    except ConfigurationError:
        raise
    except Exception as error:  # of a library, say
        reason = f"{type(error).__name__}: {shown(str(error))}"
        raise ConfigurationError(f"{path}:{report.line}: cannot be read: {reason}") from error


def _read(text: str, report: Report, defaults: Site) -> Site:
    empty = "the file is empty", "write title: and url:"
    fields = Fields.load(text.removeprefix("\ufeff"), report, empty=empty)
    fields.reject_unknown_keys(_SITE_KEYS)
    for key, value in (("title", "the site's name"), ("url", "the address of the published feeds")):
        if key not in fields:
            fields.problem(key, f"missing-{key}", f"no {key}", f"write {key}: and {value}")
    podcast = _podcast(fields)
    max_age, stale = fields.seconds("max_age"), fields.seconds("stale_while_revalidate")
    return Site(
        title=fields.text("title") or defaults.title,
        url=_url(fields) or DEFAULT_URL,
        description=fields.text("description") or defaults.description,
        language=fields.language("language") or defaults.language,
        id=fields.identifier("id"),
        author=_author(fields) or defaults.author,
        icon=fields.url_or_path("icon"),
        logo=fields.url_or_path("logo"),
        rights=fields.text("rights"),
        max_age=_DEFAULTS.max_age if max_age is None else max_age,
        stale_while_revalidate=_DEFAULTS.stale_while_revalidate if stale is None else stale,
        hub=fields.url("hub"),
        formerly=tuple(_former_paths(fields)),
        articles=_article_folders(fields, report) or defaults.articles,
        articles_line=fields.line_of("articles"),
        limit=fields.count("limit") or _DEFAULTS.limit,
        content=fields.choice("content", CONTENTS) or _DEFAULTS.content,
        unpublished=fields.flag("unpublished", _DEFAULTS.unpublished),
        timezone=_timezone(fields, report) or defaults.timezone,
        math=fields.flag("math", defaults.math),
        future=fields.flag("future", defaults.future),
        dialect=fields.text("dialect").lower(),
        permalink=fields.text("permalink"),
        related_in_rss=fields.flag("related_in_rss", _DEFAULTS.related_in_rss),
        podcast=podcast,
        catalog=_catalog(fields),
        topics=tuple(_topics(fields, podcast or Podcast())),
        feeds=tuple(_feeds(fields, report, podcast or Podcast())),
    )


def read_site_url(text: str) -> str:
    """Parse a site's URL as a user wrote it; an empty text stays empty.

    Raises ConfigurationError if it is not a URL.
    """
    url = canonical_url(text) or ""
    if text and not url:
        hint = "write one such as https://example.org/"
        raise ConfigurationError(f"{shown(text)!r} is not an http or https URL; {hint}")
    if reason := _unusable(text):
        raise ConfigurationError(f"{shown(text)!r} {'; '.join(reason)}")
    return site_url(url)


def site_url(url: str) -> str:
    """Return a URL without query and fragment, with a slash at the end: the base of a tree."""
    url = re.split("[?#]", url, maxsplit=1)[0]
    return url if not url or url.endswith("/") else f"{url}/"


def _unusable(url: str) -> tuple[str, str] | None:
    """Return why a URL cannot be a site's, and a hint; None if it can."""
    # Hosts' files hold it without escapes.
    if len(url) > _LIMITS.chars:
        return f"is {len(url):,} characters long", f"at most {_LIMITS.chars} are allowed"
    if not unquote(url).strip().isprintable():
        return "holds a control character", "leave it out"
    return None


def _url(fields: Fields) -> str:
    url = fields.url("url")
    if url and (reason := _unusable(fields.markup("url"))):
        what, hint = reason
        fields.problem("url", "bad-url", f"url {what}", hint)
        return ""
    if "?" in url or "#" in url:
        hint = f"{shown(site_url(url))} is used"
        fields.problem("url", "bad-url", "url has a query or a fragment", hint, Severity.WARNING)
    return site_url(url)


def _former_paths(fields: Fields) -> Iterator[FormerPath]:
    site = site_url(canonical_url(fields.markup("url")) or DEFAULT_URL)
    former: dict[str, FormerPath] = {}
    for item, written in fields.keyed("formerly"):
        path = unquote(written.removeprefix(site)).removeprefix("/")
        # A folder's index.html is the page of the folder.
        path = re.sub(r"(^|/)index\.html$", r"\1", path)
        name = path.rstrip("/").rpartition("/")[2].lower()
        by_name = "json" if name.endswith("json") else "atom" if "atom" in name else "rss"
        reason = _unusable_path(path)
        format = "" if reason else item.choice(written, FORMAT_NAMES) or by_name
        if format == "json" and _MARKUP_PATH.search(path):
            # Its text would be markup, or a program for the server.
            reason = "is sent as HTML, which JSON must not be", "write one such as feed/json"
        if reason:
            what, hint = reason
            message = f"formerly: {shown(written)!r} {what}"
            item.problem(written, "bad-path", message, hint, about=what)
        else:
            former[path] = FormerPath(path, format, item.line_of(written))
    # The path of a folder covers the one without a slash.
    yield from (each for path, each in former.items() if f"{path}/" not in former)


def _unusable_path(path: str) -> tuple[str, str] | None:
    """Return why no feed can be at a former path, and a hint; None if one can."""
    if "://" in path:
        return "is not below url", "write the path from there, such as feed.xml"
    if "?" in path or "#" in path:
        return "has a query, which static hosts ignore", "it takes a redirect by the server"
    if path.lower() in _HOSTS_FILES:
        return "is a file that hosts read themselves", "write one such as feed.xml"
    names = path.removesuffix("/").split("/")
    is_short = len(path) <= _LIMITS.chars and all(len(name.encode()) <= 200 for name in names)
    if not is_short or not all(map(_PATH_NAME.fullmatch, names)):
        return "is not a plain path", "write one such as feed.xml or blog/feed/"
    return None


def _article_folders(fields: Fields, report: Report) -> tuple[str, ...]:
    names = fields.texts("articles")
    if not names and (key := fields.nearest_key("articles")):
        # The default would publish the whole folder, which may hold files that are not public.
        message = f"{shown(key)}: names no folder of articles"
        hint = "write articles: and a folder, or leave it out for the folder of this file"
        raise ConfigurationError(f"{report.path}:{fields.line_of(key)}: {message}; {hint}")
    return names


def _timezone(fields: Fields, report: Report) -> str:
    name = fields.text("timezone")
    if not name and "timezone" not in fields:
        return ""
    if exact := zone_name(name):
        return exact
    # The default would publish articles hours before or after their time.
    near = nearest_zone(name)
    hint = f"did you mean {near}?" if near else "write one of the IANA database: Europe/Berlin"
    message = f"timezone is {shown(name)!r}; {hint}"
    raise ConfigurationError(f"{report.path}:{fields.line_of('timezone')}: {message}")


def _catalog(fields: Fields) -> str:
    catalog = fields.text("catalog")
    if catalog and not re.match(r"[a-z0-9+]+://", catalog):
        hint = "write one such as postgresql+psycopg://user@host/database or sqlite:///index.sqlite"
        fields.problem("catalog", "bad-catalog", "catalog is not a database URL", hint)
        return ""
    return catalog


def _author(fields: Fields) -> Author | None:
    author = fields.mapping("author", short="name")
    if not author:
        return None
    author.reject_unknown_keys(("name", "uri", "email"))
    name, uri, email = author.text("name"), author.url("uri"), author.email("email")
    if not name:
        author.problem("name", "missing-name", "the author has no name", "write name")
    return Author(name, uri, email) if name else None


def _topics(fields: Fields, podcast: Podcast) -> Iterator[TopicSettings]:
    owners: dict[str, str] = {}
    slugs: set[str] = set()
    for item in fields.mappings("topics", short="name"):
        item.reject_unknown_keys(_TOPIC_KEYS)
        if not (name := item.text("name")):
            item.problem("name", "missing-name", "a topic without a name", "write name")
            continue
        slug = item.text("slug")
        if slug and not _SLUG.fullmatch(slug):
            example = shown(slugify(slug))
            hint = f"write one such as {example}: lower-case letters, digits and hyphens"
            item.problem("slug", "bad-slug", f"slug is {shown(slug)!r}", hint)
            slug = ""
        names = (name, *item.texts("aliases"))
        if clash := next((alias for alias in names if fold(alias) in owners), ""):
            owner = shown(owners[fold(clash)])
            message = f"{shown(clash)} is a name of the topic {owner} already"
            item.problem("name", "duplicate-topic", message, "use each name in one topic")
            continue
        if slug and slug in slugs:
            message = f"another topic has the slug {slug} already"
            item.problem("slug", "duplicate-slug", message, "choose another")
            slug = ""
        owners |= dict.fromkeys(map(fold, names), name)
        slugs.add(slug)
        yield TopicSettings(
            name=name,
            slug=slug,
            aliases=names[1:],
            formerly=tuple(
                old if _SLUG.fullmatch(old) else slugify(old) for old in item.texts("formerly")
            ),
            parent=item.text("parent"),
            description=item.text("description"),
            content=item.choice("content", CONTENTS),
            podcast=_podcast(item, podcast),
            line=item.line,
        )


def _feeds(fields: Fields, report: Report, podcast: Podcast) -> Iterator[FeedSettings]:
    names: set[str] = set()
    for item in fields.mappings("feeds"):
        # Read first: a problem in it is no reason to leave the feed out.
        feed_podcast = _podcast(item, podcast)
        errors = report.errors
        item.reject_unknown_keys(_FEED_KEYS)
        name = item.text("name")
        if not _FEED_NAME.fullmatch(name):
            hint = "it should be lower-case letters and digits, joined by hyphens"
            item.problem("name", "bad-name", f"a feed's name is {shown(name)!r}", hint)
        elif name in names:
            message = f"another feed is named {shown(name)} already"
            item.problem("name", "duplicate-feed", message, "rename one")
        settings = FeedSettings(
            name=name,
            title=item.text("title") or name,
            description=item.text("description"),
            selection=read_selection(item),
            content=item.choice("content", CONTENTS),
            podcast=feed_podcast,
            line=item.line,
        )
        if report.errors == errors:
            names.add(name)
            yield settings


def _podcast(fields: Fields, site: Podcast | None = None) -> Podcast | None:
    """Parse the key `podcast`, true or a mapping; missing keys are inherited from the site's own.

    Without `site`, this is the site's own key: true makes the feed of all articles a podcast.
    Names and rules are Apple's (https://podcasters.apple.com/support/823-podcast-requirements),
    which other directories follow.
    """
    keys = fields.mapping_or_flag("podcast")
    if not keys:
        return None
    line = fields.line_of("podcast")
    default = dataclasses.replace(site or Podcast(), everything=False, line=line)
    if keys is True:
        return dataclasses.replace(default, everything=site is None)
    keys.reject_unknown_keys(_PODCAST_KEYS if site else (*_PODCAST_KEYS, "everything"))
    if owner := keys.mapping("owner", short="email"):
        owner.reject_unknown_keys(("name", "email"))
    return dataclasses.replace(
        default,
        image=_artwork(keys) or default.image,
        categories=tuple(dict.fromkeys(_categories(keys))) or default.categories,
        explicit=keys.flag("explicit", default.explicit),
        author=keys.text("author") or default.author,
        owner_name=(owner.text("name") if owner else "") or default.owner_name,
        owner_email=(owner.email("email") if owner else "") or default.owner_email,
        type=keys.choice("type", ("episodic", "serial")) or default.type,
        copyright=keys.text("copyright") or default.copyright,
        everything=site is None and keys.flag("everything", default=False),
    )


def _artwork(keys: Fields) -> str:
    image = keys.url_or_path("image")
    if image and type_of_url(image, "") not in ARTWORK_TYPES:
        hint = "it should be a .jpg or .png file"
        keys.problem("image", "bad-artwork", f"image is {shown(image)}", hint)
        return ""
    return image


def _categories(keys: Fields) -> Iterator[tuple[str, str]]:
    for name in keys.texts("category"):
        category = _CATEGORY_BY_KEY.get(fold(name))
        if category in CATEGORIES:
            yield category, ""
        elif category:
            yield _PARENTS[category], category
        else:
            hint = f"it should be one of {', '.join(CATEGORIES)}"
            if near := difflib.get_close_matches(fold(name), _CATEGORY_BY_KEY, 1, 0.6):
                hint = f"did you mean {_CATEGORY_BY_KEY[near[0]]}?"
            message = f"Apple has no category {shown(name)!r}"
            keys.problem("category", "bad-category", message, hint)


#: Apple's categories and their subcategories (https://podcasters.apple.com/support/1691).
CATEGORIES = {
    "Arts": ("Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts"),
    "Business": ("Careers", "Entrepreneurship", "Investing", "Management", "Marketing",
        "Non-Profit"),
    "Comedy": ("Comedy Interviews", "Improv", "Stand-Up"),
    "Education": ("Courses", "How To", "Language Learning", "Self-Improvement"),
    "Fiction": ("Comedy Fiction", "Drama", "Science Fiction"),
    "Government": (),
    "Health & Fitness": ("Alternative Health", "Fitness", "Medicine", "Mental Health", "Nutrition",
        "Sexuality"),
    "History": (),
    "Kids & Family": ("Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids"),
    "Leisure": ("Animation & Manga", "Automotive", "Aviation", "Crafts", "Games", "Hobbies",
        "Home & Garden", "Video Games"),
    "Music": ("Music Commentary", "Music History", "Music Interviews"),
    "News": ("Business News", "Daily News", "Entertainment News", "News Commentary", "Politics",
        "Sports News", "Tech News"),
    "Religion & Spirituality": ("Buddhism", "Christianity", "Hinduism", "Islam", "Judaism",
        "Religion", "Spirituality"),
    "Science": ("Astronomy", "Chemistry", "Earth Sciences", "Life Sciences", "Mathematics",
        "Natural Sciences", "Nature", "Physics", "Social Sciences"),
    "Society & Culture": ("Documentary", "Personal Journals", "Philosophy", "Places & Travel",
        "Relationships"),
    "Sports": ("Baseball", "Basketball", "Cricket", "Fantasy Sports", "Football", "Golf", "Hockey",
        "Rugby", "Running", "Soccer", "Swimming", "Tennis", "Volleyball", "Wilderness",
        "Wrestling"),
    "Technology": (),
    "True Crime": (),
    "TV & Film": ("After Shows", "Film History", "Film Interviews", "Film Reviews", "TV Reviews"),
}  # fmt: skip
_PARENTS = {sub: parent for parent, subs in CATEGORIES.items() for sub in subs}
_CATEGORY_BY_KEY = {fold(name): name for name in (*CATEGORIES, *_PARENTS)}
