"""Attack a server with clients that are slow, silent, greedy and wrong, beside an honest reader.

    python benchmarks/hostile.py [--seconds 15] [--workers 1] [--only silent,slow-media]
    python benchmarks/hostile.py --command "nginx -c {folder}/nginx.conf" --port 8080

Without --command it attacks `feeds serve` on a generated site with a large picture and a recording.
The reader fetches a feed and a picture in turn, each over a connection of its own. Exits 1 if it
ever waited for more than a second or got anything but the document. Memory is that of all processes
of the server. Needs Linux.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import random
import resource
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
HOST = "127.0.0.1"
FEED, PICTURE, RECORDING = "/rss.xml", "/media/small.jpg", "/media/large.mp4"
RECORDING_BYTES = 60_000_000
#: Longest that the reader may wait.
MAX_WAIT_SECONDS = 1.0
#: After that the reader gives up on one request.
GIVE_UP_SECONDS = 10.0
#: A client's pause between one attempt and the next.
PAUSE_SECONDS = 0.02
#: Time for the server to notice that the clients have gone, before its memory is read again.
REST_SECONDS = 3.0

_H2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS, _HEADERS, _RST_STREAM, _PING, _CONTINUATION = 4, 1, 3, 6, 9
_END_STREAM, _END_HEADERS = 1, 4


class Connection:
    """A socket that does just what it is told: it reads nothing by itself."""

    def __init__(self, clients: Clients, opened: socket.socket) -> None:
        self._clients = clients
        self._socket = opened
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        """Send bytes; they may wait for the server to read them."""
        async with asyncio.timeout(self._clients.left()):
            await self._loop.sock_sendall(self._socket, data)

    async def receive(self, most: int = 65536) -> bytes:
        """Receive some bytes; none after the server has closed the connection."""
        async with asyncio.timeout(self._clients.left()):
            return await self._loop.sock_recv(self._socket, most)

    async def response(self) -> None:
        """Receive one response, and count its status."""
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := await self.receive()):
                self._clients.statuses["closed"] += 1
                raise ConnectionError("closed")
            head += data
        head, _, body = head.partition(b"\r\n\r\n")
        self._clients.statuses[head[9:12].decode("latin-1")] += 1
        for line in head.lower().split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name == b"content-length":
                missing = int(value) - len(body)
                while missing > 0 and (data := await self.receive()):
                    missing -= len(data)

    async def until_closed(self) -> None:
        """Wait, without reading, until the server closes the connection or the attack ends."""
        while True:
            await asyncio.sleep(min(0.5, self._clients.left()))
            peeked = None
            with suppress(BlockingIOError):
                peeked = self._socket.recv(1, socket.MSG_PEEK)
            if peeked == b"":
                self._clients.statuses["closed"] += 1
                return

    def close(self) -> None:
        """Close the socket, with a reset if something is unread."""
        self._socket.close()


@dataclass
class Clients:
    """State that the clients of one attack share."""

    port: int
    deadline: float
    statuses: Counter[str] = field(default_factory=Counter)
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def left(self) -> float:
        """Seconds until the attack ends. Raises TimeoutError after that."""
        if (left := self.deadline - time.monotonic()) <= 0:
            raise TimeoutError
        return left

    async def connect(self, *, receive_buffer: int = 0) -> Connection:
        """Open a connection, with a receive buffer of so many bytes."""
        opened = socket.socket()
        opened.setblocking(False)
        if receive_buffer:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            async with asyncio.timeout(self.left()):
                await asyncio.get_running_loop().sock_connect(opened, (HOST, self.port))
        except BaseException:
            opened.close()
            raise
        return Connection(self, opened)

    async def run(self, attack: Attack) -> None:
        """Let each client attack, again and again, until the time is over."""

        async def one() -> None:
            while time.monotonic() < self.deadline:
                connection = None
                try:
                    connection = await self.connect(receive_buffer=attack.receive_buffer)
                    await attack.act(self, connection)
                except TimeoutError:
                    pass
                except OSError as error:
                    self.statuses[type(error).__name__] += 1
                finally:
                    if connection:
                        connection.close()
                await asyncio.sleep(PAUSE_SECONDS)

        await asyncio.gather(*(one() for _ in range(attack.clients)))


@dataclass(frozen=True)
class Attack:
    """A number of clients that all do the same."""

    name: str
    clients: int
    act: Callable[[Clients, Connection], Awaitable[None]]
    #: Bytes that a client's system receives before the client reads; 0 leaves it to the system.
    receive_buffer: int = 0


ATTACKS: list[Attack] = []


def attack(
    name: str, clients: int, *, receive_buffer: int = 0
) -> Callable[[Callable[[Clients, Connection], Awaitable[None]]], None]:
    """Add a function to the attacks."""

    def add(act: Callable[[Clients, Connection], Awaitable[None]]) -> None:
        ATTACKS.append(Attack(name, clients, act, receive_buffer))

    return add


def get(path: str, *lines: str, method: str = "GET") -> bytes:
    """Return a request."""
    head = "\r\n".join((f"{method} {path} HTTP/1.1", f"Host: {HOST}", *lines))
    return f"{head}\r\n\r\n".encode("latin-1")


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return a frame of HTTP/2 (RFC 9113 §4.1)."""
    return (
        len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
    )


