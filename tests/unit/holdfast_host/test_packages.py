"""What is read of package managers: their order of versions, their answers, their files; and which one a host has."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import (
    Failed,
    Refused,
    os_release,
    packages,
    process,
    provider_dnf,
    provider_zypper,
    rpm,
    rpm_repositories,
    versionlock,
)
from holdfast_host.packages import Offer, Step

IN_ORDER = ("0.9", "1.0~rc1", "1.0~rc1^git1", "1.0", "1.0^git1~x", "1.0^git1", "1.0a", "1.0.a", "1.0.1", "1.0.9",
            "1.0.10", "2", "10xyz", "1:0.1", "1:0.1-1", "1:0.1-2.fc9", "1:0.1-2.fc10")


def test_rpm_versions_are_in_rpm_s_own_order() -> None:
    """As `rpm --eval '%{lua: print(rpm.vercmp(…))}'` has it; 1.0a and 1.0.a, 1:0.1 and 1:0.1-1 are equal there."""
    for number, one in enumerate(IN_ORDER):
        for later in IN_ORDER[number + 1:]:
            equal = {one, later} == {"1.0a", "1.0.a"} or (one == "1:0.1" and later.startswith("1:0.1-"))
            assert rpm.compare(one, later) == (0 if equal else -1), (one, later)
            assert rpm.compare(later, one) == (0 if equal else 1), (one, later)
    assert rpm.compare("1.00", "1.0") == rpm.compare("0:1.0-1", "1.0-1") == rpm.compare("1.0_1", "1.0.1") == 0


@given(st.text("01.~^ab-:", max_size=8), st.text("01.~^ab-:", max_size=8))
def test_the_order_has_two_sides(one: str, other: str) -> None:
    assert rpm.compare(one, other) == -rpm.compare(other, one)


@pytest.mark.parametrize(("version", "wanted", "fits"), [
    ("1.2-3.fc41", "1.2", True), ("1.2-3.fc41", "1.2-3.fc41", True), ("1.2-3.fc41", "1.2-3", False),
    ("1.2-3.fc41", "0:1.2-3.fc41", True), ("1.2-3.fc41", "1.*", True), ("1.2-3.fc41", "1.2-*", True),
    ("1:1.2-3", "1.2", False), ("1:1.2-3", "1:1.2", True), ("1.2-3", ">= 1.2, < 2", True), ("1.2-3", "> 1.2", False),
    ("1.10-1", "<= 1.9", False), ("2.0~rc1-1", "< 2.0", True), ("1.2-3", "1", False), ("1.2-3", "1.2-4", False),
])
def test_a_release_may_be_left_out(version: str, wanted: str, fits: bool) -> None:
    assert rpm.fits(version, wanted) is fits


TABLE = """\
Dependencies resolved.
================================================================================
 Package             Architecture     Version              Repository      Size
================================================================================
Installing:
 heir                noarch           3.0-1                vendor         6.0 k
     replacing  old.noarch 1.0-1
     replacing  old-libs.x86_64 2:1.0-1.fc9
Removing:
 a-name-that-is-wider-than-its-column-is
                     noarch           1.0-1                @vendor           4
Removing dependent packages:
 app                 noarch           1.0.1-1              @vendor           6
Removing unused dependencies:
 extra               noarch           1.0-1                @System           4

Transaction Summary
================================================================================
Remove  3 Packages

Freed space: 14
Operation aborted.
"""


def test_what_dnf_s_table_would_remove_or_replace_is_read() -> None:
    assert provider_dnf.parse_removed(TABLE) == [
        "old", "old-libs", "a-name-that-is-wider-than-its-column-is", "app", "extra"]


TABLE_5 = """\
Updating and loading repositories:
Repositories loaded.
Package                Arch   Version Repository      Size
Installing:
 heir                  noarch 0:3.0-1 vendor       0.0   B
   replacing old       noarch 0:1.0-1 vendor       0.0   B
Downgrading:
 python3.11            noarch 0:1.0-1 vendor       0.0   B
   replacing python3.11 noarch 0:1.1-1 vendor       0.0   B
