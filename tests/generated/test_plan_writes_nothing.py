"""A plan writes nothing on a host: every type's declarations are planned while the kernel is watched."""
from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

import holdfast
from tests.contract.cases import CASES
from tests.generated.trace import runners, watched, writes
from tests.lab import Lab, LabHost
from tests.trust.site import Site


@pytest.fixture
def site(tmp_path: Path, lab: Lab, clean_hosts: Mapping[str, LabHost]) -> Site:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "lab.yml").write_text(lab.inventory())
    return Site(tmp_path)


def planned_at(site: Site, file: str) -> list[str]:
    """How a plan of one file ends on each host."""
    with holdfast.load(site.folder) as project:
        return [one.status for one in project.run("plan", [site.folder / file]).results]


def test_a_plan_writes_nothing(site: Site, clean_hosts: Mapping[str, LabHost], tmp_path: Path) -> None:
    host = clean_hosts["h1"]
    for number, case in enumerate(CASES):
        if case.before:
            host.run(case.before)
        for name, content in case.contents:
            site.write(content, f"playbooks/{number}/{name}")
        body = textwrap.indent(textwrap.dedent(case.present).strip("\n"), "  ")
        site.write(f"state: case-{number}\ntargets: h1\nresources:\n{body}\n", f"playbooks/{number}/case.yml")
    files = [f"playbooks/{number}/case.yml" for number in range(len(CASES))]
    site.write("state: control\ntargets: h1\nresources:\n"
               "- command: touch /srv/by-a-child\n  always: true\n", "playbooks/control.yml")
    assert site.run("plan", files[0]).code == 0, "the runner is installed at the first contact"
    host.run("touch /var/lib/dpkg/status")  # somebody used dpkg by itself: what apt keeps of it is out of date
    log = tmp_path / "plans.log"
    with watched(host, log):
        planned = [status for file in files for status in planned_at(site, file)]
    assert set(planned) <= {"ok", "pending", "failed"}, planned
    assert runners(log) == len(CASES)
    assert writes(log) == []
    log = tmp_path / "apply.log"
    with watched(host, log):
        assert site.run("apply", "playbooks/control.yml").code == 0
    assert [call for call in writes(log) if '"/srv/by-a-child"' in call], "the control: what a child writes is seen"
