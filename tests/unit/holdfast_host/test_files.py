"""Files are written whole or not at all: killed at any point, on a full disk, against somebody's hand edit."""
import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast_host import Failed, Stale, files

ROOT = Path(__file__).parents[3]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files away or mounts: only root can")
CALLS = ("open", "write", "fchown", "fchmod", "chmod", "chown", "setxattr", "fsync", "rename", "close", "mkdir",
         "symlink",
         "unlink")
OLD, NEW = b"old\n" * 1000, b"new\n" * 3000


def in_a_child_that_dies(deed, at, after):
    """Whether the child came to its end: it is killed at its `at`th call of the system, before it or just after."""
    child = os.fork()
    if child == 0:
        count = [0]

        def deadly(call):
            def wrapped(*args, **kwargs):
                count[0] += 1
                dies = count[0] == at
                if dies and not after:
                    os.kill(os.getpid(), signal.SIGKILL)
                try:
                    return call(*args, **kwargs)
                finally:
                    if dies:
                        os.kill(os.getpid(), signal.SIGKILL)
            return wrapped

        for name in CALLS:
            setattr(os, name, deadly(getattr(os, name)))
        try:
            deed()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return not os.WIFSIGNALED(status)


def killed_everywhere(prepare, deed, verify):
    """The deed killed at every point in turn; after each, `verify`, then the deed again, whole."""
    for after in (False, True):
        at, ended = 0, False
        while not ended:
            at += 1
            prepare()
            ended = in_a_child_that_dies(deed, at, after)
            verify(ended)
        assert at > 7, "it was killed in too few places"


def test_killed_at_any_point_a_file_is_the_old_or_the_new_one(tmp_path):
    path = tmp_path / "f"

    def prepare():
        path.write_bytes(OLD)
        path.chmod(0o640)

    def verify(ended):
        found = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
        assert found == (NEW, 0o600) if ended else found in ((OLD, 0o640), (NEW, 0o600))
        if found[0] == OLD:
            files.replace(str(path), NEW, OLD, mode="0600")
        assert path.read_bytes() == NEW
        assert os.listdir(tmp_path) == ["f"], "what a killed run left is cleared by the next"

    killed_everywhere(prepare, lambda: files.replace(str(path), NEW, OLD, mode="0600"), verify)


def test_killed_at_any_point_a_directory_is_not_there_or_has_its_mode(tmp_path):
    path = tmp_path / "d"
    state = files.FileState("directory", "0710", files.owner_name(os.geteuid()), files.group_name(os.getegid()))

    def make():
        files.make_directory(str(path), state, lambda: not path.exists())

    def verify(ended):
        if not path.exists():
            assert not ended
            make()
        assert files.look(str(path)) == state
        assert os.listdir(tmp_path) == ["d"]

    killed_everywhere(lambda: shutil.rmtree(path, ignore_errors=True), make, verify)


def test_killed_at_any_point_a_link_leads_to_the_old_or_the_new_place(tmp_path):
    path = tmp_path / "l"
    new = files.FileState(files.LINK, "0777", files.owner_name(os.geteuid()), files.group_name(os.getegid()), "new")

    def prepare():
        if path.is_symlink():
            path.unlink()
        path.symlink_to("old")

    def verify(ended):
        found = os.readlink(path)
        assert found == "new" if ended else found in ("old", "new")
        files.make_link(str(path), new, lambda: True)
        assert os.listdir(tmp_path) == ["l"]

    killed_everywhere(prepare, lambda: files.make_link(str(path), new, lambda: True), verify)


def test_names_of_255_bytes_and_of_any_bytes(tmp_path):
    for name in ("x" * 255, "ü" * 127 + "x", "\udcff\udcfe", " -rf\t"):
        path = str(tmp_path / name)
        files.replace(path, b"1", None)
        files.replace(path, b"2", b"1")
        assert files.read(path) == b"2"
        os.unlink(path)
    assert os.listdir(tmp_path) == []
    with pytest.raises(Failed, match="too long"):
        files.replace(str(tmp_path / ("x" * 256)), b"", None)


