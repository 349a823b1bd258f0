"""Reads a selection of articles from a feed of feeds.yaml or the query of a custom feed's URL.

Equivalent queries have one canonical query. Everything that a query can ask for is bounded.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode

from feeds.errors import Severity
from feeds.model.selection import Selection
from feeds.model.topics import Topic, Topics
from feeds.parsing.fields import TIME_UNITS, Fields
from feeds.parsing.report import Report
from feeds.parsing.yaml_text import YAMLMapping
from feeds.text import search_terms
from feeds.text.repair import remove_forbidden, shown, unescape
from feeds.text.slugs import fold

_KEYS_OF_BOTH = ("provider", "type", "category", "min_quality", "since", "q")
#: Of a feed of feeds.yaml.
SELECTION_KEYS = ("any", "all", "none", *_KEYS_OF_BOTH)
#: Of a query, in the order of a canonical one.
PARAMETERS = ("topic", "match", "not", *_KEYS_OF_BOTH)
_LIST_PARAMETERS = ("topic", "not", "provider", "type", "category")
#: Parameters that others append to a URL: campaigns, advertisements, links that were shared or
#: sent by mail, and readers that want no cached response.
_APPENDED_PREFIXES = ("utm_", "mtm_", "pk_", "matomo_", "mc_", "hsa_", "_hs", "__hs", "gad_")
_APPENDED = frozenset(
    """
    _ _ga _gac _gl _kx _openstat cmpid dclid epik fbclid gbraid gclid gclsrc guccounter
    guce_referrer guce_referrer_sig igsh igshid li_fat_id mkt_tok msclkid oly_anon_id oly_enc_id
    rb_clickid ref ref_src ref_url s_cid s_kwcid sccid share_id si spm srsltid trk ttclid twclid
    vero_conv vero_id wbraid wickedid wt_mc yclid ysclid
    """.split()
)

#: Servers before the app allow about as many.
_MAX_QUERY_CHARS = 8_000
_MAX_PARAMETERS = 60
_MAX_VALUE_CHARS = 200
_MAX_NAME_CHARS = 100
_MAX_SEARCH_CHARS, _MAX_SEARCH_WORDS = 200, 10
#: Topics and names together.
_MAX_NAMES = 20
#: A nearest name is suggested for so many unknown topics, out of so many names: it takes time.
_MAX_SUGGESTIONS, _MAX_NAMES_COMPARED = 1, 1_000
#: An entity of an entity of an entity takes three rounds to decode.
_MAX_ROUNDS = 10
_DEFAULT_NAME = "Custom feed"
_EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class CustomFeedRequest:
    """A query, parsed."""

    #: Problems, one line each. If there are any, only `given` holds more than defaults.
    problems: tuple[str, ...]
    #: Values by parameter as the user gave them, for a form to show again.
    given: Mapping[str, Sequence[str]]
    selection: Selection = _EVERYTHING
    #: The canonical query, without a question mark; empty if it selects every article.
    query: str = ""
    #: The topic, if the query selects one topic and nothing else.
    topic: Topic | None = None
    #: Title of the feed: its topics or its search words.
    name: str = _DEFAULT_NAME


def read_query(query: str, topics: Topics, *, of_form: bool = False) -> CustomFeedRequest:
    """Parse the query of a custom feed, without the parameters that others append to URLs.

    A form sends empty fields too: with `of_form` they are ignored.
    """
    if len(query) > _MAX_QUERY_CHARS or query.count("&") >= _MAX_PARAMETERS:
        hint = f"at most {_MAX_PARAMETERS} parameters and {_MAX_QUERY_CHARS:,} characters"
        return CustomFeedRequest((f"the query is too long; {hint}",), {})
    given: dict[str, list[str]] = {}
    for parameter, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        if _is_appended(parameter):
            continue
        key = shown(parameter)
        if len(value) > _MAX_VALUE_CHARS:
            problem = f"{key} is {len(value)} characters long; at most {_MAX_VALUE_CHARS}"
            return CustomFeedRequest((problem,), {})
        value = _until_stable(_clean, value)
        if value or not of_form:
            texts = given.setdefault(key, [])
            if value not in texts:
                texts.append(value)
    if (count := sum(len(given.get(key, ())) for key in _LIST_PARAMETERS)) > _MAX_NAMES:
        problem = f"{count} topics and names; at most {_MAX_NAMES}"
        return CustomFeedRequest((problem,), given)

    report = Report("", Severity.ERROR)
    fields = Fields(YAMLMapping((key, texts[0]) for key, texts in given.items()), report)
    fields.reject_unknown_keys(PARAMETERS)
    for message, hint in _faults(given, topics):
        report.add(1, "bad-query", message, hint, about=message)
    wanted, unwanted = (_find(given.get(key, ()), topics) for key in ("topic", "not"))
    names = tuple(topic.name for topic in wanted)
    # Of one topic, any and all are the same: any is canonical.
    is_all = fields.choice("match", ("any", "all")) == "all" and len(names) > 1
    selection = replace(
        read_selection(fields),
        any=() if is_all else names,
        all=names if is_all else (),
        none=tuple(topic.name for topic in unwanted),
        provider=_folded(given.get("provider", ())),
        type=_folded(given.get("type", ())),
        category=_folded(given.get("category", ())),
    )
    errors = (problem for problem in report.problems if problem.severity is Severity.ERROR)
    if problems := tuple(f"{error.message}; {error.hint}" for error in errors):
        return CustomFeedRequest(problems, given)
    is_one_topic = len(wanted) == 1 and selection == Selection(any=names)
    return CustomFeedRequest(
        problems=(),
        given=given,
        selection=selection,
        query=urlencode(_canonical(selection, wanted, unwanted), doseq=True),
        topic=wanted[0] if is_one_topic else None,
        name=", ".join(names) or selection.q or _DEFAULT_NAME,
    )


def _is_appended(parameter: str) -> bool:
    name = parameter[:_MAX_NAME_CHARS].lower()
    return name in _APPENDED or name.startswith(_APPENDED_PREFIXES)


def directory_search(query: str) -> str:
    """Return the words by which a query narrows the directory of feeds; empty if it has none."""
    values = dict(parse_qsl(query[:_MAX_QUERY_CHARS], errors="replace"))
    return " ".join(remove_forbidden(values.get("q", "")[:_MAX_NAME_CHARS]).split())


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
        since=fields.time_span("since"),
        q=_search(fields),
    )


def _search(fields: Fields) -> str:
    text = fields.text("q")
    search = search_terms.canonical(text)
    words = max(len(text.split()), len(search.split()))
    if text and not search:
        message, hint = "q has no word in it", "write the words to look for"
    elif max(len(text), len(search)) > _MAX_SEARCH_CHARS:
        message = f"q is {len(text)} characters long"
        hint = f"at most {_MAX_SEARCH_CHARS} are allowed"
    elif words > _MAX_SEARCH_WORDS:
        message, hint = f"q has {words} words", f"at most {_MAX_SEARCH_WORDS} are allowed"
    else:
        return search
    fields.problem("q", "bad-search", message, hint)
    return ""


def _faults(given: Mapping[str, Sequence[str]], topics: Topics) -> Iterator[tuple[str, str]]:
    """Yield message and hint of each empty, repeated or too long parameter, and unknown topic."""
    for key in filter(given.__contains__, PARAMETERS):
        if "" in given[key]:
            yield f"{key} is empty", "give it a value, or leave it out"
        if len(given[key]) > 1 and key not in _LIST_PARAMETERS:
            yield f"{key} is given more than once", "give it once"
        if (length := max(map(len, given[key]))) > _MAX_NAME_CHARS and key != "q":
            yield f"{key} is {length} characters long", f"at most {_MAX_NAME_CHARS}"
    names = ((key, name) for key in ("topic", "not") for name in given.get(key, ()) if name)
    unknown = ((key, name) for key, name in names if not topics.find(name))
    for count, (key, name) in enumerate(unknown):
        near = topics.nearest(name, _MAX_NAMES_COMPARED) if count < _MAX_SUGGESTIONS else ""
        hint = f"did you mean {shown(near)}?" if near else "look for its name at /"
        yield f"{key}: no topic is called {shown(name)!r}", hint


def _find(names: Iterable[str], topics: Topics) -> list[Topic]:
    """Return the topics with these names, each once, in the order of their slugs."""
    by_slug = {topic.slug: topic for name in names if name and (topic := topics.find(name))}
    return [by_slug[slug] for slug in sorted(by_slug)]


def _canonical(
    selection: Selection, wanted: Sequence[Topic], unwanted: Sequence[Topic]
) -> dict[str, str | Sequence[str]]:
    """Return the parameters of a selection that differ from their defaults, in order."""
    quality = selection.min_quality
    parameters: dict[str, str | Sequence[str]] = {
        "topic": [topic.slug for topic in wanted],
        "match": "all" if selection.all else "",
        "not": [topic.slug for topic in unwanted],
        "provider": selection.provider,
        "type": selection.type,
        "category": selection.category,
        "min_quality": "" if quality is None else _number(quality),
        "since": _time_span(selection.since) if selection.since else "",
        "q": selection.q,
    }
    return {key: value for key, value in parameters.items() if value}


def _number(number: float) -> str:
    # Without an exponent, which a query cannot have, and without a trailing .0.
    return f"{Decimal(repr(number + 0.0)):f}".removesuffix(".0")


def _time_span(span: timedelta) -> str:
    """Return a time span in the largest unit of which it is a whole number."""
    units = reversed(TIME_UNITS.items())
    letter, unit = next(item for item in units if not span % item[1])
    return f"{span // unit}{letter}"


def _folded(names: Iterable[str]) -> tuple[str, ...]:
    def refold(name: str) -> str:
        return _clean(fold(name))

    return tuple(sorted({_until_stable(refold, name) for name in names}))


def _clean(text: str) -> str:
    # Without the repair of mojibake, which takes longer than all else: clients send UTF-8.
    return " ".join(remove_forbidden(unescape(text)).split())


def _until_stable(change: Callable[[str], str], text: str) -> str:
    """Apply a change until it changes nothing more, so that a canonical query parses to itself."""
    for _ in range(_MAX_ROUNDS):
        text, before = change(text), text
        if text == before:
            break
    return text
