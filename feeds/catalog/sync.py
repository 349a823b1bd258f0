"""Syncs the index with the folder: reads files that changed, and forgets those that are gone."""

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from feeds.catalog import schema
from feeds.catalog.database import Database
from feeds.catalog.folder import SiteFolder
from feeds.catalog.schema import ARTICLE, LINK, MEDIA, PROBLEM, SOURCE, TAGGING
from feeds.catalog.search import raise_revision
from feeds.catalog.walk import UNREADABLE, Stat
from feeds.errors import Problem
from feeds.model.article import Article
from feeds.parallel import parallel_map
from feeds.parsing.article import is_html
from feeds.text.slugs import fold

#: A file that changed within this time of being read may change again under the same mtime.
RACY_WINDOW_NS = 2_000_000_000
#: A sync of fewer files is seen whole or not at all; more would take too much memory.
MAX_FILES_PER_TRANSACTION = 5_000
#: PostgreSQL indexes at most 2,700 bytes, and a character may take four.
MAX_MEDIA_URL_CHARS, _MAX_ID_CHARS = 2000, 500


class Synced(NamedTuple):
    """The numbers of files that a sync read and forgot."""

    read: int = 0
    removed: int = 0


#: A file that may have changed since it was read, and the digest that the index has of it.
_Candidate: TypeAlias = tuple[str, Stat, str]
#: The rows of a file by the names of tables: those of SOURCE alone if its text is unchanged.
_FileRows: TypeAlias = dict[str, list[dict[str, Any]]]


def sync(
    index: Database, folder: SiteFolder, progress: Callable[[int, int], None] | None, processes: int
) -> Synced:
    """Bring the index up to date with the folder.

    The progress is called with the number of files read and to read; with several processes (see
    feeds.parallel) many files are read at once. Raises CatalogError.
    """
    folder = folder.reopened()
    files = folder.files()
    stats = dict(files)
    # A disk that is not mounted, or cannot be listed, has deleted no article.
    out_of_reach = folder.out_of_reach(files)
    gone, candidates = list[str](), list[_Candidate]()
    with index.connection() as connection:
        meta = schema.read_meta(connection)
        is_whole = _is_whole(meta)
        # A partial index may hold rows that were read with several.
        has_same_defaults = meta["defaults"] == folder.settings and not meta["partial"]
        for row in connection.execute(sa.select(SOURCE).execution_options(yield_per=1000)):
            if stat := files.pop(row.path, None):
                is_same = has_same_defaults and stat == (row.size, row.mtime_ns)
                if not is_same or stat.mtime_ns >= row.checked_ns - RACY_WINDOW_NS:
                    candidates.append((row.path, stat, row.digest))
            elif not row.path.startswith(out_of_reach):
                gone.append(row.path)
    candidates += ((path, stat, "") for path, stat in files.items())
    changed, batch, read = [*gone], dict[str, _FileRows](), 0
    read_all = partial(parallel_map, partial(_read, folder), processes=processes, chunk=100)
    results = _read_linked(index, folder, gone, candidates, stats, read_all, is_whole=is_whole)
    for done, (path, rows) in enumerate(results, 1):
        batch[path] = rows
        if rows.keys() != {SOURCE.name}:
            read += 1
            changed.append(path)
        if len(changed) >= MAX_FILES_PER_TRANSACTION:
            _write(index, changed, batch.values())
            changed, batch, is_whole = [], {}, False
        if progress:
            progress(done, len(candidates))
    if changed or batch or not is_whole:
        _write(index, changed, batch.values(), defaults=folder.settings)
    _measure(index, folder, keep_missing=bool(out_of_reach))
    return Synced(read, len(gone))


def _read_linked(
    index: Database,
    folder: SiteFolder,
    gone: Iterable[str],
    candidates: list[_Candidate],
    stats: Mapping[str, Stat],
    read_all: Callable[[Sequence[_Candidate]], Iterable[_FileRows]],
    *,
    is_whole: bool,
) -> Iterator[tuple[str, _FileRows]]:
    """Yield the rows of the candidates, and then of further ones, which link to what changed."""
    changed, read = {*gone}, set[str]()
    for (path, _stat, _digest), rows in zip(candidates, read_all(candidates), strict=True):
        if rows.keys() != {SOURCE.name}:
            read.add(path)
        yield path, rows
    if not folder.dialect or read == stats.keys():
        return
    # Of a sync that did not end, no one knows what had changed before it.
    linking = _linking(index, folder, changed | read, all_of_them=not is_whole) - read
    further = [(path, stats[path], "") for path in sorted(linking & stats.keys())]
    candidates += further
    for (path, _stat, _digest), rows in zip(further, read_all(further), strict=True):
        yield path, rows


