"""Rules in files named _headers and _redirects, which Netlify and Cloudflare Pages read."""

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from feeds.model.document import COMMON_HEADERS
from feeds.publication.routes import PAGE_FILE
from feeds.static.hosts.layout import TreeLayout

#: Cloudflare reads no more than these. A dynamic redirect has a splat.
_MAX_HEADER_RULES = 100
_MAX_DYNAMIC_REDIRECTS = 100
_MAX_STATIC_REDIRECTS = 2000
#: A path's pattern, and the headers for it.
_Rule = tuple[str, Mapping[str, str]]


def netlify(layout: TreeLayout) -> dict[str, list[str]]:
    """Return all rules. In a pattern, * stands for any number of folders.

    Two rules must not set the same header: it may come out as one of the values or as both.
    """
    folders = [folder.replace("*", ":name") for folder in layout.folders]
    pages = [f"{folder}{archive}" for folder in folders for archive in ("", "archive/:period/")]
    rules = [*_common_rules(layout, pages)]
    for name, headers in layout.documents.items():
        if name != PAGE_FILE:
            rules += [(f"*/{name}", {"Content-Type": headers.content_type, **headers.others})]
    rules += _cache_rules(layout, layout.closed)
    # Netlify's rule for a path covers the one with a slash.
    redirects = [f"{layout.root}{quote(old)} {layout.root}{new} 301!" for old, new in layout.former]
    redirects += (f"{layout.root}{old}* {layout.root}{new}:splat 301!" for old, new in layout.moved)
    return {"_headers": _headers_file(layout, rules), "_redirects": redirects}


def cloudflare(layout: TreeLayout) -> dict[str, list[str]]:
    """Return as many rules as Cloudflare reads. In a pattern, * stands for a name or more.

    Two rules must not set the same header: their values would be joined by commas.
    """
    rules = [*_common_rules(layout, pages=("", "*/"))]
    for name, headers in layout.documents.items():
        if name != PAGE_FILE:
            common = {"Content-Type": headers.content_type, **headers.others}
            rules += [(name, common)]
            rules += [(f"*/{name}", common)] if name in layout.feeds else []
    free = _MAX_HEADER_RULES - len(rules) - len([*_cache_rules(layout, ())])
    periods = max(free // len(layout.folders), 0)
    rules += _cache_rules(layout, layout.closed[:periods])
    return {"_headers": _headers_file(layout, rules), "_redirects": _cloudflare_redirects(layout)}


def _cloudflare_redirects(layout: TreeLayout) -> list[str]:
    """Return static redirects, which come first and win, then the dynamic ones.

    A folder beyond the dynamic ones takes a static redirect for each of its documents.
    """
    static = [
        f"{layout.root}{quote(path)} {layout.root}{new} 301"
        for old, new in layout.former
        for path in dict.fromkeys((old, old.removesuffix("/")))
    ][:_MAX_STATIC_REDIRECTS]
    dynamic: list[str] = []
    for old, new in layout.moved:
        redirects = [(old.removesuffix("/"), new)]
        if len(dynamic) < _MAX_DYNAMIC_REDIRECTS:
            dynamic.append(f"{layout.root}{old}* {layout.root}{new}:splat 301")
        else:
            redirects += [(f"{old}{name}", f"{new}{name}") for name in ("", *layout.feeds)]
        if len(static) + len(redirects) <= _MAX_STATIC_REDIRECTS:
            static += (f"{layout.root}{old} {layout.root}{new} 301" for old, new in redirects)
    return static + dynamic


def _common_rules(layout: TreeLayout, pages: Iterable[str]) -> Iterator[_Rule]:
    """Yield the headers of every file, and those of pages for these patterns."""
    yield "*", COMMON_HEADERS
    for pattern in pages:
        yield pattern, layout.documents[PAGE_FILE].others
    for ending, headers in layout.media.items():
        if headers.others:
            yield f"*.{ending}", headers.others


def _cache_rules(layout: TreeLayout, closed: Iterable[str]) -> Iterator[_Rule]:
    """Yield the Cache-Control headers of feeds, and of these closed periods of archives."""
    # Clients revalidate a file without a rule each time.
    folders = [folder.replace("*", ":name") for folder in layout.folders]
    for name, headers in layout.documents.items():
        if name != PAGE_FILE:
            for folder in folders if name in layout.feeds else ("",):
                yield f"{folder}{name}", {"Cache-Control": headers.cache_control}
    for period in closed:
        for folder in folders:
            yield f"{folder}{period}*", {"Cache-Control": layout.closed_cache}


def _headers_file(layout: TreeLayout, rules: Iterable[_Rule]) -> list[str]:
    # One rule for each pattern, as the last of two would win.
    joined: dict[str, dict[str, str]] = {}
    for pattern, headers in rules:
        joined.setdefault(pattern, {}).update(headers)
    lines = []
    for pattern, headers in joined.items():
        lines += ["", f"{layout.root}{pattern}"]
        lines += (f"  {name}: {value}" for name, value in headers.items())
    return lines[1:]
