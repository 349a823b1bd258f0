"""Eleventy's folders (https://www.11ty.dev/docs/, release 3.1).

Data that is computed by code is unknown.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import accumulate
from typing import ClassVar

from feeds.dialects.configuration import Files, list_of, mapping_of, text_of
from feeds.dialects.dialect import (
    Dialect,
    SiteSettings,
    Translation,
    excerpt_before,
    first_heading,
    names_of,
    picture_of,
)
from feeds.dialects.eleventy_data import (
    DATA,
    ENDINGS,
    OF_ALL,
    expression_of,
    is_in,
    normal,
    read_data,
    read_ignored,
    read_site,
)
from feeds.dialects.eleventy_permalink import (
    UnknownValueError,
    default_path,
    file_slug,
    fill_in,
    path_stem,
    slugify,
)
from feeds.dialects.javascript import Script
from feeds.dialects.permalink import expand, values_of
from feeds.dialects.slugs import title_of_name
from feeds.parsing.front_matter import Part, Syntax, as_yaml
from feeds.parsing.yaml_text import YAMLMapping, YAMLValue

_CONFIGURATION = (".eleventy.js", *(f"eleventy.config.{ending}" for ending in ENDINGS))
_INPUT = re.compile(r"\bsetInputDirectory\(\s{0,20}[\"'`]([^\"'`\n]{1,200})[\"'`]")
_INPUT_OPTION = re.compile(r"--input[= ]([\w./-]{1,200})")
#: Folders in the input that hold no pages, as the configuration names them.
_NO_PAGES = {"includes": "_includes", "layouts": "_layouts", "data": "_data"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_UPDATES = ("updated", "modified", "lastmod", "last_modified_at")
_MARKS = ("<!-- excerpt -->", "<!--excerpt-->", "<!-- more -->", "<!--more-->")
_PICTURES = ("image", "thumbnail", "cover", "featuredImage", "ogImage")


def _in_javascript(text: str) -> Part | None:
    """Find front matter in JavaScript, which is an object or has constants."""
    start = re.match(r"\s*---(?:js|javascript)[ \t]*\n", text)
    end = start and re.compile(r"^---[ \t]*(?:\n|\Z)", re.MULTILINE).search(text, start.end())
    return Part(_parse, start.end(), end.start(), end.end()) if start and end else None


def _parse(source: str, line: int) -> tuple[YAMLValue, tuple[()]]:
    script = Script(source)
    return as_yaml(next(script.objects(), script.names), line, {}), ()


@dataclass(frozen=True)
class Eleventy(Dialect):
    """The dated pages in the input of a folder with an Eleventy configuration."""

    name: ClassVar[str] = "eleventy"
    label: ClassVar[str] = "Eleventy"
    tags: ClassVar[str] = "templates"
    endings: ClassVar[tuple[str, ...]] = (".md", ".html")
    syntaxes: ClassVar[tuple[Syntax, ...]] = (_in_javascript,)

    #: The folder of the input, with a slash at its end; empty for the site's own.
    input: str = ""
    #: The folders and files that are no pages.
    excluded: tuple[str, ...] = ()
    #: Regular expressions of the paths of others.
    ignored: tuple[str, ...] = ()
    #: The data of folders and pages, by the paths of the files that have them.
    data: Mapping[str, YAMLMapping] = field(default_factory=dict, repr=False)

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> Eleventy | None:
        found = files.first(*_CONFIGURATION)
        package = files.text("package.json")
        if not found and ('"@11ty/eleventy"' not in package or files.has("_config.yml")):
            return None
        code = files.text(found) if found else ""
        values = Script(code).object_with("dir", "pathPrefix")
        folders = mapping_of(values, "dir")
        named = _INPUT.search(code) or _INPUT_OPTION.search(package)
        top = normal(text_of(folders, "input") or (named[1] if named else ""))
        if top.startswith("..") or not (top == "" or files.has(f"{top}/")):
            return None
        places = {
            key: normal(f"{top}/{text_of(folders, key) or usual}")
            for key, usual in _NO_PAGES.items()
        }
        output = normal(text_of(folders, "output") or "_site")
        ignored = {"README.md", *read_ignored(files)}
        patterns = {each for each in ignored if re.search(r"[*?]", each)}
        excluded = {*places.values(), output, *ignored} - {"", top} - patterns
        about = read_site(files, places["data"])
        url = text_of(about, "url").rstrip("/")
        if (prefix := text_of(values, "pathPrefix").strip("/")) and not url.endswith(f"/{prefix}"):
            url = f"{url}/{prefix}"
        site = SiteSettings(
            title=text_of(about, "title", "name"),
            url=f"{url}/" if url.startswith(("http://", "https://")) else "",
            description=text_of(about, "description"),
            language=text_of(about, "language", "lang"),
            author=names_of(about.get("author")),
        )
        return cls(
            site,
            permalink=permalink,
            folders=(top or ".",),
            input=f"{top}/".lstrip("/"),
            excluded=tuple(sorted(excluded)),
            ignored=tuple(sorted(map(expression_of, patterns))),
            data=read_data(files, top, places["data"], code, excluded),
        )

    def is_article(self, path: str) -> bool:
        if not super().is_article(path) or is_in(path, self.excluded):
            return False
        if any(re.fullmatch(each, path) for each in self.ignored):
            return False
        below = path.removeprefix(self.input)
        # A page at the top is about the site, unless it is dated as posts are.
        return "/" in below or bool(_DATE.match(below))

    def data_of(self, path: str) -> str:
        return "".join(map(self._digests.__getitem__, self._files_of_data(path)))

    def describe(self) -> str:
        all_data = (each for data in self.data.values()
                    for each in (mapping_of(data, "eleventyComputed"), data))  # fmt: skip
        given = [data["permalink"] for data in all_data if "permalink" in data]
        if self.permalink or not given:
            return super().describe()
        if any(each is None for each in given):
            return f"{self.label} (code gives URLs: permalink in feeds.yaml says which)"
        known = dict.fromkeys(each for each in given if isinstance(each, str))
        return f"{self.label}, permalink {', '.join([*known][:3])}"

    def translate(self, article: Translation) -> None:
        own = article.text("permalink")
        tags = self._take_data(article)
        stem = posixpath.splitext(article.path.removeprefix(self.input))[0]
        date = article.moment("date")
        if not article.text("date") and (named := _DATE.search(article.path)):
            date = article.moment_of(named[0])
        title = article.text("title") or first_heading(article.body)
        article.put("title", title or title_of_name(file_slug(stem)), "title")
        article.is_article = date is not None
        article.put("publishedDateTime", date, "date")
        article.take("updatedDateTime", *_UPDATES)
        article.put("topics", dict.fromkeys(tags), "tags")
        article.take("excerpt", "excerpt", "description", "summary")
        article.put("provider", names_of(article.written.get("author")), "author")
        article.summary = excerpt_before(article.body, *_MARKS)
        if self.permalink and date and not own:
            texts = {
                "slug": article.text("slug") or file_slug(stem), "title": slugify(title),
                "name": file_slug(stem), "path": stem, "folder": posixpath.dirname(stem),
            }  # fmt: skip
            article.publish_at(expand(self.permalink, values_of(texts, date)))
        elif path := _path(article, stem, date):
            article.publish_at(path, "permalink")
        picture = picture_of(article.written, *_PICTURES)
        if picture.startswith(("/", "http://", "https://")):
            article.show_picture(picture, *_PICTURES)

    def _take_data(self, article: Translation) -> list[str]:
        """Give an article the data of its folders and its file; return its tags and theirs."""
        tags = article.words("tags", "")
        if article.written.get("permalink") is None:
            article.written.pop("permalink", None)
        for file in reversed(self._files_of_data(article.path)):
            data = self.data[file]
            tags[:0] = filter(None, map(str, list_of(data, "tags")))
            # A permalink without a value is code: it is not to be taken for none.
            for key in data.keys() - article.written.keys():
                article.written[key] = data[key]
            article.fill(data)
        return tags

    def _files_of_data(self, path: str) -> list[str]:
        """Return the files that have data of a page, from those that count least."""
        folder = posixpath.dirname(path)
        above = [each for each in accumulate(folder.split("/"), "{}/{}".format)
                 if f"{each}/".startswith(self.input)]  # fmt: skip
        stems = (*(f"{each}/{posixpath.basename(each)}" for each in above if each),
                 posixpath.splitext(path)[0])  # fmt: skip
        files = (file for stem in stems for file in map(stem.__add__, DATA))
        return [file for file in (OF_ALL, *files) if file in self.data]

    @cached_property
    def _digests(self) -> dict[str, str]:
        shown = ((file, repr(data).encode("utf-8", "replace")) for file, data in self.data.items())
        return {file: hashlib.sha256(text).hexdigest() for file, text in shown}


def _path(article: Translation, stem: str, date: datetime | None) -> str:
    """Return the path that an article's permalink gives; empty if only code knows it."""
    written = article.written
    computed = mapping_of(written, "eleventyComputed")
    template = computed["permalink"] if "permalink" in computed else written.get("permalink", "")
    if isinstance(template, dict):
        template = template.get("build")
    if template == "false":
        article.hold_back("permalink")
    if template in ("", "false"):
        return default_path(stem)
    known = {
        "page.fileSlug": file_slug(stem), "page.filePathStem": path_stem(stem),
        "page.inputPath": f"./{article.path}", "page.outputFileExtension": "html",
    }  # fmt: skip

    def value(name: str) -> str | datetime | None:
        if name in ("page.date", "date"):
            return date.astimezone(UTC) if date else None
        return known.get(name) or article.text(name)

    try:
        path = fill_in(template, value) if isinstance(template, str) else ""
    except UnknownValueError:
        return ""
    return path and re.sub(r"(?<=/)index\.html$", "", f"/{path.lstrip('/')}")
