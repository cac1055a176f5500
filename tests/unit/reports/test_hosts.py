"""The inventory as a person looks at it."""
from __future__ import annotations

import json

from holdfast.inventory.model import Group, Host, Inventory, Variable
from holdfast.problems import Place
from holdfast.reports.hosts import host_lines, host_object, tree
from holdfast.reports.style import Style

PASSWORDS = ("ansible_password", "ansible_ssh_pass", "ansible_become_pass", "ansible_become_password")


def test_passwords_are_named_and_not_shown():
    place = Place("hosts.yml", 3, 5)
    layer = {name: Variable("kanarienvogel", place) for name in PASSWORDS}
    host = Host("db1", (), {}, ({**layer, "passenger": Variable("shown", place),
                                 "ansible_sudo_pass": Variable("{{ vault }}", place)},), place)
    lines = "\n".join(host_lines(host, Style()))
    assert "kanarienvogel" not in lines + json.dumps(host_object(host))
    assert "ansible_ssh_pass: «ansible_ssh_pass» (hosts.yml:3:5)" in lines
    assert "passenger: shown" in lines, "the control"
    assert "ansible_sudo_pass: {{ vault }}" in lines, "where it comes from is no secret"


def test_tree_has_ungrouped_only_where_hosts_are_in_it():
    def drawn(*hosts):
        groups = {"ungrouped": Group("ungrouped", hosts), "web": Group("web", ("w1",))}
        return tree(Inventory({}, groups), Style())

    assert drawn() == ["all", "    web", "        w1"]
    assert drawn("x") == ["all", "    ungrouped", "        x", "    web", "        w1"]
