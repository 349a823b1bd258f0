"""Takes out of a body what Jekyll would have replaced: Liquid's tags and outputs.

What it would make of {% if %} is not known here. Only what is plainly meant for it goes: code keeps
every brace, and so does prose about templates. All of it takes time in proportion to the body.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

# {% raw %} fences what Liquid must not touch.
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}"), re.compile(r"\{%-?\s*endraw\s*-?%\}")
_COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}"), re.compile(r"\{%-?\s*endcomment\s*-?%\}")
_HIGHLIGHT = (
    re.compile(r"\{%-?\s*highlight\s+[^\s%][^%\n]{0,200}%\}"),
    re.compile(r"\{%-?\s*endhighlight\s*-?%\}"),
)
# With what they need: {% if %} alone is what somebody writes about.
_TAG = re.compile(
    r"\{%-?\s*(?:(?:assign|capture|case|cycle|decrement|elsif|for|if|include|include_relative"
    r"|increment|layout|link|post_url|render|tablerow|unless|when)\s+[^\s%-][^%\n]{0,300}%\}"
    r"|(?:seo|feed_meta)\s*-?%\})"
)
_PLAIN_TAG = re.compile(
    r"\{%-?\s*(?:break|continue|else|end(?:capture|case|for|if|tablerow|unless))\s*-?%\}"
)
_LITERAL = re.compile(r"\{\{-?\s*(['\"])([^'\"{}\n]*)\1\s*\|[^{}\n]*\}\}")
_OUTPUT = re.compile(
    r"\{\{-?\s*(?:content|(?:site|page|layout|include|forloop|paginator|jekyll|post)\.[\w.\[\]'\"-]+)"
    r"\s*(?:\|[^{}\n]*?)?-?\}\}"
)
_CODE_IN_MARKDOWN = re.compile(
    r"^[ \t>]*(?:[-*+][ \t]+)?(?P<fence>`{3,}+|~{3,}+)[^\n]*\n.*?"
    r"(?:^[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|(?:(?<=\n\n)|(?<=\A))(?:(?: {4}|\t)[^\n]*(?:\n|\Z)|[ \t]*\n)+"
    r"|(?<!`)(?P<ticks>`++)(?:(?!\n[ \t]*\n).){1,2000}?(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.MULTILINE,
)
_CODE_IN_HTML = (
    re.compile(r"<(?=(?:pre|code|samp|kbd)\b)", re.IGNORECASE),
    re.compile(r"</(?:pre|code|samp|kbd)\s*>(?!\s*</(?:pre|code)\b)", re.IGNORECASE),
)
# Stands for what is not to be looked at; no body may hold it.
_HELD = re.compile("\x00(\\d+)\x00")


def without_tags(source: str, *, is_html: bool) -> str:
    """The body's source as it reads without Jekyll. It must be repaired text."""
    if "{" not in source or ("{%" not in source and "{{" not in source):
        return source
    held: list[str] = []

    def hold(text: str) -> str:
        held.append(text)
        return f"\0{len(held) - 1}\0"

    def hold_code(code: str) -> str:
        # Liquid runs first: one that fences all that the code shows is none of it.
        return hold(_between(code, _RAW, str))

    def hold_highlight(code: str) -> str:
        code = _between(code, _RAW, str).strip("\n")
        if is_html:
            return hold(f"<pre><code>{html.escape(code, quote=False)}</code></pre>")
        fence = "~" * max(3, 1 + max(map(len, re.findall("~+", code)), default=0))
        return hold(f"\n{fence}\n{code}\n{fence}\n")

    source = _between(source, _HIGHLIGHT, hold_highlight)
    if is_html:
        source = _between(source, _CODE_IN_HTML, hold_code, whole=True)
    else:
        source = _CODE_IN_MARKDOWN.sub(lambda match: hold_code(match[0]), source)
    source = _between(source, _RAW, hold)
    if "{%" in source:
        without = _TAG.sub("", _between(source, _COMMENT, lambda _comment: ""))
        # An end alone is what somebody writes about, too.
        source = without if without == source else _PLAIN_TAG.sub("", without)
    source = _OUTPUT.sub("", _LITERAL.sub(r"\2", source))
    # What is held may hold again.
    while "\0" in source:
        source = _HELD.sub(lambda match: held[int(match[1])], source)
    return source


def _between(
    source: str,
    tags: tuple[re.Pattern[str], re.Pattern[str]],
    made: Callable[[str], str],
    *,
    whole: bool = False,
) -> str:
    """The source with something made of what stands between two tags, or of the whole, tags too."""
    opens, closes = tags
    parts: list[str] = []
    at = 0
    while (opening := opens.search(source, at)) and (
        closing := closes.search(source, opening.end())
    ):
        start, end = (opening.start(), closing.end()) if whole else (opening.end(), closing.start())
        parts += (source[at : opening.start()], made(source[start:end]))
        at = closing.end()
    return "".join((*parts, source[at:]))
