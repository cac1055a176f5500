"""Becoming another user by sudo, su and doas, with and without a password."""
from __future__ import annotations

import signal
from typing import Any

import pytest

from tests.failure.desk import Desk, Running, has, result
from tests.failure.reaching import MADE, is_changed
from tests.lab import LabHost
from tests.lab.recipe import OPS_PASSWORD
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("fresh")


OPS: dict[str, Any] = {"user": "ops"}


@pytest.mark.parametrize("keys", [
    {"user": "deploy", "become": True}, {"user": "ops", "become": {"password": OPS_PASSWORD}},
], ids=["without a password", "with a password"])
def test_sudo_makes_us_root(desk: Desk, host: LabHost, keys: dict[str, Any]) -> None:
    desk.reach(h1=keys)
    is_changed(desk, host)
    assert host.witness().file(MADE).user == "root"


def test_sudo_makes_us_somebody_else(desk: Desk, host: LabHost) -> None:
    desk.reach(h1={"user": "deploy", "become": "ops"})
    desk.write(desk_document("/home/ops/made"))
    said = desk.apply()
    assert said.hosts() == {"h1": "changed"}, said.text
    assert host.witness().file("/home/ops/made").user == "ops"
    host.run("rm /home/ops/made")


@pytest.fixture
def root_password(clean_host: LabHost) -> str:
    """What root is to be asked for, as long as the host is as it is now."""
    clean_host.run("echo root:root-secret-9 | chpasswd")
    return "root-secret-9"


def test_su_makes_us_root(desk: Desk, host: LabHost, root_password: str) -> None:
    desk.reach(h1={"user": "deploy", "become": {"method": "su", "password": root_password}})
    is_changed(desk, host)
    assert host.witness().file(MADE).user == "root"


def test_su_makes_root_somebody_else_without_a_password(desk: Desk, host: LabHost) -> None:
    desk.reach(h1={"become": {"method": "su", "user": "ops"}})
    desk.write(desk_document("/home/ops/made"))
    assert desk.apply().hosts() == {"h1": "changed"}
    assert host.witness().file("/home/ops/made").user == "ops"
    host.run("rm /home/ops/made")


@pytest.mark.parametrize(("become", "said"), [
    ({"password": "wrong-1"}, "su does not accept the password"), ({}, "su wants a password and none was given"),
    ({"user": "nobody-there"}, "the user to become does not exist"),
])
def test_su_that_says_no_is_explained(desk: Desk, host: LabHost, root_password: str, become: Any, said: str) -> None:
    desk.reach(h1={"user": "deploy", "become": {"method": "su", **become}})
    done = desk.apply()
    assert done.code == 5 and said in result(done)["message"] and result(done)["mend"], done.text
    assert not host.witness().file(MADE).exists


@pytest.fixture
def doas(clean_host: LabHost) -> LabHost:
    """deploy needs no password, ops its own, and nobody else may."""
    clean_host.run("apt-get -q -y install opendoas; umask 077; "
                   "printf 'permit nopass deploy\\npermit ops\\n' > /etc/doas.conf", timeout_s=180)
    return clean_host


@pytest.mark.parametrize(("user", "become"), [
    ("deploy", {}), ("ops", {"password": OPS_PASSWORD}), ("deploy", {"password": "not asked for"}),
], ids=["without a password", "with a password", "with one that is not asked for"])
def test_doas_makes_us_root(desk: Desk, doas: LabHost, user: str, become: Any) -> None:
    desk.reach(h1={"user": user, "become": {"method": "doas", **become}})
    is_changed(desk, doas)
    assert doas.witness().file(MADE).user == "root"
    desk.write(desk_document("/srv/large").replace("hello", "x" * 300_000))
    assert desk.apply().hosts() == {"h1": "changed"}
    assert doas.witness().file("/srv/large").size == 300_000
    assert desk.apply().hosts() == {"h1": "ok"}


@pytest.mark.parametrize(("user", "become", "said"), [
    ("ops", {}, "doas wants a password and none was given"),
    ("ops", {"password": "wrong-1"}, "doas does not accept the password"),
    ("deploy", {"user": "nobody-there"}, "the user to become does not exist"),
    ("nobody-there", {}, "does not let nobody-there in"),
])
def test_doas_that_says_no_is_explained(desk: Desk, doas: LabHost, user: str, become: Any, said: str) -> None:
    desk.reach(h1={"user": user, "become": {"method": "doas", **become}})
    done = desk.apply()
    assert done.code == 5 and said in result(done)["message"] and result(done)["mend"], done.text
    assert "wrong-1" not in done.text
    assert not doas.witness().file(MADE).exists


def test_runner_on_a_terminal_finishes_what_it_has_in_hand_when_the_controller_is_killed(
        desk: Desk, doas: LabHost) -> None:
    desk.reach(h1={"user": "ops", "become": {"method": "doas", "password": OPS_PASSWORD}})
    desk.write("""\
        state: site
        targets: all
        resources:
          - command: hold
            argv: [sh, -c, "touch /root/held; until test -e /root/go; do sleep 0.1; done; touch /root/done"]
            creates: /root/done
        """)
    running = Running(desk)
    until(lambda: has(doas, "/root/held"))
    running.signal(signal.SIGKILL)
    running.end()
    doas.run("touch /root/go")
    until(lambda: has(doas, "/root/done"))
    until(lambda: doas.run("flock -n /var/lib/holdfast/lock true", check=False).returncode == 0)
    said = desk.apply()
    assert said.hosts() == {"h1": "ok"}, said.text
    assert any("were collected: 1 changed" in one["message"] for one in said.of("noticed", host="h1")), said.text


def test_doas_that_is_not_there_is_explained(desk: Desk, clean_host: LabHost) -> None:
    desk.reach(h1={"user": "deploy", "become": {"method": "doas"}})
    assert "there is no doas on the host" in result(desk.apply())["message"]


def desk_document(path: str) -> str:
    return f"state: site\ntargets: all\nresources:\n  - file: {path}\n    content: hello\n"


@pytest.mark.parametrize(("become", "said"), [
    (True, "sudo wants a password and none was given"),
    ({"password": "wrong-1"}, "sudo does not accept the password"),
    ({"user": "nobody-there", "password": OPS_PASSWORD}, "the user to become does not exist"),
])
def test_sudo_that_says_no_is_explained(desk: Desk, host: LabHost, become: Any, said: str) -> None:
    desk.reach(h1={**OPS, "become": become})
    done = desk.apply()
    assert done.code == 5 and said in result(done)["message"] and result(done)["mend"], done.text
    assert not host.witness().file(MADE).exists
