"""Cleans bodies: Markdown or HTML in, sanitised HTML with absolute links out.

An allow-list, which docs/formats.md shows, says what stays. Any other element loses its tags; one
that would run, style or submit loses its content too.
"""

from __future__ import annotations

import html
import re
from functools import cache, cached_property
from urllib.parse import urljoin

import nh3

from feeds.parsing.body import liquid
from feeds.parsing.body.players import FRAME_ATTRIBUTE, link_to_frame
from feeds.parsing.body.tidy import ATTRIBUTE, MARKS, mark_of, tidy
from feeds.parsing.body.unsafe import is_too_deep, unsafe_parts
from feeds.text.repair import plain_line, repair
from feeds.text.urls import canonical_url, is_canonical_url

KEPT_TAGS = frozenset(
    "a abbr article aside audio b blockquote br caption cite code col colgroup dd del details dfn"
    " div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li mark ol p"
    " pre q rp rt ruby s samp section small source span strong sub summary sup table tbody td tfoot"
    " th thead time tr u ul var video wbr".split()
)
KEPT_ATTRIBUTES = {
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
# Elements whose content is not prose.
_REMOVED_WITH_CONTENT = frozenset(
    "button embed head label math noembed noframes noscript object option script select style svg"
    " template textarea title xml".split()
)
_SCHEMES = {"http", "https", "mailto"}
_LINKS = frozenset(("href", "src", "cite", "poster"))
_LENGTHS = frozenset(("width", "height", "colspan", "rowspan", "start"))

# nh3's canonical HTML: each "<" of text is escaped, so that one here begins a tag.
_ATTRIBUTES = r'(?:\s[a-z-]+="[^"]*")'
_TAG = re.compile(
    rf"<(iframe)({_ATTRIBUTES}*)>.*?</iframe>|<([a-z][a-z0-9]*)({_ATTRIBUTES}+)>|<(?:img|source)>",
    re.DOTALL,
)
# An HTML parser drops the first line break of a block of code, each time that it reads one.
_FIRST_LINES = re.compile(rf"(<pre{_ATTRIBUTES}*>)\n+")
# Elements that stand apart on a page.
_BLOCK = re.compile(
    r"<(?=/?(?:article|aside|blockquote|br|caption|dd|details|div|dt|figcaption|figure|footer|h[1-6]"
    r"|header|hr|li|p|pre|section|summary|t[dhr])\b)"
)
_EXTENSIONS = ["table", "strikethrough", "autolink"]
# References for which cmark writes bytes that are not valid text.
_NONCHARACTER = re.compile("&#(?:x0*fff[ef]|0*6553[45]);", re.IGNORECASE)
# The links of cmark's footnotes, there and back. A reader may show many bodies on one page, so none
# keeps its ids, and the links would lead nowhere.
_FOOTNOTE = re.compile(r'(<sup class="footnote-ref">)<a href="#fn-[^>]*>(\d+)</a>')
_BACKLINK = re.compile(r' ?<a href="#fnref-[^>]* data-footnote-backref.*?</a>')


class Body:
    """The body of one article, parsed once for all that is asked of it."""

    def __init__(self, source: str, *, is_html: bool) -> None:
        self._source = source
        self._is_html = is_html

    def clean(self, base: str) -> str:
        """Safe HTML, its links resolved against an article's URL; empty if it nests too deep."""
        if is_too_deep(self._markup):
            return ""
        cleaned = _cleaner().clean(self._markup)
        cleaned = _TAG.sub(lambda match: _finish_tag(match, base), cleaned)
        # A character reference may have named what no feed may hold.
        cleaned = tidy(repair(cleaned))
        if self._is_html or "<" in self._source:
            cleaned = _well_nested(_FIRST_LINES.sub(r"\1", cleaned))
        return cleaned.strip()

    def unsafe_parts(self) -> list[tuple[int, str]]:
        """Each kind of markup that a reader would run, with the first line (from 1) that has it."""
        return unsafe_parts(self._source, self._markup)

    @cached_property
    def _markup(self) -> str:
        source = liquid.without_tags(repair(self._source), is_html=self._is_html)
        return source if self._is_html or not source.strip() else _from_markdown(source)


def plain_text(markup: str) -> str:
    """The text of clean HTML, on one line."""
    return plain_line(nh3.clean(_BLOCK.sub(" <", markup), tags=set()))


def _from_markdown(source: str) -> str:
    # Imported late: many sites have no Markdown body.
    from cmarkgfm import cmark, markdown_to_html_with_extensions

    source = _NONCHARACTER.sub("", source)
    options = cmark.Options.CMARK_OPT_UNSAFE | cmark.Options.CMARK_OPT_FOOTNOTES
    markup = str(markdown_to_html_with_extensions(source, options, _EXTENSIONS))
    if ' class="footnote-ref"' in markup:
        markup = _BACKLINK.sub("", _FOOTNOTE.sub(r"\1\2", markup))
    return markup


def _finish_tag(match: re.Match[str], base: str) -> str:
    tag, attributes = match[1] or match[3], match[2] or match[4] or ""
    # nh3's attribute_filter would do, but a cleaner for each base takes 44 µs to make; cleaning a
    # body of 700 characters takes 78.
    kept = [_finish_attribute(tag, each, base) for each in ATTRIBUTE.finditer(attributes)]
    # In nh3's order: the last attribute takes the place of one that is removed.
    for index in reversed(range(len(kept))):
        if not kept[index]:
            kept[index] = kept[-1]
            kept.pop()
    attributes = "".join(kept)
    if tag == "iframe":
        return link_to_frame(attributes)
    # A source without a src belongs to a picture, whose img is enough.
    if tag in (None, "img", "source") and ' src="' not in attributes:
        return ""
    return f"<{tag}{attributes}>"


def _finish_attribute(tag: str, attribute: re.Match[str], base: str) -> str:
    name, value = attribute[1], html.unescape(attribute[2])
    if name in MARKS:
        return mark_of(tag, name, value)
    if name in _LENGTHS:
        value = value.strip().removesuffix("px")
        return f' {name}="{value}"' if value.isascii() and value.isdigit() else ""
    if name not in _LINKS or is_canonical_url(value):
        return attribute[0]
    link = value.strip()
    if tag != "a" or not link.lower().startswith("mailto:"):
        try:
            link = canonical_url(urljoin(base, link)) or ""
        except ValueError:
            return ""
    escaped = html.escape(link, quote=False).replace('"', "&quot;").replace("\xa0", "&nbsp;")
    return f' {name}="{escaped}"' if link else ""


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(KEPT_TAGS | {"form", "iframe"}),
        clean_content_tags=set(_REMOVED_WITH_CONTENT),
        attributes=KEPT_ATTRIBUTES
        | {"*": KEPT_ATTRIBUTES["*"] | MARKS, "iframe": {"height", "src", "title", "width"}},
        link_rel=None,
        url_schemes=_SCHEMES,
    )


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
    attributes = KEPT_ATTRIBUTES | {"a": KEPT_ATTRIBUTES["a"] | {FRAME_ATTRIBUTE}}
    return nh3.Cleaner(
        tags=set(KEPT_TAGS), attributes=attributes, link_rel=None, url_schemes=_SCHEMES
    )
