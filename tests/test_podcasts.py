"""Podcasts: episodes from front matter, shows from feeds.yaml, and directories' requirements."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import feedparser
import lxml.etree as etree
import pytest

from feeds.catalog.state import ProbeResult
from feeds.errors import Severity
from feeds.model.article import Download, Episode, Person, Transcript
from feeds.model.site import Podcast, Site
from feeds.parallel import Workers
from feeds.parsing.article import read_article
from feeds.parsing.fields import parse_duration
from feeds.parsing.site_config import CATEGORIES, read_site
from feeds.static.writer import write_tree
from tests.support import NOW, SiteBuilder, article, document
from tests.test_static import tree
from tests.test_web import assert_live_equals_static

_ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
_PODCAST = "{https://podcastindex.org/namespace/1.0}"
_MEDIA = "{http://search.yahoo.com/mrss/}"
_ATOM = "{http://www.w3.org/2005/Atom}"

# Front matter.

EPISODES: list[tuple[dict[str, Any], Episode | None]] = [
    ({}, None),
    ({"duration": "3723"}, Episode(duration=3723)),
    ({"duration": "1:02:03"}, Episode(duration=3723)),
    ({"duration": "PT1H2M3S"}, Episode(duration=3723)),
    ({"explicit": "no"}, Episode(explicit=False)),
    ({"explicit": True}, Episode(explicit=True)),
    ({"season": 2, "episode": 7}, Episode(season=2, number=7)),
    ({"episodeType": "Bonus"}, Episode(type="bonus")),
    (
        {"transcript": "https://e.example/a.vtt"},
        Episode(transcripts=(Transcript("https://e.example/a.vtt", "text/vtt"),)),
    ),
    (
        {
            "transcript": [
                {"url": "/media/a.srt", "language": "pt-BR"},
                {"url": "https://e.example/a", "type": "text/html"},
            ]
        },
        Episode(
            transcripts=(
                Transcript("/media/a.srt", "application/x-subrip", "pt-BR"),
                Transcript("https://e.example/a", "text/html"),
            )
        ),
    ),
    ({"chapters": "/media/a.json"}, Episode(chapters="/media/a.json")),
    ({"people": "Ada Quay"}, Episode(people=(Person("Ada Quay"),))),
    (
        {
            "people": [
                {
                    "name": "Ada &amp; Bo", "role": "Guest", "group": "Cast",
                    "image": "/media/ada.jpg", "url": "https://e.example/ada",
                }
            ]
        },
        Episode(
            people=(
                Person("Ada & Bo", "guest", "cast", "/media/ada.jpg", "https://e.example/ada"),
            )
        ),
    ),
    # The meaning of length depends on what the article is: a course has one too.
    ({"length": "PT44M"}, None),
    (
        {"length": "PT44M", "featuredContent": '<video src="https://e.example/v.mp4"></video>'},
        Episode(duration=2640),
    ),
    (
        {"length": "12345", "featuredContent": '<video src="https://e.example/v.mp4"></video>'},
        None,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "episode"), EPISODES, ids=str)
def test_an_episode_is_read_from_front_matter(
    keys: dict[str, Any], episode: Episode | None
) -> None:
    parsed, problems = read_article(document(article(**keys)), "a.md")
    assert problems == []
    assert parsed is not None
    assert parsed.episode == episode


FAULTS = [
    ("duration: soon", "bad-duration", "it should be seconds, or such as 1:02:03"),
    ("duration: 0", "bad-duration", "it should be seconds, or such as 1:02:03"),
    ("explicit: perhaps", "bad-flag", "it should be true or false"),
    ("season: 0", "bad-number", "it should be a whole number above zero"),
    ("episode: 1.5", "bad-number", "it should be a whole number above zero"),
    ("episodeType: pilot", "bad-choice", "it should be full, trailer or bonus"),
    ("transcript: javascript:alert(1)", "bad-url", "it should be an http or https URL"),
    ("transcript: {type: text/vtt}", "missing-url", "write url"),
    ("transcript: https://e.example/a", "unknown-type", "write one, such as type: text/vtt"),
    (
        "transcript: {url: 'https://e.example/a', type: a}",
        "bad-type",
        "it should be a media type such as audio/mpeg",
    ),
    (
        "transcript: {url: 'https://e.example/a.vtt', language: en us}",
        "bad-language",
        "it should be a language tag such as en or pt-BR",
    ),
    ("chapters: ftp://e.example/a.json", "bad-url", "it should be an http or https URL"),
    (
        "chapters: /media/chapters",
        "bad-url",
        "write a whole URL, or a file of a known type, such as /media/a.jpg",
    ),
    ("people: {role: host}", "missing-name", "write name"),
]


@pytest.mark.parametrize(("line", "code", "hint"), FAULTS)
def test_a_problem_of_an_episode_has_its_line_and_a_hint(line: str, code: str, hint: str) -> None:
    text = document(article()).removesuffix("---\n") + f"{line}\n---\n"
    parsed, problems = read_article(text, "a.md")
    assert parsed is not None
    assert [(problem.line, problem.code, problem.hint) for problem in problems] == [
        (text.splitlines().index(line) + 1, code, hint)
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("59", 59), ("0:59", 59), ("62:03", 3723), ("01:02:03", 3723), ("PT8M59S", 539),
        ("pt1h", 3600), ("PT0.5S", None), ("PT1M0.9S", 60), ("PT", None), ("P1D", None),
        ("1:2", None), ("1:60", None), ("1:2:03", None), ("-5", None), ("0:00", None),
        ("1e3", None), ("١:٠٢", None), ("", None),
    ],
)  # fmt: skip
def test_a_duration_is_read_in_seconds(text: str, seconds: int | None) -> None:
    assert parse_duration(text) == seconds


# feeds.yaml.


def configured(text: str) -> tuple[Site, list[str]]:
    site, problems = read_site(
        f"title: T\nurl: https://feeds.example.org/\n{text}", "feeds.yaml", Site("T")
    )
    return site, [f"{problem.line}: {problem.message}; {problem.hint}" for problem in problems]


SHOW = """\
podcast:
  image: /media/cover.png
  category: [documentary, Science]
  explicit: yes
  author: The desk
  owner: {name: Ada Quay, email: ada@e.example}
  type: Serial
  copyright: © 2026
