"""Embedded players: of which hosts and files, and the page that a person opens for one."""

from __future__ import annotations

import html
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.model.article import Player
from feeds.parsing.article import read_article
from feeds.parsing.body.players import read_player, watch_url
from tests.support import SiteBuilder, article, document

PIECES = [
    *("<iframe", "<video", "<audio", "<source", "<script", "</video>", "</iframe>", ">", " src="),
    *("https://www.youtube.com/embed/a", "https://x.example/", "//player.vimeo.com/video/1"),
    *("/v.mp4", "a.mp3", "javascript:x", "data:video/mp4,x", '"', "'", " ", "&#106;", "\t", "\0"),
    *(" width=", " height=", "560", "100%", "http:", "@", "?", "%2e%2e/", "\\", "é"),
]


@pytest.mark.parametrize(
    ("source", "player"),
    [
        (
            "<iframe src='https://www.youtube.com/embed/a' width=560 height=315></iframe>",
            Player("https://www.youtube.com/embed/a", "", 560, 315),
        ),
        (
            "<iframe src='//player.vimeo.com/video/1' width='100%'>",
            "https://player.vimeo.com/video/1",
        ),
        ("<video src=/v.mp4 width=9>", Player("/v.mp4", "video/mp4", 9)),
        ("<video height=9><source src=v.webm>", Player("/v.webm", "video/webm", None, 9)),
        (
            "<audio src='https://x.example/a.mp3?b'>",
            Player("https://x.example/a.mp3?b", "audio/mpeg"),
        ),
        (
            "<iframe src='about:blank' data-src='https://www.youtube.com/embed/a'></iframe>",
            Player("https://www.youtube.com/embed/a"),
        ),
        ("<video><source data-src=/v.mp4></video>", Player("/v.mp4", "video/mp4")),
        (
            "<iframe src='https://x.example/'></iframe><video src=v.mp4>",
            Player("/v.mp4", "video/mp4"),
        ),
        ("<iframe src='https://www.youtube.com.x.example/embed/a'>", None),
        ("<iframe src='https://www.youtube.com@x.example/embed/a'>", None),
        ("<iframe src='/embed/a'>", None),
        ("<iframe src='javascript:alert(1)'>", None),
        ("<video src='javascript:alert(1)'>", None),
        ("<video src='data:video/mp4,x'>", None),
        ("<video src='/a.pdf'>", None),
        ("<script src='https://www.youtube.com/embed/a'></script>", None),
        ("just text", None),
        ("", None),
    ],
)
def test_a_player_is_a_frame_of_a_known_host_or_a_media_file(
    source: str, player: Player | str | None
) -> None:
    assert read_player(source) == (Player(player) if isinstance(player, str) else player)


def test_a_frame_is_always_loaded_over_https() -> None:
    found = read_player("<iframe src='http://www.youtube.com/embed/a'></iframe>")
    assert found
    assert found.url.startswith("https://")


