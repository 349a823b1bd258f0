"""Formulas: TeX in Markdown, which Markdown's own signs must not change, and MathML in HTML.

MathML stays once: without the copy that a typesetter made of it for the eye, and with the TeX that
it was made of as its alternative text. It is limited to the elements that W3C calls safe
(https://github.com/w3c/mathml-docs, mathml-safe-list.md), and holds no HTML, so that every parser
sees the same tree.
"""

import html
import re
from collections.abc import Callable, Set
from itertools import islice
from urllib.parse import quote

from lxml.html import HtmlElement

from feeds.parsing.body.findings import Findings
from feeds.parsing.body.tree import GONE, UNWRAPPED, classes

#: MathML's elements that hold text.
TOKENS = frozenset("mi mn mo ms mtext".split())
MATH_TAGS = TOKENS | frozenset(
    "math menclose merror mfenced mfrac mmultiscripts mover mpadded mphantom mprescripts mroot mrow"
    " mspace msqrt mstyle msub msubsup msup mtable mtd mtr munder munderover none".split()
)
MATH_ATTRIBUTES = frozenset(
    "accent accentunder close columnalign columnspan depth dir display displaystyle fence form"
    " height largeop linethickness lspace mathvariant maxsize minsize movablelimits notation open"
    " rowspan rspace scriptlevel separator separators stretchy symmetric voffset width".split()
)
#: Elements that name what their neighbours are; none of them is published.
TYPESETTER_TAGS = frozenset(
    "annotation annotation-xml mjx-assistive-mml mjx-container mjx-math semantics".split()
)
# Around a formula and the typesetter's picture of it: KaTeX, MathJax 2 and 3, MediaWiki.
_TYPESET = frozenset(
    "katex katex-display MathJax MathJax_Display MathJax_SVG MathJax_CHTML mjx-chtml mjx-container"
    " mwe-math-element".split()
)
_PREVIEW = "MathJax_Preview"
#: The class of a span that holds the TeX of a script.
TEX = "feeds-tex"
_TYPESET_NAMES = _TYPESET | {_PREVIEW, TEX}
_SCRIPT = re.compile(
    r"<script\b(?=[^<>]*\btype\s*=\s*[\"']?\s*math/(?P<kind>tex|mml))[^<>]*>(?P<formula>(?:(?!<script\b).)*?)</script\s*>",
    re.IGNORECASE | re.DOTALL,
)
_MATH = re.compile(r"<math\b((?:[^\"<>]|\"[^\"]*\")*)>(.*?)</math>", re.DOTALL)
_CDATA = re.compile(r"\s*%?\s*<!\[CDATA\[|%?\s*\]\]>\s*$")
# XML's empty elements. Where HTML does not take a tag for MathML, it nests in all that follows.
_EMPTY = re.compile(
    rf"<({'|'.join(sorted(MATH_TAGS))}|circle|ellipse|line|path|polygon|polyline|rect|stop|use)"
    r"((?:\s[^<>]*)?)/>"
)
# Within dollars, Markdown has a meaning; without one of these, it is a price or a variable of a
# shell. A backslash before a bracket may be there for Markdown alone.
_IS_TEX = re.compile(r"[\\^_={}<>]|^[^\s*]+\*[^\s*]+(?:\*[^\s*]+)*$")
_IS_CERTAINLY_TEX = re.compile(r"\\[a-zA-Z]{2,}|\^|_\{|\\\\")
_NO_TEX = re.compile(r"\]\(|</?[a-zA-Z][^<>]*>|`|https?://")
# Each begins with a character that is fast to search.
_FORMULA = re.compile(
    r"\$\$(?<![\\$\w]\$\$)(?P<display>(?:(?!\n[ \t]*\n)[^$]){1,5000})\$\$(?![$\w])"
    r"|\$(?<![\\$\w/=&?]\$)(?P<inline>(?=[^\s$])(?:\\.|(?!\n[ \t]*\n)[^$\\]){1,1000}?(?<=\S))"
    r"\$(?![$\w])"
    r"|\\(?<!\\\\)\\?\((?P<round>(?:(?!\n[ \t]*\n|\\[()\[\]]).){1,1000})(?<!\\)\\\\?\)"
    r"|\\(?<!\\\\)\\?\[(?P<square>(?:(?!\n[ \t]*\n|\\[()\[\]]).){1,5000})(?<!\\)\\\\?\]",
    re.DOTALL,
)
# Stands for a formula while Markdown is read; repaired text has no such characters.
_OPENS, _CLOSES = "\ufdd0", "\ufdd1"
_PLACEHOLDER = re.compile(
    f"{_OPENS}([0-9]+){_CLOSES}|{quote(_OPENS)}([0-9]+){quote(_CLOSES)}", re.IGNORECASE
)


def protect(
    source: str, code: re.Pattern[str], math: bool | None
) -> tuple[str, Callable[[str], str]]:
    """Take the formulas out of a Markdown source; the function puts them into its HTML.

    With math, whatever stands between the signs of a formula is one; with None, what looks like
    TeX; with False, nothing.
    """
    has_signs = "$" in source or "\\(" in source or "\\[" in source
    if math is False or not has_signs or not _FORMULA.search(source):
        return source, lambda markup: markup
    formulas: list[str] = []

    def take_out(match: re.Match[str]) -> str:
        kind = match.lastgroup or ""
        if kind not in _FORMULA.groupindex or not (math or _is_tex(kind, match)):
            return match[0]
        formula = match[0]
        if kind in ("round", "square"):
            # kramdown's signs have two backslashes, all others' one.
            formula = _with_signs(match[kind], is_display=kind == "square")
        formulas.append(formula)
        return f"{_OPENS}{len(formulas) - 1}{_CLOSES}"

    def put_back(markup: str) -> str:
        return _PLACEHOLDER.sub(
            lambda match: (
                _escape(formulas[int(match[1])]) if match[1] else quote(formulas[int(match[2])])
            ),
            markup,
        )

    outside = re.compile(f"(?P<code>{code.pattern})|{_FORMULA.pattern}", code.flags)
    return outside.sub(take_out, source), put_back


