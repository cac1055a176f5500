"""Agents that no distribution has: from a vendor's signed package repository, and from an archive with its checksum.
Both on one host, from nothing over an upgrade to nothing."""
from __future__ import annotations

import dataclasses
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast.agents.model import AgentState
from tests.lab import Lab, LabHost
from tests.lab.debs import DEBS, Deb
from tests.lab.signed import Vendor

pytestmark = pytest.mark.lab

VENDORED = """
agent: vendored
targets: all
state: {state}
repository:
  - package_repository: vendor
    uris: [{url}]
    suites: [stable]
    components: [main]
    key_url: {url}/release.asc
    fingerprints: [{key}]
package: {{name: vendor-agent, state: latest, refresh_s: 86400}}
version: "{range}"
service: vendor-agent
health:
  - command_check: vendor-agent runs as it was packaged
    run: cat /run/vendor-agent
    matches: ^hello
    timeout_s: 10
remove:
  - package_repository: vendor
    state: absent
"""
ARCHIVED = """
agent: archived
targets: all
state: {state}
vars:
  release: "{release}"
version: "{{{{ release }}}}"
archive:
  - archive: probe
    path: /opt/probe
    url: {url}/probe-{{{{ release }}}}.tar.gz
    checksum: sha256:{checksum}
    strip: 1
  - download: /usr/local/bin/probectl
    url: {url}/probectl
    checksum: sha256:{control}
    mode: "0755"
configuration:
  - systemd_unit: probe.service
    content: |
      [Service]
      ExecStart=/opt/probe/bin/probe
      [Install]
      WantedBy=multi-user.target
service: probe
health:
  - command_check: probe answers
    run: probectl
    matches: ^probe
    timeout_s: 10
"""
CONTROL = b"#!/bin/sh\nexec cat /run/probe\n"


class Desk:
    """Declares both agents, and runs them on h1. What is declared stays so until it is declared anew."""

    def __init__(self, folder: Path, lab: Lab, vendor: Vendor, url: str) -> None:
        self.folder, self.vendor = folder, vendor
        self.about = {"url": url, "state": "present", "key": vendor.make_key("release"), "range": ">= 1.0, < 2",
                      "release": "1.0", "checksum": "", "control": hashlib.sha256(CONTROL).hexdigest()}
        (vendor.public / "probectl").write_bytes(CONTROL)
        (folder / "playbooks").mkdir()
        (folder / "inventory.yml").write_text(lab.inventory())

    def publish(self, version: str) -> None:
        """The vendor has this version, as package and as archive."""
        self.vendor.publish("release", packaged(version))
        (self.vendor.public / f"probe-{version}.tar.gz").write_bytes(archived(version))

    def wants(self, **about: str) -> None:
        self.about.update(about)
        self.about["checksum"] = about.get("checksum") or hashlib.sha256(archived(self.about["release"])).hexdigest()

    def states(self, mode: str) -> tuple[AgentState, AgentState]:
        """How they stand after a run: that from the repository, that from the archive."""
        text = VENDORED.format(**self.about) + "---" + ARCHIVED.format(**self.about)
        (self.folder / "playbooks" / "site.yml").write_text(text)
        with holdfast.load(self.folder, inventory=[self.folder / "inventory.yml"]) as project:
            done = project.run("apply" if mode == "apply" else "plan", targets="h1")
            seen = {one.agent: one for one in project.agents_seen(done)}
            assert seen == {one.agent: one for one in project.agents("h1")}, "what is kept is what was told"
        return seen["vendored"], seen["archived"]


def packaged(version: str) -> Deb:
    """The lab's package of a service under another name."""
    known = next(deb for deb in DEBS if deb.name == "holdfast-svc")

    def named(texts: dict[str, str]) -> dict[str, str]:
        return {name.replace(known.name, "vendor-agent"): text.replace(known.name, "vendor-agent")
                for name, text in texts.items()}

    return dataclasses.replace(known, name="vendor-agent", version=version, files=named(known.files),
                               scripts=named(known.scripts), conffiles=("/etc/vendor-agent.conf",))


