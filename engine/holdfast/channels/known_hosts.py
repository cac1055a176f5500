"""Host keys that are trusted: known_hosts files, read once for all hosts.

Reading a key costs more than finding its line, so lines are indexed by name first and only those of the host that is
asked for are read further; asyncssh does that, and the matching of patterns.
"""
from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Sequence
from pathlib import Path

import asyncssh

HostKeys = tuple[Sequence[asyncssh.SSHKey], Sequence[asyncssh.SSHKey], Sequence[asyncssh.SSHKey]]


class KnownHosts:
    """The lines of some known_hosts files. files: those that are there, for messages."""

    def __init__(self, files: Iterable[Path]) -> None:
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
