"""What roles say by systems: files of variables, Ansible's words for systems, states that a template decides."""
from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.converting.deciding import case, merged
from tests.unit.converting.making import converted, documents, resources

DEBIAN, RELEASE = "facts.os.family == 'debian'", "(facts.os.version | split('.') | first)"


def written(folder: Path, files: dict[str, str]) -> None:
    (folder / "vars").mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / "vars" / name).write_text(content)


@pytest.mark.parametrize("task", [
    "- include_vars: '{{ ansible_facts.os_family }}.yml'\n",
    "- include_vars: '{{ item }}'\n  with_first_found: [\"{{ ansible_facts['os_family'] ~ '.yml' }}\"]\n",
    "- include_vars: '{{ lookup(\"first_found\", wanted) }}'\n"
    "  vars: {wanted: {files: ['{{ ansible_os_family }}.yml'], paths: [vars]}}\n"])
def test_a_file_of_variables_for_each_family(tmp_path: Path, task: str) -> None:
    written(tmp_path, {"Debian.yml": "unit: apache2\nparts: [a, b]\n", "RedHat.yml": "unit: httpd\nparts: [c]\n",
                       "FreeBSD.yml": "unit: apache24\n", "main.yml": "unit: none\n"})
    made = converted(tmp_path, task + """\
        - copy: {content: "{{ parts | join(' ') }}", dest: /etc/a}
          notify: again
        """.replace("        ", ""), handlers='- {name: again, service: {name: "{{ unit }}", state: restarted}}\n')
    assert [item.status for item in made.items] == ["converted"] * 3
    assert documents(made)[0]["vars"] == {
        "unit": "{{ {'debian': 'apache2', 'redhat': 'httpd'}[facts.os.family] }}",
        "parts": "{{ {'debian': parts_debian, 'redhat': parts_redhat}[facts.os.family] }}",
        "parts_debian": ["a", "b"], "parts_redhat": ["c"]}
    assert resources(made)[1] == {"command": "systemctl restart {{ unit }}", "on_notify": True}


def test_the_first_file_that_is_there_counts(tmp_path: Path) -> None:
    written(tmp_path, {"Ubuntu-22.yml": "unit: a\n", "Debian-11.yml": "unit: b\n", "Debian-12.yml": "unit: b\n",
                       "Debian.yml": "unit: c\nport: 1\n", "default.yml": "unit: d\nport: 2\n",
                       "Kylin.yml": "unit: e\n"})
    made = converted(tmp_path, """\
        - include_vars: "{{ item }}"
          with_first_found:
            - files:
                - "{{ ansible_distribution }}-{{ ansible_distribution_major_version }}.yml"
                - "{{ ansible_os_family }}.yml"
                - "{{ ansible_distribution }}.yml"
                - default.yml
              skip: true
        - copy: {content: "{{ unit }} {{ port }}", dest: /etc/a}
        """)
    release = f"facts.os.name == 'debian' and {RELEASE} in ['11', '12']"
    ubuntu = f"facts.os.name == 'ubuntu' and {RELEASE} == '22'"
    assert documents(made)[0]["vars"]["unit"] == (
        "{{ 'b' if " + release + " else 'a' if " + ubuntu + " else 'c' if " + DEBIAN + " else 'd' }}")
    assert made.items[0].lost == ["`Kylin.yml` is for a system whose name here is not known"]


def test_files_that_are_laid_over_one_another(tmp_path: Path) -> None:
    written(tmp_path, {"all.yml": "unit: a\n", "RedHat.yml": "unit: b\n", "Fedora.yml": "unit: c\n"})
    made = converted(tmp_path, """\
        - include_vars: "{{ here }}"
          loop: [all.yml, "{{ ansible_os_family }}.yml"]
          vars: {here: "vars/{{ item }}"}
          when: here is file
        - include_vars: Fedora.yml
          when: [ansible_os_family == 'RedHat', ansible_distribution == "Fedora"]
        - copy: {content: "{{ unit }}", dest: /etc/a}
        """)
    assert documents(made)[0]["vars"] == {
        "unit": "{{ 'c' if facts.os.name == 'fedora' else 'b' if facts.os.family == 'redhat' else 'a' }}"}


def test_the_word_that_ansible_has_for_a_system_is_a_variable(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - copy: {content: "{{ ports[ansible_facts['os_family']] }}{{ ansible_distribution | lower }}", dest: /a}
        """, play="vars: {ports: {Debian: 81}}\n")
    values = documents(made)[0]["vars"]
    assert "'debian': 'Debian'" in values["ansible_os_family"] and "'rhel': 'RedHat'" in values["ansible_distribution"]
    assert resources(made)[0]["content"] == "{{ ports[ansible_os_family] }}{{ ansible_distribution | lower }}"


def test_a_handler_whose_state_is_a_variable(tmp_path: Path) -> None:
    made = converted(tmp_path, "- copy: {content: a, dest: /a}\n  notify: again\n", play="vars: {how: reloaded}\n",
                     handlers="- {name: again, service: {name: web, state: '{{ how }}'}}\n")
    assert resources(made)[1]["command"] == (
        "systemctl {{ {'restarted': 'restart', 'reloaded': 'reload-or-restart', 'started': 'start', 'stopped': 'stop'}"
        "[how] }} web")


def test_results_of_facts_are_not_asked_of_the_inventory(tmp_path: Path) -> None:
    made = converted(tmp_path, """\
        - service_facts:
        - package_facts:
        - command: x
          when: "'a.service' in services and 'b' in packages"
        """)
    assert "is what a task found out" in made.items[2].why and made.needs == []


def test_what_happens_anyway_is_converted(tmp_path: Path) -> None:
    made = converted(tmp_path, "- setup:\n- ping:\n- meta: reset_connection\n- wait_for_connection: {timeout: 9}\n")
    assert [item.status for item in made.items] == ["converted"] * 4
    assert all(item.into for item in made.items)


def test_what_contradicts_itself_is_no_case() -> None:
    assert case("a", [DEBIAN, "facts.os.name == 'fedora'"]) is None
    assert case("a", ["facts.os.name == 'fedora'", "facts.os.name != 'fedora'"]) is None
    found = case("a", [DEBIAN, "facts.os.name == 'ubuntu'", "facts.os.name != 'fedora'", "x or y"])
    assert found is not None and found.asked == "facts.os.name == 'ubuntu' and (x or y)"


def test_cases_are_merged_where_no_other_comes_between() -> None:
    def said(*cases: tuple[str, str]) -> list[tuple[str, str]]:
        found = [case(value, [asked]) for value, asked in cases]
        return [(one.value, one.asked) for one in merged([one for one in found if one is not None])]

    suse, arch = "facts.os.family == 'suse'", "facts.os.family == 'arch'"
    both = "facts.os.family in ['debian', 'arch']"
    assert said(("a", DEBIAN), ("b", suse), ("a", arch)) == [("a", both), ("b", suse)]
    assert said(("a", DEBIAN), ("b", "x"), ("a", arch)) == [("a", DEBIAN), ("b", "x"), ("a", arch)]
