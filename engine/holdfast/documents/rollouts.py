"""How a run goes through its hosts, as a document says it."""
from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from holdfast.documents.durations import seconds
from holdfast.documents.model import HealthCheck, RolloutSpec
from holdfast.documents.schemas import HEALTH_CHECK
from holdfast.problems import Problem
from holdfast.trees.tree import Node

TIMES = ("host_limit", "run_limit", "pause")


def rollout(node: Node | None) -> tuple[RolloutSpec | None, list[Problem]]:
    """A document's `rollout`, whose structure has been looked at; what is wrong with it is nothing here."""
    if node is None or node.kind != "mapping":
        return None, []
    plain = node.plain()
    host_limit_s, run_limit_s, pause_s = (_seconds(plain, key) for key in TIMES)
    batches, at_once = plain.get("batches", []), plain.get("at_once")
    check, problems = _health_check(node.get("health_check"))
    for key in ("pause", "health_check"):
        written = node.key(key)
        if written is not None and not batches:
            problems.append(Problem(f"`{key}` stands between batches, and there is only one", written.place,
                                    "say how to go through the hosts: `batches: [1, 10%, 100%]`"))
    return RolloutSpec(node.place, tuple(batches) if isinstance(batches, list) else (), plain.get("error_budget"),
                       at_once if isinstance(at_once, int) else None, host_limit_s, run_limit_s, pause_s,
                       check), problems


def _health_check(node: Node | None) -> tuple[HealthCheck | None, list[Problem]]:
    if node is None or node.kind != "mapping":
        return None, []
    plain, usual = node.plain(), HealthCheck()
    command, http = str(plain.get("command", "")), str(plain.get("http", ""))
    if not plain.keys() <= HEALTH_CHECK.keys():
        return None, []  # told already
    if bool(command) == bool(http):
        return None, [Problem("a health check is one of `command` and `http`", node.place,
                              "as in `http: https://example.org/health`")]
    within_s, every_s = seconds(str(plain.get("within", ""))), seconds(str(plain.get("every", "")))
    if within_s and every_s and every_s > within_s:
        asked = node.get("every") or node
        return None, [Problem("it would be asked once only: `within` is over before", asked.place,
                              f"make it shorter than {plain['within']}, or `within` longer")]
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        written = node.get("command")
        return None, [Problem("this is not a command line: a quote does not end", written.place if written else
                              node.place, "close the quote")]
    return HealthCheck(words, http, _seconds(plain, "within") or usual.within_s,
                       _seconds(plain, "every") or usual.every_s), []


def _seconds(plain: Mapping[str, Any], key: str) -> float | None:
    return seconds(str(plain[key])) if key in plain else None
