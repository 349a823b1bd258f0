"""Our feeds in other people's readers: the page that opens, and the fields that are shown.

Readers that are not on PyPI: newsboat and sfeed are Debian's; rss-parser and feedsmith are npm's,
and NODE_READERS names a folder in which they were installed. FEEDVALIDATOR names the src folder of
a checkout of https://github.com/w3c/feedvalidator, which is in no registry.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import feedparser
import pytest
import yaml

from feeds.model.document import Document, Redirect
from feeds.publication.custom import custom_document
from feeds.publication.publication import Publication
from feeds.static.writer import write_tree
from tests.golden import URL, golden_site
from tests.support import CORPUS, SiteBuilder, document, needs_corpus, tool

FORMATS = ("rss.xml", "atom.xml")

#: An article of the seed's shape, with its troubles: mojibake, a query string, a related list.
FIXTURE: dict[str, Any] = {
    "title": "A pear-sorting model â€“ â€œself-taughtâ€\x9d &amp; patient",
    "excerpt": "It&#8217;s trained on unlabelled&nbsp;fruit.",
    "publishedDateTime": "2026-05-01T08:57:00Z",
    "webUrl": "https://mint.example.com/sorting?page=1&size=2",
    "originalUrl": "https://mint.example.com/sorting?page=1&size=2",
    "ampWebUrl": "https://mint.example.com/amp/sorting",
    "published": False,
    "provider": {"name": "Mint & Co", "domain": "mint.example.com"},
    "topics": ["Machine Learning", "AI"],
    "images": [{"url": "https://img.example.com//p.png?w=600&h=338", "width": 600, "height": 338}],
    "related": [
        {"title": "Pears & machines", "webUrl": "https://other.example.com/a?b=1&c=2"},
        {"title": "The same, “shorter”", "webUrl": "https://third.example.com/"},
    ],
    "secured": "TheFixtureKeepsThisToItself==",
}
FIXTURE_TITLE = "A pear-sorting model – “self-taught” & patient"
SEED_TITLE = (
    "Google’s self-supervised AI model can help improve neural networks in medical research"
)


@dataclass
class Published:
    """One article as it was written, and its feeds."""

    title: str
    keys: dict[str, Any]
    feeds: dict[str, bytes]
    folder: Path

    @property
    def url(self) -> str:
        return str(self.keys["webUrl"])

    @property
    def image(self) -> str:
        return str(self.keys["images"][0]["url"])

    @property
    def image_type(self) -> str:
        return "image/png" if ".png" in self.image else "image/jpeg"

    @property
    def provider(self) -> str:
        return str(self.keys["provider"]["name"])

    @property
    def related(self) -> set[tuple[str, str]]:
        return {(other["webUrl"], other["title"]) for other in self.keys["related"]}


@pytest.fixture(scope="module", params=["fixture", pytest.param("seed", marks=needs_corpus)])
def published(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Published:
    """An article, alone in its feeds, and the tree of them; to read only."""
    site = SiteBuilder(tmp_path_factory.mktemp("published") / "site")
    site.configure(title="Test site", url="https://feeds.example.org/")
    if request.param == "seed":
        text, title = (CORPUS / "seed.md").read_text("utf-8"), SEED_TITLE
        keys = yaml.safe_load(text.split("---\n")[1])
    else:
        text, title, keys = document(FIXTURE), FIXTURE_TITLE, FIXTURE
    site.write_text("one.md", text)
    publication = site.publication(unpublished=True)
    write_tree(publication, site.out)
    site.close()
    feeds = {name: (site.out / name).read_bytes() for name in FORMATS}
    return Published(title, keys, feeds, site.out)


def test_the_value_of_secured_is_in_no_file_of_the_tree(published: Published) -> None:
    files = [file for file in published.folder.rglob("*") if file.is_file()]
    # Three folders of four files, the list, the style, the manifest.
    assert len(files) == 15
    secret = published.keys["secured"].encode()
    assert [file for file in files if secret[:20] in file.read_bytes()] == []


@pytest.mark.parametrize("name", FORMATS)
def test_feedparser_reads_the_article_and_all_that_comes_with_it(
    published: Published, name: str
) -> None:
    parsed = feedparser.parse(io.BytesIO(published.feeds[name]))
    assert not parsed.bozo
    (entry,) = parsed.entries
    assert entry.link == entry.id == published.url
    assert entry.title == published.title
    assert entry.author == published.provider
    topics = [tag.term for tag in entry.tags if (tag.scheme or "/topics/").endswith("/topics/")]
    assert topics == published.keys["topics"]
    related = {(link.href, link.title) for link in entry.links if link.rel == "related"}
    assert related == published.related
    assert [(enclosure.href, enclosure.type) for enclosure in entry.enclosures] == [
        (published.image, published.image_type)
    ]
    assert entry.media_thumbnail[0]["url"] == published.image


@pytest.mark.parametrize("name", FORMATS)
def test_newsboat_opens_the_article_and_not_its_picture(
    published: Published, name: str, tmp_path: Path
) -> None:
    cache = tmp_path / "cache.db"
    (tmp_path / "urls").write_text(f"file://{published.folder / name}\n")
    command = [tool("newsboat"), "-u", str(tmp_path / "urls"), "-c", str(cache)]
    environment = os.environ | {"HOME": str(tmp_path)}
    subprocess.run(
        [*command, "-C", os.devnull, "-x", "reload"],
        env=environment,
        timeout=60,
        capture_output=True,
        check=True,
    )
    connection = sqlite3.connect(cache)
    rows = connection.execute("select url, guid, title, author from rss_item").fetchall()
    connection.close()
    # Of enclosures it keeps what plays; a picture would be none of its business.
    assert rows == [(published.url, published.url, published.title, published.provider)]


@pytest.mark.parametrize("name", FORMATS)
def test_sfeed_opens_the_article_and_not_its_picture(published: Published, name: str) -> None:
    done = subprocess.run(
        [tool("sfeed")], input=published.feeds[name], timeout=60, capture_output=True, check=True
    )
    (line,) = done.stdout.decode().splitlines()
    date, title, link, _content, kind, id, author, enclosure, categories = line.split("\t")
    assert (title, link, id, author) == (
        published.title,
        published.url,
        published.url,
        published.provider,
    )
    assert enclosure == published.image
    assert categories.split("|")[:2] == published.keys["topics"]
    assert kind == "html"
    assert int(date) > 1_600_000_000


READ_IN_NODE = """
const Parser = require('rss-parser'), {parseFeed} = require('feedsmith');
const text = require('fs').readFileSync(0, 'utf8');
new Parser().parseString(text).then((parsed) =>
  console.log(JSON.stringify({parsed, smith: parseFeed(text)})));
