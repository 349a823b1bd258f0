"""The HTML pages of a site, as files that need no others.

Style and script are inline, allowed by their hashes. Links within the site are relative, so the
tree works wherever it is put.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from importlib.resources import files
from urllib.parse import quote, urljoin

from feeds.formats import FORMATS, LIST, PAGE
from feeds.formats.html_template import NOTHING, Html, fill, join
from feeds.model.article import Article, Related
from feeds.model.feed import Context, Feed, ListedFeed
from feeds.parsing.time_zones import in_zone
from feeds.text.repair import shorten

#: Articles on the directory, and on a feed's page.
ON_DIRECTORY, _MAX_ON_PAGE = 6, 30
_MAX_EXCERPT_CHARS = 280
#: Well-known readers, and the beginning of the URL that subscribes to a feed in each.
_READERS = (
    ("Feedly", "https://feedly.com/i/subscription/feed%2F"),
    ("Inoreader", "https://www.inoreader.com/?add_feed="),
    ("NewsBlur", "https://www.newsblur.com/?url="),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
)
#: The site's root relative to a feed's page, for which render_entry() makes links.
_ROOT = "../../"
_MONTHS = (
    "January February March April May June July August September October November December".split()
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
{picture}{icon}{documents}<style>{style}</style>
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
    "default-src 'none'; style-src '{}'; script-src '{}'; img-src 'self' http: https:; "
    "base-uri 'none'; form-action 'self'"
)
_DOCUMENTS = "".join(
    f'<link rel="alternate" type="{format.media_type}" title="{{title}} ({format.name})"'
    f' href="{{folder}}{format.file_name}{{query}}">\n'
    for format in FORMATS
)
_LINKS = "".join(
    f'<a href="{{folder}}{format.file_name}{{query}}">{format.name}</a>\n' for format in FORMATS
)
_LABELLED_LINKS = "".join(
    f'<a href="{{folder}}{format.file_name}{{query}}" aria-label="{{name}} as {format.name}">'
    f"{format.name}</a>\n"
    for format in FORMATS
)
_ADDRESSES = "".join(
    f'<li><label for="url-{number}">{format.name}</label> <input id="url-{number}" readonly'
    f' value="{{folder}}{format.file_name}{{query}}">'
    f' <button type="button" data-copy="url-{number}" hidden>Copy</button></li>\n'
    for number, format in enumerate(FORMATS, 1)
)
_READER_LINKS = "".join(f'<a href="{begin}{{quoted}}">{name}</a>\n' for name, begin in _READERS)
_INTRODUCTION = """\
{lead}<p class="everything"><span>{label}</span> {links}
</p>
{how_to_subscribe}
"""
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
_SEARCH = """\
<form class="search" role="search" action="./"{hidden}>
<label for="search">Find a feed</label>
<input id="search" name="q" type="search" maxlength="100" autocomplete="off" value="{query}">
<output id="found" for="search">{found}</output>
</form>
"""
_FEEDS = """\
<section aria-labelledby="{kind}s" data-list>
<h2 id="{kind}s">{heading}</h2>
<ul class="directory">
{feeds}</ul>
</section>
"""
_LISTED_FEED = """\
<li>
<h3><a href="{folder}">{name}</a></h3>
{description}<p class="about">{articles}{newest}</p>
{links}

</li>
"""
_NEWEST_DAY = ' · <time datetime="{date}">{day}</time>'
_NEWEST = """\
<section aria-labelledby="newest">
<h2 id="newest">Newest</h2>
{stories}{older}
</section>
"""
_OLDER = """\
<nav class="periods" aria-label="Older articles">
<span>Older:</span>
{periods}</nav>
"""
_NEIGHBOURS = """\
<nav class="periods" aria-label="Periods">
{periods}
</nav>
"""
_STORY = """\
<article>
{picture}<div>
<h3><a href="{url}">{title}</a></h3>
<p class="about">{provider}<time datetime="{date}">{day}</time></p>
{excerpt}{downloads}{related}{topics}</div>
</article>

"""
_PICTURE = (
    '<a class="picture" href="{url}" tabindex="-1" aria-hidden="true">'
    '<img src="{picture}" alt="" loading="lazy"></a>\n'
)
_RELATED = """\
<details>
<summary>Related coverage ({count})</summary>
<ul>
{others}</ul>
</details>
"""
_MOVED = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" \
content="default-src 'none'; base-uri 'none'; form-action 'none'">
<meta http-equiv="refresh" content="0; url={target}">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="canonical" href="{url}">
</head>
<body>
<p>This has moved to <a href="{target}">{title}</a>.</p>
</body>
</html>"""


