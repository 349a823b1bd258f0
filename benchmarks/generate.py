"""Writes a site of invented articles: the same bytes for the same numbers, on any machine.

    python benchmarks/generate.py DIR --articles 10000 --topics 1000

Sizes and shapes are those of real newsrooms' folders: 2.3 KB an article on average, one to three
topics by Zipf's law (few topics have most articles), a picture, related coverage in a third of
them, a body in Markdown in two thirds. Hugo reads the same files: a hugo.toml beside them has it
write the RSS feeds of every topic and nothing else.
"""

from __future__ import annotations

import argparse
import itertools
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

_NEWEST = datetime(2026, 6, 1, tzinfo=UTC)
_SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split()

_HUGO = """\
baseURL = "https://feeds.example.org/"
title = "Benchmark"
disableKinds = ["section", "sitemap", "robotsTXT", "404"]
contentDir = "articles"
[taxonomies]
topic = "topics"
[outputs]
home = ["rss"]
taxonomy = ["rss"]
term = ["rss"]
[services.rss]
limit = 50
[[cascade]]
[cascade._target]
kind = "page"
[cascade._build]
render = "never"
list = "always"
"""
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
    """Write the site: feeds.yaml, hugo.toml and articles/."""
    chance = random.Random(20260601)
    words = ["".join(pair) for pair in itertools.product(_SYLLABLES, repeat=2)]
    names = [f"{words[n % 400].title()} {n:04}" for n in range(topics)]
    weights = list(itertools.accumulate(1 / (rank + 1) ** 0.9 for rank in range(topics)))
    (folder / "articles").mkdir(parents=True, exist_ok=True)
    (folder / "feeds.yaml").write_text(_FEEDS)
    (folder / "hugo.toml").write_text(_HUGO)
    for number in range(articles):
        # The first articles name every topic once, so that the site has as many as were asked for.
        chosen = dict.fromkeys(
            chance.choices(names, cum_weights=weights, k=chance.choice((1, 2, 3)))
        )
        chosen |= {names[number]: None} if number < topics else {}
        part = folder / "articles" / f"{number // 1000:03}"
        part.mkdir(exist_ok=True)
        text = _article(number, list(chosen), chance, words)
        (part / f"{number:06}.md").write_text(text)


def _article(number: int, topics: list[str], chance: random.Random, words: list[str]) -> str:
    def prose(length: int) -> str:
        return " ".join(chance.choices(words, k=length)).capitalize()

    date = (_NEWEST - timedelta(minutes=37 * number)).isoformat().replace("+00:00", "Z")
    url = f"https://news.example.com/{number % 97}/{prose(6).lower().replace(' ', '-')}-{number}"
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
        f"  name: {prose(2)}",
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
                f"      name: {prose(2)}",
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
