"""Entries in RSS and Atom are byte for byte what feedgen writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.formats import ATOM, RSS, Format, as_entry
from feeds.model.article import (
    Article,
    Download,
    Episode,
    Image,
    Person,
    Player,
    Provider,
    Related,
    Transcript,
)  # fmt: skip
from feeds.model.feed import Context
from feeds.model.site import CONTENTS, Author
from feeds.text.repair import remove_forbidden
from tests.feedgen_entries import entry_bytes, item_bytes
from tests.golden import GOLDEN, URL
from tests.support import CORPUS, needs_corpus
from tests.test_feed_documents import articles_of
from tests.test_xml_properties import DATE, any_text

CONTEXTS = [
    Context(URL, related_in_rss, lambda _name: "", content, author, f"{URL}topics/")
    for content in CONTENTS
    for related_in_rss, author in (
        (True, None),
        (False, Author("R&D <desk>", f"{URL}?a=1&b=2", "desk@example.com")),
    )
]

PLAIN = Article(URL, URL, "A title", DATE, DATE)

text = any_text.map(remove_forbidden)
name = text.filter(bool)
names = st.lists(name, max_size=2).map(tuple)
#: A URL holds no more than some of these characters, which is not for the renderers to know.
url = name.map(f"{URL}?".__add__)
number = st.none() | st.integers(1, 10**9)
media_type = st.sampled_from(
    ["image/png", "audio/mpeg", "video/mp4", "text/csv", 'text/plain;\tcharset="a"']
)
date = st.timedeltas(timedelta(0), timedelta(days=40_000)).map(
    datetime(1980, 1, 1, tzinfo=UTC).__add__
)
image = st.builds(Image, url, media_type, number, number, text, text, number)
images = st.lists(image, max_size=2).map(tuple)
provider = st.builds(Provider, name, text, names, images)
player = st.builds(Player, url, media_type | st.just(""), number, number, number)
download = st.builds(Download, url, media_type, text, number)
related = st.builds(Related, name, url, text, st.none() | date, st.none() | provider, images)
episode = st.builds(
    Episode, number, st.none() | st.booleans(), number, number,
    st.sampled_from(["", "full", "trailer", "bonus"]),
    st.lists(st.builds(Transcript, url, media_type, text), max_size=2).map(tuple),
    st.just("") | url,
    st.lists(st.builds(Person, name, text, text, text, text), max_size=2).map(tuple),
)  # fmt: skip
article = st.builds(
    Article, name, url, name, date, date, text, text, st.none() | player, st.just("") | url, text,
    st.none() | provider, names, text, text, images,
    st.lists(download, max_size=2).map(tuple), st.lists(related, max_size=2).map(tuple),
    st.none() | episode,
)  # fmt: skip


def part(article: Article, context: Context, format: Format) -> bytes:
    return as_entry(article, context).part(format.name)


def check_equal(articles: Iterable[Article]) -> None:
    for article in articles:
        for context in CONTEXTS:
            # Of titles, we write number references.
            item = part(article, context, RSS)
            assert re.sub(b"&#x(3C|26);", _named, item) == item_bytes(article, context)
            assert part(article, context, ATOM) == entry_bytes(article, context)


def _named(reference: re.Match[bytes]) -> bytes:
    return {b"3C": b"&lt;", b"26": b"&amp;"}[reference[1]]


@pytest.mark.parametrize(
    "folder",
    [GOLDEN / "articles", pytest.param(CORPUS, marks=needs_corpus)],
    ids=["golden", "corpus"],
)
def test_entries_of_files_are_byte_for_byte_what_feedgen_writes(folder: Path) -> None:
    articles = articles_of(folder)
    assert articles
    check_equal(articles)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(article)
def test_entries_of_any_article_are_byte_for_byte_what_feedgen_writes(article: Article) -> None:
    check_equal([article, replace(article, updated=article.published)])


def with_title(text: str) -> Article:
    return replace(PLAIN, title=text)


def with_body(text: str) -> Article:
    return replace(PLAIN, body=text)


def with_picture(text: str) -> Article:
    return replace(PLAIN, images=(Image(text, "image/png"),))


@pytest.mark.parametrize("make", [with_title, with_body, with_picture])
@pytest.mark.parametrize("character", ["\0", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_a_character_that_xml_cannot_hold_is_refused_as_feedgen_refuses_it(
    make: Callable[[str], Article], character: str
) -> None:
    article = make(f"é<{character}>")
    for format, by_feedgen in ((RSS, item_bytes), (ATOM, entry_bytes)):
        with pytest.raises(ValueError, match=r"XML|surrogates"):
            by_feedgen(article, CONTEXTS[0])
        with pytest.raises(ValueError, match=r"XML|surrogates"):
            part(article, CONTEXTS[0], format)