def test_a_link_is_followed_to_its_end_even_if_nothing_is_there(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("c")
    files.replace(str(tmp_path / "a"), b"1", None)
    assert sorted(p.name for p in tmp_path.iterdir() if not p.is_symlink()) == ["c"]
    files.replace(str(tmp_path / "a"), b"2", b"1")
    assert (tmp_path / "c").read_bytes() == b"2"
    (tmp_path / "x").symlink_to("y")
    (tmp_path / "y").symlink_to("x")
    with pytest.raises(Failed, match="circle"):
        files.replace(str(tmp_path / "x"), b"", None)


def test_another_content_than_planned_is_stale_and_stays(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"mine")
    for expected in (b"theirs", None):
        with pytest.raises(Stale):
            files.replace(str(path), b"new", expected)
    with pytest.raises(Stale):
        files.replace(str(tmp_path / "gone"), b"new", b"old")
    assert path.read_bytes() == b"mine"
    assert os.listdir(tmp_path) == ["f"]


def test_validate_sees_the_whole_file_with_its_mode_and_can_stop_it(tmp_path):
    path, seen = tmp_path / "f", []

    def look(temporary):
        seen.append((Path(temporary).read_bytes(), stat.S_IMODE(os.stat(temporary).st_mode), path.exists()))
        raise Failed("no")

    with pytest.raises(Failed):
        files.replace(str(path), b"new", None, mode="0604", validate=look)
    assert seen == [(b"new", 0o604, False)]
    assert os.listdir(tmp_path) == []


def test_extended_attributes_are_kept(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.origin", b"\xff\x00")
    except OSError as error:
        pytest.skip(f"no extended attributes here: {error}")
    files.replace(str(path), b"new", b"old")
    assert os.getxattr(path, "user.origin") == b"\xff\x00"


def test_a_second_hard_link_keeps_the_old_content(tmp_path):
    (tmp_path / "f").write_bytes(b"old")
    os.link(tmp_path / "f", tmp_path / "g")
    files.replace(str(tmp_path / "f"), b"new", b"old")
    assert (tmp_path / "g").read_bytes() == b"old"


def test_a_change_of_attributes_does_not_go_through_a_link_that_was_put_there(tmp_path):
    path, other = tmp_path / "f", tmp_path / "other"
    path.write_bytes(b"")
    path.chmod(0o644)
    other.write_bytes(b"")
    other.chmod(0o600)
    before = files.look(str(path))
    path.unlink()
    path.symlink_to("other")
    with pytest.raises(Stale):
        files.dress(str(path), before, files.FileState("file", "0777", before.owner, before.group))
    assert stat.S_IMODE(other.stat().st_mode) == 0o600


def test_a_directory_that_is_a_link_is_not_written_into_where_its_owner_could_exchange_it(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "l").symlink_to("d")
    me = files.owner_name(os.geteuid())
    files.swap(str(tmp_path / "d/f"), b"1", lambda: True, folder_owner=me)
    with pytest.raises(Failed):
        files.swap(str(tmp_path / "l/f"), b"2", lambda: True, folder_owner=me)
    assert (tmp_path / "d/f").read_bytes() == b"1"


def test_reading_has_a_limit_and_does_not_wait_for_a_fifo(tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 3_000_000)
    assert len(files.read(str(tmp_path / "f")) or b"") == 3_000_000
    with pytest.raises(Failed, match="larger"):
        files.read(str(tmp_path / "f"), 2_999_999)
    os.mkfifo(tmp_path / "fifo")
    assert files.read(str(tmp_path / "fifo")) == b""
    assert files.read(str(tmp_path / "f/below")) is None
    assert files.sha256(str(tmp_path / "none")) is None
    assert files.sha256(str(tmp_path)) is None


@pytest.mark.parametrize(("number", "words"), [
    (errno.ENOSPC, "no space left"), (errno.EDQUOT, "quota"), (errno.EROFS, "read-only"), (errno.EIO, "Input/output"),
])
@pytest.mark.parametrize("call", ["write", "fsync", "fchmod", "rename"])
def test_an_error_of_the_host_at_any_step_leaves_the_old_file_alone(tmp_path, monkeypatch, call, number, words):
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def fails(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fails)
        with pytest.raises(Failed, match=words):
            files.replace(str(path), b"new", b"old")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["f"]


@needs_root
def test_owner_group_and_setuid_are_kept(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old")
    os.chown(path, 1, 2)
    path.chmod(0o6751)
    files.replace(str(path), b"new", b"old")
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1, 2, 0o6751)


@needs_root
def test_a_file_that_may_not_be_changed_is_told_and_nothing_is_left(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old")
    if subprocess.run(["chattr", "+i", path], capture_output=True, check=False).returncode != 0:
        pytest.skip("this file system knows no immutable files")
    try:
        with pytest.raises(Failed, match="immutable"):
            files.replace(str(path), b"new", b"old")
        with pytest.raises(Failed, match="immutable"):
            files.remove(str(path), lambda: True)
    finally:
        subprocess.run(["chattr", "-i", path], check=True)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["f"]


MOUNTS = """
import os, subprocess, sys
from holdfast_host import Failed, files
top = sys.argv[1]
def mount(*args): subprocess.run(["mount", *args], check=True)
def told(deed):
    try:
        deed()
    except Failed as error:
        return str(error)
mount("-t", "tmpfs", "-o", "size=64k", "none", top)
path = top + "/f"
files.replace(path, b"old", None)
full = told(lambda: files.replace(path, os.urandom(1 << 20), b"old"))
assert "no space left" in full, full
assert os.listdir(top) == ["f"] and files.read(path) == b"old"
os.makedirs(top + "/tree/sub/mounted"); files.replace(top + "/tree/precious", b"", None)
mount("-t", "tmpfs", "none", top + "/tree/sub/mounted")
mounted = told(lambda: files.remove_tree(top + "/tree", lambda: True))
assert "is mounted at " + top + "/tree/sub/mounted" in mounted, mounted
assert os.path.exists(top + "/tree/precious")
mount("--bind", path, path)
bound = told(lambda: files.replace(path, b"new", b"old"))
assert "mount point" in bound, bound
subprocess.run(["umount", path], check=True)
mount("-o", "remount,ro", top)
readonly = told(lambda: files.replace(path, b"new", b"old"))
assert "read-only" in readonly, readonly
assert files.read(path) == b"old" and sorted(os.listdir(top)) == ["f", "tree"]
"""


@needs_root
def test_full_read_only_and_mounted_places_are_told_and_left_as_they_were(tmp_path):
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount namespace of our own to be had here")
    done = subprocess.run(["unshare", "-m", sys.executable, "-c", MOUNTS, str(tmp_path)], capture_output=True,
                          text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "engine")}, check=False)
    assert done.returncode == 0, done.stderr
