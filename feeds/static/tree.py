"""The output folder of a build, in which every file is whole at any moment.

A file is written beside its name and then renamed to it. It does not decide which files.
"""

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from stat import S_ISDIR, S_ISLNK

from feeds.catalog.state import Built
from feeds.catalog.walk import MANIFEST, MAX_MANIFEST_BYTES
from feeds.errors import OutputError
from feeds.files import held_folder, open_file
from feeds.static.plan import DiskFile, is_unchanged

try:
    import fcntl
except ImportError:  # Windows has no flock: there, users have to avoid two builds at once.
    fcntl = None  # type: ignore[assignment]

#: In the tree, since a rename cannot leave its file system, and under one name, so that the next
#: build clears what a killed one left there.
_SCRATCH = ".feeds-scratch"
_CHUNK_BYTES = 1 << 18


class Tree:
    """Looks at the files of an output folder, replaces and removes them.

    The checkpoint is called with a verb and a name before each change of the disk: tests end a
    build there. It has to be picklable where several processes write.
    """

    def __init__(self, folder: Path, checkpoint: Callable[[str], None] | None = None) -> None:
        self.folder = folder
        self.scratch = folder / _SCRATCH
        self._before_change = checkpoint

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other builds out of the folder, and provide an empty scratch folder."""
        with ExitStack() as stack:
            if fcntl:
                folder = os.open(self.folder, os.O_RDONLY)
                stack.callback(os.close, folder)
                fcntl.flock(folder, fcntl.LOCK_EX)  # ends with the process, however that ends
            if self.scratch.is_dir():  # rmtree() would wait for a pipe
                shutil.rmtree(self.scratch, ignore_errors=True)
            self.scratch.mkdir(mode=0o700)
            stack.callback(shutil.rmtree, self.scratch, ignore_errors=True)
            yield

    def look(self, names: Collection[str]) -> dict[str, DiskFile]:
        """Return what is on the disk at these names, and at the folders on the way."""
        every = set(names)
        for name in names:
            while (name := name.rpartition("/")[0]) and name not in every:
                every.add(name)
        return {name: file for name in every if (file := self.file(name))}

    def file(self, name: str) -> DiskFile | None:
        """Return the file, folder or link of a name; None where the name is free."""
        path = self._path(name)
        try:
            stat = os.lstat(path)
        except (OSError, ValueError):  # or a manifest names an impossible file name
            return None
        is_link = S_ISLNK(stat.st_mode)
        if is_link:
            with suppress(OSError):
                stat = os.stat(path)
        return DiskFile(stat.st_size, stat.st_mtime_ns, S_ISDIR(stat.st_mode), is_link)

    def replace(self, name: str, chunks: Iterable[bytes]) -> bool:
        """Give a file these bytes; False where it had them. Raises OutputError."""
        path, scratch = self._path(name), f"{self.scratch}{os.sep}file-{os.getpid()}"
        try:
            self._checkpoint(f"write {name}")
            with open(scratch, "wb") as file:
                file.writelines(chunks)
            if _have_same_bytes(scratch, path):
                return False
            self._checkpoint(f"rename {name}")
            with held_folder(path, make=True) as (last, folder):
                os.replace(scratch, last, dst_dir_fd=folder)
        except OSError as error:  # which would name the scratch file
            raise OutputError(f"{path}: {error.strerror or error}") from error
        return True

    def remove(self, name: str) -> bool:
        """Remove a file and the folders that it leaves empty; False where it was not there."""
        self._checkpoint(f"remove {name}")
        try:
            with held_folder(self._path(name)) as (last, folder):
                os.unlink(last, dir_fd=folder)
        except (FileNotFoundError, NotADirectoryError):
            return False
        with suppress(OSError):  # not empty
            while name := name.rpartition("/")[0]:
                with held_folder(self._path(name)) as (last, folder):
                    os.rmdir(last, dir_fd=folder)
        return True

    def read(self, name: str, most: int) -> bytes:
        """Return the first bytes of a file, up to a number; none where there is no file."""
        with suppress(OSError, ValueError), open_file(self._path(name)) as file:
            return file.read(most)
        return b""

    def owned(self, state: Mapping[str, Built]) -> frozenset[str]:
        """Return the names of the files that builds wrote; without a manifest, of the unchanged."""
        try:
            names = set(json.loads(self.read(MANIFEST, MAX_MANIFEST_BYTES))["files"])
        except (ValueError, KeyError, TypeError, RecursionError):
            names = {name for name in state if is_unchanged(self.file(name), state[name])}
        # Others may be able to write here: a name must not lead out of the tree.
        return frozenset(
            name
            for name in names
            if isinstance(name, str) and not {"", "..", "."}.intersection(name.split("/"))
        )

    def write_manifest(self, names: Iterable[str]) -> None:
        """Let builds change and remove these files, and no others. Raises OutputError."""
        manifest = {"written by": "feeds build", "files": sorted(names)}
        self.replace(MANIFEST, [f"{json.dumps(manifest, indent=0)}\n".encode()])

    def _checkpoint(self, change: str) -> None:
        if self._before_change:
            self._before_change(change)

    def _path(self, name: str) -> str:
        return f"{self.folder}{os.sep}{name}"  # a Path takes longer than looking at the file


def _have_same_bytes(scratch: str, path: str) -> bool:
    with suppress(OSError):
        # Most files are new or have another length: this is seen without opening them.
        if os.lstat(path).st_size != os.stat(scratch).st_size:
            return False
        with open_file(path) as old, open(scratch, "rb") as new:
            while chunk := new.read(_CHUNK_BYTES):
                if old.read(_CHUNK_BYTES) != chunk:
                    return False
            return not old.read(1)
    return False
