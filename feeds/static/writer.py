"""Writes a publication as a tree of files for static hosting: it plans, and applies the plan.

A file is written only when its bytes changed. A build may be killed at any moment: every file is
whole then, and the next build finishes. Only the files that the manifest names are ever changed or
removed.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

from feeds.compression import ENCODINGS, MIN_BYTES, TEXT_ENDINGS, encode, library_versions
from feeds.errors import OutputError
from feeds.files import open_file
from feeds.formats import Format, render
from feeds.model.document import MediaFile, Redirect
from feeds.model.feed import Feed
from feeds.parallel import Workers
from feeds.publication.publication import EntryKey, Publication
from feeds.publication.routes import file_name
from feeds.static.entry_store import EntryStore, Place
from feeds.static.hosts import host_files
from feeds.static.plan import Action, DiskFile, Outcome, Plan, Reason, Step
from feeds.static.tree import Tree

#: A larger file would take minutes to compress, and much memory.
_MAX_COMPRESSED_BYTES = 32 * 1024 * 1024
#: A compressed file that is larger than this part of the other is not worth writing.
_MAX_RATIO = 0.9

_Progress: TypeAlias = Callable[[int, int], None] | None
_Write: TypeAlias = Callable[[Sequence[Step]], Iterable[Outcome]]
#: The path of a document, or the bytes of a file for the host.
_Source: TypeAlias = str | bytes
#: Bytes, a file to copy, or a feed's document without its entries, and their places.
_Content: TypeAlias = bytes | Path | tuple[Feed, Format, Sequence[Place]]
#: A file to write, by name; without content its document is gone.
_Job: TypeAlias = tuple[str, _Content | None]
#: The file on disk now, whether it has changed, and why it could not be written.
_Result: TypeAlias = tuple[DiskFile | None, bool, str]


class Written(NamedTuple):
    """The result of a build, in numbers of files."""

    total: int
    written: int
    removed: int
    #: The files that were not written, each with the reason.
    skipped: list[str]
    #: The files that were written or removed, each with the reason.
    changes: list[str]


def write_tree(
    publication: Publication,
    out: Path,
    progress: _Progress = None,
    *,
    workers: Workers | None = None,
    compressed: bool = False,
    hosting: str = "",
    checkpoint: Callable[[str], None] | None = None,
) -> Written:
    """Make a folder hold all that is published, beside the files that are not ours.

    The hosting is one of HOSTS, or empty. The progress is called with the number of files done and
    to do, the checkpoint before each change of the disk (see Tree). Raises OutputError.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        tree = Tree(out.resolve(), checkpoint)
        with tree.locked():
            paths = {file_name(path): path for path in publication.paths()}
            bodies = host_files(hosting, publication, compressed=compressed) if hosting else {}
            state = publication.catalog.state.built(str(tree.folder))
            plan = Plan(
                {name: publication.fingerprint(path) for name, path in paths.items()},
                {name: f"host:{hashlib.sha256(body).hexdigest()}" for name, body in bodies.items()},
                {other: name for name in paths if compressed for other in _compressed_names(name)},
                state,
                tree.owned(state),
                disk={},
            )
            build = _Build(
                publication, tree, {**bodies, **paths}, progress, workers or Workers(), plan
            )
            build.apply(Plan.removals, build.write)
            build.apply(Plan.files, build.write)
            if compressed:
                decide = partial(Plan.compressed_files, library=library_versions())
                build.apply(decide, build.compress)
            return build.finish()
    except OSError as error:
        where = error.filename2 or error.filename or out
        raise OutputError(f"{where}: {error.strerror or error}") from error


