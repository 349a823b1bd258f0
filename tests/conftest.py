"""Fixtures: a cache folder of each test's own, and a builder of sites."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import SiteBuilder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the user's cache, nor another test's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    for name in ("FEEDS_SITE", "FEEDS_URL", "FEEDS_UNPUBLISHED", "FEEDS_REPORTED"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def site(tmp_path: Path) -> SiteBuilder:
    """An empty site, with a feeds.yaml."""
    builder = SiteBuilder(tmp_path / "site")
    builder.configure(title="Test site", url="https://feeds.example.org/")
    return builder
