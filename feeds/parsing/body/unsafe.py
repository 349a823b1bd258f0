"""Finds in a body, before it is cleaned, what is unsafe to hand to a reader or to a parser."""

from __future__ import annotations

import html
import re
from collections import Counter
from contextlib import suppress
from html.parser import HTMLParser

#: Elements within each other; what people write stays far below.
_MAX_DEPTH = 400

_RUNNING_TAGS = ("script", "object", "embed", "applet", "form")
_SCRIPT_SCHEMES = ("javascript", "vbscript")
# Begins with letters and ignores no case, so that a search takes little time.
_MAYBE_HANDLER = re.compile(r"on(?<=\bon)[a-z]+\s*=")
# html.parser takes quadratic time over some input.
_MAX_PARSED_CHARS = 50_000
# Void elements hold nothing, and those that a next one of their kind ends do not nest.
_NESTING = re.compile(
    r"<(/?)(?!(?:p|li|dt|dd|tr|td|th|br|hr|img|wbr|col|source|input|meta|link)\b)([a-zA-Z][a-zA-Z0-9]*)"
)


def is_too_deep(markup: str) -> bool:
    """True if elements nest so deep that an HTML parser would take quadratic time."""
    if markup.count("<") <= _MAX_DEPTH:
        return False
    open_tags: Counter[str] = Counter()
    depth = 0
    for match in _NESTING.finditer(markup):
        tag = match[2].lower()
        if not match[1]:
            open_tags[tag] += 1
            depth += 1
        elif open_tags[tag]:
            open_tags[tag] -= 1
            depth -= 1
        if depth > _MAX_DEPTH:
            return True
    return False


def unsafe_parts(source: str, markup: str) -> list[tuple[int, str]]:
    """Each kind of markup that would run, with the first line (from 1) of the source that has it.

    The markup is the HTML that the source stands for: code of Markdown is text in it.
    """
    if is_too_deep(markup):
        return [(1, f"tags nested more than {_MAX_DEPTH} deep")]
    # Most bodies have none, which a search for words tells fast.
    lowered = html.unescape(markup).lower()
    if not (
        "script:" in lowered
        or any(f"<{tag}" in lowered for tag in _RUNNING_TAGS)
        or _MAYBE_HANDLER.search(lowered)
    ):
        return []
    finder = _Finder()
    # html.parser gives up on some declarations; what it found before them stays.
    with suppress(AssertionError):
        finder.feed(markup[:_MAX_PARSED_CHARS])
    rest = markup[_MAX_PARSED_CHARS:]
    for tag in _RUNNING_TAGS:
        if re.search(rf"<{tag}\b", rest, re.IGNORECASE):
            finder.add_tag(tag)
    return sorted((_first_line(source, pattern), kind) for kind, pattern in finder.patterns.items())


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        #: For each kind of unsafe markup, the pattern that finds it in the source.
        self.patterns: dict[str, str] = {}

    def add_tag(self, tag: str) -> None:
        self.patterns[f"<{tag}>"] = rf"<{tag}\b"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _RUNNING_TAGS:
            self.add_tag(tag)
        for name, value in attrs:
            scheme = (value or "").strip().lower().partition(":")[0]
            if re.fullmatch("on[a-z]{3,}", name):
                self.patterns[f"the event handler {name}"] = rf"\b{name}\s*="
            elif scheme in _SCRIPT_SCHEMES:
                self.patterns[f"a {scheme}: link"] = f"{scheme}:"


def _first_line(source: str, pattern: str) -> int:
    match = re.search(pattern, source, re.IGNORECASE)
    return source.count("\n", 0, match.start()) + 1 if match else 1
