"""What people get wrong on the command line: it ends with 2, touches nothing, and says the mend."""
from __future__ import annotations

import gzip
import io

import pytest

from holdfast.cli.main import main
from tests.unit.cli.standin import Pipe

HOSTS = """\
inventory: x
hosts:
  web1: {tags: {role: web}}
  db1: {tags: {role: db}}
groups:
  webs: {hosts: [web1]}
"""
MISTYPED = [
    (["aply"], "did you mean `apply`?"),
    (["plan", "--limit", "web1"], "hosts are chosen with -t"),
    (["plan", "-l", "webs"], "hosts are chosen with -t"),
    (["apply", "--check"], "`holdfast plan`"),
    (["apply", "--dry-run"], "`holdfast plan`"),
    (["plan", "-e", "site=x"], "--set NAME=VALUE"),
    (["plan", "--extra-vars=site=x"], "--set NAME=VALUE"),
    (["apply", "--become"], "said in the inventory"),
    (["apply", "--tags", "web"], "a document of its own"),
    (["apply", "--forks", "20"], "--at-once"),
    (["plan", "web1"], "hosts are chosen with -t: -t web1"),
    (["plan", "site"], "did you mean `playbooks/site.yml`?"),
    (["plan", "playbooks/site.yaml"], "did you mean `playbooks/site.yml`?"),
    (["plan", "playbooks/sitte.yml"], "did you mean `playbooks/site.yml`?"),
    (["plan", "nowhere/other.yml"], "look at the spelling"),
    (["run", "web1", "uptime"], "write `-t web1 -- uptime`"),
    (["run", "webs", "uptime"], "write `-t group:webs -- uptime"),
    (["plan", "-t", "role:web"], "write role=web"),
    (["plan", "-t", "webs"], "write group:webs"),
    (["explain", "web1", "file:/tmp/x"], "did you mean `file: /tmp/x`?"),
    (["explain", "web1", "/tmp/x"], "did you mean `file: /tmp/x`?"),
    (["plan", "--set", "site"], "NAME=VALUE"),
    (["apply", "--confirm", "1 minute"], "90s, 5m"),
    (["plan", "-i", "hosts.ini"], "correct the path"),
    (["plan", "--out", "playbooks/site.yml"], "this file is there, and is no plan"),
    (["plan", "--out", "playbooks"], "this is a folder"),
    (["plan", "--out", "/dev/null"], "this is no regular file"),
    (["plan", "--out", "nowhere/today.plan"], "there is no such folder"),
    (["plan", "--out", ""], "argument --out: it is empty"),
    (["apply", "--resume", ""], "argument --resume: it is empty"),
    (["-C", "", "apply"], "argument -C/--folder: it is empty"),
    (["plan", "kept.plan"], "a plan that `holdfast plan --out` has kept is for `holdfast apply` alone"),
]


@pytest.fixture
def site(tmp_path, monkeypatch):
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "hosts.yml").write_text(HOSTS)
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "site.yml").write_text(
        "state: site\ntargets: all\nresources:\n  - file: /tmp/x\n    content: x\n")
    (tmp_path / "kept.plan").write_bytes(gzip.compress(b"{}"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("argv", "mend"), MISTYPED, ids=[" ".join(argv) for argv, _ in MISTYPED])
def test_the_mend_is_said_and_nothing_is_touched(site, capsys, argv, mend):
    out, err = Pipe(), Pipe()
    assert main(argv, out, err) == 2
    assert mend in err.getvalue() + capsys.readouterr().err
    assert out.getvalue() == ""


def test_a_program_with_the_name_of_a_host_is_run_where_hosts_are_said(site):
    """The control: `-t` says that the first word is the program. Nobody answers as these hosts are nowhere."""
    out, err = Pipe(), io.StringIO()
    assert main(["run", "-t", "db1", "--", "web1"], out, err) != 2
