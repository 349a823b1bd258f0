"""Documents of a publication by path, and how little it costs to know them."""

from __future__ import annotations

import gc
import pickle
from multiprocessing import get_context
from pathlib import Path

import pytest

from feeds.catalog.catalog import Catalog
from feeds.model.document import Document, Redirect
from feeds.publication.custom import depends_on_query
from feeds.publication.routes import file_name
from tests.support import SiteBuilder


@pytest.fixture
def renamed(site: SiteBuilder) -> SiteBuilder:
    """A site with a topic that had another slug."""
    topic = {"name": "Machine Learning", "slug": "ml", "formerly": ["ai-learning"]}
    site.configure(title="Renamed", url="https://feeds.example.org/", topics=[topic])
    site.write("a.md", title="One", topics=["Machine Learning"])
    return site


@pytest.mark.parametrize("name", ["", "rss.xml", "atom.xml", "feed.json"])
def test_a_former_path_redirects_and_renders_nothing_until_its_stand_in_is_read(
    renamed: SiteBuilder, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    publication = renamed.publication()
    rendered: list[object] = []

    def counted(*arguments: object) -> bytes:
        rendered.append(arguments)
        return b""

    monkeypatch.setattr("feeds.publication.publication.render", counted)
    monkeypatch.setattr("feeds.formats.pages.render_moved", counted)
    found = publication.document(f"/topics/ai-learning/{name}")
    assert isinstance(found, Redirect)
    assert found.to == f"/topics/ml/{name}"
    assert rendered == []
    stand_in = found.stand_in
    assert found.stand_in is stand_in
    assert len(rendered) == 1


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/topics/ml", "/topics/ml/"),
        ("/topics/ml/index.html", "/topics/ml/"),
        ("/topics/ai-learning", "/topics/ml/"),
        ("/topics/ai-learning/index.html", "/topics/ml/"),
        ("/index.html", "/"),
    ],
)
def test_a_path_without_its_slash_or_with_index_html_redirects_to_the_page(
    renamed: SiteBuilder, path: str, to: str
) -> None:
    assert renamed.publication().document(path) == Redirect(to)


@pytest.mark.parametrize(
    "path", ["/topics", "/topics/none/", "/feeds/ml/", "/topics/ml/other.xml", "/ml/", "/custom/"]
)
def test_nothing_is_published_at_other_paths(renamed: SiteBuilder, path: str) -> None:
    assert renamed.publication().document(path) is None


def test_the_outline_of_every_path_is_its_document_without_the_bytes(renamed: SiteBuilder) -> None:
    publication = renamed.publication()
    for path in publication.paths():
        found, outline = publication.document(path), publication.outline(path)
        if isinstance(found, Redirect):
            assert isinstance(outline, Redirect)
            assert outline.to == found.to
            found, outline = found.stand_in, outline.stand_in
        assert isinstance(found, Document)
        assert outline == Document(b"", found.media_type, found.is_closed)


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/", "", False),
        ("/", "freq=1", False),
        ("/", "q=", False),
        ("/", "q=+", False),
        ("/", "q=x", True),
        ("/", "a=1&q=x", True),
        ("/", "%71=x", True),
        ("/rss.xml", "q=x", False),
        ("/custom/", "", True),
        ("/custom", "", True),
        ("/custom/rss.xml", "", True),
        ("/custom/other.xml", "q=x", False),
    ],
)
def test_a_query_counts_only_where_it_changes_the_document(
    path: str, query: str, expected: bool
) -> None:
    assert depends_on_query(path, query) == expected


def test_a_publication_of_another_process_closes_its_catalog_when_it_is_replaced(
    renamed: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Catalog] = []
    close = Catalog.close

    def closing(catalog: Catalog) -> None:
        closed.append(catalog)
        close(catalog)

    monkeypatch.setattr(Catalog, "close", closing)
    first = pickle.loads(pickle.dumps(renamed.publication()))
    catalog = first.catalog
    del first
    second = pickle.loads(pickle.dumps(renamed.publication(url="https://other.example/")))
    gc.collect()
    assert closed == [catalog]
    assert second.is_current()


def reopen(sent: bytes, file: Path) -> None:
    """Open a publication again; make a file when its catalog is closed."""
    close = Catalog.close

    def closing(catalog: Catalog) -> None:
        file.touch()
        close(catalog)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Catalog, "close", closing)
        assert pickle.loads(sent).is_current()
    assert not file.exists()


def test_a_publication_of_another_process_closes_its_catalog_when_the_process_ends(
    renamed: SiteBuilder, tmp_path: Path
) -> None:
    sent = pickle.dumps(renamed.publication())
    process = get_context("spawn").Process(target=reopen, args=(sent, tmp_path / "closed"))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert (tmp_path / "closed").exists()


def test_a_path_of_a_folder_has_the_file_of_its_page() -> None:
    names = {"/": "index.html", "/topics/ai/": "topics/ai/index.html", "/rss.xml": "rss.xml"}
    assert {path: file_name(path) for path in names} == names
