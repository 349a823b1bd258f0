"""Files and tables of others are never touched, and a file from elsewhere is not believed."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.catalog.ownership import APPLICATION_ID
from feeds.catalog.place import catalog_place, state_file
from feeds.catalog.state import Built, ProbeResult
from feeds.cli import main
from feeds.errors import CatalogError
from tests.servers import PostgreSQL
from tests.support import SiteBuilder

_CMS = """
CREATE TABLE article (id INTEGER PRIMARY KEY, text TEXT);
INSERT INTO article VALUES (1, 'years of work');
CREATE TABLE media (url TEXT, path TEXT);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO meta VALUES ('fingerprint', 'x'), ('revision', '7');
"""
#: The index and the state in two files, as they were before they had marks.
_FORMER_INDEX = """
CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY (key));
INSERT INTO meta VALUES ('fingerprint', 'of earlier code'), ('revision', '7'), ('complete', '1');
CREATE TABLE source (path VARCHAR NOT NULL, digest VARCHAR NOT NULL, size BIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL, checked_ns BIGINT NOT NULL, PRIMARY KEY (path));
CREATE TABLE problem (path VARCHAR NOT NULL, data BLOB NOT NULL);
CREATE TABLE article (path VARCHAR NOT NULL, id VARCHAR NOT NULL, type VARCHAR NOT NULL,
    category VARCHAR NOT NULL, provider VARCHAR NOT NULL, domain VARCHAR NOT NULL,
    published BIGINT NOT NULL, updated BIGINT NOT NULL, recorded BOOLEAN NOT NULL,
    draft BOOLEAN NOT NULL, removed BOOLEAN NOT NULL, has_duplicate_id BOOLEAN NOT NULL,
    quality FLOAT, heat FLOAT, data BLOB NOT NULL, PRIMARY KEY (path));
CREATE TABLE tagging (topic VARCHAR, path VARCHAR, name VARCHAR, PRIMARY KEY (topic, path));
CREATE TABLE media (url VARCHAR, path VARCHAR, length BIGINT, PRIMARY KEY (url, path));
CREATE TABLE searched (number INTEGER PRIMARY KEY, path VARCHAR, digest VARCHAR, words VARCHAR);
CREATE VIRTUAL TABLE searched_words USING
    fts5(words, content='searched', content_rowid='number', tokenize='ascii');
"""
_FORMER_STATE = """
CREATE TABLE state (key VARCHAR NOT NULL, value BIGINT NOT NULL, PRIMARY KEY (key));
INSERT INTO state VALUES ('version', 1), ('revision', 3);
CREATE TABLE document (address VARCHAR PRIMARY KEY, digest VARCHAR NOT NULL,
    changed BIGINT NOT NULL);
INSERT INTO document VALUES ('/rss.xml', 'one', 100);
CREATE TABLE length (url VARCHAR PRIMARY KEY, length BIGINT, reason VARCHAR NOT NULL,
    asked BIGINT NOT NULL);
