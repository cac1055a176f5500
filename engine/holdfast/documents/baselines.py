"""Documents of kind `baseline`: controls, each with resources or a check, and exceptions from them."""
from __future__ import annotations

from dataclasses import replace
from datetime import date

from holdfast.documents import keys, kinds, looking, schemas, structure
from holdfast.documents.model import Baseline, Control, ControlException, Document, Part, Resource, Use
from holdfast.documents.state import declared, made
from holdfast.documents.types import Types
from holdfast.problems import Problem
from holdfast.trees.tree import Node
from holdfast_host.values import did_you_mean


def load(node: Node, types: Types) -> tuple[Document | None, list[Problem]]:
    """A baseline, and everything that is wrong in it."""
    problems = structure.check(node, schemas.BASELINE, "a baseline")
    name = node.items()[0][1]
    if name.kind != "text":
        return None, problems
    resources = declared(node.get("resources"), types, problems)
    controls: list[Control] = []
    for one in _mappings(node.get("controls")):
        control = _control(one)
        if control is None:
            continue  # what is missing has been said
        other = next((known for known in controls if known.id == control.id), None)
        if other is not None:
            problems.append(Problem(f"there is a control `{control.id}` already", control.place,
                                    "give one of the two another id", (("the other one", other.place),)))
        controls.append(control)
        resources += _resources(one, Part("baseline", str(name.value), control.id), types, problems)
    exceptions = [_exception(one, problems) for one in _mappings(node.get("exceptions"))]
    if not any(isinstance(one, Use) for one in resources):
        problems += unknown_controls([one for one in exceptions if one], [one.id for one in controls])
    return made(Baseline, node, resources, problems, controls=tuple(controls),
                exceptions=tuple(one for one in exceptions if one is not None)), problems


kinds.register(kinds.Kind("baseline", keys.KINDS["baseline"], load))


def unknown_controls(exceptions: list[ControlException], known: list[str]) -> list[Problem]:
    """Exceptions from controls that there are none of."""
    return [Problem(f"there is no control `{one.control}`", one.place,
                    did_you_mean(one.control, known) or f"known: {', '.join(known)}")
            for one in exceptions if one.control not in known]


def _mappings(node: Node | None) -> list[Node]:
    return [one for one in (node.elements() if node is not None else ()) if one.kind == "mapping"]


def _words(node: Node, *words: str) -> list[str]:
    return [str(found.value) if (found := node.get(word)) is not None and found.kind == "text" else ""
            for word in words]


def _control(node: Node) -> Control | None:
    found = node.get("control")
    title, severity, rationale, reference = _words(node, "title", "severity", "rationale", "reference")
    if found is None or not (title and severity and rationale):
        return None
    return Control(str(found.value), found.place, title, severity, rationale, reference)


def _resources(node: Node, part: Part, types: Types, problems: list[Problem]) -> list[Resource | Use]:
    """What makes a control so, and what looks whether it is."""
    check = declared(node.get("check"), types, problems)
    problems += looking.problems(check, types, "check")
    found = [*declared(node.get("resources"), types, problems), *check]
    if not found and node.get("resources") is None and node.get("check") is None:
        problems.append(Problem(f"the control `{part.name}` has no `resources` and no `check`", node.place,
                                "say what makes it so, or what tells whether it is so"))
    when = node.get("when")
    conditions = () if when is None else when.elements() if when.kind == "list" else (when,)
    return [replace(one, when=(*conditions, *one.when), part=part) for one in found]


def _exception(node: Node, problems: list[Problem]) -> ControlException | None:
    control, expires = node.get("control"), node.get("expires")
    owner, reason, day, targets = _words(node, "owner", "reason", "expires", "targets")
    if control is None or expires is None or not (owner and reason):
        return None
    try:
        return ControlException(str(control.value), control.place, owner, reason, date.fromisoformat(day), targets)
    except ValueError:
        if not any(problem.place == expires.place for problem in problems):
            problems.append(Problem(f"`expires`: there is no day `{day}`", expires.place, "as in 2027-03-31"))
        return None
