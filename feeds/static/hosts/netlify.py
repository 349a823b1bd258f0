"""Netlify's files _headers and _redirects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feeds.model.document import SVG_POLICY
from feeds.static.hosts.layout import ALL_HEADERS, TreeLayout, lines

#: A path's pattern, and the headers for it.
Rule = tuple[str, dict[str, str]]


def netlify(layout: TreeLayout) -> dict[str, str]:
    """Return the rules for headers, where * stands for any number of folders, and redirects.

    Two rules must not set the same header: it may come out as one of the values or as both.
    """
    rules = [*common_rules(layout)]
    for kind in layout.kinds:
        if not kind.is_page:
            rules += [(f"*/{kind.name}", {"Content-Type": kind.content_type, **kind.headers})]
    rules += cache_rules(layout, layout.closed)
    redirects = [f"{layout.root}{old}* {layout.root}{new}:splat 301!" for old, new in layout.moved]
    return {"_headers": headers_file(layout, rules), "_redirects": lines(redirects)}


def common_rules(layout: TreeLayout) -> Iterator[Rule]:
    """Yield the headers of every file."""
    yield "*", ALL_HEADERS
    if "svg" in layout.types:
        yield "*.svg", {"Content-Security-Policy": SVG_POLICY}


def cache_rules(layout: TreeLayout, closed: Iterable[str]) -> Iterator[Rule]:
    """Cache lifetimes of feeds, and of the closed periods of archives that are given."""
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


def headers_file(layout: TreeLayout, rules: Iterable[Rule]) -> str:
    """The text of _headers."""
    # One rule for each pattern, as the last of two would win.
    joined: dict[str, dict[str, str]] = {}
    for pattern, headers in rules:
        joined.setdefault(pattern, {}).update(headers)
    return "\n".join(
        lines([f"{layout.root}{pattern}", *(f"  {name}: {headers[name]}" for name in headers)])
        for pattern, headers in joined.items()
    )
