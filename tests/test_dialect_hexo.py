"""Hexo's folders, beside what Hexo 8 publishes of them in the zone of the site."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest

from feeds.catalog.folder import SiteFolder
from tests.dialects import Published, copy_site, needs_sites, publish, read_truth, write_files

CONFIGURATION = """\
title: Notes from the harbour
author: The mate
url: https://harbour.example/notes
root: /notes/
timezone: Europe/Berlin
language: de
permalink: :category/:year/:i_month/:title.html
new_post_name: :year-:month-:day-:title.md
default_category: log
category_map: {Sea Level: sea}
pretty_urls: {trailing_html: false}
"""
FILES = {
    "_config.yml": CONFIGURATION,
    "source/_posts/2026-05-01-First Light.md": "---\ntitle: First light\ntags: sky\n---\n"
    "Morning.\n<!-- more -->\nMore.\n",
    "source/_posts/2026-05-02-tides.md": "title: Tides\ndate: 2026-05-02 01:30\n"
    "categories: [[Sea Level, High Water], [News, Today]]\ntags:\n\t- high\n\t- low\n---\nText.\n",
    "source/_posts/boats/ferry.md": "---\ntitle: The ferry\ndate: 2026-05-03T10:00:00+02:00\n"
    "updated: 2026-05-04 12:00:00\ncategory: Sea Level\ncover: /img/ferry.png\n---\nText.\n",
    "source/_posts/json.md": '"title": "JSON",\n"date": "2026/05/04 10:00"\n;;;\nText.\n',
    "source/_posts/own.md": "----\ntitle: Own\ndate: 2026-05-05\npermalink: own/place.html\n"
    "----\nText.\n",
    "source/_posts/off.md": "---\ntitle: Off\ndate: 2026-05-06\npublished: false\n---\nText.\n",
    "source/_posts/_hidden.md": "---\ntitle: Hidden\ndate: 2026-05-06\n---\nText.\n",
    "source/_drafts/idea.md": "---\ntitle: Idea\n---\nText.\n",
    "source/about/index.md": "---\ntitle: About\ndate: 2026-05-06\n---\nNo post.\n",
}  # fmt: skip
BASE = "https://harbour.example/notes"


def test_posts_are_published_as_hexo_does(tmp_path: Path) -> None:
    assert publish(write_files(tmp_path, FILES)) == {
        "source/_posts/2026-05-01-First Light.md": Published(
            f"{BASE}/log/2026/5/First%20Light", "First light", "2026-04-30T22:00:00", ("sky",)
        ),
        "source/_posts/2026-05-02-tides.md": Published(
            f"{BASE}/News/Today/2026/5/tides", "Tides", "2026-05-01T23:30:00",
            ("Sea Level", "High Water", "News", "Today", "high", "low"),
        ),
        # An offset is that of a clock in UTC, which is then taken for the site's own.
        "source/_posts/boats/ferry.md": Published(
            f"{BASE}/sea/2026/5/boats-ferry", "The ferry", "2026-05-03T06:00:00", ("Sea Level",)
        ),
        "source/_posts/json.md": Published(
            f"{BASE}/log/2026/5/json", "JSON", "2026-05-04T08:00:00", ()
        ),
        "source/_posts/own.md": Published(
            f"{BASE}/own/place", "Own", "2026-05-04T22:00:00", ()
        ),
    }  # fmt: skip


def test_the_configuration_describes_the_site(tmp_path: Path) -> None:
    site = SiteFolder.open(write_files(tmp_path, FILES)).site
    assert (site.title, site.timezone, site.language) == (
        "Notes from the harbour", "Europe/Berlin", "de",
    )  # fmt: skip
    assert site.author
    assert site.author.name == "The mate"
    assert site.future


def test_the_excerpt_the_update_and_the_picture_of_a_post(tmp_path: Path) -> None:
    folder = SiteFolder.open(write_files(tmp_path, FILES))
    path = "source/_posts/2026-05-01-First Light.md"
    article, _ = folder.read_article(FILES[path], path)
    assert article
    assert article.excerpt == "Morning."
    path = "source/_posts/boats/ferry.md"
    article, _ = folder.read_article(FILES[path], path)
    assert article
    assert article.id == article.url
    assert article.updated.isoformat() == "2026-05-04T10:00:00+00:00"
    assert [image.url for image in article.images] == [f"{BASE}/img/ferry.png"]


def test_a_line_of_dashes_in_a_text_ends_no_front_matter(tmp_path: Path) -> None:
    path = "source/_posts/2026-05-01-plain.md"
    text = "Only text.\n\n---\n\nMore: of it.\n"
    folder = SiteFolder.open(write_files(tmp_path, {"_config.yml": CONFIGURATION, path: text}))
    article, _ = folder.read_article(text, path)
    assert article
    assert article.title == "Plain"
    assert "Only text." in article.body


def test_slugs_of_categories_are_those_of_hexo(tmp_path: Path) -> None:
    settings = "url: https://e.org\npermalink: :category/:name/\n"
    post = "---\ntitle: A\ndate: 2026-05-01\ncategories: {}\n---\nText.\n"
    slugs = {"Café & Øl": "Cafe-Ol", "Straße": "Strase", "ガイド": "ガイド", "Мой": "Мой",
             "C#/.NET": "C-NET", "Ｗｅｂ": "Web"}  # fmt: skip
    files = {f"source/_posts/{place}.md": post.format(name) for place, name in enumerate(slugs)}
    rows = publish(write_files(tmp_path, {"_config.yml": settings} | files)).values()
    assert [unquote(row.url).split("/")[3] for row in rows] == [*slugs.values()]


def test_the_posts_of_octopress_are_those_of_jekyll(tmp_path: Path) -> None:
    files = {"_config.yml": "url: https://e.org\n", "Gemfile": "gem 'jekyll'\n",
             "source/_posts/2026-05-01-a.md": "---\ntitle: A\n---\nText.\n"}  # fmt: skip
    dialect = SiteFolder.open(write_files(tmp_path, files)).dialect
    assert dialect
    assert dialect.name == "jekyll"


def test_folders_of_files_beside_posts_make_slashes(tmp_path: Path) -> None:
    settings = "url: https://e.org\npost_asset_folder: true\npermalink: p/:abbrlink\n"
    post = "---\ntitle: A\ndate: 2026-05-01\nabbrlink: 42\n---\nText.\n"
    files = {"_config.yml": settings, "source/_posts/a.md": post, "source/_posts/a/b.html": post}
    assert {row.url for row in publish(write_files(tmp_path, files)).values()} == {
        "https://e.org/p/42/"
    }


@needs_sites
@pytest.mark.parametrize(
    ("configuration", "name"),
    [("default", "default"), ("tz", "tz-local"), ("named", "named"), ("abbr", "abbr")],
)
def test_what_hexo_itself_publishes(tmp_path: Path, configuration: str, name: str) -> None:
    root = copy_site("hexo", tmp_path / "site", {"_config.yml": f"hexo-{configuration}.yml"})
    expected = {
        file: row
        for file, (row, extra) in read_truth(f"rules-hexo/{name}.tsv").items()
        # Without a date, a post has that of its file there.
        if "published=true" in extra and not row.date.startswith("2026-11-28")
    }
    # An article needs a title, which Hexo's may be without.
    untitled = "source/_posts/notitle.md"
    expected[untitled] = expected[untitled]._replace(title="Notitle")
    assert publish(root) == expected
