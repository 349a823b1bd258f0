"""Replaces in a body the syntax of other generators: links to files, shortcodes, attributes.

Jekyll, Hugo, Zola, Pelican, kramdown, Pandoc and MDX mean something by it that is no text. Where
only the generator knows what, a link becomes plain text, and is told. Takes linear time.
"""

import re
from collections.abc import Callable
from html import escape

from feeds.parsing.body import embeds
from feeds.parsing.body.findings import Findings
from feeds.parsing.body.references import Resolve, escaped, link_to, name_in
from feeds.parsing.body.structure import UNKNOWN_LINK

# A tag or an output within a link's target has blanks, which end the target for Markdown.
_TEMPLATE = (
    r"\{\{[<%][^{}\n]{0,300}[>%]\}\}|\{\{[^{}\n]{0,300}\}\}|\{%[^%{}\n]{0,300}%\}|\{[a-z_]+\}"
)
_TARGET = re.compile(
    r"(?P<before>\]\([ \t]*<?|^ {0,3}\[[^\]\n]{1,300}\]:[ \t]*<?"
    r"|\b(?:href|src|srcset|poster|cite|data-src)[ \t]*=[ \t]*[\"']?)"
    rf"(?=[{{|@]|(?:link|pathname)://|[^\s()<>\"'{{}}]{{1,200}}\{{%)(?P<target>(?:{_TEMPLATE}|[^\s()<>\"'{{}}]){{1,300}})",
    re.MULTILINE,
)
# Without a tag, each of these begins so, which is fast to search.
_TARGET_START = re.compile(r"[=(<:\"'](?<![^\]]:)[ \t]*(?:[{|@]|(?:link|pathname)://)")
# At the head of a target: the site's root, and a path within it.
_ROOT = re.compile(
    r"(?:\{\{-?\s*(?:site\.(?:baseurl|base_url|url|github\.url)|base_?url|BASE_PATH|SITEURL"
    r"|site_?url|\.Site\.BaseURL)\s*(?:\|[^{}\n]*)?-?\}\}|\{index\})+"
)
_PATH = re.compile(r"\{(?:static|attach|photo)\}|\|static\||pathname://")
# In exports of Ghost, and in JSX.
_GHOST_ROOT = re.compile(r"(?<![\w/])__GHOST_URL__(?=/)")
_JSX_FILE = re.compile(
    r"=\{(?:require|useBaseUrl)\([ \t]*(['\"])([^'\"{}<>\n]{1,300})\1[ \t]*\)(?:\.default)?\}"
)
_LITERAL = re.compile(r"\{\{-?\s*(['\"])([^'\"{}\n]*)\1\s*(?:\|[^{}\n]*)?\}\}")
_THIS_PAGE = re.compile(r"\{\{-?\s*page\.(?:url|permalink)\s*(?:\|[^{}\n]*)?-?\}\}")
# The rest of a target that no reader can open.
_UNKNOWN = re.compile(r"\{\{|\{%|\{[a-z_]+\}|\|[a-z]+\||@(?:/|site/)|link://", re.IGNORECASE)

_ARGUMENT = r"(?:[\w-]+=)?(?:\"[^\"\n]{0,300}\"|`[^`\n]{0,300}`|[^\s<>%{}\"`=]{1,300})"
_SHORTCODE = re.compile(
    r"\{\{(?P<sign>[<%])[ \t]*(?P<slash>/?)[ \t]*(?P<name>[\w/.-]{1,60})"
    rf"(?P<arguments>(?:[ \t]+{_ARGUMENT}){{0,20}})[ \t]*/?[ \t]*[>%]\}}\}}"
)
_ESCAPED_SHORTCODE = re.compile(r"\{\{([<%])[ \t]*/\*([^{}\n]{0,300}?)\*/[ \t]*([>%])\}\}")
_NAMED = re.compile(r"([\w-]+)=(?:\"([^\"]*)\"|`([^`]*)`|(\S+))")

