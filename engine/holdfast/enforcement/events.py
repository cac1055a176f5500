"""What enforcement tells, as objects: to whom watches it, with `--json`, and to hooks."""
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from holdfast.store.model import Episode, Standing

if TYPE_CHECKING:
    from holdfast.store.keepers import Holder

Event = dict[str, Any]
BAD = frozenset({"failed", "unreachable", "unknown"})  # standings that hooks are told as `failed`


def drift(episode: Episode) -> Event:
    """A resource is not as declared, and was before."""
    return _of_episode("drift", episode)


def fight(episode: Episode) -> Event:
    """It drifts again and again, and is left alone from now on."""
    return {**_of_episode("fight", episode), "stopped": episode.stopped}


def healed(episode: Episode) -> Event:
    """It is as declared again. run, by: what made it so; nobody: it was found so."""
    return {**_of_episode("healed", episode), "ended": episode.ended, **_present(run=episode.ended_by, by=episode.who)}


def failed(standing: Standing) -> Event:
    """A host could not be asked, or not be made as declared."""
    return {"event": "failed", "association": standing.association, "host": standing.host, "status": standing.status,
            "since": standing.since, **_present(message=standing.message)}


def standing(one: Standing) -> Event:
    """How a host stands to an association."""
    return {"event": "standing", "association": one.association, "host": one.host, "status": one.status,
            "asked": one.asked, "good": one.good, "since": one.since, **_present(message=one.message)}


def episode(one: Episode) -> Event:
    """Drift as it is kept, whether it is over or not."""
    return {**_of_episode("episode", one), "ended": one.ended,
            **_present(stopped=one.stopped, run=one.ended_by, by=one.who)}


def keeper(holder: Holder) -> Event:
    """Which process keeps an association."""
    return _of_holder("keeper", holder)


def stands_by(holder: Holder) -> Event:
    """Another process keeps an association; this one waits for its end."""
    return _of_holder("stands_by", holder)


def taken_over(association: str) -> Event:
    """The process that kept an association has ended, and this one keeps it."""
    return {"event": "taken_over", "association": association}


def _of_holder(name: str, holder: Holder) -> Event:
    return {"event": name, "association": holder.association, "who": holder.who, "process": holder.process.pid,
            "since": holder.since}


def _of_episode(name: str, one: Episode) -> Event:
    fields = [{"name": row[0], "before": row[1], "after": row[2]} for row in one.fields]
    diffs = [{"name": row[0], "diff": row[1]} for row in one.diffs]
    return {"event": name, "association": one.association, "host": one.host, "resource": one.id,
            "first_seen": one.first_seen, **_present(cause=one.cause, action=one.action, fields=fields, diffs=diffs)}


def _present(**values: Any) -> Mapping[str, Any]:
    return {name: value for name, value in values.items() if value}
