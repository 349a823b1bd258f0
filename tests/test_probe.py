"""Asking servers for lengths: what is asked, how politely, and what is remembered of it."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feeds import __version__
from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.catalog.place import catalog_place
from feeds.catalog.state import ProbeResult
from feeds.cli import main
from feeds.remote import probe as probing
from feeds.remote.addresses import is_public
from feeds.remote.pool import results_before
from feeds.remote.probe import ask as ask_public
from feeds.web.app import create_app
from tests.support import SiteBuilder, eventually, get, tool
from tests.test_static import tree

_Reply = Callable[["_Handler"], None]
#: The servers of these tests are on addresses of this machine.
ask = partial(ask_public, may_connect=lambda _address: True)


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self._reply()

    def do_GET(self) -> None:
        self._reply()

    def _reply(self) -> None:
        server = self.server
        with server.lock:
            server.asked.append((self.command, self.path))
            server.agents.add(self.headers["User-Agent"])
            server.hosts.add(self.headers["Host"])
            server.under_way += 1
            server.most = max(server.most, server.under_way)
        server.replies.get(self.path, missing)(self)

    def answer(self, status: int, **headers: str | int) -> None:
        # Before a byte is sent: once it has the answer, a client may ask its next question.
        with self.server.lock:
            self.server.under_way -= 1
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """A server of files that are nothing but headers, and what it was asked."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.replies: dict[str, _Reply] = {}
        self.asked: list[tuple[str, str]] = []
        self.agents: set[str] = set()
        self.hosts: set[str] = set()
        self.under_way = self.most = 0
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def __setitem__(self, path: str, reply: _Reply) -> None:
        self.replies[path] = reply


def missing(handler: _Handler) -> None:
    handler.answer(404)


def file(length: int) -> _Reply:
    return lambda handler: handler.answer(200, Content_Length=length, Content_Type="audio/mpeg")


def ranged(total: str) -> _Reply:
    """Refuse HEAD, and tell a range."""

    def reply(handler: _Handler) -> None:
        if handler.command == "HEAD":
            handler.answer(405)
            return
        assert handler.headers["Range"] == "bytes=0-0"
        handler.answer(206, Content_Range=total, Content_Length=1)
        handler.wfile.write(b"x")

    return reply


def leads_to(target: str, status: int = 302) -> _Reply:
    return lambda handler: handler.answer(status, Location=target)


def pause(handler: _Handler) -> None:
    handler.answer(429, Retry_After=3600)


