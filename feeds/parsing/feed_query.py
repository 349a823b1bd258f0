"""What a URL's query asks for: a selection, the one way to write it, and what people call it.

Whoever writes the same selection in another order, spelling or repetition means the same feed. All
that a query can ask for is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode

from feeds.errors import Severity
from feeds.model.selection import Selection
from feeds.model.topics import Topic, Topics
from feeds.parsing.fields import Fields, Report
from feeds.parsing.selection import read_selection
from feeds.parsing.yaml_text import YAMLValue
from feeds.text import search_terms as words
from feeds.text.repair import plain_line, shorten
from feeds.text.slugs import fold

#: In the order of a canonical query.
PARAMETERS = (
    "topic", "match", "not", "provider", "type", "category", "min_quality", "since", "q",
)  # fmt: skip
_TOPICS = ("topic", "not")
_NAMES = ("provider", "type", "category")
_MATCHES = ("any", "all")
#: Topics and names together; characters in one of them, and in any value.
_MOST, _LONGEST, _LONGEST_VALUE = 20, 100, 200
#: Parameters in a query, repetitions and all, and its characters with their escapes.
_MOST_PAIRS, _LONGEST_QUERY = 60, 32_768
#: Names that are looked through for the nearest one, and unknown ones for which that is done.
_NEAREST, _GUESSES = 2_000, 3
#: Text that is cleaned is clean, but for a text made to be none: an entity of an entity of one.
_ROUNDS = 10
_EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class CustomFeedRequest:
    """What a query asks for."""

    #: What is wrong, a line each. The rest says something only where nothing is.
    problems: tuple[str, ...]
    #: What was given, by parameter, for a form to show again.
    given: Mapping[str, Sequence[str]]
    selection: Selection = _EVERYTHING
    #: The one query that asks for it, without a question mark; empty for everything.
    query: str = ""
    #: The topic, where it asks for one and for nothing else.
    topic: Topic | None = None
    #: The selection as people say it: "AI and Robotics, without Gossip".
    name: str = "A feed of your own"


def read_query(query: str, topics: Topics, *, of_form: bool = False) -> CustomFeedRequest:
    """What a query asks of a site with these topics. A form sends what was left empty, too."""
    if len(query) > _LONGEST_QUERY or query.count("&") >= _MOST_PAIRS:
        most = f"at most {_MOST_PAIRS} parameters and {_LONGEST_QUERY:,} characters"
        return CustomFeedRequest((f"the query is too long; {most}",), {})
    given: dict[str, list[str]] = {}
    for key, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        if len(value) > _LONGEST_VALUE:
            why = f"{_shown(key)} is {len(value)} characters long; at most {_LONGEST_VALUE}"
            return CustomFeedRequest((why,), {})
        clean = _settled(value, plain_line)
        values = given.setdefault(_shown(key), []) if clean or not of_form else []
        if clean not in values:
            values.append(clean)
    number = sum(len(given.get(key, ())) for key in (*_TOPICS, *_NAMES))
    if number > _MOST:
        return CustomFeedRequest(
            (f"{number} topics and names are asked for; at most {_MOST}",), given
        )
    problems = list(_problems(given))
    guesses = _GUESSES
    named: dict[str, list[Topic]] = {key: [] for key in _TOPICS}
    for key in _TOPICS:
        for value in filter(None, given.get(key, ())):
            if topic := topics.find(value):
                named[key] += [topic] if topic not in named[key] else []
            else:
                guess = topics.nearest(value, _NEAREST) if guesses else ""
                guesses -= bool(guesses)
                hint = f"did you mean {guess}?" if guess else "look for its name at /"
                problems.append(f"{key}: no topic is called {shorten(value, 60)!r}; {hint}")
        named[key].sort(key=lambda topic: topic.slug)
    selection, wrong = _selection(given, named)
    if problems or wrong:
        return CustomFeedRequest((*problems, *wrong), given)
    written = dict(_written(selection, named))
    alone = selection == Selection(any=selection.any[:1])
    topic = named["topic"][0] if alone and named["topic"] else None
    name = _name(selection)
    return CustomFeedRequest((), given, selection, urlencode(written, doseq=True), topic, name)


def feed_search(query: str) -> str:
    """The words by which the directory's feeds are searched for; empty where there are none."""
    asked = dict(parse_qsl(query[:_LONGEST_QUERY], errors="replace"))
    return " ".join(asked.get("q", "")[:_LONGEST].split())


