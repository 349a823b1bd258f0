"""What front matter says of an article as an episode of a podcast."""

from __future__ import annotations

import re
from collections.abc import Iterator

from feeds.model.article import Episode, Person, Transcript
from feeds.parsing.fields import Fields, parse_duration
from feeds.text.media_types import type_of_url
from feeds.text.urls import is_absolute

_KEYS = (
    "duration", "explicit", "season", "episode", "episodeType", "transcript", "chapters", "people",
)  # fmt: skip
_TYPES = ("full", "trailer", "bonus")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]*")
_LANGUAGE = re.compile(r"[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*")


def read_episode(fields: Fields, *, plays: bool) -> Episode | None:
    """The episode, or None where no key says anything of one; it plays if there is a player."""
    if not plays and not any(key in fields for key in _KEYS):  # most articles
        return None
    duration = fields.duration("duration")
    if not duration and plays:
        # Of a video, the time that it takes, as ISO 8601 has it; else it may mean anything.
        length = fields.markup("length").strip()
        duration = parse_duration(length) if length.startswith("PT") else None
    episode = Episode(
        duration=duration,
        explicit=fields.flag("explicit", default=False) if "explicit" in fields else None,
        season=fields.count("season"),
        number=fields.count("episode"),
        type=fields.choice("episodeType", _TYPES),
        transcripts=tuple(_transcripts(fields)),
        chapters=file_url(fields, "chapters"),
        people=tuple(_people(fields)),
    )
    return episode if episode != Episode() else None


def file_url(fields: Fields, key: str) -> str:
    """The URL of a file, which may lie in the site if it is of a kind that is published."""
    url = fields.url(key, relative=True)
    if url and not is_absolute(url) and not type_of_url(url, ""):
        hint = "the whole URL, or a file of a known kind, such as /media/a.jpg"
        fields.problem(key, "bad-url", f"{url} is no file that is published", hint)
        return ""
    return url


def _transcripts(fields: Fields) -> Iterator[Transcript]:
    for item in fields.mappings("transcript", short="url"):
        url = file_url(item, "url")
        if not url:
            if "url" not in item:
                item.problem("url", "missing-url", "a transcript without a url", "it needs url")
            continue
        said = item.text("type")
        media_type = said.lower() or type_of_url(url, "")
        if not _MEDIA_TYPE.fullmatch(media_type):
            what = f"type is {said!r}" if said else f"of what type {url} is, its name does not say"
            item.problem("type", "bad-type", what, "such as type: text/vtt")
            continue
        language = item.text("language")
        if language and not _LANGUAGE.fullmatch(language):
            hint = "write en or pt-BR"
            item.problem("language", "bad-language", f"language is {language!r}", hint)
            language = ""
        yield Transcript(url, media_type, language)


def _people(fields: Fields) -> Iterator[Person]:
    for item in fields.mappings("people", short="name"):
        name = item.text("name")
        if not name:
            item.problem("name", "missing-name", "somebody without a name", "name them")
            continue
        yield Person(
            name=name,
            role=item.text("role").lower(),
            group=item.text("group").lower(),
            image=file_url(item, "image"),
            url=item.url("url"),
        )
