"""What a person takes in at once, with three hosts and with three thousand."""
from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from holdfast.executor.model import HostResult, Result, RunDone
from holdfast.reports.history import run_lines
from holdfast.reports.style import Style
from holdfast.reports.summary import summary
from holdfast.store.model import Run
from holdfast_host.graph import Event
from tests.unit.examples import THREE, broken, failed, fleet, gone, ok, place, quiet, web

RUN = "20261124-041500-ab12"


def text(results, mode="apply", stopped="", **more) -> str:
    return "\n".join(summary(RunDone(RUN, tuple(results), stopped, 12.5), mode, Style(), **more))


def test_three_hosts():
    assert text(THREE) == """\
web002 in state
web001 changed: 3 of 4 resources (package: nginx, template: /etc/nginx/nginx.conf, service: nginx)
db1 failed at service: nginx (playbooks/webs.yml:11): Job for nginx.service failed
    → see `journalctl -u nginx` there
    skipped because of it: http_check: http://localhost/
db1: service: nginx is owed a notification (template: /etc/nginx/nginx.conf changed); the next apply carries it out

3 hosts: 1 in state, 1 changed, 1 failed in 12.5 s
in full: holdfast runs show 20261124-041500-ab12 db1"""


def test_three_thousand_hosts_are_as_short_as_three():
    assert text(fleet(), stopped="the error budget of 1% is spent") == """\
540 hosts in state
    app[001-540]
2,400 hosts changed: 3 of 4 resources (package: nginx, template: /etc/nginx/nginx.conf, service: nginx)
    web[0001-2400]
8 hosts never touched: the error budget of 1% is spent
    spare[1-8]
12 hosts unreachable: no route to 10.0.0.9 port 22
    → is the host up?
    old[01-12]
40 hosts failed at service: nginx (playbooks/webs.yml:11): Job for nginx.service failed
    → see `journalctl -u nginx` there
    skipped because of it: http_check: http://localhost/
    db[01-40]
40 hosts: service: nginx is owed a notification (template: /etc/nginx/nginx.conf changed); the next apply carries it out
    db[01-40]

3,000 hosts: 540 in state, 2,400 changed, 8 never touched, 12 unreachable, 40 failed in 12.5 s; \
stopped: the error budget of 1% is spent
in full: holdfast runs show 20261124-041500-ab12 db01
to go on where it ended: holdfast apply --resume 20261124-041500-ab12"""


def test_messages_that_differ_in_names_and_numbers_only_are_one_group():
    results = [HostResult(f"web{n}", "unreachable", message=f"web{n}: no route to 10.0.0.{n} port 22") for n in (1, 2)]
    assert text(results).startswith("2 hosts unreachable: web1: no route to 10.0.0.1 port 22 (and alike)\n"
                                    "    web[1-2]\n")
    other = replace(gone("old1"), message="connection refused")
    assert "1 host" not in text([gone("old2"), other])
    assert text([gone("old2"), other]).count("unreachable: ") == 2, "the control: different reasons stay apart"


def test_hosts_that_failed_at_other_resources_are_not_said_to_have_failed_alike():
    results = [HostResult(f"db{n}", "failed", (failed(0, f"package: pkg{n}", f"no package pkg{n}"),)) for n in (1, 2)]
    assert text(results).count("failed at package: pkg") == 2


def test_a_mend_with_an_address_in_it_keeps_no_hosts_apart():
    results = [HostResult(f"web{n}", "unreachable", message=f"10.0.0.{n} shows an unknown key, SHA256:{key}",
                          mend=f"ssh-keyscan 10.0.0.{n} >> known_hosts") for n, key in ((1, "h3+Vp/r="), (2, "Xm9"))]
    assert "2 hosts unreachable: 10.0.0.1 shows an unknown key, SHA256:h3+Vp/r= (and alike)" in text(results)


def test_why_hosts_were_not_touched_is_said_once():
    told = text([HostResult("a", "untouched", message="the run had stopped: enough")], stopped="enough")
    assert "a never touched: the run had stopped: enough\n" in told


def test_a_hundred_ways_to_fail_do_not_fill_the_screen():
    results = [HostResult(f"h{n}", "failed", (failed(0, f"service: {'x' * n}", "no"),)) for n in range(1, 101)]
    lines = text(results).splitlines()
    assert len(lines) < 25
    assert "95 more hosts failed, in 95 other ways" in lines


