"""Names as keys to compare by, and as folders in a URL."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache


def fold(name: str) -> str:
    """What two names have in common if they name the same thing: AI and ai, but not C and C++."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


_SPOKEN = {"+": " plus ", "#": " sharp ", "&": " and ", "@": " at ", "%": " percent "}
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d|index")
_LONGEST_SLUG = 60


@lru_cache(maxsize=4096)
def slugify(name: str) -> str:
    """A name for a folder and a URL: lower-case ASCII letters, digits and single hyphens.

    What ASCII cannot say is told apart by a hash of the name. Two names may still share a slug
    (a/b and a b): distinct_slug() serves those that come second.
    """
    folded = fold(name)
    spoken = "".join(_SPOKEN.get(char, char) for char in folded)
    if spoken.startswith("."):
        spoken = "dot " + spoken
    letters = unicodedata.normalize("NFKD", spoken.replace("ß", "ss"))
    ascii_only = "".join(char for char in letters if not unicodedata.combining(char))
    readable = re.sub("[^a-z0-9]+", "-", ascii_only).strip("-")
    lost = any(char.isalnum() and not char.isascii() for char in ascii_only)
    if lost or not readable or len(readable) > _LONGEST_SLUG or _RESERVED.fullmatch(readable):
        return distinct_slug(name)
    return readable


def distinct_slug(name: str, attempt: int = 0) -> str:
    """A slug of this name alone: the readable part and a hash of the folded name.

    Another name may look just like it; then the next attempt gives another.
    """
    folded = fold(name)
    source = folded + "\0" * attempt
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    readable = re.sub("[^a-z0-9]+", "-", folded)[:_LONGEST_SLUG].strip("-")
    return f"{readable or 'topic'}-{digest}"
