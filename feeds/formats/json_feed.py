"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from typing import Any

import msgspec

from feeds.formats import JSON, EntrySource
from feeds.formats.entry_html import content_html, summary_text
from feeds.model.article import Provider, Related
from feeds.model.feed import Feed
from feeds.model.site import Author


def render_document(feed: Feed) -> bytes:
    """Return the feed as JSON."""
    previous = feed.history.previous
    head = _json(
        version="https://jsonfeed.org/version/1.1",
        title=feed.title,
        home_page_url=feed.url,
        feed_url=JSON.url(feed),
        next_url=previous + JSON.file_name if previous else "",
        description=feed.description,
        hubs=[{"type": "WebSub", "url": feed.hub}] if feed.hub else [],
        icon=feed.logo or feed.icon,
        favicon=feed.icon,
        language=feed.language,
        authors=_authors(None, feed.author),
    )
    items = b",".join(entry.part(JSON.name) for entry in feed.entries)
    return head.removesuffix(b"}") + b',"items":[' + items + b"]}\n"


def render_entry(source: EntrySource) -> bytes:
    """Return the article as an item of the feed."""
    article, context = source.article, source.context
    summary = summary_text(article, context.content)
    is_full = context.content == "full"
    return _json(
        id=article.id,
        url=article.url,
        external_url=article.original_url,
        title=article.title,
        summary=summary,
        # An item needs one of the two (§Items).
        content_html=content_html(article, frame=True) if is_full else "",
        content_text="" if is_full else summary or article.title,
        image=article.images[0].url if article.images else "",
        date_published=article.published,
        date_modified=article.updated if article.updated != article.published else None,
        authors=_authors(article.provider, context.author),
        tags=article.topics,
        attachments=[
            _nonempty(
                url=file.url,
                mime_type=file.media_type,
                title=file.title,
                size_in_bytes=file.length,
                duration_in_seconds=article.duration if file == article.recording else None,
            )
            for file in article.enclosures
        ],
        # The name of a custom object begins with an underscore (§Extensions).
        _feeds=_nonempty(amp_url=article.amp_url, related=list(map(_related, article.related))),
    )


def _authors(provider: Provider | None, author: Author | None = None) -> list[dict[str, str]]:
    """Return a provider and its authors; without one the author, if any."""
    if provider:
        avatar = provider.images[0].url if provider.images else ""
        organisation = _nonempty(name=provider.name, url=provider.url, avatar=avatar)
        return [organisation, *({"name": name} for name in provider.authors)]
    return [_nonempty(name=author.name, url=author.uri)] if author else []


def _related(other: Related) -> dict[str, Any]:
    return _nonempty(
        url=other.url,
        title=other.title,
        summary=other.excerpt,
        date_published=other.published,
        authors=_authors(other.provider),
        image=other.images[0].url if other.images else "",
    )


def _json(**values: Any) -> bytes:
    return msgspec.json.encode(_nonempty(**values))


def _nonempty(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
