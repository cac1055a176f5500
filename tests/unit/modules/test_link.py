"""What a user can see of `link`: real links, no mocks."""
import os

import pytest

from holdfast_host import Refused, Stale
from modules.link import Link
from tests.unit.modules.settling import needs_root, settle, shown


@pytest.mark.parametrize(("before", "to"), [
    (None, "/nowhere/at/all"), (None, "relative/target"), ("old", "new"), ("old", "ünï cöde"),
])
def test_link_leads_there(tmp_path, before, to):
    path = tmp_path / "l"
    if before:
        path.symlink_to(before)
    assert shown(settle(Link(path=str(path), to=to))) == {"to": (before, to)}
    assert os.readlink(path) == to
    assert os.listdir(tmp_path) == ["l"]


@needs_root
def test_the_link_itself_belongs_to_whom_is_declared(tmp_path):
    (tmp_path / "f").write_bytes(b"")
    path = tmp_path / "l"
    assert shown(settle(Link(path=str(path), to="f", owner="daemon"))) == {"to": (None, "f"), "owner": (None, "daemon")}
    assert shown(settle(Link(path=str(path), to="f", group="1"))) == {"group": ("root", "daemon")}
    assert shown(settle(Link(path=str(path), to="elsewhere"))) == {"to": ("f", "elsewhere")}
    assert (path.lstat().st_uid, path.lstat().st_gid) == (1, 1), "another place is no reason to change hands"
    assert shown(settle(Link(path=str(path), to="f", owner="0"))) == {"to": ("elsewhere", "f"),
                                                                      "owner": ("daemon", "root")}
    assert (tmp_path / "f").stat().st_uid == 0
    assert settle(Link(path=str(path), to="f", owner="root", group="daemon")) is None


def test_absent_removes_the_link_alone(tmp_path):
    (tmp_path / "f").write_bytes(b"")
    (tmp_path / "l").symlink_to("f")
    settle(Link(path=str(tmp_path / "l"), state="absent"))
    assert os.listdir(tmp_path) == ["f"]
    assert settle(Link(path=str(tmp_path / "l"), state="absent")) is None
    with pytest.raises(Refused, match="remove it with `file: "):
        settle(Link(path=str(tmp_path / "f"), state="absent"))


def test_what_stands_in_the_way_goes_only_by_force_and_only_if_nothing_is_lost_in_it(tmp_path):
    (tmp_path / "f").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_bytes(b"")
    for name in ("f", "empty"):
        with pytest.raises(Refused, match="force: true"):
            settle(Link(path=str(tmp_path / name), to="x"))
        change = settle(Link(path=str(tmp_path / name), to="x", force=True))
        assert "kind" in shown(change)
        assert os.readlink(tmp_path / name) == "x"
    with pytest.raises(Refused, match="remove it first"):
        settle(Link(path=str(tmp_path / "full"), to="x", force=True))
    with pytest.raises(Refused, match=r"declare `directory: .*/none`"):
        settle(Link(path=str(tmp_path / "none/l"), to="x"))


@pytest.mark.parametrize("arguments", [{"to": "x"}, {"state": "absent"}])
def test_hand_edit_after_the_plan_is_not_overwritten(tmp_path, arguments):
    path = tmp_path / "l"
    path.symlink_to("old")
    link = Link(path=str(path), **arguments)
    change = link.diff(link.observe())
    path.unlink()
    path.symlink_to("mine")
    with pytest.raises(Stale):
        link.converge(change)
    assert os.readlink(path) == "mine"
    assert os.listdir(tmp_path) == ["l"]


@pytest.mark.parametrize(("arguments", "argument"), [
    ({}, "to"), ({"to": ""}, "to"), ({"to": "/l"}, "to"), ({"to": "a\nb"}, "to"), ({"to": "x", "path": "l"}, "path"),
    ({"state": "absent", "owner": "root"}, "owner"),
])
def test_wrong_arguments_are_refused_by_name(arguments, argument):
    with pytest.raises(Refused) as refused:
        Link(**{"path": "/l", **arguments})
    assert refused.value.argument == argument


def test_it_comes_after_what_it_leads_to():
    assert set(Link(path="/srv/app/current", to="/opt/app").wants()) == {
        ("path", "/srv/app"), ("path", "/srv"), ("path", "/opt/app")}
    assert ("path", "/opt/app") not in Link(path="/srv/app/current", to="/opt/app", state="absent").wants()
