"""Searching for words: what a word is, and the same articles from every engine."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.catalog.articles import PublishedArticles
from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.catalog.schema import SEARCHED
from feeds.catalog.state import ProbeResult
from feeds.model.selection import Selection
from feeds.model.site import Site
from feeds.parsing.body.clean import plain_text
from feeds.static.writer import write_tree
from feeds.text import search_terms as words
from feeds.web.live_site import LiveSite
from feeds.web.responses import CachedDocument
from feeds.web.settings import Settings
from tests.support import CORPUS, NOW, SiteBuilder, needs_corpus

pytestmark = pytest.mark.postgresql
WORDS = {
    "Deep Learning": ["deep", "learning"],
    "Café Zürich naïve": ["cafe", "zurich", "naive"],
    "e-mail, C++ & don’t!": ["e", "mail", "c", "don", "t"],
    "snake_case 3.14": ["snake", "case", "3", "14"],
    "Straße ΣΊΣΥΦΟΣ İstanbul": ["strasse", "σισυφοσ", "istanbul"],
    "ﬁle ｗｉｄｅ ①": ["file", "wide", "1"],
    "東京タワー": list("東京タワー"),
    "ガラス and カラス": ["ガ", "ラ", "ス", "and", "カ", "ラ", "ス"],
    "हिन्दी में": ["हिन्दी", "में"],
    "한국어 뉴스": ["한국어", "뉴스"],
    "co\u00adoperate": ["cooperate"],
    "a" * 100: ["a" * 64],
    "* ( ) \" ' : ^ \0 \\ %": [],
}


@pytest.mark.parametrize(("text", "found"), WORDS.items(), ids=range(len(WORDS)))
def test_a_text_has_these_words(text: str, found: list[str]) -> None:
    assert words.words(text) == found


SEARCHES = {
    "": "",
    "robots AI": "ai robots",
    "AI robots ai": "ai robots",
    '"Deep  Learning" ai': 'ai "deep learning"',
    "ai -gossip": "ai -gossip",
    "-gossip ai": "ai -gossip",
    '-"Old News"': '-"old news"',
    "e-mail": '"e mail"',
    '"never closed': '"never closed"',
    "東京 tokyo": "tokyo 東京",
    'NEAR(a b) OR * "" - --': 'b "near a" or',
}


@pytest.mark.parametrize(("search", "written"), SEARCHES.items(), ids=range(len(SEARCHES)))
def test_a_search_is_written_in_one_way(search: str, written: str) -> None:
    assert words.canonical(search) == written


@given(st.text())
def test_words_and_searches_mean_themselves(text: str) -> None:
    found = words.words(text)
    assert words.words(" ".join(found)) == found
    assert words.canonical(words.canonical(text)) == words.canonical(text)
    # A sign between words in an engine's own language is never a part of one.
    assert not set("".join(found)) & set(" ·\"'&|!:*\\%_\0")


def view(catalog: Catalog) -> PublishedArticles:
    return PublishedArticles(catalog, Site("T"), now=NOW)


def found(catalog: Catalog, search: str) -> list[str]:
    selection = Selection(q=words.canonical(search))
    return [each.title for each in view(catalog).select(selection).values()]


@pytest.fixture
def catalog(site: SiteBuilder) -> Catalog:
    site.write(
        "a.md", "Trained on *unlabelled* fruit.", title="A robot sorts", excerpt="Café pears"
    )
    site.write("b.md", "<p>Gossip about the cafe</p>", title="Robots at sea", excerpt="A deep sea")
    site.write("c.md", "東京タワーに行く", title="Deep learning", excerpt="of robots")
    catalog = site.catalog()
    catalog.sync(SiteFolder.open(site.root))
    return catalog


FOUND = {
    "robots": ["Deep learning", "Robots at sea"],
    "ROBOTS deep": ["Deep learning", "Robots at sea"],
    "cafe": ["A robot sorts", "Robots at sea"],
    "café -gossip": ["A robot sorts"],
    '"deep sea"': ["Robots at sea"],
    '"sea deep"': [],
    # From the title into the excerpt leads no phrase.
    '"learning of"': [],
    "learning of": ["Deep learning"],
    "unlabelled": ["A robot sorts"],
    "em": [],  # no markup is searched
    "東京": ["Deep learning"],
    "京東": [],
    "-robots": ["A robot sorts"],
    '-robots -"a robot"': [],
    "robot": ["A robot sorts"],  # nothing guesses at forms of a word
}


@pytest.mark.parametrize(("search", "titles"), FOUND.items(), ids=range(len(FOUND)))
def test_a_search_finds_these_articles(catalog: Catalog, search: str, titles: list[str]) -> None:
    assert sorted(found(catalog, search)) == titles


def expected(texts: Mapping[str, Sequence[str]], search: str) -> set[str]:
    """Titles that every engine has to find, told without one."""

    def has(parts: Sequence[str], phrase: tuple[str, ...]) -> bool:
        split = [words.words(part) for part in parts]
        return any(
            tuple(part[start : start + len(phrase)]) == phrase
            for part in split
            for start in range(len(part))
        )

    return {
        title
        for title, parts in texts.items()
        if all(has(parts, term.words) != term.excluded for term in words.terms(search))
    }


_SIGNS = st.text(st.sampled_from("ab c-\"'*()^:{}+&|!<>\\%_;,.é\0東京\ud7ff{}$?"), max_size=30)


def test_any_text_is_a_harmless_search_that_every_engine_answers_alike(site: SiteBuilder) -> None:
    texts = {
        "a b c": ("a b c", "b é a"), "b c": ("b c", "東京"), "or and": ("or and", "near a c b"),
        "c": ("c", "a-b 京東"), "c c c": ("c c c", ""),
    }  # fmt: skip
    for number, (title, (_title, excerpt)) in enumerate(texts.items()):
        site.write(f"{number}.md", title=title, excerpt=excerpt)
    catalog = site.catalog()
    catalog.sync(SiteFolder.open(site.root))

    @given(_SIGNS | st.text(max_size=30))
    @settings(suppress_health_check=list(HealthCheck))
    def holds(search: str) -> None:
        if words.canonical(search):
            assert set(found(catalog, search)) == expected(texts, search)

    holds()


def indexed(catalog: Catalog) -> set[str]:
    with catalog.reading() as connection:
        return set(connection.execute(sa.select(SEARCHED.c.path)).scalars())


def test_the_words_are_indexed_when_somebody_first_searches(
    site: SiteBuilder, catalog: Catalog
) -> None:
    write_tree(site.publication(), site.out)
    assert (indexed(catalog), catalog.search.is_used()) == (set(), False)
    assert found(catalog, "robots")
    assert indexed(catalog) == {"articles/a.md", "articles/b.md", "articles/c.md"}
    assert catalog.search.is_ready()


def test_the_words_of_an_article_change_and_go_with_it(site: SiteBuilder, catalog: Catalog) -> None:
    assert len(found(catalog, "robots")) == 2
    site.write("b.md", title="Boats at sea")
    (site.root / "articles" / "c.md").unlink()
    catalog.sync(SiteFolder.open(site.root))
    # A sync keeps what has been made once: no search has to wait.
    assert indexed(catalog) == {"articles/a.md", "articles/b.md"}
    assert catalog.search.is_ready()
    assert found(catalog, "robots") == []
    assert found(catalog, "boats") == ["Boats at sea"]


def test_a_change_of_nothing_but_lengths_leaves_the_words_ready(catalog: Catalog) -> None:
    assert found(catalog, "robots")
    before = catalog.revision()
    catalog.state.record_file_sizes([ProbeResult("https://e.example/a.mp3", 100, "")], 1)
    assert catalog.revision() != before
    assert catalog.search.is_ready()


def test_after_a_large_change_the_words_are_indexed_apart(
    site: SiteBuilder, catalog: Catalog
) -> None:
    assert len(found(catalog, "robots")) == 2
    for number in range(250):
        site.write(f"{number}.md", title=f"Robots {number}")
    catalog.sync(SiteFolder.open(site.root))
    assert not catalog.search.is_ready()
    # The small one that follows it knows that more is missing.
    (site.root / "articles" / "0.md").unlink()
    catalog.sync(SiteFolder.open(site.root))
    assert not catalog.search.is_ready()
    assert len(found(catalog, "robots")) == 251
    assert catalog.search.is_ready()


def test_a_site_without_articles_can_be_searched(site: SiteBuilder) -> None:
    empty = site.catalog()
    for file in (site.root / "articles").glob("*.md"):
        file.unlink()
    empty.sync(SiteFolder.open(site.root))
    assert found(empty, "robots") == []
    assert empty.search.is_ready()
    site.write("a.md", title="Robots")
    empty.sync(SiteFolder.open(site.root))
    assert found(empty, "robots") == ["Robots"]


def test_several_may_index_at_once(site: SiteBuilder) -> None:
    for number in range(450):
        site.write(f"{number}.md", title=f"Number {number}")
    catalogs = [site.catalog() for _ in range(4)]
    catalogs[0].sync(SiteFolder.open(site.root))
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda each=each: counts.append(len(found(each, "number"))))
        for each in catalogs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [450] * 4
    assert len(indexed(catalogs[0])) == 450


def test_a_text_of_any_length_can_be_indexed(site: SiteBuilder, catalog: Catalog) -> None:
    lots = " ".join(f"{number:x}é{number}" for number in range(20_000))
    site.write("d.md", f"first {lots} last", title="Long")
    site.write("e.md", "x" * 249_000, title="Unbroken")
    catalog.sync(SiteFolder.open(site.root))
    assert found(catalog, "first") == found(catalog, "last") == ["Long"]
    assert found(catalog, "x" * 64) == ["Unbroken"]


def test_a_feed_of_feeds_yaml_may_search(site: SiteBuilder, catalog: Catalog) -> None:
    feed = {"name": "sea", "title": "The sea", "q": '"deep sea" -tokyo', "any": ["AI"]}
    site.configure(title="T", url="https://feeds.example.org/", feeds=[feed])
    assert SiteFolder.open(site.root).site.feeds[0].selection.q == '"deep sea" -tokyo'
    rss = site.published("/feeds/sea/rss.xml")
    assert (rss.count(b"<item>"), b"Robots at sea" in rss) == (1, True)
    # A publication in another process, an app and a tree: all the same.
    live = LiveSite(Settings(site.root))
    found = live.find("/feeds/sea/rss.xml")
    live.close()
    assert isinstance(found, CachedDocument)
    assert found.document.body == rss
    write_tree(site.publication(), site.out)
    assert (site.out / "feeds/sea/rss.xml").read_bytes() == rss
    catalog.close()


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ("* !", "q has no word in it; write the words to look for"),
        ("a " * 11, "q has 11 words; at most 10 are allowed"),
        ("a-b-c-d-e-f-g-h-i-j-k", "q has 11 words; at most 10 are allowed"),
        ("a" * 201, "q is 201 characters long; at most 200 are allowed"),
    ],
    ids=["none", "repeated", "joined", "long"],
)
def test_a_search_that_cannot_be_is_a_problem_of_feeds_yaml(
    site: SiteBuilder, search: str, message: str
) -> None:
    feed = {"name": "sea", "q": search}
    site.configure(title="T", url="https://feeds.example.org/", feeds=[feed])
    folder = SiteFolder.open(site.root)
    (problem,) = folder.problems
    assert f"{problem.message}; {problem.hint}" == message
    assert folder.site.feeds == ()


@needs_corpus
def test_the_corpus_answers_as_it_is_written(site: SiteBuilder) -> None:
    site.configure(title="T", url="https://feeds.example.org/", articles=str(CORPUS))
    publication = site.publication(unpublished=True)
    all_of_them = publication.articles.select(Selection()).values()
    texts = {each.id: (each.title, each.excerpt, plain_text(each.body)) for each in all_of_them}
    for search in (
        "google",
        '"machine learning"',
        "data -google",
        "ai -data",
        '"of the" -google',
    ):
        selection = Selection(q=words.canonical(search))
        articles = publication.articles.select(selection).values()
        assert {each.id for each in articles} == expected(texts, search) != set()
