"""Compares what went into a body with what came out, and names what is gone.

It finds what another step lost by mistake, so it reads the HTML with another parser and shares with
them only the rules by which something is left out on purpose: what nobody sees, copies, signs,
numbers beside code, and tables that only lay out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

import lxml.etree as etree
from lxml.html import HtmlElement

from feeds.parsing.body.addresses import addresses_of, resolve
from feeds.parsing.body.findings import Findings, clue_patterns
from feeds.parsing.body.formulas import TEX, TOKENS, is_typeset
from feeds.parsing.body.media import DIALECTS, is_notice, without_blanks
from feeds.parsing.body.pictures import emoji_of, is_placeholder, without_size
from feeds.parsing.body.players import watch_url
from feeds.parsing.body.structure import is_gutter, is_sign
from feeds.parsing.body.tidy import (
    MARKS,
    MAX_FORM_CHARS,
    holds_only_icons,
    is_unfilled_field,
    lays_out,
    shows_nothing,
    simplify_attribute,
)
from feeds.parsing.body.tree import classes
from feeds.text.repair import repair

# Browsers show these apart from what is beside them (HTML §15.3): no word goes across.
_BLOCKS = frozenset(
    "address article aside blockquote br caption center dd details dialog dir div dl dt fieldset"
    " figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main menu"
    " nav ol p pre search section summary table td th tr ul".split()
)
_PICTURES = frozenset(("img", *(tag for tag, (kind, *_) in DIALECTS.items() if kind == "img")))
_PLAYERS = frozenset(("iframe", "video", "audio", "embed", "object", *DIALECTS)) - _PICTURES
_MEDIA = (*_PICTURES, *_PLAYERS)
_MARKS = MARKS | {"width", "height"}
# Of scripts without spaces, each letter is a word.
_NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_NO_SPACES}]|[^\W_{_NO_SPACES}]+")
_MAX_QUOTED_WORDS = 6
#: Letters of a word between which tags are looked for.
_MAX_SPLIT_LETTERS = 20
_START_TAG = re.compile(
    f"<({'|'.join(sorted({'table', 'math', *(re.sub('-.*', '-', m) for m in _MEDIA)}))})"
)


class Facts(NamedTuple):
    """The text of a tree, and how much else its HTML has."""

    text: str
    counts: Counter[str]

    @classmethod
    def of(cls, root: HtmlElement, markup: str) -> Self:
        """Find them fast."""
        return cls(root.text_content(), Counter(_START_TAG.findall(markup.lower())))

    def are_kept(self, others: Facts) -> bool:
        """Return True if nothing can be lost."""
        if self.counts != others.counts:
            return False
        text, other = self.text, others.text
        return text == other or without_blanks(text) == without_blanks(other)


class _Part(NamedTuple):
    """A text, a picture or the like, which may be a copy for browsers that run no script."""

    kind: str
    element: HtmlElement
    is_copy: bool
    text: str = ""


def find_losses(before: HtmlElement, after: HtmlElement, base: str, findings: Findings) -> None:
    """Find what a browser would show of the one tree, which is changed, and not of the other."""
    given, left = _seen(before, base), _seen(after, base)
    _find_media(given, after, base, findings)
    tables, tables_left = _elements(given, "table"), _elements(left, "table")
    if len(tables_left) < len(tables):
        texts = {without_blanks(table.text_content()) for table in tables_left}
        given_texts = list(map(HtmlElement.text_content, tables))
        first = next((t for t in given_texts if without_blanks(t) not in texts), given_texts[0])
        where = (*_patterns_of(_WORD.findall(first)), r"<table\b", r"^ *\|")
        _add(findings, "table", len(tables) - len(tables_left), len(tables), where)
    # One without MathML is TeX between its signs.
    count = len(_elements(left, "formula")) + len(re.findall(r"\\[(\[]", after.text_content()))
    total = max(len(_elements(given, kind)) for kind in ("formula", "tex"))
    if count < total:
        _add(findings, "formula", total - count, total, (r"<math\b", "katex|mathjax|mjx-"))
    _find_words(given, left, findings)


def _find_media(given: list[_Part], after: HtmlElement, base: str, findings: Findings) -> None:
    links = set(after.xpath("//@src | //@href | //@poster"))
    pictures = Counter(after.xpath("//img/@src | //@poster"))
    has_copies = any(part.is_copy for part in given)
    sizes = set(map(without_size, pictures)) if has_copies else set()
    gone: dict[str, list[tuple[str, str]]] = {"picture": [], "player": []}
    lost: set[str] = set()
    totals = Counter(part.kind for part in given if not part.is_copy)
    for kind, element, is_copy, _text in given:
        if kind not in gone:
            continue
        urls = {url: each for each in _addresses(element) if (url := resolve(each, base))}
        if kind == "player":
            is_left = any(url in links or watch_url(url) in links for url in urls)
        else:
            urls = {url: each for url, each in urls.items() if not is_placeholder(url)}
            url = next(filter(pictures.__getitem__, urls), "")
            is_left = bool(url) or any(without_size(each) in sizes for each in urls)
            is_left |= is_copy and any(each in pictures for each in urls)
            pictures[url] -= not is_copy
        # One without a URL is named by others, and a copy of one that is gone is no second one.
        if urls and not (is_left or (is_copy and not lost.isdisjoint(urls))):
            gone[kind].append((next(iter(urls.values())), element.tag))
            lost.update(urls)
    for kind, found in gone.items():
        if found:
            _add(
                findings, kind, len(found), max(totals[kind], len(found)), clue_patterns(*found[0])
            )


def _find_words(given: list[_Part], left: list[_Part], findings: Findings) -> None:
    words, copied = _words(given, is_copy=False), _words(given, is_copy=True)
    known = set(words)
    words += [word for word in copied if word not in known]
    missing = Counter(words) - Counter(_words(left, is_copy=False))
    if not missing:
        return
    # The longest run of words of which some are missing: other words may only look like those.
    runs: list[list[str]] = [[]]
    for word in words:
        if word in missing:
            runs[-1].append(word)
        elif runs[-1]:
            runs.append([])
    first = max(runs, key=len)
    _add(findings, "word", missing.total(), len(words), _patterns_of(first), quoted=first)


def _add(
    findings: Findings, kind: str, count: int, total: int, where: Sequence[str],
    quoted: Sequence[str] = (),
) -> None:  # fmt: skip
    noun, verb = kind + "s" * (total > 1), "is" if count == 1 else "are"
    text = f"{count:,} of {total:,} {noun} {verb} gone"
    if quoted:
        more = " …" * (len(quoted) > _MAX_QUOTED_WORDS)
        text += f", from “{_joined(quoted[:_MAX_QUOTED_WORDS])}{more}”"
    findings.add("gone", text, *where, about=kind)


def _joined(words: Sequence[str]) -> str:
    return re.sub(rf"(?<=[{_NO_SPACES}]) (?=[{_NO_SPACES}])", "", " ".join(words))


def _patterns_of(words: Sequence[str]) -> tuple[str, ...]:
    """Patterns by which words are found in a source, maybe with markup between them."""
    heads = (words[:count] for count in (3, 2, 1) if len(words) >= count)
    patterns = [r"[\W_]{0,20}".join(map(re.escape, head)) for head in heads]
    letters = map(re.escape, words[0][:_MAX_SPLIT_LETTERS] if words else "")
    return (*patterns, "(?:<[^<>]{0,200}>)?".join(letters))


def _words(parts: list[_Part], *, is_copy: bool) -> list[str]:
    text = "".join(part.text for part in parts if part.kind == "text" and part.is_copy == is_copy)
    return _WORD.findall(repair(text))


def _elements(parts: list[_Part], kind: str) -> list[HtmlElement]:
    return [part.element for part in parts if part.kind == kind]


def _addresses(element: HtmlElement) -> Iterator[str]:
    """The addresses of what a medium shows."""
    if element.tag in DIALECTS:
        _tag, name, prefix = DIALECTS[element.tag]
        if address := element.get(name):
            yield prefix + address
    yield from addresses_of(element)
    if element.tag == "object":
        yield element.get("data", "")
    picture = element.getparent()
    around = (element, picture) if picture is not None and picture.tag == "picture" else (element,)
    for source in (each for parent in around for each in parent.iterchildren("source", "param")):
        yield from addresses_of(source)
        yield source.get("value", "")


def _seen(root: HtmlElement, base: str) -> list[_Part]:
    """All that a person sees of a tree, in its order."""
    parts: list[_Part] = []
    # Of all parts, how many characters and other things are seen, and numbers of lines.
    sizes = {"text": 0, "other": 0, "gutter": 0}
    # For each open form and table, how many parts are before it, and their sizes.
    starts: list[tuple[int, dict[str, int]]] = []
    left_out = None
    copies = 0
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag, kind = element.tag, ""
        if event == "start":
            if tag in ("form", "table"):
                starts.append((len(parts), dict(sizes)))
            copies += tag == "noscript"
            if kind := _kind_of(element, base):
                walk.skip_subtree()
                left_out = element
            text = _text_in(element, kind)
        else:
            if tag in ("form", "table"):
                start, before = starts.pop()
                grown = {name: size - before[name] for name, size in sizes.items()}
                if tag == "form" and grown["text"] <= MAX_FORM_CHARS:
                    del parts[start:]
                    sizes = before
                elif tag == "table" and not grown["gutter"] and any(grown.values()):
                    kind = "" if lays_out(element) else "table"
            copies -= tag == "noscript"
            text = element.tail
        if kind:
            parts.append(_Part(kind, element, copies > 0))
            sizes["gutter" if kind == "gutter" else "other"] += kind != "hidden"
        if not text or is_unfilled_field(text):
            text = ""
        sizes["text"] += 0 if text.isspace() else len(text)
        is_player = tag in _PLAYERS or (tag == "a" and (element.text or "").startswith("▶"))
        if (tag in _BLOCKS and left_out is None) or is_player:
            text = f" {text}"
        if text:
            parts.append(_Part("text", element, copies > 0, text))
        if event == "end" and element is left_out:
            left_out = None
    return parts


def _text_in(element: HtmlElement, kind: str) -> str | None:
    if kind == "formula":
        return " ".join(map(HtmlElement.text_content, element.iter(*TOKENS)))
    return emoji_of(element) if element.tag == "img" else "" if kind else element.text


def _kind_of(element: HtmlElement, base: str) -> str:
    """The kind of an element of which no person sees the content; empty for any other."""
    tag, names = element.tag, element.keys()
    for name in _MARKS.intersection(names):
        value = simplify_attribute(tag, name, element.get(name))
        element.attrib.pop(name) if value is None else element.set(name, value)
    if ("class" in names or "style" in names) and is_gutter(element):
        return "gutter"
    if "style" in names and element.get("style") != "display:none":
        element.attrib.pop("style", None)
    if tag in ("math", "mjx-container") or ("class" in names and is_typeset(element)):
        has_formula = any(math.text_content().strip() for math in element.iter("math"))
        return "formula" if has_formula else "tex" if TEX in classes(element) else "hidden"
    is_hidden = bool(names) and shows_nothing(element)
    if is_hidden or tag == "svg" or (tag == "noscript" and is_notice(element)):
        return "hidden"
    if tag == "a" and (is_sign(element, base) or holds_only_icons(element)):
        return "hidden"
    if tag == "img":
        return "" if emoji_of(element) else "picture"
    if tag == "object":
        # Its fallback is seen instead.
        has_others = next(element.iterdescendants(*_MEDIA, "a"), None) is not None
        return "" if has_others or not any(_addresses(element)) else "player"
    return "picture" if tag in _PICTURES else "player" if tag in _PLAYERS else ""
