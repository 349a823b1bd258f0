"""Reads an article from the keys of its front matter (docs/formats.md has them as a table).

Only the keys asked for here are ever read; other keys cannot leak into a feed. Nothing raises for
the author's mistakes: they are reported as problems.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

from feeds.errors import Problem, Severity
from feeds.model import article as model
from feeds.model.site import ArticleDefaults
from feeds.parsing.body.clean import Body, plain_text
from feeds.parsing.body.limits import BodyError
from feeds.parsing.body.players import read_player
from feeds.parsing.body.references import NO_ORIGIN, TAGS, Origin, Resolve
from feeds.parsing.drafts import is_in_drafts, read_hold
from feeds.parsing.fields import Fields, parse_duration, report_duplicates
from feeds.parsing.file_names import is_html
from feeds.parsing.front_matter import FrontMatter, NoFrontMatterError, read_front_matter
from feeds.parsing.report import Limits, Report
from feeds.parsing.time_zones import find_zone
from feeds.parsing.yaml_text import YAMLMapping, YAMLTextError
from feeds.text.media_types import DEFAULT_DOWNLOAD, DEFAULT_IMAGE, TYPE_HINT, type_of_url
from feeds.text.repair import plain_line, shown
from feeds.text.urls import canonical_url, is_absolute

_Result = TypeVar("_Result")
_NO_DEFAULTS = ArticleDefaults()

# Of the front matter, after the opening ---.
_FIRST_LINE = 2

# One key of each is required.
_REQUIRED_KEYS = {
    "title": ("title", "name"),
    "URL": ("webUrl", "originalUrl"),
    "date": ("publishedDateTime",),
}
_EPISODE_KEYS = (
    "duration", "explicit", "season", "episode", "episodeType", "transcript", "chapters", "people",
)  # fmt: skip
_LIMITS = Limits(
    items_of={"topics": 100},
    chars=20_000,
    chars_of={"featuredContent": 1_000_000},
    all_chars=250_000,
)
_EPISODE_TYPES = ("full", "trailer", "bonus")
#: Values of an action's type that are not media types.
_ACTION_TYPES = ("download",)


class Dialect(Protocol):
    """The form that another generator's articles have (see feeds.dialects)."""

    def read(self, text: str, path: str) -> FrontMatter:
        """Return the front matter of a file in our own keys, and the body in HTML or Markdown.

        Raises YAMLTextError.
        """

    @property
    def is_obsidian(self) -> bool:
        """True for the Markdown of Obsidian, such as `[[links]]`."""

    def tags_in(self, path: str) -> str:
        """Return the tags in a file's body that are never text: a key of references.TAGS."""


class Outline(NamedTuple):
    """The URL and title of an article for links to it, and when it is shown."""

    url: str
    title: str
    #: None for a page without a date.
    published: datetime | None
    expires: datetime | None
    is_held_back: bool


def read_outline(
    text: str, path: str, defaults: ArticleDefaults, dialect: Dialect
) -> Outline | None:
    """Return the outline of an article, or of a page that only lacks a date, without its body."""
    report = Report(path, Severity.WARNING, zone=find_zone(defaults.timezone) or UTC)
    try:
        front = _front_matter(text, path, report, dialect)
        fields = Fields(front.values if front else YAMLMapping(), report, _FIRST_LINE)
        title = fields.text("title") or fields.text("name")
        url = fields.url("webUrl") or fields.url("originalUrl")
        published, hold = fields.date("publishedDateTime"), read_hold(fields)
    except Exception:  # reading the article itself tells of it
        return None
    if not (title and url):
        return None
    dates = [date for date in (published, hold.not_before) if date]
    is_held_back = hold.draft or hold.removed or is_in_drafts(path)
    return Outline(url, title, max(dates, default=None), hold.expires, is_held_back)


