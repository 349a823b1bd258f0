"""Astro's folders of content (https://docs.astro.build/, release 5).

Pages are made by code, which is not run: the ids of its collections and the places of its pages
give the URLs, as long as the code takes the ids as they are.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, ClassVar, NamedTuple

from feeds.dialects.configuration import Files, mapping_of, text_of
from feeds.dialects.dialect import (
    Dialect,
    SiteSettings,
    Translation,
    excerpt_before,
    first_heading,
    joined_address,
    picture_of,
)
from feeds.dialects.javascript import Script, without_comments
from feeds.dialects.permalink import expand, values_of
from feeds.dialects.slugs import title_of_name

_ENDINGS = ("mjs", "js", "ts", "mts", "cjs")
_CONFIGURATION = tuple(f"astro.config.{ending}" for ending in _ENDINGS)
_CONTENT = tuple(
    f"src/{name}.{ending}" for name in ("content.config", "content/config") for ending in _ENDINGS
)
_PAGES = "src/pages"
_IMPORT = re.compile(r"\bfrom\s{0,20}[\"'](\.{1,2}/[\w@./-]{1,200})[\"']")
_MAX_IMPORTS = 20
#: A collection, with what its loader says of its files.
_COLLECTION = re.compile(r"\b([\w$]{1,100})[\"']?\s{0,20}[:=]\s{0,20}defineCollection\b")
_BASE = re.compile(r"\bbase\s{0,20}:\s{0,20}[\"'`]([^\"'`$\n]{1,200})[\"'`]")
_COLLECTIONS = re.compile(r"\bcollections\s{0,20}=\s{0,20}\{([^{}]{0,5000})\}")
_RENAMED = re.compile(r"[\"']?([\w$-]{1,100})[\"']?\s{0,20}:\s{0,20}([\w$]{1,100})")
#: A page for each article, such as src/pages/blog/[...slug].astro.
_ROUTE = re.compile(
    rf"{_PAGES}/(?P<folder>[^\[\]]*?)/?\[(?:\.\.\.)?(?P<param>\w{{1,50}})\](?:/index)?\.astro"
)
#: Parameters of pages that list articles.
_LISTS = re.compile(r"tag|categor|page|author|year|month|lang|locale|topic|series", re.IGNORECASE)
_GETS = re.compile(
    r"\bgetCollection\s{0,20}(?:<[^<>]{0,200}>\s{0,20})?\(\s{0,20}[\"'`]([\w$-]{1,100})"
)
#: Code that takes the id of an article as it is, for a parameter.
_IDS = (
    r"\b{param}\s{{0,20}}:\s{{0,20}}[\w$]{{1,100}}(?:\.[\w$]{{1,100}})?\.(?:id|slug)\b"
    r"(?!\s{{0,20}}[.?|+])"
)
_DATES = ("pubDate", "publishDate", "pubDatetime", "date", "publishedAt", "publishedDate",
          "publishedOn", "published", "datePublished", "createdAt", "created")  # fmt: skip
_UPDATES = ("updatedDate", "modDatetime", "updatedAt", "lastUpdated", "updated", "updateDate",
            "lastModified", "lastmod", "modified", "dateModified")  # fmt: skip
_EXCERPTS = ("description", "excerpt", "summary", "abstract")
_PICTURES = ("heroImage", "coverImage", "image", "cover", "ogImage", "thumbnail", "hero")
_MARKS = ("<!-- more -->", "<!--more-->", "{/* more */}", "<!-- excerpt -->")


class Collection(NamedTuple):
    """A folder of articles."""

    folder: str
    #: The beginning of their pages' paths, with a slash at its end; None where only code knows it.
    route: str | None
    #: True if the code of the pages is known to take the ids as they are.
    is_certain: bool
    #: True if names that begin with an underscore are left out.
    hides: bool


@dataclass(frozen=True)
class Astro(Dialect):
    """The Markdown of the collections and pages of a folder with an `astro.config`."""

    name: ClassVar[str] = "astro"
    label: ClassVar[str] = "Astro"
    endings: ClassVar[tuple[str, ...]] = (".md", ".mdx", ".markdown", ".mdoc")
    names: ClassVar[Mapping[str, str]] = {
        **Dialect.names, "publishedDateTime": "pubDate",
        "webUrl": "permalink in feeds.yaml", "originalUrl": "permalink in feeds.yaml",
    }  # fmt: skip

    collections: tuple[Collection, ...] = ()
    #: The end of pages' paths: a slash, .html or nothing.
    end: str = "/"

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> Astro | None:
        if not (found := files.first(*_CONFIGURATION)):
            return None
        values = _read(files, found)
        collections = tuple(_collections(files, bool(permalink)))
        if not collections:
            return None
        url, base = text_of(values, "site").rstrip("/"), text_of(values, "base").strip("/")
        slash, format = (
            text_of(values, "trailingSlash"),
            text_of(mapping_of(values, "build"), "format"),
        )
        is_file = format in ("file", "preserve")
        return cls(
            SiteSettings(
                url=joined_address(url, base),
                language=text_of(mapping_of(values, "i18n"), "defaultLocale"),
            ),
            permalink=permalink,
            folders=tuple(each.folder for each in collections),
            collections=collections,
            end=".html" if is_file else "" if slash == "never" else "/",
        )

    def tags_in(self, path: str) -> str:
        return "templates" if path.lower().endswith(".mdoc") else ""  # Markdoc's

    def is_article(self, path: str) -> bool:
        found = self._collection_of(path)
        if not found or not super().is_article(path):
            return False
        names = path.removeprefix(f"{found.folder}/").split("/")
        return not (found.hides and any(name.startswith("_") for name in names))

    def describe(self) -> str:
        if self.permalink:
            return super().describe()
        known = [each for each in self.collections if each.route is not None]
        routes = dict.fromkeys(f"/{each.route}:id{self.end}" for each in known)
        shown = f"{self.label}, permalink {', '.join(routes)}" if routes else self.label
        if known and all(each.is_certain for each in known):
            return shown
        return f"{shown} (code may give other URLs: permalink in feeds.yaml says which)"

    def translate(self, article: Translation) -> None:
        if not (found := self._collection_of(article.path)):
            return
        below = posixpath.splitext(article.path.removeprefix(f"{found.folder}/"))[0]
        name = posixpath.basename(below.removesuffix("/index"))
        date = article.moment(*_DATES)
        title = article.text("title") or first_heading(article.body) or title_of_name(name)
        article.put("title", title, "title")
        article.is_article = date is not None
        article.put("publishedDateTime", date, *_DATES)
        if not _is_flag(article.text("updated")):
            article.take("updatedDateTime", *_UPDATES)
        words = (article.words(key, ",") for key in ("categories", "category", "tags"))
        topics = dict.fromkeys(word for each in words for word in each)
        article.put("topics", topics, "tags", "categories", "category")
        article.take("excerpt", *_EXCERPTS)
        article.name_author()
        article.summary = excerpt_before(article.body, *_MARKS)
        is_page = found.folder == _PAGES
        id = below if is_page else article.text("slug") or slug_of_path(below)
        if self.permalink and date:
            texts = {"id": id, "slug": id, "path": id, "name": name, "title": slug_of_path(title)}
            article.publish_at(re.sub("/+", "/", expand(self.permalink, values_of(texts, date))))
        elif found.route is not None:
            id = re.sub(r"(?:^|/)index$", "", id) if is_page else id
            article.publish_at(f"{found.route}{id}{self.end}".removeprefix("/"), "slug")
        picture = picture_of(article.written, *_PICTURES)
        if picture.startswith(("/", "http://", "https://")):  # others get a URL when built
            article.show_picture(picture, *_PICTURES)

    def _collection_of(self, path: str) -> Collection | None:
        return next((each for each in self.collections if path.startswith(f"{each.folder}/")), None)


def slug_of_path(path: str) -> str:
    """Return an id as Astro makes it: each name of the path as github-slugger has it."""
    kept = (
        char for char in path.lower()
        if char in " -/" or unicodedata.category(char)[0] in "LM"
        or unicodedata.category(char) in ("Nd", "Nl", "Pc")
    )  # fmt: skip
    return "".join(kept).replace(" ", "-").removesuffix("/index")


def _is_flag(text: str) -> bool:
    return text.lower() in ("true", "false")


def _read(files: Files, path: str) -> dict[str, Any]:
    """Return the configuration, with the constants of the files that it imports."""
    text = files.text(path)
    names: dict[str, Any] = {}
    for imported in _IMPORT.findall(text)[:_MAX_IMPORTS]:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(path), imported))
        if place.startswith(".."):
            continue
        stem = re.sub(r"\.[cm]?[jt]s$", "", place)
        candidates = (f"{each}.{ending}" for each in (stem, f"{stem}/index") for ending in _ENDINGS)
        if found := files.first(*candidates):
            names |= Script(files.text(found)).names
    script = Script(text, names)
    # It may be the argument of a function, whose value is exported.
    return script.exported() or script.object_with("site", "integrations")


def _collections(files: Files, has_permalink: bool) -> Iterator[Collection]:
    """Yield the folders of articles: those whose pages have a place, or all if none has."""
    routes, folders = list(_routes(files)), dict(_folders(files))
    found = {name: _route_of(name, routes, is_only=len(folders) == 1) for name in folders}
    pages = next(files.walk(_PAGES, ".md", ".mdx"), "")
    has_any = bool(pages) or any(found.values())
    for name, (folder, hides) in folders.items():
        if route := found[name]:
            yield Collection(folder, f"{route.folder}/".lstrip("/"), route.is_certain, hides)
        elif has_permalink or not has_any:
            yield Collection(folder, None, False, hides)
    if pages:
        yield Collection(_PAGES, "", True, True)


def _route_of(name: str, routes: list[_Route], *, is_only: bool) -> _Route | None:
    """Return the page of a collection's articles, by its code or by its place."""
    known = [each for each in routes if name in each.gets]
    near = [each for each in known or routes if _is_like(each.folder, name)]
    return next(iter((*near, *known, *(routes if is_only and len(routes) == 1 else ()))), None)


