"""Ids of feeds and articles, and a feed's metadata."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import feedparser
import lxml.etree as etree
import pytest

from feeds.model.document import MediaFile
from feeds.text.identifiers import as_iri
from tests.support import SiteBuilder, article, document, within

URL = "https://feeds.example.org/"
PAGE = "https://news.example.com/a"


def parsed(site: SiteBuilder, path: str, **options: Any) -> feedparser.FeedParserDict:
    return feedparser.parse(site.published(path, **options))


def ids(site: SiteBuilder, **options: Any) -> list[str]:
    """The article's id in each format."""
    item = json.loads(site.published("/feed.json", **options))["items"][0]
    return [
        item["id"],
        *(parsed(site, f"/{name}", **options).entries[0].id for name in ("rss.xml", "atom.xml")),
    ]


def test_an_article_that_moved_is_the_same_entry(site: SiteBuilder) -> None:
    file = site.write("a.md", webUrl=PAGE)
    assert ids(site) == [PAGE] * 3
    file.unlink()
    moved = "https://elsewhere.example.net/b"
    site.write("b.md", webUrl=moved, formerly=[PAGE, "https://news.example.com/a2"])
    assert ids(site) == [PAGE] * 3
    for name in ("rss.xml", "atom.xml"):
        assert parsed(site, f"/{name}").entries[0].link == moved
    assert b'<guid isPermaLink="false">' in site.published("/rss.xml")


@pytest.mark.parametrize(
    "id",
    [
        "tag:news.example.com,2026:a",
        "urn:uuid:9a7b7b5e-0f43-4d5b-8f0a-2f6d3c1b7a10",
        "https://x.example/?a",
    ],
)
def test_an_explicit_id_stays_through_every_change(site: SiteBuilder, id: str) -> None:
    site.write("a.md", id=id, webUrl=PAGE, formerly="https://old.example.com/", topics=["One"])
    assert ids(site) == [id] * 3
    site.write("a.md", id=id, webUrl=f"{PAGE}/2", title="Another", topics=["Two"])
    assert ids(site, url="https://else.example.org/") == [id] * 3
    assert parsed(site, "/topics/two/atom.xml").entries[0].id == id


def raw_ids(site: SiteBuilder) -> list[str]:
    """The first article's id in RSS, JSON Feed and Atom; feedparser would strip it."""
    rss, atom = (etree.fromstring(site.published(f"/{name}")) for name in ("rss.xml", "atom.xml"))
    item = json.loads(site.published("/feed.json"))["items"][0]
    return [rss.findtext(".//guid"), item["id"], atom.findtext("{*}entry/{*}id")]


#: As feeds of other generators have them.
OPAQUE = [
    "Buzzsprout-1234567",
    "0012",
    "0x1F",
    "1_000",
    "1e3",
    "12:30:45",
    "2026-05-01",
    "yes",
    "5f1c0a2e9b3d4c7a8e6f",
    "123 at https://news.example.com",
    "two  spaces, a\ttab",
    " outer spaces ",
    "Ä/日本語?#[x]%zz",
    "CafÃ©",
    'a&amp;b<c>"d"',
    "A\xa0B",
    "e\u0301",
    "~tilde%41",
    "tag:x",
    "urn:",
    "urn:uuid:no",
    "https://x.example/a b",
    "http:///x",
    "x" * 19_000,
    "é" * 19_000,
]


def test_an_id_is_published_as_it_is_written_and_in_atom_as_a_urn(site: SiteBuilder) -> None:
    for number, id in enumerate(OPAQUE):
        site.write(f"{number}.md", id=id, title=str(number))
    publication = site.publication()
    assert publication.problems() == []
    rss, atom = (etree.fromstring(site.published(f"/{name}")) for name in ("rss.xml", "atom.xml"))
    items = json.loads(site.published("/feed.json"))["items"]
    assert {item["title"]: item["id"] for item in items} == dict(
        zip(map(str, range(len(OPAQUE))), OPAQUE, strict=True)
    )
    in_rss = {item.findtext("title"): item.find("guid") for item in rss.iter("item")}
    assert {title: guid.text for title, guid in in_rss.items()} == {
        item["title"]: item["id"] for item in items
    }
    assert {guid.get("isPermaLink") for guid in in_rss.values()} == {"false"}
    in_atom = [entry.findtext("{*}id") or "" for entry in atom.iter("{*}entry")]
    assert len(set(in_atom)) == len(OPAQUE)
    assert all(re.fullmatch("urn:uuid:[0-9a-f-]{36}", each) for each in in_atom)


