"""Runs that are cut short while a host is at work: each end has the right result, and the next contact brings the rest.

The host is held in the middle of its second resource, so that what happens to it happens there and nowhere else.
"""
from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.failure.desk import Desk, Running, has, result
from tests.lab import Lab, LabHost
from tests.lab.process import run as on_this_machine
from tests.waiting import until

LOCK, JOURNAL = "/var/lib/holdfast/lock", "/var/lib/holdfast/journal"
DOCUMENT = """\
    state: site
    targets: all
    resources:
      - file: /root/first
        content: first
        notify: {command: tell}
      - command: hold
        argv: [sh, -c, "touch /root/held; until test -e /root/go; do sleep 0.1; done; touch /root/done"]
        creates: /root/done
      - file: /root/last
        content: last
      - command: tell
        argv: [sh, -c, "echo told >> /root/told"]
        on_notify: true
    """
Start = Callable[..., Running]


@pytest.fixture
def start(desk: Desk, clean_host: LabHost) -> Start:
    """Starts a run, and returns when the host is held in it."""

    def begin(**keys: object) -> Running:
        desk.reach(h1={"alive_s": 1, **keys})
        desk.write(DOCUMENT)
        running = Running(desk)
        until(lambda: has(clean_host, "/root/held") and '"id": "file: /root/first"' in running.said())
        return running

    return begin


def is_idle(host: LabHost) -> bool:
    """Whether no runner holds the host."""
    return host.run("flock -n /var/lib/holdfast/lock true", check=False).returncode == 0


def let_go(host: LabHost) -> None:
    """The held resource comes to its end, and so does the runner."""
    host.run("touch /root/go")
    until(lambda: is_idle(host))


def made_good(desk: Desk, host: LabHost, collected: str) -> None:
    """The next contact says what was done, pays what is owed, does the rest; the one after it changes nothing."""
    host.run("touch /root/go")
    said = desk.apply()
    assert said.hosts() == {"h1": "changed"}, said.text
    notices = [one["message"] for one in said.of("noticed", host="h1")]
    assert any("were collected: " + collected in notice for notice in notices), notices
    assert any("command: tell is owed a notification since 20" in notice for notice in notices), notices
    witness = host.witness()
    for name in ("first", "last"):
        assert witness.file(f"/root/{name}").content_string == name
    assert witness.file("/root/told").content_string == "told\n", "told once"
    assert desk.apply().hosts() == {"h1": "ok"}
    assert not host.run("find / -xdev -name '.*.holdfast*'").stdout, "something half written is left"
    assert not host.run(f"ls {JOURNAL}").stdout, "the host keeps what is kept elsewhere"


def test_host_that_loses_power(desk: Desk, clean_host: LabHost, start: Start) -> None:
    running = start()
    clean_host.kill()
    said = running.end()
    assert said.code == 5 and said.hosts() == {"h1": "unreachable"}
    assert said.resources("h1") == {"file: /root/first": "changed"}
    assert "was lost after" in result(said)["message"] and "at the next contact" in result(said)["message"]
    clean_host.start()
    assert not clean_host.witness().file("/root/last").exists
    made_good(desk, clean_host, "1 changed, 1 interrupted")
    shown = desk.run("runs", "show", result(said)["run"], "h1", "--json")
    assert shown.resources("h1") == {"file: /root/first": "changed", "command: hold": "interrupted"}


def test_cable_that_is_pulled(desk: Desk, clean_host: LabHost, start: Start) -> None:
    """Nobody is told: packets are lost. The controller notices by keepalives, the host goes on with what it has."""
    running = start()
    clean_host.cut()
    said = running.end()
    assert said.code == 5 and "was lost after" in result(said)["message"], said.text
    clean_host.mend()
    let_go(clean_host)
    said = desk.apply()
    collected = [one["message"].rpartition(": ")[2] for one in said.of("noticed", host="h1")
                 if "collected" in one["message"]]
    after = {"4 changed": "ok", "2 changed, 2 interrupted": "changed"}  # it had done all by then, or heard in time
    assert len(collected) == 1 and said.hosts() == {"h1": after[collected[0]]}, said.text
    assert clean_host.witness().file("/root/told").content_string == "told\n"


def test_connection_that_is_reset(desk: Desk, clean_host: LabHost, start: Start) -> None:
    running = start()
    on_this_machine("ss", "-K", "dst", clean_host.address, "dport", "=", "22")
    said = running.end()
    assert said.code == 5 and "was lost after" in result(said)["message"], said.text
    let_go(clean_host)
    made_good(desk, clean_host, "2 changed, 2 interrupted")


def test_runner_that_is_killed(desk: Desk, clean_host: LabHost, start: Start) -> None:
    running = start()
    holder = clean_host.run("python3 -c 'import json; print(json.load(open(\"/var/lib/holdfast/lock\"))[\"pid\"])'")
    clean_host.run(f"kill -9 {holder.stdout.strip()}")
    said = running.end()
    assert said.code == 5 and result(said)["status"] == "unreachable", said.text
    assert "at the next contact" in result(said)["message"]
    made_good(desk, clean_host, "1 changed, 1 interrupted")


