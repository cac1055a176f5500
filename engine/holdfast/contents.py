"""What a project folder is made of, what is wrong with it, and what it declares: all that needs no host."""
from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from holdfast import library
from holdfast.baselines import judging as baselines
from holdfast.baselines.judging import Excepted
from holdfast.compiler.model import Compiled, HostGraph
from holdfast.documents.association import Association
from holdfast.documents.loading import concerning
from holdfast.documents.model import Document, State
from holdfast.documents.types import Types
from holdfast.inventory.sources import find
from holdfast.inventory.sources import load as load_inventory
from holdfast.login import Login, connections
from holdfast.problems import Place, Problem, Problems
from holdfast.selection import named, own_states, read
from holdfast_host.values import did_you_mean

if TYPE_CHECKING:
    from holdfast.compiler.compiling import Request
    from holdfast.compiler.explaining import Explanation, Explanations
    from holdfast.converting.model import Converted
    from holdfast.inventory.model import Inventory
    from holdfast.store import Store

Documents = str | Path | Sequence[str | Path]  # files and folders; (): all of playbooks/
STORE = Path(".holdfast") / "holdfast.db"
EVER_S = 1e10  # seconds
FACTS_COUNT_S = 86_400.0  # how long facts that were gathered once say which hosts `run`, `facts` and `inventory` mean


def load_contents(folder: str | Path = ".", *, inventory: str | Path | Sequence[str | Path] = (),
                  set: Mapping[str, Any] | None = None, store: str = "") -> Contents:
    """A project folder without what contacts hosts, which takes less time to import. The arguments are those of `load`.
    Raises Problems when there is no such folder."""
    inventory = (inventory,) if isinstance(inventory, str | Path) else inventory
    return Contents(existing(folder), tuple(map(str, inventory)), dict(set or {}), store)


def existing(folder: str | Path) -> Path:
    """Raises Problems when there is no such folder."""
    if not Path(folder).is_dir():
        raise Problems([Problem("there is no such folder", Place(str(folder)), "make one with `holdfast init`")])
    return Path(folder)


@dataclass(frozen=True, slots=True)
class Checked:
    """What `validate` looked at: names of documents, and of the hosts that they target."""

    documents: tuple[str, ...]
    hosts: tuple[str, ...]


