"""Files in folders that others write to: what was looked at may be something else by now.

A link that took the place of a file or a folder is not followed, and a pipe or a device is no file.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EINVAL
from stat import S_ISDIR, S_ISREG
from typing import BinaryIO

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
#: Holds a folder without reading it. Linux alone can: elsewhere, links on the way are followed.
_HELD = os.O_PATH | os.O_DIRECTORY | _NO_LINK if hasattr(os, "O_PATH") else 0
#: Opens a pipe without waiting for its other end; regular files are read as ever.
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)
_TO_READ = os.O_RDONLY | _NO_WAITING | getattr(os, "O_BINARY", 0)  # O_BINARY is Windows's


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
    folder = _hold(root + os.sep, None, make)
    try:
        for part in parts:
            above, folder = folder, _hold(part, folder, make)
            os.close(above)
        yield name, folder
    finally:
        os.close(folder)


def _hold(name: str, folder: int | None, make: bool) -> int:
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
        descriptor = os.open(name, _TO_READ | _NO_LINK, dir_fd=folder)
    if not S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(EINVAL, "not a file", path)
    return open(descriptor, "rb")


def regular_only(name: str, flags: int) -> int:
    """Opener of open(). Raises OSError for a pipe or a device, which might never end.

    Opening one is a message to its other end: it is done only where the file is replaced meanwhile.
    """
    if _is_regular(os.stat(name).st_mode):
        descriptor = os.open(name, flags | _NO_WAITING)
        if _is_regular(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
    raise OSError(EINVAL, "not a regular file")


def _is_regular(mode: int) -> bool:
    return S_ISREG(mode) or S_ISDIR(mode)  # open() itself refuses a folder
