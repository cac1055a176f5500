"""sshd's configuration as sshd reads it, and who could still log in under another one."""
import pytest

from holdfast_host import sshd_config
from holdfast_host.caller import ACCEPTED, Caller
from holdfast_host.sshd_access import Account, why_not
from holdfast_host.sshd_account import fingerprints
from holdfast_host.sshd_config import FOLDER, MAIN
from modules.sshd import Sshd

KEY = "SHA256:abc"
ROOT = Caller("root", "10.1.2.3", 50000, "10.1.2.4", 22, False, "publickey", ("ED25519", KEY))
OPS = Caller("ops", "10.1.2.3", 50000, "10.1.2.4", 22, True, "password")
HERE = Account(("root", "wheel"), (KEY,), False, True, ("/etc/ssh/ssh_host_ed25519_key",))
BEFORE = {
    "port": ["22"], "listenaddress": ["[::]:22", "0.0.0.0:22"], "permitrootlogin": ["yes"], "usepam": ["yes"],
    "pubkeyauthentication": ["yes"], "passwordauthentication": ["yes"], "kbdinteractiveauthentication": ["no"],
    "authenticationmethods": ["any"], "authorizedkeyscommand": ["none"], "strictmodes": ["no"], "permittty": ["yes"],
    "pubkeyacceptedalgorithms": ["ssh-ed25519,rsa-sha2-512"], "ciphers": ["aes256-ctr"], "maxsessions": ["10"],
    "hostkey": ["/etc/ssh/ssh_host_ed25519_key"], "hostkeyalgorithms": ["ssh-ed25519,rsa-sha2-512"],
}


def why(caller, account=HERE, **changed):
    found = why_not(caller, account, BEFORE, {**BEFORE, **changed})
    return found[0] if found else None


@pytest.mark.parametrize(("caller", "account", "changed", "keyword"), [
    (ROOT, HERE, {"listenaddress": ["127.0.0.1:22"]}, "ListenAddress"),
    (ROOT, HERE, {"listenaddress": ["10.1.2.4:22"]}, None),
    (ROOT, HERE, {"allowusers": ["ops", "ro?t@10.1.0.0/16"]}, None),
    (ROOT, HERE, {"allowusers": ["root@10.2.*"]}, "AllowUsers"),
    (ROOT, HERE, {"allowusers": ["root@10.1.2.*"]}, None),
    (ROOT, HERE, {"denyusers": ["*@10.1.2.3"]}, "DenyUsers"),
    (ROOT, HERE, {"allowgroups": ["wh*"]}, None),
    (ROOT, HERE, {"allowgroups": ["wh* !root"]}, "AllowGroups"),
    (ROOT, HERE, {"permitrootlogin": ["without-password"]}, None),
    (ROOT, HERE, {"permitrootlogin": ["forced-commands-only"]}, "PermitRootLogin"),
    (OPS, HERE, {"permitrootlogin": ["no"]}, None),
    (OPS, HERE, {"passwordauthentication": ["no"]}, "PasswordAuthentication"),
    (ROOT, HERE, {"passwordauthentication": ["no"]}, None),
    (OPS, HERE, {"permittty": ["no"]}, "PermitTTY"),
    (ROOT, HERE, {"permittty": ["no"]}, None),
    (OPS, HERE, {"authenticationmethods": ["publickey password"]}, None),
    (ROOT, Account(("root",)), {}, "AuthorizedKeysFile"),
    (ROOT, Account(("root",)), {"authorizedkeyscommand": ["/usr/bin/keys"]}, "authorizedkeyscommand"),
    (ROOT, Account(("root",), (KEY,), True), {"usepam": ["no"]}, "UsePAM"),
    (ROOT, HERE, {"usepam": ["no"]}, None),
    (ROOT, Account(("root",), (KEY,), False, False), {"strictmodes": ["yes"]}, "StrictModes"),
    (ROOT, HERE, {"hostkey": ["/etc/ssh/other"]}, "HostKey"),
    (ROOT, HERE, {"hostkeyalgorithms": ["ssh-ed25519"]}, None),
    (ROOT, HERE, {"listenaddress": ["0.0.0.0:2222"], "port": ["2222"]}, "Port"),
])
def test_who_is_connected_is_not_shut_out(caller, account, changed, keyword):
    assert why(caller, account, **changed) == keyword


