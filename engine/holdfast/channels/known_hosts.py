"""Host keys that are trusted: known_hosts files, read once for all hosts, and written to on first use if asked for.

Reading a key costs more than finding its line, so lines are indexed by name first and only those of the host that is
asked for are read further; asyncssh does that, and the matching of patterns.
"""
from __future__ import annotations

import base64
import binascii
import fcntl
import hmac
import os
from collections.abc import Sequence
from pathlib import Path

import asyncssh

HostKeys = tuple[Sequence[asyncssh.SSHKey], Sequence[asyncssh.SSHKey], Sequence[asyncssh.SSHKey]]


class KnownHosts:
    """The lines of some known_hosts files. files: those that are there, for messages; home: the one that new keys are
    written to, there or not."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.home = files[0]
        self.files = tuple(file for file in files if file.is_file())
        self._exact: dict[str, list[str]] = {}
        self._hashed: list[tuple[bytes, bytes, str]] = []  # salt, hash, line
        self._patterns: list[str] = []
        for file in self.files:
            for line in file.read_text("utf-8", "replace").splitlines():
                self._index(line.strip())

    def match(self, host: str, address: str, port: int | None) -> HostKeys:
        """The keys, the authorities' keys and the revoked keys for a host. port: None for 22. Raises ValueError when a
        line for this host is damaged."""
        names = {name for name in (host, address) if name}
        names |= {f"[{name}]:{port or 22}" for name in names}
        lines = [line for name in sorted(names) for line in self._exact.get(name, ())] + self._patterns
        lines += [line for salt, digest, line in self._hashed
                  if any(hmac.digest(salt, name.encode(), "sha1") == digest for name in names)]
        keys, authorities, revoked = asyncssh.import_known_hosts("\n".join(lines)).match(host, address, port)[:3]
        return keys, authorities, revoked

    def learn(self, name: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Keeps a key that was not known, in the file `home`, which other programs may write to at the same time. Gives
        False, and keeps nothing, when another key of the host has come into it meanwhile. Raises OSError."""
        self.home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        entry = name if port == 22 else f"[{name}]:{port}"
        line = f"{entry} {key.get_algorithm()} {base64.b64encode(key.public_data).decode('ascii')}"
        descriptor = os.open(self.home, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with open(descriptor, "rb+", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            keys, authorities, revoked = KnownHosts([self.home]).match(name, "", port)
            if key in revoked or (key not in keys and (keys or authorities)):
                return False
            if key not in keys:
                size = os.fstat(descriptor).st_size
                is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
                file.write(("\n" if is_torn else "").encode() + line.encode() + b"\n")
                os.fsync(descriptor)
        self._index(line)
        return True

    def _index(self, line: str) -> None:
        fields = line.split(None, 2)
        if line.startswith("#") or len(fields) < 3:
            return
        names = fields[1] if line.startswith("@") else fields[0]
        if names.startswith("|"):
            try:
                _, _, salt, digest = names.split("|")
                self._hashed.append((base64.b64decode(salt), base64.b64decode(digest), line))
            except (ValueError, binascii.Error):
                return  # not a line that could match anything
        elif any(sign in names for sign in "*?!/"):
            self._patterns.append(line)
        else:
            for name in names.split(","):
                self._exact.setdefault(name, []).append(line)
