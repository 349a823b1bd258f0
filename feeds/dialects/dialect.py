"""A folder of articles in the form of another generator, translated into our own keys.

A dialect is a value: what of the generator's configuration decides its articles. The rules of each
generator are in a module of its name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import Field, dataclass, fields
from datetime import datetime, tzinfo
from functools import cached_property
from typing import ClassVar, NamedTuple
from urllib.parse import quote, urljoin

from feeds.dialects.configuration import Files, text_of
from feeds.parsing.dates import DateError, read_moment
from feeds.parsing.drafts import holds_back
from feeds.parsing.front_matter import (
    MARKED,
    FrontMatter,
    NoFrontMatterError,
    Syntax,
    normal_lines,
    read_front_matter,
)
from feeds.parsing.time_zones import find_zone
from feeds.parsing.yaml_text import YAMLList, YAMLMapping, YAMLValue
from feeds.text.urls import canonical_url

#: A file that has these has the keys of our own articles.
_OWN_URLS = ("webUrl", "originalUrl")
_OWN_DATE = "publishedDateTime"
#: The keys of a picture's URL, where it has others beside it.
_URL_KEYS = ("url", "image", "src", "path", "relative")
_URL_SAFE = "/%!$&'()*+,;=:@~-._"
_DATE_IN_NAME = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}[-_ ]+(?=.)")


class SiteSettings(NamedTuple):
    """The generator's settings of the whole site, where feeds.yaml gives none of its own."""

    title: str = ""
    #: The address of the generator's pages; empty where its configuration says none.
    url: str = ""
    description: str = ""
    language: str = ""
    #: A zone of the IANA database.
    timezone: str = ""
    author: str = ""
    #: True if articles dated in the future are published at once.
    future: bool = False
    #: True if TeX between dollar signs is a formula.
    math: bool | None = None


