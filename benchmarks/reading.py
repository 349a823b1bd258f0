"""Times the steps of reading an article: text as people write it, and the same text in ASCII.

    python benchmarks/reading.py [--articles 1000] [--runs 5]

Prints processor microseconds an article, the fastest of some runs in turn. The last column is the
one to believe, and to watch: a step that takes much longer because of a curly quote or an accent
looks at the whole text for something that a cheaper look would have ruled out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generate import write_site

from feeds.parsing import article, front_matter, yaml_text
from feeds.parsing.body import clean, limits, liquid, plain
from feeds.text import repair

#: The functions of each step; what one calls of another step counts there.
STEPS: dict[str, tuple[tuple[Any, str], ...]] = {
    "front matter: split off": ((article, "_front_matter"),),
    "front matter: YAML": ((yaml_text, "load"),),
    "keys": ((article, "_read"),),
    "body: without the syntax of generators": ((liquid, "without_tags"),),
    "body: Markdown to HTML": ((clean, "_from_markdown"),),
    "body: its elements counted": ((limits, "check_markup"), (limits, "check_tables")),
    "body: finished as a plain one": ((plain, "finish"),),
    "body: parsed, and its links resolved": ((clean, "parse"), (clean, "_resolve_links")),
    "body: reshaped": ((clean, "reshape"), (clean, "resolve_media")),
    "body: tidied": ((clean, "tidy"),),
    "body: sanitised, compared, and the rest": ((clean.Body, "clean"),),
    "body: looked through for faults": ((article, "_read_body"),),
    "all texts: mojibake repaired": tuple(
        (place, "repair") for place in (front_matter, clean, repair)
    ),
}
_ALL = "an article, with what is between the steps"
# A body that has it is no plain one.
_MARKUP = '<p class="note">“Noted” by <a href="/team">the team</a> – <span>café</span>.</p>\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        write_site(Path(name), arguments.articles, 100)
        texts = [file.read_text("utf-8") for file in sorted(Path(name).rglob("*.md"))]
    with_tags = [f"{text}\n{_MARKUP}" for text in texts]
    for heading, chosen in (("Plain bodies", texts), ("Bodies with HTML", with_tags)):
        print(f"{heading}:\n\n| step | as written | in ASCII | ratio |\n| --- | --- | --- | --- |")
        for step, (written, ascii) in measure(chosen, arguments.runs).items():
            if ascii:
                print(f"| {step} | {written:.0f} µs | {ascii:.0f} µs | {written / ascii:.2f} |")
        print()


def measure(texts: list[str], runs: int) -> dict[str, tuple[float, float]]:
    """Processor microseconds a text for each step: of texts as written, and of those in ASCII."""
    kinds = texts, [text.encode("ascii", "replace").decode() for text in texts]
    best: dict[str, list[float]] = {step: [1e9, 1e9] for step in (*STEPS, _ALL)}
    for _run in range(runs):
        for kind, chosen in enumerate(kinds):
            for step, seconds in _time_steps(chosen).items():
                best[step][kind] = min(best[step][kind], seconds / len(texts) * 1e6)
    return {step: (written, ascii) for step, (written, ascii) in best.items()}


def _time_steps(texts: list[str]) -> dict[str, float]:
    """Read texts; the seconds of each step, without those of the steps within it."""
    own = dict.fromkeys(STEPS, 0.0)
    # The seconds of the steps within each of those that run now.
    within = [0.0]
    clock = time.process_time

    def timed(step: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*values: Any, **named: Any) -> Any:
            within.append(0.0)
            started = clock()
            try:
                return call(*values, **named)
            finally:
                took = clock() - started
                own[step] += took - within.pop()
                within[-1] += took

        return run

    places = [(place, name, step) for step, found in STEPS.items() for place, name in found]
    original = [getattr(place, name) for place, name, _step in places]
    for (place, name, step), call in zip(places, original, strict=True):
        setattr(place, name, timed(step, call))
    try:
        started = clock()
        for number, text in enumerate(texts):
            article.read_article(text, f"{number}.md")
        return own | {_ALL: clock() - started}
    finally:
        for (place, name, _step), call in zip(places, original, strict=True):
            setattr(place, name, call)


if __name__ == "__main__":
    main()
