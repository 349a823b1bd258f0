"""The fuzzers find what they are for, replay it, and make the same inputs every time."""

from __future__ import annotations

import faulthandler
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.__main__ import main
from tests.fuzz.checks import ViolationError, check_html, check_page, check_url
from tests.fuzz.inputs import MAX_CHARS
from tests.fuzz.limits import Finding, Progress, try_inputs
from tests.fuzz.targets import TARGETS

pytestmark = [
    pytest.mark.slow,
    # From Python 3.12 on: pytest-xdist has a thread, and the child uses none of its locks.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def findings_of(
    act: Callable[[str], None], count: int = 3, seconds: float = 0.2
) -> tuple[list[Finding], Progress]:
    """Run an action on the inputs "0", "1", and so on."""

    def run(text: str) -> Callable[[], None]:
        act(text)
        return lambda: None

    progress = Progress()
    findings = try_inputs(
        str, run, prepare=lambda: None, first=0, last=count, until=time.monotonic() + 60,
        seconds=seconds, progress=progress,
    )  # fmt: skip
    return list(findings), progress


def test_an_exception_is_found_and_the_rest_still_runs() -> None:
    def act(text: str) -> None:
        if text == "1":
            raise ValueError("broken")

    findings, progress = findings_of(act)
    assert [finding.number for finding in findings] == [1]
    assert findings[0].kind.startswith("ValueError-")
    assert progress.inputs == 3


def test_an_input_that_takes_long_is_found() -> None:
    def act(text: str) -> None:
        until = time.process_time() + 0.3
        while text == "2" and time.process_time() < until:
            pass

    assert [(finding.number, finding.kind) for finding in findings_of(act)[0]] == [(2, "slow")]


def test_an_input_that_takes_much_memory_is_found() -> None:
    def act(text: str) -> None:
        if text == "0":
            assert len(b"x" * 300_000_000)

    # To fill the memory takes a busy machine a while.
    findings = findings_of(act, seconds=20)[0]
    assert [(finding.number, finding.kind) for finding in findings] == [(0, "memory")]


def test_an_input_that_ends_the_process_is_found() -> None:
    def act(text: str) -> None:
        if text == "1":
            faulthandler.disable()  # it would print the stack among the results
            os.abort()

    findings, progress = findings_of(act)
    assert [(f.number, f.kind) for f in findings] == [(1, "killed-SIGABRT")]
    assert progress.inputs == 3


@pytest.mark.parametrize(
    "markup",
    [
        "<script>x</script>", "<p onclick=x>", "<a href='java\nscript:x'>", "<svg>",
        "<iframe src=x>",
        "<img src='data:x'>", "<p style='x'>", "<!-- x -->", "<a href='/relative'>", "a\x0bb",
    ],
)  # fmt: skip
def test_unsafe_html_is_recognized(markup: str) -> None:
    with pytest.raises(ViolationError):
        check_html(markup)


def test_safe_html_is_no_finding() -> None:
    check_html('<p>a <a href="https://a.example/">b</a><img src="http://a.example/b" alt=""></p>')
    check_url("https://a.example/")
    check_page(b"<!doctype html><title>x</title><a href=/>y</a>")


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_runs_and_its_inputs_are_the_same_every_time(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grammar = TARGETS[name]().grammar
    inputs = [grammar.input(7, number) for number in range(30)]
    assert inputs == [grammar.input(7, number) for number in range(30)]
    assert len(set(inputs)) > 20
    assert max(map(len, inputs)) <= MAX_CHARS
    # Findings belong to the fuzzed code, not to this test.
    main([name, "--inputs", "5", "--seed", "7", "--out", str(tmp_path)])
    assert f"{name}: 5 inputs" in capsys.readouterr().out
