"""Links to other articles of a generator's folder: where they lead, and when that changes."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from feeds.catalog.catalog import Catalog
from feeds.catalog.folder import SiteFolder
from feeds.catalog.schema import ARTICLE, SOURCE
from feeds.dialects.dialect import SiteSettings, Translation
from feeds.dialects.plain import Plain
from feeds.parsing.body.clean import Body
from feeds.parsing.body.references import NO_ORIGIN, SHORTCODES, TEMPLATE_TAGS, Origin, Target
from tests.dialects import write_files

SITE = "https://e.org"
TIDES = f"{SITE}/tides/"
TARGETS = {
    "tides": Target(TIDES, "Tides"),
    "2020-05-01-tides": Target(TIDES, "Tides"),
    "_posts/2020-05-01-tides.md": Target(TIDES, "Tides"),
    "/sea/tides.md": Target(TIDES, "Tides"),
    "../tides.md": Target(TIDES, "Tides"),
    "odd": Target(f"{SITE}/a(b)&c=1/", "Odd [one]"),
    "map.png": Target(f"{SITE}/map.png"),
    "draft": Target("", "Draft"),
    "draft.md": Target("", "Draft"),
}


def resolve(target: str, _by_name: bool) -> Target | None:
    name, mark, part = target.partition("#")
    found = TARGETS.get(name)
    return found._replace(url=found.url + mark + part) if found and found.url else found


ORIGIN = Origin(resolve=resolve)


def clean(source: str, origin: Origin = ORIGIN, *, is_html: bool = False) -> str:
    return Body(source, is_html=is_html, origin=origin).clean(f"{SITE}/here/")


def told(source: str, origin: Origin = ORIGIN) -> list[str]:
    body = Body(source, is_html=False, origin=origin)
    body.clean(f"{SITE}/here/")
    return [f"{line}: {message}" for line, _code, message, _hint in body.findings()]


@pytest.mark.parametrize(
    "target",
    [
        "{% link _posts/2020-05-01-tides.md %}",
        "{{ site.baseurl }}{% link _posts/2020-05-01-tides.md %}",
        "{% post_url 2020-05-01-tides %}",
        "{{ site.url }}{{ site.baseurl }}{%- post_url 2020-05-01-tides -%}",
        "{% post_path tides %}",
        '{{< ref "tides" >}}',
        '{{< ref "/sea/tides.md" >}}',
        '{{% relref "tides" %}}',
        '{{< relref path="tides" lang="en" >}}',
        "{{< ref tides >}}",
        "@/sea/tides.md",
        "@site/sea/tides.md",
        "{filename}/sea/tides.md",
        "{filename}../tides.md",
        "|filename|../tides.md",
        "../tides.md",
    ],
)  # fmt: skip
def test_the_target_of_a_link_is_an_article(target: str) -> None:
    link = f'<a href="{TIDES}">Ebb</a>'
    assert clean(f"See [Ebb]({target}).") == f"<p>See {link}.</p>"
    assert clean(f"See [Ebb][1].\n\n[1]: {target}\n") == f"<p>See {link}.</p>"
    quote = "'" if '"' in target else '"'
    assert clean(f"<a href={quote}{target}{quote}>Ebb</a>", is_html=True) == link
    assert told(f"See [Ebb]({target}).") == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[a]({% post_url 2020-05-01-tides %}#ebb)", f'<a href="{TIDES}#ebb">a</a>'),
        ('[a]({{< ref "tides#ebb" >}})', f'<a href="{TIDES}#ebb">a</a>'),
        ("[a](@/sea/tides.md#ebb)", f'<a href="{TIDES}#ebb">a</a>'),
        ("[a](../tides.md#ebb)", f'<a href="{TIDES}#ebb">a</a>'),
        ('[a](../tides.md "T")', f'<a href="{TIDES}" title="T">a</a>'),
        ('{{< ref "tides" >}}', f'<a href="{TIDES}">{TIDES}</a>'),
        ("{% post_url 2020-05-01-tides %}", f'<a href="{TIDES}">{TIDES}</a>'),
        ("{% post_link tides %}", f'<a href="{TIDES}">Tides</a>'),
        ("{% post_link tides 'Ebb' %}", f'<a href="{TIDES}">Ebb</a>'),
        ("{% post_link odd %}", f'<a href="{SITE}/a(b)&amp;c=1/">Odd [one]</a>'),
        ("[a](@/odd.md)", "a"),
        ("[[tides]]", f'<a href="{TIDES}">tides</a>'),
        ("[[tides|the ebb]]", f'<a href="{TIDES}">the ebb</a>'),
        ("[[tides#High Water!|ebb]]", f'<a href="{TIDES}#high-water">ebb</a>'),
        ("[[tides#^a1b2]]", f'<a href="{TIDES}">tides</a>'),
        ("a [[odd|[x]]] b", "a [[odd|[x]]] b"),
        ("潮汐[[tides]]潮汐", f'潮汐<a href="{TIDES}">tides</a>潮汐'),
        ("a[[0]]", "a[[0]]"),
        ("![[tides]]", f'<a href="{TIDES}">Tides</a>'),
        ("![[map.png]]", f'<img src="{SITE}/map.png" alt="">'),
        ("![[map.png|The bay|300]]", f'<img src="{SITE}/map.png" alt="The bay">'),
        ("[[map.png]]", f'<a href="{SITE}/map.png">map.png</a>'),
        ("`[[tides]]` and `{% post_url x %}`",
         "<code>[[tides]]</code> and <code>{% post_url x %}</code>"),
        ("if [[ -f x ]]; then", "if [[ -f x ]]; then"),
        ("[[1]](https://x.org/)", '<a href="https://x.org/">[1]</a>'),
        ("[[nowhere]]", "[[nowhere]]"),
        ("[[draft|D]]", "D"),
        ("[D](draft.md)", "D"),
        ("[D]({% link draft.md %})", "D"),
        ("[D](@/draft.md)", "D"),
        ("[a](https://x.org/tides.md)", '<a href="https://x.org/tides.md">a</a>'),
        ("[a](mailto:a@tides.md)", '<a href="mailto:a@tides.md">a</a>'),
        ("[a](other.md)", "a"),
        ("[a](../other.md#b)", "a"),
        ("[a](other.mdx?x)", "a"),
        ("[a](other.mds)", f'<a href="{SITE}/here/other.mds">a</a>'),
    ],
)  # fmt: skip
def test_links_as_generators_write_them(source: str, expected: str) -> None:
    assert clean(source) == f"<p>{expected}</p>"


def test_a_footnote_may_follow_a_wiki_link() -> None:
    found = clean("_[[tides]]_ [[tides]][^1]\n\n[^1]: N")
    link = f'<a href="{TIDES}">tides</a>'
    assert found.startswith(f"<p><em>{link}</em> {link}<sup>1</sup></p>")


def test_a_table_holds_a_wiki_link_with_a_label() -> None:
    table = "| a |\n| - |\n| [[tides\\|ebb]] |\n"
    assert f'<a href="{TIDES}">ebb</a>' in clean(table)


def test_what_leads_nowhere_is_told() -> None:
    wiki = Origin(resolve=resolve, is_obsidian=True)
    source = "One\n\n[[No where|n]] and ![[no.png]] ![[note]]\n\n[D](draft.md)\n"
    assert clean(source, wiki) == "<p>One</p>\n<p>n and  note</p>\n<p>D</p>"
    assert told(source, wiki) == [
        "3: only its generator knows where [[No where|n]] is: its link is plain text, a picture is"
        " left out (and 2 more)",
        "5: draft.md is not published, or not yet: its link is plain text",
    ]


@pytest.mark.parametrize(
    ("tags", "source", "expected"),
    [
        (TEMPLATE_TAGS, "a {{ page.x }}{% custom %} b", "a  b"),
        (TEMPLATE_TAGS, "{% callout 'x' %}\nText.\n{% endcallout %}", "Text."),
        (TEMPLATE_TAGS, "{% include f.html\n  src=\"a\"\n%}\nText.", "Text."),
        (TEMPLATE_TAGS, "{{ \"{{\" }} x", "{{ x"),
        (TEMPLATE_TAGS, "{% raw %}{{ x }}{% endraw %} `{{ y }}`", "{{ x }} <code>{{ y }}</code>"),
        (TEMPLATE_TAGS, "{{< x >}}", "{{&lt; x &gt;}}"),
        (SHORTCODES, "a {{< custom >}}b{{< /custom >}} {{ c }}", "a b {{ c }}"),
        (SHORTCODES, "a {{% toc %}} b", "a  b"),
        (None, "a {{ page }} b", "a {{ page }} b"),
        (TEMPLATE_TAGS, "a {% asset_img big map.png 300 'The bay' %}",
         f'a <img src="{SITE}/here/map.png" alt="The bay">'),
        (TEMPLATE_TAGS, "{% asset_img none %} b", "b"),
        (TEMPLATE_TAGS, "a {% include image.html src='/m.png' alt=\"M\" %}",
         f'a <img src="{SITE}/m.png" alt="M">'),
        (TEMPLATE_TAGS, "a {%- include x/figure.html\n  url='https://x.org/m.webp'\n -%} b",
         'a <img src="https://x.org/m.webp" alt=""> b'),
        (TEMPLATE_TAGS, "{% codepen url=\"https://x.org/a?b&c\" height=3 /%}",
         '<a href="https://x.org/a?b&amp;c">x.org/a?b&amp;c</a>'),
        (SHORTCODES, "{% codepen 'a' %}", "{% codepen 'a' %}"),
        (TEMPLATE_TAGS, "{% gist ann/12 %}b", "b"),
        (TEMPLATE_TAGS, "{% set a = 'https://x.org/' %}{% if b == 'c.png' %}d{% endif %}", "d"),
        (TEMPLATE_TAGS, '<a title="{% t \'https://x.org/\' %}" href="/b">c</a>',
         f'<a title="" href="{SITE}/b">c</a>'),
    ],
)  # fmt: skip
def test_tags_of_the_generator_are_never_text(tags: object, source: str, expected: str) -> None:
    assert clean(source, Origin(tags=tags)) == f"<p>{expected}</p>"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "tag",
    [
        "{% youtube abcdefghijk %}",
        '{{ youtube(id="abcdefghijk", class="wide") }}',
        '{% youtubeEmbed "abcdefghijk" %}',
        '{% youtube id="abcdefghijk" /%}',
        '{% include youtube.html id="abcdefghijk" %}',
    ],
)
def test_a_video_is_a_link_to_it(tag: str) -> None:
    found = clean(f"a\n\n{tag}\n\nb", Origin(tags=TEMPLATE_TAGS))
    assert "https://www.youtube.com/watch?v=abcdefghijk" in found


@pytest.mark.parametrize("tag", ["codeblock lang:js", "codeblock", "code"])
def test_the_code_of_hexo_stays_as_it_is(tag: str) -> None:
    source = f"a\n\n{{% {tag} %}}\nif (*a*) {{{{ b }}}}\n\n    c\n{{% end{tag.split()[0]} %}}\n"
    code = "<pre><code>if (*a*) {{ b }}\n\n    c\n</code></pre>"
    assert clean(source, Origin(tags=TEMPLATE_TAGS)) == f"<p>a</p>\n{code}"


def test_tags_that_are_left_out_are_told() -> None:
    source = "a\n\n{{ page.x.y }} {% endcustom %} {{ later }}"
    assert told(source, Origin(tags=TEMPLATE_TAGS)) == [
        "3: {{ later }} is left out: only its generator knows what it stands for"
    ]


def test_our_own_articles_are_read_as_before() -> None:
    source = "[[tides]] ![x](../tides.md) {{ x }} [a](tides.md) !!! note"
    assert clean(source, NO_ORIGIN) == Body(source, is_html=False).clean(f"{SITE}/here/")


# Which articles a link names

PAGE = "---\ntitle: {}\n{}---\n{}\n"
POST = "_posts/2020-05-02-boats.md"
BODY = "[T]({% post_url 2020-05-01-tides %}) [P](2020-05-01-tides.md)"
LINKED = '<p><a href="https://e.org/{0}">T</a> <a href="https://e.org/{0}">P</a></p>'
FILES = {
    "_config.yml": "url: https://e.org\npermalink: /:title/\n",
    "_posts/2020-05-01-tides.md": PAGE.format("Tides", "", "Text."),
    POST: PAGE.format("Boats", "", BODY),
}


class Site:
    """A folder that is synced again and again, and beside it with an index made anew."""

    def __init__(self, root: Path, files: Mapping[str, str]) -> None:
        self.root = write_files(root / "blog", files)
        self.catalog = Catalog(root / "warm.sqlite")
        self._count = 0
        self.read = 0

    def body(self, path: str = POST, **changes: str | None) -> str:
        """Return the body of an article, which must not depend on what was read before."""
        for name, text in changes.items():
            file = self.root / "_posts" / f"2020-05-{name[1:3]}-{name[4:]}.md"
            if text is None:
                file.unlink()
            else:
                file.write_text(text, encoding="utf-8")
        self.read = self.catalog.sync(SiteFolder.open(self.root)).read
        self._count += 1
        cold = Catalog(self.root.parent / f"cold{self._count}.sqlite")
        cold.sync(SiteFolder.open(self.root))
        warm_rows, cold_rows = bodies(self.catalog), bodies(cold)
        assert warm_rows == cold_rows
        assert digests(self.catalog) == digests(cold)
        assert sorted(self.catalog.problems()) == sorted(cold.problems())
        cold.close()
        return warm_rows.get(path, "")


def bodies(catalog: Catalog) -> dict[str, str]:
    with catalog.reading() as connection:
        rows = connection.execute(sa.select(ARTICLE.c.path, ARTICLE.c.data))
        return {row.path: row.data.body for row in rows}


def digests(catalog: Catalog) -> dict[str, str]:
    """Return the digests of all files: they decide which documents are written again."""
    with catalog.reading() as connection:
        rows = connection.execute(sa.select(SOURCE.c.path, SOURCE.c.digest))
        return {row.path: row.digest for row in rows}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, FILES)


def test_a_link_follows_the_article_that_it_names(site: Site) -> None:
    tides = "_posts/2020-05-01-tides.md"
    assert site.body() == LINKED.format("tides/")
    assert site.read == 2
    site.body()
    assert site.read == 0
    # It has another URL.
    assert site.body(d01_tides=PAGE.format("Tides", "permalink: /ebb\n", "")) == LINKED.format(
        "ebb"
    )
    assert site.read == 2
    # It is held back: its address stays unknown.
    assert site.body(d01_tides=PAGE.format("Tides", "published: false\n", "")) == "<p>T P</p>"
    assert "ebb" not in str(site.catalog.problems())
    # It is published again, renamed, and gone.
    assert site.body(d01_tides=PAGE.format("Tides", "", "")) == LINKED.format("tides/")
    os.rename(site.root / tides, site.root / "_posts/2020-05-01-other.md")
    gone = "<p>T P</p>"
    assert site.body() == gone
    os.rename(site.root / "_posts/2020-05-01-other.md", site.root / tides)
    assert site.body() == LINKED.format("tides/")
    (site.root / tides).unlink()
    assert site.body() == gone
    assert site.body(d01_tides=PAGE.format("Tides", "", "")) == LINKED.format("tides/")


def test_other_changes_read_no_linking_article(site: Site) -> None:
    site.body()
    site.body(d03_whales=PAGE.format("Whales", "", ""))
    assert site.read == 1


def test_a_sync_that_did_not_end_reads_what_links(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from feeds.catalog import sync

    site.body()
    monkeypatch.setattr(sync, "MAX_FILES_PER_TRANSACTION", 1)

    def fail(*_arguments: object, **_more: object) -> set[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sync, "_linking", fail)
        (site.root / "_posts/2020-05-01-tides.md").write_text(
            PAGE.format("Tides", "permalink: /ebb\n", ""), encoding="utf-8"
        )
        with pytest.raises(KeyboardInterrupt):
            site.catalog.sync(SiteFolder.open(site.root))
    assert site.body() == LINKED.format("ebb")


def test_a_link_waits_for_the_date_of_its_article(tmp_path: Path) -> None:
    later = PAGE.format("Later", "date: 2999-01-01\n", "")
    text = "[T]({% post_url 2020-05-01-tides %})"
    site = Site(
        tmp_path, FILES | {"_posts/2020-05-01-tides.md": later, POST: PAGE.format("B", "", text)}
    )
    assert site.body() == "<p>T</p>"
    folder = SiteFolder.open(site.root)

    from datetime import UTC, datetime

    then = int(datetime(2999, 2, 1, tzinfo=UTC).timestamp()) * 10**9
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SiteFolder, "reopened", lambda self: dataclasses.replace(self, opened=then))
        assert site.catalog.sync(folder).read == 1
        assert bodies(site.catalog)[POST] == '<p><a href="https://e.org/tides/">T</a></p>'


def test_a_draft_is_linked_where_drafts_are_published(tmp_path: Path) -> None:
    settings = "title: A\nurl: https://f.org/\nunpublished: true\n"
    draft = PAGE.format("Tides", "published: false\n", "")
    site = Site(tmp_path, FILES | {"feeds.yaml": settings, "_posts/2020-05-01-tides.md": draft})
    assert site.body() == LINKED.format("tides/")


def test_files_that_are_no_articles(tmp_path: Path) -> None:
    text = "[M]({% link assets/map.pdf %}) [H]({% link _hidden/map.pdf %})"
    site = Site(tmp_path, FILES | {POST: PAGE.format("B", "", text)})
    assert site.body() == "<p>M H</p>"
    write_files(site.root, {"assets/map.pdf": "x", "_hidden/map.pdf": "x"})
    assert site.body() == '<p><a href="https://e.org/assets/map.pdf">M</a> H</p>'
    (site.root / "assets/map.pdf").unlink()
    assert site.body() == "<p>M H</p>"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("../c/index.md", "c"),
        ("../c", ""),
        ("/p/c/2020-05-05-leaf.md", "leaf"),
        ("p/c/2020-05-05-leaf.md", "leaf"),
        ("../c/2020-05-05-leaf.md", "leaf"),
        ("2020-05-05-leaf.md", ""),
        ("%32020-05-05-leaf.md", ""),
        ("../../../../etc/2020-05-05-leaf.md", ""),
    ],
)
def test_paths_begin_at_the_article_or_the_root(tmp_path: Path, target: str, name: str) -> None:
    files = {
        "feeds.yaml": "title: A\nurl: https://e.org/\npermalink: /:name/\n",
        "p/a/from.md": PAGE.format("F", "date: 2020-05-01\n", f"[x]({target})"),
        "p/c/index.md": PAGE.format("C", "date: 2020-05-01\n", ""),
        "p/c/2020-05-05-leaf.md": PAGE.format("L", "", ""),
    }
    root = write_files(tmp_path, files)
    folder = SiteFolder.open(root)
    article, _ = folder.read_article(folder.text_or_empty("p/a/from.md"), "p/a/from.md")
    assert article
    assert (f'href="https://e.org/{name}/"' in article.body) == bool(name), article.body


class PlainPages(Plain):
    """A dialect that knows where its pages are, and has links by name."""

    is_obsidian = True

    def translate(self, article: Translation) -> None:
        super().translate(article)
        if not article.text("date"):
            article.publish_at(article.path.replace(".md", "/"))

    def file_url(self, path: str) -> str:
        return self.base + path.removesuffix(".txt").removesuffix(".htm")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[[Undated]]", '<a href="https://e.org/sea/undated/">Undated</a>'),
        ("[[sea/undated|u]]", '<a href="https://e.org/sea/undated/">u</a>'),
        ("[[other/undated|u]]", "u"),
        ("[[twice]]", "twice"),
        ("[[a/twice]]", '<a href="https://e.org/a/twice/">a/twice</a>'),
        ("[x](/sea/undated.md?a#b)", '<a href="https://e.org/sea/undated/#b">x</a>'),
        ("![[map.png]]", '<img src="https://e.org/sea/map.png" alt="">'),
        ("![[sea/map.png]]", '<img src="https://e.org/sea/map.png" alt="">'),
        ("![[hidden.png]]", ""),
        ("![[../../../etc/map.png]]", ""),
        ("[[tides.en]]", '<a href="https://e.org/sea/tides.en/">tides.en</a>'),
        ("[[tides]]", '<a href="https://e.org/sea/tides.en/">tides</a>'),
        ("[[unlisted]]", "unlisted"),
    ],
)
def test_links_by_name(tmp_path: Path, link: str, expected: str) -> None:
    dated = PAGE.format("T", "date: 2020-05-01\npermalink: {}\n", "")
    files = {
        "here/from.md": PAGE.format("F", "date: 2020-05-01\n", link),
        "sea/undated.md": PAGE.format("Undated", "", ""),
        "sea/tides.en.md": dated.format("/sea/tides.en/"),
        "a/twice.md": dated.format("/a/twice/"),
        "b/twice.md": dated.format("/b/twice/"),
        "sea/unlisted.md": dated.format("/secret/").replace("---\n\n", "unlisted: true\n---\n"),
        "sea/map.png": "",
        ".hidden/hidden.png": "",
    }
    root = write_files(tmp_path, files)
    dialect = PlainPages(SiteSettings(), base="https://e.org/", permalink="/:name/")
    folder = dataclasses.replace(SiteFolder.open(root), dialect=dialect)
    path = "here/from.md"
    article, problems = folder.read_article(folder.text_or_empty(path), path)
    assert article
    assert article.body == f"<p>{expected}</p>" * bool(expected)
    assert "secret" not in str(problems)


# The links of each generator, and where it leads them itself

DATED = "---\ntitle: {}\ndate: 2020-05-01\n{}---\n{}\n"
HUGO = {
    "hugo.toml": "baseURL = 'https://e.org/'\ndefaultContentLanguage = 'en'\n[languages.en]\n"
    "weight = 1\n[languages.nb]\nweight = 2\n[permalinks]\nposts = '/:year/:slug/'\n",
    "content/posts/tides.md": DATED.format("Tides", "slug: ebb\n", ""),
    "content/posts/tides.nb.md": DATED.format("Tidevann", "slug: fjaere\n", ""),
    "content/posts/2020/boats.md": DATED.format("Boats", "", ""),
    "content/posts/bundle/index.md": DATED.format("Bundle", "", ""),
    "content/notes/deep/leaf.md": DATED.format("Leaf", "", ""),
}
ZOLA = {
    "config.toml": "base_url = 'https://e.org'\n",
    "content/blog/_index.md": "+++\ntitle = 'Blog'\n+++\n",
    "content/blog/2020-05-01-tides.md": "+++\ntitle = 'Tides'\n+++\n",
    "content/about.md": "+++\ntitle = 'About'\npath = 'who'\n+++\n",
}
MKDOCS = {
    "mkdocs.yml": "site_name: A\nsite_url: https://e.org/\nplugins: [blog]\n",
    "docs/setup/start.md": "# Start\n",
    "docs/index.md": "# Home\n",
    "docs/blog/posts/tides.md": DATED.format("High tides", "", ""),
}
PELICAN = {
    "pelicanconf.py": "SITEURL = 'https://e.org'\nPATH = 'content'\n",
    "content/sea/tides.md": "Title: High tides\nDate: 2020-05-01\n\nText.\n",
}
HEXO = {
    "_config.yml": "url: https://e.org\npermalink: :year/:title/\n",
    "package.json": '{"dependencies": {"hexo": "8"}}',
    "source/_posts/tides.md": DATED.format("High tides", "", ""),
}
DOCUSAURUS = {
    "docusaurus.config.js": "export default {title: 'A', url: 'https://e.org', baseUrl: '/'};\n",
    "blog/2020-05-01-tides.md": "---\ntitle: Tides\nslug: ebb\n---\n",
    "blog/2020-05-02-boats/index.mdx": "---\ntitle: Boats\n---\n",
}
QUARTZ = {
    "quartz.config.ts": "const config = {configuration: {baseUrl: 'e.org'}}\n",
    "content/Sea/High tides.md": DATED.format("Ebb", "", ""),
    "content/about.md": "About.\n",
    "content/img/The bay.png": "",
}


@pytest.mark.parametrize(
    ("files", "path", "link", "expected"),
    [
        *(
            (HUGO, "content/posts/from.md", f'[x]({{{{< ref "{target}" >}}}})', f"https://e.org{url}")
            for target, url in (
                ("tides", "/2020/ebb/"),
                ("tides.md", "/2020/ebb/"),
                ("/posts/tides.md", "/2020/ebb/"),
                ("/posts/tides", "/2020/ebb/"),
                ("posts/tides.md", "/2020/ebb/"),
                ("2020/boats", "/2020/boats/"),
                ("boats.md", "/2020/boats/"),
                ("bundle", "/2020/bundle/"),
                ("bundle/index.md", "/2020/bundle/"),
                ("/posts/bundle", "/2020/bundle/"),
                ("leaf", "/notes/deep/leaf/"),
                ("../notes/deep/leaf.md", "/notes/deep/leaf/"),
                ("/notes/deep/leaf.md#part", "/notes/deep/leaf/#part"),
            )
        ),
        (HUGO, "content/posts/from.nb.md", '[x]({{< ref "tides" >}})', "https://e.org/nb/2020/fjaere/"),
        (HUGO, "content/posts/from.nb.md", '[x]({{% relref "/posts/tides.md" %}})',
         "https://e.org/nb/2020/fjaere/"),
        (ZOLA, "content/blog/from.md", "[x](@/blog/2020-05-01-tides.md#a)", "https://e.org/blog/tides/#a"),
        (ZOLA, "content/blog/from.md", "[x](@/about.md)", "https://e.org/who/"),
        (ZOLA, "content/blog/from.md", "[x](@/blog/_index.md)", "https://e.org/blog/"),
        (MKDOCS, "docs/blog/posts/from.md", "[x](tides.md#a)", "https://e.org/blog/2020/05/01/high-tides/#a"),
        (MKDOCS, "docs/blog/posts/from.md", "[x](../../setup/start.md)", "https://e.org/setup/start/"),
        (MKDOCS, "docs/blog/posts/from.md", "[x](../../index.md)", "https://e.org/"),
        (PELICAN, "content/land/from.md", "[x]({filename}/sea/tides.md)", "https://e.org/high-tides.html"),
        (PELICAN, "content/land/from.md", "[x]({filename}../sea/tides.md#a)",
         "https://e.org/high-tides.html#a"),
        (PELICAN, "content/land/from.md", "[x](|filename|../sea/tides.md)", "https://e.org/high-tides.html"),
        (HEXO, "source/_posts/from.md", "[x]({% post_path tides %})", "https://e.org/2020/tides/"),
        (HEXO, "source/_posts/from.md", "{% post_link tides %}", "https://e.org/2020/tides/"),
        (HEXO, "source/_posts/from.md", "{% post_link tides 'x' %}", "https://e.org/2020/tides/"),
        (DOCUSAURUS, "blog/2020-06-01-from.md", "[x](./2020-05-01-tides.md)", "https://e.org/blog/ebb"),
        (DOCUSAURUS, "blog/2020-06-01-from.md", "[x](2020-05-02-boats/index.mdx#a)",
         "https://e.org/blog/2020/05/02/boats#a"),
        (DOCUSAURUS, "blog/2020-06-01-from.md", "[x](@site/blog/2020-05-01-tides.md)",
         "https://e.org/blog/ebb"),
        (QUARTZ, "content/from.md", "[[High tides]]", "https://e.org/Sea/High-tides"),
        (QUARTZ, "content/from.md", "[[Sea/High tides|x]]", "https://e.org/Sea/High-tides"),
        (QUARTZ, "content/from.md", "[x](Sea/High%20tides.md)", "https://e.org/Sea/High-tides"),
        (QUARTZ, "content/from.md", "[[about#Who We Are]]", "https://e.org/about#who-we-are"),
        (QUARTZ, "content/from.md", "![[The bay.png]]", "https://e.org/img/The-bay.png"),
    ],
)  # fmt: skip
def test_links_lead_where_the_generator_leads_them(
    tmp_path: Path, files: dict[str, str], path: str, link: str, expected: str
) -> None:
    front = "Title: F\nDate: 2020-06-01\n\n" if files is PELICAN else DATED.format("F", "", "")
    front = "+++\ntitle = 'F'\ndate = 2020-06-01\n+++\n" if files is ZOLA else front
    folder = SiteFolder.open(write_files(tmp_path, files | {path: front + link + "\n"}))
    article, problems = folder.read_article(folder.text_or_empty(path), path)
    assert article, problems
    assert re.findall(r'(?:href|src)="([^"]*)"', article.body) == [expected]
    assert not problems


TEX = "A *b* $x *y* z$ and \\(p *q*\\).\n"


@pytest.mark.parametrize(
    ("files", "path", "front", "is_math"),
    [
        (FILES, POST, "", False),
        (FILES | {"_config.yml": "url: https://e.org\nkramdown: {math_engine: katex}\n"},
         POST, "", True),
        (FILES, POST, "math: true\n", True),
        (HUGO, "content/posts/from.md", "", False),
        (HUGO, "content/posts/from.md", "math: true\n", True),
        (HUGO | {"hugo.toml": "baseURL = 'https://e.org/'\n[params]\nmath = true\n"},
         "content/posts/from.md", "", True),
        (QUARTZ, "content/from.md", "", False),
        (QUARTZ | {"quartz.config.ts": "({c: {baseUrl: 'e.org'}, p: [Plugin.Latex({})]})"},
         "content/from.md", "", True),
    ],
)  # fmt: skip
def test_formulas_stay_where_the_generator_has_them(
    tmp_path: Path, files: dict[str, str], path: str, front: str, is_math: bool
) -> None:
    folder = SiteFolder.open(write_files(tmp_path, files | {path: DATED.format("F", front, TEX)}))
    folder = folder.published_at("https://e.org/")
    article, _ = folder.read_article(folder.text_or_empty(path), path)
    assert article
    assert article.body.startswith("<p>A <em>b</em> ")
    assert ("$x *y* z$ and \\(p *q*\\)." in article.body) == is_math, article.body
