"""The code under attack, and the promises that it has to keep for any input."""

from __future__ import annotations

import atexit
import io
import os
import pickle
import re
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, unquote_to_bytes

import msgspec

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.dialects import find_dialect
from feeds.dialects.configuration import Files
from feeds.dialects.dialect import Dialect
from feeds.errors import FeedsError, Problem
from feeds.formats import ATOM, JSON, PAGE, RSS, as_entry, render
from feeds.formats.entry_html import content_html
from feeds.model.article import Article
from feeds.model.document import Document
from feeds.model.feed import Context, Feed
from feeds.model.site import Author, Site
from feeds.parsing.article import read_article
from feeds.parsing.body.clean import Body, plain_text
from feeds.parsing.body.limits import BodyError
from feeds.parsing.body.references import NO_ORIGIN, TEMPLATE_TAGS, Origin
from feeds.parsing.body.references import Target as LinkTarget
from feeds.parsing.time_zones import zone_name
from feeds.publication.publication import Publication
from feeds.text.urls import canonical_url
from feeds.web.app import create_app
from tests.fuzz import checks, grammars
from tests.fuzz.checks import ViolationError
from tests.fuzz.inputs import Grammar

URL = "https://feeds.example.org/"
NOW = datetime(2026, 7, 1, tzinfo=UTC)
#: A longer body, entry or document than so many times its source is left out and reported.
MAX_TIMES, MORE_BYTES = 10, 20_000
#: feeds.yaml may have 2,000 topics or feeds, each with a mistake of its own.
MAX_PROBLEMS = 2_100
#: Processor time of a request that renders nothing, and of one that makes a feed.
MAX_REQUEST_SECONDS, MAX_RENDERING_SECONDS = 0.02, 0.3
_FRAME = frozenset(("data-frame",))
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_METHOD = re.compile("[^A-Za-z]")
_SECRET = "c0ffee5ec2e7"


class Target(Protocol):
    """Code that takes one input."""

    #: Processor time that an input of 64 KB may take.
    seconds: float

    @property
    def grammar(self) -> Grammar:
        """The inputs."""

    def prepare(self) -> None:
        """Set up what inputs have in common, in the process that runs them."""

    def run(self, text: str) -> Callable[[], None]:
        """Run one input, and return the check of its output. Any exception is a finding."""


def _check_problems(problems: list[Any]) -> None:
    for problem in problems:
        line = str(problem)
        checks.check_text([line], "forbidden-character-in-problem")
        if "\n" in line or "\r" in line:
            raise ViolationError("problem-of-many-lines", repr(line[:300]))
        if len(line) > 2_000:
            raise ViolationError("long-problem", f"{len(line):,} characters: {line[:200]!r}")
        if problem.line < 1:
            raise ViolationError("problem-without-line", repr(line[:300]))
    if len(problems) > MAX_PROBLEMS:
        raise ViolationError(
            "many-problems", f"{len(problems):,} problems; the first: {problems[0]}"
        )


