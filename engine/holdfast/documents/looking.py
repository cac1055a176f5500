"""Resources that only look: what a health check or a control's check may consist of."""
from __future__ import annotations

from collections.abc import Iterable

from holdfast.documents.model import Resource, Use
from holdfast.documents.types import Types
from holdfast.problems import Problem
from holdfast_host.resource import ALWAYS, NEVER


def problems(resources: Iterable[Resource | Use], types: Types, where: str) -> list[Problem]:
    """Those that may change something. where: the key they stand under."""
    may = [name for name in types if not isinstance(found := types[name], Problem) and found.looks_only == ALWAYS]
    return [Problem(f"`{one.document if isinstance(one, Use) else one.type}` may change the host, and `{where}` only "
                    "looks", one.place, f"write one of {', '.join(may)}, or a command with `read_only: true`")
            for one in resources if not _only_looks(one, types)]


def _only_looks(one: Resource | Use, types: Types) -> bool:
    if isinstance(one, Use):
        return False
    found = types[one.type]
    if isinstance(found, Problem) or found.looks_only == ALWAYS:
        return True  # what cannot be imported is reported already
    entry = one.arguments.get(found.looks_only) if found.looks_only != NEVER else None
    return entry is not None and entry.value.value is True
