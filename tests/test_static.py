"""The static tree: what a build writes, leaves and removes, and that it can be killed."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import pickle
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.catalog.state import Built
from feeds.catalog.walk import MANIFEST
from feeds.errors import OutputError
from feeds.files import open_file
from feeds.model.document import MediaFile
from feeds.parallel import Workers
from feeds.static.entry_store import EntryStore
from feeds.static.tree import Tree
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


def test_a_build_writes_every_published_path(filled: SiteBuilder) -> None:
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
@settings(max_examples=8)
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
    unrendered = publication.unrendered

    def recorded(path: str) -> object:
        made.append(path)
        return unrendered(path)

    monkeypatch.setattr(publication, "unrendered", recorded)
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


class KilledError(BaseException):
    """The end of a process, as far as a test can have it inside its own."""


def killed_at(number: int) -> Callable[[str], None]:
    """Return a checkpoint that ends a build before its change of this number."""
    changes = itertools.count()

    def checkpoint(change: str) -> None:
        if next(changes) == number:
            raise KilledError(change)

    return checkpoint


def test_a_build_killed_before_any_change_leaves_every_file_whole_and_the_next_one_finishes(
    site: SiteBuilder, tmp_path: Path
) -> None:
    picture = site.root / "x.png"
    topics = ("AI", "Robots")
    trees: list[dict[str, bytes]] = []

    def change(number: int) -> None:
        site.write("a.md", topics=[topics[number % 2]], images=[{"url": "/x.png"}])
        picture.write_bytes(topics[number % 2].encode())

    for number in range(2):
        change(number)
        write_tree(site.publication(), tmp_path / str(number), hosting="netlify")
        trees.append(tree(tmp_path / str(number)))
    change(1)
    write_tree(site.publication(), site.out, hosting="netlify")
    (site.out / "topics" / "mine.txt").write_text("mine")
    kinds = set()
    for number in itertools.count():
        change(number)
        before, after = trees[(number + 1) % 2], trees[number % 2]
        publication, checkpoint = site.publication(), killed_at(number)
        try:
            write_tree(publication, site.out, hosting="netlify", checkpoint=checkpoint)
        except KilledError as killed:
            kinds.add(str(killed).split()[0])
        else:
            break
        files = tree(site.out)
        assert files.pop("topics/mine.txt") == b"mine"
        owned = json.loads(files.pop(MANIFEST))["files"]
        for name, body in files.items():
            assert body in (before.get(name), after.get(name)), name
        assert files.keys() <= set(owned)
        assert write_tree(publication, site.out, hosting="netlify").skipped == []
        assert tree(site.out) == after | {"topics/mine.txt": b"mine"}
    assert kinds == {"write", "rename", "remove"}
    assert number > 20


def test_a_build_under_a_clock_that_is_ahead_is_undone_by_the_next(
    site: SiteBuilder, tmp_path: Path
) -> None:
    site.configure(
        title="Clocks", url="https://feeds.example.org/", limit=1,
        feeds=[{"name": "new", "title": "New", "since": "30 days"}],
    )  # fmt: skip
    (site.root / "secret.png").write_bytes(b"\x89PNG")
    site.write("now.md", title="Now")
    site.write("before.md", title="Before", publishedDateTime="2026-04-20")
    site.write("embargo.md", title="Embargo", publishedDateTime="2031-01-01", topics=["Secret"],
               images=[{"url": "/secret.png"}])  # fmt: skip
    site.write("correction.md", webUrl="https://news.example.com/now", removed=True,
               publishedDateTime="2032-01-01")  # fmt: skip
    expected = {}
    for year in (2027, 2031, 2035):
        moment = datetime(year, 6, 1, tzinfo=UTC)
        write_tree(site.publication(now=moment), tmp_path / str(year))
        expected[year] = tree(tmp_path / str(year))
    assert {len(files) for files in expected.values()} != {len(expected[2027])}
    for year in (2035, 2027, 2031, 2027, 2035, 2031, 2027):
        write_tree(site.publication(now=datetime(year, 6, 1, tzinfo=UTC)), site.out)
        assert tree(site.out) == expected[year]


def swaps(change: str, folder: Path, target: Path) -> Callable[[str], None]:
    """Return a checkpoint that puts a link in the place of a folder before a change."""

    def checkpoint(upcoming: str) -> None:
        if upcoming == change and not folder.is_symlink():
            folder.rename(folder.with_name("aside"))
            folder.symlink_to(target)

    return checkpoint


@pytest.mark.parametrize("change", ["write topics/ai/rss.xml", "rename topics/ai/rss.xml"])
@pytest.mark.parametrize("folder", ["topics", "topics/ai"])
def test_nothing_is_written_through_a_link_that_appears_during_a_build(
    filled: SiteBuilder, tmp_path: Path, change: str, folder: str
) -> None:
    write_tree(filled.publication(), filled.out)
    outside = tmp_path / "outside"
    (outside / "ai").mkdir(parents=True)
    filled.write("a.md", title="Changed", topics=["AI"])
    checkpoint = swaps(change, filled.out / folder, outside)
    with pytest.raises(OutputError, match=r"out/topics/ai/rss\.xml: "):
        write_tree(filled.publication(), filled.out, checkpoint=checkpoint)
    assert tree(outside) == {}
    # The next build looks first, and names what is not ours.
    skipped = write_tree(filled.publication(), filled.out).skipped
    assert "topics/ai/rss.xml: not written by feeds, so it is left" in skipped
    assert tree(outside) == {}


def test_nothing_is_removed_through_a_link_that_appears_during_a_build(
    filled: SiteBuilder, tmp_path: Path
) -> None:
    write_tree(filled.publication(), filled.out)
    outside = tmp_path / "outside"
    (outside / "robots").mkdir(parents=True)
    (outside / "robots" / "rss.xml").write_text("not ours")
    (filled.root / "articles" / "a.md").unlink()
    checkpoint = swaps("remove topics/robots/rss.xml", filled.out / "topics", outside)
    write_tree(filled.publication(), filled.out, checkpoint=checkpoint)
    assert tree(outside) == {"robots/rss.xml": b"not ours"}


@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "link to a device", "link to itself"])
def test_what_is_no_file_in_the_place_of_ours_is_replaced_and_waited_for_by_nobody(
    filled: SiteBuilder, kind: str
) -> None:
    (filled.root / "x.png").write_bytes(b"\x89PNG")
    filled.write("c.md", title="Three", images=[{"url": "/x.png"}])
    write_tree(filled.publication(), filled.out, compressed=True)
    expected = tree(filled.out)
    files = ("rss.xml", "topics/ai/rss.xml", "x.png", "rss.xml.gz")
    for names in (files, [MANIFEST]):  # without the manifest, all files are looked at anew
        places = [filled.out / name for name in names]
        for place in places:
            place.unlink()
            if kind == "pipe":
                os.mkfifo(place)
            elif kind == "socket":
                os.mknod(place, 0o600 | stat.S_IFSOCK)
            elif kind == "device":
                with contextlib.suppress(PermissionError):
                    os.mknod(place, 0o600 | stat.S_IFCHR, os.makedev(1, 5))  # endless zeros
            else:
                place.symlink_to("/dev/zero" if kind == "link to a device" else place)
        write_tree(filled.publication(), filled.out, compressed=True)
        assert tree(filled.out) == expected
        assert all(place.is_file() and not place.is_symlink() for place in places)


@pytest.mark.parametrize("kind", ["pipe", "link", "file"])
def test_what_is_in_the_place_of_the_scratch_folder_is_named_and_left(
    filled: SiteBuilder, tmp_path: Path, kind: str
) -> None:
    place = filled.out / ".feeds-scratch"
    filled.out.mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    make = {"pipe": os.mkfifo, "link": lambda path: path.symlink_to(outside), "file": Path.touch}
    make[kind](place)
    with pytest.raises(OutputError, match=r"\.feeds-scratch: File exists"):
        write_tree(filled.publication(), filled.out)
    assert list(filled.out.iterdir()) == [place]
    assert tree(outside) == {}


@pytest.mark.parametrize("change", ["a pipe", "a link out", "gone", "a folder that leads out"])
def test_a_picture_that_is_another_thing_when_it_is_copied_is_named(
    site: SiteBuilder, tmp_path: Path, change: str
) -> None:
    secret = tmp_path / "secret" / "a.png"
    secret.parent.mkdir()
    secret.write_text("secret")
    folder = site.root / "media"
    folder.mkdir()
    picture = folder / "a.png"
    picture.write_bytes(b"\x89PNG")
    site.write("a.md", title="One", images=[{"url": "/media/a.png"}])

    def checkpoint(upcoming: str) -> None:
        if upcoming != "write media/a.png":
            return
        picture.unlink()
        if change == "a pipe":
            os.mkfifo(picture)
        elif change == "a link out":
            picture.symlink_to(secret)
        elif change == "a folder that leads out":
            folder.rmdir()
            folder.symlink_to(secret.parent)

    publication = site.publication()
    document = publication.document
    # Found before the change and opened after it.
    found = document("/media/a.png")
    publication.document = lambda path: found if path == "/media/a.png" else document(path)  # type: ignore[method-assign]
    result = write_tree(publication, site.out, checkpoint=checkpoint)
    assert [line.partition(",")[0] for line in result.skipped] == ["media/a.png: not written"]
    assert not (site.out / "media" / "a.png").exists()
    assert (site.out / "rss.xml").is_file()


def test_a_picture_that_grows_while_it_is_copied_is_copied_as_it_was(site: SiteBuilder) -> None:
    picture = site.root / "a.png"
    picture.write_bytes(b"x" * (3 << 20))
    site.write("a.md", title="One", images=[{"url": "/a.png"}])
    opened = open_file(str(picture))

    class Growing:
        """A file that grows by as much as is read of it."""

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_error: object) -> None:
            opened.close()

        def fileno(self) -> int:
            return opened.fileno()

        def read(self, size: int) -> bytes:
            with picture.open("ab") as file:
                file.write(b"y" * size)
            return opened.read(size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("feeds.static.writer.open_file", lambda _path: Growing())
        write_tree(site.publication(), site.out)
    assert (site.out / "a.png").read_bytes() == b"x" * (3 << 20)
    write_tree(site.publication(), site.out)
    assert (site.out / "a.png").read_bytes() == picture.read_bytes()


@pytest.mark.parametrize("name", ["feed.json", "Feed.JSON", "topics/AI/feed.json", "RSS.xml/a.png"])
def test_a_file_whose_name_is_that_of_a_feed_but_for_its_case_is_named_and_not_published(
    site: SiteBuilder, name: str
) -> None:
    picture = site.root / name
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(b"mine")
    site.write("a.md", title="One", topics=["AI"], images=[{"url": f"/{name}"}])
    publication = site.publication()
    (problem,) = publication.problems()
    assert str(problem) == (
        f"articles/a.md:8: warning: a feed is at /{name}, so no file is; give the file another name"
    )
    write_tree(publication, site.out)
    names = [file.lower() for file in tree(site.out)]
    assert sorted(set(names)) == sorted(names)
    assert b"mine" not in tree(site.out).values()


def test_a_picture_is_copied_again_whatever_time_it_says_it_has(site: SiteBuilder) -> None:
    picture = with_picture(site)
    site.configure(title="Test site", url="https://feeds.example.org/", articles=".")
    site.write("b.md", images=[{"url": "/articles/a.png"}])
    write_tree(site.publication(), site.out)
    time = picture.stat().st_mtime_ns
    picture.write_bytes(b"\x89pnG")
    os.utime(picture, ns=(time, time))
    write_tree(site.publication(), site.out)
    assert (site.out / "articles" / "a.png").read_bytes() == b"\x89pnG"


def test_a_process_that_is_killed_holds_up_no_later_build(filled: SiteBuilder) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from feeds.static.tree import Tree;"
        "tree = Tree(Path(sys.argv[1]), lambda change: os.kill(os.getpid(), signal.SIGKILL)"
        " if change.startswith('rename') else None);"
        "stack = tree.locked(); stack.__enter__(); tree.replace('rss.xml', [b'half'])"
    )
    write_tree(filled.publication(), filled.out)
    before = tree(filled.out)
    killed = subprocess.run([sys.executable, "-c", code, str(filled.out)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert tree(filled.out).keys() - before.keys() != set()
    assert write_tree(filled.publication(), filled.out).written == 0
    assert tree(filled.out) == before


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
    site: SiteBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = with_picture(site)
    bare = SiteBuilder(site.root / "articles")
    write_tree(bare.publication(), site.out)
    picture.write_bytes(b"another \x89PNG")
    site.write("b.md", title="Two")
    publication = bare.publication()
    document = publication.document
    unreadable = MediaFile(tmp_path, "image/png")
    monkeypatch.setattr(
        publication, "document", lambda path: unreadable if path == "/a.png" else document(path)
    )
    result = write_tree(publication, site.out)
    assert result.skipped == [
        f"a.png: not written, so what was there stays: {tmp_path}: not a file"
    ]
    assert (site.out / "a.png").read_bytes() == b"\x89PNG"
    assert b"Two" in (site.out / "rss.xml").read_bytes()
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


@pytest.mark.parametrize("verb", ["write", "rename"])
def test_a_file_that_cannot_be_written_is_named_by_its_own_path(
    filled: SiteBuilder, verb: str
) -> None:
    def full(change: str) -> None:
        if change == f"{verb} topics/ai/rss.xml":
            raise OSError(errno.ENOSPC, "No space left on device", "scratch")

    with pytest.raises(OutputError, match=r"out/topics/ai/rss\.xml: No space left on device$"):
        write_tree(filled.publication(), filled.out, checkpoint=full)
    assert not (filled.out / ".feeds-scratch").exists()


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
    Catalog(behind.catalog.place).sync(SiteFolder.open(filled.root))
    write_tree(behind, filled.out)
    # The tree it wrote holds newer articles than it knew of; they go back to what they were.
    filled.write("a.md", title="One", topics=["AI", "Robots"])
    write_tree(filled.publication(), filled.out)
    write_tree(filled.publication(), tmp_path / "cold")
    assert tree(filled.out) == tree(tmp_path / "cold")


@needs_corpus
def test_the_corpus_gives_the_same_tree_twice(tmp_path: Path) -> None:
    outs = [tmp_path / "one", tmp_path / "two"]
    builds = [
        subprocess.Popen(
            [*BUILD, str(CORPUS), "--out", str(out)],
            stdout=subprocess.DEVNULL,
            env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / f"cache of {out.name}")},
        )
        for out in outs
    ]
    assert [build.wait() for build in builds] == [0, 0]
    assert tree(outs[0]) == tree(outs[1])
    assert len(tree(outs[0])) > 30


@pytest.mark.sqlite
def test_several_processes_read_and_write_the_tree_that_one_does(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        site.write(f"{number}.md", title=f"No. {number}", topics=[f"Topic {number % 3}"])
    alone = site.root.parent / "alone"
    write_tree(site.publication(), alone)
    for file in site.root.parent.glob("catalog.sqlite*"):
        file.unlink()
    # Work is divided only where there is much of it.
    monkeypatch.setattr("feeds.parallel.MIN_CHUNKS", 0)
    with Workers(2) as workers:
        assert site.catalog().sync(SiteFolder.open(site.root), workers=workers).read == 20
        result = write_tree(site.publication(), site.out, workers=workers)
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


def test_a_large_build_opens_a_publication_once_a_process(filled: SiteBuilder) -> None:
    sent = pickle.dumps(filled.publication())
    assert pickle.loads(sent) is pickle.loads(sent)


def test_a_build_that_a_sync_overtakes_writes_what_is_still_there(
    filled: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication, render = filled.publication(), EntryStore.write
    *_, last = filled.root.rglob("*.md")

    def overtaken(*arguments: Any) -> Any:
        last.unlink()
        publication.catalog.sync(SiteFolder.open(filled.root))
        return render(*arguments)

    monkeypatch.setattr(EntryStore, "write", overtaken)
    assert not write_tree(publication, filled.out).skipped
    monkeypatch.undo()
    # Its fingerprints are from before the sync, so nothing of it is believed.
    write_tree(filled.publication(), filled.out)
    write_tree(filled.publication(), filled.root.parent / "fresh")
    assert tree(filled.out) == tree(filled.root.parent / "fresh")


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


def test_without_a_manifest_the_files_that_are_as_a_build_left_them_are_ours(
    tmp_path: Path,
) -> None:
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_text("0123456789")
        os.utime(tmp_path / name, ns=(20, 20))
    state = {"a.xml": Built("", 10, 20), "b.xml": Built("", 10, 21), "c.xml": Built("", 10, 20)}
    assert Tree(tmp_path).owned(state) == {"a.xml"}
    (tmp_path / MANIFEST).write_text('{"files": ["b.xml"]}')
    assert Tree(tmp_path).owned(state) == {"b.xml"}


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


def explained(site: SiteBuilder, **options: Any) -> dict[str, str]:
    """Build the site; return the reason for each file that was written or removed."""
    lines = write_tree(site.publication(), site.out, **options).changes
    return dict(line.split(": ") for line in lines)


def test_a_build_explains_each_file_that_it_writes_or_removes(filled: SiteBuilder) -> None:
    def of(name: str) -> set[str]:
        return {f"{name}/{file}" for file in ("index.html", "rss.xml", "atom.xml", "feed.json")}

    filled.configure(title="T", url="https://feeds.example.org/", limit=2)
    assert set(explained(filled).values()) == {"written, it is new"}
    assert explained(filled) == {}

    filled.write("b.md", title="Two, corrected", topics=["AI"])
    changes = explained(filled)
    assert set(changes.values()) == {"written, its articles changed"}
    assert changes.keys() >= {*of("topics/ai"), "rss.xml"}

    (filled.out / "rss.xml").unlink()
    (filled.out / "atom.xml").write_text("altered")
    assert explained(filled) == {
        "rss.xml": "written, it was missing",
        "atom.xml": "written, it was changed since the last build",
    }

    filled.write("c.md", topics=["Birds"], publishedDateTime="2019-01-01")
    changes = explained(filled)
    assert changes["topics/birds/rss.xml"] == "written, it is new"
    assert changes["subscriptions.opml"] == "written, the list of feeds changed"
    assert changes["archive/2019/rss.xml"] == "written, it is new"
    assert changes["rss.xml"] == "written, its feed's list of archive periods changed"

    filled.write("c.md", topics=["birds"], publishedDateTime="2019-01-01")
    changes = explained(filled)
    assert {changes[name] for name in of("topics/birds")} == {
        "written, its feed's title or settings changed"
    }
    (filled.root / "articles" / "c.md").unlink()
    changes = explained(filled)
    assert {changes[name] for name in of("topics/birds")} == {"removed, it is no longer published"}

    filled.configure(title="Another title", url="https://feeds.example.org/", limit=2)
    assert set(explained(filled).values()) == {"written, the configuration changed"}

    publication = filled.publication()
    publication.catalog.state.remember_built(str(filled.out.resolve()), {"rss.xml": None})
    filled.write("b.md", title="Two, corrected again", topics=["AI"])
    assert explained(filled)["rss.xml"] == "written, there is no record of an earlier build"


def test_a_build_explains_media_and_the_files_of_a_host(site: SiteBuilder) -> None:
    picture = site.root / "x.png"
    picture.write_bytes(b"\x89PNG")
    site.write("a.md", topics=["AI"], images=[{"url": "/x.png"}])
    assert explained(site, hosting="netlify")["_headers"] == "written, it is new"
    picture.write_bytes(b"another \x89PNG")
    assert explained(site, hosting="netlify")["x.png"] == "written, the media file changed"
    topics = [{"name": "AI", "formerly": ["machines"]}]
    site.configure(title="Test site", url="https://feeds.example.org/", topics=topics)
    changes = explained(site, hosting="netlify")
    assert changes["_redirects"] == "written, the rules for the host changed"
    assert changes["topics/machines/index.html"] == "written, it is new"
    assert explained(site) == {
        "_headers": "removed, no option asks for it any longer",
        "_redirects": "removed, no option asks for it any longer",
    }
