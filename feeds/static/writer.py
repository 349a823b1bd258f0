"""Writes a publication as a tree of files for static hosting: it plans, and applies the plan.

A file is written only when its bytes changed. A build may be killed at any moment: every file is
whole then, and the next build finishes. Only the files that the manifest names are ever changed or
removed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias, TypeVar

from feeds.catalog.state import Built
from feeds.errors import OutputError
from feeds.model.document import MediaFile, Redirect
from feeds.parallel import parallel_map
from feeds.publication.publication import Publication
from feeds.publication.routes import file_name
from feeds.static import plan
from feeds.static.entry_store import EntryStore
from feeds.static.hosts import host_files
from feeds.static.plan import ABSENT, Action, Outcome, Plan, Step, Wanted
from feeds.static.precompress import compress, compressed_names, library_versions
from feeds.static.tree import Tree, UnreadableError

#: In files to write: with fewer, starting processes takes longer than their work saves.
WORTHWHILE = 1000

_Progress: TypeAlias = Callable[[int, int], None] | None
_Result = TypeVar("_Result")


class Written(NamedTuple):
    """The result of a build, in numbers of files."""

    total: int
    written: int
    removed: int
    #: A line for each file that was not written: its name in the tree, and why.
    skipped: list[str]
    #: A line for each file that was written or removed: its name in the tree, and why.
    changes: list[str]


def write_tree(
    publication: Publication,
    out: Path,
    progress: _Progress = None,
    *,
    processes: int = 1,
    worthwhile: int = WORTHWHILE,
    compressed: bool = False,
    hosting: str = "",
    checkpoint: Callable[[str], None] | None = None,
) -> Written:
    """Make a folder hold all that is published, beside the files that are not ours.

    The hosting is one of HOSTS, or empty. The progress is called with the number of files done and
    to do, the checkpoint before each change of the disk (see Tree). From a worthwhile number of
    files on, several processes write. Raises OutputError.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        tree = Tree(out.resolve(), checkpoint)
        with tree.locked():
            build = _Build(publication, tree, progress, processes, worthwhile)
            return build.run(compressed, hosting)
    except OSError as error:
        where = error.filename2 or error.filename or out
        raise OutputError(f"{where}: {error.strerror or error}") from error


def apply(
    planned: Plan, tree: Tree, write: Callable[[Sequence[Step]], Iterable[Outcome]]
) -> Iterator[Outcome]:
    """Carry out a plan: the removals, then the writes, by the function given."""
    for step in planned.steps:
        if step.action is Action.REMOVE:
            yield Outcome(step, None, tree.remove(step.name))
    if writes := [step for step in planned.steps if step.action is Action.WRITE]:
        # First: what a killed build wrote must not look foreign to the next one.
        tree.write_manifest(planned.claims)
        yield from write(writes)


