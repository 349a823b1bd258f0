"""Brings the markup of generators, editors and old pages into the elements that readers show.

Runs on the tree that nh3 parsed, while it has the classes and ids that tell what an element is;
tables say which names mean what. Those attributes are left for others to read, and to remove.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import unquote, urlsplit

import lxml.etree as etree
from lxml.html import HtmlElement

from feeds.parsing.body import formulas
from feeds.parsing.body.findings import Findings
from feeds.parsing.body.tree import GONE, UNWRAPPED, classes, settle

#: A link to a page that only another generator knows.
UNKNOWN_LINK = "feeds-unknown:x"
#: Elements that no feed holds, and those that stand for them. Browsers show each on lines of its
#: own, or in another font; the parser would take their tags alone, and join their texts.
RENAMED_TAGS = {
    **dict.fromkeys("address center dialog fieldset hgroup legend main nav search".split(), "div"),
    **dict.fromkeys(("dir", "menu"), "ul"),
    "acronym": "abbr",
    "listing": "pre",
    "strike": "s",
    "tt": "code",
}
# For each alignment, that of text from left to right, and from right to left.
_ALIGNMENTS = {each: (each, each) for each in ("left", "center", "right")} | {
    "start": ("left", "right"),
    "end": ("right", "left"),
}
_direction_of = etree.XPath("string(ancestor-or-self::*[@dir][1]/@dir)")
# Outside in.
_ROWS = ("thead", "tbody", "tfoot", "tr")
#: Elements and attributes that reshape() reads and removes.
READ_TAGS = formulas.TYPESETTER_TAGS | RENAMED_TAGS.keys() | {"input"}
READ_ATTRIBUTES = {
    "*": {"aria-hidden", "class", "id"},
    "a": {"name"},
    "acronym": {"title"},
    "annotation": {"encoding"},
    "input": {"checked", "type"},
    **{tag: {"align"} for tag in _ROWS},
}
# A declaration of a style, and the attribute that says the same.
_STYLES = {
    **{f"text-align:{side}": ("align", side, (*_ROWS, "td", "th")) for side in _ALIGNMENTS},
    **{
        f"list-style-type:{name}": ("type", kind, ("ol",))
        for name, kind in {
            "lower-alpha": "a",
            "lower-latin": "a",
            "upper-alpha": "A",
            "upper-latin": "A",
            "lower-roman": "i",
            "upper-roman": "I",
        }.items()
    },
}
# Chroma numbers lines so that they are not copied.
_UNSELECTABLE = "user-select:none"
_is_unselectable = etree.XPath(f"boolean(//@style[. = '{_UNSELECTABLE}'])")
_styled = etree.XPath("//*[@style]")
_class_attributes = etree.XPath("//@class", smart_strings=False)
_ALIGNING_CLASS = re.compile(
    r"(?:has-text-align|halign|text|align|ta)-(left|center|right|start|end)"
)

#: The sign of a task that is to be done, and of one that is done.
CHECK_BOXES = ("☐", "☑")
# Of Notion and Asciidoctor, which draw the boxes.
_BOX_CLASSES = {
    "checkbox-off": 0, "checkbox-on": 1, "fa-square-o": 0, "fa-check-square-o": 1,
}  # fmt: skip
# Labels and paragraphs may stand between an item and its box.
_MAX_LEVELS = 3

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "dt", "caption", "figcaption", "summary")
_SIGN_CLASSES = frozenset(
    "anchor anchor-heading anchor-link anchorjs-link direct-link doc-anchor hash-link header-anchor"
    " header-link headerlink heading-anchor heading-link headline-hash permalink sl-anchor-link"
    " td-heading-self-link".split()
)
_SIGN = re.compile(r"[\s\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff\[\]()#¶§🔗⚓∞☍⛓]*")
_SIGN_LABEL = re.compile(
    r"\W*(?:anchor|copy link|direct link|go to|heading link|link\b|permalink|permanent link"
    r"|section titled)",
    re.IGNORECASE,
)

_GUTTER_CLASSES = frozenset(
    "blob-num code-line-number codeLineNumber gutter hljs-ln-numbers line-number line-numbers"
    " line-numbers-rows line-numbers-wrapper lineno linenodiv linenos linenumber ln lnt"
    " react-syntax-highlighter-line-number rouge-gutter token-line-number".split()
)
_NUMBERS = re.compile(r"[\s\d.:|~+\xa0-]*")
_CODE_CLASSES = frozenset("blob-code code hljs-ln-code lntd rouge-code".split())
_LINES = frozenset("div li p tr".split())
_TABLE_PARTS = frozenset("table tbody tfoot thead tr".split())


def simplify_style(tag: str, style: str) -> str | None:
    """The one declaration of a style that says something about an element's structure."""
    declarations = {"".join(each.lower().split()) for each in style.split(";")}
    for declaration, (_name, _value, tags) in _STYLES.items():
        if tag in tags and declaration in declarations:
            return declaration
    is_unselectable = any(each.endswith(_UNSELECTABLE) for each in declarations)
    return _UNSELECTABLE if is_unselectable else None


