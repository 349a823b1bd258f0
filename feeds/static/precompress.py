"""Compressed files beside those of a tree, for servers that send what lies ready.

The same bytes give the same file under the same library; another version of zlib, brotli or zstd
may come to other bytes, so what two machines compare is the tree without them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from feeds.catalog.sync import Built
from feeds.compression import MIN_SIZE, encode
from feeds.errors import OutputError
from feeds.parallel import parallel_map

#: How the names of files end that become much smaller: text.
TEXT = ("css", "csv", "html", "json", "opml", "srt", "svg", "txt", "vtt", "xml")
#: The encodings of the compressed files, those that make the least of it first, by how their names
#: end.
BY_ENDING = {".br": "br", ".zst": "zstd", ".gz": "gzip"}
#: In bytes: what is longer would take minutes and much memory.
_LONGEST = 32 * 1024 * 1024
#: A file as large as this part of the other, or larger, is not worth a place.
_SMALLER = 0.9
#: Files, from which on it pays to ask other processes: a megabyte takes half a second.
_MANY = 100


@dataclass(frozen=True, slots=True)
class Compressed:
    """What became of a file beside another one."""

    name: str
    #: As it lies there now; of size -1 if it is not worth a place.
    built: Built
    was_written: bool
    was_removed: bool


def beside(name: str) -> list[str]:
    """The names of the files that may lie beside one."""
    is_text = name.rpartition(".")[2] in TEXT and "." in name
    return [f"{name}{ending}" for ending in BY_ENDING] if is_text else []


def outdated(
    out: Path, names: Mapping[str, Sequence[str]], known: Mapping[str, Built]
) -> dict[str, list[str]]:
    """The files of a tree with the names beside each that are not as they were left.

    Takes them with all names beside each that may be written, and what is known of these.
    """
    found = {}
    for name, others in names.items():
        if old := [each for each in others if _state(out, name, each) != known.get(each)]:
            found[name] = old
    return found


def compress(
    out: Path, scratch: Path, names: Mapping[str, Sequence[str]], *, processes: int
) -> Iterator[Compressed]:
    """Makes these files anew beside those of a tree: what became of each. Raises OutputError."""
    work = partial(_compress_all, out, scratch)
    jobs = list(names.items())
    yield from parallel_map(work, jobs, processes=processes, worthwhile=_MANY, chunk=10)


def _state(out: Path, name: str, other: str) -> Built | None:
    """A compressed file, if it is one of what lies there now; None where that is gone."""
    try:
        source = os.stat(f"{out}{os.sep}{name}")
    except OSError:
        return None
    fingerprint = f"{_versions()} {source.st_size} {source.st_mtime_ns}"
    try:
        stat = os.stat(f"{out}{os.sep}{other}")
    except OSError:
        return Built(fingerprint, -1, 0)
    return Built(fingerprint, stat.st_size, stat.st_mtime_ns)


def _compress_all(
    out: Path, scratch: Path, stale: Sequence[tuple[str, Sequence[str]]]
) -> list[Compressed]:
    made = []
    beside = scratch / f"compressed-{os.getpid()}"
    for name, others in stale:
        try:
            made += [_compress(out, name, other, beside) for other in others]
        except OSError as error:
            raise OutputError(f"{out / name}: {error.strerror}") from error
    return made


def _compress(out: Path, name: str, other: str, beside: Path) -> Compressed:
    source, target = out / name, out / other
    size = source.stat().st_size
    small = b""
    if MIN_SIZE <= size <= _LONGEST:
        body = source.read_bytes()
        small = encode(body, BY_ENDING[other.removeprefix(name)], tightly=True)
        if len(small) > _SMALLER * size:
            small = b""
    there = target.read_bytes() if target.is_file() else b""
    if small and small != there:
        beside.write_bytes(small)
        os.replace(beside, target)
    elif there and not small:
        target.unlink()
    built = _state(out, name, other)
    assert built, f"{name} is gone"  # noqa: S101  # nobody else writes here: the tree is locked
    return Compressed(other, built, bool(small) and small != there, bool(there) and not small)


@cache
def _versions() -> str:
    """What else decides the bytes."""
    import zlib
    from importlib.metadata import version

    return f"{zlib.ZLIB_RUNTIME_VERSION} {version('brotli')} {version('zstandard')}"
