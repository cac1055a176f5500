"""The agents that come with Holdfast, with no parameters; the lab applies them with some."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from holdfast.compiler.choosing import chosen
from holdfast.compiler.compiling import Request, compile_documents
from holdfast.contents import types
from holdfast.documents.loading import load_documents
from tests.unit.compiler.project import fleet, host

SHIPPED = Path(__file__).parents[3] / "playbooks/agents"
FACTS = {"os": {"architecture": "aarch64"}}


def nodes(tmp_path: Path, name: str, parameters: str = "{}") -> dict[str, dict[str, Any]]:
    """Arguments by id."""
    (tmp_path / "site.yml").write_text(
        f"state: site\ntargets: all\nresources:\n  - use: {name}\n    parameters: {parameters}\n")
    known = types()
    documents = load_documents([SHIPPED, tmp_path], known)
    made = compile_documents(Request(documents, fleet(host("h1")), known, chosen, ["site"], facts={"h1": FACTS}))
    return {node.id: dict(node.args) for node in made.graphs["h1"].nodes}


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.yml")))
def test_each_needs_no_parameter_and_can_be_removed(tmp_path: Path, name: str) -> None:
    there = nodes(tmp_path, name)
    assert any(id_.startswith(("command_check: ", "http_check: ")) for id_ in there), "somebody asks whether it is well"
    gone = nodes(tmp_path, name, "{agent_state: absent}")
    assert {args["state"] for id_, args in gone.items() if id_.startswith("package: ")} == {"purged"}
    assert {id_ for id_ in there if id_.startswith(("package: ", "service: ", "timer: "))} <= set(gone)


def test_clamav_waits_for_its_own_signatures_or_for_those_of_others(tmp_path: Path) -> None:
    fetch = "command: systemctl stop clamav-freshclam && freshclam"
    old = "command_check: ClamAV's signatures are at most 7 days old"
    own = nodes(tmp_path, "clamav")
    assert "daily.c[lv]d" in own[fetch]["unless"] and old in own
    assert "daily.c[lv]d" in own["systemd_unit: clamav-daemon.socket"]["content"]
    others = nodes(tmp_path, "clamav", "{official: false, custom_urls: ['https://example.org/a.hdb']}")
    assert "daily" not in str(others) and old not in others


def test_auditd_asks_the_kernel_except_where_it_gathers_for_others(tmp_path: Path) -> None:
    kernel = {"command_check: the kernel sends its events to auditd",
              "command_check: the kernel has taken all audit rules"}
    assert kernel <= set(nodes(tmp_path, "auditd"))
    assert not kernel & set(nodes(tmp_path, "auditd", "{local_events: false}"))