def _problems(given: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What is wrong with the parameters themselves."""
    report = Report("", "", 1, Severity.ERROR)
    Fields(dict.fromkeys(given, ""), report).reject_unknown_keys(PARAMETERS)
    yield from (f"{each.message}; {each.hint}" for each in report.problems)
    for key in filter(given.__contains__, PARAMETERS):
        if "" in given[key]:
            yield f"{key} is empty; give it a value, or leave it out"
        if len(given[key]) > 1 and key not in (*_TOPICS, *_NAMES):
            yield f"{key} is there more than once; one is enough"
        longest = max(map(len, given[key]))
        if longest > _LONGEST and key != "q":
            yield f"{key} is {longest} characters long; at most {_LONGEST}"


def _selection(
    given: Mapping[str, Sequence[str]], named: Mapping[str, Sequence[Topic]]
) -> tuple[Selection, list[str]]:
    report = Report("", "", 1, Severity.ERROR)
    values: dict[str, YAMLValue] = {
        key: given[key][0] for key in ("match", "min_quality", "since", "q") if key in given
    }
    for key in _NAMES:
        values[key] = [*sorted({_settled(value, _folded) for value in given.get(key, ())})]
    fields = Fields(values, report)
    # One topic is any and all of them.
    is_all = fields.choice("match", _MATCHES) == "all" and len(named["topic"]) > 1
    names, none = (tuple(each.name for each in named[key]) for key in _TOPICS)
    selection = replace(
        read_selection(fields), any=() if is_all else names, all=names if is_all else (), none=none
    )
    wrong = [each for each in report.problems if each.severity is Severity.ERROR]
    return selection, [f"{each.message}; {each.hint}" for each in wrong]


def _written(
    selection: Selection, named: Mapping[str, Sequence[Topic]]
) -> Iterator[tuple[str, str | Sequence[str]]]:
    """The parameters of a selection that are not as they would be without, in order."""
    yield "topic", [topic.slug for topic in named["topic"]]
    if selection.all:
        yield "match", "all"
    yield "not", [topic.slug for topic in named["not"]]
    yield from (("provider", selection.provider), ("type", selection.type))
    yield "category", selection.category
    if selection.min_quality is not None:
        yield "min_quality", _number(selection.min_quality)
    if selection.since:
        yield "since", _period(selection.since)
    if selection.q:
        yield "q", selection.q


def _name(selection: Selection) -> str:
    topics = _listed(selection.any, "or") or _listed(selection.all, "and") or "Everything"
    wanted = [each for each in words.terms(selection.q) if not each.excluded]
    unwanted = [replace(each, excluded=False) for each in words.terms(selection.q) if each.excluded]
    parts = (
        ("without", _listed(selection.none, "or")),
        ("by", _listed(selection.provider, "or")),
        ("of type", _listed(selection.type, "or")),
        ("in", _listed(selection.category, "or")),
        ("of quality", _at_least(selection.min_quality)),
        ("of the newest", _spoken(selection.since)),
        ("with", _listed(map(_quoted, wanted), "and")),
        ("without", _listed(map(_quoted, unwanted), "or")),
    )
    return ", ".join((topics, *(f"{how} {what}" for how, what in parts if what)))


def _shown(key: str) -> str:
    return shorten(plain_line(key[:_LONGEST]), 60)


def _listed(names: Iterable[str], word: str) -> str:
    *most, last = tuple(names) or ("",)
    return f"{', '.join(most)} {word} {last}" if most else last


def _quoted(term: words.Term) -> str:
    return f"“{str(term).strip(chr(34))}”"


def _at_least(quality: float | None) -> str:
    return "" if quality is None else f"{_number(quality)} or more"


def _number(number: float) -> str:
    """Without the exponent that a query cannot have, and without a fraction that is none."""
    return f"{Decimal(repr(number + 0.0)):f}".removesuffix(".0")


_UNITS = (("w", "week", timedelta(weeks=1)), ("d", "day", timedelta(days=1)))


def _period(period: timedelta) -> str:
    """In the largest unit that it is a whole number of."""
    for letter, _word, unit in _UNITS:
        if not period % unit:
            return f"{period // unit}{letter}"
    return f"{period // timedelta(hours=1)}h"


def _spoken(period: timedelta | None) -> str:
    if not period:
        return ""
    count, letter = int(_period(period)[:-1]), _period(period)[-1]
    word = {letter: word for letter, word, _unit in _UNITS}.get(letter, "hour")
    return word if count == 1 else f"{count} {word}s"


def _folded(name: str) -> str:
    return plain_line(fold(name))


def _settled(text: str, change: Callable[[str], str]) -> str:
    """The text after a change that would change it no more."""
    for _ in range(_ROUNDS):
        text, before = change(text), text
        if text == before:
            break
    return text
