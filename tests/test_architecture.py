"""docs/architecture.md names files and definitions: each of them exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "architecture.md").read_text("utf-8")
#: File and name of each row of the table "Where is …".
PLACES = re.findall(r"^\| [^|]+ \| `([\w/]+\.py)` \| `(\w+)` \|$", TEXT, re.MULTILINE)


def test_the_table_answers_for_twenty_behaviours() -> None:
    assert len(PLACES) >= 20


@pytest.mark.parametrize(("file", "name"), PLACES)
def test_a_behaviour_is_where_the_table_says(file: str, name: str) -> None:
    defined: set[str] = set()
    for node in ast.parse((ROOT / "feeds" / file).read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign):
            defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    assert name in defined


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w/]+(?:\.py|/))`", TEXT))))
def test_every_file_and_folder_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / "feeds" / path).exists()


def test_every_folder_is_described() -> None:
    folders = {f"{file.parent.name}/" for file in (ROOT / "feeds").glob("*/__init__.py")}
    assert folders == set(re.findall(r"^\| `(\w+/)` \|", TEXT, re.MULTILINE))
