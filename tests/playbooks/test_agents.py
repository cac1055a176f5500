"""The agents that come with Holdfast, on real hosts: reported as one, found ill when ill, gone without trace."""
from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

import holdfast
from holdfast.agents.model import AgentState
from tests.lab import Lab, LabHost

pytestmark = pytest.mark.lab

SITE = """
state: watched
targets: all
parameters:
  stands: {type: text, default: present}
resources:
  - use: chrony
    parameters: {servers: [h2], agent_state: "{{ stands }}"}
  - use: node-exporter
    parameters: {agent_state: "{{ stands }}"}
  - use: rsyslog
    parameters: {agent_state: "{{ stands }}"}
  - use: unattended-upgrades
    parameters: {agent_state: "{{ stands }}"}
"""
PACKAGES = {"chrony": "chrony", "node-exporter": "prometheus-node-exporter", "rsyslog": "rsyslog",
            "unattended-upgrades": "unattended-upgrades"}
FILES = {"chrony": "/etc/chrony/chrony.conf", "node-exporter": "/etc/default/prometheus-node-exporter",
         "rsyslog": "/etc/rsyslog.d/60-holdfast.conf",
         "unattended-upgrades": "/etc/apt/apt.conf.d/52holdfast-unattended-upgrades"}


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

    clean_host.run("systemctl stop prometheus-node-exporter")
    ill = states(tmp_path, "plan")
    assert ill["chrony"].is_well
    found = ill["node-exporter"]
    assert (found.present, found.healthy, found.why) == (True, False, "service: prometheus-node-exporter: to start")
    assert found.since > fresh["node-exporter"].since
    assert states(tmp_path, "apply")["node-exporter"].is_well

    gone = states(tmp_path, "apply", stands="absent")
    assert {(one.wanted, one.present, one.is_well) for one in gone.values()} == {("absent", False, True)}
    for name, package in PACKAGES.items():
        assert not witness.file(FILES[name]).exists
        assert witness.run(f"dpkg -s {package}").rc != 0, "purged"
