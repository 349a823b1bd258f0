"""Decides which links among the articles are followed, so that nothing is read twice.

A link is followed into the site and the folders that feeds.yaml names, to nothing else.
"""

import os
from pathlib import Path

from feeds.parsing.article import ENDINGS


class Links:
    """The links that one walk over the folders of articles meets. All paths in it are real ones."""

    def __init__(self, root: Path, folders: tuple[Path, ...]) -> None:
        self._root = os.path.realpath(root)
        self._folders = {folder: os.path.realpath(folder) for folder in folders}
        #: The folders that need no link to be reached.
        self._plain = {
            folder: real
            for folder, real in self._folders.items()
            if real == os.path.normpath(os.path.join(self._root, os.path.relpath(folder, root)))
        }
        #: Everything that was read by way of a link.
        self._entered: set[str] = set()

    def top(self, folder: Path) -> str | None:
        """Return the real path of a folder of articles that is a link; empty where it is none.

        None if another folder of articles has it.
        """
        if folder in self._plain:
            return ""
        real = self._folders[folder]
        return None if any(_has(plain, real) for plain in self._plain.values()) else real

    def target(self, link: str, *, is_folder: bool) -> str | None:
        """Return the real path of a file or folder to read; empty to pass the link over.

        None if it leads out, or to a folder that contains the articles.
        """
        real = os.path.realpath(link)
        folders = self._folders.values()
        may_be_listed = is_folder or real.lower().endswith(ENDINGS)
        if may_be_listed and any(_has(folder, real) for folder in folders):
            return ""
        inside = [folder for folder in (*folders, self._root) if _way(folder, real) is not None]
        if not inside or (is_folder and any(_way(real, folder) is not None for folder in folders)):
            return None
        return "" if is_folder and not any(_has(folder, real) for folder in inside) else real

    def enter(self, real: str) -> bool:
        """Return True if a file or folder was not yet read by way of a link."""
        if real in self._entered:
            return False
        self._entered.add(real)
        return True


def _way(folder: str, path: str) -> str | None:
    """Return the way from a folder to a path in it, empty for itself; None if it is elsewhere."""
    inside = folder.rstrip(os.sep) + os.sep
    return path[len(inside) :] if f"{path}{os.sep}".startswith(inside) else None


def _has(folder: str, path: str) -> bool:
    """Return True if a path is in a folder, and not hidden there."""
    way = _way(folder, path)
    return way is not None and not any(name.startswith(".") for name in way.split(os.sep))