def h2_request(stream: int, path: str, flags: int = _END_STREAM | _END_HEADERS) -> bytes:
    """Return the frame of a GET, its fields from the static table (RFC 7541 appendix A)."""
    block = b"\x82\x86\x04" + bytes((len(path),)) + path.encode()
    block += b"\x01" + bytes((len(HOST),)) + HOST.encode()
    return frame(_HEADERS, flags, stream, block)


@attack("silent", 2_000)
async def _silent(_clients: Clients, connection: Connection) -> None:
    await connection.until_closed()


@attack("keep-alive", 500)
async def _keep_alive(_clients: Clients, connection: Connection) -> None:
    await connection.send(get("/feed.css"))
    await connection.response()
    await connection.until_closed()


@attack("slow-headers", 1_000)
async def _slow_headers(clients: Clients, connection: Connection) -> None:
    await connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    while clients.left():
        await connection.send(b"a")
        await asyncio.sleep(min(1, clients.left()))


@attack("slow-body", 500)
async def _slow_body(clients: Clients, connection: Connection) -> None:
    await connection.send(get("/rss.xml", "Content-Length: 9999", method="POST"))
    while clients.left():
        await connection.send(b"a")
        await asyncio.sleep(min(1, clients.left()))


@attack("never-reading", 500, receive_buffer=2_048)
async def _never_reading(_clients: Clients, connection: Connection) -> None:
    await connection.send(get(FEED) * 50)
    await connection.until_closed()


@attack("slow-feed", 500, receive_buffer=2_048)
async def _slow_feed(clients: Clients, connection: Connection) -> None:
    await connection.send(get(FEED))
    while clients.left() and await connection.receive(512):
        await asyncio.sleep(min(0.5, clients.left()))


@attack("slow-media", 500, receive_buffer=2_048)
async def _slow_media(clients: Clients, connection: Connection) -> None:
    await connection.send(get(RECORDING))
    status = (await connection.receive(512))[9:12].decode("latin-1")
    clients.statuses[status] += 1
    while clients.left() and await connection.receive(2_048):
        await asyncio.sleep(min(0.5, clients.left()))


@attack("aborted-ranges", 30)
async def _aborted_ranges(clients: Clients, connection: Connection) -> None:
    start = clients.chance.randrange(RECORDING_BYTES)
    await connection.send(get(RECORDING, f"Range: bytes={start}-"))
    status = (await connection.receive(512))[9:12].decode("latin-1")
    clients.statuses[status] += 1


@attack("h2-preface", 500)
async def _h2_preface(_clients: Clients, connection: Connection) -> None:
    await connection.send(_H2_PREFACE + frame(_SETTINGS, 0, 0))
    await connection.until_closed()


@attack("h2-half-preface", 500)
async def _h2_half_preface(_clients: Clients, connection: Connection) -> None:
    await connection.send(_H2_PREFACE[:9])
    await connection.until_closed()


