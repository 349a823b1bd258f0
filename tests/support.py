"""Helpers that many tests share: a builder of sites, the real articles, external programs."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import brotli
import pytest
import yaml
import zstandard
from flask import Flask
from werkzeug.test import TestResponse

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.publication.publication import Publication

#: A time after the date of every article in the tests.
NOW = datetime(2026, 7, 1, tzinfo=UTC)

#: By the content coding.
DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    "gzip": gzip.decompress,
}

#: Real articles, which are not in this repository.
CORPUS = Path(os.environ.get("FEEDS_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")


def lacking(what: str) -> NoReturn:
    """Skip the test for want of something; fail it on CI, where everything has to be installed."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is not installed, and CI needs it")
    pytest.skip(f"{what} is not installed")


def tool(name: str) -> str:
    """The path of a program; without it, the test is skipped."""
    # Debian keeps servers off the path of ordinary users.
    places = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin"
    return shutil.which(name, path=places) or lacking(name)


def article(**keys: Any) -> dict[str, Any]:
    """The front matter of a valid article, with these keys added or replaced."""
    required = {
        "title": "A title",
        "webUrl": "https://news.example.com/a-title",
        "publishedDateTime": "2026-05-01T10:00:00Z",
        "topics": ["AI"],
    }
    return required | keys


def document(keys: dict[str, Any], body: str = "") -> str:
    """The text of an article file."""
    front = yaml.safe_dump(keys, allow_unicode=True, sort_keys=False)
    return f"---\n{front}---\n{body}"


class SiteBuilder:
    """A site in a folder, written file by file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out = root.parent / "out"
        root.mkdir(parents=True, exist_ok=True)
        self._catalogs: list[Catalog] = []

    def configure(self, **keys: Any) -> None:
        """Write feeds.yaml; the articles are in articles/ unless the keys say otherwise."""
        keys = {"articles": "articles"} | keys
        (self.root / "articles").mkdir(exist_ok=True)
        text = yaml.safe_dump(keys, allow_unicode=True, sort_keys=False)
        (self.root / "feeds.yaml").write_text(text, encoding="utf-8")

    def write(self, name: str, body: str = "", **keys: Any) -> Path:
        """Write an article; its URL is made from its name unless the keys say otherwise."""
        url = f"https://news.example.com/{name.removesuffix('.md')}"
        return self.write_text(name, document(article(**{"webUrl": url, **keys}), body))

    def write_text(self, name: str, text: str | bytes, *, old: bool = True) -> Path:
        """Write an article file as it is, an hour old unless `old` is False.

        A sync reads a file again that changed within the last two seconds.
        """
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
        """Read the site into its catalog, and return what it publishes."""
        folder = SiteFolder.open(self.root)
        # The same again, whose statements are compiled already; catalog() opens another.
        catalog = self._catalogs[0] if self._catalogs else self.catalog()
        catalog.sync(folder)
        url = url or folder.site.url
        return Publication(folder, catalog, url=url, now=now, unpublished=unpublished)

    def catalog(self) -> Catalog:
        """Open the catalog of the site once more."""
        location = os.environ.get("FEEDS_CATALOG") or self.root.parent / "catalog.sqlite"
        self._catalogs.append(Catalog(location))
        return self._catalogs[-1]

    def close(self) -> None:
        """Close every catalog that was opened."""
        while self._catalogs:
            self._catalogs.pop().close()

    def published(self, path: str, **options: Any) -> bytes:
        """The bytes of the document at a path."""
        document = self.publication(**options).document(path)
        body = getattr(document, "body", None)
        assert isinstance(body, bytes), f"no document at {path}: {document}"
        return body


def get(app: Flask, path: str, method: str = "GET", **headers: str) -> TestResponse:
    """The app's whole response; headers are named with underscores in the place of hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().open(path, method=method, headers=named, buffered=True)


def free_port() -> int:
    """Return a free port, of those that no system gives to who asks for any: others may ask."""
    while True:
        port = random.SystemRandom().randrange(10_000, 30_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def eventually(attempt: Callable[[], object], seconds: float = 5.0) -> bool:
    """Try until the result is true, for the five seconds within which a change has to show."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if attempt():
            return True
        time.sleep(0.02)
    return bool(attempt())


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail if the block takes more processor time; the load of other processes does not count."""
    started = time.process_time()
    yield
    took = time.process_time() - started
    assert took < seconds, f"{took:.2f} s of processor time; {seconds:g} s are allowed"
