"""Whether somebody who is connected over SSH could connect again, in the same way, under another configuration."""
from __future__ import annotations

import re
from typing import Callable, List, Optional, Sequence, Tuple

from .caller import Caller
from .record import Record
from .sshd_config import Effective

# What OpenSSH and asyncssh both offer to a server; one of each list has to be left.
COMMON = {
    "kexalgorithms": ("curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
                      "ecdh-sha2-nistp521", "diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512",
                      "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256"),
    "ciphers": ("chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr",
                "aes192-ctr", "aes128-ctr"),
    "macs": ("umac-64-etm@openssh.com", "umac-128-etm@openssh.com", "hmac-sha2-256-etm@openssh.com",
             "hmac-sha2-512-etm@openssh.com", "umac-128@openssh.com", "hmac-sha2-256", "hmac-sha2-512"),
}
KEY_ALGORITHMS = {"ED25519": ("ssh-ed25519",), "RSA": ("rsa-sha2-512", "rsa-sha2-256"),
                  "ECDSA": ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
                  "ED25519-SK": ("sk-ssh-ed25519@openssh.com",), "ECDSA-SK": ("sk-ecdsa-sha2-nistp256@openssh.com",)}
# What must not be another for the caller: what follows from it cannot be foretold.
FIXED = ("forcecommand", "chrootdirectory", "revokedkeys", "hostkeyagent", "trustedusercakeys",
         "authorizedprincipalsfile", "authorizedkeyscommand", "authorizedprincipalscommand")

Why = Optional[Tuple[str, str]]  # (keyword, what it shuts out); None: nothing


class Account(Record):
    """What the host knows of the caller. groups: all their names. fingerprints: SHA256 of the keys in his
    authorized_keys as the new configuration names the files. is_locked: his password is. is_strict: the files of his
    keys are such that StrictModes takes them. host_keys: the server's keys that are there, by path."""

    groups: Tuple[str, ...] = ()
    fingerprints: Tuple[str, ...] = ()
    is_locked: bool = False
    is_strict: bool = True
    host_keys: Tuple[str, ...] = ()


def why_not(caller: Caller, account: Account, before: Effective, after: Effective) -> Why:
    """The first reason for which the caller could not connect again; None: he can."""
    return next((why for rule in RULES for why in [rule(caller, account, before, after)] if why is not None), None)


def _one(config: Effective, keyword: str) -> str:
    return (config.get(keyword) or [""])[0]


def _listens(caller: Caller, _: Account, before: Effective, after: Effective) -> Why:
    if caller.local_port not in _ports(before):
        return None  # another listens for sshd: a socket unit, a proxy
    if caller.local_port not in _ports(after):
        return "Port", "the caller is connected to port %d, and sshd would no longer listen there" % caller.local_port
    plain = re.sub(r"^::ffff:|%.*$", "", caller.local_address)
    if any(_reaches(address, plain, caller.local_port) for address in after.get("listenaddress", ())):
        return None
    return "ListenAddress", "the caller is connected to %s, and sshd would no longer listen there" % plain


def _ports(config: Effective) -> List[int]:
    found = [_host_and_port(address)[1] for address in config.get("listenaddress", ())]
    return found or [int(port) for port in config.get("port", ()) if port.isdecimal()]


def _host_and_port(address: str) -> Tuple[str, int]:
    """`[::]:22` -> ("::", 22)."""
    host, _, port = address.partition(" ")[0].rpartition(":")
    return host.strip("[]"), int(port) if port.isdecimal() else 0


def _reaches(address: str, local: str, port: int) -> bool:
    host, its_port = _host_and_port(address)
    return its_port == port and host in ("::" if ":" in local else "0.0.0.0", local)  # noqa: S104  # compared only


def _is_let_in(caller: Caller, account: Account, _: Effective, after: Effective) -> Why:
    """AllowUsers and its sisters."""
    if _users(caller, after.get("denyusers", ())):
        return "DenyUsers", "it shuts out %s, who is connected" % caller.user
    if after.get("allowusers") and not _users(caller, after["allowusers"]):
        return "AllowUsers", "it does not name %s, who is connected" % caller.user
    if _groups(account.groups, after.get("denygroups", ())):
        return "DenyGroups", "it shuts out %s, who is connected" % caller.user
    if after.get("allowgroups") and not _groups(account.groups, after["allowgroups"]):
        return "AllowGroups", "it names no group of %s, who is connected" % caller.user
    return None


def _users(caller: Caller, patterns: Sequence[str]) -> bool:
    for row in patterns:
        for pattern in row.split():
            user, _, host = pattern.partition("@")
            if _fits(caller.user, user) and (not host or _is_from(caller.address, host)):
                return True
    return False


def _groups(groups: Sequence[str], patterns: Sequence[str]) -> bool:
    words = [word for row in patterns for word in row.split()]
    if any(_fits(group, word[1:]) for word in words if word.startswith("!") for group in groups):
        return False
    return any(_fits(group, word) for word in words for group in groups)


