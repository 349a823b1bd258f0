"""Whether a build has anything to do, told before anything else of it is loaded.

A build leaves a record of the files that it read and wrote: their names, sizes and times. While all
of them are as they were, another build would write the same bytes. In doubt, it is done.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

#: A file that changed within this time of a build may change again under the same times.
_RACY_NS = 2_000_000_000
#: In every tree that Feeds writes; a folder that has it holds no articles (see feeds.folder).
_MANIFEST = ".feeds-manifest.json"


@dataclass(frozen=True, slots=True)
class Last:
    """What the last build said."""

    #: The problems, a line each.
    problems: list[str]
    #: With "%s" in the place of the seconds.
    summary: str


class Record:
    """What the last build of a site into a folder read and wrote."""

    def __init__(self, site: Path, out: Path, *options: object) -> None:
        """The options are all else that decides what is written."""
        self._began = time.time_ns()
        site, self._out = site.absolute(), out.absolute()
        root = site if site.is_dir() else site.parent
        self._catalog = root / ".feeds" / "catalog.sqlite"
        # What another index is to be given, none of these files tells.
        told = os.environ.get("FEEDS_CATALOG"), os.environ.get("FEEDS_SYNC")
        key = repr((str(site), str(self._out), options, told, _code()))
        # Nowhere but beside feeds.yaml: a bare folder is left as it is.
        name = f"build-{hashlib.sha256(str(self._out).encode('utf-8', 'replace')).hexdigest()[:16]}"
        self._file = root / ".feeds" / f"{name}.json"
        self._key = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()

    def last(self) -> Last | None:
        """What the last build said, if another one would find and leave all as it is."""
        try:
            kept: dict[str, Any] = json.loads(self._file.read_bytes())
            if (
                not self._catalog.exists()
                or kept["key"] != self._key
                or (kept["due"] and time.time() >= kept["due"])
            ):
                return None
            if (
                _state(kept["folders"], kept["files"])[0] != kept["inputs"]
                or _state([str(self._out)], (), through_manifests=True)[0] != kept["outputs"]
            ):
                return None
            return Last(kept["problems"], kept["summary"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def keep(
        self,
        index: str,
        folders: Iterable[Path],
        files: Iterable[Path],
        due: datetime | None,
        last: Last,
    ) -> None:
        """Keeps what was read and written, unless it may have changed meanwhile.

        The index is the catalog's place: none but the file beside feeds.yaml can be looked at. The
        folders are those of the articles, the files all else that was read, there or not; due
        is when an article will come out by itself.
        """
        names = sorted(map(str, folders)), sorted(map(str, files))
        try:
            inputs, newest = _state(*names)
            if index != str(self._catalog) or newest >= self._began - _RACY_NS:
                self._file.unlink(missing_ok=True)
                return
            outputs, _newest = _state([str(self._out)], (), through_manifests=True)
            kept = {
                "key": self._key, "folders": names[0], "files": names[1], "inputs": inputs,
                "outputs": outputs, "due": due and due.timestamp(),
                "problems": last.problems, "summary": last.summary,
            }  # fmt: skip
            beside = self._file.with_suffix(f".{os.getpid()}")
            beside.write_text(json.dumps(kept), encoding="utf-8")
            os.replace(beside, self._file)
        except (
            OSError,
            ValueError,
            RecursionError,
        ):  # a cache: without it, the next build takes its time
            return


def _state(
    folders: Iterable[str], files: Iterable[str], *, through_manifests: bool = False
) -> tuple[str, int]:
    """What tells these folders and files from what they were, and the newest change of any."""
    found = hashlib.sha256()
    newest = 0
    for name, stat in _stats(folders, files, through_manifests):
        times = (stat.st_mtime_ns, stat.st_ctime_ns) if stat else (0, 0)
        size = stat.st_size if stat else -1
        found.update(f"{name}\0{size} {times}\n".encode("utf-8", "surrogateescape"))
        newest = max(newest, *times)
    return found.hexdigest(), newest


def _stats(
    folders: Iterable[str], files: Iterable[str], through_manifests: bool
) -> Iterator[tuple[str, os.stat_result | None]]:
    for folder in folders:
        # A folder may be reached by links, which lead elsewhere with the next release.
        for each in (folder, *map(str, Path(folder).parents)):
            if os.path.islink(each):
                yield each, os.lstat(each)
        yield from _walk(folder, through_manifests)
    for file in files:
        try:
            yield file, os.stat(file)
        except (FileNotFoundError, NotADirectoryError):
            yield file, None


def _walk(folder: str, through_manifests: bool) -> Iterator[tuple[str, os.stat_result | None]]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    # What is written into a folder of the articles must not seem to change them.
    if not through_manifests and any(entry.name == _MANIFEST for entry in found):
        yield folder, None
        return
    yield folder, os.stat(folder)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith("."):
                yield from _walk(entry.path, through_manifests)
        else:
            if entry.is_symlink():
                yield entry.path, entry.stat(follow_symlinks=False)
            try:
                yield entry.path, entry.stat()
            except FileNotFoundError:  # a link to nowhere
                yield entry.path, None


def _code() -> tuple[object, ...]:
    """What changes with our code and with the libraries under it."""
    package = os.path.dirname(__file__)
    # Whatever is installed or removed changes the folder that holds it.
    installed = (path for path in sys.path if path.endswith("-packages") and os.path.isdir(path))
    libraries = [os.stat(path).st_mtime_ns for path in installed]
    return sys.version, _state([package], ())[0], libraries
