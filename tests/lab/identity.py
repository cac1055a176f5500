"""Who is who in a lab: keys that are made outside, so that every host can be verified before it has booted."""

from __future__ import annotations

import os
from pathlib import Path

from .process import run

USERS = {"root": "/root", "ops": "/home/ops", "deploy": "/home/deploy"}
"""Who the lab's key lets in, and where each lives."""


def make_key(path: Path, comment: str) -> str:
    """Make an ed25519 key pair without a passphrase where there is none; gives back the public line."""
    if not path.exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path))
    return path.with_name(path.name + ".pub").read_text()


def known_host(host: str, address: str, public: str) -> str:
    """The host's line for a `known_hosts` file."""
    kind, key, *_ = public.split()
    return f"{address},{host} {kind} {key}\n"


def ssh_config(key: Path, known_hosts: Path, addresses: dict[str, str]) -> str:
    """An OpenSSH client configuration with which `ssh -F FILE HOST` reaches every host as root."""
    common = f"Host *\n  IdentityFile {key}\n  IdentitiesOnly yes\n  UserKnownHostsFile {known_hosts}\n"
    common += "  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  UpdateHostKeys no\n"
    each = [f"Host {name} {address}\n  HostName {address}\n  User root\n" for name, address in addresses.items()]
    return "".join(each) + common


def settle(root: Path, name: str, host_key: Path, lab_public: str, addresses: dict[str, str]) -> None:
    """Write into a fresh root what makes it this host: name, host key, who may log in, who the others are."""
    _write(root / "etc/hostname", f"{name}\n")
    others = "".join(f"{address}\t{other}\n" for other, address in addresses.items() if other != name)
    _write(root / "etc/hosts", f"127.0.0.1\tlocalhost\n127.0.1.1\t{name}\n{others}")
    _write(root / "etc/ssh/ssh_host_ed25519_key", host_key.read_text(), 0o600)
    _write(root / "etc/ssh/ssh_host_ed25519_key.pub", host_key.with_name(host_key.name + ".pub").read_text())
    for home in USERS.values():
        folder = root / home.lstrip("/")
        owner = folder.stat()
        keys = folder / ".ssh" / "authorized_keys"
        keys.parent.mkdir(mode=0o700, exist_ok=True)
        _write(keys, lab_public, 0o600)
        for path in (keys.parent, keys):
            os.chown(path, owner.st_uid, owner.st_gid)


def _write(path: Path, content: str, mode: int = 0o644) -> None:
    path.write_text(content)
    path.chmod(mode)
