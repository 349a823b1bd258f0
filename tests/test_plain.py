"""Plain bodies, which no tree is made of: they become what all other steps would make of them."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.parsing.body import plain
from feeds.parsing.body.clean import Body
from tests.bodies import BASE, inspect, markdown
from tests.support import CORPUS, needs_corpus


def read(source: str, *, by_all_steps: bool = False) -> tuple[str, list[tuple[object, ...]], bool]:
    """The clean body of a Markdown, its findings, and whether it is a plain one."""
    finished: list[str | None] = []

    def finish(markup: str, base: str, source: str) -> str | None:
        finished.append(None if by_all_steps else original(markup, base, source))
        return finished[0]

    original = plain.finish
    with mock.patch.object(plain, "finish", finish):
        body = Body(source, is_html=False)
        clean = body.clean(BASE)
    return clean, [tuple(finding) for finding in body.findings()], any(finished)


URLS = (
    *("https://x.example/a", "https://x.example/a?b=1&c=2#d", "http://x.example/é"),
    *("/a/b.png", "../c", "//x.example/'", "HTTP://x.example", "", "mailto:a@x.example"),
    *("#d", f"{BASE}#d", "/a/b#d", "httpd#e", "javascript:x", "data:image/gif;base64,AA"),
    *("/blank.gif", "/emoji/1f600.png", "/{width}/a.png"),
)
TITLES = ("a\nb", "a\tb", "<", "&quot;")
PIECES = (
    *(" ", "\n", "  \n", "\\\n", "\n\n", "&nbsp;", "&#13;", "&#9;", "&#1;", "&quot;", "&lt;b&gt;"),
    *("<b>", "</b>", "<p>", "<br>", "<!-- x -->", "<https://x.example/>", "www.x.example"),
    *("\n\n# ", "\n\n> ", "\n- ", "\n- [ ] ", "\n7. ", "\n\n    ", '\n```a&"b\n', "\n---\n"),
    *("\n\n|a|\n|-|\n|", "[^1]", "[x]", "1 < 2", "&Atilde;&copy;", "*", "**", "`", "~~"),
    *("![", "[", *(f"]({url})" for url in URLS), *(f'](/a "{title}")' for title in TITLES)),
)
WORDS = st.text(st.sampled_from("aé“Ã©\xa0\u200b漢🎉!#\"'") | st.characters(), max_size=5)


@given(st.lists(st.sampled_from(PIECES) | WORDS, max_size=12).map("".join))
@example('```a&"b\n&quot;\n```')
@example('![a](/b "c\td")')
@example("# [a](#b)")
@example("[a [b](/c) d](/e)")
def test_a_plain_body_is_what_all_steps_would_make_of_it(source: str) -> None:
    body, findings, is_plain = read(source)
    assert (body, findings) == read(source, by_all_steps=True)[:2]
    if is_plain:
        assert findings == []
        inspect(body)


@needs_corpus
def test_bodies_of_the_corpus_are_what_all_steps_would_make_of_them() -> None:
    for file in sorted(CORPUS.rglob("*.md")):
        source = file.read_text("utf-8").split("---\n", 2)[-1]
        assert read(source)[:2] == read(source, by_all_steps=True)[:2]


@pytest.mark.parametrize(
    "source",
    [
        "It’s *one*, **two** and ~~three~~ `<b>` & “more”.  \nNext line",
        "# a\n\n- b\n- c\n\n  d\n\n7. e\n\n> f\n\n---\n\n```js\nif (a < b && c) {}\n```",
        '[a](https://x.example/?b=1&c=2 "d") [e](/f) <https://x.example/g>',
        "![a](/b.jpg) [![](https://x.example/c.png)](https://x.example/d)",
        "- [ ] a\n- [x] b",
    ],
)
def test_no_tree_is_made_of_what_most_people_write(source: str) -> None:
    assert read(source)[2]


@pytest.mark.parametrize(
    "source",
    [
        *("a <b>c</b>", "<p>a", "a <!-- b -->", "{{% youtube id %}}"),
        *("# [a](#b)", f"[a]({BASE}#b)", "[a](javascript:b)", "[a]()", "[a](mailto:b@x.example)"),
        *("![](/blank.gif)", "![😀](/emoji/1f600.png)", "![a](data:image/gif;base64,AA)"),
        *("|a|\n|-|\n|b|", "a[^1]\n\n[^1]: b", "- \n- a", "[](/a)", "a &#13; b"),
    ],
)
def test_all_steps_look_at_what_one_of_them_may_change(source: str) -> None:
    assert not read(source)[2]


def test_line_breaks_and_tabs_in_a_title_stay() -> None:
    source = '![a](/b.png "c\nd\te")'
    expected = '<p><img src="https://news.example.com/b.png" alt="a" title="c\nd\te"></p>'
    assert markdown(source) == expected
    assert read(source, by_all_steps=True)[0] == expected
