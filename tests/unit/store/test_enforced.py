"""What scheduled enforcement keeps, in SQLite and in PostgreSQL: drift until it is over, holds, how hosts stand."""
from __future__ import annotations

from typing import Any

from holdfast.documents.loading import load_text
from holdfast.documents.types import Types
from holdfast.enforcement.announcing import announce
from holdfast.executor.model import HostResult, Result, RunStarted
from holdfast.store import Store, enforced, rows
from holdfast_host.graph import Event

X = "file: /x"
TEXT = "association: k\ndocuments: base\nevery: 5m\nhooks:\n  - command: tell\n  - email: a@b\n    on: [failed]\n"


def row(host: str, **more: Any) -> dict[str, Any]:
    return {"host": host, "digest": rows.digest_of(X), "id": X, "first_seen": 10.0, "run": "look", "association": "k",
            "cause": "corrective", "action": "update", "fields": [["mode", "0600", "0644"]], "diffs": None,
            "stopped": None, "told": "", **more}


def standing(host: str, status: str, told: str = "") -> dict[str, Any]:
    return {"association": "k", "host": host, "status": status, "asked": 20.0, "good": None, "since": 20.0,
            "message": "no route", "told": told}


def test_drift_is_open_until_a_run_makes_it_right_or_it_is_found_so(store_at: str) -> None:
    with Store.open(store_at) as store:
        store.write({"seen": [row("a"), row("b"), row("c")]}).result()
        store.write({"seen": [row("a", first_seen=99.0, cause="intended", stopped=50.0, told="drift")]}).result()
        one = store.ask(lambda connection: enforced.open_drift(connection, ["a"]))[0]
        assert (one.first_seen, one.cause, one.stopped, one.told) == (10.0, "intended", 50.0, ""), "first stays first"
        assert one.fields == (("mode", "0600", "0644"),)
        store.begin_run(RunStarted("run", "apply", ("a", "b"), "enforce k by x@y", 30.0)).result()
        store.keep("run", HostResult("a", "changed", (Result(X, None, Event(0, "changed")),))).result()
        store.keep("run", HostResult("b", "failed", (Result(X, None, Event(0, "failed")),))).result()
        this = {"host_": "c", "digest_": rows.digest_of(X)}
        store.write({"over": [{**this, "now_": 40.0, "by_": ""}], "gone": [this]}).result()
        over = {one.host: one for one in store.ask(lambda connection: enforced.history(connection, None, 0.0))}
        assert [one.host for one in store.ask(enforced.open_drift)] == ["b"]
        assert over["a"].is_repair and over["a"].ended_by == "run" and not over["c"].is_repair
        store.write({"forgive": [{"host_": "a", "digest_": rows.digest_of(X), "now_": 60.0}]}).result()
        assert store.ask(lambda connection: enforced.history(connection, ["a"], 0.0))[0].stopped is not None
        assert store.ask(enforced.healed_counts) == {("k", "intended"): 1, ("k", "corrective"): 1}


def test_of_the_past_only_what_differs_now_is_read_and_not_what_it_was(store_at: str) -> None:
    over = [row(host, id=id_, digest=rows.digest_of(id_), ended=float(at), ended_by="")
            for at, (host, id_) in enumerate([("a", X), ("a", "file: /y"), ("b", X), ("a", X), ("c", "file: /y")], 20)]
    with Store.open(store_at) as store:
        store.write({"met": over}).result()
        asked = {"a": {X}, "c": {"file: /y"}}
        found = store.ask(lambda connection: enforced.past(connection, asked, 21.0))
        assert [(one.host, one.id, one.ended, one.fields) for one in found] == [
            ("c", "file: /y", 24.0, ()), ("a", X, 23.0, ())]
        many = {"a": {X, *(f"file: /{number}" for number in range(600))}}
        assert len(store.ask(lambda connection: enforced.past(connection, many, 0.0))) == 2


def test_holds_end_and_settled_nodes_are_replaced(store_at: str) -> None:
    hold = {"host": "a", "digest": rows.digest_of(X), "id": X, "until": 100.0, "owner": "ada", "why": "w", "made": 1.0}
    with Store.open(store_at) as store:
        store.write({"hold": [hold]}).result()
        store.write({"hold": [{**hold, "until": 200.0}], "settled": [{"host": "a", "nodes": {X: "1"}}]}).result()
        store.write({"settled": [{"host": "a", "nodes": {X: "2"}}],
                     "round": [{"association": "k", "due": 5.0}]}).result()
        assert store.ask(lambda connection: enforced.settled_nodes(connection, ["a", "b"])) == {"a": {X: "2"}}
        assert [one.until for one in store.ask(lambda connection: enforced.active_holds(connection, 150.0))] == [200.0]
        assert store.ask(lambda connection: enforced.active_holds(connection, 200.0)) == ()
        assert store.ask(enforced.rounds_due) == {"k": 5.0}


def test_each_thing_is_put_down_for_its_hooks_once(store_at: str) -> None:
    (association,), problems = load_text(TEXT, "a.yml", Types())
    assert not problems
    with Store.open(store_at) as store:
        store.write({"seen": [row("a"), row("b", cause="intended"), row("c", stopped=11.0)],
                     "kept": [standing("a", "good"), standing("d", "unreachable")]}).result()
        told: list[tuple[str, str]] = []
        for _ in range(2):
            announce(store, association, {"key": "no route"}, lambda one: told.append((one["event"], one["host"])))
        assert sorted(told) == [("drift", "a"), ("drift", "c"), ("failed", "d"), ("fight", "c")]
        waiting = store.ask(enforced.waiting)
        assert len(waiting) == 2, "the oldest for each of the two hooks"
        mail = next(one for one in waiting if one.event["event"] == "failed")
        assert mail.event["message"] == "«key»", "secrets are masked"
        assert store.ask(enforced.waiting_count) == 5
        this = {"host_": "a", "digest_": rows.digest_of(X)}
        store.write({"over": [{**this, "now_": 40.0, "by_": ""}], "gone": [this],
                     "kept": [standing("d", "good", "unreachable")],
                     "delivered": [{"number_": mail.number}]}).result()
        announce(store, association, {}, lambda one: told.append((one["event"], one["host"])))
        assert told[4:] == [("healed", "a")] and store.ask(enforced.waiting_count) == 5
