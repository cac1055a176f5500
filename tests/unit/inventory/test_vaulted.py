"""What ansible-vault has encrypted is listed as Ansible lists it; who would use it is told where it stands."""
import pytest

from holdfast import load
from holdfast.inventory.listing import inventory_list
from holdfast.inventory.sources import load as load_inventory
from holdfast.problems import Problems

CIPHER = "$ANSIBLE_VAULT;1.1;AES256\n6638\n"
HOSTS = """\
all:
  hosts:
    here:
      ansible_connection: local
      plain: x
      password: !vault |
        $ANSIBLE_VAULT;1.1;AES256
        6638
      keys: [!vault "$ANSIBLE_VAULT;1.1;AES256\\n6638\\n", y]
"""
STATE = """\
state: notes
targets: all
resources:
  - file: /tmp/holdfast-note
    content: "{{ USED }}"
"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "inventory").write_text(HOSTS, "utf-8")
    return tmp_path


def test_it_is_listed_as_it_is(site):
    listed = inventory_list(load_inventory([site / "inventory"]))["_meta"]["hostvars"]["here"]
    assert listed["password"] == {"__ansible_vault": CIPHER}
    assert listed["keys"] == [{"__ansible_vault": CIPHER}, "y"]


@pytest.mark.parametrize(("used", "line"), [("password", 6), ("keys[0]", 9), ("hostvars.here.password", 6)])
def test_who_uses_it_is_refused_where_it_stands(site, used, line):
    (site / "playbooks" / "notes.yml").write_text(STATE.replace("USED", used), "utf-8")
    with load(site) as project, pytest.raises(Problems, match="ansible-vault") as refused:
        project.validate()
    assert "6638" not in str(refused.value)
    assert any(place.line == line for problem in refused.value.problems
               for place in (problem.place, *(place for _, place in problem.also)))


def test_who_does_not_use_it_goes_on(site):
    (site / "playbooks" / "notes.yml").write_text(STATE.replace("USED", "plain"), "utf-8")
    with load(site) as project:
        assert project.validate().hosts == ("here",)


def test_connection_with_it_is_refused(site):
    (site / "inventory").write_text(HOSTS.replace("plain:", "ansible_password: !vault x\n      plain:"), "utf-8")
    (site / "playbooks" / "notes.yml").write_text(STATE.replace("USED", "plain"), "utf-8")
    with load(site) as project, pytest.raises(Problems, match="ansible-vault"):
        project.command(["true"])


@pytest.mark.parametrize(("text", "says"), [
    ("all:\n  vars: {!vault x: 1}\n  hosts: {a: }\n", "ansible-vault"),
    ("all:\n  hosts: {a: {holdfast_tags: {r: !vault x}}}\n", "the tag `r` is not text"),
])
def test_name_or_tag_is_never_encrypted(tmp_path, text, says):
    (tmp_path / "h.yml").write_text(text, "utf-8")
    with pytest.raises(Problems, match=says):
        load_inventory([tmp_path / "h.yml"])
