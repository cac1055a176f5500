"""What Ansible reads, but hardly as its writer meant it, is read like that and told with place and mend."""
import pytest

from holdfast.inventory.sources import load


@pytest.mark.parametrize(("name", "text", "line", "column", "says", "mend"), [
    ("h.yml", "all:\n  hosts:\n    a:\n  hosts:\n    b:\n", 4, 3, "`hosts` is here twice", "keep one"),
    ("h.yml", "all:\n  hosts:\n    a:\n  childern:\n    web:\n", 4, 3, "`childern` in a group", "`children`"),
    ("h.yml", "all:\n  hosts: {a: }\nweb: [b]\n", 3, 6, "`web` is no mapping", "write `hosts:`"),
    ("h.yml", "all:\n  children:\n    a: {hosts: {a: }}\n", 3, 17, "of a host and of a group", "another name"),
    ("hosts", "[a]\n  a\n", 2, 3, "of a host and of a group", "another name"),
])
def test_warning_has_place_and_mend(tmp_path, name, text, line, column, says, mend):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    (warning,) = load([path]).warnings
    assert (warning.place.file, warning.place.line, warning.place.column) == (str(path), line, column)
    assert says in warning.what
    assert mend in warning.mend


def test_key_that_is_there_twice_in_a_variable_file_is_told(tmp_path):
    (tmp_path / "hosts").write_text("[web]\nw1\nw2\n", "utf-8")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "web.yml").write_text("port: 1\nuser: x\nport: 2\n", "utf-8")
    inventory = load([tmp_path / "hosts"])
    (warning,) = inventory.warnings
    assert warning.place.line == 3
    assert warning.also[0][1].line == 1
    assert inventory.hosts["w1"].variables()["port"].value == 2


def test_plain_inventories_have_no_warnings(tmp_path):
    text = "all:\n  vars: {x: 1}\n  hosts:\n    a: {y: 2}\n  children:\n    b: {hosts: {a: }}\n"
    (tmp_path / "h.yml").write_text(text, "utf-8")
    assert load([tmp_path / "h.yml"]).warnings == ()
