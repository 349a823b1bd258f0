"""The feeds command: parses arguments, calls the other folders and prints."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
#: A shorter command shows no progress bar.
PROGRESS_DELAY_SECONDS = 2.0
#: The names in feeds.static.hosts, which is not imported for --help.
_HOSTS = ("netlify", "cloudflare", "github-pages", "nginx", "apache", "s3")
_NO_HUB = "write hub: and its URL in feeds.yaml"

# Commands import what they need themselves, so that --help and usage errors are instant.

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


def _site_argument(command: _Command) -> _Command:
    path = click.Path(exists=True, path_type=Path)
    return click.argument("site", default=".", type=path)(command)


def _publishing_options(command: _Command) -> _Command:
    for option in (
        click.option("--strict", is_flag=True, help="Publish nothing if there is a problem."),
        click.option("--unpublished", is_flag=True, help="Publish drafts too."),
        click.option("--url", callback=_check_url, help="The URL of the published tree."),
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
@_site_argument
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path),
              help="The folder to write.")  # fmt: skip
@click.option("--probe", is_flag=True, help="Ask other servers for the lengths of enclosures.")
@click.option("--compress", is_flag=True, help="Write .br, .zst and .gz files too.")
@click.option("--hosting", type=click.Choice(_HOSTS), help="Write this host's configuration too.")
@click.option("--explain", is_flag=True, help="Print why each file is written or removed.")
@_publishing_options
@click.option("--ping", is_flag=True, help="Tell the hub which feeds changed.")
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
        with progress_bar("Writing feeds") as progress:
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
@_site_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535),
              help="The port to listen on; 0 takes a free one.")  # fmt: skip
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64),
              help="How many processes answer.")  # fmt: skip
@click.option("--access-log", is_flag=True, help="Print a line for each request.")
@_publishing_options
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
    from feeds.catalog.folder import Folder
    from feeds.web import server
    from feeds.web.settings import Settings

    port = server.free_port(host, port)
    listening = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    is_everywhere = host in server.ALL_ADDRESSES
    address = f"http://127.0.0.1:{port}/" if is_everywhere else listening
    settings = replace(
        Settings.from_environment(site),
        url=url,
        address=address,
        unpublished=unpublished,
        access_log=access_log,
    )
    folder = Folder.open(site)
    if is_everywhere and not folder.configured and not url:
        click.echo(f"warning: no URL is known, so links lead to {address}; give --url", err=True)
    if not strict and server.has_index(folder, syncs=settings.syncs):
        # Served at once; a worker syncs in the background, and prints the problems.
        settings = replace(settings, starts_indexed=True)
    else:
        with _opened(site, url, unpublished, address=address) as opened:
            _report(opened.problems, strict, live=True)
            click.echo(f"{_summary(opened.publication)}{_held_back(opened.publication)}")
        settings = replace(settings, reported=True)
    click.echo(f"Serving {site} at {listening} (Ctrl+C stops)")
    sys.stdout.flush()
    server.serve(settings, host, port, workers)


@main.command()
@_site_argument
def check(site: Path) -> None:
    """Report every problem of the articles and the configuration.

    Errors come first, then warnings; the exit code is 1 if there is an error. SITE may also be one
    article, which is checked alone.

    \b
    feeds check demo
    """
    from feeds.catalog.folder import Folder
    from feeds.parsing.article import ENDINGS

    if site.is_file() and site.name.lower().endswith(ENDINGS):
        folder, path = Folder.of_article(site)
        problems, summary = folder.check_article(path), path
    else:
        with _opened(site) as opened:
            problems = opened.problems
            summary = f"{_summary(opened.publication)}{_held_back(opened.publication)}"
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    warnings = [problem for problem in problems if problem.severity is Severity.WARNING]
    for problem in (*errors, *warnings):
        click.echo(str(problem))
    counts = f"{_number(len(errors), 'error')}, {_number(len(warnings), 'warning')}"
    click.echo(f"{counts}; {summary}", err=True)
    if errors:
        raise click.exceptions.Exit(1)


@main.command()
@_site_argument
@click.option("--url", callback=_check_url, help="The URL of the published tree.")
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
@_site_argument
@click.option("--url", callback=_check_url, help="The URL of the published tree.")
def list_feeds(site: Path, url: str) -> None:
    """List every feed: its URL, number of articles and newest date.

    \b
    feeds list demo
    """
    with _opened(site, url) as opened:
        listed = opened.publication.listed
    width = max(len(feed.url) for feed in listed)
    for feed in listed:
        newest = feed.newest.date().isoformat() if feed.newest else "-"
        click.echo(f"{feed.url:<{width}}  {feed.count:>6}  {newest:<10}  {feed.name}")


@dataclass(frozen=True, slots=True)
class _Opened:
    publication: Publication
    synced: Synced
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
    """Sync a site and open its publication; a bare folder is published at `address`."""
    from feeds.catalog.catalog import Catalog
    from feeds.catalog.folder import Folder, catalog_place
    from feeds.catalog.sync import Synced
    from feeds.errors import CatalogError
    from feeds.parallel import collect_garbage_rarely, processors
    from feeds.publication.publication import Publication

    collect_garbage_rarely()
    folder = Folder.open(site)
    sources = (folder.root, *folder.article_folders)
    if out and any(source.resolve().is_relative_to(out.resolve()) for source in sources):
        hint = "it contains the site; name a folder of its own"
        raise click.BadParameter(hint, param_hint="--out")
    url = url or (folder.site.url if folder.configured else address or folder.site.url)
    if out and not folder.configured and url == folder.site.url:
        hint = "give --url, or a feeds.yaml"
        click.echo(f"warning: no URL is known, so links lead to {url}; {hint}", err=True)
    # A replica publishes the articles that another machine synced, whatever its own folder has.
    syncs = os.environ.get("FEEDS_SYNC") != "0"
    catalog = Catalog(catalog_place(folder), syncs=syncs)

    def synced_publication() -> tuple[Synced, Publication]:
        synced = Synced()
        if syncs:
            with progress_bar("Reading articles") as progress:
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
        except CatalogError:  # the index was damaged; it is built again
            synced, publication = synced_publication()
            problems = publication.problems()
        yield _Opened(publication, synced, problems)
    finally:
        catalog.close()


def _probe(publication: Publication, now: datetime) -> None:
    """Ask servers for the lengths of enclosures; a failure is only a warning."""
    from feeds.remote.probe import ask

    urls = publication.unmeasured()
    if not urls:
        return
    with progress_bar("Asking servers") as progress:
        answers = ask(urls, progress=progress)
    publication.catalog.state.record_file_sizes(answers, int(now.timestamp()))
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
    """Announce changed feeds to the hub; a failure does not fail the build."""
    from feeds.remote.websub import announce

    # Without it, the process would end before announce() releases its claims.
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(128 + signal.SIGTERM))
    announced = announce(publication)
    click.echo(f"{announced} ({publication.hub})", err=bool(announced.failed or announced.claimed))


def _report(problems: list[Problem], strict: bool, live: bool = False) -> None:
    """Print problems, one per line; with `strict`, any problem ends the command."""
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems and strict:
        action = "served" if live else "written"
        raise click.ClickException(f"{_number(len(problems), 'problem')}, so nothing is {action}")


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


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on a terminal, once the command has taken some time; None in a pipe."""
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

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(title, total=None)

    def advance(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)
        if not bar.live.is_started and time.monotonic() - _STARTED > PROGRESS_DELAY_SECONDS:
            bar.start()

    try:
        yield advance
    finally:
        bar.stop()
