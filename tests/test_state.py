"""The catalog's state outlives the index, a new version, damage of the index and our own faults."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from feeds.catalog.articles import PublishedArticles
from feeds.catalog.catalog import Catalog
from feeds.catalog.database import Database
from feeds.catalog.folder import SiteFolder
from feeds.catalog.ownership import is_damaged
from feeds.catalog.place import catalog_place
from feeds.catalog.state import Announcement, Built, ProbeResult
from feeds.cli import main
from feeds.errors import CatalogError, NotReadyError
from feeds.model.selection import Selection
from feeds.model.site import Site
from feeds.web.live_site import LiveSite
from feeds.web.responses import CachedDocument
from feeds.web.settings import Settings
from tests.servers import PostgreSQL
from tests.support import NOW, SiteBuilder, eventually

BUILT = {"rss.xml": Built("fingerprint", 100, 5)}
ANNOUNCED = {"https://e.example/rss.xml": Announcement("fingerprint", "digest")}


def fill(catalog: Catalog) -> None:
    state = catalog.state
    state.touch_last_modified("/rss.xml", "one", 100)
    state.record_file_sizes([ProbeResult("https://e.example/a.mp3", 5000)], 100)
    state.release((), ANNOUNCED)
    state.remember_built("/out", BUILT)


def is_filled(catalog: Catalog) -> bool:
    state = catalog.state
    return (
        state.gone_since("/never.xml", 300) is None
        and state.touch_last_modified("/rss.xml", "one", 200) == 100
        and state.lengths() == {"https://e.example/a.mp3": 5000}
        and state.announced() == ANNOUNCED
        and state.built("/out") == BUILT
    )


def titles(catalog: Catalog) -> list[str]:
    articles = PublishedArticles(catalog, Site("T"), now=NOW).select(Selection())
    return [article.title for article in articles.values()]


@pytest.fixture
def catalog(site: SiteBuilder) -> Catalog:
    """A synced catalog with every kind of state."""
    site.write("a.md", title="Kept")
    catalog = site.catalog()
    catalog.sync(SiteFolder.open(site.root))
    fill(catalog)
    return catalog


@pytest.fixture
def index(site: SiteBuilder) -> Path:
    return site.root.parent / "catalog.sqlite"


@pytest.fixture
def state(site: SiteBuilder) -> Path:
    return site.root.parent / "catalog-state.sqlite"


@pytest.mark.parametrize("error", [AttributeError, LookupError, TypeError, ValueError])
def test_an_error_of_our_own_leaves_index_and_state_as_they_are(
    site: SiteBuilder, catalog: Catalog, error: type[Exception]
) -> None:
    with pytest.raises(error), catalog.reading():
        raise error("a fault in the code of a caller")
    assert titles(catalog) == ["Kept"]
    assert is_filled(catalog)
    assert catalog.sync(SiteFolder.open(site.root)).read == 0


@pytest.mark.sqlite
def test_an_error_of_our_own_in_a_transaction_of_any_database_removes_nothing(
    tmp_path: Path,
) -> None:
    def prepare(connection: sa.Connection, _anew: bool) -> None:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS kept (value INTEGER)")

    database = Database(str(tmp_path / "any.sqlite"), prepare, "kept")
    with database.connection() as connection:
        connection.exec_driver_sql("INSERT INTO kept VALUES (1)")

    def fail() -> None:
        with database.connection() as connection:
            connection.exec_driver_sql("INSERT INTO kept VALUES (2)")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.connection() as connection:
        assert connection.exec_driver_sql("SELECT value FROM kept").scalars().all() == [1]
    database.close()


def test_the_state_outlives_a_new_version_of_the_code(
    site: SiteBuilder, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_filled(catalog)
    monkeypatch.setattr("feeds.catalog.schema.code_fingerprint", lambda: "another")
    newer = site.catalog()
    assert newer.sync(SiteFolder.open(site.root)).read == 1
    assert is_filled(newer)


@pytest.mark.sqlite
def test_the_state_outlives_the_index_that_is_deleted(
    site: SiteBuilder, catalog: Catalog, index: Path
) -> None:
    for file in index.parent.glob("catalog.sqlite*"):
        file.unlink()
    assert catalog.sync(SiteFolder.open(site.root)).read == 1
    assert is_filled(catalog)


@pytest.mark.sqlite
@pytest.mark.parametrize("damaged", ["catalog.sqlite", "catalog-state.sqlite"])
def test_a_damaged_file_is_moved_aside_with_one_line_and_the_other_one_stays(
    site: SiteBuilder, catalog: Catalog, damaged: str, caplog: pytest.LogCaptureFixture
) -> None:
    catalog.close()
    file = site.root.parent / damaged
    marked = file.read_bytes()[:72]
    with caplog.at_level(logging.WARNING):
        for number in (1, 2):
            file.write_bytes(marked + b"This is no database. " * (100 + number))
            again = site.catalog()
            aside = file.with_name(f"{damaged}.damaged-{number}")
            assert aside.read_bytes() == marked + b"This is no database. " * (100 + number)
            assert caplog.messages == [f"{file}: damaged; moved to {aside.name}, and made again"]
            caplog.clear()
            is_index = damaged == "catalog.sqlite"
            assert again.sync(SiteFolder.open(site.root)).read == (1 if is_index else 0)
            assert is_filled(again) == is_index
            assert titles(again) == ["Kept"]
            again.close()


@pytest.mark.sqlite
def test_damage_in_the_middle_of_the_state_is_found_when_it_is_opened(
    site: SiteBuilder, catalog: Catalog, state: Path
) -> None:
    files = {f"{number}.xml": Built("x" * 99, 1, 1) for number in range(999)}
    catalog.state.remember_built("/out", files)
    catalog.close()
    with state.open("r+b") as stream:
        stream.seek(4096 * 8)
        stream.write(b"\xff" * 4096 * 8)
    again = site.catalog()
    assert state.with_name(f"{state.name}.damaged-1").exists()
    assert again.state.built("/out") == {}


@pytest.mark.sqlite
def test_the_line_about_a_damaged_file_reaches_stderr_once(site: SiteBuilder) -> None:
    site.write("a.md")
    command = [sys.executable, "-m", "feeds", "build", str(site.root), "--out", str(site.out)]
    subprocess.run(command, check=True)
    file = Path(catalog_place(SiteFolder.open(site.root)))
    file.write_bytes(b"This is no database. " * 1000)
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    assert again.stderr == f"{file}: damaged; moved to {file.name}.damaged-1, and made again\n"
    assert subprocess.run(command, check=True, capture_output=True).stderr == b""


@pytest.mark.sqlite
def test_several_that_find_the_damage_at_once_move_one_file_aside(
    site: SiteBuilder, catalog: Catalog, index: Path
) -> None:
    for number in range(20):
        site.write(f"{number}.md", body="long " * 300)
    folder = SiteFolder.open(site.root)
    catalog.sync(folder)
    others = [site.catalog() for _ in range(4)]
    for each in (catalog, *others):
        each.close()
    with index.open("r+b") as stream:
        stream.seek(4096 * 2)
        stream.write(b"\xff" * (index.stat().st_size - 4096 * 2))
    barrier = threading.Barrier(4)

    def look(other: Catalog) -> None:
        barrier.wait()
        for _attempt in range(3):
            try:
                other.sync(folder)
                titles(other)
            except CatalogError:
                continue

    threads = [threading.Thread(target=look, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(index.parent.glob("catalog.sqlite.damaged-?"))) == 1
    assert len(titles(others[0])) == 21


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE feeds_article SET data = {bytes}",
        "UPDATE feeds_problem SET data = {bytes}",
        "UPDATE feeds_meta SET value = 'nonsense' WHERE key = 'revision'",
        "DELETE FROM feeds_meta WHERE key = 'revision'",
    ],
)
def test_rows_that_cannot_be_decoded_are_made_again_and_the_state_stays(
    site: SiteBuilder, catalog: Catalog, engine: str, damage: str
) -> None:
    site.write("b.md", publishedDateTime="never")
    catalog.sync(SiteFolder.open(site.root))
    problems = len(catalog.problems())
    with catalog.reading() as connection:
        nonsense = "x'00ff'" if engine == "sqlite" else "'\\x00ff'::bytea"
        connection.exec_driver_sql(damage.format(bytes=nonsense))

    def answer() -> object:
        catalog.revision()
        return titles(catalog), len(catalog.problems())

    with pytest.raises(CatalogError, match="damaged"):
        answer()
    with pytest.raises(CatalogError, match="not synced yet"):
        answer()
    assert catalog.sync(SiteFolder.open(site.root)).read == 2
    assert answer() == (["Kept"], problems)
    assert is_filled(catalog)


_FORMER = """
CREATE TABLE length (url TEXT PRIMARY KEY, length BIGINT, asked BIGINT NOT NULL,
                     reason TEXT NOT NULL);
