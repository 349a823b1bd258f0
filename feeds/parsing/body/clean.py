"""Bodies and embedded players: Markdown or HTML in, sanitised HTML with absolute links out.

What is kept is the allow-list below (docs/formats.md shows it to publishers); everything else loses
its tags, and what would run, style or submit loses its content too.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from functools import cache
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import nh3

from feeds.model.article import Player
from feeds.parsing.body import liquid
from feeds.parsing.body.tidy import MARKS, filter_attribute, shows_nothing, tidy
from feeds.text.media_types import type_of_url
from feeds.text.repair import plain_line, remove_forbidden, repair
from feeds.text.urls import canonical_url, is_canonical_url

_TAGS = frozenset(
    "a abbr article aside audio b blockquote br caption cite code col colgroup dd del details dfn"
    " div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li mark ol p"
    " pre q rp rt ruby s samp section small source span strong sub summary sup table tbody td tfoot"
    " th thead time tr u ul var video wbr".split()
)
# Tags whose content is not prose.
_DROPPED = frozenset(
    "button embed head label math noembed noframes noscript object option script select style svg"
    " template textarea title xml".split()
)
_ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "audio": {"controls", "src"},
    "blockquote": {"cite"},
    "del": {"datetime"},
    "img": {"alt", "height", "src", "title", "width"},
    "ins": {"datetime"},
    "ol": {"reversed", "start"},
    "q": {"cite"},
    "source": {"src", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "video": {"controls", "height", "poster", "src", "width"},
}
_SCHEMES = {"http", "https", "mailto"}
_LINKS = frozenset(("href", "src", "cite", "poster"))
_LENGTHS = frozenset(("width", "height", "colspan", "rowspan", "start"))

# Only these may be framed: their players are meant for it.
_PLAYER_HOSTS = frozenset(
    "youtube.com www.youtube.com www.youtube-nocookie.com player.vimeo.com www.dailymotion.com"
    " geo.dailymotion.com player.twitch.tv w.soundcloud.com open.spotify.com"
    " embed.podcasts.apple.com www.ted.com embed.ted.com fast.wistia.net archive.org".split()
)

# The canonical HTML that nh3 writes: attributes always quoted, and never a quote inside.
_ATTRIBUTE = re.compile(r'\s([a-z-]+)="([^"]*)"')
#: A link in a body that stands for a player: its URL, width and height.
_FRAME = "data-frame"
_FRAMED = re.compile(rf'(<a href="[^"]*") {_FRAME}="(\S*) (\d*) (\d*)">([^<]*)</a>')
_IFRAME = re.compile(r'<iframe((?:\s[a-z-]+="[^"]*")*)>.*?</iframe>', re.DOTALL)
_PICTURE = re.compile(r'<img((?:\s[a-z-]+="[^"]*")*)>')
# A picture's, since a reader that is told one size chooses none.
_SOURCELESS = re.compile(r'<source(?![^>]*\ssrc=")[^>]*>')
_PLAYER = re.compile(r'<(?:iframe|video|audio|source)((?:\s[a-z-]+="[^"]*")+)>')

_APART = re.compile(
    r"<(?=/?(?:article|aside|blockquote|br|caption|dd|details|div|dt|figcaption|figure|footer|h[1-6]"
    r"|header|hr|li|p|pre|section|summary|t[dhr])\b)"
)
_NO_CHARACTER = re.compile("&#(?:x0*fff[ef]|0*6553[45]);", re.IGNORECASE)
# cmark's marks of a footnote, and its ways back from one. No body has ids, since a reader may show
# many bodies on one page, and so neither would lead anywhere.
_FOOTNOTE = re.compile(r'(<sup class="footnote-ref">)<a href="#fn-[^>]*>(\d+)</a>')
_WAY_BACK = re.compile(r' ?<a href="#fnref-[^>]* data-footnote-backref.*?</a>')
# What runs, by its tag; and the beginning of what may run, found fast in bodies that have none.
# Each parser that reads a block of code takes an empty line from its beginning.
_FIRST_LINES = re.compile(r"(<pre(?:\s[a-z-]+=\"[^\"]*\")*>)\n+")
_EXTENSIONS = ["table", "strikethrough", "autolink"]
_RUNNING = ("script", "object", "embed", "applet", "form")
_SCRIPTED = ("javascript", "vbscript")
#: In characters: Python's parser takes long over a long body that is meant to take long.
_LOOKED_THROUGH = 50_000
#: Elements within each other; what people write stays far below.
_DEEPEST = 400
# Those that end by themselves, and those that hold nothing, lie in none of their kind.
_NESTING = re.compile(
    r"<(/?)(?!(?:p|li|dt|dd|tr|td|th|br|hr|img|wbr|col|source|input|meta|link)\b)([a-zA-Z][a-zA-Z0-9]*)"
)
_MAY_RUN = re.compile(rf"<({'|'.join(_RUNNING)})|\bon[a-z]+\s*=|script:", re.IGNORECASE)


def clean_body(source: str, *, is_html: bool, base: str) -> str:
    """Safe HTML of a body. Relative links are resolved against the base, an article's URL."""
    source = liquid.without_tags(repair(source), is_html=is_html)
    _base.set(base)
    markup = source if is_html else _from_markdown(source)
    if _is_too_deep(markup):
        return ""
    cleaned = _cleaner().clean(markup)
    cleaned = _PICTURE.sub(lambda match: match[0] if ' src="' in match[1] else "", cleaned)
    cleaned = _IFRAME.sub(_link_for_frame, _SOURCELESS.sub("", cleaned))
    # A character reference may have named what no feed may hold.
    cleaned = tidy(repair(cleaned))
    if is_html or "<" in source:
        cleaned = _well_nested(_FIRST_LINES.sub(r"\1", cleaned))
    return cleaned.strip()


