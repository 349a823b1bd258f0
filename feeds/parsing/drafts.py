"""Reads the keys by which many generators hold an article back: drafts, embargoes, expiry dates.

What was published by mistake cannot be taken back, so a value that is not understood holds the
article back too, and is reported.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

from feeds.errors import Severity
from feeds.parsing.dates import DateError, read_date
from feeds.parsing.fields import FLAGS, Fields
from feeds.parsing.yaml_text import YAMLList, YAMLMapping, YAMLValue
from feeds.text.repair import shown

#: Folders of drafts: Jekyll's and Hexo's, and a common name.
_FOLDERS = frozenset(("_drafts", "drafts"))
_MAX_WORD_CHARS = 60


class Hold(NamedTuple):
    """The reasons why an article is not published, or not yet."""

    draft: bool
    removed: bool
    not_before: datetime | None
    expires: datetime | None


class _Rule(NamedTuple):
    """The meaning of a key: which of its values, folded by _fold(), hold an article back."""

    #: True for a value that does.
    holds: Mapping[str, bool]
    #: The same for any other value; None if that is reported, and holds the article back.
    otherwise: bool | None = None
    #: The use of a date: "from" then on, or "until" then, the article is published.
    date: str = ""
    removes: bool = False


_IF_TRUE = FLAGS
_IF_FALSE = {word: not value for word, value in FLAGS.items()}
#: Values of WordPress, Ghost, Movable Type, Drupal, Pelican, Nikola and others. A scheduled article
#: waits for its date anyway. MkDocs publishes articles that are new or deprecated.
_STATUS = _IF_FALSE | {
    word: holds
    for holds, words in {
        True: "draft drafts autodraft pending pendingreview review inreview private hidden unlisted"
        " skip trash trashed deleted inherit unpublished withheld embargoed wip workinprogress"
        " inprogress notstarted idea todo outline members membersonly paid paidonly onlypaid"
        " founding tiers filter subscribers subscribersonly password protected passwordprotected"
        " restricted internal secret confidential sent archived inactive disabled offline rejected"
        " spam",
        False: "published publish public live online active final finished done complete completed"
        " featured everyone onlyfree open released posted evergreen seedling budding new deprecated"
        " updated stable current future scheduled",
    }.items()
    for word in words.split()
}
_STATUS_WORDS = {word: holds for word, holds in _STATUS.items() if word not in FLAGS}
_OUT_OF_FEEDS = " ".join(
    verb + place + feed
    for verb in ("exclude", "excluded", "hide", "hidden", "omit", "skip", "disable", "no")
    for place in ("", "in", "from")
    for feed in ("feed", "feeds", "rss", "atom")
)
#: The rules by folded key.
_RULES = {
    key: rule
    for keys, rule in {
        "draft isdraft private isprivate hidden ishidden unlisted isunlisted unpublished"
        " isunpublished wip iswip workinprogress": _Rule(_IF_TRUE),
        "published ispublished publish": _Rule(_IF_FALSE, date="from"),
        "status poststatus pagestatus articlestatus contentstatus publicationstatus publishstatus"
        " publishingstatus publishedstatus visibility postvisibility": _Rule(_STATUS),
        "embargo embargoed embargodate embargountil embargoeduntil notbefore publishat publishon"
        " publishafter publishdate scheduled scheduledat scheduledfor golive": _Rule(
            _IF_TRUE, date="from"
        ),
        "expires expireson expiresat expiry expirydate expiredate expirationdate unpublish"
        " unpublishat unpublishon unpublishdate validuntil": _Rule(
            {word: False for word in ("never", "none", *FLAGS) if not FLAGS.get(word)}, date="until"
        ),
        "removed isremoved": _Rule(_IF_TRUE, removes=True),
        "password postpassword": _Rule(_IF_TRUE, otherwise=True),
        # Keys that have other uses too: unknown values are ignored.
        "hide secret confidential headless disabled inactive deleted trashed exclude ignore skip"
        " nopublish donotpublish dontpublish notpublished saveasdraft membersonly subscribersonly"
        f" paidonly passwordprotected eleventyexcludefromcollections {_OUT_OF_FEEDS}": _Rule(
            _IF_TRUE, otherwise=False
        ),
        "public ispublic listed islisted visible isvisible enabled active live online routable"
        " render dgpublish feed rss atom infeed infeeds inrss includeinfeed includeinfeeds"
        " includeinrss showinfeed showinrss": _Rule(_IF_FALSE, otherwise=False),
        # Hugo's (https://gohugo.io/content-management/build-options/).
        "build.list build.render": _Rule(
            _IF_FALSE | {"never": True, "local": True, "link": True}, otherwise=False
        ),
        "state stage access audience workflow": _Rule(_STATUS_WORDS, otherwise=False),
    }.items()
    for key in keys.split()
}
#: Keys that mean nothing else, so that a misspelled one is reported.
_CLEAR_KEYS = [key for key, rule in _RULES.items() if rule.otherwise is None]
_AFFIXES = (
    "(?:is|a|the|in|as|to|be|on|from|still|keep|make|mark|marked|set|post|page|article|note|content"
    "|blog|site|web|entry|only|mode|status|state|flag|yet|all|lists?|index|home|archive|feeds?|rss"
    "|collections?|this|now|online)*"
)
#: Keys that look as if they held an article back, and do not.
_LOOKALIKES = tuple(
    (re.compile(_AFFIXES + words + _AFFIXES), _Rule(holds))
    for words, holds in (
        ("(?:draft|private|hidden|hide|unlisted|unpublish(?:ed)?|embargo(?:ed)?|secret|confidential"
         "|exclude|excluded|paywall(?:ed)?|notpublic|notlisted|invisible|protected|internal|offline"
         "|archived|(?:in|needs|under)review)", _STATUS | _IF_TRUE),
        ("(?:publish|published|publishable|public|listed|visible|ready|approved|released)",
         _STATUS),
        ("tiers?", _STATUS_WORDS),
    )
)  # fmt: skip
#: The values of any other key that look as if they held the article back.
_DRAFT = _Rule({"draft": True, "drafts": True})
#: Keys that may have such a value and mean something else.
_NAMING_KEYS = frozenset("title name id excerpt slug topics".split())


def is_in_drafts(path: str) -> bool:
    """Return True if a file lies in a folder of drafts."""
    *folders, _name = path.split("/")
    return any(folder.lower() in _FOLDERS for folder in folders)


def holds_back(key: str, value: YAMLValue) -> bool:
    """Return True if a key of front matter is one of those that read_hold() reads."""
    if isinstance(value, str) and not _rule_of(key) and not _is_draft(value):  # most are
        return False
    return any(True for _key in _hold_keys([(key, value)]))


def read_hold(fields: Fields) -> Hold:
    """Read the keys that hold an article, or a related story, back.

    A value that is not understood is reported; it holds the article back unless `published: true`
    is given too.
    """
    draft = removed = is_cleared = False
    dates: dict[str, list[datetime]] = {"from": [], "until": []}
    unclear: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for key, rule, is_known, word in _hold_keys(fields.items()):
        holds = rule.holds.get(_fold(word), rule.otherwise)
        date = _date(word, fields.zone) if holds is None and rule.date else None
        if not is_known:
            unknown |= {key: word} if holds or date else {}
        elif date:
            dates[rule.date].append(date)
        elif holds is None:
            unclear[key] = word
        else:
            draft |= holds and not rule.removes
            removed |= holds and rule.removes
            is_cleared |= key == "published" and not holds
    for key, word in unclear.items():
        message, severity = f"{shown(key)} is {shown(word)!r}, which is not understood", None
        hint = "published: true is followed"
        if not is_cleared:
            severity = Severity.ERROR
            hint = "it is held back; write published: true or published: false"
        fields.problem(key, "unclear-draft", message, hint, severity, about=hint, name=shown(key))
    if not (draft or removed or unclear or is_cleared):
        for key, word in unknown.items():
            message = f"{shown(key)}: {shown(word)} holds nothing back"
            hint = "write draft: true or published: true"
            top = key if key in fields else key.partition(".")[0]
            fields.problem(top, "unknown-draft", message, hint, name=shown(key))
    return Hold(
        draft or bool(unclear and not is_cleared),
        removed,
        max(dates["from"], default=None),
        min(dates["until"], default=None),
    )


def _hold_keys(items: Iterable[tuple[str, YAMLValue]]) -> Iterator[tuple[str, _Rule, bool, str]]:
    """Yield each value of the keys that hold an article back, or look like it: True if they do."""
    for key, value in items:
        if key in ("build", "_build") and isinstance(value, YAMLMapping):
            yield from _hold_keys((f"build.{inner}", each) for inner, each in value.items())
        elif isinstance(value, YAMLMapping):
            # Of another program's settings, only words that mean nothing else.
            for inner, word in value.items():
                if isinstance(word, str) and (_is_draft(word) or "draft" in inner.lower()):
                    for _inner, rule, _is_known, text in _hold_keys([(inner, word)]):
                        yield f"{key}.{inner}", rule, False, text
        words = value if isinstance(value, YAMLList) else (value,)
        found = _rule_of(key) if value is not None else None
        if not found and key not in _NAMING_KEYS and any(map(_is_draft, words)):
            found = _DRAFT, False
        if not found:
            continue
        rule, is_known = found
        for word in words:
            # No rule knows the value of a list or a mapping; an empty text is no value.
            text = word if isinstance(word, str) else "…"
            if text.strip():
                yield key, rule, is_known, text


def _is_draft(value: YAMLValue) -> bool:
    return isinstance(value, str) and len(value) < 10 and _says_draft(value)


@lru_cache(maxsize=4096)  # articles have few short words: types, numbers, true
def _says_draft(word: str) -> bool:
    return _fold(word) in _DRAFT.holds


@lru_cache(maxsize=4096)
def _rule_of(key: str) -> tuple[_Rule, bool] | None:
    """Return the rule of a key and True, or that of the key that it resembles and False."""
    if len(key) > _MAX_WORD_CHARS:
        return None
    folded = _fold(key)
    if rule := _RULES.get(folded):
        return rule, True
    if rule := next((rule for pattern, rule in _LOOKALIKES if pattern.fullmatch(folded)), None):
        return rule, False
    # Compared with few, since a file may have very many keys: a slip is seldom in the first letter.
    alike = (key for key in _CLEAR_KEYS if key[0] == folded[:1] and abs(len(key) - len(folded)) < 3)
    near = difflib.get_close_matches(folded, alike, 1, 0.8)
    return (_RULES[near[0]], False) if near else None


def _fold(word: str) -> str:
    # Except a leading one: a key such as _private is not a flag.
    return re.sub(r"(?!^)[-_\s]", "", word[:_MAX_WORD_CHARS].strip().casefold())


def _date(word: str, zone: tzinfo) -> datetime | None:
    try:
        return read_date(word, zone)
    except DateError:
        return None
