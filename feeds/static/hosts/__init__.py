"""The file by which a host of static files answers as the live app does.

    host_files(host, layout)     the names and the bytes of what one host reads

Text from a few layout; what lies where is for the publication to know. Each host can do less than
the live app in its own way: docs/hosting.md says what.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from feeds.errors import ConfigurationError
from feeds.model.document import MEDIA_AGE, SVG_POLICY, Document, MediaFile, Redirect
from feeds.publication.publication import Publication
from feeds.publication.routes import IN_ARCHIVE
from feeds.static.precompress import BY_ENDING

#: For every answer, as the live app has it.
_ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
#: Feeds are for everybody's scripts too.
_FOR_SCRIPTS = {"Access-Control-Allow-Origin": "*"}
_SVG = "image/svg+xml"
_PAGE = "index.html"
_MEDIA_CACHE = f"max-age={MEDIA_AGE}"


@dataclass(frozen=True, slots=True)
class Kind:
    """Documents that share a file's name, wherever they lie."""

    name: str
    content_type: str
    #: As the Cache-Control header has it, of those that are not closed.
    cache_control: str
    #: Whether each feed has one, and not the site alone.
    of_feeds: bool

    @property
    def is_page(self) -> bool:
        """Whether it is for people."""
        return self.name == _PAGE

    @property
    def headers(self) -> dict[str, str]:
        """All but the Cache-Control header."""
        return {"Content-Type": self.content_type} | ({} if self.is_page else _FOR_SCRIPTS)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the tree."""

    name: str
    content_type: str
    cache_control: str
    #: The path that it leads to for good; empty where it leads nowhere.
    to: str = ""


@dataclass(frozen=True, slots=True)
class TreeLayout:
    """What a host has to know of a tree."""

    #: The path of its URL: "/" or "/blog/feeds/".
    root: str
    kinds: tuple[Kind, ...]
    #: The folders of feeds, with * for a name: "", "topics/*/".
    places: tuple[str, ...]
    #: Folders in these that are closed in every feed that has them: "archive/2021/".
    closed: tuple[str, ...]
    closed_cache: str
    #: Folders that moved, and where to: ("topics/old/", "topics/new/").
    moved: tuple[tuple[str, str], ...]
    #: The types of pictures and downloads, by how their names end.
    types: dict[str, str]
    files: tuple[File, ...] = field(repr=False)
    #: Files of the tree that are nobody else's business.
    hidden: tuple[str, ...]
    #: How the names of files end beside which compressed ones may lie; empty where none do.
    compressed: tuple[str, ...]


def tree_layout(
    publication: Publication, *, hidden: tuple[str, ...], compressed: tuple[str, ...]
) -> TreeLayout:
    """What a host has to know of a publication's tree."""
    cache = publication.cache_control
    outlines = {path: found for path in publication.paths() if (found := publication.outline(path))}
    documents = {path: each for path, each in outlines.items() if isinstance(each, Document)}
    kinds: dict[str, Kind] = {}
    pages = (path for path in documents if path.endswith("/"))
    folders = {path for path in pages if not IN_ARCHIVE.fullmatch(path[1:])}
    closed: dict[str, bool] = {}
    for path, found in documents.items():
        name = _file(path).rpartition("/")[2]
        folder = path[: path.rindex("/") + 1]
        home = next(each for each in _upwards(folder) if each in folders)
        if not found.is_closed:
            of_feeds = folder != "/" or (name in kinds and kinds[name].of_feeds)
            kinds[name] = Kind(name, found.media_type, cache(found), of_feeds)
        within = folder.removeprefix(home)
        # One name may be of a closed period in one feed, and of the newest in another.
        closed[within] = closed.get(within, True) and found.is_closed
    media = {path: each for path, each in outlines.items() if isinstance(each, MediaFile)}
    return TreeLayout(
        root=quote(urlsplit(publication.url).path or "/", safe="/%"),
        kinds=tuple(sorted(kinds.values(), key=lambda kind: kind.name)),
        places=tuple(sorted({re.sub("[^/]+/$", "*/", folder[1:]) for folder in folders})),
        # The shortest names first: years hold more than months.
        closed=tuple(sorted((each for each in closed if closed[each]), key=lambda f: (len(f), f))),
        closed_cache=cache(Document(b"", "", is_closed=True)),
        moved=tuple(
            (path[1:], each.to[1:])
            for path, each in outlines.items()
            if isinstance(each, Redirect) and path.endswith("/")
        ),
        types={
            path.rpartition(".")[2].lower(): _with_charset(each.media_type)
            for path, each in media.items()
            if "." in path.rpartition("/")[2]
        },
        files=tuple(_files(outlines, cache)),
        hidden=hidden,
        compressed=compressed,
    )


