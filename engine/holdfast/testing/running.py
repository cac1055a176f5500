"""One test from the first host that boots to the last witness."""
from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.executor.model import CHANGES, HostResult, RunDone
from holdfast.inventory.model import Inventory
from holdfast.inventory.sources import find
from holdfast.problems import Problem, Problems
from holdfast.project import NO_FACTS_KEPT, Project, load
from holdfast.testing import hosts
from holdfast.testing.model import Case, CaseResult, Outcome, Step
from holdfast.testing.vandal import Vandalism, vandalism
from holdfast.testing.witness import witnessed

if TYPE_CHECKING:
    from holdfast.testing.lab import Lab

Say = Callable[[Step], None]
Details = list[str]
ADDRESS, USER, KEY, KNOWN, CONFIG = (
    "ansible_host", "ansible_user", "ansible_ssh_private_key_file", "holdfast_known_hosts", "holdfast_ssh_config")
UNBROKEN = "nothing here that Holdfast knows how to break; say how: `break: [{run: COMMAND}]`"


class Failed(Exception):
    """A step has not come to what it should. The lines say why."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(lines))


def refuse(test: Case, folder: Path, inventory: Sequence[str], settings: Mapping[str, object]) -> Inventory:
    """The hosts of the test as they will be, when its documents can be compiled for them. Raises Problems."""
    sources = list(inventory) or (find(folder) if (folder / "inventory").exists() else [])
    declared = hosts.declared(test, sources)
    with environment(test), _project(test, folder, declared, settings) as project:
        aimed = project.validate(test.documents).hosts
        unknown = [Problem(str(wrong), one.place, "as in `on: role=web`") for one in test.breaks
                   for wrong in _unselectable(project, one.on)]
    spare = [Problem(f"no document of the test is for the host `{host.name}`", host.place,
                     "give it the tags or groups that they target, or take it out")
             for host in test.hosts if host.name not in aimed]
    if spare or unknown:
        raise Problems([*spare, *unknown])
    return declared


def _unselectable(project: Project, on: str) -> Iterator[str]:
    try:
        project.select(on)
    except Problems as wrong:
        yield from (problem.what for problem in wrong.problems)


def run_test(test: Case, folder: Path, declared: Inventory, settings: Mapping[str, object], say: Say, *,
             keep: bool = False) -> tuple[CaseResult, str]:
    """What became of the test, and with keep the file with which ssh finds its hosts. Raises lab.LabError where there
    cannot be hosts."""
    from holdfast.testing.lab import Lab  # noqa: PLC0415  # nothing else needs it

    began = time.monotonic()
    lab = Lab.up(f"test-{os.getpid()}-{test.name.lower()[:12].strip('-.').replace('.', '-').replace('_', '-')}",
                 list(declared.hosts), owner=None if keep else os.getpid())
    try:
        steps = [Step("hosts", "passed", time.monotonic() - began, tuple(lab.hosts))]
        say(steps[0])
        with environment(test), _project(test, folder, hosts.reached(declared, ways(lab)), settings) as project:
            steps += _Story(test, project, lab).tell(say)
    finally:
        if not keep:
            lab.down()
    return CaseResult(test.name, tuple(steps)), str(lab.ssh_config) if keep else ""


def ways(lab: Lab) -> hosts.Reached:
    """How throwaway hosts are reached. No settings of the user's own ssh have a say."""
    return {name: {ADDRESS: host.address, USER: "root", KEY: str(lab.key), KNOWN: str(lab.known_hosts),
                   CONFIG: os.devnull} for name, host in lab.hosts.items()}


@contextmanager
def _project(test: Case, folder: Path, inventory: Inventory, settings: Mapping[str, object]) -> Iterator[Project]:
    """The user's project with the test's hosts and a history of its own."""
    with tempfile.TemporaryDirectory(prefix="holdfast-test-") as store:
        project = load(folder, set={**test.variables, **settings}, store=f"{store}/holdfast.db")
        with project.with_inventory(inventory) as with_hosts:
            yield with_hosts


