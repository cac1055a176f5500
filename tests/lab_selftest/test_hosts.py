"""What a lab host is: a Debian of its own that can be logged in to, verified, and looked at."""

from __future__ import annotations

import functools
import subprocess

import pytest
import yaml

from tests.lab import Lab, LabHost
from tests.lab.recipe import OPS_PASSWORD


def ssh(lab: Lab, where: str, command: str, *options: str) -> subprocess.CompletedProcess[str]:
    argv = ["ssh", "-F", str(lab.ssh_config), "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", *options, where, command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)


def test_three_hosts_have_names_and_addresses_of_their_own(lab: Lab) -> None:
    assert list(lab.hosts) == ["h1", "h2", "h3"]
    assert len({host.address for host in lab.hosts.values()}) == 3
    for host in lab.hosts.values():
        assert ssh(lab, host.name, "hostname").stdout.strip() == host.name
        assert ssh(lab, host.address, "hostname").stdout.strip() == host.name


def test_host_has_booted_whole(clean_host: LabHost) -> None:
    assert clean_host.run("systemctl is-system-running").stdout.strip() == "running"
    assert clean_host.failed_units() == []
    assert clean_host.run("cat /etc/debian_version").stdout.startswith("12.")


@pytest.mark.parametrize(("user", "identity"), [("root", "uid=0(root)"), ("ops", "(ops)"), ("deploy", "(deploy)")])
def test_lab_key_lets_in(lab: Lab, host: LabHost, user: str, identity: str) -> None:
    assert identity in ssh(lab, host.name, "id", "-l", user).stdout


def test_another_key_does_not_let_in(lab: Lab, host: LabHost) -> None:
    done = ssh(lab, host.name, "id", "-o", "IdentityFile=none", "-o", "IdentitiesOnly=yes", "-F", "/dev/null")
    assert done.returncode == 255


def test_another_host_key_is_refused(lab: Lab, host: LabHost) -> None:
    wrong = lab.hosts["h2"].host_key.with_name("h2.pub").read_text().split()
    file = lab.folder / "wrong_known_hosts"
    file.write_text(f"{host.address},{host.name} {wrong[0]} {wrong[1]}\n")
    done = ssh(lab, host.name, "true", "-o", f"UserKnownHostsFile={file}")
    assert done.returncode == 255
    assert "Host key verification failed" in done.stderr


def test_deploy_has_sudo_without_a_password_and_ops_with_one(lab: Lab, host: LabHost) -> None:
    assert ssh(lab, host.name, "sudo -n id -u", "-l", "deploy").stdout.strip() == "0"
    assert ssh(lab, host.name, "sudo -n id -u", "-l", "ops").returncode != 0
    with_password = f"echo {OPS_PASSWORD} | sudo -S -p '' id -u"
    assert ssh(lab, host.name, with_password, "-l", "ops").stdout.strip() == "0"
    assert ssh(lab, host.name, with_password.replace("1", "2"), "-l", "ops").returncode != 0


def test_password_login(host: LabHost) -> None:
    import paramiko

    with paramiko.SSHClient() as client:
        client.load_host_keys(str(host.folder / "known_hosts"))
        login = functools.partial(client.connect, host.address, username="ops", allow_agent=False, look_for_keys=False)
        with pytest.raises(paramiko.AuthenticationException):
            login(password="wrong")
        login(password=OPS_PASSWORD)
        assert client.exec_command("whoami")[1].read() == b"ops\n"


def test_witness_tells_running_from_not(clean_host: LabHost) -> None:
    witness = clean_host.witness()
    assert witness.service("cron").is_running
    clean_host.run("systemctl stop cron")
    assert not witness.service("cron").is_running
    assert witness.file("/etc/hostname").content_string == "h1\n"
    assert not witness.file("/no/such/file").exists


def test_hosts_reach_one_another_by_name_and_nothing_else(lab: Lab, host: LabHost) -> None:
    probe = "import socket,sys; s=socket.create_connection((sys.argv[1], 22), 2); print(s.recv(4))"
    assert host.run(("python3", "-c", probe, "h2")).stdout == "b'SSH-'\n"
    assert host.run("ip route show default").stdout == ""
    assert host.run(("python3", "-c", probe, "192.0.2.1"), check=False).returncode != 0


def test_rootfs_shows_what_the_host_writes(host: LabHost) -> None:
    host.run("echo seen > /var/tmp/mark")
    assert (host.rootfs / "var/tmp/mark").read_text() == "seen\n"


def test_inventory_is_the_lab(lab: Lab) -> None:
    data = yaml.safe_load(lab.inventory())
    assert data["inventory"] == lab.name
    assert list(data["hosts"]) == list(lab.hosts)
    assert data["hosts"]["h2"] == {
        "address": lab.hosts["h2"].address,
        "user": "root",
        "key": str(lab.key),
        "known_hosts": str(lab.known_hosts),
        "tags": {},
    }
