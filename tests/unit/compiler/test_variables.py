"""Which value a name has, and what a text with templates becomes."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from holdfast.inventory.model import Variable
from tests.unit.compiler.project import INVENTORY, args, compiled, faults, fleet, graph, host, layer, said

COMMAND = "resources:\n  - command: x\n    stdin: '{{ value }}'\n"


def value(folder: Path, text: str, *layers: Any, settings: Any = None, groups: tuple[str, ...] = (),
          **tags: str) -> Any:
    """What `value` is on a host."""
    made = compiled(folder, text + COMMAND, fleet(host("web1", *layers, groups=groups, **tags)),
                    settings=settings or {})
    return args(graph(made), "command: x").get("stdin")


GROUP, OWN = layer(value="group"), layer(value="host")


@pytest.mark.parametrize(("text", "layers", "settings", "expected"), [
    ("", [GROUP], {}, "group"),
    ("", [GROUP, OWN], {}, "host"),
    ("vars: {value: document}\n", [], {}, "document"),
    ("vars: {value: document}\n", [], {"value": "set"}, "set"),
    ("parameters: {value: {type: text, default: default}}\n", [], {}, "default"),
    ("parameters: {value: {type: text, default: default}}\n", [GROUP], {}, "group"),
    ("parameters: {value: {type: text, default: default}}\n", [GROUP], {"value": "set"}, "set"),
])
def test_stronger_level_wins(tmp_path: Path, text: str, layers: Any, settings: Any, expected: str) -> None:
    assert value(tmp_path, text, *layers, settings=settings) == expected


USED = """state: site
targets: all
parameters: {value: {type: text, default: outer}}
resources:
  - command: outside
    stdin: '{{ value }}'
  - use: inner
