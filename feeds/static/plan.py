"""Decides what a build does with each file of a tree, and why; it reads neither disk nor clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from typing import NamedTuple, TypeAlias

from feeds.catalog.state import Built


class Action(Enum):
    """The verbs of `feeds build --explain`."""

    WRITE = "written"
    KEEP = "kept"
    REMOVE = "removed"
    LEAVE = "left"


class Reason(Enum):
    """The reason for a step, as `feeds build --explain` prints it.

    The first members are named after the parts of a fingerprint; the first part that changed is
    the reason.
    """

    CODE = "the code of feeds or of a library changed"
    SITE = "the configuration changed"
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
    """A file, folder or link on disk; size and time are those of a link's target."""

    size: int
    mtime_ns: int
    is_folder: bool = False
    is_link: bool = False


#: The output folder at one moment, by name, with the folders on the way; a free name is not in it.
Disk: TypeAlias = Mapping[str, DiskFile]


class Step(NamedTuple):
    """The decision about one file."""

    name: str
    action: Action
    reason: Reason
    fingerprint: str = ""


class Outcome(NamedTuple):
    """The result of carrying out a step."""

    step: Step
    #: As it is on disk now.
    file: DiskFile | None
    #: False where the disk was right already.
    changed: bool
    #: Reason why it could not be written.
    problem: str = ""

    @property
    def record(self) -> Built | None:
        """The file's record for the next build; None to have it written again."""
        (_name, action, _reason, fingerprint), file = self.step, self.file
        if self.problem or not fingerprint or not (file or action is Action.REMOVE):
            return None
        return Built(fingerprint, *((file.size, file.mtime_ns) if file else ABSENT))


class Wanted(NamedTuple):
    """The names of all files that a build may write."""

    #: With their fingerprints, as the host's files.
    documents: dict[str, str]
    host_files: dict[str, str]
    #: With the names of the files that they compress.
    compressed: dict[str, str]


class Plan(NamedTuple):
    """A part of a build's steps: removals, then files, then compressed files."""

    steps: list[Step]
    #: The names that the manifest has to own before the first file is written.
    claims: Collection[str]


def removals(
    wanted: Wanted, manifest: Collection[str] | None, disk: Disk, state: Mapping[str, Built]
) -> Plan:
    """Decide which files to remove; claim all that are ours.

    The manifest is None where it is lost: the files that are still as a build left them are ours
    then.
    """
    if manifest is None:
        manifest = [name for name in state if _is_unchanged(disk.get(name), state[name])]
    owned = set(manifest)
    steps = [
        Step(name, Action.REMOVE, _why_removed(name, wanted, state))
        for name in sorted(owned.difference(wanted.documents, wanted.host_files, wanted.compressed))
        if _is_removable(name, disk)
    ]
    return Plan(steps, owned)


def files(wanted: Wanted, owned: Collection[str], disk: Disk, state: Mapping[str, Built]) -> Plan:
    """Decide about the documents and the host's files, once the removals are carried out."""
    steps = [
        _decide(name, fingerprint, disk, state, owned)
        for name, fingerprint in (wanted.host_files | wanted.documents).items()
    ]
    taken = sorted(wanted.host_files.keys() & wanted.documents)
    steps += (Step(name, Action.LEAVE, Reason.TAKEN) for name in taken)
    claims = {step.name for step in steps if step.action is not Action.LEAVE}
    return Plan(steps, claims.union(wanted.compressed.keys() & owned))


def compressed_files(
    wanted: Wanted, owned: Collection[str], disk: Disk, state: Mapping[str, Built], library: str
) -> Plan:
    """Decide about the compressed files, once their sources are written.

    The library says which libraries decide their bytes.
    """
    steps = []
    for name in wanted.compressed.keys() - wanted.documents:
        if source := disk.get(wanted.compressed[name]):
            fingerprint = f"library:{library} source:{source.size}-{source.mtime_ns}"
            steps.append(_decide(name, fingerprint, disk, state, owned))
        elif name in owned and _is_removable(name, disk):
            steps.append(Step(name, Action.REMOVE, Reason.UNPUBLISHED))
    steps.sort()
    return Plan(steps, {step.name for step in steps if step.action is Action.WRITE}.union(owned))


def _decide(
    name: str, fingerprint: str, disk: Disk, state: Mapping[str, Built], owned: Collection[str]
) -> Step:
    file, built = disk.get(name), state.get(name)
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
    # A link on the way leads to files that are not ours, or are ours under another name.
    return _is_no_folder(disk.get(name)) and not _is_obstructed(name, disk)


def _is_foreign(name: str, disk: Disk, owned: Collection[str]) -> bool:
    file = disk.get(name)
    return _is_obstructed(name, disk) or bool(file and (file.is_folder or name not in owned))


def _is_obstructed(name: str, disk: Disk) -> bool:
    """Return whether a link or a file is in the place of a folder on the way to a name."""
    end = name.find("/")
    while end >= 0:
        if _is_no_folder(disk.get(name[:end])):
            return True
        end = name.find("/", end + 1)
    return False


def _is_no_folder(file: DiskFile | None) -> bool:
    return bool(file and (file.is_link or not file.is_folder))


def _why_removed(name: str, wanted: Wanted, state: Mapping[str, Built]) -> Reason:
    label = state[name].fingerprint.partition(":")[0] if name in state else ""
    compresses_a_document = label == "library" and name.rpartition(".")[0] in wanted.documents
    return Reason.NOT_ASKED if label == "host" or compresses_a_document else Reason.UNPUBLISHED
