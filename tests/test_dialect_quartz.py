"""Quartz's folders, beside what Quartz 4 publishes of them, and Obsidian's vaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.catalog.folder import SiteFolder
from tests.dialects import Published, publish, write_files

TYPESCRIPT = """\
const config: QuartzConfig = {
  configuration: {
    pageTitle: "Notes from the harbour", // baseUrl: "old.example",
    locale: "en-GB",
    baseUrl: "harbour.example/notes",
    ignorePatterns: ["private", 'templates', "**/*.tmp.md"],
    defaultDateType: "created",
  },
  plugins: {
    transformers: [Plugin.FrontMatter(), Plugin.Latex({ renderEngine: "katex" })],
    filters: [Plugin.RemoveDrafts() /* Plugin.ExplicitPublish() */],
  },
}
"""
YAML = """\
configuration:
  pageTitle: Notes from the harbour
  locale: en-GB
  baseUrl: harbour.example/notes
  ignorePatterns: [private, templates, "**/*.tmp.md"]
plugins:
  - {source: "@quartz-community/latex", enabled: true}
  - {source: "@quartz-community/explicit-publish", enabled: false}
"""
DAY = "date: 2026-05-01\n"
FILES = {
    "content/index.md": f"---\ntitle: Home\n{DAY}---\nText.\n",
    "content/Sea & 100% wind?.md": f'---\n{DAY}tags: [sea, "#high tide"]\n---\nText.\n',
    "content/notes/index.md": f"---\n{DAY}---\nText.\n",
    "content/notes/deep/_index.md": f"---\ntitle: Deep\n{DAY}---\nText.\n",
    "content/notes/Ebb C#.v2.md": f"---\ntitle: 2026\ncreated: 2026-05-02\n{DAY}"
    "tag: a, b\nmodified: 2026-05-03\n---\nText.\n",
    "content/notes/Høy vind.md": "---\npublishDate: 2026-05-04 10:30\n---\nText.\n",
    "content/notes/private/b.md": f"---\n{DAY}topics: [\"[[Ebb]]\"]\n---\nText.\n",
    "content/draft.md": f"---\ndraft: true\n{DAY}---\nText.\n",
    "content/private/a.md": f"---\n{DAY}---\nText.\n",
    "content/notes/a.tmp.md": f"---\n{DAY}---\nText.\n",
    "content/templates/t.md": '---\ntitle: "{{title}}"\n{{x}}: y\n---\nText.\n',
    "content/Bare.md": "No properties.\n",
    "README.md": f"---\n{DAY}---\nNo note.\n",
}  # fmt: skip
BASE = "https://harbour.example/notes"
FIRST = "2026-05-01T00:00:00"


@pytest.mark.parametrize(
    ("name", "text"), [("quartz.config.ts", TYPESCRIPT), ("quartz.config.yaml", YAML)]
)
def test_notes_are_published_as_quartz_does(tmp_path: Path, name: str, text: str) -> None:
    root = write_files(tmp_path, FILES | {name: text})
    assert publish(root) == {
        f"content/{file}": Published(f"{BASE}/{url}", title, date, topics)
        for file, url, title, date, topics in (
            ("index.md", "", "Home", FIRST, ()),
            ("Sea & 100% wind?.md", "Sea--and--100-percent-wind", "Sea & 100% wind?", FIRST,
             ("sea", "high tide")),
            # Quartz calls it "index".
            ("notes/index.md", "notes/", "notes", FIRST, ()),
            ("notes/deep/_index.md", "notes/deep/", "Deep", FIRST, ()),
            ("notes/Ebb C#.v2.md", "notes/Ebb-C.v2", "2026", "2026-05-02T00:00:00", ("a", "b")),
            ("notes/Høy vind.md", "notes/H%C3%B8y-vind", "Høy vind", "2026-05-04T10:30:00", ()),
            ("notes/private/b.md", "notes/private/b", "b", FIRST, ()),
        )
    }  # fmt: skip
    site = SiteFolder.open(root).site
    assert (site.title, site.language, site.math) == ("Notes from the harbour", "en-GB", True)


def test_notes_that_are_not_explicitly_published_are_held_back(tmp_path: Path) -> None:
    files = {
        "quartz.config.ts": TYPESCRIPT.replace("/* Plugin.ExplicitPublish() */",
                                               ", Plugin.ExplicitPublish()"),
        "content/a.md": f"---\n{DAY}---\nText.\n",
        "content/b.md": f"---\npublish: true\n{DAY}---\nText.\n",
    }  # fmt: skip
    assert publish(write_files(tmp_path, files)).keys() == {"content/b.md"}


def test_a_vault_is_published_as_quartz_would_do(tmp_path: Path) -> None:
    files = {".obsidian/app.json": "{}", "Sea/High tide.md": f"---\n{DAY}---\nText.\n"}
    folder = SiteFolder.open(write_files(tmp_path, files))
    assert folder.dialect
    assert folder.dialect.describe() == "Obsidian"
    assert publish(tmp_path)["Sea/High tide.md"].url == "https://e.org/Sea/High-tide"
    settings = "title: A\nurl: https://e.org/\npermalink: /n/:year/:slug\n"
    write_files(tmp_path, {"feeds.yaml": settings})
    assert publish(tmp_path)["Sea/High tide.md"].url == "https://e.org/n/2026/High-tide"
