"""Conditions that give something else than true or false."""
from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.converting.truth import asked
from tests.unit.converting.making import converted, resources

KNOWN = {"on": True, "names": ["a"], "empty": None, "same": "{{ on }}", "other": "{{ names }}", "text": "a{{ on }}",
         "web": {"on": False, "port": 80}, "loops": "{{ loops }}"}


@pytest.mark.parametrize("made", [
    "on", "not names", "names == 1", "names is defined", "on and not names", "same", "web.on", "web['on']", "unknown",
    "unknown.flag", "names | bool", "unknown | default(false)", "on if on else false", "item.x",
    "on | ternary(on, false)", "web.nowhere", "true", "loops", "is_it(on)"])
def test_what_may_be_true_or_false_stays_as_it_is(made: str) -> None:
    assert asked(made, KNOWN) == made


@pytest.mark.parametrize("made", [
    "names", "empty", "other", "text", "web.port", "on and names", "names or unknown", "names | length",
    "unknown | d()", "unknown | default('')", "'a' if on else false", "on | ternary(1, on)", "1 + 1", "'a' if on",
    "web"])
def test_of_others_is_asked_whether_there_is_anything(made: str) -> None:
    assert asked(made, KNOWN) == f"({made}) is truthy"


def test_texts_that_are_numbers_modes_and_booleans_are_read_as_such(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - copy: {content: a, dest: /etc/a, mode: "{{ folder_mode }}", backup: "{{ keep }}"}
        - group: {name: ops, gid: "{{ number }}"}
        - copy: {content: a, dest: /etc/b, mode: "{{ file_mode }}"}
        """, play="vars: {folder_mode: '750', keep: 'yes', number: '70', file_mode: '0640'}\n")
    assert [item.why for item in made.items] == ["", "", ""]
    assert resources(made) == [
        {"file": "/etc/a", "content": "a", "mode": "{{ '%04d' | format(folder_mode | int) }}",
         "backup": "{{ keep | bool }}"},
        {"group": "ops", "gid": "{{ number | int }}"},
        {"file": "/etc/b", "content": "a", "mode": "{{ file_mode }}"}]


def test_tasks_ask_so(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - copy: {content: a, dest: /etc/a}
          when: [names, "names | length"]
        - assert: {that: [names, ready]}
          name: All
        """, play="vars: {names: [a], ready: true}\n")
    assert resources(made) == [
        {"file": "/etc/a", "content": "a", "when": ["(names) is truthy", "(names | length) is truthy"]},
        {"assert": "All", "that": "{{ ((names) is truthy) and (ready) }}"}]


def test_what_is_refused_on_every_host_is_named(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - file: {path: "/tmp/{{ item }}", state: absent}
          loop: ["a*"]
        - lineinfile: {path: /etc/a, line: "{{ lines }}"}
        - lineinfile: {path: /etc/a, line: "{{ lines }}{{ given }}"}
        - file: {path: "/tmp/{{ item }}", state: absent}
          loop: [a]
        - git: {repo: "https://a.example/b", dest: /srv/b, version: "{{ number }}"}
        - group: {name: "{{ maybe | default('a') }}"}
        - group: {name: "{{ maybe }}"}
        - file: {path: "{{ folder }}", state: directory}
        """, play="""\
        vars: {lines: "a\\nb", number: 2.16, folder: "{{ lookup('env', 'NOWHERE') }}"}
        """)
    assert ["is a pattern" in made.items[0].why, "more than one line" in made.items[1].why] == [True, True]
    assert [item.why for item in made.items[2:]] == [""] * 6
    assert resources(made)[2]["revision"] == "{{ number | string }}"
