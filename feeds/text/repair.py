"""Repairs input text: mojibake, forbidden characters, entities, white space."""

import html
import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise

# Characters that XML 1.0 §2.2 does not allow, and the C1 controls and noncharacters that it
# discourages. Written as all but the allowed ranges, the common first, which is fast to search.
_ASTRAL = "".join(f"{chr(n)}-{chr(n + 0xFFFD)}" for n in range(0x10000, 0x110000, 0x10000))
_FORBIDDEN = re.compile(f"[^ -~\n\t\r\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd{_ASTRAL}]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")

# Mojibake is two or more characters. A lone curly quote or dash, all that most English text has
# beside ASCII, is none.
_PUNCTUATION = "‘’“”–—…•"
_MAY_BE_MOJIBAKE = re.compile(f"[^\x00-\x7f{_PUNCTUATION}]|[^\x00-\x7f]{{2}}")
_SUSPECT_LINE = re.compile(f"^.*(?:{_MAY_BE_MOJIBAKE.pattern}).*", re.MULTILINE)

# Capitals that end in Ã or Â before a quotation mark or a dash, as in Portuguese: the end of “IRMÃ”
# is not a misread Ô.
_LAST_CAPITAL = re.compile(
    "(?<![Ââ€])[“«„‘](?:(?:[^“”«»„‘’ÂÃâ€]|Ã(?=[A-Z])){0,200}[A-ZÀ-ÖØ-Þ\\s])?[ÃÂ]"
    "(?=[”»“’](?![\\w”»’]))|[A-ZÀ-ÖØ-Þ]{2}Ã(?=—(?!\\d))"
)

# A misread ” is two characters and a control, which many programs drop.
_LOST_END = re.compile("(â€œ[^â]{1,300})â€(?=[\\s.,;:!?)<]|$)")


def find_forbidden(text: str) -> re.Match[str] | None:
    """Find the first character that is not allowed in feeds."""
    # None of them is printable, and most texts are.
    if text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable():
        return None
    return _FORBIDDEN.search(text)


def remove_forbidden(text: str) -> str:
    """Remove the characters that are not allowed in feeds."""
    return _FORBIDDEN.sub("", text) if find_forbidden(text) else text


def repair(text: str) -> str:
    """Repair mojibake (Googleâ€™s → Google’s) and remove characters not allowed in feeds."""
    # A removed character may have separated two halves of mojibake: repeat until nothing changes.
    while not text.isascii() and _MAY_BE_MOJIBAKE.search(text):
        # C1 controls and lone surrogates are removed afterwards: they can be halves of mojibake.
        repaired = remove_forbidden(_mojibake_repairer()(_CONTROLS.sub("", text)))
        if repaired == text:
            return text
        text = repaired
    return remove_forbidden(text)


def plain_line(text: str) -> str:
    """Return text as one plain line: entities decoded once, repaired, white space folded."""
    if "&" in text:
        text = html.unescape(text)
    line = " ".join(text.split())
    if line.isascii() and line.isprintable():
        return line
    while (repaired := " ".join(repair(line).split())) != line:
        line = repaired
    return line


def shorten(text: str, length: int) -> str:
    """Cut a text at a word to at most this many characters, with an ellipsis if it was cut."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    cut = head.rsplit(" ", 1)[0] if " " in head else head
    return cut.rstrip(" ,;:.–—-") + "…"


def escape_html(text: str) -> str:
    """Return plain text as HTML text."""
    return html.escape(text, quote=False)


@cache
def _mojibake_repairer() -> Callable[[str], str]:
    # Imported late: many builds read no text, or only ASCII.
    import ftfy

    # Encodings only: quotes, ligatures, full-width and normal forms are the author's choice.
    # Entities are decoded by plain_line(), once, instead of by a guess.
    # Lossy sequences would be guessed.
    config = ftfy.TextFixerConfig(
        unescape_html=False, remove_terminal_escapes=False, replace_lossy_sequences=False,
        fix_latin_ligatures=False, fix_character_width=False, uncurl_quotes=False,
        fix_line_breaks=False, remove_control_chars=False, normalization=None, explain=False,
    )  # fmt: skip

    def fix_lines(text: str) -> str:
        return _SUSPECT_LINE.sub(lambda line: ftfy.fix_text(line[0], config), text)

    def repair_encodings(text: str) -> str:
        if "â€œ" in text:
            text = _LOST_END.sub("\\1â€\x9d", text)
        if "Ã" not in text and "Â" not in text:
            return fix_lines(text)
        # A letter and the punctuation after it are not repaired together across a seam.
        seams = [0, *(match.end() for match in _LAST_CAPITAL.finditer(text)), len(text)]
        return "".join(fix_lines(text[a:b]) for a, b in pairwise(seams))

    return repair_encodings
