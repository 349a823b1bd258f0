"""Configuration of generators is data: what is computed in it is unknown, and nothing is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from feeds.catalog.folder import SiteFolder
from feeds.dialects.configuration import folder_inside, read_pattern, read_python
from tests import (
    test_dialect_jekyll,
    test_dialect_mkdocs,
    test_dialect_nikola,
    test_dialect_pelican,
)
from tests.dialects import write_files
from tests.support import within

OTHERS = {"base.py": "A = 'base'\nB = A + '/b'\nfrom other import *\n", "other.py": "C = A\n"}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A = 'a'\nB = A + '/b'\nC = [A, {A: 1}]\nD = C", {"A": "a", "B": "a/b",
         "C": ["a", {"a": 1}], "D": ["a", {"a": 1}]}),
        ("A = B = 1.5", {"A": 1.5, "B": 1.5}),
        ("from base import *\nB = 'mine'", {"A": "base", "B": "mine", "C": "base"}),
        ("from base import A", {}),
        ("from .base import *", {"A": "base", "B": "base/b", "C": "base"}),
        ("from os.path import *\nimport base", {}),
        ("A = os.environ.get('A', 'a')\nB = os.getenv('B')", {"A": "a"}),
        ("A = 1\nA = f()", {}),
        ("A = f'{1}'\nB = 'x' * 9\nC = [B for B in 'ab']\nD = A.b\nE, F = 1, 2", {}),
        ("if True:\n    A = 1\ndef f():\n    B = 2", {}),
        ("A = 'a'\nB = [A, [A]]\nC = [B, B]", {"A": "a", "B": ["a", ["a"]]}),
        ("A = '\\d'", {"A": "\\d"}),
        ("A = 1\n  B = 2", {}),
        ("A = '\0'", {}),
    ],
)  # fmt: skip
def test_variables_of_python_have_their_literals(text: str, values: dict[str, Any]) -> None:
    assert read_python(text, lambda path: OTHERS.get(path, "")) == values


@pytest.mark.parametrize(
    "text",
    [
        "(" * 60_000,
        "-" * 60_000 + "1",
        "A = 'a'\n" + "A = A + A\n" * 5000,
        "A = [1]\n" + "A = [A, A]\n" * 5000,
        "A = " + "[" * 100 + "]" * 100,
        "A = " + "'a' + " * 5000 + "'a'",
        "from a import *\n" * 5000,
        "A = 1\n" * 15_000,
    ],
)
def test_no_python_takes_long(text: str) -> None:
    with within(2):
        found = read_python(text, lambda _path: text)
    assert len(repr(found)) < 20_000


@pytest.mark.parametrize(
    ("pattern", "is_read"),
    [
        (r"(?P<date>\d{4}-\d{2}-\d{2})[-_](?P<slug>.*)", True),
        (r"[^\w\s-]", True),
        (r"C\+\+", True),
        ("(a+)+$", False),
        ("(?:a|aa)*$", False),
        ("(a{1,9}){1,9}$", False),
        ("a*a*a*a*a*b", False),
        ("(?P<slug>a", False),
        ("a" * 501, False),
    ],
)
def test_only_patterns_that_take_no_time_are_read(pattern: str, is_read: bool) -> None:
    assert bool(read_pattern(pattern)) == is_read


@pytest.mark.parametrize(
    ("path", "folder"),
    [("a", "a/"), ("./a/../b/", "b/"), ("", ""), (".", ""), ("/etc", ""), ("a/../../b", "")],
)
def test_folders_stay_within_the_generators(path: str, folder: str) -> None:
    assert folder_inside(path) == folder


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("jekyll", test_dialect_jekyll.FILES),
        ("pelican", test_dialect_pelican.FILES),
        ("nikola", test_dialect_nikola.FILES),
        ("mkdocs", test_dialect_mkdocs.FILES),
    ],
)
def test_each_folder_is_that_of_its_generator(
    tmp_path: Path, name: str, files: dict[str, str]
) -> None:
    dialect = SiteFolder.open(write_files(tmp_path, files)).dialect
    assert dialect
    assert dialect.name == name


def test_a_link_out_of_the_folder_is_no_configuration(tmp_path: Path) -> None:
    write_files(tmp_path, {"out/pelicanconf.py": "SITENAME = 'Out'\n", "in/content/a.md": ""})
    (tmp_path / "in/pelicanconf.py").symlink_to("../out/pelicanconf.py")
    assert SiteFolder.open(tmp_path / "in").site.title != "Out"
