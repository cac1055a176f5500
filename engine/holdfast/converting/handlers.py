"""Handlers, and who notifies them."""
from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from holdfast.converting.model import Item, Resource, Task
from holdfast.converting.nodes import texts
from holdfast.converting.tasks import Around, convert

_RESTART = re.compile(r"systemctl (restart|reload-or-restart) (\S+)\Z")
_TELLS = {"restart": "restart", "reload-or-restart": "reload"}


def settle(items: Sequence[Item]) -> None:
    """Takes back what is told to, or hangs on, resources that were given up."""
    there = [resource.reference for item in items for resource in item.resources]
    for item in items:
        for resource in item.resources:
            told = _listed(resource.arguments.get("notify"))
            left = [one for one in told if one in there]
            if len(left) != len(told):
                item.lost += [f"`notify`: `{type_}: {name}` is not converted"
                              for one in told if one not in left for type_, name in one.items()]
                resource.arguments |= {"notify": left[0] if len(left) == 1 else left}
                if not left:
                    del resource.arguments["notify"]
        if any(one not in there for resource in item.resources for one in _listed(resource.arguments.get("watch"))):
            item.give_up("it hangs on a change of what is not converted")


def _listed(told: Any) -> list[dict[str, Any]]:
    return [] if told is None else told if isinstance(told, list) else [told]


class Handlers:
    """Converts handlers and gives those who notify them their `notify`. items: one for each handler."""

    def __init__(self, handlers: Sequence[Task], items: Sequence[Item], around: Around) -> None:
        self.items = [convert(task, around) for task in handlers]
        self.services = {str(resource.name): resource for item in items for resource in item.resources
                         if resource.type == "service" and resource.arguments.get("running") is True
                         and "when" not in resource.arguments and "loop" not in resource.arguments}
        self.by_name: dict[str, list[Item]] = {}
        for item in self.items:
            for name in texts(item.task.keywords.get("listen")):
                self.by_name.setdefault(name, []).append(item)
        last = {item.task.name: item for item in self.items}  # of one name the last one stands for all
        for item in self.items:
            if last[item.task.name] is item:
                self.by_name.setdefault(item.task.name, []).append(item)
            elif not item.why and "listen" not in item.task.keywords:
                item.give_up(f"another handler is called `{item.task.name}` too, and the last one of a name counts: "
                             f"{last[item.task.name].task.place}")
        self.told: dict[int, Resource] = {}  # services that are told in a handler's place, by its item
        told = [item for item in (*items, *self.items) if item.resources and "notify" in item.task.keywords]
        called = {name for item in told for name in texts(item.task.keywords["notify"])}
        for item in self.items:
            if not item.why and not called & {item.task.name, *texts(item.task.keywords.get("listen"))}:
                item.give_up("nothing that is converted notifies it")
            elif item.resources:
                self._as_service(item)
        for item in told:
            self._notify(item)

    def _as_service(self, item: Item) -> None:
        """A restart of a service that the document keeps running is what a notification does to it anyway."""
        resource = item.resources[0]
        found = _RESTART.match(str(resource.name)) if resource.type == "command" else None
        service = self.services.get(found[2]) or self.services.get(found[2].removesuffix(".service")) if found else None
        if found is None or service is None or set(resource.arguments) - {"on_notify"}:
            return
        does = _TELLS[found[1]]
        if service.arguments.get("on_notify", does) != does:
            return  # it is restarted on one occasion and reloaded on another
        service.arguments["on_notify"] = does
        item.into = f"what a notification does to `service: {service.name}`"
        item.resources = []
        self.told[id(item)] = service

    def _notify(self, item: Item) -> None:
        references: list[dict[str, object]] = []
        for name in texts(item.task.keywords["notify"]):
            found = self.by_name.get(name, [])
            if not found or all(one.why for one in found):
                why = f" ({found[0].why})" if found else ""
                item.lost.append(f"`notify: {name}`: " + (f"that handler is not converted{why}" if found else
                                                          "there is no handler of that name here"))
            for one in found:
                service = self.told.get(id(one))
                references += [service.reference] if service is not None else [
                    resource.reference for resource in one.resources]
        unique = [one for at, one in enumerate(references) if one not in references[:at]]
        for resource in item.resources if unique else ():
            resource.arguments["notify"] = unique[0] if len(unique) == 1 else unique
