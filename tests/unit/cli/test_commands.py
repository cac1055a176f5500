"""What a user sees of each command: what is asked of the project, what is printed, how it ends."""
from __future__ import annotations

import getpass
import io
import json
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.documents.loading import load_documents
from holdfast.documents.types import Types
from holdfast.executor.model import HostResult, Result
from holdfast.inventory import sources
from holdfast.problems import Place, Problem, Problems
from holdfast_host.graph import Event
from tests.unit.cli.standin import CANARY, Standin, Tty, holdfast
from tests.unit.examples import broken, gone, happenings, quiet, web


@pytest.mark.parametrize(("results", "more", "code"), [
    ((quiet("a"),), (), 0),
    ((web("a"), quiet("b")), (), 0),
    ((web("a"), quiet("b")), ("--exit-code",), 3),
    ((quiet("a"),), ("--exit-code",), 0),
    ((web("a"), broken("b"), gone("c")), ("--exit-code",), 4),
    ((web("a"), gone("c")), ("--exit-code",), 5),
    ((gone("c"), HostResult("d", "untouched")), (), 5),
    ((quiet("a"), HostResult("d", "untouched")), (), 4),
    ((quiet("a"), HostResult("d", "timed_out")), (), 4),
    ((quiet("a"), HostResult("d", "refused")), (), 4),
    ((quiet("a"), HostResult("d", "interrupted")), (), 4),
])
@pytest.mark.parametrize("command", ["apply", "plan", "drift"])
def test_the_exit_code_tells_what_came_of_the_run(tmp_path, command, results, more, code):
    assert holdfast(tmp_path, command, *more, api=Standin(results)).code == code


def test_in_a_pipe_a_run_is_told_in_plain_lines(tmp_path):
    code, out, err = holdfast(tmp_path, "apply")
    assert (code, err) == (4, "")
    assert "\x1b" not in out
    assert out.startswith("run 20261124-041500-ab12: apply to 3 hosts, by ann@desk\n"
                          "web001: changed: 3 of 4 resources\n")
    assert "db1: failed at service: nginx (playbooks/webs.yml:11): Job for nginx.service failed\n" in out
    assert out.endswith("3 hosts: 1 in state, 1 changed, 1 failed in 12.5 s\n"
                        "in full: holdfast runs show 20261124-041500-ab12 db1\n")


def test_the_same_run_is_told_in_the_same_words(tmp_path):
    assert holdfast(tmp_path / "a", "plan").out == holdfast(tmp_path / "b", "plan").out


def test_on_a_terminal_the_moving_part_goes_away_and_the_summary_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    code, out, _ = holdfast(tmp_path, "apply", out=Tty())
    assert code == 4
    assert "\x1b[31mdb1 failed at service: nginx" in out
    assert "\x1b[2K" in out, "nothing was drawn"