def read_article(
    text: str,
    path: str,
    defaults: ArticleDefaults = _NO_DEFAULTS,
    dialect: Dialect | None = None,
    resolve: Resolve = NO_ORIGIN.resolve,
) -> tuple[model.Article | None, list[Problem]]:
    """Parse an article's text; None if it has no usable front matter, title, URL or date.

    The path names the file in problems, tells HTML from Markdown, and drafts by their folder.
    The defaults are those of its site. The function finds the articles to which its body links.
    """
    report = Report(path, Severity.WARNING, _LIMITS, zone=find_zone(defaults.timezone) or UTC)
    article = None
    try:
        if front := _front_matter(text, path, report, dialect):
            fields = Fields(front.values, report, _FIRST_LINE, front.names)
            report_duplicates(front.duplicates, report)
            if front.forbidden:
                character, line = front.forbidden
                message = f"the character U+{ord(character):04X} is not allowed in feeds"
                report.add(line, "control-character", message, "it is repaired or removed")
            in_html = is_html(path) if front.is_html is None else front.is_html

            origin = NO_ORIGIN
            if dialect:
                origin = Origin(resolve, dialect.is_obsidian, TAGS[dialect.tags_in(path)])

            def read_body(base: str) -> str:
                math = fields.flag("math", defaults.math)
                body = Body(front.body, is_html=in_html, math=math, origin=origin)
                return _read_body(body, base, front.body_line, report)

            def read_summary() -> str:
                math = defaults.math
                summary = Body(front.summary, is_html=in_html, math=math, origin=origin)
                clean = _attempt(lambda: summary.clean("")) if front.summary else ""
                return "" if isinstance(clean, BodyError) else plain_line(plain_text(clean))

            article = _read(
                fields,
                read_body,
                read_summary,
                is_draft=is_in_drafts(path),
                may_lack=not front.is_article,
            )
    except Exception as error:  # a fault of a library, or ours, must not stop the other articles
        article = None
        message = f"cannot be read: {type(error).__name__}: {shown(str(error))}"
        report.add(report.line, "unreadable-article", message, "it is left out", Severity.ERROR)
    return article, report.problems


def line_of(text: str, path: str, *keys: str, dialect: Dialect | None = None) -> int:
    """Line of the file, from 1, of the first of these keys that the front matter has, else 1."""
    front = _front_matter(text, path, Report(path, Severity.WARNING), dialect)
    lines = front.values.lines if front else {}
    return next((lines[key] for key in keys if key in lines), 1)


def _front_matter(
    text: str, path: str, report: Report, dialect: Dialect | None
) -> FrontMatter | None:
    try:
        return dialect.read(text, path) if dialect else read_front_matter(text)
    except NoFrontMatterError as error:
        severity = Severity.ERROR if error.begins else Severity.WARNING
        report.add(error.line, "no-front-matter", error.message, error.hint, severity)
    except YAMLTextError as error:
        report.add(error.line, error.code, error.message, error.hint, Severity.ERROR)
    return None


def _read_body(body: Body, base: str, first_line: int, report: Report) -> str:
    """Return the clean body; empty, and reported, if it cannot be read."""
    clean = _attempt(lambda: body.clean(base))
    if isinstance(clean, BodyError):
        line, message = first_line - 1 + clean.line, f"the body is left out: {clean}"
        report.add(line, "bad-body", message, "simplify its markup", Severity.ERROR)
        return ""
    for line, code, message, hint in body.findings():
        report.add(first_line - 1 + line, code, message, hint, about=message)
    return clean


def _attempt(read: Callable[[], _Result]) -> _Result | BodyError:
    """Return what a function makes of markup, or the reason why it or a library of it fails."""
    try:
        return read()
    except BodyError as error:
        return error
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of nh3 is no Exception
        return BodyError(f"it cannot be read ({error!r:.100})")


