"""Whether what stands on the hosts is well, asked from the controller between two batches."""
from __future__ import annotations

import asyncio
import os
import signal
import urllib.error
import urllib.request
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from holdfast.documents.model import HealthCheck
from holdfast.threads import started

ONE_S = 60.0  # how long a single answer may take; at most as long as all of them
TOLD = 500  # characters of what a command printed


async def trouble(check: HealthCheck, folder: Path, environment: Mapping[str, str]) -> str:
    """Asks until it is well, or the time is over; "" or why it is not. environment: added to that of the command."""
    loop = asyncio.get_running_loop()
    until, one_s = loop.time() + check.within_s, min(ONE_S, check.within_s or ONE_S)
    while True:
        said = await (_answer(check.http, one_s) if check.http else _ended(check.command, folder, environment, one_s))
        if not said or loop.time() + check.every_s > until:
            return said
        await asyncio.sleep(check.every_s)


async def _ended(command: tuple[str, ...], folder: Path, environment: Mapping[str, str], limit_s: float) -> str:
    try:
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, env={**os.environ, **environment},
                                                       stdin=DEVNULL, stdout=PIPE, stderr=STDOUT,
                                                       start_new_session=True)
    except OSError as error:
        return f"{command[0]}: {error.strerror or error}"
    try:
        async with asyncio.timeout(limit_s):
            printed, _ = await process.communicate()
    except TimeoutError:
        return f"{command[0]} took longer than {limit_s:g} s"
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # all that it has begun
            await process.wait()
    said = printed.decode("utf-8", "replace").strip()[-TOLD:]
    return f"{command[0]} ended with {process.returncode}{': ' if said else ''}{said}" if process.returncode else ""


async def _answer(address: str, limit_s: float) -> str:
    try:
        async with asyncio.timeout(limit_s):
            return await asyncio.wrap_future(started(lambda: _status_of(address, limit_s), "holdfast-health"))
    except TimeoutError:
        return f"{address} took longer than {limit_s:g} s"


def _status_of(address: str, limit_s: float) -> str:
    try:
        with urllib.request.urlopen(address, timeout=limit_s) as answer:  # noqa: S310  # the schema lets only http(s) in
            status: int = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    except (OSError, ValueError) as error:
        return f"{address} does not answer: {getattr(error, 'reason', error)}"
    return "" if 200 <= status < 300 else f"{address} answers with {status}"
