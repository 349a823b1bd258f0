"""The manifest of a tree: the names of the files that builds wrote, and may change or remove."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from feeds.catalog.folder import MANIFEST


def read_manifest(folder: Path) -> frozenset[str] | None:
    """Return the names in a tree's manifest; None where it is missing or damaged."""
    try:
        names = set(json.loads((folder / MANIFEST).read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # Others may be able to write here: a name must not lead out of the tree.
    return frozenset(
        name
        for name in names
        if isinstance(name, str) and name and not {"", "..", "."}.intersection(name.split("/"))
    )


def manifest_body(names: Iterable[str]) -> bytes:
    """Return the bytes of a manifest that owns these files."""
    body = {"written by": "feeds build", "files": sorted(names)}
    return f"{json.dumps(body, indent=0)}\n".encode()
