"""Documents, inventory, settings and facts to graphs."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from holdfast.compiler.check import check
from holdfast.compiler.contents import Contents
from holdfast.compiler.faults import Fault
from holdfast.compiler.graphs import Graphs
from holdfast.compiler.hosts import View
from holdfast.compiler.model import Compiled, HostGraph, Rollout
from holdfast.compiler.resources import Resources
from holdfast.compiler.scopes import Evaluator
from holdfast.compiler.sources import Disk, Sources
from holdfast.compiler.units import Builder, LoopedUse, Unit
from holdfast.compiler.units import Compiled as MadeResource
from holdfast.documents.model import Document, Resource, State, Use
from holdfast.documents.types import Types
from holdfast.inventory.model import Inventory
from holdfast.problems import Place, Problem, Problems
from holdfast.trees.tree import Node
from holdfast_host.redact import Redactor
from holdfast_host.values import did_you_mean

Facts = Mapping[str, Mapping[str, Any]]  # by host
FactsOf = Callable[[str], Mapping[str, Any] | None]  # of a host; None: they are not known


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an expression selects: hosts in inventory order. open: hosts of which it cannot be said without facts."""

    hosts: tuple[str, ...]
    open: tuple[str, ...] = ()


# Gives what a target expression selects. Its place is for problems, which are raised as Problems.
Select = Callable[[str, Place | None, Inventory, Facts], Chosen]


@dataclass(frozen=True)
class Request:
    """What is to be compiled.

    documents: all that were read, by name; problems: what was found wrong in them. names: those to apply; None: all
    that have targets of their own or that no other one uses. targets: an expression that narrows what the documents
    say, and stands for it where they say nothing. settings: `--set`. facts: of hosts of which they are known. root:
    the project's folder, for `templates/` and `files/`. only: the one host that is asked about, "": all.
    """

    documents: Mapping[str, Document]
    inventory: Inventory
    types: Types
    select: Select
    names: Sequence[str] | None = None
    targets: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)
    sources: Sources = field(default_factory=Disk)
    root: Path = Path()
    problems: Sequence[Problem] = ()
    only: str = ""


def compile_documents(request: Request) -> Compiled:
    """Graphs for all hosts that the documents target. Raises Problems: all that is wrong on all hosts (when a text
    takes too long: up to the host where it did); a fault of many hosts once, with their number."""
    compilation = _Compilation(request)
    if request.problems:
        compilation.raise_problems()  # for hosts there would only be consequences
    graphs: dict[str, HostGraph] = {}
    waiting: list[str] = []
    with compilation.run.patience.watching():
        for host in compilation.hosts:
            graph = compilation.graph(host, request.facts.get(host))
            if graph is not None:
                graphs[host] = graph
            elif compilation.waits:
                waiting.append(host)
            if compilation.run.patience.is_spent:
                break  # the others would take as long, one after the other
    compilation.raise_problems()
    return Compiled(graphs, tuple(waiting), compilation.graph_of, compilation.resources.contents.get,
                    compilation.rollout, {host: compilation.declared(host) for host in compilation.hosts})


@dataclass(frozen=True, slots=True)
class Made:
    """One host's resources, and what they were made with."""

    resources: tuple[MadeResource, ...]
    run: Evaluator
    view: View
    contents: Contents
    types: Types


def made_for(request: Request, host: str, facts_of: FactsOf) -> Made:
    """The resources of one host. facts_of: asked when they hang on its facts. Raises Problems: all that is wrong, or
    that the host's facts have to be known."""
    compilation = _Compilation(request)
    compilation.raise_problems()
    with compilation.run.patience.watching():
        return _made_for(host, compilation, facts_of)


def _made_for(host: str, compilation: _Compilation, facts_of: FactsOf) -> Made:
    if host not in compilation.hosts:
        raise Problems([Problem(f"no document here is for `{host}`", None, "see what it targets")])
    compilation.graph(host, None)
    facts = facts_of(host) if compilation.waits else None
    if facts is not None:
        compilation.graph_of(host, facts)
    elif compilation.waits:
        raise Problems([unknown_facts(host)])
    compilation.raise_problems()
    return compilation.made(host, facts)


def unknown_facts(host: str) -> Problem:
    """That nothing more can be said of a host."""
    return Problem(f"what is for {host} hangs on its facts, and they are not known", None,
                   f"gather them: holdfast facts -t {host}")


def _types_in(unit: Unit | LoopedUse, documents: Mapping[str, Document]) -> set[str]:
    """The types of resources that a unit may give."""
    if isinstance(unit, Unit):
        return {unit.resource.type}
    found: set[str] = set()
    waiting = [unit.use.document]
    while waiting:
        used = documents[waiting.pop()]
        for one in used.resources if isinstance(used, State) else ():
            found |= {one.type} if isinstance(one, Resource) else set()
            waiting += [one.document] if isinstance(one, Use) else []
    return found


