"""YAML as plain text: equal to PyYAML's own BaseLoader where both read, and bounded where not."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feeds.parsing import yaml_text
from feeds.parsing.yaml_text import YAMLList, YAMLMapping, YAMLTextError, YAMLValue
from tests.support import CORPUS, needs_corpus, within

FRONT_MATTER = re.compile(r"\A\ufeff?---\s*\n(.*?)^---\s*$", re.DOTALL | re.MULTILINE)


def reference(text: str) -> Any:
    """Parse with PyYAML's own constructor."""
    return yaml.load(text, Loader=yaml.CBaseLoader)


def value(text: str) -> YAMLValue:
    """Parse a text without duplicate keys."""
    found, duplicates = yaml_text.load(text)
    assert duplicates == []
    return found


def error(text: str) -> YAMLTextError:
    """Return the error of a text that cannot be parsed."""
    with pytest.raises(YAMLTextError) as caught:
        yaml_text.load(text)
    assert caught.value.message
    assert caught.value.hint
    return caught.value


#: Strings that YAML would like to make something of, and any others.
scalars = st.sampled_from(
    ["2021", "no", "012", "1.10", "~", "null", "", "- a", "a: b", "#", "<<", "*a", "&a", "!!x", "é"]
) | st.text(st.characters(exclude_categories=["Cs", "Cc"]))
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(scalars, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(
    trees,
    st.booleans(),
    st.sampled_from([None, "'", '"']),
    st.sampled_from([None, True, False]),
)
def test_what_yaml_writes_reads_back_as_it_was(
    original: YAMLValue, unicode: bool, quotes: str | None, flow: bool | None
) -> None:
    text = yaml.safe_dump(
        original, allow_unicode=unicode, default_style=quotes, default_flow_style=flow
    )
    # "<<" as a key is a merge for both, quoted or not, and merges have tests of their own.
    if "<<" not in text:
        assert value(text) == reference(text) == original


def with_nulls(found: Any) -> Any:
    """Replace each text that may be a bare null by None."""
    if isinstance(found, dict):
        return {key: with_nulls(item) for key, item in found.items()}
    if isinstance(found, list):
        return [with_nulls(item) for item in found]
    return None if found in ("", "~", "null", None) else found


#: Parts of lines that are plain, or nearly.
indents = st.sampled_from(["", "", "", "  ", "  ", "    ", " ", "   ", "      ", "\t"])
dashes = st.sampled_from(["", "", "", "- ", "- ", "-  ", "-", "- - "])
items = st.sampled_from(
    ["x", "y z ", " -1", '"q" ', "'q r'", "null", "~", "", "it's", "u:v", "u: v", "x # c", "[x]"]
)
keys = st.sampled_from(["", "", "a: ", "a:", "b:", "c: ", "d:  ", "e:", "k-1: ", "_k: "]) | (
    st.sampled_from(["null:", "<<: ", "secured: ", "'a': ", "a :", "é: ", "1: ", "? a", "*x : "])
)
values = (
    st.sampled_from(["", "", "x", "y z", "012", "1.10", "-1", "no", "2026-05-01T09:30:00Z"])
    | st.sampled_from(
        ["u:v", "x ", "''", '""', '"x"  ', "'it''s'", r'"\"\\"', r'"\n"', r"'\"'", "/p", "..."]
    )
    | st.sampled_from(
        ["null", "~", "# c", "x # c", "x: y", "x:", "[x]", "{x: y}", "|", ">-", "&x y"]
    )
    | st.lists(items | scalars, max_size=4).map(", ".join).map("[{}]".format)
    | scalars.map('"{}"'.format)
    | scalars
)
# At the beginning of a text alone, U+FEFF is allowed.
plain_lines = st.lists(st.tuples(indents, dashes, keys, values).map("".join), max_size=8).map(
    lambda lines: "\n".join(lines).lstrip("\ufeff")
)


def read(text: str, first_line: int) -> Any:
    """Return all that load() says of a text, or the error."""
    try:
        found, duplicates = yaml_text.load(text, first_line)
    except YAMLTextError as refused:
        return refused.line, str(refused)
    return found, lines(found), duplicates


def assert_read_as_by_libyaml(text: str) -> None:
    # A comment makes libyaml read the rest of the text too.
    assert read(text, 1) == read("# a comment\n" + text, 0)


@settings(deadline=None, max_examples=500)
@given(plain_lines)
@example("a:\nb: 1\n")
@example("a:\n- b\nc:\n  - d\ne: f")
@example("a:\n  - b: c\n    d:\n    - e:\n      f: g\n  - h\n\ni: j")
@example("a:\n    b:\n  c: d")
@example("a: b\n  - c")
@example("a: b\n  c: d")
@example("a:\n- b\n  - c")
@example("a:\n- \n- b\n")
@example("a:\n- \n  b: c\n")
@example("- a\n- b: c\n")
@example("a: null\nb: 'null'\nnull: c\n")
@example("a: b\nc: d\na: e\n")
@example("a:\n-  b: c\n   d: e\n")
@example("a:\n-b: c\n")
@example("a: [b # c]\n")
@example("a: [b: c, d:]\n")
@example(r"a: '\"'")
@example(f"a:\n- {'b ' * 1000}c\n")
@example(f"a: [{'b ' * 1000}, c]\nd:\n- [{'b ' * 1000}, c]\n")
@example(f"{'a' * 61}: b\n")
@example(f"{'a' * 2000}: b\n")
@example(f"a: b\n{' ' * 40}\nc: d")
@example("".join(f"{' ' * depth}a:\n" for depth in range(31)))
@example("".join(f"{' ' * depth}a:\n" for depth in range(70)))
@example("".join(f"{' ' * depth}- a:\n" for depth in range(0, 30, 2)))
@example("a: b\ufeffc\nd: \ufeffe\nf: '\ufeff'\n\ufeffg: h\n")
@example("a: b\ufeffc\nd: [\ufeff, e\ufeff, '\ufeff']")
@example("a: b\u2028c")
@example("a: b\x85c")
@example("a: b\x7fc")
@example("a: \u3000b\u3000")
def test_plain_lines_mean_what_libyaml_says(text: str) -> None:
    assert_read_as_by_libyaml(text)


def test_an_ordinary_article_needs_no_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "_Loader", None)
    text = (
        'title: "A \\"new\\" feed: here"\nname: \'Čapek #1\'\nat: 2026-05-01T09:30:00Z\nheat: -1\n'
        "url: https://example.org/a?b=c\n\nby:\n  name: A. Author\n  mail:\nof: null\n"
        "topics:\n- x\n- 'y'\ntags: [a, 'b c' ,null]\nnone: []\n"
        "images:\n  - url: /a.png\n    width: 012  \n  -  url: /b.png\n     width: 1\n"
    )
    assert value(text) == {
        "title": 'A "new" feed: here',
        "name": "Čapek #1",
        "at": "2026-05-01T09:30:00Z",
        "heat": "-1",
        "url": "https://example.org/a?b=c",
        "by": {"name": "A. Author", "mail": None},
        "of": None,
        "topics": ["x", "y"],
        "tags": ["a", "b c", None],
        "none": [],
        "images": [{"url": "/a.png", "width": "012"}, {"url": "/b.png", "width": "1"}],
    }
    with pytest.raises(TypeError):
        value("title: a  # a comment\n")


