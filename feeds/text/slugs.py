"""Folded names, for comparison, and slugs, for URLs."""

import hashlib
import re
import unicodedata
from functools import lru_cache

# Without these, C, C++ and C# would share a slug.
_SPOKEN = {"+": " plus ", "#": " sharp ", "&": " and ", "@": " at ", "%": " percent "}
# Device names of Windows, and the page of a folder.
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d|index")
_MAX_READABLE_CHARS = 60


def fold(name: str) -> str:
    """Return the form that two spellings of a name share: AI and ai, but not C and C++."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


@lru_cache(maxsize=4096)
def slugify(name: str) -> str:
    """Return a name as lower-case ASCII letters, digits and single hyphens.

    A name that ASCII cannot express gets a hash appended. Two names may share a slug (a/b and
    a b): distinct_slug() is for the second.
    """
    folded = fold(name)
    spoken = "".join(_SPOKEN.get(char, char) for char in folded)
    if spoken.startswith("."):
        spoken = "dot " + spoken
    letters = unicodedata.normalize("NFKD", spoken.replace("ß", "ss"))
    ascii_only = "".join(char for char in letters if not unicodedata.combining(char))
    readable = re.sub("[^a-z0-9]+", "-", ascii_only).strip("-")
    lost = any(char.isalnum() and not char.isascii() for char in ascii_only)
    if lost or not readable or len(readable) > _MAX_READABLE_CHARS or _RESERVED.fullmatch(readable):
        return distinct_slug(name)
    return readable


def distinct_slug(name: str, attempt: int = 0) -> str:
    """Return the readable part of a name with a hash of the folded name.

    If another topic is called exactly that, the next attempt gives another hash.
    """
    folded = fold(name)
    source = (folded + "\0" * attempt).encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(source).hexdigest()[:8]
    readable = re.sub("[^a-z0-9]+", "-", folded)[:_MAX_READABLE_CHARS].strip("-")
    return f"{readable or 'topic'}-{digest}"
