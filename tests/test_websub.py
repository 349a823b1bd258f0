"""WebSub: a hub is told of the feeds that changed, and passes them on to their subscribers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import feedparser
import pytest
import urllib3
from click.testing import CliRunner, Result
from flask import Flask, request
from flask_websub.hub import Hub, SQLite3HubStorage
from werkzeug.serving import make_server

from feeds.cli import main
from feeds.remote import websub
from feeds.remote.websub import announce
from feeds.web.app import create_app
from feeds.web.live_site import LiveSite
from feeds.web.settings import Settings
from tests.support import SiteBuilder, eventually

URL = "https://feeds.example.org/"
#: For the hub, the subscribers and the app, which are all in this process.
PATIENCE_SECONDS = 60
PATHS = [
    f"{folder}{name}"
    for folder in ("", "topics/ai/")
    for name in ("rss.xml", "atom.xml", "feed.json")
]


class Served:
    """A WSGI application on a port of its own."""

    def __init__(self, app: Any) -> None:
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Pool:
    """Threads that the hub's work is handed to in the place of Celery."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(4)

    def task(self, bind: bool = False, **_options: Any) -> Callable[[Any], Any]:
        def made(function: Any) -> Any:
            def delay(*arguments: Any) -> None:
                self._threads.submit(function, *((made, *arguments) if bind else arguments))

            function.delay = delay
            return function

        return made

    def close(self) -> None:
        self._threads.shutdown()


