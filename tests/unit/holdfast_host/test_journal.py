"""What a host remembers, on a disk that is full: whole lines or none, and nothing changed that is not written down.

The limit on the size of a file stands for a full disk: the kernel cuts a write short and refuses the next, as there.
"""
from __future__ import annotations

import contextlib
import json
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast_host import journal, protocol
from holdfast_host.errors import Failed
from holdfast_host.graph import CHANGED, FAILED, Event, Node

NODES = [Node(f"file: /{number}", "file", {"path": f"/{number}"}) for number in range(3)]


@contextlib.contextmanager
def room(size: int) -> Iterator[None]:
    """No file can grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def begun(folder: Path, run: str = "run-1") -> journal.Journal:
    book = journal.Journal(str(folder), run, "ann@desk", NODES, bytes(32))
    book.before([0])
    return book


def path(folder: Path, run: str = "run-1") -> Path:
    return folder / "journal" / f"{run}.jsonl"


@pytest.mark.parametrize("more", [0, 1, 5, 30])
def test_line_that_does_not_fit_is_not_there_at_all(tmp_path: Path, more: int) -> None:
    book = begun(tmp_path)
    whole = path(tmp_path).read_bytes()
    with room(len(whole) + more):
        book.after(Event(0, CHANGED, message="m" * 100))
        assert path(tmp_path).read_bytes() == whole
        with pytest.raises(Failed, match="cannot write down on this host what is about to be changed: "):
            book.before([1] * 10)
    book.after(Event(1, FAILED))
    book.end("failed")
    story, = journal.uncollected(str(tmp_path))
    assert story["status"] == "failed"
    assert [event[:2] for event in story["events"]] == [[1, "failed"], [0, "interrupted"]]
    assert story["events"][1][3]["message"] == "begun, and its end is not known: look anew"


def test_run_that_cannot_be_begun_leaves_no_trace(tmp_path: Path) -> None:
    book = journal.Journal(str(tmp_path), "run-1", "ann@desk", NODES, bytes(32))
    book.after(Event(0, "ok"))
    with room(20), pytest.raises(Failed):
        book.before([1])
    assert journal.uncollected(str(tmp_path)) == []
    book.before([1])  # there is room again
    book.end("changed")
    story, = journal.uncollected(str(tmp_path))
    assert [event[:2] for event in story["events"]] == [[0, "ok"], [1, "interrupted"]]


def test_promise_that_cannot_be_written_down_is_none(tmp_path: Path) -> None:
    ledger = journal.Ledger(str(tmp_path))
    ledger.promise("run-1", "file: /0", NODES[1:2], 1.0)
    with room(10), pytest.raises(Failed):
        ledger.promise("run-1", "file: /0", NODES[2:], 1.0)
    with room(0), pytest.raises(Failed):
        ledger.retract("file: /0", ["file: /1"])
    assert set(ledger.owed) == set(journal.Ledger(str(tmp_path)).owed) == {"file: /1"}


def test_damaged_ledger_is_told(tmp_path: Path) -> None:
    (tmp_path / "owed.json").write_text('{"service: nginx": {"since"')
    with pytest.raises(Failed, match=r"owed\.json.* is damaged"):
        journal.Ledger(str(tmp_path))


def test_last_line_that_lost_power_is_left_out(tmp_path: Path) -> None:
    book = begun(tmp_path)
    book.after(Event(0, CHANGED))
    with path(tmp_path).open("ab") as stream:
        stream.write(b'{"before":1}\n{"aft')
    story, = journal.uncollected(str(tmp_path))
    assert [event[:2] for event in story["events"]] == [[0, "changed"], [1, "interrupted"]]


def test_hundreds_of_journals_are_told_in_turn_and_fit_into_a_frame(tmp_path: Path) -> None:
    for number in range(journal.KEPT + 50):
        book = begun(tmp_path, f"run-{number}")
        book.after(Event(0, CHANGED, outputs={"stdout": "x" * 50_000}))
        book.end("changed")
        os.utime(path(tmp_path, f"run-{number}"), (number, number))
    told: list[str] = []
    contacts = 0
    while found := journal.uncollected(str(tmp_path)):
        contacts += 1
        protocol.pack({"kind": "hello", "major": 1, "minor": 1, "unfinished": found})
        told += [story["run"] for story in found]
        for story in found:
            journal.forget(str(tmp_path), story["run"])
    assert sorted(told) == sorted(f"run-{number}" for number in range(50, journal.KEPT + 50)), "the oldest go first"
    assert contacts > 1, "the control: they were too many for one frame"


def test_journal_that_is_larger_than_a_frame_is_told_without_its_contents(tmp_path: Path) -> None:
    book = begun(tmp_path)
    for _ in range(20):
        book.after(Event(0, FAILED, error="Failed", message="m" * 2000, outputs={"stdout": "x" * 1_000_000}))
    book.end("failed")
    assert path(tmp_path).stat().st_size > protocol.MAX_FRAME
    found = journal.uncollected(str(tmp_path))
    protocol.pack({"kind": "hello", "major": 1, "minor": 1, "unfinished": found})
    event = found[0]["events"][-1]
    assert event[:2] == [0, "failed"] and event[3] == {"error": "Failed", "message": "m" * journal.TEXT_CHARS}
    json.dumps(found)
