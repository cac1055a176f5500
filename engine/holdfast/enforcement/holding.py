"""Holds: one drift is accepted for a time, by somebody, for a reason."""
from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from holdfast.documents.durations import seconds
from holdfast.problems import Problem, Problems
from holdfast.project import Project
from holdfast.store import enforced, rows
from holdfast.store.model import Episode, Hold
from holdfast_host.values import did_you_mean

LONGEST_S = 366 * 86_400.0


def hold(project: Project, host: str, resource: str, until: str, owner: str, why: str) -> Hold:
    """Accepts what a resource of a host is, until a time. until: a duration, a day or a moment. Raises Problems."""
    now = time.time()
    needed = (("until", until, "as in `--until 12h` or `--until 2026-12-01`"),
              ("owner", owner, "say who answers for it"), ("why", why, "say why, as in a ticket's number"))
    problems = [Problem(f"--{name} is missing", None, mend) for name, text, mend in needed if not text.strip()]
    end = _moment(until, now) if until.strip() else now
    if end is None:
        problems.append(Problem(f"`{until}` is no time", None, "write 12h, 3d, 2026-12-01 or 2026-12-01T08:00"))
    elif until.strip() and end <= now:
        problems.append(Problem(f"`{until}` is over", None, "name a time to come"))
    elif end > now + LONGEST_S:
        problems.append(Problem("a hold lasts a year at most", None, "change the document instead"))
    problems += _unknown(project, host, resource)
    if problems:
        raise Problems(problems)
    assert end is not None
    made = Hold(host, resource, end, owner, why, now)
    project.store.write({"hold": [{"host": host, "digest": rows.digest_of(resource), "id": resource, "until": end,
                                   "owner": owner, "why": why, "made": now}]}).result()
    return made


def release(project: Project, host: str, resource: str) -> str:
    """Ends a hold or a fight; what was ended. Raises Problems when there is neither."""
    holds, fights = held(project)
    is_held = any((one.host, one.id) == (host, resource) for one in holds)
    is_fight = any((one.host, one.id) == (host, resource) for one in fights)
    if not is_held and not is_fight:
        known = [one.id for one in holds if one.host == host] + [one.id for one in fights if one.host == host]
        raise Problems([Problem(f"{resource} of {host} is not held", None,
                                did_you_mean(resource, known) if known else "see `holdfast hold list`")])
    this = [{"host_": host, "digest_": rows.digest_of(resource)}]
    project.store.write({"release": this, "forgive": [{**this[0], "now_": time.time()}], "resumed": this}).result()
    return f"{host}: {resource}: not held any more" if is_held else \
        f"{host}: {resource}: will be put back again when it drifts"


def held(project: Project) -> tuple[tuple[Hold, ...], tuple[Episode, ...]]:
    """What is left alone now: holds, and fights."""
    holds = project.store.ask(lambda connection: enforced.active_holds(connection, time.time()))
    return holds, tuple(one for one in project.store.ask(enforced.open_drift) if one.stopped is not None)


def hold_object(one: Hold) -> dict[str, Any]:
    """For `--json`."""
    return {"event": "hold", "host": one.host, "resource": one.id, "until": one.until, "owner": one.owner,
            "why": one.why, "made": one.made}


def _moment(text: str, now: float) -> float | None:
    """Seconds since the epoch."""
    lasting = seconds(text)
    if lasting is not None:
        return now + lasting
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _unknown(project: Project, host: str, resource: str) -> list[Problem]:
    """A host or resource of which nothing is known: a hold on it would hold nothing."""
    if host not in project.inventory.hosts:
        return [Problem(f"there is no host `{host}`", None, did_you_mean(host, project.inventory.hosts))]
    type_, colon, name = resource.partition(": ")
    if not colon or not name:
        return [Problem(f"`{resource}` is no resource", None, "write its type and name, as in 'service: nginx'")]
    if type_ not in project.types:
        return [Problem(f"there is no resource type `{type_}`", None, did_you_mean(type_, project.types))]
    known = _known(project, host)
    if known and resource not in known:
        return [Problem(f"nothing here has declared `{resource}` for {host}", None, did_you_mean(resource, known))]
    return []


def _known(project: Project, host: str) -> Sequence[str]:
    settled = project.store.ask(lambda connection: enforced.settled_nodes(connection, [host])).get(host, {})
    drifted = project.store.ask(lambda connection: enforced.open_drift(connection, [host]))
    return [*settled, *(one.id for one in drifted)]
