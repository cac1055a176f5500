"""A line of some length: passes TCP connections on to a host, holds back all that goes through, and counts round trips.

    python relay.py ADDRESS PORT SECONDS     prints the port on 127.0.0.1 where it listens; ends when its input does

SECONDS is a whole round trip; each way takes half of it. Nothing is reordered, and any amount may be under way, as on
a long fast line. After each connection it prints how many round trips it took: the longest chain in which one side
could not speak before it had heard the other. That is a count, and the same on a busy machine. It is a program of its
own: what it uses is not the controller's.
"""

import asyncio
import contextlib
import sys
from dataclasses import dataclass


@dataclass
class End:
    """One end of a connection. heard: round trips that lie behind what it has been given by now."""

    writer: asyncio.StreamWriter
    heard: int = 0


async def pass_on(reader: asyncio.StreamReader, source: End, sink: End, further: int, delay_s: float) -> None:
    """One direction, until its end; every piece so many seconds after it came. further: 1 on the way back."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, int, bytes]] = asyncio.Queue()

    async def arrive() -> None:
        while True:
            due, heard, data = await under_way.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                break
            sink.heard = max(sink.heard, heard)
            sink.writer.write(data)
        with contextlib.suppress(OSError):
            sink.writer.write_eof()

    arriving = asyncio.create_task(arrive())
    data = b"-"
    while data:
        try:
            data = await reader.read(65536)
        except OSError:
            data = b""
        under_way.put_nowait((loop.time() + delay_s, source.heard + further, data))
    await arriving


async def main(address: str, port: int, round_trip_s: float) -> None:
    """Until nobody holds its input any more."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host_reader, host_writer = await asyncio.open_connection(address, port)
        client, host = End(writer), End(host_writer)
        with contextlib.suppress(asyncio.CancelledError):  # the end of the program
            await asyncio.gather(
                pass_on(reader, client, host, 0, round_trip_s / 2),
                pass_on(host_reader, host, client, 1, round_trip_s / 2),
            )
            print(client.heard, flush=True)
        for end in (client, host):
            end.writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
