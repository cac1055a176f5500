"""Time limits that strike at any moment; and what they must not tear apart."""
from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from holdfast_host import protocol
from holdfast_host.errors import TimedOut
from holdfast_host.limit import shielded, time_limit
from holdfast_host.serve import Server


def test_limit_strikes_in_the_middle() -> None:
    """The control of the next one."""
    done: list[str] = []

    def work() -> None:
        with time_limit(0.05, "it"):
            time.sleep(10)
            done.append("whole")

    with pytest.raises(TimedOut, match=r"it took longer than its limit of 0\.05 s"):
        work()
    assert not done


def test_limit_waits_for_the_end_of_what_is_shielded() -> None:
    done: list[str] = []

    def work() -> None:
        with time_limit(0.05, "it"):
            with shielded():
                with shielded():
                    time.sleep(0.2)
                done.append("whole")
            done.append("more")

    with pytest.raises(TimedOut):
        work()
    assert done == ["whole"]


def test_error_inside_goes_first_and_leaves_nothing_behind() -> None:
    def work() -> None:
        with time_limit(0.05, "it"), shielded():
            time.sleep(0.2)
            raise KeyError

    with pytest.raises(KeyError):
        work()
    with shielded():
        pass


def test_frame_is_whole_when_a_limit_strikes_while_the_controller_is_slow(tmp_path: Path) -> None:
    """The pipe is full when the limit strikes, so that half of the frame is out."""
    reading, writing = os.pipe()
    talk = protocol.Connection(protocol.CONTROLLER)
    talk.send({"kind": "hello", "major": 1, "minor": 0})
    server = Server(os.open(os.devnull, os.O_RDONLY), writing, str(tmp_path))
    server._talk.state, talk.state = "running", "running"
    heard = []

    def read_late() -> None:
        time.sleep(0.5)
        while data := os.read(reading, 1 << 16):
            talk.receive(data)
            heard.extend(talk.messages())

    thread = threading.Thread(target=read_late)
    thread.start()
    noise = "".join(map(chr, range(0x400, 0x10000 - 0x3000))) * 8
    with pytest.raises(TimedOut), time_limit(0.2, "it"):
        server.output(0, "stdout", noise)
    server.output(0, "stdout", "after")
    os.close(writing)
    thread.join()
    assert [message["text"] for message in heard] == [noise, "after"]
