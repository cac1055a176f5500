"""The resources of a graph while a run goes on: made, looked at, and grouped as their types take them together."""
from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from . import files, library, values
from .errors import Failed, HoldfastError, NeedBlob
from .graph import PENDING, PLAN, UNKNOWN, Node
from .record import Record
from .resource import Change, Resource

WAITING = (PENDING, UNKNOWN)  # in a plan: it will act


class Step:
    """What a run knows of one node."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.resource: Optional[Resource] = None
        self.status = ""
        self.seen: Tuple[int, Any] = (-1, None)  # the epoch in which it was observed, and what was
        self.told_by: List[str] = []  # ids of the changes that notify it
        self.maybe_told_by: List[str] = []  # in a plan: ids of those of which it is not known yet
        self.started = 0.0
        self.is_begun = False  # the journal says that it is changed


class Later(Exception):
    """An argument is an output of a resource that a plan has not carried out."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(id)


class Course:
    """fetch: brings contents from the controller, and returns when they are here. outputs: of the resources that have
    been carried out, by id. epoch: grows when something has changed, or is planned to: what was observed before is old
    then."""

    def __init__(self, nodes: Sequence[Node], mode: str, secrets: Mapping[str, str],
                 fetch: Callable[[Sequence[str]], None]) -> None:
        self.steps = [Step(node) for node in nodes]
        self.outputs: Dict[str, Mapping[str, Any]] = {}
        self.epoch = 0
        self._mode, self._secrets, self._fetch = mode, secrets, fetch
        self._firsts: List[int] = []  # for each node the first of its group

    def make(self, number: int) -> Resource:
        """The resource with all values that are known by now. Raises Refused, Failed or Later."""
        step = self.steps[number]
        if step.resource is None:
            args = values.from_wire(step.node.args)
            if self._mode == PLAN:
                for output in values.references(args):
                    if output.id not in self.outputs:
                        raise Later(output.id)
            resolved = values.resolve(args, self.outputs, self._secrets)
            step.resource = library.resource_type(step.node.type)(**resolved)
            if self._mode == PLAN:
                step.resource.stand_beside(self._first_beside(number))
        return step.resource

    def observe(self, number: int) -> Any:
        """What is, with one question for all resources of this type that come later. May return an exception."""
        step = self.steps[number]
        if step.seen[0] != self.epoch:
            resource = self.make(number)
            together = [number]
            if "observe_many" in vars(type(resource)):
                together += [later for later in range(number + 1, len(self.steps)) if self._is_like(later, resource)]
            found = type(resource).observe_many([self.steps[i].resource for i in together])
            for i, observed in zip(together, found):
                self.steps[i].seen = (self.epoch, observed)
        return step.seen[1]

    def _is_like(self, number: int, resource: Resource) -> bool:
        if self.steps[number].node.type != self.steps[number - 1].node.type and \
                not isinstance(resource, library.resource_type(self.steps[number].node.type)):
            return False
        try:
            return type(self.make(number)) is type(resource)
        except (HoldfastError, Later):
            return False  # it will be told in its turn

    def look(self, number: int) -> Optional[Change]:
        """The change that is needed. Raises what the type raises, Refused and Failed among it."""
        try:
            return self._held_against(number)
        except NeedBlob as need:
            self._fetch([need.sha256])
            return self._held_against(number)

    def _held_against(self, number: int) -> Optional[Change]:
        """The difference between what is and what is declared. Raises NeedBlob for a content that has not come."""
        observed = self.observe(number)
        if isinstance(observed, NeedBlob):
            self.steps[number].seen = (-1, None)  # it is no answer: to be asked once more
        if isinstance(observed, Exception):
            raise observed
        return self.make(number).diff(observed)

    def bring_contents(self) -> None:
        """Asks at once for all contents that are different here, so that it takes one round trip. Programs that are to
        look first are asked in their turn, within their time limits."""
        needed: List[str] = []
        for number, step in enumerate(self.steps):
            if not any(isinstance(arg, dict) and "$blob" in arg for arg in step.node.args.values()):
                continue
            try:
                if not library.resource_type(step.node.type).barrier:
                    self._held_against(number)
            except NeedBlob as need:
                needed.append(need.sha256)
            except (HoldfastError, OSError, Later):
                pass  # it will be told in its turn
        if needed:
            self._fetch(list(dict.fromkeys(needed)))

    def keep_outputs(self, number: int, given: Optional[Mapping[str, Any]]) -> None:
        step = self.steps[number]
        observed = step.seen[1]
        self.outputs[step.node.id] = {**self.make(number).outputs(observed), **(given or {})}

    def told_of(self, number: int) -> Dict[str, Any]:
        """What a report has of what was seen on the host, also where nothing is done to it."""
        step, observed = self.steps[number], self.steps[number].seen[1]
        told = library.resource_type(step.node.type).told_in_state
        given = self.make(number).outputs(observed) if told and isinstance(observed, Record) else {}
        return {name: given[name] for name in told if name in given}

    def group(self, number: int) -> List[int]:
        """This node, and those behind it that its type can change together with it."""
        group = [number]
        node = self.steps[number].node
        try:
            together = library.resource_type(node.type).converge_many is not None
        except Failed:
            return group
        while together and group[-1] + 1 < len(self.steps):
            following = self.steps[group[-1] + 1].node
            if following.type != node.type or set(following.needs) & set(group) or \
                    any(group[-1] + 1 in self.steps[i].node.notifies for i in group):
                break
            group.append(group[-1] + 1)
        return group

    def _first_beside(self, number: int) -> int:
        """The first of the group that this node belongs to."""
        if not self._firsts:
            while len(self._firsts) < len(self.steps):
                group = self.group(len(self._firsts))
                self._firsts += [group[0]] * len(group)
        return self._firsts[number]

    def moved(self) -> None:
        """Something on the host is another now."""
        self.epoch += 1
        files.forget()
