"""YAML as plain text: mappings, lists and strings, without a type guessed or a tag obeyed.

The one importer of PyYAML. Values stay what the author wrote (`title: 2021` is "2021", `published:
no` is "no"); feeds.fields gives them their meaning. What is read is bounded in depth and in size,
aliases counted as often as they are used.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import yaml

YAMLValue: TypeAlias = "str | list[YAMLValue] | dict[str, YAMLValue] | None"
#: The keys and indexes that lead to a value.
KeyPath: TypeAlias = tuple[str | int, ...]

MAX_DEPTH = 60
MAX_NODES = 200_000

# libyaml where PyYAML was built with it (every wheel is), its Python twin elsewhere.
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_NULL = frozenset(("", "~", "null"))
_MERGE = "<<"
_BREAKS = dict.fromkeys(map(ord, "\x85\u2028\u2029"), " ")
# Quoted text and comments, in which a bracket means nothing, and the brackets that nest values.
_FLOW = re.compile(
    r"""'(?:[^']|'')*+(?:'|\Z)|"(?:[^"\\]|\\.)*+(?:"|\Z)|#[^\n]*|[\[\]{}]""", re.DOTALL
)
# Tags that say no more than the value's helper will find out for itself.
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "seq", "map")
) | {"!"}


class YAMLTextError(ValueError):
    """The text cannot be read: the line (counted from 1), what is wrong, what would be right."""

    def __init__(self, line: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message
        self.hint = hint


def load(text: str) -> tuple[YAMLValue, list[tuple[int, str]]]:
    """The one document of a text, and the keys that it says twice, as (line, key): the last counts.

    Raises YAMLTextError for what YAML 1.1 does not allow, and for what goes beyond the bounds.
    """
    builder = _Builder(text)
    return builder.document(), builder.duplicates


def lines(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, of every key and list item of a text that load() accepts."""
    found: dict[KeyPath, int] = {}
    _Builder(text, found).document()
    return found


class _Builder:
    """Values straight from libyaml's events: the composer and constructor cost twice as much."""

    def __init__(self, text: str, lines: dict[KeyPath, int] | None = None) -> None:
        # YAML 1.1 ends lines where no editor does.
        self._text = text = text.translate(_BREAKS)
        try:
            self._loader = _Loader(text)
        except UnicodeEncodeError as error:
            line = text.count("\n", 0, error.start) + 1
            raise YAMLTextError(
                line, "half of a surrogate pair is not text", "take it out"
            ) from error
        self._next = self._loader.get_event
        self._lines = lines
        self._nodes = 0
        self._anchors: dict[str, tuple[YAMLValue, int]] = {}
        self.duplicates: list[tuple[int, str]] = []

    def document(self) -> YAMLValue:
        try:
            self._next()  # the stream's start
            if type(self._next()) is yaml.StreamEndEvent:
                return None
            value = self._node(self._next(), (), 0)
            self._next()  # the document's end
            if type(event := self._next()) is not yaml.StreamEndEvent:
                raise YAMLTextError(_line(event), "a second YAML document", "one is read")
            return value
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            # libyaml looks ahead, and has a bound of its own that it may reach before ours.
            if line := _too_deep(self._text[: mark.index] if mark else self._text):
                raise _nested_too_deep(line) from error
            message = " ".join(filter(None, (error.context, error.problem)))
            raise YAMLTextError(
                mark.line + 1 if mark else 1,
                f"not YAML: {message}",
                "quote text that holds a colon, a # or a quote, and indent with spaces",
            ) from error
        except yaml.reader.ReaderError as error:
            line = self._text.encode()[: error.position].count(b"\n") + 1
            char = error.character if isinstance(error.character, int) else ord(error.character)
            raise YAMLTextError(
                line, f"the character U+{char:04X} is not text", "take it out"
            ) from error
        finally:
            self._loader.dispose()

    def _node(self, event: Any, path: KeyPath, depth: int) -> YAMLValue:
        kind = type(event)
        if kind is yaml.AliasEvent:
            return self._alias(event)
        self._count(event, 1)
        if event.tag is not None and event.tag not in _PLAIN_TAGS:
            raise YAMLTextError(
                _line(event), f"the tag {event.tag} is not read", "write the value itself"
            )
        before = self._nodes
        value: YAMLValue
        if kind is yaml.ScalarEvent:
            value = event.value
            # Only a bare ~ is nothing; a quoted one is a tilde.
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
                raise YAMLTextError(_line(event), "a key that is not text", "give it a name")
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

    def _alias(self, event: Any) -> YAMLValue:
        try:
            value, size = self._anchors[event.anchor]
        except KeyError:
            raise YAMLTextError(
                _line(event),
                f"the alias *{event.anchor} has no anchor before it",
                "define it first",
            ) from None
        self._count(event, size)
        return value

    def _count(self, event: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise YAMLTextError(
                _line(event),
                f"more than {MAX_NODES:,} values, counting each use of an alias",
                "write less, or without aliases",
            )


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _nested_too_deep(line: int) -> YAMLTextError:
    message = f"lists and mappings nested more than {MAX_DEPTH} deep"
    return YAMLTextError(line, message, "flatten them")


def _too_deep(text: str) -> int:
    """Line of the first bracket that opens more than MAX_DEPTH levels, or 0 where none does."""
    depth = 0
    for match in _FLOW.finditer(text):
        if match[0] in ("[", "{"):
            depth += 1
            if depth > MAX_DEPTH:
                return text.count("\n", 0, match.start()) + 1
        elif match[0] in ("]", "}"):
            depth = max(0, depth - 1)
    return 0
