"""Eleventy's files of data, as far as they are literal, and what .eleventyignore names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from feeds.dialects.configuration import Files
from feeds.dialects.eleventy_permalink import template_of_code
from feeds.dialects.javascript import Script
from feeds.parsing.front_matter import as_yaml
from feeds.parsing.yaml_text import YAMLMapping, YAMLTextError

ENDINGS = ("js", "mjs", "cjs", "ts")
#: The permalink of all pages; its value is code unless it is a text.
_GLOBAL_PERMALINK = re.compile(
    r"\baddGlobalData\(\s{0,20}[\"'`](?:eleventyComputed\.)?permalink[\"'`]\s{0,20},\s{0,20}"
    r"(?:[\"'](?P<text>[^\"'`\n]{1,300})[\"'])?"
)
#: In place of a file, of the data of all pages.
OF_ALL = "*"
#: The endings of files of data, from those that count least.
DATA = (".json", ".11tydata.json", *(f".11tydata.{ending}" for ending in ENDINGS))
#: The files of data in which most sites have their title and URL.
_SITE_DATA = ("metadata", "site", "meta")
#: The parts of patterns of paths, as regular expressions; matching many could take very long.
_STARS = {"**/": "(?:.*/)?", "*": "[^/]*", "**": ".*", "?": "[^/]"}
_MAX_STARS = 2


def read_data(
    files: Files, top: str, folder: str, code: str, excluded: Iterable[str]
) -> dict[str, YAMLMapping]:
    """Return the data of the folders and pages below a folder, by the paths of their files.

    The folder of data of the whole site, and the code of the configuration, may have a permalink.
    """
    return dict((*_data_of_all(files, folder, code), *_data_of_parts(files, top, excluded)))


def normal(path: str) -> str:
    """Return a folder's path without ./ and a slash at its end; empty for the site's own."""
    path = posixpath.normpath(path.lstrip("/") or ".")
    return "" if path == "." else path


def is_in(path: str, folders: Iterable[str]) -> bool:
    """Return True if a path is one of these, or in a folder that is."""
    return any(path == each or path.startswith(f"{each}/") for each in folders)


def read_ignored(files: Files) -> Iterator[str]:
    """Yield the paths of folders, files and patterns that .eleventyignore names."""
    for line in files.text(".eleventyignore").splitlines():
        path = line.strip().removesuffix("/**").removesuffix("/*").strip("/")
        if path and not path.startswith(("#", "!")):
            yield normal(path)


def expression_of(pattern: str) -> str:
    """Return the regular expression of a pattern of paths; of none that has many parts."""
    parts = re.split(r"(\*\*/|\*+|\?)", pattern)
    if len(parts) > 2 * _MAX_STARS + 1:
        return "(?!)"
    return "".join(_STARS.get(part, re.escape(part)) for part in parts)


def read_site(files: Files, folder: str) -> dict[str, Any]:
    """Return the data of the whole site in the file where most sites have it."""
    for name in _SITE_DATA:
        path = f"{folder}/{name}".lstrip("/")
        if files.has(f"{path}.json"):
            return files.values(f"{path}.json")
        if found := files.first(*(f"{path}.{ending}" for ending in ENDINGS)):
            return Script(files.text(found)).object_with("url", "title")
    return {}


def _data_of_all(files: Files, folder: str, code: str) -> Iterator[tuple[str, YAMLMapping]]:
    """Yield the permalink of all pages, where the configuration or a file of data gives one."""
    if found := _GLOBAL_PERMALINK.search(code):
        yield OF_ALL, YAMLMapping([("permalink", found["text"])])
        return
    stem = f"{folder}/eleventyComputed.".lstrip("/")
    path = files.first(*(stem + ending for ending in ("json", *ENDINGS)))
    data = _read_file(files, path) if path else YAMLMapping()
    if "permalink" in data:
        yield OF_ALL, YAMLMapping([("eleventyComputed", data)])


def _data_of_parts(
    files: Files, top: str, excluded: Iterable[str]
) -> Iterator[tuple[str, YAMLMapping]]:
    """Yield the files of data of the folders and pages below a folder."""
    for path in files.walk(top, *DATA):
        stem = path.partition(".11tydata.")[0].removesuffix(".json")
        folder, name = posixpath.split(stem)
        # Other files of JSON are no data of Eleventy.
        is_data = ".11tydata." in path or name == posixpath.basename(folder)
        if is_in(path, excluded) or not (is_data or files.first(f"{stem}.md", f"{stem}.html")):
            continue
        if data := _read_file(files, path):
            yield path, data


def _read_file(files: Files, path: str) -> YAMLMapping:
    """Return the data in a file; a permalink that only code knows is None."""
    if path.endswith(".json"):
        values = files.values(path)
    else:
        values = Script(code := files.text(path)).exported()
        if "permalink" in values and values["permalink"] is None:
            values = {**values, "permalink": template_of_code(code)}
    with suppress(YAMLTextError):
        data = as_yaml(values, 1, {})
        return data if isinstance(data, YAMLMapping) else YAMLMapping()
    return YAMLMapping()
