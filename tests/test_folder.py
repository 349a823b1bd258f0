"""The site's folder: which files are articles, which are media, and what is never read."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest

from feeds.catalog.folder import MAX_FILE_BYTES, SiteFolder
from feeds.catalog.walk import MANIFEST, UNREADABLE
from feeds.errors import ConfigurationError, Problem, Severity
from tests.support import SiteBuilder


def names(site: SiteBuilder) -> list[str]:
    """The files that may be articles and can be read, by their paths."""
    files = SiteFolder.open(site.root).files()
    return [path for path, stat in files.items() if stat != UNREADABLE]


def touch(file: Path, data: bytes = b"x") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def test_articles_are_the_files_with_an_ending_of_theirs(site: SiteBuilder) -> None:
    for name in ("a.md", "B.MD", "c.markdown", "d.html", "e.htm", "sub/deep/f.md"):
        site.write_text(name, "x")
    for name in ("a.txt", "b.md~", "c.yaml", "md", "d.mdx", "e.png"):
        site.write_text(name, "x")
    found = SiteFolder.open(site.root).files()
    assert sorted(found) == [
        f"articles/{name}"
        for name in ("B.MD", "a.md", "c.markdown", "d.html", "e.htm", "sub/deep/f.md")
    ]
    stat = (site.root / "articles/a.md").stat()
    assert found["articles/a.md"].size == 1
    assert found["articles/a.md"].mtime_ns == stat.st_mtime_ns


def test_hidden_files_and_folders_are_passed_over(site: SiteBuilder) -> None:
    for name in (".a.md", ".git/b.md", "sub/.draft/c.md", "sub/d.md"):
        site.write_text(name, "x")
    assert names(site) == ["articles/sub/d.md"]


def test_links_that_lead_out_are_not_read_but_named(site: SiteBuilder) -> None:
    outside = site.root.parent / "outside"
    secret = touch(outside / "secret.md")
    articles = site.root / "articles"
    site.write_text("a.md", "x")
    (articles / "b.md").symlink_to(secret)
    (articles / "c.md").symlink_to(articles / "nowhere.md")
    (articles / "d.md").symlink_to("d.md")
    (articles / "folder").symlink_to("../../outside")
    (articles / "loop").symlink_to(articles)
    (articles / "inside.md").symlink_to(articles / "a.md")
    sibling = touch(site.root / "articles-of-another" / "e.md")
    (articles / "e.md").symlink_to(sibling)
    assert names(site) == ["articles/a.md", "articles/e.md", "articles/folder"]
    out = "cannot be read: a link that leads out of the site"
    hint = "put the file there, or name its folder in articles:"
    codes = "unreadable", "linked-folder"
    assert [str(each) for each in site.publication().problems() if each.code in codes] == [
        f"articles/b.md:1: {out}; {hint}",
        "articles/c.md:1: cannot be read: No such file or directory",
        "articles/d.md:1: cannot be read: Too many levels of symbolic links",
        "articles/folder:1: warning: a link to the folder ../../outside, from which nothing is"
        " read; if it holds articles, write articles: [articles, articles/folder]",
    ]


def test_a_folder_that_is_a_link_itself_is_read_as_feeds_yaml_asks(site: SiteBuilder) -> None:
    touch(site.root.parent / "elsewhere" / "a.md")
    (site.root / "linked").symlink_to(site.root.parent / "elsewhere")
    site.configure(title="T", url="https://feeds.example.org/", articles="linked")
    assert names(site) == ["linked/a.md"]


def test_a_tree_that_was_built_holds_no_articles(site: SiteBuilder) -> None:
    site.write_text("a.md", "x")
    site.write_text("out/index.html", "x")
    site.write_text("out/topics/ai/index.html", "x")
    assert len(names(site)) == 3
    pages = '"subscriptions.opml", "index.html", "topics/ai/index.html"'
    site.write_text(f"out/{MANIFEST}", f'{{"files": [{pages}]}}')
    site.write_text("out/subscriptions.opml", "x")
    assert names(site) == ["articles/a.md"]


def test_several_folders_of_articles_are_read_and_none_twice(site: SiteBuilder) -> None:
    folders = ["news", "./learning/", "learning/deep", "../beside"]
    site.configure(title="T", url="https://feeds.example.org/", articles=folders)
    touch(site.root / "news/a.md")
    touch(site.root / "learning/deep/b.md")
    touch(site.root / "c.md")
    touch(site.root.parent / "beside/d.md")
    assert names(site) == ["news/a.md", "learning/deep/b.md", "../beside/d.md"]


def test_a_folder_of_articles_that_is_not_there_is_reported(site: SiteBuilder) -> None:
    folders = ["articles", "nws"]
    site.configure(title="T", url="https://feeds.example.org/", articles=folders)
    folder = SiteFolder.open(site.root)
    assert folder.files() == {}
    assert [each.code for each in folder.missing_folders()] == ["no-folder"]
    assert "nws" in str(folder.missing_folders()[0])


def test_a_site_is_opened_by_its_folder_or_by_its_feeds_yaml(site: SiteBuilder) -> None:
    by_folder, by_file = SiteFolder.open(site.root), SiteFolder.open(site.root / "feeds.yaml")
    assert by_folder == by_file
    assert by_folder.configured
    assert by_folder.site.title == "Test site"
    assert by_folder.problems == ()


def test_a_bare_folder_is_a_site_titled_by_its_name(tmp_path: Path) -> None:
    touch(tmp_path / "Harbour News" / "a.md")
    folder = SiteFolder.open(tmp_path / "Harbour News")
    assert not folder.configured
    assert folder.site.title == "Harbour News"
    assert list(folder.files()) == ["a.md"]


def test_a_folder_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        SiteFolder.open(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (b"title: a\nurl: [\n", "feeds.yaml:3: "),
        (b"title: a\ndescription: caf\xe9\n", "feeds.yaml:2: "),
    ],
)
def test_a_feeds_yaml_that_cannot_be_read_is_a_configuration_error(
    site: SiteBuilder, text: bytes, where: str
) -> None:
    (site.root / "feeds.yaml").write_bytes(text)
    with pytest.raises(ConfigurationError) as caught:
        SiteFolder.open(site.root)
    assert str(caught.value).startswith(where)


def test_what_is_wrong_in_feeds_yaml_comes_with_the_folder(site: SiteBuilder) -> None:
    site.configure(title="T", url="https://feeds.example.org/", limit="none")
    (problem,) = SiteFolder.open(site.root).problems
    assert (problem.path, problem.code) == ("feeds.yaml", "bad-number")


def unreadable(site: SiteBuilder, name: str) -> Problem:
    """The problem of a file that cannot be read."""
    problem = SiteFolder.open(site.root).read(name)
    assert isinstance(problem, Problem)
    assert problem.path == name
    assert problem.severity is Severity.ERROR
    return problem


def test_a_file_is_read_as_it_is_written(site: SiteBuilder) -> None:
    site.write_text("a.md", "\ufeffa\r\nb – é\n")
    assert SiteFolder.open(site.root).read("articles/a.md") == "\ufeffa\r\nb – é\n"


@pytest.mark.parametrize(
    ("data", "line", "byte"),
    [
        (b"\xff\xfea\0", 1, "0xFF"),
        (b"---\ntitle: caf\xe9\n---\n", 2, "0xE9"),
        (b"---\ntitle: a\n---\n\n\x93quoted\x94\n", 5, "0x93"),
        (b"---\ntitle: \xed\xa0\x80\n---\n", 2, "0xED"),
        (b"a\nb\n\xc3", 3, "0xC3"),
    ],
)
def test_a_file_that_is_no_utf8_is_one_problem_with_the_line_of_the_byte(
    site: SiteBuilder, data: bytes, line: int, byte: str
) -> None:
    site.write_text("a.md", data)
    problem = unreadable(site, "articles/a.md")
    assert (problem.line, problem.code) == (line, "not-utf8")
    assert byte in problem.message


def test_a_file_that_is_too_large_is_one_problem(site: SiteBuilder) -> None:
    site.write_text("a.md", b"x" * MAX_FILE_BYTES)
    text = SiteFolder.open(site.root).read("articles/a.md")
    assert isinstance(text, str)
    assert len(text) == MAX_FILE_BYTES
    site.write_text("a.md", b"x" * (MAX_FILE_BYTES + 1))
    problem = unreadable(site, "articles/a.md")
    assert (problem.line, problem.code) == (1, "too-large")


def test_a_file_that_is_gone_is_one_problem(site: SiteBuilder) -> None:
    assert unreadable(site, "articles/gone.md").code == "unreadable"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/media/a.png", "media/a.png"),
        ("media/a.png", "media/a.png"),
        ("/media//a.png?w=1#x", "media/a.png"),
        ("/media/a%20b.PDF", "media/a b.PDF"),
        ("/media/%C3%A9.mp3", "media/é.mp3"),
    ],
)
def test_media_of_the_site_are_found_by_their_urls(site: SiteBuilder, url: str, name: str) -> None:
    file = touch(site.root / name)
    found = SiteFolder.open(site.root).media_file(url)
    assert found is not None
    assert found.samefile(file)


@pytest.mark.parametrize(
    "url",
    [
        *("", "/", "/media", "/media/", "/media/nothing.png", "/media/folder.png"),
        *("/../outside.png", "/media/../../outside.png", "/%2e%2e/outside.png", "..%2foutside.png"),
        *("/media/..\\..\\outside.png", "/media/%5c..%5coutside.png", "/media/a.png%00"),
        *("/.hidden.png", "/.feeds/a.png", "/media/.git/a.png", "/media/%2ehidden.png"),
        *("/feeds.yaml", "/articles/a.md", "/media/key.pem", "/media/script.js", "/media/none"),
        *("/media/out.png", "/media/outfolder/outside.png", "/media/broken.png"),
        *("/media/" + "a" * 5000 + ".png", "/media/a.png/b.png"),
    ],
    ids=lambda url: url[:40],
)
def test_what_is_no_media_of_the_site_is_not_found(site: SiteBuilder, url: str) -> None:
    media = site.root / "media"
    outside = touch(site.root.parent / "outside.png")
    for name in (".hidden.png", ".git/a.png", "a.png", "key.pem", "script.js", "none"):
        touch(media / name)
    (media / "folder.png").mkdir()
    for name in (".hidden.png", ".feeds/a.png", "articles/a.md"):
        touch(site.root / name)
    (media / "out.png").symlink_to(outside)
    (media / "outfolder").symlink_to(site.root.parent)
    (media / "broken.png").symlink_to(media / "nowhere.png")
    folder = SiteFolder.open(site.root)
    assert folder.media_file("/media/a.png") is not None
    assert folder.media_file(url) is None


def test_an_absolute_path_is_taken_for_one_of_the_site(site: SiteBuilder) -> None:
    outside = touch(site.root.parent / "outside.png")
    assert SiteFolder.open(site.root).media_file(os.fspath(outside)) is None
    assert SiteFolder.open(site.root).media_file("/" + os.fspath(outside)) is None


def test_a_picture_is_found_by_any_name_that_a_file_may_have(site: SiteBuilder) -> None:
    folder = SiteFolder.open(site.root)
    for name in ("C#.jpg", "what?.png", "100%.gif", "a b.webp"):
        file = touch(site.root / "media" / name)
        assert folder.media_file(f"/media/{quote(name)}") == file


def test_a_folder_whose_name_is_no_text_has_a_title(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "feeds.yaml").write_text("url: https://e.example/\n")
    assert SiteFolder.open(folder).site.title == "caf\ufffd"
