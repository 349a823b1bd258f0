"""What the keys of Feeds' own front matter mean (../../docs/formats.md has them as a table).

Only the keys asked for here are ever read into an article; whatever else a file holds stays in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from feeds.errors import Severity
from feeds.model.article import Article, Download, Image, Provider, Related
from feeds.parsing.body.clean import Body
from feeds.parsing.body.players import read_player
from feeds.parsing.episode import file_url, read_episode
from feeds.parsing.fields import Fields
from feeds.text.media_types import DEFAULT_DOWNLOAD, DEFAULT_IMAGE, type_of_url
from feeds.text.urls import canonical_url


def read(fields: Fields, body: Body) -> Article | None:
    """The article, or None where its title, URL or date is missing; the report says so."""
    title = fields.text("title") or fields.text("name")
    web_url, original_url = fields.url("webUrl"), fields.url("originalUrl")
    url = web_url or original_url
    published = fields.date("publishedDateTime")
    if not (title and url and published):
        needed = {
            "title": (title, ("title", "name")),
            "URL": (url, ("webUrl", "originalUrl")),
            "date": (published, ("publishedDateTime",)),
        }
        _report_missing(fields, {what: keys for what, (value, keys) in needed.items() if not value})
        return None
    updated = fields.date("updatedDateTime") or published
    # The first URL that it ever had is what readers know it by.
    id = fields.identifier("id") or next(iter(fields.urls("formerly")), url)
    featured = fields.markup("featuredContent")
    player = read_player(featured) if featured.strip() else None
    if featured.strip() and not player:
        fields.problem(
            "featuredContent",
            "no-player",
            "featuredContent holds no player that can be published",
            "an iframe of a known host over https, or a video or audio element",
        )
    return Article(
        id=id,
        url=url,
        title=title,
        published=published,
        updated=max(updated, published),
        excerpt=fields.text("excerpt"),
        body=body.clean(base=url),
        player=player,
        original_url=original_url if original_url != url else "",
        amp_url=fields.url("ampWebUrl") or fields.url("cdnAmpWebUrl"),
        provider=_provider(fields),
        topics=fields.texts("topics"),
        category=fields.text("category"),
        type=fields.text("type"),
        images=tuple(_images(fields)),
        downloads=tuple(_downloads(fields)),
        related=tuple(_related(fields)),
        episode=read_episode(fields, plays=player is not None),
        quality=fields.number("quality"),
        heat=fields.number("heat"),
        draft=not fields.flag("published", default=True),
        removed=fields.flag("removed", default=False),
    )


def _report_missing(fields: Fields, missing: dict[str, tuple[str, ...]]) -> None:
    """One problem for all that an article cannot do without, at the first key that is there."""
    keys = tuple(key for keys in missing.values() for key in keys)
    at = next((key for key in keys if key in fields), keys[0])
    first = next(iter(missing)).lower()
    fields.problem(
        at,
        f"missing-{first}",
        f"no {' and no '.join(missing)} that can be used, so it is left out",
        f"it needs {' and '.join(' or '.join(each) for each in missing.values())}",
        Severity.ERROR,
    )


def _provider(fields: Fields) -> Provider | None:
    found = fields.mapping("provider", short="name")
    if not found:
        return None
    domain = found.text("domain")
    domain = canonical_url(domain if "://" in domain else f"https://{domain}/") or ""
    if "domain" in found and not domain:
        found.problem("domain", "bad-domain", "the domain is no host name", "such as example.org")
    authors = (author.text("name") for author in found.mappings("authors", short="name"))
    people = list(dict.fromkeys(filter(None, authors)))
    name = found.text("name") or found.text("domain") or (people.pop(0) if people else "")
    if not name:
        return None
    return Provider(
        name=name,
        domain=urlsplit(domain).netloc,
        authors=tuple(people),
        images=tuple(_images(found)),
    )


def _images(fields: Fields) -> Iterator[Image]:
    for item in fields.mappings("images", short="url"):
        if url := _file_url(item):
            media_type = type_of_url(url, DEFAULT_IMAGE)
            if not media_type.startswith("image/"):
                media_type = DEFAULT_IMAGE
            yield Image(
                url=url,
                media_type=media_type,
                width=item.count("width"),
                height=item.count("height"),
                title=item.text("title"),
                attribution=item.text("attribution"),
            )


def _downloads(fields: Fields) -> Iterator[Download]:
    for item in fields.mappings("actions", short="url"):
        if url := _file_url(item):
            yield Download(url, type_of_url(url, DEFAULT_DOWNLOAD), item.text("title"))


def _related(fields: Fields) -> Iterator[Related]:
    for item in fields.mappings("related", short="webUrl"):
        if url := item.url("webUrl") or item.url("originalUrl"):
            yield Related(
                title=item.text("title") or item.text("name") or (urlsplit(url).hostname or url),
                url=url,
                excerpt=item.text("excerpt"),
                published=item.date("publishedDateTime"),
                provider=_provider(item),
                images=tuple(_images(item)),
            )
        else:
            _report_no_url(item, "webUrl")


def _file_url(item: Fields) -> str:
    url = file_url(item, "url")
    if not url:
        _report_no_url(item, "url")
    return url


def _report_no_url(item: Fields, key: str) -> None:
    # One that is there but wrong has been reported already.
    if key not in item:
        item.problem(key, "missing-url", f"no {key}, so this is left out", f"it needs {key}")
