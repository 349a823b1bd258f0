"""Links among the articles: which are followed, and that nothing is read twice or unnamed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feeds.catalog.folder import SiteFolder
from tests.support import SiteBuilder, article, document

URL = "https://feeds.example.org/"


def put(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(document(article(webUrl=f"https://news.example.com/{file.name}")))
    return file


def link(at: Path, to: Path | str) -> Path:
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(to)
    return at


def found(site: SiteBuilder) -> list[str]:
    """The files that are read."""
    return [path for path, stat in SiteFolder.open(site.root).files().items() if stat.size >= 0]


def complaints(site: SiteBuilder) -> list[str]:
    return [str(problem) for problem in site.publication().problems()]


def test_a_linked_folder_of_the_site_is_read(site: SiteBuilder) -> None:
    put(site.root / "shared" / "deep" / "a.md")
    link(site.root / "articles" / "notes", "../shared")
    assert found(site) == ["articles/notes/deep/a.md"]
    assert complaints(site) == []
    assert site.publication().listed[0].count == 1


def test_a_linked_folder_elsewhere_is_named_with_the_line_to_write(site: SiteBuilder) -> None:
    put(site.root / "articles" / "b.md")
    put(site.root.parent / "elsewhere" / "a.md")
    link(site.root / "articles" / "my notes", "../../elsewhere")
    assert found(site) == ["articles/b.md"]
    (complaint,) = complaints(site)
    where, _, line = complaint.partition("; if it holds articles, write ")
    assert where == (
        "articles/my notes:1: warning: a link to the folder ../../elsewhere, from which nothing is"
        " read"
    )
    assert line == 'articles: [articles, "articles/my notes"]'
    (site.root / "feeds.yaml").write_text(f"title: T\nurl: {URL}\n{line}\n")
    assert found(site) == ["articles/b.md", "articles/my notes/a.md"]
    assert complaints(site) == []


def test_the_line_to_write_follows_what_is_written_already(site: SiteBuilder) -> None:
    link(site.root / "articles" / "x", os.path.pardir + "/../..")
    put(site.root / "more" / "a.md")
    assert "articles: [articles, articles/x]" in complaints(site)[-1]
    site.configure(title="T", url=URL, articles=["articles", "more"])
    assert "articles: [articles, more, articles/x]" in complaints(site)[-1]


def test_a_bare_folder_is_told_to_have_a_feeds_yaml(site: SiteBuilder) -> None:
    (site.root / "feeds.yaml").unlink()
    put(site.root / "a.md")
    link(site.root / "notes", site.root.parent)
    assert "write a feeds.yaml with title:, url: and articles: [., notes]" in complaints(site)[0]


@pytest.mark.parametrize(
    ("articles", "links", "expected"),
    [
        # To itself, to its parent, to each other.
        (["articles"], {"articles/loop": "."}, ["articles/a.md"]),
        (["articles"], {"articles/up": ".."}, ["articles/a.md"]),
        (["articles"], {"shared/back": "../articles", "articles/s": "../shared"},
         ["articles/a.md", "articles/s/b.md", "articles/s/sub/c.md"]),
        (["articles"], {"articles/s": "../shared", "shared/sub/s": ".."},
         ["articles/a.md", "articles/s/b.md", "articles/s/sub/c.md"]),
        # Twice to one folder, or to one within another.
        (["articles"], {"articles/s": "../shared", "articles/t": "../shared"},
         ["articles/a.md", "articles/s/b.md", "articles/s/sub/c.md"]),
        (["articles"], {"articles/s": "../shared/sub", "articles/t": "../shared"},
         ["articles/a.md", "articles/s/c.md", "articles/t/b.md"]),
        (["articles"], {"articles/s": "../shared", "articles/t": "../shared/sub"},
         ["articles/a.md", "articles/s/b.md", "articles/s/sub/c.md"]),
        # To a folder that is read anyway.
        (["articles", "shared"], {"articles/s": "../shared"},
         ["articles/a.md", "shared/b.md", "shared/sub/c.md"]),
        (["."], {"articles/s": "../shared"}, ["articles/a.md", "shared/b.md", "shared/sub/c.md"]),
        (["shared", "linked"], {"linked": "shared"}, ["shared/b.md", "shared/sub/c.md"]),
        (["linked", "shared"], {"linked": "shared"}, ["shared/b.md", "shared/sub/c.md"]),
        (["one", "two"], {"one": "shared", "two": "shared"}, ["one/b.md", "one/sub/c.md"]),
        (["one", "articles"], {"one": "shared", "articles/s": "../shared/sub"},
         ["one/b.md", "one/sub/c.md", "articles/a.md"]),
        (["shared/sub", "shared"], {}, ["shared/sub/c.md", "shared/b.md"]),
        # Files likewise.
        (["articles"], {"articles/z.md": "a.md"}, ["articles/a.md"]),
        (["articles"], {"articles/y.md": "../shared/b.md", "articles/z.md": "y.md"},
         ["articles/a.md", "articles/y.md"]),
        (["articles"], {"articles/s": "../shared", "articles/b.md": "../shared/b.md"},
         ["articles/a.md", "articles/b.md", "articles/s/sub/c.md"]),
        (["articles"], {"articles/s": "../shared", "articles/z.md": "../shared/b.md"},
         ["articles/a.md", "articles/s/b.md", "articles/s/sub/c.md"]),
        (["articles"], {"articles/z.md": "../text.txt"}, ["articles/a.md", "articles/z.md"]),
        # Hidden files stay hidden.
        (["articles"], {"articles/s": "../.hidden"}, ["articles/a.md"]),
        (["articles"], {"articles/.s": "../shared"}, ["articles/a.md"]),
    ],
)  # fmt: skip
def test_every_file_is_read_once(
    site: SiteBuilder, articles: list[str], links: dict[str, str], expected: list[str]
) -> None:
    site.configure(title="T", url=URL, articles=articles)
    for name in ("articles/a.md", "shared/b.md", "shared/sub/c.md", ".hidden/d.md", "text.txt"):
        put(site.root / name)
    for at, to in links.items():
        link(site.root / at, to)
    assert found(site) == expected
    assert [each for each in complaints(site) if "same" in each] == []
    named = [each for each in complaints(site) if "link to the folder" in each]
    assert len(named) == ("articles/up" in links)


def test_nothing_outside_is_read_by_way_of_a_second_link(site: SiteBuilder) -> None:
    put(site.root.parent / "elsewhere" / "a.md")
    link(site.root / "shared" / "out", site.root.parent / "elsewhere")
    link(site.root / "shared" / "out.md", site.root.parent / "elsewhere" / "a.md")
    link(site.root / "articles" / "s", "../shared")
    assert found(site) == []
    codes = {problem.path: problem.code for problem in site.publication().problems()}
    assert codes["articles/s/out"] == "linked-folder"
    assert codes["articles/s/out.md"] == "unreadable"


def test_a_link_that_begins_to_lead_out_takes_its_articles_back(site: SiteBuilder) -> None:
    put(site.root / "shared" / "a.md")
    put(site.root.parent / "elsewhere" / "a.md")
    at = link(site.root / "articles" / "s", "../shared")
    assert site.publication().listed[0].count == 1
    at.unlink()
    link(at, site.root.parent / "elsewhere")
    publication = site.publication()
    assert publication.listed[0].count == 0
    assert "linked-folder" in [problem.code for problem in publication.problems()]


def test_a_site_opened_through_a_link_follows_its_own(site: SiteBuilder) -> None:
    put(site.root / "shared" / "a.md")
    link(site.root / "articles" / "s", site.root / "shared")
    current = link(site.root.parent / "current", site.root)
    assert list(SiteFolder.open(current).files()) == ["articles/s/a.md"]


def test_a_thousand_links_to_each_other_end(site: SiteBuilder) -> None:
    for number in range(30):
        folder = site.root / "shared" / str(number)
        put(folder / f"{number}.md")
        for other in range(30):
            link(folder / f"to{other}", f"../{other}")
    link(site.root / "articles" / "s", "../shared/0")
    assert len(found(site)) == 30
