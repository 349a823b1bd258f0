"""The configuration files with which static hosts answer as the live app does.

Each host can do less than the live app in its own way: docs/hosting.md says what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from feeds.publication.publication import Publication
from feeds.static.hosts.apache import apache
from feeds.static.hosts.layout import TreeLayout
from feeds.static.hosts.nginx import nginx
from feeds.static.hosts.rules import cloudflare, netlify
from feeds.static.hosts.s3 import s3

#: By the names that --hosting takes: the texts of a host's files, by their names in the tree.
HOSTS: Mapping[str, Callable[[TreeLayout], dict[str, str]]] = {
    "netlify": netlify,
    "cloudflare": cloudflare,
    # Without it, GitHub leaves out names that begin with an underscore.
    "github-pages": lambda _layout: {".nojekyll": ""},
    "nginx": nginx,
    "apache": apache,
    "s3": s3,
}


def host_files(host: str, publication: Publication, *, compressed: bool) -> dict[str, bytes]:
    """Return the files that a host of HOSTS reads, by their names in the tree."""
    texts = HOSTS[host](TreeLayout(publication, compressed=compressed))
    return {name: text.encode() for name, text in texts.items()}
