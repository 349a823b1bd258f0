"""Lengths of enclosures: of the site's own files as they lie there, in every format."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import feedparser
import lxml.etree as etree
import pytest

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.catalog.state import ProbeResult
from feeds.parallel import Workers
from feeds.publication.publication import Publication
from feeds.static.writer import write_tree
from feeds.web.app import create_app
from feeds.web.live_site import LiveSite
from feeds.web.settings import Settings
from tests.support import NOW, SiteBuilder, eventually, get
from tests.test_static import tree

_MEDIA = "{http://search.yahoo.com/mrss/}"
_ATOM = "{http://www.w3.org/2005/Atom}"


def put(site: SiteBuilder, name: str, size: int) -> Path:
    """A file of so many bytes in the site's media folder."""
    file = site.root / "media" / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"x" * size)
    return file


@pytest.fixture
def filled(site: SiteBuilder) -> SiteBuilder:
    put(site, "talk.mp3", 4321)
    put(site, "a b.jpg", 77)
    site.write(
        "a.md",
        images=[{"url": "/media/a b.jpg"}, {"url": "https://cdn.example.net/far.jpg"}],
        actions=[{"url": "/media/talk.mp3", "title": "Talk"}, {"url": "/media/missing.pdf"}],
    )
    return site


def lengths(publication: Publication) -> list[int | None]:
    """Of all enclosures of the newest article, as JSON Feed has them."""
    found: Any = publication.document("/feed.json")
    return [each.get("size_in_bytes") for each in json.loads(found.body)["items"][0]["attachments"]]


def test_a_file_of_the_site_has_its_length_in_every_format(filled: SiteBuilder) -> None:
    rss = etree.fromstring(filled.published("/rss.xml"))
    enclosure = {"url": "https://feeds.example.org/media/talk.mp3", "length": "4321"}
    assert dict(rss.find(".//enclosure").attrib) == {**enclosure, "type": "audio/mpeg"}
    contents = [each.get("fileSize") for each in rss.iter(f"{_MEDIA}content")]
    assert contents == ["77", None, "4321", None]
    atom = etree.fromstring(filled.published("/atom.xml"))
    links = [each for each in atom.iter(f"{_ATOM}link") if each.get("rel") == "enclosure"]
    assert [each.get("length") for each in links] == ["4321", None, "77", None]
    assert lengths(filled.publication()) == [4321, None, 77, None]
    read = feedparser.parse(filled.published("/atom.xml")).entries[0].enclosures
    assert [each.get("length") for each in read] == ["4321", None, "77", None]


def test_an_enclosure_of_which_nothing_is_known_has_no_bytes_in_rss(site: SiteBuilder) -> None:
    site.write("a.md", images=[{"url": "https://cdn.example.net/far.jpg"}])
    assert b'length="0"' in site.published("/rss.xml")
    assert b"length" not in site.published("/atom.xml")
    assert b"size_in_bytes" not in site.published("/feed.json")


def test_a_length_that_the_author_gives_is_that_of_a_file_elsewhere(filled: SiteBuilder) -> None:
    far, near = "https://cdn.example.net/far", "/media/talk.mp3"
    files = [{"url": far, "length": 99}, {"url": near, "length": 99}]
    filled.write("a.md", actions=files)
    filled.write("b.md", actions=[far], publishedDateTime="2026-04-01")
    publication = filled.publication()
    # A file of the site is as long as it is.
    assert lengths(publication) == [99, 4321]
    assert publication.unmeasured() == [far]
    filled.write("b.md", publishedDateTime="2026-04-01")
    assert filled.publication().unmeasured() == []
    filled.catalog().state.record_file_sizes([ProbeResult(far, 5000)], 1)
    assert lengths(filled.publication()) == [99, 4321]


def test_a_player_of_a_file_of_the_site_has_its_length(site: SiteBuilder) -> None:
    put(site, "clip.mp4", 99)
    markup = '<video width="640" height="360" src="/media/clip.mp4"></video>'
    site.write("a.md", featuredContent=markup)
    rss = etree.fromstring(site.published("/rss.xml"))
    assert rss.find(".//enclosure").get("length") == "99"
    content = rss.find(f".//{_MEDIA}content")
    assert (content.get("fileSize"), content.get("width"), content.get("height")) == (
        "99", "640", "360",
    )  # fmt: skip


def test_the_length_of_what_may_not_be_published_is_not_told(site: SiteBuilder) -> None:
    secret = site.root.parent / "secret.png"
    secret.write_bytes(b"x" * 55)
    (site.root / "media").mkdir()
    (site.root / "media" / "link.png").symlink_to(secret)
    site.write("a.md", images=[{"url": "/media/link.png"}])
    assert lengths(site.publication()) == [None]