def _files(
    outlines: dict[str, Document | MediaFile | Redirect], cache: Callable[[Document], str]
) -> Iterator[File]:
    for path, found in outlines.items():
        if isinstance(found, MediaFile):
            yield File(_file(path), _with_charset(found.media_type), _MEDIA_CACHE)
        elif isinstance(found, Redirect):
            stand_in = found.stand_in
            yield File(_file(path), stand_in.media_type, cache(stand_in), found.to)
        else:
            yield File(_file(path), found.media_type, cache(found))


def _file(path: str) -> str:
    return f"{path}{_PAGE}"[1:] if path.endswith("/") else path[1:]


def _upwards(folder: str) -> Iterator[str]:
    """A folder and those around it."""
    yield folder
    for each in PurePosixPath(folder).parents:
        yield f"{each}/".replace("//", "/")


def _with_charset(media_type: str) -> str:
    """As the live app has it."""
    is_text = media_type.startswith("text/") or media_type.endswith("+xml")
    return media_type + ("; charset=utf-8" if is_text else "")


def host_files(host: str, layout: TreeLayout) -> dict[str, bytes]:
    """What a host reads, one of HOSTS: the files' names in the tree, and their bytes."""
    return {name: text.encode() for name, text in HOSTS[host](layout).items()}


def _github_pages(_facts: TreeLayout) -> dict[str, str]:
    # Without it, GitHub's generator leaves out what begins with an underscore.
    return {".nojekyll": ""}


def _netlify(layout: TreeLayout) -> dict[str, str]:
    # A header that two rules give may come out as one of the two or as both: no two give the same.
    # A * on its own stands for any number of folders, none among them.
    rules = [*_for_all(layout)]
    rules += [(f"*/{kind.name}", kind.headers) for kind in layout.kinds if not kind.is_page]
    rules += _lasting(layout, layout.closed)
    moved = [f"{layout.root}{old}* {layout.root}{new}:splat 301!" for old, new in layout.moved]
    return {"_headers": _headers(layout, rules), "_redirects": _lines(moved)}


#: Of rules with headers, of redirects with and without a splat, that Cloudflare takes.
_CLOUDFLARE_HEADERS, _CLOUDFLARE_DYNAMIC, _CLOUDFLARE_STATIC = 100, 100, 2000


