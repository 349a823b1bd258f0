"""Pelican's folders of articles (https://docs.getpelican.com/, release 4.12)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from html import escape
from posixpath import basename, dirname, join, normpath, relpath
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urljoin, urlsplit

from feeds.dialects.configuration import (
    MAX_PATTERN_TEXT,
    Files,
    flag_of,
    folder_inside,
    list_of,
    mapping_of,
    read_pattern,
    text_of,
)
from feeds.dialects.dialect import Dialect, SiteSettings, Translation, address_of
from feeds.dialects.pelican_slugs import SLUGS, Slugs
from feeds.dialects.permalink import expand_dated, format_date
from feeds.parsing.front_matter import HTML_HEAD, KEY_LINES, MARKED, REST_FIELDS, Syntax
from feeds.parsing.rest import has_docutils, rest_to_html

_CONFIGURATION = ("publishconf.py", "pelicanconf.py", "pelican.conf.py")
#: The keys of which Pelican takes the first line, and those that are missing if it is empty.
_OF_ONE_LINE = "tags date modified status category author save_as url authors slug".split()
_NEVER_EMPTY = "tags status category author authors slug".split()
#: The signs of more than plain text in Markdown, HTML or reStructuredText.
_MARKUP = re.compile(r"[*_`<>&\[\]\\#|]")
#: A link to a file of the content; those to articles are left, since their URLs are not known.
_LINK = re.compile(
    r"""(?<=[(<"'=\s])[{|](filename|static|attach)[|}]([^\s"'<>()|{}]{1,500}\.(\w{1,10}))"""
)


@dataclass(frozen=True)
class Pelican(Dialect):
    """The articles of a folder with a `pelicanconf.py`."""

    name: ClassVar[str] = "pelican"
    label: ClassVar[str] = "Pelican"
    endings: ClassVar[tuple[str, ...]] = (".md", ".markdown", ".mkd", ".mdown", ".rst", ".html",
                                          ".htm")  # fmt: skip
    beginning: ClassVar[str] = "an article begins with lines such as Title: … and Date: …"
    names: ClassVar[Mapping[str, str]] = {**Dialect.names, "webUrl": "url", "originalUrl": "url"}

    #: The language of articles that say none, as the configuration has it.
    language: str = "en"
    #: The folder of all content, with a slash at its end; empty for the generator's own.
    content: str = ""
    #: Folders whose files are pages, or are left out.
    exclude: tuple[str, ...] = ()
    #: The endings of files that are left out.
    unread: tuple[str, ...] = ()
    #: Patterns of names, as shells have them.
    ignore: tuple[str, ...] = ()
    #: The template of an article in another language than that of the site.
    foreign_permalink: str = "{slug}-{lang}.html"
    #: The template of the path of other files.
    static_url: str = "{path}"
    slugs: Slugs = SLUGS
    category_slugs: Slugs = SLUGS
    author_slugs: Slugs = SLUGS
    #: True if slugs are made of files' names instead of titles.
    from_name: bool = False
    #: True if a `---` begins YAML, read by a plugin.
    has_yaml: bool = False
    #: Regular expressions whose groups are keys.
    name_keys: str = ""
    path_keys: str = ""
    folder_is_category: bool = True
    defaults: tuple[tuple[str, str], ...] = ()
    #: Keys and values of the files whose paths begin so.
    keys_of_paths: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    #: True if articles in reStructuredText can be read: that changes with what is installed.
    has_docutils: bool = True

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> Pelican | None:
        file = files.first(*_CONFIGURATION)
        if not file:
            return None
        values = files.values("pelicanconf.py") | files.values(file)
        of_paths = mapping_of(values, "EXTRA_PATH_METADATA").items()
        content = folder_inside(text_of(values, "PATH") or "content")
        content = content if files.list(content) else ""
        folders = [folder_inside(str(each)) for each in list_of(values, "ARTICLE_PATHS")] or [""]
        pages = list_of(values, "PAGE_PATHS") if "PAGE_PATHS" in values else ["pages"]
        excludes = list_of(values, "ARTICLE_EXCLUDES")
        output = text_of(values, "OUTPUT_PATH") or "output"
        left_out = [folder_inside(str(each)) for each in (*excludes, *pages, output)]
        language = text_of(values, "DEFAULT_LANG").lower() or "en"
        site = SiteSettings(
            title=text_of(values, "SITENAME"),
            url=address_of(text_of(values, "SITEURL")),
            description=text_of(values, "SITESUBTITLE"),
            language=language.replace("_", "-"),
            timezone=text_of(values, "TIMEZONE"),
            author=text_of(values, "AUTHOR"),
            future=flag_of(values, "WITH_FUTURE_DATES", default=True),
        )
        plugins = " ".join(map(str, list_of(values, "PLUGINS")))
        return cls(
            site,
            permalink=permalink or _template(values, "ARTICLE_URL") or "{slug}.html",
            folders=files.existing(normpath(f"{content}{each}") for each in folders),
            language=language,
            content=content,
            exclude=tuple(f"{content}{each}" for each in left_out if each),
            unread=tuple(
                f".{ending}"
                for ending, reader in mapping_of(values, "READERS").items()
                if not reader
            ),
            ignore=tuple(str(each) for each in list_of(values, "IGNORE_FILES"))[:100],
            foreign_permalink=permalink or _template(values, "ARTICLE_LANG_URL")
            or "{slug}-{lang}.html",
            static_url=text_of(values, "STATIC_URL") or "{path}",
            slugs=Slugs.of(values),
            category_slugs=Slugs.of(values, "CATEGORY"),
            author_slugs=Slugs.of(values, "AUTHOR"),
            from_name=text_of(values, "SLUGIFY_SOURCE") == "basename",
            has_yaml="yaml" in plugins,
            name_keys=text_of(values, "FILENAME_METADATA") or r"(?P<date>\d{4}-\d{2}-\d{2}).*",
            path_keys=text_of(values, "PATH_METADATA"),
            folder_is_category=flag_of(values, "USE_FOLDER_AS_CATEGORY", default=True),
            defaults=tuple(_defaults(values)),
            has_docutils=has_docutils(),
            keys_of_paths=tuple(
                (f"{content}{path}", tuple(_texts(keys)))
                for path, keys in sorted(of_paths, key=str, reverse=True)
                if isinstance(path, str) and isinstance(keys, dict)
            ),
        )  # fmt: skip

    def is_article(self, path: str) -> bool:
        if not super().is_article(path) or not path.startswith(self.content):
            return False
        if path.endswith(self.unread):
            return False
        parts = path.removeprefix(self.content).split("/")
        if any(each[0] == "." or _matches(each, self.ignore) for each in parts):
            return False
        return not any(path.startswith(each) for each in self.exclude)

    def syntaxes_of(self, path: str) -> tuple[Syntax, ...]:
        if path.lower().endswith(".rst"):
            return (REST_FIELDS,)
        if path.lower().endswith((".html", ".htm")):
            return (HTML_HEAD,)
        return (*MARKED, KEY_LINES) if self.has_yaml else (KEY_LINES,)

    def link_roots(self) -> tuple[str, ...]:
        return (self.content,)

    def translate(self, article: Translation) -> None:
        self._complete(article)
        title = article.text("title")
        article.put("title", title, "title")
        date = article.python_moment(article.text("date").replace("_", " "))
        article.put("publishedDateTime", date or article.text("date"), "date")
        article.put("updatedDateTime", article.python_moment(article.text("modified")), "modified")
        category = article.text("category")
        tags = _people_or_tags(article, "tags")
        topics = dict.fromkeys(filter(None, (category, *tags)))
        article.put("topics", topics, "tags", "category")
        authors = _people_or_tags(article, "authors") or _people_or_tags(article, "author")
        article.credit(authors, "authors", "author")
        is_rest = article.path.lower().endswith(".rst")
        summary = article.text("summary")
        if _MARKUP.search(summary):
            article.summary = rest_to_html(summary) if is_rest else summary
        else:
            article.put("excerpt", summary, "summary")
        if is_rest:
            article.body = rest_to_html(article.body, article.body_line)
            article.is_html = True
        if not date or not title:
            article.publish_at("")  # what is missing is not the URL
            return
        language = article.text("lang") or self.language
        stem = article.path.rpartition("/")[2].rpartition(".")[0]
        # Titles are HTML to Pelican, and those of reStructuredText are escaped.
        source = stem if self.from_name else escape(title) if is_rest else title

        def token(name: str) -> str:
            name, _, format = name.partition(":")
            match name:
                case "date":
                    return format_date(format or "%Y-%m-%d %H:%M:%S", date)
                case "slug":
                    return article.text("slug") or self.slugs.make(source)
                case "lang":
                    return language
                case "author":
                    return self.author_slugs.make((authors or [self.site.author])[0])
                case "category":
                    return self.category_slugs.make(category)
                case "path":
                    return article.path.removeprefix(self.content)
                case "name":
                    return stem
                case "title":
                    return self.slugs.make(title)
            return article.text(name)

        template = self.permalink if language == self.language else self.foreign_permalink
        path = article.text("url") or expand_dated(template, token, date)
        url = article.publish_at(path, "url", "slug", "title")
        try:
            article.put("id", _tag_uri(url, date))
        except ValueError:  # no URL, such as http://[
            return
        article.body = _LINK.sub(
            lambda link: self._static_link(link, article.path, url), article.body
        )
        image = article.text("image", "cover", "og_image", "featured_image")
        if "://" in image:
            article.show_picture(image, "image", "cover", "og_image", "featured_image")

    def _static_link(self, link: re.Match[str], path: str, url: str) -> str:
        """Return the URL of a file beside articles, to which the article at a URL links."""
        kind, target, ending = link.groups()
        if f".{ending.lower()}" in self.endings:
            return link[0]
        here = dirname(path.removeprefix(self.content))
        file = normpath(join("/", here, target)).lstrip("/")
        if kind == "attach":
            below = relpath(file, here or ".")
            return urljoin(url, quote(basename(file) if below.startswith("..") else below))
        return urljoin(self.base, quote(self.static_url.replace("{path}", file).lstrip("/")))

    def _complete(self, article: Translation) -> None:
        """Add the keys of a file's name, of its folder, and of the configuration."""
        written = article.written
        if article.path.lower().endswith((".html", ".htm")):
            article.fill({"tags": written.get("keywords")})
        for key in _OF_ONE_LINE:
            if isinstance(value := written.get(key), str):
                value = value.partition("\n")[0].strip()
                written[key] = value if value or key not in _NEVER_EMPTY else None
        path = article.path.removeprefix(self.content)
        folder, _, name = path.rpartition("/")
        article.fill(_groups(self.name_keys, name.rpartition(".")[0]))
        article.fill(_groups(self.path_keys, path))
        if self.folder_is_category and folder:
            article.fill({"category": folder.rpartition("/")[2]})
        for beginning, keys in self.keys_of_paths:
            if article.path == beginning or article.path.startswith(f"{beginning}/"):
                article.fill(dict(keys))
        article.fill(dict(self.defaults))


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(len(each) <= 100 and fnmatchcase(name, each) for each in patterns)


def _template(values: Mapping[str, Any], key: str) -> str:
    structure = text_of(values, "ARTICLE_PERMALINK_STRUCTURE").lstrip("/")
    structure = re.sub(r"%\((\w+)\)s", r"{\1}", structure)
    return re.sub("(%[A-Za-z])", r"{date:\1}", structure) or text_of(values, key)


def _defaults(values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield the keys that every article has, the most specific first."""
    yield from _texts(mapping_of(values, "DEFAULT_METADATA"))
    if values.get("CATEGORY_SAVE_AS", True):
        yield "category", text_of(values, "DEFAULT_CATEGORY") or "misc"
    date = values.get("DEFAULT_DATE")
    if isinstance(date, (tuple, list)) and 3 <= len(date) <= 6:
        with suppress(ValueError, TypeError, OverflowError):
            yield "date", str(datetime(*date))  # noqa: DTZ001  # in the zone of the site
    elif isinstance(date, str) and date != "fs":
        yield "date", date


def _texts(values: Mapping[Any, Any]) -> Iterable[tuple[str, str]]:
    """Yield the keys whose values are plain."""
    for key, value in values.items():
        if isinstance(key, str) and isinstance(value, (str, int, float)):
            yield key.lower(), str(value)


def _groups(source: str, text: str) -> dict[str, str]:
    """Return the named groups of a pattern at the beginning of a text."""
    pattern = read_pattern(source) if source and len(text) <= MAX_PATTERN_TEXT else None
    found = pattern.match(text) if pattern else None
    groups = found.groupdict() if found else {}
    return {key.lower(): value for key, value in groups.items() if value is not None}


def _people_or_tags(article: Translation, key: str) -> list[str]:
    return list(dict.fromkeys(article.words(key, ";" if ";" in article.text(key) else ",")))


def _tag_uri(url: str, date: datetime) -> str:
    """Return the identifier that Pelican's feeds have for the article at a URL."""
    parts = urlsplit(url)
    return f"tag:{parts.hostname},{date:%Y-%m-%d}:{unquote(parts.path)}"