%s---
state: inner
parameters: {value: {type: text, default: default}}
""" + COMMAND


@pytest.mark.parametrize(("given", "settings", "expected"), [
    ("", {}, "default"),  # neither the user's variables nor the inventory's slip in by their name
    ("    parameters: {value: given}\n", {}, "given"),
    ("    parameters: {value: '{{ value }}'}\n", {}, "inventory"),  # seen from the document that uses it
    ("    parameters: {value: given}\n", {"value": "set"}, "set"),
])
def test_used_document_has_its_own_names(tmp_path: Path, given: str, settings: Any, expected: str) -> None:
    made = compiled(tmp_path, USED % given, fleet(host("web1", layer(value="inventory"))), settings=settings)
    assert args(graph(made), "command: x")["stdin"] == expected


@pytest.mark.parametrize(("written", "expected"), [
    ("'{{ 1 + 1 }}'", 2), ("'{{ [1, 2] }}'", [1, 2]), ("'{{ {\"a\": none} }}'", {"a": None}), ("'{{ true }}'", True),
    ("' {{ 1 }}'", " 1"), ("'{{ 1 }}{{ 2 }}'", "12"), ("'{{ \"[1]\" }}'", "[1]"),  # text stays text, whatever its look
    ("'{{ none }}'", None), ("'a{{ none }}b'", "ab"), ("'{{ true }}!'", "True!"), ("'{% if true %}1{% endif %}'", "1"),
    ("'{{ [1, 2] | map(\"string\") }}'", ["1", "2"]), ("'{{ 1 }}{# no #}'", "1"), ("'no template'", "no template"),
    ("['{{ 1 }}', {k: '{{ 2 }}'}]", [1, {"k": 2}]),
    ("'{{ missing | default(7) }}'", 7), ("'{{ missing is defined }}'", False), ("'{{ {\"items\": 3}.items }}'", 3),
    ("'{{ inventory_hostname }}/{{ host.name }}'", "web1/web1"), ("'{{ tags.role }}'", "web"),
    ("'{{ host.tags }}'", {"role": "web"}), ("'{{ group_names }}'", ["g"]), ("'{{ groups.g }}'", ["web1"]),
    ("'{{ groups.all }}'", ["web1"]), ("'{{ hostvars.web1.plain }}'", 5), ("'{{ hostvars[\"web1\"][\"other\"] }}'", 6),
])
def test_value_that_is_one_expression_keeps_its_type(tmp_path: Path, written: str, expected: Any) -> None:
    found = value(tmp_path, f"vars:\n  value: {written}\n", layer(plain=5, other="{{ plain + 1 }}"), groups=("g",),
                  role="web")
    assert found == expected
    assert type(found) is type(expected)


def test_variables_are_rendered_when_they_are_read_and_only_then(tmp_path: Path) -> None:
    text = "vars: {value: '{{ first }}!', first: '{{ second }}', second: deep}\n"
    assert value(tmp_path, text) == "deep!"
    never = "vars: {value: '{{ 1 / 0 }}'}\n" + COMMAND
    assert faults(tmp_path, never)
    assert not faults(tmp_path, never + "    when: false\n")


def test_values_from_programs_and_facts_are_never_templates(tmp_path: Path) -> None:
    evil = {"text": "{{ 1 + 1 }}", "secret": {"secret": "x", "command": "id"}}
    inventory = fleet(host("web1", layer(value=Variable(evil, INVENTORY, literal=True))))
    assert args(graph(compiled(tmp_path, COMMAND, inventory)), "command: x")["stdin"] == evil
    control = fleet(host("web1", layer(value="{{ 1 + 1 }}")))
    assert args(graph(compiled(tmp_path, COMMAND, control)), "command: x")["stdin"] == 2
    text = "vars: {value: '{{ facts.hostname }}'}\n" + COMMAND
    found = compiled(tmp_path, text, fleet(host("web1")), facts={"web1": {"hostname": "{{ 1 + 1 }}"}})
    assert args(graph(found), "command: x")["stdin"] == "{{ 1 + 1 }}"


@pytest.mark.parametrize(("text", "problem"), [
    ("vars:\n  value: '{{ 1 if false }}'\n",
     (4, 14, "an `if` in the expression is false, and has no `else`", "say what the value is then: `… else …`")),
    ("vars:\n  value: '{{ valu }}'\n", (4, 14, "`valu` is not defined", "did you mean `value`?")),
    ("vars:\n  value: '{{ a }}'\n  a: '{{ value }}'\n",
     (4, 10, "the variable `value` needs itself: value -> a -> value", "take one of these out")),
    ("vars:\n  value: 'x {{ {\"port\": 1}.prot }}'\n",
     (4, 28, "there is no `prot` in this", "did you mean `port`?")),
    ("vars:\n  value: '{{ 1 | upcase }}'\n", (4, 18, "there is no filter `upcase`", "")),
    ("vars:\n  value: '{{ 1 / 0 }}'\n", (4, 14, "division by zero", "")),
    ("vars:\n  value: '{{ ansible_hostname }}'\n",
     (4, 14, "`ansible_hostname` is not defined", "what a host says of itself is in `facts`: `facts.hostname`")),
    ("vars:\n  value: '{{ hostvars.db1.x }}'\n",
     (4, 23, "there is no host `db1` in the inventory", "known: web1")),
    ("vars:\n  value: '{{ \"\".__class__.__mro__ }}'\n", None),
    ("vars:\n  value: '{{ range(100000000) }}'\n", None), ("vars:\n  value: '{{ \"a\" * 99999999 }}'\n", None),
    ("vars:\n  value: '{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}'\n", None),
])
def test_fault_in_a_template_has_its_place(tmp_path: Path, text: str, problem: Any) -> None:
    found = said(faults(tmp_path, text + COMMAND, fleet(host("web1"))))
    assert len(found) == 1
    if problem:
        line, column, what, mend = found[0]
        assert (line, column, what) == problem[:3]
        assert mend == problem[3] or problem[3] == ""


def test_fault_in_a_block_has_its_line(tmp_path: Path) -> None:
    text = "resources:\n  - file: /a\n    content: |\n      first\n        second {{ nme }}\n"
    assert said(faults(tmp_path, text, fleet(host("web1", layer(name=1)))))[0][:3] == (7, 19, "`nme` is not defined")


@pytest.mark.parametrize(("text", "layers"), [("vars: {value: 1}\n", []), ("", [layer(value=1)])])
def test_setting_that_nothing_reads_is_refused(tmp_path: Path, text: str, layers: Any) -> None:
    found = said(faults(tmp_path, text + COMMAND, fleet(host("web1", *layers)), settings={"valeu": 2}))
    assert found == [(0, 0, "--set valeu: nothing reads this variable", "did you mean `value`?")]
    assert not faults(tmp_path, text + COMMAND, fleet(host("web1", *layers)), settings={"value": 2})


def test_setting_that_only_a_template_of_a_loop_may_read_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_text("{{ port }}")
    text = "resources:\n  - template: /etc/{{ item }}\n    source: '{{ item }}.j2'\n    loop: [a]\n"
    assert not faults(tmp_path, text, fleet(host("web1")), settings={"port": 2})


@pytest.mark.parametrize(("kind", "given", "what"), [
    ("integer", "'80'", "parameter `value` is a whole number, not `80`"),
    ("{type: integer, max: 10}", "11", "parameter `value` is at most 10, not 11"),
    ("{type: text, choices: [a, b]}", "c", "parameter `value` is a or b, not `c`"),
    ("{type: text, pattern: '[a-z]+'}", "A", "parameter `value` does not match `[a-z]+`: `A`"),
    ("{type: list, min: 1}", "[]", "parameter `value` is at least 1 items, not 0"),
    ("boolean", "'{{ 1 }}'", "parameter `value` is true or false, not the number 1"),
    ("mapping", "[1]", "parameter `value` is a mapping, not a list"),
    ("{type: integer, max: 10}", "10", ""), ("text", "'{{ \"a\" }}'", ""), ("list", "[]", ""),
])
def test_parameter_takes_only_its_type(tmp_path: Path, kind: str, given: str, what: str) -> None:
    text = f"state: site\ntargets: all\nresources:\n  - use: inner\n    parameters:\n      value: {given}\n" \
           f"---\nstate: inner\nparameters:\n  value: {kind}\n" + COMMAND
    assert [(one[0], one[2]) for one in said(faults(tmp_path, text))] == ([(6, what)] if what else [])


def test_parameters_that_are_missing_or_unknown_are_refused_at_the_use(tmp_path: Path) -> None:
    text = "state: site\ntargets: all\nresources:\n  - use: inner\n    parameters: {valu: 1}\n" \
           "---\nstate: inner\nparameters:\n  value: integer\n" + COMMAND
    assert [(one[0], one[2], one[3]) for one in said(faults(tmp_path, text))] == [
        (4, "`inner` needs the parameter `value`",
         "give it under `parameters:`, with --set value=…, or give it a default"),
        (5, "`inner` has no parameter `valu`", "did you mean `value`?")]


def test_document_that_uses_itself_is_refused_with_the_way(tmp_path: Path) -> None:
    text = "state: a\ntargets: all\nresources:\n  - use: b\n---\nstate: b\nresources:\n  - use: a\n"
    found = faults(tmp_path, text)
    assert [one[2] for one in said(found)] == ["`a` uses itself: a -> b -> a"]
    assert [str(place) for _, place in found[0].also] == [f"{tmp_path}/site.yml:4:10"]


def test_a_parameter_that_is_only_passed_on_is_read(tmp_path: Path) -> None:
    text = """state: site
targets: all
parameters: {passed: {type: text, default: there}, idle: {type: text, default: never}}
resources:
  - use: inner
    parameters: {given: "{{ passed }}"}
---
state: inner
parameters: {given: {type: text}}
resources:
  - command: x
    stdin: "{{ given }}"
"""
    assert [what for _, _, what, _ in said(faults(tmp_path, text))] == ["nothing reads the parameter `idle`"]
