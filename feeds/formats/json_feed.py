"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from feeds.formats.entry_html import content_html, summary_of
from feeds.model.article import Article, Provider, Related
from feeds.model.feed import Context, Feed
from feeds.model.site import Author


def render_json(feed: Feed, url: str) -> bytes:
    """The feed as JSON; the URL is the document's own."""
    head = _present(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            "home_page_url": feed.url,
            "feed_url": url,
            "next_url": f"{feed.history.previous}feed.json" if feed.history.previous else "",
            "description": feed.description,
            "hubs": [{"type": "WebSub", "url": feed.hub}] if feed.hub else [],
            "icon": feed.logo or feed.icon,
            "favicon": feed.icon,
            "language": feed.language,
            "authors": _author(feed.author),
        }
    )
    items = b",".join(entry.part("JSON Feed") for entry in feed.entries)
    return _json(head).removesuffix(b"}") + b',"items":[' + items + b"]}\n"


def json_item(article: Article, context: Context) -> bytes:
    """An article as an item of the list of items."""
    return _json(_item(article, context.content, context.author))


def _item(article: Article, content: str, author: Author | None) -> dict[str, Any]:
    summary = summary_of(article) if content == "summary" else article.excerpt
    told = "" if content == "title" else summary
    recording = article.recording
    return _present(
        {
            "id": article.id,
            "url": article.url,
            "external_url": article.original_url,
            "title": article.title,
            "summary": told,
            # One of the two has to be there (§Items).
            "content_html": content_html(article, frame=True) if content == "full" else "",
            "content_text": "" if content == "full" else told or article.title,
            "image": article.images[0].url if article.images else "",
            "date_published": _date(article.published),
            "date_modified": _date(article.updated) if article.updated != article.published else "",
            "authors": _authors(article.provider) or _author(author),
            "tags": article.topics,
            "attachments": [
                _present(
                    {
                        "url": each.url,
                        "mime_type": each.media_type,
                        "title": each.title,
                        "size_in_bytes": each.length,
                        "duration_in_seconds": article.duration if each == recording else None,
                    }
                )
                for each in article.enclosures
            ],
            # A custom object's name begins with an underscore (§Extensions).
            "_feeds": _present(
                {"amp_url": article.amp_url, "related": list(map(_related, article.related))}
            ),
        }
    )


def _author(author: Author | None) -> list[dict[str, str]]:
    return [_present({"name": author.name, "url": author.uri})] if author else []


def _authors(provider: Provider | None) -> list[dict[str, str]]:
    if not provider:
        return []
    avatar = provider.images[0].url if provider.images else ""
    organisation = _present({"name": provider.name, "url": provider.url, "avatar": avatar})
    return [organisation, *({"name": name} for name in provider.authors)]


def _related(other: Related) -> dict[str, Any]:
    return _present(
        {
            "url": other.url,
            "title": other.title,
            "summary": other.excerpt,
            "date_published": _date(other.published) if other.published else "",
            "authors": _authors(other.provider),
            "image": other.images[0].url if other.images else "",
        }
    )


def _json(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def _present(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: a key that says nothing is left out."""
    return {key: value for key, value in values.items() if value}


def _date(date: datetime) -> str:
    """As RFC 3339 writes it."""
    return date.isoformat().replace("+00:00", "Z")
