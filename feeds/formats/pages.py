"""The HTML pages of a site, as files that need no others.

Style and script are inline, allowed by their hashes. Links within the site are relative, so the
tree works wherever it is put.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urljoin

import jinja2

from feeds.formats import FORMATS, LIST, PAGE, EntrySource
from feeds.model.article import Article
from feeds.model.feed import Feed, ListedFeed
from feeds.model.topics import Topic
from feeds.parsing.feed_query import PARAMETERS, CustomFeedRequest
from feeds.parsing.time_zones import in_zone
from feeds.text.repair import shorten

#: Articles on the directory, and on a feed's page.
ON_DIRECTORY, _MAX_ON_PAGE = 6, 30
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
    feed: Feed, feeds: Iterable[ListedFeed], newest: Iterable[Article], query: str = "",
    timezone: str = "",
) -> bytes:  # fmt: skip
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
    stories = [_story(article, "", feed.url, timezone) for article in newest]
    return _render_page(
        "directory.html", feed, listed=listed, stories=stories, search=query, timezone=timezone
    )


def render_document(feed: Feed) -> bytes:
    """Return the page of a feed, or of a period of its archive."""
    if feed.history.is_archive:
        return _render_page("archive.html", feed, stories=_stories(feed))
    return _render_page("feed.html", feed, stories=_stories(feed, _MAX_ON_PAGE))


def render_custom(
    feed: Feed, request: CustomFeedRequest, topics: Sequence[Topic], folder: str
) -> bytes:
    """Return the form of custom feeds with a preview of the feed.

    The folder is that of the feed's documents, relative to the page.
    """
    names = {topic.slug: topic.name for topic in topics}
    given = {key: list(request.given.get(key, ())) for key in PARAMETERS}
    given |= {key: [names.get(slug, slug) for slug in given[key]] for key in ("topic", "not")}
    return _render_page(
        "custom.html",
        feed,
        stories=_stories(feed, _MAX_ON_PAGE),
        problems=request.problems,
        given=given,
        boxes=topics if len(topics) <= _MAX_CHECKBOXES else (),
        proposed=topics[:_MAX_SUGGESTIONS],
        folder=folder,
        documents=urljoin(feed.base, folder or "."),
        # A published feed with these articles needs no query.
        query="" if folder else feed.query,
    )


def render_entry(source: EntrySource) -> bytes:
    """Return the article as every feed's page shows it."""
    article, context = source.article, source.context
    folder_of_topic, timezone = context.folder_of_topic, context.timezone
    return _story(article, _ROOT, context.site_url, timezone, folder_of_topic).encode()


def render_moved(title: str, target: str, url: str) -> bytes:
    """Return the page at a former path, for hosts that cannot redirect."""
    template = _environment().get_template("moved.html")
    return template.render(title=title, target=target, url=url).encode()


def _story(
    article: Article, root: str, site_url: str, timezone: str,
    folder_of_topic: Callable[[str], str] | None = None,
) -> str:  # fmt: skip
    macros: Any = _environment().get_template("macros.html").module
    from_page = partial(_link_within_site, root=root, site_url=site_url)
    return str(macros.story(article, root, folder_of_topic, from_page, timezone))


def _stories(feed: Feed, limit: int | None = None) -> list[str]:
    """Return the newest articles with links that begin at the feed's page."""
    # Text can't match: its quotation marks are escaped.
    parts = (entry.part(PAGE.name).decode() for entry in feed.entries[:limit])
    return [part.replace(f'="{_ROOT}', f'="{feed.root}') for part in parts]


def _render_page(template: str, feed: Feed, **values: object) -> bytes:
    icon = _link_within_site(feed.icon, feed.root, urljoin(feed.base, feed.root))
    shared = {"feed": feed, "icon": icon, "folder": "", "query": ""}
    return _environment().get_template(template).render(shared | values).encode()


def _link_within_site(url: str, root: str, site_url: str) -> str:
    """Return the URL relative to a page if it is the site's own, else unchanged."""
    # "./" keeps a file name with a colon from being read as a URL with a scheme.
    return (root or "./") + url.removeprefix(site_url) if url.startswith(site_url) else url


@cache
def _inline(*names: str) -> tuple[str, str]:
    """Return the text of an inline element, and its hash for a policy (CSP 3 §2.3.1)."""
    folder = files(__package__).joinpath("templates")
    text = "".join(folder.joinpath(name).read_text("utf-8") for name in names)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return text, f"sha256-{digest}"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals.update(formats=FORMATS, opml=LIST, readers=_READERS, inline=_inline)
    environment.filters |= {"day": _day, "quoted": partial(quote, safe=""), "shorten": shorten}
    return environment


def _day(date: datetime, timezone: str) -> str:
    """Return the day in a zone, as 5 May 2026; strftime() would use the process's locale."""
    date = in_zone(date, timezone)
    months = "January February March April May June July August September October November December"
    return f"{date.day} {months.split()[date.month - 1]} {date.year}"