def with_frames(body: str, frame: Callable[[Player, str, str], str] | None) -> str:
    """The body with a frame in place of each link to a player, or with plain links.

    The frame's HTML is made from the player, its page and its title.
    """
    if f' {_FRAME}="' not in body:
        return body

    def replaced(match: re.Match[str]) -> str:
        if not frame:
            return f"{match[1]}>{match[5]}</a>"
        player, page = html.unescape(match[2]), html.unescape(match[1].partition('"')[2][:-1])
        sizes = _pixels(match[3]), _pixels(match[4])
        title = html.unescape(match[5]).removeprefix("▶ ")
        return frame(Player(player, "", *sizes), page, title)

    return _FRAMED.sub(replaced, body)


def unsafe_parts(source: str, *, is_html: bool) -> list[tuple[int, str]]:
    """What in a body would run in a reader: (line in the body from 1, what), each kind once."""
    # Without a tag, only a link could.
    if sum(map(source.count, "<>*-+")) > _DEEPEST:
        markup = source if is_html else _from_markdown(remove_forbidden(source))
        if _is_too_deep(markup):
            return [(1, f"tags within each other, more than {_DEEPEST} deep")]
    decoded = html.unescape(source) if "&" in source else source
    if ("<" not in source and "script:" not in decoded.lower()) or not _MAY_RUN.search(decoded):
        return []
    # In Markdown's code, it is text: only what is left as markup counts.
    markup = source if is_html else _from_markdown(remove_forbidden(source))
    finder = _Finder()
    # Python's parser gives up on some declarations; what it found before stays.
    with suppress(AssertionError):
        finder.feed(markup[:_LOOKED_THROUGH])
    found = finder.found | {
        f"<{tag}>": rf"<{tag}\b"
        for tag in _RUNNING
        if re.search(rf"<{tag}\b", markup[_LOOKED_THROUGH:], re.IGNORECASE)
    }
    return sorted((_first_line(source, pattern), kind) for kind, pattern in found.items())


