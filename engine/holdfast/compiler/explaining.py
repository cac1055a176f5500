"""Where the values of one resource on one host come from: the names that they read, what gives each of these a value,
and what that has overridden. It follows the order in which `scopes` looks names up."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.compiler.compiling import FactsOf, Made, Request, made_for
from holdfast.compiler.faults import Fault
from holdfast.compiler.scopes import MANAGED, Definition, Element, Scope
from holdfast.compiler.units import Compiled
from holdfast.compiler.values import Constant, Listed, Mapped, Secret, Text, Value, read_data
from holdfast.documents.model import BUILT_IN_NAMES, LOOP_NAMES
from holdfast.inventory.model import Variable
from holdfast.problems import Place, Problem, Problems
from holdfast_host.redact import Redactor
from holdfast_host.values import did_you_mean


@dataclass(frozen=True, slots=True)
class Source:
    """What gives a name a value. level: of the order of precedence, in words; written: the value as it stands there."""

    level: str
    place: Place | None
    written: Any


@dataclass(frozen=True, slots=True)
class Name:
    """A name that something reads. sources: the one that counts, then those that it overrides, the strongest first;
    (): nothing gives it a value. reads: what the one that counts reads itself."""

    name: str
    sources: tuple[Source, ...]
    reads: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of the resource. value: as the host gets it, secrets by name."""

    name: str
    value: Any
    place: Place
    written: Any
    reads: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A resource on a host. conditions: of `when`, as written, with what they read."""

    host: str
    id: str
    place: Place
    arguments: tuple[Argument, ...]
    conditions: tuple[tuple[str, tuple[Name, ...]], ...]


class Explanations:
    """The resources of a host; each is followed when it is asked for. ids: theirs, in their order."""

    def __init__(self, made: Made, host: str) -> None:
        self._made, self._host = made, host
        self._resources = {one.item.id: one for one in made.resources}
        self._mask = Redactor({name: value for one in made.resources for name, value in one.secrets.items()})
        self.ids = tuple(self._resources)

    def of(self, id: str) -> Explanation:
        """Raises Problems when the host has no such resource."""
        if id not in self._resources:
            raise Problems([Problem(f"{self._host} has no resource `{id}`", None, did_you_mean(id, self._resources)
                                    or f"see `holdfast graph {self._host}`")])
        return _Tracer(self._made, self._resources[id], self._mask).explanation(self._host)


def explanations(request: Request, host: str, facts_of: FactsOf) -> Explanations:
    """facts_of: asked when something hangs on facts. Raises Problems: all that is wrong with the documents, or that
    they are not for this host."""
    return Explanations(made_for(request, host, facts_of), host)


class _Tracer:
    """Goes back from one resource to where its values were written."""

    def __init__(self, made: Made, resource: Compiled, mask: Redactor) -> None:
        self._made, self._resource, self._unit, self._mask = made, resource, resource.unit, mask

    def explanation(self, host: str) -> Explanation:
        unit, scope = self._unit, self._unit.context.scope
        arguments = [] if unit.name.constant else [self._argument("", unit.name)]
        arguments += [self._argument(name, value) for name, value in unit.arguments.items()]
        conditions = tuple((str(_written(value)), self._names(value, scope, unit.context.element))
                           for value in (*unit.early, *unit.when))
        return Explanation(host, self._resource.item.id, unit.place, tuple(arguments), conditions)

    def _argument(self, name: str, value: Value) -> Argument:
        scope, element = self._unit.context.scope, self._unit.context.element
        reads = self._names(value, scope, element)
        given = self._resource.args.get(name) if name else self._resource.item.id.partition(": ")[2]
        return Argument(name or "name", given, self._unit.resource.where(name), _written(value),
                        reads + self._in_template(name, value))

    def _in_template(self, argument: str, value: Value) -> tuple[Name, ...]:
        """What the template file reads that an argument names."""
        declared = self._made.types.need(self._unit.resource.type)._args_.get(argument)
        if declared is None or declared.controller != "template":
            return ()
        run, scope, element = self._made.run, self._unit.context.scope, self._unit.context.element
        before = run.within(self._made.view, scope, element)
        try:
            path = run.outside.find(str(value.evaluate(run)), "templates", scope.folder)
            code = self._made.contents.template(str(path))
        except Fault:
            return ()  # its name hangs on the loop's item
        finally:
            run.back(before)
        return tuple(self._name(name, scope, element, ()) for name in sorted(code.names))

    def _names(self, value: Value, scope: Scope, element: Element | None, above: tuple[str, ...] = ()) \
            -> tuple[Name, ...]:
        names = sorted({name for code, _ in value.codes() for name in code.names})
        return tuple(self._name(name, scope, element, above) for name in names if name not in above)

    def _name(self, name: str, scope: Scope, element: Element | None, above: tuple[str, ...]) -> Name:
        chain = list(self._chain(name, scope, element))
        reads: tuple[Name, ...] = ()
        if chain and chain[0][1] is not None:
            definition = chain[0][1]
            reads = self._names(definition.value, definition.scope, definition.element, (*above, name))
        return Name(name, tuple(source for source, _ in chain), reads)

    def _chain(self, name: str, scope: Scope, element: Element | None) -> Iterator[tuple[Source, Definition | None]]:
        """What gives the name a value, the strongest first; see Evaluator._named."""
        run, view = self._made.run, self._made.view
        parameter = scope.parameters.get(name)
        if name in run.settings:
            hidden = parameter is not None and parameter.kind == "secret"
            yield Source("--set", None, f"«{name}»" if hidden else self._masked(run.settings[name])), None
        is_looped = name in LOOP_NAMES and (element is not None or self._unit.loop is not None)
        if is_looped:
            yield self._of_loop(name, element), None
        if name in scope.registered:
            yield Source("register", None, None), None
        definition = scope.definitions.get(name)
        if definition is not None:
            yield Source(_level(definition, scope), definition.place, self._shown(definition.value)), definition
        if name in BUILT_IN_NAMES and not is_looped:
            yield Source("always there", None, self._built_in().get(name)), None
        for layer in reversed(view.host.layers):
            if name in layer:
                yield self._of_inventory(name, layer[name])
        default = scope.defaults.get(name)
        if default is None and parameter is not None and parameter.default is not None and (
                definition is not None and definition.scope is not scope):
            yield Source("the parameter's default", parameter.default.place, parameter.default.plain()), None
        if default is not None:
            yield Source("the parameter's default", default.place, self._shown(default.value)), default
        if name == "ansible_managed":
            yield Source("always there", None, MANAGED), None

    def _of_loop(self, name: str, element: Element | None) -> Source:
        loop = self._unit.resource.loop
        if element is not None:
            return Source("loop", loop.place if loop else None, self._masked(getattr(element, name)))
        return Source("loop", loop.place if loop else None, loop.plain() if loop else None)

    def _of_inventory(self, name: str, variable: Variable) -> tuple[Source, Definition | None]:
        value = Constant(variable.value) if variable.literal else \
            read_data(variable.value, variable.place, self._made.run.texts)
        return (Source("inventory", variable.place, self._shown(value)),
                Definition(name, value, self._made.run.plain_scope, variable.place))

    def _built_in(self) -> Mapping[str, Any]:
        host = self._made.view.host
        return {"inventory_hostname": host.name, "tags": dict(host.tags), "group_names": list(host.groups)}

    def _shown(self, value: Value) -> Any:
        return self._masked(_written(value))

    def _masked(self, value: Any) -> Any:
        return self._mask.value(value)


def _level(definition: Definition, scope: Scope) -> str:
    if definition.scope is not scope:
        return f"given where `{scope.document}` is used"
    return "the parameter's default" if definition.name in scope.parameters else f"vars of `{scope.document}`"


def _written(value: Value) -> Any:
    """A value as it stands in its file."""
    if isinstance(value, Text):
        return value.code.source
    if isinstance(value, Listed):
        return [_written(one) for one in value.values]
    if isinstance(value, Mapped):
        return {str(_written(key)): _written(one) for key, one in value.pairs}
    if isinstance(value, Secret):
        return f"secret «{value.name}», {value.how} {_written(value.text)}"
    return value.evaluate(_NOBODY) if value.constant else None


_NOBODY: Any = None  # a constant asks nobody
