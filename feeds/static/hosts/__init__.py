"""The configuration files with which static hosts answer as the live app does.

Each host can do less than the live app in its own way: docs/hosting.md says what.
"""

import json
from collections.abc import Callable, Iterable, Mapping

from feeds.model.document import Redirect
from feeds.publication.publication import Publication
from feeds.static.hosts.apache import apache
from feeds.static.hosts.layout import TreeLayout
from feeds.static.hosts.nginx import nginx
from feeds.static.hosts.rules import cloudflare, netlify


def s3(layout: TreeLayout) -> dict[str, list[str]]:
    """Return s3.json, with the parameters of each file's upload (PutObject), as headers are."""
    uploads = []
    for name, outline in layout.outlines.items():
        headers = layout.headers(outline)
        parameters = {
            "Key": f"{layout.root}{name}".lstrip("/"),
            "ContentType": headers.content_type,
            "CacheControl": headers.cache_control,
        }
        if isinstance(outline, Redirect):
            parameters["WebsiteRedirectLocation"] = layout.root + outline.to[1:]
        uploads.append({"file": name, "put": parameters})
    return {"s3.json": [json.dumps(uploads, indent=1, ensure_ascii=False)]}


#: By the names that --hosting takes: the lines of a host's files, by their names in the tree.
HOSTS: Mapping[str, Callable[[TreeLayout], Mapping[str, Iterable[str]]]] = {
    "netlify": netlify,
    "cloudflare": cloudflare,
    # Without it, GitHub leaves out names that begin with an underscore.
    "github-pages": lambda _layout: {".nojekyll": ()},
    "nginx": nginx,
    "apache": apache,
    "s3": s3,
}


def host_files(host: str, publication: Publication, *, compressed: bool) -> dict[str, bytes]:
    """Return the files that a host of HOSTS reads, by their names in the tree."""
    files = HOSTS[host](TreeLayout(publication, compressed=compressed))
    return {name: "".join(f"{line}\n" for line in lines).encode() for name, lines in files.items()}
