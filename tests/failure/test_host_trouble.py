"""Hosts that cannot do what they are asked: full disks, locks, no Python, nonsense. Each says so; nothing is spoilt."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.failure.desk import Desk, Running, has, result
from tests.lab import LabHost
from tests.waiting import until

STATE = "/var/lib/holdfast"


def message(said: Any, id: str, host: str = "h1") -> str:
    """What was said of a resource."""
    done, = [one for one in said.of("resource_done", host=host) if one["id"] == id]
    return str(done.get("message", ""))


# -- full disks --------------------------------------------------------------------------------------------------------


def test_disk_that_is_full_where_the_file_goes(desk: Desk, clean_host: LabHost) -> None:
    desk.write("""\
        state: site
        targets: all
        resources:
          - file: /small/config
            content: new
            notify: {command: tell}
          - file: /root/other
            content: other
          - command: tell
            argv: [sh, -c, "echo told >> /root/told"]
            on_notify: true
        """)
    clean_host.small_disk("/small")
    clean_host.run("echo old > /small/config; cat /dev/zero > /small/filler", check=False)
    said = desk.apply()
    assert said.code == 4 and said.resources("h1")["file: /small/config"] == "failed", said.text
    assert message(said, "file: /small/config") == "cannot write /small/config: no space left on the device"
    assert said.resources("h1")["file: /root/other"] == "changed", "what does not need it goes on"
    assert "owed" not in result(said), "nothing was changed, so nothing is owed"
    witness = clean_host.witness()
    assert witness.file("/small/config").content_string == "old\n"
    assert sorted(witness.file("/small").listdir()) == ["config", "filler"]
    clean_host.run("rm /small/filler")
    assert desk.apply().resources("h1")["file: /small/config"] == "changed"
    assert witness.file("/root/told").content_string == "told\n"


DOCUMENT = """\
    state: site
    targets: all
    resources:
      - file: /root/in-state
        content: same
      - file: /root/config
        content: "{{ content }}"
        notify: {command: tell}
      - file: /root/last
        content: last
        requires: {file: /root/config}
      - command: tell
        argv: [sh, -c, "echo told >> /root/told"]
        on_notify: true
    """


@pytest.fixture
def small_state(desk: Desk, clean_host: LabHost) -> LabHost:
    """A host whose runner keeps its state on a small disk, and that was in state before that was full."""
    clean_host.small_disk("/small", size_kib=2048)
    desk.reach(h1={"folder": "/small/state"})
    desk.write(DOCUMENT)
    assert desk.apply("--set", "content=old").hosts() == {"h1": "changed"}
    clean_host.run("rm /root/told; cat /dev/zero > /small/filler", check=False)
    return clean_host


def test_disk_that_is_full_where_the_runner_keeps_its_state(desk: Desk, small_state: LabHost) -> None:
    """A change that could not be told after a crash is not made."""
    assert desk.apply("--set", "content=old").hosts() == {"h1": "ok"}, "who changes nothing needs no room"
    said = desk.apply("--set", "content=new")
    assert said.code == 4 and said.resources("h1") == {
        "file: /root/in-state": "ok", "file: /root/config": "failed", "file: /root/last": "skipped",
        "command: tell": "ok"}, said.text
    assert message(said, "file: /root/config") == (
        "cannot write down on this host what is about to be changed: /small/state/journal: No space left on device")
    witness = small_state.witness()
    assert witness.file("/root/config").content_string == "old" and not witness.file("/root/told").exists
    small_state.run("rm /small/filler")
    done = desk.apply("--set", "content=new")
    assert done.hosts() == {"h1": "changed"} and not done.of("noticed"), done.text
    assert witness.file("/root/told").content_string == "told\n"


def test_disk_that_a_run_fills(desk: Desk, clean_host: LabHost) -> None:
    """The end of what filled it cannot be written down; it is told all the same, and kept by the controller."""
    clean_host.small_disk("/small", size_kib=2048)
    desk.reach(h1={"folder": "/small/state"})
    desk.write("""\
        state: site
        targets: all
        resources:
          - command: fill
            argv: [sh, -c, "cat /dev/zero > /small/filler; seq 10000"]
            creates: /small/filler
        """)
    said = desk.apply()
    assert said.resources("h1") == {"command: fill": "changed"}, said.text
    assert not clean_host.run("ls /small/state/journal").stdout, "what is kept elsewhere is forgotten"
    said = desk.apply()
    assert said.hosts() == {"h1": "ok"} and not said.of("noticed"), said.text


def test_disk_that_is_full_before_the_first_contact(desk: Desk, clean_host: LabHost) -> None:
    clean_host.fill_disk("/")
    try:
        said = desk.apply()
    finally:
        clean_host.free_disk("/")
    assert said.code == 5 and "the runner cannot be kept on the host" in result(said)["message"], said.text
    assert "No space left on device" in result(said)["message"] and result(said)["mend"] == "make room there"
    assert desk.apply().hosts() == {"h1": "changed"}


# -- dpkg's lock -------------------------------------------------------------------------------------------------------

LOCKED = ("import fcntl, time; f = open('/var/lib/dpkg/lock-frontend', 'w'); fcntl.lockf(f, fcntl.LOCK_EX); "
          "open('/root/locked', 'w'); time.sleep(1000)")
PACKAGE = """\
    state: site
    targets: all
    resources:
      - package: holdfast-hello
        lock_wait_s: {wait}
    """


@pytest.fixture
def locked(clean_host: LabHost) -> Iterator[LabHost]:
    clean_host.run(f"setsid python3 -c \"{LOCKED}\" >/dev/null 2>&1 </dev/null &")
    until(lambda: has(clean_host, "/root/locked"))
    yield clean_host
    unlock(clean_host)


def unlock(host: LabHost) -> None:
    host.run(("pkill", "-f", "lock-frontend"), check=False)


def test_lock_of_dpkg_that_stays_is_told(desk: Desk, locked: LabHost) -> None:
    desk.write(PACKAGE.format(wait=1))
    said = desk.apply()
    assert said.code == 4 and said.resources("h1") == {"package: holdfast-hello": "failed"}, said.text
    assert "lock" in message(said, "package: holdfast-hello"), said.text
    assert not locked.witness().package("holdfast-hello").is_installed
    assert locked.run("dpkg --audit").stdout == ""


def test_lock_of_dpkg_is_waited_for(desk: Desk, locked: LabHost) -> None:
    desk.write(PACKAGE.format(wait=60))
    running = Running(desk)
    locked.run("sleep 3")
    assert running.process.poll() is None, "it waits"
    unlock(locked)
    assert running.end().hosts() == {"h1": "changed"}
    assert locked.witness().package("holdfast-hello").is_installed


# -- Python ------------------------------------------------------------------------------------------------------------


def test_host_without_python(desk: Desk, clean_host: LabHost) -> None:
    clean_host.run("for p in /usr/bin/python3*; do mv $p /root/; done")
    said = desk.apply()
    assert said.code == 5 and result(said)["message"] == "there is no Python on the host", said.text
    assert result(said)["mend"] == ("install python3 there, or let `apply --install-python` do so, "
                                     "or say where it is")
    clean_host.run("mv /root/python3* /usr/bin/")
    assert desk.apply().hosts() == {"h1": "changed"}


def test_python_that_is_too_old(desk: Desk, clean_host: LabHost) -> None:
    clean_host.run("mkdir /root/real; mv /usr/bin/python3* /root/real/; printf '#!/bin/sh\\nexit 93\\n' > "
                   "/usr/bin/python3; chmod +x /usr/bin/python3")
    said = result(desk.apply())
    assert said["message"].startswith("no Python on the host is 3.8 or newer (tried: python3"), said
    desk.reach(h1={"python": "/root/real/python3.11"})
    assert desk.apply().hosts() == {"h1": "changed"}
    desk.reach(h1={"python": "/usr/bin/python3.99"})
    assert "there is no /usr/bin/python3.99 on the host" in result(desk.apply())["message"]


# -- hosts that say strange things -------------------------------------------------------------------------------------


def test_login_scripts_that_print_do_no_harm(desk: Desk, clean_host: LabHost) -> None:
    clean_host.run("printf 'echo Welcome; echo HOLDFAST READY; printf prompt\\n' > /home/deploy/.bashrc")
    desk.reach(h1={"user": "deploy", "become": True})
    assert desk.apply().hosts() == {"h1": "changed"}


@pytest.mark.parametrize(("bashrc", "said"), [
    ("yes", "the host prints without end before the runner starts"),
    ("echo Sorry, closed today; exit 1", "the session ended before the runner started: Sorry, closed today"),
])
def test_login_that_goes_wrong_is_told(desk: Desk, clean_host: LabHost, bashrc: str, said: str) -> None:
    clean_host.run(f"echo '{bashrc}' > /home/deploy/.bashrc")
    desk.reach(h1={"user": "deploy", "become": True})
    done = desk.apply()
    assert done.code == 5 and said in result(done)["message"] and result(done)["mend"], done.text


@pytest.mark.parametrize(("program", "status", "said"), [
    ("exec cat /dev/zero", "failed", "the host answers nonsense: a frame is not JSON"),
    ("exec yes", "failed", "the host answers nonsense: a frame of 2030"),
    ("exit 0", "unreachable", "the runner"),
    ("echo broken >&2; exit 3", "unreachable", "the runner"),
])
def test_runner_that_speaks_nonsense_harms_nobody_else(desk: Desk, clean_host: LabHost, program: str, status: str,
                                                       said: str) -> None:
    clean_host.run(f"printf '#!/bin/sh\\necho HOLDFAST READY $7 x\\n{program}\\n' > /root/fake; chmod +x /root/fake")
    desk.reach(h1={"python": "/root/fake"}, h2={})
    done = desk.apply()
    assert done.hosts()["h1"] == status and said in result(done)["message"], done.text[-2000:]
    assert done.hosts()["h2"] in {"ok", "changed"}


# -- hosts that hang ---------------------------------------------------------------------------------------------------


def test_host_that_hangs_in_the_middle(desk: Desk, clean_host: LabHost) -> None:
    desk.write("""\
        state: site
        targets: all
        resources:
          - file: /root/first
            content: first
          - command: hold
            argv: [sh, -c, "touch /root/held; sleep 2"]
            creates: /root/held
        """)
    desk.reach(h1={"alive_s": 1})
    running = Running(desk)
    until(lambda: has(clean_host, "/root/held"))
    clean_host.freeze()
    said = running.end()
    clean_host.thaw()
    assert said.code == 5 and said.hosts() == {"h1": "unreachable"}, said.text
    until(lambda: clean_host.run(f"flock -n {STATE}/lock true", check=False).returncode == 0)
    said = desk.apply()
    assert said.hosts() == {"h1": "ok"}
    assert any("were collected: 2 changed" in one["message"] for one in said.of("noticed", host="h1")), said.text
