"""RSS 2.0 (https://www.rssboard.org/rss-specification), with the elements of a podcast.

These are Apple's ("A Podcaster's Guide to RSS") and Podcasting 2.0's
(https://podcastindex.org/namespace/1.0).
"""

from collections.abc import Iterator
from email.utils import format_datetime

from feedgen.feed import FeedGenerator

from feeds.formats import RSS, EntrySource
from feeds.formats import feedgen_adapter as adapter
from feeds.formats.entry_html import summary_text
from feeds.formats.entry_xml import as_bytes, content, element, media, parent
from feeds.model.article import Article, Episode
from feeds.model.feed import Feed
from feeds.model.site import Podcast
from feeds.text.repair import escape_html


def render_document(feed: Feed) -> bytes:
    """Return the feed as RSS."""
    items = [entry.part(RSS.name) for entry in feed.entries]
    # A "<" in text is escaped, so these can only be elements.
    has_episodes = any(b"<itunes:" in item or b"<podcast:" in item for item in items)
    channel = feedgen_channel(feed, is_podcast=feed.is_podcast or has_episodes)
    document = _with_plain_title(channel.rss_str())
    return adapter.insert_entries(document, items, b"</channel></rss>", feed.root)


def render_entry(source: EntrySource) -> bytes:
    """Return the article as an item of a channel."""
    return _with_plain_title(as_bytes(("<item>", *_item(source), "</item>")))


def feedgen_channel(feed: Feed, *, is_podcast: bool) -> FeedGenerator:
    """Return feedgen's object for the feed, without items."""
    generator = adapter.new_feed(feed, RSS, "dc")
    own = [adapter.element("atom:link", **link) for link in adapter.feed_links(feed, RSS)]
    # An editor needs an email address; a creator too would be a duplicate for W3C's validator.
    if feed.author.email:
        generator.managingEditor(f"{feed.author.email} ({feed.author.name})")
    else:
        own.insert(0, adapter.element("dc:creator", feed.author.name))
    generator.extra.elements[:0] = own
    generator.pubDate(feed.published)
    generator.docs("https://www.rssboard.org/rss-specification")
    if is_podcast:
        _add_show(generator, feed.podcast, new_url=RSS.url(feed) if feed.has_moved else "")
    return generator


def _item(source: EntrySource) -> Iterator[str]:
    """Yield the elements of an item, in feedgen's order."""
    article, context = source.article, source.context
    yield element("title", article.title)
    yield element("link", article.url)
    body = source.shared(content) if context.content == "full" else ""
    if summary := summary_text(article, context.content):
        # RSS 2.0 defines a description as HTML.
        yield element("description", escape_html(summary))
        yield parent("content:encoded", body)
    else:
        yield parent("description", body)
    permalink = "true" if article.id == article.url else "false"
    yield element("guid", article.id, isPermaLink=permalink)
    # Without the domain: some parsers make an object of a category that has one.
    for topic in article.topics:
        yield element("category", topic)
    if file := article.recording or next(iter(article.enclosures), None):
        # RSS 2.0 requires a length; 0 stands for one that is unknown.
        length = str(file.length or 0)
        yield element("enclosure", url=file.url, length=length, type=file.media_type)
    yield element("pubDate", format_datetime(article.published))
    if article.provider:
        # RSS 2.0 allows no <author> without an email address.
        for name in (article.provider.name, *article.provider.authors):
            yield element("dc:creator", name)
    elif context.author:
        yield element("dc:creator", context.author.name)
    if article.original_url:
        yield element("atom:link", rel="via", href=article.original_url)
    for other in article.related if context.related_in_rss else ():
        attributes = {"type": "text/html", "title": other.title, "href": other.url}
        yield element("atom:link", rel="related", **attributes)
    if article.updated != article.published:
        yield element("atom:updated", article.updated.isoformat())
    yield source.shared(media)
    if article.episode and article.recording:
        yield from _episode(article, article.episode)


def _with_plain_title(document: bytes) -> bytes:
    # RSS 2.0 doesn't say whether a title is text or HTML. With these references, readers of both
    # kinds show the characters (RSS Advisory Board's Best Practices Profile, "title").
    title, end, rest = document.partition(b"</title>")
    if not end:
        return document
    return title.replace(b"&lt;", b"&#x3C;").replace(b"&amp;", b"&#x26;") + end + rest


def _add_show(generator: FeedGenerator, podcast: Podcast, new_url: str) -> None:
    """Make a channel a podcast, which may be a copy of one that has a new URL."""
    adapter.register_podcast(generator)
    itunes = generator.podcast
    itunes.itunes_author(podcast.author)
    itunes.itunes_category([{"cat": name, "sub": below} for name, below in podcast.categories])
    if podcast.owner_email:
        itunes.itunes_owner(podcast.owner_name, podcast.owner_email)
    itunes.itunes_type(podcast.type or None)
    if podcast.copyright:
        generator.copyright(podcast.copyright)
    # feedgen refuses .jpeg and a URL with a query.
    generator.show.add("itunes:image", href=podcast.image)
    generator.show.add("itunes:explicit", _explicit(podcast.explicit))
    generator.show.add("itunes:new-feed-url", new_url)


def _episode(article: Article, episode: Episode) -> Iterator[str]:
    """Yield the elements that make an item an episode."""
    yield element("itunes:explicit", _explicit(episode.explicit))
    # After media:thumbnail: some readers take the last of the pictures.
    yield element("itunes:image", href=article.artwork.url if article.artwork else "")
    yield element("podcast:season", episode.season)
    yield element("podcast:episode", episode.number)
    for file in episode.transcripts:
        attributes = {"url": file.url, "type": file.media_type, "language": file.language}
        yield element("podcast:transcript", **attributes)
    if episode.chapters:
        yield element("podcast:chapters", url=episode.chapters, type="application/json+chapters")
    for person in episode.people:
        attributes = {"group": person.group, "img": person.image, "href": person.url}
        yield element("podcast:person", person.name, role=person.role, **attributes)
    yield element("itunes:duration", episode.duration)
    yield element("itunes:season", episode.season)
    yield element("itunes:episode", episode.number)
    yield element("itunes:episodeType", episode.type)


def _explicit(explicit: bool | None) -> str:
    # feedgen writes only yes, no and clean, Apple's values until 2019.
    return "" if explicit is None else str(explicit).lower()
