"""The catalog: what a sync reads, which articles are published, and that the index can be lost."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.catalog.articles import PublishedArticles
from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.catalog.place import catalog_place
from feeds.catalog.sync import Synced
from feeds.errors import CatalogError
from feeds.model.selection import Selection
from feeds.model.site import Site
from tests.support import CORPUS, NOW, SiteBuilder, needs_corpus

pytestmark = pytest.mark.postgresql


def titles(site: SiteBuilder, selection: Selection, *, now: datetime = NOW) -> list[str]:
    """The titles that a selection takes, in order."""
    folder = SiteFolder.open(site.root)
    catalog = site.catalog()
    catalog.sync(folder)
    articles = PublishedArticles(catalog, folder.site, now=now).select(selection, 100)
    return [article.title for article in articles.values()]


@pytest.fixture
def catalog(site: SiteBuilder) -> Catalog:
    return site.catalog()


def everything(catalog: Catalog, *, future: bool = False, unpublished: bool = False) -> list[str]:
    site = Site("T", future=future)
    view = PublishedArticles(catalog, site, now=NOW, unpublished=unpublished)
    articles = view.select(Selection(), 100)
    return [article.title for article in articles.values()]


def test_a_second_sync_reads_nothing(site: SiteBuilder, catalog: Catalog) -> None:
    site.write("a.md")
    site.write("b.md")
    assert catalog.sync(SiteFolder.open(site.root)) == Synced(read=2)
    revision = catalog.revision()
    assert catalog.sync(SiteFolder.open(site.root)) == Synced()
    assert catalog.revision() == revision


def test_a_sync_reads_just_what_changed(site: SiteBuilder, catalog: Catalog) -> None:
    site.write("a.md", title="Before")
    site.write("b.md", title="Gone soon").unlink()
    site.write("c.md", title="Stays")
    catalog.sync(SiteFolder.open(site.root))
    revision = catalog.revision()
    site.write("a.md", title="After")
    site.write("d.md", title="New")
    (site.root / "articles" / "c.md").unlink()
    assert catalog.sync(SiteFolder.open(site.root)) == Synced(read=2, removed=1)
    assert sorted(everything(catalog)) == ["After", "New"]
    assert catalog.revision() != revision


def test_a_change_that_keeps_size_and_mtime_is_seen_where_the_file_was_young(
    site: SiteBuilder, catalog: Catalog
) -> None:
    file = site.write("a.md", title="One")
    now = time.time()
    os.utime(file, (now, now))
    catalog.sync(SiteFolder.open(site.root))
    file.write_text(file.read_text().replace("One", "Two"))
    os.utime(file, (now, now))
    catalog.sync(SiteFolder.open(site.root))
    assert everything(catalog) == ["Two"]


def test_a_young_file_is_looked_at_again_but_not_read_again(
    site: SiteBuilder, catalog: Catalog
) -> None:
    file = site.write("a.md")
    os.utime(file)
    catalog.sync(SiteFolder.open(site.root))
    assert catalog.sync(SiteFolder.open(site.root)).read == 0


def test_the_newest_article_comes_first_and_ties_are_broken_by_quality_heat_and_id(
    site: SiteBuilder,
) -> None:
    site.write("old.md", title="old", publishedDateTime="2026-01-01")
    site.write("z.md", title="z")
    site.write("y.md", title="y")
    site.write("warm.md", title="warm", heat=5)
    site.write("good.md", title="good", quality=5)
    site.write("new.md", title="new", publishedDateTime="2026-06-01")
    assert titles(site, Selection()) == ["new", "good", "warm", "y", "z", "old"]


def test_of_two_files_with_one_id_the_newer_is_published_with_a_warning(
    site: SiteBuilder, catalog: Catalog
) -> None:
    url = "https://news.example.com/same"
    site.write("a.md", title="Newer", webUrl=url, updatedDateTime="2026-06-01")
    site.write("b.md", title="Older", webUrl=url)
    folder = SiteFolder.open(site.root)
    catalog.sync(folder)
    assert everything(catalog) == ["Newer"]
    (warning,) = PublishedArticles(catalog, Site("T"), now=NOW).shared_ids(folder)
    assert str(warning) == (
        "articles/b.md:3: warning: articles/a.md has the same URL, is newer and is published"
        " instead; an article's URL is its own"
    )
    assert PublishedArticles(catalog, Site("T"), now=NOW).held_back() == {
        "older with the same id": 1
    }


@pytest.mark.parametrize(
    ("older", "line"),
    [
        ({"id": "tag:old.example,2026:one"}, 7),
        ({"formerly": ["https://old.example/one"]}, 7),
        ({"webUrl": "https://old.example/one"}, 3),
    ],
)
def test_of_two_files_that_share_just_an_id_the_line_of_the_id_is_named(
    site: SiteBuilder, catalog: Catalog, older: dict[str, Any], line: int
) -> None:
    newer = {"id": older.get("id", "https://old.example/one")}
    site.write("a.md", title="Newer", **newer, updatedDateTime="2026-06-01")
    site.write("b.md", title="Older", **older)
    folder = SiteFolder.open(site.root)
    catalog.sync(folder)
    (warning,) = PublishedArticles(catalog, Site("T"), now=NOW).shared_ids(folder)
    assert str(warning) == (
        f"articles/b.md:{line}: warning: articles/a.md has the same id, is newer and is published"
        " instead; an article's id is its own"
    )


def test_a_newer_draft_does_not_hide_the_published_article(
    site: SiteBuilder, catalog: Catalog
) -> None:
    url = "https://news.example.com/same"
    site.write("a.md", title="Draft", webUrl=url, updatedDateTime="2026-06-01", published=False)
    site.write("b.md", title="Published", webUrl=url)
    folder = SiteFolder.open(site.root)
    catalog.sync(folder)
    assert everything(catalog) == ["Published"]
    assert everything(catalog, unpublished=True) == ["Draft"]
    assert list(PublishedArticles(catalog, Site("T"), now=NOW).shared_ids(folder)) == []


def test_an_update_dated_in_the_future_waits_for_its_time(site: SiteBuilder) -> None:
    site.write("a.md", updatedDateTime="2099-01-01")
    soon, late = datetime(2026, 5, 2, tzinfo=UTC), datetime(2099, 1, 2, tzinfo=UTC)
    fingerprints = set()
    for now, updated in ((soon, "2026-05-01T10:00:00"), (late, "2099-01-01T00:00:00")):
        publication = site.publication(now=now)
        fingerprints.add(publication.fingerprint("/atom.xml"))
        atom = site.published("/atom.xml", now=now)
        assert set(re.findall(rb"<updated>([^<]{19})", atom)) == {updated.encode()}
        assert (b"date_modified" in site.published("/feed.json", now=now)) == (now == late)
        (found,) = publication.articles.by_file(["articles/a.md"]).values()
        assert f"{found.updated:%Y-%m-%dT%H:%M:%S}" == updated
    assert len(fingerprints) == 2
    view = site.publication(now=soon).articles
    assert view.next_due() == datetime(2099, 1, 1, tzinfo=UTC)
    assert site.publication(now=late).articles.next_due() is None
    site.configure(title="T", url="https://e.example/", future=True)
    assert site.publication(now=soon).articles.next_due() == datetime(2099, 1, 1, tzinfo=UTC)


def test_an_update_dated_in_the_future_makes_no_file_the_newer_one(site: SiteBuilder) -> None:
    url = "https://news.example.com/same"
    site.write("a.md", title="Wrong", webUrl=url, updatedDateTime="2099-01-01")
    site.write("b.md", title="Right", webUrl=url, updatedDateTime="2026-05-02")
    assert titles(site, Selection()) == ["Right"]


def test_dates_that_may_be_mistakes_are_named(site: SiteBuilder) -> None:
    site.write("a.md", updatedDateTime="2099-01-01")
    site.write("b.md", publishedDateTime="2206-05-01")
    site.write("c.md", publishedDateTime="2026-12-01", updatedDateTime="2026-12-03")
    site.write("d.md", publishedDateTime="2206-05-01", draft=True)
    site.write("e.md", updatedDateTime="2099-01-01", removed=True)
    problems = [str(problem) for problem in site.publication().problems()]
    folder = site.publication()._site_folder
    alone = [
        str(each) for name in "abcde" for each in folder.check_article(f"articles/{name}.md", NOW)
    ]
    assert (
        alone
        == [problem for problem in problems if "future" in problem]
        == [
            "articles/a.md:7: warning: updatedDateTime is in the future: publishedDateTime is used"
            " until 2099-01-01; correct it if it is wrong",
            "articles/b.md:4: warning: its date is in the future: the article is held back until"
            " 2206-05-01; correct it if it is wrong",
        ]
    )


def test_the_older_of_two_returns_when_the_newer_goes(site: SiteBuilder, catalog: Catalog) -> None:
    url = "https://news.example.com/same"
    newer = site.write("a.md", title="Newer", webUrl=url, updatedDateTime="2026-06-01")
    site.write("b.md", title="Older", webUrl=url)
    catalog.sync(SiteFolder.open(site.root))
    newer.unlink()
    catalog.sync(SiteFolder.open(site.root))
    assert everything(catalog) == ["Older"]


def test_drafts_removed_and_future_articles_are_held_back_and_counted(
    site: SiteBuilder, catalog: Catalog
) -> None:
    site.write("a.md", title="Draft", published=False)
    site.write("b.md", title="Removed", removed=True)
    site.write("c.md", title="Future", publishedDateTime="2027-01-01")
    site.write("d.md", title="Shown")
    catalog.sync(SiteFolder.open(site.root))
    view = PublishedArticles(catalog, Site("T"), now=NOW)
    assert everything(catalog) == ["Shown"]
    assert view.held_back() == {"unpublished": 1, "removed": 1, "dated in the future": 1}
    assert view.next_due() == datetime(2027, 1, 1, tzinfo=UTC)
    assert sorted(everything(catalog, unpublished=True, future=True)) == [
        "Draft",
        "Future",
        "Shown",
    ]


SELECTIONS = {
    "any": (Selection(any=("AI", "Robots")), {"ai", "ml", "robots", "both"}),
    "all": (Selection(all=("AI", "Robots")), {"both"}),
    "none": (Selection(none=("AI",)), {"robots", "plain"}),
    "an alias": (Selection(any=("Thinking",)), {"ml"}),
    "a child of a parent": (Selection(any=("Machine Learning",)), {"ml"}),
    "provider by name": (Selection(provider=("MINT",)), {"ai"}),
    "provider by domain": (Selection(provider=("mint.example",)), {"ai"}),
    "type": (Selection(type=("Video",)), {"robots"}),
    "category": (Selection(category=("news",)), {"plain"}),
    "quality": (Selection(min_quality=70), {"both"}),
    "since": (Selection(since=timedelta(days=2)), {"both", "plain"}),
    "together": (Selection(any=("AI",), none=("Robots",), provider=("mint",)), {"ai"}),
}


@pytest.mark.parametrize(("selection", "taken"), SELECTIONS.values(), ids=list(SELECTIONS))
def test_a_selection_takes(site: SiteBuilder, selection: Selection, taken: set[str]) -> None:
    learning = {"name": "Machine Learning", "aliases": ["thinking"], "parent": "AI"}
    site.configure(title="T", url="https://feeds.example.org/", topics=[learning])
    mint = {"name": "Mint", "domain": "mint.example"}
    site.write("1.md", title="ai", topics=["AI"], provider=mint, publishedDateTime="2026-05-01")
    site.write("2.md", title="ml", topics=["thinking"], publishedDateTime="2026-05-02", quality=69)
    site.write("3.md", title="robots", topics=["Robots"], type="video", quality=1)
    site.write(
        "4.md", title="both", topics=["ai", "robots"], quality=70, publishedDateTime="2026-05-30"
    )
    site.write(
        "5.md", title="plain", topics=[], category="News", publishedDateTime="2026-06-01T00:00:00Z"
    )
    assert set(titles(site, selection)) == taken


@pytest.mark.sqlite
def test_the_index_may_be_deleted_while_it_is_in_use(site: SiteBuilder, catalog: Catalog) -> None:
    site.write("a.md", title="Kept")
    folder = SiteFolder.open(site.root)
    catalog.sync(folder)
    for file in site.root.parent.glob("catalog.sqlite*"):
        file.unlink()
    with pytest.raises(CatalogError, match="not synced yet"):
        everything(catalog)
    assert catalog.sync(folder).read == 1
    assert everything(catalog) == ["Kept"]


@pytest.mark.sqlite
def test_a_broken_index_is_made_again(site: SiteBuilder) -> None:
    site.write("a.md", title="Kept")
    file = site.root / ".feeds" / "catalog.sqlite"
    file.parent.mkdir()
    file.write_bytes(b"this is no database" * 100)
    catalog = Catalog(file)
    assert catalog.sync(SiteFolder.open(site.root)).read == 1
    assert everything(catalog) == ["Kept"]


def test_an_index_of_another_version_is_made_again(
    site: SiteBuilder, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("a.md")
    catalog.sync(SiteFolder.open(site.root))
    revision = catalog.revision()
    with monkeypatch.context() as patch:
        patch.setattr("feeds.catalog.schema.code_fingerprint", lambda: "another")
        newer = site.catalog()
        assert newer.sync(SiteFolder.open(site.root)).read == 1
        assert newer.revision() != revision
    # The older one must not write what the newer one reads in another way, nor read it in its own.
    site.write("a.md", title="Changed")
    for question in (lambda: catalog.sync(SiteFolder.open(site.root)), catalog.revision):
        with pytest.raises(CatalogError, match="another version of feeds keeps it; restart"):
            question()


@pytest.mark.sqlite
def test_an_index_that_cannot_be_opened_says_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogError, match=r"file/catalog\.sqlite: "):
        Catalog(tmp_path / "file" / "catalog.sqlite")


@pytest.mark.sqlite
def test_an_index_that_another_process_is_making_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    made = threading.Timer(0.3, other.execute, ("COMMIT",))
    made.start()
    Catalog(file).close()
    made.join()
    other.close()


def test_two_syncs_at_once_are_safe(site: SiteBuilder) -> None:
    for number in range(60):
        site.write(f"{number}.md", title=f"{number}")
    failures: list[BaseException] = []

    def sync() -> None:
        try:
            catalog = site.catalog()
            catalog.sync(SiteFolder.open(site.root))
            catalog.close()
        except BaseException as error:  # told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=sync) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(everything(site.catalog())) == 60


def test_a_document_keeps_its_date_until_its_bytes_change(catalog: Catalog) -> None:
    assert catalog.state.touch_last_modified("/rss.xml", "one", 100) == 100
    assert catalog.state.touch_last_modified("/rss.xml", "one", 200) == 100
    assert catalog.state.touch_last_modified("/rss.xml", "two", 300) == 300
    assert catalog.state.touch_last_modified("/atom.xml", "one", 301) == 301


def test_two_changes_within_one_second_never_share_a_date(catalog: Catalog) -> None:
    touch = catalog.state.touch_last_modified
    assert [touch("/rss.xml", digest, 100) for digest in ("a", "b", "a")] == [100, 101, 102]


@pytest.mark.sqlite
def test_the_index_lies_beside_feeds_yaml_and_git_ignores_it(site: SiteBuilder) -> None:
    assert catalog_place(SiteFolder.open(site.root)) == str(site.root / ".feeds" / "catalog.sqlite")
    assert (site.root / ".feeds" / ".gitignore").read_text() == "*\n"


@pytest.mark.sqlite
def test_the_index_of_a_bare_folder_lies_in_the_cache(tmp_path: Path) -> None:
    cache = Path(os.environ["XDG_CACHE_HOME"])
    assert Path(catalog_place(SiteFolder.open(tmp_path))).is_relative_to(cache)
    assert not (tmp_path / ".feeds").exists()


@pytest.mark.sqlite
def test_the_index_of_a_folder_that_takes_no_file_lies_in_the_cache(site: SiteBuilder) -> None:
    # A file in the way stands for a read-only folder: root writes into those all the same.
    (site.root / ".feeds").write_text("")
    cache = Path(os.environ["XDG_CACHE_HOME"])
    assert Path(catalog_place(SiteFolder.open(site.root))).is_relative_to(cache)


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["a.md", "b.md", "c.md"]),
        st.one_of(
            st.none(),
            st.just("---\nbroken: [\n---\n"),
            st.fixed_dictionaries(
                {
                    "title": st.sampled_from(["One", "Two"]),
                    "published": st.booleans(),
                    "topics": st.lists(st.sampled_from(["AI", "ai", "C++"]), max_size=2),
                    "webUrl": st.sampled_from(["https://a.example/", "https://b.example/"]),
                }
            ),
        ),
    ),
    max_size=8,
)


SOME_ARTICLES = st.lists(
    st.fixed_dictionaries(
        {
            "published": st.booleans(),
            "topics": st.lists(st.sampled_from(["AI", "ai", "ML", "C++", "Birds"]), max_size=3),
            "webUrl": st.sampled_from([f"https://{name}.example/" for name in "abcdefgh"]),
            "publishedDateTime": st.sampled_from(["2024-05-01", "2025-01-31", "2025-06-30"]),
            "quality": st.integers(1, 2),
        },
        optional={
            "updatedDateTime": st.sampled_from(["2025-07-01", "2027-01-01"]),
            "expires": st.sampled_from(["2026-01-01", "2027-01-01"]),
        },
    ),
    max_size=12,
)


@settings(max_examples=15)
@given(articles=SOME_ARTICLES)
def test_feeds_hold_the_same_articles_in_memory_as_in_the_index(
    tmp_path_factory: pytest.TempPathFactory, articles: list[dict[str, Any]]
) -> None:
    site = SiteBuilder(tmp_path_factory.mktemp("memory") / "site")
    topics = [{"name": "AI", "aliases": ["ML"]}, {"name": "Birds", "parent": "C++"}]
    feeds = [{"name": "best", "title": "Best", "all": ["AI"], "min_quality": 2}]
    url = "https://feeds.example.org/"
    site.configure(title="T", url=url, limit=2, topics=topics, feeds=feeds)
    for number, keys in enumerate(articles):
        site.write(f"{number}.md", **keys)
    in_memory, index = site.publication().articles, site.publication().articles
    in_memory.load()
    for channel in site.publication().routes.channels.values():
        selection = channel.selection
        periods = in_memory.periods(selection)
        assert periods == index.periods(selection)
        for period, limit in ((None, 2), *((period, None) for period in periods)):
            found = list(index.select(selection, limit, period))
            assert list(in_memory.paths(selection, period)) == found
        all_of_it = index.select(selection)
        newest = max((each.published for each in all_of_it.values()), default=None)
        assert index.count(selection) == (len(all_of_it), newest)
    site.close()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_an_index_after_any_edits_answers_as_a_fresh_one(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, object]]
) -> None:
    site = SiteBuilder(tmp_path_factory.mktemp("edited") / "site")
    site.configure(title="T", url="https://feeds.example.org/")
    warm = Catalog(site.root.parent / "warm.sqlite")
    for name, content in edits:
        if content is None:
            (site.root / "articles" / name).unlink(missing_ok=True)
        elif isinstance(content, str):
            site.write_text(name, content, old=False)
        else:
            assert isinstance(content, dict)
            os.utime(site.write(name, **content))
        warm.sync(SiteFolder.open(site.root))
    cold = Catalog(site.root.parent / "cold.sqlite")
    warm.sync(SiteFolder.open(site.root))
    cold.sync(SiteFolder.open(site.root))

    def answers(catalog: Catalog) -> list[object]:
        view = PublishedArticles(catalog, Site("T"), now=NOW)
        articles = view.select(Selection(), 100)
        return [articles, sorted(view.topic_names()), catalog.problems(), view.held_back()]

    assert answers(warm) == answers(cold)
    warm.close()
    cold.close()


@pytest.mark.sqlite
@needs_corpus
def test_a_second_sync_of_the_corpus_reads_nothing(tmp_path: Path) -> None:
    folder = SiteFolder.open(CORPUS)
    catalog = Catalog(tmp_path / "catalog.sqlite")
    assert catalog.sync(folder).read == len(folder.files()) > 700
    assert catalog.sync(folder).read == 0


def test_articles_stay_where_their_folder_is_out_of_reach(
    site: SiteBuilder, catalog: Catalog
) -> None:
    site.write("a.md", title="Kept")
    folder = SiteFolder.open(site.root)
    catalog.sync(folder)
    away = (site.root / "articles").rename(site.root / "away")
    assert catalog.sync(folder) == Synced()
    assert everything(catalog) == ["Kept"]
    (away / "a.md").unlink()
    away.rename(site.root / "articles")
    assert catalog.sync(folder).removed == 1
    assert everything(catalog) == []


def test_articles_stay_where_their_folder_cannot_be_listed_and_the_folder_is_named(
    site: SiteBuilder, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("a.md", title="Beside it")
    site.write("shut/b.md", title="In it")
    site.write("shut/deep/c.md", title="Below it")
    folder = SiteFolder.open(site.root)
    catalog.sync(folder)
    scandir, shut = os.scandir, site.root / "articles" / "shut"

    def refuse(path: str) -> Any:
        if Path(path) == shut:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(os, "listdir", refuse)
    assert catalog.sync(folder).removed == 0
    assert sorted(everything(catalog)) == ["Below it", "Beside it", "In it"]
    assert [str(each) for each in catalog.problems()] == [
        "articles/shut/:1: the folder cannot be read: Permission denied;"
        " what was known of it stays; let it be read"
    ]
    monkeypatch.undo()
    (shut / "b.md").unlink()
    catalog.sync(folder)
    assert sorted(everything(catalog)) == ["Below it", "Beside it"]
    assert catalog.problems() == []


def test_a_bare_folder_that_cannot_be_listed_keeps_every_article(
    site: SiteBuilder, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("a.md", title="Kept")
    folder = SiteFolder.open(site.root / "articles")
    catalog.sync(folder)

    def refuse(path: str) -> Any:
        raise OSError(errno.EIO, "Input/output error", path)

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(os, "listdir", refuse)
    assert catalog.sync(folder).removed == 0
    assert everything(catalog) == ["Kept"]
    [problem] = catalog.problems()
    assert str(problem).startswith("./:1: the folder cannot be read: Input/output error")


@pytest.mark.sqlite
def test_an_index_that_cannot_be_written_lies_in_the_cache_folder(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    site.configure(title="T", url="https://feeds.example.org/")
    (site.root / ".feeds" / "catalog.sqlite").mkdir(parents=True)
    assert Path(catalog_place(SiteFolder.open(site.root))).is_relative_to(tmp_path / "cache")


@pytest.mark.sqlite
def test_the_catalog_holds_nothing_of_a_key_that_is_not_read(site: SiteBuilder) -> None:
    site.write("a.md", secured="c2VjcmV0IHRva2Vu", token="another-secret")
    catalog = site.catalog()
    catalog.sync(SiteFolder.open(site.root))
    catalog.close()
    dump = "\n".join(sqlite3.connect(site.root.parent / "catalog.sqlite").iterdump())
    assert "A title" in dump or b"A title".hex().upper() in dump.upper()
    for secret in ("c2VjcmV0IHRva2Vu", "another-secret"):
        assert secret not in dump
        assert secret.encode().hex().upper() not in dump.upper()


@pytest.mark.sqlite
def test_a_damaged_index_is_made_again(site: SiteBuilder) -> None:
    for number in range(30):
        site.write(f"{number}.md", body="long " * 300)
    file = site.root.parent / "catalog.sqlite"
    folder = SiteFolder.open(site.root)
    first = Catalog(file)
    first.sync(folder)
    first.close()
    with file.open("r+b") as stream:
        stream.seek(4096 * 3)
        stream.write(b"\xff" * (file.stat().st_size - 4096 * 3))
    damaged = Catalog(file)
    assert file.with_name(f"{file.name}.damaged-1").exists()
    assert damaged.sync(folder).read == 30
    assert len(everything(damaged)) == 30
    damaged.close()


def test_a_file_that_broke_since_it_was_read_has_a_line_to_name(
    site: SiteBuilder, catalog: Catalog
) -> None:
    url = "https://news.example.com/one"
    site.write("a.md", webUrl=url, publishedDateTime="2026-01-01")
    site.write("b.md", webUrl=url, publishedDateTime="2026-01-02")
    folder = SiteFolder.open(site.root)
    catalog.sync(folder)
    site.write_text("a.md", "---\ntitle: a: b\n---\n")
    [problem] = PublishedArticles(catalog, Site("T"), now=NOW).shared_ids(folder)
    assert (problem.path, problem.line, problem.code) == ("articles/a.md", 1, "same-id")


def test_a_sync_in_parts_ends_like_one_at_once_even_if_it_was_killed(
    site: SiteBuilder, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        url = f"https://news.example.com/{number // 2}"
        date = f"2026-05-{number + 1:02}"
        site.write(f"{number:02}.md", title=f"{number}", webUrl=url, publishedDateTime=date)
    folder = SiteFolder.open(site.root)
    # Thousands of files would be slow.
    monkeypatch.setattr("feeds.catalog.sync.MAX_FILES_PER_TRANSACTION", 5)
    monkeypatch.setattr("feeds.catalog.sync.MAX_FILES_BEFORE_COMPLETE", 5)

    def killed_at(number: int) -> Callable[[int, int], None]:
        def progress(done: int, _to_do: int) -> None:
            if done == number:
                raise KeyboardInterrupt

        return progress

    with pytest.raises(KeyboardInterrupt):
        catalog.sync(folder, killed_at(11))
    with pytest.raises(CatalogError, match="not synced yet"):
        everything(catalog)
    # Two parts were written.
    assert catalog.sync(folder).read == 2
    assert everything(catalog) == ["11", "9", "7", "5", "3", "1"]
    # Killed once more, in an index that is complete: duplicate ids are found again.
    (site.root / "articles" / "11.md").unlink()
    for number in range(9):
        site.write(f"{number:02}.md", title=f"{number}!", webUrl="https://news.example.com/x")
    with pytest.raises(KeyboardInterrupt):
        catalog.sync(folder, killed_at(9))
    revision = catalog.revision()
    assert catalog.sync(folder).read == 0
    # Duplicates were told apart only now: answers given in between are outdated.
    assert catalog.revision() != revision
    assert everything(catalog) == ["10", "9", "8!"]


def test_a_file_that_could_not_be_read_is_read_as_soon_as_it_can_be(
    site: SiteBuilder, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("a.md", title="Locked")
    folder = SiteFolder.open(site.root)
    with monkeypatch.context() as patch:

        def locked(path: str, *_arguments: object, **_options: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", path)

        patch.setattr("feeds.catalog.folder.open", locked, raising=False)
        assert catalog.sync(folder).read == 1
    assert [each.code for each in catalog.problems()] == ["unreadable"]
    # Permissions change neither the size nor the time of a file.
    assert catalog.sync(folder).read == 1
    assert catalog.problems() == []
    assert everything(catalog) == ["Locked"]
    assert catalog.sync(folder) == Synced()


def test_a_key_that_no_server_can_keep_is_named_in_text_that_it_can(
    site: SiteBuilder, catalog: Catalog
) -> None:
    site.write_text("a.md", '---\ntitle: A\n"b\\0": 1\n"b\\0": 2\n---\n')
    site.write("b.md", title="Good")
    catalog.sync(SiteFolder.open(site.root))
    assert "duplicate key b" in [each.message for each in catalog.problems()]
    assert everything(catalog) == ["Good"]


def test_an_article_that_is_taken_back_takes_older_ones_of_its_url_with_it(
    site: SiteBuilder, catalog: Catalog
) -> None:
    url = "https://news.example.com/one"
    site.write("a.md", title="Old", webUrl=url, publishedDateTime="2026-01-01")
    site.write("b.md", title="New", webUrl=url, publishedDateTime="2026-01-02", removed=True)
    folder = SiteFolder.open(site.root)
    catalog.sync(folder)
    assert everything(catalog) == []
    [problem] = PublishedArticles(catalog, Site("T"), now=NOW).shared_ids(folder)
    assert problem.path == "articles/a.md"
    assert problem.message == "articles/b.md has the same URL, is newer and takes it back"


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE feeds_article SET data = zeroblob(300)",
        "UPDATE feeds_article SET data = CAST('{\"a\":' AS BLOB)",
        "UPDATE feeds_source SET digest = CAST(x'ff00fe' AS TEXT)",
        "DELETE FROM feeds_meta WHERE key = 'revision'",
        "UPDATE feeds_meta SET value = 'nonsense' WHERE key = 'revision'",
    ],
)
def test_an_index_that_holds_nonsense_is_made_again(site: SiteBuilder, damage: str) -> None:
    site.write("a.md", title="Whole")
    file = site.root.parent / "catalog.sqlite"
    folder = SiteFolder.open(site.root)
    first = Catalog(file)
    first.sync(folder)
    first.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(damage)
        connection.commit()

    def answer() -> list[str]:
        catalog = Catalog(file)
        catalog.sync(folder)
        catalog.revision()
        return everything(catalog)

    # Once at the most, whoever asks is told; then all is as it was.
    with suppress(CatalogError):
        answer()
    assert answer() == ["Whole"]


@pytest.mark.parametrize("published", ["2026-01-01", "2026-01-01T0{}:00:00Z"])
def test_many_files_with_one_id_take_linear_time(tmp_path: Path, published: str) -> None:
    steps: Counter[int] = Counter()
    for count in (100, 400):

        def count_steps(connection: Any, _record: object, count: int = count) -> None:
            connection.set_progress_handler(lambda: steps.update((count,)), 50)

        site = SiteBuilder(tmp_path / f"{count}" / "site")
        for number in range(count):
            date = published.format(number % 10)
            site.write(f"{number}.md", webUrl="https://a.example/", publishedDateTime=date)
        with closing(Catalog(str(tmp_path / f"{count}.sqlite"))) as catalog:
            catalog.sync(SiteFolder.open(site.root))
        sa.event.listen(sa.Engine, "connect", count_steps)
        try:
            with closing(Catalog(str(tmp_path / f"{count}.sqlite"))) as catalog:
                view = PublishedArticles(catalog, Site("T"), now=NOW)
                assert view.count(Selection()) == (1, ANY)
                assert view.held_back() == {"older with the same id": count - 1}
        finally:
            sa.event.remove(sa.Engine, "connect", count_steps)
    # Four times as many files; it was sixteen times as many steps.
    assert steps[100]
    assert steps[400] < 7 * steps[100]
