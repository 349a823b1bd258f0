"""Feeds at former addresses: of renamed topics, and of the site before it came to Feeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lxml import etree

from feeds.catalog.state import Announcement
from feeds.cli import main
from feeds.model.document import Document, MediaFile, Redirect
from feeds.publication.publication import Publication
from feeds.publication.routes import file_name
from feeds.remote.websub import announce
from feeds.static.hosts import HOSTS, host_files
from feeds.static.writer import write_tree
from tests.support import SiteBuilder
from tests.test_project import ROOT, blocks

URL = "https://feeds.example.org/"
HUB = "https://hub.example.org/"
ATOM = "{http://www.w3.org/2005/Atom}"
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
RADIO = {"name": "Radio", "slug": "radio", "formerly": ["wireless"]}
EPISODE: dict[str, Any] = {"actions": ["https://media.example.org/one.mp3"], "topics": ["Radio"]}


def formerly(site: SiteBuilder, *paths: object, **keys: object) -> Publication:
    site.configure(title="Moved", url=URL, formerly=list(paths), **keys)
    site.write("a.md", title="One", topics=["Radio"])
    return site.publication()


def stand_in(publication: Publication, path: str) -> Document:
    found = publication.document(path)
    assert isinstance(found, Redirect)
    return found.stand_in


def complaints(publication: Publication) -> list[str]:
    return [str(problem).removeprefix("feeds.yaml:") for problem in publication.problems()]


@pytest.mark.parametrize("folder", ["topics/wireless/", ""])
def test_a_copy_at_a_former_address_names_the_present_one_and_no_hub(
    site: SiteBuilder, folder: str
) -> None:
    paths = [f"old/{name}" for name in ("rss.xml", "atom.xml", "feed.json")]
    publication = formerly(site, *paths, topics=[RADIO], hub=HUB)
    old = "topics/wireless/" if folder else "old/"
    new = "topics/radio/" if folder else ""
    for name in ("rss.xml", "atom.xml"):
        root = etree.fromstring(stand_in(publication, f"/{old}{name}").body)
        links = [link for link in root.iter(f"{ATOM}link") if link.get("rel") in ("self", "hub")]
        assert [(link.get("rel"), link.get("href")) for link in links] == [
            ("self", f"{URL}{new}{name}")
        ]
        assert HUB.encode() in getattr(publication.document(f"/{new}{name}"), "body", b"")
    feed = json.loads(stand_in(publication, f"/{old}feed.json").body)
    assert feed["feed_url"] == f"{URL}{new}feed.json"
    assert "hubs" not in feed
    assert stand_in(publication, f"/{old}rss.xml").links == ()


def test_the_copy_of_a_podcast_tells_its_new_address_and_no_other_feed_does(
    site: SiteBuilder,
) -> None:
    site.configure(title="Moved", url=URL, topics=[RADIO | {"podcast": True}])
    site.write("a.md", **EPISODE)
    publication = site.publication()
    root = etree.fromstring(stand_in(publication, "/topics/wireless/rss.xml").body)
    assert root.findtext(f"channel/{ITUNES}new-feed-url") == f"{URL}topics/radio/rss.xml"
    for path in publication.paths():
        if isinstance(document := publication.document(path), Document):
            assert b"new-feed-url" not in document.body, path
    assert b"new-feed-url" not in stand_in(publication, "/topics/wireless/atom.xml").body


def test_copies_and_present_feeds_asked_for_in_turn_are_not_mixed_up(site: SiteBuilder) -> None:
    publication = formerly(site, "rss2.xml", "old/rss2.xml", topics=[RADIO], hub=HUB)
    alone = {
        path: formerly(site, "rss2.xml", "old/rss2.xml", topics=[RADIO], hub=HUB).document(path)
        for path in ("/rss.xml", "/rss2.xml", "/old/rss2.xml", "/topics/wireless/rss.xml")
    }
    for path in (*alone, *reversed(alone)):
        found, expected = publication.document(path), alone[path]
        if isinstance(found, Redirect):
            assert isinstance(expected, Redirect)
            found, expected = found.stand_in, expected.stand_in
        assert found == expected, path
    style = b'href="../feed.css"'
    assert style in stand_in(publication, "/old/rss2.xml").body
    assert style not in stand_in(publication, "/rss2.xml").body


@pytest.mark.parametrize(
    ("written", "path", "to"),
    [
        ("feed.xml", "/feed.xml", "/rss.xml"),
        ("/index.xml", "/index.xml", "/rss.xml"),
        ("feed/", "/feed/", "/rss.xml"),
        ("feed/", "/feed", "/rss.xml"),
        ("feed/", "/feed/index.html", "/rss.xml"),
        ("feed/index.html", "/feed/", "/rss.xml"),
        ("feed", "/feed", "/rss.xml"),
        ("feed/atom/", "/feed/atom/", "/atom.xml"),
        ("feeds/all.atom.xml", "/feeds/all.atom.xml", "/atom.xml"),
        ("blog/feed.json", "/blog/feed.json", "/feed.json"),
        ("feed/json", "/feed/json", "/feed.json"),
        ("posts/index.xml", "/posts/index.xml", "/rss.xml"),
        ({"feed.xml": "atom"}, "/feed.xml", "/atom.xml"),
        ({"atom10.xml": "RSS"}, "/atom10.xml", "/rss.xml"),
        ("f%65ed%2Dall.xml", "/feed-all.xml", "/rss.xml"),
        ("caf%C3%A9/feed.xml", "/café/feed.xml", "/rss.xml"),
        (f"{URL}feed.xml", "/feed.xml", "/rss.xml"),
    ],
)
def test_a_former_path_of_the_main_feed_leads_to_it_in_its_format(
    module_site: SiteBuilder, written: object, path: str, to: str
) -> None:
    publication = formerly(module_site, written)
    assert complaints(publication) == []
    found = publication.document(path)
    assert isinstance(found, Redirect)
    assert found.to == to


def test_the_paths_of_the_document_are_read(site: SiteBuilder) -> None:
    text = (ROOT / "docs/hosting.md").read_text("utf-8")
    example, *_ = blocks("yaml", text)
    site.write("a.md")
    (site.root / "feeds.yaml").write_text(f"title: T\nurl: {URL}\narticles: articles\n{example}")
    publication = site.publication()
    assert publication.problems() == []
    assert {path: route.name for path, route in publication.routes.former.items()} == {
        "/feed.xml": "rss.xml", "/index.xml": "rss.xml", "/feed/": "rss.xml",
        "/feeds/all.atom.xml": "atom.xml", "/posts.xml": "atom.xml",
    }  # fmt: skip


def test_one_path_or_a_mapping_of_paths_will_do(site: SiteBuilder) -> None:
    for written in ("feed.xml", {"feed.xml": "rss", "all.xml": "json"}):
        site.configure(title="Moved", url=URL, formerly=written)
        site.write("a.md")
        publication = site.publication()
        assert publication.problems() == []
        assert "/feed.xml" in publication.routes.former


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("?feed=rss2", "has a query, which static hosts ignore; it takes a redirect by the server"),
        ("index.php?feed=atom", "has a query"),
        ("https://old.example/feed.xml", "is not below url; write the path from there"),
        ("../feed.xml", "is not a plain path; write one such as feed.xml or blog/feed/"),
        ("a/%2e%2e/b.xml", "is not a plain path"),
        ("/", "is not a plain path"),
        ("index.html", "is not a plain path"),
        (".htaccess", "is not a plain path"),
        (".feeds-manifest.json", "is not a plain path"),
        ("feed//rss", "is not a plain path"),
        ("a b.xml", "is not a plain path"),
        ('a"b$c.xml', "is not a plain path"),
        ("a\\b.xml", "is not a plain path"),
        ("*", "is not a plain path"),
        (f"{'x' * 201}.xml", "is not a plain path"),
        ("x/" * 300, "is not a plain path"),
        ({"feed/": "json"}, "is sent as HTML, which JSON must not be"),
        ("feed/json/", "is sent as HTML, which JSON must not be"),
        ({"feed.HTML": "json"}, "is sent as HTML, which JSON must not be"),
        ({"feed.shtml": "json"}, "is sent as HTML, which JSON must not be"),
        ({"feed.php": "json"}, "is sent as HTML, which JSON must not be"),
        ("feed.php5.json", "is sent as HTML, which JSON must not be"),
        ("_redirects", "is a file that hosts read themselves"),
        ("_Headers", "is a file that hosts read themselves"),
    ],
)
def test_a_path_at_which_no_feed_can_be_is_named(
    module_site: SiteBuilder, written: object, reason: str
) -> None:
    publication = formerly(module_site, written)
    (complaint,) = complaints(publication)
    assert complaint.startswith("5: formerly: '")
    assert reason in complaint
    assert publication.routes.former == {}


def test_a_format_that_there_is_not_is_named_and_the_path_stays(site: SiteBuilder) -> None:
    publication = formerly(site, {"feed.xml": "rdf"})
    assert complaints(publication) == ["5: feed.xml is 'rdf'; it should be rss, atom or json"]
    assert list(publication.routes.former) == ["/feed.xml"]


@pytest.mark.parametrize(
    "written",
    ["RSS.xml", "ATOM.xml", "feed.css", "topics", "topics/radio", "topics/radio/",
     "topics/radio/rss.xml", "topics/wireless/feed.json", "topics/wireless", "rss.xml/feed",
     "custom/rss.xml", "custom/", "archive", "archive/2024", "archive/2024/",
     "archive/2024/rss.xml", "topics/radio/archive/2024-05/atom.xml", "topics/radio/archive"],
)  # fmt: skip
def test_a_path_of_something_else_is_named_and_left_to_it(
    module_site: SiteBuilder, written: str
) -> None:
    publication = formerly(module_site, written, topics=[RADIO])
    former = written.removesuffix("/index.html")
    assert complaints(publication) == [
        f"5: warning: formerly: {former} clashes with another published path; leave it out"
    ]
    assert publication.routes.former == {}


def test_the_path_at_which_a_format_lies_is_no_former_one(site: SiteBuilder) -> None:
    publication = formerly(site, "rss.xml", {"atom.xml": "atom"}, "feed.json")
    assert complaints(publication) == []
    assert publication.routes.former == {}
    publication = formerly(site, {"rss.xml": "atom"})
    assert len(complaints(publication)) == 1


def test_former_paths_are_files_beside_each_other(site: SiteBuilder) -> None:
    names = "feed", "feed/", "feed/atom/", "feed.xml", "Feed.xml", "feed.xml/rss", "a/b/c", "a/b"
    publication = formerly(site, *names)
    assert list(publication.routes.former) == ["/feed/", "/feed/atom/", "/feed.xml", "/a/b/c"]
    assert [line.split()[3] for line in complaints(publication)] == [
        "Feed.xml", "feed.xml/rss", "a/b",
    ]  # fmt: skip
    write_tree(publication, site.out)
    for path in publication.routes.former:
        assert (site.out / file_name(path)).read_bytes() == stand_in(publication, path).body


def test_a_file_of_the_site_gives_way_to_a_former_path_and_is_named(site: SiteBuilder) -> None:
    for name in ("old.pdf", "new.pdf"):
        (site.root / name).write_bytes(b"%PDF")
    site.write("b.md", actions=["/old.pdf", "/new.pdf"])
    publication = formerly(site, "old.pdf")
    assert isinstance(publication.document("/old.pdf"), Redirect)
    assert isinstance(publication.document("/new.pdf"), MediaFile)
    (problem,) = publication.problems()
    assert problem.code == "no-free-path"
    assert list(publication.paths()).count("/old.pdf") == 1


def test_no_file_has_the_name_of_a_folder_of_the_tree(site: SiteBuilder) -> None:
    routes = formerly(site, "feed/", topics=[RADIO]).routes
    taken = ["/feed", "/topics", "/topics/radio", "/topics/wireless", "/custom", "/Topics/Radio"]
    taken += ["/archive", "/archive/2026", "/topics/wireless/archive/2026"]
    assert [path for path in taken if routes.is_free(path)] == []
    assert routes.is_free("/topics/radio.png")
    assert routes.is_free("/custom/radio.png")


def test_every_host_redirects_a_former_path_or_has_a_copy_there(site: SiteBuilder) -> None:
    publication = formerly(site, "feed.xml", "feed/")
    rules = {
        "netlify": ["/feed.xml /rss.xml 301!", "/feed/ /rss.xml 301!"],
        "cloudflare": ["/feed.xml /rss.xml 301", "/feed/ /rss.xml 301", "/feed /rss.xml 301"],
        "nginx": ['location = "/feed.xml" {', 'location = "/feed/" {', 'location = "/feed" {'],
        "apache": [r"RewriteRule ^feed\.xml$ /rss.xml [R=301,L,QSD]"],
        "s3": ['"WebsiteRedirectLocation": "/rss.xml"'],
        "github-pages": [],
    }
    assert rules.keys() == HOSTS.keys()
    for host, expected in rules.items():
        lines = b"".join(host_files(host, publication, compressed=False).values()).decode()
        assert [rule for rule in expected if rule not in lines] == [], host
    puts = json.loads(host_files("s3", publication, compressed=False)["s3.json"])
    (put,) = (each["put"] for each in puts if each["file"] == "feed/index.html")
    assert put["ContentType"] == "application/rss+xml; charset=utf-8"
    write_tree(publication, site.out, hosting="github-pages")
    for name in ("feed.xml", "feed/index.html"):
        assert f'href="{URL}rss.xml" rel="self"'.encode() in (site.out / name).read_bytes()


def test_nothing_of_an_article_is_markup_where_a_host_takes_a_feed_for_html(
    site: SiteBuilder,
) -> None:
    nasty = '<script>alert(1)</script><img src=x onerror="alert(1)">]]>'
    site.write("b.md", nasty, title=nasty, excerpt=nasty, topics=[nasty], provider=nasty,
               images=[{"url": 'https://e.example/"><script>x.jpg', "title": nasty}])  # fmt: skip
    publication = formerly(site, "feed/", {"old/": "atom"})
    for path in ("/feed/", "/old/"):
        page = etree.HTML(stand_in(publication, path).body)
        assert page.xpath("//script | //@onerror | //iframe | //object | //style") == []
        assert [img.attrib for img in page.iter("img") if img.attrib] == []


def test_a_second_build_writes_no_copy_again(site: SiteBuilder) -> None:
    publication = formerly(site, "feed.xml", "feed/", topics=[RADIO])
    assert write_tree(publication, site.out).written > 0
    assert write_tree(site.publication(), site.out).written == 0
    site.configure(title="Moved", url=URL, topics=[RADIO])
    write_tree(site.publication(), site.out)
    assert not (site.out / "feed.xml").exists()
    assert not (site.out / "feed").exists()


def test_a_hub_is_told_of_a_former_address_that_it_was_told_of_before(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def tell(_hub: str, urls: list[str], _limit: float) -> list[tuple[str, str]]:
        told.extend(urls)
        return [(url, "") for url in urls]

    monkeypatch.setattr("feeds.remote.websub._tell", tell)
    publication = formerly(site, "feed.xml", topics=[RADIO], hub=HUB)
    known = {f"{URL}topics/wireless/rss.xml": Announcement("before", "before")}
    publication.catalog.state.release((), known)
    announce(publication)
    assert f"{URL}topics/radio/rss.xml" in told
    assert [url for url in told if "wireless" in url or "feed.xml" in url] == list(known)
    told.clear()
    announce(publication)
    assert told == []
    site.write("b.md", topics=["Radio"])
    announce(site.publication())
    assert f"{URL}topics/wireless/rss.xml" in told


def test_a_former_path_is_redirected_in_a_podcast_of_everything(site: SiteBuilder) -> None:
    site.write("e.md", **EPISODE)
    publication = formerly(site, "podcast.xml", podcast={"everything": True})
    root = etree.fromstring(stand_in(publication, "/podcast.xml").body)
    assert root.findtext(f"channel/{ITUNES}new-feed-url") == f"{URL}rss.xml"


def test_build_reports_a_former_path_that_is_taken(site: SiteBuilder, tmp_path: Path) -> None:
    formerly(site, "feed.css")
    result = CliRunner().invoke(main, ["build", str(site.root), "--out", str(tmp_path / "o")])
    assert result.exit_code == 0
    assert "formerly: feed.css clashes with another published path; leave it out" in result.output
