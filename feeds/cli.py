"""The feeds command: parses, calls and prints."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from feeds import __version__
from feeds.errors import FeedsError, Problem, Severity

if TYPE_CHECKING:
    from feeds.catalog.sync import Synced
    from feeds.publication.publication import Publication

_STARTED = time.monotonic()
#: In seconds: until then, nobody asks whether it still works.
_A_WHILE = 2.0
#: In bytes, of a request: no reader has more to say.
_HEADERS = 32 * 1024
#: In seconds: how long a worker that is to end may answer what it has begun with.
_GRACE = 10
#: The keys of feeds.static.hosts.HOSTS, which takes long to import for --help.
_HOSTS = ("netlify", "cloudflare", "github-pages", "nginx", "apache", "s3")
_NO_HUB = "write hub: and its URL in feeds.yaml"

# What a command needs is imported where it is needed: --help and a mistyped option answer at once.

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FeedsError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="feeds")
def main() -> None:
    """Publish RSS, Atom and JSON feeds for every topic of a folder of articles.

    SITE is a folder with a feeds.yaml, that file itself, or a bare folder of Markdown articles.

    \b
    feeds init demo && feeds serve demo
    """


def _site(command: _Command) -> _Command:
    where = click.Path(exists=True, path_type=Path)
    return click.argument("site", default=".", type=where)(command)


def _publishing(command: _Command) -> _Command:
    for option in (
        click.option("--strict", is_flag=True, help="Publish nothing if there is any problem."),
        click.option("--unpublished", is_flag=True, help="Publish drafts too."),
        click.option("--url", callback=_check_url, help="Where the tree is published."),
    ):
        command = option(command)
    return command


def _check_url(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    if not value:
        return ""
    from feeds.errors import ConfigurationError
    from feeds.parsing.site_config import read_site_url

    try:
        return read_site_url(value)
    except ConfigurationError as error:
        raise click.BadParameter(str(error)) from error


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Write a small example site into FOLDER.

    \b
    feeds init demo
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise click.ClickException(f"{folder}: not empty; name a new folder")
        with as_file(files("feeds").joinpath("example")) as example:
            shutil.copytree(example, folder, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        reason = getattr(error, "strerror", None) or "cannot be written"
        raise click.ClickException(f"{folder}: {reason}; name another folder") from error
    click.echo(f"An example site is in {folder}. See it with: feeds serve {folder}")


@main.command()
@_site
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path),
              help="The folder to write.")  # fmt: skip
@click.option("--probe", is_flag=True, help="Ask other servers how long the enclosures there are.")
@click.option("--compress", is_flag=True, help="Write .br, .zst and .gz files beside the others.")
@click.option("--hosting", type=click.Choice(_HOSTS), help="Write the file that this host reads.")
@click.option("--explain", is_flag=True, help="Say why each file is written or removed.")
@_publishing
@click.option("--ping", is_flag=True, help="Tell the hub of feeds.yaml which feeds changed.")
def build(
    site: Path,
    out: Path,
    url: str,
    unpublished: bool,
    strict: bool,
    probe: bool,
    ping: bool,
    compress: bool,
    hosting: str | None,
    explain: bool,
) -> None:
    """Write the whole tree for static hosting.

    \b
    feeds build demo --out public --url https://feeds.example.org/
    """
    from feeds.parallel import processors
    from feeds.static.writer import write_tree

    with _opened(site, url, unpublished, out, probe=probe) as opened:
        publication = opened.publication
        _report(opened.problems, strict)
        with _progress("Writing feeds") as progress:
            written = write_tree(
                publication,
                out,
                progress,
                processes=processors(),
                compressed=compress,
                hosting=hosting or "",
            )
        for line in written.skipped:
            click.echo(f"{out}{os.sep}{line}", err=True)
        for line in written.changes if explain else ():
            click.echo(f"{out}{os.sep}{line}")
        click.echo(
            f"{_summary(publication)}, {opened.synced.read:,} read;"
            f" {_number(written.total, 'file')}, {written.written:,} written,"
            f" {written.removed:,} removed; {time.monotonic() - _STARTED:.1f} s"
            f"{_held_back(publication)}"
        )
        if ping and publication.hub:
            _announce(publication)
        elif ping:
            click.echo(f"warning: no hub is known, so none is told; {_NO_HUB}", err=True)


@main.command()
@_site
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535),
              help="The port to listen on; 0 takes a free one.")  # fmt: skip
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64),
              help="How many processes answer.")  # fmt: skip
@click.option("--access-log", is_flag=True, help="Print a line for each request.")
@_publishing
def serve(
    site: Path,
    host: str,
    port: int,
    workers: int,
    access_log: bool,
    url: str,
    unpublished: bool,
    strict: bool,
) -> None:
    """Serve the feeds live; changed articles show within seconds.

    \b
    feeds serve demo --port 8000
    """
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    from feeds.catalog.folder import Folder, locate
    from feeds.catalog.sync import Catalog
    from feeds.web.app import number_of_proxies

    port = _free_port(host, port)
    shown = f"[{host}]" if ":" in host else host
    listening = f"http://{shown}:{port}/"
    # Every address of the machine is none that a link could lead to.
    anywhere = host in ("0.0.0.0", "::", "")  # noqa: S104  # compared, not listened on
    address = f"http://127.0.0.1:{port}/" if anywhere else listening
    folder = Folder.open(site)
    if anywhere and not folder.configured and not url:
        click.echo(f"warning: no URL is known, so links lead to {address}; give --url", err=True)
    # What is indexed already is served at once; what has changed since shows in a moment.
    number_of_proxies()
    indexed = not strict and os.path.exists(locate(folder))
    if indexed:
        # What is wrong with it is said here, once, and not by each worker.
        catalog = Catalog(locate(folder))
        indexed = catalog.is_complete()
        catalog.close()
    if not indexed:
        with _opened(site, url, unpublished, address=address) as opened:
            _report(opened.problems, strict, live=True)
            click.echo(f"{_summary(opened.publication)}{_held_back(opened.publication)}")
    # The workers are processes of their own: what they serve reaches them as it reaches app.py.
    # A URL of feeds.yaml stays there, so that a change of it shows.
    os.environ["FEEDS_SITE"] = str(site.absolute())
    os.environ["FEEDS_URL"] = url
    os.environ["FEEDS_ADDRESS"] = address
    os.environ["FEEDS_UNPUBLISHED"] = "1" if unpublished else "0"
    os.environ["FEEDS_REPORTED"] = "1"
    os.environ["FEEDS_ACCESS_LOG"] = "1" if access_log else "0"
    os.environ["FEEDS_INDEXED"] = "1" if indexed else "0"
    click.echo(f"Serving {site} at {listening} (Ctrl+C stops)")
    sys.stdout.flush()
    if indexed:
        # Not a thread of ours: the workers are forked from this process.
        # Nor with the working folder's modules in the place of the library's.
        command = [sys.executable, "-P", "-m", "feeds", "check", str(site)]
        paths = (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH"))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        subprocess.Popen(command, stdout=sys.stderr, env=environment)  # noqa: S603  # our own
    if hasattr(os, "register_at_fork"):
        # Until a worker listens to signals by itself, those that it inherits would be lost on it.
        os.register_at_fork(after_in_child=_end_on_signals)
    Granian(
        "feeds.web.app:create_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # Documents come out of memory or are rendered under Python's one lock, for which more
        # threads only wait; but a slow client that loads a file holds on to one.
        blocking_threads=16,
        backpressure=256,
        respawn_failed_workers=True,
        workers_kill_timeout=_GRACE,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=_HEADERS),
        websockets=False,
        # It warns of so many threads.
        log_level=LogLevels.error,
    ).serve()


def _end_on_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@main.command()
@_site
def check(site: Path) -> None:
    """Name every problem of the articles and the configuration.

    Errors come first, then warnings; the exit code is 1 if there is an error.

    \b
    feeds check demo
    """
    with _opened(site) as opened:
        problems = opened.problems
        ready = f"{_summary(opened.publication)}{_held_back(opened.publication)}"
    errors = [each for each in problems if each.severity is Severity.ERROR]
    warnings = [each for each in problems if each.severity is Severity.WARNING]
    for each in (*errors, *warnings):
        click.echo(str(each))
    found = f"{_number(len(errors), 'error')}, {_number(len(warnings), 'warning')}"
    click.echo(f"{found}; {ready}", err=True)
    if errors:
        raise click.exceptions.Exit(1)


@main.command()
@_site
@click.option("--url", callback=_check_url, help="Where the tree is published.")
def ping(site: Path, url: str) -> None:
    """Tell the hub of feeds.yaml which feeds changed since it was last told.

    Their new bytes have to be where they are published by then.

    \b
    feeds ping demo
    """
    with _opened(site, url) as opened:
        if not opened.publication.hub:
            raise click.ClickException(f"no hub is known; {_NO_HUB}")
        _announce(opened.publication)


@main.command("list")
@_site
@click.option("--url", callback=_check_url, help="Where the tree is published.")
def list_feeds(site: Path, url: str) -> None:
    """List every feed: its URL, number of articles and newest date.

    \b
    feeds list demo
    """
    with _opened(site, url) as opened:
        listed = opened.publication.listed
    width = max(len(each.url) for each in listed)
    for each in listed:
        newest = each.newest.date().isoformat() if each.newest else "-"
        click.echo(f"{each.url:<{width}}  {each.count:>6}  {newest:<10}  {each.name}")


@dataclass(frozen=True, slots=True)
class _Opened:
    publication: Publication
    synced: Synced
    #: Whether the site has a feeds.yaml.
    configured: bool
    problems: list[Problem]


@contextmanager
def _opened(
    site: Path,
    url: str = "",
    unpublished: bool = False,
    out: Path | None = None,
    *,
    address: str = "",
    probe: bool = False,
) -> Iterator[_Opened]:
    """The publication of a site, after a sync; the address is where a bare folder is served."""
    from feeds.catalog.folder import Folder, locate
    from feeds.catalog.sync import Catalog, Synced
    from feeds.errors import CatalogError
    from feeds.parallel import collect_garbage_rarely, processors
    from feeds.publication.publication import Publication

    collect_garbage_rarely()
    folder = Folder.open(site)
    sources = (folder.root, *folder.article_folders)
    if out and any(each.resolve().is_relative_to(out.resolve()) for each in sources):
        hint = "it holds the site itself; name a folder of its own"
        raise click.BadParameter(hint, param_hint="--out")
    url = url or (folder.site.url if folder.configured else address or folder.site.url)
    if out and not folder.configured and url == folder.site.url:
        hint = "give --url, or a feeds.yaml"
        click.echo(f"warning: no URL is known, so links lead to {url}; {hint}", err=True)
    # A replica's folder says nothing of the articles: they are what another machine synced.
    syncs = os.environ.get("FEEDS_SYNC") != "0"
    catalog = Catalog(locate(folder), syncs=syncs)

    def synced_publication() -> tuple[Synced, Publication]:
        synced = Synced()
        if syncs:
            with _progress("Reading articles") as progress:
                synced = catalog.sync(folder, progress, processes=processors())
        now = datetime.now(UTC)
        published = partial(Publication, folder, catalog, url=url, now=now, unpublished=unpublished)
        if probe:
            _probe(published(), now)
        return synced, published()

    try:
        try:
            synced, publication = synced_publication()
            problems = publication.problems()
        except CatalogError:  # a damaged index, which is made again
            synced, publication = synced_publication()
            problems = publication.problems()
        yield _Opened(publication, synced, folder.configured, problems)
    finally:
        catalog.close()


def _probe(publication: Publication, now: datetime) -> None:
    """Asks for the lengths of enclosures; what that gives is never the end of a build."""
    from feeds.remote.probe import ask

    urls = publication.unmeasured()
    if not urls:
        return
    with _progress("Asking servers") as progress:
        answers = ask(urls, progress=progress)
    publication.record_file_sizes(answers, now)
    failed = [each for each in answers if each.length is None]
    missed = len(urls) - len(answers)
    if not failed and not missed:
        return
    reason = f" ({failed[0].url}: {failed[0].reason})" if failed else ""
    late = f", {missed:,} of them not asked yet" if missed else ""
    count = f"{len(failed) + missed:,} of {_number(len(urls), 'enclosure')}"
    hint = "the next --probe asks again"
    click.echo(f"warning: no length of {count}{reason}{late}; {hint}", err=True)


def _announce(publication: Publication) -> None:
    """Tells the hub; whatever comes of it, what was built is good."""
    from feeds.remote.websub import announce

    announced = announce(publication)
    click.echo(f"{announced} ({publication.hub})", err=bool(announced.failed))


def _report(problems: list[Problem], strict: bool, live: bool = False) -> None:
    """One line a problem; with strict, any problem ends the command."""
    for each in problems:
        click.echo(str(each), err=True)
    if problems and strict:
        what = "served" if live else "written"
        raise click.ClickException(f"{_number(len(problems), 'problem')}, so nothing is {what}")


def _summary(publication: Publication) -> str:
    listed = publication.listed
    return f"{_number(listed[0].count, 'article')} in {_number(len(listed), 'feed')}"


def _held_back(publication: Publication) -> str:
    held_back = publication.view.held_back()
    if not held_back:
        return ""
    reasons = ", ".join(f"{count} {reason}" for reason, count in held_back.items())
    return f"; {sum(held_back.values())} held back: {reasons}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _free_port(host: str, port: int) -> int:
    """The port, once it is known that nothing else listens on it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            hint = "choose another with --port"
            raise click.ClickException(f"{host}:{port}: {error.strerror}; {hint}") from error
        return int(probe.getsockname()[1])


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on a terminal, once the command has taken a while; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=None)

    def advance(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)
        if not bar.live.is_started and time.monotonic() - _STARTED > _A_WHILE:
            bar.start()

    try:
        yield advance
    finally:
        bar.stop()
