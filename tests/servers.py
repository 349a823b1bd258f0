"""A PostgreSQL server for the tests, where its programs are installed."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from tests.support import lacking

_USER = "feeds"


class PostgreSQL:
    """A server that can be stopped and started. Its data is in a temporary folder."""

    def __init__(self) -> None:
        self._programs = _programs()
        # A Unix socket's path has at most 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="feeds-pg-"))
        # It refuses to run as root.
        self._runs_as = "postgres" if os.geteuid() == 0 else None
        if self._runs_as:
            shutil.chown(self._folder, self._runs_as)
        # Swedish sorts ä after z: queries must not depend on the database's collation.
        locale = ["--locale-provider=icu", "--icu-locale=sv"]
        options = ["-A", "trust", "-U", _USER, "-E", "UTF8", "--no-sync", *locale]
        self._run("initdb", "-D", str(self._folder / "data"), *options)
        self._schemas = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        settings = ["-c", "fsync=off", "-c", "max_connections=200", "-c", "listen_addresses="]
        data = ["-D", str(self._folder / "data"), "-k", str(self._folder)]
        log = (self._folder / "log").open("ab")
        self._process = subprocess.Popen(
            [self._programs / "postgres", *data, *settings],
            stdout=log, stderr=log, user=self._runs_as, cwd=self._folder,
        )  # fmt: skip
        log.close()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                self._connect().close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise AssertionError((self._folder / "log").read_text())

    def stop(self) -> None:
        if self._process:
            self._run("pg_ctl", "stop", "-m", "immediate", "-D", str(self._folder / "data"))
            self._process.wait(30)
            self._process = None

    def freeze(self) -> None:
        """Stop its processes where they are: connections stay, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process
        server = self._process.pid
        children = Path(f"/proc/{server}/task/{server}/children").read_text()
        for process in (server, *map(int, children.split())):
            os.kill(process, number)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def new_schema(self) -> str:
        """The URL of a new, empty catalog."""
        name = f"test_{next(self._schemas)}"
        with self._connect() as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        options = f"-csearch_path%3D{name}"
        return f"postgresql+psycopg://{_USER}@/postgres?host={self._folder}&options={options}"

    @property
    def socket(self) -> str:
        """The path at which it listens."""
        return str(self._folder / ".s.PGSQL.5432")

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._folder), user=_USER, dbname="postgres", autocommit=True
        )

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            check=True, capture_output=True, user=self._runs_as, cwd=self._folder,
        )  # fmt: skip


class Line:
    """A TCP port of this machine from which a line leads to the socket of a server.

    Cut off, it still accepts connections, and passes nothing on.
    """

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._passes = threading.Event()
        self._passes.set()
        #: Time that everything takes, in seconds.
        self.delay = 0.0
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url_of(self, url: str) -> str:
        """The URL of the server's catalog by way of this port."""
        options = url.partition("&")[2]
        return f"postgresql+psycopg://{_USER}@127.0.0.1:{self.port}/postgres?{options}"

    def freeze(self) -> None:
        self._passes.clear()

    def thaw(self) -> None:
        self._passes.set()

    def drop(self) -> None:
        """End the connections that are there."""
        for end in self._ends:
            _end(end)
        self._ends.clear()

    def close(self) -> None:
        self.thaw()
        self.drop()
        _end(self._listener)

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _address = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server.socket)
                self._ends += (client, server)
                for each in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=each, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._passes.wait()
                time.sleep(self.delay)
                target.sendall(data)
        _end(source)
        _end(target)


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def _programs() -> Path:
    """The folder of initdb and postgres."""
    if program := shutil.which("initdb"):
        return Path(program).parent
    # Debian keeps them off the path.
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not versions:
        lacking("postgresql")
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            lacking("a user postgres")
    return versions[-1].parent
