"""Variables that tasks set, and which tasks see them."""
from __future__ import annotations

from pathlib import Path

from tests.unit.converting.making import converted, documents, resources

DEBIAN = "facts.os.family == 'debian'"


def test_a_variable_that_is_set_under_a_condition_is_for_those_who_have_it(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - block:
            - set_fact: {tools: [git, screen]}
            - apt: {name: "{{ tools }}"}
              when: wanted
          when: ansible_os_family == 'Debian'
        - copy: {content: "{{ tools | join(' ') }}", dest: /etc/tools}
        - copy: {content: "{{ tools | default([]) | join(' ') }}", dest: /etc/more}
        """, play="vars: {wanted: true}\n")
    assert documents(made)[0]["vars"] == {"wanted": True, "tools": "{{ ['git', 'screen'] if " + DEBIAN + " }}"}
    assert resources(made) == [{"package": "{{ item }}", "loop": "{{ tools }}", "when": [DEBIAN, "wanted"]},
                               {"file": "/etc/tools", "content": "{{ tools | join(' ') }}"}]
    assert "it asks whether `tools` is set" in made.items[3].why


def test_a_variable_that_has_another_value_says_the_condition_itself(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - copy: {content: "{{ web }}", dest: /etc/early}
        - set_fact: {web: apache2, port: "{{ other_port }}", paths: [/srv]}
          when: [ansible_os_family == 'Debian', ready]
        - set_fact: {web: nginx}
          when: not ready
        - copy: {content: "{{ web }} {{ port }} {{ paths | length }}", dest: /etc/late}
        """, play="vars: {web: httpd, port: 80, other_port: 81, paths: [], ready: true}\n")
    assert documents(made)[0]["vars"] == {
        "web": "{{ 'nginx' if not ready else 'apache2' if " + DEBIAN + " and ready else 'httpd' }}",
        "port": "{{ other_port if " + DEBIAN + " and ready else 80 }}",
        "paths": "{{ ['/srv'] if " + DEBIAN + " and ready else [] }}", "other_port": 81, "ready": True}
    assert [item.why for item in made.items] == [
        "`web` is set anew by a later task: in a document it has one value", "", "", ""]


def test_what_is_set_when_nothing_else_sets_it_is_a_default(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - set_fact: {port: 80}
          when: port is not defined
        - copy: {content: "{{ port }}.", dest: /etc/a}
        """)
    assert documents(made)[0]["parameters"] == {"port": {"type": "integer", "default": 80}}
    assert made.items[0].into == "the default of a parameter: port"


def test_a_default_that_hangs_on_the_system_stays_a_default(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - set_fact: {port: "{{ usual }}"}
          when: port is not defined and ansible_os_family == 'Debian'
        - set_fact: {port: 81}
          when: port is not defined
        - copy: {content: "{{ port }}.", dest: /etc/a}
        """, play="vars: {usual: 80}\n")
    assert documents(made)[0]["parameters"] == {
        "port": {"type": "integer", "default": "{{ usual if (ansible_os_family == 'Debian') else 81 }}".replace(
            "ansible_os_family == 'Debian'", DEBIAN)}}


def test_a_text_with_blocks_in_it_is_a_variable_of_its_own(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - set_fact: {word: "{% if big %}A{% else %}a{% endif %}"}
          when: ansible_os_family == 'Debian'
        - copy: {content: "{{ word }}", dest: /etc/a}
        """, play="vars: {big: true}\n")
    assert documents(made)[0]["vars"] == {"big": True, "word": "{{ word_set if " + DEBIAN + " }}",
                                          "word_set": "{% if big %}A{% else %}a{% endif %}"}


def test_what_is_kept_of_a_variable_that_is_set_anew_later_is_named(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - set_fact: {kept: "{{ was }}"}
        - set_fact: {there: 1}
          when: wanted
        - set_fact: {was: 2, wanted: false}
          when: ansible_os_family == 'Debian'
        - copy: {content: "{{ kept }}.", dest: /etc/a}
        - copy: {content: "{{ there }}.", dest: /etc/b}
        - copy: {content: "{{ was }}.", dest: /etc/c}
        """, play="vars: {was: 1, wanted: true}\n")
    assert ["it keeps what `was` is then" in made.items[0].why, "`wanted`" in made.items[1].why] == [True, True]
    assert [one["file"] for one in resources(made)] == ["/etc/c"]


def test_what_is_set_again_without_a_condition_is_named(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - set_fact: {web: nginx}
          when: ansible_os_family == 'Debian'
        - set_fact: {web: other}
        - copy: {content: "{{ web }}", dest: /etc/a}
        """, play="vars: {web: httpd}\n")
    assert ["another value" in made.items[1].why, "not converted" in made.items[2].why] == [True, True]


def test_a_handler_is_there_where_what_it_reads_is_set(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - block:
            - set_fact: {unit: web}
            - copy: {content: a, dest: "/etc/{{ unit }}"}
              notify: again
          when: ansible_os_family == 'Debian'
        """, handlers='- {name: again, service: {name: "{{ unit }}", state: restarted}}\n')
    assert resources(made) == [
        {"file": "/etc/{{ unit }}", "content": "a", "when": DEBIAN,
         "notify": {"command": "systemctl restart {{ unit }}"}},
        {"command": "systemctl restart {{ unit }}", "on_notify": True, "when": DEBIAN}]


def test_what_a_handler_sets_is_no_variable_for_all(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - copy: {content: a, dest: /etc/a}
          notify: told
        - copy: {content: "{{ was_told | default(false) }}", dest: /etc/b}
        """, handlers="- {name: told, set_fact: {was_told: true}}\n")
    assert "set by a task that is not converted" in made.items[1].why


def test_variables_are_carried_over_where_something_reads_them(tmp_path: Path) -> None:
    (tmp_path / "more.yml").write_text("names: [curl, rsync]\nunused: 1\nwhere: \"{{ base }}/app\"\n")
    made = converted(tmp_path, """\
        - set_fact: {mode_of_it: "0750"}
        - apt: {name: "{{ names }}"}
        - file: {path: "{{ where }}", state: directory, mode: "{{ mode_of_it }}"}
        - copy: {content: "{{ token }}{{ elsewhere }}", dest: /etc/token}
        - copy: {content: "{{ home }}", dest: /etc/home}
        """, play="""\
        vars:
          base: /srv
          home: "{{ ansible_env.HOME }}"
          ansible_user: root
          token: !vault |
            $ANSIBLE_VAULT;1.1;AES256
        vars_files: [more.yml, none.yml]
        """)
    document = documents(made)[0]
    assert document["vars"] == {"base": "/srv", "token": {"secret": "token", "env": "TOKEN"},
                                "names": ["curl", "rsync"], "where": "{{ base }}/app", "mode_of_it": "0750"}
    assert document["resources"][0] == {"package": "{{ item }}", "loop": "{{ names }}"}
    assert made.needs == ["elsewhere"]
    assert made.items[-1].why.startswith("the variable `home` is not in the document: `ansible_env`")
    assert any("none.yml" in note for note in made.notes)


def test_variables_that_a_file_gives_under_a_name_stand_there(tmp_path: Path) -> None:
    (tmp_path / "more.yml").write_text("port: 80\n")
    made = converted(tmp_path, """\
        - include_vars: {file: more.yml, name: web}
        - copy: {content: "{{ web.port }}.", dest: /etc/a}
        """)
    assert documents(made)[0]["vars"] == {"web": {"port": 80}}
