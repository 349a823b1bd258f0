"""A small site that uses every key, and in expected/ the whole tree that is published of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support import SiteBuilder

GOLDEN = Path(__file__).parent
EXPECTED = GOLDEN / "expected"
URL = "https://feeds.example.com/orchard/"


def golden_site(tmp_path: Path) -> SiteBuilder:
    """The site, copied to where a catalog may be written beside it."""
    root = tmp_path / "golden"
    root.mkdir()
    shutil.copy(GOLDEN / "feeds.yaml", root)
    for name in ("articles", "media"):
        shutil.copytree(GOLDEN / name, root / name)
    return SiteBuilder(root)