def render_directory(
    feed: Feed, feeds: Iterable[ListedFeed], newest: Iterable[Article], query: str = "",
    timezone: str = "",
) -> bytes:  # fmt: skip
    """Return the directory of every feed, with the newest articles of the whole site.

    With a query, only the feeds that contain all its words are listed, after the site's own.
    """
    words = query.casefold().split()
    listed = [
        feed
        for feed in feeds
        if feed.channel.kind == "site"
        or all(
            word in f"{feed.channel.name} {feed.channel.description}".casefold() for word in words
        )
    ]
    label = f"Everything, {_number_of_articles(listed[0].count)}"
    found = f"{len(listed) - 1} found" if query else ""
    search = fill(_SEARCH, hidden="" if query else " hidden", query=query, found=found)
    sections = []
    for kind, heading in (("feed", "Feeds"), ("topic", "Topics")):
        items = [_listed_feed(each, timezone) for each in listed if each.channel.kind == kind]
        if items:
            sections.append(fill(_FEEDS, kind=kind, heading=heading, feeds=join(items)))
    if stories := [_story(article, "", feed.url, timezone) for article in newest]:
        older = _older_periods(feed)
        sections.append(fill(_NEWEST, stories=join(stories), older=older))
    introduction = join((_introduction(feed, label, "Everything"), search))
    return render_page(feed, introduction=introduction, main=join(sections))


def render_document(feed: Feed) -> bytes:
    """Return the page of a feed, or of a period of its archive."""
    if feed.history.is_archive:
        return _render_period(feed)
    return render_page(
        feed,
        introduction=_introduction(feed, "Subscribe", feed.title),
        main=fill("<h2>Newest</h2>\n{stories}", stories=newest_stories(feed)),
        periods=fill("{older}\n", older=_older_periods(feed)),
    )


def render_entry(article: Article, context: Context) -> bytes:
    """Return the article as every feed's page shows it."""
    folder_of_topic, timezone = context.folder_of_topic, context.timezone
    return _story(article, _ROOT, context.site_url, timezone, folder_of_topic).encode()


def render_moved(title: str, target: str, url: str) -> bytes:
    """Return the page at a former path, for hosts that cannot redirect."""
    return fill(_MOVED, title=title, target=target, url=url).encode()


