"""The static tree: what a build writes, leaves and removes, and that it can be killed."""

from __future__ import annotations

import errno
import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feeds import parallel as workers
from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import MANIFEST, Folder
from feeds.errors import OutputError
from feeds.model.document import Document
from feeds.static import writer as static
from feeds.static.entry_store import EntryStore
from feeds.static.writer import write_tree
from tests.support import CORPUS, SiteBuilder, needs_corpus


def tree(out: Path) -> dict[str, bytes]:
    """Every file below a folder, by its relative path."""
    return {
        str(file.relative_to(out)): file.read_bytes() for file in out.rglob("*") if file.is_file()
    }


def stats(out: Path) -> dict[str, tuple[int, int]]:
    files = (file for file in out.rglob("*") if file.is_file())
    return {str(file): (file.stat().st_mtime_ns, file.stat().st_ino) for file in files}


@pytest.fixture
def filled(site: SiteBuilder) -> SiteBuilder:
    site.write("a.md", title="One", topics=["AI", "Robots"])
    site.write("b.md", title="Two", topics=["AI"])
    return site


def test_a_build_writes_every_path_of_the_design(filled: SiteBuilder) -> None:
    feed = {"name": "top", "title": "Top", "any": ["AI"]}
    filled.configure(title="T", url="https://feeds.example.org/", feeds=[feed])
    write_tree(filled.publication(), filled.out)
    four = ("index.html", "rss.xml", "atom.xml", "feed.json")
    folders = ("", "topics/ai/", "topics/robots/", "feeds/top/")
    wanted = {folder + name for folder in folders for name in four}
    assert set(tree(filled.out)) == {*wanted, "subscriptions.opml", "feed.css", MANIFEST}


def test_a_second_build_writes_nothing(filled: SiteBuilder) -> None:
    first = write_tree(filled.publication(), filled.out)
    assert first.written == first.total > 0
    before = stats(filled.out)
    second = write_tree(filled.publication(), filled.out)
    assert (second.written, second.removed) == (0, 0)
    assert stats(filled.out) == before


def test_a_build_writes_only_the_files_whose_bytes_changed(filled: SiteBuilder) -> None:
    write_tree(filled.publication(), filled.out)
    before = tree(filled.out)
    filled.write("b.md", title="Two, corrected", topics=["AI"])
    result = write_tree(filled.publication(), filled.out)
    after = tree(filled.out)
    changed = {name for name in after if after[name] != before[name]}
    assert len(changed) == result.written > 0
    assert not [name for name in changed if name.startswith("topics/robots/")]


def test_what_no_longer_belongs_is_removed_with_its_folder(filled: SiteBuilder) -> None:
    write_tree(filled.publication(), filled.out)
    (filled.root / "articles" / "a.md").unlink()
    result = write_tree(filled.publication(), filled.out)
    assert result.removed == 4
    assert not (filled.out / "topics" / "robots").exists()
    assert (filled.out / "topics" / "ai").is_dir()


def test_a_file_that_a_build_did_not_write_is_never_touched(filled: SiteBuilder) -> None:
    (filled.out / "topics" / "robots").mkdir(parents=True)
    mine = {
        filled.out / "CNAME": "feeds.example.org",
        filled.out / "index.html": "my own front page",
        filled.out / "topics" / "robots" / "notes.txt": "notes",
    }
    for file, text in mine.items():
        file.write_text(text)
    assert write_tree(filled.publication(), filled.out).skipped == [
        "index.html: not written by feeds, so it is left"
    ]
    (filled.root / "articles" / "a.md").unlink()
    write_tree(filled.publication(), filled.out)
    assert {file: file.read_text() for file in mine} == mine
    assert not (filled.out / "topics" / "robots" / "rss.xml").exists()


