"""A line of some length: passes TCP connections on to a host, and holds back all that goes through.

    python relay.py ADDRESS PORT SECONDS     prints the port on 127.0.0.1 where it listens; ends when its input does

SECONDS is a whole round trip; each way takes half of it. Nothing is reordered, and any amount may be under way, as on
a long fast line. It is a program of its own: what it uses is not the controller's.
"""

import asyncio
import contextlib
import sys


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float) -> None:
    """One direction, until its end; every piece so many seconds after it came."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def arrive() -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                break
            writer.write(data)
        with contextlib.suppress(OSError):
            writer.write_eof()

    arriving = asyncio.create_task(arrive())
    data = b"-"
    while data:
        try:
            data = await reader.read(65536)
        except OSError:
            data = b""
        under_way.put_nowait((loop.time() + delay_s, data))
    await arriving


async def main(address: str, port: int, round_trip_s: float) -> None:
    """Until nobody holds its input any more."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(address, port)
        ways = ((reader, there_writer), (there_reader, writer))
        with contextlib.suppress(asyncio.CancelledError):  # the end of the program
            await asyncio.gather(*(pass_on(source, sink, round_trip_s / 2) for source, sink in ways))
        for end in (writer, there_writer):
            end.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
