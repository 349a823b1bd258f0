"""Requirements on every RSS, Atom and JSON Feed document, whatever its articles are."""

from __future__ import annotations

import copy
import json
import locale
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import lxml.etree as etree
import pytest

from feeds.formats import ATOM, FORMATS, RSS, as_entry, atom, render, rss
from feeds.model.article import Article
from feeds.model.document import Document, Redirect
from feeds.model.feed import Context, Feed
from feeds.model.site import Author
from feeds.parsing.article import read_article
from feeds.publication.publication import Publication
from tests.feedgen_entries import feedgen_entry, feedgen_item
from tests.golden import GOLDEN, URL, golden_site
from tests.support import CORPUS, NOW, SiteBuilder, needs_corpus

_ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    return golden_site(tmp_path_factory.mktemp("site")).publication()


@pytest.fixture
def empty(site: SiteBuilder) -> Publication:
    """A site without articles, with a topic and a feed."""
    site.configure(
        title="Empty",
        url=URL,
        topics=[{"name": "Silence"}],
        feeds=[{"name": "none", "title": "Nothing", "any": ["Noise"]}],
    )
    return site.publication()


def bodies(publication: Publication, name: str) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every document with a file name, moved ones included."""
    for path in publication.paths():
        if path.endswith(f"/{name}"):
            document = publication.document(path)
            document = document.stand_in if isinstance(document, Redirect) else document
            assert isinstance(document, Document), path
            yield path, document.body


def own_url(path: str) -> str:
    return URL.removesuffix("/") + path


def is_absolute(url: str | None) -> bool:
    return urlsplit(url or "").scheme in ("http", "https") and bool(urlsplit(url or "").netloc)


def the_text(element: Any, name: str) -> str:
    """The text of a child that must occur exactly once."""
    (child,) = element.findall(name)
    assert child.text, name
    return str(child.text)


def check_rss(path: str, body: bytes) -> int:
    """RSS 2.0 as its specification and the RSS Advisory Board's profile require it."""
    root = etree.fromstring(body)
    assert root.get("version") == "2.0"
    (channel,) = root
    for name in ("title", "link", "description"):
        the_text(channel, name)
    assert the_text(channel, "link").startswith(URL)
    dates = (
        parsedate_to_datetime(the_text(channel, name)) for name in ("pubDate", "lastBuildDate")
    )
    published, updated = dates
    assert published <= updated
    (self_link,) = channel.findall(f"{_ATOM}link")
    assert self_link.get("rel") == "self"
    assert self_link.get("href") == own_url(path)
    assert self_link.get("type") == "application/rss+xml"
    items = channel.findall("item")
    for item in items:
        the_text(item, "title")
        assert is_absolute(the_text(item, "link"))
        (guid,) = item.findall("guid")
        assert guid.get("isPermaLink") == "false" or is_absolute(guid.text)
        assert len(item.findall("description")) == 1
        parsedate_to_datetime(the_text(item, "pubDate"))
        assert len(item.findall("enclosure")) <= 1
        for enclosure in item.findall("enclosure"):
            assert enclosure.keys() == ["url", "length", "type"]
    return len(items)


def check_atom(path: str, body: bytes) -> int:
    """Atom as RFC 4287 §4.1.1 and §4.1.2 require it."""
    root = etree.fromstring(body)
    assert root.tag == f"{_ATOM}feed"
    entries = root.findall(f"{_ATOM}entry")
    for element in (root, *entries):
        id = the_text(element, f"{_ATOM}id")
        assert is_absolute(id) or id.startswith("urn:uuid:")
        the_text(element, f"{_ATOM}title")
        assert datetime.fromisoformat(the_text(element, f"{_ATOM}updated")).tzinfo is not None
        hrefs = {link.get("rel"): link.get("href") for link in element.findall(f"{_ATOM}link")}
        assert is_absolute(hrefs["alternate"])
    links = {link.get("rel"): link for link in root.findall(f"{_ATOM}link")}
    assert links["self"].get("href") == own_url(path)
    assert links["self"].get("type") == "application/atom+xml"
    assert root.findtext(f"{_ATOM}author/{_ATOM}name")
    for entry in entries:
        assert the_text(entry, f"{_ATOM}content")
        assert all(author.findtext(f"{_ATOM}name") for author in entry.findall(f"{_ATOM}author"))
    updated = [entry.findtext(f"{_ATOM}updated") for entry in entries]
    assert len(set(updated)) == len(updated), "two entries share their atom:updated"
    ids = [entry.findtext(f"{_ATOM}id") for entry in entries]
    assert len(set(ids)) == len(ids)
    return len(entries)


def check_json(path: str, body: bytes) -> int:
    """JSON Feed 1.1."""
    feed = json.loads(body)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    assert feed["feed_url"] == own_url(path)
    assert feed["home_page_url"].startswith(URL)
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert item["id"]
        assert is_absolute(item["url"])
        assert item["content_html"]
        assert datetime.fromisoformat(item["date_published"]).tzinfo is not None
        for attachment in item.get("attachments", []):
            assert is_absolute(attachment["url"])
            assert attachment["mime_type"]
    return len(feed["items"])


