"""Markdown that was written for another generator: no link leads astray, no syntax shows."""

from __future__ import annotations

import pytest

from feeds.errors import Problem
from feeds.parsing.article import read_article
from feeds.parsing.body.generators import replace_alerts
from tests.bodies import BASE, markdown
from tests.support import article, document, within

ROOT = "https://news.example.com"


def problems_of(body: str, name: str = "a.md") -> list[Problem]:
    """The problems of an article with this body."""
    found, problems = read_article(document(article(), body), name)
    assert found
    return problems


@pytest.mark.parametrize(
    "target",
    [
        "{% post_url 2020-01-01-old %}",
        "{{ site.baseurl }}{% post_url 2020-01-01-old %}#top",
        "/blog{% link _posts/2020-01-01-old.md %}",
        '{{< ref "other.md" >}}',
        '{{< relref path="other.md" lang="en" >}}',
        '{{% ref "other.md" %}}',
        "{filename}/other.md",
        "{filename}other.md#top",
        "|filename|/other.md",
        "{tag}tides",
        "@/blog/other.md",
        "@site/docs/other.md",
        "link://slug/other",
        "{{ site.data.links.other }}",
        "{{ post.url }}",
        "{{ unsubscribe_url }}",
        "{unsubscribe_url}",
    ],
)
def test_a_link_to_a_page_that_only_its_generator_knows_is_text_and_is_named(target: str) -> None:
    for body in (
        f"See\n\nthe [old *post*]({target}) here",
        f'See\n\nthe [old *post*]({target} "title") here',
        f"See\n\nthe [old *post*][1] here\n\n[1]: {target}",
        f"See\n\nthe <a href='{target}'>old <em>post</em></a> here",
    ):
        assert markdown(body) == "<p>See</p>\n<p>the old <em>post</em> here</p>"
        [problem] = problems_of(body)
        line = document(article(), "").count("\n") + 1 + body[: body.rindex(target)].count("\n")
        assert (problem.line, problem.code) == (line, "foreign-syntax")
        assert "only its generator knows where" in problem.message
    assert "%7B" not in markdown(f"![picture]({target})")