def slow(handler: _Handler) -> None:
    time.sleep(0.2)
    handler.answer(200, Content_Length=5)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def tls_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a server with a certificate for named.example, which is trusted."""
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem"
    subject = "-out cert.pem -days 3650 -subj /CN=named.example -addext"
    command = [
        tool("openssl"),
        *request.split(),
        *subject.split(),
        "subjectAltName=DNS:named.example",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    found = Server(context)
    found["/x"] = file(5)
    yield found.server_port
    found.shutdown()
    found.server_close()


def answer(server: Server, path: str) -> ProbeResult:
    (found,) = ask([server.url + path], limit=5)
    return found


def untold(handler: _Handler) -> None:
    handler.answer(200)


def whole(handler: _Handler) -> None:
    """Nothing for HEAD, and the whole file for a range."""
    handler.answer(200, **({"Content_Length": 1 << 40} if handler.command == "GET" else {}))


def packed(handler: _Handler) -> None:
    handler.answer(200, Content_Length=10, Content_Encoding="gzip")


@pytest.mark.parametrize(
    ("reply", "length", "reason"),
    [
        (file(123), 123, ""),
        (ranged("bytes 0-0/98765"), 98765, ""),
        (ranged("BYTES */42"), 42, ""),
        (ranged("bytes 0-0/*"), None, "no length in the response"),
        (whole, 1 << 40, ""),
        (untold, None, "no length in the response"),
        (packed, None, "no length in the response"),
        (file(0), None, "no length in the response"),
        (missing, None, "HTTP 404"),
        (lambda handler: handler.answer(500), None, "HTTP 500"),
        (leads_to("/there"), 7, ""),
        (leads_to("/there", 308), 7, ""),
        (leads_to("/x"), None, "too many redirects"),
        (
            leads_to("file:///etc/passwd"),
            None,
            "redirects to a URL that is not http",
        ),
        (
            leads_to("ftp://127.0.0.1/x"),
            None,
            "redirects to a URL that is not http",
        ),
        (lambda handler: handler.answer(302), None, "HTTP 302"),
    ],
)
def test_an_answer_is_a_length_or_a_reason(
    server: Server, reply: _Reply, length: int | None, reason: str
) -> None:
    server["/x"], server["/there"] = reply, file(7)
    assert answer(server, "/x") == ProbeResult(f"{server.url}/x", length, reason)
    assert server.agents == {f"Feeds/{__version__}"}


def test_a_server_that_is_not_there_is_a_reason() -> None:
    server = Server()
    server.shutdown()
    server.server_close()
    assert answer(server, "/x").reason == "no connection"


def test_a_server_that_speaks_no_http_is_a_reason(server: Server) -> None:
    server["/x"] = lambda handler: handler.wfile.write(b"who is there?\n")[0:0]  # type: ignore[index]
    assert answer(server, "/x").length is None


def test_one_host_is_asked_two_questions_at_once_and_each_url_once(server: Server) -> None:
    paths = [f"/{number}" for number in range(12)]
    for path in paths:
        server[path] = slow
    answers = ask([server.url + path for path in paths] * 2)
    assert [each.length for each in answers] == [5] * 12
    assert server.most == 2
    assert sorted(server.asked) == sorted(("HEAD", path) for path in paths)


def test_all_hosts_together_are_asked_eight_questions_at_once() -> None:
    others = [Server() for _number in range(6)]
    under_way: list[int] = []

    def reply(handler: _Handler) -> None:
        under_way.append(sum(each.under_way for each in others))
        slow(handler)

    urls = []
    for each in others:
        for number in range(4):
            each[f"/{number}"] = reply
            urls.append(f"{each.url}/{number}")
    assert len(ask(urls)) == 24
    assert 2 < max(under_way) <= 8
    for each in others:
        each.shutdown()
        each.server_close()


def test_a_host_that_many_lead_to_is_asked_two_questions_at_once(server: Server) -> None:
    others = [Server() for _number in range(4)]
    server["/there"] = slow
    urls = []
    for each in others:
        each["/a"] = each["/b"] = leads_to(f"{server.url}/there")
        urls += [f"{each.url}/a", f"{each.url}/b"]
    assert [each.length for each in ask(urls)] == [5] * 8
    assert server.most == 2
    for each in others:
        each.shutdown()
        each.server_close()


def test_a_host_that_wants_a_pause_is_left_in_peace(server: Server) -> None:
    paths = [f"/{number}" for number in range(50)]
    for path in paths:
        server[path] = pause
    answers = ask([server.url + path for path in paths])
    # Two may be under way when the first of them is answered.
    assert 1 <= len(answers) == len(server.asked) <= 2
    assert answers[0].reason == "HTTP 429: the server wants a pause"


def test_a_server_that_never_ends_takes_no_longer_than_allowed(server: Server) -> None:
    def drips(handler: _Handler) -> None:
        handler.send_response(200)
        handler.flush_headers()
        for _second in range(50):
            handler.wfile.write(b"X-More: yes\r\n")
            time.sleep(0.1)

    server["/drips"], server["/x"] = drips, file(9)
    started = time.monotonic()
    answers = ask([f"{server.url}/drips", f"{server.url}/x"], limit=1)
    assert time.monotonic() - started < 3
    assert answers == [ProbeResult(f"{server.url}/x", 9)]


def test_nothing_to_ask_asks_nothing() -> None:
    assert ask([]) == []


# Authors name the URLs, and lengths are published: only the public internet is asked.


@pytest.mark.parametrize(
    "address",
    """
    0.0.0.0 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.1.2.3 169.254.169.254 172.16.0.1
    192.0.0.192 192.0.2.1 192.168.1.1 198.18.0.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe
    64:ff9b:1::a00:1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 2002:a00:1:: fc00::1 fd00:ec2::254
    fe80::1 fe80::1%1 fec0::1 ff02::1
    """.split(),
)
def test_an_address_behind_a_firewall_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1"]
)
def test_a_private_host_is_never_connected_to(server: Server, host: str) -> None:
    (answer,) = ask_public([f"http://{host}:{server.server_port}/x"], limit=5)
    assert (answer.length, answer.reason) == (None, "its host is not on the public internet")
    assert server.asked == []


@pytest.mark.parametrize(
    "host", ["[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "169.254.169.254", "0.0.0.0"]
)
def test_a_private_address_of_any_form_is_a_reason(host: str) -> None:
    (answer,) = ask_public([f"https://{host}/x"], limit=5)
    assert answer.reason == "its host is not on the public internet"


def test_a_redirect_to_a_private_host_is_not_followed(server: Server) -> None:
    server["/x"] = leads_to(f"http://127.0.0.2:{server.server_port}/secret")
    (answer,) = ask_public(
        [f"{server.url}/x"], limit=5, may_connect=lambda address: address == "127.0.0.1"
    )
    assert answer.reason == "its host is not on the public internet"
    assert server.asked == [("HEAD", "/x")]


def test_the_address_that_was_checked_is_connected_to(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server["/x"] = file(7)
    resolve, questions = socket.getaddrinfo, list[str]()

    def rebinds(host: str, *arguments: object, **named: object) -> object:
        if host == "rebinds.example":
            questions.append(host)
            host = "127.0.0.1" if len(questions) == 1 else "169.254.169.254"
        return resolve(host, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", rebinds)
    url = f"http://rebinds.example:{server.server_port}/x"
    (answer,) = ask_public([url], limit=5, may_connect=lambda address: address == "127.0.0.1")
    assert (answer.length, questions) == (7, ["rebinds.example"])
    assert server.hosts == {f"rebinds.example:{server.server_port}"}


def test_the_next_address_is_asked_where_one_takes_no_connection(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server["/x"] = file(7)
    resolve = socket.getaddrinfo

    def two(host: str, *arguments: object, **named: object) -> object:
        hosts = ("127.0.0.2", "127.0.0.1") if host == "two.example" else (host,)
        return [each for name in hosts for each in resolve(name, *arguments, **named)]  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    (answer,) = ask([f"http://two.example:{server.server_port}/x"], limit=5)
    assert answer.length == 7


def test_a_certificate_is_that_of_the_name_and_not_of_its_address(
    tls_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **named: resolve(
            "127.0.0.1" if host.endswith(".example") else host, *rest, **named
        ),
    )
    urls = [f"https://{name}.example:{tls_port}/x" for name in ("named", "other")]
    named, other = ask(urls, limit=5)
    assert (named.length, other.reason) == (5, "certificate verification failed")


def test_a_proxy_of_the_environment_is_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, server.url)
    (answer,) = ask_public(["http://10.0.0.1/x"], limit=5)
    assert answer.reason == "its host is not on the public internet"
    assert server.asked == []


# Servers that are slow, or send more than they are asked for.


def test_endless_answers_are_cut_off(server: Server) -> None:
    sent = list[int]()

    def endless(handler: _Handler) -> None:
        if handler.command == "HEAD":
            handler.answer(405)
            return
        handler.answer(200, Content_Length=1 << 50)
        try:
            while True:
                sent.append(handler.wfile.write(b"x" * 65536))
        except OSError:
            return

    def many_headers(handler: _Handler) -> None:
        handler.answer(200, **{f"X{number}": "x" for number in range(1000)})

    server["/endless"], server["/headers"] = endless, many_headers
    server["/long"] = lambda handler: handler.answer(200, X="x" * 100_000)
    endlessly, headers, long = ask(
        [f"{server.url}/{name}" for name in ("endless", "headers", "long")], limit=5
    )
    assert endlessly.length == 1 << 50
    # The capacity of the buffers of two sockets.
    assert eventually(lambda: sum(sent) < 64 << 20)
    assert (headers.reason, long.reason) == ("the connection broke",) * 2


def test_jobs_that_never_end_do_not_keep_others_from_running() -> None:
    stopped, jobs = threading.Event(), iter([True] * 4 + [False] * 4)

    def work(hangs: bool) -> bool:
        return hangs and not stopped.wait(10)

    deadline = time.monotonic() + 5
    results = results_before(deadline, work, lambda: next(jobs, None), 2, patience=0.1)
    assert [next(results) for _number in range(4)] == [False] * 4
    stopped.set()


# Builds with the answers.


def build(site: SiteBuilder, *options: str, out: Path | None = None) -> Result:
    place = str(out or site.out)
    result = CliRunner().invoke(main, ["build", str(site.root), "--out", place, *options])
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def local_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a build ask servers on addresses of this machine."""
    monkeypatch.setattr(probing, "ask", ask)


