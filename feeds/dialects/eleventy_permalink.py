"""Eleventy's permalinks: names of files and templates, of which common expressions are understood.

The language of templates is Liquid or Nunjucks: of both, a value and filters after it are one.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from datetime import datetime

from feeds.dialects.permalink import format_date
from feeds.dialects.slugs import ascii_slug, remembered, to_ascii

_EXPRESSION = re.compile(r"\{\{-?([^{}]{0,300}?)-?\}\}")
#: A filter, and the text in quotes that it is given after a colon or in brackets.
_FILTER = re.compile(r"\s*(\w+)\s*(?:(?::|\()\s*(?:[\"']([^\"'\n]{0,100})[\"']\s*)?\)?)?\s*")
_DATED = re.compile(r".*?\d{4}-\d{2}-\d{2}-(.*)", re.DOTALL)
#: A function of data that only returns a template of JavaScript.
_FUNCTION = re.compile(
    r"\bpermalink\s{0,20}(?::\s{0,20}(?:async\s{1,20})?(?:function\b\s{0,20}[\w$]{0,50})?\s{0,20})?"
    r"(?:\([^()]{0,100}\)|[\w$]{1,50})\s{0,20}(?:=>)?\s{0,20}(?:\{\s{0,200}return)?\s{0,20}"
    r"`(?P<template>[^`\\]{0,300})`"
)
_CALL = re.compile(
    r"\$\{\s{0,20}(?:this\.(?P<filter>slugify|slug)\(\s{0,20})?"
    r"(?:data\.)?(?P<name>[\w.]{1,100})\s{0,20}\)?\s{0,20}\}"
)
#: The names that the slug of older sites gives to signs.
_SIGNS = {"&": "and", "%": "percent", "$": "dollar", "<": "less", ">": "greater", "|": "or"}


class UnknownValueError(Exception):
    """A template needs code of the site."""


def fill_in(template: str, value: Callable[[str], str | datetime | None]) -> str:
    """Return a template with the values of its expressions. Raises UnknownValueError."""

    def replace(expression: re.Match[str]) -> str:
        name, *filters = expression[1].split("|")
        found = value(name.strip())
        for each in filters:
            found = _filtered(found, each)
        if not isinstance(found, str) or not found:
            raise UnknownValueError(name)
        return found

    if "{%" in template or "{{" in _EXPRESSION.sub("", template):
        raise UnknownValueError(template)
    return _EXPRESSION.sub(replace, template)


def template_of_code(code: str) -> str | None:
    """Return the template that a function in JavaScript returns as a permalink; else None."""
    found = _FUNCTION.search(code)
    if not found:
        return None
    template = _CALL.sub(
        lambda call: f"{{{{ {call['name']}{' | ' + call['filter'] if call['filter'] else ''} }}}}",
        found["template"],
    )
    return None if "${" in template else template


def _filtered(value: str | datetime | None, filter: str) -> str | None:
    """Return what a filter makes of a value; None if it is not known."""
    found = _FILTER.fullmatch(filter)
    name, argument = found.groups() if found else ("", None)
    if isinstance(value, datetime):
        shown = format_date(argument, value) if name == "date" and argument else ""
        return None if "%" in shown else shown
    if value is None:
        return None
    match name:
        case "slugify":
            return slugify(value)
        case "slug":
            return _slug(value)
        case "downcase" | "lower":
            return value.lower()
        case "strip" | "trim" | "safe":
            return value.strip()
    return None


@remembered
def slugify(text: str) -> str:
    """Return a text as Eleventy's slugify does: letters and digits in ASCII, and hyphens."""
    words = to_ascii(text.replace("&", " and ").replace("’", "'")).lower()
    words = re.sub(r"(?<=[a-z0-9])'([ts])(?=\s|$)", r"\1", words)
    return ascii_slug(words)


def _slug(text: str) -> str:
    """Return a text as Eleventy's older slug does, which keeps some signs."""
    named = re.sub(r"[&%$<>|]", lambda sign: _SIGNS[sign[0]], text)
    kept = re.sub(r"[^\w\s*+~.()'\"!:@-]+", "", to_ascii(named))
    return re.sub(r"[\s-]+", "-", kept.strip(" -")).lower()


def path_stem(stem: str) -> str:
    """Return page.filePathStem of a path without its ending."""
    folder, name = posixpath.split(stem)
    return posixpath.join("/", folder, _undated(name))


def file_slug(stem: str) -> str:
    """Return page.fileSlug of a path without its ending."""
    folder, name = posixpath.split(stem)
    slug = _undated(name)
    return _undated(posixpath.basename(folder)) if slug == "index" else slug


def default_path(stem: str) -> str:
    """Return the path of the URL of a page without a permalink."""
    folder, name = posixpath.split(stem)
    is_index = name in ("index", posixpath.basename(folder))
    return f"/{folder}/".replace("//", "/") if is_index else f"/{stem}/"


def _undated(name: str) -> str:
    dated = _DATED.fullmatch(name)
    return dated[1] if dated else name
