"""Folders of articles in our own form, beside which the configuration of a generator lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.catalog.folder import SiteFolder
from tests.dialects import publish, write_files

OWN = """---
title: {title}
webUrl: https://harbour.example/{title}
publishedDateTime: 2026-05-0{day} 09:00
topics: [Sea]
---
Text.
"""
ARTICLES = {
    "articles/tides.md": OWN.format(title="Tides", day=1),
    "pages/boats.html": OWN.format(title="Boats", day=2),
    "2025/winds.md": OWN.format(title="Winds", day=3),
    "2024/undated.md": "---\ntitle: No date\noriginalUrl: https://harbour.example/\n---\nText.\n",
    "README.md": "About this folder.\n",
}
MARKERS = {
    "hexo": {"_config.yml": "title: Theirs\nurl: https://theirs.example\ntimezone: Asia/Tokyo\n",
             "package.json": '{"dependencies": {"hexo": "7"}, "hexo": {"version": "7"}}',
             "source/_posts/.gitkeep": ""},
    "jekyll": {"_config.yml": "title: Theirs\nfuture: true\ntimezone: Asia/Tokyo\n",
               "_posts/.gitkeep": ""},
    "hugo": {"hugo.toml": 'title = "Theirs"\nbaseURL = "https://theirs.example/"\n',
             "content/.gitkeep": ""},
    "zola": {"config.toml": 'base_url = "https://theirs.example"\n', "content/.gitkeep": ""},
    "eleventy": {".eleventy.js": "module.exports = {};\n",
                 "package.json": '{"devDependencies": {"@11ty/eleventy": "3"}}'},
    "mkdocs": {"mkdocs.yml": "site_name: Theirs\nplugins: [blog]\n", "docs/.gitkeep": ""},
    "pelican": {"pelicanconf.py": "SITENAME = 'Theirs'\n", "content/.gitkeep": ""},
    "nikola": {"conf.py": "BLOG_TITLE = 'Theirs'\nPOSTS = ()\n", "posts/.gitkeep": ""},
    "obsidian": {".obsidian/app.json": "{}"},
    "quartz": {"quartz.config.ts": "export default {configuration: {baseUrl: 'q.example'}}\n",
               "content/.gitkeep": ""},
    "gatsby": {"gatsby-config.js": "module.exports = {}\n", "content/.gitkeep": ""},
    "astro": {"astro.config.mjs": "export default {}\n", "src/pages/.gitkeep": ""},
    "docusaurus": {"docusaurus.config.js": "module.exports = {}\n", "blog/.gitkeep": ""},
}  # fmt: skip
SETTINGS = "title: Ours\nurl: https://feeds.example/\n"


@pytest.mark.parametrize("name", MARKERS)
@pytest.mark.parametrize("settings", ["", SETTINGS], ids=["bare", "feeds.yaml"])
def test_articles_of_our_own_are_published_whatever_lies_beside_them(
    tmp_path: Path, name: str, settings: str
) -> None:
    own = ARTICLES | ({"feeds.yaml": settings} if settings else {})
    alone = SiteFolder.open(write_files(tmp_path / "alone/site", own))
    beside = SiteFolder.open(write_files(tmp_path / "beside/site", own | MARKERS[name]))
    assert beside.site == alone.site
    assert beside.files().keys() == alone.files().keys()
    del own["README.md"]
    (tmp_path / "beside/site/README.md").unlink()
    published = publish(tmp_path / "beside/site")
    assert len(published) == 3
    (tmp_path / "alone/site/README.md").unlink()
    assert published == publish(tmp_path / "alone/site")


def test_a_folder_is_the_generators_if_most_of_its_articles_are(tmp_path: Path) -> None:
    files = MARKERS["jekyll"] | {
        f"_posts/2026-05-0{day}-a.md": "---\ntitle: A\n---\nText.\n" for day in range(1, 4)
    }
    files["_posts/2026-05-05-own.md"] = OWN.format(title="Own", day=5)
    published = publish(write_files(tmp_path, files))
    assert len(published) == 4
    assert published["_posts/2026-05-05-own.md"].url == "https://harbour.example/Own"


def test_feeds_yaml_may_name_the_generator_of_articles_of_our_own(tmp_path: Path) -> None:
    files = ARTICLES | MARKERS["hugo"] | {"feeds.yaml": SETTINGS + "dialect: hugo\n"}
    dialect = SiteFolder.open(write_files(tmp_path, files)).dialect
    assert dialect is not None
    assert dialect.name == "hugo"
