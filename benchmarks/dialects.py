"""Compares the folders of generators with one of our own form: the same articles in each.

    python benchmarks/dialects.py [--articles 1000] [--topics 100] [--runs 3] [NAME …]

Prints processor time an article, the fastest of some runs in turn: of reading, and of a whole cold
build in one process. The ratios to our own form are what to believe, and to watch.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import NamedTuple

from generate import write_site

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.parallel import collect_garbage_rarely
from feeds.parsing.front_matter import read_front_matter
from feeds.publication.publication import Publication
from feeds.static.writer import write_tree

_URL = "https://blog.example.com/"


class Article(NamedTuple):
    """The parts of an article that every form has."""

    name: str
    title: str
    date: str
    topics: list[str]
    excerpt: str
    body: str


class Form(NamedTuple):
    """The form of a generator's articles."""

    #: Its configuration, by the names of files.
    files: Mapping[str, str]
    #: The path of an article; its date and name are in it.
    path: str
    #: The front matter of an article, as a template of its values; the body follows it.
    head: str
    #: Writes the topics.
    topics: Callable[[list[str]], str] = json.dumps


_YAML = "---\ntitle: {title}\ndate: {date}\ntags: {topics}\ndescription: {excerpt}\n---\n"
_TOML = (
    "+++\ntitle = {title}\ndate = {date}\ndescription = {excerpt}\n[taxonomies]\ntags = {topics}\n"
    "+++\n"
)
_OWN = "own form"
FORMS = {
    _OWN: Form(
        {},
        "posts/{day}-{name}.md",
        "---\ntitle: {title}\npublishedDateTime: {date}\ntopics: {topics}\nexcerpt: {excerpt}\n"
        f"webUrl: {_URL}{{day}}/{{name}}/\n---\n",
    ),
    "jekyll": Form(
        {"_config.yml": f"url: {_URL}\npermalink: /:year/:month/:day/:title/\n"},
        "_posts/{day}-{name}.md",
        _YAML,
    ),
    "hugo": Form(
        {"hugo.toml": f"baseURL = '{_URL}'\n[permalinks]\nposts = '/:year/:month/:day/:title/'\n"},
        "content/posts/{name}.md",
        _YAML,
    ),
    "hugo, TOML": Form(
        {"hugo.toml": f"baseURL = '{_URL}'\n[permalinks]\nposts = '/:year/:month/:day/:title/'\n"},
        "content/posts/{name}.md",
        _TOML.replace("[taxonomies]\n", ""),
    ),
    "zola": Form({"config.toml": f"base_url = '{_URL}'\n"}, "content/blog/{name}.md", _TOML),
    "quartz": Form(
        {"quartz.config.ts": f"baseUrl: '{_URL}',\n"}, "content/{name}.md", _YAML
    ),
    "gatsby": Form(
        {"gatsby-config.js": f"siteUrl: '{_URL}', path: `${{__dirname}}/content`\n"},
        "content/{name}.md",
        _YAML,
    ),
    "pelican": Form(
        {"pelicanconf.py": f"SITEURL = '{_URL}'\n"},
        "content/{name}.md",
        "Title: {plain_title}\nDate: {date}\nTags: {topics}\nSlug: {name}\nSummary: {plain_excerpt}"
        "\n\n",
        ", ".join,
    ),
    "nikola": Form(
        {"conf.py": f"SITE_URL = '{_URL}'\nPOSTS = (('posts/*.md', 'posts', 'post.tmpl'),)\n"},
        "posts/{name}.md",
        "<!--\n.. title: {plain_title}\n.. date: {date}\n.. tags: {topics}\n.. slug: {name}\n"
        ".. description: {plain_excerpt}\n-->\n",
        ", ".join,
    ),
    "mkdocs": Form(
        {"mkdocs.yml": f"site_url: {_URL}\nplugins: [blog]\n"}, "docs/blog/posts/{name}.md", _YAML
    ),
    "hexo": Form(
        {"_config.yml": f"url: {_URL}\n"}, "source/_posts/{name}.md", _YAML
    ),
    "eleventy": Form({".eleventy.js": ""}, "posts/{name}.md", _YAML),
    "docusaurus": Form(
        {"docusaurus.config.js": f"module.exports = {{url: '{_URL}', presets: ['classic']}};"},
        "blog/{name}.md",
        _YAML,
    ),
    "astro": Form(
        {
            "astro.config.mjs": f"export default {{site: '{_URL}'}};",
            "src/pages/blog/[...slug].astro": "getCollection('blog')",
        },
        "src/content/blog/{name}.md",
        _YAML,
    ),
    "plain": Form(
        {"feeds.yaml": f"title: A\nurl: {_URL}\npermalink: /:year/:month/:day/:name/\n"},
        "posts/{name}.md",
        _YAML,
    ),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FORMS)}")
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--topics", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    names = [_OWN, *(name for name in arguments.names or FORMS if name != _OWN)]
    collect_garbage_rarely()  # as the command does
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        write_site(work / "site", arguments.articles, arguments.topics)
        articles = list(read_articles(work / "site"))
        for name in names:
            write_form(work / name, FORMS[name], articles)
        measure(work / _OWN, work / "first", len(articles))  # imports what all need
        costs: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        for run in range(arguments.runs):
            for name in names:
                costs[name].append(measure(work / name, work / f"{name} {run}", len(articles)))
    best = {
        name: [min(kind) * 1e6 for kind in zip(*runs, strict=True)] for name, runs in costs.items()
    }
    print("| form | reading | to our own | whole build | to our own |")
    print("| --- | --- | --- | --- | --- |")
    for name, (reading, build) in best.items():
        ratios = [now / own for now, own in zip((reading, build), best[_OWN], strict=True)]
        print(f"| {name} | {reading:.0f} µs | {ratios[0]:.2f} | {build:.0f} µs | {ratios[1]:.2f} |")


