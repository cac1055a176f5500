"""Modules of Ansible on the controller: which can be had, and what an archive holds."""
from __future__ import annotations

import io
import zipfile

import pytest

import holdfast
from holdfast.compiler import ansible
from holdfast.compiler.faults import Misused

DOCUMENT = """\
state: modules
targets: all
resources:
  - ansible_module: one
    module: {module}
    arguments: {arguments}
"""

REFUSED = [  # a module, its arguments, and what is said
    ("copy", "{}", "`copy` runs on the controller", "`file`"),
    ("ansible.builtin.template", "{}", "runs on the controller", "`template`"),
    ("lineinfle", "{}", "no module `lineinfle`", "did you mean `lineinfile`?"),
    ("authorized_key", "{}", "no module `authorized_key`", "ansible.posix.authorized_key"),
    ("some.where.thing", "{}", "no module `some.where.thing`", "ansible-galaxy collection install some.where"),
    ("../../etc/passwd", "{}", "is no module's name", "lineinfile"),
    ("unarchive", "{src: a.tar, dest: /srv}", "`unarchive` runs on the controller", "remote_src: true"),
    ("uri", "{src: a, url: b}", "`uri` runs on the controller", "`src`"),
    ("lineinfile", "[1]", "are not a mapping", "lines"),
    ("lineinfile", "{_ansible_check_mode: false}", "set by Holdfast", "leave it out"),
]


def project(folder, module, arguments="{}"):
    (folder / "playbooks").mkdir()
    (folder / "playbooks" / "a.yml").write_text(DOCUMENT.format(module=module, arguments=arguments))
    (folder / "inventory").write_text("inventory: x\nhosts: {a: {channel: local}}\n")
    return holdfast.load(folder)


@pytest.mark.parametrize(("module", "arguments", "what", "mend"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_had_is_refused_before_any_host_is_touched(tmp_path, module, arguments, what, mend):
    with pytest.raises(holdfast.Problems) as refused:
        project(tmp_path, module, arguments).validate()
    problem, = refused.value.problems
    assert what in problem.what
    assert mend in problem.mend
    assert problem.place.line in (5, 6)


def test_what_can_be_had_is_taken(tmp_path):
    assert project(tmp_path, "lineinfile", "{path: /etc/motd, line: a}").validate().hosts == ("a",)


def test_without_ansible_it_is_said_how_to_have_it(tmp_path, monkeypatch):
    monkeypatch.setattr(ansible.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Misused) as refused:
        ansible.Modules(tmp_path).archive("lineinfile")
    assert refused.value.mend == "pip install ansible-core"


def test_an_archive_holds_what_the_module_imports_and_is_the_same_each_time(tmp_path):
    first = ansible.Modules(tmp_path).archive("ansible.builtin.systemd_service")
    assert first == ansible.Modules(tmp_path).archive("systemd_service")
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        names = set(archive.namelist())
        assert archive.read(ansible.ENTRY) == b"ansible.modules.systemd_service"
    assert names >= {"ansible/__init__.py", "ansible/module_utils/basic.py", "ansible/module_utils/service.py"}
    assert "ansible/module_utils/urls.py" not in names
