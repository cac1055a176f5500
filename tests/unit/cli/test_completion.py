"""What Tab offers, as a shell asks for it."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "holdfast"
WITH_IT = {**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "inventory").mkdir()
    (folder / "inventory" / "hosts.yml").write_text(
        "inventory: x\nhosts:\n  web[1:2]: {tags: {role: web, env: prod}}\n  db1: {tags: {role: db}}\n"
        "groups:\n  front: {hosts: 'web*'}\n")
    (folder / "playbooks").mkdir()
    for name in ("site.yml", "notes.txt"):
        (folder / "playbooks" / name).write_text("")
    (folder / "modules").mkdir()
    (folder / "modules" / "motd.py").write_text("from holdfast_host import Resource\nclass Motd(Resource):\n    pass\n")
    return folder


def offered(folder: Path, line: str) -> list[str]:
    """What the program answers to a shell. Its channel is file descriptor 8."""
    asks = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "COMP_LINE": line, "COMP_POINT": str(len(line)),
            "COMP_WORDBREAKS": " \t\n\"'><;|&(", "_ARGCOMPLETE_SUPPRESS_SPACE": "1"}
    done = subprocess.run(["bash", "-c", "holdfast 8>&1 9>/dev/null"], cwd=folder, env={**WITH_IT, **asks},
                          capture_output=True, text=True, check=True, timeout=60)
    return sorted(word.strip() for word in done.stdout.splitlines())


@pytest.mark.parametrize(("line", "offers"), [
    ("holdfast pl", ["plan"]),
    ("holdfast inventory s", ["select", "show"]),
    ("holdfast apply --err", ["--error-budget"]),
    ("holdfast plan -t role=", ["role=db", "role=web"]),
    ("holdfast plan -t group:", ["group:front"]),
    ("holdfast run -t we", ["web1", "web2"]),
    ("holdfast inventory show d", ["db1"]),
    ("holdfast inventory select env", ["env=prod"]),
    ("holdfast plan playbooks/", ["playbooks/site.yml"]),
    ("holdfast doc mot", ["motd"]),
    ("holdfast doc st", ["state"]),
    ("holdfast runs show l", ["last"]),
    ("holdfast -i nowhere plan -t ", []),
    ("holdfast completion ba", ["bash"]),
])
def test_tab_offers(site: Path, line: str, offers: list[str]) -> None:
    assert [word for word in offered(site, line) if not word.startswith("-") or line.endswith("--err")] == offers


def test_bash_completes_with_what_it_is_given(site: Path) -> None:
    asks = ("source <(holdfast completion bash); COMP_WORDS=(holdfast inventory show d); COMP_CWORD=3; "
            'COMP_LINE="holdfast inventory show d"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; '
            "$(complete -p holdfast | sed 's/.*-F \\([^ ]*\\).*/\\1/') holdfast d show; echo ${COMPREPLY[@]}")
    done = subprocess.run(["bash", "-c", asks], cwd=site, env=WITH_IT, capture_output=True, text=True, check=True,
                          timeout=60)
    assert done.stdout.split() == ["db1"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_one_of_that_shell(shell: str, site: Path) -> None:
    code = subprocess.run([str(PROGRAM), "completion", shell], capture_output=True, text=True, check=True).stdout
    assert "holdfast" in code
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=code, text=True, check=True, timeout=60)
