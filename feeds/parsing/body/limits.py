"""Bounds what the parsers of Markdown and HTML are given, for neither can be stopped.

By HTML5's rules a few bytes may become many elements. Each check takes linear time, and assumes
the worst of what it cannot be sure of: a comment or a style may hide an end tag.
"""

from __future__ import annotations

import re
from collections import Counter

#: Characters of a source, without the data of pictures in it, and of what any step makes of it: nh3
#: takes quadratic time for character references, a second for so many.
_MAX_SOURCE_CHARS, _MAX_CHARS = 250_000, 500_000
#: Elements within each other; what people write stays far below.
MAX_DEPTH = 400
#: Cells that a table's short rows lack, and elements that are repeated for want of an end tag.
_MAX_CELLS, _MAX_REPEATED = 10_000, 60_000
#: HTML that a short body becomes, in characters: so many, and so many for each of its source.
_MORE_CHARS, _MAX_CHARS_PER_CHAR = 20_000, 10
_MAX_ATTRIBUTES = 1_000

# HTML5 opens these again in each block that follows, until their end tags (§13.2.4.3).
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
# They do not come between a formatting element and its end tag.
_NEUTRAL = frozenset("br img span wbr".split())
# Void elements, and those that a next one of their kind ends: the latter set nests in svg and math.
_NEVER_NEST = frozenset("br dd dt hr img li meta p".split())
_NEST_IN_SVG = frozenset("a col input link source td th tr wbr".split())
_BLANK = r"[ \t\n\f\r]"
_TAG = re.compile(
    rf"<(/?)([a-zA-Z][^\s/>]*)(?:((?:{_BLANK}+[a-zA-Z][\w:-]*"
    rf"(?:{_BLANK}*={_BLANK}*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=`]+))?)*+){_BLANK}*/?>)?|<"
)
_ATTRIBUTE = (
    rf"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+"
    rf"(?:{_BLANK}*+={_BLANK}*+(?:\"[^\"]*+\"|'[^']*+'|[^ \t\n\f\r\"'>][^ \t\n\f\r>]*+)?+)?+"
)
# A line that makes a table of the one before it has nothing else after a pipe; nor may a long one.
_MAY_RULE = re.compile(r"\|[ \t\v\f>|:-]{0,100}+(?=[ \t\v\f>|:\r\n-]|\Z)")
_DATA = re.compile(r"(\bdata:\w+/[\w.+-]+[;,])[^\s\"'()<>]+", re.IGNORECASE)
_LONG_TAG = re.compile(rf"<[a-zA-Z](?:{_ATTRIBUTE}|[ \t\n\f\r/]++)*+")


class BodyError(Exception):
    """A body that is left out; the line counts from its first, 1."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


def bounded(source: str) -> str:
    """Return a body's source; a long one without the data of the pictures in it.

    Raises BodyError for a body that is longer than any that people read.
    """
    if len(source) > _MAX_SOURCE_CHARS:
        source = _DATA.sub(r"\1", source)
    if len(source) > _MAX_SOURCE_CHARS:
        raise BodyError(f"it is longer than {_MAX_SOURCE_CHARS:,} characters")
    return source


def check_tables(source: str) -> None:
    """Raise BodyError if cmark would fill up the short rows of a Markdown's tables too far."""
    if not _MAY_RULE.search(source):
        return
    columns = missing = table = 0
    for number, line in enumerate(re.split("\r\n?|\n", source), 1):
        if not line.strip(" \t\v\f"):
            columns = 0  # the end of a table
        elif not line.strip(" \t\v\f>|:-"):
            columns, table = max(columns, line.count("|") + 1), number
        missing += max(0, columns - line.count("|") - 1)
        if missing > _MAX_CELLS + len(source) // 4:
            raise BodyError("a table has too many cells that its rows leave out", table)


def check_markup(markup: str) -> None:
    """Raise BodyError for HTML of which an HTML parser would make too many or too deep elements."""
    for start in _LONG_TAG.finditer(markup) if len(markup) > 64 * _MAX_ATTRIBUTES else ():
        if len(start[0]) > 2 * _MAX_ATTRIBUTES:
            count = sum(1 for _each in re.finditer(_ATTRIBUTE, start[0]))
            if count > _MAX_ATTRIBUTES:
                message = f"a tag has more than {_MAX_ATTRIBUTES:,} attributes"
                raise BodyError(message, _line(markup, start))
    if markup.count("<") <= MAX_DEPTH:
        return
    open_tags, unclosed = dict[str, int](), Counter[str]()
    # Formatting elements with only text after them: their end tags are certain to close them.
    just_opened: list[str] = []
    depth = repeating = repeated = 0
    for number, token in enumerate(_TAG.finditer(markup)):
        slash, tag, attributes = token.groups()
        tag = tag.lower() if tag else ""
        if tag and not (
            tag in _NEVER_NEST
            or (tag in _NEST_IN_SVG and not open_tags.get("svg") and not open_tags.get("math"))
        ):
            count = open_tags.get(tag, 0)
            # An end tag without a start tag closes nothing.
            step = -min(1, count) if slash else 1
            open_tags[tag] = count + step
            depth += step
            if depth > MAX_DEPTH:
                raise BodyError(f"tags are nested more than {MAX_DEPTH} deep", _line(markup, token))
        is_opening = tag in _FORMATTING and not slash
        if not (is_opening or just_opened or repeating):
            continue
        is_certain = attributes is not None
        if is_opening:
            # A link ends the one before.
            if tag != "a" or just_opened[-1:] != ["a "]:
                key = "" if tag == "a" else attributes if is_certain else f"{number}<"
                just_opened.append(f"{tag} {key}")
        elif is_certain and slash and just_opened and just_opened[-1].startswith(f"{tag} "):
            just_opened.pop()
        elif not (is_certain and tag in _NEUTRAL):
            for opened in just_opened:
                # At most three of the same are repeated.
                if unclosed[opened] < (1 if opened == "a " else 3):
                    unclosed[opened] += 1
                    repeating += 1
            just_opened.clear()
        repeated += repeating + len(just_opened)
        if repeated > _MAX_REPEATED + 4 * number:
            message = "too many formatting elements, such as <b>, have no end tag in their block"
            raise BodyError(message, _line(markup, token))


def check_length(length: int, source: str) -> None:
    """Raise BodyError for HTML that is long, or many times longer than the body it was made of."""
    if length > _MORE_CHARS + _MAX_CHARS_PER_CHAR * len(source):
        raise BodyError(f"as HTML it is more than {_MAX_CHARS_PER_CHAR} times as long")
    if length > _MAX_CHARS:
        raise BodyError(f"as HTML it is longer than {_MAX_CHARS:,} characters")


class Length:
    """The length of a body's HTML while its links are made absolute."""

    def __init__(self, length: int, source: str) -> None:
        self._length = length
        self._source = source

    def add(self, count: int) -> None:
        """Count so many more characters; raises BodyError for too many."""
        self._length += count
        check_length(self._length, self._source)


def _line(markup: str, match: re.Match[str]) -> int:
    return markup.count("\n", 0, match.start()) + 1
