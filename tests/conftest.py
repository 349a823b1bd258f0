"""Fixtures: a cache folder of each test's own, both engines of catalogs, and a builder of sites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import PostgreSQL
from tests.support import SiteBuilder

_ENVIRONMENT = (
    "FEEDS_SITE", "FEEDS_URL", "FEEDS_UNPUBLISHED", "FEEDS_REPORTED", "FEEDS_CATALOG", "FEEDS_SYNC",
    "FEEDS_INDEXED", "FEEDS_ADDRESS", "FEEDS_PROXIES",
)  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is about the file of an SQLite catalog is not asked of a server."""
    alien = [
        item
        for item in items
        if item.get_closest_marker("sqlite")
        and "postgresql"
        in str(getattr(getattr(item, "callspec", None), "params", {}).get("engine"))
    ]
    config.hook.pytest_deselected(items=alien)
    items[:] = [item for item in items if item not in alien]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the user's cache, nor another test's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    for name in _ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server, started once."""
    server = PostgreSQL()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(
    request: pytest.FixtureRequest,
    own_cache: None,  # noqa: ARG001  # it clears the variable first
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Every test of a site runs twice: once with its index in a file, once on a server."""
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        monkeypatch.setenv("FEEDS_CATALOG", server.new_schema())
    return str(request.param)


@pytest.fixture
def site(tmp_path: Path, engine: str) -> Iterator[SiteBuilder]:  # noqa: ARG001  # it sets the variable
    """An empty site, with a feeds.yaml."""
    builder = SiteBuilder(tmp_path / "site")
    builder.configure(title="Test site", url="https://feeds.example.org/")
    yield builder
    builder.close()
