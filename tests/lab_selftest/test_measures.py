"""Processor time and traffic of one host, told apart from the others'."""

from __future__ import annotations

import socket

from tests.lab import Counts, Lab, LabHost


def test_processor_time_is_the_hosts_own(lab: Lab, host: LabHost) -> None:
    other = lab.hosts["h2"]
    mine, others = host.cpu_seconds(), other.cpu_seconds()
    burn = "import time; end = time.process_time() + 1\nwhile time.process_time() < end: pass"
    host.run(("systemd-run", "--wait", "--quiet", "python3", "-c", burn))
    assert 1.0 <= host.cpu_seconds() - mine < 2.0
    assert other.cpu_seconds() - others < 0.5


def test_idle_host_sends_nothing(lab: Lab) -> None:
    host = lab.hosts["h3"]
    socket.create_connection((host.address, 22), timeout=5).close()  # settles neighbours
    before = host.packets()
    lab.hosts["h2"].run("true")
    assert (host.packets() - before).total <= 4


def test_traffic_is_counted_both_ways(host: LabHost) -> None:
    host.run("systemctl stop sink", check=False)
    code = "import socket; s=socket.create_server(('', 9000)); c,_=s.accept(); n=0\n"
    code += "while b:=c.recv(65536): n+=len(b)\nc.close()"
    host.run(("systemd-run", "--quiet", "--unit=sink", "python3", "-c", code))
    stream = _connect(host)
    packets, size = host.packets(), host.bytes()
    stream.sendall(b"x" * 1_000_000)
    stream.shutdown(socket.SHUT_WR)
    assert stream.recv(1) == b""
    stream.close()
    assert 1_000_000 <= (host.bytes() - size).received < 1_200_000
    assert (host.bytes() - size).sent < 100_000
    assert (host.packets() - packets).received >= 10
    assert Counts(1, 2).total == 3


def _connect(host: LabHost) -> socket.socket:
    for _ in range(200):
        try:
            return socket.create_connection((host.address, 9000), timeout=5)
        except ConnectionRefusedError:
            host.run("sleep 0.05")
    raise AssertionError("the sink does not listen")
