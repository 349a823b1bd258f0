"""A whole small site, byte for byte.

When the published bytes are meant to change, one command writes tests/golden/expected anew, and
the difference is for the eye:

    UPDATE_EXPECTED=1 pytest tests/test_golden.py
"""

from __future__ import annotations

import difflib
import os
import shutil
from pathlib import Path

import pytest

from feeds.static.writer import write_tree
from tests.golden import EXPECTED, golden_site


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """The tree as it is published now; with UPDATE_EXPECTED it becomes what is expected."""
    site = golden_site(tmp_path)
    write_tree(site.publication(), site.out)
    if os.environ.get("UPDATE_EXPECTED"):
        shutil.rmtree(EXPECTED, ignore_errors=True)
        shutil.copytree(site.out, EXPECTED)
    return site.out


def files(root: Path) -> dict[str, bytes]:
    found = (each for each in root.rglob("*") if each.is_file())
    return {each.relative_to(root).as_posix(): each.read_bytes() for each in found}


def difference(name: str, expected: bytes, actual: bytes) -> str:
    """What a person wants to see: the lines that differ, or at least where."""
    before, after = (each.decode("utf-8", "backslashreplace") for each in (expected, actual))
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, "", "", 1, "")
    return "\n".join(line[:1000] for line in lines)


def test_the_golden_site_publishes_every_path_with_the_expected_bytes(built: Path) -> None:
    expected, actual = files(EXPECTED), files(built)
    assert sorted(actual) == sorted(expected)
    differences = [
        difference(name, expected[name], actual[name])
        for name in sorted(expected)
        if expected[name] != actual[name]
    ]
    assert not differences, "\n\n".join(differences)


def test_a_second_build_of_the_golden_site_gives_the_same_bytes(
    built: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    again = golden_site(tmp_path_factory.mktemp("again"))
    write_tree(again.publication(), again.out)
    assert files(again.out) == files(built)


def test_what_is_held_back_is_nowhere_in_the_golden_tree(built: Path) -> None:
    everything = b"\n".join(files(built).values())
    assert b"Meteors at dawn" in everything
    for secret in (
        "pears",  # a draft
        "Pears",
        "taken back",  # removed
        "eclipse",  # not yet due
        "c2VjcmV0IG9mIHRoZSBjb21ldA",  # secured
        "not for print",
        "internalNote",
        "never to be published",
        "91.0625",  # quality
        "7.03125",  # heat
        "55.03125",
        "alert(1)",  # what would run
        "alert(2)",
        'alert("comet")',
        "tracker.example.net",
        "nothing links here",  # a file that no article shows
    ):
        assert secret.encode() not in everything, secret
