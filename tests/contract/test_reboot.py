"""`reboot`: the host goes down and comes back, and the run goes on with what comes after it."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.case import Case
from tests.contract.test_contract import Desk, statuses
from tests.contract.test_undo import undo
from tests.lab import Lab, LabHost

pytestmark = pytest.mark.lab
RUN = """
- command: sh -c 'echo once >> /srv/reboot/once'
  always: true
- file: /srv/reboot/before
  content: before
  notify: {reboot: for the new file}
- service: cron
  running: true
- reboot: as it is required
  if_required: true
  if_kernel_is_older: true
- reboot: for the new file
  timeout_s: 120
- command: cat /proc/sys/kernel/random/boot_id
  always: true
- file: /srv/reboot/after
  content: after
"""


@pytest.fixture
def desk(tmp_path: Path, lab: Lab, host: LabHost) -> Desk:
    host.run("rm -rf /srv/reboot /boot/vmlinuz*; mkdir /srv/reboot")
    return Desk(tmp_path, lab, host)


def declare(desk: Desk, resources: str) -> None:
    desk.declare(Case("", resources, lambda _: True), resources)


def boot(host: LabHost) -> str:
    return host.run("cat /proc/sys/kernel/random/boot_id").stdout.strip()


def test_run_goes_on_after_each_boot_and_nothing_is_done_twice(desk: Desk) -> None:
    """Two boots: one because the host asks for it, one because it was notified."""
    declare(desk, RUN)
    desk.host.run("echo linux-image > /run/reboot-required.pkgs; touch /run/reboot-required")
    first = boot(desk.host)
    planned = {found.id: found.event for found in desk.run("plan").results}
    assert planned["reboot: as it is required"].fields[0][1] == "linux-image"
    assert planned["reboot: for the new file"].refreshed == "reboot: file: /srv/reboot/before"
    done = desk.run("apply")
    assert done.status == "changed", [(found.id, found.event.message) for found in done.results]
    found = {found.id: found.event for found in done.results}
    assert {event.status for event in found.values()} == {"changed", "ok"}
    last = boot(desk.host)
    assert first != last
    assert found["command: cat /proc/sys/kernel/random/boot_id"].outputs["stdout"].strip() == last, "after both"
    assert found["file: /srv/reboot/before"].status == "changed", "it was, before"
    witness = desk.host.witness()
    assert witness.file("/srv/reboot/once").content_string == "once\n"
    assert witness.file("/srv/reboot/after").exists

    again = desk.run("apply")
    assert {found.id for found in again.results if found.event.status == "changed"} == {
        "command: sh -c 'echo once >> /srv/reboot/once'", "command: cat /proc/sys/kernel/random/boot_id"}
    assert boot(desk.host) == last, "nothing asks for a boot any more"


def test_what_was_done_before_a_boot_is_undone_too(desk: Desk) -> None:
    declare(desk, "\n".join(("- file: /srv/reboot/before\n  content: a", "- reboot: always\n  always: true",
                             "- file: /srv/reboot/after\n  content: b")))
    assert desk.run("apply").status == "changed"
    assert desk.host.witness().file("/srv/reboot/before").exists
    assert undo(desk) == []
    assert not desk.host.witness().file("/srv/reboot/before").exists
    assert not desk.host.witness().file("/srv/reboot/after").exists


def test_a_kernel_that_no_boot_starts_is_not_tried_for_ever(desk: Desk) -> None:
    declare(desk, "- reboot: kernel\n  if_kernel_is_older: true\n")
    assert statuses(desk.run("plan")) == {"ok"}
    desk.host.run("touch /boot/vmlinuz-999.$(uname -r)")
    planned, = desk.run("plan").results
    assert planned.event.fields[0][2].startswith("999.")
    desk.host.run("touch -d 2020-01-01 /boot/vmlinuz-999.*")
    planned, = desk.run("plan").results
    assert planned.event.status == "failed"
    assert "boot loader" in planned.event.mend
    desk.host.run("rm /boot/vmlinuz*")


def test_a_host_that_does_not_come_back_is_unreachable(desk: Desk) -> None:
    declare(desk, "- reboot: and gone\n  always: true\n  timeout_s: 5\n- file: /srv/reboot/after\n  content: b\n")
    desk.host.run("mkdir -p /etc/systemd/system/ssh.service.d; printf '[Unit]\\nConditionPathExists=/nowhere\\n' "
                  "> /etc/systemd/system/ssh.service.d/off.conf")
    done = desk.run("apply")
    assert done.status == "unreachable"
    assert "not back within 5 s" in done.message
    desk.host.run("rm -r /etc/systemd/system/ssh.service.d; systemctl daemon-reload; systemctl start ssh")
    desk.host.wait_until_up()
    with_it = desk.run("plan")
    assert [found.event.status for found in with_it.results][1] == "pending", "not done, and told so"
