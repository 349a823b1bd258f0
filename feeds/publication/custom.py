"""Feeds that the live app makes for a URL's query, and the page that helps to write such a query.

Equivalent queries redirect to one canonical URL, as do those to which others have appended
parameters of their own. An invalid query gets a 400 and a one-line reason.
Nothing of this is listed or stored: a feed costs one query to the catalog and one rendering.
"""

from dataclasses import replace

from feeds.errors import NotReadyError
from feeds.formats import PAGE, as_entry
from feeds.model.document import BadRequest, Document, Redirect
from feeds.model.feed import Channel, Feed, History
from feeds.parsing.feed_query import CustomFeedRequest, directory_search, read_query
from feeds.publication.publication import Publication, feed_document
from feeds.publication.routes import CUSTOM, CUSTOM_FILE_NAMES, topic_folder


def depends_on_query(path: str, query: str) -> bool:
    """True if the document at a path depends on the query: a custom feed, a search of the feeds."""
    return path in CUSTOM_FILE_NAMES or (path == "/" and directory_search(query) != "")


def custom_document(
    publication: Publication, path: str, query: str
) -> Document | Redirect | BadRequest:
    """The live app's response where depends_on_query() is true; the query has no question mark.

    Raises NotReadyError if the query needs words that are not indexed yet.
    """
    if path == "/":
        return publication.directory(query)
    file_name = CUSTOM_FILE_NAMES[path]
    request = read_query(query, publication.articles.topics, of_form=not file_name)
    if request.problems and file_name:
        reasons = "".join(f"{problem}\n" for problem in request.problems)
        return BadRequest(Document(reasons.encode(), "text/plain; charset=utf-8"))
    if request.problems:
        return BadRequest(_page(publication, request, _feed_without_entries(publication, request)))
    folder = _folder_of(publication, request) if file_name else CUSTOM
    own_query = f"?{request.query}" if request.query and folder == CUSTOM else ""
    canonical = f"/{folder}{file_name}{own_query}"
    if canonical != (f"{path}?{query}" if query else path):
        return Redirect(canonical)
    if request.selection.q and not publication.catalog.search.is_ready():
        raise NotReadyError("the words of the articles are being indexed")
    # One more than the feed holds shows if there are any more.
    limit, context = publication.site.limit, publication.context(publication.site.content)
    articles = publication.select(request.selection, limit + 1)
    newest = articles[:limit]
    feed = replace(
        _feed_without_entries(publication, request),
        entries=[as_entry(article, context) for article in newest],
        history=History(is_complete=articles == newest),
    )
    return feed_document(feed, file_name) if file_name else _page(publication, request, feed)


def _folder_of(publication: Publication, request: CustomFeedRequest) -> str:
    """The folder of the site's own feed that a query selects; else the custom feeds'."""
    if topic := request.topic:
        channel = publication.routes.channels[topic_folder(topic.slug)]
        # The feed of a podcast holds episodes alone.
        if channel.selection == request.selection:
            return channel.folder
    return CUSTOM if request.query else ""


def _feed_without_entries(publication: Publication, request: CustomFeedRequest) -> Feed:
    site = publication.site
    title = f"{request.name} · {site.title}"
    channel = Channel(
        "custom", CUSTOM, title, title, f"Articles of {site.title}: {request.name}",
        request.selection, site.content, query=request.query and f"?{request.query}",
    )  # fmt: skip
    return publication.feed_without_entries(channel)


def _page(publication: Publication, request: CustomFeedRequest, feed: Feed) -> Document:
    from feeds.formats import custom_page

    folder = _folder_of(publication, request)
    folder = "" if folder == CUSTOM else feed.root + folder
    body = custom_page.render_custom(feed, request, list(publication.articles.topics), folder)
    return Document(body, PAGE.content_type)
