"""Bodies as a reader shows them: nothing hidden, counting or empty, no boxes within boxes."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from html import escape
from pathlib import Path

import feedparser
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.parsing.body.clean import KEPT_ATTRIBUTES, KEPT_TAGS, Body
from feeds.parsing.body.limits import BodyError
from feeds.parsing.body.tree import parse, to_html
from tests.bodies import BASE, html, markdown
from tests.support import SiteBuilder, article, document

DOCUMENTED = Path(__file__).parents[1] / "docs" / "formats.md"


def test_the_document_lists_the_elements_and_attributes_that_stay() -> None:
    text = " ".join(DOCUMENTED.read_text("utf-8").split())
    listed = re.search(r"go with their content\. (`a`.*?); (`lang` and `dir`) on any", text)
    assert listed
    stay = listed[1].replace("`h1` to `h6`", ", ".join(f"`h{level}`" for level in range(1, 7)))
    found = {
        match[1]: set(match[2].split(", ")) if match[2] else set()
        for match in re.finditer(r"`([a-z0-9]+)`(?: \(([a-z, ]+)\))?", stay)
    }
    attributes = {tag: names for tag, names in found.items() if names}
    assert set(found) == KEPT_TAGS
    anywhere = set(re.findall("`([a-z]+)`", listed[2]))
    assert attributes | {"*": anywhere} == KEPT_ATTRIBUTES


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">preview</div>',
        '<div style="DISPLAY : none !important; color:red">preview<p>more</p></div>',
        '<span style="visibility:hidden">preview</span>',
        '<div style="max-height:0px;overflow:hidden">preview</div>',
        '<div style="height:0; width:0; overflow:hidden;">preview</div>',
        '<div style="max-height:0;overflow:hidden;padding:0px">preview</div>',
        '<table role="none"><tr><td style="display:none">preview</td></tr></table>',
        '<table role="none" style="display:none"><tr><td>preview</td></tr></table>',
        "<p hidden>preview</p>",
        '<img src="/a.gif" width="1" height="1">',
        '<img src="/a.gif" width="1px" height="1px" alt="x">',
        '<img src="/a.gif" width="0" height="0">',
        '<img src="/a.gif" height="1">',
        '<img src="/a.gif" style="width:1px;height:1px">',
        '<img src="/a.gif" style="display:none">',
        '<img src="/a.gif" style="opacity: 0">',
        '<a href="/open"><img src="/a.gif" width=1 height=1></a>',
        '<iframe src="https://tags.example.com/" width="0" height="0"></iframe>',
        '<iframe src="https://tags.example.com/" style="display:none;visibility:hidden"></iframe>',
        "<form action=/x><label>Mail</label> <input name=m> or stay <button>Join</button></form>",
        *("<p>&nbsp;</p>", "<p><br></p>", "<p> <b></b>\n</p>", "<a href=/x> </a>", "<h2></h2>"),
        *("<ul><li></li></ul>", "<table><tr><td> </td><td></td></tr></table>", "<div></div>"),
        "<p>&zwnj;&nbsp;&#847;&#8203;</p>",
    ],
)
def test_what_shows_nothing_goes(hidden: str) -> None:
    left = html(f"<p>before</p>{hidden}<p>after</p>")
    assert "".join(left.split()) == "<p>before</p><p>after</p>"


@pytest.mark.parametrize(
    "shown",
    [
        '<img src="https://img.example.com/a.gif" alt="" width="2" height="11">',
        '<img src="https://img.example.com/a.gif" alt="" width="100" height="100">',
        "<div>a line</div><div><br></div><div>another</div>",
        "<table><tbody><tr><td>a</td><td></td></tr></tbody></table>",
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>",
        "<pre>  \n x</pre>",
        "<p>two<b> </b>words {name}</p>",
        "<p>{name}</p>",
        '<video src="https://media.example.com/v.mp4" controls=""></video>',
        "<details><summary>More</summary>text</details>",
        "<p>a<br><br>b</p>",
        "<p>style=\"hidden\" and role='none' are words</p>",
    ],
)
def test_what_shows_something_stays(shown: str) -> None:
    assert html(shown) == shown.replace("<b> </b>", " ")


@pytest.mark.parametrize(
    ("styled", "left"),
    [
        # Fades in by a script, which no reader runs.
        ('<p style="opacity:0">text</p>', "<p>text</p>"),
        ('<p style="font-size:0"><b style="font-size:12px">text</b></p>', "<p><b>text</b></p>"),
        ('<p style="display:block">text</p>', "<p>text</p>"),
        ('<p style="display:none;display:block">text</p>', "<p>text</p>"),
        ('<p hidden="until-found">text</p>', "<p>text</p>"),
        ('<p style="height:0">text</p>', "<p>text</p>"),
        ("<p style='content:\"display:none\"'>text</p>", "<p>text</p>"),
        ('<p role="none">text</p>', "<p>text</p>"),
    ],
)
def test_what_is_styled_and_not_hidden_stays(styled: str, left: str) -> None:
    assert html(styled) == left


def test_a_box_of_padding_keeps_the_frame_that_it_holds() -> None:
    box = (
        '<div style="position:relative;padding-bottom:56.25%;height:0;overflow:hidden">'
        '<iframe src="https://www.youtube.com/embed/abc"></iframe></div>'
    )
    assert 'href="https://www.youtube.com/watch?v=abc"' in html(box)


MAIL = """<html><head><style>p { margin: 0 }</style></head><body>
<div style="display:none;max-height:0">Nine stories about tides &zwnj;&nbsp;&zwnj;&nbsp;</div>
<table role="presentation" width="100%"><tr><td align="center">
  <table cellpadding="0"><tr><td><h1>Salt Letter</h1></td><td>2026-05-01</td></tr></table>
  <table><tr><td style="font-size:0"><img src="/spacer.gif" width="1" height="20"></td></tr></table>
  <table role="none"><tr>
    <td><a href="/share"><img alt="" src="/bird.png" width="35" height="35"></a></td>
    <td><p><b>The tide is late</b> It came at noon.</p>
        <table><tr><th>Port</th><th>High</th></tr><tr><td>Quay</td><td></td></tr></table>
        <a href="/tide">Read on</a></td>
  </tr></table>
  <p>{unsubscribe}</p><p>Salt &amp; Co, Harbour Road 1</p>
  <form action="/leave"><label>Mail</label><input><button>Leave</button></form>
