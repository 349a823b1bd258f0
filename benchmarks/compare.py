"""Times feeds build against Hugo on the same articles, in turn, and prints tables.

    python benchmarks/compare.py [--articles 10000] [--topics 1000] [--runs 3]
    python benchmarks/compare.py --growth 1000,10000,100000

With the templates of hugo/, Hugo writes the same documents but the archives: RSS, Atom, JSON Feed
and a page for each topic. No time counts before equal.py has compared every entry of both trees.
The seconds are wall time of a whole command; beside them stand the processor time of all its
processes, the kernel's share of it, and the memory of the largest process. Every ratio is between
medians of one call. Needs Linux, and hugo on the path; without hugo, only Feeds runs. With
--growth, sites of other sizes are built once each.
"""

from __future__ import annotations

import argparse
import compileall
import ctypes
import http.client
import os
import platform
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from generate import write_site

import feeds

_HERE = Path(__file__).parent
_FEEDS = [sys.executable, "-m", "feeds"]
_HUGO = ["hugo", "--quiet", "--noBuildLock", "--source", str(_HERE / "hugo")]
_PR_SET_CHILD_SUBREAPER = 36
#: Hugo's own RSS template, as a site has it that asks for no more.
_THIN = [*_HUGO, "--config", "thin.toml", "--layoutDir", "none"]
#: The time of libraries: SQLAlchemy, which every build loads, feedgen too where something is
#: rendered, and feedgen's entries, which no build makes.
_INDEX_LOADED = "import sqlalchemy.dialects.sqlite"
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
    # The fork server of a build's workers becomes a child of this process, and can be waited for.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    # As an installed package is: Python may be told not to keep what it compiles.
    compileall.compile_dir(Path(feeds.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        write_site(site, arguments.articles, arguments.topics)
        _let_age(site)
        _compare(site, arguments.articles, arguments.runs)
    print(f"\n{arguments.articles:,} articles, {arguments.topics:,} topics; {_versions()}")
    sizes = [int(size) for size in arguments.growth.split(",") if size]
    if sizes:
        _grow(sizes, arguments.topics)


class _Cost(NamedTuple):
    """The cost of one command."""

    seconds: float
    #: Processor seconds of all processes, and those of them that the kernel took.
    processor: float
    kernel: float
    #: Of the largest process.
    megabytes: float


def _compare(site: Path, articles: int, runs: int) -> None:
    out, same, thin = (site.parent / name for name in ("feeds", "hugo", "thin"))
    content = ["--contentDir", str(site / "articles"), "--destination"]
    feeds = [*_FEEDS, "build", str(site), "--out", str(out)]
    hugo = [*_HUGO, *content, str(same)]
    costs: dict[str, list[_Cost]] = {}

    def timed(name: str, command: list[str]) -> None:
        costs.setdefault(name, []).append(_measure(command))

    # In turn, since the speed of a shared machine drifts.
    for run in range(runs):
        for folder in (site / ".feeds", out, same, thin):
            if folder.exists():
                # Removed at the end: for some seconds, ext4 passes over the numbers of removed
                # files, one by one for each new file.
                folder.rename(site.parent / f"{folder.name}-{run}")
        if shutil.which("hugo"):
            timed("Hugo, cold, the same documents", hugo)
            timed("Hugo, cold, its own RSS alone", [*_THIN, *content, str(thin)])
        timed("Feeds, cold, archives included", feeds)
        compared = _check(out, same)
        _change(site)
        timed("Feeds, one article changed", feeds)
        if shutil.which("hugo"):
            timed("Hugo, one article changed", hugo)
        _check(out, same)
        timed("Feeds, nothing changed since", feeds)
        _settle(feeds)
        timed("Feeds, nothing changed for a while", feeds)
        timed("feeds --help", [*_FEEDS, "--help"])
        entries = _ENTRIES.replace("COUNT", str(articles))
        timed("feedgen alone, RSS and Atom entries", [sys.executable, "-c", entries])
        timed("feedgen and SQLAlchemy, loaded", [sys.executable, "-c", _LOADED])
        timed("SQLAlchemy, loaded", [sys.executable, "-c", _INDEX_LOADED])
    columns = "work, median, fastest, slowest, to the first, processor, of it kernel, memory"
    print(f"| {columns.replace(', ', ' | ')} |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    base = statistics.median(cost.seconds for cost in next(iter(costs.values())))
    for name, runs_of in costs.items():
        seconds, processor, kernel, _megabytes = map(statistics.median, zip(*runs_of, strict=True))
        fastest, slowest = min(runs_of).seconds, max(runs_of).seconds
        print(
            f"| {name} | {seconds:.2f} s | {fastest:.2f} s | {slowest:.2f} s"
            f" | {seconds / base:.2f} | {processor:.2f} s | {kernel:.2f} s"
            f" | {max(cost.megabytes for cost in runs_of):.0f} MB |"
        )
    print(f"\n{compared}\n")
    for folder in (out, same, thin):
        sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
        print(f"{folder.name}: {len(sizes):,} files, {sum(sizes) / 1e6:,.0f} MB")


def _check(ours: Path, other: Path) -> str:
    """Compare what both wrote, in another process: the memory of this one counts as a command's."""
    if not other.exists():
        return "nothing to compare with"
    command = [sys.executable, str(_HERE / "equal.py"), str(ours), str(other)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _grow(sizes: list[int], topics: int) -> None:
    columns = (
        *("articles", "cold", "an article", "processor", "one changed", "nothing changed"),
        *("memory", "served", "a worker"),
    )
    print(f"\n| {' | '.join(columns)} |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            site = Path(folder) / "site"
            write_site(site, size, topics)
            _let_age(site)
            build = [*_FEEDS, "build", str(site), "--out", str(Path(folder) / "out")]
            cold = _measure(build)
            _change(site)
            one = _measure(build)
            _settle(build)
            none = _measure(build)
            ready, worker = _serve(site)
        print(
            f"| {size:,} | {cold.seconds:.1f} s | {cold.seconds / size * 1000:.2f} ms"
            f" | {cold.processor:.1f} s | {one.seconds:.2f} s | {none.seconds:.2f} s"
            f" | {cold.megabytes:.0f} MB | {ready:.2f} s | {worker:.0f} MB |"
        )


def _measure(command: list[str]) -> _Cost:
    """Run a command to its end; what it and all processes that it started took."""
    _reap()
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed: {command}")
    usages = [usage, *_reap()]
    kernel = sum(each.ru_stime for each in usages)
    processor = kernel + sum(each.ru_utime for each in usages)
    return _Cost(took, processor, kernel, max(each.ru_maxrss for each in usages) / 1024)


def _reap() -> list[resource.struct_rusage]:
    """Wait for the processes that outlive the commands that started them; what each took."""
    usages = []
    with suppress(ChildProcessError):
        while True:
            usages.append(os.wait4(-1, 0)[2])
    return usages


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


def _change(site: Path) -> None:
    article = site / "articles" / "000" / "000007.md"
    text = article.read_text("utf-8").replace('title: "', 'title: "Again ', 1)
    article.write_text(text, "utf-8")


def _settle(build: list[str]) -> None:
    # A file that changed less than two seconds before a build may change again and keep its time:
    # the first build after that reads it once more, and later ones need not.
    time.sleep(2.1)
    _measure(build)


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
