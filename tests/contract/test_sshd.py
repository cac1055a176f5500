"""`sshd` never shuts out whoever applies it, and never leaves an sshd that does not run: on a real host, over SSH."""
from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tests.contract.case import Case
from tests.contract.test_contract import Desk, statuses
from tests.lab import Lab, LabHost

pytestmark = pytest.mark.lab

SHUT_OUT = {  # options, and what the refusal says; the caller is root, by an ED25519 key, at port 22
    "Port: 2222": "connected to port 22",
    'ListenAddress: ["127.0.0.1:22"]': "ListenAddress",
    'PermitRootLogin: "no"': "connected as root by publickey",
    "DenyUsers: [root]": "shuts out root",
    "AllowUsers: [deploy, root@192.0.2.0/24]": "does not name root",
    "DenyGroups: [ro*]": "DenyGroups",
    "AllowGroups: [deploy]": "names no group of root",
    'PubkeyAuthentication: "no"': "let in by publickey",
    'AuthenticationMethods: "publickey,password"': "let in by publickey alone",
    "AuthorizedKeysFile: /etc/ssh/keys/%u": "is in none of these files",
    "PubkeyAcceptedAlgorithms: rsa-sha2-512": "an ED25519 key",
    "ForceCommand: /bin/false": "it would be another",
    "ChrootDirectory: /srv": "it would be another",
    "MaxSessions: 0": "nobody could log in",
    "Ciphers: aes128-cbc": "no algorithm is left",
    "HostKeyAlgorithms: rsa-sha2-512": "a key for ssh-ed25519",
    "MACs: none-such": "05-16.conf line 1",
    "Subsystem: sftp": "does not take this configuration",
}


@pytest.fixture
def desk(tmp_path: Path, lab: Lab, host: LabHost) -> Desk:
    return Desk(tmp_path, lab, host)


def declare(desk: Desk, resources: str) -> None:
    desk.declare(Case("", resources, lambda _: True), textwrap.dedent(resources))


def test_what_shuts_the_caller_out_is_refused_and_nothing_is_written(desk: Desk) -> None:
    declare(desk, "".join(f"- sshd: 05-{number}\n  options: {{{option}}}\n" for number, option in enumerate(SHUT_OUT)))
    before = desk.host.run("ls -l --time-style=full-iso /etc/ssh /etc/ssh/sshd_config.d").stdout
    planned, done = desk.run("plan"), desk.run("apply")
    assert statuses(planned) == statuses(done) == {"failed"}
    told = {option: found.event.message for option, found in zip(SHUT_OUT, planned.results, strict=True)}
    assert {option: said for option, said in told.items() if SHUT_OUT[option] not in said} == {}
    assert desk.host.run("ls -l --time-style=full-iso /etc/ssh /etc/ssh/sshd_config.d").stdout == before
    assert desk.host.witness().service("ssh").is_running, "asked over SSH"


def test_what_leaves_the_caller_a_way_in_is_done(desk: Desk) -> None:
    """The control; whoever is shut out besides is not the caller."""
    declare(desk, """
    - sshd: 05-open
      options:
        Port: [22, 2222]
        PermitRootLogin: prohibit-password
        PasswordAuthentication: "no"
        AllowUsers: ["root@10.0.0.0/8", ops]
        AllowGroups: [root, ops]
        AuthenticationMethods: publickey
        Ciphers: aes256-gcm@openssh.com
    - sshd: 90-deploy
      match: User deploy
      options: {ForceCommand: /bin/false, PubkeyAuthentication: "no"}
    """)
    master = desk.host.run("systemctl show -p MainPID --value ssh").stdout
    assert desk.run("apply").status == "changed"
    assert statuses(desk.run("apply")) == {"ok"}, "over a new connection"
    witness = desk.host.witness()
    assert witness.socket("tcp://0.0.0.0:2222").is_listening
    assert "passwordauthentication no" in witness.check_output("sshd -T")
    assert desk.host.run("systemctl show -p MainPID --value ssh").stdout == master, "reloaded, not restarted"
    declare(desk, "- sshd: [05-open, 90-deploy]\n  state: absent\n")
    assert desk.run("apply").status == "changed"
    assert not desk.host.witness().socket("tcp://0.0.0.0:2222").is_listening


def test_a_setting_that_another_file_decides_is_refused_with_its_place(desk: Desk) -> None:
    declare(desk, "- sshd: 20-late\n  options: {UseDNS: \"yes\"}\n")
    result, = desk.run("plan").results
    assert "decided before, by /etc/ssh/sshd_config.d/10-lab.conf line 3" in result.event.message


def test_what_was_written_and_not_loaded_is_loaded(desk: Desk) -> None:
    """As after a power cut between the two."""
    declare(desk, "- sshd: 05-load\n  options: {Port: [22, 2244]}\n")
    desk.host.run("printf 'Port 22\\nPort 2244\\n' > /etc/ssh/sshd_config.d/05-load.conf")
    planned, = desk.run("plan").results
    assert (planned.event.status, planned.event.action) == ("pending", "reload")
    assert desk.run("apply").status == "changed"
    assert desk.host.witness().socket("tcp://0.0.0.0:2244").is_listening
    desk.host.run("rm /etc/ssh/sshd_config.d/05-load.conf; systemctl reload ssh")


def test_an_sshd_that_does_not_come_back_has_its_configuration_back(desk: Desk) -> None:
    """It reads the file when it is reloaded, and dies: here a unit's own check sees to that."""
    desk.host.run("mkdir -p /run/systemd/system/ssh.service.d; cd /run/systemd/system/ssh.service.d; printf "
                  "'[Service]\\nExecReload=\\nExecReload=/bin/false\\n' > broken.conf; systemctl daemon-reload")
    declare(desk, "- sshd: 05-broken\n  options: {MaxAuthTries: 5}\n")
    result, = desk.run("apply").results
    assert result.event.status == "failed"
    assert "as it was before" in result.event.message
    assert not desk.host.witness().file("/etc/ssh/sshd_config.d/05-broken.conf").exists
    desk.host.run("rm -r /run/systemd/system/ssh.service.d; systemctl daemon-reload")
    assert desk.run("apply").status == "changed", "the control"
    declare(desk, "- sshd: 05-broken\n  state: absent\n")
    assert desk.run("apply").status == "changed"
