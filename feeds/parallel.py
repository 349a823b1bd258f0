"""Large work, split among processes; small work stays where it is.

Processes are started by a server of their own (forkserver): forking a process that has threads is
unsafe, and the live app has them.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from typing import TypeVar

from feeds.errors import FeedsError

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


def parallel_map(
    function: Callable[[Sequence[_Job]], list[_Result]],
    jobs: Sequence[_Job],
    *,
    processes: int,
    worthwhile: int,
    chunk: int,
) -> Iterator[_Result]:
    """The function's results for all jobs, in their order; it is given a chunk of them at a time.

    Other processes are asked only from a worthwhile number of jobs on: starting them takes longer
    than a second's work saves. The function and its jobs have to be picklable then, and the main
    module has to bear being imported anew, which only a command of ours can promise. Raises
    FeedsError where one of the processes is killed.
    """
    chunks = [jobs[start : start + chunk] for start in range(0, len(jobs), chunk)]
    processes = min(processes, len(chunks))
    if len(jobs) < worthwhile or processes < 2:
        yield from chain.from_iterable(map(function, chunks))
        return
    context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    # The function is a partial one: the module that it comes from brings all the others.
    context.set_forkserver_preload([getattr(function, "func", function).__module__])
    with ProcessPoolExecutor(processes, mp_context=context, initializer=collect_rarely) as pool:
        try:
            yield from chain.from_iterable(pool.map(function, chunks))
        except BrokenProcessPool as error:
            raise FeedsError(
                "a process that did a part of the work was ended; try again"
            ) from error


def processors() -> int:
    """How many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def collect_rarely() -> None:
    """Lets this process look for garbage in cycles less often.

    Large work makes millions of objects that stay, and next to no cycles: looking at all of them
    again and again took a sixth of the time.
    """
    gc.set_threshold(100_000, 50, 100)
