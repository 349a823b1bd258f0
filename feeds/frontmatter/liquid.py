"""Takes out of a body what Jekyll would have replaced: Liquid's tags and outputs.

Articles are read where Jekyll reads them, and what it would make of {% if %} is not known here. Only
what is plainly meant for it goes: code keeps every brace, and so does prose about templates.
"""

from __future__ import annotations

import html
import re

# {% raw %} fences what Liquid must not touch; Liquid runs first, so that a fence in code is one too.
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}(.*?)\{%-?\s*endraw\s*-?%\}", re.DOTALL)
_HIGHLIGHT = re.compile(
    r"\{%-?\s*highlight\s+\S[^%\n]*%\}(.*?)\{%-?\s*endhighlight\s*-?%\}", re.DOTALL
)
_COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}", re.DOTALL)
# With what they need: {% if %} alone is what somebody writes about.
_TAG = re.compile(
    r"\{%-?\s*(?:(?:assign|capture|case|cycle|decrement|elsif|for|if|include|include_relative"
    r"|increment|layout|link|post_url|render|tablerow|unless|when)\s+[^\s%-](?:(?!%\}).)*?%\}"
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
    r"^[ \t>]*(?:[-*+]\s+)?(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?)(?:^[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|(?:(?<=\n\n)|(?<=\A))(?:(?: {4}|\t)[^\n]*(?:\n|\Z)|[ \t]*\n)+"
    r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.MULTILINE,
)
_CODE_IN_HTML = re.compile(r"<(pre|code|samp|kbd)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
# Stands for what is not to be looked at; no body may hold it.
_HELD = re.compile("\x00(\\d+)\x00")


def without_tags(source: str, *, is_html: bool) -> str:
    """The body's source as it reads without Jekyll. It must be repaired text."""
    if "{%" not in source and "{{" not in source:
        return source
    held: list[str] = []

    def hold(text: str) -> str:
        held.append(text)
        return f"\x00{len(held) - 1}\x00"

    def hold_code(match: re.Match[str]) -> str:
        # A fence around all that the code shows.
        return hold(_RAW.sub(r"\1", match[0]))

    def hold_highlight(match: re.Match[str]) -> str:
        code = _RAW.sub(r"\1", match[1]).strip("\n")
        if is_html:
            return hold(f"<pre><code>{html.escape(code, quote=False)}</code></pre>")
        fence = "~" * (3 + max((len(run) for run in re.findall("~+", code)), default=0))
        return hold(f"\n{fence}\n{code}\n{fence}\n")

    source = _HIGHLIGHT.sub(hold_highlight, source)
    code = _CODE_IN_HTML if is_html else _CODE_IN_MARKDOWN
    source = code.sub(hold_code, source)
    source = _RAW.sub(lambda match: hold(match[1]), source)
    if "{%" in source:
        without = _TAG.sub("", _COMMENT.sub("", source))
        source = without if without == source else _PLAIN_TAG.sub("", without)
    source = _OUTPUT.sub("", _LITERAL.sub(r"\2", source))
    # What is held may hold again.
    while "\x00" in source:
        source = _HELD.sub(lambda match: held[int(match[1])], source)
    return source
