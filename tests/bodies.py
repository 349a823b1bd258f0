"""Clean bodies for tests, and a reader of HTML that tells whether one is safe."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

from feeds.parsing.body.clean import Body
from feeds.text.repair import find_forbidden

#: The URL that links of these bodies are relative to.
BASE = "https://news.example.com/a/b"
#: Elements that would run, style, submit or load another document.
UNSAFE_TAGS = frozenset(
    "script style iframe frame object embed applet form input button select textarea base meta link"
    " svg template noscript title xml maction annotation-xml mglyph malignmark".split()
)
LINKS = ("href", "src", "cite", "poster")


class Inspector(HTMLParser):
    """Fails for a tag or an attribute that no body may hold."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in UNSAFE_TAGS
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert name not in ("style", "class", "id", "srcset", "srcdoc", "action", "formaction")
            assert ":" not in name
            if name in LINKS:
                scheme = urlsplit((value or "").strip()).scheme
                assert scheme in ("http", "https", "mailto"), value

    handle_startendtag = handle_starttag

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def inspect(body: str) -> None:
    """Fails for a body that is not safe, or that no feed could hold."""
    assert find_forbidden(body) is None
    assert "<script" not in body.lower()
    inspector = Inspector()
    inspector.feed(body)
    inspector.close()


def html(source: str) -> str:
    """The clean body of a source in HTML."""
    return Body(source, is_html=True).clean(BASE)


def markdown(source: str, *, math: bool | None = None) -> str:
    """The clean body of a source in Markdown."""
    return Body(source, is_html=False, math=math).clean(BASE)
