"""Who a host is, is proved over SSH before anything is sent: by a known key, by an authority, or on first use."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.failure.desk import Desk, result
from tests.failure.reaching import is_changed, log_of_sshd
from tests.lab import LabHost
from tests.lab.identity import known_host, make_key
from tests.lab.recipe import OPS_PASSWORD
from tests.trust.site import Said

pytestmark = pytest.mark.usefixtures("fresh")


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
