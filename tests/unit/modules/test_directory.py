"""What a user can see of `directory`: real directories, no mocks."""
import os
import stat

import pytest

from holdfast_host import Failed, Refused, Stale, files
from modules.directory import Directory
from tests.unit.modules.settling import needs_root, settle, shown


def modes(top):
    return {str(p.relative_to(top)): f"{stat.S_IMODE(p.lstat().st_mode):04o}" for p in sorted(top.rglob("*"))
            if not p.is_symlink()}


@pytest.mark.parametrize(("path", "arguments", "after"), [
    ("d", {}, {"d": "0755"}),
    ("d", {"mode": "2750"}, {"d": "2750"}),
    ("d", {"mode": "u=rwX,go="}, {"d": "0700"}),
    ("a/b/c", {"mode": "0700"}, {"a": "0700", "a/b": "0700", "a/b/c": "0700"}),
    ("d", {"mode": "1777"}, {"d": "1777"}),
])
def test_directory_is_made(tmp_path, path, arguments, after):
    change = settle(Directory(path=str(tmp_path / path), **arguments))
    assert change.action == "create"
    assert modes(tmp_path) == after


def test_one_that_is_there_keeps_what_is_not_declared(tmp_path):
    (tmp_path / "d").mkdir(0o710)
    assert settle(Directory(path=str(tmp_path / "d"))) is None
    assert shown(settle(Directory(path=str(tmp_path / "d"), mode="g+w"))) == {"mode": ("0710", "0730")}


def test_missing_directories_above_are_told_and_can_be_refused(tmp_path):
    path = str(tmp_path / "a/b/c")
    with pytest.raises(Refused, match=r"declare `directory: .*/a/b`"):
        settle(Directory(path=path, parents=False))
    assert shown(settle(Directory(path=path)))["parents"] == (None, f"{tmp_path}/a, {tmp_path}/a/b")


def tree(top):
    (top / "d/sub").mkdir(parents=True)
    for name in ("d/plain", "d/sub/run"):
        (top / name).write_bytes(b"")
        (top / name).chmod(0o640)
    (top / "d/sub/run").chmod(0o740)
    (top / "outside").write_bytes(b"")
    (top / "outside").chmod(0o600)
    (top / "d/link").symlink_to("../outside")
    for name in ("d", "d/sub"):
        (top / name).chmod(0o700)
    return top / "d"


@pytest.mark.parametrize(("arguments", "after"), [
    ({"mode": "0755"}, {"d": "0755", "d/sub": "0755", "d/plain": "0640", "d/sub/run": "0740"}),
    ({"mode": "0755", "file_mode": "0600"}, {"d": "0755", "d/sub": "0755", "d/plain": "0600", "d/sub/run": "0600"}),
    ({"file_mode": "o=rX"}, {"d": "0700", "d/sub": "0700", "d/plain": "0644", "d/sub/run": "0745"}),
])
def test_recurse_gives_modes_to_what_is_below_and_follows_no_link(tmp_path, arguments, after):
    path = tree(tmp_path)
    settle(Directory(path=str(path), recurse=True, **arguments))
    assert modes(tmp_path) == {**after, "outside": "0600"}


def test_recurse_names_what_differs_and_counts_what_is_too_much(tmp_path):
    path = tree(tmp_path)
    change = settle(Directory(path=str(path), recurse=True, mode="0711"))
    assert shown(change) == {"mode": ("0700", "0711"), "mode of sub": ("0700", "0711")}
    for number in range(30):
        (path / str(number)).write_bytes(b"")
    change = settle(Directory(path=str(path), recurse=True, file_mode="0604"))
    assert shown(change)["more"] == ("12 further paths differ", "as declared")


def test_absent_takes_an_empty_one_and_a_full_one_only_by_force(tmp_path):
    path = tree(tmp_path)
    with pytest.raises(Refused, match="force: true"):
        settle(Directory(path=str(path), state="absent"))
    settle(Directory(path=str(path), state="absent", force=True))
    assert os.listdir(tmp_path) == ["outside"], "a link is removed, not what it leads to"
    path.mkdir()
    settle(Directory(path=str(path), state="absent"))
    assert settle(Directory(path=str(path), state="absent")) is None


