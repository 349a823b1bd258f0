"""The written files in use: the live app, nginx and Apache answer the same requests alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest
from click.testing import CliRunner

from feeds.catalog.walk import MANIFEST
from feeds.cli import main
from tests import hosts
from tests.hosts import Response, Server
from tests.support import DECODERS, SiteBuilder

URL = "https://feeds.example.org/"
FORMER_SLUGS = ("machines", "old.names", "old-names")
FEED = "max-age=60, stale-while-revalidate=600"


@pytest.fixture(scope="module")
def root(module_site: SiteBuilder) -> Path:
    """A site with an archive, topics that moved, and files of its own."""
    site = module_site
    ai = {"name": "AI", "formerly": ["machines", "old.names"]}
    feed = {"name": "top", "title": "Top", "any": ["AI"]}
    former = ["feed.xml", "feed/", {"posts/index.xml": "atom"}, "caf%C3%A9/feed.xml"]
    site.configure(title="Hosted", url=URL, limit=2, topics=[ai], feeds=[feed], formerly=former)
    (site.root / "media").mkdir()
    (site.root / "media" / "a b.png").write_bytes(b"\x89PNG" * 300)
    (site.root / "media" / "a.svg").write_text(f"<svg xmlns='{'/' * 900}'/>")
    (site.root / "media" / "short.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (site.root / "media" / "a.csv").write_text("a,b\n" * 400)
    names = ("a%20b.png", "a.svg", "short.svg", "a.csv")
    images = [{"url": f"/media/{name}"} for name in names]
    for number, year in enumerate((2024, 2024, 2025, 2025, 2026, 2026)):
        date = f"{year}-05-0{number + 1}T10:00:00Z"
        site.write(
            f"{number}.md", "Words of it. " * 50, publishedDateTime=date, images=images,
            topics=["AI", "C++"],
        )  # fmt: skip
    # This topic's newest period has a name that is closed in others.
    for number in range(3):
        site.write(f"old{number}.md", publishedDateTime="2025-01-01", topics=["Past"])
    return site.root


@contextmanager
def hosting(host: str, root: Path, base: str = "/") -> Iterator[tuple[Server, Path]]:
    url = urljoin(URL, base)
    with hosts.open_folder() as top:
        tree = top / base.strip("/")
        options = ["--out", str(tree), "--url", url, "--compress", "--hosting"]
        told = "nginx" if host == "live" else host
        result = CliRunner().invoke(main, ["build", str(root), *options, told])
        assert result.exit_code == 0, result.output
        for each in top.rglob("*"):
            each.chmod(0o755 if each.is_dir() else 0o644)
        if host == "live":
            with hosts.live(root, url) as server:
                yield server, tree
        else:
            with getattr(hosts, host)(top, tree) as server:
                yield server, tree


@pytest.fixture(scope="module", params=["live", "nginx", "apache"])
def hosted(request: pytest.FixtureRequest, root: Path) -> Iterator[tuple[Server, Path]]:
    with hosting(request.param, root) as found:
        yield found


@pytest.fixture
def server(hosted: tuple[Server, Path]) -> Server:
    return hosted[0]


def kept(response: Response) -> set[str]:
    return set(response.headers["Cache-Control"].split(", "))


ANSWERS = {
    "/": ("text/html; charset=utf-8", "no-cache"),
    "/topics/ai/": ("text/html; charset=utf-8", "no-cache"),
    "/rss.xml": ("application/rss+xml; charset=utf-8", FEED),
    "/feeds/top/atom.xml": ("application/atom+xml; charset=utf-8", FEED),
    "/topics/c-plus-plus/feed.json": ("application/feed+json", FEED),
    "/subscriptions.opml": ("text/x-opml; charset=utf-8", FEED),
    "/archive/2024/rss.xml": ("application/rss+xml; charset=utf-8", "max-age=604800"),
    "/topics/ai/archive/2024/feed.json": ("application/feed+json", "max-age=604800"),
    "/topics/ai/archive/2024/": ("text/html; charset=utf-8", "max-age=604800"),
    "/topics/ai/archive/2026/": ("text/html; charset=utf-8", "no-cache"),
    "/topics/ai/archive/2026/atom.xml": ("application/atom+xml; charset=utf-8", FEED),
    "/topics/past/archive/2025/rss.xml": ("application/rss+xml; charset=utf-8", FEED),
    "/media/a%20b.png": ("image/png", "max-age=60"),
    "/media/a.svg": ("image/svg+xml; charset=utf-8", "max-age=60"),
    "/media/short.svg": ("image/svg+xml; charset=utf-8", "max-age=60"),
    "/media/a.csv": ("text/csv; charset=utf-8", "max-age=60"),
}


@pytest.mark.parametrize("path", ANSWERS)
def test_type_and_age_are_those_of_the_live_app(server: Server, path: str) -> None:
    response = server.get(path)
    media_type, cache = ANSWERS[path]
    assert response.status == 200
    assert response.headers["Content-Type"] == media_type
    assert kept(response) == set(cache.split(", "))
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    policy = response.headers.get("Content-Security-Policy")
    expected = "frame-ancestors 'none'" if path.endswith("/") else None
    assert policy == ("sandbox; default-src 'none'" if path.endswith("svg") else expected)
    assert response.headers.get("X-Frame-Options") == ("DENY" if path.endswith("/") else None)


@pytest.mark.parametrize(
    ("path", "condition", "status"),
    [
        *((path, "", 200) for path in ANSWERS),
        ("/nothing", "", 404),
        ("/topics/ai", "", 301),
        ("/topics/machines/rss.xml", "", 301),
        ("/rss.xml", 'If-Match: "other"', 412),
        ("/media/a.csv", "If-None-Match: *", 304),
        ("/media/a.csv", "Range: bytes=1-2", 206),
        ("/media/a.csv", "Range: bytes=99999-", 416),
    ],
)
def test_scripts_of_other_sites_may_read_every_response(
    server: Server, path: str, condition: str, status: int
) -> None:
    name, _, value = condition.partition(": ")
    response = server.get(path, Origin="https://a.example", **({name: value} if name else {}))
    assert response.status == status
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Range" in response.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("path", ["/", "/topics/ai/rss.xml", "/media/a.csv", "/media/a.svg"])
def test_scripts_of_other_sites_may_send_conditions(server: Server, path: str) -> None:
    asked = {"Access_Control_Request_Method": "GET", "Origin": "https://a.example"}
    response = server.get(path, "OPTIONS", **asked, Access_Control_Request_Headers="if-none-match")
    assert response.status in (200, 204)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "If-None-Match" in response.headers["Access-Control-Allow-Headers"].split(", ")
    assert server.get(path, "PUT").status == 405
    assert "Access-Control-Allow-Methods" not in server.get(path).headers


def test_every_file_of_the_tree_is_served_as_it_is(hosted: tuple[Server, Path]) -> None:
    server, tree = hosted
    own = ("nginx.conf", ".htaccess", MANIFEST)
    files = [each for each in tree.rglob("*") if each.is_file() and each.name not in own]
    folders = ("café", "feed", "posts", *(f"topics/{slug}" for slug in FORMER_SLUGS))
    former = ("feed.xml", *(f"{folder}/" for folder in folders))
    names = {str(each.relative_to(tree)).removesuffix("index.html") for each in files}
    plain = {name for name in names if not name.endswith((".br", ".gz", ".zst"))}
    current = {name for name in plain if not name.startswith(former)}
    assert 40 < len(current) < len(plain) < len(names)
    for name in current:
        response = server.get("/" + name.replace(" ", "%20"))
        file = tree / (f"{name}index.html" if name.endswith("/") or not name else name)
        assert (response.status, response.body) == (200, file.read_bytes()), name


@pytest.mark.parametrize("path", ["/", "/rss.xml", "/topics/ai/feed.json", "/media/a%20b.png"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_client_that_has_it_gets_no_body(server: Server, path: str, encoding: str) -> None:
    whole = server.get(path, Accept_Encoding=encoding)
    etag, date = whole.headers["ETag"], whole.headers["Last-Modified"]
    for condition in ({"If_None_Match": etag}, {"If_Modified_Since": date}):
        known = server.get(path, Accept_Encoding=encoding, **condition)
        assert (known.status, known.body) == (304, b"")
        assert known.headers["ETag"] == etag
        assert kept(known) == kept(whole)
    for condition in ({"If_None_Match": '"other"'},
                      {"If_Modified_Since": "Mon, 01 Jan 2001 00:00:00 GMT"}):  # fmt: skip
        assert server.get(path, Accept_Encoding=encoding, **condition).body == whole.body


@pytest.mark.parametrize("path", ["/", "/rss.xml", "/archive/2024/atom.xml", "/media/a%20b.png"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_head_gives_the_headers_of_get_and_no_body(
    server: Server, path: str, encoding: str
) -> None:
    whole = server.get(path, Accept_Encoding=encoding)
    head = server.get(path, "HEAD", Accept_Encoding=encoding)
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]
    assert whole.headers["Content-Length"] == str(len(whole.body))


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/topics/unknown/", "/topics/unknown/rss.xml", "/archive/1999/rss.xml",
     f"/{MANIFEST}", "/nginx.conf", "/.htaccess", "/rss"],
)  # fmt: skip
def test_what_is_not_published_is_not_found(server: Server, path: str) -> None:
    response = server.get(path)
    assert response.status == 404
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age" not in response.headers.get("Cache-Control", "")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/topics/machines/", "/topics/ai/"),
        ("/topics/machines", "/topics/ai/"),
        ("/topics/machines/rss.xml", "/topics/ai/rss.xml"),
        ("/topics/machines/feed.json", "/topics/ai/feed.json"),
        ("/feed.xml", "/rss.xml"),
        ("/feed/", "/rss.xml"),
        ("/feed", "/rss.xml"),
        ("/feed/?utm_source=x", "/rss.xml"),
        ("/posts/index.xml", "/atom.xml"),
        ("/caf%C3%A9/feed.xml", "/rss.xml"),
        ("/topics/ai", "/topics/ai/"),
        ("/feeds/top", "/feeds/top/"),
        ("/topics/ai/index.html", "/topics/ai/"),
        ("/index.html", "/"),
    ],
)
def test_a_former_or_a_shortened_path_leads_on_for_good(
    server: Server, path: str, target: str
) -> None:
    for method in ("GET", "HEAD"):
        response = server.get(path, method, Accept_Encoding="br, gzip")
        assert response.status == 301
        own = f"http://127.0.0.1:{server.port}"
        assert urljoin(own + path, response.headers["Location"]) == own + target
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["//evil.example/index.html", "/%5Cevil.example/index.html", "//evil.example/%2e%2e",
     "/topics/machines/%0d%0aSet-Cookie:a=b", "/topics/machines//evil.example",
     "/%0d%0aSet-Cookie:a=b/index.html"],
)  # fmt: skip
def test_nothing_leads_to_another_host_or_adds_a_header(server: Server, path: str) -> None:
    response = server.get(path)
    location = urljoin(f"http://127.0.0.1:{server.port}/", response.headers.get("Location", "/"))
    assert location.startswith(f"http://127.0.0.1:{server.port}/")
    assert "Set-Cookie" not in response.headers


TEXTS = ["/", "/rss.xml", "/topics/ai/feed.json", "/topics/ai/", "/archive/2024/atom.xml"]


@pytest.mark.parametrize("path", [*TEXTS, "/subscriptions.opml"])
@pytest.mark.parametrize("encoding", DECODERS)
def test_text_comes_in_the_encoding_that_is_asked_for(
    server: Server, path: str, encoding: str
) -> None:
    plain = server.get(path)
    assert "Content-Encoding" not in plain.headers
    answer = server.get(path, Accept_Encoding=f"{encoding}, x-other")
    for response in (plain, answer):
        assert "accept-encoding" in response.headers["Vary"].lower()
        assert response.headers["Content-Type"] == plain.headers["Content-Type"]
        assert kept(response) == kept(plain)
    if encoding in server.encodings:
        assert answer.headers["Content-Encoding"] == encoding
        assert DECODERS[encoding](answer.body) == plain.body
        assert len(answer.body) < len(plain.body)
        assert answer.headers["ETag"] != plain.headers["ETag"]
    else:
        assert (answer.headers.get("Content-Encoding"), answer.body) == (None, plain.body)


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [("gzip, deflate, br", "br"), ("br;q=0, gzip", "gzip"), ("deflate", None), ("gzip;q=0", None)],
)
def test_the_encoding_is_one_that_the_client_likes(
    server: Server, accepted: str, chosen: str | None
) -> None:
    answer = server.get("/rss.xml", Accept_Encoding=accepted)
    assert answer.headers.get("Content-Encoding") == chosen


@pytest.mark.parametrize("host", ["nginx", "apache"])
def test_what_somebody_else_puts_into_the_tree_is_served_as_the_host_does(
    host: str, root: Path
) -> None:
    with hosting(host, root) as (server, tree):
        (tree / "robots.txt").write_text("User-agent: *\n")
        (tree / "own.xml").write_text("<own/>")
        assert server.get("/robots.txt").status == 200
        assert "xml" in server.get("/own.xml").headers["Content-Type"]


@pytest.mark.parametrize("host", ["nginx", "apache"])
def test_a_tree_below_a_folder_of_the_host_answers_alike(host: str, root: Path) -> None:
    with hosting(host, root, "/blog/feeds/") as (server, _tree):
        for path in ("/topics/ai/", "/rss.xml", "/archive/2024/rss.xml", "/media/a.svg"):
            response = server.get(f"/blog/feeds{path}", Accept_Encoding="gzip")
            media_type, cache = ANSWERS[path]
            assert response.headers["Content-Type"] == media_type
            assert kept(response) == set(cache.split(", "))
            assert response.headers["Content-Encoding"] == "gzip"
        for path, target in (("topics/machines/rss.xml", "topics/ai/rss.xml"), ("feed/", "rss.xml"),
                             ("topics/ai", "topics/ai/"), ("index.html", "")):  # fmt: skip
            response = server.get(f"/blog/feeds/{path}")
            assert response.status == 301
            assert response.headers["Location"].endswith(f"/blog/feeds/{target}")
        asked = server.get("/blog/feeds/rss.xml", "OPTIONS")
        assert asked.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
        assert "Referrer-Policy" not in server.get("/").headers
