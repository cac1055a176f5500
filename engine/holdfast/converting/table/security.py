"""Modules for what users, groups and packets may do."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.converting.model import Cannot
from holdfast.converting.options import NAME, Entry, Module, boolean, many, no_matter, path, text, to

_FIREWALL = "rules are declared whole and in their order here, with a name each: write a `firewall`"
_ONE = "a key, its request and its certificate are one `certificate` here: say `key`, `common_name` and `names` of it"


def _entry(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    is_default = boolean(theirs.get("default", False))
    entry = str(theirs.get("entry", ""))
    if entry:
        parts = entry.removeprefix("default:").removeprefix("d:").split(":")
        is_default = is_default or parts != entry.split(":")
    else:
        parts = [str(theirs.get("etype", "")), str(theirs.get("entity", "")), str(theirs.get("permissions", ""))]
    kind = {"user": "u", "u": "u", "group": "g", "g": "g"}.get(parts[0], "")
    state = theirs.get("state", "query")
    if state == "query":
        raise Cannot("it only looks")
    if not kind or len(parts) < 2 or not parts[1] or (state == "present" and not parts[-1]):
        raise Cannot("an entry is of a named user or group here; what owner, group and others may do is the mode")
    made = f"{kind}:{parts[1]}:{parts[2] if len(parts) > 2 and parts[2] else 'r'}"
    if state == "present":
        ours.pop("state", None)
    return {**ours, "default" if is_default else "entries": [made]}


def _sudo(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    if ours.get("state") == "absent":
        return {word: ours[word] for word in (NAME, "state")}
    ours.pop("state", None)
    return {**ours, "password": boolean(theirs.get("nopassword", True)) is False}


MODULES: Mapping[str, Entry] = {
    "acl": Module("acl", {
        "path": to(NAME, path), "name": to(NAME, path), "recursive": to("recurse", boolean), "state": to("state", text),
        **dict.fromkeys(("default", "entity", "entry", "etype", "permissions"), no_matter()),
        "follow": no_matter(), "use_nfsv4_acls": no_matter(False), "recalculate_mask": no_matter("default")},
        shape=_entry),
    **dict.fromkeys(("ufw", "iptables", "firewalld", "nftables"), _FIREWALL),
    **dict.fromkeys(("openssl_privatekey", "openssl_csr", "x509_certificate", "openssl_certificate"), _ONE),
    "openssl_dhparam": "TLS needs no parameters of its own today: leave them out of what names them",
    "sudoers": Module("sudoers", {
        "name": to(NAME, text), "user": to("users", many), "group": to("groups", many),
        "commands": to("commands", many), "runas": to("run_as", many), "nopassword": no_matter(),
        "host": no_matter("ALL"), "noexec": no_matter(False),
        "setenv": no_matter(False), "validation": no_matter(), "sudoers_path": no_matter("/etc/sudoers.d"),
        "state": to("state", words={"present": "present", "absent": "absent"})}, shape=_sudo),
}
