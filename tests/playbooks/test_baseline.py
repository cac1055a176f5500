"""The Debian baseline, on a real host: each control fails where it does not hold and passes after apply. The host still
boots, takes logins and updates."""
from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

import holdfast
from holdfast.baselines.model import ControlResult, score
from holdfast.reports.controls import control_objects
from tests.lab import Lab, LabHost

pytestmark = pytest.mark.lab

SITE = """
baseline: our-servers
targets: h1
resources:
  - use: debian-hardening
exceptions:
  - {control: ssh-no-forwarding, owner: ann, reason: tunnels until the VPN is there, expires: 2999-12-31}
  - {control: cron-allow, targets: h1, owner: bob, reason: was needed once, expires: 2020-01-31}
  - {control: at-allow, targets: not h1, owner: bob, reason: for others, expires: 2999-12-31}
"""
PLAIN = "state: site\ntargets: h1\nresources:\n  - use: debian-hardening\n"
# What holds on a plain host already: how each is broken.
BREAKS = {
    "cron-runs": "systemctl disable --now cron", "no-rsync": "apt-get install -qy rsync",
    **{f"file-{name}": f"chmod 0666 /etc/{path}" for name, path in {
        "passwd": "passwd", "group": "group", "shadow": "shadow", "gshadow": "gshadow", "shells": "shells",
        "opasswd": "security/opasswd"}.items()}}


def controls(folder: Path, mode: str, text: str = PLAIN) -> dict[str, ControlResult]:
    (folder / "playbooks" / "site.yml").write_text(textwrap.dedent(text))
    with holdfast.load(folder, inventory=[folder / "inventory.yml"]) as project:
        standing = project.standing(project.run("apply" if mode == "apply" else "plan"))
    assert bool(standing.remarks) == ("2020-01-31" in text), "an exception that has expired is told of"
    return {one.control.id: one for one in standing.controls}


def of(found: dict[str, ControlResult], status: str) -> set[str]:
    return {name for name, one in found.items() if one.status == status}


def test_each_control_fails_and_passes(tmp_path: Path, lab: Lab, clean_host: LabHost) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "inventory.yml").write_text(lab.inventory())
    plain = controls(tmp_path, "plan")
    assert len(plain) >= 60
    assert of(plain, "pass") == set(BREAKS), "what holds already is broken below"
    assert of(plain, "fail") == set(plain) - set(BREAKS)
    assert all(one.control.reference.startswith("CIS Debian Linux 12") for one in plain.values())

    done = controls(tmp_path, "apply")
    assert of(done, "pass") == set(done), [one for one in done.values() if one.status != "pass"]
    assert score(done.values()).percent == 100
    for command in BREAKS.values():
        clean_host.run(command)
    assert of(controls(tmp_path, "plan"), "fail") == set(BREAKS)
    assert of(controls(tmp_path, "apply"), "pass") == set(done)

    clean_host.stop()
    clean_host.start()
    clean_host.wait_until_up()
    witness = clean_host.witness()
    witness.run_expect([0], "apt-get update && apt-get install -qy holdfast-hello")
    assert witness.service("ssh").is_running
    assert witness.check_output("sysctl -n net.ipv4.conf.all.send_redirects") == "0"
    assert "permitrootlogin without-password" in witness.check_output("sshd -T")
    assert of(controls(tmp_path, "plan"), "pass") == set(done), "after a boot and an update"

    clean_host.run("rm /etc/ssh/sshd_config.d/00-ssh-no-forwarding.conf /etc/cron.allow /etc/at.allow")
    found = controls(tmp_path, "plan", SITE)
    assert (of(found, "excepted"), of(found, "fail")) == ({"ssh-no-forwarding"}, {"cron-allow", "at-allow"})
    assert found["ssh-no-forwarding"].why == "until 2999-12-31 by ann: tunnels until the VPN is there"
    found = controls(tmp_path, "apply", SITE)
    assert of(found, "pass") == set(done) - {"ssh-no-forwarding"}
    assert not clean_host.witness().file("/etc/ssh/sshd_config.d/00-ssh-no-forwarding.conf").exists, "it is left alone"
    *_, total = control_objects(list(found.values()))
    assert (total["event"], total["percent"], total["counts"]["excepted"]) == ("score", 100, 1), json.dumps(total)
