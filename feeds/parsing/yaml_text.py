"""YAML as mappings, lists and strings: no types are guessed, no tags are resolved.

Values stay as the author wrote them (`title: 2021` is "2021", `published: no` is "no"); fields.py
converts them. Depth and size are bounded, each use of an alias counted.

A text of plain lines alone, as nearly every article has, is read line by line, in less than half
the time that libyaml and its events take. They read all others, and find all mistakes.
"""

import re
from collections.abc import Iterable
from typing import Any, ClassVar, TypeAlias

import yaml

from feeds.text.repair import shown

YAMLValue: TypeAlias = "str | YAMLList | YAMLMapping | None"

MAX_DEPTH = 60
MAX_NODES = 200_000

# libyaml where PyYAML was built with it (every wheel is), its Python twin elsewhere.
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

TOO_DEEP = (f"lists and mappings nested more than {MAX_DEPTH} deep", "flatten them")
_NULL = frozenset(("", "~", "null"))
_MERGE = "<<"
#: No message shows a name that stands within this key.
_SECURED = "secured"
# YAML 1.1 ends lines at these characters, editors do not.
_BREAKS = "\x85\u2028\u2029"

# The characters of no plain line: controls, what YAML does not allow, its other ends of lines.
_SPECIAL = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff"
_QUOTED = rf"\"[^\"\\{_SPECIAL}]*(?:\\[\"\\][^\"\\{_SPECIAL}]*)*\"|'[^'{_SPECIAL}]*'"
# Without a sign that means something to YAML.
_BARE = rf"-?[\w/.][^:#{_SPECIAL}]*(?::(?! |$)[^:#{_SPECIAL}]*)*(?<! )"
_ITEM = (
    rf"(?:\"[^\"\\,{_SPECIAL}]*\" *+|'[^',{_SPECIAL}]*' *+"
    rf"|-?[\w/.][^:#,?\[\]{{}}{_SPECIAL}]*+)"
)
#: A plain line in four groups: indent, dash, key, and a value that ends there, which is a text with
#: its quotes, or a list in brackets. Any other line is the fifth group. No plain line is indented
#: far enough for MAX_DEPTH. Any line takes linear time.
_LINES = re.compile(
    r"^( {0,30}+)(- {1,3}+)?(?:(?!null:)([A-Za-z_][A-Za-z0-9_-]{0,60}+):(?: ++|$))?"
    rf"({_QUOTED}|{_BARE}|\[\]|\[ *+{_ITEM}(?:, *+{_ITEM})*+\])? *$|^(.+)$",
    re.MULTILINE,
)
_ESCAPED = re.compile(r"\\(.)")

# Tags that are ignored: fields.py converts the value whatever its tag.
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "seq", "map")
) | {"!"}


class YAMLTextError(ValueError):
    """The text cannot be read."""

    #: Of the problem.
    code: ClassVar[str] = "bad-yaml"

    def __init__(self, line: int, message: str, hint: str) -> None:
        super().__init__(f"{message}; {hint}")
        self.line = line
        self.message = message
        self.hint = hint


class YAMLMapping(dict[str, YAMLValue]):
    """Values by key, and the line of each key of a text."""

    __slots__ = ("lines",)

    def __init__(self, items: Iterable[tuple[str, YAMLValue]] = ()) -> None:
        super().__init__(items)
        self.lines: dict[str, int] = {}


