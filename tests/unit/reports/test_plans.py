"""Plans and drift: equal changes once, text as diffs, the rest field by field."""
from __future__ import annotations

from datetime import UTC

from holdfast.executor.model import HostResult, Result
from holdfast.reports.plans import changes
from holdfast.reports.style import Style
from holdfast_host.graph import Event
from tests.unit.examples import changed, place, quiet, web


def text(*results: HostResult, **more) -> str:
    return "\n".join(changes(results, more.pop("style", Style()), **more))


def test_equal_changes_of_many_hosts_are_shown_once():
    assert text(web("web001", "plan"), web("web002", "plan"), quiet("db1")) == """\
+ package: nginx: install on 2 hosts web[001-002] (playbooks/webs.yml:10)
    version: absent → 1.22.1-9
~ template: /etc/nginx/nginx.conf: update on 2 hosts web[001-002] (playbooks/webs.yml:11)
    mode: 0600 → 0644
    content:
      @@ -1,2 +1,2 @@
       user www-data;
      -worker_processes 1;
      +worker_processes auto;
~ service: nginx: restart on 2 hosts web[001-002] (playbooks/webs.yml:13)
    because of template: /etc/nginx/nginx.conf changed"""


def test_a_command_of_many_lines_is_shown_in_full_and_named_by_its_first() -> None:
    step = Result("command: set -e\n  make\n", place(9), Event(0, "pending", action="run"))
    assert text(HostResult("web1", "pending", (step,))) == """\
~ command: set -e …: run (playbooks/webs.yml:9)
    command: set -e
      make"""


def test_drift_says_when_it_was_seen_first_and_on_which_host():
    since = {("web001", "package: nginx"): 1_795_493_700.0, ("web002", "package: nginx"): 1_795_493_700.4,
             ("web001", "service: nginx"): 1_795_493_700.0, ("web002", "service: nginx"): 1_795_407_300.0}
    told = text(web("web001", "plan"), web("web002", "plan"), since=since, zone=UTC)
    assert "package: nginx: install on 2 hosts web[001-002] (playbooks/webs.yml:10)\n" \
        "    first seen 2026-11-24 04:15:00 UTC\n    version:" in told
    assert "    first seen 2026-11-23 04:15:00 UTC on web002, last 2026-11-24 04:15:00 UTC\n    because" in told
    assert told.count("first seen") == 2, "the control: nothing is known of the template"


def host(name: str, **more: object) -> HostResult:
    return HostResult(name, "pending", (changed(0, "file: /etc/motd", "pending", **more),))


def test_changes_that_differ_only_in_the_hosts_own_name_are_one():
    told = text(*(host(f"web{n}", diffs=(("content", f"@@ -0,0 +1 @@\n+this is web{n}\n"),)) for n in (1, 2, 3)))
    assert told.count("file: /etc/motd") == 1
    assert "on 3 hosts web[1-3] (alike but for the host's name)" in told


def test_a_hosts_name_within_a_word_is_no_name():
    told = text(*(host(name, diffs=(("content", f"@@ -0,0 +1 @@\n+c{name}t\n"),)) for name in ("a", "o")))
    assert told.count("file: /etc/motd") == 2, "cat and cot are not alike"


def test_changes_that_differ_stay_apart():
    told = text(host("a", fields=(("mode", "0600", "0644"),)), host("b", fields=(("mode", "0666", "0644"),)))
    assert told.count("file: /etc/motd") == 2


def test_a_resource_that_changes_everywhere_in_another_way_does_not_bury_the_others():
    results = [HostResult(f"web{n}", "pending", (
        changed(0, "file: /etc/token", "pending", diffs=(("content", f"@@ -1 +1 @@\n-old\n+{'ab' * n}\n"),)),
        changed(1, "file: /etc/motd", "pending", fields=(("mode", "0600", "0644"),)))) for n in range(1, 301)]
    told = text(*results)
    assert told.count("\n      +ab") == 5
    assert "~ file: /etc/token: in 295 other ways on 295 hosts web[6-300]; -v shows them\n~ file: /etc/motd" in told
    assert text(*results, everything=True).count("\n      +ab") == 300


def test_what_is_not_known_yet_says_before_what():
    result = HostResult("a", "pending", (Result("service: nginx", place(14), Event(
        0, "unknown", message="not known before package: nginx")),))
    assert text(result) == ("? service: nginx: not known yet (playbooks/webs.yml:14)\n"
                            "    not known before package: nginx")


def test_binary_content_is_told_by_size_and_hash():
    told = text(host("a", diffs=(("content", "nothing → 2048 bytes (SHA-256 0123456789ab…)\n"),)))
    assert told.endswith("    content: nothing → 2048 bytes (SHA-256 0123456789ab…)")


def test_without_diffs_their_size_is_left():
    told = text(host("a", diffs=(("content", "@@ -1 +1,2 @@\n-a\n+b\n+c\n"),)), diff=False)
    assert told.endswith("    content: 2 lines added, 1 removed")


def test_diffs_are_coloured_on_terminals():
    told = text(host("a", diffs=(("content", "@@ -1 +1 @@\n-a\n+b\n"),)), style=Style(colour=True))
    assert "\x1b[31m-a\x1b[0m" in told
    assert "\x1b[32m+b\x1b[0m" in told


def test_secrets_stay_names():
    assert "password: «hidden» → «db password»" in text(host("a", fields=(("password", "«hidden»", "«db password»"),)))


def test_resources_stand_in_the_order_of_their_documents():
    ids = [line.split()[1:3] for line in text(web("a"), HostResult("b", "changed", (
        changed(7, "file: /b"), changed(2, "file: /c")))).splitlines() if line[0] in "+~"]
    assert ids == [["package:", "nginx:"], ["template:", "/etc/nginx/nginx.conf:"], ["file:", "/c:"],
                   ["service:", "nginx:"], ["file:", "/b:"]]
