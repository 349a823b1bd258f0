"""Threads that ask other servers, with one deadline for all answers."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from math import inf
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
    *,
    patience: float = inf,
) -> Iterator[_Result]:
    """Yield the results of a function for all jobs, as they come, until the deadline.

    The deadline is one of time.monotonic(). When next_job() gives None, it is asked again after the
    next result, until no job is left running. A job that takes longer than the patience, in
    seconds, no longer counts as running. What the function raises is raised here.
    """
    results: SimpleQueue[Future[_Result]] = SimpleQueue()

    def work(future: Future[_Result], job: _Job) -> None:
        try:
            future.set_result(function(job))
        except Exception as error:
            future.set_exception(error)
        results.put(future)

    # Not an executor, which waits for its threads: no timeout of a request holds for the lookup of
    # a host name, nor for a server that sends a byte now and then.
    running: dict[Future[_Result], float] = {}
    while True:
        now = time.monotonic()
        running = {future: end for future, end in running.items() if end > now}
        while len(running) < threads and now < deadline and (job := next_job()) is not None:
            future: Future[_Result] = Future()
            running[future] = now + patience
            Thread(target=work, args=(future, job), name="feeds-remote", daemon=True).start()
        if not running:
            return
        try:
            future = results.get(timeout=max(0, min(deadline, *running.values()) - now))
        except Empty:
            if now >= deadline:
                return
            continue
        running.pop(future, None)
        yield future.result()
