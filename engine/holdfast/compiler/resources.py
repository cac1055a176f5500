"""One declared resource on one host: conditions, loop, name, arguments; checked by its type, secrets taken out."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from jinja2.utils import missing

from holdfast.compiler.contents import Contents
from holdfast.compiler.edits import edited_by
from holdfast.compiler.faults import Fault, Misused, NeedsFacts
from holdfast.compiler.hosts import Reads, View
from holdfast.compiler.later import Pending, Registered
from holdfast.compiler.model import Left
from holdfast.compiler.order import Item
from holdfast.compiler.scopes import Element, Evaluator
from holdfast.compiler.secret import Secrets, SecretText, holds, seal, shown
from holdfast.compiler.units import Builder, Compiled, Context, LoopedUse, Outcome, Ref, Unit
from holdfast.compiler.values import OMIT, Text, Value
from holdfast.documents.arguments import place_of, refusal
from holdfast.documents.types import Types
from holdfast.patience import TookTooLong
from holdfast.problems import Place, Problem, Problems
from holdfast_host.errors import Refused
from holdfast_host.redact import SHORTEST, Redactor
from holdfast_host.resource import ALWAYS, NEVER, Arg, faults
from holdfast_host.resource import Resource as ResourceType
from holdfast_host.values import Blob, Join, Later, references, secret_names, to_wire


class Resources:
    """Makes units into nodes-to-be, for one host after the other."""

    def __init__(self, run: Evaluator, builder: Builder, types: Types) -> None:
        self.run, self.builder, self.types = run, builder, types
        self.contents = Contents(run)
        self._structures: dict[tuple[Item, int], int] = {}
        self._busy: list[Unit | LoopedUse] = []
        self._classes: dict[str, type[ResourceType]] = {}

    def outcome(self, unit: Unit | LoopedUse, view: View) -> Outcome:
        """What a unit comes to on a host: from what is known already, or made now."""
        found: Outcome | None = view.kept.get(id(unit)) or unit.memo.find(view)
        if found is None:
            if unit in self._busy:
                raise Fault([Problem("this resource needs what it gives itself", unit.place,
                                     "take the reference to its outputs out")])
            self._busy.append(unit)
            try:
                found = self._evaluate(unit, view)
            finally:
                self._busy.pop()
            unit.memo.keep(view, found.reads, found)
        view.kept[id(unit)] = found
        return found

    def register(self, unit: Unit) -> None:
        """Lets templates of the unit's document see its outputs."""
        name = unit.resource.register

        def value() -> Any:
            assert self.run.view is not None
            outcome = self.outcome(unit, self.run.view)
            self.run.reads.update(outcome.reads)
            if outcome.needs_facts:
                raise NeedsFacts
            if outcome.problems:
                raise Fault(outcome.problems)
            if not outcome.made:
                return missing
            gives = () if isinstance(found := self.types[unit.resource.type], Problem) else found.gives
            return Registered(outcome.made[0].item.id, gives)

        if name:
            unit.context.scope.registered[name] = value

    def _evaluate(self, unit: Unit | LoopedUse, view: View) -> Outcome:
        run = self.run
        before = run.within(view, unit.context.scope, unit.context.element)
        outcome = Outcome()
        for step in (self._expanded(unit, outcome) if isinstance(unit, Unit) else self._looped(unit, outcome, view)):
            try:
                step()
            except Fault as fault:
                outcome.problems += fault.problems
            except NeedsFacts:
                outcome.needs_facts = True
        outcome.reads = run.reads
        run.reads, run.secrets = Reads(), {}
        run.back(before)
        return outcome

    # -- conditions and loops ----------------------------------------------------------------------------------------

    def _expanded(self, unit: Unit, outcome: Outcome) -> Iterator[Callable[[], None]]:
        """Steps that each may fail by themselves: one for every item."""
        def whole() -> None:
            if self._left(unit, outcome):
                return
            if unit.loop is None:
                self._one(unit, outcome)
            else:
                place = unit.resource.loop.place if unit.resource.loop else unit.place
                elements.extend(self._elements(unit.loop, place))

        elements: list[Element] = []
        yield whole
        for element in elements:
            def one(element: Element = element) -> None:
                self.run.element = element
                self._one(unit, outcome)
            yield one

    def _left(self, unit: Unit, outcome: Outcome) -> bool:
        for value, context in unit.around.when:
            if not self._condition(value, context):
                outcome.left += (Left(self._rough_id(unit), unit.place, _why(value), unit.parts),)
                return True
        for value in unit.early:
            if not self._condition(value):
                outcome.left += (Left(self._rough_id(unit), unit.place, _why(value), unit.parts),)
                return True
        return False

    def _rough_id(self, unit: Unit) -> str:
        """The id of a resource that is left out: its name may not even be defined."""
        try:
            name = unit.name.evaluate(self.run)
        except (Fault, NeedsFacts):
            name = unit.resource.name.plain()
        return f"{unit.resource.type}: {name}"

    def _condition(self, value: Value, context: Context | None = None) -> bool:
        run = self.run
        before = run.within(run.view, context.scope, context.element) if context and run.view else None
        try:
            found = value.evaluate(run)
        finally:
            if before:
                run.back(before)
        if isinstance(found, bool):
            return found
        place = value.at(0) if isinstance(value, Text) else None
        if isinstance(found, Pending):
            raise Fault([Problem("`when` is decided before the host is touched, and this is known only then", place,
                                 "use `watch` or `notify`, or a guard of the resource such as `only_if`")])
        mend = "write `… | length > 0`" if isinstance(found, (list, dict)) else "compare it, or use `| bool`"
        raise Fault([Problem(f"`when` is true or false, not {shown(found)}", place, mend)])

    def _elements(self, loop: Value, place: Place) -> list[Element]:
        found, secrets = self.run.apart(loop)
        if isinstance(found, Pending):
            raise Fault([Problem("`loop` needs its list before the host is touched", place,
                                 "take the list from `vars`, the inventory or `facts`")])
        if not isinstance(found, list):
            mend = "write `… | dict2items`, and `item.key`, `item.value`" if isinstance(found, dict) else \
                "for one element write a list: `loop: [x]`; of a text makes one: `… | split(',')`"
            raise Fault([Problem(f"`loop` is a list, not {shown(found)}", place, mend)])
        return [Element(item, index, secrets) for index, item in enumerate(found)]

    def _looped(self, unit: LoopedUse, outcome: Outcome, view: View) -> Iterator[Callable[[], None]]:
        def whole() -> None:
            for value, context in unit.around.when:
                if not self._condition(value, context):
                    return
            if not all(self._condition(value) for value in unit.early):
                return
            place = unit.use.loop.place if unit.use.loop else unit.place
            for element in self._elements(unit.loop, place):
                for child in self.children(unit, element):
                    found = self.outcome(child, view)
                    self.run.reads.update(found.reads)
                    outcome.made += found.made
                    outcome.left += found.left
                    outcome.problems += found.problems
                    outcome.needs_facts |= found.needs_facts

        yield whole

    def children(self, unit: LoopedUse, element: Element) -> list[Unit | LoopedUse]:
        """The units of one element of a looped `use`."""
        known = len(unit.children)
        children = self.builder.looped(unit, element)
        if len(unit.children) > known:
            for child in children:
                if isinstance(child, Unit):
                    self.register(child)
        return children

    # -- one resource ------------------------------------------------------------------------------------------------

    def _one(self, unit: Unit, outcome: Outcome) -> None:
        for value in unit.when:
            if not self._condition(value):
                outcome.left += (Left(self._rough_id(unit), unit.place, _why(value), unit.parts),)
                return
        names = self._names(unit.name, unit.resource.name.place)
        for name in names:
            outcome.made += (self._made(unit, name),)

    def _names(self, value: Value, place: Place) -> list[str]:
        found, secrets = self.run.apart(value)
        names = []
        for one in found if isinstance(found, list) else [found]:
            if isinstance(one, Pending):
                raise Fault([Problem("a name has to be known before the host is touched", place,
                                     "make it of `vars`, the inventory or `facts`, not of an output")])
            if isinstance(one, bool) or not isinstance(one, (str, int, float)) or one == "":
                raise Fault([Problem(f"the name is text, not {shown(one)}", place, "write its name")])
            if secrets and holds(str(one), secrets):
                raise Fault([Problem("a name may hold no secret: it is shown in every report", place,
                                     "take another name, and give the secret as an argument")])
            names.append(str(one))
        return names

    def _made(self, unit: Unit, name: str) -> Compiled:
        cls = self._class(unit.resource.type)
        identity = f"{unit.resource.type}: {name}"
        given, secrets = self._given(unit, cls, name, identity)
        resource = self._checked(unit, cls, given, secrets)
        args: dict[str, Any] = {}
        used: dict[str, str] = {}
        outputs: dict[str, None] = {}
        for argument in given:
            accepted = resource.__dict__[argument]
            if argument in secrets:
                # a content as it was filled in: the blob that the type makes of it would hide the secret from us
                sealed = seal(given[argument] if cls._args_[argument].controller else accepted, secrets[argument])
                by_name = {secret: value for value, secret in secrets[argument].items()}
                used.update({secret: by_name[secret] for secret in secret_names(sealed)})
                accepted = sealed
            elif accepted == cls._args_[argument].default:
                continue
            if type(accepted) not in (str, int, bool, Blob):
                outputs.update(dict.fromkeys(one.id for one in references(accepted)))
                accepted = to_wire(accepted)
            elif type(accepted) is Blob:
                accepted = to_wire(accepted)
            args[argument] = accepted
        item, where = self._item(unit, resource, identity, tuple(outputs))
        made = Compiled(item, unit.resource.type, args, unit.resource.time_limit_s, unit, used, where)
        made.resource = resource if item.edits or item.says_all else None
        made.structure = self._structures.setdefault((item, id(unit)), len(self._structures))
        return made

    @staticmethod
    def _sealed(value: Any, secrets: Secrets, place: Place) -> Any:
        try:
            return seal(value, secrets)
        except Misused as error:
            raise Fault([Problem(error.what, place, error.mend)]) from None

    def _class(self, name: str) -> type[ResourceType]:
        if name not in self._classes:
            try:
                self._classes[name] = self.types.need(name)
            except Problems as problems:
                raise Fault(problems.problems) from None
        return self._classes[name]

    def _given(self, unit: Unit, cls: type[ResourceType], name: str, identity: str) \
            -> tuple[dict[str, Any], dict[str, Secrets]]:
        """The arguments with their real values, and the secrets in those that have some."""
        given: dict[str, Any] = {}
        secrets: dict[str, Secrets] = {}
        if cls.named and cls.named not in unit.arguments:
            given[cls.named] = name
        for argument, value in unit.arguments.items():
            declared = cls._args_[argument]
            place = unit.resource.arguments[argument].value.place
            if value.constant and not declared.controller and declared.secret != ALWAYS:
                given[argument] = value.evaluate(self.run)
                continue
            found, hidden = self.run.apart(value)
            if found is OMIT:
                continue
            if declared.controller:
                found, hidden = self.contents.content(declared, found, place)
            if declared.secret == ALWAYS and isinstance(found, str) and not isinstance(found, SecretText) \
                    and found not in declared.public:
                hidden = {**hidden, found: f"{identity} {argument}"}
                if len(found) < SHORTEST:
                    raise Fault([Problem(f"`{argument}` is a secret with less than {SHORTEST} characters", place,
                                         "it could not be masked in reports; use a longer one")])
            given[argument] = _later(found, place)
            if (hidden and holds(given[argument], hidden)) or (hidden and _holds_in_join(given[argument], hidden)):
                secrets[argument] = hidden
                self._refuse_where_never(cls, declared, place)
        return given, secrets

    def _refuse_where_never(self, cls: type[ResourceType], declared: Arg, place: Place) -> None:
        if declared.secret != NEVER:
            return
        allowed = ", ".join(name for name, one in cls._args_.items() if one.secret != NEVER)
        raise Fault([Problem(f"`{declared.name}` may hold no secret: it is shown in reports", place,
                             f"secrets may stand in {allowed}" if allowed else "this type takes no secrets")])

    def _checked(self, unit: Unit, cls: type[ResourceType], given: dict[str, Any], secrets: Mapping[str, Secrets]) \
            -> ResourceType:
        """The resource as the host will make it. Raises Fault for all that its type says against it."""
        try:
            with self.run.patience:
                return cls(**given)
        except Refused:
            found = [refusal(one, place_of(unit.resource, one)) for one in faults(cls, given)]
        except TookTooLong as slow:
            found = [Problem(slow.what, unit.place, slow.mend)]
        except Exception as error:  # the type's author's fault; reported as such
            found = [Problem(f"a defect of type {unit.resource.type}: {type(error).__name__}: {error}", unit.place,
                             "its `check` fails", (("the type", self.types.place(unit.resource.type)),))]
        mask = Redactor({name: value for hidden in secrets.values() for value, name in hidden.items()})
        raise Fault([replace(one, what=mask.text(one.what), mend=mask.text(one.mend)) for one in found])

    def _item(self, unit: Unit, resource: ResourceType, identity: str, outputs: tuple[str, ...]) \
            -> tuple[Item, dict[str, Place]]:
        where: dict[str, Place] = {}
        requires = self._ids(unit.requires, where)
        for ref, context in unit.around.requires:
            requires += self._ids((ref,), where, context)
        notifies, watches = self._ids(unit.notify, where), self._ids(unit.watch, where)
        where.update(dict.fromkeys(outputs, unit.place))
        provides = _identities(resource.provides, resource)
        return Item(identity, provides, _identities(resource.wants, resource), requires, notifies, watches, outputs,
                    unit.around.uses, resource.is_removal(), edited_by(resource), resource.whole() is not None), where

    def _ids(self, refs: tuple[Ref, ...], where: dict[str, Place], context: Context | None = None) -> tuple[str, ...]:
        found = []
        for ref in refs:
            run = self.run
            before = run.within(run.view, context.scope, context.element) if context and run.view else None
            try:
                names = self._names(ref.name, ref.place)
            finally:
                if before:
                    run.back(before)
            for name in names:
                found.append(f"{ref.type}: {name}")
                where.setdefault(found[-1], ref.place)
        return tuple(found)


