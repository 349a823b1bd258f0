"""S3-compatible hosts: headers are parameters of each file's upload."""

from __future__ import annotations

import json

from feeds.model.document import Redirect
from feeds.static.hosts.layout import TreeLayout


def s3(layout: TreeLayout) -> dict[str, str]:
    """Return s3.json: the parameters of PutObject for every file."""
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
    return {"s3.json": json.dumps(uploads, indent=1, ensure_ascii=False) + "\n"}
