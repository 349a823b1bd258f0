"""Custom feeds: the selection that a URL's query asks for, and the cost of serving it."""

from __future__ import annotations

import importlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import quote, urlencode, urljoin

import feedparser
import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.catalog.search import Search
from feeds.catalog.state import DOCUMENT
from feeds.errors import NotReadyError
from feeds.model.document import BadRequest, Document, Redirect
from feeds.model.site import TopicSettings
from feeds.model.topics import TopicName, build_topics
from feeds.parsing.feed_query import PARAMETERS, directory_search, read_query
from feeds.publication.custom import custom_document
from feeds.publication.publication import Publication
from feeds.static.writer import write_tree
from feeds.text.repair import find_forbidden
from feeds.web.app import create_app
from feeds.web.live_site import LiveSite
from feeds.web.responses import CachedDocument
from feeds.web.settings import Settings
from tests.support import NOW, SiteBuilder, eventually, get, within

FEEDS = ("rss.xml", "atom.xml", "feed.json")


def fill(site: SiteBuilder) -> SiteBuilder:
    """Writes a site with some of everything that can be asked for."""
    machine = {"name": "Machine Learning", "aliases": ["ML"], "formerly": ["ai-learning"]}
    site.configure(title="Asked", url="https://feeds.example.org/", topics=[machine], limit=4)
    mint = {"name": "Mint", "domain": "mint.example.com"}
    site.write("a.md", "Deep seas.", title="One", topics=["AI"], provider=mint, quality=80)
    site.write("b.md", "Deep fields.", title="Two", topics=["Robotics", "C++"], type="Video")
    site.write("c.md", title="Three", topics=["AI", "Robotics"], category="News", quality=60)
    site.write("d.md", title="Four", topics=["AI", "Gossip"], excerpt="A café")
    old = "2026-01-01T00:00:00Z"
    site.write("e.md", title="Five", topics=["Machine Learning"], publishedDateTime=old)
    return site