def test_no_color_is_respected_and_always_goes_before_it(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in holdfast(tmp_path / "a", "apply", out=Tty()).out
    assert "\x1b[31m" in holdfast(tmp_path / "b", "apply", "--color", "always").out


def test_a_plan_shows_diffs_and_apply_only_when_asked(tmp_path):
    assert "-worker_processes 1;" in holdfast(tmp_path / "a", "plan", api=Standin((web("a", "plan"),))).out
    without = holdfast(tmp_path / "b", "plan", "--no-diff", api=Standin((web("a", "plan"),))).out
    assert "-worker_processes" not in without
    assert "mode: 0600 → 0644" in without
    assert "worker_processes" not in holdfast(tmp_path / "c", "apply").out
    assert "-worker_processes 1;" in holdfast(tmp_path / "d", "apply", "--diff").out


def test_drift_has_words_of_its_own(tmp_path):
    out = holdfast(tmp_path, "drift", api=Standin((web("a", "plan"), quiet("b")))).out
    assert "a drifted: 3 of 4 resources" in out
    assert "b as declared" in out


def test_drift_says_since_when(tmp_path):
    out = holdfast(tmp_path, "drift", api=Standin((web("a", "plan"), quiet("b")))).out
    assert re.search(r"\+ package: nginx: install on a .*\n    first seen 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d ", out)
    said = holdfast(tmp_path / "other", "drift", "--json", api=Standin((web("a", "plan"), gone("b"))))
    objects = [json.loads(line) for line in said.out.splitlines()]
    assert {(o["host"], o["id"]) for o in objects if o["event"] == "drifted"} == {
        ("a", one.id) for one in web("a", "plan").results if one.event.status == "pending"}
    assert said.code == 5


def test_the_options_reach_the_project(tmp_path):
    api = Standin((quiet("a"),))
    said = holdfast(tmp_path, "-i", "one.ini", "--set", "port=80", "apply", "x.yml", "-i", "two.yml", "--set",
                    "names=[a, b]", "-t", "role=web", "--at-once", "7", "--batches", "1, 10%,100%", "--error-budget",
                    "5%", "--host-limit", "1m30s", "--run-limit", "2h", "--user", "ann", "--key", "id",
                    "--kept-facts", "10m", api=api)
    assert said.code == 0
    assert api.loaded == {"inventory": ["one.ini", "two.yml"], "set": {"port": 80, "names": ["a", "b"]}, "user": "ann",
                          "key": "id"}
    assert {name: api.asked[name] for name in ("mode", "documents", "targets", "rollout", "kept_facts_s")} == {
        "mode": "apply", "documents": ["x.yml"], "targets": "role=web", "kept_facts_s": 600.0,
        "rollout": {"at_once": 7, "batches": (1, "10%", "100%"), "error_budget": "5%", "host_s": 90.0, "run_s": 7200.0}}


def test_what_was_not_given_leaves_the_documents_rollout_alone(tmp_path):
    api = Standin((quiet("a"),))
    holdfast(tmp_path, "apply", "--at-once", "3", api=api)
    assert api.asked["rollout"] == {"at_once": 3}


def test_the_become_password_is_asked_for_and_never_printed(tmp_path, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda prompt: CANARY)
    api = Standin(tells=RuntimeError(f"could not use {CANARY}"))
    (tmp_path / ".holdfast").mkdir()
    code, out, err = holdfast(tmp_path, "apply", "--ask-become-password", api=api)
    assert api.loaded["become_password"] == CANARY
    details = (tmp_path / ".holdfast" / "errors.log").read_text()
    assert CANARY not in out + err + details
    assert code == 1


def test_the_become_password_comes_from_a_pipe_where_there_is_no_terminal(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("getpass.getpass", getpass.fallback_getpass)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{CANARY}\nnot this\n"))
    api = Standin((quiet("a"),))
    said = holdfast(tmp_path, "apply", "--ask-become-password", api=api)
    assert (said.code, api.loaded["become_password"]) == (0, CANARY)
    assert "echoed" not in said.err + capsys.readouterr().err


@pytest.mark.parametrize(("argv", "word"), [
    (["apply", "--batches", "0"], "at least one host"),
    (["apply", "--batches", "ten"], "neither a number nor a share"),
    (["apply", "--error-budget", "101%"], "neither a number nor a share"),
    (["apply", "--host-limit", "soon"], "write it as in 90s"),
    (["apply", "--host-limit", "0"], "write it as in 90s"),
    (["apply", "--at-once", "0"], "not a number from 1"),
    (["enforce", "--metrics-port", "99999"], "from 1 to 65535"),
    (["--set", "x", "plan"], "not NAME=VALUE"),
    (["--set", "x=[1", "plan"], "not YAML"),
    (["nonsense"], "invalid choice"),
    (["plan", "--nonsense"], "unrecognized"),
    (["apply", "-t", ""], "write `all` for all hosts"),  # as of a shell's variable that is not set
    (["inventory", "select", " "], "write `all` for all hosts"),
    (["run", "uptime -p"], "`--shell 'uptime -p'`"),
    (["facts", "os.versoin"], "did you mean `version`?"),
    (["apply", "--ask-become-password"], "no become password was given"),
    ([], "usage"),
])
def test_wrong_usage_ends_with_2_and_says_the_mend(tmp_path, capsys, monkeypatch, argv, word):
    monkeypatch.setattr("getpass.getpass", getpass.fallback_getpass)  # no terminal, and nothing on standard input
    monkeypatch.setattr("sys.stdin", io.StringIO())
    said = holdfast(tmp_path, *argv)
    assert said.code == 2
    assert word in capsys.readouterr().err + said.err


def test_all_faults_are_shown_at_once_with_their_lines(tmp_path):
    document = tmp_path / "webs.yml"
    document.write_text("state: webs\nresources:\n  - file: /etc/motd\n    onwer: root\n")
    faults = Problems([Problem("unknown key `onwer` in file", Place(str(document), 4, 5, 5), "did you mean `owner`?"),
                       Problem("`web` selects no host", None, "see `holdfast inventory list`")])
    code, out, err = holdfast(tmp_path, "plan", api=Standin(tells=faults))
    assert (code, out) == (2, "")
    assert err == (f"{document}:4:5  unknown key `onwer` in file\n    4 |     onwer: root\n      |     ^^^^^ did "
                   "you mean `owner`?\nholdfast: `web` selects no host\n  see `holdfast inventory list`\n2 problems\n")
    said = holdfast(tmp_path, "plan", "--json", api=Standin(tells=faults))
    objects = [json.loads(line) for line in said.out.splitlines()]
    assert objects[0] == {"event": "problem", "what": "unknown key `onwer` in file", "mend": "did you mean `owner`?",
                          "file": str(document), "line": 4, "column": 5}
    assert (said.code, len(objects)) == (2, 2)


def test_a_defect_never_shows_a_traceback(tmp_path):
    (tmp_path / ".holdfast").mkdir()
    code, out, err = holdfast(tmp_path, "apply", api=Standin(tells=ZeroDivisionError(f"x {CANARY}")))
    path = tmp_path / ".holdfast" / "errors.log"
    assert (code, out) == (1, "")
    assert err == f"holdfast: a defect of Holdfast (ZeroDivisionError); the details are in {path}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "Traceback" in path.read_text()
    assert CANARY not in path.read_text()


def test_json_tells_what_happens_one_object_a_line(tmp_path):
    code, out, err = holdfast(tmp_path, "apply", "--json")
    objects = [json.loads(line) for line in out.splitlines()]
    assert [o["event"] for o in objects] == [
        "run_started", "host_started", *["resource_done"] * 4, "host_done", "host_started", *["resource_done"] * 2,
        "host_done", "host_started", *["resource_done"] * 3, "noticed", "host_done", "run_done"]
    assert objects[-1] == {"event": "run_done", "run": "20261124-041500-ab12", "seconds": 12.5,
                           "counts": {"changed": 1, "ok": 1, "failed": 1}}
    assert (code, err) == (4, "")


class Interrupting(Standin):
    """Somebody presses Ctrl-C as soon as a host is done; the run ends when it is asked to."""

    def __init__(self, times: int) -> None:
        super().__init__((quiet("a"), HostResult("b", "untouched")))
        self.times = times

    async def between(self, happening, stop) -> None:
        if type(happening).__name__ == "HostDone":
            for _ in range(self.times):
                stop.asked.clear()
                os.kill(os.getpid(), signal.SIGINT)
                await stop.asked.wait()
            self.requests = stop.requests


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_asks_the_run_to_stop_and_reports_it(tmp_path, times):
    api = Interrupting(times)
    code, out, err = holdfast(tmp_path, "apply", api=api)
    assert (code, api.requests) == (130, times)
    assert err.splitlines() == ["stopping: the resources in hand are finished first; press Ctrl-C again to stop at "
                                "once", "stopping at once"][:times]
    assert "b never touched" in out
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def command(host: str, stdout: str, code: int = 0, stderr: str = "") -> HostResult:
    """The command's type is told to take any exit code, so that it can be shown."""
    return HostResult(host, "changed", (Result("command: uptime", None, Event(
        0, "changed", outputs={"stdout": stdout, "stderr": stderr, "code": code})),))


def test_equal_output_of_many_hosts_is_shown_once(tmp_path):
    api = Standin((command("web001", "up 3 days\n"), command("web002", "up 3 days\n"),
                   command("db1", "", 3, "no such file\n"), gone("old1")))
    code, out, _ = holdfast(tmp_path, "run", "-t", "all", "--", "uptime", "-p", api=api)
    assert code == 4
    assert api.asked["command"] == ["uptime", "-p"]
    assert out == ("2 hosts web[001-002]: exit 0\n    up 3 days\ndb1: exit 3\n    no such file\n"
                   "old1: unreachable: no route to 10.0.0.9 port 22\n\n"
                   "4 hosts: 2 done, 1 unreachable, 1 failed in 12.5 s\n")


def test_a_command_that_cannot_be_run_says_why_on_lines_of_its_own(tmp_path):
    result = HostResult("a", "failed", (Result("command: x", None, Event(
        0, "failed", error="Failed", message="`x` ended with 3:\nfirst\nsecond")),))
    code, out, _ = holdfast(tmp_path, "run", "--", "x", api=Standin((result,)))
    assert (code, out) == (4, "a: failed: `x` ended with 3:\n    first\n    second\n")


def test_a_text_goes_to_the_shell_and_one_of_both_is_needed(tmp_path):
    api = Standin((command("a", "x"),))
    assert holdfast(tmp_path, "run", "--shell", "df | tail -1", api=api).code == 0
    assert api.asked["command"] == "df | tail -1"
    for argv in (["run"], ["run", "--shell", "x", "--", "y"]):
        said = holdfast(tmp_path, *argv)
        assert (said.code, "one command is needed" in said.err) == (2, True)


def test_history_is_found_again(tmp_path):
    holdfast(tmp_path, "apply")
    out = holdfast(tmp_path, "runs", "list").out
    assert "20261124-041500-ab12  " in out
    assert "playbooks/webs.yml  ann@desk  3      1 in state, 1 changed, 1 failed" in out
    assert "1 host failed" not in out
    assert "db1 failed at service: nginx" in holdfast(tmp_path, "runs", "show", "ab12").out
    host = holdfast(tmp_path, "runs", "show", "last", "web001").out
    assert "changed (install) package: nginx (playbooks/webs.yml:10) 40 ms\n    version: absent → 1.22.1-9\n" in host
    assert "-worker_processes 1;" in host
    assert "1 resource in state; -v shows them" in host
    assert "ok directory: /srv/www" in holdfast(tmp_path, "runs", "show", "last", "web001", "-v").out
    objects = [json.loads(line) for line in holdfast(tmp_path, "runs", "show", "last", "--json").out.splitlines()]
    assert [o["event"] for o in objects] == ["run", "host_done", "host_done", "host_done"]
    assert holdfast(tmp_path, "runs", "show", "nonsense").code == 2


def test_inventory_answers_people_programs_and_ansible(tmp_path):
    assert holdfast(tmp_path, "inventory", "list").out == (
        "host    groups  tags\nweb001  web     env=prod role=web\nweb002  web     env=dev role=web\n"
        "db1     -       -\n")
    assert holdfast(tmp_path, "inventory", "select", "web").out == "web001\nweb002\n"
    assert holdfast(tmp_path, "inventory", "tree").out == "all\n    web\n        web[001-002]\n"
    shown = holdfast(tmp_path, "inventory", "show", "web001").out
    assert "    http_port: 8080 (inventory/hosts.yml:3:5)\n" in shown
    as_json = holdfast(tmp_path, "inventory", "list", "--format", "json", "-t", "db").out
    assert json.loads(as_json) == {"event": "host", "host": "db1", "groups": [], "tags": {}, "variables": {}}
    for argv in (["list", "--format", "ansible"], ["--list"]):
        listed = json.loads(holdfast(tmp_path, "inventory", *argv).out)
        assert (listed["all"], listed["web"]) == ({"children": ["web"]}, {"hosts": ["web001", "web002"]})
        assert listed["_meta"]["hostvars"]["web002"]["http_port"] == 8080
    assert json.loads(holdfast(tmp_path, "inventory", "--host", "web001").out)["http_port"] == 8080


def test_an_expression_that_selects_nothing_is_an_error(tmp_path):
    said = holdfast(tmp_path, "inventory", "select", "nobody")
    assert (said.code, said.out) == (2, "")
    assert "selects no host" in said.err
    assert "did you mean `web001`?" in holdfast(tmp_path, "inventory", "show", "web01").err


def test_global_options_stand_before_or_behind_every_word(tmp_path):
    api = Standin()
    holdfast(tmp_path, "-i", "a", "inventory", "-i", "b", "list", "-i", "c", "--json", api=api)
    assert api.loaded["inventory"] == ["a", "b", "c"]
    assert holdfast(tmp_path, "inventory", "list", "--json").out.startswith('{"event": "host"')
    assert holdfast(tmp_path, "--json", "inventory", "list").out.startswith('{"event": "host"')


def test_doc_is_read_from_the_declaration(tmp_path):
    listing = holdfast(tmp_path, "doc").out
    assert "motd           The message of the day\n" in listing
    assert "broken         this resource type cannot be imported\n" in listing
    assert "state             What hosts should be." in listing
    shown = holdfast(tmp_path, "doc", "motd").out
    assert "  text: text, needed, may be a secret\n      The whole text.\n" in shown
    assert "  state: text, one of present, absent, default present\n" in shown
    assert "example:\n    - motd: welcome\n      text: hello\n" in shown
    assert "What hosts should be." in holdfast(tmp_path, "doc", "state").out
    assert "did you mean `motd`?" in holdfast(tmp_path, "doc", "modt").err
    assert holdfast(tmp_path, "doc", "broken").code == 2
    assert json.loads(holdfast(tmp_path, "doc", "motd", "--json").out)["arguments"][1]["default"] == "present"


def test_facts_are_one_a_line_and_equal_hosts_are_folded(tmp_path):
    facts = {"os": {"family": "debian", "name": "Debian"}, "memory": {"total_mb": 2048}, "empty": ""}
    started, *_, done = happenings((quiet("web001"), quiet("web002")))
    told = [started, replace(done, facts={"web001": facts, "web002": facts})]
    assert holdfast(tmp_path, "facts", api=Standin(tells=told)).out == (
        "2 hosts web[001-002]\n    os.family: debian\n    os.name: Debian\n    memory.total_mb: 2048\n")
    said = holdfast(tmp_path / "other", "facts", "os.family", "--json", api=Standin(tells=told)).out
    assert json.loads(said.splitlines()[-1]) == {
        "event": "facts", "run": "20261124-041500-ab12", "host": "web002", "facts": {"os.family": "debian"}}


def test_init_makes_a_project_and_never_overwrites(tmp_path):
    said = holdfast(tmp_path, "init", str(tmp_path / "site"))
    assert (said.code, said.err) == (0, "")
    made = sorted(str(p.relative_to(tmp_path / "site")) for p in (tmp_path / "site").rglob("*") if p.is_file())
    assert made == [".gitignore", "inventory/hosts.yml", "modules/README.md", "playbooks/quickstart.yml",
                    "tests/quickstart.yml", "tests/test_quickstart.py"]
    assert list(sources.load([tmp_path / "site" / "inventory" / "hosts.yml"]).hosts) == ["here"]
    assert list(load_documents([tmp_path / "site" / "playbooks"], Types())) == ["quickstart"]
    (tmp_path / "site" / "playbooks" / "quickstart.yml").write_text("mine")
    (tmp_path / "site" / "inventory" / "hosts.yml").unlink()
    again = holdfast(tmp_path, "init", str(tmp_path / "site"))
    assert (again.code, again.err.count("is there already")) == (2, 5)
    assert (tmp_path / "site" / "playbooks" / "quickstart.yml").read_text() == "mine"
    assert not (tmp_path / "site" / "inventory" / "hosts.yml").exists(), "half of it was made"


def test_validate_says_how_much_it_looked_at(tmp_path):
    assert holdfast(tmp_path, "validate", "a.yml", "b.yml").out == "2 documents for 3 hosts: no problems\n"
    assert holdfast(tmp_path, "validate", "-t", "nobody").code == 2


def test_the_reference_is_current():
    from holdfast.cli.reference import reference
    page = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"
    assert page.read_text("utf-8") == reference(), "python -m holdfast.cli.reference > docs/reference/cli.md"


def test_every_option_has_its_help():
    from holdfast.cli.parser import build
    parser, commands = build()
    for command in commands.values():
        command.fill()
    ahead = [parser, *commands.values()]
    while ahead:
        for action in ahead.pop()._actions:
            assert action.help or action.dest == "action", action
            choices = action.choices if isinstance(action.choices, dict) else {}
            ahead += [inner for inner in choices.values() if inner not in commands.values()]


