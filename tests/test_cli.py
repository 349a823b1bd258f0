"""The commands, as a person and a script use them."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pytest
from click.testing import CliRunner, Result

from feeds import cli
from feeds.catalog.folder import SiteFolder
from feeds.catalog.place import catalog_place
from feeds.cli import main
from feeds.parsing.article import read_article
from feeds.static.hosts import HOSTS
from feeds.web.server import has_index
from tests.support import (
    CORPUS,
    SiteBuilder,
    article,
    document,
    eventually,
    free_port,
    needs_corpus,
)


def run(*arguments: str | Path) -> Result:
    """Runs a command; a traceback is always a failure."""
    result = CliRunner().invoke(main, list(map(str, arguments)))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    assert run("init", tmp_path / "demo").exit_code == 0
    return tmp_path / "demo"


def test_the_example_site_has_no_problem_and_one_of_each(demo: Path) -> None:
    assert run("check", demo).output.startswith("0 errors, 0 warnings")
    folder = SiteFolder.open(demo)
    read = (read_article(folder.text_or_empty(path), path)[0] for path in folder.files())
    articles = [article for article in read if article]
    assert len(articles) >= 8
    assert len({topic for each in articles for topic in each.topics}) >= 4
    assert sum(each.draft for each in articles) == 1
    assert any(each.body for each in articles)
    assert any(each.player for each in articles)
    assert any(each.related for each in articles)
    assert any(each.type == "download" and each.downloads for each in articles)
    local = [url for each in articles for url in each.local_files()]
    assert local
    assert all(folder.media_file(url) for url in local)


def test_check_names_a_picture_that_is_not_there_once(site: SiteBuilder) -> None:
    site.write("a.md", images=[{"url": "/media/not there.png"}])
    site.write("b.md", images=[{"url": "/media/not there.png"}])
    result = run("check", site.root)
    assert result.exit_code == 0
    line = (
        (site.root / "articles" / "a.md")
        .read_text()
        .split("\n")
        .index("- url: /media/not there.png")
    )
    assert result.stdout == (
        f"articles/a.md:{line + 1}: warning: the site has no file /media/not%20there.png to publish"
        " (named by 2 articles); put it there, or write its whole URL\n"
    )


def test_init_leaves_a_folder_that_is_in_use_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    result = run("init", tmp_path)
    assert result.exit_code == 1
    assert "not empty" in result.output
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_build_says_what_it_did_and_what_it_held_back(demo: Path, tmp_path: Path) -> None:
    first = run("build", demo, "--out", tmp_path / "public")
    assert first.exit_code == 0
    summary = re.compile(
        r"9 articles in 9 feeds, 10 read; (\d+) files, \1 written, 0 removed; \d+\.\d s;"
        r" 1 held back: 1 unpublished\n"
    )
    assert summary.fullmatch(first.output)
    second = run("build", demo, "--out", tmp_path / "public")
    assert re.search(r"0 read; \d+ files, 0 written, 0 removed", second.output)


def test_build_explains_each_file_that_it_writes_or_removes(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "public"
    command = ("build", demo, "--out", out, "--url", "https://feeds.example.org/")
    assert "written, " not in run(*command).output.replace(" written, 0 removed", "")
    (out / "rss.xml").unlink()
    result = run(*command, "--explain")
    explanation, summary = result.stdout.splitlines()
    assert explanation == f"{out}/rss.xml: written, it was missing"
    assert ", 1 written, 0 removed; " in summary
    assert "written, it" not in run(*command, "--explain").stdout


def test_the_hosts_of_the_option_are_those_that_there_are() -> None:
    (option,) = [each for each in main.commands["build"].params if each.name == "hosting"]
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == list(HOSTS)


def test_build_publishes_drafts_where_it_is_told_to(demo: Path, tmp_path: Path) -> None:
    result = run("build", demo, "--out", tmp_path / "public", "--unpublished")
    assert result.output.startswith("10 articles in 9 feeds")
    assert "held back" not in result.output


def test_build_makes_links_of_the_url_that_it_is_given(demo: Path, tmp_path: Path) -> None:
    run("build", demo, "--out", tmp_path / "public", "--url", "https://other.example.org/x")
    assert 'href="https://other.example.org/x/rss.xml"' in (tmp_path / "public/rss.xml").read_text()


def test_a_bare_folder_is_titled_by_its_name_and_warns_that_its_url_is_unknown(
    tmp_path: Path, site: SiteBuilder
) -> None:
    site.write("a.md")
    bare = site.root / "articles"
    result = run("build", bare, "--out", tmp_path / "public")
    assert "warning: no URL is known, so links lead to http://127.0.0.1:8000/" in result.stderr
    assert "<title>articles</title>" in (tmp_path / "public" / "rss.xml").read_text()
    assert (
        "no URL" not in run("build", bare, "--out", tmp_path / "p", "--url", "http://e.org").output
    )


def test_check_names_every_problem_with_path_and_line(site: SiteBuilder) -> None:
    site.write("good.md")
    site.write_text("yaml.md", "---\ntitle: [\n---\n")
    site.write_text(
        "untitled.md", "---\nwebUrl: https://e.com/\npublishedDateTime: 2026-01-01\n---\n"
    )
    site.write_text("latin.md", "---\ntitle: caf\xe9\n---\n".encode("latin-1"))
    site.write("code.md", body="x").write_text("---\ntitle: !!python/name:os.system x\n---\n")
    site.write("wrong.md", quality="high", images=[{"url": "javascript:alert(1)"}])
    site.write("script.md", body="Hello\n\n<script>alert(1)</script>\n")
    result = run("check", site.root)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    for start in (
        "articles/yaml.md:3: not YAML:",
        "articles/untitled.md:2: no usable title, so the article is left out;",
        "articles/latin.md:2: the byte 0xE9 is not UTF-8; save the file as UTF-8",
        "articles/code.md:2: the tag tag:yaml.org,2002:python/name:os.system is not supported;",
        "articles/wrong.md:7: warning: quality is 'high'; it should be a number",
        "articles/wrong.md:9: warning: url is 'javascript:alert(1)'; it should be an http or",
        "articles/script.md:10: warning: the body contains <script>; it is removed",
    ):
        assert [line for line in lines if line.startswith(start)], (start, lines)
    kinds = ["warning" in line for line in lines]
    assert kinds == sorted(kinds), "errors come first"
    assert result.stderr.startswith("4 errors, 3 warnings; 3 articles in 2 feeds")


@pytest.mark.parametrize("folder", ["articles/deep", "drafts"])
def test_one_article_is_checked_alone(site: SiteBuilder, folder: str) -> None:
    site.write("bad.md", quality="high")
    file = site.root / folder / "a.md"
    text = document(article(heat="hot", images=[{"url": "/media/a.png"}]))
    file.parent.mkdir(parents=True)
    file.write_text(text)
    # A file that no site names belongs to its own folder.
    in_site = file.relative_to(site.root).as_posix() if folder.startswith("articles") else "a.md"
    heat, image = (
        next(number for number, line in enumerate(text.splitlines(), 1) if key in line)
        for key in ("heat", "/media/a.png")
    )
    result = run("check", file)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{in_site}:{heat}: warning: heat is 'hot'; it should be a number",
        f"{in_site}:{image}: warning: the site has no file /media/a.png to publish; put it there,"
        " or write its whole URL",
    ]
    assert result.stderr == f"0 errors, 2 warnings; {in_site}\n"
    assert not (site.root / ".feeds").exists()


def test_an_article_with_an_error_fails_its_check(site: SiteBuilder) -> None:
    for text in (b"---\ntitle: A\n---\n", b"---\ntitle: [\n---\n", b"---\ntitle: caf\xe9\n---\n"):
        result = run("check", site.write_text("a.md", text))
        assert result.exit_code == 1
        assert result.stderr == "1 error, 0 warnings; articles/a.md\n"


def test_several_articles_are_checked_each_with_its_site(site: SiteBuilder) -> None:
    files = [site.write(name, heat="hot") for name in ("a.md", "deep/b.md")]
    line = files[0].read_text().splitlines().index("heat: hot") + 1
    message = f"{line}: warning: heat is 'hot'; it should be a number"
    result = run("check", *files, files[0])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"articles/a.md:{message}",
        f"articles/deep/b.md:{message}",
    ]
    assert result.stderr == "0 errors, 2 warnings; 2 articles\n"
    outside = site.root.parent / "outside.md"
    outside.write_text("---\ntitle: [\n---\n")
    result = run("check", outside, files[0])
    assert result.exit_code == 1
    assert [each.partition(":")[0] for each in result.stdout.splitlines()] == [
        str(outside), str(files[0]),
    ]  # fmt: skip


def test_a_site_and_an_article_are_not_checked_together(site: SiteBuilder) -> None:
    result = run("check", site.root, site.write("a.md"))
    assert result.exit_code == 2
    assert "name one site, or articles, which end in .md, .markdown, .html, .htm" in result.stderr


def test_an_article_is_no_site(site: SiteBuilder) -> None:
    file = site.write("a.md")
    for command in (("list",), ("build", "--out", site.out), ("serve", "--port", "0")):
        result = run(command[0], file, *command[1:])
        assert result.exit_code == 1
        assert result.stderr == f"Error: {file}: not a site; name a folder or its feeds.yaml\n"


def test_build_publishes_the_rest_and_reports_each_problem_in_one_line(site: SiteBuilder) -> None:
    site.write("good.md", title="Still here")
    site.write_text("bad.md", "---\ntitle: [\n---\n")
    result = run("build", site.root, "--out", site.out)
    assert result.exit_code == 0
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("articles/bad.md:3:")
    assert "Still here" in (site.out / "rss.xml").read_text()


def test_strict_publishes_nothing_where_anything_is_wrong(site: SiteBuilder) -> None:
    site.write("good.md", heat="hot")
    result = run("build", site.root, "--out", site.out, "--strict")
    assert result.exit_code == 1
    assert "1 problem, so nothing is written" in result.stderr
    assert not site.out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "."),
        ("build", "nowhere", "--out", "x"),
        ("build", ".", "--out", "x", "--url", "javascript:alert(1)"),
        ("serve", "--port", "70000"),
        ("publish",),
    ],
)
def test_wrong_usage_exits_with_2(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*arguments).exit_code == 2


def test_the_tree_may_not_be_written_over_the_site(site: SiteBuilder) -> None:
    site.write("a.md")
    for out in (site.root, site.root / "articles", site.root.parent):
        result = run("build", site.root, "--out", out)
        assert result.exit_code == 2
        assert "name a folder of its own" in result.stderr
    assert run("build", site.root, "--out", site.root / "public").exit_code == 0
    assert "0 read" in run("build", site.root, "--out", site.root / "public").output


def test_a_broken_feeds_yaml_stops_with_one_line(site: SiteBuilder) -> None:
    (site.root / "feeds.yaml").write_text("title: T\ntopics: [\n")
    for command in (("check",), ("list",), ("build", "--out", site.out)):
        result = run(command[0], site.root, *command[1:])
        assert result.exit_code == 1
        assert re.fullmatch(r"Error: feeds\.yaml:\d: not YAML: .*\n", result.stderr)


def test_an_unknown_key_is_an_error_that_suggests_the_nearest(site: SiteBuilder) -> None:
    site.write("a.md")
    site.configure(title="T", url="https://feeds.example.org/", unpublishd=True)
    result = run("check", site.root)
    assert result.exit_code == 1
    message = "unknown key unpublishd; did you mean unpublished?"
    assert result.stdout == f"feeds.yaml:4: {message}\n"


def test_a_folder_of_articles_that_is_not_there_is_an_error(site: SiteBuilder) -> None:
    site.configure(title="T", url="https://feeds.example.org/", articles="posts")
    result = run("check", site.root)
    assert result.exit_code == 1
    assert "no folder posts" in result.stdout


def test_list_shows_every_feed_with_url_count_and_date(demo: Path) -> None:
    lines = run("list", demo).output.splitlines()
    assert lines[0].split() == [
        "http://127.0.0.1:8000/",
        "9",
        "2026-06-07",
        *"The Harbour Light".split(),
    ]
    assert len(lines) == 9
    assert all(re.match(r"http://127\.0\.0\.1:8000/\S*  +\d+  [-\d]+ +\S", line) for line in lines)


@needs_corpus
def test_check_reads_the_whole_corpus_without_a_traceback() -> None:
    result = run("check", "--all", CORPUS)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert len(lines) > 100
    assert all(re.match(r"[\w./-]+:\d+: ", line) for line in lines)


def test_help_is_one_imperative_sentence_a_command_and_loads_no_heavy_library() -> None:
    code = (
        "import sys; from feeds.cli import main; main(['--help'], standalone_mode=False);"
        "heavy = {'flask', 'sqlalchemy', 'lxml', 'ftfy', 'granian', 'yaml'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"
    for command in ("build", "check", "init", "list", "serve"):
        assert re.search(rf"^  {command} +[A-Z]\w+ .*\.$", result.stdout, re.MULTILINE)


def test_a_build_that_reads_and_writes_nothing_loads_nothing_for_it(
    demo: Path, tmp_path: Path
) -> None:
    for file in (demo / "articles").iterdir():
        os.utime(file, (1e9, 1e9))
    build = ["build", str(demo), "--out", str(tmp_path / "public")]
    assert ", 10 read" in run(*build).stdout
    code = (
        f"import sys; from feeds.cli import main; main({build!r}, standalone_mode=False);"
        "heavy = {'cmarkgfm', 'feedgen', 'feeds.parsing.article', 'jinja2', 'lxml', 'nh3',"
        " 'sqlalchemy.dialects.postgresql', 'sqlalchemy.orm', 'feeds.parsing.front_matter'};"
        "heavy |= {name for name in sys.modules if name.startswith('feeds.dialects.')};"
        "heavy -= {'feeds.dialects.configuration'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    done, loaded = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert ", 0 read" in done
    assert ", 0 written" in done
    assert loaded == "[]"


@dataclass(frozen=True)
class Server:
    """A `feeds serve` that runs."""

    process: subprocess.Popen[bytes]
    log: Path
    host: str
    port: int

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        return request(self.host, self.port, path, **headers)


@contextmanager
def serving(*arguments: str | Path, cwd: Path | None = None) -> Iterator[Server]:
    """A server on a free port, which answers already; it ends with the block."""
    # As the installed command begins: without the working folder among the modules.
    command = [sys.executable, "-P", "-m", "feeds", "serve", *map(str, arguments), "--port", "0"]
    root = str(Path(__file__).parents[1])
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as stream:
            process = subprocess.Popen(
                command,
                stdout=stream,
                stderr=stream,
                cwd=cwd,
                env=os.environ | {"PYTHONPATH": paths},
            )
        try:
            url = re.compile(r"^Serving .* at http://([\d.]+):(\d+)/", re.MULTILINE)
            assert eventually(lambda: url.search(log.read_text()) or process.poll(), 20)
            match = url.search(log.read_text())
            assert match, log.read_text()
            server = Server(process, log, match[1], int(match[2]))
            answer(server.host, server.port, "/")
            yield server
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()


def request(host: str, port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=10)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    found = {name.lower(): value for name, value in response.getheaders()}
    body = response.read()
    connection.close()
    return response.status, found, body


def test_serve_answers_with_the_bytes_that_build_writes(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "public"
    run("build", demo, "--out", out)
    with serving(demo, "--workers", "2") as server:
        for file in sorted(each for each in out.rglob("*") if each.is_file()):
            path = "/" + file.relative_to(out).as_posix().removesuffix("index.html")
            if file.name.startswith(".") or re.search("topics/(boats|forecast)/", path):
                continue
            status, headers, body = server.get(path)
            assert (status, body) == (200, file.read_bytes()), path
            assert server.get(path, **{"If-None-Match": headers["etag"]})[0] == 304
        assert server.get("/topics/forecast/rss.xml")[0] == 301
        new = demo / "articles" / "new.md"
        new.write_text(
            "---\ntitle: Fresh\nwebUrl: https://e.com/f\npublishedDateTime: 2026-06-30\n---\n"
        )
        assert eventually(lambda: b"Fresh" in server.get("/rss.xml")[2])


def test_a_bare_folder_is_served_at_the_address_that_it_listens_on(site: SiteBuilder) -> None:
    site.write("a.md")
    with serving(site.root / "articles") as server:
        _status, _headers, body = server.get("/rss.xml")
        assert f'href="http://{server.host}:{server.port}/rss.xml"'.encode() in body
        assert "Links lead" not in server.log.read_text()


def test_serve_says_where_links_lead_if_not_to_itself(
    site: SiteBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("a.md")
    with serving(site.root) as server:
        own = f"http://{server.host}:{server.port}/"
        assert server.log.read_text().splitlines()[1] == (
            "Links lead to https://feeds.example.org/, the url of feeds.yaml;"
            f" for links to here, give --url {own}"
        )
    with serving(site.root, "--url", "https://other.example/") as server:
        assert "Links lead" not in server.log.read_text()
    monkeypatch.setenv("FEEDS_URL", "https://proxy.example/")
    with serving(site.root) as server:
        assert "Links lead" not in server.log.read_text()
        assert b'href="https://proxy.example/rss.xml"' in server.get("/rss.xml")[2]


def test_a_port_in_use_is_an_error_of_one_line(site: SiteBuilder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run("serve", site.root, "--port", str(port))
    assert result.exit_code == 1
    assert re.fullmatch(r"Error: 127\.0\.0\.1:\d+: Address already in use; .*\n", result.stderr)


@pytest.mark.parametrize(
    "command",
    [
        ["granian", "--interface", "wsgi", "app:app", "--port"],
        ["flask", "run", "--port"],
        ["gunicorn", "app:app", "--bind", "127.0.0.1:{port}"],
    ],
    ids=lambda command: str(command[0]),
)
def test_app_py_is_served_by_any_wsgi_server(command: list[str], site: SiteBuilder) -> None:
    site.write("a.md", title="Through app.py")
    port = free_port()
    command = [each.format(port=port) for each in command]
    if command[-1] == "--port":
        command.append(str(port))
    root = Path(__file__).parents[1]
    server = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=os.environ | {"FEEDS_SITE": str(site.root)},
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert b"Through app.py" in answer("127.0.0.1", port, "/rss.xml")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def answer(host: str, port: int, path: str) -> bytes:
    """The body at a path, as soon as the server listens."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return request(host, port, path)[2]
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_a_damaged_index_costs_a_build_nothing(demo: Path, tmp_path: Path) -> None:
    assert run("build", demo, "--out", tmp_path / "out").exit_code == 0
    index = demo / ".feeds" / "catalog.sqlite"
    with index.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xff" * (index.stat().st_size - 4096))
    result = run("build", demo, "--out", tmp_path / "out")
    assert (result.exit_code, ", 10 read; " in result.stdout) == (0, True)


