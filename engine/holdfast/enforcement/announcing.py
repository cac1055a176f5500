"""What has happened and has not been told yet: it is told to whom watches, and put down for the hooks. Both are marked
in the transaction that puts it down, so that a crash in between neither loses nor repeats anything."""
from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from holdfast.documents.association import Association, Hook
from holdfast.enforcement import events
from holdfast.store import Store, enforced, rows
from holdfast_host.redact import Redactor

Rows = list[dict[str, Any]]
MOST_WAITING = 10_000  # what is to be told beyond that is only kept in the history


def digest(hook: Hook) -> str:
    """What a hook is known by while something waits for it."""
    return hashlib.sha256(repr((hook.command, hook.webhook, hook.email)).encode()).hexdigest()[:32]


def announce(store: Store, association: Association, known_secrets: Mapping[str, str],
             tell: Callable[[events.Event], None]) -> None:
    """Waits until all is durable."""
    opened, over, standings = store.ask(lambda connection: enforced.untold(connection, association.name))
    found: list[events.Event] = []
    job: dict[str, Rows] = {"told_drift": [], "told_healed": [], "told_kept": []}
    for one in opened:
        told = "fight" if one.stopped else "drift"
        if one.cause != "corrective" or one.told == told:
            continue
        if not one.told:
            found.append(events.drift(one))
        if one.stopped:
            found.append(events.fight(one))
        job["told_drift"].append({"host_": one.host, "digest_": rows.digest_of(one.id), "told_": told})
    for one in over:
        if one.cause == "corrective":
            found += [] if one.told else [events.drift(replace(one, ended=None))]
            found.append(events.healed(one))
        job["told_healed"].append({"number_": one.number})
    for standing in standings:
        if standing.status in events.BAD:
            found.append(events.failed(standing))
        job["told_kept"].append({"association_": association.name, "host_": standing.host, "told_": standing.status})
    if any(job.values()):
        store.write({**job, "deliver": _deliveries(store, association, found, Redactor(known_secrets))}).result()
    for event in found:
        tell(event)


def _deliveries(store: Store, association: Association, found: list[events.Event], redactor: Redactor) -> Rows:
    waiting = store.ask(enforced.waiting_count)
    now = time.time()
    made = [{"association": association.name, "hook": digest(hook), "tries": 0, "next_try": now,
             "event": {"delivery": secrets.token_hex(8), **_masked(event, redactor)}}
            for event in found for hook in association.hooks if event["event"] in hook.on]
    return made[:max(0, MOST_WAITING - waiting)]


def _masked(value: Any, redactor: Redactor) -> Any:
    """Hosts mask what they say; what could have been said elsewhere is masked here."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, Mapping):
        return {key: _masked(inner, redactor) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(inner, redactor) for inner in value]
    return value
