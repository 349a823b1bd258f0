"""A site that publishes nothing says why, wherever somebody looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feeds.cli import main
from feeds.static.writer import write_tree
from tests.support import SiteBuilder

PAGE = "Only a page.\n"
KEYS = {"title": "T", "webUrl": "https://e.example/", "publishedDateTime": "2026-01-01"}


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def front_matter(*left_out: str, **more: str) -> str:
    keys = {key: value for key, value in (KEYS | more).items() if key not in left_out}
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in keys.items()) + "---\n"


def reason(site: SiteBuilder) -> str:
    (problem,) = (p for p in site.publication().problems() if p.code == "nothing-published")
    start = "feeds.yaml:1: nothing is published from articles/: "
    assert str(problem).startswith(start)
    return str(problem).removeprefix(start)


NEEDS = "an article needs title, webUrl and publishedDateTime"
ENDINGS = "articles are files that end in .md, .markdown, .html, .htm"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, f"it is empty; {ENDINGS}"),
        ({".hidden.md": PAGE}, f"it is empty; {ENDINGS}"),
        (
            {"a.mdx": "", "b.mdx": "", "deep/c.rst": "", "LICENSE": ""},
            "none of its files is an article (2 .mdx, 1 without an ending, 1 .rst); " + ENDINGS,
        ),
        ({"a.md": PAGE}, "1 of 1 file has no front matter; "
         "an article begins with YAML between two lines of ---"),
        ({"a.md": front_matter("webUrl")}, f"1 of 1 file has no usable URL; {NEEDS}"),
        (
            {
                **{f"{number}.md": front_matter("webUrl") for number in range(12)},
                "x.md": front_matter("publishedDateTime"),
                "y.md": front_matter("publishedDateTime"),
            },
            f"12 of 14 files have no usable URL, 2 have no usable date; {NEEDS}",
        ),
        (
            {
                "a.md": front_matter(publishedDateTime="someday"),
                "b.md": front_matter("publishedDateTime", "webUrl"),
                "c.md": front_matter(published="no"),
                "d.md": b"caf\xe9",
                "e.md": "---\na: [\n---\n",
            },
            "2 of 5 files have no usable date, 1 has no usable URL, 1 cannot be read;"
            f" {NEEDS}",
        ),
        ({"a.md": "---\na: [\n---\n"}, "1 of 1 file has unreadable front matter; "
         "an article begins with YAML between two lines of ---"),
        (
            {"a.md": front_matter(published="no"), "b.md": front_matter(published="no", id="u:b")},
            "2 of 2 files are unpublished; --unpublished publishes drafts too",
        ),
        (
            {"a.md": front_matter(publishedDateTime="2099-01-01")},
            "1 of 1 file is dated in the future; each is published at its time, or with"
            " future: true at once",
        ),
        ({"a.md": front_matter(removed="yes")}, "1 of 1 file is removed"),
        (
            # Of two problems, the one for which it is no article; the other is an error.
            {"a.md": front_matter("webUrl", status="3")},
            f"1 of 1 file has no usable URL; {NEEDS}",
        ),
    ],
)  # fmt: skip
def test_nothing_published_has_its_commonest_reasons(
    site: SiteBuilder, files: dict[str, str | bytes], expected: str
) -> None:
    for name, text in files.items():
        site.write_text(name, text)
    assert reason(site) == expected


def test_pages_of_a_tree_are_no_articles(site: SiteBuilder) -> None:
    file = site.write("a.md")
    write_tree(site.publication(), site.root / "articles" / "public")
    file.unlink()
    assert reason(site) == f"all pages in it are of a tree that feeds build wrote; {ENDINGS}"


def test_a_linked_folder_that_is_not_read_counts_as_no_file(site: SiteBuilder) -> None:
    (site.root / "articles" / "notes").symlink_to(site.root.parent)
    assert reason(site) == f"it is empty; {ENDINGS}"


def test_a_missing_folder_is_reason_enough(site: SiteBuilder) -> None:
    site.configure(title="T", url="https://feeds.example.org/", articles=["nowhere"])
    assert [problem.code for problem in site.publication().problems()] == ["no-folder"]


def test_one_article_ends_the_silence(site: SiteBuilder) -> None:
    site.write("a.md", published=False)
    assert reason(site)
    assert site.publication(unpublished=True).problems() == []
    site.write("b.md")
    assert site.publication().problems() == []


def test_every_command_says_it_and_check_and_strict_fail(tmp_path: Path) -> None:
    folder = tmp_path / "blog"
    folder.mkdir()
    (folder / "a.md").write_text(front_matter("webUrl"))
    line = f"./:1: nothing is published from blog/: 1 of 1 file has no usable URL; {NEEDS}"
    out = tmp_path / "out"
    check = run("check", folder)
    assert check.exit_code == 1
    assert check.stdout.splitlines()[0] == line
    build = run("build", folder, "--out", out)
    assert build.exit_code == 0
    assert line in build.stderr.splitlines()
    listing = run("list", folder)
    assert listing.exit_code == 0
    assert listing.stderr.splitlines() == [line]
    strict = run("build", folder, "--out", out, "--strict")
    assert strict.exit_code == 1
    (folder / "a.md").write_text(front_matter())
    assert run("list", folder).stderr == ""
    (folder / "a.md").unlink()
    assert run("check", folder).exit_code == 1
