"""What a run on one host does and says: real files, the real runner, no transport."""
from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from holdfast_host import files, journal, library, values
from holdfast_host.errors import Interrupted
from holdfast_host.graph import Event, Node
from holdfast_host.runner import Runner
from holdfast_host.values import Blob, Join, Output, SecretRef, to_wire

TYPES = Path(__file__).parent / "types"


class Desk:
    """Stands where the controller would be."""

    def __init__(self, contents: Mapping[str, bytes], stop_after: int | None) -> None:
        self.events: list[Event] = []
        self.asked: list[list[str]] = []
        self.contents, self.stop_after = contents, stop_after

    def event(self, event: Event) -> None:
        self.events.append(event)

    def output(self, node: int, stream: str, text: str) -> None:
        pass

    def fetch(self, blobs: Sequence[str]) -> None:
        self.asked.append(list(blobs))
        for name in blobs:
            if name not in self.contents:
                raise Interrupted("gone")
            Blob.hold(name, self.contents[name])

    def stopping(self) -> bool:
        return self.stop_after is not None and len(self.events) >= self.stop_after


class Host:
    """A folder that plays the host."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state, self.runs = folder / "root", folder / "state", 0
        self.folder.mkdir()
        self.state.mkdir()
        self.desk: Desk
        self.status = ""

    def node(self, type: str, name: str, *, needs: Sequence[int] = (), notifies: Sequence[int] = (),
             limit_s: float | None = None, **args: Any) -> Node:
        path = str(self.folder / name)
        own = {"name": name, "folder": str(self.folder)} if type == "pack" else {"path": path}
        return Node(f"{type}: {name}", type, to_wire({**own, **args}), tuple(needs), tuple(notifies), limit_s)

    def do(self, mode: str, *nodes: Node, secrets: Mapping[str, str] | None = None,
           contents: Mapping[str, bytes] | None = None, stop_after: int | None = None) -> list[Event]:
        self.runs += 1
        run = f"run-{self.runs}"
        self.desk = Desk(contents or {}, stop_after)
        book = journal.Journal(str(self.state), run, "test", nodes, bytes(32))
        runner = Runner(nodes, mode, secrets or {}, self.desk, journal.Ledger(str(self.state)), book, run)
        self.status = runner.go()
        if mode == "apply":
            book.end(self.status)
        files.look_away()
        return self.desk.events

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def owed(self) -> dict[str, Any]:
        return dict(journal.Ledger(str(self.state)).owed)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A process of its own, as a runner has one: it finds its own types, not those that the controller's side of this
    test process has imported, and holds no content yet."""
    monkeypatch.syspath_prepend(TYPES)
    for name in [name for name in sys.modules if name.partition(".")[0] == "holdfast_modules"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(library, "_found", {})
    monkeypatch.setattr(values, "_held", {})
    return Host(tmp_path)


def statuses(events: Sequence[Event]) -> list[str]:
    return [event.status for event in sorted(events, key=lambda e: e.node)]


def test_plan_says_what_apply_then_does_and_writes_nothing(host: Host) -> None:
    nodes = [host.node("folder", "d"), host.node("note", "d/a", needs=[0], text="hello\n")]
    planned = host.do("plan", *nodes)
    assert statuses(planned) == ["pending", "pending"], "a file in a folder that is only planned can be foretold"
    assert os.listdir(host.folder) == [] and os.listdir(host.state) == []
    done = host.do("apply", *nodes)
    assert statuses(done) == ["changed", "changed"]
    assert [(e.action, e.fields, e.diffs) for e in done] == [(e.action, e.fields, e.diffs) for e in planned]
    assert done[1].diffs == (("content", "@@ -0,0 +1 @@\n+hello\n"),)
    assert host.text("d/a") == "hello\n"
    assert statuses(host.do("apply", *nodes)) == ["ok", "ok"] and host.status == "ok"


def test_what_cannot_be_known_yet_is_said_and_what_is_wrong_fails(host: Host) -> None:
    lost = host.node("note", "d/a", text="x")
    assert statuses(host.do("plan", lost)) == ["failed"]
    events = host.do("plan", host.node("note", "b", text="x"), lost)
    assert statuses(events) == ["pending", "unknown"]
    assert events[1].message == "not known before note: b; as it is now it fails: has no folder"
    events = host.do("plan", host.node("note", "b", text="x"), host.node("note", "d/a", text="x", needs=[0]))
    assert events[1].message == "not known before note: b", "what it waits for may well bring what it lacks"
    assert host.do("apply", lost)[0].mend == "declare it"


@pytest.mark.parametrize(("newest", "status"), [("1", "ok"), ("2", "changed")])
def test_what_shows_only_when_it_is_done_is_no_change_when_nothing_came_of_it(
        host: Host, newest: str, status: str) -> None:
    (host.folder / "a").write_text("1")
    asks = host.node("asker", "a", newest=newest)
    planned, = host.do("plan", asks)
    assert (planned.status, planned.now) == ("pending", "ok"), "as far as can be seen it is in state"
    done = host.do("apply", asks)
    assert statuses(done) == [status] and host.text("a") == newest and host.owed() == {}
    assert (done[0].action, done[0].fields) == (("refresh", ()) if status == "ok" else ("upgrade", done[0].fields))


def test_what_a_package_may_bring_is_told_with_a_caveat(host: Host) -> None:
    bringer = host.node("bringer", "bringer", brings=str(host.folder / "a"))
    nodes = [bringer, host.node("note", "a", text="x"), host.node("note", "b", text="x", needs=[0])]
    planned = host.do("plan", *nodes)
    assert [e.message for e in planned] == ["", *["as it is now; bringer: bringer may change it first"] * 2]
    assert planned[1].action == "create" and host.do("apply", *nodes)[1].action == "update"
    (host.folder / "b").write_text("y")
    control, = host.do("plan", host.node("note", "b", text="x", needs=[]))
    assert (control.status, control.message) == ("pending", "")


def test_nothing_to_do_only_because_it_is_not_there_yet_is_not_called_in_state(host: Host) -> None:
    nodes = [host.node("bringer", "bringer", brings=str(host.folder / "pupil")), host.node("pupil", "pupil", needs=[0])]
    assert [(e.status, e.message) for e in host.do("plan", *nodes)][1] == (
        "unknown", "not known before bringer: bringer")
    assert statuses(host.do("apply", *nodes)) == ["changed", "changed"]
    assert statuses(host.do("plan", *nodes)) == ["ok", "ok"]
    assert statuses(host.do("plan", host.node("pupil", "none"))) == ["ok"], "the control: nobody brings it"


def test_what_is_removed_with_another_is_told_with_a_caveat(host: Host) -> None:
    pupil = host.folder / "pupil"
    host.do("apply", host.node("bringer", "bringer", brings=str(pupil)))
    nodes = [host.node("bringer", "bringer", brings=str(pupil), state="absent"), host.node("pupil", "pupil")]
    assert host.do("plan", *nodes)[1].message == "as it is now; bringer: bringer may change it first"
    assert statuses(host.do("apply", *nodes)) == ["changed", "ok"]


def test_failure_stops_what_needs_it_and_nothing_else(host: Host) -> None:
    events = host.do("apply", host.node("note", "a", text="x", crash=True), host.node("note", "b", text="x", needs=[0]),
                     host.node("note", "c", text="x", needs=[1]), host.node("note", "d", text="x"))
    assert statuses(events) == ["failed", "skipped", "skipped", "changed"] and host.status == "failed"
    assert events[0].message == "a defect of type note: ZeroDivisionError: oh"
    assert events[1].message == "needs note: a, which failed"


def test_type_that_lies_is_found_out(host: Host) -> None:
    event, = host.do("apply", host.node("note", "a", text="x", lie=True))
    assert event.status == "failed"
    assert event.message == "still not as declared after the change: content: planned 1 bytes, found nothing"


def test_resource_over_its_time_limit_is_ended(host: Host) -> None:
    slow = host.node("note", "a", text="x", slow_s=30, limit_s=0.2)
    events = host.do("apply", slow, host.node("note", "b", text="x"))
    assert statuses(events) == ["timed_out", "changed"]
    assert "limit of 0.2 s" in events[0].message


def test_stop_lets_the_rest_untouched(host: Host) -> None:
    nodes = [host.node("note", name, text="x") for name in "abc"]
    assert statuses(host.do("apply", *nodes, stop_after=1)) == ["changed", "interrupted", "interrupted"]
    assert os.listdir(host.folder) == ["a"] and host.status == "interrupted"


def test_notified_once_for_many_changes_and_not_without(host: Host) -> None:
    nodes = [host.node("note", "a", text="x", notifies=[2]), host.node("note", "b", text="x", notifies=[2]),
             host.node("daemon", "d")]
    planned = host.do("plan", *nodes)
    assert planned[2].status == "pending" and planned[2].refreshed == "restart: note: a, note: b"
    done = host.do("apply", *nodes)
    assert (done[2].status, done[2].refreshed) == ("changed", planned[2].refreshed)
    assert host.text("d") == "restart\n" and host.owed() == {}
    assert statuses(host.do("apply", *nodes)) == ["ok", "ok", "ok"] and host.text("d") == "restart\n"


def test_notification_that_could_not_be_carried_out_is_owed_and_paid_at_next_contact(host: Host) -> None:
    note = host.node("note", "a", text="x", notifies=[1])
    assert statuses(host.do("apply", note, host.node("daemon", "d", broken=True))) == ["changed", "failed"]
    assert list(host.owed()) == ["daemon: d"]
    planned = host.do("plan", note, host.node("daemon", "d"))
    assert planned[1].status == "pending" and "note: a (owed since " in planned[1].refreshed
    paid = host.do("apply", note, host.node("daemon", "d"))
    assert statuses(paid) == ["ok", "changed"] and host.text("d") == "restart\n" and host.owed() == {}


def test_notification_survives_a_stop(host: Host) -> None:
    nodes = [host.node("note", "a", text="x", notifies=[1]), host.node("daemon", "d")]
    assert statuses(host.do("apply", *nodes, stop_after=1)) == ["changed", "interrupted"]
    assert statuses(host.do("apply", *nodes)) == ["ok", "changed"] and host.text("d") == "restart\n"


def test_failed_change_that_changed_nothing_notifies_nobody(host: Host) -> None:
    nodes = [host.node("note", "a", text="x", crash=True, notifies=[1]), host.node("daemon", "d")]
    assert statuses(host.do("apply", *nodes)) == ["failed", "ok"] and host.owed() == {}


def test_many_of_a_type_are_asked_and_changed_together(host: Host) -> None:
    nodes = [host.node("pack", name) for name in "abc"] + [host.node("note", "n", text="x"), host.node("pack", "d")]
    host.do("apply", *nodes)
    assert host.text("acted") == "xx", "one transaction for the three, one for what stands behind another type"
    (host.folder / "asked").unlink()
    assert set(statuses(host.do("apply", *nodes))) == {"ok"}
    assert host.text("asked") == "x"


def test_of_many_changed_together_those_that_came_true_are_told_as_changed(host: Host) -> None:
    events = host.do("apply", *[host.node("pack", name) for name in ("a", "bad", "z")])
    assert statuses(events) == ["changed", "failed", "failed"]
    assert events[1].message == "bad cannot be installed"


def test_contents_are_asked_for_together_and_only_when_different(host: Host) -> None:
    contents = {hashlib.sha256(data).hexdigest(): data for data in (b"one\n", b"two\n", b"same\n")}
    (host.folder / "c").write_bytes(b"same\n")
    nodes = [host.node("copied", name, source=Blob(hashlib.sha256(data).hexdigest(), len(data)))
             for name, data in (("a", b"one\n"), ("b", b"two\n"), ("c", b"same\n"))]
    assert statuses(host.do("apply", *nodes, contents=contents)) == ["changed", "changed", "ok"]
    assert [len(blobs) for blobs in host.desk.asked] == [2] and host.text("b") == "two\n"


def test_outputs_pass_from_one_to_the_next_and_are_unknown_in_a_plan(host: Host) -> None:
    nodes = [host.node("note", "a", text="four"),
             host.node("note", "b", needs=[0], text=Join(("size ", Output("note: a", "size"))))]
    planned = host.do("plan", *nodes)
    assert statuses(planned) == ["pending", "unknown"] and planned[1].message == "not known before note: a"
    host.do("apply", *nodes)
    assert host.text("b") == "size 4"
    assert statuses(host.do("plan", *nodes)) == ["ok", "ok"], "what is in state gives its outputs to a plan"


def test_secrets_reach_the_file_and_nothing_else(host: Host) -> None:
    secret = "hunter2-canary"
    node = host.node("note", "a", text=Join(("user=x\npassword=", SecretRef("db"), "\n")), key=SecretRef("db"))
    events = host.do("plan", node, secrets={"db": secret}) + host.do("apply", node, secrets={"db": secret})
    assert host.text("a") == f"user=x\npassword={secret}\n"
    assert events[0].diffs[0][1] == "@@ -0,0 +1,2 @@\n+user=x\n+password=«db»\n"
    assert events[0].fields == (("key", "«hidden»", "«hidden»"),)
    kept = b"".join(path.read_bytes() for path in host.state.rglob("*") if path.is_file())
    assert kept and secret not in repr(events) and secret.encode() not in kept


def test_journal_tells_what_a_killed_run_left(host: Host) -> None:
    book = journal.Journal(str(host.state), "run-x", "ann", [host.node("note", n, text="x") for n in "ab"], bytes(32))
    book.before([0])
    book.after(Event(0, "changed"))
    book.before([1])
    with open(host.state / "journal" / "run-x.jsonl", "ab") as stream:
        stream.write(b'{"after":[1,"cha')  # the power went while this was written
    story, = journal.uncollected(str(host.state))
    assert (story["run"], story["who"], story["status"]) == ("run-x", "ann", "interrupted")
    assert [event[:2] for event in story["events"]] == [[0, "changed"], [1, "interrupted"]]
    assert journal.uncollected(str(host.state), running="run-x") == []
    journal.forget(str(host.state), "run-x")
    assert journal.uncollected(str(host.state)) == []


def test_half_a_content_that_a_killed_run_was_keeping_is_cleared(host: Host) -> None:
    half, whole = (host.state / "undo" / name for name in (".5eed.holdfast", "5eed"))
    half.parent.mkdir()
    for path in half, whole:
        path.write_text("sealed")
    node = host.node("note", "a", text="x")
    host.do("plan", node)
    assert half.exists(), "a plan writes nothing"
    host.do("apply", node)
    assert not half.exists()
    assert whole.exists(), "the control: what is kept stays"


@pytest.mark.parametrize("run", ["../x", "a/b", "", ".hidden", "x" * 81])
def test_run_id_that_is_no_plain_word_never_becomes_a_file(host: Host, run: str) -> None:
    with pytest.raises(ValueError, match="not a run id"):
        journal.journal_path(str(host.state), run)