def reshape(root: HtmlElement, base: str, findings: Findings) -> None:
    """Bring a tree into shape; formulas that have nothing that a feed can hold are findings."""
    # Most bodies have none of these names, and need no look at each element.
    names = {name for value in _class_attributes(root) for name in value.split()}
    formulas.keep_once(root, names, findings)
    _mark_boxes(root)
    if not _GUTTER_CLASSES.isdisjoint(names) or _is_unselectable(root):
        _remove_gutters(root)
    _remove_signs(root, base)
    for link in root.iter("a"):
        if link.get("href", "").startswith(UNKNOWN_LINK):
            link.tag = UNWRAPPED
    for picture in root.iter("img", "source", "iframe"):
        if picture.get("src", "").startswith(UNKNOWN_LINK):
            picture.tag = GONE
    for element in root.iter(*formulas.TYPESETTER_TAGS):
        element.tag = UNWRAPPED
    for element in root.iter(*RENAMED_TAGS):
        element.tag = RENAMED_TAGS[element.tag]
    _align(root)
    settle(root)


def _align(root: HtmlElement) -> None:
    """Say with attributes what styles and classes say."""
    for element in root.iter("td", "th", "ol", *_ROWS):
        name, value, _tags = _STYLES.get(element.get("style"), ("", "", ()))
        if not name and element.tag != "ol" and "class" in element.attrib:
            sides = map(_ALIGNING_CLASS.fullmatch, classes(element))
            name, value = "align", next((side[1] for side in sides if side), "")
        if value and name not in element.attrib:
            if name == "align":
                value = _ALIGNMENTS[value][_direction_of(element).lower() == "rtl"]
            element.set(name, value)
    # Of a row, or of rows, it is said of each cell: readers know it there.
    for tag in _ROWS:
        for element in root.iter(tag):
            if side := element.attrib.pop("align", ""):
                for cell in element.iterchildren("tr", "td", "th"):
                    cell.set("align", cell.get("align", side))
    for element in _styled(root):
        if element.get("style") != "display:none":
            del element.attrib["style"]


def _mark_boxes(root: HtmlElement) -> None:
    """Write the boxes of tasks, in lists and tables, as signs; remove all other controls."""
    for control in root.iter("input"):
        if control.get("type", "").lower() != "checkbox" or not _write_box(
            control, is_checked="checked" in control.attrib
        ):
            control.tag = GONE
    for drawn in root.iter("div", "i"):
        if names := _BOX_CLASSES.keys() & classes(drawn):
            _write_box(drawn, is_checked=bool(_BOX_CLASSES[names.pop()]))


def _write_box(box: HtmlElement, *, is_checked: bool) -> bool:
    around = islice(box.iterancestors(), _MAX_LEVELS)
    if not any(each.tag in ("li", "td", "th") for each in around):
        return False
    sign = CHECK_BOXES[is_checked]
    is_apart = (box.tail or "")[:1].isspace()
    box.tag, box.text = UNWRAPPED, sign if is_apart else f"{sign} "
    return True


def _remove_gutters(root: HtmlElement) -> None:
    """Remove the numbers beside the lines of code, and the tables that hold both."""
    gutters = [each for each in root.iter("span", "div", "td", "th", "a", "i") if is_gutter(each)]
    # Cells with nothing but numbers.
    cells: dict[HtmlElement, bool] = {}
    for gutter in gutters:
        around = (gutter, *islice(gutter.iterancestors(), _MAX_LEVELS))
        cell = next((each for each in around if each.tag in ("td", "th")), None)
        if cell is not None and cell not in cells:
            cells[cell] = _holds_numbers(cell)
        if not cells.get(cell) and _is_in_code(gutter):
            gutter.tag = GONE
    tables = (next(cell.iterancestors("table"), None) for cell in cells if cells[cell])
    for table in {table for table in tables if table is not None}:
        rows = list(table.iter("tr"))
        if _is_code(table) and all(sum(not cells.get(c) for c in row) < 2 for row in rows):
            for cell in cells.keys() & {cell for row in rows for cell in row}:
                cell.clear()
            _replace_with_code(table)


def is_gutter(element: HtmlElement) -> bool:
    """True for the numbers of lines of code."""
    is_named = not _GUTTER_CLASSES.isdisjoint(classes(element))
    return (is_named or element.get("style") == _UNSELECTABLE) and _holds_numbers(element)


def _holds_numbers(element: HtmlElement) -> bool:
    return bool(_NUMBERS.fullmatch(element.text_content()))


def _is_in_code(element: HtmlElement) -> bool:
    if next(element.iterancestors("pre", "code"), None) is not None:
        return True
    around = (element.getprevious(), element.getnext())
    return any(each is not None and each.tag in ("pre", "code") for each in around)


def _is_code(table: HtmlElement) -> bool:
    return (
        next(table.iterancestors("pre", "code"), None) is not None
        or next(table.iterdescendants("pre", "code"), None) is not None
        or any(not _CODE_CLASSES.isdisjoint(classes(cell)) for cell in table.iter("td"))
    )