@dataclass(frozen=True)
class Dialect:
    """The folder of a generator. Picklable, for other processes to read its articles."""

    #: In `dialect:` of feeds.yaml, and for people.
    name: ClassVar[str]
    label: ClassVar[str]
    #: The endings of articles' names.
    endings: ClassVar[tuple[str, ...]] = (".md", ".markdown")
    #: The syntaxes of front matter that other files do not have.
    syntaxes: ClassVar[tuple[Syntax, ...]] = ()
    #: The beginning of an article, for problems about files without it; empty for that in YAML.
    beginning: ClassVar[str] = ""
    #: True if a file without front matter is no article.
    needs_front_matter: ClassVar[bool] = True
    #: True for the Markdown of Obsidian: `[[links]]`, `==marks==`, `%%comments%%`.
    is_obsidian: ClassVar[bool] = False
    #: True if a link to `a.md` in `b.nb.md` leads to `a.nb.md`.
    links_within_language: ClassVar[bool] = False
    #: The tags in bodies that are never text: "templates", "shortcodes", which are Hugo's, or none.
    tags: ClassVar[str] = ""
    #: Authors' names for our keys, for problems about what is missing.
    names: ClassVar[Mapping[str, str]] = {
        "publishedDateTime": "date", "topics": "tags", "webUrl": "permalink", "name": "title",
        "originalUrl": "permalink",
    }  # fmt: skip

    site: SiteSettings
    #: The URL with which the articles' URLs begin, with a slash at its end.
    base: str = ""
    #: The template of an article's path; empty where the generator has none.
    permalink: str = ""
    #: The folders that hold articles, relative to the generator's.
    folders: tuple[str, ...] = (".",)

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> Dialect | None:
        """Return the dialect of a folder that is the generator's; None if it is not.

        The permalink is that of feeds.yaml; empty for the generator's own.
        """
        raise NotImplementedError

    def is_article(self, path: str) -> bool:
        """Return True if a file is one of the generator's articles; its path is in the folder."""
        return path.lower().endswith(self.endings)

    def syntaxes_of(self, path: str) -> tuple[Syntax, ...]:  # noqa: ARG002  # for some dialects
        """Return the syntaxes of a file's front matter, in the order in which they are tried."""
        return (*MARKED, *self.syntaxes)

    def translate(self, article: Translation) -> None:
        """Write an article's keys as ours, and its body as plain Markdown or HTML."""
        raise NotImplementedError

    def data_of(self, path: str) -> str:  # noqa: ARG002  # for dialects that have any
        """Return what files of data beside an article decide of it, as text for a digest."""
        return ""

    def tags_in(self, path: str) -> str:  # noqa: ARG002  # for dialects with several syntaxes
        """Return the tags in the body of a file that are never text (see tags)."""
        return self.tags

    def link_names(self, path: str) -> tuple[str, ...]:
        """Return the names by which links may lead to a file, the best first."""
        folder, _, name = path.rpartition("/")
        name, _, language = re.sub(r"\.\w{1,8}$", "", name).partition(".")
        if name in ("index", "_index") and folder:
            name = folder.rpartition("/")[2]
        whole = f"{name}.{language}" if language else name
        return tuple(dict.fromkeys((whole, name, _DATE_IN_NAME.sub("", name))))

    def link_roots(self) -> tuple[str, ...]:
        """Return the folders that a link's path may begin at, beside that of its article."""
        return ("", *(folder for folder in self.folders if folder != "."))

    def file_url(self, path: str) -> str:  # noqa: ARG002  # for dialects that can know
        """Return the URL of a file that is no article; empty if it is not known."""
        return ""

    def read(self, text: str, path: str) -> FrontMatter:
        """Return an article's front matter in our own keys. Raises YAMLTextError."""
        try:
            front = read_front_matter(text, self.syntaxes_of(path), may_be_empty=True)
        except NoFrontMatterError as error:
            if error.begins or self.needs_front_matter:
                error.hint = self.beginning or error.hint
                raise
            front = FrontMatter(YAMLMapping(), normal_lines(text), 1)
        values = front.values
        if values.get(_OWN_DATE) is not None and any(map(values.get, _OWN_URLS)):
            return front
        article = Translation(path, front, self)
        self.translate(article)
        return article.front_matter()

    @cached_property
    def digest(self) -> str:
        """Digest of what decides how all articles are read: data_of() is that of one article."""
        return self._digest_of(each for each in fields(self) if each.repr)

    @cached_property
    def data_digest(self) -> str:
        """Digest of all that decides how articles are read: fields without repr are data."""
        return self._digest_of(fields(self))

    def _digest_of(self, chosen: Iterable[Field[object]]) -> str:
        values = ((each.name, getattr(self, each.name)) for each in chosen)
        # Sets are in another order in each process.
        shown = [
            (key, sorted(value) if isinstance(value, frozenset) else value) for key, value in values
        ]
        return hashlib.sha256(f"{self.name} {shown!r}".encode("utf-8", "replace")).hexdigest()

    @cached_property
    def zone(self) -> tzinfo:
        """The zone of dates without an offset; UTC where the configuration names none."""
        return find_zone(self.site.timezone or "UTC") or find_zone("UTC")  # type: ignore[return-value]

    def __getstate__(self) -> dict[str, object]:
        # Not what is cached: a zone that was read from a file cannot be pickled.
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def describe(self) -> str:
        """Return what was understood of the folder, in a few words."""
        return f"{self.label}, permalink {self.permalink}" if self.permalink else self.label