def render_page(
    feed: Feed,
    *,
    main: Html,
    title: str = "",
    heading: str = "",
    documents: Html | None = None,
    above: Html = NOTHING,
    introduction: Html = NOTHING,
    periods: Html = NOTHING,
    styles: tuple[str, ...] = ("style.css",),
) -> bytes:
    """Return a page of a feed around the parts that are its own.

    The title is the feed's by default, the heading is the title, and the documents are those in the
    page's folder.
    """
    title = title or feed.title
    style, style_hash = _inline(*styles)
    script, script_hash = _inline("script.js")
    picture = icon = root = above_all = NOTHING
    if url := feed.logo or feed.icon:
        picture = fill('<meta property="og:image" content="{url}">\n', url=url)
    if feed.icon:
        url = _link_within_site(feed.icon, feed.root, urljoin(feed.base, feed.root))
        icon = fill('<link rel="icon" href="{url}">\n', url=url)
    if feed.root:
        all_feeds = fill('<a href="{root}">All feeds</a>', root=feed.root)
        root = fill("{all_feeds} · ", all_feeds=all_feeds)
        above_all = fill(
            '<p class="about">{all_feeds}{above}</p>\n', all_feeds=all_feeds, above=above
        )
    return fill(
        _PAGE,
        language=feed.language or "en",
        policy=_POLICY.format(style_hash, script_hash),
        title=title,
        description=feed.description,
        url=feed.base + feed.query,
        picture=picture,
        icon=icon,
        documents=links_to_documents(title) if documents is None else documents,
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


def links_to_documents(title: str, folder: str = "", query: str = "") -> Html:
    """Return the elements by which readers find the documents in a folder."""
    return fill(_DOCUMENTS, title=title, folder=folder, query=query)


def document_links(folder: str, name: str = "", query: str = "") -> Html:
    """Return links to the documents in a folder, labelled with a name where others are near."""
    links = fill(_LABELLED_LINKS if name else _LINKS, folder=folder, name=name, query=query)
    return fill('<span class="formats">\n{links}</span>', links=links)


def how_to_subscribe(folder: str, query: str = "", *, is_open: bool = False) -> Html:
    """Return the addresses of a feed's documents, and links to readers."""
    address = folder + FORMATS[0].file_name + query
    return fill(
        _HOW_TO_SUBSCRIBE,
        open=" open" if is_open else "",
        addresses=fill(_ADDRESSES, folder=folder, query=query),
        readers=fill(_READER_LINKS, quoted=quote(address, safe="")),
        address=address,
    )


def newest_stories(feed: Feed) -> Html:
    """Return the articles of a feed's page."""
    return _stories(feed, _MAX_ON_PAGE)


def _render_period(feed: Feed) -> bytes:
    history = feed.history
    links = [
        fill(
            '<a href="../{name}/" rel="{rel}">{label}: {name}</a>', name=name, rel=rel, label=label
        )
        for label, rel, url in (
            ("Newer", "next", history.next),
            ("Older", "prev", history.previous),
        )
        if url
        for name in (_last_folder(url),)
    ]
    count = _number_of_articles(len(feed.entries))
    return render_page(
        feed,
        title=f"{feed.title}, {_last_folder(feed.base)}",
        above=fill(' · <a href="../../">{title}</a>', title=feed.title),
        main=fill("<h2>{count}</h2>\n{stories}", count=count, stories=_stories(feed)),
        periods=fill(_NEIGHBOURS, periods=join(links)),
    )


def _introduction(feed: Feed, label: str, name: str) -> Html:
    lead = NOTHING
    if feed.description != feed.title:
        lead = fill('<p class="lead">{description}</p>\n', description=feed.description)
    return fill(
        _INTRODUCTION,
        lead=lead,
        label=label,
        links=document_links("", name),
        how_to_subscribe=how_to_subscribe(feed.url),
    )


def _listed_feed(listed: ListedFeed, timezone: str) -> Html:
    channel = listed.channel
    description = newest = NOTHING
    if channel.description:
        description = fill("<p>{description}</p>\n", description=channel.description)
    if listed.newest:
        day = _day(listed.newest, timezone)
        newest = fill(_NEWEST_DAY, date=listed.newest.isoformat(), day=day)
    return fill(
        _LISTED_FEED,
        folder=channel.folder,
        name=channel.name,
        description=description,
        articles=_number_of_articles(listed.count),
        newest=newest,
        links=document_links(channel.folder, channel.name),
    )


def _older_periods(feed: Feed) -> Html:
    periods = join(
        fill('<a href="{folder}">{name}</a>\n', folder=folder, name=name)
        for name, folder in feed.history.periods
    )
    return fill(_OLDER, periods=periods) if periods else NOTHING


def _story(
    article: Article, root: str, site_url: str, timezone: str,
    folder_of_topic: Callable[[str], str] | None = None,
) -> Html:  # fmt: skip
    picture = excerpt = downloads = related = topics = NOTHING
    if article.images:
        url = _link_within_site(article.images[0].url, root, site_url)
        picture = fill(_PICTURE, url=article.url, picture=url)
    if article.excerpt:
        excerpt = fill("<p>{text}</p>\n", text=shorten(article.excerpt, _MAX_EXCERPT_CHARS))
    if article.downloads:
        links = (
            _link(_link_within_site(file.url, root, site_url), file.title or file.url)
            for file in article.downloads
        )
        downloads = fill("<p>\n{links}\n</p>\n", links=join(links, "<br>\n"))
    if article.related:
        others = join(map(_other_coverage, article.related))
        related = fill(_RELATED, count=str(len(article.related)), others=others)
    if article.topics and folder_of_topic:
        links = (_link(root + folder_of_topic(topic), topic) for topic in article.topics)
        topics = fill('<p class="topics">\n{links}\n</p>\n', links=join(links, "\n"))
    return fill(
        _STORY,
        picture=picture,
        url=article.url,
        title=article.title,
        provider=f"{article.provider.name} · " if article.provider else "",
        date=article.published.isoformat(timespec="seconds"),
        day=_day(article.published, timezone),
        excerpt=excerpt,
        downloads=downloads,
        related=related,
        topics=topics,
    )


def _link(url: str, text: str) -> Html:
    return fill('<a href="{url}">{text}</a>', url=url, text=text)


def _other_coverage(other: Related) -> Html:
    provider = f" – {other.provider.name}" if other.provider else ""
    return fill(
        "<li>{link}{provider}</li>\n", link=_link(other.url, other.title), provider=provider
    )


def _stories(feed: Feed, limit: int | None = None) -> Html:
    """Return the newest articles below each other, with links that begin at the feed's page."""
    parts = b"".join(entry.part(PAGE.name) for entry in feed.entries[:limit]).decode()
    # Text can't match: its quotation marks are escaped.
    stories = parts.replace(f'="{_ROOT}', f'="{feed.root}')
    return Html(stories or "<p>No article yet.</p>\n")


def _link_within_site(url: str, root: str, site_url: str) -> str:
    """Return the URL relative to a page if it is the site's own, else unchanged."""
    # "./" keeps a file name with a colon from being read as a URL with a scheme.
    return (root or "./") + url.removeprefix(site_url) if url.startswith(site_url) else url


def _last_folder(url: str) -> str:
    return url.split("/")[-2]


def _number_of_articles(count: int) -> str:
    return f"{count} article{'' if count == 1 else 's'}"


def _day(date: datetime, timezone: str) -> str:
    """Return the day in a zone, as 5 May 2026; strftime() would use the process's locale."""
    date = in_zone(date, timezone)
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


@cache
def _inline(*names: str) -> tuple[Html, str]:
    """Return the text of an inline element, and its hash for a policy (CSP 3 §2.3.1)."""
    folder = files(__package__).joinpath("templates")
    text = "".join(folder.joinpath(name).read_text("utf-8") for name in names)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Html(text), f"sha256-{digest}"
