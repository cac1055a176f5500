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

from holdfast import patience
from holdfast.compiler import bounds
from holdfast.documents.loading import read_documents
from holdfast.documents.types import Types
from holdfast.inventory.model import Variable
from tests.unit.compiler.project import INVENTORY, args, compiled, faults, fleet, graph, host, layer, said, text_of

GROW = "{% set ns = namespace(a=START) %}{% for i in range(60) %}{% set ns.a = STEP %}{% endfor %}"


def growing(start: str, step: str, then: str) -> str:
    return GROW.replace("START", start).replace("STEP", step) + then


def growing_twice(start: str, step: str, then: str) -> str:
    """Two equal values, neither of which is the other: `ns.a` and `ns.b`."""
    return "{% set ns = namespace(a=START, b=START) %}{% for i in range(60) %}{% set ns.a = A %}{% set ns.b = B %}" \
        "{% endfor %}".replace("START", start).replace("A %}", step.format("ns.a") + " %}") \
        .replace("B %}", step.format("ns.b") + " %}") + then


LISTS, TUPLES = ("[1]", "[{0}, {0}]"), ("(1,)", "({0}, {0})")
MANY_AS = "a" * 60 + "!"


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
    (f"{{{{ '{MANY_AS}' | regex_replace('(a+)+$', '') }}}}", "takes longer"),
    (f"{{{{ ['{MANY_AS}'] | select('match', '(a|a)*$') | list }}}}", "takes longer"),
    ("{{ ('ab' * 8000000) is search('(a|b)*c') }}", "at most 1000000 characters"),
    ("{{ ('a' * 1000000) | regex_replace('(a*)', '\\\\1' * 1000) }}", "more than 16 MiB"),
    ("{{ ('a' * 2000) | regex_replace('a', 'b' * 9000) }}", "more than 16 MiB"),
    (growing_twice(*LISTS, "{{ ns.a == ns.b }}"), "value is too large"),
    (growing_twice(*LISTS, "{{ ns.a in [ns.b] }}"), "value is too large"),
    (growing_twice(*LISTS, "{{ ns.a is eq(ns.b) }}"), "value is too large"),
    (growing_twice(*LISTS, "{{ [ns.a, ns.b] | map('list') | sort }}"), "value is too large"),
    (growing_twice(*TUPLES, "{{ {1: 2}.get(ns.a) }}"), "value is too large"),
    ("{% set t = ((1, 2),) * 900000 %}{% set u = (t, t) %}{{ {u: 1} | length }}", "value is too large"),
    ("{% set b = 'x' * 1000000 %}{{ range(1000000) | map('ternary', b, b) | join }}", "more than 512 MiB"),
    ("{{ (['x' * 10000000] * 10000) | map('upper') | list | length }}", "more than 512 MiB"),
    ("{{ ([range(1000000)] * 10000) | map('list') | list | length }}", "more than 512 MiB"),
    ("{% set ns = namespace(a=[]) %}{% for i in range(9999) %}{% set ns.a = ns.a + ['x' * 999999 ~ i] %}{% endfor %}",
     "more than 512 MiB"),
    ("{{ ('x' * 1000000).join([''] * 1000000) }}", "more than 16 MiB"),
    ("{{ ([''] * 1000000) | join('x' * 1000000) }}", "more than 16 MiB"),
    ("{{ ('a' * 1000000).translate({97: 'b' * 1000000}) }}", "more than 16 MiB"),
    ("{{ ('{0}' * 100000).format('b' * 1000000) }}", "more than 16 MiB"),
    ("{{ ('%(a)s' * 100000) % {'a': 'b' * 1000000} }}", "more than 16 MiB"),
    ("{{ ('%(a)s' * 100000) | format(a='b' * 1000000) }}", "more than 16 MiB"),
    ("{{ ('a ' * 100000) | wordwrap(1, wrapstring='b' * 1000) }}", "more than 16 MiB"),
    ("{{ ('a\\n' * 100000) | indent('b' * 10000) }}", "`indent`"),
    ("{{ ([1] * 1000000) | zip(*([[1] * 1000000] * 1000)) | length }}", "more than 1000000 elements"),
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
    """What is said of all templates that would take too much, by a process that has a gigabyte."""
    done = subprocess.run([sys.executable, "-c", f"import {__name__} as here; here.in_little_memory()"], check=False,
                          capture_output=True, text=True, env={"PYTHONPATH": ":".join(filter(None, sys.path))})
    assert done.returncode == 0, done.stderr[-2000:]
    said_of_each: list[list[Any]] = json.loads(done.stdout)
    return said_of_each


def in_little_memory() -> None:
    """Run in a process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for template, what in TOO_MUCH:
            patience.LIMIT_S = 0.5 if what == "takes longer" else 3.0  # what never ends is not waited for as long
            found.append(problems(Path(folder), template))
    print(json.dumps(found))


@pytest.mark.parametrize("number", range(len(TOO_MUCH)), ids=[template[:60] for template, _ in TOO_MUCH])
def test_template_that_would_take_too_much_is_refused(refusals: list[list[Any]], number: int) -> None:
    found = refusals[number]
    assert len(found) == 1, found
    assert TOO_MUCH[number][1] in found[0][2]
    assert found[0][3], "no mend"


def test_check_of_a_type_that_never_ends_is_refused_at_its_resource(tmp_path: Path,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LIMIT_S", 0.2)
    (tmp_path / "site.yml").write_text(
        "state: site\ntargets: all\nresources:\n"
        f"  - line: x\n    path: /etc/motd\n    match: (a+)+$\n    text: {MANY_AS}\n")
    _, found = read_documents([tmp_path / "site.yml"], Types())
    assert [place[:3] for place in said(found)] == [(4, 11, patience.TookTooLong.what)]


def test_loop_that_asks_other_hosts_is_counted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "COUNT", 9_000)
    loops = "{% for i in range(100) %}" * 2 + "{% set x = hostvars.web1.domain %}" + "{% endfor %}" * 2
    assert ["steps" in what for _, _, what, _ in problems(tmp_path, loops)] == [True]


def test_what_is_compared_and_chained_is_as_in_python(tmp_path: Path) -> None:
    text = "{{ [1 < 2 < 3, 1 < 3 < 2, 1 in [1] == true, [1, [2]] == [1, [2]], (1, 2) in {(1, 2): 3}, not 1 > 2, " \
        "3 > 2 != 1, 'a' not in 'bc', 2 > 1 and missing is not defined] }}"
    made = compiled(tmp_path, "resources:\n  - command: x\n    stdin: \"a" + text + "\"\n", fleet(host("web1")))
    assert args(graph(made), "command: x")["stdin"] == \
        "a[True, False, False, True, True, True, True, True, True]"


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