def test_nothing_is_written_or_removed_through_a_link_that_leads_out(
    filled: SiteBuilder, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "rss.xml").write_text("not ours")
    filled.out.mkdir()
    (filled.out / "topics").symlink_to(outside)
    skipped = write_tree(filled.publication(), filled.out).skipped
    assert "topics/ai/rss.xml: not written by feeds, so it is left" in skipped
    manifest = {"files": ["topics/rss.xml", "../outside/rss.xml", "/etc/hosts", 7, ""]}
    (filled.out / MANIFEST).write_text(json.dumps(manifest))
    write_tree(filled.publication(), filled.out)
    assert tree(outside) == {"rss.xml": b"not ours"}


@pytest.mark.parametrize("broken", [b"", b"[]", b"{}", b'{"files": 3}', b"\xff"])
def test_a_broken_manifest_owns_nothing(filled: SiteBuilder, broken: bytes) -> None:
    write_tree(filled.publication(), filled.out)
    (filled.out / MANIFEST).write_bytes(broken)
    assert write_tree(filled.publication(), filled.out).written == 0


def test_the_same_articles_give_the_same_tree_whatever_came_before(
    filled: SiteBuilder, tmp_path: Path
) -> None:
    fresh = tmp_path / "fresh"
    filled.write("c.md", title="Three", topics=["Gone soon", "AI"])
    write_tree(filled.publication(), filled.out)
    (filled.root / "articles" / "c.md").unlink()
    filled.write("a.md", title="One more", topics=["Robots"])
    write_tree(filled.publication(), filled.out)
    write_tree(filled.publication(), fresh)
    assert tree(filled.out) == tree(fresh)
    assert sorted(filled.out.rglob("*")) != []
    folders = {str(each.relative_to(filled.out)) for each in filled.out.rglob("*") if each.is_dir()}
    assert folders == {"topics", "topics/ai", "topics/robots"}


def test_a_former_slug_keeps_its_page_and_its_feeds(filled: SiteBuilder) -> None:
    ai = {"name": "AI", "formerly": ["machines"]}
    filled.configure(title="T", url="https://feeds.example.org/", topics=[ai])
    write_tree(filled.publication(), filled.out)
    page = (filled.out / "topics" / "machines" / "index.html").read_text()
    assert 'content="0; url=../ai/"' in page
    old = etree.parse(filled.out / "topics" / "machines" / "atom.xml").getroot()
    new = etree.parse(filled.out / "topics" / "ai" / "atom.xml").getroot()
    ids = [root.findtext("{*}id") for root in (old, new)]
    assert ids == ["https://feeds.example.org/topics/ai/"] * 2
    entries = [[each.findtext("{*}id") for each in root.iter("{*}entry")] for root in (old, new)]
    assert entries[0] == entries[1] != []


def test_a_picture_of_the_site_is_published_and_a_secret_beside_it_is_not(
    filled: SiteBuilder,
) -> None:
    (filled.root / "media").mkdir()
    (filled.root / "media" / "a b.png").write_bytes(b"\x89PNG")
    (filled.root / ".env").write_text("PASSWORD=1")
    (filled.root / "notes.yaml").write_text("secret: 1")
    images = ["/media/a%20b.png", "/.env", "../../../etc/passwd", "feeds.yaml", "notes.yaml"]
    filled.write("a.md", images=[{"url": url} for url in images])
    (filled.root / "media" / "draft.png").write_bytes(b"\x89PNG")
    filled.write("draft.md", published=False, images=[{"url": "/media/draft.png"}])
    write_tree(filled.publication(), filled.out)
    kept = {name for name in tree(filled.out) if not name.endswith((".xml", ".html", ".json"))}
    assert kept == {"media/a b.png", "subscriptions.opml", "feed.css"}
    assert (filled.out / "media" / "a b.png").read_bytes() == b"\x89PNG"


def test_a_place_that_cannot_be_written_is_named(filled: SiteBuilder) -> None:
    filled.out.write_text("a file, not a folder")
    with pytest.raises(OutputError, match="out"):
        write_tree(filled.publication(), filled.out)


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["a.md", "b.md", "c.md"]),
        st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {
                    "title": st.sampled_from(["One", "Two"]),
                    "published": st.booleans(),
                    "topics": st.lists(st.sampled_from(["AI", "ai", "ML", "C++"]), max_size=2),
                    "webUrl": st.sampled_from(["https://a.example/", "https://b.example/"]),
                    "quality": st.integers(1, 2),
                }
            ),
            st.sampled_from([{"title": "T"}, {"title": "T", "limit": 1}, {"title": "U"}]),
        ),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.sqlite
