"""What an editor says of a document is what `validate` says, as far as it can see."""
from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from holdfast import library
from holdfast.documents import keys, schemas
from holdfast.documents.editors import schema
from holdfast.documents.loading import load_text
from holdfast.documents.types import Types
from holdfast.trees.tree import load_all
from tests.docs.pages import blocks

TYPES = Types()
SCHEMA = schema(TYPES)
GOOD = {
    **{path.name: path.read_text() for path in (library.root() / "playbooks").rglob("*.yml")},
    **{str(block): block.text for block in blocks()
       if block.language == "yaml" and block.text.startswith(("state:", "agent:", "baseline:", "association:"))},
    **{f"example of {name}": "state: x\nresources:\n" + textwrap.indent(textwrap.dedent(TYPES.need(name).example), "  ")
       for name in TYPES},
    "secrets": """
state: x
vars: {token: {secret: token, env: TOKEN}}
resources:
  - command: deploy
    always: true
    env: {TOKEN: {secret: token, file: token}, LEVEL: 3}
  - file: /etc/a
    content: {secret: token, command: pass show token}
""",
    "templates": """
state: x
vars: {runs: true}
resources:
  - service: nginx
    running: "{{ runs }}"
    notify: [{command: [a, b]}, {use: other}]
    when: [runs, "{{ runs }}"]
    loop: "{{ range(3) }}"
  - user: "{{ item }}"
    groups: "{{ some }}"
    uid: "{{ 3 }}"
    requires:
    loop: [1, 2]
""",
}
RESOURCE = "state: x\nresources:\n  - "
WRONG = [
    "state: x\n", "state: x y\nresources: []\n", "state: x\nresorces: []\nresources: []\n", "stat: x\nresources: []\n",
    "state: x\nresources: []\nrollout: {batches: []}\n", "state: x\nresources: []\nrollout: {host_limit: 5 minutes}\n",
    "state: x\nresources: []\nparameters: {port: {type: integr}}\n", "state: x\nresources: []\ntargets: [1]\n",
    "state: x\nresources: []\nrollout: {error_budget: many}\n", "state: x\nresources: []\nvars: {a-b: 1}\n",
    RESOURCE + "package: nginx\n    stat: present\n", RESOURCE + "package: nginx\n    state: instaled\n",
    RESOURCE + "service: nginx\n    running: started\n", RESOURCE + "user: ada\n    groups: operators\n",
    RESOURCE + "user: ada\n    uid: '1000'\n", RESOURCE + "line: x\n    text: z\n", RESOURCE + "pakage: nginx\n",
    RESOURCE + "package: nginx\n    time_limit: 5\n", RESOURCE + "package: nginx\n    notify: nginx\n",
    RESOURCE + "package: nginx\n    register: a b\n", RESOURCE + "use: other\n    notify: {service: a}\n",
    RESOURCE + "file: {secret: a, env: B}\n",
]


def faults(text: str) -> list[str]:
    """What an editor would underline."""
    checker = jsonschema.Draft7Validator(SCHEMA)
    nodes, problems = load_all(text, "x.yml", rules="strict")
    assert not problems
    return [fault.message for node in nodes for fault in checker.iter_errors(plain(node.plain()))]


def plain(value: Any) -> Any:
    """As JSON has it."""
    return json.loads(json.dumps(value))


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", GOOD)
def test_what_is_right_is_not_underlined(name: str) -> None:
    assert faults(GOOD[name]) == []


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_underlined(text: str) -> None:
    assert faults(text)
    assert load_text(text, "x.yml", TYPES)[1], "the control: it is refused by `validate` too"


@pytest.mark.parametrize(("text", "only"), [
    (RESOURCE + "file: /etc/a\n    onwer: root\n", "'onwer' was unexpected"),
    (RESOURCE + "pakage: nginx\n    notify: {service: a}\n", "'pakage' was unexpected"),
    (RESOURCE + "authorized_key: a\n    user: ada\n    key: a\n    regexp: a\n", "'regexp' was unexpected"),
    (RESOURCE + "file: /a\n    mode: 420\n", "420 is not valid"),
    ("stat: x\nresources: []\n", "'state' is a required property"),
])
def test_only_what_is_wrong_is_underlined(text, only):
    (fault,) = faults(text)
    assert only in fault


def test_what_names_no_type_yet_is_offered_the_types_alone():
    """An editor offers the properties of the branch that fits."""
    branch = SCHEMA["definitions"]["resources"]["items"]
    for begun in (None, "fil", {}, {"notify": {"service": "a"}}):
        assert not jsonschema.Draft7Validator(branch["if"]).is_valid(begun)
    assert jsonschema.Draft7Validator(branch["if"]).is_valid({"file": "/a"})
    assert {*TYPES, "use", *schemas.COMMON} == branch["else"]["properties"].keys()


def test_a_secret_is_underlined_where_reports_would_show_it() -> None:
    where = RESOURCE + "file: /a\n    {}: {{secret: token, env: TOKEN}}\n"
    assert faults(where.format("mode"))
    assert not faults(where.format("content"))


def test_every_key_and_argument_is_explained() -> None:
    for name in ("STATE", "AGENT", "BASELINE", "CONTROL", "CONTROL_EXCEPTION",
                 "ROLLOUT", "HEALTH_CHECK", "PARAMETER", "COMMON", "USE", "SECRET", "ASSOCIATION",
                 "DAMPING", "HOOK"):
        assert getattr(keys, name).keys() == getattr(schemas, name).keys(), name
    for kind in SCHEMA["definitions"]["types"].values():
        assert kind["description"]
        assert all(rule.get("description") for rule in kind["properties"].values()), kind["title"]


def test_types_of_the_project_are_in_it(tmp_path: Path) -> None:
    (tmp_path / "motd.py").write_text(
        "from holdfast_host import Resource, arg\nclass Motd(Resource):\n    text: str = arg(doc='What it says.')\n")
    (tmp_path / "broken.py").write_text("from holdfast_host import Resource\nclass Broken(Resource):\n    x = 1 / 0\n")
    by_name = schema(Types([tmp_path]))["definitions"]["types"]
    assert by_name["motd"]["properties"]["text"]["description"] == "What it says."
    assert "division by zero" in by_name["broken"]["description"]
