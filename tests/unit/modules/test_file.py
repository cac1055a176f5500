"""What a user can see of `file`: real files, no mocks."""
import hashlib
import os
import stat

import pytest

from holdfast_host import Blob, Failed, NeedBlob, Refused, Stale, files
from modules.file import File
from tests.unit.modules.settling import needs_root, settle, shown


@pytest.mark.parametrize(("before", "arguments", "after", "mode"), [
    (None, {"content": "a\n"}, b"a\n", 0o644),
    (None, {}, b"", 0o644),
    (None, {"content": "a", "mode": "0600"}, b"a", 0o600),
    (None, {"content": "ü\udcff"}, b"\xc3\xbc\xff", 0o644),  # bytes that are not UTF-8
    (b"old", {"content": "new"}, b"new", 0o640),
    (b"old", {"content": ""}, b"", 0o640),
    (b"old", {}, b"old", 0o640),
    (b"old", {"mode": "0400"}, b"old", 0o400),
    (b"old", {"mode": "u+x,o=r"}, b"old", 0o744),
    (b"old", {"mode": "4755"}, b"old", 0o4755),
    (b"old", {"content": "new", "mode": "1644"}, b"new", 0o1644),
    (b"old", {"content": "new", "replace": False, "mode": "0600"}, b"old", 0o600),
    (None, {"content": "new", "replace": False}, b"new", 0o644),
    (b"\xff\x00", {"content": "text"}, b"text", 0o640),
    (b"old", {"state": "absent"}, None, None),
    (None, {"state": "absent"}, None, None),
    (b"old", {"content": "new", "validate": "grep -q new %s"}, b"new", 0o640),
])
def test_file_becomes(tmp_path, before, arguments, after, mode):
    path = tmp_path / "f"
    if before is not None:
        path.write_bytes(before)
        path.chmod(0o740 if "u+x" in arguments.get("mode", "") else 0o640)
    settle(File(path=str(path), **arguments))
    assert (path.read_bytes() if path.exists() else None) == after
    assert mode is None or stat.S_IMODE(path.stat().st_mode) == mode
    assert os.listdir(tmp_path) == ([] if after is None else ["f"])


def test_content_of_the_controller_is_asked_for_only_when_it_differs(tmp_path):
    path, data = tmp_path / "f", b"\x00\xff not text"
    blob = Blob(hashlib.sha256(data).hexdigest(), len(data))
    with pytest.raises(NeedBlob):
        settle(File(path=str(path), source=blob))
    path.write_bytes(b"\x00\xff not TEXT")  # of the same size
    with pytest.raises(NeedBlob):
        settle(File(path=str(path), source=blob))
    path.write_bytes(data)
    assert settle(File(path=str(path), source=blob)) is None
    path.unlink()
    settle(File(path=str(path), source=Blob.of(data)))
    assert path.read_bytes() == data


def test_contents_are_asked_for_even_where_the_directory_is_still_missing(tmp_path):
    """So that one question brings them all before the first directory is made."""
    with pytest.raises(NeedBlob):
        File(path=str(tmp_path / "none/f"), source=Blob("0" * 64, 1)).diff(
            File(path=str(tmp_path / "none/f"), source=Blob("0" * 64, 1)).observe())


def test_a_large_file_is_compared_by_its_hash_and_not_shown(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"x" * 3_000_000)
    large = Blob.of(b"y" * 3_000_000)
    change = settle(File(path=str(path), source=large))
    before, after = shown(change)["content"]
    assert before.startswith("3000000 bytes (SHA-256")
    assert after.startswith("3000000 bytes (SHA-256")
    assert settle(File(path=str(path), content="y" * 3_000_000)) is None
    change = File(path=str(path), content="z").diff(File(path=str(path), content="z").observe())
    path.write_bytes(b"z" * 3_000_000)
    with pytest.raises(Stale):
        File(path=str(path), content="z").converge(change)


