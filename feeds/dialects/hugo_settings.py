"""The configuration of Hugo, and what of its folders of content decides single pages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from feeds.dialects.configuration import Files, flag_of, list_of, mapping_of, text_of
from feeds.parsing.front_matter import read_front_matter
from feeds.parsing.yaml_text import YAMLMapping, YAMLTextError

_ENDINGS = (".toml", ".yaml", ".yml", ".json")
#: Settings that other programs with a config.toml or config.yaml do not have.
_SETTINGS = ("baseurl", "languagecode", "permalinks", "defaultcontentlanguage", "params")
#: Where a page's dates are looked for; `frontmatter` of the configuration changes it.
_DATES = {
    "date": ("date", "publishdate", "lastmod"),
    "publishdate": ("publishdate",),
    "lastmod": ("lastmod",),
}
_ALIASES = {"lastmod": ("modified",), "publishdate": ("pubdate", "published")}
#: The kind of articles: lists, for one, have other cascades and permalinks.
_KIND = "page"
_ENVIRONMENT = "production"
#: More cascades, permalinks or folders are hardly a site's.
_MAX_RULES = 500


class Root(NamedTuple):
    """A folder of content in a language."""

    folder: str
    language: str
    #: The place of its files in the content, as a mount gives it; empty for the top.
    target: str = ""


class Rule(NamedTuple):
    """A permalink of the pages whose paths match a pattern, or front matter that they get."""

    #: Empty for all pages.
    pattern: str
    permalink: str = ""
    values: YAMLMapping | None = None
    #: Empty for all languages.
    language: str = ""

    def is_for(self, path: str, language: str = "") -> bool:
        """Return True if the rule is for a page."""
        if self.language not in ("", language):
            return False
        return not self.pattern or any(_fits(each, path) for each in _alternatives(self.pattern))


class Section(NamedTuple):
    """The page of a folder, and the front matter that the pages below it get."""

    title: str = ""
    slug: str = ""
    cascade: tuple[Rule, ...] = ()


class Language(NamedTuple):
    """The settings of a language's pages."""

    is_published: bool
    #: The address of its pages, where each language has its own.
    url: str
    #: The beginning of its pages' paths.
    prefix: str
    permalinks: tuple[Rule, ...]
    #: Sections whose pages are files, such as x.html; "" for all.
    ugly: frozenset[str]
    lower: bool
    accents: bool

    def permalink_of(self, path: str) -> str:
        """Return the template of a page's URL; empty for one that its path alone decides."""
        return next((rule.permalink for rule in self.permalinks if rule.is_for(path)), "")


class Place(NamedTuple):
    """A page's language, the folders above it, and its name, which is a bundle's folder's."""

    language: str
    folders: tuple[str, ...]
    name: str
    is_bundle: bool

    @property
    def path(self) -> str:
        """The page's path as patterns have it."""
        return "/" + "/".join((*self.folders, self.name)).lower().replace(" ", "-")


def read_configuration(files: Files) -> dict[str, Any] | None:
    """Return the settings of all files, their keys in lower case; None if they are not Hugo's."""
    names = [f"{name}{ending}" for name in ("hugo", "config") for ending in _ENDINGS]
    values: dict[str, Any] = {}
    if found := files.first(*names):
        _merge(values, files.values(found))
    folders = [f"config/{name}" for name in ("_default", _ENVIRONMENT)]
    for path in (path for folder in folders for path in files.list(folder)):
        name, ending = posixpath.splitext(posixpath.basename(path))
        if ending in _ENDINGS:
            settings: dict[str, Any] = files.values(path)
            for key in reversed(_keys_of(name.lower())):
                settings = {key: settings}
            _merge(values, settings)
    is_named = found.startswith("hugo") or files.has("config/_default/")
    return values if is_named or any(map(values.__contains__, _SETTINGS)) else None


def _keys_of(name: str) -> list[str]:
    """Return the keys under which the settings of a file in config/_default are."""
    name, _, language = name.partition(".")
    if language:
        return ["languages", language, *([name] if name == "params" else [])]
    return [] if name in ("hugo", "config") else [name]


