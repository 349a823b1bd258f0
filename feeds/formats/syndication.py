"""RSS 2.0 and Atom (RFC 4287), by feedgen.

The one importer of feedgen and the owner of its traps: release 1.0.0 drops every attribute of an
entry's links but the last's, keeps one enclosure, writes no related links in RSS, formats dates by
changing the process's locale, and takes the time of day where it is not told a date. What it
lacks is written through its own extension mechanism below.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import lxml.etree as etree  # before feedgen.util, which expects it to be there already
from feedgen import entry as feedgen_entry
from feedgen import feed as feedgen_feed
from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.ext.dc import DcEntryExtension, DcExtension
from feedgen.ext.podcast import PodcastExtension
from feedgen.ext.podcast_entry import PodcastEntryExtension
from feedgen.feed import FeedGenerator

from feeds.formats import STYLE
from feeds.formats.entry_html import content_html, summary_of
from feeds.formats.podcast_elements import EPISODE_NAMESPACES, episode_elements, show_elements
from feeds.model.article import Article, Download, Episode, Image
from feeds.model.feed import Context, Entry, Feed, History
from feeds.model.podcast import Podcast
from feeds.model.site import Author
from feeds.text.repair import escape_html

_ATOM_NS = "http://www.w3.org/2005/Atom"
_HISTORY_NS = "http://purl.org/syndication/history/1.0"
_MEDIA_NS = "http://search.yahoo.com/mrss/"
# What feedgen declares on the root of a document with our extensions.
_ATOM_NAMESPACES = {"media": _MEDIA_NS}
_RSS_NAMESPACES = {
    "atom": _ATOM_NS,
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": _MEDIA_NS,
}
_GENERATOR = "Feeds"
_TITLE = re.compile(rb"(?<=<title>)[^<]*&[^<]*(?=</title>)")

# Its own formats dates under setlocale(LC_ALL), which is the whole process's: with two threads the
# locale changed for good.
feedgen_feed.formatRFC2822 = feedgen_entry.formatRFC2822 = format_datetime


def render_rss(feed: Feed, url: str) -> bytes:
    """RSS 2.0; the URL is the document's own."""
    items = [entry.part("RSS") for entry in feed.entries]
    generator = _rss_channel(feed, url)
    # No text can hold the element: its brackets are escaped there.
    if feed.is_podcast or any(b"<itunes:" in item or b"<podcast:" in item for item in items):
        _add_podcast(generator, feed.podcast)
    return _document(feed, _titled(generator.rss_str()), items, b"</channel></rss>")


def _rss_channel(feed: Feed, url: str) -> Any:
    generator = _generator(feed, url, "application/rss+xml")
    # The channel's link is the last one given, whatever its rel.
    generator.link(href=feed.url)
    for link in _links(feed, "rss.xml", "application/rss+xml"):
        generator.feeds.link(**link)
    # One of them: W3C's validator takes them for the same. An editor has an email address.
    if feed.author.email:
        generator.managingEditor(f"{feed.author.email} ({feed.author.name})")
    else:
        generator.dc.dc_creator(feed.author.name)
    generator.docs("https://www.rssboard.org/rss-specification")
    return generator


def rss_item(article: Article, context: Context) -> bytes:
    """An article as an item of a channel."""
    namespaces = _RSS_NAMESPACES | EPISODE_NAMESPACES
    item = _bytes_within(namespaces, _rss_item(article, context).rss_entry())
    return _titled(item) if "&" in article.title or "<" in article.title else item


def render_atom(feed: Feed, url: str) -> bytes:
    """Atom 1.0, RFC 4287; the URL is the document's own."""
    twins = Counter(entry.updated for entry in feed.entries)
    entries = (
        _set_apart(entry) if twins[entry.updated] > 1 else entry.part("Atom")
        for entry in feed.entries
    )
    return _document(feed, _atom_feed(feed, url).atom_str(), entries, b"</feed>")


def _atom_feed(feed: Feed, url: str) -> Any:
    generator = _generator(feed, url, "application/atom+xml")
    # No link to the other formats: for the feed's page, newsboat takes the last alternate and
    # rss-parser the first.
    generator.link(href=feed.url, rel="alternate", type="text/html")
    for link in _links(feed, "atom.xml", "application/atom+xml"):
        generator.link(**link)
    return generator


def atom_entry(article: Article, context: Context) -> bytes:
    """An article as an entry of a feed."""
    return _bytes_within(_ATOM_NAMESPACES, _atom_entry(article, context).atom_entry())


