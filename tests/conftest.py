"""Fixtures that many modules share.

- `site`: an empty site of this test's own, to write articles into. Its index is an SQLite file.
- `module_site`: a site for all tests of a module, which only read it once a fixture has filled it.
- `postgresql`: a PostgreSQL server, started by the first test of a process that needs one.
- `node_readers`: a folder of feed readers from npm.

A test marked `postgresql` that takes `site` (or `engine`) runs twice: with its index in a file, and
with its index on the server. In a module so marked, a test marked `sqlite` runs once.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.servers import PostgreSQL
from tests.support import SiteBuilder, lacking

#: Settings that no test has unless it sets them itself.
_UNSET = (
    "FEEDS_SITE", "FEEDS_URL", "FEEDS_UNPUBLISHED", "FEEDS_REPORTED", "FEEDS_CATALOG", "FEEDS_SYNC",
    "FEEDS_INDEXED", "FEEDS_ADDRESS", "FEEDS_PROXIES", "FEEDS_ACCESS_LOG",
)  # fmt: skip

# The same examples in every run, so that a failure is the fault of the change under test.
# HYPOTHESIS_PROFILE=long draws new ones, and prints how to repeat a failure.
hypothesis.settings.register_profile("default", max_examples=50, deadline=None, derandomize=True)
hypothesis.settings.register_profile(
    "long", max_examples=500, deadline=None, derandomize=False, print_blob=True
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests marked `postgresql` on both engines."""
    marked = metafunc.definition.get_closest_marker
    if "engine" in metafunc.fixturenames and marked("postgresql") and not marked("sqlite"):
        metafunc.parametrize("engine", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Path]]:
    """Hide the user's cache and settings from fixtures of modules; the paths of other caches."""
    folder = tmp_path_factory.mktemp("caches")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "modules"))
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        for name in _UNSET:
            patch.delenv(name, raising=False)
        yield (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def own_environment(environment: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a cache of its own, and none of the settings that another test left."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(next(environment)))
    for name in _UNSET:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server, started once a process."""
    server = PostgreSQL()
    yield server
    server.close()


@pytest.fixture
def engine(
    request: pytest.FixtureRequest,
    own_environment: None,  # noqa: ARG001  # it clears FEEDS_CATALOG first
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The database that holds the index of `site`."""
    name: str = getattr(request, "param", "sqlite")
    if name == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        monkeypatch.setenv("FEEDS_CATALOG", server.new_schema())
    return name


@pytest.fixture
def site(tmp_path: Path, engine: str) -> Iterator[SiteBuilder]:  # noqa: ARG001  # it sets FEEDS_CATALOG
    """An empty site with a feeds.yaml."""
    builder = SiteBuilder(tmp_path / "site")
    builder.configure(title="Test site", url="https://feeds.example.org/")
    yield builder
    builder.close()


@pytest.fixture(scope="module")
def module_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteBuilder]:
    """A site with a feeds.yaml that the tests of one module share."""
    builder = SiteBuilder(tmp_path_factory.mktemp("module") / "site")
    builder.configure(title="Test site", url="https://feeds.example.org/")
    yield builder
    builder.close()


@pytest.fixture(scope="session")
def node_readers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose node_modules hold rss-parser, feedsmith and axe-core."""
    if folder := os.environ.get("NODE_READERS"):
        return Path(folder)
    if not (npm := shutil.which("npm")) or os.environ.get("CI") != "true":
        lacking("a folder of rss-parser and feedsmith (NODE_READERS)")
    made = tmp_path_factory.mktemp("node")
    install = [npm, "install", "--no-audit", "--no-fund", "rss-parser", "feedsmith", "axe-core"]
    subprocess.run(install, cwd=made, check=True, capture_output=True, timeout=110)
    return made
