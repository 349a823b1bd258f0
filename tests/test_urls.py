"""URLs: the canonical form of the good, none of the bad; the media type that a path tells."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.text.media_types import type_of_url
from feeds.text.urls import canonical_url


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("HTTP://News.Example.COM:80", "http://news.example.com/"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("//example.com/a", "https://example.com/a"),
        ("  https://example.com/\n", "https://example.com/"),
        ("https://example.com?q=1", "https://example.com/?q=1"),
        ("https://example.com/a/./b/../c", "https://example.com/a/c"),
        ("https://example.com/../../a", "https://example.com/a"),
        ("https://example.com/a//b", "https://example.com/a//b"),
        ("https://example.com/%7euser/%c3%a9", "https://example.com/~user/%C3%A9"),
        ("https://example.com/a b?c d#e f", "https://example.com/a%20b?c%20d#e%20f"),
        ("https://example.com/100%", "https://example.com/100%25"),
        ("https://example.com/a%2Fb?c=%26&d=e/f?", "https://example.com/a%2Fb?c=%26&d=e/f?"),
        ('https://example.com/"><script>', "https://example.com/%22%3E%3Cscript%3E"),
        ("https://example.com/été", "https://example.com/%C3%A9t%C3%A9"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://日本語.example/", "https://xn--wgv71a119e.example/"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
    ],
)
def test_a_url_becomes_canonical(written: str, canonical: str) -> None:
    assert canonical_url(written) == canonical
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize("prefix", ["", " ", "\t", "\0", "\x01", "\xa0", "\u200b", "\ufeff"])
@pytest.mark.parametrize(
    "trick",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        "java\0script:alert(1)",
        "javascript://example.com/%0Aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "view-source:https://example.com/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "mailto:a@example.com",
    ],
)
def test_another_scheme_is_no_url(trick: str, prefix: str) -> None:
    assert canonical_url(prefix + trick) is None
    relative = canonical_url(prefix + trick, relative=True)
    # Behind a character that no scheme has, it can only be the name of a file of the site.
    assert relative is None or relative.startswith("/")


@pytest.mark.parametrize(
    "broken",
    [
        *("", " ", "http:", "http://", "https:///a", "http:example.com", "example.com"),
        *("https://exa mple.com/", "https://exa<mple.com/", "https://exa%6dple.com/"),
        *("https://[::1", "https://example.com:99999/", "https://example.com:port/"),
        *("/a", "a/b.png", "?q", "#top", "https://:80/", "https://user@/"),
    ],
)
def test_what_is_not_whole_is_no_url(broken: str) -> None:
    assert canonical_url(broken) is None


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("/media/a.png", "/media/a.png"),
        ("media/a.png", "/media/a.png"),
        ("./media//a b.png?w=1#x", "/media/a%20b.png?w=1"),
        ("../../etc/passwd", "/etc/passwd"),
        ("a/../../../b", "/b"),
        ("a/b/..", "/a/"),
        ("//cdn.example.com/a.png", "https://cdn.example.com/a.png"),
        ("https://cdn.example.com/a.png", "https://cdn.example.com/a.png"),
        ("", None),
        ("#top", None),
        ("?q", None),
    ],
)
def test_a_relative_url_stays_a_path_of_the_site(written: str, canonical: str | None) -> None:
    assert canonical_url(written, relative=True) == canonical


@pytest.mark.parametrize("dots", ["%2e%2e", "%2E.", ".%2e"])
def test_an_escaped_dot_segment_does_not_climb_out(dots: str) -> None:
    # RFC 3986 §6.2.2: an escaped dot is a dot, so it goes before segments are looked at.
    assert canonical_url(f"/a/{dots}/{dots}/b.png", relative=True) == "/b.png"
    assert canonical_url(f"https://example.com/a/{dots}/b") == "https://example.com/b"


URL_PARTS = [
    *("http://", "HTTPS://", "//", "/", "..", ".", "%2e", "%2F", "%7e", "%", "?", "#", "@", ":"),
    *(":80", "[::1]", "example.com", "münchen.example", "a b", "é", "<", '"', "\\", "\t", "\0"),
    *("javascript:", "data:", "&", "=", "+", "~", "x", "\xad", "。", "ß"),
]
url_like = st.lists(st.sampled_from(URL_PARTS) | st.characters(exclude_categories=())).map("".join)


@given(url_like | url_like.map("https://example.com/".__add__) | url_like.map("http://".__add__))
def test_a_canonical_url_is_its_own_canonical_form(written: str) -> None:
    for relative in (False, True):
        canonical = canonical_url(written, relative=relative)
        if canonical is not None:
            assert canonical.isascii()
            assert not re.search(r"[\s<>\"\x00-\x20\x7f]", canonical)
            assert urlsplit(canonical).scheme in (
                ("http", "https", "") if relative else ("http", "https")
            )
            assert canonical_url(canonical, relative=relative) == canonical


@pytest.mark.parametrize(
    ("url", "media_type"),
    [
        ("https://example.com/a.jpg", "image/jpeg"),
        ("/a.PNG?file=b.gif#c.mp4", "image/png"),
        ("https://example.com/a.tar.gz", "application/gzip"),
        ("https://example.com/a.mp3/b", "default"),
        ("https://example.mp4/", "default"),
        ("https://example.com/image?url=b.png", "default"),
        ("https://example.com/a.unknown", "default"),
        ("https://example.com/.mp3/", "default"),
        ("", "default"),
    ],
)
def test_a_media_type_is_told_by_the_path_alone(url: str, media_type: str) -> None:
    assert type_of_url(url, "default") == media_type
