"""Compressed files beside those of a tree: ours like any other, and made only when they must be."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard

from feeds.catalog.folder import MANIFEST
from feeds.compression import encode
from feeds.errors import OutputError
from feeds.static import precompress as compressed
from feeds.static import writer as static
from feeds.static.writer import Written, write_tree
from tests.support import SiteBuilder
from tests.test_static import stats, tree

DECODERS: dict[str, Callable[[bytes], bytes]] = {
    ".br": brotli.decompress,
    ".zst": zstandard.ZstdDecompressor().decompress,
    ".gz": gzip.decompress,
}


@pytest.fixture
def filled(site: SiteBuilder) -> SiteBuilder:
    (site.root / "media").mkdir()
    (site.root / "media" / "a.png").write_bytes(b"\x89PNG" * 500)
    (site.root / "media" / "a.svg").write_text(f"<svg xmlns='{'/' * 900}'/>")
    images = [{"url": "/media/a.png"}, {"url": "/media/a.svg"}]
    site.write("a.md", "Words. " * 90, title="One", topics=["AI", "Robots"], images=images)
    site.write("b.md", "Words. " * 90, title="Two", topics=["AI"])
    return site


def build(site: SiteBuilder, out: Path | None = None, **named: Any) -> Written:
    return write_tree(site.publication(), out or site.out, **{"compressed": True} | named)


def small(out: Path) -> set[str]:
    return {name for name in tree(out) if name.endswith(tuple(DECODERS))}


def test_each_text_has_three_smaller_files_beside_it_that_hold_the_same(
    filled: SiteBuilder,
) -> None:
    assert build(filled).total == len(tree(filled.out)) - 1
    files = tree(filled.out)
    large = files.keys() - small(filled.out) - {MANIFEST}
    assert {name for name in large if f"{name}.gz" not in files} == {"media/a.png"}
    for name in large - {"media/a.png"}:
        for ending, decoded in DECODERS.items():
            assert decoded(files[name + ending]) == files[name]
            assert len(files[name + ending]) <= 0.9 * len(files[name])


def test_what_gains_nothing_has_no_file_beside_it(site: SiteBuilder) -> None:
    (site.root / "media").mkdir()
    noise = "".join(chr(33 + (i * i * 7919 + i // 3) % 94) for i in range(300))
    for name, text in {"short.svg": "<svg/>", "noise.txt": noise}.items():
        (site.root / "media" / name).write_text(text)
    site.write("a.md", actions=[{"url": "/media/short.svg"}, {"url": "/media/noise.txt"}])
    build(site)
    assert {"media/short.svg", "media/noise.txt"} <= tree(site.out).keys()
    assert not [name for name in small(site.out) if name.startswith("media/")]


def test_a_second_build_compresses_nothing(
    filled: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (filled.root / "media" / "a.svg").write_text("<svg/>")  # not worth a file beside it
    build(filled)
    before = stats(filled.out)
    made: list[str] = []
    compress = compressed._compress

    def counted(out: Path, name: str, other: str, beside: Path) -> compressed.Compressed:
        made.append(other)
        return compress(out, name, other, beside)

    monkeypatch.setattr(compressed, "_compress", counted)
    for _again in range(2):
        result = build(filled)
        assert (result.written, result.removed, made) == (0, 0, [])
    assert stats(filled.out) == before
    filled.write("b.md", "Words. " * 90, title="Two, corrected", topics=["AI"])
    assert build(filled).written == 4 * (
        4 + 4
    )  # the site's and the topic's, with three beside each
    assert not [name for name in made if name.startswith("topics/robots/")]


def test_a_file_beside_another_goes_with_it_and_with_the_option(filled: SiteBuilder) -> None:
    build(filled)
    (filled.root / "articles" / "a.md").unlink()
    before = tree(filled.out).keys()
    removed = build(filled).removed
    after = tree(filled.out).keys()
    assert removed == len(before - after)
    assert not [name for name in after if name.startswith(("topics/robots/", "media/"))]
    assert not [name for name in small(filled.out) if name.rpartition(".")[0] not in after]
    count = len(small(filled.out))
    result = build(filled, compressed=False)
    assert (result.written, result.removed) == (0, count)
    assert small(filled.out) == set()
    assert build(filled).written == count


def test_a_file_that_has_become_short_loses_those_beside_it(filled: SiteBuilder) -> None:
    build(filled)
    (filled.root / "media" / "a.svg").write_text("<svg/>")
    assert build(filled).removed == 3
    assert {name for name in tree(filled.out) if "svg" in name} == {"media/a.svg"}


def test_what_somebody_else_put_there_is_left(filled: SiteBuilder) -> None:
    filled.out.mkdir()
    (filled.out / "rss.xml.gz").write_text("mine")
    assert build(filled).skipped == ["rss.xml.gz: not written by feeds, so it is left"]
    assert (filled.out / "rss.xml.gz").read_text() == "mine"
    assert (filled.out / "rss.xml.br").exists()
    assert build(filled, compressed=False).skipped == []
    assert (filled.out / "rss.xml.gz").read_text() == "mine"


def test_a_download_that_is_called_like_one_is_published_as_it_is(site: SiteBuilder) -> None:
    (site.root / "media").mkdir()
    (site.root / "media" / "a.csv").write_text("a,b\n" * 500)
    (site.root / "media" / "a.csv.gz").write_bytes(b"of the site's own")
    site.write("a.md", actions=[{"url": "/media/a.csv"}, {"url": "/media/a.csv.gz"}])
    for _again in range(2):
        build(site)
        assert (site.out / "media" / "a.csv.gz").read_bytes() == b"of the site's own"
        assert (site.out / "media" / "a.csv.br").exists()
    build(site, compressed=False)
    assert (site.out / "media" / "a.csv.gz").read_bytes() == b"of the site's own"


def test_a_file_that_was_deleted_changed_or_lost_with_the_manifest_is_made_again(
    filled: SiteBuilder,
) -> None:
    build(filled)
    before = tree(filled.out)
    (filled.out / "rss.xml.br").unlink()
    (filled.out / "atom.xml.gz").write_bytes(b"broken")
    assert build(filled).written == 2
    assert tree(filled.out) == before
    (filled.out / MANIFEST).unlink()
    assert build(filled).skipped == []
    assert tree(filled.out) == before


def test_another_library_makes_all_of_them_anew(
    filled: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(filled)
    monkeypatch.setattr(compressed, "_versions", lambda: "another")
    monkeypatch.setattr(compressed, "encode", lambda body, *_how, **_named: encode(body, "gzip"))
    assert build(filled).written > 0
    assert build(filled).written == 0


def test_after_a_build_that_was_cut_off_all_is_as_after_a_first_one(
    filled: SiteBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(filled)
    filled.write("b.md", "Other words. " * 90, title="Another", topics=["AI", "New"])

    def cut_off(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(static, "compress", cut_off)
        with pytest.raises(KeyboardInterrupt):
            build(filled)
    owned = set(json.loads((filled.out / MANIFEST).read_bytes())["files"])
    assert small(filled.out) <= owned
    build(filled)
    build(filled, tmp_path / "fresh")
    assert tree(filled.out) == tree(tmp_path / "fresh")


def test_several_processes_write_the_same_bytes(
    filled: SiteBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(filled)
    monkeypatch.setattr(compressed, "_MANY", 1)
    build(filled, tmp_path / "several", processes=2)
    assert tree(filled.out) == tree(tmp_path / "several")
    shutil.rmtree(tmp_path / "several")


def test_a_place_that_cannot_be_written_is_named(
    filled: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compressed, "_compress", full)
    with pytest.raises(OutputError, match=r"subscriptions\.opml: No space left on device"):
        build(filled)