class Contents:
    """A project folder and the store beside it. What they are made of is read when it is needed first, and then kept. A
    context manager: what is under way to the store is kept at the end. Everything raises Problems."""

    def __init__(self, folder: Path, inventory: tuple[str, ...], settings: dict[str, Any], store: str = "") -> None:
        self.folder, self.settings, self.store_at = folder, settings, store or str(folder / STORE)
        self.inventory_paths = inventory
        self._secrets: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Keeps what is under way to the store, and lets go of it."""
        opened: Store | None = self.__dict__.pop("store", None)
        if opened is not None:
            opened.close()

    # -- what it is made of ------------------------------------------------------------------------------------------

    @cached_property
    def inventory(self) -> Inventory:
        """Hosts, groups, tags and variables."""
        return load_inventory(self.inventory_paths or find(self.folder))

    @cached_property
    def types(self) -> Types:
        """Resource types: the project's own, and the built-in ones."""
        return types(self.folder)

    @cached_property
    def store(self) -> Store:
        """What is kept of runs; it opens in the background."""
        from holdfast.store import Store  # noqa: PLC0415  # brings asyncio

        return Store.open(self.store_at)

    @property
    def secrets(self) -> Mapping[str, str]:
        """Names and values of the secrets that have been read by now, to be masked wherever they might turn up."""
        return self._secrets

    # -- asking ------------------------------------------------------------------------------------------------------

    def validate(self, documents: Documents = (), targets: str = "") -> Checked:
        """Everything that can be refused without a host is refused here."""
        paths = paths_of(documents)
        if not targets:
            documents_here, wrong = read(self.folder, paths, self.types)
            kept = [one for one in documents_here.values() if isinstance(one, Association)]
            if kept:
                return self._validate_kept(paths, documents_here, kept, wrong)
        compiled, names = self.compiled(paths, targets)
        return self._checked(names, self.hosts_of(compiled))

    def _checked(self, names: Sequence[str], hosts: Sequence[str]) -> Checked:
        """Also how the hosts are reached, which is not read before somebody goes there."""
        connections(self.inventory, hosts, self.settings, self.folder, Login())
        return Checked(tuple(names), tuple(hosts))

    def _validate_kept(self, paths: tuple[str, ...], documents: Mapping[str, Document], kept: Sequence[Association],
                       wrong: Sequence[Problem]) -> Checked:
        """Documents with targets of their own, and those that associations keep, each where it is for."""
        hosts: set[str] = set()
        names: list[str] = []
        problems = [*wrong]
        own = [one.name for one in own_states(self.folder, documents, paths) if one.targets]
        asked = [(one.expression, [use.document for use in one.documents], one.targets[0].place if one.targets else
                  one.documents[0].name.place) for one in kept if one.documents]
        for expression, about, place in [("", own, None), *asked]:
            wanted = [name for name in about if isinstance(documents.get(name), State)]
            if not wanted:
                continue
            try:
                compiled, found = self.compiled(paths, expression, names=wanted)
            except Problems as refused:
                problems += [replace(one, place=place) if one.place and one.place.file == "-t" else one
                             for one in refused.problems]
                continue
            names += [name for name in found if name not in names]
            hosts.update(self.hosts_of(compiled))
        if not asked:  # what is wrong in the associations themselves
            self.compiled(paths, "")
        if problems:
            raise Problems(dict.fromkeys(problems))
        return self._checked((*names, *(one.name for one in kept)),
                             [one for one in self.inventory.hosts if one in hosts])

    def convert(self, playbook: str | Path) -> Converted:
        """An Ansible playbook, or the folder of a role, as a document; what has no like is left out and named."""
        from holdfast.converting import convert  # noqa: PLC0415  # one command needs it

        has_inventory = bool(self.inventory_paths) or (self.folder / "inventory").exists()
        return convert(Path(playbook), self.types, self.inventory if has_inventory else None, self.folder)

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
        return self.explanations(host, documents).of(resource)

    def explanations(self, host: str, documents: Documents = ()) -> Explanations:
        """As `explain`, of all resources of a host."""
        from holdfast.compiler.explaining import explanations  # noqa: PLC0415  # one command needs it

        self._known(host)
        request, _ = self.request(paths_of(documents), "", {})
        return explanations(request, host, self._facts_of)

    def graph(self, host: str, documents: Documents = ()) -> HostGraph:
        """The task graph of a host. Facts are those that were gathered last."""
        from holdfast.compiler.compiling import unknown_facts  # noqa: PLC0415  # brings Jinja2

        self._known(host)
        compiled, _ = self.compiled(paths_of(documents), "", only=host)
        if host in compiled.graphs:
            return compiled.graphs[host]
        if host not in compiled.needs_facts:
            raise Problems([Problem(f"no document here is for `{host}`", None, "see what it targets")])
        facts = self._facts_of(host)
        if facts is None:
            raise Problems([unknown_facts(host)])
        return compiled.graph_of(host, facts)

    def _known(self, host: str) -> None:
        """Raises Problems for a host that the inventory does not have."""
        if host not in self.inventory.hosts:
            raise Problems([Problem(f"there is no host `{host}`", None, did_you_mean(host, self.inventory.hosts)
                                    or "see `holdfast inventory list`")])

    def _facts_of(self, host: str) -> Mapping[str, Any] | None:
        """Those that were gathered last. The store is opened for them alone, which takes longer than all else."""
        return self.store.facts([host], EVER_S).get(host)

    # -- what is compiled of it --------------------------------------------------------------------------------------

    def as_asked(self, inventory: Sequence[str], settings: Mapping[str, Any]) -> None:
        """Inventory and settings as another run was asked for."""
        self.__dict__.pop("inventory", None)
        self.inventory_paths, self.settings = tuple(inventory), dict(settings)

    def compiled(self, paths: Sequence[str | Path], targets: str,
                 facts: Mapping[str, Mapping[str, Any]] | None = None,
                 names: Sequence[str] = (), only: str = "") -> tuple[Compiled, tuple[str, ...]]:
        """The graphs of documents, without what is excepted, and the documents' names. facts: by host, those that are
        known; paths, names: as `request` takes them; only: the one host that is asked about. Raises Problems."""
        from holdfast.compiler.compiling import compile_documents  # noqa: PLC0415  # brings Jinja2

        request, names = self.request(paths, targets, facts, names)
        compiled = self._without_excepted(compile_documents(replace(request, only=only)))
        for graph in compiled.graphs.values():
            for name, value in graph.secrets.items():
                if self._secrets.setdefault(name, value) != value:  # another host's secret of the same name
                    self._secrets[f"{name} of {graph.host}"] = value
        return compiled, names

    def request(self, paths: Sequence[str | Path], targets: str, facts: Mapping[str, Mapping[str, Any]] | None,
                names: Sequence[str] = ()) -> tuple[Request, tuple[str, ...]]:
        """What the compiler is asked for, and the names of the documents. names: those that are wanted, instead of all
        that say for whom they are."""
        from holdfast.compiler.choosing import chosen  # noqa: PLC0415  # brings Jinja2
        from holdfast.compiler.compiling import Request  # noqa: PLC0415  # brings Jinja2

        documents, problems = read(self.folder, paths, self.types)
        if names:  # a fault elsewhere, where somebody writes just now, does not keep these from being so
            problems = concerning(names, documents, problems)
        names = tuple(names) or named(self.folder, documents, problems, paths, bool(targets))
        return Request(documents, self.inventory, self.types, chosen, names=names, targets=targets or None,
                       settings=self.settings, facts=facts or {}, root=self.folder, problems=problems), names

    def hosts_of(self, compiled: Compiled) -> list[str]:
        """The hosts that something is compiled for, in the inventory's order."""
        hosts = {*compiled.graphs, *compiled.needs_facts}
        return [host for host in self.inventory.hosts if host in hosts]

    def kept_facts(self, kept_facts_s: float) -> Mapping[str, Mapping[str, Any]]:
        """By host the facts that were gathered at most so many seconds ago; of no host where that is 0."""
        return self.store.facts(tuple(self.inventory.hosts), kept_facts_s) if kept_facts_s > 0 else {}

    def without_held(self, compiled: Compiled) -> Compiled:
        """Without the resources that are to be left alone for now."""
        held = self.holds()
        return _alone(compiled, lambda graph: held.get(graph.host, {})) if held else compiled

    def _without_excepted(self, compiled: Compiled) -> Compiled:
        """Without the resources of excepted controls alone. Raises Problems."""
        excepted = self.excepted(compiled.declared)

        def why(graph: HostGraph) -> dict[str, str]:
            found = excepted[graph.host]
            return {node.id: found[parts[0]] for node, parts in zip(graph.nodes, graph.parts, strict=True)
                    if parts and all(part in found for part in parts)}

        return _alone(compiled, why) if any(excepted.values()) else compiled

    def excepted(self, declared: Mapping[str, tuple[State, ...]]) -> dict[str, Excepted]:
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

    def read_anew(self) -> None:
        """Inventory and resource types are read again when they are needed next; documents always are."""
        for name in ("inventory", "types"):
            self.__dict__.pop(name, None)

    def documents(self) -> tuple[Mapping[str, Document], Sequence[Problem]]:
        """All documents of playbooks/, of any kind, by name, and what is wrong with any of them. Raises Problems when
        there is nothing to read."""
        return read(self.folder, (), self.types)

    def holds(self) -> Mapping[str, Mapping[str, str]]:
        """By host and id of a resource: why it is left alone for now."""
        from holdfast.reports.holding import held_words  # noqa: PLC0415  # for those who contact hosts
        from holdfast.store.enforced import active_holds  # noqa: PLC0415  # brings SQLAlchemy

        found: dict[str, dict[str, str]] = {}
        for hold in self.store.ask(lambda connection: active_holds(connection, time.time())):
            found.setdefault(hold.host, {})[hold.id] = held_words(hold)
        return found


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


def paths_of(documents: Documents) -> tuple[str, ...]:
    """Files and folders, however they were given."""
    return (str(documents),) if isinstance(documents, str | Path) else tuple(map(str, documents))