@pytest.mark.parametrize("written", ["0012", "0x1F", "1_000", "1.10", "1e3", "yes", "2026-05-01"])
def test_yaml_makes_no_number_of_an_id(site: SiteBuilder, written: str) -> None:
    text = document(article(webUrl=PAGE)).replace("title:", f"id: {written}\ntitle:")
    site.write_text("a.md", text)
    assert raw_ids(site)[:2] == [written] * 2


@pytest.mark.parametrize(
    "id",
    [
        "https://x.example",
        "HTTPS://X.example/%7Ea",
        "http://[::1]/a",
        "https://münchen.example/ü?ö#ä",
        "spotify:episode:4rOoJ6Egrf8K2IrywzwOMk",
        "tag:news.example.com,2026-05:a?b",
        "URN:ISBN:0-395-36341-1",
        "urn:uuid:9A7B7B5E-0F43-4D5B-8F0A-2F6D3C1B7A10",
        "mailto:a@x.example",
    ],
)
def test_an_id_that_is_an_iri_stays_as_written_in_atom_too(site: SiteBuilder, id: str) -> None:
    site.write("a.md", id=id, webUrl=PAGE)
    assert raw_ids(site) == [id] * 3


def test_a_uuid_is_a_urn_in_atom(site: SiteBuilder) -> None:
    for id in ("9a7b7b5e-0f43-4d5b-8f0a-2f6d3c1b7a10", "9A7B7B5E-0F43-4D5B-8F0A-2F6D3C1B7A10"):
        site.write("a.md", id=id, webUrl=PAGE)
        assert raw_ids(site) == [id, id, f"urn:uuid:{id}"]


def test_an_id_that_no_article_may_have_is_named(site: SiteBuilder) -> None:
    site.write("a.md", id=["a"], webUrl=PAGE)
    [problem] = site.publication().problems()
    assert problem.code == "wrong-type"
    assert (site.root / problem.path).read_text().splitlines()[problem.line - 1].startswith("id:")
    assert ids(site) == [PAGE] * 3
    site.write("a.md", id="a\x01b", webUrl=PAGE)
    [problem] = site.publication().problems()
    assert problem.code == "control-character"
    assert raw_ids(site)[:2] == ["ab"] * 2
    for blank in ("", " ", "\u3000"):
        site.write("a.md", id=blank, webUrl=PAGE)
        assert ids(site) == [PAGE] * 3


def test_ids_that_differ_in_anything_are_of_two_articles(site: SiteBuilder) -> None:
    names = ["a", "A", "a ", " a", "%61", "a%", "1", "01", "é", "e\u0301", "x" * 600, "x" * 601]
    for number, id in enumerate(names):
        site.write(f"{number}.md", id=id)
    publication = site.publication()
    assert publication.problems() == []
    atom = etree.fromstring(site.published("/atom.xml"))
    assert len({entry.findtext("{*}id") for entry in atom.iter("{*}entry")}) == len(names)


@pytest.mark.postgresql
@pytest.mark.usefixtures("engine")
def test_no_database_is_in_the_way_of_a_long_id(site: SiteBuilder) -> None:
    # No database can compress it.
    long = "".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(250))
    site.write("a.md", id=long)
    site.write("b.md", id=f"https://x.example/{long}", publishedDateTime="2026-04-01")
    site.write("c.md", id=f"{long}c", publishedDateTime="2026-03-01")
    site.write("d.md", id=long, publishedDateTime="2026-02-01")
    [problem] = site.publication().problems()
    assert (problem.path, problem.code) == ("articles/d.md", "same-id")
    items = json.loads(site.published("/feed.json"))["items"]
    assert [item["id"] for item in items] == [long, f"https://x.example/{long}", f"{long}c"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Buzzsprout-1", "Buzzsprout-1"),
        ("9a7b7b5e-0f43-4d5b-8f0a-2f6d3c1b7a10", "urn:uuid:9a7b7b5e-0f43-4d5b-8f0a-2f6d3c1b7a10"),
        ("Buzzsprout-1", as_iri("Buzzsprout-1")),
        ("y" * 5000, "y" * 5000),
    ],
)
def test_two_articles_that_would_be_one_in_atom_are_named(
    site: SiteBuilder, one: str, other: str
) -> None:
    site.write("a.md", id=one)
    site.write("b.md", id=other, updatedDateTime="2026-06-01")
    [problem] = site.publication().problems()
    assert (problem.path, problem.code) == ("articles/a.md", "same-id")
    assert raw_ids(site)[:2] == [other] * 2
    assert site.published("/atom.xml").count(b"<entry>") == 1


