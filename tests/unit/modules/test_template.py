"""What a user can see of `template` on the host; filling in is the controller's part."""
import os

import pytest

from holdfast_host import Blob, Failed, NeedBlob, Refused
from modules.template import Template
from tests.unit.modules.settling import settle, shown


@pytest.mark.parametrize(("before", "arguments", "after"), [
    (None, {}, b"made\n"),
    (b"old\n", {}, b"made\n"),
    (b"old\n", {"replace": False}, b"old\n"),
    (b"old\n", {"validate": "grep -q made %s", "mode": "0600"}, b"made\n"),
])
def test_file_becomes(tmp_path, before, arguments, after):
    path = tmp_path / "f"
    if before is not None:
        path.write_bytes(before)
    settle(Template(path=str(path), source=Blob.of(b"made\n"), **arguments))
    assert path.read_bytes() == after
    assert os.listdir(tmp_path) == ["f"]


def test_the_difference_is_shown_as_content(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old\n")
    change = settle(Template(path=str(path), source=Blob.of(b"made\n"), backup=True))
    assert shown(change)["content"] == (b"old\n", b"made\n")
    assert len(os.listdir(tmp_path)) == 2


def test_content_that_is_not_here_is_asked_for_only_when_it_differs(tmp_path):
    template = Template(path=str(tmp_path / "f"), source=Blob("0" * 64, 4))
    with pytest.raises(NeedBlob):
        template.diff(template.observe())


def test_what_does_not_pass_or_is_in_the_way_changes_nothing(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old\n")
    with pytest.raises(Failed, match="nothing was written"):
        settle(Template(path=str(path), source=Blob.of(b"made\n"), validate="false %s"))
    assert path.read_bytes() == b"old\n"
    (tmp_path / "l").symlink_to("f")
    with pytest.raises(Refused, match="follow: true"):
        settle(Template(path=str(tmp_path / "l"), source=Blob.of(b"made\n")))
    settle(Template(path=str(tmp_path / "l"), source=Blob.of(b"made\n"), follow=True))
    assert path.read_bytes() == b"made\n"
