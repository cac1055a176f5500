"""Tests of documents as they are written: what is read, and what is refused with its place."""
from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from holdfast.problems import Problems
from holdfast.testing.reading import read_tests


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "web.yml").write_text("state: web\ntargets: role=web\nresources: []\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_web.py").touch()
    return tmp_path


def read(project: Path, text: str):
    (project / "tests" / "web.yml").write_text(textwrap.dedent(text))
    return read_tests(project, ())


def test_a_whole_test_is_read(project):
    test, = read(project, """\
        test: web
        documents: [playbooks/web.yml]
        hosts:
          web1: {like: real1}
          web2: {tags: {role: web, rank: 2}, groups: [europe], vars: {port: 80}}
          plain:
        vars: {release: "2.1"}
        environment: {DB_PASSWORD: x}
        break:
          - {on: role=web, run: systemctl stop nginx}
          - run: "true"
        witnesses: [test_web.py]
        """)
    assert [(host.name, host.like, dict(host.tags), host.groups, dict(host.variables)) for host in test.hosts] == [
        ("web1", "real1", {}, (), {}), ("web2", "", {"role": "web", "rank": 2}, ("europe",), {"port": 80}),
        ("plain", "", {}, (), {})]
    assert [(one.on, one.command) for one in test.breaks] == [("role=web", "systemctl stop nginx"), ("all", "true")]
    assert test.documents == (str(project / "playbooks/web.yml"),) and test.variables == {"release": "2.1"}
    assert test.witnesses == (str(project / "tests/test_web.py"),) and test.environment == {"DB_PASSWORD": "x"}


@pytest.mark.parametrize(("text", "place", "what", "mend"), [
    ("test: a\nhosts: {H1: {}}\n", (2, 9), "the key `H1` is not a small letter", "as in `web1:`"),
    ("test: a\nhosts: {h1: {tag: {a: b}}}\n", (2, 14), "unknown key `tag` in `h1`", "did you mean `tags`?"),
    ("test: a\nhosts: {h1: {}}\nbrake: []\n", (3, 1), "unknown key `brake` in a test", "did you mean `break`?"),
    ("test: a\nhosts: {}\n", (2, 8), "`hosts` is empty", "as in `hosts:"),
    ("test: a\n", (1, 1), "`hosts` is missing in a test", "add `hosts"),
    ("test: a\nhosts: {h1: {}}\ndocuments: [playbooks/wep.yml]\n", (3, 13), "there is no `", "look at the spelling"),
    ("test: a\nhosts: {h1: {}}\nwitnesses: [test_wep.py]\n", (3, 13), "there is no `", "look at the spelling"),
    ("test: a\nhosts: {h1: {}}\nbreak: [{on: all}]\n", (3, 9), "`run` is missing", "add `run"),
    ("test: a\nhosts: {h1: {}}\nenvironment: {A: 1}\n", (3, 18), "`A` is text", "in quotes"),
    ("test: a\nhosts: {h1: {tags: {env: [a]}}}\n", (2, 26), "`env` is text, a whole number", "as in `role: web`"),
    ("state: a\nresources: []\n", (1, 1), "this is no test", "begin it with `test: NAME`"),
    ("test: a\nhosts: {h1: {}}\n---\ntest: a\nhosts: {h1: {}}\n", (4, 1), "there is a test `a` already", "another"),
])
def test_what_is_wrong_is_refused_at_its_place(project, text, place, what, mend):
    with pytest.raises(Problems) as caught:
        read(project, text)
    problem, = caught.value.problems
    assert what in problem.what and mend in problem.mend
    assert (problem.place.line, problem.place.column) == place


def test_no_tests_are_no_success(tmp_path):
    with pytest.raises(Problems, match="there is no such file or folder"):
        read_tests(tmp_path, ())
    (tmp_path / "tests").mkdir()
    with pytest.raises(Problems, match="there is no test in here"):
        read_tests(tmp_path, ())
