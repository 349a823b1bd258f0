"""The blog of Material for MkDocs, beside what its release 9.7 publishes."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.catalog.folder import SiteFolder
from feeds.errors import Problem
from feeds.model.article import Article
from tests.dialects import Published, copy_site, needs_sites, publish, read_truth, write_files
from tests.support import within

CONFIGURATION = """\
site_name: Notes from the harbour
site_url: !ENV [SITE_URL, "https://harbour.example/notes"]
site_author: Ann
theme: {name: material, language: de}
plugins:
  - search
  - blog:
      blog_dir: log
      post_url_format: "{categories}/{date}/{slug}"
      post_url_date_format: "'y'yyyy/MM"
      post_url_max_categories: 2
      post_slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}
      draft_if_future_date: true
markdown_extensions:
  - pymdownx.emoji: {emoji_index: !!python/name:material.extensions.emoji.twemoji }
"""
FILES = {
    "mkdocs.yml": CONFIGURATION,
    "docs/log/.authors.yml": "authors:\n  bob: {name: Bob, description: A sailor, avatar: b.png}\n",
    "docs/index.md": "# Home\n",
    "docs/log/index.md": "# Log\n",
    "docs/log/posts/tides.md": "---\ndate:\n  created: 2026-05-01 01:30:00\n  updated: 2026-05-02\n"
    "categories: [Sea Level, News, Third]\ntags: [tides]\nauthors: [bob]\n---\n\n"
    "# *Tides* & `tables`: high {#t}\n\nFirst.\n\n<!-- more -->\n\nMore.\n",
    "docs/log/posts/2026/Ferry_to-Ærø.md": "---\ndate: 2026-05-02\ndescription: A trip\n---\n\n"
    "Text before.\n\n# No title\n",
    "docs/log/posts/boats.md": "---\ntitle: Über die Boote №1\ndate: 2026-05-03T10:00:00+02:00\n"
    "---\nText.\n",
    "docs/log/posts/port.md": "---\ndate: 2026-05-04\nslug: The/Port\n---\nThe port\n========\n\n"
    "Text.\n",
    "docs/log/posts/index.md": "---\ndate: 2026-05-05\nslug: index\n---\nText.\n",
    "docs/log/posts/draft.md": "---\ndate: 2026-05-06\ndraft: true\n---\n# Draft\n",
    "docs/log/posts/late.md": "---\ndate: 2099-05-06\n---\n# Late\n",
    "docs/guide.md": "---\ndate: 2026-05-06\n---\n# No post\n",
}
BASE = "https://harbour.example/notes/log"


def read(root: Path, path: str) -> tuple[Article | None, list[Problem]]:
    folder = SiteFolder.open(root).published_at("https://e.org/")
    return folder.read_article((root / path).read_text("utf-8"), path)


def test_posts_are_published_as_mkdocs_does(tmp_path: Path) -> None:
    found = publish(write_files(tmp_path, FILES))
    del found["docs/log/posts/late.md"]  # it waits for its date
    assert found == {
        "docs/log/posts/2026/Ferry_to-Ærø.md": Published(
            f"{BASE}/y2026/05/ferry-to-%C3%A6r%C3%B8/", "Ferry to Ærø", "2026-05-02T00:00:00",
            (),
        ),
        "docs/log/posts/boats.md": Published(
            f"{BASE}/y2026/05/%C3%BCber-die-boote-1/", "Über die Boote №1", "2026-05-03T08:00:00",
            (),
        ),
        "docs/log/posts/index.md": Published(
            f"{BASE}/y2026/05/", "Index", "2026-05-05T00:00:00",
            (),
        ),
        "docs/log/posts/port.md": Published(
            f"{BASE}/y2026/05/The/Port/", "The port", "2026-05-04T00:00:00",
            (),
        ),
        "docs/log/posts/tides.md": Published(
            f"{BASE}/sea-level/news/y2026/05/tides--tables-high-t/", "Tides & tables: high",
            "2026-05-01T01:30:00",
            ("Sea Level", "News", "Third", "tides"),
        ),
    }  # fmt: skip


def test_the_configuration_describes_the_site(tmp_path: Path) -> None:
    site = SiteFolder.open(write_files(tmp_path, FILES)).site
    assert (site.title, site.language, site.author and site.author.name, site.future) == (
        "Notes from the harbour", "de", "Ann", False
    )  # fmt: skip


def test_what_a_post_says_is_read(tmp_path: Path) -> None:
    article, problems = read(write_files(tmp_path, FILES), "docs/log/posts/tides.md")
    assert article
    assert not problems
    assert article.provider
    assert article.provider.name == "Bob"
    assert (article.id, article.excerpt) == (article.url, "First.")
    assert article.updated.isoformat() == "2026-05-02T00:00:00+00:00"
    # The heading is the title, and is not said twice.
    assert "Tides" not in article.body
    assert "More." in article.body


def test_lines_of_problems_are_those_of_the_file(tmp_path: Path) -> None:
    text = "---\ndate: 2026-05-01\n---\n\n# Title\n\n<script>x()</script>\n"
    root = write_files(tmp_path, FILES | {"docs/log/posts/new.md": text})
    _article, (problem,) = read(root, "docs/log/posts/new.md")
    assert problem.line == 7


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("---\ntitle: A\n---\n", 2, "no usable date, so the article is left out"),
        ("---\ndate: sometime\n---\n", 2, "date is 'sometime'"),
        ("---\ndate: {created: 2026-13-01}\n---\n", 2, "date is '2026-13-01'"),
        ("# Only Markdown\n", 1, "no front matter"),
    ],
)
def test_problems_name_the_keys_of_mkdocs(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    root = write_files(tmp_path, FILES | {"docs/log/posts/new.md": text})
    article, (problem, *_) = read(root, "docs/log/posts/new.md")
    assert article is None
    assert (problem.line, problem.message) == (line, message)
    assert "webUrl" not in problem.hint


def test_a_configuration_may_inherit_another(tmp_path: Path) -> None:
    files = {
        "mkdocs.yml": "INHERIT: config/base.yml\nsite_name: Mine\n",
        "config/base.yml": "site_url: https://harbour.example/\nplugins: {material/blog: {}}\n",
        "docs/blog/posts/a.md": "---\ndate: 2026-05-01\n---\n# A\n",
    }
    (row,) = publish(write_files(tmp_path, files)).values()
    assert row.url == "https://harbour.example/blog/2026/05/01/a/"


@pytest.mark.parametrize(
    "setting",
    [
        "plugins: [blog]\ndocs_dir: /etc\n",
        "plugins: [blog]\ndocs_dir: ../..\n",
        "plugins: [{blog: [1]}]\nsite_url: [a]\nINHERIT: ../../../etc/passwd\n",
        "plugins: [{blog: {post_dir: ../.., blog_dir: ../x, post_url_format: '../{x:>99}'}}]\n",
        "plugins: [{blog: {post_url_max_categories: x, post_slugify: [1], authors_file: []}}]\n",
        f'plugins: {{blog: {{post_url_date_format: "{"y" * 9999}"}}}}\ntheme: []\n',
        "plugins: [blog]\nINHERIT: mkdocs.yml\n",
        "plugins: [blog]\nsite_name: !!python/object/apply:os.system ['true']\n",
    ],
)
def test_no_configuration_does_harm(tmp_path: Path, setting: str) -> None:
    keys = f"title: {'*a' * 3000}\ndate: 2026-05-01\ncategories: [{{a: b}}]\n"
    post = f"---\n{keys}---\n# {'`' * 3000}\n"
    root = write_files(tmp_path, {"mkdocs.yml": setting, "docs/blog/posts/a.md": post})
    with within(2):
        folder = SiteFolder.open(root).published_at("https://e.org/")
        assert folder.dialect
        for path in folder.files():
            folder.read_article((root / path).read_text("utf-8"), path)


def test_documentation_without_a_blog_is_none(tmp_path: Path) -> None:
    files = {"mkdocs.yml": "site_name: A\nplugins: [search]\n", "docs/index.md": "# Home\n"}
    assert SiteFolder.open(write_files(tmp_path, files)).dialect is None


BLOGS = {
    "default": "plugins: [blog]\n",
    "other": """\
