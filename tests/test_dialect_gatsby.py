"""Gatsby's folders, beside what gatsby-starter-blog publishes of them with Gatsby 5."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.catalog.folder import SiteFolder
from tests.dialects import Published, publish, write_files

CONFIGURATION = """\
const title = "not this one"
module.exports = {
  siteMetadata: {
    title: `Notes from the harbour`,
    author: { name: `Harbour office`, summary: `who writes` },
    description: `Tides and boats`, // siteUrl: `https://old.example`,
    siteUrl: `https://harbour.example/`,
  },
  plugins: [
    { resolve: `gatsby-source-filesystem`,
      options: { path: `${__dirname}/content/blog`, name: `blog` } },
    { resolve: `gatsby-source-filesystem`,
      options: { name: `images`, path: path.join(__dirname, `src/images`) } },
    `gatsby-plugin-feed`,
  ],
}
"""
CODE = """\
exports.createPages = ({ actions }) => {
  actions.createPage({ path: PATH })
  tags.forEach(tag => createPage({ path: `/tags/${tag.slug}/` }))
}
exports.onCreateNode = ({ node }) => createFilePath({ node, getNode })
"""
DAY = 'date: "2026-05-01T22:12:03.284Z"\n'
FILES = {
    "gatsby-config.js": CONFIGURATION,
    "gatsby-node.js": CODE.replace("PATH", "post.fields.slug"),
    "content/blog/first-light/index.md": f"---\ntitle: First light\n{DAY}description: Early.\n"
    "tags: [sea, tides]\n---\nText.\n",
    "content/blog/Big Boats/Ferry C#.md": f"---\ntitle: The ferry\n{DAY}---\nText.\n",
    "content/blog/2026-05-02-tides.md": "---\ntitle: Tides\n---\nText.\n",
    "content/blog/deep/er/index.md": f"---\ntitle: Deep\n{DAY}---\nText.\n",
    "content/blog/deep/own.v2.md": f"---\ntitle: Own\nslug: elsewhere\n{DAY}---\nText.\n",
    "content/blog/Høy/index.md": f"---\ntitle: Høy\n{DAY}---\nText.\n",
    "content/drafts/a.md": f"---\ntitle: Draft\n{DAY}---\nNo source.\n",
    "src/images/README.md": f"---\ntitle: Images\n{DAY}---\nNo article.\n",
}
BASE = "https://harbour.example"
FIRST = "2026-05-01T22:12:03"


def test_posts_are_published_as_gatsby_does(tmp_path: Path) -> None:
    assert publish(write_files(tmp_path, FILES)) == {
        f"content/blog/{file}": Published(f"{BASE}/{url}/", title, date, topics)
        for file, url, title, date, topics in (
            ("first-light/index.md", "first-light", "First light", FIRST, ("sea", "tides")),
            ("Big Boats/Ferry C#.md", "Big%20Boats/Ferry%20C%23", "The ferry", FIRST, ()),
            ("2026-05-02-tides.md", "2026-05-02-tides", "Tides", "2026-05-02T00:00:00", ()),
            ("deep/er/index.md", "deep/er", "Deep", FIRST, ()),
            ("deep/own.v2.md", "deep/own.v2", "Own", FIRST, ()),
            ("Høy/index.md", "H%C3%B8y", "Høy", FIRST, ()),
        )
    }


def test_the_configuration_describes_the_site(tmp_path: Path) -> None:
    site = SiteFolder.open(write_files(tmp_path, FILES)).site
    assert (site.title, site.description) == ("Notes from the harbour", "Tides and boats")


def test_ids_are_those_of_gatsby_plugin_feed(tmp_path: Path) -> None:
    folder = SiteFolder.open(write_files(tmp_path, FILES))
    for name, id in (("first-light", "first-light"), ("Høy", "Høy")):
        path = f"content/blog/{name}/index.md"
        article, _ = folder.read_article(FILES[path], path)
        assert article
        assert article.id == f"{BASE}/{id}/"
        assert article.excerpt == ("Early." if name == "first-light" else "")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"gatsby-node.js": CODE.replace("PATH", "`/b${node.fields.slug}`")}, "b/deep/own.v2/"),
        ({"gatsby-node.js": CODE.replace("PATH", "node.frontmatter.slug")}, "elsewhere/"),
        ({"gatsby-config.js": CONFIGURATION.replace("plugins", "trailingSlash: `never`, plugins")},
         "deep/own.v2"),
        ({"gatsby-node.js": CODE.replace("PATH", "node.frontmatter.slug"),
          "package.json": '{"dependencies": {"gatsby": "^3.2"}}'}, "elsewhere"),
        ({"gatsby-node.js": "", "src/pages/notes/{Mdx.frontmatter__slug}.js": ""},
         "notes/elsewhere/"),
        ({"gatsby-config.js": CONFIGURATION.replace("plugins", "pathPrefix: `/sub`, plugins"),
          "package.json": '{"scripts": {"build": "gatsby build --prefix-paths"}}'},
         "sub/deep/own.v2/"),
        ({"feeds.yaml": "title: A\nurl: https://f.example/\npermalink: /n/:year/:name\n"},
         "n/2026/own.v2"),
    ],
)  # fmt: skip
def test_urls_by_code_and_configuration(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    found = publish(write_files(tmp_path, FILES | files))
    assert found["content/blog/deep/own.v2.md"].url == f"{BASE}/{expected}"


def test_files_have_no_page_without_the_key_that_code_reads(tmp_path: Path) -> None:
    code = "createPage({ path: node.frontmatter.slug })"
    found = publish(write_files(tmp_path, FILES | {"gatsby-node.js": code}))
    assert found.keys() == {"content/blog/deep/own.v2.md"}


def test_the_site_is_described_by_its_metadata_alone(tmp_path: Path) -> None:
    configuration = """
const siteMetadata = {
  title: "The harbour's blog", author: {name: `Dana`}, siteUrl: "https://harbour.example",
};
module.exports = {
  siteMetadata,
  plugins: [
    {resolve: "gatsby-source-filesystem", options: {path: `${__dirname}/content`, name: "blog"}},
    {resolve: "gatsby-remark-vscode", options: {language: "superscript"}},
  ],
};
"""
    post = "---\ntitle: Tides\ndate: 2026-05-01\n---\nText.\n"
    files = {"gatsby-config.js": configuration, "content/tides/index.md": post}
    site = SiteFolder.open(write_files(tmp_path, files)).site
    assert site.title == "The harbour's blog"
    assert site.author is not None
    assert site.author.name == "Dana"
    assert not site.language
