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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from holdfast import library
from holdfast.agents.judging import agent_states
from holdfast.agents.model import AgentState
from holdfast.baselines import judging as baselines
from holdfast.baselines.judging import Excepted
from holdfast.channels.boot import archive
from holdfast.channels.model import Connection
from holdfast.compiler.model import Compiled, HostGraph, Rollout
from holdfast.documents.association import Association
from holdfast.documents.model import Document, State
from holdfast.documents.types import Types
from holdfast.executor.model import (
    Asked,
    Earlier,
    Happening,
    HostResult,
    Job,
    Mode,
    Noticed,
    RunDone,
    RunStarted,
    WayBack,
)
from holdfast.executor.stop import Stop
from holdfast.inventory.sources import find
from holdfast.inventory.sources import load as load_inventory
from holdfast.login import Login, connections
from holdfast.plan import Drift, Plan, Standing, drift_of
from holdfast.problems import Place, Problem, Problems
from holdfast.reports.holding import HELD, held_words
from holdfast.selection import named, own_states, read
from holdfast.store import Store, new_run_id
from holdfast_host.graph import Node
from holdfast_host.planned import Held
from holdfast_host.values import did_you_mean, to_wire

if TYPE_CHECKING:
    from holdfast.compiler.compiling import Request
    from holdfast.compiler.explaining import Explanation
    from holdfast.converting.model import Converted
    from holdfast.inventory.model import Inventory
    from holdfast.savedplan import SavedPlan

Documents = str | Path | Sequence[str | Path]  # files and folders; (): all of playbooks/
Emit = Callable[[Happening], None]
STORE = Path(".holdfast") / "holdfast.db"
EVER_S = 1e10  # seconds
NO_FACTS_KEPT = 0.0
FACTS_COUNT_S = 86_400.0  # how long facts that were gathered once say which hosts `run`, `facts` and `inventory` mean


@dataclass(frozen=True, slots=True)
class Checked:
    """What `validate` looked at: names of documents, and of the hosts that they target."""

    documents: tuple[str, ...]
    hosts: tuple[str, ...]


def load(folder: str | Path = ".", *, inventory: Sequence[str | Path] = (), set: Mapping[str, Any] | None = None,
         user: str | None = None, key: str | None = None, become_password: str | None = None,
         install_python: bool = False, is_here: bool = False, store: str = "") -> Project:
    """A project folder. inventory: instead of its `inventory/`. set: variables that go before all others. user, key,
    become_password: instead of what the inventory says. install_python: runs that apply install python3 on hosts
    without a usable Python. is_here: hosts are this machine, whatever the inventory says. store: a path, or a URL of
    PostgreSQL, instead of `.holdfast/holdfast.db`. Raises Problems when there is no such folder."""
    path = Path(folder)
    if not path.is_dir():
        raise Problems([Problem("there is no such folder", Place(str(folder)), "make one with `holdfast init`")])
    return Project(path, tuple(map(str, inventory)), dict(set or {}),
                   Login(user, key, become_password, install_python, is_here), store)


