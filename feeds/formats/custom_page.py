"""The page of custom feeds: a form that makes a query, and a preview of the feed."""

from collections.abc import Mapping, Sequence
from urllib.parse import urljoin

from feeds.formats.html_template import NOTHING, Html, fill, join
from feeds.formats.page_layout import (
    alternate_links,
    document_links,
    how_to_subscribe,
    render_page,
)
from feeds.formats.pages import newest_stories
from feeds.model.feed import Feed
from feeds.model.topics import Topic
from feeds.parsing.feed_query import PARAMETERS, CustomFeedRequest

#: Topics on the form: as checkboxes, else as suggestions.
_MAX_CHECKBOXES, _MAX_SUGGESTIONS = 60, 500

_INTRODUCTION = """\
<p class="lead">Say what you want to read. Its address is yours to keep, and new articles come to \
you.</p>
"""
_PROBLEMS = """\
<div class="problems" role="alert">
<ul>
{problems}</ul>
</div>
"""
_PREVIEW = """\
<section aria-labelledby="preview">
<h2 id="preview">{title}</h2>
<p class="everything"><span>Subscribe</span> {links}</p>
{how_to_subscribe}
{stories}</section>
"""


def render_custom(
    feed: Feed, request: CustomFeedRequest, topics: Sequence[Topic], folder: str
) -> bytes:
    """Return the form of custom feeds with a preview of the feed.

    The folder is that of the feed's documents, relative to the page.
    """
    # A published feed with these articles needs no query.
    query = "" if folder else feed.query
    alternates = problems = preview = NOTHING
    if request.problems:
        lines = (fill("<li>{problem}</li>\n", problem=problem) for problem in request.problems)
        problems = fill(_PROBLEMS, problems=join(lines))
    else:
        alternates = alternate_links(feed.title, folder, query)
        address = urljoin(feed.base, folder or ".")
        preview = fill(
            _PREVIEW,
            title=feed.title,
            links=document_links(folder, query=query),
            how_to_subscribe=how_to_subscribe(address, query, is_open=True),
            stories=newest_stories(feed),
        )
    noindex = fill('<meta name="robots" content="noindex">\n')
    return render_page(
        feed,
        heading="A feed of your own",
        alternates=join((alternates, noindex)),
        introduction=fill(_INTRODUCTION),
        main=join((problems, _form(request, topics), preview)),
        styles=("style.css", "custom.css"),
    )


_FORM = """\
<form action="./" method="get">
{words}
{topics}<fieldset class="match">
<legend>An article is about</legend>
<label><input type="radio" name="match" value="any"{any}> at least one of them</label>
<label><input type="radio" name="match" value="all"{all}> all of them</label>
</fieldset>
{unwanted}
<details{open}>
<summary>More</summary>
<div class="fields">
{providers}
{types}
{categories}
{quality}
{age}
</div>
</details>
<datalist id="topics">
{suggestions}</datalist>
<p><button>Show it</button></p>
</form>
"""


def _form(request: CustomFeedRequest, topics: Sequence[Topic]) -> Html:
    names = {topic.slug: topic.name for topic in topics}
    given = {key: list(request.given.get(key, ())) for key in PARAMETERS}
    given |= {key: [names.get(slug, slug) for slug in given[key]] for key in ("topic", "not")}
    is_all = given["match"][:1] == ["all"]
    is_open = any(given[key] for key in ("provider", "type", "category", "min_quality", "since"))
    suggestions = (
        fill('<option value="{name}"></option>\n', name=topic.name)
        for topic in topics[:_MAX_SUGGESTIONS]
    )
    return fill(
        _FORM,
        words=_field(
            given, "q", "Words",
            'All of them. Put a "phrase" into quotes, and a hyphen before what you do not want.',
            type="search",
        ),
        topics=_topics(given, topics),
        any="" if is_all else " checked",
        all=" checked" if is_all else "",
        unwanted=_list_field(given, "not", "But not about"),
        open=" open" if is_open else "",
        providers=_list_field(
            given, "provider", "Written by", "A name or a domain, such as news.example.org."
        ),
        types=_list_field(given, "type", "Type", "Such as video."),
        categories=_list_field(given, "category", "Category", "Such as news."),
        quality=_field(given, "min_quality", "Quality", "This or more.", type="number"),
        age=_field(given, "since", "Age", "Counted from the newest article: 12h, 30d or 2w."),
        suggestions=join(suggestions),
    )  # fmt: skip


_BOXES = """\
<fieldset>
<legend>Topics</legend>
<div class="boxes">
{boxes}</div>
</fieldset>
"""
_BOX = '<label><input type="checkbox" name="topic" value="{slug}"{checked}> {name}</label>\n'


def _topics(given: Mapping[str, Sequence[str]], topics: Sequence[Topic]) -> Html:
    if not 0 < len(topics) <= _MAX_CHECKBOXES:
        return fill("{field}\n", field=_list_field(given, "topic", "Topics"))
    boxes = (
        fill(
            _BOX, slug=topic.slug, name=topic.name,
            checked=" checked" if topic.name in given["topic"] else "",
        )
        for topic in topics
    )  # fmt: skip
    return fill(_BOXES, boxes=join(boxes))


_LIST_FIELD = """\
<div class="field" role="group" aria-labelledby="{key}-label">
<span class="label" id="{key}-label">{label}</span>
{inputs}{hint}</div>
"""
_INPUT = (
    '<input name="{key}" value="{value}" maxlength="100" aria-labelledby="{key}-label"{list}>\n'
)


def _list_field(given: Mapping[str, Sequence[str]], key: str, label: str, hint: str = "") -> Html:
    """Return a field for each value given, and one or two for more."""
    is_of_topics = key in ("topic", "not")
    topics = fill(' list="topics"') if is_of_topics else NOTHING
    values = [*given[key], *[""] * (2 if is_of_topics else 1)]
    inputs = (fill(_INPUT, key=key, value=value, list=topics) for value in values)
    small = fill("<small>{hint}</small>\n", hint=hint) if hint else NOTHING
    return fill(_LIST_FIELD, key=key, label=label, inputs=join(inputs), hint=small)


_FIELD = """\
<div class="field">
<label for="{key}">{label}</label>
<input id="{key}" name="{key}" type="{type}" value="{value}"{limit} aria-describedby="{key}-hint">
<small id="{key}-hint">{hint}</small>
</div>
"""


def _field(
    given: Mapping[str, Sequence[str]], key: str, label: str, hint: str, type: str = "text"
) -> Html:
    limit = fill(' maxlength="{most}"', most="200" if key == "q" else "20")
    if type == "number":
        limit = fill(' step="any"')
    value = next(iter(given[key]), "")
    return fill(_FIELD, key=key, label=label, type=type, value=value, limit=limit, hint=hint)
