"""Publish the sites with which dialects are tested by the generators themselves, and compare.

    python -m tests.generators                               # Hugo and Jekyll, on the PATH
    python -m tests.generators pelican nikola --python venv/bin/python

Pelican, Nikola and MkDocs (with Material) are those that the Python of --python can import. Exits 1
if a file has another URL, title or date, and names each.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import NamedTuple

from tests.dialects import fixture, normal_url, publish, write_files

#: A file's path, URL, title, and date in UTC to the second.
Row = tuple[str, str, str, str]

_HUGO = """\
baseURL = "https://harbour.example/notes/"
timeZone = "Europe/Berlin"
[languages.en]
weight = 1
[languages.nb]
weight = 2
[permalinks]
posts = "/:year/:month/:weekdayname/:title/"
[frontmatter]
date = [":filename", ":default"]
[uglyURLs]
yard = true
"""
#: Written as a plugin of Jekyll.
_JEKYLL = """\
require "json"
Jekyll::Hooks.register :site, :post_write do |site|
  puts JSON.dump(site.posts.docs.map { |post|
    [post.relative_path, site.config["url"] + site.config["baseurl"] + post.url,
     post.data["title"], post.date.utc.strftime("%Y-%m-%dT%H:%M:%S")]
  })
end
"""
_TO_UTC = "from datetime import timezone\nutc = lambda date: date.astimezone(timezone.utc)\n"
_PELICAN = f"""\
import json, sys
from pelican import Pelican, signals
from pelican.settings import read_settings
{_TO_UTC}
rows = []
def read(generator):
    for each in generator.articles + generator.translations:
        path = each.get_relative_source_path()
        url = f"{{each.settings['SITEURL']}}/{{each.url}}"
        rows.append(["content/" + path, url, each.title, utc(each.date).isoformat()[:19]])
signals.article_generator_finalized.connect(read)
sys.path.insert(0, "")
Pelican(read_settings("publishconf.py", {{"OUTPUT_PATH": "output"}})).run()
print(json.dumps(rows))
"""
_NIKOLA = f"""\
import json, sys
sys.path.insert(0, "")
import conf
from nikola import Nikola
{_TO_UTC}
site = Nikola(**vars(conf))
site.init_plugins()
site.scan_posts()
print(json.dumps([
    [post.translated_source_path(code), post.permalink(code, absolute=True), post.title(code),
     utc(post.date).isoformat()[:19]]
    for post in site.timeline if post.is_post for code in post.translated_to
]))
"""
_MKDOCS = f"""\
import json
from mkdocs.commands.build import build
from mkdocs.config import load_config
{_TO_UTC}
config = load_config("mkdocs.yml")
config.markdown_extensions.append("attr_list")
build(config)
blog = next(config.plugins[name] for name in ("material/blog", "blog") if name in config.plugins)
print(json.dumps([
    ["docs/" + post.file.src_uri, config.site_url + post.url, post.title,
     (utc(date) if (date := post.config.date.created).tzinfo else date).isoformat()[:19]]
    for post in blog.blog.posts
]))
"""


def _read_json(text: str) -> list[Row]:
    return [
        (path, url, title, date) for path, url, title, date in json.loads(text.splitlines()[-1])
    ]


class Generator(NamedTuple):
    """A program that publishes a folder."""

    command: tuple[str, ...]
    #: Files that are put in place of those of the dialect's fixture; None removes one.
    files: Mapping[str, str | None] = {}
    #: Put before the fixture's own text, so that the program can run a configuration.
    before: Mapping[str, str] = {}
    read: Callable[[str], list[Row]] = _read_json


def _read_hugo(text: str) -> list[Row]:
    return [
        (row["path"], row["permalink"].replace("#", "%23"), row["title"],
         datetime.fromisoformat(row["date"]).astimezone(UTC).isoformat()[:19])
        for row in csv.DictReader(text.splitlines())
        if not row["date"].startswith("0001")
    ]  # fmt: skip


GENERATORS = {
    # Older releases too have what is here.
    "hugo": Generator(
        ("hugo", "list", "all"),
        {"hugo.toml": _HUGO, "content/posts/own.md": None, "content/posts/boats/_index.md": None},
        read=_read_hugo,
    ),
    "jekyll": Generator(
        ("jekyll", "build", "--quiet", "--disable-disk-cache"), {"_plugins/rows.rb": _JEKYLL}
    ),
    "pelican": Generator(
        ("PYTHON", "-c", _PELICAN),
        before={"pelicanconf.py": "today = str\n", "publishconf.py": "import os\n"},
    ),
    "nikola": Generator(("PYTHON", "-c", _NIKOLA), before={"conf.py": "import time\n"}),
    "mkdocs": Generator(("PYTHON", "-c", _MKDOCS)),
}


def compare(name: str, root: Path, python: str = sys.executable) -> tuple[int, list[str]]:
    """Publish a dialect's fixture in a folder; return the number of articles, and differences."""
    generator = GENERATORS[name]
    files = {path: generator.before.get(path, "") + text for path, text in fixture(name).items()}
    files |= {path: text or "" for path, text in generator.files.items()}
    write_files(root, {path: text for path, text in files.items() if text or path in files})
    for path, text in generator.files.items():
        if text is None:
            (root / path).unlink()
    ours = {path: (row.url, row.title, row.date) for path, row in publish(root).items()}
    command = [python if part == "PYTHON" else part for part in generator.command]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    if done.returncode:
        return 0, [f"{name} ended with {done.returncode}: {done.stderr.strip()[-2000:]}"]
    theirs = {
        path: (normal_url(url), unescape(re.sub("<[^<>]*>", "", title)), date)
        for path, url, title, date in generator.read(done.stdout)
    }
    # Some generators list no article that is to appear later.
    now = datetime.now(UTC).isoformat()
    ours = {path: row for path, row in ours.items() if row[2] < now}
    differences = [
        f"{path}: {theirs.get(path, 'not published')}, here {row}"
        for path, row in ours.items()
        if theirs.get(path) != row
    ]
    return len(ours), differences


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=["hugo", "jekyll"], metavar="NAME")
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    is_different = False
    for name in arguments.names:
        with tempfile.TemporaryDirectory() as folder:
            count, differences = compare(name, Path(folder), arguments.python)
        same = f"{name}: {count - len(differences)} of {count} articles are the generator's own"
        sys.stdout.write("\n  ".join((same, *differences)) + "\n")
        is_different |= bool(differences)
    return int(is_different)


if __name__ == "__main__":
    sys.exit(main())
