"""Runs a function over many inputs in a child process, which is ended if one takes too much.

Time is the processor's, so a busy machine makes no findings. A library that does not return is
ended by the kernel (ITIMER_PROF), and one that asks for too much memory by RLIMIT_AS.
"""

from __future__ import annotations

import mmap
import os
import resource
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

import msgspec

from tests.fuzz.checks import ViolationError

#: Processor seconds after which the child is ended, and seconds, should it only wait.
KILLED_AFTER_SECONDS, STUCK_AFTER_SECONDS = 5.0, 60.0
#: Memory that one input may add.
MAX_GROWTH_BYTES = 200 * 1024 * 1024
#: Address space that one input may add.
MAX_ADDED_SPACE_BYTES = 1536 * 1024 * 1024
_MEANINGS = {
    "SIGPROF": f"still running after {KILLED_AFTER_SECONDS:g} s of processor time",
    "SIGALRM": f"still waiting after {STUCK_AFTER_SECONDS:g} s",
    "SIGABRT": "a library aborted the process (out of memory?)",
    "SIGKILL": "the system killed the process (out of memory?)",
}
#: Of the child, in memory that the parent shares: the next input, and the slowest one's seconds.
_PROGRESS = struct.Struct("qd")


@dataclass(frozen=True)
class Finding:
    """One input that broke a promise."""

    number: int
    #: The same for findings with the same cause, as far as that shows from outside.
    kind: str
    message: str


@dataclass
class Progress:
    """The number of inputs that were tried, and what the slowest of them took."""

    inputs: int = 0
    slowest_seconds: float = 0.0


#: Takes an input, and returns the check of what came out, whose time does not count.
Run: TypeAlias = Callable[[str], Callable[[], None]]


def try_inputs(
    make: Callable[[int], str],
    run: Run,
    *,
    prepare: Callable[[], None],
    first: int,
    last: int | None,
    until: float,
    seconds: float,
    progress: Progress,
) -> Iterator[Finding]:
    """Make and run each input from number `first`, until the time or `last` is reached.

    `seconds` of processor time are what one run may take. A child that was ended is replaced, and
    so is one that took much memory: the next peak would not show.
    """
    number = first
    while (last is None or number < last) and time.monotonic() < until:
        shared = mmap.mmap(-1, _PROGRESS.size)
        reading, writing = os.pipe()
        if not (child := os.fork()):
            os.close(reading)
            _work(make, run, prepare, number, last, until, seconds, shared, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as findings:
            for line in findings:
                yield msgspec.json.decode(line, type=Finding)
        status = os.waitpid(child, 0)[1]
        reached, slowest = _PROGRESS.unpack(shared[:])
        shared.close()
        progress.inputs += reached - number
        progress.slowest_seconds = max(progress.slowest_seconds, slowest)
        number = reached
        if os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            yield Finding(reached, f"killed-{name}", _MEANINGS.get(name, name))
            progress.inputs += 1
            number += 1
        elif os.WEXITSTATUS(status):
            raise RuntimeError(f"the child ended with {os.WEXITSTATUS(status)}")


def _work(
    make: Callable[[int], str],
    run: Run,
    prepare: Callable[[], None],
    number: int,
    last: int | None,
    until: float,
    seconds: float,
    shared: mmap.mmap,
    writing: int,
) -> NoReturn:
    code = 70
    try:
        prepare()
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        used = _address_space()
        resource.setrlimit(
            resource.RLIMIT_AS, (used + MAX_ADDED_SPACE_BYTES, resource.RLIM_INFINITY)
        )
        slowest = 0.0
        while (last is None or number < last) and time.monotonic() < until:
            shared[:] = _PROGRESS.pack(number, slowest)
            failure, took = measure(make(number), run, seconds)
            if failure:
                finding = Finding(number, failure.kind, str(failure))
                os.write(writing, msgspec.json.encode(finding) + b"\n")
            else:
                slowest = max(slowest, took)
            number += 1
            shared[:] = _PROGRESS.pack(number, slowest)
            if failure and failure.kind == "memory":
                break
        code = 0
    except BaseException:  # nothing may return into the parent's code
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        # No exit handlers: they are the parent's.
        os._exit(code)


def measure(text: str, run: Run, seconds: float) -> tuple[ViolationError | None, float]:
    """Run one input under the limits; what went wrong, and the processor time that it took."""
    before = _peak()
    _set_alarms(KILLED_AFTER_SECONDS, STUCK_AFTER_SECONDS)
    started = time.process_time()
    took = 0.0
    failure: ViolationError | None = None
    try:
        check = run(text)
        took = time.process_time() - started
        grown = _peak() - before
        _set_alarms(0, 0)
        if took > seconds:
            raise ViolationError("slow", f"{took:.2f} s of processor time; at most {seconds:g} s")
        if grown > MAX_GROWTH_BYTES:
            raise ViolationError("memory", f"{grown >> 20} MB more memory")
        check()
    except ViolationError as fault:
        failure = fault
    except MemoryError:
        failure = ViolationError(
            "memory", f"over {MAX_ADDED_SPACE_BYTES >> 20} MB of address space"
        )
    except Exception as error:
        lines = "".join(traceback.format_exception(error))
        failure = ViolationError(_signature(error), lines[-4000:])
    _set_alarms(0, 0)
    return failure, took


def _set_alarms(processor_seconds: float, seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, processor_seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _signature(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}feeds{os.sep}" in frame.filename]
    where = ours[-1] if ours else frames[-1]
    module = os.path.splitext(os.path.basename(where.filename))[0]
    return f"{type(error).__name__}-{module}-{where.name.strip('<>')}"


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _address_space() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()
