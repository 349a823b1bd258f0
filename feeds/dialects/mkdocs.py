"""The blog of Material for MkDocs (https://squidfunk.github.io/mkdocs-material/, release 9.7)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import join, normpath
from typing import Any, ClassVar
from urllib.parse import quote

from feeds.dialects.configuration import Files, flag_of, folder_inside, list_of, mapping_of, text_of
from feeds.dialects.dialect import Dialect, SiteSettings, Translation, address_of, excerpt_before
from feeds.dialects.permalink import expand_dated, format_babel
from feeds.parsing.yaml_text import YAMLMapping

_CONFIGURATION = ("mkdocs.yml", "mkdocs.yaml")
_PLUGINS = ("blog", "material/blog")
#: A title at the beginning of Markdown, with # or underlined.
_HEADING = re.compile(r"\s{0,100}(?:#[ \t]+([^\n]+)|([^\s#>`|:*+-][^\n]*)\n=+[ \t]*)(?:\n|\Z)")
_MARKUP = re.compile(r"(\*\*|__|\*|`)(?=\S)([^*`\n]{1,500}?)(?<=\S)\1")


@dataclass(frozen=True)
class MkDocs(Dialect):
    """The posts of a folder whose `mkdocs.yml` has the plugin `blog`."""

    name: ClassVar[str] = "mkdocs"
    label: ClassVar[str] = "MkDocs Material blog"
    endings: ClassVar[tuple[str, ...]] = (".md",)
    names: ClassVar[Mapping[str, str]] = {**Dialect.names, "webUrl": "slug", "originalUrl": "slug"}

    #: The folder of all pages, with a slash at its end; empty for the generator's own.
    docs: str = "docs/"
    #: The folder of the blog's pages below the site's root; "." for the root itself.
    blog: str = "blog"
    date_format: str = "yyyy/MM/dd"
    max_categories: int = 1
    #: True if slugs are in lower case.
    lower: bool = True
    separator: str = "-"
    #: True if pages are folders with an index.html.
    are_folders: bool = True
    excerpt_separator: str = "<!-- more -->"
    #: True if drafts are published too.
    drafts: bool = False
    #: The names of authors by their keys in `.authors.yml`.
    authors: tuple[tuple[str, str], ...] = ()

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> MkDocs | None:
        values = _configuration(files, files.first(*_CONFIGURATION))
        options = _options(values.get("plugins"))
        if options is None:
            return None
        docs = folder_inside(_said(values, "docs_dir") or "docs") or "./"
        blog = normpath(text_of(options, "blog_dir") or "blog")
        posts = (text_of(options, "post_dir") or "{blog}/posts").replace("{blog}", blog)
        authors = (text_of(options, "authors_file") or "{blog}/.authors.yml").replace(
            "{blog}", blog
        )
        slugify = options.get("post_slugify")
        case = (
            text_of(mapping_of(slugify, "kwds"), "case") if isinstance(slugify, dict) else "lower"
        )
        categories = text_of(options, "post_url_max_categories") or "1"
        site = SiteSettings(
            title=_said(values, "site_name"),
            url=address_of(_said(values, "site_url")),
            description=_said(values, "site_description"),
            language=text_of(mapping_of(values, "theme"), "language"),
            author=_said(values, "site_author"),
            future=not flag_of(options, "draft_if_future_date"),
        )
        folder = folder_inside(join(docs, posts)) or docs
        return cls(
            site,
            permalink=permalink or text_of(options, "post_url_format") or "{date}/{slug}",
            folders=(normpath(folder),),
            docs="" if docs == "./" else docs,
            blog=blog,
            date_format=text_of(options, "post_url_date_format") or "yyyy/MM/dd",
            max_categories=int(categories) if re.fullmatch(r"\d{1,3}", categories) else 1,
            lower=case in ("lower", "lower-ascii", "fold"),
            separator=text_of(options, "post_slugify_separator") or "-",
            are_folders=flag_of(values, "use_directory_urls", default=True),
            excerpt_separator=text_of(options, "post_excerpt_separator") or "<!-- more -->",
            drafts=flag_of(options, "draft"),
            authors=tuple(_authors(files.values(normpath(join(docs, authors))))),
        )

    def is_article(self, path: str) -> bool:
        folder = "" if self.folders == (".",) else f"{self.folders[0]}/"
        return super().is_article(path) and path.startswith(folder)

    def translate(self, article: Translation) -> None:
        name = article.path.rpartition("/")[2].rpartition(".")[0]
        found = _HEADING.match(article.body)
        heading = (found[1] or found[2] or "").strip() if found else ""
        from_name = name.replace("-", " ").replace("_", " ")
        if from_name.lower() == from_name:
            from_name = from_name.capitalize()
        article.put("title", article.text("title") or _plain(heading) or from_name, "title")
        dates = article.written.get("date")
        dates = dates if isinstance(dates, YAMLMapping) else YAMLMapping([("created", dates)])
        created = text_of(dates, "created")
        date = article.moment_of(created)
        article.put("publishedDateTime", date or created, "date")
        article.put("updatedDateTime", article.moment_of(text_of(dates, "updated")), "date")
        categories, tags = article.words("categories", ""), article.words("tags", "")
        article.put("topics", dict.fromkeys((*categories, *tags)), "tags", "categories")
        article.take("excerpt", "description")
        people = dict(self.authors)
        article.credit([people.get(key, key) for key in article.words("authors", "")], "authors")
        if self.drafts:
            article.put("draft", None)
        if not date:
            article.publish_at("")  # what is missing is not the URL
        else:
            # The URL is made before MkDocs reads the Markdown.
            first = heading.lstrip("# ") if found and found[1] else ""
            slug = article.text("slug") or self._slug(article.text("title") or first or from_name)
            values = {
                "slug": slug,
                "file": name,
                "name": name,
                "title": slug,
                "date": format_babel(self.date_format, date),
                "categories": "/".join(map(self._slug, categories[: self.max_categories])),
            }
            path = expand_dated(self.permalink, values.get, date)
            is_own = "{" not in self.permalink and ":" in self.permalink
            article.publish_at(path if is_own else self._address(path), "slug", "title", "date")
        if found and heading:
            # It is the title; the lines after it keep their numbers.
            article.body = "\n" * found[0].count("\n") + article.body[found.end() :]
        article.summary = excerpt_before(article.body, self.excerpt_separator)

    def _slug(self, title: str) -> str:
        text = unicodedata.normalize("NFC", re.sub(r"</?[^<>]*>", "", title)).strip()
        text = re.sub(r"[^\w\- ]", "", text.lower() if self.lower else text)
        return text.replace(" ", self.separator)

    def file_url(self, path: str) -> str:
        if not path.startswith(self.docs):
            return ""
        below = path.removeprefix(self.docs)
        stem = below.removesuffix(".md")
        return self.base + quote(below if stem == below else self._address_of(stem))

    def _address(self, path: str) -> str:
        return self._address_of(normpath(join(self.blog, normpath(path.strip("/")))))

    def _address_of(self, path: str) -> str:
        """Return the address of a page, relative to the site's, as MkDocs makes it of a path."""
        folder, _, leaf = path.rpartition("/")
        is_index = leaf in ("index", "README")
        if self.are_folders:
            return f"{folder}/".lstrip("/") if is_index else f"{path}/"
        return f"{folder}/index.html".lstrip("/") if is_index else f"{path}.html"


