"""The HTML pages and the OPML list."""

from __future__ import annotations

import base64
import hashlib
import importlib
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urldefrag, urljoin

import lxml.etree as etree
import lxml.html
import pytest

from feeds.formats import FORMATS, RSS
from feeds.model.document import Document, Redirect
from feeds.publication.publication import Publication
from tests.golden import URL, golden_site
from tests.support import SiteBuilder, lacking

#: Text that a publisher might write anywhere, and a page must show literally.
NASTY = """</title><script>alert("1")</script>'"><img src=x onerror=alert(2)> &amp;amp; {{ 7*7 }}"""
SHOWN = """</title><script>alert("1")</script>'"><img src=x onerror=alert(2)> &amp; {{ 7*7 }}"""


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    return golden_site(tmp_path_factory.mktemp("site")).publication()


def html_pages(publication: Publication) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every page, except those at old paths."""
    for path in publication.paths():
        document = publication.document(path)
        if isinstance(document, Document) and document.media_type.startswith("text/html"):
            yield path, document.body


def moved_pages(publication: Publication) -> Iterator[tuple[str, str, bytes]]:
    """Old path, new path and stand-in of every page that has moved."""
    for path in publication.paths():
        document = publication.document(path)
        if isinstance(document, Redirect) and path.endswith("/"):
            yield path, document.to, document.stand_in.body


def parsed(body: bytes) -> Any:
    return lxml.html.document_fromstring(body, parser=lxml.html.HTMLParser(encoding="utf-8"))


def nasty_site(site: SiteBuilder) -> Publication:
    site.configure(
        title=NASTY,
        url=URL,
        description=NASTY,
        topics=[{"name": NASTY, "description": NASTY, "formerly": ["nice"]}],
        feeds=[{"name": "all", "title": NASTY, "description": NASTY}],
    )
    site.write(
        "nasty.md",
        title=NASTY,
        excerpt=NASTY,
        topics=[NASTY],
        provider=NASTY,
        images=[{"url": 'https://e.example.com/"onerror=alert(1)//.jpg', "title": NASTY}],
        actions=[{"url": "https://e.example.com/a.zip", "title": NASTY}],
        related=[{"webUrl": "https://e.example.com/'><script>", "title": NASTY, "provider": NASTY}],
    )
    return site.publication()


def test_every_page_is_html_without_a_parse_error(golden: Publication, site: SiteBuilder) -> None:
    try:
        html5lib: Any = importlib.import_module("html5lib")
    except ModuleNotFoundError:
        lacking("html5lib")
    pages = [*html_pages(golden), *html_pages(nasty_site(site))]
    pages += [(path, body) for path, _to, body in moved_pages(golden)]
    assert len(pages) >= 14
    for path, body in pages:
        parser = html5lib.HTMLParser()
        parser.parse(body.decode())
        assert parser.errors == [], path


def test_whatever_a_publisher_writes_is_shown_and_nothing_of_it_runs(site: SiteBuilder) -> None:
    publication = nasty_site(site)
    pages = list(html_pages(publication)) + [
        (path, body) for path, _to, body in moved_pages(publication)
    ]
    assert len(pages) == 4
    for path, body in pages:
        page = parsed(body)
        assert page.findtext(".//title").startswith(SHOWN), path
        assert page.xpath("//iframe | //object | //form[not(@role)] | //@onerror") == [], path
        assert len(page.xpath("//script")) <= 1, path
        assert [src for src in page.xpath("//img/@src") if not src.startswith("https://")] == []
        assert "49" not in page.text_content(), path  # a template in a template
    directory = parsed(dict(pages)["/"])
    assert directory.xpath("//h3/a/text()") == [SHOWN] * 3  # a feed, a topic, an article
    topic = parsed(next(body for path, body in pages if path.startswith("/topics/")))
    for place in ("//article//h3/a", "//article//li/a", "//p[@class='topics']/a"):
        assert topic.xpath(f"{place}/text()") == [SHOWN], place
    assert SHOWN in topic.text_content()


def test_every_page_offers_its_three_feeds_to_a_reader(golden: Publication) -> None:
    paths = set(golden.paths())
    for path, body in html_pages(golden):
        alternates = {
            link.get("type"): urljoin(path, link.get("href"))
            for link in parsed(body).xpath("//head/link[@rel='alternate'][@title]")
        }
        assert alternates == {format.media_type: path + format.file_name for format in FORMATS}
        assert paths.issuperset(alternates.values())


def test_every_page_names_itself_and_its_language(golden: Publication) -> None:
    for path, body in html_pages(golden):
        page = parsed(body)
        assert page.xpath("//link[@rel='canonical']/@href") == [URL.removesuffix("/") + path]
        assert page.get("lang") == "en-GB"
        assert len(page.xpath("//h1")) == 1


def test_the_content_security_policy_allows_the_style_and_script_of_its_page_and_no_others(
    golden: Publication,
) -> None:
    for path, body in html_pages(golden):
        page = parsed(body)
        (content,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        policy = dict(directive.strip().partition(" ")[::2] for directive in content.split(";"))
        for name in ("style", "script"):
            (text,) = page.xpath(f"//{name}/text()")
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert policy[f"{name}-src"] == f"'sha256-{digest}'", path
        assert policy["default-src"] == policy["base-uri"] == "'none'"
        assert policy["form-action"] == "'self'"
        # Nothing may be there that a policy would refuse: it would be missed, or warned of.
        assert page.xpath("//script/@src | //@style | //iframe | //link[@rel='stylesheet']") == []
        assert [name for name in page.xpath("//@*/..") if any(map(is_handler, name.keys()))] == []
        # The policy has to come before the style that it allows.
        assert body.index(b"Content-Security-Policy") < body.index(b"<style")


def is_handler(name: str) -> bool:
    return name.startswith("on")


def test_a_crawl_from_the_directory_finds_every_document_and_no_dead_link(
    golden: Publication,
) -> None:
    paths = set(golden.paths())
    seen: set[str] = set()
    waiting = {"/"}
    while waiting:
        path = waiting.pop()
        seen.add(path)
        document = golden.document(path)
        assert document is not None, path
        if not isinstance(document, Document):
            continue
        # Where a browser finds the style of a feed.
        links = re.findall(r'<\?xml-stylesheet [^>]*href="([^"]*)"', document.body.decode())
        if "html" in document.media_type:
            links = parsed(document.body).xpath("//@href | //@src")
        for link in links:
            url = urldefrag(urljoin(URL + path[1:], link)).url
            if url.startswith(URL):
                there = "/" + url.removeprefix(URL)
                assert there in paths, f"{path} links to {link}"
                waiting |= {there} - seen
    moved = {
        path for path in paths if path.startswith(("/topics/night-sky/", "/topics/stargazing/"))
    }
    assert len(moved) == 8
    # A file that only a body or a player shows is linked from the feeds, not from a page.
    assert paths - seen == moved


def test_links_within_the_site_are_relative_so_that_a_tree_can_be_moved(
    golden: Publication,
) -> None:
    for path, body in html_pages(golden):
        within = [link for link in parsed(body).xpath("//a/@href") if link.startswith(URL)]
        assert [link for link in within if "/media/" not in link] == [], path


def test_a_topics_page_links_the_other_topics_of_its_articles(golden: Publication) -> None:
    page = parsed(dict(html_pages(golden))["/topics/c-plus-plus/"])
    topics = {
        link.text: urljoin("/topics/c-plus-plus/", link.get("href"))
        for link in page.xpath("//p[@class='topics']/a")
    }
    assert set(topics) == {"Astronomy", "Orchards", "C++", "日本語"}
    assert topics["Astronomy"] == "/topics/stars/"


def test_a_page_that_has_moved_leads_to_the_new_one_with_or_without_a_redirect(
    golden: Publication,
) -> None:
    moved = {path: (to, body) for path, to, body in moved_pages(golden)}
    assert set(moved) == {"/topics/night-sky/", "/topics/stargazing/"}
    pages = dict(html_pages(golden))
    for path, (to, body) in moved.items():
        page = parsed(body)
        assert to == "/topics/stars/"
        (refresh,) = page.xpath("//meta[@http-equiv='refresh']/@content")
        seconds, _url, target = re.split(r";\s*(url=)", refresh)
        assert (seconds, urljoin(path, target)) == ("0", to)
        assert [urljoin(path, href) for href in page.xpath("//a/@href")] == [to]
        assert page.xpath("//link[@rel='canonical']/@href") == [URL + to[1:]]
        assert page.findtext(".//title") == parsed(pages[to]).findtext(".//title")
        assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_a_feed_that_has_moved_is_the_same_feed_at_its_old_address(
    golden: Publication, format: Any
) -> None:
    old = golden.document(f"/topics/night-sky/{format.file_name}")
    new = golden.document(f"/topics/stars/{format.file_name}")
    assert isinstance(old, Redirect)
    assert isinstance(new, Document)
    assert old.to == f"/topics/stars/{format.file_name}"
    # Its self link too, by which readers learn the present address (RFC 4287 §4.1.1).
    moved = f"<itunes:new-feed-url>{URL}topics/stars/rss.xml</itunes:new-feed-url>".encode()
    assert old.stand_in.body.count(moved) == (format is RSS)
    assert old.stand_in.body.replace(moved, b"") == new.body


def test_opml_lists_every_feed_once_with_its_page(golden: Publication) -> None:
    document = golden.document("/subscriptions.opml")
    assert isinstance(document, Document)
    opml = etree.fromstring(document.body)
    assert (opml.tag, opml.get("version")) == ("opml", "2.0")
    assert opml.findtext("head/title") == "Orchard & Observatory"
    outlines = opml.findall(".//outline[@type='rss']")
    assert all(outline.get("text") for outline in opml.iter("outline"))
    listed = [outline.get("xmlUrl") for outline in outlines]
    moved = ("/topics/night-sky/", "/topics/stargazing/")
    assert sorted(listed) == sorted(
        URL + path[1:]
        for path in golden.paths()
        if path.endswith("/rss.xml") and not path.startswith(moved)
    )
    assert [outline.get("htmlUrl") + "rss.xml" for outline in outlines] == listed
    for outline in outlines:
        feed = golden.document("/" + outline.get("xmlUrl").removeprefix(URL))
        assert isinstance(feed, Document)
        assert etree.fromstring(feed.body).findtext("channel/title") == outline.get("title")


def test_opml_is_well_formed_whatever_a_publisher_writes(site: SiteBuilder) -> None:
    document = nasty_site(site).document("/subscriptions.opml")
    assert isinstance(document, Document)
    opml = etree.fromstring(document.body)
    outlines = opml.findall(".//outline[@type='rss']")
    assert len(outlines) == 3
    assert all(outline.get("text").startswith(SHOWN) for outline in outlines)
    assert all(outline.get("description") == SHOWN for outline in outlines)


def test_links_to_the_sites_own_files_are_relative_to_the_page(site: SiteBuilder) -> None:
    names = ("p.png", "javascript:alert(1).pdf")
    site.write("a.md", images=[{"url": f"/{names[0]}"}], actions=[{"url": f"/{names[1]}"}])
    for path, root in (("/", "./"), ("/topics/ai/", "../../")):
        page = site.published(path).decode()
        assert f'src="{root}p.png"' in page
        assert f'href="{root}javascript:alert(1).pdf"' in page
