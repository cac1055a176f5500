"""What a user can see of `block` and `hosts_entry`: real files, no mocks."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import Refused
from modules.block import Block
from modules.hosts_entry import HostsEntry
from tests.unit.modules.settling import settle

BEGIN, END = b"# begin holdfast: b\n", b"# end holdfast: b\n"


@pytest.mark.parametrize(("before", "arguments", "after"), [
    (b"a\n", {"content": "x\ny\n"}, b"a\n" + BEGIN + b"x\ny\n" + END),
    (b"a", {"content": "x"}, b"a\n" + BEGIN + b"x\n" + END),
    (b"a\r\n", {"content": "x"}, b"a\r\n# begin holdfast: b\r\nx\r\n# end holdfast: b\r\n"),
    (b"\xff\n" + BEGIN + b"old\n" + END + b"z", {"content": "x"}, b"\xff\n" + BEGIN + b"x\n" + END + b"z"),
    (b"1\n2\n", {"content": "x", "before": "^2"}, b"1\n" + BEGIN + b"x\n" + END + b"2\n"),
    (BEGIN + b"x\n" + END + b"2\n", {"state": "absent"}, b"2\n"),
    (b"2\n", {"state": "absent"}, b"2\n"),
    (None, {"content": "x", "create": True}, BEGIN + b"x\n" + END),
    (None, {"state": "absent"}, None),
])
def test_file_becomes(tmp_path, before, arguments, after):
    path = tmp_path / "f"
    if before is not None:
        path.write_bytes(before)
    settle(Block(name="b", path=str(path), **arguments))
    assert (path.read_bytes() if path.exists() else None) == after


@pytest.mark.parametrize("text", ["# begin holdfast: b\nx\n", "# end holdfast: b\n# begin holdfast: b\n",
                                  "# begin holdfast: b\n# begin holdfast: b\n# end holdfast: b\n# end holdfast: b\n"])
def test_half_a_block_is_left_to_a_person(text):
    with pytest.raises(Refused, match="do not stand once around it"):
        Block(name="b", path="/f", content="x").edited(text)


def test_block_that_holds_its_own_mark_is_refused():
    with pytest.raises(Refused, match="own mark"):
        Block(name="b", path="/f", content="x\n# end holdfast: b\ny")


@given(st.text("ab\r\n"), st.text("ab\n", min_size=1), st.sampled_from(["present", "absent"]))
def test_any_file_settles_in_one_step_and_comes_back(now, content, state):
    block = Block(name="b", path="/f", content=content if state == "present" else None, state=state)
    once = block.edited(now)
    assert block.edited(once) == once
    gone = Block(name="b", path="/f", state="absent").edited(once)
    assert gone == now or gone in (now + "\n", now + "\r\n"), "all that stays is an end for the last line"


@pytest.mark.parametrize(("before", "arguments", "after"), [
    ("", {"addresses": ("10.0.0.5",)}, "10.0.0.5\tdb\n"),
    ("10.0.0.5   db\n", {"addresses": ("10.0.0.5",)}, "10.0.0.5   db\n"),  # blanks are no difference
    ("10.0.0.4 db old # why\n", {"addresses": ("10.0.0.5",), "aliases": ("d",)}, "10.0.0.5\tdb d # why\n"),
    ("127.0.1.1 me db\n", {"addresses": ("10.0.0.5",)}, "127.0.1.1\tme\n10.0.0.5\tdb\n"),  # the first line would count
    ("::1 db\n", {"addresses": ("10.0.0.5",)}, "10.0.0.5\tdb\n"),
    ("::1 db\n1.1.1.1 db\n", {"addresses": ("2.2.2.2", "::1")}, "::1 db\n2.2.2.2\tdb\n"),
    ("1.1.1.1 db\n1.1.1.1 db\n", {"addresses": ("1.1.1.1",)}, "1.1.1.1 db\n"),
    ("#10.0.0.5 db\n", {"addresses": ("10.0.0.5",)}, "#10.0.0.5 db\n10.0.0.5\tdb\n"),
    ("1.1.1.1 db\n::1 db\n2.2.2.2 x\n", {"state": "absent"}, "2.2.2.2 x\n"),
    ("1.1.1.1 Me DB\n2.2.2.2 Db\n", {"addresses": ("2.2.2.2",)}, "1.1.1.1\tMe\n2.2.2.2\tdb\n"),
])
def test_hosts_become(before, arguments, after):
    entry = HostsEntry(name="db", **arguments)
    assert entry.edited(before) == after
    assert entry.edited(after) == after


@pytest.mark.parametrize("arguments", [{"addresses": ("10.0.0.300",)}, {}, {"addresses": ("::1", "::1")},
                                       {"addresses": ("FD00::5", "fd00:0::5")},
                                       {"addresses": ("10.0.0.5",), "aliases": ("a b",)}])
def test_wrong_entry_is_refused(arguments):
    with pytest.raises(Refused):
        HostsEntry(name="db", **arguments)
