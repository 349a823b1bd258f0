"""Takes out of sanitised HTML what shows nothing, and unfolds tables that only lay out a mail.

The sanitiser leaves no style, so that what a style hid would show, a picture that counted openings
would be fetched, and a mail would be boxes within boxes. Its attributes are judged here one by one
while it works (mark), and the whole afterwards (tidy). Evidence is what the markup says of itself,
never a list of names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

#: What mark() reads, on any element; tidy() leaves none of it.
MARKS = frozenset(("hidden", "role", "style"))

_EMPTIED = frozenset(
    "a abbr article aside b blockquote cite del details dfn div dl em figcaption figure footer h1"
    " h2 h3 h4 h5 h6 header i ins li mark ol p pre q s section small span strong sub summary sup"
    " table time u ul".split()
)
_INLINE = frozenset(
    "a abbr b cite code del dfn em i ins kbd mark q ruby s samp small span strong sub sup time u"
    " var img br wbr audio video".split()
)
_SHOWN = frozenset(("img", "hr"))
_VOID = frozenset("br col hr img source wbr".split())
_TABLE = frozenset("table caption colgroup thead tbody tfoot tr td th".split())
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_VERBATIM = frozenset("pre code kbd samp".split())

# The canonical HTML of the sanitiser: attributes in quotes, brackets of text always escaped.
_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:\s[a-z-]+="[^"]*")*)>|[^<]+')
_MARK = re.compile(r'\s(?:hidden|role|style)="[^"]*"')
# White space, and what mails put behind their preview text so that nothing else gets into it.
_NOTHING = "(?:\\s|&nbsp;|[\xad\u034f\u061c\u115f\u180e\u200b-\u200f\u2060-\u2064\ufeff])"
_BLANK = re.compile(f"{_NOTHING}*")
# Of an element that may be empty; a picture before the end of one is none.
_LEFTOVER = re.compile(f"<(?!br|col|hr|img|source|wbr)[a-z][^<>]*>(?:{_NOTHING}|<br>)*</")
_DOT = re.compile(r'\s(?:width|height)="0*[01]"')
_SPACE = re.compile(r"\s+")
_LINES = re.compile(r"\n\s+")
#: What a mailing program would have filled in: {unsubscribe}.
_PLACEHOLDER = re.compile(r"\s*\{[a-z][a-z0-9_-]+\}\s*")
_DIRECTION = re.compile(r'\s(?:dir|lang)="[^"]*"')
_NAUGHT = re.compile(r"[01]?(?:\.0+)?(?:px|pt)?")
_ICON = re.compile(r'\s(?:width|height)="0*([0-9]|[1-3][0-9]|4[0-8])"')
# What most bodies have none of, and a search for words finds fast.
_SIGNS = (' hidden="', ' role="', ' style="', "<form", "<table")
#: Characters of text: a form of more is a page that stands in one.
_LONGEST_FORM = 500


def filter_attribute(tag: str, name: str, value: str) -> str | None:
    """What an attribute says of its element, for tidy(), or None if nothing."""
    if name == "hidden":
        # The other value stands for text that a search in the page brings out.
        return "" if value.strip().lower() != "until-found" else None
    if name == "role":
        return "none" if tag == "table" and value.strip() in ("presentation", "none") else None
    return "hidden" if _hides(tag, value) else None


def tidy(markup: str) -> str:
    """The HTML without what is hidden, empty or a mere box. It must be the sanitiser's."""
    for sign in _SIGNS:
        if sign in markup:
            break
    else:
        dots = "<img" in markup and _DOT.search(markup)
        if not dots and not _LEFTOVER.search(markup):
            return markup
    return _Tidier(markup).result()


def _hides(tag: str, style: str) -> bool:
    declared = {}
    for declaration in style.lower().replace("!important", "").split(";"):
        name, _colon, value = declaration.partition(":")
        declared[name.strip()] = value.strip()
    if declared.get("display") == "none" or declared.get("visibility") in ("hidden", "collapse"):
        return True
    # Text that fades in by a script begins transparent too.
    sizes = (declared.get(name) for name in ("height", "max-height", "width", "max-width"))
    naught = any(size and _NAUGHT.fullmatch(size) for size in sizes)
    if tag in ("img", "iframe"):
        return naught or declared.get("opacity") in ("0", "0.0", "0%")
    # A box for a frame is of no height but its padding.
    padded = any(
        name.startswith("padding") and re.search("[1-9]", value) for name, value in declared.items()
    )
    return naught and declared.get("overflow") == "hidden" and not padded


@dataclass(slots=True)
class _Element:
    tag: str
    attributes: str = ""
    #: What it will be written as.
    written: str = ""
    hidden: bool = False
    parts: list[str] = field(default_factory=list)
    #: Whether a person would see anything of it.
    shows: bool = False
    #: Whether text, or what flows with it, stands in it and in no block of its own.
    flows: bool = False
    #: Whether a block of its own stands in it.
    blocks: bool = False
    breaks: bool = False
    #: Characters of text.
    length: int = 0
    #: Pictures that their markup calls decoration, the size of an icon.
    icons: int = 0


