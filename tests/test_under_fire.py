"""The live app under fire: mixed load while articles come, break, are mended and go.

It lasts some seconds, or FEEDS_SOAK seconds beside hostile clients: with 600, it is the soak of
docs/soak.md.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import lxml.etree as etree
import pytest
import urllib3

from tests.support import DECODERS, SiteBuilder, eventually
from tests.test_cli import serving

pytestmark = pytest.mark.slow
SECONDS = float(os.environ.get("FEEDS_SOAK", "6"))
IS_SOAK = "FEEDS_SOAK" in os.environ
#: See benchmarks/hostile.py.
ATTACKS = (
    "silent", "keep-alive", "never-reading", "slow-media", "slow-headers", "aborted-ranges",
    "h2-unread", "bad-headers", "garbage", "new-queries",
)  # fmt: skip
ATTACK_SECONDS = 10
PATHS = [
    *("/", "/rss.xml", "/atom.xml", "/feed.json", "/subscriptions.opml"),
    *(f"/topics/{topic}/{name}" for topic in ("ai", "sea") for name in ("rss.xml", "atom.xml")),
    *("/topics/ai/", "/archive/2020/rss.xml", "/archive/2020/feed.json", "/feed.css"),
    "/custom/rss.xml?topic=ai&topic=sea&match=all",
    "/custom/atom.xml?topic=sea&since=52w&q=words",
    "/custom/?topic=sea&q=some+words",
    # Any of a thousand: more than are kept.
    "/custom/feed.json?q=-{}+-fresh",
]
ODD = [
    *("/nothing", "/topics/none/rss.xml", "/%00", "/%ff%fe/rss.xml", "/" + "a" * 3000),
    *("/../../etc/passwd", "/topics/ai", "/rss.xml/", "/archive/0000/rss.xml", "/?q=%00&x[]=1"),
    *("/custom/rss.xml?q=SOME", "/custom/rss.xml?topic=none", "/custom/atom.xml?q=%22%00*%22"),
    *("/custom/?since=forever", "/custom/rss.xml?" + "topic=ai&" * 200, "/custom/none.xml"),
]


@pytest.fixture
def server(site: SiteBuilder) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A site under two workers: its URL, and their parent."""
    site.configure(title="Under fire", url="https://feeds.example.org/", limit=20)
    for number in range(60):
        year = 2020 + number // 30
        site.write(
            f"{number}.md", "Some words. " * 50, title=f"No. {number}",
            publishedDateTime=f"{year}-01-{number % 28 + 1:02}", topics=["AI", "Sea"][: number % 3],
        )  # fmt: skip
    if IS_SOAK:
        site.write("media.md", images=["/media/small.jpg"], actions=["/media/large.mp4"])
        for name, size in (("small.jpg", 30_000), ("large.mp4", 60_000_000)):
            file = site.root / "media" / name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(random.Random(1).randbytes(size))
    with serving(site.root, "--workers", "2") as server:
        yield f"http://{server.host}:{server.port}", server.process


