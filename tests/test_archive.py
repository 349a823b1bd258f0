"""Archives (RFC 5005): links reach every article, and closed periods do not change."""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from feeds.model.archive import cut
from feeds.static.writer import write_tree
from feeds.web.app import create_app
from tests.support import SiteBuilder

URL = "https://feeds.example.org/"
FH = "{http://purl.org/syndication/history/1.0}"
ATOM = "{http://www.w3.org/2005/Atom}"
FILES = ("rss.xml", "atom.xml", "feed.json")

days = st.dictionaries(
    st.dates(date(1, 1, 1), date(9999, 12, 31)).map(date.toordinal), st.integers(1, 60), max_size=60
)


@given(days, st.integers(1, 20))
def test_the_periods_of_an_archive_contain_every_day_once_and_are_bounded(
    counts: dict[int, int], limit: int
) -> None:
    periods = cut(counts, limit)
    if sum(counts.values()) <= limit:
        assert periods == ()
        return
    assert list(periods) == sorted(periods, key=lambda period: period.first)
    for day in counts:
        assert len([period for period in periods if period.first <= day <= period.last]) == 1
    for period in periods:
        within = sum(counts.get(day, 0) for day in range(period.first, period.last + 1))
        assert within
        assert within <= 4 * limit or period.first == period.last
        assert date.fromordinal(period.first).isoformat().startswith(period.name)
        assert date.fromordinal(period.last).isoformat().startswith(period.name)


@given(days, st.dates(date(1, 1, 1), date(9999, 12, 31)), st.integers(1, 20))
def test_one_more_article_changes_the_periods_of_its_own_year_alone(
    counts: dict[int, int], day: date, limit: int
) -> None:
    before = set(cut(counts, limit))
    after = set(cut(Counter(counts) + Counter([day.toordinal()]), limit))
    if before:
        assert {period.name[:4] for period in before ^ after} <= {day.isoformat()[:4]}


def filled(site: SiteBuilder, count: int, limit: int = 50) -> list[str]:
    """Writes articles that are four days apart; their ids, oldest first."""
    site.configure(title="Long", url=URL, limit=limit)
    start = datetime(2015, 1, 1, 12, tzinfo=UTC)
    for number in range(count):
        site.write(
            f"{number}.md",
            title=f"Article {number}",
            publishedDateTime=(start + timedelta(days=4 * number)).isoformat(),
            topics=["Even" if number % 2 == 0 else "Odd"],
        )
    return [f"https://news.example.com/{number}" for number in range(count)]


def build(site: SiteBuilder) -> dict[str, bytes]:
    """The site's tree, after a build."""
    write_tree(site.publication(), site.out)
    return {
        str(file.relative_to(site.out)): file.read_bytes()
        for file in site.out.rglob("*")
        if file.is_file()
    }


def at(out: Path, url: str) -> bytes:
    """The file that a static host serves at a URL."""
    assert url.startswith(URL)
    return (out / url.removeprefix(URL)).read_bytes()


