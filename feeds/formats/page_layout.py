"""The frame of every page, with the links to a feed's documents.

Style and script are inline, allowed by their hashes: a page needs no other file.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from urllib.parse import quote, urljoin

from feeds.formats import FORMATS, LIST
from feeds.formats.html_template import NOTHING, Html, fill
from feeds.model.feed import Feed

#: Well-known readers, and the beginning of the URL that subscribes to a feed in each.
_READERS = (
    ("Feedly", "https://feedly.com/i/subscription/feed%2F"),
    ("Inoreader", "https://www.inoreader.com/?add_feed="),
    ("NewsBlur", "https://www.newsblur.com/?url="),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
)

_PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<meta name="description" content="{description}">
<link rel="canonical" href="{url}">
<meta property="og:type" content="website">
<meta property="og:title" content="{title}">
<meta property="og:description" content="{description}">
<meta property="og:url" content="{url}">
{picture}{icon}{alternates}<style>{style}</style>
</head>
<body>
<header>
{above}<h1>{heading}</h1>
{introduction}</header>
<main>
{main}</main>
{periods}<footer><p>{root}<a href="{list}">All feeds as OPML</a></p></footer>
<script>{script}</script>
</body>
</html>"""
_POLICY = (
    "default-src 'none'; style-src '{style}'; script-src '{script}'; img-src 'self' http: https:; "
    "base-uri 'none'; form-action 'self'"
)


def render_page(
    feed: Feed,
    *,
    main: Html,
    title: str = "",
    heading: str = "",
    alternates: Html | None = None,
    above: Html = NOTHING,
    introduction: Html = NOTHING,
    periods: Html = NOTHING,
    styles: tuple[str, ...] = ("style.css",),
) -> bytes:
    """Return a page of a feed around the parts that are its own.

    The title is the feed's by default, the heading is the title, and the alternates are the
    documents in the page's folder.
    """
    title = title or feed.title
    style, style_hash = _inline(*styles)
    script, script_hash = _inline("script.js")
    picture = icon = root = above_all = NOTHING
    if url := feed.logo or feed.icon:
        picture = fill('<meta property="og:image" content="{url}">\n', url=url)
    if feed.icon:
        url = link_within_site(feed.icon, feed.root, urljoin(feed.base, feed.root))
        icon = fill('<link rel="icon" href="{url}">\n', url=url)
    if feed.root:
        link = fill('<a href="{root}">All feeds</a>', root=feed.root)
        above_all = fill('<p class="about">{link}{above}</p>\n', link=link, above=above)
        root = fill("{link} · ", link=link)
    return fill(
        _PAGE,
        language=feed.language or "en",
        policy=_POLICY.format(style=style_hash, script=script_hash),
        title=title,
        description=feed.description,
        url=feed.base + feed.query,
        picture=picture,
        icon=icon,
        alternates=alternate_links(title) if alternates is None else alternates,
        style=style,
        above=above_all,
        heading=heading or title,
        introduction=introduction,
        main=main,
        periods=periods,
        root=root,
        list=feed.root + LIST.file_name,
        script=script,
    ).encode()


_ALTERNATES = "".join(
    f'<link rel="alternate" type="{format.media_type}" title="{{title}} ({format.name})"'
    f' href="{{folder}}{format.file_name}{{query}}">\n'
    for format in FORMATS
)


def alternate_links(title: str, folder: str = "", query: str = "") -> Html:
    """Return the elements by which readers find the documents in a folder."""
    return fill(_ALTERNATES, title=title, folder=folder, query=query)


_LINKS = "".join(
    f'<a href="{{folder}}{format.file_name}{{query}}">{format.name}</a>\n' for format in FORMATS
)
_LABELLED_LINKS = "".join(
    f'<a href="{{folder}}{format.file_name}{{query}}" aria-label="{{name}} as {format.name}">'
    f"{format.name}</a>\n"
    for format in FORMATS
)


def document_links(folder: str, name: str = "", query: str = "") -> Html:
    """Return links to the documents in a folder, labelled with a name where there are others."""
    links = fill(_LABELLED_LINKS if name else _LINKS, folder=folder, name=name, query=query)
    return fill('<span class="formats">\n{links}</span>', links=links)


_HOW_TO_SUBSCRIBE = """\
<details class="subscribe"{open}>
<summary>How to subscribe</summary>
<p>A feed is an address that a feed reader looks at for you, and new articles come to you there. \
Copy one of these into a reader of your choice; any of them will do.</p>
<ul>
{addresses}</ul>
<p class="formats">
{readers}<a href="feed:{address}">Your own reader</a>
</p>
</details>
"""
_ADDRESSES = "".join(
    f'<li><label for="url-{number}">{format.name}</label> <input id="url-{number}" readonly'
    f' value="{{folder}}{format.file_name}{{query}}">'
    f' <button type="button" data-copy="url-{number}" hidden>Copy</button></li>\n'
    for number, format in enumerate(FORMATS, 1)
)
_READER_LINKS = "".join(f'<a href="{begin}{{quoted}}">{name}</a>\n' for name, begin in _READERS)


def how_to_subscribe(folder: str, query: str = "", *, is_open: bool = False) -> Html:
    """Return the addresses of the documents in a folder, and links to readers."""
    address = folder + FORMATS[0].file_name + query
    return fill(
        _HOW_TO_SUBSCRIBE,
        open=" open" if is_open else "",
        addresses=fill(_ADDRESSES, folder=folder, query=query),
        readers=fill(_READER_LINKS, quoted=quote(address, safe="")),
        address=address,
    )


def link_within_site(url: str, root: str, site_url: str) -> str:
    """Return the URL relative to a page if it is the site's own, else unchanged."""
    # "./" keeps a file name with a colon from being read as a URL with a scheme.
    return (root or "./") + url.removeprefix(site_url) if url.startswith(site_url) else url


@cache
def _inline(*names: str) -> tuple[Html, str]:
    """Return the text of an inline element, and its hash for a policy (CSP 3 §2.3.1)."""
    folder = files(__package__).joinpath("assets")
    text = "".join(folder.joinpath(name).read_text("utf-8") for name in names)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Html(text), f"sha256-{digest}"  # noqa: S704  # our own files
