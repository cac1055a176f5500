"""Which host of the inventory a machine that pulls is."""
from __future__ import annotations

import platform
import socket

import pytest

from holdfast.inventory.model import Host, Inventory
from holdfast.problems import Place, Problems
from holdfast.pulling.here import this_host


def inventory(*names: str) -> Inventory:
    return Inventory({name: Host(name, (), {}, (), Place("hosts.yml", 1, 1)) for name in names}, {})


@pytest.mark.parametrize(("hosts", "found"), [
    (("web1", "web2"), "web1"), (("WEB1", "Web1"), "Web1"), (("Web1.Example.org", "db"), "Web1.Example.org"),
    (("WEB1.example.ORG",), "WEB1.example.ORG"),
])
def test_a_machine_is_the_host_of_its_name(monkeypatch: pytest.MonkeyPatch, hosts: tuple[str, ...], found: str) -> None:
    monkeypatch.setattr(platform, "node", lambda: "Web1.Example.org")
    monkeypatch.setattr(socket, "getfqdn", lambda: "Web1.Example.org")
    assert this_host(inventory(*hosts)) == found


@pytest.mark.parametrize("hosts", [("web2",), ("WEB1", "wEB1")])
def test_one_that_is_none_or_several_is_refused(monkeypatch: pytest.MonkeyPatch, hosts: tuple[str, ...]) -> None:
    monkeypatch.setattr(platform, "node", lambda: "Web1")
    monkeypatch.setattr(socket, "getfqdn", lambda: "Web1")
    with pytest.raises(Problems, match="is called Web1"):
        this_host(inventory(*hosts))
