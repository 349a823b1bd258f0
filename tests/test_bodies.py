"""Bodies: any source becomes well-formed HTML that runs nothing."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.parsing.article import read_article
from feeds.parsing.body.clean import Body
from tests.bodies import BASE, html, inspect, markdown
from tests.support import article, document, within

TAGS = (
    "a p b img svg math script style iframe video table td ul li pre code form title textarea"
    " noscript template select option details object embed base meta link plaintext xmp body"
).split()
PIECES = [
    *(f"<{tag}>" for tag in TAGS),
    *(f"</{tag}>" for tag in TAGS),
    *(f"<{tag} " for tag in TAGS),
    *(
        " href=",
        " src=",
        " onclick=",
        " onerror =",
        " style=",
        " xlink:href=",
        " srcdoc=",
        " cite=",
    ),
    *(" poster=", "javascript:alert(1)", "java\tscript:x", "&#106;avascript:x", "data:text/html,x"),
    *("vbscript:x", "//x.example/", "../x", "#f", "mailto:a@example.com", "http://[::1", "x"),
    *(
        "<",
        ">",
        "/>",
        '"',
        "'",
        "`",
        "=",
        "&lt;",
        "&#0;",
        "&quot;",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
    ),
    *(
        "[a](",
        "![a](",
        ")",
        "[^1]",
        "[^1]: ",
        "\n",
        "\n\n",
        "    ",
        "```\n",
        "> ",
        "- ",
        "|",
        "|-|\n",
    ),
    *("~~", "**", "_", "{% raw %}", "{% endraw %}", "{{", "\\", "\0", "\x1b", "\ufffe", "é", "日"),
]
markup = st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join)


@given(markup, st.booleans())
@example("<svg></p><style><a title='</style><img src=x onerror=alert(1)>'>", True)
@example(
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=x>'>", True
)
@example("<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", True)
@example("<a href='https://x.example/\"onclick=\"x'>", True)
@example("[a](<javascript:alert(1)>) <javascript:alert(1)> ![b](data:x)", False)
def test_no_body_runs_anything(body: str, is_html: bool) -> None:
    name = "a.html" if is_html else "a.md"
    found, _problems = read_article(document(article(), body), name)
    assert found is not None
    inspect(found.body)


@given(markup)
def test_a_body_that_was_cleaned_is_clean(body: str) -> None:
    cleaned = html(body)
    assert html(cleaned) == cleaned


@given(
    st.text() | st.lists(st.sampled_from([*"[]{}:,-&*!|>'\"#%@`?~ \n\tabé", "---\n"])).map("".join)
)
def test_any_front_matter_gives_an_article_or_a_problem(front: str) -> None:
    for text in (f"---\n{front}\n---\nBody.\n", f"---\n{front}", front):
        found, problems = read_article(text, "a.md")
        assert found is not None or problems
        assert all(each.line >= 1 and each.message for each in problems)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(PIECES),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("url name title webUrl domain authors images width excerpt".split()),
            inner,
        )
    ),
    max_leaves=8,
)
KEYS = (
    "title name excerpt featuredContent updatedDateTime originalUrl ampWebUrl provider topics"
    " category type images actions related quality heat published removed secured"
).split()


@given(st.dictionaries(st.sampled_from(KEYS), values))
@example({"title": ["\x85"], "name": []})
def test_problems_of_any_value_have_lines_of_the_front_matter(
    keys: dict[str, object],
) -> None:
    text = document(article() | keys)
    found, problems = read_article(text, "a.md")
    assert found is not None or any(each.code.startswith("missing-") for each in problems)
    assert all(2 <= each.line < text.count("\n") for each in problems)
    if found:
        urls = [found.id, found.url, found.original_url, found.amp_url]
        urls += [each.url for each in (*found.enclosures, *found.related)]
        urls += [each.url for each in found.provider.images] if found.provider else []
        assert all(each.startswith(("https://", "http://", "/")) for each in urls if each)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("<center>x <font>y</font></center>", "<div>x y</div>"),
        ("<p>a<script>b</script><style>c</style>d</p>", "<p>ad</p>"),
        ("<a href=../x>y</a>", '<a href="https://news.example.com/x">y</a>'),
        ("<a href=?q>y</a>", '<a href="https://news.example.com/a/b?q">y</a>'),
        ("<a href='MAILTO:a@example.com'>y</a>", '<a href="MAILTO:a@example.com">y</a>'),
        ("<a href=ftp://x.example/>y</a>", "<a>y</a>"),
        ("<img src='data:,x'><img>", ""),
        ("<ol start=3 reversed><li>x</ol>", '<ol start="3" reversed=""><li>x</li></ol>'),
        ("<td colspan=2>x", "x"),
        ("a {% raw %}{{ b }}{%- endraw -%} c", "a {{ b }} c"),
        ("<p>CafÃ© &amp; Ã©tÃ©", "<p>Café &amp; été</p>"),
    ],
)
def test_html_is_kept_resolved_and_closed(source: str, body: str) -> None:
    assert html(source) == body


@pytest.mark.parametrize("reference", ["&#xFFFE;", "&#65535;", "&#x0;", "&#xD800;", "&#x1FFFE;"])
@pytest.mark.parametrize("is_html", [True, False])
def test_a_reference_to_a_forbidden_character_costs_no_article(
    reference: str, is_html: bool
) -> None:
    name = "a.html" if is_html else "a.md"
    found, _problems = read_article(document(article(), f"left {reference}right"), name)
    assert found is not None
    inspect(found.body)
    assert found.body.replace("\ufffd", "") in ("left right", "<p>left right</p>")


def test_a_noscript_element_does_not_become_text_full_of_tags() -> None:
    # Pages that load their pictures late have the real ones in here.
    body = html('<p>x</p><noscript><img src="https://img.example.com/a.jpg"></noscript>')
    assert "&lt;img" not in body


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>\n<script>", [(2, "<script>")]),
        ("<p onclick=x>\n<p ONCLICK = y>", [(1, "the event handler onclick (and 1 more)")]),
        ("a\n\n<a href='JavaScript:x'>", [(3, "a javascript: link")]),
        ("<applet>\n<form>", [(1, "<applet>"), (2, "<form>")]),
        (
            "<a href='javascript:x' onclick=y>",
            [(1, "the event handler onclick"), (1, "a javascript: link")],
        ),
        ("<p>on the=way", []),
        ("scripts < onset=5", []),
    ],
)
def test_each_kind_of_unsafe_markup_is_reported_once_with_its_line(
    source: str, found: list[tuple[int, str]]
) -> None:
    assert sorted(unsafe_parts(source, is_html=True)) == sorted(found)


def unsafe_parts(source: str, *, is_html: bool) -> list[tuple[int, str]]:
    body = Body(source, is_html=is_html)
    body.clean(BASE)
    return [
        (each.line, each.message.removeprefix("the body contains "))
        for each in body.findings()
        if each.code == "unsafe-body"
    ]


def test_an_unsafe_link_in_markdown_is_reported() -> None:
    assert unsafe_parts("a\n\n[b](javascript:x)\n", is_html=False) == [(3, "a javascript: link")]


def test_code_in_markdown_is_not_reported() -> None:
    source = "`<script>` and\n\n    <p onclick=x>\n"
    assert unsafe_parts(source, is_html=False) == []
    assert unsafe_parts(source + "\n<script>\n", is_html=False) == [(1, "<script>")]
    assert unsafe_parts(source.replace("script", "b"), is_html=True) == [
        (3, "the event handler onclick")
    ]


def test_code_that_jekyll_would_highlight_is_not_reported() -> None:
    source = "{% highlight html %}\n<script>\n{% endhighlight %}\n"
    assert unsafe_parts(source, is_html=False) == []
    assert unsafe_parts(source, is_html=True) == []


def test_a_long_blank_in_a_tag_takes_no_time() -> None:
    with within(1):
        assert unsafe_parts("<a href=" + " " * 20_000 + "x>", is_html=True) == []


@given(st.text(st.sampled_from("ab \n*_`[]()!|~&#:-=>\\1.\t")))
@example("[a](b [c](d))")
@example("[^1]\n\n[^1]: note\n\n|a|b|\n|-|-|\n|~~x~~|`y`|")
def test_markdown_without_a_tag_of_its_own_is_well_nested_at_once(source: str) -> None:
    cleaned = markdown(source)
    assert html(cleaned) == cleaned


@given(st.lists(st.sampled_from(["<!", "<![", "<![x[", "<?", "]]>", "<script>", "</script>", "a ",
                                 "<!--", "-->", "<a onclick=", '"', "&#x3c;", ">"])).map("".join),
       st.booleans())  # fmt: skip
@example("<script>x</script><![foo[ x ]]>", True)
@example("<![ x", False)
def test_no_declaration_stops_the_reading(body: str, is_html: bool) -> None:
    found, _problems = read_article(document(article(), body), f"a.{'html' if is_html else 'md'}")
    assert found
    assert "<script" not in found.body


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        ("a\n<script>x</script><![foo[ x ]]>", 2, "<script>"),
        ("<p>" + "long " * 12_000 + "\n<script>x</script>", 2, "<script>"),
        ('a\n<a href="java&#115;cript:x">b</a>', 2, "a javascript: link"),
    ],
)
def test_unsafe_markup_is_reported_behind_long_text_and_in_entities(
    body: str, line: int, what: str
) -> None:
    [(_line, found)] = unsafe_parts(body, is_html=True)
    assert found == what
    assert _line in (1, line)


def test_a_source_stays_in_a_video_and_not_in_a_picture() -> None:
    picture = '<picture><source srcset="/a.webp"><img src="/a.png"></picture>'
    video = '<video controls><source src="/a.mp4" type="video/mp4"></video>'
    assert html(picture) == '<img src="https://news.example.com/a.png">'
    assert '<source src="https://news.example.com/a.mp4" type="video/mp4">' in html(video)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("<div>" * 100_000, "a.html"),
        (">" * 50_000 + " x", "a.md"),
        ("<b><p>" * 5_000, "a.html"),
        ("<code></b>" * 50_000, "a.html"),
    ],
)
def test_tags_nested_too_deep_are_reported_and_take_no_time(body: str, name: str) -> None:
    with within(5):
        found, problems = read_article(document(article(), body), name)
    assert found
    assert found.body == ""
    assert [each.code for each in problems] == ["bad-body"]


def test_half_of_a_surrogate_pair_in_a_body_is_no_error() -> None:
    text = document(article()) + "[a](javascript:b) \ud800"
    found, _problems = read_article(text, "a.md")
    assert found
    assert "\ud800" not in found.body


def test_a_line_separator_ends_a_line() -> None:
    # A program that reads lines, such as Python's splitlines(), ends one there.
    assert markdown("a\u2028b\u2029c") == "<p>a\nb</p>\n<p>c</p>"
    assert html("<p>a\u2028b</p>") == "<p>a\nb</p>"
