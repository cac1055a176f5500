"""`firewall` never cuts off whoever applies it, and its rules are there after a boot: on a real host, over SSH."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.case import Case
from tests.contract.test_contract import Desk, statuses
from tests.lab import Lab, LabHost

pytestmark = pytest.mark.lab
SOUND = """
- firewall: guard
  policy: {input: drop}
  input:
    - ssh: tcp dport 22 accept
"""
REFUSED = {
    "policy: {input: drop}": "would not be let in",
    "basics: false, policy: {output: drop}": "would not be let in",
    "input: [{no ssh: tcp dport 22 drop}]": "would not be let in",
    "input: [{others: ip saddr 10.0.0.0/8 tcp dport 22 reject}]": "would not be let in",
    "input: [{nonsense: tcp dport http-ish accept}]": "nftables does not take these rules",
}


@pytest.fixture
def desk(tmp_path: Path, lab: Lab, host: LabHost) -> Desk:
    host.run("apt-get install -y -qq nftables; nft flush ruleset")
    return Desk(tmp_path, lab, host)


def declare(desk: Desk, resources: str) -> None:
    desk.declare(Case("", resources, lambda _: True), resources)


def test_rules_that_would_not_let_the_caller_in_again_are_refused(desk: Desk) -> None:
    declare(desk, "".join(f"- {{firewall: f{number}, {rules}}}\n" for number, rules in enumerate(REFUSED)))
    planned, done = desk.run("plan"), desk.run("apply")
    assert statuses(planned) == statuses(done) == {"failed"}
    told = {rules: found.event.message for rules, found in zip(REFUSED, planned.results, strict=True)}
    assert {rules: said for rules, said in told.items() if REFUSED[rules] not in said} == {}
    assert desk.host.run("nft list ruleset").stdout == ""


def test_rules_that_cut_the_caller_off_all_the_same_are_taken_back(desk: Desk) -> None:
    """By the caller's hardware address, which a trial connection does not have: what no trial foresees."""
    declare(desk, SOUND)
    assert desk.run("apply").status == "changed"
    before = desk.host.run("nft list ruleset").stdout
    gateway = desk.host.run("ip -o route get $(ss -tnH state established sport = :22 | head -1 | awk '{print $4}' "
                            "| cut -d: -f1) > /dev/null; ip neigh | awk '{print $5}'").stdout.split()[0]
    declare(desk, SOUND.replace("policy: {input: drop}", "basics: false").replace(
        "    - ssh", f"    - cut: ether saddr {gateway} drop\n    - ssh"))
    result, = desk.run("apply").results
    assert result.event.status == "failed"
    assert "was dead; they are taken back" in result.event.message
    assert desk.host.run("nft list ruleset").stdout == before
    assert desk.host.witness().file("/etc/nftables.d/guard.nft").contains("established"), "asked over SSH"
    assert "holdfast-firewall-back" not in desk.host.run("systemctl list-units --all").stdout


def test_rules_are_there_after_a_boot_and_after_a_restart_of_nftables(desk: Desk) -> None:
    declare(desk, SOUND)
    assert desk.run("apply").status in {"changed", "ok"}
    desk.host.run("systemctl start nftables; systemctl restart nftables")
    assert statuses(desk.run("plan")) == {"ok"}
    desk.host.stop()
    desk.host.start()
    assert statuses(desk.run("plan")) == {"ok"}
    declare(desk, "- {firewall: guard, state: absent}\n")
    assert desk.run("apply").status == "changed"
    assert "table" not in desk.host.run("nft list ruleset").stdout
    desk.host.run("systemctl disable --now nftables")