def test_what_is_shown_of_a_new_and_of_a_removed_file(tmp_path):
    path = str(tmp_path / "f")
    me, group = files.owner_name(os.geteuid()), files.group_name(os.getegid())
    made = settle(File(path=path, content="a"))
    assert made.action == "create"
    assert shown(made) == {"content": (None, b"a"), "owner": (None, me), "group": (None, group), "mode": (None, "0644")}
    changed = settle(File(path=path, content="b"))
    assert changed.action == "update"
    assert shown(changed) == {"content": (b"a", b"b")}
    removed = settle(File(path=path, state="absent"))
    assert removed.action == "delete"
    assert shown(removed) == {"content": (b"b", None), "owner": (me, None), "group": (group, None),
                              "mode": ("0644", None)}


def changes(path, edit, **arguments):
    """A change that was planned before someone edited the path."""
    file = File(path=str(path), **arguments)
    change = file.diff(file.observe())
    edit(path)
    return file, change


@pytest.mark.parametrize(("before", "edit", "arguments"), [
    (b"a", lambda path: path.write_bytes(b"mine"), {"content": "b"}),
    (b"a", lambda path: path.write_bytes(b"z"), {"content": "b"}),  # of the same size
    (b"a", lambda path: path.chmod(0o600), {"content": "b"}),
    (b"a", lambda path: path.unlink(), {"content": "b"}),
    (b"a", lambda path: (path.unlink(), path.symlink_to("/etc/passwd")), {"content": "b"}),
    (b"a", lambda path: path.write_bytes(b"mine"), {"state": "absent"}),
    (b"a", lambda path: path.chmod(0o600), {"mode": "0644"}),
    (b"a", lambda path: (path.unlink(), path.symlink_to("/etc/passwd")), {"mode": "0600"}),
    (None, lambda path: path.write_bytes(b"mine"), {"content": "b"}),
])
def test_hand_edit_after_the_plan_is_not_overwritten(tmp_path, before, edit, arguments):
    path = tmp_path / "f"
    if before is not None:
        path.write_bytes(before)
        path.chmod(0o640)
    file, change = changes(path, edit, **arguments)
    then = (files.look(str(path)), files.read(str(path)))
    with pytest.raises((Stale, Failed)):
        file.converge(change)
    assert (files.look(str(path)), files.read(str(path))) == then
    assert os.listdir(tmp_path) == (["f"] if then[0] else [])


@pytest.mark.parametrize(("stands", "arguments", "mend"), [
    ("nothing", {"path": "none/f"}, "declare `directory: .*/none`"),
    ("directory", {}, "force: true"),
    ("full", {"force": True}, "remove it first"),
    ("directory", {"state": "absent"}, "directory: .*`state: absent`"),
    ("link", {"content": "x"}, "follow: true"),
    ("dangling", {"content": "x"}, "follow: true"),
    ("fifo", {"content": "x"}, "force: true"),
])
def test_what_stands_in_the_way_is_refused_with_a_mend(tmp_path, stands, arguments, mend):
    put(tmp_path, stands)
    path = str(tmp_path / arguments.get("path", "f"))
    with pytest.raises(Refused, match=mend):
        settle(File(**{**arguments, "path": path}))


@pytest.mark.parametrize("stands", ["directory", "link", "dangling", "fifo"])
def test_force_puts_the_file_in_its_place(tmp_path, stands):
    put(tmp_path, stands)
    change = settle(File(path=str(tmp_path / "f"), content="x", force=True))
    assert "kind" in shown(change)
    assert (tmp_path / "f").read_bytes() == b"x"
    assert not (tmp_path / "f").is_symlink()
    assert stands != "link" or (tmp_path / "target").read_bytes() == b"of the target"


@pytest.mark.parametrize("stands", ["link", "dangling"])
def test_follow_writes_what_the_link_leads_to(tmp_path, stands):
    put(tmp_path, stands)
    settle(File(path=str(tmp_path / "f"), content="x", follow=True))
    assert (tmp_path / "f").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"x"


def put(folder, what):
    path = folder / "f"
    if what in ("directory", "full"):
        path.mkdir()
    if what == "full":
        (path / "inside").write_bytes(b"")
    if what in ("link", "dangling"):
        path.symlink_to("target")
    if what == "link":
        (folder / "target").write_bytes(b"of the target")
    if what == "fifo":
        os.mkfifo(path)


def test_absent_removes_the_link_and_not_its_target(tmp_path):
    put(tmp_path, "link")
    settle(File(path=str(tmp_path / "f"), state="absent"))
    assert os.listdir(tmp_path) == ["target"]


