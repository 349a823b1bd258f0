"""Attack one kind of input with invented ones, and save each that breaks a promise.

    python -m tests.fuzz body --minutes 10            # until the time is over
    python -m tests.fuzz all --inputs 2000 --seed 7   # the same inputs every time
    python -m tests.fuzz --replay fuzz-findings/body-slow-1-417.input --shrink

TARGET is front-matter (an article's keys, and every format that it is rendered in), body (Markdown
or HTML to clean HTML), config (feeds.yaml), dialects (a folder of another generator: its
configuration, and articles of every syntax), query (of custom feeds and searches), headers (of any
request to the live app), or all. An input has at most 64 KB. It breaks a promise by an exception,
by more than a second of processor time (20 ms for a request that renders nothing), by 200 MB of
memory, by output much longer than itself, by a library that ends the process, and by output that an
independent parser finds ill-formed or unsafe.

Each finding is saved once for its kind, with the command that replays it. Exits 1 if there are any.
Needs a system with fork and /proc, such as Linux.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.limits import Finding, Progress, try_inputs
from tests.fuzz.targets import TARGETS, Target

_PROGRAM = "python -m tests.fuzz"
#: Findings saved of one kind.
MAX_SAVED = 3
#: Time limit of `--shrink`.
SHRINK_SECONDS = 90.0


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 1 if an input broke a promise."""
    parser = argparse.ArgumentParser(
        prog=_PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", nargs="?", choices=[*TARGETS, "all"], help="what to attack")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target (10)")
    parser.add_argument("--inputs", type=int, help="stop after so many inputs")
    parser.add_argument("--seed", type=int, default=1, help="other inputs for another seed (1)")
    parser.add_argument("--first", type=int, default=0, help="begin at an input's number (0)")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"), help="for findings")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run one saved input")
    parser.add_argument("--shrink", action="store_true", help="and save the smallest like it")
    options = parser.parse_args(arguments)
    if options.replay:
        name = options.target or next(n for n in TARGETS if options.replay.name.startswith(n))
        return _replay(name, options.replay, shrink=options.shrink)
    if not options.target:
        parser.error("name a target, or a file with --replay")
    names = list(TARGETS) if options.target == "all" else [options.target]
    results = [
        _attack(
            name, options.seed, options.first, options.inputs, options.minutes * 60, options.out
        )
        for name in names
    ]
    return int(any(results))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _attack(
    name: str, seed: int, first: int, inputs: int | None, seconds: float, out: Path
) -> Counter[str]:
    target = TARGETS[name]()
    progress, kinds = Progress(), Counter[str]()
    started = time.monotonic()
    findings = try_inputs(
        lambda number: target.grammar.input(seed, number),
        target.run,
        prepare=target.prepare,
        first=first,
        last=None if inputs is None else first + inputs,
        until=started + seconds,
        seconds=target.seconds,
        progress=progress,
    )
    for finding in findings:
        kinds[finding.kind] += 1
        if kinds[finding.kind] <= MAX_SAVED:
            text = target.grammar.input(seed, finding.number)
            _save(out, f"{name}-{finding.kind}-{seed}-{finding.number}", text, finding)
    took = time.monotonic() - started
    _say(
        f"{name}: {progress.inputs:,} inputs in {took:.0f} s, seed {seed}; the slowest of the good"
        f" ones took {progress.slowest_seconds * 1000:.0f} ms; {kinds.total():,} findings"
        f" of {len(kinds)} kinds"
    )
    for kind, count in kinds.most_common():
        _say(f"  {count:5,}  {kind}")
    return kinds


def _save(out: Path, stem: str, text: str, finding: Finding) -> None:
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{stem}.input"
    _write(file, text)
    command = f"{_PROGRAM} --replay {file}"
    about = f"{finding.kind}, {len(text):,} characters\n{command}\n\n{finding.message}\n"
    file.with_suffix(".txt").write_text(about, encoding="utf-8", errors="backslashreplace")
    _say(f"{finding.kind}: {finding.message.strip().splitlines()[-1][:160]}\n  {command}")


def _write(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogatepass"))


def _read(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "surrogatepass")


def _run_one(target: Target, text: str) -> Finding | None:
    findings = try_inputs(
        lambda _number: text,
        target.run,
        prepare=target.prepare,
        first=0,
        last=1,
        until=time.monotonic() + 60,
        seconds=target.seconds,
        progress=Progress(),
    )
    return next(iter(findings), None)


def _replay(name: str, file: Path, *, shrink: bool) -> int:
    target = TARGETS[name]()
    text = _read(file)
    finding = _run_one(target, text)
    if not finding:
        _say("nothing is wrong with it")
        return 0
    _say(f"{finding.kind}, {len(text):,} characters\n{finding.message.rstrip()}")
    if shrink:
        small = _shrunk(target, text, finding.kind)
        smallest = file.with_suffix(".smallest.input")
        _write(smallest, small)
        _say(f"{len(small):,} characters do the same: {smallest}")
        if len(small) <= 400:
            _say(f"  {small!r}")
    return 1


def _shrunk(target: Target, text: str, kind: str) -> str:
    """Leave out parts, ever smaller ones, as long as the finding's kind stays the same."""
    deadline = time.monotonic() + SHRINK_SECONDS
    part = len(text) // 2
    while part and time.monotonic() < deadline:
        start = 0
        while start < len(text) and time.monotonic() < deadline:
            shorter = text[:start] + text[start + part :]
            finding = _run_one(target, shorter)
            if finding and finding.kind == kind:
                text = shorter
            else:
                start += part
        part //= 2
    return text


if __name__ == "__main__":
    sys.exit(main())
