"""package and package_hold on a host with packages of rpm, by dnf and by zypper: the contract, and what a user of
theirs would see."""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast
from tests.contract.case import Case
from tests.contract.cases.repositories import KEY
from tests.contract.cases.rpm import PROVIDERS, case, there
from tests.contract.test_contract import Desk, applied_as_planned, killed_run_is_made_good, promise_is_kept
from tests.contract.test_undo import undo
from tests.generated.trace import runners, watched, writes
from tests.lab import Lab, LabHost, rpms

pytestmark = pytest.mark.lab
NONE = (r"rpm -qa --qf '%{NAME}\n' | grep -i -E '^(rpm|signed|gpg-pubkey)' | sort -u | xargs -r rpm -e --allmatches; "
        "rm -f /etc/rpm-app.conf* /etc/zypp/locks")
ALSO = "also removes"
WORKING_FILES = re.compile(r"/var/(lib/(rpm/rpmdb|dnf/history)\.sqlite|log/(dnf[a-z.]*|hawkey)\.log|"
                           r"cache/dnf/metadata_lock\.pid|tmp/zypp\.|cache/zypp/solv/@System)")


@pytest.fixture
def desk(tmp_path: Path, lab: Lab, host: LabHost) -> Desk:
    rpms.stock(host)
    host.run(NONE)
    return Desk(tmp_path, lab, host)


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def declare(desk: Desk, provider: str, *resources: str) -> None:
    """Each of them as `package: NAME`, and its arguments after a semicolon."""
    text = ""
    for resource in resources:
        first, *rest = resource.split("; ")
        text += "\n".join([f"- {first}", f"  provider: {provider}", *(f"  {row}" for row in rest)]) + "\n"
    desk.declare(Case("", text, lambda _: True), text)


def told(desk: Desk, mode: holdfast.Mode) -> list[tuple[str, str]]:
    """(status, message and mend) of each resource."""
    return [(one.event.status, f"{one.event.message} {one.event.mend}") for one in desk.run(mode).results]


def fields(desk: Desk, number: int = 0) -> dict[str, object]:
    """What a plan says of one resource: before and after by field."""
    event = desk.run("plan").results[number].event
    return {name: (before, after) for name, before, after in event.fields}


def test_type_keeps_its_promise(provider: str, desk: Desk) -> None:
    promise_is_kept(case(provider), desk)


def test_killed_run_is_made_good(provider: str, desk: Desk) -> None:
    killed_run_is_made_good(case(provider), desk)


def test_what_goes_along_is_told_before_and_what_was_there_comes_back(provider: str, desk: Desk) -> None:
    witness = desk.host.witness()
    declare(desk, provider, "package: rpm-app", "package: rpm-hello; version: '1.0'")
    applied_as_planned(desk)
    assert {"rpm-app-1.0", "rpm-lib-1.0", "rpm-extra-1.0", "rpm-hello-1.0"} <= there(witness)
    declare(desk, provider, "package: rpm-lib; state: absent")
    assert fields(desk)[ALSO] == (["rpm-app"], None)
    applied_as_planned(desk)
    assert {"rpm-extra-1.0", "rpm-hello-1.0"} <= there(witness), "what is not needed any more stays"
    assert not {"rpm-app-1.0", "rpm-lib-1.0"} & there(witness)
    assert undo(desk) == [] and {"rpm-app-1.0", "rpm-lib-1.0"} <= there(witness)
    declare(desk, provider, "package: rpm-hello; state: absent", "package: rpm-rival")
    applied_as_planned(desk)
    assert "rpm-rival-1.0" in there(witness) and "rpm-hello-1.0" not in there(witness)
    desk.host.run("rpm -e rpm-app rpm-lib rpm-extra")
    declare(desk, provider, "package: rpm-app")
    applied_as_planned(desk)
    desk.host.run("echo by hand >> /etc/rpm-app.conf")
    declare(desk, provider, "package: rpm-app; state: absent; autoremove: true")
    assert fields(desk)[ALSO] == (["rpm-extra", "rpm-lib"], None)
    applied_as_planned(desk)
    assert not {"rpm-app-1.0", "rpm-lib-1.0", "rpm-extra-1.0"} & there(witness)
    assert witness.file("/etc/rpm-app.conf.rpmsave").exists
    declare(desk, provider, "package: rpm-app")
    applied_as_planned(desk)
    desk.host.run("rm /etc/rpm-app.conf.rpmsave; echo by hand >> /etc/rpm-app.conf")
    declare(desk, provider, "package: rpm-app; state: purged")
    applied_as_planned(desk)
    assert not witness.file("/etc/rpm-app.conf").exists and not witness.file("/etc/rpm-app.conf.rpmsave").exists


