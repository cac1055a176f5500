"""What the commands call: the Python API, as far as they need it. Names for the type checker: nothing is imported."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from types import TracebackType

    from holdfast.agents.model import AgentState
    from holdfast.compiler.explaining import Explanations
    from holdfast.compiler.model import HostGraph
    from holdfast.converting.model import Converted
    from holdfast.executor.model import Asked, Happening, Mode, RunDone
    from holdfast.inventory.model import Inventory
    from holdfast.plan import Drift, Standing
    from holdfast.problems import Problem
    from holdfast.store import Store
    from holdfast_host.resource import Resource

Emit = Callable[["Happening"], None]


class Stop(Protocol):
    """How a run is asked to end early."""

    def request(self, why: str) -> None:
        """The first time: after the resources in hand; the second time: at once."""
        ...


class Checked(Protocol):
    """What `validate` looked at: paths of documents, names of the hosts they target."""

    @property
    def documents(self) -> Sequence[str]: ...

    @property
    def hosts(self) -> Sequence[str]: ...


class Contents(Protocol):
    """What a project folder is made of; each part is read when it is needed first. Everything raises Problems.

    documents: paths; (): all of playbooks/.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None: ...

    @property
    def inventory(self) -> Inventory: ...

    @property
    def store(self) -> Store: ...

    @property
    def secrets(self) -> Mapping[str, str]:
        """The values that are known by now, to be masked wherever they might turn up."""
        ...

    def validate(self, documents: Sequence[str], targets: str) -> Checked: ...

    def convert(self, playbook: str) -> Converted: ...

    def select(self, targets: str) -> Sequence[str]: ...

    def ansible_inventory(self, host: str | None = None) -> Mapping[str, Any]:
        """What `ansible-inventory --list` prints, or with a host `--host`."""
        ...

    def explanations(self, host: str, documents: Sequence[str]) -> Explanations: ...

    def graph(self, host: str, documents: Sequence[str]) -> HostGraph: ...


class Project(Contents, Protocol):
    """A project folder and its hosts.

    rollout: fields of compiler.model.Rollout that go before those of the documents. kept_facts_s: facts that were
    gathered at most so many seconds ago are used again.
    """

    async def run_async(self, *, mode: Asked, documents: Sequence[str], targets: str, rollout: Mapping[str, Any],
                        emit: Emit, stop: Stop, kept_facts_s: float, save: str, confirm_s: float | None) -> RunDone:
        """save: the file in which a plan is kept. confirm_s: see the option --confirm of apply."""
        ...

    async def apply_saved_async(self, path: str, *, rollout: Mapping[str, Any], emit: Emit, stop: Stop,
                                confirm_s: float | None) -> RunDone: ...

    async def undo_async(self, run: str, *, mode: Mode, targets: str, resources: Sequence[str],
                         rollout: Mapping[str, Any], emit: Emit, stop: Stop) -> RunDone: ...

    async def resume_async(self, run: str, *, rollout: Mapping[str, Any], emit: Emit, stop: Stop,
                           confirm_s: float | None) -> RunDone: ...

    def drift_seen(self, done: RunDone) -> Drift:
        """What a plan that has been made has seen, and since when that is so."""
        ...

    def agents(self, targets: str) -> Sequence[AgentState]:
        """How the agents of hosts stood when that was told last."""
        ...

    def standing(self, done: RunDone) -> Standing:
        """What a run that has just been carried out has found of agents and controls."""
        ...

    async def command_async(self, command: Sequence[str] | str, *, targets: str, rollout: Mapping[str, Any],
                            emit: Emit, stop: Stop) -> RunDone:
        """A sequence is a program with its arguments, a text is for the shell."""
        ...

    async def facts_async(self, *, targets: str, rollout: Mapping[str, Any], emit: Emit, stop: Stop,
                          kept_facts_s: float) -> RunDone: ...


class Api(Protocol):
    """The package `holdfast` itself."""

    def load(self, folder: str, *, inventory: Sequence[str], set: Mapping[str, Any], **more: str) -> Project:
        """more: user, key, become_password, install_python and store, if given."""
        ...

    def load_contents(self, folder: str, *, inventory: Sequence[str], set: Mapping[str, Any], **more: str) -> Contents:
        """Without what contacts hosts. more: store, if given."""
        ...

    def types(self, folder: str) -> Mapping[str, type[Resource] | Problem]:
        """Resource types of the folder's modules/ and the built-in ones; no inventory is read."""
        ...

    def kinds(self) -> Mapping[str, str]:
        """What the kinds of documents are for, by the word that a document begins with."""
        ...

    def schema(self, folder: str) -> Mapping[str, Any]:
        """A JSON Schema of documents with the resource types of the folder."""
        ...

    def Stop(self) -> Stop:
        """A new one."""
        ...


GetApi = Callable[[], Api]  # called when a command needs it, for it takes time to import
