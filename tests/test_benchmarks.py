"""The benchmarks measure what they say: the same input everywhere, and equal work."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import dialects
import equal
import pytest
import reading
from generate import write_site

from feeds.dialects import DIALECTS
from tests.dialects import publish

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(script: str, *options: str) -> str:
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *options],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark")
    write_site(folder / "site", 12, 2)
    subprocess.run(
        [sys.executable, "-m", "feeds", "build", folder / "site", "--out", folder / "out"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "out"


def test_the_generated_site_has_the_same_bytes_on_any_machine(tmp_path: Path) -> None:
    write_site(tmp_path, 300, 20)
    digest = hashlib.sha256()
    for file in sorted(tmp_path.rglob("*.*")):
        digest.update(file.read_bytes())
    assert digest.hexdigest()[:16] == "7834d42ad30b9af9"


def test_a_third_of_the_generated_titles_is_typographic(tmp_path: Path) -> None:
    write_site(tmp_path, 300, 20)
    text = "".join(file.read_text("utf-8") for file in tmp_path.rglob("*.md"))
    titles = re.findall("^title: (.*)", text, re.MULTILINE)
    assert 0.28 < sum(not title.isascii() for title in titles) / len(titles) < 0.38
    for mark in ("’", "“", "‘", "–", "—", "…", "•", "®", "\xa0", "á", "🌊", "✅"):
        assert text.count(mark) > 20, mark
    assert len(re.findall("[\u4e00-\u9fff]{4}", text)) > 20
    assert len(re.findall("[\u30a1-\u30ff]{4}", text)) > 20


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("rss.xml", "<item><title>", "<item><title>Not "),
        ("rss.xml", "<link>https://news", "<link>https://not"),
        ("rss.xml", r"(</guid>.*?<pubDate>\w+), \d+", r"\1, 11"),
        ("rss.xml", 'rel="related" type="text/html" title="', r"\g<0>Not "),
        ("rss.xml", '<enclosure url="', r"\g<0>not:"),
        ("rss.xml", '<media:content url="', r"\g<0>not:"),
        ("rss.xml", "<content:encoded>", r"\g<0>Not "),
        ("atom.xml", "(<entry>.*?<title>)", r"\1Not "),
        ("atom.xml", '(<entry>.*?rel="alternate" type="text/html" href=")', r"\1not:"),
        ("atom.xml", "<published>2026", "<published>2025"),
        ("atom.xml", '<link rel="related".*?/>', ""),
        ("atom.xml", '<link rel="enclosure".*?/>', ""),
        ("feed.json", '"title": ?"', r"\g<0>Not "),
        ("feed.json", '"url": ?"https://news', r"\g<0>Not "),
        ("feed.json", '("date_published": ?")2026', r"\g<1>2025"),
        ("feed.json", '("related": ?\\[\\{"url": ?")', r"\1not:"),
        ("feed.json", '("attachments": ?\\[\\{"url": ?")', r"\1not:"),
        ("index.html", "https://other.example.net/0/1", "https://other.example.net/0/2"),
    ],
)  # fmt: skip
def test_trees_that_differ_in_one_field_are_not_the_same(
    built: Path, tmp_path: Path, name: str, before: str, after: str
) -> None:
    other = tmp_path / "other"
    shutil.copytree(built, other)
    file = other / name
    text = file.read_text("utf-8")
    if name == "feed.json":
        # The feed's own title is none of the check's business.
        head, middle, items = text.partition('"items"')
        changed = head + middle + re.sub(before, after, items, count=1, flags=re.DOTALL)
    else:
        changed = re.sub(before, after, text, count=1, flags=re.DOTALL)
    assert changed != text
    file.write_text(changed, "utf-8")
    with pytest.raises(equal.DifferenceError, match=f"^{name}, "):
        equal.compare(built, other)


def test_trees_that_differ_in_fractions_of_seconds_and_archives_are_the_same(
    built: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(built, other)
    (other / "archive" / "2026").mkdir(parents=True)
    shutil.copy(other / "rss.xml", other / "archive" / "2026")
    for name in ("atom.xml", "feed.json"):
        text = (other / name).read_text("utf-8")
        (other / name).write_text(re.sub(r"(:\d\d)\.\d+", r"\1", text), "utf-8")
    documents, entries = equal.compare(built, other)
    # Four documents of each of three feeds; three of them have entries, the first of all articles.
    assert documents == 12
    assert entries > 3 * 12


def test_a_tree_without_one_of_the_documents_is_not_the_same(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "other")
    (tmp_path / "other" / "rss.xml").unlink()
    with pytest.raises(equal.DifferenceError, match=r"only one tree has rss\.xml"):
        equal.compare(built, tmp_path / "other")


def test_the_steps_of_reading_are_timed_apart_and_add_up(tmp_path: Path) -> None:
    write_site(tmp_path, 12, 2)
    texts = [file.read_text("utf-8") for file in tmp_path.rglob("*.md")]
    *steps, (whole_name, whole) = reading.measure(texts, 1).items()
    assert [name for name, _times in steps] == list(reading.STEPS)
    assert whole_name not in reading.STEPS
    for kind in (0, 1):
        # No body has a tag of its own.
        assert {name for name, times in steps if not times[kind]} == {
            "body: parsed, and its links resolved", "body: reshaped", "body: tidied"
        }  # fmt: skip
        assert sum(times[kind] for _name, times in steps) <= whole[kind]


def test_the_profile_names_the_modules_of_reading_and_writing() -> None:
    printed = run("profile_build.py", "--articles", "20", "--topics", "3")
    assert "| feeds.parsing.yaml_text |" in printed
    assert "| feeds.formats.entry_xml |" in printed


def test_the_articles_are_the_same_in_the_form_of_each_generator(tmp_path: Path) -> None:
    write_site(tmp_path / "site", 6, 2)
    articles = list(dialects.read_articles(tmp_path / "site"))
    titles = sorted(each.title for each in articles)
    topics = sorted(sorted(each.topics) for each in articles)
    assert {form.partition(",")[0] for form in dialects.FORMS} - {"own form"} == {
        kind.name for kind in DIALECTS
    } - {"obsidian"}
    for number, form in enumerate(dialects.FORMS.values()):
        dialects.write_form(tmp_path / str(number), form, articles)
        found = publish(tmp_path / str(number)).values()
        assert sorted(row.title for row in found) == titles
        # Nikola sorts them, and Pelican's articles have a category.
        assert sorted(sorted({*row.topics} - {"misc"}) for row in found) == topics


@pytest.mark.slow
def test_hugo_builds_the_same_documents() -> None:
    if not shutil.which("hugo"):
        pytest.skip("no hugo")
    printed = run("compare.py", "--articles", "40", "--topics", "5", "--runs", "1")
    assert re.search(r"24 documents with [\d,]+ entries are the same", printed)
    assert "| Hugo, cold, the same documents |" in printed
