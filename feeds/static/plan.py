"""Decides what a build does with each file of a tree, and why; it reads neither disk nor clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from feeds.catalog.state import Built


class Action(Enum):
    """The verbs of `feeds build --explain`."""

    WRITE = "written"
    KEEP = "kept"
    REMOVE = "removed"
    LEAVE = "left"


class Reason(Enum):
    """The reason for a step, as `feeds build --explain` prints it.

    The first members are called like the parts of a fingerprint: the first one that changed counts.
    """

    SITE = "the configuration or the code of feeds changed"
    FEED = "its feed's title or settings changed"
    ARTICLES = "its articles changed"
    HISTORY = "its feed's list of archive periods changed"
    FEEDS = "the list of feeds changed"
    FILE = "the media file changed"
    HOST = "the rules for the host changed"
    LIBRARY = "the compression libraries changed"
    SOURCE = "the file it compresses changed"
    NEW = "it is new"
    MISSING = "it was missing"
    ALTERED = "it was changed since the last build"
    UNRECORDED = "there is no record of an earlier build"
    UNCHANGED = "nothing changed"
    UNPUBLISHED = "it is no longer published"
    NOT_ASKED = "no option asks for it any longer"
    NO_GAIN = "compression saves too little"
    FOREIGN = "not written by feeds, so it is left"
    TAKEN = "an article's file is there instead"


#: The size and time that are recorded of a file that is not worth writing.
ABSENT = (-1, 0)


class DiskFile(NamedTuple):
    """A name that is taken on disk; size and time are those of a link's target."""

    size: int
    mtime_ns: int
    is_folder: bool = False
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class Disk:
    """The output folder at one moment."""

    #: By name, with the folders on the way; a free name is not among them.
    files: Mapping[str, DiskFile]
    #: The files, links and empty folders below a folder that is in the place of a file.
    contents: Mapping[str, frozenset[str]]

    def obstacle(self, name: str) -> str:
        """Return the link or file in the place of a folder of this name; empty if there is none."""
        end = name.find("/")
        while end >= 0:
            file = self.files.get(name[:end])
            if file and (file.is_link or not file.is_folder):
                return name[:end]
            end = name.find("/", end + 1)
        return ""

    def without(self, removed: Collection[str]) -> Disk:
        """Return the folder as it will be without these files and the folders that they leave."""
        if not removed:
            return self
        emptied = {name for name, below in self.contents.items() if below and below <= set(removed)}
        gone = emptied.union(removed)
        files = {
            name: file
            for name, file in self.files.items()
            if name not in gone and self.obstacle(name) not in gone
        }
        return Disk(files, self.contents)


class Step(NamedTuple):
    """The decision about one file."""

    name: str
    action: Action
    reason: Reason
    fingerprint: str = ""


class Outcome(NamedTuple):
    """The result of carrying out a step."""

    step: Step
    #: The file as it is on disk now.
    file: DiskFile | None
    #: False where the disk was right already.
    changed: bool
    #: Why the file could not be written.
    problem: str = ""


class Wanted(NamedTuple):
    """The names of all files that a build may write."""

    #: With their fingerprints, as the host's files.
    documents: dict[str, str]
    host_files: dict[str, str]
    #: With the names of the files that they compress.
    compressed: dict[str, str]


class Plan(NamedTuple):
    """The steps of a build: the removals come first."""

    steps: tuple[Step, ...]
    #: The names that the manifest has to own before the first file is written.
    claims: frozenset[str]

    def of(self, action: Action) -> list[Step]:
        """Return the steps of one kind."""
        return [step for step in self.steps if step.action is action]


