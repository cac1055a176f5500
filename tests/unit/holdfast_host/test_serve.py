"""A conversation with a real runner process, under each Python that a host might have."""
from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast_host import protocol
from tests.unit.holdfast_host.pythons import installed
from tests.waiting import until

ROOT = Path(__file__).parents[3]
TYPES = Path(__file__).parent / "types"
START = "import sys; sys.path[:0] = sys.argv[2:]; from holdfast_host.__main__ import main; main(sys.argv[1])"


class Talk:
    """The controller's side."""

    def __init__(self, python: str, folder: Path, before: str = "") -> None:
        start = START.replace("; main", f"; {before}main")
        argv = [python, "-I", "-S", "-c", start, str(folder), str(ROOT / "engine"), str(TYPES)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.protocol = protocol.Connection(protocol.CONTROLLER)
        self.inbox: list[dict[str, Any]] = []

    def say(self, **message: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(self.protocol.send(message))
        self.process.stdin.flush()

    def hear(self, kind: str) -> dict[str, Any]:
        """The next message of this kind; those before it are put aside."""
        assert self.process.stdout is not None
        while True:
            for number, message in enumerate(self.inbox):
                if message["kind"] == kind:
                    return self.inbox.pop(number)
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, f"the runner ended before it said {kind}"
            self.protocol.receive(data)
            self.inbox += self.protocol.messages()

    def hello(self) -> dict[str, Any]:
        self.say(kind="hello", major=1, minor=0, who="test")
        return self.hear("hello")

    def graph(self, run: str, *nodes: dict[str, Any], mode: str = "apply") -> None:
        self.say(kind="graph", run=run, mode=mode, nodes=list(nodes), secrets={}, who="ann@desk", seal="00" * 32)

    def end(self) -> int:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        code = self.process.wait(10)
        self.process.stdout.close()
        return code


def note(path: Path, text: str, **args: Any) -> dict[str, Any]:
    return {"id": f"note: {path.name}", "type": "note", "args": {"path": str(path), "text": text, **args}}


@pytest.fixture(params=installed(), ids=lambda path: Path(path).resolve().name)
def talk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Talk]:
    talk = Talk(request.param, tmp_path / "state")
    yield talk
    talk.process.kill()
    talk.end()


def test_one_conversation_from_hello_to_bye(talk: Talk, tmp_path: Path) -> None:
    assert talk.hello()["unfinished"] == []
    data = b"from the controller\n" * 40000  # more than one part
    name = hashlib.sha256(data).hexdigest()
    arguments = {"path": str(tmp_path / "c"), "source": {"$blob": [name, len(data)]}}
    copied = {"id": "copied: c", "type": "copied", "args": arguments}
    talk.graph("run-1", note(tmp_path / "a", "hello"), copied)
    assert talk.hear("need")["blobs"] == [name]
    for message in protocol.blob_messages(name, data):
        talk.say(**message)
    assert talk.hear("result")["status"] == "changed"
    assert (tmp_path / "a").read_text() == "hello" and (tmp_path / "c").read_bytes() == data
    talk.say(kind="done", run="run-1")
    talk.say(kind="bye")
    assert talk.process.wait(10) == 0
    assert list((tmp_path / "state" / "journal").iterdir()) == []


def test_facts_come_on_request(talk: Talk) -> None:
    talk.hello()
    talk.say(kind="facts")
    assert talk.hear("facts")["facts"]["os"]["kernel"] == os.uname().release


def test_host_is_held_by_one_run_and_says_by_whom(talk: Talk, tmp_path: Path) -> None:
    talk.hello()
    talk.graph("run-1", note(tmp_path / "a", "x", slow_s=20))
    other = Talk(str(talk.process.args[0]), tmp_path / "state")  # type: ignore[index]  # a list, as given above
    try:
        until(lambda: (tmp_path / "state" / "journal" / "run-1.jsonl").exists())
        assert other.hello()["unfinished"] == [], "a run that still goes on has nothing to collect"
        other.graph("run-2", note(tmp_path / "b", "x"))
        refused = other.hear("refused")
        assert refused["error"] == "Held" and "run run-1 of ann@desk holds this host since 20" in refused["message"]
        assert not (tmp_path / "b").exists()
    finally:
        other.process.kill()
        other.end()


def test_cancel_finishes_what_is_in_hand(talk: Talk, tmp_path: Path) -> None:
    talk.hello()
    talk.graph("run-1", note(tmp_path / "a", "x", slow_s=1), note(tmp_path / "b", "x"))
    until(lambda: (tmp_path / "state" / "journal" / "run-1.jsonl").exists())
    talk.say(kind="cancel", now=False)
    assert [e[1] for e in talk.hear("event")["events"]] == ["changed", "interrupted"]
    assert talk.hear("result")["status"] == "interrupted"
    assert (tmp_path / "a").exists() and not (tmp_path / "b").exists()


def test_runner_with_nothing_to_tell_shows_that_it_is_there(tmp_path: Path) -> None:
    often = "from holdfast_host import serve; serve.SIGN_S = 0.2; "  # instead of every 15 seconds
    talk = Talk(sys.executable, tmp_path / "state", often)
    try:
        talk.hello()
        talk.graph("run-1", note(tmp_path / "a", "x", slow_s=1))
        assert [talk.hear("event")["events"] for _ in range(3)] == [[], [], []]
        assert not (tmp_path / "a").exists()
        assert talk.hear("result")["status"] == "changed"
    finally:
        talk.process.kill()
        talk.end()


def test_cancel_now_ends_what_is_in_hand(talk: Talk, tmp_path: Path) -> None:
    talk.hello()
    talk.graph("run-1", note(tmp_path / "a", "x", slow_s=60))
    until(lambda: (tmp_path / "state" / "journal" / "run-1.jsonl").exists())
    talk.say(kind="cancel", now=True)
    assert talk.hear("result")["status"] == "interrupted"
    assert not (tmp_path / "a").exists()


def test_controller_that_goes_away_finds_the_results_at_the_next_contact(talk: Talk, tmp_path: Path) -> None:
    talk.hello()
    talk.graph("run-1", note(tmp_path / "a", "x", slow_s=1), note(tmp_path / "b", "x"))
    until(lambda: (tmp_path / "state" / "journal" / "run-1.jsonl").exists())
    assert talk.end() == 0
    again = Talk(str(talk.process.args[0]), tmp_path / "state")  # type: ignore[index]  # a list, as given above
    story, = again.hello()["unfinished"]
    assert story["run"] == "run-1" and story["nodes"] == ["note: a", "note: b"]
    assert [event[1] for event in story["events"]] == ["changed", "interrupted"]
    again.say(kind="done", run="run-1")
    again.say(kind="bye")
    assert again.end() == 0
    assert not (tmp_path / "state" / "journal" / "run-1.jsonl").exists()


def test_killed_runner_leaves_a_journal_and_no_half_written_file(talk: Talk, tmp_path: Path) -> None:
    talk.hello()
    talk.graph("run-1", note(tmp_path / "a", "x", slow_s=60))
    journal = tmp_path / "state" / "journal" / "run-1.jsonl"
    until(lambda: journal.exists() and b'"before"' in journal.read_bytes())
    talk.process.send_signal(signal.SIGKILL)
    talk.process.wait(10)
    again = Talk(str(talk.process.args[0]), tmp_path / "state")  # type: ignore[index]  # a list, as given above
    story, = again.hello()["unfinished"]
    assert story["events"] == [[0, "interrupted", 0, {"action": "change", "error": "Interrupted",
                                                      "message": "begun, and its end is not known: look anew"}]]
    again.graph("run-2", note(tmp_path / "a", "x"))
    assert again.hear("result")["status"] == "changed", "the lock went with the process"
    again.say(kind="bye")
    again.end()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "state"]