@pytest.fixture
def podcast(site: SiteBuilder, server: Server, local_servers: None) -> SiteBuilder:  # noqa: ARG001
    server["/talk.mp3"] = file(5000)
    actions = [{"url": f"{server.url}/talk.mp3", "title": "Talk"}]
    images = [{"url": f"{server.url}/gone.jpg"}, {"url": "/media/none.png"}]
    site.write("a.md", actions=actions, images=images)
    return site


def index(site: SiteBuilder) -> Catalog:
    """The index that builds of the site use."""
    return Catalog(catalog_place(SiteFolder.open(site.root)))


def sizes(out: Path) -> list[int | None]:
    feed = json.loads((out / "feed.json").read_bytes())
    return [each.get("size_in_bytes") for each in feed["items"][0]["attachments"]]


def test_an_answer_is_used_by_every_later_build(
    podcast: SiteBuilder, server: Server, tmp_path: Path
) -> None:
    build(podcast)
    assert server.asked == []
    assert sizes(podcast.out) == [None, None, None]
    build(podcast, "--probe")
    assert sizes(podcast.out) == [5000, None, None]
    assert b'length="5000"' in (podcast.out / "rss.xml").read_bytes()
    build(podcast)
    assert sizes(podcast.out) == [5000, None, None]
    build(podcast, out=tmp_path / "again")
    assert tree(tmp_path / "again") == tree(podcast.out)


