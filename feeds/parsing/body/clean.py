"""Cleans bodies: Markdown or HTML in, sanitised HTML with absolute links out.

An allow-list, which docs/formats.md shows, says what stays. Any other element loses its tags; one
that would run, style or submit loses its content too, and markup that would run is reported.
"""

import re
from collections import Counter
from functools import cached_property
from urllib.parse import urljoin

import lxml.etree as etree
import nh3
from lxml.html import HtmlElement

from feeds.parsing.body import liquid
from feeds.parsing.body.players import FRAME_ATTRIBUTE, replace_frame
from feeds.parsing.body.tidy import INLINE_TAGS, MARKS, simplify_attribute, tidy
from feeds.parsing.body.tree import GONE, parse, to_html
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
_LINKS = frozenset(("href", "src", "cite", "poster"))
_SCHEMES = {"http", "https", "mailto"}
# It parses, by HTML5's rules: its output becomes a tree.
_PARSER = nh3.Cleaner(
    tags=set(KEPT_TAGS | {"form", "iframe"}),
    clean_content_tags=set(_REMOVED_WITH_CONTENT),
    attributes=KEPT_ATTRIBUTES
    | {"*": KEPT_ATTRIBUTES["*"] | MARKS, "iframe": {"height", "src", "title", "width"}},
    attribute_filter=simplify_attribute,
    link_rel=None,
    url_schemes=_SCHEMES,
)
# The last step: whatever the tree became, nothing else comes out.
_SANITISER = nh3.Cleaner(
    tags=set(KEPT_TAGS),
    attributes=KEPT_ATTRIBUTES | {"a": KEPT_ATTRIBUTES["a"] | {FRAME_ATTRIBUTE}},
    link_rel=None,
    url_schemes=_SCHEMES,
)
# Elements that stand apart on a page.
_BLOCK = re.compile(rf"<(?=/?(?:br|{'|'.join(KEPT_TAGS - INLINE_TAGS)})\b)")
# References for which cmark writes bytes that are not valid text.
_NONCHARACTER = re.compile("&#(?:x0*fff[ef]|0*6553[45]);", re.IGNORECASE)
# The links of cmark's footnotes, there and back. A reader may show many bodies on one page, so none
# keeps its ids, and the links would lead nowhere.
_FOOTNOTE = re.compile(r'(<sup class="footnote-ref">)<a href="#fn-[^>]*>(\d+)</a>')
_BACKLINK = re.compile(r' ?<a href="#fnref-[^>]* data-footnote-backref.*?</a>')
#: Elements within each other; what people write stays far below.
_MAX_DEPTH = 400
_RUNNING_TAGS = ("script", "object", "embed", "applet", "form")
_LENIENT_PARSER = etree.HTMLParser(huge_tree=True)
# Void elements hold nothing, and those that a next one of their kind ends do not nest.
_NESTING = re.compile(
    r"<(/?)(?!(?:p|li|dt|dd|tr|td|th|br|hr|img|wbr|col|source|input|meta|link)\b)([a-zA-Z][a-zA-Z0-9]*)"
)


