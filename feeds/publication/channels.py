"""The feeds of a site: the name, the selection and the header of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from feeds.formats import render
from feeds.model.document import Document
from feeds.model.feed import Feed
from feeds.model.selection import Selection
from feeds.model.site import DEFAULT_URL, Author, Podcast, Site
from feeds.model.topics import Topics
from feeds.publication.routes import BY_FILE_NAME, FEEDS, topic_folder
from feeds.text.urls import absolute


@dataclass(frozen=True, slots=True)
class Channel:
    """One feed of the site, without its articles."""

    #: "site", "feed" (one that feeds.yaml names), "topic" or "custom".
    kind: str
    #: From the site's root; empty for the feed of everything.
    folder: str
    name: str
    title: str
    description: str
    selection: Selection
    #: One of CONTENTS: how much of an article an entry holds.
    content: str
    #: The folder of the topic above this one; empty where there is none.
    parent: str = ""
    podcast: Podcast | None = None


def channels_of(site: Site, topics: Topics) -> Iterator[Channel]:
    """The feed of everything, the feeds that feeds.yaml names, and one feed for each topic."""
    podcast = site.podcast if site.podcast and site.podcast.everything else None
    selection = Selection(recorded=podcast is not None)
    yield Channel(
        "site", "", site.title, site.title, site.description, selection, site.content,
        podcast=podcast,
    )  # fmt: skip
    for feed in site.feeds:
        selection = replace(feed.selection, recorded=feed.podcast is not None)
        yield Channel(
            "feed", f"{FEEDS}{feed.name}/", feed.title, feed.title, feed.description, selection,
            feed.content or site.content, podcast=feed.podcast,
        )  # fmt: skip
    for topic in topics:
        title = f"{topic.name} · {site.title}"
        selection = Selection(any=(topic.name,), recorded=topic.podcast is not None)
        yield Channel(
            "topic", topic_folder(topic.slug), topic.name, title, topic.description, selection,
            topic.content or site.content,
            topic_folder(topic.parent.slug) if topic.parent else "", topic.podcast,
        )  # fmt: skip


def feed_header(channel: Channel, folder: str, site: Site, url: str) -> Feed:
    """A channel's feed without entries, for documents in a folder of the site at this URL."""
    # An id must not change when the site is published under another URL.
    identity = site.id or (site.url if site.url != DEFAULT_URL else url)
    identity = identity if identity.endswith(("/", ":")) else f"{identity}/"
    author = site.author or Author(site.title)
    podcast = channel.podcast or site.podcast or Podcast()
    return Feed(
        id=identity + channel.folder,
        title=channel.title,
        description=channel.description or channel.title,
        url=url + channel.folder,
        base=url + folder,
        root="../" * folder.count("/"),
        author=author,
        language=site.language,
        icon=absolute(site.icon, url),
        logo=absolute(site.logo, url),
        rights=site.rights,
        entries=(),
        podcast=replace(
            podcast,
            image=absolute(podcast.image, url),
            author=podcast.author or author.name,
            owner_name=podcast.owner_name or author.name,
            owner_email=podcast.owner_email or author.email,
        ),
        is_podcast=channel.podcast is not None,
    )


def feed_document(feed: Feed, file_name: str) -> Document:
    """The feed in the format of a file name, with the Link header of its response (WebSub §4)."""
    format = BY_FILE_NAME[file_name]
    links = ((feed.hub, "hub"), (feed.base + file_name, "self")) if feed.hub else ()
    is_closed = bool(feed.history.next)
    return Document(render(feed, format), format.content_type, is_closed, links)
