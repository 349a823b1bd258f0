"""The configuration files with which static hosts answer as the live app does, one module a host.

Each host can do less than the live app in its own way: docs/hosting.md says what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from feeds.static.hosts.apache import apache
from feeds.static.hosts.cloudflare import cloudflare
from feeds.static.hosts.github_pages import github_pages
from feeds.static.hosts.layout import TreeLayout, tree_layout
from feeds.static.hosts.netlify import netlify
from feeds.static.hosts.nginx import nginx
from feeds.static.hosts.s3 import s3

#: By the names that --hosting takes: the texts of a host's files, by their names in the tree.
HOSTS: Mapping[str, Callable[[TreeLayout], dict[str, str]]] = {
    "netlify": netlify,
    "cloudflare": cloudflare,
    "github-pages": github_pages,
    "nginx": nginx,
    "apache": apache,
    "s3": s3,
}

__all__ = ["HOSTS", "TreeLayout", "host_files", "tree_layout"]


def host_files(host: str, layout: TreeLayout) -> dict[str, bytes]:
    """Return the files that a host of HOSTS reads, by their names in the tree."""
    return {name: text.encode() for name, text in HOSTS[host](layout).items()}
