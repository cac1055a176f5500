"""What is seen while a run goes on."""
from __future__ import annotations

import io

from holdfast.executor.model import HostDone, HostResult, HostStarted, OutputCame, ResourceDone, RunStarted
from holdfast.reports.lines import lines, troubles
from holdfast.reports.progress import Progress, draw
from holdfast.reports.style import Style, style_of
from tests.unit.examples import THREE, fleet, gone, happenings, quiet, web


def told(happening_list, now=100.0) -> Progress:
    progress = Progress()
    for happening in happening_list:
        progress.take(happening, now)
    return progress


def test_few_hosts_have_a_line_each():
    progress = told([RunStarted("r", "apply", ("web001", "web2", "db1"), "ann", 1.0), HostStarted("web001", 4),
                     ResourceDone("web001", web("web001").results[0]), HostStarted("web2", 2), HostDone(quiet("web2"))])
    assert draw(progress, 103.0, Style()) == [
        "● web001  1/4  package: nginx  3.0 s",
        "✔ web2    in state (2 resources), 0.4 s",
        "· db1     waits"]


def test_thousands_have_a_bar_counts_and_the_slowest():
    results = fleet()
    progress = told([RunStarted("r", "apply", tuple(r.host for r in results), "ann", 1.0)])
    for number, result in enumerate(results[:1006]):
        progress.take(HostStarted(result.host, 4), 100.0 + number)
        if number >= 6:
            progress.take(HostDone(result), 100.0 + number)
    progress.take(ResourceDone("web0001", web("web0001").results[0]), 101.0)
    assert draw(progress, 1300.0, Style()) == [
        "━━━━━━━━━━──────────────────── 1,000/3,000 hosts · 1,000 changed · 6 in hand · 20 min 0 s",
        "  web0001: 20 min 0 s, 1/4 after package: nginx",
        "  web0002: 19 min 59 s, 0/4", "  web0003: 19 min 58 s, 0/4", "  web0004: 19 min 57 s, 0/4"]
    assert not progress.results, "results of thousands of hosts are not held twice"


def test_a_narrow_terminal_has_a_short_bar():
    progress = told([RunStarted("r", "apply", tuple(f"h{n}" for n in range(100)), "ann", 100.0)])
    assert draw(progress, 100.0, Style(width=40)) == ["────────── 0/100 hosts · 0 in hand · 0.0 s"]


def test_a_fleet_is_followed_quickly_enough_to_the_end():
    progress = told(happenings(fleet()))
    assert progress.counts == {"changed": 2400, "ok": 540, "failed": 40, "unreachable": 12}
    assert not progress.in_hand


def test_a_pipe_gets_one_line_for_what_is_noteworthy():
    all_lines = [line for happening in happenings((*THREE, gone("old1"))) for line in lines(happening, Style())]
    assert all_lines == [
        "run 20261124-041500-ab12: apply to 4 hosts, by ann@desk",
        "web001: changed: 3 of 4 resources",
        "web002: in state (2 resources)",
        "db1: failed at service: nginx (playbooks/webs.yml:11): Job for nginx.service failed",
        "db1: a restart of service: nginx is owed",
        "old1: unreachable: no route to 10.0.0.9 port 22"]


def test_live_output_is_shown_only_when_asked_for_and_cannot_command_the_terminal():
    came = OutputCame("a", "command: x", "stdout", "one\n\x1b[2Jtwo\n")
    assert lines(came, Style()) == []
    assert lines(came, Style(), output=True) == ["a| one", "a| \\x1b[2Jtwo"]


def test_only_troubles_stand_above_the_moving_part():
    found = [line for happening in happenings((*THREE, gone("old1"), HostResult("x", "refused", message="held by bob")))
             for line in troubles(happening, Style())]
    assert found == [
        "db1: failed at service: nginx (playbooks/webs.yml:11): Job for nginx.service failed",
        "db1: a restart of service: nginx is owed",
        "old1: unreachable: no route to 10.0.0.9 port 22",
        "x: refused: held by bob"]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_the_screen_is_left_clean():
    from holdfast.reports.live import Screen
    stream = Terminal()
    with Screen(stream, Style(width=80)) as screen:
        for happening in happenings(fleet()):
            screen(happening)
    text = stream.getvalue()
    assert text.count(": failed at") + text.count("is owed") == 29, "they come as they happen, but not all of them"
    assert "more of this is in the summary" in text
    assert text.rstrip("\r\n").endswith("\x1b[2K") or "\x1b[1A" in text


def test_how_the_stream_decides():
    assert style_of(Terminal(), "auto", {"TERM": "xterm"}).colour
    assert not style_of(Terminal(), "auto", {"TERM": "dumb"}).colour
    assert not style_of(Terminal(), "auto", {"TERM": "xterm", "NO_COLOR": "1"}).colour
    assert style_of(Terminal(), "auto", {"TERM": "xterm", "NO_COLOR": ""}).colour
    assert not style_of(Terminal(), "never", {"TERM": "xterm"}).colour
    assert not style_of(io.StringIO(), "auto", {"TERM": "xterm"}).colour
    assert style_of(io.StringIO(), "always", {"NO_COLOR": "1"}).colour
    latin = Terminal()
    latin.encoding = "iso-8859-1"
    assert not style_of(latin, "auto", {}).signs
