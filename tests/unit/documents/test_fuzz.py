"""Whatever stands in a file of documents, reading it gives documents or Problems with a place in it; nothing else.

Right documents are broken at random, always in the same way: `random` with fixed seeds, as 100,000 cases are many.
"""
from __future__ import annotations

import random
from pathlib import Path

import pytest

from holdfast.contents import types
from holdfast.documents.loading import load_text
from holdfast.documents.types import Types
from holdfast.problems import Problem, Problems
from holdfast.project import load

ROUNDS, CASES = 20, 5_000
SHIPPED = Path(__file__).parents[3] / "playbooks"
OWN = """\
state: site
targets: role=web and not env=dev
vars: {domain: example.org, ports: [80, 443], debug: false, token: {secret: token, env: TOKEN}}
rollout:
  batches: [1, 10%, 100%]
  error_budget: 5%
  pause: 5m
  health_check: {command: "curl -f 'http://localhost/'", within: 30s, every: 5s}
resources: []
---
association: keep
documents: [site, other]
cron: "*/15 2-4 * * mon"
time_zone: Europe/Berlin
splay: 5m
damping: {repairs: 3, within: 1h}
hooks:
  - command: sh -c 'cat >> told'
  - webhook: https://example.org/x
    secret: {secret: key, env: KEY}
    on: [drift, failed]
---
state: other
targets: all
parameters: {size: {type: integer, default: 3}}
resources:
  - file: /etc/motd
    content: "{{ domain }} {% if debug %}x{% endif %}"
    mode: "0644"
    when: facts.os.family == 'debian' and size > 2
    notify: {service: cron}
  - package: [nginx, curl]
    loop: "{{ ports }}"
  - use: site
    parameters: {x: 1}
  - command: look
    argv: [/bin/true, -x]
    only_if: test -e /x
    register: out
    requires: [{file: /etc/motd}]
"""
PIECES = (
    ":", ": ", "-", "- ", "  ", "\t", "\n", "\n---\n", "\n...\n", "{", "}", "[", "]", "{{", "}}", "{%", "%}", "{#",
    '"', "'", "|", ">", "&a ", "*a", "<<: ", "!", "!!binary ", "!unsafe ", "? ", "# ", "%", "@", "`", ",", "\\",
    "\\x", "\x00", "\x1b", "\x85", "\u2028", "\ufeff", "\ud800", "\U0010ffff", "\u202e", "é", "~", "null", "yes",
    "0o7", "0x", "1e999", "-0", "1_0", "9" * 400, "2020-01-01", "1:30", "state", "state: ", "use: ", "file: ",
    "resources:\n", "targets: ", "when: ", "loop: ", "{{ 1/0 }}", "{{ x.__class__ }}", "{{ range(10**9) }}",
    "[" * 60, "{a: " * 60, "(" * 60, "not " * 60, "facts.", "10%", "{secret: }", "{secret: x, command: y}", "..",
    "/", "../" * 30, "*", "?", "=", "!=", "<", "and", "or", "inventory: x",
)


@pytest.fixture(scope="module")
def known() -> Types:
    return types(SHIPPED.parent)


def texts() -> list[str]:
    shipped = [path.read_text("utf-8") for path in sorted(SHIPPED.rglob("*.yml"))]
    return [OWN, *OWN.split("---\n"), *(text for text in shipped if len(text) < 3_000)]


def broken(chance: random.Random, corpus: list[str]) -> str:
    """A few lines of a right document with one to four faults."""
    lines = chance.choice(corpus).splitlines(keepends=True)
    start = chance.randrange(len(lines)) if chance.random() < 0.5 else 0
    text = "".join(lines[start:start + chance.randint(1, 14)])
    if start and chance.random() < 0.7:
        text = "state: site\nresources:\n" + text
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.choice((0, 0, 0, 1, 2, 5, 20)))
        part = chance.choice((chance.choice(PIECES), text[at:end] * 2, "", chr(chance.randrange(0x250))))
        text = text[:at] + part + text[end:]
    return text


def check(text: str, problems: list[Problem]) -> None:
    last = len(text.splitlines()) + 1
    for problem in problems:
        assert problem.what, text
        assert problem.place is not None, (problem, text)
        assert problem.place.file.endswith("f.yml"), (problem, text)
        assert 0 <= problem.place.line <= last, (problem, text)
        assert problem.place.width > 0, (problem, text)


def test_the_control_what_is_broken_was_right(known: Types) -> None:
    assert [problem for text in texts() for problem in load_text(text, "f.yml", known)[1]] == []


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_broken_documents_give_only_problems(seed: int, known: Types) -> None:
    chance, corpus = random.Random(seed), texts()
    read = refused = 0
    for _ in range(CASES):
        text = broken(chance, corpus)
        try:
            documents, problems = load_text(text, "f.yml", known)
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}\n{text!r}") from error
        check(text, problems)
        read += bool(documents)
        refused += bool(problems)
    assert min(read, refused) > CASES / 20, "the cases are all of one kind"


@pytest.mark.parametrize(("text", "says"), [
    ("state: x\nresources:\n  - '{{ t }}': /x\n", "no template"),
    ("state: x\nresources:\n  - line: a\n    path: /x\n    text: a\n    match: '[[:alpha:]]'\n", "nested set"),
    ("state: x\nparameters: {p: {type: text, pattern: '[[:alpha:]]'}}\n", "nested set"),
    ("state: x\nparameters: {p: {type: text, pattern: 'a{99999999999999999999}'}}\n", "not a regular expression"),
])
def test_what_fuzzing_brought_out_is_refused(text: str, says: str, known: Types) -> None:
    assert any(says in problem.what for problem in load_text(text, "f.yml", known)[1])


@pytest.mark.parametrize("seed", range(4))
def test_what_is_read_is_compiled_or_refused(seed: int, tmp_path: Path) -> None:
    chance, corpus = random.Random(1_000 + seed), texts()
    (tmp_path / "inventory").write_text("inventory: i\nhosts: {web1: {tags: {role: web}, vars: {x: 1}}}\n", "utf-8")
    path = tmp_path / "f.yml"
    refused: list[Problem] = []
    for _ in range(100):
        text = broken(chance, corpus)
        path.write_text(text, "utf-8", errors="replace", newline="")
        with load(tmp_path) as project:
            try:
                project.validate([path], "all")
            except Problems as caught:
                refused += caught.problems
            except Exception as error:
                raise AssertionError(f"{type(error).__name__}: {error}\n{text!r}") from error
    assert all(problem.what and problem.mend for problem in refused if problem.place is None)