def _texts(value: Any) -> Iterator[str]:
    """Every text within a value of the model."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _urls(value: Any) -> Iterator[str]:
    """Every URL within a value of the model, by the names of its fields."""
    if isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str) and name.endswith("url") and item:
                yield item
            yield from _urls(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _urls(item)


@dataclass
class FrontMatter:
    """Front matter becomes an article, which every format can hold."""

    seconds: float = 1.0
    grammar = grammars.FRONT_MATTER

    def prepare(self) -> None:
        """Load the libraries of all formats."""
        self.run("---\ntitle: T\nwebUrl: https://a.example/\npublishedDateTime: 2026-01-01\n---\n")

    def run(self, text: str) -> Callable[[], None]:
        # A line that ends the front matter, by any line end, would make a body of what follows.
        keeps = (
            text.startswith("---\n") and len(re.findall(r"(?:^|[\r\n])(?:---|\.\.\.)", text)) == 2
        )
        if keeps:
            head, end, body = text.rpartition("\n---")
            text = f"{head}\nsecured:\n  key: value-{_SECRET}{end}{body}"
        article, problems = read_article(text, "articles/a.md")
        documents = _documents(article) if article else {}

        def check() -> None:
            _check_problems(problems)
            if keeps and any(_SECRET in str(problem) for problem in problems):
                raise ViolationError("secret-in-problem", "a value of secured: is in a problem")
            if not article:
                return
            if read_article(text, "articles/a.md") != (article, problems):
                raise ViolationError("unstable", "a second reading gives another article")
            _check_model(article)
            _check_article(article, documents, len(text.encode("utf-8", "surrogatepass")))
            if keeps and any(_SECRET.encode() in document for document in documents.values()):
                raise ViolationError("secret-published", "a value of secured: is in a feed")

        return check


def _check_model(article: Article) -> None:
    data = msgspec.to_builtins(article)
    checks.check_text(_texts(data))
    for url in _urls(data):
        if not re.match(r"https?://[^\s<>\"]+\Z|/[^\s<>\"]*\Z", url):
            raise ViolationError("unsafe-url", f"the URL {url[:200]!r}")


def _documents(article: Article) -> dict[str, bytes]:
    published = article.as_published(URL, article.topics, {})
    context = Context(
        URL, True, lambda _topic: "topics/a/", author=Author("A"), topics_url=f"{URL}topics/"
    )
    entries = [as_entry(published, context)]
    feed = Feed(URL, "Site", "Site", URL, URL, Author("A"), "en", entries)
    documents = {format.name: render(feed, format) for format in (RSS, ATOM, JSON, PAGE)}
    for name, frame in (("content", False), ("content with frames", True)):
        content = content_html(published, frame=frame)
        documents[name] = content.encode("utf-8", "surrogatepass")
    return documents


def _check_article(article: Article, documents: dict[str, bytes], source: int) -> None:
    for name, document in documents.items():
        checks.check_size(len(document), source, times=3 * MAX_TIMES, more=MORE_BYTES)
        text = document.decode("utf-8", "surrogatepass")
        if name.startswith("content"):
            checks.check_html(text, frames="frames" in name)
    rss = checks.parse_xml(documents[RSS.name])
    atom = checks.parse_xml(documents[ATOM.name])
    items = rss.findall("channel/item"), atom.findall("{*}entry")
    value = checks.parse_json(documents[JSON.name])
    assert isinstance(value, dict)
    counts = [*map(len, items), len(value["items"])]
    if counts != [1, 1, 1]:
        raise ViolationError("lost-entry", f"entries in RSS, Atom and JSON: {counts}")
    if items[0][0].findtext("title") is None or value["items"][0]["id"] != article.id:
        raise ViolationError("lost-entry", "an entry without its title or id")
    checks.check_page(documents[PAGE.name])


@dataclass
class BodyTarget:
    """A body becomes safe HTML."""

    seconds: float = 1.0
    grammar = grammars.BODY

    def prepare(self) -> None:
        """Load the libraries."""
        self.run("x")
        self.run("<p>é <script>")

    def run(self, text: str) -> Callable[[], None]:
        # The first character says which: an input is one file.
        is_html = text[:1] == "<"
        # So does its length: half of the articles are those of a generator.
        origin = ORIGIN if len(text) % 2 else NO_ORIGIN
        body = Body(text, is_html=is_html, origin=origin)
        try:
            clean, findings = body.clean(URL), body.findings()
        except BodyError:  # a body that is left out
            return lambda: None
        plain = plain_text(clean)

        def check() -> None:
            source = len(text.encode("utf-8", "surrogatepass"))
            output = len(clean.encode("utf-8", "surrogatepass"))
            checks.check_size(output, source, times=MAX_TIMES, more=MORE_BYTES)
            checks.check_text([clean, plain, *(each.message for each in findings)])
            checks.check_html(clean, own_attributes=_FRAME)
            if len(findings) > 100:
                raise ViolationError("many-problems", f"{len(findings):,} kinds of findings")
            lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
            if any(not 1 <= each.line <= lines for each in findings):
                raise ViolationError("problem-without-line", f"{findings[:5]} of {lines} lines")
            if len(text) % 4 == 0 and self._clean_again(text, is_html, origin) != clean:
                raise ViolationError("unstable", "cleaned again, it differs")

        return check

    def _clean_again(self, text: str, is_html: bool, origin: Origin) -> str:
        return Body(text, is_html=is_html, origin=origin).clean(URL)


def _find_article(target: str, _by_name: bool) -> LinkTarget | None:
    name, mark, part = target.partition("#")
    if name.startswith("draft"):
        return LinkTarget("", "A draft")
    url = f"https://a.example/(a)*_&amp=[1]/{'long/' * 100}{mark}{part}"
    return LinkTarget(canonical_url(url) or "", "A [title] *of* <it>") if name else None


#: A generator that has all that any of them has.
ORIGIN = Origin(
    resolve=_find_article,
    is_obsidian=True,
    tags=TEMPLATE_TAGS,
)


@dataclass
class DialectTarget:
    """A folder of any generator becomes articles."""

    seconds: float = 1.0
    grammar = grammars.FOLDER

    def prepare(self) -> None:
        """Load the dialects, and the libraries that they need."""
        for folder in self.grammar.examples:
            self.run(folder)()

    def run(self, text: str) -> Callable[[], None]:
        files = _files(text)
        found = _find_dialect(files)
        if not found:
            return lambda: None
        dialect = replace(found, base=found.site.url or URL)
        digests, said = (dialect.digest, dialect.data_digest), dialect.describe()
        site = Site("Site", timezone=zone_name(dialect.site.timezone), math=dialect.site.math)

        def read() -> dict[str, tuple[Article | None, list[Problem]]]:
            return {
                path: read_article(text, path, site.article_defaults, dialect, _find_article)
                for path, text in files.items()
                if dialect.is_article(path)
                and dialect.link_names(path)
                and dialect.data_of(path) != path
            }

        articles = read()

        def check() -> None:
            if (again := _find_dialect(files)) != found:
                raise ViolationError("unstable", f"found again, it is {again!r}"[:2_000])
            copy = pickle.loads(pickle.dumps(dialect))
            if copy != dialect or (copy.digest, copy.data_digest) != digests:
                raise ViolationError("unstable", "other processes have another dialect")
            if len(pickle.dumps(dialect)) > MAX_TIMES * len(text) + 20_000:
                raise ViolationError("long-dialect", said[:300])
            if read() != articles:
                raise ViolationError("unstable", "a second reading gives other articles")
            for article, problems in articles.values():
                _check_problems(problems)
                for problem in problems:
                    if problem.code == "unreadable-article":
                        raise ViolationError("exception", str(problem))
                if article:
                    _check_model(article)

        return check


def _files(text: str) -> dict[str, str]:
    """Return the files of a folder by their paths, from an input with a line before each.

    An input without such a line is one file of a folder that its length and checksum choose.
    """
    if not text.startswith(grammars.FILE):
        folder = grammars.FOLDERS[len(text) % len(grammars.FOLDERS)]
        chosen = zlib.crc32(text.encode("utf-8", "surrogatepass"))
        return folder | {[*folder][chosen % len(folder)]: text}
    files = {}
    for part in text.split(grammars.FILE):
        path, _, source = part.partition("\n")
        if path.isprintable() and not {"", ".", ".."} & {*path.split("/")}:
            # No file system has longer names and paths.
            files["/".join(name[:255] for name in path[:4_000].strip("/").split("/"))] = source
    return files


def _find_dialect(files: dict[str, str]) -> Dialect | None:
    folders: dict[str, set[str]] = {"": set()}
    for path in files:
        names = path.split("/")
        for place in range(len(names)):
            end = "/" * (place + 1 < len(names))
            folder, entry = "/".join(names[:place]), "/".join(names[: place + 1])
            folders.setdefault(folder, set()).add(entry + end)
    listed = {folder: tuple(sorted(entries)) for folder, entries in folders.items()}
    permalink = re.search("permalink: ([^\n]*)", files.get("feeds.yaml", ""))
    return find_dialect(
        Files(lambda path: files.get(path, ""), lambda folder: listed.get(folder.rstrip("/"), ())),
        permalink=permalink[1].strip() if permalink else "",
    )


class _Site:
    """A small site on disk, as one process publishes it."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="feeds-fuzz-"))
        self._owner = os.getpid()
        atexit.register(self.close)
        articles, media = self.root / "articles", self.root / "media"
        articles.mkdir()
        media.mkdir()
        (media / "a.jpg").write_bytes(bytes(3_000))
        (media / "b.mp3").write_bytes(bytes(range(256)) * 400)
        self.configure(grammars.SITE)
        for number in range(40):
            topics = ["AI", "Café", "C++", "Sea life"][number % 4 : number % 4 + 2]
            text = (
                f"---\ntitle: Story {number} of the sea\nwebUrl: https://a.example/{number}/\n"
                f"publishedDateTime: 20{10 + number % 16}-05-0{1 + number % 9}\n"
                f"topics: {topics}\ntype: article\ncategory: news\nquality: {number}\n"
                "provider: {name: Mint, authors: [Ann]}\nimages: [/media/a.jpg]\n"
                "actions: [/media/b.mp3]\n"
                f"---\nWords about the sea, number {number}.\n"
            )
            (articles / f"{number}.md").write_text(text, encoding="utf-8")
        self.index = self.root / "index.sqlite"

    def configure(self, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        (self.root / "feeds.yaml").write_bytes(data)

    def close(self) -> None:
        if os.getpid() == self._owner:
            shutil.rmtree(self.root, ignore_errors=True)


class Configuration:
    """A feeds.yaml becomes a site, whose every kind of document is well-formed."""

    #: For 2,000 feeds of a search each, the most that there may be.
    seconds = 10.0
    grammar = grammars.CONFIGURATION

    @cached_property
    def _site(self) -> _Site:
        return _Site()

    @cached_property
    def _catalog(self) -> Catalog:
        catalog = Catalog(str(self._site.index))
        catalog.sync(SiteFolder.open(self._site.root))
        return catalog

    def __init__(self) -> None:
        self._folder_made = self._site.root

    def prepare(self) -> None:
        """Index the articles, and load the libraries."""
        self._site.configure(grammars.SITE)
        self.run(grammars.SITE)

    def run(self, text: str) -> Callable[[], None]:
        self._site.configure(text)
        try:
            folder = SiteFolder.open(self._site.root)
        except FeedsError as error:
            message = str(error)

            def check_message() -> None:
                checks.check_text([message], "forbidden-character-in-problem")
                if "\n" in message or len(message) > 2_000:
                    raise ViolationError("bad-message", repr(message[:300]))

            return check_message
        url = folder.site.url
        publication = Publication(folder, self._catalog, url=url, now=NOW, unpublished=False)
        paths = [path for _number, path in zip(range(200), publication.paths(), strict=False)]
        wanted = [path for path in paths if "/archive/" not in path][:40]
        documents = {path: publication.document(path) for path in wanted}
        problems = [*folder.problems, *publication.problems()]

        def check() -> None:
            _check_problems(problems)
            checks.check_url(url)
            for path in paths:
                if not re.fullmatch(r"(?:/[\w.~%@!$&'()*+,;=:-]*)+", path) or "/../" in path:
                    raise ViolationError("odd-path", repr(path[:300]))
            for path, document in documents.items():
                if isinstance(document, Document):
                    _check_document(document.media_type, document.body)
                    if re.search("[\r\n\0]", publication.cache_control(document)):
                        raise ViolationError(
                            "bad-header", publication.cache_control(document)[:200]
                        )
                    for link, _rel in document.links:
                        checks.check_url(link)
                        if re.search(r"[\s<>]", link):
                            raise ViolationError("bad-header", repr(link[:200]))
                elif document is None:
                    raise ViolationError("lost-document", f"nothing at {path}")

        return check


def _check_document(media_type: str, body: bytes) -> None:
    if "xml" in media_type or "opml" in media_type:
        checks.parse_xml(body)
    elif "json" in media_type:
        checks.parse_json(body)
    elif media_type.startswith("text/html"):
        checks.check_page(body)


class App:
    """A request to the live app: its first line, then its headers."""

    seconds = 1.0

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._site = _Site()

    def prepare(self) -> None:
        """Open the app, and wait until the words are indexed."""
        for index in self._site.root.glob("index.sqlite*"):
            index.unlink()
        os.environ["FEEDS_CATALOG"] = str(self._site.index)
        # Another thread's syncs would be counted as the requests'.
        create_app(self._site.root).extensions["feeds"].close()
        os.environ["FEEDS_SYNC"] = "0"
        app = create_app(self._site.root)
        app.config["PROPAGATE_EXCEPTIONS"] = True
        self._app: Any = app.wsgi_app
        for path in (
            "/",
            "/rss.xml",
            "/custom/",
            "/custom/rss.xml?topic=ai",
            "/media/a.jpg",
            "/no",
        ):
            self._request(f"GET {path}\n")
        deadline = time.monotonic() + 20
        while self._request("GET /custom/rss.xml?q=sea\n")[0] == 503:
            if time.monotonic() > deadline:
                raise RuntimeError("the words are not indexed")
            time.sleep(0.1)

    def run(self, text: str) -> Callable[[], None]:
        status, headers, body, took = self._request(text)
        # Some time is other work's: collected garbage, a first use of something.
        limit = MAX_RENDERING_SECONDS if status == 200 else MAX_REQUEST_SECONDS
        for _attempt in range(3):
            if took > limit:
                took = min(took, self._request(text)[3])

        def check() -> None:
            if took > limit:
                raise ViolationError(
                    "slow-request", f"{status} after {took * 1000:.0f} ms; at most {limit}"
                )
            self._check(text, status, headers, body)

        return check

    def _check(self, text: str, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        if status not in (200, 206, 301, 304, 308, 400, 404, 405, 410, 412, 416):
            raise ViolationError(f"status-{status}", body[:300].decode("utf-8", "replace"))
        fields = {name.lower(): value for name, value in headers}
        for name, value in headers:
            if re.search("[^\t\x20-\x7e\x80-\xff]", value) or not re.fullmatch("[A-Za-z-]+", name):
                raise ViolationError("bad-header", f"{name}: {value[:200]!r}")
            if len(value) > 40_000:
                raise ViolationError("long-header", f"{name}: {len(value):,} characters")
        method = _METHOD.sub("", text.partition("\n")[0].partition(" ")[0])
        if body and (method == "HEAD" or status in (304,)):
            raise ViolationError("unwanted-body", f"{status} {method} with {len(body)} bytes")
        length = fields.get("content-length")
        if length and method != "HEAD" and status != 304 and int(length) != len(body):
            raise ViolationError("wrong-length", f"Content-Length {length}, {len(body)} bytes")
        if status == 200 and not body and method == "GET":
            raise ViolationError("empty-body", "a 200 without a body")
        if status == 200 and body and fields.get("content-encoding") is None:
            _check_document(fields.get("content-type", ""), body)
        if status == 301:
            self._check_redirect(text, fields["location"])
        if status == 206 and not re.fullmatch(
            r"bytes \d+-\d+/\d+", fields.get("content-range", "")
        ):
            raise ViolationError("bad-range", str(fields.get("content-range")))

    def _check_redirect(self, text: str, location: str) -> None:
        """It leads within the site, and to something that redirects no further."""
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|\\", location):
            raise ViolationError("open-redirect", location[:300])
        path = text.partition(" ")[2].partition("\n")[0].partition("?")[0]
        base = f"/{path.removeprefix('/')}".rpartition("/")[0]
        target, mark, query = location.partition("?")
        parts: list[str] = [] if target.startswith("/") else base.split("/")[1:]
        for part in target.removeprefix("/").split("/"):
            if part == "..":
                del parts[-1:]
            elif part != ".":
                parts.append(part)
        resolved = "/" + "/".join(parts) + mark + query
        status = self._request(f"GET {resolved}\n")[0]
        if status not in (200, 304):
            raise ViolationError("bad-redirect", f"{location[:300]} leads to {status}")

    def _request(self, text: str) -> tuple[int, list[tuple[str, str]], bytes, float]:
        """Send a request: "METHOD target", and a header a line."""
        first, *lines = text.split("\n")
        method, target = _METHOD.sub("", first.partition(" ")[0]), first.partition(" ")[2]
        # Servers refuse anything else in a request line.
        path, _mark, query = quote(target, safe=_PRINTABLE, errors="replace").partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method or "GET", "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path or "/").decode("latin-1"),
            "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1:8000", "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
            "wsgi.errors": None, "wsgi.multithread": True, "wsgi.multiprocess": True,
            "wsgi.run_once": False, "REMOTE_ADDR": "192.0.2.1",
        }  # fmt: skip
        for line in lines:
            name, colon, value = line.partition(":")
            key = name.strip().upper().replace("-", "_")
            if colon and re.fullmatch("[A-Z0-9_]{1,60}", key):
                key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
                data = re.sub("[\0-\x1f\x7f]", "", value).encode("utf-8", "surrogatepass")
                environ[key] = data.decode("latin-1").strip()
        started = time.thread_time()
        answer: list[Any] = []
        result = self._app(
            environ, lambda status, headers, *_error: answer.extend((status, headers))
        )
        try:
            body = b"".join(result)
        finally:
            getattr(result, "close", lambda: None)()
        took = time.thread_time() - started
        return int(answer[0][:3]), answer[1], body, took


TARGETS: dict[str, Callable[[], Target]] = {
    "front-matter": FrontMatter,
    "body": BodyTarget,
    "config": Configuration,
    "dialects": DialectTarget,
    "query": lambda: App(grammars.QUERY),
    "headers": lambda: App(grammars.HEADERS),
}
