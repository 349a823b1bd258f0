"""The facts of a tree that its host has to know; no host's own syntax."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from feeds.errors import ConfigurationError
from feeds.model.document import MEDIA_AGE, Document, MediaFile, Redirect
from feeds.publication.publication import Publication, Resource
from feeds.publication.routes import BY_FILE_NAME, IN_ARCHIVE, PAGE_FILE, file_name

MEDIA_CACHE = f"max-age={MEDIA_AGE}"
#: nginx allows a word of 4,095 bytes at most.
_FOLDERS_IN_A_PATTERN = 200


class Headers(NamedTuple):
    """The headers of a file besides COMMON_HEADERS."""

    content_type: str
    cache_control: str
    others: Mapping[str, str] = {}


class TreeLayout:
    """The facts of a tree that its host has to know."""

    def __init__(self, publication: Publication, *, compressed: bool) -> None:
        self._publication = publication
        #: The path of its URL: "/" or "/blog/feeds/".
        self.root = quote(urlsplit(publication.url).path or "/", safe="/%")
        #: True if files have compressed ones beside them.
        self.compressed = compressed
        #: Everything in the tree, without its bytes, by file name.
        self.outlines = {
            file_name(path): outline
            for path in publication.paths()
            if (outline := publication.outline(path))
        }
        #: Headers of documents by their file names in any folder, except of closed periods.
        self.documents = {
            name: self.headers(outline)
            for name, outline in sorted(self.outlines.items())
            if isinstance(outline, Document) and "/" not in name
        }
        #: The documents that every feed has in its folder, except its page.
        self.feeds = [name for name in self.documents if name in BY_FILE_NAME]
        #: Headers of media files by the endings of their names.
        self.media = {
            name.rpartition(".")[2].lower(): self.headers(outline)
            for name, outline in self.outlines.items()
            if isinstance(outline, MediaFile) and "." in name.rpartition("/")[2]
        }
        #: The folders of feeds, with * for a name: "", "topics/*/".
        self.folders = sorted(
            {re.sub("[^/]+/$", "*/", feed.channel.folder) for feed in publication.listed}
        )
        #: The folders that moved, and their new ones: ("topics/old/", "topics/new/").
        self.moved = [
            (name.removesuffix(PAGE_FILE), outline.to[1:])
            for name, outline in self.outlines.items()
            if isinstance(outline, Redirect) and outline.to.endswith("/")
        ]
        #: The former paths of the site's own feed, and its present ones: ("feed/", "rss.xml").
        self.former = [
            (path[1:], route.current_path[1:]) for path, route in publication.routes.former.items()
        ]
        #: The Cache-Control header of closed periods.
        self.closed_cache = publication.cache_control(Document(b"", "", is_closed=True))

    @property
    def plain_root(self) -> str:
        """The root without escapes. Raises ConfigurationError where none can be quoted."""
        root = unquote(self.root)
        if forbidden := re.search(r'[\x00-\x1f\x7f$"\\#]', root):
            why = f"a host's file cannot have {forbidden[0]!r} in a path; choose a URL without it"
            raise ConfigurationError(f"url: {why}")
        return root

    @cached_property
    def closed(self) -> list[str]:
        """The archive folders that are closed periods in every feed with them: "archive/2021/"."""
        periods: dict[str, bool] = {}
        for name, outline in self.outlines.items():
            page = IN_ARCHIVE.fullmatch(name.removesuffix(PAGE_FILE))
            if page and isinstance(outline, Document):
                period = page[0].removeprefix(page[1] or "")
                # A period that is closed in one feed may be the newest of another.
                periods[period] = periods.get(period, True) and outline.is_closed
        # The shortest names first: where a host has no room for all, years hold the most.
        return sorted(filter(periods.get, periods), key=lambda period: (len(period), period))

    def closed_patterns(self) -> Iterator[str]:
        """Yield regular expressions for the paths of closed periods."""
        for start in range(0, len(self.closed), _FOLDERS_IN_A_PATTERN):
            folders = "|".join(self.closed[start : start + _FOLDERS_IN_A_PATTERN])
            yield f"^{re.escape(self.plain_root)}(?:.+/)?(?:{folders})[^/]*$"

    def headers(self, resource: Resource) -> Headers:
        """Return the headers of a file as the live app sends them."""
        if isinstance(resource, MediaFile):
            return Headers(resource.content_type, MEDIA_CACHE, resource.headers)
        document = resource.stand_in if isinstance(resource, Redirect) else resource
        cache_control = self._publication.cache_control(document)
        return Headers(document.media_type, cache_control, document.headers)
