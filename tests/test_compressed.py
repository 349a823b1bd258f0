"""Compressed files beside those of a tree: ours like any other, and made only when they must be."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard

from feeds.catalog.walk import MANIFEST
from feeds.compression import encode
from feeds.errors import OutputError
from feeds.parallel import Workers
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
    (filled.root / "media" / "a.svg").write_text("<svg/>")  # not worth a compressed file
    build(filled)
    before = stats(filled.out)
    encoded: list[bytes] = []

    def counted(body: bytes, encoding: str, *, tightly: bool) -> bytes:
        encoded.append(body)
        return encode(body, encoding, tightly=tightly)

    monkeypatch.setattr("feeds.static.writer.encode", counted)
    for _again in range(2):
        result = build(filled)
        assert (result.written, result.removed, encoded) == (0, 0, [])
    assert stats(filled.out) == before
    filled.write("b.md", "Words. " * 90, title="Two, corrected", topics=["AI"])
    # The site's four documents and the topic's, each with three compressed files.
    assert build(filled).written == 4 * (4 + 4)
    assert len(encoded) == 3 * (4 + 4)


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
    monkeypatch.setattr("feeds.static.writer.library_versions", lambda: "another")
    monkeypatch.setattr(
        "feeds.static.writer.encode", lambda body, *_how, **_named: encode(body, "gzip")
    )
    changes = build(filled).changes
    assert "rss.xml.br: written, the compression libraries changed" in changes
    assert not [line for line in changes if not line.split(":")[0].endswith(tuple(DECODERS))]
    assert build(filled).written == 0


@pytest.mark.parametrize("change", ["write index.html.br", "rename rss.xml.zst"])
def test_after_a_build_that_was_cut_off_all_is_as_after_a_first_one(
    filled: SiteBuilder, tmp_path: Path, change: str
) -> None:
    build(filled)
    filled.write("b.md", "Other words. " * 90, title="Another", topics=["AI", "New"])

    def cut_off(next_change: str) -> None:
        if next_change == change:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(filled, checkpoint=cut_off)
    owned = set(json.loads((filled.out / MANIFEST).read_bytes())["files"])
    assert small(filled.out) <= owned
    build(filled)
    build(filled, tmp_path / "fresh")
    assert tree(filled.out) == tree(tmp_path / "fresh")


def test_several_processes_write_the_same_bytes(
    filled: SiteBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(filled)
    monkeypatch.setattr("feeds.parallel.MIN_CHUNKS", 0)
    with Workers(2) as workers:
        build(filled, tmp_path / "several", workers=workers)
    assert tree(filled.out) == tree(tmp_path / "several")


def test_a_place_that_cannot_be_written_is_named(filled: SiteBuilder) -> None:
    def full(change: str) -> None:
        if change == "write rss.xml.br":
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match=r"rss\.xml\.br: No space left on device"):
        build(filled, checkpoint=full)


def test_an_explanation_names_compressed_files(filled: SiteBuilder) -> None:
    assert "rss.xml.br: written, it is new" in build(filled).changes
    (filled.out / "atom.xml.gz").unlink()
    assert build(filled).changes == ["atom.xml.gz: written, it was missing"]
    svg = filled.root / "media" / "a.svg"
    svg.write_text(svg.read_text().replace("/", "-"))
    written = {f"media/a.svg{ending}: written, the file it compresses changed"
               for ending in DECODERS}  # fmt: skip
    assert set(build(filled).changes) == {"media/a.svg: written, the media file changed"} | written
    svg.write_text("<svg/>")
    removed = {f"media/a.svg{ending}: removed, compression saves too little" for ending in DECODERS}
    # The length of the picture is in the feeds.
    of_media = {line for line in build(filled).changes if line.startswith("media/")}
    assert of_media == {"media/a.svg: written, the media file changed"} | removed
    changes = build(filled, compressed=False).changes
    assert "rss.xml.br: removed, no option asks for it any longer" in changes
    build(filled)
    (filled.root / "articles" / "a.md").unlink()
    assert "topics/robots/rss.xml.br: removed, it is no longer published" in build(filled).changes


def test_the_compressed_files_of_a_file_that_is_gone_go_too(
    filled: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(filled)
    (filled.out / "rss.xml").unlink()
    publication = filled.publication()
    document = publication.document
    monkeypatch.setattr(publication, "unrendered", lambda _path: None)
    monkeypatch.setattr(
        publication, "document", lambda path: None if path == "/rss.xml" else document(path)
    )
    result = write_tree(publication, filled.out, compressed=True)
    assert result.skipped == [
        "rss.xml: not written, so what was there stays: gone since the build began"
    ]
    assert {name for name in tree(filled.out) if name.startswith("rss.xml")} == set()
    assert result.total == len(tree(filled.out)) - 1
