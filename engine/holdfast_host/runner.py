"""Carries out the graph of one host: looks at every resource in order, and changes what differs.

A plan takes the same way and stops before `converge`; what a planned change would leave in files is laid over what is
there, so that later resources are looked at as they will be found. What was observed is used again until something is
changed, so that a run that finds everything in state asks each type once for all its resources.
"""
from __future__ import annotations

import contextlib
import time
from typing import Any, List, Mapping, Optional, Protocol, Sequence, Set, Tuple

from . import files, foresight, library, planned, process, values
from .course import Course, Later
from .errors import Failed, HoldfastError, Interrupted, NeedBlob, Refused, Stale
from .graph import APPLY, CHANGED, FAILED, INTERRUPTED, OK, PENDING, PLAN, SKIPPED, TIMED_OUT, UNKNOWN, Event, Node
from .journal import END_UNKNOWN, Journal, Ledger
from .limit import shielded, time_limit
from .redact import Flow, Redactor
from .report import Teller, of_error
from .resource import Change, Field, Resource

STOPS = frozenset({FAILED, SKIPPED, TIMED_OUT, INTERRUPTED})  # what needs such a one is not carried out
WORST_FIRST = (("failed", {FAILED, TIMED_OUT, SKIPPED}), ("interrupted", {INTERRUPTED}), ("changed", {CHANGED}),
               ("pending", {PENDING, UNKNOWN}))
DEPARTS = "departs"  # the rest is for a runner of the next boot
NOT_BEGUN = "not begun: the run was stopped before"
NOT_AGAIN = "carried out earlier in this run, and not repeated"
NOT_KNOWN = "begun earlier in this run, and its end is not known: it is not done twice"


class Port(Protocol):
    """The runner's way to the controller."""

    def event(self, event: Event) -> None: ...

    def output(self, node: int, stream: str, text: str) -> None: ...

    def fetch(self, blobs: Sequence[str]) -> None:
        """Returns when all these contents are here. Raises Interrupted when they will not come."""
        ...

    def stopping(self) -> bool:
        """Whether somebody asked to stop after the resource in hand."""
        ...