@pytest.mark.parametrize("where", ["/proc/nope/x", "/etc/hostname/x"])
def test_init_where_nothing_can_be_written_says_so_in_a_line(where: str) -> None:
    result = run("init", where)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {where}: ")
    assert result.output.count("\n") == 1


def test_an_indexed_site_is_served_at_once_and_changes_since_then_show(site: SiteBuilder) -> None:
    site.write("a.md", title="Before", topics=["AI"])
    assert run("list", site.root).exit_code == 0
    site.write("a.md", title="After", topics=["AI"])
    site.write_text("bad.md", "---\ntitle: a: b\n---\n")
    with serving(site.root, "--workers", "2") as server:
        assert eventually(lambda: b"After" in server.get("/topics/ai/rss.xml")[2])
        assert eventually(lambda: "articles/bad.md:2: not YAML" in server.log.read_text())
        # One worker reports a problem, and the server has no child but its workers.
        assert eventually(lambda: b"After" in server.get("/atom.xml")[2])
        command = ["ps", "-o", "stat=", "--ppid", str(server.process.pid)]
        children = subprocess.run(command, capture_output=True, text=True, check=True)
        states = children.stdout.split()
        assert (len(states), [state for state in states if "Z" in state]) == (2, [])
        site.write_text("worse.md", "---\ntitle: a: b\n---\n", old=False)
        assert eventually(lambda: "articles/worse.md:2: not YAML" in server.log.read_text())
        assert server.log.read_text().count("bad.md:2") == 1