def test_what_cannot_be_had_is_told_with_the_mend(provider: str, desk: Desk) -> None:
    witness = desk.host.witness()
    declare(desk, provider, "package: rpm-hello; version: '1.1'")
    applied_as_planned(desk)
    declare(desk, provider, "package: rpm-hallo", "package: rpm-toolbox", "package: rpm-lib; version: '7'",
            "package: rpm-hello; version: '1.0'")
    for mode in ("plan", "apply"):
        (first, typo), (second, virtual), (third, version), (fourth, older) = told(desk, mode)
        assert {first, second, third, fourth} == {"failed"}
        assert "no package `rpm-hallo`" in typo and "did you mean `rpm-hello`" in typo
        assert "several provide it" in virtual and "Rpm_Tool" in virtual
        assert "no version `7` of rpm-lib" in version and "1.0-1" in version
        assert "would go back from 1.1-1 to 1.0-1" in older and "allow_downgrade: true" in older
    declare(desk, provider, "package: rpm-broken")
    (status, why), = told(desk, "apply")
    assert status == "failed" and provider in why
    assert not {"rpm-broken-1.0", "rpm-lib-1.0"} & there(witness)
    declare(desk, provider, "package: rpm-rival")
    (status, why), = told(desk, "apply")
    assert status == "failed" and there(witness) & {"rpm-rival-1.0", "rpm-hello-1.1"} == {"rpm-hello-1.1"}


LOCKED = {"dnf": "/var/lib/dnf/rpmdb_lock.pid", "zypper": "/run/zypp.pid"}


@pytest.fixture
def sleeper(desk: Desk, provider: str) -> Iterator[str]:
    """The number of a process that holds the package manager's lock, as far as that can see."""
    started = "sleep 300 >/dev/null 2>&1 & echo $!"
    pid = desk.host.run(started).stdout.strip()
    desk.host.run(f"mkdir -p $(dirname {LOCKED[provider]}); echo {pid} > {LOCKED[provider]}")
    yield pid
    desk.host.run(f"kill {pid}; rm -f {LOCKED[provider]}")


def test_a_lock_that_stays_is_told_and_one_that_goes_is_waited_for(provider: str, desk: Desk, sleeper: str) -> None:
    declare(desk, provider, "package: rpm-lib; lock_wait_s: 1")
    (status, why), = told(desk, "apply")
    assert status == "failed" and f"{provider}'s lock was not free within 1 s" in why and sleeper in why
    desk.host.run(f"(sleep 2; kill {sleeper}) >/dev/null 2>&1 &")
    declare(desk, provider, "package: rpm-lib; lock_wait_s: 60")
    (status, _), = told(desk, "apply")
    assert status == "changed"


def test_dnf_is_asked_again_once_nobody_fetches_lists(desk: Desk) -> None:
    """As a timer of Fedora does several times a day."""
    lock = "/var/cache/dnf/metadata_lock.pid"
    desk.host.run(f"sleep 2 >/dev/null 2>&1 & echo $! > {lock}")
    declare(desk, "dnf", "package: rpm-lib")
    applied_as_planned(desk)
    assert "rpm-lib-1.0" in there(desk.host.witness())


def test_what_is_held_is_not_changed(desk: Desk) -> None:
    """By zypper; Debian's dnf has no versionlock, and that is told."""
    witness = desk.host.witness()
    declare(desk, "zypper", "package: rpm-hello; version: '1.0'", "package_hold: rpm-hello")
    applied_as_planned(desk)
    assert "rpm-hello" in witness.check_output("zypper locks")
    assert {status for status, _ in told(desk, "apply")} == {"ok"}
    declare(desk, "zypper", "package: rpm-hello; version: '1.1'")
    (status, why), = told(desk, "apply")
    assert status == "failed" and "is held at 1.0-1" in why and "package_hold: rpm-hello" in why
    declare(desk, "zypper", "package_hold: rpm-hello; state: absent")
    applied_as_planned(desk)
    assert "rpm-hello" not in witness.check_output("zypper locks")
    declare(desk, "zypper", "package: rpm-hello; version: '1.1'")
    applied_as_planned(desk)
    assert "rpm-hello-1.1" in there(witness)
    declare(desk, "dnf", "package_hold: rpm-hello")
    (status, why), = told(desk, "apply")
    assert status == "failed" and "has no versionlock" in why and "python3-dnf-plugin-versionlock" in why


def test_the_system_s_own_manager_is_taken_whatever_else_is_there(desk: Desk) -> None:
    text = "- package: rpm-lib\n"
    desk.declare(Case("", text, lambda _: True), text)
    (status, why), = told(desk, "plan")
    assert status == "failed" and "no package `rpm-lib` in this host's lists" in why and "did you mean `rpm`" in why
    desk.host.run("cp -P /etc/os-release /srv/os-release; rm /etc/os-release; "
                  "printf 'ID=somewhere\\nID_LIKE=\"rhel fedora\"\\n' > /etc/os-release")
    try:
        applied_as_planned(desk)
    finally:
        desk.host.run("mv -f /srv/os-release /etc/os-release")
    assert "rpm-lib-1.0" in there(desk.host.witness())


