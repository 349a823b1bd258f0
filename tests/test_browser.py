"""The pages in a real browser: the search, the copying, the layout; nothing that it warns of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from feeds.web.app import create_app
from tests.support import SiteBuilder, lacking, tool
from tests.test_websub import Served

PATHS = [
    "", "topics/sea/", "topics/fruit/", "archive/2021/",
    "custom/", "custom/?topic=sea&not=fruit&q=words", "custom/?since=forever",
]  # fmt: skip
WIDTHS = {"phone": 390, "desktop": 1280}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    program = tool("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lacking("playwright")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site that is served, on which much is long, foreign or missing; the tests only read it."""
    site = SiteBuilder(tmp_path_factory.mktemp("browser") / "site")
    (site.root / "icon.png").write_bytes(b"")
    site.configure(
        title="A site", url="https://feeds.example.org/", limit=3, icon="icon.png",
        topics=[{"name": "Sea", "description": "Waves and tides"}, {"name": "Fruit"}],
        feeds=[{"name": "top", "title": "The best of it", "any": ["Sea"]}],
    )  # fmt: skip
    titles = ["Plain", "ا" * 60 + " العربية", "Donaudampfschifffahrt" * 8, "Fifth", "Sixth"]
    for number, title in enumerate(titles):
        site.write(
            f"{number}.md", title=title, excerpt="Some words of it. " * 9, topics=["Sea"],
            publishedDateTime=f"20{20 + number}-05-01", provider="Somebody",
            related=[{"title": "Elsewhere", "webUrl": "https://e.example/"}],
        )  # fmt: skip
    app = create_app(site.root)
    server = Served(app)
    yield server.url
    app.extensions["feeds"].close()
    server.close()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Any]:
    """A page that fails the test for all that the browser complains of."""
    size = {"width": WIDTHS[request.param], "height": 900}
    scheme = "dark" if request.param == "phone" else "light"
    context = chromium.new_context(
        viewport=size, color_scheme=scheme, permissions=["clipboard-read", "clipboard-write"]
    )
    found: list[str] = []
    page = context.new_page()

    def complained(message: Any) -> None:
        # Beside a feed, which has no links of its own, it looks for a picture.
        if message.type != "log" and not message.location["url"].endswith("/favicon.ico"):
            found.append(message.text)

    page.on("console", complained)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield page
    context.close()
    # A refusal is a page like any other, but the browser notes it.
    assert [each for each in found if "status of 400" not in each] == []


def test_the_directory_is_searched_as_one_types(page: Any, url: str) -> None:
    page.goto(url)
    feeds = page.locator(".directory > li:visible")
    assert feeds.count() == 3
    page.fill("#search", "waves SEA")
    assert feeds.all_inner_texts()[0].startswith("Sea")
    assert (feeds.count(), page.inner_text("#found")) == (1, "1 of 3")
    assert not page.is_visible("#feeds")
    page.fill("#search", "nothing at all")
    assert feeds.count() == 0
    page.fill("#search", "")
    assert (feeds.count(), page.inner_text("#found")) == (3, "")
    # A link that asks for something shows what was found, with a script or without.
    page.goto(f"{url}?q=fruit")
    assert feeds.count() == 1
    # From there on, the next search goes through all of them again.
    page.fill("#search", "waves")
    page.press("#search", "Enter")
    page.wait_for_url("**/?q=waves")
    assert feeds.all_inner_texts()[0].startswith("Sea")
    page.fill("#search", "")
    page.press("#search", "Enter")
    page.wait_for_url("**/?q=")
    assert feeds.count() == 3


def test_without_a_script_the_search_works_by_its_url(chromium: Any, url: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    assert page.locator(".directory > li:visible").count() == 3
    assert page.locator("button:visible").count() == 0
    page.goto(f"{url}?q=%3Cb%3E%22tides")
    assert page.locator(".directory > li").count() == 0
    page.goto(f"{url}?q=TIDES")
    assert page.locator(".directory > li").count() == 1
    assert page.input_value("#search") == "TIDES"
    context.close()


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
@pytest.mark.parametrize("folder", ["", "topics/sea/", "archive/2021/", "custom/"])
def test_a_feed_that_is_opened_is_readable(page: Any, url: str, folder: str, name: str) -> None:
    page.goto(f"{url}{folder}{name}?q=words" if folder == "custom/" else f"{url}{folder}{name}")
    assert page.evaluate("document.styleSheets.length") == 1
    shown = page.evaluate(
        "[...document.querySelectorAll('*')].filter(each => each.checkVisibility())"
        ".map(each => each.localName)"
    )
    assert {"title", "link", "pubDate" if name == "rss.xml" else "published"} <= {*shown}
    assert not {"encoded", "content", "author", "generator", "id", "category"} & {*shown}
    told = page.evaluate("getComputedStyle(document.documentElement, '::before').content")
    assert "This is a feed." in told
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_an_address_is_copied_with_one_click(page: Any, url: str) -> None:
    page.goto(f"{url}topics/sea/")
    page.click("summary:has-text('How to subscribe')")
    page.click("button[data-copy='url-2']")
    page.wait_for_selector("button:has-text('Copied')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "https://feeds.example.org/topics/sea/atom.xml"


def test_a_feed_of_ones_own_is_made_by_filling_a_form(page: Any, url: str) -> None:
    page.goto(f"{url}custom/")
    page.fill("#q", "some WORDS")
    page.check("text=Sea")
    page.click("text=Show it")
    page.wait_for_url("**/custom/?topic=sea&q=some+words")
    assert page.locator("article").count() == 3
    page.click("button[data-copy='url-3']")
    page.wait_for_selector("button:has-text('Copied')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "https://feeds.example.org/custom/feed.json?topic=sea&q=some+words"
    assert page.is_checked("text=Sea")


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_wider_than_the_screen_or_moves(page: Any, url: str, path: str) -> None:
    page.goto(url + path)
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide
    shift = page.evaluate(
        "new Promise(done => { new PerformanceObserver(list => done(list.getEntries().length))"
        ".observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(0), 300) })"
    )
    assert shift == 0


@pytest.mark.parametrize("path", PATHS)
def test_an_audit_of_accessibility_finds_nothing(
    chromium: Any, url: str, path: str, node_readers: Path
) -> None:
    axe = node_readers / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.exists():
        lacking("axe-core")
    # The policy of a page keeps every other script out.
    context = chromium.new_context(bypass_csp=True)
    audited = context.new_page()
    audited.goto(url + path)
    audited.evaluate(axe.read_text("utf-8"))
    found = audited.evaluate("axe.run()")
    context.close()
    assert [each["id"] for each in found["violations"]] == []


def test_style_and_script_are_small() -> None:
    assets = Path(create_app.__code__.co_filename).parents[1] / "formats" / "assets"
    size = sum((assets / name).stat().st_size for name in ("style.css", "script.js"))
    assert size < 8_000
