"""Folders of other generators, and what the generators themselves publish of them."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from feeds.catalog.folder import SiteFolder
from feeds.parsing.rest import has_docutils
from tests.support import CORPUS

#: Sites that exercise the rules of generators, and tables of what the generators publish of them.
SHARED = CORPUS.parent / "dialects"
needs_sites = pytest.mark.skipif(not SHARED.is_dir(), reason="the generators' sites are not here")
needs_docutils = pytest.mark.skipif(
    not has_docutils() and os.environ.get("CI") != "true", reason="docutils is not installed"
)


class Published(NamedTuple):
    """An article as a generator, or Feeds, publishes it."""

    url: str
    title: str
    #: In UTC, to the second, as 2026-05-01T09:30:00; empty where it is not known.
    date: str
    topics: tuple[str, ...]


def write_files(root: Path, files: Mapping[str, str]) -> Path:
    """Write a folder's files by their paths."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def fixture(name: str) -> dict[str, str]:
    """Return the files of the site with which a dialect is tested, by their paths."""
    match name:
        case "obsidian":
            return {".obsidian/app.json": "{}", "a b.md": "---\ncreated: 2026-05-01\n---\nText.\n"}
        case "plain":
            text = "---\ntitle: Tides\ndate: 2026-05-01\ntags: [sea]\n---\nText.\n"
            return {"feeds.yaml": "permalink: /:year/:title/\n", "posts/2026-05-01-tides.md": text}
    module = import_module(f"tests.test_dialect_{name}")
    files: dict[str, str] = dict(module.FILES)
    if name == "quartz":
        files["quartz.config.ts"] = module.TYPESCRIPT
    return files


def publish(root: Path, url: str = "https://e.org/") -> dict[str, Published]:
    """Return what Feeds publishes of a folder, without what is held back, by file."""
    folder = SiteFolder.open(root).published_at(url)
    found = {}
    for path in folder.files():
        text = folder.read(path)
        assert isinstance(text, str), text
        article, _problems = folder.read_article(text, path)
        if article and not article.draft and not article.removed:
            date = article.published.isoformat()[:19]
            found[path] = Published(normal_url(article.url), article.title, date, article.topics)
    return found


def read_truth(name: str) -> dict[str, tuple[Published, str]]:
    """Return the rows of a table of what a generator publishes, by file, with their remarks."""
    found = {}
    with (SHARED / "truth" / name).open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            url = row["url"] if "://" in row["url"] else f"https://e.org{row['url']}"
            topics = tuple(row["topics"].split("|")) if row["topics"] else ()
            published = Published(normal_url(url), row["title"], row["date"][:19], topics)
            found[row["source"]] = published, row["extra"] or ""
    return found


def copy_site(name: str, target: Path, files: Mapping[str, str]) -> Path:
    """Copy a site, with files of other sites put in place of some of its own, by their paths."""
    shutil.copytree(SHARED / "sites" / name, target, copy_function=shutil.copyfile)
    for path, source in files.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SHARED / "sites" / source, target / path)
    return target


def normal_url(url: str) -> str:
    """Return a URL with everything percent-encoded that may be."""
    return quote(url, safe="/:%!$&'()*+,;=@~-._?#")
