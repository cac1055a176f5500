"""Work that blocks, in a thread for which nobody has to wait: not who asked for it, nor the end of the process."""
from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def started(work: Callable[[], T], name: str) -> Future[T]:
    """Does it in a thread of its own. Time limits of sockets are for each step, and a server that sends a byte now and
    then would hold its client for ever: whoever waits for the future may give up."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()  # whoever waits may give up, the thread goes on

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # to whoever waits
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
