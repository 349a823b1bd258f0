"""Feeds that the live app makes for a URL's query, and the page that helps to write such a query.

Equivalent queries redirect to one canonical URL. An invalid query gets a 400 and a one-line reason.
Nothing of this is listed or stored: a feed costs one query to the catalog and one rendering.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from feeds.errors import NotReadyError
from feeds.formats import PAGE, as_entry
from feeds.model.article import Article
from feeds.model.document import BadRequest, Document, Redirect
from feeds.model.feed import Context, Feed, History
from feeds.model.selection import Selection
from feeds.model.site import Site
from feeds.model.topics import Topics
from feeds.parsing.feed_query import CustomFeedRequest, feed_search, read_query
from feeds.publication.channels import Channel, feed_document, feed_header
from feeds.publication.routes import CUSTOM, CUSTOM_FILE_NAMES, Routes, topic_folder


def is_query_page(path: str, query: str) -> bool:
    """True if the document at a path depends on the query: a custom feed, a search of the feeds."""
    return path in CUSTOM_FILE_NAMES or (path == "/" and feed_search(query) != "")


@dataclass(frozen=True, slots=True)
class CustomFeeds:
    """The custom feeds of one publication."""

    site: Site
    topics: Topics
    routes: Routes
    context: Context
    #: Gives the newest articles of a selection, at most so many.
    articles: Callable[[Selection, int], list[Article]]
    #: True once every article's words are indexed.
    is_searchable: Callable[[], bool]

    def document(self, path: str, query: str) -> Document | Redirect | BadRequest:
        """The feed or the page at one of CUSTOM_FILE_NAMES; the query has no question mark.

        Raises NotReadyError if the query needs words that are not indexed yet.
        """
        file_name = CUSTOM_FILE_NAMES[path]
        asked = read_query(query, self.topics, of_form=not file_name)
        if asked.problems and file_name:
            reasons = "".join(f"{problem}\n" for problem in asked.problems)
            return BadRequest(Document(reasons.encode(), "text/plain; charset=utf-8"))
        if asked.problems:
            return BadRequest(self._page(asked, self._header(asked)))
        folder = self._folder_of(asked) if file_name else CUSTOM
        own_query = f"?{asked.query}" if asked.query and folder == CUSTOM else ""
        canonical = f"/{folder}{file_name}{own_query}"
        if canonical != (f"{path}?{query}" if query else path):
            return Redirect(canonical)
        if asked.selection.q and not self.is_searchable():
            raise NotReadyError("the words of the articles are being indexed")
        # One more than the feed holds shows whether there are any more.
        articles = self.articles(asked.selection, self.site.limit + 1)
        newest = articles[: self.site.limit]
        feed = replace(
            self._header(asked),
            entries=[as_entry(article, self.context) for article in newest],
            history=History(is_complete=articles == newest),
        )
        return feed_document(feed, file_name) if file_name else self._page(asked, feed)

    def _folder_of(self, asked: CustomFeedRequest) -> str:
        """The folder of the site's own feed that a query selects; else the custom feeds'."""
        topic = asked.topic
        channel = self.routes.channels[topic_folder(topic.slug)] if topic else None
        # The feed of a podcast holds episodes alone.
        if channel and channel.selection == asked.selection:
            return channel.folder
        return CUSTOM if asked.query else ""

    def _header(self, asked: CustomFeedRequest) -> Feed:
        title = f"{asked.name} · {self.site.title}"
        description = f"Articles of {self.site.title}: {asked.name}"
        channel = Channel(
            "custom", CUSTOM, title, title, description, asked.selection, self.context.content
        )
        header = feed_header(channel, CUSTOM, self.site, self.context.site_url)
        query = f"?{asked.query}" if asked.query else ""
        return replace(header, id=header.id + query, url=header.url + query, query=query)

    def _page(self, asked: CustomFeedRequest, feed: Feed) -> Document:
        from feeds.formats import pages

        folder = self._folder_of(asked)
        folder = "" if folder == CUSTOM else feed.root + folder
        body = pages.render_custom(feed, asked, list(self.topics), folder)
        return Document(body, PAGE.content_type)
