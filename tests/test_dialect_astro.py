"""Astro's folders of content, beside what Astro 5 publishes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.catalog.folder import SiteFolder
from tests.dialects import Published, copy_site, needs_sites, publish, read_truth, write_files

CONTENT = """\
import { defineCollection, z } from 'astro:content';
import { glob } from 'astro/loaders';
// const old = defineCollection({ loader: glob({ base: './old', pattern: '**/*.md' }) });
const journal = defineCollection({
  loader: glob({ base: './content/log', pattern: '**/[^_]*.{md,mdx}' }),
  schema: z.object({ title: z.string(), draft: z.boolean().optional() }).passthrough(),
});
const notes = defineCollection({ loader: glob({ base: './src/content/notes', pattern: '*.md' }) });
const people = defineCollection({ loader: glob({ base: './people', pattern: '**/*.md' }) });
export const collections = { log: journal, notes, people };
"""
PAGE = """\
---
import {{ getCollection }} from 'astro:content';
export async function getStaticPaths() {{
  const entries = await getCollection('{name}');
  return entries.map((entry) => ({{ params: {{ {param}: {id} }}, props: {{ entry }} }}));
}}
---
<p>{{Astro.props.entry.data.title}}</p>
"""
FILES = {
    "astro.config.mjs": "import { defineConfig } from 'astro/config';\n"
    "import { SITE } from './src/site';\n"
    "export default defineConfig({ site: SITE.url, base: '/notes' });\n",
    "src/site.ts": "export const SITE: Site = { title: 'Notes', url: 'https://harbour.example' };\n"
    "interface Site { title: string; url: string }\n",
    "src/content.config.ts": CONTENT,
    "src/pages/log/[...slug].astro": PAGE.format(name="log", param="slug", id="entry.id"),
    "src/pages/n/[id].astro": PAGE.format(name="notes", param="id", id="entry.id"),
    "src/pages/tags/[tag].astro": PAGE.format(name="log", param="tag", id="entry.id"),
    "src/pages/old/harbour days.md": "---\ntitle: Harbour days\ndate: 2026-05-06\n---\nText.\n",
    "content/log/2026-05-01 First Light & co.md": "---\ntitle: First light\npubDate: 2026-05-01\n"
    "tags: [sea, sky]\ncategory: News\nheroImage: /ferry.png\nauthor: {name: The mate}\n"
    "description: A morning.\n---\nText.\n",
    "content/log/Tides/index.mdx": "---\ntitle: Tides\npubDate: May 02 2026\n"
    "updatedDate: 2026-05-04\n---\nText.\n",
    "content/log/own.md": "---\ntitle: Own\nslug: my/Own_place\n"
    "pubDate: 2026-05-03T10:00:00+02:00\n---\nText.\n",
    "content/log/_hidden.md": "---\ntitle: Hidden\npubDate: 2026-05-03\n---\nText.\n",
    "content/log/draft.md": "---\ntitle: Draft\ndraft: true\npubDate: 2026-05-03\n---\nText.\n",
    "src/content/notes/übersicht.v2.md": "---\ntitle: Overview\ndate: 2026-05-05\n---\nText.\n",
    "people/mate.md": "---\ntitle: The mate\n---\nNo article.\n",
}
BASE = "https://harbour.example/notes"


def test_articles_are_published_as_astro_does(tmp_path: Path) -> None:
    assert publish(write_files(tmp_path, FILES)) == {
        "content/log/2026-05-01 First Light & co.md": Published(
            f"{BASE}/log/2026-05-01-first-light--co/", "First light", "2026-05-01T00:00:00",
            ("News", "sea", "sky"),
        ),
        "content/log/Tides/index.mdx": Published(
            f"{BASE}/log/tides/", "Tides", "2026-05-02T00:00:00", ()
        ),
        "content/log/own.md": Published(
            f"{BASE}/log/my/Own_place/", "Own", "2026-05-03T08:00:00", ()
        ),
        "src/content/notes/übersicht.v2.md": Published(
            f"{BASE}/n/%C3%BCbersichtv2/", "Overview", "2026-05-05T00:00:00", ()
        ),
        "src/pages/old/harbour days.md": Published(
            f"{BASE}/old/harbour%20days/", "Harbour days", "2026-05-06T00:00:00", ()
        ),
    }  # fmt: skip


def test_the_keys_of_an_article(tmp_path: Path) -> None:
    folder = SiteFolder.open(write_files(tmp_path, FILES))
    path = "content/log/2026-05-01 First Light & co.md"
    article, problems = folder.read_article(FILES[path], path)
    assert article
    assert article.provider
    assert not problems
    assert (article.provider.name, article.excerpt) == ("The mate", "A morning.")
    # A file of the site, from its root on.
    assert [image.url for image in article.images] == ["https://harbour.example/ferry.png"]
    path = "content/log/Tides/index.mdx"
    article, _ = folder.read_article(FILES[path], path)
    assert article
    assert article.updated.isoformat() == "2026-05-04T00:00:00+00:00"


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ("", "/log/tides/"),
        ("trailingSlash: 'never'", "/log/tides"),
        ("build: { format: 'file' }", "/log/tides.html"),
    ],
)
def test_the_end_of_paths_is_that_of_the_configuration(
    tmp_path: Path, options: str, path: str
) -> None:
    files = FILES | {"astro.config.mjs": f"export default {{ site: 'https://e.org', {options} }};"}
    rows = publish(write_files(tmp_path, files))
    assert rows["content/log/Tides/index.mdx"].url == f"https://e.org{path}"


def test_paths_that_are_code_are_said(tmp_path: Path) -> None:
    root = write_files(tmp_path, FILES)
    dialect = SiteFolder.open(root).dialect
    assert dialect
    assert dialect.describe() == "Astro, permalink /log/:id/, /n/:id/, /:id/"
    code = PAGE.format(name="log", param="slug", id="pathOf(entry)")
    write_files(root, {"src/pages/log/[...slug].astro": code})
    dialect = SiteFolder.open(root).dialect
    assert dialect
    assert dialect.describe() == (
        "Astro, permalink /log/:id/, /n/:id/, /:id/"
        " (code may give other URLs: permalink in feeds.yaml says which)"
    )
    for page in ("log/[...slug]", "n/[id]", "old/harbour days"):
        (root / f"src/pages/{page}{'.md' if ' ' in page else '.astro'}").unlink()
    folder = SiteFolder.open(root)
    assert folder.dialect
    assert folder.dialect.describe() == (
        "Astro (code may give other URLs: permalink in feeds.yaml says which)"
    )
    path = "content/log/own.md"
    assert [str(problem) for problem in folder.read_article(FILES[path], path)[1]] == [
        f"{path}:2: no usable URL, so the article is left out; it needs permalink in feeds.yaml"
    ]
    settings = "title: A\nurl: https://e.org/\npermalink: /:year/:slug\n"
    rows = publish(write_files(root, {"feeds.yaml": settings}))
    assert rows["content/log/Tides/index.mdx"].url == f"{BASE}/2026/tides"


@needs_sites
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("default", ""),
        ("base", "base: '/docs/', build: { format: 'file' }"),
        ("always", "base: '/docs/', trailingSlash: 'always'"),
    ],
)
def test_what_astro_itself_publishes(tmp_path: Path, name: str, options: str) -> None:
    root = copy_site("astro", tmp_path / "site", {})
    configuration = f"export default defineConfig({{ site: 'https://e.org', {options} }});"
    write_files(root, {"astro.config.mjs": configuration})
    rows = read_truth(f"rules-astro/{name}.tsv").items()
    assert publish(root) == {file: row for file, (row, extra) in rows if "draft=true" not in extra}
