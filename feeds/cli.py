"""The feeds command: parses arguments, calls the other folders and prints."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from feeds import __version__
from feeds.errors import CatalogRemadeError, FeedsError, Problem, Severity, problem_lines
from feeds.model.site import DEFAULT_URL

if TYPE_CHECKING:
    from feeds.dialects.dialect import Dialect
    from feeds.parallel import Workers
    from feeds.publication.publication import Publication

_STARTED = time.monotonic()
#: A shorter command shows no progress bar.
PROGRESS_DELAY_SECONDS = 2.0
#: The names in feeds.static.hosts, which is not imported for --help.
_HOSTS = ("netlify", "cloudflare", "github-pages", "nginx", "apache", "s3")
_NO_HUB = "write hub: and its URL in feeds.yaml"

# Commands import what they need themselves, so that --help and usage errors are instant.


class _Group(click.Group):
    def main(self, *arguments: Any, **settings: Any) -> Any:
        try:
            return super().main(*arguments, **settings)
        except OSError as error:  # of a help text, or of standard error itself
            with suppress(OSError):
                click.echo(f"Error: {_reason(error)}", err=True)
            _discard(sys.stdout, sys.stderr)
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            _flush()
        except FeedsError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:  # a full disk or a closed pipe, say
            _discard(sys.stdout)
            raise click.ClickException(_reason(error)) from error
        return result


def _discard(*streams: TextIO | None) -> None:
    """Drop what is still buffered, which would fail when Python ends."""
    for stream in filter(None, streams):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _reason(error: OSError) -> str:
    name = error.filename or "the output cannot be written"
    return f"{name}: {error.strerror or error}"


def _flush() -> None:
    if sys.stdout:  # None if it was closed before the command began
        sys.stdout.flush()


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="feeds")
def main() -> None:
    """Publish RSS, Atom and JSON feeds for every topic of a folder of articles.

    SITE is a folder with a feeds.yaml, that file itself, or a bare folder of Markdown articles.

    \b
    feeds init demo && feeds serve demo
    """


@contextmanager
def _importing() -> Iterator[None]:
    """Import modules without a look for unreachable cycles in them, now or later: they stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _check_url(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    if not value:
        return ""
    from feeds.parsing.site_config import read_site_url

    try:
        return read_site_url(value)
    except FeedsError as error:
        raise click.BadParameter(str(error)) from error


def _retried_after_repair(command: Callable[..., None]) -> Callable[..., None]:
    """Run a command once more if it met a damaged index, which is repaired by then."""

    @wraps(command)
    def run(*arguments: Any, **named: Any) -> None:
        try:
            command(*arguments, **named)
        except CatalogRemadeError:
            command(*arguments, **named)

    return run


_site = click.argument("site", default=".", type=click.Path(exists=True, path_type=Path))
_url = click.option("--url", callback=_check_url, help="The URL of the published tree.")
_unpublished = click.option("--unpublished", is_flag=True, help="Publish drafts too.")
_strict = click.option("--strict", is_flag=True, help="Publish nothing if there is a problem.")


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Write a small example site into FOLDER.

    \b
    feeds init demo
    """
    import shutil
    from importlib.resources import as_file, files

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
@click.option("--probe", is_flag=True, help="Ask other servers for the lengths of enclosures.")
@click.option("--compress", is_flag=True, help="Write .br, .zst and .gz files too.")
@click.option("--hosting", type=click.Choice(_HOSTS), help="Write this host's configuration too.")
@click.option("--explain", is_flag=True, help="Print why each file is written or removed.")
@_url
@_unpublished
@_strict
@click.option("--ping", is_flag=True, help="Tell the hub which feeds changed.")
@_retried_after_repair
def build(
    site: Path, out: Path, url: str, unpublished: bool, strict: bool, probe: bool, ping: bool,
    compress: bool, hosting: str | None, explain: bool,
) -> None:  # fmt: skip
    """Write the whole tree for static hosting.

    \b
    feeds build demo --out public --url https://feeds.example.org/
    """
    opened = _opened(site, url, unpublished, out, probe=probe)
    with opened as (publication, problems, read, workers):
        from feeds.static.writer import write_tree

        _report(problems, strict, "written")
        with progress_bar("Writing feeds") as progress:
            written = write_tree(
                publication, out, progress,
                workers=workers, compressed=compress, hosting=hosting or "",
            )  # fmt: skip
        for line in written.skipped:
            click.echo(f"{out}{os.sep}{line}", err=True)
        for line in written.changes if explain else ():
            click.echo(f"{out}{os.sep}{line}")
        done = (
            f", {read:,} read; {_number(written.total, 'file')}, {written.written:,} written,"
            f" {written.removed:,} removed; {time.monotonic() - _STARTED:.1f} s"
        )
        click.echo(_summary(publication, done))
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
@click.option("--access-log", is_flag=True, help="Print a line for each request (combined format).")
@_url
@_unpublished
@_strict
def serve(
    site: Path, host: str, port: int, workers: int, access_log: bool, url: str, unpublished: bool,
    strict: bool,
) -> None:  # fmt: skip
    """Serve the feeds live; changed articles show within seconds.

    \b
    feeds serve demo --port 8000
    """
    with _importing():
        from feeds.catalog.folder import SiteFolder
        from feeds.web import server
        from feeds.web.settings import Settings

    ip_address, port = server.free_address(host, port)
    listening = f"http://{f'[{host}]' if ':' in host else host or ip_address}:{port}/"
    is_everywhere = host in server.ALL_ADDRESSES
    address = f"http://127.0.0.1:{port}/" if is_everywhere else listening
    # A worker serves the index at once; it syncs in the background, and prints the problems.
    settings = replace(
        Settings.from_environment(site, url=url, unpublished=unpublished),
        address=address,
        access_log=access_log,
        starts_indexed=True,
    )
    url, unpublished = settings.url, settings.unpublished
    folder = SiteFolder.open(site)
    if is_everywhere and not folder.configured and not url:
        click.echo(f"warning: no URL is known, so links lead to {address}; give --url", err=True)
    if strict or not server.has_index(folder, syncs=settings.syncs):
        with _opened(site, url, unpublished, address=address) as (publication, problems, *_):
            if strict:
                _report(problems, strict, "served")
            click.echo(_summary(publication))
    if not url and (published := settings.url_of(folder)) != address:
        why = f"the url of {folder.configuration}; for links to here, give --url {address}"
        click.echo(f"Links lead to {published}, {why}")
    click.echo(f"Serving {site} at {listening} (Ctrl+C stops)")
    _flush()
    server.serve(settings, ip_address, port, workers)


@main.command()
@click.argument(
    "sites", metavar="[SITE | ARTICLE...]", nargs=-1, type=click.Path(exists=True, path_type=Path)
)
@click.option("--all", "show_all", is_flag=True,
              help="Name every file, however many have the same problem.")  # fmt: skip
@_retried_after_repair
def check(sites: tuple[Path, ...], show_all: bool) -> None:
    """Report every problem of the articles and the configuration.

    Errors come first, then warnings; the exit code is 1 if there is an error. Articles that are
    named are checked alone, with the feeds.yaml of their site.

    \b
    feeds check demo
    """
    from feeds.catalog.folder import SiteFolder
    from feeds.parsing.file_names import ENDINGS

    problems: list[Problem] = []
    if sites and all(map(_is_article, sites)):
        now = datetime.now(UTC)
        articles = {file: SiteFolder.of_article(file) for file in sites}
        is_one_site = len({folder.root for folder, _path in articles.values()}) == 1
        for file, (folder, path) in articles.items():
            shown = path if is_one_site else str(file)
            problems += (replace(each, path=shown) for each in folder.check_article(path, now))
        summary = path if len(articles) == 1 else _number(len(articles), "article")
    elif len(sites) > 1:
        raise click.UsageError("name one site, or articles, which end in " + ", ".join(ENDINGS))
    else:
        with _opened(sites[0] if sites else Path()) as (publication, problems, *_):
            summary = _summary(publication)
    ordered = sorted(problems, key=lambda problem: problem.severity is Severity.WARNING)
    for line in map(str, ordered) if show_all else problem_lines(ordered):
        click.echo(line)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    counts = f"{_number(errors, 'error')}, {_number(len(problems) - errors, 'warning')}"
    click.echo(f"{counts}; {summary}", err=True)
    if errors:
        raise click.exceptions.Exit(1)


def _is_article(file: Path) -> bool:
    """Return True for a file that is read as an article: generators have some of other endings."""
    from feeds.catalog.folder import SiteFolder
    from feeds.parsing.file_names import ENDINGS

    if not file.is_file() or file.name.lower().endswith((".yaml", ".yml")):
        return False
    if file.name.lower().endswith(ENDINGS):
        return True
    folder, path = SiteFolder.of_article(file)
    return folder.dialect_of(path) is not None


@main.command()
@_site
@_url
@_retried_after_repair
def ping(site: Path, url: str) -> None:
    """Tell the hub of feeds.yaml which feeds changed since it was last told.

    Their new bytes have to be where they are published by then.

    \b
    feeds ping demo
    """
    with _opened(site, url) as (publication, *_):
        if not publication.hub:
            raise click.ClickException(f"no hub is known; {_NO_HUB}")
        _announce(publication)


@main.command("list")
@_site
@_url
@_retried_after_repair
def list_feeds(site: Path, url: str) -> None:
    """List every feed: its URL, number of articles and newest date.

    \b
    feeds list demo
    """
    from feeds.publication.empty_site import NOTHING_PUBLISHED

    with _opened(site, url) as (publication, problems, *_):
        listed = publication.listed
        for problem in problems:
            if problem.code == NOTHING_PUBLISHED:
                click.echo(str(problem), err=True)
    width = max(len(feed.url) for feed in listed)
    for feed in listed:
        newest = feed.newest.date().isoformat() if feed.newest else "-"
        click.echo(f"{feed.url:<{width}}  {feed.count:>6}  {newest:<10}  {feed.channel.name}")


@contextmanager
def _opened(
    site: Path, url: str = "", unpublished: bool = False, out: Path | None = None, *,
    address: str = DEFAULT_URL, probe: bool = False,
) -> Iterator[tuple[Publication, list[Problem], int, Workers]]:  # fmt: skip
    """Sync a site; yield its publication, problems, number of articles read, and the workers.

    A bare folder is published at `address`.
    """
    with _importing():
        from feeds.catalog.catalog import Catalog
        from feeds.catalog.folder import SiteFolder
        from feeds.catalog.place import catalog_place
        from feeds.errors import CatalogError
        from feeds.parallel import Workers, collect_garbage_rarely, processors
        from feeds.publication.publication import Publication
        from feeds.web.settings import Settings

    collect_garbage_rarely()
    settings, folder = Settings(site, url=url, address=address), SiteFolder.open(site)
    sources = (folder.root, *folder.article_folders)
    if out and any(source.resolve().is_relative_to(out.resolve()) for source in sources):
        hint = "it contains the site; name a folder of its own"
        raise click.BadParameter(hint, param_hint="--out")
    url = settings.url_of(folder)
    folder = folder.published_at(url)
    if out and not folder.configured and url == DEFAULT_URL:
        hint = "give --url, or a feeds.yaml"
        click.echo(f"warning: no URL is known, so links lead to {url}; {hint}", err=True)

    def read() -> tuple[Publication, list[Problem], int]:
        read = 0
        if settings.syncs:
            with progress_bar("Reading articles") as progress:
                read = catalog.sync(folder, progress, workers).read
        now = datetime.now(UTC)
        published = partial(Publication, folder, catalog, url=url, now=now, unpublished=unpublished)
        if probe:
            _probe(published(), now)
        publication = published()
        return publication, publication.problems(), read

    # A replica publishes the articles that another machine synced, whatever its own folder has.
    place = catalog_place(folder)
    # Workers end first: closing the catalog marks its file, which nobody may change from then on.
    with closing(Catalog(place, syncs=settings.syncs)) as catalog, Workers(processors()) as workers:
        try:
            opened = read()
        except CatalogError:  # the index was damaged; it is built again
            opened = read()
        if folder.dialect:
            click.echo(_understood(folder.dialect, opened[0]), err=True)
        yield *opened, workers


def _probe(publication: Publication, now: datetime) -> None:
    """Ask servers for the lengths of enclosures; a failure is only a warning."""
    from feeds.remote.probe import ask

    urls = publication.unmeasured()
    if not urls:
        return
    with progress_bar("Asking servers") as progress:
        answers = ask(urls, progress=progress)
    publication.catalog.state.record_file_sizes(answers, int(now.timestamp()))
    failed = [answer for answer in answers if answer.length is None]
    missed = len(urls) - len(answers)
    if failed or missed:
        count = f"{len(failed) + missed:,} of {_number(len(urls), 'enclosure')}"
        reason = f" ({failed[0].url}: {failed[0].reason})" if failed else ""
        late = f", {missed:,} of them not asked yet" if missed else ""
        hint = "the next --probe asks again"
        click.echo(f"warning: no length of {count}{reason}{late}; {hint}", err=True)


def _announce(publication: Publication) -> None:
    """Announce changed feeds to the hub; a failure does not fail the build."""
    from feeds.remote.websub import announce

    # Without it, the process would end before announce() releases its claims.
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(128 + signal.SIGTERM))
    announced = announce(publication)
    click.echo(f"{announced} ({publication.hub})", err=bool(announced.failed or announced.claimed))


def _report(problems: list[Problem], strict: bool, action: str) -> None:
    """Print problems; with `strict`, any problem ends the command."""
    for line in problem_lines(problems):
        click.echo(line, err=True)
    if problems and strict:
        raise click.ClickException(f"{_number(len(problems), 'problem')}, so nothing is {action}")


def _understood(dialect: Dialect, publication: Publication) -> str:
    """Return what was understood of another generator's folder."""
    from feeds.model.selection import Selection

    count = _number(publication.listed[0].count, "post")
    newest = publication.select(Selection(), 1)
    end = f", the newest at {newest[0].url}" if newest else ""
    return f"{dialect.describe()}; {count}{end}"


def _summary(publication: Publication, done: str = "") -> str:
    listed, held_back = publication.listed, publication.articles.held_back()
    counts = f"{_number(listed[0].count, 'article')} in {_number(len(listed), 'feed')}"
    reasons = ", ".join(f"{count} {reason}" for reason, count in held_back.items())
    end = f"; {sum(held_back.values())} held back: {reasons}" if held_back else ""
    return f"{counts}{done}{end}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on a terminal, once the command has taken some time; None in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    bar = progress.Progress(
        progress.TextColumn(title), progress.BarColumn(), progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    task = bar.add_task(title, total=None)

    def advance(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)
        if not bar.live.is_started and time.monotonic() - _STARTED > PROGRESS_DELAY_SECONDS:
            bar.start()

    try:
        yield advance
    finally:
        bar.stop()
