"""The topics of a site: one slug each that no other takes, aliases, families, spellings."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.model.site import Site, TopicSettings
from feeds.model.topics import TopicName, Topics, build_topics
from feeds.parsing.site_config import read_site
from feeds.publication.checks import topic_problems
from feeds.text.slugs import distinct_slug, fold, slugify

START = datetime(2026, 1, 1, tzinfo=UTC)


def used(*names: str, uses: int = 1) -> list[TopicName]:
    """Names that articles use, the first of them published a day after the one before."""
    return [
        TopicName(name, uses, START + timedelta(days=index)) for index, name in enumerate(names)
    ]


def slugs(topics: Topics) -> dict[str, str]:
    """Every topic's slug by its name."""
    assert all(slug == topic.slug for slug, topic in topics.by_slug.items())
    return {topic.name: topic.slug for topic in topics}


def test_topics_that_only_signs_tell_apart_have_slugs_that_read_well() -> None:
    assert slugs(build_topics([], used("C", "C++", "C#"))) == {
        "C": "c",
        "C++": "c-plus-plus",
        "C#": "c-sharp",
    }


def test_of_two_names_with_one_slug_the_first_published_has_it() -> None:
    for first, second in (("a/b", "a b"), ("a b", "a/b")):
        found = slugs(build_topics([], used(first, second)))
        assert found[first] == "a-b"
        assert found[second] == distinct_slug(second)


def test_a_topic_that_feeds_yaml_names_comes_before_all_that_articles_have() -> None:
    found = slugs(build_topics([TopicSettings("a b")], used("a/b")))
    assert found == {"a b": "a-b", "a/b": distinct_slug("a/b")}


def test_a_slug_of_feeds_yaml_is_the_topics() -> None:
    topics = build_topics(
        [TopicSettings("Machine Learning", slug="ml")], used("machine learning", "ML")
    )
    assert slugs(topics) == {"Machine Learning": "ml", "ML": distinct_slug("ML")}


def test_a_slug_of_feeds_yaml_is_kept_or_its_loss_is_reported_in_any_order() -> None:
    for order in ("[{name: C}, {name: See, slug: c}]", "[{name: See, slug: c}, {name: C}]"):
        text = f"title: a\nurl: https://example.org/\ntopics: {order}\n"
        site, problems = read_site(text, "feeds.yaml", Site(""))
        assert problems or slugs(build_topics(site.topics, []))["See"] == "c", order


def test_a_name_that_looks_like_the_slug_of_another_takes_nothing_from_it() -> None:
    clash = distinct_slug("a/b")
    for names in (("a b", clash, "a/b"), ("a b", "a/b", clash), (clash, "a b", "a/b")):
        found = slugs(build_topics([], used(*names)))
        assert sorted(found) == sorted(names)
        assert len(set(found.values())) == 3


#: Names whose slugs would be the same, or unsafe, or none.
NAMES = [
    *(
        "C",
        "C++",
        "C#",
        "c plus plus",
        "../../etc",
        "..",
        "a/b",
        "a b",
        "a-b",
        "a.b",
        "日本語",
        "中文",
    ),
    *("", "?", "!", "con", "index", "Café", "cafe", "x" * 70, "x" * 80, "😀", "R&D", "r and d"),
]
names = st.lists(st.sampled_from(NAMES) | st.text(max_size=12), unique_by=fold)


@settings(deadline=None)
@given(names, names)
def test_every_distinct_name_has_a_distinct_safe_slug(
    configured: list[str], written: list[str]
) -> None:
    topics = build_topics(map(TopicSettings, filter(None, configured)), used(*written))
    expected = {fold(name) for name in (*filter(None, configured), *written)}
    assert {fold(topic.name) for topic in topics} == expected
    assert len(topics.by_slug) == len(expected)
    for slug in topics.by_slug:
        assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", slug)
    for name in written:
        topic = topics.named(name)
        assert topic is not None
        assert topics.by_slug[topic.slug] is topic


