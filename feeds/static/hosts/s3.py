"""S3-compatible hosts: headers are parameters of each file's upload."""

from __future__ import annotations

import json

from feeds.static.hosts.layout import TreeLayout


def s3(layout: TreeLayout) -> dict[str, str]:
    """Return s3.json: the parameters of PutObject for every file."""
    uploads = []
    for file in layout.files:
        parameters = {
            "Key": f"{layout.root}{file.name}".lstrip("/"),
            "ContentType": file.content_type,
            "CacheControl": file.cache_control,
        }
        if file.redirect:
            parameters["WebsiteRedirectLocation"] = layout.root + file.redirect[1:]
        uploads.append({"file": file.name, "put": parameters})
    return {"s3.json": json.dumps(uploads, indent=1, ensure_ascii=False) + "\n"}
