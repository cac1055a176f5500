"""Carrying out a job with the store beside it: what is told of a host is kept before anything hangs on it."""
from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from holdfast.agents.judging import agent_states
from holdfast.channels.boot import archive
from holdfast.compiler.model import HostGraph
from holdfast.documents.types import Types
from holdfast.executor.model import Happening, HostResult, Job, Noticed, RunDone, RunStarted
from holdfast.executor.stop import Stop
from holdfast.problems import Problems
from holdfast.reports.holding import HELD
from holdfast.store import Store
from holdfast_host.resource import Resource
from holdfast_host.values import from_wire

Emit = Callable[[Happening], None]
Met = Callable[[HostResult], Sequence[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a run. documents, targets: what it was asked for; request: what is needed to resume it; is_begun:
    the store has the run already; has_facts: what hosts say is worth keeping; whole: makes what is kept of what is
    told; met: gives rows of drift that the run itself has come upon and put back, which are kept together with it;
    remark: what is told as it begins."""

    documents: Sequence[str]
    targets: str
    request: Mapping[str, Any] | None = None
    is_begun: bool = False
    has_facts: bool = True
    whole: Callable[[HostResult], HostResult] = lambda result: result  # a field's default
    met: Met = lambda _: ()
    remark: str = ""


async def carry_out(job: Job, types: Types, store: Store, kept: Kept, emit: Emit, stop: Stop) -> RunDone:
    """Runs a job. Raises Problems: what only facts could show to be wrong."""
    from holdfast.executor.run import execute  # noqa: PLC0415  # brings asyncssh

    graphs, lasting = dict(job.graphs), set[str]()

    def tell_ahead(graph: HostGraph) -> None:
        _tell_held(graph, emit)
        said = _lasting(graph, types) if job.confirm_s else ""
        if said and said not in lasting:  # hosts are many, and what is for them is much the same
            lasting.add(said)
            emit(Noticed("", said))

    def graph_of(host: str, found: Mapping[str, Any]) -> HostGraph:
        graphs[host] = job.graph_of(host, found)
        tell_ahead(graphs[host])
        return graphs[host]

    def telling(happening: Happening) -> None:
        emit(happening)
        if isinstance(happening, RunStarted):
            if kept.remark:
                emit(Noticed("", kept.remark))
            for graph in job.graphs.values():
                tell_ahead(graph)

    async def begin(started: RunStarted) -> None:
        await asyncio.wrap_future(store.begin_run(started, kept.documents, kept.targets, kept.request, job.seal))

    async def keep(result: HostResult) -> None:
        states = agent_states(result, job.declared.get(result.host, ())) if result.status != "untouched" else ()
        await store.kept(job.run, kept.whole(result), states, kept.met(result))

    async def collected(run: str, result: HostResult) -> bool:
        return await store.collect(run, result)

    try:
        done = await execute(replace(job, graph_of=graph_of), archive(types.sources()), telling, stop,
                             begin=None if kept.is_begun else begin, keep=keep, collected=collected)
    except Problems as problems:
        refused = RunDone(job.run, (), f"refused: {len(problems.problems)} problems", 0.0)
        await asyncio.wrap_future(store.end_run(refused, time.time()))
        raise
    if done.facts and kept.has_facts:
        await asyncio.wrap_future(store.keep_facts(done.facts, time.time()))
    if job.mode == "apply" and job.undoes is None:
        await asyncio.to_thread(settle, store, graphs, done.results)
    await asyncio.wrap_future(store.end_run(done, time.time()))
    return done


def _tell_held(graph: HostGraph, emit: Emit) -> None:
    for one in graph.left:
        if one.why.startswith(HELD):
            emit(Noticed(graph.host, f"{one.id}: {one.why}"))


def _lasting(graph: HostGraph, types: Types) -> str:
    """What a host that is not reached again could not take back of its changes, in words; "": nothing."""
    ids = [node.id for node in graph.nodes if types.need(node.type).undo is Resource.undo
           and from_wire(node.args.get("read_only", False)) is not True]
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    return f"a host that is not reached again cannot take back: {', '.join(ids[:3])}{more}" if ids else ""


def settle(store: Store, graphs: Mapping[str, HostGraph], results: Sequence[HostResult]) -> None:
    """Keeps what resources were declared to be that are so now; by this it is known later whether a difference
    comes from the host or from the documents."""
    from holdfast.declared import Digests  # noqa: PLC0415
    from holdfast.store.enforced import settled_nodes  # noqa: PLC0415  # brings SQLAlchemy

    digests = Digests()
    now = {result.host: nodes for result in results if (known := digests.of(graphs[result.host]) if
           result.host in graphs else {}) and (nodes := {
        one.id: known[one.id] for one in result.results if one.status in ("ok", "changed") and one.id in known})}
    before = store.ask(lambda connection: settled_nodes(connection, tuple(now)))
    rows = [{"host": host, "nodes": {**before.get(host, {}), **nodes}} for host, nodes in now.items()
            if not nodes.items() <= before.get(host, {}).items()]
    if rows:
        store.write({"settled": rows}).result()
