"""Atom 1.0 (RFC 4287)."""

from dataclasses import asdict

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from feeds.formats import ATOM
from feeds.formats import feedgen_adapter as adapter
from feeds.formats.entry_html import summary_text
from feeds.model.article import Article
from feeds.model.feed import Context, Feed
from feeds.text.repair import escape_html


def render_document(feed: Feed) -> bytes:
    """Return the feed as Atom."""
    entries = (entry.part(ATOM.name) for entry in feed.entries)
    document = feedgen_feed(feed).atom_str()
    return adapter.insert_entries(document, entries, b"</feed>", feed.root)


def render_entry(article: Article, context: Context) -> bytes:
    """Return the article as an entry of a feed."""
    return adapter.entry_bytes(feedgen_entry(article, context).atom_entry())


def feedgen_feed(feed: Feed) -> FeedGenerator:
    """Return feedgen's object for the feed, without entries."""
    generator = adapter.new_feed(feed, ATOM)
    for attributes in adapter.feed_links(feed, ATOM):
        generator.link(**attributes)
    return generator


def feedgen_entry(article: Article, context: Context) -> FeedEntry:
    """Return feedgen's object for the article."""
    entry = adapter.new_entry(article, context)
    entry.id(article.iri)
    # feedgen writes xmlns as an attribute of the root, so Atom elements need names without it.
    add = entry.extra.add
    summary = summary_text(article, context.content)
    if context.content == "full":
        # Before all other links: some readers open the first, whatever its rel.
        add("link", rel="alternate", type="text/html", href=article.url)
    else:
        # Some readers need a summary where there is no content.
        summary = summary or article.title
        # RFC 4287 §4.1.2 requires the link here, and feedgen accepts only its own.
        entry.link(rel="alternate", type="text/html", href=article.url)
    if summary:
        # Readers take text with these for HTML, so it is declared as that (RFC 4287 §3.1.1).
        is_ambiguous = "<" in summary or "&" in summary
        text, type = (escape_html(summary), "html") if is_ambiguous else (summary, None)
        entry.summary(text, type)
    if article.provider:
        entry.author({"name": article.provider.name, "uri": article.provider.url})
        entry.author([{"name": name} for name in article.provider.authors])
    elif context.author:
        # Not all readers fall back on the feed's author (RFC 4287 §4.2.1).
        entry.author(asdict(context.author))
    categories = {
        context.topics_url: article.topics,
        f"{context.site_url}#category": (article.category,),
        f"{context.site_url}#type": (article.type,),
    }
    for scheme, names in categories.items():
        entry.category([{"term": name, "scheme": scheme, "label": name} for name in names if name])
    if article.original_url:
        add("link", rel="via", href=article.original_url)
    for file in article.enclosures:
        attributes = {"length": file.length, "title": file.title, "href": file.url}
        add("link", rel="enclosure", type=file.media_type, **attributes)
    for other in article.related:
        add("link", rel="related", type="text/html", title=other.title, href=other.url)
    entry.extra.elements += adapter.media_elements(article)
    return entry
