"""Articles and configurations that are made to take long, to fill the memory or to raise."""

from itertools import pairwise
from pathlib import Path

import pytest

from feeds.catalog.folder import SiteFolder
from feeds.dialects.configuration import read_pattern, read_python
from feeds.dialects.dialect import first_heading
from feeds.dialects.eleventy import Eleventy
from feeds.dialects.javascript import Script
from feeds.parsing.body.extensions import open_notes
from feeds.parsing.body.references import replace_tags
from feeds.parsing.front_matter import HTML_HEAD, read_front_matter
from feeds.parsing.yaml_text import YAMLTextError
from tests.dialects import write_files

BLANKS = " " * 50_000


def test_blanks_take_no_longer_than_other_text() -> None:
    assert first_heading(f"# a{BLANKS}b ## {{#id}}\n") == f"a{BLANKS}b"
    tag = "{% link" + BLANKS
    assert replace_tags(tag, lambda _target, _by_name: None) == tag
    for note in (f"!!! a{BLANKS}$", f"::: note{BLANKS}{{"):
        assert open_notes(note) == note


def test_a_long_word_in_an_html_head_takes_no_longer_than_other_text() -> None:
    text = f"<meta name=a content=b {'x' * 90_000}><body>"
    assert read_front_matter(text, (HTML_HEAD,)).values == {"a": "b"}


@pytest.mark.parametrize("number", ["9" * 5_000, "0x" + "f" * 5_000])
def test_a_number_that_python_cannot_write_is_a_problem_of_the_article(number: str) -> None:
    with pytest.raises(YAMLTextError):
        read_front_matter(f"+++\nweight = {number}\n+++\n")


def test_a_number_that_python_cannot_write_is_no_setting() -> None:
    assert read_python(f"A = 0x{'f' * 5_000}\nB = 1") == {"B": 1}


def test_constants_within_constants_do_not_fill_the_memory() -> None:
    names = "abcdefghij"
    code = "const a = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1];" + "".join(
        f"const {name} = [{','.join(before * 10)}];" for before, name in pairwise(names)
    )
    syntax = Eleventy.syntaxes
    text = f"---js\n{code}\n---\n"
    assert read_front_matter(text, syntax).values["a"] == ["1"] * 10
    assert len(repr(Script(code).names)) < 1_000_000


def test_a_pattern_with_many_optional_parts_is_not_compiled() -> None:
    assert read_pattern("a?" * 40 + "a" * 40) is None
    assert read_pattern("https?://.*")


def test_plugins_of_mkdocs_that_are_lists_are_passed_over(tmp_path: Path) -> None:
    write_files(tmp_path, {"mkdocs.yml": "plugins: [[search]]"})
    assert SiteFolder.open(tmp_path).dialect is None


@pytest.mark.parametrize(
    ("configuration", "path", "text"),
    [
        ({"_config.yml": "timezone: Asia/Tokyo", "_posts/2026-05-01-a.md": ""},
         "_posts/2026-05-01-a.md",
         "---\ntitle: A\ndate: 9999-12-31 20:00:00 +0000\n---\n"),
        ({"pelicanconf.py": "SITEURL = 'https://a.example'", "content/a.md": ""},
         "content/a.md", "Title: A\nDate: 2026-05-01\nUrl: http://[\n\n[a]({attach}a.pdf)"),
    ],
)  # fmt: skip
def test_dates_at_the_end_of_the_calendar_and_false_urls_raise_nothing(
    tmp_path: Path, configuration: dict[str, str], path: str, text: str
) -> None:
    dialect = SiteFolder.open(write_files(tmp_path, configuration)).dialect
    assert dialect
    assert dialect.read(text, path).values["title"] == "A"
