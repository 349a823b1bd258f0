"""Settings of the live app, from the environment or from `feeds serve`.

FEEDS_SITE names the site, else it is the working folder; FEEDS_URL says where it is published,
FEEDS_UNPUBLISHED=1 shows drafts, FEEDS_SYNC=0 serves the index that another process updates, and
FEEDS_PROXIES is the number of proxies in front whose X-Forwarded headers are trusted.
FEEDS_CATALOG, the database of the index, is read where the catalog is opened.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from feeds.catalog.folder import SiteFolder
from feeds.errors import ConfigurationError
from feeds.model.site import DEFAULT_URL
from feeds.parsing.site_config import read_site_url


@dataclass(frozen=True, slots=True)
class Settings:
    """One site as one process serves it. Picklable, so that a server can pass it to its workers."""

    #: The site's folder, or its feeds.yaml.
    site: Path
    #: Overrides the URL of feeds.yaml.
    url: str = ""
    #: URL of a folder without a feeds.yaml, unless `url` is given.
    address: str = DEFAULT_URL
    unpublished: bool = False
    #: False answers from an index that another process updates.
    syncs: bool = field(default_factory=lambda: os.environ.get("FEEDS_SYNC") != "0")
    #: Proxies in front of the app whose X-Forwarded headers are trusted.
    proxies: int = 0
    access_log: bool = False
    #: Answer from the index of an earlier run at first, and sync in the background.
    starts_indexed: bool = False
    #: A file that the workers of one server lock, so that one of them prints problems.
    report_lock: Path | None = None
    #: The pause between walks over the folders, for changes that the system does not announce.
    walk_seconds: float = 3.0

    @classmethod
    def from_environment(
        cls, site: str | os.PathLike[str] | None = None, *, url: str = "", unpublished: bool = False
    ) -> Settings:
        """Return the settings given, else those of the environment. Raises ConfigurationError."""
        proxies = os.environ.get("FEEDS_PROXIES") or "0"
        if not proxies.isdecimal():
            raise ConfigurationError(f"FEEDS_PROXIES is {proxies!r}; it takes a number, such as 1")
        return cls(
            Path(site or os.environ.get("FEEDS_SITE") or os.curdir).absolute(),
            url=read_site_url(url or os.environ.get("FEEDS_URL", "")),
            unpublished=unpublished or os.environ.get("FEEDS_UNPUBLISHED") == "1",
            proxies=int(proxies),
        )

    def url_of(self, folder: SiteFolder) -> str:
        """Return the URL at which a folder is published."""
        return self.url or (folder.site.url if folder.configured else self.address)