def test_content_that_does_not_pass_is_never_in_effect_and_the_tool_is_heard(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"good")
    with pytest.raises(Failed, match="nothing was written") as failed:
        settle(File(path=str(path), content="bad", backup=True, validate="sh -c 'cat %s; echo line 1: no >&2; exit 3'"))
    assert failed.value.output == "line 1: no"
    assert path.read_bytes() == b"good"
    assert os.listdir(tmp_path) == ["f"]


def test_backups_keep_each_content_once_with_its_mode(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"one")
    path.chmod(0o600)
    for content in ("two", "one", "two"):
        settle(File(path=str(path), content=content, backup=True))
    kept = sorted(p for p in tmp_path.iterdir() if p.name != "f")
    assert sorted(p.read_bytes() for p in kept) == [b"one", b"two"]
    assert all(p.name.startswith("f.") and p.name.endswith("~") for p in kept)
    assert {stat.S_IMODE(p.stat().st_mode) for p in kept} == {0o600}
    settle(File(path=str(path), mode="0640", backup=True))
    assert len(os.listdir(tmp_path)) == 3, "only replaced content is kept"


@pytest.mark.parametrize(("arguments", "argument"), [
    ({"content": "", "source": Blob.of(b"")}, "source"),
    ({"content": "x", "state": "absent"}, "content"),
    ({"mode": "644"}, "mode"),
    ({"mode": "rw"}, "mode"),
    ({"validate": "visudo -c"}, "validate"),
    ({"validate": "sh -c '%s"}, "validate"),
    ({"follow": True, "force": True}, "force"),
    ({"owner": "no such name"}, "owner"),
    ({"path": "relative"}, "path"),
    ({"path": "/a/../b"}, "path"),
    ({"path": "/"}, "path"),
])
def test_wrong_arguments_are_refused_by_name(arguments, argument):
    with pytest.raises(Refused) as refused:
        File(**{"path": "/f", **arguments})
    assert refused.value.argument == argument


@pytest.mark.parametrize(("written", "mend"), [
    ("420", '"0644"'), ("493", '"0755"'), ("644", '"0644"'), ("755", '"0755"'), ("511", '"0777"'), ("384", '"0600"'),
])
def test_a_mode_without_quotes_is_understood_and_mended(written, mend):
    with pytest.raises(Refused) as refused:
        File(path="/f", mode=written)
    assert mend in refused.value.mend


def test_what_it_needs_and_gives():
    file = File(path="/srv/app/f", owner="deploy", group="www-data")
    assert list(file.provides()) == [("path", "/srv/app/f")]
    assert set(file.wants()) == {("path", "/srv/app"), ("path", "/srv"), ("user", "deploy"), ("group", "www-data")}


@needs_root
def test_owners_by_name_by_number_and_kept(tmp_path):
    path = str(tmp_path / "f")
    settle(File(path=path, content="a", owner="daemon", group="1", mode="4750"))
    assert files.look(path) == files.FileState("file", "4750", "daemon", files.group_name(1), "", 1)
    assert shown(settle(File(path=path, content="b"))) == {"content": (b"a", b"b")}
    assert files.look(path).owner == "daemon"
    assert files.look(path).mode == "4750"
    assert shown(settle(File(path=path, owner="54321"))) == {"owner": ("daemon", "54321"), "mode": ("4750", "0750")}
    assert shown(settle(File(path=path, owner="0", mode="u+s"))) == {"owner": ("54321", "root"),
                                                                     "mode": ("0750", "4750")}


@needs_root
def test_a_new_file_is_of_its_setgid_directory_s_group(tmp_path):
    os.chown(tmp_path, 0, 1)
    tmp_path.chmod(0o2755)
    change = settle(File(path=str(tmp_path / "f"), content="a"))
    assert shown(change)["group"] == (None, files.group_name(1))


@needs_root
def test_an_owner_that_does_not_exist_fails_by_name_and_leaves_nothing(tmp_path):
    with pytest.raises(Failed, match="no user nosuchuser"):
        settle(File(path=str(tmp_path / "f"), content="a", owner="nosuchuser"))
    assert os.listdir(tmp_path) == []
