"""Hugo's folders, beside what Hugo 0.168 publishes of them."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.model.article import Article
from tests.dialects import Published, copy_site, needs_sites, publish, read_truth, write_files

CONFIGURATION = """\
baseURL = "https://harbour.example/notes"
title = "Notes from the harbour"
defaultContentLanguage = "en"
timeZone = "Europe/Berlin"
[params]
description = "Tides and boats"
author = {name = "Harbour office"}
[languages.en]
weight = 1
[languages.nb]
weight = 2
title = "Notater"
[languages.nb.permalinks]
posts = "/p/:slug/"
[permalinks.page]
posts = "/:year/:01/:weekdayname/:slugorcontentbasename/"
"posts/boats" = "/:sections[last]/:sections[:last]/:title"
[permalinks.section]
posts = "/all/"
[frontmatter]
date = [":filename", ":default"]
[[cascade]]
categories = ["Fleet"]
[cascade.target]
path = "{/posts/boats/**,/yard/**}"
[uglyURLs]
yard = true
[markup.goldmark.extensions.passthrough]
enable = true
"""
DAY = "date: 2026-05-04T23:30:00-05:00\n"
FILES = {
    "hugo.toml": CONFIGURATION,
    "content/_index.md": "---\ntitle: Home\n---\n",
    "content/posts/_index.md": "---\ntitle: Posts\ncascade:\n  params: {author: Crew}\n---\n",
    "content/posts/First Light & co.md": f"---\ntitle: First light\n{DAY}---\nText.\n",
    "content/posts/2026-05-01-tides.md": "+++\ntitle = 'Tides'\ntags = ['sea', 'Sea level']\n"
    "lastmod = 2026-05-02\n+++\nMorning.\n\n<!--more-->\n\nNight.\n",
    "content/posts/vind.nb.md": f"---\nTitle: Vind\n{DAY}slug: -Høy vind-\n---\nText.\n",
    "content/posts/plain.de.md": f"---\ntitle: Plain\n{DAY}---\nText.\n",
    "content/posts/own.md": f"---\ntitle: Own\n{DAY}url: /:year/Own.html\n---\nText.\n",
    "content/posts/egen.nb.md": f"---\ntitle: Egen\n{DAY}url: egen/side\n---\nText.\n",
    "content/posts/boats/_index.md": "---\ntitle: Boats\n"
    "cascade:\n- target: {kind: section}\n  draft: true\n- tags: [boats]\n---\n",
    "content/posts/boats/ferry/index.md": f"---\ntitle: The C# ferry + 1\n{DAY}"
    "images: [ferry.jpg]\n---\nText.\n",
    "content/posts/boats/ferry/crew.md": f"---\ntitle: Crew\n{DAY}---\nA part of it.\n",
    "content/posts/boats/deep/tug.md": f"---\ntitle: Tug\n{DAY}tags: [own]\n---\nText.\n",
    "content/yard/dock.html": f"---\ntitle: Dock\n{DAY}summary: Dry.\n---\n<p>Text.</p>\n",
    "content/yard/published.md": "---\ntitle: When\npubdate: 2026-05-03\n---\nText.\n",
    "content/yard/json.md": '{"title": "Data", "date": "2026-05-05"}\nText.\n',
    "content/yard/draft.md": f"---\ntitle: Draft\ndraft: true\n{DAY}---\nText.\n",
    "content/yard/never.md": f"---\ntitle: Never\nbuild: {{render: never}}\n{DAY}---\nText.\n",
    "content/yard/part.md": f"---\ntitle: Part\nheadless: true\n{DAY}---\nText.\n",
    "content/about.md": "---\ntitle: About\n---\nNo date.\n",
    "content/bare.md": "No front matter.\n",
}
BASE = "https://harbour.example/notes"
LATE = "2026-05-05T04:30:00"


def read(root: Path, path: str) -> Article:
    folder = SiteFolder.open(root)
    text = folder.read(path)
    assert isinstance(text, str)
    article, _ = folder.read_article(text, path)
    assert article
    return article


def test_pages_are_published_as_hugo_does(tmp_path: Path) -> None:
    assert publish(write_files(tmp_path, FILES)) == {
        f"content/{file}": Published(f"{BASE}/{url}", title, date, topics)
        for file, url, title, date, topics in (
            ("posts/First Light & co.md", "2026/05/monday/first-light-co/", "First light",
             LATE, ()),
            ("posts/2026-05-01-tides.md", "2026/05/friday/tides/", "Tides", "2026-04-30T22:00:00",
             ("sea", "Sea level")),
            ("posts/vind.nb.md", "nb/p/h%C3%B8y-vind/", "Vind", LATE, ()),
            ("posts/plain.de.md", "2026/05/monday/plain.de/", "Plain", LATE, ()),
            ("posts/own.md", "2026/Own.html", "Own", LATE, ()),
            ("posts/egen.nb.md", "nb/egen/side/", "Egen", LATE, ()),
            ("posts/boats/ferry/index.md", "boats/posts/the-c%23-ferry--1/", "The C# ferry + 1",
             LATE, ("Fleet", "boats")),
            ("posts/boats/deep/tug.md", "boats/posts/tug/", "Tug", LATE, ("Fleet", "own")),
            ("yard/dock.html", "yard/dock.html", "Dock", LATE, ("Fleet",)),
            ("yard/published.md", "yard/published.html", "When", "2026-05-02T22:00:00",
             ("Fleet",)),
            ("yard/json.md", "yard/json.html", "Data", "2026-05-04T22:00:00", ("Fleet",)),
        )
    }  # fmt: skip


def test_the_configuration_describes_the_site(tmp_path: Path) -> None:
    folder = SiteFolder.open(write_files(tmp_path, FILES))
    site = folder.site
    assert (site.title, site.description, site.timezone, site.language, site.math) == (
        "Notes from the harbour", "Tides and boats", "Europe/Berlin", "en", True,
    )  # fmt: skip
    assert site.author
    assert site.author.name == "Harbour office"
    assert folder.dialect
    assert folder.dialect.describe() == (
        "Hugo, permalink /:sections[last]/:sections[:last]/:title,"
        " /:year/:01/:weekdayname/:slugorcontentbasename/"
    )


def test_other_processes_can_read_the_pages(tmp_path: Path) -> None:
    folder = SiteFolder.open(write_files(tmp_path, FILES))
    assert {folder} == {SiteFolder.open(tmp_path)}
    dialect = folder.dialect
    assert dialect
    assert dialect.zone
    copy = pickle.loads(pickle.dumps(dialect))
    assert (copy, copy.digest, copy.zone) == (dialect, dialect.digest, dialect.zone)


def test_excerpts_authors_and_pictures(tmp_path: Path) -> None:
    root = write_files(tmp_path, FILES)
    tides = read(root, "content/posts/2026-05-01-tides.md")
    assert tides.excerpt == "Morning."
    assert tides.updated.isoformat() == "2026-05-01T22:00:00+00:00"
    assert tides.provider
    assert tides.provider.name == "Crew"
    assert read(root, "content/yard/dock.html").excerpt == "Dry."
    ferry = read(root, "content/posts/boats/ferry/index.md")
    assert [image.url for image in ferry.images] == [f"{ferry.url}ferry.jpg"]


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"config.yaml": "baseURL: https://e.org\n"}, "posts/a-b/ posts/c.nb/ sub/d/"),
        (
            {"hugo.json": '{"baseURL": "https://e.org", "defaultContentLanguageInSubdir": true}'},
            "en/posts/a-b/ en/posts/c.nb/ en/sub/d/",
        ),
        (
            {
                "config/_default/hugo.toml": "baseURL = 'http://localhost:1313/'\n",
                "config/_default/permalinks.toml": "sub = '/:section/x/:filename'\n",
                "config/_default/languages.nb.toml": "weight = 2\n",
                "config/_default/languages.en.toml": "weight = 1\n",
                "config/production/config.toml": "baseURL = 'https://e.org/'\n",
            },
            "posts/a-b/ nb/posts/c/ sub/x/d/",
        ),
        (
            {
                "hugo.toml": "baseURL = 'https://e.org/'\ndisablePathToLower = true\n"
                "[languages.en]\nweight = 1\n[languages.nb]\ndisabled = true\n"
            },
            "posts/A-B/ sub/d/",
        ),
        (
            {
                "hugo.toml": "baseURL = 'https://e.org/'\n"
                "[languages.en]\nbaseURL = 'https://e.org/en-site/'\n"
                "[languages.nb]\nbaseURL = 'https://e.org/nb-site/'\n"
            },
            "en-site/posts/a-b/ nb-site/posts/c/ en-site/sub/d/",
        ),
        (
            {
                "hugo.toml": "baseURL = 'https://e.org/'\n[[permalinks]]\npattern = '/n/:slug/'\n"
                "[permalinks.target]\nkind = 'page'\npath = '/sub/**'\n"
            },
            "posts/a-b/ posts/c.nb/ n/d/",
        ),
        (
            {
                "hugo.toml": "baseURL = 'https://e.org/'\n[languages.en]\n"
                "contentDir = 'content/posts'\n[languages.nb]\ncontentDir = 'content/sub'\n"
            },
            "a-b/ nb/c/ nb/d/",
        ),
        (
            {
                "hugo.toml": "baseURL = 'https://e.org/'\n[[module.mounts]]\n"
                "source = 'content/sub'\ntarget = 'content/mounted'\n"
            },
            "mounted/d/",
        ),
        (
            {
                "hugo.toml": "baseURL = 'https://e.org/'\n",
                "content/sub/_index.md": "---\ntitle: Sub\nslug: below\n---\n",
            },
            "posts/a-b/ posts/c.nb/ below/d/",
        ),
    ],
)
def test_urls_by_configuration(
    tmp_path: Path, configuration: dict[str, str], expected: str
) -> None:
    page = "---\ntitle: {}\ndate: 2026-05-01\n---\nText.\n"
    files = {
        "content/posts/A B.md": page.format("A"),
        "content/posts/c.nb.md": page.format("C"),
        "content/sub/d.md": page.format("D"),
    }
    found = publish(write_files(tmp_path, files | configuration))
    assert [row.url for row in found.values()] == [
        f"https://e.org/{url}" for url in expected.split()
    ]


def test_pages_without_a_date_are_no_mistake(tmp_path: Path) -> None:
    root = write_files(tmp_path, FILES)
    folder = SiteFolder.open(root)
    article, problems = folder.read_article(FILES["content/about.md"], "content/about.md")
    assert article is None
    assert [str(problem) for problem in problems] == [
        "content/about.md:2: warning: no usable date, so the article is left out; it needs date"
    ]


def test_the_date_of_publication_is_that_of_hugos_feeds(tmp_path: Path) -> None:
    root = write_files(tmp_path, FILES | {
        "content/yard/early.md": "---\ntitle: Early\ndate: 2099-01-01\npublishDate: 2026-05-01\n"
        "expiryDate: 2026-06-01\n---\nText.\n",
    })  # fmt: skip
    article = read(root, "content/yard/early.md")
    assert article.published.isoformat() == "2026-04-30T22:00:00+00:00"
    assert article.expires
    assert article.expires.isoformat() == "2026-05-31T22:00:00+00:00"


def test_the_permalink_of_feeds_yaml_wins(tmp_path: Path) -> None:
    settings = "title: A\nurl: https://f.example/\npermalink: /blog/:year/:name.html\n"
    root = write_files(tmp_path, FILES | {"feeds.yaml": settings})
    assert publish(root)["content/yard/dock.html"].url == f"{BASE}/blog/2026/dock.html"


def test_a_changed_section_rereads_its_own_pages_alone(tmp_path: Path) -> None:
    root, catalog = write_files(tmp_path / "site", FILES), Catalog(tmp_path / "index.sqlite")

    def sync() -> int:
        return catalog.sync(SiteFolder.open(root)).read

    assert (sync(), sync()) == (16, 0)
    section = root / "content/posts/boats/_index.md"
    section.write_text("---\ntitle: Boats\ncascade: {tags: [ships]}\n---\n", encoding="utf-8")
    assert (sync(), sync()) == (2, 0)
    (root / "content/posts/boats/ferry/new.md").write_text("Another part of it.\n")
    assert sync() == 0
    catalog.close()


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    write_files(tmp_path, {"secret/a.md": f"---\ntitle: Secret\n{DAY}---\nText.\n"})
    (tmp_path / "site").mkdir()
    (tmp_path / "site/content").symlink_to(tmp_path / "secret")
    for folder in ("../secret", str(tmp_path / "secret"), "content/\\u0000"):
        text = f'{{"baseURL": "https://e.org/", "contentDir": "{folder}"}}'
        root = write_files(tmp_path / "site", {"hugo.json": text})
        assert SiteFolder.open(root).dialect is None
    (root / "content").unlink()
    loop = write_files(tmp_path / "loop", {"hugo.toml": "", "content/a.md": "Text.\n"})
    (loop / "content/again").symlink_to(loop)
    assert SiteFolder.open(loop).dialect


@needs_sites
@pytest.mark.parametrize("name", "default lang langsub perma perma2".split())
def test_what_hugo_itself_publishes(tmp_path: Path, name: str) -> None:
    root = copy_site("hugo", tmp_path / "site", {"hugo.toml": f"hugo-{name}.toml"})
    found = publish(root)
    expected = {
        file: row._replace(topics=tuple(topic.partition("=")[2] for topic in row.topics))
        for file, (row, _) in read_truth(f"rules-hugo/{name}.tsv").items()
        # Pages without a date are no articles, and the URL of one that is not rendered is empty.
        if not row.date.startswith("0001") and row.url != "https://e.org"
    }
    # Hugo's lists have a date in the future, its feeds one in the past; a title is required.
    early, untitled = (f"content/posts/{name}.md" for name in ("pubdate-past", "no-title"))
    expected[early] = expected[early]._replace(date=found[early].date)
    expected[untitled] = expected[untitled]._replace(title="No title")
    assert found[early].date in ("2024-01-01T00:00:00", "2023-12-31T23:00:00")
    # Others are held back by their dates.
    held = {"content/posts/expired.md", "content/posts/future.md"}
    assert {file: row for file, row in found.items() if file not in held} == expected
