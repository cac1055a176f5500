"""What `package` reads of apt and dpkg: odd databases, odd answers, other languages."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import Failed, Refused, apt, dpkg, process
from holdfast_host.packages import Offer, Step
from holdfast_host.provider_apt import parse_brought, parse_policy, transactions
from modules.package import Package

POLICY = """\
nginx:
  Installed: (none)
  Candidate: 1.22.1-9
  Version table:
     1.22.1-9 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
libc6:i386:
  Installed: 2.36-9
  Candidate: 2.36-9
  Package pin: 2.36-9
  Version table:
 *** 2.36-9 990
        990 http://deb.debian.org/debian bookworm/main i386 Packages
        100 /var/lib/dpkg/status
     1:2.31~rc+b1 1 (phased 10%)
        500 http://old.example.org/ 3.0 stable/main Packages
only-virtual:
  Installed: (none)
  Candidate: (none)
  Version table:
W: some warning that went the wrong way
"""


def test_policy_is_read_with_pins_phases_architectures_and_warnings() -> None:
    assert parse_policy(POLICY) == {
        "nginx": Offer("1.22.1-9", ("1.22.1-9",)), "libc6:i386": Offer("2.36-9", ("2.36-9", "1:2.31~rc+b1")),
        "only-virtual": Offer(None, ())}


@pytest.mark.parametrize("text", ["", "\n\n", "N: Unable to locate package x\n", "x:\n", "x:\n  Candidate:\n",
                                  POLICY[:60]])
def test_half_an_answer_offers_nothing_that_was_not_said(text: str) -> None:
    assert all(offer.candidate is None or offer.candidate in text for offer in parse_policy(text).values())


@given(st.text(max_size=300))
def test_any_answer_is_read(text: str) -> None:
    assert isinstance(parse_policy(text), dict)


STATUS = """\
Package: odd
Status: install ok installed
Architecture: all
Version: 1.0
Description: its text speaks of others
 Package: other
 .
 Status: install ok installed

Package: other
Status: deinstall ok config-files
Architecture: amd64
Version: 2:3.0-1~x

Package: other
Status: install ok installed
Architecture: i386
Version: 2:3.1

Package: held
Essential: yes
Status: hold ok half-configured
Architecture: amd64
Version: 1

Package: broken
"""


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "status").write_text(STATUS)
    (tmp_path / "arch").write_text("amd64\ni386\n")
    (tmp_path / "updates").mkdir()
    for name, path in (("STATUS", "status"), ("JOURNAL", "updates"), ("ARCHITECTURES", "arch")):
        monkeypatch.setattr(dpkg, name, str(tmp_path / path))
    return tmp_path


@pytest.mark.usefixtures("database")
def test_what_dpkg_says_of_others_in_a_text_is_not_taken_for_them() -> None:
    found = dpkg.installed(["odd", "other", "other:i386", "held", "broken", "none", "other:armhf"])
    assert {name: (one.version, one.want, one.status) for name, one in found.items()} == {
        "odd": ("1.0", "install", "installed"), "other": ("2:3.0-1~x", "deinstall", "config-files"),
        "other:i386": ("2:3.1", "install", "installed"), "held": ("1", "hold", "half-configured")}
    assert found["held"].essential


def test_dpkg_s_journal_lies_over_its_database_and_only_numbers_belong_to_it(database: Path) -> None:
    for name, version in (("0002", "1.2"), ("0001", "1.1"), ("tmp.i", "9.9")):
        (database / "updates" / name).write_text(
            f"Package: odd\nStatus: install ok unpacked\nArchitecture: all\nVersion: {version}\n")
    assert dpkg.installed(["odd"])["odd"] == dpkg.Installed("1.2", "install", "unpacked", "all")


def test_a_host_without_dpkg_is_told_so(database: Path) -> None:
    (database / "status").unlink()
    with pytest.raises(Refused, match="no dpkg"):
        dpkg.installed(["odd"])


def test_apt_is_asked_in_its_own_language_whatever_the_runner_s_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        monkeypatch.setenv(name, "de_DE.UTF-8")
    said = process.run(["sh", "-c", "echo $LANG $LC_ALL $LC_MESSAGES $LANGUAGE $DEBIAN_FRONTEND"], env=apt.QUIET).stdout
    assert said.split() == ["C.UTF-8", "C.UTF-8", "noninteractive"]


class Answers:
    """Stands for apt-get: its answers in turn."""

    def __init__(self, *answers: tuple[int, str, str]) -> None:
        self.answers, self.asked = list(answers), []

    def run(self, argv: Sequence[str], **_: Any) -> process.Finished:
        self.asked.append(list(argv))
        code, out, err = self.answers.pop(0)
        return process.Finished(argv, code, out, err)


def test_what_dpkg_was_interrupted_in_is_finished_once(monkeypatch: pytest.MonkeyPatch) -> None:
    again = "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem."
    desk = Answers((100, "", again), (0, "", ""), (100, "", again))
    monkeypatch.setattr(process, "run", desk.run)
    with pytest.raises(Failed, match="apt-get install ended with 100"):
        apt.get(["install", "--", "x"], 5)
    assert [argv[:2] for argv in desk.asked][1] == ["dpkg", "--configure"]


def test_a_lock_that_stays_names_who_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    held = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4294967295 (unattended-upgr)"
    monkeypatch.setattr(process, "run", Answers((100, "", held)).run)
    with pytest.raises(Failed, match=r"not free within 0 s: process 4294967295 holds it \(unattended-upgr\)"):
        apt.get(["install", "--", "x"], 0)


def test_removals_go_with_the_first_transaction_and_purges_come_last() -> None:
    steps = [Step("aa", removes=True, purge=True), Step("bb", version="1", downgrade=True),
             Step("cc", removes=True, freed=("dd",)), Step("ee", version="2", recommends=False)]
    assert transactions(steps) == [
        (["install", "--allow-downgrades"], ["bb=1", "cc-", "dd-"]), (["install", "--no-install-recommends"], ["ee=2"]),
        (["purge"], ["aa"])]


@pytest.mark.parametrize(("name", "more"), [
    ("-y", {}), ("a b", {}), ("Nginx", {}), ("nginx=1.0", {}), ("nginx", {"version": "1 2"}),
    ("nginx/stable", {}), ("nginx", {"version": "1.0;x"}), ("x*", {}), ("nginx", {"refresh_s": -1}),
])
def test_words_that_apt_would_take_for_something_else_are_refused(name: str, more: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        Package(name=name, **more)


def test_what_a_simulation_of_apt_brings_is_read():
    said = ("Inst zsh-common (5.9-4 Debian:12.1/stable [all])\n"
            "Inst libc6:i386 [2.36-9] (2.36-10 Debian:12/stable [i386])\n"
            "Remv old [1.0]\nConf zsh-common (5.9-4 Debian:12.1/stable [all])\n")
    assert parse_brought(said) == {"zsh-common": "5.9-4", "libc6:i386": "2.36-10"}