def _document(feed: Feed, without: bytes, entries: Iterable[bytes], end: bytes) -> bytes:
    """A document that feedgen wrote without entries, with them where feedgen puts them: last.

    A browser that it is opened in finds a style sheet (https://www.w3.org/TR/xml-stylesheet/).
    """
    declaration, line, head = without.removesuffix(end).partition(b"\n")
    style = f'<?xml-stylesheet type="text/css" href="{feed.root}{STYLE}"?>'.encode()
    return b"".join((declaration, line, style, line, head, *entries, end, line))


def _bytes_within(namespaces: dict[str, str], element: etree._Element) -> bytes:
    """The element as it stands in a document whose root declares these namespaces."""
    root = etree.Element("root", nsmap=namespaces)
    root.append(element)
    document: bytes = etree.tostring(root, encoding="UTF-8")
    return document[document.index(b">") + 1 : -len(b"</root>")]


def _generator(feed: Feed, url: str, media_type: str) -> Any:
    generator = FeedGenerator()
    generator.register_extension("dc", DcExtension, atom=False)
    generator.register_extension("feeds", _ChannelParts)
    generator.feeds.history = feed.history
    generator.id(feed.id)
    generator.title(feed.title)
    generator.subtitle(feed.description)
    generator.updated(feed.updated)
    generator.lastBuildDate(feed.updated)
    generator.generator(_GENERATOR)
    generator.link(href=url, rel="self", type=media_type)
    if feed.language:
        generator.language(feed.language)
    generator.author(_person(feed.author))
    if feed.icon:
        generator.icon(feed.icon)
    if feed.logo or feed.icon:
        generator.logo(feed.logo or feed.icon)
    if feed.rights:
        generator.rights(feed.rights)
    return generator


def _person(author: Author) -> dict[str, str]:
    person = {"name": author.name, "uri": author.uri, "email": author.email}
    return {key: value for key, value in person.items() if value}


def _links(feed: Feed, file_name: str, media_type: str) -> Iterator[dict[str, str]]:
    """The links to a hub (WebSub §4), and to other documents of the feed (RFC 5005 §4)."""
    if feed.hub:
        yield {"rel": "hub", "href": feed.hub}
    history = feed.history
    # What is complete is its own newest document, as W3C's validator has it.
    places = {
        "current": feed.url if history.is_archive and not history.is_complete else "",
        "prev-archive": history.previous,
        "next-archive": history.next,
    }
    for rel, folder in places.items():
        if folder:
            yield {"rel": rel, "href": folder + file_name, "type": media_type}


def _add_podcast(generator: Any, podcast: Podcast) -> None:
    """What makes a channel a podcast, by feedgen where that writes what Apple reads today."""
    generator.register_extension("podcast", PodcastExtension, atom=False)
    generator.register_extension("show", _Show, atom=False)
    told = generator.podcast
    told.itunes_author(podcast.author)
    told.itunes_category(
        [{"cat": name, **({"sub": sub} if sub else {})} for name, sub in podcast.categories]
    )
    if podcast.owner_email:
        told.itunes_owner(podcast.owner_name, podcast.owner_email)
    if podcast.type:
        told.itunes_type(podcast.type)
    if podcast.copyright:
        generator.copyright(podcast.copyright)
    generator.show.podcast = podcast


def _add_episode(item: Any, episode: Episode) -> None:
    item.register_extension("podcast", PodcastEntryExtension, atom=False)
    told = item.podcast
    if episode.duration:
        told.itunes_duration(str(episode.duration))
    if episode.season:
        told.itunes_season(episode.season)
    if episode.number:
        told.itunes_episode(episode.number)
    if episode.type:
        told.itunes_episode_type(episode.type)


def _rss_item(article: Article, context: Context) -> Any:
    item = FeedEntry()
    # Not load_extension: for every item, it would look for a module that is not there.
    item.register_extension("dc", DcEntryExtension, atom=False)
    item.register_extension("feeds", _Parts)
    item.title(article.title)
    item.link(href=article.url)
    item.guid(article.id, permalink=article.id == article.url)
    item.pubDate(article.published)
    if summary := _summary(article, context):
        # Readers take a description for HTML, as RSS 2.0 says: plain text has to be escaped.
        item.description(escape_html(summary), isSummary=True)
    if context.content == "full":
        item.content(content_html(article, frame=False))
    item.category([{"term": name, "scheme": context.topics_url} for name in article.topics])
    if article.provider:
        # An author without an email address is no <author> in RSS 2.0.
        item.dc.dc_creator([article.provider.name, *article.provider.authors])
    elif context.author:
        item.dc.dc_creator(context.author.name)
    if enclosure := _rss_enclosure(article):
        # The length has to be there (RSS 2.0, <enclosure>): 0 says that nobody knows it.
        item.enclosure(enclosure.url, str(enclosure.length or 0), enclosure.media_type)
    if article.original_url:
        item.feeds.link(rel="via", href=article.original_url)
    if context.related_in_rss:
        item.feeds.related(article)
    if article.updated != article.published:
        item.feeds.updated = article.updated
    if article.episode and article.recording:
        _add_episode(item, article.episode)
        item.feeds.episode(article, article.episode)
    item.feeds.media(article)
    return item