@contextmanager
def environment(test: Case) -> Iterator[None]:
    """The test's variables of the process, for as long as this lasts."""
    before = dict(os.environ)
    os.environ.update(test.environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class _Story:
    """The steps of one test, in order; after one that failed nothing more is known, so the rest is skipped."""

    def __init__(self, test: Case, project: Project, lab: Lab) -> None:
        self.test, self.project, self.lab = test, project, lab
        self.broken: dict[str, list[Vandalism]] = {}

    def tell(self, say: Say) -> list[Step]:
        steps: list[Step] = []
        for name, act in (("apply", self._apply), ("apply again", self._apply_again), ("break", self._break),
                          ("drift", self._drift), ("heal", self._heal), ("witnesses", self._witnesses)):
            began = time.monotonic()
            outcome: Outcome
            if any(step.outcome == "failed" for step in steps):
                outcome, details = "skipped", ["a step before it failed"]
            else:
                outcome, details = _outcome(act)
            steps.append(Step(name, outcome, time.monotonic() - began, tuple(details)))
            say(steps[-1])
        return steps

    def _apply(self) -> Details:
        done = self._run("apply")
        _must(done, {"ok", "changed"})
        count = sum(len(host.changes) for host in done.results)
        return [f"{count} {'resource' if count == 1 else 'resources'} changed"]

    def _apply_again(self) -> Details:
        _must(self._run("apply"), {"ok"}, "changed again; what is in state has to be left alone")
        return ["nothing changed"]

    def _break(self) -> Details:
        said = []
        for one in self.test.breaks:
            for host in self.project.select(one.on):
                self._vandalize(host, one.command)
                self.broken.setdefault(host, [])
                said.append(f"{host}: {one.command}")
        if self.test.breaks:
            return said
        for host in self.lab.hosts:
            for deed in vandalism(self.project.graph(host, self.test.documents).nodes):
                self._vandalize(host, deed.command)
                self.broken.setdefault(host, []).append(deed)
                said.append(f"{host}: {deed.command}")
        return said

    def _vandalize(self, host: str, command: str) -> None:
        ended = self.lab.hosts[host].run(command, check=False)
        if ended.returncode:
            raise Failed([f"{host}: could not be broken: {command}", *ended.stderr.splitlines()[-5:]])

    def _drift(self) -> Details:
        if not self.broken:
            return []
        seen = {host.host: host for host in _must(self._run("plan"), {"ok", "pending"}).results}
        missed = [f"{host}: {deed.id} was broken and drift does not see it ({deed.command})"
                  for host, deeds in self.broken.items() for deed in deeds
                  if deed.id not in _differing(seen[host])]
        missed += [f"{host}: it was broken and drift sees nothing: no document declares what was broken"
                   for host in self.broken if not _differing(seen[host])]
        if missed:
            raise Failed(missed)
        return [f"{name}: {id}" for name, host in seen.items() for id in _differing(host)]

    def _heal(self) -> Details:
        if not self.broken:
            return []
        healed = _must(self._run("apply"), {"ok", "changed"})
        _must(self._run("plan"), {"ok"}, "still differs after it was applied")
        return [f"{host.host}: {one}" for host in healed.results for one in host.changes]

    def _witnesses(self) -> Details:
        if not self.test.witnesses:
            return []
        failed, lines = witnessed(self.test.witnesses, list(self.lab.hosts), self.lab.ssh_config)
        if failed:
            raise Failed(lines)
        return lines

    def _run(self, mode: str) -> RunDone:
        return self.project.run("apply" if mode == "apply" else "plan", self.test.documents, kept_facts_s=NO_FACTS_KEPT)


def _outcome(act: Callable[[], Details]) -> tuple[Outcome, Details]:
    try:
        details = act()
    except Failed as failed:
        return "failed", list(failed.lines)
    except Problems as wrong:
        return "failed", [f"{one.place or ''}: {one.what}" for one in wrong.problems]
    return ("passed", details) if details else ("skipped", [])


def _differing(host: HostResult) -> list[str]:
    return [one.id for one in host.results if one.status in CHANGES]


def _must(done: RunDone, statuses: set[str], why: str = "") -> RunDone:
    """The run itself, when all hosts have one of these statuses. Raises Failed."""
    lines = [f"the run stopped: {done.stopped}"] if done.stopped else []
    for host in done.results:
        if host.status in statuses:
            continue
        lines.append(f"{host.host}: {host.status}" + (f": {host.message}" if host.message else ""))
        lines += [f"{host.host}: {one.id}: {why or one.event.message or one.status}" + (f" ({one.place})" if one.place
                  else "") for one in host.results if one.status not in ("ok", *(statuses & {"changed", "pending"}))]
    if lines:
        raise Failed(lines)
    return done