def test_links_of_a_kind_are_named_once_with_their_number() -> None:
    [problem] = problems_of("[a]({% link a.md %})\n\n[b](@/b.md)\n[c]({filename}c.md)")
    assert "link a.md" in problem.message
    assert "(and 2 more)" in problem.message


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("{{ site.baseurl }}/x", "/x"),
        ("{{site.url}}{{ site.baseurl }}/x/", "/x/"),
        ("{{ '/x' | relative_url }}", "/x"),
        ("{{ site.baseurl }}", "/"),
        ("{{ site.url }}{{ page.url }}", "/a/b"),
        ("{{ page.url | absolute_url }}#x", "/a/b#x"),
        ("{static}/x.pdf", "/x.pdf"),
        ("{attach}x.pdf", "/a/x.pdf"),
        ("pathname:///x.pdf", "/x.pdf"),
        ("@someone", "/a/@someone"),
        ("https://x.example/?q={{term}}", None),
    ],
)
def test_a_link_that_is_known_leads_there(target: str, url: str | None) -> None:
    body = markdown(f"[x]({target})")
    assert f'<a href="{ROOT}{url}">x</a>' in body if url else "https://x.example/?q=" in body
    assert problems_of(f"[x]({target})") == []


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("* TOC\n{:toc}\n\na", "<p>a</p>"),
        ("1. x\n{: toc max_level=2}\n\na", "<p>a</p>"),
        ("[TOC]\n\na", "<p>a</p>"),
        ("## T {#id}\n{: .no_toc}", "<h2>T</h2>"),
        ("## T {#id .a key=\"b c\"} ##", "<h2>T</h2>"),
        ("T {#id}\n=====", "<h1>T</h1>"),
        ("A\n{: .b #c}\n\n{:.d}\nE", "<p>A</p>\n<p>E</p>"),
        ('[a](/x){:target="_blank"} b', f'<p><a href="{ROOT}/x">a</a> b</p>'),
        ('![a](/x.jpg){: width="300"}', f'<p><img src="{ROOT}/x.jpg" alt="a"></p>'),
        ("- {:.a} *b*{:.c} d", "<ul>\n<li><em>b</em> d</li>\n</ul>"),
        ("`a`{:.language-sh} b", "<p><code>a</code> b</p>"),
        ("![a](/x.jpg){ width=300px .b }", f'<p><img src="{ROOT}/x.jpg" alt="a"></p>'),
        ("a {::comment}b *c*{:/comment}d", "<p>a d</p>"),
        ("{::nomarkdown}\na\n{:/nomarkdown}", "<p>a</p>"),
        (":::note[Mind]\n\nthe gap\n\n:::", "<p><strong>Mind</strong></p>\n<p>the gap</p>"),
        ("::: {.warning}\na\n:::", "<p>a</p>"),
        ("::: tip The gap\na\n:::\n", "<p><strong>The gap</strong></p>\n<p>a</p>"),
        ("import A from '@site/a';\nimport {\n  B,\n} from \"b\";\n\n<Foo>*c*</Foo>",
         "<p><em>c</em></p>"),
        ("import './a.css'\n\nexport const x = {\n  y: 1,\n};\n\na", "<p>a</p>"),
        ("a {/* b\n\n* c */} d", "<p>a  d</p>"),
        ('{{< figure src="/x.jpg" alt="A & b" title="The \'boat\'" >}}',
         f'<figure><img src="{ROOT}/x.jpg" alt="A &amp; b">'
         "<figcaption>The 'boat'</figcaption></figure>"),
        ("{{< highlight go >}}\na := {{ .b }}\n{{< /highlight >}}",
         "<pre><code>a := {{ .b }}\n</code></pre>"),
        ("{{% notice tip %}}Mind *it*.{{% /notice %}}", "<p>Mind <em>it</em>.</p>"),
        ("```\n{{</* ref \"a\" */>}}\n```", '<pre><code>{{&lt;/* ref "a" */&gt;}}\n</code></pre>'),
        ("A {{</* toc */>}}", "<p>A {{&lt; toc &gt;}}</p>"),
        ("{% post_link old 'The old one' %} {% post_link older %}", "<p>The old one older</p>"),
    ],
)  # fmt: skip
def test_what_marks_up_for_another_generator_does_not_show(source: str, left: str) -> None:
    assert markdown(source) == left


def test_a_shortcode_of_a_video_is_its_player() -> None:
    for name, page in (("youtube", "https://www.youtube.com/watch?v=a1"),
                       ("vimeo", "https://vimeo.com/a1")):  # fmt: skip
        for arguments in ("a1", 'id="a1"', '"a1"'):
            assert f'href="{page}"' in markdown(f"{{{{< {name} {arguments} >}}}}")


@pytest.mark.parametrize(
    ("shortcode", "page"),
    [
        ("gist ann 12ab", "https://gist.github.com/ann/12ab"),
        ('tweet user="ann" id="12"', "https://twitter.com/ann/status/12"),
        ('x id="12" user="ann"', "https://x.com/ann/status/12"),
    ],
)
def test_a_shortcode_of_another_page_is_a_link(shortcode: str, page: str) -> None:
    assert markdown(f"{{{{< {shortcode} >}}}}") == (
        f'<p><a href="{page}">{page.removeprefix("https://")}</a></p>'
    )


def test_a_shortcode_of_a_picture_is_a_figure() -> None:
    figure = f'<figure><img src="{ROOT}/a.png" alt="A"><figcaption>A</figcaption></figure>'
    assert markdown('{{% img src="/a.png" class="left" caption="A" %}}') == figure


def test_a_shortcode_with_text_shows_its_title() -> None:
    note = '{{% alert title="Mind" color="info" %}}\nThe gap.\n{{% /alert %}}'
    assert markdown(note) == "<p><strong>Mind</strong></p>\n<p>The gap.</p>"


