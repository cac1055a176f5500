"""`holdfast inventory` as a user and as Ansible call it: real processes, real files."""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BESIDE = Path(sys.executable).parent
HOLDFAST = BESIDE / "holdfast"
ANSIBLE = shutil.which("ansible-inventory", path=os.pathsep.join([str(BESIDE), os.environ["PATH"]]))

SITE = """\
inventory: site
vars: {site: example.org}
hosts:
  web[01:02]: {tags: {role: web, env: prod}}
  db1: {tags: {role: db, rack: 7}, address: 10.0.0.9, port: 2222, vars: {unit: "{{ site }}", on: true}}
  lone: {}
groups:
  web: {hosts: "web*", vars: {http_port: 80}}
  site: {groups: [web], hosts: [db1]}
"""
HERE = """\
inventory: here
hosts:
  here: {channel: local, folder: FOLDER, tags: {role: here}}
  away: {channel: local, folder: FOLDER/away}
"""


@pytest.fixture
def site(tmp_path):
    """A project folder, whose inventory two files give."""
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "hosts.yml").write_text(SITE, "utf-8")
    return tmp_path


def said(folder, program, *arguments):
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False,
                          env={**os.environ, "ANSIBLE_CONFIG": str(folder / "none.cfg"), "HOME": str(folder)})
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(ANSIBLE is None, reason="ansible-inventory is not installed")
def test_holdfast_serves_ansible_as_a_dynamic_inventory(site):
    (site / "none.cfg").touch()
    script = site / "holdfast.sh"
    script.write_text(f'#!/bin/sh\nexec {HOLDFAST} -C {site} inventory "$@"\n', "utf-8")
    script.chmod(0o755)
    code, listed, _ = said(site, HOLDFAST, "inventory", "list", "--format", "ansible")
    assert code == 0
    assert said(site, ANSIBLE, "-i", str(script), "--list")[1].rstrip() == listed.rstrip()
    code, of_host, _ = said(site, ANSIBLE, "-i", str(script), "--host", "db1")
    assert json.loads(of_host) == {"ansible_host": "10.0.0.9", "ansible_port": 2222, "unit": "{{ site }}", "on": True,
                                   "site": "example.org", "holdfast_tags": {"role": "db", "rack": "7"}}


def test_facts_select_once_they_have_been_gathered(site):
    (site / "inventory" / "hosts.yml").write_text(HERE.replace("FOLDER", str(site / "state")), "utf-8")
    code, _, err = said(site, HOLDFAST, "inventory", "select", "facts.os.family=*")
    assert code == 2
    assert "not known of here, away" in err
    assert "`holdfast facts`" in err
    code, out, _ = said(site, HOLDFAST, "--json", "facts", "-t", "here")
    (facts,) = [event["facts"] for event in map(json.loads, out.splitlines()) if event["event"] == "facts"]
    family = facts["os"]["family"]
    assert said(site, HOLDFAST, "inventory", "select", f"role=here and facts.os.family={family}")[:2] == (0, "here\n")
    code, _, err = said(site, HOLDFAST, "inventory", "select", f"facts.os.family={family}")
    assert code == 2, "what is not known of one host is not guessed"
    assert "not known of away" in err
    assert said(site, HOLDFAST, "run", "-t", f"here and facts.os.family={family}", "--", "true")[0] == 0


@pytest.mark.parametrize(("arguments", "says"), [
    (["select", "role=wbe"], "did you mean `web`?"), (["select", "rle=web"], "did you mean `role`?"),
    (["select", "group:wbe"], "did you mean `web`?"), (["list", "-t", "web1"], "did you mean `web01`?"),
    (["select", "db1 web01"], "write `and`, `or` or a comma before it"), (["show", "db2"], "did you mean `db1`?"),
    (["--host", "db2"], "there is no host `db2`"), (["select", "role=db and role=web"], "role=db selects 1"),
    ([], "list, show HOST, tree or select EXPRESSION"), (["lst"], "invalid choice"),
])
def test_wrong_input_ends_with_2_and_says_the_mend(site, arguments, says):
    code, out, err = said(site, HOLDFAST, "inventory", *arguments)
    assert (code, out) == (2, "")
    assert says in err
