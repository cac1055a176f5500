"""Hostile input is refused or inert: it costs bounded time and memory, leads nowhere, and is never rendered twice."""
from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from holdfast.inventory.model import Variable
from tests.unit.compiler.project import INVENTORY, args, compiled, faults, fleet, graph, host, layer, said, text_of

GROW = "{% set ns = namespace(a=START) %}{% for i in range(60) %}{% set ns.a = STEP %}{% endfor %}"


def growing(start: str, step: str, then: str) -> str:
    return GROW.replace("START", start).replace("STEP", step) + then


# A template, and what is said of it.
TOO_MUCH = [
    ("{{ range(10**9) | list }}", "`range` counts"),
    ("{{ range(10**9) | sum }}", "`range` counts"),
    ("{% for a in range(1000) %}" * 3 + "{% endfor %}" * 3, "steps"),
    ("{% set l = range(1000) | list %}" + "{% for a in l %}" * 3 + "{% endfor %}" * 3, "steps"),
    ("{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}", "nests too deep"),
    ("{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}", "steps"),
    ("{% for i in [[1]] recursive %}{{ loop([[1], [1]]) }}{% endfor %}", "nests too deep"),
    ("{{ (((2**64)**60)**60)**60 }}", "power is too large"),
    ("{{ 10 ** 100000 }}", "power is too large"),
    ("{{ 2 | pow(1000000) }}", "`pow`"),
    ("{{ 'a' * 10**9 }}", "multiplied too often"),
    ("{{ [0] * 10**9 }}", "multiplied too often"),
    ("{{ [[0] * 1000000] * 1000 }}", "value is too large"),
    (growing("'x'", "ns.a ~ ns.a", "{{ ns.a }}"), "larger than 16 MiB"),
    (growing("'x'", "ns.a + ns.a", "{{ ns.a }}"), "more than 16 MiB"),
    (growing("[1]", "ns.a + ns.a", "{{ ns.a }}"), "more than 1000000 elements"),
    (growing("3", "ns.a * ns.a", "{{ ns.a }}"), "number is too large"),
    (growing("[1]", "[ns.a, ns.a]", "{{ ns.a }}"), "value is too large"),
    (growing("[1]", "[ns.a, ns.a]", "{{ ns.a | string }}"), "value is too large"),
    (growing("[1]", "[ns.a, ns.a]", "{{ ns.a ~ 'x' }}"), "value is too large"),
    (growing("[1]", "[ns.a, ns.a]", "{{ '%s' % ns.a }}"), "value is too large"),
    (growing("[1]", "[ns.a, ns.a]", "{{ '{}'.format(ns.a) }}"), "value is too large"),
    (growing("[1]", "[ns.a, ns.a]", "{{ ns.a | to_json }}"), "value is too large"),
    (growing("[1]", "[ns.a, ns.a]", "{{ ns.a | upper }}"), "value is too large"),
    ("{% set b = 'x' * 1000000 %}{% for i in range(100000) %}{{ b }}{% endfor %}", "larger than 16 MiB"),
    ("{% set b = 'x' * 1000000 %}{% set c %}{% for i in range(100000) %}{{ b }}{% endfor %}{% endset %}",
     "larger than 16 MiB"),
    ("{% set b = 'x' * 1000000 %}{% macro m() %}{% for i in range(100000) %}{{ b }}{% endfor %}{% endmacro %}{{ m() }}",
     "larger than 16 MiB"),
    ("{{ '%1000000000d' % 1 }}", "width"),
    ("{{ '%*d' % (10**9, 1) }}", "width"),
    ("{{ '%.999999999f' % 1 }}", "width"),
    ("{{ '%01000000000d' | format(1) }}", "width"),
    ("{{ '{:1000000000d}'.format(1) }}", "width"),
    ("{{ '{:{}}'.format(1, 10**9) }}", "width"),
    ("{{ 'a'.ljust(10**9) }}", "`ljust`"),
    ("{{ 'a'.zfill(10**9) }}", "`zfill`"),
    ("{{ 'a' | center(10**9) }}", "`center`"),
    ("{{ 'a' | indent(10**9) }}", "`indent`"),
    ("{{ [1] | batch(10**9, 0) | list }}", "`batch`"),
    ("{{ [1] | slice(10**9) | list }}", "`slice`"),
    ("{{ ('a' * 1000000) | replace('a', 'b' * 1000) }}", "more than 16 MiB"),
    ("{{ ('a' * 1000000).replace('a', 'b' * 1000) }}", "more than 16 MiB"),
    ("{{ ('a,' * 8000000).split(',') }}", "`split`"),
    ("{{ ''.join(['a' * 1000000] * 1000) }}", "value is too large"),
    ("{{ (['a' * 1000000] * 1000) | join }}", "value is too large"),
    ("{{ range(999999) | combinations(999998) }}", "elements"),
    ("{{ range(12) | permutations | list }}", "elements"),
    ("{{ range(1000) | product(range(1000)) | list }}", "elements"),
    ("{{ 'x' | password_hash('sha512', 'abc', rounds=999999999) }}", "rounds"),
    ("{{ ('x' * 10000000) | password_hash('sha512', 'abc') }}", "1024 characters"),
    ("{{ ('[' * 100000) | from_json }}", "nests too deep"),
    ("{{ ('[' * 100000) | from_yaml }}", "not YAML"),
    ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "nests too deep"),
    ("{{ 1" + "+1" * 20000 + " }}", "nests too deep"),
    ("{% if 1 %}" * 300 + "{% endif %}" * 300, "nests too deep"),
    ("{{ 'a' " + "| upper " * 3000 + "}}", "nests too deep"),
]
OUT_OF_BOUNDS = [
    "{{ ''.__class__ }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ '' | attr('__class__') }}",
    "{{ domain['__class__'] }}", "{{ lookup.__globals__ }}", "{{ lookup.__self__ }}", "{{ range.__self__.names }}",
    "{{ namespace.__init__.__globals__ }}", "{{ dict.__subclasses__() }}", "{{ dict.mro() }}", "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}", "{{ hostvars.__init__ }}", "{{ hostvars._run }}",
    "{{ hostvars['web1']._run }}", "{{ host._note.__self__ }}", "{{ tags._path }}", "{{ omit.__class__ }}",
    "{{ '{0.__class__}'.format(1) }}", "{{ '{0._run.outside}'.format(hostvars) }}",
    "{{ '{x._run}'.format_map({'x': hostvars}) }}", "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}", "{{ [1] | map(attribute='__class__') | list }}",
    "{{ [''] | map('attr', '__class__') | list }}",
    "{{ (1).__class__ }}", "{{ none.__class__ }}", "{{ range }}", "{{ lookup }}", "{{ dict }}", "{{ self }}",
    "{{ [].append(1) }}", "{{ {}.update({'a': 1}) }}", "{{ 'x'.__add__('y') }}", "{{ [1] | map(lookup) | list }}",
    "{{ '!!python/object/apply:os.system [id]' | from_yaml }}", "{% include 'none' %}", "{% import 'none' as x %}",
]


