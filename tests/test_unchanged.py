"""A build that finds all as the last one left it does not begin; any other one does."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from feeds import static, unchanged
from feeds.cli import main
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
    assert "; 9 files, 0 written, 0 removed; " in again
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
    "options", [("--url", "https://other.example/"), ("--unpublished",)], ids=lambda each: each[0]
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