def _fits(name: str, pattern: str) -> bool:
    parts = [".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern]
    return re.match("".join(parts) + r"\Z", name) is not None


def _is_from(address: str, host: str) -> bool:
    import ipaddress

    plain = re.sub(r"^::ffff:|%.*$", "", address)
    try:
        return ipaddress.ip_address(plain) in ipaddress.ip_network(host, strict=False)
    except ValueError:
        return _fits(plain, host)


def _root(caller: Caller, account: Account, before: Effective, after: Effective) -> Why:
    said = _one(after, "permitrootlogin")
    if caller.user != "root" or said == "yes":
        return None
    has_key = caller.method == "publickey" or (not caller.method and bool(account.fingerprints))
    if said in ("prohibit-password", "without-password") and has_key:
        return None
    if said == "forced-commands-only" == _one(before, "permitrootlogin"):
        return None
    return "PermitRootLogin", "the caller is connected as root%s, and `%s` would shut that out" % (
        " by %s" % caller.method if caller.method else "", said)


def _method(caller: Caller, account: Account, before: Effective, after: Effective) -> Why:
    """By what he was authenticated has to be on. Where that is not known it was by a key if he has one here, and by
    anything that is on if he has none."""
    needed = {"publickey": ("PubkeyAuthentication",), "password": ("PasswordAuthentication",),
              "keyboard-interactive/pam": ("KbdInteractiveAuthentication", "UsePAM"),
              "gssapi-with-mic": ("GSSAPIAuthentication",), "hostbased": ("HostbasedAuthentication",),
              }.get(caller.method, ("PubkeyAuthentication",) if account.fingerprints else
                    ("PubkeyAuthentication", "PasswordAuthentication", "KbdInteractiveAuthentication"))
    for keyword in needed:
        was_on = bool(caller.method) or _one(before, keyword.lower()) == "yes"
        if was_on and _one(after, keyword.lower()) != "yes":
            return keyword, "the caller was let in by %s" % (
                caller.method or "a way that sshd's log does not tell, and this may be it")
    return _alternatives(caller, before, after)


def _alternatives(caller: Caller, before: Effective, after: Effective) -> Why:
    said = " ".join(after.get("authenticationmethods", ()))
    wanted = caller.method.replace("keyboard-interactive/pam", "keyboard-interactive")
    if said in ("", "any") or said == " ".join(before.get("authenticationmethods", ())) or wanted in said.split():
        return None
    return "AuthenticationMethods", "the caller was let in by %s alone" % (caller.method or "a way that is not known")


def _key(caller: Caller, account: Account, _: Effective, after: Effective) -> Why:
    """His key has to be found and taken."""
    if caller.method != "publickey" or "CERT" in caller.key[0]:
        return None
    if _one(after, "authorizedkeyscommand") in ("", "none") and caller.key[1] not in account.fingerprints:
        return "AuthorizedKeysFile", "the caller's key (%s) is in none of these files" % caller.key[1]
    taken = _one(after, "pubkeyacceptedalgorithms") or _one(after, "pubkeyacceptedkeytypes")
    algorithms = KEY_ALGORITHMS.get(caller.key[0], ())
    if taken and algorithms and not set(algorithms) & set(taken.split(",")):
        return "PubkeyAcceptedAlgorithms", "the caller's key is an %s key" % caller.key[0]
    return None


def _strict(caller: Caller, account: Account, _: Effective, after: Effective) -> Why:
    if caller.key[1] in account.fingerprints and not account.is_strict and _one(after, "strictmodes") == "yes":
        return "StrictModes", "others may write to the home or the keys of %s, who is connected" % caller.user
    return None


def _locked(caller: Caller, account: Account, _: Effective, after: Effective) -> Why:
    if account.is_locked and _one(after, "usepam") != "yes":
        return "UsePAM", "without it sshd lets nobody in whose password is locked, as that of %s is" % caller.user
    return None


def _session(caller: Caller, _: Account, before: Effective, after: Effective) -> Why:
    for keyword in FIXED:
        if before.get(keyword, ["none"]) != after.get(keyword, ["none"]):
            return keyword, "for %s, who is connected, it would be another" % caller.user
    if caller.has_terminal and _one(after, "permittty") == "no":
        return "PermitTTY", "the caller's session has a terminal"
    for keyword, word in (("maxsessions", "MaxSessions"), ("maxauthtries", "MaxAuthTries")):
        if _one(after, keyword) in ("0", "-1"):
            return word, "nobody could log in"
    return None


def _negotiation(_: Caller, account: Account, before: Effective, after: Effective) -> Why:
    for keyword, common in COMMON.items():
        said = _one(after, keyword)
        if said and said != _one(before, keyword) and not set(common) & set(said.split(",")):
            return keyword, "no algorithm is left that the caller's program is known to have"
    lost = [path for path in before.get("hostkey", ()) if path in account.host_keys
            and path not in after.get("hostkey", ())]
    if lost:
        return "HostKey", "the caller may know this host by the key in %s" % lost[0]
    return _host_algorithms(account, before, after)


def _host_algorithms(account: Account, before: Effective, after: Effective) -> Why:
    """What a caller may have checked this host's key with, of the kinds of keys that it has."""
    was, now = (set(_one(config, "hostkeyalgorithms").split(",")) for config in (before, after))
    for kind, names in KEY_ALGORITHMS.items():
        has_key = any("_%s_" % kind.lower() in path for path in account.host_keys)
        if has_key and was & set(names) and not now & set(names):
            return "HostKeyAlgorithms", "the caller may know this host by a key for %s" % names[0]
    return None


RULES: Tuple[Callable[[Caller, Account, Effective, Effective], Why], ...] = (
    _listens, _is_let_in, _root, _method, _key, _strict, _locked, _session, _negotiation)
