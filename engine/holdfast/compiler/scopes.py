"""Names and what they stand for: scopes, definitions, and the evaluation of both for one host at a time.

From the weakest to the strongest: the inventory (all, groups, host), a document's `vars`, its parameters, `item` and
what `register` names, `--set`. A parameter of a document that is used is what `use` gives, else its default; one of a
document that is applied by itself is what the inventory has under its name, else its default.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2.utils import missing

from holdfast.compiler.bounds import Spent
from holdfast.compiler.environment import Environment
from holdfast.compiler.faults import Fault, NeedsFacts
from holdfast.compiler.hosts import Leaf, Memo, Reads, Tracked, View
from holdfast.compiler.hostvars import HostVars
from holdfast.compiler.later import Pending
from holdfast.compiler.outside import Outside
from holdfast.compiler.secret import Secrets, SecretText
from holdfast.compiler.sources import Sources
from holdfast.compiler.texts import Texts
from holdfast.compiler.values import OMIT, Constant, Value, read_data
from holdfast.documents.model import BUILT_IN_NAMES, Parameter
from holdfast.documents.parameters import misfit
from holdfast.inventory.model import Host, Inventory, Variable
from holdfast.patience import Patience
from holdfast.problems import Place, Problem
from holdfast.trees.tree import decode
from holdfast_host.redact import SHORTEST

MANAGED = "Managed by Holdfast: what is changed here by hand is put back"


@dataclass(frozen=True, slots=True)
class Element:
    """What a loop is at: `item`, and `index`, its number counted from 0. secrets: what its list was made with."""

    item: Any
    index: int
    secrets: Secrets = field(default_factory=dict, compare=False, repr=False)


def not_given(document: str, parameter: Parameter, asked: Place) -> Problem:
    """A parameter without a value."""
    return Problem(f"`{document}` needs the parameter `{parameter.name}`", asked,
                   f"give it under `parameters:`, with --set {parameter.name}=…, or give it a default",
                   (("declared here", parameter.place),))


class Definition:
    """A name with its value as written, evaluated in a scope. element: what the loop around it is at."""

    __slots__ = ("element", "memo", "name", "place", "scope", "value")

    def __init__(self, name: str, value: Value, scope: Scope, place: Place, element: Element | None = None) -> None:
        self.name, self.value, self.scope, self.place, self.element = name, value, scope, place, element
        self.memo: Memo[Evaluated] = Memo()


class Evaluated:
    """What came of a definition on a host: a value, or what went wrong; what was read; the secrets in it."""

    __slots__ = ("fault", "reads", "secrets", "value")

    def __init__(self, value: Any, fault: Fault | NeedsFacts | None, reads: Reads, secrets: Secrets) -> None:
        self.value, self.fault, self.reads, self.secrets = value, fault, reads, secrets


class Scope:
    """What names mean in one document. folder: that of the document's file. asked: where the document is used, or it
    itself. registered: gives for a name the value of what `register` names."""

    def __init__(self, folder: Path, asked: Place, document: str = "") -> None:
        self.folder, self.asked, self.document = folder, asked, document
        self.definitions: dict[str, Definition] = {}
        self.defaults: dict[str, Definition] = {}
        self.parameters: dict[str, Parameter] = {}
        self.registered: dict[str, Callable[[], Any]] = {}

    def names(self) -> list[str]:
        return [*self.definitions, *self.parameters, *self.registered]


class Evaluator:
    """Evaluates for one host at a time; one for a whole compilation. It is what Jinja asks for names."""

    def __init__(self, inventory: Inventory, settings: Mapping[str, Any], sources: Sources, root: Path) -> None:
        self.inventory, self.settings = inventory, settings
        self.outside = Outside(sources, root)
        self.secrets: Secrets = {}  # read by the value in hand: value -> name
        self.spent = Spent()
        self.patience = Patience()
        self.reads = Reads()
        self.environment = Environment(self)
        self.texts = Texts(self.environment)
        self.plain_scope = Scope(root, Place(str(root)))  # what the inventory's own templates see
        self.scope, self.element, self.view = self.plain_scope, None, None
        self._stack: list[Definition] = []
        self._inventory_definitions: dict[int, tuple[Variable, Definition]] = {}
        self._groups: dict[str, list[str]] | None = None
        self._views: dict[str, View] = {}
        self._built_in: dict[str, Callable[[], Any]] = {
            "inventory_hostname": self._inventory_hostname, "host": self._host, "tags": self._tags,
            "group_names": self._group_names, "groups": self.groups, "hostvars": lambda: HostVars(self),
            "facts": self._facts, "item": lambda: missing, "index": self._index, "omit": lambda: OMIT}

    scope: Scope
    element: Element | None
    view: View | None

    def view_of(self, host: Host, facts: Mapping[str, Any] | None) -> View:
        """A host to evaluate for."""
        return View(host, facts, self._on)

    def within(self, view: View, scope: Scope, element: Element | None = None) -> tuple[Any, ...]:
        """Goes into a host and scope; gives what `back` needs. Reads, secrets and what is spent begin anew."""
        before = (self.view, self.scope, self.element, self.reads, self.secrets, self.spent)
        self.view, self.scope, self.element = view, scope, element
        self.reads, self.secrets, self.spent = Reads(), {}, Spent()
        return before

    def back(self, before: tuple[Any, ...]) -> None:
        """Goes back to where `within` came from; what was read meanwhile was read there too."""
        reads, secrets = self.reads, self.secrets
        self.view, self.scope, self.element, self.reads, self.secrets, self.spent = before
        self.reads.update(reads)
        self.secrets.update(secrets)

    # -- names -------------------------------------------------------------------------------------------------------

    def name(self, key: str) -> Any:
        """What Jinja gets for a variable; `missing` if there is none."""
        value = self._named(key)
        parameter = self.scope.parameters.get(key)
        if parameter is None:
            return value
        if value is missing:
            raise Fault([not_given(self.scope.document, parameter, self.scope.asked)])
        return self._fitting(parameter, value)

    def apart(self, value: Value) -> tuple[Any, Secrets]:
        """A value that stands in a resource, and the secrets that it was made with."""
        before, self.secrets = self.secrets, {}
        try:
            return value.evaluate(self), self.secrets
        finally:
            self.secrets = before

    def _named(self, key: str) -> Any:
        if key in self.settings:
            return self.settings[key]
        if self.element is not None and key == "item":
            self.secrets.update(self.element.secrets)
            return self.element.item
        if self.element is not None and key == "index":
            return self.element.index
        if key in self.scope.registered:
            return self.scope.registered[key]()
        definition = self.scope.definitions.get(key)
        if definition is not None:
            return self.value_of(definition)
        built_in = self._built_in.get(key)
        if built_in is not None:
            return built_in()
        assert self.view is not None
        self.reads[("var", key)] = None
        variable = self.view.variable(key)
        if variable is not None:
            return self.value_of(self._definition(key, variable), is_leaf=True)
        default = self.scope.defaults.get(key)
        if default is not None:
            return self.value_of(default)
        return MANAGED if key == "ansible_managed" else missing

    def known(self) -> list[str]:
        """The names that are defined where the evaluation is."""
        names = [*self.settings, *self.scope.names(), *BUILT_IN_NAMES]
        if self.view is not None:
            names += [name for layer in self.view.host.layers for name in layer]
        return list(dict.fromkeys(names))

    def _fitting(self, parameter: Parameter, value: Any) -> Any:
        """A parameter's value, of the right type."""
        if isinstance(value, Pending):
            return value
        if parameter.kind == "secret" and isinstance(value, str) and not isinstance(value, SecretText):
            value = self._marked(parameter, value)
        fault = misfit(parameter, value)
        if fault is None:
            return value
        definition = self.scope.definitions.get(parameter.name) or self.scope.defaults.get(parameter.name)
        place = definition.place if definition and parameter.name not in self.settings else parameter.place
        raise Fault([Problem(f"parameter `{parameter.name}` {fault[0]}", place, fault[1])])

    def _marked(self, parameter: Parameter, value: str) -> SecretText:
        if len(value) < SHORTEST:
            raise Fault([Problem(f"parameter `{parameter.name}` is a secret with less than {SHORTEST} characters",
                                 parameter.place, "it could not be masked in reports; use a longer one")])
        made = SecretText(value, parameter.name)
        self.secrets[str.__str__(made)] = made.name
        return made

    # -- definitions -------------------------------------------------------------------------------------------------

    def value_of(self, definition: Definition, *, is_leaf: bool = False) -> Any:
        """A definition's value on the host in hand. is_leaf: what is read for it is the definition itself."""
        found = self.evaluated(definition)
        if not is_leaf:
            self.reads.update(found.reads)
        if found.secrets:
            self.secrets.update(found.secrets)
        if found.fault is not None:
            raise found.fault
        return found.value

    def evaluated(self, definition: Definition) -> Evaluated:
        """The same, whatever came of it."""
        view = self.view
        assert view is not None
        kept: Evaluated | None = view.kept.get(id(definition))
        if kept is not None:
            return kept
        if definition in self._stack:
            raise self._cycle(definition)
        self._stack.append(definition)
        try:
            kept = definition.memo.find(view)
            if kept is None:
                kept = self._evaluate(definition, view)
                definition.memo.keep(view, kept.reads, kept)
        finally:
            self._stack.pop()
        view.kept[id(definition)] = kept
        return kept

    def _evaluate(self, definition: Definition, view: View) -> Evaluated:
        if isinstance(definition.value, Constant):
            return Evaluated(definition.value.value, None, Reads(), {})
        before = self.within(view, definition.scope, definition.element)
        value, fault = None, None
        try:
            value = definition.value.evaluate(self)
        except (Fault, NeedsFacts) as error:
            fault = error.with_traceback(None)
        reads, secrets = self.reads, self.secrets
        self.reads, self.secrets = Reads(), {}
        self.back(before)
        return Evaluated(value, fault, reads, secrets)

    def _cycle(self, definition: Definition) -> Fault:
        chain = [*self._stack[self._stack.index(definition):], definition]
        said = " -> ".join(one.name for one in chain)
        mend = "a variable cannot be made of itself: give one of them another name" if len(chain) == 2 else \
            "take one of these out"
        return Fault([Problem(f"the variable `{definition.name}` needs itself: {said}", definition.place, mend,
                              tuple((f"`{one.name}`", one.place) for one in chain[1:-1]))])

    def _definition(self, name: str, variable: Variable) -> Definition:
        """An inventory variable as a definition, the same one for all hosts that have it from the same place."""
        found = self._inventory_definitions.get(id(variable))
        if found is None:
            value = Constant(variable.value) if variable.literal else \
                read_data(variable.value, variable.place, self.texts)
            found = variable, Definition(name, value, self.plain_scope, variable.place)
            self._inventory_definitions[id(variable)] = found  # holds the variable, so that its id stays its own
        return found[1]

    def _on(self, view: View, name: str, variable: Variable) -> Any:
        """An inventory variable's value on some host, without a trace."""
        definition = self._definition(name, variable)
        if isinstance(definition.value, Constant):
            return definition.value.value
        before = self.within(view, self.plain_scope)
        try:
            return self.value_of(definition)
        finally:
            self.reads, self.secrets = Reads(), {}
            self.back(before)

    # -- built-in names ----------------------------------------------------------------------------------------------

    def note(self, leaf: Leaf) -> None:
        self.reads[leaf] = None

    def _index(self) -> Any:
        """Outside a loop it is a name as any other: an inventory may have a variable `index`."""
        assert self.view is not None
        self.note(("var", "index"))
        variable = self.view.variable("index")
        return missing if variable is None else self.value_of(self._definition("index", variable), is_leaf=True)

    def _inventory_hostname(self) -> str:
        assert self.view is not None
        self.note(("inventory_hostname",))
        return self.view.host.name

    def _host(self) -> Tracked:
        assert self.view is not None
        return Tracked(self.view.data(), ("host",), self.note)

    def _tags(self) -> Tracked:
        assert self.view is not None
        return Tracked(self.view.host.tags, ("tags",), self.note)

    def _group_names(self) -> list[str]:
        assert self.view is not None
        self.note(("group_names",))
        return list(self.view.host.groups)

    def _facts(self) -> Any:
        assert self.view is not None
        if self.view.facts is None:
            self.note(("facts", ""))  # kept apart from hosts whose facts are known
            raise NeedsFacts
        return Tracked(self.view.facts, ("facts",), self.note)

    def groups(self) -> dict[str, list[str]]:
        """All groups with all their hosts, in inventory order."""
        if self._groups is None:
            found: dict[str, list[str]] = {"all": list(self.inventory.hosts), "ungrouped": []}
            for name in self.inventory.groups:
                found.setdefault(name, [])
            for host in self.inventory.hosts.values():
                for name in host.groups or ("ungrouped",):
                    found.setdefault(name, []).append(host.name)
            self._groups = found
        return self._groups

    def on_host(self, name: str, key: str) -> Any:
        """An inventory variable of any host, `missing` if it has none. It is no part of what was read of this one."""
        view = self.variables_of(name)
        variable = view.variable(key)
        if variable is None:
            return missing
        before = self.within(view, self.plain_scope)
        try:
            return self.value_of(self._definition(key, variable))
        finally:
            self.reads = Reads()
            self.back(before)

    def variables_of(self, name: str) -> View:
        """A host as seen from others: without its facts."""
        if name not in self._views:
            self._views[name] = self.view_of(self.inventory.hosts[name], {})
        return self._views[name]

    # -- files, environment, secrets ---------------------------------------------------------------------------------

    def find_template(self, name: str, beside: str) -> Path:
        return self.outside.find(name, "templates", Path(beside).parent if beside else self.scope.folder)

    def read_template(self, path: Path) -> str:
        text, problems = decode(self.outside.read(path), str(path))
        if problems:
            raise Fault(problems)
        return text.replace("\r\n", "\n") if "\r\n" in text else text

    def lookup(self, what: str, *names: str) -> Any:
        """`lookup('file', 'key.pub')` and `lookup('env', 'HOME')`."""
        return self.outside.lookup(what, names, self.scope.folder)

    def secret(self, name: str, how: str, text: str, folder: Path, place: Place) -> SecretText:
        """The value of a secret. Raises Fault."""
        found = self.outside.secret(name, how, text, folder, place)
        self.secrets[str.__str__(found)] = name
        return found
