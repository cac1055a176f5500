"""Switching hosts on and off, in order and not, and putting them back."""

from __future__ import annotations

import socket
import time

import pytest

from tests.lab import CommandFailed, LabHost


def test_kill_is_a_power_cut(clean_host: LabHost) -> None:
    clean_host.run("echo kept > /root/kept")
    clean_host.kill()
    assert clean_host.pid is None
    assert clean_host.status() == "off"
    with pytest.raises(OSError, match=r"refused|timed out|No route"):
        socket.create_connection((clean_host.address, 22), timeout=1)
    with pytest.raises(CommandFailed, match="off"):
        clean_host.run("true")
    clean_host.start()
    assert clean_host.run("cat /root/kept").stdout == "kept\n"


def test_stop_shuts_down_in_order(clean_host: LabHost) -> None:
    unit = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=true\nExecStop=sh -c 'echo orderly > /root/end'\n"
    clean_host.run("cat > /etc/systemd/system/end.service && systemctl start end", stdin=unit)
    clean_host.stop()
    assert clean_host.pid is None
    assert (clean_host.rootfs / "root/end").read_text() == "orderly\n"
    clean_host.start()
    clean_host.run("rm /root/end; systemctl start end")
    clean_host.kill()
    assert not (clean_host.rootfs / "root/end").exists(), "a power cut is not an orderly end"


def test_start_of_a_running_host_changes_nothing(host: LabHost) -> None:
    before = host.pid
    host.start()
    assert host.pid == before


def test_reset_is_back_to_the_base(clean_host: LabHost) -> None:
    clean_host.run("touch /root/made; rm /etc/cron.d/e2scrub_all; systemctl disable --now cron; useradd someone; "
                   "sysctl -q net.ipv4.ip_forward=1 net.ipv4.ip_local_port_range='20000 60000'")
    assert not (clean_host.rootfs / "etc/cron.d/e2scrub_all").exists()
    key = (clean_host.rootfs / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
    clean_host.cut()
    clean_host.reset()
    witness = clean_host.witness()
    assert not witness.file("/root/made").exists
    assert witness.file("/etc/cron.d/e2scrub_all").exists
    assert witness.service("cron").is_running
    assert not witness.user("someone").exists
    assert witness.sysctl("net.ipv4.ip_forward") == 0
    assert witness.check_output("cat /proc/sys/net/ipv4/ip_local_port_range") == "32768\t60999"
    assert witness.file("/etc/ssh/ssh_host_ed25519_key.pub").content_string == key


def test_reboot_from_inside_comes_back(clean_host: LabHost) -> None:
    clean_host.run("echo kept > /root/kept")
    before = clean_host.pid
    clean_host.run("systemctl --no-block reboot")
    end = time.monotonic() + 60
    while clean_host.pid in {before, None}:
        assert time.monotonic() < end, "it did not come back"
        time.sleep(0.05)
    clean_host.wait_until_up()
    assert clean_host.witness().file("/root/kept").content_string == "kept\n"


def test_what_run_left_behind_dies_with_the_host(clean_host: LabHost) -> None:
    clean_host.run("setsid sleep 1000 >/dev/null 2>&1 </dev/null &")
    assert clean_host.group.is_populated()
    clean_host.kill()
    assert clean_host.group.pids() == []


def test_run_gives_up_in_time(host: LabHost) -> None:
    began = time.monotonic()
    with pytest.raises(CommandFailed, match=r"more than 0\.5 s"):
        host.run("sleep 100", timeout_s=0.5)
    assert time.monotonic() - began < 5
    with pytest.raises(CommandFailed, match="exit 3"):
        host.run("exit 3")
    assert host.run("exit 3", check=False).returncode == 3
