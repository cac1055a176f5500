"""What every resource type promises, on a real host: the plan is what apply then does, a second apply changes nothing,
drift by hand is seen and healed, and a run that is killed halfway is made good by the next."""
from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import holdfast
from holdfast.documents.types import Types
from holdfast.executor.model import HostResult
from holdfast.problems import Problem
from holdfast_host.graph import Event
from tests.contract.case import Case
from tests.contract.cases import APART, CASES, ELSEWHERE
from tests.lab import Lab, LabHost
from tests.lab.tracing import killing

pytestmark = pytest.mark.lab

class Desk:
    """A project folder that declares one state at a time for one host."""

    def __init__(self, folder: Path, lab: Lab, host: LabHost) -> None:
        self.folder, self.host = folder, host
        (folder / "playbooks").mkdir()
        (folder / "inventory.yml").write_text(lab.inventory())

    def declare(self, case: Case, resources: str) -> None:
        for name, content in case.contents:
            data = content.encode() if isinstance(content, str) else content
            (self.folder / "playbooks" / name).write_bytes(data)
        body = textwrap.indent(textwrap.dedent(resources).strip("\n"), "  ")
        (self.folder / "playbooks" / "case.yml").write_text(f"state: case\ntargets: h1\nresources:\n{body}\n")

    def run(self, mode: holdfast.Mode) -> HostResult:
        with holdfast.load(self.folder, inventory=[self.folder / "inventory.yml"]) as project:
            result, = project.run(mode).results
        return result


@pytest.fixture
def desk(tmp_path: Path, lab: Lab, host: LabHost) -> Desk:
    return Desk(tmp_path, lab, host)


def shown(event: Event) -> tuple[object, ...]:
    """What a plan and a run must agree in."""
    return event.action, event.fields, event.diffs, event.refreshed


def applied_as_planned(desk: Desk, planned: HostResult | None = None) -> HostResult:
    """planned: what was planned just now; None: it is still to be."""
    planned = planned or desk.run("plan")
    done = desk.run("apply")
    assert done.status in {"ok", "changed"}, [(r.id, r.event.message) for r in done.results if r.event.message]
    for before, after in zip(planned.results, done.results, strict=True):
        assert before.id == after.id
        if before.event.status == "pending" and before.event.message:  # with a caveat: another may do it first
            assert "may change it first" in before.event.message and after.event.status in {"changed", "ok"}, before.id
        elif before.event.status == "pending":
            assert after.event.status == "changed", f"{before.id} was planned and did not happen"
            assert shown(before.event) == shown(after.event), before.id
        elif before.event.status == "ok":
            assert after.event.status == "ok", f"{before.id} was not planned"
        else:
            assert before.event.status == "unknown" and "not known before" in before.event.message, before.event
    return done


def statuses(result: HostResult) -> set[str]:
    return {found.event.status for found in result.results}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_type_keeps_its_promise(case: Case, desk: Desk) -> None:
    promise_is_kept(case, desk)


def promise_is_kept(case: Case, desk: Desk) -> None:
    if case.before:
        desk.host.run(case.before)
    desk.declare(case, case.present)
    witness = desk.host.witness()
    assert not case.is_there(witness), "the control: it is not there yet"
    assert applied_as_planned(desk).status == "changed"
    assert case.is_there(witness)
    assert statuses(desk.run("apply")) == {"ok"}, "a second apply changes nothing"
    for command in case.sabotage:
        desk.host.run(command)
        planned = desk.run("plan")
        assert planned.status == "pending", f"not seen as drift: {command}"
        applied_as_planned(desk, planned)
        assert case.is_there(witness), f"not healed: {command}"
        assert statuses(desk.run("plan")) == {"ok"}, command
    if case.absent:
        desk.declare(case, case.absent)
        assert applied_as_planned(desk).status == "changed"
        assert not case.is_there(witness)
        assert statuses(desk.run("apply")) == {"ok"}


def declared(resources: str) -> Iterator[tuple[str, set[str]]]:
    """(type, arguments) of each resource of a case."""
    for resource in yaml.safe_load(textwrap.dedent(resources)) or ():
        type, *arguments = resource
        yield type, set(arguments) - {"notify", "watch", "requires", "when"}


def one_for_each_type() -> Iterator[Case]:
    seen: set[str] = set()
    for case in CASES:
        types = {type for type, _ in declared(case.present)}
        if types - seen:
            yield case
        seen |= types


def killed_at_its_first_change(desk: Desk, case: Case) -> None:
    """An apply that is killed when it has written down that it is about to change something."""
    desk.declare(case, case.absent)
    assert desk.run("apply").status in {"ok", "changed"}
    if case.before:
        desk.host.run(case.before)
    desk.declare(case, case.present)
    with killing(desk.host, "fdatasync"):
        killed = desk.run("apply")
    assert killed.status == "unreachable", "the control: it was killed"


@pytest.mark.parametrize("case", list(one_for_each_type()), ids=lambda case: case.id)
def test_run_killed_at_its_first_change_is_made_good_by_the_next(case: Case, desk: Desk) -> None:
    killed_run_is_made_good(case, desk)


def killed_run_is_made_good(case: Case, desk: Desk) -> None:
    killed_at_its_first_change(desk, case)
    assert desk.run("apply").status in {"ok", "changed"}
    assert case.is_there(desk.host.witness())
    assert statuses(desk.run("apply")) == {"ok"}
    left = desk.host.run("find / -xdev -name '.*.holdfast' 2>/dev/null").stdout
    assert left.strip() == "", "a temporary file is left behind"
    desk.declare(case, case.absent)
    assert desk.run("apply").status == "changed"


def test_every_argument_of_every_built_in_type_is_in_a_case() -> None:
    in_cases: dict[str, set[str]] = {}
    for case in CASES:
        for type, arguments in (*declared(case.present), *declared(case.absent)):
            in_cases.setdefault(type, set()).update(arguments)
    types = {name: found for name, found in Types().items() if not isinstance(found, Problem)}
    missing = {f"{name}.{argument}" for name, found in types.items() for argument in found._args_
               if argument != found.named and argument not in in_cases.get(name, set())
               and (name, argument) not in ELSEWHERE}
    assert missing == set()
    assert set(in_cases) >= set(types) - set(APART), "a type without a case"
