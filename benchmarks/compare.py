"""Times feeds build against Hugo on the same articles, in turn, and prints tables.

    python benchmarks/compare.py [--articles 10000] [--topics 1000] [--runs 3]
    python benchmarks/compare.py --growth 1000,10000,100000

Hugo writes the RSS feeds of all topics and nothing else; Feeds writes RSS, Atom, JSON Feed and a
page for each. The seconds are wall time of a whole command, the memory is that of the largest
process, and every ratio is between medians of one call. Needs hugo on the path; without it, only
Feeds runs. With --growth, sites of other sizes are built once each.
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from generate import write_site

_FEEDS = [sys.executable, "-m", "feeds"]
#: Two lower bounds of any build with feedgen and SQLAlchemy: their import, and feedgen's own work.
_LOADED = "import feedgen.feed, sqlalchemy"
_ENTRIES = """
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from os import cpu_count
from feedgen.entry import FeedEntry
from lxml.etree import tostring

NOW, BODY = datetime.now(UTC), "<p>" + "Words of it. " * 180 + "</p>"

def write(numbers):
    for number in numbers:
        entry = FeedEntry()
        url = f"https://news.example.org/{number}"
        entry.id(url)
        entry.title(f"Number {number}")
        entry.link(href=url)
        entry.published(NOW)
        entry.updated(NOW)
        entry.author(name="Somebody")
        entry.category([{"term": f"topic {each}"} for each in range(3)])
        entry.summary("What it is about.")
        entry.content(BODY, type="html")
        entry.enclosure(f"{url}.jpg", "0", "image/jpeg")
        tostring(entry.rss_entry())
        tostring(entry.atom_entry())

with ProcessPoolExecutor(cpu_count()) as pool:
    list(pool.map(write, (range(at, min(at + 250, COUNT)) for at in range(0, COUNT, 250))))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--topics", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--growth", default="", help="sizes, with commas between them")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        write_site(site, arguments.articles, arguments.topics)
        _let_age(site)
        _compare(site, arguments.articles, arguments.runs)
    print(f"\n{arguments.articles:,} articles, {arguments.topics:,} topics; {_versions()}")
    sizes = [int(size) for size in arguments.growth.split(",") if size]
    if sizes:
        _grow(sizes, arguments.topics)


def _compare(site: Path, articles: int, runs: int) -> None:
    out = site.parent / "out"
    feeds = [*_FEEDS, "build", str(site), "--out", str(out)]
    hugo = shutil.which("hugo")
    seconds: dict[str, list[float]] = {}
    peaks: dict[str, float] = {}

    def timed(name: str, command: list[str], prepare: Callable[[], None]) -> None:
        prepare()
        took, peak = _measure(command, site)
        seconds.setdefault(name, []).append(took)
        peaks[name] = max(peaks.get(name, 0), peak)

    # In turn, since the speed of a shared machine drifts.
    for _run in range(runs):
        if hugo:
            timed("Hugo, cold, RSS alone", [hugo, "--quiet"], lambda: _forget(site))
        timed("Feeds, cold, everything", feeds, lambda: _forget(site))
        timed("Feeds, one article changed", feeds, lambda: _change(site))
        timed("Feeds, nothing changed since", feeds, lambda: None)
        timed("Feeds, nothing changed for a while", feeds, lambda: _settle(feeds))
        timed("feeds --help", [*_FEEDS, "--help"], lambda: None)
        entries = _ENTRIES.replace("COUNT", str(articles))
        timed("feedgen alone, RSS and Atom entries", [sys.executable, "-c", entries], lambda: None)
        timed("feedgen and SQLAlchemy, loaded", [sys.executable, "-c", _LOADED], lambda: None)
    base = next(iter(seconds.values()))
    print("| work | median | fastest | slowest | to the first | memory |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, runs_of in seconds.items():
        ratio = statistics.median(runs_of) / statistics.median(base)
        figures = (statistics.median(runs_of), min(runs_of), max(runs_of))
        shown = " | ".join(f"{figure:.2f} s" for figure in figures)
        print(f"| {name} | {shown} | {ratio:.2f} | {peaks[name]:.0f} MB |")


def _grow(sizes: list[int], topics: int) -> None:
    columns = "articles, cold, an article, one changed, nothing changed, memory, served, a worker"
    print(f"\n| {columns.replace(', ', ' | ')} |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            site = Path(folder) / "site"
            write_site(site, size, topics)
            _let_age(site)
            build = [*_FEEDS, "build", str(site), "--out", str(Path(folder) / "out")]
            cold, peak = _measure(build, site)
            _change(site)
            one, _peak = _measure(build, site)
            _settle(build)
            none, _peak = _measure(build, site)
            ready, worker = _serve(site)
        print(
            f"| {size:,} | {cold:.1f} s | {cold / size * 1000:.2f} ms | {one:.2f} s | {none:.2f} s"
            f" | {peak:.0f} MB | {ready:.2f} s | {worker:.0f} MB |"
        )


def _measure(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; its seconds, and the megabytes of its largest process."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, *_memory(process.pid).values(), 0)
        time.sleep(0.02)
    took = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"failed: {command}")
    return took, peak


def _serve(site: Path) -> tuple[float, float]:
    """Serve an indexed site; seconds until it answers, and megabytes of its largest process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    server = subprocess.Popen(
        [*_FEEDS, "serve", str(site), "--port", str(port)], start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not _answers(port, "/rss.xml"):
            time.sleep(0.01)
        ready = time.perf_counter() - started
        # Meanwhile the workers sync, and the process that runs `feeds check` ends.
        time.sleep(10)
        for path in ("/", "/atom.xml", "/subscriptions.opml"):
            _answers(port, path)
        return ready, max(_memory(server.pid).values())
    finally:
        server.terminate()
        server.wait()


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _memory(session: int) -> dict[int, float]:
    """Peak megabytes by process of a session, from Linux's /proc."""
    peaks = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(state[3]) == session:
                peak = re.search(r"VmHWM:\s+(\d+)", (folder / "status").read_text())
                peaks[int(folder.name)] = int(peak[1]) / 1024 if peak else 0.0
        except OSError:  # the process has ended
            continue
    return peaks


def _forget(site: Path) -> None:
    for folder in (site / ".feeds", site.parent / "out", site / "public"):
        shutil.rmtree(folder, ignore_errors=True)


def _change(site: Path) -> None:
    article = site / "articles" / "000" / "000007.md"
    article.write_text(article.read_text().replace('title: "', 'title: "Again ', 1))


def _settle(build: list[str]) -> None:
    # A file that changed less than two seconds before a build may change again and keep its time:
    # the first build after that reads it once more, and later ones need not.
    time.sleep(2.1)
    subprocess.run(build, check=True, capture_output=True)


def _let_age(site: Path) -> None:
    # A sync reads files again that are younger than two seconds.
    old = time.time() - 3600
    for file in site.rglob("*.md"):
        os.utime(file, (old, old))


def _versions() -> str:
    versions = [f"Python {platform.python_version()}", f"{os.cpu_count()} cores"]
    if hugo := shutil.which("hugo"):
        version = subprocess.run([hugo, "version"], check=True, capture_output=True, text=True)
        versions.append(" ".join(version.stdout.split()[:2]))
    return ", ".join(versions)


if __name__ == "__main__":
    main()
