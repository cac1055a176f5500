"""What only single types promise, and the cases of the contract cannot hold: a program that is run each time, one that
only looks, a script of which nothing is ever left on the host, and packages of which something is."""
from __future__ import annotations

from pathlib import Path

import pytest

import holdfast
from tests.contract.case import Case
from tests.contract.test_contract import Desk, statuses
from tests.lab import Lab, LabHost

pytestmark = pytest.mark.lab

RUNS = {  # the same program, as either type has it
    "command": "- command: cat {path}",
    "script": "- script: cat {path}\n  content: cat {path}\n  interpreter: sh",
}


@pytest.fixture
def desk(tmp_path: Path, lab: Lab, host: LabHost) -> Desk:
    return Desk(tmp_path, lab, host)


def declare(desk: Desk, resources: str) -> None:
    desk.declare(Case("", resources, lambda _: True), resources)


@pytest.mark.parametrize("type", RUNS)
def test_always_is_a_change_in_each_run_and_does_not_hold_up_a_plan(type: str, desk: Desk) -> None:
    desk.host.run("rm -f /srv/alone; echo first > /srv/ticks")
    declare(desk, f"""
    {RUNS[type].format(path="/srv/ticks").replace(chr(10), chr(10) + "    ")}
      always: true
      register: ticks
    - file: /srv/alone
      content: "{{{{ ticks.stdout }}}}"
    """)
    with holdfast.load(desk.folder, inventory=[desk.folder / "inventory.yml"]) as project:
        plan = project.plan()
        shown, = plan.hosts
        assert [one.event.status for one in shown.results] == ["pending", "unknown"]
        assert shown.results[0].event.action == "run"
        desk.host.run("echo second > /srv/ticks")  # what it will print was never shown
        done, = plan.apply().results
        assert [one.event.status for one in done.results] == ["changed", "changed"]
    assert desk.host.witness().file("/srv/alone").content_string == "second"
    again = desk.run("apply")
    assert [one.event.status for one in again.results] == ["changed", "ok"]


@pytest.mark.parametrize("type", RUNS)
def test_read_only_is_never_a_change_and_a_plan_is_held_to_what_it_said(type: str, desk: Desk) -> None:
    desk.host.run("rm -f /srv/alone; echo first > /srv/answer")
    declare(desk, f"""
    {RUNS[type].format(path="/srv/answer").replace(chr(10), chr(10) + "    ")}
      read_only: true
      register: answer
    - file: /srv/alone
      content: "{{{{ answer.stdout }}}}"
    """)
    with holdfast.load(desk.folder, inventory=[desk.folder / "inventory.yml"]) as project:
        plan = project.plan()
        shown, = plan.hosts
        assert [one.event.status for one in shown.results] == ["ok", "pending"]
        assert "+first" in shown.results[1].event.diffs[0][1], "it was run in the plan, and what it said is shown"
        desk.host.run("echo second > /srv/answer")
        refused, = plan.apply().results
        assert refused.status == "refused"
        assert not desk.host.witness().file("/srv/alone").exists
        desk.host.run("echo first > /srv/answer")
        done, = plan.apply().results
        assert [one.event.status for one in done.results] == ["ok", "changed"]
    assert statuses(desk.run("apply")) == {"ok"}
    desk.host.run("rm /srv/answer")
    failed = desk.run("plan").results[0].event
    assert failed.status == "failed" and "ended with 1" in failed.message


MARK = "mark-of-the-script-4711"
# The script looks for itself, in every process's command line and every file of the host, and kills the runner.
LOOKS = f"""\
#!/bin/sh
# {MARK}
cat /proc/[0-9]*/cmdline | tr '\\0' ' ' > /srv/processes
grep -rlsF {MARK} /etc /root /run /srv /tmp /usr/local /var > /srv/places
kill -9 $PPID
"""
FOUND = f"grep -rlsF {MARK} /etc /root /run /srv /tmp /usr/local /var || true"


def test_a_script_is_never_on_the_disk_nor_in_a_list_of_processes(desk: Desk) -> None:
    desk.host.run("rm -f /srv/places /srv/processes")
    (desk.folder / "playbooks").joinpath("looks.sh").write_text(LOOKS)
    declare(desk, "- script: looks for itself\n  source: looks.sh\n  creates: /srv/places")
    assert desk.run("apply").status == "unreachable", "the control: the runner was killed"
    witness = desk.host.witness()
    assert "/bin/sh /proc/self/fd/" in witness.file("/srv/processes").content_string, "the control: it ran"
    assert MARK not in witness.file("/srv/processes").content_string
    assert witness.file("/srv/places").content_string == ""
    assert witness.check_output(FOUND) == ""
    desk.host.run(f"echo {MARK} > /srv/processes")
    assert witness.check_output(FOUND) == "/srv/processes", "the control: it would be found"
    assert statuses(desk.run("apply")) == {"ok"}
    desk.host.run("rm /srv/places /srv/processes")


@pytest.mark.parametrize(("package", "state", "left"), [
    ("holdfast-svc", "absent", "config-files"), ("holdfast-svc", "purged", None), ("holdfast-hello", "absent", None)])
def test_a_removal_says_whether_a_package_leaves_its_configuration(
        package: str, state: str, left: str | None, desk: Desk) -> None:
    desk.host.run(f"apt-get install -qq {package}")
    declare(desk, f"- package: {package}\n  state: {state}")
    for mode in ("plan", "apply"):
        (name, _, after), = desk.run(mode).results[0].event.fields
        assert (name, after) == ("version", left)
    known = desk.host.witness().run(f"dpkg-query -W -f '${{db:Status-Status}}' {package}").stdout
    assert (known if known != "not-installed" else "") == (left or "")
    desk.host.run(f"dpkg -P {package} || true")
