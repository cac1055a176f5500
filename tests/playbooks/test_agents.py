"""The agents that come with Holdfast, on real hosts: reported as one, found ill when ill, gone without trace."""
from __future__ import annotations

import hashlib
import textwrap
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast.agents.model import AgentState
from tests.lab import Lab, LabHost
from tests.waiting import until

pytestmark = pytest.mark.lab

SITE = """
state: watched
targets: all
parameters:
  stands: {type: text, default: present}
resources:
  - use: auditd
    parameters: # a lab host is a container, in which the kernel lets nobody record
      local_events: false
      tcp_listen_port: 60
      rules: ["-w /srv/payroll -p rwa -k payroll"]
      agent_state: "{{ stands }}"
  - use: chrony
    parameters: {servers: [h2], agent_state: "{{ stands }}"}
  - use: clamav
    parameters: # ClamAV's own signatures would come from the network
      official: false
      custom_urls: ["file:///srv/own.hdb"]
      scan: [/srv/uploads]
      quarantine: /var/quarantine
      agent_state: "{{ stands }}"
  - use: fail2ban
    parameters: {max_retry: 3, agent_state: "{{ stands }}"}
  - use: node-exporter
    parameters: {agent_state: "{{ stands }}"}
  - use: rsyslog
    parameters: {agent_state: "{{ stands }}"}
  - use: unattended-upgrades
    parameters: {agent_state: "{{ stands }}"}
"""
PACKAGES = {"chrony": "chrony", "node-exporter": "prometheus-node-exporter", "rsyslog": "rsyslog",
            "unattended-upgrades": "unattended-upgrades", "auditd": "auditd", "fail2ban": "fail2ban",
            "clamav": "clamav-daemon"}
LEFT = ("/etc/chrony/chrony.conf", "/etc/default/prometheus-node-exporter", "/etc/rsyslog.d/60-holdfast.conf",
        "/etc/apt/apt.conf.d/52holdfast-unattended-upgrades", "/etc/audit", "/etc/fail2ban", "/etc/clamav",
        "/var/lib/clamav", "/etc/systemd/system/clamav-scan.timer", "/etc/systemd/system/clamav-daemon.service.d",
        "/etc/systemd/system/auditd.service.d/holdfast.conf")
VIRUS = "a virus that only this test knows"
SIGNATURE = f"{hashlib.md5(VIRUS.encode()).hexdigest()}:{len(VIRUS)}:Holdfast.Test"
BREAKING = {
    "chrony": ("systemctl stop chrony", "service: chrony: to start"),
    "rsyslog": ("systemctl disable --quiet --now rsyslog syslog.socket", "service: rsyslog: to enable and start"),
    "node-exporter": ("systemctl stop prometheus-node-exporter", "service: prometheus-node-exporter: to start"),
    "auditd": ("echo -D > /etc/audit/rules.d/holdfast.rules && augenrules && systemctl stop auditd",
               "template: /etc/audit/rules.d/holdfast.rules: to update"),
    "fail2ban": ("sed -i '/sshd/,$s/true/false/' /etc/fail2ban/jail.d/holdfast.local && fail2ban-client reload",
                 "template: /etc/fail2ban/jail.d/holdfast.local: to update"),
    "clamav": ("systemctl stop clamav-daemon.socket clamav-daemon", "service: clamav-daemon: to start"),
}


def states(folder: Path, mode: str, **settings: str) -> dict[str, AgentState]:
    """How the agents stand after a run on h1; what the store says of them later is the same."""
    with holdfast.load(folder, inventory=[folder / "inventory.yml"], set=settings) as project:
        done = project.run("apply" if mode == "apply" else "plan", targets="h1 or away")
        seen = project.agents_seen(done)
        assert seen == project.agents("h1 or away"), "what is kept is what was told"
    assert {one.host: one.status for one in done.results}["away"] == "unreachable"
    away = [one for one in seen if one.host == "away"]
    assert {one.agent for one in away} == set(PACKAGES)
    assert not any(one.is_well or one.present is not None or one.asked for one in away), "nobody could ask it"
    return {one.agent: one for one in seen if one.host == "h1"}


