"""The site's own files that are published with its feeds: pictures, recordings, artwork."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from feeds.catalog.folder import Folder
from feeds.model.archive import PERIOD_NAME
from feeds.text.urls import is_absolute

_OF_ARCHIVE = re.compile(rf"/archive(/{PERIOD_NAME})?$")


class Media:
    """Files by their published paths. Each is looked for anew: it may arrive later, or leave."""

    def __init__(
        self, folder: Folder, urls: Iterable[str], feeds: Collection[str], documents: set[str]
    ) -> None:
        """Takes URLs as articles write them, the folders of feeds, and how documents are called."""
        # Paths are as they are after decoding: as a file's name, and as WSGI gives them.
        found = {unquote(urlsplit(url).path): url for url in urls if url and not is_absolute(url)}
        self._folder = folder
        # Where a feed lies, or its archive may, no file can.
        taken = {f"/{each.removesuffix('/')}" for each in feeds}
        taken |= {each.rpartition("/")[0] for each in taken}
        self._urls = {
            path: found[path]
            for path in sorted(found)
            if path not in taken
            and _OF_ARCHIVE.sub("/", path).lstrip("/") not in feeds
            and _can_lie(path, documents)
        }

    def __iter__(self) -> Iterator[str]:
        """The paths of all that are named, there or not."""
        return iter(self._urls)

    def file(self, path: str) -> Path | None:
        """The file that lies at a path now."""
        url = self._urls.get(path)
        return self._folder.media(url) if url else None


def _can_lie(path: str, documents: set[str]) -> bool:
    """Whether a file may lie at a path: within the tree, and neither at nor below a page."""
    *folders, name = path.removeprefix("/").split("/")
    return not {"", ".", ".."} & {*folders, name} and not documents & {*folders, name}
