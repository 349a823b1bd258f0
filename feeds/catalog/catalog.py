"""A site's catalog: the index of its articles, the words in them, and its state.

Of feeds.yaml, the index knows the defaults of articles alone: no other change there rereads one.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from feeds.catalog.database import PATIENCE_SECONDS, Database, patiently
from feeds.catalog.folder import LINKED, SiteFolder
from feeds.catalog.ownership import owner_of
from feeds.catalog.place import state_file
from feeds.catalog.schema import (
    ARTICLE,
    MEDIA,
    META,
    OWN_MEDIA,
    PROBLEM,
    SOURCE,
    check_version,
    prepare_index,
    read_meta,
)
from feeds.catalog.search import Search
from feeds.catalog.state import STATE, State, prepare_state
from feeds.catalog.sync import Synced, sync
from feeds.errors import CatalogError, Problem, Severity
from feeds.parallel import Workers


class Catalog:
    """The catalog of one site. Safe to use from many threads and processes."""

    def __init__(
        self,
        place: str | os.PathLike[str],
        *,
        syncs: bool = True,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Open or make the catalog at the path of an SQLite file, or a URL as SQLAlchemy has them.

        An SQLite file is the index alone; the state has a file beside it. With syncs=False, another
        process has to make both. A database that is locked or silent is waited for with patience
        (see also patiently()). Raises CatalogError.
        """
        self._syncs = syncs
        # A file from elsewhere is trusted only if the user of this machine says so: a site may come
        # with one.
        self._is_trusted = bool(os.environ.get("FEEDS_CATALOG"))
        database = partial(Database, makes=syncs, patience_seconds=patience_seconds)
        self._index = self._states = database(os.fspath(place), self._prepare_index, META.name)
        if file := self._index.file:
            self._states = database(str(state_file(file)), self._prepare_state, STATE.name)
        self.state = State(self._states)
        self.search = Search(self._index)
        #: The path or URL with which another process can open the catalog.
        self.place = self._index.place
        # Before anything is made beside it.
        self._index.check_file()
        # First: what earlier versions kept in the file of the index is taken over.
        with patiently():
            self._states.ensure()
            self._index.ensure()

    def _prepare_index(self, connection: sa.Connection, recreate: bool) -> None:
        if not self._index.file:
            prepare_state(connection, owner="")
        prepare_index(connection, recreate, owner=self._owner(self._index.file))

    def _prepare_state(self, connection: sa.Connection, recreate: bool) -> None:
        owner = self._owner(self._states.file)
        prepare_state(connection, recreate, owner=owner, former=self._index.file)

    def _owner(self, file: Path | None) -> str:
        """Return the sign that a file has to have; empty if any will do."""
        return owner_of(file) if file and not self._is_trusted else ""

    def close(self) -> None:
        """Close every connection."""
        self._index.close()
        self._states.close()

    def sync(
        self,
        folder: SiteFolder,
        progress: Callable[[int, int], None] | None = None,
        workers: Workers | None = None,
    ) -> Synced:
        """Bring the index up to date with the folder (see feeds.catalog.sync).

        Raises CatalogRemadeError if the index was damaged: the next sync reads every file.
        """
        with patiently():
            return sync(self._index, folder, progress, workers or Workers())

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Yield a connection to the index.

        Raises CatalogError if no sync has ended yet, or the index was deleted since:
        feeds made from an empty index would take every article back.
        """
        with self._index.connection() as connection:
            meta = read_meta(connection)
            check_version(meta, self._index.name)
            if not meta["complete"]:
                raise CatalogError(f"{self._index.name}: not synced yet")
            self._check_owner(meta)
            yield connection

    def is_complete(self) -> bool:
        """Return whether a sync has ended; before that, reading() raises. Raises CatalogError."""
        with self._index.connection() as connection:
            meta = read_meta(connection)
            self._check_owner(meta)
            return bool(meta["complete"])

    def _check_owner(self, meta: Mapping[str, str]) -> None:
        # A process that syncs has checked it when it was opened.
        if not self._syncs and self._owner(self._index.file) not in ("", meta["owner"]):
            hint = "name it in FEEDS_CATALOG if it is to be used"
            raise CatalogError(f"{self._index.name}: made by another user or machine; {hint}")

    def revision(self) -> str:
        """A string that changes when any query may return something else."""
        with self.reading() as connection:
            revision = read_meta(connection)["revision"]
        return f"{revision}.{self.state.revision()}"

    def problems(self) -> list[Problem]:
        """The problems of the files, in the files' order."""
        with self.reading() as connection:
            return sorted(connection.execute(sa.select(PROBLEM.c.data)).scalars())

    def rejected_files(self) -> tuple[int, list[Problem]]:
        """The number of all files, and the problem of each that is not an article."""
        query = sa.select(PROBLEM.c.data).outerjoin(ARTICLE, ARTICLE.c.path == PROBLEM.c.path)
        with self.reading() as connection:
            files = connection.execute(sa.select(sa.func.count()).select_from(SOURCE)).scalar_one()
            problems = connection.execute(query.where(ARTICLE.c.path.is_(None))).scalars().all()
        # The last one says why: an error, unless an unfinished draft lacks something.
        ordered = sorted(
            problems, key=lambda each: (bool(each.missing), each.severity is Severity.ERROR)
        )
        by_path = {problem.path: problem for problem in ordered}
        found = [by_path[path] for path in sorted(by_path) if by_path[path].code != LINKED]
        return files - (len(by_path) - len(found)), found

    def lengths(self) -> dict[str, int]:
        """The lengths of files that are known, in bytes, by the URLs that articles have."""
        query = sa.select(MEDIA.c.url, MEDIA.c.length).where(MEDIA.c.length.is_not(None))
        with self.reading() as connection:
            own: dict[str, int] = dict(map(tuple, connection.execute(query)))
        return self.state.lengths() | own

    def unmeasured(self, files: Iterable[str]) -> list[str]:
        """The sorted URLs on other servers that these files' articles enclose, without a length."""
        query, these = sa.select(MEDIA.c.url, MEDIA.c.path).where(~OWN_MEDIA), set(files)
        with self.reading() as connection:
            urls = {url for url, path in connection.execute(query) if path in these}
        return sorted(urls - self.state.lengths().keys())
