"""Secrets are marked where they enter, and stand in no graph, content, name or message."""
from __future__ import annotations

import json
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from holdfast_host.values import Join, SecretRef
from tests.unit.compiler.project import Given, args, b64, compiled, faults, fleet, graph, host, layer, said

VALUE = "hunter22+/é"
FORMS = (VALUE, b64(VALUE), urllib.parse.quote(VALUE), json.dumps(VALUE)[1:-1])
VARS = "vars:\n  password: {secret: db, env: DB}\n"


def everything(made: Any) -> str:
    """All that leaves the compiler but the secrets themselves."""
    text = json.dumps([[node.to_wire() for node in one.nodes] for one in made.graphs.values()], ensure_ascii=False)
    text += repr([(one.left, one.places, one.name) for one in made.graphs.values()])
    for one in made.graphs.values():
        for node in one.nodes:
            source = node.args.get("source")
            if isinstance(source, dict) and "$blob" in source:
                text += made.blob(source["$blob"][0]).decode("utf-8", "surrogateescape")
    return text


@pytest.mark.parametrize("content", [
    "{{ password }}", "user:{{ password }}@db", "{{ password | b64encode }}", "{{ password | urlencode }}",
    "{{ {'p': password} | to_json }}", "{{ [password] | to_nice_yaml }}", "{{ password ~ 'x' }}",
    "{{ 'a%s' % password }}", "{{ 'a{}'.format(password) }}", "{{ password | upper }}", "{{ password + 'x' }}",
    "{{ password.replace('h', 'H') }}", "{{ password[1:8] ~ '' }}", "a{{ password[:-1] }}",
    "{{ password | regex_replace('2', '3') }}", "{{ password | hash('sha256') }}", "{{ password[:8] }}",
    "{% set x = password %}{{ x }}", "{% for x in [password] %}{{ x }}{% endfor %}",
    "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(password) }}", "{{ copy }}", "{{ {'a': password}.a }}",
    "{{ [password] }}!", "{{ {'k': password} }}!", "{{ password | password_hash('sha512', 'saltsalt', rounds=1000) }}",
    "{{ password | quote }}", "{{ [password, 'x'] | join(':') }}", "{{ password if true else 1 }}",
    "{{ missing | default(password) }}", "{{ [password] | map('b64encode') | list | first }}",
    "{{ password | comment }}", "{{ (password ~ 'tail') | b64encode }}", "{{ password | string | trim }}",
])
@pytest.mark.parametrize("kind", ["content", "template", "environment"])
def test_secret_is_in_nothing_that_leaves_the_compiler(tmp_path: Path, content: str, kind: str) -> None:
    (tmp_path / "t.j2").write_text(f"{content}\n")
    text = VARS + "  copy: '{{ password }}'\n  both: '{{ copy }}{{ password }}'\nresources:\n"
    quoted = content.replace("'", "''")
    text += {"content": f"  - file: /a\n    content: '{quoted}'\n", "template": "  - template: /a\n    source: t.j2\n",
             "environment": f"  - command: x\n    env: {{P: '{quoted}'}}\n"}[kind]
    text += "  - file: /both\n    content: '{{ both }}'\n"
    made = compiled(tmp_path, text, env={"DB": VALUE})
    found = everything(made)
    assert not [form for form in FORMS if form in found]
    assert VALUE[:8] not in found
    assert made.graphs["web1"].secrets, "the control: the host is told"
    assert "$secret" in found


LOOPS = {
    "element": "- file: /a{{ index }}\n  content: '{{ item }}'\n  loop: ['{{ password }}']",
    "key": "- file: /{{ item.name }}\n  content: 'p={{ item.key }}'\n  loop: [{name: a, key: '{{ password }}'}]",
    "variable": "- command: x{{ index }}\n  env: {P: '{{ item.key | b64encode }}'}\n  loop: '{{ accounts }}'",
    "made": "- file: /{{ item[0] }}\n  content: '{{ item[1] }}'\n  loop: \"{{ ['a'] | product([password]) | list }}\"",
    "template": "- template: /{{ item.name }}\n  source: t.j2\n  loop: '{{ accounts }}'",
    "use": "- use: part\n  parameters: {name: '{{ item.name }}', key: '{{ item.key }}'}\n  loop: '{{ accounts }}'",
    "when": "- file: /{{ index }}\n  content: '{{ item.key }}'\n  when: item.key != 'x'\n  loop: '{{ accounts }}'",
}
ACCOUNTS = "  accounts: [{name: a, key: '{{ password }}'}, {name: b, key: none}]\n"
PART = """---
state: part
parameters: {name: text, key: text}
resources:
- file: /{{ name }}
  content: '{{ key }}'
"""


