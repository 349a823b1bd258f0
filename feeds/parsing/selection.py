"""Reads a selection of articles, from a feed in feeds.yaml or from a query."""

from __future__ import annotations

from feeds.model.selection import Selection
from feeds.parsing.fields import Fields
from feeds.text import search_terms

SELECTION_KEYS = ("any", "all", "none", "provider", "type", "category", "min_quality", "since", "q")
_MAX_CHARS = 200
_MAX_WORDS = 10


def read_selection(fields: Fields) -> Selection:
    """Parse the selection keys of a mapping; invalid ones are reported and left empty."""
    return Selection(
        any=fields.texts("any"),
        all=fields.texts("all"),
        none=fields.texts("none"),
        provider=fields.texts("provider"),
        type=fields.texts("type"),
        category=fields.texts("category"),
        min_quality=fields.number("min_quality"),
        since=fields.period("since"),
        q=_search(fields),
    )


def _search(fields: Fields) -> str:
    text = fields.text("q")
    search = search_terms.canonical(text)
    words = max(len(text.split()), len(search.split()))
    if text and not search:
        message, hint = "q has no word in it", "write the words to look for"
    elif max(len(text), len(search)) > _MAX_CHARS:
        message, hint = f"q is {len(text)} characters long", f"at most {_MAX_CHARS} are allowed"
    elif words > _MAX_WORDS:
        message, hint = f"q has {words} words", f"at most {_MAX_WORDS} are allowed"
    else:
        return search
    fields.problem("q", "bad-search", message, hint)
    return ""
