"""Each way to log in over SSH lets in, and a refusal says what was tried; through other hosts too."""
from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failure.desk import Desk, result
from tests.failure.reaching import is_changed, log_of_sshd
from tests.lab import Lab, LabHost
from tests.lab.recipe import OPS_PASSWORD

pytestmark = pytest.mark.usefixtures("fresh")


# -- who we are --------------------------------------------------------------------------------------------------------


def test_password_lets_in(desk: Desk, host: LabHost) -> None:
    desk.reach(h1={"key": None, "user": "ops", "password": OPS_PASSWORD, "become": {"password": OPS_PASSWORD}})
    is_changed(desk, host)


def test_wrong_password_says_what_was_tried(desk: Desk, host: LabHost) -> None:
    desk.reach(h1={"key": None, "user": "ops", "password": "wrong-1"})
    said = desk.apply()
    assert said.code == 5 and "does not let ops in; tried the password" in result(said)["message"]
    assert "wrong-1" not in said.text


def test_no_way_to_prove_who_we_are(desk: Desk, host: LabHost) -> None:
    desk.reach(h1={"key": None})
    assert "tried nothing: there is no key and no password" in result(desk.apply())["message"]


@pytest.fixture
def agent(tmp_path: Path, desk: Desk) -> Iterator[str]:
    """An agent that holds nothing yet."""
    socket = str(tmp_path / "agent")
    process = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    while not Path(socket).exists():
        assert process.poll() is None
    desk.environment["SSH_AUTH_SOCK"] = socket
    yield socket
    process.terminate()
    process.wait(10)


def add(agent: str, key: Path, passphrase: str = "") -> None:
    answer = key.parent / "answer"
    answer.write_text(f"#!/bin/sh\necho {passphrase}\n")
    answer.chmod(0o700)
    subprocess.run(["ssh-add", "-q", key], check=True, timeout=30, stdin=subprocess.DEVNULL, env={
        "PATH": "/usr/bin:/bin", "SSH_AUTH_SOCK": agent, "SSH_ASKPASS": str(answer), "SSH_ASKPASS_REQUIRE": "force"})


def test_agent_lets_in(desk: Desk, host: LabHost, lab: Lab, agent: str) -> None:
    desk.reach(h1={"key": None})
    assert desk.apply().hosts() == {"h1": "unreachable"}, "the control: the agent is empty"
    add(agent, lab.key)
    is_changed(desk, host)


def test_key_with_a_passphrase_is_used_when_the_agent_has_it(desk: Desk, host: LabHost, agent: str,
                                                             tmp_path: Path) -> None:
    key = tmp_path / "mine"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "geheim", "-f", key], check=True)
    host.run("cat >> /root/.ssh/authorized_keys", stdin=(tmp_path / "mine.pub").read_text())
    desk.reach(h1={"key": str(key)})
    assert f"ssh-add {key}" in result(desk.apply())["mend"]
    add(agent, key, "geheim")
    is_changed(desk, host)


@pytest.mark.parametrize("is_own", [True, False])
def test_ssh_configuration_says_it_all(desk: Desk, host: LabHost, lab: Lab, is_own: bool) -> None:
    """An alias with its address, user, key and known_hosts: in the user's own file, or in one that is named."""
    text = lab.ssh_config.read_text().replace(f"Host h1 {host.address}", "Host the-first")
    path = desk.home / ".ssh" / "config" if is_own else desk.folder / "ssh_config"
    path.write_text(text)
    desk.reach(h1={"address": "the-first", "user": None, "key": None, "known_hosts": None,
                   "ssh_config": None if is_own else str(path)})
    is_changed(desk, host)


# -- through others ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hops", [("h1",), ("h1", "h2")], ids=["one jump", "two jumps"])
@pytest.mark.parametrize("by", ["inventory", "ssh_config"])
def test_jump_hosts_lead_to_a_host_that_we_cannot_reach(desk: Desk, lab: Lab, hops: tuple[str, ...], by: str) -> None:
    """The last host is named as only the others know it, so there is no way but through them."""
    last = lab.hosts["h3"]
    desk.reach(h3={"address": "h3"})
    assert "the name h3 is not known" in result(desk.apply(), "h3")["message"], "the control: there is no other way"
    first = f"root@{lab.hosts[hops[0]].address}"
    jumps = [first, *(f"root@{name}" for name in hops[1:])]
    if by == "inventory":
        desk.reach(h3={"address": "h3", "jump": jumps})
    else:
        path = desk.folder / "ssh_config"
        path.write_text(f"Host h3\n  HostName h3\n  User root\n  ProxyJump {','.join(jumps)}\nHost *\n"
                        f"  IdentityFile {lab.key}\n  UserKnownHostsFile {lab.known_hosts}\n")
        desk.reach(h3={"address": "h3", "user": None, "key": None, "known_hosts": None, "ssh_config": str(path)})
    is_changed(desk, last)
    seen = lab.hosts[hops[-1]].address
    assert f"root from {seen} " in log_of_sshd(last)


@pytest.mark.parametrize(("jump", "said"), [
    ("root@{h2}:2222", "jump host root@{h2}:2222: {h2}:2222 refuses the connection"),
    ("nobody@{h2}", "jump host nobody@{h2}: {h2} does not let nobody in"),
])
def test_jump_host_that_does_not_let_us_through_is_named(desk: Desk, lab: Lab, jump: str, said: str) -> None:
    addresses = {name: host.address for name, host in lab.hosts.items()}
    desk.reach(h3={"address": "h3", "jump": jump.format(**addresses)})
    assert said.format(**addresses) in result(desk.apply(), "h3")["message"]


def test_jump_host_is_told_nothing_of_the_targets_password(desk: Desk, lab: Lab, host: LabHost) -> None:
    first = lab.hosts["h1"].address
    desk.reach(h3={"address": "h3", "user": "ops", "password": OPS_PASSWORD, "key": None, "jump": f"ops@{first}"})
    said = desk.apply()
    assert "does not let ops in; tried nothing" in result(said, "h3")["message"]
    assert "Accepted" not in log_of_sshd(host)


# -- hosts that do not answer ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("trouble", "said"), [
    ("cut", "does not answer within 2 s"), ("freeze", "did not end within 2 s"),
    ("stop", "refuses the connection"),
])
def test_host_that_is_down_is_told_as_such_and_spoils_nothing(desk: Desk, lab: Lab, trouble: str, said: str) -> None:
    down = lab.hosts["h2"]
    desk.reach(h1={}, h2={"connect_s": 2}, h3={})
    getattr(down, trouble)()
    try:
        done = desk.apply()
    finally:
        down.recover()
    assert done.code == 5 and done.hosts() == {"h1": "changed", "h2": "unreachable", "h3": "changed"}, done.text
    assert said in result(done, "h2")["message"] and result(done, "h2")["mend"]


def test_what_speaks_no_ssh_is_told_as_such(desk: Desk, host: LabHost) -> None:
    host.run("setsid python3 -c \"import socketserver as s; "
             "s.TCPServer(('', 2223), type('H', (s.BaseRequestHandler,), {'handle': lambda self: "
             "self.request.sendall(b'x' * 100000)})).serve_forever()\" >/dev/null 2>&1 </dev/null &")
    desk.reach(h1={"port": 2223, "connect_s": 5})
    for _ in range(20):
        done = result(desk.apply())
        if "refuses" not in done["message"]:
            break
    assert done["status"] == "unreachable" and "is it an SSH server" in done.get("mend", ""), done