class Body:
    """The body of one article, parsed once."""

    def __init__(self, source: str, *, is_html: bool) -> None:
        self._source = source
        self._is_html = is_html

    def clean(self, base: str) -> str:
        """Safe HTML, its links resolved against an article's URL; empty if it nests too deep."""
        markup = self._markup
        if not markup or _is_too_deep(markup):
            return ""
        # Without a tag of the source's own, cmark's output is well nested and well-formed.
        if self._is_html or "<" in self._source:
            markup = _PARSER.clean(markup)
        # A character reference may have named what no feed may hold.
        root = parse(repair(markup))
        etree.strip_attributes(root, "align", "class")
        _resolve_links(root, base)
        # HTML has no link within a link, say: then the sanitiser parses another tree.
        for _attempt in range(5):
            tidy(root)
            markup = to_html(root)
            cleaned = _SANITISER.clean(markup)
            if cleaned == markup:
                break
            root = parse(cleaned)
        return cleaned.strip()

    def unsafe_parts(self) -> list[tuple[int, str]]:
        """Each kind of markup that a reader would run, with the first line (from 1) that has it."""
        if _is_too_deep(markup := self._markup):
            return [(1, f"tags nested more than {_MAX_DEPTH} deep")]
        # Markdown without a tag of its own has at most links; most bodies have no such one.
        if "script" not in markup.lower() and not (self._is_html or "<" in self._source):
            return []
        # The parser ignores the attributes of a second body, a browser does not.
        markup = re.sub(r"(?i)(</?)(?:html|head|body)\b", r"\1div", markup)
        root = etree.fromstring(f"<body>{markup}", _LENIENT_PARSER)
        # For each kind, the pattern that finds it in the source.
        patterns = {
            f"<{element.tag}>": rf"<{element.tag}\b" for element in root.iter(*_RUNNING_TAGS)
        }
        for value in root.xpath("//@*"):
            name, scheme = value.attrname.lower(), value.strip().lower().partition(":")[0]
            if re.fullmatch("on[a-z]{3,}", name):
                patterns[f"the event handler {name}"] = rf"\b{name}\s*="
            elif scheme in ("javascript", "vbscript"):
                patterns[f"a {scheme}: link"] = f"{scheme}:"
        return sorted((self._line(pattern), kind) for kind, pattern in patterns.items())

    def _line(self, pattern: str) -> int:
        match = re.search(pattern, self._source, re.IGNORECASE)
        return self._source.count("\n", 0, match.start()) + 1 if match else 1

    @cached_property
    def _markup(self) -> str:
        source = liquid.without_tags(repair(self._source), is_html=self._is_html)
        return source if self._is_html or not source.strip() else _from_markdown(source)


def plain_text(markup: str) -> str:
    """The text of clean HTML, on one line."""
    return plain_line(nh3.clean(_BLOCK.sub(" <", markup), tags=set()))


def _is_too_deep(markup: str) -> bool:
    """True if elements nest so deep that an HTML parser would take quadratic time."""
    if markup.count("<") <= _MAX_DEPTH:
        return False
    open_tags: Counter[str] = Counter()
    depth = 0
    for match in _NESTING.finditer(markup):
        tag = match[2].lower()
        # An end tag without a start tag closes nothing.
        step = -min(1, open_tags[tag]) if match[1] else 1
        open_tags[tag] += step
        depth += step
        if depth > _MAX_DEPTH:
            return True
    return False


def _from_markdown(source: str) -> str:
    # Imported late: many sites have no Markdown body.
    from cmarkgfm import cmark, markdown_to_html_with_extensions

    source = _NONCHARACTER.sub("", source)
    extensions = ["table", "strikethrough", "autolink"]
    options = cmark.Options.CMARK_OPT_UNSAFE | cmark.Options.CMARK_OPT_FOOTNOTES
    markup = str(markdown_to_html_with_extensions(source, options, extensions))
    if ' class="footnote-ref"' in markup:
        markup = _BACKLINK.sub("", _FOOTNOTE.sub(r"\1\2", markup))
        markup = markup.replace(" data-footnotes>", ">")
    return markup


def _resolve_links(root: HtmlElement, base: str) -> None:
    """Make each link absolute, and what frames another page a link; remove those to nowhere."""
    for element in list(root.iter()):
        for name, value in element.items():
            if name in _LINKS and not is_canonical_url(value):
                if link := _resolve(element.tag, value.strip(), base):
                    element.set(name, link)
                else:
                    del element.attrib[name]
        # A source without a src belongs to a picture, whose img is enough.
        if element.tag in ("img", "source") and "src" not in element.attrib:
            element.tag = GONE
        elif element.tag == "iframe":
            replace_frame(element)
    etree.strip_elements(root, GONE, with_tail=False)


def _resolve(tag: str, link: str, base: str) -> str | None:
    if tag == "a" and link.lower().startswith("mailto:"):
        return link
    try:
        return canonical_url(urljoin(base, link))
    except ValueError:
        return None