def _atom_entry(article: Article, context: Context) -> Any:
    entry = FeedEntry()
    entry.register_extension("feeds", _Parts)
    entry.id(article.id)
    entry.title(article.title)
    entry.published(article.published)
    entry.updated(article.updated)
    # Without content, there has to be a summary for some readers, be it the title once more.
    if summary := _summary(article, context) or (
        article.title if context.content != "full" else ""
    ):
        # What looks like markup, and is not, has to be declared and escaped (RFC 4287 §3.1.1).
        marked = "<" in summary or "&" in summary
        entry.summary(escape_html(summary) if marked else summary, "html" if marked else None)
    if context.content == "full":
        entry.content(content_html(article, frame=False), type="html")
        # First of all links: some readers open the first one, whatever its rel.
        entry.feeds.link(rel="alternate", type="text/html", href=article.url)
    else:
        # feedgen asks for it where there is no content (RFC 4287 §4.1.2), and keeps one whole.
        entry.link(rel="alternate", type="text/html", href=article.url)
    if article.provider:
        home = article.provider.url
        entry.author({"name": article.provider.name, **({"uri": home} if home else {})})
        for name in article.provider.authors:
            entry.author({"name": name})
    elif context.author:
        # Every reader finds it here; not all of them look for the feed's own (RFC 4287 §4.2.1).
        entry.author(_person(context.author))
    schemes = [(context.topics_url, name) for name in article.topics]
    schemes += (
        (f"{context.site_url}#category", article.category),
        (f"{context.site_url}#type", article.type),
    )
    entry.category(
        [{"term": name, "scheme": scheme, "label": name} for scheme, name in schemes if name]
    )
    if article.original_url:
        entry.feeds.link(rel="via", href=article.original_url)
    for part in article.enclosures:
        length = str(part.length or "")
        entry.feeds.link(
            rel="enclosure", type=part.media_type, length=length, title=part.title, href=part.url
        )
    entry.feeds.related(article)
    entry.feeds.media(article)
    return entry


def _summary(article: Article, context: Context) -> str:
    if context.content == "full":
        return article.excerpt
    return summary_of(article) if context.content == "summary" else ""


