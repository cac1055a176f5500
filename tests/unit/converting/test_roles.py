"""Roles that a playbook takes in: their tasks stand in their places, and what else they bring is where it belongs."""
from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from holdfast.converting import convert
from holdfast.converting.model import Converted
from tests.unit.converting.making import TYPES, documents, resources

WEB = {
    "defaults/main.yml": "web_port: 80\nweb_name: shop\n",
    "vars/main.yml": "web_root: /srv/www\n",
    "meta/main.yml": "dependencies:\n  - role: base\n    base_name: of-web\n",
    "tasks/main.yml": """\
        - template: {src: site.conf.j2, dest: "{{ web_root }}/{{ web_name }}.conf"}
          notify: restart web
        - service: {name: nginx, state: started}
        - include_tasks: more.yml
        """,
    "tasks/more.yml": "- copy: {src: robots.txt, dest: /srv/robots.txt}\n",
    "tasks/gone.yml": "- file: {path: /srv/old, state: absent}\n",
    "handlers/main.yml": "- name: restart web\n  service: {name: nginx, state: restarted}\n",
    "templates/site.conf.j2": "listen {{ web_port }};\n", "files/robots.txt": "of web\n"}
BASE = {"tasks/main.yml": "- copy: {src: robots.txt, dest: '/srv/{{ base_name }}'}\n", "files/robots.txt": "of base\n"}


def role(folder: Path, name: str, files: dict[str, str]) -> None:
    for file, content in files.items():
        path = folder / "roles" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content))


