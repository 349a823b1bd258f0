"""Bodies whose markup another generator, an editor or a typesetter wrote: all of it can be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.parsing.article import read_article
from feeds.parsing.body.clean import Body, plain_text
from feeds.parsing.body.formulas import MATH_TAGS
from tests.bodies import BASE, html, inspect, markdown
from tests.support import SiteBuilder, article, document


@pytest.mark.parametrize(
    "name",
    "Card List Set Text View Switch Filter Mode Condition card list in or not max mi mo mtext none"
    " semantics annotation mscarry line path desc circle g Use rect".split(),
)
def test_an_element_that_is_named_as_one_of_mathml_or_svg_keeps_its_text(name: str) -> None:
    assert html(f"<p>a <{name} title='b'>c</{name}> d</p>") == "<p>a c d</p>"
    assert markdown(f"Use a <{name}> here.") == "<p>Use a  here.</p>"
    formula, drawing = "<math><mi>x</mi></math>", "<svg width=1><svg/><path d=x /></svg>"
    around = f"{drawing}{formula}"
    assert html(f"<p>{around}<{name}>c</{name}>{around}</p>") == f"<p>{formula}c{formula}</p>"


@pytest.mark.parametrize(
    ("direction", "start", "end"), [("", "left", "right"), ("rtl", "right", "left")]
)
def test_start_and_end_are_the_sides_of_the_texts_direction(
    direction: str, start: str, end: str
) -> None:
    row = '<td style="text-align: start">a</td><td style="text-align:END">b</td>'
    body = html(f'<div dir="{direction}"><table><tr>{row}<td class="text-end">c</td></tr></table>')
    assert re.findall('<td align="([a-z]+)">', body) == [start, end, end]


def test_boxes_in_tables_and_drawn_ones_are_signs() -> None:
    row = "<td>{}</td><td>{}</td>"
    boxes = row.format("<input type=checkbox checked disabled>", "<input type=checkbox>")
    assert "<td>☑ </td><td>☐ </td>" in html(f"<table><tr>{boxes}</tr></table>")
    item = '<ul><li><div class="checkbox checkbox-{}"></div> a</li></ul>'
    assert html(item.format("on")) == "<ul><li>☑ a</li></ul>"
    assert html(item.format("off")) == "<ul><li>☐ a</li></ul>"
    item = '<ul><li><p><i class="fa fa-{}square-o"></i> a</p></li></ul>'
    assert html(item.format("check-")) == "<ul><li><p>☑ a</p></li></ul>"
    assert html(item.format("")) == "<ul><li><p>☐ a</p></li></ul>"
    assert html("<p>a <i class=fa-square-o></i><input type=checkbox></p>") == "<p>a </p>"


def test_cells_have_the_alignment_of_their_row_unless_they_have_their_own() -> None:
    rows = (
        '<thead align="right"><tr><th>a</th><th align="left">b</th></tr></thead>'
        '<tbody><tr style="text-align: center;"><td>c</td><td>d</td></tr>'
        "<tr><td>e</td><td>f</td></tr></tbody>"
    )
    assert html(f"<table>{rows}</table>") == (
        '<table><thead><tr><th align="right">a</th><th align="left">b</th></tr></thead>'
        '<tbody><tr><td align="center">c</td><td align="center">d</td></tr>'
        "<tr><td>e</td><td>f</td></tr></tbody></table>"
    )


@pytest.mark.parametrize(
    ("source", "left"),
    [
        (
            "<ul><li><label><input type=checkbox>oars</label>"
            "<li><label><input type=checkbox checked> sails</label></ul>",
            "<ul><li>☐ oars</li><li>☑ sails</li></ul>",
        ),
        (
            '<ul><li class="task-list-item"><p><input type="checkbox" disabled> tar</p></li></ul>',
            "<ul><li><p>☐ tar</p></li></ul>",
        ),
        ("<p><label>Hull <input type=checkbox id=a></label> 7</p>", "<p>Hull  7</p>"),
    ],
)
def test_a_task_keeps_its_text_and_a_box(source: str, left: str) -> None:
    assert html(source) == left


def test_tasks_of_markdown_have_boxes_and_other_brackets_stay() -> None:
    body = markdown("- [ ] oars\n- [x] sails\n- [y] tar\n- [ ]\n\n1. [X] rope\n\n2. a [ ] b")
    assert re.findall(r"<li>\s*(?:<p>)?(.*?)</", body) == [
        *("☐ oars", "☑ sails", "[y] tar", "[ ]", "☑ rope", "a [ ] b")
    ]


@pytest.mark.parametrize(
    "tag", "address center dialog fieldset form hgroup legend main menu nav dir search".split()
)
def test_a_block_of_a_browser_does_not_run_into_the_text_around_it(tag: str) -> None:
    text = "a tide table of the quay " * 40
    body = html(f"before<{tag}>{text}</{tag}>after")
    assert re.search(r"before<(div|ul)>", body)
    assert plain_text(body) == f"before {text}after"


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("<tt>a</tt><strike>b</strike>", "<code>a</code><s>b</s>"),
        ("<acronym title=Tide>a</acronym>", '<abbr title="Tide">a</abbr>'),
        ("<big>a</big><font color=red>b</font><nobr>c</nobr><blink>d</blink>", "abcd"),
        ("<listing>a\n b</listing>", "<pre>a\n b</pre>"),
        ("<xmp>a\n<b> &amp;</xmp>z", "<pre>a\n&lt;b&gt; &amp;amp;</pre>z"),
        ("a<plaintext>b", "ab"),
        ("<menu><li>a</menu>", "<ul><li>a</li></ul>"),
        (
            "<ol type=a start=-3 reversed><li value=7>x</ol>",
            '<ol type="a" start="-3" reversed=""><li value="7">x</li></ol>',
        ),
        ("<ol style='list-style-type: upper-roman'><li>x</ol>", '<ol type="I"><li>x</li></ol>'),
        ("<ol type=disc start=x><li value=1.5>x</ol>", "<ol><li>x</li></ol>"),
        ("<bdo dir=rtl>a</bdo> <bdi>b</bdi>", '<bdo dir="rtl">a</bdo> <bdi>b</bdi>'),
        ('<p dir="rtl" lang="he">א</p>', '<p dir="rtl" lang="he">א</p>'),
        ("<details open><summary>a</summary>b</details>",
         '<details open=""><summary>a</summary>b</details>'),
        ("<ruby><rb>漢</rb><rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",
         "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>"),
        ("<dl><dt>a<dd>b</dl><q>c</q>d<wbr>e", "<dl><dt>a</dt><dd>b</dd></dl><q>c</q>d<wbr>e"),
        ('<time datetime="2026-01-02">a</time>', '<time datetime="2026-01-02">a</time>'),
    ],
)  # fmt: skip
def test_old_and_rare_elements_keep_text_and_meaning(source: str, left: str) -> None:
    assert html(source) == left


def test_cells_keep_their_alignment_span_and_scope() -> None:
    table = (
        "<table><caption>Tides</caption><colgroup><col><col></colgroup><thead><tr>"
        '<th scope="col" style="text-align: left;">Port</th><th colspan="2" align="RIGHT">High</th>'
        '<th class="x has-text-align-center" align="char">Low</th></tr></thead><tbody><tr>'
        '<td rowspan="2" align="justify">Quay</td><td style="color:red;text-align:right">4</td>'
        '<td align="center" style="text-align:left">2</td><td>1</td></tr></tbody></table>'
    )
    cells = re.findall(r"<t[hd][^>]*>\w+", html(table))
    assert cells == [
        '<th scope="col" align="left">Port',
        '<th colspan="2" align="right">High',
        '<th align="center">Low',
        '<td rowspan="2">Quay',
        '<td align="right">4',
        '<td align="center">2',
        "<td>1",
    ]
    assert "<caption>Tides</caption><colgroup><col><col></colgroup>" in html(table)
    body = markdown("| Port | High |\n| :-- | --: |\n| Quay | 4 |")
    assert '<th align="right">High</th>' in body
    assert '<td align="left">Quay</td>' in body


@pytest.mark.parametrize(
    ("heading", "left"),
    [
        ('<h2 id="t">Tide <a class="hash-link" href="#t" title="Link to Tide">#</a></h2>', "Tide"),
        ('<h2 id="t">Tide<a class="headerlink" href="#t">¶</a></h2>', "Tide"),
        ('<section id="t"><h2>Tide<a href="#t">§</a></h2></section>', "Tide"),
        ('<h2 id="t"><a href="#t" aria-hidden="true">🔗\ufe0e</a> Tide</h2>', "Tide"),
        ('<h2 id="t">Tide<a class="header-anchor" href="#t">\u200b</a></h2>', "Tide"),
        (f'<h2 id="t">Tide <a href="{BASE}#t">[#]</a></h2>', "Tide"),
        ('<h2 id="t">Tide <a href="/a/b#t"><svg><path d="M0"/></svg></a></h2>', "Tide"),
        (
            '<h2><a id="user-content-t" class="anchor" aria-hidden="true" href="#t">'
            '<span class="octicon octicon-link"></span></a>Tide</h2>',
            "Tide",
        ),
        (
            '<div><h2>Tide</h2><a id="user-content-t" class="anchor" href="#t"'
            ' aria-label="Permalink: Tide"><img src="/link.svg" alt=""></a></div>',
            "Tide",
        ),
        (
            '<div><h2 id="t">Tide</h2><a class="sl-anchor-link" href="#t"><span aria-hidden="true">'
            '<svg></svg></span><span class="sr-only">Section titled “Tide”</span></a></div>',
            "Tide",
        ),
        ('<h2 id="t"><a class="anchor" href="#t"></a><a href="#t">The <b>tide</b></a></h2>',
         "The <b>tide</b>"),
        ('<h2 id="%C3%A9">É <a href="#%C3%A9">#</a></h2>', "É"),
        ('<h2 id="é"><a href="#%C3%A9">É</a></h2>', "É"),
        ('<h2 id="t"><a class="anchor" href="#t">Tide</a></h2>', "Tide"),
        (
            '<h2>Tide <div id="t" class="anchor"></div> <span class="opacity-0"><a href="#t"'
            ' aria-label="Anchor">#</a></span> </h2>',
            "Tide",
        ),
        ('<h2 id="t"><span><a href="#t">#</a></span> The tide <b>comes</b></h2>',
         "The tide <b>comes</b>"),
    ],
)  # fmt: skip
def test_a_link_from_a_heading_to_itself_goes_and_its_text_stays(heading: str, left: str) -> None:
    body = html(f"<p>a</p>{heading}<p>b</p>")
    assert re.sub("</?(?:div|section)>", "", body) == f"<p>a</p><h2>{left}</h2><p>b</p>"


@pytest.mark.parametrize(
    "heading",
    [
        '<h2>See <a href="{}#other">the list</a></h2>',
        '<h2>Tide<sup><a href="{}#fn1">1</a></sup></h2>',
        '<h2>C <a href="https://c.example.com/#top">#</a></h2>',
        '<p>As <a href="{}#a">§</a> says</p>',
        '<h2>Tide <a href="{}#x"><img src="https://img.example.com/a.jpg" alt="map"></a></h2>',
    ],
)
def test_a_link_from_a_heading_to_another_place_stays(heading: str) -> None:
    assert html(heading.format("")) == heading.format(BASE)


CODE = "for tide in 4:\n\n    print(1)\n"
LINES = CODE.splitlines()
PRE = f"<pre><code>{CODE}</code></pre>"
PYGMENTS = (
    '<table class="highlighttable"><tr><td class="linenos"><div class="linenodiv"><pre>'
    '<span class="normal">1</span>\n<span class="normal">2</span>\n3</pre></div></td>'
    f'<td class="code"><div><pre><span></span><code>{CODE}</code></pre></div></td></tr></table>'
)
ROUGE = (
    '<pre class="highlight"><code><table class="rouge-table"><tbody><tr>'
    '<td class="rouge-gutter gl"><pre class="lineno">1\n2\n3\n</pre></td>'
    f'<td class="rouge-code"><pre>{CODE}</pre></td></tr></tbody></table></code></pre>'
)
CHROMA = (
    '<table class="lntable"><tr><td class="lntd"><pre class="chroma"><code>'
    '<span class="lnt">1\n</span><span class="lnt">2\n</span><span class="lnt">3\n</span></code>'
    f'</pre></td><td class="lntd"><pre class="chroma"><code>{CODE}</code></pre></td></tr></table>'
)
CHROMA_STYLED = re.sub(
    'class="lnt"', 'style="-webkit-user-select:none;user-select:none;color:#777"', CHROMA
).replace('class="lntd"', 'style="padding:0"')
HLJS = "".join(
    f'<tr><td class="hljs-ln-line hljs-ln-numbers" data-line-number="{number}"></td>'
    f'<td class="hljs-ln-line hljs-ln-code">{line}</td></tr>'
    for number, line in enumerate(LINES, 1)
)
GIST = HLJS.replace("hljs-ln-line hljs-ln-numbers", "blob-num").replace("hljs-ln-code", "blob-code")
HEXO = (
    '<table><tr><td class="gutter"><pre><span class="line">1</span><br>2<br>3<br></pre></td>'
    f'<td class="code"><pre>{"<br>".join(LINES)}<br></pre></td></tr></table>'
)


@pytest.mark.parametrize(
    "block",
    [
        PYGMENTS,
        ROUGE,
        CHROMA,
        CHROMA_STYLED,
        f'<pre><code class="hljs"><table class="hljs-ln">{HLJS}</table></code></pre>',
        f"<table>{GIST}</table>",
        HEXO,
        "<pre><code>{}</code></pre>".format(
            "".join(f'<span class="ln">{n}</span>{line}\n' for n, line in enumerate(LINES, 1))
        ),
        "<pre><code>{}</code></pre>".format(
            "".join(f'<a href="#l-{n}"><span class="linenos">{n} </span></a>{line}\n'
                    for n, line in enumerate(LINES, 1))
        ),
        f'<pre class="line-numbers"><code>{CODE}<span aria-hidden="true" class="line-numbers-rows">'
        "<span></span><span></span></span></code></pre>",
        f'<button class="copy">Copy</button><pre><code>{CODE}</code></pre>'
        '<div class="line-numbers-wrapper" aria-hidden="true"><span class="line-number">1</span>'
        "<br></div>",
    ],
)  # fmt: skip
def test_code_stays_without_the_numbers_of_its_lines(block: str) -> None:
    assert html(f"<p>a</p>{block}<p>b</p>") == f"<p>a</p>{PRE}<p>b</p>"


@pytest.mark.parametrize(
    "shown",
    [
        "<table><tbody><tr><td>1</td><td><code>x</code></td></tr></tbody></table>",
        "<pre><code>42\n</code></pre>",
        "<p><span>12</span> o’clock</p>",
    ],
)
def test_numbers_that_are_no_lines_numbers_stay(shown: str) -> None:
    marked = shown.replace("<td>1", '<td class="num">1').replace(
        "<pre", '<pre class="line-numbers"'
    )
    marked = marked.replace("<span", '<span class="ln"')
    assert html(marked) == shown


MATHML = (
    '<math{}><mrow><msup><mi>x</mi><mn>2</mn></msup><mo stretchy="false">&lt;</mo>'
    '<mspace width="1em"></mspace></mrow></math>'
)
TEX = r"x^2 \lt"
SOURCE = MATHML.format(' xmlns="http://www.w3.org/1998/Math/MathML" display="block"').replace(
    "<mrow>", "<semantics><mrow>"
).replace(
    "</mrow>", f'</mrow><annotation encoding="application/x-tex">{TEX}</annotation></semantics>'
)  # fmt: skip
KEPT = MATHML.format(f' display="block" alttext="{TEX}"')


@pytest.mark.parametrize(
    "typeset",
    [
        SOURCE,
        SOURCE.replace("></mspace>", "/>"),
        f'<span class="katex-display"><span class="katex"><span class="katex-mathml">{SOURCE}'
        '</span><span class="katex-html" aria-hidden="true"><span>x</span>2</span></span></span>',
        '<mjx-container class="MathJax" jax="CHTML"><mjx-math aria-hidden="true"><mjx-mi>x</mjx-mi>'
        f"</mjx-math><mjx-assistive-mml>{SOURCE}</mjx-assistive-mml></mjx-container>",
        '<span class="MathJax_Preview">x2</span><span class="MathJax"><nobr aria-hidden="true">x2'
        f'</nobr><span class="MJX_Assistive_MathML">{SOURCE}</span></span>'
        '<script type="math/tex; mode=display">x^2</script>',
        f'<span class="mwe-math-element"><span style="display:none">{SOURCE}</span>'
        '<img src="/x.svg" alt="x2" aria-hidden="true"></span>',
        f'<script type="math/mml">{SOURCE}</script>',
    ],
)
def test_a_formula_stays_once_as_mathml(typeset: str) -> None:
    assert html(f"<p>a {typeset} b</p>") == f"<p>a {KEPT} b</p>"
    assert plain_text(f"<p>a {KEPT} b</p>") == r"a x^2 \lt b"


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ('<span class="MathJax_Preview">x</span><script type="math/tex">x &lt; 1</script>',
         r"\(x &amp;lt; 1\)"),
        ('<script type="math/tex; mode=display">% <![CDATA[\na < b %]]></script>', r"\[a &lt; b\]"),
        ('<b class="MathJax_SVG"><svg/></b><script type="math/tex">x</script>', r"\(x\)"),
        ('<math alttext="x^2"><annotation-xml><ci>x</ci></annotation-xml></math>', r"\(x^2\)"),
    ],
)  # fmt: skip
def test_a_formula_without_mathml_is_its_tex(source: str, left: str) -> None:
    body = Body(f"<p>{source}</p>", is_html=True)
    assert body.clean(BASE) == f"<p>{left}</p>"
    assert body.findings() == []


def test_a_formula_that_is_only_drawn_is_named() -> None:
    drawn = '<mjx-container><svg></svg></mjx-container>\n<p class="katex"></p>'
    _found, [problem] = read_article(document(article(), drawn), "a.html")
    assert problem.message == "a formula that has neither MathML nor TeX is left out"


PIECES = (
    "<math> </math> <mi> </mi> <mtext> </mtext> <mglyph> <malignmark> <annotation-xml> <mrow> <b>"
    " <annotation-xml\tencoding=text/html> <semantics> <annotation\tencoding=tex> </annotation>"
    " <svg> </svg> <desc> <title> </title> <style> </style> <!-- --> <table> </table> <p> </p>"
    " <img\tsrc=x\tonerror=x> <a\thref=javascript:x> <script> </script> <mtd> <mspace/> <xmp>"
    " <foreignObject> <noscript> <textarea> <select> <math\thref=javascript:x> <maction> x"
    " <![CDATA[ <mjx-container> <span\tclass=katex> </span> <span\tclass=MathJax> <pre> </pre>"
    " <td\tclass=gutter>1 <td> <h2\tid=a> <a\thref=#a\tclass=anchor># </a> <center> <li>"
    " <input\ttype=checkbox> <script\ttype=math/tex> <plaintext> </xmp>"
).split(" ")
MATH = st.lists(st.sampled_from(PIECES), max_size=16).map(
    lambda parts: "".join(parts).replace("\t", " ")
)


@given(MATH)
@example("<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=x>'>")
@example("<math><annotation-xml encoding=text/html><style><img src=x onerror=x></style></math>")
@example("<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=x>")
def test_no_formula_runs_anything_or_holds_html(source: str) -> None:
    body = html(source)
    inspect(body)
    assert html(body) == body
    for formula in re.findall("<math.*?</math>", body, re.DOTALL):
        assert set(re.findall(r"<([^\s/>]+)", formula)) <= MATH_TAGS


@pytest.mark.parametrize(
    "formula",
    [
        r"$S = \{x_1 \mid x_1 < 2\}$",
        "$a*b*c$",
        "$x_1$ and $y_1$",
        "$$\n\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}\n$$",
        "$$\na\n- b_1\n+ c\n= d\n$$",
        r"\(\frac{a*b*c}{2}\)",
        r"\[\sum_{i} a*b*\]",
        "$`x`$ stays code, $x_{`}$ too",
    ],
)
def test_a_formula_in_markdown_stays_as_written(formula: str) -> None:
    text = formula.replace("&", "&amp;").replace("<", "&lt;")
    text = text.replace("$`x`$ ", "$<code>x</code>$ ")
    assert markdown(f"A {formula} b") == f"<p>A {text} b</p>"


def test_a_site_says_what_is_a_formula_in_articles_that_do_not(site: SiteBuilder) -> None:
    keys = {"title": "T", "url": "https://e.example/"}
    text = r"A \(*x*\) b"
    for name, own in (("a.md", {}), ("b.md", {"math": False}), ("c.md", {"math": True})):
        site.write(name, text, **own)

    def are_formulas() -> list[bool]:
        articles = site.publication().articles.by_file([f"articles/{n}.md" for n in "abc"])
        return [r"\(*x*\)" in articles[f"articles/{n}.md"].body for n in "abc"]

    site.configure(**keys)
    assert are_formulas() == [False, False, True]
    site.configure(**keys, math=True)
    assert are_formulas() == [True, False, True]
    assert site.catalog().sync(site.publication()._site_folder).read == 0
    site.configure(**keys, math="maybe")
    assert are_formulas() == [False, False, True]


@pytest.mark.parametrize(
    "typeset",
    [
        '<span class="katex-display"><span class="katex"><span>x</span></span></span>',
        '<div class="MathJax_Display"><span class="MathJax"><svg></svg></span></div>',
    ],
)
def test_a_formula_without_mathml_is_counted_once(typeset: str) -> None:
    body = Body(typeset, is_html=True)
    body.clean(BASE)
    (finding,) = body.findings()
    assert finding.code == "foreign-syntax"
    assert "more" not in finding.message


def test_kramdowns_signs_become_those_of_all_others() -> None:
    assert markdown(r"A \\(x_1*y*\\) b") == r"<p>A \(x_1*y*\) b</p>"


@pytest.mark.parametrize(
    "prose",
    [
        "It costs $5 and *$10*, or **$5** to **$10**.",
        "$5, he said, *not 5$* or 6$",
        "From US$5_a_ to US$6_b_",
        "$HOME/*.txt* and *$PATH*",
        "[$5](/a_b) or [5$](/c_d)",
        r"\[not a link\](/x) and \(so *on*\), \[1\]",
        "`$a_b$` and ``$x*y*``",
        "$$$ *fun* $$$ and \\$x_1$",
    ],
)
def test_prices_and_escaped_brackets_are_no_formulas(prose: str) -> None:
    assert markdown(prose) == markdown(prose, math=False)


def test_math_says_what_is_a_formula() -> None:
    text = r"A \(*x*\) b"
    assert markdown(text) == "<p>A (<em>x</em>) b</p>"
    for value, body in (("true", r"<p>A \(*x*\) b</p>"), ("false", "<p>A (<em>x</em>) b</p>")):
        found, [] = read_article(document(article(math=value), text), "a.md")
        assert found
        assert found.body == body
    formula = "$x_1*y*$"
    assert markdown(formula, math=False) == "<p>$x_1<em>y</em>$</p>"
