"""Syncs the index with the folder: reads files that changed, and forgets those that are gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from feeds.catalog import schema
from feeds.catalog.database import Database
from feeds.catalog.folder import SiteFolder
from feeds.catalog.schema import ARTICLE, LINK, MEDIA, SOURCE
from feeds.catalog.search import raise_revision
from feeds.parallel import Workers
from feeds.text.slugs import fold

if TYPE_CHECKING:
    from feeds.catalog.reading import Candidate, FileRows
    from feeds.catalog.walk import Stat

#: A file that changed within this time of being read may change again under the same mtime.
RACY_WINDOW_NS = 2_000_000_000
#: A sync of fewer files is seen whole or not at all; more would take too much memory.
MAX_FILES_PER_TRANSACTION = 5_000
#: Nothing of a first sync is seen before it ends: rows are written while other files are read.
MAX_FILES_BEFORE_COMPLETE = 1_000
#: With more names of changed files, all links are looked at.
MAX_NAMES_IN_QUERY = 500


class Synced(NamedTuple):
    """The numbers of files that a sync read and forgot."""

    read: int = 0
    removed: int = 0


def sync(
    index: Database,
    folder: SiteFolder,
    progress: Callable[[int, int], None] | None,
    workers: Workers,
) -> Synced:
    """Bring the index up to date with the folder.

    The progress is called with the number of files read and to read. Raises CatalogError.
    """
    folder = folder.reopened()
    files = folder.files()
    stats = dict(files)
    # A disk that is not mounted, or cannot be listed, has deleted no article.
    out_of_reach = folder.out_of_reach(files)
    gone = list[str]()
    candidates: list[Candidate] = []
    with index.connection() as connection:
        meta = schema.read_meta(connection)
        is_whole = _is_whole(meta)
        most = MAX_FILES_PER_TRANSACTION if meta["complete"] else MAX_FILES_BEFORE_COMPLETE
        # A partial index may hold rows that were read with several.
        has_same_defaults = meta["defaults"] == folder.settings and not meta["partial"]
        query = sa.select(SOURCE).execution_options(yield_per=1000)
        sources: Iterable[Sequence[Any]] = connection.execute(query)
        for path, digest, size, mtime_ns, checked_ns in sources:  # in the table's order of columns
            if stat := files.pop(path, None):
                is_same = has_same_defaults and stat == (size, mtime_ns)
                if not is_same or mtime_ns >= checked_ns - RACY_WINDOW_NS:
                    candidates.append((path, stat, digest))
            elif not path.startswith(out_of_reach):
                gone.append(path)
    candidates += ((path, stat, "") for path, stat in files.items())
    changed, read = [*gone], 0
    batch: dict[str, FileRows] = {}
    results = _read_linked(index, folder, gone, candidates, stats, workers, is_whole=is_whole)
    for done, (path, rows) in enumerate(results, 1):
        batch[path] = rows
        if rows.keys() != {SOURCE.name}:
            read += 1
            changed.append(path)
        if len(changed) >= most:
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
    candidates: list[Candidate],
    stats: Mapping[str, Stat],
    workers: Workers,
    *,
    is_whole: bool,
) -> Iterator[tuple[str, FileRows]]:
    """Yield the rows of the candidates, and then of further ones, which link to what changed."""
    changed = {*gone}
    for (path, _stat, _digest), rows in _read(folder, candidates, workers):
        if rows.keys() != {SOURCE.name}:
            changed.add(path)
        yield path, rows
    if not folder.dialect or changed >= stats.keys():
        return
    # Of a sync that did not end, no one knows what had changed before it.
    linking = _linking(index, folder, changed, all_of_them=not is_whole) - changed
    further = [(path, stats[path], "") for path in sorted(linking & stats.keys())]
    candidates += further
    for (path, _stat, _digest), rows in _read(folder, further, workers):
        yield path, rows


def _linking(
    index: Database, folder: SiteFolder, changed: set[str], *, all_of_them: bool
) -> set[str]:
    """Return the paths of articles whose links may lead elsewhere than they did."""
    dialect, now = folder.dialect, folder.opened // 1000
    names = {fold(name) for path in changed if dialect for name in dialect.link_names(path)}
    may_lead_elsewhere = LINK.c.target.in_(names) | (LINK.c.due <= now) | LINK.c.file.is_not(None)
    is_any = all_of_them or len(names) > MAX_NAMES_IN_QUERY
    query = sa.select(LINK).where(sa.true() if is_any else may_lead_elsewhere)
    found = set[str]()
    with index.connection() as connection:
        for link in connection.execute(query.execution_options(yield_per=1000)):
            links = folder.links_of(link.path) if link.file is not None else None
            is_due = link.due is not None and link.due <= now
            has_moved = links is not None and links.file_of(link.target) != link.file
            if all_of_them or is_due or has_moved or link.target in names:
                found.add(link.path)
    return found


def _read(
    folder: SiteFolder, candidates: Sequence[Candidate], workers: Workers
) -> Iterable[tuple[Candidate, FileRows]]:
    if not candidates:
        return ()
    # Imported late, as all that parses articles: most builds have none to read.
    from feeds.catalog.reading import read_files

    read = partial(read_files, folder)
    rows = workers.map(read, candidates, count=len(candidates), chunk=100)
    return zip(candidates, rows, strict=True)


def _is_whole(meta: dict[str, str]) -> bool:
    return bool(meta["complete"]) and not meta["partial"]


def _write(
    index: Database,
    changed: Sequence[str],
    batch: Collection[FileRows],
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
            # An index has all that this asks for, so that no other article's row is read.
            each = ARTICLE.alias("each")
            wrong = sa.select(each.c.path).where(each.c.has_duplicate_id != each.c.id.in_(shared))
            update = sa.update(ARTICLE).where(ARTICLE.c.path.in_(wrong))
            connection.execute(update.values(has_duplicate_id=~ARTICLE.c.has_duplicate_id))
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
