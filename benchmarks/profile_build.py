"""Shows where the time of a cold build goes, by module and by function, in one process.

    python benchmarks/profile_build.py [--articles 3000] [--topics 300]

The seconds are processor time. The profiler slows Python code by a factor of about three and C code
not at all: believe the order, and take absolute times from compare.py.
"""

from __future__ import annotations

import argparse
import cProfile
import importlib
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType

from generate import write_site

import feeds
from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.publication.publication import Publication
from feeds.static.writer import write_tree

#: The modules that a build imports late. Each takes its time once, not for each article.
_LATE = ("catalog.reading", "formats.rss", "formats.atom", "formats.json_feed", "formats.pages")
_PACKAGE = Path(feeds.__file__).parent
_ROWS = 15


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=3_000)
    parser.add_argument("--topics", type=int, default=300)
    arguments = parser.parse_args()
    for name in _LATE:
        importlib.import_module(f"feeds.{name}")
    with tempfile.TemporaryDirectory() as name:
        site = Path(name) / "site"
        write_site(site, arguments.articles, arguments.topics)
        folder = SiteFolder.open(site)
        catalog = Catalog(site / "catalog.sqlite")
        _profile("Reading: sync", lambda: catalog.sync(folder))
        now = datetime.now(UTC)
        publication = Publication(folder, catalog, url=folder.site.url, now=now, unpublished=False)
        _profile("Writing: write_tree", lambda: write_tree(publication, site / "out"))
        catalog.close()


def _profile(title: str, work: Callable[[], object]) -> None:
    profile = cProfile.Profile(time.process_time)
    profile.runcall(work)
    modules: defaultdict[str, float] = defaultdict(float)
    functions: list[tuple[float, int, str]] = []
    for entry in profile.getstats():
        if isinstance(entry.code, str):
            continue  # a function in C: its time is added to its callers
        module = _module(entry.code)
        in_c = (call.inlinetime for call in entry.calls or () if isinstance(call.code, str))
        modules[module] += entry.inlinetime + sum(in_c)
        if module.startswith("feeds."):
            name = f"{module}.{entry.code.co_qualname}"
            functions.append((entry.totaltime, entry.callcount, name))
    total = sum(modules.values())
    print(f"\n{title}, {total:.2f} s\n\n| module, without what it calls | seconds | share |")
    print("| --- | --- | --- |")
    for module, seconds in sorted(modules.items(), key=lambda item: -item[1])[:_ROWS]:
        print(f"| {module} | {seconds:.2f} | {seconds / total:.0%} |")
    print("\n| function, with all that it calls | times | seconds | microseconds each |")
    print("| --- | --- | --- | --- |")
    for seconds, calls, name in sorted(functions, reverse=True)[:_ROWS]:
        print(f"| {name} | {calls:,} | {seconds:.2f} | {seconds / calls * 1e6:,.0f} |")


def _module(code: CodeType) -> str:
    """The module of `feeds` that a function is in, else the library, else Python."""
    file = Path(code.co_filename)
    if file.is_relative_to(_PACKAGE):
        return ".".join(("feeds", *file.relative_to(_PACKAGE).with_suffix("").parts))
    parts = file.parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1].removesuffix(".py")
    return "Python"


if __name__ == "__main__":
    main()
