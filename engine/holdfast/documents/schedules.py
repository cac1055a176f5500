"""When something is due, as people write it: `every: 30m`, or `cron: "30 3 * * mon-fri"` with a time zone."""
from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cronsim import CronSim, CronSimError

from holdfast.documents.durations import seconds
from holdfast.problems import Problem
from holdfast.trees.tree import Node
from holdfast_host.values import did_you_mean

UTC = "UTC"
UTC_ZONE = zoneinfo.ZoneInfo(UTC)
SHORTEST_S = 1.0  # between two rounds
SOME_DAY = 1_704_067_200.0  # 2024-01-01: what is right does not depend on when it is read
LOOKED_AT = 100  # rounds of a cron expression, to find how near they come to one another


@dataclass(frozen=True, slots=True)
class Schedule:
    """every_s: seconds from the start of one round to that of the next; 0: the cron expression says when. zone: the
    name of the time zone in which the expression is read. splay_s: rounds begin up to so many seconds later."""

    every_s: float = 0.0
    cron: str = ""
    zone: str = UTC
    splay_s: float = 0.0

    def after(self, moment: float) -> float:
        """The first time after a moment at which a round is due, without splay; both in seconds since the epoch. What
        a change of the clocks skips is due right after it, what it repeats is due once."""
        if self.every_s:
            return moment + self.every_s
        local = datetime.fromtimestamp(moment, zoneinfo.ZoneInfo(self.zone))
        found = (one.timestamp() for one in CronSim(self.cron, local))
        return next(at for at in found if at > moment)  # in an hour that comes twice, CronSim begins with the first one

    def interval_s(self, moment: float) -> float:
        """From the next round after a moment to the one after that."""
        first = self.after(moment)
        return self.after(first) - first

    def shortest_s(self, moment: float) -> float:
        """The shortest time between two of the next rounds after a moment."""
        at = [first := self.after(moment)]
        at += (first := self.after(first) for _ in range(0 if self.every_s else LOOKED_AT))
        return min((later - earlier for earlier, later in pairwise(at)), default=self.every_s)


def schedule(node: Node) -> tuple[Schedule | None, list[Problem]]:
    """What the keys every, cron, time_zone and splay of a document say, whose structure has been looked at."""
    every, cron, zone, splay = (node.get(word) for word in ("every", "cron", "time_zone", "splay"))
    if (every is None) == (cron is None):
        return None, [Problem("a schedule is one of `every` and `cron`", node.place,
                              'as in `every: 30m`, or `cron: "30 3 * * mon-fri"` with `time_zone: Europe/Berlin`')]
    problems: list[Problem] = []
    if cron is None and zone is not None:
        problems.append(Problem("`time_zone` goes with `cron`", zone.place, "leave it out: `every` knows no clock"))
    if zone is not None and not _is_zone(str(zone.value)):
        problems.append(Problem(f"there is no time zone `{zone.value}`", zone.place,
                                did_you_mean(str(zone.value), sorted(zoneinfo.available_timezones()))
                                or "as tzdata names it: Europe/Berlin, UTC"))
    if cron is not None and (wrong := _wrong(str(cron.value))):
        problems.append(Problem(f"this is no cron expression: {wrong}", cron.place,
                                "write minute, hour, day, month and weekday, as in `30 3 * * mon-fri`"))
    if problems:
        return None, problems
    every_s, splay_s = (seconds(str(one.value)) or 0.0 if one is not None else 0.0 for one in (every, splay))
    if every is not None and every_s < SHORTEST_S:
        return None, []  # no duration: told already
    made = Schedule(every_s, str(cron.value) if cron else "", str(zone.value) if zone else UTC, splay_s)
    if splay is not None and splay_s and splay_s >= made.shortest_s(SOME_DAY):
        return None, [Problem("the splay is as long as the time between two rounds", splay.place, "make it shorter")]
    return made, []


def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _wrong(expression: str) -> str:
    """What is wrong with a cron expression; one that never comes is wrong too."""
    if len(expression.split()) != 5:
        return f"it has {len(expression.split())} parts, and not 5"
    try:
        next(CronSim(expression, datetime.fromtimestamp(SOME_DAY, UTC_ZONE)))
    except CronSimError as error:
        return str(error).lower()
    except StopIteration:
        return "no such day ever comes"
    return ""