def _cloudflare(layout: TreeLayout) -> dict[str, str]:
    # Headers that two rules give are joined by commas: no two give the same.
    rules = [*_for_all(layout)]
    for kind in layout.kinds:
        if not kind.is_page:
            rules += [(kind.name, kind.headers)]
            rules += [(f"*/{kind.name}", kind.headers)] if kind.of_feeds else []
    room = _CLOUDFLARE_HEADERS - len(rules) - len([*_lasting(layout, ())])
    rules += _lasting(layout, layout.closed[: max(room // max(len(layout.places), 1), 0)])
    # Redirects without a splat come first, and win.
    static: list[str] = []
    dynamic: list[str] = []
    for number, (old, new) in enumerate(layout.moved):
        names = [old.removesuffix("/")]
        if number < _CLOUDFLARE_DYNAMIC:
            dynamic.append(f"{layout.root}{old}* {layout.root}{new}:splat 301")
        else:
            names += [
                f"{old}{name}"
                for name in (
                    "",
                    *(kind.name for kind in layout.kinds if kind.of_feeds and not kind.is_page),
                )
            ]
        if len(static) + len(names) <= _CLOUDFLARE_STATIC:
            static += (f"{layout.root}{each} {layout.root}{_beside(each, old, new)} 301"
                       for each in names)  # fmt: skip
    return {"_headers": _headers(layout, rules), "_redirects": _lines([*static, *dynamic])}


def _beside(name: str, old: str, new: str) -> str:
    return f"{new}{name.removeprefix(old.removesuffix('/')).removeprefix('/')}"


def _for_all(layout: TreeLayout) -> Iterator[tuple[str, dict[str, str]]]:
    yield "*", _ALWAYS
    if "svg" in layout.types:
        yield "*.svg", {"Content-Security-Policy": SVG_POLICY}


def _lasting(layout: TreeLayout, closed: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """How long documents may be kept; what no rule is for is asked for anew each time."""
    for kind in layout.kinds:
        if not kind.is_page:
            for place in layout.places if kind.of_feeds else ("",):
                yield _named(place) + kind.name, {"Cache-Control": kind.cache_control}
    for folder in closed:
        for place in layout.places:
            yield f"{_named(place)}{folder}*", {"Cache-Control": layout.closed_cache}


def _named(place: str) -> str:
    return place.replace("*", ":name")


def _headers(layout: TreeLayout, rules: Iterable[tuple[str, dict[str, str]]]) -> str:
    # Of two rules for one path, the host would take the last.
    joined: dict[str, dict[str, str]] = {}
    for pattern, headers in rules:
        joined.setdefault(pattern, {}).update(headers)
    blocks = (
        _lines([f"{layout.root}{pattern}", *(f"  {name}: {headers[name]}" for name in headers)])
        for pattern, headers in joined.items()
    )
    return "\n".join(blocks)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _s3(layout: TreeLayout) -> dict[str, str]:
    put: list[dict[str, Any]] = []
    for each in layout.files:
        parameters = {
            "Key": f"{layout.root}{each.name}".lstrip("/"),
            "ContentType": each.content_type,
            "CacheControl": each.cache_control,
        }
        if each.to:
            parameters["WebsiteRedirectLocation"] = layout.root + each.to[1:]
        put.append({"file": each.name, "put": parameters})
    return {"s3.json": json.dumps(put, indent=1, ensure_ascii=False) + "\n"}


#: Folders in one regular expression: nginx takes no word of more than 4,095 bytes.
_IN_ONE = 200


def _of_closed(layout: TreeLayout) -> Iterator[str]:
    """Regular expressions for the paths of closed documents."""
    for start in range(0, len(layout.closed), _IN_ONE):
        folders = "|".join(layout.closed[start : start + _IN_ONE])
        yield f"^{re.escape(unquote(layout.root))}(?:.+/)?(?:{folders})[^/]*$"


def _nginx(layout: TreeLayout) -> dict[str, str]:
    name = "nginx.conf"
    root = unquote(layout.root)
    if strange := re.search(r'[$"\\]', root):
        why = f"nginx.conf cannot have {strange[0]} in a path; choose a URL without it"
        raise ConfigurationError(f"url: {why}")
    anywhere = f"^{re.escape(root)}(?:.+/)?"
    about = ["# Written by feeds build --hosting nginx, anew by each build. In a server block:"]
    about += [f"#     root /srv/www;    # with the tree at /srv/www{root}"]
    about += [f"#     include /srv/www{root}{name};"]
    if layout.compressed:
        about += ["#     brotli_static on;    # where nginx has the module"]
    closed = ['set $feeds_closed "";']
    for pattern in _of_closed(layout):
        closed += _block(f'if ($uri ~ "{pattern}")', f'set $feeds_closed "{layout.closed_cache}";')
    inside = ["index index.html;", "absolute_redirect off;", "charset off;"]
    if layout.compressed:
        inside += ["gzip_static on;", "gzip_vary on;"]
    inside += _added(_MEDIA_CACHE)
    media: list[str] = []
    for ending in sorted(layout.types):
        csp = {"Content-Security-Policy": SVG_POLICY} if ending == "svg" else {}
        typed = ["types { }", f'default_type "{layout.types[ending]}";', *_added(_MEDIA_CACHE, csp)]
        # After the documents' own: of regular expressions, the first one that matches counts.
        media += _block(rf'location ~* "\.{re.escape(ending)}$"', *typed)
    for kind in layout.kinds:
        typed = ["types { }", f'default_type "{kind.content_type}";']
        if kind.is_page:
            # Of names as feeds have them: no slashes at the beginning, which lead to another host.
            asked = rf'if ($request_uri ~ "^(/(?:[\w.~%-]+/)*){re.escape(kind.name)}(?:\?|$)")'
            typed += _block(asked, "return 301 $1;")
        typed += [f'set $feeds_kept "{kind.cache_control}";']
        typed += _block("if ($feeds_closed)", "set $feeds_kept $feeds_closed;")
        typed += _added("$feeds_kept", {} if kind.is_page else _FOR_SCRIPTS)
        inside += _block(f'location ~ "{anywhere}{re.escape(kind.name)}$"', *typed)
    inside += media
    for old, new in layout.moved:
        lead = rf'rewrite "^{re.escape(root + old)}([\w./-]*)$" "{root}{new}$1?" permanent;'
        inside += _block(f'location ^~ "{root}{old}"', lead)
        inside += _block(f'location = "{root}{old[:-1]}"', f'return 301 "{root}{new}";')
    for each in (*layout.hidden, name):
        inside += _block(f'location = "{root}{each}"', "return 404;")
    return {name: _lines([*about, *closed, *_block(f'location "{root}"', *inside)])}


def _added(cache: str, more: dict[str, str] | None = None) -> list[str]:
    """Headers in nginx's words: a location that adds one has none of those around it."""
    lines = [f'add_header Cache-Control "{cache}";']
    lines += [f'add_header {name} "{value}";' for name, value in (more or {}).items()]
    return lines + [f'add_header {name} "{value}" always;' for name, value in _ALWAYS.items()]


def _block(head: str, *lines: str) -> list[str]:
    return [f"{head} {{", *(f"    {line}" for line in lines), "}"]


def _apache(layout: TreeLayout) -> dict[str, str]:
    name = ".htaccess"
    endings = "|".join(map(re.escape, BY_ENDING))
    lines = [
        "# Written by feeds build --hosting apache, anew by each build. It needs mod_headers,",
        "# mod_rewrite and AllowOverride FileInfo.",
        *(f'AddType "{layout.types[each]}" .{each}' for each in sorted(layout.types)),
        *(f'Header always set {each} "{value}"' for each, value in _ALWAYS.items()),
        f'Header set Cache-Control "{_MEDIA_CACHE}"',
    ]
    if "svg" in layout.types:
        csp = f'Header set Content-Security-Policy "{SVG_POLICY}"'
        lines += _section("FilesMatch", r"(?i)\.svg(?:\.\w+)?$", csp)
    for kind in layout.kinds:
        about = [f'ForceType "{kind.content_type}"']
        about += [f'Header set Cache-Control "{kind.cache_control}"']
        about += [] if kind.is_page else [f'Header set {each} "{_FOR_SCRIPTS[each]}"'
                                          for each in _FOR_SCRIPTS]  # fmt: skip
        lines += _section("FilesMatch", rf"^{re.escape(kind.name)}(?:{endings})?$", *about)
    for pattern in _of_closed(layout):
        kept = f'Header set Cache-Control "{layout.closed_cache}"'
        lines += _section("If", f"%{{REQUEST_URI}} =~ m#{pattern}#", kept)
    if layout.compressed:
        for ending, encoding in BY_ENDING.items():
            # To Apache as it comes, .br is Breton and .gz a type of its own.
            typed = (f"RemoveLanguage {ending}", f"RemoveType {ending}")
            added = f"AddEncoding {encoding} {ending}"
            lines += _section("FilesMatch", rf"{re.escape(ending)}$", *typed, added)
    lines += ["RewriteEngine On"]
    for each in (*layout.hidden, name):
        lines += [f"RewriteRule ^{re.escape(each)}$ - [R=404,L]"]
    root = layout.root
    for old, new in layout.moved:
        bare = re.escape(old.removesuffix("/"))
        lines += [f"RewriteRule ^{bare}(?:/(?:{re.escape(_PAGE)})?)?$ {root}{new} [R=301,L,QSD]"]
        lines += [f"RewriteRule ^{bare}/(.+)$ {root}{new}$1 [R=301,L,QSD]"]
    page = re.escape(_PAGE)
    lines += [rf"RewriteCond %{{THE_REQUEST}} /{page}[?\s]"]
    lines += [f"RewriteRule ^(.*/)?{page}$ {root}$1 [R=301,L,QSD]"]
    if layout.compressed:
        vary = "Header merge Vary Accept-Encoding"
        text = "|".join(layout.compressed)
        lines += _section("FilesMatch", rf"\.(?:{text})(?:{endings})?$", vary)
        for ending, encoding in BY_ENDING.items():
            liked = rf"\b{encoding}\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))"
            lines += [f'RewriteCond %{{HTTP:Accept-Encoding}} "{liked}"']
            lines += [f"RewriteCond %{{REQUEST_FILENAME}}{ending} -f"]
            lines += [f"RewriteRule ^(.+)$ $1{ending} [L]"]
    return {name: _lines(lines)}


def _section(name: str, condition: str, *lines: str) -> list[str]:
    return [f'<{name} "{condition}">', *(f"    {line}" for line in lines), f"</{name}>"]


#: By the names that the command takes.
HOSTS: dict[str, Callable[[TreeLayout], dict[str, str]]] = {
    "netlify": _netlify,
    "cloudflare": _cloudflare,
    "github-pages": _github_pages,
    "nginx": _nginx,
    "apache": _apache,
    "s3": _s3,
}
