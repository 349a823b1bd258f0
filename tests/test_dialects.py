"""Folders of other generators: how they are found, what is said of them, and what rereads them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.cli import main
from feeds.dialects import DIALECTS
from feeds.errors import ConfigurationError
from feeds.model.selection import Selection
from feeds.web.live_site import LiveSite
from feeds.web.settings import Settings
from tests.dialects import Published, publish, write_files
from tests.fuzz.grammars import FOLDER
from tests.fuzz.targets import DialectTarget

POST = "---\ntitle: {title}\n{more}---\nText.\n"
JEKYLL = {
    "_config.yml": "url: https://harbour.example\n",
    "_posts/2026-05-01-tides.md": POST.format(title="Tides", more=""),
    "_posts/2026-05-02-boats.md": POST.format(title="Boats", more="tags: [sea]\n"),
}


def run(*arguments: object) -> tuple[int, list[str], list[str]]:
    """Run a command; return its exit code, and the lines of its output and of its messages."""
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout.splitlines(), result.stderr.splitlines()


def test_what_was_understood_is_said_in_a_line(tmp_path: Path) -> None:
    write_files(tmp_path / "blog", JEKYLL)
    code, _, messages = run("build", tmp_path / "blog", "--out", tmp_path / "out", "--url",
                            "https://feeds.example/")  # fmt: skip
    assert code == 0
    assert messages == [
        "Jekyll, permalink /:categories/:year/:month/:day/:title:output_ext; 2 posts, the newest at"
        " https://harbour.example/2026/05/02/boats.html"
    ]
    document = (tmp_path / "out/topics/sea/rss.xml").read_text("utf-8")
    assert "<link>https://harbour.example/2026/05/02/boats.html</link>" in document
    assert "https://feeds.example/topics/sea/rss.xml" in document


def test_articles_are_at_the_url_of_their_feeds_where_the_generator_says_none(
    tmp_path: Path,
) -> None:
    root = write_files(tmp_path, JEKYLL | {"_config.yml": "permalink: none\n"})
    assert {row.url for row in publish(root, "https://e.org/b/").values()} == {
        "https://e.org/b/tides.html", "https://e.org/b/boats.html",
    }  # fmt: skip


def test_posts_without_their_root_name_it(tmp_path: Path) -> None:
    write_files(tmp_path / "blog", JEKYLL)
    code, problems, _ = run("check", tmp_path / "blog/_posts")
    assert code == 1
    assert problems[0].endswith(
        f"it is a part of the Jekyll site {tmp_path / 'blog'}: name that instead"
    )


def test_one_post_is_checked_as_its_site_has_it(tmp_path: Path) -> None:
    root = write_files(tmp_path / "blog", JEKYLL)
    bad = root / "_posts/2026-05-03-bad.md"
    bad.write_text(POST.format(title="Bad", more="last_modified_at: soon\n"), encoding="utf-8")
    assert run("check", root / "_posts/2026-05-01-tides.md")[0] == 0
    # The author's own key is named, on its line.
    assert run("check", bad)[1] == [
        "_posts/2026-05-03-bad.md:3: warning: last_modified_at is 'soon'; it should be a date such"
        " as 2026-05-01T09:30:00Z"
    ]


def test_our_own_keys_win(tmp_path: Path) -> None:
    own = "---\ntitle: Own\nwebUrl: https://e.org/own\npublishedDateTime: 2026-05-04\n---\nText.\n"
    root = write_files(tmp_path, JEKYLL | {"_posts/2026-05-01-tides.md": own})
    row = publish(root)["_posts/2026-05-01-tides.md"]
    assert row == Published("https://e.org/own", "Own", "2026-05-04T00:00:00", ())


def test_feeds_yaml_names_the_dialect_the_permalink_and_the_folders(tmp_path: Path) -> None:
    root = write_files(tmp_path, JEKYLL)
    settings = root / "feeds.yaml"
    settings.write_text("title: A\nurl: https://f.example/\npermalink: /p/:title\n")
    assert publish(root)["_posts/2026-05-01-tides.md"].url == "https://harbour.example/p/tides"
    settings.write_text("title: A\nurl: https://f.example/\ndialect: none\n")
    assert publish(root) == {}
    settings.write_text("title: A\nurl: https://f.example/\ndialect: jackal\n")
    with pytest.raises(ConfigurationError, match="dialect: jackal is not known; it is one of"):
        SiteFolder.open(root)


def test_a_permalink_serves_generators_that_are_not_known(tmp_path: Path) -> None:
    settings = "title: A\nurl: https://e.org/\npermalink: /blog/:year/:month/:day/:name.html\n"
    files = {"feeds.yaml": settings, "a/2026-05-01-tides.md": POST.format(title="Tides", more=""),
             "a/boats.md": POST.format(title="Boats", more="date: 2026-05-02\n")}  # fmt: skip
    assert {row.url for row in publish(write_files(tmp_path, files)).values()} == {
        "https://e.org/blog/2026/05/01/tides.html", "https://e.org/blog/2026/05/02/boats.html",
    }  # fmt: skip


def test_articles_of_our_own_may_lie_beside_those_of_a_generator(tmp_path: Path) -> None:
    own = "---\ntitle: Own\nwebUrl: https://e.org/own\npublishedDateTime: 2026-05-04\n---\nText.\n"
    more = {"README.md": "# Read me\n", "own/a.md": own}
    root = write_files(tmp_path / "blog", JEKYLL | more)
    assert "own/a.md" not in publish(root)
    (root / "feeds.yaml").write_text("title: A\nurl: https://f.example/\n")
    assert publish(root)["own/a.md"].url == "https://e.org/own"
    assert run("check", root)[:2] == (0, [])
    (root / "feeds.yaml").write_text("title: A\nurl: https://f.example/\narticles: [., own]\n")
    assert "README.md:1: warning: no front matter" in run("check", root)[1][0]


def test_a_changed_configuration_rereads_what_it_decides(tmp_path: Path) -> None:
    root, catalog = write_files(tmp_path / "blog", JEKYLL), Catalog(tmp_path / "index.sqlite")

    def sync() -> int:
        return catalog.sync(SiteFolder.open(root)).read

    assert (sync(), sync()) == (2, 0)
    (root / "_config.yml").write_text("url: https://new.example\n")
    assert (sync(), sync()) == (2, 0)
    catalog.close()


@pytest.mark.parametrize(
    "text",
    [
        "permalink: [",
        "- a\n",
        "url: &a [*a]\n",
        "permalink: !ruby/object:X {}\n",
        "\x00",
        "a: " * 99,
    ],
)
def test_a_broken_configuration_is_no_traceback(tmp_path: Path, text: str) -> None:
    root = write_files(tmp_path, JEKYLL | {"_config.yml": text})
    assert len(publish(root)) == 2


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("hugo", {"config.toml": "baseURL = 'https://e.org/'\n", "content/a.md": ""}),
        ("hugo", {"hugo.toml": "", "content/a.md": "", "_posts/2026-05-01-a.md": ""}),
        ("zola", {"config.toml": "base_url = 'https://e.org/'\n", "content/a.md": ""}),
        ("quartz", {"quartz.config.ts": "", "content/a.md": "", ".obsidian/app.json": ""}),
        ("gatsby", {"gatsby-config.js": "path: `content`", "content/a.md": ""}),
        ("jekyll", {**JEKYLL, ".obsidian/app.json": "", "content/a.md": ""}),
        ("obsidian", {".obsidian/app.json": "", "a.md": ""}),
        ("", {"config.toml": "title = 'A'\n", "config.yaml": "a: b\n", "content/a.md": ""}),
    ],
)
def test_a_generators_folder_is_taken_for_no_others(
    tmp_path: Path, name: str, files: dict[str, str]
) -> None:
    dialect = SiteFolder.open(write_files(tmp_path, files)).dialect
    assert (dialect.name if dialect else "") == name


def test_a_served_folder_follows_its_generator(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"Gemfile": "", "README.md": "Posts.\n"})
    logged: list[str] = []
    live = LiveSite(Settings(root, url="https://feeds.example/"), log=logged.append)
    try:
        write_files(root, JEKYLL)
        assert _links(live) == {"/2026/05/02/boats.html", "/2026/05/01/tides.html"}
        write_files(root, {"_config.yml": "url: https://harbour.example\npermalink: pretty\n"})
        assert _links(live) == {"/2026/05/02/boats/", "/2026/05/01/tides/"}
        (root / "_posts/2026-05-02-boats.md").unlink()
        assert _links(live) == {"/2026/05/01/tides/"}
    finally:
        live.close()


def test_a_broken_feeds_yaml_beside_a_generators_files_is_said_once(tmp_path: Path) -> None:
    configuration = {"feeds.yaml": "title: Harbour\nurl: https://feeds.example/\n"}
    root = write_files(tmp_path, JEKYLL | configuration)
    live = LiveSite(Settings(root), log=lambda _line: None)
    try:
        write_files(root, {"feeds.yaml": "title: [\n"})
        with pytest.raises(ConfigurationError):
            live.refresh()
        write_files(root, {"_posts/2026-05-03-gulls.md": POST.format(title="Gulls", more="")})
        assert "/2026/05/03/gulls.html" in _links(live)
    finally:
        live.close()


def _links(live: LiveSite) -> set[str]:
    """Return the paths of the articles of a served site, after a look at its folder."""
    live.refresh()
    return {urlsplit(each.url).path for each in live.publication.select(Selection(), 10)}


def test_a_problem_of_very_many_files_is_said_once_with_their_number(tmp_path: Path) -> None:
    page = "---\ntitle: Page\n---\nText.\n"
    write_files(tmp_path, {f"page-{number:02}.md": page for number in range(40)})
    code, problems, messages = run("check", tmp_path)
    same = "no usable URL or date, so the article is left out; it needs webUrl or originalUrl,"
    assert code == 1
    assert problems[0].endswith("write permalink: /blog/:name/ in feeds.yaml, as its URLs are")
    assert problems[1:] == [
        *(f"page-{number:02}.md:2: {same} publishedDateTime" for number in range(3)),
        f"… and 37 more like page-03.md:2: {same} publishedDateTime",
    ]
    assert messages[-1].startswith("41 errors, ")
    _, every, _ = run("check", "--all", tmp_path)
    assert len(every) == 41
    _, _, built = run("build", tmp_path, "--out", tmp_path.parent / "tree", "--url",
                      "https://feeds.example/")  # fmt: skip
    assert len(built) < 7


def test_a_folder_around_a_site_or_between_its_folders_names_it(tmp_path: Path) -> None:
    page = {"README.md": "---\ntitle: A monorepo\n---\n"}
    write_files(tmp_path / "repository", page)
    write_files(tmp_path / "repository/packages/blog", JEKYLL | {"node_modules/x/a.md": "x"})
    code, problems, _ = run("check", tmp_path / "repository")
    blog = tmp_path / "repository/packages/blog"
    assert code == 1
    assert problems[0].endswith(f"it contains the Jekyll site {blog}: name that instead")
    write_files(
        tmp_path / "site",
        {
            "astro.config.mjs": "export default {site: 'https://harbour.example'};\n",
            "package.json": '{"dependencies": {"astro": "5"}}',
            "src/content/blog/tides.md": POST.format(title="Tides", more="date: 2026-05-01\n"),
            "src/pages/blog/[id].astro": "",
        },
    )
    _, problems, _ = run("check", tmp_path / "site/src/content")
    assert problems[0].endswith(
        f"it is a part of the Astro site {tmp_path / 'site'}: name that instead"
    )


def test_a_generators_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_files(
        tmp_path, {"conf.py": "BLOG_TITLE = 'x'\nPOSTS = (('posts/*.md', 'posts', 'x'),)\n"}
    )
    code, problems, _ = run("check", tmp_path)
    assert code == 1
    assert problems == [
        "./:1: no folder posts; Nikola has its articles there; what was known of them stays"
    ]


def test_an_article_with_an_ending_that_only_its_generator_has_is_checked(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "docusaurus.config.js": "module.exports = {url: 'https://harbour.example'};\n",
            "blog/2026-05-01-tides.mdx": POST.format(title="Tides", more="draft: soon\n"),
            "other.mdx": "",
        },
    )
    code, problems, _ = run("check", tmp_path / "blog/2026-05-01-tides.mdx")
    assert code == 1
    assert problems[0].startswith("blog/2026-05-01-tides.mdx:3: draft is 'soon'")
    _, _, messages = run("check", tmp_path / "other.mdx")
    assert messages[-1].endswith("other.mdx: not a site; name a folder or its feeds.yaml")


def test_a_tag_of_a_template_is_one_problem_whatever_its_arguments(tmp_path: Path) -> None:
    tags = {
        f"_posts/2026-05-{day}-a.md": POST.format(title="A", more="") + f'{{% notice "{day}" %}}\n'
        for day in range(10, 25)
    }
    write_files(tmp_path, {"_config.yml": "url: https://harbour.example\n"} | tags)
    _, problems, _ = run("check", tmp_path)
    assert len(problems) == 4
    assert problems[3].startswith("… and 12 more like _posts/2026-05-13-a.md:5: warning: {% notice")


def test_a_dialects_place_is_that_of_its_class() -> None:
    for kind in DIALECTS:
        assert kind.load().name == kind.name


@given(st.lists(st.sampled_from([*FOLDER.tokens, *FOLDER.examples]) | st.text(max_size=20)))
def test_no_folder_is_a_traceback(parts: list[str]) -> None:
    DialectTarget().run("".join(parts))()