CHECKS = {"rss.xml": check_rss, "atom.xml": check_atom, "feed.json": check_json}


@pytest.mark.parametrize("name", CHECKS)
def test_every_document_has_what_its_format_requires_and_the_self_link_of_its_present_path(
    golden: Publication, name: str
) -> None:
    counts = {
        path: CHECKS[name](getattr(golden.document(path), "to", path), body)
        for path, body in bodies(golden, name)
    }
    assert counts[f"/{name}"] == 8
    assert counts[f"/topics/night-sky/{name}"] == counts[f"/topics/stars/{name}"] == 3
    assert counts[f"/feeds/best/{name}"] == 5
    assert len(counts) == 13


@pytest.mark.parametrize("name", CHECKS)
def test_a_feed_without_articles_has_what_its_format_requires(
    empty: Publication, name: str
) -> None:
    counts = {path: CHECKS[name](path, body) for path, body in bodies(empty, name)}
    assert counts == {f"/{name}": 0, f"/topics/silence/{name}": 0, f"/feeds/none/{name}": 0}


def test_entries_of_one_second_differ_by_a_fraction_of_it(golden: Publication) -> None:
    second = "2026-05-07T05:00:00"
    feed = etree.fromstring(dict(bodies(golden, "atom.xml"))["/atom.xml"])
    twins = feed.xpath(
        f"a:entry[starts-with(a:published, '{second}')]",
        namespaces={"a": _ATOM.strip("{}")},
    )
    dates = {twin.findtext(f"{_ATOM}published") for twin in twins}
    assert len(dates) == 2
    assert dates == {twin.findtext(f"{_ATOM}updated") for twin in twins}
    items = json.loads(dict(bodies(golden, "feed.json"))["/feed.json"])["items"]
    in_json = [item["date_published"].replace("Z", "+00:00") for item in items]
    assert dates == {date for date in in_json if date.startswith(second)}
    items = etree.fromstring(dict(bodies(golden, "rss.xml"))["/rss.xml"]).iter("item")
    seconds = [item.findtext("pubDate") for item in items]
    assert seconds.count("Thu, 07 May 2026 05:00:00 +0000") == 2


@pytest.mark.parametrize("date", ["2026-05-01", "2026-05-01T10:00:00.25Z"])
def test_an_entry_has_the_same_dates_whatever_is_beside_it(site: SiteBuilder, date: str) -> None:
    def entry_dates(path: str) -> tuple[str, str]:
        entry = etree.fromstring(site.published(path)).find(
            "a:entry[a:id='https://news.example.com/a']", {"a": _ATOM.strip("{}")}
        )
        return the_text(entry, f"{_ATOM}published"), the_text(entry, f"{_ATOM}updated")

    site.write("a.md", publishedDateTime=date, topics=["Sea"])
    alone = entry_dates("/atom.xml")
    assert re.search(r":00\.\d{6}\+", alone[0])
    site.write("b.md", publishedDateTime=date, topics=["Land"])
    assert entry_dates("/atom.xml") == entry_dates("/topics/sea/atom.xml") == alone


def test_the_order_of_one_second_is_by_quality_and_not_by_the_fraction(site: SiteBuilder) -> None:
    for quality, name in enumerate("abcdefgh"):
        site.write(f"{name}.md", quality=quality)
    items = json.loads(site.published("/feed.json"))["items"]
    assert [item["id"][-1] for item in items] == list("hgfedcba")


def test_a_channel_is_dated_by_its_newest_article_and_its_last_change(site: SiteBuilder) -> None:
    site.write("a.md", publishedDateTime="2026-05-01", updatedDateTime="2026-05-09")
    site.write("b.md", publishedDateTime="2026-05-03")
    channel = etree.fromstring(site.published("/rss.xml"))[0]
    assert the_text(channel, "pubDate") == "Sun, 03 May 2026 00:00:00 +0000"
    assert the_text(channel, "lastBuildDate") == "Sat, 09 May 2026 00:00:00 +0000"


def test_many_entries_of_one_second_all_differ(site: SiteBuilder) -> None:
    for number in range(40):
        site.write(f"{number}.md")
    assert check_atom("/atom.xml", site.published("/atom.xml", url=URL)) == 40


CONTEXT = Context(URL, True, lambda _name: "")


def articles_of(folder: Path) -> list[Article]:
    """The articles of a folder, as a site at URL publishes them."""
    read = (
        read_article(file.read_text("utf-8"), file.name)[0]
        for file in sorted(folder.rglob("*"))
        if file.suffix in (".md", ".html")
    )
    return [article.as_published(URL, article.topics, {}) for article in read if article]


