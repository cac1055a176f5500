"""An independent eye on a host: testinfra over paramiko, sharing no code with what is tested."""

from __future__ import annotations

import functools
from pathlib import Path

import paramiko
import testinfra.host
from testinfra.backend.paramiko import ParamikoBackend

CONNECT_TIMEOUT_S = 10


class Verified(ParamikoBackend):  # type: ignore[misc]  # testinfra ships no types
    """testinfra's own paramiko backend, but it verifies the host's key: theirs warns about every key and goes on."""

    def __init__(self, user: str, address: str, port: int, key: Path, known_hosts: Path) -> None:
        super().__init__(f"{user}@{address}:{port}", timeout=CONNECT_TIMEOUT_S)
        self.key = key
        self.known_hosts = known_hosts

    @functools.cached_property
    def client(self) -> paramiko.SSHClient:
        """A connection; testinfra makes another when this one is lost."""
        client = paramiko.SSHClient()
        client.load_host_keys(str(self.known_hosts))
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(
            self.host.name,
            port=int(self.host.port or 22),
            username=self.host.user,
            key_filename=str(self.key),
            timeout=self.timeout,
            allow_agent=False,
            look_for_keys=False,
        )
        return client


def look(user: str, address: str, port: int, key: Path, known_hosts: Path) -> testinfra.host.Host:
    """A testinfra host, as its documentation describes; it connects when first asked something."""
    return testinfra.host.Host(Verified(user, address, port, key, known_hosts))
