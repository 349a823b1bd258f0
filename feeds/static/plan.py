"""Decides what a build does with each file of a tree, and why; it reads neither disk nor clock."""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from feeds.catalog.state import Built


class Action(Enum):
    """The verbs of `feeds build --explain`."""

    WRITE = "written"
    KEEP = "kept"
    REMOVE = "removed"
    LEAVE = "left"


class Reason(Enum):
    """The reason for a step, as `feeds build --explain` prints it.

    The first members are named after the parts of a fingerprint: the first that changed counts.
    """

    CODE = "the code of feeds or of a library changed"
    CONFIGURATION = "the configuration changed"
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
_ABSENT = (-1, 0)


class DiskFile(NamedTuple):
    """A file, folder or link on disk; size and time are those of a link's target."""

    size: int
    mtime_ns: int
    is_folder: bool = False
    is_link: bool = False


class Step(NamedTuple):
    """The decision about one file."""

    name: str
    action: Action
    reason: Reason
    fingerprint: str = ""


class Outcome(NamedTuple):
    """The result of carrying out a step."""

    step: Step
    #: The file that is ours and on disk now.
    file: DiskFile | None
    #: False where the disk was right already.
    changed: bool = False
    #: Reason why it could not be written.
    problem: str = ""

    @property
    def record(self) -> Built | None:
        """The file's record for the next build; None to have it written again."""
        is_lost = self.step.action is Action.WRITE and not self.file
        if self.problem or is_lost or not self.step.fingerprint:
            return None
        return Built(self.step.fingerprint, *(self.file[:2] if self.file else _ABSENT))


class Plan(NamedTuple):
    """All that decides the steps of a build: removals, then files, then compressed files."""

    #: The fingerprints of all documents, and of the host's files, by name.
    documents: Mapping[str, str]
    host_files: Mapping[str, str]
    #: The names of all compressed files, with those of the files that they compress.
    compressed: Mapping[str, str]
    #: The files as earlier builds recorded them.
    state: Mapping[str, Built]
    #: The names of the files that builds wrote.
    owned: Collection[str]
    #: The output folder before these steps, with all folders on the way, without free names.
    disk: Mapping[str, DiskFile]

    @property
    def names(self) -> set[str]:
        """The names of all files that this build may write."""
        return {*self.documents, *self.host_files, *self.compressed}

    def removals(self) -> list[Step]:
        """Decide which files to remove."""
        return [
            Step(name, Action.REMOVE, self._why_removed(name))
            for name in sorted(set(self.owned) - self.names)
            if self._is_removable(name)
        ]

    def files(self) -> list[Step]:
        """Decide about the documents and the host's files, once the removals are carried out."""
        taken = sorted(self.host_files.keys() & self.documents)
        fingerprints = {**self.host_files, **self.documents}
        steps = [self._decide(name, fingerprint) for name, fingerprint in fingerprints.items()]
        return steps + [Step(name, Action.LEAVE, Reason.TAKEN) for name in taken]

    def compressed_files(self, library: str) -> list[Step]:
        """Decide about the files that a library compresses, once their sources are written."""
        steps = []
        for name in sorted(self.compressed.keys() - self.documents):
            if source := self.disk.get(self.compressed[name]):
                fingerprint = f"library:{library} source:{source.size}-{source.mtime_ns}"
                steps.append(self._decide(name, fingerprint))
            elif name in self.owned and self._is_removable(name):
                steps.append(Step(name, Action.REMOVE, Reason.UNPUBLISHED))
        return steps

    def claims(self, steps: Sequence[Step]) -> set[str]:
        """Return the names that the manifest has to own before the first step is carried out."""
        written = {step.name for step in steps if step.action is Action.WRITE}
        foreign = {step.name for step in steps if step.reason is Reason.FOREIGN}
        return self.names.intersection(self.owned) - foreign | written

    def _decide(self, name: str, fingerprint: str) -> Step:
        file, built = self.disk.get(name), self.state.get(name)
        is_foreign = file and (file.is_folder or name not in self.owned)
        if is_foreign or self._is_obstructed(name):
            return Step(name, Action.LEAVE, Reason.FOREIGN)
        if built and is_unchanged(file, built):
            if fingerprint and fingerprint == built.fingerprint:
                return Step(name, Action.KEEP, Reason.UNCHANGED, fingerprint)
            reason = _changed_part(built.fingerprint, fingerprint)
        elif built:
            reason = Reason.ALTERED if file else Reason.MISSING
        else:
            # A name may be ours without a record: a killed build claimed it.
            reason = Reason.UNRECORDED if name in self.owned else Reason.NEW
        return Step(name, Action.WRITE, reason, fingerprint)

    def _is_removable(self, name: str) -> bool:
        # A link on the way leads to files that are not ours, or are ours under another name.
        return _is_no_folder(self.disk.get(name)) and not self._is_obstructed(name)

    def _is_obstructed(self, name: str) -> bool:
        """Return whether a link or a file is where a folder on the way to a name has to be."""
        end = name.find("/")
        while end >= 0:
            if _is_no_folder(self.disk.get(name[:end])):
                return True
            end = name.find("/", end + 1)
        return False

    def _why_removed(self, name: str) -> Reason:
        label = self.state[name].fingerprint.partition(":")[0] if name in self.state else ""
        compresses_a_document = label == "library" and name.rpartition(".")[0] in self.documents
        return Reason.NOT_ASKED if label == "host" or compresses_a_document else Reason.UNPUBLISHED


def is_unchanged(file: DiskFile | None, built: Built) -> bool:
    """Return whether a file is as a build left it."""
    return (built.size, built.mtime_ns) == (file[:2] if file else _ABSENT)


def _changed_part(old: str, new: str) -> Reason:
    changed = {part.partition(":")[0].upper() for part in {*old.split()} ^ {*new.split()}}
    return next((reason for reason in Reason if reason.name in changed), Reason.CONFIGURATION)


def _is_no_folder(file: DiskFile | None) -> bool:
    return bool(file and (file.is_link or not file.is_folder))