def _merge(values: dict[str, Any], others: Mapping[str, Any]) -> None:
    for key, value in others.items():
        if isinstance(value, dict):
            if not isinstance(values.get(key.lower()), dict):
                values[key.lower()] = YAMLMapping()
            _merge(values[key.lower()], value)
        else:
            values[key.lower()] = value


def default_language(values: Mapping[str, Any]) -> str:
    """Return the code of the language whose pages' paths have no prefix."""
    code = text_of(values, "defaultcontentlanguage").lower() or "en"
    defined = _defined_languages(values)
    return next(iter(defined), code) if code not in defined else code


def _defined_languages(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    defined = mapping_of(values, "languages").items()
    return {code: own for code, own in defined if isinstance(own, dict)}


def read_languages(values: Mapping[str, Any]) -> dict[str, Language]:
    """Return the settings of each language by its code."""
    default = default_language(values)
    defined = _defined_languages(values) or {default: {}}
    has_hosts = all(text_of(own, "baseurl") for own in defined.values())
    has_prefixes = flag_of(values, "defaultcontentlanguageinsubdir")
    off = list_of(values, "disablelanguages")
    found = {}
    for code, own in defined.items():
        settings = {**values, **own}
        is_plain = has_hosts or (code == default and not has_prefixes)
        found[code] = Language(
            is_published=code not in off and not flag_of(own, "disabled"),
            url=address(text_of(own, "baseurl")) if has_hosts else "",
            prefix="" if is_plain else f"/{code}",
            permalinks=tuple(_permalinks(settings.get("permalinks"))),
            ugly=_ugly(settings.get("uglyurls")),
            lower=not flag_of(settings, "disablepathtolower"),
            accents=not flag_of(settings, "removepathaccents"),
        )
    return found


def _permalinks(value: Any) -> Iterator[Rule]:
    if isinstance(value, list):
        for each in value[:_MAX_RULES]:
            if isinstance(each, dict) and _is_for_pages(each):
                yield Rule(_target(each, "path").lower(), text_of(each, "pattern"))
        return
    given = value if isinstance(value, dict) else {}
    by_section = {**given, **mapping_of(given, "page")}
    for section in sorted(by_section, key=len, reverse=True)[:_MAX_RULES]:
        path = section.strip(" /").lower()
        if permalink := text_of(by_section, section):
            for pattern in (f"/{path}", f"/{path}/**") if path else ("/*",):
                yield Rule(pattern, permalink)


def _ugly(value: Any) -> frozenset[str]:
    if isinstance(value, dict):
        return frozenset(section for section in value if flag_of(value, section))
    return frozenset([""] if flag_of({"": value}, "") else [])


def address(text: str) -> str:
    """Return the address of a site with a slash at its end; empty for none."""
    return f"{text.rstrip('/')}/" if text.startswith(("http://", "https://")) else ""


def read_roots(values: Mapping[str, Any], files: Files) -> tuple[Root, ...]:
    """Return the folders of content that are there; that of another comes before it."""
    default = default_language(values)
    folder = text_of(values, "contentdir") or "content"
    found: dict[str, Root] = {}
    for mount in list_of(mapping_of(values, "module"), "mounts"):
        top, *below = text_of(mount, "target").split("/") if isinstance(mount, dict) else [""]
        if top == "content":
            languages = list_of(mapping_of(mount, "sites", "matrix"), "languages")
            code = (text_of(mount, "lang") or "".join(map(str, languages[:1]))).lower()
            source = text_of(mount, "source")
            found.setdefault(source, Root(source, code or default, "/".join(below)))
    if not found:
        for code, own in (_defined_languages(values) or {default: {}}).items():
            # Files that several languages share are those of the default one.
            source = text_of(own, "contentdir")
            found.setdefault(source or folder, Root(source or folder, code if source else default))
    roots = (root._replace(folder=posixpath.normpath(root.folder)) for root in found.values())
    there = [root for root in roots if files.has(f"{root.folder}/")][:_MAX_RULES]
    return tuple(sorted(there, key=lambda root: len(root.folder), reverse=True))


def date_keys(values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the keys that have each of a page's dates, the first first."""
    found = {}
    for date, defaults in _DATES.items():
        keys: list[str] = []
        for each in list_of(mapping_of(values, "frontmatter"), date) or [":default"]:
            for key in defaults if each == ":default" else [str(each).lower()]:
                keys += key, *_ALIASES.get(key, ())
        found[date] = tuple(dict.fromkeys(keys))
    return found


def find_place(path: str, roots: Sequence[Root], languages: Mapping[str, Language]) -> Place | None:
    """Return the place of a page's file in the content; None if it is outside."""
    root = next((root for root in roots if path.startswith(f"{root.folder}/")), None)
    if not root:
        return None
    *folders, name = path[len(root.folder) + 1 :].split("/")
    folders[:0] = filter(None, root.target.split("/"))
    stem, language = name.rpartition(".")[0], root.language
    name, dot, code = stem.rpartition(".")
    if dot and code.lower() in languages:
        stem, language = name, code.lower()
    if stem == "index":
        return Place(language, tuple(folders[:-1]), "".join(folders[-1:]), is_bundle=True)
    return Place(language, tuple(folders), stem, is_bundle=False)


def read_cascade(value: Any, language: str = "") -> Iterator[Rule]:
    """Yield the rules of a `cascade`: front matter for many pages."""
    for each in value[:_MAX_RULES] if isinstance(value, list) else [value]:
        if not isinstance(each, dict) or not _is_for_pages(each):
            continue
        if _target(each, "environment") in ("", _ENVIRONMENT):
            pattern, code = _target(each, "path").lower(), _target(each, "lang") or language
            values = YAMLMapping(
                (key.lower(), own)
                for given in (mapping_of(each, "params"), each)
                for key, own in given.items()
                if key not in ("_target", "target", "params")
            )
            yield Rule(pattern, values=values, language=code)


def _is_for_pages(values: Mapping[str, Any]) -> bool:
    kinds = _target(values, "kind").lower()
    return not kinds or any(fnmatchcase(_KIND, kind) for kind in _alternatives(kinds))


def _target(values: Mapping[str, Any], key: str) -> str:
    return text_of({**mapping_of(values, "_target"), **mapping_of(values, "target")}, key)


def read_content(
    files: Files,
    roots: Sequence[Root],
    languages: Mapping[str, Language],
    endings: tuple[str, ...],
) -> tuple[dict[str, Section], frozenset[str]]:
    """Return the sections by their folders, and the pages that are parts of others."""
    sections: dict[str, Section] = {}
    bundles, pages = set[str](), list[tuple[str, str]]()
    for path in (path for root in roots for path in files.walk(root.folder, *endings)):
        place = find_place(path, roots, languages)
        if not place:
            continue
        folder = posixpath.dirname(path)
        if place.is_bundle:
            bundles.add(folder)
            pages.append((path, posixpath.dirname(folder)))
        elif place.name == "_index":
            section = _read_section(files.text(path), place.language)
            known = sections.setdefault("/".join(place.folders), section)
            if known is not section:  # that of another language
                cascade = (*known.cascade, *section.cascade)
                sections["/".join(place.folders)] = known._replace(cascade=cascade)
        else:
            pages.append((path, folder))
    return sections, frozenset(path for path, folder in pages if _is_below(folder, bundles))


def _read_section(text: str, language: str) -> Section:
    with suppress(YAMLTextError):
        front = read_front_matter(text, may_be_empty=True).values
        values = {key.lower(): value for key, value in front.items()}
        cascade = tuple(read_cascade(values.get("cascade"), language))
        return Section(text_of(values, "title"), text_of(values, "slug").strip("-"), cascade)
    return Section()


def _is_below(path: str, folders: set[str]) -> bool:
    while path and path not in folders:
        path = posixpath.dirname(path)
    return bool(path)


def _alternatives(pattern: str) -> list[str]:
    found = re.fullmatch(r"([^{}]*)\{([^{}]*)\}([^{}]*)", pattern)
    return [found[1] + each + found[3] for each in found[2].split(",")] if found else [pattern]


def _fits(pattern: str, path: str) -> bool:
    # Two asterisks stand for folders too, of which fnmatch knows nothing.
    is_deep = "**" in pattern or pattern.count("/") == path.count("/")
    return is_deep and fnmatchcase(path, pattern)
