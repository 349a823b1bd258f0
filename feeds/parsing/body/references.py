"""Links to other articles of the folder, as generators and note-taking programs write them.

Where they lead is not known here: a function finds the article that a text names.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import NamedTuple, TypeAlias

from feeds.parsing.body.findings import Findings


class Target(NamedTuple):
    """The article or file that a link names."""

    #: Empty for an article that is not published: its address stays unknown.
    url: str
    title: str = ""


#: Find what a text names, a path or a name, maybe with #part; by its path alone where the second
#: argument is False. None if there is no such article or file.
Resolve: TypeAlias = Callable[[str, bool], Target | None]


@dataclass(frozen=True)
class Origin:
    """The generator that a body is written for: what it makes of signs that are others' text."""

    resolve: Resolve = lambda _target, _by_name: None
    #: True for the Markdown of Obsidian, where `[[…]]` is a link wherever it leads.
    is_obsidian: bool = False
    #: Matches the tags that are never text; None where all others are.
    tags: re.Pattern[str] | None = None


#: Our own form.
NO_ORIGIN = Origin()
#: Tags and outputs of Liquid, Nunjucks and Tera, and Hugo's shortcodes.
TEMPLATE_TAGS = re.compile(
    r"\{%(?:(?!\{%|%\}).){0,2000}%\}|\{\{(?![<%])(?:(?!\{\{|\}\}).){0,1000}\}\}", re.DOTALL
)
SHORTCODES = re.compile(r"\{\{[<%](?:(?!\{\{|[>%]\}\}).){0,2000}[>%]\}\}", re.DOTALL)
#: By the names that dialects have for them.
TAGS = {"": None, "templates": TEMPLATE_TAGS, "shortcodes": SHORTCODES}
# Tags that have no content of their own.
_QUIET_TAG = re.compile(
    r"\{%[-~+]?\s*(?:end\w*|if|else\w*|elsif|elif|unless|for|case|when|assign|set|capture|layout"
    r"|raw|verbatim|comment|break|continue|block|extends|import|from|macro)\b|\{\{[<%]\s*/",
)

_LIQUID = (
    r"\{%-?\s*(?:link|post_url|post_path)\s++['\"]?(?P<liquid>[^'\"%{}\n]{1,300}?)['\"]?"
    r"\s{0,100}-?%\}"
)
_HUGO = (
    r"\{\{[<%]\s*(?:rel)?ref\s+(?:path=)?[\"`]?(?P<hugo>[^\"`\s{}<>]{1,300})[\"`]?"
    r"[^{}\n]{0,100}[>%]\}\}"
)
_TAG = re.compile(f"{_LIQUID}|{_HUGO}")
_IN_TARGET = re.compile(
    rf"(?:{_LIQUID}|{_HUGO})(?P<after>#[^\s{{}}]*)?|(?:@(?=/)|@site(?=/)|\{{filename\}}|\|filename\|)(?P<path>\S+)",
    re.IGNORECASE,
)
_WIKI_LINK = re.compile(
    r"(?P<embed>!?)(?<![A-Za-z0-9\\\[])\[\[(?P<name>[^\[\]|#\\\n]{0,300})(?P<part>#[^\[\]|\\\n]{0,200})?"
    r"(?:\\?\|(?P<label>[^\[\]\n]{0,300}))?\]\](?!\(|\[(?!\^))"
)
_ENDING = re.compile(r"\.(?!md$|markdown$|mdx$)([A-Za-z][A-Za-z0-9]{1,4})$", re.IGNORECASE)
_PICTURE = re.compile("avif|bmp|gif|jpe?g|png|svg|webp", re.IGNORECASE)
_SIZE = re.compile(r"(?:^|\|)\s*\d{1,5}(?:x\d{1,5})?\s*$")


def name_in(target: str) -> str:
    """Return the path or name of an article in the target of a link; empty if it has none."""
    found = _IN_TARGET.fullmatch(target)
    if not found:
        return ""
    return (found["liquid"] or found["hugo"] or found["path"]).strip() + (found["after"] or "")


def escaped(url: str) -> str:
    """Return a URL as the target of a link, in Markdown and in HTML."""
    return escape(url).replace("(", "&#40;").replace(")", "&#41;")


def link_to(label: str, url: str, *, is_html: bool) -> str:
    """Return a link as Markdown or HTML."""
    if is_html:
        return f'<a href="{escape(url)}">{escape(label)}</a>'
    return f"[{_escaped_label(label)}]({escaped(url)})"


def replace_tags(source: str, resolve: Resolve) -> str:
    """Replace the tags that stand for an article's URL, outside the targets of links."""

    def url(tag: re.Match[str]) -> str:
        found = resolve((tag["liquid"] or tag["hugo"]).strip(), True)
        return escape(found.url) if found and found.url else tag[0]

    return _TAG.sub(url, source) if "{%" in source or "ref" in source else source


def replace_wiki_links(source: str, findings: Findings, origin: Origin) -> str:
    """Replace in Markdown each `[[link]]` and `![[embed]]`; what they lead to may be unknown."""

    def replacement(link: re.Match[str]) -> str:
        name, label = link["name"].strip(), (link["label"] or "").strip()
        ending = _ENDING.search(name)
        is_picture = bool(link["embed"] and ending and _PICTURE.fullmatch(ending[1]))
        if link["embed"]:
            label = _SIZE.sub("", label)
        found = origin.resolve(name + _fragment(link["part"] or ""), True) if name else None
        if found and found.url:
            if is_picture:
                return f"![{_escaped_label(label)}]({escaped(found.url)})"
            label = label or (found.title if link["embed"] else "") or name
            return link_to(label, found.url, is_html=False)
        if not (origin.is_obsidian or found):
            return link[0]
        if name:
            findings.add("unpublished" if found else "target", link[0])
        return "" if is_picture else label or name or (link["part"] or "").lstrip("#^")

    return _WIKI_LINK.sub(replacement, source) if "[[" in source else source


def remove_tags(
    source: str, findings: Findings, tags: re.Pattern[str], protect: Callable[[str], str]
) -> str:
    """Remove the tags that are left; a literal in one is text."""

    def removed(tag: re.Match[str]) -> str:
        if not _QUIET_TAG.match(tag[0]):
            findings.add("tag-left", tag[0])
        return ""

    if "{{" in source and tags is TEMPLATE_TAGS:
        source = _LITERAL.sub(lambda literal: protect(literal[2]), source)
    return tags.sub(removed, source)


_LITERAL = re.compile(r"\{\{-?\s*(['\"`])([^\n]{0,300}?)\1\s*(?:\|[^{}\n]{0,300})?-?\}\}")


def _fragment(part: str) -> str:
    """Return the id of a heading as most generators make it; none for that of a block."""
    heading = part.rpartition("#")[2].strip()
    if not heading or heading.startswith("^"):
        return ""
    return "#" + re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.lower()))


def _escaped_label(label: str) -> str:
    return re.sub(r"([\\\[\]])", r"\\\1", label)
