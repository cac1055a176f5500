"""`holdfast undo RUN`: hosts go back to what was before; what cannot be undone is named before anything happens."""
from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.lab.host import LabHost
from tests.trust.site import Site

Hosts = Mapping[str, LabHost]
DOCUMENT = """\
    state: site
    targets: h1 or h2
    vars:
      password: {secret: password, env: PASSWORD}
    resources:
      - directory: /etc/site/deep
        mode: "0700"
      - file: /etc/site/deep/conf
        content: "password={{ password }}\\n"
      - file: /etc/motd
        content: changed
        mode: "0600"
        notify: {service: cron}
      - link: /etc/site/link
        to: /etc/motd
      - line: a line
        path: /etc/site.lines
        text: added
      - file: /etc/gone
        state: absent
      - service: cron
        running: true
      - service: dbus-org.freedesktop.timedate1
      - command: echo x >> /root/once
        shell: true
        always: true
"""
BEFORE = ("echo before > /etc/motd && chmod 644 /etc/motd && chown nobody /etc/motd; echo one > /etc/site.lines; "
          "echo keep > /etc/gone; chmod 640 /etc/gone; systemctl stop cron")
LOOK = ("stat -c '%n %a %U %s' /etc/motd /etc/site /etc/site/deep /etc/site/deep/conf /etc/site/link /etc/site.lines "
        "/etc/gone 2>&1; cat /etc/motd /etc/site.lines /etc/gone 2>&1; systemctl is-active cron")


def look(host: LabHost) -> str:
    return host.run(f"{LOOK} || true").stdout


@pytest.fixture
def applied(site: Site, clean_hosts: Hosts) -> dict[str, str]:
    """How the hosts looked before the run that was applied."""
    site.environment["PASSWORD"] = "geheim-4711"
    before = {}
    for name in ("h1", "h2"):
        clean_hosts[name].run(BEFORE)
        before[name] = look(clean_hosts[name])
    site.write(DOCUMENT)
    done = site.run("apply")
    assert done.code == 0, done.text
    assert look(clean_hosts["h1"]) != before["h1"]
    return before


def test_hosts_are_as_before(site: Site, clean_hosts: Hosts, applied: dict[str, str]) -> None:
    done = site.run("undo", "last", "--yes")
    assert done.code == 0, done.text
    for name in ("h1", "h2"):
        assert look(clean_hosts[name]) == applied[name]
    assert "echo x >> /root/once stays as it is on h[1-2]: cannot be undone: what a command does" in done.text
    assert "geheim" not in done.text
    assert "nothing" not in site.run("undo", "last", "--yes").text, "an undo can be undone"
    assert clean_hosts["h1"].witness().file("/etc/motd").content_string == "changed"


def test_the_plan_comes_first_and_is_the_deed(site: Site, clean_hosts: Hosts, applied: dict[str, str]) -> None:
    after = look(clean_hosts["h1"])
    shown = site.run("undo", "last", "--exit-code")
    assert shown.code == 3 and "-changed" in shown.text and "+before" in shown.text
    assert "cannot be undone" in shown.text and "say --yes to do it" in shown.text
    assert "geheim" not in shown.text, "what may hold a secret is not shown"
    assert look(clean_hosts["h1"]) == after, "nothing was done"


def test_one_host_one_resource(site: Site, clean_hosts: Hosts, applied: dict[str, str]) -> None:
    done = site.run("undo", "last", "-t", "h1", "--resource", "file: /etc/motd", "--yes")
    assert done.code == 0, done.text
    assert clean_hosts["h1"].witness().file("/etc/motd").content_string == "before\n"
    assert clean_hosts["h1"].witness().file("/etc/site.lines").content_string == "one\nadded\n"
    assert clean_hosts["h2"].witness().file("/etc/motd").content_string == "changed"


def test_what_changed_meanwhile_is_shown(site: Site, clean_hosts: Hosts, applied: dict[str, str]) -> None:
    clean_hosts["h1"].run("echo by hand > /etc/motd")
    shown = site.run("undo", "last", "-t", "h1")
    assert "-by hand" in shown.text and "+before" in shown.text


def test_what_cannot_be_is_refused(site: Site, clean_hosts: Hosts, applied: dict[str, str]) -> None:
    assert site.run("plan").code == 0
    assert "+before" in site.run("undo", "last", "-t", "h1").text, "a plan is nothing to go back from"
    plan = site.run("runs", "list", "--json").objects[0]["run"]
    assert "is a plan: it changed nothing" in site.run("undo", plan).text
    misspelt = site.run("undo", "last", "--resource", "file: /etc/mot", "--yes")
    assert misspelt.code == 2 and "did you mean `file: /etc/motd`?" in misspelt.text
    assert "there is no run `nosuch`" in site.run("undo", "nosuch").text
    assert site.run("apply").code == 0
