"""What several tests share: building sites, finding the corpus and the tools, publishing."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import Folder
from feeds.publication.publication import Publication

#: A moment at which every article of the tests has come due.
NOW = datetime(2026, 7, 1, tzinfo=UTC)

#: Real articles; they are no part of the project.
CORPUS = Path(os.environ.get("FEEDS_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")


def lacking(what: str) -> NoReturn:
    """Skips the test for want of a tool; on CI, where every tool has to be, it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is not installed, and CI needs it")
    pytest.skip(f"{what} is not installed")


def tool(name: str) -> str:
    """The path of a program that the test needs."""
    # Debian keeps servers off the path of ordinary users.
    places = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin"
    return shutil.which(name, path=places) or lacking(name)


def article(**keys: Any) -> dict[str, Any]:
    """Front matter that is enough for an article, with these keys over it."""
    enough = {
        "title": "A title",
        "webUrl": "https://news.example.com/a-title",
        "publishedDateTime": "2026-05-01T10:00:00Z",
        "topics": ["AI"],
    }
    return enough | keys


def document(keys: dict[str, Any], body: str = "") -> str:
    """The text of an article's file."""
    front = yaml.safe_dump(keys, allow_unicode=True, sort_keys=False)
    return f"---\n{front}---\n{body}"


class SiteBuilder:
    """Writes a site file by file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out = root.parent / "out"
        root.mkdir(parents=True, exist_ok=True)
        self._catalogs: list[Catalog] = []

    def configure(self, **keys: Any) -> None:
        """Writes feeds.yaml; the articles lie in articles/ unless the keys say otherwise."""
        keys = {"articles": "articles"} | keys
        (self.root / "articles").mkdir(exist_ok=True)
        text = yaml.safe_dump(keys, allow_unicode=True, sort_keys=False)
        (self.root / "feeds.yaml").write_text(text, encoding="utf-8")

    def write(self, name: str, body: str = "", **keys: Any) -> Path:
        """Writes an article; its URL follows from its name unless the keys say otherwise."""
        url = f"https://news.example.com/{name.removesuffix('.md')}"
        return self.write_text(name, document(article(**{"webUrl": url, **keys}), body))

    def write_text(self, name: str, text: str | bytes, *, old: bool = True) -> Path:
        """Writes an article's file as it is; an old one needs no second look by a sync."""
        file = self.root / "articles" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        if old:
            past = time.time() - 3600
            os.utime(file, (past, past))
        return file

    def publication(
        self, *, now: datetime = NOW, unpublished: bool = False, url: str = ""
    ) -> Publication:
        """The site as it is published, freshly read into a catalog of its own."""
        folder = Folder.open(self.root)
        catalog = self.catalog()
        catalog.sync(folder)
        url = url or folder.site.url
        return Publication(folder, catalog, url=url, now=now, unpublished=unpublished)

    def catalog(self) -> Catalog:
        """The index of the site, opened anew."""
        place = os.environ.get("FEEDS_CATALOG") or self.root.parent / "catalog.sqlite"
        self._catalogs.append(Catalog(place))
        return self._catalogs[-1]

    def close(self) -> None:
        """Lets go of every index."""
        for catalog in self._catalogs:
            catalog.close()

    def published(self, path: str, **options: Any) -> bytes:
        """The bytes of the document at a path."""
        found = self.publication(**options).document(path)
        assert found is not None, f"nothing at {path}"
        body = getattr(found, "body", None)
        assert isinstance(body, bytes), f"no document at {path}: {found}"
        return body


def eventually(attempt: Callable[[], object], seconds: float = 5.0) -> bool:
    """Whether something comes true in time: within five seconds, as the design promises."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if attempt():
            return True
        time.sleep(0.05)
    return bool(attempt())
