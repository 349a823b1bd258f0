"""feeds.yaml and its topics, further: each key's own line, and slugs that hold for good."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.model.site import Author, Site, TopicSettings
from feeds.model.topics import TopicName, Topics, build_topics
from feeds.parsing.site_config import read_site
from feeds.text.slugs import fold, slugify

START = datetime(2026, 1, 1, tzinfo=UTC)
ENOUGH = "title: Tide\nurl: https://feeds.example.org/\n"


def wrong(text: str) -> list[str]:
    """Return the problems of a feeds.yaml that begins with a title and a URL."""
    _site, problems = read_site(ENOUGH + text, "sub/my.yaml", Site("A folder"))
    return [f"{each.path}:{each.line} {each.code}" for each in problems]


def slugs(topics: Topics) -> dict[str, str]:
    return {topic.name: topic.slug for topic in topics}


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://e.example", "https://e.example/"),
        ("https://e.example/a", "https://e.example/a/"),
    ],
)
def test_the_url_of_a_site_ends_in_a_slash(written: str, url: str) -> None:
    site, problems = read_site(f"title: a\nurl: '{written}'\n", "feeds.yaml", Site(""))
    assert (site.url, problems) == (url, [])


@pytest.mark.parametrize("key", ["slug", "aliases", "formerly", "parent", "description"])
def test_a_key_of_a_topic_of_a_wrong_type_costs_that_key_alone(key: str) -> None:
    text = f"topics:\n- name: A\n  {key}: {{a: b}}\n"
    site, _problems = read_site(ENOUGH + text, "feeds.yaml", Site(""))
    assert site.topics == (TopicSettings("A"),)
    assert wrong(text) == ["sub/my.yaml:5 wrong-type"]


@pytest.mark.parametrize("key", ["uri", "email"])
def test_a_key_of_the_author_of_a_wrong_type_costs_that_key_alone(key: str) -> None:
    text = f"author:\n  name: Ada\n  {key}: [a]\n"
    site, _problems = read_site(ENOUGH + text, "feeds.yaml", Site(""))
    assert site.author == Author("Ada")
    assert wrong(text) == ["sub/my.yaml:5 wrong-type"]


@pytest.mark.parametrize("tag", ["en", "pt-BR", "zh-Hant-TW", "es-419", "de-1996"])
def test_tags_of_languages_are_kept_as_written(tag: str) -> None:
    site, problems = read_site(f"{ENOUGH}language: {tag}\n", "feeds.yaml", Site(""))
    assert (site.language, problems) == (tag, [])


@pytest.mark.parametrize("tag", ["e", "englishlanguage", "en_GB", "en-", "en--GB", "日本"])
def test_what_is_no_tag_of_a_language_is_reported(tag: str) -> None:
    assert wrong(f"language: {tag}\n") == ["sub/my.yaml:3 bad-language"]


@pytest.mark.parametrize("limit", ["1.5", "1e3", "٣", "0x10"])
def test_a_limit_is_a_whole_number_in_plain_digits(limit: str) -> None:
    assert wrong(f"limit: {limit}\n") == ["sub/my.yaml:3 bad-number"]


@pytest.mark.parametrize(
    "second", ["name: MACHINES", "name: B\n  aliases: [MACHINES]", "name: ai", "name: Ai"]
)
def test_a_name_or_an_alias_in_any_case_belongs_to_one_topic(second: str) -> None:
    text = f"topics:\n- {{name: AI, aliases: [Machines]}}\n- {second}\n"
    assert wrong(text) == ["sub/my.yaml:5 duplicate-topic"]


def test_a_topic_may_name_itself_among_its_aliases() -> None:
    assert wrong("topics:\n- {name: AI, aliases: [ai, AI]}\n") == []


def test_a_topic_that_is_left_out_takes_no_slug() -> None:
    text = "topics:\n- {name: A}\n- {name: a, slug: y}\n- {name: Z, slug: y}\n"
    site, _problems = read_site(ENOUGH + text, "feeds.yaml", Site(""))
    assert [(each.name, each.slug) for each in site.topics] == [("A", ""), ("Z", "y")]
    assert wrong(text) == ["sub/my.yaml:5 duplicate-topic"]


def test_a_name_is_free_again_when_its_feed_was_left_out() -> None:
    text = "feeds:\n- {name: a, any: [[x]]}\n- {name: a, any: [y]}\n"
    site, _problems = read_site(ENOUGH + text, "feeds.yaml", Site(""))
    assert [each.selection.any for each in site.feeds] == [("y",)]
    assert wrong(text) == ["sub/my.yaml:4 wrong-type"]


def test_a_warning_costs_no_feed() -> None:
    text = f'{ENOUGH}feeds:\n- name: a\n  any: [AI]\n  title: "Top\\u0007"\n'
    site, problems = read_site(text, "feeds.yaml", Site(""))
    assert [each.severity for each in problems] == ["warning"]
    assert [(each.name, each.title) for each in site.feeds] == [("a", "Top")]


def test_a_parent_that_only_feeds_yaml_names_loses_its_slug_to_no_article() -> None:
    settings_ = [TopicSettings("L", parent="a/b")]
    before = slugs(build_topics(settings_, []))
    after = slugs(build_topics(settings_, [TopicName("a b", 1, START)]))
    assert before.items() <= after.items()


@pytest.mark.parametrize(
    ("one", "other"), [("Straße", "STRASSE"), ("a  b", "A B"), ("\u00c5", "A\u030a")]
)
def test_the_spelling_that_is_shown_does_not_change_the_slug(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    both = [
        build_topics([], [TopicName(one, uses, START), TopicName(other, 3 - uses, START)])
        for uses in (1, 2)
    ]
    assert [topic.name for topics in both for topic in topics] == [other, one]
    assert list(both[0].by_slug) == list(both[1].by_slug)


def test_of_two_spellings_used_alike_the_same_one_is_shown_in_any_order() -> None:
    names = [TopicName("AI", 2, START), TopicName("ai", 2, START)]
    assert slugs(build_topics([], names)) == slugs(build_topics([], names[::-1])) == {"ai": "ai"}


TRICKY = ["a/b", "a b", "C", "C++", "C#", "", "日本語", "../../etc", "ﬁ", "fi", "ß", "İ", "\ud800"]
names = st.lists(st.text(max_size=10) | st.sampled_from(TRICKY), unique_by=fold)


@settings(deadline=None)
@given(names, st.randoms(use_true_random=False))
def test_names_of_one_and_the_same_day_have_the_same_slugs_in_any_order(
    written: list[str], chance: Random
) -> None:
    found = [TopicName(name, 1, START) for name in written]
    before = slugs(build_topics([], found))
    chance.shuffle(found)
    assert slugs(build_topics([], found)) == before
    assert len(set(before.values())) == len(written)
    assert all(re.fullmatch("[a-z0-9-]+", slug) for slug in before.values())


@settings(deadline=None)
@given(names, names, names)
def test_no_former_slug_hides_a_topic_and_every_family_holds_its_own(
    configured: list[str], aliases: list[str], written: list[str]
) -> None:
    configured = [name for name in configured if fold(name)]
    keys = set(map(fold, configured))
    others = tuple(name for name in aliases if fold(name) and fold(name) not in keys)
    formerly = tuple(map(slugify, written))
    topics = build_topics(
        [
            TopicSettings(name, "", () if at else others, formerly, configured[at - 1])
            for at, name in enumerate(configured)
        ],
        [TopicName(name, 1, START) for name in written],
    )
    assert not topics.by_former_slug.keys() & topics.by_slug.keys()
    for topic in topics:
        assert fold(topic.name) in topic.family
        assert topic.parent is None or topic.family <= topic.parent.family