@settings(deadline=None)
@given(names, st.integers(0, 30))
def test_topics_that_come_later_change_no_slug(written: list[str], count: int) -> None:
    everything = used(*written)
    before = slugs(build_topics([], everything[:count]))
    after = slugs(build_topics([], everything))
    assert before.items() <= after.items()


@settings(deadline=None)
@given(
    names.map(lambda each: used(*each)).flatmap(
        lambda each: st.tuples(st.just(each), st.permutations(each))
    )
)
def test_slugs_do_not_depend_on_the_order_in_which_names_are_found(
    orders: tuple[list[TopicName], list[TopicName]],
) -> None:
    assert slugs(build_topics([], orders[0])) == slugs(build_topics([], orders[1]))


def test_of_several_spellings_the_most_used_is_shown() -> None:
    spellings = [
        TopicName("ai", 2, START),
        TopicName("AI", 5, START + timedelta(days=9)),
        TopicName("Ai", 1, START + timedelta(days=1)),
    ]
    topics = build_topics([], spellings)
    assert slugs(topics) == {"AI": "ai"}
    assert topics.canonical(["ai", "AI", "Ai"]) == ("AI",)


def test_the_spelling_of_feeds_yaml_comes_before_the_most_used() -> None:
    topics = build_topics([TopicSettings("Ai")], [TopicName("AI", 99, START)])
    assert slugs(topics) == {"Ai": "ai"}


def test_of_several_spellings_the_earliest_article_decides_who_has_the_slug() -> None:
    names = [
        TopicName("A B", 9, START + timedelta(days=5)),
        TopicName("a b", 1, START),
        TopicName("a/b", 99, START + timedelta(days=1)),
    ]
    assert slugs(build_topics([], names))["A B"] == "a-b"


def test_an_alias_is_another_name_of_the_topic_in_any_case() -> None:
    topics = build_topics(
        [TopicSettings("Machine Learning", aliases=("ML", "Deep Things"))], used("ml", "Tea")
    )
    assert sorted(slugs(topics)) == ["Machine Learning", "Tea"]
    learning = topics.named("machine learning")
    assert learning is topics.named("ML") is topics.named("DEEP  things")
    assert topics.canonical(["Tea", "ml", "Machine Learning"]) == ("Tea", "Machine Learning")
    assert topics.family("ml") == {"machine learning", "ml", "deep things"}


def test_a_name_that_no_topic_has_is_a_family_of_its_own() -> None:
    topics = build_topics([], used("Tea"))
    assert topics.named("Coffee") is None
    assert topics.family("Coffee") == {"coffee"}
    assert topics.canonical(["Coffee"]) == ("Coffee",)


def test_a_parent_takes_in_all_that_is_below_it() -> None:
    topics = build_topics(
        [
            TopicSettings("Deep Learning", parent="Learning", aliases=("DL",)),
            TopicSettings("Learning", parent="AI"),
            TopicSettings("AI"),
        ],
        used("AI", "Tea"),
    )
    assert topics.family("AI") == {"ai", "learning", "deep learning", "dl"}
    assert topics.family("Learning") == {"learning", "deep learning", "dl"}
    assert topics.family("DL") == {"deep learning", "dl"}
    assert topics.family("Tea") == {"tea"}


def test_a_parent_that_is_nowhere_else_is_a_topic_too() -> None:
    topics = build_topics([TopicSettings("Learning", parent="Science & Co")], [])
    assert slugs(topics) == {"Learning": "learning", "Science & Co": "science-and-co"}
    assert topics.family("science & co") == {"science & co", "learning"}


def test_a_parent_may_be_named_by_its_alias() -> None:
    topics = build_topics(
        [TopicSettings("Machine Learning", aliases=("ML",)), TopicSettings("Nets", parent="ml")], []
    )
    assert sorted(slugs(topics)) == ["Machine Learning", "Nets"]
    assert "nets" in topics.family("Machine Learning")


def test_parents_in_a_circle_do_no_harm() -> None:
    topics = build_topics(
        [
            TopicSettings("A", parent="B"),
            TopicSettings("B", parent="C"),
            TopicSettings("C", parent="A"),
            TopicSettings("Self", parent="self"),
        ],
        [],
    )
    assert sorted(slugs(topics)) == ["A", "B", "C", "Self"]
    for name in "ABC":
        assert fold(name) in topics.family(name)
    assert topics.family("Self") == {"self"}