def test_the_problems_of_a_new_site_are_printed_once(site: SiteBuilder) -> None:
    site.write_text("bad.md", "---\ntitle: a: b\n---\n")
    with serving(site.root) as server:
        assert eventually(lambda: "articles/bad.md:2: not YAML" in server.log.read_text())
        site.write_text("worse.md", "---\ntitle: a: b\n---\n", old=False)
        assert eventually(lambda: "articles/worse.md:2: not YAML" in server.log.read_text())
        assert server.log.read_text().count("bad.md:2") == 1


def test_a_module_in_the_working_folder_is_not_run(site: SiteBuilder, tmp_path: Path) -> None:
    site.write("a.md")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "html.py").write_text("open('run', 'w').close(); raise SystemExit('not this')\n")
    with serving(site.root, cwd=folder) as server:
        assert server.get("/rss.xml")[0] == 200
    assert not (folder / "run").exists()


@pytest.mark.parametrize(("delay", "shown"), [(0.0, True), (1e9, False)])
def test_a_terminal_shows_a_progress_bar_after_a_delay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], delay: float, shown: bool
) -> None:
    monkeypatch.setattr("feeds.cli.PROGRESS_DELAY_SECONDS", delay)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with cli.progress_bar("Reading articles") as advance:
        assert advance
        advance(3, 40)
        advance(4, 40)
    assert ("Reading articles" in capsys.readouterr().err) == shown
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    with cli.progress_bar("Reading articles") as advance:
        assert advance is None


