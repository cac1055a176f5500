"""The long line: what goes through it comes out whole and in order, and its round trips are counted."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from tests.bench.distance import relayed
from tests.bench.tool import Fleet, Node


def test_a_relay_loses_and_reorders_nothing() -> None:
    sent = os.urandom(1 << 20)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        fleet = Fleet((Node("here", "127.0.0.1"),), Path(), Path())

        def echo() -> None:
            with listening.accept()[0] as end:
                while data := end.recv(65536):
                    end.sendall(data)

        echoing = threading.Thread(target=echo)
        echoing.start()
        with relayed(fleet, 0.02, port) as line, socket.create_connection(("127.0.0.1", line.port)) as client:
            threading.Thread(target=lambda: (client.sendall(sent), client.shutdown(socket.SHUT_WR))).start()
            received = b"".join(iter(lambda: client.recv(65536), b""))
        echoing.join()
    assert received == sent


@pytest.mark.parametrize(("questions", "trips"), [([b"a", b"b", b"c"], 3), ([b"abc"], 1)])
def test_a_round_trip_is_what_one_side_waits_for(questions: list[bytes], trips: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, relayed(
        Fleet((Node("here", "127.0.0.1"),), Path(), Path()), 0.02, listening.getsockname()[1]
    ) as line:
        with socket.create_connection(("127.0.0.1", line.port)) as client, listening.accept()[0] as host:
            for question in questions:
                client.sendall(question)
                host.sendall(host.recv(100))
                assert client.recv(100) == question
        assert line.round_trips() == trips
