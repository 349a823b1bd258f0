"""Markdown as generators extend it, made plain: notes of Python-Markdown, signs of Obsidian."""

import re
from collections.abc import Iterator

from feeds.parsing.body.liquid import CODE_IN_MARKDOWN

# Of Python-Markdown and its PyMdown extensions: notes, those that fold, and tabs.
_NOTE = re.compile(
    r"[ \t]*(?:!!!|\?\?\?\+?|===[!+]?)[ \t]++(?P<kind>[\w-]++(?:[ \t]++[\w-]++){0,5})?[ \t]*+"
    r"(?:\"(?P<title>[^\"\n]*)\")?[ \t]*+"
)
_SIGNS = ("!!!", "???", "===", ":::")
_MAY_HAVE_NOTES = re.compile(r"^[ \t]*(?:!!!|\?\?\?|===|:::)[ \t!+]*[\w\"]", re.MULTILINE)
# Of Docusaurus, VuePress and others.
_FENCED_NOTE = re.compile(
    r"(?P<start>[ \t]*):{3,}[ \t]*"
    r"(?P<kind>note|tip|info|warning|danger|caution|important|success|error|details|abstract)"
    r"(?:\[(?P<own>[^\n]*)\]|[ \t]++(?P<title>[^{}\n]*+))?[ \t]*+",
    re.IGNORECASE,
)
_FENCE_END = re.compile(r"[ \t]*:{3,}[ \t]*")
_CODE_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_INDENT = 4


def without_extensions(body: str, *, is_obsidian: bool = False) -> str:
    """Return a body in plain Markdown."""
    return open_notes(without_obsidian(body) if is_obsidian else body)


def open_notes(body: str) -> str:
    """Make each note of Python-Markdown, `!!!` and `???`, a title and its text.

    So does what is between lines of `:::`.
    """
    if not any(sign in body for sign in _SIGNS) or not _MAY_HAVE_NOTES.search(body):
        return body
    return "\n".join(_opened(body.split("\n")))


def _opened(lines: list[str]) -> Iterator[str]:
    #: The columns at which the text of each open note begins.
    columns: list[int] = []
    fence, fences = "", 0
    following = _indents_of_next(lines)
    for line, following_indent in zip(lines, following, strict=True):
        if not line.strip():
            yield line
            continue
        indent = _width(line)
        while columns and indent < columns[-1]:
            columns.pop()
            fence = ""
        shown = _dedented(line, _INDENT * len(columns))
        mark = _CODE_FENCE.match(shown)
        if fence:
            if mark and mark[1].startswith(fence) and not shown[mark.end() :].strip("`~ \t\r"):
                fence = ""
            yield shown
        elif mark:
            fence = mark[1]
            yield shown
        elif note := _note(line, is_indented=following_indent >= indent + _INDENT):
            columns.append(indent + _INDENT)
            start = shown[: len(shown) - len(shown.lstrip())]
            title = note["title"]
            if title is None:
                title = note["kind"].split()[0].replace("-", " ").capitalize()
            if title := title.strip():
                yield from ("", f"{start}**{title}**", "")
            else:
                yield ""
        elif fenced := _FENCED_NOTE.fullmatch(shown):
            title = fenced["own"] or fenced["title"] or fenced["kind"].capitalize()
            yield from ("", f"{fenced['start']}**{title.strip()}**", "")
            fences += 1
        elif fences and _FENCE_END.fullmatch(shown):
            fences -= 1
            yield ""
        else:
            yield shown


def _note(line: str, *, is_indented: bool) -> re.Match[str] | None:
    found = _NOTE.fullmatch(line)
    if not found or not (found["kind"] or found["title"]):
        return None
    is_tab = line.lstrip().startswith("=")
    return found if is_indented and (found["title"] or not is_tab) else None


def _indents_of_next(lines: list[str]) -> list[int]:
    """Return for each line the indentation of the next one that is not blank."""
    indents, following = [], 0
    for line in reversed(lines):
        indents.append(following)
        if line.strip():
            following = _width(line)
    return indents[::-1]


def _width(line: str) -> int:
    """Return the columns of a line's indentation."""
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(_INDENT))


def _dedented(line: str, columns: int) -> str:
    """Return a line without so many columns of its indentation."""
    text = line.lstrip(" \t")
    return " " * max(_width(line) - columns, 0) + text if columns else line


_CODE = f"(?P<code>{CODE_IN_MARKDOWN.pattern})"
# Each after the text that it has.
_OBSIDIAN = tuple(
    (sign, re.compile(f"{_CODE}|{pattern}", CODE_IN_MARKDOWN.flags), replacement)
    for sign, pattern, replacement in (
        ("%%", r"%%(?P<text>(?:(?!%%).){0,20000}?)%%", ""),
        (
            "==",
            r"(?<![=\w])==(?P<text>(?=[^\s=])[^=\n]{1,1000}(?<=\S))==(?![=\w])",
            "<mark>{}</mark>",
        ),
        ("^", r"(?P<text>(?:^|[ \t])\^[A-Za-z0-9-]{1,60})[ \t]*$", ""),
    )
)


def without_obsidian(body: str) -> str:
    """Return a note of Obsidian's without its comments and the ids of blocks; marks are HTML."""
    for sign, pattern, replacement in _OBSIDIAN:
        if sign in body:

            def replaced(found: re.Match[str], replacement: str = replacement) -> str:
                return found[0] if found["code"] else replacement.format(found["text"])

            body = pattern.sub(replaced, body)
    return body
