"""Compares the trees of two generators, entry by entry: the same feeds of the same articles.

    python benchmarks/equal.py DIR OTHER

Each entry of RSS, Atom and JSON Feed has to have the same title, link, date, text, topics, author,
related links, enclosures and pictures, in the same order, and each page the same links. Fractions
of seconds, white space, markup, archives and whatever stands beside the entries may differ.
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, parse

_ATOM, _MEDIA = "{http://www.w3.org/2005/Atom}", "{http://search.yahoo.com/mrss/}"
_CONTENT, _DC = "{http://purl.org/rss/1.0/modules/content/}", "{http://purl.org/dc/elements/1.1/}"
#: Atom has these as categories too.
_NO_TOPICS = ("news", "article")


class Entry(NamedTuple):
    """One article of a feed."""

    url: str
    title: str
    date: datetime
    author: str
    topics: tuple[str, ...]
    summary: str
    words: str
    #: Each as (URL, title).
    related: tuple[tuple[str, str], ...]
    enclosures: tuple[str, ...]
    #: The URLs of Media RSS, or JSON Feed's image.
    pictures: tuple[str, ...]


class DifferenceError(Exception):
    """The trees are not the same."""


def main() -> None:
    try:
        documents, entries = compare(*map(Path, sys.argv[1:]))
    except DifferenceError as error:
        sys.exit(f"not the same: {error}")
    print(f"{documents:,} documents with {entries:,} entries are the same")


def compare(ours: Path, other: Path) -> tuple[int, int]:
    """Count the documents and their entries; raises DifferenceError at the first difference."""
    names, entries = _documents(ours), 0
    if others := names ^ _documents(other):
        raise DifferenceError(f"only one tree has {', '.join(sorted(map(str, others))[:5])}")
    for name in sorted(names):
        read = _READERS[name.name]
        pairs = zip_longest(read(ours / name), read(other / name))
        for place, (one, two) in enumerate(pairs, 1):
            if one != two:
                raise DifferenceError(f"{name}, {place}: {_difference(one, two)}")
            entries += isinstance(one, Entry)
    if not entries:
        raise DifferenceError("neither has an entry")
    return len(names), entries


def _documents(tree: Path) -> set[Path]:
    names = (file.relative_to(tree) for name in _READERS for file in tree.rglob(name))
    return {name for name in names if "archive" not in name.parts}


def _difference(one: object, two: object) -> str:
    if isinstance(one, Entry) and isinstance(two, Entry):
        fields = zip(Entry._fields, one, two, strict=True)
        return "; ".join(f"{name}: {a!r} and {b!r}" for name, a, b in fields if a != b)
    return f"{one!r} and {two!r}"


def _read_rss(file: Path) -> Iterator[Entry]:
    for item in parse(file).iterfind("channel/item"):
        yield Entry(
            url=_text(item, "link"),
            title=_text(item, "title"),
            date=parsedate_to_datetime(_text(item, "pubDate")),
            author=_text(item, f"{_DC}creator"),
            topics=tuple(topic.text or "" for topic in item.iterfind("category")),
            summary=_text(item, "description"),
            words=_words(_text(item, f"{_CONTENT}encoded")),
            related=_related(item),
            enclosures=tuple(each.get("url", "") for each in item.iterfind("enclosure")),
            pictures=_pictures(item),
        )


def _read_atom(file: Path) -> Iterator[Entry]:
    for entry in parse(file).iterfind(f"{_ATOM}entry"):
        links = {link.get("rel"): link.get("href", "") for link in entry.iterfind(f"{_ATOM}link")}
        topics = (topic.get("term", "") for topic in entry.iterfind(f"{_ATOM}category"))
        yield Entry(
            url=links["alternate"],
            title=_text(entry, f"{_ATOM}title"),
            date=_to_the_second(_text(entry, f"{_ATOM}published")),
            author=_text(entry, f"{_ATOM}author/{_ATOM}name"),
            topics=tuple(topic for topic in topics if topic not in _NO_TOPICS),
            summary=_text(entry, f"{_ATOM}summary"),
            words=_words(_text(entry, f"{_ATOM}content")),
            related=_related(entry),
            enclosures=_hrefs(entry, "enclosure"),
            pictures=_pictures(entry),
        )


def _read_json(file: Path) -> Iterator[Entry]:
    for item in json.loads(file.read_bytes())["items"]:
        related: list[dict[str, Any]] = item.get("_feeds", {}).get("related", [])
        yield Entry(
            url=item["url"],
            title=item["title"],
            date=_to_the_second(item["date_published"]),
            author=item["authors"][0]["name"],
            topics=tuple(item["tags"]),
            summary=item["summary"],
            words=_words(item["content_html"]),
            related=tuple((link["url"], link["title"]) for link in related),
            enclosures=tuple(file["url"] for file in item["attachments"]),
            pictures=(item["image"],),
        )


def _read_page(file: Path) -> Iterator[str]:
    """Yield the links to articles, related articles and topics, one of several in a row."""
    page = file.read_text("utf-8").partition("<main>")[2]
    before = ""
    for link in re.findall(r'<a [^>]*href="(https:[^"]*|[./]*topics/[^"/]+/)"', page):
        link = html.unescape(link).lstrip("./")
        if link != before:
            yield link
        before = link


_READERS: dict[str, Callable[[Path], Iterator[object]]] = {
    "rss.xml": _read_rss,
    "atom.xml": _read_atom,
    "feed.json": _read_json,
    "index.html": _read_page,
}


def _text(element: Element, path: str) -> str:
    return element.findtext(path) or ""


def _words(markup: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", markup)).split())


def _to_the_second(date: str) -> datetime:
    return datetime.fromisoformat(date).replace(microsecond=0)


def _related(entry: Element) -> tuple[tuple[str, str], ...]:
    links = entry.iterfind(f"{_ATOM}link[@rel='related']")
    return tuple((link.get("href", ""), link.get("title", "")) for link in links)


def _hrefs(entry: Element, rel: str) -> tuple[str, ...]:
    return tuple(link.get("href", "") for link in entry.iterfind(f"{_ATOM}link[@rel='{rel}']"))


def _pictures(entry: Element) -> tuple[str, ...]:
    return tuple(picture.get("url", "") for picture in entry.iterfind(f"{_MEDIA}content"))


if __name__ == "__main__":
    main()