class _ChannelParts(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """What feedgen cannot write of a channel: links in RSS, and the marks of RFC 5005.

    It also declares the namespaces of _Parts on the document's root.
    """

    def __init__(self) -> None:
        self._links: list[dict[str, str]] = []
        self.history = History()

    def link(self, **attributes: str) -> None:
        """A link of an RSS channel (RFC 4287 §4.2.7)."""
        self._links.append(attributes)

    def extend_ns(self) -> dict[str, str]:
        return {"media": _MEDIA_NS, **({"fh": _HISTORY_NS} if self._marks() else {})}

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        for mark in self._marks():
            etree.SubElement(feed, mark)
        return feed

    def extend_rss(self, feed: etree._Element) -> etree._Element:
        channel = feed[0]
        for attributes in self._links:
            etree.SubElement(channel, f"{{{_ATOM_NS}}}link", attributes)
        for mark in self._marks():
            etree.SubElement(channel, mark)
        return feed

    def _marks(self) -> list[str]:
        marks = {"complete": self.history.is_complete, "archive": self.history.is_archive}
        return [f"{{{_HISTORY_NS}}}{name}" for name, is_so in marks.items() if is_so]


class _Show(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """What feedgen's podcast extension lacks, or writes as Apple had it once."""

    podcast = Podcast()

    def extend_ns(self) -> dict[str, str]:
        return EPISODE_NAMESPACES

    def extend_rss(self, root: etree._Element) -> etree._Element:
        root[0].extend(show_elements(self.podcast))
        return root


class _Parts(BaseEntryExtension):  # type: ignore[misc]  # feedgen has no types
    """What feedgen cannot write: links with their attributes, atom:updated, Media RSS."""

    def __init__(self) -> None:
        self._links: list[dict[str, str]] = []
        self._media: list[etree._Element] = []
        self._episode: list[etree._Element] = []
        self.updated: datetime | None = None

    def link(self, **attributes: str) -> None:
        """A link (RFC 4287 §4.2.7); empty attributes are left out."""
        self._links.append({name: value for name, value in attributes.items() if value})

    def related(self, article: Article) -> None:
        """A link for each piece of related coverage."""
        for other in article.related:
            self.link(rel="related", type="text/html", title=other.title, href=other.url)

    def episode(self, article: Article, episode: Episode) -> None:
        """What feedgen's podcast extension lacks of an episode."""
        self._episode += episode_elements(article, episode)

    def media(self, article: Article) -> None:
        """media:content for every picture, file and player, and a thumbnail (Media RSS 1.5.1)."""
        self._media += _media(article)

    def extend_atom(self, entry: etree._Element) -> etree._Element:
        # feedgen gives the root a literal xmlns attribute, so Atom's own names must be bare.
        for attributes in self._links:
            etree.SubElement(entry, "link", attributes)
        entry.extend(self._media)
        return entry

    def extend_rss(self, item: etree._Element) -> etree._Element:
        for attributes in self._links:
            etree.SubElement(item, f"{{{_ATOM_NS}}}link", attributes)
        if self.updated:
            element = etree.SubElement(item, f"{{{_ATOM_NS}}}updated")
            element.text = self.updated.isoformat()
        item.extend(self._episode)
        item.extend(self._media)
        return item


def _media(article: Article) -> Iterator[etree._Element]:
    for image in article.images:
        content = _content(image, "image")
        _set(content, width=image.width, height=image.height)
        if image.attribution:
            etree.SubElement(content, f"{{{_MEDIA_NS}}}credit").text = image.attribution
        yield content
    recording = article.recording
    for file in article.files:
        content = _content(file, _medium(file.media_type))
        if file == recording:
            _set(content, duration=article.duration)
        if article.player and article.player.url == file.url:
            _set(content, width=article.player.width, height=article.player.height)
        yield content
    if article.player and not article.player.media_type:
        content = etree.Element(f"{{{_MEDIA_NS}}}content", medium="video")
        _set(content, duration=None if recording else article.duration)
        player = etree.SubElement(content, f"{{{_MEDIA_NS}}}player", url=article.player.url)
        _set(player, width=article.player.width, height=article.player.height)
        yield content
    for image in article.images[:1]:
        thumbnail = etree.Element(f"{{{_MEDIA_NS}}}thumbnail", url=image.url)
        _set(thumbnail, width=image.width, height=image.height)
        yield thumbnail


def _content(part: Image | Download, medium: str) -> etree._Element:
    content = etree.Element(f"{{{_MEDIA_NS}}}content", url=part.url, type=part.media_type)
    content.set("medium", medium)
    _set(content, fileSize=part.length)
    if part.title:
        title = etree.SubElement(content, f"{{{_MEDIA_NS}}}title", type="plain")
        title.text = part.title
    return content


def _medium(media_type: str) -> str:
    family = media_type.partition("/")[0]
    return family if family in ("audio", "video", "image") else "document"


def _set(element: etree._Element, **lengths: int | None) -> None:
    for name, value in lengths.items():
        if value:
            element.set(name, str(value))


def _rss_enclosure(article: Article) -> Image | Download | None:
    """The one file that an RSS item may enclose: what plays, what is to be fetched, the picture."""
    return article.recording or next(iter(article.enclosures), None)


def _set_apart(entry: Entry) -> bytes:
    """The entry's part with a date that no other entry of the feed shares.

    W3C's validator and some readers take entries of one second for one; the article's id decides on
    a fraction of it, so that the date does not depend on which others share the second.
    """
    digest = hashlib.sha256(entry.id.encode()).digest()
    fraction = 1 + int.from_bytes(digest[:8], "big") % 999_999
    apart = entry.updated.replace(microsecond=0) + timedelta(microseconds=fraction)
    before, after = (f"<updated>{date.isoformat()}</updated>" for date in (entry.updated, apart))
    # No text can hold the element: its brackets are escaped there.
    return entry.part("Atom").replace(before.encode(), after.encode(), 1)


def _titled(document: bytes) -> bytes:
    return _TITLE.sub(_in_hexadecimal, document)


def _in_hexadecimal(title: re.Match[bytes]) -> bytes:
    # RSS 2.0 leaves open whether a title is text or HTML. Written like this, by the RSS Profile,
    # readers of either kind take these two for the characters themselves.
    return title[0].replace(b"&lt;", b"&#x3C;").replace(b"&amp;", b"&#x26;")
