"""Slugs as generators make them."""

import re
import unicodedata
from functools import lru_cache


@lru_cache(maxsize=4096)
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
