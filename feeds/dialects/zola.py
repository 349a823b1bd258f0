"""Zola's folders of content (https://www.getzola.org/documentation/, release 0.22)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import ClassVar, NamedTuple
from urllib.parse import quote

from feeds.dialects.configuration import Files, flag_of, list_of, mapping_of, text_of
from feeds.dialects.dialect import (
    Dialect,
    SiteSettings,
    Translation,
    excerpt_before,
    first_heading,
    names_of,
    picture_of,
    words_of,
)
from feeds.dialects.permalink import date_token, expand
from feeds.dialects.slugs import ascii_slug, title_of_name
from feeds.parsing.front_matter import read_front_matter
from feeds.parsing.yaml_text import YAMLTextError

_CONTENT = "content"
#: A date with which a file's name begins, and the slug after it.
_DATED = re.compile(
    r"(?P<date>\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))?)(?:\s?[_-](?P<slug>.+))?",
    re.ASCII,
)
_DATE_IN_URL = re.compile(r"/(\d{4})/(\d\d)/(\d\d)/", re.ASCII)
#: Taxonomies whose terms are topics: the first are these, and all but those of the second list.
_TOPICS, _OTHERS = ("categories", "tags"), ("authors", "author", "series")
_PICTURES = ("image", "cover", "cover_image", "featured_image", "thumbnail", "og_image", "banner")
_MATH = ("math", "mathjax", "katex")
_MAX_PATTERNS = 100


#: By the value of `slugify.paths`.
_SLUGS: dict[str, Callable[[str], str]] = {
    "on": ascii_slug,
    "safe": lambda text: re.sub(r'[<>:"/\\|?*]', "", text.rstrip(" .")),
    "off": str,
}


class _Place(NamedTuple):
    """A page's language, folders and name, as the path of its file has them."""

    language: str
    folders: tuple[str, ...]
    name: str


