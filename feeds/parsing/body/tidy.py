"""Tidies sanitised HTML: removes what shows nothing, and unfolds tables that only lay out a mail.

The sanitiser leaves no style. So text that a style hid would show, a picture that counts openings
would be fetched, and a mail would be boxes within boxes. Evidence is what the markup says of
itself, never a list of names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

#: Attributes, of any element, that say whether and how it shows.
MARKS = frozenset(("hidden", "role", "style"))
_HIDDEN = ' hidden=""'
_LAYOUT = ' role="none"'

#: Characters of text; a form of more is a page that stands in one.
_MAX_FORM_CHARS = 500

_REMOVED_IF_EMPTY = frozenset(
    "a abbr article aside b blockquote cite del details dfn div dl em figcaption figure footer h1"
    " h2 h3 h4 h5 h6 header i ins li mark ol p pre q s section small span strong sub summary sup"
    " table time u ul".split()
)
_INLINE = frozenset(
    "a abbr b cite code del dfn em i ins kbd mark q ruby s samp small span strong sub sup time u"
    " var img br wbr audio video".split()
)
_MEDIA = frozenset(("img", "hr", "audio", "video"))
_VOID = frozenset("br col hr img source wbr".split())
_TABLE_PARTS = frozenset("table caption colgroup thead tbody tfoot tr td th".split())
_VERBATIM = frozenset("pre code kbd samp".split())

# nh3's canonical HTML: values in double quotes, and each bracket of text escaped.
ATTRIBUTE = re.compile(r'\s([a-z-]+)="([^"]*)"')
_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:\s[a-z-]+="[^"]*")*)>|[^<]+')
_BOX_ATTRIBUTE = re.compile(r'\s(?:dir|lang|hidden)="[^"]*"')
_DOT = re.compile(r'\s(?:width|height)="0*[01]"')
_ICON = re.compile(r'\s(?:width|height)="0*([0-9]|[1-3][0-9]|4[0-8])"')
_ZERO = re.compile(r"[01]?(?:\.0+)?(?:px|pt)?")
# White space, and what mails put behind their preview text so that nothing else gets into it.
_NOTHING = "(?:\\s|&nbsp;|[\xad\u034f\u061c\u115f\u180e\u200b-\u200f\u2060-\u2064\ufeff])"
_BLANK = re.compile(f"{_NOTHING}*")
_SPACE = re.compile(r"\s+")
_LINES = re.compile(r"\n\s+")
#: A field that a mailing program would have filled in: {unsubscribe}.
_PLACEHOLDER = re.compile(r"\s*\{[a-z][a-z0-9_-]+\}\s*")
# Most bodies have no sign of anything to tidy, and a search for words finds them fast.
_SIGNS = (_HIDDEN, _LAYOUT, "<form", "<table")
_EMPTY = re.compile(f"<(?!br|col|hr|img|source|wbr)[a-z][^<>]*>(?:{_NOTHING}|<br>)*</")


def mark_of(tag: str, name: str, value: str) -> str:
    """The attribute that tells tidy() what one of MARKS says of its element, or nothing."""
    if name == "role":
        return _LAYOUT if tag == "table" and value.strip() in ("presentation", "none") else ""
    if name == "hidden":
        # The other value is that of text which a search in the page reveals.
        return _HIDDEN if value.strip().lower() != "until-found" else ""
    return _HIDDEN if _hides(tag, value) else ""


def shows_nothing(tag: str, attributes: str) -> bool:
    """True for a hidden element, and for a picture or a frame no larger than a dot."""
    return _HIDDEN in attributes or (tag in ("img", "iframe") and bool(_DOT.search(attributes)))


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


@dataclass(slots=True, eq=False)
class _Node:
    """An element, or a text without a tag, with its markup as it was spelled."""

    # Not lxml's: libxml2's parser moves the block out of <b><p>x</p></b>, say; HTML5's does not.

    tag: str
    attributes: str
    text: str
    #: A person would see something of it.
    shows: bool
    #: The tag in the output: parts of a layout table become boxes and paragraphs.
    name: str
    children: list[_Node] = field(default_factory=list)


def tidy(markup: str) -> str:
    """The HTML without what is hidden, empty or a mere box. It must be in nh3's canonical form."""
    if not (
        any(sign in markup for sign in _SIGNS)
        or ("<img" in markup and _DOT.search(markup))
        or _EMPTY.search(markup)
    ):
        return markup
    root = _parse(markup)
    layout_tables = [node for node in _nodes(root) if node.tag == "table" and _lays_out(node)]
    if layout_tables:
        _unfold(layout_tables)
        _fold_spaces(root)
    _prune(root, is_mail=bool(layout_tables))
    tidied = _to_html(root)
    # Boxes leave the white space that stood around them.
    return _LINES.sub("\n", tidied) if layout_tables and "<pre" not in tidied else tidied


