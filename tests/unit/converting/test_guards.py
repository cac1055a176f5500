"""What a task finds out, and commands ask themselves."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.converting.making import converted, resources

LOOKS = "- command: id ada\n  register: found\n  changed_when: false\n  failed_when: false\n"


@pytest.mark.parametrize(("probe", "when", "guard"), [
    (LOOKS, "found.rc != 0", "! ( id ada )"), (LOOKS, "found.rc == 0", "id ada"),
    (LOOKS, "not found.rc == 0", "! ( id ada )"),
    ("- shell: grep -q a /etc/b | cat\n  register: found\n  changed_when: false\n  ignore_errors: true\n",
     "found is failed", "! ( grep -q a /etc/b | cat )"),
    ("- command: which a\n  register: found\n  ignore_errors: true\n", "found is not failed", "which a"),
    ("- command: which a\n  register: found\n  ignore_errors: true\n", "found|success", "which a"),
    ("- stat: path=/etc/a\n  register: found\n", "found.stat.exists", "test -e /etc/a"),
    ("- stat: path='/etc/{{ x }}'\n  register: found\n", "found.stat.exists", "test -e /etc/{{ ( x ) | quote }}")])
def test_how_a_program_ended_is_a_guard(tmp_path: Path, probe: str, when: str, guard: str) -> None:
    made = converted(tmp_path, probe + f"- command: act\n  when: {when}\n")
    assert resources(made) == [{"command": "act", "only_if": guard}]
    assert [item.status for item in made.items] == ["converted", "converted"]


@pytest.mark.parametrize(("probe", "more"), [
    (LOOKS.replace("  failed_when: false\n", ""), ""),  # whose failure ends it
    (LOOKS.replace("command: id ada", "command: make it").replace("  changed_when: false\n", ""), ""),  # which acts
    (LOOKS.replace("id ada", "id ada chdir=/srv"), ""),
    (LOOKS.replace("id ada", "id $ada"), ""),
    (LOOKS, "- copy: {content: a, dest: /a}\n"),  # what was found out may be no more so
    (LOOKS, "- copy: {content: '{{ found.rc }}', dest: /a}\n")])
def test_what_is_asked_at_another_time_or_in_another_way_is_no_guard(tmp_path: Path, probe: str, more: str) -> None:
    made = converted(tmp_path, probe + more + "- command: act\n  when: found.rc != 0\n")
    assert [one for one in resources(made) if "act" in one.values()] == []
    assert made.items[-1].why


def test_a_path_that_is_looked_for_is_a_guard(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - stat: path=/srv/ready
          register: ready
        - command: prepare
          when: not ready.stat.exists
        - shell: reload
          when: [ready.stat.exists, 1 < 2]
        - command: again
          when: ready.stat.exists == false
        - copy: {content: a, dest: /a}
          when: not ready.stat.exists
        - stat: path=/srv/other
          register: other
        - copy: {content: a, dest: /b}
          when: not other.stat.exists
        """)
    assert resources(made) == [
        {"command": "prepare", "creates": "/srv/ready"},
        {"command": "again", "on_notify": True, "watch": {"command": "prepare"}}]
    assert [bool(item.why) for item in made.items] == [False, False, True, False, True, True, True]


def test_a_path_that_the_play_makes_itself_is_no_guard(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - stat: path=/srv/ready
          register: ready
        - copy: {content: a, dest: /srv/ready}
        - command: prepare
          when: not ready.stat.exists
        """)
    assert resources(made) == [{"file": "/srv/ready", "content": "a"}]
    assert "before another task" in made.items[2].why


def test_results_are_passed_on_but_not_worked_on(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - command: cat /etc/machine-id
          register: id
          changed_when: false
        - copy: {content: '{{ id.stdout }}', dest: /etc/a}
        - copy: {content: '{{ id.stdout | upper }}', dest: /etc/b}
        - copy: {content: '{{ later.stdout }}', dest: /etc/c}
        - command: nproc
          register: later
          changed_when: false
        """)
    assert resources(made) == [{"command": "cat /etc/machine-id", "read_only": True, "register": "id"},
                               {"file": "/etc/a", "content": "{{ id.stdout }}"}]
    assert [bool(item.why) for item in made.items] == [False, False, True, True, True]