def test_agents_from_nothing_to_nothing(tmp_path: Path, lab: Lab, clean_host: LabHost) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "site.yml").write_text(textwrap.dedent(SITE))
    (tmp_path / "inventory.yml").write_text(lab.inventory().replace(
        "hosts:\n", "hosts:\n  away: {address: 127.0.0.9, port: 9, host_keys: accept-new}\n", 1))
    witness = clean_host.witness()
    clean_host.run(f"mkdir /srv/uploads && echo '{SIGNATURE}' > /srv/own.hdb")

    absent = states(tmp_path, "plan")
    assert {(one.present, one.healthy, one.version) for one in absent.values()} == {(False, False, "")}
    assert not any(witness.package(name).is_installed for name in PACKAGES.values()), "a plan writes nothing"

    fresh = states(tmp_path, "apply")
    assert {name: (one.is_well, one.version) for name, one in fresh.items()} == {
        name: (True, witness.package(package).version) for name, package in PACKAGES.items()}
    again = states(tmp_path, "apply")
    assert {name: one.since for name, one in again.items()} == {name: one.since for name, one in fresh.items()}
    assert "node_boot_time_seconds" in witness.check_output(
        "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:9100/metrics\").read().decode())'")

    audit_trail_is_kept(clean_host)
    who_fails_to_log_in_is_shut_out(clean_host, lab.hosts["h2"])
    viruses_are_found(clean_host, tmp_path)

    for command, _ in BREAKING.values():
        clean_host.run(command)
    ill = states(tmp_path, "plan")
    assert {name for name, one in ill.items() if one.is_well} == set(PACKAGES) - set(BREAKING)
    for name, (_, why) in BREAKING.items():
        found = ill[name]
        assert (found.present, found.healthy, found.why) == (True, False, why)
        assert found.since > fresh[name].since
    healed = states(tmp_path, "apply")
    assert all(one.is_well for one in healed.values()), [one.why for one in healed.values() if one.why]
    assert "payroll" in witness.file("/etc/audit/audit.rules").content_string
    assert "sshd" in witness.check_output("fail2ban-client status")

    gone = states(tmp_path, "apply", stands="absent")
    assert {(one.wanted, one.present, one.is_well) for one in gone.values()} == {("absent", False, True)}
    assert [path for path in LEFT if witness.file(path).exists] == []
    assert [name for name in PACKAGES.values() if witness.run(f"dpkg -s {name}").rc == 0] == [], "purged"
    assert witness.check_output("systemctl --failed --plain --no-legend") == ""


def audit_trail_is_kept(host: LabHost) -> None:
    """auditd has its rules, and writes down what others send; in a container the kernel sends it nothing."""
    witness: Any = host.witness()
    rules = witness.file("/etc/audit/audit.rules").content_string.splitlines()
    assert "-w /etc/sudoers -p wa -k privileges" in rules and "-w /srv/payroll -p rwa -k payroll" in rules
    assert "ACCEPT" not in witness.file("/var/log/audit/audit.log").content_string
    host.run("python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 60))'")
    until(lambda: "type=DAEMON_ACCEPT" in witness.file("/var/log/audit/audit.log").content_string)
    assert "auditctl -R /etc/audit/audit-stop.rules" in witness.check_output("systemctl cat auditd")


def who_fails_to_log_in_is_shut_out(host: LabHost, stranger: LabHost) -> None:
    """The control comes first: until it has failed too often it is let in as far as the login."""
    login = f"ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o ConnectTimeout=5 nobody-here@{host.address} true 2>&1"
    assert "Permission denied" in stranger.run(login, check=False).stdout
    for _ in range(2):
        stranger.run(login, check=False)
    until(lambda: stranger.address in host.run("fail2ban-client status sshd").stdout.split())
    assert "Connection refused" in stranger.run(login, check=False).stdout
    host.run(f"fail2ban-client unban {stranger.address}")
    assert "Permission denied" in stranger.run(login, check=False).stdout


def viruses_are_found(host: LabHost, site: Path) -> None:
    """One file by hand, then by the nightly scan: it is moved away, and told of until a scan finds no more."""
    host.run(f"printf '{VIRUS}' > /srv/uploads/bad; printf '{VIRUS[1:]}' > /srv/uploads/good")
    assert "bad: Holdfast.Test" in host.run("clamdscan --fdpass /srv/uploads/bad", check=False).stdout
    assert "good: OK" in host.run("clamdscan --fdpass /srv/uploads/good").stdout
    assert host.run("systemctl start clamav-scan.service", check=False).returncode != 0
    assert host.run("ls /srv/uploads /var/quarantine").stdout.split() == [
        "/srv/uploads:", "good", "/var/quarantine:", "bad"]
    found = states(site, "plan")["clamav"]
    assert (found.present, found.healthy) == (True, False) and "the last scan found nothing" in found.why
    host.run("systemctl start clamav-scan.service")
    assert states(site, "plan")["clamav"].is_well
