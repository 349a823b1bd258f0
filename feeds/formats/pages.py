"""The HTML pages of a site, as files that need no others.

Links within the site are relative, so the tree works wherever it is put.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from feeds.formats import PAGE, EntrySource
from feeds.formats.html_template import NOTHING, Html, fill, join
from feeds.formats.page_layout import (
    document_links,
    how_to_subscribe,
    link_within_site,
    render_page,
)
from feeds.model.article import Article, Related
from feeds.model.feed import Feed, ListedFeed
from feeds.parsing.time_zones import in_zone
from feeds.text.repair import shorten

#: Articles on the directory, and on a feed's page.
ON_DIRECTORY, _MAX_ON_PAGE = 6, 30
_MAX_EXCERPT_CHARS = 280
#: The site's root relative to a feed's page, for which render_entry() makes links.
_ROOT = "../../"
_MONTHS = (
    "January February March April May June July August September October November December".split()
)

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
_NEWEST = """\
<section aria-labelledby="newest">
<h2 id="newest">Newest</h2>
{stories}{older}
</section>
"""


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
        sections.append(fill(_NEWEST, stories=join(stories), older=_older_periods(feed)))
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


def render_entry(source: EntrySource) -> bytes:
    """Return the article as every feed's page shows it."""
    article, context = source.article, source.context
    folder_of_topic, timezone = context.folder_of_topic, context.timezone
    return _story(article, _ROOT, context.site_url, timezone, folder_of_topic).encode()


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


def render_moved(title: str, target: str, url: str) -> bytes:
    """Return the page at a former path, for hosts that cannot redirect."""
    return fill(_MOVED, title=title, target=target, url=url).encode()


def newest_stories(feed: Feed) -> Html:
    """Return the articles of a feed's page."""
    return _stories(feed, _MAX_ON_PAGE)


_PERIODS = """\
<nav class="periods" aria-label="Periods">
{newer}{older}
</nav>
"""


def _render_period(feed: Feed) -> bytes:
    count = _number_of_articles(len(feed.entries))
    newer = _link_to_period(feed.history.next, "next", "Newer")
    older = _link_to_period(feed.history.previous, "prev", "Older")
    return render_page(
        feed,
        title=f"{feed.title}, {_last_folder(feed.base)}",
        above=fill(' · <a href="../../">{title}</a>', title=feed.title),
        main=fill("<h2>{count}</h2>\n{stories}", count=count, stories=_stories(feed)),
        periods=fill(_PERIODS, newer=newer, older=older),
    )


def _link_to_period(url: str, rel: str, label: str) -> Html:
    if not url:
        return NOTHING
    link = '<a href="../{name}/" rel="{rel}">{label}: {name}</a>'
    return fill(link, name=_last_folder(url), rel=rel, label=label)


_INTRODUCTION = """\
{lead}<p class="everything"><span>{label}</span> {links}
</p>
{how_to_subscribe}
"""


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


_LISTED_FEED = """\
<li>
<h3><a href="{folder}">{name}</a></h3>
{description}<p class="about">{articles}{newest}</p>
{links}

</li>
"""


def _listed_feed(listed: ListedFeed, timezone: str) -> Html:
    channel = listed.channel
    description = newest = NOTHING
    if channel.description:
        description = fill("<p>{text}</p>\n", text=channel.description)
    if listed.newest:
        newest = fill(
            ' · <time datetime="{date}">{day}</time>',
            date=listed.newest.isoformat(), day=_day(listed.newest, timezone),
        )  # fmt: skip
    return fill(
        _LISTED_FEED,
        folder=channel.folder,
        name=channel.name,
        description=description,
        articles=_number_of_articles(listed.count),
        newest=newest,
        links=document_links(channel.folder, channel.name),
    )


_OLDER_PERIODS = """\
<nav class="periods" aria-label="Older articles">
<span>Older:</span>
{links}
</nav>
"""


def _older_periods(feed: Feed) -> Html:
    links = [_link(folder, name) for name, folder in feed.history.periods]
    return fill(_OLDER_PERIODS, links=join(links, "\n")) if links else NOTHING


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


def _story(
    article: Article, root: str, site_url: str, timezone: str,
    folder_of_topic: Callable[[str], str] | None = None,
) -> Html:  # fmt: skip
    picture = excerpt = downloads = related = topics = NOTHING
    if article.images:
        url = link_within_site(article.images[0].url, root, site_url)
        picture = fill(_PICTURE, url=article.url, picture=url)
    if article.excerpt:
        excerpt = fill("<p>{text}</p>\n", text=shorten(article.excerpt, _MAX_EXCERPT_CHARS))
    if article.downloads:
        links = [
            _link(link_within_site(file.url, root, site_url), file.title or file.url)
            for file in article.downloads
        ]
        downloads = fill("<p>\n{links}\n</p>\n", links=join(links, "<br>\n"))
    if article.related:
        others = join(map(_other_coverage, article.related))
        related = fill(_RELATED, count=str(len(article.related)), others=others)
    if article.topics and folder_of_topic:
        links = [_link(root + folder_of_topic(topic), topic) for topic in article.topics]
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


def _other_coverage(other: Related) -> Html:
    provider = f" – {other.provider.name}" if other.provider else ""
    link = _link(other.url, other.title)
    return fill("<li>{link}{provider}</li>\n", link=link, provider=provider)


def _link(url: str, text: str) -> Html:
    return fill('<a href="{url}">{text}</a>', url=url, text=text)


def _stories(feed: Feed, limit: int | None = None) -> Html:
    """Return the newest articles below each other, with links that begin at the feed's page."""
    stories = b"".join(entry.part(PAGE.name) for entry in feed.entries[:limit]).decode()
    # Text can't match: its quotation marks are escaped.
    stories = stories.replace(f'="{_ROOT}', f'="{feed.root}')
    return Html(stories or "<p>No article yet.</p>\n")  # noqa: S704  # by render_entry()


def _number_of_articles(count: int) -> str:
    return f"{count} article{'' if count == 1 else 's'}"


def _last_folder(url: str) -> str:
    return url.split("/")[-2]


def _day(date: datetime, timezone: str) -> str:
    """Return the day in a zone, as 5 May 2026; strftime() would use the process's locale."""
    date = in_zone(date, timezone)
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"