def _why(value: Value) -> str:
    return f"`{value.code.source}` is false" if isinstance(value, Text) else "its condition is false"


def _later(value: Any, place: Place) -> Any:
    """Values for the host: what is pending as the host knows it."""
    if isinstance(value, Pending):
        return value.value
    if isinstance(value, dict):
        return {key: _later(inner, place) for key, inner in value.items()}
    if isinstance(value, list):
        return [_later(inner, place) for inner in value]
    if value is OMIT:
        raise Fault([Problem("`omit` stands for a whole argument only", place,
                             "write the whole argument as one template: \"{{ x | default(omit) }}\"")])
    return value


def _holds_in_join(value: Any, hidden: Secrets) -> bool:
    if isinstance(value, Join):
        return any(isinstance(part, str) and holds(part, hidden) for part in value.parts)
    if isinstance(value, Mapping):
        return any(_holds_in_join(inner, hidden) for inner in value.values())
    return isinstance(value, (list, tuple)) and any(_holds_in_join(inner, hidden) for inner in value)


def _identities(ask: Callable[[], Any], resource: ResourceType) -> tuple[tuple[str, str], ...]:
    """What a resource provides or wants; nothing when that hangs on what is known only on the host."""
    try:
        found = tuple(ask())
    except (TypeError, AttributeError, ValueError):
        if any(isinstance(value, Later) for value in resource.__dict__.values()):
            return ()
        raise
    return tuple(one for one in found if isinstance(one[1], str))
