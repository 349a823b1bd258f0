"""Tidies sanitised HTML: removes what shows nothing, and unfolds tables that only lay out a mail.

The sanitiser leaves no style. So text that a style hid would show, a picture that counts openings
would be fetched, and a mail would be boxes within boxes. Evidence is what the markup says of
itself, never a list of names.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

import lxml.etree as etree
from lxml.html import HtmlElement

from feeds.parsing.body.formulas import MATH_TAGS
from feeds.parsing.body.structure import simplify_style
from feeds.parsing.body.tree import GONE, UNWRAPPED, VOID_TAGS, settle_children, to_html

#: Attributes, of any element, that say whether and how it shows.
MARKS = frozenset(("hidden", "role", "style"))
_LENGTHS = frozenset(("width", "height", "colspan", "rowspan"))
#: The values that an attribute of these elements may have.
_VALUES = {
    ("li", "value"): re.compile("-?[0-9]{1,9}"),
    ("ol", "start"): re.compile("-?[0-9]{1,9}"),
    ("ol", "type"): re.compile("[1aAiI]"),
    **{
        (cell, "align"): re.compile("left|center|right")
        for cell in "td th tr thead tbody tfoot".split()
    },
}

#: Characters of a data: URL, of which none is published.
_MAX_DATA_CHARS = 100
_MAX_CACHED_CHARS = 1_000
#: Characters of text; a form of more is a page that stands in one.
MAX_FORM_CHARS = 500
#: Elements within those that are unwrapped, counted each time; more are not unwrapped.
_MAX_MOVED = 200_000

_REMOVED_IF_EMPTY = frozenset(
    "a abbr article aside b bdi bdo blockquote cite del details dfn div dl em figcaption figure"
    " footer h1 h2 h3 h4 h5 h6 header i ins li mark ol p pre q s section small span strong sub"
    " summary sup table time u ul".split()
)
INLINE_TAGS = MATH_TAGS | frozenset(
    "a abbr audio b bdi bdo br cite code del dfn em i img ins kbd mark q rp rt ruby s samp small"
    " span strong sub sup time u var video wbr".split()
)
_MEDIA = frozenset(("img", "hr", "audio", "video"))
_TABLE_PARTS = frozenset("table caption colgroup thead tbody tfoot tr td th".split())
_BOX_ATTRIBUTES = frozenset(("dir", "lang", *MARKS)) - {"role"}
# No elements of HTML: parts of a table that lays out, until it is known what they hold.
_BOX, _CELL = "box", "cell"
_BOXES = frozenset(("div", _BOX, _CELL))
_VERBATIM = frozenset("pre code kbd samp".split())

# Most bodies have no sign of anything to tidy, and their HTML is fast to search.
_SIGNS = ("<form", "<table", ' hidden="', ' style="', ' width="', ' height="')
_has_sign = etree.XPath(
    "boolean(//form | //table | //@hidden | //@style | //img[@width < 2 or @height < 2])"
)
_DOT = re.compile("0*[01]")
_ICON = re.compile("0*([0-9]|[1-3][0-9]|4[0-8])")
_ZERO = re.compile(r"[01]?(?:\.0+)?(?:px|pt)?")
# White space, and what mails put behind their preview text so that nothing else gets into it.
_BLANK = re.compile("[\\s\xad\u034f\u061c\u115f\u180e\u200b-\u200f\u2060-\u2064\ufeff]*")
#: An element in which nothing shows.
EMPTY = re.compile(
    rf"<(?!(?:{'|'.join(VOID_TAGS)})\b)[a-z][^<>]*>(?:{_BLANK.pattern.removesuffix('*')}"
    "|&nbsp;|&#13;|<br>)*</"
)
# No-break spaces stay.
_SPACE = re.compile("[^\\S\xa0]+")
_FIELD = re.compile(r"[^\S\xa0]*\{[a-z][a-z0-9_-]+\}[^\S\xa0]*")


def simplify_attribute(tag: str, name: str, value: str) -> str | None:
    """Return a length as digits, and of each of MARKS one value; None if it means nothing."""
    if value[:5].lower() == "data:":
        return value[:_MAX_DATA_CHARS]
    if tag in MATH_TAGS:
        return value
    if pattern := _VALUES.get((tag, name)):
        value = value.strip() if name in ("type", "start", "value") else value.strip().lower()
        return value if pattern.fullmatch(value) else None
    if name in _LENGTHS:
        value = value.strip().removesuffix("px")
        return value if value.isascii() and value.isdigit() else None
    if name == "role":
        return "none" if tag == "table" and value.strip() in ("presentation", "none") else None
    if name == "hidden":
        # The other value is that of text which a search in the page reveals.
        return "" if value.strip().lower() != "until-found" else None
    if name == "style":
        read = _read_style if len(value) <= _MAX_CACHED_CHARS else _read_style.__wrapped__
        return read(tag, value)
    return value


def shows_nothing(element: HtmlElement) -> bool:
    """True for a hidden element, and for a picture or a frame no larger than a dot."""
    if "hidden" in element.attrib or "style" in element.attrib:
        return True
    sides = (element.get("width", ""), element.get("height", ""))
    return element.tag in ("img", "iframe") and any(map(_DOT.fullmatch, sides))


@lru_cache(1_000)  # mails repeat theirs
def _read_style(tag: str, style: str) -> str | None:
    return "display:none" if _hides(tag, style) else simplify_style(tag, style)


def _hides(tag: str, style: str) -> bool:
    declarations = style.lower().replace("!important", "").split(";")
    pairs = (declaration.partition(":") for declaration in declarations)
    declared = {name.strip(): value.strip() for name, _colon, value in pairs}
    if declared.get("display") == "none" or declared.get("visibility") in ("hidden", "collapse"):
        return True
    sizes = (declared.get(name) for name in ("height", "max-height", "width", "max-width"))
    is_zero = any(size and _ZERO.fullmatch(size) for size in sizes)
    if tag in ("img", "iframe"):
        # No other element: text that a script fades in begins transparent, too.
        return is_zero or declared.get("opacity") in ("0", "0.0", "0%")
    # The box around a responsive frame has no height but its padding.
    padding = "".join(value for name, value in declared.items() if name.startswith("padding"))
    is_clipped = is_zero and declared.get("overflow") == "hidden"
    return is_clipped and not re.search("[1-9]", padding)


def tidy(root: HtmlElement) -> str:
    """Remove from a tree what is hidden, empty or a mere box; return its HTML."""
    markup = to_html(root)
    has_sign = any(map(markup.__contains__, _SIGNS)) and _has_sign(root)
    if not has_sign and not EMPTY.search(markup):
        return markup
    layout_tables = [table for table in root.iter("table") if lays_out(table)]
    for table in layout_tables:
        _unfold(table)
    if layout_tables:
        _fold_texts(root)
    _prune(root, is_mail=bool(layout_tables))
    if layout_tables:
        # Boxes leave the white space that stood around them.
        _fold_texts(root)
    return to_html(root)


def is_blank(text: str | None) -> bool:
    """True for a text of which a person would see nothing."""
    return not text or text.isspace() or bool(_BLANK.fullmatch(text))


def _has_text(element: HtmlElement) -> bool:
    """True if a person would see something of the text that is directly in the element."""
    return not (is_blank(element.text) and all(is_blank(child.tail) for child in element))


def _walk(root: HtmlElement, *, skip: Collection[str]) -> Iterator[HtmlElement]:
    """The root and all within it, in document order, without elements of the tags to skip."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        yield element
        waiting += [child for child in reversed(element) if child.tag not in skip]