def _linking(
    index: Database, folder: SiteFolder, changed: set[str], *, all_of_them: bool
) -> set[str]:
    """Return the paths of articles whose links may lead elsewhere than they did."""
    dialect, now = folder.dialect, folder.opened // 1000
    names = {fold(name) for path in changed if dialect for name in dialect.link_names(path)}
    found = set[str]()
    with index.connection() as connection:
        for link in connection.execute(sa.select(LINK).execution_options(yield_per=1000)):
            links = folder.links_of(link.path) if link.file is not None else None
            is_due = link.due is not None and link.due <= now
            has_moved = links is not None and links.file_of(link.target) != link.file
            if all_of_them or is_due or has_moved or link.target in names:
                found.add(link.path)
    return found


def _is_whole(meta: dict[str, str]) -> bool:
    return bool(meta["complete"]) and not meta["partial"]


def _write(
    index: Database,
    changed: Sequence[str],
    batch: Collection[_FileRows],
    defaults: str | None = None,
) -> None:
    """Replace the rows of files, those of changed ones in all tables, in one transaction.

    Until the last transaction of a sync, which has the site's defaults, the index is partial.
    """
    is_last = defaults is not None
    with index.connection(ensure=False) as connection:
        meta = schema.lock(connection)
        schema.check_version(meta, index.name)
        for table in schema.OF_A_FILE:
            rows = [row for file_rows in batch for row in file_rows.get(table.name, ())]
            schema.replace_rows(connection, table.c.path, rows, changed)
        if is_last and (changed or not _is_whole(meta)):
            shared = sa.select(ARTICLE.c.id).group_by(ARTICLE.c.id).having(sa.func.count() > 1)
            is_duplicate = ARTICLE.c.id.in_(shared)
            update = sa.update(ARTICLE).where(ARTICLE.c.has_duplicate_id != is_duplicate)
            connection.execute(update.values(has_duplicate_id=is_duplicate))
        if is_last:
            schema.set_meta(connection, complete="1", partial="", defaults=defaults)
        else:
            schema.set_meta(connection, partial="1")
        if changed or not _is_whole(meta):
            raise_revision(connection, changed)


def _measure(index: Database, folder: SiteFolder, *, keep_missing: bool) -> None:
    """Update the lengths of the site's own files; those that are missing may be out of reach."""
    query = sa.select(MEDIA.c.url, MEDIA.c.length).where(schema.OWN_MEDIA).distinct()
    with index.connection(ensure=False) as connection:
        rows = connection.execute(query).all()
    lengths = [(url, known, folder.media_length(url, known)) for url, known in rows]
    changed = [
        {"of_url": url, "new_length": length}
        for url, known, length in lengths
        if length != known and not (length is None and keep_missing)
    ]
    if changed:
        update = sa.update(MEDIA).where(MEDIA.c.url == sa.bindparam("of_url"))
        with index.connection(ensure=False) as connection:
            raise_revision(connection, ())
            connection.execute(update.values(length=sa.bindparam("new_length")), changed)


def _read(folder: SiteFolder, candidates: Iterable[_Candidate]) -> list[_FileRows]:
    return [_read_file(folder, *candidate) for candidate in candidates]


def _read_file(folder: SiteFolder, path: str, stat: Stat, indexed_digest: str) -> _FileRows:
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
    if digest == indexed_digest:
        return {SOURCE.name: [source]}
    links = folder.links_of(path)
    article, problems = (
        (None, [text]) if isinstance(text, Problem) else folder.read_article(text, path, links)
    )
    rows = {
        SOURCE.name: [source],
        PROBLEM.name: [{"path": path, "data": problem} for problem in problems],
    }
    found = links.found() if links else ()
    rows[LINK.name] = [
        {"path": path, **link._asdict(), "due": schema.micros(link.due) if link.due else None}
        for link in found
    ]
    return rows | (_article_rows(path, article, folder) if article else {})


def _id_key(article: Article) -> str:
    """The id in Atom, where two articles must not have the same, or a digest of a long one."""
    iri = article.iri
    return iri if len(iri) <= _MAX_ID_CHARS else hashlib.sha256(iri.encode()).hexdigest()


def _article_rows(path: str, article: Article, folder: SiteFolder) -> _FileRows:
    provider = article.provider
    row = {
        "path": path, "id": _id_key(article), "has_duplicate_id": False, "data": article,
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
