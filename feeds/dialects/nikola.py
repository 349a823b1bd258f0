"""Nikola's folders of posts (https://getnikola.com/handbook.html, release 8.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from posixpath import basename, dirname, normpath, relpath, splitext
from typing import Any, ClassVar

from feeds.dialects.configuration import (
    MAX_PATTERN_TEXT,
    Files,
    flag_of,
    list_of,
    mapping_of,
    read_pattern,
    text_of,
)
from feeds.dialects.dialect import Dialect, SiteSettings, Translation, address_of, excerpt_before
from feeds.dialects.permalink import expand_dated
from feeds.dialects.slugs import to_ascii
from feeds.parsing.fields import FLAGS
from feeds.parsing.front_matter import (
    DOTTED_LINES,
    KEY_LINES,
    MARKED,
    REST_FIELDS,
    FrontMatter,
    NoFrontMatterError,
    Syntax,
    normal_lines,
    read_front_matter,
)
from feeds.parsing.rest import has_docutils, rest_to_html
from feeds.parsing.yaml_text import YAMLMapping

_TEASER_END = re.compile(
    r"<!--[ \t]*(?:TEASER_END|END_TEASER)(?::[^\n>]{0,200})?[ \t]*-->", re.IGNORECASE
)
_REST = (".rst", ".txt")
_POSTS = tuple((f"posts/*{ending}", "posts") for ending in (".rst", ".md", ".txt", ".html"))
#: Of all files that say something of another one.
_MAX_COMPANION_CHARS = 50_000_000


@dataclass(frozen=True)
class Nikola(Dialect):
    """The posts of a folder with a `conf.py`, with their translations."""

    name: ClassVar[str] = "nikola"
    label: ClassVar[str] = "Nikola"
    tags: ClassVar[str] = "shortcodes"
    endings: ClassVar[tuple[str, ...]] = (".md", ".markdown", ".mdown", ".html", ".htm", *_REST)
    needs_front_matter: ClassVar[bool] = False
    names: ClassVar[Mapping[str, str]] = {**Dialect.names, "webUrl": "slug", "originalUrl": "slug"}

    #: Patterns of files, and the folders of their pages by language.
    posts: tuple[tuple[str, Mapping[str, str]], ...] = ()
    #: The folders of languages below the site's root.
    languages: Mapping[str, str] = field(default_factory=dict)
    #: The languages of files by their endings.
    compilers: Mapping[str, str] = field(default_factory=dict)
    are_folders: bool = True
    strips_index: bool = True
    index: str = "index.html"
    ascii_slugs: bool = True
    has_docinfo: bool = False
    has_key_lines: bool = False
    #: True if tags say that a post is a draft or private.
    tags_hold_back: bool = True
    name_keys: str = ""
    #: True if articles in reStructuredText can be read: that changes with what is installed.
    has_docutils: bool = True
    #: The text of a `.meta` file and that of the post in the default language, by post.
    companions: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> Nikola | None:
        text = files.text("conf.py")
        if not re.search(r"^(?:POSTS|COMPILERS|BLOG_TITLE)\s*=", text, re.MULTILINE):
            return None  # other programs have a conf.py too
        values = files.values("conf.py")
        language = text_of(values, "DEFAULT_LANG") or "en"
        languages = {
            str(key): str(value) for key, value in mapping_of(values, "TRANSLATIONS").items()
        }
        languages = languages or {language: ""}
        posts = tuple(_posts(values, languages)) or tuple(
            (pattern, dict.fromkeys(languages, folder)) for pattern, folder in _POSTS
        )
        site = SiteSettings(
            title=_translated(values.get("BLOG_TITLE"), language),
            url=address_of(text_of(values, "BASE_URL", "SITE_URL")),
            description=_translated(values.get("BLOG_DESCRIPTION"), language),
            language=language.replace("_", "-"),
            timezone=text_of(values, "TIMEZONE"),
            author=_translated(values.get("BLOG_AUTHOR"), language),
            future=flag_of(values, "FUTURE_IS_NOW"),
        )
        compilers = {
            str(ending): str(name)
            for name, endings in mapping_of(values, "COMPILERS").items()
            if isinstance(endings, (list, tuple))
            for ending in endings
        }
        found = cls(
            site,
            permalink=permalink,
            folders=files.existing(dirname(pattern) or "." for pattern, _folders in posts),
            posts=posts,
            languages=languages,
            compilers=compilers,
            are_folders=flag_of(values, "PRETTY_URLS", default=True),
            strips_index=flag_of(values, "STRIP_INDEXES", default=True),
            index=text_of(values, "INDEX_FILE") or "index.html",
            ascii_slugs=flag_of(values, "USE_SLUGIFY", default=True),
            has_docinfo=flag_of(values, "USE_REST_DOCINFO_METADATA"),
            has_key_lines=any(
                "meta" in str(each) for each in list_of(values, "MARKDOWN_EXTENSIONS")
            ),
            tags_hold_back=flag_of(values, "USE_TAG_METADATA", default=True),
            name_keys=text_of(values, "FILE_METADATA_REGEXP"),
            has_docutils=has_docutils(),
        )
        return replace(found, companions=dict(_companions(files, found)))

    def is_article(self, path: str) -> bool:
        return super().is_article(path) and "/." not in f"/{path}" and self._post(path) is not None

    def data_of(self, path: str) -> str:
        return repr(self.companions.get(path, ""))

    def syntaxes_of(self, path: str) -> tuple[Syntax, ...]:
        if path.endswith(_REST):
            return (*MARKED, DOTTED_LINES, *((REST_FIELDS,) if self.has_docinfo else ()))
        return (*MARKED, DOTTED_LINES, *((KEY_LINES,) if self.has_key_lines else ()))

    def read(self, text: str, path: str) -> FrontMatter:
        meta, original = self.companions.get(path, ("", ""))
        inherited = self._keys(original, path) if original else YAMLMapping()
        if not meta and not inherited:
            return super().read(text, path)
        own = self._keys(meta or text, path)
        body, line = normal_lines(text), 1
        if not meta:
            try:
                front = read_front_matter(text, self.syntaxes_of(path))
                body, line = front.body, front.body_line
            except NoFrontMatterError:
                pass
        values = YAMLMapping((*inherited.items(), *own.items()))
        values.lines = dict.fromkeys(values, 1) if meta else own.lines
        article = Translation(path, FrontMatter(values, body, line), self)
        self.translate(article)
        return article.front_matter()

    def _keys(self, text: str, path: str) -> YAMLMapping:
        try:
            return read_front_matter(text, self.syntaxes_of(path)).values
        except NoFrontMatterError:
            return YAMLMapping()

    def translate(self, article: Translation) -> None:
        stem = basename(splitext(article.path)[0])
        pattern = read_pattern(self.name_keys) if len(article.path) <= MAX_PATTERN_TEXT else None
        if self.name_keys and pattern and (found := pattern.match(article.path)):
            article.fill({key.lower(): value for key, value in found.groupdict().items()})
        original, language = self.split_language(article.path)
        article.put("title", article.text("title") or basename(splitext(original)[0]), "title")
        written = article.text("date")
        date = article.python_moment(written)
        article.put("publishedDateTime", date or written, "date")
        article.put("updatedDateTime", article.python_moment(article.text("updated")), "updated")
        category = article.text("category", "section")
        tags = sorted(set(article.words("tags", ",")), key=_natural)
        if self.tags_hold_back:
            if "private" in tags or "draft" in map(str.lower, tags):
                article.hold_back("tags")
            if "mathjax" in tags:
                article.put("math", "true", "tags")
        if article.text("has_math").lower() in ("true", "yes", "1"):
            article.put("math", "true", "has_math")
        topics = dict.fromkeys(filter(None, (category, *tags)))
        article.put("topics", topics, "tags", "category")
        article.take("excerpt", "description")
        article.take("id", "guid")
        article.credit(article.words("authors", ",") or article.words("author", ","), "author")
        slug = article.text("slug") or self._slug(stem)
        path = self._address(article, slug, language)
        if self.permalink and date:
            tokens = {"slug": slug, "title": slug, "name": stem, "category": self._slug(category)}
            path = expand_dated(self.permalink, tokens.get, date)
        article.publish_at(path, "slug")
        if image := article.text("previewimage"):
            article.show_picture(image, "previewimage")
        compiler = self.compilers.get(splitext(article.path)[1])
        if compiler == "rest" or (not compiler and article.path.endswith(_REST)):
            article.body = rest_to_html(article.body, article.body_line)
            article.is_html = True
        elif compiler:
            article.is_html = compiler == "html"
        if mark := _TEASER_END.search(article.body):
            article.summary = excerpt_before(article.body, mark[0])

    def _post(self, path: str) -> tuple[str, Mapping[str, str]] | None:
        """Return the first pattern that a file matches, with its folders."""
        for pattern, folders in self.posts:
            folder, name = dirname(pattern), basename(pattern)
            if (not folder or path.startswith(f"{folder}/")) and fnmatchcase(basename(path), name):
                return pattern, folders
        return None

    def split_language(self, path: str) -> tuple[str, str]:
        """Return the path of a post in the default language, and the file's language."""
        stem, ending = splitext(path)
        untranslated, _, language = stem.rpartition(".")
        if untranslated and language in self.languages:
            return untranslated + ending, language
        return path, self.default_language

    @property
    def default_language(self) -> str:
        """The language of posts whose names say none, as the configuration writes it."""
        own = self.site.language
        return next((each for each in self.languages if each.replace("_", "-") == own), own)

    def _slug(self, stem: str) -> str:
        if not self.ascii_slugs:
            return re.sub(r"[/\\?#\"'\r\n\t*:<>|]", "-", stem)
        text = re.sub(r"[^+\w\s-]", "", to_ascii(stem)).strip().lower()
        return re.sub(r"[-\s]+", "-", text)

    def _address(self, article: Translation, slug: str, language: str) -> str:
        pattern, folders = self._post(article.path) or ("", {})
        below = relpath(dirname(article.path) or ".", dirname(pattern) or ".")
        said = FLAGS.get(article.text("pretty_url").lower())
        is_folder = (self.are_folders and slug != "index") if said is None else said
        folder = folders.get(language) or folders.get(self.default_language) or ""
        page = f"{slug}/{self.index}" if is_folder else f"{slug}.html"
        parts = f"{self.languages.get(language, '')}/{folder}/{below}/{page}".split("/")
        address = "/".join(part for part in parts if part not in ("", ".", ".."))
        if self.strips_index and f"/{address}".endswith(f"/{self.index}"):
            return address.removesuffix(self.index)
        return address


