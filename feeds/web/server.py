"""Runs the live app under granian, in worker processes."""

import os
import signal
import socket
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import Folder, catalog_place
from feeds.errors import ConfigurationError
from feeds.web.app import build_app
from feeds.web.settings import Settings

#: For the header section of a request: far more than any feed reader sends.
MAX_HEADER_BYTES = 32 * 1024
HEADER_TIMEOUT_MILLISECONDS = 10_000
#: Time for a worker that is stopped to finish the requests that it has begun.
SHUTDOWN_SECONDS = 10
#: Hosts that stand for all addresses of the machine, so that no link can lead to them.
ALL_ADDRESSES = ("0.0.0.0", "::", "")  # noqa: S104  # compared, not listened on


def free_port(host: str, port: int) -> int:
    """Return the port, or a free one for 0. Raises ConfigurationError if it is in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            hint = "choose another with --port"
            raise ConfigurationError(f"{host}:{port}: {error.strerror}; {hint}") from error
        return int(probe.getsockname()[1])


def has_index(folder: Folder, *, syncs: bool) -> bool:
    """True if an earlier run has left a whole index, which can be served at once."""
    if not os.path.exists(catalog_place(folder)):
        return False
    # One that does not sync must not prepare the tables either.
    with closing(Catalog(catalog_place(folder), syncs=syncs)) as catalog:
        return catalog.is_complete()


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve a site until the process is told to stop."""
    if hasattr(os, "register_at_fork"):
        # A forked worker has this process's signal handlers until granian sets its own; a signal
        # that came in between would be lost on it.
        for number in (signal.SIGINT, signal.SIGTERM):
            os.register_at_fork(after_in_child=partial(signal.signal, number, signal.SIG_DFL))
    with ExitStack() as stack:
        if workers > 1:
            with suppress(OSError):  # no room: each worker prints all problems
                lock = stack.enter_context(NamedTemporaryFile(prefix="feeds-serve-"))
                settings = replace(settings, report_lock=Path(lock.name))
        # Cached documents need little time, and rendering holds Python's lock: more threads would
        # only help slow downloads, of which each occupies one. It warns about their number.
        granian = Granian(
            "feeds.web.app",  # a name in granian's log: the loader below makes the app
            address=host, port=port, interface=Interfaces.WSGI, workers=workers,
            blocking_threads=16, backpressure=256, websockets=False, log_level=LogLevels.error,
            respawn_failed_workers=True, workers_kill_timeout=SHUTDOWN_SECONDS,
            http1_settings=HTTP1Settings(
                header_read_timeout=HEADER_TIMEOUT_MILLISECONDS, max_buffer_size=MAX_HEADER_BYTES
            ),
        )  # fmt: skip
        granian.serve(target_loader=partial(build_app, settings), wrap_loader=False)
