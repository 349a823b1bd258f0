"""The words of a text, and what a search for some of them means.

Every engine of a catalog is given these words and no text: so all find the same articles, and no
sign that a client sends is a part of any engine's own language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

#: In characters: how much of a word counts, and of the words of one article.
_LONGEST_WORD, _LONGEST_TEXT = 64, 250_000
#: Stands between the parts of an article, where no phrase may lead across. No word has it.
_BETWEEN = " · "
#: Scripts without spaces between words: a word for each character, so that a name is a phrase.
_SINGLE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_SINGLES = re.compile(f"[{_SINGLE}]")
_ASCII_WORD = re.compile("[a-z0-9]+")
#: A soft hyphen and the joiners stand within words.
_INVISIBLE = dict.fromkeys((0xAD, 0x200C, 0x200D))
#: Up to this class are marks without which it is another letter, as in Devanagari and Kana.
_LETTERS_OWN = 9
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')


def words(text: str) -> list[str]:
    """The words of a text: letters and digits in one case, without accents, uncut by any grammar.

    The words of these words are the same again.
    """
    if text.isascii():
        found = _ASCII_WORD.findall(text.lower())
    else:
        # A letter in a frame or in full width becomes a plain one, which may be a capital.
        text = unicodedata.normalize("NFKD", text.translate(_INVISIBLE)).casefold()
        letters = unicodedata.normalize("NFKD", text)
        kept = (each for each in letters if unicodedata.combining(each) <= _LETTERS_OWN)
        text = unicodedata.normalize("NFC", "".join(kept)).replace("_", " ")
        found = _word().findall(_SINGLES.sub(r" \g<0> ", text))
    return [word[:_LONGEST_WORD] for word in found]


def joined(*texts: str) -> str:
    """The words of an article's parts as they are indexed: with a space between any two."""
    whole = _BETWEEN.join(filter(None, (" ".join(words(text)) for text in texts)))
    if len(whole) <= _LONGEST_TEXT:
        return whole
    return whole[:_LONGEST_TEXT].rpartition(" ")[0]


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """Words that stand one after the other, or must not."""

    excluded: bool
    words: tuple[str, ...]

    def __str__(self) -> str:
        text = self.words[0]
        for before, word in zip(self.words, self.words[1:], strict=False):
            together = _SINGLES.fullmatch(before) and _SINGLES.fullmatch(word)
            text += word if together else f" {word}"
        quoted = f'"{text}"' if " " in text else text
        return f"-{quoted}" if self.excluded else quoted


def terms(search: str) -> tuple[Term, ...]:
    """What a search asks for, each once, in an order of its own.

    Words count all; a "phrase" is one, and so is what signs hold together, as in e-mail. One after
    a hyphen is excluded. No other sign means anything.
    """
    return tuple(sorted(set(_terms(search))))


def canonical(search: str) -> str:
    """The one way to write a search; empty where there is no word in it."""
    return " ".join(map(str, terms(search)))


def _terms(search: str) -> Iterator[Term]:
    for hyphen, phrase, word in _TERM.findall(search):
        if found := words(phrase or word):
            yield Term(bool(hyphen), tuple(found))


@cache
def _word() -> re.Pattern[str]:
    # What Python takes for a letter leaves out the vowel signs of many scripts.
    codes = (*range(0x300, 0x2100), *range(0xA600, 0xAC00))
    marks = (chr(code) for code in codes if unicodedata.category(chr(code)).startswith("M"))
    return re.compile(f"[\\w{''.join(marks)}]+")