_ATTRIBUTE = (
    r"(?:[.#][A-Za-z_-][\w:-]*|[\w:-]+=(?:\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'|[^\s\"'{}]{1,200}))"
)
_ATTRIBUTES = rf"[ \t]*{_ATTRIBUTE}(?:[ \t]+{_ATTRIBUTE}){{0,20}}[ \t]*"
#: Markup of Markdown that is no text, of kramdown, Pandoc, Python-Markdown and MDX. Each after
#: a text that is in it, which is fast to search.
_MARKS: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (sign, re.compile(pattern, re.MULTILINE), replacement)
    for sign, pattern, replacement in (
        # A list that is to become the table of contents.
        ("{:", r"^[ \t]*(?:[*+-]|\d+\.)[ \t]+[^\n]*\n[ \t]*\{:[ \t]*toc\b[^{}\n]*\}[ \t]*$", ""),
        ("[", r"^[ \t]*(?i:\[toc\]|\[\[_?toc_?\]\])[ \t]*$", ""),
        # Attributes of kramdown, and names for them; elsewhere, braces may be those of a program.
        (
            "{:",
            rf"^[ \t>]*\{{:(?:{_ATTRIBUTES}|[\w-]+:{_ATTRIBUTES}|[ \t]*(?:toc|no_toc))\}}"
            r"[ \t]*(?:\n|\Z)",
            "",
        ),
        ("{:", rf"(?<=[)\]*_~`>\0])\{{:{_ATTRIBUTES}\}}", ""),
        ("{:", rf"^([ \t]*(?:[*+-]|\d{{1,9}}\.)[ \t]+)\{{:{_ATTRIBUTES}\}}", r"\1"),
        ("{:", r"\{::?/?(?:nomarkdown|options)[^{}\n]{0,200}\}", ""),
        # Attributes of Pandoc and others, of a heading, a picture, a link or a span.
        ("{", rf"^( {{0,3}}#{{1,6}}[ \t][^\n{{]*)\{{{_ATTRIBUTES}\}}(?=[ \t]*#*[ \t]*$)", r"\1"),
        ("{", rf"\{{{_ATTRIBUTES}\}}(?=[ \t]*\n {{0,3}}(?:=+|-+)[ \t]*$)", ""),
        ("{", rf"(?<=[)\]])\{{{_ATTRIBUTES}\}}", ""),
        # Quarto's label of a formula, whose end mark stands for it here.
        ("{", rf"(?<=\ufdd1)[ \t]*\{{{_ATTRIBUTES}\}}", ""),
        # Fences around notes.
        (":::", r"^:::+[ \t]*(?:\{[^{}\n]*\}|[\w-]+)?[ \t]*\[([^\]\n]+)\][ \t]*$", r"\n**\1**\n"),
        (":::", r"^:::+(?:[ \t]*(?:\{[^{}\n]*\}|[\w-]+))?[ \t]*:*$", "\n"),
        (":::", r"^:::+[ \t]*[\w-]+[ \t]+(\w[^{}\n]*)$", r"\n**\1**\n"),
    )
)
# At the head of a quotation: an alert of GitHub's, or a callout of Obsidian's, with a title and a
# sign of one that folds.
_ALERT = re.compile(
    r"^(?P<quote>[ \t]*>[ \t>]*)\[!(?P<kind>[A-Za-z][\w-]{0,30})(?:\|[^\]\n]{0,100})?\]"
    r"(?![(\[:])[+-]?(?P<title>[^\n]*)",
    re.MULTILINE,
)
# A paragraph of these, as MDX has it.
_MODULE = re.compile(
    r"(?:\A|(?<=\n\n))(?:import\b(?:[\w\s{},*$]{1,500}\bfrom)?[ \t]*"
    r"(?:\"[^\"\n]+\"|'[^'\n]+');?[ \t]*(?:\n|\Z)"
    r"|export[ \t]+(?:(?:const|let|var)[ \t]+[\w{}, ]{1,200}=|(?:async[ \t]+)?function\b"
    r"|default[ \t]+(?:[({]|function\b|\w+;?[ \t]*$))[^\n]*(?:\n|\Z)(?:[^\n]+(?:\n|\Z))*)+",
    re.MULTILINE,
)
#: A component of MDX without text of its own. An Image is a picture, and has a lost target itself.
COMPONENT = re.compile(r"<(?!Image\b)([A-Z]\w{0,40}[a-z]\w{0,40})(?:\s[^<>]{0,500})?/>", re.ASCII)
_POST_LINK = re.compile(
    r"\{%-?\s*post_link\s+([^\s%]{1,300})(?:[ \t]+['\"]?([^'\"%\n]{1,300}?)['\"]?)?"
    r"(?:[ \t]+(?:true|false))?[ \t]*-?%\}"
)
# A tag of another engine, with arguments: prose about templates names tags alone.
_LEFT = re.compile(
    r"\{%-?\s*[a-z_]\w*[ \t]+[^\s%{}-][^%{}\n]{0,300}%\}|\{\{[<%][^{}\n]{0,300}[>%]\}\}"
    r"|^(?:!!!|\?\?\?\+?)[ \t]+\w[^\n]{0,100}|!\[\[[^\[\]\n]{1,300}\]\](?!\()",
    re.MULTILINE,
)


def may_hold_syntax(source: str) -> bool:
    """True unless a body certainly has none of it."""
    return source.startswith(_FIRST_WORDS) or any(
        sign in source and (not pattern or pattern.search(source)) for sign, pattern in _SIGNS
    )


