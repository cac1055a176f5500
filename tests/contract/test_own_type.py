"""A type of the project's own works over SSH as the built-in ones do: the one of docs/how-to/write-a-type.md, as it
stands there."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

import holdfast
from tests.contract.case import Case
from tests.contract.test_contract import Desk, applied_as_planned, statuses
from tests.lab import Lab, LabHost

pytestmark = pytest.mark.lab
GUIDE = Path(__file__).parents[2] / "docs/how-to/write-a-type.md"
CASE = Case("greeting", "- greeting: Welcome to the fleet", lambda w: bool(w.file("/etc/issue").exists))


@pytest.fixture
def own(tmp_path: Path, lab: Lab, host: LabHost) -> Desk:
    code, = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/greeting.py").write_text(code)
    desk = Desk(tmp_path, lab, host)
    desk.declare(CASE, CASE.present)
    return desk


def test_type_of_the_guide_keeps_its_promise(own: Desk) -> None:
    own.host.run("printf 'old\\nsecond\\n' > /etc/issue; chmod 640 /etc/issue")
    assert applied_as_planned(own).status == "changed"
    issue = own.host.witness().file("/etc/issue")
    assert (issue.content_string, issue.mode) == ("Welcome to the fleet\nsecond\n", 0o640)
    assert statuses(own.run("apply")) == {"ok"}
    own.host.run("sed -i 1s/Welcome/Go/ /etc/issue")
    planned = own.run("plan").results[0].event
    assert planned.status == "pending" and "+Welcome to the fleet" in planned.diffs[0][1]
    applied_as_planned(own)
    assert own.host.witness().file("/etc/issue").content_string == "Welcome to the fleet\nsecond\n"


def test_type_that_is_changed_is_sent_anew(own: Desk) -> None:
    own.run("apply")
    file = own.folder / "modules/greeting.py"
    file.write_text(file.read_text().replace("self.text.encode(), *rest", "self.text.upper().encode(), *rest"))
    assert own.run("apply").status == "changed"
    assert own.host.witness().file("/etc/issue").content_string.startswith("WELCOME TO THE FLEET\n")


def test_wrong_use_of_it_is_refused_before_any_host(own: Desk) -> None:
    own.declare(CASE, "- greeting: Welcome\n  colour: red")
    with pytest.raises(holdfast.Problems, match="colour"):
        own.run("plan")
    own.declare(CASE, "- greeting: '  '")
    with pytest.raises(holdfast.Problems, match="is empty"):
        own.run("plan")
