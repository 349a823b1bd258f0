"""Writes a publication as a tree of files for static hosting.

A file is written only when its bytes changed, beside its place and then renamed onto it, so that
whoever reads the tree while it is written, or after the writer was killed, finds every file whole.
The manifest says which files are ours: nothing else in the folder is ever changed or removed.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from feeds.catalog.folder import MANIFEST
from feeds.catalog.state import Built
from feeds.errors import OutputError
from feeds.model.document import MediaFile, Redirect
from feeds.parallel import parallel_map
from feeds.publication.publication import EntryKey, Publication
from feeds.static.entry_store import EntryLocation, EntryStore
from feeds.static.hosts import host_files, tree_layout
from feeds.static.precompress import TEXT, beside, compress, outdated

try:
    import fcntl
except ImportError:  # Windows has no flock: there, two builds at once are the user's to avoid.
    fcntl = None  # type: ignore[assignment]

#: Files to write, from which on it pays to ask other processes, and to render each entry once.
_MANY = 1000
#: Where files are written before they are renamed: in the tree, since a rename cannot leave its
#: file system, and under one name, so that what a killed build left there is cleared by the next.
_SCRATCH = ".feeds-scratch"


@dataclass(slots=True)
class Written:
    """What a build did, in files."""

    total: int = 0
    written: int = 0
    removed: int = 0
    #: What was not written, a line each: the file, relative to the tree, and why.
    skipped: list[str] = field(default_factory=list)


def write_tree(
    publication: Publication,
    out: Path,
    progress: Callable[[int, int], None] | None = None,
    *,
    processes: int = 1,
    compressed: bool = False,
    hosting: str = "",
) -> Written:
    """Makes the folder hold just what the publication publishes, and what is not ours.

    With compressed files beside the others, if they are asked for, and with what a host of this
    name reads (see feeds.hosting). The progress is called with the number of files done and to do;
    with several processes (see feeds.workers) many are made at once. Raises OutputError.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with _locked(out):
            return _write(publication, out.resolve(), progress, processes, compressed, hosting)
    except OSError as error:
        where = error.filename2 or error.filename or out
        raise OutputError(f"{where}: {error.strerror or error}") from error