def walked(out: Path, url: str) -> list[list[str]]:
    """The ids in each document of a feed from the newest back, as its links lead."""
    documents = []
    seen = set()
    while url:
        assert url not in seen
        seen.add(url)
        body = at(out, url)
        if url.endswith(".json"):
            data = json.loads(body)
            documents.append([item["id"] for item in data["items"]])
            url = data.get("next_url", "")
        else:
            parsed = feedparser.parse(body)
            documents.append([entry.id for entry in parsed.entries])
            links = {link.rel: link.href for link in parsed.feed.links}
            url = links.get("prev-archive", "")
    return documents


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The tree of a thousand articles, to read only, and their ids."""
    site = SiteBuilder(tmp_path_factory.mktemp("thousand") / "site")
    ids = filled(site, 1000)
    build(site)
    site.close()
    return site.out, ids


@pytest.mark.parametrize("name", FILES)
def test_a_subscriber_reaches_the_first_of_a_thousand_articles(
    thousand: tuple[Path, list[str]], name: str
) -> None:
    out, ids = thousand
    newest, *archive = walked(out, URL + name)
    assert newest == ids[::-1][:50]
    # Every article once.
    assert [id for document in archive for id in document] == ids[::-1]
    assert max(map(len, archive)) <= 200
    _newest, *archive = walked(out, f"{URL}topics/odd/{name}")
    assert [id for document in archive for id in document] == ids[1::2][::-1]


def test_an_archive_is_marked_and_linked_in_both_directions(site: SiteBuilder) -> None:
    filled(site, 300)
    tree = build(site)
    root = ElementTree.fromstring(tree["atom.xml"])
    assert root.find(f"{FH}archive") is None
    assert root.find(f"{FH}complete") is None
    documents = sorted(name for name in tree if name.startswith("archive/") and "atom" in name)
    years = [f"{year}" for year in range(2015, 2019)]
    assert documents == [f"archive/{year}/atom.xml" for year in years]
    for place, year in enumerate(years):
        root = ElementTree.fromstring(tree[f"archive/{year}/atom.xml"])
        links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
        assert root.find(f"{FH}archive") is not None
        assert links["current"] == f"{URL}atom.xml"
        assert links["self"] == f"{URL}archive/{year}/atom.xml"
        around = {"prev-archive": years[:place][-1:], "next-archive": years[place + 1 :][:1]}
        for rel, expected in around.items():
            assert links.get(rel) == next(
                (f"{URL}archive/{name}/atom.xml" for name in expected), None
            )
        channel = ElementTree.fromstring(tree[f"archive/{year}/rss.xml"])[0]
        in_rss = {link.get("rel"): link.get("href") for link in channel.findall(f"{ATOM}link")}
        assert channel.find(f"{FH}archive") is not None
        assert {rel: href.replace("rss", "atom") for rel, href in in_rss.items() if href} == {
            rel: href for rel, href in links.items() if rel != "alternate"
        }
        assert channel.findtext("link") == URL


def test_a_feed_of_few_articles_is_complete_and_has_no_archive(site: SiteBuilder) -> None:
    filled(site, 50)
    tree = build(site)
    assert not [name for name in tree if "archive" in name]
    assert ElementTree.fromstring(tree["atom.xml"]).find(f"{FH}complete") is not None
    assert ElementTree.fromstring(tree["rss.xml"])[0].find(f"{FH}complete") is not None
    assert "next_url" not in json.loads(tree["feed.json"])


def test_an_archive_of_one_period_is_complete(site: SiteBuilder) -> None:
    filled(site, 60)
    site.configure(title="Long", url=URL, limit=20, feeds=[{"name": "odd", "any": ["Odd"]}])
    tree = build(site)
    [name] = [path for path in tree if path.startswith("feeds/odd/archive/") and "atom" in path]
    root = ElementTree.fromstring(tree[name])
    assert len(root.findall(f"{ATOM}entry")) == 30
    assert root.find(f"{FH}archive") is not None
    assert root.find(f"{FH}complete") is not None
    assert ElementTree.fromstring(tree["feeds/odd/atom.xml"]).find(f"{FH}complete") is None


def test_pages_lead_back_through_the_archive(site: SiteBuilder) -> None:
    filled(site, 300)
    tree = build(site)
    page = html.fromstring(tree["topics/odd/index.html"])
    links = page.xpath("//nav[@aria-label='Older articles']/a/@href")
    assert links == [f"archive/{year}/" for year in (2018, 2017, 2016, 2015)]
    seen = []
    folder = "topics/odd/archive/2018/"
    while folder:
        page = html.fromstring(tree[f"{folder}index.html"])
        seen += page.xpath("//article//h3/a/text()")
        # Whatever lies in the site is linked from where the page is.
        for link in page.xpath("//a/@href[starts-with(., '.')]"):
            target = posixpath.normpath(posixpath.join(folder, link))
            assert {target, f"{target}/index.html"} & {*tree, "./index.html"} or target == "."
        older = page.xpath("//a[@rel='prev']/@href")
        folder = f"{posixpath.normpath(posixpath.join(folder, older[0]))}/" if older else ""
    assert seen == [f"Article {number}" for number in range(299, 0, -2)]


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    names = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    return {name.rpartition("/")[0] for name in names if name.endswith(FILES)}


def test_only_the_documents_of_an_articles_own_period_change_with_it(site: SiteBuilder) -> None:
    filled(site, 1000)
    before = build(site)

    site.write("new.md", title="New", publishedDateTime="2025-12-20T12:00:00Z", topics=["Even"])
    after = build(site)
    assert changed(before, after) == {
        "", "archive/2025", "topics/even", "topics/even/archive/2025"
    }  # fmt: skip

    before = after
    (site.root / "articles" / "100.md").unlink()  # of February 2016
    after = build(site)
    assert changed(before, after) == {"archive/2016", "topics/even/archive/2016"}

    before = after
    site.write("old.md", title="Old", publishedDateTime="2017-06-01T12:00:00Z", topics=["Odd"])
    after = build(site)
    assert changed(before, after) == {"archive/2017", "topics/odd/archive/2017"}

    before = after
    site.write(
        "301.md",  # of April 2018
        title="Corrected",
        publishedDateTime=(datetime(2015, 1, 1, 12, tzinfo=UTC) + timedelta(1204)).isoformat(),
        topics=["Odd"],
    )
    after = build(site)
    assert changed(before, after) == {"archive/2018", "topics/odd/archive/2018"}


def test_a_large_year_is_divided_into_months_and_large_months_into_days(site: SiteBuilder) -> None:
    site.configure(title="Busy", url=URL, limit=2)
    for number in range(30):
        day = 1 + number // 15
        site.write(f"{number}.md", publishedDateTime=f"2024-03-{day:02}T{number % 15:02}:00:00Z")
    for number in range(5):
        site.write(f"may{number}.md", publishedDateTime=f"2024-05-0{number + 1}T00:00:00Z")
    site.write("earlier.md", publishedDateTime="2021-01-01T00:00:00Z")
    tree = build(site)
    names = {name.split("/")[1] for name in tree if name.startswith("archive/")}
    assert names == {"2021", "2024-03-01", "2024-03-02", "2024-05"}


def test_the_live_archive_has_the_same_bytes_and_closed_periods_are_cached_for_long(
    site: SiteBuilder,
) -> None:
    filled(site, 60, limit=10)
    tree = build(site)
    site.configure(title="Long", url=URL, limit=10, topics=[{"name": "Odd", "formerly": ["past"]}])
    app = create_app(site.root)
    client = app.test_client()
    for name in (name for name in tree if "archive/" in name):
        assert client.get(f"/{name.removesuffix('index.html')}").data == tree[name], name
    periods = sorted(name for name in tree if name.startswith("archive/") and "rss" in name)
    assert client.get(f"/{periods[0]}").cache_control.max_age == 604800
    assert client.get(f"/{periods[-1]}").cache_control.max_age == 60
    assert client.get("/archive/2014/").status_code == 404
    assert client.get("/archive/2015-01").location.endswith("2015-01/")
    assert client.get("/archive/1999/rss.xml").status_code == 404
    odd = sorted(name for name in tree if name.startswith("topics/odd/archive/"))[0]
    moved = client.get("/" + odd.replace("odd", "past"))
    assert moved.status_code == 301
    assert moved.location.endswith(odd.removeprefix("topics/"))
    app.extensions["feeds"].close()