class _Compilation:
    """One compilation, which lives on for the hosts whose facts come later."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.found: dict[Problem, list[str]] = {}  # problems of hosts, with the hosts
        self.static: list[Problem] = list(request.problems)
        self.waits = False  # does the host that was looked at last wait for its facts?
        self.run = Evaluator(request.inventory, request.settings, request.sources, request.root)
        builder = Builder(request.documents, self.run.texts)
        self.resources = Resources(self.run, builder, request.types)
        self.graphs = Graphs(request.types, self.resources.contents)
        applied = self._applied()
        self.units = {document.name: builder.document(document) for document in applied}
        for document in request.documents.values():
            if isinstance(document, State) and document.name not in self.units:
                builder.document(document)
        for unit in builder.units:
            if isinstance(unit, Unit):
                self.resources.register(unit)
        self.static += check(builder, self.resources, request.settings, request.inventory, list(self.units),
                             whole=not request.problems)
        self.uses = tuple(sorted({one.document for document in request.documents.values()
                                  if isinstance(document, State) for one in document.resources
                                  if isinstance(one, Use)}))
        self.chosen = {document.name: self._hosts(document) for document in applied}
        self.rollout = self._rollout(applied)
        in_play = {host for chosen in self.chosen.values() for host in (*chosen.hosts, *chosen.open)}
        self.hosts = [host for host in request.inventory.hosts
                      if host in in_play and (not request.only or host == request.only)]
        self._of_host = self._documents_by_host()

    # -- which documents, which hosts --------------------------------------------------------------------------------

    def _applied(self) -> list[State]:
        states = {name: one for name, one in self.request.documents.items() if isinstance(one, State)}
        if self.request.names is not None:
            for name in self.request.names:
                if name not in states:
                    self.static.append(Problem(f"there is no state document `{name}`", None,
                                               did_you_mean(name, states)))
            return [states[name] for name in dict.fromkeys(self.request.names) if name in states]
        used = {one.document for state in states.values() for one in state.resources if isinstance(one, Use)}
        return [state for name, state in states.items() if state.targets or name not in used]

    def _hosts(self, document: State) -> Chosen:
        """The hosts of one document: its own targets, narrowed by those that were asked for."""
        asked = self._select(self.request.targets, None) if self.request.targets is not None else None
        if not document.targets:
            if asked is None:
                self.static.append(Problem(f"`{document.name}` has no targets", document.place,
                                           "add `targets: …`, or say which hosts with -t"))
            return asked or Chosen(())
        parts = [self._select(str(node.value), node) for node in document.targets]
        hosts = {host for part in parts for host in part.hosts}
        unsure = {host for part in parts for host in part.open} - hosts
        if asked is not None:
            unsure = (unsure & {*asked.hosts, *asked.open}) | (hosts & set(asked.open))
            hosts &= set(asked.hosts)
        order = self.request.inventory.hosts
        return Chosen(tuple(host for host in order if host in hosts), tuple(host for host in order if host in unsure))

    def _select(self, expression: str, node: Node | None) -> Chosen:
        try:
            chosen = self.request.select(expression, node.place if node else None, self.request.inventory,
                                         self.request.facts)
        except Problems as problems:
            self.static += [one for one in problems.problems if one not in self.static]
            return Chosen(())
        if not chosen.hosts and not chosen.open:
            problem = Problem(f"`{expression}` selects no host", node.place if node else None,
                              "see what there is with `holdfast inventory list`")
            self.static += [problem] if problem not in self.static else []
        return chosen

    def _rollout(self, applied: Sequence[State]) -> Rollout:
        specs = [document.rollout for document in applied if document.rollout is not None]
        if not specs:
            return Rollout()
        first = specs[0]
        for other in specs[1:]:
            if replace(other, place=first.place) != first:
                self.static.append(Problem("this run has two different rollouts", other.place,
                                           "make them equal, or apply the documents one after the other",
                                           (("the other one", first.place),)))
        return Rollout(first.batches, first.error_budget, first.at_once or Rollout().at_once, first.host_limit_s,
                       first.run_limit_s, first.pause_s, first.health_check)

    def _documents_by_host(self) -> dict[str, list[tuple[str, bool]]]:
        """For each host the documents that are for it, and whether facts have to confirm that."""
        found: dict[str, list[tuple[str, bool]]] = {host: [] for host in self.hosts}
        for name, chosen in self.chosen.items():
            for unsure, hosts in ((False, chosen.hosts), (True, chosen.open)):
                for host in hosts:
                    if host in found:
                        found[host].append((name, unsure))
        return found

    def declared(self, host: str) -> tuple[State, ...]:
        """The documents that may give a host resources, those used by others included."""
        waiting, found = [name for name, _ in self._of_host[host]], dict[str, State]()
        while waiting:
            document = self.request.documents[waiting.pop(0)]
            if isinstance(document, State) and document.name not in found:
                found[document.name] = document
                waiting += [one.document for one in document.resources if isinstance(one, Use)]
        return tuple(found.values())

    # -- one host ----------------------------------------------------------------------------------------------------

    def graph(self, host: str, facts: Mapping[str, Any] | None) -> HostGraph | None:
        """The host's graph; None: something is wrong (it is in `found`), or its facts are needed first (`waits`)."""
        view = self.run.view_of(self.request.inventory.hosts[host], facts)
        outcomes, lacking, self.waits = [], set(), False
        for name, unsure in self._of_host[host]:
            self.waits |= unsure
            if unsure:
                continue  # what is wrong with it on a host that it is not for is no fault
            for unit in self.units[name]:
                outcome = self._outcome(unit, view, host)
                if outcome is None or outcome.problems or outcome.needs_facts:
                    lacking |= _types_in(unit, self.request.documents)
                if outcome is not None:
                    outcomes.append(outcome)
        graph, problems = self.graphs.graph(host, outcomes, self.uses, frozenset(lacking))
        self._note(problems, host)
        return None if self.waits or lacking else graph

    def made(self, host: str, facts: Mapping[str, Any] | None) -> Made:
        """The host's resources; nothing is wrong with them."""
        view = self.run.view_of(self.request.inventory.hosts[host], facts)
        outcomes = [self._outcome(unit, view, host) for name, _ in self._of_host[host] for unit in self.units[name]]
        return Made(tuple(one for outcome in outcomes for one in outcome.made), self.run, view,
                    self.resources.contents, self.request.types)

    def _outcome(self, unit: Unit | LoopedUse, view: Any, host: str) -> Any:
        try:
            outcome = self.resources.outcome(unit, view)
        except Fault as fault:
            self._note(fault.problems, host)
            return None
        if outcome.problems:
            self._note(outcome.problems, host)
        self.waits |= outcome.needs_facts
        return outcome

    def graph_of(self, host: str, facts: Mapping[str, Any]) -> HostGraph:
        """The graph of a host whose facts have come. Raises Problems."""
        with self.run.patience.watching():
            return self._graph_of(host, facts)

    def _graph_of(self, host: str, facts: Mapping[str, Any]) -> HostGraph:
        self.found = {}
        confirmed = []
        for name, unsure in self._of_host[host]:
            if unsure:
                document = self.request.documents[name]
                assert isinstance(document, State)
                if not self._selects(document, host, facts):
                    continue
            confirmed.append((name, False))
        self._of_host[host] = confirmed
        graph = self.graph(host, facts)
        if graph is None:
            self.raise_problems()
        assert graph is not None, "facts are known, so it waits for nothing"
        return graph

    def _selects(self, document: State, host: str, facts: Mapping[str, Any]) -> bool:
        known = {**self.request.facts, host: facts}

        def selected(expression: str, place: Place | None) -> bool:
            return host in self.request.select(expression, place, self.request.inventory, known).hosts

        own = not document.targets or any(selected(str(node.value), node.place) for node in document.targets)
        return own and (self.request.targets is None or selected(self.request.targets, None))

    # -- problems ----------------------------------------------------------------------------------------------------

    def _note(self, problems: Iterable[Problem], host: str) -> None:
        for problem in problems:
            hosts = self.found.setdefault(problem, [])
            if host not in hosts[-1:]:
                hosts.append(host)

    def raise_problems(self) -> None:
        """Raises Problems if there are any; what was found without a host is not said again for hosts."""
        problems = _first_at_each_place(self.static, len(self.request.problems))
        seen = {problem.place for problem in problems}
        of_hosts: dict[tuple[Place | None, str], tuple[Problem, dict[str, None]]] = {}  # dicts as ordered sets
        for problem, hosts in self.found.items():
            if problem.place is None or problem.place not in seen:
                first = of_hosts.setdefault((problem.place, problem.mend or problem.what), (problem, {}))
                first[1].update(dict.fromkeys(hosts))
        problems += [replace(problem, what=problem.what + self._on(tuple(hosts)))
                     for problem, hosts in of_hosts.values()]
        if problems:
            mask = Redactor(self.run.outside.values())
            raise Problems(replace(one, what=mask.text(one.what), mend=mask.text(one.mend)) for one in problems)

    def _on(self, hosts: Sequence[str]) -> str:
        if len(hosts) == len(self.hosts):
            return ""
        return f" (on {hosts[0]})" if len(hosts) == 1 else f" (on {hosts[0]} and {len(hosts) - 1} more)"


def _first_at_each_place(problems: Sequence[Problem], documents: int) -> list[Problem]:
    """Without those that the compiler found where something was wrong with the document already. documents: how many
    of the problems are such, at the beginning."""
    seen = {problem.place for problem in problems[:documents]}
    return [*problems[:documents], *(one for one in problems[documents:] if one.place is None or one.place not in seen)]