@pytest.mark.parametrize("data", [b"\xff" * 9, b"\0\0\0\2\0{}", b"\0\0\0\3\1abc",
                                  protocol.pack({"kind": "graph", "run": "x", "mode": "apply", "nodes": [],
                                                 "seal": "00" * 32})])
def test_nonsense_ends_the_conversation_and_touches_nothing(data: bytes, tmp_path: Path) -> None:
    talk = Talk(installed()[-1], tmp_path / "state")
    assert talk.process.stdin is not None
    talk.process.stdin.write(data)
    talk.process.stdin.flush()
    assert talk.process.wait(10) == 0
    talk.end()


def test_types_cannot_speak_into_the_protocol(tmp_path: Path) -> None:
    """The control is the conversation above; here a command prints and reads."""
    talk = Talk(installed()[-1], tmp_path / "state")
    code = "import os, sys; print('noise', flush=True); assert sys.stdin.read() == ''"
    (tmp_path / "holdfast_modules").mkdir()
    talk.process.kill()
    talk.end()
    argv = [installed()[-1], "-I", "-S", "-c", START.replace("main(sys", f"\nimport holdfast_host.serve as s\n"
            f"go = s.Server.serve\ndef serve(self):\n    exec({code!r}); go(self)\ns.Server.serve = serve; main(sys"),
            str(tmp_path / "state"), str(ROOT / "engine"), str(TYPES)]
    noisy = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    talk.process, talk.protocol = noisy, protocol.Connection(protocol.CONTROLLER)
    assert talk.hello()["host"] == os.uname().nodename
    talk.say(kind="bye")
    talk.end()
    assert noisy.stderr is not None and noisy.stderr.read() == b"noise\n"
    noisy.stderr.close()


def test_every_word_on_the_wire_is_listed() -> None:
    """A misspelt word is seen here before it is history; what an earlier minor version said stays."""
    folder = Path(__file__).parent
    words = {kind: sorted(words) for kind, words in protocol.MESSAGES.items()}
    assert words == json.loads((folder / f"wire-{protocol.MAJOR}.{protocol.MINOR}.json").read_text())
    for minor in range(protocol.MINOR):
        for kind, earlier in json.loads((folder / f"wire-{protocol.MAJOR}.{minor}.json").read_text()).items():
            assert set(earlier) <= set(words[kind])