@pytest.mark.parametrize(
    "line",
    ["k:{}#", "{}#", "k: x{}#", "k: x{}", "- {}", "k:{}'", "k: [{}", "k: [{}]"],
)
@pytest.mark.parametrize("filling", [" ", "x ", "a:", '"\\"', "x,", '"", '])
def test_no_line_takes_more_than_linear_time(line: str, filling: str) -> None:
    with within(5), suppress(YAMLTextError):
        yaml_text.load(line.format(filling * (90_000 // len(filling))))


@needs_corpus
def test_every_front_matter_of_the_corpus_is_read_as_yaml_reads_it() -> None:
    compared = 0
    for file in sorted(CORPUS.rglob("*")):
        if file.suffix not in (".md", ".html"):
            continue
        match = FRONT_MATTER.match(file.read_text(encoding="utf-8"))
        if not match:
            continue
        assert_read_as_by_libyaml(match[1])
        found, _duplicates = yaml_text.load(match[1])
        assert with_nulls(found) == with_nulls(reference(match[1])), file
        compared += 1
    assert compared > 700


def test_text_stays_text() -> None:
    assert value("title: 2021\npublished: no\nslug: 012\nversion: 1.10\nat: 12:30:45\n") == {
        "title": "2021",
        "published": "no",
        "slug": "012",
        "version": "1.10",
        "at": "12:30:45",
    }


def test_only_what_is_bare_is_nothing() -> None:
    text = "a: ~\nb: null\nc:\nd: ''\ne: '~'\nf: \"null\"\ng: [~, '']\nh: Null\n"
    nothing = dict.fromkeys("abc")
    written = {"d": "", "e": "~", "f": "null", "g": [None, ""], "h": "Null"}
    assert value(text) == nothing | written


@pytest.mark.parametrize("empty", ["", "\n", "# just a comment\n"])
def test_an_empty_text_is_nothing(empty: str) -> None:
    assert value(empty) is None


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {k: [v]}\nb: *x\nc: *x\n",
        "- &x a\n- [*x, *x]\n",
        "d: &d {a: 1, b: 2}\ne: {<<: *d, b: 3}\n",
        "d: &d {a: 1, b: 2}\ne:\n  b: 3\n  <<: *d\n",
        "e: {<<: [{a: 1, b: 2}, {a: 3, c: 4}], c: 5}\n",
        "a: &a {k: 1}\nb: &b {<<: *a, l: 2}\nc: {<<: *b, k: 3}\n",
    ],
)
def test_anchors_and_merge_keys_mean_what_yaml_means(text: str) -> None:
    # BaseLoader merges nothing; the loader above it does, and makes numbers, which are undone.
    assert value(text) == strings(yaml.load(text, Loader=yaml.SafeLoader))


def test_the_last_of_two_anchors_of_one_name_counts() -> None:
    # YAML 1.1 §3.2.2.2 allows it, whatever PyYAML's own composer says.
    assert value("a: &x 1\nb: &x 2\nc: *x\n") == {"a": "1", "b": "2", "c": "2"}


def strings(found: Any) -> Any:
    """The same values with their numbers as text."""
    if isinstance(found, dict):
        return {key: strings(item) for key, item in found.items()}
    if isinstance(found, list):
        return [strings(item) for item in found]
    return str(found)


def test_many_merges_into_one_mapping_take_linear_time() -> None:
    count = 12_000
    merges = "".join(f"a{number}: &a {{k{number}: 1}}\n<<: *a\n" for number in range(count))
    # It was ten seconds.
    with within(4):
        found = value(merges)
    assert isinstance(found, dict)
    assert (len(found), found["k0"], found[f"k{count - 1}"]) == (2 * count, "1", "1")


def test_a_key_that_is_said_twice_is_named_with_its_line_and_the_last_counts() -> None:
    text = "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n'a': 2\nb: 4\n"
    assert yaml_text.load(text) == ({"a": "2", "b": "4"}, [(5, "c"), (6, "a"), (7, "b")])


def test_a_key_that_overrides_a_merged_one_is_no_duplicate() -> None:
    assert value("{a: 1, <<: {a: 2, b: 3}}") == {"a": "1", "b": "3"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: b: c\n", 1, "^not YAML: ."),
        ("a: 1\nb: [1, 2\n", 3, "^not YAML: ."),
        ("a: 1\n\tb: 2\n", 2, "^not YAML: ."),
        ("a: 1\nb: 'open\n", 3, "^not YAML: ."),
        ("a: 1\nb: @c\n", 2, "^not YAML: ."),
        ("a: 1\n- b\n", 2, "^not YAML: ."),
        ("a: 1\n---\nb: 2\n", 2, "more than one YAML document"),
        ("a: 1\nb: *c\n", 2, r"\*c"),
        ("a: &x\n  b: *x\n", 2, r"\*x"),
        ("a: &x [1, *x]\n", 1, r"\*x"),
        ("a: 1\n? [b]\n: c\n", 2, "key"),
        ("a: 1\n? {b: c}\n: d\n", 2, "key"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "python/object/apply:os.system"),
        ("a: !!python/name:os.system\n", 1, "python/name:os.system"),
        ("- a\n- !own b\n", 2, "!own"),
        ("a: !!binary aGk=\n", 1, "binary"),
        ("a: !!set {x}\n", 1, "set"),
        ("a: 1\nb: \0\n", 2, "character"),
        ("a: 1\nb: c\x01\n", 2, "character"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_line(text: str, line: int, message: str) -> None:
    found = error(text)
    assert re.search(message, found.message)
    assert found.line == line


def test_a_lone_surrogate_is_an_error_like_any_other() -> None:
    assert error("a: \ud800\n").line == 1


def test_tags_that_say_no_more_than_the_value_are_passed_over() -> None:
    text = "a: !!int 3\nb: !!str no\nc: !!bool yes\nd: !!seq [x]\ne: !!map {k: v}\nf: ! g\n"
    expected = {"a": "3", "b": "no", "c": "yes", "d": ["x"], "e": {"k": "v"}, "f": "g"}
    assert value(text) == expected


def test_an_alias_bomb_is_refused_at_once() -> None:
    text = f"a: &a [{', '.join('x' * 9)}]\n"
    for before, letter in zip("abcdefghi", "bcdefghij", strict=True):
        text += f"{letter}: &{letter} [{', '.join([f'*{before}'] * 9)}]\n"
    assert len(text) < 1024
    with within(5):
        assert "alias" in error(text).message


def test_a_bomb_of_merged_mappings_is_refused() -> None:
    keys = ", ".join(f"k{index}: v" for index in range(500))
    text = f"a: &a {{{keys}}}\n" + "".join(f"m{index}: {{<<: *a}}\n" for index in range(500))
    assert "alias" in error(text).message


def test_as_many_values_as_an_article_could_ever_have_are_read() -> None:
    text = "a:\n" + "- b\n" * 50_000
    assert value(text) == {"a": ["b"] * 50_000}


@pytest.mark.parametrize(
    "text",
    ["[" * 5000 + "]" * 5000, "- " * 5000 + "a", "{a: " * 5000 + "b" + "}" * 5000, "[" * 5000],
    ids=["lists", "blocks", "mappings", "open"],
)
def test_5000_levels_are_an_error_and_no_crash(text: str) -> None:
    assert "nested" in error(text).message


def test_brackets_in_quotes_are_not_taken_for_nesting() -> None:
    text = f"a: '{'[' * 100}'\nb: \"{'{' * 100}\"  # {'[' * 100}\nc: d: e\n"
    assert error(text).message.startswith("not YAML: ")
    assert error(text).line == 3


def test_many_quotes_without_an_end_take_no_longer_than_other_text() -> None:
    with within(5):
        assert error("a: b: c\nd: " + '"\\' * 500_000).message.startswith("not YAML: ")


def test_the_deepest_nesting_that_is_allowed_is_read() -> None:
    depth = yaml_text.MAX_DEPTH
    found = value("[" * depth + "]" * depth)
    for _level in range(depth - 1):
        assert isinstance(found, list)
        found = found[0]
    assert found == []
    assert "nested" in error("[" * (depth + 1) + "]" * (depth + 1)).message


def lines(found: YAMLValue, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], int]:
    """Line of every key and item, by the keys and indexes that lead to it."""
    by_path: dict[tuple[str | int, ...], int] = {}
    if isinstance(found, YAMLMapping):
        assert found.keys() == found.lines.keys()
        for key, item in found.items():
            by_path |= {(*path, key): found.lines[key]} | lines(item, (*path, key))
    if isinstance(found, YAMLList):
        for index, (line, item) in enumerate(zip(found.lines, found, strict=True)):
            by_path |= {(*path, index): line} | lines(item, (*path, index))
    return by_path


def test_every_key_and_item_has_its_line() -> None:
    text = (
        "a: 1\n# a comment\nb:\n  - x\n  - y: 2\n    z: |\n      text\n\n  - {k: v,\n     l: w}\n"
    )
    text += "c: [p,\n  q]\n"
    assert lines(value(text)) == {
        ("a",): 1,
        ("b",): 3,
        ("b", 0): 4,
        ("b", 1): 5,
        ("b", 1, "y"): 5,
        ("b", 1, "z"): 6,
        ("b", 2): 9,
        ("b", 2, "k"): 9,
        ("b", 2, "l"): 10,
        ("c",): 11,
        ("c", 0): 11,
        ("c", 1): 12,
    }


def test_the_line_of_a_key_that_is_said_twice_is_the_one_that_counts() -> None:
    assert lines(yaml_text.load("a: 1\nb: 2\na: 3\n")[0]) == {("a",): 3, ("b",): 2}


def test_a_value_by_an_alias_or_a_merge_has_the_line_on_which_it_is_written() -> None:
    found = value("a: &x {k: 1,\n  l: 2}\nb: *x\nc:\n  <<: *x\n  k: 3\n")
    assert lines(found) == {
        ("a",): 1, ("a", "k"): 1, ("a", "l"): 2, ("b",): 3, ("b", "k"): 1, ("b", "l"): 2,
        ("c",): 4, ("c", "k"): 6, ("c", "l"): 2,
    }  # fmt: skip


def test_lines_are_counted_from_the_number_of_the_first() -> None:
    assert lines(yaml_text.load("a: 1\nb: 2\n", first_line=10)[0]) == {("a",): 10, ("b",): 11}
    with pytest.raises(YAMLTextError) as caught:
        yaml_text.load("a: 1\nb: *c\n", first_line=10)
    assert caught.value.line == 11


@settings(deadline=None)
@given(st.text() | st.lists(st.sampled_from([*"[]{}:,-&*!|>'\"#%@`?~ \n\tab"])).map("".join))
def test_any_text_is_read_or_refused_with_a_line_of_its_own(text: str) -> None:
    try:
        found, duplicates = yaml_text.load(text)
    except YAMLTextError as refused:
        found, duplicates = None, [(refused.line, refused.message)]
    else:
        duplicates += [(line, "") for line in lines(found).values()]
    assert found is None or isinstance(found, (str, list, dict))
    # YAML 1.1 counts more ends of lines than Python's splitlines() knows.
    last = len(re.findall("[\n\r\x85\u2028\u2029]", text)) + 2
    assert all(1 <= line <= last for line, _what in duplicates)