@attack("h2-unread", 100, receive_buffer=2_048)
async def _h2_unread(_clients: Clients, connection: Connection) -> None:
    requests = b"".join(h2_request(number, FEED) for number in range(1, 401, 2))
    await connection.send(_H2_PREFACE + frame(_SETTINGS, 0, 0) + requests)
    await connection.until_closed()


@attack("h2-no-window", 100)
async def _h2_no_window(_clients: Clients, connection: Connection) -> None:
    no_window = frame(_SETTINGS, 0, 0, b"\x00\x04" + bytes(4))
    requests = b"".join(h2_request(number, FEED) for number in range(1, 401, 2))
    await connection.send(_H2_PREFACE + no_window + requests)
    await connection.until_closed()


@attack("h2-rapid-reset", 10)
async def _h2_rapid_reset(clients: Clients, connection: Connection) -> None:
    await connection.send(_H2_PREFACE + frame(_SETTINGS, 0, 0))
    stream = 1
    while clients.left():
        pairs = []
        for _ in range(100):
            pairs.append(h2_request(stream, FEED) + frame(_RST_STREAM, 0, stream, bytes(4)))
            stream += 2
        await connection.send(b"".join(pairs))


@attack("h2-continuations", 20)
async def _h2_continuations(clients: Clients, connection: Connection) -> None:
    await connection.send(_H2_PREFACE + frame(_SETTINGS, 0, 0) + h2_request(1, FEED, _END_STREAM))
    field = b"\x00\x01x\x7f\x80\x3e" + b"a" * 8_127
    while clients.left():
        await connection.send(frame(_CONTINUATION, 0, 1, field))


@attack("h2-pings", 20)
async def _h2_pings(clients: Clients, connection: Connection) -> None:
    await connection.send(_H2_PREFACE + frame(_SETTINGS, 0, 0))
    while clients.left():
        await connection.send(frame(_PING, 0, 0, bytes(8)) * 100)


@attack("pipelining", 20)
async def _pipelining(clients: Clients, connection: Connection) -> None:
    await connection.send(get("/feed.css") * 20)
    while clients.left() and await connection.receive():
        await connection.send(get("/feed.css"))


@attack("giant-header", 100)
async def _giant_header(clients: Clients, connection: Connection) -> None:
    await connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Giant: ")
    for _ in range(160):
        await connection.send(b"a" * 65_536)
    clients.statuses["10 MB sent"] += 1


@attack("many-headers", 100)
async def _many_headers(_clients: Clients, connection: Connection) -> None:
    await connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 5_000 + b"\r\n")
    await connection.response()


@attack("partial-requests", 50)
async def _partial_requests(clients: Clients, connection: Connection) -> None:
    request = get(FEED, "Accept-Encoding: gzip", "User-Agent: partial")
    await connection.send(request[: clients.chance.randrange(1, len(request))])


@attack("hang-up", 100)
async def _hang_up(_clients: Clients, connection: Connection) -> None:
    await connection.send(get(FEED))