@dataclass
class _Build:
    publication: Publication
    tree: Tree
    sources: Mapping[str, _Source]
    progress: _Progress
    workers: Workers
    plan: Plan
    outcomes: list[Outcome] = field(default_factory=list)

    def apply(self, decide: Callable[[Plan], list[Step]], write: _Write) -> None:
        """Decide about files, and carry it out: the removals, then the writes."""
        has_changed = any(outcome.changed for outcome in self.outcomes)
        if has_changed or not self.plan.disk:  # or nobody has looked
            disk = self.tree.look(self.plan.names.union(self.plan.owned))
            self.plan = self.plan._replace(disk=disk)
        steps = decide(self.plan)
        for step in steps:
            if step.action is Action.REMOVE:
                self.outcomes.append(Outcome(step, None, self.tree.remove(step.name)))
            elif step.action is Action.KEEP:
                self.outcomes.append(Outcome(step, self.plan.disk.get(step.name)))
            elif step.action is Action.LEAVE:
                self.outcomes.append(Outcome(step, None, problem=step.reason.value))
        self.plan = self.plan._replace(owned=self.plan.claims(steps))
        if writes := [step for step in steps if step.action is Action.WRITE]:
            # First: what a killed build wrote must not look foreign to the next one.
            self.tree.write_manifest(self.plan.owned)
            self.outcomes += write(writes)

    def write(self, steps: Sequence[Step]) -> Iterator[Outcome]:
        """Write documents, media files and files for the host."""
        sources = (self.sources[step.name] for step in steps)
        keys = self.publication.entry_keys(path for path in sources if isinstance(path, str))
        total = len(keys) + len(steps)
        # Each entry is rendered once, for all documents that hold it.
        store = EntryStore(self.tree.scratch)
        render = partial(store.write, self.publication)
        rendered = self.workers.map(render, keys, count=len(keys), chunk=100)
        report = self.progress or (lambda _done, _total: None)
        places = dict[EntryKey, Place]()
        for done, (key, place) in enumerate(rendered, 1):
            report(done, total)
            places[key] = place
        write = partial(_write, self.tree, store)
        written = self.workers.map(write, self._jobs(steps, places), count=len(steps), chunk=80)
        for done, (step, result) in enumerate(zip(steps, written, strict=True), len(keys) + 1):
            report(done, total)
            yield Outcome(step, *result)

    def _jobs(self, steps: Sequence[Step], places: Mapping[EntryKey, Place]) -> Iterator[_Job]:
        """Yield what a process without the catalog needs to write each file."""
        last: tuple[Feed, Sequence[Place]] | None = None
        for step in steps:
            source = self.sources[step.name]
            document = self.publication.unrendered(source) if isinstance(source, str) else None
            # Some are missing if another process has synced since the build began.
            if not document or not all(key in places for key in document.keys):
                yield step.name, self._content(source)
                continue
            # The documents of a folder share a feed and places, pickled once for all of them.
            if not last or last[0] is not document.feed:
                last = document.feed, [places[key] for key in document.keys]
            yield step.name, (last[0], document.format, last[1])

    def _content(self, source: _Source) -> bytes | Path | None:
        if isinstance(source, bytes):
            return source
        document = self.publication.document(source)
        if isinstance(document, MediaFile):
            return document.file
        if isinstance(document, Redirect):
            document = document.stand_in
        return document.body if document else None

    def compress(self, steps: Sequence[Step]) -> Iterator[Outcome]:
        """Write compressed files, and remove those that save too little."""
        compress = partial(_compress, self.tree)
        return self.workers.map(compress, steps, count=len(steps), chunk=30)

    def finish(self) -> Written:
        """Record what was done, for the next build."""
        owned = {outcome.step.name for outcome in self.outcomes if outcome.file}
        self.tree.write_manifest(owned)
        state = self.plan.state
        carried_out = (each for each in self.outcomes if each.step.action is not Action.LEAVE)
        records = dict.fromkeys(state) | {each.step.name: each.record for each in carried_out}
        news = {name: built for name, built in records.items() if built != state.get(name)}
        if not self.publication.is_current():
            # Another process synced meanwhile: some bytes may be newer than their fingerprints.
            news = dict.fromkeys(news)
        self.publication.catalog.state.remember_built(str(self.tree.folder), news)
        skipped = [f"{step.name}: {why}" for step, _file, _changed, why in self.outcomes if why]
        steps = [outcome.step for outcome in self.outcomes if outcome.changed]
        removed = sum(step.action is Action.REMOVE for step in steps)
        changes = [f"{step.name}: {step.action.value}, {step.reason.value}" for step in steps]
        return Written(len(owned), len(steps) - removed, removed, skipped, changes)


def _write(tree: Tree, store: EntryStore, jobs: Sequence[_Job]) -> list[_Result]:
    results = []
    last: tuple[Feed, Feed] | None = None
    for name, content in jobs:
        if isinstance(content, tuple):
            header, format, places = content
            if not last or last[0] is not header:
                last = header, replace(header, entries=[*map(store.entry, places)])
            content = render(last[1], format)
        changed, problem = False, ""
        try:
            changed = tree.replace(name, _chunks(content))
        except _SourceError as error:
            problem = f"not written, so what was there stays: {error}"
        results.append((tree.file(name), changed, problem))
    return results


class _SourceError(Exception):
    """There is nothing to write in a file."""


def _chunks(content: bytes | Path | None) -> Iterator[bytes]:
    if content is None:
        raise _SourceError("gone since the build began")
    if isinstance(content, bytes):
        yield content
        return
    try:
        with open_file(str(content)) as stream:
            # No more than its size: the copy of a file that grows would never end.
            missing = os.fstat(stream.fileno()).st_size
            while chunk := stream.read(min(missing, 1 << 20)):
                missing -= len(chunk)
                yield chunk
    except OSError as error:
        raise _SourceError(f"{content}: {error.strerror}") from error


def _compressed_names(name: str) -> list[str]:
    is_text = "." in name and name.rpartition(".")[2] in TEXT_ENDINGS
    return [f"{name}{ending}" for ending in ENCODINGS] if is_text else []


def _compress(tree: Tree, steps: Sequence[Step]) -> list[Outcome]:
    outcomes = []
    for step in steps:
        source, dot, ending = step.name.rpartition(".")
        file = tree.file(source)
        body = encoded = b""
        if file and MIN_BYTES <= file.size <= _MAX_COMPRESSED_BYTES:
            body = tree.read(source, _MAX_COMPRESSED_BYTES)
            encoded = encode(body, ENCODINGS[dot + ending], tightly=True)
        if body and len(encoded) <= _MAX_RATIO * len(body):
            changed = tree.replace(step.name, [encoded])
            outcomes.append(Outcome(step, tree.file(step.name), changed))
        else:
            removal = step._replace(action=Action.REMOVE, reason=Reason.NO_GAIN)
            outcomes.append(Outcome(removal, None, tree.remove(step.name)))
    return outcomes
