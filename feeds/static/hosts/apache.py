"""Apache: a .htaccess file."""

import re
from collections.abc import Iterator, Mapping

from feeds.catalog.walk import MANIFEST
from feeds.compression import ENCODINGS, TEXT_ENDINGS
from feeds.model.document import COMMON_HEADERS, PREFLIGHT_HEADERS
from feeds.publication.routes import PAGE_FILE
from feeds.static.hosts.layout import MEDIA_CACHE, TreeLayout

_NAME = ".htaccess"
_PAGE = re.escape(PAGE_FILE)
_ENDINGS = "|".join(map(re.escape, ENCODINGS))


def apache(layout: TreeLayout) -> dict[str, list[str]]:
    """Return .htaccess."""
    return {_NAME: [*_headers(layout), *_rewrites(layout)]}


def _headers(layout: TreeLayout) -> Iterator[str]:
    yield "# Written by feeds build --hosting apache, anew by each build. It needs mod_headers,"
    yield "# mod_rewrite and AllowOverride FileInfo."
    for ending, headers in sorted(layout.media.items()):
        yield f'AddType "{headers.content_type}" .{ending}'
    for name, value in COMMON_HEADERS.items():
        yield f'Header always set {name} "{value}"'
    for name, value in PREFLIGHT_HEADERS.items():
        # In a section <If>, the page of a folder would lack them.
        yield f"""Header always set {name} "{value}" "expr=%{{REQUEST_METHOD}} == 'OPTIONS'\""""
    yield f'Header set Cache-Control "{MEDIA_CACHE}"'
    for ending, headers in layout.media.items():
        if headers.others:
            names = rf"(?i)\.{re.escape(ending)}(?:\.\w+)?$"
            yield from _section("FilesMatch", names, *_settings(headers.others))
    for name, headers in layout.documents.items():
        settings = _settings({"Cache-Control": headers.cache_control, **headers.others})
        names = f"^{re.escape(name)}(?:{_ENDINGS})?$"
        yield from _section("FilesMatch", names, f'ForceType "{headers.content_type}"', *settings)
    for pattern in layout.closed_patterns():
        cache = f'Header set Cache-Control "{layout.closed_cache}"'
        yield from _section("If", f"%{{REQUEST_URI}} =~ m#{pattern}#", cache)
    if layout.compressed:
        for ending, encoding in ENCODINGS.items():
            # By default, Apache takes .br for the language Breton, and .gz a type of its own.
            settings = [f"RemoveLanguage {ending}", f"RemoveType {ending}"]
            settings += [f"AddEncoding {encoding} {ending}"]
            yield from _section("FilesMatch", rf"{re.escape(ending)}$", *settings)


def _rewrites(layout: TreeLayout) -> Iterator[str]:
    root = layout.root
    yield "RewriteEngine On"
    for name in (MANIFEST, _NAME):
        yield f"RewriteRule ^{re.escape(name)}$ - [R=404,L]"
    for old, new in layout.former:
        page = f"(?:/(?:{_PAGE})?)?" if old.endswith("/") else ""
        path = re.escape(old.removesuffix("/"))
        yield f"RewriteRule ^{path}{page}$ {root}{new} [R=301,L,QSD]"
    for old, new in layout.moved:
        folder = re.escape(old.removesuffix("/"))
        yield f"RewriteRule ^{folder}(?:/(?:{_PAGE})?)?$ {root}{new} [R=301,L,QSD]"
        yield f"RewriteRule ^{folder}/(.+)$ {root}{new}$1 [R=301,L,QSD]"
    yield rf"RewriteCond %{{THE_REQUEST}} /{_PAGE}[?\s]"
    yield f"RewriteRule ^(.*/)?{_PAGE}$ {root}$1 [R=301,L,QSD]"
    if layout.compressed:
        names = rf"\.(?:{'|'.join(TEXT_ENDINGS)})(?:{_ENDINGS})?$"
        yield from _section("FilesMatch", names, "Header merge Vary Accept-Encoding")
        for ending, encoding in ENCODINGS.items():
            accepted = rf"\b{encoding}\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))"
            yield f'RewriteCond %{{HTTP:Accept-Encoding}} "{accepted}"'
            yield f"RewriteCond %{{REQUEST_FILENAME}}{ending} -f"
            yield f"RewriteRule ^(.+)$ $1{ending} [L]"


def _settings(headers: Mapping[str, str]) -> list[str]:
    return [f'Header set {name} "{value}"' for name, value in headers.items()]


def _section(name: str, condition: str, *body: str) -> Iterator[str]:
    yield f'<{name} "{condition}">'
    for line in body:
        yield f"    {line}"
    yield f"</{name}>"
