"""Hexo's folders (https://hexo.io/docs/, release 8)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from feeds.dialects.configuration import Files, flag_of, mapping_of, text_of
from feeds.dialects.dialect import Dialect, SiteSettings, Translation, excerpt_before, picture_of
from feeds.dialects.permalink import date_token, expand
from feeds.dialects.slugs import remembered, title_of_name
from feeds.parsing.front_matter import UNOPENED, Syntax
from feeds.parsing.yaml_text import YAMLValue

_CONFIGURATION = ("_config.yml", "_config.yaml", "_config.json")
_PERMALINK = ":year/:month/:day/:title/"
_COLON = r":(\w*[^_\W])"
_MORE = ("<!-- more -->", "<!--more-->", "<!-- More -->", "<!-- MORE -->")
_PICTURES = (
    "cover",
    "thumbnail",
    "index_img",
    "banner",
    "banner_img",
    "top_img",
    "image",
    "photos",
)
#: Tokens of a file's name that are no text.
_SEGMENTS = {
    "year": r"(\d{4})", "month": r"(\d{2})", "day": r"(\d{2})", "i_month": r"(\d{1,2})",
    "i_day": r"(\d{1,2})", "hash": "([0-9a-f]{12})",
}  # fmt: skip
#: With more texts in a name, matching it could take very long.
_MAX_TEXTS = 2
#: Latin letters that are no others with an accent.
_LETTERS = {
    "Æ": "AE", "æ": "ae", "Ø": "O", "ø": "o", "ß": "s", "ẞ": "S", "Đ": "D", "đ": "d", "Ħ": "H",
    "ħ": "h", "ı": "i", "Ł": "L", "ł": "l", "Œ": "OE", "œ": "oe", "Ŧ": "T", "ŧ": "t", "ª": "ª",
    "º": "º", "Ŀ": "L", "ŀ": "l", "ŉ": "n", "ſ": "l",
}  # fmt: skip
_SPECIAL = re.compile(r"[\s~`!@#$%^&*()\-_+=\[\]{}|\\;:\"'<>,.?/]+")


@dataclass(frozen=True)
class Hexo(Dialect):
    """The posts of a folder with a `_config.yml` and a `source/_posts`."""

    name: ClassVar[str] = "hexo"
    label: ClassVar[str] = "Hexo"
    tags: ClassVar[str] = "templates"
    endings: ClassVar[tuple[str, ...]] = (".md", ".markdown", ".mkd", ".mkdn", ".mdwn", ".mdtxt",
                                          ".mdtext", ".html", ".htm")  # fmt: skip
    syntaxes: ClassVar[tuple[Syntax, ...]] = (UNOPENED,)
    needs_front_matter: ClassVar[bool] = False

    #: The folder of pages and posts.
    source: str = "source"
    #: The pattern of names without their ending, with groups of the names of tokens.
    file_name: str = ""
    tokens: tuple[str, ...] = ()
    #: The ending of all posts, where folders of their files are beside them; else empty.
    only_ending: str = ""
    category: str = "uncategorized"
    categories: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    keeps_index: bool = True
    keeps_html: bool = True
    #: The case of categories in URLs: 1 for lower, 2 for upper.
    case: str = ""

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> Hexo | None:
        found = files.first(*_CONFIGURATION)
        values = files.values(found) if found else {}
        source = text_of(values, "source_dir").strip("/.") or "source"
        is_hexo = '"hexo"' in files.text("package.json")
        # Octopress, which is a Jekyll, has such a folder too.
        if (
            not found
            or not files.has(f"{source}/_posts/")
            or (files.has("Gemfile") and not is_hexo)
        ):
            return None
        new_name = text_of(values, "new_post_name") or ":title.md"
        stem, dot, ending = new_name.rpartition(".")
        file_name, tokens = _pattern(stem if dot else new_name)
        url, pretty = text_of(values, "url").rstrip("/"), mapping_of(values, "pretty_urls")
        site = SiteSettings(
            title=text_of(values, "title"),
            url=f"{url}/" if url else "",
            description=text_of(values, "description", "subtitle"),
            language=text_of(values, "language"),
            timezone=text_of(values, "timezone"),
            author=text_of(values, "author"),
            future=flag_of(values, "future", default=True),
        )
        return cls(
            site,
            permalink=permalink or text_of(values, "permalink") or _PERMALINK,
            folders=(source,),
            source=source,
            file_name=file_name,
            tokens=tokens,
            only_ending=f".{ending}" if flag_of(values, "post_asset_folder") and dot else "",
            category=text_of(values, "default_category") or "uncategorized",
            categories=_texts(mapping_of(values, "category_map")),
            defaults=_texts(mapping_of(values, "permalink_defaults")),
            keeps_index=flag_of(pretty, "trailing_index", default=True),
            keeps_html=flag_of(pretty, "trailing_html", default=True),
            case=text_of(values, "filename_case"),
        )

    def is_article(self, path: str) -> bool:
        posts, drafts = f"{self.source}/_posts/", f"{self.source}/_drafts/"
        if not path.startswith((posts, drafts)) or not super().is_article(path):
            return False
        if self.only_ending and not path.endswith(self.only_ending):
            return False
        return not any(name.startswith(("_", ".")) for name in self._below(path).split("/"))

    def translate(self, article: Translation) -> None:
        below = self._below(article.path)
        stem = below.rpartition(".")[0]
        named = re.fullmatch(self.file_name, stem) if self.file_name else None
        parts = dict(zip(self.tokens, named.groups(), strict=True)) if named else {}
        article.fill({key: text for key, text in parts.items() if key not in (*_SEGMENTS, "title")})
        slug = parts.get("title") or _slugify(stem)
        date = self._date(article, "date") or article.moment_of(_day(parts))
        title = article.text("title") or title_of_name(slug.rpartition("/")[2])
        article.put("title", title, "title")
        article.put("publishedDateTime", date, "date")
        article.put("updatedDateTime", self._date(article, "updated"), "updated")
        categories = article.written.get("categories") or article.written.get("category")
        tags = article.written.get("tags") or article.written.get("tag")
        topics = dict.fromkeys((*_flat(categories), *_flat(tags)))
        article.put("topics", topics, "tags", "tag", "categories", "category")
        article.take("excerpt", "excerpt", "description")
        article.take("provider", "author")
        article.summary = excerpt_before(article.body, *_MORE)
        if date:
            path = article.text("permalink")
            if not path:
                post = _Post(article, slug, date, self._category_of(categories), self.defaults)
                path = expand(self.permalink, post.token, _COLON)
            article.publish_at(self._pretty(path), "permalink")
        picture = picture_of(article.written, *_PICTURES)
        if picture and (picture.startswith("/") or "." in picture):
            is_root = picture.startswith("/") and not picture.startswith("//")
            article.show_picture(self.base + picture[1:] if is_root else picture, *_PICTURES)

    def _below(self, path: str) -> str:
        return path.removeprefix(f"{self.source}/").partition("/")[2]

    def _date(self, article: Translation, key: str) -> datetime | None:
        """Return a date as Hexo has it: its clock in UTC is taken for that of the site's zone."""
        date = article.moment(key)
        if date and date.tzinfo is not self.zone:
            date = date.astimezone(UTC).replace(tzinfo=self.zone)
        return date

    def _category_of(self, categories: YAMLValue) -> str:
        """Return the last category, below those that it is in."""
        last: YAMLValue = categories
        if isinstance(categories, list) and any(isinstance(each, list) for each in categories):
            last = categories[-1]
        slugs = (_slugify(self.categories.get(name, name)) for name in _flat(last))
        path = "/".join(slugs) or self.category
        return path.lower() if self.case == "1" else path.upper() if self.case == "2" else path

    def _pretty(self, path: str) -> str:
        if self.only_ending and not path.endswith(("/", ".html")):
            path += "/"
        if not self.keeps_index:
            path = path.removesuffix("index.html")
        if not self.keeps_html and not path.endswith("index.html"):
            path = path.removesuffix(".html")
        return path


