"""The selection of articles that a mapping of feeds.yaml, or a query, describes."""

from __future__ import annotations

from feeds.model.selection import Selection
from feeds.parsing.fields import Fields
from feeds.text import search_terms

#: The keys that make a selection.
KEYS = ("any", "all", "none", "provider", "type", "category", "min_quality", "since", "q")
#: Of a search: characters, and words.
_LONGEST, _MOST = 200, 10


def read_selection(fields: Fields) -> Selection:
    """The selection that a mapping describes; what it cannot be is in the fields' report."""
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
    found = search_terms.canonical(text)
    if text and not found:
        fields.problem("q", "bad-search", "q has no word in it", "write the words to look for")
    elif max(len(text), len(found)) > _LONGEST:
        hint = f"at most {_LONGEST} are looked for"
        fields.problem("q", "bad-search", f"q is {len(text)} characters long", hint)
    elif (count := max(len(text.split()), len(found.split()))) > _MOST:
        hint = f"at most {_MOST} are looked for"
        fields.problem("q", "bad-search", f"q has {count} words", hint)
    else:
        return found
    return ""
