"""HTML pages: the directory of all feeds, a feed's own page, and where something has moved.

Every page stands alone: its style is in it, allowed by its hash, and it has no script. Links within
the site are relative, so a tree can be read wherever it is put.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from feeds.feed import Feed, Listed
from feeds.formats import FORMATS
from feeds.text import summary

MEDIA_TYPE = "text/html; charset=utf-8"
#: Articles on a feed's page, and on the directory.
_ON_PAGE, _ON_DIRECTORY = 30, 6


def render_directory(feed: Feed, listed: Iterable[Listed]) -> bytes:
    """The directory of every feed, with the newest articles of the whole site."""
    return _render(
        "directory.html", feed=feed, listed=tuple(listed), articles=feed.articles[:_ON_DIRECTORY],
        root="",
    )  # fmt: skip


def render_feed(feed: Feed, folder_of_topic: Callable[[str], str], depth: int) -> bytes:
    """A feed's page, so many folders below the site's root."""
    return _render(
        "feed.html", feed=feed, articles=feed.articles[:_ON_PAGE], root="../" * depth,
        folder_of_topic=folder_of_topic,
    )  # fmt: skip


def render_moved(title: str, target: str, url: str) -> bytes:
    """What a host that cannot redirect gives at an old path."""
    return _render("moved.html", title=title, target=target, url=url)


def _render(template: str, **values: object) -> bytes:
    return _environment().get_template(template).render(values).encode()


@cache
def _environment() -> jinja2.Environment:
    style = files(__package__).joinpath("templates", "style.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        formats=FORMATS,
        style=Markup(style),  # noqa: S704  # our own file
        policy=(
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' http: https:;"
            " base-uri 'none'; form-action 'none'"
        ),
    )
    environment.filters.update(day=_day, instant=datetime.isoformat, summary=summary)
    return environment


def _day(date: datetime) -> str:
    """As 5 May 2026: strftime would ask the process's locale for the month."""
    months = "January February March April May June July August September October November December"
    return f"{date.day} {months.split()[date.month - 1]} {date.year}"
