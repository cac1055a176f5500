"""What is put back, what is left alone, and how hosts stand by it."""
from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.compiler.model import HostGraph
from holdfast.declared import Digests, without
from holdfast.documents.association import Damping
from holdfast.documents.schedules import Schedule
from holdfast.enforcement.current import Stands
from holdfast.enforcement.deciding import DAY_S, Findings, Known, findings, is_fight, met, standing
from holdfast.enforcement.keeping import last_due, splay_s
from holdfast.executor.model import HostResult, Result
from holdfast.problems import Place
from holdfast.store.model import STANDINGS, Episode, Standing
from holdfast_host.graph import Event, Node
from holdfast_host.values import Output, to_wire

NOW = 1_000_000.0
REPAIR = Episode("h", "file: /a", 0.0, "r", "x", "corrective", ended=NOW - 60, ended_by="r2", who="enforce x by a@b")


@pytest.mark.parametrize(("past", "is_one"), [
    ([REPAIR] * 3, True),
    ([REPAIR] * 2, False),
    ([REPAIR, REPAIR, replace(REPAIR, ended=NOW - 2 * DAY_S)], False),  # too long ago
    ([REPAIR, REPAIR, replace(REPAIR, who="ada@desk"), REPAIR], False),  # somebody took care
    ([REPAIR, REPAIR, replace(REPAIR, cause="intended"), REPAIR], False),  # the document moved
    ([REPAIR, REPAIR, replace(REPAIR, stopped=NOW - 9), REPAIR], False),  # forgiven
    ([replace(REPAIR, who="", ended_by="")] * 5, False),  # it was found as declared
])
def test_a_fight_is_what_was_put_back_three_times_by_nobody_else(past: list[Episode], is_one: bool) -> None:
    assert is_fight(past, Damping(), 60.0, NOW) is is_one


def looked(status: str, *, settled: bool = True, held: bool = False, past: int = 0, opened: Episode | None = None,
           action: str = "reapply") -> Findings:
    graph = HostGraph("h", (Node("file: /a", "file", {"path": "/a"}),), (Place("x"),))
    declared = Digests().of(graph)
    known = Known({"file: /a": opened} if opened else {}, {"file: /a": [REPAIR] * past}, declared if settled else {},
                  {"file: /a": "held"} if held else {})
    result = HostResult("h", "ok" if status == "ok" else "pending", (Result("file: /a", None, Event(0, status)),))
    return findings(result, graph, declared, known, association="x", is_reapplied=action == "reapply",
                    damping=Damping(), interval_s=60.0, now=NOW)


OPEN = replace(REPAIR, ended=None, ended_by="", who="")


@pytest.mark.parametrize(("found", "decision", "cause", "stands"), [
    (looked("pending"), "repair", "corrective", "good"),
    (looked("pending", settled=False), "repair", "intended", "good"),
    (looked("pending", action="report"), "report", "corrective", "drifted"),
    (looked("pending", held=True, past=3), "held", "corrective", "held"),
    (looked("pending", past=3), "fight", "corrective", "drifted"),
    (looked("pending", opened=replace(OPEN, stopped=NOW - 5)), "fight", "corrective", "drifted"),
    (looked("pending", opened=replace(OPEN, stopped=NOW - 5), settled=False), "repair", "intended", "good"),
])
def test_each_difference_has_one_decision(found: Findings, decision: str, cause: str, stands: str) -> None:
    (verdict,) = found.verdicts
    assert (verdict.decision, verdict.cause) == (decision, cause)
    assert standing("changed", found)[0] == stands


@pytest.mark.parametrize("event", [
    Event(0, "pending", refreshed="restart: file: /a changed"),
    Event(0, "pending", fields=(("version", "1", "the newest"),), now="ok"),  # by lists of packages that are old
])
def test_what_is_only_to_be_told_of_a_change_or_looked_into_is_no_drift(event: Event) -> None:
    graph = HostGraph("h", (Node("service: a", "service", {}),), (Place("x"),))
    result = HostResult("h", "pending", (Result("service: a", None, event),))
    found = findings(result, graph, {}, Known({}, {}, {}, {}), association="x", is_reapplied=True, damping=Damping(),
                     interval_s=60.0, now=NOW)
    assert found.verdicts == () and found.wants_repair
    assert standing("pending", found)[0] == "drifted" and standing("changed", found)[0] == "good"


def test_what_comes_of_what_is_held_is_left_alone_with_it() -> None:
    """The file is held; two services would be told of it, one by way of the other, and a third of an earlier change."""
    graph = HostGraph("h", (Node("file: /a", "file", {"path": "/a"}, notifies=(1,)),
                            Node("service: a", "service", {}, notifies=(2,)), Node("service: b", "service", {}),
                            Node("service: c", "service", {})), (Place("x"),) * 4)
    told = [Result(f"service: {name}", None, Event(number, "pending", refreshed="restart"))
            for number, name in enumerate("abc", 1)]
    held = Known({}, {}, {}, {"file: /a": "held"})

    def stands(*services: Result) -> tuple[tuple[str, ...], bool, str]:
        result = HostResult("h", "pending", (Result("file: /a", None, Event(0, "pending")), *services))
        found = findings(result, graph, {}, held, association="x", is_reapplied=True, damping=Damping(),
                         interval_s=60.0, now=NOW)
        return found.owed, found.wants_repair, standing("pending", found)[0]

    assert stands(*told[:2]) == ((), False, "held")
    assert stands(*told) == (("service: c",), True, "drifted"), "the control: that one is paid"