def _posts(
    values: Mapping[str, Any], languages: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the patterns of posts, with the folders of their pages by language."""
    for each in list_of(values, "POSTS")[:1000]:
        if isinstance(each, (list, tuple)) and len(each) >= 2 and isinstance(each[0], str):
            pattern, folder = normpath(each[0]), each[1]
            if not pattern.startswith(("/", "..")) and "[" not in pattern:
                by_language = (
                    folder if isinstance(folder, dict) else dict.fromkeys(languages, folder)
                )
                yield pattern, {str(key): str(value) for key, value in by_language.items()}


def _companions(files: Files, nikola: Nikola) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the posts of which other files say something, with the texts of these."""
    chars = 0
    for folder in nikola.folders:
        paths = set(files.walk("" if folder == "." else folder, *nikola.endings, ".meta"))
        for path in sorted(paths):
            if path.endswith(".meta") or not nikola.is_article(path):
                continue
            original, language = nikola.split_language(path)
            metas = (f"{splitext(path)[0]}.meta", f"{splitext(original)[0]}.{language}.meta",
                     f"{splitext(original)[0]}.meta")  # fmt: skip
            meta = next((files.text(each) for each in metas if each in paths), "")
            is_translated = original != path and original in paths
            text = files.text(original) if is_translated else ""
            chars += len(meta) + len(text)
            if (meta or text) and chars < _MAX_COMPANION_CHARS:
                yield path, (meta, text)


def _natural(tag: str) -> list[tuple[bool, float, str]]:
    """Return a key that sorts numbers within texts by value, and letters regardless of case."""
    parts = re.findall(r"\d{1,15}(?:\.\d{1,15})?|\D+|\d", tag.casefold())
    return [
        (not each[0].isdecimal(), float(each) if each[0].isdecimal() else 0, each) for each in parts
    ]


def _translated(value: Any, language: str) -> str:
    """Return a setting, or what it is in a language."""
    value = value.get(language) if isinstance(value, dict) else value
    return value if isinstance(value, str) else ""
