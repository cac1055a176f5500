"""Files and templates that tasks name: found, made ours, and copied beside the document."""
from __future__ import annotations

import pytest

from tests.unit.converting.making import converted, resources


def test_files_and_templates_are_copied_beside(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/a.conf.j2").write_text("{{ ansible_hostname }}\n{% if x is defined %}{{ x }}{% endif %}")
    (tmp_path / "templates/b.conf.j2").write_text("{{ ansible_mounts }}")
    (tmp_path / "logo.png").write_bytes(b"\x89\xff")
    made = converted(tmp_path, """\
        - template: {src: a.conf.j2, dest: /etc/a.conf}
        - template: {src: b.conf.j2, dest: /etc/b.conf}
        - copy: {src: logo.png, dest: /var/www/}
        """)
    assert resources(made) == [{"template": "/etc/a.conf", "source": "templates/a.conf.j2"},
                               {"file": "/var/www/logo.png", "source": "files/logo.png"}]
    assert made.files == {"files/logo.png": b"\x89\xff", "templates/a.conf.j2":
                          b"{{ (facts.hostname | split('.') | first) }}\n{% if x is defined %}{{ x }}{% endif %}"}
    assert made.items[1].why == "in the template b.conf.j2: `ansible_mounts` has no like here"


def test_files_that_a_pattern_names_are_those_of_today(tmp_path):
    (tmp_path / "files/more").mkdir(parents=True)
    (tmp_path / "files/a.conf").write_text("a")
    (tmp_path / "files/b.conf").write_text("b")
    (tmp_path / "files/more/c").write_text("c")
    made = converted(tmp_path, """\
        - copy: {src: "{{ item }}", dest: /etc/conf.d/}
          with_fileglob: ["*.conf", more/*]
        """)
    assert resources(made) == [
        {"file": "/etc/conf.d/{{ (item) | basename }}", "source": "files/{{ item }}",
         "loop": ["a.conf", "b.conf", "more/c"]}]
    assert made.files == {"files/a.conf": b"a", "files/b.conf": b"b", "files/more/c": b"c"}


@pytest.mark.parametrize(("header", "becomes"), [
    ("#jinja2: lstrip_blocks: True\n", "a\n{% if x %}\n  {{ x }}\n{% endif %}\n"),
    ("#jinja2:trim_blocks: True,lstrip_blocks: False\n", "a\n  {% if x %}\n  {{ x }}\n  {% endif %}\n")])
def test_settings_in_the_first_line_of_a_template_are_carried_out(tmp_path, header, becomes):
    (tmp_path / "a.j2").write_text(header + "a\n  {% if x %}\n  {{ x }}\n  {% endif %}\n")
    made = converted(tmp_path, "- template: {src: a.j2, dest: /etc/a}")
    assert made.files["templates/a.j2"].decode() == becomes


@pytest.mark.parametrize("header", ["trim_blocks: False", "variable_start_string: '[%'", "lstrip_blocks: True"])
def test_settings_of_a_template_that_have_no_like_are_named(tmp_path, header):
    (tmp_path / "a.j2").write_text(f"#jinja2: {header}\n{{% raw %}}a{{% endraw %}}\n")
    made = converted(tmp_path, "- template: {src: a.j2, dest: /etc/a}")
    assert header.partition(":")[0] in made.items[0].why


def test_a_template_whose_name_a_loop_decides_may_read_what_the_inventory_has_to_give(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.j2").write_text(f"{{{{ of_{name} }}}}\n")
    made = converted(tmp_path, """\
        - template: {src: "{{ item }}.j2", dest: "/etc/{{ item }}"}
          loop: [a, b]
        """)
    assert made.needs == ["of_a", "of_b"]


def test_what_only_a_branch_of_a_template_sets_is_no_variable(tmp_path):
    (tmp_path / "a.j2").write_text("{% if x %}{% set y = 1 %}{{ y }}{% endif %}{{ y }}\n")
    assert converted(tmp_path, "- template: {src: a.j2, dest: /etc/a}").needs == ["x"]


def test_all_files_that_a_template_can_name_are_copied(tmp_path):
    (tmp_path / "templates").mkdir()
    for name in ("ntp.conf", "chrony.conf", "vhost"):
        (tmp_path / "templates" / f"{name}.j2").write_text(f"{name}\n")
    (tmp_path / "vars").mkdir()
    (tmp_path / "vars/Debian.yml").write_text("conf: /etc/ntp/ntp.conf\n")
    (tmp_path / "vars/RedHat.yml").write_text("conf: /etc/chrony.conf\n")
    (tmp_path / "vars/Suse.yml").write_text("conf: /etc/none.conf\n")
    made = converted(tmp_path, """\
        - include_vars: "{{ ansible_os_family }}.yml"
        - template: {src: "{{ conf | basename }}.j2", dest: "{{ conf }}"}
        - template: {src: "{{ site.template | default(usual) }}", dest: "/etc/{{ site.name }}"}
          loop: "{{ sites }}"
          loop_control: {loop_var: site}
        - template: {src: "{{ unknown }}.j2", dest: /etc/x}
        """, play="vars: {usual: vhost.j2, sites: [{name: a}]}\n")
    assert [one["source"] for one in resources(made)] == [
        "templates/{{ conf | basename }}.j2", "templates/{{ item.template | default(usual) }}"]
    assert set(made.files) == {"templates/ntp.conf.j2", "templates/chrony.conf.j2", "templates/vhost.j2"}
    assert made.items[1].lost == ["there is no file `none.conf.j2` here"]
    assert made.items[2].notes == ["files that the inventory names are not here: put them into templates/"]
    assert "decided by a template" in made.items[3].why
