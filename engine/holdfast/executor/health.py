"""Whether what stands on the hosts is well, asked from the controller between two batches."""
from __future__ import annotations

import asyncio
import os
import urllib.error
import urllib.request
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Mapping
from pathlib import Path

from holdfast.documents.model import HealthCheck

ONE_S = 60.0  # how long a single answer may take
TOLD = 500  # characters of what a command printed


async def trouble(check: HealthCheck, folder: Path, environment: Mapping[str, str]) -> str:
    """Asks until it is well, or the time is over; "" or why it is not. environment: added to that of the command."""
    loop = asyncio.get_running_loop()
    until = loop.time() + check.within_s
    while True:
        said = await (_answer(check.http) if check.http else _ended(check.command, folder, environment))
        if not said or loop.time() + check.every_s > until:
            return said
        await asyncio.sleep(check.every_s)


async def _ended(command: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> str:
    try:
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, env={**os.environ, **environment},
                                                       stdin=DEVNULL, stdout=PIPE, stderr=STDOUT)
    except OSError as error:
        return f"{command[0]}: {error.strerror or error}"
    try:
        async with asyncio.timeout(ONE_S):
            printed, _ = await process.communicate()
    except TimeoutError:
        return f"{command[0]} took longer than {ONE_S:g} s"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    said = printed.decode("utf-8", "replace").strip()[-TOLD:]
    return f"{command[0]} ended with {process.returncode}{': ' if said else ''}{said}" if process.returncode else ""


async def _answer(address: str) -> str:
    return await asyncio.to_thread(_status_of, address)


def _status_of(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=ONE_S) as answer:  # noqa: S310  # the schema lets only http(s) in
            status: int = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    except (OSError, ValueError) as error:
        return f"{address} does not answer: {getattr(error, 'reason', error)}"
    return "" if 200 <= status < 300 else f"{address} answers with {status}"
