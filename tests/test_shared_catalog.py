"""A catalog on a server: many machines answer from it, one of them keeps it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from feeds.catalog.articles import PublishedArticles
from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.catalog.place import catalog_place
from feeds.cli import main
from feeds.errors import CatalogError
from feeds.publication.publication import Publication
from feeds.static.writer import write_tree
from feeds.web.app import create_app
from feeds.web.live_site import LiveSite
from feeds.web.responses import CachedDocument
from feeds.web.settings import Settings
from tests.servers import Line, PostgreSQL
from tests.support import CORPUS, NOW, SiteBuilder, eventually, needs_corpus


@pytest.fixture
def url(postgresql: PostgreSQL) -> str:
    return postgresql.new_schema()


@pytest.fixture
def shared(tmp_path: Path, url: str) -> SiteBuilder:
    """A site whose feeds.yaml names the server."""
    site = SiteBuilder(tmp_path / "site")
    site.configure(title="T", url="https://feeds.example.org/", catalog=url)
    site.write("a.md", title="One", topics=["AI"])
    return site


def replica(shared: SiteBuilder) -> Path:
    """The feeds.yaml of a machine that has none of the articles."""
    root = shared.root.parent / "replica"
    root.mkdir()
    (root / "feeds.yaml").write_bytes((shared.root / "feeds.yaml").read_bytes())
    return root


def body(live: LiveSite, path: str) -> bytes:
    found = live.find(path)
    assert isinstance(found, CachedDocument)
    return found.document.body


def test_feeds_yaml_names_the_catalog_and_the_environment_comes_first(
    shared: SiteBuilder, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert catalog_place(SiteFolder.open(shared.root)) == url
    monkeypatch.setenv("FEEDS_CATALOG", "/elsewhere.sqlite")
    assert catalog_place(SiteFolder.open(shared.root)) == "/elsewhere.sqlite"


@pytest.mark.parametrize("syncs", [False, True])
def test_a_replica_without_the_articles_answers_and_follows_within_five_seconds(
    shared: SiteBuilder, syncs: bool
) -> None:
    keeper = LiveSite(Settings(shared.root))
    answering = LiveSite(Settings(replica(shared), syncs=syncs))
    assert body(answering, "/rss.xml") == body(keeper, "/rss.xml")
    shared.write("b.md", title="Two", topics=["AI"])
    keeper.refresh()
    assert eventually(lambda: b"Two" in body(answering, "/topics/ai/atom.xml"))
    assert eventually(lambda: keeper.find("/rss.xml") == answering.find("/rss.xml"))
    keeper.close()
    answering.close()


def test_an_app_that_does_not_sync_waits_for_another_to_do_so(
    shared: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDS_SYNC", "0")
    with pytest.raises(CatalogError, match="not synced yet"):
        create_app(shared.root)
    Catalog(catalog_place(SiteFolder.open(shared.root))).sync(SiteFolder.open(shared.root))
    app = create_app(shared.root)
    assert b"One" in app.test_client().get("/rss.xml").data
    app.extensions["feeds"].close()


def test_an_app_survives_a_restart_of_the_server(tmp_path: Path) -> None:
    server = PostgreSQL()
    site = SiteBuilder(tmp_path / "site")
    site.configure(title="T", url="https://feeds.example.org/", catalog=server.new_schema())
    site.write("a.md", title="One", topics=["AI"])
    app = create_app(site.root)
    client = app.test_client()
    assert client.get("/rss.xml").status_code == 200
    server.stop()
    # Known documents are served; others, which would have to be asked for, are not there yet.
    assert client.get("/rss.xml").status_code == 200
    assert client.get("/topics/ai/rss.xml").status_code == 503
    site.write("b.md", title="Two", topics=["AI"])
    server.start()
    assert eventually(lambda: b"Two" in client.get("/topics/ai/rss.xml").data, 10)
    app.extensions["feeds"].close()
    server.close()


def test_several_processes_may_begin_with_an_empty_database_at_once(
    shared: SiteBuilder, tmp_path: Path
) -> None:
    for number in range(40):
        shared.write(f"{number}.md", title=f"No. {number}", topics=[f"Topic {number % 5}"])
    outs = [tmp_path / f"out {number}" for number in range(4)]
    builds = [
        subprocess.Popen(
            [sys.executable, "-m", "feeds", "build", str(shared.root), "--out", str(out)],
            stderr=subprocess.PIPE,
        )
        for out in outs
    ]
    for build in builds:
        _out, errors = build.communicate(timeout=60)
        assert (build.returncode, errors) == (0, b"")
    files = [{f.relative_to(out): f.read_bytes() for f in out.rglob("*.xml")} for out in outs]
    assert len(files[0]) > 10
    assert all(each == files[0] for each in files)


def test_two_documents_first_seen_at_once_have_one_date(shared: SiteBuilder) -> None:
    settings, now = Settings(shared.root), datetime(2026, 7, 1, tzinfo=UTC)
    lives = [LiveSite(settings, clock=lambda: now) for _ in range(4)]
    dates: list[object] = []
    threads = [
        threading.Thread(target=lambda live=live: dates.append(live.find("/rss.xml")))
        for live in lives
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(dates) == 4
    assert len({each.last_modified for each in dates if isinstance(each, CachedDocument)}) == 1
    for live in lives:
        live.close()


@pytest.mark.parametrize(
    "place",
    [
        "postgresql+psycopg://me:hidden@127.0.0.1:1/none",
        "postgresql+nothing://me:hidden@127.0.0.1/none",
        "nothing://me:hidden@127.0.0.1/none",
    ],
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(place: str) -> None:
    with pytest.raises(CatalogError, match=r"://me:\*\*\*@127\.0\.0\.1\S*/none: .") as error:
        Catalog(place)
    assert "hidden" not in str(error.value)
    assert "\n" not in str(error.value)


@needs_corpus
def test_the_corpus_gives_the_same_tree_from_either_engine(tmp_path: Path, url: str) -> None:
    folder = SiteFolder.open(CORPUS)
    trees = []
    for number, place in enumerate((str(tmp_path / "catalog.sqlite"), url)):
        catalog = Catalog(place)
        catalog.sync(folder)
        out = tmp_path / str(number)
        address = "https://feeds.example.org/"
        write_tree(Publication(folder, catalog, url=address, now=NOW, unpublished=True), out)
        trees.append({f.relative_to(out): f.read_bytes() for f in out.rglob("*") if f.is_file()})
        catalog.close()
    assert len(trees[0]) > 30
    assert trees[0] == trees[1]


def test_the_url_is_told_to_nobody(shared: SiteBuilder) -> None:
    app = create_app(shared.root)
    client = app.test_client()
    for path in ("/", "/rss.xml", "/feed.json", "/feeds.yaml"):
        assert b"postgresql" not in client.get(path).data
    app.extensions["feeds"].close()
    assert os.environ.get("FEEDS_CATALOG") is None


def test_no_command_of_a_replica_empties_the_index(
    shared: SiteBuilder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert CliRunner().invoke(main, ["list", str(shared.root)]).exit_code == 0
    root = tmp_path / "bare"
    root.mkdir()
    (root / "feeds.yaml").write_text(
        "".join(
            line
            for line in (shared.root / "feeds.yaml").read_text().splitlines(keepends=True)
            if not line.startswith("articles:")
        )
    )
    monkeypatch.setenv("FEEDS_SYNC", "0")
    for command in (["list"], ["check"], ["build", "--out", str(tmp_path / "out")]):
        result = CliRunner().invoke(main, [command[0], str(root), *command[1:]])
        assert result.exit_code == 0, result.output
    assert b"One" in (tmp_path / "out" / "rss.xml").read_bytes()
    answering = LiveSite(Settings(root, syncs=False))
    assert b"One" in body(answering, "/rss.xml")
    answering.close()


def test_a_replica_of_another_version_leaves_the_index_as_it_is(
    shared: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = LiveSite(Settings(shared.root))
    with monkeypatch.context() as patch:
        patch.setattr("feeds.catalog.schema.code_fingerprint", lambda: "another")
        with pytest.raises(CatalogError, match="another version of feeds keeps it"):
            LiveSite(Settings(replica(shared), syncs=False))
    assert b"One" in body(keeper, "/topics/ai/rss.xml")
    shared.write("b.md", title="Two", topics=["AI"])
    keeper.refresh()
    assert b"Two" in body(keeper, "/topics/ai/rss.xml")
    keeper.close()


@pytest.mark.parametrize("failing", ["sync", "revision"])
def test_a_change_of_feeds_yaml_shows_once_the_index_answers_again(
    shared: SiteBuilder, url: str, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    live = LiveSite(Settings(shared.root))

    def broken(*_arguments: object, **_named: object) -> None:
        raise CatalogError("connection is bad")

    with monkeypatch.context() as patch:
        patch.setattr(Catalog, failing, broken)
        shared.configure(title="Renewed", url="https://feeds.example.org/", catalog=url)
        with pytest.raises(CatalogError):
            live.refresh()
    live.refresh()
    assert b"<title>Renewed</title>" in body(live, "/rss.xml")
    live.close()


def test_what_could_not_be_published_is_published_by_the_next_look(
    shared: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveSite(Settings(shared.root))
    shared.write("b.md", title="Two", topics=["AI"])

    def broken(_view: PublishedArticles) -> None:
        raise CatalogError("connection is bad")

    with monkeypatch.context() as patch:
        patch.setattr(PublishedArticles, "next_due", broken)
        with pytest.raises(CatalogError):
            live.refresh()
    live.refresh()
    assert b"Two" in body(live, "/topics/ai/rss.xml")
    live.close()


#: A document that has to be made, one for a query, none at all, and a question about the index.
COLD = ("/topics/ai/rss.xml", "/custom/rss.xml?since=1d", "/nothing", "/healthz")


@pytest.mark.parametrize("trouble", ["silent", "slow"])
def test_a_request_to_a_server_in_trouble_has_one_deadline(
    postgresql: PostgreSQL, tmp_path: Path, trouble: str
) -> None:
    line = Line(postgresql)
    site = SiteBuilder(tmp_path / "site")
    url = line.url_of(postgresql.new_schema())
    site.configure(title="T", url="https://feeds.example.org/", catalog=url)
    site.write("a.md", title="One", topics=["AI"])
    app = create_app(site.root)
    client = app.test_client()
    assert client.get("/rss.xml").status_code == 200
    if trouble == "slow":
        line.delay = 0.2
    else:  # it accepts connections, and never answers
        line.freeze()
        line.drop()
    for path in COLD:
        began = time.monotonic()
        response = client.get(path)
        assert time.monotonic() - began < 3, path
        assert response.status_code == 503, path
        assert int(response.headers["Retry-After"]) > 0
        # Not asked again for a moment.
        began = time.monotonic()
        assert client.get(path).status_code == 503
        assert client.get("/rss.xml").status_code == 200
        assert time.monotonic() - began < 3
        time.sleep(1.2)
    line.delay = 0
    line.thaw()
    expected = {path: 404 if path == "/nothing" else 200 for path in COLD}
    assert eventually(lambda: {path: client.get(path).status_code for path in COLD} == expected)
    app.extensions["feeds"].close()
    line.close()