class Recorder:
    """A hub that takes down what it is told, and answers as it is asked to."""

    def __init__(self) -> None:
        #: Requests that have come, answered or not.
        self.asked = 0
        self.told: list[str] = []
        self.modes: set[str] = set()
        #: The next answers, and the one after them.
        self.answers: list[int] = []
        self.answer = 202
        self.pause = 0.0
        #: The length of an answer's body, what was sent of such, and the connections so far.
        self.answer_bytes = self.sent = self.connections = 0
        self.stop = threading.Event()
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                pause = recorder.pause
                recorder.asked += 1
                recorder.stop.wait(pause)
                status = recorder.answers.pop(0) if recorder.answers else recorder.answer
                if status == 202:
                    recorder.told += form["hub.url"]
                    recorder.modes |= set(form["hub.mode"])
                    assert form["hub.url"] == form["hub.topic"]
                self.send_response(status)
                self.send_header("Content-Length", str(recorder.answer_bytes))
                if status == 301:
                    self.send_header("Location", "https://elsewhere.example/")
                self.end_headers()
                with suppress(OSError):
                    for _part in range(recorder.answer_bytes >> 16):
                        recorder.sent += self.wfile.write(b"x" * (1 << 16))

            def setup(self) -> None:
                super().setup()
                recorder.connections += 1

            def log_message(self, *_arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self.stop.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same pauses, shorter."""
    monkeypatch.setattr(websub, "BACKOFF_SECONDS", 0.02)
    monkeypatch.setattr("feeds.web.announcer.SETTLE_SECONDS", 0.3)


@pytest.fixture
def hub() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture
def announced(site: SiteBuilder, hub: Recorder, monkeypatch: pytest.MonkeyPatch) -> SiteBuilder:
    """A site whose hub was told of all."""
    # The one that commands and apps find too.
    place = os.environ.get("FEEDS_CATALOG") or str(site.root.parent / "catalog.sqlite")
    monkeypatch.setenv("FEEDS_CATALOG", place)
    site.configure(title="Test site", url=URL, hub=hub.url)
    site.write("a.md", title="One", topics=["AI"])
    assert sorted(announce(site.publication()).told) == sorted(URL + path for path in PATHS)
    hub.told.clear()
    hub.asked = 0
    return site


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def has_subscriber(hub: Any, topic: str) -> bool:
    return bool(list(hub.storage.get_callbacks(topic)))


@pytest.mark.parametrize("path", PATHS)
def test_every_feed_names_its_hub_and_itself(site: SiteBuilder, path: str) -> None:
    hub = "https://hub.example.net/?a=1&b=2"
    site.configure(title="Test site", url=URL, hub=hub)
    site.write("a.md", topics=["AI"])
    body = site.published(f"/{path}")
    if path.endswith("json"):
        data = json.loads(body)
        assert (data["hubs"], data["feed_url"]) == ([{"type": "WebSub", "url": hub}], URL + path)
    else:
        links = {link.rel: link.href for link in feedparser.parse(body).feed.links}
        assert (links["hub"], links["self"]) == (hub, URL + path)
    app = create_app(site.root)
    response = app.test_client().get(f"/{path}")
    assert response.headers.getlist("Link") == [
        f'<{hub}>; rel="hub"', f'<{URL}{path}>; rel="self"'
    ]  # fmt: skip
    assert "Link" not in app.test_client().get("/topics/ai/").headers
    app.extensions["feeds"].close()


def test_without_a_hub_nothing_speaks_of_one(site: SiteBuilder) -> None:
    site.write("a.md", topics=["AI"])
    assert not any(b'"hub' in site.published(f"/{path}") for path in PATHS)
    app = create_app(site.root)
    assert "Link" not in app.test_client().get("/rss.xml").headers
    app.extensions["feeds"].close()
    result = run("ping", site.root)
    assert (result.exit_code, result.stderr) == (
        1, "Error: no hub is known; write hub: and its URL in feeds.yaml\n"
    )  # fmt: skip
    result = run("build", site.root, "--out", site.out, "--ping")
    assert result.exit_code == 0
    assert "warning: no hub is known, so none is told; write hub: and" in result.stderr


def test_a_hub_that_is_no_url_is_named(site: SiteBuilder) -> None:
    site.configure(title="Test site", url=URL, hub="hub.example.net")
    site.write("a.md")
    [problem] = site.publication().problems()
    assert (problem.code, problem.hint) == ("bad-url", "it should be an http or https URL")


def test_only_the_feeds_whose_bytes_changed_are_announced(
    announced: SiteBuilder, hub: Recorder
) -> None:
    assert announce(announced.publication()).told == []
    announced.write("b.md", title="Two", topics=[])
    expected = [f"{URL}{name}" for name in ("rss.xml", "atom.xml", "feed.json")]
    assert sorted(announce(announced.publication()).told) == sorted(expected)
    assert sorted(hub.told) == sorted(expected)
    assert hub.modes == {"publish"}
    # The settings behind the documents are others now, and their bytes are the same.
    announced.configure(title="Test site", url=URL, hub=hub.url, limit=40)
    assert announce(announced.publication()).told == []


def test_commands_say_what_was_announced(announced: SiteBuilder, hub: Recorder) -> None:
    announced.write("b.md", title="Two", topics=["AI"])
    result = run("build", announced.root, "--out", announced.out, "--ping")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"6 feeds announced ({hub.url})"
    assert run("ping", announced.root).stdout == f"0 feeds announced ({hub.url})\n"
    # An early end must not keep a hub from what it did not take.
    announced.write("c.md", title="Three", topics=[])
    hub.answer = 403
    result = run("build", announced.root, "--out", announced.out, "--ping")
    assert (result.exit_code, result.stderr) == (
        0, f"0 feeds announced, 3 not: HTTP 403 ({hub.url})\n"
    )  # fmt: skip
    hub.answer = 202
    result = run("build", announced.root, "--out", announced.out, "--ping")
    assert result.stdout.splitlines()[-1] == f"3 feeds announced ({hub.url})"


@pytest.mark.parametrize("answer", [429, 500, 503])
def test_what_passes_is_tried_again(announced: SiteBuilder, hub: Recorder, answer: int) -> None:
    announced.write("b.md", title="Two", topics=[])
    # All of them may be for one feed, which has three attempts.
    hub.answers = [answer] * 2
    assert len(announce(announced.publication()).told) == 3
    assert hub.asked == 5


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (500, "HTTP 500"),
        (404, "HTTP 404"),
        (301, "HTTP 301: the hub has moved to 'https://elsewhere.example/'"),
    ],
)
def test_what_a_hub_does_not_take_is_announced_the_next_time(
    announced: SiteBuilder, hub: Recorder, answer: int, reason: str
) -> None:
    announced.write("b.md", title="Two", topics=[])
    hub.answer = answer
    failed = announce(announced.publication())
    assert failed.told == []
    assert set(failed.failed.values()) == {reason}
    hub.answer = 202
    assert len(announce(announced.publication()).told) == 3
    assert announce(announced.publication()).told == []


def test_a_slow_or_dead_hub_costs_no_more_than_the_time_that_it_is_given(
    announced: SiteBuilder, hub: Recorder
) -> None:
    announced.write("b.md", title="Two", topics=[])
    hub.pause = 1.0
    began = time.monotonic()
    failed = announce(announced.publication(), limit=0.3)
    assert time.monotonic() - began < 1.0
    assert len(failed.failed) == 3
    hub.pause = 0.0
    assert len(announce(announced.publication()).told) == 3
    announced.write("c.md", title="Three", topics=[])
    announced.configure(title="Test site", url=URL, hub="http://127.0.0.1:9/")
    assert set(announce(announced.publication()).failed.values()) <= {"no connection"}


@pytest.mark.parametrize("first", [202, 503])
def test_an_answer_without_end_is_cut_off(
    announced: SiteBuilder, hub: Recorder, first: int
) -> None:
    announced.write("b.md", title="Two", topics=[])
    hub.answers, hub.answer_bytes = [first], 1 << 40
    assert len(announce(announced.publication(), limit=5).told) == 3
    # The capacity of the buffers of the sockets.
    assert hub.sent < 64 << 20


def test_a_connection_to_the_hub_is_used_again(announced: SiteBuilder, hub: Recorder) -> None:
    announced.write("b.md", title="Two", topics=[str(number) for number in range(20)])
    assert len(announce(announced.publication()).told) == 63
    assert hub.connections <= 2 * websub.MAX_REQUESTS


def test_one_change_is_announced_once_though_many_see_it(
    announced: SiteBuilder, hub: Recorder
) -> None:
    announced.write("b.md", title="Two", topics=[])
    publications = [announced.publication() for _process in range(4)]
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(announce, publications))
    assert sorted(hub.told) == sorted(set(hub.told))
    assert sum(len(each.told) for each in results) == len(hub.told) == 3


def test_what_was_announced_outlives_a_new_version(
    announced: SiteBuilder, hub: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("catalog.schema", "publication.publication"):
        monkeypatch.setattr(f"feeds.{module}.code_fingerprint", lambda: "another")
    announced.close()
    assert announce(announced.publication()).told == []
    assert hub.told == []


def test_a_replica_announces_nothing(announced: SiteBuilder, hub: Recorder) -> None:
    announced.write("b.md", title="Two", topics=[])
    announced.publication()
    replica = LiveSite(Settings(announced.root, syncs=False))
    found = replica.find("/rss.xml")
    assert found is not None
    time.sleep(0.5)
    replica.close()
    assert hub.told == []
    keeper = LiveSite(Settings(announced.root))
    keeper.find("/rss.xml")
    assert eventually(lambda: len(hub.told) == 3)
    keeper.close()


def test_subscribers_of_a_real_hub_get_what_changed_within_seconds(
    site: SiteBuilder, tmp_path: Path
) -> None:
    pool = Pool()
    # On a busy machine; after its three seconds, the hub would forget what it was told.
    config = {"REQUEST_TIMEOUT": PATIENCE_SECONDS}
    passing = Hub(SQLite3HubStorage(str(tmp_path / "hub.sqlite3")), celery=pool, **config)
    hub_app = Flask("hub")
    hub_app.config["PUBLISH_SUPPORTED"] = True
    hub_app.register_blueprint(passing.build_blueprint(url_prefix="/hub"))
    paths = {"everything": "rss.xml", "other": "topics/other/atom.xml"}
    got: dict[str, list[bytes]] = {name: [] for name in paths}
    subscriber = Flask("subscriber")

    @subscriber.route("/<name>", methods=["GET", "POST"])
    def callback(name: str) -> str:
        if request.method == "GET":
            return request.args["hub.challenge"]
        got[name].append(request.get_data())
        return ""

    hub_server, subscriber_server = Served(hub_app), Served(subscriber)
    site.configure(title="Test site", url="http://127.0.0.1:1/", hub=f"{hub_server.url}hub")
    site.write("a.md", title="One", topics=["AI"])
    site.write("b.md", title="Two", topics=["Other"])
    # The server has to listen before its feeds' URL is known.
    app: list[Any] = []
    feeds_server = Served(lambda environ, start: app[0](environ, start))
    http = urllib3.PoolManager()
    try:
        # Before the app answers: from its first response on, it announces everything.
        for name, path in paths.items():
            body = site.published(f"/{path}", url=feeds_server.url)
            links = {link.rel: link.href for link in feedparser.parse(body).feed.links}
            assert links["self"] == feeds_server.url + path
            form = {
                "hub.mode": "subscribe",
                "hub.topic": links["self"],
                "hub.callback": subscriber_server.url + name,
            }
            answer = http.request("POST", links["hub"], fields=form, encode_multipart=False)
            assert answer.status == 202
            is_there = partial(has_subscriber, passing, links["self"])
            assert eventually(is_there, PATIENCE_SECONDS)
        app.append(create_app(site.root, url=feeds_server.url))
        for path in paths.values():
            response = http.request("GET", feeds_server.url + path)
            assert response.headers.getlist("Link") == [
                f'<{hub_server.url}hub>; rel="hub"', f'<{feeds_server.url}{path}>; rel="self"'
            ]  # fmt: skip
        assert eventually(lambda: all(got.values()), PATIENCE_SECONDS)
        got["everything"].clear()
        got["other"].clear()
        site.write("c.md", title="Breaking", topics=["AI"])
        assert eventually(
            lambda: any(b"Breaking" in body for body in got["everything"]), PATIENCE_SECONDS
        )
        [told] = got["everything"]
        assert told == http.request("GET", f"{feeds_server.url}rss.xml").data
        time.sleep(0.5)
        assert got["other"] == []
        # A build of the same site says what it wrote, and this hub knows it already.
        site.write("d.md", title="More", topics=["Other"])
        app[0].extensions["feeds"].refresh()
        options = ("--url", feeds_server.url, "--ping")
        assert run("build", site.root, "--out", site.out, *options).exit_code == 0
        assert eventually(lambda: any(b"More" in body for body in got["other"]), PATIENCE_SECONDS)
        time.sleep(1)
        assert len(got["other"]) == 1
    finally:
        for each in app:
            each.extensions["feeds"].close()
        for server in (feeds_server, hub_server, subscriber_server):
            server.close()
        pool.close()
        http.clear()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_announcement_is_announced_the_next_time(
    announced: SiteBuilder, hub: Recorder, number: signal.Signals
) -> None:
    announced.write("b.md", title="Two", topics=[])
    hub.pause = 2.0
    command = [sys.executable, "-m", "feeds", "ping", str(announced.root)]
    ping = subprocess.Popen(
        command,
        stderr=subprocess.DEVNULL,
        # A shell's background jobs, and so the tests in one, ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert eventually(lambda: hub.asked, PATIENCE_SECONDS)
    ping.send_signal(number)
    assert ping.wait(20) == {signal.SIGINT: 1, signal.SIGTERM: 143}[number]
    hub.pause = 0.0
    assert run("ping", announced.root).stdout == f"3 feeds announced ({hub.url})\n"


def test_an_error_while_telling_releases_what_was_claimed(
    announced: SiteBuilder, hub: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced.write("b.md", title="Two", topics=[])
    with monkeypatch.context() as patch:

        def broken(*_arguments: object, **_named: object) -> None:
            raise RuntimeError("a fault of ours")

        patch.setattr(urllib3.PoolManager, "request", broken)
        patch.setattr(websub, "MAX_REQUESTS", 1)  # others might ask the hub once it is mended
        with pytest.raises(RuntimeError, match="a fault of ours"):
            announce(announced.publication())
    assert len(announce(announced.publication()).told) == len(hub.told) == 3


def test_the_claims_of_a_killed_process_expire(announced: SiteBuilder, hub: Recorder) -> None:
    announced.write("b.md", title="Two", topics=[])
    hub.pause = 30.0
    publication = announced.publication()
    script = (
        "import sys; from tests.support import SiteBuilder; from pathlib import Path;"
        "from feeds.remote.websub import announce;"
        "announce(SiteBuilder(Path(sys.argv[1])).publication(), limit=30)"
    )
    killed = subprocess.Popen([sys.executable, "-c", script, str(announced.root)])
    assert eventually(lambda: hub.asked, PATIENCE_SECONDS)
    killed.kill()
    killed.wait()
    hub.pause = 0.0
    held = announce(publication)
    assert (held.told, len(held.claimed)) == ([], 3)
    # They last for twice the limit; a minute later by the clock, they have expired.
    later = announce(publication, clock=lambda: time.time() + 62)
    # A request of the killed process may have been on its way.
    assert len(later.told) == 3
    assert set(hub.told) == set(later.told)