"""


def read_in_node(folder: Path, feed: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The feed as rss-parser sees it, and as feedsmith does."""
    command = [tool("node"), "--eval", READ_IN_NODE]
    done = subprocess.run(
        command, input=feed, cwd=folder, capture_output=True, check=True, timeout=60
    )
    read = json.loads(done.stdout)
    return read["parsed"], read["smith"]["feed"]


@pytest.mark.parametrize("name", FORMATS)
def test_rss_parser_opens_the_article_and_not_its_picture(
    published: Published, node_readers: Path, name: str
) -> None:
    parsed, _smith = read_in_node(node_readers, published.feeds[name])
    (item,) = parsed["items"]
    assert item["link"] == published.url
    assert item["title"] == published.title
    assert item.get("creator", item.get("author")) == published.provider
    if name == "rss.xml":  # rss-parser reads no enclosure and no category from Atom
        enclosure = {"url": published.image, "length": "0", "type": published.image_type}
        assert item["enclosure"] == enclosure
        assert item["categories"] == published.keys["topics"]


def test_feedsmith_reads_every_field_of_an_rss_item(
    published: Published, node_readers: Path
) -> None:
    _parsed, smith = read_in_node(node_readers, published.feeds["rss.xml"])
    (item,) = smith["items"]
    assert (item["link"], item["title"]) == (published.url, published.title)
    assert item["enclosures"] == [
        {"url": published.image, "length": 0, "type": published.image_type}
    ]
    assert [category["name"] for category in item["categories"]] == published.keys["topics"]
    assert published.provider in item["dc"].values() or item["dc"]["creators"] == [
        published.provider
    ]
    assert related_in(item["atom"]["links"]) == published.related


