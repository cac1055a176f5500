"""Reaching hosts over SSH: who they are is proved before anything is sent, and each way to log in lets in."""
from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.failure.desk import Desk, Running, has, result, until
from tests.lab import Lab, LabHost, rpms
from tests.lab.identity import known_host, make_key
from tests.lab.recipe import OPS_PASSWORD
from tests.trust.site import Said

MADE = "/etc/motd.site"


@pytest.fixture(autouse=True)
def fresh(host: LabHost, lab: Lab) -> None:
    for one in lab.hosts.values():
        one.run(f"rm -f {MADE}")
    host.run("journalctl --sync; rm -f /run/seen; journalctl -q --no-pager --cursor-file=/run/seen >/dev/null")


def log_of_sshd(host: LabHost) -> str:
    return host.run("journalctl --sync; cp /run/seen /run/now; "
                    "journalctl -q --no-pager --cursor-file=/run/now -t sshd -t sshd-session -o cat").stdout


def is_changed(desk: Desk, host: LabHost) -> None:
    said = desk.apply()
    assert said.hosts() == {host.name: "changed"}, said.text
    assert host.witness().file(MADE).content_string == "hello"


# -- who the host is ---------------------------------------------------------------------------------------------------


def test_known_key_lets_us_go_on(desk: Desk, host: LabHost) -> None:
    """The control of those below."""
    is_changed(desk, host)
    assert "Accepted publickey" in log_of_sshd(host)


def known(tmp_path: Path, lines: str) -> str:
    path = tmp_path / "known"
    path.write_text(lines)
    return str(path)


@pytest.mark.parametrize("is_file_named", [True, False])
@pytest.mark.parametrize("case", ["unknown", "changed", "revoked"])
def test_key_that_is_not_trusted_ends_it_before_anything_is_sent(
        desk: Desk, host: LabHost, tmp_path: Path, case: str, is_file_named: bool) -> None:
    other = make_key(tmp_path / "other", "other")
    own = host.host_key.with_name(host.host_key.name + ".pub").read_text()
    lines, what, mend = {
        "unknown": ("", f"the key of {host.address} is not known; it shows SHA256:", f"ssh-keyscan {host.address} >> "),
        "changed": (known_host("h1", host.address, other), "has changed: it shows SHA256:", "ssh-keygen -R "),
        "revoked": ("@revoked " + known_host("h1", host.address, own), "is revoked", "give the host a new key"),
    }[case]
    file = known(tmp_path, lines) if is_file_named else str(desk.home / ".ssh" / "known_hosts")
    Path(file).write_text(lines)
    desk.reach(h1={"known_hosts": file if is_file_named else None, "user": "ops", "password": OPS_PASSWORD})
    said = desk.apply()
    assert said.code == 5 and said.hosts() == {"h1": "unreachable"}, said.text
    assert what in result(said)["message"] and mend in result(said)["mend"], result(said)
    if case == "unknown":
        assert file in result(said)["mend"], "the mend names the file that is read"
    log = log_of_sshd(host)
    assert "Accepted" not in log and "ops" not in log, "neither the key nor the password was offered"


def test_mend_of_an_unknown_key_mends_it(desk: Desk, host: LabHost) -> None:
    desk.reach(h1={"known_hosts": None})
    mend = result(desk.apply())["mend"]
    command = mend.partition("then: ")[2]
    subprocess.run(["sh", "-c", command], check=True, capture_output=True, timeout=30,
                   env={**os.environ, **desk.environment})
    is_changed(desk, host)


def test_host_that_an_authority_vouches_for_is_known(desk: Desk, clean_host: LabHost, tmp_path: Path) -> None:
    authority = make_key(tmp_path / "authority", "authority")
    key = tmp_path / "host.pub"
    key.write_text(clean_host.host_key.with_name(clean_host.host_key.name + ".pub").read_text())

    def certify(name: str) -> None:
        subprocess.run(["ssh-keygen", "-q", "-s", tmp_path / "authority", "-I", "h1", "-h", "-n", name, key],
                       check=True)
        certificate = (tmp_path / "host-cert.pub").read_text()
        clean_host.run("cat > /etc/ssh/host-cert.pub; echo HostCertificate /etc/ssh/host-cert.pub "
                       "> /etc/ssh/sshd_config.d/20-cert.conf; systemctl reload ssh", stdin=certificate)

    certify(clean_host.address)
    desk.reach(h1={"known_hosts": known(tmp_path, f"@cert-authority * {authority}")})
    is_changed(desk, clean_host)
    certify("another.example")
    said = desk.apply()
    assert said.hosts() == {"h1": "unreachable"}, "a certificate for another host is none for this one"


# -- who the host is, on first use -------------------------------------------------------------------------------------

FIRST = "trusted on first use: "


def of_first_use(said: Said) -> list[str]:
    return [one["message"] for one in said.of("noticed") if FIRST in one["message"]]