def test_what_fills_up_after_the_plan_is_not_removed(tmp_path):
    path = tmp_path / "d"
    path.mkdir()
    directory = Directory(path=str(path), state="absent", force=True)
    change = directory.diff(directory.observe())
    (path / "new").write_bytes(b"")
    with pytest.raises(Failed):
        directory.converge(change)
    assert os.listdir(path) == ["new"]


@pytest.mark.parametrize(("put", "arguments", "mend"), [
    (lambda p: p.write_bytes(b""), {}, "force: true"),
    (lambda p: p.symlink_to("/usr"), {}, "follow: true"),
    (lambda p: p.write_bytes(b""), {"state": "absent"}, "file: "),
    (lambda p: p.write_bytes(b""), {"below": "x"}, "name another path"),
])
def test_what_stands_in_the_way_is_refused_with_a_mend(tmp_path, put, arguments, mend):
    put(tmp_path / "d")
    path = tmp_path / "d" / arguments.pop("below", "")
    with pytest.raises(Refused, match=mend):
        settle(Directory(path=str(path).rstrip("/"), **arguments))


def test_force_puts_a_directory_in_the_place_of_a_file_or_link(tmp_path):
    (tmp_path / "f").write_bytes(b"")
    (tmp_path / "l").symlink_to("f")
    for name in ("f", "l"):
        settle(Directory(path=str(tmp_path / name), force=True))
        assert (tmp_path / name).is_dir()
        assert not (tmp_path / name).is_symlink()


def test_follow_means_the_directory_that_a_link_leads_to(tmp_path):
    (tmp_path / "d").mkdir(0o755)
    (tmp_path / "l").symlink_to("d")
    settle(Directory(path=str(tmp_path / "l"), follow=True, mode="0700"))
    assert (tmp_path / "l").is_symlink()
    assert modes(tmp_path)["d"] == "0700"


def test_what_came_to_be_after_the_plan_is_not_replaced(tmp_path):
    path = tmp_path / "d"
    directory = Directory(path=str(path))
    change = directory.diff(directory.observe())
    path.write_bytes(b"mine")
    with pytest.raises(Stale):
        directory.converge(change)
    assert path.read_bytes() == b"mine"
    assert os.listdir(tmp_path) == ["d"]


@pytest.mark.parametrize(("arguments", "argument"), [
    ({"file_mode": "0600"}, "file_mode"),
    ({"recurse": True}, "recurse"),
    ({"state": "absent", "mode": "0755"}, "mode"),
    ({"path": "/usr", "state": "absent", "force": True}, "path"),
    ({"path": "/", "state": "absent"}, "path"),
    ({"follow": True, "force": True}, "force"),
])
def test_wrong_arguments_are_refused_by_name(arguments, argument):
    with pytest.raises(Refused) as refused:
        Directory(**{"path": "/srv/x", **arguments})
    assert refused.value.argument == argument


def test_a_new_one_in_a_setgid_directory_is_setgid_too(tmp_path):
    tmp_path.chmod(0o2755)
    assert shown(settle(Directory(path=str(tmp_path / "a/b"))))["mode"] == (None, "2755")
    assert modes(tmp_path) == {"a": "2755", "a/b": "2755"}


@needs_root
def test_recurse_gives_owner_and_group_to_all_and_to_links_themselves(tmp_path):
    path = tree(tmp_path)
    change = settle(Directory(path=str(path), recurse=True, owner="daemon", group="daemon"))
    assert {files.look(str(p)).owner for p in [path, *path.rglob("*")]} == {"daemon"}
    assert files.look(str(tmp_path / "outside")).owner == "root"
    assert "owner of link" in shown(change)


@needs_root
def test_directories_above_that_are_made_get_the_same_owner(tmp_path):
    settle(Directory(path=str(tmp_path / "a/b"), owner="daemon", group="daemon", mode="0750"))
    assert files.look(str(tmp_path / "a")) == files.FileState("directory", "0750", "daemon", "daemon")