def _configuration(files: Files, path: str) -> dict[str, Any]:
    """Return the configuration, with that of the file from which it inherits."""
    values = files.values(path) if path else {}
    parent = normpath(text_of(values, "INHERIT"))
    has_parent = "INHERIT" in values and not parent.startswith(("/", ".."))
    return {**files.values(parent), **values} if has_parent else values


def _options(plugins: Any) -> dict[str, Any] | None:
    """Return the options of the plugin `blog`; None if the site does not have it."""
    for plugin in plugins if isinstance(plugins, list) else [plugins]:
        given = plugin if isinstance(plugin, dict) else {str(plugin): None}
        for name in _PLUGINS:
            if name in given:
                options = given[name]
                return options if isinstance(options, dict) else {}
    return None


def _said(values: Mapping[str, Any], key: str) -> str:
    """Return a text, or the default beside variables of the environment: !ENV [NAME, default]."""
    found = list_of(values, key)
    return text_of({key: found[-1]}, key) if found else ""


def _authors(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    people = mapping_of(values, "authors")
    return [
        (key, text_of(people[key], "name") or key)
        for key in people
        if isinstance(people[key], dict)
    ]


def _plain(heading: str) -> str:
    """Return a heading without its markup and attributes."""
    text = re.sub(r"(?<![ \t])(?:[ \t]+#+[ \t]*$|[ \t]*\{[^{}]*\}[ \t]*$)", "", heading)
    text = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", text)
    for _time in range(2):  # bold text may be emphasised too
        text = _MARKUP.sub(r"\2", text)
    return text.strip()
