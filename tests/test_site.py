"""feeds.yaml: what each key means, and what is wrong with one, by its line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.errors import ConfigurationError, Severity
from feeds.model.selection import Selection
from feeds.model.site import Author, FeedSettings, Site, TopicSettings
from feeds.parsing.site_config import read_site, read_site_url, site_url

ENOUGH = "title: Tide\nurl: https://feeds.example.org/\n"


def read(text: str) -> tuple[Site, list[str]]:
    """The site, and its problems as "line code"."""
    site, problems = read_site(text, "feeds.yaml", Site("A folder"))
    assert all(each.path == "feeds.yaml" for each in problems)
    assert all(each.severity is Severity.ERROR and each.message for each in problems)
    return site, [f"{each.line} {each.code}" for each in problems]


def good(text: str) -> Site:
    """The site of a feeds.yaml without a fault."""
    site, problems = read(ENOUGH + text)
    assert problems == []
    return site


def test_every_key_has_its_meaning() -> None:
    site = good(
        """\
description: News &amp; views from the harbour
language: en-GB
author: {name: Ada Quay, uri: HTTPS://Example.org, email: ada@example.org}
articles: [news, learning/deep]
limit: 20
unpublished: yes
future: on
related_in_rss: no
topics:
  - {name: C++, slug: cpp, aliases: [CPP, C plus plus], formerly: [c-pp, Old Name], parent: Code,
     description: The language}
  - Code
feeds:
  - {name: top, title: Top stories, description: The best, any: [AI, Code], all: [New],
     none: [Gossip], min_quality: 70.5, provider: [mint], type: [article], category: news,
     since: 30d}
"""
    )
    assert site == Site(
        title="Tide",
        url="https://feeds.example.org/",
        description="News & views from the harbour",
        language="en-GB",
        author=Author("Ada Quay", "https://example.org/", "ada@example.org"),
        articles=("news", "learning/deep"),
        limit=20,
        unpublished=True,
        future=True,
        related_in_rss=False,
        topics=(
            TopicSettings(
                name="C++",
                slug="cpp",
                aliases=("CPP", "C plus plus"),
                formerly=("c-pp", "old-name"),
                parent="Code",
                description="The language",
            ),
            TopicSettings("Code"),
        ),
        feeds=(
            FeedSettings(
                name="top",
                title="Top stories",
                description="The best",
                selection=Selection(
                    any=("AI", "Code"),
                    all=("New",),
                    none=("Gossip",),
                    provider=("mint",),
                    type=("article",),
                    category=("news",),
                    min_quality=70.5,
                    since=timedelta(days=30),
                ),
            ),
        ),
    )


def test_only_a_title_and_a_url_are_needed() -> None:
    assert good("") == Site(
        title="Tide", url="https://feeds.example.org/", articles=(".",), limit=50
    )


def test_a_mark_of_the_byte_order_and_returns_are_no_fault() -> None:
    site, problems = read("\ufeff" + (ENOUGH + "limit: no\n").replace("\n", "\r\n"))
    assert site == good("")
    assert problems == ["3 bad-number"]


@pytest.mark.parametrize("empty", ["", "\n", "# nothing yet\n"])
def test_an_empty_file_is_no_site_since_it_may_be_about_to_be_written(empty: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^feeds\.yaml:1: the file is empty; write title"):
        read(empty)


@pytest.mark.parametrize(
    "written",
    ["articles:", "articles: []", "articles: ''", "articles: {a: b}", "articles: [[a]]",
     "article: a", "articels: a", "Articles: a"],
)  # fmt: skip
def test_what_should_name_the_articles_and_does_not_never_publishes_the_whole_folder(
    written: str,
) -> None:
    with pytest.raises(ConfigurationError, match=r"^feeds\.yaml:4: [aA]") as error:
        read(f"{ENOUGH}\n{written}\n")
    assert "names no folder of articles; write articles:" in str(error.value)


def test_a_query_in_the_url_is_cut_and_named() -> None:
    text = "title: a\nurl: https://e.example/a?b=c#d\n"
    site, [problem] = read_site(text, "feeds.yaml", Site("A folder"))
    assert site.url == "https://e.example/a/"
    assert (problem.line, problem.code, problem.severity) == (2, "bad-url", Severity.WARNING)


@pytest.mark.parametrize("key", ["title", "url"])
def test_a_title_or_url_without_text_is_missing(key: str) -> None:
    both = {"title": "a", "url": "https://e.example/"} | {key: "'  '"}
    _site, problems = read("".join(f"{name}: {value}\n" for name, value in both.items()))
    assert [each.partition(" ")[2] for each in problems] == [f"missing-{key}"]


@pytest.mark.parametrize(
    ("written", "key", "expected"),
    [
        ("author: Ada Quay", "author", Author("Ada Quay")),
        ("articles: news", "articles", ("news",)),
        ("topics: [A, B]", "topics", (TopicSettings("A"), TopicSettings("B"))),
        ("topics: {name: A}", "topics", (TopicSettings("A"),)),
        ("feeds: {name: a}", "feeds", (FeedSettings("a", "a", "", Selection()),)),
        ("title: 2021", "title", "2021"),
        ("limit:", "limit", 50),
        ("unpublished: 'off'", "unpublished", False),
    ],
)
def test_short_forms_are_understood(written: str, key: str, expected: Any) -> None:
    text = ENOUGH.replace("title: Tide\n", "") if key == "title" else ENOUGH
    site, problems = read(text + written)
    assert getattr(site, key) == expected
    assert problems == []


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("https://example.org", "https://example.org/"),
        ("https://example.org/feeds", "https://example.org/feeds/"),
        ("https://example.org/feeds/?a=b#c", "https://example.org/feeds/"),
        ("", ""),
    ],
)
def test_the_base_of_a_tree_ends_with_a_slash(written: str, base: str) -> None:
    assert site_url(written) == base


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("description: [a]", "wrong-type"),
        ("language: english_GB", "bad-language"),
        ("language: {a: b}", "wrong-type"),
        ("author: [Ada]", "wrong-type"),
        ("author: {email: ada@example.org}", "missing-name"),
        ("limit: 0", "bad-number"),
        ("limit: -5", "bad-number"),
        ("limit: many", "bad-number"),
        ("limit: [5]", "wrong-type"),
        ("unpublished: perhaps", "bad-flag"),
        ("future: [yes]", "wrong-type"),
        ("related_in_rss: 2", "bad-flag"),
        ("topics: [[A]]", "wrong-type"),
        ("topics: [{slug: a}]", "missing-name"),
        ("feeds: top", "wrong-type"),
        ("feeds: [[top]]", "wrong-type"),
        ("feeds: [{title: Top}]", "bad-name"),
        ("lmit: 5", "unknown-key"),
    ],
)
def test_a_key_that_is_wrong_is_left_out_and_named_with_its_line(
    written: str, problem: str
) -> None:
    site, problems = read(f"{ENOUGH}\n{written}\n# end\n")
    assert site == good("")
    assert problems == [f"4 {problem}"]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("title: [a]\nurl: https://e.example/\n", ["1 wrong-type"]),
        ("title: a\nurl: javascript:alert(1)\n", ["2 bad-url"]),
        ("title: a\nurl: /feeds/\n", ["2 bad-url"]),
        ("title: a\n", ["1 missing-url"]),
        ("url: https://e.example/\ntitle: a\ntitle: b\n", ["3 duplicate-key"]),
    ],
)
def test_what_is_wrong_with_the_title_or_the_url_is_said(text: str, problems: list[str]) -> None:
    site, found = read(text)
    assert found == problems
    assert site.title
    assert site.url.startswith("http")


def test_what_is_wrong_with_an_author_leaves_the_rest() -> None:
    site, problems = read(f"{ENOUGH}author:\n  name: Ada\n  uri: x:y\n  email: ada\n  nick: a\n")
    assert site.author == Author("Ada")
    assert sorted(problems) == ["5 bad-url", "6 bad-email", "7 unknown-key"]


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("tittle: a", "title"),
        ("topic: [a]", "topics"),
        ("related_in_RSS: no", "related_in_rss"),
        ("author: {name: a, mail: a@example.org}", "email"),
        ("topics: [{name: a, alias: [b]}]", "aliases"),
        ("topics: [{name: a, formely: [b]}]", "formerly"),
        ("feeds: [{name: a, min_qualty: 3}]", "min_quality"),
        ("feeds: [{name: a, providers: [b]}]", "provider"),
    ],
)
def test_an_unknown_key_suggests_the_nearest_known_one(written: str, known: str) -> None:
    _site, problems = read_site(ENOUGH + written, "feeds.yaml", Site(""))
    assert [(each.line, each.code, each.hint) for each in problems] == [
        (3, "unknown-key", f"did you mean {known}?")
    ]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("title: a: b\n", "feeds.yaml:1: "),
        ("title: a\nurl: [b\n", "feeds.yaml:3: "),
        ("title: a\n\turl: b\n", "feeds.yaml:2: "),
        ("title: a\nurl: *b\n", "feeds.yaml:2: "),
        ("title: a\nlimit: !!python/name:os.system\n", "feeds.yaml:2: "),
        ("title: a\n---\ntitle: b\n", "feeds.yaml:2: "),
        ("title: a\nurl: b\x01\n", "feeds.yaml:2: "),
        ("- a\n", "feeds.yaml:1: "),
        ("just text\n", "feeds.yaml:1: "),
    ],
)
def test_what_is_no_yaml_mapping_is_an_error_with_its_path_and_line(text: str, where: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_site(text, "feeds.yaml", Site("A folder"))
    assert str(caught.value).startswith(where)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("any: {a: b}", "wrong-type"),
        ("all: [[a]]", "wrong-type"),
        ("none: [{a: b}]", "wrong-type"),
        ("provider: {a: b}", "wrong-type"),
        ("type: [[a]]", "wrong-type"),
        ("category: {a: b}", "wrong-type"),
        ("min_quality: high", "bad-number"),
        ("since: soon", "bad-period"),
        ("nonne: [Gossip]", "unknown-key"),
        ("title: [a]", "wrong-type"),
    ],
)
def test_a_feed_of_which_anything_is_wrong_is_left_out_whole(wrong: str, problem: str) -> None:
    text = f"feeds:\n  - name: before\n  - name: it\n    any: [AI]\n    {wrong}\n  - name: after\n"
    if wrong.startswith("any"):
        text = text.replace("    any: [AI]\n", "    description: It\n")
    site, problems = read(ENOUGH + text)
    assert [each.name for each in site.feeds] == ["before", "after"]
    assert problems == [f"7 {problem}"]


@pytest.mark.parametrize(
    "name", ["", "Top", "top stories", "../top", "a/b", ".top", "top-", "a--b", "日本", "a%2fb"]
)
def test_a_feed_has_a_name_that_is_safe_in_a_path(name: str) -> None:
    site, problems = read(f"{ENOUGH}feeds:\n  - {{name: '{name}', any: [AI]}}\n")
    assert site.feeds == ()
    assert problems == ["4 bad-name"]


def test_a_second_feed_of_a_name_is_left_out() -> None:
    site, problems = read(f"{ENOUGH}feeds:\n- {{name: a, any: [X]}}\n- {{name: a, any: [Y]}}\n")
    assert [each.selection.any for each in site.feeds] == [("X",)]
    assert problems == ["5 duplicate-feed"]


def test_what_is_wrong_with_topics_is_said_and_the_rest_kept() -> None:
    site, problems = read(
        f"""{ENOUGH}topics:
- {{name: AI, aliases: [Machines]}}
- {{name: ai, description: again}}
- {{name: Learning, aliases: [Other, machines]}}
- {{name: Robots, slug: Not Safe}}
- {{name: C, slug: see}}
- {{name: D, slug: see}}
- {{name: E, slug: ../e}}
"""
    )
    assert [(each.name, each.slug) for each in site.topics] == [
        *(("AI", ""), ("Robots", ""), ("C", "see"), ("D", ""), ("E", "")),
    ]
    assert problems == ["5 duplicate-topic", "7 bad-slug", "9 duplicate-slug"]


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("title url description language author articles limit topics feeds".split())
        | st.text(max_size=5),
        st.recursive(
            st.none()
            | st.integers()
            | st.text(max_size=8)
            | st.sampled_from(["name", "any", "yes"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from("name slug any since uri x".split()), inner)
            ),
            max_leaves=6,
        ),
    )
)
def test_any_mapping_is_a_site_and_its_problems(keys: dict[str, Any]) -> None:
    text = yaml.safe_dump(keys, allow_unicode=True)
    try:
        site, problems = read_site(text, "feeds.yaml", Site("A folder"))
    except ConfigurationError as error:
        assert "articles" in keys and "articles: names no folder" in str(error)  # noqa: PT017, PT018
        return
    assert site.title
    assert site.url.endswith("/")
    assert all(1 <= each.line <= text.count("\n") + 1 for each in problems)


@pytest.mark.parametrize(
    "url", ["https://e.org/a%0Ab/", "https://e.org/%7F/", '"https://e.org/\\tb"']
)
def test_the_url_of_a_site_has_no_control_character(url: str) -> None:
    site, problems = read(f"title: T\nurl: {url}\n")
    assert site.url == Site("").url
    assert problems == ["2 bad-url"]
    with pytest.raises(ConfigurationError, match="control character"):
        read_site_url("https://e.org/a%0Ab/")


def test_no_text_of_a_site_makes_its_documents_large() -> None:
    long = "é" * 20_000
    text = f"title: {long}\nurl: https://e.org/{long}\ndescription: {long}\n"
    text += f"topics: [{{name: {long}}}]\n"
    text += f"author: {long}\nfeeds: [{{name: a, title: {long}}}, {{name: b, any: [{long}]}}]\n"
    site, problems = read_site(text, "feeds.yaml", Site("A folder"))
    assert len(repr(site)) < 2000
    assert (site.feeds, site.topics) == ((), ())
    assert problems
    assert all(len(str(each)) < 300 for each in problems)


def test_an_unexpected_exception_is_one_line_with_the_line_of_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(text: str) -> str:
        raise LookupError(text * 99)

    monkeypatch.setattr("feeds.parsing.fields.plain_line", fail)
    with pytest.raises(
        ConfigurationError, match=r"feeds\.yaml:1: cannot be read: LookupError"
    ) as told:
        read("title: Tide\n")
    assert len(str(told.value)) < 200


def test_the_limit_of_lists_holds_for_each_feed() -> None:
    feeds = "".join(f"- {{name: f{number}, any: [A, B, C]}}\n" for number in range(1500))
    text = f"title: T\nurl: https://e.example/\nfeeds:\n{feeds}"
    site, problems = read_site(text, "feeds.yaml", Site(""))
    assert problems == []
    assert len(site.feeds) == 1500