_WRONG_LENGTHS = [
    get("/", "Content-Length: -1"),
    get("/", "Content-Length: 99999999999999999999999", method="POST"),
    get("/", "Content-Length: 5", "Content-Length: 6", method="POST") + b"abcdef",
    get("/", "Content-Length: 5", "Transfer-Encoding: chunked", method="POST") + b"0\r\n\r\n",
    get("/", "Transfer-Encoding: chunked", method="POST") + b"FFFFFFFFFFFFFFFFF\r\n",
    get("/", "Transfer-Encoding: chunked", method="POST") + b"zz\r\nab\r\n",
    get("/", "Transfer-Encoding: chunked, identity", method="POST"),
    get("/", "Content-Length: 20000", method="POST") + b"a" * 20_000,
]
_GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    bytes(1_000),
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\nHost: a\n\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nX\x00Y: \xff\xfe\r\n\r\n",
    b"GET http://a.example/../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
    b"A" * 70_000 + b" / HTTP/1.1\r\n\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    b"CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\n\r\n",
]  # fmt: skip
_FAR_DATES = [
    "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Mon, 01 Jan 2026 00:00:00 +99999999999999999999",
    "Fri, 31 Dec 0000 00:00:00 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
]
_BAD_HEADERS = [
    get(path, f"{name}: {value}")
    for path in (FEED, PICTURE, "/")
    for name, values in {
        "If-Modified-Since": _FAR_DATES,
        "If-Unmodified-Since": _FAR_DATES,
        "Range": [
            "bytes=0-" + "9" * 5_000,
            "bytes=-" + "9" * 5_000,
            "bytes=5-1",
            "x=²",
            "bytes=a-b",
        ],
        "Accept-Encoding": ["gzip;q=1e999", "*;q=" + "0" * 500, "," * 9_000],
        "If-None-Match": ['W/"' * 5_000, '"' + "a" * 20_000, ", ".join(['"a"'] * 5_000)],
        "Host": ["", "a b", "[::", "\xff"],
    }.items()
    for value in values
]
_BAD_HEADERS += [
    get(PICTURE, "Range: bytes=0-1", f"If-Range: {date}") for date in _FAR_DATES
]  # fmt: skip
_QUERIES = [
    "/custom/rss.xml?q=" + "%C3%83" * 1_600 + "%E2%80%9A" * 1_600,
    "/custom/rss.xml?q=" + "a%20" * 8_000,
    "/custom/rss.xml?" + "topic=ai&" * 3_000,
    "/custom/rss.xml?" + "&".join(f"topic=none{number}" for number in range(59)),
    "/custom/?q=" + "%26amp%3B" * 3_000,
    "/?q=" + "%C3%83%E2%80%9A" * 2_000,
    "/" + "a/" * 15_000,
    "/" + "%2e%2e%2f" * 3_000,
]


@attack("wrong-lengths", 30)
async def _wrong_lengths(clients: Clients, connection: Connection) -> None:
    await connection.send(clients.chance.choice(_WRONG_LENGTHS))
    await connection.response()


@attack("garbage", 30)
async def _garbage(clients: Clients, connection: Connection) -> None:
    await connection.send(clients.chance.choice(_GARBAGE))
    await connection.response()


@attack("bad-headers", 10)
async def _bad_headers(clients: Clients, connection: Connection) -> None:
    await connection.send(clients.chance.choice(_BAD_HEADERS))
    await connection.response()


@attack("long-queries", 8)
async def _long_queries(clients: Clients, connection: Connection) -> None:
    await connection.send(get(clients.chance.choice(_QUERIES)))
    await connection.response()


@attack("new-queries", 8)
async def _new_queries(clients: Clients, connection: Connection) -> None:
    words = f"{clients.chance.randrange(10**9)}+-{clients.chance.randrange(10**9)}"
    await connection.send(get(f"/custom/rss.xml?q=-{words}"))
    await connection.response()


