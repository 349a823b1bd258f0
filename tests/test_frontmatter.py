"""An article's text, read: a folder of files, each with what is expected of it beside it.

Every tests/articles/NAME.md or .html has a NAME.EXT.json: the article, and what is said of the
file. When what is read is meant to change, one command writes them anew, and the difference is
for the eye:

    UPDATE_EXPECTED=1 pytest tests/test_frontmatter.py
"""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from feeds.catalog.folder import SiteFolder
from feeds.errors import Problem, Severity
from feeds.model.article import Article, Image, Provider, Related
from feeds.parsing.article import line_of, read_article
from feeds.parsing.file_names import ENDINGS
from tests.support import CORPUS, article, document, needs_corpus

ARTICLES = Path(__file__).parent / "articles"
FILES = sorted(file for file in ARTICLES.iterdir() if file.suffix in ENDINGS)


def outcome(file: Path) -> dict[str, Any]:
    """The article of a file and what is wrong with it, as JSON has them."""
    text = SiteFolder.open(file.parent).read(file.name)
    if isinstance(text, Problem):
        return {"article": None, "problems": [str(text)]}
    found, problems = read_article(text, file.name)
    # A library's wording changes with its releases.
    told = [re.sub("(not YAML: )[^;]+", r"\1…", str(each)) for each in problems]
    both = {"article": found, "problems": told}
    as_json: dict[str, Any] = json.loads(msgspec.json.encode(both))
    return as_json


def read(body: str = "", *, path: str = "a.md", **keys: Any) -> Article:
    """An article with these keys, of which nothing is wrong."""
    found, problems = read_article(document(article(**keys), body), path)
    assert problems == []
    assert found is not None
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_is_read_as_expected(file: Path) -> None:
    expected = file.with_name(f"{file.name}.json")
    found = outcome(file)
    if os.environ.get("UPDATE_EXPECTED"):
        text = json.dumps(found, ensure_ascii=False, indent=2)
        expected.write_text(text + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_nothing_is_expected_of_a_file_that_is_not_there() -> None:
    expected = {file.name.removesuffix(".json") for file in ARTICLES.glob("*.json")}
    assert expected == {file.name for file in FILES}


def test_what_is_secret_is_nowhere_in_an_article_or_a_problem() -> None:
    file = ARTICLES / "secrets.md"
    assert file.read_text(encoding="utf-8").count("SECRET") > 10
    found = outcome(file)
    assert found["article"] is not None
    assert "SECRET" not in json.dumps(found)


@pytest.mark.parametrize(
    "inside",
    ["{A: 1, A: 2}", "{B: {A: 1, A: 2}, secured: 1, A: 1, A: 2}", "*A", "!A 1", "[{A: 1, A: 2}]"],
)
def test_no_name_within_secured_is_told(inside: str) -> None:
    _article, problems = read_article(f"---\nsecured: {inside.replace('A', 'HUSH')}\n---\n", "a.md")
    assert problems
    assert "HUSH" not in str(problems)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"title": "a"}, 2),
        ({"excerpt": "b"}, 7),
        ({"related": [{"title": "c", "webUrl": "https://e.org/"}]}, 9),
    ],
)
def test_no_exception_reaches_further_than_its_article(
    monkeypatch: pytest.MonkeyPatch, keys: dict[str, Any], line: int
) -> None:
    def fail(text: str) -> str:
        if text in ("a", "b", "c"):
            raise LookupError("from a library\n" + "x" * 999)
        return text

    monkeypatch.setattr("feeds.parsing.fields.plain_line", fail)
    front = article(excerpt="e", related=[{"webUrl": "https://e.org/"}]) | keys
    found, problems = read_article(document(front), "a.md")
    assert found is None
    assert [(each.line, each.code) for each in problems] == [(line, "unreadable-article")]
    assert len(str(problems[0])) < 200
    assert "\n" not in str(problems[0])


def test_of_thousands_of_parts_a_hundred_topics_and_two_hundred_others_are_read() -> None:
    urls = [f"https://e.org/{number}.jpg" for number in range(3000)]
    keys = article(
        topics=[f"t{number}" for number in range(3000)],
        images=urls[:150],
        actions=urls,
        related=[{"webUrl": url, "images": [url]} for url in urls],
    )
    found, problems = read_article(document(keys), "a.md")
    assert found
    assert len(found.topics) == 100
    assert len(found.images) == 150
    assert len(found.downloads) == 200
    assert len(found.related) == 200
    assert sum(len(other.images) for other in found.related) == 50
    assert {each.message.partition(",")[0] for each in problems} == {
        "topics: 2", "actions: 2", "images: 1 too many", "related: 2",
    }  # fmt: skip


@pytest.mark.parametrize("key", ["title", "webUrl", "publishedDateTime"])
def test_an_article_without_what_it_needs_is_left_out_with_an_error(key: str) -> None:
    unusable: list[Any] = [None, "", [], {"a": "b"}]
    for value in unusable:
        found, problems = read_article(document(article(**{key: value})), "a.md")
        assert found is None
        assert [each.severity for each in problems].count(Severity.ERROR) == 1