Removing unused dependencies:
 extra                 noarch 0:1.0-1 vendor       0.0   B

Transaction Summary:
 Replacing:          1 package

Operation aborted by the user.
"""


def test_so_is_the_one_of_dnf_5() -> None:
    assert provider_dnf.parse_removed(TABLE_5) == ["old", "extra"]


SUMMARY = """\
<?xml version='1.0'?>
<stream>
<message type="info">Resolving package dependencies...</message>
<install-summary download-size="12431" space-usage-diff="-2" packages-to-change="3">
<to-downgrade>
<solvable type="package" name="hello" edition="1.0-1" arch="noarch" edition-old="1.1-1" summary="&lt;to-remove&gt;">
<description>made for tests</description></solvable>
</to-downgrade>
<to-remove>
<solvable type="package" name="app" edition="1.0.1-1" arch="noarch" summary="made for tests">
<description>made for tests</description></solvable>
<solvable type="pattern" name="some" edition="1" arch="noarch" summary="not a package"/>
</to-remove>
</install-summary>
</stream>
"""
SEARCH = """\
<stream>
<message type="info">Loading repository data...</message>
<search-result version="0.0"><solvable-list>
<solvable status="installed" name="hello" kind="package" edition="1:1.1-1" arch="noarch" repository="A &amp; B"/>
<solvable status="other-version" name="hello" kind="srcpackage" edition="1.1-1" arch="noarch" repository="A"/>
</solvable-list></search-result>
</stream>
"""
PROBLEM = """\
<stream><message type="error">No provider of &apos;nope&apos; found.</message>
<prompt id="1"><description>Problem: a conflicts with b
 Solution 1: do not install a