def test_a_failure_is_asked_again_and_an_answer_is_not(
    podcast: SiteBuilder, server: Server
) -> None:
    result = build(podcast, "--probe")
    gone = f"{server.url}/gone.jpg"
    assert (
        f"warning: no length of 1 of 2 enclosures ({gone}: HTTP 404); the next --probe asks again"
        in result.stderr
    )
    assert sorted(server.asked) == [("HEAD", "/gone.jpg"), ("HEAD", "/talk.mp3")]
    server.asked.clear()
    server["/gone.jpg"] = file(33)
    assert "no length" not in build(podcast, "--probe").stderr
    assert server.asked == [("HEAD", "/gone.jpg")]
    assert sizes(podcast.out) == [5000, 33, None]
    server.asked.clear()
    build(podcast, "--probe")
    assert server.asked == []


@pytest.mark.usefixtures("local_servers")
def test_what_a_pause_leaves_out_is_counted_and_asked_next_time(
    site: SiteBuilder, server: Server
) -> None:
    images = [{"url": f"{server.url}/{number}.png"} for number in range(20)]
    site.write("a.md", images=images)
    for number in range(20):
        server[f"/{number}.png"] = pause
    stderr = build(site, "--probe").stderr
    assert "no length of 20 of 20 enclosures" in stderr
    assert " of them not asked yet; the next --probe asks again" in stderr
    for number in range(20):
        server[f"/{number}.png"] = file(number + 1)
    assert build(site, "--probe").stderr == ""
    assert sorted(filter(None, sizes(site.out))) == list(range(1, 21))