class Project:
    """A project folder. What it is made of is read when it is needed first, and then kept. A context manager: what is
    under way to the store is kept at the end. Everything raises Problems."""

    def __init__(self, folder: Path, inventory: tuple[str, ...], settings: dict[str, Any], login: Login,
                 store: str = "") -> None:
        self.folder, self.settings, self._store_at = folder, settings, store or str(folder / STORE)
        self._inventory_paths, self._login = inventory, login
        self._secrets: dict[str, str] = {}
        self._declared: dict[str, Mapping[str, tuple[State, ...]]] = {}  # of the runs that this object carried out

    def __enter__(self) -> Project:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def with_inventory(self, inventory: Inventory) -> Project:
        """The same project with these hosts instead of its own; what it is asked for cannot be resumed."""
        other = Project(self.folder, (), self.settings, self._login, self._store_at)
        other.inventory = inventory
        return other

    def close(self) -> None:
        """Keeps what is under way to the store, and lets go of it."""
        opened: Store | None = self.__dict__.pop("store", None)
        if opened is not None:
            opened.close()

    # -- what it is made of ------------------------------------------------------------------------------------------

    @cached_property
    def inventory(self) -> Inventory:
        """Hosts, groups, tags and variables."""
        return load_inventory(self._inventory_paths or find(self.folder))

    @cached_property
    def types(self) -> Types:
        """Resource types: the project's own, and the built-in ones."""
        return types(self.folder)

    @cached_property
    def store(self) -> Store:
        """What is kept of runs; it opens in the background."""
        return Store.open(self._store_at)

    @property
    def secrets(self) -> Mapping[str, str]:
        """Names and values of the secrets that have been read by now, to be masked wherever they might turn up."""
        return self._secrets

    # -- asking ------------------------------------------------------------------------------------------------------

    def validate(self, documents: Documents = (), targets: str = "") -> Checked:
        """Everything that can be refused without a host is refused here."""
        paths = _paths(documents)
        if not targets:
            documents_here, _ = read(self.folder, paths, self.types)
            kept = [one for one in documents_here.values() if isinstance(one, Association)]
            if kept:
                return self._validate_kept(paths, documents_here, kept)
        compiled, names = self._compiled(paths, targets)
        return Checked(names, tuple(self._hosts(compiled)))

    def _validate_kept(self, paths: tuple[str, ...], documents: Mapping[str, Document],
                       kept: Sequence[Association]) -> Checked:
        """Documents with targets of their own, and those that associations keep, each where it is for."""
        hosts: set[str] = set()
        names: list[str] = []
        problems: list[Problem] = []
        own = [one.name for one in own_states(self.folder, documents, paths) if one.targets]
        asked = [(one.expression, [use.document for use in one.documents], one.targets[0].place if one.targets else
                  one.documents[0].name.place) for one in kept if one.documents]
        for expression, about, place in [("", own, None), *asked]:
            wanted = [name for name in about if isinstance(documents.get(name), State)]
            if not wanted:
                continue
            try:
                compiled, found = self._compiled(paths, expression, names=wanted)
            except Problems as wrong:
                problems += [replace(one, place=place) if one.place and one.place.file == "-t" else one
                             for one in wrong.problems]
                continue
            names += [name for name in found if name not in names]
            hosts.update(self._hosts(compiled))
        if not asked:  # what is wrong in the associations themselves
            self._compiled(paths, "")
        if problems:
            raise Problems(dict.fromkeys(problems))
        return Checked((*names, *(one.name for one in kept)),
                       tuple(one for one in self.inventory.hosts if one in hosts))

    def convert(self, playbook: str | Path) -> Converted:
        """An Ansible playbook, or the folder of a role, as a document; what has no like is left out and named."""
        from holdfast.converting import convert  # noqa: PLC0415  # one command needs it

        has_inventory = bool(self._inventory_paths) or (self.folder / "inventory").exists()
        return convert(Path(playbook), self.types, self.inventory if has_inventory else None)

    def select(self, targets: str = "") -> tuple[str, ...]:
        """The names of the hosts that an expression selects, "": all. Facts are those gathered in the last day; a host
        of which they would decide, and which has none, is a Problem."""
        from holdfast.compiler.choosing import chosen  # noqa: PLC0415  # few commands need it
        from holdfast.inventory.targets import parse  # noqa: PLC0415

        inventory = self.inventory
        paths = sorted(parse(targets).fact_paths) if "facts." in targets else []
        facts = self.store.facts(tuple(inventory.hosts), FACTS_COUNT_S) if paths else {}
        found = chosen(targets or "all", None, inventory, facts)
        if found.open:
            some = ", ".join(found.open[:3]) + (f" and {len(found.open) - 3} more" if len(found.open) > 3 else "")
            what = f"facts.{', facts.'.join(paths)}: not known of {some}, or gathered longer than a day ago"
            raise Problems([Problem(what, Place("-t", 1, 1, len(targets), targets),
                                    "`holdfast facts` gathers and keeps them")])
        return found.hosts

    def ansible_inventory(self, host: str | None = None) -> Mapping[str, Any]:
        """What `ansible-inventory --list` prints, or with a host `--host`."""
        from holdfast.inventory.listing import inventory_list  # noqa: PLC0415  # one command needs it

        listed = inventory_list(self.inventory)
        if host is None:
            return listed
        if host not in self.inventory.hosts:
            raise Problems([Problem(f"there is no host `{host}`", None, "see `holdfast inventory list`")])
        variables: Mapping[str, Any] = listed["_meta"]["hostvars"].get(host, {})
        return variables

    def explain(self, host: str, resource: str, documents: Documents = ()) -> Explanation:
        """Where each value of a resource (`type: name`) on a host comes from, and what it overrides. Facts are those
        that were gathered last."""
        from holdfast.compiler.explaining import explain  # noqa: PLC0415  # one command needs it

        facts = self._facts_of(host)
        request, _ = self._request(_paths(documents), "", facts)
        return explain(request, host, resource)

    def graph(self, host: str, documents: Documents = ()) -> HostGraph:
        """The task graph of a host. Facts are those that were gathered last."""
        facts = self._facts_of(host)
        compiled, _ = self._compiled(_paths(documents), "", facts)
        if host in compiled.graphs:
            return compiled.graphs[host]
        if host in compiled.needs_facts:
            raise Problems([Problem(f"what is for {host} hangs on its facts, and they are not known", None,
                                    f"gather them: holdfast facts -t {host}")])
        raise Problems([Problem(f"no document here is for `{host}`", None, "see what it targets")])

    def _facts_of(self, host: str) -> Mapping[str, Mapping[str, Any]]:
        if host not in self.inventory.hosts:
            raise Problems([Problem(f"there is no host `{host}`", None, did_you_mean(host, self.inventory.hosts)
                                    or "see `holdfast inventory list`")])
        return self.store.facts([host], EVER_S)

    # -- doing -------------------------------------------------------------------------------------------------------

    def plan(self, documents: Documents = (), targets: str = "") -> Plan:
        """What apply would change. documents, targets: as in run_async."""
        return asyncio.run(self.plan_async(documents, targets))

    async def plan_async(self, documents: Documents = (), targets: str = "") -> Plan:
        """`plan` in a loop that is running already."""
        job, names, facts = self._job("plan", documents, targets)
        done, saved = await self._planned(job, names, _paths(documents), targets, facts, _nobody, Stop())
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
        declared = self._declared.get(done.run, {})
        excepted = self._excepted(declared)
        controls = [one for result in done.results for one in baselines.control_results(
            result, declared.get(result.host, ()), excepted.get(result.host, {}))]
        known = {one.name: one for states in declared.values() for one in states}
        return Standing(self.agents_seen(done), tuple(controls),
                        tuple(baselines.expired(known.values(), datetime.now(UTC).date())))

    def agents_seen(self, done: RunDone) -> tuple[AgentState, ...]:
        """As `standing`, of agents alone."""
        declared = self._declared.get(done.run, {})
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

            done, plan = await self._planned(job, names, _paths(documents), targets, facts, emit, stop)
            savedplan.write(plan, save)
            return done
        request = {"documents": list(_paths(documents)), "targets": targets, "inventory": list(self._inventory_paths),
                   "settings": self.settings, "rollout": {**rollout}} if mode == "apply" else None
        return await self._carry_out(job, names, targets, emit, stop, request)

    def _job(self, mode: Asked, documents: Documents, targets: str, rollout: Mapping[str, Any] | None = None,
             kept_facts_s: float = NO_FACTS_KEPT) -> tuple[Job, tuple[str, ...], Mapping[str, Mapping[str, Any]]]:
        """What is to be done, the documents' names, and the facts that are known. Raises Problems."""
        facts = self._kept_facts(kept_facts_s)
        compiled, names = self._compiled(_paths(documents), targets, facts)
        compiled = self._without_held(compiled)
        job = Job(new_run_id(time.time()), "apply" if mode == "apply" else "plan", who(),
                  self._connections(self._hosts(compiled)), compiled.graphs, frozenset(compiled.needs_facts),
                  compiled.graph_of, compiled.blob, replace(compiled.rollout, **(rollout or {})), folder=self.folder,
                  declared=compiled.declared, is_for_drift=mode == "drift")
        return job, names, facts

    async def resume_async(self, run: str, *, rollout: Mapping[str, Any], emit: Emit, stop: Stop) -> RunDone:
        """Takes up a run of apply where it ended, on the hosts that are not what the documents say yet; what can be
        done only once is not done twice. Documents, targets, inventory, settings and rollout are those of the run; the
        documents are read anew. run: as store.run takes it."""
        from holdfast import resuming  # noqa: PLC0415  # few runs need it

        kept = self.store.run(run)
        resuming.refuse(kept)
        assert kept.request is not None, "else it was refused"
        asked = dict(kept.request)
        self._as_asked(asked["inventory"], asked["settings"])
        hosts = resuming.left(self.store.results(kept))
        if not hosts:
            return RunDone(kept.id, (), "", 0.0)
        compiled, names = self._compiled(asked["documents"], asked["targets"])
        compiled = self._without_held(compiled)
        now = self._hosts(compiled)
        before: dict[str, HostResult] = {}

        async def earlier(host: str) -> Earlier:
            before[host] = await asyncio.to_thread(self.store.host_result, kept, host)
            return resuming.earlier(before[host])

        job = Job(kept.id, "apply", who(), self._connections([host for host in hosts if host in now]), compiled.graphs,
                  frozenset(compiled.needs_facts).intersection(hosts), compiled.graph_of, compiled.blob,
                  replace(compiled.rollout, **{**asked["rollout"], **rollout}), earlier=earlier,
                  folder=self.folder, declared=compiled.declared, seal=kept.seal,
                  left_out={host: "the documents are not for this host any more" for host in hosts if host not in now})
        self.store.reopen_run(kept.id, time.time()).result()
        return await self._carry_out(job, names, asked["targets"], emit, stop, is_begun=True, whole=lambda result: (
            resuming.joined(result, before[result.host]) if result.host in before else result))

    async def undo_async(self, run: str, *, mode: Mode, targets: str = "", resources: Sequence[str] = (),
                         rollout: Mapping[str, Any], emit: Emit, stop: Stop) -> RunDone:
        """Converges hosts to what was observed before a run; in mode "plan" says what that would change, and what
        cannot be undone. targets: an expression that narrows the run's hosts; resources: ids, (): all."""
        from holdfast import undoing  # noqa: PLC0415  # few runs need it

        kept = self.store.run(run)
        chosen = self.select(targets)
        hosts = undoing.hosts_of(kept, self.store.results(kept), chosen)
        empty = {host: HostGraph(host, (), ()) for host in hosts}
        job = Job(new_run_id(time.time()), mode, who(), self._connections(hosts), empty, frozenset(hosts),
                  lambda host, answer: undoing.graph_of(host, kept.id, answer), _no_blob,
                  replace(Rollout(), **rollout), undoes=WayBack(kept.id, kept.seal, tuple(resources)))
        return replace(await self._carry_out(job, (f"undo: {kept.id}",), targets, emit, stop, keeps_facts=False),
                       facts={})

    async def _planned(self, job: Job, names: Sequence[str], documents: tuple[str, ...], targets: str,
                       facts: Mapping[str, Mapping[str, Any]], emit: Emit, stop: Stop) -> tuple[RunDone, SavedPlan]:
        """A plan with all that is needed to do just that."""
        from holdfast import savedplan  # noqa: PLC0415  # few runs need it

        plan = savedplan.SavedPlan(job.run, time.time(), job.who, documents, targets, self._inventory_paths,
                                   self.settings, job.rollout, savedplan.new_salt())
        keys, graphs = savedplan.Keys(plan.salt), dict(job.graphs)

        def graph_of(host: str, found: Mapping[str, Any]) -> HostGraph:
            graphs[host] = job.graph_of(host, found)
            return graphs[host]

        done = await self._carry_out(replace(job, graph_of=graph_of, held_to=lambda graph: Held(keys.of(graph))), names,
                                     targets, emit, stop)
        used = {host: known for host, known in {**facts, **done.facts}.items() if host in graphs}
        return done, replace(plan, facts=used).with_hosts(graphs, done.results)

    async def apply_saved_async(self, plan: str | Path | SavedPlan, *, rollout: Mapping[str, Any], emit: Emit,
                                stop: Stop) -> RunDone:
        """Does what a saved plan has shown, and nothing else: the documents must still say the same, and a host that
        has changed since is refused. Inventory and settings are those of the plan."""
        from holdfast import savedplan  # noqa: PLC0415  # few runs need it

        where = "plan"
        if isinstance(plan, str | Path):
            where, plan = str(plan), savedplan.read(plan)
        self._as_asked(plan.inventory, plan.settings)
        compiled, names = self._compiled(plan.documents, plan.targets, plan.facts)
        compiled = self._without_held(compiled)
        problems = plan.differing(compiled.graphs, where)
        if problems:
            raise Problems(problems)
        keys, held = savedplan.Keys(plan.salt), plan.held
        hosts = [host for host, one in plan.hosts.items() if one.status in savedplan.CAN_BE_APPLIED]
        left = {host: f"the plan has nothing for it: it was {one.status} ({one.message})"
                for host, one in plan.hosts.items() if host not in hosts}
        job = Job(new_run_id(time.time()), "apply", who(), self._connections(hosts),
                  {host: compiled.graphs[host] for host in hosts}, frozenset(), compiled.graph_of, compiled.blob,
                  replace(plan.rollout, **rollout), lambda graph: held(graph, keys), left_out=left,
                  folder=self.folder, declared=compiled.declared)
        return await self._carry_out(job, names, plan.targets, emit, stop)

    def command(self, command: Sequence[str] | str, targets: str = "", *, rollout: Mapping[str, Any] | None = None,
                emit: Emit | None = None) -> RunDone:
        """Runs one command on many hosts; see command_async."""
        return asyncio.run(self.command_async(command, targets=targets, rollout=rollout or {}, emit=emit or _nobody,
                                              stop=Stop()))

    async def command_async(self, command: Sequence[str] | str, *, targets: str = "", rollout: Mapping[str, Any],
                            emit: Emit, stop: Stop) -> RunDone:
        """Runs one command on many hosts. A sequence is a program with its arguments, a text is for the shell."""
        name = command if isinstance(command, str) else " ".join(command)
        how: dict[str, Any] = {"shell": True} if isinstance(command, str) else {"argv": list(command)}
        node = Node(f"command: {name}", "command", to_wire({"run": name, "always": True, **how}))
        hosts = self.select(targets)
        graphs = {host: HostGraph(host, (node,), (Place("command line"),)) for host in hosts}
        job = Job(new_run_id(time.time()), "apply", who(), self._connections(hosts), graphs, frozenset(), _no_graph,
                  _no_blob, replace(Rollout(), **rollout))
        return await self._carry_out(job, (f"run: {name}",), targets, emit, stop)

    def facts(self, targets: str = "", *, kept_facts_s: float = NO_FACTS_KEPT) -> Mapping[str, Mapping[str, Any]]:
        """What hosts say of themselves, by host; hosts that cannot be asked are missing. See facts_async."""
        done = asyncio.run(self.facts_async(targets=targets, kept_facts_s=kept_facts_s, rollout={}, emit=_nobody,
                                            stop=Stop()))
        return done.facts

    async def facts_async(self, *, targets: str = "", rollout: Mapping[str, Any], emit: Emit, stop: Stop,
                          kept_facts_s: float = NO_FACTS_KEPT) -> RunDone:
        """What hosts say of themselves: in `facts` of what is returned. kept_facts_s: as in run_async."""
        hosts = self.select(targets)
        known = {host: facts for host, facts in self._kept_facts(kept_facts_s).items() if host in hosts}
        asked = [host for host in hosts if host not in known]
        graphs = {host: HostGraph(host, (), ()) for host in asked}
        job = Job(new_run_id(time.time()), "plan", who(), self._connections(asked), graphs, frozenset(asked),
                  lambda host, _: graphs[host], _no_blob, replace(Rollout(), **rollout))
        done = await self._carry_out(job, ("facts",), targets, emit, stop)
        return replace(done, facts={host: {**known, **done.facts}[host] for host in hosts
                                    if host in known or host in done.facts})

    # -- for those who keep hosts as declared ------------------------------------------------------------------------

    def read_anew(self) -> None:
        """Inventory and resource types are read again when they are needed next; documents always are."""
        for name in ("inventory", "types"):
            self.__dict__.pop(name, None)

    def documents(self) -> Mapping[str, Document]:
        """All documents of playbooks/, of any kind, by name. Raises Problems."""
        documents, problems = read(self.folder, (), self.types)
        if problems:
            raise Problems(problems)
        return documents

    def holds(self) -> Mapping[str, Mapping[str, str]]:
        """By host and id of a resource: why it is left alone for now."""
        from holdfast.store.enforced import active_holds  # noqa: PLC0415  # brings SQLAlchemy

        found: dict[str, dict[str, str]] = {}
        for hold in self.store.ask(lambda connection: active_holds(connection, time.time())):
            found.setdefault(hold.host, {})[hold.id] = held_words(hold)
        return found

    def job_of(self, names: Sequence[str], targets: str, asked_by: str) -> Job:
        """A plan of these documents, which must be in playbooks/ or in the library, with all that they declare: what is
        held is in it too. Raises Problems."""
        compiled, _ = self._compiled((), targets, names=names)
        return Job(new_run_id(time.time()), "plan", asked_by, self._connections(self._hosts(compiled)), compiled.graphs,
                   frozenset(compiled.needs_facts), compiled.graph_of, compiled.blob, compiled.rollout,
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

    async def carry_out_async(self, job: Job, names: Sequence[str], targets: str, emit: Emit, stop: Stop) -> RunDone:
        """Carries out a job that `job_of` began; it is kept as a run."""
        done = await self._carry_out(job, names, targets, emit, stop)
        self._declared.pop(job.run, None)  # nobody asks for its agents any more, and there will be many runs
        return done

    # -- from here to the hosts --------------------------------------------------------------------------------------

    def _as_asked(self, inventory: Sequence[str], settings: Mapping[str, Any]) -> None:
        """Inventory and settings as another run was asked for."""
        self.__dict__.pop("inventory", None)
        self._inventory_paths, self.settings = tuple(inventory), dict(settings)

    def _compiled(self, paths: Sequence[str | Path], targets: str,
                  facts: Mapping[str, Mapping[str, Any]] | None = None,
                  names: Sequence[str] = ()) -> tuple[Compiled, tuple[str, ...]]:
        from holdfast.compiler.compiling import compile_documents  # noqa: PLC0415  # brings Jinja2

        request, names = self._request(paths, targets, facts, names)
        compiled = self._without_excepted(compile_documents(request))
        for graph in compiled.graphs.values():
            for name, value in graph.secrets.items():
                if self._secrets.setdefault(name, value) != value:  # another host's secret of the same name
                    self._secrets[f"{name} of {graph.host}"] = value
        return compiled, names

    def _request(self, paths: Sequence[str | Path], targets: str, facts: Mapping[str, Mapping[str, Any]] | None,
                 names: Sequence[str] = ()) -> tuple[Request, tuple[str, ...]]:
        """What the compiler is asked for, and the names of the documents. names: those that are wanted, instead of all
        that say for whom they are."""
        from holdfast.compiler.choosing import chosen  # noqa: PLC0415  # brings Jinja2
        from holdfast.compiler.compiling import Request  # noqa: PLC0415  # brings Jinja2

        documents, problems = read(self.folder, paths, self.types)
        names = tuple(names) or named(self.folder, documents, problems, paths, bool(targets))
        return Request(documents, self.inventory, self.types, chosen, names=names, targets=targets or None,
                       settings=self.settings, facts=facts or {}, root=self.folder, problems=problems), names

    def _hosts(self, compiled: Compiled) -> list[str]:
        hosts = {*compiled.graphs, *compiled.needs_facts}
        return [host for host in self.inventory.hosts if host in hosts]

    def _connections(self, hosts: Sequence[str]) -> dict[str, Connection]:
        return connections(self.inventory, hosts, self.settings, self.folder, self._login)

    def _kept_facts(self, kept_facts_s: float) -> Mapping[str, Mapping[str, Any]]:
        return self.store.facts(tuple(self.inventory.hosts), kept_facts_s) if kept_facts_s > 0 else {}

    def _without_held(self, compiled: Compiled) -> Compiled:
        """Without the resources that are to be left alone for now."""
        held = self.holds()
        return _alone(compiled, lambda graph: held.get(graph.host, {})) if held else compiled

    def _without_excepted(self, compiled: Compiled) -> Compiled:
        """Without the resources of excepted controls alone. Raises Problems."""
        excepted = self._excepted(compiled.declared)

        def why(graph: HostGraph) -> dict[str, str]:
            found = excepted[graph.host]
            return {node.id: found[parts[0]] for node, parts in zip(graph.nodes, graph.parts, strict=True)
                    if parts and all(part in found for part in parts)}

        return _alone(compiled, why) if any(excepted.values()) else compiled

    def _excepted(self, declared: Mapping[str, tuple[State, ...]]) -> dict[str, Excepted]:
        """By host the controls that are not asked for today. Raises Problems."""
        faults = [one for states in declared.values() for one in baselines.problems(states)]
        if faults:
            raise Problems(dict.fromkeys(faults))
        chosen: dict[str, frozenset[str]] = {}

        def selects(targets: str, host: str) -> bool:
            if targets not in chosen:
                chosen[targets] = frozenset(self.select(targets))
            return host in chosen[targets]

        today = datetime.now(UTC).date()
        return {host: baselines.excepted_on(host, states, today, selects) for host, states in declared.items()}

    async def _carry_out(self, job: Job, documents: Sequence[str], targets: str, emit: Emit, stop: Stop,
                         request: Mapping[str, Any] | None = None, *, is_begun: bool = False, keeps_facts: bool = True,
                         whole: Callable[[HostResult], HostResult] | None = None) -> RunDone:
        """Runs a job with the store beside it: what is told of a host is kept first. request: what is needed to resume
        it. is_begun: the store has the run already. whole: makes what is kept of what is told."""
        from holdfast.executor.run import execute  # noqa: PLC0415  # brings asyncssh

        graphs = dict(job.graphs)

        def graph_of(host: str, found: Mapping[str, Any]) -> HostGraph:
            graphs[host] = job.graph_of(host, found)
            tell_held(graphs[host])
            return graphs[host]

        def tell_held(graph: HostGraph) -> None:
            for one in graph.left:
                if one.why.startswith(HELD):
                    emit(Noticed(graph.host, f"{one.id}: {one.why}"))

        def telling(happening: Happening) -> None:
            emit(happening)
            if isinstance(happening, RunStarted):
                for graph in job.graphs.values():
                    tell_held(graph)

        async def begin(started: RunStarted) -> None:
            await asyncio.wrap_future(self.store.begin_run(started, documents, targets, request, job.seal))

        async def keep(result: HostResult) -> None:
            states = agent_states(result, job.declared.get(result.host, ())) if result.status != "untouched" else ()
            await self.store.kept(job.run, whole(result) if whole else result, states)

        async def collected(run: str, result: HostResult) -> bool:
            return await self.store.collect(run, result)

        try:
            done = await execute(replace(job, graph_of=graph_of), archive(self.types.sources()), telling, stop,
                                 begin=None if is_begun else begin, keep=keep, collected=collected)
        except Problems as problems:
            refused = RunDone(job.run, (), f"refused: {len(problems.problems)} problems", 0.0)
            await asyncio.wrap_future(self.store.end_run(refused, time.time()))
            raise
        self._declared[job.run] = job.declared
        if done.facts and keeps_facts:
            await asyncio.wrap_future(self.store.keep_facts(done.facts, time.time()))
        if job.mode == "apply" and job.undoes is None:
            await asyncio.to_thread(self.settle, graphs, done.results)
        await asyncio.wrap_future(self.store.end_run(done, time.time()))
        return done

    def settle(self, graphs: Mapping[str, HostGraph], results: Sequence[HostResult]) -> None:
        """Keeps what resources were declared to be that are so now; by this it is known later whether a difference
        comes from the host or from the documents."""
        from holdfast.declared import Digests  # noqa: PLC0415
        from holdfast.store.enforced import settled_nodes  # noqa: PLC0415  # brings SQLAlchemy

        digests = Digests()
        now = {result.host: nodes for result in results if (known := digests.of(graphs[result.host]) if
               result.host in graphs else {}) and (nodes := {
            one.id: known[one.id] for one in result.results if one.status in ("ok", "changed") and one.id in known})}
        before = self.store.ask(lambda connection: settled_nodes(connection, tuple(now)))
        rows = [{"host": host, "nodes": {**before.get(host, {}), **nodes}} for host, nodes in now.items()
                if not nodes.items() <= before.get(host, {}).items()]
        if rows:
            self.store.write({"settled": rows}).result()


def _alone(compiled: Compiled, why: Callable[[HostGraph], Mapping[str, str]]) -> Compiled:
    """Without some resources of each graph. why: by id."""
    from holdfast.declared import without  # noqa: PLC0415  # few runs need it

    return replace(compiled, graph_of=lambda host, facts: without(graph := compiled.graph_of(host, facts), why(graph)),
                   graphs={host: without(graph, why(graph)) for host, graph in compiled.graphs.items()})


def types(folder: str | Path = ".") -> Types:
    """Resource types of the folder's modules/, and the built-in ones. No inventory is read."""
    own, built_in = Path(folder) / "modules", library.root() / "modules"
    return Types([own, built_in] if own.is_dir() and own.resolve() != built_in.resolve() else [built_in])


def kinds() -> Mapping[str, str]:
    """What the kinds of documents are for, by the word that a document begins with."""
    from holdfast.documents import kinds as registry  # noqa: PLC0415

    return {kind.word: kind.doc for kind in registry.known()}


def schema(folder: str | Path = ".") -> Mapping[str, Any]:
    """A JSON Schema of documents, for editors, with the resource types of the folder's modules/ and the built-in ones.
    No inventory is read."""
    from holdfast.documents.editors import schema as schema_of  # noqa: PLC0415  # one command needs it

    return schema_of(types(folder))


def who() -> str:
    """Who asks, as `user@machine`, for hosts' locks and the history."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "?"
    return f"{user}@{socket.gethostname()}"


def _paths(documents: Documents) -> tuple[str, ...]:
    return (str(documents),) if isinstance(documents, str | Path) else tuple(map(str, documents))


def _nobody(_: Happening) -> None:
    """Nobody wants to be told."""


def _no_graph(host: str, _: Mapping[str, Any]) -> HostGraph:
    raise AssertionError(f"the graph of {host} needs no facts")


def _no_blob(sha256: str) -> bytes:
    raise AssertionError(f"no graph of this run has a content {sha256}")