@dataclass(frozen=True)
class Zola(Dialect):
    """The pages below `content` of a folder with a `zola.toml`, or a `config.toml` of Zola."""

    name: ClassVar[str] = "zola"
    label: ClassVar[str] = "Zola"
    tags: ClassVar[str] = "templates"
    endings: ClassVar[tuple[str, ...]] = (".md",)
    names: ClassVar[Mapping[str, str]] = {**Dialect.names, "webUrl": "path", "originalUrl": "path"}

    #: The languages beside the default one.
    languages: tuple[str, ...] = ()
    slugs: str = "on"
    keeps_dates: bool = False
    #: Patterns of the paths that are left out.
    ignored: tuple[str, ...] = ()
    #: Folders whose pages are all drafts.
    drafts: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> Zola | None:
        found = files.first("zola.toml", "config.toml")
        values = files.values(found) if found else {}
        url = text_of(values, "base_url")
        if not url or not files.has(f"{_CONTENT}/"):
            return None
        default = text_of(values, "default_language") or "en"
        languages = mapping_of(values, "languages")
        own = {**values, **mapping_of(languages, default)}
        slugs = text_of(mapping_of(values, "slugify"), "paths").lower()
        site = SiteSettings(
            title=text_of(own, "title"),
            url=f"{url.rstrip('/')}/" if "://" in url else "",
            description=text_of(own, "description"),
            language=default,
            author=text_of(values, "author"),
            math=True if _has_math(mapping_of(values, "extra")) else None,
        )
        return cls(
            site,
            permalink=permalink,
            folders=(_CONTENT,),
            languages=tuple(code for code in languages if code != default),
            slugs=slugs if slugs in _SLUGS else "on",
            keeps_dates=flag_of(mapping_of(values, "slugify"), "paths_keep_dates"),
            ignored=tuple(map(str, list_of(values, "ignored_content")[:_MAX_PATTERNS])),
            drafts=tuple(_drafts(files)),
        )

    def is_article(self, path: str) -> bool:
        if not super().is_article(path) or not path.startswith(f"{_CONTENT}/"):
            return False
        if path.rpartition("/")[2].startswith("_index.") or path.startswith(self.drafts):
            return False
        return not any(fnmatchcase(f"/{path}", pattern) for pattern in self.ignored)

    def translate(self, article: Translation) -> None:
        place = self._place_of(article.path)
        extra, taxonomies = (mapping_of(article.written, key) for key in ("extra", "taxonomies"))
        dated = _DATED.fullmatch(place.name)
        slug = place.name if self.keeps_dates or not dated else dated["slug"] or place.name
        slug = _SLUGS[self.slugs](article.text("slug") or slug)
        path = article.text("path") or "/".join((*place.folders, slug))
        path = f"/{path.lstrip('/').rstrip('/')}/".replace("//", "/")
        in_url = _DATE_IN_URL.search(path)
        day = dated["date"] if dated else "-".join(in_url.groups()) if in_url else ""
        date = article.moment("date") or article.moment_of(day)
        title = article.text("title") or first_heading(article.body)
        article.is_article = date is not None
        article.put("title", title or title_of_name(slug), "title")
        article.put("publishedDateTime", date, "date")
        article.take("updatedDateTime", "updated")
        names = [*_TOPICS, *(name for name in taxonomies if name not in (*_TOPICS, *_OTHERS))]
        terms = [term for name in names for term in words_of(taxonomies.get(name), "")]
        article.put("topics", dict.fromkeys(terms), "taxonomies")
        article.summary = excerpt_before(article.body, "<!-- more -->", "<!--more-->")
        if not article.summary:
            article.take("excerpt", "description")
        author = names_of(article.written.get("authors")) or names_of(extra.get("author"))
        article.put("provider", author or None, "authors", "extra")
        if _has_math(extra):
            article.put("math", "true", "extra")
        path = self._expanded(place, slug, date) if self.permalink and date else path
        article.publish_at(path, "path", "slug")
        # Zola's feeds have the URL without percent-encoding.
        article.put("id", self.base + path.lstrip("/"))
        if picture := picture_of(extra, *_PICTURES):
            article.show_picture(picture, "extra")

    def file_url(self, path: str) -> str:
        *folders, name = path.removeprefix(f"{_CONTENT}/").split("/")
        code = name.removeprefix("_index.").removesuffix("md").rstrip(".")
        if not name.startswith("_index.") or (code and code not in self.languages):
            return ""
        return self.base + quote("".join(f"{each}/" for each in (code, *folders) if each))

    def _place_of(self, path: str) -> _Place:
        *folders, name = path.removeprefix(f"{_CONTENT}/").split("/")
        stem = name.removesuffix(".md")
        name, _, code = stem.partition(".")
        language = code if code in self.languages else ""
        if stem.partition(".")[0] == "index" and folders:
            folder = folders.pop()
            stem = folder if stem in ("index", f"index.{language}") else stem
        elif language:
            stem = name
        return _Place(language, tuple([language] * bool(language) + folders), stem)

    def _expanded(self, place: _Place, slug: str, date: datetime) -> str:
        values = {"slug": slug, "name": place.name, "filename": place.name,
                  "path": "/".join((*place.folders, slug))}  # fmt: skip
        return expand(self.permalink, lambda name: values.get(name) or date_token(name, date))


def _drafts(files: Files) -> Iterator[str]:
    """Yield the folders that are drafts, with a slash at their ends."""
    for path in files.walk(_CONTENT, ".md"):
        folder, _, name = path.rpartition("/")
        if name.startswith("_index."):
            with suppress(YAMLTextError):
                front = read_front_matter(files.text(path), may_be_empty=True)
                if flag_of(front.values, "draft"):
                    yield f"{folder}/"


def _has_math(extra: Mapping[str, object]) -> bool:
    return any(flag_of(extra, key) for key in _MATH)