def feed_of(articles: list[Article]) -> Feed:
    """A feed of these articles, made without a site."""
    author = Author("The desk", "https://orchard.example.com/")
    entries = [as_entry(article, CONTEXT) for article in articles]
    return Feed(URL, "All & <more>", "All of it", URL, URL, author, "en", entries)


def golden_feed() -> Feed:
    return feed_of(articles_of(GOLDEN / "articles"))


def rss_by_feedgen(articles: list[Article]) -> bytes:
    is_podcast = any(article.episode and article.recording for article in articles)
    generator = rss.feedgen_channel(feed_of(articles), is_podcast=is_podcast)
    for article in articles:
        generator.add_entry(feedgen_item(article, CONTEXT), order="append")
    return bytes(generator.rss_str())


def atom_by_feedgen(articles: list[Article]) -> bytes:
    generator = atom.feedgen_feed(feed_of(articles))
    for article in articles:
        generator.add_entry(feedgen_entry(article, CONTEXT), order="append")
    return bytes(generator.atom_str())


#: The two things that we write and feedgen doesn't: a style sheet, and titles by number references.
STYLE_SHEET = b'<?xml-stylesheet type="text/css" href="feed.css"?>\n'
NUMBERED = {b"&#x3C;": b"&lt;", b"&#x26;": b"&amp;"}


def without_ours(document: bytes) -> bytes:
    assert document.count(STYLE_SHEET) == 1
    document = document.replace(STYLE_SHEET, b"")
    for reference, name in NUMBERED.items():
        document = document.replace(reference, name)
    return document.removesuffix(b"\n")


@pytest.mark.parametrize(
    "folder",
    [GOLDEN / "articles", pytest.param(CORPUS, marks=needs_corpus)],
    ids=["golden", "corpus"],
)
def test_documents_are_byte_for_byte_what_feedgen_writes_with_all_entries_at_once(
    folder: Path,
) -> None:
    articles = articles_of(folder)
    assert articles
    feed = feed_of(articles)
    assert without_ours(render(feed, RSS)) == rss_by_feedgen(articles)
    assert without_ours(render(feed, ATOM)) == atom_by_feedgen(articles)


def test_the_same_feed_gives_the_same_bytes() -> None:
    before = [render(golden_feed(), format) for format in FORMATS]
    assert [render(golden_feed(), format) for format in FORMATS] == before


@pytest.mark.parametrize("articles", ["some", "no"])
def test_no_document_contains_the_current_date(
    golden: Publication, empty: Publication, articles: str
) -> None:
    publication = golden if articles == "some" else empty
    clocks = (datetime.now(UTC), NOW)
    today = [day for now in clocks for day in (now.date().isoformat(), format_datetime(now)[5:16])]
    for path in publication.paths():
        document = publication.document(path)
        if isinstance(document, Document):
            assert not [day for day in today if day.encode() in document.body], path


def test_rendering_never_touches_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_arguments: object) -> NoReturn:
        raise AssertionError("the locale is the whole process's")

    monkeypatch.setattr(locale, "setlocale", forbidden)
    rendered = [render(golden_feed(), format) for format in FORMATS]
    assert b"Thu, 07 May 2026" in rendered[0]


def test_eight_threads_render_what_one_does() -> None:
    feed, before = golden_feed(), locale.setlocale(locale.LC_ALL)
    alone = {format.name: render(feed, format) for format in FORMATS}
    jobs = [*FORMATS] * 16
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda format: render(feed, format), jobs))
    for format, body in zip(jobs, together, strict=True):
        assert body == alone[format.name]
    assert locale.setlocale(locale.LC_ALL) == before


def test_rendering_changes_nothing_in_the_articles() -> None:
    articles = articles_of(GOLDEN / "articles")
    before = copy.deepcopy(articles)
    first = [render(feed_of(articles), format) for format in FORMATS]
    assert articles == before
    assert [render(feed_of(articles), format) for format in FORMATS] == first


@pytest.mark.parametrize(("unpublished", "seen"), [(False, {"ready"}), (True, {"ready", "draft"})])
def test_drafts_are_published_on_request_and_removed_articles_never(
    site: SiteBuilder, unpublished: bool, seen: set[str]
) -> None:
    site.write("ready.md")
    site.write("draft.md", published=False)
    site.write("removed.md", removed=True)
    site.write("removed-draft.md", removed=True, published="no")
    for name in ("/rss.xml", "/atom.xml", "/feed.json", "/topics/ai/rss.xml", "/"):
        text = site.published(name, unpublished=unpublished).decode()
        assert set(re.findall(r"news\.example\.com/([a-z-]+)", text)) == seen, name


def test_an_empty_feed_has_a_date_that_validators_believe(site: SiteBuilder) -> None:
    root = etree.fromstring(site.published("/atom.xml"))
    assert datetime.fromisoformat(root.findtext(f"{_ATOM}updated")).year >= 1990
    channel = etree.fromstring(site.published("/rss.xml"))[0]
    assert parsedate_to_datetime(the_text(channel, "pubDate")).year >= 1990
