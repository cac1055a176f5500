"""Going back to what was before a run: which hosts, and the graphs that they give for it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from holdfast.compiler.model import HostGraph, Left
from holdfast.executor.model import HostResult
from holdfast.problems import Place, Problem, Problems
from holdfast.store.model import CUT_SHORT, Run
from holdfast_host.graph import nodes_from_wire
from holdfast_host.values import did_you_mean

UNTOUCHED = frozenset({"ok", "untouched", "refused"})  # a host of these statuses was not changed by the run


def hosts_of(run: Run, results: Iterable[HostResult], chosen: Sequence[str]) -> list[str]:
    """The hosts that may have been changed, and are chosen. Raises Problems when there are none."""
    if run.mode != "apply":
        raise Problems([Problem(f"run {run.id} is a plan: it changed nothing", None,
                                "see `holdfast runs list` for those of apply")])
    if run.status == "running":
        raise Problems([Problem(f"run {run.id} is still going on", None, "wait for its end, or end its process")])
    known = set(chosen)
    hosts = [result.host for result in results if result.status not in UNTOUCHED and result.host in known]
    if not hosts:
        raise Problems([Problem(f"run {run.id} changed none of these hosts", None,
                                f"see `holdfast runs show {run.id}`")])
    return hosts


def check_resources(run: Run, results: Sequence[HostResult], resources: Sequence[str]) -> None:
    """Raises Problems when none of these hosts had such a resource in the run, as far as all is known of them."""
    known = dict.fromkeys(one.id for result in results for one in result.results)
    unknown = [id_ for id_ in resources if id_ not in known]
    if unknown and all(result.status not in CUT_SHORT for result in results):
        raise Problems([Problem(f"run {run.id} had no `{id_}` on these hosts", None, did_you_mean(id_, known))
                        for id_ in unknown])


def graph_of(host: str, run: str, answer: Mapping[str, Any]) -> HostGraph:
    """The graph that a host gives. What it says is data: its shape is looked at here. Raises Problems."""
    place = Place(f"run {run}")
    if not answer.get("is_known"):
        return HostGraph(host, (), (), (Left(f"run {run}", place, "this host keeps nothing of the run: it changed "
                                             "nothing here, or too long ago"),))
    try:
        nodes = tuple(nodes_from_wire(answer.get("nodes", [])))
        left = tuple(Left(str(id), place, f"cannot be undone: {why}") for id, why in answer.get("left", []))
    except (ValueError, TypeError) as error:
        raise Problems([Problem(f"{host} answers nonsense when asked for the way back: {error}", None)]) from None
    return HostGraph(host, nodes, (place,) * len(nodes), left, name=f"undo-{run}"[:64])
