"""Web servers of the tests' own, each on a tree that a build wrote, and a client for them."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from feeds.web.app import create_app
from tests.support import lacking, tool

#: Where Debian's packages put what these servers load.
_BROTLI = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")
_APACHE = Path("/usr/lib/apache2/modules")


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens on 127.0.0.1."""

    port: int
    #: The encodings that it can answer in.
    encodings: tuple[str, ...]

    def get(self, path: str, method: str = "GET", **headers: str) -> Response:
        """What is answered, as it is: decoded by nobody, and without following anything."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers={"Accept-Encoding": "identity"} | named)
            found = connection.getresponse()
            told: dict[str, str] = {}
            for name, value in found.getheaders():
                told[name] = f"{told[name]}, {value}" if name in told else value
            return Response(found.status, told, found.read())
        finally:
            connection.close()


@contextmanager
def live(root: Path, url: str) -> Iterator[Server]:
    app = create_app(root, url=url)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Server(server.server_port, ("br", "zstd", "gzip"))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["feeds"].close()


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that an ordinary user can read, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="feeds-host-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def nginx(top: Path, tree: Path) -> Iterator[Server]:
    """nginx with the tree below its root, and with the file in the tree that is for it."""
    program = tool("nginx")
    if not _BROTLI.exists():
        lacking(f"{_BROTLI.name}, of libnginx-mod-http-brotli-static,")
    port = _free_port()
    with _folder_of_server() as own:
        places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{each}_temp_path {own}/{each};\n" for each in places)
        # As Debian's own configuration begins; the charset of another site must do no harm.
        (own / "nginx.conf").write_text(f"""
            load_module {_BROTLI};
            daemon off; pid {own}/pid; error_log {own}/log; worker_processes 1;
            events {{ worker_connections 64; }}
            http {{
                {temporary}
                access_log off; charset utf-8;
                types {{ text/html html; text/xml xml; image/png png; }}
                server {{
                    listen 127.0.0.1:{port};
                    root {top};
                    brotli_static on;
                    include {tree}/nginx.conf;
                }}
            }}
        """)
        command = [program, "-c", str(own / "nginx.conf"), "-e", str(own / "log")]
        with _running(command, port, own):
            yield Server(port, ("br", "gzip"))


@contextmanager
def apache(top: Path, tree: Path) -> Iterator[Server]:
    """Apache with the tree below its root; the tree's .htaccess is all that it is told of it."""
    program = tool("apache2")
    assert (tree / ".htaccess").exists()
    port = _free_port()
    modules = ("mpm_event", "authz_core", "dir", "mime", "negotiation", "alias", "filter",
               "deflate", "headers", "rewrite")  # fmt: skip
    loaded = "\n".join(f"LoadModule {each}_module {_APACHE}/mod_{each}.so" for each in modules)
    with _folder_of_server() as own:
        (own / "types").write_text("text/html html\napplication/xml xml\nimage/png png\n")
        # .br and .gz as in Debian's mods-available/mime.conf, and what a shared host may have on.
        (own / "apache.conf").write_text(f"""
{loaded}
            ServerName 127.0.0.1
            Listen 127.0.0.1:{port}
            PidFile {own}/pid
            DefaultRuntimeDir {own}
            ErrorLog {own}/log
            TypesConfig {own}/types
            AddLanguage br .br
            AddType application/x-gzip .gz
            AddOutputFilterByType DEFLATE application/rss+xml text/html
            StartServers 1
            DocumentRoot {top}
            <Directory {top}>
                Options FollowSymLinks
                AllowOverride FileInfo
                Require all granted
            </Directory>
        """)
        command = [program, "-X", "-f", str(own / "apache.conf")]
        with _running(command, port, own):
            yield Server(port, ("br", "zstd", "gzip"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _folder_of_server() -> Iterator[Path]:
    with open_folder() as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        yield folder


@contextmanager
def _running(command: list[str], port: int, own: Path) -> Iterator[None]:
    as_nobody = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    with (own / "output").open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=own,
            **(as_nobody if os.geteuid() == 0 else {}),  # type: ignore[call-overload]
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > deadline:
                logs = [each.read_text() for each in (own / "output", own / "log") if each.exists()]
                pytest.fail("\n".join(logs))
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(20)