use_directory_urls: false
plugins:
- blog:
    blog_dir: .
    post_dir: blog/posts
    post_url_date_format: yyyy/MMM/d
    post_url_format: "{categories}/{date}/{file}"
    post_url_max_categories: 2
    draft: true
""",
    "slugonly": """\
plugins:
- blog:
    post_url_format: "{slug}"
    post_slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: none}}
    draft_if_future_date: true
""",
}


@needs_sites
@pytest.mark.parametrize("name", BLOGS)
def test_what_mkdocs_itself_publishes(tmp_path: Path, name: str) -> None:
    root = copy_site("mkdocs", tmp_path / "site", {})
    site = "site_name: M\nsite_url: https://e.org/docs/\n"
    write_files(root, {"mkdocs.yml": f"{site}{BLOGS[name]}"})
    expected = {
        f"docs/{file}": row._replace(title=row.title.replace("&amp;", "&"))
        for file, (row, _) in read_truth(f"rules-mkdocs/{name}.tsv").items()
    }
    found = publish(root)
    # Posts dated in the future wait for their date where the configuration says so.
    found = {file: row for file, row in found.items() if "future" not in file or file in expected}
    assert found == expected


def test_the_permalink_of_feeds_yaml_wins(tmp_path: Path) -> None:
    configuration = "permalink: /blog/:year/:i_month/:slug.html\n"
    root = write_files(tmp_path, FILES | {"feeds.yaml": configuration})
    article, _ = read(root, "docs/log/posts/port.md")
    assert article
    assert article.url == "https://harbour.example/notes/blog/2026/5/The/Port.html"
