"""Documents are well-formed and read back unchanged, whatever text an article holds."""

from __future__ import annotations

import html
import importlib
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import feedparser
import lxml.etree as etree
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feeds.formats import ATOM, JSON, PAGE, RSS, as_entry, opml, render
from feeds.formats.entry_html import content_html
from feeds.model.article import Article, Image, Provider, Related
from feeds.model.feed import Channel, Context, Feed, ListedFeed
from feeds.model.selection import Selection
from feeds.model.site import Author
from feeds.parsing.article import read_article
from feeds.parsing.body.clean import Body
from feeds.text.identifiers import as_iri
from feeds.text.repair import plain_line, remove_forbidden
from tests.support import lacking

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
}
URL = "https://feeds.example.org/"
DATE = datetime(2026, 5, 1, tzinfo=UTC)

#: Text that has broken feeds before: markup, entities, forbidden characters, mojibake, directions.
TROUBLE = [
    *"<>&'\"; \n\r\t/=#",
    *("]]>", "<![CDATA[", "<!--", "-->", "<?xml?>", "<!DOCTYPE a>", "<!ENTITY a 'b'>"),
    *("&amp;", "&amp;amp;", "&lt;b&gt;", "&#0;", "&#11;", "&#xD800;", "&#x10FFFF;", "&nbsp", "&é;"),
    *("<b>", "</b>", "<script>", "</title>", "</p>", "<br/>", "{{", "{% raw %}", "a@example.com"),
    *("\0", "\x0b", "\x1b", "\x7f", "\x85", "\x92", "\xa0", "\xad", "\u2028", "\u200b", "\ufeff"),
    *("\ufdd0", "\ufffe", "\uffff", "\U0001ffff", "\U0001f600", "\U0010fffd", "e\u0301"),
    *("\u202e", "\u2066", "שלום", "سلام", "日本", "â€™", "Ã©", "Â©", "ГЋ", "\u0130"),
]
SURROGATES = ["\ud800", "\udfff", "\ud83d\ude00", "\udc80"]
#: Any text of Python, and any text that a UTF-8 file can hold.
any_text = st.lists(st.sampled_from(TROUBLE + SURROGATES) | st.characters()).map("".join)
file_text = st.lists(st.sampled_from(TROUBLE) | st.characters(codec="utf-8")).map("".join)

TAGS = "a b p ul li table tr td pre h2 div em blockquote iframe img br hr script svg math i".split()
MARKUP = [
    *(f"<{tag}>" for tag in TAGS),
    *(f"</{tag}>" for tag in TAGS),
    *(
        '<a href="/x?a=1&b=2">',
        "<img src=//i.example.com/a.png alt='<'>",
        "<p class=x onclick=y()>",
    ),
    *('<iframe src="https://player.vimeo.com/video/1">', "<video src=v.mp4>", "<td colspan=2>"),
    *("\n\n", "\n", "    ", "* ", "> ", "| a | b |\n|---|---|\n", "```", "[x](y 'z')", "![]()"),
]
markup = st.lists(st.sampled_from(MARKUP + TROUBLE + SURROGATES) | st.characters()).map("".join)


