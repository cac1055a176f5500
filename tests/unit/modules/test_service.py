"""What `service` reads of systemd's answers, odd ones too, and what it then decides."""
from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import Failed, Refused, process, systemd
from holdfast_host.systemd import Unit, parse_show
from modules import service
from modules.service import Observed, Service
from tests.unit.modules.settling import shown

NGINX = """\
Id=nginx.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
Type=forking
RemainAfterExit=no
Result=success
NeedDaemonReload=no
CanReload=yes
ExecMainExitTimestampMonotonic=0
SourcePath=
NRestarts=2
"""
GONE = """\
Id=gone.service
LoadState=not-found
ActiveState=inactive
SubState=dead
LoadError=org.freedesktop.systemd1.NoSuchUnit "Unit gone.service not found: a = b."
"""


def unit(**more: Any) -> Unit:
    return Unit(**{"id": "x.service", "load": "loaded", "active": "inactive", "sub": "dead", "file_state": "disabled",
                   "kind": "simple", **more})


def test_blocks_are_read_in_their_order_whatever_is_missing_in_them() -> None:
    found = parse_show(["nginx", "gone"], f"\n{NGINX}\n\n{GONE}\n")
    assert (found["nginx"].id, found["nginx"].restarts, found["nginx"].can_reload) == ("nginx.service", 2, True)
    assert found["gone"].load == "not-found" and found["gone"].load_error.endswith('a = b."')
    assert found["gone"].kind == "", "a property that this systemd does not have is empty"


@pytest.mark.parametrize("text", ["", NGINX, f"{NGINX}\n{GONE}\n{GONE}", "Failed to connect to bus\n"])
def test_an_answer_for_other_units_than_were_asked_for_is_no_answer(text: str) -> None:
    with pytest.raises(Failed, match="units instead of 2"):
        parse_show(["nginx", "gone"], text)


@pytest.mark.parametrize("restarts", ["", "-1", "4294967296", "no", "\u0661"])
def test_odd_counts_are_read(restarts: str) -> None:
    assert parse_show(["x"], f"Id=x.service\nNRestarts={restarts}\n")["x"].restarts >= 0


@given(st.text(max_size=200))
def test_any_answer_is_read_or_said_to_be_none(text: str) -> None:
    with contextlib.suppress(Failed):
        assert set(parse_show(["x"], text)) == {"x"}


@pytest.mark.parametrize(("arguments", "seen", "fields"), [
    ({"running": True}, {}, {"running": (False, True)}), ({"running": True}, {"active": "active"}, {}),
    ({"running": True}, {"active": "failed"}, {"running": ("failed", True)}),
    ({"running": True}, {"active": "activating"}, {"running": ("activating", True)}),
    ({"running": True}, {"active": "reloading"}, {}), ({"running": False}, {"active": "failed"}, {}),
    ({"running": False}, {"active": "deactivating"}, {"running": ("deactivating", False)}),
    ({"running": True}, {"kind": "oneshot", "has_run": True, "result": "success"}, {}),
    ({"running": True}, {"kind": "oneshot", "has_run": True, "result": "exit-code"}, {"running": (False, True)}),
    ({"running": True}, {"kind": "oneshot", "has_run": True, "result": "success", "remains": True},
     {"running": (False, True)}),
    ({"masked": True}, {}, {"masked": (False, True)}),
    ({"masked": True}, {"load": "not-found"}, {"masked": (False, True)}),
    ({"running": False}, {"load": "not-found"}, {}), ({"running": True, "masked": False}, {"load": "masked"},
                                                      {"masked": (True, False), "running": (False, True)}),
])
def test_what_differs(arguments: dict[str, Any], seen: dict[str, Any], fields: dict[str, Any]) -> None:
    assert shown(Service(name="x", **arguments).diff(Observed(unit(**seen)))) == fields


@pytest.mark.parametrize(("arguments", "seen", "said"), [
    ({"running": True}, {"load": "not-found"}, "there is no unit x.service"),
    ({"running": True}, {"load": "masked"}, "masked: false"),
    ({"running": True}, {"load": "bad-setting", "load_error": "line 3"}, "cannot load x.service: line 3"),
    ({"enabled": True}, {"file_state": "static"}, "is static"), ({"enabled": True}, {"file_state": ""}, "no unit file"),
    ({"running": True, "on_notify": "reload"}, {"can_reload": False}, "write `restart`"),
])
def test_what_cannot_be_had_is_refused(arguments: dict[str, Any], seen: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        Service(name="x", **arguments).diff(Observed(unit(**seen)))


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a;b", "x" * 256, "a\n"])
def test_what_is_no_unit_s_name_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="not a unit's name"):
        Service(name=name, running=True)


def test_names_come_behind_the_end_of_options(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(argv: list[str], **_: Any) -> process.Finished:
        asked.append(argv)
        return process.Finished(argv, 0, "", "")

    monkeypatch.setattr(process, "run", run)
    monkeypatch.setattr(systemd, "outdated", lambda names: [False] * len(names))
    one = Service(name="-x", running=False, enabled=False)
    change = one.diff(Observed(unit(id="-x.service", active="active"), True))
    assert change is not None
    service.Service.converge_many([(one, change)])
    assert [argv[-2:] for argv in asked] == [["--", "-x.service"]] * 2
