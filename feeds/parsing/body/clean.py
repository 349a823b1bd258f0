"""Cleans bodies: Markdown or HTML in, sanitised HTML with absolute links out.

An allow-list, which docs/formats.md shows, says what stays. Any other element loses its tags; one
that would run, style or submit loses its content too, and markup that would run is reported.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import lxml.etree as etree
import lxml.html
import nh3
from lxml.html import HtmlElement

from feeds.parsing.body import extensions, formulas, limits, liquid, losses, plain
from feeds.parsing.body.addresses import may_hold_picture, resolve
from feeds.parsing.body.findings import Finding, Findings, clue_patterns, line_of
from feeds.parsing.body.foreign import escape_verbatim
from feeds.parsing.body.formulas import MATH_ATTRIBUTES, MATH_TAGS
from feeds.parsing.body.liquid import CODE_IN_MARKDOWN
from feeds.parsing.body.media import (
    LOST_SCHEMES,
    MEDIA_ATTRIBUTES,
    open_scripts,
    resolve_media,
)
from feeds.parsing.body.players import FRAME_ATTRIBUTE, replace_frame
from feeds.parsing.body.references import NO_ORIGIN, Origin, Resolve, Target, name_in
from feeds.parsing.body.structure import (
    CHECK_BOXES,
    READ_ATTRIBUTES,
    READ_TAGS,
    UNKNOWN_LINK,
    reshape,
)
from feeds.parsing.body.tidy import INLINE_TAGS, MARKS, simplify_attribute, tidy
from feeds.parsing.body.tree import GONE, parse
from feeds.text.repair import plain_line, repair
from feeds.text.urls import is_canonical_url

KEPT_TAGS = frozenset(
    "a abbr article aside audio b bdi bdo blockquote br caption cite code col colgroup dd del"
    " details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd"
    " li mark ol p pre q rp rt ruby s samp section small source span strong sub summary sup table"
    " tbody td tfoot th thead time tr track u ul var video wbr".split()
)
KEPT_ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "audio": {"controls", "src"},
    "blockquote": {"cite"},
    "del": {"datetime"},
    "details": {"open"},
    "img": {"alt", "height", "src", "title", "width"},
    "ins": {"datetime"},
    "li": {"value"},
    "ol": {"reversed", "start", "type"},
    "q": {"cite"},
    "source": {"src", "type"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "track": {"kind", "label", "src", "srclang"},
    "video": {"controls", "height", "poster", "src", "width"},
}
# Elements whose content is not prose.
_REMOVED_WITH_CONTENT = frozenset(
    "button head noembed noframes option script select style template textarea title xml".split()
)
_LINKS = frozenset(("href", "src", "cite", "poster"))
_with_links = etree.XPath(f"//*[{' or '.join(f'@{name}' for name in sorted(_LINKS))}]")
_SCHEMES = {"http", "https", "mailto"}


def _merged(*tables: dict[str, set[str]]) -> dict[str, set[str]]:
    tags = {tag for table in tables for tag in table}
    return {tag: set().union(*(table.get(tag, ()) for table in tables)) for tag in tags}


# No element of these is parsed as raw text, with which sanitisers lose track of namespaces.
_OF_FORMULAS = {tag: set(MATH_ATTRIBUTES) for tag in MATH_TAGS}
_OF_FORMULAS["math"].add("alttext")


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    if name.startswith("data-") and name not in MEDIA_ATTRIBUTES.get(tag, ()):
        return value if tag == "img" and may_hold_picture(name, value) else None
    return simplify_attribute(tag, name, value)


# It parses, by HTML5's rules: its output becomes a tree.
_PARSER = nh3.Cleaner(
    tags={*KEPT_TAGS, *MATH_TAGS, *READ_TAGS, *MEDIA_ATTRIBUTES, "form"},
    clean_content_tags=set(_REMOVED_WITH_CONTENT),
    attributes=_merged(
        KEPT_ATTRIBUTES, _OF_FORMULAS, READ_ATTRIBUTES, MEDIA_ATTRIBUTES, {"*": set(MARKS)}
    ),
    generic_attribute_prefixes={"data-"},
    attribute_filter=_filter_attribute,
    link_rel=None,
    url_schemes={*_SCHEMES, *LOST_SCHEMES, UNKNOWN_LINK.partition(":")[0]},
)
# The last step: whatever the tree became, nothing else comes out.
_SANITISER = nh3.Cleaner(
    tags=set(KEPT_TAGS | MATH_TAGS),
    attributes=_merged(KEPT_ATTRIBUTES, _OF_FORMULAS, {"a": {FRAME_ATTRIBUTE}}),
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
# GitHub's lists of tasks.
_TASK = re.compile(r"(<li>(?:\n<p>)?)\[([ xX])\](?=\s)")
# A link to a file of Markdown, beside an article.
_MAY_LINK_FILE = re.compile(r"<a[^<>]*\.(?:md|markdown)", re.IGNORECASE)
_TO_FILE = re.compile(r"(?![a-z][a-z0-9+.-]*:|//)[^?#]+\.(?:md|mdx|markdown)(?:[?#].*)?", re.I)
_RUNNING_TAGS = ("script", "applet", "form")
# The top of a page, and markup that runs, which is reported as such.
_NOWHERE = re.compile(r"\s*(?:#|(?:java|vb)script:)", re.IGNORECASE)
_LENIENT_PARSER = lxml.html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
_attributes = etree.XPath("//@*")
_handlers = etree.XPath("//@*[starts-with(name(), 'on')]")
# Longer names are no event's.
_HANDLER = re.compile("on[a-z]{3,40}")


class Body:
    """The body of one article."""

    def __init__(
        self,
        source: str,
        *,
        is_html: bool,
        math: bool | None = None,
        origin: Origin = NO_ORIGIN,
    ) -> None:
        """Parse later. With math, all between $ or \\( is TeX, without none, else what looks so."""
        self._source = source
        self._is_html = is_html
        self._math = math
        self._origin = origin
        # Few characters may name an article that has a long URL.
        self._links = limits.Length(0, source)
        self._findings = Findings()

    def clean(self, base: str) -> str:
        """Safe HTML, its links resolved against an article's URL; raises limits.BodyError."""
        self._findings = findings = Findings()
        html, has_tags = self._to_html()
        if not html:
            return ""
        markup = _PARSER.clean(open_scripts(html)) if has_tags else html
        limits.check_length(len(markup), self._source)
        # A character reference may have named what no feed may hold.
        markup = repair(markup)
        follows = self._origin is not NO_ORIGIN and _MAY_LINK_FILE.search(markup)
        if not (has_tags or follows):
            body = plain.finish(markup, base, self._source)
            if body is not None:
                return body
        before = None
        # Without a tag of the source's own, cmark's output is well nested and well-formed, and has
        # at most links that run.
        if has_tags or "script" in html.lower():
            before = _as_browsers_read(html)
            _find_unsafe(before, html, findings)
            etree.strip_elements(before, *_REMOVED_WITH_CONTENT, with_tail=False)
        root = parse(markup)
        if follows:
            _follow_files(root, self._resolve, findings, by_name=self._origin.is_obsidian)
        facts = losses.Facts.of(root if before is None else before, html)
        length = limits.Length(len(markup), self._source)
        reshape(root, base, findings)
        resolve_media(root, base, length, findings)
        etree.strip_attributes(root, "aria-hidden", "checked", "class", "id", "name")
        _resolve_links(root, base, length, findings)
        # HTML has no link within a link, say: then the sanitiser parses another tree.
        for _attempt in range(5):
            markup = tidy(root)
            limits.check_length(len(markup), self._source)
            cleaned = _SANITISER.clean(markup)
            if cleaned == markup:
                break
            root = parse(cleaned)
        limits.check_length(len(cleaned), self._source)
        # Most bodies lose nothing, and Markdown needs no second parser to know.
        if not facts.are_kept(losses.Facts.of(root, cleaned)):
            before = _as_browsers_read(html) if before is None else before
            losses.find_losses(before, root, base, findings)
        return cleaned.strip()

    def _resolve(self, target: str, by_name: bool) -> Target | None:
        found = self._origin.resolve(target, by_name)
        self._links.add(len(found.url) + len(found.title) if found else 0)
        return found

    def findings(self) -> list[Finding]:
        """The findings of the body that clean() read last."""
        return self._findings.located(self._source)

    def _to_html(self) -> tuple[str, bool]:
        """The body as HTML; True if that has tags of the source's own."""
        self._source = limits.bounded(self._source)
        source, origin = repair(self._source), self._origin
        if origin is not NO_ORIGIN:
            origin = replace(origin, resolve=self._resolve)
        if self._is_html:
            markup = liquid.without_tags(source, self._findings, origin, is_html=True)
            has_tags = True
        else:
            if origin is not NO_ORIGIN:
                source = extensions.without_extensions(source, is_obsidian=origin.is_obsidian)
            source, put_back = formulas.protect(source, CODE_IN_MARKDOWN, self._math)
            source = liquid.without_tags(source, self._findings, origin, is_html=False)
            markup, has_tags = _from_markdown(source) if source.strip() else (source, False)
            markup = put_back(markup)
        if has_tags:
            markup = formulas.normalize(escape_verbatim(markup))
        limits.check_length(len(markup), self._source)
        try:
            limits.check_markup(markup)
        except limits.BodyError as error:
            if not self._is_html:
                error.line = line_of(self._source, "<[a-z]")
            raise
        return markup, has_tags


def _as_browsers_read(markup: str) -> HtmlElement:
    # The parser ignores the attributes of a second body, a browser does not.
    markup = re.sub(r"(?i)(</?)(?:html|head|body)\b", r"\1div", markup)
    return etree.fromstring(f"<body>{markup}", _LENIENT_PARSER)


def _find_unsafe(root: HtmlElement, markup: str, findings: Findings) -> None:
    """Find what a reader would run in a tree, and the markup that it was made of."""
    for element in root.iter(*_RUNNING_TAGS):
        tag = f"<{element.tag}>"
        findings.add("tag", tag, tag, rf"<{element.tag}\b", about=tag)
    # No letter of a scheme is hidden but by its number.
    has_links = "script" in markup.lower() or "&#" in markup
    for value in _attributes(root) if has_links else _handlers(root):
        name, scheme = value.attrname.lower(), value.strip().lower().partition(":")[0]
        if _HANDLER.fullmatch(name):
            text = f"the event handler {name}"
            findings.add("handler", text, text, rf"\b{name}\s*=")
        elif scheme in ("javascript", "vbscript"):
            findings.add(scheme, f"a {scheme}: link", f"{scheme}:")


def plain_text(markup: str) -> str:
    """The text of clean HTML, on one line."""
    markup = _BLOCK.sub(" <", formulas.to_text(markup))
    return plain_line(nh3.clean(markup, tags=set()))


def _from_markdown(source: str) -> tuple[str, bool]:
    """The HTML of a Markdown; True if that has tags of the source's own."""
    limits.check_tables(source)
    if "&#" in source:
        source = _NONCHARACTER.sub("", source)
    markup, has_tags = _markdown_renderer()(source)
    if any(box in source for box in ("[ ]", "[x]", "[X]")):
        markup = _TASK.sub(lambda task: task[1] + CHECK_BOXES[task[2] != " "], markup)
    if "[^" in source:
        markup = _BACKLINK.sub("", _FOOTNOTE.sub(r"\1\2", markup))
        markup = markup.replace(" data-footnotes>", ">")
    return markup, has_tags


@cache
def _markdown_renderer() -> Callable[[str], tuple[str, bool]]:
    # Imported late: many sites have no Markdown body.
    import ctypes

    from cmarkgfm import cmark

    cmark.core_extensions_ensure_registered()
    names = ("table", "strikethrough", "autolink")
    extensions = [cmark.find_syntax_extension(name) for name in names]
    options = cmark.Options.CMARK_OPT_FOOTNOTES
    unsafe = options | cmark.Options.CMARK_OPT_UNSAFE
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

    def render(source: str) -> tuple[str, bool]:
        parser = call.cmark_parser_new(options)
        for extension in extensions:
            call.cmark_parser_attach_syntax_extension(parser, extension)
        data = source.encode()
        call.cmark_parser_feed(parser, data, len(data))
        root = call.cmark_parser_finish(parser)
        attached = call.cmark_parser_get_syntax_extensions(parser)
        rendered = [call.cmark_render_html(root, options, attached)]
        markup = str(ffi.string(rendered[0]), "utf-8")
        # There is a comment in place of each tag, and nothing in place of an address that runs.
        has_tags = "<!--" in markup
        if has_tags or 'href=""' in markup or 'src=""' in markup:
            rendered.append(call.cmark_render_html(root, unsafe, attached))
            markup = str(ffi.string(rendered[1]), "utf-8")
        frees = [(free_html, html) for html in rendered] + [(free_tree, root)]
        for free, pointer in frees:
            if free:
                free(ctypes.c_void_p(int(ffi.cast("uintptr_t", pointer))))
        call.cmark_parser_free(parser)
        return markup, has_tags

    return render


def _follow_files(
    root: HtmlElement, resolve: Resolve, findings: Findings, *, by_name: bool
) -> None:
    """Make each link to an article's file one to the article, or plain text, which is told."""
    for link in root.iter("a"):
        file = link.get("href", "").strip()
        if _TO_FILE.fullmatch(file):
            target = resolve(name_in(file) or file, by_name)
            link.set("href", (target and target.url) or UNKNOWN_LINK)
            if not (target and target.url):
                findings.add("unpublished" if target else "target", file, *clue_patterns(file, "a"))


def _resolve_links(root: HtmlElement, base: str, length: limits.Length, findings: Findings) -> None:
    """Make each link absolute, and what frames another page a link; remove those to nowhere.

    Links of the latter that someone may miss are findings.
    """
    for element in _with_links(root):
        for name, value in element.items():
            if name in _LINKS and not is_canonical_url(value):
                link = value.strip()
                if not (element.tag == "a" and link.lower().startswith("mailto:")):
                    link = resolve(link, base)
                if link:
                    element.set(name, link)
                    length.add(len(link) - len(value))
                else:
                    del element.attrib[name]
                    if name == "href" and not _NOWHERE.match(value):
                        findings.add("link", "", *clue_patterns(value, "a"))
    for element in list(root.iter("img", "source", "track", "iframe")):
        if element.tag == "iframe":
            replace_frame(element)
        # A source without a src belongs to a picture, whose img is enough.
        elif "src" not in element.attrib:
            element.tag = GONE
    etree.strip_elements(root, GONE, with_tail=False)