INSERT INTO length VALUES ('https://e.example/a.mp3', 5000, '', 100);
"""


def database(file: Path, script: str) -> Path:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)
    return file


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """A folder with files that are not ours."""
    folder = tmp_path / "others"
    folder.mkdir()
    (folder / "thesis.txt").write_text("my thesis\n" * 100)
    (folder / "short").write_text("x")
    database(folder / "cms.db", _CMS)
    database(folder / "view.db", "CREATE VIEW meta AS SELECT 1 AS key, 2 AS value")
    # A table more than ours, a column more, the tables without the mark, the mark without tables.
    database(folder / "more.db", f"{_FORMER_INDEX}CREATE TABLE users (name TEXT)")
    database(folder / "wider.db", _FORMER_INDEX.replace("heat FLOAT", "heat FLOAT, mood TEXT"))
    database(folder / "tables.db", "CREATE TABLE feeds_meta (key TEXT, value TEXT)")
    database(folder / "id.db", f"PRAGMA application_id={APPLICATION_ID};{_CMS}")
    database(folder / "state.db", _FORMER_STATE)
    Catalog(folder / "own.db").close()
    return folder


COMMANDS = (["check"], ["list"], ["serve", "--port", "0"], ["build", "--out", "out"])
FOREIGN = (
    "thesis.txt", "short", "cms.db", "view.db", "more.db", "wider.db", "tables.db", "id.db",
    "state.db", "own-state.db",
)  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_that_is_not_ours_is_refused_in_one_line_and_untouched(
    site: SiteBuilder, others: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("a.md")
    before = contents(others)
    expected = f"Error: {others / name}: not a file of feeds; name another one\n"
    for command, *options in COMMANDS:
        with monkeypatch.context() as patch:
            patch.setenv("FEEDS_CATALOG", str(others / name))
            result = CliRunner().invoke(main, [command, str(site.root), *options])
        assert (result.exit_code, result.output) == (1, expected)
    site.configure(title="T", url="https://e.example/", catalog=f"sqlite:///../others/{name}")
    result = CliRunner().invoke(main, ["check", str(site.root)])
    assert result.exit_code == 1
    assert f"{name}: not a file of feeds" in result.output
    assert contents(others) == before


def test_feeds_yaml_is_not_taken_for_a_catalog(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = site.root / "feeds.yaml"
    before = file.read_bytes()
    monkeypatch.setenv("FEEDS_CATALOG", str(file))
    assert CliRunner().invoke(main, ["check", str(site.root)]).exit_code == 1
    assert file.read_bytes() == before
    assert not (site.root / "feeds-state.yaml").exists()


def test_a_state_file_that_is_not_ours_is_refused_and_untouched(others: Path) -> None:
    file = others / "new-state.db"
    file.write_text("notes")
    with pytest.raises(CatalogError, match=r"new-state\.db: not a file of feeds"):
        Catalog(others / "new.db")
    assert file.read_text() == "notes"
    assert not (others / "new.db").exists()


@pytest.mark.parametrize("kind", ["folder", "device", "fifo"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "place"
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place = Path(os.devnull)
    with pytest.raises(CatalogError, match=rf"{place}: not a file$"):
        Catalog(place)


@pytest.mark.parametrize(
    "place",
    [
        "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///file:x?uri=true", "x://", "://",
        "sqlite:///x?mode=memory", "sqlite://host/x", "mysql://me:hidden@host/db",
        "postgresql+psycopg://me:hidden@host:port/db", "postgresql+psycopg://me:hid@hidden@host/db",
        "postgresql+psycopg://me@127.0.0.1:1/db?password=hidden&sslpassword=hidden",
        "postgresql+psycopg://127.0.0.1:99999999/db?user=me&password=hidden", "sqlite:///x/",
        "file:///x", "SQLITE:///x", "sqlite+aiosqlite:///x", "sqlite:///~nobody-of-this-name/x",
        "sqlite:x", "postgresql:me:hidden@host/db", "file:x?mode=memory", "file:x", ":memory:",
        "~", "~nobody-of-this-name/x", "~x", "$HOME/x", "${HOME}/x", "a/$(id)/x", "%APPDATA%/x",
        "x/", "a/..", ".", "..", " ", " x", "x ", "x\n", "a\nb", "a\x1b", "postgresql+x://host/db",
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_refused_in_one_line_without_its_password(
    site: SiteBuilder, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.root.parent)
    before = contents(site.root.parent)
    monkeypatch.setenv("FEEDS_CATALOG", place)
    result = CliRunner().invoke(main, ["check", str(site.root)])
    assert result.exit_code == 1, result.exception
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert "hidden" not in result.output
    assert contents(site.root.parent) == before


def test_a_relative_path_is_relative_to_who_names_it(
    site: SiteBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    site.configure(title="T", url="https://e.example/", catalog="sqlite:///sub/a.db")
    folder = SiteFolder.open(site.root)
    assert catalog_place(folder) == str(site.root / "sub" / "a.db")
    for place in ("b.db", "sqlite:///b.db"):
        monkeypatch.setenv("FEEDS_CATALOG", place)
        assert catalog_place(folder) == str(tmp_path / "b.db")
    for place in ("~/b.db", "sqlite:///~/b.db"):
        monkeypatch.setenv("HOME", "/home/of/mine")
        monkeypatch.setenv("FEEDS_CATALOG", place)
        assert catalog_place(folder) == "/home/of/mine/b.db"
    for name in ("a b.db", "100%.db", "a$.db", "a:b.db", "x?y", "~.db~"[1:], "日本.db"):
        monkeypatch.setenv("FEEDS_CATALOG", name)
        assert catalog_place(folder) == str(tmp_path / name)
    for place in ("/c/b.db", "sqlite:////c/b.db"):
        monkeypatch.setenv("FEEDS_CATALOG", place)
        assert catalog_place(folder) == "/c/b.db"


@pytest.mark.parametrize("place", ["postgres://me@host/db", "postgresql://me@host/db"])
def test_a_url_as_postgresql_has_them_is_understood(place: str) -> None:
    with pytest.raises(CatalogError, match=r"^postgresql\+psycopg://me@host/db: "):
        Catalog(place)


def test_an_empty_file_is_taken(site: SiteBuilder, tmp_path: Path) -> None:
    (tmp_path / "new.db").touch()
    (tmp_path / "new-state.db").touch()
    catalog = Catalog(tmp_path / "new.db")
    assert catalog.sync(SiteFolder.open(site.root)).read == 0
    catalog.close()
    for name in ("new.db", "new-state.db"):
        assert int.from_bytes((tmp_path / name).read_bytes()[68:72], "big") == APPLICATION_ID


def test_files_of_an_earlier_version_are_taken_over(site: SiteBuilder, tmp_path: Path) -> None:
    site.write("a.md")
    file = database(tmp_path / "old.db", _FORMER_INDEX)
    database(state_file(file), _FORMER_STATE)
    catalog = Catalog(file)
    assert catalog.sync(SiteFolder.open(site.root)).read == 1
    assert catalog.state.touch_last_modified("/rss.xml", "one", 300) == 100
    assert catalog.state.lengths() == {"https://e.example/a.mp3": 5000}
    catalog.close()
    for each in (file, state_file(file)):
        with closing(sqlite3.connect(each)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
        assert names
        assert all(name.startswith(("feeds_", "sqlite_")) for name in names)
    Catalog(file).close()


def test_tables_of_another_program_on_a_server_are_left_alone(
    postgresql: PostgreSQL, site: SiteBuilder
) -> None:
    site.write("a.md")
    url = postgresql.new_schema()
    engine = sa.create_engine(url)
    state = (
        "CREATE TABLE document (address TEXT, body TEXT); INSERT INTO document VALUES ('a', 'b')"
    )
    with engine.begin() as connection:
        connection.exec_driver_sql(f"{_CMS};{state}")
    catalog = Catalog(url)
    catalog.sync(SiteFolder.open(site.root))
    catalog.close()
    with engine.begin() as connection:
        for table, rows in (("article", 1), ("media", 0), ("meta", 2), ("document", 1)):
            query = f"SELECT count(*) FROM {table}"
            assert connection.exec_driver_sql(query).scalar_one() == rows
    engine.dispose()


@pytest.mark.parametrize("name", ["feeds_article", "feeds_document"])
def test_a_table_of_our_name_without_the_mark_is_refused(postgresql: PostgreSQL, name: str) -> None:
    url = postgresql.new_schema()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {name} (id INTEGER)")
    with pytest.raises(CatalogError, match=f"the table {name} is not one of feeds"):
        Catalog(url)
    with engine.begin() as connection:
        assert connection.exec_driver_sql(f"SELECT * FROM {name}").all() == []
    engine.dispose()


def poison(index: Path) -> None:
    with closing(sqlite3.connect(index)) as connection:
        for path, data in connection.execute("SELECT path, data FROM feeds_article").fetchall():
            article = json.loads(data) | {"body": "<script>alert(1)</script>"}
            row = json.dumps(article).encode(), path
            connection.execute("UPDATE feeds_article SET data = ? WHERE path = ?", row)
        # This would poison the rows that are written anew.
        connection.execute(
            "CREATE TRIGGER again AFTER INSERT ON feeds_source BEGIN UPDATE feeds_article"
            " SET data = CAST(replace(data, 'title', 'alert(1)') AS BLOB); END"
        )
        connection.commit()


def checkout(site: SiteBuilder) -> SiteBuilder:
    """A copy of a site with its .feeds folder, which somebody has altered."""
    site.write("a.md", title="True", body="A body")
    assert CliRunner().invoke(main, ["check", str(site.root)]).exit_code == 0
    copy = SiteBuilder(site.root.parent / "copy" / "site")
    shutil.copytree(site.root, copy.root, dirs_exist_ok=True)
    poison(copy.root / ".feeds" / "catalog.sqlite")
    return copy


@pytest.mark.parametrize("home", ["state", "none"])
def test_rows_that_came_with_a_checkout_are_read_anew(
    site: SiteBuilder, home: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / ("state" if home == "state" else "file")))
    copy = checkout(site)
    result = CliRunner().invoke(main, ["build", str(copy.root), "--out", str(copy.out)])
    assert "1 article in 2 feeds, 1 read" in result.output
    assert b"alert(1)" not in b"".join(contents(copy.out).values())
    # From then on it is this machine's own.
    result = CliRunner().invoke(main, ["build", str(copy.root), "--out", str(copy.out)])
    assert "0 read" in result.output
    if home == "state":
        assert (tmp_path / "state" / "feeds" / "key").stat().st_mode & 0o777 == 0o600


def test_feeds_yaml_cannot_make_an_index_from_elsewhere_believed(site: SiteBuilder) -> None:
    copy = checkout(site)
    here = "sqlite:///.feeds/catalog.sqlite"
    copy.configure(title="T", url="https://feeds.example.org/", catalog=here)
    CliRunner().invoke(main, ["build", str(copy.root), "--out", str(copy.out)])
    assert b"alert(1)" not in b"".join(contents(copy.out).values())


def test_a_replica_does_not_answer_from_an_index_from_elsewhere(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = checkout(site)
    monkeypatch.setenv("FEEDS_SYNC", "0")
    result = CliRunner().invoke(main, ["build", str(copy.root), "--out", str(copy.out)])
    assert result.exit_code == 1
    assert "made by another user or machine; name it in FEEDS_CATALOG" in result.output


def test_an_index_from_a_cache_is_used_where_the_environment_names_it(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site.write("a.md")
    builds = []
    for number, home in enumerate(("one", "two")):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / home))
        folder = tmp_path / f"job {number}"
        if number:
            shutil.copytree(tmp_path / "job 0", folder)
        monkeypatch.setenv("FEEDS_CATALOG", str(folder / "catalog.sqlite"))
        result = CliRunner().invoke(main, ["build", str(site.root), "--out", str(site.out)])
        builds.append(result.output)
    assert "1 read" in builds[0]
    assert "0 read" in builds[1]
    assert "0 written" in builds[1]


def test_a_state_from_elsewhere_keeps_sound_dates_and_lengths_alone(tmp_path: Path) -> None:
    file = tmp_path / "here" / "catalog.sqlite"
    catalog = Catalog(file)
    state = catalog.state
    for number in range(5):
        state.touch_last_modified(f"/{number}.xml", "one", 100)
    urls = [f"https://e.example/{number}.mp3" for number in range(4)]
    state.record_file_sizes([ProbeResult(url, 5000) for url in urls], 100)
    assert [state.gone_since(f"/{number}.xml", 200) for number in (0, 4)] == [200, 200]
    state.remember_built("/out", {"rss.xml": Built("fingerprint", 1, 1)})
    catalog.close()
    copy = tmp_path / "there" / "catalog.sqlite"
    shutil.copytree(file.parent, copy.parent)
    with closing(sqlite3.connect(state_file(copy))) as connection, connection:
        for number, value in ((1, "1e300"), (2, -1), (3, int(time.time()) + 10**6)):
            query = "UPDATE feeds_document SET changed = ? WHERE address = ?"
            connection.execute(query, (value, f"/{number}.xml"))
        update = "UPDATE feeds_gone SET since = -1 WHERE address = '/4.xml'"
        connection.execute(update)
        for number, value in ((1, '"><script>'), (2, -1), (3, 2**60)):
            query = "UPDATE feeds_length SET length = ? WHERE url = ?"
            connection.execute(query, (value, urls[number]))
    state = Catalog(copy).state
    since = [state.gone_since(f"/{number}.xml", 300) for number in range(5)]
    assert since == [200, None, None, None, 300]
    assert state.lengths() == {urls[0]: 5000}
    assert state.built("/out") == {}
    # The original is this machine's own.
    assert Catalog(file).state.built("/out") != {}


@pytest.mark.parametrize(
    "script",
    [
        f"UPDATE feeds_meta SET value = '{'9' * 5000}' WHERE key = 'revision'",
        "UPDATE feeds_meta SET value = x'ff00'",
        "UPDATE feeds_meta SET value = CAST(x'ff00' AS TEXT)",
        "DROP TABLE feeds_article; CREATE VIEW feeds_article AS SELECT 1 AS path",
        "CREATE VIEW more AS SELECT 1; CREATE TABLE [drop; 'me\"] (a)",
        "DROP TABLE feeds_meta; CREATE TABLE feeds_meta (key TEXT PRIMARY KEY)",
    ],
)
def test_an_index_from_elsewhere_that_holds_anything_is_made_again(
    tmp_path: Path, script: str
) -> None:
    file = tmp_path / ".feeds" / "catalog.sqlite"
    Catalog(file).close()
    database(file, script)
    # A copy has another inode.
    file.write_bytes(file.rename(tmp_path / "moved").read_bytes())
    Catalog(file).close()
    again = Catalog(file)
    assert not again.is_complete()
    again.close()


@pytest.mark.parametrize("value", ["'text'", str(2**63 - 1), "x'ff'", "CAST(x'ff' AS TEXT)"])
def test_a_state_from_elsewhere_that_holds_any_number_is_made_again(
    tmp_path: Path, value: str
) -> None:
    file = tmp_path / ".feeds" / "catalog.sqlite"
    Catalog(file).close()
    database(state_file(file), f"UPDATE feeds_state SET value = {value} WHERE key != 'version'")
    Catalog(file).close()
    assert Catalog(file).state.revision() > 0


def test_a_locked_state_holds_a_request_no_longer_than_its_patience(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite", patience_seconds=0.2)
    with closing(sqlite3.connect(tmp_path / "catalog-state.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        with pytest.raises(CatalogError, match="database is locked"):
            catalog.state.touch_last_modified("/rss.xml", "one", 100)
        assert time.monotonic() - started < 20
        other.rollback()
    assert catalog.state.touch_last_modified("/rss.xml", "one", 100) == 100
    catalog.close()


def test_a_locked_table_on_a_server_holds_a_request_no_longer_than_its_patience(
    site: SiteBuilder, postgresql: PostgreSQL
) -> None:
    url = postgresql.new_schema()
    catalog = Catalog(url, patience_seconds=0.2)
    catalog.sync(SiteFolder.open(site.root))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE feeds_meta IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        with pytest.raises(CatalogError):
            catalog.revision()
        assert time.monotonic() - started < 20
    engine.dispose()
    time.sleep(1.1)
    assert catalog.revision()
    catalog.close()


def test_a_server_that_froze_holds_no_request_and_is_asked_again(site: SiteBuilder) -> None:
    server = PostgreSQL()
    site.write("a.md")
    catalog = Catalog(server.new_schema(), patience_seconds=0.2)
    catalog.sync(SiteFolder.open(site.root))
    revision = catalog.revision()
    server.freeze()
    try:
        for _ in range(3):
            started = time.monotonic()
            with pytest.raises(CatalogError, match="does not answer"):
                catalog.revision()
            assert time.monotonic() - started < 20
    finally:
        server.thaw()
    time.sleep(1.1)
    assert catalog.revision() == revision
    catalog.close()
    server.close()


def test_a_log_that_is_overwritten_in_use_is_recovered_from(site: SiteBuilder) -> None:
    for number in range(30):
        site.write(f"{number}.md", body="long " * 300)
    catalog, folder = site.catalog(), SiteFolder.open(site.root)
    catalog.sync(folder)
    log = site.root.parent / "catalog.sqlite-wal"
    for damage in (b"\xff" * log.stat().st_size, b""):
        log.write_bytes(damage)
        for _ in range(4):
            try:
                catalog.sync(folder)
                problems, revision = catalog.problems(), catalog.revision()
                break
            except CatalogError:
                continue
        assert problems == []
        assert revision
    catalog.close()


def test_a_build_that_meets_damage_begins_anew_by_itself(site: SiteBuilder) -> None:
    site.write("a.md", title="Whole")
    command = [sys.executable, "-m", "feeds", "build", str(site.root), "--out", str(site.out)]
    subprocess.run(command, check=True)
    before = contents(site.out)
    shutil.rmtree(site.out)
    with closing(sqlite3.connect(site.root / ".feeds" / "catalog.sqlite")) as connection:
        # It decodes, but as no article.
        connection.execute("UPDATE feeds_article SET data = CAST('{}' AS BLOB)")
        connection.commit()
    again = subprocess.run(command, check=True, capture_output=True)
    assert again.stderr == b""
    assert contents(site.out) == before


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("c.db", "CREATE TABLE meta (key, value); INSERT INTO meta VALUES ('a', 'precious');"),
        ("c.db", "CREATE TABLE meta (key, value); CREATE TABLE media (url, path);"),
        ("c.db", f"{_FORMER_INDEX} CREATE VIEW mine AS SELECT * FROM meta;"),
        ("c.db", f"{_FORMER_INDEX} DELETE FROM meta; INSERT INTO meta VALUES ('a', 'precious');"),
        ("c.db", f"{_FORMER_INDEX} PRAGMA application_id = 77;"),
        ("c.db", "PRAGMA application_id = 77; PRAGMA user_version = 3;"),
        (
            "c-state.db",
            "CREATE TABLE state (key, value); INSERT INTO state VALUES ('window', 'x');",
        ),
    ],
)
def test_tables_that_look_like_ours_do_not_make_a_file_ours(
    tmp_path: Path, name: str, script: str
) -> None:
    file = database(tmp_path / name, script)
    before = file.read_bytes()
    with pytest.raises(CatalogError, match="not a file of feeds"):
        Catalog(tmp_path / "c.db")
    assert file.read_bytes() == before


def test_a_damaged_name_of_a_table_is_damage(site: SiteBuilder, tmp_path: Path) -> None:
    site.write("a.md")
    file = tmp_path / "c.db"
    Catalog(file).close()
    # SQLite's message has the name, which is not UTF-8.
    file.write_bytes(
        file.read_bytes().replace(b"tablefeeds_source", b"tablef\xcf\xcf\xcf\xcf_source")
    )
    catalog = Catalog(file)
    assert catalog.sync(SiteFolder.open(site.root)).read == 1
    catalog.close()
    assert (tmp_path / "c.db.damaged-1").exists()


def test_a_pipe_in_the_place_of_the_secret_hangs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "feeds").mkdir()
    os.mkfifo(tmp_path / "feeds" / "key")
    Catalog(tmp_path / "c.db").close()


def test_a_replica_of_another_user_is_refused_in_one_line(
    site: SiteBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("a.md")
    assert CliRunner().invoke(main, ["check", str(site.root)]).exit_code == 0
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    monkeypatch.setenv("FEEDS_SYNC", "0")
    result = CliRunner().invoke(main, ["serve", str(site.root), "--port", "0"])
    assert result.exit_code == 1
    assert "made by another user or machine; name it in FEEDS_CATALOG" in result.stderr
    assert "Traceback" not in result.stderr


LOGS = ("-wal", "-shm", "-journal")


def logs_of_another(file: Path) -> dict[str, bytes]:
    """Lay logs beside a place that hold a transaction of another program; return their bytes."""
    source = file.with_name("source.db")
    connection = sqlite3.connect(source, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(_CMS)
    logs = {"-wal": Path(f"{source}-wal").read_bytes(), "-shm": Path(f"{source}-shm").read_bytes()}
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA cache_size=1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE article SET text = hex(randomblob(99999))")
    logs["-journal"] = Path(f"{source}-journal").read_bytes()
    connection.close()
    source.unlink()
    for ending, data in logs.items():
        Path(f"{file}{ending}").write_bytes(data)
    return logs


@pytest.mark.parametrize("name", ["c.db", "c-state.db"])
@pytest.mark.parametrize("endings", [LOGS, *((ending,) for ending in LOGS)], ids=str)
def test_logs_of_another_at_the_place_of_a_new_file_are_moved_aside(
    site: SiteBuilder,
    tmp_path: Path,
    name: str,
    endings: tuple[str, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:
    site.write("a.md")
    logs = logs_of_another(tmp_path / name)
    for ending in set(LOGS) - set(endings):
        (tmp_path / f"{name}{ending}").unlink()
    Path(f"{tmp_path / name}.damaged-1-wal").write_text("of an earlier time")
    catalog = Catalog(tmp_path / "c.db")
    assert catalog.sync(SiteFolder.open(site.root)).read == 1
    assert catalog.state.touch_last_modified("/rss.xml", "one", 100) == 100
    catalog.close()
    for ending in endings:
        aside = tmp_path / f"{name}.damaged-2{ending}"
        assert aside.read_bytes() == logs[ending]
        line = f"{tmp_path / name}{ending}: a log without its file; moved to {aside.name}"
        assert line in caplog.messages
    assert len(caplog.messages) == len(endings)


@pytest.mark.parametrize("name", ["c.db", "c-state.db"])
def test_logs_beside_an_empty_file_are_refused_in_one_line_and_untouched(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.catalog.database.MAKING_SECONDS", 0.1)
    (tmp_path / name).touch()
    logs_of_another(tmp_path / name)
    before = contents(tmp_path)
    with pytest.raises(CatalogError, match=rf"{name}-wal: lies beside an empty file; remove one"):
        Catalog(tmp_path / "c.db")
    assert {name: data for name, data in contents(tmp_path).items() if name in before} == before


def test_logs_beside_an_empty_file_at_the_place_that_we_choose_are_moved_aside(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.catalog.database.MAKING_SECONDS", 0.1)
    site.write("a.md")
    index = site.root / ".feeds" / "catalog.sqlite"
    index.parent.mkdir()
    index.touch()
    logs = logs_of_another(index)
    result = CliRunner().invoke(main, ["check", str(site.root)])
    assert result.exit_code == 0, result.output
    for ending in LOGS:
        assert Path(f"{index}.damaged-1{ending}").read_bytes() == logs[ending]


def test_a_replica_makes_no_file(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    for name in ("new.db", "empty.db"):
        logs_of_another(tmp_path / name)
        before = contents(tmp_path)
        replica = Catalog(tmp_path / name, syncs=False)
        with pytest.raises(CatalogError, match="not synced yet"):
            replica.is_complete()
        replica.close()
        assert contents(tmp_path) == before
