"""Repairs input text: mojibake, forbidden characters, entities, white space."""

import html
import re

from feeds.text.mojibake import MAX_ROUNDS, may_be_mojibake, repair_encodings

# Runs of allowed characters, and the others: those that XML 1.0 §2.2 does not allow, and the C1
# controls and noncharacters that it discourages. Compiled when first used, as by few builds.
_ASTRAL = "".join(f"{chr(n)}-{chr(n + 0xFFFD)}" for n in range(0x10000, 0x110000, 0x10000))
_SET = f" -~\n\t\r\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd{_ASTRAL}"
_ALLOWED, _FORBIDDEN = f"[{_SET}]*+", f"[^{_SET}]"
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")

_MAX_SHOWN_CHARS = 60

_TYPOGRAPHIC_SPACE = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# All other white space: ASCII's, and Unicode's line ends.
_SPACES = re.compile("[\t-\r\x1c- \x85\u2028\u2029]{2,}|[\t-\r\x1c-\x1f\x85\u2028\u2029]")

# Python refuses to convert more than 4,300 digits. No character has a number as long as this.
_ENDLESS_REFERENCE = re.compile("&#[0-9]{100,};?")


def find_forbidden(text: str) -> re.Match[str] | None:
    """Find the first character that is not allowed in feeds."""
    # Most texts have none: a run of others is matched in half the time of a search.
    if text.isprintable() or re.fullmatch(_ALLOWED, text):
        return None
    return re.search(_FORBIDDEN, text)


def remove_forbidden(text: str) -> str:
    """Remove the characters that are not allowed in feeds."""
    return re.sub(_FORBIDDEN, "", text) if find_forbidden(text) else text


def repair(text: str) -> str:
    """Repair mojibake (Googleâ€™s → Google’s) and remove characters not allowed in feeds."""
    if text.isascii():
        return remove_forbidden(text)
    # A removed character may have separated two halves of mojibake: repeat until nothing changes.
    for _ in range(MAX_ROUNDS):
        if not may_be_mojibake(text) and not find_forbidden(text):
            break
        # C1 controls and lone surrogates are removed afterwards: they can be halves of mojibake.
        repaired = remove_forbidden(repair_encodings(_CONTROLS.sub("", text)))
        if repaired == text:
            break
        text = repaired
    return text


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
    for _ in range(MAX_ROUNDS):
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
