"""The site's own files that are published with its feeds: pictures, recordings, artwork."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from feeds.catalog.folder import Folder
from feeds.text.urls import is_absolute


class Assets:
    """Files by published path, looked up at each call: a file may come or go at any time."""

    def __init__(self, folder: Folder, urls: Iterable[str], is_free: Callable[[str], bool]) -> None:
        """Takes URLs as articles write them, and a function that says if a path can be a file's."""
        # Decoded, as file names and WSGI have paths.
        paths = {unquote(urlsplit(url).path): url for url in urls if url and not is_absolute(url)}
        self._folder = folder
        self._urls = {path: paths[path] for path in sorted(paths) if is_free(path)}

    def paths(self) -> Iterator[str]:
        """The paths at which there is a file now, sorted."""
        return filter(self.file, self._urls)

    def file(self, path: str) -> Path | None:
        """The file at a path; None if there is none now."""
        url = self._urls.get(path)
        return self._folder.media(url) if url else None
