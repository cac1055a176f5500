"""What every resource type promises of going back: a run that is undone leaves the host as it was before, whatever the
type has made or removed; what it cannot take back is named."""
from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

import holdfast
from holdfast.documents.types import Types
from holdfast.executor.stop import Stop
from holdfast.problems import Problem
from holdfast.reports.fold import is_left_out
from tests.contract.case import Case, Witness
from tests.contract.test_contract import Desk, one_for_each_type
from tests.lab import Lab, LabHost

pytestmark = pytest.mark.lab

# Types that never take anything back, and why.
NO_WAY_BACK = {"command": "nobody knows what a program did"}
NOTHING = r"\Z."
# What stays when a case's `present` is undone: facts as `look` gives them, and why.
STAYS = {
    "block": (r"(path|content) .*srv/blocks/a\.c98c2c79~", "a backup is kept for a person to find"),
    "command": (r"(path|content) .*srv", NO_WAY_BACK["command"]),
}
# Cases whose `absent` cannot be undone, and why.
GONE = {
    "directory": "all that was in it was removed with it, and is not kept",
    "command": NO_WAY_BACK["command"],
}

# Files, owners, modes, contents; accounts by line and not by order; packages, units, crontabs, settings. Left out: what
# the system keeps for itself (copies and caches of its own files), and the day on which a password was changed.
LOOK = r"""
cd /; find etc srv home root var/spool/cron -xdev \( -type f -o -type l -o -type d \) \
    -printf 'path /%p %y %m %u %g %l\n' | grep -v -E '^path /(etc/(ld.so.cache|\.pwd.lock)|root/\.|etc/[a-z]+- )'
find etc srv home var/spool/cron -xdev -type f ! -name '*-' ! -path etc/ld.so.cache -exec sha256sum {} + \
    | grep -v -E ' etc/(passwd|group|shadow|gshadow|subuid|subgid)$' | sed 's/^/content /'
sed 's/^/passwd /' etc/passwd; sed 's/^/group /' etc/group; awk -F: '{print "shadow", $1, $2, $8}' etc/shadow
awk -F: '{print "gshadow", $1, $4}' etc/gshadow
dpkg-query -W -f 'package ${Package} ${db:Status-Want} ${db:Status-Status} ${Version}\n' | grep -v ' config-files '
systemctl list-units --all --plain --no-legend --type=service,timer,socket \
    | awk '{print "unit", $1, $2, ($3 == "active")}' | grep -v -E 'ssh@|systemd-|user@|user-|apt|dpkg|e2scrub|fstrim'
echo "name $(cat proc/sys/kernel/hostname)"; echo "forward $(cat proc/sys/net/ipv4/ip_forward)"
echo "ports $(cat proc/sys/net/ipv4/ip_local_port_range)"; echo "ttl $(cat proc/sys/net/ipv4/ip_default_ttl)"
"""


def look(witness: Witness) -> frozenset[str]:
    """What the host is, a line a fact."""
    return frozenset(witness.check_output(LOOK).splitlines())


def differences(before: frozenset[str], after: frozenset[str], stays: str = NOTHING) -> list[str]:
    """What is not as before, but for facts that the expression finds."""
    return sorted([f"-{fact}" for fact in before - after if not re.match(stays, fact)]
                  + [f"+{fact}" for fact in after - before if not re.match(stays, fact)])


def undo(desk: Desk) -> list[str]:
    """Undoes the last run; returns what it says that cannot be undone."""
    with holdfast.load(desk.folder, inventory=[desk.folder / "inventory.yml"]) as project:
        result, = asyncio.run(project.undo_async("last", mode="apply", rollout={}, emit=lambda _: None,
                                                 stop=Stop())).results
    assert result.status in {"ok", "changed"}, [(r.id, r.event.message) for r in result.results]
    return [f"{one.id}: {one.event.message}" for one in result.results if is_left_out(one)]


@pytest.fixture
def desk(tmp_path: Path, lab: Lab, host: LabHost) -> Desk:
    return Desk(tmp_path, lab, host)


@pytest.mark.parametrize("case", list(one_for_each_type()), ids=lambda case: case.id)
def test_what_was_made_goes_and_what_went_comes_back(case: Case, desk: Desk) -> None:
    witness = desk.host.witness()
    stays, why = STAYS.get(case.id, (NOTHING, ""))
    desk.declare(case, case.absent)
    assert desk.run("apply").status in {"ok", "changed"}
    if case.before:
        desk.host.run(case.before)
    absent = look(witness)
    desk.declare(case, case.present)
    assert desk.run("apply").status == "changed"
    present = look(witness)
    assert present != absent, "the control: it can be seen"
    assert bool(undo(desk)) == (case.id in NO_WAY_BACK), why
    assert differences(absent, look(witness), stays) == []

    assert desk.run("apply").status == ("ok" if case.id in NO_WAY_BACK else "changed")
    present = look(witness)
    desk.declare(case, case.absent)
    assert desk.run("apply").status == "changed"
    assert look(witness) != present, "the control: it can be seen"
    assert bool(undo(desk)) == (case.id in GONE)
    if case.id not in GONE:
        assert differences(present, look(witness)) == []
        desk.run("apply")


def test_every_type_takes_back_or_is_listed_here() -> None:
    types = {name: found for name, found in Types().items() if not isinstance(found, Problem)}
    assert {name for name, found in types.items() if "undo" not in vars(found)} == set(NO_WAY_BACK)
