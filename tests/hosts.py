"""The live app, nginx and Apache, each serving one tree on 127.0.0.1, and a client for them."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from feeds.web.app import create_app
from tests.support import free_port, lacking, tool

#: Modules, where Debian's packages install them.
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
    #: Content codings that it can answer in.
    encodings: tuple[str, ...]

    def get(self, path: str, method: str = "GET", **headers: str) -> Response:
        """Return the response as it was sent: not decoded, redirects not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers={"Accept-Encoding": "identity"} | named)
            response = connection.getresponse()
            received: dict[str, str] = {}
            for name, value in response.getheaders():
                received[name] = f"{received[name]}, {value}" if name in received else value
            return Response(response.status, received, response.read())
        finally:
            connection.close()


@contextmanager
def live(root: Path, url: str) -> Iterator[Server]:
    """The live app of a site."""
    app = create_app(root, url=url)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
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
    """A folder that any user can read, unlike tmp_path: servers drop root's rights."""
    folder = Path(tempfile.mkdtemp(prefix="feeds-host-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def nginx(top: Path, tree: Path) -> Iterator[Server]:
    """nginx with the tree below its root, configured by the nginx.conf in the tree."""
    program = tool("nginx")
    if not _BROTLI.exists():
        lacking(f"{_BROTLI.name}, of libnginx-mod-http-brotli-static,")

    def configure(own: Path, port: int) -> list[str]:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {own}/{kind};\n" for kind in kinds)
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
        return [program, "-c", str(own / "nginx.conf"), "-e", str(own / "log")]

    with serving(configure) as port:
        yield Server(port, ("br", "gzip"))


@contextmanager
def apache(top: Path, tree: Path) -> Iterator[Server]:
    """Apache with the tree below its root, configured by the .htaccess in the tree alone."""
    program = tool("apache2")
    assert (tree / ".htaccess").exists()
    # Apache makes the ETag of a file weak for a second after the file changed.
    past = time.time() - 60
    for file in tree.rglob("*"):
        os.utime(file, (past, past))

    def configure(own: Path, port: int) -> list[str]:
        modules = ("mpm_event", "authz_core", "dir", "mime", "negotiation", "alias", "filter",
                   "deflate", "headers", "rewrite")  # fmt: skip
        loaded = "\n".join(f"LoadModule {name}_module {_APACHE}/mod_{name}.so" for name in modules)
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
        return [program, "-X", "-f", str(own / "apache.conf")]

    with serving(configure) as port:
        yield Server(port, ("br", "zstd", "gzip"))


@contextmanager
def serving(configure: Callable[[Path, int], list[str]]) -> Iterator[int]:
    """Start a server that is given a folder and a port; the port, once the server listens on it."""
    with open_folder() as own:
        if os.geteuid() == 0:
            shutil.chown(own, "nobody")
        for _attempt in range(5):
            port = free_port()
            process = _start(configure(own, port), own)
            try:
                if _listens(process, own / "pid"):
                    yield port
                    return
            finally:
                process.terminate()
                process.wait(20)
        logs = [file.read_text() for file in (own / "output", own / "log") if file.exists()]
        pytest.fail("\n".join(logs))


def _start(command: list[str], own: Path) -> subprocess.Popen[bytes]:
    is_root = os.geteuid() == 0
    with (own / "output").open("ab") as output:
        return subprocess.Popen(
            command, stdout=output, stderr=output, cwd=own, user="nobody" if is_root else None,
            group="nogroup" if is_root else None, extra_groups=[] if is_root else None,
        )  # fmt: skip


def _listens(process: subprocess.Popen[bytes], pid_file: Path) -> bool:
    """Wait until a server listens; False if it ended, since another process took its port."""
    # Both servers write the file after they bound the port. A connection would prove nothing: the
    # other process may accept it.
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        if pid_file.exists():
            return True
        time.sleep(0.02)
    return False
