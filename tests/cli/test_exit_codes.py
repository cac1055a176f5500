"""docs/reference/exit-codes.md, on real hosts: each code, and which goes before which."""
from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping

import pytest

from tests.lab.host import LabHost
from tests.trust.site import Site

MOTD = """
    state: motd
    targets: all
    resources:
      - file: /etc/motd
        content: |
          kept
    """
BROKEN = """
    state: broken
    targets: all
    resources:
      - command: "false"
        always: true
        when: inventory_hostname == "h1"
    """


@pytest.fixture
def motd(site: Site) -> Site:
    site.write(MOTD, "playbooks/motd.yml")
    return site


def test_0_when_all_is_in_state_and_3_only_when_asked_for(motd: Site) -> None:
    assert motd.run("plan").code == 0, "pending, but nobody asked"
    assert motd.run("plan", "--exit-code").code == 3
    assert motd.run("apply", "--exit-code").code == 3
    for command in ("plan", "apply", "drift"):
        assert motd.run(command, "--exit-code").code == 0, command


def test_4_when_a_host_failed_and_the_others_went_on(motd: Site, clean_hosts: Mapping[str, LabHost]) -> None:
    motd.write(BROKEN, "playbooks/broken.yml")
    said = motd.run("apply", "--json", "--exit-code")
    assert (said.code, said.hosts()) == (4, {"h1": "failed", "h2": "changed", "h3": "changed"})
    assert all((host.rootfs / "etc/motd").read_text() == "kept\n" for host in clean_hosts.values())


def test_4_when_a_command_did_not_end_with_0(site: Site) -> None:
    said = site.run("run", "--shell", "hostname; test $(hostname) != h2 || exit 7")
    assert said.code == 4
    assert "h2: exit 7\n    h2\n" in said.text
    found = site.run("run", "--json", "-t", "h2", "--", "sh", "-c", "exit 9").of("resource_done")
    assert found[0]["outputs"]["code"] == 9


def test_4_when_a_host_took_too_long(site: Site) -> None:
    said = site.run("run", "-t", "h1", "--host-limit", "4s", "--", "sleep", "60")
    assert said.code == 4
    assert "h1: timed out: took longer than 4 s" in said.text


def test_4_when_another_run_holds_the_host(motd: Site) -> None:
    holding = motd.start("run", "--json", "-t", "h1", "--", "sh", "-c", "echo begun; sleep 30")
    with holding:
        for line in holding.stdout or ():
            if "begun" in line and "output_came" in line:
                break
        said = motd.run("apply", "-t", "h1")
        holding.terminate()
        holding.communicate(timeout=60)
    assert said.code == 4
    assert "h1 refused" in said.text
    assert holding.returncode == 130


def test_5_when_a_host_cannot_be_reached_and_the_others_did_well(motd: Site,
                                                                 clean_hosts: Mapping[str, LabHost]) -> None:
    clean_hosts["h3"].stop()
    said = motd.run("apply", "--json", "--exit-code")
    assert (said.code, said.hosts()) == (5, {"h1": "changed", "h2": "changed", "h3": "unreachable"})
    drift = motd.run("drift", "--exit-code")
    assert drift.code == 5, "a host that could not be asked is never shown as good"
    assert "h3 unreachable: " in drift.text
    assert "3 hosts: 2 as declared, 1 unreachable" in drift.text
    motd.write(BROKEN, "playbooks/broken.yml")
    assert motd.run("apply").code == 4, "failed goes before unreachable"


def contacts(host: LabHost) -> dict[str, int]:
    """How often the host was asked for anything: connections taken and turned away, datagrams, pings. Not packets:
    those of an earlier conversation, and who has which address, still come and go."""
    lines = [line.split() for line in host.run("cat /proc/net/snmp").stdout.splitlines()]
    found = {head[0] + name: int(value) for head, row in zip(lines[::2], lines[1::2], strict=True)
             for name, value in zip(head[1:], row[1:], strict=True)}
    return {name: found[name] for name in ("Tcp:PassiveOpens", "Tcp:OutRsts", "Udp:InDatagrams", "Udp:NoPorts",
                                           "Icmp:InMsgs")}


def test_a_contact_would_be_seen(motd: Site, clean_hosts: Mapping[str, LabHost]) -> None:
    before = contacts(clean_hosts["h1"])
    motd.run("plan", "-t", "h1")
    assert contacts(clean_hosts["h1"])["Tcp:PassiveOpens"] == before["Tcp:PassiveOpens"] + 1


@pytest.mark.parametrize(("words", "told"), [
    (("apply", "--nonsense"), "unrecognized arguments: --nonsense"),
    (("apply", "-t", "role=nobody"), "role=nobody"),
    (("apply", "nowhere.yml"), "nowhere.yml"),
    (("apply", "wrong.yml"), "did you mean `owner`?"),
    (("apply", "-i", "nowhere"), "nowhere"),
    (("run", "-t", "h9", "--", "uptime"), "h9"),
    (("runs", "show", "nonsense"), "there is no run `nonsense`"),
    (("doc", "fil"), "did you mean `file`?"),
])
def test_2_when_it_is_refused_and_nothing_was_touched(motd: Site, clean_hosts: Mapping[str, LabHost],
                                                     words: tuple[str, ...], told: str) -> None:
    motd.write("state: wrong\ntargets: all\nresources:\n  - file: /etc/motd\n    onwer: root\n", "wrong.yml")
    before = {name: contacts(host) for name, host in clean_hosts.items()}
    said = motd.run(*words)
    assert said.code == 2
    assert told in said.text
    assert "Traceback" not in said.text
    assert {name: contacts(host) for name, host in clean_hosts.items()} == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_130_when_it_was_interrupted(site: Site, number: signal.Signals) -> None:
    running = site.start("run", "--json", "-t", "h1 or h2", "--", "sh", "-c", "echo begun; sleep 2; echo ended")
    begun: set[str] = set()
    with running:
        for line in running.stdout or ():
            begun |= {host for host in ("h1", "h2") if f'"host": "{host}"' in line and "begun" in line}
            if len(begun) == 2:
                break
        running.send_signal(number)
        rest, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert rest.count('"event": "host_done"') == 2
    assert "ended" in rest, "the resource in hand is finished"
    assert "stopping: the resources in hand are finished first" in told


def test_the_control_the_same_command_is_not_interrupted_by_itself(site: Site) -> None:
    done: subprocess.Popen[str] = site.start("run", "-t", "h1", "--", "sh", "-c", "echo begun; sleep 2; echo ended")
    with done:
        assert done.wait(60) == 0
