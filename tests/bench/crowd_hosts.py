"""Any number of hosts that are not there: an SSH server on all addresses of 127.0.0.0/8, each session a runner.

    python crowd_hosts.py FOLDER     writes its host key and the user's there, prints its port; ends when its input does

What the runners say is what real ones say: the facts are this machine's, under the host's own name, and every resource
is in state.
"""

import asyncio
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import asyncssh

from holdfast_host import facts, protocol

FACTS = facts.gather()


class Runner(asyncssh.SSHServerSession[bytes]):
    """One session: it is ready at once, whichever runner is asked for."""

    def __init__(self, address: str) -> None:
        self._name = "sim" + address.replace(".", "-")
        self._talk = protocol.Connection(protocol.RUNNER)

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def shell_requested(self) -> bool:
        return False

    def exec_requested(self, command: str) -> bool:
        nonce = re.search(r" ([0-9a-f]{16}) [0-9a-f]{64} ", command)
        assert nonce is not None, command
        asyncio.get_running_loop().call_soon(self._channel.write, f"HOLDFAST READY {nonce[1]} \n".encode())
        return True

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        self._talk.receive(data)
        for message in self._talk.messages():
            if message["kind"] == "bye":
                self._channel.exit(0)
            for answer in self._answers(message):
                self._channel.write(self._talk.send(answer))

    def _answers(self, message: protocol.Message) -> Iterable[protocol.Message]:
        if message["kind"] == "hello":
            yield {"kind": "hello", "major": protocol.MAJOR, "minor": protocol.MINOR, "unfinished": [], "owed": []}
        elif message["kind"] == "facts":
            yield {"kind": "facts", "facts": {**FACTS, "hostname": self._name}}
        elif message["kind"] == "graph":
            yield {"kind": "event", "events": [[number, "ok", 1] for number in range(len(message["nodes"]))]}
            yield {"kind": "result", "run": message["run"], "status": "ok"}


class Server(asyncssh.SSHServer):
    """One connection."""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._address = conn.get_extra_info("sockname")[0]

    def session_requested(self) -> Runner:
        return Runner(self._address)


async def main(folder: Path) -> None:
    """Until nobody holds its input any more."""
    host, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    user.write_private_key(folder / "key")
    user.write_public_key(folder / "authorized_keys")
    server = await asyncssh.listen(
        "0.0.0.0", 0, server_factory=Server, server_host_keys=[host], encoding=None,  # a bench's own
        authorized_client_keys=str(folder / "authorized_keys"),
    )
    port = server.get_port()
    (folder / "known_hosts").write_text(f"[127.*]:{port} {host.export_public_key().decode()}")
    print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
