"""nginx: a file to include in a server block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from feeds.catalog.folder import MANIFEST
from feeds.errors import ConfigurationError
from feeds.model.document import SVG_POLICY
from feeds.static.hosts.layout import ALL_HEADERS, MEDIA_CACHE, TreeLayout, lines

_NAME = "nginx.conf"


def nginx(layout: TreeLayout) -> dict[str, str]:
    """Return nginx.conf. Raises ConfigurationError for a URL that it cannot hold."""
    root = unquote(layout.root)
    if forbidden := re.search(r'[$"\\]', root):
        why = f"nginx.conf cannot have {forbidden[0]} in a path; choose a URL without it"
        raise ConfigurationError(f"url: {why}")
    head = ["# Written by feeds build --hosting nginx, anew by each build. In a server block:"]
    head += [f"#     root /srv/www;    # with the tree at /srv/www{root}"]
    head += [f"#     include /srv/www{root}{_NAME};"]
    if layout.compressed:
        head += ["#     brotli_static on;    # where nginx has the module"]
    head += ['set $feeds_closed "";']
    for pattern in layout.closed_patterns():
        head += _block(f'if ($uri ~ "{pattern}")', f'set $feeds_closed "{layout.closed_cache}";')
    inside = ["index index.html;", "absolute_redirect off;", "charset off;"]
    if layout.compressed:
        inside += ["gzip_static on;", "gzip_vary on;"]
    inside += _add_headers(MEDIA_CACHE, {})
    # The first regular expression that matches counts: media come after documents.
    inside += [*_documents(layout, root), *_media(layout)]
    for old, new in layout.moved:
        rewrite = rf'rewrite "^{re.escape(root + old)}([\w./-]*)$" "{root}{new}$1?" permanent;'
        inside += _block(f'location ^~ "{root}{old}"', rewrite)
        inside += _block(f'location = "{root}{old[:-1]}"', f'return 301 "{root}{new}";')
    for name in (MANIFEST, _NAME):
        inside += _block(f'location = "{root}{name}"', "return 404;")
    return {_NAME: lines([*head, *_block(f'location "{root}"', *inside)])}


def _documents(layout: TreeLayout, root: str) -> Iterator[str]:
    for kind in layout.kinds:
        settings = ["types { }", f'default_type "{kind.content_type}";']
        if kind.is_page:
            # Slashes at the beginning would lead to another host: the path has to have our form.
            page = rf'if ($request_uri ~ "^(/(?:[\w.~%-]+/)*){re.escape(kind.name)}(?:\?|$)")'
            settings += _block(page, "return 301 $1;")
        settings += [f'set $feeds_kept "{kind.cache_control}";']
        settings += _block("if ($feeds_closed)", "set $feeds_kept $feeds_closed;")
        settings += _add_headers("$feeds_kept", kind.headers)
        pattern = f"^{re.escape(root)}(?:.+/)?{re.escape(kind.name)}$"
        yield from _block(f'location ~ "{pattern}"', *settings)


def _media(layout: TreeLayout) -> Iterator[str]:
    for ending, media_type in sorted(layout.types.items()):
        policy = {"Content-Security-Policy": SVG_POLICY} if ending == "svg" else {}
        settings = ["types { }", f'default_type "{media_type}";']
        settings += _add_headers(MEDIA_CACHE, policy)
        yield from _block(rf'location ~* "\.{re.escape(ending)}$"', *settings)


def _add_headers(cache: str, headers: Mapping[str, str]) -> Iterator[str]:
    """Yield all headers of a location: one that adds a header inherits none."""
    for name, value in {"Cache-Control": cache, **headers}.items():
        yield f'add_header {name} "{value}";'
    for name, value in ALL_HEADERS.items():
        yield f'add_header {name} "{value}" always;'


def _block(head: str, *body: str) -> list[str]:
    return [f"{head} {{", *(f"    {line}" for line in body), "}"]