def test_each_failure_of_a_host_is_named():
    result = HostResult("a", "failed", (failed(0, "package: x", "no such package\nE: see above"),
                                        failed(1, "user: y", "is logged in")))
    assert text([result]).startswith("a failed at package: x (playbooks/webs.yml:10): no such package\n"
                                     "    E: see above\n    and at user: y (playbooks/webs.yml:11): is logged in\n")


def test_what_failures_have_in_common_is_said_once_and_whole():
    said = "apt-get ended with 100:\nE: no room"
    results = (*(failed(number, f"package: {name}", said) for number, name in enumerate("xyz")),
               failed(3, "package: w", "no such package\nE: see above"))
    assert text([HostResult("a", "failed", results)]).splitlines()[:5] == [
        "a failed at package: x (playbooks/webs.yml:10): apt-get ended with 100:", "    E: no room",
        "    and at package: y (playbooks/webs.yml:11), package: z (playbooks/webs.yml:12): the same",
        "    and at package: w (playbooks/webs.yml:13): no such package", "        E: see above"]


def test_a_stop_says_what_was_not_done_and_how_to_go_on():
    stopped = HostResult("a", "interrupted", (ok(0, "package: x"), *(
        Result(f"file: /{n}", place(n), Event(n, "interrupted", message="not begun")) for n in (1, 2))), "enough")
    told = text([stopped, replace(stopped, host="b")], stopped="enough")
    assert told.startswith("2 hosts interrupted: enough\n    not done: file: /1, file: /2\n    a, b\n")
    assert told.endswith(f"to go on where it ended: holdfast apply --resume {RUN}")
    other = replace(stopped, host="b", results=stopped.results[:2])
    assert "2 hosts" not in text([stopped, other]).splitlines()[0], "the control: other things were not done there"
    for mode in ("saved plan", "undone", "command"):
        assert "to go on: " in text([stopped], mode=mode, stopped="enough")
        assert "--resume" not in text([stopped], mode=mode, stopped="enough")


def test_a_kept_run_suggests_only_what_it_can_be_gone_on_with():
    result = HostResult("a", "untouched")

    def told(*documents, request=None, mode="apply"):
        run = Run(RUN, mode, "ann", 0.0, 1.0, "stopped", "enough", documents, "", 1, {}, request=request)
        return run_lines(run, (result,), Style(), UTC)[-1]

    assert "--resume" in told("site", request={}), "the control"
    assert told("site").startswith("to go on: plan anew")
    assert told("run: id").startswith("to go on: run it again")
    assert told("undo: x").startswith("to go on: undo the same run")
    assert "to go on" not in told("site", mode="drift")


def test_what_is_left_out_on_purpose_is_not_called_skipped():
    left = Result("package: apt-transport", place(40), Event(9, "skipped", message="when: facts.os.family == 'debian'"))
    told = text([replace(broken("db1"), results=(*broken("db1").results, left))])
    assert "skipped because of it: http_check: http://localhost/\n" in told
    assert "apt-transport" not in told
    assert "1 of 1 resource (" in text([replace(web("a"), results=(web("a").results[0], left))])


def test_a_plan_says_what_comes_next_and_drift_has_its_words():
    assert text([web("a", "plan")], "plan").endswith("nothing was written; `holdfast apply` makes it so")
    drift = text([web("a", "plan"), quiet("b")], "plan", drift=True)
    assert drift.startswith("b as declared\na drifted: 3 of 4 resources")


def test_what_hosts_say_cannot_command_the_terminal():
    result = HostResult("a", "failed", (failed(0, "file: /\x1b]0;x\x07", "\x1b[2Jgone\u202etxt"),))
    assert "\x1b" not in text([result])
    assert "\u202e" not in text([result])
    assert "\\x1b[2Jgone" in text([result])


def test_signs_are_ascii_where_the_terminal_is():
    lines = summary(RunDone(RUN, (broken("Zürich"),), "", 1.0), "apply", Style(signs=False))
    assert "\n".join(lines).isascii()
    assert "    -> see `journalctl -u nginx` there" in lines


def test_nothing_at_all_is_still_a_sentence():
    assert text([]) == "0 hosts: none in 12.5 s"
    assert text([HostResult("a", "ok", (ok(0, "x: y"),))]) == "a in state\n\n1 host: 1 in state in 12.5 s"