def _read(
    fields: Fields,
    read_body: Callable[[str], str],
    read_summary: Callable[[], str],
    *,
    is_draft: bool,
    may_lack: bool,
) -> model.Article | None:
    """Return the article; its body is read with its URL as the base of relative ones."""
    title = fields.text("title") or fields.text("name")
    web_url, original_url = fields.url("webUrl"), fields.url("originalUrl")
    url = web_url or original_url
    published, hold = fields.date("publishedDateTime"), read_hold(fields)
    is_draft |= hold.draft
    if not (title and url and published):
        values = {"title": title, "URL": url, "date": published}
        # A draft may be unfinished.
        severity = Severity.WARNING if is_draft or may_lack else Severity.ERROR
        _report_missing(fields, tuple(name for name in values if not values[name]), severity)
        return None
    updated = fields.date("updatedDateTime") or published
    # A bare date of the same day is not earlier.
    if updated < published and updated != published.replace(hour=0, minute=0, second=0):
        earlier, later = map(fields.name_of, ("updatedDateTime", "publishedDateTime"))
        message, hint = f"{earlier} is earlier than {later}", f"{later} is used"
        fields.problem("updatedDateTime", "updated-before-published", message, hint)
    published = max(published, hold.not_before or published)
    if hold.expires and hold.expires <= published:
        # With future: true, it is published until then.
        message = "the article expires before the date of its publication"
        fields.problem("publishedDateTime", "early-expiry", message, "correct one of the dates")
    # Readers know the article by the first URL that it ever had.
    id = fields.identifier("id") or next(iter(fields.urls("formerly")), url)
    player = _player(fields)
    article = model.Article(
        id=id,
        url=url,
        title=title,
        published=published,
        updated=max(updated, published),
        excerpt=fields.text("excerpt") or read_summary(),
        player=player,
        original_url=original_url if original_url != url else "",
        amp_url=fields.url("ampWebUrl") or fields.url("cdnAmpWebUrl"),
        provider=_provider(fields),
        topics=fields.texts("topics"),
        category=fields.text("category"),
        type=fields.text("type"),
        images=tuple(_images(fields)),
        downloads=tuple(_downloads(fields)),
        related=tuple(_related(fields, max(updated, published))),
        episode=_episode(fields, plays=player is not None),
        quality=fields.number("quality"),
        heat=fields.number("heat"),
        expires=hold.expires,
        draft=is_draft,
        removed=hold.removed,
        body=read_body(url),  # last, as in the file
    )
    is_unknown = any(file.media_type == DEFAULT_DOWNLOAD for file in article.downloads)
    if is_unknown and not player and not article.recording and fields.has_any(_EPISODE_KEYS):
        message = "no file is known to be audio or video, so the article is no episode"
        fields.problem("actions", "unknown-type", message, TYPE_HINT)
    return article


def _report_missing(fields: Fields, missing: tuple[str, ...], severity: Severity) -> None:
    """Report all required values that are missing as one problem, on the first key present."""
    keys = [key for name in missing for key in _REQUIRED_KEYS[name]]
    key = next(filter(fields.__contains__, keys), keys[0])
    message = f"no usable {' or '.join(missing)}, so the article is left out"
    needed = (dict.fromkeys(map(fields.name_of, _REQUIRED_KEYS[name])) for name in missing)
    hint = f"it needs {', '.join(' or '.join(names) for names in needed)}"
    code = f"missing-{missing[0].lower()}"
    fields.problem(key, code, message, hint, severity, missing=missing)


def _player(fields: Fields) -> model.Player | None:
    featured = fields.markup("featuredContent")
    if not featured.strip():
        return None
    player = _attempt(lambda: read_player(featured))
    if isinstance(player, BodyError):
        message = f"featuredContent is left out: {player}"
        fields.problem("featuredContent", "no-player", message, "write one iframe")
        return None
    if not player:
        message = "featuredContent has no player that can be published"
        hint = "it should be an https iframe from a known host, or a video or audio element"
        fields.problem("featuredContent", "no-player", message, hint)
    return player


def _provider(fields: Fields) -> model.Provider | None:
    provider = fields.mapping("provider", short="name")
    if not provider:
        return None
    domain = provider.text("domain")
    domain = canonical_url(domain if "://" in domain else f"https://{domain}/") or ""
    if "domain" in provider and not domain:
        hint = "write one such as example.org"
        provider.problem("domain", "bad-domain", "domain is not a host name", hint)
    authors = (author.text("name") for author in provider.mappings("authors", short="name"))
    people = list(dict.fromkeys(filter(None, authors)))
    name = provider.text("name") or provider.text("domain") or (people.pop(0) if people else "")
    if not name:
        return None
    return model.Provider(name, urlsplit(domain).netloc, tuple(people), tuple(_images(provider)))


def _images(fields: Fields) -> Iterator[model.Image]:
    for item, url in _files(fields, "images", "an image"):
        media_type = type_of_url(url, DEFAULT_IMAGE)
        yield model.Image(
            url=url,
            media_type=media_type if media_type.startswith("image/") else DEFAULT_IMAGE,
            width=item.count("width"),
            height=item.count("height"),
            title=item.text("title"),
            attribution=item.text("attribution"),
        )


