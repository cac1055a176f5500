"""What a user can see of `line`: real files, no mocks. The contract suite runs the same type on lab hosts."""
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import Failed, Refused, Stale
from modules.line import Line
from tests.unit.modules.settling import settle


@pytest.mark.parametrize(("before", "arguments", "after"), [
    (b"a\n", {"text": "b"}, b"a\nb\n"),
    (b"a", {"text": "b"}, b"a\nb\n"),  # no line end at the end
    (b"a\r\n", {"text": "b"}, b"a\r\nb\r\n"),
    (b"\xff\n#x=1\nz", {"text": "x=2", "match": "^#?x="}, b"\xff\nx=2\nz"),  # not UTF-8
    (b"a\nb\na\n", {"text": "a", "state": "absent"}, b"b\n"),
    (b"a\nb", {"match": "^[ab]", "state": "absent"}, b""),
    (b"a.c\nabc\n", {"text": "a.c", "state": "absent"}, b"abc\n"),  # text is text, not a pattern
    (None, {"text": "a", "create": True}, b"a\n"),
    (None, {"text": "a", "state": "absent"}, None),
    (b"", {"text": "a"}, b"a\n"),
    (b"1\n2\n3\n", {"text": "x", "after": "^[12]"}, b"1\n2\nx\n3\n"),
    (b"1\n2\n3\n", {"text": "x", "before": "^[23]"}, b"1\nx\n2\n3\n"),
    (b"1\n2\n", {"text": "x", "before": "TOP"}, b"x\n1\n2\n"),
    (b"1\n2", {"text": "x", "after": "END"}, b"1\n2\nx\n"),
    (b"1\n2", {"text": "x", "after": "2"}, b"1\n2\nx\n"),
    (b"1\n2\n", {"text": "x", "after": "none"}, b"1\n2\nx\n"),
    (b"x\n1\n", {"text": "x", "after": "1"}, b"x\n1\n"),  # it is there: it is not moved
    (b"x=1\nx=1\n", {"text": "x=2", "match": "^x="}, b"x=2\nx=2\n"),
    (b"a\n", {"text": "b", "validate": "grep -q b %s"}, b"a\nb\n"),
    (b"\xef\xbb\xbfa=1\r\n", {"text": "a=2", "match": "^a="}, b"\xef\xbb\xbfa=2\r\n"),  # a byte order mark
])
def test_file_becomes(tmp_path, before, arguments, after):
    path = tmp_path / "f"
    if before is not None:
        path.write_bytes(before)
        path.chmod(0o640)
    settle(Line(path=str(path), **arguments))
    assert (path.read_bytes() if path.exists() else None) == after
    assert before is None or path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ([] if after is None else ["f"]), "something is left behind"


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_text_of_two_bytes_a_character_is_refused(tmp_path, mark):
    (tmp_path / "f").write_bytes(mark + b"a\0")
    line = Line(path=str(tmp_path / "f"), text="b")
    with pytest.raises(Refused, match="UTF-16"):
        line.diff(line.observe())


def test_hand_edit_after_the_plan_is_not_overwritten(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"a\n")
    line = Line(path=str(path), text="b")
    change = line.diff(line.observe())
    path.write_bytes(b"mine\n")
    with pytest.raises(Stale):
        line.converge(change)
    assert path.read_bytes() == b"mine\n"
    assert os.listdir(tmp_path) == ["f"]


def test_a_link_is_followed_and_stays(tmp_path):
    (tmp_path / "f").write_bytes(b"a\n")
    (tmp_path / "l").symlink_to("f")
    settle(Line(path=str(tmp_path / "l"), text="b"))
    assert (tmp_path / "l").is_symlink()
    assert (tmp_path / "f").read_bytes() == b"a\nb\n"


def test_a_file_of_many_megabytes_is_edited(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"0.0.0.0 ads.example.org\n" * 200_000)
    settle(Line(path=str(path), text="::1 localhost", before="TOP"))
    assert path.read_bytes()[:14] == b"::1 localhost\n"
    assert path.stat().st_size == 24 * 200_000 + 14


def test_what_does_not_pass_is_not_written(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"a\n")
    with pytest.raises(Failed, match="nothing was written"):
        settle(Line(path=str(path), text="b", validate="false %s"))
    assert path.read_bytes() == b"a\n"


def test_what_cannot_settle_is_refused_with_a_mend(tmp_path):
    with pytest.raises(Refused, match="create: true"):
        settle(Line(path=str(tmp_path / "none"), text="b"))
    with pytest.raises(Refused, match="declare `directory: "):
        settle(Line(path=str(tmp_path / "none/f"), text="b", create=True))
    with pytest.raises(Refused, match="name a text file"):
        settle(Line(path=str(tmp_path), text="b"))
    with pytest.raises(Refused, match="widen the pattern"):
        Line(path="/f", text="x=2", match="^x=1$")
    good = Line(path="/f", text="x=2", match="^x=")  # the control: a good pattern passes
    with pytest.raises(Refused, match="narrow the pattern"):
        good.edited("x=1\nx=3\n")


@pytest.mark.parametrize(("arguments", "argument"), [
    ({}, "text"), ({"state": "absent"}, "text"), ({"text": "a\nb"}, "text"), ({"text": "a", "match": "("}, "match"),
    ({"text": "a", "after": "x", "before": "y"}, "before"), ({"text": "a", "state": "absent", "after": "x"}, "after"),
])
def test_wrong_arguments_are_refused_by_name(arguments, argument):
    with pytest.raises(Refused) as refused:
        Line(path="/f", **arguments)
    assert refused.value.argument == argument


def test_it_comes_after_what_makes_the_file_and_does_not_own_it():
    line = Line(path="/etc/ssh/sshd_config", text="a")
    assert set(line.wants()) == {("path", "/etc/ssh/sshd_config"), ("path", "/etc/ssh"), ("path", "/etc")}
    assert not line.provides()


@given(st.text("ab\r\n"), st.text("ab"), st.sampled_from(["present", "absent"]), st.sampled_from([None, "a", "TOP"]))
def test_any_file_settles_in_one_step(now, text, state, before):
    line = Line(path="/f", text=text, state=state, before=before if state == "present" else None)
    once = line.edited(now)
    assert line.edited(once) == once
    assert (text in [row.rstrip("\r") for row in once.split("\n")]) or state == "absent"
