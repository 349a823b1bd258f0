"""Hugo's folders of content (https://gohugo.io/documentation/, release 0.168)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache, partial
from itertools import accumulate
from typing import Any, ClassVar
from urllib.parse import unquote_plus

from feeds.dialects.configuration import Files, flag_of, mapping_of, text_of
from feeds.dialects.dialect import (
    Dialect,
    SiteSettings,
    Translation,
    excerpt_before,
    first_heading,
    names_of,
    picture_of,
)
from feeds.dialects.hugo_settings import (
    Language,
    Place,
    Root,
    Rule,
    Section,
    address,
    date_keys,
    default_language,
    find_place,
    read_cascade,
    read_configuration,
    read_content,
    read_languages,
    read_roots,
)
from feeds.dialects.permalink import date_token, expand
from feeds.dialects.slugs import hugo_path, title_of_name
from feeds.parsing.yaml_text import YAMLMapping

#: No file system has longer names.
_MAX_CHARS = 1_000
_TOKENS = r":(\w+(?:\[[^\]\n]{1,40}\])?)"
#: A date, and perhaps a time, with which a file's name begins.
_NAME = re.compile(r"(\d{4}-\d\d-\d\d)(?:.(\d\d-\d\d-\d\d))?(.*)", re.DOTALL)
_MORE = ("<!--more-->", "<!-- more -->")
#: Taxonomies whose terms are topics; others, such as series and authors, are not.
_TOPICS = ("categories", "tags", "topics")
_PICTURES = ("images", "image", "cover", "featured_image", "featuredimage", "thumbnail")
_MATH = ("math", "mathjax", "katex", "usemath")
#: The names of date_token() for Hugo's, and for the parts of a layout of Go, such as :2006.
_DATE_TOKENS = {"monthname": "long_month", "weekdayname": "long_day"}
_LAYOUT = {
    "2006": "year", "January": "long_month", "Monday": "long_day", "002": "y_day",
    "Jan": "short_month", "Mon": "short_day", "01": "month", "02": "day", "06": "short_year",
    "15": "hour", "04": "minute", "05": "second", "1": "i_month", "2": "i_day",
}  # fmt: skip
_LAYOUT_PART = re.compile("|".join(_LAYOUT))


@dataclass(frozen=True)
class Hugo(Dialect):
    """The regular pages of a folder with a `hugo.toml`, its older names or `config/_default`."""

    name: ClassVar[str] = "hugo"
    label: ClassVar[str] = "Hugo"
    tags: ClassVar[str] = "shortcodes"
    links_within_language: ClassVar[bool] = True
    endings: ClassVar[tuple[str, ...]] = (".md", ".markdown", ".mdown", ".html", ".htm")
    names: ClassVar[Mapping[str, str]] = {**Dialect.names, "webUrl": "url", "originalUrl": "url"}

    roots: tuple[Root, ...] = ()
    default: str = ""
    languages: Mapping[str, Language] = field(default_factory=dict)
    dates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Front matter of pages, as the configuration gives it.
    cascade: tuple[Rule, ...] = ()
    #: Folders that have a page of their own, by their paths in the content.
    sections: Mapping[str, Section] = field(default_factory=dict, repr=False)
    #: Pages that are a part of another.
    resources: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> Hugo | None:
        values = read_configuration(files)
        if values is None or not (roots := read_roots(values, files)):
            return None
        languages, default = read_languages(values), default_language(values)
        own = {**values, **mapping_of(values, "languages", default)}
        params = {**mapping_of(values, "params"), **mapping_of(own, "params")}
        sections, resources = read_content(files, roots, languages, cls.endings)
        site = SiteSettings(
            title=text_of(own, "title"),
            url=address(text_of(own, "baseurl")),
            description=text_of(params, "description"),
            language=text_of(own, "locale", "languagecode") or default,
            timezone=text_of(own, "timezone"),
            author=names_of(params.get("author")) or names_of(values.get("author")),
            future=flag_of(values, "buildfuture"),
            math=True if _has_math(values, params) else None,
        )
        return cls(
            site,
            permalink=permalink,
            folders=tuple(dict.fromkeys(root.folder for root in roots)),
            roots=roots,
            default=default,
            languages=languages,
            dates=date_keys(values),
            cascade=tuple(read_cascade(values.get("cascade"))),
            sections=sections,
            resources=resources,
        )

    @cached_property
    def _place_of(self) -> Callable[[str], Place | None]:
        """Find a page's place: several methods ask for that of one page, one after the other."""
        return lru_cache(16)(partial(find_place, roots=self.roots, languages=self.languages))

    def is_article(self, path: str) -> bool:
        if not super().is_article(path) or path in self.resources:
            return False
        place = self._place_of(path)
        if not place or place.name in ("", "_index"):
            return False
        return place.language in self.languages and self.languages[place.language].is_published

    def data_of(self, path: str) -> str:
        place = self._place_of(path)
        return repr(self._sections_above(place)) if place else ""

    def describe(self) -> str:
        rules = self.languages[self.default].permalinks
        permalinks = [*dict.fromkeys(rule.permalink for rule in rules)]
        permalink = self.permalink or ", ".join(permalinks[:3])
        return f"{self.label}, permalink {permalink}" if permalink else self.label

    def translate(self, article: Translation) -> None:
        place = self._place_of(article.path)
        if not place:
            return
        article.ignore_case()
        for values in self._cascade_of(place):
            article.fill(values)
        dates = {which: self._date(which, article, place.name) for which in self.dates}
        date, slug = dates["date"]
        slug = article.text("slug").strip("-") if "slug" in article.written else slug
        title = article.text("title")
        shown = title or first_heading(article.body) or title_of_name(slug or place.name)
        article.put("title", shown, "title")
        # The date in Hugo's own feeds, which is not that of its lists.
        published, _ = dates["publishdate"]
        article.put("publishedDateTime", published or date, *self.dates["date"])
        article.is_article = date is not None
        article.put("updatedDateTime", dates["lastmod"][0], *self.dates["lastmod"])
        terms = [term for key in _TOPICS for term in article.words(key, "")]
        article.put("topics", dict.fromkeys(terms), *_TOPICS)
        article.summary = excerpt_before(article.body, *_MORE)
        if not article.summary:
            article.take("excerpt", "summary", "description")
        authors = map(article.written.get, ("author", "authors"))
        article.put("provider", next(filter(None, map(names_of, authors)), None), "author")
        if any(flag_of(article.written, key) for key in _MATH):
            article.put("math", "true", *_MATH)
        if date:
            language = self.languages[place.language]
            title, slug = title[:_MAX_CHARS], slug[:_MAX_CHARS]
            page = _Page(place, language, self._sections_above(place), title, slug, date)
            path = page.path(article.text("url"), self.permalink)
            article.publish_at(f"{language.url}{path.lstrip('/')}", "url", "slug")
            if picture := picture_of(article.written, *_PICTURES):
                is_own = place.is_bundle or "://" in picture
                whole = picture if is_own else self.base + picture.lstrip("/")
                article.show_picture(whole, *_PICTURES)
        else:
            article.publish_at("")  # of the two, only the date is missing

    def _date(self, which: str, article: Translation, name: str) -> tuple[datetime | None, str]:
        """Return one of a page's dates, and the slug that it has if it is in the file's name."""
        for key in self.dates[which]:
            if key == ":filename" and (found := _NAME.fullmatch(name)):
                day, time, rest = found.groups(default="")
                moment = article.moment_of(f"{day} {time.replace('-', ':')}".strip())
                if moment:
                    return moment, rest.strip(" -_")
            elif moment := article.moment(key):
                return moment, ""
        return None, ""

    def _sections_above(self, place: Place) -> list[Section | None]:
        """Return the content's top and each folder above a page, as far as it is a section."""
        folders = ["", *accumulate(place.folders, "{}/{}".format)]
        return [self.sections.get(folder) for folder in folders]

    def _cascade_of(self, place: Place) -> Iterator[YAMLMapping]:
        """Yield the front matter that a page gets, that of the nearest folder first."""
        sections = filter(None, reversed(self._sections_above(place)))
        for rule in (*(rule for section in sections for rule in section.cascade), *self.cascade):
            if rule.values and rule.is_for(place.path, place.language):
                yield rule.values


