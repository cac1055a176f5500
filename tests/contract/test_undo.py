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
from holdfast_host import Resource
from tests.contract.case import Case, Witness
from tests.contract.cases.repositories import CASES as REPOSITORIES
from tests.contract.test_contract import Desk, one_for_each_type
from tests.lab import Lab, LabHost

pytestmark = pytest.mark.lab

REPOSITORY = REPOSITORIES[0]
HASH = "$6$before00$0123456789abcdefghijklmnopqrstuvwxyz"
# Types that never take anything back, and why.
NO_WAY_BACK = dict.fromkeys(("command", "script", "ansible_module"), "nobody knows what a program did")
NOTHING = r"\Z."
# What stays when a case's `present` is undone: facts as `look` gives them, and why.
STAYS = {
    "block": (r"(path|content) .*srv/blocks/a\.c98c2c79~", "a backup is kept for a person to find"),
    "ini": (r"(path|content) .*srv/php\.ini\.[0-9a-f]{8}~", "a backup is kept for a person to find"),
    "json_value": (r"(path|content) .*srv/daemon\.json\.[0-9a-f]{8}~", "a backup is kept for a person to find"),
    "package that goes with its service": (
        r"(path|content|unit) .*holdfast-svc",
        "as the plan says, its configuration files stay, and Debian masks its unit"),
    "yaml_value": (r"(path|content) .*srv/app\.yml\.[0-9a-f]{8}~", "a backup is kept for a person to find"),
    **{name: (r"(path|content) .*srv", why) for name, why in NO_WAY_BACK.items()},
}
# Cases whose `absent` cannot be undone, and why.
GONE = {
    "download": "all that is in the directory was removed with it, and is not kept",
    "archive": "the files that were unpacked are not kept",
    "tmpfiles": "all that was in the directory was removed with it, and is not kept",
    "pip": "all that was in the directory was removed with it, and is not kept",
    "certificate": "all that was in the directory was removed with it, and is not kept",
    "package that goes with its service": "it was purged, with its configuration files",
    "directory": "all that was in it was removed with it, and is not kept",
    **NO_WAY_BACK,
}

# What comes back otherwise when a case's `absent` is undone, and why.
ANEW = {"git": (r"(path|content) .*srv/clone/\.git/", "it is cloned anew, at the commit that it had")}

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
pg_isready -q 2>/dev/null && su postgres -c pg_dumpall | grep -v -E '^(--|$|.(un)?restrict)' | sed 's/^/sql /'
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
        otherwise, why = ANEW.get(case.id, (NOTHING, ""))
        assert differences(present, look(witness), otherwise) == [], why
        desk.run("apply")


OLDER = ("printf '[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n' "
         "> /etc/systemd/system/older.service; chmod 600 /etc/systemd/system/older.service; systemctl daemon-reload; "
         "systemctl enable --now older")
CHANGES = (  # (what is there, what is declared): shell, and resources in YAML
    (f"groupadd -g 4900 oldcrew; useradd -m -u 4901 -G oldcrew,adm -s /bin/sh -c Before -e 2030-01-02 -p '!{HASH}' "
     "turner",
     """
     - group: oldcrew
       gid: 4910
       members: []
     - user: turner
       uid: 4902
       comment: After
       group: users
       groups: [video]
       append: false
       shell: /bin/bash
       home: /srv/turner
       move_home: true
       password_hash: $6$changed0$0123456789abcdefghijklmnopqrstuvwxyz
       locked: false
       expires: never
     """),
    ("mkdir -p /srv/handed/below; cd /srv/handed; touch f; ln -s f l; ln -s /nowhere below/l; chown -h daemon l; "
     "chown -h ops:ops below/l; chmod 750 .",
     """
     - directory: /srv/handed
       recurse: true
       owner: deploy
       mode: "0755"
       file_mode: "0600"
     - link: /srv/handed/l
       to: elsewhere
     """),
    ("apt-get install -qq --allow-downgrades holdfast-hello=1.0",
     """
     - package: holdfast-hello
       state: latest
     """),
    (OLDER,
     """
     - systemd_unit: older.service
       content: |
         [Service]
         ExecStart=/bin/sleep 2000
     """),
    (OLDER,
     """
     - systemd_unit: older.service
       state: absent
     """),
    (f"{REPOSITORY.before} cp /usr/share/keyrings/debian-archive-keyring.gpg /etc/apt/keyrings/contract.gpg; "
     "chmod 640 /etc/apt/keyrings/contract.gpg; printf 'Types: deb\\nURIs: file:/srv/signed\\nSuites: older/\\n' "
     "> /etc/apt/sources.list.d/contract.sources", REPOSITORY.present),
)


@pytest.mark.parametrize(("there", "declared"), CHANGES, ids=(
    "accounts", "links", "package", "unit", "unit that goes", "repository"))
def test_what_was_changed_is_as_before(there: str, declared: str, desk: Desk) -> None:
    desk.host.run(there)
    witness = desk.host.witness()
    before = look(witness)
    desk.declare(Case("", declared, lambda _: True), declared)
    assert desk.run("apply").status == "changed"
    assert look(witness) != before, "the control: it can be seen"
    assert undo(desk) == []
    assert differences(before, look(witness)) == []
    kept = b"".join(path.read_bytes() for path in (desk.folder / ".holdfast").rglob("*") if path.is_file())
    assert b"undo: " in kept, "the control: this is where runs are kept"
    assert HASH.encode() not in kept, "the old hash was kept where hosts are managed from"


@pytest.mark.parametrize(("there", "declared", "why"), [
    ("apt-get install -qq holdfast-hello", "- package: holdfast-hello\n  state: purged",
     "its configuration files are removed"),
    ("useradd -m homely", "- user: homely\n  state: absent\n  remove_home: true", "its home is removed"),
    ("useradd -p abJnggxhB/yWI ancient", "- user: ancient\n  password_hash: $6$after000$0123456789",
     "is not a password's hash"),
])
def test_what_cannot_come_back_is_named_with_its_reason(there: str, declared: str, why: str, desk: Desk) -> None:
    desk.host.run(there)
    desk.declare(Case("", declared, lambda _: True), declared)
    assert desk.run("apply").status == "changed"
    before = look(desk.host.witness())
    said, = undo(desk)
    assert "cannot be undone" in said
    assert why in said
    assert look(desk.host.witness()) == before


def test_what_goes_with_its_package_is_not_restarted(desk: Desk) -> None:
    declared = """
    - package: holdfast-svc
      notify: {service: holdfast-svc}
    - file: /srv/holdfast-svc.note
      content: noted
      notify: {service: holdfast-svc}
    - service: holdfast-svc
      running: true
    """
    desk.host.run("apt-get purge -qq holdfast-svc; rm -f /srv/holdfast-svc.note")
    desk.declare(Case("", declared, lambda _: True), declared)
    assert desk.run("apply").status == "changed"
    assert desk.host.witness().service("holdfast-svc").is_running
    assert undo(desk) == []
    assert not desk.host.witness().package("holdfast-svc").is_installed


def test_every_type_takes_back_or_is_listed_here() -> None:
    types = {name: found for name, found in Types().items() if not isinstance(found, Problem)}
    assert {name for name, found in types.items() if found.undo is Resource.undo} == set(NO_WAY_BACK)
