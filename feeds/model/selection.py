"""Which articles a feed takes: made alike from feeds.yaml and from anything else with fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from feeds.parsing.fields import Fields
from feeds.text import search_terms as words

#: The keys that make a selection.
KEYS = ("any", "all", "none", "provider", "type", "category", "min_quality", "since", "q")
#: Of a search: characters, and words.
_LONGEST, _MOST = 200, 10


@dataclass(frozen=True, slots=True)
class Selection:
    """What an article must be; a field that is empty asks for nothing.

    Topics are named as people name them; Topics.family() knows what each name takes in.
    """

    #: At least one of these topics.
    any: tuple[str, ...] = ()
    #: Every one of these topics.
    all: tuple[str, ...] = ()
    #: None of these topics.
    none: tuple[str, ...] = ()
    #: A provider's name or domain.
    provider: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    #: An article without a quality has none.
    min_quality: float | None = None
    #: Back from the newest article of the site, not from the clock.
    since: timedelta | None = None
    #: Words in the title, the excerpt or the body, as words.canonical() writes them.
    q: str = ""
    #: Whether it takes nothing but what is to be listened to or watched.
    recorded: bool = False

    @classmethod
    def read(cls, fields: Fields) -> Selection:
        """The selection that a mapping describes; what it cannot be is in the fields' report."""
        return cls(
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
    found = words.canonical(text)
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
