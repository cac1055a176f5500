"""Documents as the compiler goes through them: used documents put in place, every value ready to be evaluated."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.compiler.diagnosis import At
from holdfast.compiler.hosts import Memo, Reads, freeze
from holdfast.compiler.model import Left
from holdfast.compiler.order import Item
from holdfast.compiler.scopes import Definition, Element, Scope
from holdfast.compiler.texts import Code, Texts
from holdfast.compiler.values import Value, read_expression, read_node
from holdfast.documents.loading import DEEPEST
from holdfast.documents.model import LOOP_NAMES, Document, Part, Reference, Resource, State, Use
from holdfast.problems import Place, Problem, Problems
from holdfast.trees.tree import Node
from holdfast_host.graph import Node as GraphNode
from holdfast_host.resource import Resource as ResourceType
from holdfast_host.values import did_you_mean


@dataclass(frozen=True, eq=False, slots=True)
class Context:
    """Where something is evaluated. element: what the loop of a `use` around it is at."""

    scope: Scope
    element: Element | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Ref:
    """A reference, its name ready to be evaluated."""

    type: str
    name: Value
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Around:
    """What the `use`s around a resource ask of it: conditions and requirements, each with where it is evaluated; and
    what they are reported under."""

    when: tuple[tuple[Value, Context], ...] = ()
    requires: tuple[tuple[Ref, Context], ...] = ()
    uses: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(eq=False, slots=True)
class Compiled:
    """One resource on some hosts: what is the same wherever the arguments are. args: as they travel. nodes: it as node
    of graphs, by its edges. resource: itself, where it edits a file or says all that is in one."""

    item: Item
    type: str
    args: Mapping[str, Any]
    limit_s: float | None
    unit: Unit
    secrets: Mapping[str, str]
    where: Mapping[str, Place]  # of the references, by id
    structure: int = 0
    resource: ResourceType | None = None
    nodes: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[GraphNode, bytes]] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Outcome:
    """What one declaration comes to on some hosts."""

    made: tuple[Compiled, ...] = ()
    left: tuple[Left, ...] = ()
    problems: tuple[Problem, ...] = ()
    needs_facts: bool = False
    reads: Reads = field(default_factory=Reads)


@dataclass(eq=False, slots=True)
class Unit:
    """A declared resource in its place. early: conditions that do not read `item`, so they come before the loop."""

    resource: Resource
    context: Context
    around: Around
    name: Value
    arguments: Mapping[str, Value]
    when: tuple[Value, ...]
    early: tuple[Value, ...]
    loop: Value | None
    requires: tuple[Ref, ...]
    notify: tuple[Ref, ...]
    watch: tuple[Ref, ...]
    memo: Memo[Outcome] = field(default_factory=Memo)

    def values(self) -> Iterator[Value]:
        yield from (self.name, *self.arguments.values(), *self.when, *self.early)
        yield from (ref.name for ref in (*self.requires, *self.notify, *self.watch))
        if self.loop is not None:
            yield self.loop

    @property
    def place(self) -> Place:
        return self.resource.place

    @property
    def parts(self) -> tuple[Part, ...]:
        """What it is reported under."""
        return _parts(self.around, self.resource)


@dataclass(eq=False, slots=True)
class LoopedUse:
    """A `use` with `loop`: its resources are put in place for each item that there is on a host."""

    use: Use
    context: Context
    around: Around
    loop: Value
    when: tuple[Value, ...]
    early: tuple[Value, ...]
    requires: tuple[Ref, ...]
    parameters: Mapping[str, tuple[Value, Place]]
    memo: Memo[Outcome] = field(default_factory=Memo)
    children: dict[Any, list[Unit | LoopedUse]] = field(default_factory=dict)

    def values(self) -> Iterator[Value]:
        yield from (self.loop, *self.when, *self.early, *(ref.name for ref in self.requires))
        yield from (value for value, _ in self.parameters.values())

    @property
    def place(self) -> Place:
        return self.use.place


MOST_USES = 50_000


class Builder:
    """Puts documents into units. Values are compiled once for each place where they are written."""

    def __init__(self, documents: Mapping[str, Document], texts: Texts) -> None:
        self.documents, self.texts = documents, texts
        self.units: list[Unit | LoopedUse] = []  # all there are, for checks
        self.scopes: list[tuple[State, Scope]] = []
        self.problems: list[Problem] = []
        self.used = 0  # how often a document was put in place
        self._values: dict[tuple[int, bool], tuple[Node, Value]] = {}

    def document(self, document: State, scope: Scope | None = None, around: Around | None = None) \
            -> list[Unit | LoopedUse]:
        """The units of a document. scope: with the parameters that are given."""
        scope = scope or Scope(_folder(document), document.place, document.name)
        self.used += 1
        if self.used > MOST_USES:
            raise Problems([Problem(f"documents are used more than {MOST_USES} times", document.place,
                                    "use fewer in one another, or loop over less")])
        scope.parameters = dict(document.parameters)
        for name, entry in document.vars.items():
            scope.definitions[name] = Definition(name, self.value(entry.value), scope, entry.value.place)
        for parameter in document.parameters.values():
            if parameter.default is not None:
                weak = scope.defaults if scope.asked == document.place else scope.definitions
                weak.setdefault(parameter.name, Definition(
                    parameter.name, self.value(parameter.default), scope, parameter.default.place))
        self.scopes.append((document, scope))
        context = Context(scope)
        units: list[Unit | LoopedUse] = []
        for declared in document.resources:
            if isinstance(declared, Resource):
                units.append(self.resource(declared, context, around or Around()))
            else:
                units += self.use(declared, context, around or Around())
        return units

    def value(self, node: Node) -> Value:
        return self._once(node, False)

    def expression(self, node: Node) -> Value:
        return self._once(node, True)

    def _once(self, node: Node, is_expression: bool) -> Value:
        key = (id(node), is_expression)
        if key not in self._values:
            made = read_expression(node, self.texts) if is_expression else read_node(node, self.texts)
            self._values[key] = node, made
        return self._values[key][1]

    def references(self, references: tuple[Reference, ...]) -> tuple[Ref, ...]:
        return tuple(Ref(one.type, self.value(one.name), one.place) for one in references)

    def resource(self, declared: Resource, context: Context, around: Around) -> Unit:
        early, late = self._conditions(declared)
        unit = Unit(
            declared, context, around, self.value(declared.name),
            {name: self.value(entry.value) for name, entry in declared.arguments.items()}, late, early,
            self._loop(declared.loop), self.references(declared.requires), self.references(declared.notify),
            self.references(declared.watch))
        self.units.append(unit)
        return unit

    def _conditions(self, declared: Resource | Use) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
        """Those that do not read `item`, and those that do."""
        values = [self.expression(node) for node in declared.when]
        late = tuple(value for value in values if any(LOOP_NAMES & code.names for code, _ in value.codes()))
        return tuple(value for value in values if value not in late), late

    def _loop(self, node: Node | None) -> Value | None:
        if node is None:
            return None
        bare = node.kind == "text" and "{{" not in str(node.value)
        return self.expression(node) if bare else self.value(node)

    def use(self, use: Use, context: Context, around: Around) -> list[Unit | LoopedUse]:
        used = self.documents.get(use.document)
        if not isinstance(used, State) or used.name in around.uses or context.scope.document == used.name:
            return []  # there is none, or it uses itself: reported when the documents were read
        if len(around.uses) > DEEPEST:
            return []  # reported then, too
        parameters = {name: (self.value(entry.value), entry.value.place) for name, entry in use.parameters.items()}
        self.problems += parameter_problems(use, used)
        early, late = self._conditions(use)
        requires = self.references(use.requires)
        if use.loop is not None:
            loop = self._loop(use.loop)
            assert loop is not None
            looped = LoopedUse(use, context, around, loop, late, early, requires, parameters)
            self.units.append(looped)
            return [looped]
        inner = Around(around.when + tuple((value, context) for value in (*early, *late)),
                       around.requires + tuple((ref, context) for ref in requires), (*around.uses, used.name),
                       _parts(around, use))
        return self.document(used, self._inner_scope(used, parameters, context, use.name.place), inner)

    def looped(self, looped: LoopedUse, element: Element) -> list[Unit | LoopedUse]:
        """The units for one element."""
        key = (element.index, freeze(element.item), frozenset(element.secrets.items()))
        if key not in looped.children:
            used = self.documents[looped.use.document]
            assert isinstance(used, State)
            context = Context(looped.context.scope, element)
            around = looped.around
            inner = Around(around.when + tuple((value, context) for value in looped.when),
                           around.requires + tuple((ref, context) for ref in looped.requires),
                           (*around.uses, used.name), _parts(around, looped.use))
            before = len(self.units), len(self.scopes), len(self.problems)
            looped.children[key] = self.document(
                used, self._inner_scope(used, looped.parameters, context, looped.use.name.place), inner)
            del self.units[before[0]:], self.scopes[before[1]:], self.problems[before[2]:]  # checked with no item
        return looped.children[key]

    @staticmethod
    def _inner_scope(used: State, parameters: Mapping[str, tuple[Value, Place]], context: Context,
                     asked: Place) -> Scope:
        scope = Scope(_folder(used), asked, used.name)
        for name, (value, place) in parameters.items():
            scope.definitions[name] = Definition(name, value, context.scope, place, context.element)
        return scope

    def codes(self) -> Iterator[tuple[Code, At]]:
        """All templates in the documents."""
        for _, value in self._values.values():
            yield from value.codes()

    def broken(self) -> Iterator[Problem]:
        """All texts that cannot be read."""
        for _, value in self._values.values():
            yield from value.problems()


def _parts(around: Around, declared: Resource | Use) -> tuple[Part, ...]:
    return around.parts if declared.part is None else (*around.parts, declared.part)


def _folder(document: State) -> Path:
    return Path(document.place.file).parent


def parameter_problems(use: Use, used: State) -> list[Problem]:
    """Parameters that the used document does not have."""
    return [Problem(f"`{used.name}` has no parameter `{name}`", entry.key.place,
                    did_you_mean(name, used.parameters) or "it takes none", ((f"`{used.name}`", used.place),))
            for name, entry in use.parameters.items() if name not in used.parameters]