def plan(
    wanted: Wanted, manifest: Collection[str] | None, disk: Disk, state: Mapping[str, Built]
) -> Plan:
    """Decide about every file; of the compressed ones, only which to remove, leave and claim.

    The manifest is None where it is lost: the files that are still as a build left them are ours
    then.
    """
    if manifest is None:
        manifest = [name for name in state if _is_unchanged(disk.files.get(name), state[name])]
    owned = set(manifest)
    removals = [
        Step(name, Action.REMOVE, _why_removed(name, wanted, state))
        for name in sorted(owned.difference(wanted.documents, wanted.host_files, wanted.compressed))
        if _is_removable(name, disk)
    ]
    disk = disk.without({step.name for step in removals})
    steps = [
        _decide(name, fingerprint, disk, state, owned)
        for name, fingerprint in (wanted.host_files | wanted.documents).items()
    ]
    taken = sorted(wanted.host_files.keys() & wanted.documents)
    steps += (Step(name, Action.LEAVE, Reason.TAKEN) for name in taken)
    claims = {step.name for step in steps if step.action is not Action.LEAVE}
    for name in sorted(wanted.compressed.keys() - wanted.documents):
        if _is_foreign(name, disk, owned):
            steps.append(Step(name, Action.LEAVE, Reason.FOREIGN))
        elif name in owned:
            claims.add(name)
    return Plan((*removals, *steps), frozenset(claims))


def plan_compressed(
    wanted: Wanted, before: Plan, disk: Disk, state: Mapping[str, Built], library: str
) -> Plan:
    """Decide about the compressed files, once the plan for all others has been carried out.

    The library says which libraries decide their bytes.
    """
    left = {step.name for step in before.of(Action.LEAVE)}
    steps = []
    for name in wanted.compressed.keys() - wanted.documents - left:
        if source := disk.files.get(wanted.compressed[name]):
            fingerprint = f"library:{library} source:{source.size}-{source.mtime_ns}"
            steps.append(_decide(name, fingerprint, disk, state, before.claims))
        elif _is_removable(name, disk):
            steps.append(Step(name, Action.REMOVE, Reason.UNPUBLISHED))
    steps.sort()
    written = (step.name for step in steps if step.action is Action.WRITE)
    return Plan(tuple(steps), before.claims.union(written))


def _decide(
    name: str, fingerprint: str, disk: Disk, state: Mapping[str, Built], owned: Collection[str]
) -> Step:
    file, built = disk.files.get(name), state.get(name)
    if _is_foreign(name, disk, owned):
        return Step(name, Action.LEAVE, Reason.FOREIGN)
    if built and _is_unchanged(file, built):
        if fingerprint and fingerprint == built.fingerprint:
            return Step(name, Action.KEEP, Reason.UNCHANGED, fingerprint)
        reason = _changed_part(built.fingerprint, fingerprint)
    elif file:
        reason = Reason.ALTERED if built else Reason.UNRECORDED
    else:
        reason = Reason.MISSING if built or name in owned else Reason.NEW
    return Step(name, Action.WRITE, reason, fingerprint)


def _changed_part(old: str, new: str) -> Reason:
    changed = {part.partition(":")[0].upper() for part in {*old.split()} ^ {*new.split()}}
    return next((reason for reason in Reason if reason.name in changed), Reason.SITE)


def _is_unchanged(file: DiskFile | None, built: Built) -> bool:
    return (built.size, built.mtime_ns) == ((file.size, file.mtime_ns) if file else ABSENT)


def _is_removable(name: str, disk: Disk) -> bool:
    file = disk.files.get(name)
    # A link on the way leads to files that are not ours, or are ours under another name.
    return bool(file and (file.is_link or not file.is_folder) and not disk.obstacle(name))


def _is_foreign(name: str, disk: Disk, owned: Collection[str]) -> bool:
    file = disk.files.get(name)
    return bool(disk.obstacle(name) or (file and (file.is_folder or name not in owned)))


def _why_removed(name: str, wanted: Wanted, state: Mapping[str, Built]) -> Reason:
    label = state[name].fingerprint.partition(":")[0] if name in state else ""
    compresses_a_document = label == "library" and name.rpartition(".")[0] in wanted.documents
    return Reason.NOT_ASKED if label == "host" or compresses_a_document else Reason.UNPUBLISHED