def test_a_second_build_names_the_same_problems(site: SiteBuilder) -> None:
    site.write("a.md")
    site.write_text("bad.md", "---\ntitle: a: b\n---\n")
    arguments = ["build", str(site.root), "--out", str(site.out)]
    first, second = (CliRunner().invoke(main, arguments) for _ in range(2))
    assert "articles/bad.md:2: not YAML" in first.stderr
    assert second.stderr == first.stderr
    assert ", 0 read; 10 files, 0 written, 0 removed; " in second.stdout
    assert CliRunner().invoke(main, [*arguments, "--strict"]).exit_code == 1


def test_a_replica_does_not_prepare_the_index_of_another_version(site: SiteBuilder) -> None:
    site.write("a.md")
    run("list", site.root)
    folder = SiteFolder.open(site.root)
    with closing(sqlite3.connect(catalog_place(folder))) as connection, connection:
        connection.execute("UPDATE feeds_meta SET value = 'another' WHERE key = 'fingerprint'")
    assert has_index(folder, syncs=False)
    with closing(sqlite3.connect(catalog_place(folder))) as connection:
        assert connection.execute("SELECT count(*) FROM feeds_article").fetchone() == (1,)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
@pytest.mark.parametrize(
    "command", ["list demo", "build demo --out out", "init new", "--help", "serve demo --port 0"]
)
@pytest.mark.parametrize("buffering", ["", "1"])
def test_an_output_that_cannot_be_written_ends_a_command_with_one_line(
    demo: Path, monkeypatch: pytest.MonkeyPatch, command: str, buffering: str
) -> None:
    # Python takes any text but an empty one to mean that nothing is buffered.
    monkeypatch.setenv("PYTHONUNBUFFERED", buffering)
    call = [sys.executable, "-m", "feeds", *command.split()]
    with open("/dev/full", "w") as full:
        done = subprocess.run(call, cwd=demo.parent, stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1
        errors = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
        assert errors == ["Error: the output cannot be written: No space left on device"]
        if command.startswith("list"):
            assert subprocess.run(call, cwd=demo.parent, stdout=full, stderr=full).returncode == 1


def test_a_closed_pipe_ends_a_command_with_one_line(demo: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    call = [sys.executable, "-m", "feeds", "list", str(demo)]
    done = subprocess.run(call, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (
        1, "Error: the output cannot be written: Broken pipe\n",
    )  # fmt: skip


@pytest.mark.parametrize("end", ["", "-wal", "-journal"])
def test_a_pipe_in_the_place_of_an_own_file_hangs_no_command(demo: Path, end: str) -> None:
    (demo / ".feeds").mkdir()
    out = demo.parent / "out"
    out.mkdir()
    for file in (demo / f".feeds/catalog.sqlite{end}", out / ".feeds-manifest.json"):
        os.mkfifo(file)
    assert run("build", demo, "--out", out).exit_code == 0


@pytest.mark.parametrize("url", ["https://e.org/a%0Aevil on;/", "https://e.org/\x1b", "a" * 999])
def test_a_url_that_a_configuration_file_cannot_hold_is_refused(demo: Path, url: str) -> None:
    result = run("build", demo, "--out", demo.parent / "out", "--url", url)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()[-1]) < 200
    assert not (demo.parent / "out").exists()
