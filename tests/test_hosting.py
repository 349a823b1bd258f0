"""Rules for hosts in files of their own, read as each host's documentation says it reads them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feeds.model.document import COMMON_HEADERS, Document, Redirect
from feeds.publication.publication import Publication
from feeds.static.hosts import HOSTS, host_files
from feeds.static.writer import Written, write_tree
from tests.support import SiteBuilder

Rules = list[tuple[str, dict[str, str]]]


@pytest.fixture
def filled(site: SiteBuilder) -> SiteBuilder:
    ai = {"name": "AI", "formerly": ["machines"]}
    feed = {"name": "top", "title": "Top", "any": ["AI"]}
    site.configure(title="T", url="https://feeds.example.org/", limit=2, topics=[ai], feeds=[feed])
    (site.root / "media").mkdir()
    (site.root / "media" / "a.svg").write_text("<svg/>")
    images = [{"url": "/media/a.svg"}]
    for number, year in enumerate((2024, 2024, 2025, 2025, 2026, 2026)):
        date = f"{year}-05-0{number + 1}"
        site.write(f"{number}.md", publishedDateTime=date, topics=["AI", "C++"], images=images)
    for number in range(3):
        site.write(f"old{number}.md", publishedDateTime="2025-01-01", topics=["Past"])
    return site


def build(site: SiteBuilder, hosting: str, url: str = "") -> Written:
    return write_tree(site.publication(url=url), site.out, hosting=hosting)


def rules_of(text: str) -> Rules:
    """A _headers file, as both hosts read it: paths, and indented headers below each."""
    rules: Rules = []
    for line in text.splitlines():
        if line.startswith("/"):
            rules.append((line, {}))
        elif line.strip():
            assert line.startswith("  "), line
            name, colon, value = line.strip().partition(": ")
            assert colon, line
            assert name not in rules[-1][1], line
            rules[-1][1][name] = value
    assert all(headers for _path, headers in rules)
    assert len(dict(rules)) == len(rules)
    return rules


def redirects_of(text: str) -> list[tuple[str, str, str]]:
    """A _redirects file: from, to and status."""
    found = []
    for line in text.splitlines():
        old, new, status = line.split(" ")
        assert old.startswith("/")
        assert new.startswith("/")
        found.append((old, new, status))
    return found


def netlify(pattern: str) -> re.Pattern[str]:
    """A placeholder is one name; a * alone any number of folders, or none; one within, anything."""
    parts = []
    for part in filter(None, pattern.split("/")):
        if part.startswith(":"):
            parts.append("/[^/]+")
        elif part == "*":
            parts.append("(?:/(.*))?")
        else:
            parts.append("/" + re.escape(part).replace(r"\*", "(.*)"))
    return re.compile("".join(parts) + "/?")


def cloudflare(pattern: str) -> re.Pattern[str]:
    """A splat is any text; a placeholder is one name."""
    assert pattern.count("*") <= 1
    escaped = re.escape(pattern).replace(r"\*", "(.*)")
    return re.compile(re.sub(":[a-z]+", "[^/]+", escaped))


PATTERNS = {"netlify": netlify, "cloudflare": cloudflare}


def applied(pattern: Callable[[str], re.Pattern[str]], rules: Rules, path: str) -> Counter[str]:
    """Headers that the rules give for a path, each with how many give it."""
    matching = [headers for each, headers in rules if pattern(each).fullmatch(path)]
    return Counter(f"{name}: {value}" for headers in matching for name, value in headers.items())


def outlines(publication: Publication) -> Iterator[tuple[str, Document]]:
    for path in publication.paths():
        if isinstance(found := publication.outline(path), Document):
            yield path, found


@pytest.mark.parametrize("root", ["", "blog/"])
@pytest.mark.parametrize("host", PATTERNS)
def test_every_path_has_the_headers_of_the_live_app_from_one_rule_each(
    filled: SiteBuilder, host: str, root: str
) -> None:
    url = f"https://feeds.example.org/{root}"
    build(filled, host, url)
    publication = filled.publication(url=url)
    rules = rules_of((filled.out / "_headers").read_text())
    kept = Counter[bool]()
    for path, found in outlines(publication):
        told = applied(PATTERNS[host], rules, f"/{root}{path[1:]}")
        names = Counter(each.partition(":")[0] for each in told.elements())
        assert set(names.values()) == {1}, path
        for name, value in COMMON_HEADERS.items():
            assert told[f"{name}: {value}"] == 1
        # A path without a rule is asked for anew each time: a page, or an archive that is open.
        has_own = told[f"Cache-Control: {publication.cache_control(found)}"] == 1
        may_lack = path.endswith("/") or "/archive/" in path
        assert has_own or (may_lack and "Cache-Control" not in names), path
        is_page = path.endswith("/")
        for header in ("X-Frame-Options: DENY", "Content-Security-Policy: frame-ancestors 'none'"):
            assert told[header] == is_page, path
        if not is_page:
            assert told[f"Content-Type: {found.media_type}"] == 1, path
            kept[has_own] += 1
        else:
            assert "Content-Type" not in names
    assert kept[True] > kept[False] > 0
    svg = applied(PATTERNS[host], rules, f"/{root}media/a.svg")
    assert svg["Content-Security-Policy: sandbox; default-src 'none'"] == 1
    assert "X-Frame-Options: DENY" not in svg
    assert svg["Access-Control-Allow-Origin: *"] == 1
    assert "Content-Security-Policy" not in str(applied(PATTERNS[host], rules, f"/{root}a.png"))


def led(pattern: Callable[[str], re.Pattern[str]], text: str, path: str) -> tuple[str, str]:
    """Where the first redirect that matches leads, and its status."""
    for old, new, status in redirects_of(text):
        if match := pattern(old).fullmatch(path):
            rest = (match.groups() or ("",))[0] or ""
            return new.replace(":splat", rest), status
    return "", ""


@pytest.mark.parametrize("root", ["", "blog/"])
@pytest.mark.parametrize("host", PATTERNS)
def test_former_folders_lead_on_for_good(filled: SiteBuilder, host: str, root: str) -> None:
    build(filled, host, f"https://feeds.example.org/{root}")
    text = (filled.out / "_redirects").read_text()
    # By default, what lies at a path wins over Netlify's redirects.
    status = {"netlify": "301!", "cloudflare": "301"}[host]
    for path, target in (
        ("topics/machines", "topics/ai/"),
        ("topics/machines/", "topics/ai/"),
        ("topics/machines/rss.xml", "topics/ai/rss.xml"),
    ):
        assert led(PATTERNS[host], text, f"/{root}{path}") == (f"/{root}{target}", status)
    assert led(PATTERNS[host], text, f"/{root}topics/ai/") == ("", "")
    assert led(PATTERNS[host], text, f"/{root}topics/machines-too/") == ("", "")


def test_what_cloudflare_takes_is_not_exceeded(site: SiteBuilder) -> None:
    former = [f"machines-{number}" for number in range(600)]
    topics = [{"name": "AI", "formerly": former}]
    site.configure(title="T", url="https://feeds.example.org/", limit=1, topics=topics)
    for year in range(1950, 2026):
        site.write(f"{year}.md", publishedDateTime=f"{year}-05-01", topics=["AI"])
    publication = site.publication()
    told = host_files("cloudflare", publication, compressed=False)
    rules = rules_of(told["_headers"].decode())
    assert 90 < len(rules) <= 100
    text = told["_redirects"].decode()
    redirects = redirects_of(text)
    dynamic = ["*" in old for old, _new, _status in redirects]
    assert dynamic == sorted(dynamic)
    assert dynamic.count(True) == 100
    assert 1990 < dynamic.count(False) <= 2000
    assert len({old for old, _new, _status in redirects}) == len(redirects)
    for number, last in ((0, True), (99, True), (100, True), (450, True), (599, False)):
        for name in ("", "/", "/rss.xml", "/atom.xml", "/feed.json"):
            path = f"/topics/{former[number]}{name}"
            target = f"/topics/ai{name or '/'}" if last else ""
            assert led(cloudflare, text, path)[0] == target
    # Former paths without a redirect have pages that lead on.
    assert f"/topics/{former[599]}/" in publication.paths()


def test_s3_is_told_what_to_put_where(filled: SiteBuilder) -> None:
    build(filled, "s3", "https://feeds.example.org/blog/")
    listed = json.loads((filled.out / "s3.json").read_text())
    publication = filled.publication(url="https://feeds.example.org/blog/")
    paths = list(publication.paths())
    assert len(listed) == len(paths)
    put = {each["file"]: each["put"] for each in listed}
    for path in paths:
        name = f"{path}index.html"[1:] if path.endswith("/") else path[1:]
        assert (filled.out / name).exists()
        assert put[name]["Key"] == f"blog/{name}"
        found = publication.document(path)
        if isinstance(found, Redirect):
            assert put[name]["WebsiteRedirectLocation"] == f"/blog{found.to}"
        elif isinstance(found, Document):
            assert put[name]["ContentType"] == found.media_type
            assert put[name]["CacheControl"] == publication.cache_control(found)
            assert "WebsiteRedirectLocation" not in put[name]
    assert put["media/a.svg"]["ContentType"] == "image/svg+xml; charset=utf-8"


def test_an_outline_is_the_document_without_its_bytes(filled: SiteBuilder) -> None:
    publication = filled.publication()
    for path in publication.paths():
        outline, found = publication.outline(path), publication.document(path)
        assert type(outline) is type(found)
        if isinstance(outline, Redirect) and isinstance(found, Redirect):
            assert outline.to == found.to
            assert outline.stand_in.media_type == found.stand_in.media_type
        elif isinstance(outline, Document) and isinstance(found, Document):
            assert (outline.media_type, outline.is_closed) == (found.media_type, found.is_closed)
    assert publication.outline("/nothing") is None


NAMES = {
    "netlify": {"_headers", "_redirects"},
    "cloudflare": {"_headers", "_redirects"},
    "github-pages": {".nojekyll"},
    "nginx": {"nginx.conf"},
    "apache": {".htaccess"},
    "s3": {"s3.json"},
}


def test_the_file_of_a_host_is_ours_and_goes_with_the_option(filled: SiteBuilder) -> None:
    plain = {each.name for each in write_all(filled, "")}
    assert NAMES.keys() == HOSTS.keys()
    for host, names in NAMES.items():
        assert {each.name for each in write_all(filled, host)} == plain | names
        again = build(filled, host)
        assert (again.written, again.removed) == (0, 0)
    (filled.out / ".feeds-manifest.json").unlink()
    assert "s3.json" not in str(build(filled, "s3").skipped)
    assert {each.name for each in write_all(filled, "")} == plain | {".feeds-manifest.json"}


def write_all(site: SiteBuilder, hosting: str) -> list[Path]:
    build(site, hosting)
    return [each for each in site.out.rglob("*") if each.is_file()]


def test_a_file_of_somebody_else_for_the_host_is_left(filled: SiteBuilder) -> None:
    filled.out.mkdir()
    (filled.out / "_headers").write_text("mine")
    assert build(filled, "netlify").skipped == ["_headers: not written by feeds, so it is left"]
    assert (filled.out / "_headers").read_text() == "mine"


def test_a_file_of_an_article_keeps_its_place(site: SiteBuilder) -> None:
    (site.root / "s3.json").write_text("{}")
    site.write("a.md", actions=[{"url": "/s3.json"}])
    for _again in range(2):
        assert build(site, "s3").skipped == ["s3.json: an article's file is there instead"]
        assert (site.out / "s3.json").read_text() == "{}"


@pytest.mark.parametrize("host", HOSTS)
def test_a_site_of_one_article_is_told_too(site: SiteBuilder, host: str) -> None:
    site.write("a.md", title="One")
    assert build(site, host).skipped == []