class _Build(NamedTuple):
    publication: Publication
    tree: Tree
    progress: _Progress
    processes: int
    worthwhile: int

    def run(self, compressed: bool, hosting: str) -> Written:
        publication, tree = self.publication, self.tree
        state = publication.catalog.state.built(str(tree.folder))
        paths = {file_name(path): path for path in publication.paths()}
        bodies = host_files(hosting, publication, compressed=compressed) if hosting else {}
        wanted = Wanted(
            {name: publication.fingerprint(path) for name, path in paths.items()},
            {name: f"host:{hashlib.sha256(bodies[name]).hexdigest()}" for name in bodies},
            {other: name for name in paths if compressed for other in compressed_names(name)},
        )
        manifest = tree.manifest()
        names = {*paths, *bodies, *wanted.compressed}
        disk = tree.look({*names, *(manifest or ()), *state})
        write = partial(self._write, paths, bodies)
        removals = plan.removals(wanted, manifest, disk, state)
        outcomes = [*apply(removals, tree, write)]
        if outcomes:
            disk = tree.look(names)
        files = plan.files(wanted, removals.claims, disk, state)
        outcomes += apply(files, tree, write)
        steps = files.steps
        if compressed:
            disk = tree.look(names)
            files = plan.compressed_files(wanted, files.claims, disk, state, library_versions())
            outcomes += apply(files, tree, self._compress)
            steps = [*steps, *files.steps]
        return self._finish(steps, outcomes, state)

    def _write(
        self, paths: Mapping[str, str], bodies: Mapping[str, bytes], steps: Sequence[Step]
    ) -> Iterator[Outcome]:
        publication, store = self.publication, EntryStore(self.tree.scratch)
        jobs = [(step, paths[step.name]) for step in steps if step.name in paths]
        is_large = len(jobs) >= self.worthwhile
        keys = publication.entry_keys(path for _step, path in jobs) if is_large else []
        total = len(keys) + len(jobs)
        limits = {"processes": self.processes, "worthwhile": self.worthwhile}
        if keys:
            # Each entry is rendered once, for all documents that hold it.
            render = partial(store.write, publication)
            locations = parallel_map(render, keys, chunk=250, **limits)
            store.write_index([*self._counted(locations, 0, total)])
            publication = publication.with_rendered(store)
        write = partial(_write_documents, publication, self.tree)
        try:
            outcomes = parallel_map(write, jobs, chunk=80, **limits)
            yield from self._counted(outcomes, len(keys), total)
        finally:
            store.close()
        for step in steps:
            if step.name in bodies and step.name not in paths:
                changed = self.tree.replace(step.name, bodies[step.name])
                yield Outcome(step, self.tree.file(step.name), changed)

    def _counted(self, results: Iterator[_Result], done: int, total: int) -> Iterator[_Result]:
        for number, result in enumerate(results, done + 1):
            if self.progress:
                self.progress(number, total)
            yield result

    def _compress(self, steps: Sequence[Step]) -> Iterator[Outcome]:
        # A compressed file takes some three times as long as a document.
        work, fewest = partial(compress, self.tree), self.worthwhile // 3
        return parallel_map(work, steps, processes=self.processes, worthwhile=fewest, chunk=30)

    def _finish(
        self, steps: Sequence[Step], outcomes: Sequence[Outcome], state: Mapping[str, Built]
    ) -> Written:
        kept = {step.name for step in steps if step.action is Action.KEEP}
        records = dict.fromkeys(state.keys() - kept)
        records |= {outcome.step.name: outcome.record for outcome in outcomes}
        owned = {name for name in kept if state[name].size != ABSENT[0]}
        owned.update(outcome.step.name for outcome in outcomes if outcome.file)
        self.tree.write_manifest(owned)
        if not self.publication.is_current():
            # Another process synced meanwhile: some bytes may be newer than their fingerprints.
            records = dict.fromkeys(records)
        self.publication.catalog.state.remember_built(str(self.tree.folder), records)
        changes = [outcome.step for outcome in outcomes if outcome.changed]
        removed = sum(step.action is Action.REMOVE for step in changes)
        skipped = [(step.name, step.reason.value) for step in steps if step.action is Action.LEAVE]
        skipped += [(outcome.step.name, outcome.problem) for outcome in outcomes if outcome.problem]
        return Written(
            total=len(owned),
            written=len(changes) - removed,
            removed=removed,
            skipped=[f"{name}: {why}" for name, why in skipped],
            changes=[f"{step.name}: {step.action.value}, {step.reason.value}" for step in changes],
        )


def _write_documents(
    publication: Publication, tree: Tree, jobs: Sequence[tuple[Step, str]]
) -> list[Outcome]:
    outcomes = []
    for step, path in jobs:
        changed, problem = False, ""
        document = publication.document(path)
        if isinstance(document, Redirect):
            document = document.stand_in
        try:
            if isinstance(document, MediaFile):
                changed = tree.copy(step.name, document.file)
            elif document:
                changed = tree.replace(step.name, document.body)
            else:
                raise UnreadableError("gone since the build began")
        except UnreadableError as error:
            problem = f"not written, so what was there stays: {error}"
        outcomes.append(Outcome(step, tree.file(step.name), changed, problem))
    return outcomes
