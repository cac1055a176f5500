"""What a person sees and does at a terminal; and in a pipe, and where there is hardly a terminal at all."""
from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.terminal import CTRL_C, Terminal
from tests.lab.host import LabHost
from tests.trust.site import HOLDFAST, Site

SLOW = """
    state: slow
    targets: h1 or h2
    resources:
      - command: sh -c "echo begun; sleep 2; touch /root/ended"
        always: true
      - file: /root/after
        content: "x"
    """


@pytest.fixture
def slow(site: Site) -> Site:
    site.write(SLOW)
    return site


def on_terminal(site: Site, *words: str, columns: int = 100, **environment: str) -> Terminal:
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    return Terminal([HOLDFAST, *words], site.folder, {**plain, "TERM": "xterm", **environment}, columns)


def is_sane(terminal: Terminal) -> bool:
    """As it was before, with its cursor."""
    return terminal.before == terminal.after and terminal.seen.rfind("\x1b[?25h") >= terminal.seen.rfind("\x1b[?25l")


def test_ctrl_c_once_finishes_what_is_in_hand_and_reports(slow: Site, clean_hosts: Mapping[str, LabHost]) -> None:
    terminal = on_terminal(slow, "apply", "-v")
    terminal.until("h1| begun")
    terminal.until("h2| begun")
    terminal.press(CTRL_C)
    assert terminal.end() == 130
    assert "stopping: the resources in hand are finished first; press Ctrl-C again to stop at once\n" in terminal.text
    assert "2 hosts interrupted: somebody asked to stop\n    not done: file: /root/after\n" in terminal.text
    assert "holdfast apply --resume 20" in terminal.text
    assert is_sane(terminal)
    for name in ("h1", "h2"):
        root = clean_hosts[name].rootfs / "root"
        assert ((root / "ended").exists(), (root / "after").exists()) == (True, False)


def test_ctrl_c_twice_stops_at_once(slow: Site, clean_hosts: Mapping[str, LabHost]) -> None:
    terminal = on_terminal(slow, "apply", "-v")
    terminal.until("h1| begun")
    terminal.until("h2| begun")
    terminal.press(CTRL_C)
    terminal.until("stopping: ")
    terminal.press(CTRL_C)
    assert terminal.end() == 130
    assert "stopping at once\n" in terminal.text
    assert "2 hosts: 2 interrupted in " in terminal.text
    assert is_sane(terminal)
    for name in ("h1", "h2"):
        assert not (clean_hosts[name].rootfs / "root" / "after").exists()


def test_a_window_that_is_closed_is_a_ctrl_c(slow: Site, clean_hosts: Mapping[str, LabHost]) -> None:
    """What is in hand is finished, and the store knows what came of it."""
    terminal = on_terminal(slow, "apply", "-v")
    terminal.until("h1| begun")
    terminal.until("h2| begun")
    assert terminal.hang_up() == 130
    for name in ("h1", "h2"):
        root = clean_hosts[name].rootfs / "root"
        assert ((root / "ended").exists(), (root / "after").exists()) == (True, False)
    run, = slow.run("runs", "list", "--json", "--limit", "1").of("run")
    assert (run["status"], run["counts"]) == ("stopped", {"interrupted": 2})


def test_progress_moves_and_the_summary_stays(slow: Site) -> None:
    terminal = on_terminal(slow, "apply")
    assert terminal.end() == 0
    assert "● h1  0/2" in terminal.text, "live, by host"
    assert terminal.text.endswith("2 hosts: 2 changed in " + terminal.text.rpartition("2 changed in ")[2])
    assert "\x1b[33m2 hosts changed" in terminal.seen
    assert is_sane(terminal)


@pytest.mark.parametrize(("environment", "columns"), [
    ({"TERM": "dumb"}, 100), ({"NO_COLOR": "1"}, 100), ({}, 40), ({"LC_ALL": "C", "PYTHONUTF8": "0"}, 100),
    ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, 40),
])
def test_poor_terminals(slow: Site, environment: dict[str, str], columns: int) -> None:
    terminal = on_terminal(slow, "apply", "--diff", columns=columns, **environment)
    assert terminal.end() == 0
    assert "Traceback" not in terminal.seen
    assert "2 hosts: 2 changed in " in terminal.text
    if environment.get("TERM") == "dumb":
        assert "\x1b" not in terminal.seen
    if "NO_COLOR" in environment:
        assert "\x1b[3" not in terminal.seen, "no colours"
    if environment.get("PYTHONCOERCECLOCALE") == "0":
        assert terminal.seen.isascii()
    drawn = [line for line in terminal.lines if line.startswith(("● h", "* h"))]
    assert (max(map(len, drawn), default=0) <= columns) and (drawn or environment.get("TERM") == "dumb")


def test_a_pipe_gets_plain_lines(slow: Site) -> None:
    done = slow.run("apply", TERM="xterm")
    assert "\x1b" not in done.text
    assert sorted(done.text.splitlines()[1:3]) == ["h1: changed: 2 of 2 resources", "h2: changed: 2 of 2 resources"]


@pytest.mark.parametrize("words", [("apply",), ("plan", "--json"), ("inventory", "list"), ("doc", "file"),
                                   ("runs", "list"), ("facts",), ("--help",)])
def test_a_reader_that_goes_away_leaves_no_traceback(slow: Site, words: tuple[str, ...]) -> None:
    child = slow.start(*words)
    with child:
        assert child.stdout and child.stderr
        child.stdout.close()
        told = child.stderr.read()
        assert (told, child.wait(60)) == ("", 0)


def test_events_come_as_they_happen(slow: Site, clean_hosts: Mapping[str, LabHost]) -> None:
    """The first resource is told of while the second is not begun: the pipe is read at that moment."""
    slow.write("""
        state: two
        targets: h1
        resources:
          - command: sh -c "echo first"
            always: true
          - command: sh -c "until [ -e /root/go ]; do sleep 0.1; done"
            always: true
        """)
    child = slow.start("apply", "--json")
    with child:
        seen: list[str] = []
        for line in child.stdout or ():
            thing = json.loads(line)
            seen.append(thing["event"])
            if thing["event"] == "resource_done":
                break
        assert seen == ["run_started", "host_started", "output_came", "resource_done"]
        assert child.poll() is None, "it is still at the second"
        clean_hosts["h1"].run("touch /root/go")
        rest, _ = child.communicate(timeout=60)
        assert [json.loads(line)["event"] for line in rest.splitlines()] == ["resource_done", "host_done", "run_done"]


def test_secrets_are_masked_in_json(slow: Site, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("kanarienvogel-7f3a\n")
    slow.write("""
        state: token
        targets: h1
        vars:
          token: {secret: token, file: ../token}
        resources:
          - file: /root/token
            content: "token={{ token }}"
          - command: sh -c "cat /root/token; cat /root/token >&2; exit 3"
            always: true
        """)
    said = slow.run("apply", "--json")
    assert said.code == 4
    assert "kanarienvogel" not in said.text
    for stream in ("stdout", "stderr"):  # it may come in pieces
        assert "".join(one["text"] for one in said.of("output_came", stream=stream)) == "token=«token»"
