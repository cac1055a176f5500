"""What can be seen in documents before there is a host: texts that cannot be read, names that nothing defines."""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from holdfast.compiler import facts
from holdfast.compiler.ansible import ALONE
from holdfast.compiler.diagnosis import At, find, place_in_file, undefined
from holdfast.compiler.faults import Fault, Misused
from holdfast.compiler.resources import Resources
from holdfast.compiler.scopes import Scope, not_given
from holdfast.compiler.texts import Code
from holdfast.compiler.units import Builder, LoopedUse, Unit
from holdfast.compiler.values import Constant, Value
from holdfast.documents.model import BUILT_IN_NAMES, LOOP_NAMES, State
from holdfast.documents.parameters import misfit
from holdfast.documents.types import Types
from holdfast.inventory.model import Inventory
from holdfast.problems import Place, Problem
from holdfast_host.values import did_you_mean

Texts = list[tuple[Code, At]]


def inventory_names(inventory: Inventory) -> set[str]:
    """The names of all variables of all hosts."""
    layers = {id(layer): layer for host in inventory.hosts.values() for layer in host.layers}
    return {name for layer in layers.values() for name in layer}


def check(builder: Builder, resources: Resources, settings: Mapping[str, Any], inventory: Inventory,
          applied: Collection[str], *, whole: bool) -> list[Problem]:
    """Everything that is wrong whatever the host. applied: the names of the documents that are not only used. whole:
    all that is declared is at hand, so that what nobody reads can be told."""
    outside = {*inventory_names(inventory), *settings, *BUILT_IN_NAMES, *resources.run.environment.globals,
               "ansible_managed"}
    tag_keys = {key for host in inventory.hosts.values() for key in host.tags}
    problems = [*builder.problems, *builder.broken()]
    texts: dict[int, tuple[Scope, Texts]] = {}
    open_scopes: set[int] = set()  # those in which a text is read whose name is not known yet
    for document, scope in builder.scopes:
        if document.name in applied or scope.asked != document.place:
            given = {*scope.definitions, *(settings if scope.asked != document.place else outside)}
            problems += _not_given(document, given, scope.asked)
        problems += _misfits(scope)
        values = [one.value for one in (*scope.definitions.values(), *scope.defaults.values())
                  if one.scope is scope]
        texts[id(scope)] = scope, _codes(values)
        for one in scope.definitions.values():
            if one.scope is not scope and id(one.scope) in texts:  # what `use` gives is read where it is written
                texts[id(one.scope)][1].extend(one.value.codes())
    for unit in builder.units:
        found = _codes(unit.values())
        if isinstance(unit, Unit):
            found += _template_texts(unit, resources, problems)
            open_scopes |= {id(unit.context.scope)} if _names_a_file(unit, resources.types) else set()
        else:
            used = builder.documents[unit.use.document]
            assert isinstance(used, State)
            problems += _not_given(used, {*unit.parameters, *settings}, unit.use.name.place)
        texts[id(unit.context.scope)][1].extend(found)
        problems += _loops(unit, found)
    for scope, found in texts.values():
        problems += _undefined(found, {*outside, *scope.names()}, tag_keys)
        problems += _facts(found)
    if whole and not problems:
        for document, scope in builder.scopes:
            found = texts[id(scope)][1]
            if id(scope) not in open_scopes and not any(code.is_open for code, _ in found):
                problems += _unread(document, {name for code, _ in found for name in code.names})
    if whole and not problems:
        problems += [one for document, _ in builder.scopes if document.name in applied
                     for one in _shadowing(document, inventory)]
    is_open = open_scopes or any(code.is_open for _, found in texts.values() for code, _ in found)
    problems += _settings(settings, {name for _, found in texts.values() for code, _ in found for name in code.names}
                          | {name for scope, _ in texts.values() for name in scope.names()}
                          | inventory_names(inventory), all_known=not is_open)
    return list(dict.fromkeys(problems))


def _codes(values: Iterable[Value]) -> Texts:
    return [one for value in values for one in value.codes()]


def _template_texts(unit: Unit, resources: Resources, problems: list[Problem]) -> Texts:
    """The template files that a resource names literally, and those that they include."""
    texts: Texts = []
    types: Types = resources.types
    args = types.need(unit.resource.type)._args_ if unit.resource.type in types else {}
    for name, value in unit.arguments.items():
        declared = args.get(name)
        if declared is None or not declared.controller or not isinstance(value, Constant) \
                or not isinstance(value.value, str):
            continue
        place = unit.resource.arguments[name].value.place
        kind = "templates" if declared.controller == "template" else "files"
        try:
            if declared.controller == "ansible":
                found = resources.contents.modules.find(value.value)
                problems += _terms(found.name.rpartition(".")[2], unit)
                continue
            path = str(resources.run.outside.find(value.value, kind, unit.context.scope.folder))
            if kind == "templates":
                texts += _with_included(path, resources, {})
        except Misused as error:
            problems.append(Problem(error.what, place, error.mend))
        except Fault as fault:
            problems += fault.problems
    return texts


def _terms(module: str, unit: Unit) -> list[Problem]:
    """What a module of Ansible may be used with on a host alone."""
    terms, given = ALONE.get(module), unit.arguments.get("arguments")
    if terms is None or not isinstance(given, Constant) or not isinstance(given.value, Mapping):
        return []
    name, wanted, mend = terms
    if given.value.get(name) == wanted:
        return []
    entry = unit.resource.arguments["arguments"]
    return [Problem(f"a part of the module `{module}` runs on the controller", entry.value.place, mend)]


