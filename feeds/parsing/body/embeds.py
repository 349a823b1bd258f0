"""Writes out the tags that embed a picture, a video or another page, of many generators.

Each site may have tags of its own. What they embed is told by their names and arguments.
"""

import re
from html import escape
from urllib.parse import quote

#: The beginnings of players' URLs.
FRAMES = {
    "youtube": "https://www.youtube.com/embed/",
    "vimeo": "https://player.vimeo.com/video/",
}
# Pages of a user's.
_PAGES = {
    "gist": "https://gist.github.com/{}/{}",
    "tweet": "https://twitter.com/{}/status/{}",
    "twitter": "https://twitter.com/{}/status/{}",
    "x": "https://x.com/{}/status/{}",
}
_PICTURE = re.compile(r"[^\s<>\"']+\.(?:avif|bmp|gif|jpe?g|png|svg|webp)", re.IGNORECASE)
# Of Liquid, Nunjucks, Hexo, Markdoc and Tera, which writes {{ youtube(id="…") }}; within an
# attribute, none is looked at.
_TAG = re.compile(
    r"(?<![=\"'(])\{(?:%[-~+]?\s*(?P<name>[A-Za-z][\w-]{0,40})\s|\{\s*(?P<function>[A-Za-z]\w{0,40})\()"
    r"(?P<arguments>(?:(?!\{[{%]|[%}]\}).){1,1000})[%}]\}",
    re.DOTALL,
)
_ARGUMENT = re.compile(
    r"(?:(?P<key>[\w-]{1,40})\s{0,5}[=:]\s{0,5})?"
    r"(?:\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'|(?P<bare>[^\s\"'=,()|]+))"
)
# They say what is done with their arguments, which are not what is shown.
_CONTROL = frozenset(
    "assign block capture case cycle decrement elif else elsif extends for from if import increment"
    " layout macro set tablerow unless when with".split()
)
_SOURCES = ("src", "url", "image", "image_path", "path", "file", "href")
_VIDEO = re.compile(r"[\w-]{5,20}")


def figure(named: dict[str, str]) -> str:
    """Return the HTML of a picture, of a tag's arguments by their names."""
    caption = named.get("caption") or named.get("title") or ""
    picture = f'<img src="{escape(named["src"])}" alt="{escape(named.get("alt") or caption)}">'
    if not caption:
        return picture
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def is_picture(address: str) -> bool:
    """Return True for the address of a picture."""
    return bool(_PICTURE.fullmatch(address))


def page_of(name: str, named: dict[str, str], words: list[str]) -> str:
    """Return the URL of the page that a tag embeds; empty if it is not known."""
    words = [named.get("user", ""), named.get("id", "")] if named else words
    if name not in _PAGES or len(words) < 2 or not all(words):
        return ""
    return _PAGES[name].format(*map(quote, words))


def link(page: str) -> str:
    """Return a link in HTML that Markdown takes for no other link."""
    shown = re.sub(r"^https?://(?:www\.)?", "", page)
    return f'<a href="{escape(page)}">{escape(shown)}</a>'


def replace_tags(source: str) -> str:
    """Replace the tags of which it is clear what they embed; all others stay."""
    return _TAG.sub(lambda tag: _embedded(tag) or tag[0], source)


def _embedded(tag: re.Match[str]) -> str:
    name, named, words = (tag["name"] or tag["function"]).lower(), dict[str, str](), list[str]()
    for argument in _ARGUMENT.finditer(tag["arguments"]):
        value = argument["double"] or argument["single"] or argument["bare"] or ""
        if argument["key"]:
            named[argument["key"].lower()] = value
        else:
            words.append(value)
    if name.startswith("include") and words:
        name = words.pop(0).rpartition("/")[2].partition(".")[0].lower()
    if name in _CONTROL:
        return ""
    values = [*filter(None, map(named.get, _SOURCES)), *words]
    if source := next(filter(is_picture, values), ""):
        after = words[words.index(source) + 1 :] if source in words else []
        label = " ".join(word for word in after if not word.isdecimal() and word != "-")
        return figure({"alt": label, **named, "src": source})
    host = next(filter(name.startswith, FRAMES), "")
    video = named.get("id") or (words[0] if words else "")
    if host and _VIDEO.fullmatch(video):
        return f'<iframe src="{FRAMES[host]}{video}"></iframe>'
    values = [*named.values(), *words]
    is_whole = (value for value in values if re.match(r"https?://[^\s<>\"']+$", value))
    page = next(is_whole, "") or page_of(name, named, words)
    return link(page) if page else ""