CREATE TABLE announced (url TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, digest TEXT NOT NULL);
CREATE TABLE document (address TEXT PRIMARY KEY, digest TEXT NOT NULL, changed BIGINT NOT NULL);
CREATE TABLE built (tree TEXT, name TEXT, fingerprint TEXT NOT NULL, size BIGINT NOT NULL,
                    mtime_ns BIGINT NOT NULL, PRIMARY KEY (tree, name));
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO meta VALUES ('fingerprint', 'of earlier code'), ('revision', '7'), ('complete', '1');
INSERT INTO length VALUES ('https://e.example/a.mp3', 5000, 100, ''), ('/media/own.mp3', 7, 0, '');
INSERT INTO announced VALUES ('https://e.example/rss.xml', 'fingerprint', 'digest');
INSERT INTO document VALUES ('/rss.xml', 'one', 100);
INSERT INTO built VALUES ('/out', 'rss.xml', 'fingerprint', 100, 5);
"""


_FORMER_INDEX = """
CREATE TABLE source (path, size, mtime_ns, checked_ns, digest);
CREATE TABLE problem (path, line, code, message, hint, severity);
CREATE TABLE article (path, id, published, updated, quality, heat, type, category, provider, domain,
    draft, removed, data);
CREATE TABLE tagging (topic, path, name);
"""


@pytest.mark.sqlite
def test_the_state_that_an_earlier_version_kept_in_the_file_of_the_index_is_taken_over_once(
    site: SiteBuilder, index: Path
) -> None:
    with closing(sqlite3.connect(index)) as connection:
        connection.executescript(_FORMER + _FORMER_INDEX)
    catalog = site.catalog()
    # A file without a sign of this machine tells no build what it has written.
    assert catalog.state.built("/out") == {}
    catalog.state.remember_built("/out", BUILT)
    assert is_filled(catalog)
    catalog.state.touch_last_modified("/rss.xml", "two", 300)
    again = site.catalog()
    assert again.state.touch_last_modified("/rss.xml", "two", 400) == 300
    with closing(sqlite3.connect(index)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert not tables & {"length", "announced", "document", "built"}


def test_the_state_that_an_earlier_version_kept_on_a_server_stays(postgresql: PostgreSQL) -> None:
    url = postgresql.new_schema()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(_FORMER)
    engine.dispose()
    catalog = Catalog(url)
    assert is_filled(catalog)
    catalog.close()


def test_the_state_of_a_newer_version_is_left_alone(site: SiteBuilder, catalog: Catalog) -> None:
    from feeds.catalog import state

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(state, "_VERSION", state._VERSION - 1)  # there is no newer version yet
        with pytest.raises(CatalogError, match="newer version of feeds"):
            site.catalog()
    assert is_filled(catalog)


def test_a_claim_is_held_by_one_and_ends_by_release_or_time(catalog: Catalog) -> None:
    state = catalog.state
    news = {"https://e.example/atom.xml": Announcement("f", "d")}
    url = next(iter(news))
    assert state.claim(news, 1000, 60) == {url}
    assert state.claim(news, 1030, 60) == set()
    assert state.claim(news, 1062, 60) == {url}
    # Newer bytes are another announcement.
    assert state.claim({url: Announcement("g", "e")}, 1063, 60) == {url}
    state.release([url], {})
    assert state.claim(news, 1064, 60) == {url}
    state.release([url], news)
    assert state.announced() == ANNOUNCED | news
    assert state.claim(news, 2000, 60) == set()


def test_a_claim_or_a_date_of_a_clock_that_was_ahead_ends(catalog: Catalog) -> None:
    state, url = catalog.state, "https://e.example/atom.xml"
    news = {url: Announcement("f", "d")}
    assert state.claim(news, 2_000_000, 60) == {url}
    assert state.claim(news, 1000, 60) == {url}
    assert state.touch_last_modified("/a.xml", "one", 2_000_000) == 2_000_000
    assert state.touch_last_modified("/a.xml", "one", 1000) == 1000
    assert state.touch_last_modified("/a.xml", "two", 1000) == 1001


def test_a_document_is_gone_since_the_first_request_in_vain(catalog: Catalog) -> None:
    state = catalog.state
    assert state.gone_since("/never.xml", 200) is None
    assert state.gone_since("/nul\0.xml", 200) is None
    assert [state.gone_since("/rss.xml", now) for now in (2000, 3000)] == [2000, 2000]
    # Under a clock that was set back, what happened by another one has not happened yet.
    assert [state.gone_since("/rss.xml", now) for now in (1000, 1500)] == [1000, 1000]
    state.touch_last_modified("/atom.xml", "one", 100)
    assert state.gone_since("/atom.xml", 1500) == 1500
    assert state.gone() == {"/rss.xml", "/atom.xml"}
    state.forget_gone(["/rss.xml"])
    assert state.gone() == {"/atom.xml"}
    assert state.gone_since("/rss.xml", 4000) == 4000


def test_one_damaged_row_of_many_leaves_no_lock_behind(site: SiteBuilder, catalog: Catalog) -> None:
    for number in range(15):
        site.write(f"{number}.md", title=f"Article {number}")
    catalog.sync(SiteFolder.open(site.root))
    with catalog.reading() as connection:
        update = "UPDATE feeds_article SET data = {} WHERE path = 'articles/a.md'"
        is_file = connection.dialect.name == "sqlite"
        connection.exec_driver_sql(update.format("x'ff00'" if is_file else "'\\xff00'::bytea"))
    with pytest.raises(CatalogError, match="damaged"):
        titles(catalog)
    assert catalog.sync(SiteFolder.open(site.root)).read == 16
    assert len(titles(catalog)) == 16
    assert is_filled(catalog)


def test_threads_with_different_bytes_never_get_the_same_second(catalog: Catalog) -> None:
    dates: list[int] = []
    barrier = threading.Barrier(8)

    def touch(digest: str) -> None:
        barrier.wait()
        dates.append(catalog.state.touch_last_modified("/new.xml", digest, 100))

    threads = [threading.Thread(target=touch, args=(f"digest {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(dates) == list(range(100, 108))


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "damage",
    ["DROP TABLE feeds_built", "UPDATE feeds_state SET value = 'text' WHERE key = 'version'"],
)
def test_a_state_that_lacks_a_table_or_a_version_is_mended(
    site: SiteBuilder, catalog: Catalog, damage: str
) -> None:
    catalog.close()
    file = site.root.parent / "catalog-state.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(damage)
    again = site.catalog()
    assert again.state.built("/out") == {}
    assert again.state.touch_last_modified("/rss.xml", "one", 200) in (100, 200)


def damage(file: Path, page: int) -> None:
    """Destroy a page of a file whose time stays, as a failing disk does."""
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    with file.open("r+b") as stream:
        stream.seek(4096 * page)
        stream.write(b"\xff" * 4096)
    os.utime(file, ns=times)


@pytest.mark.sqlite
def test_a_file_that_was_closed_whole_is_not_checked_again(
    site: SiteBuilder, catalog: Catalog, index: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def check(file: Path) -> bool:
        checked.append(file.name)
        return is_damaged(file)

    monkeypatch.setattr("feeds.catalog.database.is_damaged", check)
    site.catalog().close()
    assert checked == [state.name, index.name], "in use: another process may have been killed"
    catalog.close()
    checked.clear()
    for _ in range(2):
        again = site.catalog()
        again.state.touch_last_modified("/rss.xml", "one", 100)
        again.close()
    assert checked == []
    os.utime(index)
    site.catalog().close()
    assert checked == [index.name]
    index.write_bytes(index.rename(index.with_name("copy")).read_bytes())
    site.catalog().close()
    assert checked == [index.name] * 2


@pytest.fixture
def readable(site: SiteBuilder) -> dict[str, bytes]:
    """The documents of a site with an index of many pages, by path."""
    for number in range(30):
        site.write(f"{number}.md", title=f"No. {number}", body="long " * 300)
    assert (
        CliRunner().invoke(main, ["build", str(site.root), "--out", str(site.out)]).exit_code == 0
    )
    paths = ("/rss.xml", "/topics/ai/atom.xml", "/feed.json")
    return {path: (site.out / path[1:]).read_bytes() for path in paths}


def pages(site: SiteBuilder) -> Iterator[int]:
    """Destroys a page after the other of the index of a site."""
    file = site.root / ".feeds" / "catalog.sqlite"
    for page in range(1, file.stat().st_size // 4096, 5):
        damage(file, page)
        yield page


@pytest.mark.sqlite
def test_damage_that_a_build_meets_first_is_recovered_from(
    site: SiteBuilder, readable: dict[str, bytes]
) -> None:
    for page in pages(site):
        if page % 2:  # it is met in writing
            os.utime(site.root / "articles" / "0.md", (page, page))
        shutil.rmtree(site.out)
        result = CliRunner().invoke(main, ["build", str(site.root), "--out", str(site.out)])
        assert result.exit_code == 0, result.output
        for path, body in readable.items():
            assert (site.out / path[1:]).read_bytes() == body, (page, path)


@pytest.mark.sqlite
@pytest.mark.parametrize("starts_indexed", [False, True])
def test_damage_that_the_live_app_meets_first_is_recovered_from(
    site: SiteBuilder, readable: dict[str, bytes], starts_indexed: bool
) -> None:
    for _page in pages(site):
        live = LiveSite(Settings(site.root, starts_indexed=starts_indexed))

        def answers(path: str, live: LiveSite = live) -> bytes:
            with suppress(CatalogError, NotReadyError):
                found = live.find(path)
                return found.document.body if isinstance(found, CachedDocument) else b""
            return b""

        assert eventually(lambda: {path: answers(path) for path in readable} == readable)
        live.close()
