"""nginx: a file to include in a server block."""

import re
from collections.abc import Iterable, Iterator, Mapping

from feeds.catalog.walk import MANIFEST
from feeds.model.document import COMMON_HEADERS, PREFLIGHT_HEADERS
from feeds.publication.routes import PAGE_FILE
from feeds.static.hosts.layout import MEDIA_CACHE, Headers, TreeLayout

_NAME = "nginx.conf"


def nginx(layout: TreeLayout) -> dict[str, list[str]]:
    """Return nginx.conf. Raises ConfigurationError for a URL that it cannot hold."""
    root = layout.plain_root
    head = ["# Written by feeds build --hosting nginx, anew by each build. In a server block:"]
    head += [f"#     root /srv/www;    # with the tree at /srv/www{root}"]
    head += [f"#     include /srv/www{root}{_NAME};"]
    if layout.compressed:
        head += ["#     brotli_static on;    # where nginx has the module"]
    head += ['set $feeds_closed "";']
    for pattern in layout.closed_patterns():
        head += _block(f'if ($uri ~ "{pattern}")', f'set $feeds_closed "{layout.closed_cache}";')
    not_allowed, not_satisfiable = (f'"@feeds_{status}{root}"' for status in (405, 416))
    head += _block(f"location {not_allowed}", *_preflight(), "return 405;")
    # nginx has added the file's headers by then, and would add inherited ones again.
    head += _block(f"location {not_satisfiable}", 'add_header X-None "";', "return 416;")
    inside = ["index index.html;", "absolute_redirect off;", "charset off;"]
    inside += [f"error_page 405 = {not_allowed};", f"error_page 416 {not_satisfiable};"]
    if layout.compressed:
        inside += ["gzip_static on;", "gzip_vary on;"]
    inside += _add_headers(Headers("", MEDIA_CACHE))
    # The first regular expression that matches counts: media come after documents.
    inside += _documents(layout, root)
    for ending, headers in sorted(layout.media.items()):
        inside += _files(rf'location ~* "\.{re.escape(ending)}$"', headers)
    for old, new in layout.former:
        for path in dict.fromkeys((old, old.removesuffix("/"))):
            inside += _block(f'location = "{root}{path}"', f'return 301 "{root}{new}";')
    for old, new in layout.moved:
        rewrite = rf'rewrite "^{re.escape(root + old)}([\w./-]*)$" "{root}{new}$1?" permanent;'
        inside += _block(f'location ^~ "{root}{old}"', rewrite)
        inside += _block(f'location = "{root}{old[:-1]}"', f'return 301 "{root}{new}";')
    for name in (MANIFEST, _NAME):
        inside += _block(f'location = "{root}{name}"', "return 404;")
    return {_NAME: [*head, *_block(f'location "{root}"', *inside)]}


def _documents(layout: TreeLayout, root: str) -> Iterator[str]:
    for name, headers in layout.documents.items():
        settings: list[str] = []
        if name == PAGE_FILE:
            # Slashes at the beginning would lead to another host: the path has to have our form.
            page = rf'if ($request_uri ~ "^(/(?:[\w.~%-]+/)*){re.escape(name)}(?:\?|$)")'
            settings += _block(page, "return 301 $1;")
        settings += [f'set $feeds_kept "{headers.cache_control}";']
        settings += _block("if ($feeds_closed)", "set $feeds_kept $feeds_closed;")
        location = f'location ~ "^{re.escape(root)}(?:.+/)?{re.escape(name)}$"'
        yield from _files(location, headers._replace(cache_control="$feeds_kept"), settings)


def _files(location: str, headers: Headers, settings: Iterable[str] = ()) -> list[str]:
    """Return a block for the files that have these headers."""
    settings = ["types { }", f'default_type "{headers.content_type}";', *settings]
    return _block(location, *settings, *_add_headers(headers))


def _add_headers(headers: Headers) -> Iterator[str]:
    """Yield all headers of a location: one that adds a header inherits none."""
    for name, value in {"Cache-Control": headers.cache_control, **headers.others}.items():
        yield f'add_header {name} "{value}";'
    yield from _always(COMMON_HEADERS)


def _always(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield headers for every status."""
    for name, value in headers.items():
        yield f'add_header {name} "{value}" always;'


def _preflight() -> Iterator[str]:
    yield from _always(COMMON_HEADERS | PREFLIGHT_HEADERS)
    yield from _block("if ($request_method = OPTIONS)", "return 204;")


def _block(head: str, *body: str) -> list[str]:
    return [f"{head} {{", *(f"    {line}" for line in body), "}"]
