"""HTML pages: the directory of all feeds, a feed's own page, and where something has moved.

Every page stands alone: its style is in it, allowed by its hash, and it has no script. Links within
the site are relative, so a tree can be read wherever it is put.
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

from feeds.formats import FORMATS, PAGE_TYPE, SUBSCRIPTIONS
from feeds.model.article import Article
from feeds.model.feed import Context, Feed, FeedSummary
from feeds.model.topics import Topic
from feeds.parsing.feed_query import PARAMETERS, CustomFeedRequest
from feeds.text.repair import shorten

MEDIA_TYPE = PAGE_TYPE
#: Articles on a feed's page, and on the directory.
ON_PAGE, ON_DIRECTORY = 30, 6
#: Well-known readers, and where each of them takes the address of a feed.
_READERS = (
    ("Feedly", "https://feedly.com/i/subscription/feed%2F"),
    ("Inoreader", "https://www.inoreader.com/?add_feed="),
    ("NewsBlur", "https://www.newsblur.com/?url="),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
)
#: The site's root, from the page of a feed.
_ROOT = "../../"
#: Topics on the form of custom feeds: as boxes to tick, and as names that are proposed.
_BOXES, _PROPOSED = 60, 500


def render_directory(
    feed: Feed, listed: Iterable[FeedSummary], newest: Iterable[Article], query: str = ""
) -> bytes:
    """The directory of every feed, with the newest articles of the whole site.

    With a query, only the feeds that have all its words are listed, after the site's own.
    """
    stories = [_story(article, "", None, feed.url) for article in newest]
    everything, *others = listed
    words = query.casefold().split()
    found = (each for each in others if all(word in _text_of(each) for word in words))
    values = {"listed": (everything, *found), "stories": stories, "query": query}
    return _render_page("directory.html", feed, feed.title, feed.url, **values)


def _text_of(listed: FeedSummary) -> str:
    return f"{listed.name} {listed.description}".casefold()


def render_feed(feed: Feed) -> bytes:
    """A feed's page, two folders below the site's root."""
    stories = [Markup(each.part("page").decode()) for each in feed.entries[:ON_PAGE]]  # noqa: S704
    return _render_page("feed.html", feed, feed.title, feed.url, stories=stories)


def render_period(feed: Feed, name: str) -> bytes:
    """A period of a feed's archive, two folders below the feed's page."""
    parts = (each.part("page") for each in feed.entries)
    if feed.root != _ROOT:
        # No text can hold a quotation mark: it is escaped there.
        parts = (part.replace(b'="../../', f'="{feed.root}'.encode()) for part in parts)
    stories = [Markup(part.decode()) for part in parts]  # noqa: S704
    older, newer = (
        url.rstrip("/").rpartition("/")[2] for url in (feed.history.previous, feed.history.next)
    )
    return _render_page(
        "archive.html", feed, f"{feed.title}, {name}", feed.base,
        stories=stories, older=older, newer=newer,
    )  # fmt: skip


def render_custom(
    feed: Feed,
    asked: CustomFeedRequest,
    topics: Sequence[Topic],
    articles: Iterable[Article],
    *,
    folder: str,
    context: Context,
) -> bytes:
    """The form of custom feeds, one folder below the site's root, with what a query asks for.

    The feed's documents lie in a folder, as seen from the page.
    """
    names = {topic.slug: topic.name for topic in topics}
    given = {key: list(asked.given.get(key, ())) for key in PARAMETERS}
    given |= {key: [names.get(each, each) for each in given[key]] for key in ("topic", "not")}
    return _render_page(
        "custom.html", feed, feed.title, feed.url,
        stories=[
            _story(each, feed.root, context.folder_of_topic, context.site_url)
            for each in islice(articles, ON_PAGE)
        ],
        problems=asked.problems,
        given=given,
        boxes=topics if len(topics) <= _BOXES else (),
        proposed=topics[:_PROPOSED],
        folder=folder,
        documents=urljoin(feed.base, folder or "."),
        # Of the feed that is there already, no query is a part.
        query="" if folder else feed.query,
        **_styles("style.css", "custom.css"),
    )  # fmt: skip


def story(article: Article, context: Context) -> bytes:
    """An article on the pages of the feeds that it is in."""
    return _story(article, _ROOT, context.folder_of_topic, context.site_url).encode()


def _story(
    article: Article, root: str, folder_of_topic: Callable[[str], str] | None, site_url: str
) -> Markup:
    def from_here(url: str) -> str:
        return _from_here(url, root, site_url)

    macros: Any = _environment().get_template("macros.html").module
    told: Markup = macros.story(article, root, folder_of_topic, from_here)
    return told


def render_moved(title: str, target: str, url: str) -> bytes:
    """What a host that cannot redirect gives at an old path."""
    return _render("moved.html", title=title, target=target, url=url)


def _render_page(template: str, feed: Feed, title: str, url: str, **values: object) -> bytes:
    icon = _from_here(feed.icon, feed.root, urljoin(url, feed.root))
    values |= {"feed": feed, "root": feed.root, "title": title, "url": url, "icon": icon}
    return _render(template, **values)


def _from_here(url: str, root: str, site_url: str) -> str:
    """A URL within the site as a link from a page; any other as it is."""
    # Without the dot, a name with a colon in it would be a scheme.
    return (root or "./") + url.removeprefix(site_url) if url.startswith(site_url) else url


def _render(template: str, **values: object) -> bytes:
    return _environment().get_template(template).render(values).encode()


@cache
def _styles(*names: str) -> dict[str, object]:
    """The style of a page, and the policy that allows this style and hardly anything else."""
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
    """What allows an element with this text, and no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _day(date: datetime) -> str:
    """As 5 May 2026: strftime would ask the process's locale for the month."""
    months = "January February March April May June July August September October November December"
    return f"{date.day} {months.split()[date.month - 1]} {date.year}"