def _write(
    publication: Publication,
    out: Path,
    progress: Callable[[int, int], None] | None,
    processes: int,
    compressed: bool,
    hosting: str,
) -> Written:
    scratch = out / _SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    result = Written()
    store = EntryStore(scratch)
    try:
        known = publication.catalog.state.built(str(out))
        learnt: dict[str, Built | None] = {}
        ours = _read_manifest(out)
        if ours is None:  # lost or damaged: what is still as a build left it is ours
            ours = {
                name
                for name, each in known.items()
                if _state(f"{out}{os.sep}{name}", each.fingerprint) == each
            }
        wanted = {_file_of(path): path for path in publication.paths()}
        told = _told(publication, compressed, hosting)
        taken = dict.fromkeys(sorted(told.keys() & wanted), "an article's file is there instead")
        told = {name: told[name] for name in told.keys() - taken}
        small = {each for name in wanted if compressed for each in beside(name)}.difference(wanted)
        every = [*wanted, *told, *sorted(small)]
        # First: a folder may be in the place of a file, or a file in that of a folder.
        for name in sorted(ours.difference(every)):
            result.removed += _remove(out, name)
            learnt[name] = None
        ours.intersection_update(every)
        foreign = dict.fromkeys(_foreign(out, every, ours), "not written by feeds, so it is left")
        result.skipped = [f"{name}: {why}" for name, why in (foreign | taken).items()]
        small.difference_update(foreign)
        names = [name for name in wanted if name not in foreign]
        # Before the first file is written, the manifest has to own every file that may be: a build
        # that is killed must not leave files behind that the next one takes for somebody else's.
        _write_manifest(out, scratch, ours.union(names, told.keys() - foreign))
        stale = []
        for name in names:
            fingerprint = publication.fingerprint(wanted[name])
            there = _state(f"{out}{os.sep}{name}", fingerprint)
            if not fingerprint or not there or there != known.get(name):
                stale.append((wanted[name], name, fingerprint))
        rendered = 0
        if len(stale) >= _MANY:
            paths = [path for path, _name, _fingerprint in stale]
            rendered = _render(publication, paths, store, progress, processes)
            publication = publication.with_rendered(store)
        place = partial(_place_all, publication, out, scratch)
        placing = parallel_map(place, stale, processes=processes, worthwhile=_MANY, chunk=80)
        for done, (name, built, written, trouble) in enumerate(placing, 1):
            learnt[name] = built
            result.written += written
            if trouble:
                result.skipped.append(f"{name}: {trouble}")
                if not (out / name).exists():
                    names.remove(name)
            if progress:
                progress(rendered + done, rendered + len(stale))
        for name in told.keys() - foreign:
            result.written += _replace(out / name, told[name], scratch)
            learnt[name] = _state(f"{out}{os.sep}{name}", hosting)
            names.append(name)
        if small:
            places = {name: [each for each in beside(name) if each in small] for name in names}
            stale_small = outdated(out, places, known)
            if stale_small:
                _write_manifest(out, scratch, ours.union(names, *stale_small.values()))
            for each in compress(out, scratch, stale_small, processes=processes):
                learnt[each.name] = each.built
                result.written += each.was_written
                result.removed += each.was_removed
            names += (each for each in small if (out / each).exists())
        learnt |= dict.fromkeys(ours.difference(names, small) | (known.keys() - set(every)))
        _write_manifest(out, scratch, names)
        if not publication.is_current():
            # Another process synced meanwhile: some bytes may be newer than their fingerprints.
            learnt = dict.fromkeys(learnt)
        publication.catalog.state.remember_built(str(out), learnt)
        result.total = len(names)
    finally:
        store.close()
        shutil.rmtree(scratch, ignore_errors=True)
    return result


def _render(
    publication: Publication,
    paths: list[str],
    rendered: EntryStore,
    progress: Callable[[int, int], None] | None,
    processes: int,
) -> int:
    """Renders every entry of the documents at these paths, for publication.document() to find."""
    keys = publication.entries_of(paths)
    render = partial(_render_some, publication, rendered)
    places = []
    for place in parallel_map(render, keys, processes=processes, worthwhile=_MANY, chunk=250):
        places.append(place)
        if progress:
            progress(len(places), len(keys) + len(paths))
    rendered.write_index(places)
    return len(keys)


def _render_some(
    publication: Publication, rendered: EntryStore, keys: Sequence[EntryKey]
) -> list[EntryLocation]:
    return rendered.write(publication.entries_at(keys))


def _told(publication: Publication, compressed: bool, hosting: str) -> dict[str, bytes]:
    """What a host is told in files of its own: their names and bytes."""
    if not hosting:
        return {}
    endings = TEXT if compressed else ()
    return host_files(hosting, tree_layout(publication, hidden=(MANIFEST,), compressed=endings))


def _state(file: str, fingerprint: str) -> Built | None:
    """A file as it lies there, if it is what the fingerprint says; None where there is none."""
    try:
        stat = os.stat(file)
    except OSError:
        return None
    return Built(fingerprint, stat.st_size, stat.st_mtime_ns)


def _file_of(path: str) -> str:
    return f"{path}index.html".removeprefix("/") if path.endswith("/") else path.removeprefix("/")


