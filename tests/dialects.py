"""Folders of other generators, and what the generators themselves publish of them."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from feeds.catalog.folder import SiteFolder


@dataclass(frozen=True)
class Published:
    """An article as a generator, or Feeds, publishes it."""

    url: str
    title: str
    #: In UTC, to the second, as 2026-05-01T09:30:00.
    date: str
    topics: tuple[str, ...]


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
            found[path] = Published(normal(article.url), article.title, date, article.topics)
    return found


def read_truth(file: Path) -> dict[str, tuple[Published, str]]:
    """Return the rows of a table of what a generator publishes, by file, with their remarks."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {
            row["source"]: (
                Published(
                    normal(row["url"]), row["title"], row["date"][:19],
                    tuple(row["topics"].split("|")) if row["topics"] else (),
                ),
                row["extra"] or "",
            )
            for row in rows
        }  # fmt: skip


def copy_site(source: Path, target: Path, **files: Path) -> Path:
    """Copy a folder, with files put in place of others; a double underscore stands for a dot."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    for name, file in files.items():
        shutil.copyfile(file, target / name.replace("__", "."))
    return target


def normal(url: str) -> str:
    """Return a URL with everything percent-encoded that may be."""
    return quote(url, safe="/:%!$&'()*+,;=@~-._?#")
