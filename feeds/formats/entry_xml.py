"""The XML of an entry, written as text.

All that RSS and Atom contain of an article becomes an element here, and is escaped here alone.
"""

from collections.abc import Iterable, Iterator, Mapping

from feeds.formats.entry_html import content_html
from feeds.model.article import Article, Download, Image, Player
from feeds.text.media_types import medium_of

_Value = str | int | None

# XML 1.0 §2.2. The model promises text without them; one would make a feed unreadable as a whole.
_CONTROLS = bytes(byte for byte in range(ord(" ")) if byte not in b"\t\n\r")


def element(name: str, text: _Value = "", /, **attributes: _Value) -> str:
    """Return an element, without the attributes that are empty.

    Empty if the element would have neither a text nor an attribute.
    """
    return _write(name, _escape(str(text)) if text else "", attributes)


def parent(name: str, children: str, /, **attributes: _Value) -> str:
    """Return an element around others, as element() does around a text."""
    return _write(name, children, attributes)


def content(article: Article) -> str:
    """Return the content of an entry, escaped."""
    return _escape(content_html(article, frame=False))


def media(article: Article) -> str:
    """Return the elements of Media RSS 1.5.1 (https://www.rssboard.org/media-rss).

    They are a media:content for each picture, file and embedded player, and a media:thumbnail for
    an episode's artwork or the first picture.
    """
    return "".join(_media(article))


def as_bytes(elements: Iterable[str]) -> bytes:
    """Return elements in UTF-8; raises ValueError if XML cannot hold a character of theirs."""
    text = "".join(elements)
    data = text.encode()
    has_controls = len(data.translate(None, _CONTROLS)) < len(data)
    if has_controls or "\ufffe" in text or "\uffff" in text:
        raise ValueError("a character that is not allowed in XML")
    return data


def _media(article: Article) -> Iterator[str]:
    recording, player = article.recording, article.player
    files: tuple[Image | Download, ...] = (*article.images, *article.files)
    for file in files:
        image = file if isinstance(file, Image) else None
        shown = image or (player if player and player.url == file.url else None)
        title = element("media:title", file.title, type="plain") if file.title else ""
        credit = element("media:credit", image.attribution) if image else ""
        yield parent(
            "media:content", title + credit, url=file.url, type=file.media_type,
            medium=medium_of(file.media_type), fileSize=file.length,
            duration=article.duration if file == recording else None, **_media_size(shown),
        )  # fmt: skip
    if player and not player.media_type:
        duration = None if recording else article.duration
        screen = element("media:player", url=player.url, **_media_size(player))
        yield parent("media:content", screen, medium="video", duration=duration)
    if thumbnail := article.artwork or next(iter(article.images), None):
        yield element("media:thumbnail", url=thumbnail.url, **_media_size(thumbnail))


def _media_size(shown: Image | Player | None) -> dict[str, _Value]:
    return {"width": shown.width, "height": shown.height} if shown else {}


def _write(name: str, content: str, attributes: Mapping[str, _Value]) -> str:
    start = name
    for key, value in attributes.items():
        if value:
            start += f' {key}="{_escape_attribute(str(value))}"'
    if content:
        return f"<{start}>{content}</{name}>"
    return f"<{start}/>" if start != name else ""


def _escape(text: str) -> str:
    # Most texts have none of these, and looking is faster than replacing.
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    # XML §2.11: a parser would read a line feed.
    return text.replace("\r", "&#13;") if "\r" in text else text


def _escape_attribute(value: str) -> str:
    value = _escape(value)
    if '"' in value:
        value = value.replace('"', "&quot;")
    # XML §3.3.3: a parser would read a space.
    if "\n" in value:
        value = value.replace("\n", "&#10;")
    return value.replace("\t", "&#9;") if "\t" in value else value
