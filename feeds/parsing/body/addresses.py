"""Addresses of media: of an element's attributes, those that lead to what it shows.

Pages leave it to a script to load pictures and frames. Until then the URL waits in an attribute of
the script's own or in a srcset, and src holds a placeholder.
"""

import re
from collections.abc import Iterator
from operator import itemgetter
from urllib.parse import urljoin

from lxml.html import HtmlElement

from feeds.text.urls import canonical_url, is_canonical_url

#: Where scripts look for a URL, as their documentation has it. It wins over `src`, in which they
#: keep a placeholder or a small, blurred copy.
LAZY = tuple(
    "data-src data-lazy-src data-original data-lazy data-lazyload data-echo data-layzr data-normal"
    " data-actualsrc data-cfsrc data-delayed-url data-ezsrc data-flickity-lazyload"
    " data-flickity-lazyload-src data-hi-res-src data-li-src data-litespeed-src data-opt-src"
    " data-orig-src data-original-src data-pagespeed-lazy-src data-pk-src data-tf-src"
    " data-wpfc-original-src nitro-lazy-src data-cmp-src data-consent-src data-cookieblock-src"
    " data-src-cmplz data-uc-src suppressedsrc data-srcset data-lazy-srcset data-opt-srcset"
    " data-orig-srcset data-original-set data-pk-srcset data-tf-srcset nitro-lazy-srcset".split()
)
# Larger versions, which a page shows on a click: better than none.
_OTHERS = tuple(
    "data-image data-full-url data-large-file data-orig-file data-canonical-src data-iesrc".split()
)
#: The names of attributes in which a URL is, the best first.
SOURCES = {name: rank for rank, name in enumerate((*LAZY, "src", "srcset", *_OTHERS))}
#: Attributes of other scripts, beside any `data-*`, in which the URL of a picture may be.
GUESSED = frozenset("lazy-src ng-src v-lazy".split())
_GUESSED = re.compile("data-[a-z-]{1,40}")
_PICTURE = re.compile(
    r"(?=[^\s/]*/)[^\s'\"<>{}]+\.(?:avif|gif|jpe?g|png|svg|webp)(?:[?#]\S*)?", re.IGNORECASE
)
_MAX_GUESSED_CHARS = 1_000
# One candidate of a srcset (HTML §4.8.4.2.1): a URL may hold commas, but not end in one.
_CANDIDATE = re.compile(r"[\s,]*+(\S*[^\s,])(?:,|\s+([^,]*+)(?:,|\Z)|\Z)")
_DESCRIPTOR = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)([wx])(?!\S)")
#: Pixels of the picture that is wanted, and of one of a density of 1.
_BEST_WIDTH, _PLAIN_WIDTH = 1600, 800
# Scripts keep other values in these attributes, too.
_ADDRESS = re.compile(r"(?![{\[<])[^./]*[./]")
# Shopify's scripts fill in a width.
_WIDTH_FIELD = re.compile(r"\{width\}|%7Bwidth%7D", re.IGNORECASE)


def addresses_of(element: HtmlElement) -> Iterator[str]:
    """The addresses in an element's attributes, the best first."""
    names = filter(SOURCES.__contains__, element.keys())
    for name in sorted(names, key=SOURCES.__getitem__):
        value = element.get(name, "").strip()
        if name.endswith(("srcset", "-set")):
            yield from _by_width(value)
        elif name == "src" or _ADDRESS.match(value):
            yield _WIDTH_FIELD.sub("1080", value)
    if element.tag == "img":
        yield from (value for name, value in element.items() if may_hold_picture(name, value))


def may_hold_picture(name: str, value: str) -> bool:
    """True for an attribute of an unknown script with what looks like a picture's URL."""
    is_guessed = name in GUESSED or (name not in SOURCES and _GUESSED.fullmatch(name))
    return bool(is_guessed and len(value) <= _MAX_GUESSED_CHARS and _PICTURE.fullmatch(value))


def resolve(address: str, base: str) -> str:
    """The absolute URL of an address; empty for one that is empty or cannot be published."""
    if is_canonical_url(address):
        return address
    # An empty one would be the article itself.
    if not address or address[:5].lower() == "data:":
        return ""
    try:
        return canonical_url(urljoin(base, address)) or ""
    except ValueError:
        return ""


def _by_width(srcset: str) -> list[str]:
    """The addresses in a srcset, that of the size nearest to the best first."""
    candidates = []
    for address, descriptor in _CANDIDATE.findall(srcset.rstrip(" \t\n\f\r,")):
        size = _DESCRIPTOR.match(descriptor)
        number, unit = (float(size[1]), size[2]) if size else (1.0, "x")
        width = max(1.0, number if unit == "w" else number * _PLAIN_WIDTH)
        candidates.append((max(width / _BEST_WIDTH, _BEST_WIDTH / width), address))
    return [address for _ratio, address in sorted(candidates, key=itemgetter(0))]