def test_runner_that_freezes(desk: Desk, clean_host: LabHost, start: Start) -> None:
    """The host answers, and so does its sshd: only the runner does nothing any more. It is not waited for for ever."""
    running = start()
    holder = clean_host.run("python3 -c 'import json; print(json.load(open(\"/var/lib/holdfast/lock\"))[\"pid\"])'")
    clean_host.run(f"kill -STOP {holder.stdout.strip()}")
    said = running.end(90)
    assert said.code == 5 and result(said)["status"] == "unreachable", said.text
    assert "no sign of life for 60 s" in result(said)["message"] and result(said)["mend"]
    clean_host.run(f"kill -CONT {holder.stdout.strip()}")
    let_go(clean_host)
    made_good(desk, clean_host, "2 changed, 2 interrupted")


def test_controller_that_is_killed(desk: Desk, clean_host: LabHost, start: Start) -> None:
    running = start()
    running.signal(signal.SIGKILL)
    running.end()
    let_go(clean_host)
    assert not clean_host.witness().file("/root/last").exists, "it stops at a resource's boundary"
    made_good(desk, clean_host, "2 changed, 2 interrupted")
    listed = desk.run("runs", "list", "--json").objects
    assert [run["status"] for run in listed] == ["done", "done", "interrupted"]
    shown = desk.run("runs", "show", listed[-1]["run"], "h1", "--json")
    assert shown.resources("h1") == {
        "file: /root/first": "changed", "command: hold": "changed", "file: /root/last": "interrupted",
        "command: tell": "interrupted"}


def test_another_controller_is_told_who_holds_the_host(desk: Desk, clean_host: LabHost, start: Start, lab: Lab) -> None:
    running = start()
    said = desk.apply()
    assert said.code == 4 and said.hosts() == {"h1": "refused"}, said.text
    first = desk.run("runs", "list", "--json").objects[-1]
    assert f"run {first['run']} of {first['who']} holds this host since 20" in result(said)["message"]
    assert result(said)["mend"]
    assert desk.run("plan", "--json").hosts() == {"h1": "pending"}, "who only looks is let in"
    clean_host.run("touch /root/go")
    assert running.end().hosts() == {"h1": "changed"}, "the first one never noticed"


def test_ctrl_c_finishes_what_is_in_hand(desk: Desk, clean_host: LabHost, start: Start) -> None:
    running = start()
    running.signal(signal.SIGINT)
    until(lambda: "the resources in hand are finished first" in running.said())
    clean_host.run("sleep 0.5; touch /root/go")
    said = running.end()
    assert said.code == 130 and said.hosts() == {"h1": "interrupted"}, said.text
    assert said.resources("h1") == {
        "file: /root/first": "changed", "command: hold": "changed", "file: /root/last": "interrupted",
        "command: tell": "interrupted"}
    assert result(said)["owed"][0]["id"] == "command: tell"
    assert not clean_host.witness().file("/root/last").exists
    assert desk.apply().hosts() == {"h1": "changed"}
    assert clean_host.witness().file("/root/told").content_string == "told\n"


def test_ctrl_c_twice_stops_now(desk: Desk, clean_host: LabHost, start: Start) -> None:
    running = start()
    running.signal(signal.SIGINT)
    until(lambda: "press Ctrl-C again" in running.said())
    running.signal(signal.SIGINT)
    said = running.end()
    assert said.code == 130 and said.hosts() == {"h1": "interrupted"}, said.text
    assert said.resources("h1")["command: hold"] == "interrupted", "nobody has let it go"
    until(lambda: is_idle(clean_host))
    assert not clean_host.run(("pgrep", "-f", "until test -e /root/go"), check=False).stdout, "its program ended too"
    clean_host.run("touch /root/go")
    assert desk.apply().hosts() == {"h1": "changed"}
    assert clean_host.witness().file("/root/told").content_string == "told\n"


@pytest.mark.parametrize("limit", ["--host-limit", "--run-limit"])
def test_time_limit(desk: Desk, clean_host: LabHost, limit: str) -> None:
    desk.write(DOCUMENT)
    said = desk.apply(limit, "3s")
    assert said.code == 4 and said.hosts() == {"h1": "timed_out"}, said.text
    assert "took longer than 3 s" in result(said)["message"]
    until(lambda: is_idle(clean_host))
    clean_host.run("touch /root/go")
    assert desk.apply().hosts() == {"h1": "changed"}
    assert clean_host.witness().file("/root/told").content_string == "told\n"


def test_time_limit_of_a_resource(desk: Desk, clean_host: LabHost) -> None:
    desk.write(DOCUMENT.replace("creates: /root/done", "creates: /root/done\n        time_limit: 1s"))
    said = desk.apply()
    assert said.code == 4 and said.hosts() == {"h1": "timed_out"}, said.text
    assert said.resources("h1") == {"file: /root/first": "changed", "command: hold": "timed_out",
                                    "file: /root/last": "changed", "command: tell": "changed"}
    assert not clean_host.run(("pgrep", "-f", "until test -e /root/go"), check=False).stdout


def test_flood_of_output_ends_at_its_limit(desk: Desk, clean_host: LabHost) -> None:
    desk.write("""\
        state: site
        targets: all
        resources:
          - command: flood
            argv: ["yes"]
            always: true
            time_limit: 2s
          - file: /root/last
            content: last
        """)
    said = desk.apply()
    assert said.resources("h1") == {"command: flood": "timed_out", "file: /root/last": "changed"}, said.text[-2000:]