def lays_out(table: HtmlElement) -> bool:
    """True for a table that is no table of data."""
    # It says so, or has neither th nor caption, but a table, a heading, or no two cells in a row.
    if "role" in table.attrib:
        return True
    parts = list(_walk(table, skip=("table",)))
    tags = {child.tag for part in parts for child in part}
    cells = max(sum(child.tag == "td" for child in part) for part in parts)
    lays_out = cells < 2 or not tags.isdisjoint(("table", "h1", "h2", "h3", "h4", "h5", "h6"))
    return lays_out and tags.isdisjoint(("th", "caption"))


def _unfold(table: HtmlElement) -> None:
    """Make the parts of a layout table boxes, which keep only their direction and language."""
    for part in _walk(table, skip=("table",)):
        if part.tag == "colgroup":
            part.clear(keep_tail=True)
        if part.tag in _TABLE_PARTS:
            for name in set(part.attrib) - _BOX_ATTRIBUTES:
                del part.attrib[name]
            part.tag = _CELL if part.tag == "td" else _BOX


def _fold_texts(root: HtmlElement) -> None:
    """Fold the white space of a mail's source, and remove its unfilled fields."""
    for element in _walk(root, skip=_VERBATIM | VOID_TAGS):
        is_block = element.tag in _BOXES or element.tag == "p"
        if element.text:
            element.text = _fold(element.text, is_block)
        for child in element:
            if child.tail:
                child.tail = _fold(child.tail, is_block)