class Translation:
    """An article's front matter while a dialect writes it in our own keys."""

    def __init__(self, path: str, front: FrontMatter, dialect: Dialect) -> None:
        self.path = path
        self.written = front.values
        self.body = front.body
        #: Line of the file on which the body begins.
        self.body_line = front.body_line
        #: True for a body in HTML, False for Markdown; None if the file's ending decides.
        self.is_html = front.is_html
        #: The beginning of the body that is its excerpt, where no key has one.
        self.summary = ""
        #: False for a page that may be no article: what it lacks is no mistake then.
        self.is_article = True
        self._front = front
        self._dialect = dialect
        self._names = dict(dialect.names)
        self._spelling: dict[str, str] = {}
        self._values = YAMLMapping()
        self._take_shared(front.values)

    def ignore_case(self) -> None:
        """Make the author's keys those of lower case, for generators that do not tell them apart.

        Of two that differ in case alone, the last one stays.
        """
        written = self.written
        self._spelling = {key.lower(): key for key in written}
        self.written = YAMLMapping((key.lower(), value) for key, value in written.items())
        self.written.lines = {key.lower(): line for key, line in written.lines.items()}

    def fill(self, defaults: Mapping[str, YAMLValue]) -> None:
        """Give the author's keys that have no value those of the site or a folder."""
        missing = {key: defaults[key] for key in defaults if self.written.get(key) is None}
        self.written.update(missing)
        self._take_shared(missing)

    def _take_shared(self, values: Mapping[str, YAMLValue]) -> None:
        # They mean the same in every generator.
        for key, value in values.items():
            if holds_back(key, value) or key in ("math", "secured"):
                self._put(key, value, key)

    def text(self, *keys: str) -> str:
        """Return the text of the first of the author's keys that has one, stripped."""
        for key in keys:
            value = self.written.get(key)
            if isinstance(value, str) and value.strip():
                return value.strip()
        return ""

    def words(self, key: str, separator: str | None = None) -> list[str]:
        """Return the texts of a list; a text alone is split at the separator, or at blanks.

        An empty separator splits nothing.
        """
        return words_of(self.written.get(key), separator)

    def moment(self, *keys: str) -> datetime | None:
        """Return the date of the first of the author's keys that has one, in its own offset."""
        for key in keys:
            if (date := self.moment_of(self.text(key))) is not None:
                return date
        return None

    def moment_of(self, text: str) -> datetime | None:
        """Return a date in its own offset, else in the dialect's zone; None if it is none."""
        try:
            return read_moment(text, self._dialect.zone) if text else None
        except DateError:
            return None

    def python_moment(self, text: str) -> datetime | None:
        """Return a date as generators in Python read it, by dateutil; None if it is none.

        A date of three numbers that ends in its year begins with its month where it can, and
        names of zones but that of UTC mean nothing.
        """
        text = " ".join(text.split())[:100]
        if numbers := re.match(r"(\d\d?)([./-])(\d\d?)\2(\d{4})(?!\d)", text):
            first, second = int(numbers[1]), int(numbers[3])
            month, day = (second, first) if first > 12 else (first, second)
            text = f"{numbers[4]}-{month:02}-{day:02}{text[numbers.end() :]}"
        text = re.sub(r"(?<=\d) ?(?!(?:UTC|GMT|Z|AM|PM)$)[A-Z]{3,5}$", "", text)
        return self.moment_of(re.sub(r" ?(?:UTC|GMT)(?=[+-]\d)", "", text))

    def take(self, ours: str, *theirs: str) -> bool:
        """Give our key the value of the first of the author's keys that has one."""
        for key in theirs:
            value = self.written.get(key)
            if value is not None and value != "":
                self._put(ours, value, key)
                return True
        return False

    def put(self, ours: str, value: str | Iterable[str] | datetime | None, *theirs: str) -> None:
        """Give our key a value, found under the first of the author's keys that is there."""
        key = next((key for key in theirs if key in self.written), "")
        if isinstance(value, datetime):
            value = value.isoformat()
        if value is None or isinstance(value, str):
            self._put(ours, value or None, key)
            return
        items = YAMLList()
        items += value
        items.lines = [self.written.lines.get(key, 1)] * len(items)
        self._put(ours, items, key)

    def name_author(self) -> None:
        """Name the article's author, of the first of two common keys that has a name."""
        names = map(names_of, map(self.written.get, ("author", "authors")))
        self.put("provider", next(filter(None, names), None), "author", "authors")

    def credit(self, authors: Iterable[str], *theirs: str) -> None:
        """Name the article's authors."""
        if people := list(dict.fromkeys(authors)):
            self.put("provider", "", *theirs)
            items = YAMLList()
            items += people
            items.lines = [self._values.lines.get("provider", 1)] * len(items)
            provider = YAMLMapping([("authors", items)])
            provider.lines["authors"] = items.lines[0]
            self._values["provider"] = provider

    def publish_at(self, path: str, *theirs: str) -> str:
        """Give the article the URL of a path on the generator's site, or a whole URL; return it."""
        is_whole = path.startswith(("http://", "https://"))
        url = path if is_whole else self._dialect.base + quote(path.lstrip("/"), safe=_URL_SAFE)
        self.put("webUrl", url, *theirs)
        return url

    def hold_back(self, key: str = "draft") -> None:
        """Keep the article from being published."""
        self._put("draft", "true", key)

    def show_picture(self, url: str, *theirs: str) -> None:
        """Give the article a picture, whose URL may be relative to the article's."""
        own = self._values.get("webUrl")
        with suppress(ValueError):  # no URL, such as http://[
            if whole := canonical_url(urljoin(own if isinstance(own, str) else "", url)):
                self.put("images", [whole], *theirs)

    def front_matter(self) -> FrontMatter:
        """Return the front matter in our own keys."""
        front = self._front
        return FrontMatter(
            self._values, self.body, self.body_line, front.duplicates, front.forbidden,
            self._names, self.is_html, self.summary, self.is_article,
        )  # fmt: skip

    def _put(self, ours: str, value: YAMLValue, theirs: str) -> None:
        self._values[ours] = value
        if theirs in self.written:
            self._values.lines[ours] = self.written.lines.get(theirs, 1)
            self._names[ours] = self._spelling.get(theirs, theirs)


