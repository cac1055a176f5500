"""Telling hooks: from what waits in the store, again and again until it has arrived, beside the rounds."""
from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Any

from holdfast.compiler.faults import Fault
from holdfast.compiler.outside import Outside
from holdfast.compiler.sources import Disk
from holdfast.documents.association import Association, Hook
from holdfast.documents.model import SECRET_SOURCES
from holdfast.enforcement.announcing import digest
from holdfast.enforcement.sending import ONE_S, Undelivered, mail, post
from holdfast.problems import Problems
from holdfast.store import Store, enforced
from holdfast.store.enforced import Delivery
from holdfast.threads import started
from holdfast.trees.tree import Node
from holdfast_host.redact import Redactor

FIRST_S, LONGEST_S = 5.0, 900.0  # between two tries
MOST_TRIES = 60  # about half a day
SAID_S = 0.1  # how long it may take to read the last words of a command that has ended
LOOK_S = 1.0  # how often it is looked whether something waits
Key = tuple[str, str]  # an association, and a hook of it by its digest


class Postman:
    """Delivers what waits. note: is told what could not be delivered at all. keeps: is an association ours? Others
    deliver what is theirs."""

    def __init__(self, store: Store, folder: Path, note: Callable[[str], None], keeps: Callable[[str], bool]) -> None:
        self._store, self._folder, self._note, self._keeps = store, folder, note, keeps
        self.associations: Mapping[str, Association] = {}
        self.known: frozenset[str] = frozenset()  # all associations; what is of no known one is told nobody
        self._secrets: dict[str, str] = {}
        self._hanging: dict[Key, Future[None]] = {}
        self._deaf: set[Key] = set()  # those of which it has been told that they do not hear

    async def work(self, until_told: bool = False) -> None:
        """Until it is cancelled, or until all was tried to be told once."""
        told, in_hand = "", dict[Key, asyncio.Task[None]]()
        try:
            while True:
                try:
                    await self._begin_due(in_hand)
                    if until_told and not in_hand:
                        return
                    await _finish_some(in_hand)
                    told = ""
                except Problems as problems:  # the store is away; what waits there is found again
                    if told != str(problems):
                        told = str(problems)
                        self._note(f"hooks wait: {told}")
                    if until_told:
                        return
                    await asyncio.sleep(FIRST_S)
        finally:
            for task in in_hand.values():
                task.cancel()
            await asyncio.gather(*in_hand.values(), return_exceptions=True)

    async def _begin_due(self, in_hand: dict[Key, asyncio.Task[None]]) -> None:
        """One thing to each hook, where it is due. Hooks do not wait for one another."""
        now = time.time()
        for one in await asyncio.to_thread(self._store.ask, enforced.waiting):
            is_ours = self._keeps(one.association) or one.association not in self.known
            is_due = one.next_try <= now or one.next_try > now + 2 * LONGEST_S  # so late only by another clock
            if is_ours and is_due and (one.association, one.hook) not in in_hand:
                in_hand[one.association, one.hook] = asyncio.create_task(self._one(one))

    async def _one(self, delivery: Delivery) -> None:
        hook, key = self._hook(delivery), (delivery.association, delivery.hook)
        why = await self._tried(hook, delivery) if hook is not None else ""
        job: dict[str, list[dict[str, Any]]] = {"delivered": [{"number_": delivery.number}]}
        if not why:
            self._deaf.discard(key)
        elif delivery.tries + 1 < MOST_TRIES:
            wait_s = min(LONGEST_S, FIRST_S * 2 ** delivery.tries) * random.uniform(0.75, 1.25)  # noqa: S311  # no secret
            job = {"again": [{"number_": delivery.number, "tries_": delivery.tries + 1,
                              "next_try_": time.time() + wait_s}]}
            if key not in self._deaf:
                self._deaf.add(key)
                self._say(f"a hook of {delivery.association} does not hear, and is tried again: {why}")
        else:
            self._say(f"a hook of {delivery.association} was not told of {delivery.event.get('event')}: {why}")
        await asyncio.wrap_future(self._store.write(job))

    async def _tried(self, hook: Hook, delivery: Delivery) -> str:
        """Why it has not arrived; "": it has."""
        try:
            async with asyncio.timeout(ONE_S):
                await self._send(hook, delivery)
        except TimeoutError:
            return f"it took longer than {ONE_S:g} s"
        except Exception as error:  # whatever is wrong with one, it hinders neither other hooks nor what comes later
            return str(error) or type(error).__name__
        return ""

    def _say(self, what: str) -> None:
        self._note(Redactor(self._secrets).text(what))

    def _hook(self, delivery: Delivery) -> Hook | None:
        """None: there is no such hook any more."""
        association = self.associations.get(delivery.association)
        hooks = association.hooks if association else ()
        return next((hook for hook in hooks if digest(hook) == delivery.hook), None)

    async def _send(self, hook: Hook, delivery: Delivery) -> None:
        body = json.dumps(delivery.event).encode()
        if hook.command:
            await self._run(hook.command, body, delivery.event)
        elif hook.webhook:
            key = self._secret(hook.secret)
            await self._beside(delivery, lambda: post(hook.webhook, body, key))
        else:
            password = self._secret(hook.password)
            await self._beside(delivery, lambda: mail(hook, delivery.event, password))

    async def _beside(self, delivery: Delivery, work: Callable[[], None]) -> None:
        """In a thread; one that hangs is left alone, and there is never more than one for a hook."""
        before = self._hanging.get((delivery.association, delivery.hook))
        if before is not None and not before.done():
            raise Undelivered("the try before hangs")
        future = self._hanging[delivery.association, delivery.hook] = started(work, "holdfast-hook")
        await asyncio.wrap_future(future)

    async def _run(self, command: tuple[str, ...], body: bytes, event: Mapping[str, Any]) -> None:
        about = {"HOLDFAST_EVENT": str(event["event"]), "HOLDFAST_HOST": str(event.get("host", "")),
                 "HOLDFAST_RESOURCE": str(event.get("resource", "")),
                 "HOLDFAST_ASSOCIATION": str(event.get("association", ""))}
        async with _said() as (said, stderr):
            process = await asyncio.create_subprocess_exec(*command, cwd=self._folder, env={**os.environ, **about},
                                                           stdin=PIPE, stdout=DEVNULL, stderr=stderr,
                                                           start_new_session=True)
            stderr.close()
            try:
                await process.communicate(body)
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)  # all that it has begun
                    await process.wait()
        if process.returncode:
            text = said.decode("utf-8", "replace")[-200:].strip()
            raise Undelivered(f"{command[0]} ended with {process.returncode}" + (f": {text}" if text else ""))

    def _secret(self, node: Node | None) -> str:
        """The key that signs for a webhook, or the password at a mail server; "" for none."""
        if node is None:
            return ""
        name = str(node.plain()["secret"])
        how = next(word for word in SECRET_SOURCES if node.get(word) is not None)
        try:
            found = Outside(Disk(), self._folder).secret(name, how, str(node.plain()[how]), self._folder, node.place)
        except Fault as fault:
            raise Undelivered("; ".join(problem.what for problem in fault.problems)) from None
        self._secrets[name] = str.__str__(found)
        return str.__str__(found)


async def _finish_some(in_hand: dict[Key, asyncio.Task[None]]) -> None:
    """Waits until one has ended, or until it is to be looked again. Raises Problems."""
    if not in_hand:
        await asyncio.sleep(LOOK_S)
        return
    ended, _ = await asyncio.wait(in_hand.values(), timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
    for key in [key for key, task in in_hand.items() if task in ended]:
        in_hand.pop(key).result()


@asynccontextmanager
async def _said() -> AsyncIterator[tuple[bytearray, IO[bytes]]]:
    """The last that a command says, once that is over, and where it is to say it. What the command leaves running in
    the background may keep that open; nobody waits for its end."""
    reading, writing = os.pipe()
    with open(reading, "rb") as source, open(writing, "wb") as sink:  # noqa: ASYNC230  # pipes, not files
        stream, said = asyncio.StreamReader(), bytearray()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), source)
        task = asyncio.create_task(_read_into(said, stream))
        try:
            yield said, sink
            await asyncio.wait([task], timeout=SAID_S)
        finally:
            task.cancel()
            transport.close()


async def _read_into(said: bytearray, stream: asyncio.StreamReader) -> None:
    """The end of it."""
    while more := await stream.read(4096):
        said += more
        del said[:-4096]