def archived(version: str) -> bytes:
    """The same for equal versions, as their checksums are declared."""
    program = f"#!/bin/sh\necho probe {version} > /run/probe\nexec sleep infinity\n".encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as whole:
        for name, data, mode in (("bin/probe", program, 0o755), (f"only-{version}", b"", 0o644)):
            info = tarfile.TarInfo(f"probe-{version}/{name}")
            info.size, info.mode = len(data), mode
            whole.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.fixture
def desk(tmp_path: Path, lab: Lab, clean_host: LabHost) -> Iterator[Desk]:
    assert clean_host.name == "h1"
    (tmp_path / "vendor").mkdir()
    (tmp_path / "desk").mkdir()
    vendor = Vendor(tmp_path / "vendor")
    with vendor.served(lab) as url:
        yield Desk(tmp_path / "desk", lab, vendor, url)


def well(states: tuple[AgentState, AgentState]) -> list[tuple[bool, str]]:
    return [(one.is_well, one.version) for one in states]


def since(states: tuple[AgentState, AgentState]) -> list[float]:
    return [one.since or 0 for one in states]


def test_agents_from_a_vendor_over_an_upgrade_to_nothing(desk: Desk, clean_host: LabHost) -> None:
    witness = clean_host.witness()
    desk.publish("1.0")
    desk.wants()
    nothing = desk.states("plan")
    assert [(one.present, one.version) for one in nothing] == [(None, ""), (False, "")]
    assert nothing[0].why == "package_repository: vendor: to create", "the package is not on offer before"
    assert not witness.file("/opt/probe").exists and not witness.file("/etc/apt/sources.list.d/vendor.sources").exists
    first = desk.states("apply")
    assert well(first) == [(True, "1.0")] * 2, [one.why for one in first]
    again = desk.states("apply")
    assert (well(again), since(again)) == (well(first), since(first))

    desk.publish("2.0")
    desk.publish("1.1")
    desk.wants(release="1.1")
    clean_host.run("touch -d '2 days ago' /var/lib/apt/lists")
    planned = desk.states("plan")
    assert [(one.present, one.healthy, one.version) for one in planned] == [(True, True, "1.0")] * 2
    assert since(planned) == since(first), "nothing has happened yet"
    upgraded = desk.states("apply")
    assert well(upgraded) == [(True, "1.1")] * 2, "2.0 is on offer too, and not in the range"
    assert all(new > old for new, old in zip(since(upgraded), since(first), strict=True))
    assert witness.file("/run/probe").content_string == "probe 1.1\n", "it was restarted"
    assert witness.file("/opt/probe/only-1.1").exists and not witness.file("/opt/probe/only-1.0").exists
    again = desk.states("plan")
    assert (well(again), since(again)) == (well(upgraded), since(upgraded))

    clean_host.run("rm /opt/probe/bin/probe; echo >> /usr/local/bin/probectl; systemctl stop probe vendor-agent")
    ill = desk.states("plan")
    assert [(one.present, one.healthy, one.version) for one in ill] == [(True, False, "1.1")] * 2
    assert [one.why.split(": to ")[0] for one in ill] == ["service: vendor-agent", "archive: probe"]
    assert well(desk.states("apply")) == [(True, "1.1")] * 2

    desk.wants(range="< 1.1", release="1.2", checksum="ab" * 32)
    desk.publish("1.2")
    refused = desk.states("apply")
    assert "would go back from 1.1 to 1.0" in refused[0].why and "ab" * 32 in refused[1].why
    assert (refused[0].present, refused[0].version) == (True, "1.1") and not refused[0].is_well
    assert witness.package("vendor-agent").version == "1.1"
    assert witness.file("/run/probe").content_string == "probe 1.1\n"
    assert witness.service("vendor-agent").is_running and witness.service("probe").is_running

    desk.wants(state="absent")
    assert [(one.wanted, one.present, one.is_well) for one in desk.states("apply")] == [("absent", False, True)] * 2
    assert well(desk.states("plan")) == [(True, "")] * 2
    left = ("/opt/probe", "/usr/local/bin/probectl", "/etc/systemd/system/probe.service",
            "/etc/apt/sources.list.d/vendor.sources", "/etc/apt/keyrings/vendor.gpg", "/etc/vendor-agent.conf",
            "/usr/bin/vendor-agent")
    assert [path for path in left if witness.file(path).exists] == []
    assert witness.run("pgrep -f 'bin/probe|vendor-agent'").rc == 1, "and nothing of them runs"
