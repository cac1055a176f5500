"""Telling hooks: from what waits in the store, again and again until it has arrived, beside the rounds."""
from __future__ import annotations

import asyncio
import json
import os
import random
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from holdfast.compiler.faults import Fault
from holdfast.compiler.outside import Outside
from holdfast.compiler.sources import Disk
from holdfast.documents.association import Association, Hook
from holdfast.documents.model import SECRET_SOURCES
from holdfast.enforcement.announcing import digest
from holdfast.enforcement.sending import ONE_S, Undelivered, mail, post, started
from holdfast.problems import Problems
from holdfast.store import Store, enforced
from holdfast.store.enforced import Delivery
from holdfast.trees.tree import Node
from holdfast_host.redact import Redactor

FIRST_S, LONGEST_S = 5.0, 900.0  # between two tries
MOST_TRIES = 60  # about half a day
LOOK_S = 1.0  # how often it is looked whether something waits


class Postman:
    """Delivers what waits. note: is told what could not be delivered at all. keeps: is an association ours? Others
    deliver what is theirs."""

    def __init__(self, store: Store, folder: Path, note: Callable[[str], None], keeps: Callable[[str], bool]) -> None:
        self._store, self._folder, self._note, self._keeps = store, folder, note, keeps
        self.associations: Mapping[str, Association] = {}
        self.known: frozenset[str] = frozenset()  # all associations; what is of no known one is told nobody
        self._secrets: dict[str, str] = {}
        self._hanging: dict[tuple[str, str], Future[None]] = {}  # by association and hook

    async def work(self, until_told: bool = False) -> None:
        """Until it is cancelled, or until all was tried to be told once."""
        told = ""
        while True:
            try:
                while await self._deliver():
                    pass
                told = ""
            except Problems as problems:  # the store is away; what waits there is found again
                if told != str(problems):
                    told = str(problems)
                    self._note(f"hooks wait: {told}")
                await asyncio.sleep(FIRST_S)
            if until_told:
                return
            await asyncio.sleep(LOOK_S)

    async def _deliver(self) -> bool:
        """One thing to each hook, where it is due. Whether any was."""
        now = time.time()
        due = [one for one in await asyncio.to_thread(self._store.ask, enforced.waiting) if one.next_try <= now
               and (self._keeps(one.association) or one.association not in self.known)]
        await asyncio.gather(*map(self._one, due))
        return bool(due)

    async def _one(self, delivery: Delivery) -> None:
        hook = self._hook(delivery)
        job: dict[str, list[dict[str, Any]]] = {"delivered": [{"number_": delivery.number}]}
        if hook is not None:
            try:
                async with asyncio.timeout(ONE_S):
                    await self._send(hook, delivery)
            except (Undelivered, TimeoutError, OSError) as error:
                why = str(error) or f"it took longer than {ONE_S:g} s"
                if delivery.tries + 1 < MOST_TRIES:
                    wait_s = min(LONGEST_S, FIRST_S * 2 ** delivery.tries) * random.uniform(0.75, 1.25)  # noqa: S311
                    job = {"again": [{"number_": delivery.number, "tries_": delivery.tries + 1,
                                      "next_try_": time.time() + wait_s}]}
                else:
                    self._note(Redactor(self._secrets).text(f"a hook of {delivery.association} was not told of "
                                                            f"{delivery.event.get('event')}: {why}"))
        await asyncio.wrap_future(self._store.write(job))

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
        future = self._hanging[delivery.association, delivery.hook] = started(work)
        await asyncio.wrap_future(future)

    async def _run(self, command: tuple[str, ...], body: bytes, event: Mapping[str, Any]) -> None:
        about = {"HOLDFAST_EVENT": str(event["event"]), "HOLDFAST_HOST": str(event.get("host", "")),
                 "HOLDFAST_RESOURCE": str(event.get("resource", "")),
                 "HOLDFAST_ASSOCIATION": str(event.get("association", ""))}
        process = await asyncio.create_subprocess_exec(*command, cwd=self._folder, env={**os.environ, **about},
                                                       stdin=PIPE, stdout=DEVNULL, stderr=PIPE)
        try:
            _, said = await process.communicate(body)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise Undelivered(f"{command[0]} ended with {process.returncode}: {said.decode('utf-8', 'replace')[-200:]}")

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