def test_a_way_in_that_the_log_does_not_tell_stays_open():
    unknown = Caller("ops", "10.1.2.3", 1, "10.1.2.4", 22)
    nobody = Account(("ops",))
    assert why(unknown, nobody, passwordauthentication=["no"]) == "PasswordAuthentication"
    assert why(unknown, HERE, passwordauthentication=["no"]) is None, "he has a key here"
    assert why(unknown, HERE, pubkeyauthentication=["no"]) == "PubkeyAuthentication"


def test_a_socket_that_another_opens_for_sshd_is_not_judged_by_its_ports():
    elsewhere = Caller("root", "10.1.2.3", 1, "10.1.2.4", 4022, False, "publickey", ("ED25519", KEY))
    assert why(elsewhere, port=["2222"], listenaddress=["0.0.0.0:2222"]) is None


def test_included_files_are_read_in_their_place_and_order():
    main = b"Include %s/*.conf\nPort 22\nMatch User a\nInclude /x/one\nBanner none\n" % FOLDER.encode()
    files = {MAIN: main, FOLDER + "/20-b.conf": b"Match User b\n  MaxSessions 1\n",
             FOLDER + "/10-a.conf": b"UseDNS no\n",
             FOLDER + "/note.txt": b"Nonsense", FOLDER + "/.hidden.conf": b"Nonsense", "/x/one": b"Match User c\n",
             FOLDER + "/30-gone.conf": None}
    lines = sshd_config.lines(files)
    assert [line.text for line in lines if line.text.strip()] == [
        "UseDNS no", "Match User b", "  MaxSessions 1", "Match all", "Port 22", "Match User a", "Match User c",
        "Match User a", "Banner none"]
    first = sshd_config.first_to_say(lines, "UseDNS")
    assert (first.path, first.number) == (FOLDER + "/10-a.conf", 1)
    assert sshd_config.first_to_say(lines, "MaxSessions") is None
    assert sshd_config.placed("/dev/stdin line 3: Bad\n/dev/stdin: terminating, 1 bad", lines) == \
        f"{FOLDER}/20-b.conf line 1: Bad"


@pytest.mark.parametrize(("before", "after"), [
    ("", "MaxAuthTries 3\nPort 22\nPort 23\n"),
    ("# c\nport 1\nUsePAM yes\nPort 9\nMatch User a\n  MaxAuthTries 9\n",
     "# c\nPort 22\nPort 23\nUsePAM yes\nMaxAuthTries 3\nMatch User a\n  MaxAuthTries 9\n"),
    ("MaxAuthTries 3\nPort 22\nPort 23\n", "MaxAuthTries 3\nPort 22\nPort 23\n"),
])
def test_options_stand_once_and_ahead_of_any_match(before, after):
    sshd = Sshd(name="main", path=MAIN, options={"MaxAuthTries": 3, "Port": ["22", 23]})
    assert sshd.edited(before) == after
    assert sshd.edited(after) == after


def test_how_somebody_was_let_in_is_read_from_the_log():
    found = ACCEPTED.search("Accepted publickey for root from ::1 port 41 ssh2: ED25519 SHA256:x/y")
    assert found.groups() == ("publickey", "41", "ED25519", "SHA256:x/y")
    assert ACCEPTED.search("Accepted password for ops from 10.0.0.1 port 42 ssh2").groups()[:2] == ("password", "42")


def test_fingerprints_are_those_that_ssh_keygen_shows():
    key = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdHsvGLPHzQRcPXXhFQsJ0PmW8VpSNBxSz6RBXhbW1s me\n"
    assert fingerprints(b"# none\nno-pty " + key) == ["SHA256:D9cB6O8FFMa3jQN23ll/U+8sfXqqPgwV9erZ48gjs/s"]
