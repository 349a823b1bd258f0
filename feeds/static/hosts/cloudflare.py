"""Cloudflare Pages' files _headers and _redirects: Netlify's, within Cloudflare's limits."""

from __future__ import annotations

from feeds.static.hosts.layout import TreeLayout, lines
from feeds.static.hosts.netlify import cache_rules, common_rules, headers_file

#: A dynamic redirect has a splat.
_MAX_HEADER_RULES = 100
_MAX_DYNAMIC_REDIRECTS = 100
_MAX_STATIC_REDIRECTS = 2000


def cloudflare(layout: TreeLayout) -> dict[str, str]:
    """Return as many rules for headers and redirects as Cloudflare reads.

    Two rules must not set the same header: their values would be joined by commas.
    """
    rules = [*common_rules(layout)]
    for kind in layout.kinds:
        if not kind.is_page:
            headers = {"Content-Type": kind.content_type, **kind.headers}
            rules += [(kind.name, headers)]
            rules += [(f"*/{kind.name}", headers)] if kind.is_in_every_feed else []
    free = _MAX_HEADER_RULES - len(rules) - len([*cache_rules(layout, ())])
    periods = max(free // max(len(layout.folders), 1), 0)
    rules += cache_rules(layout, layout.closed[:periods])
    return {"_headers": headers_file(layout, rules), "_redirects": _cloudflare_redirects(layout)}


def _cloudflare_redirects(layout: TreeLayout) -> str:
    """Return static redirects, which come first and win, then the dynamic ones.

    A folder beyond the dynamic ones takes a static redirect for each of its documents.
    """
    documents = [kind.name for kind in layout.kinds if kind.is_in_every_feed and not kind.is_page]
    static: list[str] = []
    dynamic: list[str] = []
    for old, new in layout.moved:
        redirects = [(old.removesuffix("/"), new)]
        if len(dynamic) < _MAX_DYNAMIC_REDIRECTS:
            dynamic.append(f"{layout.root}{old}* {layout.root}{new}:splat 301")
        else:
            redirects += [(f"{old}{name}", f"{new}{name}") for name in ("", *documents)]
        if len(static) + len(redirects) <= _MAX_STATIC_REDIRECTS:
            static += (f"{layout.root}{old} {layout.root}{new} 301" for old, new in redirects)
    return lines([*static, *dynamic])
