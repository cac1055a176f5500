"""A file of which one resource says all, and another edits it: refused where they would undo one another."""
from __future__ import annotations

from pathlib import Path

import pytest

import holdfast
from holdfast.problems import Problem, Problems

FILE = "resources:\n- file: /etc/x\n  content: \"a\\nport = {{ port }}\\n\"\n"
PORT = "  option: port\n  value: '80'\n"


def faults(folder: Path, text: str, *ports: int) -> tuple[Problem, ...]:
    """What is wrong with a document for hosts with these ports."""
    hosts = "".join(f"  web{number}: {{vars: {{port: {port}}}}}\n" for number, port in enumerate(ports))
    for name, content in (("inventory/hosts.yml", f"inventory: x\nhosts:\n{hosts}"),
                          ("playbooks/site.yml", f"state: site\ntargets: all\n{text}")):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    with holdfast.load_contents(folder) as project:
        try:
            project.validate()
        except Problems as problems:
            return tuple(problems.problems)
    return ()


@pytest.mark.parametrize(("more", "says"), [
    ("- line: b\n  text: b\n  path: /etc/x\n", "`line: b` edits /etc/x, and `file: /etc/x` says all that is in it"),
    ("- line: a\n  text: a\n  path: /etc/x\n  state: absent\n", "`line: a` edits /etc/x"),
    ("- block: b\n  path: /etc/x\n  content: c\n", "`block: b` edits /etc/x"),
    (f"- ini: p\n  path: /etc/x\n{PORT}", "`ini: p` edits /etc/x"),
])
def test_an_edit_that_each_run_would_undo_is_refused(more: str, says: str, tmp_path: Path) -> None:
    problem, = faults(tmp_path, FILE + more, 81)
    assert problem.what.startswith(says)
    assert [place.line for _, place in problem.also] == [4]


@pytest.mark.parametrize("text", [
    FILE + "- line: a\n  text: a\n  path: /etc/x\n", FILE + f"- ini: p\n  path: /etc/x\n{PORT}",  # it is in the content
    FILE + "- line: b\n  text: b\n  path: /etc/x\n  state: absent\n",
    FILE + "- line: b\n  text: b\n  path: /etc/y\n",
    FILE + "  replace: false\n- line: b\n  text: b\n  path: /etc/x\n",  # for a new file only
    "resources:\n- file: /etc/x\n  mode: '0600'\n- line: b\n  text: b\n  path: /etc/x\n",
    "resources:\n- command: id\n  read_only: true\n  register: out\n- file: /etc/x\n  content: '{{ out.stdout }}'\n"
    "- line: b\n  text: b\n  path: /etc/x\n",  # not known yet
])
def test_what_agrees_or_is_not_known_passes(text: str, tmp_path: Path) -> None:
    assert faults(tmp_path, text, 80) == ()


def test_each_host_has_a_content_of_its_own(tmp_path: Path) -> None:
    text = FILE + f"- ini: p\n  path: /etc/x\n{PORT}"
    assert faults(tmp_path, text, 80, 80) == ()
    assert len(faults(tmp_path, text, 80, 81)) == 1


def test_a_secret_in_the_content_is_in_no_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "nachtigall")
    text = ("vars: {word: {secret: word, env: WORD}}\nresources:\n- file: /etc/x\n  content: '{{ word }}'\n"
            "- line: b\n  text: b\n  path: /etc/x\n")
    problem, = faults(tmp_path, text, 80)
    assert "edits /etc/x" in problem.what and "nachtigall" not in str(problem)
