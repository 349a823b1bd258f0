"""Gatsby's folders of Markdown (https://www.gatsbyjs.com/docs/, release 5).

A page's path is what createFilePath() makes of its file, unless the site's code, which is not run,
makes another: of that, a beginning of all paths and keys of the front matter are understood.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from feeds.dialects.configuration import Files, mapping_of, text_of
from feeds.dialects.dialect import (
    Dialect,
    SiteSettings,
    Translation,
    first_heading,
    names_of,
    picture_of,
)
from feeds.dialects.javascript import Script, without_comments
from feeds.dialects.permalink import date_token, expand
from feeds.dialects.slugs import title_of_name

_ENDINGS = ("js", "ts", "mjs", "cjs")
#: The folder of gatsby-source-filesystem, below __dirname or not.
_SOURCE = re.compile(
    r"\bpath\s{0,20}:\s{0,20}(?:path\.(?:resolve|join)\(\s{0,20}__dirname\s{0,20},\s{0,20})?"
    r"[\"'`](?:\$\{__dirname\})?/{0,2}([\w@. -][\w@./ -]{0,200})[\"'`]"
)
#: A template of a path in the code of the site, such as `/blog${node.fields.slug}`.
_PREFIXED = re.compile(
    r"\b(?:path|value)\s{0,20}[:=]\s{0,20}`/([\w/-]{1,100})"
    r"\$\{(?![^{}`\n]*(?:tag|categor|author))[^{}`\n]{0,80}\b(?:slug|value|path|filePath)\b[^{}`\n]{0,20}\}"
)
_PAGES = (".js", ".jsx", ".ts", ".tsx")
#: A page of the file system route API, such as src/pages/blog/{Mdx.frontmatter__slug}.js.
_ROUTE = re.compile(
    r"src/pages/(?P<folder>[\w/-]{0,100})\{(?:markdownremark|mdx)\."
    r"(?:frontmatter__(?P<key>\w{1,50})|\w{1,50})\}\.\w{2,3}",
    re.IGNORECASE,
)
#: Folders of sources that hold no articles.
_NO_SOURCES = ("src/images", "src/pages", "static")
#: Keys from which the code of a site may take a page's path.
_PATHS = ("path", "slug", "permalink", "url")
_MAX_SCRIPT_CHARS = 100_000
_DATED = re.compile(r"(\d{4}-\d\d-\d\d)\b.*")
_DATES = ("date", "pubDate", "publishDate", "publishedAt", "published", "created")
_UPDATES = ("updated", "lastUpdated", "updatedAt", "lastmod", "modified", "dateModified")
_EXCERPTS = ("description", "excerpt", "spoiler", "summary")
_PICTURES = ("image", "cover", "featuredImage", "thumbnail", "hero")


@dataclass(frozen=True)
class Gatsby(Dialect):
    """The Markdown of the sources in a folder with a `gatsby-config`."""

    name: ClassVar[str] = "gatsby"
    label: ClassVar[str] = "Gatsby"
    endings: ClassVar[tuple[str, ...]] = (".md", ".mdx")
    names: ClassVar[Mapping[str, str]] = {**Dialect.names, "webUrl": "slug", "originalUrl": "slug"}

    #: The beginning that the site's code gives to all paths.
    prefix: str = ""
    #: The keys that it takes paths from.
    paths: tuple[str, ...] = ()
    #: True if files without any of them have no page.
    needs_path: bool = False
    #: "always" or "never" if paths end with a slash; as in the keys for "legacy" and "ignore".
    slash: str = "always"
    #: True if gatsby-plugin-feed makes feeds: their ids are URLs without percent-encoding.
    has_feed: bool = False

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> Gatsby | None:
        found = files.first(*(f"gatsby-config.{ending}" for ending in _ENDINGS))
        if not found:
            return None
        code = without_comments(files.text(found))
        sources = tuple(_sources(code, files, cls.endings))
        if not sources:
            return None
        options = Script(files.text(found)).object_with("siteMetadata", "plugins")
        values = mapping_of(options, "siteMetadata")
        url = text_of(values, "siteUrl") if "://" in text_of(values, "siteUrl") else ""
        prefix = text_of(options, "pathPrefix").strip("/")
        if prefix and "--prefix-paths" in files.text("package.json"):
            url = url and f"{url.removesuffix(f'/{prefix}').rstrip('/')}/{prefix}"
        node = files.first(*(f"gatsby-node.{ending}" for ending in _ENDINGS))
        script = without_comments(files.text(node))[:_MAX_SCRIPT_CHARS] if node else ""
        prefixes = {each.strip("/") for each in _PREFIXED.findall(script)}
        keys = {key for key in _PATHS if _uses(key, script)}
        for folder, key in _routes(files):
            prefixes.add(folder)
            keys |= {key} & {*_PATHS}
        site = SiteSettings(
            title=text_of(values, "title"),
            url=f"{url.rstrip('/')}/" if url else "",
            description=text_of(values, "description"),
            language=text_of(values, "language", "lang"),
            author=names_of(values.get("author")),
            math=True if re.search(r"gatsby-remark-(?:katex|mathjax)", code) else None,
        )
        return cls(
            site,
            permalink=permalink,
            folders=sources,
            # Of several, nobody knows which is the articles'.
            prefix=prefixes.pop() if len(prefixes) == 1 else "",
            paths=tuple(key for key in _PATHS if key in keys),
            needs_path=bool(keys) and "createFilePath" not in script,
            slash=text_of(options, "trailingSlash") or _default_slash(files),
            has_feed="gatsby-plugin-feed" in code,
        )

    def is_article(self, path: str) -> bool:
        return super().is_article(path) and bool(self._folder_of(path))

    def translate(self, article: Translation) -> None:
        below = article.path.removeprefix(f"{self._folder_of(article.path)}/")
        *folders, name = below.rpartition(".")[0].split("/")
        if name == "index":
            name = folders.pop() if folders else ""
        dated = _DATED.fullmatch(name)
        date = article.moment(*_DATES) or article.moment_of(dated[1] if dated else "")
        title = article.text("title") or first_heading(article.body) or title_of_name(name)
        article.is_article = date is not None
        article.put("title", title, "title")
        article.put("publishedDateTime", date, *_DATES)
        article.take("updatedDateTime", *_UPDATES)
        categories = (*article.words("categories", ","), *article.words("category", ","))
        topics = dict.fromkeys((*categories, *article.words("tags", ",")))
        article.put("topics", topics, "tags", "categories", "category")
        article.take("excerpt", *_EXCERPTS)
        article.name_author()
        own = article.text(*self.paths)
        if self.needs_path and not own and not self.permalink:
            article.is_article = False
            return
        path = self._path(own, "/".join((*folders, name)), name, date)
        article.publish_at(path, *self.paths)
        if self.has_feed and "://" not in path:
            article.put("id", self.base + path.lstrip("/"))
        if picture := picture_of(article.written, *_PICTURES):
            article.show_picture(picture, *_PICTURES)

    def _folder_of(self, path: str) -> str:
        return next((folder for folder in self.folders if path.startswith(f"{folder}/")), "")

    def _path(self, own: str, below: str, name: str, date: datetime | None) -> str:
        if "://" in own:
            return own
        if self.permalink and date:
            values = {"path": own or below, "slug": own or name, "name": name, "filename": name}
            return expand(self.permalink, lambda key: values.get(key) or date_token(key, date))
        path = own if own.startswith("/") else f"/{self.prefix}/{own or below}"
        if self.slash == "always" or not own:
            path += "/"
        path = re.sub("/+", "/", path)
        return path.rstrip("/") or "/" if self.slash == "never" else path


def _sources(code: str, files: Files, endings: tuple[str, ...]) -> Iterator[str]:
    """Yield the folders of the sources that have Markdown, a folder in another before it."""
    found = {posixpath.normpath(each) for each in _SOURCE.findall(code)}
    for folder in sorted(found, key=lambda each: (-len(each), each)):
        is_there = folder not in (".", "src", *_NO_SOURCES) and files.has(f"{folder}/")
        if is_there and next(files.walk(folder, *endings), ""):
            yield folder


def _routes(files: Files) -> Iterator[tuple[str, str]]:
    """Yield the folder of each file whose name is a route of articles, and its key or none."""
    for path in files.walk("src/pages", *_PAGES):
        if route := _ROUTE.fullmatch(path):
            yield route["folder"].strip("/"), route["key"] or ""


def _default_slash(files: Files) -> str:
    """Return the default of `trailingSlash` in the release of Gatsby that the site uses."""
    version = text_of(mapping_of(files.values("package.json"), "dependencies"), "gatsby")
    release = re.search(r"\d{1,3}", version, re.ASCII)
    return "legacy" if release and int(release[0]) < 5 else "always"


def _uses(key: str, script: str) -> bool:
    """Return True if the code of a site reads a key of pages' front matter."""
    return bool(
        re.search(rf"frontmatter\s{{0,20}}(?:\?\.|\.)\s{{0,20}}{key}\b", script)
        or re.search(rf"frontmatter\s{{0,20}}\{{[^{{}}]{{0,500}}\b{key}\b", script)
    )
