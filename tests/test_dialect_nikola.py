"""Nikola's folders, beside what Nikola 8.3 publishes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.catalog.folder import SiteFolder
from feeds.errors import Problem
from feeds.model.article import Article
from tests.dialects import (
    Published,
    copy_site,
    needs_docutils,
    needs_sites,
    publish,
    read_truth,
    write_files,
)
from tests.support import within

CONFIGURATION = """\
BLOG_AUTHOR = "Ann"
BLOG_TITLE = {"en": "Notes from the harbour", "de": "Aus dem Hafen"}
SITE_URL = "https://harbour.example/notes/"
BLOG_EMAIL = "ann@harbour.example"
BLOG_DESCRIPTION = "Boats"
DEFAULT_LANG = "en"
TRANSLATIONS = {DEFAULT_LANG: "", "de": "./de"}
TIMEZONE = "Europe/Berlin"
POSTS = (
    ("posts/*.md", "blog", "post.tmpl"),
    ("posts/*.rst", {"en": "articles", "de": "artikel"}, "post.tmpl"),
    ("notes/*.html", "", "post.tmpl"),
)
PAGES = (("pages/*.md", "", "page.tmpl"),)
COMPILERS = {"rest": (".rst", ".txt"), "markdown": (".md",), "html": (".html",)}
USE_REST_DOCINFO_METADATA = True
NAVIGATION_LINKS = {DEFAULT_LANG: (("/", "Home"),)}
GENERATED = time.time()
"""
FILES = {
    "conf.py": CONFIGURATION,
    "posts/tides.md": "<!--\n.. title: Tides: high & low\n.. slug: tides\n"
    ".. date: 2026-05-01 01:30:00 UTC+02:00\n.. updated: 2026-05-02\n.. tags: sea 10, sea 9, Sea\n"
    ".. category: News\n.. description: When the sea comes\n.. author: Bob\n"
    ".. has_math: true\n-->\n\nText.\n",
    "posts/tides.de.md": "<!--\n.. title: Gezeiten\n-->\n\nText.\n",
    "posts/2026/Der Fährmann_1.md": ".. title: The ferryman\n.. date: 05/06/2026\n"
    ".. pretty_url: false\n\nFirst.\n\n<!-- TEASER_END -->\n\nMore.\n",
    "posts/boats.rst": ".. title: Boats\n.. date: May 3, 2026 10:00 EDT\n.. slug: Boats\n"
    ".. guid: boats-1\n\nA :doc:`boat`.\n\n.. TEASER_END: more\n\nPort\n----\n\nMore.\n",
    "posts/fields.rst": "Fields\n======\n\n:date: 2026-05-04\n:tags: rest\n\nText.\n",
    "posts/two.md": "Only a body.\n",
    "posts/two.meta": ".. title: Two files\n.. date: 2026-05-05\n.. tags: meta\n",
    "posts/index.md": "---\ntitle: Start\ndate: 2026-05-06\nslug: index\n---\nText.\n",
    "notes/note.html": "<!--\n.. title: A note\n.. date: 2026-05-07\n-->\n<p>Text.</p>\n",
    "posts/draft.md": ".. title: Draft\n.. date: 2026-05-07\n.. tags: draft\n\nText.\n",
    "posts/private.md": ".. title: Private\n.. date: 2026-05-07\n.. status: private\n\nText.\n",
    "pages/about.md": ".. title: About\n.. date: 2026-05-07\n\nText.\n",
    "README.md": "# No article\n",
}
BASE = "https://harbour.example/notes"


def read(root: Path, path: str) -> tuple[Article | None, list[Problem]]:
    folder = SiteFolder.open(root).published_at("https://e.org/")
    return folder.read_article((root / path).read_text("utf-8"), path)


@needs_docutils
def test_posts_are_published_as_nikola_does(tmp_path: Path) -> None:
    assert publish(write_files(tmp_path, FILES)) == {
        "notes/note.html": Published(
            f"{BASE}/note/", "A note", "2026-05-06T22:00:00",
            (),
        ),
        "posts/2026/Der Fährmann_1.md": Published(
            f"{BASE}/blog/2026/der-fahrmann_1.html", "The ferryman", "2026-05-05T22:00:00",
            (),
        ),
        "posts/boats.rst": Published(
            f"{BASE}/articles/Boats/", "Boats", "2026-05-03T08:00:00",
            (),
        ),
        "posts/fields.rst": Published(
            f"{BASE}/articles/fields/", "Fields", "2026-05-03T22:00:00",
            ("rest",),
        ),
        "posts/index.md": Published(
            f"{BASE}/blog/", "Start", "2026-05-05T22:00:00",
            (),
        ),
        "posts/tides.de.md": Published(
            f"{BASE}/de/blog/tides/", "Gezeiten", "2026-04-30T23:30:00",
            ("News", "Sea", "sea 9", "sea 10"),
        ),
        "posts/tides.md": Published(
            f"{BASE}/blog/tides/", "Tides: high & low", "2026-04-30T23:30:00",
            ("News", "Sea", "sea 9", "sea 10"),
        ),
        "posts/two.md": Published(
            f"{BASE}/blog/two/", "Two files", "2026-05-04T22:00:00",
            ("meta",),
        ),
    }  # fmt: skip


def test_the_configuration_describes_the_site(tmp_path: Path) -> None:
    site = SiteFolder.open(write_files(tmp_path, FILES)).site
    assert (site.title, site.description, site.timezone, site.language) == (
        "Notes from the harbour", "Boats", "Europe/Berlin", "en"
    )  # fmt: skip


@needs_docutils
def test_ids_are_those_of_nikola(tmp_path: Path) -> None:
    root = write_files(tmp_path, FILES)
    boats, _ = read(root, "posts/boats.rst")
    tides, _ = read(root, "posts/tides.md")
    assert boats
    assert tides
    assert (boats.id, tides.id) == ("boats-1", tides.url)


@needs_docutils
def test_bodies_and_excerpts_are_those_of_each_markup(tmp_path: Path) -> None:
    root = write_files(tmp_path, FILES)
    boats, problems = read(root, "posts/boats.rst")
    assert boats
    assert not problems
    assert boats.excerpt == "A boat."
    assert "<h2>Port</h2>" in boats.body
    ferry, _ = read(root, "posts/2026/Der Fährmann_1.md")
    assert ferry
    assert (ferry.excerpt, "<p>More.</p>" in ferry.body) == ("First.", True)
    two, _ = read(root, "posts/two.md")
    assert two
    assert two.body.strip() == "<p>Only a body.</p>"
    note, _ = read(root, "notes/note.html")
    assert note
    assert note.body.strip() == "<p>Text.</p>"


def test_drafts_and_private_posts_are_held_back(tmp_path: Path) -> None:
    root = write_files(tmp_path, FILES)
    for name in ("draft", "private"):
        article, _ = read(root, f"posts/{name}.md")
        assert article
        assert article.draft


def test_what_another_file_says_of_a_post_decides_how_it_is_read(tmp_path: Path) -> None:
    root = write_files(tmp_path, FILES)
    before = SiteFolder.open(root)
    write_files(tmp_path, {"posts/two.meta": ".. title: Changed\n.. date: 2026-05-05\n"})
    after = SiteFolder.open(root)
    assert before.settings != after.settings
    assert before.settings_of("posts/two.md") != after.settings_of("posts/two.md")
    assert before.settings_of("posts/tides.md") == after.settings_of("posts/tides.md")
    article, _ = after.read_article("Only a body.\n", "posts/two.md")
    assert article
    assert article.title == "Changed"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (".. title: No date\n\nText.\n", 2, "no usable date, so the article is left out"),
        ("<!--\n.. title: Bad\n.. date: sometime\n-->\n", 3, "date is 'sometime'"),
        ("# Only Markdown\n", 2, "no usable date, so the article is left out"),
    ],
)
def test_problems_name_the_keys_of_nikola(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    root = write_files(tmp_path, FILES | {"posts/new.md": text})
    article, (problem, *_) = read(root, "posts/new.md")
    assert article is None
    assert (problem.line, problem.message) == (line, message)
    assert "webUrl" not in problem.hint


@pytest.mark.parametrize(
    "setting",
    [
        "POSTS = (('/etc/*.md', '', ''), ('../*.md', '', ''), ('posts/' + '*a' * 60, 1, 2), 7)",
        "POSTS = (('[' * 99, '', ''), ('', {}, ''), (None, None, None))",
        "POSTS = ((\"*.md\", {1: [2]}, ''),)",
        "POSTS = {}",
        "POSTS = 1\nTRANSLATIONS = {None: None, 'a': []}",
        "COMPILERS = {1: 2, 'rest': [None]}",
        "BLOG_TITLE = []\nFILE_METADATA_REGEXP = r'(?P<slug>(a+)+)$'",
        "BLOG_TITLE = {'en': {}}\nINDEX_FILE = '../../x'",
    ],
)
def test_no_configuration_does_harm(tmp_path: Path, setting: str) -> None:
    files = {"conf.py": setting, f"posts/{'a' * 100}.md": ".. title: A\n.. date: 2026-05-01\n\n"}
    root = write_files(tmp_path, files)
    with within(2):
        folder = SiteFolder.open(root).published_at("https://e.org/")
        assert folder.dialect
        for path in folder.files():
            folder.read_article((root / path).read_text("utf-8"), path)


def test_the_conf_py_of_another_program_is_none_of_nikola(tmp_path: Path) -> None:
    files = {"conf.py": "project = 'Harbour'\nextensions = []\n", "index.rst": "Harbour\n=======\n"}
    assert SiteFolder.open(write_files(tmp_path, files)).dialect is None


@needs_sites
@needs_docutils
@pytest.mark.parametrize("name", ["default", "ugly"])
def test_what_nikola_itself_publishes(tmp_path: Path, name: str) -> None:
    root = copy_site("nikola", tmp_path / "site", {"conf.py": f"nikola-{name}.py"})
    expected = {
        file: row
        for file, (row, extra) in read_truth(f"rules-nikola/{name}.tsv").items()
        if "in_feeds=True" in extra
    }
    found = publish(root)
    # Posts dated in the future wait for their date.
    assert {file: found[file] for file in found if "future" not in file} == expected


def test_the_permalink_of_feeds_yaml_wins(tmp_path: Path) -> None:
    configuration = "permalink: /blog/:year/:i_month/:slug.html\n"
    root = write_files(tmp_path, FILES | {"feeds.yaml": configuration})
    article, _ = read(root, "posts/tides.md")
    assert article
    assert article.url == "https://harbour.example/notes/blog/2026/5/tides.html"