#: Each key of the table in docs/formats.md, with a value, and what it makes of the article.
KEYS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"title": "Tea &amp; cake"}, {"title": "Tea & cake"}),
    ({"title": None, "name": "A course"}, {"title": "A course"}),
    ({"name": "Not this"}, {"title": "A title"}),
    ({"excerpt": "One\n  two&nbsp;"}, {"excerpt": "One two"}),
    (
        {"publishedDateTime": "2026-05-01T10:00:00+02:00"},
        {"published": datetime(2026, 5, 1, 8, tzinfo=UTC)},
    ),
    ({"updatedDateTime": "2026-05-03"}, {"updated": datetime(2026, 5, 3, tzinfo=UTC)}),
    (
        {"webUrl": "HTTPS://E.example/a", "originalUrl": "https://o.example/"},
        {
            "id": "https://e.example/a",
            "url": "https://e.example/a",
            "original_url": "https://o.example/",
        },
    ),
    (
        {"webUrl": None, "originalUrl": "https://o.example/"},
        {"id": "https://o.example/", "url": "https://o.example/", "original_url": ""},
    ),
    (
        {"webUrl": "https://o.example", "originalUrl": "https://O.example/"},
        {"url": "https://o.example/", "original_url": ""},
    ),
    ({"ampWebUrl": "https://e.example/amp"}, {"amp_url": "https://e.example/amp"}),
    ({"cdnAmpWebUrl": "https://cdn.example/amp"}, {"amp_url": "https://cdn.example/amp"}),
    (
        {
            "provider": {
                "name": "The Log",
                "domain": "log.example",
                "authors": [{"name": "Ada"}, "Bo"],
                "images": ["/log.png"],
            }
        },
        {
            "provider": Provider(
                "The Log", "log.example", ("Ada", "Bo"), (Image("/log.png", "image/png"),)
            )
        },
    ),
    ({"provider": "The Log"}, {"provider": Provider("The Log")}),
    ({"provider": {"domain": "e.example"}}, {"provider": Provider("e.example", "e.example")}),
    ({"topics": ["AI", 2021, "AI"]}, {"topics": ("AI", "2021")}),
    ({"category": "news", "type": "video"}, {"category": "news", "type": "video"}),
    (
        {"related": [{"title": "Other", "excerpt": "E", "webUrl": "https://o.example/"}]},
        {"related": (Related("Other", "https://o.example/", "E"),)},
    ),
    ({"quality": "66", "heat": "-1"}, {"quality": 66, "heat": -1}),
    ({"published": False}, {"draft": True}),
    ({"published": True}, {"draft": False}),
    ({"removed": True}, {"removed": True}),
]


@pytest.mark.parametrize(("keys", "parts"), KEYS, ids=[",".join(keys) for keys, _parts in KEYS])
def test_each_key_makes_its_part_of_an_article(keys: dict[str, Any], parts: dict[str, Any]) -> None:
    found = read(**keys)
    assert {name: getattr(found, name) for name in parts} == parts


def test_an_update_before_the_publication_is_reported_and_the_publication_date_used() -> None:
    text = document(article(updatedDateTime="2020-01-01"))
    found, [problem] = read_article(text, "a.md")
    assert found is not None
    assert found.updated == found.published
    assert (problem.code, problem.severity) == ("updated-before-published", Severity.WARNING)
    assert text.splitlines()[problem.line - 1].startswith("updatedDateTime:")


def test_an_update_on_the_day_of_publication_without_a_time_is_no_mistake() -> None:
    keys = {"publishedDateTime": "2026-05-01T10:00:00Z", "updatedDateTime": "2026-05-01"}
    found, problems = read_article(document(article(**keys)), "a.md")
    assert problems == []
    assert found
    assert found.updated == found.published


@pytest.mark.parametrize(
    "domain", ["https://log.example/about", "http://log.example", "//log.example"]
)
def test_a_domain_that_is_written_as_a_url_is_understood_or_left_out(domain: str) -> None:
    text = document(article(provider={"name": "The Log", "domain": domain}))
    found, _problems = read_article(text, "a.md")
    assert found is not None
    assert found.provider is not None
    assert found.provider.domain in ("", "log.example")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("a.md", "<p>a <em>b</em></p>"),
        ("a.MARKDOWN", "<p>a <em>b</em></p>"),
        ("a.html", "a *b*"),
        ("a.HTM", "a *b*"),
    ],
)
def test_the_ending_of_a_file_tells_html_from_markdown(path: str, body: str) -> None:
    assert read("a *b*", path=path).body == body


def test_ends_of_lines_and_a_mark_of_the_byte_order_change_nothing() -> None:
    text = document(article(excerpt="One\ntwo"), "First\nline.\n\nSecond.\n")
    expected = read_article(text, "a.md")
    assert expected[0] is not None
    for other in (text.replace("\n", "\r\n"), text.replace("\n", "\r"), "\ufeff" + text):
        assert read_article(other, "a.md") == expected