def _parse(markup: str) -> _Node:
    open_nodes = [_Node("", "", "", False, "")]
    for token in _TOKEN.finditer(markup):
        closes, tag, attributes = token.groups("")
        if closes:
            open_nodes.pop()
            continue
        text = "" if tag else token[0]
        node = _Node(tag, attributes, text, tag in _MEDIA or not _BLANK.fullmatch(text), tag)
        open_nodes[-1].children.append(node)
        if tag and tag not in _VOID:
            open_nodes.append(node)
    return open_nodes[0]


def _nodes(root: _Node, *, skip: Collection[str] = ()) -> Iterator[_Node]:
    """The root and all within it, in document order, without elements of the tags to skip."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.tag not in skip or node is root:
            yield node
            waiting += reversed(node.children)


def _to_html(root: _Node) -> str:
    parts: list[str] = []
    waiting: list[_Node | str] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        parts.append(node.text)
        if node.name:
            attributes = node.attributes.replace(_LAYOUT, "")
            parts.append(f"<{node.name}{attributes}>")
            if node.tag not in _VOID:
                waiting.append(f"</{node.name}>")
        waiting += reversed(node.children)
    return "".join(parts)


def _lays_out(table: _Node) -> bool:
    # It says so, or has neither th nor caption, but a table, a heading, or no two cells in a row.
    if _LAYOUT in table.attributes:
        return True
    parts = list(_nodes(table, skip=("table",)))
    tags = {child.tag for part in parts for child in part.children}
    cells = max(sum(child.tag == "td" for child in part.children) for part in parts)
    lays_out = cells < 2 or not tags.isdisjoint(("table", "h1", "h2", "h3", "h4", "h5", "h6"))
    return lays_out and tags.isdisjoint(("th", "caption"))


def _unfold(layout_tables: list[_Node]) -> None:
    """Make the parts of layout tables boxes, which keep only their direction and language."""
    for table in layout_tables:
        for part in _nodes(table, skip=("table",)):
            if part.tag in _TABLE_PARTS:
                part.attributes = "".join(_BOX_ATTRIBUTE.findall(part.attributes))
                part.name = "div"
            if part.tag == "colgroup":
                part.children = []


def _fold_spaces(root: _Node) -> None:
    """Fold the white space of a mail's source, and remove its unfilled fields."""
    for node in _nodes(root, skip=_VERBATIM):
        if node.text:
            node.text = _SPACE.sub(lambda space: "\n" if "\n" in space[0] else " ", node.text)
        elif node.name in ("p", "div"):
            children = node.children
            node.children = [child for child in children if not _PLACEHOLDER.fullmatch(child.text)]


def _prune(root: _Node, *, is_mail: bool) -> None:
    """Remove what shows nothing, and boxes that hold only boxes, from the inside out."""
    # Backwards, each node comes after all that it holds.
    for node in reversed([node for node in _nodes(root) if node.children]):
        remainders = (_remainder(child, is_mail) for child in node.children)
        node.children = [child for remainder in remainders for child in remainder]
        node.shows = node.shows or any(child.shows for child in node.children)


def _remainder(node: _Node, is_mail: bool) -> Sequence[_Node]:
    """The nodes that take an element's place: itself, its children, or none."""
    if shows_nothing(node.tag, node.attributes):
        return ()
    if node.text or node.tag in _VOID:
        return (node,)
    if node.tag == "form":
        length = sum(len(part.text) for part in _nodes(node) if part.shows)
        return node.children if length > _MAX_FORM_CHARS else ()
    if is_mail and node.tag == "a" and _holds_only_icons(node):
        return ()
    if not node.shows and _is_leftover(node):
        return node.children if node.name in _INLINE else ()
    if node.name == "div":
        flows = (child.name in _INLINE or (child.text and child.shows) for child in node.children)
        if not node.attributes and not any(flows):
            return node.children
        if node.tag == "td" and not any(map(_has_block, node.children)):
            node.name = "p"
    return (node,)


def _has_block(root: _Node) -> bool:
    return any(node.name not in _INLINE for node in _nodes(root) if node.name not in ("", "source"))


def _is_leftover(node: _Node) -> bool:
    if node.tag == "div":
        # Editors write a line as a div, and an empty line as one with a break in it.
        has_break = any(child.tag == "br" for child in node.children)
        return not has_break and "&nbsp;" not in _to_html(node)
    return node.name in _REMOVED_IF_EMPTY


def _holds_only_icons(link: _Node) -> bool:
    """True if it holds images, all small and decoration by their own markup, and no text."""
    parts = list(_nodes(link))
    images = [part.attributes for part in parts if part.tag == "img"]
    if not images or any(part.text and part.shows for part in parts):
        return False
    return all(' alt=""' in image and len(_ICON.findall(image)) == 2 for image in images)
