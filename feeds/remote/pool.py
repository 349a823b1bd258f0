"""Threads that ask other servers, with one deadline for all answers."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


def results_before(
    deadline: float,
    function: Callable[[_Job], _Result],
    next_job: Callable[[], _Job | None],
    threads: int,
) -> Iterator[_Result]:
    """Yield the results of a function for all jobs, as they come, until the deadline.

    The deadline is one of time.monotonic(). When next_job() gives None, it is asked again after the
    next result, until no job is left running. What the function raises is raised here.
    """
    results: SimpleQueue[Future[_Result]] = SimpleQueue()

    def work(job: _Job) -> None:
        future: Future[_Result] = Future()
        try:
            future.set_result(function(job))
        except Exception as error:
            future.set_exception(error)
        results.put(future)

    # Not an executor, which waits for its threads: no timeout of a request holds for the lookup of
    # a host name, nor for a server that sends a byte now and then.
    running = 0
    while True:
        while running < threads and time.monotonic() < deadline and (job := next_job()) is not None:
            Thread(target=work, args=(job,), name="feeds-remote", daemon=True).start()
            running += 1
        if not running:
            return
        try:
            future = results.get(timeout=max(0, deadline - time.monotonic()))
        except Empty:
            return
        running -= 1
        yield future.result()
