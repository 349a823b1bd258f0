"""The keys of an article in RSS, Atom and JSON Feed: the table of docs/formats.md, row by row."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import Any

import lxml.etree as etree
import pytest

from tests.support import SiteBuilder, article, document

SITE = "https://feeds.example.org/"
NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
}


@dataclass
class Rendered:
    """The one article of a site in each format."""

    item: Any
    entry: Any
    json: dict[str, Any]
    #: The three documents, one after the other.
    text: str

    def rss(self, path: str) -> list[str]:
        """The values of an XPath from the RSS item, as text."""
        return values(self.item, path)

    def atom(self, path: str) -> list[str]:
        """The values of an XPath from the Atom entry, as text."""
        return values(self.entry, path)


def values(element: Any, path: str) -> list[str]:
    nodes = element.xpath(path, namespaces=NAMESPACES)
    return [str(node) if isinstance(node, str) else "".join(node.itertext()) for node in nodes]


def links(element: Any, rel: str) -> list[dict[str, str]]:
    """The attributes of every atom:link with a rel, without the rel."""
    elements = element.xpath("atom:link", namespaces=NAMESPACES)
    return [
        {key: value for key, value in element.attrib.items() if key != "rel"}
        for element in elements
        if element.get("rel") == rel
    ]


def publish(site: SiteBuilder, body: str = "", **keys: Any) -> Rendered:
    site.write_text("one.md", document(article(**keys), body))
    publication = site.publication()
    names = ("/rss.xml", "/atom.xml", "/feed.json")
    bodies = [getattr(publication.document(name), "body", b"") for name in names]
    rss, atom, feed = bodies
    (item,) = etree.fromstring(rss).iter("item")
    (entry,) = etree.fromstring(atom).iter("{http://www.w3.org/2005/Atom}entry")
    (json_item,) = json.loads(feed)["items"]
    return Rendered(item, entry, json_item, b"\n".join(bodies).decode())


@pytest.mark.parametrize("key", ["title", "name"])
def test_title_or_name_is_the_title(site: SiteBuilder, key: str) -> None:
    one = publish(site, **{"title": "", key: "Fish &amp; <chips> “today”"})
    expected = "Fish & <chips> “today”"
    assert one.rss("title") == one.atom("atom:title") == [one.json["title"]] == [expected]


def test_an_excerpt_is_plain_text_even_where_it_looks_like_html(site: SiteBuilder) -> None:
    one = publish(site, excerpt="It&#8217;s&nbsp;1 &lt; 2 <b>\n &amp;amp; so on")
    expected = "It’s\xa01 < 2 <b> &amp; so on"
    assert one.json["summary"] == expected
    # Readers take it for HTML (RSS 2.0; RFC 4287 §3.1.1.2): it has to say the same once shown.
    assert list(map(html.unescape, one.rss("description"))) == [expected]
    assert list(map(html.unescape, one.atom("atom:summary[@type='html']"))) == [expected]


def test_the_spaces_of_titles_and_names_are_those_that_the_author_chose(site: SiteBuilder) -> None:
    title, name = "Bonjour\u202f! 100\xa0000\xa0€ 第一回\u3000はじめに", "Le\xa0Café"
    excerpt = f"«\xa0{title}\xa0»"
    site.configure(title=f"Les\xa0nouvelles\xa0: {name}", url=SITE)
    provider = {"name": name, "authors": ["Zoë\xa0A"]}
    one = publish(site, title=title, excerpt=excerpt, topics=[name], provider=provider)
    assert one.rss("title") == one.atom("atom:title") == [one.json["title"]] == [title]
    assert one.rss("description") == [one.json["summary"]] == [excerpt]
    assert one.rss("category") == one.json["tags"] == [name]
    assert one.atom("atom:author/atom:name/text()") == [name, "Zoë\xa0A"]
    channel = etree.fromstring(site.published("/topics/le-cafe/rss.xml"))[0]
    assert name in channel.findtext("title")
    # For whoever looks for them, they are spaces.
    site.configure(
        title="T",
        url=SITE,
        topics=[{"name": "Le Café"}],
        feeds=[
            {"name": "words", "q": 'bonjour "100 000" -"100000"'},
            {"name": "names", "any": ["le café"], "provider": ["Le Café"]},
        ],
    )
    site.write("b.md", title=title.replace("\xa0", " "), topics=["Le Café", name])
    for path in ("feeds/words", "feeds/names", "topics/le-cafe"):
        items = json.loads(site.published(f"/{path}/feed.json"))["items"]
        assert title in [item["title"] for item in items], path
    assert [item["tags"] for item in items] == [["Le Café"]] * 2


def test_an_excerpt_without_markup_needs_no_type_in_atom(site: SiteBuilder) -> None:
    one = publish(site, excerpt="Calm and “clear”")
    assert one.atom("atom:summary") == one.rss("description") == ["Calm and “clear”"]
    assert one.atom("atom:summary/@type") == []


def test_an_article_without_an_excerpt_has_no_summary(site: SiteBuilder) -> None:
    one = publish(site, "The body.")
    assert one.atom("atom:summary") == []
    assert "summary" not in one.json
    # feedgen writes the content as the description then, and RSS 2.0 lets it.
    assert one.rss("content:encoded | description") == ["<p>The body.</p>"]


def test_the_body_is_the_full_content(site: SiteBuilder) -> None:
    one = publish(site, "Some *Markdown* & <u>HTML</u>.", excerpt="In short")
    expected = "<p>Some <em>Markdown</em> &amp; <u>HTML</u>.</p>"
    assert one.rss("content:encoded") == one.atom("atom:content[@type='html']") == [expected]
    assert one.json["content_html"] == expected
    assert one.rss("description") == ["In short"]


def test_featured_content_is_a_frame_in_json_and_a_picture_that_links_to_it_in_xml(
    site: SiteBuilder,
) -> None:
    frame = '<iframe src="https://www.youtube.com/embed/abc" width="9" height="6"></iframe>'
    one = publish(site, excerpt="…", featuredContent=frame, images="https://i.example.com/a.png")
    assert '<iframe src="https://www.youtube.com/embed/abc" width="9"' in one.json["content_html"]
    for (content,) in (one.rss("content:encoded"), one.atom("atom:content")):
        assert "<iframe" not in content
        assert '<a href="https://www.youtube.com/watch?v=abc"><img ' in content
    for values_of in (one.rss, one.atom):
        assert values_of(".//media:player/@url") == ["https://www.youtube.com/embed/abc"]


def test_dates_are_written_in_utc_and_one_without_an_offset_is_utc(site: SiteBuilder) -> None:
    one = publish(
        site,
        publishedDateTime="2026-04-30T23:30:00",
        updatedDateTime="2026-05-02T01:00:00+02:00",
    )
    assert one.rss("pubDate") == ["Thu, 30 Apr 2026 23:30:00 +0000"]
    published, updated = "2026-04-30T23:30:00.850358", "2026-05-01T23:00:00.850358"
    assert one.atom("atom:published") == [f"{published}+00:00"]
    assert one.atom("atom:updated") == one.rss("atom:updated") == [f"{updated}+00:00"]
    assert one.json["date_published"] == f"{published}Z"
    assert one.json["date_modified"] == f"{updated}Z"


def test_an_article_without_an_update_has_an_updated_date_in_atom_alone(
    site: SiteBuilder,
) -> None:
    one = publish(site, publishedDateTime="2026-04-30T23:30:00Z")
    assert one.atom("atom:updated") == one.atom("atom:published")
    assert one.rss("atom:updated") == []
    assert "date_modified" not in one.json


@pytest.mark.parametrize("key", ["webUrl", "originalUrl"])
def test_the_page_to_open_is_also_the_id(site: SiteBuilder, key: str) -> None:
    url = "https://example.com/?a=1&b=2"
    one = publish(site, **{"webUrl": "", key: url})
    assert one.atom("atom:id") == one.rss("link") == one.rss("guid[@isPermaLink='true']") == [url]
    assert links(one.entry, "alternate") == [{"type": "text/html", "href": url}]
    assert (one.json["id"], one.json["url"]) == (url, url)
    assert links(one.entry, "via") == links(one.item, "via") == []
    assert "external_url" not in one.json


def test_the_article_is_the_first_link_of_its_entry(site: SiteBuilder) -> None:
    one = publish(
        site,
        webUrl="https://example.com/it",
        originalUrl="https://example.net/it",
        images="https://example.com/it.jpg",
        related="https://example.com/other",
    )
    assert one.atom("atom:link/@href")[0] == "https://example.com/it"
    assert one.atom("atom:link/@rel").count("alternate") == 1


def test_the_original_url_is_a_via_link_where_it_differs(
    site: SiteBuilder,
) -> None:
    one = publish(site, webUrl="https://example.com/it", originalUrl="https://example.net/it")
    assert links(one.entry, "via") == links(one.item, "via") == [{"href": "https://example.net/it"}]
    assert one.json["external_url"] == "https://example.net/it"
    assert one.json["url"] == "https://example.com/it"


@pytest.mark.parametrize("key", ["ampWebUrl", "cdnAmpWebUrl"])
def test_the_amp_page_is_in_json_alone(site: SiteBuilder, key: str) -> None:
    one = publish(site, **{key: "https://example.com/as-amp"})
    assert one.json["_feeds"]["amp_url"] == "https://example.com/as-amp"
    assert one.text.count("as-amp") == 1
    assert "amphtml" not in one.text


def test_the_provider_and_its_people_are_the_authors(site: SiteBuilder) -> None:
    provider = {
        "name": "Night & Day",
        "domain": "news.example.com",
        "authors": [{"name": "Ada"}, "Grace <g@example.com>"],
        "images": "https://news.example.com/logo.png",
    }
    one = publish(site, provider=provider)
    names = ["Night & Day", "Ada", "Grace <g@example.com>"]
    assert one.rss("dc:creator") == one.atom("atom:author/atom:name") == names
    assert one.rss("author") == []  # RSS 2.0 wants an email address in it
    assert one.atom("atom:author/atom:uri") == ["https://news.example.com/"]
    organisation, *people = one.json["authors"]
    assert organisation == {
        "name": "Night & Day",
        "url": "https://news.example.com/",
        "avatar": "https://news.example.com/logo.png",
    }
    assert people == [{"name": name} for name in names[1:]]


def test_topics_are_categories_under_their_own_names(site: SiteBuilder) -> None:
    topics = [{"name": "Machine Learning", "aliases": ["ML"]}]
    site.configure(title="Test site", url=SITE, topics=topics)
    one = publish(site, topics=["ML", "R&D", "ml"])
    names = ["Machine Learning", "R&D"]
    scheme = f"{SITE}topics/"
    assert one.rss("category") == one.json["tags"] == names
    assert one.rss("category/@domain") == []
    assert one.atom(f"atom:category[@scheme='{scheme}']/@term") == names
    assert one.atom(f"atom:category[@scheme='{scheme}']/@label") == names


def test_category_and_type_are_atom_categories_with_schemes_of_their_own(
    site: SiteBuilder,
) -> None:
    one = publish(site, category="a-category", type="a-type", topics=["AI"])
    schemes = dict(
        zip(one.atom("atom:category/@term"), one.atom("atom:category/@scheme"), strict=True)
    )
    assert schemes == {
        "AI": f"{SITE}topics/",
        "a-category": f"{SITE}#category",
        "a-type": f"{SITE}#type",
    }
    assert one.rss("category") == one.json["tags"] == ["AI"]
    assert one.text.count("a-category") == one.text.count("a-type") == 2  # term and label


def test_images_are_enclosures_and_media_and_a_thumbnail(site: SiteBuilder) -> None:
    first = {"url": "/media/a.png", "width": 6, "height": 4, "title": "A <b>", "attribution": "© B"}
    one = publish(site, images=[first, {"url": "https://i.example.com//b.webp?w=9&h=8"}])
    urls = [f"{SITE}media/a.png", "https://i.example.com//b.webp?w=9&h=8"]
    assert links(one.entry, "enclosure") == [
        {"type": "image/png", "title": "A <b>", "href": urls[0]},
        {"type": "image/webp", "href": urls[1]},
    ]
    (enclosure,) = one.item.findall("enclosure")  # RSS 2.0 has room for one
    assert dict(enclosure.attrib) == {"url": urls[0], "length": "0", "type": "image/png"}
    for values_of in (one.rss, one.atom):
        assert values_of("media:content/@url") == urls
        assert values_of("media:content/@type") == ["image/png", "image/webp"]
        assert values_of("media:content[1]/@width") == ["6"]
        assert values_of("media:content[1]/@height") == ["4"]
        assert values_of("media:content/media:title") == ["A <b>"]
        assert values_of("media:content/media:credit") == ["© B"]
        assert values_of("media:thumbnail/@url") == urls[:1]
        assert values_of("media:group") == []
    assert one.json["image"] == urls[0]
    assert one.json["attachments"] == [
        {"url": urls[0], "mime_type": "image/png", "title": "A <b>"},
        {"url": urls[1], "mime_type": "image/webp"},
    ]


def test_actions_are_enclosures_before_any_image(site: SiteBuilder) -> None:
    sheet = {"url": "/media/table.csv", "title": "Rows & columns"}
    sound = {"url": "https://example.com/a.mp3?dl=1"}
    one = publish(site, actions=[sheet, sound], images="https://example.com/a.png")
    assert links(one.entry, "enclosure") == [
        {"type": "text/csv", "title": "Rows & columns", "href": f"{SITE}media/table.csv"},
        {"type": "audio/mpeg", "href": sound["url"]},
        {"type": "image/png", "href": "https://example.com/a.png"},
    ]
    # The one that RSS 2.0 has room for is what a podcast reader plays.
    assert one.rss("enclosure/@url") == [sound["url"]]
    assert one.rss("enclosure/@type") == ["audio/mpeg"]
    assert [attachment["mime_type"] for attachment in one.json["attachments"]] == [
        "text/csv",
        "audio/mpeg",
        "image/png",
    ]
    assert f'<a href="{SITE}media/table.csv">Rows &amp; columns</a>' in one.json["content_html"]


RELATED = {
    "title": "The <other> side & more",
    "webUrl": "https://other.example.com/?a=1&b=2",
    "excerpt": "Briefly",
    "publishedDateTime": "2026-04-01",
    "provider": {"name": "Other", "domain": "other.example.com"},
    "images": "/media/other.jpg",
}
COVERAGE = (
    '<a href="https://other.example.com/?a=1&amp;b=2">The &lt;other&gt; side &amp; more</a> – Other'
)


def test_related_coverage_is_links_with_titles_and_a_list_in_the_content(site: SiteBuilder) -> None:
    one = publish(site, "Body", excerpt="In short", related=[RELATED])
    link = {"type": "text/html", "title": RELATED["title"], "href": RELATED["webUrl"]}
    assert links(one.entry, "related") == links(one.item, "related") == [link]
    for (content,) in (one.rss("content:encoded"), one.atom("atom:content")):
        assert COVERAGE in content
    assert COVERAGE in one.json["content_html"]
    assert one.json["_feeds"]["related"] == [
        {
            "url": RELATED["webUrl"],
            "title": RELATED["title"],
            "summary": "Briefly",
            "date_published": "2026-04-01T00:00:00Z",
            "authors": [{"name": "Other", "url": "https://other.example.com/"}],
            "image": f"{SITE}media/other.jpg",
        }
    ]
    assert "attachments" not in one.json  # another's picture is not the article's


def test_without_related_in_rss_only_the_list_in_the_content_is_left(site: SiteBuilder) -> None:
    site.configure(title="Test site", url=SITE, related_in_rss=False)
    one = publish(site, "Body", excerpt="In short", related=[RELATED])
    assert links(one.item, "related") == []
    assert COVERAGE in one.rss("content:encoded")[0]
    assert len(links(one.entry, "related")) == 1


def test_quality_heat_secured_and_unknown_keys_are_written_nowhere(site: SiteBuilder) -> None:
    secret = {"secured": "kept-secret", "unknown": "kept-secret", "isCached": "kept-secret"}
    one = publish(
        site,
        quality=66.03125,
        heat=-41.0625,
        provider={"name": "P", **secret},
        images=[{"url": "https://example.com/a.png", **secret}],
        related=[RELATED | {"quality": 77.03125} | secret],
        **secret,
    )
    assert "kept-secret" not in one.text
    assert "03125" not in one.text
    assert "41.0625" not in one.text
    for name in ("quality", "heat", "secured"):
        assert name not in one.text