class Runner:
    """One run on this host. `ledger` and `journal` are used in apply mode only. held: the plan that it is held to.
    earlier: of a run that is resumed, the outputs of the nodes that it has changed before; None where it is not known
    whether it has."""

    def __init__(self, nodes: Sequence[Node], mode: str, secrets: Mapping[str, str], port: Port, ledger: Ledger,
                 journal: Journal, run: str, held: Optional[planned.Held] = None,
                 earlier: Optional[Mapping[int, Any]] = None) -> None:
        self.course = Course(nodes, mode, secrets, port.fetch)
        self.steps = self.course.steps
        self.mode, self.secrets, self.port = mode, secrets, port
        self.ledger, self.journal, self.run = ledger, journal, run
        self.held, self.earlier = held, earlier or {}
        self.teller = Teller(Redactor(secrets))
        self.swept: Set[str] = set()
        self.departing: Optional[Resource] = None  # what ends this boot
        self.planned_ahead: List[Change] = []  # those of the group in hand
        for step in self.steps:
            owed = ledger.owed.get(step.node.id)
            if owed is not None:
                step.told_by += ["%s (owed since %s)" % (id, _when(owed.since)) for id in owed.by]

    def go(self) -> str:
        """Carries it out; returns the worst of what happened: failed, interrupted, changed, pending or ok; or refused,
        when the host has changed since the plan that this is held to; or departs, when the host is about to go down:
        nothing is told of the rest then."""
        files.look_away()  # from what an earlier plan of this process laid over the files
        if self.held is not None and self.held.planned and not self._is_as_planned(self.held):
            return planned.REFUSED
        self.course.bring_contents()
        number = 0
        while number < len(self.steps):
            group = self.course.group(number)
            try:
                if self.port.stopping():
                    self._rest_not_begun(number)
                    break
                self._do(group)
            except Interrupted:  # between two deeds
                self._rest_not_begun(number)
                break
            number = group[-1] + 1
            if self.departing is not None:
                return DEPARTS
        found = {step.status for step in self.steps}
        for status, causes in WORST_FIRST:
            if found & causes:
                return status
        return "ok"

    # -- being held to a plan ----------------------------------------------------------------------------------------

    def _is_as_planned(self, held: planned.Held) -> bool:
        """Plans once more before anything is touched; where something differs it is told, and nothing is begun."""
        desk = _Rehearsal(self.port)
        nodes = [step.node for step in self.steps]
        Runner(nodes, PLAN, self.secrets, desk, self.ledger, self.journal, self.run, planned.Held(held.key)).go()
        files.look_away()
        now = sorted(desk.events, key=lambda event: event.node)
        if self.port.stopping() or not planned.differing(held.planned, now):
            return True  # who asked to stop is answered by `go`
        for event in planned.refusals(held.planned, now):
            self.port.event(event)
        return False

    def _hold(self, number: int, change: Optional[Change]) -> None:
        """Raises Stale when this is not what was planned. What comes after an act that cannot be foretold is not
        held: the plan said so."""
        held = self.held
        if self.mode == PLAN or held is None or not held.planned or held.planned[number][0] not in (OK, PENDING):
            return
        if not foresight.was_foreseen(self.course, number, [status for status, _ in held.planned[:number]]):
            return
        if planned.fingerprint(held.key, change) != held.planned[number][1]:
            raise Stale("the host has changed since the plan: this is not the change that was shown")

    # -- deciding ----------------------------------------------------------------------------------------------------

    def _do(self, group: Sequence[int]) -> None:
        """Decides for each of a group, then changes those that differ."""
        changes: List[Tuple[int, Change]] = []
        for number in group:
            step = self.steps[number]
            step.started = time.monotonic()
            stopped = self._blocked_by(number)
            if stopped:
                self._tell(number, SKIPPED, message="needs %s, which %s" % stopped)
                continue
            change = _NOTHING if self._is_told_earlier(number) else self._guarded(number)
            if change is _NOTHING:
                continue
            if self.mode == PLAN and self._is_provisional(number, change):
                continue
            if change is None:
                self._settled(number)
            elif self.mode == PLAN:
                self._planned(number, change)
            else:
                changes.append((number, change))
        if changes:
            self._change(changes)
        self._lay_ahead()

    def _is_told_earlier(self, number: int) -> bool:
        """Whether this must not be repeated in a run that is resumed; its end is told then."""
        if number not in self.earlier:
            return False
        try:
            if not self.course.make(number).is_once():
                return False
        except (HoldfastError, Later):
            return False  # it will be told in its turn
        given = self.earlier[number]
        try:
            self.course.make(number).arrive()
        except HoldfastError as error:
            self._tell_error(number, error)
            return True
        if given is None:
            self._tell(number, FAILED, error="Failed", message=NOT_KNOWN, mend="see what it did; `holdfast apply` "
                       "without --resume does it again")
        else:
            self.course.outputs[self.steps[number].node.id] = given
            self._tell(number, CHANGED, action="run", message=NOT_AGAIN, outputs=given)
        return True

    def _guarded(self, number: int) -> Any:
        """The change that is needed or None; _NOTHING when the node's end has been told already."""
        step = self.steps[number]
        try:
            with time_limit(step.node.limit_s, step.node.id):
                change = self.course.look(number)
            self._hold(number, change)
            return change
        except Later as later:
            self._tell(number, UNKNOWN, message="not known before %s" % later.id)
        except Refused as refused:
            before = foresight.acts_before(self.course, number) if self.mode == PLAN else []
            if before:  # who names no argument only cannot look ahead
                is_told = refused.argument and not foresight.is_awaited(self.course, number)
                seen = "; as it is now it fails: %s" % refused.what if is_told else ""
                self._tell(number, UNKNOWN, message="not known before %s%s" % (", ".join(before), seen))
            else:
                self._tell_error(number, refused, given=self.course.told_of(number))
        except (HoldfastError, OSError) as error:
            self._tell_error(number, error)
        except Exception as error:  # a defect of a type; it is reported as one and does not end the run
            self._tell_error(number, error)
        return _NOTHING

    def _blocked_by(self, number: int) -> Optional[Tuple[str, str]]:
        for need in self.steps[number].node.needs:
            step = self.steps[need]
            if step.status in STOPS:
                return step.node.id, {FAILED: "failed", SKIPPED: "was skipped", TIMED_OUT: "timed out"}.get(
                    step.status, "was interrupted")
        return None

    # -- planning ----------------------------------------------------------------------------------------------------

    def _is_provisional(self, number: int, change: Optional[Change]) -> bool:
        """Whether what is seen now hangs on planned resources before; then that has been told."""
        asked = foresight.needed_before if change is None else foresight.acts_before
        ahead = asked(self.course, number)
        if not ahead or not self.course.make(number).is_provisional(self.steps[number].seen[1]):
            return False
        self._tell(number, UNKNOWN, message="not known before %s" % ", ".join(ahead), now=PENDING if change else OK)
        return True

    def _planned(self, number: int, change: Change) -> None:
        if change.unknown:
            self._notify(number, UNKNOWN)
            self._tell(number, UNKNOWN, message=change.unknown)
            return
        lacking = foresight.lacking_account(self.course, number, change)
        bringers = foresight.barriers_before(self.course, number) if lacking else []
        if lacking and not bringers:
            self._tell_error(number, lacking)
            return
        opaque = foresight.may_act_on(self.course, number, change)
        message = "as it is now; %s may change it first" % ", ".join(opaque) if opaque else ""
        if lacking:
            message = "%s; it fails unless %s changes that" % (lacking, " or ".join(bringers[-3:]))
        self.planned_ahead.append(change)
        self._notify(number, PENDING)
        refreshed = self._refresh_words(number) if self._is_told(number, change) else ""
        self._tell(number, PENDING, change, message=message, refreshed=refreshed, now=OK if change.unsure else "")

    def _lay_ahead(self) -> None:
        """What comes next is looked at as this group will have left things; those within it are decided before."""
        for change in self.planned_ahead:
            if change.files or change.later:
                files.plan_ahead(change.files, change.later)
                self.course.epoch += 1
        self.planned_ahead.clear()

    def _settled(self, number: int) -> None:
        """In state. A notification may be due all the same."""
        step = self.steps[number]
        self.course.keep_outputs(number, None)
        self._sweep(number)
        if self._is_told(number, None):
            if self.mode == PLAN:
                self._notify(number, PENDING)
                self._tell(number, PENDING, refreshed=self._refresh_words(number))
            else:
                self._refresh(number, None)
        elif step.maybe_told_by:
            self._notify(number, UNKNOWN)
            self._tell(number, UNKNOWN, message="whether to %s is not known before %s" % (
                library.resource_type(step.node.type).refreshes, ", ".join(step.maybe_told_by)), now=OK)
        else:
            is_told = bool(step.told_by) and self.mode == APPLY  # but there is nothing to do
            wrong = self._settle_debt(number) if is_told else ""
            self._tell(number, OK, message=wrong, outputs=self.course.told_of(number))

    def _sweep(self, number: int) -> None:
        """A run that was killed on its way elsewhere, or back, may have left something beside what is in state."""
        if self.mode != APPLY:
            return
        resource = self.course.make(number)
        paths = {path for kind, path in (*resource.provides(), *resource.wants()) if kind == "path"}
        for path in paths - self.swept:
            files.sweep(path)
        self.swept |= paths

    def _is_told(self, number: int, change: Optional[Change]) -> bool:
        return bool(self.steps[number].told_by) and self.course.make(number).needs_refresh(change)

    def _refresh_words(self, number: int) -> str:
        step = self.steps[number]
        return "%s: %s" % (library.resource_type(step.node.type).refreshes, ", ".join(step.told_by))

    def _notify(self, number: int, status: str) -> None:
        node = self.steps[number].node
        for target in node.notifies:
            told = self.steps[target].maybe_told_by if status == UNKNOWN else self.steps[target].told_by
            told.append(node.id)

    # -- changing ----------------------------------------------------------------------------------------------------

    def _change(self, changes: Sequence[Tuple[int, Change]]) -> None:
        numbers = [number for number, _ in changes]
        try:
            self._announce(numbers, {number: self._memory(number, change) for number, change in changes})
        except Failed as failed:
            for number, change in changes:
                self._tell_error(number, failed, change)
            return
        together = self.course.make(numbers[0]).converge_many
        error: Optional[BaseException] = None
        given: Mapping[str, Any] = {}
        try:
            limits = [self.steps[i].node.limit_s for i in numbers]
            total = None if None in limits else sum(limit or 0 for limit in limits)
            with time_limit(total, ", ".join(self.steps[i].node.id for i in numbers)):
                if together is not None:
                    together([(self.course.make(number), change) for number, change in changes])
                else:
                    (number, change), = changes
                    with self._live(number):
                        given = self.course.make(number).converge(change) or {}
        except Exception as caught:  # what a type raises while changing is that resource's result, whatever it is
            error = caught
        self.course.moved()
        for number, change in changes:
            self._verdict(number, change, given, error)

    def _memory(self, number: int, change: Change) -> Mapping[str, Any]:
        """What it takes to undo this change."""
        from . import undoing
        from .journal import alone

        if not self.journal.has_begun:
            undoing.tidy(self.journal.folder)
        step = self.steps[number]
        tells = [(target.id, alone(target)) for target in (self.steps[i].node for i in step.node.notifies)]
        return undoing.remember(self.journal.folder, self.journal.key, step.node, self.course.make(number),
                                step.seen[1], change, tells, self.teller.redactor).sealed(self.journal.key)

    def _announce(self, numbers: Sequence[int], memories: Mapping[int, Mapping[str, Any]]) -> None:
        """Writes down what is about to be changed, what it takes to undo that, and the notifications that are owed
        then. Raises Failed when that cannot be: a change that a crash would hide is not made."""
        with shielded():
            self.journal.before(numbers, memories)
            for number in numbers:
                self.steps[number].is_begun = True
            for number in numbers:
                node = self.steps[number].node
                self.ledger.promise(self.run, node.id, [self.steps[i].node for i in node.notifies], time.time())

    def _settle_debt(self, number: int) -> str:
        """The notification of this node has been carried out, or there is nothing to do; "" or what could not be
        written down."""
        try:
            with shielded():
                self.ledger.paid(self.steps[number].node.id)
        except Failed as failed:
            return "%s; so it counts as owed, and is carried out once more" % failed
        return ""

    def _retract(self, number: int) -> None:
        """Nothing was changed, so nothing is owed. Where that cannot be written down it is carried out needlessly."""
        node = self.steps[number].node
        with contextlib.suppress(Failed), shielded():
            self.ledger.retract(node.id, [self.steps[i].node.id for i in node.notifies])

    def _verdict(self, number: int, change: Change, given: Mapping[str, Any], error: Optional[BaseException]) -> None:
        """Looks again: what was to come true must have come true, whatever converge said."""
        step = self.steps[number]
        resource = self.course.make(number)
        try:
            with time_limit(step.node.limit_s, step.node.id):
                observed = self.course.observe(number)
                if isinstance(observed, Exception):
                    raise observed
                left = resource.remaining(change, observed)
        except Exception as caught:  # it cannot be looked at after the change: that is its result
            self._tell_error(number, error or caught, change)
            return
        if left is not None or (error is not None and together_is_single(resource)):
            if isinstance(error, (Stale, Refused)) or (error is not None and left is not None
                                                       and left.fields == change.fields):
                self._retract(number)
            elif step.node.notifies:
                self._notify(number, CHANGED)
            self._tell_error(number, error or _not_settled(step.node, left), change, given)
            return
        if change.unsure and resource.came_to_nothing(change, observed):
            self._retract(number)
            self.course.keep_outputs(number, given)
            self._tell(number, OK, action="refresh", outputs=self.course.told_of(number))
            return
        self._notify(number, CHANGED)
        self.course.keep_outputs(number, given)
        if resource.departs:
            self.departing = resource
        if self._is_told(number, change):
            self._refresh(number, change)
        else:
            wrong = self._settle_debt(number) if step.told_by else ""
            self._tell(number, CHANGED, change, message=wrong, outputs=self.course.outputs.get(step.node.id, {}))

    def _refresh(self, number: int, change: Optional[Change]) -> None:
        """Carries out a notification; only then is it no longer owed."""
        step = self.steps[number]
        resource = self.course.make(number)
        try:
            self._announce([number], {})
            with time_limit(step.node.limit_s, step.node.id), self._live(number):
                try:
                    resource.refresh()
                except NeedBlob as need:  # it was not needed until now
                    self.port.fetch([need.sha256])
                    resource.refresh()
        except Exception as error:  # reported as this resource's failure; the notification stays owed
            self._tell_error(number, error, change)
            return
        finally:
            self.course.moved()
        if resource.departs:
            self.departing = resource
        wrong = self._settle_debt(number)
        self._notify(number, CHANGED)
        self._tell(number, CHANGED, change, message=wrong, refreshed=self._refresh_words(number),
                   outputs=self.course.outputs.get(step.node.id, {}))

    def _live(self, number: int) -> "process.Listening":
        """While this lasts, what programs print is passed on as it comes."""
        flows = {stream: Flow(self.teller.redactor) for stream in ("stdout", "stderr")}

        def hear(stream: str, data: bytes, is_end: bool = False) -> None:
            text = flows[stream].text(data, is_end)
            if text or not (data or is_end):  # nothing at all is a sign of life
                self.port.output(number, stream, text)

        def end() -> None:
            for stream in flows:
                hear(stream, b"", True)

        return process.Listening(hear, end)

    # -- telling -----------------------------------------------------------------------------------------------------

    def _tell(self, number: int, status: str, change: Optional[Change] = None, **more: Any) -> None:
        with shielded():
            step = self.steps[number]
            step.status = status
            if status == UNKNOWN and not step.maybe_told_by:
                self._notify(number, UNKNOWN)
            took = int((time.monotonic() - step.started) * 1000) if step.started else 0
            action = change.action if change else more.pop("action", more.get("refreshed", "").partition(":")[0])
            if self.held is not None and status == PENDING:
                more["fingerprint"] = planned.fingerprint(self.held.key, change)
            event = self.teller.event(number, status, step.resource, change, hides=step.node.hides, action=action,
                                      took_ms=took, **more)
            if self.mode == APPLY:
                self.journal.after(event)
            self.port.event(event)

    def _tell_error(self, number: int, error: BaseException, change: Optional[Change] = None,
                    given: Optional[Mapping[str, Any]] = None) -> None:
        status, more = of_error(self.steps[number].node.type, error, given)
        self._tell(number, status, change, **more)

    def _rest_not_begun(self, number: int) -> None:
        for i in range(number, len(self.steps)):
            if not self.steps[i].status:
                self._tell(i, INTERRUPTED, message=END_UNKNOWN if self.steps[i].is_begun else NOT_BEGUN)


class _Rehearsal:
    """Stands between a plan that is made once more and the controller: keeps its events, brings it contents."""

    def __init__(self, port: Port) -> None:
        self.events: List[Event] = []
        self.fetch, self.stopping = port.fetch, port.stopping

    def event(self, event: Event) -> None:
        self.events.append(event)

    def output(self, node: int, stream: str, text: str) -> None:
        """What a command that only looks prints is heard when it is run for good."""


_NOTHING: Any = object()


def together_is_single(resource: Resource) -> bool:
    """Whether an error of `converge` is this resource's own: a type that changes many at once may fail for one and
    still have brought the others about."""
    return resource.converge_many is None


def _not_settled(node: Node, left: Optional[Change]) -> Failed:
    fields: Sequence[Field] = left.fields if left else ()
    said = "; ".join("%s: planned %s, found %s" % (field.name, _short(field.after), _short(field.before))
                     for field in fields)
    return Failed("still not as declared after the change%s" % (": " + said if said else ""))


def _short(value: Any) -> str:
    text = values.describe(value) if not isinstance(value, bytes) else "%d bytes" % len(value)
    return text.strip("`")


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