@pytest.mark.parametrize(
    "prefix", ["x", "http://", "http://u@", "tag:", "urn:", "a:", "http://x/%41#"]
)
def test_long_ids_take_little_time(prefix: str) -> None:
    def convert(length: int) -> None:
        for part in ("a@", "a-", "%41", "#", "é", "/a\u3000"):
            as_iri(prefix + part * length)

    convert(10)
    with within(1):
        convert(20_000)


def test_a_feed_keeps_its_id_wherever_it_is_published(site: SiteBuilder) -> None:
    site.write("a.md", topics=["Sea"])
    for path, id in (("/atom.xml", URL), ("/topics/sea/atom.xml", f"{URL}topics/sea/")):
        assert parsed(site, path).feed.id == id
        assert parsed(site, path, url="http://127.0.0.1:8000/").feed.id == id
    for id, begin in (
        ("tag:example.org,2026:news", "tag:example.org,2026:news/"),
        ("urn:x-news:a:", "urn:x-news:a:"),
        ("https://Old.example.org", "https://Old.example.org/"),
    ):
        for url in (URL, "https://new.example.net/feeds/"):
            site.configure(title="Test site", url=url, id=id)
            assert parsed(site, "/atom.xml").feed.id == begin
            assert parsed(site, "/topics/sea/atom.xml").feed.id == f"{begin}topics/sea/"
    site.configure(title="Test site", url=URL, id="My news")
    found = {parsed(site, path).feed.id for path in ("/atom.xml", "/topics/sea/atom.xml")}
    assert found == {as_iri("My news/"), as_iri("My news/topics/sea/")}


def test_a_feed_says_who_and_what_it_is(site: SiteBuilder) -> None:
    site.configure(
        title="Test site",
        url=URL,
        language="pt-BR",
        icon="icon.png",
        logo="https://cdn.example.org/logo.png",
        rights="© 2026 The <Desk>",
        author={"name": "The Desk", "email": "desk@example.org"},
    )
    (site.root / "icon.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    site.write("a.md", provider=None)
    atom, rss = (parsed(site, f"/{name}").feed for name in ("atom.xml", "rss.xml"))
    logo, icon = "https://cdn.example.org/logo.png", f"{URL}icon.png"
    assert (atom.icon, atom.logo, atom.rights, atom.language) == (
        icon,
        logo,
        "© 2026 The <Desk>",
        "pt-BR",
    )
    assert (rss.image.href, rss.rights, rss.language) == (logo, "© 2026 The <Desk>", "pt-BR")
    channel = etree.fromstring(site.published("/rss.xml"))[0]
    assert channel.findtext("managingEditor") == "desk@example.org (The Desk)"
    assert channel.findtext("image/title") == channel.findtext("title")
    data = json.loads(site.published("/feed.json"))
    assert (data["icon"], data["favicon"], data["language"]) == (logo, icon, "pt-BR")
    # Relative, so that it shows wherever the tree is.
    assert b'<link rel="icon" href="./icon.png">' in site.published("/")
    publication = site.publication()
    assert "/icon.png" in publication.paths()
    assert isinstance(publication.document("/icon.png"), MediaFile)
    # Readers that know nothing of inheritance (RFC 4287 §4.2.1) find it too.
    assert parsed(site, "/atom.xml").entries[0].author == "The Desk (desk@example.org)"
    assert parsed(site, "/rss.xml").entries[0].author == "The Desk"
    assert data["items"][0]["authors"] == [{"name": "The Desk"}]


def test_topics_lie_in_the_folders_of_their_parents_in_opml(
    site: SiteBuilder,
) -> None:
    site.configure(
        title="Test site",
        url=URL,
        topics=[
            {"name": "Apples", "parent": "Fruit"},
            {"name": "Fruit", "parent": "Food"},
            {"name": "Pippins", "parent": "Apples"},
        ],
        feeds=[{"name": "top"}],
    )
    site.write("a.md", topics=["Apples", "Sea", "Fruit"])
    opml = etree.fromstring(site.published("/subscriptions.opml"))

    def tree(outline: Any) -> Any:
        name = outline.get("text").partition(" · ")[0]
        return name if outline.get("xmlUrl") else (name, list(map(tree, outline)))

    assert list(map(tree, opml.find("body"))) == [
        "Test site",
        ("Feeds", ["top"]),
        ("Topics", [
            ("Food", ["Food", ("Fruit", ["Fruit", ("Apples", ["Apples", "Pippins"])])]), "Sea",
        ]),
    ]  # fmt: skip
    xml_urls = [each.get("xmlUrl") for each in opml.iter("outline") if each.get("xmlUrl")]
    assert len(xml_urls) == len(set(xml_urls)) == 7
