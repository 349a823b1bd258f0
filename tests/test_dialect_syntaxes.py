"""Front matter of single generators: lines of keys, reStructuredText, HTML; and its bounds."""

from __future__ import annotations

import tomllib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.parsing.front_matter import (
    DOTTED_LINES,
    HTML_HEAD,
    KEY_LINES,
    REST_FIELDS,
    NoFrontMatterError,
    Syntax,
    as_yaml,
    read_front_matter,
)
from feeds.parsing.rest import NoDocutilsError, RestError, rest_to_html
from feeds.parsing.toml_lines import read_plain_lines
from tests.dialects import needs_docutils
from tests.support import within


@pytest.mark.parametrize(
    ("syntax", "text", "values", "body", "body_line"),
    [
        (KEY_LINES, "Title: A: b\nTags: x\n  \nBody", {"title": "A: b", "tags": "x"}, "Body", 4),
        (KEY_LINES, "---\ntitle: \"A\"\n---\nBody", {"title": '"A"'}, "Body", 4),
        (KEY_LINES, "Title: A\n...\nBody", {"title": "A"}, "Body", 3),
        (KEY_LINES, "Sum: a\n    b\n\tc\nBody", {"sum": "a\nb"}, "\tc\nBody", 3),
        (KEY_LINES, "A: 1\na: 2\n\n", {"a": "1\n2"}, "", 4),
        (KEY_LINES, "A:\n", {"a": ""}, "", 2),
        (KEY_LINES, "A: \x85b\u2028c\n\nBody", {"a": "b\u2028c"}, "Body", 3),
        (DOTTED_LINES, ".. title: A\n.. tags: x, y\n\nBody", {"title": "A", "tags": "x, y"},
         "Body", 4),
        (DOTTED_LINES, "<!--\n.. title: A\n\n.. date: no\n-->\nBody", {"title": "A"}, "Body", 6),
        (DOTTED_LINES, "\n.. A comment\n.. title: A\nBody", {"title": "A"}, "Body", 4),
        (DOTTED_LINES, ".. image:: a.png\n.. title: A", {"title": "A"}, "", 2),
        (REST_FIELDS, "A *b* ``c`` :r:`d`\n====\n\n:Date: 1\n:Tags: x,\n  y\n\nBody",
         {"title": "A b c d", "date": "1", "tags": "x,\ny"}, "Body", 8),
        (REST_FIELDS, ".. comment\n   more\n\n====\n A\n====\nSub\n----\n\n:date: 1\n\nBody",
         {"title": "A", "date": "1"}, "Body", 12),
        (REST_FIELDS, "A\n=\n\nBody\n", {}, "", 0),
        (REST_FIELDS, "A\n==\n\nB\n--\n\nBody\n", {"title": "A"}, "\nB\n--\n\nBody\n", 3),
        (REST_FIELDS, ":title: A\n:date: 1\n\nBody", {"title": "A", "date": "1"}, "Body", 4),
        (HTML_HEAD, "<html><head>\n<title>A &amp; b</title>\n<META NAME='tags' CONTENT='a > b'>\n"
         "<meta contents=x name=date></head>\n<body class=x>Body",
         {"title": "A & b", "tags": "a > b", "date": "x"}, "Body", 5),
        (HTML_HEAD, "<head><title>A</title><metal name=a content=b></head>B", {"title": "A"},
         "B", 1),
        (HTML_HEAD, "<title>A</title><p>B</p>", {}, "", 0),
    ],
)  # fmt: skip
def test_each_syntax_gives_its_keys_and_its_body(
    syntax: Syntax, text: str, values: dict[str, str], body: str, body_line: int
) -> None:
    if not values:
        with pytest.raises(NoFrontMatterError):
            read_front_matter(text, (syntax,))
        return
    front = read_front_matter(text, (syntax,))
    assert dict(front.values) == values
    assert (front.body, front.body_line) == (body, body_line)


