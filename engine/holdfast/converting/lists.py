"""Tasks that only fetch package lists (`apt: update_cache=yes`): the packages that come after say how fresh the lists
have to be. A repository that is declared fetches its own."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from holdfast.converting.model import Cannot, Item, Resource
from holdfast.converting.options import boolean, integer, plain

_MODULES = frozenset({"apt", "package", "yum", "dnf", "dnf5"})
_OPTIONS = frozenset({"update_cache", "update-cache", "cache_valid_time", "update_cache_retries", "force_apt_get",
                      "update_cache_retry_max_delay", "lock_timeout"})
_FRESH_S = 3600  # as each run would fetch them for `state: latest`, and be told as a change


def kept_fresh(items: Sequence[Item]) -> None:
    """Gives the packages behind such a task their `refresh_s`."""
    for at, item in enumerate(items):
        if item.why and _only_fetches(item):
            _carried(item, items[at + 1:])


def _only_fetches(item: Item) -> bool:
    task = item.task
    given = {word: plain(node) for word, node in task.arguments.items()}
    if task.fault or task.module not in _MODULES or set(given) - _OPTIONS or task.is_handler:
        return False
    try:
        asked = boolean(given.get("update_cache", given.get("update-cache", "cache_valid_time" in given)))
        return asked is True and isinstance(integer(given.get("cache_valid_time", 0)), (int, str))
    except Cannot:
        return False


def _carried(item: Item, later: Sequence[Item]) -> None:
    """To packages that are installed whenever the lists are fetched, or on hosts that the conditions say."""
    asked = [str(node.value) for node in item.task.when]
    if any("ansible_" not in one for one in asked):
        return
    given = item.task.arguments.get("cache_valid_time")
    age: Any = integer(plain(given)) if given is not None else 0
    found = [resource for one in later for resource in one.resources if resource.type == "package"
             and resource.arguments.get("state", "present") in ("present", "latest")
             and (item.task.module != "apt" or resource.arguments.get("provider", "apt") == "apt")]
    if not found or not isinstance(age, int):
        return
    for resource in found:
        resource.arguments.setdefault("refresh_s", _aged(age, resource))
    item.give_up("")
    item.into = "`refresh_s` of the packages that come after it"


def _aged(age: int, resource: Resource) -> int:
    return _FRESH_S if age == 0 and resource.arguments.get("state") == "latest" else age
