"""Modes in letters mean what chmod makes of them; a file that changes hands loses what it may do for its old owner."""
import os
import stat
import subprocess

import pytest

from holdfast_host import Refused, attributes, checks
from holdfast_host.files import FileState

TEXTS = ("u=rw,g=r,o=", "a+x", "go-rwx", "u+s", "g+s", "+t", "u=rwX,go=rX", "g=u", "o=g-w", "a=", "u+x,g-w", "-x",
         "ug=rw",
         "g-s", "u-s", "=rX", "a-t", "u=g+x")


@pytest.mark.parametrize("is_directory", [False, True])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("now", ["0644", "0755", "0700", "2750", "4711", "1777", "0000"])
def test_letters_mean_what_chmod_makes_of_them(tmp_path, text, now, is_directory):
    checks.permissions(text)
    path = tmp_path / "x"
    path.mkdir() if is_directory else path.write_bytes(b"")
    os.chmod(path, int(now, 8))
    subprocess.run(["sh", "-c", 'umask 0; exec chmod -- "$0" "$1"', text, str(path)], check=True)
    assert attributes.mode_after(text, now, is_directory) == f"{stat.S_IMODE(path.stat().st_mode):04o}"


@pytest.mark.parametrize("is_directory", [False, True])
def test_digits_are_the_mode_as_it_is(is_directory):
    assert attributes.mode_after("0640", "6755", is_directory) == "0640"
    assert attributes.mode_after("2750", "0000", is_directory) == "2750"


@pytest.mark.parametrize("text", ["", "rw", "u=rw,", "u=z", "644", "08", "00644", "u=rw g=r", "0o644", "8888", "z+x",
                                  ","])
def test_what_is_no_mode_is_refused(text):
    with pytest.raises(Refused) as refused:
        checks.permissions(text)
    assert '"' in refused.value.mend


def test_letters_are_not_taken_where_only_digits_are():
    checks.mode("0644")
    with pytest.raises(Refused):
        checks.mode("u=rw")


@pytest.mark.parametrize(("kind", "owner", "group", "mode", "after"), [
    ("file", None, None, None, "6755"),
    ("file", "root", "root", None, "6755"),
    ("file", "daemon", None, None, "0755"),
    ("file", None, "daemon", None, "0755"),
    ("file", "daemon", None, "6755", "6755"),
    ("file", "daemon", None, "u-x", "6655"),
    ("directory", "daemon", "daemon", None, "6755"),
])
def test_setuid_does_not_pass_to_another_owner_unless_declared(kind, owner, group, mode, after):
    assert attributes.dressed(FileState(kind, "6755"), owner, group, mode).mode == after


def test_nothing_declared_is_no_difference():
    state = FileState("file", "0640", "daemon", "adm")
    assert attributes.dressed(state, None, None, None) is state
    assert attributes.dressed(state, "daemon", "adm", "u=rw,g=r") is state
    assert attributes.differences(state, state) == ()
