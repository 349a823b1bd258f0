"""Embedded players: those that an article features, and frames within its body.

W3C's validator and most readers reject frames in a feed. So a frame in a body becomes a link, which
says in an attribute of our own what to frame in those formats that may hold one.
"""

import html
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import nh3
from lxml.html import HtmlElement

from feeds.model.article import Player
from feeds.parsing.body.addresses import SOURCES, addresses_of
from feeds.parsing.body.limits import bounded, check_markup
from feeds.parsing.body.tidy import shows_nothing
from feeds.parsing.body.tree import GONE, parse
from feeds.text.media_types import is_playable, type_of_url
from feeds.text.repair import fold_spaces, repair
from feeds.text.urls import canonical_url

#: On a link that stands for a player: its URL, width and height.
FRAME_ATTRIBUTE = "data-frame"

# Only these may be framed: players, no other page of their hosts, which anybody may have written.
_PLAYER = re.compile(
    r"https://(?:(?:(?:www\.)?youtube|www\.youtube-nocookie)\.com/(?:embed/|embed(?=\?)|v/)"
    r"|player\.vimeo\.com/video/|www\.dailymotion\.com/embed/"
    r"|geo\.dailymotion\.com/player(?:/|\.html)|player\.twitch\.tv/(?=\?)"
    r"|w\.soundcloud\.com/player(?:/|(?=\?))"
    r"|open\.spotify\.com/embed(?:(?:-podcast)?/|(?=\?))"
    r"|embed\.podcasts\.apple\.com/|embed\.ted\.com/(?:talks|playlists)/|www\.ted\.com/embed/"
    r"|fast\.wistia\.net/embed/|archive\.org/embed/)"
    # A server may take an escaped slash for one.
    r"(?:[^?#%]|%(?!2F|5C))*(?:[?#]|$)"
)
_FRAME_LINK = re.compile(rf'(<a href="([^"]*)") {FRAME_ATTRIBUTE}="(\S*) (\d*) (\d*)">([^<]*)</a>')
_PLAYER_TAGS = ("iframe", "video", "audio", "source")
_SANITISER = nh3.Cleaner(
    tags=set(_PLAYER_TAGS),
    attributes={tag: {*SOURCES, "height", "width"} for tag in _PLAYER_TAGS},
)


def read_player(markup: str) -> Player | None:
    """The embedded player of a known host, or the video or audio file, that the markup shows.

    Raises BodyError.
    """
    markup = bounded(markup)
    check_markup(markup)
    # A character reference may have named what XML cannot hold.
    root = parse(repair(_SANITISER.clean(markup)))
    # A source has the size and the kind of the element around it.
    attributes: dict[str, str] = {}
    default_type = "video/mp4"
    for element in root.iter(*_PLAYER_TAGS):
        tag = element.tag
        attributes |= dict(element.attrib)
        default_type = "audio/mpeg" if tag == "audio" else default_type
        for address in addresses_of(element):
            if tag == "iframe":
                url, media_type = _player_url(address), ""
            else:
                url = canonical_url(address, relative=True) or ""
                media_type = type_of_url(url, default_type)
            if url and (tag == "iframe" or is_playable(media_type)):
                sizes = (_pixels(attributes.get(name, "")) for name in ("width", "height"))
                return Player(url, media_type, *sizes)
    return None


def watch_url(player: str) -> str:
    """The page that a person opens to see what a player plays."""
    parts = urlsplit(player)
    if (parts.hostname or "").removeprefix("www.") in ("youtube.com", "youtube-nocookie.com"):
        # Flash's players had the parameters in the path.
        video = re.fullmatch(r"/(?:embed|v)/([\w-]+)(?:&.*)?", parts.path)
        if video and video[1] != "videoseries":
            return f"https://www.youtube.com/watch?v={video[1]}"
    if parts.hostname == "player.vimeo.com" and parts.path.startswith("/video/"):
        return f"https://vimeo.com/{parts.path.removeprefix('/video/')}"
    # A wrapper (Embedly, for one) names the page that it wraps.
    return canonical_url(parse_qs(parts.query).get("url", [""])[0]) or player


def replace_frame(frame: HtmlElement) -> None:
    """Make an iframe the link that stands for it in a body; remove one that shows nothing."""
    source = frame.get("src")
    if not source or shows_nothing(frame):
        frame.tag = GONE
        return
    page = watch_url(source)
    host = (urlsplit(page).hostname or "").removeprefix("www.")
    frame.text = f"▶ {fold_spaces(frame.get('title', '')) or host}"
    player = known_player(source)
    size = f"{frame.get('width', '')} {frame.get('height', '')}"
    frame.tag = "a"
    frame.attrib.clear()
    frame.set("href", page)
    if player:
        frame.set(FRAME_ATTRIBUTE, f"{player} {size}")


def known_player(source: str) -> str:
    """The player of a known host that a frame shows, maybe in a wrapper; empty for any other."""
    wrapped = parse_qs(urlsplit(source).query).get("src", [""])[0]
    return _player_url(source) or _player_url(wrapped)


def with_frames(body: str, frame: Callable[[Player, str, str], str] | None) -> str:
    """The body with a frame in place of each link to a player, or with plain links.

    The function makes a frame's HTML from the player, its page and its title.
    """
    if f' {FRAME_ATTRIBUTE}="' not in body:
        return body

    def replacement(match: re.Match[str]) -> str:
        link, page, player, width, height, title = match.groups()
        if not frame:
            return f"{link}>{title}</a>"
        embedded = Player(html.unescape(player), "", _pixels(width), _pixels(height))
        return frame(embedded, html.unescape(page), html.unescape(title).removeprefix("▶ "))

    return _FRAME_LINK.sub(replacement, body)


def _player_url(source: str) -> str:
    """The URL over https of a known host's player, or an empty string."""
    # A page over https may frame only another over https.
    url = re.sub("^http:", "https:", canonical_url(source) or "")
    return url if _PLAYER.match(url) else ""


def _pixels(value: str) -> int | None:
    return int(value) if re.fullmatch("[1-9][0-9]{0,4}", value) else None