def _folders(files: Files) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Yield the name of each collection with its folder, and whether it has hidden files."""
    path = files.first(*_CONTENT)
    text = without_comments(files.text(path)) if path else ""
    listed = _COLLECTIONS.search(text)
    names = {mine: name for name, mine in _RENAMED.findall(listed[1] if listed else "")}
    starts = [*_COLLECTION.finditer(text)]
    for start, after in zip_longest(starts, starts[1:]):
        part = text[start.end() : after.start() if after else len(text)]
        name = str(names.get(start[1], start[1]))
        base = _BASE.search(part)
        folder = posixpath.normpath(base[1] if base else f"src/content/{name}").strip("/")
        if not folder.startswith("..") and files.has(f"{folder}/"):
            yield name, (folder, not base or "[^_]" in part)
    if not starts:
        for folder in files.list("src/content"):
            if folder.endswith("/"):
                yield folder.rstrip("/").rpartition("/")[2], (folder.rstrip("/"), True)


class _Route(NamedTuple):
    """A page for each article of a collection."""

    folder: str
    #: The collections that its code asks for.
    gets: tuple[str, ...]
    is_certain: bool


def _routes(files: Files) -> Iterator[_Route]:
    for path in files.walk(_PAGES, ".astro"):
        route = _ROUTE.fullmatch(path)
        if route and not _LISTS.search(route["param"]):
            text = without_comments(files.text(path))
            is_certain = bool(re.search(_IDS.format(param=route["param"]), text))
            folder = route["folder"].strip("/")
            # A folder in brackets is another parameter.
            if not _LISTS.fullmatch(folder.rpartition("/")[2].rstrip("s")):
                yield _Route(folder, tuple(_GETS.findall(text)), is_certain)


def _is_like(folder: str, name: str) -> bool:
    last = folder.rpartition("/")[2].lower()
    return bool(last) and last.rstrip("s") == name.lower().rstrip("s")
