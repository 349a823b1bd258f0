"""Repairs input text: mojibake, forbidden characters, entities, white space."""

import html
import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import pairwise

# Characters that XML 1.0 §2.2 does not allow, and the C1 controls and noncharacters that it
# discourages. Written as all but the allowed ranges, the common first, which is fast to search.
_ASTRAL = "".join(f"{chr(n)}-{chr(n + 0xFFFD)}" for n in range(0x10000, 0x110000, 0x10000))
_FORBIDDEN = re.compile(f"[^ -~\n\t\r\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd{_ASTRAL}]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")

# A lone curly quote or dash, all that most English text has beside ASCII, is no mojibake.
_MAY_BE_MOJIBAKE = re.compile("[^\x00-\x7f‘’“”–—…•]|[^\x00-\x7f]{2}")
#: Text that was misread over and over takes a round each time. Each round is linear, but a text can
#: be made of which each takes out no more than two characters.
_MAX_ROUNDS = 3
_MAX_SHOWN_CHARS = 60

_TYPOGRAPHIC_SPACE = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# All other white space: ASCII's, and Unicode's line ends.
_SPACES = re.compile("[\t-\r\x1c- \x85\u2028\u2029]{2,}|[\t-\r\x1c-\x1f\x85\u2028\u2029]")

# Python refuses to convert more than 4,300 digits. No character has a number as long as this.
_ENDLESS_REFERENCE = re.compile("&#[0-9]{100,};?")

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
    for _ in range(_MAX_ROUNDS):
        if text.isascii() or not _MAY_BE_MOJIBAKE.search(text):
            break
        # C1 controls and lone surrogates are removed afterwards: they can be halves of mojibake.
        repaired = remove_forbidden(_mojibake_repairer()(_CONTROLS.sub("", text)))
        if repaired == text:
            return text
        text = repaired
    return remove_forbidden(text)


def fold_spaces(text: str) -> str:
    """Return text on one line with single spaces; no-break and other typographic ones stay."""
    if text.isascii() or not _TYPOGRAPHIC_SPACE.search(text):
        return " ".join(text.split())
    return _SPACES.sub(" ", text).strip()


def plain_line(text: str) -> str:
    """Return text as one plain line: entities decoded once, repaired, white space folded."""
    line = fold_spaces(unescape(text))
    if line.isascii() and line.isprintable():
        return line
    # White space may have separated two halves of mojibake.
    for _ in range(_MAX_ROUNDS):
        if (repaired := repair(line)) == line:
            break
        line = fold_spaces(repaired)
    return line


def unescape(text: str) -> str:
    """Decode HTML's character references once; U+FFFD for a number that is no character's."""
    return html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", text)) if "&" in text else text


def shorten(text: str, length: int) -> str:
    """Cut a text at a word to at most this many characters, with an ellipsis if it was cut."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    end = max(map(head.rfind, " \u3000"))
    cut = head[:end] if end > 0 else head
    return cut.rstrip(" ,;:.–—-") + "…"


def shown(text: str) -> str:
    """Return the beginning of a value as messages show it: short and on one line."""
    return shorten(plain_line(text[: 10 * _MAX_SHOWN_CHARS]), _MAX_SHOWN_CHARS)


def escape_html(text: str) -> str:
    """Return plain text as HTML text."""
    return html.escape(text, quote=False)


@cache
def _mojibake_repairer() -> Callable[[str], str]:
    # Imported late: many builds read no text, or only ASCII. The steps are those of ftfy's
    # fix_encoding(), whose own loop takes quadratic time. Quotes, ligatures, full-width and normal
    # forms are the author's choice. Entities are decoded by plain_line(), instead of by a guess.
    from ftfy import fixes
    from ftfy.badness import is_bad
    from ftfy.chardata import CHARMAP_ENCODINGS, UTF8_DETECTOR_RE

    # A character as which UTF-8's first byte is misread, then one of another byte, or a space that
    # was a no-break space: only of two bytes is it the last. C1 controls are windows-1252 read as
    # Latin-1.
    first, first_of_two, other = (
        re.escape("".join(bytes(values).decode(name, "ignore") for name in encodings))
        for values, encodings in (
            (range(0xC0, 0xF5), CHARMAP_ENCODINGS),
            # Not Mac OS Roman, in which these are quotation marks and dashes.
            (range(0xC0, 0xE0), [name for name in CHARMAP_ENCODINGS if name != "macroman"]),
            (range(0x80, 0xC0), CHARMAP_ENCODINGS),
        )
    )
    # A no-break space is Mac OS Roman's for a first byte of phonetic letters alone.
    first = first.replace("\xa0", "")
    is_suspect = re.compile(
        f"[{first}](?:[{other}]| [{other} ])|[{first_of_two}] |[\x80-\x9f\ud800-\udfff]"
    ).search

    def decode(text: str) -> str:
        """Decode a text that is misread as a whole; each time, it has half as many characters."""
        while is_bad(text):
            for encoding in CHARMAP_ENCODINGS:
                with suppress(UnicodeError):
                    data = text.encode(encoding)
                    if encoding != "macroman":
                        data = fixes.restore_byte_a0(data)
                    if encoding.startswith("sloppy"):
                        data = fixes.replace_lossy_sequences(data)
                    is_variant = b"\xed" in data or b"\xc0" in data
                    decoded = data.decode("utf-8-variants" if is_variant else "utf-8")
                    break
            else:
                break
            if decoded == text:
                break
            text = decoded
        return text

    def fix_part(part: re.Match[str]) -> str:
        return fixes.fix_c1_controls(decode(part[0])) if is_bad(part[0]) else part[0]

    def fix_line(text: str) -> str:
        if not is_suspect(text):
            return text
        for _ in range(_MAX_ROUNDS):
            whole = decode(text)
            repaired = UTF8_DETECTOR_RE.sub(fix_part, whole) if is_bad(whole) else whole
            if repaired == text:
                break
            text = repaired
        return fixes.fix_surrogates(fixes.fix_c1_controls(text))

    def fix_lines(text: str) -> str:
        return "\n".join(map(fix_line, text.split("\n")))

    def repair_encodings(text: str) -> str:
        if not is_suspect(text):
            return text
        if "â€œ" in text:
            text = _LOST_END.sub("\\1â€\x9d", text)
        if "Ã" not in text and "Â" not in text:
            return fix_lines(text)
        # A letter and the punctuation after it are not repaired together across a seam.
        seams = [0, *(match.end() for match in _LAST_CAPITAL.finditer(text)), len(text)]
        return "".join(fix_lines(text[a:b]) for a, b in pairwise(seams))

    return repair_encodings
