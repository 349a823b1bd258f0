"""Large work, split among processes; small work stays where it is.

Processes are started by a server of their own (forkserver): forking a process that has threads is
unsafe, and the live app has them.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from typing import TypeVar

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


def spread(
    function: Callable[[Sequence[_Job]], list[_Result]],
    jobs: Sequence[_Job],
    *,
    worthwhile: int,
    chunk: int,
) -> Iterator[_Result]:
    """The function's results for all jobs, in their order; it is given a chunk of them at a time.

    Other processes are asked only from a worthwhile number of jobs on: starting them takes longer
    than a second's work saves. The function and its jobs have to be picklable then.
    """
    chunks = [jobs[start : start + chunk] for start in range(0, len(jobs), chunk)]
    processes = min(_processors(), len(chunks))
    # A daemonic process, as some servers make them, may have no children.
    if len(jobs) < worthwhile or processes < 2 or multiprocessing.current_process().daemon:
        yield from chain.from_iterable(map(function, chunks))
        return
    context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    context.set_forkserver_preload([function.__module__])
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield from chain.from_iterable(pool.map(function, chunks))


def _processors() -> int:
    """How many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
