"""Connections to PostgreSQL that wait for each answer only as long as their users do.

A server that froze keeps its connections alive, and no time-out of its own ends a statement.
"""

import math
import selectors
import threading
import time
from collections.abc import Callable, Generator
from concurrent import futures
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from typing import Any

import psycopg

CONNECT_TIMEOUT_SECONDS = 5.0
#: Time for which nobody asks a server again that did not answer.
SILENCE_SECONDS = 1.0
_SILENT = "the server does not answer"


def connector(patience: Callable[[], float], *, most_seconds: float) -> Callable[..., Any]:
    """Return a function that connects to PostgreSQL, and waits with patience for each answer.

    The patience, in seconds, is asked for anew at each wait. It is never more than `most_seconds`.
    """
    silent_until = 0.0

    class Connection(psycopg.Connection[Any]):
        def wait(self, gen: Generator[Any, Any, Any], *_interval: Any, **_named: Any) -> Any:
            nonlocal silent_until
            end = time.monotonic() + patience()
            try:
                events = next(gen)
                with selectors.DefaultSelector() as selector:
                    while True:
                        selector.register(self.fileno(), events)
                        ready = selector.select(max(end - time.monotonic(), 0))
                        if not ready:
                            silent_until = time.monotonic() + SILENCE_SECONDS
                            self.pgconn.finish()
                            raise psycopg.OperationalError(_SILENT)
                        selector.unregister(self.fileno())
                        events = gen.send(ready[0][1])
            except StopIteration as stop:
                return stop.value
            except KeyboardInterrupt:
                self.pgconn.finish()
                raise

    def open_connection(arguments: Any, named: dict[str, Any]) -> Connection:
        limits = {
            "connect_timeout": math.ceil(min(patience(), CONNECT_TIMEOUT_SECONDS)),
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": int(most_seconds * 1000),
        }
        connection = Connection.connect(*arguments, **named | limits)
        # The server forgets a statement for which nobody waits any more.
        for name in ("lock_timeout", "statement_timeout"):
            connection.execute(f"SET {name} = {int(most_seconds * 1000)}")
        connection.commit()
        return connection

    def connect(_dialect: Any, _record: Any, arguments: Any, named: dict[str, Any]) -> Connection:
        nonlocal silent_until
        if time.monotonic() < silent_until:
            raise psycopg.OperationalError(_SILENT)
        # In a thread: libpq waits for two seconds at least, and without end for a name server.
        opened: Future[Connection] = Future()
        task = partial(_fulfil, opened, partial(open_connection, arguments, named))
        threading.Thread(target=copy_context().run, args=(task,), daemon=True).start()
        futures.wait([opened], patience())
        if opened.done():
            return opened.result()
        silent_until = time.monotonic() + SILENCE_SECONDS
        opened.add_done_callback(_close_late)
        raise psycopg.OperationalError(_SILENT)

    return connect


def _close_late(opened: Future[Any]) -> None:
    if not opened.exception():
        opened.result().close()


def _fulfil(promise: Future[Any], work: Callable[[], Any]) -> None:
    try:
        promise.set_result(work())
    except Exception as error:  # raised where it is waited for
        promise.set_exception(error)
