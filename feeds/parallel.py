"""Large work, divided among processes; small work stays in this one.

Processes are started by a fork server: forking a process that has threads is unsafe, and the live
app has threads.
"""

import atexit
import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from math import ceil
from threading import Thread
from typing import TypeVar

from feeds.errors import FeedsError

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


#: Less work is done in this process: starting others takes longer than a second of it saves.
MIN_CHUNKS = 12


def parallel_map(
    function: Callable[[Sequence[_Job]], list[_Result]],
    jobs: Sequence[_Job],
    *,
    processes: int,
    chunk: int,
) -> Iterator[_Result]:
    """Yield the function's results for all jobs, in their order; it gets a chunk of jobs at a time.

    A chunk is work for about a tenth of a second. For other processes, the function and its jobs
    have to be picklable, and the main module importable without side effects, as our commands are.
    Raises FeedsError where a worker process is killed.
    """
    processes = min(processes, len(jobs)) if len(jobs) >= MIN_CHUNKS * chunk else 1
    if processes > 1:
        chunk = min(chunk, ceil(len(jobs) / processes))
    chunks = [jobs[start : start + chunk] for start in range(0, len(jobs), chunk)]
    if processes < 2:
        yield from chain.from_iterable(map(function, chunks))
        return
    context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    # The function may be a partial. Its module imports all that the work needs.
    context.set_forkserver_preload([getattr(function, "func", function).__module__])
    try:
        with ProcessPoolExecutor(processes, mp_context=context, initializer=_start_worker) as pool:
            results = pool.map(function, chunks)
            workers = multiprocessing.active_children()
            yield from chain.from_iterable(results)
    except BrokenProcessPool as error:
        # A signal's code is negative.
        has_ended = any((worker.exitcode or 0) > 0 for worker in workers)
        what = "ended (was Feeds upgraded?)" if has_ended else "was killed (out of memory?)"
        raise FeedsError(f"a worker process {what}; try again") from error


def _start_worker() -> None:
    collect_garbage_rarely()
    # A worker whose parent was killed must not go on writing: its lock ended with the parent.
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def processors() -> int:
    """Return the number of processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def collect_garbage_rarely() -> None:
    """Make Python look for unreachable cycles less often.

    A build makes millions of objects that stay, and next to no cycles: a sixth of its time went
    into looking at them again and again. When Python ends it would look at all of them once more.
    """
    gc.set_threshold(100_000, 50, 100)
    atexit.register(gc.freeze)
