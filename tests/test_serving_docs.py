"""The recipe of docs/serving.md, beside clients that ask and never read."""

import http.client
import random
import re
import socket
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.hosts import serving as running
from tests.support import SiteBuilder, tool
from tests.test_cli import serving
from tests.test_project import ROOT, blocks

RECIPE, MAIN = blocks("nginx", (ROOT / "docs" / "serving.md").read_text("utf-8"))


def fetch(port: int, path: str) -> tuple[int, bytes]:
    """A reader at an address of its own."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=10, source_address=("127.0.0.2", 0)
    )
    with closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()


@pytest.mark.slow
def test_clients_that_never_read_are_bounded_by_the_documented_proxy(site: SiteBuilder) -> None:
    media = site.root / "media"
    media.mkdir()
    movie = random.Random(1).randbytes(20_000_000)
    (media / "movie.mp4").write_bytes(movie)
    site.write("a.md", title="Through nginx", actions=[{"url": "/media/movie.mp4"}])
    program = tool("nginx")
    with serving(site.root) as server, ExitStack() as stack:

        def configure(own: Path, port: int) -> list[str]:
            recipe = RECIPE.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
            recipe = recipe.replace("listen 80;", f"listen 127.0.0.1:{port};")
            kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            temporary = "".join(f"{kind}_temp_path {own}/{kind};\n" for kind in kinds)
            # Shorter, so that the test is.
            recipe = re.sub(r"\b10s;", "2s;", recipe)
            (own / "nginx.conf").write_text(
                f"daemon off; pid {own}/pid; error_log {own}/log; worker_processes 1;\n{MAIN}"
                f"http {{ access_log off; {temporary} {recipe} }}\n"
            )
            return [program, "-c", str(own / "nginx.conf"), "-e", str(own / "log")]

        port = stack.enter_context(running(configure))
        clients = []
        for _client in range(150):
            client = stack.enter_context(closing(socket.socket()))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.settimeout(20)
            client.connect(("127.0.0.1", port))
            client.sendall(b"GET /media/movie.mp4 HTTP/1.1\r\nHost: a\r\n\r\n")
            clients.append(client)
        statuses = [client.recv(12) for client in clients]
        # One address has 100 connections; the app would have served them all.
        assert sorted(set(statuses)) == [b"HTTP/1.1 200", b"HTTP/1.1 503"]
        assert statuses.count(b"HTTP/1.1 200") == 100
        status, feed = fetch(port, "/rss.xml")
        assert (status, b"Through nginx" in feed) == (200, True)
        assert fetch(port, "/media/movie.mp4") == (200, movie)
        time.sleep(5)
        for client in clients:
            assert is_closed(client)


def is_closed(client: socket.socket) -> bool:
    """Read what has come so far, and whatever follows."""
    left = 20_000_000
    try:
        while left > 0 and (data := client.recv(65536)):
            left -= len(data)
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return left > 0
