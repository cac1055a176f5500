"""What a user can see of `archive`: real archives, good and hostile, unpacked below real folders."""
import io
import os
import stat
import tarfile
import types
import zipfile

import pytest

from holdfast_host import Blob, Failed, Refused
from modules import archive as type_
from modules.archive import Archive
from tests.unit.modules.settling import needs_root, settle, shown

TIME = 1_700_000_000


@pytest.fixture(autouse=True)
def _own_records(tmp_path, monkeypatch):
    monkeypatch.setattr(type_, "_record", lambda path, name: str(tmp_path / "records" / "unpacked" / (name + ".json")))
    (tmp_path / "records").mkdir()


def member(name, data=b"", kind=tarfile.REGTYPE, to="", mode=0o644):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.size, info.mtime = kind, to, mode, len(data), TIME
    return info, data


def tar(*members, how="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=how) as whole:
        for info, data in members:
            whole.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, (data, bits) in files.items():
            info = zipfile.ZipInfo(name.replace("__", "/"), (2023, 11, 14, 22, 13, 20))
            info.external_attr = bits << 16
            whole.writestr(info, data)
    return out.getvalue()


GOOD = (member("app-1/", kind=tarfile.DIRTYPE, mode=0o755), member("app-1/bin/run", b"#!/bin/sh\n", mode=0o6777),
        member("app-1/conf", b"a=1\n"), member("app-1/current", kind=tarfile.SYMTYPE, to="bin/run"),
        member("app-1/same", kind=tarfile.LNKTYPE, to="app-1/conf"), member("README", b"left out"))


def unpacked(tmp_path, data, **arguments):
    one = Archive(name="app", path=str(tmp_path / "t"), source=Blob.of(data), **arguments)
    return settle(one)


def below(folder):
    return sorted(os.path.relpath(os.path.join(where, name), folder) for where, dirs, names in os.walk(folder)
                  for name in dirs + names)


@pytest.mark.parametrize("how", ["w", "w:gz", "w:bz2", "w:xz"])
def test_archive_stands_below_the_folder(tmp_path, how):
    data = tar(*GOOD, how=how)
    change = unpacked(tmp_path, data, strip=1)
    assert change.action == "create"
    folder = tmp_path / "t"
    assert below(folder) == ["bin", "bin/run", "conf", "current", "same"]
    run = (folder / "bin/run").stat()
    assert (stat.S_IMODE(run.st_mode), run.st_mtime) == (0o755, TIME), "no setuid, and others do not write"
    assert (folder / "current").readlink() == (folder / "bin/run").relative_to(folder)
    assert (folder / "same").samefile(folder / "conf")
    assert unpacked(tmp_path, data, strip=1) is None
    assert os.listdir(tmp_path / "records/unpacked") == ["app.json"], "the archive itself is not kept"


def test_zip_with_a_link_stands_there_too(tmp_path):
    data = zipped(bin__run=(b"x", 0o100750), link=(b"bin/run", stat.S_IFLNK | 0o777), plain=(b"y", 0))
    unpacked(tmp_path, data)
    assert below(tmp_path / "t") == ["bin", "bin/run", "link", "plain"]
    assert stat.S_IMODE((tmp_path / "t/bin/run").stat().st_mode) == 0o750
    assert (tmp_path / "t/link").read_text() == "x"


def test_tar_that_ends_with_a_zip_is_a_tar(tmp_path):
    unpacked(tmp_path, tar(member("inner.zip", zipped(a=(b"x", 0))), how="w"))
    assert below(tmp_path / "t") == ["inner.zip"]


@pytest.mark.parametrize("sabotage", [
    lambda t: (t / "conf").write_bytes(b"a=2\n"), lambda t: (t / "conf").unlink(), lambda t: (t / "conf").chmod(0o600),
    lambda t: ((t / "current").unlink(), (t / "current").symlink_to("/etc/passwd")),
    lambda t: ((t / "bin/run").unlink(), (t / "bin").rmdir()),
    lambda t: ((t / "conf").unlink(), (t / "conf").symlink_to("same")),
])
def test_what_was_changed_by_hand_is_put_back_and_what_others_put_there_stays(tmp_path, sabotage):
    unpacked(tmp_path, tar(*GOOD), strip=1)
    (tmp_path / "t/bin/mine").mkdir()
    (tmp_path / "t/bin/mine").rmdir()
    (tmp_path / "t/mine").write_bytes(b"mine")
    sabotage(tmp_path / "t")
    change = unpacked(tmp_path, tar(*GOOD), strip=1)
    assert change.fields[0].name == "below"
    assert below(tmp_path / "t") == ["bin", "bin/run", "conf", "current", "mine", "same"]
    assert (tmp_path / "t/conf").read_bytes() == b"a=1\n"


def test_new_time_alone_is_no_difference(tmp_path):
    unpacked(tmp_path, tar(*GOOD), strip=1)
    os.utime(tmp_path / "t/conf", (1, 1))
    assert unpacked(tmp_path, tar(*GOOD), strip=1) is None


def test_new_version_takes_what_only_the_old_one_held_with_it(tmp_path):
    unpacked(tmp_path, tar(member("a/old", b"1"), member("a/b", b"1"), member("c", b"1")))
    (tmp_path / "t/mine").write_bytes(b"mine")
    change = unpacked(tmp_path, tar(member("c", b"2"), member("d", b"3")))
    assert change.action == "update"
    assert below(tmp_path / "t") == ["c", "d", "mine"]


def test_the_version_is_kept_and_told(tmp_path):
    def of(version, data):
        return Archive(name="app", path=str(tmp_path / "t"), source=Blob.of(data), version=version)

    old, new = tar(member("one", b"1")), tar(member("one", b"2"))
    before = of("1.0", old)
    assert before.outputs(before.observe()) == {"version": None}
    settle(before)
    assert before.outputs(before.observe()) == {"version": "1.0"}
    change = of("1.1", new).diff(before.observe())
    assert next((one.name, one.before, one.after) for one in change.fields) == ("version", "1.0", "1.1")
    settle(of("1.1", new))
    assert before.outputs(before.observe()) == {"version": "1.1"}
    (tmp_path / "t/one").write_bytes(b"3")
    assert [one.name for one in of("1.1", new).diff(before.observe()).fields] == ["below"]
    settle(of("1.1", new))
    unsaid = of(None, new)
    assert [(one.name, one.before, one.after) for one in unsaid.diff(unsaid.observe()).fields] == [
        ("version", "1.1", None)]
    settle(unsaid)
    assert unsaid.outputs(unsaid.observe()) == {"version": None}


def test_absent_leaves_what_others_put_there(tmp_path):
    unpacked(tmp_path, tar(*GOOD), strip=1)
    settle(Archive(name="app", path=str(tmp_path / "t"), state="absent"))
    assert not (tmp_path / "t").exists(), "it was made for it"
    unpacked(tmp_path, tar(*GOOD), strip=1)
    (tmp_path / "t/bin/mine").write_bytes(b"mine")
    settle(Archive(name="app", path=str(tmp_path / "t"), state="absent"))
    assert below(tmp_path / "t") == ["bin", "bin/mine"]


def test_file_on_the_host_and_creates(tmp_path):
    here = tmp_path / "a.tar"
    here.write_bytes(tar(*GOOD, how="w"))
    one = Archive(name="x", path=str(tmp_path / "t"), file=str(here), strip=1)
    settle(one)
    here.write_bytes(tar(member("app-1/conf", b"new"), how="w"))
    assert settle(one).fields[0].name == "archive"
    assert (tmp_path / "t/conf").read_bytes() == b"new"
    there = Archive(name="y", path=str(tmp_path / "u"), file=str(tmp_path / "none"), creates=str(here))
    assert there.diff(there.observe()) is None
    gone = Archive(name="y", path=str(tmp_path / "u"), file=str(tmp_path / "none"))
    with pytest.raises(Refused, match="does not exist"):
        gone.diff(gone.observe())


@needs_root
def test_owner_is_given_to_all_of_it(tmp_path):
    unpacked(tmp_path, tar(*GOOD), strip=1, owner="daemon", group="sys")
    for path in [tmp_path / "t", *(tmp_path / "t").rglob("*")]:
        assert (path.lstat().st_uid, path.lstat().st_gid) == (1, 3), path
    os.lchown(tmp_path / "t/current", 0, 0)
    assert unpacked(tmp_path, tar(*GOOD), strip=1, owner="daemon", group="sys") is not None


HOSTILE = {
    "absolute": (member("/etc/x"),), "up": (member("../x"),), "up in the middle": (member("a/../../x"),),
    "link out": (member("a", kind=tarfile.SYMTYPE, to="../x"),),
    "link to root": (member("a", kind=tarfile.SYMTYPE, to="/"),),
    "link that leads up": (member("a/b", kind=tarfile.SYMTYPE, to="../../x"),),
    "through a link": (member("a", kind=tarfile.SYMTYPE, to="b"), member("a/x", b"x")),
    "second name outside": (member("a", kind=tarfile.LNKTYPE, to="/etc/passwd"),),
    "second name of nothing": (member("a", kind=tarfile.LNKTYPE, to="b"),),
    "device": (member("a", kind=tarfile.CHRTYPE),), "pipe": (member("a", kind=tarfile.FIFOTYPE),),
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_hostile_archive_is_refused_before_anything_is_written(tmp_path, members):
    with pytest.raises(Failed, match="it holds"):
        unpacked(tmp_path, tar(member("good", b"x"), *members))
    assert not (tmp_path / "t").exists()
    unpacked(tmp_path, tar(member("good", b"x")))  # the control


@pytest.mark.parametrize("data", [b"", b"no archive", tar(*GOOD, how="w:gz")[:100], zipped(a=(b"x", 0))[:-9]],
                         ids=["empty", "text", "half a tar", "half a zip"])
def test_broken_archive_is_told_as_such(tmp_path, data):
    with pytest.raises(Failed, match="no archive that can be unpacked"):
        unpacked(tmp_path, data)
    assert not (tmp_path / "t").exists()


def test_archive_for_which_there_is_no_space_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("os.statvfs", lambda path, real=os.statvfs: types.SimpleNamespace(
        f_bavail=0, f_frsize=real(path).f_frsize))
    with pytest.raises(Failed, match="no space"):
        unpacked(tmp_path, tar(member("a", b"x")))
    assert not (tmp_path / "d").exists()
    assert [name for _, _, names in os.walk(tmp_path) for name in names if name.endswith(".json")] == []


def test_plan_says_that_something_stands_there(tmp_path):
    (tmp_path / "a.tar").write_bytes(tar(member("a", b"x")))
    (tmp_path / "d").mkdir()
    one = Archive(name="x", path=str(tmp_path / "d"), file=str(tmp_path / "a.tar"))
    assert "below" not in shown(one.diff(one.observe()))
    (tmp_path / "d/a").write_text("mine")
    assert "holds too" in shown(one.diff(one.observe()))["below"][1]


def test_link_that_stands_on_the_host_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "t").mkdir()
    (tmp_path / "t/bin").symlink_to(outside)
    with pytest.raises(Failed, match="where a directory is to be"):
        unpacked(tmp_path, tar(*GOOD), strip=1)
    assert below(outside) == []


def test_run_that_ends_in_the_middle_is_made_good(tmp_path):
    (tmp_path / "t").mkdir()
    (tmp_path / "t/bin").write_bytes(b"in the way")
    with pytest.raises(Failed):
        unpacked(tmp_path, tar(*GOOD), strip=1)
    (tmp_path / "t/bin").unlink()
    unpacked(tmp_path, tar(member("app-1/only", b"x")), strip=1)
    assert below(tmp_path / "t") == ["only"], "what the first one had written is gone"


@pytest.mark.parametrize(("arguments", "what"), [
    ({}, "`source` is missing"),
    ({"file": "/a", "url": "http://x/y", "checksum": "sha256:" + "0" * 64}, "both given"),
    ({"url": "http://x/y"}, "checksum` is missing"), ({"file": "/a", "checksum": "sha256:" + "0" * 64}, "for a `url`"),
    ({"file": "/a", "strip": -1}, "from 0 to 50"), ({"file": "/a", "state": "absent"}, "to be absent"),
    ({"file": "/a", "path": "/"}, "the whole system"),
])
def test_what_says_two_things_is_refused(arguments, what):
    with pytest.raises(Refused, match=what):
        Archive(**{"name": "n", "path": "/t", **arguments})