@pytest.mark.parametrize(
    "url",
    [
        "https://youtube.com/embed/a", "https://www.youtube.com/embed/videoseries?list=a",
        "https://www.youtube-nocookie.com/embed/a?start=3", "https://player.vimeo.com/video/1?h=a",
        "https://www.dailymotion.com/embed/video/a", "https://player.twitch.tv/?channel=a&parent=b",
        "https://geo.dailymotion.com/player.html?video=a",
        "https://geo.dailymotion.com/player/x.html?video=a",
        "https://w.soundcloud.com/player/?url=https%3A%2F%2Fapi.soundcloud.com%2Ftracks%2F1",
        "https://open.spotify.com/embed/episode/a", "https://open.spotify.com/embed-podcast/show/a",
        "https://www.youtube.com/embed?listType=playlist&list=a", "https://www.youtube.com/v/a",
        "https://open.spotify.com/embed?uri=spotify:track:a", "https://embed.ted.com/playlists/1",
        "https://w.soundcloud.com/player?url=https%3A%2F%2Fapi.soundcloud.com%2Ftracks%2F1",
        "https://embed.podcasts.apple.com/us/podcast/a/id1", "https://embed.ted.com/talks/a",
        "https://fast.wistia.net/embed/iframe/a", "https://archive.org/embed/a/b%20c.mp3",
    ],
)  # fmt: skip
def test_the_player_of_each_known_host_is_framed(url: str) -> None:
    assert read_player(f'<iframe src="{html.escape(url)}"></iframe>') == Player(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://archive.org/details/a", "https://archive.org/download/a/b.html",
        "https://archive.org/", "https://archive.org/embedded/a", "https://archive.org:8443/embed/a",
        "https://a@archive.org/embed/a", "https://archive.org/embed/../download/a/b.html",
        "https://archive.org/embed/%2e%2e/download/a/b.html",
        "https://archive.org/embed/..%2fdownload/a/b.html",
        "https://archive.org/embed/..%5Cdownload/a/b.html", "https://www.youtube.com/watch?v=a",
        "https://www.youtube.com/redirect?q=https://x.example/", "http://www.youtube.com:81/embed/a",
        "https://www.youtube.com:444/embed/a", "https://player.vimeo.com/a",
        "https://www.dailymotion.com/a", "https://geo.dailymotion.com/a",
        "https://geo.dailymotion.com/players", "https://player.twitch.tv/js/a",
        "https://w.soundcloud.com/a", "https://open.spotify.com/track/a",
        "https://embed.ted.com/a", "https://www.ted.com/talks/a", "https://fast.wistia.net/a",
        "https://embed.podcasts.apple.com:1/us/podcast/a/id1",
    ],
)  # fmt: skip
def test_no_other_page_of_a_known_host_is_framed(url: str) -> None:
    frame = f'<iframe src="{html.escape(url)}" title="A"></iframe>'
    assert read_player(frame) is None
    found, _problems = read_article(document(article(), frame), "a.html")
    assert found
    assert "▶ A</a>" in found.body
    assert "data-frame" not in found.body


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join))
def test_whatever_the_markup_a_player_is_a_url_that_may_be_played(source: str) -> None:
    found = read_player(source)
    assert found is None or found.url.startswith(("https://", "http://", "/"))


@pytest.mark.parametrize(
    ("player", "page"),
    [
        ("https://www.youtube.com/embed/a-b_c?start=3", "https://www.youtube.com/watch?v=a-b_c"),
        ("https://www.youtube-nocookie.com/embed/a", "https://www.youtube.com/watch?v=a"),
        (
            "https://www.youtube.com/embed/videoseries?list=x",
            "https://www.youtube.com/embed/videoseries?list=x",
        ),
        ("https://player.vimeo.com/video/1", "https://vimeo.com/1"),
        ("https://x.example/?url=https%3A%2F%2Fy.example%2F", "https://y.example/"),
        ("https://x.example/?url=javascript:x", "https://x.example/?url=javascript:x"),
        ("https://x.example/frame", "https://x.example/frame"),
    ],
)
def test_the_page_of_a_player_is_one_that_a_person_opens(player: str, page: str) -> None:
    assert watch_url(player) == page


def test_a_file_that_plays_is_an_enclosure_too(site: SiteBuilder) -> None:
    video = '<video src="https://media.example.com/v.mp4"></video>'
    site.write("a.md", featuredContent=video, images=[{"url": "https://media.example.com/p.jpg"}])
    site.write("b.md", featuredContent='<audio src="https://media.example.com/stream"></audio>')
    rss = site.published("/rss.xml").decode()
    assert '<enclosure url="https://media.example.com/v.mp4" length="0" type="video/mp4"/>' in rss
    assert '<media:content url="https://media.example.com/v.mp4"' in rss
    assert '<enclosure url="https://media.example.com/stream" length="0" type="audio/mpeg"/>' in rss
    items = json.loads(site.published("/feed.json"))["items"]
    assert [item["attachments"][0]["mime_type"] for item in items] == ["video/mp4", "audio/mpeg"]
