"""One article in each reader, field by field, and text in many scripts.

The article is readers/sorting-pears.md: mojibake, entities, related links, a picture, two topics.
The programs are found as test_readers.py says.
"""

from __future__ import annotations

import calendar
import html
import json
import os
import re
import sqlite3
import subprocess
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest

from tests.support import CORPUS, SiteBuilder, needs_corpus, tool
from tests.test_readers import read_in_node

ARTICLE = Path(__file__).parent / "readers" / "sorting-pears.md"


@dataclass(frozen=True)
class View:
    """An article as a reader shows it; None for a field that the reader doesn't keep."""

    title: str
    #: The page that opens.
    link: str
    id: str
    author: str
    #: In seconds since 1970.
    date: int
    pictures: tuple[str, ...] | None
    topics: tuple[str, ...] | None
    related: tuple[tuple[str, str], ...] | None
    #: The content without its tags, a line for each of it.
    text: tuple[str, ...]


SEEN = View(
    title="A pear-sorting model – “self-taught” & patient: Zoë’s <b>test</b>",
    link="https://mint.example.com/sorting.html?page=1&size=2",
    id="https://mint.example.com/sorting.html?page=1&size=2",
    author="Mint & Co",
    date=1777625820,  # 2026-05-01T08:57:00Z
    pictures=("https://img.example.com//2026/p.png?w=600&h=338",),
    topics=("Machine Learning", "R&D"),
    related=(
        ("https://other.example.com/a?b=1&c=2", "Pears & machines"),
        ("https://third.example.com/", "The same, “shorter”"),
    ),
    text=(
        "It’s trained on unlabelled\xa0fruit, &lt;b&gt; is no tag,",
        "Related coverage:",
        "Pears & machines – Other Times",
        "The same, “shorter” – Third",
    ),
)
#: Atom's categories are those for selection too.
IN_ATOM = replace(SEEN, topics=("Machine Learning", "R&D", "news", "article"))
EXPECTED = {
    ("feedparser", "rss.xml"): SEEN,
    ("feedparser", "atom.xml"): IN_ATOM,
    # Of enclosures it keeps what plays, and no categories and links; the picture is in the text.
    ("newsboat", "rss.xml"): replace(SEEN, pictures=None, topics=None, related=None),
    ("newsboat", "atom.xml"): replace(SEEN, pictures=None, topics=None, related=None),
    ("sfeed", "rss.xml"): replace(SEEN, related=None),
    ("sfeed", "atom.xml"): replace(IN_ATOM, related=None),
    ("rss-parser", "rss.xml"): replace(SEEN, related=None),
    ("rss-parser", "atom.xml"): replace(SEEN, pictures=None, topics=None, related=None),
    ("feedsmith", "rss.xml"): SEEN,
    ("feedsmith", "atom.xml"): IN_ATOM,
    ("feedsmith", "feed.json"): replace(SEEN, related=None),
}


