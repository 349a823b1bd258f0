"""Removes from a body the tags and outputs that Jekyll, or another generator, would have replaced.

It evaluates none of them, so that each branch of an {% if %} stays. Code keeps every brace, and so
does prose about templates. Takes linear time.
"""

import re
from collections.abc import Callable

from feeds.parsing.body import embeds, generators, references
from feeds.parsing.body.findings import Findings
from feeds.parsing.body.references import NO_ORIGIN, Origin
from feeds.text.repair import escape_html

_Pair = tuple[re.Pattern[str], re.Pattern[str]]


def _pair(name: str, arguments: str = r"\s*-?") -> _Pair:
    """The tags around a block."""
    opens, closes = rf"\{{%-?\s*{name}{arguments}%\}}", rf"\{{%-?\s*end{name}\s*-?%\}}"
    return re.compile(opens), re.compile(closes)


_RAW, _COMMENT = _pair("raw"), _pair("comment")
_HIGHLIGHT = _pair("highlight", r"\s+[^\s%][^%\n]{0,200}")
# Hexo's, whose name may stand alone.
_CODE_BLOCKS = tuple(_pair(name, r"(?:\s[^%\n]{0,200})?") for name in ("codeblock", "code"))
_HUGO_HIGHLIGHT = (
    re.compile(r"\{\{[<%]\s*highlight\s[^<>{}\n]{0,200}[>%]\}\}"),
    re.compile(r"\{\{[<%]\s*/\s*highlight\s*[>%]\}\}"),
)
# Of MDX and of kramdown.
_COMMENTS_IN_MARKDOWN = (
    (re.compile(r"\{/\*"), re.compile(r"\*/\}")),
    (re.compile(r"\{::comment\}"), re.compile(r"\{:/(?:comment)?\}")),
)
# Tags with their arguments: prose about templates names {% if %} alone.
_TAG = re.compile(
    r"\{%-?\s*(?:(?:assign|capture|case|cycle|decrement|elsif|for|if|include|include_cached"
    r"|include_relative|increment|layout|link|post_url|render|tablerow|unless|when)\s+[^\s%-][^%\n]{0,300}%\}"
    r"|(?:seo|feed_meta)\s*-?%\})"
)
# Tags that put in another file, of which only the generator has the text.
_INCLUDE = re.compile(
    r"\{%-?\s*((?:include|include_cached|include_relative|render)\s+[^\s%-][^\s%\n]{0,300})"
)
_PLAIN_TAG = re.compile(
    r"\{%-?\s*(?:break|continue|else|end(?:capture|case|for|if|tablerow|unless))\s*-?%\}"
)
_LITERAL = re.compile(r"\{\{-?\s*(['\"])([^'\"{}\n]*)\1\s*\|[^{}\n]*\}\}")
_OUTPUT = re.compile(
    r"\{\{-?\s*(?:content|(?:site|page|layout|include|forloop|paginator|jekyll|post)\.[\w.\[\]'\"-]+)"
    r"\s*(?:\|[^{}\n]*?)?-?\}\}"
)
_CLOSING_FENCE = r"[ \t>]*(?P=fence)[`~]*[ \t]*$"
#: Code in Markdown: fenced, indented or between backticks. Few characters are ones it begins with,
#: and one look at each is what searching takes.
CODE_IN_MARKDOWN = re.compile(
    r"(?=[ \t\n>*+`~-])(?:"
    r"^[ \t>]*(?:[-*+][ \t]+)?(?P<fence>`{3,}+|~{3,}+)[^\n]*\n"
    rf"(?:(?!{_CLOSING_FENCE})[^\n]*\n)*+(?:{_CLOSING_FENCE}|[^\n]*\Z)"
    r"|(?:(?<=\n\n)|(?<=\A))(?:(?: {4}|\t)[^\n]*(?:\n|\Z)|[ \t]*\n)+"
    r"|(?<!`)(?P<ticks>`++)(?:(?!\n[ \t]*\n).){1,2000}?(?<!`)(?P=ticks)(?!`))",
    re.DOTALL | re.MULTILINE,
)
_CODE_IN_HTML = (
    re.compile(r"<(?=(?:pre|code|samp|kbd)\b)", re.IGNORECASE),
    re.compile(r"</(?:pre|code|samp|kbd)\s*>(?!\s*</(?:pre|code)\b)", re.IGNORECASE),
)
# Stands for protected text; repaired text has no NUL.
_PLACEHOLDER = re.compile("\x00(\\d+)\x00")


