"""Tells from a picture's URL and markup what it is: an emoji, a placeholder, an icon, a copy."""

import re
from urllib.parse import parse_qs, urlsplit

from lxml.html import HtmlElement

_PLACEHOLDER = re.compile(
    r"(?:^|[/_-])(?:blank|clear|empty|gr[ae]y|lazy(?:load)?|load(?:er|ing)?|pixel|placeholder"
    r"|preload(?:er)?|spacer|trans(?:parent)?|1x1)(?:[_-]\w{1,20})?\.(?:gif|jpe?g|png|svg|webp)$",
    re.IGNORECASE,
)
_SIZE_IN_NAME = re.compile(r"[-_]\d+x\d+(?=\.\w+$)|@\dx(?=\.\w+$)")
# Medium's thumbnails are in `freeze/max/30`.
_SIZE_IN_FOLDER = re.compile(r"\d+|(?<=/)freeze/")
_EMOJI_CLASS = re.compile(r"emoji|joypixels|smil(?:ey|ie)s?\b", re.IGNORECASE)
_EMOJI_FOLDER = re.compile(
    r"/\w{0,20}(?:emoji|emoticon|smil(?:ey|ie))[\w@.-]{0,20}/", re.IGNORECASE
)
# Its name is the code points.
_EMOJI_FILE = re.compile(
    r"/((?:[0-9a-f]{2,5})(?:-[0-9a-f]{2,5}){0,9})\.(?:gif|png|svg|webp)", re.IGNORECASE
)
_EMOJI = re.compile(
    "(?=.*[^\0-\x7f])[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2460-\u27bf\u2900-\u297f"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\xa9\xae\u2122\u203c\u2049\u2139\u200d\u20e3\ufe0f"
    "\U000e0020-\U000e007f0-9#*]{1,40}"
)
_SMILEY = re.compile(r":[\w+-]{1,38}:|(?!\w)\S{1,40}|[XxDB8][-']?[()DPpO]")
#: Pixels of an emoji's file, and of an icon.
_MAX_EMOJI, _MAX_ICON = 72, 48
_MAX_EMOJI_CHARS = 40


def is_placeholder(url: str) -> bool:
    """True for a picture that a script replaces."""
    return bool(_PLACEHOLDER.search(urlsplit(url).path))


def is_plain_picture(address: str, url: str) -> bool:
    """True for the picture of a Markdown, by its address and its URL, if it is certainly no other.

    Pages have emoji of their own as pictures, and scripts fill in a width.
    """
    may_differ = any(name in address.lower() for name in ("emo", "smil", "%7b"))
    return not may_differ and not is_placeholder(url)


def without_size(url: str) -> tuple[str, str, str]:
    """The host, folder and name of a file, the same for all sizes of a picture."""
    parts = urlsplit(url)
    # A server that resizes names the original.
    path = parse_qs(parts.query).get("url", [parts.path])[0]
    folder, _slash, name = path.rpartition("/")
    return parts.netloc, _SIZE_IN_FOLDER.sub("", folder), _SIZE_IN_NAME.sub("", name)


def emoji_of(image: HtmlElement) -> str:
    """The text of which a picture is an emoji, or an empty string."""
    sides = [side for side in (image.get("width"), image.get("height")) if side]
    if not all(is_small(side, _MAX_EMOJI) for side in sides):
        return ""
    source = image.get("src", "")
    text = (image.get("alt", "").strip() or image.get("title", "").strip())[: _MAX_EMOJI_CHARS + 1]
    is_marked = _EMOJI_CLASS.search(image.get("class", ""))
    if not is_marked and any(name in source.lower() for name in ("emo", "smil")):
        is_marked = _EMOJI_FOLDER.search(source)
    if _EMOJI.fullmatch(text):
        return text if is_marked or sides else ""
    # Its file's name is better than a text such as :smile:. Other words are a picture's.
    if is_marked and (file := _EMOJI_FILE.search(source)):
        emoji = "".join(chr(int(each, 16)) for each in file[1].split("-"))
        text = emoji if _EMOJI.fullmatch(emoji) else text
    return text if is_marked and (_EMOJI.fullmatch(text) or _SMILEY.fullmatch(text)) else ""


def is_small(side: str, pixels: int = _MAX_ICON) -> bool:
    """True for the width or height of an icon, or of at most so many pixels."""
    return bool(re.fullmatch(r"\d{1,4}(?:\.\d{1,9})?", side)) and float(side) <= pixels
