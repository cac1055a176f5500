"""`holdfast test` as a user has it: the quickstart of `init` passes, and what is not as it should be is found."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.lab import Lab
from tests.lab.lab import running

HOLDFAST = (str(Path(sys.executable).parent / "holdfast"),)
MORE = """\
test: lazy
documents: [playbooks/web.yml]
hosts:
  web1: {like: real}
break:
  - run: touch /srv/nobody-declares-this
---
test: restless
documents: [playbooks/always.yml]
hosts:
  web1: {like: real}
"""


@pytest.fixture
def project(tmp_path: Path, lab: Lab) -> Path:
    """lab: where there can be none, there can be no test either."""
    subprocess.run([*HOLDFAST, "init", tmp_path / "site"], check=True, capture_output=True)
    site = tmp_path / "site"
    (site / "inventory" / "real.yml").write_text(
        "inventory: real\nhosts:\n  real: {address: 192.0.2.1, user: nobody, tags: {role: web}}\n")
    (site / "playbooks" / "web.yml").write_text(
        "state: web\ntargets: role=web\nresources:\n  - file: /etc/web\n    content: \"web\\n\"\n")
    (site / "playbooks" / "always.yml").write_text(
        "state: always\ntargets: role=web\nresources:\n  - command: tick\n    run: date\n    always: true\n")
    return site


def test_documents_are_tried_on_throwaway_hosts(project: Path) -> None:
    (project / "tests" / "more.yml").write_text(MORE)
    done = subprocess.run([*HOLDFAST, "-C", str(project), "test", "--junit", str(project / "results.xml")],
                          capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"}, timeout=300)
    assert done.returncode == 4, done.stdout + done.stderr
    outcomes = {suite.get("name"): {case.get("name"): case[0].tag if len(case) and case[0].tag != "system-out" else
                                    "passed" for case in suite}
                for suite in ElementTree.parse(project / "results.xml").getroot()}
    assert set(outcomes["quickstart"].values()) == {"passed"} and "witnesses" in outcomes["quickstart"]
    assert outcomes["lazy"]["heal"] == "skipped" and outcomes["lazy"]["drift"] == "failure"
    assert outcomes["restless"]["apply"] == "passed" and outcomes["restless"]["apply again"] == "failure"
    assert "no document declares what was broken" in done.stdout
    assert "command: tick: changed again" in done.stdout and "playbooks/always.yml:4:5" in done.stdout
    assert "1 of 3 tests passed; failed: lazy, restless" in done.stdout
    left = [name for name in running() if name.endswith(("-quickstart", "-lazy", "-restless"))]
    assert left == [], "nothing of the hosts is left"
    assert not (project / ".holdfast").exists(), "the project's own history knows nothing of it"


def test_what_cannot_be_tried_is_refused_before_a_host_boots(project: Path) -> None:
    (project / "tests" / "quickstart.yml").write_text(
        "test: quickstart\ndocuments: [playbooks/quickstart.yml]\nhosts:\n  here: {tags: {env: dev}}\n  idle:\n")
    done = subprocess.run([*HOLDFAST, "-C", str(project), "test"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert "tests/quickstart.yml:5:3  no document of the test is for the host `idle`" in done.stderr
