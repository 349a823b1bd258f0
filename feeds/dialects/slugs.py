"""Slugs as generators make them."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec

from text_unidecode import unidecode

#: The letters that Unidecode, which Pelican and Nikola use, writes otherwise.
_UNIDECODE = {
    "Є": "Ie", "Ŋ": "NG", "ŋ": "ng", "ẞ": "SS",
    "し": "shi", "ち": "chi", "っ": "tsu", "つ": "tsu",
    "シ": "shi", "チ": "chi", "ッ": "tsu", "ツ": "tsu", "ー": "-",
    "א": "A", "ח": "H", "ט": "T", "ך": "KH", "כ": "KH", "ץ": "TS", "צ": "TS", "ק": "k", "ש": "SH",
    "ױ": "OY", "ײ": "EY", "־": "-", "ְ": "", "ּ": "", "׃": ".",
    "¼": " 1/4", "½": " 1/2", "¾": " 3/4", "፡": " ", "№": "No. ", "℃": "degC",
    "₹": "Rs", "₽": "R", "₴": "UAH", "₿": "BTC",
}  # fmt: skip


_P = ParamSpec("_P")
#: Longer texts are not remembered: they must not fill the memory.
_MAX_REMEMBERED_CHARS = 300


def remembered(make: Callable[Concatenate[str, _P], str]) -> Callable[Concatenate[str, _P], str]:
    """Remember what a function makes of short texts: topics and folders come again and again."""
    remember: Callable[..., str] = lru_cache(maxsize=4096)(make)

    @wraps(make)
    def call(text: str, /, *values: _P.args, **named: _P.kwargs) -> str:
        is_short = len(text) <= _MAX_REMEMBERED_CHARS
        return (remember if is_short else make)(text, *values, **named)

    return call


@remembered
def keep_letters(text: str, also: str = "", *, lower: bool = True) -> str:
    """Return a text with hyphens for all but letters, marks, digits and the characters of `also`.

    This is Jekyll's slugify.
    """
    kept = "".join(
        char if unicodedata.category(char)[0] in "LM" or char.isdecimal() or char in also else "\0"
        for char in text
    )
    slug = re.sub("\0+", "-", kept).strip("\0")
    slug = slug.removeprefix("-").removesuffix("-")
    return slug.lower() if lower else slug


def hugo_path(text: str, *, lower: bool = True, accents: bool = True) -> str:
    """Return a path as Hugo publishes it: blanks are one hyphen, other characters are left out.

    Letters, marks, digits, escapes and a few signs stay.
    """
    if _PLAIN_PATH.fullmatch(text):  # most are
        return text.lower() if lower else text
    kept: list[str] = []
    is_apart = False
    for part in _PART.findall(text):
        if len(part) > 1 or _stays(part):
            kept += ["-"] * (is_apart and part[0] != "-") + [part]
            is_apart = False
        elif kept and kept[-1][-1] != "-" and part.isspace():
            is_apart = True
    path = "".join(kept)
    if not accents:
        letters = unicodedata.normalize("NFD", path)
        path = "".join(char for char in letters if unicodedata.category(char) != "Mn")
        path = unicodedata.normalize("NFC", path)
    return path.lower() if lower else path


_PLAIN_PATH = re.compile(r"[\w./\\#+~@-]*", re.ASCII)
#: Characters that stay, an escape, or another character.
_PART = re.compile(r"[A-Za-z0-9_./\\#+~@-]+|%[0-9a-fA-F]{2}|.", re.DOTALL)


def _stays(char: str) -> bool:
    return char in "./\\_#+~-@" or unicodedata.category(char)[0] in "LM" or char.isdecimal()


def title_of_name(name: str) -> str:
    """Return a title for an article that has none, from its file's name."""
    words = re.sub(r"[-_\s]+", " ", name).strip()
    return words[:1].upper() + words[1:]


@remembered
def to_ascii(text: str) -> str:
    """Return a text in letters of ASCII, as Unidecode has it: 日本 is "Ri Ben ".

    Unidecode's licence is not ours. Characters that neither knows are left out.
    """
    return text if text.isascii() else "".join(map(_ascii_char, text))


def ascii_slug(text: str) -> str:
    """Return a text in lower-case letters and digits of ASCII, with hyphens for all else."""
    return re.sub("[^a-z0-9]+", "-", to_ascii(text).lower()).strip("-")


@lru_cache(maxsize=4096)
def _ascii_char(char: str) -> str:
    if char.isascii():
        return char
    found = _UNIDECODE[char] if char in _UNIDECODE else str(unidecode(char))
    if "[?]" in found or not found:
        # Letters of mathematics and of phonetics, which text-unidecode does not know.
        plain = unicodedata.normalize("NFKC", char)
        return plain if plain.isascii() else ""
    return found
