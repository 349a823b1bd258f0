"""Collects what the author of a body is told of it: each kind once, with the line of the first."""

import re
from typing import NamedTuple

from feeds.text.repair import shown


class Finding(NamedTuple):
    """A line of the body, from 1, what is wrong there, and what is or should be done about it."""

    line: int
    code: str
    message: str
    hint: str


_UNSAFE = ("unsafe-body", "the body contains {}", "it is removed")
#: The code, the message, of which {} is the text that was found, and the hint of each kind.
KINDS = {
    "tag": _UNSAFE,
    "handler": _UNSAFE,
    "javascript": _UNSAFE,
    "vbscript": _UNSAFE,
    "data": ("lost-media", "the body contains a picture with a data: URL",
             "save it as a file; its alt text is published"),
    "picture": ("lost-media", "the body contains a picture without a URL that can be published",
                "its src should be an http or https URL, or a path"),
    "placeholder": ("lost-media", "the body contains a picture that is only a placeholder",
                    "its src should be the URL of the picture"),
    "svg": ("lost-media", "the body contains a picture drawn with <svg>",
            "it is left out: save it as a file and use <img>"),
    "player": ("lost-media",
               "the body contains a player or frame without a URL that can be published",
               "its src should be an http or https URL, or a path"),
    "frame": ("lost-media", "the body contains a frame of a host whose players are not known",
              "it is published as a link"),
    "link": ("lost-media", "the body contains a link without a URL that can be published",
             "its text stays"),
    "target": ("foreign-syntax", "only its generator knows where {} is: its link is plain text, a"
               " picture is left out", "write its URL"),
    "unpublished": ("unpublished-link", "{} is not published, or not yet: its link is plain text",
                    "publish it, or take the link out"),
    "shortcode": ("foreign-syntax", "the shortcode {} is left out; text within it stays",
                  "write Markdown or HTML"),
    "tag-left": ("foreign-syntax", "{} is left out: only its generator knows what it stands for",
                 "write Markdown or HTML"),
    "template": ("foreign-syntax", "{} is published as text", "write Markdown or HTML"),
    "formula": ("foreign-syntax", "a formula that has neither MathML nor TeX is left out",
                "have KaTeX or MathJax write MathML"),
    "gone": ("lost-content", "{}", "see that each tag and each quotation mark near by is closed"),
}  # fmt: skip


class Findings:
    """The findings of one body; of each kind the first is kept and the others are counted."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, kind: str, text: str, *patterns: str, about: str = "") -> None:
        """Add a finding of a kind, a key of KINDS, and of a subject if those are told apart.

        It is on the first line of the source that has a match of a pattern, the best pattern
        first; without patterns, the text is one of the source.
        """
        key = kind, about
        found = (text, patterns) if patterns else (shown(text), (re.escape(text),))
        self._found.setdefault(key, found)
        self._counts[key] = self._counts.get(key, 0) + 1

    def located(self, source: str) -> list[Finding]:
        """The findings in the order of their lines."""
        located = []
        for key, (text, patterns) in self._found.items():
            code, message, hint = KINDS[key[0]]
            more = f" (and {self._counts[key] - 1:,} more)" * (self._counts[key] > 1)
            line = line_of(source, *patterns)
            located.append(Finding(line, code, message.format(text) + more, hint))
        return sorted(located)


def line_of(source: str, *patterns: str) -> int:
    """The line, from 1, of the first of these patterns that a source has; 1 if it has none."""
    for pattern in patterns:
        if match := re.search(pattern, source, re.IGNORECASE):
            return source.count("\n", 0, match.start()) + 1
    return 1


def clue_patterns(clue: str, tag: str) -> tuple[str, str]:
    """Patterns of a text of the source, such as a URL, and of the tag that it should be in."""
    # In the source, a character reference may stand for any of these.
    clue = re.split("[&\"'<>\n]", clue[:80])[0]
    return re.escape(clue) or "(?!)", _MARKUP.get(tag, rf"<{tag}\b")


# Of HTML and of Markdown.
_MARKUP = {"img": r"<img\b|!\[", "a": r"<a\b|(?<!!)\[[^\[\]\n]*\]\(\s*\)"}