def memory(parent: int) -> int:
    """The memory of the workers, in bytes."""
    children = subprocess.run(
        ["ps", "-o", "rss=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return 1024 * sum(map(int, children.stdout.split()))


def check(path: str, response: urllib3.BaseHTTPResponse) -> None:
    """A whole document parses, and its validator is that of its bytes."""
    encoding = response.headers.get("Content-Encoding", "")
    body = DECODERS[encoding](response.data) if encoding else response.data
    digest = response.headers["ETag"].strip('"').partition("-")[0]
    if response.status == 200:
        assert hashlib.sha256(body).hexdigest()[:32] == digest, path
    if path.endswith(("xml", "opml")):
        etree.fromstring(body)
    elif path.endswith("json"):
        json.loads(body)
    elif not path.endswith(".css"):
        assert body.rstrip().endswith(b"</html>"), path


@pytest.mark.timeout(SECONDS + 120)
def test_under_mixed_load_nothing_breaks_and_every_change_shows(
    site: SiteBuilder, server: tuple[str, subprocess.Popen[bytes]]
) -> None:
    url, process = server
    # The first search of a site may be put off, until the words are indexed.
    again = urllib3.Retry(20, status_forcelist=[503])
    first = urllib3.PoolManager().request("GET", f"{url}/custom/feed.json?q=words", retries=again)
    assert first.status == 200
    end = time.monotonic() + SECONDS
    failures: list[str] = []
    counts: Counter[int] = Counter()
    slowest = 0.0

    def load(seed: int) -> None:
        chance = random.Random(seed)
        http = urllib3.PoolManager(retries=False, timeout=10)
        etags: dict[str, str] = {}
        while time.monotonic() < end and not failures:
            is_odd = chance.random() < 0.1
            path = chance.choice(ODD if is_odd else PATHS).replace("{}", str(chance.randrange(999)))
            headers = {"Accept-Encoding": chance.choice(["br", "gzip", "zstd", "identity"])}
            if path in etags and chance.random() < 0.5:
                headers["If-None-Match"] = etags[path]
            try:
                response = http.request(
                    chance.choice(["GET", "GET", "GET", "HEAD"]), url + path, headers=headers,
                    decode_content=False, redirect=False,
                )  # fmt: skip
                counts[response.status] += 1
                assert response.status in ((200, 301, 400, 404, 410) if is_odd else (200, 304))
                if response.status == 200 and response.data and not is_odd:
                    check(path.partition("?")[0], response)
                    etags[path] = response.headers["ETag"]
            except Exception as error:  # told to the test's own thread
                failures.append(f"{path} {headers}: {error!r}")

    def attack() -> None:
        hostile = str(Path(__file__).parents[1] / "benchmarks" / "hostile.py")
        for name in itertools.cycle(ATTACKS):
            if (left := end - time.monotonic()) <= 0 or failures:
                break
            command = [sys.executable, hostile, "--attack", name, "--port", url.rpartition(":")[2]]
            seconds = min(left, ATTACK_SECONDS)
            subprocess.run([*command, "--seconds", str(seconds)], stdout=subprocess.DEVNULL)

    loading = [threading.Thread(target=load, args=(seed,)) for seed in range(8)]
    loading += [threading.Thread(target=attack)] if IS_SOAK else []
    for thread in loading:
        thread.start()
    http = urllib3.PoolManager()
    round_ = 0
    memories: list[int] = []

    def shows(title: str, wanted: bool) -> bool:
        # Each worker answers in turn: all of them have to have it.
        answers = (http.request("GET", f"{url}/rss.xml").data for _each in range(4))
        return all((f"<title>{title}</title>".encode() in body) == wanted for body in answers)

    while time.monotonic() < end and not failures:
        round_ += 1
        file: Path | None = None
        for title, wanted, change in (
            (f"Fresh {round_}", True, "write"),
            (f"Fresh {round_}", False, "break"),
            (f"Mended {round_}", True, "mend"),
            (f"Mended {round_}", False, "delete"),
        ):
            if change == "break":
                site.write_text("fresh.md", "---\ntitle: a: b\n---\n", old=False)
            elif change == "delete":
                assert file
                file.unlink()
            else:
                file = site.write("fresh.md", title=title, publishedDateTime="2026-05-01")
                os.utime(file)
            began = time.monotonic()
            while not shows(title, wanted):
                if time.monotonic() - began > 5:
                    failures.append(f"{title}, {change}: not within five seconds")
                    break
                time.sleep(0.02)
            slowest = max(slowest, time.monotonic() - began)
        memories.append(memory(process.pid))
    for thread in loading:
        thread.join()
    assert failures == []
    assert counts[200] > 100
    assert counts[304] > 10
    assert round_ > 1
    # Some attacks take memory while they last: the least of each half is what is kept. The start is
    # passed over, in which caches fill; what grows with every change would go on.
    before, after = min(memories[round_ // 6 : round_ // 2]), min(memories[round_ // 2 :])
    assert after < before * 1.25 + 20_000_000
    sys.stdout.write(
        f"{SECONDS:.0f} s, {sum(counts.values()):,} requests {dict(sorted(counts.items()))},"
        f" {4 * round_} changes, the slowest shown after {slowest:.1f} s,"
        f" memory {before / 1e6:.0f} to {after / 1e6:.0f} MB\n"
    )


def test_requests_under_way_are_answered_when_the_server_stops(
    server: tuple[str, subprocess.Popen[bytes]],
) -> None:
    url, process = server
    http = urllib3.PoolManager(maxsize=16, retries=False)
    answered: list[bytes] = []

    def ask() -> None:
        while True:
            try:
                response = http.request("GET", f"{url}/rss.xml", timeout=5)
            except urllib3.exceptions.HTTPError:
                return  # not accepted any more: nothing was under way
            assert response.status == 200
            answered.append(response.data)

    asking = [threading.Thread(target=ask) for _client in range(8)]
    for thread in asking:
        thread.start()
    assert eventually(lambda: len(answered) > 8, 20)
    process.send_signal(signal.SIGTERM)
    for thread in asking:
        thread.join(20)
    assert len(set(answered)) == 1
    assert answered[0].endswith(b"</rss>\n")
    assert process.wait(20) == 0


def test_a_server_that_is_starting_stops_on_a_signal(site: SiteBuilder) -> None:
    site.write("a.md")
    command = [sys.executable, "-m", "feeds", "serve", str(site.root), "--port", "0"]
    for tenths in (0, 3, 6, 10):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert process.stdout
        with process.stdout as told:
            while b"Serving" not in (line := told.readline()):
                assert line
            # Samples the time between the start of a worker and that of its signal handlers.
            time.sleep(tenths / 10)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) in (0, -signal.SIGTERM)


def test_an_index_that_cannot_be_used_stops_the_server_with_one_line(site: SiteBuilder) -> None:
    site.write("a.md")
    command = [sys.executable, "-m", "feeds"]
    subprocess.run([*command, "list", str(site.root)], check=True, capture_output=True)

    def fill_the_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    served = subprocess.run(
        [*command, "serve", str(site.root), "--port", "0"],
        check=False, capture_output=True, text=True, timeout=30, preexec_fn=fill_the_disk,
    )  # fmt: skip
    assert served.returncode == 1
    assert re.fullmatch(r"Error: .*catalog(-state)?\.sqlite: .*\n", served.stderr)
