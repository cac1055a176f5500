"""What a user can see of `mount` without mounting: lines of fstab, what is refused, what is a difference."""
import pytest

from holdfast_host import Failed, Refused, files, fstab, regular
from holdfast_host.fstab import Entry
from holdfast_host.record import with_fields
from modules.mount import Mount, Observed, by_name, bytes_of
from tests.unit.modules.settling import settle

FSTAB = "# made by hand\nUUID=1 / ext4 errors=remount-ro 0 1\n\nnas:/a\t/srv/a\\040b nfs ro  # old\n"
RAM = Entry("tmpfs", "/srv/r", "tmpfs", "size=4m")


def test_entries_are_read_as_fstab_has_them():
    assert fstab.entries(FSTAB) == [Entry("UUID=1", "/", "ext4", "errors=remount-ro", 0, 1),
                                    Entry("nas:/a", "/srv/a b", "nfs", "ro")]
    assert fstab.parsed(Entry("a b", "/c\\d\te", "none").row()) == Entry("a b", "/c\\d\te", "none")


def test_other_lines_stay_and_ours_is_there_once():
    assert fstab.edited(FSTAB, [], RAM) == FSTAB + "tmpfs\t/srv/r\ttmpfs\tsize=4m\t0\t0\n"
    old = Entry("nas:/a", "/srv/a b", "nfs", "ro")
    assert fstab.edited(FSTAB, [old], old) == FSTAB, "with its comment and its blanks"
    assert fstab.edited(FSTAB, [old], None) == FSTAB[:FSTAB.index("nas")]
    assert fstab.edited("a /b c\nx /y z\na /b c\n", [Entry("a", "/b", "c")], RAM) == RAM.row() + "\nx /y z\n"


@pytest.mark.parametrize(("given", "said"), [
    ({"path": "/a", "source": "x"}, "`kind` is missing"), ({"path": "/", "state": "absent"}, "is the root"),
    ({"path": "/a", "source": "x", "kind": "swap"}, "declare a `swap`"),
    ({"path": "/a", "source": "x", "kind": "none", "options": ["bind"]}, "absolute path"),
    ({"path": "/a", "source": "x", "kind": "ext4", "options": ["ro,noexec"]}, "one word each"),
    ({"path": "/a", "state": "absent", "kind": "ext4"}, "says nothing"),
])
def test_what_cannot_be_is_refused(given, said):
    with pytest.raises(Refused, match=said):
        Mount(**given)


def observed(here=(), is_source=False, point=""):
    state = files.FileState("file", "0644", "root", "root", "", 0)
    return Observed(regular.Observed(fstab.PATH, state, b""), here, is_source, point)


def test_nothing_is_mounted_over_something_in_silence():
    ram = Mount(path="/srv/r", source="tmpfs", kind="tmpfs")
    other = fstab.Mount("/srv/r", "/", "ext4", "/dev/sdb1", ("rw",))
    with pytest.raises(Refused, match=r"sdb1 \(ext4\) is mounted at /srv/r already"):
        ram.diff(observed((other,)))
    with pytest.raises(Refused, match="would be hidden"):
        ram.diff(observed(point="full"))
    assert Mount(path="/srv/r", source="tmpfs", kind="tmpfs", over=True).diff(observed(point="full")).action == "mount"
    with pytest.raises(Refused, match="does not exist"):
        ram.diff(observed(point="missing"))


def test_device_that_is_not_there_is_told_in_the_plan():
    disk = Mount(path="/srv/r", source="/dev/sdz9", kind="ext4")
    empty = with_fields(observed(), has_source=False)
    with pytest.raises(Refused, match="/dev/sdz9 does not exist"):
        disk.diff(empty)
    assert Mount(path="/srv/r", source="/dev/sdz9", kind="ext4", state="present").diff(empty).action == "update"
    assert Mount(path="/srv/r", source="//nas/a", kind="cifs").observe().has_source, "a server's, not a path"


def test_mount_that_fails_leaves_fstab_as_it_was(tmp_path, monkeypatch):
    table, point = tmp_path / "fstab", tmp_path / "point"
    table.write_text(FSTAB)
    point.mkdir()
    monkeypatch.setattr("holdfast_host.fstab.PATH", str(table))
    monkeypatch.setattr("modules.mount._told", lambda: None)
    disk = Mount(path=str(point), source="UUID=none", kind="ext4")
    change = disk.diff(disk.observe())
    with pytest.raises(Failed):
        disk.converge(change)
    assert table.read_text() == FSTAB, "the next boot would wait for it"
    settle(Mount(path=str(point), source="UUID=none", kind="ext4", state="present"))
    assert table.read_text() != FSTAB, "the control"


def test_options_that_can_be_seen_are_held_against_the_mount():
    mount = fstab.Mount("/srv/r", "/", "tmpfs", "tmpfs", ("rw", "noexec", "size=4096k"))

    def differing(*options):
        return set(Mount(path="/srv/r", source="tmpfs", kind="tmpfs", options=options).differing(mount))

    assert differing("noexec", "size=4m", "mode=0700") == set()
    assert differing("exec", "ro", "size=8m") == {"noexec", "ro", "size"}
    assert (bytes_of("64K"), bytes_of("50%")) == (65536, None)


@pytest.mark.parametrize(("given", "listed", "is_it"), [
    ({"source": "nas:/a/", "kind": "nfs"}, ("nfs4", "nas:/a"), True),
    ({"source": "nas:/a", "kind": "nfs"}, ("nfs4", "nas:/b"), False),
    ({"source": "nas:/a", "kind": "nfs"}, ("ext4", "nas:/a"), False),
    ({"source": "ada@nas:/a", "kind": "sshfs"}, ("fuse.sshfs", "ada@nas:/a"), True),
    ({"source": "/dev/sdb1", "kind": "ntfs"}, ("fuseblk", "/dev/sdb1"), True),
    ({"source": "nas:/a", "kind": "nfs", "options": ["x-systemd.automount"]}, ("autofs", "systemd-1"), True),
    ({"source": "nas:/a", "kind": "nfs"}, ("autofs", "systemd-1"), False),
    ({"source": "/srv/cd.iso", "kind": "iso9660", "options": ["loop", "ro"]}, ("iso9660", "/dev/loop3"), True),
    ({"source": "/srv/dvd.iso", "kind": "iso9660", "options": ["loop", "ro"]}, ("iso9660", "/dev/loop3"), False),
])
def test_what_is_mounted_is_known_again_as_the_kernel_lists_it(tmp_path, monkeypatch, given, listed, is_it):
    (tmp_path / "loop3").write_text("/srv/cd.iso\n")
    monkeypatch.setattr("modules.mount.LOOP", str(tmp_path / "%s"))
    mount = Mount(path="/srv/r", **given)
    here = fstab.Mount("/srv/r", "/", *listed, ("rw" if "ro" not in mount.options else "ro",))
    assert mount._is_source(here) is is_it
    found = Observed(regular.Observed(fstab.PATH, observed().file.state, (mount.entry.row() + "\n").encode()), (here,),
                     is_it)
    if is_it:
        assert mount.diff(found) is None, "a second run would change it again"


def test_a_label_is_looked_up_as_udev_spells_it():
    assert by_name("my data/é-1") == r"my\x20data\x2fé-1"
