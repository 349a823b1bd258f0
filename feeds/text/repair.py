"""Repairs of text on its way in: mojibake, forbidden characters, entities, white space."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise

# What XML 1.0 §2.2 does not allow, and the C1 controls and noncharacters that it discourages. Tab,
# newline and carriage return are allowed. Apart, since a set that spans planes is slow to search.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_FORBIDDEN_ASTRAL = re.compile(
    "["
    + "".join(chr((plane << 16) + end) for plane in range(1, 17) for end in (0xFFFE, 0xFFFF))
    + "]"
)


def find_forbidden(text: str) -> re.Match[str] | None:
    """The first character that no feed may hold."""
    # Most texts; none of those characters is printable.
    if text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable():
        return None
    found = _FORBIDDEN.search(text)
    if not found and not text.isascii() and _ASTRAL.search(text):
        found = _FORBIDDEN_ASTRAL.search(text)
    return found


def remove_forbidden(text: str) -> str:
    """The text without characters that no feed may hold."""
    if find_forbidden(text):
        text = _FORBIDDEN_ASTRAL.sub("", _FORBIDDEN.sub("", text))
    return text


def repair(text: str) -> str:
    """The text without mojibake (Googleâ€™s → Google’s) and without characters that XML forbids."""
    # What is taken out or folded may have stood between two halves of mojibake, hence again.
    while not text.isascii() and _MAY_BE_MOJIBAKE.search(text):
        # The C1 controls and lone surrogates stay until then: mojibake is made of them.
        repaired = remove_forbidden(_without_mojibake()(_CONTROLS.sub("", text)))
        if repaired == text:
            return text
        text = repaired
    return remove_forbidden(text)


# At least two of UTF-8's bytes become a character each. A curly quote or a dash that stands alone
# is just that, and it is what most English text has beside ASCII.
_MARKS = "‘’“”–—…•"
_MAY_BE_MOJIBAKE = re.compile(f"[^\x00-\x7f{_MARKS}]|[^\x00-\x7f]{{2}}")

# A word in capitals may end in these letters, in Portuguese say, and a quotation with it: “IRMÃ” is
# no Ô. So may a dash follow.
_LAST_CAPITAL = re.compile(
    "(?<![Ââ€])[“«„‘](?:(?:[^“”«»„‘’ÂÃâ€]|Ã(?=[A-Z])){0,200}[A-ZÀ-ÖØ-Þ\\s])?[ÃÂ]"
    "(?=[”»“’](?![\\w”»’]))|[A-ZÀ-ÖØ-Þ]{2}Ã(?=—(?!\\d))"
)

# The end of a quotation, ”, is misread as two characters and a control, which many programs drop.
_LOST_END = re.compile("(â€œ[^â]{1,300})â€(?=[\\s.,;:!?)<]|$)")


@cache
def _without_mojibake() -> Callable[[str], str]:
    # Imported late: text in ASCII has none, and many a build reads no text at all.
    import ftfy

    # Encodings alone: curly quotes, ligatures, full-width forms and normal forms are the author's
    # own choice. Entities are decoded by plain(), once, and not by a guess.
    config = ftfy.TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        replace_lossy_sequences=False,  # a guess that may cost a good letter
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )

    def repaired(text: str) -> str:
        if "â€œ" in text:
            text = _LOST_END.sub("\\1â€\x9d", text)
        if "Ã" not in text and "Â" not in text:
            return ftfy.fix_text(text, config)
        # Looked at apart, a letter and the mark behind it are what they are.
        seams = [0, *(match.end() for match in _LAST_CAPITAL.finditer(text)), len(text)]
        return "".join(ftfy.fix_text(text[a:b], config) for a, b in pairwise(seams))

    return repaired


def plain_line(text: str) -> str:
    """One line of plain text: entities decoded once, repaired, white space folded."""
    if "&" in text:
        text = html.unescape(text)
    line = " ".join(text.split())
    if line.isascii() and line.isprintable():
        return line
    while (repaired := " ".join(repair(line).split())) != line:
        line = repaired
    return line


def shorten(text: str, length: int) -> str:
    """The text cut at a word to at most this many characters, with an ellipsis if it was cut."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    cut = head.rsplit(" ", 1)[0] if " " in head else head
    return cut.rstrip(" ,;:.–—-") + "…"


def escape_html(text: str) -> str:
    """Plain text as HTML text."""
    return html.escape(text, quote=False)
