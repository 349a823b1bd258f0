"""Walks over a site's folders of articles, and decides which links in them are followed.

A link is followed into the site and the folders that feeds.yaml names, to nothing else, and
nothing is read twice.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from feeds.files import regular_only
from feeds.formats import LIST
from feeds.parsing.file_names import is_html

#: A file in every tree that Feeds writes: the pages that it names are no articles.
MANIFEST = ".feeds-manifest.json"
#: Enough for the names of some millions of files.
MAX_MANIFEST_BYTES = 1 << 28


class Stat(NamedTuple):
    """The size of a file in bytes, and when it changed: a change of either is one of the file."""

    size: int
    mtime_ns: int


#: The Stat of a folder that cannot be listed, and of a file that could not be read.
UNREADABLE = Stat(-1, -1)


class Links:
    """Decides which links are followed in one walk over the folders of articles.

    The endings are those of articles' files.
    """

    def __init__(self, root: Path, folders: tuple[Path, ...], endings: tuple[str, ...]) -> None:
        self.endings = endings
        self._root = os.path.realpath(root)
        self._folders = {folder: os.path.realpath(folder) for folder in folders}
        #: The folders that are reached without a link, with their real paths.
        self._unlinked = {
            folder: real
            for folder, real in self._folders.items()
            if real == os.path.normpath(os.path.join(self._root, os.path.relpath(folder, root)))
        }
        #: The real paths of what was read by way of a link.
        self._entered: set[str] = set()

    def real_path_of_top(self, folder: Path) -> str | None:
        """Return the real path of a folder of articles that is reached by a link, else "".

        None if it lies in another folder of articles, which is read without it.
        """
        if folder in self._unlinked:
            return ""
        real = self._folders[folder]
        return None if any(_shows(folder, real) for folder in self._unlinked.values()) else real

    def target(self, link: str, *, is_folder: bool) -> str | None:
        """Return the real path to which a link is followed; "" for one to what is read anyway.

        None if it leads out of the site, or to a folder that contains the articles.
        """
        real = os.path.realpath(link)
        folders = self._folders.values()
        may_be_listed = is_folder or real.lower().endswith(self.endings)
        if may_be_listed and any(_shows(folder, real) for folder in folders):
            return ""
        around = [folder for folder in (*folders, self._root) if _contains(folder, real)]
        if not around or (is_folder and any(_contains(real, folder) for folder in folders)):
            return None
        return "" if is_folder and not any(_shows(folder, real) for folder in around) else real

    def enter(self, real: str) -> bool:
        """Return True for the first time that a file or folder is read by way of a link."""
        if real in self._entered:
            return False
        self._entered.add(real)
        return True


def walk(top: str, real: str, links: Links) -> Iterator[tuple[str, Stat | None]]:
    """Yield the names of possible articles; a link to a folder that is not followed has no Stat."""
    # No recursion: folders may nest deeper than Python's calls. The last of each item is its real
    # path if it was reached by a link, else empty.
    waiting: list[tuple[str, os.DirEntry[str] | None, str]] = [("", None, real)]
    pages = set[str]()
    while waiting:
        name, entry, real = waiting.pop()
        prefix = name[: -len(entry.name)] if entry else ""
        try:
            is_link = entry is not None and entry.is_symlink()
            # os.DirEntry raises for a link in a circle.
            is_folder = entry is None or (os.path.isdir(entry.path) if is_link else entry.is_dir())
            is_article = (
                not is_folder and name.lower().endswith(links.endings) and name not in pages
            )
            is_file = entry and (os.path.isfile(entry.path) if is_link else entry.is_file())
            if entry and is_link and (is_folder or (is_article and is_file)):
                target = links.target(entry.path, is_folder=is_folder)
                if target is None:
                    yield _printable(name), None if is_folder else UNREADABLE
                real = target or ""
                if not real:
                    continue
            if real and not links.enter(real):
                continue
            if is_folder:
                prefix = f"{name}/" if entry else ""
                with os.scandir(entry or top) as iterator:
                    entries = {found.name: found for found in iterator}
                if MANIFEST in entries:
                    if (found_pages := _pages_of_tree(entries)) is None:
                        yield _printable(prefix), UNREADABLE
                        continue
                    pages.update(prefix + page for page in found_pages)
                names = sorted(filter(_may_hold_articles, entries), reverse=True)
                waiting += (
                    (prefix + name, entries[name], real and os.path.join(real, name))
                    for name in names
                )
            elif entry and is_article:
                # Not a link to nowhere, nor a pipe, a socket or a device.
                stat = entry.stat() if is_file else None
                yield _printable(name), Stat(stat.st_size, stat.st_mtime_ns) if stat else UNREADABLE
        except (FileNotFoundError, NotADirectoryError):  # gone since, or one of missing_folders()
            continue
        except OSError:  # the folder cannot be listed, or not entered
            yield _printable(prefix), UNREADABLE


def _pages_of_tree(entries: Mapping[str, os.DirEntry[str]]) -> list[str] | None:
    """Return the pages that a folder's manifest names; None where the folder is no tree."""
    if LIST.file_name not in entries:
        return None
    try:
        with open(entries[MANIFEST].path, "rb", opener=regular_only) as file:
            names = json.loads(file.read(MAX_MANIFEST_BYTES))["files"]
            # A manifest may come from elsewhere, and a tree holds no Markdown.
            return [name for name in names if is_html(name)] if LIST.file_name in names else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _may_hold_articles(name: str) -> bool:
    # Packages of JavaScript bring pages of their own, in very many folders.
    return name[0] != "." and name != "node_modules"


def _printable(name: str) -> str:
    """Return a name as one line of text; a name with escapes no longer finds its file."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _contains(folder: str, path: str) -> bool:
    return f"{path}{os.sep}".startswith(folder.rstrip(os.sep) + os.sep)


def _shows(folder: str, path: str) -> bool:
    """Return True if a path is in a folder, and not hidden there."""
    names = path[len(folder.rstrip(os.sep)) :].split(os.sep)
    return _contains(folder, path) and not any(name.startswith(".") for name in names)