@pytest.mark.parametrize(("before", "after", "node", "settled", "expected"), [
    ("ok", Event(0, "changed", fields=(("mode", "0777", "0644"),)), {}, True, ["corrective"]),
    ("ok", Event(0, "changed", diffs=(("content", "-a\n"),)), {}, False, ["intended"]),
    ("pending", Event(0, "changed", fields=(("mode", "0777", "0644"),)), {}, True, []),  # the look has told it
    ("ok", Event(0, "changed", refreshed="restart: file: /b changed"), {}, True, []),  # nothing had moved
    ("ok", Event(0, "changed", fields=(("mode", "0777", "0644"),)), {"always": True}, True, []),
    ("ok", Event(0, "failed", fields=(("mode", "0777", "0644"),)), {}, True, []),  # the next look tells it
])
def test_what_moves_between_look_and_repair_is_told_as_well(
        before: str, after: Event, node: dict[str, object], settled: bool, expected: list[str]) -> None:
    graph = HostGraph("h", (Node("file: /a", "file", {"path": "/a", **node}),), (Place("x"),))
    declared = Digests().of(graph)
    results = [HostResult("h", status, (Result("file: /a", None, event),))
               for status, event in (("ok", Event(0, before)), ("changed", after))]
    found = met(*results, graph, declared, Known({}, {}, declared if settled else {}, {}))
    assert [one.cause for one in found] == expected


def test_what_was_stopped_before_it_was_put_back_is_not_good() -> None:
    assert standing("pending", looked("pending"))[0] == "drifted"


def test_what_is_in_state_again_is_over() -> None:
    assert looked("ok", opened=OPEN).over == (OPEN,) and not looked("pending", opened=OPEN).over


@pytest.mark.parametrize("status", ["unknown", "failed", "skipped", "timed_out", "interrupted"])
def test_what_was_not_seen_in_state_is_not_over(status: str) -> None:
    assert looked(status, opened=OPEN).over == ()


@pytest.mark.parametrize(("status", "is_over"), [("ok", True), ("pending", True), ("unreachable", False),
                                                 ("timed_out", False), ("failed", False), ("interrupted", False)])
def test_what_a_host_did_not_tell_of_is_undeclared_only_if_it_told_all(status: str, is_over: bool) -> None:
    graph = HostGraph("h", (), ())
    known = Known({"file: /a": OPEN, "file: /b": replace(OPEN, association="another")}, {}, {}, {})
    found = findings(HostResult("h", status), graph, {}, known, association="x", is_reapplied=True, damping=Damping(),
                     interval_s=60.0, now=NOW)
    assert found.undeclared == ((OPEN,) if is_over else ())


@pytest.mark.parametrize("always", [True, False])
def test_what_acts_in_each_run_is_no_drift(always: bool) -> None:
    graph = HostGraph("h", (Node("command: a", "command", {"always": always}),), (Place("x"),))
    result = HostResult("h", "pending", (Result("command: a", None, Event(0, "pending")),))
    found = findings(result, graph, {}, Known({}, {}, {}, {}), association="x", is_reapplied=True, damping=Damping(),
                     interval_s=60.0, now=NOW)
    assert bool(found.verdicts) is not always


def test_who_stands_as_away_or_unknown_is_not_known() -> None:
    stands = {status: Stands(Standing("x", "h", status, 0.0, None, 0.0)).is_known for status in STANDINGS}
    assert [status for status, is_known in stands.items() if not is_known] == ["unreachable", "unknown"]


@pytest.mark.parametrize("status", ["unreachable", "timed_out", "refused", "interrupted", "untouched", "failed"])
def test_a_host_that_could_not_be_asked_is_never_good(status: str) -> None:
    assert standing(status, looked("ok"))[0] not in ("good", "held")
    assert standing("ok", None)[0] != "good", "nor one of which nothing was found"
    assert standing("ok", looked("ok"))[0] == "good", "the control"


def test_what_is_left_alone_takes_along_only_what_it_gives_values_to() -> None:
    takes = Node("file: /b", "file", to_wire({"content": Output("command: a", "stdout")}), needs=(0,))
    gives, last = Node("command: a", "command", {}, notifies=(2,)), Node("service: c", "service", {}, needs=(0, 1))
    graph = HostGraph("h", (gives, takes, last), (Place("x", 1), Place("x", 2), Place("x", 3)))
    found = without(graph, {"command: a": "held until then"})
    assert [node.id for node in found.nodes] == ["service: c"] and found.nodes[0].needs == ()
    assert [left.id for left in found.left] == ["command: a", "file: /b"] and found.places == (Place("x", 3),)
    assert without(graph, {"file: /z": "held"}) is graph


def test_rounds_that_were_missed_are_made_up_for_by_one() -> None:
    hourly, daily = Schedule(3600.0), Schedule(0.0, "0 * * * *")
    assert last_due(hourly, 0.0, 10.0) == 0.0 and last_due(hourly, 0.0, 9000.0) == 9000.0
    assert daily.after(last_due(daily, 3600.0, 9000.0)) == 10800.0 and last_due(daily, 3600.0, 7000.0) == 3600.0
    minutely = Schedule(0.0, "* * * * *")  # a clock that stood at 1970 until it was set
    assert minutely.after(last_due(minutely, 0.0, 1.8e9)) == 1.8e9 + 60.0
    spread = [splay_s("a", due, Schedule(600.0, splay_s=60.0)) for due in range(100)]
    assert all(0 <= one < 60 for one in spread) and max(spread) - min(spread) > 40
    assert splay_s("a", 1.0, hourly) == 0.0
