"""The live app: the same bytes as the static tree, over HTTP as clients expect it."""

from __future__ import annotations

import os
import re
import resource
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import watchfiles
from flask import Flask

from feeds.errors import CatalogError, ConfigurationError, FeedsError
from feeds.model.document import Document, MediaFile, Redirect
from feeds.static.writer import write_tree
from feeds.web.app import build_app, create_app
from feeds.web.live_site import LiveSite
from feeds.web.media import respond_with_file
from feeds.web.responses import CachedDocument
from feeds.web.settings import Settings
from tests.support import CORPUS, SiteBuilder, article, document, eventually, get, needs_corpus


def fill(site: SiteBuilder) -> SiteBuilder:
    """Write two articles of two topics, and two pictures."""
    ai = {"name": "AI", "formerly": ["machines"]}
    site.configure(title="Served", url="https://feeds.example.org/", topics=[ai])
    (site.root / "media").mkdir()
    (site.root / "media" / "a.png").write_bytes(b"\x89PNG")
    (site.root / "media" / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    images = [{"url": "/media/a.png"}, {"url": "/media/a.svg"}]
    site.write("a.md", title="One", topics=["AI", "C++"], images=images)
    site.write("b.md", title="Two", topics=["AI"])
    return site


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The app of that site, for tests that only read."""
    app = create_app(fill(SiteBuilder(tmp_path_factory.mktemp("web") / "site")).root)
    yield app
    app.extensions["feeds"].close()


@pytest.fixture
def served(site: SiteBuilder) -> SiteBuilder:
    return fill(site)


@pytest.fixture
def changing(served: SiteBuilder) -> Iterator[Flask]:
    """The app of a site that the test may change."""
    app = create_app(served.root)
    yield app
    app.extensions["feeds"].close()


def assert_live_equals_static(root: Path, out: Path) -> int:
    live = LiveSite(Settings(root))
    publication = live.publication
    write_tree(publication, out)
    app = create_app(root)
    paths = list(publication.paths())
    for path in paths:
        file = out / (f"{path}index.html" if path.endswith("/") else path).removeprefix("/")
        found = publication.document(path)
        response = get(app, path)
        if isinstance(found, Redirect):
            assert response.status_code == 301
            assert file.read_bytes() == found.stand_in.body
        else:
            assert isinstance(found, Document | MediaFile)
            assert response.status_code == 200, path
            assert response.data == file.read_bytes(), path
    app.extensions["feeds"].close()
    live.close()
    return len(paths)


def test_live_and_static_are_the_same_bytes_at_every_path(served: SiteBuilder) -> None:
    assert assert_live_equals_static(served.root, served.out) == 2 + 4 * 4 + 2


@needs_corpus
def test_live_and_static_are_the_same_bytes_at_every_path_of_the_corpus(tmp_path: Path) -> None:
    assert assert_live_equals_static(CORPUS, tmp_path / "out") > 30


MEDIA_TYPES = {
    "/": "text/html; charset=utf-8",
    "/rss.xml": "application/rss+xml; charset=utf-8",
    "/topics/ai/atom.xml": "application/atom+xml; charset=utf-8",
    "/topics/c-plus-plus/feed.json": "application/feed+json",
    "/subscriptions.opml": "text/x-opml; charset=utf-8",
    "/media/a.png": "image/png",
}


@pytest.mark.parametrize(("path", "media_type"), MEDIA_TYPES.items(), ids=list(MEDIA_TYPES))
def test_every_kind_of_document_has_its_own_content_type(
    app: Flask, path: str, media_type: str
) -> None:
    response = get(app, path)
    assert response.headers["Content-Type"] == media_type
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age" in response.headers["Cache-Control"] or path == "/"


@pytest.mark.parametrize("path", ["/", "/rss.xml", "/subscriptions.opml", "/media/a.png"])
def test_head_gives_the_headers_of_get_and_no_body(app: Flask, path: str) -> None:
    head, whole = app.test_client().head(path, buffered=True), get(app, path)
    assert head.data == b""
    for name in ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]


def test_a_document_has_a_strong_etag_and_the_date_of_its_bytes(app: Flask) -> None:
    response = get(app, "/rss.xml")
    assert re.fullmatch(r'"[0-9a-f]{32}"', response.headers["ETag"])
    changed = parsedate_to_datetime(response.headers["Last-Modified"])
    assert abs(datetime.now(UTC) - changed) < timedelta(minutes=1)


def test_if_none_match_is_compared_weakly(app: Flask) -> None:
    etag = get(app, "/rss.xml").headers["ETag"]
    for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = get(app, "/rss.xml", If_None_Match=sent)
        assert (response.status_code, response.data) == (304, b""), sent
        assert response.headers["ETag"] == etag
    for sent in ('"other"', etag.strip('"')[:10], f'"{etag.strip(chr(34))}x"'):
        assert get(app, "/rss.xml", If_None_Match=sent).status_code == 200, sent


def test_if_modified_since_is_honoured_alone_and_yields_to_if_none_match(app: Flask) -> None:
    changed = get(app, "/rss.xml").headers["Last-Modified"]
    earlier = format_datetime(parsedate_to_datetime(changed) - timedelta(seconds=1), usegmt=True)
    assert get(app, "/rss.xml", If_Modified_Since=changed).status_code == 304
    assert get(app, "/rss.xml", If_Modified_Since=earlier).status_code == 200
    both = get(app, "/rss.xml", If_Modified_Since=changed, If_None_Match='"other"')
    assert both.status_code == 200


def test_a_backdated_article_reaches_a_client_that_sends_a_date_alone(served: SiteBuilder) -> None:
    moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
    live = LiveSite(Settings(served.root), clock=lambda: moment)

    def changed() -> int | None:
        found = live.find("/rss.xml")
        assert isinstance(found, CachedDocument)
        return found.last_modified

    first = changed()
    assert first is not None
    assert first == int(moment.timestamp())
    served.write("old.md", title="From long ago", publishedDateTime="1999-01-01")
    live.refresh()
    later = changed()
    assert later is not None
    assert later > first
    live.close()


def test_a_change_within_one_second_shows_no_date_that_a_client_has(served: SiteBuilder) -> None:
    app = create_app(served.root)
    seen: dict[str, bytes] = {}
    for number in range(6):
        served.write("b.md", title=f"Version {number}", topics=["AI"])
        app.extensions["feeds"].refresh()
        response = get(app, "/rss.xml")
        date = response.headers.get("Last-Modified")
        if date:
            assert seen.setdefault(date, response.data) == response.data
            assert parsedate_to_datetime(date) <= datetime.now(UTC)
    app.extensions["feeds"].close()
    assert seen


def test_the_date_of_a_document_outlives_a_restart(served: SiteBuilder) -> None:
    def last_modified(moment: datetime) -> int | None:
        live = LiveSite(Settings(served.root), clock=lambda: moment)
        found = live.find("/rss.xml")
        live.close()
        assert isinstance(found, CachedDocument)
        return found.last_modified

    first = datetime(2026, 7, 1, tzinfo=UTC)
    assert last_modified(first) == int(first.timestamp())
    assert last_modified(first + timedelta(days=1)) == int(first.timestamp())


@pytest.mark.parametrize(
    "path",
    [
        "/topics/unknown/",
        "/topics/unknown/rss.xml",
        "/feeds/unknown/atom.xml",
        "/rss.xml/",
        "/nothing",
        "/feeds.yaml",
        "/articles/a.md",
        "/media/",
        "/media/../feeds.yaml",
        "/media/%2e%2e/feeds.yaml",
        "/..%2f..%2fetc/passwd",
        "/.feeds/catalog.sqlite",
        "/topics/ai/rss.xml%00",
        "/topics/AI/",
        "/feeds/1machines",
    ],
)
def test_an_unknown_path_is_not_found(app: Flask, path: str) -> None:
    assert get(app, path).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_another_method_is_not_allowed(app: Flask, method: str) -> None:
    response = getattr(app.test_client(), method)("/rss.xml")
    assert response.status_code == 405
    assert {"GET", "HEAD"} <= set(response.headers["Allow"].replace(",", " ").split())


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/topics/machines/", "/topics/ai/"),
        ("/topics/machines/rss.xml", "/topics/ai/rss.xml"),
        ("/topics/machines", "/topics/ai/"),
        ("/topics/machines/index.html", "/topics/ai/"),
        ("/topics/ai", "/topics/ai/"),
        ("/topics/ai/index.html", "/topics/ai/"),
        ("/index.html", "/"),
    ],
)
@pytest.mark.parametrize("root", ["", "/sub", "/told/nobody"])
def test_a_former_or_a_shortened_path_redirects_wherever_a_proxy_has_mounted_the_app(
    app: Flask, path: str, target: str, root: str
) -> None:
    # A proxy may take its prefix off the path without telling the app.
    script_root = "/sub" if root == "/sub" else ""
    response = app.test_client().get(path, base_url=f"https://example.org{script_root}/")
    assert response.status_code == 301
    seen = f"https://example.org{root}{path}"
    assert urljoin(seen, response.headers["Location"]) == f"https://example.org{root}{target}"


@pytest.mark.parametrize("path", ["/topics/ai//", "/topics/ai////"])
def test_a_page_with_more_slashes_does_not_redirect_to_itself(app: Flask, path: str) -> None:
    assert app.test_client().get(path).status_code == 404


def test_a_picture_that_arrives_after_its_article_is_served(
    served: SiteBuilder, changing: Flask
) -> None:
    served.write("c.md", title="Three", images=[{"url": "/media/late.png"}])
    changing.extensions["feeds"].refresh()
    assert get(changing, "/media/late.png").status_code == 404
    (served.root / "media" / "late.png").write_bytes(b"\x89PNG, late")
    assert get(changing, "/media/late.png").data == b"\x89PNG, late"
    (served.root / "media" / "late.png").unlink()
    assert get(changing, "/media/late.png").status_code == 404


def test_a_picture_that_cannot_be_read_is_not_found(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("feeds.web.media.FileRange", refuse)
    assert get(app, "/media/a.png").status_code == 404


@pytest.mark.parametrize(
    ("range", "status", "body"),
    [
        ("bytes=1-2", 206, b"PN"),
        ("bytes=0-0,2-2", 200, b"\x89PNG"),
        ("lines=1-2", 200, b"\x89PNG"),
        ("bytes=9-8", 200, b"\x89PNG"),
        ("bytes=50-", 416, None),
    ],
)
def test_an_invalid_range_gets_the_whole_file(
    app: Flask, range: str, status: int, body: bytes | None
) -> None:
    response = get(app, "/media/a.png", Range=range)
    assert response.status_code == status
    assert body is None or response.data == body


def test_a_condition_that_fails_sends_no_document(app: Flask) -> None:
    response = get(app, "/rss.xml", If_Match='"another"')
    assert (response.status_code, response.data) == (412, b"")


def test_new_problems_are_logged_once_while_serving(served: SiteBuilder) -> None:
    served.write_text("bad.md", "---\ntitle: a: b\n---\n")
    logged: list[str] = []
    live = LiveSite(Settings(served.root), log=logged.append)
    assert [line.partition(":")[0] for line in logged] == ["articles/bad.md"]
    logged.clear()
    served.write("worse.md", webUrl="javascript:alert(1)")
    live.refresh()
    live.refresh()
    assert {line.partition(":")[0] for line in logged} == {"articles/worse.md"}
    live.close()


def test_problems_of_an_old_index_are_logged_after_the_first_sync(served: SiteBuilder) -> None:
    mended = served.write_text("mended.md", "---\ntitle: a: b\n---\n")
    LiveSite(Settings(served.root)).close()
    mended.unlink()
    served.write_text("bad.md", "---\ntitle: a: b\n---\n")
    logged: list[str] = []
    live = LiveSite(Settings(served.root, starts_indexed=True), log=logged.append)
    live.refresh()
    live.close()
    assert [line.partition(":")[0] for line in logged] == ["articles/bad.md"]


def test_of_several_workers_one_logs_problems_and_another_takes_over(served: SiteBuilder) -> None:
    lock = served.root.parent / "lock"
    lock.touch()
    served.write_text("bad.md", "---\ntitle: a: b\n---\n")
    settings = Settings(served.root, report_lock=lock)
    logs: list[list[str]] = [[], []]
    first, second = (LiveSite(settings, log=log.append) for log in logs)
    assert [len(log) for log in logs] == [1, 0]
    # It does so whichever of them has synced.
    served.write_text("late.md", "---\ntitle: a: b\n---\n")
    second.refresh()
    first.refresh()
    assert [len(log) for log in logs] == [2, 0]
    first.close()
    served.write_text("worse.md", "---\ntitle: a: b\n---\n")
    second.refresh()
    assert [len(log) for log in logs] == [2, 1]
    second.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.unlink(),
        lambda file: file.write_text(""),
        lambda file: file.write_text("title: Served\n"),
        lambda file: file.write_text("title: Served\nurl: https://feeds.example.org/\narticles:\n"),
        lambda file: file.write_text("title: 'Served"),
    ],
    ids=["deleted", "emptied", "without url", "without folder", "broken"],
)
def test_a_configuration_on_its_way_out_or_in_changes_nothing(
    served: SiteBuilder, change: Callable[[Path], None]
) -> None:
    (served.root / "draft.md").write_bytes(
        served.write("draft.md", title="Not for the public").read_bytes()
    )
    (served.root / "articles" / "draft.md").unlink()
    live = LiveSite(Settings(served.root))
    before = live.find("/rss.xml")
    assert isinstance(before, CachedDocument)
    change(served.root / "feeds.yaml")
    with pytest.raises(ConfigurationError, match=r"^feeds\.yaml:"):
        live.refresh()
    served.write("c.md", title="Three")
    live.refresh()
    after = live.find("/rss.xml")
    assert isinstance(after, CachedDocument)
    assert b"Three" in after.document.body
    assert b"Not for the public" not in after.document.body
    assert b"https://feeds.example.org/rss.xml" in after.document.body
    served.configure(title="Changed", url="https://feeds.example.org/")
    live.refresh()
    found = live.find("/rss.xml")
    assert isinstance(found, CachedDocument)
    assert b"Changed" in found.document.body
    live.close()


def test_a_process_behind_another_gives_no_date(served: SiteBuilder) -> None:
    ahead, behind = LiveSite(Settings(served.root)), LiveSite(Settings(served.root))
    served.configure(title="Renamed", url="https://feeds.example.org/")
    ahead.refresh()
    newer, older = ahead.find("/rss.xml"), behind.find("/rss.xml")
    assert isinstance(newer, CachedDocument)
    assert isinstance(older, CachedDocument)
    assert b"Renamed" not in older.document.body
    assert newer.last_modified is not None
    assert older.last_modified is None
    behind.refresh()
    assert behind.find("/rss.xml") == newer
    ahead.close()
    behind.close()


def test_a_drawing_may_not_run_scripts_as_this_site(app: Flask) -> None:
    assert "sandbox" in get(app, "/media/a.svg").headers["Content-Security-Policy"]


def test_a_changed_a_new_and_a_deleted_article_show_within_five_seconds(
    served: SiteBuilder, changing: Flask
) -> None:
    assert b"One" in get(changing, "/rss.xml").data
    served.write("c.md", title="Three", topics=["Robots"])
    assert eventually(lambda: b"Three" in get(changing, "/rss.xml").data)
    assert get(changing, "/topics/robots/feed.json").status_code == 200
    served.write("c.md", title="Three, corrected", topics=["Robots"])
    assert eventually(lambda: b"Three, corrected" in get(changing, "/topics/robots/rss.xml").data)
    (served.root / "articles" / "c.md").unlink()
    assert eventually(lambda: get(changing, "/topics/robots/rss.xml").status_code == 404)
    assert b"Three" not in get(changing, "/atom.xml").data


def test_a_change_that_another_process_has_synced_shows_too(
    served: SiteBuilder, changing: Flask
) -> None:
    other = LiveSite(Settings(served.root))
    assert get(changing, "/rss.xml").status_code == 200
    served.write("c.md", title="Three")
    other.refresh()
    assert eventually(lambda: b"Three" in get(changing, "/rss.xml").data)
    other.close()


def test_feeds_yaml_is_followed_and_a_broken_one_changes_nothing(
    served: SiteBuilder, changing: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    assert b"Served" in get(changing, "/").data
    served.configure(title="Renamed", url="https://feeds.example.org/")
    assert eventually(lambda: b"Renamed" in get(changing, "/").data)
    (served.root / "feeds.yaml").write_text("title: [")
    assert eventually(lambda: "feeds.yaml:" in capsys.readouterr().err)
    assert b"Renamed" in get(changing, "/").data


def test_new_folders_of_articles_are_watched(served: SiteBuilder) -> None:
    # No walk over the folders before the test has ended: only the watch tells of a change.
    live = LiveSite(Settings(served.root, walk_seconds=3600))

    def body() -> bytes:
        found = live.find("/rss.xml")
        assert isinstance(found, CachedDocument)
        return found.document.body

    assert b"One" in body()
    new = served.root / "new"
    new.mkdir()
    (new / "c.md").write_text(document(article(title="Three", webUrl="https://e.example/c")))
    served.configure(title="T", url="https://feeds.example.org/", articles=["new"])
    assert eventually(lambda: b"Three" in body())

    def changes_show() -> bool:
        # Again and again: the new watch begins a moment after the new folder was first read.
        text = document(article(title="Changed", webUrl="https://e.example/c"))
        (new / "c.md").write_text(text)
        return b"Changed" in body()

    assert eventually(changes_show)
    live.close()


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_folder_that_vanishes_and_comes_back_is_watched(
    served: SiteBuilder, monkeypatch: pytest.MonkeyPatch, is_replaced: bool
) -> None:
    articles, away = served.root / "articles", served.root / "away"
    ended, watch = threading.Event(), watchfiles.watch

    def watch_late(*folders: Path, **options: Any) -> Iterator[set[watchfiles.main.FileChange]]:
        """Let the folder vanish just before the first watch, or replace it just after."""
        watching = watch(*folders, **options)
        try:
            if ended.is_set():
                pass
            elif is_replaced:
                yield next(watching)
                articles.rename(away)
                articles.mkdir()
            else:
                articles.rename(away)
            yield from watching
        finally:
            ended.set()

    monkeypatch.setattr("watchfiles.watch", watch_late)
    logged: list[str] = []
    # No walk over the folders before the test has ended: only the watch tells of a change.
    live = LiveSite(Settings(served.root, walk_seconds=3600), log=logged.append)

    def shows(title: str) -> bool:
        found = live.find("/rss.xml")
        assert isinstance(found, CachedDocument)
        return title.encode() in found.document.body

    assert shows("One")
    assert ended.wait(5)
    if not is_replaced:
        away.rename(articles)
    for title in ("First", "Second", "Third"):
        served.write("c.md", title=title)
        assert eventually(partial(shows, title)), title
    live.close()
    # A new folder is empty at first.
    assert [line for line in logged if "nothing is published" not in line] == []


def test_changes_show_where_nothing_can_be_watched(
    served: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    logged: list[str] = []
    live = LiveSite(Settings(served.root, walk_seconds=0.1), log=logged.append)
    live.find("/rss.xml")
    assert eventually(lambda: logged)
    served.write("c.md", title="Changed")

    def shows() -> bool:
        found = live.find("/rss.xml")
        return isinstance(found, CachedDocument) and b"Changed" in found.document.body

    assert eventually(shows)
    live.close()
    assert len(logged) == 1
    assert logged[0].startswith("cannot watch for changes (")


def test_changes_that_are_ignored_do_not_keep_others_from_showing(
    served: SiteBuilder, changing: Flask
) -> None:
    assert b"Served" in get(changing, "/").data
    (served.root / "articles" / ".git").mkdir()
    served.configure(title="Renamed", url="https://feeds.example.org/")

    def shows() -> bool:
        (served.root / "articles" / ".git" / "index").write_text("changes all the time")
        return b"Renamed" in get(changing, "/").data

    assert eventually(shows)


def test_an_article_of_the_future_appears_when_its_time_comes(served: SiteBuilder) -> None:
    served.write("later.md", title="Later", publishedDateTime="2026-12-24T18:00:00Z")
    served.write("update.md", updatedDateTime="2026-12-24T18:00:01Z")
    moment = datetime(2026, 12, 24, 17, 59, 59, tzinfo=UTC)
    live = LiveSite(Settings(served.root), clock=lambda: moment)

    def body() -> bytes:
        found = live.find("/rss.xml")
        assert found
        assert not isinstance(found, MediaFile | Redirect)
        return found.document.body

    assert b"Later" not in body()
    moment += timedelta(seconds=1)
    live.refresh()
    assert b"Later" in body()
    assert b"18:00:01" not in body()
    moment += timedelta(seconds=1)
    live.refresh()
    assert b"18:00:01" in body()
    live.close()


def test_a_change_of_the_time_zone_shows_and_a_wrong_one_changes_nothing(
    served: SiteBuilder,
) -> None:
    served.write("a.md", publishedDateTime="2026-05-01 09:30:00")
    live = LiveSite(Settings(served.root))

    def shows(time: bytes) -> bool:
        live.refresh()
        found = live.find("/atom.xml")
        assert found
        assert not isinstance(found, MediaFile | Redirect)
        return b"<published>2026-05-01T%b:00." % time in found.document.body

    assert shows(b"09:30")
    served.configure(title="T", url="https://feeds.example.org/", timezone="Europe/Berlin")
    assert shows(b"07:30")
    served.configure(title="T", url="https://feeds.example.org/", timezone="Europe/Berlín")
    with pytest.raises(FeedsError, match=r"feeds\.yaml:\d: timezone .*did you mean Europe/Berlin"):
        live.refresh()
    assert shows(b"07:30")
    live.close()


def test_a_pipe_or_a_link_in_the_place_of_a_picture_is_not_opened(tmp_path: Path) -> None:
    pipe, link, secret = (tmp_path / name for name in ("pipe.png", "link.png", "secret"))
    os.mkfifo(pipe)
    secret.write_text("secret")
    link.symlink_to(secret)
    for place in (pipe, link):
        with pytest.raises(OSError, match=r"not a file|symbolic links"):
            respond_with_file(MediaFile(place, "image/png"), {"REQUEST_METHOD": "GET"})


def test_a_clock_that_was_ahead_leaves_no_article_published(served: SiteBuilder) -> None:
    served.write("embargo.md", title="Embargo", publishedDateTime="2031-01-01T00:00:00Z")
    moment = datetime(2035, 1, 1, tzinfo=UTC)
    live = LiveSite(Settings(served.root), clock=lambda: moment)

    def found() -> CachedDocument:
        document = live.find("/rss.xml")
        assert isinstance(document, CachedDocument)
        return document

    assert b"Embargo" in found().document.body
    moment = datetime(2026, 7, 1, tzinfo=UTC)
    live.refresh()
    assert b"Embargo" not in found().document.body
    # Nor is its date of change ahead of the clock until that year.
    assert found().last_modified == int(moment.timestamp())
    moment = datetime(2031, 1, 1, tzinfo=UTC)
    live.refresh()
    assert b"Embargo" in found().document.body
    live.close()


def test_the_clock_is_followed_back_by_itself(served: SiteBuilder) -> None:
    served.write("embargo.md", title="Embargo", publishedDateTime="2031-01-01T00:00:00Z")
    moment = datetime(2035, 1, 1, tzinfo=UTC)
    live = LiveSite(Settings(served.root), clock=lambda: moment)
    assert live.find("/rss.xml")
    assert live.publication.listed[0].count == 3
    moment = datetime(2026, 7, 1, tzinfo=UTC)
    assert eventually(lambda: live.publication.listed[0].count == 2)
    live.close()


def test_a_date_of_a_clock_that_was_ahead_gets_no_304(served: SiteBuilder) -> None:
    app = create_app(served.root)
    get(app, "/rss.xml")
    ahead = format_datetime(datetime.now(UTC) + timedelta(days=9), usegmt=True)
    assert get(app, "/rss.xml", If_Modified_Since=ahead).status_code == 200
    app.extensions["feeds"].close()


@pytest.mark.sqlite
def test_a_deleted_index_is_made_again_and_no_empty_feed_is_ever_served(
    served: SiteBuilder, changing: Flask
) -> None:
    assert b"One" in get(changing, "/rss.xml").data
    for file in (served.root / ".feeds").glob("catalog.sqlite*"):
        file.unlink()
    for path in ("/rss.xml", "/atom.xml", "/topics/ai/feed.json", "/"):
        assert b"One" in get(changing, path).data


@pytest.mark.sqlite
def test_a_deleted_folder_of_the_index_is_made_again(served: SiteBuilder, changing: Flask) -> None:
    assert b"One" in get(changing, "/rss.xml").data
    shutil.rmtree(served.root / ".feeds")
    for path in ("/atom.xml", "/topics/ai/feed.json"):
        assert b"One" in get(changing, path).data


@pytest.mark.sqlite
def test_an_index_that_cannot_be_made_is_logged_and_cached_documents_are_served(
    served: SiteBuilder, changing: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    assert get(changing, "/rss.xml").status_code == 200
    shutil.rmtree(served.root / ".feeds")
    (served.root / ".feeds").write_text("in the way")
    assert get(changing, "/rss.xml").status_code == 200
    response = get(changing, "/topics/c-plus-plus/atom.xml")
    assert (response.status_code, response.headers.get("Retry-After")) == (503, "5")
    assert "catalog.sqlite: " in capsys.readouterr().err
    (served.root / ".feeds").unlink()
    assert get(changing, "/topics/c-plus-plus/atom.xml").status_code == 200


@pytest.mark.sqlite
def test_a_full_disk_is_logged_and_documents_are_served(
    served: SiteBuilder, changing: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    before = get(changing, "/rss.xml").data
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow: as on a full disk, but for the words of the message.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        served.write("late.md", title="Late", topics=["AI"])
        assert eventually(lambda: "catalog.sqlite: " in capsys.readouterr().err)
        assert get(changing, "/rss.xml").data == before
        for path in ("/atom.xml", "/topics/c-plus-plus/", "/topics/c-plus-plus/feed.json"):
            assert get(changing, path).status_code == 200, path
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert eventually(lambda: b"Late" in get(changing, "/rss.xml").data)


@pytest.mark.sqlite
def test_an_index_that_is_overwritten_is_made_again(served: SiteBuilder, changing: Flask) -> None:
    assert b"One" in get(changing, "/rss.xml").data
    for file in (served.root / ".feeds").glob("catalog.sqlite*"):
        file.write_bytes(b"Not an index. " * 1000)
    served.write("late.md", title="Late", topics=["AI"])
    assert eventually(lambda: b"Late" in get(changing, "/rss.xml").data)
    assert get(changing, "/topics/c-plus-plus/feed.json").status_code == 200


@pytest.mark.sqlite
def test_an_index_that_is_deleted_before_the_first_look_is_made_again(served: SiteBuilder) -> None:
    LiveSite(Settings(served.root)).close()
    live = LiveSite(Settings(served.root, starts_indexed=True))
    shutil.rmtree(served.root / ".feeds")
    live.refresh()
    assert isinstance(live.find("/rss.xml"), CachedDocument)
    live.close()


@pytest.mark.sqlite
def test_a_site_that_is_moved_away_is_not_made_anew_and_may_come_back(
    served: SiteBuilder, changing: Flask
) -> None:
    before = get(changing, "/rss.xml").data
    away = served.root.with_name("away")
    served.root.rename(away)
    with pytest.raises(FeedsError):
        changing.extensions["feeds"].refresh()
    assert get(changing, "/rss.xml").data == before
    get(changing, "/topics/ai/atom.xml")
    assert not served.root.exists()
    away.rename(served.root)
    served.write("late.md", title="Late")
    assert eventually(lambda: b"Late" in get(changing, "/rss.xml").data)


def test_conditions_and_ranges_of_a_file_are_honoured(served: SiteBuilder, changing: Flask) -> None:
    path = "/media/a.png"
    whole = get(changing, path)
    etag, past = whole.headers["ETag"], "Mon, 01 Jan 2001 00:00:00 GMT"
    for headers, status in (
        ({"If_Match": "*"}, 200),
        ({"If_Match": etag}, 200),
        ({"If_Match": '"other"'}, 412),
        ({"If_Unmodified_Since": past}, 412),
        ({"If_Unmodified_Since": whole.headers["Last-Modified"]}, 200),
        ({"If_None_Match": etag}, 304),
        ({"Range": "bytes=1-2"}, 206),
        ({"Range": "bytes=-2"}, 206),
        ({"Range": "bytes=-99999"}, 206),
        ({"Range": "bytes=99999-"}, 416),
    ):
        response = get(changing, path, **headers)
        assert response.status_code == status, headers
        if status == 200 or headers == {"Range": "bytes=-99999"}:
            assert response.data == (served.root / path[1:]).read_bytes()
    head = changing.test_client().head(path, headers={"Range": "bytes=1-2"}, buffered=True)
    assert (head.status_code, head.content_length) == (200, 4)


def locked(file: Path) -> sqlite3.Connection:
    """Another process that holds a file of the index for itself; until it is closed."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


@pytest.mark.sqlite
@pytest.mark.parametrize("name", ["catalog.sqlite", "catalog-state.sqlite"])
def test_a_locked_index_keeps_no_document_back(
    served: SiteBuilder, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("feeds.catalog.database.LOCK_TIMEOUT_SECONDS", 0.2, raising=False)
    app = create_app(served.root)
    hot = get(app, "/rss.xml").data
    with closing(locked(served.root / ".feeds" / name)):
        served.write("late.md", title="Late")
        assert get(app, "/rss.xml").data == hot
        cold = get(app, "/topics/ai/atom.xml")
        assert cold.status_code == 200
        # The date of its last change cannot be written down, so that none is sent.
        assert ("Last-Modified" in cold.headers) == (name == "catalog.sqlite")
    assert eventually(lambda: b"Late" in get(app, "/rss.xml").data, 20)
    assert eventually(lambda: "Last-Modified" in get(app, "/topics/ai/atom.xml").headers)
    app.extensions["feeds"].close()


@pytest.mark.sqlite
def test_a_feed_that_is_gone_is_not_found_while_the_state_is_locked(
    served: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.web.refresher.PATIENCE_SECONDS", 0.2)
    app = create_app(served.root)
    article = served.write("c.md", topics=["Robots"])
    app.extensions["feeds"].refresh()
    assert get(app, "/topics/robots/rss.xml").status_code == 200
    article.unlink()
    app.extensions["feeds"].refresh()
    with closing(locked(served.root / ".feeds" / "catalog-state.sqlite")):
        assert get(app, "/topics/robots/rss.xml").status_code == 404
        began = time.monotonic()
        assert {get(app, f"/{number}").status_code for number in range(20)} == {404}
        assert time.monotonic() - began < 4
    app.extensions["feeds"].close()


def test_one_request_waits_for_an_index_that_does_not_answer_and_others_are_told(
    changing: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.web.live_site.INDEX_WAIT_SECONDS", 0.1)
    hot, path = get(changing, "/rss.xml").data, "/topics/ai/atom.xml"
    waited: list[str] = []

    def frozen(_publication: object, path: str) -> None:
        waited.append(path)
        time.sleep(0.2)
        raise CatalogError("the server does not answer")

    with monkeypatch.context() as patched:
        patched.setattr("feeds.publication.publication.Publication.document", frozen)
        with ThreadPoolExecutor(20) as threads:
            asked = [threads.submit(get, changing, path) for _request in range(20)]
            answered = [each.result() for each in asked]
        assert {response.status_code for response in answered} == {503}
        assert all(int(response.headers["Retry-After"]) > 0 for response in answered)
        assert get(changing, "/topics/ai/rss.xml").status_code == 503
        assert get(changing, "/rss.xml").data == hot
        assert waited == [path]
    assert eventually(lambda: get(changing, path).status_code == 200)


#: As programs that read the combined format split it.
COMBINED = re.compile(
    r"(?P<address>\S+) - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\]"
    r' "(?P<request>[^"]*)" (?P<status>\d{3}) (?P<length>\d+|-)'
    r' "(?P<referrer>[^"]*)" "(?P<user_agent>[^"]*)"'
)


def test_the_access_log_is_in_the_combined_format_and_no_client_can_forge_a_line(
    served: SiteBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    app = build_app(Settings(served.root, access_log=True, proxies=1))
    reader = "Reader feed-id:1 - 42 subscribers"
    whole = get(app, "/rss.xml", User_Agent=reader)
    get(app, "/rss.xml", User_Agent=reader, If_None_Match=whole.headers["ETag"])
    app.test_client().head("/rss.xml")
    get(app, "/media/a.png", Range="bytes=1-2", Referer="https://a.example/?b=c")
    get(app, "/custom/feed.json?topic=ai&x=%22%0a", X_Forwarded_For="192.0.2.7")
    get(app, "/x%22%20-%0a%1b[31m", X_Forwarded_For="1 [2 \\")
    get(app, "/no", Referer='"', User_Agent='é" 200 - "-" "\\\t\x1b[31m\x7f\x85')
    get(app, "/" + "n" * 30_000, User_Agent='"' * 30_000)
    app.extensions["feeds"].close()
    lines = capsys.readouterr().out.split("\n")
    assert lines.pop() == ""
    found = [match.groups() for line in lines if (match := COMBINED.fullmatch(line))]
    assert len(found) == len(lines) == 8
    found, last = found[:-1], found[-1]
    agents = [*2 * [reader], *4 * ["Werkzeug"]]
    forged = r"\xE9\x22 200 - \x22-\x22 \x22\x5C\x09\x1B[31m\x7F\x85"
    for each, agent in zip(found, [*agents, forged], strict=True):
        assert each[-1].partition("/")[0] == agent
    assert [each[:-1] for each in found] == [
        ("127.0.0.1", "GET /rss.xml HTTP/1.1", "200", str(len(whole.data)), "-"),
        ("127.0.0.1", "GET /rss.xml HTTP/1.1", "304", "-", "-"),
        ("127.0.0.1", "HEAD /rss.xml HTTP/1.1", "200", "-", "-"),
        ("127.0.0.1", "GET /media/a.png HTTP/1.1", "206", "2", "https://a.example/?b=c"),
        ("192.0.2.7", "GET /custom/feed.json?topic=ai&x=%22%0a HTTP/1.1", "400", found[4][3], "-"),
        (r"1\x20\x5B2\x20\x5C", "GET /x%22%20-%0A%1B%5B31m HTTP/1.1", "404", found[5][3], "-"),
        ("127.0.0.1", "GET /no HTTP/1.1", "404", found[6][3], r"\x22"),
    ]
    assert max(map(len, last)) <= 4_000


def test_an_invalid_number_of_proxies_is_an_error(
    served: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for told in ("abc", "-1", "1.5"):
        monkeypatch.setenv("FEEDS_PROXIES", told)
        with pytest.raises(ConfigurationError, match="FEEDS_PROXIES is"):
            create_app(served.root)


def test_many_threads_get_whole_documents_while_articles_change(
    served: SiteBuilder, changing: Flask
) -> None:
    done = threading.Event()
    broken: list[str] = []

    def read() -> None:
        while not done.is_set():
            response = get(changing, "/rss.xml")
            if response.status_code != 200 or not response.data.endswith(b"</rss>\n"):
                broken.append(f"{response.status_code} {response.data[-20:]!r}")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(8):
        served.write("b.md", title=f"Version {number}", topics=["AI"])
        changing.extensions["feeds"].refresh()
    done.set()
    for reader in readers:
        reader.join()
    assert broken == []


def test_drafts_show_only_where_they_are_asked_for(served: SiteBuilder) -> None:
    served.write("draft.md", title="A draft", published=False)
    for unpublished in (False, True):
        app = create_app(served.root, unpublished=unpublished)
        assert (b"A draft" in get(app, "/rss.xml").data) is unpublished
        app.extensions["feeds"].close()


def test_the_environment_says_which_site_is_served(
    served: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDS_SITE", str(served.root))
    monkeypatch.setenv("FEEDS_URL", "https://other.example.org/sub")
    app = create_app()
    assert b'href="https://other.example.org/sub/rss.xml"' in get(app, "/rss.xml").data
    app.extensions["feeds"].close()


def test_the_default_site_is_the_working_folder(
    served: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(served.root)
    app = create_app()
    assert b"<title>Served</title>" in get(app, "/rss.xml").data
    app.extensions["feeds"].close()


def test_a_site_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(os.fspath(tmp_path / "nowhere"))):
        create_app(tmp_path / "nowhere" / "feeds.yaml")


def test_an_address_that_is_no_url_is_refused(
    served: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDS_URL", "feeds.example.org")
    with pytest.raises(ConfigurationError, match=r"'feeds\.example\.org' is not an http"):
        create_app(served.root)


def test_a_bare_folder_that_gets_a_configuration_is_published_where_that_says(
    site: SiteBuilder,
) -> None:
    site.write("a.md", title="One")
    bare = site.root / "articles"
    live = LiveSite(Settings(bare, address="http://127.0.0.1:8123/"))
    before = live.find("/rss.xml")
    (bare / "feeds.yaml").write_text("title: Named\nurl: https://feeds.example.org/\n")
    live.refresh()
    after = live.find("/rss.xml")
    live.close()
    assert isinstance(before, CachedDocument)
    assert isinstance(after, CachedDocument)
    assert b"http://127.0.0.1:8123/rss.xml" in before.document.body
    assert b"https://feeds.example.org/rss.xml" in after.document.body