@pytest.mark.parametrize("syntax", [KEY_LINES, DOTTED_LINES, REST_FIELDS, HTML_HEAD])
@pytest.mark.parametrize(
    "piece",
    ["a: b\n", "a:", ".. a: b\n", "..", "<!--\n", ":a: b\n", ":a", "=\n", "==\nA\n", "`a", "*",
     "<meta name=", "<meta '", "<title>", "<body", " ", "\t", ".. a\n ", "<meta a=\"", ":a\\:"],
)  # fmt: skip
def test_no_text_takes_long(syntax: Syntax, piece: str) -> None:
    for text in (piece * (64_000 // len(piece)), f"A\n=\n\n{piece * (64_000 // len(piece))}"):
        with within(1), suppress(NoFrontMatterError):
            read_front_matter(text, (syntax,))


@needs_docutils
@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*a* ``b``", "<p><em>a</em> <span class=\"docutils literal\">b</span></p>"),
        ("A\n=\n\nb", "<section id=\"a\">\n<h2>A</h2>\n<p>b</p>\n</section>"),
        (".. include:: /etc/passwd\n\na", "<p>a</p>"),
        (".. raw:: html\n\n   <script>x</script>\n\na", "<p>a</p>"),
        (".. raw:: html\n   :file: /etc/passwd\n\na", "<p>a</p>"),
        (".. csv-table::\n   :file: /etc/passwd\n\na", "<p>a</p>"),
        (".. |d| date:: %999999999d\n\na |d|", "<p>a d</p>"),
        (".. unknown:: a\n\n   b\n\nc", "<p>c</p>"),
        (":ref:`a <b>` c_ `d e`_ |f|", "<p>a c d e f</p>"),
        (":math:`x<y`\n\n.. math:: z", "<p>\\(x&lt;y\\)</p>\n<p>\\[z\\]</p>"),
        (".. code-block:: python\n   :hl_lines: 1\n\n   a\n",
         "<pre class=\"code python literal-block\"><code>a</code></pre>"),
        (".. youtube:: abc", "<iframe src=\"https://www.youtube.com/embed/abc\"></iframe>"),
        (".. youtube:: \"><script>", ""),
        (".. TEASER_END", "<!-- TEASER_END -->"),
        (".. class:: a\n\n.. container:: b\n\n   c\n", "<p>c</p>"),
    ],
)  # fmt: skip
def test_restructured_text_becomes_html(
    capfd: pytest.CaptureFixture[str], text: str, html: str
) -> None:
    assert rest_to_html(text).strip().replace("\n\n", "\n") == html
    assert capfd.readouterr() == ("", "")


@needs_docutils
@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a\n" + "b" * 10_001, 8, "the line is 10,001 characters long"),
        ("a\n\n" * 20_000, 7, "docutils cannot read the body: too many blocks"),
        ("a\n" * 150_000, 7, "the text is 300,000 characters long"),
        ("".join(" " * depth + "a\n\n" for depth in range(300)), 7,
         "docutils cannot read the body: maximum recursion depth exceeded"),
    ],
)  # fmt: skip
def test_what_docutils_cannot_read_is_named(text: str, line: int, message: str) -> None:
    with pytest.raises(RestError) as error:
        rest_to_html(text, 7)
    assert error.value.line == line
    assert error.value.message.startswith(message)


@needs_docutils
def test_substitutions_do_not_grow_without_bound() -> None:
    text = "".join(f".. |a{n}| replace:: |a{n + 1}| |A{n + 1}|\n" for n in range(40))
    with within(2), pytest.raises(RestError):
        rest_to_html(f"{text}.. |a40| replace:: x\n\n|a0|\n")
    with within(2):
        assert rest_to_html(".. |a| replace:: |b|\n.. |b| replace:: c\n\n|a|\n") == "<p>c</p>\n"


def test_what_to_install_is_said_without_docutils(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "feeds.parsing.rest_writer", None)
    assert rest_to_html(" \n") == ""
    with pytest.raises(NoDocutilsError) as error:
        rest_to_html("a")
    assert error.value.hint == 'install it: pip install "feeds[rest]"'


_TOML = [
    *("a = ", "b-2 = ", '"x"', "'y'", "é", "true", "0", "12", "-1", "1.5", "1_0", "\n", " "),
    *(
        "\t",
        "[a]\n",
        "[b]\n",
        "[[a]]\n",
        "[a.b]\n",
        "[",
        "]",
        ", ",
        "# c\n",
        "\\",
        '"""',
        '"',
        "\x0b",
    ),
    *("2026-05-01", "2026-02-30", "T10:00:00", " 10:00:60", "Z", "+02:00", "-24:00", "c = 'd'\n"),
]


@given(st.lists(st.sampled_from(_TOML) | st.text(max_size=3), max_size=12).map("".join))
def test_plain_lines_of_toml_are_what_the_parser_makes_of_them(source: str) -> None:
    if (found := read_plain_lines(source, 1)) is not None:
        assert found == as_yaml(tomllib.loads(source, parse_float=str), 1, {})


def test_plain_lines_of_toml_need_no_parser() -> None:
    source = (
        'title = "Tides"\ndate = 2026-05-01T10:00:00Z\n# A comment\n\ndraft = false\n'
        "[taxonomies]\ntags = ['sea', \"low tide\"]\n"
    )
    found = read_plain_lines(source, 3)
    assert found == {
        "title": "Tides", "date": "2026-05-01 10:00:00+00:00", "draft": "false",
        "taxonomies": {"tags": ["sea", "low tide"]},
    }  # fmt: skip
    assert found.lines == {"title": 3, "date": 4, "draft": 7, "taxonomies": 8}