def address_of(text: str) -> str:
    """Return a site's address with a slash at its end; empty for a text that is none."""
    text = f"https:{text}" if text.startswith("//") else text
    return canonical_url(f"{text.rstrip('/')}/") or "" if "://" in text else ""


def joined_address(url: str, path: str) -> str:
    """Return a site's address with the path of its pages; empty if the address is."""
    return f"{url}/{path}/" if url and path else f"{url}/" if url else ""


def words_of(value: YAMLValue, separator: str | None = None) -> list[str]:
    """Return the texts of a list; a text alone is split at the separator, or at blanks.

    An empty separator splits nothing.
    """
    if isinstance(value, str):
        parts = [value] if separator == "" else value.split(separator)
        return [part.strip() for part in parts if part.strip()]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def names_of(value: object) -> str:
    """Return the name of an author, or those of several; a mapping has it as its `name`."""
    if isinstance(value, dict):
        return text_of(value, "name")
    if isinstance(value, list):
        return ", ".join(filter(None, map(names_of, value)))
    return value.strip() if isinstance(value, str) else ""


def picture_of(values: Mapping[str, YAMLValue], *keys: str) -> str:
    """Return the URL of the first picture under these keys; it may be in a list or a mapping."""
    for value in filter(None, map(values.get, keys)):
        first = value[0] if isinstance(value, list) and value else value
        url = text_of(first, *_URL_KEYS) if isinstance(first, dict) else first
        if isinstance(url, str) and url.strip():
            return url.strip()
    return ""


def first_heading(body: str) -> str:
    """Return the text of a heading of the first level at the beginning of Markdown; else empty."""
    found = re.match(r"\s{0,100}#[ \t]+([^\n]*)", body)
    text = found[1].rstrip(" \t") if found else ""
    if text.endswith("}"):
        attributes = text.find("{", text.rfind("}", 0, -1) + 1)
        text = text[:attributes] if attributes >= 0 else text
    return text.rstrip(" \t").rstrip("#").rstrip(" \t")


def excerpt_before(body: str, *marks: str) -> str:
    """Return what stands before the first of these marks of a body; empty where there is none."""
    places = [place for mark in marks if (place := body.find(mark)) > 0]
    return body[: min(places)].strip() if places else ""
