"""Splits texts and searches into words.

Search engines are given these words and never raw text: so every engine finds the same articles,
and a client's search cannot contain an engine's own operators.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

_MAX_WORD_CHARS = 64
_MAX_TEXT_CHARS = 250_000
#: Separates the parts of an article, so that no phrase matches across them. No word contains it.
_PART_SEPARATOR = " · "
#: Scripts without spaces between words: each character is a word, so that a name is a phrase.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
# Python's \w does not match the vowel signs of many scripts.
_MARK_CODES = (*range(0x300, 0x2100), *range(0xA600, 0xAC00))
_ASCII_WORD = re.compile("[a-z0-9]+")
#: A soft hyphen and the joiners, which do not separate words.
_INVISIBLE = dict.fromkeys((0xAD, 0x200C, 0x200D))
#: Combining classes up to this one belong to the letter, as in Devanagari and Kana; above, accents.
_MAX_LETTER_CLASS = 9
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')


def words(text: str) -> list[str]:
    """Split a text into words: folded letters and digits without accents, not stemmed.

    Splitting the joined words again gives the same words.
    """
    if text.isascii():
        split = _ASCII_WORD.findall(text.lower())
    else:
        # NFKD makes a circled or full-width letter a plain one, which may be a capital: fold after.
        text = unicodedata.normalize("NFKD", text.translate(_INVISIBLE)).casefold()
        letters = unicodedata.normalize("NFKD", text)
        kept = (char for char in letters if unicodedata.combining(char) <= _MAX_LETTER_CLASS)
        text = unicodedata.normalize("NFC", "".join(kept)).replace("_", " ")
        split = _word().findall(_UNSPACED.sub(r" \g<0> ", text))
    return [word[:_MAX_WORD_CHARS] for word in split]


@cache
def _word() -> re.Pattern[str]:
    marks = (chr(code) for code in _MARK_CODES if unicodedata.category(chr(code)).startswith("M"))
    return re.compile(f"[\\w{''.join(marks)}]+")


def joined(*texts: str) -> str:
    """Return the words of an article's parts as one text for the index, cut at a bound."""
    whole = _PART_SEPARATOR.join(filter(None, (" ".join(words(text)) for text in texts)))
    cut = whole[:_MAX_TEXT_CHARS]
    return whole if cut == whole else cut.rpartition(" ")[0]


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """A word or a phrase of a search."""

    #: True if an article must not contain it.
    excluded: bool
    words: tuple[str, ...]

    def __str__(self) -> str:
        text = self.words[0]
        for before, word in zip(self.words, self.words[1:], strict=False):
            together = _UNSPACED.fullmatch(before) and _UNSPACED.fullmatch(word)
            text += word if together else f" {word}"
        quoted = f'"{text}"' if " " in text else text
        return f"-{quoted}" if self.excluded else quoted


def terms(search: str) -> tuple[Term, ...]:
    """Parse a search into its distinct terms, sorted.

    A "quoted phrase" is one term, and so are words joined by punctuation (e-mail). A leading hyphen
    excludes the term. No other punctuation has a meaning.
    """
    split = ((hyphen, words(phrase or word)) for hyphen, phrase, word in _TERM.findall(search))
    return tuple(sorted({Term(bool(hyphen), tuple(term)) for hyphen, term in split if term}))


def canonical(search: str) -> str:
    """Return the canonical form of a search; empty if it has no word."""
    return " ".join(map(str, terms(search)))
