"""Threads that ask other servers, with one deadline for all answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import TypeVar

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


def results_before(
    deadline: float,
    function: Callable[[_Job], _Result],
    next_job: Callable[[], _Job | None],
    *,
    threads: int,
) -> Iterator[_Result]:
    """Yield the results of a function for all jobs, as they come, until the deadline.

    The deadline is one of time.monotonic(). A thread ends when next_job() gives None; it is called
    by one thread at a time. What the function raises is raised here.
    """
    lock = threading.Lock()
    # A result, an exception, or None for a thread that has ended.
    results: SimpleQueue[tuple[_Result] | Exception | None] = SimpleQueue()

    def work() -> None:
        try:
            while time.monotonic() < deadline:
                with lock:
                    job = next_job()
                if job is None:
                    break
                results.put((function(job),))
        except Exception as error:
            results.put(error)
        results.put(None)

    # Not an executor, which waits for its threads: no timeout of a request holds for the lookup of
    # a host name, nor for a server that sends a byte now and then.
    for _number in range(threads):
        threading.Thread(target=work, name="feeds-remote", daemon=True).start()
    running = threads
    while running:
        try:
            result = results.get(timeout=max(0, deadline - time.monotonic()))
        except Empty:
            return
        if isinstance(result, Exception):
            raise result
        if result is None:
            running -= 1
        else:
            yield result[0]