def _place_all(
    publication: Publication, out: Path, scratch: Path, stale: Sequence[tuple[str, str, str]]
) -> list[tuple[str, Built | None, bool, str]]:
    """Puts each path into its file: its name, what it is now, if it was written, what is wrong."""
    own = scratch / str(os.getpid())
    own.mkdir(exist_ok=True)
    placed = []
    for path, name, fingerprint in stale:
        written, trouble = False, ""
        try:
            written = _place(publication, path, out, name, own)
        except _UnreadableError as error:
            trouble, fingerprint = f"not written, so what was there stays: {error}", ""
        except OSError as error:
            # Its own name, not that of the scratch file beside it.
            raise OutputError(f"{out / name}: {error.strerror}") from error
        built = _state(f"{out}{os.sep}{name}", fingerprint) if fingerprint else None
        placed.append((name, built, written, trouble))
    return placed


class _UnreadableError(Exception):
    """What is to be published at a path cannot be read: why."""


def _place(publication: Publication, path: str, out: Path, name: str, scratch: Path) -> bool:
    found = publication.document(path)
    if isinstance(found, Redirect):
        found = found.stand_in
    target, beside = out / name, scratch / "file"
    if isinstance(found, MediaFile):
        # A file that is changed in place while it is copied is copied again by the next build.
        with open(beside, "wb") as copy:
            copy.writelines(_chunks(found.file))
        if target.is_file() and filecmp.cmp(beside, target, shallow=False):
            return False
    elif found:
        return _replace(target, found.body, scratch)
    else:
        raise _UnreadableError("gone since the build began")
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(beside, target)
    return True


def _replace(target: Path, body: bytes, scratch: Path) -> bool:
    """Whether the bytes had to be written, since they were not there."""
    if _bytes_of(target) == body:
        return False
    (scratch / "file").write_bytes(body)
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(scratch / "file", target)
    return True


def _chunks(file: Path) -> Iterator[bytes]:
    try:
        with open(file, "rb") as stream:
            while chunk := stream.read(1 << 20):
                yield chunk
    except OSError as error:
        raise _UnreadableError(f"{file}: {error.strerror}") from error


def _remove(out: Path, name: str) -> int:
    target = out / name
    # A link on the way leads to what is not ours, or is ours under another name.
    if target.parent.resolve() != target.parent or (target.is_dir() and not target.is_symlink()):
        return 0
    try:
        target.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return 0
    for parent in target.parents:
        if parent == out:
            break
        try:
            parent.rmdir()
        except OSError:  # not empty
            break
    return 1


def _foreign(out: Path, wanted: Iterable[str], ours: set[str]) -> list[str]:
    """The files whose place, or a folder on the way to it, is not ours to change."""
    blocked = {"": False}
    # Thousands of names: Paths of them would take longer than the looking.
    top = f"{out}{os.sep}"

    def is_blocked(folder: str) -> bool:
        if folder not in blocked:
            place = top + folder
            there = os.path.islink(place) or (os.path.exists(place) and not os.path.isdir(place))
            blocked[folder] = there or is_blocked(folder.rpartition("/")[0])
        return blocked[folder]

    return [
        name
        for name in wanted
        if is_blocked(name.rpartition("/")[0])
        or os.path.isdir(top + name)
        or (name not in ours and os.path.lexists(top + name))
    ]


def _bytes_of(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _read_manifest(out: Path) -> set[str] | None:
    """The files that earlier builds wrote; None where there is no manifest that can be read."""
    try:
        names = set(json.loads((out / MANIFEST).read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # The manifest lies where others may write: it can name nothing outside the tree.
    return {
        name
        for name in names
        if isinstance(name, str) and name and not {"", "..", "."}.intersection(name.split("/"))
    }


def _write_manifest(out: Path, scratch: Path, names: set[str] | list[str]) -> None:
    body = json.dumps({"written by": "feeds build", "files": sorted(names)}, indent=0) + "\n"
    if _bytes_of(out / MANIFEST) != body.encode():
        (scratch / "manifest").write_text(body, encoding="utf-8")
        os.replace(scratch / "manifest", out / MANIFEST)


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Only one build at a time in a folder; the lock goes with its process."""
    if fcntl is None:
        yield
        return
    folder = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
