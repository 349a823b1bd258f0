"""Pelican's folders, beside what Pelican 4.12 publishes of them."""

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
SITENAME = "Notes from the harbour"
SITEURL = ""
AUTHOR = "Ann"
PATH = "content"
TIMEZONE = "Europe/Berlin"
DEFAULT_LANG = "en"
BLOG = "notes"
ARTICLE_URL = BLOG + "/{date:%Y}/{date:%b}/{category}/{slug}/"
ARTICLE_SAVE_AS = ARTICLE_URL + "index.html"
ARTICLE_EXCLUDES = ["attic"]
PATH_METADATA = r"(?P<section>[^/]+)/.*"
DEFAULT_METADATA = {"tags": "sea"}
EXTRA_PATH_METADATA = {"boats/tug.md": {"slug": "the-tug", "status": "published"}}
SLUG_REGEX_SUBSTITUTIONS = [
    (r"C\\+\\+", "cpp"), (r"[^\\w\\s-]", ""), (r"(?u)\\A\\s*", ""), (r"(?u)\\s*\\Z", ""),
    (r"[-\\s]+", "-"),
]
STAMP = today()
"""
PUBLISHED = """\
import os
import sys
sys.path.append(os.curdir)
from pelicanconf import *
SITEURL = os.environ.get("SITEURL", "https://harbour.example")
"""
FILES = {
    "pelicanconf.py": CONFIGURATION,
    "publishconf.py": PUBLISHED,
    "content/tides.md": 'Title: Tides: high & "low"\nDate: 2026-05-01 01:30\n'
    "Modified: 2026-05-02\nTags: tides, sea\n    never a tag\nAuthors: Ann; Bob\n"
    "Summary: When the *sea*\n    comes.\n\nText.\n",
    "content/boats/tug.md": "---\ntitle: The tug: a C++ history\ndate: 03.05.2026 10:00 CEST\n"
    "---\nText ![](|static|/images/tug.png) and [more]({filename}ferry.rst).\n",
    "content/boats/2026-05-04-ferry.rst": "The *ferry* & co\n================\n\n"
    ":tags: rest; boats\n:author: Bob\n:summary: A *short* trip\n\n"
    "First ``light``.\n\nPort\n----\n\nMore.\n",
    "content/page.html": '<html><head><title>A page &amp; more</title>\n<meta name="date" '
    'content="2026-05-05T12:00:00+02:00" />\n<meta name="keywords" content="html" />\n'
    '<meta name="category" content="Web Pages" /></head><body><p>Text.</p></body></html>\n',
    "content/日本/北海道.md": "Title: 北海道のフェリー №1\nDate: 2026-05-06\nTags:\n\nText.\n",
    "content/hafen.md": "Title: Hafen\nDate: 2026-05-07\nLang: de\nSlug: tides\n\nText.\n",
    "content/own.md": "Title: Own\nDate: 2026-05-08\nURL: own/path.html\n\nText.\n",
    "content/draft.md": "Title: Draft\nDate: 2026-05-08\nStatus: draft\n\nText.\n",
    "content/hidden.md": "Title: Hidden\nDate: 2026-05-08\nStatus: hidden\n\nText.\n",
    "content/attic/old.md": "Title: Old\nDate: 2020-05-08\n\nText.\n",
    "content/pages/about.md": "Title: About\nDate: 2020-05-08\n\nText.\n",
    "README.md": "# No article\n",
}
BASE = "https://harbour.example/notes/2026"


def read(root: Path, path: str) -> tuple[Article | None, list[Problem]]:
    folder = SiteFolder.open(root).published_at("https://e.org/")
    return folder.read_article((root / path).read_text("utf-8"), path)


@needs_docutils
def test_articles_are_published_as_pelican_does(tmp_path: Path) -> None:
    assert publish(write_files(tmp_path, FILES)) == {
        "content/boats/2026-05-04-ferry.rst": Published(
            f"{BASE}/May/boats/the-ferry-co/", "The ferry & co", "2026-05-03T22:00:00",
            ("boats", "rest"),
        ),
        "content/boats/tug.md": Published(
            f"{BASE}/Mar/boats/the-tug/", "The tug: a C++ history", "2026-03-05T09:00:00",
            ("boats", "sea"),
        ),
        "content/hafen.md": Published(
            "https://harbour.example/tides-de.html", "Hafen", "2026-05-06T22:00:00",
            ("misc", "sea"),
        ),
        "content/own.md": Published(
            "https://harbour.example/own/path.html", "Own", "2026-05-07T22:00:00",
            ("misc", "sea"),
        ),
        "content/page.html": Published(
            f"{BASE}/May/web-pages/a-page-more/", "A page & more", "2026-05-05T10:00:00",
            ("Web Pages", "html"),
        ),
        "content/tides.md": Published(
            f"{BASE}/May/misc/tides-high-low/", "Tides: high & \"low\"", "2026-04-30T23:30:00",
            ("misc", "tides", "sea"),
        ),
        "content/日本/北海道.md": Published(
            f"{BASE}/May/ri-ben/bei-hai-dao-nohueri-no1/", "北海道のフェリー №1",
            "2026-05-05T22:00:00", ("日本", "sea"),
        ),
    }  # fmt: skip


@needs_docutils
@pytest.mark.parametrize(
    ("path", "id"),
    [
        (
            "content/boats/2026-05-04-ferry.rst",
            "tag:harbour.example,2026-05-04:/notes/2026/May/boats/the-ferry-co/",
        ),
        ("content/own.md", "tag:harbour.example,2026-05-08:/own/path.html"),
        ("content/tides.md", "tag:harbour.example,2026-05-01:/notes/2026/May/misc/tides-high-low/"),
        (
            "content/日本/北海道.md",
            "tag:harbour.example,2026-05-06:/notes/2026/May/ri-ben/bei-hai-dao-nohueri-no1/",
        ),
    ],
)
def test_ids_are_those_of_pelican(tmp_path: Path, path: str, id: str) -> None:
    article, _ = read(write_files(tmp_path, FILES), path)
    assert article
    assert article.id == id


@needs_docutils
def test_bodies_and_excerpts_are_those_of_each_markup(tmp_path: Path) -> None:
    root = write_files(tmp_path, FILES)
    tides, _ = read(root, "content/tides.md")
    assert tides
    assert tides.provider
    assert (tides.excerpt, tides.provider.name, tides.provider.authors) == (
        "When the sea comes.", "Ann", ("Bob",)
    )  # fmt: skip
    ferry, problems = read(root, "content/boats/2026-05-04-ferry.rst")
    assert ferry
    assert not problems
    assert ferry.excerpt == "A short trip"
    assert "<h2>Port</h2>" in ferry.body
    page, _ = read(root, "content/page.html")
    assert page
    assert page.body.strip() == "<p>Text.</p>"


@needs_docutils
def test_links_to_files_of_the_content_lead_there(tmp_path: Path) -> None:
    article, problems = read(write_files(tmp_path, FILES), "content/boats/tug.md")
    assert article
    assert 'src="https://harbour.example/images/tug.png"' in article.body
    assert f'<a href="{BASE}/May/boats/the-ferry-co/">more</a>' in article.body
    assert not problems


def test_drafts_and_hidden_articles_are_held_back(tmp_path: Path) -> None:
    root = write_files(tmp_path, FILES)
    for name in ("draft", "hidden"):
        article, _ = read(root, f"content/{name}.md")
        assert article
        assert article.draft


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("Title: No date\n\nText.\n", 2, "no usable date, so the article is left out"),
        ("Date: 2026-05-01\n\nText.\n", 2, "no usable title, so the article is left out"),
        ("Title: Bad\nDate: sometime\n\n", 2, "date is 'sometime'"),
        ("# Only Markdown\n", 1, "no front matter"),
    ],
)
def test_problems_name_the_keys_of_pelican(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    root = write_files(tmp_path, FILES | {"content/new.md": text})
    article, (problem, *_) = read(root, "content/new.md")
    assert article is None
    assert (problem.line, problem.message) == (line, message)
    assert "webUrl" not in problem.hint
    assert "YAML" not in problem.hint


@pytest.mark.parametrize(
    "setting",
    [
        'FILENAME_METADATA = r"(?P<slug>(a+)+)$"',
        'SLUG_REGEX_SUBSTITUTIONS = [("(a*)*b", "x"), (".*.*.*.*.*=", ""), ("a", r"\\7")]',
        'ARTICLE_URL = "{slug:>999999999}/{date:%999999999Y}/{slug.__class__}"',
        'ARTICLE_URL = "{slug}" * 10 ** 9',
        'IGNORE_FILES = ["*a" * 40 + "b", "[" * 99]',
        "PATH = '/etc'",
        "SITEURL = 'https://[e.org'",
        "PATH = '../..'",
        "PAGE_PATHS = ['', '.', '..', None]",
        "EXTRA_PATH_METADATA = {1: 2, 'a': [], None: {}}",
        "DEFAULT_DATE = (1, 2, 3, 'x', None)",
        "DEFAULT_METADATA = [1]",
        "READERS = {None: None, 'html': None}",
        "TIMEZONE = '../../etc/passwd'",
        "from os import *",
        "from pelicanconf import *",
        "exit()",
        "SITENAME = [[[" * 1000,
        "def",
    ],
)
def test_no_configuration_does_harm(tmp_path: Path, setting: str) -> None:
    root = write_files(tmp_path, {"pelicanconf.py": setting, "content/a.md": "Title: "
                                  + "a" * 5000 + "\nDate: 2026-05-01\n\nText.\n"})  # fmt: skip
    with within(2):
        folder = SiteFolder.open(root).published_at("https://e.org/")
        assert folder.dialect
        for path in folder.files():
            folder.read_article((root / path).read_text("utf-8"), path)


@needs_sites
@needs_docutils
@pytest.mark.parametrize("name", ["default", "pretty", "misc"])
def test_what_pelican_itself_publishes(tmp_path: Path, name: str) -> None:
    root = copy_site("pelican", tmp_path / "site", {"pelicanconf.py": f"pelican-{name}.py"})
    expected = {
        f"content/{file}": row._replace(title=row.title.replace("<em>", "").replace("</em>", ""))
        for file, (row, extra) in read_truth(f"rules-pelican/{name}.tsv").items()
        if "status=published" in extra
    }
    found = publish(root)
    # Articles dated in the future wait for their date.
    assert {
        file: found[file] for file in found if "future" not in file or file in expected
    } == expected


@needs_sites
def test_hidden_articles_have_the_urls_of_others(tmp_path: Path) -> None:
    root = copy_site("pelican", tmp_path / "site", {"pelicanconf.py": "pelican-misc.py"})
    article, _ = read(root, "content/hidden.md")
    assert article
    assert article.url == "https://e.org/en/Site-Author/Hidden"


def test_the_permalink_of_feeds_yaml_wins(tmp_path: Path) -> None:
    configuration = "permalink: /blog/:year/:i_month/:slug.html\n"
    root = write_files(tmp_path, FILES | {"feeds.yaml": configuration})
    article, _ = read(root, "content/tides.md")
    assert article
    assert article.url == "https://harbour.example/blog/2026/5/tides-high-low.html"
