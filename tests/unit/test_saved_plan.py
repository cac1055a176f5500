"""The file of a saved plan: what is wrong with it is told, however it was damaged."""
from __future__ import annotations

import copy
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from holdfast import savedplan
from holdfast.compiler.model import Rollout
from holdfast.documents.model import HealthCheck
from holdfast.problems import Problems

ROLLOUT = Rollout((1, "10%"), "5%", 50, 60.0, None, 1.5, HealthCheck(("true", "x"), "", 5.0))
PLAN = savedplan.SavedPlan(
    "20260101-000000-abcd", 1.5, "ada@desk", ("playbooks/site.yml",), "role=web", ("hosts.ini",), {"version": 2.1},
    ROLLOUT, savedplan.new_salt(), {"web1": {"os": {"name": "debian"}}}, (("file: /etc/motd", "ab" * 32),),
    {"web1": savedplan.HostPlan("pending", "", "cd" * 32, (0,), "ef" * 32, (("pending", "12" * 32),)),
     "web2": savedplan.HostPlan("unreachable", "no route")})
INSTEAD = (None, "x", [], {}, -1, [["a"]], 1e999)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    savedplan.write(PLAN, tmp_path / "today.plan")
    return tmp_path / "today.plan"


def is_refused(path: Path, data: bytes) -> bool:
    path.write_bytes(data)
    try:
        savedplan.read(path)
    except Problems:
        return True
    return False


def places(found: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    return [way, *(deeper for key, value in inner for deeper in places(value, (*way, key)))]


def test_what_was_written_is_read(path: Path) -> None:
    assert savedplan.read(path) == PLAN


def test_a_damaged_file_is_refused(path: Path) -> None:
    whole, chance = path.read_bytes(), random.Random(7)
    assert all(is_refused(path, whole[:length]) for length in range(0, len(whole), 5))
    for _ in range(100):
        data = bytearray(whole)
        data[chance.randrange(10, len(data))] ^= 1 << chance.randrange(8)  # before: gzip's own remarks
        assert is_refused(path, bytes(data)) or savedplan.read(path) == PLAN, "deflate pads with bits that say nothing"


def test_a_value_of_another_kind_anywhere_is_refused_or_harmless(path: Path) -> None:
    found = json.loads(gzip.decompress(path.read_bytes()))
    read = []
    for way in places(found)[1:]:
        for value in INSTEAD:
            changed: Any = copy.deepcopy(found)
            inner = changed
            for key in way[:-1]:
                inner = inner[key]
            inner[way[-1]] = value
            if not is_refused(path, gzip.compress(json.dumps(changed).encode(), 1)):
                read.append((way, value))
    assert len(read) < 150 and {way[0] for way, value in read if not isinstance(value, str)} <= {
        "settings", "facts", "documents", "inventory", "hosts", "nodes", "rollout", "made"}, "what may be left out"


def test_a_deep_file_is_refused(path: Path) -> None:
    assert is_refused(path, gzip.compress(b"[" * 200_000))


def test_only_a_plan_or_an_empty_file_is_replaced(path: Path, tmp_path: Path) -> None:
    savedplan.check_place(path)
    savedplan.check_place(tmp_path / "new.plan")
    (tmp_path / "empty").touch()
    savedplan.check_place(tmp_path / "empty")
    for name, data in (("site.yml", b"state: site\n"), ("backup.gz", gzip.compress(b"precious"))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(Problems, match="is no plan"):
            savedplan.check_place(tmp_path / name)


def test_a_link_is_followed_and_stays(path: Path, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to("today.plan")
    savedplan.write(PLAN, tmp_path / "latest")
    assert (tmp_path / "latest").is_symlink() and savedplan.read(path) == PLAN
