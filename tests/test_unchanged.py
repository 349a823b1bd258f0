"""A build that finds all as the last one left it does not begin; any other one does."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from feeds import static, unchanged
from feeds.cli import main
from feeds.folder import Folder
from tests.support import SiteBuilder

#: Without a file beside feeds.yaml, nothing is kept there.
pytestmark = pytest.mark.sqlite


class Builder:
    """Builds a site as the command does, and sees whether the build began."""

    def __init__(self, site: SiteBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site = site
        self.began = 0
        write_tree = static.write_tree

        def counted(*arguments: object, **named: object) -> object:
            self.began += 1
            return write_tree(*arguments, **named)  # type: ignore[arg-type]  # passed on

        monkeypatch.setattr(static, "write_tree", counted)
        # Files of a test are young: what was written before a build began is old enough here.
        monkeypatch.setattr(unchanged, "_RACY_NS", 0)

    def __call__(self, *options: str, out: Path | None = None) -> str:
        place = str(out or self.site.out)
        result = CliRunner().invoke(main, ["build", str(self.site.root), "--out", place, *options])
        assert result.exit_code == 0, result.output
        return result.output

    def begins(self, *options: str) -> bool:
        before = self.began
        self(*options)
        return self.began > before


@pytest.fixture
def build(site: SiteBuilder, monkeypatch: pytest.MonkeyPatch) -> Builder:
    site.write("a.md", title="One", topics=["AI"], images=[{"url": "/media/late.png"}])
    site.write("b.md", title="Two", published=False)
    site.write_text("bad.md", "---\ntitle: a: b\n---\n")
    builder = Builder(site, monkeypatch)
    builder()
    assert not builder.begins()
    return builder


def test_what_a_build_says_is_said_again(build: Builder) -> None:
    full = build("--url", "https://other.example/")
    again = build("--url", "https://other.example/")
    assert "articles/bad.md:2: not YAML" in again
    problems = [line for line in full.splitlines() if line.startswith("articles/")]
    assert [line for line in again.splitlines() if line.startswith("articles/")] == problems
    assert "; 10 files, 0 written, 0 removed; " in again
    assert again.rstrip().endswith("; 1 held back: 1 unpublished")


def test_strict_fails_whatever_was_built_before(build: Builder) -> None:
    arguments = ["build", str(build.site.root), "--out", str(build.site.out), "--strict"]
    assert CliRunner().invoke(main, arguments).exit_code == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda site: site.write("a.md", title="Changed", topics=["AI"]),
        lambda site: site.write("c.md", title="Three"),
        lambda site: (site.root / "articles" / "a.md").unlink(),
        lambda site: (site.root / "articles" / "a.md").rename(site.root / "articles" / "c.md"),
        lambda site: (site.root / "articles" / "new").mkdir(),
        lambda site: site.configure(title="Changed", url="https://feeds.example.org/"),
        lambda site: (site.root / "feeds.yaml").unlink(),
        lambda site: (site.root / "media" / "late.png").write_bytes(b"PNG"),
        lambda site: (site.out / "rss.xml").unlink(),
        lambda site: (site.out / "rss.xml").write_text("another"),
        lambda site: (site.out / ".feeds-manifest.json").unlink(),
        lambda site: (site.out / "of-somebody-else").write_text(""),
        lambda site: shutil.rmtree(site.out),
        lambda site: [each.write_text("{") for each in (site.root / ".feeds").glob("build-*")],
        lambda site: os.utime(site.root / "articles" / "a.md"),
    ],
)
def test_any_change_begins_a_build(build: Builder, change: Callable[[SiteBuilder], object]) -> None:
    (build.site.root / "media").mkdir()
    change(build.site)
    assert build.begins()


@pytest.mark.parametrize(
    "options",
    [("--url", "https://other.example/"), ("--unpublished",), ("--compress",), ("--hosting", "s3")],
    ids=lambda each: each[0],
)
def test_another_option_is_another_build(build: Builder, options: tuple[str, ...]) -> None:
    assert build.begins(*options)
    assert not build.begins(*options)
    assert build.begins()


def test_other_code_or_libraries_begin_a_build(
    build: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unchanged, "_code", lambda: ("another",))
    assert build.begins()


def test_an_article_that_comes_due_begins_a_build(
    build: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = datetime.now(UTC) + timedelta(hours=1)
    build.site.write("c.md", title="Tomorrow", publishedDateTime=due.isoformat())
    assert build.begins()
    assert not build.begins()
    monkeypatch.setattr("feeds.unchanged.time.time", due.timestamp)
    assert build.begins()


def test_a_file_that_changed_just_before_a_build_is_looked_at_again(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = Builder(site, monkeypatch)
    monkeypatch.setattr(unchanged, "_RACY_NS", 60_000_000_000)
    site.write("a.md", title="One")
    assert builder.begins()
    assert builder.begins()


def test_a_configuration_by_another_name_is_looked_at(build: Builder) -> None:
    other = build.site.root / "other.yaml"
    arguments = ["build", str(other), "--out", str(build.site.out)]
    for title in ("One", "Two"):
        other.write_text(f"title: {title}\nurl: https://feeds.example.org/\narticles: articles\n")
        assert CliRunner().invoke(main, arguments).exit_code == 0
        assert f"<title>{title}</title>" in (build.site.out / "rss.xml").read_text()


def test_another_index_is_filled_though_no_file_changed(
    build: Builder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        monkeypatch.setenv("FEEDS_CATALOG", f"sqlite:///{tmp_path}/{name}.sqlite")
        assert build.begins()
        assert (tmp_path / f"{name}.sqlite").exists()
        assert build.begins()
    monkeypatch.delenv("FEEDS_CATALOG")
    (build.site.root / ".feeds" / "catalog.sqlite").unlink()
    assert build.begins()


def test_a_folder_of_articles_that_is_another_one_now_is_read(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("v1", "v2"):
        folder = tmp_path / name / "articles"
        folder.mkdir(parents=True)
        file = site.write("a.md", title=f"Of {name}")
        shutil.move(file, folder / "a.md")
    site.configure(title="T", url="https://feeds.example.org/", articles="../now/articles")
    (tmp_path / "now").symlink_to("v1")
    builder = Builder(site, monkeypatch)
    write_tree = static.write_tree

    def and_a_release(*arguments: object, **named: object) -> object:
        written = write_tree(*arguments, **named)  # type: ignore[arg-type]  # passed on
        (tmp_path / "now").unlink()
        (tmp_path / "now").symlink_to("v2")
        return written

    with monkeypatch.context() as patch:
        patch.setattr(static, "write_tree", and_a_release)
        builder()
    assert "Of v1" in (site.out / "rss.xml").read_text()
    assert builder.begins()
    assert "Of v2" in (site.out / "rss.xml").read_text()


def test_what_another_process_synced_meanwhile_is_looked_at_again(
    build: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree = static.write_tree

    def and_a_sync(publication: Any, *arguments: object, **named: object) -> object:
        written = write_tree(publication, *arguments, **named)  # type: ignore[arg-type]
        (build.site.root / "articles" / "c.md").unlink()
        publication.catalog.sync(Folder.open(build.site.root))
        return written

    build.site.write("c.md", title="Three")
    with monkeypatch.context() as patch:
        patch.setattr(static, "write_tree", and_a_sync)
        build()
    assert "Three" in (build.site.out / "rss.xml").read_text()
    assert build.begins()
    assert "Three" not in (build.site.out / "rss.xml").read_text()


def test_folders_of_somebody_else_may_be_as_deep_as_they_like(build: Builder) -> None:
    place = os.getcwd()
    try:
        os.chdir(build.site.out)
        for _level in range(1200):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(place)
    try:
        assert build.begins()
    finally:
        # Deeper than Python's own way of removing it goes.
        subprocess.run(["rm", "-r", build.site.out / "d"], check=True)


def test_after_any_edits_the_tree_is_that_of_a_first_build(build: Builder, tmp_path: Path) -> None:
    chance = random.Random(20260501)
    site = build.site
    articles = site.root / "articles"
    for _round in range(25):
        for _edit in range(chance.choice((0, 0, 1, 2))):
            name = f"{chance.randrange(6)}.md"
            topics = chance.sample(["AI", "Bots", "C++"], chance.randint(0, 2))
            if chance.random() < 0.7:
                site.write(name, title=f"No. {chance.randrange(3)}", topics=topics)
            else:
                (articles / name).unlink(missing_ok=True)
        build()
    shutil.rmtree(site.root / ".feeds")
    build(out=tmp_path / "fresh")
    trees = [
        {f.relative_to(out): f.read_bytes() for f in out.rglob("*") if f.is_file()}
        for out in (site.out, tmp_path / "fresh")
    ]
    assert len(trees[0]) > 8
    assert trees[0] == trees[1]
