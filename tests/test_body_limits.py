"""Bodies that parsers would make much of: each takes little time, memory and room, or is named."""

from __future__ import annotations

import resource

import pytest

from feeds.errors import Severity
from feeds.parsing.article import read_article
from tests.support import article, document, within

SIZE = 64 * 1024


def repeated(unit: str, *, first: str = "", count: int = SIZE) -> str:
    """A unit, as often as 64 KB hold it."""
    return first + unit * min(count, (SIZE - len(first)) // len(unit))


def formats(tag: str, then: str = "", count: int = 390) -> str:
    """Formatting elements that differ, so that HTML opens each again in the next block."""
    return "".join(f"<{tag} id={number}>{then}" for number in range(count))


def handlers(count: int) -> str:
    """So many names of events."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    names = (f"{a}{b}{c}" for a in alphabet for b in alphabet for c in alphabet)
    return "".join(f" on{name}=x" for _number, name in zip(range(count), names, strict=False))


TABLE = "|a" * 700 + "\n" + "|-" * 700 + "\n"
NOTE = "x[^1]\n\n[^1]: y\n\n<i>\n"
BLOCKS = "<p>" + formats("b") + "</p>"
#: Left out, since what they would become is too large.
LEFT_OUT = {
    "table.md": repeated("a|\n", first=TABLE),
    "tables.md": repeated("|a" * 20 + "\n" + "|-" * 20 + "\n" + "a\n" * 700 + "\n"),
    "table in quote.md": repeated("> a\n", first="> " + TABLE.replace("\n", "\n> ") + "a\n"),
    "table in list.md": repeated("  a\n", first="- " + TABLE.replace("\n", "\n  ") + "a\n"),
    "blocks.html": repeated("<p>x", first=BLOCKS),
    "few blocks.html": repeated("<p>x", first=f"<p>{formats('b', count=195)}</p>", count=195),
    "blocks.md": repeated("<p>x", first=f"<div>{BLOCKS}\n"),
    "fonts.html": repeated("<h2>x", first=BLOCKS.replace("<b", "<font")),
    "items.html": repeated("<li>x", first=f"<ul><li>{formats('nobr')}"),
    "cells.html": repeated("</div><div>x", first=f"<div>{formats('i')}"),
    "foster parents.html": repeated("x<tr>", first=f"<table>{formats('u')}"),
    "end tags in comments.html": repeated("<p>x", first="<p>" + formats("b", "<!--</b>-->")),
    "end tags in values.html": repeated("<p>x", first="<p>" + formats("b", "<p title='</b>'>")),
    "end tags in ends.html": repeated("<p>x", first="<p>" + formats("b", "</p title='</b>'>")),
    "end tags in tables.html": repeated("<p>x", first="<p>" + formats("b", "<table></b></table>")),
    "end tags in lists.html": repeated("<p>x", first=formats("b", "<select></b></select>")),
    "cells in svg.html": repeated("<td>", first="<svg>"),
    "cells in math.html": repeated("<td></x>", first="<math>"),
    "boxes.html": repeated("<div>"),
    "boxes with hidden ends.html": repeated("<div><!--</div>-->"),
    "quotes.md": repeated("> "),
    "backlinks.md": repeated('<a href="#fnref- data-footnote-backref', first=NOTE),
    "there and back.md": repeated('<sup class="footnote-ref"><a href="#fn-', first=NOTE),
    "rows.html": repeated("<b>x<tr>", first="<table>"),
    "unclosed.html": repeated("<p><b><i><font size=2>x"),
}
#: Read as always.
READ = {
    "attributes.html": "<p" + "".join(f" a{number}" for number in range(9_000)) + ">",
    "links.md": repeated("[a](/b)\n"),
    "references.md": repeated("[a]", first=f"[a]: /{'x' * 1_000}\n\n"),
    "footnotes.md": repeated("[^1]", first="[^1]: y\n\n", count=12_000),
    "handlers.html": repeated("x ", first=f"<a{handlers(900)}>"),
    "more handlers.html": repeated(f"<p{handlers(900)}>x"),
    "emphasis.md": repeated("*a **b ") + "c** d*",
    "lists.md": repeated("\n", first="- " * 190 + "a"),
    "entities.md": repeated("&amp;"),
    "reference.md": f"&#{'9' * 5_000};",
    "reference.html": f"<p>x&#{'9' * 5_000};<a href='&#x{'f' * 5_000};'>y</a>",
    "comments.html": repeated("<!--", first="<p>x</p>"),
    "sections.html": repeated("<![CDATA["),
    "links.html": repeated("<a href=a>x"),
    "links around boxes.html": repeated("<a><div></a></div>"),
    "templates.html": repeated("<template></template>"),
    "frames.html": repeated("<iframe src='https://a.example/'></iframe>"),
    "liquid.md": repeated("{% if a %}{{ site.a }}"),
    "empty spans.html": repeated("<br>", first="<span>" * 390),
    "boxes in boxes.html": repeated("<p>x", first="<i hidden></i>" + "<div>" * 390),
    "layout tables.html": repeated("<p>x</p>", first="<table><tr><td>" * 130 + "x"),
    "prices.md": repeated("$a_b "),
    "displays.md": repeated("$$a\n"),
    "brackets of TeX.md": repeated("\\(a_{b} \\["),
    "escaped dollars.md": repeated("$\\"),
    "targets.md": repeated("[a]({{ x "),
    "targets of Jekyll.md": repeated("[a]({% link x %})\n"),
    "shortcodes.md": repeated('{{< a b="'),
    "attributes of headings.md": repeated("# a {.b "),
    "comments of MDX.md": repeated("{/* "),
    "modules.md": repeated("import {a,\n"),
    "fences of notes.md": repeated(":::note[a "),
    "tasks.md": repeated("- [ ] a\n"),
    "scripts of TeX.html": repeated("<p>x<script type='math/tex'>a</script>"),
    "formulas.html": repeated("<math><mi>x</mi></math>", first="<span class=katex>" * 300),
    "empty formulas.html": "<math>" + repeated("<mi/>", count=SIZE) + "</math>",
    "typeset.html": repeated("<span class=katex></span>", first="<span class=katex>" * 300),
    "numbers.html": repeated("<span class=ln>1</span>", first="<div>" * 300),
    "numbers in a cell.html": repeated("<span class=ln>1</span>", first="<table><td>"),
    "rows of code.html": repeated("<tr><td class=gutter>1<td class=code>x", first="<table>"),
    "signs.html": repeated("<a href=#x>#</a>", first="<h2 id=x>"),
    "terms.html": repeated("<a href=#y>b</a>", first="<dl><dt>" * 190),
    "boxes of tasks.html": repeated("<input type=checkbox>", first="<li>"),
    "centres.html": repeated("<center>a</center>"),
    "well closed.html": repeated("<p><b id=1><i id=2>x</i></b></p>"),
}


@pytest.mark.parametrize("name", [*LEFT_OUT, *READ])
def test_64_kb_of_anything_take_little_time_memory_and_room(name: str) -> None:
    source = LEFT_OUT.get(name) or READ[name]
    text = document(article(), source)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # A second, on an idle machine; before there were limits, it was minutes.
    with within(4):
        found, problems = read_article(text, name)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 200_000
    assert found
    assert len(found.body) < 10 * len(source) + 20_000
    assert len(problems) < 10
    assert all(len(str(problem)) < 300 for problem in problems)
    left_out = [problem for problem in problems if problem.code == "bad-body"]
    assert len(left_out) == (name in LEFT_OUT)
    assert not (left_out and found.body)


def test_a_body_that_is_left_out_is_named_by_its_line() -> None:
    heading = document(article(), "").count("\n")
    for source, name, line in (
        ("x\n\n" + TABLE + "a\n" * 700, "a.md", 4),
        ("x\n" + "<div>\n" * 500, "a.html", 402),
        ("x\n\n" + "<div>\n" * 500, "a.md", 3),
    ):
        found, [problem] = read_article(document(article(), source), name)
        assert found
        assert found.body == ""
        assert (problem.line - heading, problem.severity) == (line, Severity.ERROR)
        assert "the body is left out: " in problem.message


PICTURE = f"<img src='data:image/png;base64,{'A' * 1_100_000}' alt='x'>"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("word " * 49_000 + PICTURE, ""),
        ("word " * 50_001 + PICTURE, "it is longer than 250,000 characters"),
        ("data:" + "&" * 250_000, "it is longer than 250,000 characters"),
        (f"data:image/png;base64,{'&' * 1_000_000}", ""),
        ("&" * 90_000, ""),
        ("<plaintext>" + "&" * 90_000, "as HTML it is longer than 500,000 characters"),
        ("\xa0" * 90_000, "as HTML it is longer than 500,000 characters"),
        ("|a\n|-\n" * 40_000, "as HTML it is longer than 500,000 characters"),
    ],
)  # fmt: skip
def test_a_long_body_is_left_out_unless_its_pictures_make_it_long(
    source: str, message: str
) -> None:
    with within(4):
        found, problems = read_article(document(article(), source), "a.md")
    assert found
    assert bool(found.body) == (not message)
    left_out = [problem.message for problem in problems if problem.code == "bad-body"]
    assert left_out == ([f"the body is left out: {message}"] if message else [])


def test_no_exception_of_a_library_reaches_further_than_its_article() -> None:
    # lxml holds fewer elements within each other than nh3.
    source = "<div><!--</div>-->" * 2_500 + "x"
    found, [problem] = read_article(document(article(), source), "a.html")
    assert found
    assert "XMLSyntaxError" in problem.message


def test_links_are_not_made_absolute_without_limit() -> None:
    url = f"https://news.example.com/{'a' * 10_000}/b"
    text = document(article(webUrl=url), "[a](b) " * 1_000)
    found, [problem] = read_article(text, "a.md")
    assert found
    assert (found.body, problem.code) == ("", "bad-body")


@pytest.mark.parametrize(
    "source",
    [
        # Mails and old pages, whose end tags are missing or elsewhere.
        "<table><tr><td><font size=2 color=red>x<td><b>y" * 60,
        "<font face=a><table><tr><td>x</td></tr></table></font>" * 300,
        "<a name=a>x<p>y" * 1_500,
        "<p><b>x<p><i>y" * 150,
        "<p><b style='a'><a href=/b><span>x</span><br><img src=a.jpg></a></b></p>" * 2_000,
        "<!-- a --><p><code>b</code> <em>c</em></p><style>d {}</style>" * 2_000,
        "<svg width=9><title>a</title><g><path d=b></path></g></svg><p><code>b</code></p>" * 1_000,
        "<blockquote>" * 100 + "x",
        # A table whose rows leave out cells.
        "|a|b|c|d|\n|-|-|-|-|\n" + "|e\n" * 500,
    ],
)
@pytest.mark.parametrize("name", ["a.md", "a.html"])
def test_what_people_write_is_not_left_out(source: str, name: str) -> None:
    found, problems = read_article(document(article(), source), name)
    assert found
    assert found.body
    assert problems == []


def test_markup_that_runs_is_reported_once_for_each_kind_with_a_count() -> None:
    source = f"<p{handlers(300)}>\n" + "<script></script>" * 20 + "<a href=javascript:x>y</a>" * 3
    _found, problems = read_article(document(article(), source), "a.html")
    assert [problem.message for problem in problems] == [
        "the body contains the event handler onaaa (and 299 more)",
        "the body contains <script> (and 19 more)",
        "the body contains a javascript: link (and 2 more)",
    ]


def test_featured_content_has_the_same_limits() -> None:
    for markup in ("<div>" * 12_000, BLOCKS + "<p>x" * 12_000, "<video>" * 3_000):
        text = document(article(featuredContent=markup))
        found, [problem] = read_article(text, "a.md")
        assert found
        assert found.player is None
        assert "featuredContent" in problem.message


def test_a_control_character_hides_no_player_behind_it() -> None:
    markup = "a &#1; b <iframe src='https://www.youtube.com/embed/a'></iframe>"
    found, problems = read_article(document(article(featuredContent=markup)), "a.md")
    assert found
    assert found.player
    assert problems == []


def growth(body: str, readings: int) -> int:
    """Kilobytes by which this process grows when it reads an article again so many times."""
    text = document(article(), body)
    read_article(text, "a.md")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _reading in range(readings):
        read_article(text, "a.md")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak


def test_a_worker_that_reads_again_and_again_does_not_grow() -> None:
    # cmarkgfm's own function kept thirteen megabytes of this each time.
    assert growth(repeated("a\n"), 10) < 50_000


def test_the_html_of_markdown_is_not_kept_for_ever() -> None:
    # It was sixty kilobytes each time.
    assert growth("word " * 12_000, 400) < 12_000


def test_the_texts_of_an_article_together_have_a_limit() -> None:
    story = "{webUrl: https://a.example/, title: *long, excerpt: *long}"
    front = article(excerpt="é" * 20_000, related=[{"webUrl": "https://a.example/"}])
    text = (
        document(front)
        .replace("---\n", f"---\nlong: &long {'a' * 20_000}\n", 1)
        .replace("related:\n", "related:\n" + f"- {story}\n" * 150)
    )
    found, [problem] = read_article(text, "a.md")
    assert found
    assert problem.code == "too-long"
    assert "texts read before it" in problem.message
    assert "at most 250,000" in problem.hint
    assert sum(len(other.title) + len(other.excerpt) for other in found.related) < 250_000
    assert len(found.related) > 1
