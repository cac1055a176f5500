"""What a document is once it has been read: validated, with the places of everything in it."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from holdfast.problems import Place
from holdfast.trees.tree import Node
from holdfast_host.values import did_you_mean

ParameterKind = Literal["integer", "text", "boolean", "number", "list", "mapping", "secret"]
PARAMETER_KINDS: tuple[ParameterKind, ...] = ("integer", "text", "boolean", "number", "list", "mapping", "secret")

# Names that templates find everywhere, and that nothing may be called.
BUILT_IN_NAMES = ("inventory_hostname", "host", "tags", "group_names", "groups", "hostvars", "facts", "item", "index",
                  "omit")
LOOP_NAMES = frozenset({"item", "index"})  # what a loop gives

SECRET_SOURCES = ("env", "file", "command")


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value, as written."""

    key: Node
    value: Node


Entries = Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Reference:
    """`{service: nginx}`: a resource by its type and name, or with type `use` all resources of a used document. name: a
    text, or a list of texts; they may hold templates."""

    type: str
    name: Node
    place: Place


@dataclass(frozen=True, slots=True)
class Part:
    """What a resource is reported under. kind, document: of the document; name: of an agent what the resource is to it
    (`package`, `service`, `health` …), of a baseline the id of a control."""

    kind: str
    document: str
    name: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A declared resource. name: a text or a list of texts (one resource for each), templates allowed. register: the
    name of the variable that stands for its outputs, ""  if there is none. time_limit_s: seconds."""

    type: str
    key: Node
    name: Node
    arguments: Entries = field(default_factory=dict)
    when: tuple[Node, ...] = ()
    loop: Node | None = None
    requires: tuple[Reference, ...] = ()
    notify: tuple[Reference, ...] = ()
    watch: tuple[Reference, ...] = ()
    register: str = ""
    time_limit_s: float | None = None
    common: Entries = field(default_factory=dict)  # the keys that all types have, as written
    part: Part | None = None

    @property
    def place(self) -> Place:
        return self.key.place

    def key_place(self, word: str) -> Place:
        """The place of one of the resource's keys."""
        entry = self.arguments.get(word) or self.common.get(word)
        return entry.key.place if entry else self.key.place

    def where(self, argument: str) -> Place:
        """Where an argument was written: its value, or the resource's first line if it was not."""
        entry = self.arguments.get(argument)
        return entry.value.place if entry else self.name.place


@dataclass(frozen=True, slots=True)
class Use:
    """`- use: other`: the resources of another state document, with their own variables."""

    key: Node
    name: Node
    parameters: Entries = field(default_factory=dict)
    when: tuple[Node, ...] = ()
    loop: Node | None = None
    requires: tuple[Reference, ...] = ()
    part: Part | None = None

    @property
    def place(self) -> Place:
        return self.key.place

    @property
    def document(self) -> str:
        return str(self.name.value)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed input of a document. default None: it has to be given. minimum, maximum: of numbers, and of the length
    of texts and lists."""

    name: str
    kind: ParameterKind
    place: Place
    default: Node | None = None
    choices: tuple[object, ...] = ()
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    doc: str = ""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """What has to be well before the next batch is begun. command: a program with its arguments, run on the
    controller, in the project's folder; http: an address that has to answer with a status from 200 to 299. within_s:
    how long it may take to come to that, asked again every_s."""

    command: tuple[str, ...] = ()
    http: str = ""
    within_s: float = 0.0
    every_s: float = 5.0


@dataclass(frozen=True, slots=True)
class RolloutSpec:
    """How a run goes through its hosts, as written. Limits in seconds; batches and error_budget: numbers or "10%"."""

    place: Place
    batches: tuple[str | int, ...] = ()
    error_budget: str | int | None = None
    at_once: int | None = None
    host_limit_s: float | None = None
    run_limit_s: float | None = None
    pause_s: float | None = None
    health_check: HealthCheck | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One document of any kind. place: of its name."""

    kind: str
    name: str
    place: Place
    description: str = ""


@dataclass(frozen=True, slots=True)
class State(Document):
    """What hosts should be. targets: expressions, joined by or; (): none of its own."""

    targets: tuple[Node, ...] = ()
    vars: Entries = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    rollout: RolloutSpec | None = None
    resources: tuple[Resource | Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Agent(State):
    """A program that works on hosts for their keeper, with all that belongs to it; reported as one. version: of an
    agent that is no package, as declared; "": not said."""

    version: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """One demand of a baseline. reference: where a published benchmark has it, "": nowhere."""

    id: str
    place: Place
    title: str
    severity: str
    rationale: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class ControlException:
    """A control that is not asked for, for a time, and who answers for that. targets: an expression, "": all hosts of
    the document. expires: the last day on which it counts, in UTC."""

    control: str
    place: Place
    owner: str
    reason: str
    expires: date
    targets: str = ""


@dataclass(frozen=True, slots=True)
class Baseline(State):
    """Demands that hosts are held against, each reported by itself."""

    controls: tuple[Control, ...] = ()
    exceptions: tuple[ControlException, ...] = ()


def holds_template(node: Node) -> bool:
    """Does any text in it have to be rendered?"""
    if node.kind == "text":
        return is_template(str(node.value))
    return any(holds_template(inner) for inner in node.elements()) or any(
        holds_template(key) or holds_template(value) for key, value in node.items())


def is_template(text: str) -> bool:
    """Is there a `{{`, `{%` or `{#` in it?"""
    return "{" in text and ("{{" in text or "{%" in text or "{#" in text)


def is_secret(node: Node) -> bool:
    """`{secret: NAME, env: …}`, wherever a value may stand. A mapping of the user's own may have a key `secret`; with
    that key first and one more that is nearly a source, a secret was meant."""
    words = [str(key.value) for key, _ in node.items()]
    if "secret" not in words or len(words) == 1 or any(word in words for word in SECRET_SOURCES):
        return "secret" in words
    return words[0] == "secret" and len(words) == 2 and did_you_mean(words[1], SECRET_SOURCES).startswith("did")


def holds_secret(node: Node) -> bool:
    """Is there a secret in it?"""
    return is_secret(node) or any(map(holds_secret, node.elements())) or any(
        holds_secret(value) for _, value in node.items())
