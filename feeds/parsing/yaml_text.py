"""YAML as mappings, lists and strings: no types are guessed, no tags are resolved.

Values stay as the author wrote them (`title: 2021` is "2021", `published: no` is "no"); fields.py
converts them. Depth and size are bounded, each use of an alias counted.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import yaml

YAMLValue: TypeAlias = "str | list[YAMLValue] | dict[str, YAMLValue] | None"
#: The keys and list indexes from the document's root to a value.
KeyPath: TypeAlias = tuple[str | int, ...]

MAX_DEPTH = 60
MAX_NODES = 200_000

# libyaml where PyYAML was built with it (every wheel is), its Python twin elsewhere.
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_NULL = frozenset(("", "~", "null"))
_MERGE = "<<"
_BREAKS = dict.fromkeys(map(ord, "\x85\u2028\u2029"), " ")
# Quoted text and comments, in which brackets do not count, and the brackets that nest values.
_FLOW = re.compile(
    r"""'(?:[^']|'')*+(?:'|\Z)|"(?:[^"\\]|\\.)*+(?:"|\Z)|#[^\n]*|[\[\]{}]""", re.DOTALL
)
# Tags that are ignored: fields.py converts the value whatever its tag.
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "seq", "map")
) | {"!"}


class YAMLTextError(ValueError):
    """The text cannot be read; lines are counted from 1."""

    def __init__(self, line: int, message: str, hint: str) -> None:
        super().__init__(f"{message}; {hint}")
        self.line = line
        self.message = message
        self.hint = hint


def load(text: str) -> tuple[YAMLValue, list[tuple[int, str]]]:
    """Parse a text of one document into its value and its duplicate keys, as (line, key).

    The last of duplicate keys is kept. Raises YAMLTextError for invalid YAML 1.1, unsupported tags
    and texts beyond the bounds.
    """
    builder = _Builder(text)
    return builder.document(), builder.duplicates


def lines(text: str) -> dict[KeyPath, int]:
    """Line, from 1, of every key and list item of a text that load() accepts."""
    lines_by_path: dict[KeyPath, int] = {}
    _Builder(text, lines_by_path).document()
    return lines_by_path


class _Builder:
    """Builds values from libyaml's events: its composer and constructor take twice as long."""

    def __init__(self, text: str, lines: dict[KeyPath, int] | None = None) -> None:
        # YAML 1.1 ends lines at these characters, editors do not.
        self._text = text.translate(_BREAKS)
        self._lines = lines
        self._nodes = 0
        self._anchors: dict[str, tuple[YAMLValue, int]] = {}
        self.duplicates: list[tuple[int, str]] = []

    def document(self) -> YAMLValue:
        try:
            self._next = _Loader(self._text).get_event
            self._next()  # the stream's start
            if type(self._next()) is yaml.StreamEndEvent:
                return None
            value = self._node(self._next(), (), 0)
            self._next()  # the document's end
            if type(event := self._next()) is not yaml.StreamEndEvent:
                raise YAMLTextError(_line(event), "more than one YAML document", "expected one")
            return value
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            # libyaml parses ahead, and may reach its own bound on depth before we reach ours.
            if line := _too_deep(self._text[: mark.index] if mark else self._text):
                raise _nested_too_deep(line) from error
            message = " ".join(filter(None, ("not YAML:", error.context, error.problem)))
            hint = "quote text that holds a colon, a # or a quote, and indent with spaces"
            raise YAMLTextError(mark.line + 1 if mark else 1, message, hint) from error
        except (yaml.reader.ReaderError, UnicodeEncodeError) as error:
            before = yaml.reader.Reader.NON_PRINTABLE.split(self._text, 1)[0]
            message = f"the character U+{ord(self._text[len(before)]):04X} is not allowed in YAML"
            raise YAMLTextError(before.count("\n") + 1, message, "remove it") from error

    def _node(self, event: Any, path: KeyPath, depth: int) -> YAMLValue:
        kind = type(event)
        if kind is yaml.AliasEvent:
            if event.anchor not in self._anchors:
                message = f"the alias *{event.anchor} has no anchor before it"
                raise YAMLTextError(_line(event), message, f"define &{event.anchor} first")
            value, size = self._anchors[event.anchor]
            self._count(event, size)
            return value
        self._count(event, 1)
        if event.tag is not None and event.tag not in _PLAIN_TAGS:
            message = f"the tag {event.tag} is not supported"
            raise YAMLTextError(_line(event), message, "write the value without a tag")
        before = self._nodes
        if kind is yaml.ScalarEvent:
            value = event.value
            # Only a bare ~ is null; a quoted one is a tilde.
            if value in _NULL and event.implicit[0]:
                value = None
        elif depth >= MAX_DEPTH:
            raise _nested_too_deep(_line(event))
        elif kind is yaml.SequenceStartEvent:
            value = self._sequence(path, depth + 1)
        else:
            value = self._mapping(path, depth + 1)
        if event.anchor:
            self._anchors[event.anchor] = value, self._nodes - before + 1
        return value

    def _sequence(self, path: KeyPath, depth: int) -> list[YAMLValue]:
        items: list[YAMLValue] = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            inner = path
            if self._lines is not None:
                inner = (*path, len(items))
                self._lines[inner] = _line(event)
            items.append(self._node(event, inner, depth))
        return items

    def _mapping(self, path: KeyPath, depth: int) -> dict[str, YAMLValue]:
        own: dict[str, YAMLValue] = {}
        merged: dict[str, YAMLValue] = {}
        while type(event := self._next()) is not yaml.MappingEndEvent:
            key = self._node(event, path, depth)
            if isinstance(key, (list, dict)):
                raise YAMLTextError(_line(event), "a key is not text", "write a plain name")
            key = key or ""
            inner = path
            if self._lines is not None:
                inner = (*path, key)
                self._lines[inner] = _line(event)
            value = self._node(self._next(), inner, depth)
            if key == _MERGE and isinstance(value, (list, dict)):
                for source in value if isinstance(value, list) else (value,):
                    if isinstance(source, dict):
                        merged = source | merged
                continue
            if key in own:
                self.duplicates.append((_line(event), key))
            own[key] = value
        return merged | own if merged else own

    def _count(self, event: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES:,} values, counting each use of an alias"
            raise YAMLTextError(_line(event), message, "write less, or use no aliases")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _nested_too_deep(line: int) -> YAMLTextError:
    message = f"lists and mappings nested more than {MAX_DEPTH} deep"
    return YAMLTextError(line, message, "flatten them")


def _too_deep(text: str) -> int:
    """Line of the first bracket that opens more than MAX_DEPTH levels, or 0 if none does."""
    depth = 0
    for match in _FLOW.finditer(text):
        if match[0] in ("[", "{"):
            depth += 1
            if depth > MAX_DEPTH:
                return text.count("\n", 0, match.start()) + 1
        elif match[0] in ("]", "}"):
            depth = max(0, depth - 1)
    return 0