class YAMLList(list[YAMLValue]):
    """Items, and the line of each."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


def load(
    text: str, first_line: int = 1, *, ignore_tags: bool = False
) -> tuple[YAMLValue, list[tuple[int, str]]]:
    """Parse a text of one document into its value and its duplicate keys, as (line, key).

    The last of duplicate keys is kept. Lines are counted from the first one's number. Raises
    YAMLTextError for invalid YAML 1.1, unsupported tags unless they are ignored, and texts beyond
    the bounds.
    """
    if plain := _read_plain_lines(text, first_line):
        return plain, []
    builder = _Builder(text, first_line, ignore_tags)
    return builder.document(), builder.duplicates


def _read_plain_lines(text: str, first_line: int) -> YAMLMapping | None:
    """Return the mapping that plain lines are; None if there are others, or a mistake."""
    if len(text) > MAX_NODES:  # each value takes a character
        return None
    # The innermost open collection, its column, and those around it.
    place: YAMLMapping | YAMLList
    root = place = YAMLMapping()
    column = 0
    outer: list[tuple[YAMLMapping | YAMLList, int]] = []
    # The key on the line before, if its value did not stand there.
    opener = ""
    for line, (indent, dash, key, value, other) in enumerate(_LINES.findall(text), first_line):
        if not (dash or key or value or other):
            continue
        at = len(indent)
        while at < column or (at == column and not dash and isinstance(place, YAMLList)):
            (place, column), opener = outer.pop(), ""
        if at > column or (dash and isinstance(place, YAMLMapping)):
            if not opener or not isinstance(place, YAMLMapping):
                return None
            outer.append((place, column))
            nested = place[opener] = YAMLList() if dash else YAMLMapping()
            place, column = nested, at
        if isinstance(place, YAMLList):
            place.lines.append(line)
            if not key:
                place.append(_plain_value(value, line))
                continue
            outer.append((place, column))
            item = YAMLMapping()
            place.append(item)
            place, column = item, at + len(dash)
        if not key or key in place:
            return None
        place.lines[key] = line
        place[key] = _plain_value(value, line)
        opener = "" if value else key
    return root


def _plain_value(written: str, line: int) -> YAMLValue:
    mark = written[:1]
    if mark == "[":
        items = YAMLList()
        items += [_plain_value(item.strip(" "), line) for item in written[1:-1].split(",") if item]
        items.lines += [line] * len(items)
        return items
    if mark in ("'", '"'):
        value = written[1:-1]
        return _ESCAPED.sub(r"\1", value) if mark == '"' and "\\" in value else value
    return None if written in _NULL else written


class _Builder:
    """Builds values from libyaml's events: its composer and constructor take twice as long."""

    def __init__(self, text: str, first_line: int, ignore_tags: bool) -> None:
        for character in _BREAKS:
            text = text.replace(character, " ")
        self._text = text
        self._first_line = first_line
        self._ignore_tags = ignore_tags
        self._nodes = 0
        self._is_secret = False
        self._anchors: dict[str, tuple[YAMLValue, int]] = {}
        self.duplicates: list[tuple[int, str]] = []

    def document(self) -> YAMLValue:
        try:
            self._next = _Loader(self._text).get_event
            self._next()  # the stream's start
            if type(self._next()) is yaml.StreamEndEvent:
                return None
            value = self._node(self._next(), 0)
            self._next()  # the document's end
            if type(event := self._next()) is not yaml.StreamEndEvent:
                raise self._error(event, "more than one YAML document", "expected one")
            return value
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = self._first_line + (mark.line if mark else 0)
            # libyaml reads ahead, and may reach its own bound on depth before we reach ours.
            if error.problem == "exceeded maximum nesting depth":
                raise YAMLTextError(line, *TOO_DEEP) from error
            message = " ".join(filter(None, ("not YAML:", error.context, error.problem)))
            hint = "quote text that holds a colon, a # or a quote, and indent with spaces"
            raise YAMLTextError(line, message, hint) from error
        except (yaml.reader.ReaderError, UnicodeEncodeError) as error:
            before = yaml.reader.Reader.NON_PRINTABLE.split(self._text, 1)[0]
            line = self._first_line + before.count("\n")
            message = f"the character U+{ord(self._text[len(before)]):04X} is not allowed in YAML"
            raise YAMLTextError(line, message, "remove it") from error

    def _node(self, event: Any, depth: int) -> YAMLValue:
        kind = type(event)
        if kind is yaml.AliasEvent:
            if event.anchor not in self._anchors:
                name = self._shown(event.anchor)
                message = f"the alias *{name} has no anchor before it"
                raise self._error(event, message, f"define &{name} first")
            value, size = self._anchors[event.anchor]
            self._count(event, size)
            return value
        self._count(event, 1)
        if event.tag is not None and event.tag not in _PLAIN_TAGS and not self._ignore_tags:
            message = f"the tag {self._shown(event.tag)} is not supported"
            raise self._error(event, message, "write the value without a tag")
        before = self._nodes
        if kind is yaml.ScalarEvent:
            value = event.value
            # Only a bare ~ is null; a quoted one is a tilde.
            if value in _NULL and event.implicit[0]:
                value = None
        elif depth >= MAX_DEPTH:
            raise self._error(event, *TOO_DEEP)
        elif kind is yaml.SequenceStartEvent:
            value = self._list(depth + 1)
        else:
            value = self._mapping(depth + 1)
        if event.anchor:
            self._anchors[event.anchor] = value, self._nodes - before + 1
        return value

    def _list(self, depth: int) -> YAMLList:
        items = YAMLList()
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            items.lines.append(self._line(event))
            items.append(self._node(event, depth))
        return items

    def _mapping(self, depth: int) -> YAMLMapping:
        mapping, sources = YAMLMapping(), YAMLList()
        while type(event := self._next()) is not yaml.MappingEndEvent:
            key = self._node(event, depth)
            if isinstance(key, (list, dict)):
                raise self._error(event, "a key is not text", "write a plain name")
            key = key or ""
            is_secret, self._is_secret = self._is_secret, self._is_secret or key == _SECURED
            value = self._node(self._next(), depth)
            self._is_secret = is_secret
            if key == _MERGE and isinstance(value, (list, dict)):
                sources += value if isinstance(value, list) else [value]
                continue
            line = self._line(event)
            if key in mapping and not self._is_secret:
                self.duplicates.append((line, key))
            mapping[key] = value
            mapping.lines[key] = line
        for source in sources:
            if isinstance(source, YAMLMapping):
                for key, value in source.items():
                    mapping.setdefault(key, value)
                    mapping.lines.setdefault(key, source.lines[key])
        return mapping

    def _count(self, event: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES:,} values, counting each use of an alias"
            raise self._error(event, message, "write less, or use no aliases")

    def _shown(self, name: str) -> str:
        return "…" if self._is_secret else shown(name)

    def _line(self, event: Any) -> int:
        return self._first_line + int(event.start_mark.line)

    def _error(self, event: Any, message: str, hint: str) -> YAMLTextError:
        return YAMLTextError(self._line(event), message, hint)
