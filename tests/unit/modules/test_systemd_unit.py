"""What a user can see of `systemd_unit` without a host: what is missing is made, what is no unit file is refused."""
import hashlib

import pytest

from holdfast_host import Blob, NeedBlob, Refused, files
from modules.systemd_unit import Observed, SystemdUnit, lint

TEXT = b"[Service]\nExecStart=/bin/true\n"
BLOB = Blob(hashlib.sha256(TEXT).hexdigest(), len(TEXT))
THERE = files.FileState("file", "0644", "root", "root", size=len(TEXT))


@pytest.mark.parametrize("argument", ["source", "template"])
def test_file_from_the_controller_is_in_state_only_with_that_content(argument):
    unit = SystemdUnit(name="a.service", **{argument: BLOB})
    for data in (None, b"", TEXT[:-1] + b"x"):
        with pytest.raises(NeedBlob):
            unit.diff(Observed(None if data is None else THERE, data))
    assert unit.diff(Observed(THERE, TEXT)) is None


def test_text_is_in_state_only_with_that_content():
    unit = SystemdUnit(name="a.service", content=TEXT.decode())
    assert unit.diff(Observed(None)).action == "create"
    assert unit.diff(Observed(THERE, b"")).action == "update"
    assert unit.diff(Observed(THERE, TEXT)) is None
    assert unit.diff(Observed(THERE, TEXT, outdated=True)).action == "reload"


@pytest.mark.parametrize(("text", "line"), [
    ("ExecStart=/bin/true\n", 1), ("[Service]\nExecStart /bin/true\n", 2), ("[Service\n", 1),
    ("[Unit]\n# a\nAfter=a \\\n  b\nx y\n", 5),
])
def test_text_that_systemd_would_pass_over_is_refused(text, line):
    with pytest.raises(Refused, match=f"line {line}"):
        lint(text)
    lint("[Unit]\nAfter=a \\\n# between\n  b\n\n[X-Own]\nKey=v\n")  # the control