def without_tags(
    source: str, findings: Findings, origin: Origin = NO_ORIGIN, *, is_html: bool
) -> str:
    """The source of a body, which must be repaired text, without Liquid.

    What only the generator knew, and tags that stay as text, are findings.
    """
    if not _may_hold_syntax(source, origin):
        return source
    protected: list[str] = []

    def protect(text: str) -> str:
        protected.append(text)
        return f"\0{len(protected) - 1}\0"

    def protect_code(code: str) -> str:
        # Liquid runs before Markdown, so that a {% raw %} within code is not part of the code.
        return protect(_replace_between(code, _RAW, str) if "{%" in code else code)

    def protect_highlight(code: str) -> str:
        code = _replace_between(code, _RAW, str).strip("\n")
        if is_html:
            return protect(f"<pre><code>{escape_html(code)}</code></pre>")
        fence = "~" * max(3, 1 + max(map(len, re.findall("~+", code)), default=0))
        return protect(f"\n{fence}\n{code}\n{fence}\n")

    for tags in (_HIGHLIGHT, _HUGO_HIGHLIGHT, *_CODE_BLOCKS):
        source = _replace_between(source, tags, protect_highlight)
    if is_html:
        source = _replace_between(source, _CODE_IN_HTML, protect_code, with_tags=True)
    else:
        source = CODE_IN_MARKDOWN.sub(lambda match: protect_code(match[0]), source)
    # Most braces are in code.
    if _may_hold_syntax(source, origin):
        source = _replace_syntax(source, findings, protect, origin, is_html=is_html)
    # Protected text may contain placeholders.
    while "\0" in source:
        source = _PLACEHOLDER.sub(lambda match: protected[int(match[1])], source)
    return source


def _may_hold_syntax(source: str, origin: Origin) -> bool:
    is_foreign = origin is not NO_ORIGIN and ("[[" in source or "{" in source)
    return is_foreign or generators.may_hold_syntax(source)


def _replace_syntax(
    source: str,
    findings: Findings,
    protect: Callable[[str], str],
    origin: Origin,
    *,
    is_html: bool,
) -> str:
    source = _replace_between(source, _RAW, protect)
    source = generators.replace_targets(source, findings, origin.resolve, is_html=is_html)
    source = references.replace_tags(source, origin.resolve)
    source = generators.replace_shortcodes(source, findings, protect)
    if not is_html:
        for comment in _COMMENTS_IN_MARKDOWN:
            source = _replace_between(source, comment, lambda _text: "")
        source = generators.remove_marks(source)
        source = references.replace_wiki_links(source, findings, origin)
        source = generators.replace_alerts(source)
        for name in generators.COMPONENT.findall(source):
            findings.add("shortcode", name)
    if origin.tags is references.TEMPLATE_TAGS:
        source = embeds.replace_tags(source)
    if "{%" in source:
        for name in _INCLUDE.findall(source):
            findings.add("shortcode", name)
        without = _TAG.sub("", _replace_between(source, _COMMENT, lambda _comment: ""))
        # In a body with no other tag, an {% endif %} is one that the prose is about.
        source = without if without == source else _PLAIN_TAG.sub("", without)
    source = _OUTPUT.sub("", _LITERAL.sub(r"\2", source))
    if origin.tags:
        source = references.remove_tags(source, findings, origin.tags, protect)
    generators.find_left(source, findings)
    return source


def _replace_between(
    source: str, tags: _Pair, replace: Callable[[str], str], *, with_tags: bool = False
) -> str:
    """Replace each pair of tags, and the text between, by a function of the text or of it all."""
    opens, closes = tags
    parts: list[str] = []
    done = 0
    while (opening := opens.search(source, done)) and (
        closing := closes.search(source, opening.end())
    ):
        start = opening.start() if with_tags else opening.end()
        end = closing.end() if with_tags else closing.start()
        parts += (source[done : opening.start()], replace(source[start:end]))
        done = closing.end()
    return "".join((*parts, source[done:]))
