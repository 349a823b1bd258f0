"""The HTML pages of a site, as files that need no others.

Style and script are inline, allowed by their hashes. Links within the site are relative, so the
tree works wherever it is put.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from itertools import islice
from typing import Any
from urllib.parse import quote, urljoin

import jinja2
from markupsafe import Markup

from feeds.formats import FORMATS, PAGE, SUBSCRIPTIONS
from feeds.model.article import Article
from feeds.model.feed import Context, Feed, FeedSummary
from feeds.model.topics import Topic
from feeds.parsing.feed_query import PARAMETERS, CustomFeedRequest
from feeds.text.repair import shorten

#: Articles on a feed's page, and on the directory.
ON_PAGE, ON_DIRECTORY = 30, 6
#: Well-known readers, and the beginning of the URL that subscribes to a feed in each.
_READERS = (
    ("Feedly", "https://feedly.com/i/subscription/feed%2F"),
    ("Inoreader", "https://www.inoreader.com/?add_feed="),
    ("NewsBlur", "https://www.newsblur.com/?url="),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
)
#: The site's root relative to a feed's page, for which render_entry() makes links.
_ROOT = "../../"
#: Topics on the form of custom feeds: as checkboxes, else as suggestions.
_MAX_CHECKBOXES, _MAX_SUGGESTIONS = 60, 500


def render_directory(
    feed: Feed, feeds: Iterable[FeedSummary], newest: Iterable[Article], query: str = ""
) -> bytes:
    """The directory of every feed, with the newest articles of the whole site.

    With a query, only the feeds that contain all its words are listed, after the site's own.
    """
    stories = [_story(article, "", None, feed.url) for article in newest]
    site_feed, *others = feeds
    words = query.casefold().split()
    matching = (
        other
        for other in others
        if all(word in f"{other.name} {other.description}".casefold() for word in words)
    )
    return _render_page(
        "directory.html", feed, feed.url,
        listed=(site_feed, *matching), stories=stories, query=query,
    )  # fmt: skip


def render_document(feed: Feed, url: str) -> bytes:
    """The feed's page, two folders below the site's root."""
    stories = [Markup(entry.part(PAGE.name).decode()) for entry in feed.entries[:ON_PAGE]]  # noqa: S704  # rendered by render_entry()
    return _render_page("feed.html", feed, url, stories=stories)


def render_period(feed: Feed, name: str) -> bytes:
    """The page of one period of the feed's archive, two folders below the feed's page."""
    stories = (entry.part(PAGE.name) for entry in feed.entries)
    if feed.root != _ROOT:
        # Text can't match: its quotation marks are escaped.
        stories = (story.replace(b'="../../', f'="{feed.root}'.encode()) for story in stories)
    older, newer = (
        url.rstrip("/").rpartition("/")[2] for url in (feed.history.previous, feed.history.next)
    )
    return _render_page(
        "archive.html", feed, feed.base,
        title=f"{feed.title}, {name}",
        stories=[Markup(story.decode()) for story in stories],  # noqa: S704  # as above
        older=older, newer=newer,
    )  # fmt: skip


def render_custom(
    feed: Feed,
    request: CustomFeedRequest,
    topics: Sequence[Topic],
    articles: Iterable[Article],
    *,
    folder: str,
    context: Context,
) -> bytes:
    """The form of custom feeds, one folder below the site's root, with a preview of the feed.

    The folder is that of the feed's documents, relative to the page.
    """
    names = {topic.slug: topic.name for topic in topics}
    given = {key: list(request.given.get(key, ())) for key in PARAMETERS}
    given |= {key: [names.get(slug, slug) for slug in given[key]] for key in ("topic", "not")}
    return _render_page(
        "custom.html", feed, feed.url,
        stories=[
            _story(article, feed.root, context.folder_of_topic, context.site_url)
            for article in islice(articles, ON_PAGE)
        ],
        problems=request.problems,
        given=given,
        boxes=topics if len(topics) <= _MAX_CHECKBOXES else (),
        proposed=topics[:_MAX_SUGGESTIONS],
        folder=folder,
        documents=urljoin(feed.base, folder or "."),
        # A published feed with these articles needs no query.
        query="" if folder else feed.query,
        **_styles("style.css", "custom.css"),
    )  # fmt: skip


def render_entry(article: Article, context: Context) -> bytes:
    """The article as every feed's page shows it."""
    return _story(article, _ROOT, context.folder_of_topic, context.site_url).encode()


def _story(
    article: Article, root: str, folder_of_topic: Callable[[str], str] | None, site_url: str
) -> Markup:
    macros: Any = _environment().get_template("macros.html").module
    from_page = partial(_link_within_site, root=root, site_url=site_url)
    story: Markup = macros.story(article, root, folder_of_topic, from_page)
    return story


def render_moved(title: str, target: str, url: str) -> bytes:
    """The page at an old path, for hosts that cannot redirect."""
    return _render("moved.html", title=title, target=target, url=url)


def _render_page(template: str, feed: Feed, url: str, **values: object) -> bytes:
    icon = _link_within_site(feed.icon, feed.root, urljoin(url, feed.root))
    shared = {"feed": feed, "root": feed.root, "title": feed.title, "url": url, "icon": icon}
    return _render(template, **shared | values)


def _link_within_site(url: str, root: str, site_url: str) -> str:
    """The URL relative to a page if it is the site's own, else unchanged."""
    # "./" keeps a file name with a colon from being read as a URL with a scheme.
    return (root or "./") + url.removeprefix(site_url) if url.startswith(site_url) else url


def _render(template: str, **values: object) -> bytes:
    return _environment().get_template(template).render(values).encode()


@cache
def _styles(*names: str) -> dict[str, object]:
    """The style of a page, and a Content-Security-Policy that allows it."""
    style = "".join(_read(name) for name in names)
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(_read('script.js'))}';"
        " img-src 'self' http: https:; base-uri 'none'; form-action 'self'"
    )
    return {"style": Markup(style), "policy": policy}  # noqa: S704  # our own files


def _read(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text("utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        formats=FORMATS,
        subscriptions=SUBSCRIPTIONS,
        script=Markup(_read("script.js")),  # noqa: S704  # our own file
        readers=_READERS,
        **_styles("style.css"),
    )
    environment.filters.update(
        day=_day, instant=datetime.isoformat, quoted=partial(quote, safe=""), summary=shorten
    )
    return environment


def _hash(text: str) -> str:
    """The source expression that allows an inline element with this text (CSP 3 §2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _day(date: datetime) -> str:
    """A date such as 5 May 2026; strftime() would use the process's locale."""
    months = "January February March April May June July August September October November December"
    return f"{date.day} {months.split()[date.month - 1]} {date.year}"
