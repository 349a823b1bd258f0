"""The `content` setting of feeds: full, summary or title."""

from __future__ import annotations

import json
from pathlib import Path

import feedparser
import pytest

from feeds.static.writer import write_tree
from tests.support import SiteBuilder

URL = "https://feeds.example.org/"
BODY = "# Ebb\n\nThe *whole* story, told <b>at length</b>. " + "And more. " * 80


def publish(site: SiteBuilder) -> None:
    site.configure(
        title="Modes",
        url=URL,
        content="summary",
        topics=[{"name": "Long", "content": "full"}],
        feeds=[{"name": "titles", "content": "title"}, {"name": "same"}],
    )
    site.write("told.md", BODY, title="Told", excerpt="In short & plain.", topics=["Long", "Other"])
    site.write("untold.md", BODY, title="Untold", topics=["Long", "Other"])
    write_tree(site.publication(), site.out)


def entries(out: Path, folder: str, name: str) -> dict[str, feedparser.FeedParserDict]:
    parsed = feedparser.parse((out / folder / name).read_bytes())
    return {entry.title: entry for entry in parsed.entries}


def items(out: Path, folder: str) -> dict[str, dict[str, str]]:
    return {
        item["title"]: item
        for item in json.loads((out / folder / "feed.json").read_text())["items"]
    }


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
@pytest.mark.parametrize("folder", [".", "feeds/same", "topics/other"])
def test_a_feed_of_summaries_has_no_content(site: SiteBuilder, name: str, folder: str) -> None:
    publish(site)
    by_title = entries(site.out, folder, name)
    assert by_title["Told"].summary == "In short &amp; plain."
    assert "content" not in by_title["Told"]
    assert by_title["Untold"].summary.startswith("Ebb The whole story, told at length. And more.")
    assert by_title["Untold"].summary.endswith("more…")
    assert len(by_title["Untold"].summary) <= 400
    assert by_title["Told"].link == "https://news.example.com/told"
    item = items(site.out, folder)["Told"]
    assert item["summary"] == item["content_text"] == "In short & plain."
    assert "content_html" not in item


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_a_feed_of_titles_has_nothing_else(site: SiteBuilder, name: str) -> None:
    publish(site)
    by_title = entries(site.out, "feeds/titles", name)
    assert by_title["Told"].get("summary", "Told") == "Told"
    assert "content" not in by_title["Told"]
    assert b"short" not in (site.out / "feeds/titles" / name).read_bytes()
    item = items(site.out, "feeds/titles")["Told"]
    assert item["content_text"] == "Told"
    assert not {"content_html", "summary"} & set(item)


def test_a_topic_may_have_more_content_than_its_site(site: SiteBuilder) -> None:
    publish(site)
    for name in ("rss.xml", "atom.xml"):
        assert "<em>whole</em>" in entries(site.out, "topics/long", name)["Told"].content[0].value
    assert "<em>whole</em>" in items(site.out, "topics/long")["Told"]["content_html"]


def test_an_unknown_content_mode_is_a_problem(site: SiteBuilder) -> None:
    site.configure(title="Modes", url=URL, content="excerpt")
    problem = site.publication().problems()[0]
    assert problem.message == "content is 'excerpt'"
    assert problem.hint == "it should be full, summary or title"
