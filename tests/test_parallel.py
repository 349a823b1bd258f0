"""Worker processes: the same results as one process, and none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from feeds.catalog.reading import read_files
from feeds.parallel import Workers
from tests.support import eventually

_PROGRAM = """
import os, sys, time
import feeds.parallel

def work(jobs):
    print(os.getpid(), flush=True)
    exec(sys.argv[1])
    return list(jobs)

if __name__ == "__main__":
    feeds.parallel.MIN_CHUNKS = 0
    with feeds.parallel.Workers(2) as workers:
        list(workers.map(work, range(4), count=4, chunk=2))
"""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _processes(jobs: Sequence[int]) -> list[int]:
    return [os.getpid() for _job in jobs]


def test_workers_are_kept_for_all_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.parallel.MIN_CHUNKS", 0)
    with Workers(2) as workers:
        first = {*workers.map(_processes, range(40), count=40, chunk=1)}
        monkeypatch.undo()
        # Small work too is theirs, once they are started.
        second = {*workers.map(_processes, range(4), count=4, chunk=1)}
    assert len(first | second) <= 2
    assert os.getpid() not in first | second


def test_jobs_are_asked_for_as_the_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.parallel.MIN_CHUNKS", 0)
    asked = []

    def jobs() -> Iterator[int]:
        for job in range(1000):
            asked.append(job)
            yield job

    with Workers(2) as workers:
        results = workers.map(list[int], jobs(), count=1000, chunk=2)
        assert next(results) == 0
        assert len(asked) < 100
        assert [*results] == [*range(1, 1000)]


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    parent = subprocess.Popen(
        [sys.executable, str(program), "time.sleep(60)"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert parent.stdout
    workers = [int(parent.stdout.readline()) for _worker in range(2)]
    assert all(map(_is_alive, workers))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert eventually(lambda: not any(map(_is_alive, workers)), 10)
    parent.stdout.close()


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("os.kill(os.getpid(), 9)", "a worker process was killed (out of memory?)"),
        ("os._exit(1)", "a worker process ended (was Feeds upgraded?)"),
    ],
)
def test_a_worker_that_ends_is_told_from_one_that_is_killed(
    tmp_path: Path, end: str, message: str
) -> None:
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, str(program), end], capture_output=True, text=True, env=environment
    )
    assert f"{message}; try again" in done.stderr


def test_the_fork_server_loads_all_that_reads_articles_before_it_forks() -> None:
    # It loads the module of the function that reads them.
    code = f"import sys, {read_files.__module__}; print('lxml.etree' in sys.modules)"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == "True\n"