@pytest.mark.parametrize(("reader", "name"), EXPECTED)
def test_a_reader_shows_every_part_of_the_article(
    reader: str, name: str, site: SiteBuilder, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    site.write_text("one.md", ARTICLE.read_bytes())
    feed = site.published(f"/{name}", unpublished=True)
    assert b"KeepsThisToItself" not in feed
    assert view(reader, name, feed, tmp_path, request) == EXPECTED[reader, name]


@needs_corpus
@pytest.mark.parametrize(("reader", "name"), EXPECTED)
def test_a_reader_shows_every_part_of_the_seed(
    reader: str, name: str, site: SiteBuilder, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    source = (CORPUS / "seed.md").read_text("utf-8")
    site.write_text("one.md", source)
    seen = view(reader, name, site.published(f"/{name}", unpublished=True), tmp_path, request)
    title = values(source, "title")[0].replace("â€™", "’")
    link, *others = values(source, "webUrl")
    related = tuple(zip(others, values(source, "  - title"), strict=True))
    excerpt, provider = values(source, "excerpt")[0], values(source, "  name")
    published = datetime.fromisoformat(values(source, "publishedDateTime")[0])
    alike = EXPECTED[reader, name]
    kinds = (*values(source, "category"), *values(source, "type")[:1])
    topics = ("Machine Learning", "AI", *(kinds if len(alike.topics or ()) == 4 else ()))
    listed = zip((title for _url, title in related), provider[1:], strict=True)
    assert seen == View(
        title=title,
        link=link,
        id=link,
        author=provider[0],
        date=int(published.timestamp()),
        pictures=alike.pictures and tuple(values(source, "  - url")[:1]),
        topics=alike.topics and topics,
        related=alike.related and related,
        text=(excerpt, "Related coverage:", *(f"{name} – {whose}" for name, whose in listed)),
    )


def values(source: str, key: str) -> list[str]:
    """The values on all lines with a key, indented or not."""
    matches = re.findall(rf'^ *{re.escape(key.strip())}: "?(.*?)"?$', source, re.MULTILINE)
    return [str(match) for match in matches]


#: Text that is easily damaged on the way.
HARD = {
    "long": "The long title goes on, " * 400 + "and " + "on" * 500,
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 👍🏽 1️⃣ ❤️",
    "right to left": "התה מוכן \u200fABC\u200e על השולחן، الشاي جاهز",
    "combining": "Cafe\u0301 a\u0303o นี้ที่ क्षत्रिय q\u0307\u0323",
    "signs": "a < b && c > d; <i>5</i> &amp; &lt; ]]> \"q\" 'q' %20 {{x}} $1",
    "astral": "𝔸𝕓 𠮷野家 𒀭",
}


@pytest.mark.parametrize(("reader", "name"), EXPECTED)
def test_a_reader_shows_a_long_title_in_many_scripts_as_it_was_written(
    reader: str, name: str, site: SiteBuilder, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    title = " | ".join(HARD.values())
    assert len(title) > 10_000
    # Entities in front matter are decoded once.
    site.write("one.md", title=html.escape(title, quote=False), excerpt="x")
    seen = view(reader, name, site.published(f"/{name}"), tmp_path, request).title
    assert seen.split(" | ") == title.split(" | ")


def view(reader: str, name: str, feed: bytes, folder: Path, request: pytest.FixtureRequest) -> View:
    """The feed's one article in a reader."""
    if reader == "feedparser":
        return in_feedparser(feed)
    if reader == "newsboat":
        return in_newsboat(feed, folder)
    if reader == "sfeed":
        return in_sfeed(feed)
    node: Path = request.getfixturevalue("node_readers")
    if name == "feed.json":
        return in_feedsmith_json(feed, node)
    parsed, smith = read_in_node(node, feed)
    if reader == "rss-parser":
        return in_rss_parser(parsed["items"][0])
    return in_feedsmith_atom(smith) if name == "atom.xml" else in_feedsmith_rss(smith)


def text_of(content: str) -> tuple[str, ...]:
    """The lines of text that HTML shows."""
    lines = re.sub("</(?:p|li)>|<br>", "\n", content).split("\n")
    texts = (html.unescape(re.sub("<[^>]*>", "", line)).strip() for line in lines)
    return tuple(filter(None, texts))


def related_of(links: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    """The related links, with their titles."""
    return tuple((link["href"], link["title"]) for link in links if link.get("rel") == "related")


def seconds(date: str) -> int:
    """A date of RFC 3339, or of RFC 822, in seconds since 1970."""
    moment = datetime.fromisoformat(date) if date[:1].isdigit() else parsedate_to_datetime(date)
    return int(moment.timestamp())


def in_feedparser(feed: bytes) -> View:
    """As feedparser reads RSS and Atom."""
    parsed = feedparser.parse(feed)
    assert not parsed.bozo
    (entry,) = parsed.entries
    content = entry.content[0].value if "content" in entry else entry.summary
    return View(
        title=entry.title,
        link=entry.link,
        id=entry.id,
        author=entry.get("author", ""),
        date=calendar.timegm(entry.published_parsed),
        pictures=tuple(enclosure.href for enclosure in entry.enclosures),
        topics=tuple(tag.term for tag in entry.tags),
        related=related_of(entry.links),
        text=text_of(content),
    )


def in_newsboat(feed: bytes, folder: Path) -> View:
    """As newsboat keeps it in its cache."""
    (folder / "feed.xml").write_bytes(feed)
    (folder / "urls").write_text(f"file://{folder / 'feed.xml'}\n")
    command = [tool("newsboat"), "-u", str(folder / "urls"), "-c", str(folder / "cache.db")]
    subprocess.run(
        [*command, "-C", os.devnull, "-x", "reload"],
        env=os.environ | {"HOME": str(folder)},
        timeout=60,
        capture_output=True,
        check=True,
    )
    connection = sqlite3.connect(folder / "cache.db")
    columns = "title, url, guid, author, pubDate, content"
    ((title, url, guid, author, date, content),) = connection.execute(
        f"select {columns} from rss_item"
    ).fetchall()
    connection.close()
    return View(title, url, guid, author, date, None, None, None, text_of(content))


def in_sfeed(feed: bytes) -> View:
    """As a line of sfeed(5)."""
    done = subprocess.run([tool("sfeed")], input=feed, timeout=60, capture_output=True, check=True)
    (line,) = done.stdout.decode().splitlines()
    date, title, link, content, kind, id, author, enclosure, categories = line.split("\t")
    assert kind == "html"
    return View(
        title=title,
        link=link,
        id=id,
        author=author,
        date=int(date),
        pictures=(enclosure,),
        topics=tuple(categories.split("|")),
        related=None,
        text=text_of(content.replace("\\n", "\n")),
    )


def in_rss_parser(item: dict[str, Any]) -> View:
    """As rss-parser reads it; of Atom, it has no enclosures and no categories."""
    categories = item.get("categories")
    return View(
        title=item["title"],
        link=item["link"],
        id=item["guid"] if "guid" in item else item["id"],
        author=item.get("creator", item.get("author", "")),
        date=seconds(item["isoDate"]),
        pictures=(item["enclosure"]["url"],) if "enclosure" in item else None,
        topics=tuple(categories) if categories else None,
        related=None,
        text=text_of(item.get("content:encoded", item["content"])),
    )


def in_feedsmith_rss(smith: dict[str, Any]) -> View:
    """As feedsmith reads RSS."""
    (item,) = smith["items"]
    content = item["content"]["encoded"] if "content" in item else item["description"]
    return View(
        title=item["title"],
        link=item["link"],
        id=item["guid"]["value"],
        author=", ".join(item.get("dc", {}).get("creators", [])),
        date=seconds(item["pubDate"]),
        pictures=tuple(enclosure["url"] for enclosure in item.get("enclosures", [])),
        topics=tuple(category["name"] for category in item["categories"]),
        related=related_of(item.get("atom", {}).get("links", [])),
        text=text_of(content),
    )


def in_feedsmith_atom(smith: dict[str, Any]) -> View:
    """As feedsmith reads Atom."""
    (entry,) = smith["entries"]
    links = entry["links"]
    (link,) = [link["href"] for link in links if link.get("rel", "alternate") == "alternate"]
    assert links[0]["href"] == link
    return View(
        title=entry["title"]["value"],
        link=link,
        id=entry["id"],
        author=", ".join(author["name"] for author in entry.get("authors", [])),
        date=seconds(entry["published"]),
        pictures=tuple(link["href"] for link in links if link.get("rel") == "enclosure"),
        topics=tuple(category["term"] for category in entry["categories"]),
        related=related_of(links),
        text=text_of(entry["content"]["value"]),
    )


READ_JSON_IN_NODE = """
const {parseFeed} = require('feedsmith');
console.log(JSON.stringify(parseFeed(require('fs').readFileSync(0, 'utf8')).feed));
"""


def in_feedsmith_json(feed: bytes, node: Path) -> View:
    """As feedsmith reads JSON Feed."""
    command = [tool("node"), "--eval", READ_JSON_IN_NODE]
    done = subprocess.run(
        command, input=feed, cwd=node, capture_output=True, check=True, timeout=60
    )
    (item,) = json.loads(done.stdout)["items"]
    return View(
        title=item["title"],
        link=item["url"],
        id=item["id"],
        author=", ".join(author["name"] for author in item.get("authors", [])),
        date=seconds(item["date_published"]),
        pictures=tuple(attachment["url"] for attachment in item.get("attachments", [])),
        topics=tuple(item["tags"]),
        related=None,
        text=text_of(item["content_html"]),
    )