def read_articles(site: Path) -> Iterator[Article]:
    """Read what a generated site's articles have in common with those of generators."""
    for file in sorted(site.rglob("*.md")):
        front = read_front_matter(file.read_text("utf-8"))
        values = {key: str(value) for key, value in front.values.items()}
        topics = front.values["topics"]
        assert isinstance(topics, list)
        name = values["webUrl"].rpartition("/")[2]
        names = [str(topic) for topic in topics]
        yield Article(
            name, values["title"], values["date"], names, unescape(values["excerpt"]), front.body
        )


def write_form(root: Path, form: Form, articles: list[Article]) -> None:
    """Write articles as a generator has them."""
    for name, text in form.files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    for article in articles:
        values = {
            "name": article.name, "day": article.date[:10], "date": article.date,
            "title": json.dumps(article.title, ensure_ascii=False),
            "excerpt": json.dumps(article.excerpt, ensure_ascii=False),
            "plain_title": article.title, "plain_excerpt": article.excerpt,
            "topics": form.topics(article.topics),
        }  # fmt: skip
        file = root / form.path.format(**values)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(form.head.format(**values) + article.body, encoding="utf-8")


def measure(site: Path, work: Path, articles: int) -> tuple[float, float]:
    """Return the processor seconds an article of reading, and of the whole build of a site."""
    started = time.process_time()
    folder = SiteFolder.open(site).published_at(_URL)
    catalog = Catalog(work.with_suffix(".sqlite"))
    catalog.sync(folder)
    reading = time.process_time() - started
    now = datetime(2030, 1, 1, tzinfo=UTC)
    publication = Publication(folder, catalog, url=_URL, now=now, unpublished=False)
    write_tree(publication, work)
    build = time.process_time() - started
    total = publication.listed[0].count
    assert total == articles, f"{site.name}: {total} of {articles} articles"
    catalog.close()
    return reading / articles, build / articles


if __name__ == "__main__":
    main()
