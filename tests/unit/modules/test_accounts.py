"""`user` and `group` on account files as hosts really have them: odd, damaged, from other systems."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import Refused, accounts, files
from modules import user
from modules.group import Group
from modules.user import User, future_home
from tests.unit.modules.settling import shown

PASSWD = b"""\
root:x:0:0:root:/root:/bin/bash
+::::::
# a remark that somebody left
short:x:1000
text:x:abc:1000::/home/text:/bin/sh
grouped:x:1_000:1000::/home/grouped:/bin/sh
arabic:x:\xd9\xa1\xd9\xa2:1000::/home/arabic:/bin/sh

ada:x:1001:1001:Ada \xe9 L\xf6velace,,,:/home/ada:/bin/bash
ada:x:1002:1002:the second of this name:/home/other:/bin/sh
"""
GROUP = b"root:x:0:\nadm:x:4:ada, root ,,\n+:::\nwheel:x:ten:ada\nada:x:1001:\nada:x:7:root\nlast:x:9:ada"
SHADOW = b"root:*:19000:0:99999:7:::\nada:$6$salt0000$hash0000hash:19000:0:99999:7::-1:\nshort:x\n" \
         b"far:!:19000:0:99999:7::99999999:\nodd:!:x:x:x:x:x:soon:\nplain:!:19000:0:99999:7::20000:\n"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, data in (("PASSWD", PASSWD), ("GROUP", GROUP), ("SHADOW", SHADOW), ("LOGIN_DEFS", b"")):
        (tmp_path / name).write_bytes(data)
        monkeypatch.setattr(accounts, name, str(tmp_path / name))
    return tmp_path


@pytest.mark.usefixtures("host")
def test_lines_that_libc_passes_over_are_passed_over() -> None:
    known = accounts.load(with_shadow=True)
    assert list(known.users) == ["root", "ada"] and list(known.groups) == ["root", "adm", "ada", "last"]
    assert known.users["ada"].uid == 1001, "the first of two counts"
    assert known.groups["adm"].members == ("ada", "root") and known.groups["last"].members == ("ada",)
    assert {name: one.expires for name, one in known.shadow.items()} == {
        "root": None, "ada": None, "far": 99999999, "plain": 20000}
    assert known.group_of(4) == "adm" and known.group_of(4711) == "4711"
    named = known.group_named("9")
    assert named is not None and named.name == "last"


@pytest.mark.usefixtures("host")
def test_a_comment_that_is_no_utf_8_is_no_difference_and_is_kept() -> None:
    found = User(name="ada").observe()
    assert found.entry is not None
    assert found.entry.comment.encode("utf-8", "surrogateescape") == b"Ada \xe9 L\xf6velace,,,"
    assert User(name="ada", shell="/bin/bash", groups=["adm"]).diff(found) is None


@pytest.mark.usefixtures("host")
def test_groups_by_number_are_those_by_name() -> None:
    member = User(name="ada", groups=["4", "last"])
    assert member.diff(member.observe()) is None
    more = User(name="ada", groups=["4", "0"])
    assert shown(more.diff(more.observe()))["groups"] == (["adm", "last"], ["adm", "last", "root"])


@pytest.mark.usefixtures("host")
def test_an_expiry_of_minus_one_is_never_and_one_beyond_all_days_can_be_shown() -> None:
    ada = User(name="ada", expires="never")
    assert ada.diff(ada.observe()) is None
    later = User(name="ada", expires="2030-01-01")
    assert shown(later.diff(later.observe()))["expires"] == ("never", "2030-01-01")
    assert user._date_of(99999999) == "9999-12-31"


@pytest.mark.parametrize(("text", "mode"), [
    ("", "0755"), ("UMASK 027\n", "0750"), ('UMASK\t"077"\n', "0700"), ("HOME_MODE 0700\nUMASK 022\n", "0700"),
    ("HOME_MODE 2750\n", "2750"), ("UMASK none\nHOME_MODE rwx\n", "0755"), ("  # UMASK 077\nUMASK 022", "0755"),
    ("UMASK\n", "0755"), ("\udcff\udcfe x\nUMASK 027", "0750"),
])
def test_a_new_home_has_the_mode_that_login_defs_gives(host: Path, text: str, mode: str) -> None:
    (host / "LOGIN_DEFS").write_bytes(text.encode("utf-8", "surrogateescape"))
    found = future_home("/home/new", "new", "new")["/home/new"]
    assert found is not None and (found.kind, found.mode) == (files.DIRECTORY, mode)


def test_names_that_a_tool_would_take_for_something_else_are_refused() -> None:
    for members in (["a,b"], ["-x"], ["a:b"], ["a\nb"], [""]):
        with pytest.raises(Refused) as refused:
            Group(name="crew", members=members)
        assert refused.value.argument == "members"
    for more in ({"groups": ["a,b"]}, {"comment": "a:b"}, {"home": "/home/a:b"}, {"shell": "bin/sh"}, {"uid": -1},
                 {"uid": 2 ** 32 - 1}, {"expires": "tomorrow"}, {"expires": "2030-02-30"}, {"name": "-rf"}):
        with pytest.raises(Refused) as refused:
            User(**{"name": "ada", **more})
        assert refused.value.argument == next(iter(more))


@pytest.mark.parametrize("text", ["!", "*", "!*", "!!", "$6$salt0000$0123456789", "!$y$j9T$salt$hashhash",
                                  "$2b$12$" + "a" * 53])
def test_hashes_and_the_words_for_none_are_taken(text: str) -> None:
    assert User(name="ada", password_hash=text)


@pytest.mark.parametrize("text", ["", "open sesame", "!x", "$6$", "$9$salt$0123456789", "$6$salt:0$0123456789", "!\n!"])
def test_what_is_no_hash_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(Refused) as refused:
        User(name="ada", password_hash=text)
    assert refused.value.argument == "password_hash" and (not text.strip("!") or text not in str(refused.value))


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize(("declared", "is_changed"), [("!", True), ("$6$salt0000$hash0000hash", False)])
def test_no_password_is_a_difference_to_one(declared: str, is_changed: bool) -> None:
    ada = User(name="ada", password_hash=declared)
    change = ada.diff(ada.observe())
    assert (change is not None) == is_changed
    if change is not None:
        assert ada.commands(change) == [(["chpasswd", "--encrypted"], b"ada:!\n")]


@given(st.binary(max_size=200), st.sampled_from(["PASSWD", "GROUP", "SHADOW", "LOGIN_DEFS"]))
def test_any_bytes_in_these_files_give_an_answer(noise: bytes, which: str) -> None:
    entry: Any = {"PASSWD": accounts._user, "GROUP": accounts._group, "SHADOW": accounts._shadow}.get(which)
    if entry is not None:
        assert all(one.name == name for name, one in accounts.parsed(noise, entry).items())
