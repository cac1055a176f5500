"""The hosts of a test are like those of the inventory, and no way leads to a real one."""
from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.inventory.connection import connection_of
from holdfast.problems import Place, Problems
from holdfast.testing import hosts
from holdfast.testing.model import Case, CaseHost

HERE = Place("tests/web.yml", 3, 3)
REAL = """\
inventory: production
vars: {ntp: ntp.example.org}
hosts:
  real1:
    address: 192.0.2.1
    port: 2222
    user: admin
    key: /etc/real.key
    jump: bastion.example.org
    become: {user: root, password: hunter22}
    tags: {role: web, env: prod}
    vars: {size: 4, ansible_ssh_common_args: -o ProxyJump=other.example.org}
  real2: {address: 192.0.2.2}
groups:
  europe: {hosts: [real1, real2], vars: {zone: Europe/Vienna}, connect_s: 99}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "hosts.yml"
    path.write_text(REAL)
    return path


def made(inventory: Path, *wanted: CaseHost):
    return hosts.declared(Case("web", HERE, (), wanted), [inventory])


def test_a_host_that_is_like_another_has_its_groups_tags_and_variables(inventory):
    found = made(inventory, CaseHost("web1", HERE, like="real1", tags={"env": "test"}, variables={"size": 1}))
    assert list(found.hosts) == ["web1"]
    web1 = found.hosts["web1"]
    assert web1.groups == ("europe",) and web1.tags == {"role": "web", "env": "test"}
    values = {name: variable.value for name, variable in web1.variables().items()
              if name != "holdfast_tags"}
    assert values == {"ntp": "ntp.example.org", "size": 1, "zone": "Europe/Vienna"}
    assert found.groups["europe"].hosts == ("web1",)


def test_a_host_of_the_same_name_is_like_it_without_being_told(inventory):
    found = made(inventory, CaseHost("real1", HERE)).hosts["real1"]
    assert found.tags == {"role": "web", "env": "prod"} and found.groups == ("europe",)


def test_nothing_of_the_real_way_is_left(inventory):
    found = made(inventory, CaseHost("real1", HERE), CaseHost("web1", HERE, like="real2", groups=("europe",)))
    ways = {name: {"ansible_host": "10.0.0.9", "ansible_user": "root"} for name in found.hosts}
    for host in hosts.reached(found, ways).hosts.values():
        plain = {name: variable.value for name, variable in host.variables().items()}
        connection = connection_of(host.name, plain)
        assert (connection.address, connection.user, connection.port) == ("10.0.0.9", "root", None)
        assert (connection.key, connection.jump, connection.become, connection.connect_s) == (None, (), None, 10.0)
        assert "hunter22" not in repr(host)


def test_who_is_like_nobody_is_refused(inventory):
    with pytest.raises(Problems) as caught:
        made(inventory, CaseHost("web1", HERE, like="reel1"))
    problem, = caught.value.problems
    assert problem.place == HERE and "did you mean `real1`?" in problem.mend


def test_hosts_of_their_own_need_no_inventory():
    wanted = CaseHost("h1", HERE, tags={"a": "b"}, groups=("g",))
    found = hosts.declared(Case("web", HERE, (), (wanted,)), [])
    assert found.hosts["h1"].tags == {"a": "b"} and found.groups["g"].hosts == ("h1",)
