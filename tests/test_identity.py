"""Ids of feeds and articles, and a feed's metadata."""

from __future__ import annotations

import json
from typing import Any

import feedparser
import lxml.etree as etree
import pytest

from feeds.model.document import MediaFile
from tests.support import SiteBuilder

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


@pytest.mark.parametrize("id", ["a", "tag:x", "urn:", "javascript:alert(1)", "tag:x.org,2026:<b>"])
def test_an_id_that_is_none_is_named_and_the_url_is_taken(site: SiteBuilder, id: str) -> None:
    site.write("a.md", id=id, webUrl=PAGE)
    [problem] = site.publication().problems()
    assert problem.code == "bad-id"
    assert (site.root / problem.path).read_text().splitlines()[problem.line - 1].startswith("id:")
    assert ids(site) == [PAGE] * 3


def test_a_feed_keeps_its_id_wherever_it_is_published(site: SiteBuilder) -> None:
    site.write("a.md", topics=["Sea"])
    for path, id in (("/atom.xml", URL), ("/topics/sea/atom.xml", f"{URL}topics/sea/")):
        assert parsed(site, path).feed.id == id
        assert parsed(site, path, url="http://127.0.0.1:8000/").feed.id == id
    for id, begin in (
        ("tag:example.org,2026:news", "tag:example.org,2026:news/"),
        ("urn:x-news:a:", "urn:x-news:a:"),
    ):
        for url in (URL, "https://new.example.net/feeds/"):
            site.configure(title="Test site", url=url, id=id)
            assert parsed(site, "/atom.xml").feed.id == begin
            assert parsed(site, "/topics/sea/atom.xml").feed.id == f"{begin}topics/sea/"


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