@pytest.fixture
def asked(site: SiteBuilder) -> SiteBuilder:
    return fill(site)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The app of such a site, for tests that only read; a new one would take longer than a test."""
    app = create_app(fill(SiteBuilder(tmp_path_factory.mktemp("app") / "site")).root)
    yield app
    app.extensions["feeds"].close()


def titles(app: Flask, query: str) -> set[str]:
    response = get(app, f"/custom/feed.json?{query}")
    assert response.status_code == 200, response.data
    return {item["title"] for item in json.loads(response.data)["items"]}


TAKEN = {
    "topic=ai&topic=robotics": {"One", "Two", "Three", "Four"},
    "topic=ai&topic=robotics&match=all": {"Three"},
    "topic=ai&not=gossip": {"One", "Three"},
    "not=ai&not=machine-learning": {"Two"},
    "provider=mint": {"One"},
    "provider=mint.example.com": {"One"},
    "type=video": {"Two"},
    "type=article&type=video": {"Two"},
    "category=news": {"Three"},
    "min_quality=70": {"One"},
    "since=4w": {"One", "Two", "Three", "Four"},
    "q=deep": {"One", "Two"},
    "q=deep+-fields": {"One"},
    "q=%22deep+fields%22": {"Two"},
    "topic=ai&q=cafe": {"Four"},
    "topic=ai&topic=robotics&type=article": set(),
}


@pytest.mark.parametrize(("query", "found"), TAKEN.items(), ids=list(TAKEN))
def test_a_query_takes_these_articles(app: Flask, query: str, found: set[str]) -> None:
    assert titles(app, query) == found


MOVED = {
    "": "/feed.json",
    "match=any": "/feed.json",
    "topic=ai": "/topics/ai/feed.json",
    "topic=ML": "/topics/machine-learning/feed.json",
    "topic=ai-learning&topic=Machine+Learning": "/topics/machine-learning/feed.json",
    "match=all&topic=AI&topic=ai": "/topics/ai/feed.json",
    "topic=robotics&topic=ai": "/custom/feed.json?topic=ai&topic=robotics",
    "topic=C%2B%2B&topic=AI&match=any": "/custom/feed.json?topic=ai&topic=c-plus-plus",
    "q=Caf%C3%A9&type=VIDEO": "/custom/feed.json?type=video&q=cafe",
    "q=caf\u00e9": "/custom/feed.json?q=cafe",
    "q=b%20a": "/custom/feed.json?q=a+b",
    "q=b+a&q=b+a": "/custom/feed.json?q=a+b",
    "since=14d": "/custom/feed.json?since=2w",
    "since=48h": "/custom/feed.json?since=2d",
    "min_quality=70.0": "/custom/feed.json?min_quality=70",
    "min_quality=00.50": "/custom/feed.json?min_quality=0.5",
    "type=b&type=a&type=B": "/custom/feed.json?type=a&type=b",
    "provider=A%26B%2F..%2F%3F": "/custom/feed.json?provider=a%26b%2F..%2F%3F",
    "not=Gossip": "/custom/feed.json?not=gossip",
    "not=gossip&_=1732758000": "/custom/feed.json?not=gossip",
    "fbclid=abc&not=gossip": "/custom/feed.json?not=gossip",
    "topic=ai&utm_source=a&utm_medium=b&UTM_Campaign=c": "/topics/ai/feed.json",
    f"not=gossip&mc_cid=a&mc_eid=b&gclid={'a' * 201}": "/custom/feed.json?not=gossip",
    "not=gossip&ref=letters&gbraid=0&wbraid=&msclkid": "/custom/feed.json?not=gossip",
    "utm_source=%00": "/feed.json",
}


@pytest.mark.parametrize(("query", "to"), MOVED.items(), ids=[each[:60] for each in MOVED])
def test_an_equivalent_query_redirects_to_the_canonical_url(
    app: Flask, query: str, to: str
) -> None:
    response = get(app, f"/custom/feed.json?{query}")
    assert response.status_code == 301
    # Relative: a proxy may have put the app below a folder.
    location = response.headers["Location"]
    assert "://" not in location
    assert not location.startswith("/")
    assert urljoin("/custom/feed.json", location) == to
    assert get(app, to).status_code == 200


REFUSED = {
    "colour=red": "unknown key colour; known keys: category, match, min_quality,"
    " not, provider, q, since, topic, type",
    "topics=ai": "unknown key topics; did you mean topic?",
    "topics=ai&utm_source=a": "unknown key topics; did you mean topic?",
    "utm=a": "unknown key utm; known keys: category, match, min_quality,"
    " not, provider, q, since, topic, type",
    "topic=robotcs": "topic: no topic is called 'robotcs'; did you mean Robotics?",
    "not=zzz": "not: no topic is called 'zzz'; look for its name at /",
    "topic=": "topic is empty; give it a value, or leave it out",
    "q": "q is empty; give it a value, or leave it out",
    "q=%2A+%21": "q has no word in it; write the words to look for",
    "q=1+2+3+4+5+6+7+8+9+10+11": "q has 11 words; at most 10 are allowed",
    f"q={'a' * 201}": "q is 201 characters long; at most 200",
    f"type={'a' * 101}": "type is 101 characters long; at most 100",
    "min_quality=high": "min_quality is 'high'; it should be a number",
    "min_quality=1e9": "min_quality is '1e9'; it should be a number",
    "min_quality=1&min_quality=2": "min_quality is given more than once; give it once",
    "since=yesterday": "since is 'yesterday'; it should be a period such as 12h, 30d or 2w",
    "match=some&topic=ai": "match is 'some'; it should be any or all",
    "&".join(f"type={n}" for n in range(21)): "21 topics and names; at most 20",
    "&" * 60: "the query is too long; at most 60 parameters and 8,000 characters",
    "a" * 8_001: "the query is too long; at most 60 parameters and 8,000 characters",
}


def test_a_page_that_was_shared_with_parameters_of_others_is_the_page(app: Flask) -> None:
    response = get(app, "/custom/?topic=ai&not=gossip&fbclid=abc")
    assert response.status_code == 301
    assert urljoin("/custom/", response.headers["Location"]) == "/custom/?topic=ai&not=gossip"
    ours = "&".join(f"{key}=1" for key in PARAMETERS)
    assert read_query(ours, _TOPICS).given.keys() == {*PARAMETERS}


@pytest.mark.parametrize(("query", "line"), REFUSED.items(), ids=[each[:20] for each in REFUSED])
def test_an_invalid_query_gets_a_400_and_a_one_line_reason(
    app: Flask, query: str, line: str
) -> None:
    for name in FEEDS:
        response = get(app, f"/custom/{name}?{query}")
        assert response.status_code == 400
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert response.text == f"{line}\n"


def test_a_query_with_several_mistakes_gets_a_line_for_each(app: Flask) -> None:
    response = get(app, "/custom/rss.xml?topic=robotcs&colour=red&since=x&q=%21")
    assert [line.split()[0] for line in response.text.splitlines()] == [
        "unknown", "topic:", "since", "q",
    ]  # fmt: skip


def test_the_feed_says_what_it_is(app: Flask) -> None:
    query = "topic=ai&topic=robotics&match=all&not=gossip&type=a&type=b&since=30d"
    query += "&q=deep+-%22old+news%22"
    own = f"https://feeds.example.org/custom/atom.xml?{query}"
    parsed = feedparser.parse(get(app, f"/custom/atom.xml?{query}").data)
    assert parsed.feed.title == "AI, Robotics · Asked"
    assert parsed.feed.subtitle == "Articles of Asked: AI, Robotics"
    assert parsed.feed.id == f"https://feeds.example.org/custom/?{query}"
    links = {(link.rel, link.href) for link in parsed.feed.links}
    assert links == {("self", own), ("alternate", parsed.feed.id)}
    (rss,) = [feedparser.parse(get(app, f"/custom/rss.xml?{query}").data)]
    assert rss.feed.link == parsed.feed.id
    document = json.loads(get(app, f"/custom/feed.json?{query}").data)
    assert document["feed_url"] == own.replace("atom.xml", "feed.json")
    assert document["home_page_url"] == parsed.feed.id


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("topic=ML&topic=ai&q=deep", "AI, Machine Learning"),
        ("not=ai&q=deep+-%22old+news%22", 'deep -"old news"'),
        ("not=ai&min_quality=70", "Custom feed"),
    ],
)
def test_a_custom_feed_is_called_by_its_topics_else_by_its_words(query: str, name: str) -> None:
    assert read_query(query, _TOPICS).name == name


def test_a_feed_is_cut_and_says_that_it_is_complete_only_where_it_is(app: Flask) -> None:
    for query, is_complete in (
        ("min_quality=0", True),
        ("not=c-plus-plus", True),
        ("since=52w", False),
    ):
        for name in ("rss.xml", "atom.xml"):
            data = get(app, f"/custom/{name}?{query}").data
            assert (b"fh:complete" in data) == is_complete, query
            assert len(feedparser.parse(data).entries) <= 4
            assert b"archive" not in data.replace(b"fh:complete", b"")


def test_a_custom_feed_tells_as_much_as_the_site_does(asked: SiteBuilder) -> None:
    asked.configure(title="Asked", url="https://feeds.example.org/", content="title")
    publication = asked.publication()
    publication.catalog.search.fill()
    found = custom_document(publication, "/custom/rss.xml", "q=deep")
    assert isinstance(found, Document)
    assert b"<title>One</title>" in found.body
    assert b"seas" not in found.body


def test_a_custom_feed_has_validators_and_leaves_nothing_on_disk(app: Flask) -> None:
    live: LiveSite = app.extensions["feeds"]

    def known() -> set[str]:
        # The addresses of all documents have no public reader, for want of another use.
        with live.publication.catalog.state._database.connection() as connection:
            return set(connection.execute(sa.select(DOCUMENT.c.address)).scalars())

    get(app, "/rss.xml")
    get(app, "/custom/rss.xml?topic=ai&not=gossip")
    before = known()
    for path in ("rss.xml?q=deep", "?q=deep", "?q=zzz"):
        response = get(app, f"/custom/{path}")
        assert response.status_code == 200
        date = response.headers["Last-Modified"]
        for condition in ({"If_None_Match": response.headers["ETag"]}, {"If_Modified_Since": date}):
            again = get(app, f"/custom/{path}", **condition)
            assert (again.status_code, again.data) == (304, b"")
        past = get(app, f"/custom/{path}", If_Modified_Since="Mon, 01 Jan 2001 00:00:00 GMT")
        assert past.data == response.data
    assert known() == before != set()


def test_the_date_of_a_custom_feed_is_the_same_in_all_processes_and_follows_every_change(
    asked: SiteBuilder,
) -> None:
    clock = [datetime(2026, 7, 1, 12, tzinfo=UTC)]
    sites = [LiveSite(Settings(asked.root), clock=lambda: clock[0]) for _process in range(2)]

    def date() -> int:
        found = [each.find("/custom/rss.xml", "not=gossip") for each in sites]
        dates = {each.last_modified for each in found if isinstance(each, CachedDocument)}
        assert len(dates) == 1
        return dates.pop() or 0

    def refresh() -> None:
        for each in sites:
            each.refresh()

    dates = [date()]
    assert dates == [int(clock[0].timestamp())]
    clock[0] += timedelta(days=1)
    refresh()
    assert date() == dates[0]
    due = (clock[0] + timedelta(hours=1)).isoformat()
    changes: list[Callable[[], object]] = [
        lambda: asked.write("a.md", title="New"),
        # Within the same second, and to what it was.
        lambda: asked.write("a.md", title="One"),
        lambda: (asked.root / "articles" / "a.md").unlink(),
        lambda: asked.configure(title="Another", url="https://feeds.example.org/"),
        lambda: asked.write("due.md", publishedDateTime=due),
        lambda: clock.append(clock.pop() + timedelta(hours=2)),
    ]
    for change in changes:
        change()
        refresh()
        dates.append(date())
        clock[0] += timedelta(seconds=1)
    assert dates == sorted(set(dates))
    assert dates[-1] <= clock[0].timestamp()
    for each in sites:
        each.close()


def test_the_date_of_a_custom_feed_follows_an_expiry_where_future_articles_show(
    asked: SiteBuilder,
) -> None:
    asked.configure(title="Asked", url="https://feeds.example.org/", future=True)
    clock = [datetime(2026, 7, 1, 12, tzinfo=UTC)]
    asked.write("a.md", title="One", expiryDate=(clock[0] + timedelta(hours=1)).isoformat())
    live = LiveSite(Settings(asked.root), clock=lambda: clock[0])
    found = []
    for _moment in range(2):
        live.refresh()
        document = live.find("/custom/rss.xml", "not=gossip")
        assert isinstance(document, CachedDocument)
        found.append((b"<title>One</title>" in document.document.body, document.last_modified))
        clock[0] += timedelta(hours=2)
    live.close()
    moment = int(datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp())
    assert found == [(True, moment), (False, moment + 2 * 60 * 60)]


def test_a_custom_feed_is_never_older_than_the_site(asked: SiteBuilder) -> None:
    live = LiveSite(Settings(asked.root))
    for number in range(3):
        asked.write("new.md", f"Deep {number}", title=f"New {number}", topics=["AI"])
        live.refresh()
        for query in ("q=deep", "topic=ai&not=gossip"):
            found = live.find("/custom/rss.xml", query)
            assert isinstance(found, CachedDocument)
            assert f"New {number}".encode() in found.document.body
    live.close()


def test_a_stampede_on_one_feed_renders_it_once(
    asked: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveSite(Settings(asked.root))
    live.find("/custom/rss.xml", "q=seas")  # the words are indexed
    rendered: list[str] = []

    def counted(publication: Publication, path: str, query: str) -> object:
        rendered.append(query)
        return custom_document(publication, path, query)

    monkeypatch.setattr("feeds.web.live_site.custom_document", counted)
    start = threading.Barrier(100)
    found: list[object] = []

    def ask(number: int) -> None:
        start.wait()
        for each in range(5):
            query = ("q=deep", "min_quality=1")[(number + each) % 2]
            found.append(live.find("/custom/rss.xml", query))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    live.close()
    assert sorted(rendered) == ["min_quality=1", "q=deep"]
    assert len(found) == 500
    assert len({id(each) for each in found}) == 2


def test_no_number_of_custom_feeds_fills_the_memory(
    asked: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.web.live_site.CUSTOM_CACHE_BYTES", 50_000)
    live = LiveSite(Settings(asked.root))
    site = live.find("/rss.xml")
    for number in range(200):
        live.find("/custom/rss.xml", f"provider={number:0100}")
    queries = (f"provider={number:0100}" for number in range(200))
    assert 0 < sum(bool(live.cached("/custom/rss.xml", query)) for query in queries) < 50
    # They push out none of the site's own documents.
    assert live.find("/rss.xml") is site
    live.close()


def test_while_the_words_are_indexed_a_search_is_put_off_and_all_else_is_served(
    asked: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(asked.root)
    may_go_on = threading.Event()
    fill = Search.fill

    def slow(self: Search, is_over: Callable[[], bool] = lambda: False) -> None:
        may_go_on.wait(30)
        fill(self, is_over)

    monkeypatch.setattr(Search, "fill", slow)
    monkeypatch.setattr("feeds.web.live_site.INDEX_WAIT_SECONDS", 0.05)
    response = get(app, "/custom/rss.xml?q=deep")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert response.text == "Not ready: the words of the articles are being indexed\n"
    assert get(app, "/custom/rss.xml?type=video").status_code == 200
    assert get(app, "/topics/ai/rss.xml").status_code == 200
    may_go_on.set()
    assert eventually(lambda: get(app, "/custom/rss.xml?q=deep").status_code == 200)


def test_a_replica_that_does_not_sync_answers_searches_too(asked: SiteBuilder) -> None:
    keeper = LiveSite(Settings(asked.root))
    replica = LiveSite(Settings(asked.root, syncs=False))
    found = replica.find("/custom/rss.xml", "q=deep")
    assert isinstance(found, CachedDocument)
    assert b"Two" in found.document.body
    # The keeper sees that somebody searches, and keeps the words from then on.
    asked.write("new.md", "Deep woods", title="New")
    keeper.refresh()
    assert keeper.publication.catalog.search.is_ready()
    replica.refresh()
    again = replica.find("/custom/rss.xml", "q=deep")
    assert again == keeper.find("/custom/rss.xml", "q=deep") != found
    keeper.close()
    replica.close()


@pytest.fixture
def page(app: Flask) -> str:
    response = get(app, "/custom/?topic=ai&topic=robotics&not=gossip&since=30d&q=deep")
    assert (response.status_code, response.mimetype) == (200, "text/html")
    return response.text


def test_the_page_has_a_form_that_is_filled_and_works_without_a_script(page: str) -> None:
    importlib.import_module("html5lib").HTMLParser(strict=True).parse(page)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert policy[1].endswith("base-uri &#39;none&#39;; form-action &#39;self&#39;")
    assert re.findall(r'name="topic" value="([^"]*)" checked', page) == ["ai", "robotics"]
    assert 'name="not" value="Gossip"' in page
    assert re.search(r'<input id="q" name="q" type="search" value="deep"', page)
    inputs = re.findall(r"<input (?!type)[^>]*>", page)
    assert len(inputs) > 9
    assert all("id=" in each or "aria-labelledby=" in each for each in inputs)


def test_the_page_shows_the_articles_and_the_addresses(page: str) -> None:
    query = "?topic=ai&amp;topic=robotics&amp;not=gossip&amp;since=30d&amp;q=deep"
    for name in FEEDS:
        assert f'<a href="{name}{query}">' in page
        assert f'readonly value="https://feeds.example.org/custom/{name}{query}">' in page
        assert re.search(f'<link rel="alternate"[^>]* href="{re.escape(name + query)}">', page)
    assert re.findall(r'<h3><a href="[^"]*">([^<]*)<', page) == ["One", "Two"]
    assert '<a href="../topics/c-plus-plus/">C++</a>' in page
    assert '<h2 id="preview">AI, Robotics' in page


def test_a_form_that_is_sent_with_empty_fields_leads_to_the_page_of_its_feed(app: Flask) -> None:
    sent = "topic=robotics&topic=ai&match=any&not=&not=&provider=&min_quality=&since=&q="
    response = get(app, f"/custom/?{sent}")
    assert response.status_code == 301
    assert response.headers["Location"] == "./?topic=ai&topic=robotics"
    assert get(app, "/custom").headers["Location"] == "custom/"
    assert get(app, "/custom/index.html?q=").headers["Location"] == "./"


def test_the_page_of_a_topic_and_that_of_everything_offer_the_feeds_that_are_there(
    app: Flask,
) -> None:
    for query, folder in (("", "../"), ("?topic=ai", "../topics/ai/")):
        response = get(app, f"/custom/{query}")
        assert response.status_code == 200
        for name in FEEDS:
            assert f'<a href="{folder}{name}">' in response.text
            assert get(app, urljoin("/custom/", folder + name)).status_code == 200


def test_the_page_names_what_is_wrong_and_keeps_what_was_written(app: Flask) -> None:
    nasty = '"><script>alert(1)</script>'
    query = urlencode({"topic": "robotcs", "since": "x", "provider": nasty})
    response = get(app, f"/custom/?{query}")
    assert (response.status_code, response.mimetype) == (400, "text/html")
    assert response.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    importlib.import_module("html5lib").HTMLParser(strict=True).parse(response.text)
    assert "<li>topic: no topic is called &#39;robotcs&#39;; did you mean Robotics?</li>" in (
        response.text
    )
    assert "<script>alert" not in response.text
    assert re.search(r'id="since"[^>]*value="x"', response.text)
    assert 'rel="alternate"' not in response.text


def test_a_tree_of_files_has_no_custom_feeds(asked: SiteBuilder) -> None:
    publication = asked.publication()
    write_tree(publication, asked.out)
    assert not (asked.out / "custom").exists()
    assert "/custom/" not in set(publication.paths())
    assert publication.document("/custom/rss.xml") is None


def test_the_directory_takes_no_notice_of_a_query_without_words(app: Flask) -> None:
    plain = get(app, "/")
    for query in ("freq=1", "q=", "seq=2&page=3"):
        response = get(app, f"/?{query}")
        assert response.headers["Last-Modified"] == plain.headers["Last-Modified"]
        assert response.data == plain.data
    assert "Last-Modified" in get(app, "/?a=1&q=robotics").headers


def test_other_paths_take_no_notice_of_a_query(app: Flask) -> None:
    assert get(app, "/rss.xml?topic=nope").status_code == 200
    assert get(app, "/custom/other.xml?topic=ai").status_code == 404
    assert get(app, "/custom/archive/2026/rss.xml").status_code == 404


_TOPICS = build_topics(
    [TopicSettings("Machine Learning", aliases=("ML",), formerly=("learning",))],
    [TopicName(name, 1, NOW) for name in ("AI", "C++", "日本語", "a b")],
)
_KEYS = st.sampled_from(
    ("topic", "match", "not", "provider", "type", "category", "min_quality", "since", "q")
)
_VALUES = st.sampled_from(
    (
        "AI",
        "ml",
        "日本語",
        "c-plus-plus",
        "any",
        "all",
        "70",
        "-0",
        "1.50",
        "24h",
        "7d",
        "&amp;amp;",
        "Ã©",
    )
) | st.text(max_size=20)
_QUERIES = st.lists(st.tuples(_KEYS, _VALUES), max_size=8)


@given(_QUERIES, st.randoms())
def test_one_selection_has_one_query_whatever_the_order_and_the_repetition(
    pairs: list[tuple[str, str]], random: Random
) -> None:
    asked = read_query(urlencode(pairs), _TOPICS)
    if asked.problems:
        assert all(each and "\n" not in each for each in asked.problems)
        return
    again = read_query(asked.query, _TOPICS)
    assert (again.query, again.selection) == (asked.query, asked.selection)
    random.shuffle(pairs)
    assert read_query(urlencode(pairs * 2), _TOPICS).query == asked.query
    assert asked.query.isascii()


@given(st.text() | _QUERIES.map(urlencode))
def test_a_form_never_refuses_what_is_empty(text: str) -> None:
    asked = read_query(text, _TOPICS, of_form=True)
    assert not any("is empty" in each for each in asked.problems)


def test_any_query_is_answered(site: SiteBuilder) -> None:
    site.write("a.md", topics=["AI"])
    publication = site.publication()
    publication.catalog.search.fill()

    @given(st.sampled_from(("/custom/rss.xml", "/custom/")), st.text() | _QUERIES.map(urlencode))
    @settings(suppress_health_check=list(HealthCheck))
    def holds(path: str, query: str) -> None:
        found = custom_document(publication, path, query)
        assert isinstance(found, Document | Redirect | BadRequest)
        if isinstance(found, Redirect) and found.to.startswith("/custom/"):
            path, _mark, query = found.to.partition("?")
            assert isinstance(custom_document(publication, path, query), Document)

    holds()


def test_a_search_of_words_that_are_not_indexed_says_so(asked: SiteBuilder) -> None:
    publication = asked.publication()
    with pytest.raises(NotReadyError):
        custom_document(publication, "/custom/rss.xml", "q=deep")


@pytest.mark.parametrize(
    "written", ["%EF%BF%BE", "%00", "%1B", "%C2%85", "%F0%9F%BF%BE", "%ED%A0%80"]
)
@pytest.mark.parametrize("path", ["/?q=", "/custom/?q=", "/custom/?topic=", "/custom/?x="])
def test_no_character_that_feeds_may_not_hold_reaches_a_page(
    app: Flask, path: str, written: str
) -> None:
    assert find_forbidden(get(app, f"{path}wave{written}s").text) is None


@pytest.mark.parametrize("written", ["%00", "%1B", "%EF%BF%BE"])
def test_a_path_where_nothing_is_published_is_shown_on_one_line(app: Flask, written: str) -> None:
    response = get(app, f"/wave{written}s" + "x" * 500)
    assert response.status_code == 404
    assert find_forbidden(response.text) is None
    assert response.text.count("\n") == 1
    assert len(response.text) < 100


def test_no_query_costs_more_than_a_few_repairs() -> None:
    topics = build_topics((), [TopicName(f"topic {n} " * 5, 1, NOW) for n in range(5000)])
    chain = quote("Ã" + "ƒ" * 99)
    with within(1):
        for query in ("q=" + chain, "&".join(f"topic={chain}{n}" for n in range(7)), chain * 99):
            read_query(query, topics)
            directory_search(query)
