"""Rounds on a host that is a folder of this machine, in this process."""
from __future__ import annotations

import asyncio
import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast.documents.association import Association
from holdfast.documents.schedules import Schedule
from holdfast.enforcement import keeping, rounds
from holdfast.enforcement.keeping import Keeper
from holdfast.problems import Place
from holdfast.store import enforced


def test_a_clock_that_was_set_and_a_schedule_that_was_changed_put_no_round_off(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = Keeper(None, (), print, None)  # type: ignore[arg-type]  # nothing is read or asked
    clock = [1e9]
    monkeypatch.setattr(keeping.time, "time", lambda: clock[0])

    def begins(**schedule: Any) -> float:
        keeper.associations = {"k": Association("association", "k", Place("a.yml"), "", schedule=Schedule(**schedule))}
        return keeper._begins("k")

    keeper._due["k"] = 1e9 + 60.0
    assert begins(every_s=600.0) == 1e9 + 60.0
    clock[0] -= 86_400.0
    assert begins(every_s=600.0) == clock[0] + 600.0, "set back by a day"
    clock[0] += 30.0
    assert begins(every_s=600.0) == clock[0] + 570.0, "and then it is waited for"
    assert begins(every_s=60.0) == clock[0] + 60.0, "more often from now on"
    clock[0] += 7 * 86_400.0
    assert begins(every_s=60.0) < clock[0]


def test_a_host_that_another_run_holds_is_made_as_soon_as_it_is_free(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "AGAIN_S", 0.1)
    (tmp_path / "memory").mkdir(mode=0o700)
    (tmp_path / "inventory.yml").write_text(
        f"inventory: x\nhosts:\n  here: {{channel: local, folder: {tmp_path}/memory}}\n")
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "site.yml").write_text(
        f"state: base\nresources:\n  - file: {tmp_path}/motd\n    content: kept\n"
        "---\nassociation: keep\ndocuments: base\ntargets: all\nevery: 1h\n")
    told: list[dict[str, Any]] = []

    async def until(event: str) -> None:
        last = time.monotonic() + 30
        while not [one for one in told if one["event"] == event]:
            assert time.monotonic() < last, told
            await asyncio.sleep(0.02)

    async def live(project: holdfast.Project) -> None:
        await Keeper(project, (), lambda _: None, holdfast.Stop()).once()
        (tmp_path / "motd").write_text("mine")
        stop = holdfast.Stop()
        held = os.open(tmp_path / "memory" / "lock", os.O_RDWR)
        fcntl.flock(held, fcntl.LOCK_EX)  # as the runner of somebody else
        os.pwrite(held, json.dumps({"run": "r1", "who": "eve@far", "since": 0.0}).encode(), 0)
        keeper = asyncio.create_task(Keeper(project, (), told.append, stop).keep())
        await until("round_done")
        (stands,) = project.store.ask(enforced.standings)
        assert (stands.status, stands.message) == ("drifted", f"not put back yet: file: {tmp_path}/motd")
        assert (tmp_path / "motd").read_text() == "mine"
        os.ftruncate(held, 0)
        os.close(held)
        await until("healed")
        assert (tmp_path / "motd").read_text() == "kept"
        stop.request("enough")
        await keeper
        (stands,) = project.store.ask(enforced.standings)
        assert stands.status == "good" and not [one for one in told if one["event"] == "failed"], \
            "nothing has failed while somebody else was at work"

    with holdfast.load(tmp_path, inventory=[tmp_path / "inventory.yml"]) as project:
        asyncio.run(live(project))


def test_a_host_that_takes_long_to_mend_holds_up_no_other_association(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "AGAIN_S", 0.1)
    monkeypatch.setattr(rounds, "PATIENCE_S", 0.2)
    hosts = ""
    for name in ("slow", "quick"):
        (tmp_path / name).mkdir(mode=0o700)
        hosts += f"  {name}: {{channel: local, folder: {tmp_path}/{name}}}\n"
    (tmp_path / "inventory.yml").write_text(f"inventory: x\nhosts:\n{hosts}")
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "site.yml").write_text(
        f"state: a\nresources:\n  - command: wait\n    run: while [ ! -e {tmp_path}/go ]; do sleep 0.05; done\n"
        f"    shell: true\n    unless: test -e {tmp_path}/go\n"
        f"---\nstate: b\nresources:\n  - file: {tmp_path}/b-{{{{ inventory_hostname }}}}\n    content: kept\n"
        "---\nassociation: keep-a\ndocuments: a\ntargets: slow\nevery: 1h\n"
        "---\nassociation: keep-b\ndocuments: b\ntargets: all\nevery: 1h\n")

    async def live(project: holdfast.Project) -> None:
        stop = holdfast.Stop()
        keeper = asyncio.create_task(Keeper(project, (), lambda _: None, stop).keep())
        async with asyncio.timeout(30):
            while not (tmp_path / "b-quick").exists():  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.05)
            (tmp_path / "go").touch()
            while not (tmp_path / "b-slow").exists():  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.05)
        stop.request("enough")
        await keeper
        assert {one.status for one in project.store.ask(enforced.standings)} == {"good"}

    with holdfast.load(tmp_path, inventory=[tmp_path / "inventory.yml"]) as project:
        asyncio.run(live(project))