def test_feedsmith_reads_every_field_of_an_atom_entry(
    published: Published, node_readers: Path
) -> None:
    _parsed, smith = read_in_node(node_readers, published.feeds["atom.xml"])
    (entry,) = smith["entries"]
    links = entry["links"]
    alternates = [link["href"] for link in links if link.get("rel", "alternate") == "alternate"]
    assert alternates == [links[0]["href"]] == [published.url]
    title = entry["title"]
    assert (title if isinstance(title, str) else title["value"]) == published.title
    assert related_in(links) == published.related
    enclosures = [(link["href"], link["type"]) for link in links if link["rel"] == "enclosure"]
    assert enclosures == [(published.image, published.image_type)]
    assert [author["name"] for author in entry["authors"]] == [published.provider]


def related_in(links: list[dict[str, str]]) -> set[tuple[str, str]]:
    return {(link["href"], link["title"]) for link in links if link.get("rel") == "related"}


VALIDATE = """
import io, json, sys
import feedvalidator
from feedvalidator import compatibility
from feedvalidator.formatter.text_plain import Formatter
feedvalidator.MAXDATALENGTH = 1 << 30
for line in sys.stdin:
    file, url, media_type = json.loads(line)
    with open(file, "rb") as stream:
        try:
            events = feedvalidator.validateStream(stream, 1, media_type, url)["loggedEvents"]
        except feedvalidator.logging.ValidationFailure as failure:
            events = [failure.event]
    print(json.dumps([url, list(map(str, Formatter(compatibility.AA(events))))]), flush=True)
"""


def validated(publication: Publication, paths: Iterable[str], folder: Path) -> dict[str, list[str]]:
    """The messages of W3C's validator at level AA, as on its website, by URL."""
    source = os.environ.get("FEEDVALIDATOR")
    if not source:
        pytest.skip("FEEDVALIDATOR names no checkout of W3C's feed validator")
    lines = []
    for number, path in enumerate(paths):
        document = publication.document(path) or custom_document(publication, *path.split("?"))
        document = document.stand_in if isinstance(document, Redirect) else document
        assert isinstance(document, Document)
        file = folder / f"{number}.xml"
        file.write_bytes(document.body)
        url = publication.url + path.removeprefix("/")
        lines.append(json.dumps([str(file), url, document.media_type]))
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE],
        input="\n".join(lines),
        env=os.environ | {"PYTHONPATH": source},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    messages = dict(map(json.loads, done.stdout.splitlines()))
    assert len(messages) == len(lines) > 0
    return messages


def test_w3cs_validator_finds_nothing_in_the_golden_site(tmp_path: Path) -> None:
    publication = golden_site(tmp_path).publication()
    paths = [path for path in publication.paths() if path.endswith(FORMATS)]
    messages = validated(publication, paths, tmp_path)
    assert len(messages) == 26
    assert {url: lines for url, lines in messages.items() if lines} == {}


def test_w3cs_validator_finds_nothing_in_custom_feeds(site: SiteBuilder, tmp_path: Path) -> None:
    site.write_text("one.md", document({**FIXTURE, "published": True}))
    site.write("two.md", title="The pear", topics=["AI"], category="News")
    publication = site.publication()
    publication.catalog.search.fill()
    queries = (
        "topic=ai&topic=machine-learning", "not=machine-learning&since=30d&q=%22the+pear%22+-apple",
        "provider=mint+%26+co&type=article&category=news&min_quality=0.5", "q=%E6%9D%B1%E4%BA%AC",
    )  # fmt: skip
    paths = [f"/custom/{name}?{query}" for name in FORMATS for query in queries]
    messages = validated(publication, paths, tmp_path)
    assert {url: lines for url, lines in messages.items() if lines} == {}


@needs_corpus
def test_w3cs_validator_finds_nothing_in_the_corpus(site: SiteBuilder, tmp_path: Path) -> None:
    site.configure(title="Corpus", url=URL, articles=str(CORPUS), limit=2000)
    publication = site.publication(unpublished=True)
    assert publication.listed[0].count > 500
    messages = validated(publication, [f"/{name}" for name in FORMATS], tmp_path)
    assert {url: lines for url, lines in messages.items() if lines} == {}