def _downloads(fields: Fields) -> Iterator[model.Download]:
    for item, url in _files(fields, "actions", "an action"):
        is_download = item.text("type").lower() in _ACTION_TYPES
        given = "" if is_download else item.media_type("type")
        media_type = given or type_of_url(url, "")
        length = item.length("length")
        yield model.Download(
            url=url,
            media_type=media_type or DEFAULT_DOWNLOAD,
            title=item.text("title"),
            # The length of a file of the site is read from disk.
            length=length if is_absolute(url) else None,
            is_typed=bool(media_type) or is_download,
        )


def _related(fields: Fields, updated: datetime) -> Iterator[model.Related]:
    for item in fields.mappings("related", short="webUrl"):
        hold = read_hold(item)
        if hold.draft or hold.removed:
            continue
        # It comes and goes with its article, so that it could not wait for a date of its own.
        if hold.expires or (hold.not_before and hold.not_before > updated):
            message = "a related story that is to appear or vanish at a time is left out"
            hint = "add it at that time; its own date is publishedDateTime"
            item.problem("webUrl", "held-related", message, hint, about="related")
            continue
        if url := item.url("webUrl") or item.url("originalUrl"):
            yield model.Related(
                title=item.text("title") or item.text("name") or (urlsplit(url).hostname or url),
                url=url,
                excerpt=item.text("excerpt"),
                published=item.date("publishedDateTime"),
                provider=_provider(item),
                images=tuple(_images(item)),
            )
        elif "webUrl" not in item:  # an invalid one has been reported already
            message = "a related story without webUrl is left out"
            item.problem("webUrl", "missing-url", message, "write webUrl", about="related")


def _episode(fields: Fields, *, plays: bool) -> model.Episode | None:
    """Return the keys of a podcast's episode; None if the article has none of them."""
    if not plays and not fields.has_any(_EPISODE_KEYS):  # most articles
        return None
    duration = fields.duration("duration")
    if not duration and plays:
        # `length` is the duration of a video only where it is an ISO 8601 one.
        length = fields.markup("length").strip()
        duration = parse_duration(length) if length.startswith("PT") else None
    episode = model.Episode(
        duration=duration,
        explicit=fields.flag("explicit", default=None),
        season=fields.count("season"),
        number=fields.count("episode"),
        type=fields.choice("episodeType", _EPISODE_TYPES),
        transcripts=tuple(_transcripts(fields)),
        chapters=_file(fields, "chapters"),
        people=tuple(_people(fields)),
    )
    return episode if episode != model.Episode() else None


def _transcripts(fields: Fields) -> Iterator[model.Transcript]:
    for item, url in _files(fields, "transcript", "a transcript"):
        if media_type := item.media_type("type") or type_of_url(url, ""):
            yield model.Transcript(url, media_type, item.language("language"))
        elif "type" not in item:  # an invalid one has been reported already
            message = f"the media type of {shown(url)} is unknown, so the transcript is left out"
            item.problem("url", "unknown-type", message, "write one, such as type: text/vtt")


def _people(fields: Fields) -> Iterator[model.Person]:
    for item in fields.mappings("people", short="name"):
        if name := item.text("name"):
            yield model.Person(
                name=name,
                role=item.text("role").lower(),
                group=item.text("group").lower(),
                image=_file(item, "image"),
                url=item.url("url"),
            )
        else:
            item.problem("name", "missing-name", "a person without a name", "write name")


def _files(fields: Fields, key: str, what: str) -> Iterator[tuple[Fields, str]]:
    """Yield each mapping of a list with the URL of its file; one without a URL is left out."""
    for item in fields.mappings(key, short="url"):
        if url := _file(item, "url"):
            yield item, url
        elif "url" not in item:  # an invalid one has been reported already
            message = f"{what} without url is left out"
            item.problem("url", "missing-url", message, "write url", about=what)


def _file(fields: Fields, key: str) -> str:
    """Return a file's URL; a path in the site must have an ending that is published."""
    url = fields.url_or_path(key)
    if is_absolute(url) or type_of_url(url, ""):
        return url
    hint = "write a whole URL, or a file of a known type, such as /media/a.jpg"
    fields.problem(key, "bad-url", f"{shown(url)} is not of a file type that is published", hint)
    return ""