</description><text>Choose</text></prompt></stream>
"""


def test_zypper_s_xml_is_read() -> None:
    assert provider_zypper.parse_removed(SUMMARY) == ["app"]
    assert provider_zypper.parse_search(SEARCH) == [("hello", "1:1.1-1", "noarch", "A & B")]
    said = provider_zypper.told(process.Finished(["zypper"], 4, PROBLEM, "by its side"))
    assert said.splitlines() == ["No provider of 'nope' found.", "Problem: a conflicts with b",
                                 " Solution 1: do not install a", "by its side"]


@given(st.text(max_size=300))
def test_any_answer_is_read(text: str) -> None:
    provider_dnf.parse_removed(text)
    provider_zypper.parse_removed(text)
    provider_zypper.parse_search(text)
    provider_zypper.locks(text)


def test_zypper_s_locks_are_read() -> None:
    assert provider_zypper.locks(
        "\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: rpm-hello\n\n"
        "type: patch\nsolvable_name: not-a-package\n\nsolvable_name: kernel*\n\nrepo: update\n") == [
            "rpm-hello", "kernel*"]


def test_the_first_repository_s_newest_is_the_candidate(tmp_path: Path) -> None:
    (tmp_path / "a.repo").write_text("[base]\nname=The base\n\n[copr:own]\nname=Own\npriority=10\nenabled = yes\n"
                                     "[off]\nname=Off\nenabled=0\n[may]\nskip_if_unavailable=1\n%strange\n")
    (tmp_path / "broken.repo").write_text("name=without a section\n")
    (tmp_path / "not.txt").write_text("[not]\n")
    found = rpm_repositories.enabled([str(tmp_path), str(tmp_path / "none")])
    assert [(one.id, one.priority, one.optional) for one in found] == [
        ("base", 99, False), ("copr:own", 10, False), ("may", 99, True)]
    rows = [("2.0-1", "base"), ("1.9-1", "copr:own"), ("1.10-1", "copr:own")]
    assert rpm_repositories.offer(rows, found) == Offer("1.10-1", ("2.0-1", "1.10-1", "1.9-1"))
    assert rpm_repositories.offer([("2.0-1", "The base"), ("2.1-1", "unknown")], found).candidate == "2.1-1"


def test_versionlock_s_lists_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PLUGIN", "LIST", "LIST_5"):
        monkeypatch.setattr(versionlock, name, str(tmp_path / name))
    assert versionlock.names() == set()
    with pytest.raises(Refused, match="has no versionlock"):
        versionlock.check()
    (tmp_path / "LIST").write_text("# Added lock on Fri\nrpm-hello-0:1.1-1.*\n!bad-0:2.0-1.*\n\nraw-name\n")
    (tmp_path / "LIST_5").write_text('version = "1.0"\n[[packages]]\nname = "bash"\n')
    assert versionlock.names() == {"rpm-hello", "raw-name", "bash"}
    (tmp_path / "PLUGIN").write_text(f"[main]\nenabled = 1\nlocklist = {tmp_path}/own\n")
    versionlock.check()
    assert versionlock.names() == {"bash"}
    (tmp_path / "PLUGIN").write_text("[main]\nenabled = 0\n")
    with pytest.raises(Refused, match="disabled"):
        versionlock.check()


@pytest.mark.parametrize(("release", "programs", "asked", "expected"), [
    ("ID=debian", {"apt-get", "dnf", "zypper"}, None, "apt"),
    ("ID=fedora", {"apt-get", "dnf"}, None, "dnf"),
    ("ID=rocky\nID_LIKE='rhel centos fedora'", {"dnf"}, None, "dnf"),
    ("ID=opensuse-leap\nID_LIKE='suse opensuse'", {"dnf", "zypper"}, None, "zypper"),
    ("ID=debian", {"apt-get", "dnf"}, "dnf", "dnf"),
    ("ID=own", {"zypper"}, None, "zypper"),
    ("ID=own", {"apt-get", "dnf"}, None, "has apt and dnf"),
    ("ID=fedora", {"apt-get"}, None, "no dnf"),
    ("ID=fedora", {"dnf"}, "zypper", "no zypper"),
    ("ID=arch", set(), None, "none of apt"),
])
def test_the_provider_follows_from_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: str,
                                              programs: set[str], asked: str | None, expected: str) -> None:
    (tmp_path / "os-release").write_text(release + "\n")
    monkeypatch.setattr(os_release, "PLACES", (str(tmp_path / "os-release"),))
    monkeypatch.setattr(process, "which", lambda name: f"/usr/bin/{name}" if name in programs else None)
    monkeypatch.setattr(packages.os.path, "exists", lambda path: path != "/var/lib/dpkg/status")
    try:
        found = packages.of_host(asked).name
    except Refused as refused:
        found = refused.what
    assert expected in found


def test_dnf_is_asked_in_as_few_calls_as_there_can_be() -> None:
    steps = [Step("aa", "dnf", removes=True, freed=("dd",)), Step("bb:x86_64", "dnf", "1:1-2"),
             Step("cc", "dnf", "2-1", recommends=False), Step("ee", "dnf", "3-1")]
    only = "--setopt=clean_requirements_on_remove=False"
    assert list(provider_dnf.transactions(steps, only)) == [
        ([only, "remove"], ["aa", "dd"]), (["install"], ["bb-1:1-2.x86_64", "ee-3-1"]),
        (["--setopt=install_weak_deps=False", "install"], ["cc-2-1"])]


def test_zypper_is_asked_once_and_for_other_recommends_once_more() -> None:
    steps = [Step("aa", "zypper", removes=True), Step("bb", "zypper", "1-2", downgrade=True),
             Step("cc:i586", "zypper", "2-1", recommends=True)]
    assert provider_zypper.transactions(steps) == [
        ["install", "--oldpackage", "--", "+bb=1-2", "-aa"], ["install", "--recommends", "--", "+cc.i586=2-1"]]
    assert provider_zypper.transactions(steps[:1], frees=True) == [["remove", "--clean-deps", "--", "aa"]]


def test_to_look_does_not_wait_for_a_lock_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "metadata already locked by 4242\n  The application with PID 4242 is: dnf-automatic\n"
    monkeypatch.setattr(process, "run", lambda argv: process.Finished(argv, 200, "", said))
    monkeypatch.setattr(provider_dnf, "LOOK_WAIT_S", 0)
    with pytest.raises(Failed, match="dnf's lock was not free within 0 s: process 4242 holds it"):
        provider_dnf.PROVIDER.would_remove([Step("aa", "dnf", removes=True)])
