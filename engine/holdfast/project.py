"""The Python API: a project folder, what is wrong with it, and what can be done with it.

    import holdfast

    with holdfast.load("site") as project:                 # raises holdfast.Problems: all faults, with place and mend
        plan = project.plan(targets="role=web and not env=prod")
        for host in plan.hosts:
            print(host.host, host.status, *host.changes, sep="\n  ")
        done = plan.apply(at_once=10, error_budget=2)      # this plan: a host that has changed since is refused
        print(done.run, done.counts())
        print(project.drift(targets="role=web").to_json())
"""
from __future__ import annotations

import asyncio
import getpass
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.agents.judging import agent_states
from holdfast.agents.model import AgentState
from holdfast.baselines import judging as baselines
from holdfast.carrying import Emit, Kept, Met, carry_out
from holdfast.channels.boot import archive
from holdfast.channels.model import Connection
from holdfast.compiler.model import HostGraph, Rollout
from holdfast.contents import Contents, Documents, existing, paths_of
from holdfast.executor.model import Asked, Earlier, Happening, HostResult, Job, Mode, RunDone, WayBack
from holdfast.executor.stop import Stop
from holdfast.login import Login, connections
from holdfast.plan import Drift, Plan, Standing, drift_of
from holdfast.problems import Place, Problem, Problems
from holdfast.reports.words import short_list
from holdfast.store import new_run_id
from holdfast.store.model import COMMAND
from holdfast_host.graph import Node
from holdfast_host.planned import Held
from holdfast_host.values import to_wire

if TYPE_CHECKING:
    from holdfast.inventory.model import Inventory
    from holdfast.savedplan import SavedPlan

NO_FACTS_KEPT = 0.0


def load(folder: str | Path = ".", *, inventory: str | Path | Sequence[str | Path] = (),
         set: Mapping[str, Any] | None = None, user: str | None = None, key: str | None = None,
         become_password: str | None = None, install_python: bool = False, is_here: bool = False,
         store: str = "") -> Project:
    """A project folder. inventory: instead of its `inventory/`. set: variables that go before all others. user, key,
    become_password: instead of what the inventory says. install_python: runs that apply install python3 on hosts
    without a usable Python. is_here: hosts are this machine, whatever the inventory says. store: a path, or a URL of
    PostgreSQL, instead of `.holdfast/holdfast.db`. Raises Problems when there is no such folder."""
    inventory = (inventory,) if isinstance(inventory, str | Path) else inventory
    return Project(existing(folder), tuple(map(str, inventory)), dict(set or {}),
                   Login(user, key, become_password, install_python, is_here), store)


