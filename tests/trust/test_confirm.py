"""`apply --confirm TIME`: a host that cannot be reached again after a change takes the change back by itself."""
from __future__ import annotations

import time
from collections.abc import Mapping

from tests.lab.host import LabHost
from tests.trust.site import Site

Hosts = Mapping[str, LabHost]
SHUT_OUT = """\
    state: site
    targets: h1
    resources:
      - file: /etc/ssh/sshd_config.d/00-shut.conf
        content: |
          DenyUsers root
        validate: sshd -t -f %s
        notify: {service: ssh}
      - file: /etc/ssh/sshd_config.d/10-lab.conf
        mode: "0600"
      - service: ssh
        running: true
"""
HARMLESS = """\
    state: site
    targets: all
    resources:
      - file: /etc/site
        content: site
"""


def test_who_shuts_himself_out_is_let_in_again(site: Site, clean_hosts: Hosts) -> None:
    host = clean_hosts["h1"]
    site.write(SHUT_OUT)
    done = site.run("apply", "--confirm", "8s", "--json")
    assert done.code == 5 and done.hosts() == {"h1": "unreachable"}
    assert "takes the change back by itself" in done.of("host_done")[0]["message"]
    end = time.monotonic() + 40
    while (host.rootfs / "etc/ssh/sshd_config.d/00-shut.conf").exists():
        assert time.monotonic() < end, "it was not taken back"
        time.sleep(0.5)
    time.sleep(2)
    witness = host.witness()
    assert witness.service("ssh").is_running, "root can log in again: this is asked over SSH"
    assert witness.file("/etc/ssh/sshd_config.d/10-lab.conf").mode == 0o644
    site.write(HARMLESS)
    assert "results of run" in site.run("apply", "-t", "h1").text
    shown = site.run("runs", "list").text
    run = next(line.split()[0] for line in shown.splitlines() if "failed" in line)
    assert "the change was taken back" in site.run("runs", "show", run, "h1").text


def test_without_it_he_stays_outside(site: Site, clean_hosts: Hosts) -> None:
    """The control."""
    site.write(SHUT_OUT)
    assert site.run("apply").code == 0
    assert site.run("plan").code == 5


def test_a_host_that_is_reached_again_keeps_the_change(site: Site, clean_hosts: Hosts) -> None:
    site.write(HARMLESS)
    done = site.run("apply", "--confirm", "20s", "--json")
    assert done.code == 0 and set(done.hosts().values()) == {"changed"}
    again = site.run("apply", "--confirm", "20s", "--json")
    assert set(again.hosts().values()) == {"ok"}, "nothing changed, nothing to confirm, and no lock is left"
    time.sleep(1)
    assert clean_hosts["h1"].witness().file("/etc/site").content_string == "site"
    assert "results of run" not in again.text
    assert "cannot take back" not in again.text
    site.write(f"{HARMLESS}      - command: touch /etc/lasting\n        creates: /etc/lasting\n"
               "      - command: \"true\"\n        read_only: true\n")
    named, = [one["message"] for one in site.run("apply", "--confirm", "20s", "--json").of("noticed")
              if "take back" in one["message"]]
    assert named == "a host that is not reached again cannot take back: command: touch /etc/lasting"
    assert "take back" not in site.run("apply").text
    assert site.run("plan", "--out", "site.plan").code == 0
    assert "cannot take back: command: touch" in site.run("apply", "site.plan", "--confirm", "20s").text


def test_a_controller_that_dies_confirms_nothing(site: Site, clean_hosts: Hosts) -> None:
    """It is killed when the file is there; the host waits in vain, and takes it back."""
    host = clean_hosts["h1"]
    site.write("""\
        state: site
        targets: h1
        resources:
          - file: /etc/site
            content: site
          - command: sleep 3
            always: true
        """)
    running = site.start("apply", "--confirm", "3s")
    end = time.monotonic() + 30
    while not (host.rootfs / "etc/site").exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    running.kill()
    running.communicate()
    end = time.monotonic() + 30
    while (host.rootfs / "etc/site").exists():
        assert time.monotonic() < end, "it was not taken back"
        time.sleep(0.2)
    resumed = site.run("apply", "--resume", "last")
    assert resumed.code == 0 and "; a part of the change was taken back" in resumed.text
    assert "cannot take back: command: sleep 3" in resumed.text, "it is confirmed as its first part was to be"
    assert (host.rootfs / "etc/site").exists()
