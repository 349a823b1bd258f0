"""Zola's folders: their rules are from Zola's sources, release 0.22."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.catalog.folder import SiteFolder
from tests.dialects import Published, publish, write_files

CONFIGURATION = """\
base_url = "https://harbour.example/notes"
title = "Notes from the harbour"
description = "Tides and boats"
author = "Harbour office"
default_language = "en"
ignored_content = ["*/README.md"]
[languages.nb]
title = "Notater"
[extra]
math = true
"""
DAY = "date = 2026-05-01\n"
FILES = {
    "config.toml": CONFIGURATION,
    "content/_index.md": "+++\ntitle = 'Home'\n+++\n",
    "content/README.md": "No page.\n",
    "content/about.md": "+++\ntitle = 'About'\n+++\nNo date.\n",
    "content/blog/_index.md": "+++\nsort_by = 'date'\n+++\n",
    "content/blog/2026-05-02-First Light & Straße.md": "+++\ntitle = 'First light'\n+++\nText.\n",
    "content/blog/2026-05-03_日本/index.md": "+++\n[taxonomies]\ntags = ['sea']\n"
    "categories = ['News']\nauthors = ['Crew']\nboats = ['Ferry']\n+++\n# Japan\n",
    "content/blog/ferry/index.nb.md": f"---\ntitle: Ferje\n{DAY.replace(' =', ':')}---\nText.\n",
    "content/blog/ferry/index.md": f"+++\ntitle = 'Ferry'\n{DAY}updated = 2026-05-04T10:00:00Z\n"
    "authors = ['Crew', 'Mate']\n+++\nMorning.\n\n<!-- more -->\n\nNight.\n",
    "content/blog/tug.nb.md": f"+++\ntitle = 'Slepebåt'\n{DAY}slug = 'Slepebåt'\n+++\nText.\n",
    "content/Own Place/path.md": f"+++\ntitle = 'Path'\n{DAY}path = 'a/B c'\n+++\nText.\n",
    "content/Own Place/date.md": "+++\ntitle = 'Date'\npath = '/2026/05/06/x'\n+++\nText.\n",
    "content/blog/draft.md": f"+++\ntitle = 'Draft'\ndraft = true\n{DAY}+++\nText.\n",
    "content/blog/hidden.md": f"+++\ntitle = 'Hidden'\nrender = false\n{DAY}+++\nText.\n",
    "content/later/_index.md": "+++\ndraft = true\n+++\n",
    "content/later/a.md": f"+++\ntitle = 'Later'\n{DAY}+++\nText.\n",
}
BASE = "https://harbour.example/notes"
FIRST = "2026-05-01T00:00:00"


def test_pages_are_published_as_zola_does(tmp_path: Path) -> None:
    assert publish(write_files(tmp_path, FILES)) == {
        f"content/{file}": Published(f"{BASE}/{url}/", title, date, topics)
        for file, url, title, date, topics in (
            ("blog/2026-05-02-First Light & Straße.md", "blog/first-light-strasse", "First light",
             "2026-05-02T00:00:00", ()),
            ("blog/2026-05-03_日本/index.md", "blog/ri-ben", "Japan", "2026-05-03T00:00:00",
             ("News", "sea", "Ferry")),
            ("blog/ferry/index.nb.md", "nb/blog/ferry", "Ferje", FIRST, ()),
            ("blog/ferry/index.md", "blog/ferry", "Ferry", FIRST, ()),
            ("blog/tug.nb.md", "nb/blog/slepebat", "Slepebåt", FIRST, ()),
            ("Own Place/path.md", "a/B%20c", "Path", FIRST, ()),
            ("Own Place/date.md", "2026/05/06/x", "Date", "2026-05-06T00:00:00", ()),
        )
    }  # fmt: skip


def test_the_configuration_describes_the_site(tmp_path: Path) -> None:
    site = SiteFolder.open(write_files(tmp_path, FILES)).site
    assert (site.title, site.description, site.language, site.math) == (
        "Notes from the harbour", "Tides and boats", "en", True,
    )  # fmt: skip
    assert site.author
    assert site.author.name == "Harbour office"


def test_excerpts_and_authors(tmp_path: Path) -> None:
    folder, path = SiteFolder.open(write_files(tmp_path, FILES)), "content/blog/ferry/index.md"
    article, problems = folder.read_article(FILES[path], path)
    assert not problems
    assert article
    assert article.excerpt == "Morning."
    assert article.updated.isoformat() == "2026-05-04T10:00:00+00:00"
    assert article.provider
    assert article.provider.name == "Crew, Mate"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", "a-b-c"),
        ("[slugify]\npaths = 'safe'\n", "A%20B&c"),
        ("[slugify]\npaths = 'off'\n", "A%20B&c%3F"),
        ("[slugify]\npaths_keep_dates = true\n", "2026-05-01-a-b-c"),
    ],
)
def test_slugs_by_configuration(tmp_path: Path, settings: str, expected: str) -> None:
    files = {
        "zola.toml": f"base_url = 'https://e.org'\n{settings}",
        "content/2026-05-01-A B&c?.md": "+++\ntitle = 'A'\n+++\nText.\n",
    }
    row = publish(write_files(tmp_path, files))["content/2026-05-01-A B&c?.md"]
    assert row.url == f"https://e.org/{expected}/"
