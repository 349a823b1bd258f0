"""Says what is wrong with output, without the code that made it: html5lib, lxml, json.

Each check raises ViolationError.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterable
from typing import Any

import lxml.etree as etree

#: Without types.
html5lib: Any = importlib.import_module("html5lib")

#: Longer HTML is searched instead of parsed: html5lib is slow.
_MAX_PARSED_CHARS = 100_000
_URL_ATTRIBUTES = frozenset(
    "action background cite data formaction href icon longdesc manifest ping poster profile src"
    " usemap".split()
)
_LISTS_OF_URLS = frozenset(("srcset", "imagesrcset", "archive"))
_FORBIDDEN_TAGS = frozenset(
    "animate applet base body button embed foreignobject form frame frameset head html iframe input"
    " link maction meta noscript object param script select set style svg template textarea title"
    " xml".split()
)
_FORBIDDEN_ATTRIBUTES = frozenset(("style", "srcdoc", "id", "class", "name", "target", "xmlns"))
#: Of XML 1.0 §2.2, in what is text and not markup.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class ViolationError(Exception):
    """A broken promise; `kind` groups faults that look alike."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def check_text(texts: Iterable[str], kind: str = "forbidden-character") -> None:
    """Every character is one that XML 1.0 allows."""
    for text in texts:
        if match := _NOT_XML.search(text):
            raise ViolationError(kind, f"U+{ord(match[0]):04X} in {text[:200]!r}")


def check_url(url: str, *, schemes: tuple[str, ...] = ("http", "https")) -> None:
    """The URL is absolute, and of one of these schemes, as a browser would read it."""
    # Browsers drop tabs and line breaks in a URL, and controls and spaces before it.
    seen = re.sub("[\t\r\n]", "", url).lstrip("".join(map(chr, range(0x21))))
    match = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", seen)
    if not match or match[1].lower() not in schemes:
        raise ViolationError("unsafe-url", f"the URL {url[:200]!r}")


def check_html(
    markup: str, *, frames: bool = False, own_attributes: frozenset[str] = frozenset()
) -> None:
    """A browser would run nothing of this fragment, and each of its links is http(s) or mailto."""
    check_text([markup])
    if len(markup) > _MAX_PARSED_CHARS:
        tags = "|".join(_FORBIDDEN_TAGS - ({"iframe"} if frames else set()))
        if match := re.search(rf"<(?:{tags})\b|<[a-z][^>]*\s(?:on\w+|style)\s*=", markup):
            raise ViolationError(
                "unsafe-html", f"{match[0][-200:]!r} in HTML of {len(markup)} characters"
            )
        return
    fragment = html5lib.parseFragment(markup, namespaceHTMLElements=False)
    for element in fragment.iter():
        if not isinstance(element.tag, str):
            raise ViolationError("unsafe-html", "a comment")
        tag = element.tag.rpartition("}")[2].lower()
        if element is fragment:
            continue
        if tag in _FORBIDDEN_TAGS and not (frames and tag == "iframe"):
            raise ViolationError("unsafe-html", f"<{tag}>")
        for attribute, value in element.attrib.items():
            name = str(attribute).rpartition("}")[2].lower()
            if name in own_attributes:
                continue
            if name.startswith("on") or name in _FORBIDDEN_ATTRIBUTES:
                raise ViolationError("unsafe-html", f"<{tag} {name}={value[:100]!r}>")
            if name in _LISTS_OF_URLS:
                raise ViolationError("unsafe-html", f"<{tag} {name}>")
            if name in _URL_ATTRIBUTES:
                mail = ("mailto",) if tag == "a" else ()
                check_url(value, schemes=("http", "https", *mail))


def parse_xml(document: bytes) -> etree._Element:
    """Return the root of a well-formed document."""
    try:
        return etree.fromstring(document, etree.XMLParser(resolve_entities=False, huge_tree=True))
    except etree.XMLSyntaxError as error:
        raise ViolationError("ill-formed-xml", str(error)) from error


def parse_json(document: bytes) -> object:
    """Return the value of a JSON document."""
    try:
        return json.loads(document.decode("utf-8"))
    except ValueError as error:
        raise ViolationError("ill-formed-json", str(error)) from error


def check_page(document: bytes) -> None:
    """A browser would run nothing of a page but its own scripts, which have no attributes."""
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ViolationError("ill-formed-page", str(error)) from error
    check_text([text])
    if len(text) > _MAX_PARSED_CHARS:
        return
    for element in html5lib.parse(text, namespaceHTMLElements=False).iter():
        for attribute, value in element.attrib.items():
            name = str(attribute).rpartition("}")[2].lower()
            if name.startswith("on"):
                raise ViolationError("unsafe-page", f"<{element.tag} {name}={value[:100]!r}>")
            if name in _URL_ATTRIBUTES and re.match(
                r"\s*(?:javascript|vbscript|data)\s*:", re.sub("[\t\r\n]", "", value), re.IGNORECASE
            ):
                raise ViolationError("unsafe-page", f"<{element.tag} {name}={value[:100]!r}>")


def check_size(output: int, source: int, *, times: int, more: int) -> None:
    """The output's length is bounded by its source's."""
    if output > times * source + more:
        raise ViolationError(
            "large-output", f"{output:,} from {source:,}, {output / max(1, source):.0f} times"
        )
