"""Makes inputs from a seed: tokens of a grammar, mutations of real texts, and repetitions.

The same seed and number give the same input on every machine and every version of Python.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

#: Longest input, in characters.
MAX_CHARS = 64 * 1024
#: Lengths of inputs that repeat something: quadratic time shows at the longest.
_REPEATED_CHARS = (1_000, 4_000, 16_000, 48_000, MAX_CHARS)
#: Numbers of repetitions of a unit in a layer: around limits of depth, of cells and of problems.
_REPETITIONS = (1, 20, 100, 390, 700, 2_000, 8_000)
_MAX_MUTATIONS = 8

#: Texts that break parsers of any kind: markup, escapes, forbidden characters, mojibake, numbers.
TROUBLE = [
    *"<>&'\"; \n\r\t/=#%?:,.-_*~`|[]{}()!@\\+$^0aZ",
    *("]]>", "<![CDATA[", "<!--", "-->", "<?xml?>", "<!DOCTYPE a>", "&amp;", "&amp;amp;"),
    *("&lt;b&gt;",),
    *("&#0;", "&#11;", "&#xD800;", "&#x10FFFF;", "&#99999999;", "&nbsp", "&é;", "&#x80;"),
    *("&NotEqualTilde;",),
    *("\0", "\x0b", "\x1b", "\x7f", "\x85", "\x92", "\xa0", "\xad", "\u2028", "\u200b", "\ufeff"),
    *("\ufdd0", "\ufffe", "\uffff", "\U0001ffff", "\U0001f600", "\U0010fffd", "e\u0301", "\u202e"),
    *("â€™", "â€œ", "Ã©", "Ã", "Â", "‚", "ÃƒÂ©", "ГЋ", "\u0130", "日本", "שלום", "ﬀ", "ß"),
    *("javascript:", "JaVaScRiPt&#58;", "data:text/html,", "vbscript:", "//a.b/", "http://"),
    *("https://a.b/c?d=1&e",),
    *("1e999", "-0", "9" * 30, "0x7f", "²", "١٢٣", "NaN", "1_000", "true", "null", "~", "\r\n"),
    *("\n\n", "    "),
]  # fmt: skip


@dataclass(frozen=True)
class Grammar:
    """The vocabulary of one kind of input."""

    tokens: Sequence[str]
    #: Whole inputs that are well-formed, to be mutated.
    examples: Sequence[str]
    #: Units that take long, or grow, when each is repeated beside others of its family.
    families: Sequence[Sequence[str]] = ()
    #: Shapes that took long once: units, and how often each is repeated.
    shapes: Sequence[Sequence[tuple[str, int]]] = ()
    #: Put before and after what is made of tokens alone.
    before: str = ""
    after: str = ""

    def input(self, seed: int, number: int) -> str:
        """Return one input."""
        chance = random.Random(f"{seed} {number}")
        way = chance.random()
        if way < 0.25:
            text = self._wrapped("".join(self._tokens(chance, chance.choice((3, 10, 40)))))
        elif way < 0.65:
            text = self._mutated(chance)
        else:
            text = self._repeated(chance)
        return text[:MAX_CHARS]

    def _wrapped(self, text: str) -> str:
        return self.before + text[: MAX_CHARS - len(self.before) - len(self.after)] + self.after

    def _tokens(self, chance: random.Random, most: int) -> list[str]:
        return [self._token(chance) for _ in range(chance.randint(1, most))]

    def _token(self, chance: random.Random) -> str:
        kind = chance.random()
        if kind < 0.95:
            return str(chance.choice(self.tokens if kind < 0.7 else TROUBLE))
        return chr(chance.choice((chance.randrange(0x20, 0x250), chance.randrange(0x250, 0xD800))))

    def _mutated(self, chance: random.Random) -> str:
        text: str = chance.choice(self.examples)
        for _ in range(chance.randint(1, _MAX_MUTATIONS)):
            start = chance.randint(0, len(text))
            end = min(len(text), start + chance.choice((0, 1, 3, 10, 60, 400)))
            way = chance.randrange(6)
            if way == 0:
                new = ""
            elif way == 1:
                new = text[start:end] * chance.choice((2, 3, 50))
            elif way == 2:
                other = chance.choice(self.examples)
                at = chance.randint(0, len(other))
                new = other[at : at + chance.choice((5, 50, 500))]
            else:
                new = "".join(self._tokens(chance, 3))
            text = (text[:start] + new + text[end:])[:MAX_CHARS]
        return text

    def _repeated(self, chance: random.Random) -> str:
        """Some layers, each a unit many times: a table's head and rows, openings and content."""
        length = chance.choice(_REPEATED_CHARS)
        family = chance.choice(self.families) if self.families and chance.random() < 0.7 else ()
        if self.shapes and chance.random() < 0.4:
            layers = self._varied(chance, chance.choice(self.shapes))
        else:
            often = chance.choice(_REPETITIONS)
            layers = [
                (self._unit(chance, family), often if chance.random() < 0.8 else MAX_CHARS)
                for _ in range(chance.randint(1, 4))
            ]
            layers[-1] = layers[-1][0], MAX_CHARS
        parts: list[str] = []
        for unit, times in layers:
            parts.append(_repeat(unit, times, length - sum(map(len, parts))))
        return self._wrapped("".join(parts))

    def _unit(self, chance: random.Random, family: Sequence[str]) -> str:
        if family:
            return str(chance.choice(family))
        unit = "".join(self._tokens(chance, 3))
        return f"{unit[:-1]}{{n}}{unit[-1:]}" if chance.random() < 0.3 else unit

    def _varied(
        self, chance: random.Random, shape: Sequence[tuple[str, int]]
    ) -> list[tuple[str, int]]:
        layers = list(shape)
        for _ in range(chance.randint(0, 2)):
            at = chance.randrange(len(layers))
            family = chance.choice(self.families) if self.families else ()
            way = chance.randrange(3)
            if way == 0:
                layers[at] = layers[at][0], chance.choice(_REPETITIONS)
            elif way == 1:
                layers[at] = self._unit(chance, family), layers[at][1]
            else:
                layers.insert(at, (self._unit(chance, family), 1))
        return layers


def _repeat(unit: str, times: int, most_chars: int) -> str:
    """Repeat a unit; each {n} in it is another number, each {w} another word."""
    if "{n}" not in unit and "{w}" not in unit:
        return unit * min(times, max(1, most_chars // len(unit)))
    parts: list[str] = []
    size = 0
    for number in range(times):
        if size >= most_chars:
            break
        word = "".join(chr(97 + number // 26**place % 26) for place in range(3))
        parts.append(unit.replace("{n}", str(number)).replace("{w}", word))
        size += len(parts[-1])
    return "".join(parts)
