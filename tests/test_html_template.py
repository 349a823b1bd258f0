"""Templates of HTML, and the pages made of them: no text becomes markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.formats import as_entry, custom_page, pages
from feeds.formats.html_template import NOTHING, Html, fill, join
from feeds.model.article import Article, Download, Image, Provider, Related
from feeds.model.feed import Channel, Context, Feed, History, ListedFeed
from feeds.model.selection import Selection
from feeds.model.site import Author
from feeds.model.topics import Topic
from feeds.parsing.feed_query import PARAMETERS, CustomFeedRequest

#: A parser turns these into others, or drops them.
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"))


class Reader(HTMLParser):
    """Collects attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")


@given(any_text, any_text, any_text)
@example("\"><script>'", "'><script>\"", "</p><script>&amp;")
@example("{b}", "{0}", "{c.__class__} {{}} %s")
def test_a_parser_reads_every_value_as_it_was_given(a: str, b: str, c: str) -> None:
    reader = Reader()
    reader.feed(fill("""<p title="{a}" lang='{b}'>-{c}-</p>""", a=a, b=b, c=c))
    reader.close()
    start, *text, end = reader.found
    assert start == ("p", {"title": a, "lang": b})
    assert "".join(map(str, text)) == f"-{c}-"
    assert end == "/p"


def test_html_is_escaped_once() -> None:
    word = fill("<b>{word}</b>", word="R&D")
    assert fill("<p>{words}</p>", words=join([word, word], " ")) == (
        "<p><b>R&amp;D</b> <b>R&amp;D</b></p>"
    )
    assert fill("<p>{text}</p>", text=NOTHING) == "<p></p>"


@pytest.mark.parametrize("change", [str, str.strip, "{}".format])
def test_html_that_was_changed_is_text_again(change: Callable[[Html], str]) -> None:
    assert fill("{text}", text=change(Html("<b>"))) == "&lt;b&gt;"


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        fill("<p>{text}</p>")


def pages_with(text: str) -> list[bytes]:
    """One page of each kind, with a text wherever a page may hold any."""
    date, url, provider = (
        datetime(2026, 5, 1, tzinfo=UTC),
        f"https://e.example/{text}",
        Provider(text),
    )
    article = Article(
        text, url, text, date, date, excerpt=text, provider=provider, topics=(text, text),
        images=(Image(url, "image/png", title=text),),
        downloads=(Download(url, "application/zip", text), Download(url, "application/zip")),
        related=(Related(text, url, text, provider=provider),),
    )  # fmt: skip
    context = Context(url, related_in_rss=True, folder_of_topic="topics/{}/".format)
    feed = Feed(
        text, text, f"About {text}", url, f"{url}/{text}/", Author(text), text,
        [as_entry(article, context)], icon=url, logo=url, root="../../", query=text,
        history=History(periods=((text, text),)),
    )  # fmt: skip
    archive = History(is_archive=True, previous=f"{url}/{text}/", next=f"{url}/{text}/")
    channels = (
        Channel(kind, text, text, text, text, Selection(), "full")
        for kind in ("site", "feed", "topic")
    )
    listed = [ListedFeed(channel, url, 1, date) for channel in channels]
    values = {parameter: [text] for parameter in PARAMETERS}
    request, refused = (CustomFeedRequest(problems, values) for problems in ((), (text,)))
    topics = [Topic(text, text, frozenset())]
    return [
        pages.render_document(feed),
        pages.render_document(replace(feed, history=archive)),
        pages.render_directory(feed, listed, [article], text),
        pages.render_moved(text, text, url),
        custom_page.render_custom(feed, request, topics, text),
        custom_page.render_custom(feed, refused, topics * 100, text),
    ]


def outline(page: bytes) -> list[object]:
    """The elements of a page, with the names of their attributes."""
    reader = Reader()
    reader.feed(page.decode())
    reader.close()
    starts = (each for each in reader.found if isinstance(each, tuple))
    return [(tag, [*attributes]) for tag, attributes in starts]


@given(any_text)
@example("\"'><script>alert(1)</script><img src=x onerror=alert(2)>")
@example('="../../"')
def test_no_text_changes_the_elements_of_a_page(text: str) -> None:
    plain, troubled = pages_with("x"), pages_with(f"x{text}")
    assert list(map(outline, troubled)) == list(map(outline, plain))
