"""Tasks that Ansible does not carry out on each host in each run: a document has no place for them."""
from __future__ import annotations

from holdfast.trees.tree import Node

_THIS_HOST = ("{{ inventory_hostname }}", "{{inventory_hostname}}")


def aside(node: Node) -> str:
    """Why what stands in this task, block or play is not for all hosts and runs; "": it is."""
    for word in ("delegate_to", "local_action"):
        there = node.get(word)
        if there is not None and there.value not in _THIS_HOST:
            return "it is done for one host on another one (`delegate_to`): a document is for the hosts it targets"
    once, checks, tags = node.get("run_once"), node.get("check_mode"), node.get("tags")
    if once is not None and once.value is not False:
        return "it is done on one of the hosts only (`run_once`): a document is for each host it targets"
    if checks is not None and checks.value is not False:
        return "it only looks what it would do (`check_mode`): `holdfast plan` does that"
    given = [] if tags is None else [one.value for one in tags.elements()] or str(tags.value).split(",")
    if "never" in given:
        return "it is done only when one of its tags is asked for (`never`): put it into a document of its own"
    return ""