def document(template: str) -> str:
    return "resources:\n  - command: x\n    stdin: '" + template.replace("'", "''") + "'\n"


def problems(folder: Path, template: str) -> list[tuple[int, int, str, str]]:
    inventory = fleet(host("web1", layer(domain="x"), role="web"))
    return said(faults(folder, document(template), inventory, facts={"web1": {}}))


@pytest.fixture(scope="module")
def refusals() -> list[list[Any]]:
    """What is said of all templates that would take too much, by a process that has half a gigabyte."""
    done = subprocess.run([sys.executable, "-c", f"import {__name__} as here; here.in_little_memory()"], check=False,
                          capture_output=True, text=True, env={"PYTHONPATH": ":".join(filter(None, sys.path))})
    assert done.returncode == 0, done.stderr[-2000:]
    said_of_each: list[list[Any]] = json.loads(done.stdout)
    return said_of_each


def in_little_memory() -> None:
    """Run in a process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (512 * 2**20, 512 * 2**20))
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps([problems(Path(folder), template) for template, _ in TOO_MUCH]))


@pytest.mark.parametrize("number", range(len(TOO_MUCH)), ids=[template[:60] for template, _ in TOO_MUCH])
def test_template_that_would_take_too_much_is_refused(refusals: list[list[Any]], number: int) -> None:
    found = refusals[number]
    assert len(found) == 1, found
    assert TOO_MUCH[number][1] in found[0][2]
    assert found[0][3], "no mend"


@pytest.mark.parametrize("template", OUT_OF_BOUNDS)
def test_template_reaches_nothing_but_data(tmp_path: Path, template: str) -> None:
    found = problems(tmp_path, template)
    assert found
    assert all(mend for _, _, _, mend in found)
    assert not any("0x" in what or "object at" in what for _, _, what, _ in found), "an inside of Python is shown"


EVIL = "{{ 1 + 1 }}{% raw %}"


@pytest.mark.parametrize("written", [
    "{{ facts.hostname }}", "a{{ facts.hostname }}", "{{ facts.hostname | trim }}", "{{ [facts.hostname] | first }}",
    "{{ facts.hostname | string }}", "{{ inside }}", "{{ inside | default('x') }}", "{{ hostvars.web1.literal }}",
    "{{ '%s' % facts.hostname }}", "{{ facts.hostname ~ '' }}",
])
def test_text_from_a_host_or_program_that_looks_like_a_template_is_never_rendered(tmp_path: Path, written: str) -> None:
    inventory = fleet(host("web1", layer(literal=Variable(EVIL, INVENTORY, literal=True))))
    text = "vars: {inside: '{{ literal }}'}\nresources:\n  - command: x\n    stdin: '" + written.replace("'", "''") + \
        "'\n  - command: second\n    stdin: '{{ inside }}'\n"
    found = args(graph(compiled(tmp_path, text, inventory, facts={"web1": {"hostname": EVIL}})), "command: x")
    assert found["stdin"].removeprefix("a") == EVIL


def test_output_that_looks_like_a_mark_or_template_stays_text(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("{{ facts.hostname }}|{{ literal }}\n")
    forged = "\0deadbeef:0\0{{ x }}"
    inventory = fleet(host("web1", layer(literal=Variable(forged, INVENTORY, literal=True))))
    made = compiled(tmp_path, "resources:\n  - template: /t\n    source: t.j2\n", inventory,
                    facts={"web1": {"hostname": forged}})
    assert text_of(made, "template: /t") == f"{forged}|{forged}\n"


def test_template_file_that_is_not_utf8_is_refused_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_bytes(b"a\nb\xff\n")
    found = faults(tmp_path, "resources:\n  - template: /t\n    source: t.j2\n")
    assert [(str(one.place), one.what, one.mend) for one in found] == [
        (f"{tmp_path}/t.j2:2:2", "byte 0xff is not UTF-8", "save the file as UTF-8")]


@pytest.mark.parametrize("text", [
    "vars: &a {b: *a}\n", "vars: {a: " + "[" * 200 + "]" * 200 + "}\n", "vars: {a: !!python/object:os.system x}\n",
    "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"b{n}: &b{n} [{','.join(['*a' if not n else f'*b{n - 1}'] * 9)}]\n" for n in range(9)),
    "vars: {a: '\x07'}\n", "vars: {a: \ud800}\n".encode("utf-8", "replace").decode() + "\t\n", "{" * 5000, "- " * 5000,
    "? " * 5000, "!" * 5000, "&" * 5000, "%YAML 9.9\n", "a: " + "'" * 99999,
    "resources:\n" + "  - package: p\n" * 20000,
])
def test_hostile_documents_give_problems_and_nothing_else(tmp_path: Path, text: str) -> None:
    found: Any = faults(tmp_path, f"{text}resources: []\n")
    assert found
