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

from feeds.formats import FORMATS, PAGE, SUBSCRIPTIONS
from feeds.model.article import Article
from feeds.model.feed import Context, Feed, ListedFeed
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
    feed: Feed, feeds: Iterable[ListedFeed], newest: Iterable[Article], query: str = ""
) -> bytes:
    """Return the directory of every feed, with the newest articles of the whole site.

    With a query, only the feeds that contain all its words are listed, after the site's own.
    """
    words = query.casefold().split()
    listed = [
        feed
        for feed in feeds
        if feed.channel.kind == "site"
        or all(
            word in f"{feed.channel.name} {feed.channel.description}".casefold() for word in words
        )
    ]
    stories = [_story(article, "", feed.url) for article in newest]
    return _render_page("directory.html", feed, listed=listed, stories=stories, search=query)


def render_document(feed: Feed, url: str) -> bytes:
    """Return the feed's page, two folders below the site's root."""
    stories = [entry.part(PAGE.name).decode() for entry in feed.entries[:ON_PAGE]]
    return _render_page("feed.html", feed, url=url, stories=stories)


def render_period(feed: Feed, name: str) -> bytes:
    """Return the page of one period of the feed's archive, two folders below the feed's page."""
    # Text can't match: its quotation marks are escaped.
    stories = [
        entry.part(PAGE.name).decode().replace(f'="{_ROOT}', f'="{feed.root}')
        for entry in feed.entries
    ]
    urls = {"older": feed.history.previous, "newer": feed.history.next}
    neighbours = {key: url.rstrip("/").rpartition("/")[2] for key, url in urls.items()}
    title = f"{feed.title}, {name}"
    return _render_page(
        "archive.html", feed, url=feed.base, title=title, stories=stories, **neighbours
    )


def render_custom(
    feed: Feed,
    request: CustomFeedRequest,
    topics: Sequence[Topic],
    articles: Iterable[Article],
    *,
    folder: str,
    context: Context,
) -> bytes:
    """Return the form of custom feeds, one folder below the root, with a preview of the feed.

    The folder is that of the feed's documents, relative to the page.
    """
    names = {topic.slug: topic.name for topic in topics}
    given = {key: list(request.given.get(key, ())) for key in PARAMETERS}
    given |= {key: [names.get(slug, slug) for slug in given[key]] for key in ("topic", "not")}
    return _render_page(
        "custom.html",
        feed,
        stories=[
            _story(article, feed.root, context.site_url, context.folder_of_topic)
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
    )


def render_entry(article: Article, context: Context) -> bytes:
    """Return the article as every feed's page shows it."""
    return _story(article, _ROOT, context.site_url, context.folder_of_topic).encode()


def _story(
    article: Article, root: str, site_url: str, folder_of_topic: Callable[[str], str] | None = None
) -> str:
    macros: Any = _environment().get_template("macros.html").module
    from_page = partial(_link_within_site, root=root, site_url=site_url)
    return str(macros.story(article, root, folder_of_topic, from_page))


def render_moved(title: str, target: str, url: str) -> bytes:
    """Return the page at a former path, for hosts that cannot redirect."""
    template = _environment().get_template("moved.html")
    return template.render(title=title, target=target, url=url).encode()


def _render_page(template: str, feed: Feed, **values: object) -> bytes:
    icon = _link_within_site(feed.icon, feed.root, urljoin(feed.base, feed.root))
    shared = {
        "feed": feed, "root": feed.root, "title": feed.title, "url": feed.url, "icon": icon,
        "folder": "", "query": "",
    }  # fmt: skip
    return _environment().get_template(template).render(shared | values).encode()


def _link_within_site(url: str, root: str, site_url: str) -> str:
    """Return the URL relative to a page if it is the site's own, else unchanged."""
    # "./" keeps a file name with a colon from being read as a URL with a scheme.
    return (root or "./") + url.removeprefix(site_url) if url.startswith(site_url) else url


@cache
def _styles(*names: str) -> dict[str, object]:
    """Return the style of a page, and a Content-Security-Policy that allows it."""
    style = "".join(_read(name) for name in names)
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(_read('script.js'))}';"
        " img-src 'self' http: https:; base-uri 'none'; form-action 'self'"
    )
    return {"style": style, "policy": policy}


def _read(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text("utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals |= {
        "formats": FORMATS, "subscriptions": SUBSCRIPTIONS, "readers": _READERS,
        "script": _read("script.js"), **_styles("style.css"),
    }  # fmt: skip
    environment.filters |= {
        "day": _day, "instant": datetime.isoformat, "quoted": partial(quote, safe=""),
        "summary": shorten,
    }  # fmt: skip
    return environment


def _hash(text: str) -> str:
    """Return the source expression of an inline element with this text (CSP 3 §2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _day(date: datetime) -> str:
    """Return a date such as 5 May 2026; strftime() would use the process's locale."""
    months = "January February March April May June July August September October November December"
    return f"{date.day} {months.split()[date.month - 1]} {date.year}"
