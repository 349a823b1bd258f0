"""Decides where a site's catalog is kept: in a file, or on a server that the user names."""

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path

import platformdirs

from feeds.catalog.folder import SiteFolder
from feeds.catalog.ownership import LOGS
from feeds.errors import CatalogError

#: The folder beside feeds.yaml that holds the catalog.
INDEX_DIR = ".feeds"
_INDEX_FILE = "catalog.sqlite"
_MAX_PLACE_CHARS = 200
#: Found in a text that is hardly meant as the path of a file.
_NO_PATH = re.compile(
    r"""
    ^~ | \$[\w{(] | %\w+%        # a home or a variable that no shell has replaced
    | ^: | ^[a-z][a-z0-9+.-]+:   # SQLite's :memory:, a scheme; one letter is a drive
    | (^|[/\\])\.{0,2}$          # a folder
    | ^\s | \s$ | [\0-\x1f\x7f]  # blanks around it, characters that no line can show
    """,
    re.VERBOSE | re.IGNORECASE,
)


def catalog_place(folder: SiteFolder) -> str:
    """Return the place of a site's catalog: a URL, or the path of the index's file.

    FEEDS_CATALOG comes first, then feeds.yaml, a file beside it, and one in the user's cache
    folder. A relative path is relative to the working directory, in feeds.yaml to its folder; ~ is
    the user's home. Makes the folders of files. Raises CatalogError where none can be written.
    """
    if place := os.environ.get("FEEDS_CATALOG"):
        return _named_place(place, Path.cwd())
    if place := folder.site.catalog:
        return _named_place(place, folder.root)
    if folder.configured:
        parent = folder.root / INDEX_DIR
        with suppress(OSError):
            parent.mkdir(exist_ok=True)
            ignore = parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            index = parent / _INDEX_FILE
            # SQLite would wait for ever at a pipe in the place of one of its own files.
            databases = index, state_file(index)
            names = (f"{file}{end}" for file in databases for end in ("", *LOGS))
            files = filter(os.path.exists, names)
            is_usable = all(os.path.isfile(file) and os.access(file, os.W_OK) for file in files)
            if is_usable and os.access(parent, os.W_OK):
                return str(index)
    name = hashlib.sha256(os.fsencode(folder.root.resolve())).hexdigest()[:20]
    cached = _cache_folder() / name
    try:
        cached.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(f"{cached}: {error.strerror}; set XDG_CACHE_HOME") from error
    return str(cached / _INDEX_FILE)


def is_chosen_place(file: Path) -> bool:
    """Return True if a file of the catalog is where catalog_place() puts it by default."""
    index = file.with_name(_INDEX_FILE)
    is_ours = file.parent.name == INDEX_DIR or file.parent.parent == _cache_folder()
    return is_ours and file in (index, state_file(index))


def _cache_folder() -> Path:
    return Path(platformdirs.user_cache_dir("feeds", appauthor=False))


def _named_place(place: str, base: Path) -> str:
    """Return the absolute path of a file, or the URL of a server, that the user names.

    Raises CatalogError for a text that is hardly meant as a path.
    """
    scheme, separator, path = place.partition("://")
    if not separator:
        path = place
    elif scheme not in ("sqlite", "sqlite+pysqlite"):
        return place  # a server's, judged where it is opened
    else:  # a URL of SQLite has neither a host nor options
        path = path[1:] if path.startswith("/") and "?" not in path else ""
    path = os.path.expanduser(path)
    if _NO_PATH.search(path):
        # Nothing of a URL is shown: it may hold a password.
        name = re.sub(r"^([^/:]+:/*).*", r"\1…", place[:_MAX_PLACE_CHARS], flags=re.DOTALL)
        hint = "write its path, such as /srv/feeds/index.sqlite"
        raise CatalogError(f"the catalog {name!r}: names no file; {hint}")
    return str(base / path)


def state_file(index: Path) -> Path:
    """Return the SQLite file of the state, beside that of the index."""
    return index.with_name(f"{index.stem}-state{index.suffix}")
