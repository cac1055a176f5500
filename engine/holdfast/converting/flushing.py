"""`meta: flush_handlers`: what was notified until then acts there. A document has a resource at one place, so a handler
that is notified before only stands where it is flushed."""
from __future__ import annotations

from collections.abc import Collection, Sequence

from holdfast.converting.model import Item
from holdfast.converting.nodes import texts

FLUSH = ("meta", "flush_handlers")
NOTHING = "nothing: no handler that is converted is notified before it"
_SERVICES = "what happens anyway: the service that is told stands before it"


def placed(items: Sequence[Item], handlers: Sequence[Item]) -> list[Item]:
    """Tasks and handlers in the order in which they act. What is flushed but acts elsewhere is said."""
    flushes = [at for at, item in enumerate(items) if (item.task.module, item.task.free) == FLUSH]
    after: dict[int, list[Item]] = {at: [] for at in flushes}
    last: list[Item] = []
    told = {at: texts(item.task.keywords.get("notify")) for at, item in enumerate(items) if item.resources}
    for handler in handlers:
        names = {handler.task.name, *texts(handler.task.keywords.get("listen"))}
        notified = [at for at, notified in told.items() if names & set(notified)]
        flush = next((at for at in flushes if notified and at > notified[0]), None)
        chained = any(names & set(texts(other.task.keywords.get("notify"))) for other in handlers)
        if flush is None or handler.why:
            last.append(handler)
        elif handler.resources and notified[-1] < flush and not chained:
            after[flush].append(handler)
        else:
            last.append(handler)
            if _acts(handler, notified, flush, items):
                items[flush].into = _SERVICES
            else:
                items[flush].lost.append(f"`{handler.task.label}` acts once, when all has been done that notifies it")
    for at in flushes:
        labels = [handler.task.label for handler in after[at]]
        if labels:
            items[at].into = f"the place of: {', '.join(labels)}"
    return [one for at, item in enumerate(items) for one in (item, *after.get(at, ()))] + last


def _acts(handler: Item, notified: Collection[int], flush: int, items: Sequence[Item]) -> bool:
    """Is it what a service does that stands ahead of the flush, like all that notify it?"""
    services = [at for at, item in enumerate(items) for resource in item.resources if resource.type == "service"
                and f"`service: {resource.name}`" in handler.into]
    return bool(services) and max(*services, *notified) < flush
