"""The content of an entry: one piece of HTML, which every reader shows."""

from html import escape

from feeds.model.article import Article, Download, Image, Player, Related
from feeds.parsing.body.clean import plain_text
from feeds.parsing.body.players import watch_url, with_frames
from feeds.text.media_types import medium_of
from feeds.text.repair import escape_html, shorten

#: Longest summary taken from the body.
_MAX_SUMMARY_CHARS = 400


def content_html(article: Article, *, frame: bool) -> str:
    """Return the article's player or picture, body or excerpt, downloads and related coverage.

    With frame=True an embedded player is an iframe above a link, else a picture that links to it:
    W3C's validator and most feed readers remove frames.
    """
    parts = []
    if article.player:
        parts.append(_player(article, article.player, frame))
    elif article.images and not article.body:
        parts.append(f"<p>{_picture(article.images[0], article.title)}</p>")
    if article.body:
        parts.append(with_frames(article.body, _frame if frame else None))
    elif article.excerpt:
        parts.append(f"<p>{escape_html(article.excerpt)}</p>")
    if article.downloads:
        parts.append(f"<p>{'<br>'.join(map(_download, article.downloads))}</p>")
    if article.related:
        coverage = "".join(map(_coverage, article.related))
        parts.append(f"<p>Related coverage:</p><ul>{coverage}</ul>")
    return "\n".join(parts) or f"<p>{_link(article.url, article.title)}</p>"


def summary_text(article: Article, content: str) -> str:
    """Return the plain-text summary in a feed of "full", "summary" or "title" content."""
    if content == "title":
        return ""
    if content == "full" or article.excerpt:
        return article.excerpt
    return shorten(plain_text(article.body), _MAX_SUMMARY_CHARS)


def _player(article: Article, player: Player, frame: bool) -> str:
    if player.media_type:
        tag = medium_of(player.media_type)
        poster = article.images[0].url if article.images else ""
        size = _attributes(width=player.width, height=player.height, poster=poster)
        start = f"{tag}{_attributes(src=player.url)} controls{size if tag == 'video' else ''}"
        return f"<{start}>{_link(player.url, article.title)}</{tag}>"
    target = watch_url(player.url)
    if frame:
        return f"<p>{_frame(player, target, article.title)}</p>"
    if article.images:
        picture = _picture(article.images[0], article.title)
        return f'<p><a href="{escape(target)}">{picture}<br>▶ {escape_html(article.title)}</a></p>'
    return f"<p>{_link(target, '▶ ' + article.title)}</p>"


def _frame(player: Player, page: str, title: str) -> str:
    given = _attributes(src=player.url, width=player.width, height=player.height, title=title)
    return f"<iframe{given} allowfullscreen></iframe><br>{_link(page, '▶ ' + title)}"


def _picture(image: Image, title: str) -> str:
    credit = f"<br><small>{escape_html(image.attribution)}</small>" if image.attribution else ""
    size = _attributes(width=image.width, height=image.height)
    return f"<img{_attributes(src=image.url, alt=image.title or title)}{size}>{credit}"


def _attributes(**values: str | int | None) -> str:
    given = ((name, value) for name, value in values.items() if value)
    return "".join(f' {name}="{escape(str(value))}"' for name, value in given)


def _coverage(other: Related) -> str:
    provider = f" – {escape_html(other.provider.name)}" if other.provider else ""
    return f"<li>{_link(other.url, other.title)}{provider}</li>"


def _link(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{escape_html(text)}</a>'


def _download(file: Download) -> str:
    file_name = file.url.partition("?")[0].rstrip("/").rpartition("/")[2]
    return _link(file.url, file.title or file_name)
