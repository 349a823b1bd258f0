"""Splits an article's text into front matter and body. The keys' meaning is in article.py."""

from __future__ import annotations

import re
from typing import NamedTuple

from feeds.errors import Severity
from feeds.parsing import yaml_text
from feeds.parsing.fields import Fields, Report
from feeds.text.repair import find_forbidden, repair

_OPENING = re.compile(r"---[ \t]*\n")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
# After the opening ---.
_FIRST_LINE = 2


class FrontMatter(NamedTuple):
    """An article's text, split and its front matter parsed."""

    fields: Fields
    body: str
    #: Line on which the body begins, counted as the report counts: from the front matter's first.
    body_line: int


def read_front_matter(text: str, path: str) -> tuple[FrontMatter | None, Report]:
    """Split a text and parse its front matter; None if there is none that can be parsed.

    The path only names the file in problems.
    """
    parts = _split(text)
    if isinstance(parts, str):
        # A README or another page among the articles is not a mistake.
        severity = Severity.ERROR if text.startswith("---") else Severity.WARNING
        report = Report(path, "", 1, severity)
        hint = "an article begins with YAML between two lines of ---"
        report.add(1, "no-front-matter", parts, hint)
        return None, report
    source, body, body_line = parts
    forbidden, first_line = find_forbidden(source), 1
    if forbidden:
        # YAML allows fewer characters than people type; a repair keeps the lines as they are.
        source = repair(source)
    else:
        forbidden, first_line = find_forbidden(body), body_line
    report = Report(path, source, _FIRST_LINE, Severity.WARNING)
    try:
        fields = Fields.load(report)
        if fields is None:
            raise yaml_text.YAMLTextError(1, "empty front matter", "write key: value, one per line")
    except yaml_text.YAMLTextError as error:
        report.add(error.line, "bad-yaml", error.message, error.hint, Severity.ERROR)
        return None, report
    if forbidden:
        line = forbidden.string.count("\n", 0, forbidden.start()) + first_line
        message = f"the character U+{ord(forbidden[0]):04X} is not allowed in feeds"
        report.add(line, "control-character", message, "it is repaired or removed")
    return FrontMatter(fields, body, body_line), report


def line_of(text: str, *keys: str) -> int:
    """Line of the file, from 1, of the first of these keys that the front matter has, else 1."""
    parts = _split(text)
    try:
        lines = {} if isinstance(parts, str) else yaml_text.lines(parts[0])
    except yaml_text.YAMLTextError:
        return 1
    return next((lines[(key,)] + _FIRST_LINE - 1 for key in keys if (key,) in lines), 1)


def _split(text: str) -> tuple[str, str, int] | str:
    """Front matter, body and the body's line, or the reason why the text has no front matter."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    opening = _OPENING.match(text)
    if not opening:
        return "the front matter is TOML" if text.startswith("+++") else "no front matter"
    closing = _CLOSING.search(text, opening.end())
    if not closing:
        return "the front matter has no closing ---"
    front_matter, body = text[opening.end() : closing.start()], text[closing.end() :]
    return front_matter, body, text.count("\n", opening.end(), closing.end()) + 1
