"""The server of `feeds serve`, as its clients see it: slow, silent and wrong ones among them."""

import asyncio
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from feeds.web import gateway
from feeds.web.app import build_gateway, create_app
from feeds.web.server import free_address
from feeds.web.settings import Settings
from tests.support import SiteBuilder, eventually
from tests.test_cli import Server, run, serving

MOVIE = random.Random(1).randbytes(5_000_000)
#: Longer than a reader waits for one that is not held up, much less than any timeout of a client.
PATIENCE_SECONDS = 5


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = SiteBuilder(tmp_path_factory.mktemp("gateway") / "site")
    site.configure(title="Served", url="https://feeds.example.org/")
    media = site.root / "media"
    media.mkdir()
    (media / "movie.mp4").write_bytes(MOVIE)
    (media / "a.png").write_bytes(b"\x89PNG")
    (media / "empty.png").write_bytes(b"")
    images = [{"url": f"/media/{name}.png"} for name in ("a", "empty")]
    actions = [{"url": "/media/movie.mp4"}]
    keys = {"title": "日本", "topics": ["日本"], "images": images, "actions": actions}
    site.write("a.md", "Words. " * 300, **keys)
    return site.root


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[Server]:
    with serving(root) as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def _many_files() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def connected(server: Server, count: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """Clients that send some bytes, and then neither send nor read."""
    with ExitStack() as stack:
        clients = []
        for _client in range(count):
            client = stack.enter_context(closing(socket.socket()))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.settimeout(20)
            client.connect((server.host, server.port))
            client.sendall(sent)
            clients.append(client)
        yield clients


def get_line(path: str, *lines: str, method: str = "GET") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: a", *lines, "", "")).encode()


def raw(server: Server, request: bytes) -> bytes:
    """All that comes back."""
    with connected(server, 1, request) as [client], client.makefile("rb") as stream:
        return stream.read()


@pytest.mark.parametrize(
    ("count", "sent"),
    [
        (600, b""),
        (300, b"GET / HTTP/1.1\r\nHost: a\r\nX: "),
        (300, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\na"),
        (300, get_line("/rss.xml")),
        (300, get_line("/rss.xml") * 40),
        (300, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"),
        (200, get_line("/media/movie.mp4")),
    ],
    ids=["silent", "half a header", "half a body", "idle", "never reading", "HTTP/2", "download"],
)
def test_no_number_of_idle_clients_keeps_a_reader_waiting(
    server: Server, count: int, sent: bytes
) -> None:
    with connected(server, count, sent):
        for path in ("/rss.xml", "/media/a.png", "/nothing"):
            began = time.monotonic()
            assert server.get(path)[0] == (404 if path == "/nothing" else 200)
            assert time.monotonic() - began < PATIENCE_SECONDS, path


def test_slow_downloads_are_all_sent_whole(server: Server) -> None:
    with connected(server, 60, get_line("/media/movie.mp4", "Connection: close")) as clients:
        heads = [client.recv(12) for client in clients]
        assert set(heads) == {b"HTTP/1.1 200"}
        for client in clients[:3]:
            with client.makefile("rb") as stream:
                assert stream.read().partition(b"\r\n\r\n")[2] == MOVIE


def test_http_2_is_not_spoken(server: Server) -> None:
    assert b"\0\0\0\x04" not in raw(server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))


FAR = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"
FAR_ZONE = "Mon, 01 Jan 2026 00:00:00 +99999999999999999999"
HEADERS: list[dict[str, str]] = [
    {},
    {"Range": "bytes=1-2"},
    {"Range": "bytes=2-"},
    {"Range": "bytes=-1"},
    {"Range": "bytes=-9999999"},
    {"Range": "bytes=0-" + "9" * 18},
    {"Range": "bytes=0-" + "9" * 5000},
    {"Range": "bytes=-0"},
    {"Range": "bytes=99999999-"},
    {"Range": "bytes=0-0,2-2"},
    {"Range": "lines=1-2"},
    {"Range": "bytes=²-3"},
    {"Range": "bytes=1-2", "If-Range": '"other"'},
    {"Range": "bytes=1-2", "If-Range": FAR},
    {"Range": "bytes=1-2", "If-Match": '"other"'},
    {"If-None-Match": "*"},
    {"If-Modified-Since": FAR},
    {"If-Modified-Since": FAR_ZONE},
    {"If-Unmodified-Since": FAR},
    {"If-Unmodified-Since": FAR_ZONE},
    {"If-Modified-Since": "Fri, 31 Dec 0000 00:00:00 GMT"},
    {"Accept-Encoding": "br"},
    {"Access-Control-Request-Method": "GET"},
    {"X-Forwarded-For": "a" * 100},
]
PATHS = ["/", "/rss.xml", "/topics/%E6%97%A5%E6%9C%AC/rss.xml", "/media/a.png", "/media/empty.png",
         "/media/", "/nothing", "/%ff%00", "/topics", "/custom/rss.xml?topic=no",
         "/custom/?q=" + "a+" * 1000]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_both_interfaces_answer_alike_and_no_header_is_an_error(
    root: Path, server: Server, path: str
) -> None:
    app = create_app(root)
    client = app.test_client()
    for method in ("GET", "HEAD", "OPTIONS", "POST", "get"):
        for asked in HEADERS:
            with connected(server, 1, b"") as [connection]:
                lines = [f"{name}: {value}" for name, value in asked.items()]
                connection.sendall(get_line(path, *lines, "Connection: close", method=method))
                with connection.makefile("rb") as stream:
                    head, _, body = stream.read().partition(b"\r\n\r\n")
            status, *fields = head.decode("latin-1").split("\r\n")
            sent = {name.lower(): value for name, _, value in (x.partition(": ") for x in fields)}
            expected = client.open(path, method=method, headers=asked, buffered=True)
            assert int(status.split()[1]) == expected.status_code < 500, (method, asked)
            assert body == expected.data, (method, asked)
            names = {name.lower() for name in dict(expected.headers)}
            for name in names - {"allow", "date", "location"}:
                assert sent.get(name) == expected.headers[name], (method, asked, name)
    app.extensions["feeds"].close()


def test_lines_of_one_header_are_one_list(server: Server) -> None:
    etag = server.get("/rss.xml")[1]["etag"]
    several = ('If-None-Match: "other"', f"If-None-Match: {etag}", "Connection: close")
    assert raw(server, get_line("/rss.xml", *several)).startswith(b"HTTP/1.1 304 ")


def test_a_name_with_an_underscore_is_no_header(server: Server) -> None:
    etag = server.get("/rss.xml")[1]["etag"]
    lines = (f"If_None_Match: {etag}", "Connection: close")
    assert raw(server, get_line("/rss.xml", *lines)).startswith(b"HTTP/1.1 200 ")


def test_requests_are_logged_by_the_gateway_too(root: Path) -> None:
    with serving(root, "--access-log") as server:
        length = len(server.get("/rss.xml", **{"User-Agent": 'A "reader"'})[2])
        server.get("/media/a.png", Range="bytes=1-2", Referer="https://a.example/")
        last = '"GET /media/a.png HTTP/1.1" 206 2 "https://a.example/" "-"\n'
        assert eventually(lambda: last in server.log.read_text())
        first = rf'"GET /rss.xml HTTP/1.1" 200 {length} "-" "A \x22reader\x22"'
        assert f"{first}\n" in server.log.read_text()


class Scope:
    """A GET that granian passes on."""

    method, scheme, http_version, query_string = "GET", "http", "1.1", ""
    server, client = "127.0.0.1:80", "127.0.0.1:4000"

    def __init__(self, path: str, **headers: str) -> None:
        self.path = path
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Protocol:
    """Keeps the status."""

    status = 0

    def response_bytes(self, status: int, *_rest: Any) -> None:
        self.status = status


def test_what_is_in_memory_is_sent_whatever_others_wait_for(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "MAX_WAITING", 40)
    served = build_gateway(Settings(root))
    site = served._site
    assert site.find("/rss.xml")
    may_go_on = threading.Event()
    render = type(site.publication).document

    def slow(*arguments: Any) -> Any:
        may_go_on.wait(20)
        return render(*arguments)

    monkeypatch.setattr("feeds.publication.publication.Publication.document", slow)

    async def ask(path: str) -> int:
        protocol = Protocol()
        scope: Any = Scope(path)
        await served.respond(scope, protocol)  # type: ignore[arg-type]  # all that it calls
        return protocol.status

    async def all_at_once() -> None:
        waiting = [asyncio.ensure_future(ask(f"/{number}")) for number in range(40)]
        await asyncio.sleep(0)
        assert await ask("/rss.xml") == 200
        # More would take memory without bounds: their clients may have left.
        assert await ask("/one-more") == 503
        may_go_on.set()
        assert set(await asyncio.gather(*waiting)) == {404}
        assert await ask("/one-more") == 404

    asyncio.run(all_at_once())
    site.close()


def test_a_request_that_no_thread_has_time_for_is_logged_with_its_clients_address(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gateway, "MAX_WAITING", 0)
    served = build_gateway(Settings(root, access_log=True, proxies=1))
    protocol, scope = Protocol(), Scope("/rss.xml", x_forwarded_for="192.0.2.7")
    asyncio.run(served.respond(scope, protocol))  # type: ignore[arg-type]  # all that it calls
    served._site.close()
    assert protocol.status == 503
    address, _, rest = capsys.readouterr().out.partition(" ")
    assert address == "192.0.2.7"
    assert rest.endswith('] "GET /rss.xml HTTP/1.1" 503 - "-" "-"\n')


def children(process: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False
    )
    return list(map(int, listed.stdout.split()))


def test_workers_end_after_a_server_that_was_killed(root: Path) -> None:
    command = [sys.executable, "-m", "feeds", "serve", str(root), "--port", "0", "--workers", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with process:
        assert eventually(lambda: len(children(process.pid)) >= 2, 20)
        time.sleep(1)  # for the workers to load
        workers = children(process.pid)
        process.kill()
        process.wait()
        try:
            assert eventually(lambda: not any(map(is_running, workers)), 20)
        finally:
            for worker in filter(is_running, workers):
                os.kill(worker, signal.SIGKILL)


def is_running(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and ") Z " not in stat.read_text()


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", {"127.0.0.1", "::1"}), ("::1", {"::1"}), ("", {"0.0.0.0", "::"})],
)
def test_a_host_is_a_name_or_an_address(host: str, expected: set[str]) -> None:
    try:
        address, port = free_address(host, 0)
    except Exception:
        if host == "::1" and not socket.has_dualstack_ipv6():
            pytest.skip("no IPv6 here")
        raise
    assert address in expected
    assert port > 0


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "x" * 300, "\udcff", "a\0b", "[::1]"])
def test_a_host_without_an_address_is_an_error_of_one_line(root: Path, host: str) -> None:
    result = run("serve", root, "--host", host, "--port", "0")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Error: --host ")


def test_an_address_of_another_machine_is_an_error_of_one_line(root: Path) -> None:
    result = run("serve", root, "--host", "192.0.2.1", "--port", "0")
    assert result.exit_code == 1
    assert "another with --host or --port" in result.stderr
    assert result.stderr.count("\n") == 1