class _Finder(HTMLParser):
    """Finds what would run: what it is, and a pattern that finds it in the source."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _RUNNING:
            self.found[f"<{tag}>"] = rf"<{tag}\b"
        for name, value in attrs:
            scheme = (value or "").strip().lower().partition(":")[0]
            if re.fullmatch("on[a-z]{3,}", name):
                self.found[f"the event handler {name}"] = rf"\b{name}\s*="
            elif scheme in _SCRIPTED:
                self.found[f"a {scheme}: link"] = f"{scheme}:"


def read_player(markup: str) -> Player | None:
    """The embedded player of a known host, or the video or audio file, that the markup shows."""
    sources = {"height", "src", "width"}
    cleaned = nh3.clean(
        markup,
        tags={"iframe", "video", "audio", "source"},
        attributes=dict.fromkeys(("iframe", "video", "audio", "source"), sources),
    )
    size: dict[str, str] = {}
    for match in _PLAYER.finditer(cleaned):
        attributes = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(match[1])}
        size = {**size, **attributes}
        framed = match[0].startswith("<iframe")
        url = canonical_url(attributes.get("src", ""), relative=not framed)
        if url and framed:
            # A page over https may frame nothing less.
            url = re.sub("^http:", "https:", url)
        if not url or (framed and urlsplit(url).hostname not in _PLAYER_HOSTS):
            continue
        default = "audio/mpeg" if "<audio" in cleaned[: match.end()] else "video/mp4"
        media_type = "" if framed else type_of_url(url, default)
        if framed or media_type.startswith(("video/", "audio/")):
            width, height = _pixels(size.get("width")), _pixels(size.get("height"))
            return Player(url, media_type, width, height)
    return None


def plain_text(markup: str) -> str:
    """The text of clean HTML, on one line."""
    # What stands apart on a page stays apart in the text.
    return plain_line(nh3.clean(_APART.sub(" <", markup), tags=set()))


def watch_url(player: str) -> str:
    """The page that a person opens to see what a player plays."""
    parts = urlsplit(player)
    if (parts.hostname or "").removeprefix("www.") in ("youtube.com", "youtube-nocookie.com"):
        video = parts.path.removeprefix("/embed/")
        if video != parts.path and re.fullmatch(r"[\w-]+", video) and video != "videoseries":
            return f"https://www.youtube.com/watch?v={video}"
    if parts.hostname == "player.vimeo.com" and parts.path.startswith("/video/"):
        return f"https://vimeo.com/{parts.path.removeprefix('/video/')}"
    # A wrapper (Embedly and its like) names the page that it wraps.
    wrapped = canonical_url(parse_qs(parts.query).get("url", [""])[0])
    return wrapped or player


def _from_markdown(source: str) -> str:
    # Imported late: many sites have no Markdown body at all. In C: the same work in Python was half
    # of a whole build.
    from cmarkgfm import cmark, markdown_to_html_with_extensions

    # Two references for which cmark writes bytes that are no text.
    source = _NO_CHARACTER.sub("", source)
    options = cmark.Options.CMARK_OPT_UNSAFE | cmark.Options.CMARK_OPT_FOOTNOTES
    markup = str(markdown_to_html_with_extensions(source, options, _EXTENSIONS))
    if ' class="footnote-ref"' in markup:
        markup = _WAY_BACK.sub("", _FOOTNOTE.sub(r"\1\2", markup))
    return markup


def _is_too_deep(markup: str) -> bool:
    """Whether tags lie so deep within each other that a parser would take its time."""
    if markup.count("<") <= _DEEPEST:
        return False
    opened: Counter[str] = Counter()
    depth = 0
    for match in _NESTING.finditer(markup):
        tag = match[2].lower()
        if not match[1]:
            opened[tag] += 1
            depth += 1
        elif opened[tag]:
            # An end of what was never begun ends nothing.
            opened[tag] -= 1
            depth -= 1
        if depth > _DEEPEST:
            return True
    return False


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_TAGS | {"form", "iframe"}),
        clean_content_tags=set(_DROPPED),
        attributes=_ATTRIBUTES
        | {"*": _ATTRIBUTES["*"] | MARKS, "iframe": {"height", "src", "title", "width"}},
        attribute_filter=_kept_attribute,
        link_rel=None,
        url_schemes=_SCHEMES,
    )


#: What relative links are resolved against: a cleaner is made once, and costs more than its use.
_base = ContextVar("_base", default="")


def _kept_attribute(tag: str, name: str, value: str) -> str | None:
    if name in _LINKS:
        if is_canonical_url(value):
            return value
        if tag == "a" and value.strip().lower().startswith("mailto:"):
            return value.strip()
        try:
            return canonical_url(urljoin(_base.get(), value.strip()))
        except ValueError:
            return None
    if name in _LENGTHS:
        value = value.strip().removesuffix("px")
        return value if value.isascii() and value.isdigit() else None
    return filter_attribute(tag, name, value) if name in MARKS else value


def _well_nested(markup: str) -> str:
    """HTML that a parser reads back as it stands: links within links, say, take a second pass."""
    for _attempt in range(5):
        before = markup
        markup = _nesting_cleaner().clean(before)
        if markup == before:
            break
        markup = tidy(markup)
    return markup


@cache
def _nesting_cleaner() -> nh3.Cleaner:
    attributes = _ATTRIBUTES | {"a": _ATTRIBUTES["a"] | {_FRAME}}
    return nh3.Cleaner(tags=set(_TAGS), attributes=attributes, link_rel=None, url_schemes=_SCHEMES)


def _link_for_frame(match: re.Match[str]) -> str:
    # W3C's validator and most readers reject frames in a feed: a link is what survives, and tells
    # those formats that may hold a frame what to show.
    attributes = dict(_ATTRIBUTE.findall(match[1]))
    source = html.unescape(attributes.get("src", ""))
    if not source or shows_nothing(match[1]):
        return ""
    target = watch_url(source)
    host = (urlsplit(target).hostname or "").removeprefix("www.")
    title = " ".join(html.unescape(attributes.get("title", "")).split()) or host
    player = _player_of(source)
    size = f"{attributes.get('width', '')} {attributes.get('height', '')}"
    frame = f' {_FRAME}="{html.escape(player)} {size}"' if player else ""
    return f'<a href="{html.escape(target)}"{frame}>▶ {html.escape(title, quote=False)}</a>'


def _player_of(frame: str) -> str:
    """The player of a known host that a frame shows, or that its wrapper names, over https."""
    wrapped = parse_qs(urlsplit(frame).query).get("src", [""])[0]
    for url in (frame, canonical_url(wrapped) or ""):
        if urlsplit(url).hostname in _PLAYER_HOSTS:
            return re.sub("^http:", "https:", url)
    return ""


def _first_line(source: str, pattern: str) -> int:
    match = re.search(pattern, source, re.IGNORECASE)
    return source.count("\n", 0, match.start()) + 1 if match else 1


def _pixels(value: str | None) -> int | None:
    return int(value) if value and re.fullmatch("[1-9][0-9]{0,4}", value) else None
