"""Large work, divided among processes; small work stays in this one.

Processes are started by a fork server: forking a process that has threads is unsafe, and the live
app has threads.
"""

import atexit
import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from math import ceil
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import TypeVar

from feeds.errors import FeedsError

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


#: Less work is done in this process: starting others takes longer than a second of it saves.
MIN_CHUNKS = 12
#: Chunks that are sent ahead for each process: work for the time that the caller needs for the
#: results of others, and no more, so that memory does not grow with the work.
_CHUNKS_AHEAD = 8


class Workers:
    """Processes among which large work is divided.

    The first large work starts them, and they are kept for all other work until the context ends.
    With one process, all work is done in this one.
    """

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_error: object) -> None:
        self._end()

    def _end(self) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def map(
        self,
        function: Callable[[Sequence[_Job]], list[_Result]],
        jobs: Iterable[_Job],
        *,
        count: int,
        chunk: int,
    ) -> Iterator[_Result]:
        """Yield the function's results for all jobs, whose count is known, in their order.

        The function gets a chunk of jobs at a time, work for about a tenth of a second. For other
        processes, the function and its jobs have to be picklable, and the main module importable
        without side effects, as our commands are; jobs are asked for as the work goes on. Raises
        FeedsError where a worker process is killed.
        """
        is_large = count >= (1 if self._pool else MIN_CHUNKS * chunk)
        if self._processes < 2 or count < 2 or not is_large:
            yield from chain.from_iterable(map(function, _chunks(jobs, chunk)))
            return
        if not self._pool:
            self._pool = _start_pool(self._processes, function)
        workers: list[BaseProcess] = []
        results = deque[Future[list[_Result]]]()
        try:
            for each in _chunks(jobs, min(chunk, ceil(count / self._processes))):
                results.append(self._pool.submit(function, each))
                if len(results) <= self._processes:  # each of these may start one
                    workers = multiprocessing.active_children()
                if len(results) > self._processes * _CHUNKS_AHEAD:
                    yield from results.popleft().result()
            while results:
                yield from results.popleft().result()
        except BrokenProcessPool as error:
            self._end()  # before that, the pool itself may be about to read their exit codes
            # A signal's code is negative.
            has_ended = any((worker.exitcode or 0) > 0 for worker in workers)
            what = "ended (was Feeds upgraded?)" if has_ended else "was killed (out of memory?)"
            raise FeedsError(f"a worker process {what}; try again") from error


def _chunks(jobs: Iterable[_Job], size: int) -> Iterator[list[_Job]]:
    remaining = iter(jobs)
    while chunk := list(islice(remaining, size)):
        yield chunk


def _start_pool(processes: int, function: Callable[..., object]) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    # The function may be a partial. Its module imports all that the work needs.
    context.set_forkserver_preload([getattr(function, "func", function).__module__])
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_start_worker)


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