@pytest.mark.parametrize("loop", LOOPS)
def test_secret_in_a_loop_is_in_nothing_that_leaves_the_compiler(tmp_path: Path, loop: str) -> None:
    (tmp_path / "t.j2").write_text("{{ item.key }}\n")
    accounts = ACCOUNTS if "accounts" in LOOPS[loop] else ""
    part = PART if "use:" in LOOPS[loop] else ""
    made = compiled(tmp_path, f"{VARS}{accounts}resources:\n{LOOPS[loop]}\n{part}", env={"DB": VALUE})
    found = everything(made)
    assert not [form for form in (*FORMS, VALUE[:8]) if form in found]
    assert made.graphs["web1"].secrets and "$secret" in found, "the control: the host is told"


def test_secrets_come_from_environment_files_and_commands(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("from a file\n")
    text = """vars:
  a: {secret: a, env: DB}
  b: {secret: b, file: key.txt}
  c: {secret: c, command: "pass {{ which }}"}
  which: db
resources:
  - file: /x
    content: "{{ a }} {{ b }} {{ c }}"
"""
    given = Given({"DB": "from env"}, {"pass db": "from a command\r\n"})
    made = compiled(tmp_path, text, given=given)
    assert args(graph(made), "file: /x")["content"] == Join((
        SecretRef("a"), " ", SecretRef("b"), " ", SecretRef("c")))
    assert graph(made).secrets == {"a": "from env", "b": "from a file", "c": "from a command"}
    assert given.asked == ["pass db"], "asked once for both hosts"


def test_the_file_of_a_secret_that_is_not_there_is_named_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("from a file\n")
    text = "vars:\n  b: {secret: b, file: kye.txt}\nresources:\n  - file: /x\n    content: '{{ b }}'\n"
    (fault,) = faults(tmp_path, text)
    assert fault.what == "secret `b`: there is no file `kye.txt`"
    assert "did you mean `key.txt`?" in fault.mend
    assert f"looked for {tmp_path / 'kye.txt'}" in fault.mend


def test_secret_of_the_inventory_is_one_everywhere(tmp_path: Path) -> None:
    variables = layer(password={"secret": "db", "env": "DB"}, url="db://{{ password }}/")
    inventory = fleet(host("web1", variables), host("web2"))
    text = "targets: web1\nresources:\n  - file: /x\n    content: '{{ url }} {{ hostvars.web1.url }}'\n"
    made = compiled(tmp_path, "state: site\n" + text, inventory, env={"DB": VALUE})
    assert VALUE not in everything(made)


@pytest.mark.parametrize(("declared", "what"), [
    ("- directory: '/srv/{{ password }}'", "a name may hold no secret"),
    ("- file: /a\n    owner: '{{ password }}'", "`owner` may hold no secret"),
    ("- file: '{{ password }}'", "a name may hold no secret"),
    ("- file: /a\n    content: '{{ password[0] }}'", "shorter than"),
    ("- file: /a\n    content: '{{ password | list }}'", "`list` cannot work on the secret `db`"),
    ("- file: /a\n    content: '{% for c in password %}{{ c }} {% endfor %}'", "taken apart"),
    ("- file: /a\n    content: '{{ 1 / 0 ~ password }}'", "division by zero"),
    ("- file: /a\n    content: '{{ password | from_json }}'", "`from_json` cannot work on the secret `db`"),
    ("- file: /a\n    content: '{{ password | int }}'", "`int` cannot work on the secret `db`"),
    ("- file: /a\n    when: password", "`when` is true or false"),
    ("- file: /a\n    content: '{{ {}[password] }}'", "there is no `«db»` in this"),
    ("- file: /{{ item }}\n    loop: password", "`loop` is a list, not the secret `db`"),
    ("- user: ada\n    uid: '{{ password }}'", "`uid`"),
    ("- file: /a\n    mode: '{{ password }}'", "`mode`"),
    ("- file: '/{{ item }}'\n    loop: ['{{ password }}']", "a name may hold no secret"),
    ("- file: /a\n    owner: '{{ item.p }}'\n    loop: [{p: '{{ password }}'}]", "`owner` may hold no secret"),
])
def test_message_about_a_secret_does_not_show_it(tmp_path: Path, declared: str, what: str) -> None:
    found = said(faults(tmp_path, VARS + f"resources:\n  {declared}\n", env={"DB": VALUE}))
    assert len(found) == 1
    assert what in found[0][2]
    assert not [form for form in (*FORMS, VALUE[:4]) if form in str(found)]


def test_secret_that_is_asked_for_is_shown_by_no_exception(tmp_path: Path) -> None:
    text = VARS + "resources:\n  - file: /a\n    content: '{{ password | regex_replace(\"(\", password) }}'\n"
    found = faults(tmp_path, text, env={"DB": VALUE})
    assert found
    assert VALUE not in repr(found)
