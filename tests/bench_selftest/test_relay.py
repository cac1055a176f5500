"""What goes through the long line comes out whole and in order, both ways, until both ends said their last word."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

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
        with relayed(fleet, 0.02, port) as relay, socket.create_connection(("127.0.0.1", relay)) as client:
            threading.Thread(target=lambda: (client.sendall(sent), client.shutdown(socket.SHUT_WR))).start()
            received = b"".join(iter(lambda: client.recv(65536), b""))
        echoing.join()
    assert received == sent
