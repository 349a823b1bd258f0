"""HTTP: encodings, validators, conditions, CORS, caching, single flight, 301, 404 and 410."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.utils import formatdate
from functools import partial
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from feeds.compression import encode
from feeds.errors import CatalogError
from feeds.formats import render
from feeds.model.document import Document
from feeds.web.app import build_app, create_app
from feeds.web.document_cache import ENTRY_OVERHEAD_BYTES, DocumentCache
from feeds.web.live_site import LiveSite
from feeds.web.responses import CachedDocument
from feeds.web.settings import Settings
from tests.support import DECODERS, NOW, SiteBuilder, get

FEEDS = ("/rss.xml", "/atom.xml", "/feed.json")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The app of five articles, for tests that only read."""
    site = SiteBuilder(tmp_path_factory.mktemp("http") / "site")
    site.configure(title="Test site", url="https://feeds.example.org/")
    for number in range(5):
        site.write(f"{number}.md", "A body of some words. " * 20, title=f"No. {number}")
    app = create_app(site.root)
    yield app
    app.extensions["feeds"].close()


@pytest.mark.parametrize("path", [*FEEDS, "/"])
@pytest.mark.parametrize("encoding", DECODERS)
def test_a_document_comes_in_the_encoding_that_is_asked_for(
    app: Flask, path: str, encoding: str
) -> None:
    plain = get(app, path)
    assert "Content-Encoding" not in plain.headers
    for _cold_and_hot in range(2):
        encoded = get(app, path, Accept_Encoding=encoding)
        assert encoded.headers["Content-Encoding"] == encoding
        assert DECODERS[encoding](encoded.data) == plain.data
        assert len(encoded.data) < len(plain.data)
        assert encoded.headers["Content-Length"] == str(len(encoded.data))
    # Each is a representation of its own, with a strong validator of its own.
    assert encoded.headers["ETag"] != plain.headers["ETag"]
    assert not encoded.headers["ETag"].startswith("W/")
    for response in (plain, encoded):
        assert response.headers["Vary"].startswith("Accept-Encoding")
    etag = encoded.headers["ETag"]
    known = get(app, path, Accept_Encoding=encoding, If_None_Match=etag)
    assert (known.status_code, known.data) == (304, b"")
    assert known.headers["ETag"] == etag
    assert known.headers["Vary"] == plain.headers["Vary"]
    assert get(app, path, If_None_Match=etag).status_code == 200
    head = get(app, path, "HEAD", Accept_Encoding=encoding)
    assert (head.data, head.headers["Content-Length"]) == (b"", str(len(encoded.data)))


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, zstd", "zstd"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("identity", None),
        ("deflate", None),
        ("", None),
        ("br;q=nonsense, \x00, ;;;,", None),
        ("gzip," * 1000, None),
    ],
)
def test_the_encoding_is_the_one_that_the_client_prefers(
    app: Flask, accepted: str, chosen: str | None
) -> None:
    environ = {"HTTP_ACCEPT_ENCODING": accepted, "REQUEST_METHOD": "GET"}
    found = app.extensions["feeds"].find("/rss.xml")
    _status, headers, _body = found.respond(environ)
    assert dict(headers).get("Content-Encoding") == chosen


def test_a_browser_that_opens_a_feed_gets_a_type_that_it_can_display(app: Flask) -> None:
    for path, type in (("/rss.xml", "rss"), ("/atom.xml", "atom")):
        plain = get(app, path)
        assert plain.headers["Content-Type"] == f"application/{type}+xml; charset=utf-8"
        assert "Sec-Fetch-Dest" in plain.headers["Vary"]
        fetched = get(app, path, Sec_Fetch_Dest="empty")
        assert fetched.headers["Content-Type"] == plain.headers["Content-Type"]
        opened = get(app, path, Sec_Fetch_Dest="document")
        assert opened.headers["Content-Type"] == "application/xml; charset=utf-8"
        assert (opened.data, opened.headers["ETag"]) == (plain.data, plain.headers["ETag"])
    opened = get(app, "/feed.json", Sec_Fetch_Dest="document")
    assert opened.headers["Content-Type"] == "application/feed+json"
    assert "Sec-Fetch-Dest" not in opened.headers["Vary"]