@dataclass(frozen=True)
class _Page:
    """The parts of a page's URL, and the URL's path made of them."""

    place: Place
    language: Language
    #: The content's top and the folders above the page; None for one that is no section.
    above: list[Section | None]
    title: str
    slug: str
    date: datetime

    def path(self, own: str, permalink: str) -> str:
        """Return the path of the page's URL, or the URL that its front matter gives."""
        if own:
            path = unquote_plus(expand(own, self.token, _TOKENS)) if ":" in own else own
            if ".." in path:
                path = posixpath.normpath(f"/{path}")
            elif not path.startswith("/"):
                path = f"{self.language.prefix}/{path}"
            path = re.sub(r"(?<=/)index\.html$", "", re.sub("/+", "/", path))
            return path if path.endswith("/") or "." in path else f"{path}/"
        if permalink:
            return expand(permalink, self.token, _TOKENS)
        if template := self.language.permalink_of(self.place.path):
            path = posixpath.normpath(unquote_plus(expand(template, self.token, _TOKENS)))
        else:
            names = zip(self.place.folders, self.above[1:], strict=True)
            folders = ((section and section.slug) or self._plain(name) for name, section in names)
            path = "/".join((*folders, self.slug or self._plain(self.place.name)))
        is_ugly = not self.language.ugly.isdisjoint(("", *self._sections[:1]))
        return f"{self.language.prefix}/{self._clean(path.strip('/'))}{'.html' if is_ugly else '/'}"

    @property
    def _sections(self) -> list[str]:
        """The folders down to the nearest that is a section: one at the top always is."""
        count = max((count for count, each in enumerate(self.above) if each), default=0)
        return [self._plain(each) for each in self.place.folders[: max(count, 1)]]

    @property
    def _section_slugs(self) -> list[str]:
        sections = zip(self.place.folders, self.above[1:], strict=True)
        return [
            self._clean((section and (section.slug or section.title)) or name)
            for number, (name, section) in enumerate(sections)
            if section or number == 0
        ]

    def token(self, name: str) -> str | None:
        """Return the value of a token of a permalink; None if there is no such token."""
        key, _, cut = name.partition("[")
        match key:
            case "section":
                return "".join(self._sections[:1])
            case "sections":
                return "/".join(_cut(self._sections, cut.rstrip("]")))
            case "sectionslug":
                return "".join(self._section_slugs[:1])
            case "sectionslugs":
                return "/".join(_cut(self._section_slugs, cut.rstrip("]")))
            case "title":
                return self._clean(self.title)
            case "slug":
                return self._clean(self.slug or self.title)
            case "filename" | "contentbasename" | "name":
                return self._clean(self.place.name)
            case "slugorfilename" | "slugorcontentbasename":
                return self._clean(self.slug or self.place.name)
            case "weekday":
                return str(self.date.isoweekday() % 7)
            case "yearday":
                return str(self.date.timetuple().tm_yday)
        if found := date_token(_DATE_TOKENS.get(name, name), self.date):
            return found
        return _LAYOUT_PART.sub(lambda part: date_token(_LAYOUT[part[0]], self.date) or "", name)

    def _plain(self, name: str) -> str:
        return name.lower().replace(" ", "-") if self.language.lower else name

    def _clean(self, text: str) -> str:
        return hugo_path(text, lower=self.language.lower, accents=self.language.accents)


def _cut(items: list[str], cut: str) -> list[str]:
    """Return a part of a list: "1" and "last" are one item, "1:" and "1:last" are several."""
    first, colon, end = cut.partition(":")

    def index(text: str, default: int) -> int:
        if text == "last":
            return len(items) - 1
        return int(text) if text.isdecimal() and len(text) < 5 else default

    if not cut:
        return items
    start = index(first, 0)
    return items[start : index(end, len(items))] if colon else items[start : start + 1]


def _has_math(values: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    extensions = mapping_of(values, "markup", "goldmark", "extensions")
    is_on = flag_of(mapping_of(extensions, "passthrough"), "enable")
    return is_on or any(flag_of(params, key) for key in _MATH)