# Signs of it, which are fast to search, and what follows those that other text has, too.
_FIRST_WORDS = ("import ", "export ", ":::", "!!!", "???")
_SIGNS = (
    ("{", re.compile(r"\{(?:[%{:#./]|[ ]?[a-zA-Z_#.])")),
    ("[!", re.compile(r"^[ \t]*>[ \t>]*\[!", re.MULTILINE)),
    ("[[", re.compile(r"!\[\[|\[\[_?toc", re.IGNORECASE)),
    ("/>", COMPONENT),
    ("\n", re.compile(rf"\n(?:{'|'.join(map(re.escape, _FIRST_WORDS))})")),
    ("@", re.compile("@(?:site)?/")),
    ("|", re.compile(r"\|(?:filename|static)\|")),
    *((name, None) for name in ("[TOC]", "[toc]", "link://", "pathname://", "__GHOST_URL__")),
)


def replace_targets(source: str, findings: Findings, resolve: Resolve, *, is_html: bool) -> str:
    """Write out the targets of links and pictures; unknown ones are findings."""

    def replacement(match: re.Match[str]) -> str:
        target = _LITERAL.sub(r"\2", match["target"])
        root, path = _ROOT.match(target), _PATH.match(target)
        if root:
            target = "/" + target[root.end() :].lstrip("/")
            # The path may be the output of a second tag.
            target = re.sub(r"^/(?=\{)", "", target)
        elif path:
            target = target[path.end() :]
        name = name_in(target)
        if name.startswith("#"):
            return match["before"] + name
        found = resolve(name, True) if name else None
        if found:
            if not found.url:
                findings.add("unpublished", match["target"])
            return match["before"] + (escaped(found.url) or UNKNOWN_LINK)
        target, this_page = _THIS_PAGE.subn("", target)
        if _UNKNOWN.match(target) or "{%" in target:
            findings.add("target", match["target"])
            return match["before"] + UNKNOWN_LINK
        if not target and not this_page:
            return match[0]
        return match["before"] + (target or "#")

    def title(match: re.Match[str]) -> str:
        found = resolve(match[1], True)
        if found and found.url:
            return link_to(match[2] or found.title or match[1], found.url, is_html=is_html)
        findings.add("unpublished" if found else "target", match[0])
        return match[2] or match[1]

    if "__GHOST_URL__" in source:
        source = _GHOST_ROOT.sub("", source)
    source = _JSX_FILE.sub(r'="\2"', source)
    if "{%" in source or _TARGET_START.search(source):
        source = _TARGET.sub(replacement, source)
    return _POST_LINK.sub(title, source)


def replace_shortcodes(source: str, findings: Findings, protect: Callable[[str], str]) -> str:
    """Replace Hugo's shortcodes; those without a meaning here are findings."""
    if "{{<" not in source and "{{%" not in source:
        return source
    source = _ESCAPED_SHORTCODE.sub(
        lambda match: protect(f"{{{{{match[1]}{match[2]}{match[3]}}}}}"), source
    )
    paired = {match["name"] for match in _SHORTCODE.finditer(source) if match["slash"]}

    def replacement(match: re.Match[str]) -> str:
        name, arguments = match["name"], match["arguments"].strip()
        named = {key: a or b or c for key, a, b, c in _NAMED.findall(arguments)}
        # Many sites have their own instead of Hugo's `figure`.
        if named.get("src") and (name == "figure" or embeds.is_picture(named["src"])):
            return embeds.figure(named)
        if page := embeds.page_of(name, named, arguments.replace('"', "").split()):
            return embeds.link(page)
        if name in embeds.FRAMES and arguments:
            video = named.get("id") or arguments.split()[0].strip('"')
            return f'<iframe src="{embeds.FRAMES[name]}{escape(video)}"></iframe>'
        # Prose about shortcodes names one alone.
        if not arguments and name not in paired:
            return match[0]
        if not match["slash"]:
            if name in paired and named.get("title"):
                return f"\n**{named['title']}**\n\n"
            findings.add("shortcode", name)
        return ""

    return _SHORTCODE.sub(replacement, source)


def remove_marks(source: str) -> str:
    """Remove from Markdown what says how another generator should mark it up."""
    for sign, pattern, replacement in _MARKS:
        if sign in source:
            source = pattern.sub(replacement, source)
    return _MODULE.sub("", source) if "port" in source else source


def replace_alerts(source: str) -> str:
    """Make the first line of each alert its title."""

    def title(alert: re.Match[str]) -> str:
        text = alert["title"].strip() or alert["kind"].replace("-", " ").capitalize()
        text = text if "**" in text else f"**{text}**"
        return f"{alert['quote']}{text}\n{alert['quote']}"

    return _ALERT.sub(title, source) if "[!" in source else source


def find_left(source: str, findings: Findings) -> None:
    """Find the tags that are published as text."""
    for tag in _LEFT.findall(source):
        findings.add("template", tag)
