"""Filters, tests and expressions give here what they give in Ansible: its own engine is asked, line by line."""
from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.filter import core, encryption, mathstuff, urls, urlsplit
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

from holdfast.compiler.filters import FILTERS, TESTS
from holdfast.compiler.filters.elsewhere import of_ansible
from holdfast.compiler.scopes import Evaluator
from holdfast.compiler.sources import Disk
from tests.unit.compiler.project import args, compiled, faults, fleet, graph, host, layer, said

VARIABLES: dict[str, Any] = {
    "domain": "example.org", "port": 8080, "debug": False, "app": {"port": 80, "name": "shop"},
    "groups_here": ["a", "b"],
    "users": [{"name": "bob", "uid": 1002, "group": "dev", "keys": ["k1", "k2"]},
              {"name": "ada", "uid": 1001, "group": "ops", "shell": "/bin/bash", "keys": [], "deep": {"list": [1]}}],
}
LINES = [line for line in Path(__file__).with_name("expressions.txt").read_text("utf-8").splitlines()
         if line and not line.startswith("# ") and line != "#"]
OF_COLLECTIONS = {"ipaddr", "ipv4", "ipv6", "ipwrap", "nthhost"}  # ansible-core has none to compare with


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_TEST_WORD", "a word")


@functools.cache
def ansible() -> Templar:
    os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "0"
    init_plugin_loader()
    return Templar(loader=DataLoader(), variables=dict(VARIABLES))


def plain(value: Any) -> Any:
    """Exact types of Python, tuples as lists."""
    if isinstance(value, dict):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return str.__str__(value) if isinstance(value, str) else value


def ours(folder: Path, expression: str) -> Any:
    text = "resources:\n  - command: x\n    stdin: '{{ " + expression.replace("'", "''") + " }}'\n"
    inventory = fleet(host("web1", layer(**VARIABLES)))
    env = {"HOLDFAST_TEST_WORD": "a word"}
    return args(graph(compiled(folder, text, inventory, env=env)), "command: x").get("stdin")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", LINES)
def test_expression_gives_what_ansible_gives(tmp_path: Path, expression: str) -> None:
    theirs = plain(ansible().evaluate_expression(trust_as_template(expression)))
    found = plain(ours(tmp_path, expression))
    assert found == theirs
    assert type(found) is type(theirs)


def test_every_filter_and_test_of_ours_is_compared() -> None:
    text = "\n".join(LINES)
    for name in FILTERS:
        assert name in OF_COLLECTIONS or re.search(rf"\| {name}\b|map\('{name}'", text), f"the filter {name}"
    for name in TESTS:
        assert re.search(rf"is {name}\b|'{name}'", text) or name in ("issubset", "issuperset"), f"the test {name}"


def test_filter_of_ansible_that_is_not_here_is_said_to_be_one() -> None:
    here = compiled_environment()
    theirs = {name for module in (core, encryption, mathstuff, urls, urlsplit)
              for name in module.FilterModule().filters()}
    assert len(theirs) > 60
    assert [name for name in sorted(theirs) if name not in here and not of_ansible(name)] == []
    assert [name for name in here if of_ansible(name)] == [], "it is here"


def compiled_environment() -> set[str]:
    """The names of all filters that documents have."""
    return set(Evaluator(fleet(), {}, Disk(), Path()).environment.filters)


@pytest.mark.parametrize(("expression", "what", "mend"), [
    ("'x' | shuffel", "there is no filter `shuffel`", "docs/reference/filters.md"),
    ("[1] | shuffle", "there is no filter `shuffle`", "it would differ in each run"),
    ("'x' | uper", "there is no filter `uper`", "did you mean `upper`?"),
    ("'x' | ansible.builtin.upper", "there is no filter `ansible.builtin.upper`", "write its short name: `upper`"),
    ("'x' | int", "`x` is not a whole number", "`| int(0)`"),
    ("'maybe' | bool", "`maybe` is neither true nor false", "write true"),
    ("'x' | b64decode", "this is not base64", ""), ("'{' | from_json", "this is not JSON", ""),
    ("[1] | to_json(nope=1)", "this cannot be written as JSON", ""),
    ("'x' | hash('md6')", "there is no hash `md6`", "md5"),
    ("'x' | regex_replace('(', '')", "`(` is not a regular expression", "escape"),
    ("'x' | password_hash", "`password_hash` needs a salt", "every run"),
    ("1 | combine(2)", "`combine` takes a mapping, not the number 1", "two mappings"),
    ("range(60) | permutations(9) | list", "more than 1000000 elements", "shorter"),
    ("'1.x' is version('1.2', '<')", "cannot be compared", "semver"),
])
@pytest.mark.filterwarnings("ignore")
def test_misuse_is_said_with_the_mend(tmp_path: Path, expression: str, what: str, mend: str) -> None:
    text = "resources:\n  - command: x\n    stdin: '{{ " + expression.replace("'", "''") + " }}'\n"
    (found,) = said(faults(tmp_path, text, fleet(host("web1"))))
    assert what in found[2]
    assert mend in found[3]
    assert found[:2] >= (5, 12)
