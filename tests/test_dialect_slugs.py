"""Slugs in ASCII, beside what Unidecode 1.4 makes of titles, and the dates in paths."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from feeds.dialects.pelican_slugs import Slugs
from feeds.dialects.permalink import format_babel, format_date
from feeds.dialects.slugs import to_ascii

TITLES = {
    "Crème brûlée & Straße: 100 % „gut“": "creme-brulee-strasse-100-gut",
    "Смотрим на Єву и подъезд №5": "smotrim-na-ievu-i-podezd-no5",
    "Ευχάριστη ανάγνωση": "eukhariste-anagnose",
    "שלום עולם: כל הכבוד": "shlvm-vlm-khl-hkhbvd",
    "مرحبا بالعالم": "mrhb-bllm",
    "हिन्दी में लेख": "hindii-men-lekh",
    "บทความภาษาไทย": "bthkhwaamphaasaaaithy",
    "한국어 블로그 글쓰기": "hangugeo-beulrogeu-geulsseugi",
    "ひらがなのしっちつ": "hiragananoshitsuchitsu",
    "コンピューターのデザイン": "konpiyu-ta-nodezain",
    "用Python写一个博客": "yong-pythonxie-yi-ge-bo-ke",
    "静态网站:Pelican使用教程": "jing-tai-wang-zhan-pelicanshi-yong-jiao-cheng",
    "日本語とEnglishの混在": "ri-ben-yu-toenglishnohun-zai",
    "Việt Nam đất nước": "viet-nam-dat-nuoc",
    "İstanbul'da ığdır": "istanbulda-igdir",
    "Łódź, Gdańsk – przewodnik": "lodz-gdansk-przewodnik",
    "Þetta reddast… æði": "thetta-reddast-aedi",
    "C++ & C#: what's “new” in ½ an hour": "c-c-whats-new-in-12-an-hour",
    "𝐌𝐚𝐭𝐡 ℝ and ﬁne ＡＢＣ": "math-r-and-fine-abc",
    "Հայաստան": "hayastan",
    "საქართველო": "sakartvelo",
    "ქართული ბლოგი 2.0": "kartuli-blogi-20",
    "ኢትዮጵያ ሰላም": "teyopheyaa-salaame",
    "বাংলা ভাষা": "baanlaa-bhaassaa",
    "தமிழ் வலைப்பதிவு": "tmilll-vlaipptivu",
    "emoji 😀 in a title": "emoji-in-a-title",
    "<em>Tags</em> &amp; entities": "tags-entities",
}


@pytest.mark.parametrize(("title", "slug"), TITLES.items())
def test_titles_in_any_script_have_the_slugs_of_unidecode(title: str, slug: str) -> None:
    assert Slugs().make(title) == slug


@pytest.mark.parametrize(
    ("text", "ascii"),
    [("plain", "plain"), ("日本", "Ri Ben "), ("[?] 😀", "[?] "), ("№ 5", "No.  5"), ("ℝ𝐱", "Rx")],
)
def test_what_is_not_known_is_left_out(text: str, ascii: str) -> None:
    assert to_ascii(text) == ascii


def test_slugs_are_made_in_linear_time() -> None:
    title = "é" * 100_000
    assert re.fullmatch("e{1000}", Slugs().make(title))


DATE = datetime(2026, 5, 3, 9, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("%Y/%m/%d", "2026/05/03"), ("%-d.%-m.%y", "3.5.26"), ("%b %B %a %A", "May May Sun Sunday"),
        ("%H%M%S %j", "090700 123"), ("%% %Q %", "% %Q %"), ("%999999999Y", "%999999999Y"),
    ],
)  # fmt: skip
def test_dates_are_formatted_as_strftime_does(format: str, text: str) -> None:
    assert format_date(format, DATE) == text


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("yyyy/MM/dd", "2026/05/03"), ("d.M.yy", "3.5.26"), ("MMM MMMM", "May May"),
        ("'y'yyyy''", "y2026'"), ("QQQ", "QQQ"), ("EEE EEEE", "Sun Sunday"),
    ],
)  # fmt: skip
def test_dates_are_formatted_as_babel_does(format: str, text: str) -> None:
    assert format_babel(format, DATE) == text
