"""Gives each picture, player and embed of a body one URL, or names it as lost.

Readers run no script and know one size, so each picture is published once, with its URL in `src`,
be it in an attribute of a script's or in a `noscript`.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import lxml.etree as etree
from lxml.html import HtmlElement

from feeds.parsing.body.addresses import GUESSED, LAZY, SOURCES, addresses_of, resolve
from feeds.parsing.body.findings import Findings, clue_patterns
from feeds.parsing.body.limits import Length
from feeds.parsing.body.pictures import emoji_of, is_placeholder, is_small, without_size
from feeds.parsing.body.players import known_player
from feeds.parsing.body.tidy import INLINE_TAGS, shows_nothing
from feeds.parsing.body.tree import GONE, UNWRAPPED, settle
from feeds.text.media_types import type_of_url

#: Elements of other dialects: the one that each is, where its URL is, and what comes before that.
DIALECTS = {
    "amp-img": ("img", "src", ""),
    "amp-anim": ("img", "src", ""),
    "amp-audio": ("audio", "src", ""),
    "amp-video": ("video", "src", ""),
    "amp-iframe": ("iframe", "src", ""),
    "amp-youtube": ("iframe", "data-videoid", "https://www.youtube.com/embed/"),
    "lite-youtube": ("iframe", "videoid", "https://www.youtube.com/embed/"),
    "amp-vimeo": ("iframe", "data-videoid", "https://player.vimeo.com/video/"),
    "lite-vimeo": ("iframe", "videoid", "https://player.vimeo.com/video/"),
    "amp-dailymotion": ("iframe", "data-videoid", "https://www.dailymotion.com/embed/video/"),
}
#: A noscript's content, which is what readers show. Of a noscript itself, the parser makes text.
NOSCRIPT = "fallback"

_LABELS = frozenset(("title", "aria-label"))
_SIZED = frozenset(("height", "width", *_LABELS))
#: Attributes by element, beside those that stay, that lead to a URL or a text in place of one.
MEDIA_ATTRIBUTES = {
    "img": {*SOURCES, *GUESSED, "class", "aria-label"},
    "source": {*SOURCES},
    "iframe": {*SOURCES, *_SIZED},
    "video": {*SOURCES, *_LABELS, "data-poster"},
    "audio": {*SOURCES, *_LABELS},
    "embed": {*SOURCES, *_SIZED, "type"},
    "object": {"data", "type", *_SIZED},
    "param": {"name", "value"},
    "picture": {"data-alt", "data-iesrc"},
    "svg": {"viewBox", *_SIZED},
    NOSCRIPT: set(),
} | {
    tag: {"alt", "playlabel", "poster", "srcset", source, *_SIZED}
    for tag, (_known, source, _prefix) in DIALECTS.items()
}
#: Schemes of URLs that are not published: a parser that keeps them lets them be named.
LOST_SCHEMES = frozenset(
    "about blob cid content data file filesystem ftp ftps geo irc ircs magnet sms ssh tel xmpp"
    .split()
)  # fmt: skip
# All that these elements have in the end.
_KEPT = frozenset("alt controls dir height hidden lang poster src style title type width".split())
_NOSCRIPT_TAG = re.compile(r"(</?)noscript(?=[\s/>])", re.IGNORECASE)
# A script that shows a page, by the page's URL.
_PAGE_SCRIPT = re.compile(
    r"<script\b[^<>]*?\bsrc\s*=\s*[\"']?(?:https?:)?//((gist\.github\.com)/[\w-]+/[0-9a-f]+"
    r"|(asciinema\.org)/a/\w+)\.js\b[^<>]*>\s*</script\s*>",
    re.IGNORECASE,
)
# A notice for people whose browser runs no script; it offers nothing else.
_NOTICE = re.compile(r"java\s?script", re.IGNORECASE)
_MAX_NOTICE_CHARS = 300
#: A body's noscripts whose text is looked for beside them.
_MAX_COMPARED = 100
_text_of = etree.XPath("normalize-space()")
_MEDIA = ("img", "iframe", "video", "audio")


def open_scripts(markup: str) -> str:
    """Make each noscript an element that a parser reads, and scripts that show a page links."""
    if "script" not in markup.lower():
        return markup
    # No quotation mark gets in, in case that the tag is a text within an attribute.
    markup = _PAGE_SCRIPT.sub(r"<a href=https://\1>▶ \2\3</a>", markup)
    return _NOSCRIPT_TAG.sub(rf"\1{NOSCRIPT}", markup)


def resolve_media(root: HtmlElement, base: str, length: Length, findings: Findings) -> None:
    """Give all media of a tree their URLs, still relative ones; lost ones are findings."""
    if next(root.iter(*MEDIA_ATTRIBUTES), None) is not None:
        _Media(root, base, length, findings).resolve()
        settle(root)


class _Media:
    def __init__(self, root: HtmlElement, base: str, length: Length, findings: Findings) -> None:
        self._root = root
        self._base = base
        self._length = length
        self._findings = findings
        #: Each has a link, what is hidden, or decoration around it.
        self._linked: set[HtmlElement] = set()
        self._silent: set[HtmlElement] = set()
        self._hidden: set[HtmlElement] = set()

    def resolve(self) -> None:
        for element in list(self._root.iter(*DIALECTS)):
            self._translate(element)
        sources_of = self._sources_of_pictures()
        for element in reversed(list(self._root.iter("object", "embed"))):
            self._resolve_embed(element)
        for element in list(self._root.iter(*_MEDIA)):
            if element.tag == "img" and (text := emoji_of(element)):
                element.tag, element.text = UNWRAPPED, text
            elif element.tag in ("video", "audio"):
                self._resolve_player(element)
            else:
                self._set_source(element, *sources_of.get(element, ()))
        # Most media have a URL and no copy: then it does not matter what is around them.
        may_differ = next(self._root.iter(NOSCRIPT, "svg", "iframe"), None) is not None
        if may_differ or any(map(self._is_unclear, self._root.iter(*_MEDIA))):
            self._open_noscripts()
            self._drop_copies(self._runs())
        for element in list(self._root.iter(*_MEDIA)):
            self._name_lost(element)
            if element.tag == "iframe":
                element.set("title", _label(element))
            if element.tag in _MEDIA:
                _strip(element)
        for drawing in list(self._root.iter("svg")):
            self._name_drawing(drawing)

    def _translate(self, element: HtmlElement) -> None:
        """Make an element of another dialect the one that it is."""
        tag, name, prefix = DIALECTS[element.tag]
        address = element.get(name, "")
        if tag in ("audio", "video"):
            element.tag = tag
            return
        known = {key: element.get(key, "") for key in ("alt", "srcset", "width", "height", "style")}
        title = element.get("title") or element.get("playlabel") or ""
        _insert(element, tag, src=address and prefix + address, title=title, **known)

    def _sources_of_pictures(self) -> dict[HtmlElement, list[HtmlElement]]:
        """Unwrap each picture; return the sources of its img, which a script may have to make."""
        sources = {}
        for picture in list(self._root.iter("picture")):
            found = list(picture.iterchildren("source"))
            image = next(picture.iter("img"), None)
            if image is None and found:
                image = _insert(picture, "img", alt=picture.get("data-alt", ""))
            for source in found:
                source.tag = GONE
            picture.tag = UNWRAPPED
            if image is not None:
                # The last is the one that every browser shows.
                sources[image] = [*reversed(found), picture]
        return sources

    def _resolve_embed(self, element: HtmlElement) -> None:
        """Make an object what shows in it, or else, like an embed, what it embeds."""
        parameters = {}
        for parameter in list(element.iter("param")):
            parameters[parameter.get("name", "").lower()] = parameter.get("value", "")
            parameter.tag = GONE
        if shows_nothing(element):
            element.tag = GONE
            return
        inner = (each for each in element.iterdescendants(*_MEDIA, "a") if each.tag != GONE)
        if next(inner, None) is not None:
            element.tag = UNWRAPPED
            return
        names = ("movie", "src", "url", "filename")
        given = [*addresses_of(element), element.get("data", "")]
        given += (parameters.get(name, "") for name in names)
        address = self._choose(given)
        text = _text_of(element)
        if text and not address:
            element.tag = UNWRAPPED
            return
        media_type = element.get("type") or type_of_url(address, "")
        tag = media_type.lower().partition("/")[0].replace("image", "img")
        tag = tag if tag in _MEDIA else "iframe"
        known = {key: element.get(key, "") for key in ("width", "height")}
        known |= {"alt": _label(element) or text} if tag == "img" else {"title": _label(element)}
        if tag == "img":
            element.text, element[:] = "", []
        _insert(element, tag, src=address or next(filter(None, given), ""), **known)

    def _resolve_player(self, player: HtmlElement) -> None:
        """Give a video or audio element its sources, and controls to start it with."""
        posters = (player.get("data-poster", ""), player.get("poster", ""))
        if poster := self._choose(posters, accepts_placeholder=False):
            player.set("poster", poster)
        else:
            player.attrib.pop("poster", None)
        player.set("controls", "")
        self._set_source(player)
        for source in player.iterchildren("source"):
            self._set_source(source)
            _strip(source)

    def _set_source(self, element: HtmlElement, *others: HtmlElement) -> None:
        """Set an element's src to the best of its URLs, or of other elements', if there is one."""
        addresses = [address for each in (element, *others) for address in addresses_of(each)]
        if address := self._choose(addresses):
            element.set("src", address)
            if element.tag == "img" and any(map(LAZY.__contains__, element.keys())):
                # It waits, unseen, for its script.
                element.attrib.pop("style", None)

    def _is_lost(self, element: HtmlElement) -> bool:
        """Return True for media without a URL that can be published."""
        return not any(
            self._url(each.get("src", "")) for each in (element, *element.iterchildren("source"))
        )

    def _is_unclear(self, element: HtmlElement) -> bool:
        return self._is_lost(element) or self._is_placeholder(element)

    def _is_placeholder(self, element: HtmlElement) -> bool:
        """Return True for the placeholder of a picture, but not for a spacer or an icon."""
        if element.tag != "img" or not is_placeholder(self._url(element.get("src", ""))):
            return False
        return not any(is_small(element.get(side, "")) for side in ("width", "height"))

    def _choose(self, addresses: Iterable[str], *, accepts_placeholder: bool = True) -> str:
        """The first address that can be published, of a placeholder only if there is no other."""
        second = ""
        for address in addresses:
            if url := self._url(address):
                if not is_placeholder(url):
                    return address
                second = second or address
        return second if accepts_placeholder else ""

    def _url(self, address: str) -> str:
        """The URL of an address; empty if there is none."""
        return "" if address.startswith("#") else resolve(address, self._base)

    def _open_noscripts(self) -> None:
        """Remove notices, and texts that are beside the noscript, too."""
        noscripts = [
            noscript
            for noscript in self._root.iter(NOSCRIPT)
            if next(noscript.iterancestors(NOSCRIPT), None) is None
        ]
        shown = _text_outside(self._root) if noscripts else ""
        for number, noscript in enumerate(noscripts):
            if is_notice(noscript):
                noscript.tag = GONE
            elif number < _MAX_COMPARED and without_blanks(_text_of(noscript)) in shown:
                for element in noscript.iterdescendants():
                    element.text = element.tail = ""
                noscript.text = ""

    def _runs(self) -> list[list[tuple[HtmlElement, bool]]]:
        """The pictures and frames with no text between them; True for those in a noscript."""
        runs: list[list[tuple[HtmlElement, bool]]] = [[]]
        noscripts = links = hidden = silent = 0
        for event, element in etree.iterwalk(self._root, events=("start", "end")):
            step = 1 if event == "start" else -1
            noscripts += step * (element.tag == NOSCRIPT)
            links += step * (element.tag == "a")
            hidden += step * shows_nothing(element)
            silent += step * (element.get("aria-hidden") == "true")
            if step > 0 and element.tag in (*_MEDIA, "svg"):
                runs[-1].append((element, noscripts > 0))
                if links:
                    self._linked.add(element)
                if hidden:
                    self._hidden.add(element)
                if silent:
                    self._silent.add(element)
            text = element.text if step > 0 else element.tail
            if runs[-1] and text and not text.isspace():
                runs.append([])
        for noscript in self._root.iter(NOSCRIPT):
            noscript.tag = UNWRAPPED
        return runs

    def _drop_copies(self, runs: list[list[tuple[HtmlElement, bool]]]) -> None:
        """Keep one of each picture that is in a noscript and beside it."""
        everywhere: set[str] = set()
        copies_left: list[tuple[HtmlElement, str]] = []
        for run in runs:
            copies = [
                (each, self._url(each.get("src", "")))
                for each, is_copy in run
                if is_copy and each not in self._hidden
            ]
            urls = {url for _each, url in copies if url}
            files = set(map(without_size, urls))
            tags = {each.tag for each, url in copies if url}
            shown = set()
            for element, is_copy in run:
                if is_copy or element.tag not in ("img", "iframe"):
                    continue
                url = self._url(element.get("src", ""))
                if url in urls and element not in self._hidden:
                    shown.add(url)
                elif element.tag in tags and (
                    not url
                    or element in self._hidden
                    or is_placeholder(url)
                    or without_size(url) in files
                ):
                    element.tag = GONE
                elif element not in self._hidden:
                    shown.add(url)
            everywhere |= shown
            copies_left += copies
        for element, url in copies_left:
            if url in everywhere and element.tag in ("img", "iframe"):
                element.tag = GONE

    def _name_lost(self, element: HtmlElement) -> None:
        """Let the text of media without a URL take its place, as a link to the article."""
        if element in self._hidden:
            return
        tag = element.tag
        if not self._is_lost(element):
            if tag == "iframe" and not known_player(self._url(element.get("src", ""))):
                self._findings.add("frame", "", *clue_patterns(element.get("src", ""), tag))
            elif self._is_placeholder(element) and element not in self._silent:
                self._findings.add("placeholder", "", *clue_patterns(element.get("src", ""), tag))
            return
        address = next(filter(None, addresses_of(element)), "")
        label = _label(element)
        is_data = tag == "img" and address[:5].lower() == "data:"
        kind = "data" if is_data else "picture" if tag == "img" else "player"
        self._findings.add(kind, "", *clue_patterns(address or label, tag))
        text = label if tag == "img" else f"▶ {label or urlsplit(self._base).hostname}"
        # A fallback's own link is better.
        if next(element.iterdescendants("a"), None) is not None:
            text = ""
        for part in element.iterchildren("source", "track"):
            part.tag = GONE
        poster = element.get("poster", "")
        self._replace(element, text)
        if poster:
            _insert(element, "img", src=poster, alt=label)

    def _name_drawing(self, drawing: HtmlElement) -> None:
        box = drawing.get("viewBox", "").replace(",", " ").split()[2:]
        sides = [drawing.get("width", ""), drawing.get("height", ""), *box]
        is_icon = drawing in self._silent or any(map(is_small, sides))
        drawing.text, drawing[:] = "", []
        if is_icon or drawing in self._hidden:
            drawing.tag = GONE
            return
        text = _label(drawing)
        self._findings.add("svg", "", *clue_patterns(text, "svg"))
        self._replace(drawing, text)

    def _replace(self, element: HtmlElement, text: str) -> None:
        is_linked = element in self._linked
        element.attrib.clear()
        element.tag = UNWRAPPED
        if text and is_linked:
            element.text = text + (element.text or "")
        elif text:
            self._length.add(len(self._base))
            _insert(element, "a", href=self._base).text = text


def _text_outside(root: HtmlElement) -> str:
    """The text of a tree that is in no noscript, without blanks."""
    texts, noscripts = [], 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        noscripts += (element.tag == NOSCRIPT) * (1 if event == "start" else -1)
        if not noscripts:
            texts.append((element.text if event == "start" else element.tail) or "")
    return without_blanks("".join(texts))


def without_blanks(text: str) -> str:
    """The text without any white space."""
    return "".join(text.split())


def is_notice(noscript: HtmlElement) -> bool:
    """True for a noscript that only says that scripts should run."""
    if next(noscript.iter(*_MEDIA), None) is not None:
        return False
    if all(each.tag in INLINE_TAGS for each in noscript.iterdescendants()):
        return True
    text = _text_of(noscript)
    return len(text) <= _MAX_NOTICE_CHARS and bool(_NOTICE.search(text))


def _label(element: HtmlElement) -> str:
    """The text that markup has for an element that cannot be shown."""
    labels: Iterator[str]
    labels = (" ".join(element.get(name, "").split()) for name in ("alt", "title", "aria-label"))
    return next(filter(None, labels), "")


def _insert(parent: HtmlElement, tag: str, **attributes: str) -> HtmlElement:
    """Unwrap an element and put another one before its content."""
    element: HtmlElement = parent.makeelement(tag, {k: v for k, v in attributes.items() if v})
    element.tail, parent.text = parent.text, ""
    parent.insert(0, element)
    parent.tag = UNWRAPPED
    return element


def _strip(element: HtmlElement) -> None:
    """Remove the attributes that led to the URL."""
    for name in set(element.attrib) - _KEPT:
        del element.attrib[name]