</td></tr></table><img src="https://mail.example.com/o?u=1" width="1" height="1"></body></html>"""


def test_a_mail_laid_out_in_tables_becomes_paragraphs() -> None:
    lines = [
        "<h1>Salt Letter</h1><p>2026-05-01</p>",
        "<div><p><b>The tide is late</b> It came at noon.</p>",
        "<table><tbody><tr><th>Port</th><th>High</th></tr>"
        "<tr><td>Quay</td><td></td></tr></tbody></table>",
        '<a href="https://news.example.com/tide">Read on</a></div>',
        "<p>Salt &amp; Co, Harbour Road 1</p>",
    ]
    assert html(MAIL).splitlines() == lines


def test_a_direction_and_a_language_outlive_the_table_that_had_them() -> None:
    mail = '<table role="none" dir="rtl" lang="he"><tr><td>שלום</td></tr></table>'
    assert html(mail) == '<div dir="rtl" lang="he"><p>שלום</p></div>'


def test_code_within_a_table_that_lays_out_keeps_its_lines() -> None:
    code = "<pre>a   b\n\n\n<b>c</b>   d</pre>"
    assert html(f"<table role=none><tr><td>{code}  <p>x   y</p></td></tr></table>") == (
        f"{code} <p>x y</p>"
    )


def test_a_page_that_stands_in_a_form_stays() -> None:
    page = "<form><p>" + "long prose " * 60 + "</p></form>"
    assert html(page) == "<p>" + "long prose " * 60 + "</p>"


PIECES = st.sampled_from(
    "<table> <table\trole=none> </table> <tr> <td> </td> <th> <p> </p> <div> </div> <div\thidden>"
    " <p\tstyle=display:none> <b> </b> <a\thref=/x> </a> <br> &nbsp; text <li> <ul> </ul> <pre>"
    " </pre> <img\tsrc=/a> <img\tsrc=/a\twidth=1> <form> </form> <hr> <video> <code> {a-b} <h2>"
    " <iframe\tsrc=//youtube.com/embed/a></iframe> <details> <summary> <caption> <span\tdir=rtl>"
    " <img\talt=''\tsrc=/a\twidth=9\theight=9>".split(" ")
)


@given(st.lists(PIECES | st.just("\n"), max_size=14).map(lambda parts: "".join(parts)))
@example("<b><table><td>x")
@example("<p><table role=none><td><p>x")
@example("<pre>\n\n\n\n\n\n\n")
def test_a_body_that_was_tidied_is_tidy_and_well_nested(source: str) -> None:
    once = html(source.replace("\t", " "))
    assert html(once) == re.sub(r' data-frame="[^"]*"', "", once)
    for mark in (" hidden", " style=", " role=", "<form", "<iframe"):
        assert mark not in once


TEXTS = st.text(st.sampled_from("ab &<>'\"=\xa0é\n"), min_size=1, max_size=6).map(escape)
ELEMENTS = st.recursive(
    TEXTS | st.sampled_from(['<img src="/a?b&amp;c" alt="">', "<br>", "<hr>"]),
    lambda inner: st.builds(
        "<{0} title='{1}' lang=en>{2}</{0}>".format,
        st.sampled_from("a b p pre div ul li section abbr details blockquote".split()),
        TEXTS,
        st.lists(inner, min_size=1, max_size=3).map("".join),
    ),
)


@given(ELEMENTS)
@example("<b><p>x</p></b><a>y</a>")
def test_a_body_with_nothing_to_tidy_comes_out_byte_for_byte(source: str) -> None:
    body = html(source)
    # A table of data, since a body without any is not even looked at.
    table = "<table><tbody><tr><td>a</td><td>&nbsp;b</td></tr></tbody></table>"
    assert html(table + body) == table + body
    assert to_html(parse(table + body)) == table + body


@given(st.lists(PIECES | st.just("word"), max_size=14).map(lambda parts: " ".join(parts)))
def test_no_word_that_is_not_hidden_is_lost(source: str) -> None:
    source = source.replace("\t", " ")
    if not re.search("hidden|display|<form|<iframe|<video", source):
        assert html(source).count("word") == source.count("word")


GFM = """A line.[^n] ~~Old~~ and https://bare.example.com/x_y_z, <https://in.example.com/>.