class Reader(threading.Thread):
    """An honest reader: how long it waited for each response, and what went wrong."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.waits: list[float] = []
        self.wrong: Counter[str] = Counter()
        self._port = port
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            for path in (FEED, PICTURE):
                started = time.monotonic()
                outcome = self._fetch(path)
                self.waits.append(time.monotonic() - started)
                if outcome != "200":
                    self.wrong[f"{path}: {outcome}"] += 1
            self._stopped.wait(0.05)

    def _fetch(self, path: str) -> str:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=GIVE_UP_SECONDS)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            return str(response.status)
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()

    def stop(self) -> None:
        """End the thread after its request."""
        self._stopped.set()
        self.join()


def memory(process: int) -> int:
    """Bytes that a process and its descendants hold, without what they share."""
    total = 0
    pending = [process]
    while pending:
        number = pending.pop()
        with suppress(OSError):
            rollup = Path(f"/proc/{number}/smaps_rollup").read_text("ascii")
            total += int(rollup.partition("\nPss:")[2].split()[0]) * 1024
            children = Path(f"/proc/{number}/task/{number}/children").read_text("ascii")
            pending += map(int, children.split())
    return total


@contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[int]:
    """Run a server; its process id once it answers."""
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 30
        while True:
            with suppress(OSError):
                socket.create_connection((HOST, port)).close()
                break
            if server.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"the server does not answer:\n{log.read_text('utf-8')[-2000:]}")
            time.sleep(0.1)
        yield server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def measure(attacked: Attack, port: int, process: int, seconds: float) -> bool:
    """Attack the server, print a row of the table, and return True if the reader was served."""
    before = memory(process)
    peak = before
    reader = Reader(port)
    reader.start()
    time.sleep(0.5)
    # A process of its own, so that the reader's clock does not wait for its loop.
    command = [sys.executable, __file__, "--attack", attacked.name, "--port", str(port)]
    with subprocess.Popen(
        [*command, "--seconds", str(seconds)], stdout=subprocess.PIPE, text=True
    ) as clients:
        while clients.poll() is None:
            peak = max(peak, memory(process))
            time.sleep(0.25)
        output = clients.stdout.read() if clients.stdout else ""
    reader.stop()
    time.sleep(REST_SECONDS)
    after = memory(process)
    statuses = Counter(json.loads(output or "{}")).most_common()
    worst = max(reader.waits)
    failed = worst > MAX_WAIT_SECONDS or bool(reader.wrong)
    seen = ", ".join(f"{count:,} {status}" for status, count in statuses) or "-"
    wrong = ", ".join(f"{count} × {what}" for what, count in reader.wrong.most_common()) or "-"
    megabytes = ", ".join(str(value >> 20) for value in (before, peak, after))
    print(
        f"| {attacked.name} | {attacked.clients:,} | {len(reader.waits):,} |"
        f" {statistics.median(reader.waits) * 1000:.0f} ms | {worst * 1000:.0f} ms | {wrong} |"
        f" {megabytes} | {seen} | {'FAILED' if failed else 'ok'} |",
        flush=True,
    )
    return not failed


def make_site(folder: Path) -> Path:
    """Generate a site with files that are large and small."""
    site = folder / "site"
    subprocess.run(
        [sys.executable, str(HERE / "generate.py"), str(site), "--articles=200", "--topics=20"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    media = site / "media"
    media.mkdir()
    (media / Path(RECORDING).name).write_bytes(random.Random(1).randbytes(RECORDING_BYTES))
    (media / Path(PICTURE).name).write_bytes(random.Random(2).randbytes(30_000))
    articles = next(folder for folder in (site / "articles", site) if folder.is_dir())
    (articles / "media.md").write_text(
        "---\ntitle: Media\nwebUrl: https://h.example.org/a/\npublishedDateTime: 2026-01-01\n"
        f"images: [{PICTURE}]\nactions: [{RECORDING}]\n---\nx\n",
        encoding="utf-8",
    )
    return site


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=15, help="of each attack (15)")
    parser.add_argument("--workers", type=int, default=1, help="of feeds serve (1)")
    parser.add_argument("--only", help="names of attacks, with commas between them")
    parser.add_argument("--command", help="another server's: {port}, {site} and {folder} are set")
    parser.add_argument("--port", type=int, help="port that it listens on; a free one if left out")
    parser.add_argument("--attack", help=argparse.SUPPRESS)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    by_name = {attack.name: attack for attack in ATTACKS}
    if options.attack:
        clients = Clients(options.port, time.monotonic() + options.seconds)
        asyncio.run(clients.run(by_name[options.attack]))
        print(json.dumps(clients.statuses))
        return
    names = options.only.split(",") if options.only else list(by_name)
    if unknown := [name for name in names if name not in by_name]:
        parser.error(f"no attack {', '.join(unknown)}; there are {', '.join(by_name)}")
    port = options.port or free_port()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        site = make_site(folder)
        values = {"port": port, "site": site, "folder": folder}
        command = [sys.executable, "-m", "feeds", "serve", str(site), "--port", str(port)]
        command += ["--workers", str(options.workers)]
        if options.command:
            command = [part.format_map(values) for part in shlex.split(options.command)]
        print(
            "\n| attack | clients | the reader's requests | median | worst | not served |"
            " memory in MB: before, peak, after | what the clients saw | |\n|" + " --- |" * 9
        )
        served = True
        for name in names:
            # A server of its own: what an earlier attack left is not this one's.
            with running(command, port, folder / "log") as process:
                served &= measure(by_name[name], port, process, options.seconds)
    cores = os.cpu_count()
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"\nEach attack lasted {options.seconds:g} s; Python {version}, {cores} cores")
    sys.exit(not served)


if __name__ == "__main__":
    main()