def _replace_with_code(table: HtmlElement) -> None:
    """Make a table of numbers and code the code alone, a line each."""
    text = _code_text(table)
    tail = table.tail
    is_in_code = next(table.iterancestors("pre", "code"), None) is not None
    table.clear()
    table.tail = tail
    if is_in_code:
        table.tag, table.text = UNWRAPPED, text
    else:
        table.tag = "pre"
        etree.SubElement(table, "code").text = text


def _code_text(table: HtmlElement) -> str:
    # For each element that is open, the text in it so far.
    texts: list[list[str]] = [[]]
    for event, element in etree.iterwalk(table, events=("start", "end")):
        if event == "start":
            text = element.text or ""
            texts.append([text if element.tag not in _TABLE_PARTS else ""])
        else:
            content = "".join(texts.pop())
            if element.tag in _LINES:
                content = content.removesuffix("\n") + "\n"
            elif element.tag == "br":
                content = "\n"
            elif element.tag == GONE:
                content = ""
            parent = element.getparent()
            is_layout = element is table or (parent is not None and parent.tag in _TABLE_PARTS)
            texts[-1] += (content, "" if is_layout else element.tail or "")
    return "".join(texts[0])


def _remove_signs(root: HtmlElement, base: str) -> None:
    """Remove links from a heading to itself: signs go, and of other links the text stays."""
    links = [link for link in root.iter("a") if _fragment(link, base) is not None]
    # For each heading, the ids that it may have, and the length of its text.
    headings: dict[HtmlElement, tuple[set[str], int]] = {}
    for link in links:
        around = islice(link.iterancestors(), _MAX_LEVELS)
        heading = next((each for each in around if each.tag in _HEADINGS), None)
        if heading is None:
            beside = (link.getprevious(), link.getnext())
            is_beside = any(each is not None and each.tag in _HEADINGS for each in beside)
            _remove_sign(link, has_other_text=is_beside, is_certain=False)
            continue
        if heading not in headings:
            ids = set(_ids((*islice(heading.iterancestors(), 2), *heading.iter())))
            headings[heading] = ids, len(heading.text_content().strip())
        ids, length = headings[heading]
        text = link.text_content().strip()
        is_own = _fragment(link, base) in ids
        _remove_sign(link, has_other_text=length > len(text), is_certain=True)
        if link.tag == "a" and is_own:
            link.tag = UNWRAPPED


def _remove_sign(link: HtmlElement, *, has_other_text: bool, is_certain: bool) -> None:
    """Remove a link that is a sign, by its text or, where the place is not certain, its class."""
    text = link.text_content()
    is_named = _is_named_sign(link)
    is_sign = bool(_SIGN.fullmatch(text)) and (
        is_named
        # A picture may be one, or a part of the title.
        or (has_other_text and link.find(".//img") is None)
        or (is_certain and bool(text.strip()))
    )
    if is_sign or (is_named and has_other_text and _SIGN_LABEL.match(text)):
        _trim_around(link)
        tail = link.tail
        link.clear()
        link.tag, link.tail = GONE, tail


def is_sign(link: HtmlElement, base: str) -> bool:
    """True for a link that says of itself that it leads from a heading to itself."""
    if not _is_named_sign(link) or _fragment(link, base) is None:
        return False
    text = link.text_content()
    return bool(_SIGN.fullmatch(text) or _SIGN_LABEL.match(text))


def _is_named_sign(link: HtmlElement) -> bool:
    return not _SIGN_CLASSES.isdisjoint(classes(link)) or link.get("aria-hidden") == "true"


def _trim_around(link: HtmlElement) -> None:
    """Remove the white space that set a sign apart from the text before or after it."""
    before, parent = link.getprevious(), link.getparent()
    if parent is None:  # the link around it, which HTML does not allow, went with it
        return
    if link.getnext() is None and not (link.tail or "").strip():
        link.tail = ""
        while before is not None and _is_empty(before):
            before.tail = ""
            before = before.getprevious()
        if before is not None:
            before.tail = (before.tail or "").rstrip()
        elif (parent.text or "").strip() or parent.tag in _HEADINGS:
            parent.text = (parent.text or "").rstrip()
        else:
            # Nothing else is in it.
            _trim_around(parent)
    elif before is None and not (parent.text or "").strip():
        link.tail = (link.tail or "").lstrip()


def _is_empty(element: HtmlElement) -> bool:
    """True for an anchor that is only a target."""
    is_target = element.tag in ("a", "div", "span") and len(element) == 0
    return is_target and not f"{element.text or ''}{element.tail or ''}".strip()


def _fragment(link: HtmlElement, base: str) -> str | None:
    """The id within this page to which a link leads; None for a link elsewhere."""
    href = link.get("href", "").strip()
    if "#" not in href:
        return None
    for page in ("", base, urlsplit(base).path):
        if href.startswith(f"{page}#"):
            return unquote(href[len(page) + 1 :])
    return None


def _ids(elements: Iterable[HtmlElement]) -> Iterator[str]:
    for element in elements:
        for name in ("id", "name"):
            if value := element.get(name):
                # GitHub's prefix, which its own links leave out.
                yield from (value, value.removeprefix("user-content-"))
