"""`sysctl` on files as hosts have them, and on names with dots in their parts."""
from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import Refused
from modules.sysctl import Sysctl, plain, setting
from tests.unit.modules.settling import settle, shown

NAME = "net.ipv4.ip_forward"


@pytest.mark.parametrize(("name", "same"), [
    ("net.ipv4.ip_forward", "net/ipv4/ip_forward"), ("net/ipv4/ip_forward", "net/ipv4/ip_forward"),
    ("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"),
    ("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"),
])
def test_a_setting_has_one_name_however_it_is_spelled(name: str, same: str) -> None:
    assert plain(name) == same == setting(f" -{name}=1\n")[0]


@pytest.mark.parametrize(("row", "found"), [
    ("vm.swappiness = 10\n", ("vm/swappiness", "10")), ("vm.swappiness=10", ("vm/swappiness", "10")),
    ("  -vm.swappiness\t=\t10 \r\n", ("vm/swappiness", "10")),
    ("a.b = 1 = 2\n", ("a/b", "1 = 2")), ("a.b =\n", ("a/b", "")),
    ("# vm.swappiness = 10\n", ("", "")), ("; vm.swappiness = 10\n", ("", "")), ("\n", ("", "")),
    ("vm.swappiness\n", ("", "")),
    ("= 10\n", ("", "")), ("\udcff\udcfe\n", ("", "")),
])
def test_a_line_is_read_as_sysctl_reads_it(row: str, found: tuple[str, str]) -> None:
    assert setting(row) == found


@pytest.mark.parametrize(("before", "arguments", "after"), [
    (None, {"value": "1"}, b"net.ipv4.ip_forward = 1\n"),
    (b"# \xff mine\nvm.x=1", {"value": "1"}, b"# \xff mine\nvm.x=1\nnet.ipv4.ip_forward = 1\n"),
    (b"net.ipv4.ip_forward=0\nvm.x=1\nnet/ipv4/ip_forward=0\n", {"value": "1"}, b"net.ipv4.ip_forward = 1\nvm.x=1\n"),
    (b"net.ipv4.ip_forward=0\nnet/ipv4/ip_forward=1\n", {"value": "1"}, b"net/ipv4/ip_forward=1\n"),
    (b"net.ipv4.ip_forward=0\r\nvm.x=1\r\n", {"value": "1"}, b"net.ipv4.ip_forward = 1\r\nvm.x=1\r\n"),
    (b"net.ipv4.ip_forward_use_pmtu=0\n", {"value": "1"}, b"net.ipv4.ip_forward_use_pmtu=0\nnet.ipv4.ip_forward = 1\n"),
    (b"vm.x=1\nnet.ipv4.ip_forward=1\n", {"state": "absent"}, b"vm.x=1\n"),
    (b"vm.x=1\n", {"state": "absent"}, b"vm.x=1\n"), (None, {"state": "absent"}, None),
])
def test_the_file_becomes(tmp_path: Path, before: bytes | None, arguments: dict[str, str], after: bytes | None) -> None:
    path = tmp_path / "90-x.conf"
    if before is not None:
        path.write_bytes(before)
    settle(Sysctl(name=NAME, path=str(path), runtime=False, **arguments))
    assert (path.read_bytes() if path.exists() else None) == after
    assert os.listdir(tmp_path) == ([] if after is None else ["90-x.conf"])


def test_what_the_kernel_does_not_have_is_refused_unless_only_the_next_boot_is_meant(tmp_path: Path) -> None:
    path = str(tmp_path / "x.conf")
    with pytest.raises(Refused, match="runtime: false"):
        settle(Sysctl(name="net.no.such.setting", value="1", path=path))
    assert shown(settle(Sysctl(name="net.no.such.setting", value="1", path=path, runtime=False)))


def test_blanks_between_numbers_are_no_difference_to_what_counts(tmp_path: Path) -> None:
    now = Path("/proc/sys/kernel/printk").read_text().split()
    assert settle(Sysctl(name="kernel.printk", value="  ".join(now), boot=False)) is None
    other = Sysctl(name="kernel.printk", value=" ".join([*now[:-1], "9"]), boot=False)
    assert shown(other.diff(other.observe()))["now"] == ("\t".join(now), " ".join([*now[:-1], "9"]))


@pytest.mark.parametrize(("where", "file", "text", "is_outdone"), [
    ("usr", "99-links.conf", "-net/ipv4/ip_forward=0\n", True),
    ("usr", "99-links.conf", "net.ipv4.ip_forward = 1", False),
    ("etc", "99-x.conf", "net.ipv4.ip_forward=0\n", True), ("etc", "99-x.txt", "net.ipv4.ip_forward=0\n", False),
    ("usr", "10-x.conf", "net.ipv4.ip_forward=0\n", False), ("usr", "91-mine.conf", "net.ipv4.ip_forward=0\n", False),
])
def test_a_file_that_counts_more_at_boot_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str,
                                                            file: str, text: str, is_outdone: bool) -> None:
    for folder in ("etc", "usr"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr("modules.sysctl.FOLDERS", (str(tmp_path / "etc"), str(tmp_path / "usr")))
    (tmp_path / "etc/91-mine.conf").write_text("")  # stands for the one of its name in usr
    (tmp_path / where / file).write_text(text)
    setting_of = Sysctl(name=NAME, path=str(tmp_path / "etc/90-x.conf"), value="1", runtime=False)
    if is_outdone:
        with pytest.raises(Refused, match=f"{file} is read after it at boot, and says 0"):
            setting_of.diff(setting_of.observe())
        settle(Sysctl(name=NAME, path=str(tmp_path / "etc/zz-x.conf"), value="1", runtime=False))
    else:
        assert settle(setting_of)


@pytest.mark.parametrize(("arguments", "argument"), [
    ({"name": "../etc/passwd", "value": "1"}, "name"), ({"name": "net..x", "value": "1"}, "name"),
    ({"name": "-w", "value": "1"}, "name"), ({"name": "net.ipv4.conf.*.x", "value": "1"}, "name"),
    ({"name": "swappiness", "value": "1"}, "name"), ({"value": "1\nkernel.core_pattern = |/x"}, "value"), ({}, "value"),
    ({"value": " "}, "value"), ({"value": "1", "state": "absent"}, "value"), ({"value": "1", "path": "x"}, "path"),
    ({"value": "1", "boot": False, "runtime": False}, "boot"),
])
def test_wrong_arguments_are_refused_by_name(arguments: dict[str, str], argument: str) -> None:
    with pytest.raises(Refused) as refused:
        Sysctl(**{"name": NAME, **arguments})
    assert refused.value.argument == argument


ROWS = st.lists(st.sampled_from(["# a", "vm.x=1", "net.ipv4.ip_forward = 0", "net/ipv4/ip_forward=1",
                                 "-net.ipv4.ip_forward=2"]))


@given(ROWS, st.booleans())
def test_any_file_settles_in_one_step_and_keeps_what_is_not_ours(rows: list[str], is_absent: bool) -> None:
    now = "".join(row + "\n" for row in rows)
    one = Sysctl(name=NAME, state="absent") if is_absent else Sysctl(name=NAME, value="1")
    once = one.edited(now)
    assert one.edited(once) == once
    mine = [setting(row)[1] for row in once.splitlines() if setting(row)[0] == plain(NAME)]
    assert mine == ([] if is_absent else ["1"])
    assert [row for row in once.splitlines() if setting(row)[0] != plain(NAME)] == \
        [row for row in rows if setting(row)[0] != plain(NAME)]
