"""Equal results of many hosts become one group."""
from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from holdfast.executor.model import HostResult, Result
from holdfast_host.graph import Event

T = TypeVar("T")
OWN = re.compile(r"SHA256:[A-Za-z0-9+/]+=*|[0-9a-fA-F:.]*\d[0-9a-fA-F:.]*")  # what each host has another of
STOPPED = frozenset({"failed", "timed_out"})  # what has gone wrong with a resource itself


@dataclass(frozen=True, slots=True)
class Group(Generic[T]):
    """What is alike, and on which hosts. items: one for each of the hosts; alike: whether all say the very same."""

    items: tuple[T, ...]
    hosts: tuple[str, ...]
    alike: bool

    @property
    def example(self) -> T:
        """That of the first host."""
        return self.items[0]


def fold(items: Iterable[tuple[str, T]], key: Callable[[str, T], Hashable],
         exact: Callable[[T], Hashable]) -> list[Group[T]]:
    """items: (host, what it says). Equal keys make a group; groups come in the order of their first items."""
    found: dict[Hashable, tuple[list[T], list[str], set[Hashable]]] = {}
    for host, item in items:
        alike, hosts, variants = found.setdefault(key(host, item), ([], [], set()))
        alike.append(item)
        hosts.append(host)
        if len(variants) < 2:
            variants.add(exact(item))
    return [Group(tuple(alike), tuple(hosts), len(variants) == 1) for alike, hosts, variants in found.values()]


def without_host(text: str, host: str) -> str:
    """The text as other hosts would say it: its own name, numbers, addresses and fingerprints left out."""
    return OWN.sub("#", nameless(text, host)) if text else ""


def nameless(text: str, host: str) -> str:
    """The text with the host's name, where it stands as a word of its own, left out."""
    return re.sub(rf"(?<![\w-]){re.escape(host)}(?![\w-])", "@", text) if host in text else text


def by_status(results: Iterable[HostResult]) -> dict[str, list[Group[HostResult]]]:
    """Hosts that fared alike, by status; the largest group first."""
    groups: dict[str, list[Group[HostResult]]] = {}
    for group in fold(((result.host, result) for result in results), _alike, _said):
        groups.setdefault(group.example.status, []).append(group)
    for alike in groups.values():
        alike.sort(key=lambda group: -len(group.hosts))
    return groups


def stopped_at(result: HostResult) -> list[Result]:
    """The resources at which a host failed."""
    return [one for one in result.results if one.event.status in STOPPED]


def moved(result: HostResult) -> list[Result]:
    """The resources that changed, or would."""
    return [one for one in result.results if one.event.status in ("changed", "pending", "unknown")]


def not_begun(result: HostResult) -> list[Result]:
    """The resources that a stop left undone."""
    return [one for one in result.results if one.event.status == "interrupted"]


def _alike(host: str, result: HostResult) -> Hashable:
    failed = tuple((nameless(one.id, host), one.place, without_host(one.event.message, host),
                    without_host(one.event.mend or "", host)) for one in stopped_at(result))
    if failed or result.status not in ("ok", "changed", "pending"):
        left = tuple(nameless(one.id, host) for one in not_begun(result))
        return result.status, failed, without_host(result.message, host), without_host(result.mend, host), left
    if result.status == "ok":
        return "ok", without_host(result.message, host)
    return result.status, tuple((nameless(one.id, host), one.event.action) for one in moved(result))


def _said(result: HostResult) -> Hashable:
    return result.message, result.mend, tuple((one.id, one.event.message) for one in stopped_at(result))


def by_resource(results: Iterable[HostResult], statuses: frozenset[str]) -> list[Group[Result]]:
    """Resources with one of these statuses; hosts where they would change in the same way are one group. In the order
    in which the resources stand in their documents; of one resource the way of most hosts first."""
    pairs = [(result.host, one) for result in results for one in result.results if one.event.status in statuses]
    groups = fold(pairs, lambda host, one: (nameless(one.id, host), one.place, change_key(one.event, host)),
                  change_id)
    return sorted(groups, key=lambda group: (*resource_of(group), -len(group.hosts)))


def resource_of(group: Group[Result]) -> tuple[bool, Any, str]:
    """Equal for the same resource of all hosts; sorts by where it is declared."""
    one = group.example
    return one.place is None, one.place or 0, nameless(one.id, group.hosts[0])


def change_key(event: Event, host: str) -> Hashable:
    """Equal for changes that look the same, but for the host's own name in them."""
    return nameless(repr((event.status, event.action, event.fields, event.diffs, event.refreshed, event.message)), host)


def change_id(result: Result) -> Hashable:
    """Equal for changes that are the same to the letter."""
    return result.id, change_key(result.event, "\0")


def is_left_out(result: Result) -> bool:
    """Declared, but not for this host (its `when` is false); the runner says of others what they need."""
    return result.event.status == "skipped" and not result.event.message.startswith("needs ")
