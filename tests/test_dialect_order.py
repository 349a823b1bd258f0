"""Each generator's folder is found as its own, whichever generators are known."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from feeds.catalog.folder import SiteFolder
from feeds.dialects import DIALECTS
from tests.dialects import SHARED, copy_site, needs_sites, write_files

POST = "---\ntitle: A\ndate: 2026-05-01\n---\nText.\n"
NAMES = [kind.name for kind in DIALECTS]
#: The files of the smallest folder of each generator, some with traces of another.
SMALLEST = {
    "docusaurus": {"docusaurus.config.js": "module.exports = {};", "blog/2026-05-01-a.md": POST},
    "astro": {
        "astro.config.mjs": "export default {};",
        "src/pages/blog/[...slug].astro": "getCollection('blog')",
        "src/content/blog/a.md": POST,
    },
    "eleventy": {
        ".eleventy.js": "",
        "_posts/_posts.json": '{"tags": "posts"}',
        "_posts/2026-05-01-a.md": POST,
        "_config.yml": "",
    },
    "hexo": {"_config.yml": "title: A\n", "source/_posts/a.md": POST},
    "jekyll": {
        "_config.yml": "title: A\n",
        "_posts/2026-05-01-a.md": POST,
        "package.json": '{"devDependencies": {"@11ty/eleventy": "3"}}',
    },
}
#: The sites beside the tables of truth, with the configurations that are not in them.
SITES = {
    "docusaurus": {"docusaurus.config.js": "module.exports = {presets: ['classic']};"},
    "astro": {},
    "eleventy": {},
    "hexo": {},
    "hugo": {},
    "jekyll": {"_config.yml": "title: A\n"},
    "mkdocs": {},
    "nikola": {},
}


@pytest.mark.parametrize("name", SMALLEST)
def test_the_smallest_folder_is_that_of_its_generator(tmp_path: Path, name: str) -> None:
    dialect = SiteFolder.open(write_files(tmp_path, SMALLEST[name])).dialect
    assert dialect
    assert dialect.name == name


@pytest.mark.parametrize("name", SMALLEST)
def test_another_process_gets_the_same_dialect(tmp_path: Path, name: str) -> None:
    dialect = SiteFolder.open(write_files(tmp_path, SMALLEST[name])).dialect
    assert dialect
    assert dialect.digest
    copy = pickle.loads(pickle.dumps(dialect))
    assert (copy, copy.data_digest) == (dialect, dialect.data_digest)


@needs_sites
@pytest.mark.parametrize("name", [name for name in SITES if name in NAMES])
def test_a_whole_site_is_that_of_its_generator(tmp_path: Path, name: str) -> None:
    assert (SHARED / "sites" / name).is_dir()
    root = write_files(copy_site(name, tmp_path / "site", {}), SITES[name])
    dialect = SiteFolder.open(root).dialect
    assert dialect
    assert dialect.name == name