FILES = {"dnf": "/etc/yum.repos.d/signed.repo", "zypper": "/etc/zypp/repos.d/signed.repo"}
RING = "/etc/pki/rpm-gpg/signed.asc"


@pytest.fixture
def signed(desk: Desk) -> str:
    """The public key of a repository whose packages and lists are signed."""
    rpms.sign(desk.host)
    return desk.host.run(f"rm -rf {RING} {' '.join(FILES.values())}; mkdir -p /etc/pki; cat {rpms.KEY}").stdout


def declare_repository(desk: Desk, provider: str, *rows: str, then: str = "", key: str = "", name: str = "") -> None:
    text = "\n".join(["- package_repository: signed", f"  provider: {provider}",
                      f"  uris: ['file://{rpms.FOLDER}/{name or 'signed'}']", *(f"  {row}" for row in rows),
                      *(["  key: |", *(f"    {row}" for row in key.splitlines())] if key else [])]) + "\n"
    text += f"- package: signed-tool\n  provider: {provider}\n" if then else ""
    desk.declare(Case("", text, lambda _: True), text)


def test_a_signed_repository_is_made_known_and_its_packages_come(provider: str, desk: Desk, signed: str) -> None:
    witness = desk.host.witness()
    declare_repository(desk, provider, f"fingerprints: [{'A1' * 20}]", key=signed)
    with pytest.raises(holdfast.Problems, match="not in `fingerprints`"):
        desk.run("apply")
    declare_repository(desk, provider, key=signed, then="signed-tool")
    applied_as_planned(desk)
    assert "signed-tool-1.0" in there(witness)
    said = witness.file(FILES[provider]).content_string.splitlines()
    assert {"[signed]", "enabled=1", "gpgcheck=1", f"gpgkey=file://{RING}"} <= set(said)
    assert {status for status, _ in told(desk, "apply")} == {"ok"}
    for sabotage in (f"sed -i s/gpgcheck=1/gpgcheck=0/ {FILES[provider]}", f"rm {RING}"):
        desk.host.run(sabotage)
        assert desk.run("plan").status == "pending", sabotage
        applied_as_planned(desk)
        assert "gpgcheck=1" in witness.file(FILES[provider]).content_string and witness.file(RING).exists
    text = f"- package_repository: signed\n  provider: {provider}\n  state: absent\n"
    desk.declare(Case("", text, lambda _: True), text)
    applied_as_planned(desk)
    assert not witness.file(FILES[provider]).exists and not witness.file(RING).exists
    assert "signed-tool-1.0" in there(witness)


def test_what_another_key_signed_is_not_taken(provider: str, desk: Desk, signed: str) -> None:
    """dnf looks at the signature of each package, zypper at that of the lists already."""
    witness = desk.host.witness()
    declare_repository(desk, provider, key=KEY, then="signed-tool")
    (first, why), (second, later) = told(desk, "apply")
    assert second != "changed" and "signed-tool-1.0" not in there(witness)
    if provider == "dnf":
        assert (first, second) == ("changed", "failed") and "GPG" in later
        desk.host.run(f"rm {FILES[provider]} {RING}")
    else:
        assert first == "failed" and "its files are as they were before" in why
    declare_repository(desk, provider, key=signed, name="nothing-here")
    (status, why), = told(desk, "apply")
    assert status == "failed" and "its files are as they were before" in why and provider in why
    assert not witness.file(FILES[provider]).exists and not witness.file(RING).exists
    declare_repository(desk, provider, "suites: [stable]", key=signed)
    with pytest.raises(holdfast.Problems, match=f"says nothing to {provider}"):
        desk.run("apply")


def test_a_plan_fetches_nothing_and_writes_only_what_managers_keep_for_themselves(provider: str, desk: Desk,
                                                                                   tmp_path: Path) -> None:
    desk.host.run("rm -rf /var/cache/zypp /var/cache/dnf; " + case(provider).before)
    desk.declare(case(provider), "- file: /srv/note\n  content: the runner is installed at the first contact")
    desk.run("plan")
    desk.declare(case(provider), case(provider).present)
    without, fetched = tmp_path / "without.log", tmp_path / "fetched.log"
    with watched(desk.host, without):
        desk.run("plan")
    assert desk.run("apply").status == "changed"
    desk.host.run("rpm -e rpm-app Rpm_Tool")
    with watched(desk.host, fetched):
        assert desk.run("plan").status == "pending"
    assert runners(without) == runners(fetched) == 1
    assert [call for log in (without, fetched) for call in writes(log) if not WORKING_FILES.search(call)] == []