@settings(max_examples=30, deadline=None)
@given(changes=CHANGES)
def test_a_tree_after_any_changes_is_the_tree_of_a_first_build(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, dict[str, Any] | None]]
) -> None:
    folder = tmp_path_factory.mktemp("changed")
    site = SiteBuilder(folder / "site")
    topics = [{"name": "AI", "aliases": ["ML"], "formerly": ["machines"]}, {"name": "C++"}]
    always: dict[str, Any] = {"url": "https://feeds.example.org/", "topics": topics}
    site.configure(title="T", **always)
    for name, keys in changes:
        if keys is None:
            (site.root / "articles" / name).unlink(missing_ok=True)
        elif "webUrl" in keys:
            os.utime(site.write(name, **keys))
        else:
            site.configure(**always, **keys)
        write_tree(site.publication(), site.out)
    (folder / "catalog.sqlite").unlink()
    write_tree(site.publication(), folder / "fresh")
    assert tree(site.out) == tree(folder / "fresh")


def test_a_build_makes_only_what_its_articles_changed(
    filled: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(filled.publication(), filled.out)
    filled.write("b.md", title="Two, corrected", topics=["AI"])
    publication = filled.publication()
    made: list[str] = []
    document = publication.document

    def recorded(path: str) -> object:
        made.append(path)
        return document(path)

    monkeypatch.setattr(publication, "document", recorded)
    write_tree(publication, filled.out)
    assert [path for path in made if "robots" in path] == []
    assert "/topics/ai/rss.xml" in made


@pytest.mark.parametrize("how", ["deleted", "changed"])
def test_a_file_that_was_lost_or_altered_is_made_again(filled: SiteBuilder, how: str) -> None:
    write_tree(filled.publication(), filled.out)
    target = filled.out / "topics" / "ai" / "rss.xml"
    before = target.read_bytes()
    if how == "deleted":
        target.unlink()
    else:
        target.write_bytes(b"altered")
    assert write_tree(filled.publication(), filled.out).written == 1
    assert target.read_bytes() == before


BUILD = [sys.executable, "-m", "feeds", "build"]


def test_a_killed_build_leaves_every_file_whole_and_the_next_one_finishes(
    site: SiteBuilder, tmp_path: Path
) -> None:
    for number in range(120):
        topics = [f"Topic {number % 40}", "AI"]
        site.write(f"{number}.md", body="A paragraph. " * 80, title=f"No. {number}", topics=topics)
    whole = tmp_path / "whole"
    command = [*BUILD, str(site.root), "--out"]
    started = time.monotonic()
    subprocess.run([*command, str(whole)], check=True, capture_output=True)
    took = time.monotonic() - started
    rest = random.Random(7)
    killed = 0
    for round_ in range(12):
        # Every round changes an article, so that there is something to write.
        site.write("0.md", title=f"Round {round_}", topics=["AI"])
        process = subprocess.Popen(
            [*command, str(site.out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(rest.uniform(0.2, 1.0) * took)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        if not site.out.exists():
            continue
        files = [file for file in site.out.rglob("*") if file.is_file()]
        published = [file for file in files if ".feeds-scratch" not in file.parts]
        for file in published:
            if file.suffix == ".xml":
                etree.parse(file)
            elif file.suffix == ".json":
                json.loads(file.read_bytes())
            elif file.suffix == ".html":
                assert file.read_text().rstrip().endswith("</html>")
    assert killed > 0
    subprocess.run([*command, str(site.out)], check=True, capture_output=True)
    subprocess.run([*command, str(whole)], check=True, capture_output=True)
    assert tree(site.out) == tree(whole)


def test_a_file_is_replaced_and_never_rewritten_in_place(filled: SiteBuilder) -> None:
    write_tree(filled.publication(), filled.out)
    target = filled.out / "rss.xml"
    with target.open("rb") as reader:
        before = target.read_bytes()
        filled.write("b.md", title="Changed", topics=["AI"])
        write_tree(filled.publication(), filled.out)
        assert reader.read() == before
    assert target.read_bytes() != before


def test_what_a_killed_build_left_is_ours(filled: SiteBuilder) -> None:
    write_tree(filled.publication(), filled.out)
    scratch = filled.out / ".feeds-scratch"
    scratch.mkdir()
    (scratch / "file").write_text("half")
    # Killed after its first file: the manifest was written before it, and owns them all.
    (filled.out / "topics" / "ai" / "rss.xml").write_text("from an earlier state")
    os.unlink(filled.out / "atom.xml")
    result = write_tree(filled.publication(), filled.out)
    assert (result.written, result.skipped) == (2, [])
    assert not scratch.exists()


def with_picture(site: SiteBuilder) -> Path:
    picture = site.root / "articles" / "a.png"
    site.write("a.md", title="One", images=[{"url": "/a.png"}])
    picture.write_bytes(b"\x89PNG")
    return picture


def test_a_picture_that_cannot_be_read_keeps_its_copy_and_stops_nothing(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = with_picture(site)
    bare = SiteBuilder(site.root / "articles")
    write_tree(bare.publication(), site.out)
    picture.write_bytes(b"another \x89PNG")
    site.write("b.md", title="Two")

    def refuse(_file: Path) -> Iterator[bytes]:
        raise static._UnreadableError("a.png: Permission denied")
        yield b""

    monkeypatch.setattr(static, "_chunks", refuse)
    result = write_tree(bare.publication(), site.out)
    assert result.skipped == [
        "a.png: not written, so what was there stays: a.png: Permission denied"
    ]
    assert (site.out / "a.png").read_bytes() == b"\x89PNG"
    assert b"Two" in (site.out / "rss.xml").read_bytes()
    monkeypatch.undo()
    assert write_tree(bare.publication(), site.out).written == 1
    assert (site.out / "a.png").read_bytes() == b"another \x89PNG"


def test_a_folder_where_a_file_of_ours_was_is_left_and_named(filled: SiteBuilder) -> None:
    write_tree(filled.publication(), filled.out)
    for name in ("rss.xml", "topics/robots/atom.xml"):
        (filled.out / name).unlink()
        (filled.out / name).mkdir()
    (filled.out / "rss.xml" / "mine.txt").write_text("mine")
    filled.write("a.md", title="One", topics=["AI"])
    result = write_tree(filled.publication(), filled.out)
    assert result.skipped == ["rss.xml: not written by feeds, so it is left"]
    assert (filled.out / "rss.xml" / "mine.txt").read_text() == "mine"
    assert (filled.out / "topics" / "robots" / "atom.xml").is_dir()
    assert not (filled.out / "topics" / "robots" / "feed.json").exists()


def test_what_cannot_be_written_is_named_by_its_own_path(
    filled: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(source))

    filled.out.mkdir()
    (filled.out / MANIFEST).write_text("{}")
    publication = filled.publication()
    monkeypatch.setattr(static, "_write_manifest", lambda *_arguments: None)
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match=r"out/subscriptions\.opml: No space left on device$"):
        write_tree(publication, filled.out)


def test_a_build_that_another_sync_overtakes_leaves_nothing_wrong_for_good(
    filled: SiteBuilder, tmp_path: Path
) -> None:
    publication = filled.publication()
    # Another process, say the live app, syncs after this build has looked at the articles.
    write_tree(publication, filled.out)
    filled.write("b.md", title="Two, corrected", topics=["AI"])
    behind = filled.publication()
    assert behind.fingerprint("/rss.xml")
    filled.write("a.md", title="One, corrected", topics=["AI", "Robots"])
    Catalog(behind.catalog.place).sync(Folder.open(filled.root))
    write_tree(behind, filled.out)
    # What it wrote holds newer articles than it knew of; they go back to what they were.
    filled.write("a.md", title="One", topics=["AI", "Robots"])
    write_tree(filled.publication(), filled.out)
    write_tree(filled.publication(), tmp_path / "cold")
    assert tree(filled.out) == tree(tmp_path / "cold")


@needs_corpus
def test_the_corpus_gives_the_same_tree_twice(tmp_path: Path) -> None:
    outs = [tmp_path / "one", tmp_path / "two"]
    for out in outs:
        environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / f"cache of {out.name}")}
        subprocess.run(
            [*BUILD, str(CORPUS), "--out", str(out)],
            check=True,
            capture_output=True,
            env=environment,
        )
    assert tree(outs[0]) == tree(outs[1])
    assert len(tree(outs[0])) > 30


@pytest.mark.sqlite
def test_many_articles_are_read_and_written_by_several_processes_to_the_same_tree(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        site.write(f"{number}.md", title=f"No. {number}", topics=[f"Topic {number % 7}"])
    parallel_map = workers.parallel_map
    jobs_seen: list[int] = []

    def at_once(function: Any, jobs: Any, **limits: Any) -> Iterator[Any]:
        jobs_seen.append(len(jobs))
        return parallel_map(function, jobs, processes=limits["processes"], worthwhile=1, chunk=5)

    alone = site.root.parent / "alone"
    write_tree(site.publication(), alone)
    for file in site.root.parent.glob("catalog.sqlite*"):
        file.unlink()
    monkeypatch.setattr("feeds.catalog.sync.parallel_map", at_once)
    monkeypatch.setattr("feeds.static.writer.parallel_map", at_once)
    folder = Folder.open(site.root)
    catalog = site.catalog()
    assert catalog.sync(folder, processes=3).read == 40
    result = write_tree(site.publication(), site.out, processes=3)
    assert jobs_seen == [40, 0, result.total]
    assert result.written == result.total
    assert tree(site.out) == tree(alone)
    assert not (site.out / ".feeds-scratch").exists()


def test_a_directory_of_few_articles_is_what_a_fresh_build_writes(
    site: SiteBuilder, tmp_path: Path
) -> None:
    site.configure(title="T", url="https://feeds.example.org/", limit=2)
    for number in range(8):
        site.write(f"{number}.md", publishedDateTime=f"2026-01-0{number + 1}")
    write_tree(site.publication(), site.out)
    site.write("4.md", title="Another", publishedDateTime="2026-01-05")
    write_tree(site.publication(), site.out)
    write_tree(site.publication(), tmp_path / "fresh")
    assert tree(site.out) == tree(tmp_path / "fresh")


def test_what_a_link_in_the_tree_leads_to_is_not_removed(filled: SiteBuilder) -> None:
    write_tree(filled.publication(), filled.out)
    before = tree(filled.out / "topics" / "ai")
    robots = filled.out / "topics" / "robots"
    shutil.rmtree(robots)
    robots.symlink_to("ai")
    assert write_tree(filled.publication(), filled.out).removed == 0
    assert tree(filled.out / "topics" / "ai") == before


def test_a_large_build_opens_a_publication_once_a_process(
    filled: SiteBuilder, tmp_path: Path
) -> None:
    publication = filled.publication().with_rendered(EntryStore(tmp_path))
    sent = pickle.dumps(publication)
    assert pickle.loads(sent) is pickle.loads(sent)


def test_a_large_build_that_a_sync_overtakes_renders_what_is_new(
    filled: SiteBuilder, tmp_path: Path
) -> None:
    store = EntryStore(tmp_path)
    publication = filled.publication().with_rendered(store)
    static._render(publication, list(publication.paths()), store, None, 1)
    filled.write("c.md", title="Three", topics=["AI"])
    publication.catalog.sync(Folder.open(filled.root))
    again = pickle.loads(pickle.dumps(publication))
    found = again.document("/rss.xml")
    assert isinstance(found, Document)
    assert b"Three" in found.body


def test_an_article_that_becomes_html_changes_its_feeds(site: SiteBuilder, tmp_path: Path) -> None:
    file = site.write("a.md", "Some *emph* text", topics=["AI"])
    write_tree(site.publication(), site.out)
    file.rename(file.with_suffix(".html"))
    write_tree(site.publication(), site.out)
    write_tree(site.publication(), tmp_path / "fresh")
    assert tree(site.out) == tree(tmp_path / "fresh")
    assert b"Some *emph* text" in (site.out / "rss.xml").read_bytes()


@pytest.mark.parametrize("first", ["x.png", "x.png/y.png"])
def test_a_folder_may_become_a_file_and_a_file_a_folder(
    site: SiteBuilder, tmp_path: Path, first: str
) -> None:
    site.configure(title="T", url="https://feeds.example.org/")
    second = {"x.png": "x.png/y.png", "x.png/y.png": "x.png"}[first]
    for name in (first, second):
        picture = site.root / "x.png"
        if picture.is_dir():
            shutil.rmtree(picture)
        picture.unlink(missing_ok=True)
        (site.root / name).parent.mkdir(exist_ok=True)
        (site.root / name).write_bytes(b"\x89PNG")
        site.write("a.md", images=[{"url": f"/{name}"}])
        assert write_tree(site.publication(), site.out).skipped == []
    write_tree(site.publication(), tmp_path / "fresh")
    assert tree(site.out) == tree(tmp_path / "fresh")


def test_a_file_in_the_place_of_a_feed_is_not_published(site: SiteBuilder) -> None:
    site.configure(title="T", url="https://feeds.example.org/", feeds=[{"name": "a.png"}])
    (site.root / "feeds").mkdir()
    (site.root / "feeds" / "a.png").write_bytes(b"\x89PNG")
    site.write("a.md", images=[{"url": "/feeds/a.png"}])
    assert write_tree(site.publication(), site.out).skipped == []
    assert (site.out / "feeds" / "a.png" / "rss.xml").is_file()


@pytest.mark.parametrize("damage", ["{", None])
def test_a_tree_without_its_manifest_is_still_ours(filled: SiteBuilder, damage: str | None) -> None:
    write_tree(filled.publication(), filled.out)
    (filled.out / MANIFEST).unlink()
    if damage:
        (filled.out / MANIFEST).write_text(damage)
    (filled.out / "atom.xml").write_text("somebody else's")
    filled.write("b.md", title="Changed", topics=["AI"])
    result = write_tree(filled.publication(), filled.out)
    assert result.skipped == ["atom.xml: not written by feeds, so it is left"]
    assert b"Changed" in (filled.out / "rss.xml").read_bytes()
    assert (filled.out / "atom.xml").read_text() == "somebody else's"


MISPLACED = [
    *("/%2Fmedia/b.png", "/a%2F%2Fb.png", "/a%2F.%2Fb.png", "/a%2F..%2F..%2Fb.png"),
    *("/rss.xml/pic.png", "/topics/ai/feed.json/p.png", "/subscriptions.opml/x.png"),
    *("/topics/ai/index.html/q.png", "/topics/ai.png/", "/b%00.png", "/index.html"),
]


@pytest.mark.parametrize("url", MISPLACED)
def test_a_picture_that_no_tree_can_hold_stops_nothing(site: SiteBuilder, url: str) -> None:
    site.write("a.md", title="One", topics=["AI"], images=[{"url": url}])
    file = site.root / os.path.normpath(unquote(url).strip("/").replace("\0", ""))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"PNG")
    beside = set(site.root.parent.iterdir()) | {site.out, site.root.parent / "catalog.sqlite"}
    for _time in range(2):
        written = write_tree(site.publication(), site.out)
        assert written.skipped == []
    assert (site.out / "index.html").read_bytes().startswith(b"<!doctype")
    assert (site.out / "topics" / "ai" / "rss.xml").is_file()
    assert {each for each in site.root.parent.iterdir() if "catalog" not in each.name} <= beside
