"""Counts requests a second: nginx on the files, `feeds serve`, Flask, Django.

    python benchmarks/serve.py [--seconds 5] [--runs 3]

One feed of 50 articles over HTTP, 32 connections, two workers each, in turn in one run. Needs wrk;
nginx (both from Debian) and Django (from PyPI) are left out where they are missing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
_PLAIN_FLASK = """
    from pathlib import Path
    from flask import Flask, Response, request
    app = Flask(__name__)
    body = Path({feed!r}).read_bytes()
    @app.get("/rss.xml")
    def feed():
        response = Response(body, content_type="application/rss+xml")
        response.set_etag("one")
        return response.make_conditional(request)
"""
#: An upper bound for any WSGI app under the same server.
_BARE = """
    from pathlib import Path
    headers = [("Content-Type", "application/rss+xml"), ("ETag", '"one"')]
    ready = {{"/rss.xml": Path({feed!r}).read_bytes()}}
    def app(environ, start_response):
        body = ready[environ["PATH_INFO"]]
        if environ.get("HTTP_IF_NONE_MATCH") == '"one"':
            start_response("304 Not Modified", headers)
            return [b""]
        start_response("200 OK", [*headers, ("Content-Length", str(len(body)))])
        return [body]
"""
_DJANGO = """
    import django
    from django.conf import settings
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", USE_TZ=True,
        MIDDLEWARE=["django.middleware.http.ConditionalGetMiddleware"])
    django.setup()
    import feedparser
    from django.contrib.syndication.views import Feed
    from django.core.wsgi import get_wsgi_application
    from django.urls import path
    parsed = feedparser.parse({feed!r})
    class Newest(Feed):
        title, link, description = parsed.feed.title, parsed.feed.link, "All of it"
        def items(self): return parsed.entries
        def item_title(self, item): return item.title
        def item_link(self, item): return item.link
        def item_description(self, item): return item.content[0].value
    urlpatterns = [path("rss.xml", Newest())]
    app = get_wsgi_application()
"""
_NGINX = """
    worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
    events {{ worker_connections 1024; }}
    http {{
        access_log off; sendfile on; keepalive_requests 1000000;
        types {{ application/rss+xml xml; }}
        client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
        uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
        server {{ listen 127.0.0.1:{port} backlog=1024; root {tree}; }}
    }}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[str]:
    """Run a server; the URL of its feed, once it answers."""
    server = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}/rss.xml"
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(url).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def rate(url: str, seconds: int, *headers: str) -> float:
    """Requests a second, counted by wrk."""
    options = [part for header in headers for part in ("-H", header)]
    command = ["wrk", "-t2", "-c32", f"-d{seconds}s", *options, url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert match, output
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    assert not errors, output
    return float(match[1])


def servers(
    folder: Path, site: Path, tree: Path
) -> Iterator[tuple[str, list[str], int, dict[str, str]]]:
    """The servers to compare: name, command, port and environment."""
    feed = str(tree / "rss.xml")
    if nginx := shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"):
        port = free_port()
        conf = folder / "nginx.conf"
        conf.write_text(_NGINX.format(folder=folder, port=port, tree=tree))
        yield "nginx, the file", [nginx, "-p", str(folder), "-c", str(conf)], port, {}
    port = free_port()
    command = [sys.executable, "-m", "feeds", "serve", str(site), "--port", str(port)]
    yield "Feeds", [*command, "--workers", "2"], port, {}
    apps = {
        "A dictionary in WSGI": _BARE,
        "Flask, from memory": _PLAIN_FLASK,
        "Django's syndication": _DJANGO,
    }
    for name, source in apps.items():
        if "Django" in name:
            try:
                import django  # noqa: F401
            except ImportError:
                continue
        port = free_port()
        module = re.sub("[^a-z]", "", name.lower())
        (folder / f"{module}.py").write_text(textwrap.dedent(source).format(feed=feed))
        granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2"]
        options = ["--port", str(port), "--no-ws", "--blocking-threads", "1", f"{module}:app"]
        yield name, [*granian, *options], port, {"PYTHONPATH": str(folder)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)  # nginx reads as nobody where root starts it
        site, tree = folder / "site", folder / "tree"
        subprocess.run(
            [sys.executable, str(HERE / "generate.py"), str(site), "--articles=200", "--topics=20"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        build = [sys.executable, "-m", "feeds", "build", str(site), "--out", str(tree)]
        subprocess.run(build, check=True, capture_output=True)
        size = (tree / "rss.xml").stat().st_size
        whole: dict[str, list[float]] = {}
        known: dict[str, list[float]] = {}
        for _run in range(arguments.runs):
            for name, command, port, environment in servers(folder, site, tree):
                with running(command, port, **environment) as url:
                    etag = urllib.request.urlopen(url).headers["ETag"]
                    whole.setdefault(name, []).append(rate(url, arguments.seconds))
                    if etag:
                        match = f"If-None-Match: {etag}"
                        known.setdefault(name, []).append(rate(url, arguments.seconds, match))
    first = next(iter(whole))
    print(
        "\n| server | 200 a second | to the first | 304 a second | to the first |\n|" + " --- |" * 5
    )
    for name, rates in whole.items():
        row = [f"{statistics.median(rates):,.0f}"]
        row.append(f"{statistics.median(rates) / statistics.median(whole[first]):.2f}")
        if name in known:
            row.append(f"{statistics.median(known[name]):,.0f}")
            row.append(f"{statistics.median(known[name]) / statistics.median(known[first]):.2f}")
        print(f"| {name} | {' | '.join(row)} |")
    cores = os.cpu_count()
    version = ".".join(map(str, sys.version_info[:3]))
    print(
        f"\nA feed of {size / 1024:.0f} KB, 32 connections, 2 workers each;"
        f" Python {version}, {cores} cores"
    )


if __name__ == "__main__":
    main()
