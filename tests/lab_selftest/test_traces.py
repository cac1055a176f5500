"""A host is booted anew for a test when anybody has had to do with it since it last was, and only then."""

from __future__ import annotations

import socket
from collections.abc import Callable

from tests.lab import Lab, LabHost
from tests.lab.fixtures import _given


def connect(host: LabHost) -> None:
    socket.create_connection((host.address, host.port), timeout=5).close()


DEEDS: dict[str, Callable[[LabHost], object]] = {
    "a connection": connect,
    "a login": lambda host: host.witness().run("true"),
    "a command": lambda host: host.run("true"),
    "a file from outside": lambda host: (host.rootfs / "root/made").write_text("x"),
    "a file of the base changed": lambda host: (host.rootfs / "etc/motd").chmod(0o600),
    "a file of the base removed": lambda host: (host.rootfs / "etc/cron.d/e2scrub_all").unlink(),
    "an order": LabHost.stop,
    "a power cut": LabHost.kill,
}


def booted(lab: Lab) -> int | None:
    """Process 1 of h1, given to a test that wants it clean."""
    return _given(lab, ["h1"], clean=True)["h1"].pid


def test_whatever_was_done_to_a_host_is_noticed_and_nothing_else(lab: Lab) -> None:
    host = lab.hosts["h1"]
    before = booted(lab)
    for name, deed in DEEDS.items():
        host.cut()
        host.freeze()
        assert booted(lab) == before, f"before {name}: nobody had to do with it"
        deed(host)
        after = booted(lab)
        assert after not in {before, None}, f"{name} was not noticed"
        before = after
    assert not (host.rootfs / "root/made").exists()
