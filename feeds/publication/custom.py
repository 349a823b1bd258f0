"""The feeds that are made for the query of a URL, and the page that makes such URLs.

None of them is listed or kept anywhere: whatever is asked for costs one question to the catalog,
and one rendering of no more articles than any feed has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

from feeds.errors import NotReadyError
from feeds.formats import PAGE_TYPE, as_entry
from feeds.model.article import Article
from feeds.model.document import BadRequest, Document, Redirect
from feeds.model.feed import Context, Feed, History
from feeds.model.selection import Selection
from feeds.model.site import Site
from feeds.model.topics import Topics
from feeds.parsing.feed_query import CustomFeedRequest, read_query
from feeds.publication.routes import BY_FILE_NAME, Channel, documents_in, feed_document

#: Where they lie, from the site's root.
_FOLDER = "custom/"
_PAGES = {f"/{_FOLDER}", f"/{_FOLDER}".rstrip("/"), f"/{_FOLDER}index.html"}
_PATHS = _PAGES | {*documents_in(_FOLDER)}


def is_query_page(path: str, query: str) -> bool:
    """True if a path is made for its query: a custom feed, or the directory of a search."""
    return path in _PATHS or (path == "/" and "q" in parse_qs(query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Custom:
    """What is made for any query, of one publication."""

    site: Site
    topics: Topics
    #: The feeds that are there already, by their folders.
    channels: Mapping[str, Channel]
    context: Context
    #: The feed of a channel, without its entries.
    head: Callable[[Channel], Feed]
    #: The newest articles of a selection, as they are published.
    articles: Callable[[Selection, int], list[Article]]
    #: Whether words can be searched for.
    is_ready: Callable[[], bool]

    def document(self, path: str, query: str) -> Document | Redirect | BadRequest:
        """What is made at one of the folder's paths for a query, without its question mark.

        It is the same for every query that asks for the same, and all but one of them lead there.
        Raises NotReadyError.
        """
        name = "" if path in _PAGES else path.rpartition("/")[2]
        asked = read_query(query, self.topics, of_form=not name)
        if asked.problems and name:
            body = "".join(f"{each}\n" for each in asked.problems)
            return BadRequest(Document(body.encode(), "text/plain; charset=utf-8"))
        if asked.problems:
            return BadRequest(self._page(asked, ()))
        folder = self._folder_of(asked) if name else _FOLDER
        own_query = f"?{asked.query}" if asked.query and folder == _FOLDER else ""
        to = f"/{folder}{name}{own_query}"
        if to != (f"{path}?{query}" if query else path):
            return self._moved(to, asked)
        if asked.selection.q and not self.is_ready():
            raise NotReadyError("the words of the articles are being indexed")
        # One more tells whether these are all.
        found = self.articles(asked.selection, self.site.limit + 1)
        articles = found[: self.site.limit]
        if not name:
            return self._page(asked, articles)
        feed = replace(
            self._feed(asked),
            entries=[as_entry(each, self.context) for each in articles],
            history=History(is_complete=found == articles),
        )
        return feed_document(feed, BY_FILE_NAME[name])

    def _folder_of(self, asked: CustomFeedRequest) -> str:
        """Where the feed lies that a query asks for: that of a topic is there already."""
        there = self.channels.get(f"topics/{asked.topic.slug}/") if asked.topic else None
        # The feed of a podcast takes only what there is to be heard.
        if there and there.selection == asked.selection:
            return there.folder
        return _FOLDER if asked.query else ""

    def _feed(self, asked: CustomFeedRequest) -> Feed:
        site = self.site
        title = f"{asked.name} · {site.title}"
        about = f"Articles of {site.title}: {asked.name}"
        selection = asked.selection
        channel = Channel("custom", _FOLDER, title, title, about, selection, site.content)
        head = self.head(channel)
        query = f"?{asked.query}" if asked.query else ""
        # No hub is told of it.
        return replace(head, id=head.id + query, url=head.url + query, query=query, hub="")

    def _page(self, asked: CustomFeedRequest, articles: Sequence[Article]) -> Document:
        from feeds.formats import pages as page

        folder = self._folder_of(asked)
        body = page.render_custom(
            self._feed(asked),
            asked,
            list(self.topics),
            articles,
            folder="" if folder == _FOLDER else f"../{folder}",
            context=self.context,
        )
        return Document(body, PAGE_TYPE)

    def _moved(self, to: str, asked: CustomFeedRequest) -> Redirect:
        from feeds.formats import pages as page

        url = self.context.site_url + to.removeprefix("/")
        return Redirect(to, lambda: Document(page.render_moved(asked.name, url, url), PAGE_TYPE))
