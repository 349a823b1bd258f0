"""Atom 1.0 (RFC 4287)."""

from collections.abc import Iterator

from feedgen.feed import FeedGenerator

from feeds.formats import ATOM, EntrySource
from feeds.formats import feedgen_adapter as adapter
from feeds.formats.entry_html import summary_text
from feeds.formats.entry_xml import as_bytes, content, element, media, parent
from feeds.model.feed import Feed
from feeds.text.identifiers import as_iri
from feeds.text.repair import escape_html


def render_document(feed: Feed) -> bytes:
    """Return the feed as Atom."""
    entries = (entry.part(ATOM.name) for entry in feed.entries)
    document = feedgen_feed(feed).atom_str()
    return adapter.insert_entries(document, entries, b"</feed>", feed.root)


def render_entry(source: EntrySource) -> bytes:
    """Return the article as an entry of a feed."""
    return as_bytes(("<entry>", *_entry(source), "</entry>"))


def feedgen_feed(feed: Feed) -> FeedGenerator:
    """Return feedgen's object for the feed, without entries."""
    generator = adapter.new_feed(feed, ATOM)
    generator.id(as_iri(feed.id))
    generator.author({"name": feed.author.name, "uri": feed.author.uri, "email": feed.author.email})
    generator.icon(feed.icon)
    for attributes in adapter.feed_links(feed, ATOM):
        generator.link(**attributes)
    return generator


def _entry(source: EntrySource) -> Iterator[str]:
    """Yield the elements of an entry, in feedgen's order."""
    article, context = source.article, source.context
    is_full = context.content == "full"
    summary = summary_text(article, context.content)
    yield element("id", article.iri)
    yield element("title", article.title)
    yield element("updated", article.updated.isoformat())
    if provider := article.provider:
        yield _author(provider.name, provider.url)
        for name in provider.authors:
            yield _author(name)
    elif author := context.author:
        # Not all readers fall back on the feed's author (RFC 4287 §4.2.1).
        yield _author(author.name, author.uri, author.email)
    if is_full:
        yield parent("content", source.shared(content), type="html")
    else:
        # RFC 4287 §4.1.2 requires a link here.
        yield element("link", href=article.url)
        # Some readers need a summary where there is no content.
        summary = summary or article.title
    if summary:
        # Readers take text with these for HTML, so it is declared as that (RFC 4287 §3.1.1).
        is_ambiguous = "<" in summary or "&" in summary
        text, type = (escape_html(summary), "html") if is_ambiguous else (summary, "")
        yield element("summary", text, type=type)
    categories = {
        context.topics_url: article.topics,
        f"{context.site_url}#category": (article.category,),
        f"{context.site_url}#type": (article.type,),
    }
    for scheme, names in categories.items():
        for name in filter(None, names):
            yield element("category", term=name, scheme=scheme, label=name)
    yield element("published", article.published.isoformat())
    if is_full:
        # Before all other links: some readers open the first, whatever its rel.
        yield element("link", rel="alternate", type="text/html", href=article.url)
    if article.original_url:
        yield element("link", rel="via", href=article.original_url)
    for file in article.enclosures:
        attributes = {"length": file.length, "title": file.title, "href": file.url}
        yield element("link", rel="enclosure", type=file.media_type, **attributes)
    for other in article.related:
        yield element("link", rel="related", type="text/html", title=other.title, href=other.url)
    yield source.shared(media)


def _author(name: str, uri: str = "", email: str = "") -> str:
    parts = element("name", name), element("email", email), element("uri", uri)
    return parent("author", "".join(parts))
