"""Finishes the bodies that need no cleaning: Markdown without HTML, as most people write it.

No tree is made of such a body. One look at its HTML tells that it has only elements and attributes
that stay as they are; its links are made absolute, and its spelling is that of the sanitiser.
"""

import re
from html import escape, unescape

from feeds.parsing.body.addresses import resolve
from feeds.parsing.body.limits import check_length
from feeds.parsing.body.pictures import is_plain_picture
from feeds.parsing.body.tidy import EMPTY

# Text and elements within a line. Of references, those in text are respelled: no attribute has any
# but an address, which is written anew.
_INLINE = (
    r"[^<>&\r]++|&(?:amp|lt|gt|quot);|</?(?:code|del|em|strong)>|<br />"
    r'|<img src="[^"<>\r]*" alt="[^"<>&\r]*"(?: title="[^"<>&\r]*")? />'
)
# No link is within another one. All elements are closed where HTML wants it, for cmark does so.
_PLAIN = re.compile(
    rf"(?:{_INLINE}|</?(?:blockquote|h[1-6]|li|ol|p|pre|ul)>|<hr />"
    r'|<ol start="[0-9]{1,9}">|<code class="[^"<>&\r]*">'
    rf'|<a href="[^"<>\r]*"(?: title="[^"<>&\r]*")?>(?:{_INLINE})*+</a>)*+'
)
_ADDRESS = re.compile(r'<(a href|img src)="([^"]*)')
_CLASS = re.compile('<code class="[^"]*">')


def finish(markup: str, base: str, source: str) -> str | None:
    """Return the clean body of cmark's HTML; None if it has what other steps have to look at.

    The Markdown must have had no HTML of its own. Raises limits.BodyError for a long body.
    """
    if not _PLAIN.fullmatch(markup):
        return None
    is_sure = True

    def absolute(start: re.Match[str]) -> str:
        nonlocal is_sure
        address = unescape(start[2])
        url = resolve(address, base)
        # A heading may hold a link to itself, which goes.
        if "#" in address and (address[:4] != "http" or url.startswith(f"{base}#")):
            is_sure = False
        is_sure &= bool(url) and (start[1] == "a href" or is_plain_picture(address, url))
        return start[0] if url == start[2] else f'<{start[1]}="{escape(url, quote=False)}'

    markup = _ADDRESS.sub(absolute, markup)
    check_length(len(markup), source)
    markup = markup.replace("&quot;", '"').replace("\xa0", "&nbsp;").replace(" />", ">")
    if "<code class" in markup:
        markup = _CLASS.sub("<code>", markup)
    check_length(len(markup), source)
    return markup.strip() if is_sure and not EMPTY.search(markup) else None
