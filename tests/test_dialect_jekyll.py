"""Jekyll's folders, beside what Jekyll 4.3 publishes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.catalog.folder import SiteFolder
from tests.dialects import Published, copy_site, needs_sites, publish, read_truth, write_files

CONFIGURATION = """\
title: Notes from the harbour
url: https://harbour.example
baseurl: /notes
timezone: Europe/Berlin
permalink: /:categories/:year/:month/:title/
exclude: [_posts/old]
defaults:
- {scope: {path: ""}, values: {tags: [harbour]}}
- {scope: {path: _posts/boats, type: posts}, values: {tags: [boats], published: true}}
- {scope: {path: _posts/hidden}, values: {published: false}}
"""
FILES = {
    "_config.yml": CONFIGURATION,
    "_posts/2026-05-01-First Light & co.md": "---\n---\nMorning.\n\nMore.\n",
    "_posts/2026-05-02-tides.md": "---\ntitle: Tides\ndate: 2026-05-02 01:30\n"
    "categories: [Sea Level, News]\ntags: high low\n---\nText.\n",
    "_posts/boats/2026-5-3-ferry.markdown": "---\ntitle: The ferry\nslug: The Ferry!\n---\nText.\n",
    "_posts/hidden/2026-05-04-not-yet.md": "---\ntitle: Not yet\n---\nText.\n",
    "_posts/old/2020-01-01-old.md": "---\ntitle: Old\n---\nText.\n",
    "_posts/2026-05-05-own.md": "---\ntitle: Own\npermalink: /own/:day-:title\n---\nText.\n",
    "_posts/2026-05-06-off.md": "---\ntitle: Off\npublished: false\n---\nText.\n",
    "_posts/README.md": "No post.\n",
    "_drafts/idea.md": "---\ntitle: Idea\n---\nText.\n",
    "events/_posts/2026-05-07-regatta.html": "---\ntitle: Regatta\n---\n<p>Text.</p>\n",
    "about.md": "---\ntitle: About\n---\nNo post.\n",
    "node_modules/kit/_posts/2026-05-08-kit.md": "---\ntitle: Kit\n---\nText.\n",
}
BASE = "https://harbour.example/notes"


def test_posts_are_published_as_jekyll_does(tmp_path: Path) -> None:
    assert publish(write_files(tmp_path, FILES)) == {
        "_posts/2026-05-01-First Light & co.md": Published(
            f"{BASE}/2026/05/First-Light-&-co/", "First light & co", "2026-04-30T22:00:00",
            ("harbour",),
        ),
        "_posts/2026-05-02-tides.md": Published(
            f"{BASE}/sea%20level/news/2026/05/tides/", "Tides", "2026-05-01T23:30:00",
            ("Sea Level", "News", "high", "low"),
        ),
        "_posts/boats/2026-5-3-ferry.markdown": Published(
            f"{BASE}/2026/05/The-Ferry!/", "The ferry", "2026-05-02T22:00:00", ("boats",)
        ),
        "_posts/2026-05-05-own.md": Published(
            f"{BASE}/own/05-own", "Own", "2026-05-04T22:00:00", ("harbour",)
        ),
        "events/_posts/2026-05-07-regatta.html": Published(
            f"{BASE}/events/2026/05/regatta/", "Regatta", "2026-05-06T22:00:00",
            ("events", "harbour"),
        ),
    }  # fmt: skip


def test_the_configuration_describes_the_site(tmp_path: Path) -> None:
    site = SiteFolder.open(write_files(tmp_path, FILES)).site
    assert (site.title, site.timezone) == ("Notes from the harbour", "Europe/Berlin")


def test_ids_are_those_of_jekyll_feed(tmp_path: Path) -> None:
    folder = SiteFolder.open(write_files(tmp_path, FILES))
    article, _ = folder.read_article(
        FILES["_posts/2026-05-02-tides.md"], "_posts/2026-05-02-tides.md"
    )
    assert article
    assert article.id == f"{BASE}/sea%20level/news/2026/05/tides"
    assert article.excerpt == "Text."


@needs_sites
@pytest.mark.parametrize(
    "name",
    "base coll custom date default defaults noext none ordinal pretty tz weekdate".split(),
)
def test_what_jekyll_itself_publishes(tmp_path: Path, name: str) -> None:
    root = copy_site("jekyll", tmp_path / "site", {"_config.yml": f"jekyll-configs/_c_{name}.yml"})
    found = publish(root)
    expected = {file: row for file, (row, _) in read_truth(f"rules-jekyll/{name}.tsv").items()}
    expected = {file: row for file, row in expected.items() if not file.startswith("_drafts/")}
    # The table has paths without `baseurl`.
    base = "https://e.org/blog/" if name == "base" else "https://e.org/"
    assert {
        file: row._replace(url=row.url.replace(base, "https://e.org/"))
        for file, row in found.items()
        if file in expected
    } == expected
    assert {file for file in found if "2099" not in file or file in expected} == expected.keys()


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ("source: src\n", "src"),
        ("source: ./docs/site/\n", "docs/site"),
        ("source: .tmp/src\n", "src"),
        ("collections_dir: collections\n", "collections"),
        ("source: src\ncollections_dir: all\n", "src/all"),
        ("source: ../elsewhere\n", "."),
    ],
)
def test_the_posts_may_be_in_a_folder_of_their_own(
    tmp_path: Path, settings: str, folder: str
) -> None:
    more = "defaults: [{scope: {path: notes}, values: {tags: [short]}}]\n"
    write_files(tmp_path, {"_config.yml": f"{settings}url: https://harbour.example\n{more}"})
    post = "---\ntitle: Tides\n---\nText.\n"
    write_files(tmp_path / folder, {"notes/_posts/2026-05-01-tides.md": post})
    published = publish(tmp_path)
    assert [(each.url, each.topics) for each in published.values()] == [
        ("https://harbour.example/notes/2026/05/01/tides.html", ("notes", "short"))
    ]


def test_a_site_in_a_folder_is_not_one_of_the_folder_around_it(tmp_path: Path) -> None:
    post = "---\ntitle: Tides\n---\nText.\n"
    files = {"Gemfile": "", "docs/_config.yml": "", "docs/_posts/2026-05-01-tides.md": post}
    assert SiteFolder.open(write_files(tmp_path, files)).dialect is None