class _Tidier:
    def __init__(self, markup: str) -> None:
        self._tokens = list(_TOKEN.finditer(markup))
        self._boxes = _layout_tables(self._tokens)
        self._open = [_Element("")]
        #: For each open table, whether it lays out.
        self._tables: list[bool] = []

    def result(self) -> str:
        for index, token in enumerate(self._tokens):
            tag = token[2]
            if not tag:
                self._text(token[0])
            elif token[1]:
                self._close()
            else:
                if tag == "table":
                    self._tables.append(index in self._boxes)
                self._start(tag, token[3])
        tidied = "".join(self._open[0].parts)
        # Boxes leave the white space that stood around them.
        return _LINES.sub("\n", tidied) if self._boxes and "<pre" not in tidied else tidied

    def _text(self, text: str) -> None:
        parent = self._open[-1]
        if self._boxes and not any(each.tag in _VERBATIM for each in self._open):
            text = _SPACE.sub(lambda space: "\n" if "\n" in space[0] else " ", text)
        blank = _BLANK.fullmatch(text)
        if self._boxes and parent.written in ("p", "div") and _PLACEHOLDER.fullmatch(text):
            return
        if not blank:
            parent.shows = parent.flows = True
            parent.length += len(text)
        parent.parts.append(text)

    def _start(self, tag: str, attributes: str) -> None:
        written, hidden = tag, _is_hidden(attributes)
        if tag in _TABLE and self._tables and self._tables[-1]:
            written, attributes = "div", "".join(_DIRECTION.findall(attributes))
        element = _Element(tag, attributes, written, hidden)
        if tag not in _VOID:
            self._open.append(element)
            return
        parent = self._open[-1]
        if tag == "col" and written == "div":
            return
        if hidden or (tag == "img" and shows_nothing(attributes)):
            return
        if tag == "img" and ' alt=""' in attributes and len(_ICON.findall(attributes)) == 2:
            parent.icons += 1
        parent.shows |= tag in _SHOWN
        parent.breaks |= tag == "br"
        parent.flows |= tag in _INLINE
        parent.blocks |= tag == "hr"
        parent.parts.append(f"<{tag}{_unmarked(attributes)}>")

    def _close(self) -> None:
        element = self._open.pop()
        parent = self._open[-1]
        if element.tag == "table":
            self._tables.pop()
        if element.hidden:
            return
        if element.tag == "form":
            if element.length <= _LONGEST_FORM:
                return
            self._into_parent(element, parent)
            return
        decoration = (
            bool(self._boxes)
            and element.tag == "a"
            and element.icons > 0
            and not element.length
            and "".join(element.parts).count("<img") == element.icons
        )
        if decoration or (not element.shows and self._is_leftover(element)):
            if element.written in _INLINE and not decoration:
                self._into_parent(element, parent)
            return
        attributes = _unmarked(element.attributes)
        # A box of boxes, without a direction of its own, is nothing that a person could see.
        if element.written == "div" and not attributes and not element.flows:
            self._into_parent(element, parent)
            return
        if element.written == "div" and element.tag == "td" and not element.blocks:
            element.written = "p"
        parent.parts += (
            f"<{element.written}{attributes}>",
            *element.parts,
            f"</{element.written}>",
        )
        parent.shows |= element.shows or element.tag in ("audio", "video")
        parent.flows |= element.written in _INLINE
        parent.blocks |= element.blocks or element.written not in _INLINE
        parent.length += element.length
        parent.icons += element.icons

    def _is_leftover(self, element: _Element) -> bool:
        if element.tag == "div" and (element.breaks or element.parts):
            # Editors write a line as a div, and an empty line as one that holds a break.
            return not element.breaks and not any("&nbsp;" in part for part in element.parts)
        return element.written in _EMPTIED

    def _into_parent(self, element: _Element, parent: _Element) -> None:
        parent.parts += element.parts
        parent.shows |= element.shows
        parent.flows |= element.flows
        parent.blocks |= element.blocks
        parent.breaks |= element.breaks
        parent.length += element.length
        parent.icons += element.icons


@dataclass(slots=True)
class _Table:
    #: Of its tag among the tokens.
    index: int
    #: Whether its role says that it lays out.
    says: bool
    headed: bool = False
    #: Whether it holds a heading or a table, which rows of data do not.
    lays: bool = False
    cells: int = 0
    widest: int = 0


def _layout_tables(tokens: list[re.Match[str]]) -> set[int]:
    """The tables, by the index of their tag, that lay out a page and hold no rows of data.

    Those that say so, and those without a th or caption that hold a table, a heading, or no two
    cells beside each other.
    """

    found = set()
    within: list[_Table] = []
    for index, token in enumerate(tokens):
        tag, closes = token[2], token[1]
        if within and tag in _HEADINGS:
            within[-1].lays = True
        elif tag == "table" and not closes:
            if within:
                within[-1].lays = True
            within.append(_Table(index, ' role="none"' in token[3]))
        elif not within or tag not in _TABLE:
            continue
        elif tag == "table":
            table = within.pop()
            if table.says or (not table.headed and (table.lays or table.widest < 2)):
                found.add(table.index)
        elif closes:
            continue
        elif tag in ("th", "caption"):
            within[-1].headed = True
        elif tag == "tr":
            within[-1].cells = 0
        elif tag == "td":
            within[-1].cells += 1
            within[-1].widest = max(within[-1].widest, within[-1].cells)
    return found


def shows_nothing(attributes: str) -> bool:
    """Whether a picture or a frame with these attributes is hidden, or no larger than a dot."""
    return _is_hidden(attributes) or bool(_DOT.search(attributes))


def _is_hidden(attributes: str) -> bool:
    return ' style="hidden"' in attributes or ' hidden=""' in attributes


def _unmarked(attributes: str) -> str:
    return _MARK.sub("", attributes) if attributes else ""
