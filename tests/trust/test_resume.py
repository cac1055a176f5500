"""`apply --resume RUN`: a run goes on where it ended; what can be done only once is not done twice."""
from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping

from tests.lab.host import LabHost
from tests.trust.site import Site

Hosts = Mapping[str, LabHost]
DOCUMENT = """\
    state: site
    targets: h1 or h2
    rollout: {batches: [1]}
    resources:
      - command: echo x >> /root/once
        shell: true
        always: true
        register: once
      - file: /root/first
        content: first
        notify: {command: echo told >> /root/told}
      - command: until test -e /root/go; do sleep 0.1; done
        shell: true
        only_if: test ! -e /root/last
      - file: /root/last
        content: "{{ once.code }}"
      - command: echo told >> /root/told
        shell: true
        on_notify: true
"""


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


def text(host: LabHost, path: str) -> str:
    return host.run(f"cat {path} 2>/dev/null || true").stdout.strip()


def killed_in_the_middle(site: Site, hosts: Hosts) -> None:
    """The controller is killed while h1 is at its third resource; h2 was never touched. Somebody resumes at once, too
    early. The host then finishes what it has in hand, as nobody is there to stop it."""
    site.write(DOCUMENT)
    running = site.start("apply")
    until(lambda: (hosts["h1"].rootfs / "root/first").exists())
    running.send_signal(signal.SIGKILL)
    running.communicate()
    early = site.run("apply", "--resume", "last", "--json")
    assert early.hosts() == {"h1": "refused", "h2": "untouched"}, early.text
    hosts["h1"].run("touch /root/go")
    until(lambda: not text(hosts["h1"], "/var/lib/holdfast/lock"))


def test_a_run_whose_controller_was_killed_goes_on(site: Site, clean_hosts: Hosts) -> None:
    clean_hosts["h2"].run("touch /root/go")
    killed_in_the_middle(site, clean_hosts)
    first, second = clean_hosts["h1"], clean_hosts["h2"]
    assert text(first, "/root/once") == "x" and not text(second, "/root/once")
    done = site.run("apply", "--resume", "last", "--json")
    assert done.code == 0, done.text
    assert done.hosts() == {"h1": "changed", "h2": "changed"}
    for host in (first, second):
        assert text(host, "/root/once") == "x", "done once, on each host"
        assert text(host, "/root/last") == "0", "the output of what was done before the kill is known"
        assert text(host, "/root/told") == "told", "a notification that was owed is carried out once"
    shown = site.run("runs", "show", "last", "h1", "--json")
    changed = {one["id"] for one in shown.objects if one.get("status") == "changed" and "id" in one}
    assert {"command: echo x >> /root/once", "file: /root/first", "file: /root/last"} <= changed, shown.text


def test_what_is_whole_is_left_alone(site: Site, clean_hosts: Hosts) -> None:
    site.write(DOCUMENT)
    for host in clean_hosts.values():
        host.run("touch /root/go")
    assert site.run("apply").code == 0
    clean_hosts["h1"].run("rm /root/last")
    done = site.run("apply", "--resume", "last")
    assert done.code == 0 and "nothing is left to do" in done.text
    assert not text(clean_hosts["h1"], "/root/last"), "the control: it would have been written by apply"


def test_hosts_that_failed_are_tried_again_and_no_others(site: Site, clean_hosts: Hosts) -> None:
    for host in clean_hosts.values():
        host.run("touch /root/go")
    clean_hosts["h2"].run("mkdir /root/last")
    site.write(DOCUMENT)
    assert site.run("apply").code == 4
    clean_hosts["h2"].run("rmdir /root/last")
    done = site.run("apply", "--resume", "last", "--json")
    assert done.code == 0 and done.hosts() == {"h2": "changed"}
    assert text(clean_hosts["h2"], "/root/once") == "x"
    assert text(clean_hosts["h2"], "/root/told") == "told"


def test_what_may_have_been_done_is_not_done_twice(site: Site, clean_hosts: Hosts) -> None:
    """A power cut in the middle of a command that runs always: nobody knows whether it has done its work."""
    host = clean_hosts["h1"]
    site.write("""\
        state: site
        targets: h1
        resources:
          - command: echo x >> /root/once; sync; sleep 30
            shell: true
            always: true
          - file: /root/after
            content: after
        """)
    running = site.start("apply")
    until(lambda: bool(text(host, "/root/once")))
    host.kill()
    running.communicate(timeout=60)
    host.start()
    done = site.run("apply", "--resume", "last", "--json")
    assert done.code == 4 and done.hosts() == {"h1": "failed"}
    told, = done.of("resource_done", host="h1", status="failed")
    assert told["message"] == "begun earlier in this run, and its end is not known: it is not done twice"
    assert text(host, "/root/once") == "x"
    assert text(host, "/root/after") == "after", "document order is no reason to hold back what does not need it"


def test_what_cannot_be_resumed_is_refused(site: Site, clean_hosts: Hosts) -> None:
    site.write(DOCUMENT)
    assert "no runs are kept yet" in site.run("apply", "--resume", "last").text
    assert site.run("plan").code == 0
    assert "is a plan: there is nothing to take up" in site.run("apply", "--resume", "last").text
    site.write("""\
        state: site
        targets: h1
        resources:
          - file: /root/whole
            content: whole
        """)
    assert site.run("apply").code == 0
    assert site.run("plan").code == 0
    assert "is whole: nothing is left to do" in site.run("apply", "--resume", "last").text, "not the plan after it"
    assert "cannot be added" in site.run("apply", "--resume", "last", "-t", "h1").text
    assert site.run("apply", "--resume", "last", "playbooks/site.yml").code == 2