def is_unfilled_field(text: str) -> bool:
    """True for a field that a mailing program would have filled in: {unsubscribe}."""
    return "{" in text and bool(_FIELD.fullmatch(text))


def _fold(text: str, is_block: bool) -> str:
    if is_block and is_unfilled_field(text):
        return ""
    return _SPACE.sub(lambda space: "\n" if "\n" in space[0] else " ", text)


def _prune(root: HtmlElement, *, is_mail: bool) -> None:
    """Remove what shows nothing, and boxes that hold only boxes, from the inside out."""
    shown: set[HtmlElement] = set()
    unsettled: set[HtmlElement | None] = set()
    sizes: dict[HtmlElement, int] = {}
    moved = 0
    # Backwards, each element comes after all that it holds.
    for element in reversed(list(root.iter())):
        sizes[element] = 1 + sum(map(sizes.__getitem__, element))
        if element in unsettled:
            settle_children(element)
        tag = element.tag
        if tag in _MEDIA or _has_text(element) or not shown.isdisjoint(element):
            shown.add(element)
        if shows_nothing(element):
            element.tag = GONE
        elif tag in VOID_TAGS:
            continue
        elif tag == "form":
            length = sum(len(text) for text in element.itertext() if not is_blank(text))
            element.tag = _flattened(element) if length > MAX_FORM_CHARS else GONE
        elif is_mail and tag == "a" and holds_only_icons(element):
            element.tag = GONE
        elif element not in shown and _is_leftover(element):
            element.tag = UNWRAPPED if tag in INLINE_TAGS else GONE
        elif tag in _BOXES:
            element.tag = _flattened(element)
        if element.tag == UNWRAPPED:
            # lxml visits all that an element holds to move it.
            moved += sizes[element]
            if moved > _MAX_MOVED:
                element.tag = tag if tag in INLINE_TAGS else "div"
        if element.tag in (GONE, UNWRAPPED):
            unsettled.add(element.getparent())


def _flattened(box: HtmlElement) -> str:
    """The tag of what a box becomes: none if it holds only boxes, else a paragraph or a div."""
    if not box.attrib and not _has_text(box) and all(child.tag not in INLINE_TAGS for child in box):
        return UNWRAPPED
    has_block = any(e.tag not in INLINE_TAGS and e.tag != "source" for e in box.iterdescendants())
    return "p" if box.tag == _CELL and not has_block else "div"


def _is_leftover(element: HtmlElement) -> bool:
    if element.tag == "div":
        # Editors write a line as a div, and an empty line as one with a break in it.
        return element.find("br") is None and "\xa0" not in element.text_content()
    return element.tag in _REMOVED_IF_EMPTY or element.tag in _BOXES


def holds_only_icons(link: HtmlElement) -> bool:
    """True if it holds images, all small and decoration by their own markup, and no text."""
    images = list(link.iter("img"))
    if not images or not is_blank(link.text_content()):
        return False
    sides = [image.get(side, "") for image in images for side in ("width", "height")]
    return all(map(_ICON.fullmatch, sides)) and all(image.get("alt") == "" for image in images)
