"""Files in folders that others write to: what was looked at may be something else by now.

A link that took the place of a file or a folder is not followed, and a pipe or a device is no file.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EINVAL
from stat import S_ISREG
from typing import BinaryIO

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
#: Holds a folder without reading it. Linux alone can: elsewhere, links on the way are followed.
_HELD = os.O_PATH | os.O_DIRECTORY | _NO_LINK if hasattr(os, "O_PATH") else 0
#: Without waiting for a pipe's other end. O_BINARY is Windows's.
_TO_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def held_folder(path: str, *, make: bool = False) -> Iterator[tuple[str, int | None]]:
    """Hold the folder of a path without links, or make it; yield a name in it, and the folder.

    Functions of os take them as path and dir_fd. Raises OSError.
    """
    if not _HELD:
        if make:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        yield path, None
        return
    root, *parts, name = path.split(os.sep)
    folder = os.open(root + os.sep, _HELD)
    try:
        for part in parts:
            outer, folder = folder, _hold(part, folder, make)
            os.close(outer)
        yield name, folder
    finally:
        os.close(folder)


def _hold(name: str, folder: int, make: bool) -> int:
    try:
        return os.open(name, _HELD, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=folder)
    return os.open(name, _HELD, dir_fd=folder)


def open_file(path: str) -> BinaryIO:
    """Open a file to read, whose path has no links in it. Raises OSError."""
    with held_folder(path) as (name, folder):
        return open_in(folder, name)


def open_in(folder: int | None, name: str) -> BinaryIO:
    """Open a file to read, by a name and a folder of held_folder(). Raises OSError."""
    descriptor = os.open(name, _TO_READ | _NO_LINK, dir_fd=folder)
    if not S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(EINVAL, "not a file", name)
    return open(descriptor, "rb")
