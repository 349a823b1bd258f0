"""Generators that are installed publish the sites of tests as Feeds does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generators import compare
from tests.support import tool


@pytest.mark.parametrize("name", ["hugo", "jekyll"])
def test_the_generator_itself_publishes_the_same(tmp_path: Path, name: str) -> None:
    tool(name)
    count, differences = compare(name, tmp_path)
    assert differences == []
    assert count > 4
