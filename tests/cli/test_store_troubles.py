"""The store where it hurts: damaged, read-only, full, shared, and left alone by a controller that was killed."""
from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.lab.host import LabHost
from tests.trust.site import HOLDFAST, Said, Site, objects_of

MOTD = """
    state: motd
    targets: all
    resources:
      - file: /etc/motd
        content: kept
    """
RO = "mount --bind .holdfast .holdfast && mount -o remount,bind,ro .holdfast"
FILL = "(dd if=/dev/zero of=.holdfast/full bs=4096 2>/dev/null; true)"
NO_ROOM = f"mount -t tmpfs -o size=64k none .holdfast && {FILL}"
FULL = f"cp -a .holdfast kept && mount -t tmpfs -o size=2m none .holdfast && cp -a kept/. .holdfast/ && {FILL}"


@pytest.fixture
def motd(site: Site) -> Site:
    site.write(MOTD)
    assert site.run("plan").code == 0, "it has a store, and hosts have their runner"
    return site


def apart(site: Site, scene: str, *words: str) -> Said:
    """The command where file systems are mounted that nobody else sees."""
    done = subprocess.run(["unshare", "--mount", "sh", "-c", scene + ' && exec "$@"', "sh", HOLDFAST, *words],
                          cwd=site.folder, capture_output=True, text=True, timeout=120, check=False)
    return Said(done.returncode, done.stdout + done.stderr, objects_of(done.stdout))


def motds(hosts: Mapping[str, LabHost]) -> set[str]:
    return {(host.rootfs / "etc/motd").read_text() for host in hosts.values()}


@pytest.mark.parametrize("command", ["apply", "plan"])
@pytest.mark.parametrize(("scene", "what"), [
    ("head -c 8192 /dev/urandom > .holdfast/holdfast.db", "is damaged"),
    (RO, "cannot be used"),
    (FULL, "cannot be used"),
    (NO_ROOM, "cannot be opened: No space left on device\n  make room"),
], ids=["damaged", "read-only", "full", "no room to begin"])
def test_a_store_that_cannot_be_used_is_refused_and_nothing_is_changed(
        motd: Site, clean_hosts: Mapping[str, LabHost], scene: str, what: str, command: str) -> None:
    before = motds(clean_hosts)
    said = apart(motd, scene, command)
    assert said.code == 2
    assert f"the store .holdfast/holdfast.db {what}" in said.text
    assert "Traceback" not in said.text
    assert said.text.rstrip().endswith("1 problem")
    assert "never touched" not in said.text, "no line for each of thousands"
    assert motds(clean_hosts) == before


def test_the_control_a_store_in_order_is_used(motd: Site, clean_hosts: Mapping[str, LabHost]) -> None:
    assert apart(motd, "true", "apply").code == 0
    assert motds(clean_hosts) == {"kept"}


def test_a_killed_controller_loses_nothing_that_was_done(site: Site, clean_hosts: Mapping[str, LabHost]) -> None:
    site.write("""
        state: slow
        targets: h1 or h2
        resources:
          - file: /root/one
            content: "1"
          - command: sh -c "echo begun; until [ -e /root/go ]; do sleep 0.1; done"
            always: true
        """)
    controller = site.start("apply", "--json")
    with controller:
        begun: set[str] = set()
        for line in controller.stdout or ():
            thing = json.loads(line)
            if thing["event"] == "output_came":
                begun.add(thing["host"])
            if begun == {"h1", "h2"}:
                break
        controller.kill()
    run = site.run("runs", "show", "last", "--json").of("run")[0]
    assert run["status"] == "interrupted"
    shown = site.run("runs", "show", "last")
    assert "2 hosts interrupted: the controller ended before this host's result was kept" in shown.text
    for name in ("h1", "h2"):
        clean_hosts[name].run("touch /root/go")
    after = site.run("plan")
    assert f"h1: results of run {run['run']} were collected" in after.text
    one = site.run("runs", "show", run["run"], "h1", "-v").text
    assert "changed (create) file: /root/one" in one
    assert site.run("runs", "show", run["run"], "--json").hosts() == {"h1": "changed", "h2": "changed"}


def test_many_controllers_share_a_store(motd: Site) -> None:
    started = [motd.start("plan", "-t", host) for host in ("h1", "h2", "h3") for _ in range(2)]
    for one in started:
        with one:
            out, told = one.communicate(timeout=120)
            assert (one.returncode, told) == (0, ""), out
    assert len(motd.run("runs", "list", "--json").of("run", status="done")) == 1 + len(started)


def test_the_store_is_only_its_owners(motd: Site) -> None:
    store = Path(motd.folder) / ".holdfast"
    assert {oct(path.stat().st_mode & 0o077) for path in (store, *store.glob("holdfast.db*"))} == {"0o0"}