| Port | High |
| --- | ---: |
| Quay | 4.2 |

Again.[^n]

[^n]: The note.
"""


def test_tables_footnotes_strikethrough_and_bare_links_come_out_of_markdown() -> None:
    body = markdown(GFM)
    assert "A line.<sup>1</sup> <del>Old</del>" in body
    assert '<a href="https://bare.example.com/x_y_z">https://bare.example.com/x_y_z</a>,' in body
    assert '<a href="https://in.example.com/">https://in.example.com/</a>' in body
    assert '<th align="right">High</th>' in body
    assert '<td align="right">4.2</td>' in body
    assert "Again.<sup>1</sup>" in body
    assert re.sub(r"\s", "", body).endswith("<li><p>Thenote.</p></li></ol></section>")
    assert "#fn" not in body
    assert "↩" not in body


LINKS = st.sampled_from(
    "http://a.b www.a.b a@b.c [ ](x) * _ ` [^1] \n\n[^1]:\t | ~~ < > ! \n \t".split(" ")
)


@given(st.lists(LINKS))
def test_bare_links_are_never_within_links(pieces: list[str]) -> None:
    body = markdown("".join(pieces))
    assert not re.search(r"<a [^>]*>(?:(?!</a>).)*<a ", body, re.DOTALL)


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("{% raw %}\n{{ page.x }} *b*\n{% endraw %}", "<p>{{ page.x }} <em>b</em></p>"),
        ("a {% include b.html x='1' %}{{ site.title }} c", "<p>a  c</p>"),
        ("{% if page.a %}b{% else %}c{% endif %}", "<p>bc</p>"),
        ("a {% comment %}note{% endcomment %}b", "<p>a b</p>"),
        ("[a]({{ site.baseurl }}/x)", '<p><a href="https://news.example.com/x">a</a></p>'),
        (
            "![a]({{ '/i.png' | relative_url }})",
            '<p><img src="https://news.example.com/i.png" alt="a"></p>',
        ),
        (
            "{% highlight html %}\n<b>{{ x }}\n{% endhighlight %}",
            "<pre><code>&lt;b&gt;{{ x }}\n</code></pre>",
        ),
        ("```\n{% raw %}{{ page.x }}{% endraw %}\n```", "<pre><code>{{ page.x }}\n</code></pre>"),
    ],
)
def test_what_jekyll_would_have_replaced_goes(source: str, read: str) -> None:
    assert markdown(source) == read


@pytest.mark.parametrize(
    "source",
    [
        "`{{ site.title }}` and `{% include a.html %}`",
        "``a ` {{ site.b }}``",
        "    {% include a.html %}\n    {{ page.title }}",
        "```liquid\n{% if page.a %}\n```",
        "~~~~\n```\n{{ site.a }}\n~~~~",
        "- a\n\n  ```\n  {{ site.a }}\n  ```",
        "`{% raw %}` and `{% endraw %}`",
        "The {% if %} tag ends with {% endif %}.",
        "Hello {{ name }}, {{ user.name | upcase }}",
        "{% block title %} of another language {% endblock %}",
        "{{< shortcode >}} {% shortcode %} 100 {%}",
    ],
)
def test_prose_about_templates_and_code_keep_their_braces(source: str) -> None:
    text = re.sub("<[^>]*>", "", markdown(source)).replace("&lt;", "<").replace("&gt;", ">")
    braces = re.compile(r"\{[{%<].*?[}%>]\}|\{%\}")
    assert braces.findall(text) == braces.findall(source) != []


def test_code_in_html_keeps_its_braces_too() -> None:
    code = "<pre><code>{{ site.a }} {% include a.html %}</code></pre>"
    fenced = "<code>{% raw %}{{ site.a }}{% endraw %}</code>"
    assert html(f"{code}{{{{ site.b }}}} {fenced}") == f"{code} <code>{{{{ site.a }}}}</code>"


LONG = ("{% raw %}", "~~~~~~~~", "{% if a ", "<code></b>", "`a", "{{ site.a | ")


@pytest.mark.parametrize("piece", LONG)
@pytest.mark.parametrize("is_html", [True, False])
@pytest.mark.timeout(20)
def test_braces_cost_no_time(piece: str, is_html: bool) -> None:
    with suppress(BodyError):
        Body("<code>" + piece * 50_000 + "{{", is_html=is_html).clean(BASE)


FRAMES = """<p>Watch <iframe src="//www.youtube.com/embed/abc?start=3&amp;x=1" width="560"
height="315" title="The &quot;tide&quot; &amp; I"></iframe> first</p>
<iframe src="https://wrap.example.com/w?src=https%3A%2F%2Fplayer.vimeo.com%2Fvideo%2F42&amp;url=https%3A%2F%2Fvimeo.com%2F42"></iframe>
<iframe src="https://maps.example.com/here"></iframe>
"""


def test_a_player_in_a_body_is_a_frame_in_json_and_a_link_elsewhere(site: SiteBuilder) -> None:
    site.write_text("a.html", document(article(excerpt="Short."), FRAMES))
    [item] = json.loads(site.published("/feed.json"))["items"]
    links = [
        '<a href="https://www.youtube.com/watch?v=abc">▶ The "tide" &amp; I</a>',
        '<a href="https://vimeo.com/42">▶ vimeo.com</a>',
        '<a href="https://maps.example.com/here">▶ maps.example.com</a>',
    ]
    frames = [
        '<iframe src="https://www.youtube.com/embed/abc?start=3&amp;x=1" width="560" height="315"'
        ' title="The &quot;tide&quot; &amp; I" allowfullscreen></iframe><br>',
        '<iframe src="https://player.vimeo.com/video/42" title="vimeo.com" allowfullscreen>'
        "</iframe><br>",
        "",
    ]
    framed = [frame + link for frame, link in zip(frames, links, strict=True)]
    assert item["content_html"] == f"<p>Watch {framed[0]} first</p>\n{framed[1]}\n{framed[2]}"
    plain = f"<p>Watch {links[0]} first</p>\n{links[1]}\n{links[2]}"
    for name in ("/rss.xml", "/atom.xml"):
        [entry] = feedparser.parse(site.published(name), sanitize_html=False).entries
        assert entry.content[0].value == plain


def test_markup_within_a_frame_goes_with_it() -> None:
    frame = '<iframe src="https://maps.example.com/"><source </iframe>'
    link = '<a href="https://maps.example.com/">▶ maps.example.com</a>'
    assert html(f"<p>a {frame} b</p>") == f"<p>a {link} b</p>"


def test_no_author_can_name_a_frame_by_its_link(site: SiteBuilder) -> None:
    link = '<a href="https://x.example/" data-frame="https://evil.example/  ">▶ x</a>'
    site.write_text("a.html", document(article(), f'<p>{link} data-frame="a b c"</p>'))
    [item] = json.loads(site.published("/feed.json"))["items"]
    plain = '<p><a href="https://x.example/">▶ x</a> data-frame="a b c"</p>'
    assert item["content_html"] == plain


def test_an_article_without_a_body_shows_its_picture_excerpt_and_coverage(
    site: SiteBuilder,
) -> None:
    picture = {"url": "https://img.example.com/a.jpg?w=1&h=2", "width": 600, "height": 338}
    related = [
        {"title": "Pears & <i>us</i>", "webUrl": "https://o.example/", "provider": {"name": "O&O"}},
        {"webUrl": "https://third.example.com/a"},
    ]
    keys = {"title": 'A "quoted" <title>', "excerpt": "Salt &amp; <b>water</b>"}
    site.write("a.md", **keys, images=[picture], related=related)
    site.write("b.md", images=[picture | {"title": "The quay", "attribution": "P & P"}])
    site.write("c.md", title="Nothing <else>")
    items = {item["url"][-1]: item for item in json.loads(site.published("/feed.json"))["items"]}
    source = 'src="https://img.example.com/a.jpg?w=1&amp;h=2"'
    assert items["a"]["content_html"].split("\n") == [
        f'<p><img {source} alt="A &quot;quoted&quot; &lt;title&gt;" width="600" height="338"></p>',
        "<p>Salt &amp; &lt;b&gt;water&lt;/b&gt;</p>",
        '<p>Related coverage:</p><ul><li><a href="https://o.example/">Pears &amp;'
        " &lt;i&gt;us&lt;/i&gt;</a> – O&amp;O</li>"
        '<li><a href="https://third.example.com/a">third.example.com</a></li></ul>',
    ]
    assert items["b"]["content_html"] == (
        f'<p><img {source} alt="The quay" width="600" height="338"><br><small>P &amp; P</small></p>'
    )
    assert items["c"]["content_html"] == (
        '<p><a href="https://news.example.com/c">Nothing &lt;else&gt;</a></p>'
    )
