"""RSS 2.0 (https://www.rssboard.org/rss-specification), with the elements of a podcast.

These are Apple's ("A Podcaster's Guide to RSS") and Podcasting 2.0's
(https://podcastindex.org/namespace/1.0).
"""

from functools import partial

from feedgen.entry import FeedEntry
from feedgen.ext.podcast import PodcastExtension
from feedgen.ext.podcast_entry import PodcastEntryExtension
from feedgen.feed import FeedGenerator

from feeds.formats import RSS
from feeds.formats import feedgen_adapter as adapter
from feeds.formats.entry_html import summary_text
from feeds.formats.feedgen_adapter import Elements, element
from feeds.model.article import Article, Episode
from feeds.model.feed import Context, Feed
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


def render_entry(article: Article, context: Context) -> bytes:
    """Return the article as an item of a channel."""
    item = feedgen_item(article, context).rss_entry()
    return _with_plain_title(adapter.entry_bytes(item))


def feedgen_channel(feed: Feed, *, is_podcast: bool) -> FeedGenerator:
    """Return feedgen's object for the feed, without items."""
    generator = adapter.new_feed(feed, RSS)
    links = [element("atom:link", **attributes) for attributes in adapter.feed_links(feed, RSS)]
    generator.extra.elements[:0] = links
    # An editor needs an email address; a creator too would be a duplicate for W3C's validator.
    if feed.author.email:
        generator.managingEditor(f"{feed.author.email} ({feed.author.name})")
    else:
        generator.dc.dc_creator(feed.author.name)
    generator.pubDate(feed.published)
    generator.docs("https://www.rssboard.org/rss-specification")
    if is_podcast:
        _add_show(generator, feed.podcast, new_url=RSS.url(feed) if feed.has_moved else "")
    return generator


def feedgen_item(article: Article, context: Context) -> FeedEntry:
    """Return feedgen's object for the article."""
    item = adapter.new_entry(article, context)
    item.guid(article.id, permalink=article.id == article.url)
    item.link(href=article.url)
    # Without the domain: some parsers make an object of a category that has one.
    item.category([{"term": name} for name in article.topics])
    if summary := summary_text(article, context.content):
        # RSS 2.0 defines a description as HTML.
        item.description(escape_html(summary), isSummary=True)
    if article.provider:
        # RSS 2.0 allows no <author> without an email address.
        item.dc.dc_creator([article.provider.name, *article.provider.authors])
    elif context.author:
        item.dc.dc_creator(context.author.name)
    if enclosure := article.recording or next(iter(article.enclosures), None):
        # RSS 2.0 requires a length; 0 stands for one that is unknown.
        item.enclosure(enclosure.url, str(enclosure.length or 0), enclosure.media_type)
    if article.original_url:
        item.extra.add("atom:link", rel="via", href=article.original_url)
    for other in article.related if context.related_in_rss else ():
        attributes = {"type": "text/html", "title": other.title, "href": other.url}
        item.extra.add("atom:link", rel="related", **attributes)
    if article.updated != article.published:
        item.extra.add("atom:updated", article.updated.isoformat())
    item.extra.elements += adapter.media_elements(article)
    if article.episode and article.recording:
        _add_episode(item, article, article.episode)
    return item


def _with_plain_title(document: bytes) -> bytes:
    # RSS 2.0 doesn't say whether a title is text or HTML. With these references, readers of both
    # kinds show the characters (RSS Advisory Board's Best Practices Profile, "title").
    title, end, rest = document.partition(b"</title>")
    if not end:
        return document
    return title.replace(b"&lt;", b"&#x3C;").replace(b"&amp;", b"&#x26;") + end + rest


def _add_show(generator: FeedGenerator, podcast: Podcast, new_url: str) -> None:
    """Make a channel a podcast, which may be a copy of one that has a new URL."""
    generator.register_extension("podcast", PodcastExtension, atom=False)
    itunes = generator.podcast
    itunes.itunes_author(podcast.author)
    itunes.itunes_category([{"cat": name, "sub": below} for name, below in podcast.categories])
    if podcast.owner_email:
        itunes.itunes_owner(podcast.owner_name, podcast.owner_email)
    itunes.itunes_type(podcast.type or None)
    if podcast.copyright:
        generator.copyright(podcast.copyright)
    # Declared only with episodes: some readers take every feed that declares these for a podcast.
    show = partial(Elements, "itunes", "podcast")
    generator.register_extension("show", show, atom=False)
    # feedgen refuses .jpeg and a URL with a query.
    generator.show.add("itunes:image", href=podcast.image)
    generator.show.add("itunes:explicit", _explicit(podcast.explicit))
    generator.show.add("itunes:new-feed-url", new_url)


def _add_episode(item: FeedEntry, article: Article, episode: Episode) -> None:
    """Make an item an episode."""
    item.register_extension("podcast", PodcastEntryExtension, atom=False)
    # feedgen ignores None.
    item.podcast.itunes_duration(episode.duration)
    item.podcast.itunes_season(episode.season)
    item.podcast.itunes_episode(episode.number)
    item.podcast.itunes_episode_type(episode.type or None)
    add = item.extra.add
    add("itunes:explicit", _explicit(episode.explicit))
    # After media:thumbnail: some readers take the last of the pictures.
    add("itunes:image", href=article.artwork and article.artwork.url)
    add("podcast:season", episode.season)
    add("podcast:episode", episode.number)
    for file in episode.transcripts:
        add("podcast:transcript", url=file.url, type=file.media_type, language=file.language)
    if episode.chapters:
        add("podcast:chapters", url=episode.chapters, type="application/json+chapters")
    for person in episode.people:
        attributes = {"group": person.group, "img": person.image, "href": person.url}
        add("podcast:person", person.name, role=person.role, **attributes)


def _explicit(explicit: bool | None) -> str:
    # feedgen writes only yes, no and clean, Apple's values until 2019.
    return "" if explicit is None else str(explicit).lower()