class _Post:
    """The values of a permalink's tokens for one post."""

    def __init__(
        self, article: Translation, slug: str, date: datetime, category: str,
        defaults: Mapping[str, str],
    ) -> None:  # fmt: skip
        time = str(int(date.timestamp()))
        digest = hashlib.sha1(f"{slug}{time}".encode(), usedforsecurity=False).hexdigest()
        self._texts = {
            "title": slug, "name": slug.rpartition("/")[2], "timestamp": time,
            "post_title": _slugify(article.text("title")).lower(),
            "category": category, "hash": digest[:12],
        }  # fmt: skip
        self._article, self._date, self._defaults = article, date, defaults

    def token(self, name: str) -> str:
        if name in self._texts:
            return self._texts[name]
        found = date_token(name, self._date)
        if found is None:
            found = self._article.text(name) or self._defaults.get(name)
        return "undefined" if found is None else found


def _pattern(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the pattern of posts' names, and the tokens of its groups; empty if it has many."""
    tokens = tuple(re.findall(_COLON, name))
    if sum(token not in _SEGMENTS for token in tokens) > _MAX_TEXTS:
        return "", ()
    texts = re.split(_COLON, name)
    parts = (
        _SEGMENTS.get(text, "(.+?)") if place % 2 else re.escape(text)
        for place, text in enumerate(texts)
    )
    return "".join(parts), tokens


def _day(parts: Mapping[str, str]) -> str:
    """Return the date in a file's name; empty if it has no whole one."""
    month, day = parts.get("month") or parts.get("i_month"), parts.get("day") or parts.get("i_day")
    return f"{parts['year']}-{month}-{day}" if parts.get("year") and month and day else ""


@remembered
def _slugify(text: str) -> str:
    """Return a text with hyphens for blanks and signs, and Latin letters without their accents."""
    return _SPECIAL.sub("-", "".join(map(_plain, text))).strip("-")


def _plain(char: str) -> str:
    if char < " ":
        return ""
    if char.isascii() or not char.isalpha() or char in _LETTERS:
        return _LETTERS.get(char, char)
    # Letters of other scripts have accents too, which stay.
    letters = unicodedata.normalize("NFKD", char)
    plain = "".join(each for each in letters if not unicodedata.combining(each))
    return plain if plain.isascii() else char


def _flat(value: YAMLValue) -> list[str]:
    """Return the texts of a list and of the lists in it; a text alone is one of them."""
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, list):
        return [text for each in value for text in _flat(each)]
    return []


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {key: value for key, value in values.items() if isinstance(value, str)}
