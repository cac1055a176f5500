"""Telling hooks: from what waits in the store, again and again until it has arrived, beside the rounds."""
from __future__ import annotations

import asyncio
import email.message
import hashlib
import hmac
import json
import os
import random
import smtplib
import time
import urllib.error
import urllib.request
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from holdfast.compiler.faults import Fault
from holdfast.compiler.outside import Outside
from holdfast.compiler.sources import Disk
from holdfast.documents.association import Association, Hook
from holdfast.documents.model import SECRET_SOURCES
from holdfast.enforcement.announcing import digest
from holdfast.problems import Problems
from holdfast.store import Store, enforced
from holdfast.store.enforced import Delivery

ONE_S = 30.0  # how long one try may take
FIRST_S, LONGEST_S = 5.0, 900.0  # between two tries
MOST_TRIES = 60  # about half a day
LOOK_S = 1.0  # how often it is looked whether something waits
USER_AGENT = "holdfast"


class Undelivered(Exception):
    """It has not arrived, and why."""


class Postman:
    """Delivers what waits. note: is told what could not be delivered at all. keeps: is an association ours? Others
    deliver what is theirs."""

    def __init__(self, store: Store, folder: Path, note: Callable[[str], None], keeps: Callable[[str], bool]) -> None:
        self._store, self._folder, self._note, self._keeps = store, folder, note, keeps
        self.associations: Mapping[str, Association] = {}
        self.known: frozenset[str] = frozenset()  # all associations; what is of no known one is told nobody
        self.secrets: dict[str, str] = {}
        self.lost = 0

    async def work(self, until_told: bool = False) -> None:
        """Until it is cancelled, or until all was tried to be told once."""
        while True:
            try:
                while await self._deliver():
                    pass
            except Problems as problems:  # the store is away; what waits there is found again
                self._note(f"hooks wait: {problems}")
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
                    self.lost += 1
                    self._note(f"a hook of {delivery.association} was not told of {delivery.event.get('event')}: {why}")
        await asyncio.wrap_future(self._store.write(job))

    def _hook(self, delivery: Delivery) -> Hook | None:
        """None: there is no such hook any more."""
        association = self.associations.get(delivery.association)
        hooks = association.hooks if association else ()
        return next((hook for hook in hooks if digest(hook) == delivery.hook), None)

    async def _send(self, hook: Hook, delivery: Delivery) -> None:
        body = json.dumps({"delivery": delivery.number, **delivery.event}).encode()
        if hook.command:
            await self._run(hook.command, body, delivery.event)
        elif hook.webhook:
            await asyncio.to_thread(post, hook.webhook, body, self._key(hook))
        else:
            await asyncio.to_thread(_mail, hook, delivery.event)

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

    def _key(self, hook: Hook) -> str:
        """What signs for a webhook; "" for nothing."""
        if hook.secret is None:
            return ""
        name = str(hook.secret.plain()["secret"])
        how = next(word for word in SECRET_SOURCES if hook.secret.get(word) is not None)
        try:
            found = Outside(Disk(), self._folder).secret(name, how, str(hook.secret.plain()[how]), self._folder,
                                                         hook.place)
        except Fault as fault:
            raise Undelivered("; ".join(problem.what for problem in fault.problems)) from None
        self.secrets[name] = str.__str__(found)
        return str.__str__(found)


def post(address: str, body: bytes, key: str = "") -> None:
    """Sends JSON, signed with HMAC-SHA256 where there is a key. Raises Undelivered."""
    headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
    if key:
        headers["X-Holdfast-Signature"] = "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(address, body, headers, method="POST")  # noqa: S310  # the schema: http(s) only
    try:
        with urllib.request.urlopen(request, timeout=ONE_S):  # noqa: S310
            return
    except urllib.error.HTTPError as error:
        error.close()
        raise Undelivered(f"{address} answers with {error.code}") from None
    except (OSError, ValueError) as error:
        raise Undelivered(f"{address} does not answer: {getattr(error, 'reason', error)}") from None


def _mail(hook: Hook, event: Mapping[str, Any]) -> None:
    message = email.message.EmailMessage()
    message["From"], message["To"] = hook.sender or hook.email, hook.email
    subject = f"{event['event']}: {event.get('resource', event.get('status', ''))} on {event.get('host', '')}"
    message["Subject"] = " ".join(f"[holdfast] {subject}".split())
    message.set_content(json.dumps(event, indent=2, ensure_ascii=False) + "\n")
    server, _, port = hook.server.partition(":")
    try:
        with smtplib.SMTP(server, int(port or 25), timeout=ONE_S) as connection:
            connection.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(f"the mail server {hook.server}: {error}") from None