@pytest.mark.usefixtures("local_servers")
def test_only_what_is_published_is_asked_for(site: SiteBuilder, server: Server) -> None:
    site.configure(title="Short", url="https://feeds.example.org/", limit=1)
    site.write("draft.md", published=False, images=[{"url": f"{server.url}/draft.png"}])
    site.write("gone.md", removed=True, images=[{"url": f"{server.url}/gone.png"}])
    # The archive has what the newest document has no room for.
    for day, name in ((1, "old"), (2, "new")):
        date = f"2026-05-0{day}T10:00:00Z"
        images = [{"url": f"{server.url}/{name}.png"}]
        site.write(f"{name}.md", publishedDateTime=date, images=images)
    build(site, "--probe")
    assert sorted(server.asked) == [("HEAD", "/new.png"), ("HEAD", "/old.png")]


def test_a_probe_is_no_problem_for_strict(podcast: SiteBuilder, server: Server) -> None:
    (podcast.root / "media").mkdir()
    (podcast.root / "media" / "none.png").write_bytes(b"x")
    assert "HTTP 404" in build(podcast, "--probe", "--strict").stderr
    assert len(server.asked) == 2


def test_the_live_app_tells_what_was_learnt(podcast: SiteBuilder, tmp_path: Path) -> None:
    app = create_app(podcast.root)
    before = get(app, "/rss.xml")
    assert b'length="0"' in before.data
    build(podcast, "--probe", out=tmp_path / "out")
    assert eventually(lambda: b'length="5000"' in get(app, "/rss.xml").data)
    assert get(app, "/rss.xml").headers["ETag"] != before.headers["ETag"]
    assert get(app, "/atom.xml").data == (tmp_path / "out" / "atom.xml").read_bytes()
    app.extensions["feeds"].close()


def test_answers_outlive_a_new_version_and_a_lost_article(
    podcast: SiteBuilder, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(podcast, "--probe")
    known = index(podcast).lengths()
    assert known == {f"{server.url}/talk.mp3": 5000}
    for module in ("catalog.schema", "publication.publication"):
        monkeypatch.setattr(f"feeds.{module}.code_fingerprint", lambda: "another version")
    text = (podcast.root / "articles" / "a.md").read_bytes()
    (podcast.root / "articles" / "a.md").unlink()
    index(podcast).sync(SiteFolder.open(podcast.root))
    podcast.write_text("a.md", text)
    build(podcast)
    assert sizes(podcast.out) == [5000, None, None]


def test_the_bytes_of_a_tree_do_not_tell_when_servers_were_asked(
    podcast: SiteBuilder, server: Server, tmp_path: Path
) -> None:
    build(podcast, "--probe")
    catalog = index(podcast)
    for now in (1, 2_000_000_000):
        catalog.state.record_file_sizes([ProbeResult(f"{server.url}/talk.mp3", 5000)], now)
        build(podcast, out=tmp_path / str(now))
        assert tree(tmp_path / str(now)) == tree(podcast.out)


def test_a_build_without_a_question_loads_nothing_to_ask_with(
    monkeypatch: pytest.MonkeyPatch, site: SiteBuilder
) -> None:
    def forbidden(*_arguments: object, **_named: object) -> None:
        raise AssertionError

    monkeypatch.setattr(probing, "ask", forbidden)
    site.write("a.md", images=[{"url": "/media/none.png"}])
    build(site, "--probe")
    build(site)
