"""Making hosts hang, fall silent and run out of disk; and the controls that they were well before and after."""

from __future__ import annotations

import errno
import socket
import time

import pytest

from tests.lab import LabHost, NotSupported
from tests.lab.boot import answers

PROBE = "import os; f=os.open('{}', os.O_CREAT|os.O_WRONLY); os.write(f, b'x' * 65536)"


def test_frozen_host_accepts_and_never_answers(host: LabHost) -> None:
    assert answers(host.address, 22)
    host.freeze()
    try:
        assert host.status() == "frozen"
        with socket.create_connection((host.address, 22), timeout=1) as stream, pytest.raises(TimeoutError):
            stream.recv(1)
    finally:
        host.thaw()
    assert answers(host.address, 22)
    assert host.status() == "on"


def test_frozen_host_can_be_killed(clean_host: LabHost) -> None:
    clean_host.freeze()
    clean_host.kill()
    assert clean_host.pid is None
    clean_host.start()
    assert clean_host.status() == "on"


def test_cut_host_is_silent_until_mended(host: LabHost) -> None:
    before = host.run("cat /proc/sys/kernel/random/boot_id").stdout
    with socket.create_connection((host.address, 22), timeout=2) as open_before:
        open_before.recv(1000)
        host.cut()
        try:
            assert host.status() == "cut"
            with pytest.raises(TimeoutError):
                socket.create_connection((host.address, 22), timeout=1)
            open_before.settimeout(1)
            open_before.sendall(b"SSH-2.0-probe\r\n")
            with pytest.raises(TimeoutError):
                open_before.recv(1)
        finally:
            host.mend()
        open_before.settimeout(10)
        assert open_before.recv(1), "an open connection goes on after the cable is back"
    assert answers(host.address, 22)
    assert host.run("cat /proc/sys/kernel/random/boot_id").stdout == before


def test_full_small_disk(host: LabHost) -> None:
    host.fill_disk("/small", size_kib=512)
    try:
        full = host.run(("python3", "-c", PROBE.format("/small/more")), check=False)
        assert "No space left" in full.stderr
        host.run(("python3", "-c", PROBE.format("/root/more")))
    finally:
        host.free_disk("/small")
    host.run(("python3", "-c", PROBE.format("/small/more")))


def test_full_root(clean_host: LabHost) -> None:
    clean_host.fill_disk("/")
    try:
        with pytest.raises(OSError) as refusal, (clean_host.rootfs / "root/more").open("wb") as file:
            file.write(b"x" * 65536)
        assert refusal.value.errno == errno.ENOSPC
        full = clean_host.run(("python3", "-c", PROBE.format("/root/more")), check=False)
        assert "No space left" in full.stderr
        assert answers(clean_host.address, 22), "a full disk does not keep sshd from answering"
    finally:
        clean_host.free_disk("/")
    clean_host.run(("python3", "-c", PROBE.format("/root/more")))


def test_delay_is_felt_or_refused(host: LabHost) -> None:
    def round_trip_s() -> float:
        began = time.monotonic()
        socket.create_connection((host.address, 22), timeout=5).close()
        return time.monotonic() - began

    assert round_trip_s() < 0.05
    reason = _refusal(host)
    if reason is not None:
        assert "netem" in reason
        assert round_trip_s() < 0.05, "a refused delay leaves the cable as it was"
        pytest.skip(reason)
    try:
        assert 0.1 <= round_trip_s() < 0.3
    finally:
        host.delay(0)
    assert round_trip_s() < 0.05


def test_recover_undoes_all_trouble(clean_host: LabHost) -> None:
    clean_host.freeze()
    clean_host.cut()
    clean_host.recover()
    assert clean_host.status() == "on"
    clean_host.kill()
    clean_host.recover()
    assert answers(clean_host.address, 22)


def _refusal(host: LabHost) -> str | None:
    """Ask for 100 ms; why it was refused, if it was."""
    try:
        host.delay(100)
    except NotSupported as reason:
        return str(reason)
    return None
