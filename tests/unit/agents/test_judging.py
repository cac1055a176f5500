"""An agent is reported as one: what a host answered of its resources is what is said of it, and no more."""
from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.agents.judging import agent_states
from holdfast.agents.model import AgentState
from holdfast.contents import types
from holdfast.documents.model import Agent, Part
from holdfast.executor.model import HostResult, Result
from holdfast.problems import Place
from holdfast_host.graph import Event
from tests.unit.compiler.project import fleet
from tests.unit.compiler.project import host as a_host

DECLARED = Agent("agent", "probe", Place("probe.yml", 1, 8))
PACKAGE, SERVICE, HEALTH = "package: probe", "service: probe", "http_check: http://localhost/"
ROLES = {PACKAGE: "package", SERVICE: "service", HEALTH: "health"}


def judged(status: str, removing: bool = False, **of: Event | str) -> AgentState:
    """of: by resource (a word of ROLES) its event or status."""
    results = []
    for number, (id_, role) in enumerate(ROLES.items()):
        event = of.get(role, "ok")
        event = Event(number, event) if isinstance(event, str) else event
        results.append(Result(id_, None, event, (Part("agent", "probe", "removal" if removing else role),)))
    found = agent_states(HostResult("h1", status, tuple(results)), [DECLARED])
    assert len(found) == 1
    return found[0]


INSTALLED = Event(0, "ok", outputs={"version": "1.2-1"})


@pytest.mark.parametrize(("status", "events", "present", "healthy", "version", "why"), [
    ("ok", {"package": INSTALLED}, True, True, "1.2-1", ""),
    ("changed", {"package": Event(0, "changed", outputs={"version": "1.2-1"}), "service": "changed"}, True, True,
     "1.2-1", ""),
    ("pending", {"package": Event(0, "pending", action="install", fields=(("version", None, "1.2-1"),)),
                 "service": "unknown", "health": "unknown"}, False, False, "", "package: probe: to install"),
    ("pending", {"package": Event(0, "pending", action="upgrade", fields=(("version", "1.1-1", "1.2-1"),))}, True, True,
     "1.1-1", "package: probe: to upgrade"),
    ("pending", {"package": Event(0, "pending", action="upgrade", fields=(("version", "1.1-1", "1.2-1"),)),
                 "service": Event(1, "pending", action="restart", refreshed="restart: archive: probe"),
                 "health": Event(2, "unknown", now="ok")}, True, True, "1.1-1", "package: probe: to upgrade"),
    ("pending", {"package": Event(0, "pending", action="upgrade", fields=(("version", "1.1-1", "1.2-1"),)),
                 "health": Event(2, "unknown", now="pending")}, True, False, "1.1-1", "package: probe: to upgrade"),
    ("pending", {"package": Event(0, "pending", action="upgrade", fields=(("version", "1.1-1", "1.2-1"),)),
                 "health": "unknown"}, True, None, "1.1-1", "package: probe: to upgrade"),
    ("pending", {"package": INSTALLED, "service": Event(1, "pending", action="start"), "health": "unknown"}, True,
     False, "1.2-1", "service: probe: to start"),
    ("failed", {"package": INSTALLED, "health": Event(2, "failed", message="it did not answer")}, True, False, "1.2-1",
     "http_check: http://localhost/: it did not answer"),
    ("failed", {"package": Event(0, "failed", message="apt-get ended with 100"),
                "service": Event(1, "skipped", message="needs package: probe, which failed"),
                "health": Event(2, "skipped", message="needs package: probe, which failed")}, None, None, "",
     "package: probe: apt-get ended with 100"),
    ("failed", {"package": Event(0, "failed", message="would go back", outputs={"version": "1.2-1"}),
                "service": Event(1, "skipped", message="needs package: probe, which failed"),
                "health": Event(2, "skipped", message="needs package: probe, which failed")}, True, None, "1.2-1",
     "package: probe: would go back"),
    ("interrupted", {"package": INSTALLED, "service": "interrupted", "health": "interrupted"}, True, None, "1.2-1",
     "service: probe: interrupted"),
])
def test_what_is_said_of_an_agent(status: str, events: dict[str, Event | str], present: bool | None,
                                  healthy: bool | None, version: str, why: str) -> None:
    found = judged(status, **events)
    assert (found.present, found.healthy, found.version, found.why) == (present, healthy, version, why)
    assert found.is_well == (not why)


