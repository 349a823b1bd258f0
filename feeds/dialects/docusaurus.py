"""Docusaurus' blogs (https://docusaurus.io/docs/blog, release 3.10)."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from feeds.dialects.configuration import Files, list_of, mapping_of, text_of
from feeds.dialects.dialect import (
    Dialect,
    SiteSettings,
    Translation,
    excerpt_before,
    first_heading,
    joined_address,
    names_of,
)
from feeds.dialects.javascript import Script
from feeds.dialects.permalink import expand, values_of
from feeds.parsing.yaml_text import YAMLValue

_CONFIGURATION = tuple(f"docusaurus.config.{ending}" for ending in ("js", "ts", "mjs", "cjs"))
_MARKS = ("<!-- truncate -->", "<!--truncate-->", "{/* truncate */}", "{/*truncate*/}")
#: A date somewhere in the path of a post; what stands before and after it is its name.
_DATED = re.compile(
    r"(?P<folder>.*)(?P<date>\d{4}[-/]\d{1,2}[-/]\d{1,2})[-/]?(?P<text>.*?)(?:/index)?\.mdx?"
)
_NAME = re.compile(r"(?P<text>.*?)(?:/index)?\.mdx?")
#: Of files that are no posts.
_EXCLUDED = re.compile("(?:^|/)_")
_IMPORTS = re.compile(r"(?:\s*import\s[^\n]*\n)*")


class Blog(NamedTuple):
    """A blog of the site."""

    folder: str
    #: The beginning of its posts' paths, with a slash at its end.
    route: str
    #: The names of its authors, and the labels of its tags, by their keys.
    authors: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class Docusaurus(Dialect):
    """The posts of the blogs of a folder with a `docusaurus.config`."""

    name: ClassVar[str] = "docusaurus"
    label: ClassVar[str] = "Docusaurus"
    endings: ClassVar[tuple[str, ...]] = (".md", ".mdx")
    needs_front_matter: ClassVar[bool] = False
    names: ClassVar[Mapping[str, str]] = {**Dialect.names, "webUrl": "slug", "originalUrl": "slug"}

    #: "true" if paths end with a slash, "false" if they do not; empty for as they are written.
    slash: str = ""
    blogs: tuple[Blog, ...] = field(default=(), repr=False)

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> Docusaurus | None:
        if not (found := files.first(*_CONFIGURATION)):
            return None
        values = Script(files.text(found)).object_with("baseUrl", "presets")
        blogs = tuple(_blogs(values, files))
        if not blogs:
            return None
        url, base = text_of(values, "url").rstrip("/"), text_of(values, "baseUrl").strip("/")
        site = SiteSettings(
            title=text_of(values, "title"),
            url=joined_address(url, base),
            description=text_of(values, "tagline"),
            language=text_of(mapping_of(values, "i18n"), "defaultLocale"),
        )
        return cls(
            site,
            permalink=permalink,
            folders=tuple(blog.folder for blog in blogs),
            slash=text_of(values, "trailingSlash"),
            blogs=blogs,
        )

    def is_article(self, path: str) -> bool:
        blog = self._blog_of(path)
        return bool(
            blog and super().is_article(path) and not _EXCLUDED.search(_below(path, blog.folder))
        )

    def data_of(self, path: str) -> str:
        blog = self._blog_of(path)
        return self._digests[blog.folder] if blog else ""

    def describe(self) -> str:
        routes = " and ".join(f"/{blog.route}" for blog in self.blogs)
        shown = f"permalink {self.permalink}" if self.permalink else f"its blog at {routes}"
        return f"{self.label}, {shown}"

    def translate(self, article: Translation) -> None:
        if not (blog := self._blog_of(article.path)):
            return
        path = _below(article.path, blog.folder)
        named = _DATED.fullmatch(path) or _NAME.fullmatch(path)
        parts = named.groupdict("") if named else {"text": path}
        day, text = parts.get("date", ""), parts["text"]
        imports, body = _split_imports(article.body)
        if heading := first_heading(body):
            # It is no part of the body, even of a post with another title.
            blank, _, rest = body.partition("#")
            article.body = f"{imports}{blank}\n{rest.partition(chr(10))[2]}"
        article.put("title", article.text("title") or heading or text, "title")
        date = article.moment("date") or article.moment_of(day.replace("/", "-"))
        article.put("publishedDateTime", date, "date")
        update = article.written.get("last_update")
        if isinstance(update, dict):
            moment = article.moment_of(text_of(update, "date"))
            article.put("updatedDateTime", moment, "last_update")
        tags = (_label(tag, blog.tags) for tag in list_of(article.written, "tags"))
        article.put("topics", dict.fromkeys(filter(None, tags)), "tags")
        article.take("excerpt", "description")
        names = (_author(each, blog.authors) for each in list_of(article.written, "authors"))
        authors = ", ".join(filter(None, names)) or article.text("author")
        article.put("provider", authors, "authors", "author")
        article.summary = excerpt_before(article.body, *_MARKS)
        dated = f"{day.replace('-', '/')}/{parts['folder']}" if day else ""
        slug = article.text("slug") or f"{dated}{text}"
        if self.permalink and date:
            texts = dict.fromkeys(("title", "name"), text) | {
                "slug": article.text("slug") or text, "path": slug,
                "folder": parts.get("folder", ""),
            }  # fmt: skip
            url = expand(self.permalink, values_of(texts, date))
        else:
            url = self._with_slash(re.sub("/+", "/", f"/{blog.route}/{slug}"))
        article.publish_at(re.sub("/+", "/", url), "slug")
        picture = article.text("image")
        if picture and not picture.startswith("."):  # a file beside the post gets another URL
            is_whole = picture.startswith(("http://", "https://"))
            article.show_picture(picture if is_whole else self.base + picture.lstrip("/"), "image")

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {blog.folder: blog.digest for blog in self.blogs}

    def _blog_of(self, path: str) -> Blog | None:
        return next((blog for blog in self.blogs if path.startswith(f"{blog.folder}/")), None)

    def _with_slash(self, path: str) -> str:
        if self.slash not in ("true", "false"):
            return path
        return (path.rstrip("/") + "/" * (self.slash == "true")) or "/"


def _split_imports(body: str) -> tuple[str, str]:
    """Return the imports at the beginning of MDX, and the rest."""
    found = _IMPORTS.match(body)
    end = found.end() if found else 0
    return body[:end], body[end:]


def _below(path: str, folder: str) -> str:
    return path.removeprefix(f"{folder}/")


def _blogs(values: dict[str, Any], files: Files) -> Iterator[Blog]:
    """Yield the blogs that the presets and plugins of a configuration give to the site."""
    for options in (*_of_presets(values), *_of_plugins(values)):
        folder = posixpath.normpath(text_of(options, "path") or "blog")
        if not folder.startswith((".", "/")) and files.has(f"{folder}/"):
            route = text_of(options, "routeBasePath") or "blog"
            authors = files.values(
                f"{folder}/{text_of(options, 'authorsMapPath') or 'authors.yml'}"
            )
            tags = files.values(f"{folder}/{text_of(options, 'tags') or 'tags.yml'}")
            yield Blog(
                folder,
                f"{route}/".lstrip("/"),
                {key: names_of(author) or key for key, author in authors.items()},
                {key: text_of(tag, "label") or key for key, tag in tags.items()
                 if isinstance(tag, dict)},
            )  # fmt: skip


def _of_presets(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    presets = list_of(values, "presets")
    # The preset may be brought by code.
    for preset in presets or ["classic"] * (not values.get("plugins")):
        name, options = [*preset, None, None][:2] if isinstance(preset, list) else (preset, None)
        options = options if isinstance(options, dict) else {}
        is_classic = isinstance(name, str) and "classic" in name
        blog = options.get("blog")
        if (is_classic or not name) and blog != "false":
            yield blog if isinstance(blog, dict) else {}


def _of_plugins(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for plugin in list_of(values, "plugins"):
        name, options = [*plugin, None, None][:2] if isinstance(plugin, list) else (plugin, None)
        if isinstance(name, str) and name.endswith("content-blog"):
            yield options if isinstance(options, dict) else {}


def _author(author: YAMLValue, known: Mapping[str, str]) -> str:
    """Return the name of an author, who is given by a key or in full."""
    if isinstance(author, dict):
        return names_of(author) or known.get(text_of(author, "key"), "")
    return known.get(author, author) if isinstance(author, str) else ""


def _label(tag: YAMLValue, labels: Mapping[str, str]) -> str:
    if isinstance(tag, dict):
        return text_of(tag, "label")
    return labels.get(tag, tag) if isinstance(tag, str) else ""
