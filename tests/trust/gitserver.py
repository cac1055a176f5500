"""An SSH server that serves git repositories of this machine, until it is ended: HOST_KEY AUTHORIZED_KEYS PORT."""
from __future__ import annotations

import asyncio
import shlex
import sys

import asyncssh


async def _serve(process: asyncssh.SSHServerProcess[bytes]) -> None:
    child = await asyncio.create_subprocess_exec(*shlex.split(process.command or ""), stdin=-1, stdout=-1, stderr=-1)
    await process.redirect(stdin=child.stdin, stdout=child.stdout, stderr=child.stderr)
    process.exit(await child.wait())


async def _main(host_key: str, authorized: str, port: str) -> None:
    listening = await asyncssh.listen("127.0.0.1", int(port), server_host_keys=[host_key], encoding=None,
                                      authorized_client_keys=authorized, process_factory=_serve, reuse_address=True)
    print(listening.get_port(), flush=True)
    await listening.wait_closed()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
