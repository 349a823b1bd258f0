"""Fields: values by type, and one problem with its line for each value of another type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import methodcaller
from typing import Any

import pytest

from feeds.errors import Problem, Severity
from feeds.parsing.article import read_article
from feeds.parsing.fields import Fields
from feeds.parsing.report import Limits, Report
from tests.support import article, document


def read(source: str) -> tuple[Fields, list[Problem]]:
    """The fields of a text that begins on line 2 of its file, and the problems to come."""
    report = Report("a.md", Severity.ERROR)
    fields = Fields.load(source, report, empty=("empty", "write a key"), first_line=2)
    return fields, report.problems


def only_problem(problems: list[Problem]) -> tuple[int, str]:
    """The line and the code of the one problem there is, which comes with a hint."""
    (problem,) = problems
    assert problem.path == "a.md"
    assert problem.message
    assert problem.hint
    return problem.line, problem.code


#: Method of Fields by kind of value.
KINDS: dict[str, Callable[[Fields], Any]] = {
    **{kind: methodcaller(kind, "k") for kind in ("text", "markup", "url", "date", "number")},
    **{kind: methodcaller(kind, "k") for kind in ("count", "time_span", "texts", "mapping")},
    "flag": lambda fields: fields.flag("k", True),
    "mappings": lambda fields: list(fields.mappings("k")),
}
#: Result of each kind for a missing value.
NOTHING: dict[str, Any] = {
    **dict.fromkeys(("text", "markup", "url"), ""),
    **dict.fromkeys(("date", "number", "count", "time_span", "mapping")),
    "flag": True,
    "texts": (),
    "mappings": [],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", ["other: 1\n", "k:\n", "k: ~\n"])
def test_a_missing_value_is_nothing_and_no_problem(kind: str, source: str) -> None:
    fields, problems = read(source)
    assert KINDS[kind](fields) == NOTHING[kind]
    assert "k" not in fields
    assert problems == []


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        ("text", '" Tea &amp;\\n  cake "', "Tea & cake"),
        ("text", "2021", "2021"),
        ("markup", '" <b>Tea</b> &amp;\\n cake "', " <b>Tea</b> &amp;\n cake "),
        ("url", "HTTPS://Example.COM:443", "https://example.com/"),
        ("date", "2026-05-01T09:30:00+02:00", datetime(2026, 5, 1, 7, 30, tzinfo=UTC)),
        ("number", "-1.5", -1.5),
        ("count", "12", 12),
        ("flag", "no", False),
        ("time_span", "12h", timedelta(hours=12)),
        ("time_span", "30 d", timedelta(days=30)),
        ("time_span", "99999w", timedelta(weeks=99_999)),
        ("texts", "[AI, Robots, AI, ' AI ', ~, '']", ("AI", "Robots")),
        ("texts", "AI", ("AI",)),
        ("texts", "AI, Robots", ("AI, Robots",)),
    ],
)
def test_a_value_is_read_as_its_kind(kind: str, written: str, expected: Any) -> None:
    fields, problems = read(f"k: {written}\n")
    assert KINDS[kind](fields) == expected
    assert "k" in fields
    assert problems == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("mapping")])
def test_a_mapping_where_none_belongs_is_reported_once_and_left_out(kind: str) -> None:
    fields, problems = read("a: 1\nb: 2\nk:\n  x: 1\n  y: 2\n")
    assert KINDS[kind](fields) == NOTHING[kind]
    assert only_problem(problems) == (4, "wrong-type")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("texts", "mappings")])
def test_a_list_where_none_belongs_is_reported_once_and_left_out(kind: str) -> None:
    fields, problems = read("a: 1\nk:\n  - 1\n  - 2\n")
    assert KINDS[kind](fields) == NOTHING[kind]
    assert only_problem(problems) == (3, "wrong-type")


def test_an_item_of_the_wrong_type_is_reported_on_its_line_and_the_others_stay() -> None:
    fields, problems = read("k:\n  - AI\n  - x: 1\n  - Robots\n")
    assert fields.texts("k") == ("AI", "Robots")
    assert only_problem(problems) == (4, "wrong-type")


@pytest.mark.parametrize(
    ("kind", "written", "code"),
    [
        *(("url", bad, "bad-url") for bad in ("'javascript:alert(1)'", "a/b.png", "'http://'")),
        *(("date", bad, "bad-date") for bad in ("yesterday", "2021-02-30", "'1'")),
        *(("number", bad, "bad-number") for bad in ("nan", ".inf", "1e3", "'1,5'", "٣", "0x10")),
        *(("count", bad, "bad-number") for bad in ("0", "-1", "1.5", "many", "9999999999999999")),
        *(("mapping", "x", "wrong-type"), ("mappings", "x", "wrong-type")),
        *(("flag", bad, "bad-flag") for bad in ("maybe", "2", "truely")),
        *(("time_span", bad, "bad-period") for bad in ("0d", "-1d", "1.5d", "3", "d", "1y", "٣d")),
        ("time_span", "100000d", "bad-period"),
    ],
)
def test_a_value_that_is_not_of_its_kind_is_reported(kind: str, written: str, code: str) -> None:
    fields, problems = read(f"a: 1\nk: {written}\n")
    assert KINDS[kind](fields) == NOTHING[kind]
    assert only_problem(problems) == (3, code)


def test_every_word_of_yaml_for_yes_and_no_is_a_flag_and_any_other_is_the_default() -> None:
    for word in "true True TRUE yes Yes YES on On ON y Y 1 maybe".split():
        assert read(f"k: {word}\n")[0].flag("k", False) is (word != "maybe")
    for word in "false False FALSE no No NO off Off OFF n N 0".split():
        assert read(f"k: {word}\n")[0].flag("k", True) is False


def test_a_problem_without_a_line_of_its_own_has_the_nearest_around_it() -> None:
    fields, problems = read("a: 1\nk:\n  - https://example.com/\n  - nonsense\n")
    urls = [inner.url("url") for inner in fields.mappings("k", short="url")]
    assert urls == ["https://example.com/", ""]
    assert only_problem(problems) == (5, "bad-url")


def test_a_site_path_is_a_url_only_where_it_is_asked_for() -> None:
    fields, problems = read("k: media/a.png\n")
    assert fields.url_or_path("k") == "/media/a.png"
    assert problems == []
    assert fields.url("k") == ""
    assert only_problem(problems) == (2, "bad-url")


@pytest.mark.parametrize(
    "source", ["k: {url: x}\n", "k: x\n", "k: [x]\n", "k: [{url: x}]\n", "k: [~, x, ~]\n"]
)
def test_a_mapping_alone_and_short_text_stand_for_a_list_of_mappings(source: str) -> None:
    fields, problems = read(source)
    assert [inner.text("url") for inner in fields.mappings("k", short="url")] == ["x"]
    assert problems == []


def test_a_problem_deep_inside_is_reported_on_its_own_line() -> None:
    fields, problems = read("k:\n  - n: 1\n  - m:\n      n: x\n")
    _first, second = fields.mappings("k")
    inner = second.mapping("m")
    assert inner is not None
    assert inner.count("n") is None
    assert only_problem(problems) == (5, "bad-number")


def test_an_unknown_key_is_reported_with_the_nearest_that_is_known() -> None:
    for source, hint in [
        ("title: a\ntopcis: b\n", "did you mean topics?"),
        ("title: a\nzzz: c\n", "known keys: title, topics"),
    ]:
        fields, problems = read(source)
        fields.reject_unknown_keys(["topics", "title"])
        assert only_problem(problems) == (3, "unknown-key")
        assert problems[0].hint == hint


def test_problems_of_one_kind_are_told_once_with_their_number() -> None:
    fields, problems = read("a: 1\na: 2\nb: 3\na: 4\nb: 5\nk: [{u: x}, {u: y}]\n")
    for item in fields.mappings("k"):
        item.url("u")
    assert [str(each) for each in problems] == [
        "a.md:3: duplicate key a (and 2 more: a on line 5, b on line 6); the last value is used",
        "a.md:7: u is 'x' (and 1 more: line 7); it should be an http or https URL",
    ]


def test_ten_thousand_mistakes_are_a_few_short_lines() -> None:
    long = "x" * 900
    source = "".join(f"{long}{number % 9}: 1\n" for number in range(1000))
    source += "".join(f"k{number}: 1\n" for number in range(10_000))
    fields, problems = read(source + f"k: {long}\n")
    fields.reject_unknown_keys(["k"])
    fields.number("k")
    assert [each.code for each in problems] == ["duplicate-key", "unknown-key", "bad-number"]
    assert all(len(str(each)) < 600 for each in problems)
    assert "(and 990 more:" in problems[0].message
    assert "(and 10,008 more:" in problems[1].message


def test_a_list_is_read_up_to_a_limit_and_the_rest_counted() -> None:
    report = Report("a.md", Severity.WARNING, Limits(items=3, items_of={"few": 2}))
    source = "few: [a, b, c, d]\nmany:\n- {deep: [1, 2]}\n- {deep: [3,\n 4, 5]}\n"
    fields = Fields.load(source, report, empty=("", ""))
    assert fields.texts("few") == ("a", "b")
    assert [item.texts("deep") for item in fields.mappings("many")] == [("1", "2"), ("3",)]
    assert [str(each) for each in report.problems] == [
        "a.md:1: warning: few: 2 too many, left out; at most 2",
        "a.md:5: warning: deep: 2 too many, left out; at most 3",
    ]


def test_a_text_beyond_the_limit_of_its_file_is_left_out() -> None:
    report = Report("feeds.yaml", Severity.ERROR, Limits(chars=9, chars_of={"description": 12}))
    source = f"title: {'t' * 10}\ndescription: {'d' * 12}\nurl: http://e.org/{'é' * 9}\n"
    fields = Fields.load(source, report, empty=("", ""))
    assert (fields.text("title"), fields.url("url")) == ("", "")
    assert fields.text("description") == "d" * 12
    assert [str(each) for each in report.problems] == [
        "feeds.yaml:1: title is 10 characters long; at most 9 are allowed",
        "feeds.yaml:3: url is 22 characters long; at most 9 are allowed",
    ]


def test_a_control_character_is_a_warning_and_is_taken_out() -> None:
    fields, problems = read('a: 1\nk: "te\\u0007a"\n')
    assert fields.text("k") == "tea"
    assert only_problem(problems) == (3, "control-character")
    assert problems[0].severity is Severity.WARNING
    assert "U+0007" in problems[0].message


def test_an_author_alone_is_the_provider() -> None:
    keys: dict[str, Any] = {
        "provider": {"authors": ["Jo Quay", "Al Tide"], "domain": "not a domain!"}
    }
    found, problems = read_article(document(article(**keys)), "a.md")
    assert found
    assert found.provider
    assert (found.provider.name, found.provider.domain) == ("not a domain!", "")
    assert [each.code for each in problems] == ["bad-domain"]
    del keys["provider"]["domain"]
    found, problems = read_article(document(article(**keys)), "a.md")
    assert found
    assert found.provider
    assert (found.provider.name, found.provider.authors) == ("Jo Quay", ("Al Tide",))
    assert problems == []


def test_a_file_of_the_site_has_a_kind_that_is_published() -> None:
    keys = {"images": 5, "actions": [{"url": "/a.md"}, {"url": "notes.pdf"}]}
    found, problems = read_article(document(article(**keys)), "a.md")
    assert found
    assert found.images == ()
    assert [each.url for each in found.downloads] == ["/notes.pdf"]
    assert [each.message.count("(and 1 more: line ") for each in problems] == [1]