@pytest.mark.parametrize("status", ["unreachable", "timed_out", "refused", "untouched"])
def test_a_host_that_could_not_be_asked_is_not_known(status: str) -> None:
    found = agent_states(HostResult("h1", status, message="no route to host"), [DECLARED])
    assert found == (AgentState("h1", "probe", "", None, None, why="no route to host"),)
    assert not found[0].is_well


@pytest.mark.parametrize(("package", "present", "well"), [
    ("ok", False, True), ("changed", False, True), (Event(0, "pending", action="purge"), True, False),
    ("unknown", None, False), (Event(0, "failed", message="held"), True, False)])
def test_an_agent_that_is_to_be_gone(package: Event | str, present: bool | None, well: bool) -> None:
    found = judged("ok", removing=True, package=package)
    assert (found.wanted, found.present, found.healthy, found.is_well) == ("absent", present, None, well)


def test_an_agent_that_is_not_for_the_host_is_not_told_of() -> None:
    event = Event(0, "skipped", message="`tags.env` is false")
    left = Result(PACKAGE, None, event, (Part("agent", "probe", "package"),))
    assert agent_states(HostResult("h1", "ok", (left,)), [DECLARED]) == ()


# -- what an agent expands to ----------------------------------------------------------------------------------------

PROBE = """
agent: probe
targets: all
repository:
  - file: /etc/apt/sources.list.d/probe.list
    content: deb http://packages.example.org/ ./
package: [probe, {name: probe-data, recommends: false}]
version: ">= 1.2, < 2"
configuration:
  - file: /etc/probe.conf
    content: a=1
  - directory: /etc/probe.d
service: {name: probe, on_notify: reload}
health:
  - http_check: http://localhost/
remove:
  - directory: /var/lib/probe
    state: absent
"""


def graph(tmp_path: Path, text: str, **tags: str) -> dict[str, tuple[str, dict[str, object], list[str], list[str]]]:
    """By id: its role, arguments, needs and whom it notifies."""
    from holdfast.compiler.choosing import chosen
    from holdfast.compiler.compiling import Request, compile_documents
    from holdfast.documents.loading import load_documents

    (tmp_path / "probe.yml").write_text(text)
    known = types()
    compiled = compile_documents(Request(load_documents([tmp_path], known), fleet(a_host("h1", **tags)), known, chosen))
    made = compiled.graphs["h1"]
    assert [one.name for one in compiled.declared["h1"]] == ["probe"]
    return {node.id: (made.parts[number][0].name, dict(node.args), [made.nodes[one].id for one in node.needs],
                      [made.nodes[one].id for one in node.notifies]) for number, node in enumerate(made.nodes)}


def test_an_agent_is_its_resources(tmp_path: Path) -> None:
    found = graph(tmp_path, PROBE)
    assert list(found) == [
        "file: /etc/apt/sources.list.d/probe.list", "package: probe", "package: probe-data", "file: /etc/probe.conf",
        "directory: /etc/probe.d", "service: probe", "http_check: http://localhost/"]
    assert [role for role, *_ in found.values()] == [
        "repository", "package", "package", "configuration", "configuration", "service", "health"]
    assert found["package: probe"][1] == {"name": "probe", "version": ">= 1.2, < 2"}
    assert found["package: probe-data"][1] == {"name": "probe-data", "recommends": False}
    assert found["service: probe"][1] == {"name": "probe", "on_notify": "reload", "running": True, "enabled": True}
    assert found["file: /etc/probe.conf"][2:] == (["package: probe", "package: probe-data"], ["service: probe"])
    assert "service: probe" in found["http_check: http://localhost/"][2]


