"""Playbooks in which something stands where it does not belong: it is named or refused, with its place."""
from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from holdfast.converting import convert
from holdfast.converting.model import Converted
from holdfast.problems import Problems
from tests.unit.converting.making import TYPES

PLAYBOOK = """
- hosts: web:!old
  become: yes
  vars: {port: 80, users: [{name: ada, admin: yes}], conf: "{{ {'a': 1} | combine({'b': port}) }}"}
  serial: [1, "50%"]
  environment: {A: b}
  tasks:
    - name: "packages {{ item }}"
      apt: {name: "{{ item }}", state: latest, update_cache: yes}
      with_items: [git, [curl, vim]]
      when: [ansible_os_family == 'Debian', port | int > 1]
      notify: [restart nginx]
    - copy: {content: "{{ conf | to_nice_yaml }}", dest: /etc/a.yml, mode: "0644"}
      register: made
    - user: {name: "{{ item.name }}", groups: "{{ item.admin | ternary('sudo', omit) }}", append: yes}
      loop: "{{ users }}"
      loop_control: {label: "{{ item.name }}"}
    - block:
        - command: {cmd: run, creates: /srv/x}
          environment: {B: "{{ port }}"}
        - stat: {path: /srv/y}
          register: there
        - shell: prepare > /srv/z
          args: {executable: /bin/bash}
          when: not there.stat.exists
      rescue: [{debug: {msg: no}}]
      when: made is changed
    - service: {name: nginx, state: restarted, enabled: yes}
      when: made.changed
    - unarchive: {src: "https://a.example/c.tgz", dest: /srv/c, remote_src: yes, extra_opts: [--strip-components=1]}
    - cron: {name: b, minute: "*/5", job: /bin/true}
    - assert: {that: [port is defined], fail_msg: no port}
    - command: count
      with_sequence: start=1 end=3 format=n%02d
  handlers:
    - {name: restart nginx, service: {name: nginx, state: restarted}, listen: web}
"""
ODD: tuple[Any, ...] = (None, 5, "", [], {}, [[1]], {"a": {"b": 1}}, "{{", "{{ x }}", True, "a=b c", "{% if",
                        ["{{ a }}", 1])


def places(data: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all that stands in it."""
    for key, inner in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*before, key)
        yield from places(inner, (*before, key))


def put(data: Any, way: tuple[Any, ...], odd: Any) -> Any:
    """The same with something else at the end of a way."""
    if not way:
        return odd
    copy = data.copy()
    copy[way[0]] = put(data[way[0]], way[1:], odd)
    return copy


def tried(path: Path) -> Converted | Problems:
    """What comes of it, or why it is refused."""
    try:
        return convert(path, TYPES, None)
    except Problems as refused:
        return refused


def test_what_stands_in_a_wrong_place_is_no_crash(tmp_path: Path) -> None:
    data = yaml.safe_load(PLAYBOOK)
    path = tmp_path / "site.yml"
    path.write_text(PLAYBOOK)
    whole = len(convert(path, TYPES, None).items)
    assert whole == 13, "the control: each task is there"
    counts = set()
    for way, odd in zip(places(data), itertools.cycle(ODD), strict=False):
        path.write_text(yaml.safe_dump(put(data, way, odd), sort_keys=False))
        made = tried(path)
        if isinstance(made, Problems):
            assert all(problem.place for problem in made.problems), (way, odd)
            continue
        assert all(item.why or item.into or item.resources for item in made.items), (way, odd)
        assert all(item.task.place.line for item in made.items), (way, odd)
        counts.add(len(made.items))
    assert whole in counts


HOSTILE = """
- hosts: all
  vars: {large: "{{ 9 ** (9 ** (9 ** 9)) }}"}
  tasks:
    - file: {path: /srv/a, state: touch}
      when: ansible_check_mode or 9 ** (9 ** (9 ** 9)) > 1
    - copy: {content: "{{ 9 ** (9 ** (9 ** 9)) | int }}{{ large }}", dest: /srv/c}
    - include_tasks: "{{ 'x' * 9 ** (9 ** (9 ** 9)) }}.yml"
    - set_fact: {made: "{{ 9 ** (9 ** (9 ** 9)) }}"}
      when: ansible_check_mode and 9 ** (9 ** (9 ** 9)) > 1
"""


def test_what_is_constant_in_templates_is_not_worked_out(tmp_path: Path) -> None:
    """In a process of its own: nothing else ends a power that is being raised."""
    (tmp_path / "site.yml").write_text(HOSTILE)
    program = ("import sys; from pathlib import Path; from holdfast.converting import convert; "
               "from holdfast.documents.types import Types; "
               "print(*(item.status for item in convert(Path(sys.argv[1]), Types(), None).items), sep='\\n')")
    done = subprocess.run([sys.executable, "-c", program, tmp_path / "site.yml"], capture_output=True, text=True,
                          timeout=60, check=True)
    assert len(done.stdout.splitlines()) == HOSTILE.count("\n    - ")
