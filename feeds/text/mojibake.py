"""Repairs mojibake: text in UTF-8 that was read in another encoding (Googleâ€™s → Google’s).

The repair is ftfy's, but takes linear time, and begins with one look that tells most texts apart.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import pairwise

#: Text that was misread over and over takes a round each time. Each round is linear, but a text can
#: be made of which each takes out no more than two characters.
MAX_ROUNDS = 3

# ftfy's encodings in its order, and a space where that may be what a no-break space became. Of
# those before Mac OS Roman, ftfy also repairs a part of a text.
_ENCODINGS = {
    (
        "latin-1 sloppy-windows-1252 sloppy-windows-1251 sloppy-windows-1250 sloppy-windows-1253"
        " sloppy-windows-1254 sloppy-windows-1257 iso-8859-2"
    ): " ",
    "macroman": "",
    "cp437": " ",
}
# In place of a byte that got lost.
_LOST = "?\ufffd"
# C1 controls are windows-1252 read as Latin-1. Feeds may hold one of them, which was an ellipsis.
_C1_OR_SURROGATE = re.compile("[\x80-\x9f\ud800-\udfff]")
_NEXT_LINE = "\x85"
_NON_ASCII = re.compile("[^\x00-\x7f\ufffd]")

# Capitals that end in Ã or Â before a quotation mark or a dash, as in Portuguese: the end of “IRMÃ”
# is not a misread Ô.
_LAST_CAPITAL = re.compile(
    "(?<![Ââ€])[“«„‘](?:(?:[^“”«»„‘’ÂÃâ€]|Ã(?=[A-Z])){0,200}[A-ZÀ-ÖØ-Þ\\s])?[ÃÂ]"
    "(?=[”»“’](?![\\w”»’]))|[A-ZÀ-ÖØ-Þ]{2}Ã(?=—(?!\\d))"
)
_MAY_END_A_WORD = re.compile("[ÃÂ][”»“’—]")

# A misread ” is two characters and a control, which many programs drop.
_LOST_END = re.compile("(â€œ[^â]{1,300})â€(?=[\\s.,;:!?)<]|$)")


def may_be_mojibake(text: str) -> bool:
    """Return False if repair_encodings() certainly keeps a text, one that feeds may hold."""
    return _NEXT_LINE in text or bool(_misread(*_ENCODINGS).search(text))


def repair_encodings(text: str) -> str:
    """Repair a text, and each part of it, that was read in a wrong encoding."""
    if "â€œ" in text:
        text = _LOST_END.sub("\\1â€\x9d", text)
    fix_lines = _line_fixer()
    if not _MAY_END_A_WORD.search(text):
        return fix_lines(text)
    # A letter and the punctuation after it are not repaired together across a seam.
    seams = [0, *(match.end() for match in _LAST_CAPITAL.finditer(text)), len(text)]
    return "".join(fix_lines(text[a:b]) for a, b in pairwise(seams))


@cache
def _misread(*groups: str, whole: bool = False) -> re.Pattern[str]:
    """Match a character of two to four bytes in UTF-8 as these encodings misread it.

    In a text that is misread as a whole, the second byte may have got lost, too.
    """
    firsts, others, sequences = "", "", []
    for group in groups:
        # The sloppy ones read bytes that they do not know as Latin-1.
        names = ["latin-1"] * ("sloppy" in group) + group.replace("sloppy-", "").split()

        def chars(start: int, stop: int, names: list[str] = names) -> str:
            read = "".join(bytes(range(start, stop)).decode(name, "ignore") for name in names)
            return re.escape("".join(dict.fromkeys(read)))

        other = chars(0x80, 0xC0) + _ENCODINGS[group]
        others += other
        for count, (start, stop) in enumerate([(0xC0, 0xE0), (0xE0, 0xF0), (0xF0, 0xF5)], 1):
            first = chars(start, stop)
            firsts += first
            sequences.append(f"(?<=[{first}])[{other}{_LOST}]{{{count}}}")
    # One set at the head is fast to search, and most pairs are ruled out by the second character.
    others += _LOST * whole
    return re.compile(f"[{firsts}](?=[{others}])(?:{'|'.join(sequences)})")


@cache
def _line_fixer() -> Callable[[str], str]:
    # Imported late: few texts have mojibake. The steps are those of ftfy's fix_encoding(), whose
    # own loop takes quadratic time. Quotes, ligatures, full-width and normal forms are the author's
    # choice. Entities are decoded by plain_line(), instead of by a guess.
    from ftfy import fixes
    from ftfy.badness import is_bad
    from ftfy.chardata import UTF8_DETECTOR_RE

    in_parts = next(iter(_ENCODINGS))

    def decoded(text: str) -> str:
        first = _NON_ASCII.search(text)
        if not first:
            return text
        for group in _ENCODINGS:
            # A text that is misread as a whole has nothing else than misread characters.
            if not _misread(group, whole=True).match(text, first.start()):
                continue
            for encoding in group.split():
                with suppress(UnicodeError):
                    data = text.encode(encoding)
                    if encoding != "macroman":
                        data = fixes.restore_byte_a0(data)
                    if encoding.startswith("sloppy"):
                        data = fixes.replace_lossy_sequences(data)
                    is_variant = b"\xed" in data or b"\xc0" in data
                    return data.decode("utf-8-variants" if is_variant else "utf-8")
        return text

    def decode(text: str) -> str:
        """Decode a text that is misread as a whole; each time, it has half as many characters."""
        # ftfy's judgement of a text takes the most time.
        while (shorter := decoded(text)) != text and is_bad(text):
            text = shorter
        return text

    def fix_part(part: re.Match[str]) -> str:
        return fixes.fix_c1_controls(decode(part[0])) if is_bad(part[0]) else part[0]

    def fix_parts(text: str) -> str:
        if not _misread(in_parts).search(text):
            return text
        repaired = UTF8_DETECTOR_RE.sub(fix_part, text)
        return repaired if repaired != text and is_bad(text) else text

    def fix_line(text: str) -> str:
        if not may_be_mojibake(text) and not _C1_OR_SURROGATE.search(text):
            return text
        for _ in range(MAX_ROUNDS):
            repaired = fix_parts(decode(text))
            if repaired == text:
                break
            text = repaired
        if not _C1_OR_SURROGATE.search(text):
            return text
        return fixes.fix_surrogates(fixes.fix_c1_controls(text))

    def fix_lines(text: str) -> str:
        return "\n".join(map(fix_line, text.split("\n")))

    return fix_lines
