"""`timezone` on hosts whose files are odd: real files in place of /etc and of the zones."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from holdfast_host import Refused
from modules import timezone
from modules.timezone import Timezone
from tests.unit.modules.settling import needs_root, settle, shown

pytestmark = needs_root  # /etc belongs to root, and so does what is planned for it


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    zones = tmp_path / "usr/share/zoneinfo"
    for name in ("Europe/Berlin", "Europe/Bern", "UTC"):
        (zones / name).parent.mkdir(parents=True, exist_ok=True)
        (zones / name).write_bytes(b"TZif2 " + name.encode())
    (zones / "Germany").symlink_to("Europe/Berlin")
    (zones / "zone.tab").write_text("DE\t+5230+01322\tEurope/Berlin\n")
    (zones / "tables").write_text("no zone\n")
    (tmp_path / "etc").mkdir()
    for name, path in (("ZONES", zones), ("LINK", tmp_path / "etc/localtime"), ("NAME", tmp_path / "etc/timezone")):
        monkeypatch.setattr(timezone, name, str(path))
    return tmp_path / "etc"


@pytest.mark.parametrize(("name", "before"), [(None, None), (b"UTC\n", b"Germany\n"), (b"\xff\xfe", b"Germany\n"),
                                              (b"", b"Germany\n"), (b"Germany", b"Germany")])
def test_both_files_follow_and_one_that_is_not_kept_is_not_made(etc: Path, name: bytes | None,
                                                                before: bytes | None) -> None:
    if name is not None:
        (etc / "timezone").write_bytes(name)
    settle(Timezone(name="Germany"))
    assert os.readlink(etc / "localtime") == f"{timezone.ZONES}/Germany"
    assert ((etc / "timezone").read_bytes() if name is not None else None) == before
    assert settle(Timezone(name="Germany")) is None


@pytest.mark.parametrize(("stands", "told"), [
    (lambda path: path.symlink_to(timezone.ZONES + "/UTC"), "UTC"), (lambda path: path.write_bytes(b"TZif2"), "a file"),
    (lambda path: path.symlink_to("/nowhere/at/all"), "/nowhere/at/all"), (lambda path: None, None),
])
def test_whatever_stands_there_is_told_and_replaced(etc: Path, stands: object, told: str | None) -> None:
    assert callable(stands)
    stands(etc / "localtime")
    assert shown(settle(Timezone(name="Europe/Berlin")))["zone"] == (told, "Europe/Berlin")


@pytest.mark.usefixtures("etc")
@pytest.mark.parametrize(("name", "said"), [
    ("Europe", "does not know"), ("zone", "does not know"), ("tables", "does not know"),
    ("Europe/Berlyn", "Europe/Berlin"),
    ("Atlantis", "tzdata"),
])
def test_what_is_no_zone_is_refused_with_the_nearest(name: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        settle(Timezone(name=name))


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../../etc/passwd", "Europe/", "Europe//Berlin", "a b",
                                  "zone.tab"])
def test_what_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="not a time zone"):
        Timezone(name=name)