def named(text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Text that is not empty after repair."""
    return text.filter(plain_line)


def article_of(title: str, text: str, name: str, body: str) -> Article:
    """An article with repaired text wherever it may hold any."""
    title, text, name = map(plain_line, (title, text, name))
    image = Image(f"{URL}a.png", "image/png", title=text, attribution=text)
    return Article(
        id="https://example.com/?a=1&b=2",
        url="https://example.com/?a=1&b=2",
        title=title,
        published=DATE,
        updated=DATE,
        excerpt=text,
        body=body,
        provider=Provider(name, authors=(title,)),
        topics=(name, f"{name} 2"),
        category=name,
        images=(image,),
        related=(Related(title, "https://example.net/", text, provider=Provider(name)),),
    )


def feed_of(article: Article, title: str = "A feed") -> Feed:
    context = Context(URL, True, lambda _topic: "topics/a/", topics_url=f"{URL}topics/")
    return Feed(URL, title, title, URL, URL, Author(title), "en", [as_entry(article, context)])


def values(element: Any, path: str) -> list[str]:
    nodes = element.xpath(path, namespaces=NAMESPACES)
    return [node if isinstance(node, str) else node.text for node in nodes]


def check_with_lxml(feed: Feed, article: Article) -> None:
    rss = etree.fromstring(render(feed, RSS)).find("channel")
    atom = etree.fromstring(render(feed, ATOM))
    assert values(rss, "title") == values(atom, "atom:title") == [feed.title]
    assert values(rss, "description") == values(atom, "atom:subtitle") == [feed.description]
    assert values(atom, "atom:author/atom:name") == [feed.author.name]
    assert values(rss, "item/title") == values(atom, "atom:entry/atom:title") == [article.title]
    assert values(rss, "item/link") == values(atom, "atom:entry/atom:id") == [article.url]
    assert values(rss, "item/category") == list(article.topics)
    terms = values(atom, f"atom:entry/atom:category[@scheme='{URL}topics/']/@term")
    assert terms == list(article.topics)
    assert article.provider
    names = [article.provider.name, *article.provider.authors]
    assert values(rss, "item/dc:creator") == names
    assert values(atom, "atom:entry/atom:author/atom:name") == names
    related = [other.title for other in article.related]
    for entry in (rss.find("item"), atom.find("{*}entry")):
        assert values(entry, "atom:link[@rel='related']/@title") == related
        for image in article.images:
            if image.title:
                assert values(entry, "media:content/media:title") == [image.title]
    if article.excerpt:
        assert html.unescape(values(rss, "item/description")[0]) == article.excerpt
        (summary,) = atom.xpath("atom:entry/atom:summary", namespaces=NAMESPACES)
        escaped = summary.get("type") == "html"
        assert (html.unescape(summary.text) if escaped else summary.text) == article.excerpt
        assert escaped or "<" not in article.excerpt
        assert values(rss, "item/content:encoded") == [content_html(article, frame=False)]
    assert values(atom, "atom:entry/atom:content") == [content_html(article, frame=False)]


def feedparser_misreads(text: str) -> bool:
    """True for text that feedparser changes: it decodes what could be UTF-8 read as Latin-1 again.

    See "address common error where people take data that is already utf-8" in its mixin.py: Â© in
    XML becomes ©.
    """
    try:
        return text.encode("latin-1").decode("utf-8") != text
    except UnicodeError:
        return False


def check_with_feedparser(feed: Feed, article: Article) -> None:
    assert article.provider
    for format in (RSS, ATOM):
        parsed = feedparser.parse(
            io.BytesIO(render(feed, format)), sanitize_html=False, resolve_relative_uris=False
        )
        assert not parsed.bozo, (format.name, parsed.get("bozo_exception"))
        (entry,) = parsed.entries
        assert entry.link == article.url
        assert entry.id == (article.id if format is RSS else article.iri)
        if not feedparser_misreads(article.title):
            assert entry.title == article.title
        tags = [tag.term for tag in entry.tags if tag.scheme in (f"{URL}topics/", None)]
        # Attributes, and the name of an Atom author, are left as they are.
        if format is ATOM:
            assert entry.authors[0].name == article.provider.name
            assert tags == list(article.topics)
            continue
        if not any(map(feedparser_misreads, article.topics)):
            assert tags == list(article.topics)
        # Of a creator, authors[0].name lacks what looks like an email address; the last one given
        # is the entry's author as it was written.
        if not feedparser_misreads(article.provider.authors[-1]):
            assert entry.author == article.provider.authors[-1]


def check_json(feed: Feed, article: Article) -> None:
    assert article.provider
    loaded = json.loads(render(feed, JSON))
    assert loaded["title"] == loaded["authors"][0]["name"] == feed.title
    (item,) = loaded["items"]
    assert item["title"] == article.title
    assert item["url"] == article.url
    assert item.get("summary", "") == article.excerpt
    assert item["tags"] == list(article.topics)
    names = [article.provider.name, *article.provider.authors]
    assert [author["name"] for author in item["authors"]] == names
    assert [other["title"] for other in item["_feeds"]["related"]] == [article.related[0].title]
    assert item["content_html"] == content_html(article, frame=True)


@pytest.fixture(scope="module")
def strict_html() -> Any:
    """A parser that raises on any parse error; W3C's feed validator uses the same library."""
    try:
        html5lib = importlib.import_module("html5lib")
    except ModuleNotFoundError:
        lacking("html5lib")

    def parse(text: str) -> None:
        html5lib.HTMLParser(strict=True).parseFragment(text)

    return parse


@settings(deadline=None)
@given(named(any_text), any_text, named(any_text), named(any_text))
@example("Â©", "Ã©", "Â© Ã©", "â€™")
@example("<b>&amp;amp;</b>", "]]>", "</a> & co", "R&D <b@example.com>")
def test_any_text_reads_back_from_every_format(title: str, text: str, name: str, of: str) -> None:
    article = article_of(title, text, name, "")
    feed = feed_of(article, plain_line(of))
    check_with_lxml(feed, article)
    check_with_feedparser(feed, article)
    check_json(feed, article)


@settings(deadline=None)
@given(any_text.map(remove_forbidden).filter(str.strip))
@example(" a\r\n\tb ")
@example("http://[::1")
@example("http://x/\u017f\u212a")
def test_any_id_reads_back_from_every_format(id: str) -> None:
    feed = feed_of(replace(article_of("A title", "", "A name", ""), id=id))
    assert etree.fromstring(render(feed, RSS)).findtext(".//guid") == id
    assert json.loads(render(feed, JSON))["items"][0]["id"] == id
    in_atom = etree.fromstring(render(feed, ATOM)).findtext("{*}entry/{*}id")
    assert in_atom == as_iri(id) == as_iri(in_atom)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", in_atom)


@settings(deadline=None)
@given(named(any_text), any_text)
def test_any_text_reads_back_from_opml_and_from_a_page(title: str, text: str) -> None:
    article = article_of(title, text, title, "")
    title, text = article.title, article.excerpt
    listed = ListedFeed(
        Channel("feed", "feeds/a/", title, title, text, Selection(), "full"),
        f"{URL}feeds/a/",
        1,
        DATE,
    )
    (outline,) = etree.fromstring(opml.render_opml(title, [listed])).iterfind(".//outline[@type]")
    assert (outline.get("text"), outline.get("description", "")) == (title, text)
    rendered = render(feed_of(article, title), PAGE)
    parser = etree.HTMLParser(encoding="utf-8")
    shown = etree.fromstring(rendered, parser).xpath("//article//h3/a")
    assert ["".join(link.itertext()) for link in shown] == [title]


@settings(deadline=None)
@given(source=markup, is_html=st.booleans(), text=any_text)
@example(source="<table><tr><td><a href=x><a href=y>", is_html=True, text="")
@example(source="<p><b><p></b>\0\ud800&#0;&#x1F;", is_html=True, text="")
@example(source="```\n\n\n<pre>\n\n</pre>", is_html=False, text="")
@example(source="a\r\nb\r&#13;c &#x80; &#xFFFE;", is_html=True, text="")
@example(source="<a title='&#1;'>x</a>", is_html=False, text="")
@example(
    source="<a href=x><iframe src='https://player.vimeo.com/video/1'></a>", is_html=True, text=""
)
@example(source="<ul><a><table><a>", is_html=True, text="")
def test_any_body_is_html_without_a_parse_error_and_reads_back(
    strict_html: Any, source: str, is_html: bool, text: str
) -> None:
    body = Body(source, is_html=is_html).clean("https://example.com/")
    article = article_of("A title", text, "A name", body)
    for frame in (True, False):
        strict_html(content_html(article, frame=frame))
    check_with_lxml(feed_of(article), article)
    check_json(feed_of(article), article)


def quoted(text: str) -> str:
    """Text as a double-quoted scalar of YAML, in ASCII."""
    return '"' + "".join(f"\\U{ord(char):08X}" for char in text) + '"'


@settings(deadline=None)
@given(named(file_text), file_text, named(file_text), file_text)
@example("&amp;lt;", "&nbsp;", "Googleâ€™s", "{% raw %}<b>{% endraw %}")
def test_any_text_of_a_file_becomes_the_plain_text_of_every_format(
    title: str, text: str, name: str, body: str
) -> None:
    keys = {
        "title": quoted(title),
        "excerpt": quoted(text),
        "webUrl": "https://example.com/",
        "publishedDateTime": "2026-05-01",
        "provider": f"{{name: {quoted(name)}, authors: [{quoted(name)}]}}",
        "topics": f"[{quoted(name)}]",
        "images": f"[{{url: 'https://example.com/a.png', title: {quoted(text)}}}]",
        "related": f"[{{webUrl: 'https://example.net/', title: {quoted(title)}}}]",
    }
    front = "".join(f"{key}: {value}\n" for key, value in keys.items())
    article, _problems = read_article(f"---\n{front}---\n{body}", "any.md")
    assert article
    assert article.provider
    assert (article.title, article.excerpt) == (plain_line(title), plain_line(text))
    assert article.topics == (article.provider.name,) == (plain_line(name),)
    assert article.related[0].title == plain_line(title)
    assert article.images[0].title == plain_line(text)
    check_with_lxml(feed_of(article), article)
    check_with_feedparser(feed_of(article), article)
    check_json(feed_of(article), article)
