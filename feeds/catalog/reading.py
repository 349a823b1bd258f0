"""Reads the files of articles into rows of the index.

It imports all that parses articles: the rest of the catalog does without.
"""

import hashlib
import time
from collections.abc import Iterable
from typing import Any, TypeAlias

import msgspec

from feeds.catalog import schema
from feeds.catalog.folder import SiteFolder
from feeds.catalog.links import Link
from feeds.catalog.schema import ARTICLE, LINK, MEDIA, PROBLEM, SOURCE, TAGGING
from feeds.catalog.walk import UNREADABLE, Stat
from feeds.errors import Problem
from feeds.model.article import Article
from feeds.model.site import WHOLE_FOLDER
from feeds.parsing.file_names import is_html
from feeds.text.slugs import fold

#: PostgreSQL indexes at most 2,700 bytes, and a character may take four.
MAX_MEDIA_URL_CHARS, _MAX_ID_CHARS = 2000, 500

# In a digest of SOURCE, before that of the articles and files to which an article links.
_LINKS = ":"

#: A file that may have changed since it was read, and the digest that the index has of it.
Candidate: TypeAlias = tuple[str, Stat, str]
#: The rows of a file by the names of tables: those of SOURCE alone if its text is unchanged.
FileRows: TypeAlias = dict[str, list[dict[str, Any]]]


def read_files(folder: SiteFolder, candidates: Iterable[Candidate]) -> list[FileRows]:
    """Read files, and return the rows of each."""
    return [_read_file(folder, *candidate) for candidate in candidates]


def _read_file(folder: SiteFolder, path: str, stat: Stat, indexed_digest: str) -> FileRows:
    # Taken before the file is read: a change from now on is seen by the next sync.
    checked = time.time_ns()
    text = folder.read(path)
    if isinstance(text, Problem) and text.code == "unreadable":
        # Permissions may change without a trace in size or mtime.
        stat = UNREADABLE
    # The same text means another article under another ending, or with other defaults.
    content = f"{is_html(path)}\0{folder.settings_of(path)}\0{type(text).__name__}\0{text}"
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    source = {"path": path, **stat._asdict(), "checked_ns": checked, "digest": digest}
    if digest == indexed_digest.partition(_LINKS)[0]:
        return {SOURCE.name: [source | {"digest": indexed_digest}]}
    links = folder.links_of(path)
    article, problems = (
        (None, [text]) if isinstance(text, Problem) else folder.read_article(text, path, links)
    )
    # Documents are written again where links in them lead elsewhere, too.
    if links and links.digest:
        source["digest"] = digest + _LINKS + links.digest
    is_named = folder.site.articles != WHOLE_FOLDER
    if not article and not is_named and folder.is_beside_articles(path):
        problems = []  # of a README, say
    rows = {
        SOURCE.name: [source],
        PROBLEM.name: [{"path": path, "data": msgspec.json.encode(each)} for each in problems],
        LINK.name: [_link_row(path, link) for link in (links.found() if links else ())],
    }
    return rows | (_article_rows(path, article, folder) if article else {})


def _id_key(article: Article) -> str:
    """The id in Atom, where two articles must not have the same, or a digest of a long one."""
    iri = article.iri
    return iri if len(iri) <= _MAX_ID_CHARS else hashlib.sha256(iri.encode()).hexdigest()


def _link_row(path: str, link: Link) -> dict[str, Any]:
    due = schema.micros(link.due) if link.due else None
    return {"path": path, "target": link.target, "file": link.file, "due": due}


def _article_rows(path: str, article: Article, folder: SiteFolder) -> FileRows:
    provider = article.provider
    row = {
        "path": path, "id": _id_key(article), "has_duplicate_id": False,
        "data": msgspec.json.encode(article),
        "published": schema.micros(article.published), "updated": schema.micros(article.updated),
        "expires": schema.micros(article.expires) if article.expires else None,
        "quality": article.quality, "heat": article.heat,
        "type": fold(article.type), "category": fold(article.category),
        "provider": fold(provider.name) if provider else "",
        "domain": provider.domain if provider else "",
        "recorded": article.recording is not None, "has_unknown_file": article.has_unknown_file,
        "draft": article.draft, "removed": article.removed,
    }  # fmt: skip
    topics = {fold(name): name for name in article.topics}
    unmeasured = (file.url for file in article.enclosures if not file.length)
    urls = {*article.local_files(), *unmeasured}
    lengths = {
        url: folder.media_length(url) if url.startswith("/") else None
        for url in sorted(urls)
        if len(url) <= MAX_MEDIA_URL_CHARS
    }
    return {
        ARTICLE.name: [row],
        TAGGING.name: [{"topic": key, "path": path, "name": topics[key]} for key in topics],
        MEDIA.name: [{"url": url, "path": path, "length": lengths[url]} for url in lengths],
    }
