"""A PostgreSQL server for the tests, where its programs are installed."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
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

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._folder), user=_USER, dbname="postgres", autocommit=True
        )

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            check=True, capture_output=True, user=self._runs_as, cwd=self._folder,
        )  # fmt: skip


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