def _with_included(path: str, resources: Resources, seen: dict[str, None]) -> Texts:
    if path in seen:
        return []
    seen[path] = None
    code = resources.contents.template(path)
    at = place_in_file(path, code.source)
    texts: Texts = [(code, at)]
    for name in code.templates:
        try:
            inner = str(resources.run.find_template(name, path))
        except Misused as error:
            line = code.source[:max(0, code.source.find(name))].count("\n") + 1
            raise Fault([Problem(error.what, find(code.source, line, name, at), error.mend)]) from None
        texts += _with_included(inner, resources, seen)
    return texts


def _undefined(texts: Texts, known: set[str], tag_keys: Collection[str]) -> list[Problem]:
    """Names that nothing defines, unless `is defined` or `default` looks at them somewhere in the document."""
    guarded = {name for code, _ in texts for name in code.guarded}
    problems = []
    for code, at in texts:
        for name in sorted(code.names - known - guarded):
            line = next((number for number, text in enumerate(code.source.split("\n"), 1) if name in text), 1)
            problem = undefined(name, find(code.source, line, name, at), sorted(known), code.source)
            problems.append(replace(problem, mend=f"a host's tags are in `tags`: `tags.{name}`") if name in tag_keys
                            else problem)
    return problems


def _misfits(scope: Scope) -> list[Problem]:
    """What `use` gives literally, and a parameter does not take."""
    problems = []
    for name, one in scope.definitions.items():
        parameter = scope.parameters.get(name)
        if parameter is not None and isinstance(one.value, Constant):
            fault = misfit(parameter, one.value.value)
            if fault is not None:
                problems.append(Problem(f"parameter `{name}` {fault[0]}", one.place, fault[1],
                                        (("declared here", parameter.place),)))
    return problems


def _names_a_file(unit: Unit, types: Types) -> bool:
    """Does it name a template by something that only a host decides?"""
    args = types.need(unit.resource.type)._args_ if unit.resource.type in types else {}
    return any(args[name].controller == "template" and not isinstance(value, Constant)
               for name, value in unit.arguments.items() if name in args)


def _loops(unit: Unit | LoopedUse, found: Texts) -> list[Problem]:
    """A loop of which nothing reads what it is at."""
    declared = unit.resource if isinstance(unit, Unit) else unit.use
    if declared.loop is None or any(
            LOOP_NAMES & {name.lower() for name in code.names} or code.is_open for code, _ in found):
        return []
    return [Problem("nothing here reads the `item` of this loop", declared.loop.place,
                    "write `{{ item }}` where each is meant, or take the loop away")]


def _facts(texts: Texts) -> list[Problem]:
    """Facts that no host has, and mappings of facts that are compared as if they were one."""
    problems = []
    for code, at in texts:
        for path in () if "facts" in code.guarded else code.facts:
            wrong = facts.unknown(path)
            if wrong is not None:
                name, known = path[wrong], facts.below(path[:wrong])
                line = next((number for number, text in enumerate(code.source.split("\n"), 1) if name in text), 1)
                problems.append(Problem(f"there is no fact `{'.'.join(path[:wrong + 1])}`",
                                        find(code.source, line, name, at), did_you_mean(name, known)))
        for path in code.compared:
            inner = facts.below(path) if facts.unknown(path) is None else ()
            if inner:
                line = next((number for number, text in enumerate(code.source.split("\n"), 1) if path[-1] in text), 1)
                name = ".".join(("facts", *path))
                problems.append(Problem(f"`{name}` is a mapping, which is equal to no text or number",
                                        find(code.source, line, path[-1], at),
                                        f"compare what is in it, as in `{name}.{inner[0]}`"))
    return problems


def _unread(document: State, names: Collection[str]) -> list[Problem]:
    """Variables and parameters that nothing in their document reads."""
    found = [Problem(f"nothing reads the variable `{name}`", entry.key.place, "take it out, or read it somewhere")
             for name, entry in document.vars.items() if name not in names]
    return found + [Problem(f"nothing reads the parameter `{name}`", one.place, "take it out, or read it somewhere")
                    for name, one in document.parameters.items() if name not in names]


def _shadowing(document: State, inventory: Inventory) -> list[Problem]:
    """Variables of a document that hide those of the inventory."""
    problems = []
    layers = {id(layer): layer for host in inventory.hosts.values() for layer in host.layers}.values()
    for name, entry in document.vars.items():
        hidden = next((layer[name] for layer in layers if name in layer), None)
        if hidden is not None:
            problems.append(Problem(
                f"`{name}` hides the inventory's variable of that name", entry.key.place,
                f"give it another name; or write `parameters: {{{name}: {{type: …, default: …}}}}`, which gives way",
                (("the inventory's", hidden.place),)))
    return problems


def _not_given(document: State, given: Collection[str], asked: Place) -> list[Problem]:
    return [not_given(document.name, parameter, asked) for parameter in document.parameters.values()
            if parameter.default is None and parameter.name not in given]


def _settings(settings: Mapping[str, Any], known: set[str], *, all_known: bool) -> list[Problem]:
    """all_known: no text is read whose name only a host or a loop decides, and which may read more."""
    problems = []
    for name in settings:
        if name in BUILT_IN_NAMES:
            problems.append(Problem(f"--set {name}: templates know that name already", None, "choose another name"))
        elif name not in known and all_known:
            problems.append(Problem(f"--set {name}: nothing reads this variable", None,
                                    did_you_mean(name, sorted(known))))
    return problems