class Project(Contents):
    """A project folder and its hosts."""

    def __init__(self, folder: Path, inventory: tuple[str, ...], settings: dict[str, Any], login: Login,
                 store: str = "") -> None:
        super().__init__(folder, inventory, settings, store)
        self._login = login

    def with_inventory(self, inventory: Inventory) -> Project:
        """The same project with these hosts instead of its own; what it is asked for cannot be resumed."""
        other = Project(self.folder, (), self.settings, self._login, self.store_at)
        other.inventory = inventory
        return other

    # -- doing -------------------------------------------------------------------------------------------------------

    def plan(self, documents: Documents = (), targets: str = "") -> Plan:
        """What apply would change. documents, targets: as in run_async."""
        return asyncio.run(self.plan_async(documents, targets))

    async def plan_async(self, documents: Documents = (), targets: str = "") -> Plan:
        """`plan` in a loop that is running already."""
        job, names, facts = self._job("plan", documents, targets)
        done, saved = await self._planned(job, names, paths_of(documents), targets, facts, _nobody, Stop())
        return Plan(done.run, done.results, lambda rollout: self.apply_saved_async(
            saved, rollout=rollout, emit=_nobody, stop=Stop()))

    def apply(self, documents: Documents = (), targets: str = "", **rollout: Any) -> RunDone:
        """Makes hosts what documents say. rollout: fields of Rollout that go before those of the documents."""
        return self.run("apply", documents, targets, rollout=rollout)

    def drift(self, documents: Documents = (), targets: str = "") -> Drift:
        """What is no longer as declared, and since when."""
        return asyncio.run(self.drift_async(documents, targets))

    async def drift_async(self, documents: Documents = (), targets: str = "") -> Drift:
        """`drift` in a loop that is running already."""
        done = await self.run_async(mode="drift", documents=documents, targets=targets, rollout={}, emit=_nobody,
                                    stop=Stop())
        return self.drift_seen(done)

    def drift_seen(self, done: RunDone) -> Drift:
        """What a plan that has been made has seen."""
        return drift_of(done, self.store.drift_since([one.host for one in done.results if one.status == "pending"]))

    def agents(self, targets: str = "") -> tuple[AgentState, ...]:
        """How the agents of hosts stood when that was told last. targets: as in select."""
        return self.store.agents(self.select(targets))

    def standing(self, done: RunDone) -> Standing:
        """How the agents and controls stand that the documents of a run declare, on its hosts; the run has just been
        carried out."""
        declared = done.declared
        excepted = self.excepted(declared)
        controls = [one for result in done.results for one in baselines.control_results(
            result, declared.get(result.host, ()), excepted.get(result.host, {}))]
        known = {one.name: one for states in declared.values() for one in states}
        return Standing(self.agents_seen(done), tuple(controls),
                        tuple(baselines.expired(known.values(), datetime.now(UTC).date())))

    def agents_seen(self, done: RunDone) -> tuple[AgentState, ...]:
        """As `standing`, of agents alone."""
        declared = done.declared
        states = [one for result in done.results for one in agent_states(result, declared.get(result.host, ()))]
        kept = {(one.host, one.agent): one for one in self.store.agents([one.host for one in states])} if states else {}
        return tuple(replace(one, since=known.since, asked=known.asked, version=one.version or known.version)
                     if (known := kept.get((one.host, one.agent))) else one for one in states)

    def run(self, mode: Asked, documents: Documents = (), targets: str = "", *,
            rollout: Mapping[str, Any] | None = None, emit: Emit | None = None, kept_facts_s: float = NO_FACTS_KEPT,
            ) -> RunDone:
        """Plans or applies; see run_async."""
        return asyncio.run(self.run_async(mode=mode, documents=documents, targets=targets, rollout=rollout or {},
                                          emit=emit or _nobody, stop=Stop(), kept_facts_s=kept_facts_s))

    async def run_async(self, *, mode: Asked, documents: Documents = (), targets: str = "",
                        rollout: Mapping[str, Any], emit: Emit, stop: Stop,
                        kept_facts_s: float = NO_FACTS_KEPT, save: str | Path = "",
                        confirm_s: float | None = None) -> RunDone:
        """Holds documents against hosts, and in mode "apply" makes the hosts so; "drift" is a plan under another name.

        documents: files and folders, (): all of playbooks/. targets: an expression that narrows what the documents
        target. rollout: fields of Rollout that go before those of the documents. kept_facts_s: facts that were gathered
        at most so many seconds ago are used again. save: in mode "plan", the file that keeps what is shown, for
        apply_saved_async. confirm_s: a host that cannot be reached again so many seconds after a change takes it back.
        Nothing is touched when anything can be refused.
        """
        job, names, facts = self._job(mode, documents, targets, rollout, kept_facts_s)
        job = replace(job, confirm_s=confirm_s)
        if save:
            from holdfast import savedplan  # noqa: PLC0415  # few runs need it

            savedplan.check_place(save)
            done, plan = await self._planned(job, names, paths_of(documents), targets, facts, emit, stop)
            savedplan.write(plan, save)
            return done
        request = {"documents": list(paths_of(documents)), "targets": targets, "inventory": list(self.inventory_paths),
                   "settings": self.settings, "rollout": {**rollout},
                   "confirm_s": confirm_s} if mode == "apply" else None
        return await self._carry_out(job, Kept(names, targets, request), emit, stop)

    def _job(self, mode: Asked, documents: Documents, targets: str, rollout: Mapping[str, Any] | None = None,
             kept_facts_s: float = NO_FACTS_KEPT) -> tuple[Job, tuple[str, ...], Mapping[str, Mapping[str, Any]]]:
        """What is to be done, the documents' names, and the facts that are known. Raises Problems."""
        facts = self.kept_facts(kept_facts_s)
        compiled, names = self.compiled(paths_of(documents), targets, facts)
        compiled = self.without_held(compiled)
        job = Job(new_run_id(time.time()), "apply" if mode == "apply" else "plan", who(),
                  self._connections(self.hosts_of(compiled)), compiled.graphs, frozenset(compiled.needs_facts),
                  compiled.graph_of, compiled.blob, compiled.rollout.given(rollout or {}), folder=self.folder,
                  declared=compiled.declared, is_for_drift=mode == "drift")
        return job, names, facts

    async def resume_async(self, run: str, *, rollout: Mapping[str, Any], emit: Emit, stop: Stop,
                           confirm_s: float | None = None) -> RunDone:
        """Takes up a run of apply where it ended, on the hosts that are not what the documents say yet; what can be
        done only once is not done twice. Documents, targets, inventory and settings are those of the run, and so are
        rollout and confirm_s where they are not given; the documents are read anew. run: as store.run takes it."""
        from holdfast import resuming  # noqa: PLC0415  # few runs need it

        kept = self.store.run(run, applied=True)  # who has looked at what is left still means the apply before
        resuming.refuse(kept)
        assert kept.request is not None, "else it was refused"
        asked = dict(kept.request)
        self.as_asked(asked["inventory"], asked["settings"])
        hosts = resuming.left(self.store.results(kept))
        if not hosts:
            return RunDone(kept.id, (), "", 0.0)
        compiled, names = self.compiled(asked["documents"], asked["targets"])
        compiled = self.without_held(compiled)
        now = self.hosts_of(compiled)
        before: dict[str, HostResult] = {}

        async def earlier(host: str) -> Earlier:
            before[host] = await asyncio.to_thread(self.store.host_result, kept, host)
            return resuming.earlier(before[host])

        job = Job(kept.id, "apply", who(), self._connections([host for host in hosts if host in now]), compiled.graphs,
                  frozenset(compiled.needs_facts).intersection(hosts), compiled.graph_of, compiled.blob,
                  compiled.rollout.given({**asked["rollout"], **rollout}), earlier=earlier,
                  folder=self.folder, declared=compiled.declared, seal=kept.seal,
                  confirm_s=asked.get("confirm_s") if confirm_s is None else confirm_s,
                  left_out={host: "the documents are not for this host any more" for host in hosts if host not in now})
        self.store.reopen_run(kept.id, time.time()).result()
        return await self._carry_out(job, Kept(names, asked["targets"], is_begun=True, whole=lambda result: (
            resuming.joined(result, before[result.host]) if result.host in before else result)), emit, stop)

    async def undo_async(self, run: str, *, mode: Mode, targets: str = "", resources: Sequence[str] = (),
                         rollout: Mapping[str, Any], emit: Emit, stop: Stop) -> RunDone:
        """Converges hosts to what was observed before a run; in mode "plan" says what that would change, and what
        cannot be undone. targets: an expression that narrows the run's hosts; resources: ids, (): all."""
        from holdfast import undoing  # noqa: PLC0415  # few runs need it

        kept = self.store.run(run, applied=True)
        chosen, results = self.select(targets), self.store.results(kept)
        hosts = undoing.hosts_of(kept, results, chosen)
        undoing.check_resources(kept, [one for one in results if one.host in hosts], resources)
        empty = {host: HostGraph(host, (), ()) for host in hosts}
        job = Job(new_run_id(time.time()), mode, who(), self._connections(hosts), empty, frozenset(hosts),
                  lambda host, answer: undoing.graph_of(host, kept.id, answer), _no_blob,
                  Rollout().given(rollout), undoes=WayBack(kept.id, kept.seal, tuple(resources)))
        told = Kept((f"undo: {kept.id}",), targets, has_facts=False)
        return replace(await self._carry_out(job, told, emit, stop), facts={})

    async def _planned(self, job: Job, names: Sequence[str], documents: tuple[str, ...], targets: str,
                       facts: Mapping[str, Mapping[str, Any]], emit: Emit, stop: Stop) -> tuple[RunDone, SavedPlan]:
        """A plan with all that is needed to do just that."""
        from holdfast import savedplan  # noqa: PLC0415  # few runs need it

        plan = savedplan.SavedPlan(job.run, time.time(), job.who, documents, targets, self.inventory_paths,
                                   self.settings, job.rollout, savedplan.new_salt())
        keys, graphs = savedplan.Keys(plan.salt), dict(job.graphs)

        def graph_of(host: str, found: Mapping[str, Any]) -> HostGraph:
            graphs[host] = job.graph_of(host, found)
            return graphs[host]

        planned = replace(job, graph_of=graph_of, held_to=lambda graph: Held(keys.of(graph)))
        done = await self._carry_out(planned, Kept(names, targets), emit, stop)
        used = {host: known for host, known in {**facts, **done.facts}.items() if host in graphs}
        return done, replace(plan, facts=used).with_hosts(graphs, done.results)

    async def apply_saved_async(self, plan: str | Path | SavedPlan, *, rollout: Mapping[str, Any], emit: Emit,
                                stop: Stop, confirm_s: float | None = None) -> RunDone:
        """Does what a saved plan has shown, and nothing else: the documents must still say the same, and a host that
        has changed since is refused. Inventory and settings are those of the plan. confirm_s: as in run_async."""
        from holdfast import savedplan  # noqa: PLC0415  # few runs need it

        where = "plan"
        if isinstance(plan, str | Path):
            where, plan = str(plan), savedplan.read(plan)
        self.as_asked(plan.inventory, plan.settings)
        compiled, names = self.compiled(plan.documents, plan.targets, plan.facts)
        compiled = self.without_held(compiled)
        problems = plan.differing(compiled.graphs, where)
        if problems:
            raise Problems(problems)
        keys, held = savedplan.Keys(plan.salt), plan.held
        hosts = [host for host, one in plan.hosts.items() if one.status in savedplan.CAN_BE_APPLIED]
        left = {host: f"the plan has nothing for it: it was {one.status} ({one.message})"
                for host, one in plan.hosts.items() if host not in hosts}
        job = Job(new_run_id(time.time()), "apply", who(), self._connections(hosts),
                  {host: compiled.graphs[host] for host in hosts}, frozenset(), compiled.graph_of, compiled.blob,
                  plan.rollout.given(rollout), lambda graph: held(graph, keys), left_out=left,
                  folder=self.folder, declared=compiled.declared, confirm_s=confirm_s)
        joined = short_list([host for host in self.hosts_of(compiled) if host not in plan.hosts], 3)
        remark = f"targeted by now, but not in the plan, and left alone: {joined}" if joined else ""
        return await self._carry_out(job, Kept(names, plan.targets, remark=remark), emit, stop)

    def command(self, command: Sequence[str] | str, targets: str = "", *, rollout: Mapping[str, Any] | None = None,
                emit: Emit | None = None) -> RunDone:
        """Runs one command on many hosts; see command_async."""
        return asyncio.run(self.command_async(command, targets=targets, rollout=rollout or {}, emit=emit or _nobody,
                                              stop=Stop()))

    async def command_async(self, command: Sequence[str] | str, *, targets: str = "", rollout: Mapping[str, Any],
                            emit: Emit, stop: Stop) -> RunDone:
        """Runs one command on many hosts. A sequence is a program with its arguments, a text is for the shell."""
        name = command if isinstance(command, str) else " ".join(command)
        if not name.strip():
            raise Problems([Problem("the command is empty", None, "write a program, or a line of shell")])
        how: dict[str, Any] = {"shell": True} if isinstance(command, str) else {"argv": list(command)}
        node = Node(f"command: {name}", "command", to_wire({"run": name, "always": True, **how}))
        hosts = self.select(targets)
        graphs = {host: HostGraph(host, (node,), (Place("command line"),)) for host in hosts}
        job = Job(new_run_id(time.time()), "apply", who(), self._connections(hosts), graphs, frozenset(), _no_graph,
                  _no_blob, Rollout().given(rollout))
        return await self._carry_out(job, Kept((f"{COMMAND}{name}",), targets), emit, stop)

    def facts(self, targets: str = "", *, kept_facts_s: float = NO_FACTS_KEPT) -> Mapping[str, Mapping[str, Any]]:
        """What hosts say of themselves, by host; hosts that cannot be asked are missing. See facts_async."""
        done = asyncio.run(self.facts_async(targets=targets, kept_facts_s=kept_facts_s, rollout={}, emit=_nobody,
                                            stop=Stop()))
        return done.facts

    async def facts_async(self, *, targets: str = "", rollout: Mapping[str, Any], emit: Emit, stop: Stop,
                          kept_facts_s: float = NO_FACTS_KEPT) -> RunDone:
        """What hosts say of themselves: in `facts` of what is returned. kept_facts_s: as in run_async."""
        hosts = self.select(targets)
        known = {host: facts for host, facts in self.kept_facts(kept_facts_s).items() if host in hosts}
        asked = [host for host in hosts if host not in known]
        graphs = {host: HostGraph(host, (), ()) for host in asked}
        job = Job(new_run_id(time.time()), "plan", who(), self._connections(asked), graphs, frozenset(asked),
                  lambda host, _: graphs[host], _no_blob, Rollout().given(rollout))
        done = await self._carry_out(job, Kept(("facts",), targets), emit, stop)
        return replace(done, facts={host: {**known, **done.facts}[host] for host in hosts
                                    if host in known or host in done.facts})

    # -- for those who keep hosts as declared ------------------------------------------------------------------------

    def job_of(self, names: Sequence[str], targets: str, asked_by: str) -> Job:
        """A plan of these documents, which must be in playbooks/ or in the library, with all that they declare: what is
        held is in it too. Raises Problems."""
        compiled, _ = self.compiled((), targets, names=names)
        return Job(new_run_id(time.time()), "plan", asked_by, self._connections(self.hosts_of(compiled)),
                   compiled.graphs, frozenset(compiled.needs_facts), compiled.graph_of, compiled.blob, compiled.rollout,
                   folder=self.folder, declared=compiled.declared)

    async def look_async(self, job: Job, emit: Emit, stop: Stop) -> RunDone:
        """Carries out a plan that is not kept as a run; what hosts bring of earlier runs is kept, and how their agents
        stand."""
        from holdfast.executor.run import execute  # noqa: PLC0415  # brings asyncssh
        from holdfast.store.rows import agent_row  # noqa: PLC0415

        async def collected(run: str, result: HostResult) -> bool:
            return await self.store.collect(run, result)

        done = await execute(job, archive(self.types.sources()), emit, stop, collected=collected)
        now = time.time()
        states = [agent_row(job.run, state, now) for result in done.results if result.status != "untouched"
                  for state in agent_states(result, job.declared.get(result.host, ()))]
        if states:
            await asyncio.wrap_future(self.store.write({"agents": states}))
        return done

    async def carry_out_async(self, job: Job, names: Sequence[str], targets: str, emit: Emit, stop: Stop,
                              met: Met) -> RunDone:
        """Carries out a job that `job_of` began; it is kept as a run. met: see Kept."""
        return await self._carry_out(job, Kept(names, targets, met=met), emit, stop)

    async def _carry_out(self, job: Job, kept: Kept, emit: Emit, stop: Stop) -> RunDone:
        return await carry_out(job, self.types, self.store, kept, emit, stop)

    def is_host_here(self) -> bool:
        """Is one of the hosts this machine, reached without SSH? Raises Problems."""
        return any(one.channel == "local" for one in self._connections(tuple(self.inventory.hosts)).values())

    def _connections(self, hosts: Sequence[str]) -> dict[str, Connection]:
        return connections(self.inventory, hosts, self.settings, self.folder, self._login)


def who() -> str:
    """Who asks, as `user@machine`, for hosts' locks and the history."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "?"
    return f"{user}@{socket.gethostname()}"


def _nobody(_: Happening) -> None:
    """Nobody wants to be told."""


def _no_graph(host: str, _: Mapping[str, Any]) -> HostGraph:
    raise AssertionError(f"the graph of {host} needs no facts")


def _no_blob(sha256: str) -> bytes:
    raise AssertionError(f"no graph of this run has a content {sha256}")
