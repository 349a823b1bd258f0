"""The site's folder, further: odd names, places that vanish, links above it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

import pytest

from feeds.catalog.folder import SiteFolder
from feeds.catalog.walk import MANIFEST, UNREADABLE
from feeds.errors import ConfigurationError, Problem
from feeds.static.writer import write_tree
from tests.support import NOW, SiteBuilder

URL = "https://feeds.example.org/"


@contextmanager
def nested(top: Path, name: str, depth: int) -> Iterator[None]:
    """Works in folders of this name within each other; Python cannot remove so many."""
    try:
        with chdir(top):
            for _ in range(depth):
                os.mkdir(name)
                os.chdir(name)
            yield
    finally:
        subprocess.run(["rm", "-r", top / name], check=True)


def test_a_mark_of_the_byte_order_in_feeds_yaml_is_no_fault(site: SiteBuilder) -> None:
    (site.root / "feeds.yaml").write_bytes(b"\xef\xbb\xbftitle: T\nurl: https://e.example/\n")
    folder = SiteFolder.open(site.root)
    assert (folder.site.title, folder.problems) == ("T", ())


def test_a_folder_in_place_of_feeds_yaml_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").mkdir()
    with pytest.raises(ConfigurationError, match=r"feeds\.yaml:1: cannot be read: Is a directory"):
        SiteFolder.open(tmp_path)


def test_a_folder_without_a_name_of_its_own_is_titled_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "Caf&eacute;  News"
    here.mkdir()
    monkeypatch.chdir(here)
    folder = SiteFolder.open(Path("."))
    assert folder.site.title == "Café News"
    assert folder.root.is_absolute()
    assert SiteFolder.open(here / "..").site.title == tmp_path.name


def test_problems_and_missing_folders_are_of_the_file_that_was_opened(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("title: [a]\nurl: https://e.example/\narticles: nope\n")
    folder = SiteFolder.open(file)
    assert [each.path for each in folder.problems] == ["my.yaml"]
    assert [(each.path, each.code) for each in folder.missing_folders()] == [
        ("my.yaml", "no-folder")
    ]


def test_a_file_in_place_of_a_folder_of_articles_is_missing(site: SiteBuilder) -> None:
    site.configure(title="T", url=URL, articles=["feeds.yaml", "articles"])
    folder = SiteFolder.open(site.root)
    assert [each.message for each in folder.missing_folders()] == ["no folder feeds.yaml"]
    site.write_text("a.md", "x")
    assert list(folder.files()) == ["articles/a.md"]


def test_a_folder_of_articles_that_vanishes_holds_none(site: SiteBuilder) -> None:
    folder = SiteFolder.open(site.root)
    assert folder.missing_folders() == []
    (site.root / "articles").rmdir()
    assert folder.files() == {}
    assert len(folder.missing_folders()) == 1


def test_what_is_no_regular_file_is_named_and_not_opened(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = site.root / "articles"
    os.mkfifo(articles / "pipe.md")
    (articles / "device.html").symlink_to(os.devnull)
    site.write_text("folder.md/a.md", "x")
    (articles / "link.md").symlink_to("folder.md")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(articles)  # the path of a socket has at most 107 bytes
        listening.bind("socket.md")
    files = SiteFolder.open(site.root).files()
    assert files.pop("articles/folder.md/a.md") != UNREADABLE
    assert set(files.values()) == {UNREADABLE}
    opened: list[str] = []
    system_open = os.open

    def watched(path: str, *arguments: Any, **named: Any) -> int:
        opened.append(str(path))
        return system_open(path, *arguments, **named)

    monkeypatch.setattr(os, "open", watched)
    named = [SiteFolder.open(site.root).check_article(path, NOW) for path in files]
    assert not [path for path in opened if "articles" in path]
    assert [str(problem) for (problem,) in named] == [
        "articles/device.html:1: cannot be read: a link that leads out of the site;"
        " put the file there, or name its folder in articles:",
        "articles/pipe.md:1: cannot be read: not a regular file",
        "articles/socket.md:1: cannot be read: not a regular file",
    ]
    monkeypatch.undo()
    catalog = site.catalog()
    catalog.sync(SiteFolder.open(site.root))
    assert len(catalog.problems()) == 4
    assert catalog.sync(SiteFolder.open(site.root)).read == 0


def test_files_come_in_the_order_of_their_names(site: SiteBuilder) -> None:
    for name in ("c.md", "a.md", "b/z.md", "b/a.md"):
        site.write_text(name, "x")
    found = [name.removeprefix("articles/") for name in SiteFolder.open(site.root).files()]
    assert found == ["a.md", "b/a.md", "b/z.md", "c.md"]


def test_nothing_is_read_twice_within_a_folder_that_is_a_link(site: SiteBuilder) -> None:
    elsewhere = site.root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.md").write_text("x")
    (elsewhere / "b.md").symlink_to("a.md")
    (site.root / "linked").symlink_to(elsewhere)
    site.configure(title="T", url=URL, articles="linked")
    assert list(SiteFolder.open(site.root).files()) == ["linked/a.md"]


def test_a_site_that_is_a_built_tree_itself_holds_no_articles(site: SiteBuilder) -> None:
    site.configure(title="T", url=URL, articles=".")
    (site.root / "a.md").write_text("x")
    assert list(SiteFolder.open(site.root).files()) == ["a.md"]
    (site.root / MANIFEST).write_text('{"files": ["subscriptions.opml", "a.html"]}')
    (site.root / "subscriptions.opml").write_text("x")
    (site.root / "a.md").unlink()
    (site.root / "a.html").write_text("x")
    assert SiteFolder.open(site.root).files() == {}


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\nb.md", "a\\nb.md"), ("a\x1b[31m.md", "a\\x1b[31m.md"), ("a\udcff.md", "a\\udcff.md")],
)
def test_a_name_that_is_no_plain_text_is_shown_in_one_line_and_not_read(
    site: SiteBuilder, name: str, shown: str
) -> None:
    site.write_text(name, "x")
    folder = SiteFolder.open(site.root)
    assert list(folder.files()) == [f"articles/{shown}"]
    problem = folder.read(f"articles/{shown}")
    assert isinstance(problem, Problem)
    assert problem.code == "bad-name"


def test_a_folder_in_place_of_a_file_cannot_be_read(site: SiteBuilder) -> None:
    (site.root / "articles" / "a.md").mkdir()
    problem = SiteFolder.open(site.root).read("articles/a.md")
    assert isinstance(problem, Problem)
    assert (problem.line, problem.code) == (1, "unreadable")
    assert problem.message == "cannot be read: Is a directory"


@pytest.mark.parametrize(
    ("name", "url"),
    [("a\\b.png", "/a%5Cb.png"), ("a\nb.png", "/a%0Ab.png"), ("a\x07.png", "/a%07.png")],
)
def test_a_medium_whose_name_is_no_plain_text_is_not_published(
    site: SiteBuilder, name: str, url: str
) -> None:
    (site.root / name).write_bytes(b"x")
    assert SiteFolder.open(site.root).media_file(url) is None


@pytest.mark.parametrize("url", ["/%252e%252e/outside.png", "/media/a%2fb.png", "?/media/a.png"])
def test_an_escape_is_decoded_once(site: SiteBuilder, url: str) -> None:
    (site.root.parent / "outside.png").write_bytes(b"x")
    (site.root / "media").mkdir()
    (site.root / "media" / "a.png").write_bytes(b"x")
    assert SiteFolder.open(site.root).media_file(url) is None


def test_media_are_found_where_the_site_is_opened_through_a_link(site: SiteBuilder) -> None:
    (site.root / "a.png").write_bytes(b"x")
    (site.root.parent / "current").symlink_to(site.root)
    found = SiteFolder.open(site.root.parent / "current").media_file("/a.png")
    assert found == (site.root / "a.png").resolve()


def test_a_url_that_nobody_can_parse_names_no_medium(site: SiteBuilder) -> None:
    assert SiteFolder.open(site.root).media_file("http://[/a.png") is None


def test_a_file_is_no_folder(site: SiteBuilder) -> None:
    (site.root / "a.png").write_bytes(b"x")
    assert SiteFolder.open(site.root).media_file("/a.png/") is None


@pytest.mark.parametrize("beside", [(), ("subscriptions.opml", "b.md")], ids=str)
def test_a_stray_manifest_hides_no_folder_in_silence(
    site: SiteBuilder, beside: tuple[str, ...]
) -> None:
    site.write("a.md")
    site.write("sub/b.md")
    assert site.publication().problems() == []
    for name in (MANIFEST, *beside):
        site.write_text(f"sub/{name}", "{}")
    publication = site.publication()
    assert publication.listed[0].count == 2, "what was known stays"
    assert [str(problem) for problem in publication.problems()] == [
        "articles/sub/:1: the folder cannot be read: its .feeds-manifest.json says that feeds build"
        " wrote it; what was known of it stays; remove that file if it holds articles"
    ]


def test_a_manifest_that_names_no_tree_hides_no_page(site: SiteBuilder) -> None:
    site.write("a.md")
    for name, text in ((MANIFEST, "{}"), ("subscriptions.opml", ""), ("page.html", "<p>x")):
        site.write_text(f"sub/{name}", text)
    codes = [problem.code for problem in site.publication().problems()]
    assert codes == ["unreadable"]
    site.write_text(f"sub/{MANIFEST}", '{"files": ["subscriptions.opml", "page.html"]}')
    assert site.publication().problems() == []


def test_articles_in_a_tree_are_read(site: SiteBuilder) -> None:
    pages = ["index.html", "topics/ai/index.html"]
    for page in pages:
        site.write_text(f"sub/{page}", "<!doctype html>")
    names = ["sub/deep/a.md", "sub/b.markdown", "sub/topics/c.html"]
    for name in names:
        site.write(name)
    named = ["subscriptions.opml", "deep/a.md", "../d.html", *pages]
    site.write_text(f"sub/{MANIFEST}", json.dumps({"files": named}))
    site.write_text("sub/subscriptions.opml", "")
    site.write("d.html")
    found = [f"articles/{name}" for name in ("d.html", *names)]
    assert sorted(SiteFolder.open(site.root).files()) == sorted(found)
    assert site.publication().listed[0].count == 4


def test_a_built_tree_inside_the_folder_of_articles_adds_nothing(site: SiteBuilder) -> None:
    site.configure(title="T", url=URL, articles=".")
    site.write("a.md", topics=["AI", "Robots"])
    out = site.root / "out"
    write_tree(site.publication(), out)
    assert len(list(out.rglob("*.html"))) == 3
    assert list(SiteFolder.open(site.root).files()) == ["articles/a.md"]


def test_folders_nested_beyond_python_s_recursion_are_read(site: SiteBuilder) -> None:
    with nested(site.root / "articles", "d", 1200):
        Path("a.md").write_text("x")
        assert list(SiteFolder.open(site.root).files()) == [f"articles/{'d/' * 1200}a.md"]


def test_a_folder_whose_path_is_too_long_is_named(site: SiteBuilder) -> None:
    with nested(site.root / "articles", "d" * 200, 25):
        (unread,) = SiteFolder.open(site.root).files()
        problem = SiteFolder.open(site.root).read(unread)
    assert isinstance(problem, Problem)
    assert "File name too long" in problem.message


def test_a_folder_of_articles_with_an_impossible_name_is_missing(site: SiteBuilder) -> None:
    site.configure(title="T", url=URL, articles=["x" * 300, "y" * 900, "z\0/" * 9, "a/" * 450])
    folder = SiteFolder.open(site.root)
    assert folder.files() == {}
    assert len(folder.missing_folders()) == 4
    assert all(len(str(problem)) < 200 for problem in folder.missing_folders())


@pytest.mark.parametrize("name", ["feeds.yaml", "articles/a.md"])
def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(site: SiteBuilder, name: str) -> None:
    (site.root / name).unlink(missing_ok=True)
    os.mkfifo(site.root / name)
    if name == "feeds.yaml":
        with pytest.raises(ConfigurationError, match="not a regular file"):
            SiteFolder.open(site.root)
    else:
        assert "not a regular file" in str(SiteFolder.open(site.root).read(name))