@pytest.mark.parametrize(
    "prose",
    [
        "A set {1, 2}, a dict {a: b} and {.class} rules {#id}",
        "export default settings from the menu",
        "import duties of the harbour",
        "import 'a' and 'b' of it",
        "The {{< toc >}} shortcode and {% if %}",
        "    {: .a}\n    import x from 'y'",
        "`{{< ref x >}}`, `{:toc}` and `[a](@/b.md)`",
        "```\nimport x from 'y'\n\n:::note\n{/* a */}\n* TOC\n{:toc}\n```",
        "Smile :) {: and [a] {b}, or {:.2f} and {:>10} and {:#x}",
        "[a](/x) {b}, [c]{d}",
    ],
)
def test_prose_and_code_with_braces_stay(prose: str) -> None:
    def letters(text: str) -> str:
        return "".join(text.replace("&lt;", "<").replace("&gt;", ">").split())

    body = markdown(prose)
    for token in ("{", "}", "import", "export", ":::", "TOC"):
        assert letters(body).count(token) == prose.count(token), body


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("A\n\n{{< tweet 1 >}}\n{{< tweet 2 >}}", "the shortcode tweet is left out"),
        ("A\n\n{% youtube abc %}", "{% youtube abc %} is published as text"),
        ('A\n\n!!! note "Mind"\n    the gap', '!!! note "Mind" is published as text'),
    ],
)
def test_syntax_without_a_meaning_here_is_named_with_its_line(source: str, found: str) -> None:
    [problem] = problems_of(source)
    assert problem.message.startswith(found)
    assert problem.line == document(article(), "").count("\n") + 3


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("![a](__GHOST_URL__/a.jpg)", f'<img src="{ROOT}/a.jpg" alt="a">'),
        ("[a](__GHOST_URL__/a/)", f'<a href="{ROOT}/a/">a</a>'),
        ("a <img src={require('./a.jpg').default} alt=\"a\" />",
         f'a <img src="{BASE[:-1]}a.jpg" alt="a">'),
        ("a <a href={useBaseUrl('/a/')}>b</a>", f'a <a href="{ROOT}/a/">b</a>'),
        ("$$\nx_1 = 1\n$$ {#eq-one}", "$$\nx_1 = 1\n$$"),
    ],
)  # fmt: skip
def test_addresses_and_labels_of_ghost_docusaurus_and_quarto_are_read(
    source: str, left: str
) -> None:
    assert markdown(source) == f"<p>{left}</p>"
    assert problems_of(source) == []


@pytest.mark.parametrize(
    "tag",
    [
        '{% include figure.html src="/a.jpg" caption="A" %}',
        '{%- include_cached video id="abc" provider="youtube" -%}',
        "{% render note.html %}",
        '<YouTube videoId="abc" />',
        "<Gallery\n  of={pictures}\n/>",
        "![[a.png]]",
    ],
)
def test_what_another_file_would_have_shown_is_named(tag: str) -> None:
    [problem] = problems_of(f"A\n\n{tag}\n\nb")
    assert problem.code == "foreign-syntax"
    assert problem.line == document(article(), "").count("\n") + 3
    plain = "a `<Youtube id='a' />`, <br />, <BR/>, <Image src='/a.png' />"
    assert problems_of(plain) == []


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("> [!NOTE]\n> Text", "Note"),
        (">[!IMPORTANT]  \n>Text", "Important"),
        ("> [!tip] High *tide*\n> Text", "High <em>tide</em>"),
        ("> [!warning]- Folded\n>\n> Text", "Folded"),
        ("> [!my-kind|wide]+\n> Text", "My kind"),
        ("> [!info] **Bold**\n> Text", "Bold"),
    ],
)
def test_an_alert_begins_with_its_title(source: str, title: str) -> None:
    assert markdown(source) == (
        f"<blockquote>\n<p><strong>{title}</strong></p>\n<p>Text</p>\n</blockquote>"
    )
    assert not problems_of(source)


@pytest.mark.parametrize(
    "source",
    [
        "if [[ -f a ]]; then",
        "`[[a]]` and `> [!NOTE]`",
        "A [[Prototype]], [[note|text]] and [[1, 2]]",
        "Write [!NOTE] at the head.",
        "> [!a](/b)",
        "> [![a](/b.png)](/c)",
    ],
)
def test_other_brackets_stay(source: str) -> None:
    assert "<strong>" not in markdown(source)
    assert not problems_of(source)


@pytest.mark.parametrize("part", ["> [!a] ", ">", "> [!a] x" + " " * 9])
def test_long_alerts_take_linear_time(part: str) -> None:
    source = part * (200_000 // len(part))
    with within(5):
        replace_alerts(source)
