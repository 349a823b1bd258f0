"""RSS 2.0 (https://www.rssboard.org/rss-specification)."""

from __future__ import annotations

import re

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from feeds.formats import RSS
from feeds.formats import feedgen_adapter as adapter
from feeds.formats.entry_html import content_html, summary_text
from feeds.formats.feedgen_adapter import ATOM_NS, MEDIA_NS, element
from feeds.formats.podcast import PODCAST_NAMESPACES, add_episode, add_show
from feeds.model.article import Article
from feeds.model.feed import Context, Feed
from feeds.text.repair import escape_html

_NAMESPACES = {
    "atom": ATOM_NS,
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": MEDIA_NS,
    **PODCAST_NAMESPACES,
}
_TITLE = re.compile(rb"(?<=<title>)[^<]*&[^<]*(?=</title>)")


def render_document(feed: Feed) -> bytes:
    """Return the feed as RSS."""
    items = [entry.part(RSS.name) for entry in feed.entries]
    # A "<" in text is escaped, so these can only be elements.
    has_episodes = any(b"<itunes:" in item or b"<podcast:" in item for item in items)
    channel = feedgen_channel(feed, is_podcast=feed.is_podcast or has_episodes)
    document = _with_plain_titles(channel.rss_str())
    return adapter.insert_entries(document, items, b"</channel></rss>", feed.root)


def render_entry(article: Article, context: Context) -> bytes:
    """Return the article as an item of a channel."""
    item = adapter.entry_bytes(feedgen_item(article, context).rss_entry(), _NAMESPACES)
    has_markup = "&" in article.title or "<" in article.title
    return _with_plain_titles(item) if has_markup else item


def feedgen_channel(feed: Feed, *, is_podcast: bool) -> FeedGenerator:
    """Return feedgen's object for the feed, without items."""
    generator = adapter.new_feed(feed, RSS)
    # feedgen writes the last link as the channel's, whatever its rel.
    generator.link(href=feed.url)
    links = (element(ATOM_NS, "link", **attributes) for attributes in adapter.feed_links(feed, RSS))
    generator.extra.elements += (*links, *adapter.history_elements(feed))
    # An editor needs an email address; a creator too would be a duplicate for W3C's validator.
    if feed.author.email:
        generator.managingEditor(f"{feed.author.email} ({feed.author.name})")
    else:
        generator.dc.dc_creator(feed.author.name)
    generator.docs("https://www.rssboard.org/rss-specification")
    if is_podcast:
        add_show(generator, feed.podcast)
    return generator


def feedgen_item(article: Article, context: Context) -> FeedEntry:
    """Return feedgen's object for the article."""
    item = adapter.new_entry()
    item.title(article.title)
    item.link(href=article.url)
    item.guid(article.id, permalink=article.id == article.url)
    item.pubDate(article.published)
    if summary := summary_text(article, context.content):
        # RSS 2.0 defines a description as HTML.
        item.description(escape_html(summary), isSummary=True)
    if context.content == "full":
        item.content(content_html(article, frame=False))
    item.category([{"term": name, "scheme": context.topics_url} for name in article.topics])
    if article.provider:
        # RSS 2.0 allows no <author> without an email address.
        item.dc.dc_creator([article.provider.name, *article.provider.authors])
    elif context.author:
        item.dc.dc_creator(context.author.name)
    if enclosure := article.recording or next(iter(article.enclosures), None):
        # RSS 2.0 requires a length; 0 stands for one that is unknown.
        item.enclosure(enclosure.url, str(enclosure.length or 0), enclosure.media_type)
    extra = item.extra.elements
    if article.original_url:
        extra.append(element(ATOM_NS, "link", rel="via", href=article.original_url))
    if context.related_in_rss:
        extra += adapter.related_links(ATOM_NS, article)
    if article.updated != article.published:
        extra.append(element(ATOM_NS, "updated", article.updated.isoformat()))
    if article.episode and article.recording:
        add_episode(item, article, article.episode)
    extra += adapter.media_elements(article)
    return item


def _with_plain_titles(document: bytes) -> bytes:
    # RSS 2.0 doesn't say whether a title is text or HTML. With these references, readers of both
    # kinds show the characters (RSS Advisory Board's Best Practices Profile, "title").
    return _TITLE.sub(
        lambda title: title[0].replace(b"&lt;", b"&#x3C;").replace(b"&amp;", b"&#x26;"), document
    )