def test_a_problem_in_the_body_has_its_line_in_the_file() -> None:
    text = document(article(), "\nText.\n\n<script>x</script>\n")
    _found, problems = read_article(text, "a.md")
    line = text.split("\n").index("<script>x</script>") + 1
    assert [(each.line, each.code) for each in problems] == [(line, "unsafe-body")]


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029"], ids=ascii)
def test_a_line_is_counted_as_an_editor_counts_it(separator: str) -> None:
    # To YAML 1.1 these end a line (§4.2); to editors, grep and the file's own lines they do not.
    text = document(article()).replace("---\ntitle", f"---\nexcerpt: 'a{separator}b'\ntitle")
    text = text.replace("topics:", "quality: wide\ntopics:")
    found, problems = read_article(text, "a.md")
    assert found is not None
    line = text.split("\n").index("quality: wide") + 1
    assert [(each.line, each.code) for each in problems] == [(line, "bad-number")]


def test_the_line_of_the_first_key_that_is_there_is_told() -> None:
    text = "---\ntitle: a\nwebUrl: b\nurl: c\n---\n"
    assert line_of(text, "a.md", "webUrl", "title") == 3
    assert line_of(text, "a.md", "originalUrl", "url") == 4
    assert line_of(text, "a.md", "none") == line_of("no front matter", "a.md", "title") == 1


@needs_corpus
def test_every_file_of_the_corpus_is_read() -> None:
    folder = SiteFolder.open(CORPUS)
    names = list(folder.files())
    read = [read_article(folder.text_or_empty(name), name) for name in names]
    articles = [found for found, _problems in read if found]
    # Courses, communities and collections have no date or no URL; nothing else is left out.
    left_out = [[each.code for each in problems] for found, problems in read if not found]
    assert (len(names), len(articles)) == (765, 643)
    assert all(codes in (["missing-date"], ["missing-url"]) for codes in left_out)
    text = msgspec.json.encode(articles).decode()
    assert "secured" not in text
    assert "isCached" not in text


@needs_corpus
def test_the_seed_is_read_part_by_part() -> None:
    found, problems = read_article((CORPUS / "seed.md").read_text("utf-8"), "seed.md")
    assert problems == []
    mint = "https://www.livemint.com/technology/tech-news/googles-ai-model-can-help-improve-neural"
    url = f"{mint}-networks-in-medical-research-11636706824623.html"
    published = datetime(2021, 11, 12, 8, 57, tzinfo=UTC)
    assert found is not None
    related = found.related
    assert found == Article(
        id=url,
        url=url,
        title="Google’s self-supervised AI model can help improve neural networks in medical"
        " research",
        published=published,
        updated=published,
        excerpt="The key postulate of self supervised machine learning models is that they are"
        " trained on unlabelled data, thereby enabling application of AI in niche areas where"
        " collection of clearly defined data sets may be difficult,",
        amp_url=f"{mint}-networks-in-medical-research/amp-11636706824623.html",
        provider=Provider("Mint", "livemint.com"),
        topics=("Machine Learning", "AI"),
        category="news",
        type="article",
        images=(
            Image(
                "https://images.livemint.com/img/2021/11/12/600x338/6829affde82f48e5b57be0ef8b73072"
                "0-c93d3f78e87f4e7da936d62d7e48ef21-0_1623317195889_1636707284807.jpg",
                "image/jpeg",
                600,
                338,
            ),
        ),
        related=related,
        quality=66,
        heat=-1,
        draft=True,
    )
    assert [(each.title, each.published) for each in related] == [
        (
            "Google Research changes the game for medical imaging with self-supervised learning",
            datetime(2021, 11, 12, 5, 20, tzinfo=UTC),
        ),
        (
            "Google Research: Self-supervised learning is transforming medical imaging",
            datetime(2021, 11, 15, 13, 2, tzinfo=UTC),
        ),
    ]
    assert [each.url.split("/")[2] for each in related] == ["venturebeat.com", "thenextweb.com"]
    assert [each.provider for each in related] == [
        Provider("VentureBeat", "venturebeat.com"),
        Provider("The Next Web", "thenextweb.com"),
    ]
    assert related[0].images == (
        Image(
            "https://venturebeat.com/wp-content/uploads/2018/04/shutterstock_734378278-e16364856122"
            "26.jpg?w=1200&strip=all",
            "image/jpeg",
            1200,
            600,
        ),
    )
    assert [(each.media_type, each.width) for each in related[1].images] == [("image/jpeg", 796)]


def test_a_text_that_would_fill_every_feed_is_left_out_and_named() -> None:
    text = document(article(excerpt="x" * 20_001))
    found, problems = read_article(text, "a.md")
    assert found
    assert found.excerpt == ""
    assert [problem.code for problem in problems] == ["too-long"]
    found, problems = read_article(document(article(title="x" * 20_001)), "a.md")
    assert found is None
    assert "too-long" in {problem.code for problem in problems}