"""


def test_a_feed_inherits_the_sites_podcast_and_overrides_it() -> None:
    site, problems = configured(
        SHOW
        + "feeds:\n  - {name: a, podcast: true}\n  - {name: b, podcast: no}\n"
        + "  - {name: c, podcast: {explicit: no, category: Birds}}\n"
        + "topics:\n  - {name: A, podcast: {author: Others, owner: b@e.example}}\n"
    )
    whole = Podcast(
        image="/media/cover.png",
        categories=(("Society & Culture", "Documentary"), ("Science", "")),
        explicit=True,
        author="The desk",
        owner_name="Ada Quay",
        owner_email="ada@e.example",
        type="serial",
        copyright="© 2026",
    )
    assert site.podcast == whole
    assert site.feeds[0].podcast == whole
    assert site.feeds[1].podcast is None
    assert site.feeds[2].podcast == replace(whole, explicit=False)
    assert site.topics[0].podcast is not None
    assert (site.topics[0].podcast.author, site.topics[0].podcast.owner_email) == (
        "Others", "b@e.example",
    )  # fmt: skip
    assert site.topics[0].podcast.image == whole.image
    assert [problem.partition(";")[0] for problem in problems] == [
        "14: Apple has no category 'Birds'"
    ]


@pytest.mark.parametrize(
    ("setting", "podcast"),
    [
        ("", None),
        ("podcast: no", None),
        ("podcast: yes", Podcast(everything=True)),
        ("podcast: {author: Us}", Podcast(author="Us")),
        ("podcast: {author: Us, everything: true}", Podcast(author="Us", everything=True)),
    ],
)
def test_the_main_feed_is_a_podcast_only_with_everything(
    setting: str, podcast: Podcast | None
) -> None:
    assert configured(setting) == (Site("T", "https://feeds.example.org/", podcast=podcast), [])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("podcast: perhaps", "podcast is 'perhaps'; it should be true or false"),
        ("podcast: [a]", "podcast is a list; it should be true or false"),
        ("podcast: {artwork: a.png}", "unknown key artwork; did you mean"),
        ("podcast: {image: /cover.gif}", "image is /cover.gif; it should be a .jpg or .png file"),
        (
            "podcast: {image: 'https://e.example/cover'}",
            "image is https://e.example/cover;",
        ),
        (
            "podcast: {category: Tecnology}",
            "Apple has no category 'Tecnology'; did you mean Tech",
        ),
        (
            "podcast: {category: Non Profit}",
            "Apple has no category 'Non Profit'; did you mean Non-",
        ),
        (
            "podcast: {category: Zzz}",
            "Apple has no category 'Zzz'; it should be one of Arts, Business",
        ),
        ("podcast: {type: weekly}", "type is 'weekly'; it should be episodic or serial"),
        ("podcast: {explicit: clean}", "explicit is 'clean'; it should be true or false"),
        ("podcast: {owner: nobody}", "email is 'nobody'; it should be name@host"),
        ("podcast: {owner: {mail: a@b}}", "unknown key mail; did you mean"),
        (
            "feeds: [{name: a, podcast: {everything: true}}]",
            "unknown key everything",
        ),
    ],
)
def test_a_problem_of_a_show_has_its_line_and_a_hint(line: str, problem: str) -> None:
    _site, problems = configured(line)
    (message,) = problems
    assert message.startswith(f"3: {problem}")


def test_every_category_and_subcategory_is_one_name() -> None:
    names = [*CATEGORIES, *(sub for subs in CATEGORIES.values() for sub in subs)]
    assert len(set(names)) == len(names) == 19 + 91
    for name in names:
        site, problems = configured(f"podcast: {{category: {name!r}}}")
        assert problems == []
        assert site.podcast is not None
        assert name in site.podcast.categories[0]


# Published feeds.


def picture(file: Path, width: int, height: int) -> None:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes((width + 7) // 8)) * height)
    file.parent.mkdir(exist_ok=True)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows)
    file.write_bytes(data + chunk(b"IEND", b""))


_SHOW: dict[str, Any] = {
    "image": "/media/cover.png",
    "category": ["Documentary", "Science"],
    "owner": {"name": "Ada Quay", "email": "ada@e.example"},
    "type": "episodic",
    "copyright": "© 2026 The desk",
}
_SITE: dict[str, Any] = {
    "title": "Tide",
    "url": "https://feeds.example.org/tide/",
    "language": "en-GB",
    "description": "The sea, weekly",
    "author": "The desk",
    "podcast": _SHOW,
    "feeds": [{"name": "show", "title": "Tide Radio", "podcast": True}],
}
_EPISODE: dict[str, Any] = {
    "title": "Gulls & others",
    "excerpt": "Who sleeps on the roof",
    "actions": [{"url": "/media/one.mp3", "title": "One"}],
    "images": [{"url": "/media/cover.png", "width": 1400, "height": 1400}],
    "duration": "1:02:03",
    "explicit": "yes",
    "season": 2,
    "episode": 7,
    "episodeType": "bonus",
    "transcript": [{"url": "/media/one.vtt", "language": "en"}, "https://e.example/one.srt"],
    "chapters": "/media/one.json",
    "people": [{"name": "Ada <Quay>", "role": "Guest", "url": "https://e.example/ada"}, "Bo"],
}


@pytest.fixture
def show(site: SiteBuilder) -> SiteBuilder:
    site.configure(**_SITE)
    picture(site.root / "media" / "cover.png", 1400, 1400)
    for name, size in (("one.mp3", 4321), ("one.vtt", 10), ("one.json", 20)):
        (site.root / "media" / name).write_bytes(b"x" * size)
    site.write("one.md", **_EPISODE)
    site.write("text.md", title="Nothing to hear", topics=["AI"])
    return site


def test_the_channel_of_a_podcast_has_what_apple_requires(show: SiteBuilder) -> None:
    rss = etree.fromstring(show.published("/feeds/show/rss.xml"))
    channel = rss[0]
    fields = {
        name: channel.findtext(name)
        for name in ("title", "description", "link", "language", "copyright")
    }
    assert fields == {
        "title": "Tide Radio",
        "description": "Tide Radio",
        "link": "https://feeds.example.org/tide/feeds/show/",
        "language": "en-GB",
        "copyright": "© 2026 The desk",
    }
    itunes = {
        name: channel.findtext(_ITUNES + name) for name in ("author", "explicit", "type", "image")
    }
    assert itunes == {
        "author": "The desk", "explicit": "false", "type": "episodic", "image": "",
    }  # fmt: skip
    artwork = "https://feeds.example.org/tide/media/cover.png"
    assert channel.find(f"{_ITUNES}image").attrib == {"href": artwork}
    categories = channel.findall(f"{_ITUNES}category")
    assert [category.get("text") for category in categories] == ["Society & Culture", "Science"]
    assert [category.get("text") for category in categories[0]] == ["Documentary"]
    owner = channel.find(f"{_ITUNES}owner")
    assert [child.text for child in owner] == ["Ada Quay", "ada@e.example"]
    for name in ("author", "explicit", "type", "image", "owner"):
        assert len(channel.findall(_ITUNES + name)) == 1


def test_an_episode_has_what_apple_reads(show: SiteBuilder) -> None:
    rss = etree.fromstring(show.published("/feeds/show/rss.xml"))
    (item,) = rss.iter("item")
    assert item.find("enclosure").attrib == {
        "url": "https://feeds.example.org/tide/media/one.mp3",
        "length": "4321",
        "type": "audio/mpeg",
    }
    for name in ("title", "guid", "pubDate", "description", "link"):
        assert item.findtext(name)
    itunes = {child.tag.removeprefix(_ITUNES): child.text for child in item if _ITUNES in child.tag}
    assert itunes == {
        "duration": "3723", "explicit": "true", "season": "2", "episode": "7",
        "episodeType": "bonus", "image": None,
    }  # fmt: skip
    artwork = "https://feeds.example.org/tide/media/cover.png"
    assert item.find(f"{_ITUNES}image").attrib == {"href": artwork}


def test_an_episode_has_what_podcasting_2_0_reads(show: SiteBuilder) -> None:
    rss = etree.fromstring(show.published("/feeds/show/rss.xml"))
    (item,) = rss.iter("item")
    elements = [
        (child.tag.removeprefix(_PODCAST), child.text, dict(child.attrib))
        for child in item
        if _PODCAST in child.tag
    ]
    media = "https://feeds.example.org/tide/media/"
    assert elements == [
        ("season", "2", {}),
        ("episode", "7", {}),
        ("transcript", None, {"url": f"{media}one.vtt", "type": "text/vtt", "language": "en"}),
        (
            "transcript",
            None,
            {"url": "https://e.example/one.srt", "type": "application/x-subrip"},
        ),
        ("chapters", None, {"url": f"{media}one.json", "type": "application/json+chapters"}),
        ("person", "Ada <Quay>", {"role": "guest", "href": "https://e.example/ada"}),
        ("person", "Bo", {}),
    ]


def test_another_parser_reads_the_podcast_back(show: SiteBuilder) -> None:
    parsed = feedparser.parse(show.published("/feeds/show/rss.xml"))
    assert not parsed.bozo
    (entry,) = parsed.entries
    assert (entry.itunes_duration, entry.itunes_season, entry.itunes_episode) == ("3723", "2", "7")
    assert entry.itunes_episodetype == "bonus"
    # It knows Apple's words of before 2019 alone.
    assert "itunes_explicit" in entry
    assert "itunes_explicit" in parsed.feed
    assert parsed.feed.publisher_detail == {"name": "Ada Quay", "email": "ada@e.example"}
    assert parsed.feed.image.href == "https://feeds.example.org/tide/media/cover.png"
    assert entry.enclosures[0].length == "4321"


def test_json_feed_and_media_rss_have_the_duration_of_an_episode(show: SiteBuilder) -> None:
    (item,) = json.loads(show.published("/feeds/show/feed.json"))["items"]
    durations = [
        (attachment["url"][-4:], attachment.get("duration_in_seconds"))
        for attachment in item["attachments"]
    ]
    assert durations == [(".mp3", 3723), (".png", None)]
    for path in ("/rss.xml", "/atom.xml"):
        contents = etree.fromstring(show.published(path)).iter(f"{_MEDIA}content")
        assert [content.get("duration") for content in contents] == [None, "3723"]


def test_an_embedded_player_has_a_duration_too(site: SiteBuilder) -> None:
    markup = '<iframe src="https://player.vimeo.com/video/7"></iframe>'
    site.write("a.md", featuredContent=markup, length="PT8M59S")
    content = etree.fromstring(site.published("/rss.xml")).find(f".//{_MEDIA}content")
    assert content.get("duration") == "539"
    assert b"itunes" not in site.published("/rss.xml")


def test_a_podcast_contains_only_recordings_in_every_format(
    show: SiteBuilder,
) -> None:
    show.configure(**{**_SITE, "topics": [{"name": "AI", "podcast": True}]})
    publication = show.publication()
    for folder in ("feeds/show/", "topics/ai/"):
        for name in ("", "rss.xml", "atom.xml", "feed.json"):
            document: Any = publication.document(f"/{folder}{name}")
            assert b"Nothing to hear" not in document.body
            assert b"Gulls" in document.body
    counts = {feed.channel.folder: feed.count for feed in publication.listed}
    assert counts == {"": 2, "feeds/show/": 1, "topics/ai/": 1}
    assert b"Nothing to hear" in show.published("/rss.xml")


def test_the_limit_of_a_podcast_counts_its_episodes(show: SiteBuilder) -> None:
    show.configure(**{**_SITE, "limit": 1})
    show.write("later.md", title="Later", publishedDateTime="2026-06-01")
    assert b"Gulls" in show.published("/feeds/show/rss.xml")
    assert b"Gulls" not in show.published("/rss.xml")


def test_the_main_feed_may_be_a_podcast(show: SiteBuilder) -> None:
    show.configure(**{**_SITE, "podcast": {**_SHOW, "everything": True}})
    assert b"Nothing to hear" not in show.published("/rss.xml")
    assert b"<itunes:category" in show.published("/rss.xml")
    assert b"Nothing to hear" in show.published("/topics/ai/rss.xml")


def test_a_feed_with_an_episode_has_the_channel_elements_of_a_podcast(
    show: SiteBuilder,
) -> None:
    for path in ("/rss.xml", "/topics/ai/rss.xml"):
        assert b"<itunes:category" in show.published(path)
    show.write("bird.md", topics=["Birds"])
    assert b"itunes" not in show.published("/topics/birds/rss.xml")
    assert b"podcastindex" not in show.published("/topics/birds/rss.xml")


def test_namespaces_are_declared_once_on_the_root(show: SiteBuilder) -> None:
    for path in ("/rss.xml", "/feeds/show/rss.xml"):
        body = show.published(path)
        for name in (b"xmlns:itunes=", b"xmlns:podcast="):
            assert body.count(name) == 1
            assert body.index(name) < body.index(b"<channel>")


def test_an_article_without_a_recording_is_no_episode(site: SiteBuilder) -> None:
    site.write("a.md", duration="59", season=2, people="Ada")
    assert b"itunes" not in site.published("/rss.xml")


@pytest.mark.parametrize(
    ("picture", "shows"),
    [
        ({"url": "https://e.example/a.jpg"}, True),
        ({"url": "https://e.example/a.jpg", "width": 3000, "height": 3000}, True),
        ({"url": "https://e.example/a.jpg?v=2", "width": 1400}, True),
        ({"url": "https://e.example/a.jpg", "width": 1920, "height": 1080}, False),
        ({"url": "https://e.example/a.jpg", "width": 600, "height": 600}, False),
        ({"url": "https://e.example/a.jpg", "width": 4000, "height": 4000}, False),
        ({"url": "https://e.example/a.webp"}, False),
    ],
)
def test_the_artwork_of_an_episode_is_a_large_square(
    show: SiteBuilder, picture: dict[str, Any], shows: bool
) -> None:
    show.write("one.md", **{**_EPISODE, "images": [picture]})
    (item,) = etree.fromstring(show.published("/feeds/show/rss.xml")).iter("item")
    assert (item.find(f"{_ITUNES}image") is not None) is shows


def test_the_artwork_is_the_last_picture_of_an_episode_and_its_thumbnail(
    show: SiteBuilder,
) -> None:
    wide = {"url": "https://e.example/wide.jpg", "width": 1600, "height": 900}
    square = {"url": "https://e.example/square.jpg", "width": 1400, "height": 1400}
    show.write("one.md", **{**_EPISODE, "images": [wide, square]})
    (item,) = etree.fromstring(show.published("/feeds/show/rss.xml")).iter("item")
    names = [child.tag for child in item]
    assert item.find(f"{_MEDIA}thumbnail").get("url") == square["url"]
    assert item.find(f"{_ITUNES}image").get("href") == square["url"]
    assert names.index(f"{_ITUNES}image") > names.index(f"{_MEDIA}thumbnail")
    # Where it is no episode, its first picture is shown.
    show.write("text.md", images=[wide, square])
    thumbnails = etree.fromstring(show.published("/atom.xml")).iter(f"{_MEDIA}thumbnail")
    assert {each.get("url") for each in thumbnails} == {wide["url"], square["url"]}


def test_the_type_and_length_of_an_action_are_those_that_the_author_gives(
    show: SiteBuilder,
) -> None:
    url = "https://media.example.org/play/123"
    action = {"url": url, "type": "Audio/MPEG; x=1", "length": 1234567, "title": "Play"}
    show.write("one.md", **{**_EPISODE, "actions": [action]})
    (item,) = etree.fromstring(show.published("/feeds/show/rss.xml")).iter("item")
    media_type = "audio/mpeg; x=1"
    assert item.find("enclosure").attrib == {"url": url, "length": "1234567", "type": media_type}
    assert item.findtext(f"{_ITUNES}duration") == "3723"
    (content,) = (each for each in item.iter(f"{_MEDIA}content") if each.get("url") == url)
    expected = {"type": media_type, "medium": "audio", "fileSize": "1234567", "duration": "3723"}
    assert content.attrib == {"url": url} | expected
    (entry,) = etree.fromstring(show.published("/feeds/show/atom.xml")).iter(f"{_ATOM}entry")
    (link,) = (each for each in entry.iter(f"{_ATOM}link") if each.get("href") == url)
    assert (link.get("type"), link.get("length")) == (media_type, "1234567")
    (item,) = json.loads(show.published("/feeds/show/feed.json"))["items"]
    assert item["attachments"][0] == {
        "url": url, "mime_type": media_type, "title": "Play", "size_in_bytes": 1234567,
        "duration_in_seconds": 3723,
    }  # fmt: skip
    # Directories of podcasts go by the ending.
    assert [line.rpartition(" ")[2] for line in warnings(show)] == ["bad-episode"]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("m4b", "audio/mp4"),
        ("mka", "audio/x-matroska"),
        ("m3u8", "application/vnd.apple.mpegurl"),
        ("opus", "audio/ogg"),
        ("aiff", "audio/aiff"),
        ("wma", "audio/x-ms-wma"),
        ("wmv", "video/x-ms-wmv"),
        ("3gp", "video/3gpp"),
        ("ogx", "application/ogg"),
    ],
)
def test_every_kind_of_recording_makes_an_episode(
    show: SiteBuilder, name: str, media_type: str
) -> None:
    show.write("one.md", **{**_EPISODE, "actions": [f"https://e.example/one.{name}"]})
    (item,) = etree.fromstring(show.published("/feeds/show/rss.xml")).iter("item")
    assert item.find("enclosure").get("type") == media_type
    (content,) = (each for each in item.iter(f"{_MEDIA}content") if each.get("duration"))
    assert content.get("medium") in ("audio", "video")


@pytest.mark.parametrize(
    ("line", "code", "hint"),
    [
        ("type: mp3", "bad-type", "it should be a media type such as audio/mpeg"),
        ("type: audio/", "bad-type", "it should be a media type such as audio/mpeg"),
        ("type: audio/mpeg, x", "bad-type", "it should be a media type such as audio/mpeg"),
        ("type: audio/m peg", "bad-type", "it should be a media type such as audio/mpeg"),
        ("type: äudio/mpeg", "bad-type", "it should be a media type such as audio/mpeg"),
        ("length: -1", "bad-number", "it should be a number of bytes"),
        ("length: 12 MB", "bad-number", "it should be a number of bytes"),
        ("length: 1,234", "bad-number", "it should be a number of bytes"),
        ("length: 1.5", "bad-number", "it should be a number of bytes"),
        ("length: '１２'", "bad-number", "it should be a number of bytes"),
        ("length: [1]", "wrong-type", "it should be a number of bytes"),
    ],
)
def test_a_type_or_length_that_is_none_is_named_and_ignored(
    line: str, code: str, hint: str
) -> None:
    lines = f"actions:\n- url: https://e.example/a.mp3\n  {line}\n---\n"
    text = document(article()).removesuffix("---\n") + lines
    parsed, problems = read_article(text, "a.md")
    assert parsed is not None
    assert parsed.downloads == (Download("https://e.example/a.mp3", "audio/mpeg"),)
    at = text.splitlines().index(f"  {line}") + 1
    assert [(each.line, each.code, each.hint) for each in problems] == [(at, code, hint)]


def test_the_kind_of_an_action_is_no_media_type() -> None:
    action = {"url": "https://e.example/a.msapp", "type": "Download", "length": 0}
    parsed, problems = read_article(document(article(actions=[action])), "a.md")
    assert problems == []
    assert parsed is not None
    (download,) = parsed.downloads
    assert download.media_type == "application/octet-stream"


_UNKNOWN = "https://cdn.example.net/episodes/8841"


def test_an_episode_of_unknown_type_is_named_wherever_it_is(site: SiteBuilder) -> None:
    site.write("a.md", actions=[_UNKNOWN], episode=3)
    site.write("b.md", actions=[_UNKNOWN])
    site.write("c.md", actions=[_UNKNOWN, "https://e.example/a.mp3"], episode=4)
    site.write("d.md", actions=[{"url": _UNKNOWN, "type": "audio/mpeg"}], episode=5)
    site.write("e.md", actions=[{"url": _UNKNOWN, "type": "download"}], episode=6)
    problems = site.publication().problems()
    assert [problem.path for problem in problems] == ["articles/a.md", "articles/e.md"]
    for problem in problems:
        lines = (site.root / problem.path).read_text().splitlines()
        assert lines[problem.line - 1].startswith("actions:")
        assert problem.code == "unknown-type"
        assert "type: audio/mpeg" in problem.hint


@pytest.mark.parametrize("podcast", ["feeds", "topics", "podcast"])
def test_an_article_that_a_podcast_lacks_for_its_type_is_named(
    show: SiteBuilder, podcast: str
) -> None:
    kinds = {
        "feeds": {"feeds": _SITE["feeds"]},
        "topics": {"topics": [{"name": "AI", "podcast": True}]},
        "podcast": {"podcast": {**_SHOW, "everything": True}},
    }
    show.configure(**{**_SITE, "feeds": [], "limit": 1, **kinds[podcast]})
    # One that is said to be something else is not missed.
    show.write("c.md", actions=[{"url": _UNKNOWN, "type": "download"}])
    show.write("d.md", actions=[{"url": _UNKNOWN, "type": "application/octet-stream"}])
    file = show.write("b.md", actions=[_UNKNOWN], publishedDateTime="2020-01-01")
    lines = file.read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if _UNKNOWN in text)
    assert warnings(show) == [f"articles/b.md:{line}: unknown-type"]


def test_the_artwork_of_a_show_is_published_though_no_article_shows_it(
    show: SiteBuilder,
) -> None:
    show.write("one.md", **{**_EPISODE, "images": []})
    assert "/media/cover.png" in set(show.publication().paths())
    show.configure(**{**_SITE, "podcast": None, "feeds": []})
    assert "/media/cover.png" not in set(show.publication().paths())


def test_live_equals_static_at_every_path_of_a_podcast(show: SiteBuilder) -> None:
    assert assert_live_equals_static(show.root, show.out) > 12


def test_several_processes_write_the_podcast_that_one_does(
    show: SiteBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(show.publication(), show.out)
    monkeypatch.setattr("feeds.parallel.MIN_CHUNKS", 0)
    with Workers(2) as workers:
        write_tree(show.publication(), tmp_path / "many", workers=workers)
    assert tree(tmp_path / "many") == tree(show.out)


@pytest.mark.parametrize(
    "podcast",
    [
        {**_SHOW, "explicit": True},
        {**_SHOW, "author": "Others"},
        {**_SHOW, "category": "Nature"},
        {**_SHOW, "image": "https://e.example/other.jpg"},
    ],
)
def test_a_build_after_a_change_of_the_show_equals_a_first_build(
    show: SiteBuilder, tmp_path: Path, podcast: dict[str, Any]
) -> None:
    before = write_tree(show.publication(), show.out)
    assert write_tree(show.publication(), show.out).written == 0
    show.configure(**{**_SITE, "podcast": podcast})
    assert 0 < write_tree(show.publication(), show.out).written < before.total
    write_tree(show.publication(), tmp_path / "first")
    assert tree(tmp_path / "first") == tree(show.out)


# Requirements of directories.


def warnings(site: SiteBuilder) -> list[str]:
    problems = site.publication(now=NOW).problems()
    assert all(problem.severity is Severity.WARNING for problem in problems)
    return [f"{problem.path}:{problem.line}: {problem.code}" for problem in problems]


def test_a_complete_podcast_has_no_problems(show: SiteBuilder) -> None:
    assert show.publication().problems() == []


@pytest.mark.parametrize(
    ("keys", "codes"),
    [
        ({"podcast": {**_SHOW, "image": ""}}, ["no-artwork"]),
        ({"podcast": {**_SHOW, "image": "/media/missing.png"}}, ["bad-artwork"]),
        ({"podcast": {**_SHOW, "image": "/media/small.png"}}, ["bad-artwork"]),
        ({"podcast": {**_SHOW, "image": "/media/large.png"}}, ["bad-artwork"]),
        ({"podcast": {**_SHOW, "image": "/media/wide.png"}}, ["bad-artwork"]),
        ({"podcast": {**_SHOW, "image": "/media/png.jpg"}}, ["bad-artwork"]),
        ({"podcast": {**_SHOW, "image": "/media/broken.png"}}, ["bad-artwork"]),
        ({"podcast": {**_SHOW, "image": "https://e.example/a.png"}}, []),
        ({"podcast": {**_SHOW, "category": []}}, ["no-category"]),
        ({"podcast": {**_SHOW, "owner": None}}, ["no-owner"]),
        (
            {
                "podcast": {**_SHOW, "owner": None},
                "author": {"name": "The desk", "email": "desk@e.example"},
            },
            [],
        ),
        ({"language": ""}, ["no-language"]),
        (
            {"feeds": [{"name": "show", "description": "sea " * 1001, "podcast": True}]},
            ["long-description"],
        ),
        ({"podcast": {}, "feeds": []}, []),
    ],
)
def test_a_missing_requirement_of_a_podcast_is_reported_at_its_line(
    show: SiteBuilder, keys: dict[str, Any], codes: list[str]
) -> None:
    media = show.root / "media"
    for name, size in (("small", (1399, 1399)), ("large", (3001, 3001)), ("wide", (1600, 1400))):
        picture(media / f"{name}.png", *size)
    (media / "png.jpg").write_bytes((media / "cover.png").read_bytes())
    (media / "broken.png").write_bytes(b"\x89PNG and no more")
    show.configure(**{**_SITE, **keys})
    lines = (show.root / "feeds.yaml").read_text(encoding="utf-8").splitlines()
    line = next((n for n, text in enumerate(lines, 1) if "podcast: true" in text), 0)
    assert warnings(show) == [f"feeds.yaml:{line}: {code}" for code in codes]


def test_a_missing_requirement_is_reported_with_a_hint(show: SiteBuilder) -> None:
    picture(show.root / "media" / "wide.png", 1600, 1400)
    show.configure(**{**_SITE, "podcast": {**_SHOW, "image": "/media/wide.png"}})
    (found,) = show.publication().problems()
    assert str(found).endswith(
        ": warning: the podcast Tide Radio has unusable artwork: /media/wide.png has"
        " 1,600 × 1,400 pixels; a square .jpg or .png of 1400 to 3000 pixels"
    )


@pytest.mark.parametrize(
    ("keys", "at", "code"),
    [
        ({"actions": ["https://e.example/one.mp3"]}, "one.mp3", "no-length"),
        ({"actions": ["/media/one.ogg"]}, "one.ogg", "bad-episode"),
        (
            {"featuredContent": "<audio src='/media/one.flac'></audio>", "actions": []},
            "one.flac",
            "bad-episode",
        ),
        ({"excerpt": "gulls " * 700}, "excerpt:", "long-description"),
    ],
)
def test_a_missing_requirement_of_an_episode_is_reported_at_its_line(
    show: SiteBuilder, keys: dict[str, Any], at: str, code: str
) -> None:
    for name in ("one.ogg", "one.flac"):
        (show.root / "media" / name).write_bytes(b"x")
    file = show.write("one.md", **{**_EPISODE, **keys})
    lines = file.read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if at in text)
    assert warnings(show) == [f"articles/one.md:{line}: {code}"]


@pytest.mark.parametrize("name", ["m4a", "mp3", "mov", "mp4", "m4v"])
def test_every_file_type_that_apple_accepts_is_accepted(show: SiteBuilder, name: str) -> None:
    (show.root / "media" / f"one.{name}").write_bytes(b"x")
    show.write("one.md", **{**_EPISODE, "actions": [f"/media/one.{name}"]})
    assert warnings(show) == []


def test_a_probed_length_meets_the_requirement(show: SiteBuilder) -> None:
    show.write("one.md", **{**_EPISODE, "actions": ["https://e.example/one.mp3"]})
    (problem,) = show.publication().problems()
    assert "--probe" in problem.hint
    show.catalog().state.record_file_sizes([ProbeResult("https://e.example/one.mp3", 5000)], 1)
    assert warnings(show) == []


def test_a_serial_podcast_needs_episode_numbers(show: SiteBuilder) -> None:
    show.configure(**{**_SITE, "podcast": {**_SHOW, "type": "serial"}})
    assert warnings(show) == []
    show.write("one.md", **{**_EPISODE, "episode": ""})
    assert [line.split()[-1] for line in warnings(show)] == ["no-number"]


def test_an_episode_of_two_podcasts_is_reported_once(show: SiteBuilder) -> None:
    two = [{"name": "a", "podcast": True}, {"name": "b", "podcast": True}]
    show.configure(**{**_SITE, "feeds": two})
    show.write("one.md", **{**_EPISODE, "actions": ["https://e.example/one.mp3"]})
    assert [line.split()[-1] for line in warnings(show)] == ["no-length"]


def test_a_feed_that_is_no_podcast_has_no_requirements(site: SiteBuilder) -> None:
    site.write("a.md", actions=["https://e.example/one.ogg"], duration="59")
    assert warnings(site) == []
