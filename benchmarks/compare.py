"""Times feeds build against Hugo on the same articles, in turn, and prints a table.

    python benchmarks/compare.py [--articles 10000] [--topics 1000] [--runs 3]

Hugo writes the RSS feeds of all topics and nothing else; Feeds writes RSS, Atom, JSON Feed and a
page for each. The seconds are wall time of a whole process, the memory is that of the largest
process, and every ratio is between medians of one call. Needs hugo on the path; without it, only
Feeds runs.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from generate import write_site


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--topics", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        write_site(site, arguments.articles, arguments.topics)
        _let_age(site)
        _compare(site, arguments.runs)
    print(f"\n{arguments.articles:,} articles, {arguments.topics:,} topics; {_versions()}")


def _compare(site: Path, runs: int) -> None:
    out = site.parent / "out"
    feeds = [sys.executable, "-m", "feeds", "build", str(site), "--out", str(out)]
    hugo = shutil.which("hugo")
    seconds: dict[str, list[float]] = {}
    peaks: dict[str, float] = {}

    def timed(name: str, command: list[str], prepare: Callable[[], None]) -> None:
        prepare()
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=site, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _pid, status, used = os.wait4(process.pid, 0)
        seconds.setdefault(name, []).append(time.perf_counter() - started)
        peaks[name] = max(peaks.get(name, 0), used.ru_maxrss / 1024)
        if status:
            sys.exit(f"failed: {command}")

    def forget() -> None:
        for each in (site / ".feeds", out, site / "public"):
            shutil.rmtree(each, ignore_errors=True)

    def change() -> None:
        article = site / "articles" / "000" / "000007.md"
        article.write_text(article.read_text().replace('title: "', 'title: "Again ', 1))

    # In turn, since the speed of a shared machine drifts.
    for _run in range(runs):
        if hugo:
            timed("Hugo, cold, RSS alone", [hugo, "--quiet"], forget)
        timed("Feeds, cold, everything", feeds, forget)
        timed("Feeds, one article changed", feeds, change)
        timed("Feeds, nothing changed", feeds, lambda: None)
    base = next(iter(seconds.values()))
    print("| work | median | fastest | slowest | to the first | memory |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, found in seconds.items():
        ratio = statistics.median(found) / statistics.median(base)
        figures = (statistics.median(found), min(found), max(found))
        shown = " | ".join(f"{each:.2f} s" for each in figures)
        print(f"| {name} | {shown} | {ratio:.2f} | {peaks[name]:.0f} MB |")


def _let_age(site: Path) -> None:
    # A sync looks twice at files that are younger than two seconds.
    old = time.time() - 3600
    for file in site.rglob("*.md"):
        os.utime(file, (old, old))


def _versions() -> str:
    found = [f"Python {platform.python_version()}", f"{os.cpu_count()} cores"]
    if hugo := shutil.which("hugo"):
        version = subprocess.run([hugo, "version"], check=True, capture_output=True, text=True)
        found.append(" ".join(version.stdout.split()[:2]))
    return ", ".join(found)


if __name__ == "__main__":
    main()
