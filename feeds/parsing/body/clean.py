"""Cleans bodies: Markdown or HTML in, sanitised HTML with absolute links out.

An allow-list, which docs/formats.md shows, says what stays. Any other element loses its tags; one
that would run, style or submit loses its content too, and markup that would run is reported.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from urllib.parse import urljoin

import lxml.etree as etree
import nh3
from lxml.html import HtmlElement

from feeds.parsing.body import limits, liquid
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
_FOOTNOTE = re.compile(r'(<sup class="footnote-ref">)<a href="#fn-[^<>]*>(\d+)</a>')
_BACKLINK = re.compile(
    r' ?<a href="#fnref-[^"<>]*" class="footnote-backref" data-footnote-backref[^<>]*>'
    r'[^<]*(?:<sup class="footnote-ref">\d+</sup>)?</a>'
)
_RUNNING_TAGS = ("script", "object", "embed", "applet", "form")
_LENIENT_PARSER = etree.HTMLParser(huge_tree=True)
# Longer names are no event's.
_HANDLER = re.compile("on[a-z]{3,40}")


class Body:
    """The body of one article, parsed once."""

    def __init__(self, source: str, *, is_html: bool) -> None:
        self._source = source
        self._is_html = is_html

    def clean(self, base: str) -> str:
        """Safe HTML, its links resolved against an article's URL; raises limits.BodyError."""
        markup = self._markup
        if not markup:
            return ""
        # Without a tag of the source's own, cmark's output is well nested and well-formed.
        if self._is_html or "<" in self._source:
            markup = _PARSER.clean(markup)
        limits.check_length(len(markup), self._source)
        # A character reference may have named what no feed may hold.
        root = parse(repair(markup))
        etree.strip_attributes(root, "align", "class")
        length = len(markup)
        for added in _resolve_links(root, base):
            limits.check_length(length := length + added, self._source)
        # HTML has no link within a link, say: then the sanitiser parses another tree.
        for _attempt in range(5):
            tidy(root)
            markup = to_html(root)
            limits.check_length(len(markup), self._source)
            cleaned = _SANITISER.clean(markup)
            if cleaned == markup:
                break
            root = parse(cleaned)
        limits.check_length(len(cleaned), self._source)
        return cleaned.strip()

    def unsafe_parts(self) -> list[tuple[int, str]]:
        """Each kind of markup that a reader would run, with the first line (from 1) that has it.

        Raises limits.BodyError.
        """
        markup = self._markup
        # Markdown without a tag of its own has at most links; most bodies have no such one.
        if "script" not in markup.lower() and not (self._is_html or "<" in self._source):
            return []
        # The parser ignores the attributes of a second body, a browser does not.
        markup = re.sub(r"(?i)(</?)(?:html|head|body)\b", r"\1div", markup)
        root = etree.fromstring(f"<body>{markup}", _LENIENT_PARSER)
        # For each kind, the words and the pattern in the source for each that was found.
        kinds: dict[str, list[tuple[str, str]]] = {}
        for element in root.iter(*_RUNNING_TAGS):
            tag = f"<{element.tag}>"
            kinds.setdefault(tag, []).append((tag, rf"<{element.tag}\b"))
        for value in root.xpath("//@*"):
            name, scheme = value.attrname.lower(), value.strip().lower().partition(":")[0]
            if _HANDLER.fullmatch(name):
                found = f"the event handler {name}", rf"\b{name}\s*="
                kinds.setdefault("handler", []).append(found)
            elif scheme in ("javascript", "vbscript"):
                kinds.setdefault(scheme, []).append((f"a {scheme}: link", f"{scheme}:"))
        return sorted(
            (self._line(found[0][1]), found[0][0] + f" and {more:,} more" * bool(more))
            for found in kinds.values()
            for more in [len(found) - 1]
        )

    def _line(self, pattern: str) -> int:
        match = re.search(pattern, self._source, re.IGNORECASE)
        return self._source.count("\n", 0, match.start()) + 1 if match else 1

    @cached_property
    def _markup(self) -> str:
        self._source = limits.bounded(self._source)
        source = liquid.without_tags(repair(self._source), is_html=self._is_html)
        markup = source if self._is_html or not source.strip() else _from_markdown(source)
        limits.check_length(len(markup), self._source)
        try:
            limits.check_markup(markup)
        except limits.BodyError as error:
            if not self._is_html:
                error.line = self._line("<[a-z]")
            raise
        return markup


def plain_text(markup: str) -> str:
    """The text of clean HTML, on one line."""
    return plain_line(nh3.clean(_BLOCK.sub(" <", markup), tags=set()))


def _from_markdown(source: str) -> str:
    limits.check_tables(source)
    markup = _markdown_renderer()(_NONCHARACTER.sub("", source))
    if "[^" in source:
        markup = _BACKLINK.sub("", _FOOTNOTE.sub(r"\1\2", markup))
        markup = markup.replace(" data-footnotes>", ">")
    return markup


@cache
def _markdown_renderer() -> Callable[[str], str]:
    # Imported late: many sites have no Markdown body.
    import ctypes

    from cmarkgfm import cmark

    cmark.core_extensions_ensure_registered()
    names = ("table", "strikethrough", "autolink")
    extensions = [cmark.find_syntax_extension(name) for name in names]
    options = cmark.Options.CMARK_OPT_UNSAFE | cmark.Options.CMARK_OPT_FOOTNOTES
    # cmarkgfm frees neither its tree, two hundred times the source, nor the HTML.
    library = cmark._cmark
    call, ffi = library.lib, library.ffi
    exported = ctypes.CDLL(library.__file__)
    free_tree = getattr(exported, "cmark_node_free", None)
    free_html = None
    if allocator := getattr(exported, "cmark_get_default_mem_allocator", None):
        # A struct of pointers to calloc, realloc and free.
        allocator.restype = ctypes.POINTER(ctypes.c_void_p)
        free_html = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(allocator()[2])

    def render(source: str) -> str:
        parser = call.cmark_parser_new(options)
        for extension in extensions:
            call.cmark_parser_attach_syntax_extension(parser, extension)
        data = source.encode()
        call.cmark_parser_feed(parser, data, len(data))
        root = call.cmark_parser_finish(parser)
        attached = call.cmark_parser_get_syntax_extensions(parser)
        rendered = call.cmark_render_html(root, options, attached)
        markup = str(ffi.string(rendered), "utf-8")
        for free, pointer in ((free_html, rendered), (free_tree, root)):
            if free:
                free(ctypes.c_void_p(int(ffi.cast("uintptr_t", pointer))))
        call.cmark_parser_free(parser)
        return markup

    return render


def _resolve_links(root: HtmlElement, base: str) -> Iterator[int]:
    """Make each link absolute, and what frames another page a link; remove those to nowhere.

    Yields the number of characters that each link is longer.
    """
    for element in list(root.iter()):
        for name, value in element.items():
            if name in _LINKS and not is_canonical_url(value):
                if link := _resolve(element.tag, value.strip(), base):
                    element.set(name, link)
                    yield len(link) - len(value)
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