BY_ARCHIVE = """
agent: probe
targets: all
vars: {release: 1.2.0}
version: "{{ release }}"
archive:
  - archive: probe
    path: /opt/probe
    url: https://example.org/probe-{{ release }}.tar.gz
    checksum: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
configuration:
  - systemd_unit: probe.service
    content: |
      [Service]
      ExecStart=/opt/probe/probe
  - link: /usr/local/bin/{{ item }}
    to: /opt/probe/{{ item }}
    loop: [probe, probectl]
  - timer: probe-clean
    command: probectl clean
    on_calendar: [daily]
service: probe
"""


def test_an_agent_by_archive(tmp_path: Path) -> None:
    found = graph(tmp_path, BY_ARCHIVE)
    role, arguments, _, notifies = found["archive: probe"]
    assert (role, arguments["version"], notifies) == ("package", "1.2.0", ["service: probe"])
    assert "archive: probe" in found["service: probe"][2] and "archive: probe" in found["timer: probe-clean"][2]
    gone = graph(tmp_path, BY_ARCHIVE.replace("targets: all\n", "targets: all\nstate: absent\n"))
    assert {id_: args for id_, (_, args, _, _) in gone.items()} == {
        "service: probe": {"name": "probe", "running": False, "enabled": False},
        "systemd_unit: probe.service": {"name": "probe.service", "state": "absent"},
        "link: /usr/local/bin/probe": {"path": "/usr/local/bin/probe", "state": "absent"},
        "link: /usr/local/bin/probectl": {"path": "/usr/local/bin/probectl", "state": "absent"},
        "timer: probe-clean": {"name": "probe-clean", "state": "absent"},
        "archive: probe": {"name": "probe", "path": "/opt/probe", "state": "absent"}}


def test_what_is_put_back_tells_no_version_of_its_own() -> None:
    event = Event(0, "pending", action="update", fields=(("below", "not as unpacked: probe", "as in the archive"),))
    one = Result("archive: probe", None, event, (Part("agent", "probe", "package"),))
    found, = agent_states(HostResult("h1", "pending", (one,)), [DECLARED])
    assert (found.present, found.version) == (True, ""), "the store keeps that which it was told last"


def test_an_agent_that_is_to_be_gone_is_taken_away_backwards(tmp_path: Path) -> None:
    found = graph(tmp_path, PROBE.replace("targets: all\n", "targets: all\nstate: absent\n"))
    assert {id_: args for id_, (_, args, _, _) in found.items()} == {
        "service: probe": {"name": "probe", "on_notify": "reload", "running": False, "enabled": False},
        "file: /etc/probe.conf": {"path": "/etc/probe.conf", "state": "absent"},
        "package: probe": {"name": "probe", "state": "purged"},
        "package: probe-data": {"name": "probe-data", "state": "purged"},
        "directory: /var/lib/probe": {"path": "/var/lib/probe", "state": "absent"}}


def test_where_an_agent_is_to_be_may_hang_on_the_host(tmp_path: Path) -> None:
    state = "state: \"{{ 'absent' if tags.env == 'test' else 'present' }}\"\n"
    text = PROBE.replace("targets: all\n", "targets: all\n" + state)
    assert {role for role, *_ in graph(tmp_path, text, env="test").values()} == {"removal"}
    assert "service" in {role for role, *_ in graph(tmp_path, text, env="prod").values()}


def test_what_is_held_is_not_known() -> None:
    event = Event(1, "skipped", message="held")
    alone = Result(SERVICE, None, event, (Part("agent", "probe", "service"),), is_alone=True)
    package = Result(PACKAGE, None, INSTALLED, (Part("agent", "probe", "package"),))
    found, = agent_states(HostResult("h1", "ok", (package, alone)), [DECLARED])
    assert (found.present, found.healthy, found.why) == (True, None, "service: probe: held")
