"""JavaScript and TypeScript as data: the objects in a file, as far as they are literal.

Nothing is run. A value is text (also for numbers and booleans), a list or a mapping; None stands
for one that is computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from feeds.parsing.yaml_text import YAMLMapping

#: Deeper objects, and longer files, are hardly a configuration.
_MAX_DEPTH = 40
_MAX_CHARS = 400_000
#: Values of constants in others. Constants of constants could become very large.
_MAX_COPIED = 100_000
# Of a comment or a string that is not closed, nothing is looked at twice.
_TOKEN = re.compile(
    r"""(?P<pattern>(?<=[:=(,\[!&|?])[ \t]*/(?![/*])
      (?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.){0,100}\]){1,300}/[a-z]{0,8})
    |(?P<apart>\s+|//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z))
    |(?P<text>"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`(?:[^`\\]|\\.)*`?)
    |(?P<word>[\w$]+(?:\.[\w$]+)*)
    |(?P<mark>=>|.)""",
    re.DOTALL | re.VERBOSE,
)
_STRING_OR_COMMENT = re.compile(
    r"(?P<string>\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|`(?:[^`\\]|\\.)*`?)"
    r"|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)|//[^\n]*",
    re.DOTALL,
)
_OPENING = {")": "(", "]": "[", "}": "{"}
_PLAIN = re.compile(r"true|false|\d+(?:\.\d+)?")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\n": ""}
_EXPORTS = (("export", "default"), ("module.exports", "="))
#: Words of TypeScript after a value.
_TYPED = ("as", "satisfies")


class Script:
    """A file's constants by name, and its objects; constants of other files may be known."""

    def __init__(self, text: str, names: Mapping[str, Any] | None = None) -> None:
        found = _TOKEN.finditer(text) if len(text) <= _MAX_CHARS else ()
        self._tokens = [
            (each.lastgroup, each[0]) for each in found if each.lastgroup != "apart"
        ]  # fmt: skip
        self._copied = 0
        self._ends = _pairs([text if kind == "mark" else "" for kind, text in self._tokens])
        self.names: dict[str, Any] = dict(names or {})
        for name, at in self._constants():
            end = self._ends.get(at, at) + 1
            if not self._is(end, "+?|&([.="):
                self.names.setdefault(name, self._value(at, end, 0))

    def objects(self) -> Iterator[dict[str, Any]]:
        """Yield the objects that are in no other one, as in `export default {…}`."""
        yield from self._objects_from(0)

    def exported(self) -> dict[str, Any]:
        """Return the object that the file exports, or a function there returns; else empty."""
        for at, (_kind, text) in enumerate(self._tokens[:-2]):
            if (text, self._tokens[at + 1][1]) in _EXPORTS:
                value = self._value(at + 2, self._ends.get(at + 2, at + 2) + 1, 0)
                return value if isinstance(value, dict) else next(self._objects_from(at), {})
        return next(self.objects(), {})

    def _objects_from(self, at: int) -> Iterator[dict[str, Any]]:
        while at < len(self._tokens):
            if self._is(at, "{") and at in self._ends:
                found = self._object(at, 0)
                if any(value is not None for value in found.values()):
                    yield found
                    at = self._ends[at]
            at += 1

    def object_with(self, *keys: str) -> dict[str, Any]:
        """Return the first object that has one of the keys; empty if none has."""
        return next((each for each in self.objects() if not each.keys().isdisjoint(keys)), {})

    def _constants(self) -> Iterator[tuple[str, int]]:
        """Yield the name of each constant, and where its value begins."""
        for at, (_kind, text) in enumerate(self._tokens[:-3]):
            if text in ("const", "let", "var"):
                # There may be a type, of one word or of a few.
                for equals in range(at + 2, min(at + 8, len(self._tokens) - 1)):
                    if self._is(equals, "="):
                        yield self._tokens[at + 1][1], equals + 1
                        break

    def _is(self, at: int, marks: str) -> bool:
        return (
            at < len(self._tokens)
            and self._tokens[at][0] == "mark"
            and self._tokens[at][1] in marks
        )

    def _value(self, at: int, end: int, depth: int) -> Any:
        """Return the value of an expression between two tokens."""
        kind, text = self._tokens[at] if at < end else ("", "")
        after = self._ends.get(at, at) + 1
        if after < end and self._tokens[after][1] not in _TYPED:
            return None
        if kind == "text":
            return None if text[0] == "`" and "${" in text else _unescaped(text)
        if kind == "word":
            return text if _PLAIN.fullmatch(text) else self._constant(text)
        if depth > _MAX_DEPTH or at not in self._ends:
            return None
        if text == "[":
            return [self._value(*item, depth + 1) for item in self._items(at)]
        return self._object(at, depth + 1) if text == "{" else None

    def _object(self, at: int, depth: int) -> dict[str, Any]:
        found = YAMLMapping()
        for start, end in self._items(at):
            kind, key = self._tokens[start]
            if kind not in ("text", "word"):
                continue
            key = _unescaped(key) if kind == "text" else key
            if self._is(start + 1, ":"):
                found[key] = self._value(start + 2, end, depth)
            elif end == start + 1 or self._is(start + 1, "("):  # {title}, or {title() {…}}
                found[key] = self._constant(key) if end == start + 1 else None
        return found

    def _items(self, at: int) -> Iterator[tuple[int, int]]:
        """Yield the beginning and end of each item between brackets."""
        end = self._ends[at]
        start = at = at + 1
        while at < end:
            if self._is(at, ","):
                if start < at:
                    yield start, at
                start = at + 1
            at = self._ends.get(at, at) + 1
        if start < end:
            yield start, end

    def _constant(self, name: str) -> Any:
        """Return the value of a constant, or of one of its keys, as in SITE.url."""
        found: Any = self.names
        for key in name.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, (dict, list)):
            self._copied += _size(found)
            if self._copied > _MAX_COPIED:
                return None
        return found


def _size(value: Any) -> int:
    """Return the number of values in a list or a mapping."""
    if not isinstance(value, (dict, list)):
        return 1
    return 1 + sum(map(_size, value.values() if isinstance(value, dict) else value))


def without_comments(text: str) -> str:
    """Return JavaScript without its comments; what looks like one in a string stays."""
    return _STRING_OR_COMMENT.sub(lambda found: found["string"] or " ", text)


def _pairs(marks: list[str]) -> dict[int, int]:
    """Return the places of closing brackets by those of the opening ones."""
    ends: dict[int, int] = {}
    waiting: list[int] = []
    open_now = dict.fromkeys(_OPENING.values(), 0)
    for at, mark in enumerate(marks):
        if mark in open_now:
            waiting.append(at)
            open_now[mark] += 1
        elif mark and open_now.get(_OPENING.get(mark, ""), 0):
            # Brackets in between, perhaps of a regular expression, are not closed.
            while (opened := waiting.pop()) is not None:
                open_now[marks[opened]] -= 1
                if marks[opened] == _OPENING[mark]:
                    ends[opened] = at
                    break
    return ends


def _unescaped(quoted: str) -> str:
    """Return the text of a string."""
    text = quoted[1:].removesuffix(quoted[0])

    def replace(escape: re.Match[str]) -> str:
        code = escape[1]
        if len(code) > 1:
            return chr(int(code[1:], 16))
        return _ESCAPED.get(code, code)

    if "\\" not in text:
        return text
    # Two escapes may be the halves of one character; a half alone is none.
    units = _ESCAPE.sub(replace, text).encode("utf-16", "surrogatepass")
    return units.decode("utf-16", "replace")
