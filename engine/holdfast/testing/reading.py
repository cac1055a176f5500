"""Tests as they are written, and everything that is wrong with them."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from holdfast.documents import structure
from holdfast.documents.loading import files_of
from holdfast.documents.schemas import NAME, WORD
from holdfast.problems import Place, Problem, Problems
from holdfast.testing.model import Break, Case, CaseHost
from holdfast.trees.tree import Node, decode, load_all

Rules = dict[str, Any]

FOLDER = "tests"
_HOST_NAME = r"[a-z][a-z0-9-]{0,30}"  # what a throwaway host may be called
_IS_MAPPING = {"is": "a mapping", "mend": "write `name: value` lines, without dashes"}
_VARIABLES: Rules = {"type": "dict", "meta": _IS_MAPPING, "keysrules": {"type": "string", "regex": WORD, "meta": {
    "is": "a name of letters, digits and _", "mend": "begin with a letter; no spaces, dots or dashes"}}}
_TAGS: Rules = {"type": "dict", "meta": _IS_MAPPING, "keysrules": {"type": "string", "regex": NAME, "meta": {
    "is": "a name of letters, digits, dots and dashes", "mend": "as in `role: web`"}},
    "valuesrules": {"type": ["string", "integer", "boolean"], "meta": {
        "is": "text, a whole number, or true or false", "mend": "as in `role: web`"}}}
_PATHS: Rules = {"type": "list", "empty": False, "schema": {"type": "string"}, "meta": {
    "is": "a list of files", "mend": "as in [playbooks/web.yml]"}}
_ONE_HOST: Rules = {
    "like": {"type": "string"},
    "tags": _TAGS,
    "groups": {"type": "list", "schema": {"type": "string", "regex": NAME, "meta": {
        "is": "a group's name", "mend": "letters, digits, - and _"}},
        "meta": {"is": "a list of groups", "mend": "as in [web]"}},
    "vars": _VARIABLES,
}
TEST: Rules = {
    "test": {"type": "string", "regex": NAME, "required": True, "meta": {
        "is": "a name of letters, digits, dots and dashes", "mend": "as in `test: web-servers`"}},
    "documents": _PATHS,
    "hosts": {"type": "dict", "required": True, "empty": False,
              "keysrules": {"type": "string", "regex": _HOST_NAME, "meta": {
                  "is": "a small letter, then at most 30 small letters, digits and hyphens", "mend": "as in `web1:`"}},
              "valuesrules": {"type": "dict", "nullable": True, "schema": _ONE_HOST},
              "meta": {"is": "a mapping of hosts", "mend": "as in `hosts: {web1: {tags: {role: web}}}`"}},
    "vars": _VARIABLES,
    "environment": {**_VARIABLES, "valuesrules": {"type": "string", "meta": {
        "is": "text", "mend": "write it in quotes"}}},
    "break": {"type": "list", "empty": False, "schema": {"type": "dict", "schema": {
        "on": {"type": "string", "empty": False}, "run": {"type": "string", "empty": False, "required": True}}},
        "meta": {"is": "a list of commands", "mend": "as in `- run: systemctl stop nginx`"}},
    "witnesses": {**_PATHS, "meta": {"is": "a list of testinfra files", "mend": "as in [test_web.py]"}},
}


def read_tests(folder: Path, paths: Sequence[str]) -> tuple[Case, ...]:
    """The tests of these files and folders, (): of tests/ in the project's folder. Raises Problems: all of them."""
    chosen = [Path(path) for path in paths] or [folder / FOLDER]
    problems = [Problem("there is no such file or folder", Place(str(path)),
                        "look at the spelling" if paths else "make one with `holdfast init`, or name a test's file")
                for path in chosen if not path.exists()]
    tests: dict[str, Case] = {}
    for path in files_of(chosen):
        for node in _nodes(path, problems):
            test, found = _test(node, folder, path.parent)
            problems += found
            if test is not None and (other := tests.setdefault(test.name, test)) is not test:
                problems.append(Problem(f"there is a test `{test.name}` already", test.place,
                                        "give one of the two another name", (("the other one", other.place),)))
    if not tests and not problems:
        problems.append(Problem("there is no test in here", Place(str(chosen[0])), "begin one with `test: NAME`"))
    if problems:
        raise Problems(problems)
    return tuple(tests.values())


def _nodes(path: Path, problems: list[Problem]) -> list[Node]:
    try:
        text, found = decode(path.read_bytes(), str(path))
    except OSError as error:
        problems.append(Problem(f"cannot be read: {error.strerror}", Place(str(path)), "look at its permissions"))
        return []
    nodes, faults = load_all(text, str(path), rules="strict") if not found else ([], [])
    problems += [*found, *faults]
    return [node for node in nodes if node.kind != "null"] if not (found or faults) else []


def _test(node: Node, folder: Path, beside: Path) -> tuple[Case | None, list[Problem]]:
    first = node.items()[0][0] if node.kind == "mapping" and node.items() else node
    if first.value != "test":
        return None, [Problem("this is no test", first.place,
                              "begin it with `test: NAME`; documents of other kinds belong into playbooks/")]
    problems = structure.check(node, TEST, "a test")
    if problems:
        return None, problems
    documents, found = _files(node.get("documents"), folder)
    witnesses, more = _files(node.get("witnesses"), beside)
    breaks = tuple(Break(str(one.plain().get("on", "all")), str(one.plain()["run"]), one.place)
                   for one in _list(node.get("break")))
    made = Case(str(node.plain()["test"]), node.place, documents, _hosts(node.get("hosts")), _plain(node.get("vars")),
                _plain(node.get("environment")), breaks, witnesses)
    return made, [*found, *more]


def _hosts(node: Node | None) -> tuple[CaseHost, ...]:
    found = []
    for key, value in node.items() if node is not None else ():
        given = value.plain() or {}
        found.append(CaseHost(str(key.value), key.place, given.get("like", ""), given.get("tags", {}),
                              tuple(given.get("groups", ())), given.get("vars", {})))
    return tuple(found)


def _files(node: Node | None, folder: Path) -> tuple[tuple[str, ...], list[Problem]]:
    """Paths from this folder; those that are not there are problems."""
    named = [(folder / str(one.value), one) for one in _list(node)]
    return tuple(str(path) for path, _ in named), [
        Problem(f"there is no `{path}`", one.place, "look at the spelling") for path, one in named if not path.exists()]


def _list(node: Node | None) -> tuple[Node, ...]:
    return node.elements() if node is not None else ()


def _plain(node: Node | None) -> dict[str, Any]:
    return dict(node.plain()) if node is not None else {}
