"""Runs the live app under granian, in worker processes."""

import errno
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.catalog.place import catalog_place
from feeds.errors import ConfigurationError
from feeds.web.app import build_gateway
from feeds.web.settings import Settings

#: For the header section of a request: far more than any feed reader sends.
MAX_HEADER_BYTES = 32 * 1024
HEADER_TIMEOUT_MILLISECONDS = 10_000
#: Time for a worker that is stopped to finish the requests that it has begun.
SHUTDOWN_SECONDS = 10
#: Files that a worker opens at most: 8,000 connections and their downloads.
MAX_FILES = 16_384
#: Files for the index, the site's articles and the log.
RESERVED_FILES = 384
MIN_CONNECTIONS = 64
#: Connections that the system keeps until a worker accepts them.
BACKLOG = 4_096
#: Threads that read files for downloads, a piece at a time.
FILE_THREADS = 8
#: Hosts that stand for all addresses of the machine, so that no link can lead to them.
ALL_ADDRESSES = ("0.0.0.0", "::", "")  # noqa: S104  # compared, not listened on


def free_address(host: str, port: int) -> tuple[str, int]:
    """Return the IP address of a host, and the port, or a free one for 0.

    Raises ConfigurationError if the name has no address of this machine, or the port is in use.
    """
    try:
        flags = socket.AI_PASSIVE
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=flags)
    except (OSError, UnicodeError) as error:
        hint = "choose an address of this machine with --host"
        raise ConfigurationError(f"--host {host}: no such name; {hint}") from error
    # A name such as localhost may have one of each: programs that know only one kind know IPv4.
    family, *_, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    if "%" in str(address[0]):  # granian takes none
        hint = "choose one without, such as ::"
        raise ConfigurationError(f"--host {host}: an address with a zone; {hint}")
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            option = "--port" if error.errno == errno.EADDRINUSE else "--host or --port"
            message = f"{host}:{port}: {error.strerror}; choose another with {option}"
            raise ConfigurationError(message) from error
        return str(address[0]), int(probe.getsockname()[1])


def raise_file_limit() -> int:
    """Let this process open as many files as it may; return their number."""
    try:
        import resource
    except ImportError:  # Windows, where nothing limits them
        return MAX_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if wanted > soft >= 0:
        with suppress(OSError, ValueError):  # a system may allow fewer than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return min(soft, MAX_FILES) if soft >= 0 else MAX_FILES


def _load(settings: Settings, parent: int) -> Callable[..., Any]:
    """Return the application of a worker, which ends after its parent does."""
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    return build_gateway(settings).respond


def _follow(parent: int) -> None:
    # A killed server cannot stop its workers, which would keep the port.
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SHUTDOWN_SECONDS)
    os._exit(1)


def has_index(folder: SiteFolder, *, syncs: bool) -> bool:
    """True if an earlier run has left a whole index, which can be served at once."""
    if not os.path.exists(catalog_place(folder)):
        return False
    # One that does not sync must not prepare the tables either.
    with closing(Catalog(catalog_place(folder), syncs=syncs)) as catalog:
        return catalog.is_complete()


def serve(settings: Settings, ip_address: str, port: int, workers: int) -> None:
    """Serve a site until the process is told to stop."""
    if hasattr(os, "register_at_fork"):
        # A forked worker has this process's signal handlers until granian sets its own; a signal
        # that came in between would be lost on it.
        for number in (signal.SIGINT, signal.SIGTERM):
            os.register_at_fork(after_in_child=partial(signal.signal, number, signal.SIG_DFL))
    # A connection may be one of a download, which opens a file.
    connections = max((raise_file_limit() - RESERVED_FILES) // 2, MIN_CONNECTIONS)
    with ExitStack() as stack:
        if workers > 1:
            with suppress(OSError):  # no room: each worker prints all problems
                lock = stack.enter_context(NamedTemporaryFile(prefix="feeds-serve-"))
                settings = replace(settings, report_lock=Path(lock.name))
        # HTTP/1 alone: the timeout of headers is also that of a silent or idle connection there,
        # and a connection has one response at a time.
        granian = Granian(
            "feeds.web.app",  # a name in granian's log: the loader below makes the app
            address=ip_address, port=port, interface=Interfaces.RSGI, workers=workers,
            http=HTTPModes.http1, backlog=BACKLOG, backpressure=connections, websockets=False,
            runtime_blocking_threads=FILE_THREADS, log_level=LogLevels.error,
            respawn_failed_workers=True, workers_kill_timeout=SHUTDOWN_SECONDS,
            http1_settings=HTTP1Settings(
                header_read_timeout=HEADER_TIMEOUT_MILLISECONDS, max_buffer_size=MAX_HEADER_BYTES
            ),
        )  # fmt: skip
        granian.serve(target_loader=partial(_load, settings, os.getpid()), wrap_loader=False)
