"""Values that are known only on the host: passed on, and nothing else; what is done with them besides is refused."""
from __future__ import annotations

import importlib.util
import secrets
from pathlib import Path
from typing import Any

import pytest

from holdfast.compiler import later
from holdfast_host.values import Join, Output
from tests.unit.compiler.project import args, compiled, faults, graph, ids, said

STDOUT = "`stdout` of command: hostname is known only on the host"
OUT = "resources:\n  - command: hostname\n    register: out\n"


@pytest.mark.parametrize("tag", ["12f90defe24fcc21", "00000000", "f635ce6fcde09ff3"])
def test_marks_are_found_whatever_number_this_process_drew(monkeypatch: pytest.MonkeyPatch, tag: str) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda _: tag)
    spec = importlib.util.spec_from_file_location("holdfast_later_again", str(later.__file__))
    assert spec is not None
    assert spec.loader is not None
    fresh: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    mark = fresh.Pending(Output("command: a", "stdout")).mark()
    assert fresh.unmark(f"7{mark}8").value == Join(("7", Output("command: a", "stdout"), "8"))


@pytest.mark.parametrize(("written", "expected"), [
    ("{{ out.stdout }}", Output("command: hostname", "stdout")),
    ("{{ out['stdout'] }}", Output("command: hostname", "stdout")),
    ("on {{ out.stdout }}!", Join(("on ", Output("command: hostname", "stdout"), "!"))),
    ("{{ out.stdout }}{{ out.stdout }}", Join((Output("command: hostname", "stdout"),) * 2)),
    ("{{ out.stdout | default('none') }}", Output("command: hostname", "stdout")),
    ("{% for i in [1, 2] %}{{ i }}{{ out.stdout }}{% endfor %}",
     Join(("1", Output("command: hostname", "stdout"), "2", Output("command: hostname", "stdout")))),
    ("{{ 'yes' if out is defined else 'no' }}", "yes"),
])
def test_output_is_passed_on_in_any_text(tmp_path: Path, written: str, expected: Any) -> None:
    made = graph(compiled(tmp_path, OUT + f'  - file: /a\n    content: "{written}"\n'))
    assert args(made, "file: /a")["content"] == expected


def test_output_goes_through_variables_parameters_lists_and_template_files(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("name={{ name }}\n")
    made = graph(compiled(tmp_path, "vars:\n  name: 'n-{{ out.stdout }}'\n" + OUT + """\
  - template: /t
    source: t.j2
  - command: list
    stdin: ["{{ name }}", {k: "{{ out.stdout }}"}]
  - use: inner
    parameters: {given: "{{ name }}"}
---
state: inner
parameters: {given: text}
resources:
  - file: /inner
    content: "<{{ given }}>"
"""))
    out = Output("command: hostname", "stdout")
    assert args(made, "template: /t")["source"] == Join(("name=n-", out, "\n"))
    assert args(made, "command: list")["stdin"] == [Join(("n-", out)), {"k": out}]
    assert args(made, "file: /inner")["content"] == Join(("<n-", out, ">"))
    needs = {node.id: [made.nodes[one].id for one in node.needs] for node in made.nodes}
    assert all("command: hostname" in needs[one] for one in ("template: /t", "command: list", "file: /inner"))


def test_who_takes_an_output_comes_after_who_gives_it(tmp_path: Path) -> None:
    text = "resources:\n  - file: /a\n    content: '{{ out.stdout }}'\n  - command: hostname\n    register: out\n"
    assert ids(graph(compiled(tmp_path, text))) == ["command: hostname", "file: /a"]


@pytest.mark.parametrize(("declared", "what"), [
    ("- file: /a\n    when: out.stdout == 'x'", STDOUT),
    ("- file: /a\n    when: out.stdout", "`when` is decided before the host is touched, and this is known only then"),
    ("- file: /{{ out.stdout }}", "a name has to be known before the host is touched"),
    ("- file: '{{ out.stdout }}'", "a name has to be known before the host is touched"),
    ("- file: /{{ item }}\n    loop: out.stdout", "`loop` needs its list before the host is touched"),
    ("- file: /a\n    requires: {file: '/{{ out.stdout }}'}", "a name has to be known before the host is touched"),
    ("- file: /a\n    source: '{{ out.stdout }}'", "`source` has to be known before the host is touched"),
    ("- file: /a\n    content: '{{ out.stdout | upper }}'", STDOUT),
    ("- file: /a\n    content: \"{{ out.stdout ~ 'x' }}\"", STDOUT),
    ("- file: /a\n    content: '{{ out.stdout[0] }}'", STDOUT),
    ("- file: /a\n    content: '{{ out.stdout.strip() }}'", STDOUT),
    ("- file: /a\n    content: '{% if out.stdout %}x{% endif %}'",
     STDOUT),
    ("- file: /a\n    content: '{% for x in out.stdout %}x{% endfor %}'",
     STDOUT),
    ("- file: /a\n    content: '{{ out }}'", "what command: hostname gives is known only on the host"),
    ("- file: /a\n    content: '{{ [out.stdout] | to_json }}'", STDOUT),
    ("- file: /a\n    content: \"{{ 'a%s' % out.stdout }}\"", STDOUT),
    ("- file: /a\n    content: '{{ out.stdout in [1] }}'", STDOUT),
    ("- file: /a\n    content: '{{ {out.stdout: 1} }}'", STDOUT),
])
def test_what_cannot_be_known_yet_is_refused_where_it_matters(tmp_path: Path, declared: str, what: str) -> None:
    found = said(faults(tmp_path, OUT + f"  {declared}\n"))
    assert [one[2] for one in found] == [what]
    assert found[0][0] >= 6
    assert found[0][3]


def test_output_of_a_resource_that_is_left_out_is_not_defined(tmp_path: Path) -> None:
    text = ("resources:\n  - command: hostname\n    register: out\n    when: false\n"
            "  - file: /a\n    content: '{{ out.stdout }}'\n")
    assert [one[2] for one in said(faults(tmp_path, text))] == ["`out` is not defined"]
    guarded = text.replace("{{ out.stdout }}", "{{ out.stdout if out is defined else 1 }}")
    assert args(graph(compiled(tmp_path, guarded)), "file: /a")["content"] == "1"
