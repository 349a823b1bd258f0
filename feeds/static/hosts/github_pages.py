"""GitHub Pages: nothing can be set but that every file is published."""

from __future__ import annotations

from feeds.static.hosts.layout import TreeLayout


def github_pages(_layout: TreeLayout) -> dict[str, str]:
    """Return .nojekyll: without it, GitHub leaves out names that begin with an underscore."""
    return {".nojekyll": ""}