def replaced(site: SiteBuilder) -> None:
    put(site, "talk.mp3", 5000)


def removed(site: SiteBuilder) -> None:
    (site.root / "media" / "talk.mp3").unlink()


def arrived(site: SiteBuilder) -> None:
    put(site, "missing.pdf", 10)


@pytest.mark.parametrize("change", [replaced, removed, arrived])
def test_a_change_of_a_file_changes_the_feeds_and_reads_no_article(
    filled: SiteBuilder, tmp_path: Path, change: Callable[[SiteBuilder], None]
) -> None:
    before = filled.publication()
    write_tree(before, filled.out)
    prints = {path: before.fingerprint(path) for path in before.paths() if path.endswith(".xml")}
    change(filled)
    catalog = filled.catalog()
    assert catalog.sync(SiteFolder.open(filled.root)).read == 0
    after = filled.publication()
    assert {path for path in prints if after.fingerprint(path) != prints[path]} == set(prints)
    write_tree(after, filled.out)
    again = tmp_path / "again"
    write_tree(filled.publication(), again)
    assert tree(filled.out) == tree(again)
    sizes = {"replaced": [5000, None], "removed": [None, None], "arrived": [4321, 10]}
    assert lengths(after)[:2] == sizes[change.__name__]


def test_the_length_of_another_articles_file_changes_no_fingerprint(filled: SiteBuilder) -> None:
    filled.write("b.md", topics=["Birds"], images=[{"url": "/media/bird.png"}])
    put(filled, "bird.png", 5)

    def prints() -> list[str]:
        publication = filled.publication()
        return [publication.fingerprint(f"/topics/{slug}/rss.xml") for slug in ("ai", "birds")]

    before = prints()
    put(filled, "bird.png", 6)
    after = prints()
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_a_sync_that_finds_every_length_as_it_was_changes_nothing(filled: SiteBuilder) -> None:
    catalog, folder = filled.catalog(), SiteFolder.open(filled.root)
    catalog.sync(folder)
    revision = catalog.revision()
    catalog.sync(folder)
    assert catalog.revision() == revision


def test_what_is_out_of_reach_keeps_its_length(filled: SiteBuilder) -> None:
    assert lengths(filled.publication())[0] == 4321
    removed(filled)
    os.rename(filled.root / "articles", filled.root / "elsewhere")
    assert lengths(filled.publication())[0] == 4321
    os.rename(filled.root / "elsewhere", filled.root / "articles")
    assert lengths(filled.publication())[0] is None


def test_a_process_without_the_files_tells_the_lengths_that_another_one_found(
    filled: SiteBuilder, tmp_path: Path
) -> None:
    expected = filled.publication().document("/rss.xml")
    bare = tmp_path / "bare"
    (bare / "articles").mkdir(parents=True)
    (bare / "feeds.yaml").write_bytes((filled.root / "feeds.yaml").read_bytes())
    folder, catalog = SiteFolder.open(bare), filled.catalog()
    url = folder.site.url
    found = Publication(folder, catalog, url=url, now=NOW, unpublished=False)
    assert found.document("/rss.xml") == expected


def test_several_processes_write_the_lengths_that_one_does(
    filled: SiteBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(filled.publication(), filled.out)
    monkeypatch.setattr("feeds.parallel.MIN_CHUNKS", 0)
    with Workers(2) as workers:
        write_tree(filled.publication(), tmp_path / "many", workers=workers)
    assert tree(tmp_path / "many") == tree(filled.out)


def test_a_picture_that_is_replaced_changes_the_live_feeds_within_five_seconds(
    filled: SiteBuilder,
) -> None:
    app = create_app(filled.root)
    first = get(app, "/rss.xml")
    assert b'length="4321"' in first.data
    replaced(filled)
    assert eventually(lambda: b'length="5000"' in get(app, "/rss.xml").data)
    assert get(app, "/rss.xml").headers["ETag"] != first.headers["ETag"]
    app.extensions["feeds"].close()


def test_live_equals_static_once_a_file_has_changed(filled: SiteBuilder) -> None:
    live = LiveSite(Settings(filled.root), clock=partial(datetime.now, UTC))
    replaced(filled)
    live.refresh()
    found: Any = live.find("/atom.xml")
    assert found.document.body == filled.published("/atom.xml", now=datetime.now(UTC))
    live.close()


def test_lengths_outlive_a_new_version_of_the_code(filled: SiteBuilder) -> None:
    filled.publication()
    catalog: Catalog = filled.catalog()
    known = catalog.lengths()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("feeds.catalog.schema.code_fingerprint", lambda: "another version")
        newer = filled.catalog()
        assert newer.sync(SiteFolder.open(filled.root)).read == 1
        assert newer.lengths() == known