def fingerprint_of(host: LabHost) -> str:
    words = ["ssh-keygen", "-l", "-f", f"{host.host_key}.pub"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()[1]


@pytest.mark.parametrize("by", ["file", "usual", "ssh arguments", "ssh_config"])
def test_first_use_is_trusted_if_asked_for_and_said(desk: Desk, host: LabHost, tmp_path: Path, by: str) -> None:
    file = tmp_path / "deep" / "known" if by == "file" else desk.home / ".ssh" / "known_hosts"
    keys: dict[str, Any] = {
        "file": {"known_hosts": str(file), "host_keys": "accept-new"},
        "usual": {"known_hosts": None, "host_keys": "accept-new"},
        "ssh arguments": {"known_hosts": None,
                          "vars": {"ansible_ssh_common_args": "-o StrictHostKeyChecking=accept-new"}},
        "ssh_config": {"known_hosts": None},
    }[by]
    if by == "ssh_config":
        (desk.home / ".ssh" / "config").write_text(
            f"Host {host.address}\n  StrictHostKeyChecking accept-new\nHost *\n  StrictHostKeyChecking yes\n")
    desk.reach(h1=keys)
    said = desk.apply()
    assert said.hosts() == {"h1": "changed"}, said.text
    notice, = of_first_use(said)
    assert notice == f"{FIRST}the ssh-ed25519 key of {host.address}, {fingerprint_of(host)}; written to {file}"
    assert file.stat().st_mode & 0o777 == 0o600
    key = Path(f"{host.host_key}.pub").read_text().split()[:2]
    assert file.read_text() == " ".join([host.address, *key]) + "\n"
    again = desk.apply()
    assert again.hosts() == {"h1": "ok"} and not of_first_use(again), again.text
    file.write_text(known_host("h1", host.address, make_key(tmp_path / "other", "other")))
    before = file.read_text()
    changed = desk.apply()
    assert changed.hosts() == {"h1": "unreachable"}, changed.text
    assert "has changed: it shows SHA256:" in result(changed)["message"]
    assert file.read_text() == before and not of_first_use(changed)


@pytest.mark.parametrize("said_by", ["inventory", "ssh_config"])
def test_first_use_is_not_trusted_where_the_host_is_to_be_known(desk: Desk, host: LabHost, said_by: str) -> None:
    """The inventory goes before ssh's configuration, and what that says of another host counts for that one."""
    name = "*" if said_by == "inventory" else "another"
    (desk.home / ".ssh" / "config").write_text(f"Host {name}\n  StrictHostKeyChecking accept-new\n")
    desk.reach(h1={"known_hosts": None, "host_keys": "strict" if said_by == "inventory" else None})
    said = desk.apply()
    assert said.hosts() == {"h1": "unreachable"} and "is not known" in result(said)["message"], said.text
    assert not (desk.home / ".ssh" / "known_hosts").exists()


def test_first_use_is_said_when_we_are_not_let_in_and_by_run(desk: Desk, host: LabHost) -> None:
    desk.reach(h1={"known_hosts": None, "host_keys": "accept-new", "user": "nobody-here"})
    said = desk.run("run", "--", "true")
    assert "does not let nobody-here in" in said.text and f"h1: {FIRST}" in said.text, said.text
    assert host.address in (desk.home / ".ssh" / "known_hosts").read_text()


def test_first_use_of_a_host_with_a_certificate_and_of_a_jump_host(desk: Desk, clean_hosts: dict[str, LabHost],
                                                                   tmp_path: Path) -> None:
    host, last = clean_hosts["h1"], clean_hosts["h3"]
    make_key(tmp_path / "authority", "authority")
    (tmp_path / "host.pub").write_text(Path(f"{host.host_key}.pub").read_text())
    subprocess.run(["ssh-keygen", "-q", "-s", tmp_path / "authority", "-I", "h1", "-h", "-n", host.address,
                    tmp_path / "host.pub"], check=True)
    certificate = (tmp_path / "host-cert.pub").read_text()
    host.run("cat > /etc/ssh/host-cert.pub; echo HostCertificate /etc/ssh/host-cert.pub > "
             "/etc/ssh/sshd_config.d/20-cert.conf; systemctl reload ssh", stdin=certificate)
    desk.reach(h3={"address": "h3", "jump": f"root@{host.address}", "known_hosts": None, "host_keys": "accept-new"})
    is_changed(desk, last)
    lines = (desk.home / ".ssh" / "known_hosts").read_text().splitlines()
    assert [line.split()[0] for line in lines] == [host.address, "h3"]


def test_first_use_of_a_file_that_cannot_be_written_is_no_use(desk: Desk, host: LabHost, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    desk.reach(h1={"known_hosts": str(tmp_path / "file" / "known"), "host_keys": "accept-new"})
    said = desk.apply()
    assert said.hosts() == {"h1": "unreachable"} and "cannot be kept in" in result(said)["message"], said.text


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


# -- a host without Python ---------------------------------------------------------------------------------------------


@pytest.fixture
def bare(clean_host: LabHost) -> Iterator[LabHost]:
    """A host whose Python is gone, with all that stands on it."""
    clean_host.run("apt-get -q -y purge 'python3*' 'libpython3*'", timeout_s=180)
    assert clean_host.run("command -v python3", check=False).stdout == "", "the control"
    yield clean_host
    clean_host.reset()


NO_PYTHON = "there is no Python on the host"


def test_python_is_not_installed_unless_asked_for(desk: Desk, bare: LabHost) -> None:
    said = desk.apply()
    assert said.hosts() == {"h1": "unreachable"} and result(said)["message"] == NO_PYTHON, said.text
    assert "--install-python" in result(said)["mend"]
    desk.reach(h1={"install_python": True})
    planned = desk.run("plan", "--json")
    assert planned.hosts() == {"h1": "unreachable"}, "a plan writes nothing"
    assert bare.run("command -v python3", check=False).stdout == ""


@pytest.mark.parametrize("by", ["option", "inventory"])
def test_python_is_installed_when_asked_for(desk: Desk, bare: LabHost, by: str) -> None:
    desk.reach(h1={"user": "deploy", "become": True, **({"install_python": True} if by == "inventory" else {})})
    said = desk.apply(*(["--install-python"] if by == "option" else []))
    assert said.hosts() == {"h1": "changed"}, said.text
    assert [one["message"] for one in said.of("noticed", host="h1")] == [
        f"{NO_PYTHON}: python3 was installed with apt-get, as was asked for"]
    assert bare.witness().file(MADE).content_string == "hello"
    again = desk.apply("--install-python")
    assert again.hosts() == {"h1": "ok"} and not again.of("noticed"), again.text


@pytest.fixture
def foreign(clean_host: LabHost) -> Iterator[LabHost]:
    """A host whose rpm packages have a python3 that is not installed, beside an apt-get that could bring one too. dnf
    itself has a Python of its own, as on Red Hat's systems."""
    own = "/usr/libexec/dnf-python"
    rpms.stock(clean_host)
    rpms.build(clean_host, (*rpms.RPMS, rpms.Rpm("python3", link=("/usr/bin/python3", own))), f"{rpms.FOLDER}/vendor")
    clean_host.run(f"mkdir -p /usr/libexec; cp -L /usr/bin/python3 {own}; sed -i '1s,.*,#!{own},' $(readlink -f "
                   "/usr/bin/dnf); rm /usr/bin/python3* /etc/os-release")
    assert clean_host.run("command -v python3", check=False).stdout == "", "the control"
    yield clean_host
    clean_host.reset()


def test_python_comes_by_the_system_s_own_manager_whatever_else_is_there(desk: Desk, foreign: LabHost) -> None:
    for release, manager in (("ID=rocky\nID_LIKE='rhel centos fedora'", "dnf"),
                             ('ID="opensuse-leap"\nID_LIKE="suse opensuse"', "zypper")):
        foreign.run(f"cat > /etc/os-release <<'END'\n{release}\nEND\nrm -f {MADE}")
        said = desk.apply("--install-python")
        assert said.hosts() == {"h1": "changed"}, said.text
        assert [one["message"] for one in said.of("noticed", host="h1")] == [
            f"{NO_PYTHON}: python3 was installed with {manager}, as was asked for"]
        assert foreign.witness().file(MADE).content_string == "hello"
        foreign.run("rpm -e python3")


def test_run_installs_it_when_asked_for_and_then_runs(desk: Desk, bare: LabHost) -> None:
    desk.reach(h1={"user": "deploy", "become": True})
    words = ("run", "-t", "h1", "--json", "--", "python3", "-c", "print(6 * 7)")
    said = desk.run(*words)
    assert said.hosts() == {"h1": "unreachable"} and "--install-python" in result(said)["mend"], said.text
    assert bare.run("command -v python3", check=False).stdout == "", "the control"
    said = desk.run("run", "--install-python", *words[1:])
    assert said.code == 0 and said.of("resource_done", host="h1")[0]["outputs"]["stdout"] == "42", said.text
    assert [one["message"] for one in said.of("noticed", host="h1")] == [
        f"{NO_PYTHON}: python3 was installed with apt-get, as was asked for"]
    assert bare.run("command -v python3").stdout.strip() == "/usr/bin/python3"


def test_python_that_cannot_be_installed_is_explained(desk: Desk, bare: LabHost) -> None:
    desk.reach(h1={"user": "deploy"})
    said = desk.apply("--install-python")
    assert f"{NO_PYTHON}, and only root can install it, not deploy" == result(said)["message"], said.text
    bare.run("rm -rf /var/lib/apt/lists; echo deb [trusted=yes] file:/srv/nowhere ./ > /etc/apt/sources.list")
    desk.reach(h1={})
    said = desk.apply("--install-python")
    assert said.hosts() == {"h1": "unreachable"}, said.text
    assert f"{NO_PYTHON}, and it could not be installed: apt-get ended with 100: " in result(said)["message"]
    assert "nowhere" in result(said)["message"] and result(said)["mend"]
    bare.run("mv /usr/bin/apt-get /usr/bin/apt-get.away")
    said = desk.apply("--install-python")
    assert "no apt-get, dnf, zypper or apk to install it with" in result(said)["message"], said.text


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


# -- becoming another user ---------------------------------------------------------------------------------------------

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
