"""Worker processes: the same results as one process, and none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support import eventually

_PROGRAM = """
import os, sys, time
import feeds.parallel

def work(jobs):
    print(os.getpid(), flush=True)
    time.sleep(60)
    return list(jobs)

if __name__ == "__main__":
    feeds.parallel.MIN_CHUNKS = 0
    list(feeds.parallel.parallel_map(work, range(4), processes=2, chunk=2))
"""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    parent = subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert parent.stdout
    workers = [int(parent.stdout.readline()) for _worker in range(2)]
    assert all(map(_is_alive, workers))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert eventually(lambda: not any(map(_is_alive, workers)), 10)
    parent.stdout.close()
