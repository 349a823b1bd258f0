"""Eleventy's folders, beside what Eleventy 3.1 publishes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.dialects.eleventy_permalink import UnknownValueError, fill_in, template_of_code
from tests.dialects import Published, copy_site, needs_sites, publish, read_truth, write_files

FILES = {
    ".eleventy.js": "module.exports = function (config) {\n  config.addPassthroughCopy('img');\n"
    "  return {dir: {input: 'content', data: '../data'}, pathPrefix: '/notes/'};\n};\n",
    "package.json": '{"name": "notes"}',
    ".eleventyignore": "# Not yet\n**/_*.md\ncontent/old/\n",
    "content/log/_later.md": "---\ntitle: Later\ndate: 2026-05-08\n---\nText.\n",
    "content/old/2020-01-01-old.md": "---\ntitle: Old\n---\nText.\n",
    "data/site.json": '{"title": "Notes from the harbour", "url": "https://harbour.example",'
    ' "author": {"name": "The mate"}}',
    "content/log/log.json": '{"tags": ["log"], "author": "The crew"}',
    "content/log/2026-05-01-First Light.md": "---\ntitle: First light\n---\nMorning.\n",
    "content/log/2026-05-02-week/2026-05-02-week.md": "---\ntitle: The week\ntags: sea\n---\nT.\n",
    "content/log/boats/boats.11tydata.js": "module.exports = {tags: ['boats'],\n"
    "  permalink: ({page}) => `/b/${ page.fileSlug }.html`};\n",
    "content/log/boats/2026-05-03-ferry.md": "---\ntitle: The ferry\n---\nText.\n",
    "content/log/boats/own.md": "---\ntitle: It's Own & new\ndate: 2026-05-04T23:30:00-02:00\n"
    "permalink: \"/{{ page.date | date: '%Y/%m' }}/{{ title | slugify }}/\"\n---\nText.\n",
    "content/log/boats/own.11tydata.json": '{"tags": ["file"]}',
    "content/log/json.md": '---json\n{"title": "JSON", "date": "2026-05-05"}\n---\nText.\n',
    "content/log/js.md": '---js\n{title: "JavaScript", date: "2026-05-06", tags: ["a"]}\n---\nT.\n',
    "content/log/off.md": "---\ntitle: Off\ndate: 2026-05-07\npermalink: false\n---\nText.\n",
    "content/log/data.json": '{"no": "data of Eleventy"}',
    "content/log/undated.md": "---\ntitle: Undated\n---\nText.\n",
    "content/about.md": "---\ntitle: About\ndate: 2026-05-08\n---\nNo post.\n",
    "content/_includes/2026-05-09-part.md": "---\ntitle: A part\n---\nText.\n",
    "_site/log/2026-05-10-made.html": "---\ntitle: Made\n---\nText.\n",
}
BASE = "https://harbour.example/notes"
LOG = "content/log/"


def test_posts_are_published_as_eleventy_does(tmp_path: Path) -> None:
    assert publish(write_files(tmp_path, FILES)) == {
        f"{LOG}2026-05-01-First Light.md": Published(
            f"{BASE}/log/2026-05-01-First%20Light/", "First light", "2026-05-01T00:00:00", ("log",)
        ),
        f"{LOG}2026-05-02-week/2026-05-02-week.md": Published(
            f"{BASE}/log/2026-05-02-week/", "The week", "2026-05-02T00:00:00", ("log", "sea")
        ),
        f"{LOG}boats/2026-05-03-ferry.md": Published(
            f"{BASE}/b/ferry.html", "The ferry", "2026-05-03T00:00:00", ("log", "boats")
        ),
        f"{LOG}boats/own.md": Published(
            f"{BASE}/2026/05/its-own-and-new/", "It's Own & new", "2026-05-05T01:30:00",
            ("log", "boats", "file"),
        ),
        f"{LOG}json.md": Published(f"{BASE}/log/json/", "JSON", "2026-05-05T00:00:00", ("log",)),
        f"{LOG}js.md": Published(
            f"{BASE}/log/js/", "JavaScript", "2026-05-06T00:00:00", ("log", "a")
        ),
    }  # fmt: skip


def test_the_site_s_data_describe_it(tmp_path: Path) -> None:
    folder = SiteFolder.open(write_files(tmp_path, FILES))
    assert folder.site.title == "Notes from the harbour"
    assert folder.site.author
    assert folder.site.author.name == "The mate"
    assert folder.dialect
    assert folder.dialect.describe() == "Eleventy, permalink /b/{{ page.fileSlug }}.html"
    path = f"{LOG}json.md"
    article, _ = folder.read_article(FILES[path], path)
    assert article
    assert article.provider
    assert (article.provider.name, article.id) == ("The crew", article.url)


def test_a_page_without_a_date_is_no_mistake(tmp_path: Path) -> None:
    folder = SiteFolder.open(write_files(tmp_path, FILES))
    path = f"{LOG}undated.md"
    article, problems = folder.read_article(FILES[path], path)
    assert article is None
    assert [str(problem) for problem in problems] == [
        f"{path}:2: warning: no usable date, so the article is left out; it needs date"
    ]


def test_permalinks_that_are_code_are_left_to_feeds_yaml(tmp_path: Path) -> None:
    code = "module.exports = {permalink: data => makePath(data)};\n"
    files = {"eleventy.config.js": "export default () => {};\n", "log/log.11tydata.js": code,
             "log/2026-05-01-a.md": "---\ntitle: A\n---\nText.\n"}  # fmt: skip
    folder = SiteFolder.open(write_files(tmp_path, files))
    assert folder.dialect
    assert folder.dialect.describe() == (
        "Eleventy (code gives URLs: permalink in feeds.yaml says which)"
    )
    assert publish(tmp_path) == {}
    settings = "title: A\nurl: https://e.org/\npermalink: /:year/:slug/\n"
    rows = publish(write_files(tmp_path, {"feeds.yaml": settings}))
    assert rows["log/2026-05-01-a.md"].url == "https://e.org/2026/a/"


@pytest.mark.parametrize(
    ("name", "text", "url"),
    [
        ("_data/eleventyComputed.js", "module.exports = {permalink: (data) => `/${data.slug}/`};",
         "https://e.org/a-slug/"),
        ("_data/eleventyComputed.json", '{"permalink": "/{{ title | slugify }}/"}',
         "https://e.org/a-title/"),
        ("_data/eleventyComputed.js", "module.exports = {permalink: (data) => make(data)};", ""),
        (".eleventy.js", "module.exports = (c) => { c.addGlobalData('permalink', '/x.html'); };",
         "https://e.org/x.html"),
        (".eleventy.js", "module.exports = (c) => { c.addGlobalData('permalink', () => make); };",
         ""),
    ],
)  # fmt: skip
def test_a_permalink_of_all_pages(tmp_path: Path, name: str, text: str, url: str) -> None:
    files = {".eleventy.js": "", name: text,
             "log/2026-05-01-a.md": "---\ntitle: A title\nslug: a-slug\n---\nText.\n"}  # fmt: skip
    rows = publish(write_files(tmp_path, files))
    assert [row.url for row in rows.values()] == [url] * bool(url)


def test_changed_data_reread_what_they_decide(tmp_path: Path) -> None:
    root, catalog = write_files(tmp_path / "site", FILES), Catalog(tmp_path / "index.sqlite")

    def sync() -> int:
        return catalog.sync(SiteFolder.open(root)).read

    # One has no permalink and one no date: they are read too.
    assert (sync(), sync()) == (8, 0)
    (root / f"{LOG}boats/own.11tydata.json").write_text('{"tags": ["new"]}', encoding="utf-8")
    assert (sync(), sync()) == (1, 0)
    data = "module.exports = {permalink: '/boats/{{ page.fileSlug }}/'};"
    (root / f"{LOG}boats/boats.11tydata.js").write_text(data, encoding="utf-8")
    assert (sync(), sync()) == (2, 0)
    (root / f"{LOG}data.json").write_text("{}", encoding="utf-8")
    assert sync() == 0
    (root / f"{LOG}log.json").write_text('{"tags": "all"}', encoding="utf-8")
    assert (sync(), sync()) == (8, 0)
    catalog.close()


@pytest.mark.parametrize(
    ("code", "template"),
    [
        ("permalink: function({page}) {\n return `/web/${ page.fileSlug }/`\n}",
         "/web/{{ page.fileSlug }}/"),
        ("permalink: (data) => `/${data.slug}/`", "/{{ slug }}/"),
        ("permalink(data) { return `/${this.slugify(data.title)}/`; }", "/{{ title | slugify }}/"),
        ("permalink: data => data.draft ? false : `/${data.slug}/`", None),
        ("permalink: (data) => `/${data.tags[0]}/`", None),
        ("permalink: (data) => path(data)", None),
    ],
)  # fmt: skip
def test_functions_that_return_a_template(code: str, template: str | None) -> None:
    assert template_of_code(code) == template


@pytest.mark.parametrize(
    "template", ["/{{ a | filter }}/", "/{{ b }}/", "/{% if a %}x{% endif %}/", "/{{ a", "/{{ }}/"]
)
def test_templates_that_need_code_are_unknown(template: str) -> None:
    with pytest.raises(UnknownValueError):
        fill_in(template, {"a": "x"}.get)


@needs_sites
def test_what_eleventy_itself_publishes(tmp_path: Path) -> None:
    root = copy_site("eleventy", tmp_path / "site", {})
    expected = {
        file: row._replace(topics=tuple(dict.fromkeys(row.topics)))
        for file, (row, _) in read_truth("rules-eleventy/default.tsv").items()
        # Without a date, a page has that of its file there.
        if row.date
        and not row.date.startswith(("2026-11-28", "Invalid"))
        # The keys of drafts are the site's own code, and these two are held back.
        and file not in ("src/posts/draft.md", "src/posts/excluded.md", "src/posts/perma-false.md")
    }
    assert publish(root) == expected
