"""Netlify's files _headers and _redirects, which Cloudflare Pages reads too, within its limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feeds.model.document import SVG_POLICY
from feeds.static.hosts.layout import ALL_HEADERS, TreeLayout, lines

#: Cloudflare's limits; a dynamic redirect has a splat.
_MAX_HEADER_RULES = 100
_MAX_DYNAMIC_REDIRECTS = 100
_MAX_STATIC_REDIRECTS = 2000
#: A path's pattern, and the headers for it.
Rule = tuple[str, dict[str, str]]


def netlify(layout: TreeLayout) -> dict[str, str]:
    """Return the rules for headers, where * stands for any number of folders, and redirects.

    Two rules must not set the same header: it may come out as one of the values or as both.
    """
    rules = [*_common_rules(layout)]
    for kind in layout.kinds:
        if not kind.is_page:
            rules += [(f"*/{kind.name}", {"Content-Type": kind.content_type, **kind.headers})]
    rules += _cache_rules(layout, layout.closed)
    redirects = [f"{layout.root}{old}* {layout.root}{new}:splat 301!" for old, new in layout.moved]
    return {"_headers": _headers_file(layout, rules), "_redirects": lines(redirects)}


def cloudflare(layout: TreeLayout) -> dict[str, str]:
    """Return as many rules for headers and redirects as Cloudflare reads.

    Two rules must not set the same header: their values would be joined by commas.
    """
    rules = [*_common_rules(layout)]
    for kind in layout.kinds:
        if not kind.is_page:
            headers = {"Content-Type": kind.content_type, **kind.headers}
            rules += [(kind.name, headers)]
            rules += [(f"*/{kind.name}", headers)] if kind.is_in_every_feed else []
    free = _MAX_HEADER_RULES - len(rules) - len([*_cache_rules(layout, ())])
    periods = max(free // max(len(layout.folders), 1), 0)
    rules += _cache_rules(layout, layout.closed[:periods])
    return {"_headers": _headers_file(layout, rules), "_redirects": _cloudflare_redirects(layout)}


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


def _common_rules(layout: TreeLayout) -> Iterator[Rule]:
    yield "*", ALL_HEADERS
    if "svg" in layout.types:
        yield "*.svg", {"Content-Security-Policy": SVG_POLICY}


def _cache_rules(layout: TreeLayout, closed: Iterable[str]) -> Iterator[Rule]:
    # Clients revalidate a file without a rule each time.
    for kind in layout.kinds:
        if not kind.is_page:
            for folder in layout.folders if kind.is_in_every_feed else ("",):
                pattern = folder.replace("*", ":name") + kind.name
                yield pattern, {"Cache-Control": kind.cache_control}
    for period in closed:
        for folder in layout.folders:
            pattern = f"{folder.replace('*', ':name')}{period}*"
            yield pattern, {"Cache-Control": layout.closed_cache}


def _headers_file(layout: TreeLayout, rules: Iterable[Rule]) -> str:
    # One rule for each pattern, as the last of two would win.
    joined: dict[str, dict[str, str]] = {}
    for pattern, headers in rules:
        joined.setdefault(pattern, {}).update(headers)
    return "\n".join(
        lines([f"{layout.root}{pattern}", *(f"  {name}: {headers[name]}" for name in headers)])
        for pattern, headers in joined.items()
    )