def test_former_slugs_and_those_of_aliases_lead_to_the_topic() -> None:
    topics = build_topics(
        [
            TopicSettings("AI", aliases=("Artificial Minds",), formerly=("ai-old", "tea")),
            TopicSettings("Other", formerly=("ai-old",)),
        ],
        used("Tea"),
    )
    # A slug that a topic has now is that topic's; of two claims, the first counts.
    assert {slug: topic.name for slug, topic in topics.by_former_slug.items()} == {
        "ai-old": "AI",
        "artificial-minds": "AI",
    }


def test_topics_are_in_the_order_of_their_names() -> None:
    topics = build_topics([TopicSettings("Zebra", slug="a")], used("tea", "Coffee", "Äpfel"))
    assert [topic.name for topic in topics] == ["Coffee", "tea", "Zebra", "Äpfel"]


def test_what_feeds_yaml_says_of_a_topic_is_the_topics() -> None:
    topic = build_topics([TopicSettings("Tea", description="Leaves")], used("tea")).named("TEA")
    assert topic is not None
    assert (topic.name, topic.description) == ("Tea", "Leaves")


def mistakes(text: str, *names: str) -> list[str]:
    """Return the problems of a feeds.yaml's topics, where articles use these names."""
    site, problems = read_site(f"title: T\nurl: https://e.example/\n{text}", "feeds.yaml", Site(""))
    assert problems == []
    topics = build_topics(site.topics, used(*names))
    return list(map(str, topic_problems("feeds.yaml", site, topics)))


def test_a_topic_below_itself_is_named_and_stands_alone() -> None:
    text = "topics:\n- {name: A, parent: B}\n- {name: B, parent: A}\n- {name: C, parent: C}\n"
    assert mistakes(text) == [
        "feeds.yaml:5: warning: the parent A is B itself or below it (and 1 more: C on line 6);"
        " leave it out"
    ]


def test_a_former_slug_that_is_alive_or_claimed_twice_is_named() -> None:
    text = "topics:\n- {name: A, formerly: [sea]}\n- {name: B, formerly: [old, a, b]}\n"
    assert mistakes(f"{text}- {{name: C, formerly: [old]}}\n", "Sea") == [
        "feeds.yaml:4: warning: formerly: sea leads to Sea, not to A (and 2 more: a on line 5,"
        " old on line 6); a slug leads to one topic"
    ]


def test_a_name_that_nearly_is_a_topic_is_a_mistake_and_one_far_from_all_is_not() -> None:
    text = (
        "topics:\n- {name: Boats, parent: Harbor}\n- {name: Nets, parent: Everything else}\n"
        "feeds:\n- {name: top, any: [Harbour, Wether], all: [boats], none: [Gossip]}\n"
    )
    assert mistakes(text, "Harbour", "Weather") == [
        "feeds.yaml:4: warning: no article has the topic Harbor; did you mean Harbour?",
        "feeds.yaml:7: warning: no article has the topic Wether; did you mean Weather?",
    ]


def test_a_slug_that_was_made_of_a_long_name_can_be_asked_for() -> None:
    slug = slugify("a very long name " * 9)
    assert len(slug) > 60
    text = f"topics: [{{name: A, slug: {slug}, formerly: [{slug}b]}}]\n"
    site, problems = read_site(f"title: T\nurl: https://e.example/\n{text}", "feeds.yaml", Site(""))
    assert problems == []
    assert (site.topics[0].slug, site.topics[0].formerly) == (slug, (f"{slug}b",))


def test_many_topics_with_one_former_slug_are_one_problem() -> None:
    topics = "".join(f"- {{name: Topic {number}, formerly: [old]}}\n" for number in range(2000))
    [problem] = mistakes(f"topics:\n{topics}")
    assert (
        "leads to Topic 0, not to Topic 1 (and 1,998 more: old on line 6, old on line 7" in problem
    )
    assert len(problem) < 200