def converted(folder: Path, play: str) -> Converted:
    (folder / "site.yml").write_text("- hosts: all\n  become: true\n" + textwrap.indent(textwrap.dedent(play), "  "))
    return convert(folder / "site.yml", TYPES, None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    role(tmp_path, "web", WEB)
    role(tmp_path, "base", BASE)
    return tmp_path


def test_roles_stand_in_their_places_with_what_they_bring(folder: Path) -> None:
    made = converted(folder, """\
        pre_tasks:
          - file: {path: /srv/first, state: directory}
        roles:
          - role: web
            web_name: other
            when: web_port != 81
        post_tasks:
          - file: {path: /srv/last, state: directory}
        """)
    assert [item.why for item in made.items if item.why] == []
    document, = documents(made)
    assert document["parameters"] == {"web_port": {"type": "integer", "default": 80}}
    assert document["vars"] == {"web_name": "other", "web_root": "/srv/www", "base_name": "of-web"}
    when = {"when": "web_port != 81"}
    assert document["resources"] == [
        {"directory": "/srv/first"},
        {"file": "/srv/{{ base_name }}", "source": "files/base/robots.txt", **when},
        {"template": "{{ web_root }}/{{ web_name }}.conf", "source": "templates/web/site.conf.j2", **when,
         "notify": {"command": "systemctl restart nginx"}},
        {"service": "nginx", "running": True, **when},
        {"file": "/srv/robots.txt", "source": "files/web/robots.txt", **when},
        {"directory": "/srv/last"},
        {"command": "systemctl restart nginx", "on_notify": True}]
    assert made.files == {"files/base/robots.txt": b"of base\n", "files/web/robots.txt": b"of web\n",
                          "templates/web/site.conf.j2": b"listen {{ web_port }};\n"}


def test_what_only_some_tasks_see_is_not_said_for_all(folder: Path) -> None:
    made = converted(folder, """\
        roles: [{role: web, web_name: other}]
        tasks:
          - file: {path: "/srv/{{ web_name }}", state: directory}
          - file: {path: "/srv/{{ web_port }}", state: directory}
          - file: {path: /srv/guarded, state: directory}
            when: only is defined
          - block:
              - file: {path: "/srv/{{ only }}", state: directory}
            vars: {only: here}
        """)
    left = [(item.task.place.line, item.why) for item in made.items if item.why]
    assert [line for line, _ in left] == [5, 7]
    assert all("has another value here" in why for _, why in left)
    assert {"directory": "/srv/{{ only }}"} in resources(made)


def test_variables_of_a_role_win_over_those_of_the_play(folder: Path) -> None:
    made = converted(folder, "vars: {web_root: /of/play, web_name: of-play}\nroles: [web]\n")
    document, = documents(made)
    assert (document["vars"]["web_root"], document["vars"]["web_name"]) == ("/srv/www", "of-play")


def test_a_part_of_a_role_is_taken_in_by_a_task(folder: Path) -> None:
    made = converted(folder, """\
        tasks:
          - include_role: {name: web, tasks_from: gone.yml}
            when: 1 > 0
        """)
    assert {"file": "/srv/old", "state": "absent", "when": "1 > 0"} in resources(made)
    assert not any("service" in one for one in resources(made))


@pytest.mark.parametrize(("play", "why"), [
    ("roles: [geerlingguy.nginx]", "no role `geerlingguy.nginx` in `roles` beside the playbook"),
    ("tasks:\n  - import_role: {name: '{{ which }}'}", "which role is meant is decided by a template"),
    ("tasks:\n  - import_role: {name: web, tasks_from: nothing}", "no `nothing` among the tasks"),
    ("tasks:\n  - include_role: {name: web}\n    loop: [1, 2]", "taken in in a loop"),
    ("tasks:\n  - include_role: {name: web, vars_from: x}", "`vars_from` of `include_role` has no like"),
    ("roles: [one, {role: endless}]", "take in one another too deeply"),
    ("roles: [one, two]\ntasks:\n  - file: {path: '/{{ port }}', state: directory}", "two roles give `port` different"),
])
def test_what_cannot_be_taken_in_is_named(folder: Path, play: str, why: str) -> None:
    role(folder, "one", {"defaults/main.yml": "port: 1\n", "tasks/main.yml": "[]\n"})
    role(folder, "two", {"defaults/main.yml": "port: 2\n", "tasks/main.yml": "[]\n"})
    role(folder, "endless", {"tasks/main.yml": "- include_role: {name: endless}\n"})
    assert any(why in item.why for item in converted(folder, play).items)


def test_files_are_found_by_the_folders_of_role_and_playbook(folder: Path) -> None:
    role(folder, "web", {"tasks/main.yml": """\
        - include_tasks: "{{ role_path }}/tasks/more.yml"
        - copy: {src: "{{ role_path }}/files/robots.txt", dest: /srv/a}
        - copy: {src: "{{ playbook_dir }}/own.txt", dest: /srv/b}
        """, "meta/main.yml": ""})
    (folder / "own.txt").write_text("own")
    made = converted(folder, "roles: [web]\n")
    assert [item.why for item in made.items[:3]] == ["", "", ""]
    assert made.files == {"files/web/robots.txt": b"of web\n", "files/web/own.txt": b"own"}


def test_a_role_without_tasks_brings_what_it_has(folder: Path) -> None:
    role(folder, "names", {"defaults/main.yml": "base_name: named\n", "meta/main.yml": ""})
    made = converted(folder, "tasks:\n  - import_role: {name: names}\n  - import_role: {name: base}\n")
    assert [item.why for item in made.items] == [""]
    assert documents(made)[0]["parameters"] == {"base_name": {"type": "text", "default": "named"}}


def test_roles_of_the_collection_itself_are_found(folder: Path) -> None:
    (folder / "galaxy.yml").write_text("namespace: acme\nname: 'shop'\n")
    made = converted(folder, "tasks:\n  - include_role: {name: acme.shop.web}\n  - import_role: {name: acme.toy.web}\n")
    assert len(made.items) == 6
    assert "ansible-galaxy collection install acme.toy -p" in made.items[-2].why


def test_modules_of_the_playbooks_own_are_named_as_such(folder: Path) -> None:
    (folder / "library").mkdir()
    (folder / "library" / "aptt.py").write_text("")
    made = converted(folder, "tasks:\n  - aptt: {name: x}\n")
    assert "is a module of the playbook's own" in made.items[0].why
    assert "did you mean" not in made.items[0].why


def test_keywords_of_what_is_included_are_those_that_apply(folder: Path) -> None:
    role(folder, "web", {"handlers/main.yml": "- {name: again, command: again}\n", "meta/main.yml": ""})
    role(folder, "base", {"tasks/main.yml": "- copy: {content: a, dest: /srv/base}\n"})
    made = converted(folder, """\
        tasks:
          - include_role: {name: base, apply: {notify: again}}
          - include_role: {name: web, tasks_from: gone}
            notify: again
          - import_role: {name: web, tasks_from: more}
            notify: again
        """)
    assert ["notify" in one for one in resources(made)] == [True, False, True, False]


def test_parameters_that_read_what_is_not_there_are_not_there(folder: Path) -> None:
    role(folder, "web", {"defaults/main.yml": """\
        web_names: ["{{ web_found }}"]
        web_found: "{{ ansible_local.names }}"
        """, "tasks/main.yml": "- copy: {content: '{{ web_names }}', dest: /etc/a}\n", "meta/main.yml": ""})
    made = converted(folder, "roles: [web]\n")
    assert "ansible_local" in made.items[0].why
    assert made.needs == []


def test_a_role_alone_is_done_as_root_as_its_plays_say(folder: Path) -> None:
    role(folder, "base", {"tasks/main.yml": """\
        - copy: {content: a, dest: /srv/a}
        - copy: {content: b, dest: /srv/b}
          become: true
        - copy: {content: c, dest: /srv/c}
          become: false
        """})
    made = convert(folder / "roles" / "base", TYPES, None)
    assert [bool(item.why) for item in made.items] == [False, False, True]
    assert "is taken to say `become: true`" in made.text


def test_variables_of_a_role_that_are_for_its_loops_are_named(folder: Path) -> None:
    role(folder, "web", {"vars/main.yml": "site_on: '{{ item.value.on }}'\n", "meta/main.yml": "",
                         "tasks/main.yml": """\
        - file: {path: "/srv/{{ item.key }}", state: directory}
          with_dict: {a: {on: true}}
          when: site_on
        """})
    assert "`site_on` reads the element of a loop" in converted(folder, "roles: [web]\n").items[0].why


def test_the_role_that_a_playbook_tries_is_the_one_around_it(tmp_path: Path) -> None:
    for name, text in {"meta/main.yml": "galaxy_info:\n  role_name: web\n", "defaults/main.yml": "port: 80\n",
                       "tasks/main.yml": "- copy: {content: '{{ port }}.', dest: /etc/a}\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "molecule/default").mkdir(parents=True)
    made = converted(tmp_path / "molecule/default", "roles: [some.web, some.other]\n")
    assert resources(made) == [{"file": "/etc/a", "content": "{{ port }}."}]
    assert [bool(item.why) for item in made.items] == [False, True]


def test_a_default_that_is_one_expression_is_no_text(folder: Path) -> None:
    role(folder, "web", {"defaults/main.yml": "more: '{{ {} | combine(dict(a=1)) }}'\n", "meta/main.yml": "",
                         "tasks/main.yml": "- copy: {content: '{{ more | to_json }}', dest: /etc/a}\n"})
    made = documents(converted(folder, "roles: [web]\n"))[0]
    assert made["parameters"] == {"more": {"type": "mapping", "default": "{{ {} | combine(dict(a=1)) }}"}}
    role(folder, "web", {"defaults/main.yml": "more: '{{ other }}'\n"})
    made = documents(converted(folder, "roles: [web]\n"))[0]
    assert ("vars" in made, "parameters" in made) == (True, False)


def test_files_of_tasks_that_are_called_after_systems(folder: Path) -> None:
    role(folder, "web", {"tasks/main.yml": """\
        - include_tasks: "setup-{{ ansible_facts['os_family'] | lower }}.yml"
          when: wanted
        - include_tasks: "{{ ansible_distribution }}-{{ x }}.yml"
        - include_tasks: "{{ ansible_distribution }}.yml"
        """, "tasks/setup-debian.yml": "- copy: {content: a, dest: /etc/a}\n", "meta/main.yml": "",
        "tasks/setup-redhat.yml": "- copy: {content: b, dest: /etc/b}\n",
        "tasks/setup-freebsd.yml": "- copy: {content: c, dest: /etc/c}\n"})
    made = converted(folder, "vars: {wanted: true}\nroles: [web]\n")
    assert resources(made) == [
        {"assert": "include_tasks", "that": "{{ (facts.os.family in ['debian', 'redhat']) }}", "when": "wanted"},
        {"file": "/etc/a", "content": "a", "when": ["wanted", "facts.os.family == 'debian'"]},
        {"file": "/etc/b", "content": "b", "when": ["wanted", "facts.os.family == 'redhat'"]}]
    assert ["no Holdfast" in made.items[3].why, "by a template" in made.items[4].why,
            "by a template" in made.items[5].why] == [True] * 3


def test_files_that_variables_and_loops_name_are_copied(folder: Path) -> None:
    role(folder, "web", {
        "defaults/main.yml": "web_conf: etc/web.conf.j2\nweb_other: '{{ web_conf }}'\n", "meta/main.yml": "",
        "templates/etc/web.conf.j2": "{{ web_port }}\n", "templates/a.j2": "a\n", "files/b.txt": "b\n",
        "tasks/main.yml": """\
        - template: {src: "{{ web_conf }}", dest: /etc/web.conf}
        - copy: {src: "{{ one.src }}.txt", dest: "{{ one.dest }}"}
          loop: [{src: b, dest: /etc/b}]
          loop_control: {loop_var: one}
        - template: {src: "{{ item }}.j2", dest: "/etc/{{ item }}"}
          with_items: [a]
        - template: {src: "{{ web_other }}", dest: /etc/other}
        - copy: {src: "{{ item.src }}", dest: /etc/c}
          loop: [{src: ../files/b.txt}]
        """})
    made = converted(folder, "vars: {web_port: 80}\nroles: [web]\n")
    assert [one.get("source") for one in resources(made)] == [
        "templates/web/{{ web_conf }}", "files/web/{{ item.src }}.txt", "templates/web/{{ item }}.j2",
        "templates/web/{{ web_other }}"]
    assert set(made.files) == {"templates/web/etc/web.conf.j2", "files/web/b.txt", "templates/web/a.j2"}
    assert documents(made)[0]["parameters"] == {"web_conf": {"type": "text", "default": "etc/web.conf.j2"},
                                                "web_other": {"type": "text", "default": "{{ web_conf }}"}}
    assert ["decided by a template" in item.why for item in made.items[:5]] == [False, False, False, False, True]
