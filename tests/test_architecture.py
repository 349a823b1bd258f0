"""docs/architecture.md names files and definitions: each of them exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "architecture.md").read_text("utf-8")
#: The file and the names of each row of the table "Where is …".
ROWS = re.findall(r"^\| [^|]+ \| `([\w/]+\.py)` \| (`[^|]+`) \|$", TEXT, re.MULTILINE)
PLACES = [(file, name) for file, names in ROWS for name in re.findall(r"`([\w.]+)`", names)]


def test_the_table_answers_for_twenty_behaviours() -> None:
    assert len(PLACES) >= 20


def definitions(body: list[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """Return the names that statements define, each with the statements of its body."""
    found: dict[str, list[ast.stmt]] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node.body
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: [] for target in targets if isinstance(target, ast.Name)}
    return found


@pytest.mark.parametrize(("file", "name"), PLACES)
def test_a_behaviour_is_where_the_table_says(file: str, name: str) -> None:
    body = ast.parse((ROOT / "feeds" / file).read_text("utf-8")).body
    for part in name.split("."):
        body = definitions(body)[part]


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w/]+(?:\.py|/))`", TEXT))))
def test_every_file_and_folder_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / "feeds" / path).exists()


def test_every_folder_is_described() -> None:
    folders = {f"{file.parent.name}/" for file in (ROOT / "feeds").glob("*/__init__.py")}
    assert folders == set(re.findall(r"^\| `(\w+/)` \|", TEXT, re.MULTILINE))
