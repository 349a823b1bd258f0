"""Reads an article's text: splits it, reads its YAML, and hands both to the dialect's meaning.

    read_article(text, path) → (Article or None, problems)

Nothing here raises for what an author wrote: what cannot be read is a problem, with its line.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from feeds.errors import Problem, Severity
from feeds.model.article import Article
from feeds.parsing import article as native
from feeds.parsing import yaml_text as tree
from feeds.parsing.body.clean import Body
from feeds.parsing.fields import Fields, Report
from feeds.text.repair import find_forbidden, plain_line, repair

_HTML_ENDINGS = (".html", ".htm")
#: How the names of files that may be articles end.
ENDINGS = (".md", ".markdown", *_HTML_ENDINGS)

_OPENING = re.compile(r"---[ \t]*\n")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
#: The line on which front matter begins, after its opening ---.
_FIRST_LINE = 2


def is_html(path: str) -> bool:
    """Whether the body of a file is HTML, and not Markdown."""
    return path.lower().endswith(_HTML_ENDINGS)


def read_article(text: str, path: str) -> tuple[Article | None, list[Problem]]:
    """The article of a text, or None, and everything that is wrong with it.

    The path is only named in problems, and its ending tells HTML from Markdown.
    """
    split = _split(text)
    if isinstance(split, str):
        hint = "an article begins with YAML between two lines of ---"
        # A README or a page of its own among the articles is no mistake.
        severity = Severity.ERROR if text.startswith("---") else Severity.WARNING
        return None, [Problem(path, 1, "no-front-matter", split, hint, severity)]
    front, body_text, body_line, forbidden = split
    report = Report(path, front, _FIRST_LINE, Severity.WARNING)
    try:
        values, duplicates = tree.load(front)
    except tree.YAMLTextError as error:
        report.add_line(error.line, "bad-yaml", error.message, error.hint, Severity.ERROR)
        return None, report.problems
    if not isinstance(values, dict):
        hint = "write key: value, one a line"
        report.add_line(1, "bad-yaml", "the front matter is no mapping", hint, Severity.ERROR)
        return None, report.problems
    for line, key in duplicates:
        report.add_line(
            line, "duplicate-key", f"{plain_line(key)} is there twice", "the last one counts"
        )
    if forbidden:
        report.add_line(
            forbidden.string.count("\n", 0, forbidden.start()) + 2 - _FIRST_LINE,
            "control-character",
            f"the character U+{ord(forbidden[0]):04X} is in no feed's alphabet",
            "it is repaired or taken out",
        )
    body = Body(body_text, is_html=is_html(path))
    article = native.read(Fields(values, report), body)
    for line, what in body.unsafe_parts() if article else ():
        line += body_line - _FIRST_LINE
        report.add_line(line, "unsafe-body", f"the body holds {what}", "it is taken out")
    return article, report.problems


def line_of(text: str, *keys: str) -> int:
    """The line of the first of these front matter keys that an article has, else 1."""
    split = _split(text)
    try:
        lines = {} if isinstance(split, str) else tree.lines(split.front)
    except tree.YAMLTextError:
        return 1
    return next((lines[(key,)] + _FIRST_LINE - 1 for key in keys if (key,) in lines), 1)


class _Split(NamedTuple):
    front: str
    body: str
    #: The line, counted from 1, on which the body begins.
    body_line: int
    #: The first character of the text that no feed may hold.
    forbidden: re.Match[str] | None


def _split(text: str) -> _Split | str:
    """Front matter and body, or what is wrong."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    opening = _OPENING.match(text)
    if not opening:
        return "the front matter is TOML" if text.startswith("+++") else "no front matter"
    closing = _CLOSING.search(text, opening.end())
    if not closing:
        return "the front matter has no end"
    front, body = text[opening.end() : closing.start()], text[closing.end() :]
    forbidden = find_forbidden(text)
    if forbidden and find_forbidden(front):
        # YAML allows fewer characters than people type; a repair keeps the lines as they are.
        front = repair(front)
    return _Split(front, body, text.count("\n", 0, closing.end()) + 1, forbidden)
