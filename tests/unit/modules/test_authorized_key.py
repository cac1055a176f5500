"""What a user can see of `authorized_key`: a home directory of real files, real keys."""
import os
import stat
from types import SimpleNamespace

import pytest

from holdfast_host import Failed, Refused, Stale, files
from modules import authorized_key
from modules.authorized_key import AuthorizedKey
from tests.unit.modules.settling import needs_root, settle, shown

ED = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGXYjfNsXmYOs1GxAFXQ8VTr7s3xMhyvTjWJ6TpqmYQm"
ED2 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHgmaSqeTXGE2jM5MPUOEB0n7CAkFSQn4NzBNTYBzbuR"
EC = ("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJc0o4mF1g5ZtH8Ue5qzL6o2bq8gUbBCpYB4rHhS"
      "RzP8V1YQv5zcJq6b6J1v4Wg1sXkTnqVv6G7pGmQe9m0u3nE=")
SK = ("sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QER"
      "ITFBUWFxgZGhscHR4fAAAABHNzaDo=")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The home of the user who runs the tests, moved into a folder of its own."""
    import pwd

    real = pwd.getpwuid(os.geteuid())
    entry = SimpleNamespace(pw_name=real.pw_name, pw_uid=real.pw_uid, pw_gid=os.getegid(), pw_dir=str(tmp_path))
    monkeypatch.setattr(authorized_key.files, "entry", lambda name: entry if name == real.pw_name else None)
    return tmp_path


def me():
    return files.owner_name(os.geteuid())


def keys_file(home, text=None):
    path = home / ".ssh/authorized_keys"
    if text is not None:
        path.parent.mkdir(0o700, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        path.chmod(0o600)
    return path


@pytest.mark.parametrize(("before", "arguments", "after"), [
    (None, {"key": ED}, ED + "\n"),
    (None, {"key": ED + " me@here\n\n# and\n" + ED2}, ED + " me@here\n" + ED2 + "\n"),
    (None, {"key": ED, "comment": "c", "options": 'from="10.0.0.0/8",no-pty'},
     'from="10.0.0.0/8",no-pty ' + ED + " c\n"),
    (None, {"key": 'command="echo \\"hi there\\"" ' + ED}, 'command="echo \\"hi there\\"" ' + ED + "\n"),
    ("# mine\n" + ED2, {"key": ED}, "# mine\n" + ED2 + "\n" + ED + "\n"),
    (ED + " kept comment\n", {"key": ED}, ED + " kept comment\n"),
    (ED + " old\n", {"key": ED + " new"}, ED + " new\n"),
    (ED + " old\n", {"key": ED, "comment": "new"}, ED + " new\n"),
    ('from="1.2.3.4" ' + ED + "\n", {"key": ED}, ED + "\n"),
    (ED + "\n" + ED2 + "\n" + ED + " twice\n", {"key": ED}, ED + "\n" + ED2 + "\n"),
    (ED + " c\n" + ED2 + "\n", {"key": ED2 + " other words", "state": "absent"}, ED + " c\n"),
    ("# c\n\n" + ED + "\n" + ED2 + "\nnonsense\n", {"key": ED, "exclusive": True}, "# c\n\n" + ED + "\n"),
    ("\udcff\udcfe\n", {"key": ED}, "\udcff\udcfe\n" + ED + "\n"),
    ("# off\x0c" + ED2 + "\n# mine\r\n", {"key": ED}, "# off\x0c" + ED2 + "\n# mine\r\n" + ED + "\n"),
    (ED + " c\r\n", {"key": ED}, ED + " c\r\n"),
])
def test_file_becomes(home, before, arguments, after):
    path = keys_file(home, before)
    settle(AuthorizedKey(user=me(), **arguments))
    assert path.read_bytes().decode("utf-8", "surrogateescape") == after
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["authorized_keys"]


def test_absent_makes_nothing(home):
    assert settle(AuthorizedKey(user=me(), key=ED, state="absent")) is None
    assert os.listdir(home) == []


def test_modes_that_sshd_would_refuse_are_mended(home):
    path = keys_file(home, ED + "\n")
    path.chmod(0o666)
    path.parent.chmod(0o777)
    change = settle(AuthorizedKey(user=me(), key=ED))
    assert shown(change) == {"mode of .ssh": ("0777", "0700"), "mode": ("0666", "0600")}


def test_a_file_named_by_path_keeps_its_owner_and_mode(home):
    path = home / "keys"
    path.write_text(ED2 + "\n")
    path.chmod(0o644)
    settle(AuthorizedKey(user=me(), key=ED, path=str(path)))
    assert path.read_text() == ED2 + "\n" + ED + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    with pytest.raises(Refused, match="declare `directory: "):
        settle(AuthorizedKey(user=me(), key=ED, path=str(home / "none/keys")))


def test_links_that_the_user_could_lead_anywhere_are_refused(home):
    target = home / "target"
    target.write_text("root:x:0:0\n")
    (home / ".ssh").mkdir(0o700)
    (home / ".ssh/authorized_keys").symlink_to(target)
    with pytest.raises(Refused, match="with `path`"):
        settle(AuthorizedKey(user=me(), key=ED))
    (home / ".ssh/authorized_keys").unlink()
    (home / ".ssh").rmdir()
    (home / "elsewhere").mkdir()
    (home / ".ssh").symlink_to("elsewhere")
    with pytest.raises(Refused, match="with `path`"):
        settle(AuthorizedKey(user=me(), key=ED))
    assert target.read_text() == "root:x:0:0\n"
    assert os.listdir(home / "elsewhere") == []


def test_a_link_put_there_after_the_plan_is_not_written_through(home):
    keys_file(home, ED2 + "\n")
    key = AuthorizedKey(user=me(), key=ED)
    change = key.diff(key.observe())
    (home / ".ssh").rename(home / "moved")
    (home / ".ssh").symlink_to("moved")
    with pytest.raises((Failed, Stale)):
        key.converge(change)
    assert (home / "moved/authorized_keys").read_text() == ED2 + "\n"


def test_a_user_who_is_not_there_is_refused_with_a_mend(home):
    with pytest.raises(Refused, match="declare `user: nosuchuser`"):
        settle(AuthorizedKey(user="nosuchuser", key=ED))
    home.rmdir()
    with pytest.raises(Refused, match="no home directory"):
        settle(AuthorizedKey(user=me(), key=ED))


@pytest.mark.parametrize(("arguments", "argument", "words"), [
    ({"key": "ssh-ed25519 AAAA"}, "key", "line 1"),
    ({"key": ED + "\n" + ED[:-8]}, "key", "line 2"),
    ({"key": ED.replace("ssh-ed25519", "ssh-rsa")}, "key", "line 1"),
    ({"key": "# only words"}, "key", "no key"),
    ({"key": "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n"}, "key", "private"),
    ({"key": "a b"}, "key", "line 1"),
    ({"key": ED, "options": 'from="10.0.0.0/8'}, "options", "options"),
    ({"key": ED, "options": "no-pty, no-x11"}, "options", "options"),
    ({"key": ED, "comment": "a\nb"}, "comment", "line"),
    ({"key": ED, "state": "absent", "exclusive": True}, "exclusive", "absent"),
    ({"key": ED, "user": "a b"}, "user", "account"),
])
def test_wrong_arguments_are_refused_by_name_and_without_the_key(arguments, argument, words):
    with pytest.raises(Refused, match=words) as refused:
        AuthorizedKey(**{"user": "deploy", **arguments})
    assert refused.value.argument == argument
    assert "AAAA" not in str(refused.value)


@pytest.mark.parametrize("key", [ED, EC, SK])
def test_kinds_of_keys(key):
    assert AuthorizedKey(user="deploy", key=key).keys()[0].line() == key


def test_two_that_fight_are_seen():
    one, other = AuthorizedKey(user="deploy", key=ED + " a"), AuthorizedKey(user="deploy", key=ED + " b")
    assert one.provides() == other.provides()
    assert one.provides() != AuthorizedKey(user="deploy", key=ED2).provides()
    assert list(one.wants()) == [("user", "deploy")]


@needs_root
def test_another_user_s_file_is_his_own(home, monkeypatch):
    entry = SimpleNamespace(pw_name="daemon", pw_uid=1, pw_gid=1, pw_dir=str(home))
    monkeypatch.setattr(authorized_key.files, "entry", lambda name: entry)
    os.chown(home, 1, 1)
    settle(AuthorizedKey(user="daemon", key=ED))
    settle(AuthorizedKey(user="daemon", key=ED2))
    assert {files.look(str(p)).owner for p in (home / ".ssh", home / ".ssh/authorized_keys")} == {"daemon"}
