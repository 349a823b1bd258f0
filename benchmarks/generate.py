"""Writes a site of invented articles: the same bytes for the same numbers, on any machine.

    python benchmarks/generate.py DIR --articles 10000 --topics 1000

Sizes and shapes are those of real newsrooms' folders: 2.3 KB an article on average, one to three
topics by Zipf's law (few topics have most articles), a picture, related coverage in a third of
them, a body in Markdown in two thirds. So is the text: one word in twenty-five has a curly quote, a
dash, an accent, a no-break space, an emoji or other letters, so that a third of the titles is not
ASCII. No word of it means anything.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

_NEWEST = datetime(2026, 6, 1, tzinfo=UTC)
_SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split()
_ACCENTED = dict(zip("aeiou", "áèîöū", strict=True))
#: The kinds of typographic words, of which each is as likely as another.
_TYPOGRAPHIC: tuple[Callable[[str], str], ...] = (
    *(lambda word: f"{word}’s", lambda word: f"{word[0]}’{word[1:]}"),
    *(lambda word: f"“{word}”", lambda word: f"‘{word}’"),
    *(lambda word: f"{word} –", lambda word: f"{word}—{word}", lambda word: f"{word}…"),
    *(lambda word: f"7\N{NO-BREAK SPACE}{word}", lambda word: f"{word}\N{NO-BREAK SPACE}–"),
    *(lambda word: f"• {word}", lambda word: f"{word}®"),
    *(lambda word: f"🌊 {word}", lambda word: f"{word} ✅"),
    *(lambda word: word[0] + _ACCENTED[word[1]] + word[2:],) * 3,
    lambda word: "".join(_ACCENTED.get(letter, letter) for letter in word),
    # Katakana, and a range of ideographs: a letter each.
    lambda word: "".join(chr(0x30A1 + 3 * (ord(letter) - ord("a"))) for letter in word),
    lambda word: "".join(chr(0x4E00 + 40 * (ord(letter) - ord("a"))) for letter in word),
)
#: One word of so many is typographic.
_PLAIN_WORDS = 25

_FEEDS = """\
title: Benchmark
url: https://feeds.example.org/
articles: articles
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--topics", type=int, default=1_000)
    arguments = parser.parse_args()
    write_site(arguments.folder, arguments.articles, arguments.topics)


def write_site(folder: Path, articles: int, topics: int) -> None:
    """Write the site: feeds.yaml and articles/."""
    chance = random.Random(20260601)
    words = ["".join(pair) for pair in itertools.product(_SYLLABLES, repeat=2)]
    names = [f"{words[n % 400].title()} {n:04}" for n in range(topics)]
    # Whole numbers: the last digit of a power may differ from one C library to another.
    shares = (round(1e6 / (rank + 1) ** 0.9) for rank in range(topics))
    weights = list(itertools.accumulate(shares))
    (folder / "articles").mkdir(parents=True, exist_ok=True)
    (folder / "feeds.yaml").write_text(_FEEDS)
    for number in range(articles):
        # The first articles name every topic once, so that the site has as many as were asked for.
        chosen = dict.fromkeys(
            chance.choices(names, cum_weights=weights, k=chance.choice((1, 2, 3)))
        )
        chosen |= {names[number]: None} if number < topics else {}
        part = folder / "articles" / f"{number // 1000:03}"
        part.mkdir(exist_ok=True)
        text = _article(number, list(chosen), chance, words)
        (part / f"{number:06}.md").write_bytes(text.encode())


def _article(number: int, topics: list[str], chance: random.Random, words: list[str]) -> str:
    def name(length: int) -> str:
        return " ".join(chance.choices(words, k=length)).capitalize()

    def prose(length: int) -> str:
        chosen = chance.choices(words, k=length)
        for place in range(length):
            if not chance.randrange(_PLAIN_WORDS):
                chosen[place] = chance.choice(_TYPOGRAPHIC)(chosen[place])
        return " ".join([chosen[0].capitalize(), *chosen[1:]])

    date = (_NEWEST - timedelta(minutes=37 * number)).isoformat().replace("+00:00", "Z")
    url = f"https://news.example.com/{number % 97}/{name(6).lower().replace(' ', '-')}-{number}"
    lines = [
        "---",
        "category: news",
        f'title: "{prose(chance.randint(6, 14))}"',
        f'excerpt: "{prose(chance.randint(20, 50))} &#8217;"',
        f"publishedDateTime: {date}",
        f"date: {date}",
        f'originalUrl: "{url}"',
        f'webUrl: "{url}"',
        "type: article",
        f"quality: {chance.randint(10, 140)}",
        f"heat: {chance.randint(-1, 140)}",
        "published: true",
        "",
        "provider:",
        f"  name: {name(2)}",
        f"  domain: site{number % 50}.example.com",
        "",
        "topics:",
        *(f"  - {topic}" for topic in topics),
        "",
        "images:",
        f'  - url: "https://images.example.com/{number}/picture.jpg?w=1200"',
        "    width: 1200",
        "    height: 675",
        "    isCached: true",
    ]
    if number % 3 == 0:
        lines.append("related:")
        for other in range(2):
            lines += [
                f'  - title: "{prose(9)}"',
                f'    excerpt: "{prose(22)}"',
                f"    publishedDateTime: {date}",
                f'    webUrl: "https://other.example.net/{number}/{other}"',
                "    type: article",
                "    provider:",
                f"      name: {name(2)}",
                "      domain: other.example.net",
                "    quality: 60",
            ]
    lines += ["", f'secured: "{chance.randbytes(120).hex()}"', "---"]
    if number % 3:
        for _paragraph in range(chance.randint(2, 6)):
            lines += [f"{prose(60)} **{prose(3)}** [{prose(2)}]({url}).", ""]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
