"""Quartz's folders of notes, and vaults of Obsidian (https://quartz.jzhao.xyz/, releases 4 and 5).

Obsidian itself publishes nothing: a vault's notes are at the URLs that Quartz gives them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, ClassVar
from urllib.parse import quote

from feeds.dialects.configuration import Files, flag_of, list_of, mapping_of, text_of
from feeds.dialects.dialect import Dialect, SiteSettings, Translation, picture_of
from feeds.dialects.javascript import Script, without_comments
from feeds.dialects.permalink import date_token, expand

_MAX_PATTERNS = 100
_MAX_SCRIPT_CHARS = 200_000
_CREATED, _PUBLISHED = ("created", "date"), ("published", "publishDate")
_MODIFIED = ("modified", "lastmod", "updated", "last-modified")
#: Characters of a file's name that are not in its URL as they are.
_REPLACED = str.maketrans({"&": "-and-", "%": "-percent", "?": "", "#": ""})
_BLANKS = re.compile(r"\s")
_LINK = re.compile(r"\[\[|\]\]")


@dataclass(frozen=True)
class Quartz(Dialect):
    """The notes below `content` of a folder with a `quartz.config`."""

    name: ClassVar[str] = "quartz"
    label: ClassVar[str] = "Quartz"
    is_obsidian: ClassVar[bool] = True
    endings: ClassVar[tuple[str, ...]] = (".md",)
    needs_front_matter: ClassVar[bool] = False

    #: The folder of the notes with a slash at its end; empty for a vault.
    top: str = "content/"
    #: Patterns of paths below it that are left out.
    ignored: tuple[str, ...] = ("private", "templates", ".obsidian")
    #: The date that lists and feeds show.
    date: str = "created"
    #: True if only notes with `publish: true` are published.
    is_explicit: bool = False

    @classmethod
    def find(cls, files: Files, permalink: str = "") -> Quartz | None:
        found = files.first("quartz.config.yaml", "quartz.config.ts")
        has_content = files.has("content/")
        if not (found or cls._is_other(files)):
            return None
        settings = _read_yaml(files.values(found)) if found.endswith(".yaml") else {}
        if found.endswith(".ts"):
            settings = _read_typescript(files.text(found)[:_MAX_SCRIPT_CHARS])
        url = text_of(settings, "baseUrl").strip("/")
        site = SiteSettings(
            title=text_of(settings, "pageTitle"),
            url=f"{url if '://' in url else f'https://{url}'}/" if url else "",
            language=text_of(settings, "locale"),
            math=True if flag_of(settings, "latex") else None,
        )
        top = "content/" if has_content else ""
        ignored = list_of(settings, "ignorePatterns")[:_MAX_PATTERNS]
        return cls(
            site,
            permalink=permalink,
            folders=(top.rstrip("/") or ".",),
            top=top,
            ignored=tuple(map(str, ignored)) if "ignorePatterns" in settings else cls.ignored,
            date=text_of(settings, "defaultDateType") or "created",
            is_explicit=flag_of(settings, "explicit"),
        )

    @classmethod
    def _is_other(cls, files: Files) -> bool:
        """Return True for a folder without a configuration that is the dialect's all the same."""
        return files.has("content/") and files.has("quartz/")

    def is_article(self, path: str) -> bool:
        if not super().is_article(path) or not path.startswith(self.top):
            return False
        below = path.removeprefix(self.top)
        return not any(
            below.startswith(f"{pattern.strip('/')}/") or fnmatchcase(below, pattern)
            for pattern in self.ignored
        )

    def file_url(self, path: str) -> str:
        names = path.removeprefix(self.top).split("/")
        return self.base + quote("/".join(map(_sluggify, names)))

    def translate(self, article: Translation) -> None:
        *folders, name = article.path.removeprefix(self.top).removesuffix(".md").split("/")
        is_index = name in ("index", "_index")
        shown = folders[-1] if is_index and folders else name
        dates = _PUBLISHED if self.date == "published" else ()
        date = article.moment(*dates, *_CREATED, *_PUBLISHED, *_MODIFIED)
        article.is_article = date is not None
        article.put("title", article.text("title") or shown, "title")
        article.put("publishedDateTime", date, *_CREATED, *_PUBLISHED)
        article.put("updatedDateTime", article.moment(*_MODIFIED), *_MODIFIED)
        tags = article.words("tags", ",") or article.words("tag", ",")
        # Obsidian writes links and hashes into properties.
        topics = (_LINK.sub("", tag).strip().lstrip("#") for tag in tags)
        article.put("topics", dict.fromkeys(filter(None, topics)), "tags", "tag")
        article.take("excerpt", "description")
        article.name_author()
        if self.is_explicit and article.text("publish").lower() != "true":
            article.hold_back("publish")
        slug = "/".join(map(_sluggify, (*folders, "" if is_index else name)))
        if self.permalink and date:
            values = {"path": slug, "slug": _sluggify(name), "name": _sluggify(name)}
            slug = expand(self.permalink, lambda key: values.get(key) or date_token(key, date))
        article.publish_at(slug)
        picture = picture_of(article.written, "socialImage", "image", "cover")
        if "://" in picture:
            article.show_picture(picture, "socialImage", "image", "cover")


@dataclass(frozen=True)
class Obsidian(Quartz):
    """The notes of a vault that no generator has configured."""

    name: ClassVar[str] = "obsidian"
    label: ClassVar[str] = "Obsidian"

    @classmethod
    def _is_other(cls, files: Files) -> bool:
        return files.has(".obsidian/")


def _sluggify(name: str) -> str:
    return _BLANKS.sub("-", name).translate(_REPLACED)


def _read_typescript(text: str) -> dict[str, Any]:
    settings = dict(mapping_of(Script(text).object_with("configuration"), "configuration"))
    code = without_comments(text)
    settings["explicit"] = "ExplicitPublish(" in code
    settings["latex"] = "Latex(" in code
    return settings


def _read_yaml(values: Mapping[str, Any]) -> dict[str, Any]:
    settings = mapping_of(values, "configuration")
    for plugin in list_of(values, "plugins"):
        if isinstance(plugin, dict) and flag_of(plugin, "enabled", default=True):
            source = text_of(plugin, "source")
            settings["explicit"] = settings.get("explicit") or source.endswith("explicit-publish")
            settings["latex"] = settings.get("latex") or source.endswith("latex")
            if date := text_of(mapping_of(plugin, "options"), "defaultDateType"):
                settings["defaultDateType"] = date
    return settings
