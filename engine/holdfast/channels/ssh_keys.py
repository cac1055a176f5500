"""The keys that we may log in with, read once for all hosts: files, the user's default ones, and those of the agent."""
from __future__ import annotations

import asyncio
import copy
import os
from collections.abc import Sequence
from pathlib import Path

import asyncssh

from .model import Unreachable

DEFAULT = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa", "~/.ssh/id_ed25519_sk", "~/.ssh/id_ecdsa_sk")


class Keys:
    """Keys by file, and the agent. One object for a run."""

    def __init__(self) -> None:
        self._of_file: dict[str, Sequence[asyncssh.SSHKeyPair]] = {}
        self._usual: Sequence[asyncssh.SSHKeyPair] | None = None
        self._agent: asyncssh.SSHAgentClient | None = None
        self._agent_keys: Sequence[asyncssh.SSHKeyPair] | None = None
        self._asking = asyncio.Lock()

    async def of_file(self, path: str) -> Sequence[asyncssh.SSHKeyPair]:
        """The key in a file, with its certificate if there is one; one with a passphrase when the agent has it. Raises
        Unreachable."""
        if path not in self._of_file:
            try:
                self._of_file[path] = asyncssh.load_keypairs([_expanded(path)])
            except OSError as error:
                raise Unreachable(f"the key {path} cannot be read: {error.strerror}", "check `key`") from None
            except asyncssh.KeyImportError as error:
                held = await self._held_by_agent(path)
                if not held:
                    raise Unreachable(f"the key {path} cannot be used: {error}",
                                      f"if it has a passphrase: ssh-add {path}") from None
                self._of_file[path] = held
        return [copy.copy(pair) for pair in self._of_file[path]]  # a log-in notes its algorithm in the pair

    async def usual(self) -> Sequence[asyncssh.SSHKeyPair]:
        """The agent's keys, then the user's default files that need no passphrase."""
        if self._usual is None:
            self._usual = [*await self._of_agent(), *_own()]
        return [copy.copy(pair) for pair in self._usual]

    async def close(self) -> None:
        """Lets go of the agent."""
        if self._agent is not None:
            self._agent.close()
            await self._agent.wait_closed()

    async def _of_agent(self) -> Sequence[asyncssh.SSHKeyPair]:
        async with self._asking:
            if self._agent_keys is None:
                path = os.environ.get("SSH_AUTH_SOCK")
                self._agent_keys = await self._ask(path) if path else ()
            return self._agent_keys

    async def _ask(self, path: str) -> Sequence[asyncssh.SSHKeyPair]:
        try:
            self._agent = await asyncssh.connect_agent(path)
            return await self._agent.get_keys()
        except (OSError, ValueError, asyncssh.Error):
            return ()  # an agent that does not answer is as none; the log-in says what was tried

    async def _held_by_agent(self, path: str) -> Sequence[asyncssh.SSHKeyPair]:
        try:
            wanted = asyncssh.read_public_key(_expanded(path) + ".pub").public_data
        except (OSError, asyncssh.KeyImportError):
            return []
        return [pair for pair in await self._of_agent() if pair.public_data == wanted]


def labels(pairs: Sequence[asyncssh.SSHKeyPair]) -> list[str]:
    """Keys as a person knows them."""
    return [f"key {pair.get_comment() or pair.get_algorithm()}" for pair in pairs]


def _own() -> Sequence[asyncssh.SSHKeyPair]:
    files = [path for path in map(_expanded, DEFAULT) if os.path.isfile(path)]
    return asyncssh.load_keypairs(files, ignore_encrypted=True) if files else ()


def _expanded(path: str) -> str:
    return str(Path(path).expanduser())
