"""What is said of a play, of a block, or of several plays, and what tasks of one play may not do to one another."""
from __future__ import annotations

import pytest

from holdfast.converting import convert
from holdfast.problems import Problems
from tests.unit.converting.making import TYPES, converted, documents, resources


def test_options_that_stand_elsewhere_count(tmp_path):
    made = converted(tmp_path, """\
        - apt: {name: curl}
        - block:
            - copy: {dest: /a, mode: "0600"}
          module_defaults: {ansible.builtin.copy: {content: b, owner: ada, mode: "0644"}}
        """, play="module_defaults: {apt: {state: latest}}\n")
    assert resources(made) == [{"package": "curl", "state": "latest"},
                               {"file": "/a", "content": "b", "owner": "ada", "mode": "0600"}]


def test_playbooks_that_are_imported_are_converted_with_it(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/one.yml").write_text("- hosts: all\n  tasks:\n    - copy: {src: a.txt, dest: /a}\n")
    (tmp_path / "parts/a.txt").write_text("a")
    (tmp_path / "site.yml").write_text("- import_playbook: parts/one.yml\n- import_playbook: nowhere.yml\n")
    made = convert(tmp_path / "site.yml", TYPES, None)
    assert resources(made) == [{"file": "/a", "source": "files/a.txt"}]
    assert [bool(item.why) for item in made.items] == [False, True]


def test_blocks_and_includes_are_laid_out_flat(tmp_path):
    (tmp_path / "inner.yml").write_text("- command: inner\n")
    made = converted(tmp_path, """\
        - block:
            - command: a
            - include_tasks: inner.yml
          when: ansible_os_family == 'Debian'
          rescue:
            - command: b
          always:
            - command: c
        """)
    when = "facts.os.family == 'debian'"
    assert [(one["command"], one["when"]) for one in resources(made)] == [("a", when), ("inner", when), ("c", when)]
    assert [item.status for item in made.items] == ["in part", "in part", "not converted", "converted"]


def test_plays_with_different_rollouts_keep_none(tmp_path):
    (tmp_path / "site.yml").write_text("".join(
        f"- hosts: all\n  serial: {size}\n  tasks: [{{command: run-{size}}}]\n" for size in (1, 2)))
    made = convert(tmp_path / "site.yml", TYPES, None)
    assert [document.get("rollout") for document in documents(made)] == [None, None]
    assert sum("another play has another one" in note for note in made.notes) == 2


def test_who_logs_in_as_root_is_root_without_becoming_it(tmp_path):
    (tmp_path / "site.yml").write_text("- hosts: all\n  remote_user: root\n  tasks:\n    - command: a\n"
                                       "    - command: b\n      become: yes\n")
    assert [item.status for item in convert(tmp_path / "site.yml", TYPES, None).items] == ["converted", "converted"]


def test_tasks_of_two_users_are_not_mixed(tmp_path):
    made = converted(tmp_path, """\
        - command: as-root
        - command: as-me
          become: false
        """)
    assert [item.status for item in made.items] == ["converted", "not converted"]
    assert "by the user who logs in" in made.items[1].why


def test_what_contradicts_itself_is_left_out_whole(tmp_path):
    made = converted(tmp_path, """\
        - service: name=x state=stopped
        - command: mv /a /b
        - service: name=x state=started
        """)
    assert [item.status for item in made.items] == ["not converted", "converted", "not converted"]


def test_of_a_file_and_an_edit_of_it_the_edit_is_named(tmp_path):
    made = converted(tmp_path, """\
        - copy: {dest: /etc/app.conf, content: "a=1\\n"}
        - lineinfile: {path: /etc/app.conf, line: b=2}
        - lineinfile: {path: /etc/app.conf, line: a=1}
        """)
    assert [next(iter(one)) for one in resources(made)] == ["file", "line"]
    assert ["says all that is in it" in item.why for item in made.items] == [False, True, False]


def test_a_document_that_would_be_too_large_is_refused_at_the_playbook(tmp_path):
    task = f"    - copy: {{dest: /a%d, content: {'x' * 100_000}}}\n"
    (tmp_path / "site.yml").write_text("- import_playbook: one.yml\n- import_playbook: two.yml\n")
    for name in ("one", "two"):
        (tmp_path / f"{name}.yml").write_text("- hosts: all\n  tasks:\n" + "".join(
            task % number for number in range(20 if name == "one" else 22)))
    with pytest.raises(Problems) as refused:
        convert(tmp_path / "site.yml", TYPES, None)
    problem, = refused.value.problems
    assert (problem.place.file, problem.what) == (str(tmp_path / "site.yml"), "what it becomes is larger than 4 MiB")
    assert convert(tmp_path / "one.yml", TYPES, None).count("converted") == 20, "the control"
