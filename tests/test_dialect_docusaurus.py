"""Docusaurus' blogs, beside what its plugin of release 3.10 publishes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.model.article import Article
from tests.dialects import Published, copy_site, needs_sites, publish, read_truth, write_files

CONFIGURATION = """\
// url: 'https://commented.example',
import type {Config} from '@docusaurus/types';
const PLACE = 'https://harbour.example';
const options = {title: 'Menu', url: 'https://menu.example'};
const config: Config = {
  ...options, title: "Notes from the harbour", url: PLACE, baseUrl: '/notes/',
  presets: [['classic', {docs: false, blog: {path: './log', routeBasePath: '/log'}}]],
  plugins: [() => ({name: 'x'}), ['@docusaurus/plugin-content-blog',
    {id: 'news', path: 'news', routeBasePath: 'news/all'}]],
};
export default config;
"""
FILES = {
    "docusaurus.config.ts": CONFIGURATION,
    "log/authors.yml": "mate: {name: The mate, url: https://mate.example}\ncook: {name: Cook}\n",
    "log/tags.yml": "sea: {label: The sea, permalink: /sea}\n",
    "log/2026-05-01-First Light.md": "---\ntitle: First light\n"
    "tags: [sea, {label: Sky, permalink: /sky}, tides]\n"
    "authors: [mate, {name: A guest}]\n---\nMorning.\n\n<!-- truncate -->\n\nMore.\n",
    "log/2026-5-2-tides/index.mdx": "import Chart from './chart';\n\n# Tides *today* {#tides}\n\n"
    "High.\n\n{/* truncate */}\n\nLow.\n",
    "log/boats/2026/05-03/ferry.md": "---\nslug: /the/ferry/\ntitle: The ferry\n"
    "date: 2026-05-03T10:00:00+02:00\nimage: /img/ferry.png\n---\nText.\n",
    "log/undated.md": "---\ntitle: Undated\ndate: 2026-05-04 08:15\nauthor: Ann\n---\nText.\n",
    "log/_parts/2026-05-05-part.md": "---\ntitle: A part\n---\nText.\n",
    "log/2026-05-06-draft.md": "---\ntitle: Draft\ndraft: true\n---\nText.\n",
    "log/2026-05-07-unlisted.md": "---\ntitle: Unlisted\nunlisted: true\n---\nText.\n",
    "news/2026-05-08-opening.md": "---\ntitle: Opening\nauthors: {name: The mate}\n---\nText.\n",
    "docs/intro.md": "---\ntitle: No post\n---\nText.\n",
}
BASE = "https://harbour.example/notes"


def read(root: Path, path: str) -> Article:
    folder = SiteFolder.open(root)
    text = folder.read(path)
    assert isinstance(text, str)
    article, problems = folder.read_article(text, path)
    assert article
    assert not problems
    return article


def test_posts_are_published_as_docusaurus_does(tmp_path: Path) -> None:
    assert publish(write_files(tmp_path, FILES)) == {
        "log/2026-05-01-First Light.md": Published(
            f"{BASE}/log/2026/05/01/First%20Light", "First light", "2026-05-01T00:00:00",
            ("The sea", "Sky", "tides"),
        ),
        "log/2026-5-2-tides/index.mdx": Published(
            f"{BASE}/log/2026/5/2/tides", "Tides *today*", "2026-05-02T00:00:00", ()
        ),
        "log/boats/2026/05-03/ferry.md": Published(
            f"{BASE}/log/the/ferry/", "The ferry", "2026-05-03T08:00:00", ()
        ),
        "log/undated.md": Published(
            f"{BASE}/log/undated", "Undated", "2026-05-04T08:15:00", ()
        ),
        "news/2026-05-08-opening.md": Published(
            f"{BASE}/news/all/2026/05/08/opening", "Opening", "2026-05-08T00:00:00", ()
        ),
    }  # fmt: skip


def test_the_configuration_describes_the_site(tmp_path: Path) -> None:
    folder = SiteFolder.open(write_files(tmp_path, FILES))
    assert folder.site.title == "Notes from the harbour"
    assert folder.dialect
    assert folder.dialect.describe() == "Docusaurus, its blog at /log/ and /news/all/"


def test_authors_the_excerpt_and_the_picture_of_a_post(tmp_path: Path) -> None:
    root = write_files(tmp_path, FILES)
    first = read(root, "log/2026-05-01-First Light.md")
    assert first.provider
    assert (first.provider.name, first.excerpt) == ("The mate, A guest", "Morning.")
    assert first.id == first.url
    tides = read(root, "log/2026-5-2-tides/index.mdx")
    assert tides.excerpt == "High."
    assert "<h1" not in tides.body  # it is the title
    assert [image.url for image in read(root, "log/boats/2026/05-03/ferry.md").images] == [
        f"{BASE}/img/ferry.png"
    ]


@pytest.mark.parametrize(
    ("slash", "path"), [("true", "/log/the/ferry/"), ("false", "/log/the/ferry")]
)
def test_a_trailing_slash_is_that_of_the_configuration(
    tmp_path: Path, slash: str, path: str
) -> None:
    files = FILES | {
        "docusaurus.config.ts": CONFIGURATION.replace("title:", f"trailingSlash: {slash}, title:")
    }
    rows = publish(write_files(tmp_path, files))
    assert rows["log/boats/2026/05-03/ferry.md"].url == f"{BASE}{path}"


def test_changed_authors_reread_their_blog_alone(tmp_path: Path) -> None:
    root, catalog = write_files(tmp_path / "site", FILES), Catalog(tmp_path / "index.sqlite")

    def sync() -> int:
        return catalog.sync(SiteFolder.open(root)).read

    # A draft and an unlisted post are read too.
    assert (sync(), sync()) == (7, 0)
    (root / "log/authors.yml").write_text("mate: {name: The first mate}\n", encoding="utf-8")
    assert (sync(), sync()) == (6, 0)
    (root / "news/tags.yml").write_text("sea: {label: Sea}\n", encoding="utf-8")
    assert (sync(), sync()) == (1, 0)
    catalog.close()


def test_a_site_without_a_blog_is_none(tmp_path: Path) -> None:
    files = {"docusaurus.config.js": "module.exports = {presets: [['classic', {blog: false}]]};",
             "blog/2026-05-01-a.md": "---\ntitle: A\n---\nText.\n"}  # fmt: skip
    assert SiteFolder.open(write_files(tmp_path, files)).dialect is None


def test_a_permalink_of_feeds_yaml_wins(tmp_path: Path) -> None:
    settings = "title: A\nurl: https://f.example/\npermalink: /:year/:slug/\n"
    rows = publish(write_files(tmp_path, FILES | {"feeds.yaml": settings}))
    assert rows["news/2026-05-08-opening.md"].url == f"{BASE}/2026/opening/"


@needs_sites
@pytest.mark.parametrize(
    ("name", "configuration"),
    [
        ("default", "{url: 'https://e.org', baseUrl: '/', presets: ['classic']}"),
        (
            "root",
            "{url: 'https://e.org', baseUrl: '/base/', trailingSlash: true,"
            " presets: [['classic', {blog: {routeBasePath: '/'}}]]}",
        ),
    ],
)
def test_what_docusaurus_itself_publishes(tmp_path: Path, name: str, configuration: str) -> None:
    root = copy_site("docusaurus", tmp_path / "site", {})
    write_files(root, {"docusaurus.config.js": f"module.exports = {configuration};"})
    rows = read_truth(f"rules-docusaurus/{name}.tsv").items()
    assert publish(root) == {
        file: row for file, (row, extra) in rows if "unlisted=true" not in extra
    }
