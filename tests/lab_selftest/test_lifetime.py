"""Labs side by side, labs that end with their owner, and what a killed session leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import Lab, LabError, LabNotRunning, LabUnavailable, network, paths, requirements
from tests.lab.boot import answers
from tests.lab.cgroup import Group
from tests.lab.lab import bring_down

NAME = f"selftest-{os.getpid()}"
OTHER = f"other-{os.getpid()}"

OWNER = """
import os, sys, time
from tests.lab import Lab
Lab.up(sys.argv[1], ["solo"], owner=os.getpid())
print("up", flush=True)
time.sleep(1000)
"""


@pytest.fixture(autouse=True)
def nothing_is_left(lab: Lab) -> Iterator[None]:
    yield
    for name in (NAME, OTHER):
        bring_down(name)
        assert remains(name) == []


def remains(name: str) -> list[str]:
    found = [
        str(path)
        for path in (paths.runtime() / name, paths.runtime() / f".{name}.lock", Group(name).path)
        if path.exists()
    ]
    found += [line for line in Path("/proc/self/mounts").read_text().splitlines() if f"holdfast-lab/{name}/" in line]
    found += [path.name for path in Path("/sys/class/net").iterdir() if path.name.startswith(network.bridge(name))]
    found += [path.name for path in Path("/run/netns").glob(network.namespace(name, "*"))]
    return found


def test_two_labs_side_by_side(lab: Lab) -> None:
    with Lab.up(NAME, ["web1", "db1"], tags={"web1": {"role": "web"}}, owner=os.getpid()) as second:
        assert second.subnet != lab.subnet
        assert second.hosts["web1"].tags == {"role": "web"}
        assert second.hosts["web1"].run("hostname").stdout == "web1\n"
        lab.hosts["h2"].run("echo mine > /root/whose")
        assert not (second.hosts["web1"].rootfs / "root/whose").exists()
        second.hosts["web1"].kill()
        assert answers(lab.hosts["h1"].address, 22), "killing a host of one lab leaves the other's alone"
        assert answers(second.hosts["db1"].address, 22)
        assert remains(NAME), "the control: a lab that is up is seen"
    assert remains(NAME) == []
    assert answers(lab.hosts["h1"].address, 22), "taking one lab down leaves the other up"


def test_down_may_be_said_twice() -> None:
    made = Lab.up(NAME, 1, owner=os.getpid())
    made.down()
    made.down()
    with pytest.raises(LabNotRunning):
        Lab.attach(NAME)


def test_reuse_takes_the_running_lab_and_fresh_makes_another() -> None:
    with Lab.up(NAME, 1, owner=os.getpid()) as first:
        pid = first.hosts["h1"].pid
        again = Lab.up(NAME, 1, reuse=True, tags={"h1": {"role": "web"}})
        assert again.hosts["h1"].pid == pid
        assert Lab.attach(NAME).hosts["h1"].tags == {"role": "web"}
        assert Lab.attach(NAME).hosts["h1"].pid == pid
        assert Lab.up(NAME, 1, owner=os.getpid()).hosts["h1"].pid != pid
        assert list(Lab.up(NAME, 2, reuse=True, owner=os.getpid()).hosts) == ["h1", "h2"], "other hosts, another lab"


def test_lab_ends_with_its_killed_owner() -> None:
    with _owner(OTHER) as owner:
        assert answers(Lab.attach(OTHER).hosts["solo"].address, 22)
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
        end = time.monotonic() + 20
        while remains(OTHER):
            assert time.monotonic() < end, remains(OTHER)
            time.sleep(0.1)


def test_up_removes_what_is_left_when_the_guardian_was_killed_too() -> None:
    with _owner(OTHER) as owner:
        for line in subprocess.check_output(["ps", "-eo", "pid,args"], text=True).splitlines():
            if f"tests.lab.guardian {OTHER}" in line:
                os.kill(int(line.split()[0]), signal.SIGKILL)
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
        time.sleep(1)
        assert remains(OTHER), "the control: nobody has tidied up yet"
        with Lab.up(NAME, 1, owner=os.getpid()):
            assert remains(OTHER) == []


def test_reuse_starts_what_is_off_and_keeps_its_disk() -> None:
    with Lab.up(NAME, 2, owner=os.getpid()) as first:
        first.hosts["h1"].run("echo kept > /root/kept")
        first.hosts["h1"].kill()
        again = Lab.up(NAME, 2, reuse=True)
        assert answers(again.hosts["h1"].address, 22)
        assert again.hosts["h1"].run("cat /root/kept").stdout == "kept\n"


def test_half_removed_lab_is_brought_up_again() -> None:
    made = Lab.up(NAME, 1, owner=os.getpid())
    (made.folder / "state.json").unlink()
    subprocess.run(["ip", "link", "delete", network.bridge(NAME)], check=True)
    with Lab.up(NAME, 1, owner=os.getpid(), reuse=True) as again:
        assert answers(again.hosts["h1"].address, 22)


@pytest.mark.parametrize("hosts", [0, [], ["a", "a"], ["A"], ["../x"], [""]])
def test_hosts_that_cannot_be_are_refused(hosts: int | list[str]) -> None:
    with pytest.raises(LabError, match=r"name|hosts"):
        Lab.up(NAME, hosts)


def test_machine_that_cannot_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    requirements.ensure()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabUnavailable, match="root"):
        Lab.up(NAME, 1)
    monkeypatch.undo()
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(LabUnavailable, match="Linux"):
        Lab.up(NAME, 1)


class _owner:
    """A process that has brought up a lab of its own and now sleeps."""

    def __init__(self, lab: str) -> None:
        argv = [sys.executable, "-c", OWNER, lab]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])

    def __enter__(self) -> subprocess.Popen[bytes]:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"up\n"
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
