"""Slugs as Pelican makes them, by the patterns of its configuration."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from html import unescape
from typing import Any, NamedTuple

from feeds.dialects.configuration import flag_of, list_of, read_pattern
from feeds.dialects.slugs import to_ascii

_DEFAULT = ((r"[^\w\s-]", ""), (r"\A\s*", ""), (r"\s*\Z", ""), (r"[-\s]+", "-"))
_MOST_PATTERNS = 100
#: Of a title whose slug is made: a pattern can take the square of this.
_MAX_CHARS = 1000


class Slugs(NamedTuple):
    """The settings of the slugs of articles, categories or authors."""

    #: Patterns and their replacements.
    substitutions: tuple[tuple[str, str], ...] = _DEFAULT
    unicode: bool = False
    keeps_case: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any], kind: str = "SLUG") -> Slugs:
        """Return the settings of a configuration for a kind of slugs."""
        found = _substitutions(values, kind) or _substitutions(values, "SLUG") or _DEFAULT
        unicode = flag_of(values, "SLUGIFY_USE_UNICODE")
        return cls(found, unicode, flag_of(values, "SLUGIFY_PRESERVE_CASE"))

    def make(self, title: str) -> str:
        """Return the slug of a title in HTML."""
        text = unescape(" ".join(re.sub(r"<[^<>]*>", "", title).split()))
        text = unicodedata.normalize("NFKC", text)
        text = text if self.unicode else to_ascii(text)
        for pattern, replacement in _compiled(self.substitutions):
            with suppress(re.error, IndexError):  # of the replacement
                text = pattern.sub(replacement, text[:_MAX_CHARS])
        return (text if self.keeps_case else text.lower()).strip()


SLUGS = Slugs()


@lru_cache(maxsize=8)
def _compiled(substitutions: tuple[tuple[str, str], ...]) -> list[tuple[re.Pattern[str], str]]:
    found = (
        (read_pattern(f"(?i:{source.replace('(?u)', '')})", repetitions=1), replacement)
        for source, replacement in substitutions
    )
    return [(pattern, replacement) for pattern, replacement in found if pattern]


def _substitutions(values: Mapping[str, Any], kind: str) -> tuple[tuple[str, str], ...]:
    given = list_of(values, f"{kind}_REGEX_SUBSTITUTIONS")[:_MOST_PATTERNS]
    found = [(str(each[0]), str(each[1])) for each in given if _has_length(each, 2)]
    # Substitutions of releases before 4.0 are no patterns; a third item keeps other characters.
    given = list_of(values, f"{kind}_SUBSTITUTIONS")[:_MOST_PATTERNS]
    if old := [each for each in given if _has_length(each, 2, 3)]:
        keeps = any(len(each) == 3 and each[2] for each in old)
        found = [(re.escape(str(each[0])), str(each[1]).replace("\\", r"\\")) for each in old]
        found += _DEFAULT[1:3] if keeps else _DEFAULT
    return tuple(found)


def _has_length(value: object, *lengths: int) -> bool:
    return isinstance(value, (list, tuple)) and len(value) in lengths
