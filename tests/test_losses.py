"""Content of a body that gets lost is named, and content left out on purpose is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree
from lxml.html import HtmlElement

from feeds.parsing.article import read_article
from feeds.parsing.body.clean import Body
from feeds.parsing.body.findings import Finding
from feeds.parsing.body.tidy import tidy
from feeds.parsing.body.tree import to_html
from tests.bodies import BASE
from tests.support import article, document

MARKDOWN = """\
# Tides of the bay

The *spring tide* comes [twice](/twice) a month.

![The harbour](/harbour.jpg) ![The bridge](/bridge.jpg)

|day|height|
|-|-|
|Monday|three metres|

> 春の海 ひねもす
"""
HTML = """\
<h1>Tides of the bay</h1>
<p>The <em>spring tide</em> comes <a href="/twice">twice</a> a month,
<math><mi>h</mi><mo>=</mo><mn>3</mn></math> and 1<sup>st</sup>.</p>
<figure><img data-src="/harbour.jpg" src="blank.gif"><noscript><img src="/harbour.jpg"></noscript>
<figcaption>The harbour</figcaption></figure>
<ul><li>One</li><li><img src="/bridge.jpg" alt="The bridge"></li></ul>
<p><iframe src="https://www.youtube.com/embed/abc"></iframe></p>
<p><video><source src="/wave.mp4">Old browser</video></p>
<table><tr><th>day<th>height<tr><td>Monday<td>three metres</table>
<blockquote>春の海 ひねもす</blockquote>
<pre><code>print(1)</code></pre>
"""


def losses_of(source: str, *, is_html: bool) -> list[Finding]:
    body = Body(source, is_html=is_html)
    body.clean(BASE)
    return [each for each in body.findings() if each.code == "lost-content"]


def lose(monkeypatch: pytest.MonkeyPatch, drop: Callable[[HtmlElement], None]) -> None:
    """Let the last step over the tree be one that loses something."""

    def tidy_and_drop(root: HtmlElement) -> str:
        tidy(root)
        drop(root)
        return to_html(root)

    monkeypatch.setattr("feeds.parsing.body.clean.tidy", tidy_and_drop)


@pytest.mark.parametrize(
    ("is_html", "path", "line", "message"),
    [
        (False, "//h1", 1, "4 of 23 words are gone, from “Tides of the bay”"),
        (False, "//em", 3, "2 of 23 words are gone, from “spring tide”"),
        (False, "//img[2]", 5, "1 of 2 pictures is gone"),
        (False, "//img", 5, "2 of 2 pictures are gone"),
        (False, "//table", 7, "1 of 1 table is gone"),
        (False, "//blockquote", 11, "7 of 23 words are gone, from “春の海ひねも …”"),
        (True, "//h1", 1, "4 of 32 words are gone, from “Tides of the bay”"),
        (True, "//sup", 3, "1 of 32 words is gone, from “1st”"),
        (True, "//img[@alt]", 6, "1 of 2 pictures is gone"),
        (True, "//figure/img", 4, "1 of 2 pictures is gone"),
        (True, "//a[@data-frame]", 7, "1 of 2 players is gone"),
        (True, "//video", 8, "1 of 2 players is gone"),
        (True, "//math", 3, "1 of 1 formula is gone"),
        (True, "//table", 9, "1 of 1 table is gone"),
        (True, "//blockquote", 10, "7 of 32 words are gone, from “春の海ひねも …”"),
    ],
)
def test_what_a_step_loses_is_named(
    monkeypatch: pytest.MonkeyPatch, path: str, line: int, message: str, *, is_html: bool
) -> None:
    def drop(root: HtmlElement) -> None:
        for element in root.xpath(path):
            element.drop_tree()

    lose(monkeypatch, drop)
    found = losses_of(HTML if is_html else MARKDOWN, is_html=is_html)
    assert (line, message) in [(each.line, each.message) for each in found]


@pytest.mark.parametrize(("source", "is_html"), [(MARKDOWN, False), (HTML, True)])
def test_no_element_can_be_lost_in_silence(
    monkeypatch: pytest.MonkeyPatch, source: str, *, is_html: bool
) -> None:
    elements: list[HtmlElement] = []
    lose(monkeypatch, lambda root: elements.extend([] if elements else root.iterdescendants()))
    assert losses_of(source, is_html=is_html) == []
    assert len(elements) > 15
    for number, element in enumerate(elements):
        lost: list[HtmlElement] = []

        def drop(root: HtmlElement, number: int = number, lost: list[HtmlElement] = lost) -> None:
            if not lost:
                lost.append(list(root.iterdescendants())[number])
                lost[0].drop_tree()

        with monkeypatch.context() as patch:
            lose(patch, drop)
            found = losses_of(source, is_html=is_html)
        # A sign such as = is no word.
        assert found or element.tag == "mo", element.tag


def test_a_loss_is_a_problem_of_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lose(monkeypatch, lambda root: root[-1].drop_tree())
    source = "<p>One</p>\n<p><span class=katex>two</span> three</p>"
    found, problems = read_article(document(article(), source), "a.html")
    assert found
    [loss] = [each for each in problems if each.code == "lost-content"]
    assert loss.line == document(article(), "").count("\n") + 2
    assert "from “three”" in loss.message


def test_texts_that_run_together_are_lost_words(monkeypatch: pytest.MonkeyPatch) -> None:
    lose(monkeypatch, lambda root: etree.strip_tags(root, "div"))
    [found] = losses_of("<div>One</div><div>two</div>\n<i class=x hidden>x</i>", is_html=True)
    assert found.message == "2 of 2 words are gone, from “One two”"


@pytest.mark.parametrize(
    "source",
    [
        "<p>x<img src='/pixel.gif' width=1 height=1></p>",
        "<p>x<b hidden>y</b><i style='display: none'>z</i><template>t</template></p>",
        "<p>x<script>y</script><style>z</style><!-- y --><button>y</button><?php y ?></p>",
        "<h2 id=a>Tides <a class=headerlink href=#a>¶</a></h2>",
        "<h2 id=a>Tides<a class=anchor href=#a aria-label=x><img src=/link.svg></a></h2>",
        "<h2 id=a>Tides<a class=anchor href=#a>Permalink to Tides</a></h2>",
        "<table class=highlighttable><tr><td class=linenos><pre>1\n2</pre><td class=code>"
        "<pre><code>a\nb</code></pre></table>",
        "<pre><span class=ln>1</span>a\n<span style='user-select:none'>2</span>b</pre>",
        "<table role=presentation><tr><td>a<td>b</table>",
        "<table><tr><td><h2>a</h2><p>{unsubscribe}</p><tr><td><a href=/f><img src=/f.png alt=''"
        " width=16 height=16></a></table>",
        "<table><tr><td>a<tr><td>b</table>",
        "<p>a<img src=blank.gif data-src=/a.png><noscript><img src=/a.png></noscript></p>",
        "<p><img src=/a-20x20.png><noscript><img src=/a.png></noscript></p>",
        "<p>x<noscript>Please enable JavaScript</noscript></p>",
        "<p>Two words</p><noscript><p>Two words</p></noscript>",
        "<picture><source srcset='/a.webp 800w'><img src=/a.png></picture>",
        "<p>Hello<img class=emoji alt=😀 src=/emoji/1f600.png>world</p>",
        "<span class=katex><span class=katex-mathml><math><semantics><mi>x</mi><annotation"
        " encoding=application/x-tex>x</annotation></semantics></math></span><span"
        " class=katex-html aria-hidden=true>x</span></span>",
        "<p>a <span class=MathJax_Preview>x</span><script type='math/tex'>x</script></p>",
        "<object data=/a.swf><embed src=https://www.youtube.com/embed/a>No Flash</object>",
        "<object data=/a.png type=image/png>A drawing</object>",
        "<object>Only text</object>",
        "<lite-youtube videoid=abc>x</lite-youtube><amp-img src=/a.png></amp-img>",
        "<iframe src='https://www.youtube.com/embed/a'>No frames</iframe>",
        "<video poster=/p.jpg src=/a.mp4>Old browser</video>",
        "<form><p>Sign up</p><img src=/a.png><table><tr><th>a</table></form><p>x</p>",
        "<form><p>" + "word " * 200 + "</p><select><option>a</select></form>",
        "<p>&Atilde;&copy;t&Atilde;&copy; <img src='/a b.png'></p><svg><title>x</title></svg>",
        "<center>a</center>b<address>c</address><details><summary>d</summary>e</details>",
        "<p>a<wbr>b <ruby>漢<rt>kan</rt></ruby></p><ul><li><input type=checkbox>Task</ul>",
        "<p>a <a href=javascript:x>b</a> <img alt=Plot src=data:image/png;base64,x></p>",
        "<html><head><title>t</title></head><body class=x>a</body></html>",
        "<p><![CDATA[x]]><![if !mso]>y<![endif]><o:p>z</o:p></p>",
    ],
)
def test_what_is_left_out_on_purpose_is_no_loss(source: str) -> None:
    assert losses_of(source, is_html=True) == []
    assert losses_of(f"*Text*\n\n{source}\n", is_html=False) == []