def test_a_short_document_is_not_encoded() -> None:
    cached = CachedDocument(Document(b"short", "text/plain"), 0)
    environ = {"HTTP_ACCEPT_ENCODING": "gzip", "REQUEST_METHOD": "GET"}
    assert cached.respond(environ)[2] == b"short"


def test_a_document_is_encoded_once_for_all_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []

    def counting(body: bytes, encoding: str) -> bytes:
        encoded.append(len(body))
        return encode(body, encoding)

    monkeypatch.setattr("feeds.web.responses.encode", counting)
    cached = CachedDocument(Document(b"Words. " * 1000, "text/plain"), 0)
    environ = {"HTTP_ACCEPT_ENCODING": "br", "REQUEST_METHOD": "GET"}
    with ThreadPoolExecutor(16) as threads:
        responses = threads.map(cached.respond, [environ] * 64)
        assert {status for status, _headers, _body in responses} == {"200 OK"}
    assert len(encoded) == 1


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The formats of the feeds that are rendered, as they come."""
    formats: list[str] = []

    def counting(feed: Any, format: Any) -> bytes:
        formats.append(format.name)
        return render(feed, format)

    monkeypatch.setattr("feeds.publication.publication.render", counting)
    return formats


def test_many_requests_for_a_document_that_is_not_cached_wait_for_one_rendering(
    site: SiteBuilder, rendered: list[str]
) -> None:
    site.write("a.md", title="One")
    gate = threading.Barrier(51)
    served = LiveSite(Settings(site.root))

    def ask() -> Any:
        gate.wait()
        return served.find("/atom.xml")

    with ThreadPoolExecutor(50) as threads:
        asked = [threads.submit(ask) for _client in range(50)]
        gate.wait()
        assert len({id(each.result()) for each in asked}) == 1
    assert rendered == ["Atom"]
    served.close()


def test_memory_is_bounded_with_every_encoding() -> None:
    bodies = {name: f"{name} ".encode() * 2000 for name in "abcdefgh"}
    room = 3 * (ENTRY_OVERHEAD_BYTES + 4000) + 10
    cache = DocumentCache(room)
    for _twice in range(2):
        for name, body in bodies.items():
            cached = cache.get(name) or CachedDocument(Document(body, "text/plain"), 0)
            cache.put(name, cached)
            for encoding in ("br", "zstd", "gzip", ""):
                cached.respond({"HTTP_ACCEPT_ENCODING": encoding, "REQUEST_METHOD": "GET"})
                held = [kept for key in bodies if (kept := cache.get(key))]
                assert held
                expected = sum(ENTRY_OVERHEAD_BYTES + kept.size for kept in held)
                assert cache.size == expected <= room
    # Three have room as they are, but only two with their encodings.
    assert len(held) == 2


def test_a_document_larger_than_the_whole_cache_is_served_and_not_kept() -> None:
    cache = DocumentCache(5000)
    huge = CachedDocument(Document(b"x" * 6000, "text/plain"), 0)
    cache.put("huge", huge)
    assert cache.get("huge") is None
    assert huge.respond({"REQUEST_METHOD": "GET"})[2] == huge.document.body
    # Nor is one that grows larger than that, and it does not come back.
    growing = CachedDocument(Document(random.Random(1).randbytes(1500), "text/plain"), 0)
    cache.put("growing", growing)
    assert cache.get("growing") is growing
    for encoding in ("gzip", "br"):
        growing.respond({"REQUEST_METHOD": "GET", "HTTP_ACCEPT_ENCODING": encoding})
    assert (cache.get("growing"), cache.size) == (None, 0)


def test_a_document_that_grows_does_not_push_out_a_newer_one_of_its_path() -> None:
    cache = DocumentCache(100_000)
    old, new = (CachedDocument(Document(text * 2000, "text/plain"), 0) for text in (b"old", b"new"))
    cache.put("/rss.xml", old)
    cache.put("/rss.xml", new)
    old.respond({"REQUEST_METHOD": "GET", "HTTP_ACCEPT_ENCODING": "br"})
    assert cache.get("/rss.xml") is new


def test_no_two_threads_render_the_same_document_at_once() -> None:
    cache = DocumentCache(1000)
    inside: list[int] = []
    most = 0

    def enter(number: int) -> None:
        nonlocal most
        for _again in range(20):
            with cache.single_flight("/rss.xml"):
                inside.append(number)
                most = max(most, len(inside))
                time.sleep(0)  # lets the others try
                inside.remove(number)

    with ThreadPoolExecutor(60) as threads:
        list(threads.map(enter, range(60)))
    assert most == 1


def test_a_redirect_renders_nothing(site: SiteBuilder, rendered: list[str]) -> None:
    site.configure(
        title="T", url="https://feeds.example.org/", topics=[{"name": "AI", "formerly": ["old"]}]
    )
    site.write("a.md", topics=["AI"])
    app = create_app(site.root)
    for name in ("rss.xml", "atom.xml", "feed.json"):
        response = get(app, f"/topics/old/{name}")
        assert (response.status_code, response.location) == (301, f"../ai/{name}")
    assert rendered == []
    app.extensions["feeds"].close()


def test_a_query_that_asks_for_nothing_gets_the_directory_itself(app: Flask) -> None:
    directory = get(app, "/")
    for query in ("freq=1", "utm_source=x", "", "seq=", "x=q%3D"):
        response = get(app, f"/?{query}")
        assert response.data == directory.data
        for name in ("ETag", "Last-Modified"):
            assert response.headers[name] == directory.headers[name], query
    site: LiveSite = app.extensions["feeds"]
    assert site.cached("/", "freq=1") is site.cached("/")
    searched = get(app, "/?q=nothing")
    assert searched.data != directory.data


@pytest.mark.parametrize(
    ("path", "condition", "status"),
    [
        *((path, "", 200) for path in (*FEEDS, "/", "/subscriptions.opml", "/a.png", "/a.vtt")),
        ("/custom/rss.xml?topic=ai&not=other", "", 400),
        ("/topics/ai", "", 301),
        ("/nothing", "", 404),
        ("/rss.xml", "If-None-Match: *", 304),
        ("/rss.xml", 'If-Match: "other"', 412),
        ("/a.png", "If-None-Match: *", 304),
        ("/a.png", "Range: bytes=1-2", 206),
        ("/a.png", "Range: bytes=99999-", 416),
    ],
)
def test_scripts_of_other_pages_may_read_every_response(
    illustrated: Flask, path: str, condition: str, status: int
) -> None:
    name, _, value = condition.partition(": ")
    for method in ("GET", "HEAD") if name != "Range" else ("GET",):
        response = get(illustrated, path, method, **({name: value} if name else {}))
        assert response.status_code == status
        assert response.headers.getlist("Access-Control-Allow-Origin") == ["*"]
        [exposed] = response.headers.getlist("Access-Control-Expose-Headers")
        assert {"ETag", "Link", "Content-Range"} <= set(exposed.split(", "))
    assert get(illustrated, path, "POST").headers["Access-Control-Allow-Origin"] == "*"
    asked = get(
        illustrated, path, "OPTIONS", Origin="https://a.example",
        Access_Control_Request_Method="GET", Access_Control_Request_Headers="if-none-match,range",
    )  # fmt: skip
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    allowed = asked.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"If-None-Match", "Range"} <= set(allowed)


def test_pages_alone_say_that_nobody_may_frame_them(app: Flask) -> None:
    pages = ("/", "/topics/ai/", "/custom/", "/custom/?topic=no")
    for path in (*pages, "/rss.xml", "/custom/rss.xml?x=1", "/feed.css", "/nothing"):
        framed = get(app, path).headers.get("X-Frame-Options")
        assert framed == ("DENY" if path in pages else None), path


def test_the_publisher_sets_the_age_of_feeds(site: SiteBuilder) -> None:
    site.write("a.md")
    for keys, expected in (
        ({}, "max-age=60, stale-while-revalidate=600"),
        ({"max_age": 300, "stale_while_revalidate": 0}, "max-age=300"),
        ({"max_age": -1}, "max-age=60, stale-while-revalidate=600"),
    ):
        site.configure(title="T", url="https://feeds.example.org/", **keys)
        app = create_app(site.root)
        assert get(app, "/rss.xml").headers["Cache-Control"] == expected
        assert get(app, "/").headers["Cache-Control"] == "no-cache"
        app.extensions["feeds"].close()
    [problem] = site.publication().problems()
    assert (problem.code, problem.hint) == ("bad-number", "it should be a number of seconds")


def app_at(site: SiteBuilder, days: list[float]) -> Flask:
    """The app of a site under a clock that so many days have passed on."""

    def clock() -> datetime:
        return NOW + timedelta(days=days[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("feeds.web.app.LiveSite", partial(LiveSite, clock=clock))
        return create_app(site.root)


def test_a_feed_is_gone_for_good_once_it_has_been_gone_for_thirty_days(site: SiteBuilder) -> None:
    path, days_passed = "/topics/robots/rss.xml", [0.0]
    app = app_at(site, days_passed)
    live: LiveSite = app.extensions["feeds"]

    def asked(days: float) -> int:
        """The status so many days after the start."""
        days_passed[0] = days
        live.refresh()
        response = get(app, path)
        cache = response.headers["Cache-Control"]
        assert response.status_code != 404 or cache == "no-cache"
        assert response.status_code != 410 or cache == "max-age=86400"
        assert get(app, "/topics/never/rss.xml").status_code == 404
        return response.status_code

    def publish(is_published: bool) -> None:
        site.write("robots.md", topics=["Robots"], published=is_published)
        live.refresh()

    publish(True)
    assert asked(0) == 200
    publish(False)
    assert [asked(day) for day in (1, 1.1, 30.9)] == [404, 404, 404]
    # Back for a while, in which nobody asked, and gone again.
    publish(True)
    publish(False)
    assert [asked(day) for day in (31.1, 61)] == [404, 404]
    assert [asked(day) for day in (61.2, 90)] == [410, 410]
    assert get(app, path).data == b"/topics/robots/rss.xml is gone\n"
    # A clock that is set back begins anew.
    assert [asked(day) for day in (20, 49.9, 50.1)] == [404, 404, 410]
    publish(True)
    assert asked(51) == 200
    live.close()


def test_the_time_since_a_feed_is_gone_outlives_a_restart(site: SiteBuilder) -> None:
    statuses = []
    for day in (0, 1, 30.9, 31):
        site.write("robots.md", topics=["Robots"], published=day == 0)
        app = app_at(site, [day])
        statuses.append(get(app, "/topics/robots/rss.xml").status_code)
        app.extensions["feeds"].close()
    assert statuses == [200, 404, 404, 410]


def test_the_health_check_tells_the_age_of_the_last_sync(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = get(app, "/healthz")
    told = json.loads(response.data)
    assert (response.status_code, told["status"]) == (200, "ok")
    assert 0 <= told["synced_seconds_ago"] < 10
    assert response.headers["Cache-Control"] == "no-store"

    def broken(_catalog: Any) -> str:
        raise CatalogError("connection is bad")

    monkeypatch.setattr("feeds.catalog.catalog.Catalog.revision", broken)
    assert get(app, "/healthz").status_code == 503


@pytest.mark.parametrize(("proxies", "seen"), [("", "http"), ("1", "https")])
def test_proxies_are_trusted_only_if_configured(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch, proxies: str, seen: str
) -> None:
    monkeypatch.setenv("FEEDS_PROXIES", proxies)
    app = create_app(site.root)
    schemes: list[str] = []
    wrapped = app.view_functions["health"]

    def looking() -> Any:
        from flask import request

        schemes.append(request.scheme)
        return wrapped()

    app.view_functions["health"] = looking
    get(app, "/healthz", X_Forwarded_Proto="https", X_Forwarded_Host="a.example")
    assert schemes == [seen]
    app.extensions["feeds"].close()


@pytest.mark.parametrize("path", FEEDS)
def test_conditions_are_evaluated_in_the_order_of_the_rfc(app: Flask, path: str) -> None:
    whole = get(app, path)
    etag, date = whole.headers["ETag"], whole.headers["Last-Modified"]
    past = "Mon, 01 Jan 2001 00:00:00 GMT"
    for headers, status in (
        ({"If_None_Match": f'"other", W/{etag}'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"other"', "If_Modified_Since": date}, 200),
        ({"If_Modified_Since": date}, 304),
        ({"If_Modified_Since": past}, 200),
        ({"If_Modified_Since": "nonsense"}, 200),
        ({"If_Match": etag}, 200),
        ({"If_Match": '"other"'}, 412),
        ({"If_Match": "*", "If_None_Match": etag}, 304),
        ({"If_Unmodified_Since": past}, 412),
        ({"If_Unmodified_Since": date}, 200),
    ):
        for method in ("GET", "HEAD"):
            assert get(app, path, method, **headers).status_code == status, headers


NUMBER = "9" * 5000
ODD = (
    NUMBER,
    f"a:{NUMBER}",
    f"bytes=0-{NUMBER}",
    f"gzip;q={NUMBER}",
    f"for={NUMBER}",
    "a:²",
    "[::1",
    '"',
)
#: Whatever a server may read a number from.
NUMBERED = (
    "Host", "Content-Length", "Content-Type", "Range", "If-Range", "Accept-Encoding", "Forwarded",
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto",
    "X-Forwarded-Prefix", "Max-Forwards", "Cache-Control", "If-Match", "If-None-Match",
)  # fmt: skip


def test_no_number_in_a_header_is_an_error(site: SiteBuilder) -> None:
    (site.root / "a.png").write_bytes(b"\x89PNG")
    site.write("a.md", images=[{"url": "a.png"}])
    app = build_app(Settings(site.root, proxies=1))
    app.config["PROPAGATE_EXCEPTIONS"] = True
    for name, path, value in itertools.product(
        NUMBERED, ("/rss.xml", "/a.png", "/topics/ai", "/nothing"), ODD
    ):
        key = name.upper().replace("-", "_")
        key = key if key.startswith("CONTENT_") else f"HTTP_{key}"
        environ = EnvironBuilder(path).get_environ() | {key: value.encode().decode("latin-1")}
        response = run_wsgi_app(app.wsgi_app, environ, buffered=True)
        assert int(response[1].split()[0]) < 500, (name, path, value[:20])
    app.extensions["feeds"].close()


LINTED = [
    *FEEDS,
    "/",
    "/topics/ai/",
    "/topics/ai",
    "/subscriptions.opml",
    "/a.png",
    "/no",
    "/healthz",
    "/custom/feed.json?q=words",
    "/custom/?q=words",
    "/custom/rss.xml?topic=AI",
]


@pytest.fixture(scope="module")
def illustrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The app of an article with a picture, for tests that only read."""
    site = SiteBuilder(tmp_path_factory.mktemp("linted") / "site")
    site.configure(title="Test site", url="https://feeds.example.org/")
    (site.root / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" * 100)
    (site.root / "a.vtt").write_text("WEBVTT\n")
    files = {"images": [{"url": "a.png"}], "actions": [{"url": "a.vtt"}]}
    site.write("a.md", "Some words. " * 60, topics=["AI"], **files)
    app = create_app(site.root)
    yield app
    app.extensions["feeds"].close()


@pytest.mark.parametrize("path", LINTED)
@pytest.mark.parametrize("headers", [{}, {"Accept_Encoding": "br"}, {"If_None_Match": "*"}])
def test_an_http_linter_warns_of_nothing(
    illustrated: Flask, path: str, headers: dict[str, str]
) -> None:
    httplint = pytest.importorskip("httplint")
    response = get(illustrated, path, **headers)
    linter = httplint.HttpResponseLinter(start_time=time.time())
    status, _space, phrase = response.status.partition(" ")
    linter.process_response_topline(b"HTTP/1.1", status.encode(), phrase.encode())
    # A server adds the date where there is none.
    fields = [*(response.headers | {"Date": formatdate(usegmt=True)}).to_wsgi_list()]
    linter.process_headers([(name.encode(), value.encode()) for name, value in fields])
    linter.feed_content(response.data)
    linter.finish_content(True)
    found = [str(note) for note in linter.notes if note.level.value in ("bad", "warning")]
    assert found == []
