"""Apache: a .htaccess file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from feeds.catalog.folder import MANIFEST
from feeds.model.document import SVG_POLICY
from feeds.publication.routes import PAGE_FILE
from feeds.static.hosts.layout import ALL_HEADERS, MEDIA_CACHE, TreeLayout, lines
from feeds.static.precompress import ENCODINGS_BY_ENDING, TEXT_ENDINGS

_NAME = ".htaccess"
_PAGE = re.escape(PAGE_FILE)
_ENDINGS = "|".join(map(re.escape, ENCODINGS_BY_ENDING))


def apache(layout: TreeLayout) -> dict[str, str]:
    """Return .htaccess."""
    return {_NAME: lines([*_headers(layout), *_rewrites(layout)])}


def _headers(layout: TreeLayout) -> Iterator[str]:
    yield "# Written by feeds build --hosting apache, anew by each build. It needs mod_headers,"
    yield "# mod_rewrite and AllowOverride FileInfo."
    for ending in sorted(layout.types):
        yield f'AddType "{layout.types[ending]}" .{ending}'
    for name, value in ALL_HEADERS.items():
        yield f'Header always set {name} "{value}"'
    yield f'Header set Cache-Control "{MEDIA_CACHE}"'
    if "svg" in layout.types:
        policy = f'Header set Content-Security-Policy "{SVG_POLICY}"'
        yield from _section("FilesMatch", r"(?i)\.svg(?:\.\w+)?$", policy)
    for kind in layout.kinds:
        headers = {"Cache-Control": kind.cache_control, **kind.headers}
        settings = [f'ForceType "{kind.content_type}"']
        settings += [f'Header set {name} "{value}"' for name, value in headers.items()]
        yield from _section("FilesMatch", rf"^{re.escape(kind.name)}(?:{_ENDINGS})?$", *settings)
    for pattern in layout.closed_patterns():
        cache = f'Header set Cache-Control "{layout.closed_cache}"'
        yield from _section("If", f"%{{REQUEST_URI}} =~ m#{pattern}#", cache)
    if layout.compressed:
        for ending, encoding in ENCODINGS_BY_ENDING.items():
            # By default, Apache takes .br for the language Breton, and .gz a type of its own.
            settings = [f"RemoveLanguage {ending}", f"RemoveType {ending}"]
            settings += [f"AddEncoding {encoding} {ending}"]
            yield from _section("FilesMatch", rf"{re.escape(ending)}$", *settings)


def _rewrites(layout: TreeLayout) -> Iterator[str]:
    root = layout.root
    yield "RewriteEngine On"
    for name in (MANIFEST, _NAME):
        yield f"RewriteRule ^{re.escape(name)}$ - [R=404,L]"
    for old, new in layout.moved:
        folder = re.escape(old.removesuffix("/"))
        yield f"RewriteRule ^{folder}(?:/(?:{_PAGE})?)?$ {root}{new} [R=301,L,QSD]"
        yield f"RewriteRule ^{folder}/(.+)$ {root}{new}$1 [R=301,L,QSD]"
    yield rf"RewriteCond %{{THE_REQUEST}} /{_PAGE}[?\s]"
    yield f"RewriteRule ^(.*/)?{_PAGE}$ {root}$1 [R=301,L,QSD]"
    if layout.compressed:
        names = rf"\.(?:{'|'.join(TEXT_ENDINGS)})(?:{_ENDINGS})?$"
        yield from _section("FilesMatch", names, "Header merge Vary Accept-Encoding")
        for ending, encoding in ENCODINGS_BY_ENDING.items():
            accepted = rf"\b{encoding}\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))"
            yield f'RewriteCond %{{HTTP:Accept-Encoding}} "{accepted}"'
            yield f"RewriteCond %{{REQUEST_FILENAME}}{ending} -f"
            yield f"RewriteRule ^(.+)$ $1{ending} [L]"


def _section(name: str, condition: str, *body: str) -> Iterator[str]:
    yield f'<{name} "{condition}">'
    for line in body:
        yield f"    {line}"
    yield f"</{name}>"