def _is_tex(kind: str, match: re.Match[str]) -> bool:
    formula = match[kind]
    if _NO_TEX.search(formula):
        return False
    if kind in ("round", "square"):
        return match[0].startswith("\\\\") or bool(_IS_CERTAINLY_TEX.search(formula))
    return bool(_IS_TEX.search(formula)) or (kind == "display" and "\n" in formula)


def _escape(formula: str) -> str:
    # A reference is one in Markdown too.
    return re.sub(r"&(?!#?\w+;)", "&amp;", formula).translate(_ESCAPES)


_ESCAPES = str.maketrans({"<": "&lt;", ">": "&gt;", '"': "&quot;"})


def normalize(markup: str) -> str:
    """HTML whose formulas a sanitiser can read: TeX in scripts as text, no XML's empty tags."""
    if "<script" in markup.lower():
        markup = _SCRIPT.sub(_from_script, markup)
    return _EMPTY.sub(r"<\1\2></\1>", markup) if "/>" in markup else markup


def _from_script(script: re.Match[str]) -> str:
    formula = _CDATA.sub("", script["formula"]).strip()
    if script["kind"].lower() == "mml":
        return formula
    is_display = "display" in script[0].partition(">")[0]
    return f'<span class="{TEX}">{html.escape(_with_signs(formula, is_display=is_display))}</span>'


def _with_signs(tex: str, *, is_display: bool) -> str:
    return f"\\[{tex}\\]" if is_display else f"\\({tex}\\)"


def to_text(markup: str) -> str:
    """Clean HTML with the TeX of each formula, else its letters, in its place."""
    return _MATH.sub(_text_of, markup) if "<math" in markup else markup


def _text_of(math: re.Match[str]) -> str:
    tex = re.search(' alttext="([^"]*)"', math[1])
    return tex[1].replace("<", "&lt;") if tex else re.sub("<[^>]*>", "", math[2])


def keep_once(root: HtmlElement, names: Set[str], findings: Findings) -> None:
    """Keep the MathML of each formula alone, else its TeX.

    The names are those of all classes of the tree.
    """
    has_formulas = next(root.iter("math", "mjx-container"), None) is not None
    if not has_formulas and names.isdisjoint(_TYPESET_NAMES):
        return
    for source in root.iter("span"):
        if TEX in classes(source):
            _keep_source(source)
    lost: set[HtmlElement] = set()
    for typeset in list(root.iter("span", "div", "mjx-container")):
        names = {typeset.tag, *classes(typeset)}
        if _PREVIEW in names:
            typeset.tag = GONE
        elif not _TYPESET.isdisjoint(names):
            found = list(islice(typeset.iter("math"), 2))
            if not found:
                if lost.isdisjoint(typeset.iterancestors()):
                    findings.add("formula", "", "katex|mathjax|mjx-")
                lost.add(typeset)
                for drawing in typeset.iter("svg"):
                    drawing.tag = GONE
            if len(found) == 1:
                _replace_content(typeset, found[0])
    for math in list(root.iter("math")):
        if math.tag == "math":
            _clean(math)


def is_typeset(element: HtmlElement) -> bool:
    """True for a typesetter's picture of a formula, with or without its MathML, and for its TeX."""
    return element.tag == "mjx-container" or not _TYPESET_NAMES.isdisjoint(classes(element))


def _replace_content(typeset: HtmlElement, math: HtmlElement) -> None:
    for within in math.iterancestors():
        if within.tag == "mjx-container" or "class" in within.attrib:
            within.attrib.clear()
            within.tag = "span"
        if within is typeset:
            break
    tail, typeset.tail, math.tail = typeset.tail, None, None
    typeset.clear()
    typeset.tail, typeset.tag = tail, UNWRAPPED
    typeset.append(math)


def _keep_source(source: HtmlElement) -> None:
    """Keep the TeX that stands behind a typesetter's picture of it if that has no MathML."""
    source.tag = UNWRAPPED
    for each in list(islice(source.itersiblings(preceding=True), 2)):
        if _PREVIEW in classes(each):
            each.tag = GONE
        elif not _TYPESET.isdisjoint(classes(each)):
            if each.find(".//math") is not None:
                source.tag = GONE
            else:
                each.tag = GONE


def _clean(math: HtmlElement) -> None:
    """Reduce MathML to its presentation, with the TeX in its annotation as alternative text."""
    tex = ""
    for element in list(math.iterdescendants()):
        tag = element.tag
        if tag == "annotation":
            tex = tex or (element.text or "").strip() * ("tex" in element.get("encoding", ""))
        if tag in ("annotation", "annotation-xml"):
            element.clear(keep_tail=True)
            element.tag = GONE
        elif tag in TOKENS:
            text = element.text_content()
            del element[:]
            element.text = text
        elif tag not in MATH_TAGS or tag == "math":
            element.tag = UNWRAPPED
    if tex and not math.get("alttext"):
        math.set("alttext", tex)
    if not math.text_content().strip():
        text = math.get("alttext", "")
        signs = _with_signs(text, is_display=math.get("display") == "block")
        math.clear(keep_tail=True)
        math.text, math.tag = signs if text else "", UNWRAPPED
