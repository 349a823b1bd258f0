"""A whole small site, byte for byte.

When the published bytes are meant to change, one command rewrites tests/golden/expected for review:

    UPDATE_EXPECTED=1 pytest -n 0 tests/test_golden.py
"""

from __future__ import annotations

import difflib
import os
import shutil
from pathlib import Path

import pytest

from feeds.static.writer import write_tree
from tests.golden import EXPECTED, golden_site


def files(root: Path) -> dict[str, bytes]:
    """The bytes of every file below a folder, by relative path."""
    return {
        file.relative_to(root).as_posix(): file.read_bytes()
        for file in root.rglob("*")
        if file.is_file()
    }


def difference(name: str, expected: bytes, actual: bytes) -> str:
    """A unified diff of two versions of a file."""
    before, after = (body.decode("utf-8", "backslashreplace") for body in (expected, actual))
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, "", "", 1, "")
    return "\n".join(line[:1000] for line in lines)


@pytest.mark.postgresql
@pytest.mark.usefixtures("engine")
def test_the_golden_site_publishes_every_path_with_the_expected_bytes(tmp_path: Path) -> None:
    site = golden_site(tmp_path)
    write_tree(site.publication(), site.out)
    if os.environ.get("UPDATE_EXPECTED"):
        shutil.rmtree(EXPECTED, ignore_errors=True)
        shutil.copytree(site.out, EXPECTED)
    expected, actual = files(EXPECTED), files(site.out)
    assert sorted(actual) == sorted(expected)
    differences = [
        difference(name, expected[name], actual[name])
        for name in sorted(expected)
        if expected[name] != actual[name]
    ]
    assert not differences, "\n\n".join(differences)


def test_nothing_held_back_is_in_the_golden_tree() -> None:
    everything = b"\n".join(files(EXPECTED).values())
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
        "alert(1)",  # scripts
        "alert(2)",
        'alert("comet")',
        "tracker.example.net",
        "nothing links here",  # a file that no article shows
    ):
        assert secret.encode() not in everything, secret
