"""Shows where the time of a cold build goes, in one process: microseconds an article or a file.

python benchmarks/profile_build.py [--articles 3000] [--topics 300]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from generate import write_site

from feeds.catalog import sync as catalogs
from feeds.catalog.folder import Folder
from feeds.catalog.sync import Catalog
from feeds.formats import pages as page
from feeds.formats import syndication
from feeds.parsing import article as native
from feeds.parsing import yaml_text as tree
from feeds.publication.publication import Publication
from feeds.static import writer as static


class _Clock:
    """Times functions while they are called, in processor seconds."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()

    def watch(self, owner: Any, name: str, label: str) -> None:
        function = getattr(owner, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds[label] += time.process_time() - started
                self.calls[label] += 1

        setattr(owner, name, timed)

    def run(self, label: str, function: Callable[[], Any]) -> Any:
        started = time.process_time()
        result = function()
        self.seconds[label] += time.process_time() - started
        self.calls[label] += 1
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=3_000)
    parser.add_argument("--topics", type=int, default=300)
    arguments = parser.parse_args()
    clock = _Clock()
    with tempfile.TemporaryDirectory() as name:
        site = Path(name) / "site"
        write_site(site, arguments.articles, arguments.topics)
        _build(site, clock)
    print("| step | times | seconds | microseconds each |")
    print("| --- | --- | --- | --- |")
    for label, seconds in clock.seconds.items():
        calls = clock.calls[label]
        print(f"| {label} | {calls:,} | {seconds:.2f} | {seconds / calls * 1e6:,.0f} |")


def _build(site: Path, clock: _Clock) -> None:
    folder = Folder.open(site)
    catalog = Catalog(site / "catalog.sqlite")
    clock.watch(Folder, "files", "walk the folder")
    clock.watch(catalogs, "_text_of", "read a file")
    clock.watch(catalogs, "read_article", "read an article")
    clock.watch(tree, "load", "… its YAML")
    clock.watch(native, "read", "… what its keys mean")
    clock.watch(native, "clean_body", "…… its body, cleaned")
    clock.watch(catalog, "_write", "write the index")
    clock.run("sync, all of it", lambda: catalog.sync(folder))
    url, now = folder.site.url, datetime.now(UTC)
    publication = Publication(folder, catalog, url=url, now=now, unpublished=False)
    for module, function in ((syndication, "rss_item"), (syndication, "atom_entry")):
        clock.watch(module, function, f"render an entry: {function}")
    clock.watch(page, "story", "render an entry: for the page")
    clock.watch(static, "_store_entries", "render every entry once")
    clock.watch(static, "_write_document", "put a document together and write it")
    clock.run("write the tree, all of it", lambda: static.write_tree(publication, site / "out"))


if __name__ == "__main__":
    main()
